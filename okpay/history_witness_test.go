package okpay_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// witness sees every block in the moment in which it is committed, from below the ledger, and
// holds it to the tables: an object's state changes together with the events of the rows that
// lead there, in one commit, and no event comes without its object. It believes nothing of
// what verbs return.
type witness struct {
	mu      sync.Mutex
	rows    map[string][]okpay.MachineRow // by type of record and state
	objects map[objectKey]*object
	made    map[string][]*object // by type of record, in order
	events  int
	limits  *limitsModel
	wrong   []string
}

type objectKey struct{ kind, id string }

// object is what is known of an object: its record's state, and its last event.
type object struct {
	objectKey
	state    string
	sequence int64
	shown    shown // in the last event
	kept     kept
	spent    spending
}

// shown is what the events of all kinds of objects show.
type shown struct {
	State    string
	Sequence int64

	Customer, Merchant, From, To, Provider, Source, Contact, Payment, Transfer, Base, Suspended, Direction, Object, Reconciliation string

	Amount, Captured, Given money.Amount

	Resolution struct {
		Disposition okpay.Disposition
		To          string
	}
}

// kept is what records of all kinds of objects hold.
type kept struct {
	State      string
	Sequence   int64
	Credited   bool // a refund, to the wallet
	WrittenOff bool `json:"written_off"` // a withdrawal or payout, as a loss
	Tried      string
}

// kinds are the types of records that have events, by the beginning of the events' types.
func kinds() map[string]string {
	same := map[string]string{
		"account": "gate", "contact": "customer", "fx.quoted": "quote", "fx.converted": "conversion", "fx.declined": "conversion",
		"reconciliation.exception": "exception", "reconciliation.resolved": "exception",
		"reconciliation.matched": "bank_entry", "reconciliation.completed": "reconciliation",
	}
	for _, kind := range []string{
		"payment", "refund", "topup", "dispute", "withdrawal", "payout", "payout_schedule", "destination", "transfer", "request",
		"customer", "merchant",
	} {
		same[kind] = kind
	}
	return same
}

func kindOf(eventType string) string {
	all := kinds()
	if kind, ok := all[eventType]; ok {
		return kind
	}
	noun, _, _ := strings.Cut(eventType, ".")
	return all[noun]
}

func newWitness(limits *limitsModel) *witness {
	o := &witness{rows: map[string][]okpay.MachineRow{}, objects: map[objectKey]*object{}, made: map[string][]*object{}, limits: limits}
	for _, r := range okpay.MachineRows() {
		kind := r.Noun
		if kind == "account" {
			kind = "gate"
		}
		r.Emits = slices.DeleteFunc(slices.Clone(r.Emits), func(e string) bool { return kindOf(e) != kind })
		o.rows[kind+"/"+r.From] = append(o.rows[kind+"/"+r.From], r)
	}
	return o
}

func (o *witness) fail(format string, args ...any) {
	if len(o.wrong) < 20 {
		o.wrong = append(o.wrong, fmt.Sprintf(format, args...))
	}
}

// heard is an event with what it shows.
type heard struct {
	okpay.Event
	shown shown
}

// block is told of a block that was committed, in the order of blocks.
func (o *witness) block(b *ledger.Batch) {
	o.mu.Lock()
	defer o.mu.Unlock()
	told := map[objectKey][]heard{}
	for _, row := range b.Events {
		var e heard
		if err := json.Unmarshal(row.Payload, &e.Event); err != nil {
			o.fail("event %d: %v", row.No, err)
			continue
		}
		if err := json.Unmarshal(e.Data, &e.shown); err != nil {
			o.fail("event %d (%s): %v", row.No, e.Type, err)
			continue
		}
		o.events++
		key := objectKey{kindOf(row.Type), row.Subject}
		if key.kind == "" {
			o.fail("block %d: the event %s is of no kind that is known", row.Seq, row.Type)
		}
		told[key] = append(told[key], e)
	}
	for _, r := range b.Records {
		key := objectKey{r.Type, r.ID}
		if slices.Contains(watched(), r.Type) && !r.Erased {
			o.written(key, r, told[key])
		}
		delete(told, key)
	}
	for key, events := range told {
		o.fail("%s %s: %s was announced, and the object was not written", key.kind, key.id, events[0].Type)
	}
}

func watched() []string {
	return []string{
		"payment", "refund", "topup", "dispute", "gate", "withdrawal", "payout", "payout_schedule", "destination", "quote", "conversion",
		"exception", "transfer", "request", "customer", "merchant", "reconciliation", "bank_entry",
	}
}

// written is told of an object's next version and of what was announced of it together.
func (o *witness) written(key objectKey, r ledger.RecordRow, events []heard) {
	var now kept
	if err := json.Unmarshal(r.Content, &now); err != nil {
		o.fail("%s %s: %v", key.kind, key.id, err)
		return
	}
	x := o.objects[key]
	if x == nil {
		x = &object{objectKey: key}
		o.objects[key] = x
		o.made[key.kind] = append(o.made[key.kind], x)
	}
	for i, e := range events {
		if want := x.sequence + int64(i) + 1; e.Sequence != want || e.shown.Sequence != want {
			o.fail("%s %s: %s has number %d, and shows %d, instead of %d", key.kind, key.id, e.Type, e.Sequence, e.shown.Sequence, want)
		}
		o.limits.heard(o, x, e, now)
	}
	if now.Sequence != x.sequence+int64(len(events)) {
		o.fail("%s %s: counts %d events, announced were %d and %d before", key.kind, key.id, now.Sequence, len(events), x.sequence)
	}
	if len(events) > 0 {
		x.shown = events[len(events)-1].shown
	}
	if x.state == "" && (key.kind == "payment" || key.kind == "payout") && o.gone(x.shown.Merchant) {
		o.fail("%s %s: it is of the merchant %s, who has left", key.kind, key.id, x.shown.Merchant)
	}
	if key.kind == "bank_entry" { // it has no states, and is made once
		if len(events) != 1 || x.sequence != 0 {
			o.fail("bank entry %s: %d events after %d", key.id, len(events), x.sequence)
		}
	} else if key.kind != "customer" && key.kind != "merchant" && !o.leads(key.kind, x.state, now.State, events) {
		types := []string{}
		for _, e := range events {
			types = append(types, e.Type+" ("+e.shown.State+")")
		}
		o.fail("%s %s: no rows lead from %q to %q with the events %v", key.kind, key.id, x.state, now.State, types)
	}
	x.state, x.sequence, x.kept = now.State, now.Sequence, now
}

// gone reports whether a merchant's account is closed.
func (o *witness) gone(merchant string) bool {
	m := o.objects[objectKey{"merchant", merchant}]
	return m != nil && m.state == "closed"
}

// leads reports whether rows of a table lead from one state to another, and emit these events
// and no others on the way, each with the object in the state that it tells of.
func (o *witness) leads(kind, from, to string, events []heard) bool {
	type place struct {
		state string
		n     int
	}
	been := map[place]bool{}
	var try func(place) bool
	try = func(at place) bool {
		if at.n == len(events) && at.state == to {
			return true
		}
		if been[at] {
			return false
		}
		been[at] = true
		if at.n < len(events) && events[at.n].Type == "account.debt_settled" && try(place{at.state, at.n + 1}) {
			return true // the only event without a move
		}
		for _, r := range o.rows[kind+"/"+at.state] {
			if n, ok := emitted(r, events[at.n:]); ok && try(place{r.To, at.n + n}) {
				return true
			}
		}
		return false
	}
	return try(place{from, 0})
}

// emitted matches a row's events, and returns how many there are.
func emitted(r okpay.MachineRow, events []heard) (n int, ok bool) {
	for _, e := range r.Emits {
		passing := strings.HasSuffix(e, ".paid") && len(r.Emits) > 1 // paid, before it is told that it came back
		switch {
		case n < len(events) && events[n].Type == e && (events[n].shown.State == r.To || passing && events[n].shown.State == "paid"):
			n++
		case e == "payment.hold_released": // if anything was
		default:
			return 0, false
		}
	}
	return n, true
}

// pick returns a copy of one of the latest objects of a kind, in one of these states if one is
// found. An object that is not there has no id.
func (o *witness) pick(r *rand.Rand, kind string, states ...string) object {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.made[kind]
	if len(all) == 0 {
		return object{}
	}
	latest := all[len(all)-min(len(all), 150):]
	start := r.IntN(len(latest))
	if r.IntN(12) == 0 {
		states = nil
	}
	for i := range latest {
		x := latest[(start+i)%len(latest)]
		if len(states) == 0 || slices.Contains(states, x.state) {
			return *x
		}
	}
	return *latest[start]
}

// all returns the objects of a kind, which do not change any more when nobody writes.
func (o *witness) all(kind string) []*object {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.made[kind])
}
