package okpay

import (
	"slices"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// MaxSplits is among how many merchants one payment can be divided. A refund that waits for
// all of them is found by each, and a record can be found by ledger.MaxIndexed labels.
const MaxSplits = 24

// Split says that a merchant is a party of a payment: what is captured is divided among its
// parties in proportion to their weights.
type Split struct {
	Merchant MerchantID `json:"merchant"`
	// Weight is more than zero; the sum of a payment's weights is at most what an int64 holds.
	// Weights may be anything that stands in the right proportion: shares, basis points, or
	// the amounts themselves in minor units, which, when they add up to the payment's, are
	// exactly what a capture of all of it gives.
	Weight int64 `json:"weight"`
}

// Share is what a party has of a payment that is divided: Captured − Fee − Refunded +
// FeeReturned. The shares of a payment add up to the payment's own amounts, but for Refunded: it
// is what was taken from the party for refunds, also for those that a funding source has not
// confirmed yet.
type Share struct {
	Merchant    MerchantID   `json:"merchant"`
	Weight      int64        `json:"weight"`
	Captured    money.Amount `json:"captured"`
	Fee         money.Amount `json:"fee"` // borne by the party
	Refunded    money.Amount `json:"refunded"`
	FeeReturned money.Amount `json:"fee_returned"`
}

// portion is what one party has of a payment, in minor units.
type portion struct{ captured, fee, refunded, feeReturned int64 }

// divide says what each party has of a payment, in their order. It is a function of what was
// captured, charged and refunded in all, so the way there does not matter: several captures
// end where one would. Everything is divided by largest remainder, ties to the earlier
// party:
//
// What was captured, by the weights. What was taken for refunds, by what each party has of
// what was captured, so that a full refund takes exactly that. The fee is the payment's
// merchant's, up to their share; what that does not cover, or all of it if they are no party, is
// borne by the others by their shares. What is returned of the fee goes to whom bore it.
//
// Nobody's refund or fee is ever more than their share. But with three parties or more, one
// may have a unit less of a larger whole: that is how largest remainders are.
func divide(of *paymentDoc, c money.Currency) ([]portion, error) {
	m := &of.Minor
	if len(of.Parties) == 0 {
		return []portion{{m.Captured, m.Fee, m.RefundPosted, m.FeeReturned}}, nil
	}
	weights, payee := make([]int64, len(of.Parties)), -1
	for i, s := range of.Parties {
		weights[i] = s.Weight
		if s.Merchant == of.Merchant {
			payee = i
		}
	}
	captured, err := apportion(m.Captured, weights, c)
	if err != nil {
		return nil, err
	}
	refunded, err := apportion(m.RefundPosted, captured, c)
	if err != nil {
		return nil, err
	}
	fee, err := bear(m.Fee, captured, payee, c)
	if err != nil {
		return nil, err
	}
	feeReturned, err := apportion(m.FeeReturned, fee, c)
	if err != nil {
		return nil, err
	}
	out := make([]portion, len(weights))
	for i := range out {
		out[i] = portion{captured[i], fee[i], refunded[i], feeReturned[i]}
	}
	return out, nil
}

// apportion divides a whole by largest remainder, ties to the earlier. Nothing is divided into
// nothings, whatever the weights.
func apportion(whole int64, weights []int64, c money.Currency) ([]int64, error) {
	out := make([]int64, len(weights))
	if whole == 0 {
		return out, nil
	}
	parts, err := money.New(whole, c).Allocate(weights...)
	for i := range parts {
		out[i] = parts[i].Minor()
	}
	return out, err
}

// bear divides a fee, which is at most the sum of the shares. payee is whose it is in the first
// place, -1 if nobody's.
func bear(fee int64, shares []int64, payee int, c money.Currency) ([]int64, error) {
	if payee < 0 {
		return apportion(fee, shares, c)
	}
	own, others := min(fee, shares[payee]), slices.Clone(shares)
	others[payee] = 0
	out, err := apportion(fee-own, others, c)
	out[payee] = own
	return out, err
}

// partiesOf are the merchants among whom a payment is divided: its own alone, if none.
func (p *paymentDoc) partiesOf() []MerchantID {
	if len(p.Parties) == 0 {
		return []MerchantID{p.Merchant}
	}
	out := make([]MerchantID, len(p.Parties))
	for i, s := range p.Parties {
		out[i] = s.Merchant
	}
	return out
}

// shares are what the outside sees; none of a payment that is not divided.
func (p *paymentDoc) shares(c money.Currency) ([]Share, error) {
	if len(p.Parties) == 0 {
		return nil, nil
	}
	portions, err := divide(p, c)
	if err != nil {
		return nil, err
	}
	out := make([]Share, len(portions))
	for i, of := range portions {
		out[i] = Share{
			Merchant: p.Parties[i].Merchant, Weight: p.Parties[i].Weight,
			Captured: money.New(of.captured, c), Fee: money.New(of.fee, c),
			Refunded: money.New(of.refunded, c), FeeReturned: money.New(of.feeReturned, c),
		}
	}
	return out, nil
}

func checkSplits(splits []Split) error {
	if len(splits) > MaxSplits {
		return InvalidField("splits", "has %d parties, want at most %d", len(splits), MaxSplits)
	}
	sum, seen := int64(0), map[MerchantID]bool{}
	for _, s := range splits {
		if err := CheckID("splits", string(s.Merchant)); err != nil {
			return err
		}
		if sum += s.Weight; s.Weight <= 0 || sum < 0 {
			return InvalidField("splits", "has a weight of %d, want more than zero and a sum within an int64", s.Weight)
		}
		if seen[s.Merchant] {
			return InvalidField("splits", "names %s twice", s.Merchant)
		}
		seen[s.Merchant] = true
	}
	return nil
}

func splitsField(splits []Split) ledger.Field {
	if len(splits) == 0 {
		return ledger.Field{Name: "splits"}
	}
	return ledger.Field{Name: "splits", Value: string(encode(splits))}
}

// partiesAccept refuses a payment that one of its parties, other than its own merchant, does not take.
func (s *Payments) partiesAccept(d *ledger.Draft, splits []Split, but MerchantID, currency money.Currency) error {
	for _, split := range splits {
		if split.Merchant == but {
			continue
		}
		if _, err := s.accepting(d, split.Merchant, currency); err != nil {
			return err
		}
	}
	return nil
}
