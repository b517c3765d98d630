package ledger

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
)

// What decodes is what encode writes, and says the same when it is written again.
func FuzzDecodeMonitor(f *testing.F) {
	for _, m := range []Monitor{
		{Account: "user:1", Currency: money.MustISO("CNY"), Below: Limit(-5), Event: "low"},
		{Account: "a", Currency: money.MustISO("EUR"), AtLeast: Limit(5), On: OnPendingOut, Event: BalanceEvent},
	} {
		b, err := m.encode()
		require.NoError(f, err)
		f.Add(b)
	}
	for _, text := range []string{
		"", "null", "[]", `{"account":"a"}`, `{"account":"a","currency":"CNY","on":"posted","event":"e"}`,
		`{"account":"a","currency":"CNY","on":"posted","below":1,"at_least":2,"event":"e"}`,
		`{"account":"a","currency":"CNY","on":"unknown","below":1,"event":"e"}`,
		`{"account":"a","currency":"CNY","on":"posted","below":1,"event":"e","more":1}`,
		`{"account":"a","currency":"CNY","on":"posted","below":1,"event":"e"} {}`,
		`{"account":"a:","currency":"CNY","on":"posted","below":1,"event":"e"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		m, key, err := decodeMonitor("id", content)
		if err != nil {
			assert.Zero(t, key)
			return
		}
		require.NoError(t, m.check())
		currency, err := money.NewCurrency(key.Currency, 2)
		if err != nil {
			return // one that no Change can name
		}
		m.Currency = currency
		again, err := m.encode()
		require.NoError(t, err)
		n, other, err := decodeMonitor("id", again)
		require.NoError(t, err)
		assert.Equal(t, key, other)
		n.Currency = currency
		assert.Equal(t, m, n)
	})
}

func TestMeasuresHaveNames(t *testing.T) {
	seen := make(map[string]bool)
	for m := range OnPendingOut + 1 {
		assert.False(t, seen[m.String()])
		seen[m.String()] = true
	}
	assert.Equal(t, "unknown", (OnPendingOut + 1).String())
}
