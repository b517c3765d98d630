package sqlitestore

import (
	"context"
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/okpay/okpay-go/ledger"
)

// errNotText reports a key or label that is not UTF-8, which no JSON array can hold.
var errNotText = errors.New("sqlitestore: a key or label of a record is not UTF-8")

// writeRecords puts the records as they are now and keeps their keys and labels in step.
// What records of the block give up goes first, so that another one may take it.
func (t *tx) writeRecords(ctx context.Context, records []ledger.RecordRow) error {
	if len(records) == 0 {
		return nil
	}
	c, no := t.c, t.ledger
	var keys []keyRow
	var labels []labelRow
	for i := range records {
		if err := ctx.Err(); err != nil {
			return err
		}
		r := &records[i]
		if !allUTF8(r.Unique) || !allUTF8(r.Labels) {
			return errNotText
		}
		old, loaded := t.had[r.RecordKey]
		if !loaded { // as when a copy is written
			var err error
			if old, err = findIndex(c, no, r.RecordKey); err != nil {
				return err
			}
		}
		if err := dropIndex(c, no, r, old); err != nil {
			return err
		}
		for _, key := range r.Unique {
			if !slices.Contains(old.keys, key) {
				keys = append(keys, keyRow{key, r.RecordKey})
			}
		}
		for _, label := range r.Labels {
			if !slices.Contains(old.labels, label) {
				labels = append(labels, labelRow{label, r.RecordKey})
			}
		}
	}
	put, err := c.Prepare("INSERT INTO records (ledger, " + recordColumns + `) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)
		ON CONFLICT (ledger, type, id) DO UPDATE SET version = excluded.version, seq = excluded.seq,
		chaining = excluded.chaining, erased = excluded.erased, due = excluded.due, salt = excluded.salt,
		keys = excluded.keys, labels = excluded.labels, content = excluded.content`)
	if err != nil {
		return err
	}
	for i := range records {
		putRecord(bind(put, no), &records[i])
		if err := run(put); err != nil {
			return err
		}
	}
	if err := insertAll(ctx, c, no, intoKeys, keys, putKey); err != nil {
		return err
	}
	return insertAll(ctx, c, no, intoLabels, labels, putLabel)
}

// recordIndex is what a record is found by: nothing if it is not there.
type recordIndex struct{ keys, labels []string }

// findIndex returns what the record is found by now.
func findIndex(c *conn, no int64, key ledger.RecordKey) (x recordIndex, err error) {
	stmt, err := c.Prepare("SELECT keys, labels FROM records WHERE ledger = ?1 AND type = ?2 AND id = ?3")
	if err != nil {
		return x, err
	}
	bind(stmt, no).text(key.Type).text(key.ID)
	err = each(stmt, func(r *row) (err error) {
		if x.keys, err = decodeStrings(r.bytes()); err != nil {
			return err
		}
		x.labels, err = decodeStrings(r.bytes())
		return err
	})
	return x, err
}

// dropIndex removes the old keys and labels that r has no longer.
func dropIndex(c *conn, no int64, r *ledger.RecordRow, old recordIndex) error {
	for _, key := range old.keys {
		if slices.Contains(r.Unique, key) {
			continue
		}
		stmt, err := c.Prepare("DELETE FROM record_keys WHERE ledger = ?1 AND key = ?2")
		if err != nil {
			return err
		}
		bind(stmt, no).text(key)
		if err := run(stmt); err != nil {
			return err
		}
	}
	for _, label := range old.labels {
		if slices.Contains(r.Labels, label) {
			continue
		}
		stmt, err := c.Prepare("DELETE FROM record_labels WHERE ledger = ?1 AND type = ?2 AND label = ?3 AND id = ?4")
		if err != nil {
			return err
		}
		bind(stmt, no).text(r.Type).text(label).text(r.ID)
		if err := run(stmt); err != nil {
			return err
		}
	}
	return nil
}

// keyRow is one row of record_keys.
type keyRow struct {
	key string
	ledger.RecordKey
}

func putKey(p *params, k *keyRow) { p.text(k.key).text(k.Type).text(k.ID) }

// labelRow is one row of record_labels.
type labelRow struct {
	label string
	ledger.RecordKey
}

func putLabel(p *params, l *labelRow) { p.text(l.Type).text(l.label).text(l.ID) }

func allUTF8(list []string) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !utf8.ValidString(s) })
}
