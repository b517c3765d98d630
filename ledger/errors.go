package ledger

import (
	"errors"
	"fmt"
)

// Errors of Commit and Do. Where several apply, the first of this list is returned: form
// (ErrInvalid), queue (the context's error, ErrClosed, ErrBusy), idempotency (ErrIDReused, or the first
// outcome), ErrDeadline, ErrConflict, then the refusals of the operations in their order,
// then ErrDuplicateKey, then ErrTooLarge.
var (
	// ErrInvalid reports a Change whose form is wrong; see InvalidError.
	ErrInvalid = errors.New("ledger: invalid")
	// ErrBusy reports that the queue is full. Nothing happened; try again.
	ErrBusy = errors.New("ledger: the queue is full")
	// ErrClosed reports use of a ledger after Close.
	ErrClosed = errors.New("ledger: closed")
	// ErrIDReused reports an id that was used for another request; see IDReusedError.
	ErrIDReused = errors.New("ledger: id was used for another request")
	// ErrDeadline reports that the block's time is later than Change.NotAfter.
	ErrDeadline = errors.New("ledger: too late")
	// ErrConflict reports that a record has another version than the Change expects.
	ErrConflict = errors.New("ledger: record has changed")
	// ErrDuplicateKey reports a unique key that another record holds; see DuplicateKeyError.
	ErrDuplicateKey = errors.New("ledger: unique key is taken")
	// ErrOutcomeUnknown reports that the caller stopped waiting, or the store lost its
	// connection, after the Change was taken. Ask again with the same id.
	ErrOutcomeUnknown = errors.New("ledger: outcome unknown")
	// ErrClockSkew reports that Config.Now and the store's server clock differ by more than
	// Config.MaxSkew.
	ErrClockSkew = errors.New("ledger: clocks differ too much")
	// ErrHistoryRegressed reports a store whose head is older than, or differs from, what
	// this ledger saw committed; see HistoryError. The ledger writes nothing more until
	// AcceptHistory.
	ErrHistoryRegressed = errors.New("ledger: history went backwards")
	// ErrNotFound reports that what was asked for is not there.
	ErrNotFound = errors.New("ledger: not found")
	// ErrTooLarge reports a Change, or a chain, that would make a block which nobody could
	// read again, see MaxBlockLen: of very many postings, or on accounts where very many holds have
	// expired since they were last written. Nothing happened.
	ErrTooLarge = errors.New("ledger: a block would be too large")
	// ErrLinked reports a Change of CommitAll that did not happen because another one of its
	// chain was refused. Its id stays free.
	ErrLinked = errors.New("ledger: another change of its chain failed")
	// ErrJoined reports a write under a context that carries a joined transaction: it would
	// wait for that transaction, which waits for its caller. See Ledger.CommitJoined.
	ErrJoined = errors.New("ledger: the context carries a joined transaction")
	// ErrErased reports a record whose content was erased.
	ErrErased = errors.New("ledger: erased")
)

// Refusals: business rules said no. Each is the sentinel of one Reason, and is carried by
// a *RefusedError.
var (
	// ErrRefused matches every RefusedError.
	ErrRefused = errors.New("ledger: refused")
	// ErrInsufficientFunds reports a debit (or hold) that would take an account below its minimum. It pins the id.
	ErrInsufficientFunds = errors.New("ledger: insufficient funds")
	// ErrLimitExceeded reports a credit that would take an account above its maximum. It pins the id.
	ErrLimitExceeded = errors.New("ledger: limit exceeded")
	// ErrBalanceOverflow reports a balance that would not fit into 64 bits. It pins the id.
	ErrBalanceOverflow = errors.New("ledger: balance overflow")
	// ErrAccountNotAllowed reports an account that the chart does not allow.
	ErrAccountNotAllowed = errors.New("ledger: account not allowed")
	// ErrAccountFrozen reports a posting or hold in a direction in which the account is
	// frozen. It pins the id.
	ErrAccountFrozen = errors.New("ledger: account is frozen")
	// ErrAccountClosed reports an account that is closed. It pins the id.
	ErrAccountClosed = errors.New("ledger: account is closed")
	// ErrAccountOpen reports a Reopen of an account that is not closed. It pins the id.
	ErrAccountOpen = errors.New("ledger: account is not closed")
	// ErrConditionFailed reports a Require that does not hold. It pins the id.
	ErrConditionFailed = errors.New("ledger: condition does not hold")
	// ErrTransactionUnknown reports a Reverse of a transaction that is not there. It pins
	// the id.
	ErrTransactionUnknown = errors.New("ledger: transaction unknown")
	// ErrAlreadyReversed reports a Reverse of a transaction that was reversed.
	ErrAlreadyReversed = errors.New("ledger: transaction was reversed already")
	// ErrScaleChanged reports a currency whose scale differs from the one journalled.
	ErrScaleChanged = errors.New("ledger: scale of the currency differs")
	// ErrHoldExists reports a hold id that is in use.
	ErrHoldExists = errors.New("ledger: hold exists")
	// ErrHoldUnknown reports a hold that is not there. It pins the id.
	ErrHoldUnknown = errors.New("ledger: hold unknown")
	// ErrHoldCaptured reports a hold that was captured.
	ErrHoldCaptured = errors.New("ledger: hold was captured")
	// ErrHoldVoided reports a hold that was voided.
	ErrHoldVoided = errors.New("ledger: hold was voided")
	// ErrHoldExpired reports a hold that has expired.
	ErrHoldExpired = errors.New("ledger: hold has expired")
	// ErrHoldExceeded reports a capture of more than the hold still reserves.
	ErrHoldExceeded = errors.New("ledger: more than the hold reserves")
	// ErrMonitorUnknown reports an Unmonitor of what is not on the account. It pins the id.
	ErrMonitorUnknown = errors.New("ledger: monitor unknown")
	// ErrMonitorExists reports a Monitor whose ID is on another account. It pins the id.
	ErrMonitorExists = errors.New("ledger: monitor exists")
	// ErrTooManyMonitors reports an account that has MaxMonitors. It pins the id.
	ErrTooManyMonitors = errors.New("ledger: too many monitors")
)

// Reason is why a Change was refused. The ledger's own are below; a verb may use its own
// codes in Change.Refusal.
type Reason string

// The kernel's reasons.
const (
	InsufficientFunds Reason = "insufficient_funds"
	LimitExceeded     Reason = "limit_exceeded"
	BalanceOverflow   Reason = "balance_overflow"
	AccountNotAllowed Reason = "account_not_allowed"
	ScaleChanged      Reason = "scale_changed"
	AccountFrozen     Reason = "account_frozen"
	AccountClosed     Reason = "account_closed"
	AccountOpen       Reason = "account_open"
	ConditionFailed   Reason = "condition_failed"
	HoldExists        Reason = "hold_exists"
	HoldUnknown       Reason = "hold_unknown"
	HoldCaptured      Reason = "hold_captured"
	HoldVoided        Reason = "hold_voided"
	HoldExpired       Reason = "hold_expired"
	HoldExceeded      Reason = "hold_exceeded"

	TransactionUnknown Reason = "transaction_unknown"
	AlreadyReversed    Reason = "already_reversed"

	MonitorUnknown  Reason = "monitor_unknown"
	MonitorExists   Reason = "monitor_exists"
	TooManyMonitors Reason = "too_many_monitors"
)

// sentinel maps a reason of the kernel to its error.
func (r Reason) sentinel() error {
	switch r {
	case InsufficientFunds:
		return ErrInsufficientFunds
	case LimitExceeded:
		return ErrLimitExceeded
	case BalanceOverflow:
		return ErrBalanceOverflow
	case AccountNotAllowed:
		return ErrAccountNotAllowed
	case AccountFrozen:
		return ErrAccountFrozen
	case AccountClosed:
		return ErrAccountClosed
	case AccountOpen:
		return ErrAccountOpen
	case ConditionFailed:
		return ErrConditionFailed
	case ScaleChanged:
		return ErrScaleChanged
	case HoldExists:
		return ErrHoldExists
	case HoldUnknown:
		return ErrHoldUnknown
	case HoldCaptured:
		return ErrHoldCaptured
	case HoldVoided:
		return ErrHoldVoided
	case HoldExpired:
		return ErrHoldExpired
	case HoldExceeded:
		return ErrHoldExceeded
	case TransactionUnknown:
		return ErrTransactionUnknown
	case AlreadyReversed:
		return ErrAlreadyReversed
	case MonitorUnknown:
		return ErrMonitorUnknown
	case MonitorExists:
		return ErrMonitorExists
	case TooManyMonitors:
		return ErrTooManyMonitors
	}
	return nil
}

// pins reports whether a refusal for this reason keeps the id refused for ever: the same
// Change could succeed later, behind the back of a caller who was told no.
func (r Reason) pins() bool {
	switch r {
	case InsufficientFunds, LimitExceeded, BalanceOverflow, AccountFrozen, AccountClosed, AccountOpen, ConditionFailed,
		HoldUnknown, TransactionUnknown, MonitorUnknown, MonitorExists, TooManyMonitors:
		return true
	}
	return false
}

// Refusal says why a Change was refused, with the facts.
type Refusal struct {
	Reason Reason

	// Account, if set, is the account whose limit was hit.
	Account AccountKey
	// Short is by how many minor units the limit was missed.
	Short int64
	// Hold, if set, is the hold concerned.
	Hold string
	// Transaction, if set, is the transaction concerned.
	Transaction int64
	// Detail is free for verbs (Change.Refusal): opaque, journalled, at most MaxDetailLen bytes.
	Detail string
}

// RefusedError reports a Change that a business rule refused. It matches ErrRefused and
// the sentinel of its reason.
type RefusedError struct {
	Refusal
}

// Error tells the reason and the facts.
func (e *RefusedError) Error() string {
	s := "ledger: refused: " + string(e.Reason)
	if e.Account.Name != "" {
		s += " " + e.Account.String()
	}
	if e.Short != 0 {
		s += fmt.Sprintf(" short by %d", e.Short)
	}
	if e.Hold != "" {
		s += " hold " + clip(e.Hold)
	}
	if e.Transaction != 0 {
		s += fmt.Sprintf(" transaction %d", e.Transaction)
	}
	return s
}

// Is matches ErrRefused and the sentinel of the reason.
func (e *RefusedError) Is(target error) bool {
	return target == ErrRefused || target == e.Reason.sentinel()
}

// InvalidError reports which part of a Change has a wrong form. It matches ErrInvalid.
type InvalidError struct {
	Field  string // such as ops[0].postings[1].debit
	Reason string
}

// Error names the field and the reason.
func (e *InvalidError) Error() string { return "ledger: invalid " + e.Field + ": " + e.Reason }

// Is matches ErrInvalid.
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

// IDReusedError reports an id that was used for another request. It matches ErrIDReused.
type IDReusedError struct {
	ID    string
	Field string // the first field of the request that differs
}

// Error names the id and the field.
func (e *IDReusedError) Error() string {
	return fmt.Sprintf("ledger: id %q was used for another request: %s differs", clip(e.ID), e.Field)
}

// Is matches ErrIDReused.
func (e *IDReusedError) Is(target error) bool { return target == ErrIDReused }

// DuplicateKeyError reports a unique key that another record holds. It matches
// ErrDuplicateKey.
type DuplicateKeyError struct {
	Key string
}

// Error does not name the key: unlike ids it may be personal, such as a telephone number, and
// the texts of errors end up in logs.
func (e *DuplicateKeyError) Error() string { return ErrDuplicateKey.Error() }

// Is matches ErrDuplicateKey.
func (e *DuplicateKeyError) Is(target error) bool { return target == ErrDuplicateKey }

// clip bounds what an error repeats of a caller's text.
func clip(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
