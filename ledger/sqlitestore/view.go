package sqlitestore

import (
	"context"
	"fmt"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/okpay/okpay-go/ledger"
)

// view reads one moment of a ledger. Its methods may be called concurrently and then take
// turns: there is one connection.
type view struct {
	mu   sync.Mutex
	c    *conn // nil once ended
	no   int64
	head ledger.Head
}

func (v *view) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.c = nil
}

// notFound says what is not there.
func notFound(what string) error { return fmt.Errorf("sqlitestore: %s: %w", what, ledger.ErrNotFound) }

// with calls fn with the connection, unless the view or ctx has ended.
func (v *view) with(ctx context.Context, fn func(*conn) error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.c == nil {
		return errEnded
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return translate(ctx, "read", fn(v.c))
}

// list runs a query whose first parameter is the ledger and collects its rows.
func list[T any](ctx context.Context, v *view, query string, put func(*params), read func(*row) (T, error)) (all []T, err error) {
	err = v.with(ctx, func(c *conn) error {
		stmt, err := c.Prepare(query)
		if err != nil {
			return err
		}
		put(bind(stmt, v.no))
		return collect(ctx, stmt, &all, read)
	})
	return all, err
}

// collect appends the rows of a bound statement to all.
func collect[T any](ctx context.Context, stmt *sqlite.Stmt, all *[]T, read func(*row) (T, error)) error {
	return each(stmt, func(r *row) error {
		if len(*all)%64 == 63 && ctx.Err() != nil {
			return ctx.Err()
		}
		item, err := read(r)
		*all = append(*all, item)
		return err
	})
}

// one is list for at most one row; without one it returns ledger.ErrNotFound.
func one[T any](ctx context.Context, v *view, what, query string, put func(*params), read func(*row) (T, error)) (T, error) {
	all, err := list(ctx, v, query, put, read)
	if err == nil && len(all) == 0 {
		err = notFound(what)
	}
	if err != nil {
		var none T
		return none, err
	}
	return all[0], nil
}

// sure makes a reader that can not fail into one that could.
func sure[T any](read func(*row) T) func(*row) (T, error) {
	return func(r *row) (T, error) { return read(r), nil }
}

// Head implements ledger.View.
func (v *view) Head(ctx context.Context) (head ledger.Head, err error) {
	err = v.with(ctx, func(*conn) error {
		head = v.head
		return nil
	})
	return head, err
}

// Change implements ledger.View.
func (v *view) Change(ctx context.Context, id string) (ledger.ChangeRow, error) {
	return one(ctx, v, "change", "SELECT "+changeColumns+" FROM changes WHERE ledger = ?1 AND id = ?2",
		func(p *params) { p.text(id) }, sure(readChange))
}

// Changes implements ledger.View.
func (v *view) Changes(ctx context.Context, after string, limit int) ([]ledger.ChangeRow, error) {
	return list(ctx, v, "SELECT "+changeColumns+" FROM changes WHERE ledger = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
		func(p *params) { p.text(after).int(int64(limit)) }, sure(readChange))
}

// Blocks implements ledger.View.
func (v *view) Blocks(ctx context.Context, after int64, limit int) ([]ledger.Block, error) {
	return list(ctx, v, "SELECT "+blockColumns+" FROM blocks WHERE ledger = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
		func(p *params) { p.int(after).int(int64(limit)) }, sure(readBlock))
}

// Events implements ledger.View.
func (v *view) Events(ctx context.Context, after int64, limit int) ([]ledger.EventRow, error) {
	return list(ctx, v, "SELECT "+eventColumns+" FROM events WHERE ledger = ?1 AND no > ?2 ORDER BY no LIMIT ?3",
		func(p *params) { p.int(after).int(int64(limit)) }, sure(readEvent))
}

// Currencies implements ledger.View.
func (v *view) Currencies(ctx context.Context) (map[string]int, error) {
	all, err := list(ctx, v, "SELECT code, scale FROM currencies WHERE ledger = ?1", func(*params) {},
		func(r *row) (currency, error) { return currency{r.text(), int(r.int())}, nil })
	scales := make(map[string]int, len(all))
	for _, c := range all {
		scales[c.code] = c.scale
	}
	return scales, err
}

// Hold implements ledger.View.
func (v *view) Hold(ctx context.Context, id string) (ledger.HoldState, error) {
	return one(ctx, v, "hold", "SELECT "+holdColumns+" FROM holds WHERE ledger = ?1 AND id = ?2",
		func(p *params) { p.text(id) }, readHold)
}

// Holds implements ledger.View.
func (v *view) Holds(ctx context.Context, after string, limit int) ([]ledger.HoldState, error) {
	return list(ctx, v, "SELECT "+holdColumns+" FROM holds WHERE ledger = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
		func(p *params) { p.text(after).int(int64(limit)) }, readHold)
}

// DueHolds implements ledger.View.
func (v *view) DueHolds(ctx context.Context, account int64, at time.Time) ([]ledger.HoldState, error) {
	return list(ctx, v, `SELECT h.id, h.status, h.seq, h.expires, h.reference, h.metadata, h.legs
		FROM hold_due d CROSS JOIN holds h ON h.ledger = d.ledger AND h.id = d.hold
		WHERE d.ledger = ?1 AND d.account = ?2 AND d.expires <= ?3 ORDER BY d.expires, d.hold`,
		func(p *params) { p.int(account).int(at.UnixMicro()) }, readHold)
}

func readWholeRecord(r *row) (ledger.RecordRow, error) { return readRecord(r, true) }

// Record implements ledger.View.
func (v *view) Record(ctx context.Context, key ledger.RecordKey) (ledger.RecordRow, error) {
	return one(ctx, v, "record", "SELECT "+recordColumns+" FROM records WHERE ledger = ?1 AND type = ?2 AND id = ?3",
		func(p *params) { p.text(key.Type).text(key.ID) }, readWholeRecord)
}

// RecordsByKey implements ledger.View.
func (v *view) RecordsByKey(ctx context.Context, keys []ledger.RecordKey) (all []ledger.RecordRow, err error) {
	err = v.with(ctx, func(c *conn) error {
		stmt, err := c.Prepare("SELECT " + recordColumns + " FROM records WHERE ledger = ?1 AND type = ?2 AND id = ?3")
		if err != nil {
			return err
		}
		for _, key := range keys {
			bind(stmt, v.no).text(key.Type).text(key.ID)
			if err := collect(ctx, stmt, &all, readWholeRecord); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// Unique implements ledger.View.
func (v *view) Unique(ctx context.Context, key string) (ledger.RecordKey, error) {
	return one(ctx, v, "unique key", "SELECT type, id FROM record_keys WHERE ledger = ?1 AND key = ?2",
		func(p *params) { p.text(key) },
		func(r *row) (ledger.RecordKey, error) { return ledger.RecordKey{Type: r.text(), ID: r.text()}, nil })
}

// RecordsAfter implements ledger.View.
func (v *view) RecordsAfter(ctx context.Context, after ledger.RecordKey, limit int) ([]ledger.RecordRow, error) {
	return list(ctx, v, "SELECT "+recordColumns+` FROM records WHERE ledger = ?1 AND (type, id) > (?2, ?3)
		ORDER BY type, id LIMIT ?4`,
		func(p *params) { p.text(after.Type).text(after.ID).int(int64(limit)) }, readWholeRecord)
}

// Records implements ledger.View.
func (v *view) Records(ctx context.Context, q ledger.RecordQuery) ([]ledger.RecordRow, error) {
	const columns = "r.type, r.id, r.version, r.seq, r.chaining, r.erased, r.due, r.salt, r.keys, r.labels, r.content"
	if !q.DueBy.IsZero() {
		follows := ""
		if !q.DueAfter.IsZero() {
			follows = " AND (r.due, r.id) > (?5, ?6)"
		}
		return list(ctx, v, "SELECT "+columns+` FROM records r
			WHERE r.ledger = ?1 AND r.type = ?2 AND r.due <= ?3 AND r.erased = 0`+follows+` ORDER BY r.due, r.id LIMIT ?4`,
			func(p *params) {
				p.text(q.Type).time(q.DueBy).int(int64(q.Limit))
				if follows != "" {
					p.time(q.DueAfter).text(q.After)
				}
			}, readWholeRecord)
	}
	// The index of labels, or the table itself, is walked in the order asked for.
	from, id := " FROM records r WHERE r.ledger = ?1 AND r.type = ?2", "r.id"
	if q.Label != "" {
		id = "l.id"
		from = ` FROM record_labels l CROSS JOIN records r ON r.ledger = l.ledger AND r.type = l.type AND r.id = l.id
			WHERE l.ledger = ?1 AND l.type = ?2 AND l.label = ?5`
	}
	query := "SELECT " + columns + from + " AND r.erased = 0"
	follows, order := " > ?3", " ASC"
	if q.Desc {
		follows, order = " < ?3", " DESC"
	}
	if q.After != "" {
		query += " AND " + id + follows
	}
	query += " ORDER BY " + id + order + " LIMIT ?4"
	return list(ctx, v, query, func(p *params) {
		p.text(q.Type)
		if q.After == "" {
			p.last++
		} else {
			p.text(q.After)
		}
		p.int(int64(q.Limit))
		if q.Label != "" {
			p.text(q.Label)
		}
	}, readWholeRecord)
}
