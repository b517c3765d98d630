package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

func recordsOf(noun string) ledger.RecordQuery { return ledger.RecordQuery{Type: noun, Limit: 100} }

// everything is what the wallet's records and events hold.
func everything(w *world) string {
	w.t.Helper()
	var b strings.Builder
	for _, noun := range []string{"message", "send", "reach", "pace", "digest", "audit", "customer", "gate"} {
		q := recordsOf(noun)
		for more := true; more; {
			records, further, err := w.Records(w.t.Context(), q)
			require.NoError(w.t, err)
			for _, r := range records {
				b.WriteString(r.ID)
				b.WriteString(strings.Join(r.Labels, " "))
				b.Write(r.Content)
				q.After = r.ID
			}
			more = further
		}
	}
	events, _, err := w.Events(w.t.Context(), 0, 1000)
	require.NoError(w.t, err)
	for _, e := range events {
		b.WriteString(e.Type)
		b.Write(e.Data)
	}
	return b.String()
}

func shanghai(t *testing.T) *time.Location {
	t.Helper()
	return time.FixedZone("CST", 8*60*60)
}
