package merchant

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// The bounds of what is read of an answer, in bytes.
const (
	// maxBody is several times a page of a hundred payments with the most metadata.
	maxBody = 16 << 20
	// maxProblem bounds a refusal; what is longer is cut off.
	maxProblem = 1 << 20
)

// errTooLong reports a good answer longer than maxBody.
var errTooLong = errors.New("it is longer than 16 MiB")

// exchange is one call over all its attempts. It is the transport of its HTTP client, so that
// each attempt ends with the whole answer in memory: a connection that breaks in the middle of
// an answer is a failed attempt like any other.
type exchange struct {
	client   *Client
	call     *call
	attempts int

	// unsettled is set once an attempt may have been carried out without anybody having
	// said what came of it.
	unsettled bool

	// Of the last answer; nil if none came.
	good    *answer
	refusal *Error
}

// RoundTrip makes one attempt.
func (x *exchange) RoundTrip(request *http.Request) (*http.Response, error) {
	x.attempts++
	x.good, x.refusal = nil, nil
	var sent atomic.Bool
	ctx := httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
	})
	ctx, cancel := context.WithTimeout(ctx, x.client.config.Timeout)
	defer cancel()
	response, body, err := x.fetch(request.WithContext(ctx))
	if err != nil {
		// Other transports than Go's own need not tell when they have a connection.
		if _, tells := x.client.transport.(*http.Transport); sent.Load() || !tells {
			x.unsettled = true
		}
		if ctx.Err() != nil && request.Context().Err() == nil {
			err = fmt.Errorf("none within %v: %w", x.client.config.Timeout, os.ErrDeadlineExceeded)
		}
		return nil, err
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		x.refusal = x.problem(response, body)
		x.unsettled = x.unsettled || x.refusal.unsettled()
	} else {
		x.good = &answer{
			status: response.StatusCode, header: response.Header, body: body,
			replayed: response.Header.Get(headerReplayed) == "true",
		}
	}
	response.Body = http.NoBody
	return response, nil
}

// fetch sends a request and reads the whole answer.
func (x *exchange) fetch(request *http.Request) (*http.Response, []byte, error) {
	response, err := x.client.transport.RoundTrip(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusMultipleChoices {
		body, err := io.ReadAll(io.LimitReader(response.Body, maxProblem))
		return response, body, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = errTooLong
	}
	return response, body, err
}

func (x *exchange) problem(response *http.Response, body []byte) *Error {
	e := parseProblem(response, x.client.redact(body), x.client.config.Currencies)
	e.Operation, e.Key, e.Attempts = x.call.operation, x.call.key, x.attempts
	return e
}

// again is the retry policy: whether another attempt is to follow this one.
func (x *exchange) again(ctx context.Context, _ *http.Response, err error) (bool, error) {
	x.log(ctx, err)
	switch {
	case errors.Is(err, errTooLong):
		return false, nil // it would be as long the next time
	case err != nil:
		// Knows what cannot get better, such as a certificate that is not trusted.
		return retryablehttp.DefaultRetryPolicy(ctx, nil, err)
	case x.refusal == nil, !x.refusal.again(), x.refusal.RetryAfter > x.client.config.MaxRetryAfter:
		return false, nil
	}
	return ctx.Err() == nil, ctx.Err()
}

// wait says how long to wait before the next attempt; n counts the repeats from 0.
func (x *exchange) wait(ctx context.Context, n int) time.Duration {
	pause, longest := x.client.config.MinBackoff, x.client.config.MaxBackoff
	for range n {
		if pause > longest/2 {
			pause = longest
			break
		}
		pause *= 2
	}
	jitter := min(max(x.client.config.Jitter(), 0), 1)
	pause = pause/2 + time.Duration(float64(pause-pause/2)*jitter)
	if x.refusal != nil {
		pause = max(pause, x.refusal.RetryAfter)
	}
	x.client.config.Logger.LogAttrs(ctx, slog.LevelWarn, "okpay: repeating a call",
		slog.String("operation", x.call.operation), slog.Int("attempt", x.attempts+1), slog.Duration("wait", pause))
	return pause
}

// conclude makes the result of the call out of what the attempts have met.
func (x *exchange) conclude(ctx context.Context, err error) (answer, error) {
	in := x.call
	if err == nil && x.good != nil {
		return *x.good, nil
	}
	if err == nil && x.refusal != nil {
		if in.method == http.MethodDelete && x.refusal.Status == http.StatusNotFound && x.unsettled {
			// An earlier attempt deleted it, and its answer was lost.
			return answer{status: http.StatusNoContent}, nil
		}
		x.refusal.OutcomeUnknown = in.changes() && x.unsettled && !x.refusal.definite()
		return answer{}, x.refusal
	}
	if err == nil {
		err = errors.New("neither an answer nor an error") // of a broken transport
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // without the URL
	}
	if errors.Is(err, errTooLong) {
		return answer{}, x.client.badResponse(in, http.StatusOK, nil, err)
	}
	if ended := ctx.Err(); ended != nil {
		if !errors.Is(err, ended) { // the context was given a cause of its own
			err = errors.Join(err, ended)
		}
		if x.refusal != nil {
			err = errors.Join(err, x.refusal)
		}
	}
	return answer{}, &NetworkError{
		Operation: in.operation, Key: in.key, Attempts: x.attempts,
		OutcomeUnknown: in.changes() && x.unsettled, Err: err,
	}
}

// log tells of one attempt.
func (x *exchange) log(ctx context.Context, err error) {
	logger := x.client.config.Logger
	if !logger.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{slog.String("operation", x.call.operation), slog.Int("attempt", x.attempts)}
	switch {
	case err != nil:
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		attrs = append(attrs, slog.String("error", clean(err.Error(), maxDetail)))
	case x.refusal != nil:
		attrs = append(attrs, slog.Int("status", x.refusal.Status), slog.String("code", string(x.refusal.Code)),
			slog.String("request_id", x.refusal.RequestID))
	case x.good != nil:
		attrs = append(attrs, slog.Int("status", x.good.status),
			slog.String("request_id", clean(x.good.header.Get(headerRequestID), maxName)), slog.Bool("replayed", x.good.replayed))
	}
	logger.LogAttrs(ctx, slog.LevelDebug, "okpay: an attempt ended", attrs...)
}

// again reports whether the refusal is of the kind that the same request may overcome.
func (e *Error) again() bool {
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case http.StatusConflict:
		return e.Code == CodeRequestInProgress
	case http.StatusInternalServerError:
		return e.Retry == RetrySameKey
	}
	return false
}

// unsettled reports whether the refusal leaves open what came of the request.
func (e *Error) unsettled() bool {
	if e.Code == CodeServiceBusy {
		return false // nothing was done
	}
	return e.Status >= http.StatusInternalServerError || e.Code == CodeRequestInProgress
}

// definite reports whether the refusal settles the call, attempts before it included: the
// service looked up the key and decided. It has not when it turned the request away at the
// door (no longer authenticated, too many requests), and neither has a proxy.
func (e *Error) definite() bool {
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return false
	}
	return e.Code != "" && e.Code != CodeRequestInProgress && e.Status < http.StatusInternalServerError
}

// retryAfter reads Retry-After (RFC 9110, section 10.2.3): seconds, or a date, which is
// compared with the answer's own Date so that no clock but the sender's counts. 0 if there
// is none that can be read.
func retryAfter(h http.Header) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	then, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return max(then.Sub(now), 0)
}
