package merchant

import (
	"context"
	"iter"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// PaymentID names a payment.
type PaymentID string

// MerchantID names a merchant.
type MerchantID string

// CustomerID names a customer of the wallet.
type CustomerID string

// PaymentState is where a payment is in its life. New states may come at any time: a program
// that ships goods on PaymentCaptured alone keeps being right.
type PaymentState string

const (
	// PaymentCreated waits for the customer to confirm.
	PaymentCreated PaymentState = "created"
	// PaymentRequiresConfirmation waits for the customer to try again: Payment.LastFailure
	// tells what went wrong.
	PaymentRequiresConfirmation PaymentState = "requires_confirmation"
	// PaymentRequiresAction waits for the customer to prove who they are.
	PaymentRequiresAction PaymentState = "requires_action"
	// PaymentProcessing waits for the bank or card that the customer pays with.
	PaymentProcessing PaymentState = "processing"
	// PaymentAuthorized holds the customer's money until it is captured, canceled or expires.
	PaymentAuthorized PaymentState = "authorized"
	// PaymentPartiallyCaptured is paid in part; the rest is held.
	PaymentPartiallyCaptured PaymentState = "partially_captured"
	// PaymentCaptured is paid.
	PaymentCaptured PaymentState = "captured"
	// PaymentPartiallyRefunded is paid, and part of that was given back.
	PaymentPartiallyRefunded PaymentState = "partially_refunded"
	// PaymentRefunded was given back whole. Final.
	PaymentRefunded PaymentState = "refunded"
	// PaymentCanceled was canceled before anything was captured. Final.
	PaymentCanceled PaymentState = "canceled"
	// PaymentExpired was not captured in time. Final.
	PaymentExpired PaymentState = "expired"
	// PaymentFailed was refused for good. Final.
	PaymentFailed PaymentState = "failed"
)

// CaptureMethod says who captures a payment.
type CaptureMethod string

const (
	// CaptureAutomatic captures as soon as the customer confirms.
	CaptureAutomatic CaptureMethod = "automatic"
	// CaptureManual holds the money until the merchant captures, in one part or several.
	CaptureManual CaptureMethod = "manual"
)

// Payment is money that a merchant asks a customer for.
type Payment struct {
	ID            PaymentID         `json:"id"`
	Merchant      MerchantID        `json:"merchant"`
	Customer      CustomerID        `json:"customer,omitempty"` // the payer, once known
	State         PaymentState      `json:"state"`
	CaptureMethod CaptureMethod     `json:"capture_method"`
	Amount        money.Amount      `json:"amount"`
	Captured      money.Amount      `json:"captured"`
	Refunded      money.Amount      `json:"refunded"`
	Fee           money.Amount      `json:"fee"`          // paid by the merchant on what was captured
	FeeReturned   money.Amount      `json:"fee_returned"` // of it, given back with refunds
	Reference     string            `json:"reference,omitempty"`
	Description   string            `json:"description,omitempty"`
	Metadata      map[string]string `json:"metadata,omitempty"`
	Attempts      int               `json:"attempts"`                // how often the customer tried to confirm
	LastFailure   *Refused          `json:"last_failure,omitempty"`  // of the last attempt; nil if there is none
	RefundPending money.Amount      `json:"refund_pending,omitzero"` // reserved by refunds that have not ended; the zero Amount if there are none
	Dispute       DisputeID         `json:"dispute,omitempty"`       // the one that is open; empty if there is none
	NeedsReview   bool              `json:"needs_review,omitempty"`  // another amount than was asked for came in, and a person decides
	Splits        []Share           `json:"splits,omitempty"`        // of a payment that is divided among several merchants
	CreatedAt     time.Time         `json:"created_at"`
	UpdatedAt     time.Time         `json:"updated_at"`
	ExpiresAt     time.Time         `json:"expires_at"` // the first instant at which it is expired
	// Sequence counts the payment's events: of two pictures of a payment, the one with the
	// higher number is the later.
	Sequence int64 `json:"sequence"`

	// Replayed is set on what a call returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

// Share is what one party has of a payment that is divided among several merchants.
type Share struct {
	Merchant    MerchantID   `json:"merchant"`
	Weight      int64        `json:"weight"` // what the party gets of the sum of all weights
	Captured    money.Amount `json:"captured"`
	Fee         money.Amount `json:"fee"` // borne by the party
	Refunded    money.Amount `json:"refunded"`
	FeeReturned money.Amount `json:"fee_returned"`
}

// wireShare is a Share as it is sent.
type wireShare struct {
	Share
	Captured    *wireAmount `json:"captured"`
	Fee         *wireAmount `json:"fee"`
	Refunded    *wireAmount `json:"refunded"`
	FeeReturned *wireAmount `json:"fee_returned"`
}

func (s *wireShare) share(r *reader) Share {
	share := s.Share
	share.Captured, share.Fee = r.amount("captured", s.Captured), r.amount("fee", s.Fee)
	share.Refunded, share.FeeReturned = r.amount("refunded", s.Refunded), r.amount("fee_returned", s.FeeReturned)
	return share
}

// Refused is a refusal that an object remembers.
type Refused struct {
	Code       Code      `json:"code"`
	Fault      Fault     `json:"fault"`
	Retry      Retry     `json:"retry"`
	NextAction []string  `json:"next_action"` // best first, such as "top_up"
	MessageEn  string    `json:"message_en"`
	MessageZh  string    `json:"message_zh"`
	At         time.Time `json:"at"`
}

func decodePayment(data []byte, currencies *money.Registry) (Payment, error) {
	r := reader{currencies: currencies}
	var w struct {
		Payment
		// These stand before the fields of Payment with the same names.
		Amount        *wireAmount `json:"amount"`
		Captured      *wireAmount `json:"captured"`
		Refunded      *wireAmount `json:"refunded"`
		Fee           *wireAmount `json:"fee"`
		FeeReturned   *wireAmount `json:"fee_returned"`
		RefundPending *wireAmount `json:"refund_pending"`
		Splits        []wireShare `json:"splits"`
	}
	r.object(data, &w)
	p := w.Payment
	r.need("id", string(p.ID), "state", string(p.State))
	p.Amount = r.amount("amount", w.Amount)
	p.Captured = r.amount("captured", w.Captured)
	p.Refunded = r.amount("refunded", w.Refunded)
	p.Fee = r.amount("fee", w.Fee)
	p.FeeReturned = r.amount("fee_returned", w.FeeReturned)
	if w.RefundPending != nil {
		p.RefundPending = r.amount("refund_pending", w.RefundPending)
	}
	for _, s := range w.Splits {
		p.Splits = append(p.Splits, s.share(&r))
	}
	r.needTime("created_at", p.CreatedAt)
	return result(&r, p)
}

// PaymentService asks for money and takes it.
type PaymentService struct{ client *Client }

// CreatePayment is the input of Payments.Create.
type CreatePayment struct {
	Amount        money.Amount  // more than zero
	Customer      CustomerID    // only this customer may pay; empty means whoever confirms
	CaptureMethod CaptureMethod // empty means CaptureAutomatic
	// ExpiresIn is how long the payment can be confirmed and captured, in whole seconds;
	// zero means what the service has set.
	ExpiresIn   time.Duration
	Reference   string            // the merchant's order number, at most 128 bytes
	Description string            // what the customer is told, at most 500 bytes
	Metadata    map[string]string // at most 20 entries, keys to 40 bytes, values to 500; nothing personal
	// Key makes the call safe to repeat: an order number does well. Empty means a new one,
	// which covers the repeats of this call and no others.
	Key string
}

type createPaymentBody struct {
	Amount        money.Amount      `json:"amount"`
	Customer      CustomerID        `json:"customer,omitempty"`
	CaptureMethod CaptureMethod     `json:"capture_method,omitempty"`
	ExpiresIn     int64             `json:"expires_in,omitempty"` // seconds
	Reference     string            `json:"reference,omitempty"`
	Description   string            `json:"description,omitempty"`
	Metadata      map[string]string `json:"metadata,omitempty"`
}

// Create asks for money. Codes: CodeInvalidRequest, CodeAmountPrecision, CodeAmountNotPositive,
// CodeCurrencyNotSupported, CodeNotFound for the customer, CodeMerchantNotAllowed for a currency that
// the merchant does not take, CodeOrderAlreadyPaid and CodeInvalidState with the Object that has the
// Reference when that one is paid or open, CodeIdempotencyKeyReused.
func (s *PaymentService) Create(ctx context.Context, in CreatePayment) (Payment, error) {
	const operation = "payments.create"
	if err := in.check(); err != nil {
		return Payment{}, refuse(operation, in.Key, err)
	}
	p, replayed, err := post(ctx, s.client, operation, "/payments", in.Key, createPaymentBody{
		Amount: in.Amount, Customer: in.Customer, CaptureMethod: in.CaptureMethod, ExpiresIn: int64(in.ExpiresIn / time.Second),
		Reference: in.Reference, Description: in.Description, Metadata: in.Metadata,
	}, decodePayment)
	p.Replayed = replayed
	return p, err
}

func (in *CreatePayment) check() *Error {
	if in.Amount.Currency().IsZero() {
		return invalidInput("amount", "is missing")
	}
	if in.ExpiresIn%time.Second != 0 {
		return invalidInput("expires_in", "is %v, want whole seconds", in.ExpiresIn)
	}
	for name, value := range in.Metadata {
		if err := checkText("metadata", name, "metadata", value); err != nil {
			return err
		}
	}
	return checkText("customer", string(in.Customer), "capture_method", string(in.CaptureMethod),
		"reference", in.Reference, "description", in.Description)
}

// Get returns a payment as it is now. Codes: CodeNotFound.
func (s *PaymentService) Get(ctx context.Context, id PaymentID) (Payment, error) {
	const operation = "payments.get"
	if err := checkID("payment", string(id)); err != nil {
		return Payment{}, refuse(operation, "", err)
	}
	return get(ctx, s.client, operation, place("payments", string(id)), nil, decodePayment)
}

// CapturePayment is the input of Payments.Capture.
type CapturePayment struct {
	Payment PaymentID
	Amount  money.Amount // the zero Amount means all that is held
	Final   bool         // release what is not captured
	Key     string       // makes the call safe to repeat; empty means a new one
}

type captureBody struct {
	Amount money.Amount `json:"amount,omitzero"`
	Final  bool         `json:"final,omitempty"`
}

// Capture takes held money, whole or in parts. Codes: CodeNotFound, CodeInvalidState,
// CodeAmountExceedsCapturable with Limit, CodeAmountNotPositive, CodeCurrencyNotSupported,
// CodeIdempotencyKeyReused.
func (s *PaymentService) Capture(ctx context.Context, in CapturePayment) (Payment, error) {
	return s.move(ctx, "payments.capture", in.Payment, "capture", in.Key, captureBody{Amount: in.Amount, Final: in.Final})
}

// CancelPayment is the input of Payments.Cancel.
type CancelPayment struct {
	Payment PaymentID
	Key     string // makes the call safe to repeat; empty means a new one
}

// Cancel ends a payment and releases what is held. After a partial capture it releases the
// rest, and the payment is captured. Codes: CodeNotFound, CodeInvalidState,
// CodeIdempotencyKeyReused.
func (s *PaymentService) Cancel(ctx context.Context, in CancelPayment) (Payment, error) {
	return s.move(ctx, "payments.cancel", in.Payment, "cancel", in.Key, struct{}{})
}

func (s *PaymentService) move(ctx context.Context, operation string, id PaymentID, verb, key string, body any) (Payment, error) {
	if err := checkID("payment", string(id)); err != nil {
		return Payment{}, refuse(operation, key, err)
	}
	p, replayed, err := post(ctx, s.client, operation, place("payments", string(id), verb), key, body, decodePayment)
	p.Replayed = replayed
	return p, err
}

// ListPayments is the input of Payments.List and Payments.All.
type ListPayments struct {
	State  PaymentState // only these; empty means all
	Cursor string       // NextCursor of the page before; empty means from the beginning
	Limit  int          // 1 to 100 for one page; zero means 20, for All 100
}

// List returns a page of the merchant's payments, the newest first. Codes: CodeInvalidRequest.
func (s *PaymentService) List(ctx context.Context, in ListPayments) (Page[Payment], error) {
	q := pageQuery(in.Cursor, in.Limit)
	if in.State != "" {
		q.Set("state", string(in.State))
	}
	return get(ctx, s.client, "payments.list", "/payments", q, pageOf(decodePayment))
}

// All goes through the merchant's payments, the newest first, page after page. An error comes
// once and ends it; so does the context.
func (s *PaymentService) All(ctx context.Context, in ListPayments) iter.Seq2[Payment, error] {
	if in.Limit == 0 {
		in.Limit = allLimit
	}
	return walk(ctx, "payments.list", in.Cursor, func(cursor string) (Page[Payment], error) {
		in.Cursor = cursor
		return s.List(ctx, in)
	})
}
