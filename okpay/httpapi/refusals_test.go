package httpapi

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

// stock is what the bad requests are about.
type stock struct {
	waiting, held, paid, canceled okpay.Payment // of shop-1
	refund                        okpay.Refund
	endpoint                      okpay.Endpoint
	revoked                       string // an API key
}

func newStock(w *world) stock {
	w.t.Helper()
	s := stock{waiting: w.payment(good), held: w.held(), paid: w.paid(), canceled: w.payment(good)}
	a := w.post("/v1/payments/"+string(s.canceled.ID)+"/cancel", "")
	require.Equal(w.t, http.StatusOK, a.status, a.body)
	a = w.post("/v1/payments/"+string(s.paid.ID)+"/refunds", `{"amount":{"amount":"5.00","currency":"CNY"}}`)
	require.Equal(w.t, http.StatusCreated, a.status, a.body)
	s.refund = decoded[okpay.Refund](w.t, a)
	a = w.post("/v1/webhook_endpoints", `{"url":"https://shop.example/hooks"}`)
	require.Equal(w.t, http.StatusCreated, a.status, a.body)
	s.endpoint = decoded[okpay.Endpoint](w.t, a)
	key, secret, err := w.wallet.Keys.Create(w.t.Context(), "shop-1", "lost")
	require.NoError(w.t, err)
	require.NoError(w.t, w.wallet.Keys.Revoke(w.t.Context(), "shop-1", key.ID))
	s.revoked = secret.Reveal()
	return s
}

const good = `{"amount":{"amount":"19.95","currency":"CNY"}}`

// nest returns an array in an array in an array …
func nest(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

func TestABadRequestIsToldWhatIsWrongAndChangesNothing(t *testing.T) {
	w := newWorld(t)
	s := newStock(w)

	amount := func(json string) string { return `{"amount":{"amount":` + json + `,"currency":"CNY"}}` }
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
	}
	const create, capture, cancel, refund = "POST /v1/payments", "POST /v1/payments/{held}/capture", "POST /v1/payments/{held}/cancel", "POST /v1/payments/{paid}/refunds"
	paths := strings.NewReplacer("{held}", string(s.held.ID), "{paid}", string(s.paid.ID), "{canceled}", string(s.canceled.ID),
		"{waiting}", string(s.waiting.ID), "{refund}", string(s.refund.ID), "{endpoint}", string(s.endpoint.ID))

	for _, tt := range []struct {
		name   string
		on     string // method and path
		body   string
		change func(*http.Request)
		status int
		code   okpay.Code
		field  string
		detail string // a part of it
	}{
		// Amounts.
		{"an unknown currency", create, `{"amount":{"amount":"1","currency":"XYZ"}}`, nil, 400, okpay.CurrencyNotSupported, "amount.currency", "unknown currency"},
		{"a currency in small letters", create, `{"amount":{"amount":"1","currency":"cny"}}`, nil, 400, okpay.CurrencyNotSupported, "amount.currency", "unknown currency"},
		{"a negative amount", create, amount(`"-5.00"`), nil, 400, okpay.AmountNotPositive, "amount", "-5.00 CNY"},
		{"nothing", create, amount(`"0.00"`), nil, 400, okpay.AmountNotPositive, "amount", "0.00 CNY"},
		{"less than nothing", create, amount(`"-0"`), nil, 400, okpay.InvalidRequest, "amount.amount", "zero with a minus sign"},
		{"too many decimals", create, amount(`"1.001"`), nil, 400, okpay.AmountPrecision, "amount.amount", "CNY has 2 decimals"},
		{"decimals of a currency without any", create, `{"amount":{"amount":"1.5","currency":"JPY"}}`, nil, 400, okpay.AmountPrecision, "amount.amount", "JPY has 0 decimals"},
		{"an over-long amount", create, amount(`"` + strings.Repeat("9", 41) + `"`), nil, 400, okpay.InvalidRequest, "amount.amount", "longer than 40 bytes"},
		{"an amount beyond what a balance can be", create, amount(`"99999999999999999999"`), nil, 400, okpay.InvalidRequest, "amount.amount", "beyond"},
		{"an exponent", create, amount(`"1e3"`), nil, 400, okpay.InvalidRequest, "amount.amount", "must be digits"},
		{"a separator between thousands", create, amount(`"1,000.00"`), nil, 400, okpay.InvalidRequest, "amount.amount", "must be digits"},
		{"digits of another script", create, amount(`"१९"`), nil, 400, okpay.InvalidRequest, "amount.amount", "must be digits"},
		{"an empty amount", create, amount(`""`), nil, 400, okpay.InvalidRequest, "amount.amount", "empty"},
		{"a number instead of a string", create, amount(`19.95`), nil, 400, okpay.InvalidRequest, "amount.amount", `must be a string such as "19.95"`},
		{"an amount that is null", create, amount(`null`), nil, 400, okpay.InvalidRequest, "amount.amount", "is null"},
		{"a whole amount that is a string", create, `{"amount":"19.95 CNY"}`, nil, 400, okpay.InvalidRequest, "amount", "must be an object"},
		{"an amount without currency", create, `{"amount":{"amount":"1"}}`, nil, 400, okpay.InvalidRequest, "amount.currency", "is missing"},
		{"an amount with a member too many", create, `{"amount":{"amount":"1","currency":"CNY","minor":100}}`, nil, 400, okpay.InvalidRequest, "amount.minor", "no such member"},
		{"no amount", create, `{}`, nil, 400, okpay.InvalidRequest, "amount", "is missing"},
		{"a capture of another currency", capture, `{"amount":{"amount":"1","currency":"EUR"}}`, nil, 400, okpay.CurrencyNotSupported, "amount", "the payment is in CNY"},
		{"a capture of a number", capture, amount(`1`), nil, 400, okpay.InvalidRequest, "amount.amount", "must be a string"},
		{"a capture of more than is held", capture, amount(`"20.01"`), nil, 422, okpay.AmountExceedsCapturable, "amount", "at most 20.00 CNY"},
		{"a refund of more than was captured", refund, amount(`"15.01"`), nil, 422, okpay.AmountExceedsRefundable, "amount", "at most 15.00 CNY"},
		{"a refund of nothing", refund, amount(`"0"`), nil, 400, okpay.AmountNotPositive, "amount", "0.00 CNY"},

		// Other members.
		{"a member that is not known", create, `{"amount":{"amount":"1","currency":"CNY"},"ammount":1}`, nil, 400, okpay.InvalidRequest, "ammount", "there is amount, customer"},
		{"a member in another case", create, `{"Amount":{"amount":"1","currency":"CNY"}}`, nil, 400, okpay.InvalidRequest, "Amount", `"amount" is written in small letters`},
		{"a member given twice", create, `{"amount":{"amount":"1","currency":"CNY"},"reference":"a","reference":"b"}`, nil, 400, okpay.InvalidRequest, "reference", "twice"},
		{"an inner member given twice", create, `{"amount":{"amount":"1","amount":"2","currency":"CNY"}}`, nil, 400, okpay.InvalidRequest, "amount.amount", "twice"},
		{"a member given twice in other spelling", create, `{"amount":{"amount":"1","\u0061mount":"2","currency":"CNY"}}`, nil, 400, okpay.InvalidRequest, "amount.amount", "twice"},
		{"a reference that is a number", create, `{"amount":{"amount":"1","currency":"CNY"},"reference":7}`, nil, 400, okpay.InvalidRequest, "reference", "must be a string, and is a number"},
		{"an over-long reference", create, `{"amount":{"amount":"1","currency":"CNY"},"reference":"` + strings.Repeat("x", 129) + `"}`, nil, 400, okpay.InvalidRequest, "reference", "129 bytes"},
		{"a reference with NUL", create, `{"amount":{"amount":"1","currency":"CNY"},"reference":"a\u0000b"}`, nil, 400, okpay.InvalidRequest, "reference", "plain text"},
		{"half of a surrogate pair", create, `{"amount":{"amount":"1","currency":"CNY"},"reference":"\ud83d"}`, nil, 400, okpay.InvalidRequest, "reference", "surrogate"},
		{"a customer that is empty", create, `{"amount":{"amount":"1","currency":"CNY"},"customer":""}`, nil, 400, okpay.InvalidRequest, "customer", "is empty"},
		{"a customer with odd characters", create, `{"amount":{"amount":"1","currency":"CNY"},"customer":"a:b"}`, nil, 400, okpay.InvalidRequest, "customer", "character"},
		{"a customer that is not known", create, `{"amount":{"amount":"1","currency":"CNY"},"customer":"nobody"}`, nil, 404, okpay.NotFound, "", "no customer"},
		{"a capture method that is not known", create, `{"amount":{"amount":"1","currency":"CNY"},"capture_method":"later"}`, nil, 400, okpay.InvalidRequest, "capture_method", "neither"},
		{"an expiry of no time", create, `{"amount":{"amount":"1","currency":"CNY"},"expires_in":0}`, nil, 400, okpay.InvalidRequest, "expires_in", "1 to 7776000"},
		{"an expiry beyond 90 days", create, `{"amount":{"amount":"1","currency":"CNY"},"expires_in":7776001}`, nil, 400, okpay.InvalidRequest, "expires_in", "1 to 7776000"},
		{"an expiry beyond all numbers", create, `{"amount":{"amount":"1","currency":"CNY"},"expires_in":99999999999999999999}`, nil, 400, okpay.InvalidRequest, "expires_in", "1 to 7776000"},
		{"an expiry with a point", create, `{"amount":{"amount":"1","currency":"CNY"},"expires_in":60.5}`, nil, 400, okpay.InvalidRequest, "expires_in", "without point"},
		{"an expiry that is a string", create, `{"amount":{"amount":"1","currency":"CNY"},"expires_in":"60"}`, nil, 400, okpay.InvalidRequest, "expires_in", "is a string"},
		{"metadata that is a list", create, `{"amount":{"amount":"1","currency":"CNY"},"metadata":[]}`, nil, 400, okpay.InvalidRequest, "metadata", "an object of strings"},
		{"metadata with a number", create, `{"amount":{"amount":"1","currency":"CNY"},"metadata":{"order":7}}`, nil, 400, okpay.InvalidRequest, "metadata.order", "must be a string"},
		{"too much metadata", create, `{"amount":{"amount":"1","currency":"CNY"},"metadata":{"k":"` + strings.Repeat("x", 501) + `"}}`, nil, 400, okpay.InvalidRequest, "metadata", "501 bytes"},
		{"final that is a string", capture, `{"final":"yes"}`, nil, 400, okpay.InvalidRequest, "final", "true or false"},
		{"a cancel with a reason", cancel, `{"reason":"x"}`, nil, 400, okpay.InvalidRequest, "reason", "there is none"},
		{"an over-long reason", refund, `{"reason":"` + strings.Repeat("x", 501) + `"}`, nil, 400, okpay.InvalidRequest, "reason", "501 bytes"},
		{"an endpoint without url", "POST /v1/webhook_endpoints", `{}`, nil, 400, okpay.InvalidRequest, "url", "is missing"},
		{"an endpoint on ftp", "POST /v1/webhook_endpoints", `{"url":"ftp://shop.example/"}`, nil, 400, okpay.InvalidRequest, "url", "https"},
		{"events that are no list", "POST /v1/webhook_endpoints", `{"url":"https://shop.example/","events":"payment.captured"}`, nil, 400, okpay.InvalidRequest, "events", "an array"},
		{"an event that is no string", "POST /v1/webhook_endpoints", `{"url":"https://shop.example/","events":["payment.captured",1]}`, nil, 400, okpay.InvalidRequest, "events[1]", "must be a string"},
		{"an event that is not known", "POST /v1/webhook_endpoints", `{"url":"https://shop.example/","events":["payment.lost"]}`, nil, 400, okpay.InvalidRequest, "events", "not known"},

		// JSON.
		{"an empty body", create, "", nil, 400, okpay.InvalidRequest, "", "the body is empty"},
		{"an empty body for a refund", refund, "", nil, 400, okpay.InvalidRequest, "", "the body is empty"},
		{"a body of spaces", create, " \n ", nil, 400, okpay.InvalidRequest, "", "not JSON"},
		{"no JSON", create, "amount=1", nil, 400, okpay.InvalidRequest, "", "not JSON"},
		{"JSON that stops", create, `{"amount":{"amount":"1"`, nil, 400, okpay.InvalidRequest, "", "not JSON"},
		{"JSON with a comma too many", create, `{"amount":{"amount":"1","currency":"CNY"},}`, nil, 400, okpay.InvalidRequest, "", "not JSON"},
		{"JSON behind the JSON", create, good + good, nil, 400, okpay.InvalidRequest, "", "after top-level value"},
		{"a list", create, `[` + good + `]`, nil, 400, okpay.InvalidRequest, "", "must be a JSON object, and is an array"},
		{"null", create, `null`, nil, 400, okpay.InvalidRequest, "", "and is null"},
		{"null for a capture", capture, `null`, nil, 400, okpay.InvalidRequest, "", "and is null"},
		{"a string", create, `"x"`, nil, 400, okpay.InvalidRequest, "", "and is a string"},
		{"no UTF-8", create, "{\"amount\":{\"amount\":\"1\",\"currency\":\"CNY\"},\"reference\":\"\xff\"}", nil, 400, okpay.InvalidRequest, "", "not in UTF-8"},
		{"a nesting bomb", create, nest(30_000), nil, 400, okpay.InvalidRequest, "", ""},
		{"a small nesting bomb", create, `{"metadata":` + nest(9) + `}`, nil, 400, okpay.InvalidRequest, "metadata[0][0][0][0][0][0][0]", "nested more than 8 deep"},
		{"a body that is too large", create, `{"reference":"` + strings.Repeat("x", 64<<10) + `"}`, nil, 413, okpay.InvalidRequest, "", "65536 bytes"},
		{"a body that is too large and of unknown length", create, `{"reference":"` + strings.Repeat("x", 64<<10) + `"}`, func(r *http.Request) { r.ContentLength = -1 }, 413, okpay.InvalidRequest, "", "65536 bytes"},
		{"no content type", create, good, header("Content-Type"), 415, okpay.InvalidRequest, "Content-Type", "application/json"},
		{"a form", create, good, header("Content-Type", "application/x-www-form-urlencoded"), 415, okpay.InvalidRequest, "Content-Type", "application/json"},
		{"another charset", create, good, header("Content-Type", "application/json; charset=gbk"), 415, okpay.InvalidRequest, "Content-Type", "UTF-8"},
		{"a compressed body", create, good, header("Content-Encoding", "gzip"), 415, okpay.InvalidRequest, "Content-Encoding", "without compression"},

		// Keys.
		{"no idempotency key", create, good, header("Idempotency-Key"), 400, okpay.InvalidRequest, "Idempotency-Key", "is missing"},
		{"an empty idempotency key", create, good, header("Idempotency-Key", ""), 400, okpay.InvalidRequest, "Idempotency-Key", "is missing"},
		{"two idempotency keys", create, good, header("Idempotency-Key", "a", "b"), 400, okpay.InvalidRequest, "Idempotency-Key", "more than once"},
		{"an over-long idempotency key", create, good, header("Idempotency-Key", strings.Repeat("k", 129)), 400, okpay.InvalidRequest, "Idempotency-Key", "129 characters"},
		{"an idempotency key beyond ASCII", create, good, header("Idempotency-Key", "键"), 400, okpay.InvalidRequest, "Idempotency-Key", "ASCII"},
		{"no idempotency key for a capture", capture, "", header("Idempotency-Key"), 400, okpay.InvalidRequest, "Idempotency-Key", "is missing"},
		{"no idempotency key for a cancel", cancel, "", header("Idempotency-Key"), 400, okpay.InvalidRequest, "Idempotency-Key", "is missing"},
		{"no idempotency key for a refund", refund, "{}", header("Idempotency-Key"), 400, okpay.InvalidRequest, "Idempotency-Key", "is missing"},
		{"no idempotency key for an endpoint", "POST /v1/webhook_endpoints", `{"url":"https://shop.example/"}`, header("Idempotency-Key"), 400, okpay.InvalidRequest, "Idempotency-Key", "is missing"},
		{"no API key", create, good, header("Authorization"), 401, okpay.Unauthenticated, "", "is missing"},
		{"an API key without scheme", create, good, header("Authorization", w.key), 401, okpay.Unauthenticated, "", "not Bearer"},
		{"another scheme", create, good, header("Authorization", "Basic dTpw"), 401, okpay.Unauthenticated, "", "not Bearer"},
		{"two API keys", create, good, header("Authorization", "Bearer "+w.key, "Bearer "+w.key), 401, okpay.Unauthenticated, "", "more than once"},
		{"something that is no API key", create, good, header("Authorization", "Bearer letmein"), 401, okpay.Unauthenticated, "", "okpay_test_"},
		{"an over-long API key", create, good, header("Authorization", "Bearer "+w.key+strings.Repeat("x", 200)), 401, okpay.Unauthenticated, "", "not an API key"},
		{"an API key that is not known", create, good, header("Authorization", "Bearer "+w.key+"x"), 401, okpay.Unauthenticated, "", "not known"},
		{"a revoked API key", create, good, header("Authorization", "Bearer "+s.revoked), 401, okpay.Unauthenticated, "", "not known"},
		{"an API key of another mode", create, good, header("Authorization", "Bearer okpay_live_"+strings.Repeat("A", 43)), 401, okpay.Unauthenticated, "", "keys of the mode live are not served here"},
		{"a wrong API key and everything else wrong too", "POST /v1/payments?x=1", "[", header("Authorization", "Bearer x"), 401, okpay.Unauthenticated, "", ""},

		// Queries.
		{"a limit of 0", "GET /v1/payments?limit=0", "", nil, 400, okpay.InvalidRequest, "limit", "1 to 100"},
		{"a limit of 101", "GET /v1/payments?limit=101", "", nil, 400, okpay.InvalidRequest, "limit", "1 to 100"},
		{"a limit of x", "GET /v1/payments?limit=x", "", nil, 400, okpay.InvalidRequest, "limit", "1 to 100"},
		{"an empty limit", "GET /v1/payments?limit=", "", nil, 400, okpay.InvalidRequest, "limit", "1 to 100"},
		{"a limit with a sign", "GET /v1/payments?limit=%2B5", "", nil, 400, okpay.InvalidRequest, "limit", "1 to 100"},
		{"two limits", "GET /v1/payments?limit=5&limit=6", "", nil, 400, okpay.InvalidRequest, "limit", "more than once"},
		{"a limit of 0 for refunds", "GET /v1/refunds?limit=0", "", nil, 400, okpay.InvalidRequest, "limit", "1 to 100"},
		{"a limit of 0 for activity", "GET /v1/activity?limit=0", "", nil, 400, okpay.InvalidRequest, "limit", "1 to 100"},
		{"a limit of 0 for a statement", "GET /v1/statement?currency=CNY&limit=0", "", nil, 400, okpay.InvalidRequest, "limit", "1 to 100"},
		{"a limit of 0 for deliveries", "GET /v1/webhook_endpoints/{endpoint}/deliveries?limit=0", "", nil, 400, okpay.InvalidRequest, "limit", "1 to 100"},
		{"a parameter that is not known", "GET /v1/payments?status=captured", "", nil, 400, okpay.InvalidRequest, "status", "no such query parameter"},
		{"a parameter where there are none", "POST /v1/payments?dry_run=1", good, nil, 400, okpay.InvalidRequest, "dry_run", "no such query parameter"},
		{"a malformed query", "GET /v1/payments?limit=%zz", "", nil, 400, okpay.InvalidRequest, "", "malformed"},
		{"a state that is not known", "GET /v1/payments?state=asleep", "", nil, 400, okpay.InvalidRequest, "state", "no such state"},
		{"an empty state", "GET /v1/payments?state=", "", nil, 400, okpay.InvalidRequest, "state", "no such state"},
		{"a statement without currency", "GET /v1/statement", "", nil, 400, okpay.InvalidRequest, "currency", "is missing"},
		{"a statement in an unknown currency", "GET /v1/statement?currency=XYZ", "", nil, 400, okpay.CurrencyNotSupported, "currency", "unknown currency"},
		{"a statement in another order", "GET /v1/statement?currency=CNY&order=up", "", nil, 400, okpay.InvalidRequest, "order", "neither desc nor asc"},
		{"a bad cursor", "GET /v1/payments?cursor=abc", "", nil, 400, okpay.InvalidRequest, "cursor", "not a cursor of this list"},
		{"an empty cursor", "GET /v1/payments?cursor=", "", nil, 400, okpay.InvalidRequest, "cursor", "not a cursor of this list"},
		{"a bad cursor for refunds", "GET /v1/refunds?cursor=abc", "", nil, 400, okpay.InvalidRequest, "cursor", "not a cursor of this list"},
		{"a bad cursor for activity", "GET /v1/activity?cursor=abc", "", nil, 400, okpay.InvalidRequest, "cursor", "not a cursor of this list"},
		{"a bad cursor for a statement", "GET /v1/statement?currency=CNY&cursor=abc", "", nil, 400, okpay.InvalidRequest, "cursor", "not a cursor of this list"},

		// Paths and methods.
		{"an unknown path", "GET /v1/nothing", "", nil, 404, okpay.NotFound, "", "nothing at this path"},
		{"an unknown path without API key", "GET /v1/nothing", "", header("Authorization"), 404, okpay.NotFound, "", "nothing at this path"},
		{"no path", "GET /", "", nil, 404, okpay.NotFound, "", "nothing at this path"},
		{"a path with a slash too many", "GET /v1/payments/", "", nil, 404, okpay.NotFound, "", "nothing at this path"},
		{"a path with two slashes", "GET /v1//payments", "", nil, 404, okpay.NotFound, "", "nothing at this path"},
		{"a path that goes up", "GET /v1/payments/../payments", "", nil, 404, okpay.NotFound, "", "nothing at this path"},
		{"a wrong method", "DELETE /v1/payments/{paid}", "", nil, 405, okpay.InvalidRequest, "", "only GET"},
		{"another wrong method", "PUT /v1/payments", good, nil, 405, okpay.InvalidRequest, "", "only POST, GET"},
		{"a method that is none", "PAY /v1/payments", "", nil, 405, okpay.InvalidRequest, "", "only POST, GET"},
		{"an unknown payment", "GET /v1/payments/pay_unknown", "", nil, 404, okpay.NotFound, "", "no payment"},
		{"an unknown payment to capture", "POST /v1/payments/pay_unknown/capture", "", nil, 404, okpay.NotFound, "", "no payment"},
		{"an unknown payment to cancel", "POST /v1/payments/pay_unknown/cancel", "", nil, 404, okpay.NotFound, "", "no payment"},
		{"an unknown payment to refund", "POST /v1/payments/pay_unknown/refunds", "{}", nil, 404, okpay.NotFound, "", "no payment"},
		{"refunds of an unknown payment", "GET /v1/payments/pay_unknown/refunds", "", nil, 404, okpay.NotFound, "", "no payment"},
		{"an unknown refund", "GET /v1/refunds/ref_unknown", "", nil, 404, okpay.NotFound, "", "no refund"},
		{"an unknown endpoint", "GET /v1/webhook_endpoints/we_unknown", "", nil, 404, okpay.NotFound, "", "no endpoint"},
		{"an unknown endpoint to delete", "DELETE /v1/webhook_endpoints/we_unknown", "", nil, 404, okpay.NotFound, "", "no endpoint"},
		{"deliveries to an unknown endpoint", "GET /v1/webhook_endpoints/we_unknown/deliveries", "", nil, 404, okpay.NotFound, "", "no endpoint"},
		{"an id with NUL", "POST /v1/payments/a%00b/cancel", "", nil, 404, okpay.NotFound, "", "no payment"},
		{"an id with a slash", "GET /v1/payments/a%2Fb", "", nil, 404, okpay.NotFound, "", "no payment"},
		{"an over-long id", "GET /v1/payments/" + strings.Repeat("x", 129), "", nil, 404, okpay.NotFound, "", "no payment"},
		{"an id that is no text", "GET /v1/payments/%ff", "", nil, 404, okpay.NotFound, "", "no payment"},

		// State.
		{"a capture of a canceled payment", "POST /v1/payments/{canceled}/capture", "", nil, 409, okpay.InvalidState, "", "the payment is canceled"},
		{"a capture before the customer has confirmed", "POST /v1/payments/{waiting}/capture", "", nil, 409, okpay.InvalidState, "", "the payment is created"},
		{"a cancel of a paid payment", "POST /v1/payments/{paid}/cancel", "", nil, 409, okpay.InvalidState, "", "the payment is partially_refunded"},
		{"a refund of what was not paid", "POST /v1/payments/{held}/refunds", "{}", nil, 409, okpay.InvalidState, "", "the payment is authorized"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			method, target, _ := strings.Cut(tt.on, " ")
			req := w.request(method, paths.Replace(target), tt.body)
			if tt.change != nil {
				tt.change(req)
			}
			before := w.seq()
			a := w.do(onPurpose(req))
			assert.Equal(t, before, w.seq(), "something was written")
			assert.Equal(t, tt.status, a.status, a.body)
			p := a.problem(t)
			assert.Equal(t, tt.code, p.Code)
			assert.Equal(t, tt.field, p.Field)
			assert.Contains(t, p.Detail, tt.detail)
			f, _ := okpay.FailureOf(tt.code)
			assert.Equal(t, message{f.En, f.Zh}, p.Message)
			assert.Equal(t, f.Retry, p.Retry)
			assert.Equal(t, f.NextAction, p.NextAction)
			assert.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
		})
	}
}

func TestAWrongMethodIsToldTheRightOnes(t *testing.T) {
	w := newWorld(t)
	for path, allow := range map[string]string{
		"/v1/payments":                       "POST, GET, HEAD",
		"/v1/payments/pay_1":                 "GET, HEAD",
		"/v1/payments/pay_1/capture":         "POST",
		"/v1/webhook_endpoints/we_1":         "GET, HEAD, DELETE",
		"/v1/openapi.yaml":                   "GET, HEAD",
		"/v1/payments/pay_1/refunds":         "POST, GET, HEAD",
		"/v1/webhook_endpoints/x/deliveries": "GET, HEAD",
	} {
		a := w.do(onPurpose(w.request(http.MethodPatch, path, "")))
		assert.Equal(t, http.StatusMethodNotAllowed, a.status, path)
		assert.Equal(t, allow, a.header.Get("Allow"), path)
	}
}

func TestTheLimitOfWhatIsPossibleIsToldAsAnAmount(t *testing.T) {
	w := newWorld(t)
	p := w.held()
	a := w.post("/v1/payments/"+string(p.ID)+"/capture", `{"amount":{"amount":"20.01","currency":"CNY"}}`)
	refused := a.problem(t)
	require.NotNil(t, refused.Limit)
	assert.Equal(t, cny(2000), *refused.Limit)
	assert.Equal(t, string(p.ID), refused.Object)
}

func TestSomeoneElsesObjectIsAnsweredLikeAnUnknownOne(t *testing.T) {
	w := newWorld(t)
	s := newStock(w)
	requestID := regexp.MustCompile(`req_[a-z2-7]{26}`)
	for _, tt := range []struct{ method, path, body, id string }{
		{http.MethodGet, "/v1/payments/{id}", "", string(s.paid.ID)},
		{http.MethodPost, "/v1/payments/{id}/capture", "", string(s.held.ID)},
		{http.MethodPost, "/v1/payments/{id}/capture", `{"amount":{"amount":"1","currency":"CNY"},"final":true}`, string(s.canceled.ID)},
		{http.MethodPost, "/v1/payments/{id}/cancel", "", string(s.held.ID)},
		{http.MethodPost, "/v1/payments/{id}/refunds", "{}", string(s.paid.ID)},
		{http.MethodGet, "/v1/payments/{id}/refunds", "", string(s.paid.ID)},
		{http.MethodGet, "/v1/refunds/{id}", "", string(s.refund.ID)},
		{http.MethodGet, "/v1/webhook_endpoints/{id}", "", string(s.endpoint.ID)},
		{http.MethodDelete, "/v1/webhook_endpoints/{id}", "", string(s.endpoint.ID)},
		{http.MethodGet, "/v1/webhook_endpoints/{id}/deliveries", "", string(s.endpoint.ID)},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			before := w.seq()
			ask := func(id string) (answer, string) {
				req := w.request(tt.method, strings.Replace(tt.path, "{id}", id, 1), tt.body)
				req.Header.Set("Authorization", "Bearer "+w.other)
				a := w.do(req)
				return a, requestID.ReplaceAllString(strings.ReplaceAll(a.body, id, "{id}"), "{request}")
			}
			prefix, _, _ := strings.Cut(tt.id, "_")
			theirs, body := ask(tt.id)
			unknown, unknownBody := ask(prefix + "_00000000000000000000000000")
			assert.Equal(t, http.StatusNotFound, theirs.status, theirs.body)
			assert.Equal(t, unknown.status, theirs.status)
			assert.Equal(t, unknownBody, body)
			assert.Equal(t, headerNames(unknown), headerNames(theirs))
			assert.Equal(t, before, w.seq())
		})
	}
	// What is theirs is as it was.
	assert.Equal(t, http.StatusOK, w.get("/v1/webhook_endpoints/"+string(s.endpoint.ID)).status)
	for _, p := range []okpay.Payment{s.held, s.paid} {
		assert.Equal(t, http.StatusOK, w.get("/v1/payments/"+string(p.ID)).status)
	}
}

func headerNames(a answer) map[string]bool {
	names := make(map[string]bool)
	for name := range a.header {
		names[name] = true
	}
	return names
}

func TestListsHoldOnlyWhatIsTheMerchants(t *testing.T) {
	w := newWorld(t)
	newStock(w)
	for _, path := range []string{
		"/v1/payments", "/v1/payments?state=captured", "/v1/refunds", "/v1/webhook_endpoints", "/v1/balances", "/v1/activity",
		"/v1/statement?currency=CNY",
	} {
		req := w.request(http.MethodGet, path, "")
		req.Header.Set("Authorization", "Bearer "+w.other)
		a := w.do(req)
		require.Equal(t, http.StatusOK, a.status, a.body)
		assert.Empty(t, decoded[page[any]](t, a).Data, path)
		assert.Contains(t, a.body, `"data":[]`, path)
	}
}

func TestACursorOfAnotherListIsRefused(t *testing.T) {
	w := newWorld(t)
	var last okpay.Payment
	for range 3 {
		last = w.paid()
		a := w.post("/v1/payments/"+string(last.ID)+"/refunds", `{"amount":{"amount":"1.00","currency":"CNY"}}`)
		require.Equal(t, http.StatusCreated, a.status)
		a = w.post("/v1/payments/"+string(last.ID)+"/refunds", `{"amount":{"amount":"1.00","currency":"CNY"}}`)
		require.Equal(t, http.StatusCreated, a.status)
	}
	lists := []string{
		"/v1/payments?limit=1", "/v1/payments?state=partially_refunded&limit=1", "/v1/refunds?limit=1",
		"/v1/payments/" + string(last.ID) + "/refunds?limit=1", "/v1/activity?limit=1",
		"/v1/statement?currency=CNY&limit=1", "/v1/statement?currency=CNY&order=asc&limit=1",
	}
	for _, from := range lists {
		cursor := decoded[page[any]](t, w.get(from)).NextCursor
		require.NotNil(t, cursor, from)
		for _, to := range lists {
			req := w.request(http.MethodGet, to+"&cursor="+url.QueryEscape(*cursor), "")
			a := w.do(req)
			if from == to {
				assert.Equal(t, http.StatusOK, a.status, a.body)
				continue
			}
			assert.Equal(t, http.StatusBadRequest, a.status, "%s with a cursor of %s", to, from)
			assert.Equal(t, "cursor", a.problem(t).Field)
		}
		req := w.request(http.MethodGet, from+"&cursor="+url.QueryEscape(*cursor), "")
		req.Header.Set("Authorization", "Bearer "+w.other)
		if a := w.do(req); !strings.Contains(from, string(last.ID)) {
			assert.Equal(t, http.StatusBadRequest, a.status, "%s of another merchant", from)
		}
	}
}

func TestAKeyThatWasUsedForSomethingElseIsRefusedAndTheFieldNamed(t *testing.T) {
	w := newWorld(t)
	held, another := w.held(), w.held()
	paid := w.paid()
	again := func(path, body, key string) answer {
		req := w.request(http.MethodPost, path, body)
		req.Header.Set("Idempotency-Key", key)
		return w.do(req)
	}
	const full = `{"amount":{"amount":"1.00","currency":"CNY"},"customer":"customer-1","capture_method":"manual","expires_in":60,"reference":"r","description":"d","metadata":{"k":"v"}}`
	require.Equal(t, http.StatusCreated, again("/v1/payments", full, "create").status)
	require.Equal(t, http.StatusOK, again("/v1/payments/"+string(held.ID)+"/capture", `{"amount":{"amount":"1.00","currency":"CNY"}}`, "capture").status)
	require.Equal(t, http.StatusOK, again("/v1/payments/"+string(held.ID)+"/cancel", "", "cancel").status)
	require.Equal(t, http.StatusCreated, again("/v1/payments/"+string(paid.ID)+"/refunds", `{"reason":"r"}`, "refund").status)
	require.Equal(t, http.StatusCreated, again("/v1/webhook_endpoints", `{"url":"https://shop.example/"}`, "endpoint").status)
	replace := func(old, new string) string { return strings.Replace(full, old, new, 1) }
	for _, tt := range []struct{ name, path, body, key, field string }{
		{"another amount", "/v1/payments", replace("1.00", "1.01"), "create", "amount"},
		{"another currency", "/v1/payments", replace("CNY", "EUR"), "create", "amount"},
		{"another customer", "/v1/payments", replace(`"customer":"customer-1",`, ""), "create", "customer"},
		{"another capture method", "/v1/payments", replace("manual", "automatic"), "create", "capture_method"},
		{"another expiry", "/v1/payments", replace("60", "61"), "create", "expires_in"},
		{"another reference", "/v1/payments", replace(`"r"`, `"s"`), "create", "reference"},
		{"another description", "/v1/payments", replace(`"d"`, `"e"`), "create", "description"},
		{"other metadata", "/v1/payments", replace(`"v"`, `"w"`), "create", "metadata"},
		{"another payment to capture", "/v1/payments/" + string(another.ID) + "/capture", `{"amount":{"amount":"1.00","currency":"CNY"}}`, "capture", "payment"},
		{"everything in place of a part", "/v1/payments/" + string(held.ID) + "/capture", ``, "capture", "amount"},
		{"final", "/v1/payments/" + string(held.ID) + "/capture", `{"amount":{"amount":"1.00","currency":"CNY"},"final":true}`, "capture", "final"},
		{"another payment to cancel", "/v1/payments/" + string(another.ID) + "/cancel", ``, "cancel", "payment"},
		{"another reason", "/v1/payments/" + string(paid.ID) + "/refunds", `{"reason":"s"}`, "refund", "reason"},
		{"another URL", "/v1/webhook_endpoints", `{"url":"https://shop.example/2"}`, "endpoint", "url"},
		{"other events", "/v1/webhook_endpoints", `{"url":"https://shop.example/","events":["payment.created"]}`, "endpoint", "events"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := w.seq()
			a := again(tt.path, tt.body, tt.key)
			assert.Equal(t, http.StatusUnprocessableEntity, a.status, a.body)
			p := a.problem(t)
			assert.Equal(t, okpay.IdempotencyKeyReused, p.Code)
			assert.Equal(t, tt.field, p.Field)
			assert.Equal(t, before, w.seq())
		})
	}
}

func TestARefundThatWaitsForFundsIsAnsweredAsMade(t *testing.T) {
	w := newWorld(t)
	paid := w.paid()
	// The fee took a part, so that the merchant cannot refund the whole.
	ask := func() answer {
		req := w.request(http.MethodPost, "/v1/payments/"+string(paid.ID)+"/refunds", "{}")
		req.Header.Set("Idempotency-Key", "refund")
		return w.do(req)
	}
	first := ask()
	assert.Equal(t, http.StatusCreated, first.status, first.body)
	refund := decoded[okpay.Refund](t, first)
	assert.Equal(t, okpay.RefundPendingFunds, refund.State)
	require.NotNil(t, refund.Failure)
	assert.Equal(t, okpay.MerchantFundsInsufficient, refund.Failure.Code)

	again := ask()
	assert.Equal(t, http.StatusCreated, again.status)
	assert.Equal(t, refund.ID, decoded[okpay.Refund](t, again).ID)
	assert.Equal(t, "true", again.header.Get("Idempotency-Replayed"))
}

func TestACaptureAfterTheTimeIsOverRecordsTheExpiry(t *testing.T) {
	w := newWorld(t)
	p := w.held()
	w.clock.Advance(8 * 24 * time.Hour)
	a := w.post("/v1/payments/"+string(p.ID)+"/capture", "")
	assert.Equal(t, http.StatusConflict, a.status, a.body)
	assert.Equal(t, string(p.ID), a.problem(t).Object)
	assert.Equal(t, okpay.PaymentTimedOut, decoded[okpay.Payment](t, w.get("/v1/payments/"+string(p.ID))).State)
}
