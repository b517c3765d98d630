package ledger_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

// byKey notes how many records a store is asked for at once, and how many bytes it gave.
type byKey struct {
	ledger.Store
	keys, bytes []int
}

func (s *byKey) Read(ctx context.Context, id int64, fn func(ledger.View) error) error {
	return s.Store.Read(ctx, id, func(v ledger.View) error { return fn(&byKeyView{v, s}) })
}

type byKeyView struct {
	ledger.View
	store *byKey
}

func (v *byKeyView) RecordsByKey(ctx context.Context, keys []ledger.RecordKey) ([]ledger.RecordRow, error) {
	rows, err := v.View.RecordsByKey(ctx, keys)
	size := 0
	for _, r := range rows {
		size += len(r.Content)
	}
	v.store.keys, v.store.bytes = append(v.store.keys, len(keys)), append(v.store.bytes, size)
	return rows, err
}

func (v *byKeyView) Record(context.Context, ledger.RecordKey) (ledger.RecordRow, error) {
	panic("an export asks for many at once")
}

func TestAnExportAsksForManyRecordsAtOnce(t *testing.T) {
	const blocks = 1000
	for _, c := range []struct {
		says    string
		content int // bytes
		records int // different ones
		asks    int // at most
	}{
		{"small ones, each put once", 10, blocks, blocks/64 + 10},
		{"a few that are put again and again", 10, 7, blocks / 64},
		{"one that is put again and again", 10, 1, blocks / 64},
		{"large ones", 100 << 10, blocks, blocks/16 + 60},
	} {
		t.Run(c.says, func(t *testing.T) {
			store := &byKey{Store: memstore.New()}
			l := openOver(t, store, ledger.Config{MaxBlockChanges: 1})
			changes := make([]ledger.Change, blocks)
			content := bytes.Repeat([]byte("x"), c.content)
			for i := range changes {
				changes[i] = ledger.Change{ID: fmt.Sprint(i), Puts: []ledger.Put{{Type: "t", ID: fmt.Sprint(i % c.records), Content: content}}}
			}
			for _, a := range l.CommitAll(t.Context(), changes) {
				require.NoError(t, a.Err)
			}
			out, err := l.Export(t.Context(), io.Discard, ledger.ExportConfig{})
			require.NoError(t, err)
			assert.EqualValues(t, blocks, out.Blocks)
			assert.EqualValues(t, c.records, out.Records)
			assert.LessOrEqual(t, len(store.keys), c.asks)
			for i := range store.keys {
				assert.LessOrEqual(t, store.keys[i], 64)
				assert.LessOrEqual(t, store.bytes[i], 8<<20)
			}
		})
	}
}
