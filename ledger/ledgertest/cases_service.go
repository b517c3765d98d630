package ledgertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
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
	Note      string          `json:"note"`
}

// serviceCase runs a case of the service style: single verbs. The account "world" has no
// limits, every other one can not go below zero or its overdraft.
type serviceCase struct {
	overdrafts map[string]string
	scales     map[string]int // of the asset of an account that is made by a step
	results    map[int][]error
	firsts     map[string]int64
	effective  map[int]string
	recorded   map[int]time.Time
	ledgers    int
}

// errorNames are the words of the cases for the reasons of refusals.
var errorNames = map[string]ledger.Reason{
	"INSUFFICIENT_FUNDS": ledger.InsufficientFunds,
	"OVERDRAFT_LIMIT":    ledger.InsufficientFunds,
	"ALREADY_REVERSED":   ledger.AlreadyReversed,
	"LIMIT_EXCEEDED":     ledger.LimitExceeded,
	"ACCOUNT_FROZEN":     ledger.AccountFrozen,
	"ACCOUNT_CLOSED":     ledger.AccountClosed,
	"NOT_FOUND":          ledger.TransactionUnknown,
}

func newServiceCase(r *caseRun) (runner, error) {
	c := &serviceCase{
		overdrafts: make(map[string]string), scales: make(map[string]int), results: make(map[int][]error),
		firsts: make(map[string]int64), effective: make(map[int]string), recorded: make(map[int]time.Time),
	}
	known := []string{"post", "reverse", "move", "bulk", "new ledger", "account", "repeat", "hold", "spend"}
	for _, raw := range r.steps {
		var s serviceStep
		if err := strict(raw.raw, &s); err != nil {
			return nil, fmt.Errorf("step %d: %w", raw.N, err)
		}
		if !slices.Contains(known, s.Op) {
			return nil, fmt.Errorf("step %d: %q is no verb that is known", s.N, s.Op)
		}
		if s.Op == "account" {
			c.overdrafts[s.ID] = s.Overdraft
			c.scales[s.ID] = max(decimals(s.Balance), decimals(s.Overdraft))
		}
		if s.Src != "" {
			c.scales[s.Src] = max(c.scales[s.Src], decimals(s.Amount))
		}
	}
	for _, e := range r.expect {
		var want serviceExpectation
		if err := strict(e.raw, &want); err != nil {
			return nil, fmt.Errorf("an expectation: %w", err)
		}
		if _, ok := errorNames[want.Error]; want.Error != "" && !ok {
			return nil, fmt.Errorf("no error of ours is called %q", want.Error)
		}
	}
	return c, nil
}

// decimals is how many digits a number has after its point.
func decimals(number string) int {
	if _, fraction, ok := strings.Cut(number, "."); ok && !strings.Contains(number, " ") {
		return len(fraction)
	}
	return 0
}

// inWords is a limit such as "0.29 of a unit with 2 decimals", of minor units.
var inWords = regexp.MustCompile(`^([0-9.]+) of a unit with ([0-9]+) decimals$`)

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

// amount reads an amount of an asset such as "USD/2", in minor units, or of an account.
func (c *serviceCase) amount(r *caseRun, asset, text string, scale int) money.Amount {
	code, digits, ok := strings.Cut(asset, "/")
	if ok {
		var err error
		scale, err = strconv.Atoi(digits)
		require.NoError(r, err)
		text = decimal.RequireFromString(text).Shift(int32(-scale)).String()
	}
	currency, err := money.NewCurrency(code, scale)
	require.NoError(r, err)
	amount, err := money.FromDecimal(decimal.RequireFromString(text), currency)
	require.NoError(r, err)
	return amount
}

func (c *serviceCase) of(r *caseRun, account, text string) money.Amount {
	scale := c.scales[account]
	return c.amount(r, "UNIT"+strconv.Itoa(scale), text, scale)
}

func (c *serviceCase) do(r *caseRun, raw *step) {
	r.clock.advance(time.Second)
	var s serviceStep
	require.NoError(r, strict(raw.raw, &s))
	if s.Op == "repeat" {
		var call serviceStep
		require.NoError(r, strict(s.Call, &call))
		for range s.Times {
			call.N = s.N
			c.one(r, &call)
		}
		return
	}
	c.one(r, &s)
}

func (c *serviceCase) posting(r *caseRun, p [4]string) ledger.Posting {
	return ledger.Posting{Debit: caseName(p[0]), Credit: caseName(p[1]), Amount: c.amount(r, p[2], p[3], decimals(p[3]))}
}

func (c *serviceCase) one(r *caseRun, s *serviceStep) {
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
		op = ledger.Reverse{Transaction: c.firsts[s.Tx], Force: s.Force}
	case "move":
		c.effective[s.N] = s.Effective
		p := ledger.Posting{Debit: "sink", Credit: caseName(s.Account)}
		if p.Amount = c.amount(r, "UNIT", s.Input+s.Output, 0); s.Output != "" {
			p.Debit, p.Credit = p.Credit, p.Debit
		}
		op = ledger.Transaction{Postings: []ledger.Posting{p}, Effective: c.instant(r, s.Effective)}
	case "account":
		if balance := c.of(r, s.ID, s.Balance); balance.Minor() > 0 {
			op = post(ledger.Posting{Debit: "sink", Credit: caseName(s.ID), Amount: balance})
		} else {
			c.results[s.N] = append(c.results[s.N], nil)
			return
		}
	case "hold":
		op = ledger.Hold{
			ID:       fmt.Sprintf("hold:%d:%d", s.N, len(c.results[s.N])),
			Postings: []ledger.Posting{{Debit: caseName(s.Src), Credit: "sink", Amount: c.of(r, s.Src, s.Amount)}},
		}
	case "spend":
		op = post(ledger.Posting{Debit: caseName(s.Src), Credit: "sink", Amount: c.of(r, s.Src, s.Amount)})
	case "bulk":
		c.bulk(r, s)
		return
	case "new ledger":
		c.ledgers++
		r.open(r.store, fmt.Sprintf("%s:%d", r.ledger.Name(), c.ledgers))
		return
	}
	change := ledger.Change{ID: fmt.Sprintf("step:%d:%d", s.N, len(c.results[s.N])), Ops: []ledger.Op{op}}
	if s.DryRun {
		seq, _, _, err := r.ledger.Head(r.ctx)
		require.NoError(r, err)
		_, dry := r.ledger.DryRun(r.ctx, change)
		after, _, _, err := r.ledger.Head(r.ctx)
		require.NoError(r, err)
		assert.Equal(r, seq, after, "a dry run writes no block")
		c.results[s.N] = append(c.results[s.N], dry)
		return
	}
	out, err := r.ledger.Commit(r.ctx, change)
	if err == nil && s.ID != "" {
		c.firsts[s.ID] = out.First
	}
	c.results[s.N], c.recorded[s.N] = append(c.results[s.N], err), r.clock.Now()
}

// instant is t0, t1 and so on: hours of the day before.
func (c *serviceCase) instant(r *caseRun, name string) time.Time {
	n, err := strconv.Atoi(strings.TrimPrefix(name, "t"))
	require.NoError(r, err, "an instant is t and a number")
	return startTime.AddDate(0, 0, -1).Add(time.Duration(n) * time.Hour)
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
		c.results[s.N] = append(c.results[s.N], a.Err)
	}
}

// serviceExpectation is what has to be so after a step.
type serviceExpectation struct {
	After        int             `json:"after"`
	Result       json.RawMessage `json:"result"`
	Error        string          `json:"error"`
	Account      string          `json:"account"`
	Asset        string          `json:"asset"`
	Input        *string         `json:"input"`
	Output       *string         `json:"output"`
	Balance      *string         `json:"balance"`
	Move         int             `json:"effective_total_of_move"`
	KnownAfter   int             `json:"as_known_after_step"`
	At           string          `json:"at"`
	Transactions *int64          `json:"transactions"`
	Events       *int            `json:"events"`
	Note         string          `json:"note"`
}

func (c *serviceCase) holds(r *caseRun, e *expectation) {
	var want serviceExpectation
	require.NoError(r, strict(e.raw, &want))
	results := c.results[want.After]
	looked := false
	if want.Error != "" {
		require.NotEmpty(r, results)
		c.fails(r, results[len(results)-1], want.Error, want.After)
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
	var refused *ledger.RefusedError
	if assert.True(r, errors.As(err, &refused), "after %d: want %s, got %v", after, name, err) {
		assert.Equal(r, errorNames[name], refused.Reason, "after %d", after)
	}
}

var (
	manyOK = regexp.MustCompile(`^([0-9]+) x ok$`)
	ofItem = regexp.MustCompile(`^item ([0-9]+) ([A-Z_]+)$`)
	someOK = regexp.MustCompile(`^ok\b`)
)

// result compares what a step answered with the words of a case.
func (c *serviceCase) result(r *caseRun, after int, raw json.RawMessage) {
	results := c.results[after]
	require.NotEmpty(r, results)
	var list []string
	if json.Unmarshal(raw, &list) == nil {
		require.Len(r, results, len(list))
		for i, word := range list {
			if word == "ok" {
				assert.NoError(r, results[i], "after %d, item %d", after, i+1)
			} else {
				c.fails(r, results[i], word, after)
			}
		}
		return
	}
	var text string
	require.NoError(r, json.Unmarshal(raw, &text))
	many, item := manyOK.FindStringSubmatch(text), ofItem.FindStringSubmatch(text)
	switch {
	case many != nil:
		assert.Equal(r, many[1], strconv.Itoa(len(results)))
		for i := range results {
			assert.NoError(r, results[i], "after %d, call %d", after, i+1)
		}
	case item != nil:
		n, err := strconv.Atoi(item[1])
		require.NoError(r, err)
		c.fails(r, results[n-1], item[2], after)
	case someOK.MatchString(text):
		assert.NoError(r, results[len(results)-1], "after %d", after)
		if text != "ok" {
			r.Logf("after %d: of %q only that it is ok is compared here", after, text)
		}
	default:
		require.Fail(r, "a result that is not understood", text)
	}
}

func (c *serviceCase) balanceAt(r *caseRun, at ledger.At, want string, after int) {
	var key ledger.AccountKey
	for _, s := range r.steps {
		var move serviceStep
		require.NoError(r, strict(s.raw, &move))
		if move.Op == "move" {
			key = ledger.AccountKey{Name: caseName(move.Account), Currency: "UNIT"}
		}
	}
	got, err := r.ledger.BalanceAt(r.ctx, key, at)
	require.NoError(r, err)
	assert.Equal(r, want, strconv.FormatInt(got.Minor(), 10), "after %d, at %+v", after, at)
}

func (c *serviceCase) account(r *caseRun, want *serviceExpectation) {
	code, _, _ := strings.Cut(want.Asset, "/")
	b, err := r.ledger.Balance(r.ctx, ledger.AccountKey{Name: caseName(want.Account), Currency: code})
	require.NoError(r, err)
	for _, row := range []struct {
		what string
		want *string
		got  decimal.Decimal
	}{{"input", want.Input, b.Credits}, {"output", want.Output, b.Debits}, {"balance", want.Balance, b.Posted.Decimal()}} {
		if row.want != nil {
			assert.Equal(r, *row.want, row.got.String(), "after %d, %s of %s", want.After, row.what, want.Account)
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
