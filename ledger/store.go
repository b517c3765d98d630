package ledger

import (
	"context"
	"errors"
	"time"
)

// Store is the whole contract of a driver. It remembers and decides nothing. The suite in
// ledgertest holds a driver to what is written here.
//
// Slices and pointers handed in stay the caller's, who may change them as soon as the call has
// returned; those handed out are the caller's from then on, who may change them too. A driver
// that keeps rows in memory copies both ways.
//
// What is written comes back as it was, byte by byte, and texts are compared and ordered by
// their bytes. Times come back in UTC with their microseconds, and the zero time as zero. Nil
// and empty slices are one.
//
// All methods may be called by many goroutines at once. A ledger that was never opened, and a
// store after Close, are reported by an error of the driver's choice.
type Store interface {
	// Open returns the head of the named ledger, creating the ledger with genesis if it is
	// not there, unless Genesis.Existing says otherwise. Two callers that create the same one at
	// once both get the one created.
	Open(ctx context.Context, name string, genesis Genesis) (Head, error)

	// Begin waits for the ledger's head lock, in turn with others who wait, then loads what
	// need names. A context that has ended, or ends while it waits, is reported by the
	// context's error, and the lock is not had. Until the Tx has ended nobody else, in any
	// process, gets past Begin on the same ledger. What is loaded is what was committed when
	// the lock was taken.
	Begin(ctx context.Context, ledger int64, need Need) (Tx, *Found, error)

	// Read calls fn with one consistent view of committed state and returns fn's error.
	// It does not wait for a Tx, and no Tx waits for it, not even one that fn itself begins
	// and commits: the view goes on to show its moment. The view ends with fn, also when fn
	// panics; from then on its methods return an error, and never ErrNotFound.
	Read(ctx context.Context, ledger int64, fn func(View) error) error

	// Forget drops the bodies of the blocks with Seq <= through; all else of them stays, and
	// reads give them with a nil Body. It is what archiving ends with. Through is never
	// beyond the head. Whether Forget waits for the head lock is the driver's choice: who
	// calls it holds no Tx.
	Forget(ctx context.Context, ledger, through int64) error

	// Close waits for what runs, every open Tx included, and frees what the store owns. Whoever
	// comes later gets an error. A second call does nothing.
	Close() error
}

// Tx holds a ledger's head lock. Exactly one of Commit and Rollback ends it, whatever they
// return and even if their context has ended: then the lock is free. It is used by one goroutine
// at a time.
type Tx interface {
	// Load loads more, under the same lock.
	Load(ctx context.Context, need Need) (*Found, error)

	// Commit writes the batch whole or not at all and releases the lock. When it returns
	// nil, all of it, and everything that Begin and Load returned, survives any crash that the
	// store is configured to survive. A batch without a block writes its Records alone, if it
	// has any (a copy of a ledger needs that for the records that no block tells of), and
	// gives that assurance.
	//
	// What is new has to be new: a number of a block, posting, event or account, the key of an
	// account, the id of a change or a unique key that is taken, in the ledger or twice in the
	// batch, makes Commit fail by an error that is none of those below: it blames the batch. A
	// unique key is not taken if the batch's Records take it from the one that had it, in
	// whatever order the rows come.
	//
	// ErrRetry: nothing was written, decide again. ErrCommitUnknown: it may or may not be
	// there. Any other error: nothing was written, and trying the same again would fail.
	Commit(ctx context.Context, batch *Batch) error

	// Rollback releases the lock and writes nothing.
	Rollback(ctx context.Context) error
}

// Errors by which a driver tells the ledger what to do next. They may be wrapped.
var (
	// ErrRetry reports that nothing was written and that the same call may succeed when
	// repeated: a serialisation failure, a deadlock, a lock that was not had in time.
	ErrRetry = errors.New("ledger: store asks to try again")
	// ErrCommitUnknown reports a commit of which the store does not know whether it
	// happened.
	ErrCommitUnknown = errors.New("ledger: store does not know whether it committed")
	// ErrUnavailable reports a store that can not be reached or has no room. Nothing was written.
	ErrUnavailable = errors.New("ledger: store is unavailable")
)

// Genesis is what a ledger is created with. Where it was there already, Open ignores it.
type Genesis struct {
	Key [16]byte // keys the tags of requests; never changes

	// Existing has Open return ErrNotFound, and change nothing, where it would create the ledger.
	Existing bool
}

// Head is the last block of a ledger and its counters.
type Head struct {
	Ledger int64 // the store's own key for the ledger, from 1
	Key    [16]byte

	Seq  int64 // 0 before the first block
	Time time.Time
	Hash [32]byte

	// How many there are: the last number given.
	Accounts, Postings, Transactions, Events int64

	// Clock is the server's clock when the head was locked, zero for stores without one.
	Clock time.Time
}

// RecordKey names a record.
type RecordKey struct{ Type, ID string }

// RecordLabel names the records of a type that bear a label.
type RecordLabel struct{ Type, Label string }

// Need names what a block touches. Its parts are independent of each other: an account that is
// named by key and by number is asked for twice, and Found may have it once or twice.
type Need struct {
	Changes    []string
	Accounts   []AccountKey
	AccountNos []int64
	Holds      []string
	Records    []RecordKey
	Unique     []string
	Currencies []string

	// Transactions asks for all postings of these transactions, and for their reversals.
	Transactions []int64

	// Dated asks for the last dated entry of each of these accounts.
	Dated []AccountKey

	// Labeled asks for records with their content.
	Labeled []RecordLabel

	// DueOn asks for the open holds that touch one of these accounts and expire at DueAt
	// or before.
	DueOn []int64
	DueAt time.Time
}

// Found is what the store has of what was needed; what is not there is left out. Records
// come without their content (and, as the driver likes, without their salt), but with
// tombstones. Order does not matter. Head is always set.
type Found struct {
	Head       Head
	Changes    []ChangeRow
	Accounts   []Account
	Holds      []HoldState // of Need.Holds, and those due of Need.DueOn
	Records    []RecordRow
	Unique     map[string]RecordKey
	Currencies map[string]int // code to scale

	Postings  []PostingRow    // of Need.Transactions
	Reversals map[int64]int64 // of Need.Transactions that were reversed: to the transaction that did
	Dated     []DatedRow      // of Need.Dated, at most one for each account
	Labeled   []RecordRow     // of Need.Labeled, complete, without tombstones

	// NextExpiry has, for each account of DueOn, the earliest expiry after DueAt of an open
	// hold that touches it; accounts without one are left out.
	NextExpiry map[int64]time.Time
}

// Batch is what one block writes. Rows are absolute, the state after the block, except for
// DatedSums, which add. They come in any order. A row for what is there replaces it whole,
// except in Accounts and Altered, which may both name the same account.
type Batch struct {
	Block      *Block // nil: at most Records are written, see Tx.Commit
	Head       Head   // counters after the block; Seq, Time and Hash are the block's
	Changes    []ChangeRow
	Postings   []PostingRow
	Opened     []Account // accounts that are new, complete
	Accounts   []Account // accounts that were there, complete; only Balance, Debits, Pending, Entries, Last and NextExpiry are written
	Altered    []Account // accounts that were there, complete; only Min, Max and Flags are written
	Marks      []Mark
	Reversals  []Reversal
	Dated      []DatedRow
	DatedSums  []DatedSum // no two have the same Account, Level and Bucket
	Terms      []Term
	Holds      []HoldState // new or changed
	Records    []RecordRow // new or changed, content included
	Events     []EventRow
	Currencies map[string]int // new ones
}

// Block is one entry of the journal.
type Block struct {
	Seq      int64
	Time     time.Time // UTC, microseconds
	Previous [32]byte
	Hash     [32]byte
	Body     []byte // never empty; nil once it was archived, see Store.Forget
}

// ChangeRow is the outcome of a Change, kept for the ledger's life.
type ChangeRow struct {
	ID      string
	Seq     int64 // block
	Index   int   // place among the block's changes
	Tags    []byte
	Outcome []byte // encoded; opaque to the store
}

// PostingRow is one posting with what it did to both accounts.
type PostingRow struct {
	No          int64 // from 1 without gap
	Seq         int64 // block
	Transaction int64 // number of the transaction's first posting; the postings of one have consecutive numbers
	Time        time.Time
	Effective   time.Time // equals Time unless the caller gave one
	Change      string    // id of the Change
	Hold        string    // the hold captured, if any
	Reference   string
	Metadata    []byte // JSON object or nil

	Debit, Credit           int64 // account numbers, never the same
	Amount                  int64
	DebitAfter, CreditAfter int64 // balance (credits less debits) of each account after this posting
	DebitNth, CreditNth     int64 // ordinal of this posting in that account, from 1
	DebitPrev, CreditPrev   int64 // number of that account's posting before, 0 for none
}

// MarkEvery is how many entries of an account lie between two marks.
const MarkEvery = 64

// Mark says which posting is the nth entry of an account, for every nth that MarkEvery
// divides, so that history needs no index of its own.
type Mark struct {
	Account int64
	Nth     int64
	Posting int64
}

// Reversal says that a transaction was reversed, and by which.
type Reversal struct {
	Transaction int64 // the one reversed; none is reversed twice
	By          int64 // the one that reverses it
}

// DatedRow is an entry whose effective time is not the time at which it was recorded. Those
// of an account are numbered apart from its other entries, in the order of recording.
type DatedRow struct {
	Account   int64
	Nth       int64 // from 1 without gap within the account's dated entries
	Entry     int64 // ordinal among all of the account's entries
	Posting   int64
	Effective time.Time

	// Sum is the balance (credits less debits) of the account's dated entries up to this
	// one, Turnover the sum of their amounts regardless of the side.
	Sum, Turnover int64
}

// DatedShift is by how many bits each level of DatedSum is coarser than the one before, and
// DatedLevels how many there are.
const (
	DatedShift  = 10
	DatedLevels = 6
)

// DatedSum adds to the total of an account's dated entries whose effective time lies in one
// bucket: Bucket is the time in microseconds since the year 1, shifted right by
// Level * DatedShift bits. A total starts at 0 and never leaves an int64.
type DatedSum struct {
	Account int64
	Level   int // from 0 to DatedLevels - 1
	Bucket  int64
	Delta   int64
}

// Term says that a transaction can be found by a keyed hash of its reference or of an entry
// of its metadata. Different texts may have the same hash; readers compare the text.
type Term struct {
	Hash        int64
	Transaction int64
}

// HoldStatus is the state of a hold.
type HoldStatus uint8

const (
	// HoldOpen holds may be captured, voided, or expire.
	HoldOpen HoldStatus = iota + 1
	// HoldIsCaptured holds ended by capture.
	HoldIsCaptured
	// HoldIsVoided holds ended by void.
	HoldIsVoided
	// HoldIsExpired holds ended by their expiry.
	HoldIsExpired
)

// HoldState is a hold as the store keeps it.
type HoldState struct {
	ID        string
	Status    HoldStatus
	Seq       int64     // block that placed it
	Expires   time.Time // zero for never: then it is neither due nor a NextExpiry
	Reference string
	Metadata  []byte
	Legs      []HoldLeg // a hold touches the debit and credit accounts of its legs
}

// HoldLeg is one posting of a hold.
type HoldLeg struct {
	Debit, Credit int64 // account numbers
	Amount        int64 // reserved at first
	Rest          int64 // still reserved; 0 once the hold has ended
}

// RecordRow is a record as the store keeps it. A tombstone has Erased set and neither content, salt,
// keys, labels nor due time.
type RecordRow struct {
	RecordKey
	Version  int64
	Seq      int64 // block that wrote this version
	Chaining Chaining
	Erased   bool
	Content  []byte
	Salt     []byte    // 16 bytes for a chained record
	Unique   []string  // keys that no other record of the ledger has, of any type; in the order put
	Labels   []string  // in the order put
	Due      time.Time // zero for none
}

// EventRow is an event as the store keeps it.
type EventRow struct {
	No      int64 // from 1 without gap
	Seq     int64 // block
	Time    time.Time
	Type    string
	Subject string
	Payload []byte
	Salt    []byte
}

// View reads committed state. What is not there is reported by ErrNotFound where one thing
// is asked for, and left out where several are. Limits are at least 1. Numbers and ordinals may
// be any int64, and "after" need not be there.
type View interface {
	Head(ctx context.Context) (Head, error)

	Change(ctx context.Context, id string) (ChangeRow, error)
	// Blocks returns those with Seq > after, ascending.
	Blocks(ctx context.Context, after int64, limit int) ([]Block, error)
	// Events returns those with No > after, ascending.
	Events(ctx context.Context, after int64, limit int) ([]EventRow, error)

	Account(ctx context.Context, key AccountKey) (Account, error)
	// AccountsByNo returns the accounts with these numbers, in any order.
	AccountsByNo(ctx context.Context, nos []int64) ([]Account, error)
	// Accounts returns those whose number is > after and whose name starts with prefix,
	// ascending by number.
	Accounts(ctx context.Context, prefix string, after int64, limit int) ([]Account, error)
	// Currencies returns every currency with its scale.
	Currencies(ctx context.Context) (map[string]int, error)

	// Postings returns those with No > after, ascending.
	Postings(ctx context.Context, after int64, limit int) ([]PostingRow, error)
	// Entries returns the postings that are the account's entries from lowest to highest
	// (both included), ascending. Ordinals beyond the account's are left out. The cost is
	// bounded by MarkEvery plus the number asked for.
	Entries(ctx context.Context, account, lowest, highest int64) ([]PostingRow, error)

	// PostingsByNo returns the postings with these numbers, in any order.
	PostingsByNo(ctx context.Context, nos []int64) ([]PostingRow, error)
	// MarksAt returns the account's marks at these ordinals, in any order.
	MarksAt(ctx context.Context, account int64, nths []int64) ([]Mark, error)
	// Reversals returns those of these transactions that were reversed, each with the
	// transaction that did.
	Reversals(ctx context.Context, transactions []int64) (map[int64]int64, error)
	// ByTerm returns the transactions with a hash, ascending by number and greater than
	// after, or, with desc, descending and less than after; MaxInt64 begins with the last.
	ByTerm(ctx context.Context, hash, after int64, desc bool, limit int) ([]int64, error)

	// DatedAt returns the account's dated entries with these ordinals (DatedRow.Nth), in any order.
	DatedAt(ctx context.Context, account int64, nths []int64) ([]DatedRow, error)
	// DatedBy returns the account's dated entries ordered by effective time and then Nth,
	// those that follow (effective, nth), which need not be there; with desc in the
	// opposite order.
	DatedBy(ctx context.Context, account int64, effective time.Time, nth int64, desc bool, limit int) ([]DatedRow, error)
	// DatedTotal adds up the account's totals in these ranges of buckets.
	DatedTotal(ctx context.Context, account int64, ranges []BucketRange) (int64, error)
	// LastDated returns the account's last dated entry.
	LastDated(ctx context.Context, account int64) (DatedRow, error)

	Hold(ctx context.Context, id string) (HoldState, error)
	// DueHolds returns the open holds that touch the account and expire at the instant or
	// before.
	DueHolds(ctx context.Context, account int64, at time.Time) ([]HoldState, error)
	// Holds returns those with ID > after, ascending by the bytes of ID.
	Holds(ctx context.Context, after string, limit int) ([]HoldState, error)

	// Record returns the record, tombstones included.
	Record(ctx context.Context, key RecordKey) (RecordRow, error)
	// RecordsByKey returns the records with these keys, complete, tombstones included, in any
	// order. One that is named twice comes once or twice.
	RecordsByKey(ctx context.Context, keys []RecordKey) ([]RecordRow, error)
	// Unique returns which record holds a unique key.
	Unique(ctx context.Context, key string) (RecordKey, error)
	// Records returns what RecordQuery says, with content.
	Records(ctx context.Context, query RecordQuery) ([]RecordRow, error)
	// RecordsAfter returns records of every type, tombstones included, that follow after
	// in the order of the bytes of Type and then ID.
	RecordsAfter(ctx context.Context, after RecordKey, limit int) ([]RecordRow, error)
	// Changes returns those with ID > after, ascending by the bytes of ID.
	Changes(ctx context.Context, after string, limit int) ([]ChangeRow, error)
}

// BucketRange is a range of DatedSum's buckets of one level: From <= bucket < Until. A sum over
// several ranges may leave an int64 on the way, not at the end; drivers add with wrapping.
type BucketRange struct {
	Level       int
	From, Until int64
}

// RecordQuery selects records of one type, without tombstones, ordered by the bytes of
// their id, or, when DueBy is set, by due time and then id. A page is continued with the last
// id as After, and by due time with the last due time as DueAfter besides. Labels are what an owner's or a state's records are found by; to find by both
// at once, give records a label that names both, such as "42/open".
type RecordQuery struct {
	Type  string
	Label string    // if set, only those with this label
	DueBy time.Time // if set, only those due at this instant or before; Label and Desc are then not used, nor is After without DueAfter

	// DueAfter continues a page of a query with DueBy: only those that follow, in the order of due
	// time and id, a record due at this instant with the id After. Not used without DueBy.
	DueAfter time.Time

	After string // only ids that follow this one in the order asked for; "" begins at that order's start
	Desc  bool   // descending by id
	Limit int    // at least 1
}

// Joined writes into a transaction that its caller began and will end. Drivers make one
// from their database's own kind of transaction.
type Joined interface {
	// Begin waits for the ledger's head lock inside the caller's transaction, which keeps it
	// to its end, and loads what need names, including what that transaction has written
	// itself. The Tx's Commit writes into the caller's transaction: nothing is durable, or
	// seen by others, before the caller commits it. Its Rollback undoes what was done since
	// Begin and leaves the caller's transaction usable. ErrRetry: nothing was written, and
	// the caller's transaction is usable or, if the database says so, has to be begun again.
	Begin(ctx context.Context, ledger int64, need Need) (Tx, *Found, error)
}
