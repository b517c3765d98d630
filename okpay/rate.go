package okpay

import "github.com/shopspring/decimal"

// Rate is what one unit of a currency is worth in another, in whole units of both: 7.2 says
// that USD 1.00 is worth CNY 7.20.
type Rate struct {
	Mid  decimal.Decimal // what it is worth
	Rate decimal.Decimal // what the customer gets, at most Mid; the rest is the wallet's spread
}

// maxRateDigits bounds the powers of ten in a rate, both ways.
const maxRateDigits = 40

func (r Rate) check() error {
	for _, d := range [...]decimal.Decimal{r.Mid, r.Rate} {
		if e := d.Exponent(); d.Sign() <= 0 || e > maxRateDigits || e < -maxRateDigits {
			return invalidField("rate", "is not more than zero, or out of bounds")
		}
	}
	if r.Rate.GreaterThan(r.Mid) {
		return invalidField("rate", "is above the mid rate")
	}
	return nil
}
