package identity_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
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
)

// canaries are texts that must appear nowhere, in the forms in which they could.
type canaries []string

func (c *canaries) add(text string) {
	raw := []byte(text)
	*c = append(*c, text, strings.ReplaceAll(text, "-", ""), hex.EncodeToString(raw), base64.StdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw))
}

func (c canaries) in(t *testing.T, where, text string) {
	t.Helper()
	for _, secret := range c {
		assert.NotContains(t, text, secret, where)
	}
}

// kept is all that the wallet keeps and announces.
func kept(t *testing.T, w *world) string {
	t.Helper()
	var all bytes.Buffer
	for _, noun := range []string{"factor", "step_up", "factor_reset", "message", "audit", "gate", "lock", "session", "withdrawal", "payment", "transfer", "lock_told", "throttle"} {
		for after, more := "", true; more; {
			var (
				page []ledger.Record
				err  error
			)
			page, more, err = w.Records(t.Context(), ledger.RecordQuery{Type: noun, After: after, Limit: 100})
			require.NoError(t, err)
			for _, r := range page {
				after = r.ID
				fmt.Fprintf(&all, "%s %s %v %v %s\n", noun, r.ID, r.Labels, r.Unique, r.Content)
			}
		}
	}
	events, _, err := w.Events(t.Context(), 0, 1000)
	require.NoError(t, err)
	for _, e := range events {
		fmt.Fprintf(&all, "%+v\n%s\n", e, e.Data)
	}
	return all.String()
}

func TestNoSecretOfAFactorIsKeptLoggedOrTold(t *testing.T) {
	w := start(t, identity.Config{})
	desk(w)
	h := w.holder(customer)
	h.verifies("canary-contact@example.com")
	var c canaries
	var said bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&said, nil))
	say := func(v any) {
		text, err := json.Marshal(v)
		if err == nil {
			said.Write(text)
		}
		fmt.Fprintf(&said, "%v %+v %#v %s %q %x %d\n", v, v, v, v, v, v, v)
		log.Info("said", "it", v)
	}
	e := h.begin(h.p, identity.Secret{})
	say(e)
	c.add(e.Key.Secret.Reveal())
	c.add(string(e.Key.Secret.Bytes()))
	_, err := h.p.x.ConfirmTOTP(h.ctx(), identity.NewSecret("CANARY"))
	require.Error(t, err)
	say(err)
	c.add("CANARY")
	codes, err := h.p.x.ConfirmTOTP(h.ctx(), identity.NewSecret(h.code()))
	require.NoError(t, err)
	say(codes)
	h.codes = codes
	for _, code := range codes {
		c.add(code.Reveal())
	}
	for _, typed := range []string{"CANARY", codes[0].Reveal(), codes[0].Reveal(), h.next(), strings.Replace(codes[1].Reveal(), "-", " CANARY ", 1)} {
		if err := h.verify(typed); err != nil {
			say(err)
		}
	}
	in := identity.StepUpRequest{Action: identity.StepUpTransfer, Amount: cny(100), Email: "canary-payee@example.com"}
	c.add("canary-payee@example.com")
	s, err := h.p.x.BeginStepUp(h.ctx(), in)
	require.NoError(t, err)
	say(s)
	finish := identity.FinishStepUp{ID: s.ID, Method: identity.BySecondFactor, Answer: identity.NewSecret("CANARY")}
	say(finish)
	_, err = h.p.x.FinishStepUp(h.ctx(), finish)
	say(err)
	finish.Answer = identity.NewSecret(h.next())
	proof, err := h.p.x.FinishStepUp(h.ctx(), finish)
	require.NoError(t, err)
	say(proof)
	_, secret, _ := strings.Cut(proof.Reveal(), ".")
	c.add(secret)
	_, err = h.w.Transfers.Create(h.ctx(), okpay.CreateTransfer{From: customer, To: "anybody", Amount: cny(1), Proof: proof.Reveal()})
	say(err)
	say(identity.BeginTOTP{Proof: proof})
	h.request()
	link := h.link("factor_reset_requested")
	_, secret, _ = strings.Cut(link, ".")
	c.add(secret)
	err = h.p.x.ObjectToFactorResetByLink(t.Context(), identity.NewSecret(link+"CANARY"))
	say(err)
	require.NoError(t, h.p.x.ObjectToFactorResetByLink(t.Context(), identity.NewSecret(link)))
	require.NoError(t, w.x.SetKeys(keyOf("k9", 9)))
	err = h.verify(h.next())
	require.Error(t, err)
	say(err)
	err = h.verify(codes[3].Reveal())
	require.Error(t, err)
	say(err)

	c.in(t, "what was said", said.String())
	c.in(t, "what is kept", kept(t, w))
	// The account's name in the app is the owner's own contact. It is shown to them and kept
	// with their profile alone.
	assert.NotContains(t, kept(t, w), "canary-contact@example.com")
}

// Every event and message that was made is in the tables, with no other facts than theirs.
func TestFactorsTellNothingThatTheTablesDoNot(t *testing.T) {
	w := start(t, identity.Config{SessionIdle: 100 * time.Hour, SessionLife: 100 * time.Hour})
	desk(w)
	h := w.holder(customer)
	for range 2 {
		h.enroll()
		require.NoError(t, h.verify(h.codes[0].Reveal()))
		h.signIn()
		h.enroll()
		r := h.request()
		_, err := h.approve(r.ID, "agent2")
		require.NoError(t, err)
		_, err = h.p.x.CancelFactorReset(t.Context(), identity.MoveFactorReset{ID: r.ID, By: "agent2", Reason: "x"})
		require.NoError(t, err)
		_, err = h.p.x.RenewRecoveryCodes(h.ctx(), h.proof(identity.StepUpRequest{Action: identity.ManageFactor}))
		require.NoError(t, err)
		s := &try{h: h}
		require.NoError(t, s.begin())
		for range 5 {
			require.Error(t, s.answer("x"))
		}
		w.clock.Advance(time.Hour)
		require.NoError(t, h.p.x.RemoveTOTP(h.ctx(), h.proof(identity.StepUpRequest{Action: identity.RemoveSecondFactor})))
		h.next()
		h.signIn()
	}
	h.enroll()
	h.wrongs(20)
	r := h.request()
	_, err := h.approve(r.ID, "agent2")
	require.NoError(t, err)
	w.clock.Advance(24 * time.Hour)
	h.work()
	require.Equal(t, identity.FactorOff, h.factor().State)

	list, err := w.Customers.Messages(t.Context(), customer, "", 100)
	require.NoError(t, err)
	told := map[string]bool{}
	for _, m := range list {
		at := slices.IndexFunc(identity.Templates(), func(of identity.Template) bool { return of.Name == m.Template })
		require.GreaterOrEqual(t, at, 0, m.Template)
		told[m.Template] = true
		for fact := range m.Facts {
			assert.Contains(t, identity.Templates()[at].Facts, fact, m.Template)
		}
	}
	events := w.events(0)
	for _, e := range identity.Machines() {
		for _, row := range e.Rows {
			for _, name := range row.Emits {
				assert.True(t, slices.ContainsFunc(identity.Events(), func(of identity.EventType) bool { return of.Type == name }), name)
			}
			for _, name := range row.Mails {
				assert.True(t, slices.ContainsFunc(identity.Templates(), func(of identity.Template) bool { return of.Name == name }), name)
			}
		}
	}
	for _, of := range []string{"factor_enabled", "factor_replaced", "factor_removed", "factor_disabled", "recovery_code_used", "recovery_codes_renewed", "factor_reset_requested", "factor_reset_approved", "factor_reset_canceled", "factor_reset_done", "step_up_failed"} {
		assert.True(t, told[of], of)
	}
	for _, of := range []string{"factor.begun", "factor.enabled", "factor.replaced", "factor.disabled", "factor.recovered", "factor.codes_renewed", "factor.removed", "factor.reset", "step_up.proven", "step_up.used", "step_up.failed"} {
		assert.Contains(t, events, of)
	}
}
