package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
)

// ErrDiscrepancy reports that tables and journal disagree, or that the chain is broken.
var ErrDiscrepancy = errors.New("ledger: discrepancy")

// VerifyConfig says how a ledger is verified. The zero value works.
type VerifyConfig struct {
	// Checkpoints are hashes that were kept outside the store.
	Checkpoints []Checkpoint

	// Archive has the bodies of blocks that the store has dropped. What comes from it is
	// held against the hashes like all else. Without it, a ledger with archived blocks
	// can not be verified (ErrArchived): balances follow from all blocks since the first.
	Archive BlockSource

	// MaxMemory bounds how many bytes of what the journal says are kept at once, roughly; the
	// pages that are read come on top, some 64 MB at most unless blocks exceed 1 MiB.
	// Where it is not enough for all, the journal is folded several times, each time for a
	// part of the accounts, holds, records and dated totals: about once for every
	// MaxMemory/250 accounts. Ids of Changes and postings take none. Defaults to 256 MiB.
	MaxMemory int

	// Pause, if set, is called between two reads of the store, so that a long verification
	// leaves room to others, for example by waiting for a moment. Its error ends the
	// work and is returned. It is not called while the fold catches up with a page that was
	// read meanwhile, since that has to be faster than the ledger is written. Defaults to
	// runtime.Gosched.
	Pause func(context.Context) error

	// Progress, if set, is told how many blocks have been folded of how many there are to fold
	// in all passes known to be needed; the total may grow.
	Progress func(done, total int64)

	// Found, if set, is told every problem when it is found. Then the work does not stop at
	// MaxProblems, which is still the most that the Report lists.
	Found func(Problem)
}

// Report is what Verify found.
type Report struct {
	Seq                                         int64 // the last block that was folded
	Postings, Accounts, Holds, Records, Changes int64 // rows held against the journal
	Events                                      int64
	Passes                                      int       // how often the journal was folded
	Found                                       int64     // how many problems there are
	Problems                                    []Problem // the first of them, at most MaxProblems
}

// MaxProblems bounds a Report's problems. Verify stops there unless VerifyConfig.Found is set.
const MaxProblems = 1000

// Problem is one disagreement.
type Problem struct {
	Where string // such as "block 7" or "account 3 user:42:available:CNY"
	What  string
}

// String returns where and what.
func (p Problem) String() string { return p.Where + ": " + p.What }

// Err is nil when nothing disagrees, and otherwise matches ErrDiscrepancy and tells the
// first problems.
func (r *Report) Err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	const most = 5
	text := ""
	for i, p := range r.Problems {
		if i == most {
			text += fmt.Sprintf("; and %d more", max(r.Found, int64(len(r.Problems)))-most)
			break
		}
		text += "; " + p.String()
	}
	return fmt.Errorf("%w%s", ErrDiscrepancy, text)
}

// Checkpoint is a block's hash that was kept outside the store. The chain alone can not
// tell that its tail was cut off or that all of it was written anew; a checkpoint can.
type Checkpoint struct {
	Seq  int64
	Hash [32]byte
}

// Verify is VerifyWith for checkpoints and nothing else.
func (l *Ledger) Verify(ctx context.Context, checkpoints ...Checkpoint) (Report, error) {
	return l.VerifyWith(ctx, VerifyConfig{Checkpoints: checkpoints})
}

// VerifyWith folds the journal again from its first block and holds every table against it:
// the hash chain, accounts with their balances, postings, marks, holds, records with the digests of
// their content, events, reversals, effective times, what things are found by, ids with their outcomes.
//
// It may run while the ledger is written, by this or another process, and holds what there
// was when it began, at least: rows that never change once written are held against the blocks
// up to then. Where rows do change, each page of them is read together with the head's
// number, and the fold is moved up to that number before the two are compared. No read lasts
// longer than a page.
//
// It goes on after a problem. Only a block that is missing or can not be read ends the
// folding; then the rest of the chain is still followed, and the tables, for which there is nothing to hold
// them against, are not.
//
// The error says that the work could not be done: the store's or the archive's, the
// context's, Pause's, ErrArchived, or a FormatError (ErrFormat) for a block that a newer program
// wrote. What was found until then stands in the report.
func (l *Ledger) VerifyWith(ctx context.Context, cfg VerifyConfig) (Report, error) {
	if cfg.MaxMemory <= 0 {
		cfg.MaxMemory = 256 << 20
	}
	// A secret of this one verification, on which nothing depends that anybody sees; so it is
	// not Config.Rand's, which a simulation may want to be the same at every run.
	var key [16]byte
	rand.Read(key[:])
	v := &verifier{ledger: l, cfg: cfg, fold: newFold(key, cfg.MaxMemory), checkpoints: make(map[int64][][32]byte)}
	for _, c := range cfg.Checkpoints {
		v.checkpoints[c.Seq] = append(v.checkpoints[c.Seq], c.Hash)
	}
	err := v.run(ctx)
	if errors.Is(err, errStop) {
		err = nil
	}
	l.observer.verified(ctx, &v.report, err)
	return v.report, err
}
