package money_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
)

func TestAmountsAreWritten(t *testing.T) {
	points, err := money.NewCurrency("POINTS", 0)
	require.NoError(t, err)
	vouchers, err := money.NewCurrency("VOUCHER", 1)
	require.NoError(t, err)
	otherYuan, err := money.NewCurrency("CNY", 4)
	require.NoError(t, err)
	registry, err := money.ISO().With(
		money.Info{Currency: points, NameEN: "Shop points", NameZH: "积分", Symbol: "pts:"},
		money.Info{Currency: vouchers},
	)
	require.NoError(t, err)

	tests := []struct {
		name          string
		amount        money.Amount
		text, en, zh  string
		withoutCustom string // what Amount.Format writes in English where it differs
	}{
		{"yuan", money.New(123450, cny), "1234.50", "CN¥1,234.50", "1,234.50 元", ""},
		{"a few fen", money.New(5, cny), "0.05", "CN¥0.05", "0.05 元", ""},
		{"no yuan", money.Zero(cny), "0.00", "CN¥0.00", "0.00 元", ""},
		{"negative yuan", money.New(-1995, cny), "-19.95", "-CN¥19.95", "-19.95 元", ""},
		{
			"the lowest amount of yuan", money.New(math.MinInt64, cny),
			"-92233720368547758.08", "-CN¥92,233,720,368,547,758.08", "-92,233,720,368,547,758.08 元", "",
		},
		{"dollars", money.New(100000000, usd), "1000000.00", "US$1,000,000.00", "1,000,000.00 美元", ""},
		{"hundreds are not grouped", money.New(99999, usd), "999.99", "US$999.99", "999.99 美元", ""},
		{"yen", money.New(1500, jpy), "1500", "JP¥1,500", "1,500 日元", ""},
		{"negative yen", money.New(-500, jpy), "-500", "-JP¥500", "-500 日元", ""},
		{
			"the lowest amount of yen", money.New(math.MinInt64, jpy),
			"-9223372036854775808", "-JP¥9,223,372,036,854,775,808", "-9,223,372,036,854,775,808 日元", "",
		},
		{"dinars have no symbol", money.New(1234567, kwd), "1234.567", "KWD 1,234.567", "1,234.567 科威特第纳尔", ""},
		{"negative dinars", money.New(-1, kwd), "-0.001", "-KWD 0.001", "-0.001 科威特第纳尔", ""},
		{
			"an asset with 18 decimals that no registry holds", money.New(math.MinInt64, wei(t)),
			"-9.223372036854775808", "-WEI 9.223372036854775808", "-9.223372036854775808 WEI", "",
		},
		{
			"one unit of such an asset", money.New(1, wei(t)),
			"0.000000000000000001", "WEI 0.000000000000000001", "0.000000000000000001 WEI", "",
		},
		{"a registered asset", money.New(12345, points), "12345", "pts:12,345", "12,345 积分", "POINTS 12,345"},
		{"a registered asset without names", money.New(15, vouchers), "1.5", "VOUCHER 1.5", "1.5 VOUCHER", ""},
		{"a known code with another scale", money.New(12345, otherYuan), "1.2345", "CNY 1.2345", "1.2345 CNY", ""},
		{"an amount of no currency", money.Amount{}, "0", "0", "0", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.text, tt.amount.Text())
			assert.Equal(t, tt.en, registry.Format(tt.amount, "en"))
			assert.Equal(t, tt.zh, registry.Format(tt.amount, "zh-CN"))
			if tt.withoutCustom == "" {
				tt.withoutCustom = tt.en
			}
			assert.Equal(t, tt.withoutCustom, tt.amount.Format("en"))
		})
	}
}

func TestStringNamesTheCurrency(t *testing.T) {
	assert.Equal(t, "19.95 CNY", money.New(1995, cny).String())
	assert.Equal(t, "-500 JPY", money.New(-500, jpy).String())
	assert.Equal(t, "0 (no currency)", money.Amount{}.String())
}

func TestFormatChoosesTheLanguageByItsTag(t *testing.T) {
	a := money.New(1995, cny)
	for _, lang := range []string{"zh", "ZH", "zh-CN", "zh_CN", "zh-Hans", "zh-Hans-SG", "zh-TW"} {
		assert.Equal(t, "19.95 元", a.Format(lang), "%q", lang)
	}
	for _, lang := range []string{"", "en", "en-US", "fr", "zhx", "za", "-zh"} {
		assert.Equal(t, "CN¥19.95", a.Format(lang), "%q", lang)
	}
}

func TestAnEmptyRegistryWritesCodes(t *testing.T) {
	var none *money.Registry
	assert.Equal(t, "CNY 19.95", none.Format(money.New(1995, cny), "en"))
	assert.Equal(t, "19.95 CNY", none.Format(money.New(1995, cny), "zh"))
}
