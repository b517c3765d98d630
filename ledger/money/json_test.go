package money_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
)

func TestAmountsTravelAsJSON(t *testing.T) {
	tests := []struct {
		amount money.Amount
		json   string
	}{
		{money.New(1995, cny), `{"amount":"19.95","currency":"CNY"}`},
		{money.New(-5, cny), `{"amount":"-0.05","currency":"CNY"}`},
		{money.New(500, jpy), `{"amount":"500","currency":"JPY"}`},
		{money.Zero(kwd), `{"amount":"0.000","currency":"KWD"}`},
		{money.New(math.MinInt64, usd), `{"amount":"-92233720368547758.08","currency":"USD"}`},
	}
	for _, tt := range tests {
		t.Run(tt.amount.String(), func(t *testing.T) {
			data, err := json.Marshal(tt.amount)
			require.NoError(t, err)
			assert.Equal(t, tt.json, string(data))

			var back money.Amount
			require.NoError(t, json.Unmarshal(data, &back))
			assert.Equal(t, tt.amount, back)
		})
	}
}

func TestJSONMayBeWrittenInOtherWays(t *testing.T) {
	for _, data := range []string{
		`{"currency":"CNY","amount":"19.95"}`,
		"\n {\t\"amount\" : \"19.950\",\r\n \"currency\" : \"CNY\" } ",
		`{"\u0061mount":"19\u002e95","currency":"\u0043NY"}`,
	} {
		got, err := money.ISO().ParseJSON([]byte(data))
		require.NoError(t, err, "%s", data)
		assert.Equal(t, money.New(1995, cny), got)
	}
}

func TestJSONOfAnotherFormIsRefused(t *testing.T) {
	tests := []struct {
		name string
		json string
		want error
	}{
		{"nothing", ``, money.ErrSyntax},
		{"null", `null`, money.ErrSyntax},
		{"a number", `19.95`, money.ErrSyntax},
		{"a string", `"19.95 CNY"`, money.ErrSyntax},
		{"an array", `["19.95","CNY"]`, money.ErrSyntax},
		{"an empty object", `{}`, money.ErrSyntax},
		{"the amount as a number", `{"amount":19.95,"currency":"CNY"}`, money.ErrSyntax},
		{"the amount as null", `{"amount":null,"currency":"CNY"}`, money.ErrSyntax},
		{"the amount as an object", `{"amount":{"amount":"1"},"currency":"CNY"}`, money.ErrSyntax},
		{"the currency as a number", `{"amount":"19.95","currency":156}`, money.ErrSyntax},
		{"no amount", `{"currency":"CNY"}`, money.ErrSyntax},
		{"no currency", `{"amount":"19.95"}`, money.ErrSyntax},
		{"an unknown member", `{"amount":"19.95","currency":"CNY","scale":"2"}`, money.ErrSyntax},
		{"a member in another case", `{"Amount":"19.95","currency":"CNY"}`, money.ErrSyntax},
		{"a member twice", `{"amount":"19.95","amount":"0.01","currency":"CNY"}`, money.ErrSyntax},
		{"a member twice, once escaped", `{"amount":"19.95","\u0061mount":"0.01","currency":"CNY"}`, money.ErrSyntax},
		{"something behind", `{"amount":"19.95","currency":"CNY"}{}`, money.ErrSyntax},
		{"a brace behind", `{"amount":"19.95","currency":"CNY"}}`, money.ErrSyntax},
		{"a comma behind", `{"amount":"19.95","currency":"CNY",}`, money.ErrSyntax},
		{"no comma", `{"amount":"19.95""currency":"CNY"}`, money.ErrSyntax},
		{"no closing brace", `{"amount":"19.95","currency":"CNY"`, money.ErrSyntax},
		{"another closing brace", `{"amount":"19.95","currency":"CNY"]`, money.ErrSyntax},
		{"no value", `{"amount":}`, money.ErrSyntax},
		{"a name without quotes", `{amount:"19.95","currency":"CNY"}`, money.ErrSyntax},
		{"too long", `{"amount":"19.95","currency":"CNY"}` + strings.Repeat(" ", 1024), money.ErrSyntax},

		{"an unknown currency", `{"amount":"19.95","currency":"ZZZ"}`, money.ErrUnknownCurrency},
		{"a currency in lower case", `{"amount":"19.95","currency":"cny"}`, money.ErrUnknownCurrency},
		{"an unknown currency before a bad text", `{"amount":"x","currency":"ZZZ"}`, money.ErrUnknownCurrency},
		{"a bad form before an unknown currency", `{"amount":1,"currency":"ZZZ"}`, money.ErrSyntax},

		{"a bad text", `{"amount":"1e3","currency":"CNY"}`, money.ErrSyntax},
		{"too many decimals", `{"amount":"19.955","currency":"CNY"}`, money.ErrPrecision},
		{"out of range", `{"amount":"92233720368547758.08","currency":"CNY"}`, money.ErrOverflow},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := money.New(7, usd)
			got := before
			require.ErrorIs(t, got.UnmarshalJSON([]byte(tt.json)), tt.want)
			assert.Equal(t, before, got, "a refusal changes nothing")
		})
	}
}

func TestJSONErrorsReachTheCallerOfTheDecoder(t *testing.T) {
	var order struct {
		Total money.Amount `json:"total"`
	}
	err := json.Unmarshal([]byte(`{"total":{"amount":"19.955","currency":"CNY"}}`), &order)
	require.ErrorIs(t, err, money.ErrPrecision)
	var parseError *money.ParseError
	require.ErrorAs(t, err, &parseError)
	assert.Equal(t, "19.955", parseError.Text)

	require.ErrorIs(t, json.Unmarshal([]byte(`{"total":null}`), &order), money.ErrSyntax)
	assert.Zero(t, order.Total)
}

func TestAnAmountNobodySetIsNotWrittenAsJSON(t *testing.T) {
	_, err := json.Marshal(struct{ Total money.Amount }{})
	require.ErrorIs(t, err, money.ErrInvalidCurrency)
}

func TestJSONOfRegisteredAssetsNeedsTheirRegistry(t *testing.T) {
	token := wei(t)
	registry, err := money.ISO().With(money.Info{Currency: token})
	require.NoError(t, err)
	data, err := json.Marshal(money.New(1, token))
	require.NoError(t, err)

	got, err := registry.ParseJSON(data)
	require.NoError(t, err)
	assert.Equal(t, money.New(1, token), got)

	var amount money.Amount
	err = json.Unmarshal(data, &amount)
	var unknown *money.UnknownCurrencyError
	require.ErrorAs(t, err, &unknown)
	assert.Equal(t, "WEI", unknown.Code)

	_, err = (*money.Registry)(nil).ParseJSON(data)
	require.ErrorIs(t, err, money.ErrUnknownCurrency)
}

func FuzzUnmarshalJSON(f *testing.F) {
	for _, data := range []string{
		`{"amount":"19.95","currency":"CNY"}`, `{"amount":"10.5","currency":"JPY"}`, `{"amount":1,"currency":"CNY"}`,
		`{"amount":"1","amount":"2","currency":"CNY"}`, `null`, `[]`, `{"amount":"1","currency":"CNY"}x`, `{`,
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var a money.Amount
		if err := a.UnmarshalJSON(data); err != nil {
			require.Zero(t, a)
			require.Less(t, len(err.Error()), 400)
			return
		}
		// What is taken is JSON that a lenient reader understands alike.
		var lenient struct{ Amount, Currency string }
		require.NoError(t, json.Unmarshal(data, &lenient))
		require.Equal(t, a.Currency().Code(), lenient.Currency)
		parsed, err := money.Parse(lenient.Amount, a.Currency())
		require.NoError(t, err)
		require.Equal(t, a, parsed)

		written, err := a.MarshalJSON()
		require.NoError(t, err)
		var again money.Amount
		require.NoError(t, again.UnmarshalJSON(written))
		require.Equal(t, a, again)
	})
}
