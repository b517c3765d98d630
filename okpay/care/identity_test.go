package care_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
)

// joinedDesk is care and identity over one wallet, joined as a program joins them.
type joinedDesk struct {
	*desk
	x *identity.Identity
}

func join(t *testing.T) *joinedDesk {
	t.Helper()
	j := &joinedDesk{desk: &desk{t: t, clock: handclock.At(monday)}}
	l, err := ledger.Open(t.Context(), memstore.New(), ledger.Config{Chart: okpay.Chart(), Now: j.clock.Now, MaxSkew: -1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
	j.Wallet, err = okpay.New(l, okpay.Config{RequireActor: true})
	require.NoError(t, err)

	cfg := care.Config{}
	cfg.UseProof = func(d *okpay.Draft, proof string, customer okpay.CustomerID) (kinds []string, err error) {
		a, _ := okpay.ActorOf(d.Context())
		of := identity.ProofOf{Purpose: identity.ForSupport, Customer: customer, Session: identity.SessionID(a.Session)}
		proven, err := j.x.UseProof(d, identity.NewSecret(proof), of)
		for _, p := range proven.Proofs {
			kinds = append(kinds, string(p))
		}
		return kinds, err
	}
	j.Care, err = care.New(j.Wallet, cfg)
	require.NoError(t, err)
	j.x, err = identity.New(j.Wallet, identity.Config{
		Hashing: password.Config{Params: password.Params{Memory: 64, Time: 1, Threads: 1}},
		OnRiskLock: func(d *okpay.Draft, e identity.RiskEvent) error {
			in := care.Urgent{Customer: e.Customer, Category: care.RiskLock, Reason: string(e.Reason), Text: e.Text}
			if e.Report != "" {
				in.Category = care.UnauthorizedTransaction
			}
			for _, o := range e.Objects {
				in.Objects = append(in.Objects, care.Link{Type: o.Type, ID: o.ID})
			}
			_, err := j.Cases.OpenUrgent(d, in)
			return err
		},
	})
	require.NoError(t, err)
	j.x.CheckSupport(func(d *okpay.Draft, of identity.SupportDeed) error {
		return j.Callers.Check(d, care.CallerCheck{
			By: care.OperatorID(of.By), Act: care.ResetFactor, Case: care.CaseID(of.Case), Customer: of.Customer, First: care.OperatorID(of.First),
		})
	})
	_, err = j.Operators.Bootstrap(t.Context(), care.CreateOperator{ID: "boss", Roles: []care.Role{care.Admin}, Why: "the first one"})
	require.NoError(t, err)
	j.hire("top", care.AgentL2)
	j.hire("ann", care.Supervisor)

	r, err := j.x.Register(t.Context(), identity.Register{
		Name: "Payer", Email: "payer@example.com", Password: password.New("correct horse 7 battery"), Consent: identity.Consent{Version: "terms-1"},
	})
	require.NoError(t, err)
	require.NoError(t, j.x.ContactVerified(t.Context(), identity.ContactVerified{Customer: r.Customer, Contact: r.Contact}))
	j.customer = r.Customer
	j.clock.Advance(2 * time.Minute) // codes are sent so often and no oftener
	return j
}

func (j *joinedDesk) signIn() context.Context {
	j.t.Helper()
	s, err := j.x.SignIn(j.t.Context(), identity.SignIn{Name: "payer@example.com", Password: password.New("correct horse 7 battery")})
	require.NoError(j.t, err)
	ctx, _, err := j.x.Authenticate(j.t.Context(), s.Token)
	require.NoError(j.t, err)
	return ctx
}

// prove goes through a verification for support: the code is in the message that only the owner of
// the contact gets.
func (j *joinedDesk) prove(ctx context.Context) string {
	j.t.Helper()
	in := identity.StartVerification{Purpose: identity.ForSupport}
	if _, ok := okpay.ActorOf(ctx); !ok {
		in.Email = "payer@example.com"
	}
	v, err := j.x.StartVerification(ctx, in)
	require.NoError(j.t, err)
	for _, m := range j.messages() {
		if secret, err := j.x.Secret(j.t.Context(), m); err == nil && secret["code"] != "" && m.Object == string(v.ID) {
			v, err = j.x.ProveCode(ctx, identity.ProveCode{ID: v.ID, Code: identity.NewSecret(secret["code"])})
			require.NoError(j.t, err)
			return v.Proof.Reveal()
		}
	}
	j.t.Fatal("no code was sent")
	return ""
}

func (j *joinedDesk) messages() []okpay.Message {
	j.t.Helper()
	list, err := j.Customers.Messages(j.t.Context(), j.customer, "", 100)
	require.NoError(j.t, err)
	return list
}

func TestACallerProvesWhoTheyAreToIdentityAndNotToTheAgent(t *testing.T) {
	j := join(t)
	ctx := t.Context()
	c, err := j.Cases.LogContact(ctx, care.LogContact{By: "top", Why: why, Customer: j.customer, Category: care.AccountSecurity, Text: "the app is lost"})
	require.NoError(t, err)
	j.takes("top", c.ID)
	_, err = j.x.RequestFactorReset(ctx, identity.RequestFactorReset{Customer: j.customer, By: "top", Case: string(c.ID), Reason: why})
	refused(t, err, okpay.PermissionDenied, "the caller is nobody yet")

	// By telephone: the code is typed there, and makes a proof that is good once.
	r, number, err := j.Callers.AskProof(ctx, ask("top", c.ID))
	require.NoError(t, err)
	proof := j.prove(ctx)
	in := care.ProveCaller{Customer: j.customer, Request: r.ID, Number: number, Proof: proof}
	_, err = j.Callers.Approve(ctx, in)
	require.NoError(t, err)
	assert.Equal(t, care.V2, j.level("top", c.ID))
	r, number, err = j.Callers.AskProof(ctx, ask("top", c.ID))
	require.NoError(t, err)
	in.Request, in.Number = r.ID, number
	_, err = j.Callers.Approve(ctx, in)
	refused(t, err, okpay.AuthenticationFailed, "it was used")

	j.clock.Advance(2 * time.Minute)
	r, number, err = j.Callers.AskProof(ctx, ask("top", c.ID))
	require.NoError(t, err)
	in.Request, in.Number = r.ID, number
	// In the app: the session, and a code to the contact, are two.
	signedIn := j.signIn()
	in.Proof = j.prove(signedIn)
	_, err = j.Callers.Approve(signedIn, in)
	require.NoError(t, err)
	assert.Equal(t, care.V3, j.level("top", c.ID))
	_, err = j.x.RequestFactorReset(ctx, identity.RequestFactorReset{Customer: j.customer, By: "top", Case: string(c.ID), Reason: why})
	refused(t, err, okpay.InvalidState, "now it is the factor that says no: there is none")
	j.verify()
}

func TestAReportOfAnUnauthorizedTransactionIsACaseOfTheHighestPriority(t *testing.T) {
	j := join(t)
	signedIn := j.signIn()
	_, err := j.TopUps.Create(signedIn, okpay.CreateTopUp{Customer: j.customer, Amount: yuan(500)})
	require.NoError(t, err)
	object := j.theTopUp()
	_, err = j.x.ReportUnauthorised(signedIn, identity.ReportUnauthorised{Text: "that was not me", Objects: []identity.ObjectRef{{Type: "topup", ID: object}}})
	require.NoError(t, err)
	_, _, err = j.Cases.List(signedIn, care.ListCases{Customer: j.customer})
	refused(t, err, okpay.SessionEnded, "everybody is signed out")
	queue, _, err := j.Cases.Queue(t.Context(), care.ReadQueue{By: "top", Tier: 1})
	require.NoError(t, err)
	require.Len(t, queue, 1)
	assert.Equal(t, care.P1, queue[0].Priority)
	assert.Equal(t, care.UnauthorizedTransaction, queue[0].Category)
	assert.Equal(t, []care.Link{{Type: "topup", ID: object}}, queue[0].Objects)
	require.NoError(t, j.x.RiskLock(t.Context(), identity.RiskLock{Customer: j.customer, Reason: "risk"}))
	queue, _, err = j.Cases.Queue(t.Context(), care.ReadQueue{By: "top", Tier: 1})
	require.NoError(t, err)
	assert.Len(t, queue, 2)
	j.verify()
}
