package okpay

import (
	"context"

	"github.com/okpay/okpay-go/ledger/money"
)

// PayoutID names a payout.
type PayoutID string

// Payout is money that a merchant takes out of the wallet. It goes through the same states as a
// withdrawal. Its JSON is what the merchant sees.
type Payout struct {
	ID       PayoutID   `json:"id"`
	Merchant MerchantID `json:"merchant"`
	Outgoing

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

// Payouts is the service for payouts.
type Payouts struct{ outgoings }

// RequestPayout is the input of Payouts.Request.
type RequestPayout struct {
	Merchant    MerchantID
	Amount      money.Amount  // what the destination gets, more than zero; the fee comes on top
	Destination DestinationID // one of the merchant's, verified
	Key         string        // makes the call safe to repeat
}

// Request holds amount and fee, and begins the review. Errors are those of
// Withdrawals.Request, in the same order; merchants have no account to be locked, and what Config.Risk challenges is refused
// with AuthenticationRequired.
func (s *Payouts) Request(ctx context.Context, in RequestPayout) (Payout, error) {
	return s.payout(s.request(ctx, outgoingRequest{
		owner: owner{merchant: in.Merchant}, amount: in.Amount, destination: in.Destination, key: in.Key,
	}))
}

// payout makes what the outside sees of what a verb returned.
func (s *Payouts) payout(d *outgoingDoc, replayed bool, failure error) (Payout, error) {
	if d == nil {
		return Payout{}, failure
	}
	out, err := s.w.payout(d)
	if err != nil {
		return Payout{}, err
	}
	out.Replayed = replayed
	return out, failure
}

// Conditions answers what a payout has to satisfy. Errors: NotFound, CurrencyNotSupported.
func (s *Payouts) Conditions(ctx context.Context, merchant MerchantID, currency string) (Conditions, error) {
	m, err := s.w.Merchants.Get(ctx, merchant)
	if err != nil {
		return Conditions{}, err
	}
	return s.conditions(ctx, owner{merchant: merchant}, &m, currency, 0)
}

// CancelPayout is the input of Payouts.Cancel.
type CancelPayout struct {
	Merchant MerchantID
	Payout   PayoutID
	Key      string // makes the call safe to repeat
}

// Cancel gives back what is held, as long as the payout was not submitted. Errors: NotFound
// (also for another merchant's), InvalidState, IdempotencyKeyReused.
func (s *Payouts) Cancel(ctx context.Context, in CancelPayout) (Payout, error) {
	return s.payout(s.cancel(ctx, owner{merchant: in.Merchant}, string(in.Payout), in.Key))
}

// ReviewPayout is the input of Payouts.Approve, Payouts.Collect and Payouts.WriteOff.
type ReviewPayout struct {
	Payout PayoutID
	By     string // the operator, 1 to 64 letters, digits, '_' and '-', never the owner
	Key    string // makes the call safe to repeat
}

// Approve lets a payout leave, as Withdrawals.Approve does.
func (s *Payouts) Approve(ctx context.Context, in ReviewPayout) (Payout, error) {
	return s.payout(s.approve(ctx, string(in.Payout), in.By, in.Key))
}

// RejectPayout is the input of Payouts.Reject.
type RejectPayout struct {
	Payout PayoutID
	By     string // the operator, 1 to 64 letters, digits, '_' and '-'
	Reason string // a code that the merchant is told, 1 to 64 of the same
	Key    string // makes the call safe to repeat
}

// Reject gives back what is held, as Withdrawals.Reject does.
func (s *Payouts) Reject(ctx context.Context, in RejectPayout) (Payout, error) {
	return s.payout(s.reject(ctx, string(in.Payout), in.By, in.Reason, in.Key))
}

// Review returns what reviewers see of a payout. Errors: NotFound.
func (s *Payouts) Review(ctx context.Context, id PayoutID) (OutgoingReview, error) {
	if err := notWithActor(ctx); err != nil {
		return OutgoingReview{}, err
	}
	return s.review(ctx, string(id))
}

// Submit gives an approved payout to its provider, as Withdrawals.Submit does.
func (s *Payouts) Submit(ctx context.Context, id PayoutID) (Payout, error) {
	return s.payout(s.submit(ctx, string(id)))
}

// Query asks the provider what has become of a payout, as Withdrawals.Query does.
func (s *Payouts) Query(ctx context.Context, id PayoutID) (Payout, error) {
	return s.payout(s.query(ctx, string(id)))
}

// ProviderSays records what a provider says of a payout, as Withdrawals.ProviderSays does.
func (s *Payouts) ProviderSays(ctx context.Context, in ProviderEvent) (Payout, error) {
	return s.payout(s.providerSays(ctx, in))
}

// Collect takes the amount of a payout that was paid after it had failed from the
// merchant's balance, as Withdrawals.Collect does.
func (s *Payouts) Collect(ctx context.Context, in ReviewPayout) (Payout, error) {
	return s.payout(s.resolve(ctx, string(in.Payout), in.By, in.Key, resolveCollect))
}

// WriteOff books the amount of a payout that was paid after it had failed as a loss, as
// Withdrawals.WriteOff does.
func (s *Payouts) WriteOff(ctx context.Context, in ReviewPayout) (Payout, error) {
	return s.payout(s.resolve(ctx, string(in.Payout), in.By, in.Key, resolveWriteOff))
}

// Get returns a payout. Errors: NotFound.
func (s *Payouts) Get(ctx context.Context, id PayoutID) (Payout, error) {
	if err := notWithActor(ctx); err != nil {
		return Payout{}, err
	}
	d, err := s.get(ctx, string(id))
	return s.payout(d, false, err)
}

// GetOwned returns a merchant's payout. Errors: NotFound, also for another merchant's.
func (s *Payouts) GetOwned(ctx context.Context, merchant MerchantID, id PayoutID) (Payout, error) {
	out, err := s.Get(ctx, id)
	if err == nil && out.Merchant != merchant {
		return Payout{}, notFound("payout", string(id))
	}
	return out, err
}

// ListPayouts is the input of Payouts.List.
type ListPayouts struct {
	Merchant MerchantID  // whose; or
	State    PayoutState // of every merchant, such as those that wait for review
	After    PayoutID    // continue after this one
	Limit    int         // 1 to 100, 20 unless told
}

// List returns payouts, the newest first, and whether there are more. Errors:
// InvalidRequest unless exactly one of Merchant and State is set.
func (s *Payouts) List(ctx context.Context, in ListPayouts) (page []Payout, more bool, err error) {
	label, err := outgoingLabel(owner{merchant: in.Merchant}, in.State)
	if err != nil {
		return nil, false, err
	}
	if err := notWithActor(ctx); err != nil {
		return nil, false, err
	}
	docs, more, err := s.list(ctx, label, string(in.After), in.Limit)
	if err != nil {
		return nil, false, err
	}
	for _, d := range docs {
		out, err := s.w.payout(d)
		if err != nil {
			return nil, false, err
		}
		page = append(page, out)
	}
	return page, more, nil
}
