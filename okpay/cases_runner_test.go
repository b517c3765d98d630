package okpay_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/memstore"
)

// A part of a file that is not known leaves everything else be, and is never passed over.
func TestWhatACaseSaysAndNobodyKnowsIsOutOfScope(t *testing.T) {
	file := `{"version": 1, "news": [], "cases": [
		{"id": "fine", "steps": [{"op": "clock.set", "args": {"to": "2026-01-02T00:00:00Z"}, "expect": {"result": "ok"}}]},
		{"id": "field", "weather": "good", "steps": [{"op": "clock.advance"}]},
		{"id": "nothing"},
		{"id": "race", "race": {"ops": [{"op": "clock.advance"}], "outcomes": []}}
	]}`
	cases, unread, err := readCases(strings.NewReader(file))
	require.NoError(t, err)
	assert.Equal(t, []string{"news"}, unread)
	require.Len(t, cases.Cases, 4)
	require.NoError(t, cases.Cases[0].unread)
	assert.Equal(t, "clock.advance", cases.Cases[0].Steps[0].Op)
	for _, c := range cases.Cases[1:] {
		require.Error(t, c.unread, c.ID)
	}

	for what, c := range map[string]string{
		"operation":   `{"id": "a", "steps": [{"op": "payment.paint"}]}`,
		"argument":    `{"id": "a", "steps": [{"op": "account.lock", "args": {"user": "alice", "colour": "red"}}]}`,
		"expectation": `{"id": "a", "steps": [{"op": "account.lock", "args": {"user": "alice"}, "expect": {"colour": "red"}}]}`,
		"setting":     `{"id": "a", "setup": {"config": {"colour": "red"}}, "steps": [{"op": "clock.advance"}]}`,
		"limit":       `{"id": "a", "setup": {"config": {"limits": {"colour_daily": 1}}}, "steps": [{"op": "clock.advance"}]}`,
		"answer":      `{"id": "a", "steps": [{"op": "worker.submit", "args": {"id": "w", "provider": "red"}}]}`,
	} {
		t.Run(what, func(t *testing.T) {
			cases, _, err := readCases(strings.NewReader(`{"version": 1, "cases": [` + c + `]}`))
			require.NoError(t, err)
			var told outOfScope
			cases.Cases[0].foreign = func(out outOfScope) { told = out }
			var running sync.WaitGroup
			running.Go(func() { runCase(t, memstore.New(), &cases.Cases[0]) }) // it ends where it is told
			running.Wait()
			assert.NotEmpty(t, told)
		})
	}
	for _, bad := range []string{`{`, `{"version": 2}`, `{"version": 1, "cases": {}}`} {
		_, _, err := readCases(strings.NewReader(bad))
		require.Error(t, err, bad)
	}
}
