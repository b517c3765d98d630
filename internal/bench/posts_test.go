package bench

import (
	"fmt"
	"testing"

	"github.com/okpay/okpay-go/ledger"
)

// BenchmarkPosts is posts by 1, 64 and 5,000 callers at a time, beside all baselines of the
// store, which come first. x-baseline is a rate over that of the best of them, x-uniform
// one over that of as many callers on uniform accounts.
func BenchmarkPosts(b *testing.B) {
	for _, c := range []struct {
		place
		baselines []baseline
	}{
		{memory, []baseline{{"one change a block", []int{1, 64}, memoryBaseline}}},
		{sqliteFile, []baseline{{"transaction", []int{1, 64}, sqliteBaseline}}},
		{postgres, []baseline{
			{"statements", []int{1, 16, 64}, statementsBaseline},
			{"function", []int{1, 16, 64}, functionBaseline},
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			best, even := 0.0, map[int]float64{}
			for _, base := range c.baselines {
				for _, callers := range base.callers {
					b.Run(fmt.Sprintf("baseline=%s/callers=%d", base.name, callers), func(b *testing.B) {
						best = max(best, measure(b, callers, base.open(b, callers)))
					})
				}
			}
			for _, s := range []shape{uniform, hot, scattered} {
				for _, callers := range []int{1, 64, 5000} {
					b.Run(fmt.Sprintf("%s/callers=%d", s.name, callers), func(b *testing.B) {
						w := newWriter(s, accounts)
						l, first := filled(b, c.place, ledger.Config{}, w)
						before := blocks(b, l)
						rate := measure(b, callers, w.poster(l, first))
						b.ReportMetric(float64(b.N)/float64(blocks(b, l)-before), "transfers/block")
						reportTimes(b, rate, best, "x-baseline")
						if s.name == uniform.name {
							even[callers] = rate
						} else {
							reportTimes(b, rate, even[callers], "x-uniform")
						}
					})
				}
			}
		})
	}
}

// memoryBaseline is a ledger whose blocks hold one Change.
func memoryBaseline(b *testing.B, _ int) poster {
	w := newWriter(uniform, accounts)
	one := ledger.Config{MaxBlockChanges: 1}
	l, first := filled(b, memory, one, w)
	return w.poster(l, first)
}
