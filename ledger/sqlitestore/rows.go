package sqlitestore

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/okpay/okpay-go/ledger"
)

// For each table: the columns as they are selected and inserted, how a row is bound, and
// how it is read back. The ledger is parameter 1 of every statement and the first column of
// every insert; selects leave it out.

const (
	headColumns = "ledger, key, seq, time, hash, accounts, postings, transactions, events, min_reader, min_writer"

	blockColumns = "seq, time, previous, hash, body"
	intoBlocks   = "blocks (ledger, " + blockColumns + ")"

	changeColumns = "id, seq, place, tags, outcome"
	intoChanges   = "changes (ledger, " + changeColumns + ")"

	postingColumns = "no, seq, tx, time, effective, change, hold, reference, metadata, debit, credit, amount, " +
		"debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev"
	intoPostings = "postings (ledger, " + postingColumns + ")"

	accountColumns = "no, name, currency, normal, min, max, flags, balance, debits_hi, debits_lo, pending_out, pending_in, " +
		"entries, last, next_expiry"
	intoAccounts = "accounts (ledger, " + accountColumns + ")"

	markColumns = "account, nth, posting"
	intoMarks   = "marks (ledger, " + markColumns + ")"

	intoReversals = "reversals (ledger, tx, reversal)"
	intoTerms     = "terms (ledger, hash, tx)"
	datedColumns  = "account, nth, entry, posting, effective, sum, turnover"
	intoDated     = "dated (ledger, " + datedColumns + ")"

	holdColumns = "id, status, seq, expires, reference, metadata, legs"
	intoHoldDue = "hold_due (ledger, account, expires, hold)"

	recordColumns    = recordRowColumns + ", content"
	recordRowColumns = "type, id, version, seq, chaining, erased, due, salt, keys, labels" // without the content
	intoKeys         = "record_keys (ledger, key, type, id)"
	intoLabels       = "record_labels (ledger, type, label, id)"

	eventColumns = "no, seq, time, type, subject, payload, salt"
	intoEvents   = "events (ledger, " + eventColumns + ")"

	intoCurrencies = "currencies (ledger, code, scale)"
)

func readHead(r *row) (h ledger.Head, minReader, minWriter int) {
	h.Ledger = r.int()
	r.fixed(h.Key[:])
	h.Seq, h.Time = r.int(), r.time()
	r.fixed(h.Hash[:])
	h.Accounts, h.Postings, h.Transactions, h.Events = r.int(), r.int(), r.int(), r.int()
	return h, int(r.int()), int(r.int())
}

func putBlock(p *params, b *ledger.Block) {
	p.int(b.Seq).time(b.Time).bytes(b.Previous[:]).bytes(b.Hash[:]).bytes(b.Body)
}

func readBlock(r *row) (b ledger.Block) {
	b.Seq, b.Time = r.int(), r.time()
	r.fixed(b.Previous[:])
	r.fixed(b.Hash[:])
	b.Body = r.bytes()
	return b
}

func putChange(p *params, c *ledger.ChangeRow) {
	p.text(c.ID).int(c.Seq).int(int64(c.Index)).bytes(c.Tags).bytes(c.Outcome)
}

func readChange(r *row) ledger.ChangeRow {
	return ledger.ChangeRow{ID: r.text(), Seq: r.int(), Index: int(r.int()), Tags: r.bytes(), Outcome: r.bytes()}
}

func putPosting(p *params, r *ledger.PostingRow) {
	p.int(r.No).int(r.Seq).int(r.Transaction).time(r.Time)
	if r.Effective.Equal(r.Time) {
		p.null()
	} else {
		p.time(r.Effective)
	}
	p.text(r.Change).textOrNull(r.Hold).textOrNull(r.Reference).bytes(r.Metadata).
		int(r.Debit).int(r.Credit).int(r.Amount).
		int(r.DebitAfter).int(r.CreditAfter).
		int(r.DebitNth).int(r.CreditNth).
		int(r.DebitPrev).int(r.CreditPrev)
}

func readPosting(r *row) ledger.PostingRow {
	p := ledger.PostingRow{
		No: r.int(), Seq: r.int(), Transaction: r.int(), Time: r.time(), Effective: r.time(),
		Change: r.text(), Hold: r.text(), Reference: r.text(), Metadata: r.bytes(),
		Debit: r.int(), Credit: r.int(), Amount: r.int(),
		DebitAfter: r.int(), CreditAfter: r.int(),
		DebitNth: r.int(), CreditNth: r.int(),
		DebitPrev: r.int(), CreditPrev: r.int(),
	}
	if p.Effective.IsZero() {
		p.Effective = p.Time
	}
	return p
}

func putAccount(p *params, a *ledger.Account) {
	p.int(a.No).text(a.Key.Name).text(a.Key.Currency).int(int64(a.Normal)).intOrNil(a.Min).intOrNil(a.Max).int(int64(a.Flags)).
		int(a.Balance).int(int64(a.DebitsHi)).int(int64(a.DebitsLo)).int(a.PendingOut).int(a.PendingIn).
		int(a.Entries).int(a.Last).time(a.NextExpiry)
}

func readAccount(r *row) ledger.Account {
	return ledger.Account{
		No: r.int(), Key: ledger.AccountKey{Name: r.text(), Currency: r.text()},
		Normal: ledger.Side(r.int()), Min: r.intOrNil(), Max: r.intOrNil(), Flags: ledger.AccountFlags(r.int()),
		Balance: r.int(), DebitsHi: uint64(r.int()), DebitsLo: uint64(r.int()),
		PendingOut: r.int(), PendingIn: r.int(), Entries: r.int(), Last: r.int(), NextExpiry: r.time(),
	}
}

func putMark(p *params, m *ledger.Mark) { p.int(m.Account).int(m.Nth).int(m.Posting) }

func readMark(r *row) ledger.Mark {
	return ledger.Mark{Account: r.int(), Nth: r.int(), Posting: r.int()}
}

func putReversal(p *params, r *ledger.Reversal) { p.int(r.Transaction).int(r.By) }

func putTerm(p *params, t *ledger.Term) { p.int(t.Hash).int(t.Transaction) }

func putDated(p *params, d *ledger.DatedRow) {
	p.int(d.Account).int(d.Nth).int(d.Entry).int(d.Posting).time(d.Effective).int(d.Sum).int(d.Turnover)
}

func readDated(r *row) ledger.DatedRow {
	return ledger.DatedRow{
		Account: r.int(), Nth: r.int(), Entry: r.int(), Posting: r.int(), Effective: r.time(), Sum: r.int(), Turnover: r.int(),
	}
}

func putHold(p *params, h *ledger.HoldState) {
	p.text(h.ID).int(int64(h.Status)).int(h.Seq).time(h.Expires).textOrNull(h.Reference).bytes(h.Metadata).
		bytes(encodeLegs(h.Legs))
}

func readHold(r *row) (h ledger.HoldState, err error) {
	h.ID, h.Status, h.Seq, h.Expires = r.text(), ledger.HoldStatus(r.int()), r.int(), r.time()
	h.Reference, h.Metadata = r.text(), r.bytes()
	h.Legs, err = decodeLegs(r.bytes())
	return h, err
}

// encodeLegs writes a JSON array of [debit, credit, amount, rest].
func encodeLegs(legs []ledger.HoldLeg) []byte {
	b := make([]byte, 0, 2+24*len(legs))
	b = append(b, '[')
	for i, leg := range legs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for j, v := range [...]int64{leg.Debit, leg.Credit, leg.Amount, leg.Rest} {
			if j > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, v, 10)
		}
		b = append(b, ']')
	}
	return append(b, ']')
}

func decodeLegs(b []byte) ([]ledger.HoldLeg, error) {
	var rows [][4]int64
	if err := json.Unmarshal(b, &rows); err != nil {
		return nil, fmt.Errorf("sqlitestore: legs of a hold are unreadable")
	}
	if len(rows) == 0 {
		return nil, nil
	}
	legs := make([]ledger.HoldLeg, len(rows))
	for i, v := range rows {
		legs[i] = ledger.HoldLeg{Debit: v[0], Credit: v[1], Amount: v[2], Rest: v[3]}
	}
	return legs, nil
}

func putRecord(p *params, r *ledger.RecordRow) {
	p.text(r.Type).text(r.ID).int(r.Version).int(r.Seq).int(int64(r.Chaining)).int(oneIf(r.Erased)).time(r.Due).
		bytes(r.Salt).bytes(encodeStrings(r.Unique)).bytes(encodeStrings(r.Labels)).bytes(r.Content)
}

// readRecord reads recordColumns, or recordRowColumns when content is false.
func readRecord(r *row, content bool) (rec ledger.RecordRow, err error) {
	rec.Type, rec.ID, rec.Version, rec.Seq = r.text(), r.text(), r.int(), r.int()
	rec.Chaining, rec.Erased, rec.Due, rec.Salt = ledger.Chaining(r.int()), r.int() != 0, r.time(), r.bytes()
	if rec.Unique, err = decodeStrings(r.bytes()); err != nil {
		return rec, err
	}
	if rec.Labels, err = decodeStrings(r.bytes()); err != nil {
		return rec, err
	}
	if content {
		rec.Content = r.bytes()
	}
	return rec, nil
}

// encodeStrings writes a JSON array, nil for none.
func encodeStrings(list []string) []byte {
	if len(list) == 0 {
		return nil
	}
	b, err := json.Marshal(list)
	if err != nil {
		panic(err) // a list of strings can always be written
	}
	return b
}

func decodeStrings(b []byte) (list []string, err error) {
	if len(b) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("sqlitestore: keys or labels of a record are unreadable")
	}
	return list, nil
}

func putEvent(p *params, e *ledger.EventRow) {
	p.int(e.No).int(e.Seq).time(e.Time).text(e.Type).text(e.Subject).bytes(e.Payload).bytes(e.Salt)
}

func readEvent(r *row) ledger.EventRow {
	return ledger.EventRow{
		No: r.int(), Seq: r.int(), Time: r.time(), Type: r.text(), Subject: r.text(), Payload: r.bytes(), Salt: r.bytes(),
	}
}

// currency is one row of its table.
type currency struct {
	code  string
	scale int
}

func currencies(scales map[string]int) []currency {
	list := make([]currency, 0, len(scales))
	for code, scale := range scales {
		list = append(list, currency{code, scale})
	}
	return list
}

func putCurrency(p *params, c *currency) { p.text(c.code).int(int64(c.scale)) }

func oneIf(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
