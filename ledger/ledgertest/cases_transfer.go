package ledgertest

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// caseAccount is an account of a transfer case.
type caseAccount struct {
	Step
	ID     string   `json:"id"`
	Ledger string   `json:"ledger"`
	Flags  []string `json:"flags"`
	Code   int      `json:"code"`
}

// Step has the fields that every step has.
type Step struct {
	N    int    `json:"n"`
	Op   string `json:"op"`
	Note string `json:"note"`
}

// caseTransfer is one transfer of a batch.
type caseTransfer struct {
	ID        string   `json:"id"`
	Debit     string   `json:"debit"`
	Credit    string   `json:"credit"`
	Amount    string   `json:"amount"`
	Flags     []string `json:"flags"`
	PendingID string   `json:"pending_id"`
	Timeout   int64    `json:"timeout_s"`
	Ledger    string   `json:"ledger"`
	Code      *int     `json:"code"`
	Reference string   `json:"reference"`
}

func (t *caseTransfer) has(flag string) bool { return slices.Contains(t.Flags, flag) }

// transferCase runs a case of the transfer style. Accounts are "case:ID" in a currency for
// each ledger, without decimals.
type transferCase struct {
	accounts   map[string]*caseAccount
	currencies map[string]money.Currency
	given      map[string]caseTransfer // by id, as first given
	created    map[string]caseTransfer
	recorded   map[string]bool // ids that the ledger keeps, also of refusals
	committed  map[string]ledger.Change
	results    map[int][]result
	unborn     map[ledger.AccountKey]bool // accounts that are named before their step, or without one
	closing    []closing
}

// closing is a hold that closes an account for as long as it lasts.
type closing struct{ hold, account, ledger string }

// result is what became of one transfer.
type result struct {
	transfer caseTransfer
	out      ledger.Outcome
	err      error
	word     string // what the case calls a transfer whose form is wrong there, though not here
}

var (
	accountFlags  = []string{"debits_must_not_exceed_credits", "credits_must_not_exceed_debits", "history", "closed"}
	transferFlags = []string{
		"linked", "pending", "post_pending", "void_pending", "balancing_debit", "balancing_credit", "closing_debit", "closing_credit",
	}
)

func newTransferCase(r *caseRun) (runner, error) {
	c := &transferCase{
		accounts: make(map[string]*caseAccount), currencies: make(map[string]money.Currency),
		given: make(map[string]caseTransfer), created: make(map[string]caseTransfer), recorded: make(map[string]bool),
		unborn: make(map[ledger.AccountKey]bool), committed: make(map[string]ledger.Change), results: make(map[int][]result),
	}
	for _, s := range r.steps {
		switch s.Op {
		case "account":
			a := &caseAccount{Ledger: "L1"}
			if err := strict(s.raw, a); err != nil {
				return nil, fmt.Errorf("step %d: %w", s.N, err)
			}
			if i := slices.IndexFunc(a.Flags, func(f string) bool { return !slices.Contains(accountFlags, f) }); i >= 0 {
				return nil, fmt.Errorf("step %d: account flag %q", s.N, a.Flags[i])
			}
			if a.ID == "" || c.accounts[a.ID] != nil {
				return nil, fmt.Errorf("step %d: an account without an id, or made a second time", s.N)
			}
			c.accounts[a.ID] = a
			if err := c.currency(a.Ledger); err != nil {
				return nil, err
			}
		case "preset":
			if err := c.checkPreset(&s); err != nil {
				return nil, err
			}
		case "advance_time":
			if _, err := seconds(&s); err != nil {
				return nil, err
			}
		case "batch":
		default:
			return nil, fmt.Errorf("step %d: %q", s.N, s.Op)
		}
	}
	for _, s := range r.steps {
		if s.Op != "batch" {
			continue
		}
		transfers, err := c.batch(&s)
		if err != nil {
			return nil, err
		}
		for i := range transfers {
			t := &transfers[i]
			if j := slices.IndexFunc(t.Flags, func(f string) bool { return !slices.Contains(transferFlags, f) }); j >= 0 {
				return nil, fmt.Errorf("step %d: transfer flag %q", s.N, t.Flags[j])
			}
			if t.Timeout < 0 || t.Timeout > 1<<31 {
				return nil, fmt.Errorf("step %d: a timeout of %d s", s.N, t.Timeout)
			}
			bounded := t.PendingID != "" || t.has("balancing_debit") || t.has("balancing_credit")
			if t.Amount == "" || t.Amount == "MAX" && bounded {
				continue
			}
			amount, ok := new(big.Int).SetString(t.Amount, 10)
			if !ok || amount.Sign() < 0 || !amount.IsInt64() {
				return nil, fmt.Errorf("step %d: the amount %s does not fit into an int64", s.N, t.Amount)
			}
		}
	}
	for i := range r.expect {
		if err := c.check(&r.expect[i]); err != nil {
			return nil, err
		}
	}
	c.findUnborn(r.steps)
	return c, nil
}

func (c *transferCase) batch(s *step) ([]caseTransfer, error) {
	var b struct {
		Step
		Transfers []caseTransfer `json:"transfers"`
	}
	if err := strict(s.raw, &b); err != nil {
		return nil, fmt.Errorf("step %d: %w", s.N, err)
	}
	for i := range b.Transfers {
		t := &b.Transfers[i]
		of := *t
		if t.PendingID != "" { // what is absent is inherited
			of = c.given[t.PendingID]
			if made, ok := c.created[t.PendingID]; ok {
				of = made
			}
		}
		for _, field := range []struct{ own, other *string }{{&t.Debit, &of.Debit}, {&t.Credit, &of.Credit}, {&t.Ledger, &of.Ledger}} {
			if *field.own == "" {
				*field.own = *field.other
			}
		}
		if t.Ledger == "" {
			t.Ledger = "L1"
		}
		if t.Code == nil {
			one := 1
			if t.Code = of.Code; t.Code == nil {
				t.Code = &one
			}
		}
		if err := c.currency(t.Ledger); err != nil {
			return nil, err
		}
		if _, again := c.given[t.ID]; !again {
			c.given[t.ID] = *t
		}
	}
	return b.Transfers, nil
}

// currency gives each ledger of the case a currency of its own.
func (c *transferCase) currency(name string) error {
	if _, known := c.currencies[name]; known {
		return nil
	}
	currency, err := money.NewCurrency("L"+strconv.Itoa(100+len(c.currencies)), 0)
	c.currencies[name] = currency
	return err
}

// names are letters, digits and dashes; other characters of an id are written as numbers.
func caseName(id string) string {
	var b strings.Builder
	b.WriteString("case:")
	for _, r := range id {
		if r < 128 && (r == '_' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, ".%d.", r)
		}
	}
	return b.String()
}

func (a *caseAccount) has(flag string) bool { return slices.Contains(a.Flags, flag) }

func (c *transferCase) chart() ledger.Chart {
	chart := ledger.Chart{{Name: "preset:*"}}
	for _, a := range c.accounts {
		p := ledger.Pattern{Name: caseName(a.ID), Currencies: []string{c.currencies[a.Ledger].Code()}}
		switch debits, credits := a.has(accountFlags[0]), a.has(accountFlags[1]); {
		case debits && credits:
			p.Min, p.Max = ledger.Limit(0), ledger.Limit(0)
		case debits:
			p.Min = ledger.Limit(0)
		case credits:
			p.Normal, p.Min = ledger.Debit, ledger.Limit(0)
		}
		chart = append(chart, p)
	}
	for key := range c.unborn {
		if c.accounts[key.Name] == nil {
			chart = append(chart, ledger.Pattern{Name: caseName(key.Name)})
		}
	}
	return chart
}

// begin closes what is not there yet: a transfer that names it is refused, and its id keeps that.
func (c *transferCase) begin(r *caseRun) {
	for key := range c.unborn {
		c.must(r, ledger.Close{Account: caseName(key.Name), Currency: c.currencies[key.Currency]})
	}
}

func (c *transferCase) must(r *caseRun, op ledger.Op) {
	_, err := r.ledger.Commit(r.ctx, ledger.Change{Ops: []ledger.Op{op}})
	require.NoError(r, err)
}

func (c *transferCase) do(r *caseRun, s *step) {
	switch s.Op {
	case "account":
		a := c.account(r, s.raw)
		key := ledger.AccountKey{Name: a.ID, Currency: a.Ledger}
		switch {
		case c.unborn[key] && !a.has("closed"):
			c.must(r, ledger.Reopen{Account: caseName(a.ID), Currency: c.currencies[a.Ledger]})
		case !c.unborn[key] && a.has("closed"):
			c.must(r, ledger.Close{Account: caseName(a.ID), Currency: c.currencies[a.Ledger]})
		}
		delete(c.unborn, key)
	case "preset":
		c.preset(r, s)
	case "advance_time":
		d, err := seconds(s)
		require.NoError(r, err)
		r.clock.advance(d)
		c.reopen(r)
	case "batch":
		transfers, err := c.batch(s)
		require.NoError(r, err)
		changes, words := make([]ledger.Change, len(transfers)), make([]string, len(transfers))
		here := make(map[string]caseTransfer)
		for i := range transfers {
			t := &transfers[i]
			changes[i] = c.change(r, t)
			if words[i] = c.malformed(t, here); words[i] != "" && !c.recorded[t.ID] {
				changes[i].Ops = []ledger.Op{ledger.Transaction{}} // its form is wrong here too
			} else if words[i] != "" {
				words[i] = ""
				changes[i].Ops = []ledger.Op{ledger.Void{Hold: "none"}} // its id is known, which comes first
			}
			if _, again := here[t.ID]; !again {
				here[t.ID] = *t
			}
		}
		for i, a := range r.ledger.CommitAll(r.ctx, changes) {
			t := transfers[i]
			c.results[s.N] = append(c.results[s.N], result{t, a.Outcome, a.Err, words[i]})
			c.recorded[t.ID] = c.recorded[t.ID] || a.Seq > 0
			if a.Err == nil && !a.Replayed {
				c.committed[t.ID], c.created[t.ID] = changes[i], t
				for flag, account := range map[string]string{"closing_debit": t.Debit, "closing_credit": t.Credit} {
					if t.has(flag) && t.Timeout > 0 {
						c.closing = append(c.closing, closing{"transfer:" + t.ID, account, t.Ledger})
					}
				}
			}
		}
	}
}

// reopen opens the accounts again whose closing has expired.
func (c *transferCase) reopen(r *caseRun) {
	c.closing = slices.DeleteFunc(c.closing, func(e closing) bool {
		h, err := r.ledger.FindHold(r.ctx, e.hold)
		require.NoError(r, err)
		if h.Status == ledger.HoldIsExpired {
			c.must(r, ledger.Reopen{Account: caseName(e.account), Currency: c.currencies[e.ledger]})
		}
		return h.Status != ledger.HoldOpen
	})
}

func (c *transferCase) account(r *caseRun, raw json.RawMessage) *caseAccount {
	var a caseAccount
	require.NoError(r, strict(raw, &a))
	return c.accounts[a.ID]
}

// preset brings an account to the totals of a case by postings and holds.
func (c *transferCase) preset(r *caseRun, s *step) {
	p, err := readPreset(s)
	require.NoError(r, err)
	a := c.accounts[p.Account]
	name := caseName(a.ID)
	other := "preset:" + strings.TrimPrefix(name, "case:")
	post := func(debit, credit string, minor int64) ledger.Posting {
		return ledger.Posting{Debit: debit, Credit: credit, Amount: money.New(minor, c.currencies[a.Ledger])}
	}
	_, err = r.ledger.Commit(r.ctx, ledger.Change{Ops: []ledger.Op{
		ledger.Transaction{Postings: []ledger.Posting{post(other, name, p.minor[3]), post(name, other, p.minor[1])}},
		ledger.Hold{ID: fmt.Sprintf("preset:%d", s.N), Postings: []ledger.Posting{post(name, other, p.minor[0]), post(other, name, p.minor[2])}},
	}})
	require.NoError(r, err)
}

// change is what a transfer means to a ledger.
func (c *transferCase) change(r *caseRun, t *caseTransfer) ledger.Change {
	currency := c.currencies[t.Ledger]
	p := ledger.Posting{Debit: caseName(t.Debit), Credit: caseName(t.Credit), Amount: money.New(math.MaxInt64, currency)}
	if t.Amount == "" && t.PendingID == "" {
		p.Amount = money.New(0, currency)
	}
	if t.Amount != "" && t.Amount != "MAX" {
		n, err := strconv.ParseInt(t.Amount, 10, 64)
		require.NoError(r, err)
		p.Amount = money.New(n, currency)
	}
	if t.has("balancing_debit") {
		p.UpTo |= ledger.UpToDebit
	}
	if t.has("balancing_credit") {
		p.UpTo |= ledger.UpToCredit
	}
	change := ledger.Change{ID: "transfer:" + t.ID, Linked: t.has("linked"), Request: t.request()}
	change.Ops = c.ops(r, t, p)
	return change
}

// request is what a replay has to agree in, in the order in which the first difference is to
// be named.
func (t *caseTransfer) request() []ledger.Field {
	flags := slices.Sorted(slices.Values(t.Flags))
	return []ledger.Field{
		{Name: "flags", Value: strings.Join(flags, " ")},
		{Name: "pending_id", Value: t.PendingID},
		{Name: "timeout", Value: strconv.FormatInt(t.Timeout, 10)},
		{Name: "debit_account_id", Value: t.Debit},
		{Name: "credit_account_id", Value: t.Credit},
		{Name: "amount", Value: t.Amount},
		{Name: "reference", Value: t.Reference},
		{Name: "ledger", Value: t.Ledger},
		{Name: "code", Value: strconv.Itoa(*t.Code)},
	}
}

func (c *transferCase) ops(r *caseRun, t *caseTransfer, p ledger.Posting) []ledger.Op {
	hold := "transfer:" + t.PendingID
	closing := func(t *caseTransfer, op func(account string) ledger.Op) (ops []ledger.Op) {
		if t.has("closing_debit") {
			ops = append(ops, op(caseName(t.Debit)))
		}
		if t.has("closing_credit") {
			ops = append(ops, op(caseName(t.Credit)))
		}
		return ops
	}
	currency := p.Amount.Currency()
	switch {
	case t.has("pending"):
		h := ledger.Hold{ID: "transfer:" + t.ID, Postings: []ledger.Posting{p}, Reference: t.Reference}
		if t.Timeout > 0 {
			h.Expires = r.clock.Now().Add(time.Duration(t.Timeout) * time.Second)
		}
		return append([]ledger.Op{h}, closing(t, func(account string) ledger.Op {
			return ledger.Close{Account: account, Currency: currency}
		})...)
	case t.has("post_pending"):
		op := ledger.Capture{Hold: hold, Final: true, Reference: t.Reference}
		if t.Amount != "MAX" && t.Amount != "" && t.Debit != "" { // without accounts the hold is unknown
			op.Postings = []ledger.Posting{p}
		}
		return []ledger.Op{op}
	case t.has("void_pending"):
		of, ok := c.created[t.PendingID]
		if !ok {
			of = c.given[t.PendingID]
		}
		return append([]ledger.Op{ledger.Void{Hold: hold}}, closing(&of, func(account string) ledger.Op {
			return ledger.Reopen{Account: account, Currency: currency}
		})...)
	}
	return []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{p}, Reference: t.Reference}}
}
