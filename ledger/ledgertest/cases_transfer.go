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

	"github.com/shopspring/decimal"
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

// findUnborn finds the accounts that transfers name before there is such an account.
func (c *transferCase) findUnborn(steps []step) {
	born := make(map[string]bool)
	for _, s := range steps {
		switch s.Op {
		case "account":
			var a caseAccount
			if strict(s.raw, &a) == nil {
				born[a.ID] = true
			}
		case "batch":
			transfers, err := c.batch(&s)
			if err != nil {
				continue // it was read before
			}
			for _, t := range transfers {
				for _, id := range []string{t.Debit, t.Credit} {
					if id == "" || born[id] {
						continue
					}
					ledgerName := t.Ledger
					if a := c.accounts[id]; a != nil {
						ledgerName = a.Ledger
					}
					c.unborn[ledger.AccountKey{Name: id, Currency: ledgerName}] = true
				}
			}
		}
	}
}

// checkPreset reports what is wrong with a preset.
func (c *transferCase) checkPreset(s *step) error {
	p, err := readPreset(s)
	if err != nil {
		return err
	}
	if c.accounts[p.Account] == nil {
		return fmt.Errorf("step %d: there is no account %q", s.N, p.Account)
	}
	return nil
}

// casePreset has debits pending, debits posted, credits pending, credits posted.
type casePreset struct {
	Step
	Account  string   `json:"account"`
	Balances []string `json:"balances"`
	minor    [4]int64
}

func readPreset(s *step) (p casePreset, err error) {
	if err := strict(s.raw, &p); err != nil {
		return p, fmt.Errorf("step %d: %w", s.N, err)
	}
	if len(p.Balances) != 4 {
		return p, fmt.Errorf("step %d: %d balances, want 4", s.N, len(p.Balances))
	}
	for i, text := range p.Balances {
		if p.minor[i], err = strconv.ParseInt(text, 10, 64); err != nil || p.minor[i] < 0 {
			return p, fmt.Errorf("step %d: the balance %q is no amount that fits into an int64", s.N, text)
		}
	}
	return p, nil
}

// seconds is by how much a step advances the time.
func seconds(s *step) (time.Duration, error) {
	var advance struct {
		Step
		Seconds json.Number `json:"seconds"`
	}
	if err := strict(s.raw, &advance); err != nil {
		return 0, fmt.Errorf("step %d: %w", s.N, err)
	}
	d, err := time.ParseDuration(advance.Seconds.String() + "s")
	if err != nil || d < 0 {
		return 0, fmt.Errorf("step %d: %q is no number of seconds to advance by", s.N, advance.Seconds)
	}
	return d, nil
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
			} else {
				words[i] = ""
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

// malformed says what the cases call a transfer that no state of accounts could make right,
// or that does not fit the pending one that it names; "" if there is nothing of that. The
// order is theirs. A ledger takes some of these, such as a capture with other credits.
func (c *transferCase) malformed(t *caseTransfer, here map[string]caseTransfer) string {
	count := func(flags ...string) (n int) {
		for _, f := range flags {
			if t.has(f) {
				n++
			}
		}
		return n
	}
	second := count("post_pending", "void_pending") > 0
	switch {
	case t.ID == "" || t.ID == "0":
		return "id_must_not_be_zero"
	case count("pending", "post_pending", "void_pending") > 1,
		second && count("balancing_debit", "balancing_credit", "closing_debit", "closing_credit") > 0:
		return "flags_are_mutually_exclusive"
	case !second && (t.Debit == "" || t.Debit == "0"):
		return "debit_account_id_must_not_be_zero"
	case !second && (t.Credit == "" || t.Credit == "0"):
		return "credit_account_id_must_not_be_zero"
	case !second && t.Debit == t.Credit:
		return "accounts_must_be_different"
	case !second && t.PendingID != "":
		return "pending_id_must_be_zero"
	case second && (t.PendingID == "" || t.PendingID == "0"):
		return "pending_id_must_not_be_zero"
	case second && t.PendingID == t.ID:
		return "pending_id_must_be_different"
	case !t.has("pending") && t.Timeout != 0:
		return "timeout_reserved_for_pending_transfer"
	case !t.has("pending") && count("closing_debit", "closing_credit") > 0:
		return "closing_transfer_must_be_pending"
	case *t.Code == 0 && !second:
		return "code_must_not_be_zero"
	}
	if !second {
		debit, credit := c.accounts[t.Debit], c.accounts[t.Credit]
		unborn := func(id string) bool { return c.unborn[ledger.AccountKey{Name: id, Currency: c.ledgerOf(id, t)}] }
		switch {
		case unborn(t.Debit) || unborn(t.Credit) || debit == nil || credit == nil:
		case debit.Ledger != credit.Ledger:
			return "accounts_must_have_the_same_ledger"
		case t.Ledger != debit.Ledger:
			return "transfer_must_have_the_same_ledger_as_accounts"
		}
		return ""
	}
	p, ok := c.created[t.PendingID]
	if !ok {
		if p, ok = here[t.PendingID]; !ok {
			return "" // unknown
		}
	}
	switch {
	case !p.has("pending"):
		return "pending_transfer_not_pending"
	case t.Debit != p.Debit:
		return "pending_transfer_has_different_debit_account_id"
	case t.Credit != p.Credit:
		return "pending_transfer_has_different_credit_account_id"
	case t.Ledger != p.Ledger:
		return "pending_transfer_has_different_ledger"
	case *t.Code != *p.Code:
		return "pending_transfer_has_different_code"
	}
	return c.fits(t, &p)
}

func (c *transferCase) ledgerOf(id string, t *caseTransfer) string {
	if a := c.accounts[id]; a != nil {
		return a.Ledger
	}
	return t.Ledger
}

// fits compares the amount of the end of a pending transfer with that of its beginning.
func (c *transferCase) fits(t, p *caseTransfer) string {
	if p.has("balancing_debit") || p.has("balancing_credit") {
		return "" // only the ledger knows
	}
	whole, _ := strconv.ParseInt(p.Amount, 10, 64)
	void := t.has("void_pending")
	switch amount, err := strconv.ParseInt(t.Amount, 10, 64); {
	case t.Amount == "MAX" && void:
		return "exceeds_pending_transfer_amount"
	case err != nil, void && amount == 0:
		return ""
	case amount > whole:
		return "exceeds_pending_transfer_amount"
	case void && amount < whole:
		return "pending_transfer_has_different_amount"
	}
	return ""
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
	case got.word != "" && errors.Is(got.err, ledger.ErrInvalid):
		if errors.As(got.err, &invalid); invalid.Field == "linked" {
			return []string{"linked_event_chain_open"}
		}
		return []string{got.word}
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
		if c.accounts[account] == nil || c.unborn[ledger.AccountKey{Name: account, Currency: c.ledgerOf(account, t)}] {
			return []string{side + "_account_not_found"}
		}
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

// transferExpectation is what has to be so after a step.
type transferExpectation struct {
	Batch    int             `json:"batch"`
	After    int             `json:"after"`
	Results  []string        `json:"results"`
	Account  string          `json:"account"`
	Balances []string        `json:"balances"`
	Closed   *bool           `json:"closed"`
	Transfer string          `json:"transfer"`
	Amount   *string         `json:"amount"`
	Exists   *bool           `json:"exists"`
	Sum      json.RawMessage `json:"sum_of_all"`
	Note     string          `json:"note"`
}

// check reports an expectation that is none of a transfer case.
func (c *transferCase) check(e *expectation) error {
	var want transferExpectation
	if err := strict(e.raw, &want); err != nil {
		return fmt.Errorf("an expectation: %w", err)
	}
	switch {
	case want.Batch > 0 && want.Results != nil:
	case want.Account != "" && (want.Balances != nil || want.Closed != nil):
		if c.accounts[want.Account] == nil {
			return fmt.Errorf("an expectation of %q, which is no account", want.Account)
		}
		if want.Balances != nil && len(want.Balances) != 4 {
			return fmt.Errorf("an expectation of %d balances, want 4", len(want.Balances))
		}
	case want.Transfer != "" && (want.Amount != nil || want.Exists != nil):
	case want.Sum != nil:
	default:
		return fmt.Errorf("an expectation that says nothing: %s", e.raw)
	}
	return nil
}

func (c *transferCase) holds(r *caseRun, e *expectation) {
	var want transferExpectation
	require.NoError(r, strict(e.raw, &want), "%s", e.raw)
	if want.Results != nil {
		got := c.results[want.Batch]
		require.Len(r, got, len(want.Results), "results of batch %d", want.Batch)
		for i := range got {
			assert.Contains(r, c.status(&got[i]), want.Results[i], "batch %d, transfer %d (%s)", want.Batch, i+1, got[i].transfer.ID)
		}
	}
	if want.Account != "" {
		c.stands(r, e.After, want.Account, want.Balances, want.Closed)
	}
	if want.Transfer != "" {
		amount, exists := c.transferred(r, want.Transfer)
		if want.Exists != nil {
			assert.Equal(r, *want.Exists, exists, "after %d, transfer %s", e.After, want.Transfer)
		}
		if want.Amount != nil && assert.True(r, exists, "after %d, transfer %s exists", e.After, want.Transfer) {
			assert.Equal(r, *want.Amount, strconv.FormatInt(amount, 10), "after %d, amount of %s", e.After, want.Transfer)
		}
	}
	if want.Sum != nil {
		c.sums(r, e.After, want.Sum)
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
		if preview.Transactions == 0 { // a pending one, or a void, which has the amount of the pending one
			of := id
			if t := c.created[id]; t.has("void_pending") {
				of = t.PendingID
			}
			h, err := v.Hold(r.ctx, "transfer:"+of)
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
	require.NoError(r, err)
	return amount, true
}

// sums adds up all accounts. Four numbers are the totals of the case's own accounts, as
// balances are; anything else says that debits equal credits.
func (c *transferCase) sums(r *caseRun, after int, raw json.RawMessage) {
	type totals struct{ posted, pending decimal.Decimal }
	byCurrency := make(map[string]totals)
	var own [4]decimal.Decimal
	for no := int64(0); ; {
		page, more, err := r.ledger.Balances(r.ctx, "", no, 0)
		require.NoError(r, err)
		for _, b := range page {
			dp, cp := b.PendingOut.Decimal(), b.PendingIn.Decimal()
			if b.Normal == ledger.Debit {
				dp, cp = cp, dp
			}
			t := byCurrency[b.Account.Currency]
			byCurrency[b.Account.Currency] = totals{t.posted.Add(b.Credits).Sub(b.Debits), t.pending.Add(cp).Sub(dp)}
			if strings.HasPrefix(b.Account.Name, "case:") {
				for i, v := range [4]decimal.Decimal{dp, b.Debits, cp, b.Credits} {
					own[i] = own[i].Add(v)
				}
			}
		}
		if no = more; more == 0 {
			break
		}
	}
	for code, t := range byCurrency {
		assert.True(r, t.posted.IsZero() && t.pending.IsZero(), "after %d, the sum of %s is %s, pending %s", after, code, t.posted, t.pending)
	}
	var four []string
	if json.Unmarshal(raw, &four) == nil && len(four) == 4 {
		got := make([]string, 4)
		for i := range own {
			got[i] = own[i].String()
		}
		assert.Equal(r, four, got, "after %d, the sum of all accounts", after)
		return
	}
	var number json.Number
	if json.Unmarshal(raw, &number) == nil && number != "" {
		assert.Equal(r, "0", number.String(), "after %d, the sum of all accounts", after)
	}
}
