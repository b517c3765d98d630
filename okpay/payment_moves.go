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
	create               action = "create"
	confirm              action = "confirm"
	authenticated        action = "authenticated"
	authenticationFailed action = "authentication_failed"
	challengeLapsed      action = "challenge_lapsed"
	blocked              action = "blocked"
	sourcePaid           action = "source_paid"
	sourceFailed         action = "source_failed"
	sourcePaidLate       action = "source_paid_late"
	mismatchCredited     action = "mismatch_credited"
	mismatchReturned     action = "mismatch_returned"
	capture              action = "capture"
	cancel               action = "cancel"
	expire               action = "expire"
	refundSucceeded      action = "refund_succeeded"
	refundReversed       action = "refund_reversed"
)

const (
	blockedAtOnce guard = "confirmed at once, and the payer is locked or closed or risk blocks"

	funded          guard = "available balance covers the amount"
	converted       guard = "balances in other currencies cover it"
	fromSource      guard = "paid by a funding source"
	challenged      guard = "risk asks for proof or a review"
	short           guard = "attempt failed, attempts are left"
	shortForLast    guard = "attempt failed, it was the last"
	declinedForGood guard = "declined for good"

	paidAsOrdered guard = "amount and currency equal the order"
	mismatched    guard = "amount or currency differ"
	payerShut     guard = "payer locked meanwhile"

	toPayer    guard = "payer known"
	toSuspense guard = "payer's account closed"

	part  guard = "something is left"
	whole guard = "final, or nothing is left"

	stillRefunded guard = "other refunds remain"
	notRefunded   guard = "no refund remains"
)

// What the postings of payments are, in the words of docs/postings.md.
const (
	postHold     = "hold Dr user:{customer}:available / Cr merchant:{party}:available"
	postFunding  = "Dr clearing:{source} / Cr user:{customer}:available"
	postSuspense = "Dr clearing:{source} / Cr suspense:{source}"
	postExchange = "in each other currency Dr user:{customer}:available / Cr fx:position; in the payment's Dr fx:position / Cr user:{customer}:available, Cr fees:fx_spread"
	postCapture  = "capture Dr user:{customer}:available / Cr merchant:{party}:available; Dr merchant:{party}:available / Cr fees:payment"
	postVoid     = "void of the rest of hold Dr user:{customer}:available / Cr merchant:{party}:available"
)

// paymentMachine is the payment's state machine. "payment.hold_released" is emitted only when something
// is released.
func paymentMachine() machine[PaymentState] { return machine[PaymentState]{"payment", paymentRows()} }

// paymentRows makes the table once: it is asked at every step of every payment.
var paymentRows = sync.OnceValue(makePaymentRows)

func makePaymentRows() []row[PaymentState] {
	type r = row[PaymentState]
	const (
		attemptFailed = "payment.attempt_failed"
		authorizedNow = "payment.authorized"
	)
	released := func(eventType string) []string { return []string{"payment.hold_released", eventType} }
	failedForGood := func(from PaymentState, on action, g guard) r {
		return r{from: from, on: on, guard: g, to: PaymentFailed, emits: []string{attemptFailed, "payment.failed"}, mails: []string{"payment_failed"}}
	}
	tryAgain := func(from PaymentState, on action) r {
		return r{from: from, on: on, guard: short, to: PaymentRequiresConfirmation, emits: []string{attemptFailed}}
	}
	block := func(from PaymentState, on action, g guard) r {
		return r{from: from, on: on, guard: g, to: PaymentFailed, emits: []string{"payment.blocked"}, mails: []string{"payment_blocked"}}
	}
	rows := []r{
		{on: create, to: PaymentCreated, emits: []string{"payment.created"}},
		block("", create, blockedAtOnce),
	}
	for _, tried := range []struct {
		from PaymentState
		on   action
	}{{PaymentCreated, confirm}, {PaymentRequiresConfirmation, confirm}, {PaymentRequiresAction, authenticated}} {
		rows = append(rows,
			r{from: tried.from, on: tried.on, guard: funded, to: PaymentAuthorized, posts: postHold, emits: []string{authorizedNow}},
			r{from: tried.from, on: tried.on, guard: converted, to: PaymentAuthorized, posts: postExchange + "; " + postHold, emits: []string{authorizedNow}},
			r{from: tried.from, on: tried.on, guard: fromSource, to: PaymentProcessing, emits: []string{"payment.processing"}},
		)
		if tried.on == confirm {
			rows = append(rows, r{from: tried.from, on: confirm, guard: challenged, to: PaymentRequiresAction, emits: []string{"payment.requires_action"}})
		}
		rows = append(rows,
			tryAgain(tried.from, tried.on),
			failedForGood(tried.from, tried.on, shortForLast),
			failedForGood(tried.from, tried.on, declinedForGood),
			block(tried.from, blocked, always),
		)
	}
	rows = append(rows,
		tryAgain(PaymentRequiresAction, authenticationFailed),
		failedForGood(PaymentRequiresAction, authenticationFailed, shortForLast),
		tryAgain(PaymentRequiresAction, challengeLapsed),
		failedForGood(PaymentRequiresAction, challengeLapsed, shortForLast),

		r{from: PaymentProcessing, on: sourcePaid, guard: paidAsOrdered, to: PaymentAuthorized, posts: postFunding + "; " + postHold, emits: []string{authorizedNow}},
		r{
			from: PaymentProcessing, on: sourcePaid, guard: mismatched, to: PaymentProcessing, posts: postSuspense,
			emits: []string{"payment.amount_mismatch", "reconciliation.exception"},
		},
		r{
			from: PaymentProcessing, on: sourcePaid, guard: payerShut, to: PaymentFailed, posts: postFunding,
			emits: []string{"payment.blocked"}, mails: []string{"payment_blocked"},
		},
		tryAgain(PaymentProcessing, sourceFailed),
		failedForGood(PaymentProcessing, sourceFailed, shortForLast),
	)
	rows = append(rows, makeLateRows()...)
	rows = append(rows,
		r{from: PaymentAuthorized, on: capture, guard: part, to: PaymentPartiallyCaptured, posts: postCapture, emits: []string{"payment.partially_captured"}},
		r{from: PaymentAuthorized, on: capture, guard: whole, to: PaymentCaptured, posts: postCapture, emits: released("payment.captured")},
		r{from: PaymentPartiallyCaptured, on: capture, guard: part, to: PaymentPartiallyCaptured, posts: postCapture, emits: []string{"payment.partially_captured"}},
		r{from: PaymentPartiallyCaptured, on: capture, guard: whole, to: PaymentCaptured, posts: postCapture, emits: released("payment.captured")},
	)
	for _, waits := range []PaymentState{PaymentCreated, PaymentRequiresConfirmation, PaymentRequiresAction, PaymentProcessing} {
		rows = append(rows,
			r{from: waits, on: cancel, to: PaymentCanceled, emits: []string{"payment.canceled"}},
			r{from: waits, on: expire, to: PaymentTimedOut, emits: []string{"payment.expired"}})
	}
	return append(rows,
		r{from: PaymentAuthorized, on: cancel, to: PaymentCanceled, posts: postVoid, emits: released("payment.canceled")},
		r{from: PaymentAuthorized, on: expire, to: PaymentTimedOut, posts: postVoid, emits: released("payment.expired")},
		r{from: PaymentPartiallyCaptured, on: cancel, to: PaymentCaptured, posts: postVoid, emits: released("payment.remainder_voided")},
		r{from: PaymentPartiallyCaptured, on: expire, to: PaymentCaptured, posts: postVoid, emits: released("payment.capture_window_closed")},

		r{from: PaymentCaptured, on: refundSucceeded, guard: part, to: PaymentPartiallyRefunded, emits: []string{"payment.partially_refunded"}},
		r{from: PaymentCaptured, on: refundSucceeded, guard: whole, to: PaymentRefunded, emits: []string{"payment.refunded"}},
		r{from: PaymentPartiallyRefunded, on: refundSucceeded, guard: part, to: PaymentPartiallyRefunded, emits: []string{"payment.partially_refunded"}},
		r{from: PaymentPartiallyRefunded, on: refundSucceeded, guard: whole, to: PaymentRefunded, emits: []string{"payment.refunded"}},

		r{from: PaymentPartiallyRefunded, on: refundReversed, guard: stillRefunded, to: PaymentPartiallyRefunded, emits: []string{"payment.refund_reversed"}},
		r{from: PaymentPartiallyRefunded, on: refundReversed, guard: notRefunded, to: PaymentCaptured, emits: []string{"payment.refund_reversed"}},
		r{from: PaymentRefunded, on: refundReversed, guard: stillRefunded, to: PaymentPartiallyRefunded, emits: []string{"payment.refund_reversed"}},
		r{from: PaymentRefunded, on: refundReversed, guard: notRefunded, to: PaymentCaptured, emits: []string{"payment.refund_reversed"}},
	)
}

// makeLateRows are the rows of money that the payment does not wait for any more: it is the
// payer's, whatever became of the payment; and of money of another amount, once a person has
// looked at it.
func makeLateRows() (rows []row[PaymentState]) {
	type r = row[PaymentState]
	for _, s := range []PaymentState{
		PaymentRequiresConfirmation, PaymentRequiresAction, PaymentProcessing, PaymentAuthorized, PaymentPartiallyCaptured,
		PaymentCaptured, PaymentPartiallyRefunded, PaymentRefunded, PaymentCanceled, PaymentTimedOut, PaymentFailed,
	} {
		rows = append(rows,
			r{from: s, on: sourcePaidLate, guard: toPayer, to: s, posts: postFunding, emits: []string{"payment.source_paid_late"}},
			r{from: s, on: sourcePaidLate, guard: toSuspense, to: s, posts: postSuspense, emits: []string{"payment.source_paid_late", "reconciliation.exception"}})
	}
	for _, resolved := range []struct {
		on    action
		posts string
	}{
		{mismatchCredited, "Dr suspense:{source} / Cr user:{customer}:available"},
		{mismatchReturned, "Dr suspense:{source} / Cr clearing:{source}"},
	} {
		rows = append(rows,
			r{
				from: PaymentProcessing, on: resolved.on, guard: short, to: PaymentRequiresConfirmation, posts: resolved.posts,
				emits: []string{"payment.mismatch_resolved", "payment.attempt_failed"},
			},
			r{
				from: PaymentProcessing, on: resolved.on, guard: shortForLast, to: PaymentFailed, posts: resolved.posts,
				emits: []string{"payment.mismatch_resolved", "payment.attempt_failed", "payment.failed"}, mails: []string{"payment_failed"},
			})
		for _, over := range []PaymentState{PaymentCanceled, PaymentTimedOut} {
			rows = append(rows, r{from: over, on: resolved.on, to: over, posts: resolved.posts, emits: []string{"payment.mismatch_resolved"}})
		}
	}
	return rows
}
