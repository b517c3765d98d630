package merchant_test

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/merchant"
)

// pages answers lists of payments, so many on each page.
func pages(t *testing.T, seen *[]string, sizes ...int) func(*merchant.Config) {
	return func(c *merchant.Config) {
		c.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			*seen = append(*seen, r.URL.RawQuery)
			page := 0
			if cursor := r.URL.Query().Get("cursor"); cursor != "" {
				var err error
				page, err = strconv.Atoi(strings.TrimPrefix(cursor, "page-"))
				assert.NoError(t, err)
			}
			var items []string
			for i := range sizes[page] {
				items = append(items, strings.Replace(paymentJSON, "pay_1", fmt.Sprintf("pay_%d_%d", page, i), 1))
			}
			next := "null"
			if page+1 < len(sizes) {
				next = fmt.Sprintf(`"page-%d"`, page+1)
			}
			return respond(r, reply{status: 200, body: `{"data":[` + strings.Join(items, ",") + `],"next_cursor":` + next + `}`}), nil
		})
	}
}

func ids(t *testing.T, all iter.Seq2[merchant.Payment, error]) (out []merchant.PaymentID) {
	t.Helper()
	for p, err := range all {
		require.NoError(t, err)
		out = append(out, p.ID)
	}
	return out
}

func TestAllTurnsThePages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		in    merchant.ListPayments
		sizes []int
		want  []merchant.PaymentID
		asked []string
	}{
		{"of an empty list", merchant.ListPayments{}, []int{0}, nil, []string{"limit=100"}},
		{"of one page", merchant.ListPayments{}, []int{2}, []merchant.PaymentID{"pay_0_0", "pay_0_1"}, []string{"limit=100"}},
		{
			"of three pages, an empty one among them",
			merchant.ListPayments{State: merchant.PaymentCaptured, Limit: 2},
			[]int{2, 0, 1},
			[]merchant.PaymentID{"pay_0_0", "pay_0_1", "pay_2_0"},
			[]string{"limit=2&state=captured", "cursor=page-1&limit=2&state=captured", "cursor=page-2&limit=2&state=captured"},
		},
		{"from a cursor on", merchant.ListPayments{Cursor: "page-1"}, []int{2, 1}, []merchant.PaymentID{"pay_1_0"}, []string{"cursor=page-1&limit=100"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			c := newClient(t, pages(t, &asked, test.sizes...))
			all := c.Payments.All(t.Context(), test.in)
			assert.Equal(t, test.want, ids(t, all))
			assert.Equal(t, test.asked, asked)
			assert.Equal(t, test.want, ids(t, all), "ranging again begins again")
		})
	}
}

func TestAllStopsAtABreakAndAsksForNothingMore(t *testing.T) {
	t.Parallel()
	var asked []string
	c := newClient(t, pages(t, &asked, 2, 2))
	for range c.Payments.All(t.Context(), merchant.ListPayments{}) {
		break
	}
	n := 0
	for range c.Payments.All(t.Context(), merchant.ListPayments{}) {
		if n++; n == 2 {
			break
		}
	}
	assert.Len(t, asked, 2)
}

func TestAllYieldsAnErrorOnceAndEnds(t *testing.T) {
	t.Parallel()
	s := newService(
		t, reply{status: 200, body: `{"data":[` + paymentJSON + `],"next_cursor":"c2"}`},
		problem(401, merchant.CodeUnauthenticated, merchant.RetryNever),
	)
	var got []string
	for p, err := range s.client(t).Payments.All(t.Context(), merchant.ListPayments{}) {
		got = append(got, string(p.ID)+"/"+string(merchant.CodeOf(err)))
	}
	assert.Equal(t, []string{"pay_1/", "/unauthenticated"}, got)
}

func TestAllEndsWithItsContext(t *testing.T) {
	t.Parallel()
	var asked []string
	c := newClient(t, pages(t, &asked, 3, 3))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range c.Payments.All(ctx, merchant.ListPayments{}) {
		if n++; n == 2 {
			cancel()
		}
		last = err
	}
	assert.Equal(t, 3, n)
	assert.ErrorIs(t, last, context.Canceled)
	assert.Len(t, asked, 1)
}

func TestAListThatGoesInCirclesEnds(t *testing.T) {
	t.Parallel()
	s := newService(t, reply{status: 200, body: `{"data":[],"next_cursor":"c1"}`})
	var last error
	for _, err := range s.client(t).Payments.All(t.Context(), merchant.ListPayments{}) {
		last = err
	}
	require.ErrorIs(t, last, merchant.ErrBadResponse)
	assert.Len(t, s.seen(), 2)
}

func TestEveryListCanBeWalked(t *testing.T) {
	t.Parallel()
	line := func(n int) string {
		return fmt.Sprintf(`{"nth":%d,"time":"2026-01-02T03:00:00Z","kind":"fee","object":"pay_1","amount":{"amount":"1","currency":"JPY"},"balance":{"amount":"1","currency":"JPY"}}`, n)
	}
	const activity = `{"kind":"payment","object":"pay_1","state":"captured","amount":{"amount":"1","currency":"JPY"},"created_at":"2026-01-02T03:00:00Z"}`
	tests := []struct {
		name   string
		item   string
		walk   func(context.Context, *merchant.Client) (int, error)
		path   string
		second string
	}{
		{"refunds", refundJSON, func(ctx context.Context, c *merchant.Client) (int, error) {
			return count(c.Refunds.All(ctx, merchant.ListRefunds{}))
		}, "/v1/refunds", "cursor=c2&limit=100"},
		{"refunds of a payment", refundJSON, func(ctx context.Context, c *merchant.Client) (int, error) {
			return count(c.Refunds.All(ctx, merchant.ListRefunds{Payment: "pay_1", Limit: 7}))
		}, "/v1/payments/pay_1/refunds", "cursor=c2&limit=7"},
		{"statement", line(1), func(ctx context.Context, c *merchant.Client) (int, error) {
			return count(c.Statement.All(ctx, merchant.ListStatement{Currency: "JPY", Order: merchant.OldestFirst}))
		}, "/v1/statement", "currency=JPY&cursor=c2&limit=100&order=asc"},
		{"activity", activity, func(ctx context.Context, c *merchant.Client) (int, error) {
			return count(c.Activity.All(ctx, merchant.ListActivity{}))
		}, "/v1/activity", "cursor=c2&limit=100"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, reply{status: 200, body: `{"data":[` + test.item + `],"next_cursor":"c2"}`}, reply{status: 200, body: pageJSON(test.item)})
			n, err := test.walk(t.Context(), s.client(t))
			require.NoError(t, err)
			assert.Equal(t, 2, n)
			assert.Equal(t, test.path, s.seen()[1].path)
			assert.Equal(t, test.second, s.seen()[1].query)
		})
	}
}

func count[T any](all iter.Seq2[T, error]) (n int, err error) {
	for _, err := range all {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
