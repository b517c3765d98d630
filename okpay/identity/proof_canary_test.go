package identity_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// nouns are the types of records that may be there after what this package does.
var nouns = []string{
	"verification", "password_reset", "newest_reset", "contact_change", "contact_changes", "sends", "unsent", "questions", "risk_lock", "report",
	"message", "audit", "gate", "session", "step_up", "lock", "throttle", "password", "factor", "familiar", "devices", "registration", "customer",
}

// everything goes through all that this package does with codes, links and proofs, and returns
// what is secret of it, and what was returned.
func everything(o *subject) (secrets []string, returned []any) {
	t, w := o.t, o.w
	keep := func(s identity.Secret) identity.Secret {
		require.False(t, s.IsZero())
		secrets = append(secrets, s.Reveal())
		return s
	}
	note := func(v any, err error) {
		require.NoError(t, err)
		returned = append(returned, v)
	}
	o.signIn()
	answers := map[string]identity.Secret{"school": keep(identity.NewSecret("canary school")), "street": keep(identity.NewSecret("canary street"))}
	in := identity.SetQuestions{Answers: answers, Proof: keep(o.stepUpFor(identity.ManageFactor))}
	returned = append(returned, in)
	require.NoError(t, w.x.SetQuestions(o.ctx(), in))

	v := o.start("two")
	code := keep(o.sent(v.ID))
	_, err := w.x.ProveCode(t.Context(), identity.ProveCode{ID: v.ID, Code: keep(wrongOf(code))})
	returned = append(returned, err)
	v, err = w.x.ProveCode(t.Context(), identity.ProveCode{ID: v.ID, Code: code})
	note(v, err)
	v, err = w.x.ProveSecond(t.Context(), identity.ProveSecond{ID: v.ID, Kind: "questions", Answers: answers})
	note(v, err)
	keep(v.Proof)
	_, err = w.use(t.Context(), v.Proof, identity.ProofOf{Purpose: "other"})
	returned = append(returned, err)
	note(w.use(t.Context(), v.Proof, identity.ProofOf{Purpose: "two"}))

	r := o.askReset()
	keep(o.linkOf(r.ID))
	keep(identity.NewSecret(w.secrets(o.id, "password_reset_requested", string(r.ID))["code"]))
	r, err = w.x.OpenPasswordReset(t.Context(), identity.OpenPasswordReset{Token: o.linkOf(r.ID)})
	note(r, err)
	keep(r.Grant)
	require.Error(t, o.setNew(r.Grant, "canary"))
	require.NoError(t, o.setNew(r.Grant, keep(identity.NewSecret("canary password, 9 of them")).Reveal()))

	o.signIn()
	proof := keep(o.stepUpWith("canary password, 9 of them", "new@example.com"))
	c, err := w.x.BeginContactChange(o.ctx(), identity.BeginContactChange{Email: "new@example.com", Replaces: o.mailID(), Proof: proof})
	note(c, err)
	keep(o.sent(c.Verification))
	c, err = o.confirmChange(c)
	note(c, err)
	back := keep(o.takeBack(c, mail))
	note(w.x.RevertContact(t.Context(), identity.RevertContact{Token: back}))
	_, err = w.x.RevertContact(t.Context(), identity.RevertContact{Token: back})
	returned = append(returned, err)

	require.NoError(t, w.x.RiskLock(t.Context(), identity.RiskLock{Customer: o.id, Reason: lockout.ReasonRisk}))
	w.clock.Advance(time.Hour)
	v = o.proveTwice(identity.ForUnlock)
	keep(v.Proof)
	note(w.x.LockReason(t.Context(), identity.LockReasonOf{Proof: v.Proof}))
	note(w.x.Unlock(t.Context(), identity.Unlock{Proof: v.Proof}))
	v = o.prove(identity.ForReport)
	keep(v.Proof)
	note(w.x.ReportUnauthorised(t.Context(), identity.ReportUnauthorised{Proof: v.Proof, Text: "not mine"}))
	for range 5 {
		f := o.start("late")
		_, err = w.x.ProveCode(t.Context(), identity.ProveCode{ID: f.ID, Code: identity.NewSecret("00000000")})
		returned = append(returned, f, err)
	}
	_, err = w.Work(t.Context())
	require.NoError(t, err)
	w.clock.Advance(8 * 24 * time.Hour)
	_, err = w.Work(t.Context())
	require.NoError(t, err)
	return secrets, returned
}

func TestNoSecretStandsAnywhere(t *testing.T) {
	var logs bytes.Buffer
	previous := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&logs, nil)))
	defer slog.SetDefault(previous)
	w := start(t, sending(identity.Config{SecondProof: []identity.Purpose{"two"}, Questions: true}))
	o := w.resident()
	secrets, returned := everything(o)
	for _, v := range returned {
		slog.Info("returned", "value", v)
		text, err := json.Marshal(v)
		require.NoError(t, err)
		fmt.Fprintf(&logs, "%v %+v %#v %s\n", v, v, v, text)
	}
	events, _, err := w.Events(t.Context(), 0, 1000)
	require.NoError(t, err)
	for _, e := range events {
		text, err := json.Marshal(e)
		require.NoError(t, err)
		fmt.Fprintf(&logs, "%s\n", text)
		assert.NotContains(t, string(text), "@example.com", "an event is personal")
	}
	for _, r := range w.records(nouns...) {
		fmt.Fprintf(&logs, "%s %s %v %v %s\n", r.Type, r.ID, r.Labels, r.Unique, r.Content)
		assert.NotContains(t, r.ID+strings.Join(r.Labels, " "), "@")
		assert.NotContains(t, r.ID+strings.Join(r.Labels, " "), phone)
		if r.Type == "audit" || r.Type == "gate" || r.Type == "risk_lock" {
			assert.NotContains(t, string(r.Content), "@example.com", r.Type)
			assert.NotContains(t, string(r.Content), phone, r.Type)
		}
	}
	everywhere := logs.String()
	for i, s := range secrets {
		assert.NotContains(t, everywhere, s, "secret %d", i)
		if _, half, ok := strings.Cut(s, "."); ok && len(half) > 20 {
			assert.NotContains(t, everywhere, half, "secret %d", i)
		}
	}
	assert.GreaterOrEqual(t, len(secrets), 15)
	w.verify()
}

// records are all records of some types.
func (w *world) records(types ...string) (out []ledger.Record) {
	w.t.Helper()
	for _, noun := range types {
		for after, more := "", true; more; {
			page, again, err := w.Records(w.t.Context(), ledger.RecordQuery{Type: noun, After: after, Limit: 100})
			require.NoError(w.t, err)
			more = again
			for _, r := range page {
				after = r.ID
				out = append(out, r)
			}
		}
	}
	return out
}

func TestWhatIsToldAndAnnouncedStandsInTheTables(t *testing.T) {
	templates := map[string]identity.Template{}
	for _, m := range identity.Templates() {
		require.NotContains(t, templates, m.Name, "a template stands twice")
		require.NotEmpty(t, m.When)
		templates[m.Name] = m
	}
	types := map[string]bool{}
	for _, e := range identity.Events() {
		require.False(t, types[e.Type], "%s stands twice", e.Type)
		require.NotEmpty(t, e.When)
		types[e.Type] = true
	}
	for _, m := range identity.Machines() {
		for _, r := range m.Rows {
			for _, e := range r.Emits {
				assert.True(t, types[e], "%s is announced and stands not in the catalogue", e)
			}
			for _, name := range r.Mails {
				assert.Contains(t, templates, name, "%s is told and stands not in the catalogue", name)
			}
		}
	}
	w := start(t, sending(identity.Config{SecondProof: []identity.Purpose{"two"}, Questions: true}))
	o := w.resident()
	everything(o)
	seen := map[string]bool{}
	for _, r := range w.records("message") {
		var m okpay.Message
		require.NoError(t, json.Unmarshal(r.Content, &m))
		seen[m.Template] = true
		if m.Template == "account_unlocked" {
			continue // the wallet's own
		}
		require.Contains(t, templates, m.Template)
		for fact := range m.Facts {
			assert.Contains(t, templates[m.Template].Facts, fact, "%s speaks of %s", m.Template, fact)
		}
		for _, secret := range templates[m.Template].Secrets {
			assert.NotContains(t, m.Facts, secret)
		}
		if len(templates[m.Template].Secrets) > 0 {
			assert.NotNil(t, m.Address, "%s has a secret, and goes to one contact alone", m.Template)
		}
		for _, forbidden := range []string{"note", "detail", "internal"} {
			assert.NotContains(t, m.Facts, forbidden)
		}
	}
	told := []string{}
	for name := range seen {
		told = append(told, name)
	}
	slices.Sort(told)
	for _, name := range []string{
		"verification_code", "password_reset_requested", "password_changed", "contact_change_notice", "contact_changed", "contact_reverted",
		"account_locked", "account_owner_proven", "report_received", "questions_set",
	} {
		assert.Contains(t, told, name)
	}
}
