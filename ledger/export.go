package ledger

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sort"
)

// ExportConfig says what an export holds. The zero value exports everything.
type ExportConfig struct {
	// After leaves out the blocks up to this one, for a copy that has them already.
	// Defaults to none.
	After int64

	// Archive gives the bodies of blocks that were archived. Defaults to none; then a
	// ledger with archived blocks can not be exported (ErrArchived).
	Archive BlockSource
}

// Exported says what an export holds.
type Exported struct {
	Checkpoint       // the last block, zero if there is none
	Blocks     int64 // how many
	Events     int64 // payloads
	Records    int64 // contents of records, plain ones included
}

// Export writes the whole ledger to w as one file: every block, and with each block what
// belongs to it and does not stand in it: payloads and salts of events, contents and salts
// of chained records, and at the end the plain records. Import makes a ledger of it again,
// in any store, with the same hashes. The file ends by itself; Import may read it while it
// is written, over a pipe or a connection.
//
// It may run while the ledger is written. It reads in pages, none held longer than one
// read, and goes on to the head that it meets there. A record has one content, its latest; it
// goes with the block that wrote that version, and blocks that wrote earlier ones go without. The
// last part, which is the blocks that came meanwhile and the plain records, is read in one
// view, so that all is of one moment: Exported.Checkpoint, which is durable.
//
// The file holds personal data and the ledger's key: keep it as you keep the database.
//
// Errors: ErrDiscrepancy when the journal's chain is broken or a content does not match its digest;
// ErrArchived; ErrInvalid when After is beyond the head; w's and the store's. A file that Export did
// not finish is one that Import reports as cut off.
func (l *Ledger) Export(ctx context.Context, w io.Writer, cfg ExportConfig) (Exported, error) {
	if joinedIn(ctx) != nil {
		return Exported{}, ErrJoined
	}
	e := &exporter{ledger: l, cfg: cfg, limit: 16, atOnce: 16, ahead: make(map[RecordKey]int64)}
	e.chain.name = l.cfg.Name
	err := e.run(ctx, w)
	if e.chain.last.Seq > 0 {
		e.out.Checkpoint = e.chain.last
	}
	return e.out, err
}

type exporter struct {
	ledger *Ledger
	cfg    ExportConfig
	w      *frameWriter
	chain  chainLink
	events int64               // number of the last event written
	ahead  map[RecordKey]int64 // versions that a later block wrote, of some records
	limit  int                 // blocks of a page
	atOnce int                 // records that are read together
	out    Exported
	plain  int64
}

// catchUps bounds how often an export goes after a head that moves, before it reads what is
// left in one view.
const catchUps = 8

func (e *exporter) run(ctx context.Context, w io.Writer) error {
	var head Head
	err := e.ledger.read(ctx, func(v View) (err error) {
		if head, err = v.Head(ctx); err != nil {
			return err
		}
		return e.begin(ctx, v, &head)
	})
	if err != nil {
		return err
	}
	if e.w, err = newFrameWriter(w, exportMagic); err != nil {
		return err
	}
	header := fileHeader{name: e.chain.name, key: head.Key, after: e.chain.last, seq: head.Seq}
	if err := e.w.frame(frameHeader, header.append(nil)); err != nil {
		return err
	}
	for target, n := head.Seq, 0; e.chain.last.Seq < head.Seq && n < catchUps; {
		var page []piece
		err := e.ledger.read(ctx, func(v View) (err error) {
			if head, err = v.Head(ctx); err != nil {
				return err
			}
			page, err = e.page(ctx, v)
			return err
		})
		if err != nil {
			return err
		}
		if err := e.write(page); err != nil {
			return err
		}
		if e.chain.last.Seq >= target {
			target, n = head.Seq, n+1
		}
	}
	if err := e.ledger.read(ctx, func(v View) error { return e.rest(ctx, v) }); err != nil {
		return err
	}
	// What could be read may be lost to a failover while it is not durable, and the copy
	// would have what the ledger has not.
	if err := e.ledger.ensure(ctx, e.chain.last.Seq); err != nil {
		return err
	}
	end := fileEnd{last: e.chain.last, blocks: e.out.Blocks, plain: e.plain}
	_, err = e.w.end(end.append(nil))
	return err
}

// begin finds the block and the event to begin after.
func (e *exporter) begin(ctx context.Context, v View, head *Head) error {
	after := e.cfg.After
	if after < 0 || after > head.Seq {
		return invalid("after", "is block %d, the head is block %d", after, head.Seq)
	}
	e.chain.last.Hash = genesisHash(e.chain.name, head.Key)
	if after == 0 {
		return nil
	}
	blocks, err := v.Blocks(ctx, after-1, 1)
	if err != nil {
		return err
	}
	if len(blocks) == 0 || blocks[0].Seq != after {
		return fmt.Errorf("%w: block %d is missing", ErrDiscrepancy, after)
	}
	e.chain.last = Checkpoint{after, blocks[0].Hash}
	found := sort.Search(int(head.Events), func(i int) bool {
		if err != nil {
			return true
		}
		var rows []EventRow
		rows, err = v.Events(ctx, int64(i), 1)
		return len(rows) == 0 || rows[0].Seq > after
	})
	e.events = int64(found)
	return err
}

// piece is a frame to be written once the view that it was read in has ended.
type piece struct {
	kind    frameKind
	payload []byte
}

// page reads the next blocks with what belongs to them.
func (e *exporter) page(ctx context.Context, v View) ([]piece, error) {
	blocks, err := v.Blocks(ctx, e.chain.last.Seq, e.limit)
	if err != nil {
		return nil, err
	}
	if len(blocks) == 0 {
		return nil, fmt.Errorf("%w: block %d is missing", ErrDiscrepancy, e.chain.last.Seq+1)
	}
	var pieces []piece
	size := 0
	p := &exportPage{exporter: e, view: v, blocks: blocks, bodies: make([]*decodedBody, len(blocks))}
	for i := range blocks {
		more, err := p.block(ctx, i)
		if err != nil {
			return nil, err
		}
		for _, p := range more {
			size += len(p.payload)
		}
		pieces = append(pieces, more...)
		if size > 16<<20 {
			break // what was read of the others is read again
		}
	}
	switch {
	case size > 4<<20:
		e.limit = max(1, e.limit/2)
	case size < 1<<20:
		e.limit = min(MaxPage, e.limit*2)
	}
	return pieces, nil
}

// fromArchive takes a block's body from an archive.
func fromArchive(ctx context.Context, archive BlockSource, b *Block) error {
	if archive == nil {
		return fmt.Errorf("%w: block %d", ErrArchived, b.Seq)
	}
	found, err := archive.Blocks(ctx, b.Seq-1, 1)
	if err != nil {
		return err
	}
	if len(found) == 0 || found[0].Seq != b.Seq || found[0].Hash != b.Hash || found[0].Body == nil {
		return fmt.Errorf("%w: block %d is not in the archive", ErrArchived, b.Seq)
	}
	b.Body = found[0].Body
	return nil
}

func (e *exporter) write(pieces []piece) error {
	for _, p := range pieces {
		if err := e.w.frame(p.kind, p.payload); err != nil {
			return err
		}
	}
	return nil
}

// rest writes what is left, of the moment that the view shows.
func (e *exporter) rest(ctx context.Context, v View) error {
	head, err := v.Head(ctx)
	if err != nil {
		return err
	}
	for e.chain.last.Seq < head.Seq {
		page, err := e.page(ctx, v)
		if err != nil {
			return err
		}
		if err := e.write(page); err != nil {
			return err
		}
	}
	if e.chain.last.Seq != head.Seq || head.Seq > 0 && e.chain.last.Hash != head.Hash {
		return &HistoryError{Known: e.chain.last, Found: Checkpoint{head.Seq, head.Hash}}
	}
	const page = 100 // each may have a megabyte
	var after RecordKey
	for {
		rows, err := v.RecordsAfter(ctx, after, page)
		if err != nil {
			return err
		}
		for i := range rows {
			after = rows[i].RecordKey
			if rows[i].Chaining != Plain {
				continue
			}
			if err := e.w.frame(framePlain, appendPlain(nil, &rows[i])); err != nil {
				return err
			}
			e.plain++
			e.out.Records++
		}
		if len(rows) < page {
			return nil
		}
	}
}

// appendContent encodes what a record holds besides its name and version.
func appendContent(b []byte, r *RecordRow) []byte {
	b = appendBytes(b, r.Content)
	for _, list := range [2][]string{r.Unique, r.Labels} {
		b = appendUint(b, uint64(len(list)))
		for _, s := range list {
			b = appendText(b, s)
		}
	}
	return appendTime(b, r.Due)
}

func appendPlain(b []byte, r *RecordRow) []byte {
	b = appendText(appendText(b, r.Type), r.ID)
	b = appendUint(appendUint(b, uint64(r.Version)), uint64(r.Seq))
	if r.Erased {
		return append(b, 1)
	}
	return appendContent(append(b, 0), r)
}

// announced returns the events of a block in their order.
func (b *decodedBody) announced() (events []*effect) {
	for e := range b.all() {
		if e.kind == effectEvent {
			events = append(events, e)
		}
	}
	return events
}

// kept returns the effects that wrote the last version of a chained record in a block, but
// for erasures.
func (b *decodedBody) kept() (records []*effect) {
	last := make(map[RecordKey]*effect)
	for e := range b.all() {
		if e.kind == effectRecord || e.kind == effectErase {
			last[RecordKey{e.text, e.other}] = e
		}
	}
	for e := range b.all() {
		if e.kind == effectRecord && last[RecordKey{e.text, e.other}] == e {
			records = append(records, e)
		}
	}
	return records
}

// digests reports whether an effect announced an event.
func (e *effect) digests(row *EventRow) bool {
	event := Event{Type: e.text, Subject: e.other, Payload: row.Payload}
	return row.Type == e.text && row.Subject == e.other && bytes.Equal(eventDigest(row.Salt, &event), e.digest)
}

// holds reports whether an effect wrote a record as it is.
func (e *effect) holds(r *RecordRow) bool {
	p := Put{Type: r.Type, ID: r.ID, Content: r.Content, Unique: r.Unique, Labels: r.Labels, Due: r.Due}
	return bytes.Equal(recordDigest(r.Salt, &p), e.digest)
}
