package schedule

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
)

// A Cancel that comes between the look at what is due and the commit wins.
func TestCancelBeforeTheRunCommits(t *testing.T) {
	for says, account := range map[string]string{"a run that would be done": "bank", "a run that would be refused": "poor"} {
		t.Run(says, func(t *testing.T) {
			chart := ledger.Chart{{Name: "poor", Min: ledger.Limit(0)}, {Name: "**"}}
			l, err := ledger.Open(t.Context(), memstore.New(), ledger.Config{Chart: chart})
			require.NoError(t, err)
			defer func() { require.NoError(t, l.Close(t.Context())) }()
			s := New(l, Config{})
			plan, err := s.Put(t.Context(), Plan{ID: "id", At: time.Now(), Ops: []ledger.Op{
				ledger.Transaction{Postings: []ledger.Posting{{Debit: account, Credit: "user", Amount: money.New(1, money.MustISO("CNY"))}}},
			}})
			require.NoError(t, err)
			d := &due{plan: plan, version: 1, now: l.Now()}
			change, err := d.change()
			require.NoError(t, err)

			if account == "bank" {
				_, err = s.Cancel(t.Context(), "id")
				require.NoError(t, err)
			}
			answer := l.CommitAll(t.Context(), []ledger.Change{change})[0]
			if account == "poor" {
				_, err = s.Cancel(t.Context(), "id")
				require.NoError(t, err)
			}
			done, err := s.settle(t.Context(), d, answer)
			require.NoError(t, err)
			assert.False(t, done)
			now, err := s.Get(t.Context(), "id")
			require.NoError(t, err)
			assert.Equal(t, Canceled, now.State)
			assert.Nil(t, now.Last)
			n, err := s.Due(t.Context())
			require.NoError(t, err)
			assert.Zero(t, n)
		})
	}
}
