package money_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
)

func TestCurrenciesHaveACodeAndAScale(t *testing.T) {
	for _, code := range []string{"ABC", "A12", "POINTS", "ABCDEFGHIJKLMNOP"} {
		for _, scale := range []int{0, 2, money.MaxScale} {
			c, err := money.NewCurrency(code, scale)
			require.NoError(t, err)
			assert.Equal(t, code, c.Code())
			assert.Equal(t, code, c.String())
			assert.Equal(t, scale, c.Scale())
			assert.False(t, c.IsZero())
		}
	}
	assert.True(t, money.Currency{}.IsZero())
	assert.Empty(t, money.Currency{}.Code())
}

func TestCodesAndScalesOutOfBoundsAreRefused(t *testing.T) {
	tests := []struct {
		name  string
		code  string
		scale int
	}{
		{"no code", "", 2},
		{"two characters", "AB", 2},
		{"seventeen characters", "ABCDEFGHIJKLMNOPQ", 2},
		{"lower case", "cny", 2},
		{"a digit first", "1AB", 2},
		{"a hyphen", "A-B", 2},
		{"a colon", "AB:", 2},
		{"a letter of another script", "АВС", 2},
		{"a NUL", "AB\x00", 2},
		{"a negative scale", "ABC", -1},
		{"a scale above 18", "ABC", 19},
		{"a scale that a byte would cut to 2", "ABC", 258},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := money.NewCurrency(tt.code, tt.scale)
			require.ErrorIs(t, err, money.ErrInvalidCurrency)
			assert.Zero(t, c)
		})
	}
}

func TestISOHoldsTheStandard(t *testing.T) {
	// Every scale of the standard that is not 2.
	other := map[int]string{
		0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
		3: "BHD IQD JOD KWD LYD OMR TND",
		4: "CLF UYW",
	}
	scales := map[string]int{}
	for scale, codes := range other {
		for code := range strings.FieldsSeq(codes) {
			scales[code] = scale
		}
	}
	count := 0
	for info := range money.ISO().All() {
		count++
		code := info.Currency.Code()
		want, ok := scales[code]
		if !ok {
			want = 2
		}
		assert.Equal(t, want, info.Currency.Scale(), code)
		delete(scales, code)

		assert.Len(t, code, 3)
		assert.Len(t, info.Numeric, 3, code)
		assert.NotEmpty(t, info.NameEN, code)
		assert.True(t, strings.ContainsFunc(info.NameZH, func(r rune) bool { return unicode.Is(unicode.Han, r) }), code)
		c, err := money.Lookup(code)
		require.NoError(t, err)
		assert.Equal(t, info.Currency, c)
	}
	assert.Empty(t, scales, "each of them is there")
	// List one has 178 codes; thirteen have no minor unit.
	assert.Equal(t, 178-13, count)
	assert.Equal(t, count, money.ISO().Len())
}

func TestISOKnowsFiguresOfTheStandard(t *testing.T) {
	for _, want := range []struct{ code, numeric, nameEN, nameZH, symbol string }{
		{"ALL", "008", "Lek", "阿尔巴尼亚列克", ""},
		{"CNY", "156", "Yuan Renminbi", "人民币", "CN¥"},
		{"EUR", "978", "Euro", "欧元", "€"},
		{"GBP", "826", "Pound Sterling", "英镑", "£"},
		{"HKD", "344", "Hong Kong Dollar", "港元", "HK$"},
		{"JPY", "392", "Yen", "日元", "JP¥"},
		{"KWD", "414", "Kuwaiti Dinar", "科威特第纳尔", ""},
		{"SLE", "925", "Leone", "塞拉利昂利昂", ""},
		{"USD", "840", "US Dollar", "美元", "US$"},
		{"XAD", "396", "Arab Accounting Dinar", "阿拉伯记账第纳尔", ""},
		{"XCG", "532", "Caribbean Guilder", "加勒比盾", "Cg"},
		{"ZWG", "924", "Zimbabwe Gold", "津巴布韦金元", ""},
	} {
		info, ok := money.ISO().Info(want.code)
		require.True(t, ok, want.code)
		assert.Equal(t, want.numeric, info.Numeric)
		assert.Equal(t, want.nameEN, info.NameEN)
		assert.Equal(t, want.nameZH, info.NameZH)
		assert.Equal(t, want.symbol, info.Symbol)
	}
}

func TestISOLeavesOutWhatIsNotMoneyToCount(t *testing.T) {
	for code := range strings.FieldsSeq(
		"XAG XAU XPD XPT XBA XBB XBC XBD XDR XSU XUA XTS XXX " + // no minor unit
			"ANG BGN CUC DEM HRK SLL ZWL " + // withdrawn
			"cny 156 CN¥",
	) {
		_, err := money.Lookup(code)
		require.ErrorIs(t, err, money.ErrUnknownCurrency, code)
	}
}

func TestLookupSaysWhatItDoesNotKnow(t *testing.T) {
	_, err := money.Lookup("cny\x00")
	var unknown *money.UnknownCurrencyError
	require.ErrorAs(t, err, &unknown)
	assert.Equal(t, `cny\x00`, unknown.Code)
	assert.EqualError(t, err, `money: unknown currency "cny\x00"`)

	_, err = money.Lookup(strings.Repeat("X", 1<<20))
	assert.Less(t, len(err.Error()), 100)
	assert.Panics(t, func() { money.MustISO("ZZZ") })
}

func TestAllIsInTheOrderOfCodesAndStopsWhenTold(t *testing.T) {
	token := wei(t)
	registry, err := money.ISO().With(money.Info{Currency: token})
	require.NoError(t, err)
	var codes []string
	for info := range registry.All() {
		codes = append(codes, info.Currency.Code())
	}
	assert.True(t, slices.IsSorted(codes))
	assert.Contains(t, codes, "WEI")
	for info := range registry.All() {
		assert.Equal(t, "AED", info.Currency.Code())
		break
	}
}

func TestWithMakesANewRegistry(t *testing.T) {
	token := wei(t)
	want := money.Info{Currency: token, NameEN: "Token", NameZH: "代币", Symbol: "Ξ"}
	before := money.ISO().Len()
	registry, err := money.ISO().With(want)
	require.NoError(t, err)

	got, ok := registry.Info("WEI")
	require.True(t, ok)
	assert.Empty(t, cmp.Diff(want, got, cmp.Comparer(func(a, b money.Currency) bool { return a == b })))
	assert.Equal(t, before+1, registry.Len())
	_, err = registry.Lookup("CNY")
	require.NoError(t, err)

	assert.Equal(t, before, money.ISO().Len(), "the first one stays as it was")
	_, err = money.Lookup("WEI")
	require.ErrorIs(t, err, money.ErrUnknownCurrency)

	// Two extensions of one registry know nothing of each other.
	sibling, err := money.ISO().With(money.Info{Currency: token, Symbol: "Ξ"})
	require.NoError(t, err)
	assert.Equal(t, before+1, sibling.Len())
}

func TestARegistryMayHoldNoISO(t *testing.T) {
	var none *money.Registry
	assert.Zero(t, none.Len())
	for range none.All() {
		t.Fatal("there is nothing in it")
	}
	registry, err := none.With(money.Info{Currency: wei(t)})
	require.NoError(t, err)
	assert.Equal(t, 1, registry.Len())
	_, err = registry.Lookup("CNY")
	require.ErrorIs(t, err, money.ErrUnknownCurrency)
	_, err = (&money.Registry{}).Lookup("CNY")
	require.ErrorIs(t, err, money.ErrUnknownCurrency)
}

func TestWithRefusesBadAssets(t *testing.T) {
	token := wei(t)
	tests := []struct {
		name  string
		asset money.Info
		want  error
	}{
		{"no currency", money.Info{NameEN: "Nothing"}, money.ErrInvalidCurrency},
		{"a numeric code of two digits", money.Info{Currency: token, Numeric: "12"}, money.ErrInvalidCurrency},
		{"a numeric code with a letter", money.Info{Currency: token, Numeric: "12a"}, money.ErrInvalidCurrency},
		{"a name with a line feed", money.Info{Currency: token, NameEN: "To\nken"}, money.ErrInvalidCurrency},
		{"a name that is not UTF-8", money.Info{Currency: token, NameZH: "\xff"}, money.ErrInvalidCurrency},
		{"a name that turns the direction of text", money.Info{Currency: token, NameEN: "To\u202eken"}, money.ErrInvalidCurrency},
		{"a name with space around it", money.Info{Currency: token, NameEN: " Token"}, money.ErrInvalidCurrency},
		{"a name of over 100 bytes", money.Info{Currency: token, NameZH: strings.Repeat("币", 34)}, money.ErrInvalidCurrency},
		{"a symbol with a digit", money.Info{Currency: token, Symbol: "T1"}, money.ErrInvalidCurrency},
		{"a symbol with a minus sign", money.Info{Currency: token, Symbol: "-T"}, money.ErrInvalidCurrency},
		{"a symbol with a space", money.Info{Currency: token, Symbol: "T "}, money.ErrInvalidCurrency},
		{"a symbol with a point", money.Info{Currency: token, Symbol: "T."}, money.ErrInvalidCurrency},
		{"a symbol of nine characters", money.Info{Currency: token, Symbol: "TTTTTTTTT"}, money.ErrInvalidCurrency},
		{"a symbol that is not UTF-8", money.Info{Currency: token, Symbol: "T\xff"}, money.ErrInvalidCurrency},

		{"a code of ISO 4217", money.Info{Currency: cny}, money.ErrDuplicateCurrency},
		{"a numeric code of ISO 4217", money.Info{Currency: token, Numeric: "156"}, money.ErrDuplicateCurrency},
		{"another's symbol", money.Info{Currency: token, Symbol: "€"}, money.ErrDuplicateCurrency},
		{"another's code as its symbol", money.Info{Currency: token, Symbol: "USD"}, money.ErrDuplicateCurrency},
		{"another's English name", money.Info{Currency: token, NameEN: "US Dollar"}, money.ErrDuplicateCurrency},
		{"another's Chinese name", money.Info{Currency: token, NameZH: "美元"}, money.ErrDuplicateCurrency},
		{"the word for yuan", money.Info{Currency: token, NameZH: "元"}, money.ErrDuplicateCurrency},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			registry, err := money.ISO().With(tt.asset)
			require.ErrorIs(t, err, tt.want)
			assert.Nil(t, registry)
		})
	}
	t.Run("the same code twice in one call", func(t *testing.T) {
		coarse, err := money.NewCurrency("WEI", 2)
		require.NoError(t, err)
		_, err = money.ISO().With(money.Info{Currency: token}, money.Info{Currency: coarse})
		require.ErrorIs(t, err, money.ErrDuplicateCurrency)
	})
	t.Run("the same code in a second call", func(t *testing.T) {
		registry, err := money.ISO().With(money.Info{Currency: token})
		require.NoError(t, err)
		_, err = registry.With(money.Info{Currency: token})
		require.ErrorIs(t, err, money.ErrDuplicateCurrency)
	})
}
