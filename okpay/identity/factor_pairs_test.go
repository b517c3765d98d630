package identity_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
)

// wrongs are guesses at the factor, an hour apart, so that no lock lasts.
func (h *holder) wrongs(n int) {
	h.t.Helper()
	for range n {
		require.ErrorIs(h.t, h.verify(h.wrongCode()), okpay.AuthenticationFailed)
		h.w.clock.Advance(time.Hour)
	}
}

// states say how a factor that is active comes into each state. before is done to it first.
func factorStates() map[identity.FactorState]func(h *holder, before func()) {
	replace := func(h *holder) {
		h.signIn()
		h.next()
		h.begin(h.p, identity.Secret{})
	}
	return map[identity.FactorState]func(*holder, func()){
		identity.FactorOff: func(h *holder, before func()) { before() },
		identity.FactorPending: func(h *holder, before func()) {
			before()
			h.signIn()
			h.begin(h.p, identity.Secret{})
		},
		identity.FactorActive: func(h *holder, before func()) { h.enroll(); before() },
		identity.FactorReplacing: func(h *holder, before func()) {
			h.enroll()
			old := h.app
			before()
			replace(h)
			h.fresh, h.app = h.app, old
		},
		identity.FactorDisabled: func(h *holder, before func()) {
			h.enroll()
			before()
			for h.factor().State != identity.FactorDisabled {
				h.wrongs(1)
			}
		},
		identity.FactorRecovered: func(h *holder, before func()) {
			h.enroll()
			before()
			require.NoError(h.t, h.verify(h.codes[9].Reveal()))
		},
		identity.FactorRebinding: func(h *holder, before func()) {
			h.enroll()
			old := h.app
			before()
			require.NoError(h.t, h.verify(h.codes[9].Reveal()))
			replace(h)
			h.fresh, h.app = h.app, old
		},
	}
}

// event is something that happens to a factor, as its verbs do it.
type event struct {
	on    okpay.Action
	guard okpay.Guard
	// before is done before the factor comes into its state.
	before func(*holder)
	act    func(*holder) error
	// action is that of the entry in the audit.
	action string
	// silent events are refused without being told why.
	silent bool
}

const (
	oneWrong okpay.Guard = "the code is wrong"
	allWrong okpay.Guard = "the last code is wrong"
)

func (h *holder) newCode(wrong bool) identity.Secret {
	app := h.app
	if len(h.fresh.Bytes()) > 0 {
		app = h.fresh
	}
	if wrong {
		return identity.NewSecret("x")
	}
	if len(app.Bytes()) == 0 {
		return identity.NewSecret("123456")
	}
	return identity.NewSecret(codeOf(h.t, app, h.w.clock.Now()))
}

func (h *holder) confirm(wrong bool) error {
	_, err := h.p.x.ConfirmTOTP(h.ctx(), h.newCode(wrong))
	return err
}

func factorEventsOf() []event {
	return []event{
		{on: identity.BeginApp, action: "factor.begin", act: func(h *holder) error {
			h.signIn()
			_, err := h.p.x.BeginTOTP(h.ctx(), identity.BeginTOTP{})
			return err
		}},
		{on: identity.ConfirmApp, action: "factor.", act: func(h *holder) error { return h.confirm(false) }},
		{on: identity.ConfirmApp, guard: oneWrong, action: "factor.confirm_fail", act: func(h *holder) error { return h.confirm(true) }},
		{on: identity.ConfirmApp, guard: allWrong, action: "factor.confirm_fail", act: func(h *holder) error {
			var err error
			for range 5 {
				if err = h.confirm(true); errors.Is(err, okpay.InvalidState) {
					return err
				}
			}
			return err
		}},
		{on: identity.CancelApp, action: "factor.cancel", act: func(h *holder) error { return h.p.x.CancelTOTP(h.ctx()) }},
		{on: identity.ExpireApp, action: "factor.expire", silent: true, act: func(h *holder) error {
			h.w.clock.Advance(10 * time.Minute)
			_, err := h.w.Work(h.t.Context())
			return err
		}},
		{on: identity.UseApp, action: "factor.use", silent: true, act: func(h *holder) error {
			if len(h.app.Bytes()) == 0 {
				return h.verify("123456")
			}
			return h.verify(h.next())
		}},
		{on: identity.UseRecovery, action: "factor.recover", silent: true, act: func(h *holder) error {
			if h.codes == nil {
				return h.verify("000000-000000-000000-000000")
			}
			return h.verify(h.codes[0].Reveal())
		}},
		{on: identity.DisableApp, action: "factor.disable", silent: true, before: func(h *holder) {
			if h.codes != nil {
				h.wrongs(19)
				h.signIn()
			}
		}, act: func(h *holder) error { return h.verify("wrong") }},
		{on: identity.RenewRecovery, action: "factor.renew_codes", act: func(h *holder) error {
			h.signIn()
			_, err := h.p.x.RenewRecoveryCodes(h.ctx(), identity.Secret{})
			return err
		}},
		{on: identity.RemoveFactor, action: "factor.remove", act: func(h *holder) error {
			h.signIn()
			f := h.factor().State
			if f == identity.FactorOff || f == identity.FactorPending || f == identity.FactorDisabled {
				return h.p.x.RemoveTOTP(h.ctx(), identity.NewSecret("x"))
			}
			return h.p.x.RemoveTOTP(h.ctx(), h.proof(identity.StepUpRequest{Action: identity.RemoveSecondFactor}))
		}},
		{on: identity.ResetFactor, action: "factor.reset", before: func(h *holder) {
			if h.codes == nil {
				return
			}
			h.reset = h.request().ID
			r, err := h.approve(h.reset, "agent2")
			require.NoError(h.t, err)
			h.until = r.Until
		}, act: func(h *holder) error {
			if h.reset == "" {
				_, err := h.p.x.RequestFactorReset(h.t.Context(), identity.RequestFactorReset{Customer: h.id, By: "agent1", Reason: "x"})
				return err
			}
			h.w.clock.Set(h.until)
			h.work()
			return nil
		}},
	}
}

func TestEveryPairOfStateAndEventOfAFactor(t *testing.T) {
	m := identity.FactorMachine()
	for state, come := range factorStates() {
		for _, e := range factorEventsOf() {
			t.Run(fmt.Sprintf("%s/%s %s", state, e.on, e.guard), func(t *testing.T) {
				w := start(t, identity.Config{SessionIdle: 100 * time.Hour, SessionLife: 100 * time.Hour})
				desk(w)
				h := w.holder(customer)
				come(h, func() {
					if e.before != nil && !(e.on == identity.DisableApp && state == identity.FactorDisabled) {
						e.before(h)
					}
					if e.on == identity.ResetFactor && h.reset != "" && state != identity.FactorDisabled {
						w.clock.Set(h.until.Add(-9 * time.Minute))
						h.signIn()
					}
				})
				require.Equal(t, state, h.factor().State)
				was := h.factor()
				told, audited, last := h.told(), h.audited(), w.last()
				err := e.act(h)
				row, allowed := m.Next(state, e.on, e.guard)
				if !allowed {
					switch {
					case e.on == identity.ExpireApp:
						require.NoError(t, err) // nothing was due
					case e.silent:
						require.ErrorIs(t, err, okpay.AuthenticationFailed)
					default:
						require.ErrorIs(t, err, okpay.InvalidState)
					}
					assert.Equal(t, was, h.factor(), "nothing has changed")
					assert.NotContains(t, h.audited()[len(audited):], e.action)
					return
				}
				if e.guard != okpay.Always || e.on == identity.DisableApp {
					require.ErrorIs(t, err, okpay.AuthenticationFailed)
				} else {
					require.NoError(t, err)
				}
				assert.Equal(t, row.To, h.factor().State)
				assert.Subset(t, w.events(last), row.Emits, "it is announced")
				for _, mail := range row.Mails {
					assert.Greater(t, tally(h.told(), mail), tally(told, mail), "the customer is told by %s", mail)
				}
				more := 0
				for _, a := range []string{e.action, "factor.enable", "factor.replace"} {
					more += tally(h.audited(), a) - tally(audited, a)
				}
				assert.Positive(t, more, "the audit has it")
				h.w.verify()
			})
		}
	}
	// The table has no more actions than those above.
	for _, r := range m.Rows {
		assert.True(t, slices.ContainsFunc(factorEventsOf(), func(e event) bool { return e.on == r.On }), "%s", r.On)
	}
}

func tally(list []string, of string) (n int) {
	for _, s := range list {
		if s == of {
			n++
		}
	}
	return n
}
