package merchant

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/okpay/okpay-go/ledger/money"
)

var (
	// ErrOutcomeUnknown is matched by the error of a call that may have been carried out
	// although no usable answer came: the network failed, the context ended, the service
	// said that it does not know, or answered what cannot be read. Nothing is lost: calling
	// again with the same Key ([KeyOf] returns it) does the thing once and no more, and
	// tells what came of it. Calls that only read never match.
	ErrOutcomeUnknown = errors.New("merchant: the outcome is unknown")

	// ErrNetwork is matched by a [*NetworkError]: no answer came.
	ErrNetwork = errors.New("merchant: no answer")

	// ErrBadResponse is matched by a [*ResponseError]: the answer said that all is well and
	// could not be read.
	ErrBadResponse = errors.New("merchant: the answer cannot be read")
)

// Error is a refusal: what the service answered instead of doing what it was asked, or what
// this package found wrong with the input before sending anything (Status is then 0). It
// matches its Code with errors.Is, and ErrOutcomeUnknown when OutcomeUnknown is set.
//
// An answer that does not come from the service itself, as from a proxy on the way, has a
// Status and no Code. All texts are printable and cut at a sane length.
type Error struct {
	Operation string // such as "payments.create"
	Status    int    // of HTTP; 0 if nothing was sent
	Code      Code
	Fault     Fault
	Retry     Retry
	// NextAction is what can be done about it, best first, such as "top_up".
	NextAction []string
	// Message is for people.
	Message Message
	// Detail says in English what is wrong this time, for developers.
	Detail string
	// Field is the field of the request that is wrong, if one is.
	Field string
	// Limit is what would have been possible, such as the rest that can be captured. The
	// zero Amount if nothing is told.
	Limit money.Amount
	// ResetsAt is when a limit begins anew, for refusals by a limit for a period. Zero if nothing
	// is told.
	ResetsAt time.Time
	// Object is the id of the object concerned, if any. A refund that failed is an object
	// too and can be read by it.
	Object string
	// RequestID names the request in the service's log.
	RequestID string
	// RetryAfter is how long the service asks to wait, 0 if it does not.
	RetryAfter time.Duration
	// Key is the idempotency key of the call, if it had one.
	Key string
	// Attempts is how often the request was sent.
	Attempts int
	// Replayed is set when the Key had been used before and was refused like this then.
	Replayed bool
	// OutcomeUnknown is set when the call may have been carried out all the same.
	OutcomeUnknown bool
}

// Message is a text for people in both languages. Either may be empty.
type Message struct {
	En string `json:"en"`
	Zh string `json:"zh-CN"` // Simplified Chinese
}

// Text returns the text in Simplified Chinese for "zh" and its variants, otherwise in
// English; in the other language if it is missing in this one.
func (m Message) Text(locale string) string {
	first, second := m.En, m.Zh
	if tag := strings.ToLower(locale); tag == "zh" || strings.HasPrefix(tag, "zh-") || strings.HasPrefix(tag, "zh_") {
		first, second = second, first
	}
	if first == "" {
		return second
	}
	return first
}

// Error tells operation, code, status, field, detail and request id, in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("merchant: ")
	if e.Operation != "" {
		b.WriteString(e.Operation + ": ")
	}
	if e.Code != "" {
		b.WriteString(string(e.Code))
	} else {
		b.WriteString("refused")
	}
	if e.Status != 0 {
		b.WriteString(" (status " + strconv.Itoa(e.Status) + ")")
	}
	if e.Field != "" {
		b.WriteString(": " + e.Field)
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	if e.RequestID != "" {
		b.WriteString(" [" + e.RequestID + "]")
	}
	if e.OutcomeUnknown {
		b.WriteString(unknownAdvice(e.Key))
	}
	return b.String()
}

// Is matches the error's Code, and ErrOutcomeUnknown.
func (e *Error) Is(target error) bool {
	if target == ErrOutcomeUnknown {
		return e.OutcomeUnknown
	}
	code, ok := target.(Code)
	return ok && code != "" && code == e.Code
}

// NetworkError reports that no answer came: not after all repeats, or not before the context
// ended. It matches ErrNetwork, what it wraps, and ErrOutcomeUnknown when OutcomeUnknown is
// set.
type NetworkError struct {
	Operation string // such as "payments.create"
	Key       string // the idempotency key of the call, if it had one
	Attempts  int    // how often it was tried
	// OutcomeUnknown is set when the call may have been carried out: it changes something,
	// and at least one attempt reached the service or may have.
	OutcomeUnknown bool
	// Err is what the network said at the last attempt; or the context's error, joined with
	// the [*Error] of the last answer if there was one.
	Err error
}

// Error tells the operation, the cause, and what to do when the outcome is unknown.
func (e *NetworkError) Error() string {
	plural := "s"
	if e.Attempts == 1 {
		plural = ""
	}
	// The texts of errors that were joined stand in lines of their own.
	cause := clean(e.Err.Error(), maxDetail)
	s := fmt.Sprintf("merchant: %s: no answer after %d attempt%s: %s", e.Operation, e.Attempts, plural, cause)
	if e.OutcomeUnknown {
		s += unknownAdvice(e.Key)
	}
	return s
}

// Is matches ErrNetwork and ErrOutcomeUnknown.
func (e *NetworkError) Is(target error) bool {
	return target == ErrNetwork || target == ErrOutcomeUnknown && e.OutcomeUnknown
}

// Unwrap returns the cause.
func (e *NetworkError) Unwrap() error { return e.Err }

// ResponseError reports an answer with a good status that is not what was asked for: no
// JSON, a field missing, an amount of a currency that [Config].Currencies does not hold. It
// matches ErrBadResponse, what it wraps, and ErrOutcomeUnknown when OutcomeUnknown is set.
type ResponseError struct {
	Operation      string // such as "payments.create"
	Status         int    // of HTTP
	RequestID      string // names the request in the service's log
	Key            string // the idempotency key of the call, if it had one
	OutcomeUnknown bool   // the call changes something
	Err            error  // what is wrong with the answer
}

// Error tells the operation and what is wrong with the answer.
func (e *ResponseError) Error() string {
	s := fmt.Sprintf("merchant: %s: the answer (status %d) cannot be read: %s", e.Operation, e.Status, clean(e.Err.Error(), maxDetail))
	if e.RequestID != "" {
		s += " [" + e.RequestID + "]"
	}
	if e.OutcomeUnknown {
		s += unknownAdvice(e.Key)
	}
	return s
}

// Is matches ErrBadResponse and ErrOutcomeUnknown.
func (e *ResponseError) Is(target error) bool {
	return target == ErrBadResponse || target == ErrOutcomeUnknown && e.OutcomeUnknown
}

// Unwrap returns what is wrong.
func (e *ResponseError) Unwrap() error { return e.Err }

// CodeOf returns the code of an error of this package, and "" for an error without one and
// for nil.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// KeyOf returns the idempotency key of the call that ended with this error: the Key it was
// given, or the one that was made for it. It returns "" when the call had none.
func KeyOf(err error) string {
	var (
		network  *NetworkError
		response *ResponseError
		refusal  *Error
	)
	switch {
	case errors.As(err, &network):
		return network.Key
	case errors.As(err, &response):
		return response.Key
	case errors.As(err, &refusal):
		return refusal.Key
	}
	return ""
}

func unknownAdvice(key string) string {
	if key == "" {
		return "; the outcome is unknown: calling again is safe"
	}
	return "; the outcome is unknown: calling again with Key " + strconv.Quote(key) + " is safe"
}

// invalidInput is what is wrong with the input of a call, found before sending.
func invalidInput(field, format string, args ...any) *Error {
	return &Error{
		Code: CodeInvalidRequest, Fault: FaultCaller, Retry: RetryNever, NextAction: []string{"fix_request"},
		Message: Message{En: "The request has a mistake.", Zh: "请求有误,请检查后重新提交。"},
		Field:   field, Detail: fmt.Sprintf(format, args...),
	}
}

// refuse completes what a check found.
func refuse(operation, key string, e *Error) error {
	e.Operation, e.Key = operation, key
	return e
}

// The bounds of texts from answers, in characters.
const (
	maxDetail  = 1000
	maxMessage = 500
	maxName    = 200 // of codes, fields, ids
)

// clean makes text from elsewhere fit for logs and terminals: one line, printable, bounded.
func clean(text string, limit int) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range text {
		if !unicode.IsGraphic(r) || unicode.IsSpace(r) {
			space = true
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
			n++
		}
		space = false
		if n++; n > limit {
			return b.String() + "…"
		}
		b.WriteRune(r)
	}
	return b.String()
}
