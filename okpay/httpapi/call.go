package httpapi

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

// route is one operation and where it stands.
type route struct {
	method, path string
	query        []string // names of the parameters that it knows
	public       bool     // needs no API key
	keyed        bool     // needs an Idempotency-Key
	serve        func(context.Context, *call) (reply, error)
}

// call is one request of a merchant, with everything checked that does not depend on the
// operation.
type call struct {
	exchange *exchange
	request  *http.Request
	wallet   *okpay.Wallet
	merchant okpay.MerchantID
	key      string // the Idempotency-Key
	query    url.Values
}

// call makes the call of a request and carries it out. What is checked before what is told in
// the package's comment.
func (h *handler) call(x *exchange, r *http.Request, rt *route) (reply, error) {
	c := &call{exchange: x, request: r}
	var err error
	if !rt.public {
		if err = h.authenticate(c); err != nil {
			return reply{}, err
		}
	}
	if rt.keyed {
		if c.key, err = idempotencyKey(r); err != nil {
			return reply{}, err
		}
	}
	if c.query, err = parseQuery(r.URL.RawQuery, rt.query); err != nil {
		return reply{}, err
	}
	return rt.serve(r.Context(), c)
}

// maxKeyLen bounds an API key, in bytes. One of ours has 54.
const maxKeyLen = 200

// authenticate finds the wallet and the merchant by the API key.
func (h *handler) authenticate(c *call) error {
	headers := c.request.Header.Values("Authorization")
	if len(headers) == 0 {
		return refuse(okpay.Unauthenticated, "", "the header Authorization is missing; send Authorization: Bearer and the API key")
	}
	scheme, secret, _ := strings.Cut(headers[0], " ")
	secret = strings.TrimLeft(secret, " ")
	mode, ok := okpay.ModeOfKey(secret)
	switch {
	case len(headers) > 1:
		return refuse(okpay.Unauthenticated, "", "the header Authorization is there more than once")
	case !strings.EqualFold(scheme, "Bearer"):
		return refuse(okpay.Unauthenticated, "", "the scheme of the header Authorization is not Bearer")
	case !ok, len(secret) > maxKeyLen:
		return refuse(okpay.Unauthenticated, "", "this is not an API key: one begins with okpay_test_ or okpay_live_")
	}
	c.wallet = h.cfg.Test
	if mode == okpay.Live {
		c.wallet = h.cfg.Live
	}
	if c.wallet == nil {
		return refuse(okpay.Unauthenticated, "", "keys of the mode %s are not served here", mode)
	}
	key, err := c.wallet.Keys.Authenticate(c.request.Context(), secret)
	if err != nil {
		return err
	}
	c.merchant = key.Merchant
	c.exchange.mode, c.exchange.merchant, c.exchange.key = mode, key.Merchant, key.ID
	return nil
}

// maxIdempotencyKey bounds an Idempotency-Key, in characters.
const maxIdempotencyKey = 128

func idempotencyKey(r *http.Request) (string, error) {
	const name = "Idempotency-Key"
	keys := r.Header.Values(name)
	switch {
	case len(keys) == 0 || len(keys) == 1 && keys[0] == "":
		return "", invalid(name, "the header is missing; send a new key for each thing to do, and the same one to try again")
	case len(keys) > 1:
		return "", invalid(name, "the header is there more than once")
	case len(keys[0]) > maxIdempotencyKey:
		return "", invalid(name, "the key has %d characters, want 1 to %d", len(keys[0]), maxIdempotencyKey)
	case strings.ContainsFunc(keys[0], func(c rune) bool { return c < ' ' || c > '~' }):
		return "", invalid(name, "the key has a character that is not printable ASCII")
	}
	return keys[0], nil
}

// parseQuery reads the query strictly: a parameter that is not known is a mistake, since
// ignoring a filter would answer another question than was asked.
func parseQuery(raw string, known []string) (url.Values, error) {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return nil, invalid("", "the query is malformed")
	}
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names) // the first of them is reported, the same one each time
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, invalid(quotable(name), "there is no such query parameter here")
		}
		if len(query[name]) > 1 {
			return nil, invalid(name, "the query parameter is there more than once")
		}
	}
	return query, nil
}

// maxIDLen bounds an object's id in a path, in characters.
const maxIDLen = 128

// id returns the id in the path. What can be no id is answered like one that is not known,
// and not repeated.
func (c *call) id(noun string) (string, error) {
	id := c.request.PathValue("id")
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	if len(id) > maxIDLen || strings.ContainsFunc(id, odd) {
		return "", refuse(okpay.NotFound, "", "there is no %s with this id", noun)
	}
	return id, nil
}

// maxBody is the largest body of a request that is read, in bytes.
const maxBody = 64 << 10

// body reads the request's body: nil when there is none.
func (c *call) body() ([]byte, error) {
	if c.request.ContentLength == 0 {
		return nil, nil
	}
	data, err := io.ReadAll(http.MaxBytesReader(c.exchange.ResponseWriter, c.request.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, &statusError{invalid("", "the body has more than %d bytes", maxBody), http.StatusRequestEntityTooLarge}
	}
	if err != nil {
		return nil, invalid("", "the body ended before it was whole")
	}
	if len(data) == 0 {
		return nil, nil
	}
	return data, checkContentType(c.request.Header)
}

func checkContentType(header http.Header) error {
	unsupported := func(field, detail string) error {
		return &statusError{invalid(field, "%s", detail), http.StatusUnsupportedMediaType}
	}
	if coding := header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return unsupported("Content-Encoding", "send the body as it is, without compression")
	}
	mediaType, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" {
		return unsupported("Content-Type", "the header must be Content-Type: application/json")
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return unsupported("Content-Type", "JSON is always in UTF-8")
	}
	return nil
}

// object reads the body as one JSON object.
func (c *call) object() (*object, error) {
	data, err := c.body()
	if err != nil {
		return nil, err
	}
	if data == nil {
		return nil, invalid("", "the body is empty; send a JSON object")
	}
	return parseObject(data)
}

// optionalObject is object for operations that take an empty body for {}.
func (c *call) optionalObject() (*object, error) {
	data, err := c.body()
	if err != nil || data == nil {
		return &object{}, err
	}
	return parseObject(data)
}

// nothing reads the body of an operation that takes nothing: an empty one, or {}.
func (c *call) nothing() error {
	o, err := c.optionalObject()
	if err != nil {
		return err
	}
	return o.only()
}

// currency returns the query parameter that says in which currency. Whether there is such a
// currency is for the wallet to say.
func (c *call) currency() (string, error) {
	code := c.query.Get("currency")
	if code == "" {
		return "", invalid("currency", "is missing")
	}
	return code, nil
}

// span returns the times between which something is asked for; zero ones are open.
func (c *call) span() (from, until time.Time, err error) {
	if from, err = c.time("from"); err != nil {
		return from, until, err
	}
	if until, err = c.time("until"); err != nil {
		return from, until, err
	}
	if c.query.Has("until") && !until.After(from) {
		return from, until, invalid("until", "is not after from")
	}
	return from, until, nil
}

func (c *call) time(name string) (time.Time, error) {
	if !c.query.Has(name) {
		return time.Time{}, nil
	}
	text := c.query.Get(name)
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || !strings.HasSuffix(text, "Z") || at.IsZero() {
		return time.Time{}, invalid(name, "must be a time in UTC such as 2025-12-01T10:00:00Z")
	}
	return at, nil
}

// The bounds of a list of kinds.
const (
	maxKinds   = 20
	maxKindLen = 40
)

// kinds returns the query parameter with kinds, which have commas between them; nil for all.
// Other kinds than those that are known are a mistake, if it is known which there are.
func (c *call) kinds(known []string) ([]string, error) {
	if !c.query.Has("kinds") {
		return nil, nil
	}
	kinds := strings.Split(c.query.Get("kinds"), ",")
	if len(kinds) > maxKinds {
		return nil, invalid("kinds", "has %d kinds, want at most %d", len(kinds), maxKinds)
	}
	odd := func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }
	for _, kind := range kinds {
		switch {
		case kind == "" || kind[0] == '_' || len(kind) > maxKindLen || strings.ContainsFunc(kind, odd):
			return nil, invalid("kinds", "must be kinds such as payment, with commas between them")
		case known != nil && !slices.Contains(known, kind):
			return nil, invalid("kinds", "there is no such kind; there is %s", strings.Join(known, ", "))
		}
	}
	return kinds, nil
}
