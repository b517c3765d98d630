package webhook

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The header names of Standard Webhooks 1.0.0. HTTP does not tell upper case
// from lower in them.
const (
	HeaderID        = "webhook-id"        // the message's id, the same on every attempt
	HeaderTimestamp = "webhook-timestamp" // the attempt's time in Unix seconds
	HeaderSignature = "webhook-signature" // signatures, separated by spaces
)

// MaxIDLength is the greatest length of a message id in bytes. The
// specification names no bound; ids are kept by receivers as idempotency keys,
// so one is needed.
const MaxIDLength = 256

// DefaultMaxSignatures is how many signatures a verifier examines in one
// header by default, and how many keys [Sign] accepts at most. The
// specification names no bound; without one a sender of thousands of
// signatures makes the receiver work for nothing.
const DefaultMaxSignatures = 32

// ErrInvalidMessage is returned by [Sign] and [SetHeaders], and found in the
// [Result] of a [Sender], when a message cannot be signed: its id is empty,
// longer than [MaxIDLength] or holds a byte that is not allowed, or its time
// is before 1970.
var ErrInvalidMessage = errors.New("webhook: invalid message")

// Message is one webhook: what a [Verifier] found to be authentic, or what a
// [Sender] is to deliver.
type Message struct {
	// ID names the event and is the same on every attempt to deliver it: use it
	// as the idempotency key. It is 1 to [MaxIDLength] bytes of visible ASCII
	// without the full stop. The full stop separates the parts of the signed
	// content; an id that held one could be shifted into the timestamp and be
	// signed as another message.
	ID string
	// Timestamp is the time of this attempt (not of the event), in whole seconds.
	Timestamp time.Time
	// Body is the payload exactly as signed. Do not decode and encode it again
	// before verifying or signing it.
	Body []byte
}

// Sign returns the value of the signature header for a message: one signature
// for each key, in the order of the keys, separated by spaces. Of the time only
// the whole seconds count.
//
// The error matches [ErrInvalidMessage] when the id or time cannot be signed,
// else [ErrInvalidKey] when there is no key, a key is nil or its zero value, or
// there are more than [DefaultMaxSignatures].
func Sign(id string, at time.Time, body []byte, keys ...SigningKey) (string, error) {
	if problem := idProblem(id); problem != "" {
		return "", fmt.Errorf("%w: the id %s", ErrInvalidMessage, problem)
	}
	if at.Unix() < 0 {
		return "", fmt.Errorf("%w: the time is before 1970", ErrInvalidMessage)
	}
	if len(keys) == 0 {
		return "", fmt.Errorf("%w: no key to sign with", ErrInvalidKey)
	}
	if len(keys) > DefaultMaxSignatures {
		return "", fmt.Errorf("%w: %d keys, at most %d can be used at once", ErrInvalidKey, len(keys), DefaultMaxSignatures)
	}
	content := signedContent(id, formatTimestamp(at), body)
	signatures := make([]string, len(keys))
	for i, key := range keys {
		if key == nil || key.empty() {
			return "", fmt.Errorf("%w: key %d holds nothing", ErrInvalidKey, i)
		}
		signatures[i] = key.scheme() + "," + key.sign(content)
	}
	return strings.Join(signatures, " "), nil
}

// SetHeaders signs m and sets the three headers, replacing any that are there.
// It fails as [Sign] does and then leaves header alone.
func SetHeaders(header http.Header, m Message, keys ...SigningKey) error {
	signature, err := Sign(m.ID, m.Timestamp, m.Body, keys...)
	if err != nil {
		return err
	}
	header.Set(HeaderID, m.ID)
	header.Set(HeaderTimestamp, formatTimestamp(m.Timestamp))
	header.Set(HeaderSignature, signature)
	return nil
}

func formatTimestamp(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

// signedContent joins what is signed. It takes the timestamp as the text that
// travels, so that nothing can be accepted in one spelling and signed in another.
func signedContent(id, timestamp string, body []byte) []byte {
	content := make([]byte, 0, len(id)+len(timestamp)+len(body)+2)
	content = append(content, id...)
	content = append(content, '.')
	content = append(content, timestamp...)
	content = append(content, '.')
	return append(content, body...)
}

// idProblem says in words what is wrong with an id, or nothing. It never
// quotes the id, which may come from a stranger.
func idProblem(id string) string {
	if id == "" {
		return "is empty"
	}
	if len(id) > MaxIDLength {
		return fmt.Sprintf("is longer than %d bytes", MaxIDLength)
	}
	for i := range len(id) {
		switch c := id[i]; {
		case c == '.':
			return "contains a full stop"
		case c <= ' ' || c > '~':
			return "contains a byte that is not visible ASCII"
		}
	}
	return ""
}
