package okpay

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

// closed is a wallet whose one customer has had a top-up in each state of waiting when the
// account was closed.
func closed(t *testing.T) (w *Wallet, pending, review, done TopUp) {
	t.Helper()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l, err := ledger.Open(t.Context(), memstore.New(), ledger.Config{Chart: Chart(), Now: func() time.Time { return now }, MaxSkew: -1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
	source := &rails.Simulated{Answer: func(rails.Collection) rails.Outcome { return rails.Unknown }}
	w, err = New(l, Config{Sources: map[string]rails.FundingSource{"psp": source}})
	require.NoError(t, err)
	_, err = w.Customers.Create(t.Context(), CreateCustomer{ID: "gone", Name: "Gone"})
	require.NoError(t, err)
	amount := money.New(1_000, money.MustISO("CNY"))
	tops := [3]TopUp{}
	for i := range tops {
		tops[i], err = w.TopUps.Create(t.Context(), CreateTopUp{Customer: "gone", Amount: amount})
		require.NoError(t, err)
	}
	tops[1], err = w.TopUps.SourceSays(t.Context(), SourceEvent{Source: "psp", EventID: "e1", TopUp: tops[1].ID, Status: rails.CollectionSucceeded, Amount: money.New(900, amount.Currency())})
	require.NoError(t, err)
	tops[2], err = w.TopUps.SourceSays(t.Context(), SourceEvent{Source: "psp", EventID: "e2", TopUp: tops[2].ID, Status: rails.CollectionSucceeded})
	require.NoError(t, err)
	_, err = w.do(t.Context(), verb{principal: "program", operation: "test"}, func(d *ledger.Draft) error {
		g, err := w.gate(d, "gone")
		if err != nil {
			return err
		}
		m, err := GateMachine().Move(&g.State, "gone", closeAccount, Always)
		if err != nil {
			return err
		}
		for _, name := range []string{customerAccount("gone")} {
			d.Ops = append(d.Ops, ledger.Transaction{Postings: []ledger.Posting{{Debit: name, Credit: "bank:nostro", Amount: amount}}},
				ledger.Close{Account: name, Currency: amount.Currency()})
		}
		return w.write(&d.Change, d.Now(), g, m)
	})
	require.NoError(t, err)
	return w, tops[0], tops[1], tops[2]
}

func TestNothingIsCreditedToAClosedAccountAndNothingIsLost(t *testing.T) {
	w, pending, review, done := closed(t)
	balance := func(name string) int64 {
		b, err := w.ledger.Balance(t.Context(), ledger.AccountKey{Name: name, Currency: "CNY"})
		require.NoError(t, err)
		return b.Posted.Minor()
	}
	_, err := w.TopUps.Create(t.Context(), CreateTopUp{Customer: "gone", Amount: money.New(1, money.MustISO("CNY"))})
	require.ErrorIs(t, err, AccountClosed)
	_, err = w.Customers.SettleDebt(t.Context(), SettleDebt{Customer: "gone", Amount: money.New(1, money.MustISO("CNY")), By: "ops1"})
	require.ErrorIs(t, err, AccountClosed)

	pending, err = w.TopUps.SourceSays(t.Context(), SourceEvent{Source: "psp", EventID: "e3", TopUp: pending.ID, Status: rails.CollectionSucceeded})
	require.NoError(t, err)
	assert.Equal(t, TopUpNeedsReview, pending.State)
	assert.Equal(t, int64(1_900), balance("suspense:psp"))
	_, err = w.TopUps.ResolveCredit(t.Context(), ResolveTopUp{TopUp: review.ID, By: "ops1"})
	require.ErrorIs(t, err, AccountClosed)
	_, err = w.TopUps.ResolveReturn(t.Context(), ResolveTopUp{TopUp: review.ID, By: "ops1"})
	require.NoError(t, err)
	assert.Equal(t, int64(1_000), balance("suspense:psp"))

	done, err = w.TopUps.SourceSays(t.Context(), SourceEvent{Source: "psp", EventID: "e4", TopUp: done.ID, Status: rails.CollectionReversed})
	require.NoError(t, err)
	assert.Equal(t, TopUpReversed, done.State)
	assert.Equal(t, int64(1_000), balance("receivable:user:gone"))
	g, err := w.Customers.Gate(t.Context(), "gone")
	require.NoError(t, err)
	assert.Equal(t, GateClosed, g.State)
	report, err := w.ledger.Verify(t.Context())
	require.NoError(t, err)
	require.NoError(t, report.Err())
}
