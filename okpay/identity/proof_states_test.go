package identity_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
)

// seen is what a world has announced, told and written down.
type seen struct {
	blocks int64
	events int64
	told   []string
	audit  []string
}

func (o *subject) look() seen {
	o.t.Helper()
	return seen{o.w.head(), o.w.last(), o.told(), o.audited()}
}

// less are the items of a list that an earlier one has not, with repeats.
func less(now, before []string) []string {
	now = slices.Clone(now)
	for _, s := range before {
		if i := slices.Index(now, s); i >= 0 {
			now = slices.Delete(now, i, i+1)
		}
	}
	return now
}

// holdsTo compares what a move did with its rows: in one Change, or as many as told, the events, the messages and an
// entry of the audit for each.
func (o *subject) holdsTo(before seen, changes int64, noun string, rows ...okpay.Row[string]) {
	o.t.Helper()
	assert.Equal(o.t, before.blocks+changes, o.w.head(), "one Change")
	events, told, audit := o.w.events(before.events), less(o.told(), before.told), less(o.audited(), before.audit)
	for _, r := range rows {
		assert.Subset(o.t, events, r.Emits, "%s on %s", r.From, r.On)
		assert.Subset(o.t, told, r.Mails, "%s on %s", r.From, r.On)
		assert.Contains(o.t, audit, noun+"."+string(r.On), "%s on %s", r.From, r.On)
	}
}

// flow is a table, and what brings its states and events about.
type flow struct {
	table  okpay.Table
	states map[string]func(*subject) map[string]string // what the event needs to know
	events map[okpay.Action]func(*subject, map[string]string) error
	sinks  map[string][]okpay.Action // moves that a Change makes at once after an event
}

func (f *flow) row(from string, on okpay.Action) (okpay.Row[string], bool) {
	for _, r := range f.table.Rows {
		if r.From == from && r.On == on && r.Guard == okpay.Always {
			return r, true
		}
	}
	return okpay.Row[string]{}, false
}

func TestEveryPairOfStateAndEvent(t *testing.T) {
	for _, f := range []flow{verificationFlow(), resetFlow(), changeFlow()} {
		for _, state := range f.table.States {
			if state == string(identity.PossessionProven) {
				continue // within a Change only
			}
			require.Contains(t, f.states, state, "%s", f.table.Noun)
			for on, event := range f.events {
				t.Run(f.table.Noun+"/"+state+"/"+string(on), func(t *testing.T) {
					w := start(t, sending(identity.Config{SecondProof: []identity.Purpose{"two"}}))
					o := w.resident()
					known := f.states[state](o)
					_, _, _ = w.x.Authenticate(t.Context(), o.token)
					require.Contains(t, w.record(f.table.Noun, known["id"]), `"state":"`+state+`"`)
					record, before := w.record(f.table.Noun, known["id"]), o.look()
					err := event(o, known)
					row, ok := f.row(state, on)
					if !ok {
						require.Error(t, err)
						assert.Contains(t, []okpay.Code{okpay.AuthenticationFailed, okpay.InternalError}, okpay.CodeOf(err), "%v", err)
						assert.Equal(t, record, w.record(f.table.Noun, known["id"]), "nothing has changed")
						assert.Equal(t, before.blocks, w.head())
						return
					}
					require.NoError(t, err)
					rows := []okpay.Row[string]{row}
					for _, next := range f.sinks[row.To] {
						if r, ok := f.row(row.To, next); ok {
							rows = append(rows, r)
							break
						}
					}
					changes := int64(1)
					if on == "factor" {
						changes = 3 // it is counted here, and by the factor, before it is looked at
					}
					o.holdsTo(before, changes, f.table.Noun, rows...)
					if last := rows[len(rows)-1]; on != "supersede" {
						assert.Contains(t, w.record(f.table.Noun, known["id"]), `"state":"`+last.To+`"`)
					}
					w.verify()
				})
			}
		}
	}
}

// due does what time alone does with one record.
func (o *subject) due(noun, id string) error { return o.w.x.DoDue(o.t.Context(), noun, id) }

func verificationFlow() flow {
	sent := func(p identity.Purpose) func(*subject) map[string]string {
		return func(o *subject) map[string]string {
			v := o.start(p)
			return map[string]string{"id": string(v.ID), "code": o.sent(v.ID).Reveal()}
		}
	}
	secondDue := func(o *subject) map[string]string {
		v := o.prove("two")
		o.w.clock.Advance(time.Millisecond)
		_, err := o.w.x.SendSecond(o.t.Context(), identity.SendSecond{ID: v.ID, Kind: okpay.ContactPhone})
		require.NoError(o.t, err)
		return map[string]string{"id": string(v.ID), "code": o.sent(v.ID).Reveal()}
	}
	verified := func(o *subject) map[string]string {
		v := o.prove("one")
		return map[string]string{"id": string(v.ID), "code": "12345678", "proof": v.Proof.Reveal()}
	}
	return flow{
		table: identity.VerificationMachine().Drawn(),
		sinks: map[string][]okpay.Action{string(identity.PossessionProven): {identity.Satisfy}},
		states: map[string]func(*subject) map[string]string{
			"code_sent": sent("one"), "second_due": secondDue, "verified": verified,
			"done": func(o *subject) map[string]string {
				k := verified(o)
				_, err := o.w.use(o.t.Context(), identity.NewSecret(k["proof"]), identity.ProofOf{Purpose: "one"})
				require.NoError(o.t, err)
				return k
			},
			"failed": func(o *subject) map[string]string {
				k := sent("one")(o)
				for range 5 {
					_, err := o.w.x.ProveCode(o.t.Context(), identity.ProveCode{ID: identity.VerificationID(k["id"]), Code: wrongOf(identity.NewSecret(k["code"]))})
					require.ErrorIs(o.t, err, okpay.AuthenticationFailed)
				}
				return k
			},
			"expired": func(o *subject) map[string]string {
				k := verified(o)
				o.w.clock.Advance(15 * time.Minute)
				require.NoError(o.t, o.due("verification", k["id"]))
				return k
			},
		},
		events: map[okpay.Action]func(*subject, map[string]string) error{
			identity.Resend: func(o *subject, k map[string]string) error {
				o.w.clock.Advance(time.Millisecond)
				_, err := o.w.x.ResendCode(o.t.Context(), identity.ResendCode{ID: identity.VerificationID(k["id"])})
				return err
			},
			identity.ProveFirst: func(o *subject, k map[string]string) error {
				_, err := o.w.x.ProveCode(o.t.Context(), identity.ProveCode{ID: identity.VerificationID(k["id"]), Code: identity.NewSecret(k["code"])})
				return err
			},
			identity.SendAnother: func(o *subject, k map[string]string) error {
				o.w.clock.Advance(time.Millisecond)
				_, err := o.w.x.SendSecond(o.t.Context(), identity.SendSecond{ID: identity.VerificationID(k["id"]), Kind: okpay.ContactPhone})
				return err
			},
			identity.ProveOther: func(o *subject, k map[string]string) error {
				_, err := o.w.x.ProveSecond(o.t.Context(), identity.ProveSecond{ID: identity.VerificationID(k["id"]), Kind: "phone", Code: identity.NewSecret(k["code"])})
				return err
			},
			identity.Consume: func(o *subject, k map[string]string) error {
				_, err := o.w.use(o.t.Context(), identity.NewSecret(k["proof"]), identity.ProofOf{Purpose: "one"})
				return err
			},
			identity.Expire: func(o *subject, k map[string]string) error {
				o.w.clock.Advance(15 * time.Minute)
				return o.due("verification", k["id"])
			},
		},
	}
}

func resetFlow() flow {
	sent := func(o *subject) map[string]string {
		r := o.askReset()
		return map[string]string{"id": string(r.ID), "token": o.linkOf(r.ID).Reveal()}
	}
	open := func(factor bool) func(*subject) map[string]string {
		return func(o *subject) map[string]string {
			if factor {
				o.signIn()
				o.enroll()
			}
			r := o.openReset()
			return map[string]string{"id": string(r.ID), "grant": r.Grant.Reveal()}
		}
	}
	return flow{
		table: identity.PasswordResetMachine().Drawn(),
		sinks: map[string][]okpay.Action{"proven": {"no_factor"}},
		states: map[string]func(*subject) map[string]string{
			"sent": sent, "proven": open(true), "may_set": open(false),
			"done": func(o *subject) map[string]string {
				k := open(false)(o)
				require.NoError(o.t, o.setNew(identity.NewSecret(k["grant"]), other))
				return k
			},
			"dead": func(o *subject) map[string]string {
				k := sent(o)
				o.w.clock.Advance(10 * time.Minute)
				require.NoError(o.t, o.due("password_reset", k["id"]))
				return k
			},
		},
		events: map[okpay.Action]func(*subject, map[string]string) error{
			"open": func(o *subject, k map[string]string) error {
				_, err := o.w.x.OpenPasswordReset(o.t.Context(), identity.OpenPasswordReset{Token: identity.NewSecret(k["token"])})
				if k["token"] == "" { // what it needs is burnt
					_, err = o.w.x.OpenPasswordReset(o.t.Context(), identity.OpenPasswordReset{ID: identity.PasswordResetID(k["id"]), Code: identity.NewSecret("12345678")})
				}
				return err
			},
			"factor": func(o *subject, k map[string]string) error {
				code := "123456"
				if len(o.codes) > 0 {
					code = o.codes[0].Reveal()
				}
				return o.finish(k, code)
			},
			"set": func(o *subject, k map[string]string) error {
				return o.w.x.SetNewPassword(o.t.Context(), identity.SetNewPassword{Grant: identity.NewSecret(k["grant"]), Password: password.New("another of them, 77")})
			},
			"expire": func(o *subject, k map[string]string) error {
				o.w.clock.Advance(10 * time.Minute)
				return o.due("password_reset", k["id"])
			},
		},
	}
}

// finish gives the second factor of a reset. It takes two Changes, of which the table's is the
// second.
func (o *subject) finish(k map[string]string, code string) error {
	_, err := o.w.x.FinishResetFactor(o.t.Context(), identity.FinishResetFactor{Grant: identity.NewSecret(k["grant"]), Code: identity.NewSecret(code)})
	return err
}

func changeFlow() flow {
	pending := func(o *subject) map[string]string {
		o.signIn()
		c := o.beginChange("new@example.com", o.mailID())
		return map[string]string{"id": string(c.ID), "code": o.sent(c.Verification).Reveal(), "token": string(c.ID) + "." + strings.Repeat("A", 43)}
	}
	made := func(o *subject) map[string]string {
		k := pending(o)
		c, err := o.w.x.ConfirmContactChange(o.ctx(), identity.ConfirmContactChange{ID: identity.ContactChangeID(k["id"]), Code: identity.NewSecret(k["code"])})
		require.NoError(o.t, err)
		k["token"] = o.takeBack(c, mail).Reveal()
		return k
	}
	return flow{
		table: identity.ContactChangeMachine().Drawn(),
		states: map[string]func(*subject) map[string]string{
			"pending": pending, "made": made,
			"reverted": func(o *subject) map[string]string {
				k := made(o)
				_, err := o.w.x.RevertContact(o.t.Context(), identity.RevertContact{Token: identity.NewSecret(k["token"])})
				require.NoError(o.t, err)
				r := o.openReset()
				require.NoError(o.t, o.setNew(r.Grant, other))
				o.signIn()
				return k
			},
			"final": func(o *subject) map[string]string {
				k := made(o)
				o.w.clock.Advance(7 * 24 * time.Hour)
				require.NoError(o.t, o.due("contact_change", k["id"]))
				o.signIn()
				return k
			},
			"dropped": func(o *subject) map[string]string {
				k := pending(o)
				o.w.clock.Advance(10 * time.Minute)
				require.NoError(o.t, o.due("contact_change", k["id"]))
				return k
			},
		},
		events: map[okpay.Action]func(*subject, map[string]string) error{
			"make": func(o *subject, k map[string]string) error {
				_, err := o.w.x.ConfirmContactChange(o.ctx(), identity.ConfirmContactChange{ID: identity.ContactChangeID(k["id"]), Code: identity.NewSecret(k["code"])})
				return err
			},
			"revert": func(o *subject, k map[string]string) error {
				_, err := o.w.x.RevertContact(o.t.Context(), identity.RevertContact{Token: identity.NewSecret(k["token"])})
				return err
			},
			"expire": func(o *subject, k map[string]string) error {
				switch record := o.w.record("contact_change", k["id"]); {
				case strings.Contains(record, "\"pending\""):
					o.w.clock.Advance(10 * time.Minute)
				case strings.Contains(record, "\"made\""):
					o.w.clock.Advance(7 * 24 * time.Hour)
				}
				return o.due("contact_change", k["id"])
			},
		},
	}
}
