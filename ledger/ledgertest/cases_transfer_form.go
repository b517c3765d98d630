package ledgertest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

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
