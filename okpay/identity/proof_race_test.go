package identity_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/lockout"
)

func TestNoMoneyLeavesAfterALockOrAReport(t *testing.T) {
	for name, lock := range map[string]func(*subject) error{
		"a lock": func(o *subject) error {
			return o.w.all[1].x.RiskLock(o.t.Context(), identity.RiskLock{Customer: o.id, Reason: lockout.ReasonRisk})
		},
		"a report": func(o *subject) error {
			_, err := o.w.x.ReportUnauthorised(o.ctx(), identity.ReportUnauthorised{Text: "not mine"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := startAll(t, identity.Config{}, inMemory(t)...)
			o := w.resident()
			bob := w.registered("bob@example.com")
			ctx := o.ctx()
			_, err := w.TopUps.Create(ctx, okpay.CreateTopUp{Customer: o.id, Amount: cny(100_000)})
			require.NoError(t, err)
			before := w.last()
			var all sync.WaitGroup
			n := testsize.Scaled(t, 200)
			for i := range n {
				all.Go(func() {
					_, err := w.all[i%2].Transfers.Create(ctx, okpay.CreateTransfer{From: o.id, To: bob, Amount: cny(1)})
					switch okpay.CodeOf(err) {
					case "", okpay.SessionEnded, okpay.AccountLocked, okpay.ServiceBusy:
					default:
						t.Errorf("%v", err)
					}
				})
				if i == n/2 {
					all.Go(func() { assert.NoError(t, lock(o)) })
				}
			}
			all.Wait()
			events := w.events(before)
			at := slices.Index(events, "account.locked")
			require.GreaterOrEqual(t, at, 0)
			assert.NotContains(t, events[at:], "transfer.completed", "an event after the lock")
			for _, e := range events[at+1:] {
				assert.NotContains(t, e, "transfer.", "an event after the lock")
			}
			w.verify()
		})
	}
}

func TestALockForReasonsOfSecurityDoesNotLiftADebt(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	_, err := w.Do(t.Context(), okpay.Act{Principal: "program", Operation: "test.debt"}, func(d *okpay.Draft) error {
		g, err := d.Gate(o.id)
		if err != nil {
			return err
		}
		g.State, g.Reason = okpay.GateLocked, "topup_reversed"
		return d.WriteGate(g)
	})
	require.NoError(t, err)
	v := o.prove(identity.ForUnlock)
	require.Equal(t, identity.Verified, v.State)
	u, err := w.x.Unlock(t.Context(), identity.Unlock{Proof: v.Proof})
	require.NoError(t, err)
	assert.False(t, u.MustChangePassword)
	assert.Equal(t, okpay.GateLocked, o.gate().State, "a proof pays no debt")

	for range 2 {
		_, err = w.x.ReportUnauthorised(o.ctx(), identity.ReportUnauthorised{Text: "not mine"})
		require.NoError(t, err)
		assert.Equal(t, "user_report", o.gate().Reason)
		v = o.proveTwice(identity.ForUnlock)
		_, err = w.x.Unlock(t.Context(), identity.Unlock{Proof: v.Proof})
		require.NoError(t, err)
		g := o.gate()
		assert.Equal(t, okpay.GateLocked, g.State)
		assert.Equal(t, "topup_reversed", g.Reason, "nor does reporting oneself")
		o.signIn()
	}
	w.verify()
}

// owe makes a debt as the reversal of a top-up does it: a gate that is locked keeps its reason.
func (o *subject) owe(minor int64) {
	o.t.Helper()
	_, err := o.w.Do(o.t.Context(), okpay.Act{Principal: "program", Operation: "test.debt"}, func(d *okpay.Draft) error {
		g, err := d.Gate(o.id)
		if err != nil {
			return err
		}
		if g.State == okpay.GateActive {
			g.State, g.Reason = okpay.GateLocked, okpay.ReasonDebt
		}
		d.Post(ledger.Transaction{Reference: string(o.id), Postings: []ledger.Posting{
			{Debit: "receivable:user:" + string(o.id), Credit: "clearing:bank", Amount: cny(minor)},
		}})
		return d.WriteGate(g)
	})
	require.NoError(o.t, err)
}

// bring tops the customer up, and an operator settles as much of the debt as there is.
func (o *subject) bring(minor int64) {
	o.t.Helper()
	_, err := o.w.TopUps.Create(o.ctx(), okpay.CreateTopUp{Customer: o.id, Amount: cny(minor)})
	require.NoError(o.t, err)
	_, err = o.w.Customers.SettleDebt(o.t.Context(), okpay.SettleDebt{Customer: o.id, Amount: cny(1_000_000), By: "ops1"})
	require.NoError(o.t, err)
}

func TestADebtIsToldAfterTwoProofsAndPayingItFreesTheAccount(t *testing.T) {
	for name, first := range map[string]bool{"the debt came first": true, "the debt came while the account was locked": false} {
		t.Run(name, func(t *testing.T) {
			w := start(t, sending(identity.Config{}))
			o := w.resident()
			if first {
				o.owe(5000)
			}
			_, err := w.x.ReportUnauthorised(o.ctx(), identity.ReportUnauthorised{Text: "not mine"})
			require.NoError(t, err)
			if !first {
				o.owe(5000)
			}
			v := o.proveTwice(identity.ForUnlock)
			report, err := w.x.LockReason(t.Context(), identity.LockReasonOf{Proof: v.Proof})
			require.NoError(t, err)
			assert.True(t, report.Debt)
			assert.Equal(t, lockout.ReasonUserReport, report.Account)
			assert.Equal(t, []lockout.Advice{"verify_identity", "change_password", "enable_second_factor", "pay_debt", "contact_support"}, report.Advice)
			u, err := w.x.Unlock(t.Context(), identity.Unlock{Proof: v.Proof})
			require.NoError(t, err)
			assert.False(t, u.MustChangePassword)
			assert.True(t, u.Debt)
			g := o.gate()
			assert.Equal(t, okpay.GateLocked, g.State)
			assert.Equal(t, okpay.ReasonDebt, g.Reason)
			assert.Equal(t, "reset_password,enable_second_factor,pay_debt,contact_support", o.message("account_owner_proven_debt").Facts["advice"])

			require.NoError(t, o.setNew(o.openReset().Grant, other))
			o.signIn()
			report, err = w.x.LockReason(o.ctx(), identity.LockReasonOf{})
			require.NoError(t, err)
			assert.Equal(t, identity.LockReport{
				Status: lockout.StatusOpen, Debt: true, Advice: []lockout.Advice{"pay_debt", "contact_support"},
			}, report, "nothing else is locked")
			o.bring(2000)
			assert.Equal(t, okpay.GateLocked, o.gate().State, "a part is not all")
			o.bring(4000)
			assert.Equal(t, okpay.GateActive, o.gate().State)
			assert.Contains(t, w.templates(o.id), "account_unlocked")
			report, err = w.x.LockReason(o.ctx(), identity.LockReasonOf{})
			require.NoError(t, err)
			assert.Equal(t, identity.LockReport{Status: lockout.StatusOpen}, report)
			_, err = w.Transfers.Create(o.ctx(), okpay.CreateTransfer{From: o.id, To: w.registered("ben@example.com"), Amount: cny(1000)})
			require.NoError(t, err, "money leaves again")
			w.verify()
		})
	}
}

func TestADebtThatIsPaidWhileTheAccountIsLockedLeavesNothingBehind(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	o.owe(5000)
	o.signIn()
	_, err := w.TopUps.Create(o.ctx(), okpay.CreateTopUp{Customer: o.id, Amount: cny(5000)})
	require.NoError(t, err)
	require.NoError(t, w.x.RiskLock(t.Context(), identity.RiskLock{Customer: o.id, Reason: lockout.ReasonRisk}))
	_, err = w.Customers.SettleDebt(t.Context(), okpay.SettleDebt{Customer: o.id, Amount: cny(5000), By: "ops1"})
	require.NoError(t, err)
	assert.Equal(t, "risk", o.gate().Reason, "money lifts no lock for reasons of security")
	v := o.proveTwice(identity.ForUnlock)
	u, err := w.x.Unlock(t.Context(), identity.Unlock{Proof: v.Proof})
	require.NoError(t, err)
	assert.True(t, u.MustChangePassword)
	assert.False(t, u.Debt)
	require.NoError(t, o.setNew(o.openReset().Grant, other))
	assert.Equal(t, okpay.GateActive, o.gate().State)
	w.verify()
}

func TestRandomHistoriesOfChangesEqualAModel(t *testing.T) {
	r := seeded(t)
	type made struct {
		old, address string
		token        identity.Secret
		until        time.Time
	}
	for history := range testsize.Scaled(t, 40) {
		w := start(t, sending(identity.Config{}))
		o := w.resident()
		now, live, dead, number := mail, []made{}, []identity.Secret{}, 0
		pw := good
		for range 2 + r.IntN(6) {
			w.clock.Advance(time.Duration(1+r.IntN(48)) * time.Hour)
			for len(live) > 0 && !w.clock.Now().Before(live[0].until) {
				dead, live = append(dead, live[0].token), live[1:]
			}
			o.signIn()
			if r.IntN(3) > 0 || len(live)+len(dead) == 0 {
				number++
				next := fmt.Sprintf("n%d@example.com", number)
				c, err := w.x.BeginContactChange(o.ctx(), identity.BeginContactChange{Email: next, Replaces: o.mailID(), Proof: o.stepUpWith(pw, next)})
				require.NoError(t, err, "history %d", history)
				if r.IntN(4) == 0 { // not confirmed
					require.Equal(t, []string{phone, now}, sorted(o.verified()))
					continue
				}
				c, err = o.confirmChange(c)
				require.NoError(t, err, "history %d", history)
				live = append(live, made{now, next, o.takeBack(c, now), c.ExpiresAt})
				now = next
			} else if i := r.IntN(len(live) + len(dead)); i < len(live) {
				_, err := w.x.RevertContact(t.Context(), identity.RevertContact{Token: live[i].token})
				require.NoError(t, err, "history %d", history)
				now = live[i].old
				for _, m := range live[i:] {
					dead = append(dead, m.token)
				}
				live = live[:i]
				w.clock.Advance(time.Second)
				a, err := w.x.RequestPasswordReset(t.Context(), identity.RequestPasswordReset{Email: now})
				require.NoError(t, err)
				a, err = w.x.OpenPasswordReset(t.Context(), identity.OpenPasswordReset{Token: o.linkOf(a.ID)})
				require.NoError(t, err)
				pw = fmt.Sprintf("a new password, %d of them", w.head())
				require.NoError(t, o.setNew(a.Grant, pw))
				require.Equal(t, okpay.GateActive, o.gate().State)
			} else {
				_, err := w.x.RevertContact(t.Context(), identity.RevertContact{Token: dead[i-len(live)]})
				require.ErrorIs(t, err, okpay.AuthenticationFailed, "history %d", history)
			}
			require.Equal(t, []string{phone, now}, sorted(o.verified()), "history %d", history)
		}
		w.verify()
	}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
