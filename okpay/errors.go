package okpay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// Error is a refusal by the wallet. It matches its Code with errors.Is, and what it wraps.
type Error struct {
	Failure
	Field  string        // the field of the input that is wrong, if one is
	Detail string        // what is wrong this time, in English, for developers
	Limit  *money.Amount // what would have been possible: the rest that can be captured, refunded, withdrawn or is left of a limit
	Short  *money.Amount // how much is missing, fee included (InsufficientBalance)
	// ResetsAt is when a limit begins anew, for refusals by a limit.
	ResetsAt *time.Time
	Object   string // id of the object concerned, if any
	Err      error  // cause, if any
}

// Error tells the code and the detail.
func (e *Error) Error() string {
	s := "okpay: " + string(e.Code)
	if e.Field != "" {
		s += " (" + e.Field + ")"
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Is matches the error's Code.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of an error of this package, InternalError for another error and "" for nil.
func CodeOf(err error) Code {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return InternalError
}

func NewError(code Code, format string, args ...any) *Error {
	f, ok := FailureOf(code)
	if !ok {
		f = Failure{Code: code, Fault: FaultProvider, Retry: "never", En: string(code), Zh: string(code)}
	}
	return &Error{Failure: f, Detail: fmt.Sprintf(format, args...)}
}

func InvalidField(field, format string, args ...any) *Error {
	e := NewError(InvalidRequest, format, args...)
	e.Field = field
	return e
}

func notFound(noun, id string) *Error {
	e := NewError(NotFound, "there is no %s with this id", noun)
	if len(id) <= maxKeyLen {
		e.Object = id
	}
	return e
}

// translate makes an Error of what the ledger returned. What the wallet has no word for
// stays as it is: the context's errors, ErrOutcomeUnknown, a store that is away.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var (
		own     *Error
		refused *ledger.RefusedError
		reused  *ledger.IDReusedError
		invalid *ledger.InvalidError
	)
	switch {
	case errors.As(err, &own):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, ledger.ErrOutcomeUnknown):
		return err
	case errors.As(err, &reused):
		e := NewError(IdempotencyKeyReused, "the key was used before with another %s", reused.Field)
		e.Field, e.Err = reused.Field, err
		return e
	case errors.As(err, &refused):
		e := NewError(codeOfReason(refused.Reason), "%s", refused.Detail)
		e.Err = err
		return e
	case errors.As(err, &invalid):
		e := InvalidField(invalid.Field, "%s", invalid.Reason)
		e.Err = err
		return e
	case errors.Is(err, ledger.ErrBusy), errors.Is(err, ledger.ErrConflict), errors.Is(err, ledger.ErrRetry), errors.Is(err, ledger.ErrUnavailable):
		e := NewError(ServiceBusy, "nothing was done")
		e.Err = err
		return e
	}
	return err
}

// codeOfReason maps the kernel's reasons; a verb's own reasons are codes already.
func codeOfReason(r ledger.Reason) Code {
	switch r {
	case ledger.InsufficientFunds:
		return InsufficientBalance
	case ledger.LimitExceeded, ledger.BalanceOverflow:
		return LimitExceededTransaction
	case ledger.AccountFrozen, ledger.AccountClosed:
		return AccountRestricted
	case ledger.AccountNotAllowed, ledger.ScaleChanged:
		return CurrencyNotSupported
	case ledger.HoldExpired:
		return PaymentExpired
	case ledger.HoldUnknown, ledger.HoldCaptured, ledger.HoldVoided, ledger.HoldExists:
		return InvalidState
	case ledger.HoldExceeded:
		return AmountExceedsCapturable
	}
	return Code(r)
}
