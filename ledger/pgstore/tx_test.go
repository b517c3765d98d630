package pgstore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/pgstore"
)

// wait runs Begin in a goroutine and returns once it waits for the lock.
func wait(t *testing.T, db database, begin func() error) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- begin() }()
	db.eventually(1, waitingOthers)
	return done
}

// answer returns what a goroutine that should end at once ended with.
func answer(t *testing.T, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		t.Fatal("still waiting")
		return nil
	}
}

func TestBeginThatIsCanceledLeavesNothingBehind(t *testing.T) {
	dsn := migrated(t)
	a, b, db := openStore(t, dsn), openStore(t, dsn), connect(t, dsn)
	head := opened(t, a)
	holder, _ := begin(t, a, head.Ledger)

	ctx, cancel := context.WithCancel(t.Context())
	done := wait(t, db, func() error {
		_, _, err := b.Begin(ctx, head.Ledger, ledger.Need{Changes: []string{"change"}})
		return err
	})
	cancel()
	require.ErrorIs(t, answer(t, done), context.Canceled)
	db.eventually(1, openOthers) // the holder's alone
	require.NoError(t, holder.Rollback(t.Context()))
	write(t, b, head.Ledger, "change")
	db.eventually(0, openOthers)
}

func TestBeginGivesUpAfterLockTimeout(t *testing.T) {
	dsn := migrated(t)
	a := openStore(t, dsn)
	b := openWith(t, dsn, pgstore.Config{LockTimeout: 10 * time.Millisecond})
	head := opened(t, a)
	holder, _ := begin(t, a, head.Ledger)
	_, _, err := b.Begin(t.Context(), head.Ledger, ledger.Need{})
	require.ErrorIs(t, err, ledger.ErrRetry)
	require.NoError(t, holder.Rollback(t.Context()))
	write(t, b, head.Ledger, "change")
}

func TestWaitingWritersLeaveConnectionsToReaders(t *testing.T) {
	dsn := migrated(t)
	a, db := openStore(t, dsn), connect(t, dsn)
	b := openWith(t, dsn, pgstore.Config{MaxConns: 2})
	head := opened(t, a)
	ledgers := []int64{head.Ledger}
	for _, name := range []string{"second", "third"} {
		other, err := a.Open(t.Context(), name, ledger.Genesis{})
		require.NoError(t, err)
		ledgers = append(ledgers, other.Ledger)
	}
	var holders []ledger.Tx
	for _, id := range ledgers {
		holder, _ := begin(t, a, id)
		holders = append(holders, holder)
	}

	const writers = 1000
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, writers)
	for i := range writers {
		go func() {
			_, _, err := b.Begin(ctx, ledgers[i%len(ledgers)], ledger.Need{})
			done <- err
		}()
	}
	db.eventually(1, waitingOthers)
	for range 10 {
		assert.Zero(t, seq(t, b, head.Ledger), "a reader gets a connection")
	}
	assert.Equal(t, 1, db.number(waitingOthers), "the other writers wait at home")
	cancel()
	for range writers {
		require.ErrorIs(t, answer(t, done), context.Canceled)
	}
	for _, holder := range holders {
		require.NoError(t, holder.Rollback(t.Context()))
	}
	for _, id := range ledgers {
		write(t, b, id, "change")
	}
}

func TestKilledBackend(t *testing.T) {
	// lost is what a store may say of a connection that is gone.
	lost := func(t *testing.T, err error) {
		t.Helper()
		assert.True(t, errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, ledger.ErrCommitUnknown), "%v", err)
	}
	for _, c := range []struct {
		name string
		do   func(t *testing.T, store ledger.Store, db database, head ledger.Head)
	}{
		{"between Begin and Commit", func(t *testing.T, store ledger.Store, db database, head ledger.Head) {
			tx, found := begin(t, store, head.Ledger)
			db.number(killOthers)
			db.eventually(0, others)
			lost(t, tx.Commit(t.Context(), nextBlock(found.Head, "lost")))
		}},
		{"between Begin and Load", func(t *testing.T, store ledger.Store, db database, head ledger.Head) {
			tx, found := begin(t, store, head.Ledger)
			db.number(killOthers)
			db.eventually(0, others)
			_, err := tx.Load(t.Context(), ledger.Need{Changes: []string{"change"}})
			require.ErrorIs(t, err, ledger.ErrUnavailable)
			require.ErrorIs(t, tx.Commit(t.Context(), nextBlock(found.Head, "lost")), ledger.ErrUnavailable)
		}},
		{"between Begin and Rollback", func(t *testing.T, store ledger.Store, db database, head ledger.Head) {
			tx, _ := begin(t, store, head.Ledger)
			db.number(killOthers)
			db.eventually(0, others)
			require.NoError(t, tx.Rollback(t.Context()), "the lock is free, which is all that Rollback promises")
		}},
		{"while Begin waits", func(t *testing.T, store ledger.Store, db database, head ledger.Head) {
			db.exec("BEGIN")
			db.exec("SELECT FROM okpay.ledgers FOR UPDATE")
			done := wait(t, db, func() error {
				_, _, err := store.Begin(t.Context(), head.Ledger, ledger.Need{})
				return err
			})
			db.number(killOthers)
			require.ErrorIs(t, answer(t, done), ledger.ErrUnavailable)
			db.exec("ROLLBACK")
		}},
		{"while Commit waits", func(t *testing.T, store ledger.Store, db database, head ledger.Head) {
			tx, found := begin(t, store, head.Ledger)
			db.exec("BEGIN")
			db.exec("LOCK TABLE okpay.blocks IN SHARE MODE")
			done := wait(t, db, func() error { return tx.Commit(t.Context(), nextBlock(found.Head, "lost")) })
			db.number(killOthers)
			lost(t, answer(t, done))
			db.exec("ROLLBACK")
		}},
		{"while nothing goes on", func(_ *testing.T, _ ledger.Store, db database, _ ledger.Head) {
			db.number(killOthers)
			db.eventually(0, others)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dsn := migrated(t)
			store, db := openStore(t, dsn), connect(t, dsn)
			head := opened(t, store)
			c.do(t, store, db, head)

			// The store recovers: each connection that is dead is found out once.
			var tx ledger.Tx
			var found *ledger.Found
			for try := 0; tx == nil; try++ {
				var err error
				tx, found, err = store.Begin(t.Context(), head.Ledger, ledger.Need{Changes: []string{"lost"}})
				if err != nil {
					require.ErrorIs(t, err, ledger.ErrUnavailable)
					require.Less(t, try, 10, "%v", err)
				}
			}
			assert.Empty(t, found.Changes, "nothing was written")
			assert.Zero(t, found.Head.Seq)
			require.NoError(t, tx.Commit(t.Context(), nextBlock(found.Head, "change")))
			db.eventually(0, openOthers)
		})
	}
}

func TestCommitThatIsCanceled(t *testing.T) {
	t.Run("before it was sent wrote nothing", func(t *testing.T) {
		dsn := migrated(t)
		store := openStore(t, dsn)
		head := opened(t, store)
		tx, found := begin(t, store, head.Ledger)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := tx.Commit(ctx, nextBlock(found.Head, "change"))
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, ledger.ErrCommitUnknown)
		write(t, store, head.Ledger, "change")
	})
	t.Run("after it was sent has an unknown outcome", func(t *testing.T) {
		dsn := migrated(t)
		store, db := openStore(t, dsn), connect(t, dsn)
		head := opened(t, store)
		tx, found := begin(t, store, head.Ledger)
		db.exec("BEGIN")
		db.exec("LOCK TABLE okpay.blocks IN SHARE MODE")
		ctx, cancel := context.WithCancel(t.Context())
		done := wait(t, db, func() error { return tx.Commit(ctx, nextBlock(found.Head, "change")) })
		cancel()
		err := answer(t, done)
		require.ErrorIs(t, err, ledger.ErrCommitUnknown)
		require.ErrorIs(t, err, context.Canceled)
		db.eventually(0, waitingOthers) // the server was told
		db.exec("ROLLBACK")
		write(t, store, head.Ledger, "change")
	})
}

// onCommit makes the server run PL/pgSQL in the middle of COMMIT, or with the write itself.
func onCommit(db database, deferred bool, body string) {
	db.exec(`CREATE FUNCTION okpay.surprise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ` + body + `; RETURN NULL; END $$`)
	if deferred {
		db.exec(`CREATE CONSTRAINT TRIGGER surprise AFTER INSERT ON okpay.blocks DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION okpay.surprise()`)
	} else {
		db.exec(`CREATE TRIGGER surprise AFTER INSERT ON okpay.blocks FOR EACH ROW EXECUTE FUNCTION okpay.surprise()`)
	}
}

func TestCommitIsBelievedOnlyWithoutWarning(t *testing.T) {
	const canary = "canary-7f3a"
	for _, c := range []struct {
		name     string
		deferred bool
		body     string
		want     error
		written  int64
	}{
		{"a warning with COMMIT leaves the outcome unknown", true, `RAISE WARNING '` + canary + `'`, ledger.ErrCommitUnknown, 1},
		{"a notice with COMMIT means nothing", true, `RAISE NOTICE '` + canary + `'`, nil, 1},
		{"a warning before COMMIT means nothing", false, `RAISE WARNING '` + canary + `'`, nil, 1},
		{"an error at COMMIT that is no known rollback leaves the outcome unknown", true, `RAISE EXCEPTION '` + canary + `'`, ledger.ErrCommitUnknown, 0},
		{"a serialization failure at COMMIT asks to decide again", true, `RAISE EXCEPTION '` + canary + `' USING ERRCODE = '40001'`, ledger.ErrRetry, 0},
		{"a full disk before COMMIT wrote nothing", false, `RAISE EXCEPTION 'no room' USING ERRCODE = '53100'`, ledger.ErrUnavailable, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dsn := migrated(t)
			store, db := openStore(t, dsn), connect(t, dsn)
			head := opened(t, store)
			onCommit(db, c.deferred, c.body)
			tx, found := begin(t, store, head.Ledger)
			err := tx.Commit(t.Context(), nextBlock(found.Head, "change"))
			if c.want == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, c.want)
			}
			assert.Equal(t, c.written, seq(t, store, head.Ledger))

			// The next commit on the same connection is judged by its own warnings.
			db.exec(`DROP FUNCTION okpay.surprise() CASCADE`)
			write(t, store, head.Ledger, "another change")
		})
	}
}

func TestDataThatCanNotBeStoredIsToBlame(t *testing.T) {
	const canary = "canary-7f3a"
	store := openStore(t, migrated(t))
	head := opened(t, store)
	write(t, store, head.Ledger, canary)
	for name, id := range map[string]string{
		"NUL":                      canary + "\x00",
		"broken UTF-8":             canary + "\xff",
		"an id too long to index":  canary + incompressible(),
		"an id that is used":       canary,
		"an id in UTF-16's garden": canary + "\xed\xa0\x80",
	} {
		t.Run(name, func(t *testing.T) {
			tx, found := begin(t, store, head.Ledger)
			err := tx.Commit(t.Context(), nextBlock(found.Head, "neighbour", id))
			require.Error(t, err)
			for _, category := range []error{ledger.ErrRetry, ledger.ErrUnavailable, ledger.ErrCommitUnknown} {
				require.NotErrorIs(t, err, category)
			}
			assert.NotContains(t, err.Error(), canary)
		})
	}
	assert.EqualValues(t, 1, seq(t, store, head.Ledger))
}

func TestProcessThatSleepsOnTheLockLosesIt(t *testing.T) {
	dsn := migrated(t)
	sleeper := openWith(t, dsn, pgstore.Config{IdleTimeout: 10 * time.Millisecond})
	head := opened(t, sleeper)
	tx, found := begin(t, sleeper, head.Ledger)
	write(t, openStore(t, dsn), head.Ledger, "change") // waits until the lock is taken from it
	require.Error(t, tx.Commit(t.Context(), nextBlock(found.Head, "late")))
	assert.EqualValues(t, 1, seq(t, openStore(t, dsn), head.Ledger))
}

// incompressible returns a text that is too long for an index even when compressed.
func incompressible() string {
	var b strings.Builder
	for b.Len() < 10_000 {
		b.WriteString(rand.Text())
	}
	return b.String()
}

func TestConnectionThatForgotItsStatementsIsReplaced(t *testing.T) {
	cfg, err := pgxpool.ParseConfig(migrated(t))
	require.NoError(t, err)
	cfg.MaxConns = 1
	pgstore.Configure(cfg)
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	store, err := pgstore.FromPool(t.Context(), pool, pgstore.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	head := opened(t, store)

	_, err = pool.Exec(t.Context(), "DEALLOCATE ALL")
	require.NoError(t, err)
	_, _, err = store.Begin(t.Context(), head.Ledger, ledger.Need{})
	require.ErrorIs(t, err, ledger.ErrRetry)
	write(t, store, head.Ledger, "change")
}

func TestClockIsReadOnceTheLockWasHad(t *testing.T) {
	dsn := migrated(t)
	a, b, db := openStore(t, dsn), openStore(t, dsn), connect(t, dsn)
	head := opened(t, a)
	holder, _ := begin(t, a, head.Ledger)
	var clock time.Time
	done := wait(t, db, func() error {
		tx, found, err := b.Begin(t.Context(), head.Ledger, ledger.Need{})
		if err == nil {
			clock = found.Head.Clock
			err = tx.Rollback(t.Context())
		}
		return err
	})
	var waiting time.Time
	require.NoError(t, db.QueryRow(t.Context(), "SELECT clock_timestamp()").Scan(&waiting))
	require.NoError(t, holder.Rollback(t.Context()))
	require.NoError(t, answer(t, done))
	assert.True(t, clock.After(waiting), "the clock %v is from before the lock was had, %v", clock, waiting)
}
