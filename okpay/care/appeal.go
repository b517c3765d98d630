package care

import (
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// AppealID names an appeal.
type AppealID string

// AppealState is where an appeal is in its life.
type AppealState string

const (
	// AppealSubmitted waits for an operator to take it.
	AppealSubmitted AppealState = "submitted"
	// AppealUnderReview is looked at.
	AppealUnderReview AppealState = "under_review"
	// AppealNeedInfo waits for the customer; the clock stands still.
	AppealNeedInfo AppealState = "need_info"
	// AppealApproved has ended its restriction. Final.
	AppealApproved AppealState = "approved"
	// AppealDenied has not. Final; another one is possible from Appeal.NextFrom on, if any is left.
	AppealDenied AppealState = "denied"
	// AppealWithdrawn was called back by the customer. Final.
	AppealWithdrawn AppealState = "withdrawn"
	// AppealExpired was not answered in time. Final.
	AppealExpired AppealState = "expired"
	// AppealSettled has become pointless: its restriction ended otherwise. Final.
	AppealSettled AppealState = "settled"
)

const (
	takeAppeal     okpay.Action = "take"
	releaseAppeal  okpay.Action = "release"
	askInfo        okpay.Action = "ask"
	answerInfo     okpay.Action = "answer"
	withdrawAppeal okpay.Action = "withdraw"
	approveAppeal  okpay.Action = "approve"
	denyAppeal     okpay.Action = "deny"
	nudgeAppeal    okpay.Action = "nudge"
	settleAppeal   okpay.Action = "restriction_ended"
	appealOverdue  okpay.Action = "overdue"
)

func appealMachine() okpay.Machine[AppealState] {
	m := okpay.Machine[AppealState]{Noun: "appeal", Rows: []okpay.Row[AppealState]{
		{On: submit, To: AppealSubmitted, Emits: []string{"appeal.submitted"}, Mails: []string{"appeal_received"}},
		{From: AppealSubmitted, On: takeAppeal, To: AppealUnderReview, Emits: []string{"appeal.taken"}},
		{From: AppealUnderReview, On: releaseAppeal, To: AppealSubmitted, Emits: []string{"appeal.released"}},
		{From: AppealUnderReview, On: askInfo, To: AppealNeedInfo, Emits: []string{"appeal.info_needed"}, Mails: []string{"appeal_need_info"}},
		{From: AppealNeedInfo, On: answerInfo, To: AppealUnderReview, Emits: []string{"appeal.answered"}, Mails: []string{"appeal_received"}},
		{From: AppealNeedInfo, On: expire, To: AppealExpired, Emits: []string{"appeal.expired"}, Mails: []string{"appeal_expired"}},
		{From: AppealUnderReview, On: approveAppeal, Guard: firstOfTwo, To: AppealUnderReview},
		{From: AppealUnderReview, On: approveAppeal, Guard: secondOfTwo, To: AppealApproved, Emits: []string{"appeal.approved"}, Mails: []string{"appeal_approved"}},
		{From: AppealUnderReview, On: denyAppeal, To: AppealDenied, Emits: []string{"appeal.denied"}, Mails: []string{"appeal_denied"}},
	}}
	for _, s := range []AppealState{AppealSubmitted, AppealUnderReview} {
		m.Rows = append(m.Rows,
			okpay.Row[AppealState]{From: s, On: nudgeAppeal, To: s},
			okpay.Row[AppealState]{From: s, On: appealOverdue, To: s, Emits: []string{"appeal.overdue"}})
	}
	for _, s := range openAppeals() {
		m.Rows = append(m.Rows,
			okpay.Row[AppealState]{From: s, On: withdrawAppeal, To: AppealWithdrawn, Emits: []string{"appeal.withdrawn"}, Mails: []string{"appeal_withdrawn"}},
			okpay.Row[AppealState]{From: s, On: settleAppeal, To: AppealSettled, Emits: []string{"appeal.settled"}, Mails: []string{"appeal_settled"}})
	}
	return m
}

// openAppeals are the states in which an appeal is not decided.
func openAppeals() []AppealState {
	return []AppealState{AppealSubmitted, AppealUnderReview, AppealNeedInfo}
}

// Bounds of appeals.
const (
	MaxAppeals     = 3       // against one restriction, those that were withdrawn among them
	AppealPause    = 7 * day // after a denial
	AppealAnswer   = 14 * day
	NudgeEvery     = 24 * time.Hour
	MinAppealText  = 20 // characters
	MaxAppealText  = 4000
	maxInfoRounds  = 10
	maxComplaints  = 300
	infoQuestion   = 1000
	appealsPerPage = 100
)

// DenialReason is why an appeal was denied.
type DenialReason = PublicReason

// DenialReasons are the reasons for which appeals can be denied. An appeal against an account
// review is denied with review_complete alone.
func DenialReasons() []DenialReason {
	return []DenialReason{
		{"review_complete", "We have looked at your case again. The decision stays as it is.", "我们已重新审核您的情况,维持原决定。"},
		{"evidence_insufficient", "What you sent does not show what has to be shown.", "您提供的材料不足以证明相关情况。"},
		{"identity_not_confirmed", "Your identity could not be confirmed.", "无法确认您的身份。"},
		{"rules_apply", "The restriction follows from the terms of service.", "该限制符合服务条款的规定。"},
	}
}

// Appeal is what a customer sees of an appeal, and what events show but for the texts.
type Appeal struct {
	ID          AppealID         `json:"id"`
	Customer    okpay.CustomerID `json:"customer"`
	Restriction RestrictionID    `json:"restriction"`
	State       AppealState      `json:"state"`
	Case        string           `json:"case,omitempty"` // the support case that it is linked to, if any
	Question    string           `json:"question,omitempty"`
	AnswerBy    *time.Time       `json:"answer_by,omitempty"` // until when the customer has to answer
	Denial      string           `json:"denial,omitempty"`    // a code of DenialReasons
	NextFrom    *time.Time       `json:"next_from,omitempty"` // after a denial, when another is possible; absent when none is
	Complaints  string           `json:"complaints,omitempty"`
	CreatedAt   time.Time        `json:"created_at"`
	UpdatedAt   time.Time        `json:"updated_at"`
	Sequence    int64            `json:"sequence"`

	// Replayed is set on what a verb returns when its Key had been used before.
	Replayed bool `json:"-"`
}

// appealDoc is an appeal as its record keeps it.
type appealDoc struct {
	Appeal
	Situation string      `json:"situation"`
	Request   string      `json:"request"`
	Evidence  []Evidence  `json:"evidence,omitempty"`
	Rounds    []infoRound `json:"rounds,omitempty"`
	Quiet     bool        `json:"quiet,omitempty"`
	ImposedBy OperatorID  `json:"imposed_by"`
	Reviewer  OperatorID  `json:"reviewer,omitempty"`
	Proposed  *proposal   `json:"proposed,omitempty"`
	Notes     []Note      `json:"notes,omitempty"`
	WaitsFrom time.Time   `json:"waits_from"`
	DecideBy  time.Time   `json:"decide_by"`
	PausedAt  time.Time   `json:"paused_at,omitzero"`
	Overdue   bool        `json:"overdue,omitempty"`
	NudgedAt  time.Time   `json:"nudged_at,omitzero"`
	Nudges    int         `json:"nudges,omitempty"`
	Erased    bool        `json:"erased,omitempty"`
}

// infoRound is a question to the customer and the answer.
type infoRound struct {
	At       time.Time  `json:"at"`
	By       OperatorID `json:"by"`
	Question string     `json:"question"`
	Answer   string     `json:"answer,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
	Answered time.Time  `json:"answered,omitzero"`
}

func (a *appealDoc) open() bool { return slices.Contains(openAppeals(), a.State) }

func (a *appealDoc) Put() ledger.Put {
	put := ledger.Put{Type: "appeal", ID: string(a.ID)}
	if !a.Erased {
		put.Labels = []string{"c:" + string(a.Appeal.Customer)}
	}
	if q := a.queue(); q != "" {
		put.Labels = append(put.Labels, q)
	}
	switch {
	case a.State == AppealNeedInfo:
		put.Due = *a.AnswerBy
	case a.open() && !a.Overdue:
		put.Due = a.DecideBy
	}
	return put
}

// queue is the label under which operators find what they have to decide.
func (a *appealDoc) queue() string {
	switch {
	case a.State != AppealSubmitted && a.State != AppealUnderReview:
		return ""
	case a.Quiet:
		return "queue:compliance"
	}
	return "queue:review"
}

func (a *appealDoc) waitsSince() time.Time { return a.WaitsFrom }

// public is what the customer sees.
func (a *appealDoc) public() Appeal { return a.Appeal }

// View is without what was written.
func (a *appealDoc) View() any {
	v := a.Appeal
	v.Question = ""
	return v
}

func (a *appealDoc) Customer() okpay.CustomerID { return a.Appeal.Customer }

func (a *appealDoc) Counter() *int64 { return &a.Sequence }

// Facts are what its messages speak of.
func (a *appealDoc) Facts(template string) map[string]string {
	facts := map[string]string{"restriction": string(a.Restriction)}
	when := func(name string, at *time.Time) {
		if at != nil {
			facts[name] = at.UTC().Format(time.RFC3339)
		}
	}
	if a.Case != "" {
		facts["case"], facts["number"] = a.Case, numberOf(a.Case)
	}
	switch template {
	case "appeal_received":
		when("expected", &a.DecideBy)
	case "appeal_need_info":
		when("until", a.AnswerBy)
	case "appeal_denied":
		facts["denial"] = a.Denial
		when("next_from", a.NextFrom)
		if a.Complaints != "" {
			facts["complaints"] = a.Complaints
		}
	}
	return facts
}

func (a *appealDoc) move(d *okpay.Draft, on okpay.Action, g okpay.Guard) (okpay.Told, error) {
	m, err := appealMachine().Move(&a.State, string(a.ID), on, g)
	if err == nil && len(m.Emits) > 0 {
		a.UpdatedAt = d.Now()
	}
	return m, err
}
