package pgstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// errMalformed reports a value that is not what the column's type promises.
var errMalformed = errors.New("pgstore: the server sent a malformed value")

// row reads the values of one row in the order of its columns. The first malformed value
// makes err and zero values of all that follow.
type row struct {
	values [][]byte // valid until the next row is read
	err    error
}

func (r *row) next() []byte {
	if r.err != nil || len(r.values) == 0 {
		r.fail()
		return nil
	}
	v := r.values[0]
	r.values = r.values[1:]
	return v
}

func (r *row) fail() {
	if r.err == nil {
		r.err = errMalformed
	}
}

// fixed returns a value of n bytes, nil for NULL.
func (r *row) fixed(n int) []byte {
	v := r.next()
	if v != nil && len(v) != n {
		r.fail()
		return nil
	}
	return v
}

// int8 reads a bigint; NULL is 0.
func (r *row) int8() int64 {
	if v := r.fixed(8); v != nil {
		return int64(binary.BigEndian.Uint64(v))
	}
	return 0
}

// optionalInt8 reads a bigint; NULL is nil.
func (r *row) optionalInt8() *int64 {
	v := r.fixed(8)
	if v == nil {
		return nil
	}
	i := int64(binary.BigEndian.Uint64(v))
	return &i
}

// int4 reads an integer.
func (r *row) int4() int {
	if v := r.fixed(4); v != nil {
		return int(int32(binary.BigEndian.Uint32(v)))
	}
	return 0
}

// int2 reads a smallint.
func (r *row) int2() int {
	if v := r.fixed(2); v != nil {
		return int(int16(binary.BigEndian.Uint16(v)))
	}
	return 0
}

func (r *row) bool() bool {
	v := r.fixed(1)
	return v != nil && v[0] != 0
}

// text reads a string; NULL is empty.
func (r *row) text() string { return string(r.next()) }

// bytes reads a bytea; NULL is nil.
func (r *row) bytes() []byte { return bytes.Clone(r.next()) }

func (r *row) hash() (h [32]byte) {
	copy(h[:], r.fixed(len(h)))
	return h
}

// time reads a timestamptz; NULL is the zero time.
func (r *row) time() time.Time {
	v := r.fixed(8)
	if v == nil {
		return time.Time{}
	}
	return time.UnixMicro(int64(binary.BigEndian.Uint64(v)) + pgEpoch).UTC()
}

// array reads the elements of an array of any number of dimensions; NULL is nil.
func (r *row) array() [][]byte {
	v := r.next()
	if v == nil {
		return nil
	}
	short := func(n int) bool {
		if len(v) < n {
			r.fail()
		}
		return len(v) < n
	}
	if short(12) {
		return nil
	}
	dimensions := int(binary.BigEndian.Uint32(v))
	v = v[12:]
	if dimensions == 0 {
		return nil
	}
	// The elements tell how many they are; the dimensions only repeat it.
	if dimensions > 6 || short(8*dimensions) {
		r.fail()
		return nil
	}
	v = v[8*dimensions:]
	var elements [][]byte
	for len(v) > 0 {
		if short(4) {
			return nil
		}
		n := binary.BigEndian.Uint32(v)
		v = v[4:]
		if n == null {
			elements = append(elements, nil)
			continue
		}
		if uint64(n) > uint64(len(v)) {
			r.fail()
			return nil
		}
		elements = append(elements, v[:n])
		v = v[n:]
	}
	return elements
}

// texts reads a text[].
func (r *row) texts() []string {
	var list []string
	for _, e := range r.array() {
		list = append(list, string(e))
	}
	return list
}

// Rows of the tables. Each reads the columns of the constant beside it.

const headColumns = `ledger, key, seq, time, hash, accounts, postings, transactions, events, min_reader, min_writer`

// versions are what a ledger demands of a program.
type versions struct{ reader, writer int }

func (r *row) head() (h ledger.Head, v versions) {
	h.Ledger = r.int8()
	copy(h.Key[:], r.fixed(len(h.Key)))
	h.Seq, h.Time, h.Hash = r.int8(), r.time(), r.hash()
	h.Accounts, h.Postings, h.Transactions, h.Events = r.int8(), r.int8(), r.int8(), r.int8()
	return h, versions{reader: r.int4(), writer: r.int4()}
}

const blockColumns = `seq, time, previous, hash, body`

func (r *row) block() ledger.Block {
	return ledger.Block{Seq: r.int8(), Time: r.time(), Previous: r.hash(), Hash: r.hash(), Body: r.bytes()}
}

const changeColumns = `id, seq, place, tags, outcome`

func (r *row) change() ledger.ChangeRow {
	return ledger.ChangeRow{ID: r.text(), Seq: r.int8(), Index: r.int4(), Tags: r.bytes(), Outcome: r.bytes()}
}

const postingColumns = `no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after,
	debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata`

func (r *row) posting() ledger.PostingRow {
	p := ledger.PostingRow{
		No: r.int8(), Seq: r.int8(), Transaction: r.int8(), Time: r.time(), Effective: r.time(),
		Debit: r.int8(), Credit: r.int8(), Amount: r.int8(), DebitAfter: r.int8(), CreditAfter: r.int8(),
		DebitNth: r.int8(), CreditNth: r.int8(), DebitPrev: r.int8(), CreditPrev: r.int8(),
		Change: r.text(), Hold: r.text(), Reference: r.text(), Metadata: r.bytes(),
	}
	if p.Effective.IsZero() {
		p.Effective = p.Time
	}
	return p
}

const accountColumns = `no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last,
	normal, flags, name, currency, min, max, next_expiry`

func (r *row) account() ledger.Account {
	return ledger.Account{
		No: r.int8(), Balance: r.int8(), DebitsHi: uint64(r.int8()), DebitsLo: uint64(r.int8()),
		PendingOut: r.int8(), PendingIn: r.int8(), Entries: r.int8(), Last: r.int8(),
		Normal: ledger.Side(r.int2()), Flags: ledger.AccountFlags(r.int2()), Key: ledger.AccountKey{Name: r.text(), Currency: r.text()},
		Min: r.optionalInt8(), Max: r.optionalInt8(), NextExpiry: r.time(),
	}
}

const markColumns = `account, nth, posting`

func (r *row) mark() ledger.Mark {
	return ledger.Mark{Account: r.int8(), Nth: r.int8(), Posting: r.int8()}
}

const datedColumns = `account, nth, entry, posting, effective, sum, turnover`

func (r *row) dated() ledger.DatedRow {
	return ledger.DatedRow{
		Account: r.int8(), Nth: r.int8(), Entry: r.int8(), Posting: r.int8(), Effective: r.time(), Sum: r.int8(), Turnover: r.int8(),
	}
}

const holdColumns = `id, status, seq, expires, reference, metadata, legs`

func (r *row) hold() ledger.HoldState {
	h := ledger.HoldState{
		ID: r.text(), Status: ledger.HoldStatus(r.int2()), Seq: r.int8(), Expires: r.time(),
		Reference: r.text(), Metadata: r.bytes(),
	}
	legs := row{values: r.array()}
	for len(legs.values) > 0 && legs.err == nil {
		h.Legs = append(h.Legs, ledger.HoldLeg{
			Debit: legs.int8(), Credit: legs.int8(), Amount: legs.int8(), Rest: legs.int8(),
		})
	}
	if legs.err != nil {
		r.fail()
	}
	return h
}

const recordColumns = `type, id, version, seq, chaining, erased, due, salt, keys, labels, content`

func (r *row) record() ledger.RecordRow {
	return ledger.RecordRow{
		RecordKey: r.recordKey(), Version: r.int8(), Seq: r.int8(),
		Chaining: ledger.Chaining(r.int2()), Erased: r.bool(), Due: r.time(), Salt: r.bytes(),
		Unique: r.texts(), Labels: r.texts(), Content: r.bytes(),
	}
}

func (r *row) recordKey() ledger.RecordKey {
	return ledger.RecordKey{Type: r.text(), ID: r.text()}
}

const eventColumns = `no, seq, time, type, subject, payload, salt`

func (r *row) event() ledger.EventRow {
	return ledger.EventRow{
		No: r.int8(), Seq: r.int8(), Time: r.time(), Type: r.text(), Subject: r.text(),
		Payload: r.bytes(), Salt: r.bytes(),
	}
}

// collect returns a reader of rows that appends what read makes of each to list.
func collect[T any](list *[]T, read func(*row) T) func(*row) {
	return func(r *row) {
		if v := read(r); r.err == nil {
			*list = append(*list, v)
		}
	}
}
