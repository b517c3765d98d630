package ledger

import (
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// A Change is the only way to write: it happens whole or not at all.
//
// Its parts are decided in this order: NotAfter, Expects, Ops (each in the order given,
// limits checked after each), Puts, Events. The error that is returned is that of the
// first part that fails.
type Change struct {
	// ID is made by the caller and identifies the Change for the ledger's life: a second
	// Change with this ID and the same Request is answered with the first outcome. It has
	// 1 to MaxIDLen bytes of UTF-8 without control characters. Empty means an id of the
	// ledger's making; such a Change can not be retried safely.
	ID string

	// Request is what the caller asked for, field by field: what a replay must agree in.
	// Defaults to the contents of the Change itself (without NotAfter and Expects). Set it
	// where the Change holds what differs between two tries of the same request, such as
	// the time.
	Request []Field

	// Ops are the movements of money: Transaction, Hold, Capture, Void.
	Ops []Op

	// Expects are the record versions that this Change was decided on.
	Expects []Expect

	// Puts are the records to write.
	Puts []Put

	// Events are announced in this order.
	Events []Event

	// NotAfter refuses the Change (ErrDeadline) when the block's time is later. Zero means
	// no bound.
	NotAfter time.Time

	// Refusal, if set, records that the verb behind this Change was refused: the Change
	// commits, and Commit returns a *RefusedError carrying it, now and at every replay.
	Refusal *Refusal

	// Result is what a replay is to be told, such as the id of the object that was made;
	// Outcome.Result carries it. At most MaxIDLen bytes, opaque: it stands in the journal.
	Result string

	// Else commits in this Change's place, under the same id, when the kernel refuses this
	// Change for a reason that Else names. Nil means that a refusal commits nothing but the
	// fact that the id was refused.
	Else *Else
}

// Else is what commits when a Change is refused for one of the reasons in On.
type Else struct {
	On     []Reason
	Change Change // its ID, Request, Result, NotAfter, Refusal and Else are not used
}

// Field is one named part of a Request.
type Field struct {
	Name  string
	Value string
}

// Op is one movement of money within a Change: a Transaction, a Hold, a Capture or a Void.
type Op interface{ op() }

// A Posting moves an amount from a debit account to a credit account, both in the amount's
// currency: an unbalanced transaction can not be written down. The two are not the same
// account, and the amount is at least 0.
type Posting struct {
	Debit  string
	Credit string
	Amount money.Amount
}

// A Transaction is one or more postings, all or nothing. Limits are checked once all of its
// postings are made, so that money may pass through an account.
type Transaction struct {
	Postings []Posting

	// Effective is when the movement counts, if not at the time it is recorded. Zero means
	// the block's time. It is cut to microseconds.
	Effective time.Time

	// Reference and Metadata stand in the journal for ever: opaque ids, never personal
	// data. Bounds: MaxReferenceLen, MaxMetadata, MaxMetadataLen.
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

	// Postings name the credits, up to what the hold still reserves on each debit account.
	// None means the rest of the hold's own postings, and ends the hold.
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

func (Transaction) op() {}
func (Hold) op()        {}
func (Capture) op()     {}
func (Void) op()        {}

// Expect is a record version that a Change relies on. Version 0 means that the record must
// not be there yet.
type Expect struct {
	Type, ID string
	Version  int64
}

// Chaining says whether a record's digest stands in the journal.
type Chaining uint8

const (
	// Chained records put a salted digest of their content into the block, so that Verify
	// proves the content and an erasure is provable.
	Chained Chaining = iota
	// Plain records are written in the same commit and are not in the journal: secrets,
	// counters, deliveries, cursors.
	Plain
)

// A Put writes the next version of a record.
type Put struct {
	Type, ID string

	// Content is the record's document, at most MaxContentLen bytes; it is stored as it is.
	Content []byte

	// Unique are keys that no other record of the ledger may hold at the same time. They
	// replace those of the version before.
	Unique []string

	// Labels are what the record can be found by (an owner, a state). They replace those
	// of the version before.
	Labels []string

	// Due is when something is to be done with the record. Zero means never.
	Due time.Time

	// Chaining is fixed when a record is first put.
	Chaining Chaining

	// Erase leaves a tombstone: content, unique keys, labels and due time go, the version
	// moves on. Content must be empty.
	Erase bool
}

// An Event is announced in the ledger's one order. Its type and subject stand in the
// journal together with a salted digest of the payload; the payload stands in its table.
type Event struct {
	Type    string
	Subject string // id of the object that the event is about
	Payload []byte
}
