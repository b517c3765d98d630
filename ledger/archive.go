package ledger

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"sort"
)

// ArchiveReceipt says which blocks an archive holds. It is what Forget asks for.
type ArchiveReceipt struct {
	Ledger string
	First  int64      // number of the first block
	Last   Checkpoint // the last block
	Sum    [32]byte   // SHA-256 of the file before its last frame
}

// Archive writes the bodies of old blocks to w as one file: from the first block that was not
// archived yet to the one numbered through. It changes nothing. When the file is safe
// (written through, copied, read back), Forget drops the bodies from the store. The chain of archives
// and of what is left can be verified at any time; balances, statements, records, events and ids need no archive.
//
// The file has what blocks have: ids, account names, references, metadata and digests; no
// content of a record, no payload, no key.
//
// Errors: ErrInvalid when through is beyond the head or was archived; ErrDiscrepancy when
// the chain is broken; w's and the store's.
func (l *Ledger) Archive(ctx context.Context, w io.Writer, through int64) (ArchiveReceipt, error) {
	if joinedIn(ctx) != nil {
		return ArchiveReceipt{}, ErrJoined
	}
	var head Head
	var after Checkpoint
	err := l.read(ctx, func(v View) (err error) {
		if head, err = v.Head(ctx); err != nil {
			return err
		}
		after, err = l.archived(ctx, v, &head)
		return err
	})
	switch {
	case err != nil:
		return ArchiveReceipt{}, err
	case through > head.Seq:
		return ArchiveReceipt{}, invalid("through", "is block %d, the head is block %d", through, head.Seq)
	case through <= after.Seq:
		return ArchiveReceipt{}, invalid("through", "is block %d, the blocks up to %d were archived", through, after.Seq)
	}
	if err := l.ensure(ctx, through); err != nil {
		return ArchiveReceipt{}, err
	}
	file, err := newFrameWriter(w, archiveMagic)
	if err != nil {
		return ArchiveReceipt{}, err
	}
	header := fileHeader{name: l.cfg.Name, after: after, seq: through}
	if err := file.frame(frameHeader, header.append(nil)); err != nil {
		return ArchiveReceipt{}, err
	}
	chain := chainLink{name: l.cfg.Name, last: after}
	for chain.last.Seq < through {
		blocks, err := l.Blocks(ctx, chain.last.Seq, followedBlocks)
		if err != nil {
			return ArchiveReceipt{}, err
		}
		if len(blocks) == 0 {
			return ArchiveReceipt{}, fmt.Errorf("%w: block %d is missing", ErrDiscrepancy, chain.last.Seq+1)
		}
		for i := range blocks {
			if blocks[i].Seq > through {
				break
			}
			if err := chain.follow(&blocks[i]); err != nil {
				return ArchiveReceipt{}, fmt.Errorf("%w: %w", ErrDiscrepancy, err)
			}
			if err := file.frame(frameBlock, appendBlock(nil, &blocks[i])); err != nil {
				return ArchiveReceipt{}, err
			}
		}
	}
	end := fileEnd{last: chain.last, blocks: through - after.Seq}
	sum, err := file.end(end.append(nil))
	return ArchiveReceipt{Ledger: l.cfg.Name, First: after.Seq + 1, Last: chain.last, Sum: sum}, err
}

// archived returns the last block without a body; if there is none, the genesis hash.
func (l *Ledger) archived(ctx context.Context, v View, head *Head) (Checkpoint, error) {
	var err error
	block := func(seq int64) (b Block) {
		var blocks []Block
		if err == nil {
			blocks, err = v.Blocks(ctx, seq-1, 1)
		}
		if err == nil && (len(blocks) == 0 || blocks[0].Seq != seq) {
			err = fmt.Errorf("%w: block %d is missing", ErrDiscrepancy, seq)
		}
		if err == nil {
			b = blocks[0]
		}
		return b
	}
	// Bodies are dropped from the first one on.
	n := sort.Search(int(head.Seq), func(i int) bool { return block(int64(i)+1).Body != nil })
	last := Checkpoint{Seq: int64(n), Hash: genesisHash(l.cfg.Name, head.Key)}
	if n > 0 {
		last.Hash = block(int64(n)).Hash
	}
	return last, err
}

// Forget drops the bodies of blocks that an archive holds. The receipt is the one that
// Archive returned, or better that of the file as it is kept: OpenArchive and
// ArchiveReader.Receipt. Forgetting what was forgotten does nothing.
//
// Errors: ErrInvalid when the receipt is of another ledger or leaves out blocks that are
// not archived; ErrOtherHistory when the ledger has another block of the same number;
// the store's: on PostgreSQL only the owner of the tables may forget (pgstore.ErrPrivilege).
func (l *Ledger) Forget(ctx context.Context, receipt ArchiveReceipt) error {
	if joinedIn(ctx) != nil {
		return ErrJoined
	}
	if receipt.Ledger != l.cfg.Name {
		return invalid("receipt", "is of ledger %q", clip(receipt.Ledger))
	}
	if receipt.First < 1 || receipt.Last.Seq < receipt.First {
		return invalid("receipt", "names no blocks")
	}
	err := l.read(ctx, func(v View) error {
		blocks, err := v.Blocks(ctx, receipt.Last.Seq-1, 1)
		if err != nil {
			return err
		}
		if len(blocks) == 0 || blocks[0].Seq != receipt.Last.Seq || blocks[0].Hash != receipt.Last.Hash {
			return fmt.Errorf("%w: block %d", ErrOtherHistory, receipt.Last.Seq)
		}
		if receipt.First == 1 {
			return nil
		}
		before, err := v.Blocks(ctx, receipt.First-2, 1)
		if err == nil && (len(before) == 0 || before[0].Body != nil) {
			err = invalid("receipt", "begins with block %d, and block %d is not archived", receipt.First, receipt.First-1)
		}
		return err
	})
	if err != nil {
		return err
	}
	return l.store.Forget(ctx, l.head.Ledger, receipt.Last.Seq)
}

// ArchiveReader reads the blocks of an archive. It is safe for concurrent use if its
// io.ReaderAt is. It is a BlockSource.
type ArchiveReader struct {
	r       io.ReaderAt
	size    int64
	receipt ArchiveReceipt
	places  []int64 // of every placeEvery-th block's frame
}

// placeEvery is how many blocks are between two places that an ArchiveReader remembers.
const placeEvery = 64

// OpenArchive reads an archive of so many bytes from its beginning to its end, and proves
// its checksums and the chain of its blocks. Whether it is a part of the ledger's history is
// told by its receipt's last block, or by VerifyChain together with what follows.
// Errors: ErrDamaged; a FormatError (ErrFormat) for a file of another version; r's.
func OpenArchive(r io.ReaderAt, size int64) (*ArchiveReader, error) {
	a := &ArchiveReader{r: r, size: size}
	f, err := newFrameReader(bufio.NewReaderSize(io.NewSectionReader(r, 0, size), 64<<10), archiveMagic)
	if err != nil {
		return nil, err
	}
	h, err := f.header()
	if err != nil {
		return nil, err
	}
	chain := chainLink{name: h.name, last: h.after}
	var blocks int64
	for {
		kind, payload, err := f.next()
		if err != nil {
			return nil, err
		}
		if kind != frameBlock {
			if err := a.close(f, kind, payload, &h, chain.last, blocks); err != nil {
				return nil, err
			}
			return a, nil
		}
		b, err := decodeBlock(payload)
		if err == nil {
			err = chain.follow(&b)
		}
		if err != nil {
			return nil, f.damaged("%v", err)
		}
		if blocks%placeEvery == 0 {
			a.places = append(a.places, f.start)
		}
		blocks++
	}
}

// close checks the last frame and makes the receipt.
func (a *ArchiveReader) close(f *frameReader, kind frameKind, payload []byte, h *fileHeader, last Checkpoint, blocks int64) error {
	end, err := decodeEnd(payload)
	switch {
	case kind != frameEnd || err != nil:
		return f.damaged("it has no end")
	case end.last != last || end.blocks != blocks || end.plain != 0 || blocks == 0:
		return f.damaged("the end says another number of blocks")
	case f.offset != a.size:
		return f.damaged("something follows its end")
	}
	a.receipt = ArchiveReceipt{Ledger: h.name, First: h.after.Seq + 1, Last: last, Sum: f.before}
	return nil
}

// Receipt says which blocks the archive holds.
func (a *ArchiveReader) Receipt() ArchiveReceipt { return a.receipt }

// Blocks implements BlockSource. Errors: ErrDamaged when the file was altered since it was
// opened; the reader's.
func (a *ArchiveReader) Blocks(ctx context.Context, after int64, limit int) ([]Block, error) {
	first := max(after+1, a.receipt.First)
	if first > a.receipt.Last.Seq || limit < 1 {
		return nil, nil
	}
	place := a.places[(first-a.receipt.First)/placeEvery]
	f := resumeFrames(bufio.NewReaderSize(io.NewSectionReader(a.r, place, a.size-place), 64<<10), place)
	var out []Block
	for seq := int64(0); seq < a.receipt.Last.Seq && len(out) < limit; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		kind, payload, err := f.next()
		if err != nil {
			return nil, err
		}
		b, err := decodeBlock(payload)
		if err != nil || kind != frameBlock {
			return nil, f.damaged("it is no block")
		}
		if seq = b.Seq; seq >= first {
			out = append(out, b)
		}
	}
	return out, nil
}

// Archives are several sources as one: archives of one ledger, and at the end perhaps the
// ledger itself. Blocks come from the first source that has the next one with its body.
type Archives []BlockSource

// Blocks implements BlockSource.
func (a Archives) Blocks(ctx context.Context, after int64, limit int) ([]Block, error) {
	var without []Block // a ledger gives blocks that were archived without their bodies
	for _, source := range a {
		blocks, err := source.Blocks(ctx, after, limit)
		if err != nil {
			return nil, err
		}
		if len(blocks) > 0 && blocks[0].Seq == after+1 {
			if blocks[0].Body != nil {
				return blocks, nil
			}
			without = blocks
		}
	}
	return without, nil
}

// VerifyChain follows the blocks of a ledger of that name from one block to the last that
// the source gives: that none is missing, that each follows the hash of the one before, and
// that each hash is that of its content. It returns the last block. From is a block that is
// known; its zero value begins at the first block, whose own predecessor (the genesis hash, made of
// name and key) is then taken as it is.
//
// Errors: ErrDiscrepancy; ErrArchived for a block without its body; the source's.
func VerifyChain(ctx context.Context, source BlockSource, name string, from Checkpoint) (Checkpoint, error) {
	chain := chainLink{name: name, last: from}
	for {
		blocks, err := source.Blocks(ctx, chain.last.Seq, followedBlocks)
		if err != nil || len(blocks) == 0 {
			return chain.last, err
		}
		for i := range blocks {
			b := &blocks[i]
			if b.Body == nil {
				return chain.last, fmt.Errorf("%w: block %d", ErrArchived, b.Seq)
			}
			if b.Seq == 1 && chain.last == (Checkpoint{}) {
				chain.last.Hash = b.Previous
			}
			if err := chain.follow(b); err != nil {
				return chain.last, fmt.Errorf("%w: %w", ErrDiscrepancy, err)
			}
		}
	}
}
