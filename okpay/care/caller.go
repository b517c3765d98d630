package care

import (
	"errors"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// CallerLevel says how well it is known that who speaks with an agent is the customer.
type CallerLevel int

// The levels. V1 is no proof: e-mail address, balance and transactions are known to others, too.
const (
	V0 CallerLevel = iota // nothing is known
	V1                    // identified: the caller knows what belongs to the account
	V2                    // possession: the caller has what belongs to the account
	V3                    // possession, and a factor independent of it
)

// levelLasts is how long a level lasts.
const levelLasts = 15 * time.Minute

// CallerAct is something that an agent does for a caller.
type CallerAct string

// The acts.
const (
	GiveHelp      CallerAct = "help"          // general help; what everybody may know
	IdentifyAct   CallerAct = "identify"      // ask whether what the caller says is right
	AskPossession CallerAct = "ask_proof"     // ask the customer for a proof
	SeeStatus     CallerAct = "see_status"    // the account's own status, masked
	UnlockPlain   CallerAct = "unlock"        // undo a lock after too many failures
	UnlockRisk    CallerAct = "unlock_risk"   // undo a lock for risk: the password is changed next
	ResetContact  CallerAct = "reset_contact" // remove a contact that is lost
	ResetFactor   CallerAct = "reset_factor"  // turn off a second factor that is lost
)

// CallerRow says what an act takes.
type CallerRow struct {
	Act    CallerAct
	Level  CallerLevel
	May    Permission    // the agent's
	Second Permission    // another agent's who has to approve it, "" when one is enough
	Wait   time.Duration // in which the owner can object once it is approved
}

// CallerRows returns the one table of what agents may see and do at which level. Everything that
// an agent does for a caller is asked here, in Callers.allow.
func CallerRows() []CallerRow {
	return []CallerRow{
		{Act: GiveHelp, Level: V0, May: MayWorkCases},
		{Act: IdentifyAct, Level: V0, May: MaySeeCustomers},
		{Act: AskPossession, Level: V0, May: MaySeeCustomers},
		{Act: SeeStatus, Level: V2, May: MaySeeCustomers},
		{Act: UnlockPlain, Level: V2, May: MayUnlock},
		{Act: UnlockRisk, Level: V3, May: MayReset, Second: MayApproveResets},
		{Act: ResetContact, Level: V3, May: MayReset, Second: MayApproveResets, Wait: 24 * time.Hour},
		{Act: ResetFactor, Level: V3, May: MayReset, Second: MayApproveResets, Wait: 24 * time.Hour},
	}
}

// callerRow returns an act's row. What is not in the table takes more than anybody has.
func callerRow(act CallerAct) CallerRow {
	rows := CallerRows()
	if at := slices.IndexFunc(rows, func(r CallerRow) bool { return r.Act == act }); at >= 0 {
		return rows[at]
	}
	return CallerRow{Act: act, Level: V3 + 1}
}

// callerDoc is what an agent knows of the one who speaks with them about a case. It is another
// one for each agent and for each case.
type callerDoc struct {
	Case    CaseID           `json:"case"`
	Of      okpay.CustomerID `json:"of"`
	Agent   OperatorID       `json:"agent"`
	Level   CallerLevel      `json:"level"`
	Until   time.Time        `json:"until"`             // the first instant at which the level is over
	Factors []string         `json:"factors,omitempty"` // that were proven
	Request string           `json:"request,omitempty"` // for a proof, the newest
	AskedAt time.Time        `json:"asked_at,omitzero"` // when that was
	Count   int64            `json:"count,omitempty"`
}

func callerID(id CaseID, agent OperatorID) string { return string(id) + "." + string(agent) }

func (c *callerDoc) Put() ledger.Put {
	put := ledger.Put{Type: "caller", ID: callerID(c.Case, c.Agent), Chaining: ledger.Plain, Labels: []string{"c:" + string(c.Of)}}
	over := c.AskedAt.Add(callerRequestLasts)
	if c.Until.After(over) {
		over = c.Until
	}
	if !c.AskedAt.IsZero() || !c.Until.IsZero() {
		put.Due = over.Add(callerKept)
	}
	return put
}

// callerKept is how long it stays what an agent knew of a caller, and what was asked, after it is over. The audit
// has both.
const callerKept = 24 * time.Hour

func (c *callerDoc) View() any                  { return nil }
func (c *callerDoc) Customer() okpay.CustomerID { return "" }
func (c *callerDoc) Counter() *int64            { return &c.Count }

// at is the level that is left at a time.
func (c *callerDoc) at(now time.Time) CallerLevel {
	if !now.Before(c.Until) {
		return V0
	}
	return c.Level
}

// raise gives a level, from now on. A lower one than there is changes nothing.
func (c *callerDoc) raise(level CallerLevel, factors []string, now time.Time) {
	if level < c.at(now) {
		return
	}
	c.Level, c.Factors, c.Until = level, factors, now.Add(levelLasts)
}

// caller reads what an agent knows of who speaks with them about a case.
func (s *Callers) caller(d *okpay.Draft, k *caseDoc, agent OperatorID) (*callerDoc, error) {
	c := &callerDoc{}
	err := d.Read("caller", callerID(k.ID, agent), c)
	if errors.Is(err, okpay.NotFound) || err == nil && c.Of != k.Case.Customer {
		return &callerDoc{Case: k.ID, Of: k.Case.Customer, Agent: agent}, nil
	}
	return c, err
}

// allow is the one place that decides whether an agent may do something for a caller: it is their
// case, and open; it is not their own account; and what they know of the caller, about this case
// and not longer than 15 minutes ago, is enough. The permission was asked before. Errors:
// SelfApprovalForbidden, PermissionDenied.
func (s *Callers) allow(d *okpay.Draft, by *Operator, k *caseDoc, act CallerAct) error {
	row := callerRow(act)
	if err := s.c.notOwn(d, by, k.Case.Customer); err != nil {
		return err
	}
	if !s.c.has(by, row.May) {
		return okpay.NewError(okpay.PermissionDenied, "the operator may not do this: %s", row.May)
	}
	if err := mine(by, k); err != nil {
		return err
	}
	if !k.live() {
		return okpay.NewError(okpay.PermissionDenied, "the case is %s", k.State)
	}
	c, err := s.caller(d, k, by.ID)
	if err != nil {
		return err
	}
	if has := c.at(d.Now()); has < row.Level {
		return okpay.NewError(okpay.PermissionDenied, "the caller is verified at level %d, want %d", has, row.Level)
	}
	return nil
}

// CallerCheck is something that another package does for an agent: what Callers.Check is asked.
type CallerCheck struct {
	By       OperatorID
	Act      CallerAct
	Case     CaseID
	Customer okpay.CustomerID
	First    OperatorID // who requested what By approves, "" when By begins it
}

// Check decides in a Change of another package, such as okpay/identity, whether an agent may do
// something for a caller, or approve what another one began; the Change relies on it. Errors:
// PermissionDenied, SelfApprovalForbidden, DuplicateApprover.
func (s *Callers) Check(d *okpay.Draft, of CallerCheck) error {
	row := callerRow(of.Act)
	may := row.May
	if of.First != "" {
		if may = row.Second; may == "" {
			return okpay.NewError(okpay.PermissionDenied, "nothing is to be approved")
		}
	}
	by, err := s.c.operator(d, of.By, may)
	if err != nil {
		return err
	}
	if of.First != "" {
		if err := s.c.notOwn(d, by, of.Customer); err != nil {
			return err
		}
		return s.c.fourEyes(d, hand{of.First, row.May}, hand{of.By, row.Second})
	}
	k := &caseDoc{}
	err = d.Read("case", string(of.Case), k)
	if errors.Is(err, okpay.NotFound) || err == nil && k.Case.Customer != of.Customer {
		return okpay.NewError(okpay.PermissionDenied, "there is no case of this customer")
	}
	if err != nil {
		return err
	}
	return s.allow(d, by, k, of.Act)
}
