package merchant_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/merchant"
)

func TestTheContextEndsACall(t *testing.T) {
	t.Parallel()
	hang := func(_ int, r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	busy := always(problem(503, merchant.CodeServiceBusy, merchant.RetrySameKey))
	tests := []struct {
		name      string
		transport func(int, *http.Request) (*http.Response, error)
		unknown   bool
		last      merchant.Code // of the answer before
		call      func(context.Context, *merchant.Client) error
	}{
		{"before it begins", nil, false, "", func(ctx context.Context, c *merchant.Client) error {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			_, err := create(ctx, c, t)
			return err
		}},
		{"in the middle of an attempt", hang, true, "", func(ctx context.Context, c *merchant.Client) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, err := create(ctx, c, t)
			return err
		}},
		{"in the middle of an attempt to read", hang, false, "", func(ctx context.Context, c *merchant.Client) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, err := c.Payments.Get(ctx, "pay_1")
			return err
		}},
		{"while it waits", busy, false, merchant.CodeServiceBusy, func(ctx context.Context, c *merchant.Client) error {
			ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond) // the second wait is under way
			defer cancel()
			_, err := create(ctx, c, t)
			return err
		}},
		{"with a cause of its own", hang, true, "", func(ctx context.Context, c *merchant.Client) error {
			ctx, cancel := context.WithTimeoutCause(ctx, time.Second, errors.New("the shop closes"))
			defer cancel()
			_, err := create(ctx, c, t)
			return err
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var took time.Duration
			_, err := pauses(t, test.transport, func(*merchant.Config) {}, func(ctx context.Context, c *merchant.Client) error {
				start := time.Now()
				err := test.call(ctx, c)
				took = time.Since(start)
				return err
			})
			require.ErrorIs(t, err, merchant.ErrNetwork)
			assert.True(t, errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded), "%v", err)
			assert.Equal(t, test.unknown, errors.Is(err, merchant.ErrOutcomeUnknown), "%v", err)
			assert.Equal(t, test.last, merchant.CodeOf(err))
			assert.LessOrEqual(t, took, time.Second)
		})
	}
}

func TestAnAnswerThatCameIsReturnedAlthoughTheContextEndedMeanwhile(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := newClient(t, func(c *merchant.Config) {
		c.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			cancel()
			return respond(r, reply{status: 201, body: paymentJSON}), nil
		})
	})
	p, err := create(ctx, c, t)
	require.NoError(t, err)
	assert.Equal(t, merchant.PaymentID("pay_1"), p.ID)
}

func TestTheContextsOwnTraceIsStillTold(t *testing.T) {
	t.Parallel()
	s := newService(t, reply{status: 201, body: paymentJSON})
	got := make(chan bool, 10)
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { got <- true }})
	_, err := create(ctx, s.client(t), t)
	require.NoError(t, err)
	assert.Len(t, got, 1)
}
