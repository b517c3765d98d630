package okpay

import "sync"

// PaymentState is where a payment is in its life.
type PaymentState string

const (
	// PaymentCreated waits for the customer: confirm leads to authorized (and captured),
	// requires_action, processing, requires_confirmation or failed; cancel to canceled; time
	// to expired.
	PaymentCreated PaymentState = "created"
	// PaymentRequiresConfirmation waits for the customer to try again, as from created.
	PaymentRequiresConfirmation PaymentState = "requires_confirmation"
	// PaymentRequiresAction waits for the customer to prove who they are: a proof leads on as
	// a confirmation does; a wrong one, or none in time, to requires_confirmation or failed;
	// cancel to canceled; time to expired.
	PaymentRequiresAction PaymentState = "requires_action"
	// PaymentProcessing waits for a funding source: its answer leads to authorized (and
	// captured), requires_confirmation or failed; cancel to canceled; time to expired. Money
	// that comes after all is the customer's.
	PaymentProcessing PaymentState = "processing"
	// PaymentAuthorized holds the customer's money: capture leads to captured or
	// partially_captured; cancel to canceled; time to expired.
	PaymentAuthorized PaymentState = "authorized"
	// PaymentPartiallyCaptured holds the rest: capture leads on; cancel and time release
	// the rest and lead to captured.
	PaymentPartiallyCaptured PaymentState = "partially_captured"
	// PaymentCaptured is paid: refunds lead to partially_refunded or refunded.
	PaymentCaptured PaymentState = "captured"
	// PaymentPartiallyRefunded may be refunded further; a refund that is undone leads back.
	PaymentPartiallyRefunded PaymentState = "partially_refunded"
	// PaymentRefunded was refunded whole. Only a refund that is undone leads back.
	PaymentRefunded PaymentState = "refunded"
	// PaymentCanceled was canceled before any capture. Final.
	PaymentCanceled PaymentState = "canceled"
	// PaymentTimedOut was not confirmed or captured in time. Final.
	PaymentTimedOut PaymentState = "expired"
	// PaymentFailed was refused for good. Final.
	PaymentFailed PaymentState = "failed"
)

const (
	create               Action = "create"
	confirm              Action = "confirm"
	authenticated        Action = "authenticated"
	authenticationFailed Action = "authentication_failed"
	challengeLapsed      Action = "challenge_lapsed"
	blocked              Action = "blocked"
	sourcePaid           Action = "source_paid"
	sourceFailed         Action = "source_failed"
	sourcePaidLate       Action = "source_paid_late"
	mismatchCredited     Action = "mismatch_credited"
	mismatchReturned     Action = "mismatch_returned"
	capture              Action = "capture"
	cancel               Action = "cancel"
	expire               Action = "expire"
	refundSucceeded      Action = "refund_succeeded"
	refundReversed       Action = "refund_reversed"
	sourceReversed       Action = "source_reversed"
)

const (
	blockedAtOnce Guard = "confirmed at once, and the payer is locked or closed or risk blocks"

	funded          Guard = "available balance covers the amount"
	converted       Guard = "balances in other currencies cover it"
	fromSource      Guard = "paid by a funding source"
	challenged      Guard = "risk asks for proof or a review"
	short           Guard = "attempt failed, attempts are left"
	shortForLast    Guard = "attempt failed, it was the last"
	declinedForGood Guard = "declined for good"

	paidAsOrdered Guard = "amount and currency equal the order"
	mismatched    Guard = "amount or currency differ"
	payerShut     Guard = "payer locked meanwhile"

	toPayer    Guard = "payer known"
	toSuspense Guard = "payer's account closed"

	hadPaid    Guard = "it had paid the payment"
	unlikeCame Guard = "another amount or currency than came, or a person has given it to somebody"

	part  Guard = "something is left"
	whole Guard = "final, or nothing is left"

	stillRefunded Guard = "other refunds remain"
	notRefunded   Guard = "no refund remains"
)

// What the postings of payments are, in the words of docs/postings.md.
const (
	postHold     = "hold Dr user:{customer}:available / Cr merchant:{party}:available"
	postFunding  = "Dr clearing:{source} / Cr user:{customer}:available"
	postSuspense = "Dr clearing:{source} / Cr suspense:{source}"
	postExchange = "in each other currency Dr user:{customer}:available / Cr fx:position; in the payment's Dr fx:position / Cr user:{customer}:available, Cr fees:fx_spread"
	postCapture  = "capture Dr user:{customer}:available / Cr merchant:{party}:available; Dr merchant:{party}:available / Cr fees:payment"
	postTaken    = "Dr receivable:user:{customer} got / Cr clearing:{source} got; Dr user:{customer}:available / Cr receivable:user:{customer} up to got, as far as the balance goes"
	postVoid     = "void of the rest of hold Dr user:{customer}:available / Cr merchant:{party}:available"
)

// paymentMachine is the payment's state machine. "payment.hold_released" is emitted only when something
// is released.
func paymentMachine() Machine[PaymentState] { return Machine[PaymentState]{"payment", paymentRows()} }

// paymentRows makes the table once: it is asked at every step of every payment.
var paymentRows = sync.OnceValue(makePaymentRows)

func makePaymentRows() []Row[PaymentState] {
	type r = Row[PaymentState]
	const (
		attemptFailed = "payment.attempt_failed"
		authorizedNow = "payment.authorized"
	)
	released := func(eventType string) []string { return []string{"payment.hold_released", eventType} }
	failedForGood := func(from PaymentState, on Action, g Guard) r {
		return r{From: from, On: on, Guard: g, To: PaymentFailed, Emits: []string{attemptFailed, "payment.failed"}, Mails: []string{"payment_failed"}}
	}
	tryAgain := func(from PaymentState, on Action) r {
		return r{From: from, On: on, Guard: short, To: PaymentRequiresConfirmation, Emits: []string{attemptFailed}}
	}
	block := func(from PaymentState, on Action, g Guard) r {
		return r{From: from, On: on, Guard: g, To: PaymentFailed, Emits: []string{"payment.blocked"}, Mails: []string{"payment_blocked"}}
	}
	rows := []r{
		{On: create, To: PaymentCreated, Emits: []string{"payment.created"}},
		block("", create, blockedAtOnce),
	}
	for _, tried := range []struct {
		from PaymentState
		on   Action
	}{{PaymentCreated, confirm}, {PaymentRequiresConfirmation, confirm}, {PaymentRequiresAction, authenticated}} {
		rows = append(rows,
			r{From: tried.from, On: tried.on, Guard: funded, To: PaymentAuthorized, Posts: postHold, Emits: []string{authorizedNow}},
			r{From: tried.from, On: tried.on, Guard: converted, To: PaymentAuthorized, Posts: postExchange + "; " + postHold, Emits: []string{authorizedNow}},
			r{From: tried.from, On: tried.on, Guard: fromSource, To: PaymentProcessing, Emits: []string{"payment.processing"}},
		)
		if tried.on == confirm {
			rows = append(rows, r{From: tried.from, On: confirm, Guard: challenged, To: PaymentRequiresAction, Emits: []string{"payment.requires_action"}})
		}
		rows = append(rows,
			tryAgain(tried.from, tried.on),
			failedForGood(tried.from, tried.on, shortForLast),
			failedForGood(tried.from, tried.on, declinedForGood),
			block(tried.from, blocked, Always),
		)
	}
	rows = append(rows,
		tryAgain(PaymentRequiresAction, authenticationFailed),
		failedForGood(PaymentRequiresAction, authenticationFailed, shortForLast),
		tryAgain(PaymentRequiresAction, challengeLapsed),
		failedForGood(PaymentRequiresAction, challengeLapsed, shortForLast),

		r{From: PaymentProcessing, On: sourcePaid, Guard: paidAsOrdered, To: PaymentAuthorized, Posts: postFunding + "; " + postHold, Emits: []string{authorizedNow}},
		r{
			From: PaymentProcessing, On: sourcePaid, Guard: mismatched, To: PaymentProcessing, Posts: postSuspense,
			Emits: []string{"payment.amount_mismatch", "reconciliation.exception"},
		},
		r{
			From: PaymentProcessing, On: sourcePaid, Guard: payerShut, To: PaymentFailed, Posts: postFunding,
			Emits: []string{"payment.blocked"}, Mails: []string{"payment_blocked"},
		},
		tryAgain(PaymentProcessing, sourceFailed),
		failedForGood(PaymentProcessing, sourceFailed, shortForLast),
	)
	rows = append(rows, makeLateRows()...)
	rows = append(rows, makeReversalRows()...)
	rows = append(rows,
		r{From: PaymentAuthorized, On: capture, Guard: part, To: PaymentPartiallyCaptured, Posts: postCapture, Emits: []string{"payment.partially_captured"}},
		r{From: PaymentAuthorized, On: capture, Guard: whole, To: PaymentCaptured, Posts: postCapture, Emits: released("payment.captured")},
		r{From: PaymentPartiallyCaptured, On: capture, Guard: part, To: PaymentPartiallyCaptured, Posts: postCapture, Emits: []string{"payment.partially_captured"}},
		r{From: PaymentPartiallyCaptured, On: capture, Guard: whole, To: PaymentCaptured, Posts: postCapture, Emits: released("payment.captured")},
	)
	for _, waits := range []PaymentState{PaymentCreated, PaymentRequiresConfirmation, PaymentRequiresAction, PaymentProcessing} {
		rows = append(rows,
			r{From: waits, On: cancel, To: PaymentCanceled, Emits: []string{"payment.canceled"}},
			r{From: waits, On: expire, To: PaymentTimedOut, Emits: []string{"payment.expired"}})
	}
	return append(rows,
		r{From: PaymentAuthorized, On: cancel, To: PaymentCanceled, Posts: postVoid, Emits: released("payment.canceled")},
		r{From: PaymentAuthorized, On: expire, To: PaymentTimedOut, Posts: postVoid, Emits: released("payment.expired")},
		r{From: PaymentPartiallyCaptured, On: cancel, To: PaymentCaptured, Posts: postVoid, Emits: released("payment.remainder_voided")},
		r{From: PaymentPartiallyCaptured, On: expire, To: PaymentCaptured, Posts: postVoid, Emits: released("payment.capture_window_closed")},

		r{From: PaymentCaptured, On: refundSucceeded, Guard: part, To: PaymentPartiallyRefunded, Emits: []string{"payment.partially_refunded"}},
		r{From: PaymentCaptured, On: refundSucceeded, Guard: whole, To: PaymentRefunded, Emits: []string{"payment.refunded"}},
		r{From: PaymentPartiallyRefunded, On: refundSucceeded, Guard: part, To: PaymentPartiallyRefunded, Emits: []string{"payment.partially_refunded"}},
		r{From: PaymentPartiallyRefunded, On: refundSucceeded, Guard: whole, To: PaymentRefunded, Emits: []string{"payment.refunded"}},

		r{From: PaymentPartiallyRefunded, On: refundReversed, Guard: stillRefunded, To: PaymentPartiallyRefunded, Emits: []string{"payment.refund_reversed"}},
		r{From: PaymentPartiallyRefunded, On: refundReversed, Guard: notRefunded, To: PaymentCaptured, Emits: []string{"payment.refund_reversed"}},
		r{From: PaymentRefunded, On: refundReversed, Guard: stillRefunded, To: PaymentPartiallyRefunded, Emits: []string{"payment.refund_reversed"}},
		r{From: PaymentRefunded, On: refundReversed, Guard: notRefunded, To: PaymentCaptured, Emits: []string{"payment.refund_reversed"}},
	)
}

// statesAfterAsking are those in which a funding source may have been asked already.
func statesAfterAsking() []PaymentState {
	return []PaymentState{
		PaymentRequiresConfirmation, PaymentRequiresAction, PaymentProcessing, PaymentAuthorized, PaymentPartiallyCaptured,
		PaymentCaptured, PaymentPartiallyRefunded, PaymentRefunded, PaymentCanceled, PaymentTimedOut, PaymentFailed,
	}
}

// makeLateRows are the rows of money that the payment does not wait for any more: it is the
// payer's, whatever became of the payment; and of money of another amount, once a person has
// looked at it.
func makeLateRows() (rows []Row[PaymentState]) {
	type r = Row[PaymentState]
	for _, s := range statesAfterAsking() {
		rows = append(rows,
			r{From: s, On: sourcePaidLate, Guard: toPayer, To: s, Posts: postFunding, Emits: []string{"payment.source_paid_late"}},
			r{From: s, On: sourcePaidLate, Guard: toSuspense, To: s, Posts: postSuspense, Emits: []string{"payment.source_paid_late", "reconciliation.exception"}})
	}
	for _, resolved := range []struct {
		on    Action
		posts string
	}{
		{mismatchCredited, "Dr suspense:{source} / Cr user:{customer}:available"},
		{mismatchReturned, "Dr suspense:{source} / Cr clearing:{source}"},
	} {
		rows = append(rows,
			r{
				From: PaymentProcessing, On: resolved.on, Guard: short, To: PaymentRequiresConfirmation, Posts: resolved.posts,
				Emits: []string{"payment.mismatch_resolved", "payment.attempt_failed"},
			},
			r{
				From: PaymentProcessing, On: resolved.on, Guard: shortForLast, To: PaymentFailed, Posts: resolved.posts,
				Emits: []string{"payment.mismatch_resolved", "payment.attempt_failed", "payment.failed"}, Mails: []string{"payment_failed"},
			})
		for _, over := range []PaymentState{PaymentCanceled, PaymentTimedOut} {
			rows = append(rows, r{From: over, On: resolved.on, To: over, Posts: resolved.posts, Emits: []string{"payment.mismatch_resolved"}})
		}
	}
	return rows
}

// makeReversalRows are the rows of money that a funding source takes back after it had come. What is
// held for the merchant is released for it; what was captured stays the merchant's, and the payer owes it.
func makeReversalRows() []Row[PaymentState] {
	type r = Row[PaymentState]
	const told, restricted = "payment.source_reversed", "account.restricted"
	rows := []r{
		{
			From: PaymentAuthorized, On: sourceReversed, Guard: hadPaid, To: PaymentFailed, Posts: postVoid + "; Dr user:{customer}:available / Cr clearing:{source}",
			Emits: []string{"payment.hold_released", told, "payment.failed"}, Mails: []string{"payment_failed"},
		},
		{
			From: PaymentPartiallyCaptured, On: sourceReversed, Guard: hadPaid, To: PaymentCaptured, Posts: postVoid + "; " + postTaken,
			Emits: []string{"payment.hold_released", told, "payment.remainder_voided", restricted}, Mails: []string{"payment_reversed"},
		},
	}
	for _, s := range statesAfterAsking() {
		rows = append(rows,
			r{From: s, On: sourceReversed, Guard: toPayer, To: s, Posts: postTaken, Emits: []string{told, restricted}, Mails: []string{"payment_reversed"}},
			r{From: s, On: sourceReversed, Guard: toSuspense, To: s, Posts: "Dr suspense:{source} / Cr clearing:{source}", Emits: []string{told}},
			r{From: s, On: sourceReversed, Guard: unlikeCame, To: s, Emits: []string{exceptionRaised}})
	}
	return rows
}
