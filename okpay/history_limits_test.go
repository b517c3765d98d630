package okpay_test

import (
	"context"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// limitsModel adds up what each customer and merchant has used of the limits, from what the
// events say and nothing else. Whatever is let through must have been within every limit in
// that moment.
type limitsModel struct {
	bounds []okpay.Limit
	zone   *time.Location
	used   map[spendingKey]int64 // in minor units, or how many
}

// spendingKey is one sum that limits bound.
type spendingKey struct {
	party, operation, period, currency string
	count                              bool
}

// spending is what an object uses of limits.
type spending struct {
	keys  []spendingKey
	minor int64
	over  bool // given back for good
}

func newLimitsModel(bounds []okpay.Limit, zone *time.Location) *limitsModel {
	return &limitsModel{bounds: bounds, zone: zone, used: map[spendingKey]int64{}}
}

// operationOf is the operation that limits know an object by.
func operationOf(kind string) okpay.Operation {
	return map[string]okpay.Operation{
		"payment": okpay.OnPayment, "transfer": okpay.OnTransfer, "topup": okpay.OnTopUp, "withdrawal": okpay.OnWithdrawal,
		"payout": okpay.OnPayout, "conversion": okpay.OnConversion, "refund": okpay.OnRefund,
	}[kind]
}

// uses is how much of the limits an object uses in a state.
func (x *object) uses(s shown, now kept) int64 {
	minor := s.Amount.Minor()
	switch x.kind + "/" + s.State {
	case "payment/processing", "payment/authorized", "payment/partially_captured":
		return minor
	case "payment/captured", "payment/partially_refunded", "payment/refunded":
		return s.Captured.Minor()
	case "transfer/canceled", "transfer/failed", "topup/failed", "topup/expired", "refund/canceled",
		"withdrawal/rejected", "withdrawal/canceled", "withdrawal/failed", "payout/rejected", "payout/canceled", "payout/failed":
		return 0
	case "refund/failed": // given back, unless the customer has the money all the same
		if !now.Credited {
			return 0
		}
	case "conversion/completed":
		return s.Given.Minor()
	case "conversion/failed":
		return 0
	}
	if x.kind == "payment" {
		return 0
	}
	return minor
}

// heard counts what an event means for the limits.
func (m *limitsModel) heard(o *witness, x *object, e heard, now kept) {
	on := operationOf(x.kind)
	if on == "" || x.spent.over {
		return
	}
	if e.Type == "topup.blocked" { // nothing was asked for; what comes all the same is for a person
		x.spent.over = true
		return
	}
	before, after := x.spent.minor, x.uses(e.shown, now)
	if before == after {
		return
	}
	begins := before == 0 && (x.kind != "topup" || len(x.spent.keys) == 0) // late money counts where it was asked for
	if begins {
		x.spent.keys = m.keys(on, x, e, now)
	}
	for _, k := range x.spent.keys {
		switch {
		case !k.count:
			m.used[k] += after - before
		case before == 0:
			m.used[k]++
		case after == 0:
			m.used[k]--
		}
	}
	x.spent.minor = after
	x.spent.over = after == 0 && (x.kind == "withdrawal" || x.kind == "payout")
	if !begins {
		return
	}
	for _, l := range m.bounds {
		if l.On != on || l.Per == okpay.Each {
			continue
		}
		for _, k := range x.spent.keys {
			most := l.Max
			if k.count {
				most = l.Count
			}
			if most > 0 && strings.HasPrefix(k.period, string(l.Per)+"-") && m.used[k] > most {
				o.fail("%s %s: %s takes %v to %d, the limit is %d", x.kind, x.id, e.Type, k, m.used[k], most)
			}
		}
	}
}

// keys are the sums that an object counts in from now on.
func (m *limitsModel) keys(on okpay.Operation, x *object, e heard, now kept) (keys []spendingKey) {
	s := e.shown
	party, currency := "c_"+s.Customer, s.Amount.Currency().Code()
	switch x.kind {
	case "payment":
		if s.Customer == "" {
			party = "c_" + now.Tried
		}
	case "transfer":
		party = "c_" + s.From
	case "payout", "refund":
		party = "m_" + s.Merchant
	case "conversion":
		currency = s.Given.Currency().Code()
	}
	at := e.CreatedAt.In(m.zone)
	seen := map[spendingKey]bool{}
	for _, l := range m.bounds {
		period := map[okpay.Period]string{
			okpay.Hourly: "hour-" + e.CreatedAt.UTC().Format("2006-01-02T15"), okpay.Daily: "day-" + at.Format("2006-01-02"), okpay.Monthly: "month-" + at.Format("2006-01"),
		}[l.Per]
		if l.On != on || period == "" {
			continue
		}
		for _, count := range []bool{false, true} {
			k := spendingKey{party, string(on), period, currency, count}
			if (count && l.Count > 0 || !count && l.Max > 0) && !seen[k] {
				seen[k] = true
				keys = append(keys, k)
			}
		}
	}
	return keys
}

// check holds the wallet's own counters to the model.
func (m *limitsModel) check(h *history, l *ledger.Ledger) {
	counted := map[spendingKey]int64{}
	for after := int64(0); ; {
		page, more, err := l.Balances(context.Background(), "usage:", after, 1000)
		require.NoError(h.t, err)
		for _, b := range page {
			parts := strings.SplitN(b.Account.Name, ":", 4)
			period, count := strings.CutSuffix(parts[3], ":count")
			counted[spendingKey{parts[1], parts[2], period, b.Account.Currency, count}] = b.Posted.Minor()
		}
		if after = more; more == 0 {
			break
		}
	}
	for k, minor := range m.used {
		assert.Equal(h.t, minor, counted[k], "%v is counted as used", k)
		delete(counted, k)
	}
	for k, minor := range counted {
		assert.Zero(h.t, minor, "%v: the model knows nothing of it", k)
	}
}
