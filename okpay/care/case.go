package care

import (
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// CaseID names a case.
type CaseID string

// CaseState is where a case is in its life.
type CaseState string

const (
	// CaseNew waits for an agent.
	CaseNew CaseState = "new"
	// CaseOpen is an agent's, or waits for another one.
	CaseOpen CaseState = "open"
	// CasePending waits for the customer.
	CasePending CaseState = "pending"
	// CaseOnHold waits for somebody else.
	CaseOnHold CaseState = "on_hold"
	// CaseSolved is done, unless the customer says within two weeks that it is not.
	CaseSolved CaseState = "solved"
	// CaseClosed can only be read. Final.
	CaseClosed CaseState = "closed"
)

const (
	contactCase    okpay.Action = "contact"
	urgentCase     okpay.Action = "prioritize"
	takeCase       okpay.Action = "take"
	assignCase     okpay.Action = "assign"
	releaseCase    okpay.Action = "release"
	replyCase      okpay.Action = "reply"
	noteCase       okpay.Action = "note"
	linkCase       okpay.Action = "link"
	askCase        okpay.Action = "ask"
	waitCase       okpay.Action = "wait"
	resumeCase     okpay.Action = "resume"
	escalateCase   okpay.Action = "escalate"
	solveCase      okpay.Action = "solve"
	withdrawCase   okpay.Action = "withdraw"
	rateCase       okpay.Action = "rate"
	giveUpCase     okpay.Action = "give_up"
	closeCase      okpay.Action = "close"
	shutCase       okpay.Action = "erase"
	warnCase       okpay.Action = "warn"
	breachCase     okpay.Action = "breach"
	unassignedCase okpay.Guard  = "nobody has it"
	firstTier      okpay.Guard  = "it is at the first level"
	unratedCase    okpay.Guard  = "it was not rated"
)

// CaseMachine is the table of cases.
func CaseMachine() okpay.Machine[CaseState] {
	m := okpay.Machine[CaseState]{Noun: "case", Rows: []okpay.Row[CaseState]{
		{On: contactCase, To: CaseNew, Emits: []string{"case.opened"}, Mails: []string{"case_opened"}},
		{From: CaseNew, On: contactCase, To: CaseNew, Emits: []string{"case.contacted"}},
		{From: CaseOpen, On: contactCase, To: CaseOpen, Emits: []string{"case.contacted"}},
		{From: CasePending, On: contactCase, To: CaseOpen, Emits: []string{"case.contacted", "case.resumed"}},
		{From: CaseOnHold, On: contactCase, To: CaseOnHold, Emits: []string{"case.contacted"}},
		{From: CaseSolved, On: contactCase, To: CaseOpen, Emits: []string{"case.contacted", "case.reopened"}},

		{From: CaseNew, On: takeCase, To: CaseOpen, Emits: []string{"case.taken"}},
		{From: CaseOpen, On: takeCase, Guard: unassignedCase, To: CaseOpen, Emits: []string{"case.taken"}},
		{From: CaseNew, On: assignCase, To: CaseOpen, Emits: []string{"case.taken"}},
		{From: CaseOpen, On: releaseCase, To: CaseOpen, Emits: []string{"case.released"}},
		{From: CaseOpen, On: askCase, To: CasePending, Emits: []string{"case.asked"}, Mails: []string{"case_question"}},
		{From: CaseOnHold, On: askCase, To: CasePending, Emits: []string{"case.asked"}, Mails: []string{"case_question"}},
		{From: CaseOpen, On: waitCase, To: CaseOnHold, Emits: []string{"case.on_hold"}},
		{From: CasePending, On: waitCase, To: CaseOnHold, Emits: []string{"case.on_hold"}},
		{From: CasePending, On: resumeCase, To: CaseOpen, Emits: []string{"case.resumed"}},
		{From: CaseOnHold, On: resumeCase, To: CaseOpen, Emits: []string{"case.resumed"}},
		{From: CaseOpen, On: escalateCase, Guard: firstTier, To: CaseOpen, Emits: []string{"case.escalated"}},

		{From: CaseNew, On: withdrawCase, To: CaseSolved, Emits: []string{"case.withdrawn"}},
		{From: CasePending, On: giveUpCase, To: CaseSolved, Emits: []string{"case.solved"}, Mails: []string{"case_solved"}},
		{From: CaseSolved, On: rateCase, Guard: unratedCase, To: CaseSolved, Emits: []string{"case.rated"}},
		{From: CaseSolved, On: closeCase, To: CaseClosed, Emits: []string{"case.closed"}},
		{From: CaseSolved, On: noteCase, To: CaseSolved, Emits: []string{"case.noted"}},
	}}
	// What is the same in several states.
	for _, s := range []CaseState{CaseOpen, CasePending, CaseOnHold} {
		m.Rows = append(m.Rows,
			okpay.Row[CaseState]{From: s, On: assignCase, To: s, Emits: []string{"case.taken"}},
			okpay.Row[CaseState]{From: s, On: replyCase, To: s, Emits: []string{"case.replied"}, Mails: []string{"case_reply"}},
			okpay.Row[CaseState]{From: s, On: solveCase, To: CaseSolved, Emits: []string{"case.solved"}, Mails: []string{"case_solved"}},
			okpay.Row[CaseState]{From: s, On: withdrawCase, To: CaseSolved, Emits: []string{"case.withdrawn"}},
		)
	}
	for _, s := range []CaseState{CaseNew, CaseOpen, CasePending, CaseOnHold, CaseSolved} {
		m.Rows = append(m.Rows, okpay.Row[CaseState]{From: s, On: shutCase, To: CaseClosed, Emits: []string{"case.closed"}})
	}
	for _, s := range []CaseState{CaseNew, CaseOpen, CasePending, CaseOnHold} {
		m.Rows = append(m.Rows,
			okpay.Row[CaseState]{From: s, On: urgentCase, To: s, Emits: []string{"case.prioritized"}},
			okpay.Row[CaseState]{From: s, On: noteCase, To: s, Emits: []string{"case.noted"}},
			okpay.Row[CaseState]{From: s, On: linkCase, To: s, Emits: []string{"case.linked"}},
			okpay.Row[CaseState]{From: s, On: warnCase, To: s, Emits: []string{"case.sla_warned"}},
			okpay.Row[CaseState]{From: s, On: breachCase, To: s, Emits: []string{"case.sla_breached"}},
		)
	}
	return m
}

// CaseChannel is where a customer came from.
type CaseChannel string

// The channels.
const (
	ByApp    CaseChannel = "app"
	ByChat   CaseChannel = "chat"
	ByMail   CaseChannel = "mail"
	ByPhone  CaseChannel = "phone"
	BySystem CaseChannel = "system" // opened by what happened to the account
)

// Link is an object that a case is about.
type Link struct {
	Type string `json:"type"` // of its record, such as payment or withdrawal
	ID   string `json:"id"`
}

// Case is one thing that a customer needs help with. It holds nothing that anybody wrote: that
// stands in its log.
type Case struct {
	ID       CaseID           `json:"id"`
	Number   string           `json:"number"` // for telephones: eight letters and digits in two groups
	Customer okpay.CustomerID `json:"customer"`
	Category Category         `json:"category"`
	Priority Priority         `json:"priority"`
	Tier     int              `json:"tier"` // 1, or 2 after it was escalated
	State    CaseState        `json:"state"`
	Channel  CaseChannel      `json:"channel"` // of the first contact
	Objects  []Link           `json:"objects,omitempty"`
	Follows  CaseID           `json:"follows,omitempty"` // the closed case that it takes up again
	// QueuedAt is since when it has its place in the queue: a second contact keeps it.
	QueuedAt  time.Time  `json:"queued_at"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
	SolvedAt  *time.Time `json:"solved_at,omitempty"`
	ClosesAt  *time.Time `json:"closes_at,omitempty"` // the first instant at which it can not be reopened
	Reopened  int        `json:"reopened,omitempty"`
	Entries   int        `json:"entries"` // of its log
	Rating    int        `json:"rating,omitempty"`
	Sequence  int64      `json:"sequence"` // counts its events

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

// CaseWork is what agents see of a case beside it, and customers do not.
type CaseWork struct {
	Agent      OperatorID    `json:"agent,omitempty"`
	First      Clock         `json:"first_response"`
	Next       Clock         `json:"next_response"`
	Resolution Clock         `json:"resolution"`
	Handled    time.Duration `json:"handled,omitempty"` // how long agents had it open
	Breaches   int           `json:"breaches,omitempty"`
}

// caseDoc is a case as its record keeps it.
type caseDoc struct {
	Case
	CaseWork
	WorkedSince *time.Time `json:"worked_since,omitempty"`
	GivesUpAt   *time.Time `json:"gives_up_at,omitempty"` // pending: when nobody waits for the customer any longer
	Files       int        `json:"files,omitempty"`
	FileBytes   int        `json:"file_bytes,omitempty"`

	read struct { // as it was read
		agent OperatorID
		state CaseState
	}
}

func (k *caseDoc) live() bool { return k.State != CaseSolved && k.State != CaseClosed }

// waiting reports whether the case is in the queue.
func (k *caseDoc) waiting() bool {
	return k.Agent == "" && (k.State == CaseNew || k.State == CaseOpen)
}

func openKey(customer okpay.CustomerID, c Category) string {
	return "case_open:" + string(customer) + ":" + string(c)
}

func queueLabel(tier int) string { return "queue:" + string(rune('0'+tier)) }

func handledLabel(tier int) string { return "handled:" + string(rune('0'+tier)) }

// Put is the record without its content.
func (k *caseDoc) Put() ledger.Put {
	put := ledger.Put{
		Type: "case", ID: string(k.ID),
		Labels: []string{"c:" + string(k.Case.Customer), "state:" + string(k.State)},
		Unique: []string{"case_number:" + k.Number},
	}
	if k.live() {
		put.Unique = append(put.Unique, openKey(k.Case.Customer, k.Category))
	}
	if k.waiting() {
		put.Labels = append(put.Labels, queueLabel(k.Tier))
	}
	if k.Agent != "" && k.live() {
		put.Labels = append(put.Labels, "agent:"+string(k.Agent))
	}
	if !k.live() && k.Handled > 0 {
		put.Labels = append(put.Labels, handledLabel(k.Tier))
	}
	soonest := func(at time.Time) {
		if !at.IsZero() && (put.Due.IsZero() || at.Before(put.Due)) {
			put.Due = at
		}
	}
	for _, clock := range []*Clock{&k.First, &k.Next, &k.Resolution} {
		soonest(clock.next())
	}
	for state, at := range map[CaseState]*time.Time{CaseSolved: k.ClosesAt, CasePending: k.GivesUpAt} {
		if k.State == state && at != nil {
			soonest(*at)
		}
	}
	return put
}

// View is what its events show.
func (k *caseDoc) View() any {
	passed := []string{}
	for _, clock := range k.clocks() {
		if clock.BreachedAt != nil {
			passed = append(passed, clock.name)
		}
	}
	return map[string]any{
		"id": k.ID, "number": k.Number, "category": k.Category, "priority": k.Priority, "tier": k.Tier, "state": k.State,
		"channel": k.Channel, "breached": passed, "sequence": k.Sequence,
	}
}

// numberOf is a case's number: the end of its id as people say it on the telephone.
func numberOf(id string) string {
	n := strings.ToUpper(id[max(0, len(id)-8):])
	return n[:min(4, len(n))] + "-" + n[min(4, len(n)):]
}

// Customer is who gets the messages.
func (k *caseDoc) Customer() okpay.CustomerID { return k.Case.Customer }

// Counter is where it counts its events.
func (k *caseDoc) Counter() *int64 { return &k.Sequence }

// Facts are what its messages speak of.
func (k *caseDoc) Facts(string) map[string]string {
	f := map[string]string{"case": string(k.ID), "number": k.Number, "category": string(k.Category)}
	if k.ClosesAt != nil {
		f["until"] = k.ClosesAt.UTC().Format(time.RFC3339)
	}
	return f
}

// namedClock is one of a case's clocks.
type namedClock struct {
	name string
	*Clock
}

func (k *caseDoc) clocks() []namedClock {
	return []namedClock{{"first_response", &k.First}, {"next_response", &k.Next}, {"resolution", &k.Resolution}}
}

func (k *caseDoc) move(on okpay.Action, g okpay.Guard) (okpay.Told, error) {
	return CaseMachine().Move(&k.State, string(k.ID), on, g)
}

// link adds objects that are not there yet.
func (k *caseDoc) link(objects []Link) (added bool) {
	for _, o := range objects {
		if !slices.Contains(k.Objects, o) {
			k.Objects, added = append(k.Objects, o), true
		}
	}
	return added
}
