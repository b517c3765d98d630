package httpapi

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// What is given as a destination's details and holder must come out nowhere.
const (
	canaryDetails = "DE00CANARYDETAILS1234"
	canaryHolder  = "Canary Holder"
)

const aDestination = `{"type":"bank","holder":"` + canaryHolder + `","details":"` + canaryDetails + `"}`

// equal compares what the API answered with what the wallet says.
func equal[T any](t *testing.T, want, got T) {
	t.Helper()
	assert.Empty(t, cmp.Diff(want, got, cmp.Comparer(func(a, b money.Amount) bool { return a == b }), cmpopts.EquateEmpty(),
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Replayed" }, cmp.Ignore())), "-wallet +API")
}

// destination saves a destination of shop-1 that can be used.
func (w *world) destination() okpay.Destination {
	w.t.Helper()
	a := w.post("/v1/destinations", aDestination)
	require.Equal(w.t, http.StatusCreated, a.status, a.body)
	d := decoded[okpay.Destination](w.t, a)
	require.Equal(w.t, okpay.DestinationUnverified, d.State)
	d, err := w.wallet.Destinations.Verify(w.t.Context(), okpay.VerifyDestination{Destination: d.ID, By: "operator-1"})
	require.NoError(w.t, err)
	return d
}

func payoutBody(amount string, d okpay.DestinationID) string {
	return `{"amount":{"amount":"` + amount + `","currency":"CNY"},"destination":"` + string(d) + `"}`
}

// payout asks for a payout of shop-1.
func (w *world) payout(amount string, d okpay.DestinationID) okpay.Payout {
	w.t.Helper()
	a := w.post("/v1/payouts", payoutBody(amount, d))
	require.Equal(w.t, http.StatusCreated, a.status, a.body)
	assert.Equal(w.t, "/v1/payouts/"+string(decoded[okpay.Payout](w.t, a).ID), a.header.Get("Location"))
	return decoded[okpay.Payout](w.t, a)
}

// report makes the customer report a payment.
func (w *world) report(p okpay.PaymentID) okpay.Dispute {
	w.t.Helper()
	y, err := w.wallet.Disputes.Open(w.t.Context(), okpay.OpenDispute{
		Customer: "customer-1", Payment: p, Kind: okpay.NotReceived, Text: "Nothing came.",
	})
	require.NoError(w.t, err)
	return y
}

// bankPaid is the bank's word that a payout has left.
func bankPaid(id okpay.PayoutID) okpay.ProviderEvent {
	return okpay.ProviderEvent{Provider: "simulated", EventID: "paid-" + string(id), Key: string(id), Status: rails.PayoutPaid}
}

func TestADestinationIsSavedMaskedAndRemoved(t *testing.T) {
	w := newWorld(t)
	d := w.destination()
	at := "/v1/destinations/" + string(d.ID)
	equal(t, d, decoded[okpay.Destination](t, w.get(at)))
	equal(t, []okpay.Destination{d}, decoded[page[okpay.Destination]](t, w.get("/v1/destinations")).Data)
	assert.True(t, strings.HasSuffix(d.Mask, "1234"))

	a := w.post(at+"/remove", "")
	require.Equal(t, http.StatusOK, a.status, a.body)
	removed := decoded[okpay.Destination](t, a)
	assert.Equal(t, okpay.DestinationRemoved, removed.State)
	assert.Empty(t, removed.Mask)
	assert.Equal(t, http.StatusOK, w.get(at).status)
	assert.Empty(t, decoded[page[okpay.Destination]](t, w.get("/v1/destinations")).Data)
	assert.Equal(t, okpay.InvalidState, w.post(at+"/remove", "{}").problem(t).Code)
}

func TestDetailsOfADestinationComeOutNowhere(t *testing.T) {
	w := newWorld(t)
	var out strings.Builder
	look := func(a answer) answer { out.WriteString(a.body + "\n"); return a }
	w.paid()
	once := func(body string) answer {
		req := w.request(http.MethodPost, "/v1/destinations", body)
		req.Header.Set("Idempotency-Key", "once")
		return look(w.do(onPurpose(req)))
	}
	once(aDestination)
	once(aDestination)
	reused := once(strings.Replace(aDestination, "DE00", "DE01", 1))
	assert.Equal(t, okpay.IdempotencyKeyReused, reused.problem(t).Code)
	assert.Equal(t, "details", reused.problem(t).Field)
	once(strings.Replace(aDestination, `"bank"`, `"`+canaryDetails+`:"`, 1))
	once(strings.Replace(aDestination, canaryHolder, strings.Repeat(canaryHolder, 20), 1))
	d := w.destination()
	p := w.payout("1.00", d.ID)
	_, err := w.wallet.Payouts.Approve(t.Context(), okpay.ReviewPayout{Payout: p.ID, By: "operator-1"})
	require.NoError(t, err)
	_, err = w.wallet.Work(t.Context())
	require.NoError(t, err)
	for _, path := range []string{
		"/v1/destinations", "/v1/destinations/" + string(d.ID), "/v1/payouts", "/v1/payouts/" + string(p.ID), "/v1/activity",
		"/v1/payout_conditions?currency=CNY", "/v1/statement?currency=CNY", "/v1/statement.csv?currency=CNY",
	} {
		look(w.get(path))
	}
	look(w.post("/v1/destinations/"+string(d.ID)+"/remove", ""))
	events, _, err := w.wallet.Events(t.Context(), 0, 1000)
	require.NoError(t, err)
	for i := range events {
		out.Write(events[i].Data)
	}
	assert.NotContains(t, out.String(), "CANARY")
	assert.NotContains(t, out.String(), canaryHolder)
	assert.NotContains(t, w.log.String(), "CANARY")
	assert.NotContains(t, w.log.String(), canaryHolder)
}

func TestAPayoutFromItsConditionsToTheBank(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.paid() // 20.00 less 0.20
	d := w.destination()

	want, err := w.wallet.Payouts.Conditions(ctx, "shop-1", "CNY")
	require.NoError(t, err)
	got := decoded[okpay.Conditions](t, w.get("/v1/payout_conditions?currency=CNY"))
	equal(t, want, got)
	assert.Equal(t, cny(1980), got.Most)
	require.Len(t, got.Destinations, 1)

	first := w.payout("5.00", d.ID)
	assert.Equal(t, okpay.WithdrawalUnderReview, first.State)
	a := w.post("/v1/payouts/"+string(first.ID)+"/cancel", "")
	require.Equal(t, http.StatusOK, a.status, a.body)
	assert.Equal(t, okpay.WithdrawalCanceled, decoded[okpay.Payout](t, a).State)
	assert.Equal(t, okpay.InvalidState, w.post("/v1/payouts/"+string(first.ID)+"/cancel", "{}").problem(t).Code)

	w.clock.Advance(time.Millisecond)
	second := w.payout("6.00", d.ID)
	_, err = w.wallet.Payouts.Approve(ctx, okpay.ReviewPayout{Payout: second.ID, By: "operator-1"})
	require.NoError(t, err)
	_, err = w.wallet.Work(ctx)
	require.NoError(t, err)
	_, err = w.wallet.Payouts.ProviderSays(ctx, bankPaid(second.ID))
	require.NoError(t, err)
	paid := decoded[okpay.Payout](t, w.get("/v1/payouts/"+string(second.ID)))
	assert.Equal(t, okpay.WithdrawalPaid, paid.State)
	stored, err := w.wallet.Payouts.Get(ctx, second.ID)
	require.NoError(t, err)
	equal(t, stored, paid)
	listed := decoded[page[okpay.Payout]](t, w.get("/v1/payouts")).Data
	require.Len(t, listed, 2)
	assert.Equal(t, second.ID, listed[0].ID, "the newest first")
	assert.Len(t, walk[okpay.Payout](w, "/v1/payouts", 1, nil), 2)

	activity := decoded[page[okpay.Activity]](t, w.get("/v1/activity?kinds=payout")).Data
	require.Len(t, activity, 2)
	assert.Equal(t, string(d.ID), activity[0].Other)
}

func TestWhatAPayoutIsRefusedFor(t *testing.T) {
	w := newWorld(t)
	w.wallet, w.ledger = newWallet(t, okpay.Test, w.clock.Now, okpay.Config{Limits: []okpay.Limit{
		{On: okpay.OnPayout, Per: okpay.Each, Min: 100}, {On: okpay.OnPayout, Per: okpay.Daily, Max: 1_000},
	}})
	w.key, w.other = w.merchant("shop-1"), w.merchant("shop-2")
	_, err := w.wallet.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "customer-1"})
	require.NoError(t, err)
	_, err = w.wallet.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: "customer-1", Amount: cny(100_000)})
	require.NoError(t, err)
	w.serve(Config{Test: w.wallet})
	d := w.destination()
	assert.Equal(t, okpay.WithdrawalExceedsWithdrawable, w.post("/v1/payouts", payoutBody("5.00", d.ID)).problem(t).Code)
	w.paid()
	for _, tt := range []struct {
		name, body string
		status     int
		code       okpay.Code
		field      string
		limit      money.Amount
		resetsAt   bool
	}{
		{name: "below the minimum", body: payoutBody("0.99", d.ID), status: 422, code: okpay.WithdrawalBelowMinimum, field: "amount", limit: cny(100)},
		{name: "above the day's limit", body: payoutBody("10.01", d.ID), status: 422, code: okpay.LimitExceededDaily, limit: cny(1_000), resetsAt: true},
		{name: "no destination", body: payoutBody("1.00", "dst_unknown"), status: 422, code: okpay.DestinationInvalid, field: "destination"},
		{name: "nothing", body: payoutBody("0", d.ID), status: 400, code: okpay.AmountNotPositive, field: "amount"},
		{name: "without destination", body: `{"amount":{"amount":"1","currency":"CNY"}}`, status: 400, code: okpay.InvalidRequest, field: "destination"},
		{name: "an unknown member", body: `{"amount":{"amount":"1","currency":"CNY"},"destination":"x","fast":true}`, status: 400, code: okpay.InvalidRequest, field: "fast"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := w.events()
			a := w.do(onPurpose(w.request(http.MethodPost, "/v1/payouts", tt.body)))
			assert.Equal(t, tt.status, a.status, a.body)
			p := a.problem(t)
			assert.Equal(t, tt.code, p.Code)
			if tt.field != "" {
				assert.Equal(t, tt.field, p.Field)
			}
			if tt.limit != (money.Amount{}) && assert.NotNil(t, p.Limit) {
				assert.Equal(t, tt.limit, *p.Limit)
			}
			assert.Equal(t, tt.resetsAt, p.ResetsAt != nil)
			f, _ := okpay.FailureOf(tt.code)
			assert.Equal(t, message{f.En, f.Zh}, p.Message)
			assert.Equal(t, f.Retry, p.Retry)
			assert.Equal(t, f.NextAction, p.NextAction)
			assert.Equal(t, before, w.events())
		})
	}
}

func TestAPayoutScheduleIsSetReadAndRemoved(t *testing.T) {
	w := newWorld(t)
	d := w.destination()
	const at = "/v1/payout_schedules/CNY"
	assert.Equal(t, http.StatusNotFound, w.get(at).status)
	assert.Equal(t, http.StatusNotFound, w.post(at+"/remove", "").status)
	for _, code := range []string{"XYZ", "cny", "CN%2FY"} {
		assert.Equal(t, http.StatusNotFound, w.get("/v1/payout_schedules/"+code).status, code)
	}
	a := w.post("/v1/payout_schedules", `{"currency":"CNY","every":"week","weekday":1,"hour":6,"reserve":{"amount":"1.00","currency":"CNY"},"destination":"`+string(d.ID)+`"}`)
	require.Equal(t, http.StatusOK, a.status, a.body)
	want, err := w.wallet.Payouts.Schedule(t.Context(), "shop-1", "CNY")
	require.NoError(t, err)
	equal(t, want, decoded[okpay.PayoutSchedule](t, a))
	equal(t, want, decoded[okpay.PayoutSchedule](t, w.get(at)))
	assert.Equal(t, time.Monday, want.Weekday)
	assert.Equal(t, cny(100), want.Reserve)

	a = w.post(at+"/remove", "{}")
	require.Equal(t, http.StatusOK, a.status, a.body)
	assert.Equal(t, okpay.PayoutScheduleRemoved, decoded[okpay.PayoutSchedule](t, a).State)
	assert.Equal(t, okpay.InvalidState, w.post(at+"/remove", "").problem(t).Code)
	assert.Equal(t, http.StatusOK, w.get(at).status)

	for body, field := range map[string]string{
		`{"currency":"CNY","every":"year","hour":6,"destination":"x"}`:               "every",
		`{"currency":"CNY","every":"day","hour":24,"destination":"x"}`:               "hour",
		`{"currency":"CNY","every":"day","hour":1.5,"destination":"x"}`:              "hour",
		`{"currency":"CNY","every":"day","hour":"6","destination":"x"}`:              "hour",
		`{"currency":"CNY","every":"day","weekday":1,"hour":6,"destination":"x"}`:    "weekday",
		`{"currency":"CNY","every":"day","destination":"x"}`:                         "hour",
		`{"currency":"XYZ","every":"day","hour":6,"destination":"x"}`:                "currency",
		`{"currency":"CNY","every":"day","hour":6,"destination":"x","holidays":"x"}`: "holidays",
	} {
		a := w.do(onPurpose(w.request(http.MethodPost, "/v1/payout_schedules", body)))
		assert.Equal(t, http.StatusBadRequest, a.status, body)
		assert.Equal(t, field, a.problem(t).Field, body)
	}
}

func TestADisputeIsSeenAndAnswered(t *testing.T) {
	w := newWorld(t)
	paid := w.paid()
	y := w.report(paid.ID)
	at := "/v1/disputes/" + string(y.ID)
	equal(t, y, decoded[okpay.Dispute](t, w.get(at)))
	equal(t, []okpay.Dispute{y}, decoded[page[okpay.Dispute]](t, w.get("/v1/disputes")).Data)
	assert.Equal(t, y.ID, decoded[okpay.Payment](t, w.get("/v1/payments/"+string(paid.ID))).Dispute)

	refused := w.post("/v1/payments/"+string(paid.ID)+"/refunds", "{}")
	assert.Equal(t, http.StatusConflict, refused.status)
	assert.Equal(t, okpay.PaymentDisputed, refused.problem(t).Code)

	a := w.post(at+"/evidence", `{"text":"Signed for.","document":"doc-7"}`)
	require.Equal(t, http.StatusOK, a.status, a.body)
	evidence := decoded[okpay.Dispute](t, a).Evidence
	require.Len(t, evidence, 2)
	assert.Equal(t, okpay.Evidence{From: okpay.PartyMerchant, Text: "Signed for.", Document: "doc-7", At: w.clock.Now().UTC()}, evidence[1])

	for body, field := range map[string]string{
		`{}`: "text", `{"text":""}`: "text", `{"text":7}`: "text", `{"from":"payer","text":"x"}`: "from",
		`{"text":"` + strings.Repeat("x", 2001) + `"}`: "text", `{"document":"` + strings.Repeat("x", 129) + `"}`: "document",
	} {
		a := w.do(onPurpose(w.request(http.MethodPost, at+"/evidence", body)))
		assert.Equal(t, http.StatusBadRequest, a.status, body)
		assert.Equal(t, field, a.problem(t).Field)
	}

	_, err := w.wallet.Disputes.ResolveForMerchant(t.Context(), okpay.DecideDispute{Dispute: y.ID, By: "operator-1", Reason: "signed_for"})
	require.NoError(t, err)
	assert.Equal(t, okpay.InvalidState, w.post(at+"/evidence", `{"text":"more"}`).problem(t).Code)
	assert.NotContains(t, w.get(at).body, "operator-1")
	assert.Empty(t, decoded[okpay.Payment](t, w.get("/v1/payments/"+string(paid.ID))).Dispute)
}

func TestARefundThatWaitsForFundsCanBeCalledOff(t *testing.T) {
	w := newWorld(t)
	paid := w.paid()
	r := decoded[okpay.Refund](t, w.post("/v1/payments/"+string(paid.ID)+"/refunds", "{}"))
	require.Equal(t, okpay.RefundPendingFunds, r.State)
	assert.Equal(t, cny(2_000), decoded[okpay.Payment](t, w.get("/v1/payments/"+string(paid.ID))).RefundPending)

	a := w.post("/v1/refunds/"+string(r.ID)+"/cancel", "")
	require.Equal(t, http.StatusOK, a.status, a.body)
	assert.Equal(t, okpay.RefundCanceled, decoded[okpay.Refund](t, a).State)
	assert.NotContains(t, w.get("/v1/payments/"+string(paid.ID)).body, "refund_pending")
	assert.Equal(t, okpay.InvalidState, w.post("/v1/refunds/"+string(r.ID)+"/cancel", "{}").problem(t).Code)
}

func TestReplaysOfMoneyGoingOutAreMarkedAndDoNothing(t *testing.T) {
	w := newWorld(t)
	disputed := w.paid()
	w.paid()
	d := w.destination()
	gone := w.destination()
	p := w.payout("1.00", d.ID)
	y := w.report(disputed.ID)
	schedule := `{"currency":"CNY","every":"day","hour":6,"destination":"` + string(d.ID) + `"}`
	for _, tt := range []struct {
		path, body string
		status     int
	}{
		{"/v1/destinations", aDestination, 201},
		{"/v1/destinations/" + string(gone.ID) + "/remove", "", 200},
		{"/v1/payouts", payoutBody("2.00", d.ID), 201},
		{"/v1/payouts/" + string(p.ID) + "/cancel", "", 200},
		{"/v1/payout_schedules", schedule, 200},
		{"/v1/payout_schedules/CNY/remove", "", 200},
		{"/v1/disputes/" + string(y.ID) + "/evidence", `{"text":"x"}`, 200},
	} {
		t.Run(tt.path, func(t *testing.T) {
			ask := func() answer {
				req := w.request(http.MethodPost, tt.path, tt.body)
				req.Header.Set("Idempotency-Key", "once")
				return w.do(req)
			}
			first := ask()
			require.Equal(t, tt.status, first.status, first.body)
			assert.Empty(t, first.header.Get("Idempotency-Replayed"))
			events := w.events()
			again := ask()
			assert.Equal(t, tt.status, again.status, again.body)
			assert.Equal(t, "true", again.header.Get("Idempotency-Replayed"))
			assert.Equal(t, first.body, again.body)
			assert.Equal(t, first.header.Get("Location"), again.header.Get("Location"))
			assert.Equal(t, events, w.events())
		})
	}
}

func TestSomeoneElsesPayoutsDisputesAndDestinationsAreAnsweredLikeUnknownOnes(t *testing.T) {
	w := newWorld(t)
	paid := w.paid()
	w.paid()
	d := w.destination()
	p := w.payout("1.00", d.ID)
	pending := w.paid()
	full := decoded[okpay.Refund](t, w.post("/v1/payments/"+string(pending.ID)+"/refunds", "{}"))
	y := w.report(paid.ID)
	for _, tt := range []struct{ method, path, body, id string }{
		{http.MethodPost, "/v1/refunds/{id}/cancel", "", string(full.ID)},
		{http.MethodGet, "/v1/disputes/{id}", "", string(y.ID)},
		{http.MethodPost, "/v1/disputes/{id}/evidence", `{"text":"x"}`, string(y.ID)},
		{http.MethodGet, "/v1/payouts/{id}", "", string(p.ID)},
		{http.MethodPost, "/v1/payouts/{id}/cancel", "", string(p.ID)},
		{http.MethodGet, "/v1/destinations/{id}", "", string(d.ID)},
		{http.MethodPost, "/v1/destinations/{id}/remove", "", string(d.ID)},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			before := w.seq()
			ask := func(id string) (int, string) {
				req := w.request(tt.method, strings.Replace(tt.path, "{id}", id, 1), tt.body)
				req.Header.Set("Authorization", "Bearer "+w.other)
				a := w.do(req)
				return a.status, strings.ReplaceAll(strings.ReplaceAll(a.body, id, "{id}"), a.header.Get("Request-Id"), "{request}")
			}
			prefix, _, _ := strings.Cut(tt.id, "_")
			status, body := ask(tt.id)
			unknown, unknownBody := ask(prefix + "_00000000000000000000000000")
			assert.Equal(t, http.StatusNotFound, status, body)
			assert.Equal(t, unknown, status)
			assert.Equal(t, unknownBody, body)
			assert.Equal(t, before, w.seq())
		})
	}
	// A payout to it is refused as one to nowhere.
	req := w.request(http.MethodPost, "/v1/payouts", payoutBody("1.00", d.ID))
	req.Header.Set("Authorization", "Bearer "+w.other)
	assert.Equal(t, okpay.DestinationInvalid, w.do(req).problem(t).Code)
	for _, path := range []string{"/v1/disputes", "/v1/payouts", "/v1/destinations"} {
		req := w.request(http.MethodGet, path, "")
		req.Header.Set("Authorization", "Bearer "+w.other)
		assert.Contains(t, w.do(req).body, `"data":[]`, path)
	}
}

func TestEventsOfDisputesAndPayoutsAreWhatTheDocumentSays(t *testing.T) {
	w := newWorld(t)
	c := loadContract(t)
	ctx := context.WithoutCancel(t.Context())
	paid := w.paid()
	w.paid()
	d := w.destination()
	p := w.payout("1.00", d.ID)
	_, err := w.wallet.Payouts.Approve(ctx, okpay.ReviewPayout{Payout: p.ID, By: "operator-1"})
	require.NoError(t, err)
	w.post("/v1/payout_schedules", `{"currency":"CNY","every":"day","hour":6,"destination":"`+string(d.ID)+`"}`)
	w.post("/v1/payout_schedules/CNY/remove", "")
	w.report(paid.ID)
	_, err = w.wallet.Work(ctx)
	require.NoError(t, err)
	_, err = w.wallet.Payouts.ProviderSays(ctx, bankPaid(p.ID))
	require.NoError(t, err)
	events, _, err := w.wallet.Events(ctx, 0, 1000)
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, e := range events {
		noun, _, _ := strings.Cut(e.Type, ".")
		schema := map[string]string{"dispute": "Dispute", "payout": "Payout", "payout_schedule": "PayoutSchedule"}[noun]
		if schema == "" {
			continue
		}
		seen[e.Type] = true
		assert.Equal(t, okpay.MerchantID("shop-1"), e.Merchant, e.Type)
		assert.NoError(t, c.schema(schema, e.Data), "%s %s", e.Type, e.Data)
		assert.NotContains(t, string(e.Data), "operator-1")
	}
	for _, eventType := range []string{"dispute.opened", "payout.requested", "payout.approved", "payout.submitting", "payout.paid", "payout_schedule.set", "payout_schedule.removed"} {
		assert.True(t, seen[eventType], eventType)
	}
}
