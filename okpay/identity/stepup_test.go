package identity_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
)

func cny(minor int64) money.Amount { return money.New(minor, money.MustISO("CNY")) }

// purse is a world whose customer has a second factor, money and two destinations.
type purse struct {
	*world
	*holder
	to, elsewhere okpay.DestinationID
	elsewhose     *holder
}

// startPurse is one process for each store handed in, which are all the same one. risk answers
// for Config.Risk.
func startPurse(t *testing.T, risk okpay.Verdict, stores ...ledger.Store) *purse {
	t.Helper()
	w := &world{t: t, clock: handclock.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
	for _, store := range stores {
		l, err := ledger.Open(t.Context(), store, ledger.Config{Chart: okpay.Chart(), Now: w.clock.Now, MaxSkew: -1})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
		p := process{}
		p.Wallet, err = okpay.New(l, okpay.Config{
			RequireActor: true,
			VerifyDestination: func(context.Context, okpay.DestinationCheck) (okpay.DestinationVerdict, error) {
				return okpay.DestinationVerdict{Verified: true}, nil
			},
			Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
				if c.Operation == okpay.OnRegister {
					return okpay.Assessment{}, nil
				}
				return okpay.Assessment{Verdict: risk}, nil
			},
		})
		require.NoError(t, err)
		p.x, err = identity.New(p.Wallet, identity.Config{Keys: []identity.Key{key}})
		require.NoError(t, err)
		w.all = append(w.all, p)
	}
	w.process = w.all[0]
	u := &purse{world: w}
	for _, id := range []okpay.CustomerID{customer, "bob"} {
		_, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{ID: id, Name: "Name"})
		require.NoError(t, err)
		_, err = w.Ledger().Commit(t.Context(), ledger.Change{Ops: []ledger.Op{ledger.Transaction{
			Postings: []ledger.Posting{{Debit: "bank:nostro", Credit: "user:" + string(id) + ":available", Amount: cny(100_000)}},
		}}})
		require.NoError(t, err)
	}
	u.holder, u.elsewhose = w.holder(customer), w.holder("bob")
	u.enroll()
	u.elsewhose.enroll()
	for _, to := range []*okpay.DestinationID{&u.to, &u.elsewhere} {
		d, err := w.Destinations.Save(u.ctx(), okpay.SaveDestination{Customer: customer, Type: "bank", Holder: "Name", Details: "6222020200112233" + string(*to)})
		require.NoError(t, err)
		*to = d.ID
	}
	return u
}

func (u *purse) withdraw(ctx context.Context, p process, minor int64, to okpay.DestinationID, proof, key string) (okpay.Withdrawal, error) {
	return p.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: customer, Amount: cny(minor), Destination: to, Proof: proof, Key: key})
}

func (u *purse) withdrawal(minor int64, to okpay.DestinationID) identity.StepUpRequest {
	return identity.StepUpRequest{Action: identity.StepUpWithdrawal, Amount: cny(minor), To: string(to)}
}

// spent is a proof as the wallet's verbs take it.
func (u *purse) spent(in identity.StepUpRequest) string { return u.proof(in).Reveal() }

func TestAWithdrawalNeedsAProofOfItself(t *testing.T) {
	u := startPurse(t, okpay.Allow, memstore.New())
	_, err := u.withdraw(u.ctx(), u.world.process, 1000, u.to, "", "")
	require.ErrorIs(t, err, okpay.AuthenticationRequired)
	_, err = u.withdraw(u.ctx(), u.world.process, 1000, u.to, "anything", "")
	require.ErrorIs(t, err, okpay.AuthenticationFailed)

	proof := u.spent(u.withdrawal(1000, u.to))
	for name, try := range map[string]func() error{
		"another amount":      func() error { _, err := u.withdraw(u.ctx(), u.world.process, 1001, u.to, proof, ""); return err },
		"another destination": func() error { _, err := u.withdraw(u.ctx(), u.world.process, 1000, u.elsewhere, proof, ""); return err },
		"another currency": func() error {
			_, err := u.Withdrawals.Request(u.ctx(), okpay.RequestWithdrawal{
				Customer: customer, Amount: money.New(1000, money.MustISO("USD")), Destination: u.to, Proof: proof,
			})
			return err
		},
		"half of it": func() error {
			_, err := u.withdraw(u.ctx(), u.world.process, 1000, u.to, proof[:len(proof)-1], "")
			return err
		},
		"its id alone": func() error {
			id, _, _ := strings.Cut(proof, ".")
			_, err := u.withdraw(u.ctx(), u.world.process, 1000, u.to, id+"."+strings.Repeat("A", 43), "")
			return err
		},
		"another session": func() error {
			other := u.world.holder(customer)
			_, err := u.withdraw(other.ctx(), u.world.process, 1000, u.to, proof, "")
			return err
		},
		"another customer": func() error {
			d, err := u.Destinations.Save(u.elsewhose.ctx(), okpay.SaveDestination{Customer: "bob", Type: "bank", Holder: "Name", Details: "1"})
			require.NoError(t, err)
			_, err = u.Withdrawals.Request(u.elsewhose.ctx(), okpay.RequestWithdrawal{Customer: "bob", Amount: cny(1000), Destination: d.ID, Proof: proof})
			return err
		},
	} {
		require.ErrorIs(t, try(), okpay.AuthenticationFailed, name)
	}

	wd, err := u.withdraw(u.ctx(), u.world.process, 1000, u.to, proof, "key")
	require.NoError(t, err, "what was refused did not use it up")
	_, err = u.withdraw(u.ctx(), u.world.process, 1000, u.to, proof, "")
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "it is good once")
	for _, again := range []string{proof, "", "other"} {
		same, err := u.withdraw(u.ctx(), u.world.process, 1000, u.to, again, "key")
		require.NoError(t, err, "a repeat is answered as before")
		assert.Equal(t, wd.ID, same.ID)
		assert.True(t, same.Replayed)
	}
	assert.Subset(t, u.audited(), []string{"step_up.begin", "step_up.answer", "step_up.use"})
}

func TestAProofEndsWithTimeSessionAndCredentials(t *testing.T) {
	u := startPurse(t, okpay.Allow, memstore.New())
	proof := u.spent(u.withdrawal(1000, u.to))
	u.world.clock.Advance(5*time.Minute - time.Second)
	_, err := u.withdraw(u.ctx(), u.world.process, 1000, u.to, proof, "")
	require.NoError(t, err, "until the last second")
	proof = u.spent(u.withdrawal(1000, u.to))
	u.world.clock.Advance(5 * time.Minute)
	_, err = u.withdraw(u.ctx(), u.world.process, 1000, u.to, proof, "")
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	n, err := u.Work(t.Context())
	require.NoError(t, err)
	require.Positive(t, n)
	assert.Contains(t, u.audited(), "step_up.expire")
	_, err = u.withdraw(u.ctx(), u.world.process, 1000, u.to, proof, "")
	require.ErrorIs(t, err, okpay.AuthenticationFailed)

	proof = u.spent(u.withdrawal(1000, u.to))
	require.NoError(t, u.x.EndOtherSessions(u.ctx())) // a new epoch, in which this session goes on
	_, err = u.withdraw(u.ctx(), u.world.process, 1000, u.to, proof, "")
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "credentials changed")

	proof, ctx := u.spent(u.withdrawal(1000, u.to)), u.ctx()
	require.NoError(t, u.x.SignOut(u.ctx()))
	_, err = u.withdraw(ctx, u.world.process, 1000, u.to, proof, "")
	require.ErrorIs(t, err, okpay.SessionEnded)

	// Without a session there is nothing that a proof could be of.
	_, err = u.withdraw(t.Context(), u.world.process, 1000, u.to, proof, "")
	require.ErrorIs(t, err, okpay.AuthenticationRequired)
}

func TestOfTwoWithdrawalsWithOneProofOneGoes(t *testing.T) {
	for name, stores := range map[string]func(*testing.T) []ledger.Store{"memory": inMemory, "SQLite": onSQLite, "PostgreSQL": onPostgres} {
		t.Run(name, func(t *testing.T) {
			u := startPurse(t, okpay.Allow, stores(t)...)
			for range testsize.Scaled(t, 5) {
				proof := u.spent(u.withdrawal(100, u.to))
				var all sync.WaitGroup
				errs := make([]error, 10)
				ctx := u.ctx()
				for i := range errs {
					all.Go(func() {
						_, errs[i] = u.withdraw(ctx, u.all[i%len(u.all)], 100, u.to, proof, "")
					})
				}
				all.Wait()
				gone := 0
				for _, err := range errs {
					if err == nil {
						gone++
						continue
					}
					require.ErrorIs(t, err, okpay.AuthenticationFailed)
				}
				require.Equal(t, 1, gone)
			}
			report, err := u.Ledger().Verify(t.Context())
			require.NoError(t, err)
			require.NoError(t, report.Err())
		})
	}
}

func TestWhatRiskChallengesIsProvenForItself(t *testing.T) {
	u := startPurse(t, okpay.Challenge, memstore.New())
	u.elsewhose.verifies("bob@example.com")
	_, err := u.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: "shop", Name: "Shop"})
	require.NoError(t, err)
	usd := money.MustISO("USD")
	quote, err := u.Quotes.Create(t.Context(), okpay.CreateQuote{Customer: customer, Base: "CNY", Quote: "USD", Rate: decimal.RequireFromString("0.14"), Mid: decimal.RequireFromString("0.14"), TTL: okpay.MaxQuoteTTL})
	require.NoError(t, err)
	var payment okpay.Payment
	pay := func() {
		payment, err = u.Payments.Create(t.Context(), okpay.CreatePayment{Merchant: "shop", Amount: cny(700)})
		require.NoError(t, err)
		_, err = u.Payments.Confirm(u.ctx(), okpay.ConfirmPayment{Payment: payment.ID, Customer: customer})
		require.ErrorIs(t, err, okpay.AuthenticationRequired)
	}
	pay()
	transfer := func(in okpay.CreateTransfer) func(string) error {
		in.From = customer
		return func(proof string) error {
			in.Proof = proof
			_, err := u.Transfers.Create(u.ctx(), in)
			return err
		}
	}
	for name, c := range map[string]struct {
		of  identity.StepUpRequest
		act func(proof string) error
		// other is a proof of nearly the same.
		other identity.StepUpRequest
	}{
		"a transfer to a customer": {
			identity.StepUpRequest{Action: identity.StepUpTransfer, Amount: cny(500), To: "bob"},
			transfer(okpay.CreateTransfer{To: "bob", Amount: cny(500)}),
			identity.StepUpRequest{Action: identity.StepUpTransfer, Amount: cny(500), To: "bobby"},
		},
		"a transfer to a contact": {
			identity.StepUpRequest{Action: identity.StepUpTransfer, Amount: cny(500), Email: " Bob@Example.com"},
			transfer(okpay.CreateTransfer{Email: "bob@example.com", Amount: cny(500)}),
			identity.StepUpRequest{Action: identity.StepUpTransfer, Amount: cny(500), Email: "rob@example.com"},
		},
		"a transfer to a contact that nobody has": {
			identity.StepUpRequest{Action: identity.StepUpTransfer, Amount: cny(500), Phone: "+8613800138000"},
			transfer(okpay.CreateTransfer{Phone: "+86 138 0013 8000", Amount: cny(500)}),
			identity.StepUpRequest{Action: identity.StepUpTransfer, Amount: cny(501), Phone: "+8613800138000"},
		},
		"a payment": {
			identity.StepUpRequest{Action: identity.StepUpPayment, Amount: cny(700), To: "shop", Object: string(payment.ID)},
			func(proof string) error {
				_, err := u.Payments.Authenticate(u.ctx(), okpay.AuthenticatePayment{Payment: payment.ID, Customer: customer, Proof: proof})
				return err
			},
			identity.StepUpRequest{},
		},
		"a conversion": {
			identity.StepUpRequest{Action: identity.StepUpConversion, Amount: cny(10_000), To: "USD", Object: string(quote.ID)},
			func(proof string) error {
				_, err := u.Quotes.Convert(u.ctx(), okpay.Convert{Customer: customer, Quote: quote.ID, Amount: cny(10_000), Proof: proof})
				return err
			},
			identity.StepUpRequest{Action: identity.StepUpConversion, Amount: money.New(10_000, usd), To: "USD", Object: string(quote.ID)},
		},
		"a top-up": {
			identity.StepUpRequest{Action: identity.StepUpTopUp, Amount: cny(300), To: "simulated"},
			func(proof string) error {
				_, err := u.TopUps.Create(u.ctx(), okpay.CreateTopUp{Customer: customer, Amount: cny(300), Proof: proof})
				return err
			},
			identity.StepUpRequest{Action: identity.StepUpTopUp, Amount: cny(300), To: "other"},
		},
		"a withdrawal": {
			identity.StepUpRequest{Action: identity.StepUpWithdrawal, Amount: cny(300), To: string(u.to)},
			func(proof string) error {
				_, err := u.withdraw(u.ctx(), u.world.process, 300, u.to, proof, "")
				return err
			},
			identity.StepUpRequest{Action: identity.StepUpTransfer, Amount: cny(300), To: string(u.to)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.other.Action != "" {
				require.ErrorIs(t, c.act(""), okpay.AuthenticationRequired)
				require.ErrorIs(t, c.act(u.spent(c.other)), okpay.AuthenticationFailed)
			}
			proof := u.spent(c.of)
			require.NoError(t, c.act(proof))
			if c.other.Action != "" {
				require.Error(t, c.act(proof), "once")
			}
		})
	}
	pay()
	_, err = u.Payments.Authenticate(u.ctx(), okpay.AuthenticatePayment{Payment: payment.ID, Customer: customer, Proof: u.spent(identity.StepUpRequest{
		Action: identity.StepUpPayment, Amount: cny(701), To: "shop", Object: string(payment.ID),
	})})
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
}

func TestAStepUpIsAnsweredInItsSessionWithWhatWasOffered(t *testing.T) {
	u := startPurse(t, okpay.Allow, memstore.New())
	s, err := u.x.BeginStepUp(u.ctx(), u.withdrawal(1000, u.to))
	require.NoError(t, err)
	assert.Equal(t, []identity.StepUpMethod{identity.BySecondFactor}, s.Methods, "nothing weaker than the factor")
	assert.Equal(t, "10.00 CNY", s.Amount)
	assert.Equal(t, u.world.clock.Now().Add(5*time.Minute), s.Until)
	finish := func(ctx context.Context, id, answer string, m identity.StepUpMethod) error {
		_, err := u.x.FinishStepUp(ctx, identity.FinishStepUp{ID: id, Method: m, Answer: identity.NewSecret(answer)})
		return err
	}
	code := u.next()
	require.ErrorIs(t, finish(u.ctx(), s.ID, "password", identity.ByPassword), okpay.InvalidRequest)
	require.ErrorIs(t, finish(u.world.holder(customer).ctx(), s.ID, code, identity.BySecondFactor), okpay.NotFound)
	require.ErrorIs(t, finish(u.elsewhose.ctx(), s.ID, code, identity.BySecondFactor), okpay.NotFound)
	require.ErrorIs(t, finish(u.ctx(), "stp_unknown", code, identity.BySecondFactor), okpay.NotFound)
	require.ErrorIs(t, finish(t.Context(), s.ID, code, identity.BySecondFactor), okpay.AuthenticationRequired)
	require.NoError(t, finish(u.ctx(), s.ID, code, identity.BySecondFactor), "none of them counted")
	require.ErrorIs(t, finish(u.ctx(), s.ID, u.next(), identity.BySecondFactor), okpay.InvalidState, "it is answered")

	// Five wrong answers end it, over the locks of the factor.
	s, err = u.x.BeginStepUp(u.ctx(), u.withdrawal(1000, u.to))
	require.NoError(t, err)
	for range 4 {
		require.ErrorIs(t, finish(u.ctx(), s.ID, u.wrongCode(), identity.BySecondFactor), okpay.AuthenticationFailed)
	}
	u.world.clock.Advance(30 * time.Second)
	require.ErrorIs(t, finish(u.ctx(), s.ID, u.wrongCode(), identity.BySecondFactor), okpay.AuthenticationFailed)
	require.ErrorIs(t, finish(u.ctx(), s.ID, u.code(), identity.BySecondFactor), okpay.InvalidState)
	assert.Contains(t, u.told(), "step_up_failed")
	s, err = u.x.BeginStepUp(u.ctx(), u.withdrawal(1000, u.to))
	require.NoError(t, err)
	var refused *okpay.Error
	require.ErrorAs(t, finish(u.ctx(), s.ID, u.code(), identity.BySecondFactor), &refused)
	assert.Equal(t, okpay.TooManyTries, refused.Code, "the factor is locked")
	require.NotNil(t, refused.ResetsAt)
	u.world.clock.Advance(30 * time.Second)
	require.NoError(t, finish(u.ctx(), s.ID, u.code(), identity.BySecondFactor), "a refusal is no wrong answer")

	for name, in := range map[string]identity.StepUpRequest{
		"no action":               {},
		"no amount":               {Action: identity.StepUpWithdrawal, To: "x"},
		"no destination":          {Action: identity.StepUpWithdrawal, Amount: cny(1)},
		"a payment without id":    {Action: identity.StepUpPayment, Amount: cny(1), To: "shop"},
		"two payees":              {Action: identity.StepUpTransfer, Amount: cny(1), To: "x", Email: "a@example.com"},
		"a factor with a payee":   {Action: identity.ManageFactor, To: "x"},
		"a factor with an amount": {Action: identity.RemoveSecondFactor, Amount: cny(1)},
		"no e-mail address":       {Action: identity.StepUpTransfer, Amount: cny(1), Email: "x"},
		"too long":                {Action: identity.StepUpTransfer, Amount: cny(1), To: strings.Repeat("x", 255)},
		"another operation":       {Action: identity.StepUpAction(okpay.OnPayout), Amount: cny(1), To: "x"},
	} {
		_, err := u.x.BeginStepUp(u.ctx(), in)
		require.ErrorIs(t, err, okpay.InvalidRequest, name)
	}
	_, err = u.x.BeginStepUp(u.ctx(), identity.StepUpRequest{Action: identity.StepUpWithdrawal, Amount: cny(0), To: "x"})
	require.ErrorIs(t, err, okpay.AmountNotPositive)
}

func TestAfterARecoveryCodeWithdrawalsWaitWhateverIsProven(t *testing.T) {
	u := startPurse(t, okpay.Allow, memstore.New())
	s, err := u.x.BeginStepUp(u.ctx(), u.withdrawal(1000, u.to))
	require.NoError(t, err)
	proof, err := u.x.FinishStepUp(u.ctx(), identity.FinishStepUp{ID: s.ID, Method: identity.BySecondFactor, Answer: identity.NewSecret(u.codes[0].Reveal())})
	require.NoError(t, err)
	_, err = u.withdraw(u.ctx(), u.world.process, 1000, u.to, proof.Reveal(), "")
	require.ErrorIs(t, err, okpay.AccountRestricted)
	for range 49 { // the session is used all the time
		u.world.clock.Advance(29*time.Minute + 30*time.Second)
		if _, _, err := u.x.Authenticate(t.Context(), u.token); err != nil {
			u.signIn()
		}
	}
	_, err = u.withdraw(u.ctx(), u.world.process, 1000, u.to, u.spent(u.withdrawal(1000, u.to)), "")
	require.NoError(t, err)
}

func TestAContactChangeIsProvenForThatContact(t *testing.T) {
	u := startPurse(t, okpay.Allow, memstore.New())
	proof := u.spent(identity.StepUpRequest{Action: identity.ChangeContact, Email: "New@example.com"})
	a, _ := okpay.ActorOf(u.ctx())
	use := func(action identity.StepUpAction, to string) error {
		_, err := u.Do(t.Context(), okpay.Act{Principal: "program", Operation: "test"}, func(d *okpay.Draft) error {
			return u.x.UseStepUp(d, a, action, to, identity.NewSecret(proof))
		})
		return err
	}
	require.ErrorIs(t, use(identity.ChangeContact, "other@example.com"), okpay.AuthenticationFailed)
	require.ErrorIs(t, use(identity.ManageFactor, "new@example.com"), okpay.AuthenticationFailed)
	require.NoError(t, use(identity.ChangeContact, "new@example.com"))
	require.ErrorIs(t, use(identity.ChangeContact, "new@example.com"), okpay.AuthenticationFailed)
}
