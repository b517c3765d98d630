package webhook

import (
	"net/http"
	"strconv"
	"time"
)

// Outcome says what came of an attempt to deliver. The zero value is
// [OutcomeUnknown].
type Outcome int

// The outcomes of an attempt.
const (
	// OutcomeUnknown is the outcome of an attempt that was not made.
	OutcomeUnknown Outcome = iota
	// OutcomeDelivered: the receiver answered 2xx and has taken the message.
	OutcomeDelivered
	// OutcomeRetry: nothing is wrong with the endpoint as far as one can tell;
	// try again. The network or the TLS handshake failed, the time was up, or
	// the receiver answered 408, 409, 425, 429 or 5xx.
	OutcomeRetry
	// OutcomeRejected: the receiver answered anything else, such as 404 or a
	// redirect, which is not followed; or its name resolves to an address that is
	// not public. Try again all the same, since Standard Webhooks counts these as
	// ordinary failures and a receiver may be misconfigured for an hour; but tell
	// the endpoint's owner.
	OutcomeRejected
	// OutcomeGone: the receiver answered 410. Disable the endpoint and send it
	// nothing more.
	OutcomeGone
	// OutcomeInvalid: nothing was sent, because the URL, a key or the message
	// cannot be used. Trying again is pointless until that is changed.
	OutcomeInvalid
)

// String returns a word for the outcome.
func (o Outcome) String() string {
	switch o {
	case OutcomeDelivered:
		return "delivered"
	case OutcomeRetry:
		return "retry"
	case OutcomeRejected:
		return "rejected"
	case OutcomeGone:
		return "gone"
	case OutcomeInvalid:
		return "invalid"
	case OutcomeUnknown:
	}
	return "unknown"
}

// Again reports whether the message should be tried again: after
// [OutcomeRetry], [OutcomeRejected] and [OutcomeUnknown].
func (o Outcome) Again() bool {
	return o == OutcomeRetry || o == OutcomeRejected || o == OutcomeUnknown
}

// Result is what came of one attempt to deliver one message.
type Result struct {
	// Outcome says what to do next.
	Outcome Outcome
	// Status is the HTTP status that was answered, or 0 if there was no answer.
	Status int
	// RetryAfter is how long the receiver asked to be left alone, at most
	// [SenderConfig.MaxRetryAfter]. It is 0 if it did not ask, asked for a time
	// that has passed or in a way that cannot be read, or there is to be no
	// further attempt.
	RetryAfter time.Duration
	// Response is the beginning of the answer's body, at most
	// [SenderConfig.MaxResponse] bytes, whatever they are: for showing to the
	// endpoint's owner, who wrote them.
	Response []byte
	// Duration is how long the attempt took.
	Duration time.Duration
	// Err tells why there was no answer, and is nil if there was one. It matches
	// [ErrInvalidEndpoint], [ErrPrivateAddress], [ErrInvalidKey] or
	// [ErrInvalidMessage] when this package refused; the context's error when
	// the context ended, after which the message may or may not have arrived. It
	// holds no part of a key, nor of the URL but the host and its addresses.
	Err error
}

// outcomeOf classifies the status of an answer.
func outcomeOf(status int) Outcome {
	switch {
	case status >= 200 && status <= 299:
		return OutcomeDelivered
	case status == http.StatusGone:
		return OutcomeGone
	case status == http.StatusRequestTimeout,
		status == http.StatusConflict,
		status == http.StatusTooEarly,
		status == http.StatusTooManyRequests,
		status >= 500:
		return OutcomeRetry
	}
	return OutcomeRejected
}

// parseRetryAfter reads a Retry-After header (RFC 9110, section 10.2.3), which
// is a number of seconds or a date. What cannot be read asks for nothing.
func parseRetryAfter(value string, now time.Time, limit time.Duration) time.Duration {
	var wait time.Duration
	if digitsOnly(value) {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(limit/time.Second) {
			return limit
		}
		wait = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(value); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), limit)
}

func digitsOnly(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
