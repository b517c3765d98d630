package rails

import (
	"encoding/csv"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// CSV reads a statement of comma-separated values (RFC 4180) in UTF-8. The first line names
// the columns, in any order and in lower or upper case:
//
//	direction   in or out                                    required
//	amount      a decimal number with a point, without sign  required
//	currency    its code                                     required
//	reference   what the wallet called it
//	other       what the bank calls it
//	cost        a decimal number
//	returned    true or false
//	booked_at   a date (2006-01-02) or an instant (RFC 3339)
//
// A column that is not known is an error, as is one that stands twice.
func CSV(r io.Reader, currencies *money.Registry) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		p := &portion{r: r, left: maxRow}
		c := &csvReading{reading: reading{currencies: currencies, file: p}, csv: csv.NewReader(p)}
		c.csv.ReuseRecord = true
		if err := c.head(); err != nil {
			yield(Row{}, err)
			return
		}
		for {
			p.next()
			c.row++
			row, err := c.next()
			if err == io.EOF || !yield(row, err) || err != nil {
				return
			}
		}
	}
}

type csvReading struct {
	reading
	csv     *csv.Reader
	columns []string // by place
}

// csvColumns are the columns that there are.
var csvRequired = [...]string{"direction", "amount", "currency"}

func csvKnown(name string) bool {
	switch name {
	case "direction", "amount", "currency", "reference", "other", "cost", "returned", "booked_at":
		return true
	}
	return false
}

func (c *csvReading) head() error {
	names, err := c.csv.Read()
	if err != nil {
		return c.failed("it is no line of comma-separated values", err)
	}
	for _, name := range names {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if !csvKnown(name) || slices.Contains(c.columns, name) {
			return c.malformed("the first line names a column that is not known, or one twice; commas stand between them", nil)
		}
		c.columns = append(c.columns, name)
	}
	for _, name := range csvRequired {
		if !slices.Contains(c.columns, name) {
			return c.malformed("the column "+name+" is missing", nil)
		}
	}
	return nil
}

func (c *csvReading) next() (Row, error) {
	fields, err := c.csv.Read()
	if err == io.EOF {
		return Row{}, io.EOF
	}
	if err != nil {
		return Row{}, c.failed("it is no line of comma-separated values", err)
	}
	of := make(map[string]string, len(fields))
	for i, f := range fields {
		of[c.columns[i]] = strings.TrimSpace(f)
	}
	row := Row{Reference: of["reference"], Other: of["other"]}
	switch strings.ToLower(of["direction"]) {
	case "in":
		row.Direction = In
	case "out":
		row.Direction = Out
	}
	if row.Amount, err = c.amount(of["amount"], of["currency"]); err != nil {
		return Row{}, err
	}
	row.Cost = money.Zero(row.Amount.Currency())
	if text := of["cost"]; text != "" {
		if row.Cost, err = c.amount(text, of["currency"]); err != nil {
			return Row{}, err
		}
	}
	switch strings.ToLower(of["returned"]) {
	case "", "false":
	case "true":
		row.Returned = true
	default:
		return Row{}, c.malformed("returned is neither true nor false", nil)
	}
	if row.BookedAt, err = c.instant(of["booked_at"]); err != nil {
		return Row{}, err
	}
	return c.checked(row)
}

// instant reads a date, which begins at midnight in UTC, or an instant.
func (r *reading) instant(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, form := range [...]string{time.RFC3339Nano, "2006-01-02", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, r.malformed("it is no date and no instant", nil)
}
