package rails

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// Direction says which way money went, seen from the wallet.
type Direction uint8

// The directions.
const (
	In  Direction = iota + 1 // it came to the operator's bank account
	Out                      // it left it
)

// String returns "in" or "out".
func (d Direction) String() string {
	switch d {
	case In:
		return "in"
	case Out:
		return "out"
	}
	return "unknown"
}

// Row is one movement on a bank's or provider's statement.
type Row struct {
	No        int // from 1, in the order of the file
	Direction Direction
	Amount    money.Amount // more than zero
	// Reference is what the wallet called it: the key of a payout, the id of a top-up. It may
	// be empty.
	Reference string
	// Other is what the bank or provider calls it. It may be empty.
	Other string
	// Cost is what they took for it, beside the amount. Its currency is the amount's.
	Cost money.Amount
	// Returned says that the row takes back an earlier one: Out that came back as In, or In
	// that was taken back as Out.
	Returned bool
	BookedAt time.Time // zero when the statement does not say
}

// ErrStatement reports a statement that can not be read: not of its format, an amount that is
// not exact, a currency that is not known, a row that is too large.
var ErrStatement = errors.New("rails: malformed statement")

// StatementError says where.
type StatementError struct {
	Row    int // the row that can not be read, from 1; 0 for what is around the rows
	Reason string
	Err    error // the cause, if any
}

// Error tells the row and the reason; it repeats nothing of the statement.
func (e *StatementError) Error() string {
	if e.Row == 0 {
		return "rails: malformed statement: " + e.Reason
	}
	return fmt.Sprintf("rails: malformed statement: row %d: %s", e.Row, e.Reason)
}

// Is matches ErrStatement.
func (e *StatementError) Is(target error) bool { return target == ErrStatement }

// Unwrap returns the cause.
func (e *StatementError) Unwrap() error { return e.Err }

// Statement reads rows, one after the other, in bounded memory: the file may have any number
// of them. After an error, which is a *StatementError or the reader's, there are no more.
type Statement func(r io.Reader, currencies *money.Registry) iter.Seq2[Row, error]

// maxRow bounds how much of a file is read for one row, in bytes.
const maxRow = 1 << 20

// portion is a reader that refuses to read more than maxRow between two rows.
type portion struct {
	r      io.Reader
	left   int
	broken error // what the reader itself failed with
}

var errRowTooLarge = errors.New("a row has more than 1 MiB")

func (p *portion) Read(b []byte) (int, error) {
	if p.left <= 0 {
		return 0, errRowTooLarge
	}
	n, err := p.r.Read(b[:min(len(b), p.left)])
	p.left -= n
	if err != nil && err != io.EOF {
		p.broken = err
	}
	return n, err
}

func (p *portion) next() { p.left = maxRow }

// reading is one pass over a statement.
type reading struct {
	currencies *money.Registry
	row        int // the row that is being read
	file       *portion
}

// failed tells a statement that is wrong from a reader that failed.
func (r *reading) failed(reason string, err error) error {
	if r.file.broken != nil {
		return r.file.broken
	}
	return r.malformed(reason, err)
}

func (r *reading) malformed(reason string, err error) error {
	if errors.Is(err, errRowTooLarge) {
		reason = errRowTooLarge.Error()
	}
	return &StatementError{Row: r.row, Reason: reason, Err: err}
}

// amount makes an amount of a text and a currency's code.
func (r *reading) amount(text, code string) (money.Amount, error) {
	c, err := r.currencies.Lookup(code)
	if err != nil {
		return money.Amount{}, r.malformed("the currency is not known", nil)
	}
	a, err := money.Parse(text, c)
	if err != nil {
		return money.Amount{}, r.malformed("the amount is no decimal number with a point, or has more decimals than its currency", nil)
	}
	return a, nil
}

// checked holds a row to what all of them promise.
func (r *reading) checked(row Row) (Row, error) {
	switch {
	case row.Direction != In && row.Direction != Out:
		return Row{}, r.malformed("the direction is neither in nor out", nil)
	case !row.Amount.IsPositive():
		return Row{}, r.malformed("the amount is not more than zero", nil)
	case row.Cost.IsNegative():
		return Row{}, r.malformed("the cost is negative", nil)
	case len(row.Reference) > maxReference || len(row.Other) > maxReference:
		return Row{}, r.malformed("a reference has more than 256 bytes", nil)
	}
	row.No = r.row
	return row, nil
}

const maxReference = 256
