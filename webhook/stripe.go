package webhook

import (
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// StripeHeader is the header of the scheme that a [StripeVerifier] checks.
const StripeHeader = "Stripe-Signature"

// StripeConfig sets up a [StripeVerifier]. The zero value works.
type StripeConfig struct {
	// Tolerance is how far the timestamp may be from Now, either way, as in
	// [VerifierConfig]. Defaults to [DefaultTolerance].
	Tolerance time.Duration
	// MaxSignatures is how many elements the header may hold besides the
	// timestamp. Defaults to [DefaultMaxSignatures].
	MaxSignatures int
	// Now is the receiver's clock. Defaults to time.Now.
	Now func() time.Time
}

// StripeVerifier checks messages signed in the scheme that Stripe uses:
// "t=12345,v1=hex", where v1 is the HMAC-SHA256 of "t.body" and the key is the
// whole text of the secret, prefix included. It is not Standard Webhooks and
// this package does not send it; it is here for programs that receive from
// both during a migration. The scheme signs no message id, so nothing stops a
// replay within the tolerance.
type StripeVerifier struct {
	key           Secret
	tolerance     time.Duration
	maxSignatures int
	now           func() time.Time
}

// NewStripeVerifier returns a verifier for one secret, given as the text shown
// by the sender. The error matches [ErrInvalidKey] when the secret is empty,
// else [ErrInvalidConfig] when a number is negative.
func NewStripeVerifier(secret string, config StripeConfig) (*StripeVerifier, error) {
	if secret == "" {
		return nil, fmt.Errorf("%w: the secret is empty", ErrInvalidKey)
	}
	key := secretFrom([]byte(secret))
	v, err := NewVerifier(VerifierConfig{
		Keys:          []VerifyKey{key},
		Tolerance:     config.Tolerance,
		MaxSignatures: config.MaxSignatures,
		Now:           config.Now,
	})
	if err != nil {
		return nil, err
	}
	return &StripeVerifier{key, v.tolerance, v.maxSignatures, v.now}, nil
}

// Verify checks the header and body of one request and returns the time at
// which it was signed. The error matches [ErrMissingHeader],
// [ErrInvalidHeader] (also when there is no timestamp in it, or two),
// [ErrTimestamp] or [ErrSignature]; the first that applies, in this order.
// Unlike Stripe's own libraries it refuses timestamps of the future too.
func (v *StripeVerifier) Verify(header http.Header, body []byte) (time.Time, error) {
	values, err := singleValues(header, StripeHeader)
	if err != nil {
		return time.Time{}, err
	}
	timestamp, signatures, problem := parseStripe(values[0], v.maxSignatures)
	if problem != "" {
		return time.Time{}, &HeaderError{StripeHeader, problem, ErrInvalidHeader}
	}
	at, err := checkTimestamp(timestamp, v.now(), v.tolerance)
	if err != nil {
		return time.Time{}, err
	}
	expected := v.key.mac([]byte(timestamp + "." + string(body)))
	match := 0
	for _, signature := range signatures {
		given, err := hex.DecodeString(signature)
		if err == nil {
			match |= subtle.ConstantTimeCompare(expected, given)
		}
	}
	if match != 1 {
		return time.Time{}, ErrSignature
	}
	return at, nil
}

// parseStripe takes a header apart into the timestamp and the v1 signatures,
// or says what is wrong with it.
func parseStripe(value string, limit int) (timestamp string, signatures []string, problem string) {
	others := 0
	for part := range strings.SplitSeq(value, ",") {
		name, content, found := strings.Cut(part, "=")
		switch {
		case !found || content == "":
			return "", nil, "holds an element without a value"
		case name == "t" && timestamp != "":
			return "", nil, "holds two timestamps"
		case name == "t":
			timestamp = content
			continue
		case name == schemeHMAC:
			signatures = append(signatures, content)
		}
		if others++; others > limit {
			return "", nil, fmt.Sprintf("holds more than %d signatures", limit)
		}
	}
	if timestamp == "" {
		return "", nil, "holds no timestamp"
	}
	return timestamp, signatures, ""
}
