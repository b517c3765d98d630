package okpay_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/ledgertest"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// death counts the statements of a program (calls of the store and of the provider) and ends
// it at one of them. A dead program does nothing more.
type death struct {
	mu    sync.Mutex
	armed bool
	steps int
	at    int    // the step that it does not survive, 0 for none
	after bool   // it dies once the step has had its effect
	dies  func() // told once, if set, in place of dying
	dead  bool
}

var errKilled = errors.New("killed")

// step counts one statement. before says that it must not happen, after that its answer is lost.
func (d *death) step() (before, after bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return true, false
	}
	if !d.armed {
		return false, false
	}
	d.steps++
	if d.steps != d.at {
		return false, false
	}
	if d.dies != nil {
		d.dies()
		return false, false
	}
	d.dead = true
	return !d.after, d.after
}

// mortalStore is the store as a program sees it that may die.
type mortalStore struct {
	ledger.Store
	d *death
}

func (m mortalStore) Begin(ctx context.Context, l int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	before, after := m.d.step()
	if before {
		return nil, nil, errKilled
	}
	tx, found, err := m.Store.Begin(ctx, l, need)
	if err == nil && after {
		return nil, nil, errors.Join(errKilled, tx.Rollback(ctx)) // as a database does for a client that is gone
	}
	return mortalTx{tx, m.d}, found, err
}

func (m mortalStore) Read(ctx context.Context, l int64, fn func(ledger.View) error) error {
	if before, after := m.d.step(); before || after {
		return errKilled
	}
	return m.Store.Read(ctx, l, fn)
}

type mortalTx struct {
	ledger.Tx
	d *death
}

func (m mortalTx) Load(ctx context.Context, need ledger.Need) (*ledger.Found, error) {
	if before, after := m.d.step(); before || after {
		return nil, errKilled
	}
	return m.Tx.Load(ctx, need)
}

func (m mortalTx) Commit(ctx context.Context, b *ledger.Batch) error {
	before, after := m.d.step()
	if before {
		return errors.Join(errKilled, m.Tx.Rollback(ctx))
	}
	err := m.Tx.Commit(ctx, b)
	if after {
		return errKilled
	}
	return err
}

// mortalBank is the provider as a program sees it that may die.
type mortalBank struct {
	bank *rails.SimulatedPayouts
	d    *death
}

func (m mortalBank) Submit(ctx context.Context, p rails.Payout) (rails.PayoutResult, error) {
	before, after := m.d.step()
	if before {
		return rails.PayoutResult{}, errKilled
	}
	got, err := m.bank.Submit(ctx, p)
	if after {
		return rails.PayoutResult{}, errKilled
	}
	return got, err
}

func (m mortalBank) Query(ctx context.Context, key string) (rails.PayoutResult, error) {
	if before, after := m.d.step(); before || after {
		return rails.PayoutResult{}, errKilled
	}
	return m.bank.Query(ctx, key)
}

// program is a wallet over a store that outlives it.
func program(t *testing.T, store ledger.Store, bank rails.PayoutProvider, c *handclock.Clock, prefix string) *okpay.Wallet {
	t.Helper()
	l, err := ledger.Open(t.Context(), store, ledger.Config{Chart: okpay.Chart(), Now: c.Now, MaxSkew: -1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close(context.Background()) }) // a dead one can not end well
	n := 0
	w, err := okpay.New(l, okpay.Config{
		PayoutProviders: map[string]rails.PayoutProvider{"bankA": bank},
		NewID: func() string {
			n++
			return fmt.Sprintf("%s%025d", prefix, n)
		},
		Withdrawals: okpay.OutgoingConfig{AutoApproveMax: okpay.Amounts{"CNY": 5000}, SubmitDelay: time.Minute},
		Payouts:     okpay.OutgoingConfig{AutoApproveMax: okpay.Amounts{"CNY": 5000}, SubmitDelay: time.Minute},
	})
	require.NoError(t, err)
	return w
}

// prepared is a store with a withdrawal of 5000 out of 9000 that is approved.
func prepared(t *testing.T, store ledger.Store, bank rails.PayoutProvider, c *handclock.Clock) okpay.WithdrawalID {
	t.Helper()
	w := program(t, store, bank, c, "a")
	_, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "payer"})
	require.NoError(t, err)
	_, err = w.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: "payer", Amount: cny(9000)})
	require.NoError(t, err)
	d, err := w.Destinations.Save(t.Context(), okpay.SaveDestination{Customer: "payer", Type: "bank", Details: "6222020200112233"})
	require.NoError(t, err)
	_, err = w.Destinations.Verify(t.Context(), okpay.VerifyDestination{Destination: d.ID, By: "ops1"})
	require.NoError(t, err)
	wd, err := w.Withdrawals.Request(t.Context(), okpay.RequestWithdrawal{Customer: "payer", Amount: cny(5000), Destination: d.ID})
	require.NoError(t, err)
	require.Equal(t, okpay.WithdrawalApproved, wd.State)
	require.NoError(t, w.Ledger().Close(t.Context()))
	return wd.ID
}

// preparedPayout is a store with a payout of 5000 out of 9000 that is approved.
func preparedPayout(t *testing.T, store ledger.Store, bank rails.PayoutProvider, c *handclock.Clock) okpay.WithdrawalID {
	t.Helper()
	w := program(t, store, bank, c, "a")
	_, err := w.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: "shop", Name: "Shop"})
	require.NoError(t, err)
	_, err = w.Ledger().Commit(t.Context(), ledger.Change{Ops: []ledger.Op{ledger.Transaction{
		Postings: []ledger.Posting{{Debit: "bank:nostro", Credit: "merchant:shop:available", Amount: cny(9000)}},
	}}})
	require.NoError(t, err)
	d, err := w.Destinations.Save(t.Context(), okpay.SaveDestination{Merchant: "shop", Type: "bank", Details: "6222020200112233"})
	require.NoError(t, err)
	_, err = w.Destinations.Verify(t.Context(), okpay.VerifyDestination{Destination: d.ID, By: "ops1"})
	require.NoError(t, err)
	po, err := w.Payouts.Request(t.Context(), okpay.RequestPayout{Merchant: "shop", Amount: cny(5000), Destination: d.ID})
	require.NoError(t, err)
	require.Equal(t, okpay.WithdrawalApproved, po.State)
	require.NoError(t, w.Ledger().Close(t.Context()))
	return okpay.WithdrawalID(po.ID)
}

// leaving is how money leaves: both kinds have one machine, and each has to be driven.
type leaving struct {
	name     string
	prepared func(*testing.T, ledger.Store, rails.PayoutProvider, *handclock.Clock) okpay.WithdrawalID
	submit   func(context.Context, *okpay.Wallet, okpay.WithdrawalID) error
	state    func(context.Context, *okpay.Wallet, okpay.WithdrawalID) (okpay.WithdrawalState, error)
	balances func(context.Context, *okpay.Wallet) ([]okpay.Balance, error)
}

func leavings() []leaving {
	return []leaving{
		{
			"withdrawal", prepared,
			func(ctx context.Context, w *okpay.Wallet, id okpay.WithdrawalID) error {
				_, err := w.Withdrawals.Submit(ctx, id)
				return err
			},
			func(ctx context.Context, w *okpay.Wallet, id okpay.WithdrawalID) (okpay.WithdrawalState, error) {
				wd, err := w.Withdrawals.Get(ctx, id)
				return wd.State, err
			},
			func(ctx context.Context, w *okpay.Wallet) ([]okpay.Balance, error) {
				return w.Customers.Balances(ctx, "payer")
			},
		},
		{
			"payout", preparedPayout,
			func(ctx context.Context, w *okpay.Wallet, id okpay.WithdrawalID) error {
				_, err := w.Payouts.Submit(ctx, okpay.PayoutID(id))
				return err
			},
			func(ctx context.Context, w *okpay.Wallet, id okpay.WithdrawalID) (okpay.WithdrawalState, error) {
				po, err := w.Payouts.Get(ctx, okpay.PayoutID(id))
				return po.State, err
			},
			func(ctx context.Context, w *okpay.Wallet) ([]okpay.Balance, error) {
				return w.Merchants.Balances(ctx, "shop")
			},
		},
	}
}

func TestAKillAtEveryStatementAroundASubmissionOrdersOnce(t *testing.T) {
	type submission = func(context.Context, *okpay.Wallet, okpay.WithdrawalID) error
	kills := map[string]func(d *death, cancel func()){
		"killed before": func(*death, func()) {},
		"killed after":  func(d *death, _ func()) { d.after = true },
		"canceled":      func(d *death, cancel func()) { d.dies = cancel },
	}
	for _, l := range leavings() {
		submissions := map[string]submission{
			"by hand": l.submit,
			"by the worker": func(ctx context.Context, w *okpay.Wallet, _ okpay.WithdrawalID) error {
				_, err := w.Work(ctx)
				return err
			},
		}
		for by, submission := range submissions {
			for how, kill := range kills {
				t.Run(l.name+", "+by+", "+how, func(t *testing.T) {
					seen := map[okpay.WithdrawalState]int{}
					for at := 1; ; at++ {
						steps, found := killedAt(t, l, at, submission, kill)
						seen[found]++
						if steps < at {
							require.Greater(t, at, 6, "there are statements to be killed at")
							break
						}
					}
					t.Log("what the next program found:", seen)
					assert.NotZero(t, seen[okpay.WithdrawalApproved])
					assert.NotZero(t, seen[okpay.WithdrawalSubmitted])
					if how != "canceled" {
						assert.NotZero(t, seen[okpay.WithdrawalSubmitting], "some died with the outcome open")
					}
				})
			}
		}
	}
}

// killedAt kills a program at a statement and has another one go on. It returns how many
// statements there were and the state that the second one found.
func killedAt(t *testing.T, l leaving, at int, submission func(context.Context, *okpay.Wallet, okpay.WithdrawalID) error, kill func(*death, func())) (int, okpay.WithdrawalState) {
	t.Helper()
	store, bank := memstore.New(), &rails.SimulatedPayouts{}
	c := handclock.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	id := l.prepared(t, store, bank, c)
	c.Advance(time.Minute)

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	d := &death{at: at}
	kill(d, cancel)
	first := program(t, mortalStore{store, d}, mortalBank{bank, d}, c, "b")
	d.mu.Lock()
	d.armed = true
	d.mu.Unlock()
	_ = submission(ctx, first, id)
	d.mu.Lock()
	d.dead = true
	steps := d.steps
	d.mu.Unlock()

	second := program(t, store, bank, c, "c")
	found, err := l.state(t.Context(), second, id)
	require.NoError(t, err)
	for range 10 {
		_, err := second.Work(t.Context())
		require.NoError(t, err)
		c.Advance(5 * time.Minute)
	}
	state, err := l.state(t.Context(), second, id)
	require.NoError(t, err)
	require.Equal(t, okpay.WithdrawalSubmitted, state, "killed at statement %d", at)
	assert.Equal(t, map[string]money.Amount{string(id): cny(5000)}, bank.Ordered(), "killed at statement %d: one order", at)
	assert.Len(t, bank.Calls(), 1, "killed at statement %d: one distinct key", at)
	bank.Settle(string(id), rails.PayoutResult{Status: rails.PayoutPaid}, 0)
	c.Advance(2 * time.Hour)
	_, err = second.Work(t.Context())
	require.NoError(t, err)
	state, err = l.state(t.Context(), second, id)
	require.NoError(t, err)
	assert.Equal(t, okpay.WithdrawalPaid, state)
	balances, err := l.balances(t.Context(), second)
	require.NoError(t, err)
	assert.Equal(t, []okpay.Balance{{Available: cny(4000), Held: cny(0), Total: cny(4000)}}, balances)
	report, err := second.Ledger().Verify(t.Context())
	require.NoError(t, err)
	require.NoError(t, report.Err())
	return steps, found
}

func TestThatAWithdrawalHasToWaitIsNoErrorThoughItIsCanceledMeanwhile(t *testing.T) {
	store, bank := memstore.New(), &rails.SimulatedPayouts{}
	c := handclock.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	id := prepared(t, store, bank, c)
	slow := ledgertest.NewFaulty(store)
	first, second := program(t, slow, bank, c, "b"), program(t, store, bank, c, "d")
	wd, err := second.Withdrawals.Get(t.Context(), id)
	require.NoError(t, err)
	_, err = second.Destinations.Remove(t.Context(), okpay.RemoveDestination{Customer: "payer", Destination: wd.Destination})
	require.NoError(t, err)
	c.Advance(time.Minute)

	paused := slow.Pause(ledgertest.AfterCommit)
	worked := make(chan error)
	go func() {
		_, err := first.Work(t.Context())
		worked <- err
	}()
	<-paused.Reached()
	_, err = second.Withdrawals.Cancel(t.Context(), okpay.CancelWithdrawal{Customer: "payer", Withdrawal: id})
	require.NoError(t, err)
	paused.Resume()
	require.NoError(t, <-worked)
	wd, err = second.Withdrawals.Get(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, okpay.WithdrawalCanceled, wd.State)
	assert.Equal(t, []okpay.WithdrawalState{okpay.WithdrawalUnderReview, okpay.WithdrawalApproved, okpay.WithdrawalCanceled}, []okpay.WithdrawalState{wd.History[0].State, wd.History[1].State, wd.History[2].State})
}
