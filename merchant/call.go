package merchant

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/okpay/okpay-go/ledger/money"
)

// call is one operation as it is about to be sent.
type call struct {
	operation string // as a reader of the code would write it: "payments.create"
	method    string
	path      string // below /v1, escaped
	query     url.Values
	csv       bool   // the answer is a file and not JSON
	key       string // idempotency key; only with POST
	body      any    // sent with POST, as JSON
}

// changes reports whether the call does something beyond reading.
func (in *call) changes() bool { return in.method != http.MethodGet }

// answer is what came back when all was well.
type answer struct {
	status   int
	header   http.Header
	body     []byte
	replayed bool
}

// decodeFunc reads one object of an answer.
type decodeFunc[T any] func(data []byte, currencies *money.Registry) (T, error)

// post sends a request that changes something, with an idempotency key.
func post[T any](ctx context.Context, c *Client, operation, path, key string, body any, decode decodeFunc[T]) (object T, replayed bool, err error) {
	if key == "" {
		key = c.config.NewKey()
	}
	in := call{operation: operation, method: http.MethodPost, path: path, key: key, body: body}
	out, err := c.send(ctx, &in)
	if err != nil {
		return object, false, err
	}
	object, err = decode(out.body, c.config.Currencies)
	if err != nil {
		return *new(T), false, c.badResponse(&in, out.status, out.header, err)
	}
	return object, out.replayed, nil
}

// get reads one object.
func get[T any](ctx context.Context, c *Client, operation, path string, query url.Values, decode decodeFunc[T]) (T, error) {
	in := call{operation: operation, method: http.MethodGet, path: path, query: query}
	out, err := c.send(ctx, &in)
	if err != nil {
		return *new(T), err
	}
	object, err := decode(out.body, c.config.Currencies)
	if err != nil {
		return *new(T), c.badResponse(&in, out.status, out.header, err)
	}
	return object, nil
}

// getCSV reads a file.
func getCSV(ctx context.Context, c *Client, operation, path string, query url.Values) ([]byte, error) {
	in := call{operation: operation, method: http.MethodGet, path: path, query: query, csv: true}
	out, err := c.send(ctx, &in)
	if err != nil {
		return nil, err
	}
	if kind, _, err := mime.ParseMediaType(out.header.Get("Content-Type")); err != nil || kind != typeCSV {
		return nil, c.badResponse(&in, out.status, out.header, errNoCSV)
	}
	return out.body, nil
}

const typeCSV = "text/csv"

// errNoCSV reports an answer such as the page of a proxy.
var errNoCSV = errors.New("its type is not text/csv")

func (c *Client) badResponse(in *call, status int, header http.Header, err error) error {
	return &ResponseError{
		Operation: in.operation, Status: status, RequestID: clean(header.Get(headerRequestID), maxName),
		Key: in.key, OutcomeUnknown: in.changes(), Err: err,
	}
}

// The headers of this protocol.
const (
	headerIdempotencyKey = "Idempotency-Key"
	headerReplayed       = "Idempotency-Replayed"
	headerRequestID      = "Request-Id"
)

// send carries out a call over all its attempts. The error is an *Error, a *NetworkError or a
// *ResponseError.
func (c *Client) send(ctx context.Context, in *call) (answer, error) {
	request, refusal := c.request(ctx, in)
	if refusal != nil {
		return answer{}, refuse(in.operation, in.key, refusal)
	}
	if err := ctx.Err(); err != nil {
		return answer{}, &NetworkError{Operation: in.operation, Key: in.key, Err: err}
	}
	x := &exchange{client: c, call: in}
	// A client of its own for each call, so that the policies know what the attempts
	// before have met. What is dear, the connections, belongs to the transport.
	retrying := &retryablehttp.Client{
		HTTPClient: &http.Client{Transport: x, CheckRedirect: stopAtRedirect},
		Logger:     nil, // it would be told URLs; attempts are logged by exchange
		RetryMax:   c.config.MaxRetries,
		CheckRetry: x.again,
		Backoff: func(_, _ time.Duration, n int, _ *http.Response) time.Duration {
			return x.wait(ctx, n)
		},
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	_, err := retrying.Do(request) // the body was read by the exchange
	return x.conclude(ctx, err)
}

// stopAtRedirect makes a redirect the answer. The API has none, and to follow one would carry
// the key, or repeat a request that moves money, where somebody else says.
func stopAtRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// request builds what is sent, the same at every attempt.
func (c *Client) request(ctx context.Context, in *call) (*retryablehttp.Request, *Error) {
	var body any
	if in.method == http.MethodPost {
		if problem := idempotencyKeyProblem(in.key); problem != "" {
			return nil, invalidInput("Key", "%s", problem)
		}
		encoded, err := json.Marshal(in.body)
		if err != nil {
			// Verbs check what they are given, so only an amount gets here.
			return nil, invalidInput("amount", "%v", err)
		}
		body = encoded
	}
	address := c.config.BaseURL + "/v1" + in.path
	if len(in.query) > 0 {
		address += "?" + in.query.Encode()
	}
	request, err := retryablehttp.NewRequestWithContext(ctx, in.method, address, body)
	if err != nil {
		return nil, invalidInput("", "no request can be made of it: %v", err)
	}
	c.authorize(request.Header)
	accept := "application/json"
	if in.csv {
		accept = typeCSV
	}
	request.Header.Set("Accept", accept+", application/problem+json")
	request.Header.Set("User-Agent", c.config.UserAgent)
	if in.method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set(headerIdempotencyKey, in.key)
	}
	return request, nil
}

// maxKey is the greatest length of an idempotency key in bytes.
const maxKey = 128

func idempotencyKeyProblem(key string) string {
	switch {
	case key == "":
		return "is empty"
	case len(key) > maxKey:
		return "is longer than 128 characters"
	case !printable(key):
		return "has a character that is not printable ASCII"
	case strings.TrimSpace(key) != key:
		return "has a space around it, which HTTP takes away"
	}
	return ""
}

// printable reports whether text is printable ASCII, as it must be to stand in a header.
func printable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// place makes a path of its parts.
func place(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(part))
	}
	return b.String()
}

// checkID refuses an id that cannot stand in a path: sent on, it would name something else.
func checkID(field, id string) *Error {
	switch {
	case id == "":
		return invalidInput(field, "is empty")
	case id == "." || id == "..":
		return invalidInput(field, "is no id")
	}
	return checkText(field, id)
}

// checkText refuses what JSON cannot carry unchanged. It takes names and values in turn.
func checkText(pairs ...string) *Error {
	for i := 0; i+1 < len(pairs); i += 2 {
		if !utf8.ValidString(pairs[i+1]) {
			return invalidInput(pairs[i], "is not valid UTF-8")
		}
	}
	return nil
}

// hide keeps a key where only these two functions reach it.
func hide(key APIKey) (authorize func(http.Header), redact func([]byte) []byte) {
	text := key.Reveal()
	authorize = func(h http.Header) { h.Set("Authorization", "Bearer "+text) }
	redact = func(b []byte) []byte {
		return []byte(strings.ReplaceAll(string(b), text, redactedKey))
	}
	return authorize, redact
}
