package okpay

import (
	"fmt"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// The kinds of exceptions about top-ups.
const (
	exceptionAmount       = "amount_mismatch"     // another amount came than was asked for
	exceptionHeldBack     = "topup_held_back"     // money came that must not be credited as it is
	exceptionAfterReturn  = "paid_after_return"   // money came again after a person had sent it back
	exceptionReversal     = "reversal_mismatch"   // another amount was taken back than came
	exceptionContradicted = "event_contradiction" // one event id with two contents
	exceptionUnknown      = "unknown_topup"       // money for a top-up that is not there
)

// take writes what an answer of the source means into the Draft: money, the top-up's next
// version, events, messages, an exception. amount is the zero Amount where the source told
// none. It reports whether there was anything to write.
func (s *TopUps) take(d *ledger.Draft, t *topUpDoc, on Action, amount money.Amount) (bool, error) {
	switch on {
	case topUpSucceeded:
		return s.arrived(d, t, amount)
	case topUpReversed:
		return s.takenBack(d, t, amount)
	}
	g := Always
	if on == expire {
		g = overdue
	}
	before := t.State
	m, err := t.move(on, g)
	if err != nil || t.State == before {
		return false, err
	}
	t.Failure = refusedFor(FundingSourceDeclined, d.Now())
	if on == expire {
		t.Failure = refusedFor(PaymentExpired, d.Now())
	}
	if err := s.unuse(d, t); err != nil {
		return false, err
	}
	if err := s.tell(d, t, m); err != nil {
		return false, err
	}
	return true, s.write(d, t)
}

// arrived credits money that came, or puts it into suspense.
func (s *TopUps) arrived(d *ledger.Draft, t *topUpDoc, got money.Amount) (bool, error) {
	ordered, err := s.w.restore(t.Minor, t.Currency)
	if err != nil {
		return false, err
	}
	gate, err := s.w.gate(d, t.Customer)
	if err != nil {
		return false, err
	}
	said := got
	if (got == money.Amount{}) {
		got = ordered
	}
	g := asOrdered
	switch {
	case t.SentBack:
		g = wasSentBack
	case t.Came != nil && (said == money.Amount{} || t.Came.is(got)):
		g = toldBefore
	case got != ordered:
		g = otherAmount
	case t.Came != nil:
		g = otherAmount // as it was asked for, and not as it had come
	case gate.State == GateClosed || t.Risk.Verdict == Review || t.Risk.Verdict == Block:
		g = heldBack
	}
	before := t.State
	m, err := t.move(topUpSucceeded, g)
	if err != nil {
		return false, err
	}
	if t.State == before {
		switch g {
		case otherAmount:
			return true, s.raise(d, t, exceptionAmount, got, "the source told of %s after another amount", got)
		case wasSentBack:
			return true, s.raise(d, t, exceptionAfterReturn, got, "the source told of %s after the money had been sent back", got)
		}
		return false, nil
	}
	t.Came, t.Failure = &came{got.Minor(), got.Currency().Code()}, nil
	if err := s.useAgain(d, t, ordered.Currency()); err != nil {
		return false, err
	}
	if t.State == TopUpSucceeded {
		s.credit(d, t, got, clearingAccount(t.Source))
	} else {
		s.post(d, t, "topup_suspense", ledger.Posting{Debit: clearingAccount(t.Source), Credit: suspenseAccount(t.Source), Amount: got})
	}
	if err := s.tell(d, t, m); err != nil {
		return false, err
	}
	switch g {
	case otherAmount:
		err = s.raise(d, t, exceptionAmount, got, "%s came where %s was asked for", got, ordered)
	case heldBack:
		err = s.raise(d, t, exceptionHeldBack, got, "%s came and must not be credited without a person's decision", got)
	}
	if err != nil {
		return false, err
	}
	if t.Parked != nil {
		// A reversal that was told first. What came is taken back in the same commit.
		parked, err := t.Parked.amount(s.w)
		if err != nil {
			return false, err
		}
		t.Parked = nil
		if changed, err := s.takenBack(d, t, parked); err != nil || changed {
			return changed, err
		}
	}
	return true, s.write(d, t)
}

// credit posts what came to the customer, less the fee.
func (s *TopUps) credit(d *ledger.Draft, t *topUpDoc, got money.Amount, from string) {
	t.FeeMinor = s.w.fees(nil, got.Currency().Code()).TopUp.on(got.Minor())
	var postings []ledger.Posting
	if rest := got.Minor() - t.FeeMinor; rest > 0 {
		postings = append(postings, ledger.Posting{Debit: from, Credit: customerAccount(t.Customer), Amount: money.New(rest, got.Currency())})
	}
	if t.FeeMinor > 0 {
		postings = append(postings, ledger.Posting{Debit: from, Credit: topUpFees, Amount: money.New(t.FeeMinor, got.Currency())})
	}
	s.post(d, t, "topup", postings...)
}

// takenBack returns money that the source took back: out of the balance as far as it goes,
// the rest is owed. Before the money has come, it is parked.
func (s *TopUps) takenBack(d *ledger.Draft, t *topUpDoc, taken money.Amount) (bool, error) {
	parked := came{taken.Minor(), taken.Currency().Code()}
	g := whatCame
	switch {
	case (t.Came == nil || t.SentBack) && t.Parked != nil && t.allOf(*t.Parked) != t.allOf(parked):
		g = notAsParked
	case t.Came == nil || t.SentBack:
		g = afterTheFact
	case taken != money.Amount{} && !t.Came.is(taken):
		g = notWhatCame
	case t.State == TopUpReversed:
		g = toldBefore
	}
	before := t.State
	m, err := t.move(topUpReversed, g)
	switch {
	case err != nil:
		return false, err
	case g == afterTheFact:
		if t.Parked != nil {
			return false, nil
		}
		t.Parked = &parked
		return true, s.write(d, t)
	case g == notAsParked:
		return true, s.raise(d, t, exceptionReversal, taken, "the source took back %s, after it had told of taking back another amount", taken)
	case g == notWhatCame:
		if err := s.raise(d, t, exceptionReversal, taken, "the source took back %s, which is not what came", taken); err != nil {
			return false, err
		}
		return true, s.write(d, t)
	case g == toldBefore:
		return false, nil
	}
	return true, s.reverse(d, t, m, before)
}

// reverse posts a reversal of all that came, out of where it is.
func (s *TopUps) reverse(d *ledger.Draft, t *topUpDoc, m Told, before TopUpState) error {
	got, err := t.Came.amount(s.w)
	if err != nil {
		return err
	}
	clearing := clearingAccount(t.Source)
	if before == TopUpNeedsReview {
		s.post(d, t, "topup_reversal", ledger.Posting{Debit: suspenseAccount(t.Source), Credit: clearing, Amount: got})
		if err := s.tell(d, t, m); err != nil {
			return err
		}
		return s.write(d, t)
	}
	gate, err := s.w.gate(d, t.Customer)
	if err != nil {
		return err
	}
	s.post(d, t, "topup_reversal", owed(gate, clearing, got)...)
	if err := s.tell(d, t, m); err != nil {
		return err
	}
	if err := s.w.restrict(d, gate); err != nil {
		return err
	}
	return s.write(d, t)
}

func (s *TopUps) post(d *ledger.Draft, t *topUpDoc, of string, postings ...ledger.Posting) {
	d.Post(ledger.Transaction{Reference: string(t.ID), Metadata: kind(of), Postings: postings})
}

func (s *TopUps) raise(d *ledger.Draft, t *topUpDoc, of string, amount money.Amount, format string, args ...any) error {
	return s.w.raise(&d.Change, d.Now(), of, t.Source, string(t.ID), fmt.Sprintf(format, args...), amount)
}

// unuse gives back what a top-up that came to nothing had reserved of limits.
func (s *TopUps) unuse(d *ledger.Draft, t *topUpDoc) error {
	amount, err := s.w.restore(t.Minor, t.Currency)
	if err == nil && !t.Unused {
		s.w.giveBack(&d.Change, t.Used, amount.Currency())
		t.Unused = true
	}
	return err
}

// useAgain counts money that came late as if it had never been given up. No limit refuses
// it: it is there.
func (s *TopUps) useAgain(d *ledger.Draft, t *topUpDoc, currency money.Currency) error {
	if !t.Unused {
		return nil
	}
	t.Unused = false
	var again ledger.Transaction
	for _, u := range t.Used {
		again.Postings = append(again.Postings, ledger.Posting{Debit: usagePool, Credit: u.Account, Amount: money.New(u.Minor, currency)})
	}
	if len(again.Postings) > 0 {
		d.Post(again)
	}
	return nil
}

// allOf is what a source meant that told of no amount, before any has come: what was asked
// for.
func (t *topUpDoc) allOf(c came) came {
	if c.Currency == "" {
		return came{t.Minor, t.Currency}
	}
	return c
}

func (c *came) is(a money.Amount) bool {
	return c.Minor == a.Minor() && c.Currency == a.Currency().Code()
}

func (c *came) amount(w *Wallet) (money.Amount, error) {
	if c.Currency == "" {
		return money.Amount{}, nil
	}
	return w.restore(c.Minor, c.Currency)
}
