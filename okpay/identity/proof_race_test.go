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

func TestADebtThatComesWhileTheAccountIsLockedOutlivesTheLock(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	_, err := w.x.ReportUnauthorised(o.ctx(), identity.ReportUnauthorised{Text: "not mine"})
	require.NoError(t, err)
	_, err = w.Do(t.Context(), okpay.Act{Principal: "program", Operation: "test.debt"}, func(d *okpay.Draft) error {
		g, err := d.Gate(o.id) // as the reversal of a top-up does it: a gate that is locked keeps its reason
		if err != nil {
			return err
		}
		d.Post(ledger.Transaction{Reference: string(o.id), Postings: []ledger.Posting{
			{Debit: "receivable:user:" + string(o.id), Credit: "clearing:bank", Amount: yuan(5000)},
		}})
		return d.WriteGate(g)
	})
	require.NoError(t, err)
	v := o.proveTwice(identity.ForUnlock)
	_, err = w.x.Unlock(t.Context(), identity.Unlock{Proof: v.Proof})
	require.NoError(t, err)
	g := o.gate()
	assert.Equal(t, okpay.GateLocked, g.State)
	assert.Equal(t, okpay.ReasonDebt, g.Reason)
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
