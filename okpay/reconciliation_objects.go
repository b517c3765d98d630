package okpay

import (
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

// movements are the two rows that statements can have of an object: one for the money that it
// is about, and one that takes it back. Documents keep what is settled of them.
type movements struct {
	There *settledBy `json:"there,omitempty"`
	Back  *settledBy `json:"back,omitempty"`
	Asked time.Time  `json:"asked,omitzero"` // when an exception was raised since no statement settles it
}

// settledBy is the row that settled a movement.
type settledBy struct {
	Settled time.Time   `json:"settled"`
	Entry   BankEntryID `json:"entry"`
	File    string      `json:"file"` // its SHA-256
	Row     int         `json:"row"`
	Other   string      `json:"other,omitempty"` // what the bank calls it
}

// open reports whether statements have yet to settle an object. moved says that its money has moved and has not been
// taken back; one that was taken back is open as long as one of the two is settled and the other is not.
func (m *movements) open(moved bool) bool {
	if moved {
		return m.There == nil
	}
	return (m.There == nil) != (m.Back == nil)
}

// labels find what is open and was not asked about.
func (m *movements) labels(provider string, moved bool) []string {
	if m.open(moved) && m.Asked.IsZero() {
		return []string{unsettled(provider)}
	}
	return nil
}

func unsettled(provider string) string { return "unsettled:" + provider }

// outside is an object whose money moves outside of the wallet, as rows of statements find it.
type outside interface {
	document
	// provider is who moves it, way where the money goes that it is about.
	provider() string
	way() rails.Direction
	// clearing is where what the provider owes, or is owed, stands.
	clearing() string
	movements() *movements
	// expects is the amount of one of the movements; ok is false when any is taken.
	expects(w *Wallet, back bool) (a money.Amount, ok bool, err error)
	// hear takes a row to the object as the provider's answer, unless it says nothing new, and
	// writes the object. A row that is no answer to it is refused with the kind of an exception,
	// and nothing is written.
	hear(d *ledger.Draft, w *Wallet, back bool, r statementRow) (refused string, v verdict, err error)
	// lastMoved is when its money moved last, and whether it is still where it went.
	lastMoved() (at time.Time, moved bool)
}

// outsiders are the kinds of records of objects whose money moves outside, by the prefix of
// their ids.
var outsiders = [...]struct{ noun, prefix string }{
	{"withdrawal", "wd_"}, {"payout", "po_"}, {"topup", "top_"}, {"refund", "ref_"}, {"payment", "pay_"},
}

// find returns the object that a reference names; nil when there is none.
func (w *Wallet) find(d *ledger.Draft, reference string) (outside, error) {
	for _, o := range outsiders {
		if strings.HasPrefix(reference, o.prefix) {
			id := reference
			if n := strings.LastIndexByte(reference, '-'); o.noun == "payment" && n > 0 {
				id = reference[:n] // of the payment that the collection is for
			}
			x, err := w.outside(d, o.noun, id, func(c *collection) bool { return c.ID == reference })
			if CodeOf(err) == NotFound {
				return nil, nil
			}
			return x, err
		}
	}
	return nil, nil
}

// outside reads an object; of a payment, the first collection that is the one. Errors: NotFound.
func (w *Wallet) outside(d *ledger.Draft, noun, id string, is func(*collection) bool) (outside, error) {
	switch noun {
	case "topup":
		t := &topUpDoc{}
		return t, draftGet(d, noun, id, t)
	case "refund":
		r := &refundDoc{}
		return r, draftGet(d, noun, id, r)
	case "payment":
		p := &paymentDoc{}
		if err := draftGet(d, noun, id, p); err != nil {
			return nil, err
		}
		for i := range p.Collections {
			if is(&p.Collections[i]) {
				return collected{p, p.Collections[i].ID}, nil
			}
		}
		return nil, notFound("collection", id)
	}
	doc := &outgoingDoc{}
	return doc, draftGet(d, noun, id, doc)
}

// Withdrawals and payouts.

func (d *outgoingDoc) provider() string { return d.Provider }

func (d *outgoingDoc) way() rails.Direction { return rails.Out }

func (d *outgoingDoc) clearing() string { return clearingAccount(d.Provider) }

func (d *outgoingDoc) movements() *movements { return &d.Settled }

func (d *outgoingDoc) expects(w *Wallet, _ bool) (money.Amount, bool, error) {
	a, err := w.restore(d.Minor.Amount, d.Currency)
	return a, true, err
}

func (d *outgoingDoc) lastMoved() (time.Time, bool) {
	at := d.UpdatedAt
	if n := len(d.History); n > 0 {
		at = d.History[n-1].At
	}
	return at, d.State == WithdrawalPaid || d.State == WithdrawalPaidAfterFailed
}

func (d *outgoingDoc) hear(draft *ledger.Draft, w *Wallet, back bool, r statementRow) (string, verdict, error) {
	e := w.Withdrawals.outgoings
	if d.noun() == w.Payouts.noun {
		e = w.Payouts.outgoings
	}
	status, known := rails.PayoutPaid, d.State == WithdrawalPaid || d.State == WithdrawalSentBack || d.State == WithdrawalPaidAfterFailed
	if back {
		status, known = rails.PayoutReturned, d.State == WithdrawalSentBack
	}
	var (
		moves   []Told
		trouble string
	)
	if !known {
		switch d.State {
		case WithdrawalUnderReview, WithdrawalApproved, WithdrawalTurnedDown, WithdrawalCanceled:
			return troubleNotSubmitted, "", nil
		}
		said := ProviderEvent{Provider: d.Provider, EventID: r.event(), Key: d.ID, Status: status, Amount: r.Amount}
		if _, _, err := e.heard(draft, said, payoutEventDoc{Key: d.ID, Status: status.String(), Amount: r.Amount.String()}); err != nil {
			return "", "", err
		}
		got := rails.PayoutResult{Status: status, Amount: r.Amount}
		if d.ProviderReference == "" {
			got.Reference = plain(r.Other)
		}
		var err error
		if moves, trouble, err = e.hear(draft, d, got); err != nil {
			return "", "", err
		}
	}
	return "", rowMatched, e.writeHeard(draft, d, moves, trouble, d.Provider, status.String(), r.Amount)
}

// Top-ups.

func (t *topUpDoc) provider() string { return t.Source }

func (t *topUpDoc) way() rails.Direction { return rails.In }

func (t *topUpDoc) clearing() string { return clearingAccount(t.Source) }

func (t *topUpDoc) movements() *movements { return &t.Settled }

func (t *topUpDoc) expects(w *Wallet, back bool) (money.Amount, bool, error) {
	if t.Came != nil {
		a, err := t.Came.amount(w)
		return a, true, err
	}
	// A top-up takes any amount that comes: what is not as it was asked for waits in
	// suspense, and raises its own exception.
	a, err := w.restore(t.Minor, t.Currency)
	return a, back, err
}

func (t *topUpDoc) lastMoved() (time.Time, bool) {
	return t.UpdatedAt, t.State == TopUpSucceeded || t.State == TopUpNeedsReview
}

func (t *topUpDoc) hear(d *ledger.Draft, w *Wallet, back bool, r statementRow) (string, verdict, error) {
	s, v := w.TopUps, rowMatched
	on, status, known := topUpSucceeded, rails.CollectionSucceeded, t.Came != nil
	if back {
		on, status, known = topUpReversed, rails.CollectionReversed, t.SentBack || t.State == TopUpReversed
	} else if r.Amount.Minor() != t.Minor || r.Amount.Currency().Code() != t.Currency {
		v = rowMismatch
	}
	if known {
		return "", rowMatched, s.write(d, t)
	}
	s.putHeard(d, t.Source+"/"+r.event(), sourceHeard{
		TopUp: t.ID, Status: status, Amount: came{r.Amount.Minor(), r.Amount.Currency().Code()}, HeardAt: d.Now(),
	})
	changed, err := s.take(d, t, on, r.Amount)
	if err == nil && !changed {
		err = s.write(d, t)
	}
	return "", v, err
}
