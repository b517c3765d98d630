package pgstore

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is encoded here is decoded by the server, and the other way round; the contract's
// tests go through both. These are about what no server sends, and about the corners.

func TestColumnsDecodeAsTheyWereEncoded(t *testing.T) {
	decode := func(column []byte) row { return row{values: (&row{values: [][]byte{column}}).array()} }
	list := []string{"", "a", `"quoted"`, `back\slash`, "{,}", "NULL", "é\U0001F4B8"}
	r := row{values: [][]byte{texts(list, self)}}
	assert.Equal(t, list, r.texts())
	require.NoError(t, r.err)

	ints := []int64{0, 1, -1, 1<<63 - 1, -1 << 63}
	r = decode(int8s(ints, self))
	for _, want := range ints {
		assert.Equal(t, want, r.int8())
	}
	instants := []time.Time{
		{},
		time.Unix(0, 0).UTC(), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
	}
	for _, column := range [][]byte{times(instants, self), optionalTimes(instants, self)} {
		r = decode(column)
		for _, want := range instants {
			assert.Empty(t, cmp.Diff(want, r.time()))
		}
	}
	blob := [][]byte{nil, {}, {0, 0xFF}}
	r = decode(blobs(blob, self))
	for _, want := range blob {
		assert.Equal(t, want, r.bytes(), "nil and empty are two")
	}
	require.NoError(t, r.err)
}

func TestTextFormsOfArrays(t *testing.T) {
	assert.Empty(t, textList(nil))
	assert.Equal(t, `{"a","b\"c","d\\e","","NULL"}`, textList([]string{"a", `b"c`, `d\e`, "", "NULL"}))
	assert.Equal(t, `{}`, intTable(nil))
	assert.Equal(t, `{{1,2,3,-4},{5,6,7,8}}`, intTable([][4]int64{{1, 2, 3, -4}, {5, 6, 7, 8}}))
}

func TestMalformedValuesAreAnError(t *testing.T) {
	for name, c := range map[string]struct {
		value []byte
		read  func(*row)
	}{
		"a bigint of four bytes":       {[]byte{0, 0, 0, 1}, func(r *row) { r.int8() }},
		"an integer of no bytes":       {[]byte{}, func(r *row) { r.int4() }},
		"a boolean of two bytes":       {[]byte{1, 1}, func(r *row) { r.bool() }},
		"a hash that is too short":     {make([]byte, 31), func(r *row) { r.hash() }},
		"a timestamp in text":          {[]byte("2026-01-01"), func(r *row) { r.time() }},
		"an array that ends early":     {texts([]string{"abc"}, self)[:22], func(r *row) { r.array() }},
		"an array without a header":    {[]byte{0, 0}, func(r *row) { r.array() }},
		"an array of many dimensions":  {binary.BigEndian.AppendUint32(nil, 1<<31), func(r *row) { r.array() }},
		"an array with a long element": {append(texts([]string{}, self), 0x7F, 0xFF, 0xFF, 0xFF, 1), func(r *row) { r.array() }},
		"a leg without its rest":       {int8s([]int64{1, 2, 3}, self), func(r *row) { r.values = append(make([][]byte, 6), r.values...); r.hold() }},
	} {
		t.Run(name, func(t *testing.T) {
			r := row{values: [][]byte{c.value}}
			c.read(&r)
			require.ErrorIs(t, r.err, errMalformed)
		})
	}
	t.Run("a column too few", func(t *testing.T) {
		var r row
		assert.Zero(t, r.int8())
		require.ErrorIs(t, r.err, errMalformed)
	})
}

func FuzzRow(f *testing.F) {
	f.Add(texts([]string{"a", "", "b"}, self))
	f.Add(int8s([]int64{1, 2, 3, 4}, self))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, value []byte) {
		for _, read := range []func(*row){
			func(r *row) { r.array() }, func(r *row) { r.texts() }, func(r *row) { r.int8() }, func(r *row) { r.time() },
			func(r *row) { r.values = [][]byte{nil, nil, nil, nil, nil, nil, value}; r.hold() },
		} {
			r := row{values: [][]byte{value}}
			read(&r) // does not panic, and does not allocate by what the value claims
		}
		r := row{values: [][]byte{value}}
		if list := r.texts(); r.err == nil && len(list) > 0 {
			again := row{values: [][]byte{texts(list, self)}}
			if diff := cmp.Diff(list, again.texts()); diff != "" {
				t.Errorf("encoding and decoding again (-first +again):\n%s", diff)
			}
		}
	})
}
