package okpay

// PaymentState is where a payment is in its life.
type PaymentState string

const (
	// PaymentCreated waits for the customer: confirm leads to authorized, captured,
	// requires_confirmation or failed; cancel to canceled; time to expired.
	PaymentCreated PaymentState = "created"
	// PaymentRequiresConfirmation waits for the customer to try again, as from created.
	PaymentRequiresConfirmation PaymentState = "requires_confirmation"
	// PaymentAuthorized holds the customer's money: capture leads to captured or
	// partially_captured; cancel to canceled; time to expired.
	PaymentAuthorized PaymentState = "authorized"
	// PaymentPartiallyCaptured holds the rest: capture leads on; cancel and time release
	// the rest and lead to captured.
	PaymentPartiallyCaptured PaymentState = "partially_captured"
	// PaymentCaptured is paid: refund leads to partially_refunded or refunded.
	PaymentCaptured PaymentState = "captured"
	// PaymentPartiallyRefunded may be refunded further.
	PaymentPartiallyRefunded PaymentState = "partially_refunded"
	// PaymentRefunded was refunded whole. Final.
	PaymentRefunded PaymentState = "refunded"
	// PaymentCanceled was canceled before any capture. Final.
	PaymentCanceled PaymentState = "canceled"
	// PaymentTimedOut was not captured in time. Final.
	PaymentTimedOut PaymentState = "expired"
	// PaymentFailed was refused for good. Final.
	PaymentFailed PaymentState = "failed"
)

// paymentEvent is what can happen to a payment.
type paymentEvent string

const (
	confirm paymentEvent = "confirm"
	capture paymentEvent = "capture"
	cancel  paymentEvent = "cancel"
	expire  paymentEvent = "expire"
	refund  paymentEvent = "refund"
)

// guard is the fact that decides between several moves on one event.
type guard string

const (
	always guard = ""

	funded       guard = "available balance covers the amount"
	short        guard = "attempt failed, attempts are left"
	shortForLast guard = "attempt failed, it was the last"

	part  guard = "something is left"
	whole guard = "final, or nothing is left"
)

// move is one row of the payment's table.
type move struct {
	from  PaymentState
	on    paymentEvent
	guard guard
	to    PaymentState
	emits []string
}

// paymentMoves is the payment's state machine. What is not listed is refused with
// InvalidState. "payment.hold_released" is emitted only when something is released.
func paymentMoves() []move {
	return []move{
		{PaymentCreated, confirm, funded, PaymentAuthorized, []string{"payment.authorized"}},
		{PaymentCreated, confirm, short, PaymentRequiresConfirmation, []string{"payment.attempt_failed"}},
		{PaymentCreated, confirm, shortForLast, PaymentFailed, []string{"payment.attempt_failed", "payment.failed"}},
		{PaymentRequiresConfirmation, confirm, funded, PaymentAuthorized, []string{"payment.authorized"}},
		{PaymentRequiresConfirmation, confirm, short, PaymentRequiresConfirmation, []string{"payment.attempt_failed"}},
		{PaymentRequiresConfirmation, confirm, shortForLast, PaymentFailed, []string{"payment.attempt_failed", "payment.failed"}},

		{PaymentAuthorized, capture, part, PaymentPartiallyCaptured, []string{"payment.partially_captured"}},
		{PaymentAuthorized, capture, whole, PaymentCaptured, []string{"payment.hold_released", "payment.captured"}},
		{PaymentPartiallyCaptured, capture, part, PaymentPartiallyCaptured, []string{"payment.partially_captured"}},
		{PaymentPartiallyCaptured, capture, whole, PaymentCaptured, []string{"payment.hold_released", "payment.captured"}},

		{PaymentCreated, cancel, always, PaymentCanceled, []string{"payment.canceled"}},
		{PaymentRequiresConfirmation, cancel, always, PaymentCanceled, []string{"payment.canceled"}},
		{PaymentAuthorized, cancel, always, PaymentCanceled, []string{"payment.hold_released", "payment.canceled"}},
		{PaymentPartiallyCaptured, cancel, always, PaymentCaptured, []string{"payment.hold_released", "payment.remainder_voided"}},

		{PaymentCreated, expire, always, PaymentTimedOut, []string{"payment.expired"}},
		{PaymentRequiresConfirmation, expire, always, PaymentTimedOut, []string{"payment.expired"}},
		{PaymentAuthorized, expire, always, PaymentTimedOut, []string{"payment.hold_released", "payment.expired"}},
		{PaymentPartiallyCaptured, expire, always, PaymentCaptured, []string{"payment.hold_released", "payment.capture_window_closed"}},

		{PaymentCaptured, refund, part, PaymentPartiallyRefunded, []string{"payment.partially_refunded"}},
		{PaymentCaptured, refund, whole, PaymentRefunded, []string{"payment.refunded"}},
		{PaymentPartiallyRefunded, refund, part, PaymentPartiallyRefunded, []string{"payment.partially_refunded"}},
		{PaymentPartiallyRefunded, refund, whole, PaymentRefunded, []string{"payment.refunded"}},
	}
}

// nextPaymentMove finds the row for what happens to a payment.
func nextPaymentMove(from PaymentState, on paymentEvent, g guard) (move, bool) {
	for _, m := range paymentMoves() {
		if m.from == from && m.on == on && m.guard == g {
			return m, true
		}
	}
	return move{}, false
}

// paymentAllows reports whether the table has any row for an event in a state.
func paymentAllows(from PaymentState, on paymentEvent) bool {
	for _, m := range paymentMoves() {
		if m.from == from && m.on == on {
			return true
		}
	}
	return false
}
