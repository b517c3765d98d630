package ledger

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// ImportConfig says what an Import expects. The zero value takes any ledger.
type ImportConfig struct {
	// Name is the ledger that the file has to be of. Its name and key are bound into the
	// hash chain, so a copy has the name of its original. Defaults to whatever the file says.
	Name string

	// Checkpoints are blocks known from elsewhere: a block that differs is refused before it
	// is written, and a file that ends before one of them is refused at its end. A chain can be forged from
	// its beginning; it can not be made to meet a checkpoint.
	Checkpoints []Checkpoint

	// MaxCached bounds how many accounts are remembered from block to block. Defaults to
	// 100,000, some 40 MB.
	MaxCached int
}

// Imported says what an Import did.
type Imported struct {
	Ledger     string
	Checkpoint       // the last block that was read of the file, zero if there is none
	Blocks     int64 // how many were written, not counting those that were there
	Plain      int64 // plain records written
}

// ErrOtherHistory reports a file whose blocks are not those of the ledger in the store (or
// of the ledger or the checkpoints that ImportConfig names).
var ErrOtherHistory = errors.New("ledger: file and store have different histories")

// Import makes of a file that Export wrote the ledger that it was written from: the same
// blocks with the same hashes, accounts, postings, holds, records, events and ids. Every
// block is decoded, checked, replayed on the state that it touches, which is loaded as for
// any block, and committed as one block. Memory does not grow with the ledger, and is bounded
// for any file whatever: by what one block may take (MaxBlockLen).
//
// A ledger of that name which is there already is continued, if its history is the
// beginning of the file's; blocks that it has are not written again. So an Import that was
// interrupted is simply done again, and a later export brings an earlier copy up to date. While a copy
// is behind the end of its file, records whose content comes later stand in it as erased.
//
// Nobody else may write the ledger meanwhile. Verify proves the copy.
//
// Errors: ErrDamaged for a file that is cut off, altered, too large in one of its parts, or says what can not be;
// ErrOtherHistory; a FormatError (ErrFormat) for a file, or a block in it, of another format; the store's. What was committed before stays, and is the beginning of the
// file's history. The key of the ledger and the plain records are protected by the file's checksums alone, everything else by
// the hash chain too.
//
// Import may read a little beyond the end of the file.
func Import(ctx context.Context, store Store, r io.Reader, cfg ImportConfig) (Imported, error) {
	if cfg.MaxCached <= 0 {
		cfg.MaxCached = 100_000
	}
	im := &importer{store: store, cfg: cfg}
	err := im.run(ctx, r)
	if im.chain.last.Seq > 0 {
		im.out.Checkpoint = im.chain.last
	}
	return im.out, err
}

type importer struct {
	store Store
	cfg   ImportConfig
	file  *frameReader
	chain chainLink // of the file
	head  Head      // of the store

	replay *replay
	blocks int64 // in the file
	plain  int64 // in the file
	page   []RecordRow
	size   int // of page, in bytes
	last   RecordKey
	out    Imported
}

func (im *importer) run(ctx context.Context, r io.Reader) (err error) {
	if im.file, err = newFrameReader(bufio.NewReaderSize(r, 64<<10), exportMagic); err != nil {
		return err
	}
	h, err := im.file.header()
	if err != nil {
		return err
	}
	if err := im.open(ctx, &h); err != nil {
		return err
	}
	kind, payload, err := im.file.next()
	for ; err == nil && kind == frameBlock; kind, payload, err = im.file.next() {
		if err := im.block(ctx, payload); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if err := im.same(ctx, im.chain.last); err != nil {
		return err
	}
	for ; err == nil && kind == framePlain; kind, payload, err = im.file.next() {
		if err := im.record(ctx, payload); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	return im.finish(ctx, kind, payload)
}

// open opens the ledger of the file's name in the store.
func (im *importer) open(ctx context.Context, h *fileHeader) (err error) {
	if im.cfg.Name != "" && im.cfg.Name != h.name {
		return fmt.Errorf("%w: the file is of ledger %q", ErrOtherHistory, h.name)
	}
	im.out.Ledger = h.name
	if im.head, err = im.store.Open(ctx, h.name, Genesis{Key: h.key}); err != nil {
		return err
	}
	if im.head.Key != h.key {
		return fmt.Errorf("%w: ledger %q was created apart, with a key of its own", ErrOtherHistory, h.name)
	}
	if im.head.Seq == 0 {
		im.head.Hash = genesisHash(h.name, h.key)
	}
	if im.head.Seq < h.after.Seq {
		return fmt.Errorf("%w: the file begins after block %d, the ledger ends at block %d", ErrOtherHistory, h.after.Seq, im.head.Seq)
	}
	if h.after.Seq == 0 && h.after.Hash != genesisHash(h.name, h.key) {
		return im.file.damaged("header: name and key differ from the genesis hash")
	}
	im.chain = chainLink{name: h.name, last: h.after}
	im.replay = newReplay(h.name, h.key, im.cfg.MaxCached)
	if err := im.same(ctx, h.after); err != nil {
		return err
	}
	for _, c := range im.cfg.Checkpoints {
		// The file does not tell of these blocks: the ledger has to have the right ones.
		if c.Seq <= h.after.Seq {
			if err := im.same(ctx, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// block takes a block with what belongs to it.
func (im *importer) block(ctx context.Context, payload []byte) error {
	b, err := decodeBlock(payload)
	if err != nil {
		return im.file.damaged("%v", err)
	}
	if err := im.chain.follow(&b); err != nil {
		return im.file.damaged("%v", err)
	}
	for _, c := range im.cfg.Checkpoints {
		if c.Seq == b.Seq && c.Hash != b.Hash {
			return fmt.Errorf("%w: block %d differs from the checkpoint", ErrOtherHistory, b.Seq)
		}
	}
	if b.Seq == im.head.Seq && b.Hash != im.head.Hash {
		return fmt.Errorf("%w: block %d has another hash in the ledger", ErrOtherHistory, b.Seq)
	}
	body, err := decodeBody(b.Body)
	if errors.Is(err, ErrFormat) {
		return err
	}
	if err != nil {
		return im.file.damaged("block %d: %v", b.Seq, err)
	}
	c, err := im.contents(&body)
	if err != nil {
		return err
	}
	im.blocks++
	if b.Seq <= im.head.Seq {
		return nil
	}
	if b.Time.Before(im.head.Time) {
		return im.file.damaged("block %d is older than the block before", b.Seq)
	}
	if err := im.commit(ctx, &b, &body, c); err != nil {
		return err
	}
	im.out.Blocks++
	return nil
}

// contents reads what belongs to a block, and proves it by the block's digests.
func (im *importer) contents(body *decodedBody) (*contents, error) {
	c := &contents{records: make(map[RecordKey]*recordPiece)}
	for _, effect := range body.announced() {
		payload, err := im.belongs(frameEvent)
		if err != nil {
			return nil, err
		}
		d := &decoder{rest: payload}
		row := EventRow{Type: effect.text, Subject: effect.other, Salt: d.bytes(), Payload: d.bytes()}
		if err := d.end(); err != nil {
			return nil, im.file.damaged("event: %v", err)
		}
		if !effect.digests(&row) {
			return nil, im.file.damaged("the payload of an event differs from its digest")
		}
		c.events = append(c.events, row)
	}
	for _, effect := range body.kept() {
		payload, err := im.belongs(frameRecord)
		if err != nil {
			return nil, err
		}
		d := &decoder{rest: payload}
		row := RecordRow{RecordKey: RecordKey{effect.text, effect.other}}
		there := d.flag()
		if there {
			row.Salt = d.bytes()
			d.content(&row)
		}
		if err := d.end(); err != nil {
			return nil, im.file.damaged("record: %v", err)
		}
		if !there {
			continue
		}
		if !effect.holds(&row) {
			return nil, im.file.damaged("the content of a record differs from its digest")
		}
		c.records[row.RecordKey] = &recordPiece{
			version: effect.version, salt: row.Salt,
			put: Put{Content: row.Content, Unique: row.Unique, Labels: row.Labels, Due: row.Due},
		}
	}
	return c, nil
}

// belongs reads a frame that has to be there.
func (im *importer) belongs(want frameKind) ([]byte, error) {
	kind, payload, err := im.file.next()
	if err == nil && kind != want {
		err = im.file.damaged("something is missing that belongs to block %d", im.chain.last.Seq)
	}
	return payload, err
}

// content reads what appendContent wrote.
func (d *decoder) content(r *RecordRow) {
	r.Content = d.bytes()
	for _, list := range [2]*[]string{&r.Unique, &r.Labels} {
		for range d.count() {
			*list = append(*list, d.text())
			if d.err != nil {
				break // a count that lies costs no room
			}
		}
	}
	r.Due = d.time()
}

// commit writes one block.
func (im *importer) commit(ctx context.Context, b *Block, body *decodedBody, c *contents) error {
	need := func() Need { return im.replay.need(&im.head, body, c) }
	err := im.attempt(ctx, need, b, func(tx Tx, found *Found) (*Batch, error) {
		r := im.replay
		r.work.reset()
		r.work.take(found, nil)
		if len(found.Changes) > 0 {
			return nil, im.file.damaged("block %d: id %s is used twice", b.Seq, clip(found.Changes[0].ID))
		}
		if need := r.more(body, b); !need.empty() {
			more, err := tx.Load(ctx, need)
			if err != nil {
				return nil, err
			}
			r.work.take(more, nil)
			for _, no := range need.DueOn {
				if a := r.work.number(no); a != nil {
					a.NextExpiry = more.NextExpiry[no]
				}
			}
		}
		own := *c // a second attempt begins with all of it
		batch, err := r.block(found.Head, b, body, &own)
		if err != nil {
			return nil, im.file.damaged("block %d: %v", b.Seq, err)
		}
		return batch, nil
	})
	if err != nil {
		return err
	}
	im.replay.work.keep()
	return nil
}

// attempt commits what decide returns, again when the store asks for it. After a commit
// whose outcome is unknown the head tells whether the block is there.
func (im *importer) attempt(ctx context.Context, need func() Need, b *Block, decide func(Tx, *Found) (*Batch, error)) error {
	unknown := false
	for try := 1; ; try++ {
		err := im.once(ctx, need(), b, unknown, decide)
		if err == nil {
			return nil
		}
		im.replay.cache.clear()
		unknown = unknown || errors.Is(err, ErrCommitUnknown)
		if try == retries || !errors.Is(err, ErrRetry) && !errors.Is(err, ErrCommitUnknown) {
			return err
		}
	}
}

func (im *importer) once(ctx context.Context, need Need, b *Block, unknown bool, decide func(Tx, *Found) (*Batch, error)) error {
	tx, found, err := im.store.Begin(ctx, im.head.Ledger, need)
	if err != nil {
		return err
	}
	head := &found.Head
	switch {
	case unknown && b != nil && head.Seq == b.Seq && head.Hash == b.Hash:
		// It was written. That it is durable is what the next commit gives.
		im.replay.cache.clear()
		im.head = *head
		return tx.Commit(ctx, &Batch{})
	case head.Seq != im.head.Seq || head.Seq > 0 && head.Hash != im.head.Hash:
		err = fmt.Errorf("%w: somebody else wrote block %d", ErrOtherHistory, head.Seq)
	default:
		var batch *Batch
		if batch, err = decide(tx, found); err == nil {
			if err := tx.Commit(ctx, batch); err != nil {
				return err
			}
			if batch.Block != nil {
				im.head = batch.Head
			}
			return nil
		}
	}
	return errors.Join(err, tx.Rollback(context.WithoutCancel(ctx)))
}

// same holds a block against the ledger's own.
func (im *importer) same(ctx context.Context, last Checkpoint) error {
	if last.Seq == 0 {
		return nil
	}
	var blocks []Block
	err := im.store.Read(ctx, im.head.Ledger, func(v View) (err error) {
		blocks, err = v.Blocks(ctx, last.Seq-1, 1)
		return err
	})
	if err == nil && (len(blocks) != 1 || blocks[0].Seq != last.Seq || blocks[0].Hash != last.Hash) {
		err = fmt.Errorf("%w: block %d has another hash in the ledger", ErrOtherHistory, last.Seq)
	}
	return err
}

// finish takes the last frame.
func (im *importer) finish(ctx context.Context, kind frameKind, payload []byte) error {
	if kind != frameEnd {
		return im.file.damaged("a frame of kind %d is not in its place", kind)
	}
	end, err := decodeEnd(payload)
	if err != nil {
		return im.file.damaged("end: %v", err)
	}
	last := im.chain.last
	if end.last != last || end.blocks != im.blocks || end.plain != im.plain {
		return im.file.damaged("the end says another number of blocks or records")
	}
	if err := im.flush(ctx); err != nil {
		return err
	}
	for _, c := range im.cfg.Checkpoints {
		if c.Seq > last.Seq {
			return fmt.Errorf("%w: the file ends at block %d, a checkpoint is block %d", ErrOtherHistory, last.Seq, c.Seq)
		}
	}
	// What was there already is reported as imported, so it has to be durable too.
	return im.attempt(ctx, func() Need { return Need{} }, nil, func(Tx, *Found) (*Batch, error) { return &Batch{}, nil })
}
