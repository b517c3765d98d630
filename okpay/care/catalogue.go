package care

import (
	"slices"

	"github.com/okpay/okpay-go/okpay"
)

// Machines returns the state machines of this package, in the order of docs/care.md.
func Machines() []okpay.Table {
	return []okpay.Table{
		operatorMachine().Drawn(),
		restrictionMachine().Drawn(),
		requirementMachine().Drawn(),
		appealMachine().Drawn(),
		CaseMachine().Drawn(),
		CallerMachine().Drawn(),
		SupportMachine().Drawn(),
	}
}

// Announced is one row of the catalogue of events.
type Announced struct {
	Type string
	When string
}

// Events returns every type of event that this package announces, in the order of docs/care.md.
func Events() []Announced {
	return slices.Concat(operatorEvents(), restrictionEvents(), caseEvents())
}

// Template is one row of the catalogue of messages.
type Template struct {
	Name  string
	When  string
	Facts []string // what its text can speak of; some may be absent
	// Secret are facts that are not stored with the message and are asked for when it is sent.
	Secret []string
}

// Templates returns every message that this package queues, in the order of docs/care.md.
func Templates() []Template {
	return slices.Concat(restrictionTemplates(), caseTemplates())
}

func operatorEvents() []Announced {
	return []Announced{
		{"operator.created", "an operator was made"},
		{"operator.changed", "what an operator may do was changed"},
		{"operator.suspended", "an operator can not act at present"},
		{"operator.resumed", "an operator can act again"},
		{"operator.removed", "an operator can not act any more"},
	}
}

func restrictionEvents() []Announced {
	return []Announced{
		{"restriction.imposed", "capabilities were taken away from a customer"},
		{"restriction.submitted", "the customer gave what was asked for"},
		{"restriction.accepted", "it was found good, and something else is left"},
		{"restriction.rejected", "it was not found good, the customer can submit again"},
		{"restriction.required", "more was asked for"},
		{"restriction.in_review", "all that was asked for is there, an operator decides"},
		{"restriction.past_due", "the deadline was missed, more capabilities may be gone"},
		{"restriction.permanent", "the restriction is there for good"},
		{"restriction.payout_opened", "what is left of the balance can be withdrawn"},
		{"restriction.lifted", "the restriction is over"},
		{"restriction.expired", "the restriction is over, by time"},
		{"restriction.erased", "the account was closed and what was written about the restriction is erased"},
		{"appeal.submitted", "a customer appealed against a restriction"},
		{"appeal.taken", "an operator looks at an appeal"},
		{"appeal.released", "the appeal waits for an operator again"},
		{"appeal.info_needed", "the customer was asked for more, the clock stands still"},
		{"appeal.answered", "the customer answered"},
		{"appeal.expired", "the customer did not answer in time"},
		{"appeal.withdrawn", "the customer called the appeal back"},
		{"appeal.approved", "two operators agreed with the customer"},
		{"appeal.denied", "the restriction stays"},
		{"appeal.settled", "the restriction ended otherwise"},
		{"appeal.overdue", "the appeal should have been decided by now; once for each"},
	}
}

func restrictionTemplates() []Template {
	of := []string{"reason", "capabilities", "requirements", "deadline", "until"}
	one := append(slices.Clone(of), "requirement")
	gone := append(slices.Clone(of), "payout_from")
	appeal := []string{"restriction", "case", "number"}
	with := func(facts ...string) []string { return append(slices.Clone(appeal), facts...) }
	return []Template{
		{Name: "account_restricted", When: "a restriction was imposed, or more is asked for: reason is a public reason, capabilities and requirements are codes with spaces between", Facts: of},
		{Name: "requirement_received", When: "a requirement was submitted", Facts: one},
		{Name: "requirement_rejected", When: "a requirement was rejected: problem is a code of RejectionCodes", Facts: append(slices.Clone(one), "problem")},
		{Name: "restriction_past_due", When: "the deadline of a restriction was missed", Facts: of},
		{Name: "restriction_lifted", When: "a restriction is over", Facts: of},
		{Name: "restriction_expired", When: "a restriction is over, by time", Facts: of},
		{Name: "restriction_permanent", When: "a restriction is there for good; the balance can be taken out from payout_from on", Facts: gone},
		{Name: "restriction_payout_open", When: "the balance can be taken out", Facts: gone},
		{Name: "appeal_received", When: "an appeal, or an answer to a question, came in: a decision is expected by expected", Facts: with("expected")},
		{Name: "appeal_need_info", When: "there is a question about an appeal, to be answered by until; the question is not in the message", Facts: with("until")},
		{Name: "appeal_expired", When: "an appeal ended without an answer", Facts: appeal},
		{Name: "appeal_withdrawn", When: "the customer called an appeal back", Facts: appeal},
		{Name: "appeal_approved", When: "an appeal was approved, its restriction is over", Facts: appeal},
		{Name: "appeal_denied", When: "an appeal was denied: denial is a code of DenialReasons, next_from when another is possible, complaints where to complain outside", Facts: with("denial", "next_from", "complaints")},
		{Name: "appeal_settled", When: "the restriction that an appeal was about has ended otherwise", Facts: appeal},
	}
}
