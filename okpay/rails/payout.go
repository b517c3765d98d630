package rails

import (
	"context"

	"github.com/okpay/okpay-go/ledger/money"
)

// PayoutStatus is what a payout provider says of one payout.
type PayoutStatus uint8

const (
	// PayoutUnknown says nothing: the money may have left, may leave, may never leave.
	PayoutUnknown PayoutStatus = iota
	// PayoutAccepted says that the provider has the order and will carry it out or fail.
	PayoutAccepted
	// PayoutPaid says that the money has left for its destination.
	PayoutPaid
	// PayoutFailed says that it has not left and will not; Code says why.
	PayoutFailed
	// PayoutReturned says that it had left and the bank sent it back; Code says why.
	PayoutReturned
	// PayoutNotFound says that the provider knows no payout with this key. It is no proof
	// that there will be none: an order may still be on its way.
	PayoutNotFound
)

// String returns the status in one word, such as "paid" or "not_found".
func (s PayoutStatus) String() string {
	switch s {
	case PayoutAccepted:
		return "accepted"
	case PayoutPaid:
		return "paid"
	case PayoutFailed:
		return "failed"
	case PayoutReturned:
		return "returned"
	case PayoutNotFound:
		return "not_found"
	}
	return "unknown"
}

// Payout orders a provider to send money to a destination outside the wallet.
type Payout struct {
	// Key names the payout for ever: an order with a key that the provider has is the same
	// order. It has at most 35 letters, digits, '_' and '-', so that it fits the end-to-end
	// id of a bank.
	Key    string
	Amount money.Amount
	To     Payee
}

// Payee is where money goes. It is personal: it stands in no log and no error.
type Payee struct {
	Type    string // such as bank or card
	Holder  string // name of the account's holder
	Details string // account number, or a token that the provider gave for it
}

// PayoutResult is a provider's answer.
type PayoutResult struct {
	Status PayoutStatus

	// Code is why it failed or came back: a code of package okpay, or the provider's own
	// in the words of ISO 20022, NACHA or Stripe. With a code that speaks of the provider and
	// not of the order (provider_unavailable, provider_outcome_unknown, network_error …),
	// PayoutFailed counts as PayoutUnknown: the money may still leave. One that is not known
	// means provider_rejected.
	Code string

	// Amount, if set, is what the provider says it has moved.
	Amount money.Amount

	// Reference, if set, is the provider's own id, at most 128 bytes.
	Reference string
}

// PayoutProvider sends money out of the wallet: a bank, a card network. Its methods may be
// called from several goroutines and processes at once, and more than once for one key.
type PayoutProvider interface {
	// Submit orders a payout. Called again with a key that it has, it orders nothing more
	// and answers for the first order. An error means PayoutUnknown, whatever the result.
	Submit(ctx context.Context, p Payout) (PayoutResult, error)

	// Query says what has become of a payout. An error means PayoutUnknown.
	Query(ctx context.Context, key string) (PayoutResult, error)
}
