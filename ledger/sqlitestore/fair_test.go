package sqlitestore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// share is what one writer got of a file that several write to.
type share struct {
	Blocks  int
	Longest time.Duration // between two commits, or from the start to the first, or from the last to the end
}

// writeFor commits blocks of n empty changes to the named ledger until the time is over.
func writeFor(ctx context.Context, s *Store, name string, n int, until time.Time) (share, error) {
	var got share
	last := time.Now()
	note := func() {
		got.Longest = max(got.Longest, time.Since(last))
		last = time.Now()
	}
	head, err := s.Open(ctx, name, ledger.Genesis{})
	if err != nil {
		return got, err
	}
	for time.Now().Before(until) {
		tx, found, err := s.Begin(ctx, head.Ledger, ledger.Need{})
		if err != nil {
			return got, err
		}
		head := found.Head
		head.Seq++
		batch := &ledger.Batch{Block: &ledger.Block{Seq: head.Seq, Time: epoch}, Head: head}
		for i := range n {
			id := fmt.Sprintf("%08d-%04d", head.Seq, i)
			batch.Changes = append(batch.Changes, ledger.ChangeRow{ID: id, Seq: head.Seq, Index: i})
		}
		if err := tx.Commit(ctx, batch); err != nil {
			return got, err
		}
		got.Blocks++
		note()
	}
	note()
	return got, nil
}

// assertFair checks that no writer starved. How even the shares are, and how long the longest
// wait was, is logged and not asserted: the machine may be busy with other things.
func assertFair(t *testing.T, shares []share) {
	t.Helper()
	t.Logf("%+v", shares)
	least, best := shares[0].Blocks, shares[0].Blocks
	for _, s := range shares {
		least, best = min(least, s.Blocks), max(best, s.Blocks)
	}
	assert.GreaterOrEqual(t, 5*least, best, "one of them starved")
}

const fairFor = time.Second

func TestTwoStoresOnOneFileTakeTurns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	var shares [2]share
	var errs [2]error
	var wg sync.WaitGroup
	stores := []*Store{openAt(t, path, Config{}), openAt(t, path, Config{})}
	until := time.Now().Add(fairFor)
	for i, s := range stores {
		wg.Go(func() { shares[i], errs[i] = writeFor(context.Background(), s, "shared", 5, until) })
	}
	wg.Wait()
	require.NoError(t, errs[0])
	require.NoError(t, errs[1])
	assertFair(t, shares[:])
}

func TestTwoProcessesOnOneFileTakeTurns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	require.NoError(t, openAt(t, path, Config{}).Close())
	shares := make([]share, 2)
	var wg sync.WaitGroup
	until := time.Now().Add(200*time.Millisecond + fairFor) // they need a moment to start
	for i := range shares {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "SQLITESTORE_TEST_FILE="+path, "SQLITESTORE_TEST_UNTIL="+until.Format(time.RFC3339Nano))
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if assert.NoError(t, err, "%s", out) {
				assert.NoError(t, json.NewDecoder(bytes.NewReader(out)).Decode(&shares[i]), "%s", out)
			}
		})
	}
	wg.Wait()
	assertFair(t, shares)
}

// TestMain is also the other process of TestTwoProcessesOnOneFileTakeTurns.
func TestMain(m *testing.M) {
	path := os.Getenv("SQLITESTORE_TEST_FILE")
	if path == "" {
		os.Exit(m.Run())
	}
	if err := writerProcess(path, os.Getenv("SQLITESTORE_TEST_UNTIL")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// writerProcess writes until a time, and prints what share of the file it got.
func writerProcess(path, until string) error {
	end, err := time.Parse(time.RFC3339Nano, until)
	if err != nil {
		return err
	}
	s, err := Open(context.Background(), path, Config{})
	if err != nil {
		return err
	}
	got, err := writeFor(context.Background(), s, "shared", 5, end)
	if err != nil {
		return err
	}
	return errors.Join(s.Close(), json.NewEncoder(os.Stdout).Encode(got))
}
