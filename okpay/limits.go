package okpay

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// Period is what a Limit adds up over.
type Period string

// The periods, in Config.Zone.
const (
	Each    Period = "each" // each operation on its own
	Hourly  Period = "hour"
	Daily   Period = "day"
	Monthly Period = "month"
)

// Limit bounds what one customer or merchant may do. What an operation uses is reserved when
// it is asked for, given back when it is refused, rejected, canceled or fails, and kept when it is done, also
// when the money came back afterwards: a withdrawal that the bank returned, a transfer that nobody claimed.
type Limit struct {
	On       Operation // one that moves money
	Per      Period
	Currency string // empty means every currency, each on its own

	Min   int64 // of each operation (Each only), minor units; 0 means no bound
	Max   int64 // of the sum over the period, minor units; 0 means no bound
	Count int64 // how many operations (not with Each); 0 means no bound
}

// check refuses a limit that makes no sense, and one that would never count: a word with a
// mistake in it would otherwise leave money without a bound.
func (l *Limit) check(currencies *money.Registry) error {
	known := l.Per == Each || l.Per == Hourly || l.Per == Daily || l.Per == Monthly
	if l.Currency != "" {
		if _, err := currencies.Lookup(l.Currency); err != nil {
			return InvalidField("limits", "has a currency that Config.Currencies lacks")
		}
	}
	switch {
	case !slices.Contains([]Operation{OnPayment, OnTransfer, OnTopUp, OnWithdrawal, OnPayout, OnConversion, OnRefund}, l.On):
		return InvalidField("limits", "is on %q, which is no operation that moves money", l.On)
	case !known:
		return InvalidField("limits", "has no period %q", l.Per)
	case l.Min < 0 || l.Max < 0 || l.Count < 0:
		return InvalidField("limits", "has a negative bound")
	case l.Per != Each && l.Min > 0, l.Per == Each && l.Count > 0:
		return InvalidField("limits", "a minimum is for each operation, a count for a period")
	case l.Max > 0 && l.Max < l.Min:
		return InvalidField("limits", "has a maximum below the minimum")
	}
	return nil
}

// period returns the name of the period that a time is in, and when the next one begins.
func (l *Limit) period(at time.Time, zone *time.Location) (name string, next time.Time) {
	t := at.In(zone)
	y, m, d := t.Date()
	switch l.Per {
	case Hourly:
		// Local hours would be an hour longer or shorter where clocks are set.
		t = at.UTC().Truncate(time.Hour)
		return "hour-" + t.Format("2006-01-02T15"), t.Add(time.Hour)
	case Daily:
		return "day-" + t.Format("2006-01-02"), time.Date(y, m, d+1, 0, 0, 0, 0, zone)
	}
	return "month-" + t.Format("2006-01"), time.Date(y, m+1, 1, 0, 0, 0, 0, zone)
}

// Usage is what an operation has reserved of a limit. An object keeps it to give it back.
type usage struct {
	Account string `json:"account"`
	Minor   int64  `json:"minor"`
}

// usagePool is the other side of what is used. Neither is money: they only count.
const usagePool = "memo:usage"

// within refuses an amount that is outside of the bounds for each operation. Errors:
// AmountTooSmall, LimitExceededTransaction.
func (w *Wallet) within(on Operation, amount money.Amount) error {
	for i := range w.cfg.Limits {
		l := &w.cfg.Limits[i]
		if l.On != on || l.Per != Each || l.Currency != "" && l.Currency != amount.Currency().Code() {
			continue
		}
		code, bound := AmountTooSmall, l.Min
		switch {
		case l.Min > 0 && amount.Minor() < l.Min:
		case l.Max > 0 && amount.Minor() > l.Max:
			code, bound = LimitExceededTransaction, l.Max
		default:
			continue
		}
		if code == AmountTooSmall && (on == OnWithdrawal || on == OnPayout) {
			code = WithdrawalBelowMinimum
		}
		limit := money.New(bound, amount.Currency())
		e := NewError(code, "the bound is %s", limit)
		e.Field, e.Limit = "amount", &limit
		return e
	}
	return nil
}

// reserve adds to a Change what an operation uses of its party's limits, and returns what to
// keep for giving it back. party is "c_…" or "m_…" with the id. The kernel refuses the Change when
// a limit does not have it any more; refusedByLimit reads that refusal.
func (w *Wallet) reserve(c *ledger.Change, on Operation, party string, amount money.Amount, at time.Time) (used []usage) {
	var t ledger.Transaction
	for i := range w.cfg.Limits {
		l := &w.cfg.Limits[i]
		if l.On != on || l.Per == Each || l.Currency != "" && l.Currency != amount.Currency().Code() {
			continue
		}
		period, _ := l.period(at, w.cfg.Zone)
		account := strings.Join([]string{"usage", party, string(on), period}, ":")
		bound := func(account string, most, minor int64) {
			if most == 0 {
				return
			}
			left := most - minor
			c.Ops = append(c.Ops, ledger.Require{Account: account, Currency: amount.Currency(), AtMost: &left})
			for _, u := range used {
				if u.Account == account {
					return // another bound of the same sum
				}
			}
			used = append(used, usage{account, minor})
			t.Postings = append(t.Postings, ledger.Posting{
				Debit: usagePool, Credit: account, Amount: money.New(minor, amount.Currency()),
			})
		}
		bound(account, l.Max, amount.Minor())
		bound(account+":count", l.Count, 1)
	}
	if len(t.Postings) > 0 {
		c.Ops = append(c.Ops, t)
	}
	return used
}

// giveBack adds to a Change that what was reserved is not used after all.
func (w *Wallet) giveBack(c *ledger.Change, used []usage, currency money.Currency) {
	var t ledger.Transaction
	for _, u := range used {
		t.Postings = append(t.Postings, ledger.Posting{Debit: u.Account, Credit: usagePool, Amount: money.New(u.Minor, currency)})
	}
	if len(t.Postings) > 0 {
		c.Ops = append(c.Ops, t)
	}
}

// roomLeft is what a Change's limits have left, and the limit that has the least of it.
type roomLeft struct {
	code Code
	left int64
}

// likelier tells which code a refusal by the kernel will have had, when everything was fine by what was read:
// whatever had the least room for another Change to come in between.
func (l *roomLeft) likelier(fundsLeft int64) Code {
	if l == nil || fundsLeft < l.left {
		return InsufficientBalance
	}
	return l.code
}

// overLimit reads whether an operation is above a limit now: full is the refusal that the
// kernel would make. room is nil without limits. The kernel decides again when the Change commits.
func (w *Wallet) overLimit(d *ledger.Draft, on Operation, party string, amount money.Amount) (full *ledger.Refusal, room *roomLeft, err error) {
	var probe ledger.Change
	w.reserve(&probe, on, party, amount, d.Now())
	for _, op := range probe.Ops {
		r, ok := op.(ledger.Require)
		if !ok {
			continue
		}
		used, err := w.available(d, r.Account, r.Currency.Code())
		if err != nil {
			return nil, nil, err
		}
		left := *r.AtMost - used.Minor() + givenBack(d.Ops, r.Account)
		if left < 0 {
			return &ledger.Refusal{
				Reason: ledger.ConditionFailed, Account: ledger.AccountKey{Name: r.Account, Currency: r.Currency.Code()}, Short: -left,
			}, nil, nil
		}
		if room == nil || left < room.left {
			room = &roomLeft{codeOfLimit(r.Account), left}
		}
	}
	return nil, room, nil
}

// givenBack is what a draft gives back to a usage account already, in minor units.
func givenBack(ops []ledger.Op, account string) (minor int64) {
	for _, op := range ops {
		t, ok := op.(ledger.Transaction)
		for i := 0; ok && i < len(t.Postings); i++ {
			if t.Postings[i].Debit == account {
				minor += t.Postings[i].Amount.Minor()
			}
		}
	}
	return minor
}

// codeOfLimit is the code of a refusal by what counts on a usage account.
func codeOfLimit(account string) Code {
	parts := strings.Split(account, ":")
	if len(parts) == 4 {
		switch per, _, _ := strings.Cut(parts[3], "-"); Period(per) {
		case Daily:
			return LimitExceededDaily
		case Monthly:
			return LimitExceededMonthly
		}
	}
	return VelocityExceeded
}

// refusedByLimit makes the error of a refusal by one of the limits; nil for another refusal.
// Errors: LimitExceededDaily and LimitExceededMonthly with Limit and ResetsAt,
// VelocityExceeded with ResetsAt.
func (w *Wallet) refusedByLimit(err error, amount money.Amount, at time.Time) error {
	var refused *ledger.RefusedError
	if !errors.As(err, &refused) || refused.Reason != ledger.ConditionFailed {
		return nil
	}
	parts := strings.Split(refused.Account.Name, ":")
	if len(parts) < 4 || parts[0] != "usage" {
		return nil
	}
	per, _, _ := strings.Cut(parts[3], "-")
	l := Limit{Per: Period(per)}
	_, resets := l.period(at, w.cfg.Zone)
	e := NewError(codeOfLimit(refused.Account.Name), "the limit resets at %s", resets.UTC().Format(time.RFC3339))
	e.ResetsAt, e.Err = &resets, err
	if len(parts) == 4 {
		left := money.New(max(amount.Minor()-refused.Short, 0), amount.Currency())
		e.Limit, e.Detail = &left, fmt.Sprintf("%s is left until %s", left, resets.UTC().Format(time.RFC3339))
	}
	return e
}

// partyCustomer and partyMerchant are the parties of limits.
func partyCustomer(id CustomerID) string { return "c_" + string(id) }
func partyMerchant(id MerchantID) string { return "m_" + string(id) }
