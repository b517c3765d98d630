package webhook

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DefaultTolerance is how far a message's timestamp may be from the receiver's
// clock by default, either way. The reference libraries of Standard Webhooks
// use the same.
const DefaultTolerance = 5 * time.Minute

// The categories of a failed verification, in the order in which they are
// looked for: when several apply, the first one in this list is returned.
var (
	// ErrMissingHeader is returned by the Verify methods when a header they need
	// is absent or empty. The error is a [*HeaderError].
	ErrMissingHeader = errors.New("webhook: missing header")
	// ErrInvalidHeader is returned by the Verify methods when a header occurs
	// more than once, the id is not of the form told at [Message], or there are
	// more signatures than are examined. The error is a [*HeaderError].
	ErrInvalidHeader = errors.New("webhook: invalid header")
	// ErrTimestamp is returned by the Verify methods when the timestamp is not
	// in canonical digits, too old or too new. The error is a [*TimestampError].
	ErrTimestamp = errors.New("webhook: timestamp refused")
	// ErrSignature is returned by the Verify methods when no signature was made
	// with a trusted key for this id, timestamp and body.
	ErrSignature = errors.New("webhook: no valid signature")
)

// ErrInvalidConfig is returned by constructors for settings that make no
// sense, such as a negative tolerance.
var ErrInvalidConfig = errors.New("webhook: invalid configuration")

// HeaderError reports which header was missing or refused, and why. It matches
// [ErrMissingHeader] or [ErrInvalidHeader], and quotes nothing of the value.
type HeaderError struct {
	Header string // the header's name, one of the constants
	Reason string // a few words for the log

	category error
}

// Error says which header and why.
func (e *HeaderError) Error() string {
	return fmt.Sprintf("%v: %s %s", e.category, e.Header, e.Reason)
}

// Unwrap returns the category, so that errors.Is finds it.
func (e *HeaderError) Unwrap() error { return e.category }

// TimestampProblem says what is wrong with a timestamp.
type TimestampProblem string

// What can be wrong with a timestamp.
const (
	TimestampMalformed TimestampProblem = "not canonical digits" // a sign, a leading zero, not a number, beyond int64
	TimestampTooOld    TimestampProblem = "too old"              // a replay, or a clock that is wrong
	TimestampTooNew    TimestampProblem = "too new"              // a clock that is wrong
)

// TimestampError reports why a timestamp was refused. It matches [ErrTimestamp].
type TimestampError struct {
	Problem   TimestampProblem
	Seconds   int64         // the timestamp in Unix seconds; 0 if malformed
	Now       time.Time     // the receiver's clock; the zero time if malformed
	Tolerance time.Duration // what was allowed
}

// Error says what is wrong, and for a wrong time by whose clocks.
func (e *TimestampError) Error() string {
	if e.Problem == TimestampMalformed {
		return fmt.Sprintf("%v: %s", ErrTimestamp, e.Problem)
	}
	return fmt.Sprintf("%v: %s: sent at %d, received at %d, tolerance %s", ErrTimestamp, e.Problem, e.Seconds, e.Now.Unix(), e.Tolerance)
}

// Unwrap returns [ErrTimestamp].
func (e *TimestampError) Unwrap() error { return ErrTimestamp }

// VerifierConfig sets up a [Verifier]. Only Keys must be given.
type VerifierConfig struct {
	// Keys are the keys that are trusted; a signature by any of them will do.
	// Two of them are usual while a key is being replaced. At least one is
	// needed.
	Keys []VerifyKey
	// Tolerance is how far the timestamp may be from Now, either way and both
	// ends included. Whole seconds count: less than a second means the same
	// second. It cannot be switched off; to check a message of the past, set
	// Now. Defaults to [DefaultTolerance].
	Tolerance time.Duration
	// MaxSignatures is how many signatures a header may hold; a header with more
	// is refused whole. Those of unknown schemes count. Defaults to
	// [DefaultMaxSignatures].
	MaxSignatures int
	// Now is the receiver's clock. Defaults to time.Now.
	Now func() time.Time
}

// Verifier checks that messages come from the holder of a trusted key, are
// unchanged and recent. It may be used from several goroutines at once.
type Verifier struct {
	keys          []VerifyKey
	tolerance     time.Duration
	maxSignatures int
	now           func() time.Time
}

// NewVerifier returns a verifier. The error matches [ErrInvalidKey] when there
// is no key, or one that is nil or holds nothing, else [ErrInvalidConfig] when
// a number is negative.
func NewVerifier(config VerifierConfig) (*Verifier, error) {
	if len(config.Keys) == 0 {
		return nil, fmt.Errorf("%w: no key to verify with", ErrInvalidKey)
	}
	for i, key := range config.Keys {
		if key == nil || key.empty() {
			return nil, fmt.Errorf("%w: key %d holds nothing", ErrInvalidKey, i)
		}
	}
	if config.Tolerance < 0 || config.MaxSignatures < 0 {
		return nil, fmt.Errorf("%w: the tolerance and the number of signatures cannot be negative", ErrInvalidConfig)
	}
	v := &Verifier{
		keys:          slices.Clone(config.Keys),
		tolerance:     config.Tolerance,
		maxSignatures: config.MaxSignatures,
		now:           config.Now,
	}
	if v.tolerance == 0 {
		v.tolerance = DefaultTolerance
	}
	if v.maxSignatures == 0 {
		v.maxSignatures = DefaultMaxSignatures
	}
	if v.now == nil {
		v.now = time.Now
	}
	return v, nil
}

// Verify checks one request and returns its message, whose Body is the body
// given. The body must be the bytes as received.
//
// Header names are compared without regard to case, also in a map whose keys
// are not in Go's canonical form. The error matches one of [ErrMissingHeader],
// [ErrInvalidHeader], [ErrTimestamp] and [ErrSignature]; the first that
// applies, in this order. Within one category the headers are taken in the
// order id, timestamp, signature.
func (v *Verifier) Verify(header http.Header, body []byte) (Message, error) {
	values, err := singleValues(header, HeaderID, HeaderTimestamp, HeaderSignature)
	if err != nil {
		return Message{}, err
	}
	id, timestamp := values[0], values[1]
	if problem := idProblem(id); problem != "" {
		return Message{}, &HeaderError{HeaderID, problem, ErrInvalidHeader}
	}
	signatures, ok := parseSignatures(values[2], v.maxSignatures)
	if !ok {
		return Message{}, &HeaderError{HeaderSignature, fmt.Sprintf("holds more than %d signatures", v.maxSignatures), ErrInvalidHeader}
	}
	at, err := checkTimestamp(timestamp, v.now(), v.tolerance)
	if err != nil {
		return Message{}, err
	}
	content := signedContent(id, timestamp, body)
	for _, key := range v.keys {
		// A key sees the signatures of its own scheme only: a public key must
		// never become the key of a MAC that anybody can compute.
		if key.matches(content, signatures[key.scheme()]) {
			return Message{ID: id, Timestamp: at, Body: body}, nil
		}
	}
	return Message{}, ErrSignature
}

// singleValues returns the values of the named headers, each of which must
// occur exactly once and not be empty.
func singleValues(header http.Header, names ...string) ([]string, error) {
	all := make([][]string, len(names))
	for key, values := range header {
		canonical := http.CanonicalHeaderKey(key)
		for i, name := range names {
			if canonical == http.CanonicalHeaderKey(name) {
				all[i] = append(all[i], values...)
			}
		}
	}
	for i, values := range all {
		if len(values) == 0 || len(values) == 1 && values[0] == "" {
			return nil, &HeaderError{names[i], "is absent or empty", ErrMissingHeader}
		}
	}
	single := make([]string, len(names))
	for i, values := range all {
		if len(values) > 1 {
			// Two readers might each believe another one of them.
			return nil, &HeaderError{names[i], "occurs more than once", ErrInvalidHeader}
		}
		single[i] = values[0]
	}
	return single, nil
}

// parseSignatures splits a signature header into its signatures, grouped by
// scheme, and reports false if there are more than limit. What has no scheme is
// counted and left out; that is how the standard can grow.
func parseSignatures(value string, limit int) (map[string][]string, bool) {
	signatures := make(map[string][]string)
	count := 0
	for part := range strings.SplitSeq(value, " ") {
		if part == "" {
			continue
		}
		if count++; count > limit {
			return nil, false
		}
		if scheme, signature, found := strings.Cut(part, ","); found {
			signatures[scheme] = append(signatures[scheme], signature)
		}
	}
	return signatures, true
}

// checkTimestamp reads a timestamp in canonical digits and compares it with
// the clock in whole seconds.
func checkTimestamp(text string, now time.Time, tolerance time.Duration) (time.Time, error) {
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 || strconv.FormatInt(seconds, 10) != text {
		return time.Time{}, &TimestampError{Problem: TimestampMalformed, Tolerance: tolerance}
	}
	// Differences are taken in unsigned integers, which hold that of any two
	// int64; time.Time.Sub saturates and lets a far future pass for near.
	clock, allowed := now.Unix(), uint64(tolerance/time.Second)
	switch {
	case seconds > clock && uint64(seconds)-uint64(clock) > allowed:
		return time.Time{}, &TimestampError{TimestampTooNew, seconds, now, tolerance}
	case seconds < clock && uint64(clock)-uint64(seconds) > allowed:
		return time.Time{}, &TimestampError{TimestampTooOld, seconds, now, tolerance}
	}
	return time.Unix(seconds, 0).UTC(), nil
}
