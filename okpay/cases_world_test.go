package okpay_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// caseWorld is a wallet for one run of a case, and what the case calls things.
type caseWorld struct {
	*okpay.Wallet
	t     *testing.T
	clock *handclock.Clock

	foreign func(outOfScope) // told, in place of a skip, what is out of scope

	providers map[string]*caseProvider
	source    *caseSource

	verdict    atomic.Pointer[okpay.Verdict] // of Config.Risk on the call that is made
	thresholds []threshold                   // of Config.Risk on all others

	terms map[okpay.MerchantID]*okpay.Fees // of merchants who have their own

	mu        sync.Mutex
	objects   map[string]named // by what the case calls them
	lastNo    int64            // the last event that was seen
	told      map[okpay.MessageID]bool
	people    []okpay.CustomerID
	strangers map[string]bool // people whom money is sent to and who are not registered
	shops     []okpay.MerchantID
}

// named is an object of the wallet.
type named struct {
	noun string
	id   string
}

// caseNumber names the ledgers of runs.
var caseNumber atomic.Int64

func newCaseWorld(t *testing.T, store ledger.Store, c *walletCase) *caseWorld {
	t.Helper()
	w := &caseWorld{
		t: t, foreign: c.foreign, providers: map[string]*caseProvider{}, source: newCaseSource(), objects: map[string]named{}, terms: map[okpay.MerchantID]*okpay.Fees{}, told: map[okpay.MessageID]bool{},
	}
	w.clock = handclock.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if c.Setup.Now != nil {
		w.clock.Set(*c.Setup.Now)
	} else if begins := c.begins(); !begins.IsZero() {
		w.clock.Set(begins)
	}
	cfg, err := w.config(c)
	w.inScope(err)
	l, err := ledger.Open(t.Context(), store, ledger.Config{
		Name: fmt.Sprintf("case-%d", caseNumber.Add(1)), Chart: okpay.Chart(), Now: w.clock.Now, MaxSkew: -1,
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, l.Close(context.Background())) })
	w.Wallet, err = okpay.New(l, cfg)
	require.NoError(t, err)
	w.register(c)
	w.open(c.Setup.Balances)
	for _, who := range c.Setup.Locked {
		_, err := w.Customers.Lock(t.Context(), okpay.MoveGate{Customer: okpay.CustomerID(who)})
		require.NoError(t, err)
	}
	w.events()
	w.messages()
	return w
}

// outOfScope says that a case asks for what is not there.
type outOfScope string

func (o outOfScope) Error() string { return string(o) }

func (w *caseWorld) inScope(err error) {
	w.t.Helper()
	var out outOfScope
	if errors.As(err, &out) {
		if w.foreign != nil {
			w.foreign(out)
			runtime.Goexit()
		}
		w.t.Skipf("out of scope: %s", out)
	}
	require.NoError(w.t, err)
}

// begins is the first instant that a case names.
func (c *walletCase) begins() (first time.Time) {
	for _, call := range c.calls() {
		if call.At != nil && (first.IsZero() || call.At.Before(first)) {
			first = *call.At
		}
	}
	return first
}

// sources are the funding sources that a case names.
func (c *walletCase) sources() (names []string) {
	for _, call := range c.calls() {
		for _, arg := range []string{"source", "provider", "methods"} {
			name, _ := call.Args[arg].(string)
			if name != "" && name != "balance" && name != "wallet" && !strings.HasPrefix(call.Op, "worker.") {
				names = append(names, name)
			}
		}
	}
	return names
}

// unregistered are people whom a case sends money to and who are not there: it says so, or
// expects that the transfer waits to be claimed.
func (c *walletCase) unregistered() map[string]bool {
	out := map[string]bool{}
	for _, name := range c.Setup.Unregistered {
		out[name] = true
	}
	expects := func(call opCall, expect map[string]any) {
		to, _ := call.Args["to"].(string)
		if call.Op == "transfer.create" && (isUnregistered(call.Args) || expect["state"] == "pending_claim") {
			out[to] = true
		}
	}
	for _, call := range c.Steps {
		expects(call, call.Expect)
	}
	if c.Race != nil {
		for _, o := range c.Race.Outcomes {
			for j, n := range o.Order {
				expects(c.Race.Ops[n], o.Expects[j])
			}
		}
	}
	return out
}

func isUnregistered(args map[string]any) bool {
	for _, name := range notThere {
		if v, given := args[name]; given && v == (name == "unregistered") {
			return true
		}
	}
	return false
}

// notThere are the arguments by which a case says that a payee is registered or not.
var notThere = []string{"registered", "to_registered", "payee_registered", "unregistered"}

// people returns who a call speaks of as customers.
func (c *opCall) people() (ids []string) {
	names := []string{"payer", "user", "from"}
	switch {
	case strings.HasPrefix(c.Op, "transfer."), strings.HasPrefix(c.Op, "request."):
		names = append(names, "to")
	}
	switch c.Op {
	case "transfer.claim", "transfer.cancel", "withdrawal.cancel":
		names = append(names, "by")
	}
	for _, name := range names {
		if id, ok := c.Args[name].(string); ok && !strings.ContainsAny(id, "@+:") {
			ids = append(ids, id)
		}
	}
	return ids
}

// register registers everybody that a case speaks of.
func (w *caseWorld) register(c *walletCase) {
	people, shops := map[string]bool{}, map[string]bool{}
	for _, id := range c.Setup.Users {
		people[id] = true
	}
	for _, id := range c.Setup.Merchants {
		shops[id] = true
	}
	for account := range c.Setup.Balances {
		parts := strings.Split(account, ":")
		switch {
		case len(parts) == 4 && parts[0] == "user":
			people[parts[1]] = true
		case len(parts) == 4 && parts[0] == "merchant":
			shops[parts[1]] = true
		}
	}
	w.strangers = c.unregistered()
	for _, call := range c.calls() {
		for _, id := range call.people() {
			people[id] = people[id] || !w.strangers[id] || call.Op == "transfer.claim"
		}
		if id, ok := call.Args["merchant"].(string); ok {
			shops[id] = true
		}
		for _, part := range partsOf(call.Args["splits"]) {
			shops[part.merchant] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(people)) {
		if !people[id] {
			continue
		}
		_, err := w.Customers.Create(w.t.Context(), okpay.CreateCustomer{ID: okpay.CustomerID(id)})
		require.NoError(w.t, err)
		w.people = append(w.people, okpay.CustomerID(id))
	}
	for _, id := range slices.Sorted(maps.Keys(shops)) {
		_, err := w.Merchants.Create(w.t.Context(), okpay.CreateMerchant{ID: okpay.MerchantID(id), Name: id})
		require.NoError(w.t, err)
		w.shops = append(w.shops, okpay.MerchantID(id))
		if fees := w.terms[okpay.MerchantID(id)]; fees != nil {
			_, err := w.Merchants.SetFees(w.t.Context(), okpay.SetFees{Merchant: okpay.MerchantID(id), Fees: fees})
			require.NoError(w.t, err)
		}
	}
	for _, call := range c.calls() {
		if strings.HasSuffix(call.Op, ".request") {
			w.saveDestination(call)
		}
	}
}

// open posts opening balances against the operator's bank account.
func (w *caseWorld) open(balances map[string]int64) {
	w.t.Helper()
	for account, minor := range balances {
		i := strings.LastIndexByte(account, ':')
		require.Positive(w.t, i, account)
		name, currency := account[:i], w.currency(account[i+1:])
		p := ledger.Posting{Debit: "bank:nostro", Credit: name, Amount: money.New(max(minor, -minor), currency)}
		if minor < 0 {
			p.Debit, p.Credit = p.Credit, p.Debit
		}
		_, err := w.Ledger().Commit(w.t.Context(), ledger.Change{
			ID: "opening/" + account, Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{p}}},
		})
		require.NoError(w.t, err)
	}
}

func (w *caseWorld) currency(code string) money.Currency {
	c, err := w.Currency(code)
	if err != nil {
		w.inScope(outOfScope("currency " + code))
	}
	return c
}

func (w *caseWorld) remember(name, noun, id string) {
	if name == "" || id == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.objects[name] = named{noun, id}
}

func (w *caseWorld) object(name string) (named, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, ok := w.objects[name]
	return n, ok
}

// id is the wallet's id of what a case calls name; a name that was not given yet is an id
// that is not there.
func (w *caseWorld) id(name string) string {
	if n, ok := w.object(name); ok {
		return n.id
	}
	return name
}

// events returns the types of the events since the last time, in the cases' words.
func (w *caseWorld) events() []string {
	types := []string{}
	for {
		events, last, err := w.Events(w.t.Context(), w.lastNo, 1000)
		require.NoError(w.t, err)
		if len(events) == 0 {
			return types
		}
		for _, e := range events {
			types = append(types, inCaseWords(e.Type))
		}
		w.lastNo = last
	}
}

// passed returns the states that objects have been in since the last time, by id, in the cases' words.
func (w *caseWorld) passed() map[string]map[string]bool {
	w.t.Helper()
	out := map[string]map[string]bool{}
	events, _, err := w.Events(w.t.Context(), w.lastNo, 1000)
	require.NoError(w.t, err)
	for _, e := range events {
		var object struct{ ID, Customer, State string }
		require.NoError(w.t, json.Unmarshal(e.Data, &object))
		for _, id := range []string{object.ID, object.Customer} {
			if out[id] == nil {
				out[id] = map[string]bool{}
			}
			out[id][inCaseWords(object.State)] = true
		}
	}
	return out
}

// messages returns the templates of the messages since the last time, in the cases' words
// and in the order in which they were queued.
func (w *caseWorld) messages() []string {
	var fresh []okpay.Message
	for _, id := range w.people {
		page, err := w.Customers.Messages(w.t.Context(), id, "", 100)
		require.NoError(w.t, err)
		for _, m := range page {
			if !w.told[m.ID] {
				w.told[m.ID] = true
				fresh = append(fresh, m)
			}
		}
	}
	slices.SortStableFunc(fresh, func(a, b okpay.Message) int { return a.CreatedAt.Compare(b.CreatedAt) })
	templates := []string{}
	for _, m := range fresh {
		templates = append(templates, inCaseWords(m.Template))
	}
	return templates
}

// balances returns every balance that is not zero: credits less debits, what is held apart from
// what is available. What limits count is no money.
func (w *caseWorld) balances() map[string]int64 {
	out := map[string]int64{}
	for after := int64(0); ; {
		page, more, err := w.Ledger().Balances(w.t.Context(), "", after, 0)
		require.NoError(w.t, err)
		for _, b := range page {
			name, code := b.Account.Name, b.Account.Currency
			if strings.HasPrefix(name, "usage:") || name == "memo:usage" {
				continue
			}
			minor := b.Posted.Minor()
			if rule, ok := w.Ledger().Chart().Rule(b.Account); ok && rule.Normal == ledger.Debit {
				minor = -minor
			}
			if owner, isAvailable := strings.CutSuffix(name, ":available"); isAvailable && b.PendingOut.Minor() != 0 {
				out[owner+":held:"+code] = b.PendingOut.Minor()
				minor -= b.PendingOut.Minor()
			}
			out[name+":"+code] = minor
		}
		if more == 0 {
			return nonzero(out)
		}
		after = more
	}
}

// balanced holds what is true after every step: each currency sums to zero, and nobody is
// below it.
func (w *caseWorld) balanced() {
	w.t.Helper()
	sums := map[string]int64{}
	for account, minor := range w.balances() {
		sums[account[strings.LastIndexByte(account, ':')+1:]] += minor
		if strings.HasPrefix(account, "user:") || strings.HasPrefix(account, "merchant:") {
			assert.GreaterOrEqual(w.t, minor, int64(0), account)
		}
	}
	for currency, sum := range sums {
		assert.Zero(w.t, sum, "all of %s", currency)
	}
}

func (w *caseWorld) verify() {
	w.t.Helper()
	report, err := w.Ledger().Verify(w.t.Context())
	require.NoError(w.t, err)
	require.NoError(w.t, report.Err())
}

// reply is what came of a call.
type reply struct {
	err      error
	object   named           // what the call is about
	state    string          // its state, as it is afterwards
	later    string          // its state once all calls of a race have ended
	passed   map[string]bool // the states that it was in meanwhile
	replayed bool
	events   []string
	mails    []string
	facts    map[string]any // what an *okpay.Error carries, under the cases' names
}

// differs compares a reply with what is expected; empty means that it agrees.
func (w *caseWorld) differs(call opCall, expect map[string]any, r *reply) (miss string) {
	facts := w.facts(r)
	say := func(what string, want, got any) {
		if diff := cmp.Diff(want, got); diff != "" {
			miss += fmt.Sprintf("%s (-want +got):\n%s", what, diff)
		}
	}
	var refusal *okpay.Error
	errors.As(r.err, &refusal)
	// A payment that waits for a proof says so by an error that has its state: to whoever speaks of
	// no error it is none.
	waits := expect["result"] == "ok" && expect["state"] == "requires_action" && okpay.CodeOf(r.err) == okpay.AuthenticationRequired
	for name, want := range expect {
		switch name {
		case "result":
			got := "ok"
			if r.err != nil && !waits {
				got = "error"
			}
			say("result", want, any(got))
		case "code":
			say("code", want, any(string(okpay.CodeOf(r.err))))
		case "state":
			word, _ := want.(string)
			if inCaseWords(r.later) != word && !r.passed[word] {
				say("state", want, any(inCaseWords(r.state)))
			}
		case "replayed":
			say("replayed", want, any(r.replayed))
		case "events":
			switch {
			case r.events == nil:
			case (call.Op == "clock.advance" || call.Op == "recon.import") && sameEvents(texts(want), r.events):
				// What time does to several objects has no order among them, nor have rows of a statement.
			default:
				say("events", texts(want), r.events)
			}
		case "mail":
			if r.mails != nil { // who is told first is not said
				say("mail", slices.Sorted(slices.Values(texts(want))), slices.Sorted(slices.Values(r.mails)))
			}
		case "note", "comment", "why": // for people
		case "next_action":
			if refusal == nil {
				say("next_action", texts(want), []string(nil))
			} else {
				say("next_action", texts(want), refusal.NextAction)
			}
		case "fault", "retry":
			got := ""
			if refusal != nil {
				got = map[string]string{"fault": string(refusal.Fault), "retry": refusal.Retry}[name]
			}
			say(name, want, any(got))
		case "shortfall":
			var got any
			if refusal != nil && refusal.Short != nil {
				got = json.Number(fmt.Sprint(refusal.Short.Minor()))
			}
			say(name, want, got)
		case "resets_at":
			var got any
			if refusal != nil && refusal.ResetsAt != nil {
				got = refusal.ResetsAt.UTC().Format(time.RFC3339)
			}
			say(name, want, got)
		case "balances":
			all, some, got := w.balances(), map[string]int64{}, map[string]int64{}
			wanted, _ := want.(map[string]any)
			for account, minor := range wanted {
				n, _ := minor.(json.Number)
				some[account], _ = n.Int64()
				got[account] = all[account]
			}
			say(name, some, got)
		case "provider_calls", "provider_distinct":
			calls, distinct := w.providerCounts()
			if name == "provider_distinct" {
				calls = distinct
			}
			got, wanted := map[string]string{}, map[string]string{}
			for provider, n := range calls {
				got[provider] = fmt.Sprint(n)
			}
			of, _ := want.(map[string]any)
			for provider, n := range of {
				wanted[provider] = fmt.Sprint(n)
			}
			say(name, wanted, got)
		default:
			if refusal != nil && refusal.Limit != nil && slices.Contains(limitNames, name) {
				say(name, want, any(json.Number(fmt.Sprint(refusal.Limit.Minor()))))
				continue
			}
			got, known := facts[name]
			if !known {
				w.inScope(outOfScope(fmt.Sprintf("%s: nothing is known of %q to be expected", call.Op, name)))
			}
			if at, isTime := asTime(want); isTime {
				if was, isTime := asTime(got); isTime {
					want, got = any(at.UTC().String()), any(was.UTC().String())
				}
			}
			say(name, want, got)
		}
	}
	if expect["result"] == "ok" && r.err != nil && !waits {
		miss += "error: " + r.err.Error() + "\n"
	}
	if refusal != nil {
		// Every refusal tells what to do, in both languages.
		if refusal.Code == "" || refusal.Fault == "" || refusal.Retry == "" || len(refusal.NextAction) == 0 ||
			refusal.En == "" || refusal.Zh == "" {
			miss += fmt.Sprintf("the refusal %s does not tell everything: %+v\n", refusal.Code, refusal.Failure)
		}
	}
	return miss
}

// sameEvents reports whether two lists hold the same events.
func sameEvents(want, got []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got)))
}

// limitNames are what cases call the bound that a refusal carries.
var limitNames = []string{
	"capturable", "refundable", "minimum", "maximum", "remaining", "withdrawable", "limit", "max", "min", "left", "available",
}

func asTime(v any) (time.Time, bool) {
	text, _ := v.(string)
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil
}

func texts(list any) []string {
	out := []string{}
	if one, ok := list.(string); ok {
		return []string{one}
	}
	items, _ := list.([]any)
	for _, item := range items {
		out = append(out, fmt.Sprint(item))
	}
	return out
}

// arguments are those of a call. What is not asked for is out of scope.
type arguments struct {
	w      *caseWorld
	values map[string]any
	used   map[string]bool
}

func (a *arguments) get(name string) (any, bool) {
	if a.used == nil {
		a.used = map[string]bool{}
	}
	a.used[name] = true
	v, ok := a.values[name]
	return v, ok
}

func (a *arguments) has(name string) bool { _, ok := a.get(name); return ok }

// text returns a text, empty for none.
func (a *arguments) text(names ...string) string {
	out := ""
	for _, name := range names {
		if v, ok := a.get(name); ok {
			s, isText := v.(string)
			if !isText {
				a.w.inScope(outOfScope(fmt.Sprintf("%s is %v, want a text", name, v)))
			}
			out = s
		}
	}
	return out
}

// number returns a whole number, 0 for none.
func (a *arguments) number(name string) int64 {
	v, ok := a.get(name)
	if !ok {
		return 0
	}
	n, isNumber := v.(json.Number)
	i, err := n.Int64()
	if !isNumber || err != nil {
		a.w.inScope(outOfScope(fmt.Sprintf("%s is %v, want a whole number", name, v)))
	}
	return i
}

// texts returns texts by name, nil for none.
func (a *arguments) texts(name string) map[string]string {
	v, ok := a.get(name)
	if !ok {
		return nil
	}
	out := map[string]string{}
	of, _ := v.(map[string]any)
	for key, value := range of {
		out[key] = fmt.Sprint(value)
	}
	return out
}

func (a *arguments) yes(name string) bool {
	v, _ := a.get(name)
	b, _ := v.(bool)
	return b
}

// id returns the wallet's id of the object that an argument names.
func (a *arguments) id(name string) string { return a.w.id(a.text(name)) }

// amount returns the argument amount in the currency ccy; the zero Amount for none.
func (a *arguments) amount(name string, orCurrency string) money.Amount {
	code := a.text("ccy", "currency")
	if code == "" {
		code = orCurrency
	}
	if !a.has(name) || code == "" {
		return money.Amount{}
	}
	return money.New(a.number(name), a.w.currency(code))
}

func (a *arguments) allUsed(op string) {
	for name := range a.values {
		if !a.used[name] {
			a.w.inScope(outOfScope(fmt.Sprintf("%s: the argument %q is not known", op, name)))
		}
	}
}
