package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestWhereOthersWriteABlockHoldsWhatFitsIntoItsShareOfTime(t *testing.T) {
	type wrote struct {
		changes int
		took    time.Duration
	}
	for _, c := range []struct {
		name   string
		blocks []wrote
		want   int
	}{
		{"nothing is known", nil, 5_000},
		{"a quick block bounds nothing", []wrote{{1_000, shareTime}}, 5_000},
		{"one that took longer is cut to what fits", []wrote{{1_000, shareTime * 5 / 4}}, 800},
		{"one that took very long halves the bound", []wrote{{2_000, time.Minute}}, 1_000},
		{"a small block is not made smaller", []wrote{{200, time.Minute}}, 5_000},
		{"the bound is never below what pays", []wrote{{300, time.Minute}}, shareLeast},
		{"quick blocks raise it again", []wrote{{2_000, time.Minute}, {1_000, shareTime / 3}}, 3_000},
		{"small quick ones do not lower it", []wrote{{2_000, time.Minute}, {10, shareTime / 2}}, 1_000},
		{"a clock that was set back says nothing", []wrote{{2_000, time.Minute}, {1_000, -time.Second}}, 1_000},
		{"it is never above what a block may hold", []wrote{{2_000, time.Minute}, {1_000, time.Millisecond}}, 5_000},
	} {
		var s share
		for _, b := range c.blocks {
			s.wrote(b.changes, b.took)
		}
		assert.Equal(t, c.want, s.bound(5_000), c.name)
	}
}
