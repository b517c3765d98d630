package okpay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/webhook"
)

// receiver is a merchant's server that keeps what it was sent.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	status   int
	messages []webhook.Message
	headers  []http.Header
}

func listen(t *testing.T) *receiver {
	r := &receiver{status: http.StatusNoContent}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		assert.NoError(t, err)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.messages = append(r.messages, webhook.Message{ID: req.Header.Get(webhook.HeaderID), Body: body})
		r.headers = append(r.headers, req.Header.Clone())
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r *receiver) received() []webhook.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.messages
}

func (f *fixture) work() {
	f.t.Helper()
	_, err := f.Work(f.t.Context())
	require.NoError(f.t, err)
}

func TestEventsAreDeliveredSignedAndOnce(t *testing.T) {
	f, r := start(t, okpay.Config{}), listen(t)
	endpoint, secret, err := f.Endpoints.Create(t.Context(), okpay.CreateEndpoint{Merchant: f.merchant, URL: r.URL, Key: "k"})
	require.NoError(t, err)
	_, again, err := f.Endpoints.Create(t.Context(), okpay.CreateEndpoint{Merchant: f.merchant, URL: r.URL, Key: "k"})
	require.NoError(t, err)
	assert.Equal(t, secret.Reveal(), again.Reveal(), "a replay returns the same secret")
	f.topUp(cny(100))
	p := f.paid(60)
	f.work()
	f.work()
	messages := r.received()
	require.Len(t, messages, 3)
	verifier, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: []webhook.VerifyKey{secret}, Now: f.clock.Now})
	require.NoError(t, err)
	types := map[string]int64{}
	for i, m := range messages {
		_, err := verifier.Verify(r.headers[i], m.Body)
		require.NoError(t, err)
		var e okpay.Event
		require.NoError(t, json.Unmarshal(m.Body, &e))
		assert.Equal(t, m.ID, e.ID)
		assert.Equal(t, okpay.Test, e.Mode)
		var data struct {
			ID    okpay.PaymentID    `json:"id"`
			State okpay.PaymentState `json:"state"`
		}
		require.NoError(t, json.Unmarshal(e.Data, &data))
		assert.Equal(t, p.ID, data.ID)
		assert.Equal(t, "payment."+string(data.State), e.Type, "the payload is the state after the transition")
		types[e.Type] = e.Sequence
	}
	assert.Equal(t, map[string]int64{"payment.created": 1, "payment.authorized": 2, "payment.captured": 3}, types)
	deliveries, err := f.Endpoints.Deliveries(t.Context(), f.merchant, endpoint.ID, 0)
	require.NoError(t, err)
	require.Len(t, deliveries, 3)
	for _, d := range deliveries {
		assert.Equal(t, okpay.DeliveryDelivered, d.State)
		assert.Equal(t, 1, d.Attempts)
		assert.Equal(t, http.StatusNoContent, d.Status)
	}
	f.verify()
}

func TestAFailedDeliveryIsTriedAgainByTheScheduleWithTheSameIdAndBody(t *testing.T) {
	f, r := start(t, okpay.Config{Schedule: webhook.Schedule{Jitter: func(time.Duration) time.Duration { return 0 }}}), listen(t)
	endpoint, _, err := f.Endpoints.Create(t.Context(), okpay.CreateEndpoint{
		Merchant: f.merchant, URL: r.URL, Events: []string{"payment.created"},
	})
	require.NoError(t, err)
	r.answer(http.StatusInternalServerError)
	f.create(cny(1), okpay.CaptureAutomatic)
	f.work()
	require.Len(t, r.received(), 1)
	f.work()
	require.Len(t, r.received(), 1, "not before its time")
	for i, delay := range webhook.StandardDelays()[1:] {
		f.clock.Advance(delay)
		f.work()
		require.Len(t, r.received(), i+2)
	}
	f.clock.Advance(1000 * time.Hour)
	f.work()
	messages := r.received()
	require.Len(t, messages, len(webhook.StandardDelays()), "then it is given up")
	for _, m := range messages {
		assert.True(t, m.ID == messages[0].ID && bytes.Equal(m.Body, messages[0].Body))
	}
	deliveries, err := f.Endpoints.Deliveries(t.Context(), f.merchant, endpoint.ID, 0)
	require.NoError(t, err)
	assert.Equal(t, okpay.DeliveryFailed, deliveries[0].State)
}

func TestAnEndpointHearsOnlyWhatItAskedForAndOnlyOfItsMerchant(t *testing.T) {
	f, r, other := start(t, okpay.Config{}), listen(t), listen(t)
	_, err := f.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: "other", Name: "Other"})
	require.NoError(t, err)
	_, _, err = f.Endpoints.Create(t.Context(), okpay.CreateEndpoint{Merchant: f.merchant, URL: r.URL, Events: []string{"payment.captured"}})
	require.NoError(t, err)
	_, _, err = f.Endpoints.Create(t.Context(), okpay.CreateEndpoint{Merchant: "other", URL: other.URL})
	require.NoError(t, err)
	f.topUp(cny(100))
	f.paid(60)
	f.work()
	assert.Len(t, r.received(), 1)
	assert.Empty(t, other.received())
}

func TestAnEndpointThatIsGoneOrDeletedHearsNoMore(t *testing.T) {
	f, gone, deleted := start(t, okpay.Config{}), listen(t), listen(t)
	one, _, err := f.Endpoints.Create(t.Context(), okpay.CreateEndpoint{Merchant: f.merchant, URL: gone.URL})
	require.NoError(t, err)
	two, _, err := f.Endpoints.Create(t.Context(), okpay.CreateEndpoint{Merchant: f.merchant, URL: deleted.URL})
	require.NoError(t, err)
	gone.answer(http.StatusGone)
	f.create(cny(1), okpay.CaptureAutomatic)
	require.ErrorIs(t, f.Endpoints.Delete(t.Context(), "other", two.ID), okpay.NotFound)
	require.NoError(t, f.Endpoints.Delete(t.Context(), f.merchant, two.ID))
	f.work()
	f.create(cny(1), okpay.CaptureAutomatic)
	f.work()
	assert.Len(t, gone.received(), 1)
	assert.Empty(t, deleted.received())
	one, err = f.Endpoints.Get(t.Context(), f.merchant, one.ID)
	require.NoError(t, err)
	assert.NotNil(t, one.DisabledAt)
	_, err = f.Endpoints.Get(t.Context(), f.merchant, two.ID)
	require.ErrorIs(t, err, okpay.NotFound)
	f.verify()
}

func TestBadEndpointsAreRefused(t *testing.T) {
	test, live := start(t, okpay.Config{}), start(t, okpay.Config{Mode: okpay.Live})
	for name, c := range map[string]struct {
		f   *fixture
		url string
	}{
		"no URL":                          {test, ""},
		"another scheme":                  {test, "ftp://example.com/"},
		"a user name":                     {test, "https://user@example.com/"},
		"over-long":                       {test, "https://example.com/" + string(make([]byte, 500))},
		"clear text in live mode":         {live, "http://example.com/"},
		"a private address in live mode":  {live, "https://10.0.0.1/"},
		"this machine itself, live":       {live, "https://localhost/"},
		"an address of the cloud's, live": {live, "https://169.254.169.254/latest"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := c.f.Endpoints.Create(t.Context(), okpay.CreateEndpoint{Merchant: c.f.merchant, URL: c.url})
			require.ErrorIs(t, err, okpay.InvalidRequest)
		})
	}
	_, _, err := test.Endpoints.Create(t.Context(), okpay.CreateEndpoint{Merchant: test.merchant, URL: "https://example.com/", Events: []string{"payment.unknown"}})
	require.ErrorIs(t, err, okpay.InvalidRequest)
}

func TestTwoProcessesDeliverEachEventOnce(t *testing.T) {
	f, r := start(t, okpay.Config{}), listen(t)
	_, _, err := f.Endpoints.Create(t.Context(), okpay.CreateEndpoint{Merchant: f.merchant, URL: r.URL})
	require.NoError(t, err)
	for range 30 {
		f.create(cny(1), okpay.CaptureAutomatic)
	}
	var running sync.WaitGroup
	for range 4 {
		process, err := okpay.New(f.Ledger(), okpay.Config{Webhooks: webhook.SenderConfig{AllowPrivate: true}})
		require.NoError(t, err)
		running.Go(func() {
			_, err := process.Work(t.Context())
			assert.NoError(t, err)
		})
	}
	running.Wait()
	seen := map[string]bool{}
	for _, m := range r.received() {
		assert.False(t, seen[m.ID], "delivered twice")
		seen[m.ID] = true
	}
	assert.Len(t, seen, 30)
}

func TestRunDeliversAndEndsWithItsContext(t *testing.T) {
	f, r := start(t, okpay.Config{PollInterval: time.Hour}), listen(t)
	_, _, err := f.Endpoints.Create(t.Context(), okpay.CreateEndpoint{Merchant: f.merchant, URL: r.URL})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- f.Run(ctx) }()
	f.create(cny(1), okpay.CaptureAutomatic)
	require.Eventually(t, func() bool { return len(r.received()) == 1 }, 10*time.Second, time.Millisecond, "a commit wakes Run")
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestAsManyEndpointsAsAllowedHearOfManyEventsAtOnce(t *testing.T) {
	f, r := start(t, okpay.Config{}), listen(t)
	for range 20 {
		_, _, err := f.Endpoints.Create(t.Context(), okpay.CreateEndpoint{Merchant: f.merchant, URL: r.URL})
		require.NoError(t, err)
	}
	_, _, err := f.Endpoints.Create(t.Context(), okpay.CreateEndpoint{Merchant: f.merchant, URL: r.URL})
	require.ErrorIs(t, err, okpay.InvalidState)
	for range 60 {
		f.create(cny(1), okpay.CaptureAutomatic)
	}
	f.work()
	assert.Len(t, r.received(), 20*60)
}
