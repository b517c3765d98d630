package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/okpay/okpay-go/ledger/money"
)

// ReservedTypes begins the types of records that the ledger itself puts. A Put of such a
// type is refused (ErrInvalid).
const ReservedTypes = "ledger."

// MonitorType is the type of the chained record that every Monitor is.
const MonitorType = ReservedTypes + "monitor"

// BalanceEvent is the type of a monitor's events unless it names another one.
const BalanceEvent = "balance.crossed"

// A Monitor announces an event whenever a condition on an account becomes true: when what
// is measured falls below Below, or reaches AtLeast. It is compared before and after each
// Change, so that a balance that dips and comes back within one Change crosses nothing. The
// event is part of the Change that made the condition true, and comes after that Change's own
// events. While the condition stays true nothing more is announced; once it is false the
// monitor is armed again.
//
// A hold that expires counts too. Its expiry is journalled by the next block that touches
// the account, and so is the event, with the first Change that is recorded in that block.
//
// A monitor counts as not met before the Change that puts it. If its condition holds at the
// end of that Change, that Change announces it: nobody has to look first.
//
// The payload of the event is JSON, its subject the monitor's id:
//
//	{"monitor":"low","account":"customer:1","on":"available",
//	 "below":{"amount":"10.00","currency":"CNY"},"value":{"amount":"9.50","currency":"CNY"}}
//
// A Monitor whose ID is on the account already replaces it. Refusals: ErrMonitorExists for
// an ID that is on another account; ErrTooManyMonitors. The account is opened if it was
// never used. Monitors cost a read of the account's monitors in every block that touches
// the account; accounts without monitors cost nothing.
type Monitor struct {
	// ID identifies the monitor in the ledger: 1 to MaxIDLen bytes, opaque.
	ID       string
	Account  string
	Currency money.Currency

	// On is what is measured, on the account's normal side. Defaults to OnAvailable.
	On Measure

	// One of Below and AtLeast is the threshold, in minor units.
	Below, AtLeast *int64

	// Event is the type of the events. Defaults to BalanceEvent.
	Event string
}

// An Unmonitor removes a Monitor from an account. It is refused (ErrMonitorUnknown) when the
// account has no such monitor.
type Unmonitor struct {
	ID       string
	Account  string
	Currency money.Currency
}

func (Monitor) op()   {}
func (Unmonitor) op() {}

// Measure is what a Monitor measures, as Balance shows it.
type Measure uint8

const (
	// OnAvailable measures what is posted and not reserved.
	OnAvailable Measure = iota
	// OnPosted measures what is posted.
	OnPosted
	// OnPendingIn measures what open holds will add.
	OnPendingIn
	// OnPendingOut measures what open holds will take.
	OnPendingOut
)

// String returns "available", "posted", "pending_in" or "pending_out".
func (m Measure) String() string {
	switch m {
	case OnAvailable:
		return "available"
	case OnPosted:
		return "posted"
	case OnPendingIn:
		return "pending_in"
	case OnPendingOut:
		return "pending_out"
	}
	return "unknown"
}

// of measures an account. ok is false when the value does not fit into an int64.
func (m Measure) of(a *Account) (v int64, ok bool) {
	in, out := a.PendingIn, a.PendingOut
	if a.Normal == Debit {
		in, out = out, in
	}
	switch m {
	case OnPosted:
		return a.normalBalance()
	case OnPendingIn:
		return in, true
	case OnPendingOut:
		return out, true
	}
	v, _, ok = a.bounds()
	return v, ok
}

// monitorDocument is the content of a monitor's record.
type monitorDocument struct {
	Account  string `json:"account"`
	Currency string `json:"currency"`
	On       string `json:"on"`
	Below    *int64 `json:"below,omitempty"`
	AtLeast  *int64 `json:"at_least,omitempty"`
	Event    string `json:"event"`
}

// check reports what is wrong with a monitor, beside its account and currency.
func (m *Monitor) check() error {
	switch {
	case m.On > OnPendingOut:
		return invalid("on", "is none of the measures")
	case (m.Below == nil) == (m.AtLeast == nil):
		return invalid("below", "want one of below and at_least")
	}
	return firstError(checkText("id", m.ID, 1, MaxIDLen), checkText("event", m.Event, 1, MaxTypeLen))
}

// encode returns the content of the monitor's record.
func (m *Monitor) encode() ([]byte, error) {
	return json.Marshal(monitorDocument{m.Account, m.Currency.Code(), m.On.String(), m.Below, m.AtLeast, m.Event})
}

var errMonitor = errors.New("ledger: a record is not that of a monitor")

// decodeMonitor reads what encode wrote. The currency's scale is not in it.
func decodeMonitor(id string, content []byte) (Monitor, AccountKey, error) {
	var d monitorDocument
	read := json.NewDecoder(bytes.NewReader(content))
	read.DisallowUnknownFields()
	if read.Decode(&d) != nil || read.More() {
		return Monitor{}, AccountKey{}, errMonitor
	}
	m := Monitor{ID: id, Account: d.Account, Below: d.Below, AtLeast: d.AtLeast, Event: d.Event, On: OnPendingOut + 1}
	for on := range OnPendingOut + 1 {
		if on.String() == d.On {
			m.On = on
		}
	}
	if m.check() != nil || checkAccountName(d.Account) != nil || checkText("currency", d.Currency, 1, MaxTypeLen) != nil {
		return Monitor{}, AccountKey{}, errMonitor
	}
	return m, AccountKey{d.Account, d.Currency}, nil
}

// Monitors returns an account's monitors, ordered by id: none for an account that has none
// or was never used.
func (l *Ledger) Monitors(ctx context.Context, key AccountKey) ([]Monitor, error) {
	if checkAccountName(key.Name) != nil || checkText("currency", key.Currency, 1, MaxTypeLen) != nil {
		return nil, nil
	}
	var out []Monitor
	err := l.read(ctx, func(v View) error {
		scales, err := v.Currencies(ctx)
		if err != nil {
			return err
		}
		rows, err := v.Records(ctx, RecordQuery{Type: MonitorType, Label: key.String(), Limit: MaxMonitors})
		if err != nil {
			return err
		}
		for i := range rows {
			m, _, err := decodeMonitor(rows[i].ID, rows[i].Content)
			if err != nil {
				return err
			}
			if m.Currency, err = money.NewCurrency(key.Currency, scales[key.Currency]); err != nil {
				return err
			}
			out = append(out, m)
		}
		return nil
	})
	slices.SortFunc(out, func(a, b Monitor) int { return strings.Compare(a.ID, b.ID) })
	return out, err
}
