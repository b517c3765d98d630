package paths

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/notify"
	"github.com/okpay/okpay-go/okpay/password"
)

// log is what a wallet's and a ledger's loggers write, at the debug level.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// process is one wallet with its Identity and its Care.
type process struct {
	*okpay.Wallet
	x *identity.Identity
	c *care.Care
	n *notify.Notify
}

// world is a store with one process or several, and in it ann and ben, who are customers and
// signed in, the merchant shop, and an operator for each role.
type world struct {
	process
	t          *testing.T
	clock      *handclock.Clock
	log        *log
	challenges *atomic.Bool // Config.Risk challenges whatever a customer does
	password   string       // ann's and ben's
	mailbox    *notify.Simulated
	all        []process
	ann, ben   context.Context // in which they act
	annToken   identity.Secret
	to         okpay.DestinationID // ann's, verified
	phone      okpay.ContactID     // ann's, verified
	mail       okpay.ContactID
}

const (
	ann, ben = okpay.CustomerID("ann"), okpay.CustomerID("ben")
	annMail  = "ann@example.com"
	annPhone = "+8613800138000"
	benMail  = "ben@example.com"
	secret   = "correct horse 7 battery"
	why      = "as the customer asked"
)

// key protects what all processes of a test store.
func key() identity.Key { return identity.Key{ID: "k1", Secret: [32]byte{1, 2, 3}} }

// roles are those that are always there; the operator of a role has its name.
func roles() []care.Role {
	return []care.Role{care.AgentL1, care.AgentL2, care.Reviewer, care.Supervisor, care.Auditor, care.Compliance, care.Admin}
}

func cny(minor int64) money.Amount { return money.New(minor, money.MustISO("CNY")) }
func usd(minor int64) money.Amount { return money.New(minor, money.MustISO("USD")) }

func inMemory(*testing.T) []ledger.Store {
	s := memstore.New()
	return []ledger.Store{s, s}
}

// onSQLite is one file opened twice.
func onSQLite(t *testing.T) (stores []ledger.Store) {
	path := filepath.Join(t.TempDir(), "wallet.db")
	for range 2 {
		s, err := sqlitestore.Open(t.Context(), path, sqlitestore.Config{})
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		stores = append(stores, s)
	}
	return stores
}

// start is a world over stores, which are all the same one.
func start(t *testing.T, stores ...ledger.Store) *world {
	t.Helper()
	if len(stores) == 0 {
		stores = []ledger.Store{memstore.New()}
	}
	w := &world{
		t: t, log: &log{}, mailbox: &notify.Simulated{}, password: secret, challenges: &atomic.Bool{},
		clock: handclock.At(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)),
	}
	for _, s := range stores {
		w.all = append(w.all, w.join(s))
	}
	w.process = w.all[0]
	_, err := w.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: "shop", Name: "Shop"})
	require.NoError(t, err)
	for _, c := range []struct {
		id   okpay.CustomerID
		mail string
	}{{ann, annMail}, {ben, benMail}} {
		_, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{ID: c.id, Name: "A. Customer"})
		require.NoError(t, err)
		w.contact(c.id, okpay.AddContact{Email: c.mail})
	}
	w.passwords()
	w.annToken = w.token(annMail)
	w.ann, w.ben = w.as(w.annToken), w.as(w.token(benMail))
	w.phone = w.add(w.ann, ann, okpay.AddContact{Phone: annPhone})
	w.mail = w.contactOf(ann, okpay.ContactEmail)
	_, err = w.c.Operators.Bootstrap(t.Context(), care.CreateOperator{ID: "admin", Roles: []care.Role{care.Admin}, Why: "the first"})
	require.NoError(t, err)
	for _, r := range roles() {
		if r != care.Admin {
			w.hire(care.OperatorID(r), r)
		}
	}
	for _, a := range []money.Amount{cny(1_000_000), usd(1_000_000)} {
		w.fund(ann, a)
		w.fund(ben, a)
	}
	d, err := w.Destinations.Save(w.ann, okpay.SaveDestination{Customer: ann, Type: "bank", Holder: "A. Customer", Details: "6222020000000000001"})
	require.NoError(t, err)
	_, err = w.Destinations.Verify(t.Context(), okpay.VerifyDestination{Destination: d.ID, By: "ops"})
	require.NoError(t, err)
	w.to = d.ID
	return w
}

// join opens one more process over a store.
func (w *world) join(store ledger.Store) process {
	w.t.Helper()
	logger := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	l, err := ledger.Open(w.t.Context(), store, ledger.Config{Chart: okpay.Chart(), Now: w.clock.Now, MaxSkew: -1, Logger: logger})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, l.Close(context.Background())) })
	p := process{}
	p.Wallet, err = okpay.New(l, okpay.Config{
		RequireActor: true, Logger: logger,
		Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
			if w.challenges.Load() && c.Operation != okpay.OnRegister {
				return okpay.Assessment{Verdict: okpay.Challenge, Reason: "looks_odd"}, nil
			}
			return okpay.Assessment{}, nil
		},
	})
	require.NoError(w.t, err)
	many := identity.SendLimit{Gap: time.Nanosecond, Quarter: 1000, Day: 1000}
	var cases *care.Cases
	cfg := identity.Config{
		Keys: []identity.Key{key()}, Sends: many, SendsByAddress: many, Questions: true,
		OnRiskLock: func(d *okpay.Draft, e identity.RiskEvent) error {
			_, err := cases.OpenUrgent(d, care.Urgent{Customer: e.Customer, Category: care.RiskLock, Reason: string(e.Reason), Text: e.Text})
			return err
		},
	}
	cfg.Hashing.Params = password.Params{Memory: 64, Time: 1, Threads: 1}
	p.x, err = identity.New(p.Wallet, cfg)
	require.NoError(w.t, err)
	desk := care.Config{}
	desk.UseProof = func(d *okpay.Draft, proof string, customer okpay.CustomerID) (kinds []string, err error) {
		proven, err := p.x.UseProof(d, identity.NewSecret(proof), identity.ProofOf{Purpose: identity.ForSupport, Customer: customer})
		for _, k := range proven.Proofs {
			kinds = append(kinds, string(k))
		}
		return kinds, err
	}
	p.c, err = care.New(p.Wallet, desk)
	require.NoError(w.t, err)
	cases = p.c.Cases
	p.n, err = notify.New(p.Wallet, notify.Config{
		Domain: "mail.okpay.example", Mailer: w.mailbox, SMS: w.mailbox, Phrase: p.c.Phrases.Phrase,
		Secrets: func(ctx context.Context, m okpay.Message) (map[string]string, error) {
			facts, err := p.x.Secret(ctx, m)
			if err == nil && len(facts) == 0 {
				facts, err = p.c.Secret(ctx, m)
			}
			return facts, err
		},
	})
	require.NoError(w.t, err)
	p.x.CheckSupport(func(d *okpay.Draft, of identity.SupportDeed) error {
		return p.c.Callers.Check(d, care.CallerCheck{
			By: care.OperatorID(of.By), Act: care.ResetFactor, Case: care.CaseID(of.Case), Customer: of.Customer, First: care.OperatorID(of.First),
		})
	})
	return p
}

// passwords gives ann and ben, who were there before, their password by a reset.
func (w *world) passwords() {
	w.t.Helper()
	for id, mail := range map[okpay.CustomerID]string{ann: annMail, ben: benMail} {
		w.reset(id, mail, secret)
	}
	w.clock.Advance(25 * time.Hour) // withdrawals wait after a reset
}

func (w *world) reset(id okpay.CustomerID, mail, pw string) {
	w.t.Helper()
	ctx := w.t.Context()
	r, err := w.x.RequestPasswordReset(ctx, identity.RequestPasswordReset{Email: mail})
	require.NoError(w.t, err)
	r, err = w.x.OpenPasswordReset(ctx, identity.OpenPasswordReset{ID: r.ID, Code: w.sent(id, "password_reset_requested", string(r.ID), "code")})
	require.NoError(w.t, err)
	require.NoError(w.t, w.x.SetNewPassword(ctx, identity.SetNewPassword{Grant: r.Grant, Password: password.New(pw)}))
}

// sent is a secret fact of the customer's newest message of a template, about an object if one is named.
func (w *world) sent(id okpay.CustomerID, template, object, fact string) identity.Secret {
	w.t.Helper()
	list, err := w.Customers.Messages(w.t.Context(), id, "", 100)
	require.NoError(w.t, err)
	for _, m := range list {
		if m.Template != template || object != "" && m.Object != object {
			continue
		}
		facts, err := w.x.Secret(w.t.Context(), m)
		if okpay.CodeOf(err) == okpay.NotFound {
			continue
		}
		require.NoError(w.t, err)
		require.NotEmpty(w.t, facts[fact])
		return identity.NewSecret(facts[fact])
	}
	w.t.Fatalf("%s was not told %s", id, template)
	return identity.Secret{}
}

func (w *world) token(mail string) identity.Secret {
	w.t.Helper()
	s, err := w.x.SignIn(w.t.Context(), identity.SignIn{Name: mail, Password: password.New(w.password)})
	require.NoError(w.t, err)
	require.False(w.t, s.Token.IsZero())
	return s.Token
}

func (w *world) as(token identity.Secret) context.Context {
	w.t.Helper()
	ctx, _, err := w.x.Authenticate(w.t.Context(), token)
	require.NoError(w.t, err)
	return ctx
}

// contact gives a customer without a session a verified contact, as a program does that takes its
// customers over from elsewhere.
func (w *world) contact(id okpay.CustomerID, in okpay.AddContact) {
	w.t.Helper()
	_, err := w.Do(w.t.Context(), okpay.Act{Principal: "program", Operation: "test.contact"}, func(d *okpay.Draft) error {
		b, err := d.ContactBook(id)
		if err != nil {
			return err
		}
		cid, err := b.Add(okpay.Address{Kind: okpay.ContactEmail, Value: in.Email})
		if err == nil {
			err = b.Verify(cid)
		}
		if err == nil {
			err = b.Write()
		}
		return err
	})
	require.NoError(w.t, err)
}

// add adds a contact and has it verified.
func (w *world) add(ctx context.Context, id okpay.CustomerID, in okpay.AddContact) okpay.ContactID {
	w.t.Helper()
	in.Customer = id
	c, err := w.Contacts.Add(ctx, in)
	require.NoError(w.t, err)
	require.NoError(w.t, w.x.ContactVerified(w.t.Context(), identity.ContactVerified{Customer: id, Contact: c.ID}))
	return c.ID
}

func (w *world) contactOf(id okpay.CustomerID, kind okpay.ContactKind) okpay.ContactID {
	w.t.Helper()
	c, err := w.Customers.Get(w.t.Context(), id)
	require.NoError(w.t, err)
	for _, c := range c.Contacts {
		if c.Kind == kind {
			return c.ID
		}
	}
	w.t.Fatal("no such contact")
	return ""
}

func (w *world) hire(id care.OperatorID, role ...care.Role) {
	w.t.Helper()
	_, err := w.c.Operators.Create(w.t.Context(), care.CreateOperator{By: "admin", Why: "was hired", ID: id, Roles: role})
	require.NoError(w.t, err)
}

// fund gives a customer money that was in the system already.
func (w *world) fund(id okpay.CustomerID, a money.Amount) {
	w.t.Helper()
	_, err := w.Ledger().Commit(w.t.Context(), ledger.Change{Ops: []ledger.Op{ledger.Transaction{
		Postings: []ledger.Posting{{Debit: "bank:nostro", Credit: "user:" + string(id) + ":available", Amount: a}},
	}}})
	require.NoError(w.t, err)
}

// proof answers a step-up with the password.
func (w *world) proof(ctx context.Context, in identity.StepUpRequest) identity.Secret {
	w.t.Helper()
	s, err := w.x.BeginStepUp(ctx, in)
	require.NoError(w.t, err)
	proof, err := w.x.FinishStepUp(ctx, identity.FinishStepUp{ID: s.ID, Method: identity.ByPassword, Answer: identity.NewSecret(w.password)})
	require.NoError(w.t, err)
	return proof
}

// gate changes a customer's gate as nothing but the gate was concerned.
func (w *world) gate(id okpay.CustomerID, change func(*okpay.Gate)) {
	w.t.Helper()
	_, err := w.Do(w.t.Context(), okpay.Act{Principal: "program", Operation: "test.gate"}, func(d *okpay.Draft) error {
		g, err := d.Gate(id)
		if err != nil {
			return err
		}
		change(g)
		return d.WriteGate(g)
	})
	require.NoError(w.t, err)
}

// head is how many blocks there are, and with one caller how many Changes.
func (w *world) head() int64 {
	w.t.Helper()
	seq, _, _, err := w.Ledger().Head(w.t.Context())
	require.NoError(w.t, err)
	return seq
}

// events is the number of the last event.
func (w *world) events() int64 {
	w.t.Helper()
	_, last, err := w.Events(w.t.Context(), 0, 1000)
	require.NoError(w.t, err)
	return last
}

// worth is all that is in a customer's accounts.
func (w *world) worth(id okpay.CustomerID) (out []okpay.Balance) {
	w.t.Helper()
	out, err := w.Customers.Balances(w.t.Context(), id)
	require.NoError(w.t, err)
	return out
}

func (w *world) verify() {
	w.t.Helper()
	report, err := w.Ledger().Verify(w.t.Context())
	require.NoError(w.t, err)
	require.NoError(w.t, report.Err())
}

// has reports whether a comma-separated list has an entry, or one that begins with it.
func has(list, entry string) bool {
	for _, e := range strings.Split(list, ", ") {
		if e == entry || strings.HasPrefix(e, entry+" ") {
			return true
		}
	}
	return false
}
