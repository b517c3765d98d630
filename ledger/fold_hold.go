package ledger

import "bytes"

// place folds a hold that is new.
func (f *fold) place(e *effect) {
	h := &HoldState{ID: e.text, Status: HoldOpen, Seq: f.seq, Expires: e.at, Reference: e.reference}
	for _, l := range e.postings {
		f.pair(l)
		if a := f.account(l.debit); a != nil {
			a.pendingOut += l.amount
		}
		if a := f.account(l.credit); a != nil {
			a.pendingIn += l.amount
		}
	}
	switch {
	case !f.holds.covers(e.text):
	case f.holds.kept[e.text] != nil:
		f.impossible("hold %s is placed twice", clip(e.text))
	case f.adds():
		// What is kept must not keep the whole block.
		h.Metadata = bytes.Clone(e.metadata)
		h.Legs = make([]HoldLeg, 0, len(e.postings))
		for _, l := range e.postings {
			h.Legs = append(h.Legs, HoldLeg{Debit: l.debit, Credit: l.credit, Amount: l.amount, Rest: l.amount})
		}
		f.holds.keep(e.text, h)
	}
}

// open returns a hold that is kept and open, and notes what happens to one that is not
// open. ok is false for one that is not looked at.
func (f *fold) open(id, verb string) (h *HoldState, ok bool) {
	if !f.holds.covers(id) {
		return nil, false
	}
	h = f.holds.kept[id]
	if h == nil && !f.adds() {
		return nil, false // it may have been placed after the seal
	}
	if h == nil || h.Status != HoldOpen {
		f.impossible("hold %s %s", clip(id), verb)
		return nil, false
	}
	return h, true
}

func (f *fold) capture(change string, e *effect) {
	f.transaction(change, e.text, e)
	f.unreserve(e.released)
	if !e.final {
		// What is posted is what the hold gives, account by account.
		drawn := make(map[int64]int64)
		for _, l := range e.postings {
			drawn[l.debit] += l.amount
		}
		for _, l := range e.released {
			drawn[l.debit] -= l.amount
		}
		for no, left := range drawn {
			if left != 0 {
				f.impossible("hold %s gives %d more or less than is captured from account %d", clip(e.text), left, no)
			}
		}
	}
	h, ok := f.open(e.text, "is captured")
	switch {
	case !ok:
	case e.final:
		f.end(h, HoldIsCaptured, e.released)
	default:
		f.release(h, e.released)
	}
}

// unreserve takes what an effect releases from the accounts.
func (f *fold) unreserve(released []legEffect) {
	for _, l := range released {
		f.pair(l)
		if a := f.account(l.debit); a != nil {
			a.pendingOut -= l.amount
		}
		if a := f.account(l.credit); a != nil {
			a.pendingIn -= l.amount
		}
	}
}

// release takes what an effect says from a hold's legs, first leg first.
func (f *fold) release(h *HoldState, released []legEffect) {
	for _, l := range released {
		rest := l.amount
		for i := range h.Legs {
			if leg := &h.Legs[i]; leg.Debit == l.debit && leg.Credit == l.credit {
				part := min(rest, leg.Rest)
				rest -= part
				leg.Rest -= part
			}
		}
		if rest != 0 {
			f.impossible("hold %s releases more than it reserves", clip(h.ID))
		}
	}
}

// end releases what a hold still reserves, which is all that the effect says.
func (f *fold) end(h *HoldState, status HoldStatus, released []legEffect) {
	f.release(h, released)
	for i := range h.Legs {
		if h.Legs[i].Rest != 0 {
			f.impossible("hold %s ends with something reserved", clip(h.ID))
			break
		}
	}
	h.Status = status
}
