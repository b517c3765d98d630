package ledger

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPatternsMatchWholeParts(t *testing.T) {
	for _, row := range []struct {
		pattern string
		matches string // names, by spaces
		not     string
	}{
		{"a", "a", "b A aa a:b a:a"},
		{"a:b", "a:b", "a b a:c a:b:c b:a ab"},
		{"*", "a b a.b-c_d", "a:b a:b:c"},
		{"a:*", "a:b a:a a:9", "a b:a a:b:c aa:b"},
		{"*:a", "a:a b:a", "a b:b b:a:a b:aa"},
		{"a:*:c", "a:b:c a:c:c", "a:c a:b:d a:b:b:c a:b:c:d"},
		{"*:*", "a:b", "a a:b:c"},
		{"**", "a a:b a:b:c:d:e", ""},
		{"a:**", "a:b a:b:c a:b:c:d", "a b:a b aa:b"},
		{"a:*:**", "a:b:c a:b:c:d", "a:b a"},
		{"user:*:available", "user:1:available", "user:1:capped user:available user:1:available:x USER:1:available"},
	} {
		for name := range strings.FieldsSeq(row.matches) {
			assert.True(t, matchName(row.pattern, name), "%s matches %s", row.pattern, name)
		}
		for name := range strings.FieldsSeq(row.not) {
			assert.False(t, matchName(row.pattern, name), "%s does not match %s", row.pattern, name)
		}
	}
}

func TestTheFirstPatternThatMatchesCounts(t *testing.T) {
	chart := Chart{
		{Name: "user:1", Normal: Debit},
		{Name: "user:*", Currencies: []string{"CNY", "EUR"}, Min: Limit(0)},
		{Name: "user:**", Max: Limit(5)},
	}
	rule := func(name, currency string) *Pattern {
		p, ok := chart.rule(AccountKey{name, currency})
		if !ok {
			return nil
		}
		return &p
	}
	assert.Equal(t, &chart[0], rule("user:1", "JPY"))
	assert.Equal(t, &chart[1], rule("user:2", "EUR"))
	assert.Nil(t, rule("user:2", "JPY"), "a later pattern does not allow what the first forbids")
	assert.Equal(t, &chart[2], rule("user:2:x", "JPY"))
	assert.Nil(t, rule("user", "CNY"))
	assert.Nil(t, rule("shop", "CNY"))

	p, ok := Chart{}.rule(AccountKey{"anything:goes", "XYZ"})
	assert.True(t, ok)
	assert.Equal(t, Pattern{}, p, "credit-normal and without limits")
}

func TestAChartIsChecked(t *testing.T) {
	good := Chart{{Name: "a"}, {Name: "*"}, {Name: "**"}, {Name: "a:*:b:**"}, {Name: "a.b-c_D9", Normal: Debit, Min: Limit(-1), Max: Limit(-1)}}
	require.NoError(t, good.check())
	for _, name := range []string{"", ":", "a:", ":a", "a::b", "a b", "a*", "*a", "a:b*:c", "***", "**:a", "a:**:b", "a:***", "é", "a\x00", strings.Repeat("x", MaxAccountLen+1)} {
		require.Error(t, Chart{{Name: "fine"}, {Name: name}}.check(), "%q", name)
	}
	require.Error(t, Chart{{Name: "a", Min: Limit(1), Max: Limit(0)}}.check())
	require.Error(t, Chart{{Name: "a", Normal: Debit + 1}}.check())
}

func TestAccountNames(t *testing.T) {
	for _, name := range []string{"a", "A:b:9", "a.b:-:_", strings.Repeat("x", MaxAccountLen)} {
		require.NoError(t, checkAccountName(name), "%q", name)
	}
	for _, name := range []string{"", ":", "a:", ":a", "a::b", "a b", "*", "a\n", "a\x00", "é", "a/b", strings.Repeat("x", MaxAccountLen+1)} {
		err := checkAccountName(name)
		require.Error(t, err, "%q", name)
		assert.Less(t, len(err.Error()), 200, "an error does not repeat a name of any length")
	}
}
