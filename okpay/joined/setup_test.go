package joined_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/joined"
	"github.com/okpay/okpay-go/okpay/notify"
	"github.com/okpay/okpay-go/okpay/password"
	"github.com/okpay/okpay-go/okpay/totp"
)

const (
	mailbox = "payer@example.com"
	mobile  = "+8613800000000"
	good    = "correct horse 7 battery"
	better  = "another horse 8 battery"
	why     = "as the customer asked"
)

// world is a wallet with all three, a customer, and the agents top (second level), ann and bob
// (supervisors), cleo and carl (compliance).
type world struct {
	*okpay.Wallet
	*joined.Joined
	t        *testing.T
	clock    *handclock.Clock
	sim      *notify.Simulated
	customer okpay.CustomerID
	app      totp.Secret
}

// settings are those of tests: a mailbox, and links for what has one.
func settings(sim *notify.Simulated) joined.Config {
	cfg := joined.Config{Notify: notify.Config{Domain: "mail.okpay.example", Mailer: sim, SMS: sim, Links: map[string]string{}, PerHour: 1000}}
	for _, template := range append(joined.Linked(), "password_reset_requested") {
		cfg.Notify.Links[template] = "https://okpay.example/" + template + "?token="
	}
	cfg.Identity.Hashing = password.Config{Params: password.Params{Memory: 64, Time: 1, Threads: 1}}
	return cfg
}

func open(t *testing.T, now func() time.Time) *okpay.Wallet {
	t.Helper()
	l, err := ledger.Open(t.Context(), memstore.New(), ledger.Config{Chart: okpay.Chart(), Now: now, MaxSkew: -1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
	w, err := okpay.New(l, okpay.Config{RequireActor: true})
	require.NoError(t, err)
	return w
}

func start(t *testing.T, change ...func(*joined.Config)) *world {
	t.Helper()
	w := &world{t: t, clock: handclock.At(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)), sim: &notify.Simulated{}}
	cfg := settings(w.sim)
	for _, c := range change {
		c(&cfg)
	}
	w.Wallet = open(t, w.clock.Now)
	var err error
	w.Joined, err = joined.New(w.Wallet, cfg)
	require.NoError(t, err)
	_, err = w.Care.Operators.Bootstrap(t.Context(), care.CreateOperator{ID: "boss", Roles: []care.Role{care.Admin}, Why: "the first one"})
	require.NoError(t, err)
	for id, role := range map[care.OperatorID]care.Role{"top": care.AgentL2, "ann": care.Supervisor, "bob": care.Supervisor, "cleo": care.Compliance, "carl": care.Compliance} {
		_, err := w.Care.Operators.Create(t.Context(), care.CreateOperator{By: "boss", Why: "was hired", ID: id, Roles: []care.Role{role}})
		require.NoError(t, err)
	}
	r, err := w.Identity.Register(t.Context(), identity.Register{
		Name: "Payer", Email: mailbox, Password: password.New(good), Consent: identity.Consent{Version: "terms-1"},
	})
	require.NoError(t, err)
	w.customer = r.Customer
	_, err = w.Identity.ProveCode(t.Context(), identity.ProveCode{ID: r.Verification, Code: w.mailed()})
	require.NoError(t, err)
	c, err := w.Contacts.Add(w.signIn(), okpay.AddContact{Customer: w.customer, Phone: mobile})
	require.NoError(t, err)
	require.NoError(t, w.Identity.ContactVerified(t.Context(), identity.ContactVerified{Customer: w.customer, Contact: c.ID}))
	w.clock.Advance(15 * time.Minute) // codes are sent so often and no oftener
	return w
}

// work does what is due, and sends what is to be sent.
func (w *world) work() {
	w.t.Helper()
	_, err := w.Work(w.t.Context())
	require.NoError(w.t, err)
}

// mailed is the code in the newest e-mail.
func (w *world) mailed() identity.Secret {
	w.t.Helper()
	w.work()
	code := ""
	for _, m := range w.sim.Mails() {
		if found := regexp.MustCompile(`(?m)^\D*\b(\d{8})\b`).FindStringSubmatch(m.Plain); found != nil {
			code = found[1]
		}
	}
	require.NotEmpty(w.t, code)
	return identity.NewSecret(code)
}

// texted is the code in the newest text message.
func (w *world) texted() identity.Secret {
	w.t.Helper()
	w.work()
	texts := w.sim.Texts()
	require.NotEmpty(w.t, texts)
	code := regexp.MustCompile(`\b\d{8}\b`).FindString(texts[len(texts)-1].Text)
	require.NotEmpty(w.t, code, texts[len(texts)-1].Text)
	return identity.NewSecret(code)
}

// linked is the token of a template's link in the newest e-mail to an address that has one.
func (w *world) linked(template, to string) string {
	w.t.Helper()
	w.work()
	token := ""
	for _, m := range w.sim.Mails() {
		if _, rest, ok := strings.Cut(m.Plain, "https://okpay.example/"+template+"?token="); ok && m.To == to {
			token, _, _ = strings.Cut(rest, "\n")
		}
	}
	return token
}

// subjects are those of the e-mails to the customer since so many.
func (w *world) subjects(since int) (list []string) {
	w.t.Helper()
	w.work()
	for _, m := range w.sim.Mails()[since:] {
		list = append(list, m.Subject)
	}
	return list
}

func (w *world) signIn() context.Context {
	w.t.Helper()
	return w.signInWith(good)
}

func (w *world) signInWith(pw string) context.Context {
	w.t.Helper()
	s, err := w.Identity.SignIn(w.t.Context(), identity.SignIn{Name: mailbox, Password: password.New(pw), Client: identity.Client{UserAgent: "Firefox on Linux", Place: "Canary Bay"}})
	require.NoError(w.t, err)
	if !s.Pending.IsZero() {
		s, err = w.Identity.FinishSignIn(w.t.Context(), s.Pending, w.code())
		require.NoError(w.t, err)
	}
	ctx, _, err := w.Identity.Authenticate(w.t.Context(), s.Token)
	require.NoError(w.t, err)
	return ctx
}

// enroll turns the second factor on.
func (w *world) enroll() {
	w.t.Helper()
	ctx := w.signIn()
	e, err := w.Identity.BeginTOTP(ctx, identity.BeginTOTP{})
	require.NoError(w.t, err)
	w.app = e.Key.Secret
	_, err = w.Identity.ConfirmTOTP(ctx, w.code())
	require.NoError(w.t, err)
}

// code is what the app shows next.
func (w *world) code() identity.Secret {
	w.t.Helper()
	w.clock.Advance(30 * time.Second)
	code, err := totp.Code(w.app, totp.Params{}, w.clock.Now())
	require.NoError(w.t, err)
	return identity.NewSecret(code)
}

// called is a case of a caller's, taken by the agent top.
func (w *world) called() care.CaseID {
	w.t.Helper()
	c, err := w.Care.Cases.LogContact(w.t.Context(), care.LogContact{
		By: "top", Why: why, Customer: w.customer, Category: care.AccountSecurity, Text: "canary words of a caller",
	})
	require.NoError(w.t, err)
	_, err = w.Care.Cases.Take(w.t.Context(), care.WorkCase{By: "top", Why: why, Case: c.ID})
	require.NoError(w.t, err)
	return c.ID
}

// prove takes the caller to V2 by a code to the mailbox or, in full, to V3 by a second one to the
// telephone. Nobody is signed in.
func (w *world) prove(id care.CaseID, inFull bool) {
	w.t.Helper()
	ctx := w.t.Context()
	r, number, err := w.Care.Callers.AskProof(ctx, care.AskCaller{By: "top", Why: why, Case: id})
	require.NoError(w.t, err)
	purpose := identity.ForSupport
	if inFull {
		purpose = identity.ForSupportInFull
	}
	w.work()
	v, err := w.Identity.StartVerification(ctx, identity.StartVerification{Purpose: purpose, Email: mailbox})
	require.NoError(w.t, err)
	v, err = w.Identity.ProveCode(ctx, identity.ProveCode{ID: v.ID, Code: w.mailed()})
	require.NoError(w.t, err)
	if inFull {
		_, err = w.Identity.SendSecond(ctx, identity.SendSecond{ID: v.ID, Kind: okpay.ContactPhone})
		require.NoError(w.t, err)
		v, err = w.Identity.ProveSecond(ctx, identity.ProveSecond{ID: v.ID, Kind: "phone", Code: w.texted()})
		require.NoError(w.t, err)
	}
	_, err = w.Care.Callers.Approve(ctx, care.ProveCaller{Customer: w.customer, Request: r.ID, Number: number, Proof: v.Proof.Reveal()})
	require.NoError(w.t, err)
}

func (w *world) request(id care.CaseID, act care.CallerAct, contact okpay.ContactID) care.SupportRequest {
	w.t.Helper()
	r, err := w.Care.Callers.Request(w.t.Context(), care.RequestSupport{By: "top", Why: why, Case: id, Act: act, Contact: contact})
	require.NoError(w.t, err)
	return r
}

func (w *world) approve(r care.SupportRequest, by care.OperatorID) (care.SupportRequest, error) {
	return w.Care.Callers.ApproveRequest(w.t.Context(), care.DecideSupport{By: by, Why: why, Request: r.ID})
}

func (w *world) gate() okpay.Gate {
	w.t.Helper()
	g, err := w.Customers.Gate(w.t.Context(), w.customer)
	require.NoError(w.t, err)
	return g
}

// contacts are the customer's verified contacts by their values.
func (w *world) contacts() map[string]okpay.ContactID {
	w.t.Helper()
	c, err := w.Customers.Get(w.t.Context(), w.customer)
	require.NoError(w.t, err)
	out := map[string]okpay.ContactID{}
	for _, k := range c.Contacts {
		if k.State == okpay.ContactVerified {
			out[k.Value] = k.ID
		}
	}
	return out
}

func (w *world) verify() {
	w.t.Helper()
	report, err := w.Ledger().Verify(w.t.Context())
	require.NoError(w.t, err)
	require.NoError(w.t, report.Err())
}

func (w *world) changePassword() {
	w.t.Helper()
	ctx := w.t.Context()
	w.clock.Advance(15 * time.Minute) // links are sent so often and no oftener
	r, err := w.Identity.RequestPasswordReset(ctx, identity.RequestPasswordReset{Email: mailbox})
	require.NoError(w.t, err)
	r, err = w.Identity.OpenPasswordReset(ctx, identity.OpenPasswordReset{Token: identity.NewSecret(w.linked("password_reset_requested", mailbox))})
	require.NoError(w.t, err)
	grant := r.Grant
	if r.SecondFactor {
		r, err = w.Identity.FinishResetFactor(ctx, identity.FinishResetFactor{Grant: grant, Code: w.code()})
		require.NoError(w.t, err)
	}
	require.NoError(w.t, w.Identity.SetNewPassword(ctx, identity.SetNewPassword{Grant: grant, Password: password.New(better)}))
}

func registration(email string) identity.Register {
	return identity.Register{Name: "Another", Email: email, Password: password.New(good), Consent: identity.Consent{Version: "terms-1"}}
}

func cny(minor int64) money.Amount { return money.New(minor, money.MustISO("CNY")) }
