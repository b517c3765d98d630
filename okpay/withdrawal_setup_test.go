package okpay_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// desk is a wallet with a payout provider "bankA", a customer with money and a verified
// destination, and a merchant with both.
type desk struct {
	*fixture
	bank    *rails.SimulatedPayouts
	to, tom okpay.DestinationID // the customer's and the merchant's

	mu     sync.Mutex
	answer func(rails.Payout, int) rails.Behavior
}

func startDesk(t *testing.T, cfg okpay.Config, customer, merchant int64) *desk {
	t.Helper()
	k := &desk{bank: &rails.SimulatedPayouts{}}
	k.bank.Behave = func(p rails.Payout, n int) rails.Behavior {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.answer == nil {
			return rails.Behavior{}
		}
		return k.answer(p, n)
	}
	if cfg.PayoutProviders == nil {
		cfg.PayoutProviders = map[string]rails.PayoutProvider{"bankA": k.bank}
	}
	// Ids in order, so that messages of one moment come in theirs.
	var ids atomic.Int64
	cfg.NewID = func() string { return fmt.Sprintf("%026d", ids.Add(1)) }
	k.fixture = start(t, cfg)
	k.to = k.destination(okpay.SaveDestination{Customer: k.customer, Provider: "bankA"})
	k.tom = k.destination(okpay.SaveDestination{Merchant: k.merchant, Provider: "bankA"})
	k.fund("user:payer:available", customer)
	k.fund("merchant:shop:available", merchant)
	return k
}

// behaves says how the provider treats its next calls.
func (k *desk) behaves(b rails.Behavior) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.answer = func(rails.Payout, int) rails.Behavior { return b }
}

// fund gives an account money that was in the system already.
func (k *desk) fund(account string, minor int64) {
	k.t.Helper()
	if minor == 0 {
		return
	}
	_, err := k.Ledger().Commit(k.t.Context(), ledger.Change{Ops: []ledger.Op{ledger.Transaction{
		Postings: []ledger.Posting{{Debit: "bank:nostro", Credit: account, Amount: cny(minor)}},
	}}})
	require.NoError(k.t, err)
}

func (k *desk) destination(in okpay.SaveDestination) okpay.DestinationID {
	k.t.Helper()
	in.Type, in.Holder, in.Details = "bank", "Pat Payer", "6222020200112233"
	d, err := k.Destinations.Save(k.t.Context(), in)
	require.NoError(k.t, err)
	if d.State == okpay.DestinationUnverified {
		d, err = k.Destinations.Verify(k.t.Context(), okpay.VerifyDestination{Destination: d.ID, By: "ops9"})
		require.NoError(k.t, err)
	}
	return d.ID
}

func (k *desk) request(minor int64) (okpay.Withdrawal, error) {
	return k.Withdrawals.Request(k.t.Context(), okpay.RequestWithdrawal{Customer: k.customer, Amount: cny(minor), Destination: k.to})
}

func (k *desk) approve(id okpay.WithdrawalID, by string) (okpay.Withdrawal, error) {
	return k.Withdrawals.Approve(k.t.Context(), okpay.ReviewWithdrawal{Withdrawal: id, By: by})
}

// says is a callback of the provider's.
func (k *desk) says(id okpay.WithdrawalID, event string, status rails.PayoutStatus) (okpay.Withdrawal, error) {
	return k.Withdrawals.ProviderSays(k.t.Context(), okpay.ProviderEvent{Provider: "bankA", EventID: event, Key: string(id), Status: status, Code: "AC04"})
}

// approved is a withdrawal that may leave.
func (k *desk) approved(minor int64) okpay.Withdrawal {
	k.t.Helper()
	wd, err := k.request(minor)
	require.NoError(k.t, err)
	wd, err = k.approve(wd.ID, "ops1")
	require.NoError(k.t, err)
	require.Equal(k.t, okpay.WithdrawalApproved, wd.State)
	return wd
}

// submitted is a withdrawal that the provider has.
func (k *desk) submitted(minor int64) okpay.Withdrawal {
	k.t.Helper()
	wd, err := k.Withdrawals.Submit(k.t.Context(), k.approved(minor).ID)
	require.NoError(k.t, err)
	require.Equal(k.t, okpay.WithdrawalSubmitted, wd.State)
	return wd
}

// reach makes a withdrawal in a state, by the verbs.
func (k *desk) reach(state okpay.WithdrawalState, minor int64) okpay.WithdrawalID {
	k.t.Helper()
	ctx := k.t.Context()
	wd, err := k.request(minor)
	require.NoError(k.t, err)
	do := func(_ okpay.Withdrawal, err error) {
		k.t.Helper()
		require.NoError(k.t, err)
	}
	switch state {
	case okpay.WithdrawalUnderReview:
		return wd.ID
	case okpay.WithdrawalTurnedDown:
		do(k.Withdrawals.Reject(ctx, okpay.RejectWithdrawal{Withdrawal: wd.ID, By: "ops1", Reason: "kyc_required"}))
		return wd.ID
	case okpay.WithdrawalCanceled:
		do(k.Withdrawals.Cancel(ctx, okpay.CancelWithdrawal{Customer: k.customer, Withdrawal: wd.ID}))
		return wd.ID
	}
	do(k.approve(wd.ID, "ops1"))
	if state == okpay.WithdrawalApproved {
		return wd.ID
	}
	switch state {
	case okpay.WithdrawalSubmitting:
		k.dieBeforeTheCall(wd.ID)
		return wd.ID
	case okpay.WithdrawalUnknown:
		k.behaves(rails.Behavior{Lost: errors.New("connection lost")})
		do(k.Withdrawals.Submit(ctx, wd.ID))
		k.behaves(rails.Behavior{})
		return wd.ID
	}
	do(k.Withdrawals.Submit(ctx, wd.ID))
	says := map[okpay.WithdrawalState][]rails.PayoutStatus{
		okpay.WithdrawalPaid:            {rails.PayoutPaid},
		okpay.WithdrawalSentBack:        {rails.PayoutPaid, rails.PayoutReturned},
		okpay.WithdrawalFailed:          {rails.PayoutFailed},
		okpay.WithdrawalPaidAfterFailed: {rails.PayoutFailed, rails.PayoutPaid},
	}[state]
	for _, s := range says {
		do(k.says(wd.ID, "reach-"+string(wd.ID)+s.String(), s))
	}
	return wd.ID
}

// dieBeforeTheCall commits the intent and goes no further, as a program that was killed.
func (k *desk) dieBeforeTheCall(id okpay.WithdrawalID) {
	k.t.Helper()
	dead, err := okpay.New(k.Ledger(), okpay.Config{PayoutProviders: map[string]rails.PayoutProvider{"bankA": panicking{}}})
	require.NoError(k.t, err)
	require.Panics(k.t, func() { _, _ = dead.Withdrawals.Submit(k.t.Context(), id) })
}

// panicking stands for the end of the program in the middle of a call.
type panicking struct{}

func (panicking) Submit(context.Context, rails.Payout) (rails.PayoutResult, error) { panic("killed") }

func (panicking) Query(context.Context, string) (rails.PayoutResult, error) { panic("killed") }

// balancesOf are all balances in a currency that are not zero, credits less debits, without
// the accounts that only count.
func (k *desk) balancesOf(currency string) map[string]int64 {
	k.t.Helper()
	out := map[string]int64{}
	sum := int64(0)
	for after := int64(0); ; {
		page, more, err := k.Ledger().Balances(k.t.Context(), "", after, 0)
		require.NoError(k.t, err)
		for _, b := range page {
			if b.Account.Currency != currency || len(b.Account.Name) > 5 && (b.Account.Name[:5] == "usage" || b.Account.Name[:5] == "memo:") {
				continue
			}
			minor := b.Posted.Minor()
			if rule, _ := okpay.Chart().Rule(b.Account); rule.Normal == ledger.Debit {
				minor = -minor
			}
			sum += minor
			if b.PendingOut.Minor() != 0 && rule(b) {
				out[b.Account.Name+" held"] = b.PendingOut.Minor()
				minor -= b.PendingOut.Minor()
			}
			if minor != 0 {
				out[b.Account.Name] = minor
			}
		}
		if more == 0 {
			require.Zero(k.t, sum, "every currency sums to zero")
			return out
		}
		after = more
	}
}

// rule tells an account that money is held on from those that it is held for.
func rule(b ledger.Balance) bool {
	r, _ := okpay.Chart().Rule(b.Account)
	return r.Normal == ledger.Credit
}

// picture is all that a refusal must leave as it is.
func (k *desk) whole(id okpay.WithdrawalID) map[string]any {
	k.t.Helper()
	wd, err := k.Withdrawals.Get(k.t.Context(), id)
	require.NoError(k.t, err)
	wd.UpdatedAt = time.Time{}
	return map[string]any{"balances": k.balancesOf("CNY"), "withdrawal": wd, "events": k.last(), "usage": k.usage()}
}

// usage is what is used of all limits.
func (k *desk) usage() map[string]int64 {
	k.t.Helper()
	out := map[string]int64{}
	for after := int64(0); ; {
		page, more, err := k.Ledger().Balances(k.t.Context(), "usage:", after, 0)
		require.NoError(k.t, err)
		for _, b := range page {
			if b.Posted.Minor() != 0 {
				out[b.Account.String()] = b.Posted.Minor()
			}
		}
		if more == 0 {
			return out
		}
		after = more
	}
}

// templates are the messages that a customer got after a number of them.
func (k *desk) templates(skip int) []string {
	k.t.Helper()
	messages, err := k.Customers.Messages(k.t.Context(), k.customer, "", 100)
	require.NoError(k.t, err)
	out := []string{}
	for i := len(messages) - 1 - skip; i >= 0; i-- {
		out = append(out, messages[i].Template)
	}
	return out
}

// kinds are the open exceptions about an object.
func (k *desk) kinds(object string) map[string]int {
	k.t.Helper()
	all, _, err := k.Exceptions.List(k.t.Context(), okpay.ExceptionQuery{Limit: 100})
	require.NoError(k.t, err)
	out := map[string]int{}
	for _, x := range all {
		if x.Object == object {
			out[x.Kind]++
		}
	}
	return out
}

// step runs a verb and holds it to the events and messages that it may make.
func (k *desk) step(events, mails []string, verb func() error) error {
	k.t.Helper()
	before, told := k.last(), len(k.templates(0))
	err := verb()
	types, _ := k.since(before)
	assert.Equal(k.t, events, types, "events")
	if mails != nil {
		assert.Equal(k.t, mails, k.templates(told), "messages")
	}
	return err
}

// refusedAs holds an error to a refusal with everything that a refusal carries.
func refusedAs(t *testing.T, err error, code okpay.Code) *okpay.Error {
	t.Helper()
	var e *okpay.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code)
	f, ok := okpay.FailureOf(code)
	require.True(t, ok)
	assert.Equal(t, f, e.Failure)
	assert.NotEmpty(t, e.Fault)
	assert.NotEmpty(t, e.Retry)
	assert.NotEmpty(t, e.NextAction)
	assert.NotEmpty(t, e.En)
	assert.True(t, hasHan(e.Zh))
	return e
}

func yuan(minor int64) *money.Amount {
	a := cny(minor)
	return &a
}

func merged(a map[string]int64, with map[string]int64) map[string]int64 {
	out := maps.Clone(a)
	maps.Copy(out, with)
	return out
}
