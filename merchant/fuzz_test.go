package merchant

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/okpay/okpay-go/ledger/money"
)

const fuzzedPayment = `{"id":"pay_1","merchant":"shop-1","state":"captured","capture_method":"automatic",
	"amount":{"amount":"19.95","currency":"CNY"},"captured":{"amount":"19.95","currency":"CNY"},"refunded":{"amount":"0","currency":"CNY"},
	"fee":{"amount":"0","currency":"CNY"},"fee_returned":{"amount":"0","currency":"CNY"},"attempts":1,
	"created_at":"2026-01-02T03:00:00Z","updated_at":"2026-01-02T03:00:00Z","expires_at":"2026-01-02T03:00:00Z","sequence":3}`

// What is read is whole: an object without its id or its amounts is never returned.
func FuzzParseEvent(f *testing.F) {
	f.Add([]byte(`{"id":"evt_1","type":"payment.captured","created_at":"2026-01-02T03:00:00Z","mode":"test","schema":1,"sequence":3,"merchant":"m","data":` + fuzzedPayment + `}`))
	f.Add([]byte(`{"id":"evt_1","type":"refund.failed","created_at":"2026-01-02T03:00:00Z","schema":1,"data":{}}`))
	f.Add([]byte(`{"ID":"evt_1","id":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := ParseEvent(body)
		if err != nil {
			if !errors.Is(err, ErrInvalidEvent) || e.ID != "" {
				t.Fatalf("event %v with error %v", e, err)
			}
			return
		}
		if e.ID == "" || e.Type == "" || e.CreatedAt.IsZero() || len(e.Data) == 0 {
			t.Fatalf("half an event: %+v", e)
		}
		p, err := e.Payment()
		if err == nil && (p.ID == "" || p.State == "" || p.Amount.Currency().IsZero() || p.Captured.Currency().IsZero()) {
			t.Fatalf("half a payment: %+v", p)
		}
		if err != nil && !errors.Is(err, ErrInvalidEvent) {
			t.Fatal(err)
		}
		r, err := e.Refund()
		if err == nil && (r.ID == "" || r.Payment == "" || r.Amount.Currency().IsZero()) {
			t.Fatalf("half a refund: %+v", r)
		}
	})
}

// A page is whole or an error.
func FuzzPage(f *testing.F) {
	f.Add([]byte(`{"data":[` + fuzzedPayment + `],"next_cursor":"c1"}`))
	f.Add([]byte(`{"data":[],"next_cursor":null}`))
	f.Add([]byte(`{"data":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := pageOf(decodePayment)(body, money.ISO())
		if err != nil && (page.Data != nil || page.NextCursor != "") {
			t.Fatalf("page %+v with error %v", page, err)
		}
		if err == nil && page.Data == nil {
			t.Fatal("no data and no error")
		}
		for _, p := range page.Data {
			if p.ID == "" || p.Amount.Currency().IsZero() {
				t.Fatalf("half a payment: %+v", p)
			}
		}
	})
}

// Whatever refuses, its error is one bounded, printable line.
func FuzzParseProblem(f *testing.F) {
	f.Add(422, "application/problem+json", "3", []byte(`{"code":"not_found","detail":"a\nb","next_action":["x"],"limit":{"amount":"1","currency":"CNY"}}`))
	f.Add(502, "text/html", "Fri, 02 Jan 2026 03:00:09 GMT", []byte("<html>\x1b[31m\xff\u202e</html>"))
	f.Fuzz(func(t *testing.T, status int, contentType, wait string, body []byte) {
		header := http.Header{"Content-Type": {contentType}, "Retry-After": {wait}, "Request-Id": {contentType}, "Date": {"Fri, 02 Jan 2026 03:00:00 GMT"}}
		e := parseProblem(&http.Response{StatusCode: status, Header: header}, body, money.ISO())
		text := e.Error()
		if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) || !utf8.ValidString(text) {
			t.Fatalf("not printable: %q", text)
		}
		if n := utf8.RuneCountInString(text); n > 8*(maxDetail+maxName) {
			t.Fatalf("%d characters", n)
		}
		if e.RetryAfter < 0 {
			t.Fatalf("waits %v", e.RetryAfter)
		}
		if e.Code != "" && !errors.Is(e, e.Code) {
			t.Fatal("an error that does not match its own code")
		}
		if e.again() && e.definite() {
			t.Fatalf("definite and yet repeated: %+v", e)
		}
	})
}
