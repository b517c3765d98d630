package okpay

import (
	"context"
	"errors"
	"math"
	"sort"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// outgoingRequest is what an owner asks for.
type outgoingRequest struct {
	owner
	amount      money.Amount
	destination DestinationID
	proof       string
	key         string
	reserve     int64 // what is to remain beyond OutgoingConfig.MinRemaining
}

// request holds the money and begins the review. The order of refusals is told at
// Withdrawals.Request.
func (e outgoings) request(ctx context.Context, in outgoingRequest) (*outgoingDoc, bool, error) {
	if err := e.w.amount("amount", in.amount); err != nil {
		return nil, false, err
	}
	v := verb{in.principal(), e.noun + ".request", in.key, []ledger.Field{
		{Name: "amount", Value: in.amount.String()}, {Name: "destination", Value: string(in.destination)},
	}}
	placing := e.placing(in)
	doc, replayed, err := e.run(ctx, v, "", func(d *ledger.Draft) error { return placing.place(ctx, d) })
	return doc, replayed, placing.refusal(err)
}

// placing is one call of request, however often a conflict makes it run again.
type placing struct {
	e  outgoings
	in outgoingRequest

	screening *screening
	fee       Fee
	at        time.Time
}

func (e outgoings) placing(in outgoingRequest) *placing {
	return &placing{e: e, in: in, screening: e.w.screening()}
}

// place writes a request into a Change.
func (p *placing) place(ctx context.Context, d *ledger.Draft) error {
	e, in := p.e, p.in
	p.at = d.Now()
	merchant, err := e.openOwner(d, in.owner)
	if err != nil {
		return err
	}
	if err := e.w.within(e.operation(), in.amount); err != nil {
		return err
	}
	dst, err := e.w.usable(d, in.owner, in.destination)
	if err != nil {
		return err
	}
	doc := &outgoingDoc{ID: e.w.newID(e.prefix()), Customer: in.customer, Merchant: in.merchant, Currency: in.amount.Currency().Code()}
	doc.Assessment, err = p.screening.screen(d, RiskCheck{
		Operation: e.operation(), Customer: in.customer, Merchant: in.merchant, To: string(in.destination), Amount: in.amount, At: p.at,
	}, in.proof, e.w.authority != nil && in.customer != "")
	switch {
	case err != nil:
		return err
	case doc.Assessment.Verdict == Block:
		return declined("")
	}
	p.fee = e.schedule(merchant, doc.Currency)
	doc.Outgoing = Outgoing{Destination: in.destination, Provider: dst.Provider, CreatedAt: p.at}
	doc.Minor.Amount, doc.Minor.Fee = in.amount.Minor(), p.fee.additional(in.amount.Minor())
	if saturated(doc.Minor.Amount, doc.Minor.Fee, p.remaining()) == math.MaxInt64 { // more than a balance can be
		available, err := e.w.availableOn(ctx, in.account(), in.amount.Currency())
		if err != nil {
			return err
		}
		return p.tooMuch(available)
	}
	fresh(d, e.noun, doc.ID)
	doc.Used = e.w.reserve(&d.Change, e.operation(), in.party(), in.amount, p.at)
	e.hold(d, doc, in.amount, p.remaining())
	requested, err := e.move(doc, p.at, requestOut, Always)
	if err != nil {
		return err
	}
	if !e.config().automatic(in.amount) || doc.Assessment.Verdict == Review {
		return e.write(&d.Change, doc, p.at, requested)
	}
	// Announced in the state that this same Change leaves again.
	doc.UpdatedAt = p.at
	if err := e.w.announce(&d.Change, p.at, doc, requested.Emits...); err != nil {
		return err
	}
	approved, err := e.move(doc, p.at, approveOut, automatic)
	if err != nil {
		return err
	}
	doc.NextAt = p.at.Add(e.config().SubmitDelay)
	return e.write(&d.Change, doc, p.at, approved, Told{Mails: requested.Mails})
}

// hold reserves amount and fee, and refuses to leave less than what must remain.
func (e outgoings) hold(d *ledger.Draft, doc *outgoingDoc, amount money.Amount, remaining int64) {
	least := saturated(amount.Minor(), doc.Minor.Fee, remaining)
	account := doc.owner().account()
	d.Ops = append(d.Ops, ledger.Require{Account: account, Currency: amount.Currency(), AtLeast: &least})
	h := ledger.Hold{
		ID: doc.ID, Reference: doc.ID, Metadata: kind(e.noun),
		Postings: []ledger.Posting{{Debit: account, Credit: clearingAccount(doc.Provider), Amount: amount}},
	}
	if doc.Minor.Fee > 0 {
		h.Postings = append(h.Postings, ledger.Posting{
			Debit: account, Credit: e.feeAccount(), Amount: money.New(doc.Minor.Fee, amount.Currency()),
		})
	}
	d.Hold(h)
}

// openOwner refuses an owner who is not there, or whose money may not leave. The merchant is
// nil for a customer.
func (e outgoings) openOwner(d *ledger.Draft, o owner) (*Merchant, error) {
	if o.customer != "" {
		return nil, e.w.leaving(d, o.customer, CanWithdraw)
	}
	m := &Merchant{}
	return m, draftGet(d, "merchant", string(o.merchant), m)
}

func (e outgoings) schedule(m *Merchant, currency string) Fee {
	if e.noun == "payout" {
		return e.w.fees(m, currency).Payout
	}
	return e.w.fees(nil, currency).Withdrawal
}

// refusal gives a refusal by the kernel its name and its facts.
func (p *placing) refusal(err error) error {
	var refused *ledger.RefusedError
	if !errors.As(err, &refused) {
		return err
	}
	if byLimit := p.e.w.refusedByLimit(err, p.in.amount, p.at); byLimit != nil {
		return byLimit
	}
	if refused.Reason != ledger.ConditionFailed {
		return err
	}
	least := saturated(p.in.amount.Minor(), p.fee.additional(p.in.amount.Minor()), p.remaining())
	e := p.tooMuch(least - refused.Short)
	e.Err = err
	return e
}

// remaining is what must remain of the balance.
func (p *placing) remaining() int64 {
	return saturated(p.e.config().MinRemaining[p.in.amount.Currency().Code()], p.in.reserve)
}

// tooMuch is the refusal of more than what is available allows.
func (p *placing) tooMuch(available int64) *Error {
	limit := money.New(withdrawable(available, p.remaining(), p.fee), p.in.amount.Currency())
	e := NewError(WithdrawalExceedsWithdrawable, "at most %s can be taken out now", limit)
	e.Field, e.Limit = "amount", &limit
	return e
}

// withdrawable is the largest amount that, together with the fee on it, leaves what must
// remain of what is available.
func withdrawable(available, remaining int64, fee Fee) int64 {
	room := available - remaining
	if available < remaining || room <= 0 {
		return 0
	}
	if room > math.MaxInt/2 {
		room = math.MaxInt / 2 // more than sort.Search counts; far above any balance
	}
	// The sum of an amount and its fee never falls as the amount grows.
	tooMuch := sort.Search(int(room), func(i int) bool {
		amount := int64(i) + 1
		return saturated(amount, fee.additional(amount)) > room
	})
	return int64(tooMuch)
}

// saturated adds amounts that are not negative, up to the largest int64.
func saturated(minor ...int64) int64 {
	var sum int64
	for _, m := range minor {
		if sum += m; sum < 0 {
			return math.MaxInt64
		}
	}
	return sum
}
