package ledgertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// scribe writes batches for one ledger by hand, as a ledger would, and remembers what a
// driver has to remember.
type scribe struct {
	t      *testing.T
	store  ledger.Store
	head   ledger.Head // the last one committed
	next   ledger.Head // with the counters of the batch being written
	batch  *ledger.Batch
	opened map[ledger.AccountKey]bool // by the batch being written
	used   map[ledger.AccountKey]bool // by the batch being written, and there before

	accounts map[ledger.AccountKey]*ledger.Account // with the batch being written
	kept     kept
}

// kept is everything that was committed, in the orders in which a View lists it.
type kept struct {
	blocks     []ledger.Block
	changes    []ledger.ChangeRow
	postings   []ledger.PostingRow
	events     []ledger.EventRow
	accounts   []ledger.Account
	holds      []ledger.HoldState
	records    []ledger.RecordRow
	currencies map[string]int
}

// firstBlock is when block 1 of every ledger was written; the others follow second by second.
var firstBlock = time.Date(2026, time.February, 27, 23, 59, 58, 987_654_000, time.UTC)

// newScribe opens a ledger that is not there yet.
func newScribe(t *testing.T, store ledger.Store, name string) *scribe {
	t.Helper()
	head, err := store.Open(t.Context(), name, ledger.Genesis{Key: [16]byte{1, 2, 3}})
	require.NoError(t, err, "Open creates a ledger that is not there")
	require.Zero(t, head.Seq, "a new ledger has no block")
	s := &scribe{
		t: t, store: store, head: head,
		accounts: make(map[ledger.AccountKey]*ledger.Account),
		kept:     kept{currencies: make(map[string]int)},
	}
	s.begin()
	return s
}

// begin starts a new batch.
func (s *scribe) begin() {
	s.next = s.head
	s.next.Clock = time.Time{}
	s.next.Seq++
	s.next.Time = firstBlock.Add(time.Duration(s.head.Seq) * time.Second)
	s.batch = &ledger.Batch{Currencies: make(map[string]int)}
	s.opened, s.used = make(map[ledger.AccountKey]bool), make(map[ledger.AccountKey]bool)
}

// abandon drops what was not committed and starts a new batch.
func (s *scribe) abandon() {
	clear(s.accounts)
	for _, a := range s.kept.accounts {
		s.accounts[a.Key] = &a
	}
	s.begin()
}

// change adds the outcome of a change.
func (s *scribe) change(id string) {
	s.batch.Changes = append(s.batch.Changes, ledger.ChangeRow{
		ID: id, Seq: s.next.Seq, Index: len(s.batch.Changes), Tags: []byte("tags of " + id), Outcome: []byte("outcome of " + id),
	})
}

// open adds an account in CNY, and returns its number.
func (s *scribe) open(name string) int64 {
	return s.openAs(ledger.Account{Key: cny(name)})
}

// openAs adds an account and returns its number.
func (s *scribe) openAs(a ledger.Account) int64 {
	s.next.Accounts++
	a.No = s.next.Accounts
	s.accounts[a.Key] = &a
	s.opened[a.Key] = true
	return a.No
}

func cny(name string) ledger.AccountKey { return ledger.AccountKey{Name: name, Currency: "CNY"} }

// account returns an account in CNY to be changed by the batch, opening it if necessary.
func (s *scribe) account(name string) *ledger.Account {
	key := cny(name)
	switch {
	case s.accounts[key] == nil:
		s.open(name)
	case !s.opened[key]:
		s.used[key] = true
	}
	return s.accounts[key]
}

// post adds a transaction of one posting between accounts in CNY, and returns its row to be
// completed.
func (s *scribe) post(debit, credit string, amount int64) *ledger.PostingRow {
	d, c := s.account(debit), s.account(credit)
	s.next.Postings++
	s.next.Transactions++
	p := ledger.PostingRow{
		No: s.next.Postings, Seq: s.next.Seq, Transaction: s.next.Postings,
		Time: s.next.Time, Effective: s.next.Time, Change: fmt.Sprintf("change-%d", s.next.Seq),
		Debit: d.No, Credit: c.No, Amount: amount,
		DebitPrev: d.Last, CreditPrev: c.Last,
	}
	var carry uint64
	d.DebitsLo, carry = bits.Add64(d.DebitsLo, uint64(amount), 0)
	d.DebitsHi += carry
	d.Balance -= amount
	c.Balance += amount
	for _, a := range []*ledger.Account{d, c} {
		a.Entries++
		a.Last = p.No
		if a.Entries%ledger.MarkEvery == 0 {
			s.batch.Marks = append(s.batch.Marks, ledger.Mark{Account: a.No, Nth: a.Entries, Posting: p.No})
		}
	}
	p.DebitAfter, p.CreditAfter = d.Balance, c.Balance
	p.DebitNth, p.CreditNth = d.Entries, c.Entries
	s.batch.Postings = append(s.batch.Postings, p)
	return &s.batch.Postings[len(s.batch.Postings)-1]
}

// hold adds an open hold of one leg between accounts in CNY.
func (s *scribe) hold(id, debit, credit string, expires time.Time) {
	d, c := s.account(debit), s.account(credit)
	s.batch.Holds = append(s.batch.Holds, ledger.HoldState{
		ID: id, Status: ledger.HoldOpen, Seq: s.next.Seq, Expires: expires,
		Legs: []ledger.HoldLeg{{Debit: d.No, Credit: c.No, Amount: 5, Rest: 5}},
	})
}

// put adds the next version of a record; Version and Seq are filled in.
func (s *scribe) put(r ledger.RecordRow) {
	r.Version, r.Seq = 1, s.next.Seq
	if i, found := slices.BinarySearchFunc(s.kept.records, r.RecordKey, compareRecord); found {
		r.Version = s.kept.records[i].Version + 1
	}
	s.batch.Records = append(s.batch.Records, r)
}

// event adds an event.
func (s *scribe) event(typ, subject string) {
	s.next.Events++
	s.batch.Events = append(s.batch.Events, ledger.EventRow{
		No: s.next.Events, Seq: s.next.Seq, Time: s.next.Time, Type: typ, Subject: subject,
		Payload: []byte(`{"about":"` + subject + `"}`), Salt: []byte("0123456789abcdef"),
	})
}

// finish completes the batch.
func (s *scribe) finish() *ledger.Batch {
	for key := range s.opened {
		s.batch.Opened = append(s.batch.Opened, *s.accounts[key])
	}
	for key := range s.used {
		s.batch.Accounts = append(s.batch.Accounts, *s.accounts[key])
	}
	byNo := func(a, b ledger.Account) int { return int(a.No - b.No) }
	slices.SortFunc(s.batch.Opened, byNo)
	slices.SortFunc(s.batch.Accounts, byNo)
	sealBatch(s.batch, s.head, s.next)
	return s.batch
}

// sealBatch gives a batch its block and its head: next with a hash.
func sealBatch(b *ledger.Batch, last, next ledger.Head) {
	body := fmt.Appendf(nil, "body of block %d with \x00 and \xff", next.Seq)
	next.Hash = sha256.Sum256(binary.BigEndian.AppendUint64(last.Hash[:], uint64(next.Seq)))
	b.Head = next
	b.Block = &ledger.Block{Seq: next.Seq, Time: next.Time, Previous: last.Hash, Hash: next.Hash, Body: body}
}

// commit completes the batch, writes it and starts the next one.
func (s *scribe) commit() {
	s.t.Helper()
	b := s.finish()
	write(s.t, s.store, s.head.Ledger, func(*ledger.Found) *ledger.Batch { return b })
	s.keep(b)
}

// keep notes that a batch is committed and starts the next one.
func (s *scribe) keep(b *ledger.Batch) {
	k := &s.kept
	k.blocks = append(k.blocks, *b.Block)
	k.changes = replace(k.changes, b.Changes, func(a, b ledger.ChangeRow) int { return strings.Compare(a.ID, b.ID) })
	k.postings = append(k.postings, b.Postings...)
	k.events = append(k.events, b.Events...)
	byNo := func(a, b ledger.Account) int { return int(a.No - b.No) }
	k.accounts = replace(replace(k.accounts, b.Opened, byNo), b.Accounts, byNo)
	k.holds = replace(k.holds, b.Holds, func(a, b ledger.HoldState) int { return strings.Compare(a.ID, b.ID) })
	k.records = replace(k.records, b.Records, func(a, b ledger.RecordRow) int { return compareRecord(a, b.RecordKey) })
	for code, scale := range b.Currencies {
		k.currencies[code] = scale
	}
	s.head = b.Head
	s.begin()
}

func compareRecord(r ledger.RecordRow, key ledger.RecordKey) int {
	if c := strings.Compare(r.Type, key.Type); c != 0 {
		return c
	}
	return strings.Compare(r.ID, key.ID)
}

// replace returns rows, in order, with the changed ones in the place of those that were there.
func replace[T any](rows, changed []T, compare func(a, b T) int) []T {
	rows = slices.Clone(rows)
	for _, row := range changed {
		i, found := slices.BinarySearchFunc(rows, row, compare)
		if found {
			rows[i] = row
		} else {
			rows = slices.Insert(rows, i, row)
		}
	}
	return rows
}

// tries is how often a suite repeats what a store asks to try again.
const tries = 100

// write commits one batch, made from what Begin found of nothing, again when the store asks
// for it.
func write(t *testing.T, store ledger.Store, id int64, batch func(*ledger.Found) *ledger.Batch) {
	t.Helper()
	require.NoError(t, tryWrite(patient(t), store, id, ledger.Need{}, batch), "a consistent batch is written")
}

// tryWrite is write for any goroutine and any need.
func tryWrite(ctx context.Context, store ledger.Store, id int64, need ledger.Need, batch func(*ledger.Found) *ledger.Batch) error {
	var err error
	for range tries {
		var tx ledger.Tx
		var found *ledger.Found
		if tx, found, err = store.Begin(ctx, id, need); err == nil {
			err = tx.Commit(ctx, batch(found))
		}
		if !errors.Is(err, ledger.ErrRetry) {
			break
		}
	}
	return err
}

// deepCopy returns a copy of a batch that shares nothing with it.
func deepCopy(b *ledger.Batch) *ledger.Batch {
	text, err := json.Marshal(b)
	if err != nil {
		panic(err) // only what JSON can not express, and no field is of such a type
	}
	c := new(ledger.Batch)
	if err := json.Unmarshal(text, c); err != nil {
		panic(err)
	}
	return c
}

// scribble writes over everything that can be reached from a batch without its maps.
func scribble(b *ledger.Batch) { scribbleValue(reflect.ValueOf(b)) }

func scribbleValue(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			scribbleValue(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			scribbleValue(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				scribbleValue(v.Field(i))
			}
		}
	case reflect.String:
		v.SetString("scribbled over")
	case reflect.Int, reflect.Int64:
		v.SetInt(-1)
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(255)
	}
}

// patience is how long a suite waits for what should happen at once before it calls a
// store stuck.
const patience = time.Minute

// patient returns a context that ends the wait for a store that is stuck.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// read calls fn with a view.
func read(t *testing.T, store ledger.Store, id int64, fn func(v ledger.View)) {
	t.Helper()
	require.NoError(t, store.Read(patient(t), id, func(v ledger.View) error {
		fn(v)
		return nil
	}), "Read returns what its function returns")
}

// same fails the test when a driver's answer differs from what was written. Empty and nil
// slices are one; times must be the same instant and in UTC; a server's clock is ignored.
func same(t *testing.T, rule string, want, got any, more ...cmp.Option) {
	t.Helper()
	if reflect.DeepEqual(want, got) {
		return // which is stricter, and takes a small part of the time
	}
	options := append(cmp.Options{
		cmpopts.EquateEmpty(),
		// Byte by byte, as cmp compares them otherwise, a large body takes a minute.
		cmp.FilterValues(func(a, b []byte) bool { return len(a) > 0 || len(b) > 0 }, cmp.Comparer(bytes.Equal)),
		cmpopts.IgnoreFields(ledger.Head{}, "Clock"),
		cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) && a.Location() == b.Location() }),
	}, more...)
	if diff := cmp.Diff(want, got, options); diff != "" {
		t.Errorf("%s (-want +got):\n%s", rule, clip(diff))
	}
}

// clip keeps a report of large rows readable.
func clip(s string) string {
	const most = 4000
	if len(s) > most {
		return s[:most] + "\n… and more"
	}
	return s
}
