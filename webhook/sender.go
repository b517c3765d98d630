package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// The defaults of [SenderConfig].
const (
	// DefaultTimeout is within the 15 to 30 s that Standard Webhooks recommends.
	DefaultTimeout = 15 * time.Second
	// DefaultMaxResponse is in bytes.
	DefaultMaxResponse = 4 << 10
	// DefaultMaxRetryAfter is the longest wait of the standard's schedule.
	DefaultMaxRetryAfter = 24 * time.Hour
	// DefaultUserAgent names this package.
	DefaultUserAgent = "okpay-webhook/1"
)

// ErrInvalidEndpoint is returned by [Sender.CheckURL], and found in a
// [Result], when a URL cannot be used: it does not parse, is not https, has no
// host or carries a user name.
var ErrInvalidEndpoint = errors.New("webhook: invalid endpoint")

// Endpoint is where messages go, and the keys to sign them with.
type Endpoint struct {
	// URL is absolute, with the scheme https, a host and no user name.
	URL string
	// Keys sign every message: one, or the old and the new one while a key is
	// being replaced. Give each endpoint its own.
	Keys []SigningKey
}

// SenderConfig sets up a [Sender]. The zero value works.
type SenderConfig struct {
	// AllowPrivate lets messages go to addresses that are not public, and in the
	// clear: for tests on loopback and for networks of one's own. Never set it
	// where other people choose the URLs. Defaults to false.
	AllowPrivate bool
	// AllowInsecure lets messages go in the clear (http) to public addresses.
	// Their contents can then be read on the way. Defaults to false.
	AllowInsecure bool
	// Timeout bounds an attempt, from looking up the name to the last byte of
	// the answer. Zero or less means the default. Defaults to [DefaultTimeout].
	Timeout time.Duration
	// MaxResponse is how many bytes of the answer's body are kept. Zero or less
	// means the default. Defaults to [DefaultMaxResponse].
	MaxResponse int64
	// MaxRetryAfter bounds the wait that a receiver can ask for. Zero or less
	// means the default. Defaults to [DefaultMaxRetryAfter].
	MaxRetryAfter time.Duration
	// UserAgent is the User-Agent header. Defaults to [DefaultUserAgent].
	UserAgent string
	// Transport replaces the way to the network, for instance by an egress proxy.
	// It takes over the check of the dialed address ([RefusePrivate]); only URLs
	// that name an address are still refused here. Defaults to a transport of the
	// Sender's own that uses no proxy and refuses addresses that are not public.
	Transport http.RoundTripper
	// Now is the clock: for a message without a time, for dates in Retry-After
	// and for measuring. Defaults to time.Now.
	Now func() time.Time
}

// Sender makes attempts to deliver messages. It may be used from several
// goroutines at once. It keeps connections open for a while; Close ends them.
type Sender struct {
	config SenderConfig
}

// NewSender returns a sender.
func NewSender(config SenderConfig) *Sender {
	if config.Timeout <= 0 {
		config.Timeout = DefaultTimeout
	}
	if config.MaxResponse <= 0 {
		config.MaxResponse = DefaultMaxResponse
	}
	if config.MaxRetryAfter <= 0 {
		config.MaxRetryAfter = DefaultMaxRetryAfter
	}
	if config.UserAgent == "" {
		config.UserAgent = DefaultUserAgent
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Transport == nil {
		config.Transport = newTransport(config.AllowPrivate, config.Timeout)
	}
	return &Sender{config}
}

// newTransport returns a transport that reads no environment and dials only
// what it may.
func newTransport(allowPrivate bool, timeout time.Duration) *http.Transport {
	// A connection may outlive the attempt that asked for it, so the steps of
	// making one have bounds of their own.
	dialer := &net.Dialer{Timeout: timeout}
	if !allowPrivate {
		dialer.Control = RefusePrivate
	}
	return &http.Transport{
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: timeout,
		ForceAttemptHTTP2:   true,
		// The answer is read for its status; nobody needs it unpacked.
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConns:           100,
		IdleConnTimeout:        30 * time.Second,
	}
}

// Close ends the connections that are kept open, and with them the goroutines
// that serve them. Attempts under way go on. A transport that was given is asked
// to do the same if it can.
func (s *Sender) Close() {
	if transport, ok := s.config.Transport.(interface{ CloseIdleConnections() }); ok {
		transport.CloseIdleConnections()
	}
}

// CheckURL reports whether a URL can be an endpoint's, for use when it is
// registered. It looks up no names; what a name resolves to is checked at every
// attempt. The error matches [ErrInvalidEndpoint], or [ErrPrivateAddress] when
// the URL names an address that is not public; it does not quote the URL, which
// may hold a secret.
func (s *Sender) CheckURL(raw string) error {
	_, err := s.parseURL(raw)
	return err
}

func (s *Sender) parseURL(raw string) (*url.URL, error) {
	target, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: the URL does not parse", ErrInvalidEndpoint)
	}
	if target.Scheme != "https" && target.Scheme != "http" {
		return nil, fmt.Errorf("%w: the URL does not begin with https://", ErrInvalidEndpoint)
	}
	if target.Scheme == "http" && !s.config.AllowInsecure && !s.config.AllowPrivate {
		return nil, fmt.Errorf("%w: the URL must be https", ErrInvalidEndpoint)
	}
	if target.Hostname() == "" {
		return nil, fmt.Errorf("%w: the URL has no host", ErrInvalidEndpoint)
	}
	if target.User != nil {
		return nil, fmt.Errorf("%w: the URL carries a user name; the signature tells who is calling", ErrInvalidEndpoint)
	}
	if s.config.AllowPrivate {
		return target, nil
	}
	host := strings.ToLower(strings.TrimSuffix(target.Hostname(), "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return nil, fmt.Errorf("%w: the URL names this machine", ErrPrivateAddress)
	}
	if addr, err := netip.ParseAddr(host); err == nil && !IsPublic(addr) {
		return nil, &PrivateAddressError{addr}
	}
	return target, nil
}

// Send makes one attempt to deliver m, with one POST, and says what came of it.
// Set m.Timestamp to the time of the attempt or leave it zero for the present;
// the id stays the same on every attempt. What CheckURL refuses is
// [OutcomeInvalid]. The context bounds the attempt together with the timeout.
func (s *Sender) Send(ctx context.Context, to Endpoint, m Message) Result {
	start := s.config.Now()
	if m.Timestamp.IsZero() {
		m.Timestamp = start
	}
	result := s.attempt(ctx, to, m)
	result.Duration = max(s.config.Now().Sub(start), 0)
	return result
}

func (s *Sender) attempt(ctx context.Context, to Endpoint, m Message) Result {
	target, err := s.parseURL(to.URL)
	if err != nil {
		return Result{Outcome: OutcomeInvalid, Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	request := (&http.Request{
		Method:        http.MethodPost,
		URL:           target,
		Host:          target.Host,
		Header:        make(http.Header),
		Body:          io.NopCloser(bytes.NewReader(m.Body)),
		ContentLength: int64(len(m.Body)),
	}).WithContext(ctx)
	if len(m.Body) == 0 {
		request.Body = http.NoBody // otherwise a length of 0 means unknown
	}
	if err := SetHeaders(request.Header, m, to.Keys...); err != nil {
		return Result{Outcome: OutcomeInvalid, Err: err}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", s.config.UserAgent)

	// The transport is used without an http.Client: a redirect is an answer like
	// another (Standard Webhooks 1.0.0 counts it as a failure), and following it
	// would send the message to a place that nobody registered.
	response, err := s.config.Transport.RoundTrip(request)
	if err != nil {
		return failure(err)
	}
	defer response.Body.Close()
	result := Result{Outcome: outcomeOf(response.StatusCode), Status: response.StatusCode}
	if result.Outcome.Again() {
		result.RetryAfter = parseRetryAfter(response.Header.Get("Retry-After"), s.config.Now(), s.config.MaxRetryAfter)
	}
	// The status has decided. An answer whose body breaks off is no other answer.
	result.Response, _ = io.ReadAll(io.LimitReader(response.Body, s.config.MaxResponse))
	return result
}

// failure classifies an attempt without an answer.
func failure(err error) Result {
	// An http.Client inside a transport that was given quotes the whole URL, whose
	// path or query may hold a secret of the endpoint's owner.
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if errors.Is(err, ErrPrivateAddress) {
		return Result{Outcome: OutcomeRejected, Err: err}
	}
	return Result{Outcome: OutcomeRetry, Err: err}
}
