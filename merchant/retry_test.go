package merchant_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/merchant"
)

func TestWhatIsRepeatedAndWhatIsNot(t *testing.T) {
	t.Parallel()
	html := func(status int) reply { return reply{status: status, body: "<html>proxy</html>"} }
	tests := []struct {
		name    string
		first   reply
		again   bool
		unknown bool // if nothing better came, whether it may have been done
	}{
		{"429", problem(429, "too_many_requests", merchant.RetryAfterTime), true, false},
		{"429 of a proxy", html(429), true, false},
		{"502 of a proxy", html(502), true, true},
		{"503 with nothing done", problem(503, merchant.CodeServiceBusy, merchant.RetrySameKey), true, false},
		{"503 of a proxy", html(503), true, true},
		{"504 of a proxy", html(504), true, true},
		{"500 with the advice to repeat", problem(500, merchant.CodeInternalError, merchant.RetrySameKey), true, true},
		{"500 with other advice", problem(500, merchant.CodeInternalError, merchant.RetryNever), false, true},
		{"500 of a proxy", html(500), false, true},
		{"501", html(501), false, true},
		{"409 in progress", problem(409, merchant.CodeRequestInProgress, merchant.RetrySameKey), true, true},
		{"409 of state", problem(409, merchant.CodeInvalidState, merchant.RetryNever), false, false},
		{"409 of a proxy", html(409), false, false},
		{"400", problem(400, merchant.CodeInvalidRequest, merchant.RetryNever), false, false},
		{"400 whatever its advice", problem(400, merchant.CodeInvalidRequest, merchant.RetrySameKey), false, false},
		{"401", problem(401, merchant.CodeUnauthenticated, merchant.RetryNever), false, false},
		{"402", problem(402, merchant.CodeInsufficientBalance, merchant.RetryAfterAction), false, false},
		{"403", html(403), false, false},
		{"404", problem(404, merchant.CodeNotFound, merchant.RetryNever), false, false},
		{"408 of a proxy", html(408), false, false},
		{"413", problem(413, merchant.CodeInvalidRequest, merchant.RetryNever), false, false},
		{"415", problem(415, merchant.CodeInvalidRequest, merchant.RetryNever), false, false},
		{"422", problem(422, merchant.CodeIdempotencyKeyReused, merchant.RetryNever), false, false},
		{"302", reply{status: 302, header: map[string]string{"Location": "/elsewhere"}}, false, false},
		{"307", reply{status: 307, header: map[string]string{"Location": "/elsewhere"}}, false, false},
		{"a broken connection", reply{drop: true}, true, true},
		{"a broken answer", reply{status: 201, body: paymentJSON[:100], cut: true}, true, true},
		{"a broken refusal", reply{status: 402, body: problemJSON[:100], cut: true}, true, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, test.first, reply{status: 201, body: paymentJSON})
			p, err := create(t.Context(), s.client(t), t)
			if !test.again {
				require.Error(t, err)
				assert.Len(t, s.seen(), 1)
			} else {
				require.NoError(t, err)
				assert.Equal(t, merchant.PaymentID("pay_1"), p.ID)
				assert.Len(t, s.seen(), 2)
			}

			s = newService(t, test.first)
			_, err = create(t.Context(), s.client(t, func(c *merchant.Config) { c.MaxRetries = 2 }), t)
			require.Error(t, err)
			assert.Equal(t, test.unknown, errors.Is(err, merchant.ErrOutcomeUnknown), "%v", err)
			assert.Equal(t, "order-1001", merchant.KeyOf(err))
			assert.Equal(t, test.again, len(s.seen()) == 3)
			if test.unknown {
				assert.ErrorContains(t, err, `calling again with Key "order-1001" is safe`)
			} else {
				assert.NotContains(t, err.Error(), "unknown")
			}

			_, err = s.client(t, func(c *merchant.Config) { c.MaxRetries = -1 }).Payments.Get(t.Context(), "pay_1")
			assert.NotErrorIs(t, err, merchant.ErrOutcomeUnknown, "reading changes nothing")
		})
	}
}

func TestEveryRepeatIsTheSameToTheByte(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"of a key that was given": "order-1001", "of a key that was made": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, reply{drop: true}, reply{status: 502}, reply{status: 504}, reply{drop: true}, reply{status: 201, body: paymentJSON})
			_, err := s.client(t).Payments.Create(t.Context(), merchant.CreatePayment{
				Amount: cny(t, "19.95"), Key: key, Metadata: map[string]string{"a": "1", "b": "2", "c": "3", "d": "4"},
			})
			require.NoError(t, err)
			seen := s.seen()
			require.Len(t, seen, 5)
			for _, r := range seen[1:] {
				assert.Equal(t, seen[0], r)
			}
			made := seen[0].header.Get("Idempotency-Key")
			if key == "" {
				assert.GreaterOrEqual(t, len(made), 22)
			} else {
				assert.Equal(t, key, made)
			}
		})
	}
}

func TestTwoCallsWithoutAKeyAreTwoKeys(t *testing.T) {
	t.Parallel()
	s := newService(t, reply{status: 201, body: paymentJSON})
	c := s.client(t)
	for range 2 {
		_, err := c.Payments.Create(t.Context(), merchant.CreatePayment{Amount: cny(t, "1")})
		require.NoError(t, err)
	}
	seen := s.seen()
	assert.NotEqual(t, seen[0].header.Get("Idempotency-Key"), seen[1].header.Get("Idempotency-Key"))
}

func TestNewKeyMakesTheKeysAndIsHeldToItsBounds(t *testing.T) {
	t.Parallel()
	s := newService(t, reply{drop: true})
	c := s.client(t, func(c *merchant.Config) { c.NewKey = func() string { return "made-1" }; c.MaxRetries = -1 })
	_, err := c.Payments.Create(t.Context(), merchant.CreatePayment{Amount: cny(t, "1")})
	require.ErrorIs(t, err, merchant.ErrOutcomeUnknown)
	assert.Equal(t, "made-1", merchant.KeyOf(err))
	assert.Equal(t, "made-1", s.seen()[0].header.Get("Idempotency-Key"))

	c = s.client(t, func(c *merchant.Config) { c.NewKey = func() string { return "" } })
	_, err = c.Payments.Create(t.Context(), merchant.CreatePayment{Amount: cny(t, "1")})
	assert.Equal(t, "Key", asError(t, err).Field)
}

func TestWhenAnAttemptWasLostOnlyTheServicesWordSettlesIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		last    reply
		unknown bool
	}{
		{"it says that the amount was too much", problem(422, merchant.CodeAmountExceedsCapturable, merchant.RetryLowerAmount), false},
		{"it says that the balance was too low", problem(402, merchant.CodeInsufficientBalance, merchant.RetryAfterAction), false},
		{"it does not know the key any more", problem(401, merchant.CodeUnauthenticated, merchant.RetryNever), true},
		{"it has no time", problem(429, "too_many_requests", merchant.RetryAfterTime), true},
		{"it does nothing more", problem(503, merchant.CodeServiceBusy, merchant.RetrySameKey), true},
		{"a proxy refuses", reply{status: 403, body: "no"}, true},
		{"a proxy finds nothing", reply{status: 404, body: "no"}, true},
		{"a proxy sends it elsewhere", reply{status: 308, header: map[string]string{"Location": "/"}}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newService(t, reply{drop: true}, test.last).client(t)
			_, err := create(t.Context(), c, t)
			assert.Equal(t, test.unknown, errors.Is(err, merchant.ErrOutcomeUnknown), "%v", err)
			assert.Equal(t, test.unknown, asError(t, err).OutcomeUnknown)
		})
	}
}

func TestNoAnswerAtAll(t *testing.T) {
	t.Parallel()
	s := newService(t, reply{drop: true})
	_, err := create(t.Context(), s.client(t), t)
	var e *merchant.NetworkError
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, err, merchant.ErrNetwork)
	require.ErrorIs(t, err, merchant.ErrOutcomeUnknown)
	require.ErrorIs(t, err, io.EOF)
	assert.Equal(t, merchant.DefaultMaxRetries+1, e.Attempts)
	assert.Len(t, s.seen(), e.Attempts)
	assert.Equal(t, "order-1001", e.Key)
	assert.Equal(t, "payments.create", e.Operation)
	assert.Contains(t, err.Error(), "no answer after 5 attempts")
	assert.NotContains(t, err.Error(), s.URL)
	assert.Empty(t, merchant.CodeOf(err))
}

func TestWhereNobodyListensNothingWasDone(t *testing.T) {
	t.Parallel()
	s := newService(t, reply{status: 201})
	c := s.client(t)
	s.Server.Close()
	_, err := create(t.Context(), c, t)
	require.ErrorIs(t, err, merchant.ErrNetwork)
	assert.NotErrorIs(t, err, merchant.ErrOutcomeUnknown)
	assert.Equal(t, "order-1001", merchant.KeyOf(err))
}

func TestATransportThatTellsNothingLeavesTheOutcomeOpen(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	c := newClient(t, func(c *merchant.Config) {
		c.Transport = roundTrip(func(*http.Request) (*http.Response, error) { return nil, gone })
	})
	_, err := create(t.Context(), c, t)
	require.ErrorIs(t, err, gone)
	assert.ErrorIs(t, err, merchant.ErrOutcomeUnknown)
}

func TestACertificateThatIsNotTrustedIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	dialed := 0
	s := httptest.NewTLSServer(http.NotFoundHandler())
	s.Config.ErrorLog = nil
	t.Cleanup(s.Close)
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{ConnectStart: func(string, string) {
		mu.Lock()
		defer mu.Unlock()
		dialed++
	}})
	_, err := create(ctx, newClient(t, func(c *merchant.Config) { c.BaseURL = s.URL }), t)
	require.ErrorIs(t, err, merchant.ErrNetwork)
	assert.NotErrorIs(t, err, merchant.ErrOutcomeUnknown, "nothing was sent")
	mu.Lock()
	defer mu.Unlock()
	assert.Equal(t, 1, dialed)
}

func TestDeletingWhatAnEarlierAttemptDeletedIsDone(t *testing.T) {
	t.Parallel()
	notFound := problem(404, merchant.CodeNotFound, merchant.RetryNever)
	c := newService(t, reply{drop: true}, notFound).client(t)
	assert.NoError(t, c.WebhookEndpoints.Delete(t.Context(), "we_1"))
	c = newService(t, reply{status: 502}, notFound).client(t)
	assert.NoError(t, c.WebhookEndpoints.Delete(t.Context(), "we_1"))
	c = newService(t, notFound).client(t)
	assert.ErrorIs(t, c.WebhookEndpoints.Delete(t.Context(), "we_1"), merchant.CodeNotFound)
	c = newService(t, problem(503, merchant.CodeServiceBusy, merchant.RetrySameKey), notFound).client(t)
	assert.ErrorIs(t, c.WebhookEndpoints.Delete(t.Context(), "we_1"), merchant.CodeNotFound)
	c = newService(t, reply{drop: true}).client(t)
	err := c.WebhookEndpoints.Delete(t.Context(), "we_1")
	assert.ErrorIs(t, err, merchant.ErrOutcomeUnknown)
	assert.ErrorContains(t, err, "calling again is safe")
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	thief := newService(t, reply{status: 200, body: paymentJSON})
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := newService(t, reply{status: status, header: map[string]string{"Location": thief.URL + "/v1/payments"}})
		c := s.client(t)
		_, err := create(t.Context(), c, t)
		e := asError(t, err)
		assert.Equal(t, status, e.Status)
		assert.Empty(t, e.Code)
		assert.Contains(t, e.Detail, "not followed")
		_, err = c.Payments.Get(t.Context(), "pay_1")
		assert.Equal(t, status, asError(t, err).Status)
	}
	assert.Empty(t, thief.seen())
}

// pauses runs calls in a bubble and returns how long each wait between attempts was.
func pauses(t *testing.T, transport func(n int, r *http.Request) (*http.Response, error), config func(*merchant.Config), call func(context.Context, *merchant.Client) error) (waits []time.Duration, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var last time.Time
		n := 0
		c := newClient(t, func(c *merchant.Config) {
			c.MinBackoff, c.MaxBackoff = 0, 0
			c.Jitter = func() float64 { return 1 }
			c.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				now := time.Now()
				if !last.IsZero() {
					waits = append(waits, now.Sub(last))
				}
				last = now
				n++
				return transport(n, r)
			})
			config(c)
		})
		err = call(t.Context(), c)
	})
	return waits, err
}

func createOne(t *testing.T) func(context.Context, *merchant.Client) error {
	return func(ctx context.Context, c *merchant.Client) error {
		_, err := create(ctx, c, t)
		return err
	}
}

func always(p reply) func(int, *http.Request) (*http.Response, error) {
	return func(_ int, r *http.Request) (*http.Response, error) { return respond(r, p), nil }
}

func TestTheWaitsDoubleUpToTheirBound(t *testing.T) {
	t.Parallel()
	ms := func(n ...int) (out []time.Duration) {
		for _, n := range n {
			out = append(out, time.Duration(n)*time.Millisecond)
		}
		return out
	}
	tests := []struct {
		name   string
		config func(*merchant.Config)
		want   []time.Duration
	}{
		{"by default", func(*merchant.Config) {}, ms(250, 500, 1000, 2000)},
		{"with the least jitter", func(c *merchant.Config) { c.Jitter = func() float64 { return 0 } }, ms(125, 250, 500, 1000)},
		{"with jitter out of bounds", func(c *merchant.Config) { c.Jitter = func() float64 { return -7 } }, ms(125, 250, 500, 1000)},
		{"with bounds of one's own", func(c *merchant.Config) {
			c.MinBackoff, c.MaxBackoff, c.MaxRetries = 100*time.Millisecond, 350*time.Millisecond, 5
		}, ms(100, 200, 350, 350, 350)},
		{"beyond the default bound", func(c *merchant.Config) { c.MinBackoff, c.MaxRetries = time.Minute, 2 }, ms(60_000, 60_000)},
		{"very often", func(c *merchant.Config) { c.MaxRetries = 70 }, append(ms(250, 500, 1000, 2000, 4000), repeat(8*time.Second, 65)...)},
		{"never", func(c *merchant.Config) { c.MaxRetries = -1 }, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			waits, err := pauses(t, always(reply{status: 502}), test.config, createOne(t))
			assert.Equal(t, 502, asError(t, err).Status)
			assert.Equal(t, len(test.want)+1, asError(t, err).Attempts)
			assert.Equal(t, test.want, waits)
		})
	}
}

func repeat(d time.Duration, n int) []time.Duration {
	out := make([]time.Duration, n)
	for i := range out {
		out[i] = d
	}
	return out
}

func TestRetryAfterIsWaitedFor(t *testing.T) {
	t.Parallel()
	const date = "Fri, 02 Jan 2026 03:00:00 GMT"
	tests := []struct {
		name   string
		status int
		header map[string]string
		want   []time.Duration // nil means that the call ends at once
		tells  time.Duration
	}{
		{"seconds", 503, map[string]string{"Retry-After": "7"}, []time.Duration{7 * time.Second}, 7 * time.Second},
		{"seconds with 429", 429, map[string]string{"Retry-After": "7"}, []time.Duration{7 * time.Second}, 7 * time.Second},
		{"less than the backoff", 503, map[string]string{"Retry-After": "0"}, []time.Duration{250 * time.Millisecond}, 0},
		{"the bound", 503, map[string]string{"Retry-After": "30"}, []time.Duration{30 * time.Second}, 30 * time.Second},
		{"beyond the bound", 503, map[string]string{"Retry-After": "31"}, nil, 31 * time.Second},
		{"far beyond the bound", 503, map[string]string{"Retry-After": "4294967295"}, nil, 4294967295 * time.Second},
		{"more than a number", 503, map[string]string{"Retry-After": "99999999999999999999"}, []time.Duration{250 * time.Millisecond}, 0},
		{"less than nothing", 503, map[string]string{"Retry-After": "-5"}, []time.Duration{250 * time.Millisecond}, 0},
		{"a date by the answer's own clock", 503, map[string]string{"Date": date, "Retry-After": "Fri, 02 Jan 2026 03:00:09 GMT"}, []time.Duration{9 * time.Second}, 9 * time.Second},
		{"a date of the past", 503, map[string]string{"Date": date, "Retry-After": "Fri, 02 Jan 2026 02:00:00 GMT"}, []time.Duration{250 * time.Millisecond}, 0},
		{"a date without a clock", 503, map[string]string{"Retry-After": "Fri, 02 Jan 2026 03:00:09 GMT"}, []time.Duration{250 * time.Millisecond}, 0},
		{"words", 503, map[string]string{"Retry-After": "soon"}, []time.Duration{250 * time.Millisecond}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			one := func(c *merchant.Config) { c.MaxRetries = 1 }
			waits, err := pauses(t, always(reply{status: test.status, header: test.header}), one, createOne(t))
			assert.Equal(t, test.want, waits)
			assert.Equal(t, test.tells, asError(t, err).RetryAfter)
		})
	}
}

func TestAnAttemptThatTakesTooLongIsTriedAgain(t *testing.T) {
	t.Parallel()
	transport := func(n int, r *http.Request) (*http.Response, error) {
		if n == 2 {
			return respond(r, reply{status: 201, body: paymentJSON}), nil
		}
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	waits, err := pauses(t, transport, func(c *merchant.Config) { c.Timeout = 3 * time.Second }, createOne(t))
	require.NoError(t, err)
	assert.Equal(t, []time.Duration{3250 * time.Millisecond}, waits)
}

func TestAnAnswerThatNeverEndsIsBoundedInTime(t *testing.T) {
	t.Parallel()
	transport := func(_ int, r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 201, Header: http.Header{}, Body: io.NopCloser(endless{r.Context()}), Request: r}, nil
	}
	_, err := pauses(t, transport, func(c *merchant.Config) { c.Timeout, c.MaxRetries = time.Second, 1 }, createOne(t))
	require.ErrorIs(t, err, merchant.ErrNetwork)
	assert.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's context had no deadline")
	assert.ErrorIs(t, err, merchant.ErrOutcomeUnknown)
	assert.ErrorContains(t, err, "none within 1s")
}

// endless is a body that sends nothing until its request ends.
type endless struct{ ctx context.Context }

func (e endless) Read([]byte) (int, error) {
	<-e.ctx.Done()
	return 0, e.ctx.Err()
}

func TestAnAnswerThatIsTooLongIsNotRead(t *testing.T) {
	t.Parallel()
	calls := 0
	c := newClient(t, func(c *merchant.Config) {
		c.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			calls++
			status := map[string]int{"GET": 200, "POST": 500}[r.Method]
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(zeros{}), Request: r}, nil
		})
	})
	_, err := c.Payments.Get(t.Context(), "pay_1")
	require.ErrorIs(t, err, merchant.ErrBadResponse)
	assert.ErrorContains(t, err, "16 MiB")
	assert.Equal(t, 1, calls)
	_, err = create(t.Context(), c, t)
	assert.Equal(t, 500, asError(t, err).Status)
	assert.Less(t, len(err.Error()), 2000)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

func TestAClientMayBeSharedByGoroutines(t *testing.T) {
	t.Parallel()
	s := newService(t, reply{drop: true}, reply{status: 502}, reply{status: 201, body: paymentJSON})
	c := s.client(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := c.Payments.Create(t.Context(), merchant.CreatePayment{Amount: cny(t, "1")})
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	keys := map[string]bool{}
	for _, r := range s.seen() {
		keys[r.header.Get("Idempotency-Key")] = true
	}
	assert.Len(t, keys, 8)
}

func TestARefusalOfAnotherHostNeverReachesTheMessageWhole(t *testing.T) {
	t.Parallel()
	c := newService(t, reply{status: 400, body: "<html>\x1b[31m" + strings.Repeat("long ", 10_000) + "\u202eevil</html>"}).client(t)
	_, err := create(t.Context(), c, t)
	assert.Less(t, len(err.Error()), 500)
	assert.NotContains(t, err.Error(), "\x1b")
}
