package ledgertest

import (
	"math"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// change makes the next Change of a history.
func (h *history) change() ledger.Change {
	r := h.random
	if len(h.ids) > 0 && r.IntN(100) < 12 {
		return h.again()
	}
	c := h.part()
	c.ID = numbered("c", len(h.ids))
	h.ids = append(h.ids, c.ID)
	if r.IntN(100) < 30 {
		c.Result = numbered("result", h.made)
	}
	if r.IntN(100) < 50 {
		c.Request = []ledger.Field{{Name: "amount", Value: numbered("", r.IntN(2))}, {Name: "to", Value: numbered("", r.IntN(2))}}
	}
	switch n := r.IntN(100); {
	case n < 5:
		c.Refusal = &ledger.Refusal{Reason: "own", Short: r.Int64(), Detail: "detail"}
	case n < 8:
		c.NotAfter = h.clock.Now().Add(time.Duration(r.IntN(3)-1) * time.Second)
	}
	if r.IntN(100) < 20 {
		c.Else = &ledger.Else{On: []ledger.Reason{ledger.InsufficientFunds, ledger.HoldExpired}, Change: h.part()}
		if r.IntN(3) == 0 {
			c.Else.On = append(c.Else.On, ledger.LimitExceeded, ledger.HoldCaptured, ledger.HoldUnknown, ledger.BalanceOverflow,
				ledger.ConditionFailed, ledger.AccountFrozen, ledger.AccountClosed, ledger.AlreadyReversed)
		}
	}
	return c
}

// again makes a replay of a Change, or something else under its id.
func (h *history) again() ledger.Change {
	r := h.random
	id := h.ids[max(0, len(h.ids)-1-r.IntN(20+30*h.users))]
	known := h.model.changes[id]
	if known == nil { // refused and forgotten, or in this very group
		c := h.part()
		c.ID = id
		return c
	}
	c := known.change
	c.Linked = false
	switch n := r.IntN(10); {
	case n == 0:
		c.Ops = append(slices.Clone(c.Ops), transfer("bank:1", "free:1", 1))
	case n == 1 && c.Request != nil:
		c.Request = slices.Clone(c.Request)
		c.Request[r.IntN(2)].Value = "another"
	case n == 2 && c.Request != nil:
		c.Request = c.Request[:1]
	case n == 3 && c.Request != nil:
		c.Request = append(slices.Clone(c.Request), ledger.Field{Name: "more"})
	}
	return c
}

// part makes what a Change, or its Else, commits.
func (h *history) part() ledger.Change {
	r := h.random
	var c ledger.Change
	for range [...]int{0, 1, 1, 1, 1, 2, 2, 3}[r.IntN(8)] {
		c.Ops = append(c.Ops, h.op())
	}
	for range max(0, r.IntN(5+h.users/10)-2-h.users/10) {
		c.Puts = append(c.Puts, h.record())
	}
	if r.IntN(100+4*h.users) < 20 {
		key := ledger.RecordKey{Type: "t", ID: numbered("r", r.IntN(12))}
		version := h.model.records[key].version
		if r.IntN(8) == 0 {
			version++
		}
		c.Expects = append(c.Expects, ledger.Expect{Type: key.Type, ID: key.ID, Version: version})
	}
	for range max(0, r.IntN(4)-2) {
		c.Events = append(c.Events, ledger.Event{Type: "t", Subject: numbered("s", r.IntN(9)), Payload: h.bytes()})
	}
	return c
}

func (h *history) record() ledger.Put {
	r := h.random
	p := ledger.Put{Type: "t", ID: numbered("r", r.IntN(12))}
	// Records with a small number are plain, now and then by mistake others too.
	if (p.ID < "r-3") != (r.IntN(50) == 0) {
		p.Chaining = ledger.Plain
	}
	if r.IntN(8) == 0 {
		p.Erase = true
		return p
	}
	p.Content = h.bytes()
	for i := range 3 {
		if r.IntN(3) == 0 {
			p.Unique = append(p.Unique, numbered("u", 10*i+r.IntN(5)))
		}
		if r.IntN(3) == 0 {
			p.Labels = append(p.Labels, numbered("l", 10*i+r.IntN(2)))
		}
	}
	if r.IntN(2) == 0 {
		p.Due = startTime.Add(time.Duration(r.IntN(1e9)) * time.Microsecond)
	}
	return p
}

func (h *history) bytes() []byte {
	b := make([]byte, h.random.IntN(20))
	for i := range b {
		b[i] = byte(h.random.Uint32())
	}
	return b
}

func (h *history) op() ledger.Op {
	r := h.random
	switch n := r.IntN(100); {
	case n < 18:
		return h.accountOp()
	case n < 50:
		t := ledger.Transaction{Postings: h.postings(1 + max(0, r.IntN(6)-3))}
		if r.IntN(5) == 0 {
			t.Effective = h.effective()
			t.Reference = numbered("ref", r.IntN(100))
			t.Metadata = map[string]string{"k": numbered("v", r.IntN(100)), "a": "<>"}
		}
		return t
	case n < 75:
		hold := ledger.Hold{ID: numbered("h", len(h.holds)), Postings: h.postings(1 + max(0, r.IntN(5)-3))}
		if r.IntN(20) == 0 && len(h.holds) > 0 {
			hold.ID = h.holds[r.IntN(len(h.holds))] // in use
		} else {
			h.holds = append(h.holds, hold.ID)
		}
		if r.IntN(3) > 0 {
			hold.Expires = h.clock.Now().Add(time.Duration(r.IntN(20_000_000)-500_000) * time.Microsecond)
		}
		return hold
	case n < 93:
		c := ledger.Capture{Hold: h.holdID(), Final: r.IntN(3) == 0}
		if known := h.model.holds[c.Hold]; known != nil && r.IntN(3) > 0 {
			for range 1 + r.IntN(2) {
				leg := known.legs[r.IntN(len(known.legs))]
				most := leg.rest.Int64()
				amount := r.Int64N(max(1, min(most, math.MaxInt64-1)+1))
				if r.IntN(10) == 0 {
					amount = most
				}
				p := h.posting()
				p.Debit, p.Amount = leg.debit.Name, money.New(amount, currency(leg.debit.Currency))
				if p.Credit == p.Debit {
					p.Credit = "free:3"
				}
				if r.IntN(2) == 0 {
					p.Credit = leg.credit.Name
				}
				c.Postings = append(c.Postings, p)
			}
		}
		return c
	default:
		return ledger.Void{Hold: h.holdID()}
	}
}

// effective is a time at which something counts, more often earlier than later.
func (h *history) effective() time.Time {
	r := h.random
	switch r.IntN(4) {
	case 0:
		return h.clock.Now().Add(time.Duration(r.IntN(4_000_000)-2_000_000) * time.Microsecond)
	case 1:
		return h.clock.Now()
	}
	return startTime.AddDate(0, 1-r.IntN(20), 0)
}

// accountOp makes one of the operations that change or ask an account, or a reversal.
func (h *history) accountOp() ledger.Op {
	r := h.random
	names := []string{"free:2", "user:4", "overdraft:1", "vault:2", "free:4", "free:4", "user:5", "user:5", "yuan:1", "never:used"}
	name, unit := names[r.IntN(len(names))], currency([...]string{"CNY", "CNY", "EUR"}[r.IntN(3)])
	if r.IntN(10) == 0 {
		name = h.posting().Debit
	}
	if name == "bank:1" {
		name = "bank:2" // without bank:1 there would be no money
	}
	bound := func() *int64 {
		if r.IntN(3) == 0 {
			return nil
		}
		v := r.Int64N(2500) - 1000
		return &v
	}
	switch n := r.IntN(100); {
	case n < 40:
		// Far back, just posted, or posted by what is committed next.
		number := max(1, h.model.postings+5-r.Int64N(30))
		if r.IntN(4) == 0 {
			number = 1 + r.Int64N(h.model.postings+1)
		}
		op := ledger.Reverse{Transaction: number, Force: r.IntN(3) == 0}
		if r.IntN(4) == 0 {
			op.Effective = h.effective()
		}
		return op
	case n < 60:
		op := ledger.Require{Account: h.posting().Debit, Currency: unit, AtLeast: bound(), AtMost: bound()}
		if op.AtMost != nil && op.AtLeast != nil && *op.AtLeast > *op.AtMost {
			op.AtLeast, op.AtMost = op.AtMost, op.AtLeast
		}
		if op.AtMost != nil {
			*op.AtMost += 1000 * r.Int64N(100)
		}
		if op.AtMost == nil && op.AtLeast == nil {
			op.AtLeast = ledger.Limit(0)
		}
		return op
	case n < 72:
		op := ledger.Limits{Account: name, Currency: unit, Min: bound(), Max: bound()}
		if op.Min != nil && op.Max != nil && *op.Min > *op.Max {
			op.Min, op.Max = op.Max, op.Min
		}
		return op
	case n < 82:
		return ledger.Freeze{Account: name, Currency: unit, Debits: r.IntN(3) == 0, Credits: r.IntN(3) == 0}
	case n < 86:
		return ledger.Close{Account: name, Currency: unit}
	}
	for _, key := range h.model.opened {
		if flags := h.model.accounts[key].flags; flags != 0 && r.IntN(4) == 0 {
			if unit = currency(key.Currency); flags&ledger.Closed == 0 {
				return ledger.Freeze{Account: key.Name, Currency: unit}
			}
			name = key.Name
			break
		}
	}
	return ledger.Reopen{Account: name, Currency: unit}
}

// holdID picks a hold, a late one rather than an early one.
func (h *history) holdID() string {
	if len(h.holds) == 0 || h.random.IntN(40) == 0 {
		return "never placed"
	}
	for range h.users / 20 { // in a long call most late ones are not there yet
		id := h.holds[max(0, len(h.holds)-1-h.random.IntN(3000))]
		if known := h.model.holds[id]; known != nil && h.model.status(known) == ledger.HoldOpen {
			return id
		}
	}
	return h.holds[max(0, len(h.holds)-1-h.random.IntN(15))]
}

func (h *history) postings(n int) (list []ledger.Posting) {
	for range n {
		p := h.posting()
		if h.random.IntN(8) == 0 {
			p.UpTo = ledger.UpTo(1 + h.random.IntN(3))
		}
		list = append(list, p)
	}
	return list
}

func (h *history) posting() ledger.Posting {
	r := h.random
	names := []string{
		"bank:1", "bank:1", "bank:2", "user:1", "user:1", "user:2", "user:3", "user:4", "user:1:capped", "user:2:capped",
		"overdraft:1", "deposit:1", "debt:1", "vault:1", "vault:2", "free:1", "free:2", "yuan:1",
	}
	if r.IntN(100) == 0 {
		names = append(names, "stranger", "bank:1:2")
	}
	pick := func() string {
		if h.users > 0 && r.IntN(4) > 0 {
			return "user:" + numbered("u", r.IntN(h.users))
		}
		return names[r.IntN(len(names))]
	}
	code := [...]string{"CNY", "CNY", "CNY", "EUR", "JPY"}[r.IntN(5)]
	if h.users > 0 && r.IntN(2) == 0 {
		code = "CNY"
	}
	unit := currency(code)
	if r.IntN(200) == 0 {
		rescaled, err := money.NewCurrency(code, 4)
		if err != nil {
			panic(err) // the code and the scale are good
		}
		unit = rescaled
	}
	p := ledger.Posting{Debit: pick(), Credit: pick()}
	if h.users > 0 && r.IntN(6) == 0 {
		p.Debit = "bank:1" // for most of them to have something
	}
	if p.Debit == p.Credit {
		p.Debit, p.Credit = "free:1", "free:3"
	}
	var amount int64
	switch n := r.IntN(100); {
	case n < 4:
	case n < 80:
		amount = r.Int64N(60)
	case n < 97 || h.users > 0 && r.IntN(100) > 0:
		amount = r.Int64N(1500)
	default:
		amount = math.MaxInt64 - r.Int64N(2)
	}
	p.Amount = money.New(amount, unit)
	return p
}
