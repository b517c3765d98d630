package frozen

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/ledger/schedule"
)

// history is the one history of all golden files. Its clock, randomness and ids are its own,
// so that it comes out the same at every run.
type history struct {
	*testing.T
	ctx   context.Context
	store ledger.Store
	l     *ledger.Ledger
	now   time.Time

	asked      []asked // every Change whose id is kept, with what was answered
	plans      []schedule.Plan
	archive    bytes.Buffer
	receipt    ledger.ArchiveReceipt
	export     bytes.Buffer
	checkpoint ledger.SignedCheckpoint
}

// asked are Changes that were asked for in one call, and what they were answered: one, or a
// chain of them.
type asked struct {
	changes []ledger.Change
	answers []ledger.Answer
}

// ask remembers one Change.
func (h *history) ask(c ledger.Change, out ledger.Outcome, err error) {
	if out.Seq != 0 && c.ID != "" {
		h.asked = append(h.asked, asked{[]ledger.Change{c}, []ledger.Answer{{Outcome: out, Err: err}}})
	}
}

// beginning is when the history begins.
func beginning() time.Time { return time.Date(2026, time.March, 1, 12, 0, 0, 123_456_000, time.UTC) }

// end is when it has ended; one of its holds is due then and no block has told so yet.
func end() time.Time { return beginning().AddDate(0, 3, 0) }

// chart has limits on either side, a currency list and accounts without bounds.
func chart() ledger.Chart {
	return ledger.Chart{
		{Name: "bank:*", Normal: ledger.Debit, Min: ledger.Limit(0), Max: ledger.Limit(10_000_000)},
		{Name: "user:**", Min: ledger.Limit(0)},
		{Name: "fx:*", Currencies: []string{"CNY", "USD"}},
		{Name: "capped:*", Min: ledger.Limit(0), Max: ledger.Limit(1000)},
		{Name: "shop:**"},
		{Name: "out:*", Normal: ledger.Debit},
	}
}

// config is that of the golden ledger at a time. Chance begins anew with each opening.
func config(now func() time.Time) ledger.Config {
	ids := 0
	return ledger.Config{
		Name: "frozen:ledger", Chart: chart(), Now: now, Rand: &chance{}, MaxSkew: -1,
		NewID: func() string { ids++; return fmt.Sprintf("made:%d", ids) },
	}
}

// chance is a source of bytes that look random and never change.
type chance struct {
	n    uint64
	rest []byte
}

func (c *chance) Read(p []byte) (int, error) {
	for i := range p {
		if len(c.rest) == 0 {
			sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("frozen"), c.n))
			c.n, c.rest = c.n+1, sum[:]
		}
		p[i], c.rest = c.rest[0], c.rest[1:]
	}
	return len(p), nil
}

// signer is whose signature stands under the golden checkpoint.
func signer() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
}

func yuan(minor int64) money.Amount   { return money.New(minor, money.MustISO("CNY")) }
func dollar(minor int64) money.Amount { return money.New(minor, money.MustISO("USD")) }

func wei(minor int64) money.Amount {
	c, err := money.NewCurrency("WEI", 18)
	if err != nil {
		panic(err)
	}
	return money.New(minor, c)
}

func leg(debit, credit string, amount money.Amount) ledger.Posting {
	return ledger.Posting{Debit: debit, Credit: credit, Amount: amount}
}

func pay(debit, credit string, amount money.Amount) ledger.Transaction {
	return ledger.Transaction{Postings: []ledger.Posting{leg(debit, credit, amount)}}
}

// record runs the history on a store that is empty.
func record(t *testing.T, store ledger.Store) *history {
	t.Helper()
	h := &history{T: t, ctx: t.Context(), store: store, now: beginning()}
	var err error
	h.l, err = ledger.Open(h.ctx, store, config(func() time.Time { return h.now }))
	require.NoError(t, err)
	h.money()
	h.rules()
	h.holds()
	h.records()
	h.refusals()
	h.chains()
	h.monitors()
	h.schedules()
	h.many()
	h.files()
	return h
}

// commit asks for one Change, a minute after the last.
func (h *history) commit(c ledger.Change) ledger.Outcome {
	h.Helper()
	h.now = h.now.Add(time.Minute)
	out, err := h.l.Commit(h.ctx, c)
	h.ask(c, out, err)
	if err != nil {
		require.ErrorIs(h, err, ledger.ErrRefused, c.ID)
	}
	return out
}

// done is commit of what must not be refused.
func (h *history) done(id string, ops ...ledger.Op) ledger.Outcome {
	h.Helper()
	out := h.commit(ledger.Change{ID: id, Ops: ops})
	require.NotZero(h, out.Seq, id)
	require.Nil(h, out.Refusal, id)
	return out
}

// refused is commit of what must be refused.
func (h *history) refused(c ledger.Change, want ledger.Reason) {
	h.Helper()
	h.now = h.now.Add(time.Minute)
	out, err := h.l.Commit(h.ctx, c)
	var refusal *ledger.RefusedError
	require.ErrorAs(h, err, &refusal, c.ID)
	require.Equal(h, want, refusal.Reason, c.ID)
	h.ask(c, out, err)
}

// money moves: several legs, several currencies, dated back and ahead, bounded, reversed, and
// so often to and fro that the totals of debits need more than 64 bits.
func (h *history) money() {
	at := h.now
	h.commit(ledger.Change{
		ID: "m:shop:top-up:1", Result: "top-up-1", Request: []ledger.Field{{Name: "customer", Value: "1"}, {Name: "amount", Value: "5000.00"}},
		NotAfter: at.AddDate(1, 0, 0),
		Ops: []ledger.Op{ledger.Transaction{
			Postings:  []ledger.Posting{leg("bank:1", "user:1:available", yuan(500_000)), leg("bank:1", "user:2", yuan(70_000)), leg("user:1:available", "shop:fees", yuan(25))},
			Effective: at.AddDate(0, -1, 0), Reference: "statement 4711", Metadata: map[string]string{"bank": "<&>", "汇率": "7.1"},
		}},
	})
	h.done("fx", ledger.Transaction{
		Postings:  []ledger.Posting{leg("user:1:available", "fx:1", yuan(71_000)), leg("fx:1", "user:1:available", dollar(10_000))},
		Reference: "quote 1", Metadata: map[string]string{"rate": "7.1"},
	})
	h.done("ahead", ledger.Transaction{Postings: []ledger.Posting{leg("user:2", "shop:1", yuan(1995))}, Effective: at.AddDate(0, 1, 0)})
	h.done("back", ledger.Transaction{Postings: []ledger.Posting{leg("user:2", "shop:1", yuan(5))}, Effective: at.AddDate(-30, 0, 0)})
	h.done("now", ledger.Transaction{Postings: []ledger.Posting{leg("user:2", "shop:1", yuan(0))}, Effective: h.now.Add(time.Minute)})
	h.done("sweep", ledger.Transaction{Postings: []ledger.Posting{
		{Debit: "user:2", Credit: "capped:1", Amount: yuan(5000), UpTo: ledger.UpToDebit | ledger.UpToCredit},
		{Debit: "shop:empty", Credit: "shop:1", Amount: yuan(7), UpTo: ledger.UpToDebit},
	}})
	for i := range 3 {
		h.done(fmt.Sprintf("to:%d", i), pay("shop:whale", "shop:pond", wei(math.MaxInt64)))
		h.done(fmt.Sprintf("fro:%d", i), pay("shop:pond", "shop:whale", wei(math.MaxInt64)))
	}
	out := h.done("sale", ledger.Transaction{
		Postings: []ledger.Posting{leg("user:1:available", "shop:1", yuan(2000)), leg("shop:1", "shop:fees", yuan(60))}, Reference: "order 1",
	})
	h.done("undo", ledger.Reverse{Transaction: out.First, Reference: "order 1"})
	out = h.done("gift", pay("shop:gifts", "user:3", yuan(300)))
	h.done("spent", pay("user:3", "shop:1", yuan(250)))
	back := h.done("taken back", ledger.Reverse{
		Transaction: out.First, Force: true, Effective: at.AddDate(0, 0, -3), Metadata: map[string]string{"why": "fraud"},
	})
	h.done("given again", ledger.Reverse{Transaction: back.First, Force: true})
	h.commit(ledger.Change{Ops: []ledger.Op{pay("shop:gifts", "user:4", yuan(1))}}) // with an id of the ledger's
}

// rules of accounts change.
func (h *history) rules() {
	cny := money.MustISO("CNY")
	h.done("limits", ledger.Limits{Account: "user:1:available", Currency: cny, Min: ledger.Limit(-100), Max: ledger.Limit(1_000_000)},
		ledger.Limits{Account: "user:never-used", Currency: cny})
	h.done("freeze", ledger.Freeze{Account: "user:3", Currency: cny, Debits: true, Credits: true},
		ledger.Freeze{Account: "user:4", Currency: cny, Debits: true}, ledger.Freeze{Account: "shop:gifts", Currency: cny, Credits: true})
	h.done("thaw", ledger.Freeze{Account: "user:3", Currency: cny})
	h.done("close", ledger.Close{Account: "shop:empty", Currency: cny}, ledger.Close{Account: "capped:1", Currency: cny})
	h.done("reopen", ledger.Reopen{Account: "capped:1", Currency: cny},
		ledger.Require{Account: "user:1:available", Currency: cny, AtLeast: ledger.Limit(1), AtMost: ledger.Limit(1_000_000)})
}

// holds end in every way, or stay.
func (h *history) holds() {
	hold := func(id string, expires time.Duration, legs ...ledger.Posting) ledger.Hold {
		out := ledger.Hold{ID: id, Postings: legs, Reference: "ref " + id, Metadata: map[string]string{"hold": id}}
		if expires > 0 {
			out.Expires = h.now.Add(expires)
		}
		return out
	}
	one := leg("user:1:available", "shop:1", yuan(1000))
	h.done("hold:open", hold("open", 0, one, leg("user:1:available", "shop:fees", yuan(30))))
	h.done("hold:dated", hold("dated", 1000*24*time.Hour, one))
	h.done("hold:whole", hold("whole", time.Hour, one))
	h.done("capture:whole", ledger.Capture{Hold: "whole"})
	h.done("hold:parts", hold("parts", 1000*24*time.Hour, one, leg("user:1:available", "out:1", yuan(500))))
	h.done("capture:part", ledger.Capture{
		Hold: "parts", Postings: []ledger.Posting{leg("user:1:available", "shop:1", yuan(300)), leg("user:1:available", "shop:tips", yuan(10))},
		Reference: "part 1", Metadata: map[string]string{"part": "1"},
	})
	h.done("hold:final", hold("final", 0, one))
	h.done("capture:final", ledger.Capture{Hold: "final", Final: true, Postings: []ledger.Posting{leg("user:1:available", "shop:1", yuan(999))}})
	h.done("hold:void", hold("void", time.Hour, one))
	h.done("void", ledger.Void{Hold: "void"})
	h.done("hold:expired", hold("expired", 2*time.Minute, leg("user:2", "shop:1", yuan(77))))
	h.now = h.now.Add(time.Hour)
	h.done("after the expiry", pay("user:2", "shop:1", yuan(1)))
	h.done("hold:due", hold("due", 30*24*time.Hour, leg("user:3", "shop:due", yuan(40))))
}

// records are chained and plain, put again, erased, expected, found.
func (h *history) records() {
	due := h.now.AddDate(0, 0, 10)
	h.commit(ledger.Change{
		ID: "order:1",
		Puts: []ledger.Put{
			{Type: "order", ID: "1", Content: []byte(`{"state": "open"}`), Unique: []string{"order:b", "order:a"}, Labels: []string{"z", "customer:1"}, Due: due},
			{Type: "order", ID: "2", Content: []byte{0, 1, 0xff, '\'', '\\', '"'}},
			{Type: "order", ID: "empty"},
			{Type: "person", ID: "1", Content: []byte("Zhang San"), Unique: []string{"phone:+86 10 1234"}, Labels: []string{"vip"}},
			{Type: "session", ID: "s-1", Content: []byte("token"), Unique: []string{"token:1"}, Labels: []string{"user:1"}, Due: due, Chaining: ledger.Plain},
			{Type: "session", ID: "s-3", Content: []byte("token"), Unique: []string{"token:3"}, Labels: []string{"user:2"}, Due: due, Chaining: ledger.Plain},
			{Type: "session", ID: "s-2", Content: []byte("token"), Labels: []string{"user:1"}, Chaining: ledger.Plain},
		},
		Events: []ledger.Event{{Type: "order.opened", Subject: "1", Payload: []byte(`{"order": 1}`)}, {Type: "empty"}},
	})
	h.commit(ledger.Change{
		ID: "order:2", Expects: []ledger.Expect{{Type: "order", ID: "1", Version: 1}, {Type: "order", ID: "3"}},
		Ops:    []ledger.Op{pay("user:1:available", "shop:1", yuan(42))},
		Puts:   []ledger.Put{{Type: "order", ID: "1", Content: []byte(`{"state": "paid"}`), Unique: []string{"order:a"}, Labels: []string{"customer:1"}, Due: due.AddDate(0, 0, 1)}},
		Events: []ledger.Event{{Type: "order.paid", Subject: "1", Payload: []byte(`{"order": 1}`)}},
	})
	h.commit(ledger.Change{ID: "forget me", Puts: []ledger.Put{
		{Type: "person", ID: "1", Erase: true},
		{Type: "session", ID: "s-2", Erase: true, Chaining: ledger.Plain},
		{Type: "session", ID: "s-1", Content: []byte("token 2"), Chaining: ledger.Plain},
	}})
	h.now = h.now.Add(time.Minute)
	request := []ledger.Field{{Name: "order", Value: "2"}}
	out, err := h.l.Do(h.ctx, "do", request, func(d *ledger.Draft) error {
		r, err := d.Get("order", "2")
		if err != nil {
			return err
		}
		d.Result = fmt.Sprint(r.Version)
		d.Post(pay("user:1:available", "shop:1", yuan(43)))
		d.Put(ledger.Put{Type: "order", ID: "2", Content: []byte("by a verb")})
		return nil
	})
	require.NoError(h, err)
	h.ask(ledger.Change{ID: "do", Request: request}, out, nil)
}

// refusals pin their ids, or leave them free, or commit something else.
func (h *history) refusals() {
	change := func(id string, ops ...ledger.Op) ledger.Change { return ledger.Change{ID: id, Ops: ops} }
	cny := money.MustISO("CNY")
	poor := pay("user:4:other", "shop:1", yuan(7))
	h.refused(change("too much", poor), ledger.InsufficientFunds)
	h.refused(change("too full", pay("shop:1", "capped:1", yuan(5000))), ledger.LimitExceeded)
	h.refused(change("too large", pay("shop:whale", "shop:pond", wei(math.MaxInt64)), pay("shop:whale", "shop:pond", wei(math.MaxInt64))), ledger.BalanceOverflow)
	h.refused(change("frozen", pay("user:4", "shop:1", yuan(1))), ledger.AccountFrozen)
	h.refused(change("closed", pay("shop:1", "shop:empty", yuan(1))), ledger.AccountClosed)
	h.refused(change("not closed", ledger.Reopen{Account: "shop:1", Currency: cny}), ledger.AccountOpen)
	h.refused(change("required", ledger.Require{Account: "user:9", Currency: cny, AtLeast: ledger.Limit(1)}), ledger.ConditionFailed)
	h.refused(change("no hold", ledger.Void{Hold: "none"}), ledger.HoldUnknown)
	h.refused(change("no transaction", ledger.Reverse{Transaction: 1 << 40}), ledger.TransactionUnknown)
	h.refused(change("no monitor", ledger.Unmonitor{ID: "none", Account: "user:1:available", Currency: cny}), ledger.MonitorUnknown)
	h.refused(change("free", pay("nobody", "shop:1", yuan(1))), ledger.AccountNotAllowed)
	h.done("free", pay("shop:1", "user:3", yuan(60)))
	h.refused(ledger.Change{
		ID: "told", Result: "payment-2", Ops: []ledger.Op{poor},
		Else: &ledger.Else{On: []ledger.Reason{ledger.InsufficientFunds, "other"}, Change: ledger.Change{
			Ops: []ledger.Op{pay("shop:1", "shop:fees", yuan(1))}, Puts: []ledger.Put{{Type: "order", ID: "failed", Content: []byte("x")}},
			Events: []ledger.Event{{Type: "order.failed", Subject: "failed"}},
		}},
	}, ledger.InsufficientFunds)
	h.refused(ledger.Change{
		ID: "own", Events: []ledger.Event{{Type: "locked"}}, Refusal: &ledger.Refusal{
			Reason: "locked", Account: ledger.AccountKey{Name: "user:1", Currency: "CNY"}, Short: -3, Hold: "open", Transaction: 1, Detail: "{\n}",
		},
	}, "locked")
	h.commit(ledger.Change{ID: "nothing"})
}

// chains happen whole or not at all.
func (h *history) chains() {
	all := func(changes ...ledger.Change) []ledger.Answer {
		h.now = h.now.Add(time.Minute)
		answers := h.l.CommitAll(h.ctx, changes)
		for from := 0; from < len(changes); {
			to := from + 1
			for changes[to-1].Linked {
				to++
			}
			h.asked = append(h.asked, asked{changes[from:to], answers[from:to]})
			from = to
		}
		return answers
	}
	link := func(id, from, to string, linked bool) ledger.Change {
		return ledger.Change{ID: id, Linked: linked, Ops: []ledger.Op{pay(from, to, yuan(10))}}
	}
	for _, a := range all(link("chain:1", "user:1:available", "user:5", true), link("chain:2", "user:5", "user:6", true),
		link("chain:3", "user:6", "shop:1", false), link("beside", "shop:1", "user:6", false)) {
		require.NoError(h, a.Err)
	}
	answers := all(link("broken:1", "user:1:available", "user:5", true), link("broken:2", "user:5", "user:6", true),
		link("broken:3", "user:poor", "shop:1", false), link("beside too", "shop:1", "user:6", false))
	require.ErrorIs(h, answers[0].Err, ledger.ErrLinked)
	require.ErrorIs(h, answers[2].Err, ledger.ErrInsufficientFunds)
	require.NoError(h, answers[3].Err)
}

// monitors watch in every way; some announce, one is replaced, one is gone.
func (h *history) monitors() {
	cny := money.MustISO("CNY")
	h.done("watch", ledger.Monitor{ID: "low", Account: "user:1:available", Currency: cny, Below: ledger.Limit(100_000)},
		ledger.Monitor{ID: "much", Account: "user:1:available", Currency: cny, On: ledger.OnPosted, AtLeast: ledger.Limit(900_000), Event: "balance.high"},
		ledger.Monitor{ID: "held", Account: "user:1:available", Currency: cny, On: ledger.OnPendingOut, AtLeast: ledger.Limit(1)},
		ledger.Monitor{ID: "coming", Account: "shop:watched", Currency: cny, On: ledger.OnPendingIn, AtLeast: ledger.Limit(1)},
		ledger.Monitor{ID: "released", Account: "user:2", Currency: cny, On: ledger.OnPendingOut, Below: ledger.Limit(1)},
		ledger.Monitor{ID: "gone", Account: "shop:watched", Currency: cny, AtLeast: ledger.Limit(1)})
	h.refused(ledger.Change{ID: "elsewhere", Ops: []ledger.Op{ledger.Monitor{ID: "low", Account: "user:2", Currency: cny, Below: ledger.Limit(1)}}}, ledger.MonitorExists)
	h.done("rewatch", ledger.Monitor{ID: "low", Account: "user:1:available", Currency: cny, Below: ledger.Limit(200_000)},
		ledger.Unmonitor{ID: "gone", Account: "shop:watched", Currency: cny})
	h.done("crossed", pay("user:1:available", "shop:1", yuan(300_000)))
	h.done("hold:watched", ledger.Hold{ID: "watched", Postings: []ledger.Posting{leg("user:2", "shop:watched", yuan(3))}, Expires: h.now.Add(10 * time.Minute)})
	h.now = h.now.Add(time.Hour)
	h.done("expired, and told", pay("shop:1", "shop:watched", yuan(2)))
}

// schedules have run, were refused, wait, and were canceled.
func (h *history) schedules() {
	s := schedule.New(h.l, schedule.Config{})
	put := func(p schedule.Plan) {
		h.now = h.now.Add(time.Minute)
		_, err := s.Put(h.ctx, p)
		require.NoError(h, err)
		h.plans = append(h.plans, p)
	}
	put(schedule.Plan{ID: "once", At: h.now.Add(time.Hour), Ops: []ledger.Op{pay("user:1:available", "shop:rent", yuan(100))}})
	put(schedule.Plan{ID: "rent", At: h.now.Add(time.Hour), Months: 1, Times: 6, Labels: []string{"user:1"}, Ops: []ledger.Op{
		ledger.Transaction{
			Postings:  []ledger.Posting{{Debit: "user:1:available", Credit: "shop:rent", Amount: yuan(120), UpTo: ledger.UpToDebit}},
			Reference: "rent", Metadata: map[string]string{"flat": "7"},
		},
		ledger.Require{Account: "user:1:available", Currency: money.MustISO("CNY"), AtLeast: ledger.Limit(0)},
	}})
	put(schedule.Plan{ID: "poor", At: h.now.Add(time.Hour), Ops: []ledger.Op{pay("user:poor", "shop:rent", yuan(9))}})
	put(schedule.Plan{ID: "daily", At: h.now.AddDate(1, 0, 0), Every: 24 * time.Hour, Ops: []ledger.Op{
		ledger.Freeze{Account: "user:4", Currency: money.MustISO("CNY"), Debits: true},
	}})
	put(schedule.Plan{ID: "later", At: h.now.AddDate(1, 0, 0), Ops: []ledger.Op{ledger.Void{Hold: "open"}}})
	h.now = h.now.Add(2 * time.Hour)
	for n := 1; n > 0; {
		var err error
		n, err = s.Due(h.ctx)
		require.NoError(h, err)
	}
	h.now = h.now.Add(time.Minute)
	_, err := s.Cancel(h.ctx, "later")
	require.NoError(h, err)
}

// many entries of one account, so that there are marks among them.
func (h *history) many() {
	legs := make([]ledger.Posting, 70)
	for i := range legs {
		legs[i] = leg("shop:many", "shop:1", yuan(int64(i)))
	}
	h.done("many", ledger.Transaction{Postings: legs})
	h.done("dated among many", ledger.Transaction{Postings: []ledger.Posting{leg("shop:many", "shop:1", yuan(5))}, Effective: beginning().AddDate(0, 0, 1)})
}

// archived is how many blocks are in the archive, and forgotten in the databases.
const archived = 5

// files are written of the whole ledger, and of its beginning, which is then forgotten.
func (h *history) files() {
	var err error
	_, err = h.l.Export(h.ctx, &h.export, ledger.ExportConfig{})
	require.NoError(h, err)
	h.receipt, err = h.l.Archive(h.ctx, &h.archive, archived)
	require.NoError(h, err)
	h.checkpoint, err = h.l.SignedCheckpoint(h.ctx, signer())
	require.NoError(h, err)
	h.now = end()
}

// forget drops what the archive holds from the store.
func (h *history) forget() {
	require.NoError(h, h.l.Forget(h.ctx, h.receipt))
}

// close closes the ledger.
func (h *history) close() { require.NoError(h, h.l.Close(h.ctx)) }
