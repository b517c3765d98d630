package httpapi

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi/datamodel/high/base"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/pb33f/libopenapi/orderedmap"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

func TestTheDocumentIsOpenAPI31(t *testing.T) {
	c := loadContract(t)
	assert.Equal(t, "3.1.0", c.model.Version)
	_, found := c.validator.ValidateDocument()
	assert.NoError(t, errorsOf(found))
}

func TestEveryRouteIsInTheDocumentAndTheOtherWayRound(t *testing.T) {
	var served, described []string
	for _, rt := range (&handler{document: newDocument()}).routes() {
		served = append(served, rt.method+" "+rt.path)
	}
	for p, item := range loadContract(t).model.Paths.PathItems.FromOldest() {
		for method := range item.GetOperations().FromOldest() {
			described = append(described, strings.ToUpper(method)+" "+p)
		}
	}
	assert.ElementsMatch(t, served, described)
}

func TestRoutesAndDocumentAgreeOnParametersAndKeys(t *testing.T) {
	c := loadContract(t)
	for _, rt := range (&handler{document: newDocument()}).routes() {
		item, ok := c.model.Paths.PathItems.Get(rt.path)
		require.True(t, ok, rt.path)
		op, ok := item.GetOperations().Get(strings.ToLower(rt.method))
		require.True(t, ok, rt.path)
		var query []string
		keyed := false
		for _, p := range op.Parameters {
			if p.In == "query" {
				query = append(query, p.Name)
			}
			keyed = keyed || p.Name == "Idempotency-Key"
		}
		assert.ElementsMatch(t, rt.query, query, "%s %s", rt.method, rt.path)
		assert.Equal(t, rt.keyed, keyed, "%s %s", rt.method, rt.path)
		assert.Equal(t, rt.public, op.Security != nil, "%s %s: only a public operation has a security of its own", rt.method, rt.path)
		assert.Equal(t, rt.method == http.MethodPost, rt.keyed, "%s %s", rt.method, rt.path)
	}
}

func TestTheDocumentKnowsWhatTheWalletKnows(t *testing.T) {
	c := loadContract(t)
	enum := func(name string) []string {
		proxy, ok := c.model.Components.Schemas.Get(name)
		require.True(t, ok, name)
		var values []string
		for _, node := range proxy.Schema().Enum {
			values = append(values, node.Value)
		}
		return values
	}
	var states []string
	for _, s := range paymentStates() {
		states = append(states, string(s))
	}
	assert.ElementsMatch(t, states, enum("PaymentState"))
	assert.ElementsMatch(t, activityKinds(), enum("ActivityKind"))
	assert.ElementsMatch(t, okpay.EventTypes(), enum("EventType"))
	assert.ElementsMatch(t, okpay.EventTypes(), slices.Collect(c.model.Webhooks.KeysFromOldest()))
}

// mediaTypes calls fn with every media type of the document that has examples.
func mediaTypes(c *contract, fn func(where string, m *v3.MediaType)) {
	content := func(where string, types *orderedmap.Map[string, *v3.MediaType]) {
		for _, m := range types.FromOldest() {
			fn(where, m)
		}
	}
	items := func(items *orderedmap.Map[string, *v3.PathItem]) {
		for p, item := range items.FromOldest() {
			for method, op := range item.GetOperations().FromOldest() {
				if op.RequestBody != nil {
					content(method+" "+p, op.RequestBody.Content)
				}
				for status, r := range op.Responses.Codes.FromOldest() {
					content(method+" "+p+" "+status, r.Content)
				}
			}
		}
	}
	items(c.model.Paths.PathItems)
	items(c.model.Webhooks)
}

func TestTheExamplesInTheDocumentAreValid(t *testing.T) {
	c := loadContract(t)
	seen := 0
	check := func(where string, schema *base.Schema, value any) {
		seen++
		_, found := c.schemas.ValidateSchemaObject(schema, value)
		assert.NoError(t, errorsOf(found), where)
	}
	mediaTypes(c, func(where string, m *v3.MediaType) {
		for name, example := range m.Examples.FromOldest() {
			var value any
			require.NoError(t, example.Value.Decode(&value), where)
			check(where+" "+name, m.Schema.Schema(), value)
		}
	})
	for name, proxy := range c.model.Components.Schemas.FromOldest() {
		for _, node := range proxy.Schema().Examples {
			var value any
			require.NoError(t, node.Decode(&value), name)
			check(name, proxy.Schema(), value)
		}
	}
	for name, p := range c.model.Components.Parameters.FromOldest() {
		if p.Example != nil {
			var value any
			require.NoError(t, p.Example.Decode(&value), name)
			check(name, p.Schema.Schema(), value)
		}
	}
	assert.Greater(t, seen, 200)
}

// contractCodes are the refusals that the API may answer, with their statuses.
func contractCodes() map[okpay.Code]int {
	return map[okpay.Code]int{
		okpay.InvalidRequest: 400, okpay.AmountPrecision: 400, okpay.AmountNotPositive: 400, okpay.CurrencyNotSupported: 400,
		okpay.Unauthenticated:     401,
		okpay.InsufficientBalance: 402,
		okpay.NotFound:            404,
		okpay.InvalidState:        409, okpay.PaymentExpired: 409, requestInProgress: 409,
		okpay.PaymentDisputed: 409, okpay.PaymentNotRefundable: 409, okpay.OrderAlreadyPaid: 409,
		okpay.IdempotencyKeyReused: 422, okpay.AmountExceedsCapturable: 422, okpay.AmountExceedsRefundable: 422,
		okpay.LimitExceededTransaction: 422, okpay.LimitExceededDaily: 422, okpay.LimitExceededMonthly: 422, okpay.VelocityExceeded: 422,
		okpay.MerchantNotAllowed: 422, okpay.AmountTooSmall: 422, okpay.RiskDeclined: 422, okpay.AuthenticationRequired: 422,
		okpay.WithdrawalBelowMinimum: 422, okpay.WithdrawalExceedsWithdrawable: 422,
		okpay.DestinationInvalid: 422, okpay.DestinationClosed: 422, okpay.DestinationBlocked: 422, okpay.DestinationNameMismatch: 422,
		okpay.InternalError: 500, okpay.ServiceBusy: 503,
	}
}

func TestEveryProblemIsShownInTheDocumentAsTheWalletKnowsIt(t *testing.T) {
	c := loadContract(t)
	shown := make(map[okpay.Code]bool)
	mediaTypes(c, func(where string, m *v3.MediaType) {
		for name, example := range m.Examples.FromOldest() {
			var value any
			require.NoError(t, example.Value.Decode(&value))
			b, err := json.Marshal(value)
			require.NoError(t, err)
			var p problem
			if json.Unmarshal(b, &p) != nil || p.Code == "" {
				continue // not a problem
			}
			shown[p.Code] = true
			f, ok := okpay.FailureOf(p.Code)
			require.True(t, ok, p.Code)
			assert.Equal(t, f.En, p.Title, name)
			assert.Equal(t, message{f.En, f.Zh}, p.Message, name)
			assert.Equal(t, f.Fault, p.Fault, name)
			assert.Equal(t, f.Retry, p.Retry, name)
			assert.Equal(t, f.NextAction, p.NextAction, name)
			assert.True(t, strings.HasSuffix(where, http.StatusText(p.Status)) || strings.Contains(where, " "+itoa(p.Status)), "%s is shown as %d", name, p.Status)
			if p.Status != 413 && p.Status != 415 {
				assert.Equal(t, contractCodes()[p.Code], p.Status, name)
			}
		}
	})
	for code, status := range contractCodes() {
		assert.True(t, shown[code], "%s is shown nowhere", code)
		assert.Equal(t, status, statusOf(code), code)
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

func TestTheValidatorCatchesWrongResponses(t *testing.T) {
	const payment = `{"id":"pay_1","merchant":"shop-1","state":"created","capture_method":"automatic",` +
		`"amount":{"amount":"1.00","currency":"CNY"},"captured":{"amount":"0.00","currency":"CNY"},"refunded":{"amount":"0.00","currency":"CNY"},` +
		`"fee":{"amount":"0.00","currency":"CNY"},"fee_returned":{"amount":"0.00","currency":"CNY"},"metadata":{"order":"7"},"attempts":0,` +
		`"created_at":"2025-12-01T10:00:00Z","updated_at":"2025-12-01T10:00:00Z","expires_at":"2025-12-08T10:00:00Z","sequence":1}`
	const page = `{"data":[` + payment + `],"next_cursor":null}`
	const refusal = `{"type":"urn:okpay:error:not_found","title":"t","status":404,"detail":"d","code":"not_found","fault":"caller","retry":"never",` +
		`"next_action":["check_id"],"message":{"en":"e","zh-CN":"z"},"request_id":"req_aaaaaaaaaaaaaaaaaaaaaaaaaa"}`
	const id = "req_aaaaaaaaaaaaaaaaaaaaaaaaaa"
	header := func(pairs ...string) http.Header {
		h := http.Header{"Request-Id": {id}, "Content-Type": {"application/json"}}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	problemHeader := header("Content-Type", "application/problem+json")
	for _, tt := range []struct {
		name   string
		path   string
		status int
		header http.Header
		body   string
		wrong  bool
	}{
		{"a payment as it is", "/v1/payments/pay_1", 200, header(), payment, false},
		{"a page as it is", "/v1/payments", 200, header(), page, false},
		{"a problem as it is", "/v1/payments/pay_1", 404, problemHeader, refusal, false},
		{"a problem of an unknown path as it is", "/v1/nothing", 404, problemHeader, refusal, false},

		{"a member is missing", "/v1/payments/pay_1", 200, header(), strings.Replace(payment, `"sequence":1`, `"metadata":{}`, 1), true},
		{"a member that is not described", "/v1/payments/pay_1", 200, header(), strings.Replace(payment, `"attempts"`, `"secret":1,"attempts"`, 1), true},
		{"a member that is not described, in a list", "/v1/payments", 200, header(), strings.Replace(page, `"attempts"`, `"secret":1,"attempts"`, 1), true},
		{"a member that is not described, in an amount", "/v1/payments", 200, header(), strings.Replace(page, `"amount":"1.00"`, `"amount":"1.00","minor":100`, 1), true},
		{"an amount that is a number", "/v1/payments/pay_1", 200, header(), strings.Replace(payment, `"1.00"`, `1.00`, 1), true},
		{"a time that is not in UTC", "/v1/payments/pay_1", 200, header(), strings.Replace(payment, `10:00:00Z`, `18:00:00+08:00`, 1), true},
		{"a time that is none", "/v1/payments/pay_1", 200, header(), strings.Replace(payment, `12-01T10`, `13-01T10`, 1), true},
		{"a state that is not described", "/v1/payments/pay_1", 200, header(), strings.Replace(payment, `"created"`, `"asleep"`, 1), true},
		{"null in place of a list", "/v1/payments", 200, header(), `{"data":null,"next_cursor":null}`, true},
		{"a list without next_cursor", "/v1/payments", 200, header(), `{"data":[]}`, true},
		{"a status that is not described", "/v1/payments/pay_1", 202, header(), payment, true},
		{"a type of content that is not described", "/v1/payments/pay_1", 200, header("Content-Type", "text/plain"), payment, true},
		{"a header that is not described", "/v1/payments/pay_1", 200, header("X-Merchant", "shop-1"), payment, true},
		{"no Request-Id", "/v1/payments/pay_1", 200, http.Header{"Content-Type": {"application/json"}}, payment, true},
		{"no Request-Id that is one", "/v1/payments/pay_1", 200, header("Request-Id", "7"), payment, true},
		{"a problem with another request id", "/v1/payments/pay_1", 404, problemHeader, strings.Replace(refusal, "req_a", "req_b", 1), true},
		{"a problem with another status", "/v1/payments/pay_1", 404, problemHeader, strings.Replace(refusal, "404", "409", 1), true},
		{"a problem without Chinese", "/v1/payments/pay_1", 404, problemHeader, strings.Replace(refusal, `,"zh-CN":"z"`, "", 1), true},
		{"a problem with another type", "/v1/payments/pay_1", 404, problemHeader, strings.Replace(refusal, "error:not_found", "error:gone", 1), true},
		{"401 without WWW-Authenticate", "/v1/payments/pay_1", 401, problemHeader, strings.Replace(refusal, "404", "401", 1), true},
		{"a path that is not described", "/v1/nothing", 200, header(), payment, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := httptest.NewRequest(http.MethodGet, tt.path, nil)
			res := &http.Response{StatusCode: tt.status, Header: tt.header.Clone(), Body: io.NopCloser(strings.NewReader(tt.body))}
			err := loadContract(t).response(req, res, []byte(tt.body))
			if tt.wrong {
				assert.Error(t, err)
			} else {
				assert.NoError(t, err)
			}
		})
	}
}

func TestTheValidatorCatchesWrongRequests(t *testing.T) {
	for _, tt := range []struct {
		name, body, key string
		wrong           bool
	}{
		{"a payment as it should be asked for", `{"amount":{"amount":"1.00","currency":"CNY"}}`, "k", false},
		{"an amount that is a number", `{"amount":{"amount":1,"currency":"CNY"}}`, "k", true},
		{"a member that is not described", `{"amount":{"amount":"1.00","currency":"CNY"},"x":1}`, "k", true},
		{"no Idempotency-Key", `{"amount":{"amount":"1.00","currency":"CNY"}}`, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := httptest.NewRequest(http.MethodPost, "/v1/payments", strings.NewReader(tt.body))
			req.Header.Set("Authorization", "Bearer okpay_test_x")
			req.Header.Set("Content-Type", "application/json")
			if tt.key != "" {
				req.Header.Set("Idempotency-Key", tt.key)
			}
			err := loadContract(t).request(req)
			if tt.wrong {
				assert.Error(t, err)
			} else {
				assert.NoError(t, err)
			}
		})
	}
}

func TestTheDocumentIsServedToEverybody(t *testing.T) {
	w := newWorld(t)
	ask := func(method, etag string) answer {
		req, err := http.NewRequestWithContext(t.Context(), method, w.server.URL+"/v1/openapi.yaml", nil)
		require.NoError(t, err)
		if etag != "" {
			req.Header.Set("If-None-Match", etag)
		}
		return w.do(req)
	}
	first := ask(http.MethodGet, "")
	assert.Equal(t, http.StatusOK, first.status)
	assert.Equal(t, "application/yaml", first.header.Get("Content-Type"))
	assert.Equal(t, string(OpenAPI()), first.body)
	etag := first.header.Get("ETag")

	for _, known := range []string{etag, "W/" + etag, `"other", ` + etag, "*"} {
		again := ask(http.MethodGet, known)
		assert.Equal(t, http.StatusNotModified, again.status, known)
		assert.Empty(t, again.body)
		assert.Equal(t, etag, again.header.Get("ETag"))
	}
	assert.Equal(t, http.StatusOK, ask(http.MethodGet, `"other"`).status)
	head := ask(http.MethodHead, "")
	assert.Equal(t, http.StatusOK, head.status)
	assert.Equal(t, first.header.Get("Content-Length"), head.header.Get("Content-Length"))
}

func TestTheCallerMayWriteIntoWhatOpenAPIReturns(t *testing.T) {
	before := OpenAPI()
	OpenAPI()[0] ^= 1
	assert.True(t, bytes.Equal(before, OpenAPI()))
}
