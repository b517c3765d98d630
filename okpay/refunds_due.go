package okpay

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// Refunds that wait for a merchant's funds are paid when this process credits the merchant,
// and are looked at now and then for the sake of all others.
const (
	lookAfter  = time.Minute
	lookAtMost = 5 * time.Minute
)

// waitingRefunds is which merchants this process knows to have refunds waiting, and which of them were
// credited since.
type waitingRefunds struct {
	mu       sync.Mutex
	known    map[[2]string]bool // merchant and currency
	credited map[[2]string]bool
}

func (w *waitingRefunds) add(merchant MerchantID, currency string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known == nil {
		w.known, w.credited = map[[2]string]bool{}, map[[2]string]bool{}
	}
	w.known[[2]string{string(merchant), currency}] = true
}

// take empties the set of merchants that were credited.
func (w *waitingRefunds) take() [][2]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out [][2]string
	for of := range w.credited {
		out = append(out, of)
	}
	clear(w.credited)
	return out
}

// creditedOf says that the merchants of a payment got money.
func (s *Payments) creditedOf(p *paymentDoc) {
	for _, m := range p.partiesOf() {
		s.credited(m, p.Currency)
	}
}

// credited says that a merchant got money: whoever waits for it is to be paid.
func (s *Payments) credited(merchant MerchantID, currency string) {
	of := [2]string{string(merchant), currency}
	s.waiting.mu.Lock()
	known := s.waiting.known[of]
	if known {
		s.waiting.credited[of] = true
	}
	s.waiting.mu.Unlock()
	if known {
		s.w.nudge()
	}
}

// payCredited pays refunds of merchants that were credited.
func (s *Payments) payCredited(ctx context.Context) (done int, err error) {
	for _, of := range s.waiting.take() {
		n, failed := s.payWaiting(ctx, MerchantID(of[0]), of[1])
		done, err = done+n, errors.Join(err, failed)
	}
	return done, err
}

// payWaiting pays the refunds that wait for a merchant's funds in one currency, the oldest
// first, until the funds do not suffice for the next.
func (s *Payments) payWaiting(ctx context.Context, merchant MerchantID, currency string) (done int, err error) {
	records, err := s.w.ledger.Records(ctx, ledger.RecordQuery{Type: "refund", Label: waitingLabel(merchant, currency)})
	if err != nil {
		return 0, err
	}
	type queued struct {
		refundDoc
		seq int64
	}
	queue := make([]queued, len(records))
	for i, r := range records {
		queue[i].seq = r.Seq
		if err := decodeRecord("refund", r.ID, r, nil, &queue[i].refundDoc); err != nil {
			return 0, err
		}
	}
	slices.SortFunc(queue, func(a, b queued) int { return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.seq, b.seq)) })
	for i := range queue {
		enough, err := s.payNext(ctx, queue[i].ID, merchant)
		switch {
		case errors.Is(err, ErrNothingDue): // paid by somebody else, a dispute is open, or another merchant has too little
			continue
		case err != nil || !enough:
			return done, err
		}
		done++
	}
	return done, nil
}

// payNext pays a refund that waits, unless the merchant still has too little. It is errNothingDue
// when only others have, of whom it is to be taken too.
func (s *Payments) payNext(ctx context.Context, id RefundID, merchant MerchantID) (enough bool, err error) {
	lacks := false
	_, err = s.w.do(ctx, verb{principal: "program", operation: "refund.pay"}, func(d *ledger.Draft) error {
		lacks = false // again after a conflict
		r, p, err := s.loadRefund(d, id)
		if err != nil {
			return err
		}
		if r.State != RefundPendingFunds || r.timedOut(d.Now()) || p.Disputed != "" {
			return ErrNothingDue
		}
		if err := s.w.arriving(d, r.Customer); CodeOf(err) == AccountClosed {
			return ErrNothingDue // until the refund's time is over
		} else if err != nil {
			return err
		}
		// Asked first, because each refusal by the kernel would leave a trace.
		after, taken := *p, *r
		gets, fees, err := s.refundChange(&after, &taken)
		if err != nil {
			return err
		}
		othersLack := false
		for i, m := range p.partiesOf() {
			has, err := s.w.available(d, merchantAccount(m), r.Currency)
			if err != nil {
				return err
			}
			switch short := has.Minor() < fees[i]-gets[i]; {
			case short && m == merchant:
				lacks = true
			case short:
				othersLack = true
			}
		}
		if lacks || othersLack {
			return ErrNothingDue
		}
		return s.payRefund(d, p, r, merchantCredited)
	})
	if lacks || errors.Is(err, ledger.ErrInsufficientFunds) {
		return false, nil
	}
	if err == nil {
		_, err = s.askRefund(ctx, id)
	}
	return true, err
}

// refundDue does what is due with a refund.
func (s *Payments) refundDue(ctx context.Context, id RefundID) error {
	r := &refundDoc{}
	if err := s.w.get(ctx, "refund", string(id), r); err != nil {
		return err
	}
	now := s.w.Now()
	switch {
	case r.timedOut(now):
		return s.endWaiting(ctx, id)
	case r.State == RefundPendingFunds && !now.Before(r.LookAt):
		for _, m := range r.payers() {
			s.waiting.add(m, r.Currency)
			if _, err := s.payWaiting(ctx, m, r.Currency); err != nil {
				return err
			}
		}
		return s.lookLater(ctx, id)
	case r.State == RefundPendingProvider && !now.Before(r.LookAt):
		after, err := s.askRefund(ctx, id)
		if err != nil || after.State != RefundPendingProvider {
			return err
		}
		return s.lookLater(ctx, id)
	}
	return ErrNothingDue
}

// endWaiting records that a refund has waited too long.
func (s *Payments) endWaiting(ctx context.Context, id RefundID) error {
	_, err := s.w.do(ctx, verb{principal: "program", operation: "refund.timeout"}, func(d *ledger.Draft) error {
		r, p, err := s.loadRefund(d, id)
		if err != nil {
			return err
		}
		if !r.timedOut(d.Now()) {
			return ErrNothingDue
		}
		return s.dropRefund(d, p, r, refundTimeout)
	})
	return err
}

// lookLater puts off the next look at a refund that still waits, the longer the older it is.
func (s *Payments) lookLater(ctx context.Context, id RefundID) error {
	_, err := s.w.do(ctx, verb{principal: "program", operation: "refund.wait"}, func(d *ledger.Draft) error {
		r := &refundDoc{}
		if err := draftGet(d, "refund", string(id), r); err != nil {
			return err
		}
		if d.Now().Before(r.LookAt) || r.State != RefundPendingFunds && r.State != RefundPendingProvider {
			return ErrNothingDue
		}
		r.LookAt = d.Now().Add(min(max(lookAfter, d.Now().Sub(r.CreatedAt)/4), lookAtMost))
		return s.w.write(&d.Change, d.Now(), r)
	})
	return nothingDue(err)
}
