package okpay

import (
	"math/big"

	"github.com/shopspring/decimal"

	"github.com/okpay/okpay-go/ledger/money"
)

// cover exchanges as little of has as pays an amount in minor units of another currency, or
// all of it where that is not enough. It is false when nothing comes of it.
func (r Rate) cover(has money.Amount, into money.Currency, amount int64) (x swap, ok bool) {
	shift := into.Scale() - has.Currency().Scale()
	x.from = has
	if least := sourceFor(r.Rate, shift, amount); least.IsInt64() && least.Int64() < has.Minor() {
		x.from = money.New(least.Int64(), has.Currency())
	}
	target, mid := worth(r.Rate, shift, x.from.Minor()), worth(r.Mid, shift, x.from.Minor())
	if !target.IsInt64() || !mid.IsInt64() || target.Sign() <= 0 {
		return swap{}, false
	}
	x.target, x.mid = target.Int64(), mid.Int64()
	return x, true
}

// worth returns floor(minor × rate) in minor units of the other currency, whose scale is
// larger by shift.
func worth(rate decimal.Decimal, shift int, minor int64) *big.Int {
	n, exponent := new(big.Int).Mul(rate.Coefficient(), big.NewInt(minor)), int(rate.Exponent())+shift
	if exponent >= 0 {
		return n.Mul(n, tenTo(exponent))
	}
	return n.Quo(n, tenTo(-exponent))
}

// sourceFor returns the smallest amount, in minor units, that is worth at least target.
func sourceFor(rate decimal.Decimal, shift int, target int64) *big.Int {
	n, unit, exponent := big.NewInt(target), rate.Coefficient(), int(rate.Exponent())+shift
	if exponent >= 0 {
		unit = new(big.Int).Mul(unit, tenTo(exponent))
	} else {
		n.Mul(n, tenTo(-exponent))
	}
	q, rest := n.QuoRem(n, unit, new(big.Int))
	if rest.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return q
}

func tenTo(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }
