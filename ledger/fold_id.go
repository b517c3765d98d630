package ledger

import (
	"encoding/binary"
)

// foldIDs holds the ids of Changes against their rows, of which there may be too many to keep. Neither
// ever changes, so that sums will do: the digests of what the journal says of each id are
// added up in buckets, those of the rows are taken off, and where nothing is left they are
// the same. Only the ids of other buckets are looked at one by one, by a pass of their own.
type foldIDs struct {
	sums [idBuckets][2]uint64

	suspicious []bool // by bucket, once the sums are complete
	suspects   portion[string, [2]uint64]

	buf []byte
}

const idBuckets = 1 << 12

// more reports whether another pass is needed to name the ids that differ.
func (s *foldIDs) more() bool { return s.suspicious != nil && !s.suspects.done }

// id folds the id of a Change.
func (f *fold) id(c *changeEffect, seq int64, index int) {
	s := &f.ids
	if !f.adds() {
		return
	}
	if s.suspicious == nil {
		s.add(f.idBucket(c.id), f.idDigest(c.id, seq, index, c.tags, c.outcome))
		return
	}
	if !s.suspicious[f.idBucket(c.id)] || !s.suspects.covers(c.id) {
		return
	}
	if s.suspects.kept[c.id] != nil {
		f.impossible("id %s is used twice", clip(c.id))
		return
	}
	digest := f.idDigest(c.id, seq, index, c.tags, c.outcome)
	s.suspects.keep(c.id, &digest)
}

func (f *fold) idBucket(id string) int {
	f.ids.buf = append(f.ids.buf[:0], id...)
	return int(f.digest(f.ids.buf)[0] % idBuckets)
}

func (f *fold) idDigest(id string, seq int64, index int, tags, outcome []byte) [2]uint64 {
	b := appendText(f.ids.buf[:0], id)
	b = binary.BigEndian.AppendUint64(b, uint64(seq))
	b = binary.BigEndian.AppendUint64(b, uint64(index))
	b = appendBytes(b, tags)
	b = appendBytes(b, outcome)
	f.ids.buf = b
	return f.digest(b)
}

// add and subtract count with 128 bits.
func (s *foldIDs) add(bucket int, d [2]uint64) {
	sum := &s.sums[bucket]
	before := sum[0]
	sum[0] += d[0]
	sum[1] += d[1]
	if sum[0] < before {
		sum[1]++
	}
}

func (s *foldIDs) subtract(bucket int, d [2]uint64) {
	sum := &s.sums[bucket]
	if sum[0] < d[0] {
		sum[1]--
	}
	sum[0] -= d[0]
	sum[1] -= d[1]
}

// judge ends the adding: the buckets that are not zero are suspicious.
func (s *foldIDs) judge() {
	s.suspicious = make([]bool, idBuckets)
	clean := true
	for i := range s.sums {
		s.suspicious[i] = s.sums[i] != [2]uint64{}
		clean = clean && !s.suspicious[i]
	}
	s.suspects.done = clean
}
