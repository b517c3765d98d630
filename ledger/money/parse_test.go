package money_test

import (
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
)

func TestParseReadsAmounts(t *testing.T) {
	token := wei(t)
	tests := []struct {
		text     string
		currency money.Currency
		minor    int64
	}{
		// The cases that a wallet is accepted by.
		{"10", jpy, 10},
		{"10.0", jpy, 10},
		{"0.1", cny, 10},
		{"0.10", cny, 10},
		{"-1", cny, -100},
		{"1.234", kwd, 1234},

		{"0", cny, 0},
		{"0.00", cny, 0},
		{"0.000000", cny, 0},
		{"19.95", cny, 1995},
		{"-0.01", cny, -1},
		{"0.100", cny, 10},
		{"92233720368547758.07", cny, math.MaxInt64},
		{"-92233720368547758.08", cny, math.MinInt64},
		{"9223372036854775807", jpy, math.MaxInt64},
		{"-9223372036854775808.000", jpy, math.MinInt64},
		{"9.223372036854775807", token, math.MaxInt64},
		{"-9.223372036854775808", token, math.MinInt64},
		{"0.000000000000000001", token, 1},
		{"1." + strings.Repeat("0", 38), cny, 100},
	}
	for _, tt := range tests {
		t.Run(tt.text+" of "+tt.currency.Code(), func(t *testing.T) {
			got, err := money.Parse(tt.text, tt.currency)
			require.NoError(t, err)
			assert.Equal(t, money.New(tt.minor, tt.currency), got)
		})
	}
}

func TestParseRefusesWhatIsNotAnAmount(t *testing.T) {
	token := wei(t)
	tests := []struct {
		name     string
		text     string
		currency money.Currency
		want     error
	}{
		// The cases that a wallet is accepted by.
		{"half a yen", "10.5", jpy, money.ErrPrecision},
		{"half a fen", "0.105", cny, money.ErrPrecision},
		{"a tenth of a fils", "1.2345", kwd, money.ErrPrecision},

		{"nothing", "", cny, money.ErrSyntax},
		{"a sign alone", "-", cny, money.ErrSyntax},
		{"a point alone", ".", cny, money.ErrSyntax},
		{"no digit before the point", ".5", cny, money.ErrSyntax},
		{"no digit behind the point", "5.", cny, money.ErrSyntax},
		{"two points", "1.2.3", cny, money.ErrSyntax},
		{"a plus sign", "+1", cny, money.ErrSyntax},
		{"two minus signs", "--1", cny, money.ErrSyntax},
		{"a minus sign behind", "1-", cny, money.ErrSyntax},
		{"a minus sign behind the point", "1.-1", cny, money.ErrSyntax},
		{"a typographic minus sign", "−1", cny, money.ErrSyntax},
		{"an exponent", "1e3", cny, money.ErrSyntax},
		{"a separator of thousands", "1,000", cny, money.ErrSyntax},
		{"an underscore", "1_000", cny, money.ErrSyntax},
		{"a decimal comma", "19,95", cny, money.ErrSyntax},
		{"a space before", " 1", cny, money.ErrSyntax},
		{"a space behind", "1 ", cny, money.ErrSyntax},
		{"a line feed behind", "1\n", cny, money.ErrSyntax},
		{"a NUL behind", "1\x00", cny, money.ErrSyntax},
		{"a leading zero", "01", cny, money.ErrSyntax},
		{"two zeros before the point", "00.5", cny, money.ErrSyntax},
		{"zero with a minus sign", "-0", cny, money.ErrSyntax},
		{"zero with a minus sign and decimals", "-0.00", cny, money.ErrSyntax},
		{"hexadecimal", "0x10", cny, money.ErrSyntax},
		{"not a number", "NaN", cny, money.ErrSyntax},
		{"infinity", "Inf", cny, money.ErrSyntax},
		{"full-width digits", "１２", cny, money.ErrSyntax},
		{"Arabic-Indic digits", "١٢", cny, money.ErrSyntax},
		{"bytes that are not UTF-8", "1\xff", cny, money.ErrSyntax},
		{"a currency behind", "1 CNY", cny, money.ErrSyntax},
		{"over 40 bytes", "1." + strings.Repeat("0", 39), cny, money.ErrSyntax},

		{"one above the highest", "92233720368547758.08", cny, money.ErrOverflow},
		{"one below the lowest", "-92233720368547758.09", cny, money.ErrOverflow},
		{"ten times the highest", "922337203685477580.70", cny, money.ErrOverflow},
		{"over 64 bits", "18446744073709551616", jpy, money.ErrOverflow},
		{"ten units of the smallest kind", "10", token, money.ErrOverflow},
		{"as many digits as are read", strings.Repeat("9", 40), jpy, money.ErrOverflow},

		{"bad form before too many decimals", "1.234x", cny, money.ErrSyntax},
		{"too many decimals before out of range", "99999999999999999999.999", cny, money.ErrPrecision},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := money.Parse(tt.text, tt.currency)
			require.ErrorIs(t, err, tt.want)
			assert.Zero(t, got)

			var parseError *money.ParseError
			require.ErrorAs(t, err, &parseError)
			assert.NotEmpty(t, parseError.Reason)
			matched := 0
			for _, category := range []error{money.ErrSyntax, money.ErrPrecision, money.ErrOverflow} {
				if assert.ObjectsAreEqual(category, parseError.Unwrap()) {
					matched++
				}
			}
			assert.Equal(t, 1, matched, "a refusal has one category")
		})
	}
}

func TestParseErrorsAreShortAndPrintable(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("9", 1<<20), "\x1b[31m1\x00\n", "１２\xff", strings.Repeat("\x00", 500), `"`,
	} {
		_, err := money.Parse(text, cny)
		require.Error(t, err)
		assert.Less(t, len(err.Error()), 400)
		for _, c := range []byte(err.Error()) {
			require.True(t, c >= ' ' && c <= '~', "%q has %q in it", err, c)
		}
	}
	_, err := money.Parse("1,00", cny)
	assert.EqualError(t, err, `money: not an amount: "1,00": `+
		"must be digits with an optional minus sign before and decimals behind a point")
}

func TestTextIsReadBack(t *testing.T) {
	r := random(t)
	currencies := []money.Currency{cny, jpy, kwd, money.MustISO("CLF"), wei(t)}
	for range 20_000 {
		a := money.New(anyInt(r), currencies[r.IntN(len(currencies))])
		got, err := money.Parse(a.Text(), a.Currency())
		require.NoError(t, err, "%v", a)
		require.Equal(t, a, got)
	}
}

// grammar is what Parse documents, said another way.
var grammar = regexp.MustCompile(`\A-?(0|[1-9][0-9]*)(\.[0-9]+)?\z`)

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"0", "-1", "19.95", "0.105", "10.0", "-0", "01", "1e3", ".5", "5.", "１", "1,0",
		"9223372036854775807", "-9223372036854775808", "92233720368547758.08",
	} {
		for _, scale := range []int{0, 2, 3, 18} {
			f.Add(text, scale)
		}
	}
	f.Fuzz(func(t *testing.T, text string, scale int) {
		c, err := money.NewCurrency("ABC", scale)
		if err != nil {
			return
		}
		got, err := money.Parse(text, c)

		exact, isNumber := new(big.Rat).SetString(text)
		wellFormed := len(text) <= 40 && grammar.MatchString(text) && isNumber &&
			(exact.Sign() != 0 || text[0] != '-')
		if !wellFormed {
			require.ErrorIs(t, err, money.ErrSyntax)
			require.True(t, utf8.ValidString(err.Error()))
			return
		}
		exact.Mul(exact, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
		switch {
		case !exact.IsInt():
			require.ErrorIs(t, err, money.ErrPrecision)
		case !exact.Num().IsInt64():
			require.ErrorIs(t, err, money.ErrOverflow)
		default:
			require.NoError(t, err)
			require.Equal(t, money.New(exact.Num().Int64(), c), got)
			again, err := money.Parse(got.Text(), c)
			require.NoError(t, err)
			require.Equal(t, got, again)
		}
	})
}
