package merchant

import (
	"context"
	"iter"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// PayoutID names a payout.
type PayoutID string

// PayoutState is where a payout is in its life. New states may come at any time.
type PayoutState string

const (
	// PayoutUnderReview holds the money and waits for a person.
	PayoutUnderReview PayoutState = "under_review"
	// PayoutApproved is about to leave; it is the last state in which it can be canceled.
	PayoutApproved PayoutState = "approved"
	// PayoutSubmitting is being given to the provider.
	PayoutSubmitting PayoutState = "submitting"
	// PayoutUnknown was given to the provider, who has not answered; the money stays held.
	PayoutUnknown PayoutState = "unknown"
	// PayoutSubmitted was accepted by the provider.
	PayoutSubmitted PayoutState = "submitted"
	// PayoutPaid has left. A bank may still return it.
	PayoutPaid PayoutState = "paid"
	// PayoutReturned came back from the bank. Final.
	PayoutReturned PayoutState = "returned"
	// PayoutFailed was not carried out, and the money is available again.
	PayoutFailed PayoutState = "failed"
	// PayoutRejected did not pass review. Final.
	PayoutRejected PayoutState = "rejected"
	// PayoutCanceled was called off. Final.
	PayoutCanceled PayoutState = "canceled"
	// PayoutPaidAfterFailed has left although it had failed; a person decides.
	PayoutPaidAfterFailed PayoutState = "paid_after_failed"
)

// PayoutStep is one entry of a payout's history.
type PayoutStep struct {
	State PayoutState `json:"state"`
	At    time.Time   `json:"at"`
}

// Payout is money that the merchant takes out.
type Payout struct {
	ID          PayoutID      `json:"id"`
	Merchant    MerchantID    `json:"merchant"`
	State       PayoutState   `json:"state"`
	Amount      money.Amount  `json:"amount"` // what the destination gets
	Fee         money.Amount  `json:"fee"`    // held on top of the amount, taken when it is paid
	Destination DestinationID `json:"destination"`
	Provider    string        `json:"provider"`          // who carries it out
	Paused      bool          `json:"paused,omitempty"`  // approved, and waits until the destination is in order
	Reason      string        `json:"reason,omitempty"`  // why it was rejected or came back: a code
	Failure     *Refused      `json:"failure,omitempty"` // why it was rejected, failed or returned
	History     []PayoutStep  `json:"history"`           // every state with its time, in order
	CreatedAt   time.Time     `json:"created_at"`
	UpdatedAt   time.Time     `json:"updated_at"`
	Sequence    int64         `json:"sequence"` // counts the payout's events

	// ProviderReference is the provider's own id, once known: what a bank asks for.
	ProviderReference string `json:"provider_reference,omitempty"`

	// Replayed is set on what a call returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

func decodePayout(data []byte, currencies *money.Registry) (Payout, error) {
	r := reader{currencies: currencies}
	var w struct {
		Payout
		Amount *wireAmount `json:"amount"`
		Fee    *wireAmount `json:"fee"`
	}
	r.object(data, &w)
	p := w.Payout
	r.need("id", string(p.ID), "state", string(p.State))
	p.Amount, p.Fee = r.amount("amount", w.Amount), r.amount("fee", w.Fee)
	r.needTime("created_at", p.CreatedAt)
	return result(&r, p)
}

// PayoutService takes money out.
type PayoutService struct{ client *Client }

// CreatePayout is the input of Payouts.Create.
type CreatePayout struct {
	Amount      money.Amount  // what the destination gets, more than zero; the fee comes on top
	Destination DestinationID // one that is verified
	Key         string        // makes the call safe to repeat; empty means a new one
}

type createPayoutBody struct {
	Amount      money.Amount  `json:"amount"`
	Destination DestinationID `json:"destination"`
}

// Create holds amount and fee, and asks for the payout. Codes: CodeAmountNotPositive,
// CodeCurrencyNotSupported, CodeWithdrawalBelowMinimum and CodeLimitExceededTransaction with
// Limit; CodeDestinationInvalid, CodeDestinationClosed, CodeDestinationBlocked,
// CodeDestinationNameMismatch; CodeRiskDeclined, CodeAuthenticationRequired;
// CodeLimitExceededDaily, CodeLimitExceededMonthly and CodeVelocityExceeded with ResetsAt;
// CodeWithdrawalExceedsWithdrawable with Limit; CodeIdempotencyKeyReused.
func (s *PayoutService) Create(ctx context.Context, in CreatePayout) (Payout, error) {
	const operation = "payouts.create"
	if in.Amount.Currency().IsZero() {
		return Payout{}, refuse(operation, in.Key, invalidInput("amount", "is missing"))
	}
	if err := checkText("destination", string(in.Destination)); err != nil {
		return Payout{}, refuse(operation, in.Key, err)
	}
	p, replayed, err := post(ctx, s.client, operation, "/payouts", in.Key,
		createPayoutBody{Amount: in.Amount, Destination: in.Destination}, decodePayout)
	p.Replayed = replayed
	return p, err
}

// Get returns a payout as it is now. Codes: CodeNotFound.
func (s *PayoutService) Get(ctx context.Context, id PayoutID) (Payout, error) {
	const operation = "payouts.get"
	if err := checkID("payout", string(id)); err != nil {
		return Payout{}, refuse(operation, "", err)
	}
	return get(ctx, s.client, operation, place("payouts", string(id)), nil, decodePayout)
}

// CancelPayout is the input of Payouts.Cancel.
type CancelPayout struct {
	Payout PayoutID
	Key    string // makes the call safe to repeat; empty means a new one
}

// Cancel calls off a payout that was not given to its provider; amount and fee are available
// again. Codes: CodeNotFound, CodeInvalidState, CodeIdempotencyKeyReused.
func (s *PayoutService) Cancel(ctx context.Context, in CancelPayout) (Payout, error) {
	const operation = "payouts.cancel"
	if err := checkID("payout", string(in.Payout)); err != nil {
		return Payout{}, refuse(operation, in.Key, err)
	}
	p, replayed, err := post(ctx, s.client, operation, place("payouts", string(in.Payout), "cancel"), in.Key, struct{}{}, decodePayout)
	p.Replayed = replayed
	return p, err
}

// ListPayouts is the input of Payouts.List and Payouts.All.
type ListPayouts struct {
	Cursor string // NextCursor of the page before; empty means from the beginning
	Limit  int    // 1 to 100 for one page; zero means 20, for All 100
}

// List returns a page of the merchant's payouts, the newest first. Codes: CodeInvalidRequest.
func (s *PayoutService) List(ctx context.Context, in ListPayouts) (Page[Payout], error) {
	return get(ctx, s.client, "payouts.list", "/payouts", pageQuery(in.Cursor, in.Limit), pageOf(decodePayout))
}

// All goes through the merchant's payouts, the newest first, page after page. An error comes
// once and ends it; so does the context.
func (s *PayoutService) All(ctx context.Context, in ListPayouts) iter.Seq2[Payout, error] {
	if in.Limit == 0 {
		in.Limit = allLimit
	}
	return walk(ctx, "payouts.list", in.Cursor, func(cursor string) (Page[Payout], error) {
		in.Cursor = cursor
		return s.List(ctx, in)
	})
}
