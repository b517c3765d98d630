package care

import (
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// RestrictionID names a restriction.
type RestrictionID string

// RestrictionState is where a restriction is in its life.
type RestrictionState string

const (
	// RestrictionActive is in force; the customer may have something to do.
	RestrictionActive RestrictionState = "active"
	// RestrictionPastDue is in force, and more so: what was to be done was not done in time.
	RestrictionPastDue RestrictionState = "past_due"
	// RestrictionInReview is in force until an operator has decided: all that was to be done is done.
	RestrictionInReview RestrictionState = "review"
	// RestrictionPermanent is in force for good. After a time the balance can be taken out. Only an
	// appeal ends it.
	RestrictionPermanent RestrictionState = "permanent"
	// RestrictionLifted is over. Final.
	RestrictionLifted RestrictionState = "lifted"
	// RestrictionExpired is over, by time. Final.
	RestrictionExpired RestrictionState = "expired"
	// RestrictionErased is over because the account is closed and was erased. Final.
	RestrictionErased RestrictionState = "erased"
)

const (
	impose          okpay.Action = "impose"
	submit          okpay.Action = "submit"
	acceptSubmitted okpay.Action = "accept"
	rejectSubmitted okpay.Action = "reject"
	askMore         okpay.Action = "require"
	missDeadline    okpay.Action = "miss_deadline"
	expire          okpay.Action = "expire"
	lift            okpay.Action = "lift"
	makePermanent   okpay.Action = "make_permanent"
	allowAppeal     okpay.Action = "appeal_approved"
	openPayout      okpay.Action = "open_payout"
	eraseAll        okpay.Action = "erase"
)

const (
	firstOfTwo  okpay.Guard = "four eyes, the first of them"
	secondOfTwo okpay.Guard = "four eyes, the second of them"
	oneEnough   okpay.Guard = "one operator is enough"
	someLeft    okpay.Guard = "something is left to do"
	allAndLifts okpay.Guard = "all is satisfied, and that lifts it"
	allReviewed okpay.Guard = "all is satisfied, and an operator decides"
)

func restrictionMachine() okpay.Machine[RestrictionState] {
	m := okpay.Machine[RestrictionState]{Noun: "restriction", Rows: []okpay.Row[RestrictionState]{
		{On: impose, To: RestrictionActive, Emits: []string{"restriction.imposed"}, Mails: []string{"account_restricted"}},
		{
			From: RestrictionActive, On: missDeadline, To: RestrictionPastDue,
			Emits: []string{"restriction.past_due"}, Mails: []string{"restriction_past_due"},
		},
		{
			From: RestrictionPermanent, On: openPayout, To: RestrictionPermanent,
			Emits: []string{"restriction.payout_opened"}, Mails: []string{"restriction_payout_open"},
		},
	}}
	add := func(r okpay.Row[RestrictionState]) { m.Rows = append(m.Rows, r) }
	lifted, mail := []string{"restriction.lifted"}, []string{"restriction_lifted"}
	for _, s := range []RestrictionState{RestrictionActive, RestrictionPastDue} {
		add(okpay.Row[RestrictionState]{From: s, On: submit, To: s, Emits: []string{"restriction.submitted"}, Mails: []string{"requirement_received"}})
		add(okpay.Row[RestrictionState]{From: s, On: acceptSubmitted, Guard: someLeft, To: s, Emits: []string{"restriction.accepted"}})
		add(okpay.Row[RestrictionState]{From: s, On: acceptSubmitted, Guard: allAndLifts, To: RestrictionLifted, Emits: lifted, Mails: mail})
		add(okpay.Row[RestrictionState]{From: s, On: acceptSubmitted, Guard: allReviewed, To: RestrictionInReview, Emits: []string{"restriction.in_review"}})
		add(okpay.Row[RestrictionState]{From: s, On: rejectSubmitted, To: s, Emits: []string{"restriction.rejected"}, Mails: []string{"requirement_rejected"}})
	}
	for _, s := range []RestrictionState{RestrictionActive, RestrictionPastDue, RestrictionInReview} {
		add(okpay.Row[RestrictionState]{From: s, On: askMore, To: RestrictionActive, Emits: []string{"restriction.required"}, Mails: []string{"account_restricted"}})
		add(okpay.Row[RestrictionState]{From: s, On: expire, To: RestrictionExpired, Emits: []string{"restriction.expired"}, Mails: []string{"restriction_expired"}})
		add(okpay.Row[RestrictionState]{From: s, On: lift, Guard: oneEnough, To: RestrictionLifted, Emits: lifted, Mails: mail})
		add(okpay.Row[RestrictionState]{From: s, On: lift, Guard: firstOfTwo, To: s})
		add(okpay.Row[RestrictionState]{From: s, On: lift, Guard: secondOfTwo, To: RestrictionLifted, Emits: lifted, Mails: mail})
		add(okpay.Row[RestrictionState]{From: s, On: makePermanent, Guard: firstOfTwo, To: s})
		add(okpay.Row[RestrictionState]{
			From: s, On: makePermanent, Guard: secondOfTwo, To: RestrictionPermanent,
			Emits: []string{"restriction.permanent"}, Mails: []string{"restriction_permanent"},
		})
	}
	for _, s := range inForce() {
		add(okpay.Row[RestrictionState]{From: s, On: allowAppeal, To: RestrictionLifted, Emits: lifted, Mails: mail})
		add(okpay.Row[RestrictionState]{From: s, On: eraseAll, To: RestrictionErased, Emits: []string{"restriction.erased"}})
	}
	return m
}

// inForce are the states in which a restriction takes capabilities away.
func inForce() []RestrictionState {
	return []RestrictionState{RestrictionActive, RestrictionPastDue, RestrictionInReview, RestrictionPermanent}
}

// Restriction is what a customer sees of one, and what events show.
type Restriction struct {
	ID           RestrictionID      `json:"id"`
	Customer     okpay.CustomerID   `json:"customer"`
	State        RestrictionState   `json:"state"`
	Reason       string             `json:"reason"`       // the public code, see Care.PublicReasons
	Capabilities []okpay.Capability `json:"capabilities"` // what it takes away at present, or took
	Requirements []Requirement      `json:"requirements,omitempty"`
	Deadline     *time.Time         `json:"deadline,omitempty"`   // for what is the customer's turn
	ExpiresAt    *time.Time         `json:"expires_at,omitempty"` // when it ends by itself
	PayoutFrom   *time.Time         `json:"payout_from,omitempty"`
	CreatedAt    time.Time          `json:"created_at"`
	UpdatedAt    time.Time          `json:"updated_at"` // when the customer could last see a change
	Sequence     int64              `json:"sequence"`

	// Replayed is set on what a verb returns when its Key had been used before.
	Replayed bool `json:"-"`
}

// restrictionDoc is a restriction as its record keeps it.
type restrictionDoc struct {
	Restriction
	Requirements []requirement `json:"requirements,omitempty"` // in place of the public ones

	Base       []okpay.Capability `json:"base"` // what it takes away from the start
	More       []okpay.Capability `json:"more,omitempty"`
	Code       string             `json:"code"`
	Detail     string             `json:"detail,omitempty"`
	Notes      []Note             `json:"notes,omitempty"`
	Automatic  bool               `json:"automatic,omitempty"`
	Quiet      bool               `json:"quiet,omitempty"`
	Hold       bool               `json:"hold,omitempty"`
	ImposedBy  OperatorID         `json:"imposed_by"`
	Proposed   *proposal          `json:"proposed,omitempty"`
	ReviewFrom time.Time          `json:"review_from,omitzero"`
	ReviewDue  time.Time          `json:"review_due,omitzero"`
	PayoutOpen bool               `json:"payout_open,omitempty"`
	Appeals    appealsOf          `json:"appeals,omitzero"`
	Erased     bool               `json:"erased,omitempty"`

	about *requirement // of the move that is being made, for its message
	all   *restricted  // changed together with it
}

// Note is what an operator noted for colleagues.
type Note struct {
	At   time.Time  `json:"at"`
	By   OperatorID `json:"by"`
	Text string     `json:"text"`
}

// proposal is what a first operator wants to be done, which a second one has to agree to.
type proposal struct {
	On okpay.Action `json:"on"`
	By OperatorID   `json:"by"`
	At time.Time    `json:"at"`
}

// appealsOf counts the appeals against a restriction.
type appealsOf struct {
	Count    int        `json:"count,omitempty"`
	Open     AppealID   `json:"open,omitempty"`
	NextFrom *time.Time `json:"next_from,omitempty"`
}

func (r *restrictionDoc) Put() ledger.Put {
	put := ledger.Put{Type: "restriction", ID: string(r.ID), Labels: []string{"c:" + string(r.Restriction.Customer)}}
	if r.Erased {
		put.Labels = nil
	}
	if q := r.queue(); q != "" {
		put.Labels = append(put.Labels, q)
	}
	put.Due = r.due()
	return put
}

// queue is the label under which operators find what waits for them.
func (r *restrictionDoc) queue() string {
	desk := "queue:review"
	if r.Quiet {
		desk = "queue:compliance"
	}
	waits := r.State == RestrictionInReview || slices.ContainsFunc(r.Requirements, func(q requirement) bool { return q.State == RequirementSubmitted })
	if !waits || !slices.Contains(inForce(), r.State) {
		return ""
	}
	return desk
}

// due is when time does something to it.
func (r *restrictionDoc) due() time.Time {
	var at []time.Time
	if r.State == RestrictionPermanent {
		if !r.PayoutOpen && r.PayoutFrom != nil {
			return *r.PayoutFrom
		}
		return time.Time{}
	}
	if !slices.Contains(inForce(), r.State) {
		return time.Time{}
	}
	if r.ExpiresAt != nil {
		at = append(at, *r.ExpiresAt)
	}
	if r.State == RestrictionActive && r.Deadline != nil && r.customersTurn() {
		at = append(at, *r.Deadline)
	}
	if len(at) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(at, time.Time.Compare)
}

// customersTurn reports whether there is something that the customer has to do.
func (r *restrictionDoc) customersTurn() bool {
	return slices.ContainsFunc(r.Requirements, func(q requirement) bool { return q.customersTurn() })
}

// satisfied reports whether nothing is left to be done by the customer or looked at.
func (r *restrictionDoc) satisfied() bool {
	return !slices.ContainsFunc(r.Requirements, func(q requirement) bool { return q.State != RequirementSatisfied })
}

// denies are the capabilities that it takes away.
func (r *restrictionDoc) denies() []okpay.Capability {
	if !slices.Contains(inForce(), r.State) {
		return nil
	}
	set := slices.Clone(r.Base)
	if r.State == RestrictionPastDue || r.State == RestrictionPermanent {
		set = append(set, r.More...)
	}
	if r.State == RestrictionPermanent {
		// Managing stays, unless it was taken away: a destination for the balance has to be named.
		set = append(set, okpay.CanPay, okpay.CanTransfer, okpay.CanWithdraw, okpay.CanConvert, okpay.CanTopUp, okpay.CanReceive)
	}
	out := []okpay.Capability{}
	for _, can := range okpay.Capabilities() {
		if slices.Contains(set, can) && (!r.PayoutOpen || can != okpay.CanWithdraw) {
			out = append(out, can)
		}
	}
	return out
}

// public is what customers see.
func (r *restrictionDoc) public() Restriction {
	out := r.Restriction
	if slices.Contains(inForce(), r.State) {
		out.Capabilities = r.denies()
	}
	out.Requirements = nil
	for _, q := range r.Requirements {
		out.Requirements = append(out.Requirements, q.Requirement)
	}
	if !slices.Contains(inForce(), r.State) || !r.customersTurn() {
		out.Deadline = nil
	}
	return out
}

func (r *restrictionDoc) View() any { return r.public() }

func (r *restrictionDoc) Customer() okpay.CustomerID { return r.Restriction.Customer }

func (r *restrictionDoc) Counter() *int64 { return &r.Sequence }

// Facts are what its messages speak of.
func (r *restrictionDoc) Facts(template string) map[string]string {
	facts := map[string]string{"reason": r.Reason}
	var cans, asks []string
	for _, can := range r.public().Capabilities {
		cans = append(cans, string(can))
	}
	for _, q := range r.Requirements {
		if q.customersTurn() {
			asks = append(asks, q.Code)
		}
	}
	facts["capabilities"] = strings.Join(cans, " ")
	if len(asks) > 0 {
		facts["requirements"] = strings.Join(asks, " ")
	}
	when := func(name string, at *time.Time) {
		if at != nil {
			facts[name] = at.UTC().Format(time.RFC3339)
		}
	}
	when("deadline", r.public().Deadline)
	when("until", r.ExpiresAt)
	if template == "restriction_permanent" || template == "restriction_payout_open" {
		when("payout_from", r.PayoutFrom)
	}
	if r.about != nil && strings.HasPrefix(template, "requirement_") {
		facts["requirement"] = r.about.Code
		if r.about.Problem != "" {
			facts["problem"] = r.about.Problem
		}
	}
	return facts
}

// move takes the restriction through its table. What is quiet tells nobody by message.
func (r *restrictionDoc) move(d *okpay.Draft, on okpay.Action, g okpay.Guard) (okpay.Told, error) {
	m, err := restrictionMachine().Move(&r.State, string(r.ID), on, g)
	if err != nil {
		return m, err
	}
	if r.Quiet {
		m.Mails = nil
	}
	if len(m.Emits) > 0 {
		r.UpdatedAt = d.Now()
	}
	if !slices.Contains(inForce(), r.State) {
		r.Proposed = nil
	}
	return m, nil
}

// restricted is what is known of one customer's restrictions together. Whatever begins or ends
// one writes it, and so are decided one after the other.
type restricted struct {
	ID     okpay.CustomerID `json:"id"`
	Active []RestrictionID  `json:"active,omitempty"` // those in force
	// Rejected are digests of documents that were rejected: they are not taken again.
	Rejected []string `json:"rejected,omitempty"`
	Count    int64    `json:"count"`
}

func (r *restricted) Put() ledger.Put {
	return ledger.Put{Type: "restricted", ID: string(r.ID)}
}

func (r *restricted) View() any                  { return nil }
func (r *restricted) Customer() okpay.CustomerID { return "" }
func (r *restricted) Counter() *int64            { return &r.Count }

// Bounds of what is kept for one customer.
const (
	maxInForce  = 20
	maxRejected = 200
	maxNotes    = 100
)
