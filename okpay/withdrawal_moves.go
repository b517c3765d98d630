package okpay

import (
	"slices"
	"strings"
)

// WithdrawalState is where a withdrawal or a payout is in its life.
type WithdrawalState string

// PayoutState is where a payout is in its life: payouts have the states of withdrawals.
type PayoutState = WithdrawalState

const (
	// WithdrawalUnderReview holds the money and waits for a person: approve leads to
	// approved, reject to rejected, cancel to canceled.
	WithdrawalUnderReview WithdrawalState = "under_review"
	// WithdrawalApproved waits to be submitted, as long as the account is locked or the destination
	// can not be used: submit leads to submitting, cancel to canceled.
	WithdrawalApproved WithdrawalState = "approved"
	// WithdrawalSubmitting is being given to the provider, or was when a program ended:
	// leads to submitted, unknown, paid, failed or returned, and can not be canceled any more.
	WithdrawalSubmitting WithdrawalState = "submitting"
	// WithdrawalUnknown was given to the provider, who did not answer. It is asked until it
	// does; time alone decides nothing.
	WithdrawalUnknown WithdrawalState = "unknown"
	// WithdrawalSubmitted was accepted by the provider: leads to paid, failed or returned.
	WithdrawalSubmitted WithdrawalState = "submitted"
	// WithdrawalPaid has left the wallet; it may still be returned.
	WithdrawalPaid WithdrawalState = "paid"
	// WithdrawalSentBack came back from the bank. Final.
	WithdrawalSentBack WithdrawalState = "returned"
	// WithdrawalFailed was not carried out, and the money is available again. Final, unless
	// the provider says later that it was paid all the same.
	WithdrawalFailed WithdrawalState = "failed"
	// WithdrawalTurnedDown did not pass review. Final.
	WithdrawalTurnedDown WithdrawalState = "rejected"
	// WithdrawalCanceled was called off by its owner. Final.
	WithdrawalCanceled WithdrawalState = "canceled"
	// WithdrawalPaidAfterFailed has left although it had failed and its owner has the money
	// again: a person collects it or writes it off, which leads to paid.
	WithdrawalPaidAfterFailed WithdrawalState = "paid_after_failed"
)

const (
	requestOut      Action = "request"
	approveOut      Action = "approve"
	rejectOut       Action = "reject"
	submitOut       Action = "submit"
	resubmitOut     Action = "resubmit"
	resolveCollect  Action = "resolve_collect"
	resolveWriteOff Action = "resolve_write_off"

	// What a provider says.
	providerUnknown  Action = "provider_unknown"
	providerAccepted Action = "provider_accepted"
	providerPaid     Action = "provider_paid"
	providerFailed   Action = "provider_failed"
	providerReturned Action = "provider_returned"
	providerNotFound Action = "query_not_found"
)

const (
	automatic     Guard = "not above the amount for automatic approval, and risk allows"
	enoughEyes    Guard = "enough approvers, distinct and not the owner"
	moreEyes      Guard = "four eyes, the first of them"
	mayLeave      Guard = "account and destination are in order"
	mustWait      Guard = "account is locked, or the destination can not be used"
	withinWindow  Guard = "before the provider's finality window is over"
	afterWindow   Guard = "the finality window is over"
	wrongAmount   Guard = "another amount"
	notWrittenOff Guard = "paid by its owner"
	writtenOff    Guard = "paid from a loss that was written off"
	ownerGone     Guard = "the owner's account is closed"
)

// exceptionRaised is the event of an exception record that a move raises.
const exceptionRaised = "reconciliation.exception"

func withdrawalMachine() Machine[WithdrawalState] { return outgoingMachine("withdrawal") }

func payoutMachine() Machine[WithdrawalState] { return outgoingMachine("payout") }

// outgoingMachine is the state machine of money that leaves the wallet: a customer's
// withdrawal or a merchant's payout. Everything that a provider can say stands in it for
// every state, since a provider may say anything at any time.
func outgoingMachine(noun string) Machine[WithdrawalState] {
	m := Machine[WithdrawalState]{Noun: noun, Rows: append(ownRows(), providerRows()...)}
	for i := range m.Rows {
		r := &m.Rows[i]
		for j, e := range r.Emits {
			if e != exceptionRaised {
				r.Emits[j] = noun + "." + e
			}
		}
		if noun == "payout" {
			r.Mails = nil // a merchant hears by webhook
			r.Posts = strings.NewReplacer("user:{customer}", "merchant:{merchant}", "fees:withdrawal", "fees:payout").Replace(r.Posts)
		}
		for j, template := range r.Mails {
			r.Mails[j] = noun + "_" + template
		}
	}
	if noun == "payout" { // merchants have no gate that could be closed
		m.Rows = slices.DeleteFunc(m.Rows, func(r Row[WithdrawalState]) bool { return r.Guard == ownerGone })
	}
	return m
}

// ownRows are what owners, reviewers and the worker do.
func ownRows() []Row[WithdrawalState] {
	const hold = "hold Dr user:{customer}:available / Cr clearing:{provider} amount; hold Dr user:{customer}:available / Cr fees:withdrawal fee"
	const void = "void of the hold: Dr and Cr of the request are released"
	return []Row[WithdrawalState]{
		{On: requestOut, To: WithdrawalUnderReview, Posts: hold, Emits: []string{"requested", "under_review"}, Mails: []string{"received"}},
		{From: WithdrawalUnderReview, On: approveOut, Guard: automatic, To: WithdrawalApproved, Emits: []string{"approved"}},
		{From: WithdrawalUnderReview, On: approveOut, Guard: enoughEyes, To: WithdrawalApproved, Emits: []string{"approved"}, Mails: []string{"approved"}},
		{From: WithdrawalUnderReview, On: approveOut, Guard: moreEyes, To: WithdrawalUnderReview, Emits: []string{"approval_recorded"}},
		{From: WithdrawalUnderReview, On: rejectOut, To: WithdrawalTurnedDown, Posts: void, Emits: []string{"rejected"}, Mails: []string{"rejected"}},
		{From: WithdrawalUnderReview, On: cancel, To: WithdrawalCanceled, Posts: void, Emits: []string{"canceled"}, Mails: []string{"canceled"}},
		{From: WithdrawalApproved, On: cancel, To: WithdrawalCanceled, Posts: void, Emits: []string{"canceled"}, Mails: []string{"canceled"}},

		{From: WithdrawalApproved, On: submitOut, Guard: mayLeave, To: WithdrawalSubmitting, Emits: []string{"submitting"}},
		{From: WithdrawalApproved, On: submitOut, Guard: mustWait, To: WithdrawalApproved, Emits: []string{"paused"}},
		{From: WithdrawalSubmitting, On: resubmitOut, To: WithdrawalSubmitting},
		{From: WithdrawalUnknown, On: resubmitOut, To: WithdrawalUnknown},

		{
			From: WithdrawalPaidAfterFailed, On: resolveCollect, To: WithdrawalPaid, Emits: []string{"paid"},
			Posts: "Dr user:{customer}:available / Cr suspense:{provider} amount",
		},
		{
			From: WithdrawalPaidAfterFailed, On: resolveWriteOff, To: WithdrawalPaid, Emits: []string{"paid"},
			Posts: "Dr expense:loss / Cr suspense:{provider} amount",
		},
	}
}

// inFlight are the states in which the provider has the order, or may have it.
func inFlight() []WithdrawalState {
	return []WithdrawalState{WithdrawalSubmitting, WithdrawalUnknown, WithdrawalSubmitted}
}

// providerRows are what a provider says, in every state.
func providerRows() (rows []Row[WithdrawalState]) {
	const (
		take     = "capture of the hold: Dr user:{customer}:available / Cr clearing:{provider} amount, Dr user:{customer}:available / Cr fees:withdrawal fee"
		release  = "void of the hold: Dr and Cr of the request are released"
		back     = "Dr clearing:{provider} / Cr user:{customer}:available amount; if the fee is returned, Dr fees:withdrawal / Cr user:{customer}:available fee"
		backGone = "Dr clearing:{provider} / Cr suspense:{provider} amount"
		backLoss = "Dr clearing:{provider} / Cr expense:loss amount"
	)
	exception := []string{exceptionRaised}
	stay := func(s WithdrawalState, on ...Action) {
		for _, a := range on {
			rows = append(rows, Row[WithdrawalState]{From: s, On: a, To: s})
		}
	}
	raise := func(s WithdrawalState, g Guard, on ...Action) {
		for _, a := range on {
			rows = append(rows, Row[WithdrawalState]{From: s, On: a, Guard: g, To: s, Emits: slices.Clone(exception)})
		}
	}

	for _, s := range inFlight() {
		accepted := Row[WithdrawalState]{From: s, On: providerAccepted, To: WithdrawalSubmitted, Emits: []string{"submitted"}}
		if s == WithdrawalSubmitted {
			accepted.Emits = nil
		}
		unknown := Row[WithdrawalState]{From: s, On: providerUnknown, To: s}
		if s == WithdrawalSubmitting {
			unknown.To, unknown.Emits = WithdrawalUnknown, []string{"outcome_unknown"}
		}
		rows = append(
			rows, accepted, unknown,
			Row[WithdrawalState]{From: s, On: providerPaid, To: WithdrawalPaid, Posts: take, Emits: []string{"paid"}, Mails: []string{"paid"}},
			Row[WithdrawalState]{From: s, On: providerFailed, To: WithdrawalFailed, Posts: release, Emits: []string{"failed"}, Mails: []string{"failed"}},
			Row[WithdrawalState]{From: s, On: providerReturned, To: WithdrawalSentBack, Posts: take + "; then " + back, Emits: []string{"paid", "returned"}, Mails: []string{"returned"}},
			Row[WithdrawalState]{From: s, On: providerReturned, Guard: ownerGone, To: WithdrawalSentBack, Posts: take + "; then " + backGone, Emits: []string{"paid", "returned", exceptionRaised}},
			Row[WithdrawalState]{From: s, On: providerNotFound, Guard: withinWindow, To: s},
		)
		raise(s, afterWindow, providerNotFound)
		raise(s, wrongAmount, providerAccepted, providerPaid, providerReturned)
	}

	stay(WithdrawalPaid, providerUnknown, providerAccepted, providerPaid, providerNotFound)
	raise(WithdrawalPaid, Always, providerFailed)
	rows = append(
		rows,
		Row[WithdrawalState]{From: WithdrawalPaid, On: providerReturned, Guard: notWrittenOff, To: WithdrawalSentBack, Posts: back, Emits: []string{"returned"}, Mails: []string{"returned"}},
		Row[WithdrawalState]{From: WithdrawalPaid, On: providerReturned, Guard: writtenOff, To: WithdrawalSentBack, Posts: backLoss, Emits: []string{"returned"}},
		Row[WithdrawalState]{From: WithdrawalPaid, On: providerReturned, Guard: ownerGone, To: WithdrawalSentBack, Posts: backGone, Emits: []string{"returned", exceptionRaised}},
	)
	raise(WithdrawalPaid, wrongAmount, providerPaid, providerReturned)

	stay(WithdrawalSentBack, providerUnknown, providerAccepted, providerPaid, providerReturned, providerNotFound)
	raise(WithdrawalSentBack, Always, providerFailed)
	raise(WithdrawalSentBack, wrongAmount, providerPaid, providerReturned)

	stay(WithdrawalFailed, providerUnknown, providerAccepted, providerFailed, providerNotFound)
	rows = append(
		rows,
		Row[WithdrawalState]{
			From: WithdrawalFailed, On: providerPaid, To: WithdrawalPaidAfterFailed,
			Posts: "Dr suspense:{provider} / Cr clearing:{provider} amount", Emits: []string{"paid_after_failed", exceptionRaised},
		},
		Row[WithdrawalState]{From: WithdrawalFailed, On: providerReturned, To: WithdrawalSentBack, Emits: []string{"returned", exceptionRaised}},
	)
	raise(WithdrawalFailed, wrongAmount, providerPaid, providerReturned)

	stay(WithdrawalPaidAfterFailed, providerUnknown, providerAccepted, providerPaid, providerFailed, providerNotFound)
	rows = append(rows, Row[WithdrawalState]{
		From: WithdrawalPaidAfterFailed, On: providerReturned, To: WithdrawalSentBack,
		Posts: backGone, Emits: []string{"returned"},
	})
	raise(WithdrawalPaidAfterFailed, wrongAmount, providerPaid, providerReturned)

	for _, s := range []WithdrawalState{WithdrawalUnderReview, WithdrawalApproved, WithdrawalTurnedDown, WithdrawalCanceled} {
		stay(s, providerUnknown, providerNotFound)
		raise(s, Always, providerAccepted, providerPaid, providerFailed, providerReturned)
	}
	return rows
}
