package ledgertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

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
		case invalid.Field == "id": // twice in one chain
			words := []string{"exists"}
			for _, f := range t.request() {
				words = append(words, "exists_with_different_"+f.Name)
			}
			return words
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

func (c *transferCase) holds(r *caseRun, e *expectation) {
	var want transferExpectation
	require.NoError(r, strict(e.raw, &want), "%s", e.raw)
	if want.Results != nil {
		got := c.results[want.Batch]
		require.Len(r, got, len(want.Results), "results of batch %d", want.Batch)
		for i := range got {
			words := c.status(&got[i])
			if i > 0 && got[i-1].transfer.has("linked") && got[i].out.Replayed {
				// A chain that is asked for again is answered here member by member; nothing happens either way.
				words = append(words, "linked_event_failed")
			}
			assert.Contains(r, words, want.Results[i], "batch %d, transfer %d (%s)", want.Batch, i+1, got[i].transfer.ID)
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
