package ledgertest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// stageCases are the rules of ledger.Stager, for stores that are one.
var stageCases = []ledgerCase{
	{"A staged batch is seen by nobody before its commit and whole after it", func(t *testing.T, s *scribe) { testStage(t, s, 1) }},
	{"A staged batch of many rows is one batch", func(t *testing.T, s *scribe) { testStage(t, s, 700) }},
	{"A staged batch that is dropped leaves nothing", testStageDropped},
	{"A staged batch does not wait for the head", testStageDoesNotWait},
	{"A staged batch whose head has moved comes to nothing and keeps nobody waiting", testStageOvertaken},
	{"A staged batch does not take an id that is there", testStageUsedID},
	{"What begins with a staged batch loads what is needed", testStageLoads},
}

// stage stages a batch.
func (s *scribe) stage(b *ledger.Batch) ledger.Staged {
	s.t.Helper()
	var err error
	for range tries {
		var staged ledger.Staged
		if staged, err = s.store.(ledger.Stager).Stage(patient(s.t), s.head.Ledger, b); err == nil {
			return staged
		}
	}
	require.NoError(s.t, err, "a batch is staged while there is room")
	return nil
}

// many makes the batch one of many rows.
func (s *scribe) many(rows int) {
	for i := range rows {
		id := fmt.Sprintf("change %d of block %d", i, s.next.Seq)
		s.change(id)
		s.post("from", "to", 1).Change = id
		s.event("type", id)
	}
}

func testStage(t *testing.T, s *scribe, rows int) {
	s.busy("first")
	s.commit()
	tx, _, err := s.store.Begin(patient(t), s.head.Ledger, ledger.Need{})
	require.NoError(t, err)
	s.busy("second")
	s.many(rows)
	second := s.finish()
	s.keep(second) // which it is soon
	s.busy("third")
	s.many(rows)
	third := s.finish()
	staged := s.stage(third)
	require.NoError(t, tx.Commit(patient(t), second), "what is staged does not hinder the block before")
	s.agree() // nothing of the third is there

	tx, found, err := staged.Begin(patient(t), ledger.Need{})
	require.NoError(t, err, "the lock is free")
	same(t, "Begin finds the head committed", s.head, found.Head)
	s.excluded(s.store)
	s.agree()
	require.NoError(t, tx.Commit(patient(t), third))
	s.keep(third)
	s.agree()
	s.busy("fourth")
	s.commit()
	s.agree()
}

func testStageDropped(t *testing.T, s *scribe) {
	s.busy("first")
	s.commit()
	s.busy("second")
	s.many(300)
	second := s.finish()
	require.NoError(t, s.stage(second).Rollback(patient(t)))
	s.agree()
	tx, _, err := s.stage(second).Begin(patient(t), ledger.Need{})
	require.NoError(t, err)
	require.NoError(t, tx.Rollback(patient(t)))
	s.agree()
	s.free(s.store)
	write(t, s.store, s.head.Ledger, func(*ledger.Found) *ledger.Batch { return second })
	s.keep(second)
	s.agree()
}

func testStageDoesNotWait(t *testing.T, s *scribe) {
	s.busy("first")
	s.commit()
	tx, _, err := s.store.Begin(patient(t), s.head.Ledger, ledger.Need{})
	require.NoError(t, err)
	s.busy("second")
	second := s.finish()
	staged := s.stage(second)
	_, _, err = staged.Begin(patient(t), ledger.Need{})
	require.ErrorIs(t, err, ledger.ErrRetry, "somebody else has the lock")
	s.agree()
	require.NoError(t, tx.Commit(patient(t), second), "nothing of what was staged is in the way")
	s.keep(second)
	s.agree()
}

func testStageOvertaken(t *testing.T, s *scribe) {
	s.busy("first")
	s.commit()
	s.busy("staged")
	s.many(300)
	staged := s.stage(s.finish())
	s.abandon()
	tx, _, err := s.store.Begin(patient(t), s.head.Ledger, ledger.Need{})
	require.NoError(t, err, "what is staged does not lock the head")
	s.busy("other")
	s.many(300)
	other := s.finish()
	written := make(chan error, 1)
	go func() { written <- tx.Commit(patient(t), other) }() // may wait for the same numbers

	begun, found, err := staged.Begin(patient(t), ledger.Need{})
	if err == nil {
		same(t, "Begin finds the head committed", other.Head, found.Head)
		require.NoError(t, begun.Rollback(patient(t)))
	}
	require.NoError(t, <-written)
	s.keep(other)
	s.agree()
	s.free(s.store)
}

func testStageUsedID(t *testing.T, s *scribe) {
	s.change("used")
	s.commit()
	s.busy("second")
	s.change("used")
	b := s.finish()
	staged, err := s.store.(ledger.Stager).Stage(patient(t), s.head.Ledger, b)
	if err == nil {
		var tx ledger.Tx
		if tx, _, err = staged.Begin(patient(t), ledger.Need{}); err == nil {
			require.NoError(t, tx.Rollback(patient(t)))
		}
	}
	require.Error(t, err, "an id that is there is found out before the lock is had")
	s.abandon()
	s.agree()
	s.free(s.store)
	s.busy("second")
	s.commit()
	s.agree()
}

func testStageLoads(t *testing.T, s *scribe) {
	s.busy("first")
	s.commit()
	s.busy("second")
	second := s.finish()
	need := ledger.Need{Changes: []string{"change first", "nobody's"}, Accounts: []ledger.AccountKey{cny("from")}, Holds: []string{"hold"}}
	want := s.kept.find(s.head, need)
	tx, found, err := s.stage(second).Begin(patient(t), need)
	require.NoError(t, err)
	sameFound(t, "Begin finds what is needed", want, found)
	found, err = tx.Load(patient(t), need)
	require.NoError(t, err)
	sameFound(t, "Load finds what is needed", want, found)
	require.NoError(t, tx.Commit(patient(t), second))
	s.keep(second)
	s.agree()
}
