package ledger_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
)

// reads counts how often a store is asked for records.
type reads struct {
	ledger.Store
	records atomic.Int64
}

func (s *reads) Read(ctx context.Context, id int64, fn func(ledger.View) error) error {
	return s.Store.Read(ctx, id, func(v ledger.View) error { return fn(&readsView{v, &s.records}) })
}

type readsView struct {
	ledger.View
	records *atomic.Int64
}

func (v *readsView) Record(ctx context.Context, key ledger.RecordKey) (ledger.RecordRow, error) {
	v.records.Add(1)
	return v.View.Record(ctx, key)
}

func openOver(t *testing.T, store ledger.Store, cfg ledger.Config) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), store, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
	return l
}

// write is a verb that appends to a record.
func write(l *ledger.Ledger, id, text string) (ledger.Outcome, error) {
	return l.Do(context.Background(), id, nil, func(d *ledger.Draft) error {
		r, err := d.Get("note", "n")
		if err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return err
		}
		d.Put(ledger.Put{Type: "note", ID: "n", Content: append(r.Content, text...)})
		return nil
	})
}

func TestAVerbNeedNotAskForWhatThisProcessWrote(t *testing.T) {
	store := &reads{Store: memstore.New()}
	l := openOver(t, store, ledger.Config{})
	_, err := write(l, "1", "a")
	require.NoError(t, err)
	before := store.records.Load()
	out, err := write(l, "2", "b")
	require.NoError(t, err)
	r, err := l.RecordSince(t.Context(), "note", "n", out.Seq)
	require.NoError(t, err)
	assert.Equal(t, "ab", string(r.Content))
	assert.EqualValues(t, 2, r.Version)
	assert.Equal(t, out.Seq, r.Seq)
	assert.Equal(t, before, store.records.Load(), "the store was not asked")
	r.Content[0] = 'x' // the caller's own
	_, err = write(l, "3", "c")
	require.NoError(t, err)
	stored, err := l.Record(t.Context(), "note", "n")
	require.NoError(t, err)
	assert.Equal(t, "abc", string(stored.Content))

	_, err = l.RecordSince(t.Context(), "note", "n", out.Seq+1)
	require.NoError(t, err)
	_, err = l.RecordSince(t.Context(), "note", "other", 0)
	require.ErrorIs(t, err, ledger.ErrNotFound)
}

func TestAVerbIsNotDecidedOnWhatAnotherProcessHasChanged(t *testing.T) {
	store := memstore.New()
	here, there := openOver(t, store, ledger.Config{}), openOver(t, store, ledger.Config{})
	for i, l := range []*ledger.Ledger{here, there, here, there} {
		_, err := write(l, strings.Repeat("i", i+1), string(rune('a'+i)))
		require.NoError(t, err)
	}
	r, err := here.Record(t.Context(), "note", "n")
	require.NoError(t, err)
	assert.Equal(t, "abcd", string(r.Content))

	// Nor is it refused because of it: here believes that there is no e yet.
	_, err = write(there, "e", "e")
	require.NoError(t, err)
	runs := 0
	_, err = here.Do(t.Context(), "look", nil, func(d *ledger.Draft) error {
		runs++
		r, err := d.Get("note", "n")
		if err != nil {
			return err
		}
		if !strings.Contains(string(r.Content), "e") {
			return errors.New("there is no e")
		}
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, 2, runs)

	// An erasure elsewhere is seen too.
	_, err = there.Commit(t.Context(), ledger.Change{Puts: []ledger.Put{{Type: "note", ID: "n", Erase: true}}})
	require.NoError(t, err)
	_, err = write(here, "f", "f")
	require.ErrorIs(t, err, ledger.ErrErased)
}

func TestARefusalThatCommitsSomethingElseIsRemembered(t *testing.T) {
	l := openOver(t, memstore.New(), ledger.Config{Chart: ledger.Chart{{Name: "*", Min: ledger.Limit(0)}}})
	_, err := write(l, "1", "a")
	require.NoError(t, err)
	out, err := l.Do(t.Context(), "pay", nil, func(d *ledger.Draft) error {
		if _, err := d.Get("note", "n"); err != nil {
			return err
		}
		d.Post(ledger.Transaction{Postings: []ledger.Posting{{Debit: "a", Credit: "b", Amount: money.New(1, money.MustISO("CNY"))}}})
		d.Put(ledger.Put{Type: "note", ID: "n", Content: []byte("paid")})
		instead := d.Otherwise(ledger.InsufficientFunds)
		instead.Puts = append(instead.Puts, ledger.Put{Type: "note", ID: "n", Content: []byte("declined")})
		return nil
	})
	require.ErrorIs(t, err, ledger.ErrInsufficientFunds)
	for _, read := range []func() (ledger.Record, error){
		func() (ledger.Record, error) { return l.RecordSince(t.Context(), "note", "n", out.Seq) },
		func() (ledger.Record, error) { return l.Record(t.Context(), "note", "n") },
	} {
		r, err := read()
		require.NoError(t, err)
		assert.Equal(t, "declined", string(r.Content))
		assert.EqualValues(t, 2, r.Version)
	}
}

func TestWhatIsRememberedIsBoundedAndNotOld(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		cfg   ledger.Config
		wait  time.Duration
		asked int64 // how often the store is asked by three more verbs
	}{
		"nothing is remembered when told so":     {ledger.Config{MaxRecordBytes: -1}, 0, 3},
		"a record that is too large for it":      {ledger.Config{MaxRecordBytes: 1000}, 0, 3},
		"what is two minutes old is asked again": {ledger.Config{}, 2 * time.Minute, 1},
		"what is a little old is not":            {ledger.Config{}, time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			at := now
			c.cfg.Now, c.cfg.MaxSkew = func() time.Time { return at }, -1
			store := &reads{Store: memstore.New()}
			l := openOver(t, store, c.cfg)
			_, err := write(l, "1", strings.Repeat("a", 200))
			require.NoError(t, err)
			at = at.Add(c.wait)
			before := store.records.Load()
			for _, id := range []string{"2", "3", "4"} {
				_, err := write(l, id, "b")
				require.NoError(t, err)
			}
			assert.Equal(t, c.asked, store.records.Load()-before)
		})
	}
}
