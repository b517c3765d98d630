package ledger

import (
	"context"
	"slices"
)

// Bounds of how many plain records are written together.
const (
	plainRecords = 200
	plainBytes   = 4 << 20
)

// record takes a plain record. A ledger that is beyond the file's end has later ones.
func (im *importer) record(ctx context.Context, payload []byte) error {
	row, err := decodePlain(payload)
	if err != nil {
		return im.file.damaged("record: %v", err)
	}
	if previous := im.last; compareRecords(row.RecordKey, previous) <= 0 || row.Seq > im.chain.last.Seq {
		return im.file.damaged("record %s %s is not in its place", clip(row.Type), clip(row.ID))
	}
	im.last = row.RecordKey
	im.plain++
	if im.head.Seq > im.chain.last.Seq {
		return nil
	}
	im.page = append(im.page, row)
	im.size += len(row.Content)
	if len(im.page) < plainRecords && im.size < plainBytes {
		return nil
	}
	return im.flush(ctx)
}

// decodePlain reads what appendPlain wrote. No hash protects it, so its form is checked as
// that of a Put.
func decodePlain(payload []byte) (RecordRow, error) {
	d := &decoder{rest: payload}
	r := RecordRow{RecordKey: RecordKey{d.text(), d.text()}, Chaining: Plain}
	r.Version, r.Seq, r.Erased = d.number(), d.number(), d.flag()
	if !r.Erased {
		d.content(&r)
	}
	if r.Version < 1 || r.Seq < 1 {
		d.fail("version")
	}
	if err := d.end(); err != nil {
		return r, err
	}
	return r, firstError(checkText("type", r.Type, 1, MaxTypeLen), checkText("id", r.ID, 1, MaxIDLen),
		checkLen("content", len(r.Content), MaxContentLen), checkIndexed("unique", r.Unique), checkIndexed("labels", r.Labels),
		checkTime("due", r.Due))
}

// flush writes the plain records that wait.
func (im *importer) flush(ctx context.Context) error {
	if len(im.page) == 0 {
		return nil
	}
	var need Need
	for i := range im.page {
		need.Records = append(need.Records, im.page[i].RecordKey)
		need.Unique = append(need.Unique, im.page[i].Unique...)
	}
	err := im.attempt(ctx, func() Need { return need }, nil, func(tx Tx, found *Found) (*Batch, error) {
		r := im.replay
		r.work.reset()
		r.work.take(found, nil)
		if more := r.more(&decodedBody{}, &Block{}); !more.empty() {
			holders, err := tx.Load(ctx, more)
			if err != nil {
				return nil, err
			}
			r.work.take(holders, nil)
		}
		return im.records()
	})
	if err != nil {
		return err
	}
	im.out.Plain += int64(len(im.page))
	im.page, im.size = im.page[:0], 0
	return nil
}

// records returns a batch of the plain records that wait.
func (im *importer) records() (*Batch, error) {
	work := &im.replay.work
	for i := range im.page {
		row := im.page[i]
		w := work.records[row.RecordKey]
		if w == nil {
			w = &workRecord{}
			work.records[row.RecordKey] = w
		}
		if w.Version > 0 && w.Chaining != Plain {
			return nil, im.file.damaged("record %s %s is plain, and stands in the journal", clip(row.Type), clip(row.ID))
		}
		// What came before this page stays as it is: two of them can not hold one key.
		for _, key := range row.Unique {
			holder, taken := work.unique[key]
			done := slices.ContainsFunc(im.page[:i], func(r RecordRow) bool { return r.RecordKey == holder })
			if taken && (done || compareRecords(holder, im.page[0].RecordKey) < 0) && holder != row.RecordKey {
				return nil, im.file.damaged("record %s %s takes the unique key of another", clip(row.Type), clip(row.ID))
			}
		}
		if err := im.replay.write(w, row); err != nil {
			return nil, im.file.damaged("%v", err)
		}
	}
	batch := &Batch{}
	work.collect(batch)
	return &Batch{Records: batch.Records}, nil
}
