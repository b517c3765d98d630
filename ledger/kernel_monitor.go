package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/okpay/okpay-go/ledger/money"
)

// preparedMonitor is what a Monitor or an Unmonitor puts.
type preparedMonitor struct {
	Monitor
	put preparedPut
}

// workMonitor is a monitor of an account that a block is decided on.
type workMonitor struct {
	Monitor
	salt []byte // of its record: the events' own salts follow from it
	part int    // the part that put it, 0 if an earlier block did
}

// met reports whether the condition holds.
func (m *workMonitor) met(a *Account) bool {
	v, ok := m.On.of(a)
	return ok && (m.Below != nil && v < *m.Below || m.AtLeast != nil && v >= *m.AtLeast)
}

// monitor prepares a Monitor or an Unmonitor.
func (r *preparer) monitor(p *preparedOp, m Monitor) (err error) {
	if m.Event == "" {
		m.Event = BalanceEvent
	}
	m.Below, m.AtLeast = cloned(m.Below), cloned(m.AtLeast)
	put := Put{Type: MonitorType, ID: m.ID, Erase: p.kind == opUnmonitor}
	if !put.Erase {
		put.Labels = []string{p.account.String()}
		if err = m.check(); err == nil {
			put.Content, err = m.encode()
		}
	}
	if err != nil {
		return err
	}
	p.monitor = &preparedMonitor{Monitor: m}
	p.monitor.put, err = r.seal(&put)
	return err
}

// monitor decides a Monitor or an Unmonitor.
func (k *kernel) monitor(p *preparedOp) error {
	m, removes := p.monitor, p.kind == opUnmonitor
	a := k.work.account(p.account)
	if a == nil && removes {
		return refuse(Refusal{Reason: MonitorUnknown, Account: p.account})
	}
	err := k.checkScale(p.account.Currency, int(p.scale))
	if err == nil && a == nil {
		a, err = k.account(p.account)
	}
	if err != nil {
		return err
	}
	was := k.work.monitors[a.No]
	at, found := slices.BinarySearchFunc(was, m.ID, func(w workMonitor, id string) int { return strings.Compare(w.ID, id) })
	r := k.work.records[RecordKey{MonitorType, m.ID}]
	switch elsewhere := !found && r != nil && r.Version > 0 && !r.Erased; {
	case removes && !found:
		return refuse(Refusal{Reason: MonitorUnknown, Account: p.account})
	case !removes && elsewhere:
		return refuse(Refusal{Reason: MonitorExists, Account: p.account})
	case !removes && !found && len(was) >= MaxMonitors:
		return refuse(Refusal{Reason: TooManyMonitors, Account: p.account})
	}
	is := slices.Clone(was) // was is what a refused Change goes back to
	if found {
		is = slices.Delete(is, at, at+1)
	}
	flags := a.Flags &^ Watched
	if !removes {
		is = slices.Insert(is, at, workMonitor{m.Monitor, m.put.salt, k.work.cache.decision})
	}
	if len(is) > 0 {
		flags |= Watched
	}
	k.save(a)
	if flags != a.Flags {
		a.Flags, a.altered = flags, true
		k.work.touched = append(k.work.touched, a)
		k.effects = appendAlter(k.effects, &a.Account)
	}
	k.work.monitors[a.No] = is
	k.undo = append(k.undo, func() { k.work.monitors[a.No] = was })
	k.monitored = append(k.monitored, a)
	return k.put(&m.put)
}

// announce emits into effects the events of monitors whose condition became true since the
// accounts from saved[from] on were saved.
func (k *kernel) announce(effects []byte, from int) []byte {
	if len(k.work.monitors) == 0 {
		return effects
	}
	for i := from; i < len(k.saved); i++ {
		effects = k.compare(effects, k.saved[i].account, &k.saved[i].was.Account)
	}
	for i, a := range k.monitored {
		// An account that this part opened was not saved. All its monitors are of this part.
		saved := func(s savedAccount) bool { return s.account == a }
		if !slices.Contains(k.monitored[:i], a) && !slices.ContainsFunc(k.saved[from:], saved) {
			effects = k.compare(effects, a, nil)
		}
	}
	return effects
}

func (k *kernel) compare(effects []byte, a *workAccount, was *Account) []byte {
	monitors := k.work.monitors[a.No]
	for i := range monitors {
		m := &monitors[i]
		if m.met(&a.Account) && (m.part == k.work.cache.decision || !m.met(was)) {
			effects = k.crossed(effects, m, a)
		}
	}
	return effects
}

// crossing is the payload of a monitor's event.
type crossing struct {
	Monitor string        `json:"monitor"`
	Account string        `json:"account"`
	On      string        `json:"on"`
	Below   *money.Amount `json:"below,omitempty"`
	AtLeast *money.Amount `json:"at_least,omitempty"`
	Value   money.Amount  `json:"value"`
}

// crossed emits the event of one monitor.
func (k *kernel) crossed(effects []byte, m *workMonitor, a *workAccount) []byte {
	code := a.Key.Currency
	currency, err := money.NewCurrency(code, k.work.cache.currencies[code])
	value, _ := m.On.of(&a.Account)
	c := crossing{Monitor: m.ID, Account: a.Key.Name, On: m.On.String(), Value: money.New(value, currency)}
	threshold := func(minor *int64) *money.Amount {
		if minor == nil {
			return nil
		}
		amount := money.New(*minor, currency)
		return &amount
	}
	c.Below, c.AtLeast = threshold(m.Below), threshold(m.AtLeast)
	payload, failed := json.Marshal(c)
	if err != nil || failed != nil {
		panic("ledger: a currency in use has no name") // it was checked when it was first used
	}
	e := preparedEvent{Event: Event{Type: m.Event, Subject: m.ID, Payload: payload}}
	// The kernel has no randomness: whoever does not know the record's salt does not know this one.
	salt := append([]byte("okpay/monitor"), m.salt...)
	salt = binary.BigEndian.AppendUint64(salt, uint64(k.head.Events+1))
	sum := sha256.Sum256(salt)
	e.salt = sum[:saltLen]
	e.digest = eventDigest(e.salt, &e.Event)
	return k.emit(effects, &e)
}

// watch sorts the monitors that were loaded by their accounts.
func (w *workset) watch() error {
	for i := range w.watching {
		row := &w.watching[i]
		m, key, err := decodeMonitor(row.ID, row.Content)
		a := w.account(key)
		if err != nil || a == nil {
			return fmt.Errorf("%w: record %s %s", ErrDiscrepancy, row.Type, clip(row.ID))
		}
		w.monitors[a.No] = append(w.monitors[a.No], workMonitor{Monitor: m, salt: row.Salt})
	}
	for _, monitors := range w.monitors {
		slices.SortFunc(monitors, func(a, b workMonitor) int { return strings.Compare(a.ID, b.ID) })
	}
	return nil
}
