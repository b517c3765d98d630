package ledger

// slabs are memory for what prepared Changes consist of, used again once all of them are
// answered.
type slabs struct {
	ops      []preparedOp
	postings []Posting
	legs     []leg
	tags     []byte
}

// take takes n items from a slab, which is made larger where it does not suffice: what was taken
// before keeps the room that it has. The items are zero.
func take[T any](slab *[]T, n int) []T {
	at := len(*slab)
	if cap(*slab)-at < n {
		*slab, at = make([]T, 0, max(n, 2*cap(*slab))), 0
	}
	*slab = (*slab)[:at+n]
	return (*slab)[at : at+n : at+n]
}

// reset gives back all that was taken.
func (r *slabs) reset() {
	clear(r.ops)
	clear(r.postings)
	clear(r.legs)
	clear(r.tags)
	r.ops, r.postings, r.legs, r.tags = r.ops[:0], r.postings[:0], r.legs[:0], r.tags[:0]
}

// slabKept is how many operations and postings a single Change may have for its slabs to be
// kept: what one large Change took would otherwise never be given back.
const slabKept = 64

func (r *slabs) large() bool {
	return max(cap(r.ops), cap(r.postings)) > slabKept || cap(r.tags) > 64*slabKept
}
