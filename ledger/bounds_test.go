package ledger_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
)

// A block that nobody could read again is not written: it is cut, and what alone would be too
// large is refused alone.
func TestABlockThatWouldBeTooLargeIsCut(t *testing.T) {
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		name              string
		longest, heaviest int
	}{
		{"by its bytes", 1000, 1 << 30},
		{"by what it takes when it is decoded", 1 << 30, 6000},
	} {
		t.Run(row.name, func(t *testing.T) {
			d, err := ledger.OpenDriven(t.Context(), memstore.New(), ledger.Config{Now: func() time.Time { return now }})
			require.NoError(t, err)
			d.BoundBlocks(row.longest, row.heaviest)
			pay := func(postings int) []ledger.Op {
				var ops []ledger.Op
				for range postings {
					ops = append(ops, ledger.Transaction{Postings: []ledger.Posting{{Debit: "bank", Credit: "user", Amount: money.New(1, money.MustISO("CNY"))}}})
				}
				return ops
			}
			var changes []ledger.Change
			for i := range 10 {
				changes = append(changes, ledger.Change{ID: strconv.Itoa(i), Ops: pay(2)})
			}
			changes[7].Ops = pay(200)
			answered, err := d.PutAll(changes)
			require.NoError(t, err)
			for d.Step(t.Context()) {
			}
			answers, ok := answered()
			require.True(t, ok)
			last := int64(0)
			for i, a := range answers {
				if i == 7 {
					require.ErrorIs(t, a.Err, ledger.ErrTooLarge)
					continue
				}
				require.NoError(t, a.Err)
				last = a.Seq
			}
			assert.Greater(t, last, int64(1), "in more than one block")
			blocks, err := d.Blocks(t.Context(), 0, 100)
			require.NoError(t, err)
			for _, b := range blocks {
				assert.LessOrEqual(t, len(b.Body), row.longest)
			}
			answer, err := d.Put(ledger.Change{ID: "7", Ops: pay(1)})
			require.NoError(t, err)
			d.Step(t.Context())
			_, err = answer()
			require.NoError(t, err, "nothing had happened, and its id was free")
			_, err = d.DryRun(t.Context(), ledger.Change{ID: "small", Ops: pay(2)})
			require.NoError(t, err)
			report, err := d.Verify(t.Context())
			require.NoError(t, err)
			require.NoError(t, report.Err())
		})
	}
}
