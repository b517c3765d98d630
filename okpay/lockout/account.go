package lockout

import (
	"slices"
	"time"
)

// Account is the lock of a whole account for reasons of security. No attempt and no time
// opens it, and clearing the counters does not either. The zero value is open.
//
//	open         -> risk_locked  on a risk event, a user's report, an agent's lock
//	risk_locked  -> must_change  on the second independent proof, or the second agent
//	must_change  -> open         on a changed password
//	must_change  -> risk_locked  on a risk event, a user's report, an agent's lock
type Account struct {
	// Status is StatusOpen, also when empty, StatusRiskLocked or StatusMustChange.
	Status Status `json:"status,omitzero"`
	// Reason is why it was locked last; it stays until the password is changed.
	Reason Reason `json:"reason,omitzero"`
	// Since is when it came into this status, or was locked again while it was locked.
	Since time.Time `json:"since,omitzero"`
	// Lock counts the locks. What is to lift one names it, so that a proof that was
	// begun before a further risk event does not lift that too.
	Lock uint64 `json:"lock,omitzero"`
	// Proofs are those given since the account was locked.
	Proofs []Proof `json:"proofs,omitempty"`
	// Agent is the id of the agent who has released it, until a second one confirms.
	Agent string `json:"agent,omitzero"`
}

// Event is something that happens to an [Account].
type Event struct {
	Kind EventKind `json:"kind"`
	// Lock is the Account.Lock that a proof or an agent's word is about.
	Lock  uint64 `json:"lock,omitzero"`
	Proof Proof  `json:"proof,omitzero"`
	// Agent is the id of who speaks; Level is how far that agent has verified the
	// caller, from 0 to 3.
	Agent string `json:"agent,omitzero"`
	Level int    `json:"level,omitzero"`
}

// EventKind is what happens to an [Account].
type EventKind string

// Kinds of events.
const (
	EventRisk       EventKind = "risk"
	EventUserReport EventKind = "user_report"
	EventAgentLock  EventKind = "agent_lock"
	// EventProof is a finished proof; Event.Proof and Event.Lock are needed.
	EventProof EventKind = "proof"
	// EventRelease is the word of an agent about a caller verified to level V3;
	// Event.Agent, Event.Level and Event.Lock are needed.
	EventRelease EventKind = "release"
	// EventConfirm is that of a second agent; Event.Agent and Event.Lock are needed.
	EventConfirm EventKind = "confirm"
	// EventPasswordChanged is a password that the policy accepted and that is a new one.
	EventPasswordChanged EventKind = "password_changed"
)

// Proof is a kind of identity proof.
type Proof string

// Proofs. A code of an authenticator app and a recovery code stand for the same factor, so
// they are not independent of each other.
const (
	ProofEmail        Proof = "email"
	ProofPhone        Proof = "phone"
	ProofTOTP         Proof = "totp"
	ProofRecoveryCode Proof = "recovery_code"
	ProofDocument     Proof = "document"
	// ProofQuestions counts only after a proof of possession, which every other is.
	ProofQuestions Proof = "questions"
)

// Answer is what became of an [Event], as a code.
type Answer string

// Answers. Those that refuse change nothing.
const (
	AnswerLocked     Answer = "locked"      // risk locked now, or once more
	AnswerCounted    Answer = "counted"     // a first proof or a first agent; more is needed
	AnswerMustChange Answer = "must_change" // lifted; the password has to be changed
	AnswerOpened     Answer = "opened"      // open again
	AnswerUnchanged  Answer = "unchanged"   // nothing was to be done

	RefusedStatus      Answer = "refused_status"     // not in this status
	RefusedOtherLock   Answer = "refused_other_lock" // about another lock than the present one
	RefusedDependent   Answer = "refused_dependent"  // the same factor again, or questions first
	RefusedCallerLevel Answer = "refused_level"      // the caller is not verified to V3
	RefusedSameAgent   Answer = "refused_same_agent" // the second agent is the first
	RefusedNoRelease   Answer = "refused_no_release" // a second agent without a first
	RefusedEvent       Answer = "refused_invalid"    // an event or an account that cannot be
)

// Effect is something to be done in the commit that stores a move.
type Effect string

// Effects.
const (
	EndSessions           Effect = "end_sessions"
	SuspendMoneyOut       Effect = "suspend_money_out"
	ResumeMoneyOut        Effect = "resume_money_out"
	TellCustomer          Effect = "tell_customer"
	OpenUrgentCase        Effect = "open_urgent_case"
	AllowOnlyPassword     Effect = "allow_only_password_change"
	RaiseEpoch            Effect = "raise_epoch"
	OfferSecondFactor     Effect = "offer_second_factor"
	HoldWithdrawals24Hour Effect = "hold_withdrawals_24h"
)

// accountMove is one row of the table.
type accountMove struct {
	from   Status
	on     EventKind
	to     Status
	answer Answer
	does   []Effect
}

// accountMoves says what happens on each event in each status. A proof, a release and a
// confirmation have passed their guards when they get here, see [Account.guard].
var accountMoves = []accountMove{
	{StatusOpen, EventRisk, StatusRiskLocked, AnswerLocked, shutting},
	{StatusOpen, EventUserReport, StatusRiskLocked, AnswerLocked, shutting},
	{StatusOpen, EventAgentLock, StatusRiskLocked, AnswerLocked, shutting},
	{StatusOpen, EventProof, StatusOpen, RefusedStatus, nil},
	{StatusOpen, EventRelease, StatusOpen, RefusedStatus, nil},
	{StatusOpen, EventConfirm, StatusOpen, RefusedStatus, nil},
	{StatusOpen, EventPasswordChanged, StatusOpen, AnswerUnchanged, nil},

	{StatusRiskLocked, EventRisk, StatusRiskLocked, AnswerLocked, shutting},
	{StatusRiskLocked, EventUserReport, StatusRiskLocked, AnswerLocked, shutting},
	{StatusRiskLocked, EventAgentLock, StatusRiskLocked, AnswerLocked, shutting},
	{StatusRiskLocked, EventProof, StatusMustChange, AnswerMustChange, lifting},
	{StatusRiskLocked, EventRelease, StatusRiskLocked, AnswerCounted, nil},
	{StatusRiskLocked, EventConfirm, StatusMustChange, AnswerMustChange, lifting},
	// A password that is reset while the account is locked lifts no risk lock.
	{StatusRiskLocked, EventPasswordChanged, StatusRiskLocked, RefusedStatus, nil},

	{StatusMustChange, EventRisk, StatusRiskLocked, AnswerLocked, shutting},
	{StatusMustChange, EventUserReport, StatusRiskLocked, AnswerLocked, shutting},
	{StatusMustChange, EventAgentLock, StatusRiskLocked, AnswerLocked, shutting},
	{StatusMustChange, EventProof, StatusMustChange, RefusedStatus, nil},
	{StatusMustChange, EventRelease, StatusMustChange, RefusedStatus, nil},
	{StatusMustChange, EventConfirm, StatusMustChange, RefusedStatus, nil},
	{StatusMustChange, EventPasswordChanged, StatusOpen, AnswerOpened, opening},
}

// What the moves have to do.
var (
	shutting = []Effect{EndSessions, SuspendMoneyOut, TellCustomer, OpenUrgentCase}
	lifting  = []Effect{AllowOnlyPassword, TellCustomer}
	opening  = []Effect{RaiseEpoch, ResumeMoneyOut, HoldWithdrawals24Hour, TellCustomer, OfferSecondFactor}
)

// factors says of each proof what it proves the possession or knowledge of.
var factors = map[Proof]string{
	ProofEmail: "email", ProofPhone: "phone", ProofTOTP: "authenticator",
	ProofRecoveryCode: "authenticator", ProofDocument: "document", ProofQuestions: "questions",
}

// verifiedCaller is the caller level V3.
const verifiedCaller = 3

// Apply returns the account after an event, what became of the event, and what has to be
// done along with it, in order. A refusal and AnswerUnchanged return the account as it is.
// Of several refusals RefusedEvent wins, then RefusedStatus, RefusedOtherLock, and the
// event's own.
func (a Account) Apply(e Event, now time.Time) (Account, Answer, []Effect) {
	move, ok := a.move(e.Kind)
	if !ok || !e.complete() {
		return a, RefusedEvent, nil
	}
	if move.answer == RefusedStatus || move.answer == AnswerUnchanged {
		return a, move.answer, nil
	}
	if refusal := a.guard(e); refusal != "" {
		return a, refusal, nil
	}
	next := a
	next.Status, next.Proofs = move.to, slices.Clone(a.Proofs)
	switch e.Kind {
	case EventProof:
		next.Proofs = append(next.Proofs, e.Proof)
		if len(next.Proofs) < 2 {
			next.Status = a.Status
			return next, AnswerCounted, nil
		}
	case EventRelease:
		next.Agent = e.Agent
		return next, move.answer, nil
	case EventPasswordChanged:
		next.Reason = ""
	case EventRisk:
		next.Reason = ReasonRisk
	case EventUserReport:
		next.Reason = ReasonUserReport
	case EventAgentLock:
		next.Reason = ReasonAgent
	}
	// What was said for lifting one lock is used up or void.
	next.Proofs, next.Agent, next.Since = nil, "", moment(now)
	if move.answer == AnswerLocked {
		next.Lock++
	}
	return next, move.answer, slices.Clone(move.does)
}

// MaySignIn reports whether attempts to sign in are considered at all. In StatusMustChange
// they are, and then nothing but [Account.MayChangePassword] is allowed.
func (a Account) MaySignIn() bool {
	return a.standing() == StatusOpen || a.standing() == StatusMustChange
}

// MayChangePassword reports whether the password may be changed.
func (a Account) MayChangePassword() bool { return a.MaySignIn() }

// MayAct reports whether anything else is allowed.
func (a Account) MayAct() bool { return a.standing() == StatusOpen }

// standing is the status with its default.
func (a Account) standing() Status {
	if a.Status == "" {
		return StatusOpen
	}
	return a.Status
}

// move finds the row for an event.
func (a Account) move(on EventKind) (accountMove, bool) {
	for _, row := range accountMoves {
		if row.from == a.standing() && row.on == on {
			return row, true
		}
	}
	return accountMove{}, false
}

// complete reports whether the event has what its kind needs.
func (e Event) complete() bool {
	switch e.Kind {
	case EventProof:
		return factors[e.Proof] != ""
	case EventRelease, EventConfirm:
		return e.Agent != ""
	}
	return true
}

// guard says why an event that lifts a lock does not do so, or nothing if it does.
func (a Account) guard(e Event) Answer {
	switch e.Kind {
	case EventProof, EventRelease, EventConfirm:
		if e.Lock != a.Lock {
			return RefusedOtherLock
		}
	}
	switch e.Kind {
	case EventProof:
		if e.Proof == ProofQuestions && len(a.Proofs) == 0 {
			return RefusedDependent
		}
		for _, given := range a.Proofs {
			if factors[given] == factors[e.Proof] {
				return RefusedDependent
			}
		}
	case EventRelease:
		if e.Level != verifiedCaller {
			return RefusedCallerLevel
		}
	case EventConfirm:
		switch a.Agent {
		case "":
			return RefusedNoRelease
		case e.Agent:
			return RefusedSameAgent
		}
	}
	return ""
}
