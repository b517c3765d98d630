package frozen

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// later is a change that only a later version of the program makes.
type later struct {
	name, sql string
	want      error // with which this one refuses
}

// What a newer program wrote is refused, and stays as it is.
func TestWhatANewerProgramWroteIsRefusedAndUntouched(t *testing.T) {
	for name, start := range databases() {
		var cases []later
		t.Run(name, func(t *testing.T) { cases = start(t).later() })
		for _, c := range cases {
			t.Run(name+" "+c.name, func(t *testing.T) {
				db := start(t)
				db.restore(t, read(t, newest, db.golden()))
				db.exec(t, c.sql)
				before := db.dump(t)
				store, err := db.open(t.Context())
				if err == nil {
					_, err = ledger.Open(t.Context(), store, config(end))
					require.NoError(t, store.Close())
				}
				require.ErrorIs(t, err, c.want)
				equal(t, "the database", before, db.dump(t))
			})
		}
	}
}

// A program that runs while a newer one begins to write stops writing, and still reads.
func TestARunningProgramStopsWhenANewerOneWrites(t *testing.T) {
	for name, start := range databases() {
		t.Run(name, func(t *testing.T) {
			db := start(t)
			db.restore(t, read(t, newest, db.golden()))
			cfg := config(end)
			l, err := ledger.Open(t.Context(), opened(t, db), cfg)
			require.NoError(t, err)
			defer func() { require.NoError(t, l.Close(t.Context())) }()
			sql, want := db.newWriter()
			db.exec(t, sql)
			before := db.dump(t)
			_, err = l.Commit(t.Context(), ledger.Change{ID: "new", Ops: []ledger.Op{pay("shop:1", "user:3", yuan(1))}})
			require.ErrorIs(t, err, want)
			_, err = l.Balance(t.Context(), ledger.AccountKey{Name: "shop:1", Currency: "CNY"})
			require.NoError(t, err)
			equal(t, "the database", before, db.dump(t))
		})
	}
}

// hashOf is the hash of a block as docs/design.md describes it, for bodies of any version.
func hashOf(name string, b *ledger.Block) [32]byte {
	text := binary.AppendUvarint(append([]byte("okpay/block"), 1), uint64(len(name)))
	text = append(text, name...)
	text = binary.BigEndian.AppendUint64(text, uint64(b.Seq))
	text = binary.BigEndian.AppendUint64(text, uint64(b.Time.UnixMicro()))
	text = append(text, b.Previous[:]...)
	text = binary.BigEndian.AppendUint64(text, uint64(len(b.Body)))
	return sha256.Sum256(append(text, b.Body...))
}

// A newer block that comes while this program runs is no discrepancy. One whose hash is wrong is.
func TestABlockOfANewerProgramIsNotTakenForADamagedOne(t *testing.T) {
	db := newSQLite(t)
	db.restore(t, read(t, newest, db.golden()))
	l, err := ledger.Open(t.Context(), opened(t, db), config(end))
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close(t.Context())) }()
	f := filesOf(t, newest)
	blocks, err := l.Blocks(t.Context(), f.checkpoint.Seq-1, 1)
	require.NoError(t, err)
	b := blocks[0]
	require.Equal(t, b.Hash, hashOf(l.Name(), &b))

	b.Body[0] = 2
	set := func(hash [32]byte) {
		db.exec(t, fmt.Sprintf("UPDATE blocks SET body = x'%x', hash = x'%x' WHERE seq = %d; UPDATE ledgers SET hash = x'%x'", b.Body, hash, b.Seq, hash))
	}
	set(hashOf(l.Name(), &b))
	want := &ledger.FormatError{What: "block", Have: 2, Want: 1}
	_, err = l.VerifyWith(t.Context(), ledger.VerifyConfig{Archive: f.archive})
	assert.Equal(t, want, err)
	_, err = l.Export(t.Context(), io.Discard, ledger.ExportConfig{Archive: f.archive})
	assert.Equal(t, want, err)

	set(b.Hash)
	report, err := l.VerifyWith(t.Context(), ledger.VerifyConfig{Archive: f.archive})
	require.NoError(t, err)
	require.ErrorIs(t, report.Err(), ledger.ErrDiscrepancy)
}
