package okpay_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// readCounter is a store that counts what is read from it beside the blocks.
type readCounter struct {
	ledger.Store
	reads atomic.Int64
}

func (s *readCounter) Read(ctx context.Context, no int64, fn func(ledger.View) error) error {
	s.reads.Add(1)
	return s.Store.Read(ctx, no, fn)
}

func TestAPaymentReadsNothingThatIsRemembered(t *testing.T) {
	t.Parallel()
	store := &readCounter{Store: memstore.New()}
	l, err := ledger.Open(t.Context(), store, ledger.Config{Chart: okpay.Chart()})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, l.Close(context.Background())) })
	w, err := okpay.New(l, okpay.Config{})
	require.NoError(t, err)
	m, err := w.Merchants.Create(t.Context(), okpay.CreateMerchant{Name: "Shop"})
	require.NoError(t, err)
	c, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{})
	require.NoError(t, err)
	_, err = l.Commit(t.Context(), ledger.Change{Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{
		{Debit: "bank:nostro", Credit: "user:" + string(c.ID) + ":available", Amount: money.New(10_000, money.MustISO("CNY"))},
	}}}})
	require.NoError(t, err)

	for _, order := range []string{"first", "second"} {
		before := store.reads.Load()
		notes := map[string]string{"table": "7"}
		p, err := w.Payments.Create(t.Context(), okpay.CreatePayment{
			Merchant: m.ID, Amount: money.New(100, money.MustISO("CNY")), CaptureMethod: okpay.CaptureManual, Reference: order, Metadata: notes,
		})
		require.NoError(t, err)
		notes["table"] = "8"
		assert.Equal(t, "7", p.Metadata["table"], "what is returned is not the caller's")
		held, err := w.Payments.Confirm(t.Context(), okpay.ConfirmPayment{Payment: p.ID, Customer: c.ID})
		require.NoError(t, err)
		paid, err := w.Payments.Capture(t.Context(), okpay.CapturePayment{Merchant: m.ID, Payment: p.ID})
		require.NoError(t, err)
		if order == "second" { // who pays and who is paid are remembered
			assert.Zero(t, store.reads.Load()-before)
		}

		// What each verb returned is what is stored, member by member.
		stored, err := w.Payments.Get(t.Context(), p.ID)
		require.NoError(t, err)
		assert.Equal(t, stored, paid)
		assert.Equal(t, okpay.PaymentAuthorized, held.State)
		assert.Equal(t, int64(2), held.Sequence)
	}
}
