package okpay

import (
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// leg is one end of postings: an account that gives or gets an amount in minor units.
type leg struct {
	account string
	minor   int64
	debt    string // the account of what it owes, of a merchant that may have too little
}

// flow is money from one leg to another.
type flow struct {
	from, to leg
	minor    int64
}

func (f flow) posting(c money.Currency) ledger.Posting {
	return ledger.Posting{Debit: f.from.account, Credit: f.to.account, Amount: money.New(f.minor, c)}
}

// flows pairs those who give with those who get, in order. Both have the same sum.
func flows(from, to []leg) (out []flow) {
	for len(from) > 0 && len(to) > 0 {
		n := min(from[0].minor, to[0].minor)
		if n > 0 {
			out = append(out, flow{from[0], to[0], n})
		}
		from[0].minor -= n
		to[0].minor -= n
		if from[0].minor == 0 {
			from = from[1:]
		} else {
			to = to[1:]
		}
	}
	return out
}

// sides tells who gives and who gets when each merchant gets an amount, less than zero for one who gives.
func sides(merchants []MerchantID, gets []int64) (from, to []leg) {
	for i, m := range merchants {
		switch {
		case gets[i] > 0:
			to = append(to, leg{account: merchantAccount(m), minor: gets[i]})
		case gets[i] < 0:
			from = append(from, leg{account: merchantAccount(m), minor: -gets[i], debt: merchantDebt(m)})
		}
	}
	return from, to
}

// change is by how much a division changes: what each party gets of the whole, and what of
// the fee it bears, both less than zero for what goes the other way.
func (p *paymentDoc) change(c money.Currency, fn func()) (gets, fees []int64, err error) {
	before, err := divide(p, c)
	if err != nil {
		return nil, nil, err
	}
	fn()
	after, err := divide(p, c)
	if err != nil {
		return nil, nil, err
	}
	for i := range after {
		a, b := after[i], before[i]
		gets = append(gets, a.captured-a.refunded-(b.captured-b.refunded))
		fees = append(fees, a.fee-a.feeReturned-(b.fee-b.feeReturned))
	}
	return gets, fees, nil
}

// hand gives an amount from an account to the parties: paid is what comes from there, and
// among is what follows from it, their fees and the unit that one of them may have less of a
// larger whole. A merchant who has too little for the latter owes it, since neither a capture nor a
// refund that comes back may depend on what merchants have.
func hand(object, from string, amount money.Amount, merchants []MerchantID, gets, fees []int64) (paid, among []ledger.Posting) {
	c := amount.Currency()
	give, get := sides(merchants, gets)
	for _, f := range flows(append([]leg{{account: from, minor: amount.Minor()}}, give...), get) {
		if f.from.debt == "" {
			paid = append(paid, f.posting(c))
			continue
		}
		among = append(among, collect(object, f.from.account, f.from.debt, f.to.account, money.New(f.minor, c))...)
	}
	for i, fee := range fees {
		if fee < 0 {
			among = append(among, ledger.Posting{Debit: feeAccount, Credit: merchantAccount(merchants[i]), Amount: money.New(-fee, c)})
		}
	}
	for i, fee := range fees {
		switch m := merchants[i]; {
		case fee <= 0:
		case fee <= gets[i]:
			among = append(among, ledger.Posting{Debit: merchantAccount(m), Credit: feeAccount, Amount: money.New(fee, c)})
		default:
			among = append(among, collect(object, merchantAccount(m), merchantDebt(m), feeAccount, money.New(fee, c))...)
		}
	}
	return paid, among
}

// take is the way back: the parties give an amount to an account. What they get back of the
// fee comes first. It takes what they have and no more.
func take(to string, amount money.Amount, merchants []MerchantID, gets, fees []int64) (postings []ledger.Posting) {
	c := amount.Currency()
	for i, fee := range fees {
		if fee < 0 {
			postings = append(postings, ledger.Posting{Debit: feeAccount, Credit: merchantAccount(merchants[i]), Amount: money.New(-fee, c)})
		}
	}
	give, get := sides(merchants, gets)
	for _, f := range flows(give, append([]leg{{account: to, minor: amount.Minor()}}, get...)) {
		postings = append(postings, f.posting(c))
	}
	for i, fee := range fees {
		if fee > 0 {
			postings = append(postings, ledger.Posting{Debit: merchantAccount(merchants[i]), Credit: feeAccount, Amount: money.New(fee, c)})
		}
	}
	return postings
}

// last divides what a dispute is about, the last of what was captured: so it meets no refund,
// and nobody's part is less than zero.
func (p *paymentDoc) last(minor int64, c money.Currency) ([]int64, error) {
	if len(p.Parties) == 0 {
		return []int64{minor}, nil
	}
	portions, err := divide(p, c)
	if err != nil {
		return nil, err
	}
	parts := make([]int64, len(portions))
	for i := range portions {
		parts[i] = portions[i].captured
	}
	before, err := apportion(p.Minor.Captured-minor, parts, c)
	for i := range parts {
		parts[i] -= before[i]
	}
	return parts, err
}
