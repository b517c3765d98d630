package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/okpay/okpay-go/ledger"
)

// openTemp opens a store on a new file.
func openTemp(t testing.TB, cfg Config) *Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "ledger.db"), cfg)
}

// openAt opens a store that is closed with the test.
func openAt(t testing.TB, path string, cfg Config) *Store {
	t.Helper()
	s, err := Open(context.Background(), path, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// script runs SQL on the file at path past the store.
func script(t testing.TB, path, sql string) {
	t.Helper()
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	require.NoError(t, err)
	require.NoError(t, sqlitex.ExecuteScript(c, sql, nil))
	require.NoError(t, c.Close())
}

// onWriter runs SQL on the connection that writes.
func onWriter(t testing.TB, s *Store, sql string) {
	t.Helper()
	c := <-s.writer
	defer func() { s.writer <- c }()
	require.NoError(t, c.exec(sql))
}

func TestNewFileBelongsToItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := openAt(t, path, Config{})
	_, err := s.Open(context.Background(), "books", ledger.Genesis{})
	require.NoError(t, err)
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), filepath.Base(name))
	}
	require.NoError(t, s.Close())
	assert.NoFileExists(t, path+"-wal", "the last to close leaves no log behind")
}

func TestOpenFollowsConfig(t *testing.T) {
	for _, c := range []struct {
		name   string
		cfg    Config
		pragma string
		want   int64
	}{
		{"commits are forced to disk by default", Config{}, "PRAGMA synchronous", 2},
		{"commits are forced later when asked for", Config{Synchronous: Normal}, "PRAGMA synchronous", 1},
		{"the log holds 16 MiB by default", Config{}, "PRAGMA wal_autocheckpoint", 2048},
		{"the log holds what is asked for", Config{LogSize: 1 << 20}, "PRAGMA wal_autocheckpoint", 128},
		{"the writer caches 16 MiB by default", Config{}, "PRAGMA cache_size", -16384},
		{"pages are those that were measured", Config{}, "PRAGMA page_size", pageSize},
		{"reading is not mapped", Config{}, "PRAGMA mmap_size", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := openTemp(t, c.cfg)
			w := <-s.writer
			defer func() { s.writer <- w }()
			got, err := w.queryInt(c.pragma)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	foreign := filepath.Join(dir, "foreign.db")
	script(t, foreign, "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine')")
	marked := filepath.Join(dir, "marked.db")
	script(t, marked, "PRAGMA application_id = 7")
	numbered := filepath.Join(dir, "numbered.db")
	script(t, numbered, "PRAGMA user_version = 1")
	newer := filepath.Join(dir, "newer.db")
	require.NoError(t, openAt(t, newer, Config{}).Close())
	script(t, newer, "PRAGMA user_version = 99")
	text := filepath.Join(dir, "text.db")
	require.NoError(t, os.WriteFile(text, []byte("Dear diary, this is longer than the header of a database would be, I am sure of it. "+
		"Which is why it is refused as something else."), 0o600))

	for _, c := range []struct {
		name string
		path string
		want error
	}{
		{"a database in memory", ":memory:", ErrMemory},
		{"no path", "", ErrMemory},
		{"another program's database", foreign, ErrForeign},
		{"an empty database marked by another program", marked, ErrForeign},
		{"an empty database with another program's version", numbered, ErrForeign},
		{"a file that is no database", text, ErrForeign},
		{"a database of a newer version", newer, ErrNewer},
		{"a directory", dir, ledger.ErrUnavailable},
		{"a file in a directory that is not there", filepath.Join(dir, "none", "x.db"), ledger.ErrUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, _ := os.ReadFile(c.path)
			s, err := Open(ctx, c.path, Config{})
			require.ErrorIs(t, err, c.want)
			assert.Nil(t, s)
			after, _ := os.ReadFile(c.path)
			assert.Equal(t, before, after, "the file stays as it was")
			assert.NoFileExists(t, c.path+"-wal")
		})
	}

	t.Run("a URI", func(t *testing.T) {
		_, err := Open(ctx, "file:x.db?mode=memory", Config{})
		assert.ErrorContains(t, err, "URI")
		assert.NoFileExists(t, "file:x.db?mode=memory")
	})
	t.Run("a context that has ended", func(t *testing.T) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err := Open(ended, filepath.Join(dir, "never.db"), Config{})
		require.ErrorIs(t, err, context.Canceled)
		assert.NoFileExists(t, filepath.Join(dir, "never.db"))
	})
	t.Run("a config that makes no sense", func(t *testing.T) {
		for _, cfg := range []Config{{BusyTimeout: -1}, {PoolSize: -1}, {LogSize: -1}, {CacheSize: -1}, {Synchronous: 9}} {
			_, err := Open(ctx, filepath.Join(dir, "never.db"), cfg)
			assert.Error(t, err, "%+v", cfg)
		}
	})
	t.Run("and says which version is needed", func(t *testing.T) {
		_, err := Open(ctx, newer, Config{})
		var e *NewerError
		require.ErrorAs(t, err, &e)
		assert.Equal(t, NewerError{What: "schema", Need: 99, Have: 1}, *e)
	})
}

func TestLibraryBelowTheFixIsRefused(t *testing.T) {
	for _, c := range []struct {
		version string
		ok      bool
	}{
		{"3.51.3", true},
		{"3.51.4", true},
		{"3.51.10", true},
		{"3.52.0", true},
		{"3.54.1", true},
		{"3.100", true},
		{"4.0.0", true},
		{"3.51.2", false},
		{"3.51", false},
		{"3.50.9", false},
		{"3.9.9", false},
		{"2.99.99", false},
		{"", false},
		{"3", false},
		{"3.52.x", false},
		{"3.52.0.1", false},
		{"3.-52.0", false},
	} {
		t.Run(c.version, func(t *testing.T) {
			err := checkLibrary(c.version)
			if c.ok {
				assert.NoError(t, err)
			} else {
				assert.ErrorIs(t, err, ErrLibrary)
			}
		})
	}
	assert.NoError(t, checkLibrary(sqlite.Version), "the one we are built with")
}

func TestManyMayOpenANewFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	var wg sync.WaitGroup
	heads := make([]ledger.Head, 8)
	errs := make([]error, len(heads))
	for i := range heads {
		wg.Go(func() {
			s, err := Open(context.Background(), path, Config{})
			if err != nil {
				errs[i] = err
				return
			}
			heads[i], err = s.Open(context.Background(), "books", ledger.Genesis{Key: [16]byte{byte(i)}})
			errs[i] = errors.Join(err, s.Close())
		})
	}
	wg.Wait()
	for i := range heads {
		require.NoError(t, errs[i])
		assert.Equal(t, heads[0], heads[i])
	}
}

func TestMigrationsRunOnceInOrderAndWhole(t *testing.T) {
	ctx := context.Background()
	c := newConn(t)
	one := migration{1, "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);"}
	two := migration{2, "UPDATE a SET x = x + 1; CREATE TABLE b (y INTEGER) STRICT;"}
	broken := migration{3, "UPDATE a SET x = 100; CREATE TABLE a (x INTEGER) STRICT;"}

	require.NoError(t, migrate(ctx, c, []migration{one}))
	require.NoError(t, migrate(ctx, c, []migration{one}), "again")
	assertInt(t, c, "SELECT x FROM a", 1)

	require.NoError(t, migrate(ctx, c, []migration{one, two}))
	assertInt(t, c, "SELECT x FROM a", 2)
	assertInt(t, c, "PRAGMA user_version", 2)
	assertInt(t, c, "PRAGMA application_id", applicationID)

	require.Error(t, migrate(ctx, c, []migration{one, two, broken}))
	assertInt(t, c, "SELECT x FROM a", 2)
	assertInt(t, c, "PRAGMA user_version", 2)
	assert.True(t, c.AutocommitEnabled(), "nothing is left open")

	require.ErrorIs(t, migrate(ctx, c, []migration{one}), ErrNewer)
}

// newConn opens a connection to an empty file.
func newConn(t *testing.T) *conn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	require.NoError(t, create(path))
	c, err := openFile(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.close()) })
	return c
}

func assertInt(t *testing.T, c *conn, query string, want int64) {
	t.Helper()
	got, err := c.queryInt(query)
	require.NoError(t, err)
	assert.Equal(t, want, got, query)
}

func TestEmbeddedMigrationsAreNumberedFromOne(t *testing.T) {
	all, err := migrations()
	require.NoError(t, err)
	require.NotEmpty(t, all)
	for i, m := range all {
		assert.Equal(t, i+1, m.number)
		assert.NotEmpty(t, m.sql)
	}
}

func TestLedgerOfANewerVersionIsRefused(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		column      string
		reads, what string
	}{
		{column: "min_reader", what: "reader"},
		{column: "min_writer", what: "writer", reads: "yes"},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := openTemp(t, Config{})
			head, err := s.Open(ctx, "books", ledger.Genesis{})
			require.NoError(t, err)
			onWriter(t, s, fmt.Sprintf("UPDATE ledgers SET %s = 99, min_writer = 99", c.column))

			want := &NewerError{What: c.what, Need: 99, Have: 1}
			_, err = s.Open(ctx, "books", ledger.Genesis{})
			assert.Equal(t, want, err)
			err = s.Read(ctx, head.Ledger, func(ledger.View) error { return nil })
			if c.reads != "" {
				assert.NoError(t, err)
			} else {
				assert.Equal(t, want, err)
			}
			_, _, err = s.Begin(ctx, head.Ledger, ledger.Need{})
			assert.ErrorIs(t, err, ErrNewer)
		})
	}
}

func TestReopeningKeepsEverything(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := openAt(t, path, Config{})
	w := newWriter(t, s, "books", 3)
	head := ledger.Head{Ledger: w.ledger, Key: [16]byte{1, 2, 3}}
	var err error
	for range 5 {
		head, err = w.write(ctx, head, 40)
		require.NoError(t, err)
	}
	before := everything(t, s, w.ledger)
	require.NoError(t, s.Close())

	s = openAt(t, path, Config{})
	again, err := s.Open(ctx, "books", ledger.Genesis{Key: [16]byte{9}})
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff(head, again))
	assert.Empty(t, cmp.Diff(before, everything(t, s, w.ledger)))
}

// everything reads what a ledger holds.
func everything(t *testing.T, s *Store, no int64) map[string]any {
	t.Helper()
	ctx := context.Background()
	all := make(map[string]any)
	require.NoError(t, s.Read(ctx, no, func(v ledger.View) error {
		for name, read := range map[string]func() (any, error){
			"head":     func() (any, error) { return v.Head(ctx) },
			"blocks":   func() (any, error) { return v.Blocks(ctx, 0, 1e6) },
			"changes":  func() (any, error) { return v.Changes(ctx, "", 1e6) },
			"postings": func() (any, error) { return v.Postings(ctx, 0, 1e6) },
			"accounts": func() (any, error) { return v.Accounts(ctx, "", 0, 1e6) },
			"entries":  func() (any, error) { return v.Entries(ctx, 1, 1, 1e6) },
		} {
			rows, err := read()
			if err != nil {
				return err
			}
			all[name] = rows
		}
		return nil
	}))
	return all
}

func TestCloseIsWaitedForAndFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s := openTemp(t, Config{})
		head, err := s.Open(ctx, "books", ledger.Genesis{})
		require.NoError(t, err)
		tx, _, err := s.Begin(ctx, head.Ledger, ledger.Need{})
		require.NoError(t, err)
		waiting := make(chan error, 1)
		go func() {
			_, _, err := s.Begin(ctx, head.Ledger, ledger.Need{})
			waiting <- err
		}()
		synctest.Wait()
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		synctest.Wait()
		assert.ErrorIs(t, <-waiting, ledger.ErrClosed, "who waits for a turn is told")
		assert.Empty(t, closed, "Close waits for the transaction")

		require.NoError(t, tx.Rollback(ctx))
		require.NoError(t, <-closed)
		_, err = s.Open(ctx, "books", ledger.Genesis{})
		assert.ErrorIs(t, err, ledger.ErrClosed)
		assert.ErrorIs(t, s.Read(ctx, head.Ledger, func(ledger.View) error { return nil }), ledger.ErrClosed)
	})
}
