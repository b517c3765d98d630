package okpay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// Closing takes two commits. The first marks the account: what reads the gate (or the
// merchant) from then on is told to come back in a moment, and what read it before fails to
// commit and reads again. So whatever was begun before the mark is there to be seen, and
// nothing is begun after it. The second looks for what is in the way and closes, or takes the
// mark away. Money that comes without asking the gate, such as a refund, is caught by the
// ledger: the second commit requires every balance to be empty.

// closingTakes is how long a mark lasts if the second commit never comes.
const closingTakes = time.Minute

// errNotMarked reports an account that has to be marked first.
var errNotMarked = errors.New("okpay: the account is not marked yet")

// busyClosing refuses what would begin in the moment of closing.
func busyClosing(at *time.Time, id string) error {
	if at == nil {
		return nil
	}
	e := NewError(ServiceBusy, "the account is being closed")
	e.Object = id
	return e
}

// Close ends a customer's account for good. The balance is taken out first: Close is refused
// while there is any balance, hold, debt, or anything unfinished (Detail says what is in the
// way). Contacts are free for others afterwards; Erase removes what is personal.
//
// Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, NotFound,
// InvalidState when it is locked, closed already, or something is in the way.
func (s *Customers) Close(ctx context.Context, in MoveGate) (Gate, error) {
	if err := in.check(); err != nil {
		return Gate{}, err
	}
	id := string(in.Customer)
	v := in.verb(closeAccount)
	out, err := s.w.closing(ctx, v, func(d *ledger.Draft) error {
		g, err := s.w.gate(d, in.Customer)
		if err != nil {
			return err
		}
		if !GateMachine().Allows(g.State, closeAccount) {
			return GateMachine().Refuse(g.State, id, closeAccount)
		}
		kept, open := *g, *g
		open.ClosingAt = nil
		return s.w.closeIfEmpty(d, closeable{
			id: id, marked: g.ClosingAt != nil, unmarked: &open, party: partyCustomer(in.Customer),
			accounts: []string{customerAccount(in.Customer), customerDebt(in.Customer)},
			labels: []ledger.RecordQuery{
				{Type: "topup", Label: "c:" + id + ":pending"}, {Type: "topup", Label: "c:" + id + ":needs_review"},
			},
			close: func() error {
				m, err := GateMachine().Move(&kept.State, id, closeAccount, Always)
				if err != nil {
					return err
				}
				kept.By, kept.Reason, kept.UpdatedAt, kept.ClosingAt = in.By, in.Reason, d.Now(), nil
				return s.w.write(&d.Change, d.Now(), &kept, m)
			},
		})
	}, func(d *ledger.Draft) error {
		g, err := s.w.gate(d, in.Customer)
		if err != nil {
			return err
		}
		now := d.Now()
		g.ClosingAt = &now
		return s.w.write(&d.Change, now, g)
	})
	if err != nil {
		return Gate{}, closedBy(err)
	}
	g, err := s.Gate(ctx, in.Customer)
	g.Replayed = out.Replayed
	return g, err
}

// CloseMerchant is the input of Merchants.Close.
type CloseMerchant struct {
	Merchant MerchantID
	By       string // who does it, at most 64 letters, digits, '_' and '-'
	Key      string // makes the call safe to repeat
}

// Close ends a merchant's account for good. It is refused while there is any balance, hold,
// debt, open payment, or anything else unfinished (Detail says what is in the way). API keys
// go on reading. Contacts are free for others afterwards.
//
// Errors, the first that applies: InvalidRequest, IdempotencyKeyReused, NotFound,
// InvalidState when it is closed already, or something is in the way.
func (s *Merchants) Close(ctx context.Context, in CloseMerchant) (Merchant, error) {
	if in.By != "" {
		if err := CheckID("by", in.By); err != nil {
			return Merchant{}, err
		}
	}
	id := string(in.Merchant)
	v := verb{"program", "merchant.close", in.Key, []ledger.Field{{Name: "merchant", Value: id}, {Name: "by", Value: in.By}}}
	out, err := s.w.closing(ctx, v, func(d *ledger.Draft) error {
		m := &Merchant{}
		if err := draftGet(d, "merchant", id, m); err != nil {
			return err
		}
		if !merchantMachine().Allows(m.State, closeAccount) {
			return merchantMachine().Refuse(m.State, id, closeAccount)
		}
		kept, open := *m, *m
		open.ClosingAt = nil
		return s.w.closeIfEmpty(d, closeable{
			id: id, marked: m.ClosingAt != nil, unmarked: &open, party: partyMerchant(in.Merchant),
			accounts: []string{merchantAccount(in.Merchant), merchantDebt(in.Merchant)},
			labels:   paymentsInTheWay(in.Merchant),
			close: func() error {
				moved, err := merchantMachine().Move(&kept.State, id, closeAccount, Always)
				if err != nil {
					return err
				}
				kept.ClosingAt = nil
				return s.w.write(&d.Change, d.Now(), &kept, moved)
			},
		})
	}, func(d *ledger.Draft) error {
		m, err := s.w.openMerchant(d, in.Merchant)
		if err != nil {
			return err
		}
		now := d.Now()
		m.ClosingAt = &now
		return s.w.write(&d.Change, now, m)
	})
	if err != nil {
		return Merchant{}, closedBy(err)
	}
	return s.after(ctx, in.Merchant, out)
}

// closing runs the two commits of a Close.
func (w *Wallet) closing(ctx context.Context, v verb, finish, mark func(*ledger.Draft) error) (ledger.Outcome, error) {
	for try := 0; ; try++ {
		out, err := w.do(ctx, v, finish)
		if try == 3 || !errors.Is(err, errNotMarked) {
			return out, err
		}
		_, err = w.do(ctx, verb{principal: "program", operation: "closing.mark"}, mark)
		if err != nil && CodeOf(err) != ServiceBusy { // somebody else has marked it
			return ledger.Outcome{}, err
		}
	}
}

// closeable is what closeIfEmpty closes.
type closeable struct {
	id       string
	marked   bool
	unmarked document // as it is without its mark
	party    string
	accounts []string             // all to be empty
	labels   []ledger.RecordQuery // of further objects that would be in the way
	close    func() error
}

// closeIfEmpty decides a Close: refused with what is in the way, or done.
func (w *Wallet) closeIfEmpty(d *ledger.Draft, c closeable) error {
	way, required, err := w.inTheWay(d.Context(), c)
	switch {
	case err != nil:
		return err
	case way != "" && !c.marked:
		e := NewError(InvalidState, "%s", way)
		e.Object = c.id
		return e
	case !c.marked:
		return errNotMarked
	}
	d.Result = c.id
	if way != "" {
		d.Refuse(ledger.Refusal{Reason: ledger.Reason(InvalidState), Detail: way})
		return w.write(&d.Change, d.Now(), c.unmarked)
	}
	if err := w.write(d.Otherwise(ledger.ConditionFailed), d.Now(), c.unmarked); err != nil {
		return err
	}
	d.Ops = append(d.Ops, required...)
	if err := w.freeContacts(d, c.party); err != nil {
		return err
	}
	return c.close()
}

// openLabel is the label of what is unfinished and of concern to a party: whatever may still
// move their money. It keeps them from closing the account.
func openLabel(party string) string { return "open:" + party }

// openNouns are the kinds of objects that use openLabel.
var openNouns = [...]string{"transfer", "payment", "refund", "topup", "withdrawal", "payout", "conversion", "dispute", "payment_share"}

// inTheWay returns the first thing that keeps an account from being closed, in words, and
// what the ledger is to require of its balances.
func (w *Wallet) inTheWay(ctx context.Context, c closeable) (way string, required []ledger.Op, err error) {
	zero := int64(0)
	for i, account := range c.accounts {
		balances, err := w.accountBalances(ctx, account)
		if err != nil {
			return "", nil, err
		}
		for _, b := range balances {
			currency, err := w.Currency(b.Account.Currency)
			if err != nil {
				return "", nil, err
			}
			required = append(required, ledger.Require{Account: account, Currency: currency, AtMost: &zero})
			switch {
			case way != "":
			case i > 0 && !b.Posted.IsZero():
				way = fmt.Sprintf("a debt of %s", b.Posted)
			case !b.PendingOut.IsZero():
				way = fmt.Sprintf("%s is held", b.PendingOut)
			case !b.Posted.IsZero():
				way = fmt.Sprintf("there is a balance of %s", b.Posted)
			case !b.PendingIn.IsZero():
				way = fmt.Sprintf("%s is held for the account", b.PendingIn)
			}
		}
	}
	queries := c.labels
	for _, noun := range openNouns {
		queries = append(queries, ledger.RecordQuery{Type: noun, Label: openLabel(c.party)})
	}
	for _, q := range queries {
		if way != "" {
			break
		}
		q.Limit = 1
		found, err := w.ledger.Records(ctx, q)
		if err != nil {
			return "", nil, err
		}
		for _, r := range found {
			noun, id := r.Type, r.ID
			if noun == "payment_share" {
				noun = "payment"
				id, _, _ = strings.Cut(id, ":")
			}
			way = "the " + noun + " " + id + " is not finished"
		}
	}
	return way, required, nil
}

// accountBalances returns an account in all its currencies.
func (w *Wallet) accountBalances(ctx context.Context, account string) (out []ledger.Balance, err error) {
	for after := int64(0); ; {
		page, more, err := w.ledger.Balances(ctx, account, after, 0)
		if err != nil {
			return nil, err
		}
		for _, b := range page {
			if b.Account.Name == account { // the prefix also matches longer names
				out = append(out, b)
			}
		}
		if more == 0 {
			return out, nil
		}
		after = more
	}
}

// paymentsInTheWay finds payments that can still be confirmed or captured.
func paymentsInTheWay(m MerchantID) (queries []ledger.RecordQuery) {
	for _, state := range paymentMachine().Drawn().States {
		if paymentMachine().Allows(PaymentState(state), expire) {
			queries = append(queries, ledger.RecordQuery{Type: "payment", Label: "m:" + string(m) + ":" + state})
		}
	}
	return queries
}

// freeContacts makes a party's contacts free for others. They stay in the profile, so that the
// last message still finds its way, until Erase.
func (w *Wallet) freeContacts(d *ledger.Draft, party string) error {
	p, err := w.profile(d, party)
	if err != nil || len(p.Contacts) == 0 {
		return err
	}
	for i := range p.Contacts {
		if p.Contacts[i].State == ContactVerified {
			w.disown(d, p.Contacts[i].Digest)
		}
	}
	p.Closed = true
	d.Put(p.record())
	return nil
}

// unmarkDue takes away the mark of a Close that never came to its second commit.
func (w *Wallet) unmarkDue(ctx context.Context, noun, id string) error {
	_, err := w.do(ctx, verb{principal: "program", operation: "closing.unmark"}, func(d *ledger.Draft) error {
		var (
			doc document
			at  **time.Time
		)
		switch noun {
		case "gate":
			g := &Gate{}
			doc, at = g, &g.ClosingAt
		default:
			m := &Merchant{}
			doc, at = m, &m.ClosingAt
		}
		if err := draftGet(d, noun, id, doc); err != nil {
			return err
		}
		if *at == nil || d.Now().Before((*at).Add(closingTakes)) {
			return ErrNothingDue
		}
		*at = nil
		return w.write(&d.Change, d.Now(), doc)
	})
	return err
}

// closedBy reads the refusal of a Close by the ledger.
func closedBy(err error) error {
	var refused *ledger.RefusedError
	if errors.As(err, &refused) && refused.Reason == ledger.ConditionFailed {
		e := NewError(InvalidState, "there is a balance or a debt in %s", refused.Account.Currency)
		e.Err = err
		return e
	}
	return translate(err)
}
