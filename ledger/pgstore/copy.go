package pgstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/okpay/okpay-go/ledger"
)

// copyFrom is from how many rows on a table is filled by COPY: for the server that is less
// than half the work of an INSERT, for the price of a round trip.
const copyFrom = 256

// copies are the rows of a batch that go by COPY, in PostgreSQL's binary format.
type copies struct {
	table, columns string
	rows           int
	body           []byte
}

// copyRows encodes rows for COPY. Each has the ledger and what fields appends, of which
// there are as many as columns.
func copyRows[R any](id int64, table, columns string, fields, size int, rows []R, appendFields func([]byte, *R) []byte) *copies {
	b := make([]byte, 0, 32+len(rows)*(14+4*fields+size))
	b = append(b, "PGCOPY\n\xff\r\n\x00"...)
	b = binary.BigEndian.AppendUint64(b, 0) // no flags, no extension
	for i := range rows {
		b = binary.BigEndian.AppendUint16(b, uint16(1+fields))
		b = appendInt8(b, id)
		b = appendFields(b, &rows[i])
	}
	b = binary.BigEndian.AppendUint16(b, 0xFFFF)
	return &copies{table: table, columns: "ledger, " + columns, rows: len(rows), body: b}
}

// large reports whether tables of a batch are to be filled by COPY.
func large(batch *ledger.Batch) bool {
	return len(batch.Changes) >= copyFrom || len(batch.Postings) >= copyFrom
}

// part is what is sent of a large batch at once: rows to copy, or calls.
type part struct {
	rows  *copies
	calls []call
}

// parts encodes a large batch, each part while the one before is being sent. The last part is
// what calls makes of the rows that are not copied.
func parts(id int64, batch *ledger.Batch, calls func(int64, *ledger.Batch) []call) <-chan part {
	const most = 3
	out := make(chan part, most) // room for all: nobody has to take them
	go func() {
		defer close(out)
		rest := *batch
		if len(rest.Changes) >= copyFrom {
			out <- part{rows: copyRows(id, "changes", changeColumns, 5, 120, rest.Changes, appendChange)}
			rest.Changes = nil
		}
		if len(rest.Postings) >= copyFrom {
			out <- part{rows: copyRows(id, "postings", postingColumns, 18, 150, rest.Postings, appendPosting)}
			rest.Postings = nil
		}
		out <- part{calls: calls(id, &rest)}
	}()
	return out
}

func appendChange(b []byte, r *ledger.ChangeRow) []byte {
	b = appendBytes(b, r.ID)
	b = appendInt8(b, r.Seq)
	b = appendInt4(b, r.Index)
	b = appendBlob(b, r.Tags)
	return appendBlob(b, r.Outcome)
}

func appendPosting(b []byte, r *ledger.PostingRow) []byte {
	b = appendInt8(b, r.No)
	b = appendInt8(b, r.Seq)
	b = appendInt8(b, r.Transaction)
	b = appendTime(b, r.Time)
	if r.Effective.Equal(r.Time) {
		b = appendNull(b)
	} else {
		b = appendTime(b, r.Effective)
	}
	for _, v := range [...]int64{
		r.Debit, r.Credit, r.Amount, r.DebitAfter, r.CreditAfter, r.DebitNth, r.CreditNth, r.DebitPrev, r.CreditPrev,
	} {
		b = appendInt8(b, v)
	}
	b = appendBytes(b, r.Change)
	b = appendOptional(b, r.Hold)
	b = appendOptional(b, r.Reference)
	return appendBlob(b, r.Metadata)
}

func appendInt4(b []byte, v int) []byte {
	b = binary.BigEndian.AppendUint32(b, 4)
	return binary.BigEndian.AppendUint32(b, uint32(v))
}

func appendTime(b []byte, t time.Time) []byte { return appendInt8(b, t.UnixMicro()-pgEpoch) }

// appendOptional appends a text, NULL for the empty one.
func appendOptional(b []byte, s string) []byte {
	if s == "" {
		return appendNull(b)
	}
	return appendBytes(b, s)
}

// appendBlob appends bytes, NULL for nil.
func appendBlob(b, v []byte) []byte {
	if v == nil {
		return appendNull(b)
	}
	return appendBytes(b, v)
}

// copy sends rows into a table, inside the transaction that is open.
func (c *conn) copy(ctx context.Context, schema string, rows *copies) error {
	sql := "COPY " + pgx.Identifier{schema, rows.table}.Sanitize() + " (" + rows.columns + ") FROM STDIN (FORMAT binary)"
	tag, err := c.pg.CopyFrom(ctx, bytes.NewReader(rows.body), sql)
	if err == nil && tag.RowsAffected() != int64(rows.rows) {
		err = fmt.Errorf("%w: %d of %d rows were copied", errMalformed, tag.RowsAffected(), rows.rows)
	}
	return err
}
