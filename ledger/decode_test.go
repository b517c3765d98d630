package ledger

import (
	"bytes"
	"runtime"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bodyOf is a body of one Change whose effects are these bytes, so many times.
func bodyOf(times int, effects ...byte) []byte {
	b := []byte{FormatVersion, 0, 1, 1, 'a', 0}
	return appendBytes(appendBytes(b, []byte{0}), bytes.Repeat(effects, times))
}

// allocated is how many bytes a call allocates.
func allocated(call func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestWhatThingsOfABodyWeighIsNotLessThanTheyTake(t *testing.T) {
	assert.GreaterOrEqual(t, effectWeight, int(unsafe.Sizeof(effect{})))
	assert.GreaterOrEqual(t, changeWeight, int(unsafe.Sizeof(changeEffect{})))
	assert.GreaterOrEqual(t, legWeight, int(unsafe.Sizeof(legEffect{})))
	assert.GreaterOrEqual(t, limitWeight, int(unsafe.Sizeof(int64(0))))
}

// Somebody else's file may hold any bytes whose checksums are right.
func TestAHostileBodyCostsABoundedAmountOfMemory(t *testing.T) {
	expiries := func(n int) []byte {
		return append(append(appendUint([]byte{FormatVersion}, uint64(n)), bytes.Repeat([]byte{0, 0}, n)...), 0)
	}
	changes := func(n int) []byte {
		return append(appendUint([]byte{FormatVersion, 0}, uint64(n)), bytes.Repeat([]byte{0, 0, 0, 0}, n)...)
	}
	const kinds = 50_000 // few enough to be decoded
	for _, row := range []struct {
		name   string
		body   []byte
		cost   int // at most, but for what is small
		decode bool
	}{
		{"as many of the smallest expiries as a block may have", expiries(kinds), kinds * effectWeight, true},
		{"of the smallest Changes", changes(kinds), kinds * changeWeight, true},
		{"of the smallest effects", bodyOf(kinds, byte(effectVoid), 0, 0), kinds * effectWeight, true},
		{"of accounts with limits", bodyOf(kinds, byte(effectAlter), 0, 0, 1, 0, 1, 0), kinds * (effectWeight + 2*limitWeight), true},
		{"of the smallest postings", bodyOf(1, append([]byte{byte(effectVoid), 0, 0xd0, 0x86, 0x03}, make([]byte, 3*kinds)...)...), kinds * legWeight, true},
		{"more expiries than a block may have", expiries(maxDecoded/effectWeight + 1), 0, false},
		{"more Changes", changes(maxDecoded/changeWeight + 1), 0, false},
		{"more effects", bodyOf(maxDecoded/effectWeight, byte(effectErase), 0, 0, 0), 0, false},
		{"more bytes", append([]byte{FormatVersion}, make([]byte, MaxBlockLen)...), 0, false},
		{"a number of postings that lies", bodyOf(1, append([]byte{byte(effectVoid), 0, 0x80, 0x80, 0x40}, bytes.Repeat([]byte{0xff}, 1<<20)...)...), 0, false},
		{"effects of which the last is malformed", append(bodyOf(1<<20, byte(effectVoid), 0, 0), 0), 0, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			var err error
			cost := allocated(func() { _, err = decodeBody(row.body) })
			if row.decode {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, errEncoding)
			}
			assert.LessOrEqual(t, cost, uint64(row.cost*11/10+64<<10))
		})
	}
}

func FuzzLookAtBody(f *testing.F) {
	f.Add(goldenBlock(f).Block.Body)
	f.Add(bodyOf(3, byte(effectVoid), 0, 0))
	f.Add(bodyOf(2, byte(effectAlter), 0, 0, 1, 0, 1, 0))
	f.Fuzz(func(t *testing.T, input []byte) {
		seen, err := lookAtBody(input)
		body, decoded := decodeBody(input)
		require.Equal(t, err == nil, decoded == nil, "%v, %v", err, decoded)
		if err != nil {
			return
		}
		var is decodedSize
		is.expiries, is.changes = len(body.expired), len(body.changes)
		for _, c := range body.changes {
			is.effects += len(c.effects)
		}
		for e := range body.all() {
			is.legs += len(e.postings) + len(e.released)
			for _, limit := range []*int64{e.min, e.max} {
				if limit != nil {
					is.limits++
				}
			}
		}
		require.Equal(t, is, seen, "what is looked at is what is decoded")
	})
}

// The length stands before the bytes: it is refused before anything is read.
func TestAFrameIsNoLongerThanItsKindAllows(t *testing.T) {
	for kind := frameHeader; kind <= frameEnd+1; kind++ {
		most := kind.most()
		prefix := []byte{byte(kind), byte((most + 1) >> 24), byte((most + 1) >> 16), byte((most + 1) >> 8), byte(most + 1)}
		r := bytes.NewReader(append(prefix, make([]byte, 1<<20)...))
		_, _, err := resumeFrames(r, 0).next()
		var damaged *DamagedError
		require.ErrorAs(t, err, &damaged)
		assert.Contains(t, damaged.Reason, "are allowed")
		assert.Equal(t, 1<<20, r.Len(), "nothing of it is read")
	}
	w, err := newFrameWriter(&bytes.Buffer{}, exportMagic)
	require.NoError(t, err)
	require.NoError(t, w.frame(framePlain, make([]byte, framePlain.most())))
	require.ErrorIs(t, w.frame(framePlain, make([]byte, framePlain.most()+1)), ErrTooLarge, "nobody could read it")
}

// Whatever a Change may hold can be exported and imported.
func TestTheLargestRecordFitsIntoAFrame(t *testing.T) {
	text := func(n int) string { return string(bytes.Repeat([]byte{'x'}, n)) }
	row := RecordRow{RecordKey: RecordKey{text(MaxTypeLen), text(MaxIDLen)}, Version: 1 << 62, Seq: 1 << 62, Content: make([]byte, MaxContentLen), Salt: make([]byte, saltLen)}
	for range MaxIndexed {
		row.Unique, row.Labels = append(row.Unique, text(MaxIDLen)), append(row.Labels, text(MaxIDLen))
	}
	assert.LessOrEqual(t, int64(len(appendPlain(nil, &row))), framePlain.most())
	assert.LessOrEqual(t, int64(len(appendContent(appendBytes([]byte{1}, row.Salt), &row))), frameRecord.most())
}
