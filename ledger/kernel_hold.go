package ledger

import "slices"

func (k *kernel) hold(p *preparedOp) error {
	if k.work.holds[p.hold] != nil {
		return refuse(Refusal{Reason: HoldExists, Hold: p.hold})
	}
	if !p.at.IsZero() && !p.at.After(k.now) {
		return refuse(Refusal{Reason: HoldExpired, Hold: p.hold})
	}
	legs, err := k.resolve(p)
	if err != nil {
		return err
	}
	h := &workHold{dirty: true}
	h.ID, h.Status, h.Seq, h.Expires = p.hold, HoldOpen, k.head.Seq+1, p.at
	h.Reference, h.Metadata = p.reference, p.metadata
	k.effects = append(k.effects, byte(effectHold))
	k.effects = appendText(k.effects, p.hold)
	k.effects = appendTime(k.effects, p.at)
	k.effects = appendText(k.effects, p.reference)
	k.effects = appendBytes(k.effects, p.metadata)
	k.effects = appendUint(k.effects, uint64(len(legs)))
	for i, leg := range legs {
		k.touch(leg.debit)
		k.touch(leg.credit)
		amount := moved(&p.postings[i], leg)
		var ok1, ok2 bool
		leg.debit.PendingOut, ok1 = add(leg.debit.PendingOut, amount)
		leg.credit.PendingIn, ok2 = add(leg.credit.PendingIn, amount)
		if !ok1 || !ok2 {
			return overflow(leg.debit, leg.credit, !ok1)
		}
		leg.debit.expiresBy(p.at)
		leg.credit.expiresBy(p.at)
		h.Legs = append(h.Legs, HoldLeg{Debit: leg.debit.No, Credit: leg.credit.No, Amount: amount, Rest: amount})
		k.effects = appendUint(k.effects, uint64(leg.debit.No))
		k.effects = appendUint(k.effects, uint64(leg.credit.No))
		k.effects = appendUint(k.effects, uint64(amount))
	}
	k.work.holds[p.hold] = h
	k.undo = append(k.undo, func() { delete(k.work.holds, h.ID) })
	return nil
}

// open returns a hold that may be captured or voided, saved for undo.
func (k *kernel) open(id string) (*workHold, error) {
	h := k.work.holds[id]
	if h == nil {
		return nil, refuse(Refusal{Reason: HoldUnknown, Hold: id})
	}
	switch h.Status {
	case HoldIsCaptured:
		return nil, refuse(Refusal{Reason: HoldCaptured, Hold: id})
	case HoldIsVoided:
		return nil, refuse(Refusal{Reason: HoldVoided, Hold: id})
	case HoldIsExpired:
		return nil, refuse(Refusal{Reason: HoldExpired, Hold: id})
	}
	was := *h
	was.Legs = slices.Clone(h.Legs)
	k.undo = append(k.undo, func() { *h = was })
	h.dirty = true
	return h, nil
}

func (k *kernel) capture(p *preparedOp) error {
	h, err := k.open(p.hold)
	if err != nil {
		return err
	}
	legs := k.legs[:0]
	var amounts []int64
	ends := p.final
	if len(p.postings) == 0 {
		ends = true
		for i := range h.Legs {
			l := &h.Legs[i]
			if l.Rest == 0 && l.Amount != 0 {
				continue
			}
			debit, credit := k.work.number(l.Debit), k.work.number(l.Credit)
			if err := allows(debit, credit); err != nil {
				return err
			}
			legs = append(legs, leg{debit, credit})
			amounts = append(amounts, l.Rest)
			k.consume(l, l.Rest)
		}
		k.legs = legs
	} else {
		if legs, err = k.resolve(p); err != nil {
			return err
		}
		for i := range legs {
			amount := p.postings[i].Amount.Minor()
			amounts = append(amounts, amount)
			if err := k.draw(h, legs[i].debit, amount); err != nil {
				return err
			}
		}
	}
	if h.rest() == 0 {
		ends = true
	}
	k.effects = append(k.effects, byte(effectCapture))
	k.effects = appendText(k.effects, h.ID)
	if ends {
		k.effects = append(k.effects, 1)
	} else {
		k.effects = append(k.effects, 0)
	}
	if err := k.postAll(p, legs, amounts); err != nil {
		return err
	}
	if ends {
		k.release(h)
		h.Status = HoldIsCaptured
	}
	k.effects = appendLegs(k.effects, k.released)
	return nil
}

// draw takes an amount from what the hold reserves on a debit account, leg by leg.
func (k *kernel) draw(h *workHold, debit *workAccount, amount int64) error {
	found := false
	for i := range h.Legs {
		l := &h.Legs[i]
		if l.Debit != debit.No {
			continue
		}
		found = true
		part := min(amount, l.Rest)
		k.consume(l, part)
		amount -= part
	}
	if amount > 0 || !found {
		return refuse(Refusal{Reason: HoldExceeded, Hold: h.ID, Account: debit.Key, Short: amount})
	}
	return nil
}

// consume takes an amount out of one leg's reserve.
func (k *kernel) consume(l *HoldLeg, amount int64) {
	if amount == 0 {
		return
	}
	debit, credit := k.work.number(l.Debit), k.work.number(l.Credit)
	k.touch(debit)
	k.touch(credit)
	k.released = append(k.released, legEffect{l.Debit, l.Credit, amount})
	l.Rest -= amount
	debit.PendingOut -= amount
	credit.PendingIn -= amount
	debit.settleExpiry()
	credit.settleExpiry()
}

// release gives back whatever the hold still reserves.
func (k *kernel) release(h *workHold) {
	for i := range h.Legs {
		k.consume(&h.Legs[i], h.Legs[i].Rest)
	}
}

func (k *kernel) void(id string) error {
	h, err := k.open(id)
	if err != nil {
		return err
	}
	k.release(h)
	h.Status = HoldIsVoided
	k.effects = appendText(append(k.effects, byte(effectVoid)), id)
	k.effects = appendLegs(k.effects, k.released)
	return nil
}

// expire journals that a hold has expired.
func (k *kernel) expire(h *workHold) {
	k.touched, k.released = k.touched[:0], k.released[:0]
	k.release(h)
	h.Status = HoldIsExpired
	h.dirty = true
	k.expired = appendLegs(appendText(k.expired, h.ID), k.released)
	k.expiries++
}
