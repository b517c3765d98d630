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
	// WithdrawalUnderReview holds the money and waits for a person: approveOut leads to
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
	requestOut      action = "request"
	approveOut      action = "approve"
	rejectOut       action = "reject"
	submitOut       action = "submit"
	resubmitOut     action = "resubmit"
	resolveCollect  action = "resolve_collect"
	resolveWriteOff action = "resolve_write_off"

	// What a provider says.
	providerUnknown  action = "provider_unknown"
	providerAccepted action = "provider_accepted"
	providerPaid     action = "provider_paid"
	providerFailed   action = "provider_failed"
	providerReturned action = "provider_returned"
	providerNotFound action = "query_not_found"
)

const (
	automatic     guard = "not above the amount for automatic approval, and risk allows"
	enoughEyes    guard = "enough approvers, distinct and not the owner"
	moreEyes      guard = "four eyes, the first of them"
	mayLeave      guard = "account and destination are in order"
	mustWait      guard = "account is locked, or the destination can not be used"
	withinWindow  guard = "before the provider's finality window is over"
	afterWindow   guard = "the finality window is over"
	wrongAmount   guard = "another amount"
	notWrittenOff guard = "paid by its owner"
	writtenOff    guard = "paid from a loss that was written off"
	ownerGone     guard = "the owner's account is closed"
)

// exceptionRaised is the event of an exception record that a move raises.
const exceptionRaised = "reconciliation.exception"

func withdrawalMachine() machine[WithdrawalState] { return outgoingMachine("withdrawal") }

func payoutMachine() machine[WithdrawalState] { return outgoingMachine("payout") }

// outgoingMachine is the state machine of money that leaves the wallet: a customer's
// withdrawal or a merchant's payout. Everything that a provider can say stands in it for
// every state, since a provider may say anything at any time.
func outgoingMachine(noun string) machine[WithdrawalState] {
	m := machine[WithdrawalState]{noun: noun, rows: append(ownRows(), providerRows()...)}
	for i := range m.rows {
		r := &m.rows[i]
		for j, e := range r.emits {
			if e != exceptionRaised {
				r.emits[j] = noun + "." + e
			}
		}
		if noun == "payout" {
			r.mails = nil // a merchant hears by webhook
			r.posts = strings.NewReplacer("user:{customer}", "merchant:{merchant}", "fees:withdrawal", "fees:payout").Replace(r.posts)
		}
		for j, template := range r.mails {
			r.mails[j] = noun + "_" + template
		}
	}
	if noun == "payout" { // merchants have no gate that could be closed
		m.rows = slices.DeleteFunc(m.rows, func(r row[WithdrawalState]) bool { return r.guard == ownerGone })
	}
	return m
}

// ownRows are what owners, reviewers and the worker do.
func ownRows() []row[WithdrawalState] {
	const hold = "hold Dr user:{customer}:available / Cr clearing:{provider} amount; hold Dr user:{customer}:available / Cr fees:withdrawal fee"
	const void = "void of the hold: Dr and Cr of the request are released"
	return []row[WithdrawalState]{
		{on: requestOut, to: WithdrawalUnderReview, posts: hold, emits: []string{"requested", "under_review"}, mails: []string{"received"}},
		{from: WithdrawalUnderReview, on: approveOut, guard: automatic, to: WithdrawalApproved, emits: []string{"approved"}},
		{from: WithdrawalUnderReview, on: approveOut, guard: enoughEyes, to: WithdrawalApproved, emits: []string{"approved"}, mails: []string{"approved"}},
		{from: WithdrawalUnderReview, on: approveOut, guard: moreEyes, to: WithdrawalUnderReview, emits: []string{"approval_recorded"}},
		{from: WithdrawalUnderReview, on: rejectOut, to: WithdrawalTurnedDown, posts: void, emits: []string{"rejected"}, mails: []string{"rejected"}},
		{from: WithdrawalUnderReview, on: cancel, to: WithdrawalCanceled, posts: void, emits: []string{"canceled"}, mails: []string{"canceled"}},
		{from: WithdrawalApproved, on: cancel, to: WithdrawalCanceled, posts: void, emits: []string{"canceled"}, mails: []string{"canceled"}},

		{from: WithdrawalApproved, on: submitOut, guard: mayLeave, to: WithdrawalSubmitting, emits: []string{"submitting"}},
		{from: WithdrawalApproved, on: submitOut, guard: mustWait, to: WithdrawalApproved, emits: []string{"paused"}},
		{from: WithdrawalSubmitting, on: resubmitOut, to: WithdrawalSubmitting},
		{from: WithdrawalUnknown, on: resubmitOut, to: WithdrawalUnknown},

		{
			from: WithdrawalPaidAfterFailed, on: resolveCollect, to: WithdrawalPaid, emits: []string{"paid"},
			posts: "Dr user:{customer}:available / Cr suspense:{provider} amount",
		},
		{
			from: WithdrawalPaidAfterFailed, on: resolveWriteOff, to: WithdrawalPaid, emits: []string{"paid"},
			posts: "Dr expense:loss / Cr suspense:{provider} amount",
		},
	}
}

// inFlight are the states in which the provider has the order, or may have it.
func inFlight() []WithdrawalState {
	return []WithdrawalState{WithdrawalSubmitting, WithdrawalUnknown, WithdrawalSubmitted}
}

// providerRows are what a provider says, in every state.
func providerRows() (rows []row[WithdrawalState]) {
	const (
		take     = "capture of the hold: Dr user:{customer}:available / Cr clearing:{provider} amount, Dr user:{customer}:available / Cr fees:withdrawal fee"
		release  = "void of the hold: Dr and Cr of the request are released"
		back     = "Dr clearing:{provider} / Cr user:{customer}:available amount; if the fee is returned, Dr fees:withdrawal / Cr user:{customer}:available fee"
		backGone = "Dr clearing:{provider} / Cr suspense:{provider} amount"
		backLoss = "Dr clearing:{provider} / Cr expense:loss amount"
	)
	exception := []string{exceptionRaised}
	stay := func(s WithdrawalState, on ...action) {
		for _, a := range on {
			rows = append(rows, row[WithdrawalState]{from: s, on: a, to: s})
		}
	}
	raise := func(s WithdrawalState, g guard, on ...action) {
		for _, a := range on {
			rows = append(rows, row[WithdrawalState]{from: s, on: a, guard: g, to: s, emits: slices.Clone(exception)})
		}
	}

	for _, s := range inFlight() {
		accepted := row[WithdrawalState]{from: s, on: providerAccepted, to: WithdrawalSubmitted, emits: []string{"submitted"}}
		if s == WithdrawalSubmitted {
			accepted.emits = nil
		}
		unknown := row[WithdrawalState]{from: s, on: providerUnknown, to: s}
		if s == WithdrawalSubmitting {
			unknown.to, unknown.emits = WithdrawalUnknown, []string{"outcome_unknown"}
		}
		rows = append(
			rows, accepted, unknown,
			row[WithdrawalState]{from: s, on: providerPaid, to: WithdrawalPaid, posts: take, emits: []string{"paid"}, mails: []string{"paid"}},
			row[WithdrawalState]{from: s, on: providerFailed, to: WithdrawalFailed, posts: release, emits: []string{"failed"}, mails: []string{"failed"}},
			row[WithdrawalState]{from: s, on: providerReturned, to: WithdrawalSentBack, posts: take + "; then " + back, emits: []string{"paid", "returned"}, mails: []string{"returned"}},
			row[WithdrawalState]{from: s, on: providerReturned, guard: ownerGone, to: WithdrawalSentBack, posts: take + "; then " + backGone, emits: []string{"paid", "returned", exceptionRaised}},
			row[WithdrawalState]{from: s, on: providerNotFound, guard: withinWindow, to: s},
		)
		raise(s, afterWindow, providerNotFound)
		raise(s, wrongAmount, providerAccepted, providerPaid, providerReturned)
	}

	stay(WithdrawalPaid, providerUnknown, providerAccepted, providerPaid, providerNotFound)
	raise(WithdrawalPaid, always, providerFailed)
	rows = append(
		rows,
		row[WithdrawalState]{from: WithdrawalPaid, on: providerReturned, guard: notWrittenOff, to: WithdrawalSentBack, posts: back, emits: []string{"returned"}, mails: []string{"returned"}},
		row[WithdrawalState]{from: WithdrawalPaid, on: providerReturned, guard: writtenOff, to: WithdrawalSentBack, posts: backLoss, emits: []string{"returned"}},
		row[WithdrawalState]{from: WithdrawalPaid, on: providerReturned, guard: ownerGone, to: WithdrawalSentBack, posts: backGone, emits: []string{"returned", exceptionRaised}},
	)
	raise(WithdrawalPaid, wrongAmount, providerPaid, providerReturned)

	stay(WithdrawalSentBack, providerUnknown, providerAccepted, providerPaid, providerReturned, providerNotFound)
	raise(WithdrawalSentBack, always, providerFailed)
	raise(WithdrawalSentBack, wrongAmount, providerPaid, providerReturned)

	stay(WithdrawalFailed, providerUnknown, providerAccepted, providerFailed, providerNotFound)
	rows = append(
		rows,
		row[WithdrawalState]{
			from: WithdrawalFailed, on: providerPaid, to: WithdrawalPaidAfterFailed,
			posts: "Dr suspense:{provider} / Cr clearing:{provider} amount", emits: []string{"paid_after_failed", exceptionRaised},
		},
		row[WithdrawalState]{from: WithdrawalFailed, on: providerReturned, to: WithdrawalSentBack, emits: []string{"returned", exceptionRaised}},
	)
	raise(WithdrawalFailed, wrongAmount, providerPaid, providerReturned)

	stay(WithdrawalPaidAfterFailed, providerUnknown, providerAccepted, providerPaid, providerFailed, providerNotFound)
	rows = append(rows, row[WithdrawalState]{
		from: WithdrawalPaidAfterFailed, on: providerReturned, to: WithdrawalSentBack,
		posts: backGone, emits: []string{"returned"},
	})
	raise(WithdrawalPaidAfterFailed, wrongAmount, providerPaid, providerReturned)

	for _, s := range []WithdrawalState{WithdrawalUnderReview, WithdrawalApproved, WithdrawalTurnedDown, WithdrawalCanceled} {
		stay(s, providerUnknown, providerNotFound)
		raise(s, always, providerAccepted, providerPaid, providerFailed, providerReturned)
	}
	return rows
}
