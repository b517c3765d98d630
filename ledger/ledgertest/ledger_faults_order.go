package ledgertest

import (
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// testLostOrder commits, in one block, Changes of which the first ones fail and the last makes
// that they would not have, over a store that loses the connection at the commit.
func testLostOrder(f *fixture) {
	for _, row := range []struct {
		name    string
		fail    func(*Faulty)
		anew    bool // whether what left no trace is decided behind the others
		unknown bool
	}{
		{"nothing is lost", func(*Faulty) {}, false, false},
		{"the block was not written", func(s *Faulty) { s.FailCommits(1, ledger.ErrCommitUnknown) }, false, false},
		{"the block was written", func(s *Faulty) { s.LoseCommits(1, ledger.ErrCommitUnknown) }, true, false},
		{"the block was written, and then the store is gone", func(s *Faulty) {
			s.LoseCommits(1, ledger.ErrCommitUnknown)
			s.FailCommits(100, ledger.ErrCommitUnknown)
		}, false, true},
	} {
		faulty := NewFaulty(f.store)
		f := f.over(faulty)
		conflict := func(id string) ledger.Change {
			c := changeOf(id, transfer("bank:1", "user:3", 1))
			c.Expects = []ledger.Expect{{Type: "t", ID: "made", Version: 1}}
			return c
		}
		member := changeOf("linked", transfer("bank:1", "user:3", 1))
		member.Linked = true
		made := changeOf("made", transfer("bank:1", "user:1", 5))
		made.Puts = []ledger.Put{{Type: "t", ID: "made"}}
		changes := []ledger.Change{
			conflict("conflict"), member, conflict("chained"), changeOf("pinned", transfer("user:1", "user:2", 5)), made,
		}
		row.fail(faulty)
		out, errs := f.all(changes...)
		if row.unknown {
			for i := range errs {
				require.ErrorIs(f, errs[i], ledger.ErrOutcomeUnknown, row.name)
			}
			faulty.forgive()
			out, errs = f.all(changes...)
			for i, replayed := range []bool{false, false, false, true, true} {
				assert.Equal(f, replayed, out[i].Replayed, "%s: asked again, %d", row.name, i)
				out[i].Replayed = false
			}
		}
		if row.anew || row.unknown {
			for i := range 3 {
				require.NoError(f, errs[i], row.name)
				assert.Equal(f, out[4].Seq+1, out[i].Seq, "%s: behind what followed it", row.name)
			}
		} else {
			require.ErrorIs(f, errs[0], ledger.ErrConflict, row.name)
			require.ErrorIs(f, errs[1], ledger.ErrLinked, row.name)
			require.ErrorIs(f, errs[2], ledger.ErrConflict, row.name)
		}
		require.ErrorIs(f, errs[3], ledger.ErrInsufficientFunds, "%s: what was recorded stays", row.name)
		require.NoError(f, errs[4], row.name)
		for i := range out {
			assert.False(f, out[i].Replayed, "%s: %d is the first", row.name, i)
		}
		f.stands("user:1", 5, 5)
	}
}
