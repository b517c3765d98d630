package ledgertest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// serviceStep is one step of a case of the service style.
type serviceStep struct {
	N         int             `json:"n"`
	Op        string          `json:"op"`
	ID        string          `json:"id"`
	Postings  [][4]string     `json:"postings"` // source, destination, asset, amount
	Tx        string          `json:"tx"`
	DryRun    bool            `json:"dry_run"`
	Force     bool            `json:"force"`
	Account   string          `json:"account"`
	Effective string          `json:"effective_at"`
	Input     string          `json:"input"`
	Output    string          `json:"output"`
	Atomic    bool            `json:"atomic"`
	Items     [][4]string     `json:"items"`
	Balance   string          `json:"balance"`
	Overdraft string          `json:"overdraft_limit"`
	Times     int             `json:"times"`
	Call      json.RawMessage `json:"call"`
	Src       string          `json:"src"`
	Amount    string          `json:"amount"`
	Asset     string          `json:"asset"`
	Key       string          `json:"key"`             // idempotency key
	LongKey   string          `json:"idempotency_key"` // the same
	Hold      string          `json:"hold"`            // of a capture or void
	Final     bool            `json:"final"`
	Seconds   json.Number     `json:"seconds"`
	Note      string          `json:"note"`
}

// answered is what one call of a step was answered.
type answered struct {
	out ledger.Outcome
	err error
}

// serviceCase runs a case of the service style: single verbs. The account "world" has no
// limits, every other one can not go below zero or its overdraft.
type serviceCase struct {
	overdrafts map[string]string
	scales     map[string]int // of the asset of an account that is made by a step
	assets     map[string]int // the most decimals of an asset
	results    map[int][]answered
	mu         sync.Mutex // guards results, during calls at once
	firsts     map[string]int64
	holdsOf    map[string]serviceStep // by id
	effective  map[int]string
	recorded   map[int]time.Time
	ledgers    int
}

func newServiceCase(r *caseRun) (runner, error) {
	c := &serviceCase{
		overdrafts: make(map[string]string), scales: make(map[string]int), assets: make(map[string]int), results: make(map[int][]answered),
		firsts: make(map[string]int64), holdsOf: make(map[string]serviceStep), effective: make(map[int]string), recorded: make(map[int]time.Time),
	}
	for _, raw := range r.steps {
		var s serviceStep
		if err := strict(raw.raw, &s); err != nil {
			return nil, fmt.Errorf("step %d: %w", raw.N, err)
		}
		if s.Call != nil {
			var call serviceStep
			if err := strict(s.Call, &call); err != nil {
				return nil, fmt.Errorf("the call of step %d: %w", raw.N, err)
			}
			c.learn(&call)
		}
		c.learn(&s)
	}
	for _, raw := range r.steps {
		var s serviceStep
		if err := errors.Join(strict(raw.raw, &s), c.check(&s)); err != nil {
			return nil, fmt.Errorf("step %d: %w", raw.N, err)
		}
	}
	for _, e := range r.expect {
		var want serviceExpectation
		if err := strict(e.raw, &want); err != nil {
			return nil, fmt.Errorf("an expectation: %w", err)
		}
		if err := c.checkExpectation(&want); err != nil {
			return nil, fmt.Errorf("an expectation after %d: %w", want.After, err)
		}
	}
	return c, nil
}

func (c *serviceCase) chart() ledger.Chart {
	chart := ledger.Chart{{Name: "sink"}, {Name: caseName("world")}}
	for id, limit := range c.overdrafts {
		least := int64(0)
		switch words := inWords.FindStringSubmatch(limit); {
		case words != nil:
			scale, _ := strconv.Atoi(words[2])
			least = -decimal.RequireFromString(words[1]).Shift(int32(scale)).IntPart()
		case limit != "":
			least = -decimal.RequireFromString(limit).Shift(int32(c.scales[id])).IntPart()
		}
		chart = append(chart, ledger.Pattern{Name: caseName(id), Min: &least})
	}
	return append(chart, ledger.Pattern{Name: "case:**", Min: ledger.Limit(0)})
}

func (c *serviceCase) amount(r *caseRun, asset, text string, scale int) money.Amount {
	amount, err := amountOf(asset, text, scale)
	require.NoError(r, err)
	return amount
}

func (c *serviceCase) of(r *caseRun, account, text string) money.Amount {
	amount, err := c.units(account, text)
	require.NoError(r, err)
	return amount
}

func (c *serviceCase) begin(*caseRun) {}

func (c *serviceCase) do(r *caseRun, raw *step) {
	r.clock.advance(time.Second)
	var s serviceStep
	require.NoError(r, strict(raw.raw, &s))
	if s.Op == "repeat" || s.Op == "concurrent" {
		var call serviceStep
		require.NoError(r, strict(s.Call, &call))
		call.N = s.N
		var wait sync.WaitGroup
		for i := range s.Times {
			own := call
			if s.Op == "repeat" {
				c.one(r, &own, i)
			} else {
				wait.Go(func() { c.one(r, &own, i) })
			}
		}
		wait.Wait()
		return
	}
	c.one(r, &s, 0)
}

func (c *serviceCase) posting(r *caseRun, p [4]string) ledger.Posting {
	return ledger.Posting{Debit: caseName(p[0]), Credit: caseName(p[1]), Amount: c.amount(r, p[2], p[3], c.assets[p[2]])}
}

// one does a call, the nth of its step.
func (c *serviceCase) one(r *caseRun, s *serviceStep, nth int) {
	post := func(postings ...ledger.Posting) ledger.Op { return ledger.Transaction{Postings: postings} }
	var op ledger.Op
	switch s.Op {
	case "post":
		var postings []ledger.Posting
		for _, p := range s.Postings {
			postings = append(postings, c.posting(r, p))
		}
		op = post(postings...)
	case "reverse":
		op = ledger.Reverse{Transaction: cmp.Or(c.firsts[s.Tx], 1<<40), Force: s.Force} // a large number is unknown
	case "move":
		c.effective[s.N] = s.Effective
		p := ledger.Posting{Debit: "sink", Credit: caseName(s.Account)}
		if p.Amount = c.amount(r, "UNIT", s.Input+s.Output, 0); s.Output != "" {
			p.Debit, p.Credit = p.Credit, p.Debit
		}
		op = ledger.Transaction{Postings: []ledger.Posting{p}, Effective: c.instant(r, s.Effective)}
	case "account":
		balance := c.of(r, s.ID, cmp.Or(s.Balance, "0"))
		if balance.Minor() <= 0 {
			c.answer(s, ledger.Outcome{}, nil)
			return
		}
		op = post(ledger.Posting{Debit: "sink", Credit: caseName(s.ID), Amount: balance})
	case "hold":
		op = ledger.Hold{
			ID:       cmp.Or(s.ID, fmt.Sprintf("hold:%d:%d", s.N, nth)),
			Postings: []ledger.Posting{{Debit: caseName(s.Src), Credit: "sink", Amount: c.of(r, s.Src, s.Amount)}},
		}
	case "capture":
		capture := ledger.Capture{Hold: s.Hold, Final: s.Final}
		if s.Amount != "" {
			src := c.holdsOf[s.Hold].Src
			capture.Postings = []ledger.Posting{{Debit: caseName(src), Credit: "sink", Amount: c.of(r, src, s.Amount)}}
		}
		op = capture
	case "void":
		op = ledger.Void{Hold: s.Hold}
	case "spend":
		op = post(ledger.Posting{Debit: caseName(s.Src), Credit: "sink", Amount: c.of(r, s.Src, s.Amount)})
	case "bulk":
		c.bulk(r, s)
		return
	case "advance_time":
		d, err := time.ParseDuration(s.Seconds.String() + "s")
		require.NoError(r, err)
		r.clock.advance(d)
		c.answer(s, ledger.Outcome{}, nil)
		return
	case "new ledger":
		c.ledgers++
		r.open(r.store, fmt.Sprintf("%s:%d", r.ledger.Name(), c.ledgers))
		return
	}
	change := ledger.Change{ID: fmt.Sprintf("step:%d:%d", s.N, nth), Ops: []ledger.Op{op}}
	if key := cmp.Or(s.Key, s.LongKey); key != "" {
		change.ID = "key:" + key
	}
	if s.DryRun {
		seq, _, _, err := r.ledger.Head(r.ctx)
		require.NoError(r, err)
		_, dry := r.ledger.DryRun(r.ctx, change)
		after, _, _, err := r.ledger.Head(r.ctx)
		require.NoError(r, err)
		assert.Equal(r, seq, after, "a dry run writes no block")
		c.answer(s, ledger.Outcome{}, dry)
		return
	}
	out, err := r.ledger.Commit(r.ctx, change)
	c.answer(s, out, err)
}

// answer keeps what a call was answered.
func (c *serviceCase) answer(s *serviceStep, out ledger.Outcome, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil && s.ID != "" && out.First > 0 {
		c.firsts[s.ID] = out.First
	}
	c.results[s.N] = append(c.results[s.N], answered{out, err})
	if !out.Time.IsZero() {
		c.recorded[s.N] = out.Time
	}
}

func (c *serviceCase) instant(r *caseRun, name string) time.Time {
	at, err := instantOf(name)
	require.NoError(r, err)
	return at
}

func (c *serviceCase) bulk(r *caseRun, s *serviceStep) {
	var changes []ledger.Change
	for i, item := range s.Items {
		changes = append(changes, ledger.Change{
			ID: fmt.Sprintf("step:%d:%d", s.N, i), Linked: s.Atomic && i < len(s.Items)-1,
			Ops:    []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{c.posting(r, item)}}},
			Events: []ledger.Event{{Type: "posted"}},
		})
	}
	for _, a := range r.ledger.CommitAll(r.ctx, changes) {
		c.answer(s, a.Outcome, a.Err)
	}
}

func (c *serviceCase) holds(r *caseRun, e *expectation) {
	var want serviceExpectation
	require.NoError(r, strict(e.raw, &want))
	results := c.results[want.After]
	looked := false
	if want.Error != "" {
		require.NotEmpty(r, results)
		c.fails(r, results[len(results)-1].err, want.Error, want.After)
		looked = true
	}
	if want.Result != nil {
		c.result(r, want.After, want.Result)
		looked = true
	}
	switch {
	case want.Move > 0:
		net := decimal.RequireFromString(*want.Input).Sub(decimal.RequireFromString(*want.Output))
		c.balanceAt(r, ledger.At{Effective: c.instant(r, c.effective[want.Move])}, net.String(), want.After)
		looked = true
	case want.At != "":
		c.balanceAt(r, ledger.At{Effective: c.instant(r, want.At), Recorded: c.recorded[want.KnownAfter]}, *want.Balance, want.After)
		looked = true
	case want.Account != "":
		c.account(r, &want)
		looked = true
	}
	if want.Transactions != nil || want.Events != nil {
		c.counts(r, &want)
		looked = true
	}
	require.True(r, looked, "an expectation that is none: %s", e.raw)
}

func (c *serviceCase) fails(r *caseRun, err error, name string, after int) {
	assert.True(r, failsAs(err, name), "after %d: want %s, got %v", after, name, err)
}

// failsAs reports whether an error is what the cases call by a name.
func failsAs(err error, name string) bool {
	if slices.Contains(reusedNames, name) {
		return errors.Is(err, ledger.ErrIDReused)
	}
	refused, ok := errors.AsType[*ledger.RefusedError](err)
	return ok && slices.Contains(errorNames[name], refused.Reason)
}

func (c *serviceCase) balanceAt(r *caseRun, at ledger.At, want string, after int) {
	var key ledger.AccountKey
	for _, s := range r.steps {
		var move serviceStep
		require.NoError(r, strict(s.raw, &move))
		if move.Op == "move" && (key.Name == "" || move.N <= after) {
			key = ledger.AccountKey{Name: caseName(move.Account), Currency: "UNIT"}
		}
	}
	got, err := r.ledger.BalanceAt(r.ctx, key, at)
	require.NoError(r, err)
	assert.Equal(r, decimal.RequireFromString(want).String(), strconv.FormatInt(got.Minor(), 10), "after %d, at %+v", after, at)
}

func (c *serviceCase) account(r *caseRun, want *serviceExpectation) {
	code, digits, ok := strings.Cut(want.Asset, "/")
	if code == "" {
		code = "UNIT" + strconv.Itoa(c.scales[want.Account])
	}
	b, err := r.ledger.Balance(r.ctx, ledger.AccountKey{Name: caseName(want.Account), Currency: code})
	require.NoError(r, err)
	scale := int32(0)
	if ok { // the case counts in minor units
		n, err := strconv.Atoi(digits)
		require.NoError(r, err)
		scale = int32(n)
	}
	for _, row := range []struct {
		what string
		want *string
		got  decimal.Decimal
	}{{"input", want.Input, b.Credits}, {"output", want.Output, b.Debits}, {"balance", want.Balance, b.Posted.Decimal()}} {
		if row.want != nil {
			assert.Equal(r, decimal.RequireFromString(*row.want).String(), row.got.Shift(scale).String(), "after %d, %s of %s", want.After, row.what, want.Account)
		}
	}
}

func (c *serviceCase) counts(r *caseRun, want *serviceExpectation) {
	head, err := r.store.Open(r.ctx, r.ledger.Name(), ledger.Genesis{})
	require.NoError(r, err)
	if want.Transactions != nil {
		assert.Equal(r, *want.Transactions, head.Transactions, "after %d, transactions", want.After)
	}
	if want.Events != nil {
		assert.EqualValues(r, *want.Events, head.Events, "after %d, events", want.After)
	}
}
