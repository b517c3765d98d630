package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

func TestAStatementIsFilteredByTimeAndKind(t *testing.T) {
	w := newWorld(t)
	w.paid()
	w.clock.Advance(time.Hour)
	middle := w.clock.Now().UTC().Format(time.RFC3339Nano)
	w.paid()
	all := walk[okpay.StatementLine](w, "/v1/statement?currency=CNY", 100, nil)
	require.Len(t, all, 4)
	for query, want := range map[string]int{
		"&kinds=fee": 2, "&kinds=payment,fee": 4, "&kinds=payout": 0, "&from=" + middle: 2, "&until=" + middle: 2,
		"&from=" + middle + "&kinds=payment": 1, "&until=" + middle + "&kinds=payment&order=asc": 1,
	} {
		for _, limit := range []int{1, 2, 100} {
			assert.Len(t, walk[okpay.StatementLine](w, "/v1/statement?currency=CNY"+query, limit, nil), want, query)
		}
		a := w.get("/v1/statement.csv?currency=CNY" + query)
		assert.Equal(t, http.StatusOK, a.status)
		assert.Equal(t, want+1, strings.Count(a.body, "\r\n"), query)
	}
	first := decoded[page[any]](t, w.get("/v1/statement?currency=CNY&kinds=fee&limit=1"))
	require.NotNil(t, first.NextCursor)
	assert.Equal(t, "cursor", w.get("/v1/statement?currency=CNY&limit=1&cursor="+*first.NextCursor).problem(t).Field)
}

func TestReportsAsFiles(t *testing.T) {
	w := newWorld(t)
	p := w.paid()
	at := w.clock.Now().UTC().Format(time.RFC3339Nano)
	a := w.get("/v1/statement.csv?currency=CNY&order=asc")
	assert.Equal(t, "text/csv; charset=utf-8", a.header.Get("Content-Type"))
	assert.Equal(t, "no-store", a.header.Get("Cache-Control"))
	assert.Contains(t, a.body, "nth,time,kind,object,amount,balance,currency\r\n")
	assert.Contains(t, a.body, at+",payment,"+string(p.ID)+",")

	a = w.get("/v1/settlement.csv?currency=CNY&date=2025-12-01")
	assert.Equal(t, "date,kind,count,amount,currency\r\n2025-12-01,opening,,0.00,CNY\r\n2025-12-01,fee,1,-0.20,CNY\r\n"+
		"2025-12-01,payment,1,20.00,CNY\r\n2025-12-01,closing,,19.80,CNY\r\n", a.body)
}

func TestTheSettlementOfADay(t *testing.T) {
	w := newWorld(t)
	w.paid()
	want, err := w.wallet.Merchants.Settlement(t.Context(), "shop-1", "CNY", w.clock.Now())
	require.NoError(t, err)
	got := decoded[okpay.Settlement](t, w.get("/v1/settlement?currency=CNY&date=2025-12-01"))
	equal(t, want, got)
	assert.Equal(t, cny(1_980), got.Closing)
	assert.False(t, got.Final)
	later := decoded[okpay.Settlement](t, w.get("/v1/settlement?currency=CNY&date=2025-12-05"))
	assert.Equal(t, cny(1_980), later.Opening)
	assert.Contains(t, w.get("/v1/settlement?currency=CNY&date=2025-11-01").body, `"kinds":[]`)
}

func TestTheDaysOfASettlementAreThoseOfTheWalletsZone(t *testing.T) {
	w := newWorld(t)
	w.wallet, w.ledger = newWallet(t, okpay.Test, w.clock.Now, okpay.Config{Zone: time.FixedZone("east", 14*3600)})
	w.key = w.merchant("shop-1")
	w.serve(Config{Test: w.wallet})
	a := decoded[okpay.Settlement](t, w.get("/v1/settlement?currency=CNY&date=2025-12-02"))
	assert.Equal(t, "2025-12-02", a.Date)
	assert.Equal(t, time.Date(2025, 12, 1, 10, 0, 0, 0, time.UTC), a.From)
}

func TestWhatReportsAreRefusedFor(t *testing.T) {
	w := newWorld(t)
	for path, field := range map[string]string{
		"/v1/statement.csv": "currency", "/v1/statement.csv?currency=XYZ": "currency", "/v1/statement.csv?currency=CNY&limit=1": "limit",
		"/v1/statement?currency=CNY&from=yesterday": "from", "/v1/statement?currency=CNY&until=2025-12-01T00:00:00%2B08:00": "until",
		"/v1/statement?currency=CNY&from=2025-12-02T00:00:00Z&until=2025-12-02T00:00:00Z": "until",
		"/v1/statement?currency=CNY&kinds=":                                               "kinds", "/v1/statement?currency=CNY&kinds=Fee": "kinds",
		"/v1/statement?currency=CNY&kinds=fee,": "kinds", "/v1/statement?currency=CNY&kinds=a" + strings.Repeat(",a", 20): "kinds",
		"/v1/activity?kinds=topup": "kinds", "/v1/settlement?currency=CNY": "date", "/v1/settlement?date=2025-12-01": "currency",
		"/v1/settlement?currency=CNY&date=2025-13-01": "date", "/v1/settlement.csv?currency=XYZ&date=2025-12-01": "currency",
		"/v1/payout_conditions": "currency", "/v1/payout_conditions?currency=XYZ": "currency", "/v1/payouts?cursor=abc": "cursor",
		"/v1/disputes?cursor=abc": "cursor", "/v1/destinations?cursor=abc": "cursor",
	} {
		a := w.do(onPurpose(w.request(http.MethodGet, path, "")))
		assert.Equal(t, http.StatusBadRequest, a.status, path)
		assert.Equal(t, field, a.problem(t).Field, path)
		assert.Equal(t, "application/problem+json", a.header.Get("Content-Type"), path)
	}
}

func TestAFileThatIsCutOffIsNotTakenForAWholeOne(t *testing.T) {
	w := newWorld(t)
	fail := func(after string) *world {
		return broken(t, w, func(context.Context, *call) (reply, error) {
			return reply{status: http.StatusOK, body: stream{contentType: csvType, write: func(_ context.Context, out io.Writer) error {
				_, err := io.WriteString(out, after)
				return errors.Join(err, errors.New("disk full"))
			}}}, nil
		})
	}
	b := fail(strings.Repeat("x", 10_000))
	_, err := b.send(b.request(http.MethodGet, "/v1/merchant", ""))
	require.Error(t, err)
	assert.Contains(t, w.log.last(t)["error"], "disk full")

	b = broken(t, w, func(context.Context, *call) (reply, error) {
		return reply{status: http.StatusOK, body: stream{contentType: csvType, write: func(context.Context, io.Writer) error {
			return errors.New("disk full")
		}}}, nil
	})
	assert.Equal(t, http.StatusInternalServerError, b.get("/v1/merchant").status, "nothing was sent yet")
}
