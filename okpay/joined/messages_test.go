package joined_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/joined"
	"github.com/okpay/okpay-go/okpay/notify"
)

func TestMessagesOfAllThreeAreRenderedWithTheirSecrets(t *testing.T) {
	own := 0
	w := start(t, func(c *joined.Config) {
		c.Notify.Secrets = func(context.Context, okpay.Message) (map[string]string, error) {
			own++
			return nil, nil
		}
		c.Care.Reasons = []care.Reason{{
			Code: "paper_missing", Public: "paper_missing", En: "A paper is missing.", Zh: "缺少文件。", Capabilities: []okpay.Capability{okpay.CanWithdraw},
		}}
		c.Notify.Words = func(_, fact, code string) string {
			return map[string]string{"capabilities/withdraw": "taking money out"}[fact+"/"+code]
		}
	})
	ctx := w.signIn()
	require.NoError(t, w.Care.Phrases.Set(ctx, care.SetPhrase{Customer: w.customer, Phrase: "green tea"}))
	_, err := w.Identity.RequestPasswordReset(t.Context(), identity.RequestPasswordReset{Email: mailbox})
	require.NoError(t, err)
	w.work()
	id := w.called()
	w.clock.Advance(15 * time.Minute)
	w.prove(id, true)
	w.request(id, care.UnlockRisk, "")
	up, err := w.TopUps.Create(w.signIn(), okpay.CreateTopUp{Customer: w.customer, Amount: cny(50000)})
	require.NoError(t, err)
	require.NotEmpty(t, up.ID)
	_, err = w.Care.Restrictions.Impose(t.Context(), care.ImposeRestriction{By: "ann", Why: why, Customer: w.customer, Reason: "paper_missing"})
	require.NoError(t, err)
	w.work()
	assert.NotEmpty(t, w.linked("password_reset_requested", mailbox), "identity's link")
	assert.NotEmpty(t, w.linked("support_request_requested", mailbox), "care's link")
	assert.Zero(t, own, "the program is asked for what is its own alone")
	all := map[string]string{}
	for _, m := range w.sim.Mails() {
		all[m.Subject] = m.Plain
	}
	assert.Contains(t, all["Your account is restricted"], "Reason: A paper is missing\n")
	assert.Contains(t, all["Your account is restricted"], "Not available: taking money out\n")
	assert.Contains(t, all["Your account is restricted"], "green tea")
	for subject, text := range all {
		assert.NotContains(t, text, "{", subject)
	}
	for _, m := range w.sim.Mails() {
		if token := regexp.MustCompile(`token=(\S+)`).FindStringSubmatch(m.Plain); token != nil {
			assert.NotContains(t, w.everything(), token[1], "no record has the token")
		}
	}
	w.verify()
}

func TestEveryTemplateOfIdentityAndCareHasATextAndItsSecretARoute(t *testing.T) {
	known := map[string]notify.Template{}
	for _, tpl := range notify.Templates() {
		known[tpl.Name] = tpl
	}
	for _, tpl := range identity.Templates() {
		require.Contains(t, known, tpl.Name)
		assert.Equal(t, len(tpl.Secrets) > 0, len(known[tpl.Name].Secrets) > 0, tpl.Name)
	}
	for _, tpl := range care.Templates() {
		require.Contains(t, known, tpl.Name)
		assert.Equal(t, len(tpl.Secret) > 0, len(known[tpl.Name].Secrets) > 0, tpl.Name)
	}
	assert.Equal(t, []string{
		"contact_change_notice", "factor_reset_approved", "factor_reset_requested", "support_request_approved", "support_request_requested",
	}, joined.Linked())
}

func TestTheWelcomeNamesTheChannelsThatArePublished(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	w := start(t, func(c *joined.Config) {
		c.Care.Issuer, c.Care.DirectoryKey = "OKPay", care.DirectoryKey{ID: "k1", Private: key}
		c.Notify.Channels = []notify.Channel{{Kind: "web", Value: "fallback.example"}}
	})
	welcome := func(to string) string {
		w.work()
		for _, m := range w.sim.Mails() {
			if m.Subject == "Welcome to OKPay" && m.To == to {
				return m.Plain
			}
		}
		return ""
	}
	assert.Contains(t, welcome(mailbox), "Website: fallback.example", "before the first was published")
	_, err = w.Care.Directories.Publish(t.Context(), care.PublishDirectory{By: "boss", Why: why, Channels: []care.Channel{
		{Kind: care.ChannelPhone, Value: "+86 400 000 0000"}, {Kind: care.ChannelWeb, Value: "help.okpay.example"},
	}})
	require.NoError(t, err)
	r, err := w.Identity.Register(t.Context(), registration("other@example.com"))
	require.NoError(t, err)
	_, err = w.Identity.ProveCode(t.Context(), identity.ProveCode{ID: r.Verification, Code: w.mailed()})
	require.NoError(t, err)
	assert.Contains(t, welcome("other@example.com"), "Website: help.okpay.example")
	assert.NotContains(t, welcome("other@example.com"), "fallback")
}

func TestAnExportHasWhatAllHoldAndNoSecrets(t *testing.T) {
	w := full(start(t))
	var out bytes.Buffer
	require.NoError(t, w.Notify.Export(t.Context(), &out, w.customer))
	doc := map[string][]map[string]any{}
	for name, raw := range parts(t, out.Bytes()) {
		var list []map[string]any
		if json.Unmarshal(raw, &list) == nil {
			doc[name] = list
		}
	}
	for _, section := range []string{"consent", "sessions", "second_factor", "reports", "restrictions", "appeals", "cases", "messages", "audit"} {
		assert.NotEmpty(t, doc[section], section)
	}
	assert.Equal(t, "Canary Bay", doc["sessions"][0]["place"])
	assert.Contains(t, out.String(), "canary words of a caller")
	assert.Contains(t, out.String(), `"phrase":["green tea"]`)
	for _, secret := range []string{"sealed", `"secret"`, "digest", "epoch", "a hunch of ours", "sanctions", `"ann"`, "op/", "restriction.see"} {
		assert.NotContains(t, out.String(), secret)
	}

	imposed := 0
	for _, e := range doc["audit"] {
		if e["action"] == "restriction.impose" {
			imposed++
		}
	}
	assert.Equal(t, 1, imposed, "what is quiet is not told of")

	// A customer exports their own, and nobody else's.
	ctx := w.signInWith(better)
	out.Reset()
	require.NoError(t, w.Notify.Export(ctx, &out, w.customer))
	r, err := w.Identity.Register(t.Context(), registration("other@example.com"))
	require.NoError(t, err)
	require.ErrorIs(t, w.Notify.Export(ctx, &out, r.Customer), okpay.NotFound)
}

func TestErasingACustomerErasesWhatAllHold(t *testing.T) {
	w := full(start(t))
	held, err := w.Care.Restrictions.Impose(t.Context(), care.ImposeRestriction{By: "cleo", Why: why, Customer: w.customer, Reason: "legal_hold", Capabilities: []okpay.Capability{okpay.CanPay}})
	require.NoError(t, err)
	_, err = w.Customers.Close(t.Context(), okpay.MoveGate{Customer: w.customer})
	require.NoError(t, err)
	erase := func() error {
		_, err := w.Customers.Erase(t.Context(), okpay.EraseCustomer{Customer: w.customer})
		return err
	}
	before := w.everything()
	require.Contains(t, before, "Canary Bay")
	require.Contains(t, before, "canary words")
	require.ErrorIs(t, erase(), okpay.InvalidState, "something has to be kept")
	assert.Equal(t, before, w.everything(), "and then nothing goes")
	for _, by := range []care.OperatorID{"cleo", "carl"} {
		_, err = w.Care.Restrictions.Lift(t.Context(), care.MoveRestriction{By: by, Why: why, Restriction: held.ID})
		require.NoError(t, err)
	}
	require.NoError(t, erase())
	after := w.everything()
	for _, canary := range []string{"canary", "Canary", "green tea", mailbox, mobile, "a hunch of ours"} {
		assert.NotContains(t, after, canary)
	}
	require.ErrorIs(t, erase(), okpay.InvalidState, "it was done")
	assert.Empty(t, w.gate().Denied)
	w.clock.Advance(48 * time.Hour)
	w.work()
	w.verify()
}

func TestWhatIsSetHereIsRefusedFromTheCaller(t *testing.T) {
	for field, change := range map[string]func(*joined.Config){
		"care.use_proof": func(c *joined.Config) {
			c.Care.UseProof = func(*okpay.Draft, string, okpay.CustomerID) ([]string, error) { return nil, nil }
		},
		"care.accounts": func(c *joined.Config) { c.Care.Accounts = someAccounts{} },
		"notify.phrase": func(c *joined.Config) {
			c.Notify.Phrase = func(context.Context, okpay.CustomerID) (string, error) { return "", nil }
		},
		"notify.may_audit": func(c *joined.Config) {
			c.Notify.MayAudit = func(context.Context, string) error { return nil }
		},
		"notify.directory": func(c *joined.Config) {
			c.Notify.Directory = func(context.Context) ([]notify.Channel, error) { return nil, nil }
		},
		"notify.export": func(c *joined.Config) { c.Notify.Export = []notify.Section{{Name: "sessions"}} },
		"notify.links":  func(c *joined.Config) { delete(c.Notify.Links, "support_request_requested") },
	} {
		cfg := settings(&notify.Simulated{})
		change(&cfg)
		_, err := joined.New(open(t, time.Now), cfg)
		require.ErrorIs(t, err, okpay.InvalidRequest, field)
		var e *okpay.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, field, e.Field)
	}
	_, err := joined.New(nil, joined.Config{})
	require.ErrorIs(t, err, okpay.InvalidRequest)
	_, err = joined.New(open(t, time.Now), joined.Config{})
	require.NoError(t, err, "the zero value works")
}

type someAccounts struct{ care.Accounts }

// full gives a customer records of all kinds.
func full(w *world) *world {
	t := w.t
	t.Helper()
	w.enroll()
	ctx := w.signIn()
	require.NoError(t, w.Care.Phrases.Set(ctx, care.SetPhrase{Customer: w.customer, Phrase: "green tea"}))
	id := w.called()
	w.prove(id, true)
	_, err := w.Identity.ReportUnauthorised(ctx, identity.ReportUnauthorised{Text: "canary report"})
	require.NoError(t, err)
	w.clock.Advance(15 * time.Minute)
	w.prove(id, true)
	_, err = w.approve(w.request(id, care.UnlockRisk, ""), "ann")
	require.NoError(t, err)
	w.changePassword()
	w.clock.Advance(15 * time.Minute)
	w.prove(id, true)
	w.request(id, care.ResetContact, w.contacts()[mobile]) // nobody approves it
	restricted, err := w.Care.Restrictions.Impose(t.Context(), care.ImposeRestriction{
		By: "ann", Why: why, Customer: w.customer, Reason: "payment_disputes", Detail: "a hunch of ours", Capabilities: []okpay.Capability{okpay.CanPay},
	})
	require.NoError(t, err)
	_, err = w.Care.Restrictions.Impose(t.Context(), care.ImposeRestriction{
		By: "cleo", Why: "sanctions list", Customer: w.customer, Reason: "sanctions_match", Capabilities: []okpay.Capability{okpay.CanPay},
	})
	require.NoError(t, err)
	_, err = w.Care.Appeals.Submit(w.signInWith(better), care.SubmitAppeal{
		Customer: w.customer, Restriction: restricted.ID, Situation: "canary: how things stand with the account", Request: "canary: why the restriction should end",
	})
	require.NoError(t, err)
	w.work()
	return w
}

// everything is what the records and events of the wallet hold of the customer, but for tombstones.
func (w *world) everything() string {
	w.t.Helper()
	var b strings.Builder
	for _, noun := range []string{
		"customer", "profile", "gate", "message", "send", "reach", "pace", "digest", "audit", "session", "devices", "familiar", "password", "factor", "pending",
		"verification", "password_reset", "contact_change", "contact_changes", "risk_lock", "report", "registration", "restriction", "restricted",
		"appeal", "case", "case_entry", "case_quota", "caller", "caller_request", "support_request", "phrase", "topup",
	} {
		q := ledger.RecordQuery{Type: noun, Limit: 100}
		for more := true; more; {
			records, further, err := w.Records(w.t.Context(), q)
			require.NoError(w.t, err)
			for _, r := range records {
				q.After = r.ID
				b.WriteString(r.ID + strings.Join(r.Labels, " "))
				b.Write(r.Content)
			}
			more = further
		}
	}
	events, _, err := w.Events(w.t.Context(), 0, 1000)
	require.NoError(w.t, err)
	for _, e := range events {
		b.WriteString(e.Type)
		b.Write(e.Data)
	}
	return b.String()
}

func parts(t *testing.T, b []byte) map[string]json.RawMessage {
	t.Helper()
	out := map[string]json.RawMessage{}
	require.NoError(t, json.Unmarshal(b, &out), string(b))
	return out
}
