package memstore

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A random history of changes and snapshots is run against maps; every snapshot must keep
// showing what was there when it was taken, and nothing made since may be changed when a
// view is looking at it.
func TestSortedAgainstMaps(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	type snapshot struct {
		list  sorted[int, int]
		model map[int]int
		stamp uint64
	}
	for _, keys := range []int{3, 3 * runLen, 40 * runLen} {
		list, model := sorted[int, int]{compare: cmp.Compare[int]}, make(map[int]int)
		var open []snapshot
		e := era{now: 1}
		for range 20_000 {
			switch key := random.IntN(keys); random.IntN(10) {
			case 0, 1, 2, 3:
				value := random.IntN(9)
				list.set(e, key, value)
				model[key] = value
			case 4, 5, 6:
				list.delete(e, key)
				delete(model, key)
			case 7:
				got, ok := list.get(key)
				want, has := model[key]
				require.Equal(t, has, ok)
				require.Equal(t, want, got)
			case 8:
				if random.IntN(50) == 0 {
					open = append(open, snapshot{list, maps.Clone(model), e.now})
					e.now++
				}
			case 9:
				if random.IntN(50) == 0 && len(open) > 0 {
					i := random.IntN(len(open))
					sameAsMap(t, &open[i].list, open[i].model, key)
					open = slices.Delete(open, i, i+1)
				}
			}
			e.sealed = 0
			for _, s := range open {
				e.sealed = max(e.sealed, s.stamp)
			}
		}
		sameAsMap(t, &list, model, keys/2)
		for _, s := range open {
			sameAsMap(t, &s.list, s.model, keys/2)
		}
	}
}

func sameAsMap(t *testing.T, list *sorted[int, int], model map[int]int, middle int) {
	t.Helper()
	want := slices.Sorted(maps.Keys(model))
	var got []int
	for key, value := range list.from(-1) {
		got = append(got, key)
		require.Equal(t, model[key], value)
	}
	require.True(t, slices.Equal(want, got), "ascending")
	first, _ := slices.BinarySearch(want, middle)
	got = nil
	for key := range list.from(middle) {
		got = append(got, key)
	}
	require.True(t, slices.Equal(want[first:], got), "ascending from %d", middle)
	got = nil
	for key := range list.below(middle) {
		got = append(got, key)
	}
	slices.Reverse(got)
	require.True(t, slices.Equal(want[:first], got), "descending below %d", middle)
	for _, r := range list.runs {
		require.NotEmpty(t, r.keys)
		require.LessOrEqual(t, len(r.keys), runLen)
	}
}

func TestPagedKeepsSnapshots(t *testing.T) {
	const rows = 5 * pageLen / 2
	var list paged[int]
	var snapshots []paged[int]
	e := era{now: 1}
	for i := range rows {
		*list.add(e) = i
		snapshots = append(snapshots, list)
		e.sealed = e.now
		e.now++
	}
	for i := range rows {
		*list.edit(e, i) = -1
	}
	for n, s := range snapshots {
		var got []int
		for row := range s.from(0) {
			got = append(got, *row)
		}
		require.Len(t, got, n+1)
		for i := range got {
			require.Equal(t, i, got[i], "row %d of the snapshot with %d rows", i, n+1)
		}
	}
	for row := range list.from(0) {
		require.Equal(t, -1, *row)
	}
}

func TestPagedEditsInPlaceWhenNobodyLooks(t *testing.T) {
	var list paged[int]
	e := era{now: 5, sealed: 4}
	*list.add(e) = 1
	before := list.at(0)
	assert.Same(t, before, list.edit(e, 0), "what this era made is changed in place")
	assert.NotSame(t, before, list.edit(era{now: 6, sealed: 5}, 0), "what a view may see is copied")
}
