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
			c.Else.On = append(c.Else.On, ledger.LimitExceeded, ledger.HoldCaptured, ledger.HoldUnknown, ledger.BalanceOverflow)
		}
	}
	return c
}

// again makes a replay of a Change, or something else under its id.
func (h *history) again() ledger.Change {
	r := h.random
	id := h.ids[max(0, len(h.ids)-1-r.IntN(20))]
	known := h.model.changes[id]
	if known == nil { // refused and forgotten, or in this very group
		c := h.part()
		c.ID = id
		return c
	}
	c := known.change
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
	for range max(0, r.IntN(5)-2) {
		c.Puts = append(c.Puts, h.record())
	}
	if r.IntN(100) < 20 {
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
	case n < 50:
		t := ledger.Transaction{Postings: h.postings(1 + max(0, r.IntN(6)-3))}
		if r.IntN(5) == 0 {
			t.Effective = startTime.AddDate(0, -r.IntN(20), 0)
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

// holdID picks a hold, a late one rather than an early one.
func (h *history) holdID() string {
	if len(h.holds) == 0 || h.random.IntN(40) == 0 {
		return "never placed"
	}
	return h.holds[max(0, len(h.holds)-1-h.random.IntN(15))]
}

func (h *history) postings(n int) (list []ledger.Posting) {
	for range n {
		list = append(list, h.posting())
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
	code := [...]string{"CNY", "CNY", "CNY", "EUR", "JPY"}[r.IntN(5)]
	unit := currency(code)
	if r.IntN(200) == 0 {
		rescaled, err := money.NewCurrency(code, 4)
		if err != nil {
			panic(err) // the code and the scale are good
		}
		unit = rescaled
	}
	p := ledger.Posting{Debit: names[r.IntN(len(names))], Credit: names[r.IntN(len(names))]}
	if p.Debit == p.Credit {
		p.Debit, p.Credit = "free:1", "free:3"
	}
	var amount int64
	switch n := r.IntN(100); {
	case n < 4:
	case n < 80:
		amount = r.Int64N(60)
	case n < 97:
		amount = r.Int64N(1500)
	default:
		amount = math.MaxInt64 - r.Int64N(2)
	}
	p.Amount = money.New(amount, unit)
	return p
}
