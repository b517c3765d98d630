package ledger

import (
	"context"
	"fmt"
	"sync/atomic"
)

// HistoryError reports a store whose history is not the one that was known: its head is
// older, or a block has another hash. It matches ErrHistoryRegressed.
type HistoryError struct {
	// Known is the block that was known: seen committed by this process, or
	// Config.NotBefore.
	Known Checkpoint
	// Found is what the store has: its head, or its block of the same number; zero if it does
	// not have the ledger at all.
	Found Checkpoint
}

// Error names both blocks.
func (e *HistoryError) Error() string {
	return fmt.Sprintf("%v: found block %d with hash %x, known is block %d with hash %x",
		ErrHistoryRegressed, e.Found.Seq, e.Found.Hash, e.Known.Seq, e.Known.Hash)
}

// Is matches ErrHistoryRegressed.
func (e *HistoryError) Is(target error) bool { return target == ErrHistoryRegressed }

// checkHead holds a head against the last one that was known.
func checkHead(head, known *Head) error {
	if head.Seq < known.Seq || head.Seq == known.Seq && head.Hash != known.Hash {
		return &HistoryError{Known: Checkpoint{known.Seq, known.Hash}, Found: Checkpoint{head.Seq, head.Hash}}
	}
	return nil
}

// checkNotBefore holds the store's history against Config.NotBefore.
func (l *Ledger) checkNotBefore(ctx context.Context, head *Head) error {
	known := l.cfg.NotBefore
	if head.Seq <= known.Seq {
		return checkHead(head, &Head{Seq: known.Seq, Hash: known.Hash})
	}
	if known.Seq < 1 {
		return nil
	}
	blocks, err := l.Blocks(ctx, known.Seq-1, 1)
	if err != nil {
		return err
	}
	found := Checkpoint{}
	if len(blocks) > 0 {
		found = Checkpoint{blocks[0].Seq, blocks[0].Hash}
	}
	if found != known {
		return &HistoryError{Known: known, Found: found}
	}
	return nil
}

// AcceptHistory is the operator's word that the store's history is the right one, after
// ErrHistoryRegressed stopped the ledger: the store was restored from a backup, or a
// failover lost its last blocks. It names the head that is accepted, as HistoryError.Found
// or a look at the restored store tells it. The ledger then works again, from that head.
// Callers whose outcomes were told before and are not in that history have to be asked for,
// see docs/restore.md.
//
// It concerns this process alone; each one that runs has a memory of its own and must be told, or
// started again. On a ledger that is not stopped it does no harm.
//
// Errors: a HistoryError (ErrHistoryRegressed) when the store's head is another one, and
// then nothing is accepted; the store's.
func (l *Ledger) AcceptHistory(ctx context.Context, head Checkpoint) error {
	found, err := l.confirm(ctx)
	if err != nil {
		return err
	}
	if is := (Checkpoint{found.Seq, found.Hash}); is != head {
		return &HistoryError{Known: head, Found: is}
	}
	l.durable.restart(found.Seq)
	l.accepted.Store(&found)
	l.recall.clear()
	return nil
}

// accepted is a head that an operator accepted and the committer has not taken over yet.
type accepted = atomic.Pointer[Head]
