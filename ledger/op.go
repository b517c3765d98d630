package ledger

import (
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// Op is one thing that happens to accounts within a Change: a Transaction, a Hold, a
// Capture, a Void, a Reverse, a Require, a Limits, a Freeze, a Close, a Reopen, a Monitor or
// an Unmonitor.
type Op interface{ op() }

// A Posting moves an amount from a debit account to a credit account, both in the amount's
// currency: an unbalanced transaction can not be written down. The two are not the same
// account, and the amount is at least 0.
type Posting struct {
	Debit  string
	Credit string
	Amount money.Amount

	// UpTo makes Amount the most that is moved: what is there, possibly nothing. What was
	// moved is in the journal and in Outcome's postings. Defaults to exactly Amount.
	UpTo UpTo
}

// UpTo says what bounds a posting besides its amount. The two may be combined.
type UpTo uint8

const (
	// UpToDebit moves no more than the debit account can give: down to its limit, or to a
	// balance of zero if it has none on that side. What is held can not be given.
	UpToDebit UpTo = 1 << iota
	// UpToCredit moves no more than the credit account can take: up to its limit, or to a
	// balance of zero if it has none on that side. What is held for it counts.
	UpToCredit
)

// A Transaction is one or more postings, all or nothing. Limits are checked once all of its
// postings are made, so that money may pass through an account.
type Transaction struct {
	Postings []Posting

	// Effective is when the movement counts, if not at the time it is recorded; earlier or
	// later. Zero means the block's time. It is cut to microseconds.
	Effective time.Time

	// Reference and Metadata stand in the journal for ever: opaque ids, never personal
	// data. Transactions are found by them. Bounds: MaxReferenceLen, MaxMetadata,
	// MaxMetadataLen.
	Reference string
	Metadata  map[string]string
}

// A Hold reserves the debit side of its postings: it becomes pending debits and pending
// credits, which count against the debit account's minimum and the credit account's
// maximum, and never add to what can be spent.
type Hold struct {
	// ID identifies the hold for the ledger's life: 1 to MaxIDLen bytes.
	ID       string
	Postings []Posting

	// Expires is the instant from which the hold is no longer there. Zero means never.
	Expires time.Time

	Reference string
	Metadata  map[string]string
}

// A Capture turns what a Hold reserves into postings.
type Capture struct {
	Hold string

	// Postings name the credits, up to what the hold still reserves on each debit account;
	// UpTo is not for them. None means the rest of the hold's own postings, and ends the
	// hold.
	Postings []Posting

	// Final ends the hold and releases what was not captured. A hold of which nothing is
	// left ends by itself.
	Final bool

	Reference string
	Metadata  map[string]string
}

// A Void ends a Hold and releases what it still reserves.
type Void struct {
	Hold string
}

// A Reverse posts the mirror of a transaction: each of its postings with debit and credit
// exchanged, the last one first. A transaction is reversed once; a reversal is a
// transaction and can be reversed itself.
type Reverse struct {
	Transaction int64 // its number, see Outcome.First

	// Force disregards the accounts' limits; frozen and closed accounts still refuse.
	Force bool

	// Effective is as in Transaction.
	Effective time.Time

	Reference string
	Metadata  map[string]string
}

// A Require refuses the Change (ErrConditionFailed) when what is available on the account
// at this point of the Change, in minor units on its normal side, is outside the bounds. An
// account that was never used has 0.
type Require struct {
	Account         string
	Currency        money.Currency
	AtLeast, AtMost *int64 // nil means no bound; not both nil
}

// Limits sets the account's limits from now on, in place of those it has. What stands on
// the account is not touched, also where it lies outside of them. The account is opened if
// it was never used.
type Limits struct {
	Account  string
	Currency money.Currency
	Min, Max *int64 // minor units on the normal side, holds counted; nil means no bound
}

// Freeze says which movements the account refuses from now on (ErrAccountFrozen); neither
// means that it is not frozen any more. Voids and expiries of holds go on. The account is
// opened if it was never used.
type Freeze struct {
	Account         string
	Currency        money.Currency
	Debits, Credits bool
}

// Close makes the account refuse everything (ErrAccountClosed) but the void and the expiry
// of holds. It does not ask what stands on the account: put a Require before it where that
// matters. The account is opened if it was never used.
type Close struct {
	Account  string
	Currency money.Currency
}

// Reopen ends a Close. It is refused (ErrAccountOpen) where the account is not closed.
type Reopen struct {
	Account  string
	Currency money.Currency
}

func (Transaction) op() {}
func (Hold) op()        {}
func (Capture) op()     {}
func (Void) op()        {}
func (Reverse) op()     {}
func (Require) op()     {}
func (Limits) op()      {}
func (Freeze) op()      {}
func (Close) op()       {}
func (Reopen) op()      {}
