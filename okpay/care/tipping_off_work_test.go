package care_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

// countingStore counts how often it is asked for something.
type countingStore struct {
	ledger.Store
	reads, writes atomic.Int64
}

func (s *countingStore) Read(ctx context.Context, l int64, fn func(ledger.View) error) error {
	s.reads.Add(1)
	return s.Store.Read(ctx, l, fn)
}

func (s *countingStore) Begin(ctx context.Context, l int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	s.writes.Add(1)
	return s.Store.Begin(ctx, l, need)
}

// TestALegalHoldTakesNoMoreWork compares what the store is asked for by everything that a
// customer can do: an answer that took more would take longer.
func TestALegalHoldTakesNoMoreWork(t *testing.T) {
	work := func(reason string) (done [][2]int64) {
		s := &countingStore{Store: memstore.New()}
		k := openDesk(t, s, handclock.At(monday), okpay.Config{}, care.Config{}, true)
		k.topUp(1000)
		r := k.impose(reason)
		var a care.Appeal
		for _, act := range []func(){
			func() {
				_, err := k.Transfers.Create(t.Context(), okpay.CreateTransfer{From: k.customer, To: "other", Amount: yuan(1)})
				refused(t, err, okpay.AccountRestricted)
			},
			func() { _, _ = k.Withdrawals.Conditions(t.Context(), k.customer, "CNY") },
			func() { _, _, _ = k.Restrictions.Mine(t.Context(), k.customer, "", 0) },
			func() { _, _ = k.Restrictions.Progress(t.Context(), k.customer, r.ID) },
			func() { refused(t, k.submit(r.ID, "r1", "a"), okpay.NotFound) },
			func() {
				var err error
				a, err = k.appeal(r.ID)
				require.NoError(t, err)
			},
			func() { _, _ = k.nudge(a.ID) },
			func() { _ = k.progress(a.ID) },
			func() { _, _ = k.Held(t.Context(), k.customer) },
			func() { require.NoError(t, k.withdraw(a.ID)) },
		} {
			reads, writes := s.reads.Load(), s.writes.Load()
			act()
			done = append(done, [2]int64{s.reads.Load() - reads, s.writes.Load() - writes})
		}
		return done
	}
	ordinary := work("account_review")
	assert.Equal(t, ordinary, work("legal_hold"))
	assert.Equal(t, ordinary, work("sanctions_match"))
	assert.Positive(t, ordinary[0][0]+ordinary[0][1])
}
