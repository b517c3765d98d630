package okpay

import (
	"errors"
	"math"
	"math/big"

	"github.com/shopspring/decimal"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// exchange returns what an amount is in another currency: target at the rate that the
// customer gets and atMid at the middle rate, each rounded down to a whole minor unit of the
// other currency. Rates are units of the other currency for one unit of the amount's. The
// arithmetic is exact whatever the two scales are. Errors: AmountTooSmall when target is
// nothing, LimitExceededTransaction when it is more than an int64 of minor units holds.
func exchange(amount money.Amount, to money.Currency, rate, mid decimal.Decimal) (target, atMid money.Amount, err error) {
	target, err = roundedDown(amount, to, rate)
	if err == nil {
		atMid, err = roundedDown(amount, to, mid)
	}
	switch {
	case err != nil:
		return money.Amount{}, money.Amount{}, err
	case !target.IsPositive():
		e := NewError(AmountTooSmall, "%s is less than one minor unit of %s", amount, to)
		e.Field = "amount"
		return money.Amount{}, money.Amount{}, e
	}
	return target, atMid, nil
}

func roundedDown(amount money.Amount, to money.Currency, rate decimal.Decimal) (money.Amount, error) {
	// A product of decimals is exact, and cutting rounds down what is not negative.
	out, err := money.FromDecimal(amount.Decimal().Mul(rate).Truncate(int32(to.Scale())), to)
	if errors.Is(err, money.ErrOverflow) {
		e := NewError(LimitExceededTransaction, "%s is more of %s than can be counted", amount, to)
		e.Field, e.Err = "amount", err
		return money.Amount{}, e
	}
	return out, err
}

// costOf returns the smallest amount of a currency that is at least target when it is
// exchanged at a rate. A cost that an int64 of minor units does not hold is returned as the
// most that one does, which nobody has.
func costOf(target money.Amount, from money.Currency, rate decimal.Decimal) money.Amount {
	// The smallest n with n × 10^-from × coefficient × 10^exponent ≥ target × 10^-to.
	shift := int64(from.Scale()) - int64(target.Currency().Scale()) - int64(rate.Exponent())
	n, by := big.NewInt(target.Minor()), rate.Coefficient()
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(max(shift, -shift)), nil)
	if shift >= 0 {
		n.Mul(n, power)
	} else {
		by = new(big.Int).Mul(by, power)
	}
	n.Add(n, by).Sub(n, big.NewInt(1)).Quo(n, by)
	if !n.IsInt64() {
		return money.New(math.MaxInt64, from)
	}
	return money.New(n.Int64(), from)
}

// exchangePostings are the postings of an exchange. The position gives target and spread and
// takes source; what the spread is, the wallet has earned.
func exchangePostings(customer CustomerID, source, target, spread money.Amount) []ledger.Posting {
	postings := []ledger.Posting{
		{Debit: customerAccount(customer), Credit: fxPosition, Amount: source},
		{Debit: fxPosition, Credit: customerAccount(customer), Amount: target},
	}
	if spread.IsPositive() {
		postings = append(postings, ledger.Posting{Debit: fxPosition, Credit: fxSpread, Amount: spread})
	}
	return postings
}

// Bounds of a rate, so that arithmetic with rates of strangers stays cheap.
const (
	maxRateBits     = 192
	maxRateExponent = 36
)

// checkRate refuses a rate that is not a positive number of reasonable length.
func checkRate(field string, rate decimal.Decimal) error {
	switch {
	case !rate.IsPositive():
		return InvalidField(field, "is not more than zero")
	case rate.Exponent() > maxRateExponent || rate.Exponent() < -maxRateExponent || rate.Coefficient().BitLen() > maxRateBits:
		return InvalidField(field, "has too many digits")
	}
	return nil
}
