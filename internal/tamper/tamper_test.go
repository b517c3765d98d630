package tamper

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, pgtest.Hasty()...)) }

// database is a ledger's database as its administrator sees it.
type database interface {
	// columns lists table and column of every stored value.
	columns(t *testing.T) [][2]string
	// open opens the store; a refusal to open a database that was changed counts as found.
	open(ctx context.Context) (ledger.Store, error)
	// change alters a column of a table's first row, in a way that the form of the
	// column allows. It reports whether there is such a row and the database let it.
	change(t *testing.T, table, column string) bool
	// flip inverts a bit of the nth byte of a block's body, and returns how many bytes it has.
	flip(t *testing.T, seq int64, nth int) int
	// restore takes back what was changed.
	restore(t *testing.T)
}

// unchecked are values that Verify has nothing to hold against, each with the reason.
var unchecked = map[[2]string]string{
	{"ledgers", "min_reader"}: "versions of the driver, checked when the store is opened",
	{"ledgers", "min_writer"}: "versions of the driver, checked when the store is opened",
	{"ledgers", "assured"}:    "says nothing: it is written to make what was read durable",

	{"accounts", "next_expiry"}:     "a bound that may be early; one that is late is found with the hold",
	{"records", "due"}:              "of a plain record: not in the journal",
	{"record_keys", "id"}:           "of a plain record's key: not in the journal",
	{"migrations", ""}:              "the store's own",
	{"schema_migrations", "number"}: "checked when the store is opened",
}

func TestVerifyFindsEveryChangedValue(t *testing.T) {
	for name, start := range map[string]func(*testing.T) database{"SQLite": startSQLite, "PostgreSQL": startPostgres} {
		t.Run(name, func(t *testing.T) {
			db := start(t)
			checkpoint := fill(t, db)
			require.Empty(t, verify(t, db, checkpoint), "before anything is changed")
			changed := 0
			for _, c := range db.columns(t) {
				if unchecked[c] != "" || !db.change(t, c[0], c[1]) {
					continue
				}
				changed++
				if verify(t, db, checkpoint) == "" {
					t.Errorf("%s.%s was changed, and Verify finds nothing", c[0], c[1])
				}
				db.restore(t)
			}
			require.Empty(t, verify(t, db, checkpoint), "after everything is restored")
			require.Greater(t, changed, 60)
			t.Logf("%d columns", changed)
		})
	}
}

func TestVerifyFindsEveryChangedByteOfABlock(t *testing.T) {
	for name, start := range map[string]func(*testing.T) database{"SQLite": startSQLite, "PostgreSQL": startPostgres} {
		t.Run(name, func(t *testing.T) {
			db := start(t)
			checkpoint := fill(t, db)
			step := max(1, 31/testsize.Scaled(t, 1))
			flipped := 0
			for seq := int64(1); seq <= 6; seq++ {
				for at, size := 0, 1; at < size; at += step {
					size = db.flip(t, seq, at)
					flipped++
					if verify(t, db, checkpoint) == "" {
						t.Errorf("byte %d of block %d was changed, and Verify finds nothing", at, seq)
					}
					db.restore(t)
				}
			}
			t.Logf("%d bytes", flipped)
		})
	}
}

// verify returns what Verify found, or why the ledger could not be opened; "" for nothing.
func verify(t *testing.T, db database, checkpoint ledger.Checkpoint) string {
	t.Helper()
	store, err := db.open(t.Context())
	if err != nil {
		return err.Error()
	}
	defer func() { require.NoError(t, store.Close()) }()
	l, err := ledger.Open(t.Context(), store, ledger.Config{MaxSkew: -1})
	if err != nil {
		return err.Error()
	}
	defer func() { require.NoError(t, l.Close(t.Context())) }()
	found := ""
	for _, memory := range []int{0, 1000} { // at once, and in many parts
		report, err := l.VerifyWith(t.Context(), ledger.VerifyConfig{Checkpoints: []ledger.Checkpoint{checkpoint}, MaxMemory: memory})
		if err == nil {
			err = report.Err()
		}
		if (err != nil) != (found != "") && memory > 0 {
			t.Errorf("in parts Verify finds %q, at once %q", err, found)
		}
		if err != nil {
			found = err.Error()
		}
	}
	return found
}

// fill writes a ledger with every kind of row and returns its end.
func fill(t *testing.T, db database) ledger.Checkpoint {
	t.Helper()
	store, err := db.open(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l, err := ledger.Open(t.Context(), store, ledger.Config{MaxSkew: -1, Now: func() time.Time { return now }, Chart: ledger.Chart{
		{Name: "user:*", Min: ledger.Limit(0), Max: ledger.Limit(1 << 40)}, {Name: "**"},
	}})
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close(t.Context())) }()
	commit := func(c ledger.Change) {
		t.Helper()
		_, err := l.Commit(t.Context(), c)
		require.NoError(t, err)
		now = now.Add(time.Second)
	}
	amount := func(n int64) money.Amount { return money.New(n, money.MustISO("CNY")) }
	posting := func(from, to string, n int64) []ledger.Posting {
		return []ledger.Posting{{Debit: from, Credit: to, Amount: amount(n)}}
	}
	commit(ledger.Change{ID: "a", Result: "r", Ops: []ledger.Op{ledger.Transaction{
		Postings: posting("bank", "user:1", 1000), Effective: now.Add(-time.Hour), Reference: "ref", Metadata: map[string]string{"k": "v"},
	}}})
	commit(ledger.Change{ID: "b", Ops: []ledger.Op{ledger.Hold{
		ID: "hold-a", Postings: posting("user:1", "user:2", 500), Expires: now.Add(time.Hour), Reference: "ref", Metadata: map[string]string{"k": "v"},
	}}})
	commit(ledger.Change{ID: "c", Ops: []ledger.Op{ledger.Capture{Hold: "hold-a", Postings: posting("user:1", "user:2", 100), Reference: "ref"}}})
	commit(ledger.Change{
		ID:     "d",
		Puts:   []ledger.Put{{Type: "doc", ID: "1", Content: []byte(`{"a":1}`), Unique: []string{"key"}, Labels: []string{"label"}, Due: now}},
		Events: []ledger.Event{{Type: "made", Subject: "1", Payload: []byte("{}")}},
	})
	commit(ledger.Change{ID: "back", Ops: []ledger.Op{ledger.Reverse{Transaction: 1, Force: true}, ledger.Close{Account: "closed", Currency: money.MustISO("CNY")}}})
	_, err = l.Commit(t.Context(), ledger.Change{ID: "e", Ops: []ledger.Op{ledger.Transaction{Postings: posting("user:1", "bank", 100_000)}}})
	require.ErrorIs(t, err, ledger.ErrInsufficientFunds)
	for i := range ledger.MarkEvery {
		commit(ledger.Change{ID: "f" + strconv.Itoa(i), Ops: []ledger.Op{ledger.Transaction{Postings: posting("bank", "user:1", 1)}}})
	}
	seq, _, hash, err := l.Head(t.Context())
	require.NoError(t, err)
	return ledger.Checkpoint{Seq: seq, Hash: hash}
}
