package ledger

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"
)

// Format is how an export is written. Both are UTF-8. Amounts are decimal strings with a
// point and as many digits after it as the currency has, negative ones with a "-"; times
// are in UTC, as 2006-01-02T15:04:05.000000Z.
type Format uint8

const (
	// CSV is RFC 4180: fields separated by commas, lines ended by CR LF, the first line the
	// names of the columns. Columns without a value are empty; metadata is a JSON object.
	//
	// A text (a name, an id, a reference) that a spreadsheet would take for a formula, because
	// it begins with =, +, -, @ or the wide form of one, gets an apostrophe in front. Where
	// every byte matters, use JSONLines.
	CSV Format = iota
	// JSONLines is one JSON object on each line. Members without a value are left out.
	JSONLines
)

func (f Format) check() error {
	if f > JSONLines {
		return invalid("format", "is neither CSV nor JSONLines")
	}
	return nil
}

// ExportStatement writes the entries of an account that page selects, in the order of their
// recording, and returns how many it wrote. A Limit of 0 writes all of them.
//
// The columns, which are also the members of the objects, are: entry (its ordinal), posting,
// transaction, block, recorded, effective, amount, balance (both signed, on the account's
// normal side), currency, other (the account on the other side), reference, hold, change,
// metadata.
//
// It reads and writes a page at a time, so that no view is kept open for a slow reader, and
// ends at the entry that was the last one when it began. After an error w has got a part;
// what was written ends with a whole line if w wrote whole.
//
// Errors: those of Statement and of w; ErrInvalid for an unknown format.
func (l *Ledger) ExportStatement(ctx context.Context, w io.Writer, format Format, key AccountKey, page Page) (int64, error) {
	last, err := l.lastEntry(ctx, format, key)
	if err != nil {
		return 0, err
	}
	if page.Before <= 0 || page.Before > last {
		page.Before = last + 1
	}
	out := newExport(w, format, entryColumns)
	return out.run(page.Limit, func(limit int) (bool, error) {
		page.Limit = limit
		entries, err := l.Statement(ctx, key, page)
		for i := range entries {
			out.entry(&entries[i])
			if page.Desc {
				page.Before = entries[i].Nth
			} else {
				page.After = entries[i].Nth
			}
		}
		return len(entries) == limit && page.Before != 1, err
	})
}

// ExportStatementByEffective is ExportStatement in the order of effective time; the balance is
// that of StatementByEffective. What is recorded after it began is not in it, nor in its
// balances.
//
// Errors: those of StatementByEffective and of w; ErrInvalid for an unknown format.
func (l *Ledger) ExportStatementByEffective(ctx context.Context, w io.Writer, format Format, key AccountKey, page EffectivePage) (int64, error) {
	last, err := l.lastEntry(ctx, format, key)
	if err != nil {
		return 0, err
	}
	out := newExport(w, format, entryColumns)
	return out.run(page.Limit, func(limit int) (bool, error) {
		page.Limit = limit
		got, err := l.effectivePage(ctx, key, page, last)
		for i := range got.Entries {
			out.entry(&got.Entries[i])
		}
		if page.Desc {
			page.Before = got.Last
		} else {
			page.After = got.Last
		}
		return len(got.Entries) == limit, err
	})
}

// ExportTransactions writes the transactions that a query selects, and returns how many
// lines it wrote, apart from the names of columns. Limit is a number of transactions; 0
// writes all of them. It ends at the transaction that was the last one when it began; see
// ExportStatement.
//
// CSV has a line for each posting. Its columns: transaction, posting, block, recorded,
// effective, debit, credit (account names), amount, currency, reference, hold, change,
// reversed_by (a transaction), metadata. JSONLines has an object for each transaction, with
// the same members, but that posting is missing and debit, credit, amount and currency are
// those of the objects in the array postings.
//
// Errors: those of Transactions and of w; ErrInvalid for an unknown format.
func (l *Ledger) ExportTransactions(ctx context.Context, w io.Writer, format Format, query TransactionQuery) (int64, error) {
	if err := firstError(format.check(), query.check()); err != nil {
		return 0, err
	}
	err := l.read(ctx, func(v View) error {
		head, err := v.Head(ctx)
		if query.Before == 0 || query.Before > head.Postings {
			query.Before = head.Postings + 1
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	out := newExport(w, format, postingColumns)
	left := query.Limit
	return out.run(0, func(int) (bool, error) {
		query.Limit = pageLimit(left)
		page, err := l.Transactions(ctx, query)
		for i := range page.Transactions {
			out.transaction(&page.Transactions[i])
		}
		if query.Desc {
			query.Before = page.Next
		} else {
			query.After = page.Next
		}
		if left > 0 {
			if left -= len(page.Transactions); left <= 0 {
				return false, err
			}
		}
		return page.Next != 0, err
	})
}

// lastEntry checks what the exports of a statement have in common, and returns how many
// entries there are.
func (l *Ledger) lastEntry(ctx context.Context, format Format, key AccountKey) (last int64, err error) {
	if err := format.check(); err != nil {
		return 0, err
	}
	if !canBeAccount(key) {
		return 0, ErrNotFound
	}
	err = l.read(ctx, func(v View) error {
		a, err := v.Account(ctx, key)
		last = a.Entries
		return err
	})
	return last, err
}

var (
	entryColumns = []string{
		"entry", "posting", "transaction", "block", "recorded", "effective", "amount", "balance", "currency", "other",
		"reference", "hold", "change", "metadata",
	}
	postingColumns = []string{
		"transaction", "posting", "block", "recorded", "effective", "debit", "credit", "amount", "currency",
		"reference", "hold", "change", "reversed_by", "metadata",
	}
)

// export writes pages of lines.
type export struct {
	w     io.Writer
	page  bytes.Buffer
	csv   *csv.Writer   // nil for JSON lines
	json  *json.Encoder // nil for CSV
	lines int64
	err   error
}

func newExport(w io.Writer, format Format, columns []string) *export {
	e := &export{w: w}
	if format == JSONLines {
		e.json = json.NewEncoder(&e.page)
		e.json.SetEscapeHTML(false)
		return e
	}
	e.csv = csv.NewWriter(&e.page)
	e.csv.UseCRLF = true
	e.err = e.csv.Write(columns)
	return e
}

// run writes a page after the other until none follows; most, if positive, bounds their lines.
func (e *export) run(most int, next func(limit int) (more bool, err error)) (int64, error) {
	written := int64(0)
	for more := true; more; {
		limit := MaxPage
		if most > 0 {
			limit = min(limit, most-int(written))
		}
		var err error
		if more, err = next(limit); err != nil {
			return written, err
		}
		if e.csv != nil {
			e.csv.Flush()
		}
		if e.err != nil {
			return written, e.err
		}
		if e.page.Len() > 0 {
			if _, err := e.w.Write(e.page.Bytes()); err != nil {
				return written, err
			}
		}
		e.page.Reset()
		written = e.lines
		more = more && (most <= 0 || written < int64(most))
	}
	return written, nil
}

// line adds one line, in the form that the format has for it.
func (e *export) line(fields func() []string, object any) {
	if e.err != nil {
		return
	}
	e.lines++
	if e.csv != nil {
		e.err = e.csv.Write(fields())
	} else {
		e.err = e.json.Encode(object)
	}
}

func (e *export) entry(n *Entry) {
	e.line(func() []string {
		return []string{
			number(n.Nth), number(n.Posting), number(n.Transaction), number(n.Seq), stamp(n.Time), stamp(n.Effective),
			n.Amount.Text(), n.Balance.Text(), n.Amount.Currency().Code(), harmless(n.Other.Name),
			harmless(n.Reference), harmless(n.Hold), harmless(n.Change), string(encodeMetadata(n.Metadata)),
		}
	}, struct {
		Entry       int64             `json:"entry"`
		Posting     int64             `json:"posting"`
		Transaction int64             `json:"transaction"`
		Block       int64             `json:"block"`
		Recorded    string            `json:"recorded"`
		Effective   string            `json:"effective"`
		Amount      string            `json:"amount"`
		Balance     string            `json:"balance"`
		Currency    string            `json:"currency"`
		Other       string            `json:"other"`
		Reference   string            `json:"reference,omitempty"`
		Hold        string            `json:"hold,omitempty"`
		Change      string            `json:"change"`
		Metadata    map[string]string `json:"metadata,omitempty"`
	}{
		n.Nth, n.Posting, n.Transaction, n.Seq, stamp(n.Time), stamp(n.Effective), n.Amount.Text(), n.Balance.Text(),
		n.Amount.Currency().Code(), n.Other.Name, n.Reference, n.Hold, n.Change, n.Metadata,
	})
}

func (e *export) transaction(t *PostedTransaction) {
	if e.csv != nil {
		reversedBy := ""
		if t.ReversedBy != 0 {
			reversedBy = number(t.ReversedBy)
		}
		for i, p := range t.Postings {
			e.line(func() []string {
				return []string{
					number(t.No), number(t.No + int64(i)), number(t.Seq), stamp(t.Time), stamp(t.Effective),
					harmless(p.Debit), harmless(p.Credit), p.Amount.Text(), p.Amount.Currency().Code(),
					harmless(t.Reference), harmless(t.Hold), harmless(t.Change), reversedBy, string(encodeMetadata(t.Metadata)),
				}
			}, nil)
		}
		return
	}
	type posting struct {
		Debit    string `json:"debit"`
		Credit   string `json:"credit"`
		Amount   string `json:"amount"`
		Currency string `json:"currency"`
	}
	postings := make([]posting, 0, len(t.Postings))
	for _, p := range t.Postings {
		postings = append(postings, posting{p.Debit, p.Credit, p.Amount.Text(), p.Amount.Currency().Code()})
	}
	e.line(nil, struct {
		Transaction int64             `json:"transaction"`
		Block       int64             `json:"block"`
		Recorded    string            `json:"recorded"`
		Effective   string            `json:"effective"`
		Postings    []posting         `json:"postings"`
		Reference   string            `json:"reference,omitempty"`
		Hold        string            `json:"hold,omitempty"`
		Change      string            `json:"change"`
		ReversedBy  int64             `json:"reversed_by,omitempty"`
		Metadata    map[string]string `json:"metadata,omitempty"`
	}{t.No, t.Seq, stamp(t.Time), stamp(t.Effective), postings, t.Reference, t.Hold, t.Change, t.ReversedBy, t.Metadata})
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// harmless keeps a spreadsheet from running a text.
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(s)[0]) {
		return "'" + s
	}
	return s
}
