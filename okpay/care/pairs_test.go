package care_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

// pairs goes through every pair of state and action of a machine, by the verbs: what stands in
// the table moves the object, is announced, told and audited in one commit; what does not is
// refused and changes nothing.
type pairs struct {
	noun  string
	reach map[string]func(k *desk) string // brings an object into a state and returns its id
	acts  map[string]func(k *desk, id string) error
	state func(k *desk, id string) string
	// byTime are actions that no verb asks for, so nothing refuses them.
	byTime []string
	// elsewhere are those that other tests do, since they need nothing that could be refused.
	elsewhere []string
}

func (p pairs) run(t *testing.T) {
	machines := care.Machines()
	m := machines[slices.IndexFunc(machines, func(m okpay.Table) bool { return m.Noun == p.noun })]
	for _, r := range m.Rows {
		assert.True(t, r.From == "" || p.acts[string(r.On)] != nil || slices.Contains(p.elsewhere, string(r.On)), "%s is not tried", r.On)
	}
	require.Len(t, p.reach, len(m.States))
	for _, from := range m.States {
		for on, act := range p.acts {
			t.Run(from+" "+on, func(t *testing.T) {
				k := startDesk(t, care.Config{})
				k.hire("rev2", care.Reviewer)
				id := p.reach[from](k)
				require.Equal(t, from, p.state(k, id))
				events, told, done := k.lastEvent(), len(k.mails()), len(k.actions(id))
				err := act(k, id)
				types, _ := k.eventsSince(events)
				besides := 0
				types = slices.DeleteFunc(types, func(s string) bool {
					if on == "expire" && s == "appeal.overdue" { // which is as much a matter of time
						besides++
						return true
					}
					return !strings.HasPrefix(s, p.noun+".")
				})
				mails := k.mails()[told:]
				var rows []okpay.Row[string]
				for _, r := range m.Rows {
					if r.From == from && string(r.On) == on {
						rows = append(rows, r)
					}
				}
				if len(rows) == 0 {
					if !slices.Contains(p.byTime, on) {
						refused(t, err, okpay.InvalidState)
					}
					assert.Equal(t, from, p.state(k, id))
					assert.Empty(t, types)
					assert.Equal(t, done+besides, len(k.actions(id)))
					return
				}
				require.NoError(t, err)
				to := p.state(k, id)
				i := slices.IndexFunc(rows, func(r okpay.Row[string]) bool {
					return r.To == to && slices.Equal(r.Emits, types) || r.To == to && len(r.Emits)+len(types) == 0
				})
				require.GreaterOrEqual(t, i, 0, "no row leads to %s and emits %v", to, types)
				for _, template := range rows[i].Mails {
					assert.Contains(t, mails, template)
				}
				assert.Greater(t, len(k.actions(id)), done, "it is in the audit")
				k.inOneCommit(p.noun, id, len(rows[i].Mails) > 0)
				k.verify()
			})
		}
	}
}

// inOneCommit requires that an object, the last entry of the audit about it and the last message
// about it were written by one block.
func (k *desk) inOneCommit(noun, id string, told bool) {
	k.t.Helper()
	object, err := k.Ledger().Record(k.t.Context(), noun, id)
	require.NoError(k.t, err)
	q := ledger.RecordQuery{Type: "audit", Label: "o:" + id, Desc: true, Limit: 1}
	last, err := k.Ledger().Records(k.t.Context(), q)
	require.NoError(k.t, err)
	assert.Equal(k.t, object.Seq, last[0].Seq, "audit and object")
	if !told {
		return
	}
	messages, err := k.Ledger().Records(k.t.Context(), ledger.RecordQuery{Type: "message", Label: "c:" + string(k.customer), Desc: true, Limit: 1})
	require.NoError(k.t, err)
	assert.Equal(k.t, object.Seq, messages[0].Seq, "message and object")
}

func TestEveryActionOnARestrictionInEveryState(t *testing.T) {
	of := func(k *desk) string {
		return string(k.impose("unusual_activity", func(in *care.ImposeRestriction) {
			in.Requirements = []care.Ask{{Kind: care.Document, Code: "identity_document"}, {Kind: care.Question, Code: "recent_activity"}}
			in.DueIn, in.Lasts = 10*day, 25*day
		}).ID)
	}
	submitted := func(k *desk) string {
		id := of(k)
		require.NoError(k.t, k.submit(care.RestrictionID(id), "r1", "a"))
		return id
	}
	then := func(before func(*desk) string, fn func(k *desk, id care.RestrictionID) error) func(*desk) string {
		return func(k *desk) string {
			id := before(k)
			require.NoError(k.t, fn(k, care.RestrictionID(id)))
			return id
		}
	}
	both := func(k *desk, id care.RestrictionID) error {
		_, first := k.permanent("ann", id)
		if first != nil {
			return first
		}
		_, err := k.permanent("bob", id)
		return err
	}
	lifted := func(k *desk, id care.RestrictionID) error {
		_, err := k.lift("ann", id)
		return err
	}
	closeAndErase := func(k *desk, _ care.RestrictionID) error {
		_, err := k.Customers.Close(t.Context(), okpay.MoveGate{Customer: k.customer})
		return errors.Join(err, k.Erase(t.Context(), care.EraseCustomer{By: "cleo", Why: "was asked for", Customer: k.customer}))
	}
	pass := func(d time.Duration) func(*desk, string) error {
		return func(k *desk, _ string) error {
			k.clock.Advance(d)
			_, err := k.Work(k.t.Context())
			return err
		}
	}
	review := func(k *desk) string {
		id := submitted(k)
		require.NoError(k.t, k.answer(care.RestrictionID(id), "r2", "I was on holiday."))
		for _, q := range []string{"r1", "r2"} {
			_, err := k.accept(care.RestrictionID(id), q)
			require.NoError(k.t, err)
		}
		return id
	}
	pairs{
		noun: "restriction",
		reach: map[string]func(*desk) string{
			"active":   submitted,
			"past_due": then(submitted, func(k *desk, id care.RestrictionID) error { return pass(10*day)(k, string(id)) }),
			"review":   review, "permanent": then(of, both), "lifted": then(submitted, lifted),
			"expired": then(of, func(k *desk, id care.RestrictionID) error { return pass(25*day)(k, string(id)) }),
			"erased":  then(of, closeAndErase),
		},
		acts: map[string]func(*desk, string) error{
			"submit": func(k *desk, id string) error {
				err := k.answer(care.RestrictionID(id), "r2", "I was on holiday.")
				if errors.Is(err, okpay.AccountClosed) {
					return okpay.NewError(okpay.InvalidState, "which says the same")
				}
				return err
			},
			"accept": func(k *desk, id string) error { _, err := k.accept(care.RestrictionID(id), "r1"); return err },
			"reject": func(k *desk, id string) error {
				_, err := k.Restrictions.Reject(t.Context(), care.ReviewRequirement{By: "rev", Why: "is blurred", Restriction: care.RestrictionID(id), Requirement: "r1", Problem: "unreadable"})
				return err
			},
			"require": func(k *desk, id string) error {
				_, err := k.Restrictions.Require(t.Context(), care.MoreRequirements{
					By: "rev", Why: "for more", Restriction: care.RestrictionID(id), Requirements: []care.Ask{{Kind: care.Document, Code: "bank_statement"}}, DueIn: day,
				})
				return err
			},
			"miss_deadline": pass(10 * day), "expire": pass(25 * day),
			"lift":           func(k *desk, id string) error { return lifted(k, care.RestrictionID(id)) },
			"make_permanent": func(k *desk, id string) error { return both(k, care.RestrictionID(id)) },
			"appeal_approved": func(k *desk, id string) error {
				a, err := k.appeal(care.RestrictionID(id))
				if errors.Is(err, okpay.AccountClosed) {
					return okpay.NewError(okpay.InvalidState, "which says the same")
				}
				if err != nil {
					return err
				}
				err = errors.Join(k.take("rev2", a.ID), k.approve("rev2", a.ID), k.approve("bob", a.ID))
				k.inOneCommit("appeal", string(a.ID), false)
				return err
			},
		},
		state: func(k *desk, id string) string { return string(k.state(care.RestrictionID(id))) }, byTime: []string{"miss_deadline", "expire"},
		elsewhere: []string{"open_payout", "erase"},
	}.run(t)
}

func TestEveryActionOnAnAppealInEveryState(t *testing.T) {
	of := func(k *desk) string {
		r := k.impose("terms_violation")
		a, err := k.appeal(r.ID)
		require.NoError(k.t, err)
		return string(a.ID)
	}
	then := func(before func(*desk) string, fn func(k *desk, id care.AppealID) error) func(*desk) string {
		return func(k *desk) string {
			id := before(k)
			require.NoError(k.t, fn(k, care.AppealID(id)))
			return id
		}
	}
	deny := func(k *desk, a care.AppealID) error { _, err := k.deny("rev2", a, "rules_apply"); return err }
	approve := func(k *desk, a care.AppealID) error {
		if err := k.approve("rev2", a); err != nil {
			return err
		}
		return k.approve("ann", a)
	}
	pass := func(k *desk, d time.Duration) error {
		k.clock.Advance(d)
		_, err := k.Work(k.t.Context())
		return err
	}
	taken := then(of, func(k *desk, a care.AppealID) error { return k.take("rev2", a) })
	asked := then(taken, func(k *desk, a care.AppealID) error { return k.ask("rev2", a) })
	release := func(k *desk, a care.AppealID) error {
		_, err := k.Appeals.Release(t.Context(), k.reviews("rev2", a))
		return err
	}
	end := func(k *desk, a care.AppealID) error {
		got, err := k.Appeals.Get(t.Context(), k.customer, a)
		require.NoError(k.t, err)
		_, err = k.lift("ann", got.Restriction)
		return err
	}
	pairs{
		noun: "appeal",
		reach: map[string]func(*desk) string{
			"submitted": of, "under_review": taken, "need_info": asked,
			"approved": then(taken, approve), "denied": then(taken, deny), "withdrawn": then(of, (*desk).withdraw),
			"expired": then(asked, func(k *desk, _ care.AppealID) error { return pass(k, 14*day) }),
			"settled": then(of, end),
		},
		acts: map[string]func(*desk, string) error{
			"take":    func(k *desk, id string) error { return k.take("rev2", care.AppealID(id)) },
			"release": func(k *desk, id string) error { return release(k, care.AppealID(id)) },
			"ask":     func(k *desk, id string) error { return k.ask("rev2", care.AppealID(id)) },
			"answer":  func(k *desk, id string) error { return k.reply(care.AppealID(id)) },
			"expire":  func(k *desk, _ string) error { return pass(k, 14*day) },
			"overdue": func(k *desk, _ string) error { return pass(k, 4*day) },
			"withdraw": func(k *desk, id string) error {
				return k.withdraw(care.AppealID(id))
			},
			"approve": func(k *desk, id string) error { return approve(k, care.AppealID(id)) },
			"deny":    func(k *desk, id string) error { return deny(k, care.AppealID(id)) },
			"nudge":   func(k *desk, id string) error { _, err := k.nudge(care.AppealID(id)); return err },
			"restriction_ended": func(k *desk, id string) error {
				err := end(k, care.AppealID(id))
				if errors.Is(err, okpay.InvalidState) {
					return fmt.Errorf("it had ended: %w", err)
				}
				return err
			},
		},
		state:  func(k *desk, id string) string { return k.progress(care.AppealID(id)).State },
		byTime: []string{"expire", "overdue", "restriction_ended"},
	}.run(t)
}
