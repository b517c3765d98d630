package httpapi

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// getAs gets a path with somebody's key.
func (w *world) getAs(key, path string) answer {
	req := w.request(http.MethodGet, path, "")
	req.Header.Set("Authorization", "Bearer "+key)
	return w.do(req)
}

func TestAPartySeesItsShares(t *testing.T) {
	w := newWorld(t)
	var ids []okpay.PaymentID
	for range 2 {
		p, err := w.wallet.Payments.Create(t.Context(), okpay.CreatePayment{
			Merchant: "shop-1", Amount: cny(1000), Customer: "customer-1", Confirm: true,
			Splits: []okpay.Split{{Merchant: "shop-1", Weight: 3}, {Merchant: "shop-2", Weight: 1}},
		})
		require.NoError(t, err)
		ids = append(ids, p.ID)
	}
	first := decoded[page[okpay.PaymentShare]](t, w.getAs(w.other, "/v1/payment_shares?limit=1"))
	require.Len(t, first.Data, 1)
	require.NotNil(t, first.NextCursor)
	assert.Equal(t, cny(250), first.Data[0].Share.Captured)
	second := decoded[page[okpay.PaymentShare]](t, w.getAs(w.other, "/v1/payment_shares?cursor="+*first.NextCursor))
	require.Len(t, second.Data, 1)
	assert.ElementsMatch(t, ids, []okpay.PaymentID{first.Data[0].Payment, second.Data[0].Payment})
	same(t, second.Data[0], decoded[okpay.PaymentShare](t, w.getAs(w.other, "/v1/payment_shares/"+string(second.Data[0].Payment))))

	assert.Equal(t, okpay.NotFound, w.getAs(w.key, "/v1/payment_shares/"+string(ids[0])).problem(t).Code, "it is its own")
	assert.Equal(t, okpay.NotFound, w.getAs(w.other, "/v1/payment_shares/"+string(w.paid().ID)).problem(t).Code, "it is no party")
	assert.Contains(t, w.getAs(w.key, "/v1/payment_shares").body, `"data":[]`)
}

func TestAMerchantSeesItsDebts(t *testing.T) {
	w := newWorld(t)
	assert.Contains(t, w.get("/v1/debts").body, `"data":[]`)
	paid := w.paid()
	_, err := w.ledger.Commit(context.WithoutCancel(t.Context()), ledger.Change{Ops: []ledger.Op{ledger.Transaction{
		Postings: []ledger.Posting{{Debit: "receivable:merchant:shop-1", Credit: "bank:nostro", Amount: paid.Amount}},
	}}})
	require.NoError(t, err)
	assert.Equal(t, []debt{{paid.Amount}}, decoded[list[debt]](t, w.get("/v1/debts")).Data)
	assert.Contains(t, w.getAs(w.other, "/v1/debts").body, `"data":[]`)
}
