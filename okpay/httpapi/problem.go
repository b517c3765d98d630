package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// problem is a refusal as the caller sees it: a problem document of RFC 9457 with members
// of ours.
type problem struct {
	Type       string        `json:"type"`
	Title      string        `json:"title"` // the English text for people
	Status     int           `json:"status"`
	Detail     string        `json:"detail"` // what is wrong this time, for developers
	Code       okpay.Code    `json:"code"`
	Fault      okpay.Fault   `json:"fault"`
	Retry      string        `json:"retry"`
	NextAction []string      `json:"next_action"`
	Message    message       `json:"message"`
	Field      string        `json:"field,omitempty"`
	Limit      *money.Amount `json:"limit,omitempty"`
	ResetsAt   *time.Time    `json:"resets_at,omitempty"`
	Object     string        `json:"object,omitempty"`
	RequestID  string        `json:"request_id"`
}

type message struct {
	En string `json:"en"`
	Zh string `json:"zh-CN"`
}

// requestInProgress is answered when it is not known whether the request was carried out.
const requestInProgress okpay.Code = "request_in_progress"

// statusOf returns the status of a refusal. A code that the API does not speak of yet is
// 422: it is a refusal, and not a failure of the service.
func statusOf(code okpay.Code) int {
	switch code {
	case okpay.InvalidRequest, okpay.AmountPrecision, okpay.AmountNotPositive, okpay.CurrencyNotSupported:
		return http.StatusBadRequest
	case okpay.Unauthenticated:
		return http.StatusUnauthorized
	case okpay.InsufficientBalance, okpay.MerchantFundsInsufficient:
		return http.StatusPaymentRequired
	case okpay.NotFound:
		return http.StatusNotFound
	case okpay.InvalidState, okpay.PaymentExpired, okpay.PaymentDisputed, okpay.PaymentNotRefundable, okpay.OrderAlreadyPaid, requestInProgress:
		return http.StatusConflict
	case okpay.InternalError:
		return http.StatusInternalServerError
	case okpay.ServiceBusy:
		return http.StatusServiceUnavailable
	}
	// idempotency_key_reused, what is above or below a limit, what risk declines and what is
	// wrong with a destination among them.
	return http.StatusUnprocessableEntity
}

// statusError is an invalid request whose status says more than its code.
type statusError struct {
	refusal *okpay.Error
	status  int
}

// Error is the refusal's.
func (e *statusError) Error() string { return e.refusal.Error() }

// Unwrap returns the refusal.
func (e *statusError) Unwrap() error { return e.refusal }

// refuse makes a refusal that the API itself decides.
func refuse(code okpay.Code, field, format string, args ...any) *okpay.Error {
	f, ok := okpay.FailureOf(code)
	if !ok {
		panic("httpapi: no such code: " + string(code))
	}
	return &okpay.Error{Failure: f, Field: field, Detail: fmt.Sprintf(format, args...)}
}

// invalid is refuse with InvalidRequest.
func invalid(field, format string, args ...any) *okpay.Error {
	return refuse(okpay.InvalidRequest, field, format, args...)
}

// problemOf returns the problem of an error. moves says that the request was to change
// something. The cause is for the log alone: it is empty for a refusal, which is the
// caller's affair.
func problemOf(ctx context.Context, err error, moves bool) (p problem, cause string) {
	e, status := classify(ctx, err, moves)
	if status == 0 {
		status = statusOf(e.Code)
	}
	if status >= http.StatusInternalServerError || e.Code == requestInProgress {
		cause = err.Error()
	}
	p = problem{
		Type: "urn:okpay:error:" + string(e.Code), Title: e.En, Status: status, Detail: redact(e.Detail), Code: e.Code,
		Fault: e.Fault, Retry: e.Retry, NextAction: append([]string{}, e.NextAction...), Message: message{e.En, e.Zh},
		Field: redact(e.Field), Limit: e.Limit, Object: redact(e.Object), // which may be an id that the caller made up
	}
	if p.Detail == "" {
		p.Detail = e.En
	}
	if e.ResetsAt != nil {
		at := e.ResetsAt.UTC()
		p.ResetsAt = &at
	}
	return p, cause
}

// classify finds the refusal in an error, with the status if it has one of its own.
func classify(ctx context.Context, err error, moves bool) (e *okpay.Error, status int) {
	var own *statusError
	ended := ctx.Err() != nil || errors.Is(err, ledger.ErrClosed)
	switch {
	case errors.As(err, &own):
		return own.refusal, own.status
	case errors.As(err, &e) && e.Code != okpay.InternalError:
		return e, 0
	case errors.Is(err, ledger.ErrOutcomeUnknown), ended && moves:
		// What ended without a word of the wallet may have been committed and not read back.
		return refuse(requestInProgress, "", "it is not known yet whether this was done; send the same request again"), 0
	case ended:
		return refuse(okpay.ServiceBusy, "", "the request could not be finished in time"), 0
	}
	return refuse(okpay.InternalError, "", "the service's log has more under this request's id"), 0
}

// secrets matches what must be shown to nobody, wherever it came from.
var secrets = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(okpay_(?:test|live)_|whsec_|whsk_)[A-Za-z0-9+/=_-]+`)
})

// redact blots out API keys and webhook secrets.
func redact(s string) string { return secrets().ReplaceAllString(s, "${1}[secret]") }

// maxQuoted bounds, in bytes, how much of a caller's text an error repeats.
const maxQuoted = 64

// quotable makes a caller's text fit for a problem: bounded, ASCII, without secrets.
func quotable(s string) string {
	s = redact(s) // before it is cut, which could leave a part of a key
	if len(s) > maxQuoted {
		s = s[:maxQuoted] + "..."
	}
	quoted := fmt.Sprintf("%+q", s)
	return quoted[1 : len(quoted)-1]
}
