package ledgertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// storeCases are the rules about opening, keeping apart and closing.
var storeCases = []storeCase{
	{"Open creates a ledger once and later callers get the first genesis", testOpenTwice},
	{"Open creates nothing where only a ledger that is there is asked for", testOpenExisting},
	{"Many who open a ledger at once all get the one created", testOpenAtOnce},
	{"Names of ledgers are compared byte by byte", testOpenNames},
	{"Two ledgers in one store do not see each other", testLedgersApart},
	{"A ledger that was not opened can be neither begun nor read", testUnknownLedger},
	{"Close waits for an open Tx, and a second Close does nothing", testCloseWaits},
	{"After Close every call fails", testAfterClose},
}

func testOpenTwice(t *testing.T, store ledger.Store) {
	ctx := patient(t)
	first, err := store.Open(ctx, "main", ledger.Genesis{Key: [16]byte{0: 1, 15: 255}})
	require.NoError(t, err)
	same(t, "A new ledger has a number, its key, and nothing else",
		ledger.Head{Ledger: first.Ledger, Key: [16]byte{0: 1, 15: 255}}, first)
	assert.Positive(t, first.Ledger, "numbers of ledgers are given from 1")

	again, err := store.Open(ctx, "main", ledger.Genesis{Key: [16]byte{9}})
	require.NoError(t, err)
	same(t, "Open of a ledger that is there returns its head and its key", first, again)

	other, err := store.Open(ctx, "other", ledger.Genesis{Key: [16]byte{9}})
	require.NoError(t, err)
	assert.NotEqual(t, first.Ledger, other.Ledger, "another name is another ledger")
	assert.Equal(t, [16]byte{9}, other.Key, "every ledger has its own key")

	s := newScribe(t, store, "written")
	s.change("a change")
	s.post("from", "to", 1)
	s.event("a.b", "c")
	s.commit()
	head, err := store.Open(ctx, "written", ledger.Genesis{Key: [16]byte{7}})
	require.NoError(t, err)
	same(t, "Open returns the head of the last block", s.head, head)
}

func testOpenExisting(t *testing.T, store ledger.Store) {
	ctx := patient(t)
	existing := ledger.Genesis{Key: [16]byte{1}, Existing: true}
	for range 2 {
		_, err := store.Open(ctx, "main", existing)
		require.ErrorIs(t, err, ledger.ErrNotFound, "a ledger that is not there is not created")
	}
	created, err := store.Open(ctx, "main", ledger.Genesis{Key: [16]byte{2}})
	require.NoError(t, err)
	assert.Equal(t, [16]byte{2}, created.Key, "nothing was left of it")
	found, err := store.Open(ctx, "main", existing)
	require.NoError(t, err)
	same(t, "One that is there is opened", created, found)
}

func testOpenAtOnce(t *testing.T, store ledger.Store) {
	const callers = 16
	ctx := patient(t)
	heads, failures := make([]ledger.Head, callers), make([]error, callers)
	together(callers, func(i int) {
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
	assert.Contains(t, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10", string(heads[0].Key[:1]),
		"the key is that of one of the callers")
}

func testOpenNames(t *testing.T, store ledger.Store) {
	numbers := make(map[int64]string)
	for _, name := range []string{"main", "Main", "main ", "m%", "m_", "é", "e\u0301"} {
		head, err := store.Open(patient(t), name, ledger.Genesis{})
		require.NoError(t, err)
		assert.Empty(t, numbers[head.Ledger], "%q is another ledger", name)
		numbers[head.Ledger] = name
	}
}

func testLedgersApart(t *testing.T, store ledger.Store) {
	empty, a, b := newScribe(t, store, "empty"), newScribe(t, store, "a"), newScribe(t, store, "b")
	// Both have the same ids with other contents, and b has one more of each.
	fill := func(s *scribe, text string, amount int64, due time.Time) {
		s.change("change")
		s.batch.Changes[0].Outcome = []byte(text)
		s.post("from", "to", amount).Reference = text
		s.hold("hold", "from", "to", due)
		s.put(ledger.RecordRow{
			RecordKey: ledger.RecordKey{Type: "type", ID: "id"}, Content: []byte(text),
			Unique: []string{"key"}, Labels: []string{"label", text}, Due: due,
		})
		s.event("type", text)
		s.batch.Currencies["CNY"] = int(amount)
		s.commit()
	}
	day := func(n int) time.Time { return firstBlock.AddDate(0, 0, n) }
	fill(a, "a", 1, day(1))
	fill(b, "b", 2, day(2))
	b.change("change of b")
	b.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: "type", ID: "id of b"}, Unique: []string{"key of b"}, Labels: []string{"label"}, Due: day(2)})
	b.hold("hold of b", "to", "of b", day(2))
	b.event("type", "of b")
	b.batch.Currencies["EUR"] = 2
	b.post("to", "of b", 1)
	b.commit()

	everything := ledger.Need{
		Changes: []string{"change", "change of b"}, Accounts: []ledger.AccountKey{cny("from"), cny("to"), cny("of b")},
		AccountNos: []int64{1, 2, 3}, Holds: []string{"hold", "hold of b"},
		Records: []ledger.RecordKey{{Type: "type", ID: "id"}, {Type: "type", ID: "id of b"}},
		Unique:  []string{"key", "key of b"}, Currencies: []string{"CNY", "EUR"}, DueOn: []int64{1, 2, 3}, DueAt: day(1),
	}
	for _, s := range []*scribe{empty, a, b} {
		s.agree()
		s.find(everything)
		read(t, store, s.head.Ledger, func(v ledger.View) {
			for _, q := range []ledger.RecordQuery{
				{Type: "type", Limit: 9},
				{Type: "type", Label: "label", Limit: 9},
				{Type: "type", Label: "a", Limit: 9},
				{Type: "type", DueBy: day(9), Limit: 9},
			} {
				got, err := v.Records(t.Context(), q)
				require.NoError(t, err)
				same(t, "Records are of this ledger", s.kept.selected(q), got)
			}
			for no := range int64(4) {
				want, _ := s.kept.due(no, day(9))
				got, err := v.DueHolds(t.Context(), no, day(9))
				require.NoError(t, err)
				same(t, "DueHolds are of this ledger", want, got, byHoldID)
			}
		})
	}
}

func testUnknownLedger(t *testing.T, store ledger.Store) {
	head, err := store.Open(patient(t), "main", ledger.Genesis{})
	require.NoError(t, err)
	for _, id := range []int64{-1, 0, head.Ledger + 1000} {
		_, _, err := store.Begin(patient(t), id, ledger.Need{})
		require.Error(t, err, "Begin of ledger %d", id)
		err = store.Read(patient(t), id, func(v ledger.View) error {
			_, err := v.Head(t.Context())
			return err
		})
		require.Error(t, err, "the head of ledger %d", id)
	}
}

func testCloseWaits(t *testing.T, store ledger.Store) {
	s := newScribe(t, store, "main")
	s.change("a change")
	tx, _, err := store.Begin(patient(t), s.head.Ledger, ledger.Need{})
	require.NoError(t, err)
	closed := make(chan error, 1)
	go func() { closed <- store.Close() }()
	pause(t, store, s.head.Ledger)
	assert.Empty(t, closed, "Close returned while a Tx was open")
	assert.NoError(t, tx.Commit(patient(t), s.finish()), "a Tx that was open before Close commits")
	select {
	case err := <-closed:
		require.NoError(t, err, "Close returns nil")
	case <-patient(t).Done():
		require.Fail(t, "Close did not return after the Tx had ended")
	}
	assert.NoError(t, store.Close(), "a second Close does nothing")
}

func testAfterClose(t *testing.T, store ledger.Store) {
	s := newScribe(t, store, "main")
	var stale ledger.View
	read(t, store, s.head.Ledger, func(v ledger.View) { stale = v })
	require.NoError(t, store.Close())

	_, err := store.Open(patient(t), "main", ledger.Genesis{})
	require.Error(t, err, "Open after Close")
	_, _, err = store.Begin(patient(t), s.head.Ledger, ledger.Need{})
	require.Error(t, err, "Begin after Close")
	err = store.Read(patient(t), s.head.Ledger, func(v ledger.View) error {
		_, err := v.Head(t.Context())
		return err
	})
	require.Error(t, err, "Read after Close")
	_, err = stale.Head(patient(t))
	require.Error(t, err, "a view after Close")
}

// pauseTime is how long a caller waits for a lock that it is not to get.
const pauseTime = 100 * time.Millisecond

// pause lets other goroutines come to where they wait, by waiting for a lock in vain. It is
// to be called while somebody holds the ledger's lock.
func pause(t *testing.T, store ledger.Store, id int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), pauseTime)
	defer cancel()
	_, _, err := store.Begin(ctx, id, ledger.Need{})
	require.Error(t, err, "Begin got past the holder of the lock")
}
