package ledgertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// writeCases are the rules about Begin, Commit and Rollback.
var writeCases = []ledgerCase{
	{"Begin excludes every other Begin until Commit", testBeginExcludesUntilCommit},
	{"Begin excludes every other Begin until Rollback", testBeginExcludesUntilRollback},
	{"Begin loads what was committed when the lock was taken", testBeginLoadsUnderLock},
	{"A Begin that waits ends with its context and leaves the queue", testBeginCanceled},
	{"A Begin whose context has ended takes no lock", testBeginTooLate},
	{"A writer that never pauses does not keep another from its turn", func(t *testing.T, s *scribe) {
		testFairness(t, s.store, s.store, s.head.Ledger)
	}},
	{"Many writers at once write every block once and without a gap", func(t *testing.T, s *scribe) {
		testManyWriters(t, s, 16, 50, s.store)
	}},
	{"Rollback writes nothing", testRollback},
	{"A batch without a block changes nothing but its records", testEmptyBatch},
	{"A batch without a block writes records again, whatever their versions were", testRecordsAlone},
	{"A batch that can not be written is not written in part", testAllOrNothing},
	{"Neither side keeps or changes what the other owns", testCopies},
	{"A block of thousands of rows is one batch", testLargeBatch},
}

func testBeginExcludesUntilCommit(t *testing.T, s *scribe) {
	s.change("a change")
	tx, _, err := s.store.Begin(patient(t), s.head.Ledger, ledger.Need{})
	require.NoError(t, err)
	s.excluded(s.store)
	b := s.finish()
	require.NoError(t, tx.Commit(patient(t), b))
	s.keep(b)
	s.free(s.store)
}

func testBeginExcludesUntilRollback(t *testing.T, s *scribe) {
	tx, _, err := s.store.Begin(patient(t), s.head.Ledger, ledger.Need{})
	require.NoError(t, err)
	s.excluded(s.store)
	require.NoError(t, tx.Rollback(patient(t)))
	s.free(s.store)
}

// excluded checks that nobody gets past Begin.
func (s *scribe) excluded(store ledger.Store) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), pauseTime)
	defer cancel()
	_, _, err := store.Begin(ctx, s.head.Ledger, ledger.Need{})
	require.ErrorIs(s.t, err, context.DeadlineExceeded, "Begin waits while another Tx is open, until its context ends")
}

// free checks that the lock can be had and that the head is the one committed.
func (s *scribe) free(store ledger.Store) {
	s.t.Helper()
	tx, found, err := store.Begin(patient(s.t), s.head.Ledger, ledger.Need{})
	require.NoError(s.t, err, "the lock is free")
	same(s.t, "Begin finds the head committed", s.head, found.Head)
	require.NoError(s.t, tx.Rollback(patient(s.t)))
}

func testBeginLoadsUnderLock(t *testing.T, s *scribe) {
	s.post("from", "to", 10)
	s.commit()
	tx, _, err := s.store.Begin(patient(t), s.head.Ledger, ledger.Need{})
	require.NoError(t, err)

	type begun struct {
		found *ledger.Found
		err   error
	}
	waiting := make(chan begun, 1)
	ctx := patient(t)
	need := ledger.Need{Accounts: []ledger.AccountKey{cny("from")}, Changes: []string{"late"}}
	go func() {
		tx, found, err := s.store.Begin(ctx, s.head.Ledger, need)
		if err == nil {
			err = tx.Rollback(ctx)
		}
		waiting <- begun{found, err}
	}()
	pause(t, s.store, s.head.Ledger)
	s.change("late")
	s.post("from", "to", 7)
	b := s.finish()
	require.NoError(t, tx.Commit(patient(t), b))

	after := <-waiting
	require.NoError(t, after.err)
	same(t, "Begin finds the head as it is when it gets the lock", b.Head, after.found.Head)
	same(t, "Begin finds the accounts as they are when it gets the lock", b.Accounts[:1], after.found.Accounts)
	same(t, "Begin finds the changes that are there when it gets the lock", b.Changes, after.found.Changes)
}

func testBeginCanceled(t *testing.T, s *scribe) {
	const waiters = 8
	tx, _, err := s.store.Begin(patient(t), s.head.Ledger, ledger.Need{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(patient(t))
	failures := make([]error, waiters)
	var ended sync.WaitGroup
	for i := range waiters {
		ended.Go(func() { _, _, failures[i] = s.store.Begin(ctx, s.head.Ledger, ledger.Need{}) })
	}
	pause(t, s.store, s.head.Ledger)
	cancel()
	ended.Wait()
	for _, err := range failures {
		assert.ErrorIs(t, err, context.Canceled, "a Begin that waits returns its context's error")
	}
	require.NoError(t, tx.Rollback(patient(t)), "the lock is still its holder's")
	s.free(s.store)
}

func testBeginTooLate(t *testing.T, s *scribe) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := s.store.Begin(ctx, s.head.Ledger, ledger.Need{})
	require.ErrorIs(t, err, context.Canceled)
	s.free(s.store)
}

// testFairness lets one writer take the lock over and over while another wants it now and
// then.
func testFairness(t *testing.T, greedy, modest ledger.Store, id int64) {
	const turns = 20
	ctx := patient(t)
	stop, cancel := context.WithCancel(ctx)
	var ended sync.WaitGroup
	var failure error
	ended.Go(func() {
		for stop.Err() == nil {
			err := turn(ctx, greedy, id)
			if err != nil && !errors.Is(err, ledger.ErrRetry) {
				failure = err
				return
			}
		}
	})
	for had := 0; had < turns; {
		err := turn(ctx, modest, id)
		if errors.Is(err, ledger.ErrRetry) {
			continue
		}
		if !assert.NoError(t, err, "a writer had %d turns of %d before it starved", had, turns) {
			break
		}
		had++
	}
	cancel()
	ended.Wait()
	require.NoError(t, failure, "the writer that never pauses")
}

// turn takes the lock and gives it back.
func turn(ctx context.Context, store ledger.Store, id int64) error {
	tx, _, err := store.Begin(ctx, id, ledger.Need{})
	if err != nil {
		return err
	}
	return tx.Rollback(ctx)
}

// testManyWriters lets writers, each on one of the stores, move one unit at a time between
// two accounts, from what Begin found.
func testManyWriters(t *testing.T, s *scribe, writers, each int, stores ...ledger.Store) {
	s.open("from")
	s.open("to")
	s.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: "counter", ID: "1"}, Unique: []string{"counter"}})
	s.commit()
	ctx := patient(t)
	failures := make([]error, writers)
	together(writers, func(w int) {
		for i := range each {
			id := fmt.Sprintf("writer-%d-%d", w, i)
			err := tryWrite(ctx, stores[w%len(stores)], s.head.Ledger, moveNeed(id), func(f *ledger.Found) *ledger.Batch {
				return move(f, id)
			})
			if err != nil {
				failures[w] = fmt.Errorf("%s: %w", id, err)
				return
			}
		}
	})
	require.NoError(t, errors.Join(failures...))

	total := int64(writers * each)
	read(t, stores[0], s.head.Ledger, func(v ledger.View) {
		head, err := v.Head(t.Context())
		require.NoError(t, err)
		assert.Equal(t, total+1, head.Seq, "every block was written once")
		agreeMoves(t, v, head)
		blocks, err := v.Blocks(t.Context(), 0, int(total)+2)
		require.NoError(t, err)
		require.Len(t, blocks, int(total)+1)
		for i, b := range blocks {
			require.Equal(t, int64(i)+1, b.Seq, "blocks are numbered without a gap")
			if i > 0 {
				require.Equal(t, blocks[i-1].Hash, b.Previous, "block %d was decided on the block before", b.Seq)
			}
		}
	})
}

// moveNeed is what move needs.
func moveNeed(change string) ledger.Need {
	return ledger.Need{
		Changes: []string{change}, Accounts: []ledger.AccountKey{cny("from"), cny("to")},
		Records: []ledger.RecordKey{{Type: "counter", ID: "1"}},
	}
}

// move is a batch that moves one unit, made of nothing but what was found. The ledger has two
// accounts and a record, written by block 1; every move is a block.
func move(f *ledger.Found, change string) *ledger.Batch {
	s := &scribe{head: f.Head, accounts: make(map[ledger.AccountKey]*ledger.Account)}
	for i := range f.Accounts {
		s.accounts[f.Accounts[i].Key] = &f.Accounts[i]
	}
	s.kept.records = f.Records
	s.begin()
	s.change(change)
	s.post("from", "to", 1)
	s.event("moved", change)
	s.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: "counter", ID: "1"}, Unique: []string{"counter"}, Content: []byte(change)})
	return s.finish()
}

// agreeMoves checks that a view shows the state after exactly as many moves as its head says.
func agreeMoves(t *testing.T, v ledger.View, head ledger.Head) {
	t.Helper()
	ctx, moves := t.Context(), head.Seq-1
	assert.Equal(t, moves, head.Postings, "the head counts the postings")

	accounts, err := v.Accounts(ctx, "", 0, 3)
	require.NoError(t, err)
	require.Len(t, accounts, 2)
	assert.Equal(t, []int64{-moves, moves}, []int64{accounts[0].Balance, accounts[1].Balance}, "balances are those of the head")
	assert.Equal(t, moves, accounts[0].Entries, "entries are those of the head")

	record, err := v.Record(ctx, ledger.RecordKey{Type: "counter", ID: "1"})
	require.NoError(t, err)
	assert.Equal(t, head.Seq, record.Version, "the record's version is that of the head")

	from := max(0, moves-3)
	postings, err := v.Postings(ctx, from, 10)
	require.NoError(t, err)
	assert.Len(t, postings, int(moves-from), "postings end with the head's")
	for i, p := range postings {
		assert.Equal(t, [3]int64{from + int64(i) + 1, p.No, p.No}, [3]int64{p.No, p.DebitNth, p.CreditNth}, "postings are numbered without a gap")
		assert.Equal(t, [2]int64{-p.No, p.No}, [2]int64{p.DebitAfter, p.CreditAfter}, "every posting was made on the balance before")
	}
	events, err := v.Events(ctx, from, 10)
	require.NoError(t, err)
	assert.Len(t, events, int(moves-from), "events end with the head's")
	blocks, err := v.Blocks(ctx, head.Seq-1, 10)
	require.NoError(t, err)
	assert.Len(t, blocks, 1, "blocks end with the head's")
	entries, err := v.Entries(ctx, accounts[0].No, from+1, moves+10)
	require.NoError(t, err)
	assert.Len(t, entries, int(moves-from), "entries end with the head's")
}

// together runs n functions at once and waits for all.
func together(n int, fn func(i int)) {
	var ended sync.WaitGroup
	for i := range n {
		ended.Go(func() { fn(i) })
	}
	ended.Wait()
}

// busy adds something of everything to the batch: new rows and changes of old ones. Each name
// makes other rows.
func (s *scribe) busy(name string) {
	s.change("change " + name)
	s.post("from", "to", 3)
	s.post("to", "new:"+name, 2)
	s.hold("hold", "from", "to", s.next.Time)
	s.hold("hold "+name, "from", "to", s.next.Time)
	for _, id := range []string{"record", "record " + name} {
		s.put(ledger.RecordRow{
			RecordKey: ledger.RecordKey{Type: "type", ID: id}, Content: []byte(name),
			Unique: []string{"key of " + id, "key in " + name + " of " + id}, Labels: []string{"always", name}, Due: s.next.Time,
		})
	}
	s.event("event", name)
	s.batch.Currencies["X"+name] = 3
}

func testRollback(t *testing.T, s *scribe) {
	s.busy("first")
	s.commit()
	tx, _, err := s.store.Begin(patient(t), s.head.Ledger, ledger.Need{Changes: []string{"first"}})
	require.NoError(t, err)
	_, err = tx.Load(patient(t), ledger.Need{Accounts: []ledger.AccountKey{cny("from")}})
	require.NoError(t, err)
	require.NoError(t, tx.Rollback(patient(t)))
	s.agree()
	s.busy("second")
	s.commit()
	s.agree()
}

func testEmptyBatch(t *testing.T, s *scribe) {
	s.busy("first")
	s.commit()
	s.busy("second")
	rows := *s.finish()
	rows.Block, rows.Records = nil, nil
	for _, b := range []*ledger.Batch{{}, &rows} {
		tx, _, err := s.store.Begin(patient(t), s.head.Ledger, ledger.Need{})
		require.NoError(t, err)
		require.NoError(t, tx.Commit(patient(t), b), "a batch without a block is no mistake")
		s.agree()
		s.free(s.store)
	}
}

func testRecordsAlone(t *testing.T, s *scribe) {
	s.busy("first")
	s.commit()
	key := func(id string) ledger.RecordKey { return ledger.RecordKey{Type: "copied", ID: id} }
	row := func(id string, version int64, unique ...string) ledger.RecordRow {
		return ledger.RecordRow{
			RecordKey: key(id), Version: version, Seq: s.head.Seq, Chaining: ledger.Plain,
			Content: []byte(id), Unique: unique, Labels: []string{"label"}, Due: firstBlock,
		}
	}
	gone := func(id string, version int64) ledger.RecordRow {
		return ledger.RecordRow{RecordKey: key(id), Version: version, Seq: s.head.Seq, Chaining: ledger.Plain, Erased: true}
	}
	for _, records := range [][]ledger.RecordRow{
		{row("a", 1, "k1", "k2"), row("b", 7, "k3")},
		{row("a", 1, "k1", "k2"), row("b", 7, "k3")}, // the same again
		{gone("a", 1), row("c", 1, "k1")},            // a key that is taken over
		{row("a", 1, "k2"), row("b", 3), row("c", 1, "k1", "k3")},
	} {
		tx, _, err := s.store.Begin(patient(t), s.head.Ledger, ledger.Need{})
		require.NoError(t, err)
		require.NoError(t, tx.Commit(patient(t), &ledger.Batch{Records: records}))
		s.kept.records = slices.DeleteFunc(s.kept.records, func(r ledger.RecordRow) bool {
			return slices.ContainsFunc(records, func(n ledger.RecordRow) bool { return n.RecordKey == r.RecordKey })
		})
		s.kept.records = append(s.kept.records, records...)
		slices.SortFunc(s.kept.records, func(a, b ledger.RecordRow) int {
			return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.ID, b.ID))
		})
		s.agree()
		s.free(s.store)
	}
	tx, _, err := s.store.Begin(patient(t), s.head.Ledger, ledger.Need{})
	require.NoError(t, err)
	require.Error(t, tx.Commit(patient(t), &ledger.Batch{Records: []ledger.RecordRow{row("d", 1), row("e", 1, "k3")}}), "a key that is taken")
	s.agree()
	s.free(s.store)
}

func testAllOrNothing(t *testing.T, s *scribe) {
	s.busy("first")
	s.commit()
	for _, c := range []struct {
		fault  string
		spoil  func(b *ledger.Batch)
		blames bool // the error has to blame the batch
	}{
		{"a number of a block that is taken", func(b *ledger.Batch) { b.Block.Seq, b.Head.Seq = s.head.Seq, s.head.Seq }, false},
		{"a number of a posting that is taken", func(b *ledger.Batch) { b.Postings[1].No = 1 }, false},
		{"a number of an event that is taken", func(b *ledger.Batch) { b.Events[0].No = 1 }, false},
		{"a number of an account that is taken", func(b *ledger.Batch) { b.Opened[0].No = 1 }, false},
		{"an account that is there already", func(b *ledger.Batch) { b.Opened[0].Key = cny("from") }, false},
		{"an id of a change that is taken", func(b *ledger.Batch) { b.Changes[1].ID = "change first" }, true},
		{"an id of a change twice", func(b *ledger.Batch) { b.Changes[1].ID = b.Changes[0].ID }, true},
		{"a unique key that another record holds", func(b *ledger.Batch) { b.Records[1].Unique = []string{"key of record first"} }, true},
		{"a unique key for two records", func(b *ledger.Batch) { b.Records[1].Unique = b.Records[0].Unique }, true},
	} {
		t.Run(c.fault, func(t *testing.T) {
			s.t = t
			s.busy("second")
			s.change("last")
			b := s.finish()
			c.spoil(b)
			tx, _, err := s.store.Begin(patient(t), s.head.Ledger, ledger.Need{})
			require.NoError(t, err)
			err = tx.Commit(patient(t), b)
			require.Error(t, err, "the batch is refused")
			assert.NotErrorIs(t, err, ledger.ErrCommitUnknown, "what was refused is not unknown")
			if c.blames {
				assert.NotErrorIs(t, err, ledger.ErrRetry, "trying again would fail again")
				assert.NotErrorIs(t, err, ledger.ErrUnavailable, "the store is there")
			}
			s.abandon()
			s.agree()
			s.free(s.store)
		})
	}
	s.t = t
	s.busy("second")
	s.commit()
	s.agree()
}

// testCopies writes over everything that was handed to the driver and over everything that
// it handed out.
func testCopies(t *testing.T, s *scribe) {
	s.openAs(ledger.Account{Key: cny("limited"), Min: ledger.Limit(1), Max: ledger.Limit(2)})
	s.busy("first")
	s.batch.Holds[0].Metadata = []byte(`{"a":"b"}`)
	s.batch.Records[0].Salt = []byte("0123456789abcdef")
	s.batch.Postings[0].Metadata = []byte(`{"a":"b"}`)
	b := s.finish()
	handed := deepCopy(b)
	write(t, s.store, s.head.Ledger, func(*ledger.Found) *ledger.Batch { return handed })
	s.keep(b)
	scribble(handed)
	s.agree()

	need := ledger.Need{
		Changes: []string{"change first"}, Accounts: []ledger.AccountKey{cny("limited")}, Holds: []string{"hold"},
		Records: []ledger.RecordKey{{Type: "type", ID: "record"}}, Unique: []string{"key of record"}, Currencies: []string{"Xfirst"},
	}
	for range 2 {
		tx, found, err := s.store.Begin(patient(t), s.head.Ledger, need)
		require.NoError(t, err)
		scribble(&ledger.Batch{Changes: found.Changes, Accounts: found.Accounts, Holds: found.Holds, Records: found.Records})
		clear(found.Unique)
		clear(found.Currencies)
		require.NoError(t, tx.Rollback(patient(t)))
		s.find(need)
	}
	read(t, s.store, s.head.Ledger, func(v ledger.View) {
		got := everything(t, v)
		scribble(got)
		clear(got.Currencies)
		s.kept.agree(t, v, s.head)
	})
	s.agree()
}

// everything reads lists of all kinds.
func everything(t *testing.T, v ledger.View) *ledger.Batch {
	t.Helper()
	const limit = 100
	ctx := t.Context()
	b := new(ledger.Batch)
	blocks, err := v.Blocks(ctx, 0, limit)
	require.NoError(t, err)
	b.Block = &blocks[0]
	b.Changes, err = v.Changes(ctx, "", limit)
	require.NoError(t, err)
	b.Postings, err = v.Postings(ctx, 0, limit)
	require.NoError(t, err)
	b.Accounts, err = v.Accounts(ctx, "", 0, limit)
	require.NoError(t, err)
	b.Holds, err = v.Holds(ctx, "", limit)
	require.NoError(t, err)
	b.Records, err = v.RecordsAfter(ctx, ledger.RecordKey{}, limit)
	require.NoError(t, err)
	b.Events, err = v.Events(ctx, 0, limit)
	require.NoError(t, err)
	b.Currencies, err = v.Currencies(ctx)
	require.NoError(t, err)
	return b
}

func testLargeBatch(t *testing.T, s *scribe) {
	const rows, accounts = 5000, 300
	for i := range rows {
		id := fmt.Sprintf("%05d", i)
		s.change(id)
		s.post(fmt.Sprintf("user:%d", i%accounts), fmt.Sprintf("user:%d", (i*7+1)%accounts), int64(i))
		if i%10 == 0 {
			s.hold(id, fmt.Sprintf("user:%d", i%accounts), "clearing", s.next.Time)
			s.put(ledger.RecordRow{RecordKey: ledger.RecordKey{Type: "type", ID: id}, Content: []byte(id), Unique: []string{id}, Labels: []string{"all", id}})
			s.event("type", id)
		}
	}
	s.commit()
	read(t, s.store, s.head.Ledger, func(v ledger.View) {
		s.kept.agreeLists(t, v, s.head)
		for no := int64(1); no <= s.head.Accounts; no += 50 {
			entries, err := v.Entries(t.Context(), no, 1, rows)
			require.NoError(t, err)
			same(t, "Entries has the account's postings", s.kept.entries(no), entries)
		}
	})

	var need ledger.Need
	for i := range 2 * rows {
		id := fmt.Sprintf("%05d", i)
		need.Changes = append(need.Changes, id)
		need.Accounts = append(need.Accounts, cny(fmt.Sprintf("user:%d", i)))
		need.AccountNos = append(need.AccountNos, int64(i))
		need.Holds = append(need.Holds, id)
		need.Records = append(need.Records, ledger.RecordKey{Type: "type", ID: id})
		need.Unique = append(need.Unique, id)
		need.Currencies = append(need.Currencies, id)
		if i%50 == 0 {
			need.DueOn = append(need.DueOn, int64(i))
		}
	}
	need.DueAt = firstBlock
	s.find(need)
}
