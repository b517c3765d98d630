package money

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
)

// MaxParts is the most parts that Split makes, so that a number from outside
// cannot ask for all the memory there is.
const MaxParts = 1_000_000

// Allocate divides a by the ratios, one part each in their order. The parts have
// the sign of a and always add up to a exactly. Each part is first cut to a whole
// minor unit toward zero; the units left over go, one each, to the parts that
// lost most by the cut, and among equals to the earlier one (the method of the
// largest remainder). So a part is less than one minor unit away from its exact
// share, a ratio of 0 gets nothing, and the parts of -a are those of a negated.
//
// Amounts of no currency are ErrInvalidCurrency. No ratios, a negative one, all
// of them 0, or a sum above the range of int64 is ErrInvalidRatio.
func (a Amount) Allocate(ratios ...int64) ([]Amount, error) {
	if a.currency.IsZero() {
		return nil, ErrInvalidCurrency
	}
	sum, err := sumRatios(ratios)
	if err != nil {
		return nil, err
	}

	total := magnitude(a.minor)
	left := total
	units := make([]uint64, len(ratios))
	remainders := make([]uint64, len(ratios))
	for i, ratio := range ratios {
		// A ratio is at most their sum, so the quotient is at most total and
		// Div64 cannot overflow.
		high, low := bits.Mul64(total, uint64(ratio))
		units[i], remainders[i] = bits.Div64(high, low, sum)
		left -= units[i]
	}
	// The remainders add up to left × sum and each is below sum, so more than
	// left of them are not 0: a ratio of 0 never gets a unit.
	if left > 0 {
		order := make([]int, len(ratios))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(remainders[j], remainders[i]) })
		for _, i := range order[:left] {
			units[i]++
		}
	}

	parts := make([]Amount, len(ratios))
	for i := range parts {
		parts[i] = New(signed(units[i], a.minor < 0), a.currency)
	}
	return parts, nil
}

// sumRatios returns the sum of the ratios, which is positive.
func sumRatios(ratios []int64) (uint64, error) {
	if len(ratios) == 0 {
		return 0, fmt.Errorf("%w: there are no ratios", ErrInvalidRatio)
	}
	var sum int64
	for i, ratio := range ratios {
		if ratio < 0 {
			return 0, fmt.Errorf("%w: ratio %d is negative", ErrInvalidRatio, i)
		}
		if sum += ratio; sum < 0 {
			return 0, fmt.Errorf("%w: the sum of the ratios is out of range", ErrInvalidRatio)
		}
	}
	if sum == 0 {
		return 0, fmt.Errorf("%w: every ratio is 0", ErrInvalidRatio)
	}
	return uint64(sum), nil
}

// Split divides a into n parts that differ by at most one minor unit, the larger
// (in magnitude) first, and always add up to a exactly. It is Allocate with n
// equal ratios. An n below 1 or above MaxParts is ErrInvalidRatio, and an amount
// of no currency ErrInvalidCurrency.
func (a Amount) Split(n int) ([]Amount, error) {
	if a.currency.IsZero() {
		return nil, ErrInvalidCurrency
	}
	if n < 1 || n > MaxParts {
		return nil, fmt.Errorf("%w: %d parts, not 1 to %d", ErrInvalidRatio, n, MaxParts)
	}
	each, rest := magnitude(a.minor)/uint64(n), magnitude(a.minor)%uint64(n)
	parts := make([]Amount, n)
	for i := range parts {
		units := each
		if uint64(i) < rest {
			units++
		}
		parts[i] = New(signed(units, a.minor < 0), a.currency)
	}
	return parts, nil
}
