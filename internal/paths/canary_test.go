package paths

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/notify"
	"github.com/okpay/okpay-go/okpay/password"
)

// spy is a store that remembers all that was ever written to it, versions that are gone among them.
type spy struct {
	ledger.Store
	mu      sync.Mutex
	records []ledger.RecordRow
	rest    strings.Builder // everything but the records' contents
}

type spyTx struct {
	ledger.Tx
	s *spy
}

func (s *spy) Begin(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	tx, found, err := s.Store.Begin(ctx, id, need)
	if err != nil {
		return nil, nil, err
	}
	return spyTx{tx, s}, found, nil
}

func (tx spyTx) Commit(ctx context.Context, b *ledger.Batch) error {
	tx.s.mu.Lock()
	defer tx.s.mu.Unlock()
	for _, r := range b.Records {
		tx.s.records = append(tx.s.records, r)
		fmt.Fprintln(&tx.s.rest, r.Type, r.ID, r.Labels, r.Unique)
	}
	if b.Block != nil {
		fmt.Fprintf(&tx.s.rest, "%s\n", b.Block.Body)
	}
	for _, c := range b.Changes {
		fmt.Fprintf(&tx.s.rest, "%s %s %s\n", c.ID, c.Tags, c.Outcome)
	}
	for _, e := range b.Events {
		fmt.Fprintf(&tx.s.rest, "%s %s %s\n", e.Type, e.Subject, e.Payload)
	}
	fmt.Fprintf(&tx.s.rest, "%+v %+v\n", b.Accounts, b.Postings)
	return tx.Tx.Commit(ctx, b)
}

// canary is a text that is planted, and where alone it may be heard.
type canary struct {
	text    string
	what    string
	records []string // types of records that may have it, by design
	shown   bool     // whether it is the customer's to see
}

// planted goes through what customers and operators do and plants canaries in it.
type planted struct {
	*world
	canaries []canary
	shown    strings.Builder // to the customer
	returned strings.Builder // to whoever, values and errors
}

func (p *planted) plant(what string, s identity.Secret) identity.Secret {
	p.t.Helper()
	p.text(what, s.Reveal())
	return s
}

func (p *planted) text(what, text string, records ...string) string {
	p.t.Helper()
	require.GreaterOrEqual(p.t, len(text), 8, what)
	p.canaries = append(p.canaries, canary{text: text, what: what, records: records})
	return text
}

// hear takes down what a call returned, to whom it may be shown.
func (p *planted) hear(values ...any) {
	p.t.Helper()
	for _, v := range values {
		text, _ := json.Marshal(v)
		fmt.Fprintf(&p.returned, "%v|%+v|%#v|%s\n", v, v, v, text)
	}
}

// see is hear for what the customer is shown; it goes on without error.
func (p *planted) see(v any, err error) {
	p.t.Helper()
	require.NoError(p.t, err)
	text, _ := json.Marshal(v)
	fmt.Fprintf(&p.shown, "%v|%+v|%#v|%s\n", v, v, v, text)
	p.hear(v)
}

// refuse is hear for a call that fails.
func (p *planted) refuse(v any, err error) {
	p.t.Helper()
	require.Error(p.t, err)
	p.see(v, nil)
	p.see(err, nil)
}

const (
	annsAnswer  = "canary-answer-ridgeview"
	annsPhrase  = "canary phrase otter"
	resetSecret = "canary paper clip, 6 left"
	newSecret   = "canary staple, 8 of them"
	detail      = "canary-detail: a colleague reported it"
	opsReason   = "canary-why: the third alert"
	note        = "canary-note: sounds nervous"
	words       = "canary-words: my cat did it"
	account     = "canary-account-6222020000001"
)

func TestNoCanaryIsHeardAnywhere(t *testing.T) {
	s := &spy{Store: memstore.New()}
	p := &planted{world: start(t, s)}
	p.signsIn()
	p.provesAndChanges()
	p.isRestricted()
	p.asksSupport()
	p.losesTheFactor()
	p.isShown()
	for range 3 {
		_, err := p.Work(t.Context())
		require.NoError(t, err)
		p.clock.Advance(26 * time.Hour)
	}
	require.Greater(t, len(p.mailbox.Mails()), 10)
	require.Greater(t, len(p.canaries), 40)

	k := key()
	p.text("the key", string(k.Secret[:]))
	mails := strings.Builder{}
	for _, m := range p.mailbox.Mails() {
		fmt.Fprintf(&mails, "%+v\n", m)
	}
	events, _, err := p.Events(t.Context(), 0, 1000)
	require.NoError(t, err)
	require.NotEmpty(t, events)
	found := map[string][]string{}
	hidden := []string{detail, opsReason, note}
	for _, c := range p.canaries {
		forms := []string{c.text}
		if quoted, _ := json.Marshal(c.text); len(quoted) > 2 {
			forms = append(forms, string(quoted[1:len(quoted)-1]))
		}
		if _, half, ok := strings.Cut(c.text, "."); ok && len(half) > 20 { // the part of a token that is secret
			forms = append(forms, half)
		}
		for _, form := range forms {
			assert.NotContains(t, p.log.String(), form, "%s is in a log", c.what)
			assert.NotContains(t, s.rest.String(), form, "%s is in a block, an event, an id, a label or a unique key", c.what)
			for _, r := range s.records {
				if strings.Contains(string(r.Content), form) {
					found[c.what] = append(found[c.what], r.Type)
					assert.Contains(t, c.records, r.Type, "%s stands in a record of type %s: %s", c.what, r.Type, r.Content)
				}
			}
			if !slices.Contains(c.records, "shown to operators") && !c.shown {
				assert.NotContains(t, p.returned.String(), form, "%s is printed with what was returned", c.what)
			}
			if slices.Contains(hidden, c.text) {
				assert.NotContains(t, p.shown.String(), form, "%s is shown to the customer", c.what)
				assert.NotContains(t, mails.String(), form, "%s is sent to the customer", c.what)
			}
		}
	}
	for _, c := range p.canaries { // the search finds what is there by design
		for _, noun := range c.records {
			if noun != "shown to operators" {
				assert.Contains(t, found[c.what], noun, c.what)
			}
		}
	}
	assert.Contains(t, mails.String(), annsPhrase, "a message carries the phrase")
	for _, text := range hidden {
		assert.Contains(t, p.returned.String(), text, "operators see it")
	}
	assert.Contains(t, p.log.String(), "level=DEBUG")
	p.verify()
}

// signsIn registers a customer, signs ann in on a trusted device, with an app.
func (p *planted) signsIn() {
	ctx := p.t.Context()
	p.text("ann's password", secret)
	p.plant("ann's session", p.annToken)
	in := identity.Register{
		Name: "C", Email: "cara@example.com", Password: password.New(p.text("a password at registration", "canary password 5 cara")), Consent: identity.Consent{Version: "v1"},
	}
	r, err := p.x.Register(ctx, in)
	p.hear(in)
	p.see(r, err)
	p.see(p.x.ProveCode(ctx, identity.ProveCode{ID: r.Verification, Code: p.plant("the code of a contact", p.sent(r.Customer, "verification_code", string(r.Verification), "code"))}))
	p.refuse(p.x.SignIn(ctx, identity.SignIn{Name: "cara@example.com", Password: password.New(p.text("a wrong password", "canary wrong password 7"))}))
	p.refuse(p.x.Register(ctx, identity.Register{Email: "d@example.com", Password: password.New("canary"), Consent: identity.Consent{Version: "v1"}}))

	token, device, err := p.x.TrustDevice(p.ann, identity.Client{UserAgent: "Firefox on Linux"})
	p.see(device, err)
	p.see(token, nil)
	p.plant("the token of a device", token)
	p.see(p.c, nil)
	p.see(p.x, nil)
	begun, err := p.x.BeginTOTP(p.ann, identity.BeginTOTP{Proof: p.plant("a proof to enroll", p.proof(p.ann, identity.StepUpRequest{Action: identity.ManageFactor}))})
	p.see(begun, err)
	p.text("the app's secret", begun.Key.Secret.Reveal())
	uri, err := begun.Key.URI()
	require.NoError(p.t, err)
	p.text("the app's URI", uri)
	codes, err := p.x.ConfirmTOTP(p.ann, identity.NewSecret(p.code(begun.Key.Secret)))
	p.see(codes, err)
	for _, c := range codes {
		p.text("a recovery code", c.Reveal())
		p.text("a recovery code without its hyphens", strings.ReplaceAll(c.Reveal(), "-", ""))
	}
	pending, err := p.x.SignIn(ctx, identity.SignIn{Name: annMail, Password: password.New(secret), Client: identity.Client{Device: token}})
	p.see(pending, err)
	p.plant("a sign-in that is pending", pending.Pending)
	p.refuse(p.x.FinishSignIn(ctx, pending.Pending, identity.NewSecret(p.text("a wrong recovery code", "WRNGC-WRNGC-WRNGC"))))
	done, err := p.x.FinishSignIn(ctx, pending.Pending, identity.NewSecret(p.code(begun.Key.Secret)))
	p.see(done, err)
	p.annToken = p.plant("a session with a second factor", done.Token)
	p.ann = p.as(p.annToken)
	p.see(p.Do(ctx, okpay.Act{Principal: "program", Operation: "test"}, func(d *okpay.Draft) error { return nil }))
	p.see(p.proofBy(begun.Key.Secret, p.withdraws(900)), nil)
	questions := identity.SetQuestions{
		Answers: map[string]identity.Secret{"school": identity.NewSecret(p.text("an answer", annsAnswer)), "street": identity.NewSecret(p.text("another answer", "canary-answer-street"))},
		Proof:   p.plant("a proof for questions", p.proofBy(begun.Key.Secret, identity.StepUpRequest{Action: identity.ManageFactor})),
	}
	p.see(questions, p.x.SetQuestions(p.ann, questions))
	p.ann = p.as(p.annToken)
	p.refuse(nil, p.x.RemoveTOTP(p.ann, identity.NewSecret(p.text("a wrong proof", "stp_canary.canary-proof"))))
	p.see(nil, p.x.RemoveTOTP(p.ann, p.plant("a proof to remove the app", p.proofBy(begun.Key.Secret, identity.StepUpRequest{Action: identity.RemoveSecondFactor}))))
	p.ann = p.as(p.annToken)
}

// provesAndChanges resets the password and changes a contact, and takes that back.
func (p *planted) provesAndChanges() {
	ctx := p.t.Context()
	r, err := p.x.RequestPasswordReset(ctx, identity.RequestPasswordReset{Email: annMail})
	p.see(r, err)
	code := p.plant("the code of a reset", p.sent(ann, "password_reset_requested", string(r.ID), "code"))
	p.plant("the link of a reset", p.sent(ann, "password_reset_requested", string(r.ID), "token"))
	_, err = p.Work(ctx) // the message goes out
	require.NoError(p.t, err)
	r, err = p.x.OpenPasswordReset(ctx, identity.OpenPasswordReset{ID: r.ID, Code: code})
	p.see(r, err)
	p.see(nil, p.x.SetNewPassword(ctx, identity.SetNewPassword{Grant: p.plant("the grant of a reset", r.Grant), Password: password.New(p.text("a password after a reset", resetSecret))}))
	p.password = resetSecret
	p.clock.Advance(25 * time.Hour)
	p.annToken = p.plant("a session after the reset", p.token(annMail))
	p.ann = p.as(p.annToken)

	to := "new@example.com"
	c, err := p.x.BeginContactChange(p.ann, identity.BeginContactChange{
		Email: to, Replaces: p.mail, Proof: p.plant("a proof to change a contact", p.proof(p.ann, identity.StepUpRequest{Action: identity.ChangeContact, To: to})),
	})
	p.see(c, err)
	p.see(p.x.ConfirmContactChange(p.ann, identity.ConfirmContactChange{ID: c.ID, Code: p.plant("the code of a change", p.sent(ann, "verification_code", string(c.Verification), "code"))}))
	p.plant("the link that takes a change back", p.sent(ann, "contact_change_notice", string(c.ID), "token"))
	_, err = p.Work(ctx)
	require.NoError(p.t, err)
	p.ann = p.as(p.annToken)
	v, err := p.x.StartVerification(p.ann, identity.StartVerification{Purpose: identity.ForSupport})
	p.see(v, err)
	v, err = p.x.ProveCode(p.ann, identity.ProveCode{ID: v.ID, Code: p.plant("a code for support", p.sent(ann, "verification_code", string(v.ID), "code"))})
	p.see(v, err)
	p.plant("a proof for support", v.Proof)
	p.see(nil, p.x.ChangePassword(p.ann, identity.ChangePassword{Current: password.New(resetSecret), New: password.New(p.text("the new password", newSecret))}))
	p.ann = p.as(p.annToken)
}

// isRestricted has ann restricted for reasons that are not hers to know, and appeal.
func (p *planted) isRestricted() {
	ctx := p.t.Context()
	reason := p.text("an operator's reason", opsReason, "audit", "restriction", "appeal", "shown to operators")
	p.text("the detail of a restriction", detail, "restriction", "audit", "shown to operators")
	for _, code := range []string{"unusual_activity", "sanctions_match"} {
		by := map[string]care.OperatorID{"unusual_activity": "reviewer", "sanctions_match": "compliance"}[code]
		r, err := p.c.Restrictions.Impose(ctx, care.ImposeRestriction{By: by, Why: reason, Customer: ann, Reason: code, Detail: detail, Capabilities: []okpay.Capability{okpay.CanReceive}, PastDue: []okpay.Capability{okpay.CanReceive}})
		require.NoError(p.t, err)
		p.see(p.c.Restrictions.Get(p.ann, ann, r.ID))
		if code == "sanctions_match" {
			continue
		}
		a, err := p.c.Appeals.Submit(p.ann, stage{restriction: r.ID}.appealing())
		p.see(a, err)
		_, err = p.c.Appeals.Take(ctx, care.ReviewAppeal{By: "supervisor", Why: reason, Appeal: a.ID})
		require.NoError(p.t, err)
		_, err = p.c.Appeals.Deny(ctx, care.DenyAppeal{By: "supervisor", Why: reason, Appeal: a.ID, Reason: "rules_apply"})
		require.NoError(p.t, err)
		p.see(p.c.Appeals.Get(p.ann, ann, a.ID))
		file, err := p.c.Restrictions.File(ctx, care.LookAt{By: "supervisor", Why: reason}, r.ID)
		require.NoError(p.t, err)
		p.hear(file)
	}
}

// asksSupport has ann write to support, which notes what it thinks of her.
func (p *planted) asksSupport() {
	ctx := p.t.Context()
	p.text("what the customer wrote", words, "case_entry", "report", "shown to operators")
	p.text("an agent's note", note, "case_entry", "shown to operators")
	in := opening()
	in.Text = words
	k, err := p.c.Cases.Open(p.ann, in)
	p.see(k, err)
	_, err = p.c.Cases.Take(ctx, care.WorkCase{By: "agent_l2", Why: opsReason, Case: k.ID})
	require.NoError(p.t, err)
	_, err = p.c.Cases.Note(ctx, care.SayCase{By: "agent_l2", Why: opsReason, Case: k.ID, Text: note})
	require.NoError(p.t, err)
	seen, err := p.c.Cases.See(ctx, care.SeeCase{By: "agent_l2", Why: opsReason, Case: k.ID, Limit: 100})
	require.NoError(p.t, err)
	p.hear(seen)
	asked, _, err := p.c.Callers.AskProof(ctx, care.AskCaller{By: "agent_l2", Why: opsReason, Case: k.ID})
	require.NoError(p.t, err)
	p.refuse(p.c.Callers.Approve(p.ann, care.ProveCaller{Customer: ann, Request: asked.ID, Number: "0", Proof: "canary-caller-proof"}))
	p.text("a caller's proof", "canary-caller-proof")
	p.see(nil, p.c.Phrases.Set(p.ann, care.SetPhrase{Customer: ann, Phrase: annsPhrase}))
	p.canaries = append(p.canaries, canary{text: annsPhrase, what: "the phrase", records: []string{"phrase"}, shown: true})
	_, err = p.Destinations.Save(p.ann, okpay.SaveDestination{Customer: ann, Type: "bank", Holder: "A. Customer", Details: p.text("an account", account, "destination")})
	require.NoError(p.t, err)
	made, apiKey, err := p.Keys.Create(ctx, "shop", "a key")
	p.see(made, err)
	p.see(apiKey, nil)
	p.text("an API key", apiKey.Reveal())
}

// losesTheFactor goes through a report, a lock and the way out of it.
func (p *planted) losesTheFactor() {
	ctx := p.t.Context()
	report := identity.ReportUnauthorised{Text: words}
	p.see(p.x.ReportUnauthorised(p.ann, report))
	require.NoError(p.t, p.x.RiskLock(ctx, identity.RiskLock{Customer: ann, Reason: "risk", Detail: detail}))
	p.clock.Advance(time.Hour)
	v, err := p.x.StartVerification(ctx, identity.StartVerification{Purpose: identity.ForUnlock, Email: "new@example.com"})
	p.see(v, err)
	v, err = p.x.ProveCode(ctx, identity.ProveCode{ID: v.ID, Code: p.plant("a code to unlock", p.sent(ann, "verification_code", string(v.ID), "code"))})
	p.see(v, err)
	_, err = p.x.SendSecond(ctx, identity.SendSecond{ID: v.ID, Kind: okpay.ContactPhone})
	require.NoError(p.t, err)
	v, err = p.x.ProveSecond(ctx, identity.ProveSecond{ID: v.ID, Kind: "phone", Code: p.plant("a second code to unlock", p.sent(ann, "verification_code", string(v.ID), "code"))})
	p.see(v, err)
	p.see(p.x.LockReason(ctx, identity.LockReasonOf{Proof: p.plant("a proof to unlock", v.Proof)}))
	p.see(p.x.Unlock(ctx, identity.Unlock{Proof: v.Proof}))
	p.clock.Advance(15 * time.Minute) // codes are sent so often and no oftener
	r, err := p.x.RequestPasswordReset(ctx, identity.RequestPasswordReset{Email: "new@example.com"})
	p.see(r, err)
	r, err = p.x.OpenPasswordReset(ctx, identity.OpenPasswordReset{ID: r.ID, Code: p.plant("the code of the last reset", p.sent(ann, "password_reset_requested", string(r.ID), "code"))})
	p.see(r, err)
	last := p.text("the last password", "canary password 9 of all")
	p.see(nil, p.x.SetNewPassword(ctx, identity.SetNewPassword{Grant: r.Grant, Password: password.New(last)}))
	s, err := p.x.SignIn(ctx, identity.SignIn{Name: "new@example.com", Password: password.New(last)})
	p.see(s, err)
	p.annToken = p.plant("the last session", s.Token)
	p.ann = p.as(p.annToken)
}

// isShown is all that ann can look at.
func (p *planted) isShown() {
	_, err := p.Work(p.t.Context())
	require.NoError(p.t, err)
	list, _, err := p.n.Notices(p.ann, ann, notify.NoticePage{Limit: 100})
	p.see(list, err)
	activity, _, err := p.n.Activity(p.ann, ann, notify.ActivityPage{Limit: 100})
	p.see(activity, err)
	p.see(p.c.Held(p.ann, ann))
	require.NoError(p.t, p.n.Export(p.ann, &p.shown, ann))
	require.NoError(p.t, p.c.Cases.Export(p.ann, ann, false, &p.shown))
	entries, _, err := p.Audit(p.t.Context(), okpay.AuditPage{Customer: ann, Shown: true, Limit: 100})
	require.NoError(p.t, err)
	for i := range entries {
		entries[i].Reason = "" // the one thing of an entry that its customer is not shown
	}
	p.see(entries, nil)
	messages, err := p.Customers.Messages(p.t.Context(), ann, "", 100)
	p.see(messages, err)
	sessions, _, err := p.x.Sessions(p.ann, "", 100)
	p.see(sessions, err)
	p.see(p.x.Devices(p.ann))
	p.see(p.Customers.Gate(p.t.Context(), ann))
}
