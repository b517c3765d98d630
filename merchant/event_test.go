package merchant_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/merchant"
	"github.com/okpay/okpay-go/webhook"
)

func eventJSON(eventType merchant.EventType, data string) string {
	return `{"id":"evt_1","type":"` + string(eventType) + `","created_at":"2026-01-02T03:05:00Z","mode":"test","schema":1,"sequence":4,"merchant":"shop-1","data":` + data + `}`
}

func TestAnEventIsTyped(t *testing.T) {
	t.Parallel()
	e, err := merchant.ParseEvent([]byte(eventJSON(merchant.EventPaymentCaptured, paymentJSON)))
	require.NoError(t, err)
	assert.Equal(t, merchant.EventID("evt_1"), e.ID)
	assert.Equal(t, merchant.EventPaymentCaptured, e.Type)
	assert.Equal(t, at("2026-01-02T03:05:00Z"), e.CreatedAt)
	assert.Equal(t, merchant.ModeTest, e.Mode)
	assert.Equal(t, int64(4), e.Sequence)
	assert.Equal(t, merchant.MerchantID("shop-1"), e.Merchant)
	p, err := e.Payment()
	require.NoError(t, err)
	if diff := cmp.Diff(samplePayment(t), p, sameAmount); diff != "" {
		t.Errorf("payment (-want +got):\n%s", diff)
	}
	_, err = e.Refund()
	require.ErrorIs(t, err, merchant.ErrInvalidEvent)
	assert.ErrorContains(t, err, "payment.captured is not about a refund")

	e, err = merchant.ParseEvent([]byte(eventJSON(merchant.EventRefundSucceeded, refundJSON)))
	require.NoError(t, err)
	r, err := e.Refund()
	require.NoError(t, err)
	if diff := cmp.Diff(sampleRefund(t), r, sameAmount); diff != "" {
		t.Errorf("refund (-want +got):\n%s", diff)
	}
	_, err = e.Payment()
	assert.ErrorIs(t, err, merchant.ErrInvalidEvent)
}

func TestEventsOfDisputesPayoutsAndSchedulesAreTyped(t *testing.T) {
	t.Parallel()
	const amount = `{"amount":"5.00","currency":"CNY"}`
	for eventType, data := range map[merchant.EventType]string{
		merchant.EventDisputeOpened:     `{"id":"dsp_1","payment":"pay_1","state":"under_review","amount":` + amount + `,"evidence_by":"2026-01-16T00:00:00Z","created_at":"2026-01-02T00:00:00Z"}`,
		merchant.EventPayoutPaid:        `{"id":"po_1","state":"paid","amount":` + amount + `,"fee":` + amount + `,"created_at":"2026-01-02T00:00:00Z"}`,
		merchant.EventPayoutScheduleSet: `{"currency":"CNY","state":"active","every":"day","reserve":` + amount + `,"created_at":"2026-01-02T00:00:00Z"}`,
	} {
		e, err := merchant.ParseEvent([]byte(eventJSON(eventType, data)))
		require.NoError(t, err)
		y, disputeErr := e.Dispute()
		p, payoutErr := e.Payout()
		s, scheduleErr := e.PayoutSchedule()
		found := 0
		for err, a := range map[*error]money.Amount{&disputeErr: y.Amount, &payoutErr: p.Amount, &scheduleErr: s.Reserve} {
			if *err == nil {
				found++
				assert.Equal(t, cny(t, "5"), a)
				continue
			}
			assert.ErrorIs(t, *err, merchant.ErrInvalidEvent)
		}
		assert.Equal(t, 1, found, eventType)
	}
}

func TestAnEventOfANewTypeIsRead(t *testing.T) {
	t.Parallel()
	e, err := merchant.ParseEvent([]byte(eventJSON("payment.teleported", paymentJSON)))
	require.NoError(t, err)
	p, err := e.Payment()
	require.NoError(t, err)
	assert.Equal(t, merchant.PaymentID("pay_1"), p.ID)

	e, err = merchant.ParseEvent([]byte(eventJSON("dispute.opened", `{"id":"dis_1"}`)))
	require.NoError(t, err)
	_, err = e.Payment()
	assert.ErrorIs(t, err, merchant.ErrInvalidEvent)
	assert.JSONEq(t, `{"id":"dis_1"}`, string(e.Data))
}

func TestAnEventOfAnotherSchemaIsNotGuessedAt(t *testing.T) {
	t.Parallel()
	e, err := merchant.ParseEvent([]byte(strings.Replace(eventJSON(merchant.EventPaymentCaptured, paymentJSON), `"schema":1`, `"schema":2`, 1)))
	require.NoError(t, err)
	_, err = e.Payment()
	require.ErrorIs(t, err, merchant.ErrInvalidEvent)
	assert.ErrorContains(t, err, "schema is 2")
}

func TestWhatIsNoEventIsRefused(t *testing.T) {
	t.Parallel()
	whole := eventJSON(merchant.EventPaymentCaptured, paymentJSON)
	without := func(member string) string { return strings.Replace(whole, `"`+member+`":`, `"x":`, 1) }
	for name, body := range map[string]string{
		"nothing": "", "null": "null", "a list": "[]", "an empty object": "{}", "two events": whole + whole, "a cut event": whole[:100],
		"no id": without("id"), "no type": without("type"), "no time": without("created_at"), "no data": without("data"),
		"a type that is a number": strings.Replace(whole, `"payment.captured"`, "7", 1),
	} {
		t.Run(name, func(t *testing.T) {
			e, err := merchant.ParseEvent([]byte(body))
			require.ErrorIs(t, err, merchant.ErrInvalidEvent)
			assert.Equal(t, merchant.Event{}, e)
		})
	}
	for name, data := range map[string]string{"null": "null", "a text": `"pay_1"`, "an empty object": "{}", "another object": refundJSON} {
		t.Run("data that is "+name, func(t *testing.T) {
			e, err := merchant.ParseEvent([]byte(eventJSON(merchant.EventPaymentCaptured, data)))
			require.NoError(t, err)
			p, err := e.Payment()
			require.ErrorIs(t, err, merchant.ErrInvalidEvent)
			assert.Equal(t, merchant.Payment{}, p)
		})
	}
}

// deliver sends a body to a handler as the service would.
func deliver(t *testing.T, h http.Handler, id, body string, keys ...webhook.SigningKey) int {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
	require.NoError(t, webhook.SetHeaders(r.Header, webhook.Message{ID: id, Timestamp: at("2026-01-02T03:05:00Z"), Body: []byte(body)}, keys...))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func verifier(t *testing.T, key webhook.VerifyKey) *webhook.Verifier {
	t.Helper()
	now := func() time.Time { return at("2026-01-02T03:05:01Z") }
	v, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: []webhook.VerifyKey{key}, Now: now})
	require.NoError(t, err)
	return v
}

func newSecret(t *testing.T, fill string) webhook.Secret {
	t.Helper()
	s, err := webhook.NewSecret(strings.NewReader(strings.Repeat(fill, 32)))
	require.NoError(t, err)
	return s
}

func TestEventHandler(t *testing.T) {
	t.Parallel()
	gems, err := money.NewCurrency("GEMS", 2)
	require.NoError(t, err)
	registry, err := money.ISO().With(money.Info{Currency: gems})
	require.NoError(t, err)
	secret := newSecret(t, "1")
	var (
		events   []merchant.Event
		payments []merchant.Payment
		failures []error
		fail     error
	)
	h := merchant.EventHandler(verifier(t, secret), func(_ context.Context, e merchant.Event) error {
		if fail != nil {
			return fail
		}
		events = append(events, e)
		p, err := e.Payment()
		payments = append(payments, p)
		return err
	}, merchant.EventHandlerConfig{
		HandlerConfig: webhook.HandlerConfig{OnError: func(_ *http.Request, err error) { failures = append(failures, err) }},
		Currencies:    registry,
	})
	body := eventJSON(merchant.EventPaymentCaptured, strings.ReplaceAll(paymentJSON, `"CNY"`, `"GEMS"`))

	assert.Equal(t, 400, deliver(t, h, "evt_1", body, newSecret(t, "2")), "of a stranger")
	assert.Empty(t, events)

	fail = errors.New("the shop's database is away")
	assert.Equal(t, 500, deliver(t, h, "evt_1", body, secret))
	fail = nil
	assert.Equal(t, 204, deliver(t, h, "evt_1", body, secret), "delivered again")
	assert.Equal(t, 204, deliver(t, h, "evt_1", body, secret), "and again, which is dropped")
	require.Len(t, events, 1)
	assert.Equal(t, money.New(1995, gems), payments[0].Amount)

	assert.Equal(t, 500, deliver(t, h, "evt_2", `{"hello":"world"}`, secret), "authentic and no event")
	assert.Len(t, events, 1)
	require.Len(t, failures, 3)
	assert.ErrorIs(t, failures[0], webhook.ErrSignature)
	assert.ErrorIs(t, failures[2], merchant.ErrInvalidEvent)
}

func TestEventHandlerWithoutConfigurationReadsISOCurrencies(t *testing.T) {
	t.Parallel()
	secret := newSecret(t, "1")
	h := merchant.EventHandler(verifier(t, secret), func(_ context.Context, e merchant.Event) error {
		_, err := e.Payment()
		return err
	}, merchant.EventHandlerConfig{})
	assert.Equal(t, 204, deliver(t, h, "evt_1", eventJSON(merchant.EventPaymentCaptured, paymentJSON), secret))
	assert.Equal(t, 500, deliver(t, h, "evt_2", eventJSON(merchant.EventPaymentCaptured, refundJSON), secret))
}

func TestEventHandlerNeedsAVerifierAndAFunction(t *testing.T) {
	t.Parallel()
	assert.Panics(t, func() { merchant.EventHandler(verifier(t, newSecret(t, "1")), nil, merchant.EventHandlerConfig{}) })
	assert.Panics(t, func() {
		merchant.EventHandler(nil, func(context.Context, merchant.Event) error { return nil }, merchant.EventHandlerConfig{})
	})
}
