package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"time"
)

var (
	// errStop ends the work when there are too many problems.
	errStop = errors.New("stop")
	// errBroken ends a pass when the journal can not be folded any further.
	errBroken = errors.New("broken")
)

// verifier holds tables against the journal, in passes. The first one looks at everything that
// needs no memory, and each at what falls into the portions of the fold.
type verifier struct {
	ledger      *Ledger
	cfg         VerifyConfig
	fold        *fold
	head        Head // at the beginning
	checkpoints map[int64][][32]byte
	report      Report

	transactions int64 // the last number that one has at the seal

	first   bool  // whether this is the first pass
	hurry   bool  // whether the fold catches up with a page
	folded  int64 // blocks, in all passes
	told    map[Problem]struct{}
	largest int // body of the last page of blocks

	postings []PostingRow // read ahead
	events   []EventRow
	archived []Block
	lookups  []lookup // of rows that are found one by one
}

// lookup is one question to the store whose answer does not change.
type lookup func(context.Context, View) error

// lookupsAtOnce is how many are asked in one read.
const lookupsAtOnce = 256

func (v *verifier) problem(where, format string, args ...any) {
	p := Problem{where, fmt.Sprintf(format, args...)}
	v.report.Found++
	if len(v.report.Problems) < MaxProblems {
		v.report.Problems = append(v.report.Problems, p)
	}
	if v.cfg.Found != nil {
		v.cfg.Found(p)
	}
}

// once is problem for what several passes may come across.
func (v *verifier) once(where, what string) {
	const most = 10_000 // beyond, one may be told again
	p := Problem{where, what}
	if _, told := v.told[p]; told {
		return
	}
	if v.told == nil {
		v.told = make(map[Problem]struct{})
	}
	if len(v.told) < most {
		v.told[p] = struct{}{}
	}
	v.problem(where, "%s", what)
}

// enough reports that there are as many problems as anybody wants to know of.
func (v *verifier) enough() bool { return v.cfg.Found == nil && v.report.Found >= MaxProblems }

func (v *verifier) run(ctx context.Context) error {
	err := v.read(ctx, func(view View) (err error) {
		v.head, err = view.Head(ctx)
		return err
	})
	if err != nil {
		return err
	}
	v.fold.seal = v.head.Seq
	for v.first = true; v.first || v.fold.more(); v.first = false {
		v.report.Passes++
		if err := v.pass(ctx); err != nil {
			if errors.Is(err, errBroken) {
				return v.chain(ctx)
			}
			return err
		}
	}
	return nil
}

// pass folds the journal once and holds the tables against what was kept of it.
func (v *verifier) pass(ctx context.Context) error {
	var genesis [32]byte
	if v.head.Seq > 0 {
		genesis = genesisHash(v.ledger.cfg.Name, v.head.Key)
	}
	v.fold.restart(genesis, v.head.Accounts)
	v.postings = nil
	if err := v.advance(ctx, v.head.Seq); err != nil {
		return err
	}
	v.fold.sealed = v.fold.opened()
	v.transactions = v.fold.postings
	if v.first {
		v.missed(v.fold.seq)
		v.compareHead()
		if err := v.currencies(ctx); err != nil {
			return err
		}
	}
	for _, step := range []func(context.Context) error{v.accounts, v.holds, v.records, v.reversals, v.totals, v.changes} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if v.first {
		return v.leftover(ctx)
	}
	return nil
}

// missed tells the checkpoints that no block was held against, given the last block.
func (v *verifier) missed(end int64) {
	for _, seq := range slices.Sorted(maps.Keys(v.checkpoints)) {
		switch {
		case seq > end:
			v.problem(fmt.Sprintf("checkpoint %d", seq), "the journal ends at block %d", end)
		case seq < 0 || seq == 0 && slices.ContainsFunc(v.checkpoints[0], func(h [32]byte) bool { return h != [32]byte{} }):
			// An empty ledger's hash is zero, and says nothing.
			v.problem(fmt.Sprintf("checkpoint %d", seq), "there is no such block")
		}
	}
}

func (v *verifier) compareHead() {
	h, f := &v.head, v.fold
	if h.Hash != f.hash || !h.Time.Equal(f.time) {
		v.problem("head", "hash or time is not that of block %d", f.seq)
	}
	if h.Accounts != f.opened() || h.Postings != f.postings || h.Transactions != f.transactions || h.Events != f.events {
		v.problem("head", "counters differ from the journal's")
	}
}

// read is one short read, with a pause after it.
func (v *verifier) read(ctx context.Context, fn func(View) error) error {
	if err := v.ledger.read(ctx, fn); err != nil {
		return err
	}
	switch {
	case v.hurry:
	case v.cfg.Pause != nil:
		return v.cfg.Pause(ctx)
	default:
		runtime.Gosched()
	}
	return nil
}

// page reads something together with the head and moves the fold up to it.
func (v *verifier) page(ctx context.Context, fn func(View) error) (head Head, err error) {
	err = v.read(ctx, func(view View) (err error) {
		if head, err = view.Head(ctx); err != nil {
			return err
		}
		return fn(view)
	})
	if err != nil {
		return head, err
	}
	v.hurry = true
	defer func() { v.hurry = false }()
	return head, v.advance(ctx, head.Seq)
}

// blockBytes is how much of the journal is read at once, as far as the last page can tell.
const blockBytes = 16 << 20

// advance folds blocks up to seq, and holds what each writes and never changes against its
// rows.
func (v *verifier) advance(ctx context.Context, seq int64) error {
	for v.fold.seq < seq {
		blocks, err := v.blocks(ctx, v.fold.seq)
		if err != nil {
			return err
		}
		if len(blocks) == 0 {
			v.once(fmt.Sprintf("block %d", v.fold.seq+1), fmt.Sprintf("is missing, the head says there are %d", seq))
			return errBroken
		}
		for i := range blocks {
			if v.fold.seq == seq {
				break
			}
			if err := v.block(ctx, &blocks[i]); err != nil {
				return err
			}
		}
		v.progress()
	}
	return v.look(ctx)
}

func (v *verifier) blocks(ctx context.Context, after int64) (blocks []Block, err error) {
	limit := min(max(1, blockBytes/max(1, v.largest)), 64)
	if v.largest == 0 {
		limit = 16
	}
	err = v.read(ctx, func(view View) (err error) {
		blocks, err = view.Blocks(ctx, after, limit)
		return err
	})
	v.largest = 1
	for i := range blocks {
		v.largest = max(v.largest, len(blocks[i].Body))
	}
	return blocks, err
}

func (v *verifier) progress() {
	if v.cfg.Progress == nil {
		return
	}
	// Accounts tell how many passes there will be; that holds or records need more shows
	// only when one begins.
	passes := max(int64(v.report.Passes), (v.fold.opened()+int64(v.fold.most)-1)/int64(v.fold.most))
	v.cfg.Progress(v.folded, max(v.folded, passes*v.head.Seq))
}

// block folds one block.
func (v *verifier) block(ctx context.Context, b *Block) error {
	where := fmt.Sprintf("block %d", b.Seq)
	f := v.fold
	if b.Seq != f.seq+1 {
		v.once(fmt.Sprintf("block %d", f.seq+1), fmt.Sprintf("is missing, the next one is %d", b.Seq))
		return errBroken
	}
	if err := v.fetch(ctx, b); err != nil {
		return err
	}
	if v.first {
		v.link(b, f.hash, f.time)
	}
	if b.Body == nil {
		v.once(where, "is not in the archive")
		return errBroken
	}
	body, err := decodeBody(b.Body)
	if errors.Is(err, ErrFormat) && hashBlock(v.ledger.cfg.Name, b) == b.Hash {
		return err // it was written so: nothing is wrong but that this program is too old
	}
	if err != nil {
		v.once(where, err.Error())
		return errBroken
	}
	f.block(b, &body)
	v.folded++
	if v.first {
		v.report.Seq = b.Seq
	}
	for _, what := range f.wrong {
		v.once(where, what)
	}
	if err := v.posted(ctx); err != nil {
		return err
	}
	if v.enough() {
		return errStop
	}
	return nil
}

// fetch takes a body that the store has dropped from the archive.
func (v *verifier) fetch(ctx context.Context, b *Block) error {
	if b.Body != nil {
		return nil
	}
	if v.cfg.Archive == nil {
		return fmt.Errorf("%w: block %d, and no archive was given", ErrArchived, b.Seq)
	}
	if len(v.archived) > 0 && v.archived[0].Seq == b.Seq {
		b.Body, v.archived = v.archived[0].Body, v.archived[1:]
		return nil
	}
	found, err := v.cfg.Archive.Blocks(ctx, b.Seq-1, 16)
	if err != nil {
		return fmt.Errorf("ledger: reading the archive: %w", err)
	}
	if len(found) > 0 && found[0].Seq == b.Seq {
		b.Body, v.archived = found[0].Body, found[1:]
	}
	return nil
}

// link holds a block against the one before and against what is known of it from outside.
func (v *verifier) link(b *Block, previous [32]byte, after time.Time) {
	where := fmt.Sprintf("block %d", b.Seq)
	if b.Previous != previous {
		v.problem(where, "does not follow the hash of the block before")
	}
	if b.Time.Before(after) {
		v.problem(where, "is older than the block before")
	}
	if b.Body != nil && hashBlock(v.ledger.cfg.Name, b) != b.Hash {
		v.problem(where, "its hash does not match its content")
	}
	for _, hash := range v.checkpoints[b.Seq] {
		if hash != b.Hash {
			v.problem(where, "differs from the checkpoint")
		}
	}
}

// chain follows the rest of a journal that can not be folded any further, from behind the last
// block that was folded to the end that there was at the beginning.
func (v *verifier) chain(ctx context.Context) error {
	end := v.fold.seq
	v.once(fmt.Sprintf("block %d", end+1), "the journal can not be followed from here on; tables were not held against it")
	if !v.first {
		return nil // the chain was whole in the first pass
	}
	hash, at := v.fold.hash, v.fold.time
	for end < v.head.Seq {
		blocks, err := v.blocks(ctx, end)
		if err != nil {
			return err
		}
		if len(blocks) == 0 {
			break
		}
		for i := range blocks {
			b := &blocks[i]
			switch {
			case b.Seq == v.fold.seq+1: // the one that could not be folded; it was looked at
			case v.cfg.Archive != nil:
				if err := v.fetch(ctx, b); err != nil {
					return err
				}
				fallthrough
			default:
				if b.Seq != end+1 {
					v.once(fmt.Sprintf("block %d", end+1), fmt.Sprintf("is missing, the next one is %d", b.Seq))
					hash, at = b.Previous, b.Time
				}
				v.link(b, hash, at)
			}
			end, hash, at = b.Seq, b.Hash, b.Time
			if v.enough() {
				return errStop
			}
		}
	}
	v.missed(end)
	return nil
}
