package ledgertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
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
	committed  map[string]ledger.Change
	results    map[int][]result
}

// result is what became of one transfer.
type result struct {
	transfer caseTransfer
	out      ledger.Outcome
	err      error
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
		given: make(map[string]caseTransfer), committed: make(map[string]ledger.Change), results: make(map[int][]result),
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
			c.accounts[a.ID] = a
			if err := c.currency(a.Ledger); err != nil {
				return nil, err
			}
		case "preset", "batch", "advance_time":
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
			if t.Amount == "" || t.Amount == "MAX" {
				continue
			}
			amount, ok := new(big.Int).SetString(t.Amount, 10)
			if !ok || amount.Sign() < 0 || !amount.IsInt64() {
				return nil, fmt.Errorf("step %d: the amount %s does not fit into an int64", s.N, t.Amount)
			}
		}
	}
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
	chart := ledger.Chart{{Name: "preset"}}
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
	return chart
}

func (c *transferCase) do(r *caseRun, s *step) {
	switch s.Op {
	case "account":
		if a := c.account(r, s.raw); a.has("closed") {
			_, err := r.ledger.Commit(r.ctx, ledger.Change{Ops: []ledger.Op{
				ledger.Close{Account: caseName(a.ID), Currency: c.currencies[a.Ledger]},
			}})
			require.NoError(r, err)
		}
	case "preset":
		c.preset(r, s)
	case "advance_time":
		var advance struct {
			Step
			Seconds json.Number `json:"seconds"`
		}
		require.NoError(r, strict(s.raw, &advance))
		d, err := time.ParseDuration(advance.Seconds.String() + "s")
		require.NoError(r, err)
		r.clock.advance(d)
	case "batch":
		transfers, err := c.batch(s)
		require.NoError(r, err)
		changes := make([]ledger.Change, len(transfers))
		for i := range transfers {
			changes[i] = c.change(r, &transfers[i])
		}
		for i, a := range r.ledger.CommitAll(r.ctx, changes) {
			c.results[s.N] = append(c.results[s.N], result{transfers[i], a.Outcome, a.Err})
			if a.Err == nil && !a.Replayed {
				c.committed[transfers[i].ID] = changes[i]
			}
		}
	}
}

func (c *transferCase) account(r *caseRun, raw json.RawMessage) *caseAccount {
	var a caseAccount
	require.NoError(r, strict(raw, &a))
	return c.accounts[a.ID]
}

// preset brings an account to the totals of a case by postings and holds.
func (c *transferCase) preset(r *caseRun, s *step) {
	var p struct {
		Step
		Account  string   `json:"account"`
		Balances []string `json:"balances"`
	}
	require.NoError(r, strict(s.raw, &p))
	require.Len(r, p.Balances, 4, "debits pending, debits posted, credits pending, credits posted")
	a := c.accounts[p.Account]
	require.NotNil(r, a, p.Account)
	post := func(debit, credit, minor string) ledger.Posting {
		n, err := strconv.ParseInt(minor, 10, 64)
		require.NoError(r, err)
		return ledger.Posting{Debit: debit, Credit: credit, Amount: money.New(n, c.currencies[a.Ledger])}
	}
	name := caseName(a.ID)
	_, err := r.ledger.Commit(r.ctx, ledger.Change{Ops: []ledger.Op{
		ledger.Transaction{Postings: []ledger.Posting{post("preset", name, p.Balances[3]), post(name, "preset", p.Balances[1])}},
		ledger.Hold{ID: "preset:" + a.ID, Postings: []ledger.Posting{post(name, "preset", p.Balances[0]), post("preset", name, p.Balances[2])}},
	}})
	require.NoError(r, err)
}

// change is what a transfer means to a ledger.
func (c *transferCase) change(r *caseRun, t *caseTransfer) ledger.Change {
	currency := c.currencies[t.Ledger]
	p := ledger.Posting{Debit: caseName(t.Debit), Credit: caseName(t.Credit), Amount: money.New(math.MaxInt64, currency)}
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
	flags := slices.Sorted(slices.Values(t.Flags))
	change := ledger.Change{
		ID: "transfer:" + t.ID, Linked: t.has("linked"),
		// In the order in which the first difference is to be named.
		Request: []ledger.Field{
			{Name: "flags", Value: strings.Join(flags, " ")},
			{Name: "pending_id", Value: t.PendingID},
			{Name: "timeout", Value: strconv.FormatInt(t.Timeout, 10)},
			{Name: "debit_account_id", Value: t.Debit},
			{Name: "credit_account_id", Value: t.Credit},
			{Name: "amount", Value: t.Amount},
			{Name: "reference", Value: t.Reference},
			{Name: "ledger", Value: t.Ledger},
			{Name: "code", Value: strconv.Itoa(*t.Code)},
		},
	}
	change.Ops = c.ops(r, t, p)
	return change
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
		if t.Amount != "MAX" && t.Amount != "" {
			op.Postings = []ledger.Posting{p}
		}
		return []ledger.Op{op}
	case t.has("void_pending"):
		of := c.given[t.PendingID]
		return append([]ledger.Op{ledger.Void{Hold: hold}}, closing(&of, func(account string) ledger.Op {
			return ledger.Reopen{Account: account, Currency: currency}
		})...)
	}
	return []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{p}, Reference: t.Reference}}
}

// statuses are the words of the cases for the reasons of refusals, where one word is enough.
var statuses = map[ledger.Reason]string{
	ledger.HoldCaptured: "pending_transfer_already_posted",
	ledger.HoldVoided:   "pending_transfer_already_voided",
	ledger.HoldExpired:  "pending_transfer_expired",
	ledger.HoldExceeded: "exceeds_pending_transfer_amount",
}

// status is what a case would call a result; several words where the cases have more of them
// than the ledger has reasons.
func (c *transferCase) status(got *result) []string {
	t := &got.transfer
	var reused *ledger.IDReusedError
	var refused *ledger.RefusedError
	var invalid *ledger.InvalidError
	switch {
	case got.err == nil && got.out.Replayed:
		return []string{"exists"}
	case got.err == nil:
		return []string{"created"}
	case errors.Is(got.err, ledger.ErrLinked):
		return []string{"linked_event_failed"}
	case errors.As(got.err, &reused):
		words := []string{"exists_with_different_" + reused.Field}
		if _, ok := c.committed[t.ID]; !ok { // its first use was refused
			words = append(words, "id_already_failed")
		}
		return words
	case errors.As(got.err, &invalid):
		switch {
		case invalid.Field == "linked":
			return []string{"linked_event_chain_open"}
		case strings.HasSuffix(invalid.Field, "credit"):
			return []string{"accounts_must_be_different"}
		}
	case errors.As(got.err, &refused) && got.out.Replayed:
		return []string{"id_already_failed"}
	case errors.As(got.err, &refused):
		return c.refusal(t, &refused.Refusal)
	}
	return []string{fmt.Sprint(got.err)}
}

func (c *transferCase) refusal(t *caseTransfer, why *ledger.Refusal) []string {
	if word, ok := statuses[why.Reason]; ok {
		return []string{word}
	}
	side, account := "debit", t.Debit
	if why.Account.Name == caseName(t.Credit) {
		side, account = "credit", t.Credit
	}
	switch why.Reason {
	case ledger.AccountClosed:
		return []string{side + "_account_already_closed"}
	case ledger.HoldUnknown:
		if _, known := c.committed[t.PendingID]; known {
			return []string{"pending_transfer_not_pending"}
		}
		return []string{"pending_transfer_not_found"}
	case ledger.AccountNotAllowed:
		if c.accounts[account] == nil {
			return []string{side + "_account_not_found"}
		}
		return []string{"accounts_must_have_the_same_ledger", "transfer_must_have_the_same_ledger_as_accounts"}
	case ledger.BalanceOverflow:
		return []string{
			"overflows_debits", "overflows_credits", "overflows_debits_pending", "overflows_credits_pending", "overflows_debits_posted", "overflows_credits_posted",
		}
	case ledger.InsufficientFunds, ledger.LimitExceeded:
		a := c.accounts[account]
		if a.has(accountFlags[1]) && (!a.has(accountFlags[0]) || why.Reason == ledger.LimitExceeded) {
			return []string{"exceeds_debits"}
		}
		return []string{"exceeds_credits"}
	}
	return []string{string(why.Reason)}
}

func (c *transferCase) holds(r *caseRun, e *expectation) {
	var want struct {
		Batch    int      `json:"batch"`
		After    int      `json:"after"`
		Results  []string `json:"results"`
		Account  string   `json:"account"`
		Balances []string `json:"balances"`
		Closed   *bool    `json:"closed"`
		Transfer string   `json:"transfer"`
		Amount   *string  `json:"amount"`
		Exists   *bool    `json:"exists"`
		Sum      any      `json:"sum_of_all"`
		Note     string   `json:"note"`
	}
	require.NoError(r, strict(e.raw, &want), "%s", e.raw)
	switch {
	case want.Batch > 0:
		got := c.results[want.Batch]
		require.Len(r, got, len(want.Results), "results of batch %d", want.Batch)
		for i := range got {
			assert.Contains(r, c.status(&got[i]), want.Results[i], "batch %d, transfer %d (%s)", want.Batch, i+1, got[i].transfer.ID)
		}
	case want.Account != "":
		c.stands(r, e.After, want.Account, want.Balances, want.Closed)
	case want.Transfer != "":
		amount, exists := c.transferred(r, want.Transfer)
		if want.Exists != nil {
			assert.Equal(r, *want.Exists, exists, "after %d, transfer %s", e.After, want.Transfer)
		}
		if want.Amount != nil && assert.True(r, exists, "after %d, transfer %s exists", e.After, want.Transfer) {
			assert.Equal(r, *want.Amount, strconv.FormatInt(amount, 10), "after %d, amount of %s", e.After, want.Transfer)
		}
	default:
		require.NotNil(r, want.Sum, "an expectation that is none: %s", e.raw)
		c.sums(r)
	}
}

// stands compares an account with the totals of a case: debits pending, debits posted,
// credits pending, credits posted.
func (c *transferCase) stands(r *caseRun, after int, id string, balances []string, closed *bool) {
	a := c.accounts[id]
	require.NotNil(r, a, id)
	b, err := r.ledger.Balance(r.ctx, ledger.AccountKey{Name: caseName(id), Currency: c.currencies[a.Ledger].Code()})
	if errors.Is(err, ledger.ErrNotFound) {
		err = nil // nothing was ever posted in its currency
	}
	require.NoError(r, err)
	debits, credits := b.PendingOut, b.PendingIn
	if b.Normal == ledger.Debit {
		debits, credits = credits, debits
	}
	if balances != nil {
		got := []string{strconv.FormatInt(debits.Minor(), 10), b.Debits.String(), strconv.FormatInt(credits.Minor(), 10), b.Credits.String()}
		assert.Equal(r, balances, got, "after %d, account %s", after, id)
	}
	if closed != nil {
		assert.Equal(r, *closed, b.Flags&ledger.Closed != 0, "after %d, account %s is closed", after, id)
	}
}

// transferred returns what a transfer moved or reserves.
func (c *transferCase) transferred(r *caseRun, id string) (amount int64, exists bool) {
	change, ok := c.committed[id]
	if !ok {
		return 0, false
	}
	change.Linked = false
	preview, err := r.ledger.DryRun(r.ctx, change)
	require.NoError(r, err)
	require.True(r, preview.Replayed, "%s was committed", id)
	head, err := r.store.Open(r.ctx, r.ledger.Name(), ledger.Genesis{})
	require.NoError(r, err)
	err = r.store.Read(r.ctx, head.Ledger, func(v ledger.View) error {
		if preview.Transactions == 0 { // a pending one, or the end of one
			h, err := v.Hold(r.ctx, "transfer:"+id)
			if err == nil {
				amount = h.Legs[0].Amount
			}
			return err
		}
		rows, err := v.PostingsByNo(r.ctx, []int64{preview.First})
		if err == nil {
			amount = rows[0].Amount
		}
		return err
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return 0, true // a void moves nothing
	}
	require.NoError(r, err)
	return amount, true
}

// sums adds up every currency, which gives nothing.
func (c *transferCase) sums(r *caseRun) {
	totals := make(map[string]int64)
	for after := int64(0); ; {
		page, more, err := r.ledger.Balances(r.ctx, "", after, 0)
		require.NoError(r, err)
		for _, b := range page {
			minor := b.Posted.Minor()
			if b.Normal == ledger.Debit {
				minor = -minor
			}
			totals[b.Account.Currency] += minor
		}
		if after = more; more == 0 {
			break
		}
	}
	for code, total := range totals {
		assert.Zero(r, total, "sum of %s", code)
	}
}
