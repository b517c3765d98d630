package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
)

// smallExport is an export of a few blocks that hold something of most kinds, and an
// archive of the same blocks.
func smallFiles(t testing.TB) (export, archive []byte) {
	t.Helper()
	ctx := context.Background()
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{
		Now:  func() time.Time { now = now.Add(time.Second); return now },
		Rand: bytes.NewReader(bytes.Repeat([]byte{7}, 10_000)),
	})
	require.NoError(t, err)
	pay := ledger.Posting{Debit: "bank", Credit: "user", Amount: money.New(100, money.MustISO("CNY"))}
	for _, c := range []ledger.Change{
		{ID: "1", Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{pay}, Effective: now.AddDate(-1, 0, 0), Reference: "r", Metadata: map[string]string{"k": "v"}}}},
		{ID: "2", Ops: []ledger.Op{ledger.Hold{ID: "h", Postings: []ledger.Posting{pay}, Expires: now.Add(time.Hour)}}, Events: []ledger.Event{{Type: "t", Payload: []byte("p")}}},
		{
			ID: "3", Ops: []ledger.Op{ledger.Capture{Hold: "h", Final: true}, ledger.Reverse{Transaction: 1}},
			Puts: []ledger.Put{{Type: "t", ID: "a", Content: []byte("c"), Unique: []string{"u"}, Labels: []string{"l"}}, {Type: "t", ID: "p", Chaining: ledger.Plain, Unique: []string{"v"}}},
		},
	} {
		_, err := l.Commit(ctx, c)
		require.NoError(t, err)
	}
	var e, a bytes.Buffer
	_, err = l.Export(ctx, &e, ledger.ExportConfig{})
	require.NoError(t, err)
	_, err = l.Archive(ctx, &a, 3)
	require.NoError(t, err)
	require.NoError(t, l.Close(ctx))
	return e.Bytes(), a.Bytes()
}

// An import of whatever bytes ends, panics never, and leaves a ledger that agrees with
// itself but for contents of records that did not come.
func FuzzImport(f *testing.F) {
	export, archive := smallFiles(f)
	f.Add(export, false)
	f.Add(export, true)
	f.Add(archive, false)
	f.Fuzz(func(t *testing.T, file []byte, repair bool) {
		if repair {
			// Checksums that are right lead further in.
			file = ledger.Repaired(bytes.Clone(file))
		}
		ctx := t.Context()
		store := memstore.New()
		out, err := ledger.Import(ctx, store, bytes.NewReader(file), ledger.ImportConfig{})
		if err != nil {
			require.True(t, errors.Is(err, ledger.ErrDamaged) || errors.Is(err, ledger.ErrOtherHistory), "%v", err)
		}
		if out.Ledger == "" {
			return
		}
		l, openErr := ledger.Open(ctx, store, ledger.Config{Name: out.Ledger})
		require.NoError(t, openErr)
		report, verifyErr := l.Verify(ctx)
		require.NoError(t, verifyErr)
		if err == nil {
			require.NoError(t, report.Err())
		}
		require.NoError(t, l.Close(ctx))
	})
}

func FuzzOpenArchive(f *testing.F) {
	export, archive := smallFiles(f)
	f.Add(archive, false)
	f.Add(archive, true)
	f.Add(export, false)
	f.Fuzz(func(t *testing.T, file []byte, repair bool) {
		if repair {
			file = ledger.Repaired(bytes.Clone(file))
		}
		a, err := ledger.OpenArchive(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			require.ErrorIs(t, err, ledger.ErrDamaged)
			return
		}
		receipt := a.Receipt()
		blocks, err := a.Blocks(t.Context(), receipt.First-1, 1<<30)
		require.NoError(t, err)
		require.EqualValues(t, receipt.Last.Seq-receipt.First+1, len(blocks))
		from := ledger.Checkpoint{Seq: receipt.First - 1, Hash: blocks[0].Previous}
		last, err := ledger.VerifyChain(t.Context(), a, receipt.Ledger, from)
		require.NoError(t, err)
		require.Equal(t, receipt.Last, last)
	})
}

// What makes a file one of ours must not change: files outlive programs.
func TestFileFormat(t *testing.T) {
	export, archive := smallFiles(t)
	assert.Equal(t, "okpayjnl\x01\x01", string(export[:10]))
	assert.Equal(t, "okpayarc\x01\x01", string(archive[:10]))
	assert.Equal(t, export, ledger.Repaired(bytes.Clone(export)), "the checksums of a good file are right")
	assert.Equal(t, archive, ledger.Repaired(bytes.Clone(archive)))
	newer := bytes.Clone(export)
	newer[8]++
	_, err := ledger.Import(t.Context(), memstore.New(), bytes.NewReader(newer), ledger.ImportConfig{})
	want := &ledger.FormatError{What: "file", Have: 2, Want: 1}
	assert.Equal(t, want, err)
	newer = bytes.Clone(archive)
	newer[8]++
	_, err = ledger.OpenArchive(bytes.NewReader(newer), int64(len(newer)))
	assert.Equal(t, want, err)

	// A block of another version in a file of this one.
	store := memstore.New()
	imported, err := ledger.Import(t.Context(), store, bytes.NewReader(ledger.ForgedBody([]byte{2, 0, 0})), ledger.ImportConfig{})
	assert.Equal(t, &ledger.FormatError{What: "block", Have: 2, Want: 1}, err)
	assert.Zero(t, imported.Blocks)
}

// A file whose checksums are right and whose content is not is found by the chain, the
// digests and the replay.
func TestForgedExports(t *testing.T) {
	export, _ := smallFiles(t)
	found := 0
	for i := 9; i < len(export)-50; i++ {
		forged := bytes.Clone(export)
		forged[i] ^= 1
		forged = ledger.Repaired(forged)
		store := memstore.New()
		_, err := ledger.Import(t.Context(), store, bytes.NewReader(forged), ledger.ImportConfig{})
		if err == nil {
			continue // of a plain record: nothing proves it
		}
		found++
		require.True(t, errors.Is(err, ledger.ErrDamaged) || errors.Is(err, ledger.ErrOtherHistory), "byte %d: %v", i, err)
	}
	assert.Greater(t, found, len(export)*8/10)
}

func TestFollowersLookForBlocksOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		store := memstore.New()
		open := func(poll time.Duration) *ledger.Ledger {
			l, err := ledger.Open(ctx, store, ledger.Config{Poll: poll})
			require.NoError(t, err)
			return l
		}
		writer, reader, deaf := open(0), open(10*time.Second), open(-1)
		var seen, deafSeen []time.Duration
		start := time.Now()
		follow := func(l *ledger.Ledger, seen *[]time.Duration) {
			for _, err := range l.FollowEvents(ctx, 0) {
				if err != nil {
					assert.ErrorIs(t, err, context.Canceled)
					return
				}
				*seen = append(*seen, time.Since(start))
			}
		}
		go follow(reader, &seen)
		go follow(deaf, &deafSeen)
		announce := func(l *ledger.Ledger) {
			_, err := l.Commit(ctx, ledger.Change{Events: []ledger.Event{{Type: "t"}}})
			require.NoError(t, err)
		}
		time.Sleep(time.Second)
		announce(writer)
		time.Sleep(14 * time.Second)
		announce(reader)
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Equal(t, []time.Duration{10 * time.Second, 15 * time.Second}, seen)
		assert.Empty(t, deafSeen)
		announce(deaf)
		synctest.Wait()
		assert.Len(t, deafSeen, 3, "its own block shows it the others")
		cancel()
		synctest.Wait()
		for _, l := range []*ledger.Ledger{writer, reader, deaf} {
			require.NoError(t, l.Close(t.Context()))
		}
	})
}

// The hash chain proves that nobody altered a journal, not that a ledger wrote it.
func TestAForgedJournalHasToMeanSomething(t *testing.T) {
	cny, a, b := ledger.ForgedCurrency("CNY", 2), ledger.ForgedAccount("a", "CNY"), ledger.ForgedAccount("b", "CNY")
	for _, c := range []struct {
		name string
		file []byte
		good bool
	}{
		{"a currency, two accounts and a transaction", ledger.Forged(cny, a, b, ledger.ForgedTransaction([3]int64{1, 2, 5})), true},
		{"a transaction without postings", ledger.Forged(cny, a, b, ledger.ForgedTransaction()), false},
		{"a transaction from an account to itself", ledger.Forged(cny, a, b, ledger.ForgedTransaction([3]int64{1, 1, 5})), false},
		{"a currency with more decimals than there are", ledger.Forged(ledger.ForgedCurrency("CNY", 200)), false},
		{"a currency with a code that is none", ledger.Forged(ledger.ForgedCurrency("c\x00", 2)), false},
		{"an account in a currency that was never used", ledger.Forged(a), false},
		{"an account that is opened twice", ledger.Forged(cny, a, a), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ledger.Import(t.Context(), memstore.New(), bytes.NewReader(c.file), ledger.ImportConfig{})
			if c.good {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, ledger.ErrDamaged)
			}
		})
	}
}
