package ledger

import "time"

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

	// Ops are what happens to accounts: Transaction, Hold, Capture, Void, Reverse, Require,
	// Limits, Freeze, Close, Reopen, Monitor, Unmonitor.
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

	// Linked ties this Change to the next one of the same CommitAll: both happen or neither.
	// A linked Change has neither Refusal nor Else. Commit and Do refuse it.
	Linked bool

	// Else commits in this Change's place, under the same id, when the kernel refuses this
	// Change for a reason that Else names. Nil means that a refusal commits nothing but the
	// fact that the id was refused.
	Else *Else
}

// Else is what commits when a Change is refused for one of the reasons in On.
type Else struct {
	On     []Reason
	Change Change // its ID, Request, Result, NotAfter, Refusal, Linked and Else are not used

	later bool // the Change is written once it is needed, see Draft.OtherwiseLater
}

// Field is one named part of a Request.
type Field struct {
	Name  string
	Value string
}

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
