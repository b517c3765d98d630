package ledgertest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// sharedCases are the rules about two handles on one database.
var sharedCases = []sharedCase{
	{"Both handles open the same ledger", testSharedOpen},
	{"Both handles create a ledger at once and get the same one", testSharedOpenAtOnce},
	{"Each handle sees what the other committed", testSharedCommits},
	{"A Tx of one handle excludes those of the other and does not keep it from reading", testSharedLock},
	{"Writers on both handles write every block once and without a gap", func(t *testing.T, a, b ledger.Store) {
		testManyWriters(t, newScribe(t, a, "main"), 8, 25, a, b)
	}},
	{"A writer that never pauses on one handle does not keep the other from its turn", func(t *testing.T, a, b ledger.Store) {
		s := newScribe(t, a, "main")
		testFairness(t, a, b, s.head.Ledger)
		testFairness(t, b, a, s.head.Ledger)
	}},
}

func testSharedOpen(t *testing.T, a, b ledger.Store) {
	s := newScribe(t, a, "main")
	head, err := b.Open(patient(t), "main", ledger.Genesis{Key: [16]byte{255}})
	require.NoError(t, err)
	same(t, "The second handle gets the ledger of the first", s.head, head)
	s.busy("first")
	s.commit()
	head, err = b.Open(patient(t), "main", ledger.Genesis{Key: [16]byte{255}})
	require.NoError(t, err)
	same(t, "Open returns the head that the other handle committed", s.head, head)
}

func testSharedOpenAtOnce(t *testing.T, a, b ledger.Store) {
	const callers = 8
	ctx := patient(t)
	heads, failures := make([]ledger.Head, callers), make([]error, callers)
	together(callers, func(i int) {
		store := [2]ledger.Store{a, b}[i%2]
		for range tries {
			heads[i], failures[i] = store.Open(ctx, "main", ledger.Genesis{Key: [16]byte{byte(i + 1)}})
			if !errors.Is(failures[i], ledger.ErrRetry) {
				return
			}
		}
	})
	require.NoError(t, errors.Join(failures...))
	for _, head := range heads {
		same(t, "Everybody gets the ledger that one of them created", heads[0], head)
	}
}

func testSharedCommits(t *testing.T, a, b ledger.Store) {
	s := newScribe(t, a, "main")
	for i, name := range []string{"first", "second", "third", "fourth"} {
		s.busy(name)
		s.commit()
		s.store = [2]ledger.Store{b, a}[i%2]
		s.agree() // through the handle that did not write
		s.find(ledger.Need{
			Changes: []string{"change " + name}, Accounts: []ledger.AccountKey{cny("from")}, Holds: []string{"hold"},
			Records: []ledger.RecordKey{{Type: "type", ID: "record"}}, Unique: []string{"key of record"}, Currencies: []string{"X" + name},
			DueOn: []int64{1}, DueAt: s.head.Time,
		})
	}
}

func testSharedLock(t *testing.T, a, b ledger.Store) {
	s := newScribe(t, a, "main")
	s.busy("first")
	s.commit()
	for _, pair := range [][2]ledger.Store{{a, b}, {b, a}} {
		holder, other := pair[0], pair[1]
		tx, found, err := holder.Begin(patient(t), s.head.Ledger, ledger.Need{})
		require.NoError(t, err)
		assert.Equal(t, s.head.Seq, found.Head.Seq)
		s.excluded(other)
		s.store = other
		s.agree()
		s.busy("by " + string('0'+rune(s.head.Seq)))
		batch := s.finish()
		require.NoError(t, tx.Commit(patient(t), batch))
		s.keep(batch)
		s.agree()
		s.free(other)
	}
}
