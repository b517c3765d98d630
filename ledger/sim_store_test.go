package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// simStore is one process's way to the store of a simulation.
type simStore struct {
	ledger.Store
	proc *proc
	open *simTx // that of the block being written
}

// maybeCrash ends the process here, now and then.
func (s *simStore) maybeCrash() {
	if sim := s.proc.sim; sim.chance(sim.faults.crash) {
		panic(crashed{s.proc})
	}
}

// Begin is where conflicts, breakdowns and other processes come in between.
func (s *simStore) Begin(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	sim := s.proc.sim
	s.maybeCrash()
	if sim.chance(sim.faults.begin) {
		switch sim.random.IntN(4) {
		case 0:
			sim.counts.Unavailable++
			return nil, nil, fmt.Errorf("no route: %w", ledger.ErrUnavailable)
		case 1:
			sim.now = sim.now.Add(time.Duration(sim.random.IntN(3000)) * time.Millisecond) // slow
		default:
			sim.counts.Retries++
			return nil, nil, ledger.ErrRetry
		}
	}
	if sim.depth < 3 && sim.chance(sim.faults.interleave) {
		sim.depth++
		other := sim.procs[sim.random.IntN(len(sim.procs))]
		if other != s.proc && !other.stepped {
			sim.counts.Interleaved++
			sim.step(other)
		}
		sim.depth--
	}
	tx, found, err := s.Store.Begin(ctx, id, need)
	if err != nil {
		return nil, nil, err
	}
	found.Head.Clock = sim.now
	if s.proc.offset.Abs() > 5*time.Second {
		sim.counts.Skewed++
	}
	s.open = &simTx{tx, s, sim.now}
	return s.open, found, nil
}

type simTx struct {
	ledger.Tx
	store *simStore
	begun time.Time // by the server's clock
}

func (t *simTx) Load(ctx context.Context, need ledger.Need) (*ledger.Found, error) {
	t.crash(ctx)
	if sim := t.store.proc.sim; sim.chance(sim.faults.begin / 4) {
		sim.counts.Retries++
		return nil, ledger.ErrRetry
	}
	return t.Tx.Load(ctx, need)
}

// crash ends the process under the lock; its database sees the connection go and rolls back.
func (t *simTx) crash(ctx context.Context) {
	if sim := t.store.proc.sim; sim.chance(sim.faults.crash) {
		if err := t.Tx.Rollback(ctx); err != nil {
			sim.fail("rollback: %w", err)
		}
		panic(crashed{t.store.proc})
	}
}

func (t *simTx) Rollback(ctx context.Context) error {
	t.store.open = nil
	return t.Tx.Rollback(ctx)
}

// Commit fails before or after it has written, or the process ends before it knows.
func (t *simTx) Commit(ctx context.Context, batch *ledger.Batch) error {
	sim := t.store.proc.sim
	t.crash(ctx)
	t.store.open = nil
	nothing := func(err error) error {
		if e := t.Tx.Rollback(ctx); e != nil {
			sim.fail("rollback: %w", e)
		}
		return err
	}
	for _, c := range batch.Changes {
		if st := t.store.proc.staged; st != nil && slices.ContainsFunc(st.batch.Changes, func(o ledger.ChangeRow) bool { return o.ID == c.ID }) {
			sim.fail("the change %s is staged while it is written: one waits for the other", c.ID)
		}
		if sim.poison[c.ID] {
			sim.counts.Poisoned++
			return nothing(errDisk)
		}
	}
	fails := sim.chance(sim.faults.commit)
	kind := sim.random.IntN(5)
	if fails {
		switch kind {
		case 0:
			sim.counts.Retries++
			return nothing(ledger.ErrRetry)
		case 1:
			return nothing(fmt.Errorf("reset: %w", ledger.ErrCommitUnknown))
		case 2:
			sim.counts.Unavailable++
			return nothing(ledger.ErrUnavailable)
		case 3:
			sim.now = sim.now.Add(time.Duration(sim.random.IntN(3000)) * time.Millisecond) // slow
		}
	}
	if err := t.Tx.Commit(ctx, batch); err != nil {
		sim.fail("commit of block %+v: %w", batch.Block, err)
		return err
	}
	if batch.Block != nil {
		sim.counts.Blocks++
		if batch.Block.Time.After(t.begun.Add(5 * time.Second)) {
			sim.fail("block %d is at %v, begun at %v", batch.Block.Seq, batch.Block.Time, t.begun)
		}
	}
	t.store.maybeCrash()
	if fails && kind == 4 {
		sim.counts.Lost++
		return fmt.Errorf("reset: %w", ledger.ErrCommitUnknown)
	}
	return nil
}
