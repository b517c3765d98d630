package money_test

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
)

func TestFromDecimalIsExactOrRefused(t *testing.T) {
	token := wei(t)
	text := decimal.RequireFromString
	tests := []struct {
		name     string
		value    decimal.Decimal
		currency money.Currency
		minor    int64
		err      error
	}{
		{"two decimals", text("19.95"), cny, 1995, nil},
		{"fewer decimals than there can be", text("19.9"), cny, 1990, nil},
		{"zeros beyond the scale", text("10.0"), jpy, 10, nil},
		{"half a yen", text("10.5"), jpy, 0, money.ErrPrecision},
		{"half a fen", text("0.105"), cny, 0, money.ErrPrecision},
		{"a third", decimal.NewFromInt(1).Div(decimal.NewFromInt(3)), cny, 0, money.ErrPrecision},
		{"the zero Decimal", decimal.Decimal{}, cny, 0, nil},
		{"a positive exponent", decimal.New(12, 3), cny, 1_200_000, nil},
		{"negative", text("-0.01"), cny, -1, nil},
		{"the highest", text("92233720368547758.07"), cny, math.MaxInt64, nil},
		{"the lowest", text("-92233720368547758.08"), cny, math.MinInt64, nil},
		{"one above the highest", text("92233720368547758.08"), cny, 0, money.ErrOverflow},
		{"one below the lowest", text("-92233720368547758.09"), cny, 0, money.ErrOverflow},
		{"the highest of scale 18", text("9.223372036854775807"), token, math.MaxInt64, nil},
		{"ten of scale 18", text("10"), token, 0, money.ErrOverflow},
		{"the highest power of ten", decimal.New(1, 18), jpy, 1_000_000_000_000_000_000, nil},
		{"the power of ten behind it", decimal.New(1, 19), jpy, 0, money.ErrOverflow},
		{"two thousand million digits", decimal.New(1, math.MaxInt32), cny, 0, money.ErrOverflow},
		{"two thousand million decimals", decimal.New(1, math.MinInt32), cny, 0, money.ErrPrecision},
		{"two thousand million decimals of an even number", decimal.New(1<<62, math.MinInt32), cny, 0, money.ErrPrecision},
		{"zero with a huge exponent", decimal.New(0, math.MaxInt32), cny, 0, nil},
		{"one written with 600 decimals", text("1." + strings.Repeat("0", 600)), cny, 100, nil},
		{"one written with 700 decimals", text("1." + strings.Repeat("0", 700)), cny, 0, money.ErrOverflow},
		{"a huge power of two with decimals", decimal.NewFromBigInt(new(big.Int).Lsh(big.NewInt(1), 2000), -1900), cny, 0, money.ErrPrecision},
		{"no currency", text("1"), money.Currency{}, 0, money.ErrInvalidCurrency},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := money.FromDecimal(tt.value, tt.currency)
			if tt.err != nil {
				require.ErrorIs(t, err, tt.err)
				assert.Zero(t, got)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, money.New(tt.minor, tt.currency), got)
		})
	}
}

func TestFromDecimalLeavesTheDecimalAlone(t *testing.T) {
	value := decimal.RequireFromString("12.50")
	_, err := money.FromDecimal(value, cny)
	require.NoError(t, err)
	_, err = money.FromDecimal(value, jpy)
	require.ErrorIs(t, err, money.ErrPrecision)
	assert.Equal(t, "12.50", value.StringFixed(2))
	assert.Equal(t, int64(1250), value.CoefficientInt64())
}

func TestDecimalIsExactAndComesBack(t *testing.T) {
	r := random(t)
	currencies := []money.Currency{cny, jpy, kwd, wei(t)}
	for range 10_000 {
		a := money.New(anyInt(r), currencies[r.IntN(len(currencies))])
		require.Equal(t, a.Text(), a.Decimal().StringFixed(int32(a.Currency().Scale())))
		back, err := money.FromDecimal(a.Decimal(), a.Currency())
		require.NoError(t, err)
		require.Equal(t, a, back)
	}
}

func FuzzFromDecimal(f *testing.F) {
	f.Add([]byte{1}, false, int32(0), 2)
	f.Add([]byte{0xff, 0xff}, true, int32(-2), 2)
	f.Add([]byte{1}, false, int32(math.MaxInt32), 2)
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0}, true, int32(math.MinInt32), 18)
	f.Add([]byte{0}, true, int32(math.MinInt32), 0)
	f.Fuzz(func(t *testing.T, coefficient []byte, negative bool, exponent int32, scale int) {
		c, err := money.NewCurrency("ABC", scale)
		if err != nil || len(coefficient) > 200 {
			return
		}
		n := new(big.Int).SetBytes(coefficient)
		if negative {
			n.Neg(n)
		}
		got, err := money.FromDecimal(decimal.NewFromBigInt(n, exponent), c)
		if exponent < -1000 || exponent > 1000 {
			// The model below would need the memory that FromDecimal must not.
			if n.Sign() == 0 {
				require.NoError(t, err)
			} else {
				require.Error(t, err)
			}
			return
		}
		exact := new(big.Rat).SetInt(n)
		power := func(e int32) *big.Rat {
			return new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(e)), nil))
		}
		if e := exponent + int32(scale); e >= 0 {
			exact.Mul(exact, power(e))
		} else {
			exact.Quo(exact, power(-e))
		}
		switch {
		case !exact.IsInt():
			require.ErrorIs(t, err, money.ErrPrecision)
		case !exact.Num().IsInt64():
			require.ErrorIs(t, err, money.ErrOverflow)
		default:
			require.NoError(t, err)
			require.Equal(t, money.New(exact.Num().Int64(), c), got)
		}
	})
}
