package ledger

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// However many things there are, what is kept of them stays within the bound, and passes
// together cover each exactly once.
func TestTheFoldKeepsNoMoreThanItsMemory(t *testing.T) {
	const things, memory = 3000, 100_000
	at := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	f := newFold([16]byte{1}, memory)
	f.seal = things
	covered := map[string]int{}
	for passes := 1; passes == 1 || f.more(); passes++ {
		require.Less(t, passes, 100)
		f.restart([32]byte{}, 1<<60) // a head that lies does not make room
		for i := range things {
			effects := []effect{{kind: effectOpen, text: fmt.Sprintf("user:%d", (i*7919)%things), other: "CNY"}}
			if i > 0 {
				legs := []legEffect{{int64(i), int64(i + 1), 1}}
				effects = append(effects, effect{kind: effectTransaction, at: at.AddDate(0, 0, -i), postings: legs},
					effect{kind: effectHold, text: fmt.Sprintf("hold-%d", (i*7919)%things), postings: legs},
					effect{kind: effectReverse, version: int64(2*i - 1), postings: legs},
					effect{kind: effectRecord, text: "t", other: fmt.Sprint(i), version: 1})
			}
			body := decodedBody{changes: []changeEffect{{id: fmt.Sprint("id-", i), effects: effects}}}
			f.block(&Block{Seq: int64(i + 1), Time: at}, &body)
			require.Empty(t, f.wrong)
			kept := len(f.accounts) * accountWeight
			for _, w := range f.portions() {
				_, weight := w.size()
				kept += weight
			}
			require.LessOrEqual(t, kept, memory, "pass %d, block %d", passes, i+1)
		}
		require.LessOrEqual(t, cap(f.accounts)*accountWeight, memory)
		f.sealed = f.opened()
		for _, a := range f.accounts {
			covered[fmt.Sprint("account ", a.no)]++
		}
		for id := range f.holds.kept {
			covered["hold "+id]++
		}
		for key := range f.records.kept {
			covered["record "+key.ID]++
		}
		for no := range f.reversals.kept {
			covered[fmt.Sprint("reversal ", no)]++
		}
		for key := range f.totals.kept {
			covered[fmt.Sprint("total ", key)]++
		}
		f.low += int64(len(f.accounts))
		f.holds.close()
		f.records.close()
		f.reversals.close()
		f.totals.close()
		f.ids.suspicious = nil
	}
	assert.GreaterOrEqual(t, len(covered), 4*(things-1)+things+things*DatedLevels)
	for what, times := range covered {
		if times != 1 {
			t.Fatalf("%s is looked at %d times", what, times)
		}
	}
}

// Sums in buckets tell apart what differs in one row, whatever was changed.
func TestSumsOfIdsDifferWhereOneRowDiffers(t *testing.T) {
	f := newFold([16]byte{1}, 1<<20)
	f.seal = 10
	rows := []ChangeRow{{ID: "a", Seq: 1, Tags: []byte{1}, Outcome: []byte{2}}, {ID: "b", Seq: 1, Index: 1}, {ID: "c", Seq: 2}}
	fill := func(rows []ChangeRow) (suspicious int) {
		g := *f
		g.ids.sums = [idBuckets][2]uint64{}
		for i, r := range []ChangeRow{{ID: "a", Seq: 1, Tags: []byte{1}, Outcome: []byte{2}}, {ID: "b", Seq: 1, Index: 1}, {ID: "c", Seq: 2}} {
			g.seq = r.Seq
			g.id(&changeEffect{id: r.ID, tags: r.Tags, outcome: r.Outcome}, r.Seq, min(i, 1)*(2-i))
		}
		for i := range rows {
			g.ids.subtract(g.idBucket(rows[i].ID), g.changeDigest(&rows[i]))
		}
		g.ids.judge()
		for _, s := range g.ids.suspicious {
			if s {
				suspicious++
			}
		}
		return suspicious
	}
	assert.Zero(t, fill(rows))
	assert.Zero(t, fill([]ChangeRow{rows[2], rows[0], rows[1]}), "in any order")
	assert.Equal(t, 1, fill(rows[:2]), "one that is missing")
	assert.Equal(t, 1, fill(append(rows[:3:3], ChangeRow{ID: "d"})), "one too many")
	assert.Equal(t, 1, fill(append(rows[:3:3], rows[0])), "one twice")
	for name, change := range map[string]func(*ChangeRow){
		"block": func(r *ChangeRow) { r.Seq++ }, "index": func(r *ChangeRow) { r.Index++ },
		"tags": func(r *ChangeRow) { r.Tags = nil }, "outcome": func(r *ChangeRow) { r.Outcome = []byte{3} },
	} {
		altered := append([]ChangeRow(nil), rows...)
		change(&altered[0])
		assert.Equal(t, 1, fill(altered), name)
	}
}
