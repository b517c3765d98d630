package password

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// RangeConfig configures a RangeClient. Its zero value works.
type RangeConfig struct {
	// Endpoint is where ranges are asked for, the prefix to be put behind it: an https URL,
	// or http on a loopback address. Defaults to DefaultRangeEndpoint.
	Endpoint string

	// Client makes the requests. Its redirects are not followed. Defaults to a new
	// http.Client.
	Client *http.Client

	// Timeout is how long an answer may take, besides what the context allows. Defaults to
	// two seconds: somebody waits in front of a form.
	Timeout time.Duration

	// MaxBytes is the size of an answer above which it is refused. Defaults to 1 MiB, some
	// twenty times of what is usual.
	MaxBytes int64
}

// DefaultRangeEndpoint is the range service of Pwned Passwords,
// https://haveibeenpwned.com/API/v3#SearchingPwnedPasswordsByRange.
const DefaultRangeEndpoint = "https://api.pwnedpasswords.com/range/"

const (
	prefixDigits = 5
	suffixDigits = 2*sha1.Size - prefixDigits
)

// RangeClient asks a service of the k-anonymity range protocol, of which there are mirrors
// too, for passwords in breaches. It sends the first five hexadecimal digits of the
// password's SHA-1, which one password in about a million has, and looks for the rest
// itself among the answers. It asks for padding, so that the size of an answer does not
// tell the prefix to whoever sees encrypted traffic; padding has a count of zero.
//
// It is safe for concurrent use.
type RangeClient struct {
	endpoint string
	client   http.Client
	timeout  time.Duration
	maxBytes int64
}

var _ Breaches = (*RangeClient)(nil)

// NewRangeClient makes a RangeClient, or returns ErrInvalidConfig.
func NewRangeClient(config RangeConfig) (*RangeClient, error) {
	c := &RangeClient{endpoint: config.Endpoint, timeout: config.Timeout, maxBytes: config.MaxBytes}
	if c.endpoint == "" {
		c.endpoint = DefaultRangeEndpoint
	}
	if !secureEndpoint(c.endpoint) {
		return nil, fmt.Errorf("%w: the endpoint of ranges is no https URL without query", ErrInvalidConfig)
	}
	c.endpoint = strings.TrimSuffix(c.endpoint, "/") + "/"
	if c.timeout < 0 || c.maxBytes < 0 {
		return nil, fmt.Errorf("%w: a negative bound", ErrInvalidConfig)
	}
	if c.timeout == 0 {
		c.timeout = 2 * time.Second
	}
	if c.maxBytes == 0 {
		c.maxBytes = 1 << 20
	}
	if config.Client != nil {
		c.client = *config.Client
	}
	c.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, nil
}

func secureEndpoint(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && loopback
}

// Count returns how often a password was met in breaches. It returns a *Violation (TooLong,
// InvalidEncoding) for what can be no password, without asking anybody; the context's error
// when it has ended; and ErrBreachCheck when there was no answer, or none of the protocol.
// No error has the prefix or the answer in it.
func (c *RangeClient) Count(ctx context.Context, password Password) (int, error) {
	text, err := password.normalized()
	if err != nil {
		return 0, err
	}
	sum := sha1.Sum([]byte(text)) // the protocol's hash: nothing is protected by it
	digits := strings.ToUpper(hex.EncodeToString(sum[:]))
	body, err := c.get(ctx, digits[:prefixDigits])
	if ended := ctx.Err(); err != nil && ended != nil {
		return 0, ended
	}
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrBreachCheck, err)
	}
	count, err := countIn(body, digits[prefixDigits:])
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrBreachCheck, err)
	}
	return count, nil
}

// get fetches the range of a prefix.
func (c *RangeClient) get(ctx context.Context, prefix string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.endpoint+prefix, http.NoBody)
	if err != nil {
		return nil, errors.New("the request can not be made")
	}
	request.Header.Set("Add-Padding", "true")
	request.Header.Set("User-Agent", "okpay-go")
	response, err := c.client.Do(request)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, c.maxBytes+1))
	if err != nil {
		return nil, withoutURL(err)
	}
	if int64(len(body)) > c.maxBytes {
		return nil, fmt.Errorf("the answer has more than %d bytes", c.maxBytes)
	}
	return body, nil
}

// withoutURL drops the part of an error that has the prefix.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// countIn looks for the rest of a hash in an answer, which has on each line 35 hexadecimal
// digits, a colon and a count. The whole answer is read, so that a page which is no answer
// is not taken for one without the password.
func countIn(body []byte, suffix string) (int, error) {
	found := 0
	lines := bufio.NewScanner(bytes.NewReader(body))
	for lines.Scan() {
		if lines.Text() == "" {
			continue
		}
		digits, number, _ := strings.Cut(lines.Text(), ":")
		count, err := strconv.ParseUint(number, 10, 31)
		if err != nil || !isSuffix(digits) {
			return 0, errors.New("the answer is none of the range protocol")
		}
		if strings.EqualFold(digits, suffix) {
			found = max(found, int(count)) // not the first: padding could have the same digits
		}
	}
	if lines.Err() != nil {
		return 0, errors.New("the answer is none of the range protocol")
	}
	return found, nil
}

func isSuffix(digits string) bool {
	if len(digits) != suffixDigits {
		return false
	}
	for i := range len(digits) {
		if !strings.ContainsRune("0123456789ABCDEFabcdef", rune(digits[i])) {
			return false
		}
	}
	return true
}
