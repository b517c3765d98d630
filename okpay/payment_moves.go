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

const (
	create  action = "create"
	confirm action = "confirm"
	capture action = "capture"
	cancel  action = "cancel"
	expire  action = "expire"
	refund  action = "refund"
)

const (
	funded       guard = "available balance covers the amount"
	short        guard = "attempt failed, attempts are left"
	shortForLast guard = "attempt failed, it was the last"

	part  guard = "something is left"
	whole guard = "final, or nothing is left"
)

// paymentMachine is the payment's state machine. "payment.hold_released" is emitted only when something
// is released.
func paymentMachine() machine[PaymentState] {
	return machine[PaymentState]{noun: "payment", rows: []row[PaymentState]{
		{on: create, to: PaymentCreated, emits: []string{"payment.created"}},

		{from: PaymentCreated, on: confirm, guard: funded, to: PaymentAuthorized, emits: []string{"payment.authorized"}},
		{from: PaymentCreated, on: confirm, guard: short, to: PaymentRequiresConfirmation, emits: []string{"payment.attempt_failed"}},
		{from: PaymentCreated, on: confirm, guard: shortForLast, to: PaymentFailed, emits: []string{"payment.attempt_failed", "payment.failed"}},
		{from: PaymentRequiresConfirmation, on: confirm, guard: funded, to: PaymentAuthorized, emits: []string{"payment.authorized"}},
		{from: PaymentRequiresConfirmation, on: confirm, guard: short, to: PaymentRequiresConfirmation, emits: []string{"payment.attempt_failed"}},
		{from: PaymentRequiresConfirmation, on: confirm, guard: shortForLast, to: PaymentFailed, emits: []string{"payment.attempt_failed", "payment.failed"}},

		{from: PaymentAuthorized, on: capture, guard: part, to: PaymentPartiallyCaptured, emits: []string{"payment.partially_captured"}},
		{from: PaymentAuthorized, on: capture, guard: whole, to: PaymentCaptured, emits: []string{"payment.hold_released", "payment.captured"}},
		{from: PaymentPartiallyCaptured, on: capture, guard: part, to: PaymentPartiallyCaptured, emits: []string{"payment.partially_captured"}},
		{from: PaymentPartiallyCaptured, on: capture, guard: whole, to: PaymentCaptured, emits: []string{"payment.hold_released", "payment.captured"}},

		{from: PaymentCreated, on: cancel, to: PaymentCanceled, emits: []string{"payment.canceled"}},
		{from: PaymentRequiresConfirmation, on: cancel, to: PaymentCanceled, emits: []string{"payment.canceled"}},
		{from: PaymentAuthorized, on: cancel, to: PaymentCanceled, emits: []string{"payment.hold_released", "payment.canceled"}},
		{from: PaymentPartiallyCaptured, on: cancel, to: PaymentCaptured, emits: []string{"payment.hold_released", "payment.remainder_voided"}},

		{from: PaymentCreated, on: expire, to: PaymentTimedOut, emits: []string{"payment.expired"}},
		{from: PaymentRequiresConfirmation, on: expire, to: PaymentTimedOut, emits: []string{"payment.expired"}},
		{from: PaymentAuthorized, on: expire, to: PaymentTimedOut, emits: []string{"payment.hold_released", "payment.expired"}},
		{from: PaymentPartiallyCaptured, on: expire, to: PaymentCaptured, emits: []string{"payment.hold_released", "payment.capture_window_closed"}},

		{from: PaymentCaptured, on: refund, guard: part, to: PaymentPartiallyRefunded, emits: []string{"payment.partially_refunded"}},
		{from: PaymentCaptured, on: refund, guard: whole, to: PaymentRefunded, emits: []string{"payment.refunded"}},
		{from: PaymentPartiallyRefunded, on: refund, guard: part, to: PaymentPartiallyRefunded, emits: []string{"payment.partially_refunded"}},
		{from: PaymentPartiallyRefunded, on: refund, guard: whole, to: PaymentRefunded, emits: []string{"payment.refunded"}},
	}}
}
