package ledger

import (
	"context"
	"time"
)

// Record is an application's own document, with its version and what it is found by.
type Record struct {
	Type, ID string
	Version  int64 // from 1, one more at each Put
	Seq      int64 // the block that wrote this version
	Chaining Chaining
	Erased   bool
	Content  []byte
	Unique   []string
	Labels   []string
	Due      time.Time
}

func newRecord(r RecordRow) Record {
	return Record{
		Type: r.Type, ID: r.ID, Version: r.Version, Seq: r.Seq, Chaining: r.Chaining, Erased: r.Erased,
		Content: r.Content, Unique: r.Unique, Labels: r.Labels, Due: r.Due,
	}
}

// Record returns a record. Errors: ErrNotFound; ErrErased, with what the tombstone keeps.
func (l *Ledger) Record(ctx context.Context, recordType, id string) (Record, error) {
	r, err := l.readRecord(ctx, RecordKey{recordType, id})
	if err == nil && r.Erased {
		return r, ErrErased
	}
	return r, err
}

// RecordByKey returns the record that holds a unique key. Errors: ErrNotFound.
func (l *Ledger) RecordByKey(ctx context.Context, key string) (Record, error) {
	if checkText("key", key, 1, MaxIDLen) != nil {
		return Record{}, ErrNotFound
	}
	var out Record
	err := l.read(ctx, func(v View) error {
		holder, err := v.Unique(ctx, key)
		if err != nil {
			return err
		}
		row, err := v.Record(ctx, holder)
		out = newRecord(row)
		return err
	})
	return out, err
}

// Records returns the records that a query selects, at most MaxPage. Errors: ErrInvalid for a
// DueBy or DueAfter outside the years 1 to 9999.
func (l *Ledger) Records(ctx context.Context, query RecordQuery) ([]Record, error) {
	if err := firstError(checkTime("due_by", query.DueBy), checkTime("due_after", query.DueAfter)); err != nil {
		return nil, err
	}
	query.Limit = pageLimit(query.Limit)
	if firstError(checkText("type", query.Type, 1, MaxTypeLen), checkText("label", query.Label, 0, MaxIDLen),
		checkText("after", query.After, 0, MaxIDLen)) != nil {
		return nil, nil
	}
	query.DueBy, query.DueAfter = micro(query.DueBy), micro(query.DueAfter)
	var out []Record
	err := l.read(ctx, func(v View) error {
		rows, err := v.Records(ctx, query)
		out = make([]Record, 0, len(rows))
		for i := range rows {
			out = append(out, newRecord(rows[i]))
		}
		return err
	})
	return out, err
}

func (l *Ledger) readRecord(ctx context.Context, key RecordKey) (Record, error) {
	// What no record can be named is not there, and is not worth asking the store for.
	if firstError(checkText("type", key.Type, 1, MaxTypeLen), checkText("id", key.ID, 1, MaxIDLen)) != nil {
		return Record{}, ErrNotFound
	}
	var out Record
	err := l.read(ctx, func(v View) error {
		row, err := v.Record(ctx, key)
		out = newRecord(row)
		return err
	})
	if err != nil {
		return Record{}, err
	}
	return out, nil
}
