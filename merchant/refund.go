package merchant

import (
	"context"
	"iter"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// RefundID names a refund.
type RefundID string

// RefundState is where a refund is in its life. New states may come at any time.
type RefundState string

const (
	// RefundCreated is seen in events alone.
	RefundCreated RefundState = "created"
	// RefundPendingFunds waits until the merchant has the money; what it is about is reserved.
	RefundPendingFunds RefundState = "pending_funds"
	// RefundPendingProvider waits for the bank or card that it goes back to.
	RefundPendingProvider RefundState = "pending_provider"
	// RefundSucceeded gave the money back. A bank that undoes it leads to RefundFailed.
	RefundSucceeded RefundState = "succeeded"
	// RefundFailed did not go back by the way it was to go. Final.
	RefundFailed RefundState = "failed"
	// RefundCanceled was called off while it waited for funds. Final.
	RefundCanceled RefundState = "canceled"
)

// Refund is captured money given back to the customer.
type Refund struct {
	ID          RefundID     `json:"id"`
	Payment     PaymentID    `json:"payment"`
	Merchant    MerchantID   `json:"merchant"`
	Customer    CustomerID   `json:"customer"`
	State       RefundState  `json:"state"`
	Amount      money.Amount `json:"amount"`
	FeeReturned money.Amount `json:"fee_returned"` // of the amount, paid by the wallet from its fee
	Reason      string       `json:"reason,omitempty"`
	Failure     *Refused     `json:"failure,omitempty"` // why it failed, or waits for funds
	// CreditedToWallet says that the bank or card could not take it back, and that the
	// customer's balance was credited instead.
	CreditedToWallet bool      `json:"credited_to_wallet,omitempty"`
	CreatedAt        time.Time `json:"created_at"`
	Sequence         int64     `json:"sequence"` // counts the refund's events

	// Replayed is set on what a call returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

func decodeRefund(data []byte, currencies *money.Registry) (Refund, error) {
	r := reader{currencies: currencies}
	var w struct {
		Refund
		Amount      *wireAmount `json:"amount"`
		FeeReturned *wireAmount `json:"fee_returned"`
	}
	r.object(data, &w)
	f := w.Refund
	r.need("id", string(f.ID), "payment", string(f.Payment), "state", string(f.State))
	f.Amount = r.amount("amount", w.Amount)
	f.FeeReturned = r.amount("fee_returned", w.FeeReturned)
	r.needTime("created_at", f.CreatedAt)
	return result(&r, f)
}

// CreateRefund is the input of Payments.Refund.
type CreateRefund struct {
	Payment PaymentID
	Amount  money.Amount // the zero Amount means all that can be refunded
	Reason  string       // at most 500 bytes; the customer sees it
	Key     string       // makes the call safe to repeat; empty means a new one
}

type createRefundBody struct {
	Amount money.Amount `json:"amount,omitzero"`
	Reason string       `json:"reason,omitempty"`
}

// Refund gives captured money back, in part or whole. Codes: CodeNotFound, CodeInvalidState,
// CodePaymentDisputed, CodePaymentNotRefundable when the time for it is over, CodeAmountExceedsRefundable,
// CodeAmountTooSmall and limits with Limit, CodeRiskDeclined, CodeAmountNotPositive, CodeCurrencyNotSupported,
// CodeIdempotencyKeyReused. A merchant with too little is no error: the refund waits as RefundPendingFunds.
func (s *PaymentService) Refund(ctx context.Context, in CreateRefund) (Refund, error) {
	const operation = "payments.refund"
	if err := checkID("payment", string(in.Payment)); err != nil {
		return Refund{}, refuse(operation, in.Key, err)
	}
	if err := checkText("reason", in.Reason); err != nil {
		return Refund{}, refuse(operation, in.Key, err)
	}
	f, replayed, err := post(ctx, s.client, operation, place("payments", string(in.Payment), "refunds"), in.Key,
		createRefundBody{Amount: in.Amount, Reason: in.Reason}, decodeRefund)
	f.Replayed = replayed
	return f, err
}

// RefundService reads refunds and calls them off; [PaymentService.Refund] makes them.
type RefundService struct{ client *Client }

// Get returns a refund as it is now. Codes: CodeNotFound.
func (s *RefundService) Get(ctx context.Context, id RefundID) (Refund, error) {
	const operation = "refunds.get"
	if err := checkID("refund", string(id)); err != nil {
		return Refund{}, refuse(operation, "", err)
	}
	return get(ctx, s.client, operation, place("refunds", string(id)), nil, decodeRefund)
}

// CancelRefund is the input of Refunds.Cancel.
type CancelRefund struct {
	Refund RefundID
	Key    string // makes the call safe to repeat; empty means a new one
}

// Cancel calls off a refund that is RefundPendingFunds; what it was about can be refunded again.
// Codes: CodeNotFound, CodeInvalidState, CodeIdempotencyKeyReused.
func (s *RefundService) Cancel(ctx context.Context, in CancelRefund) (Refund, error) {
	const operation = "refunds.cancel"
	if err := checkID("refund", string(in.Refund)); err != nil {
		return Refund{}, refuse(operation, in.Key, err)
	}
	f, replayed, err := post(ctx, s.client, operation, place("refunds", string(in.Refund), "cancel"), in.Key, struct{}{}, decodeRefund)
	f.Replayed = replayed
	return f, err
}

// ListRefunds is the input of Refunds.List and Refunds.All.
type ListRefunds struct {
	Payment PaymentID // only this payment's; empty means all of the merchant's
	Cursor  string    // NextCursor of the page before; empty means from the beginning
	Limit   int       // 1 to 100 for one page; zero means 20, for All 100
}

// List returns a page of the merchant's refunds, the newest first. Codes: CodeInvalidRequest,
// CodeNotFound for the payment.
func (s *RefundService) List(ctx context.Context, in ListRefunds) (Page[Refund], error) {
	const operation = "refunds.list"
	path := "/refunds"
	if in.Payment != "" {
		if err := checkID("payment", string(in.Payment)); err != nil {
			return Page[Refund]{}, refuse(operation, "", err)
		}
		path = place("payments", string(in.Payment), "refunds")
	}
	return get(ctx, s.client, operation, path, pageQuery(in.Cursor, in.Limit), pageOf(decodeRefund))
}

// All goes through the merchant's refunds, the newest first, page after page. An error comes
// once and ends it; so does the context.
func (s *RefundService) All(ctx context.Context, in ListRefunds) iter.Seq2[Refund, error] {
	if in.Limit == 0 {
		in.Limit = allLimit
	}
	return walk(ctx, "refunds.list", in.Cursor, func(cursor string) (Page[Refund], error) {
		in.Cursor = cursor
		return s.List(ctx, in)
	})
}
