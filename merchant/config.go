package merchant

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// The defaults of [Config].
const (
	DefaultTimeout       = 30 * time.Second
	DefaultMaxRetries    = 4
	DefaultMinBackoff    = 250 * time.Millisecond
	DefaultMaxBackoff    = 8 * time.Second
	DefaultMaxRetryAfter = 30 * time.Second
	DefaultUserAgent     = "okpay-merchant/1"
)

// ErrInvalidConfig is returned by [New] for settings that are missing or make no sense. The
// error names the field.
var ErrInvalidConfig = errors.New("merchant: invalid configuration")

// Config sets up a [Client]. BaseURL and APIKey must be given.
type Config struct {
	// BaseURL is where the service is, without the "/v1" that begins every path: for
	// instance "https://pay.example.com" or "https://example.com/okpay". It has to be
	// https, unless the host is this machine (a loopback address or localhost) or
	// AllowInsecure is set. Must be given: there is no public host.
	BaseURL string
	// APIKey is the merchant's key; see [NewAPIKey]. Must be given.
	APIKey APIKey

	// Timeout bounds one attempt, from looking up the name to the last byte of the answer.
	// A call may take several attempts; bound the whole with its context. Defaults to
	// [DefaultTimeout].
	Timeout time.Duration
	// MaxRetries is how often an attempt that failed is repeated; negative means never.
	// Defaults to [DefaultMaxRetries].
	MaxRetries int
	// MinBackoff is the wait before the first repeat, doubled before each further one up to
	// MaxBackoff. Of each wait, up to half is taken off at random (see Jitter). Defaults to
	// [DefaultMinBackoff].
	MinBackoff time.Duration
	// MaxBackoff bounds the wait. Defaults to [DefaultMaxBackoff], or to MinBackoff when
	// that is longer.
	MaxBackoff time.Duration
	// MaxRetryAfter is the longest Retry-After of an answer that is waited for. When the
	// service asks for more, the call ends at once with the answer as an [*Error].
	// Defaults to [DefaultMaxRetryAfter].
	MaxRetryAfter time.Duration
	// Jitter returns a number from 0 to 1 that says how much of the random half of a wait
	// is kept. It is called from the goroutines that call the client. Defaults to
	// math/rand/v2.Float64.
	Jitter func() float64

	// Transport replaces the way to the network, for instance by an egress proxy. [Client.Close]
	// leaves it alone. Defaults to a transport of the client's own that reads no
	// environment: for the proxies named there, give an http.Transport with
	// http.ProxyFromEnvironment.
	Transport http.RoundTripper
	// AllowInsecure lets the key and the data travel in the clear (http) to another machine:
	// for networks of one's own. Defaults to false.
	AllowInsecure bool
	// UserAgent is the User-Agent header. Defaults to [DefaultUserAgent].
	UserAgent string

	// NewKey makes the idempotency key of a call that comes without one: 1 to 128 printable
	// ASCII characters, never the same twice. It is called from the goroutines that call the
	// client. Defaults to 128 random bits as text.
	NewKey func() string
	// Currencies are those that answers and events are read with; an amount of another one
	// cannot be read. Defaults to money.ISO().
	Currencies *money.Registry
	// Logger is told of every attempt (debug) and of every repeat (warn), with operation,
	// status, code and request id; never of the key, a body or a URL. Defaults to nothing.
	Logger *slog.Logger
}

// complete checks a configuration and fills in the defaults.
func (c Config) complete() (Config, error) {
	if problem := baseURLProblem(c.BaseURL, c.AllowInsecure); problem != "" {
		return Config{}, fmt.Errorf("%w: BaseURL %s", ErrInvalidConfig, problem)
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if problem := c.APIKey.problem(); problem != "" {
		return Config{}, fmt.Errorf("%w: APIKey %s", ErrInvalidConfig, problem)
	}
	if !printable(c.UserAgent) {
		return Config{}, fmt.Errorf("%w: UserAgent has a character that is not printable ASCII", ErrInvalidConfig)
	}
	for _, d := range []struct {
		name   string
		value  *time.Duration
		preset time.Duration
	}{
		{"Timeout", &c.Timeout, DefaultTimeout},
		{"MinBackoff", &c.MinBackoff, DefaultMinBackoff},
		{"MaxBackoff", &c.MaxBackoff, max(DefaultMaxBackoff, c.MinBackoff)},
		{"MaxRetryAfter", &c.MaxRetryAfter, DefaultMaxRetryAfter},
	} {
		if *d.value < 0 {
			return Config{}, fmt.Errorf("%w: %s is negative", ErrInvalidConfig, d.name)
		}
		if *d.value == 0 {
			*d.value = d.preset
		}
	}
	if c.MaxBackoff < c.MinBackoff {
		return Config{}, fmt.Errorf("%w: MaxBackoff is less than MinBackoff", ErrInvalidConfig)
	}
	switch {
	case c.MaxRetries < 0:
		c.MaxRetries = 0
	case c.MaxRetries == 0:
		c.MaxRetries = DefaultMaxRetries
	}
	if c.UserAgent == "" {
		c.UserAgent = DefaultUserAgent
	}
	if c.Jitter == nil {
		c.Jitter = mathrand.Float64
	}
	if c.NewKey == nil {
		c.NewKey = rand.Text
	}
	if c.Currencies == nil {
		c.Currencies = money.ISO()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// baseURLProblem says in words what is wrong with a base URL, or nothing. It does not quote
// it, since people put passwords there.
func baseURLProblem(text string, allowInsecure bool) string {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return "is empty"
	case err != nil:
		return "cannot be parsed"
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		return "is not an https URL with a host"
	case u.User != nil:
		return "carries a user name"
	case u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return "has a query or a fragment"
	case strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/v1"):
		return "ends in /v1, which every path begins with"
	case u.Scheme == "http" && !allowInsecure && !loopback(u.Hostname()):
		return "is http, which would send the key in the clear; see AllowInsecure"
	}
	return ""
}

// loopback reports whether a host is this machine. RFC 6761 gives localhost to loopback.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// newTransport returns a transport with Go's usual settings that reads no environment.
func newTransport(timeout time.Duration) *http.Transport {
	return &http.Transport{
		// A connection may outlive the attempt that asked for it, so the steps of making
		// one have bounds of their own.
		DialContext:            (&net.Dialer{Timeout: timeout}).DialContext,
		TLSHandshakeTimeout:    timeout,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConns:           100,
		// All connections go to one host; the default of two would close most of them.
		MaxIdleConnsPerHost: 32,
		IdleConnTimeout:     30 * time.Second,
	}
}
