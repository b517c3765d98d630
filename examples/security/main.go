// Command security follows a customer from the registration to a withdrawal with two factors,
// and to the call that stops everything when something is not theirs:
//
//	go run ./examples/security
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
	"github.com/okpay/okpay-go/okpay/totp"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "security:", err)
		os.Exit(1)
	}
}

// program is a program with a wallet, and what its customer sees.
type program struct {
	out    io.Writer
	now    time.Time // a clock that jumps, so that nobody waits for a day
	wallet *okpay.Wallet
	ids    *identity.Identity
	phone  totp.Secret // in the customer's authenticator app
}

const (
	mail   = "customer@example.com"
	secret = "purple ferry lantern mosaic"
)

func run(ctx context.Context, out io.Writer) (err error) {
	p := &program{out: out, now: time.Now()}
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: okpay.Chart(), Now: func() time.Time { return p.now }, MaxSkew: -1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close(context.WithoutCancel(ctx))) }()
	// With RequireActor no customer's verb works unless somebody is signed in.
	if p.wallet, err = okpay.New(l, okpay.Config{RequireActor: true}); err != nil {
		return err
	}
	// In Live mode identity wants Keys; in Test mode it makes one.
	if p.ids, err = identity.New(p.wallet, identity.Config{}); err != nil {
		return err
	}
	customer, err := p.register(ctx)
	if err != nil {
		return err
	}
	if err := p.useTwoFactors(ctx); err != nil {
		return err
	}
	p.now = p.now.Add(25 * time.Hour) // withdrawals wait for a day after a change of factors
	session, err := p.signIn(ctx)
	if err != nil {
		return err
	}
	if err := p.withdraw(ctx, session, customer); err != nil {
		return err
	}
	if err := p.report(ctx, session, customer); err != nil {
		return err
	}
	problems, err := l.Verify(ctx)
	if err != nil {
		return err
	}
	return problems.Err()
}

// register makes a customer and proves that the e-mail address is theirs.
func (p *program) register(ctx context.Context) (okpay.CustomerID, error) {
	made, err := p.ids.Register(ctx, identity.Register{
		Name: "A customer", Email: mail, Password: password.New(secret), Consent: identity.Consent{Version: "2026-01"},
	})
	if err != nil {
		return "", err
	}
	messages, err := p.wallet.Customers.Messages(ctx, made.Customer, "", 0)
	if err != nil {
		return "", err
	}
	// The message itself has no code; who sends it asks for it (okpay/notify does).
	sent, err := p.ids.Secret(ctx, messages[0])
	if err != nil {
		return "", err
	}
	v, err := p.ids.ProveCode(ctx, identity.ProveCode{ID: made.Verification, Code: identity.NewSecret(sent["code"])})
	if err != nil {
		return "", err
	}
	fmt.Fprintln(p.out, "registered; the address is", v.State)
	return made.Customer, nil
}

// useTwoFactors signs in with the password alone, the last time, and enrolls an app.
func (p *program) useTwoFactors(ctx context.Context) error {
	in, err := p.ids.SignIn(ctx, identity.SignIn{Name: mail, Password: password.New(secret)})
	if err != nil {
		return err
	}
	ctx, _, err = p.ids.Authenticate(ctx, in.Token)
	if err != nil {
		return err
	}
	begun, err := p.ids.BeginTOTP(ctx, identity.BeginTOTP{})
	if err != nil {
		return err
	}
	p.phone = begun.Key.Secret // the app has read begun.Key.PNG(256)
	codes, err := p.ids.ConfirmTOTP(ctx, p.code())
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "two factors from now on, and %d recovery codes to keep: %v\n", len(codes), codes[0])
	return nil
}

// code is what the app shows now.
func (p *program) code() identity.Secret {
	code, err := totp.Code(p.phone, totp.Params{}, p.now)
	if err != nil {
		panic(err)
	}
	return identity.NewSecret(code)
}

// signIn signs in with both factors and returns a context in which the customer acts.
func (p *program) signIn(ctx context.Context) (context.Context, error) {
	_, err := p.ids.SignIn(ctx, identity.SignIn{Name: mail, Password: password.New("something else")})
	fmt.Fprintln(p.out, "a wrong password:", err)
	in, err := p.ids.SignIn(ctx, identity.SignIn{Name: mail, Password: password.New(secret)})
	if err != nil {
		return nil, err
	}
	in, err = p.ids.FinishSignIn(ctx, in.Pending, p.code())
	if err != nil {
		return nil, err
	}
	ctx, session, err := p.ids.Authenticate(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(p.out, "signed in; limited to changing the password:", session.Limited)
	return ctx, nil
}

// withdraw takes money out: not without a proof, and with one for this amount to this
// destination alone.
func (p *program) withdraw(ctx, session context.Context, customer okpay.CustomerID) error {
	amount := money.New(10_000, money.MustISO("CNY"))
	if _, err := p.wallet.TopUps.Create(session, okpay.CreateTopUp{Customer: customer, Amount: money.New(50_000, money.MustISO("CNY"))}); err != nil {
		return err
	}
	to, err := p.wallet.Destinations.Save(session, okpay.SaveDestination{Customer: customer, Type: "bank", Holder: "A customer", Details: "6222 0000 1111 2222"})
	if err != nil {
		return err
	}
	if _, err = p.wallet.Destinations.Verify(ctx, okpay.VerifyDestination{Destination: to.ID, By: "ops1"}); err != nil {
		return err
	}
	request := okpay.RequestWithdrawal{Customer: customer, Amount: amount, Destination: to.ID}
	_, err = p.wallet.Withdrawals.Request(session, request)
	fmt.Fprintln(p.out, "a withdrawal without a proof:", okpay.CodeOf(err))

	step, err := p.ids.BeginStepUp(session, identity.StepUpRequest{Action: identity.StepUpWithdrawal, Amount: amount, To: string(to.ID)})
	if err != nil {
		return err
	}
	p.now = p.now.Add(time.Minute) // a code is good once; this is the next one
	proof, err := p.ids.FinishStepUp(session, identity.FinishStepUp{ID: step.ID, Method: identity.BySecondFactor, Answer: p.code()})
	if err != nil {
		return err
	}
	request.Proof = proof.Reveal()
	other := request
	other.Amount = money.New(49_000, money.MustISO("CNY"))
	_, err = p.wallet.Withdrawals.Request(session, other)
	fmt.Fprintln(p.out, "the proof with another amount:", okpay.CodeOf(err))
	x, err := p.wallet.Withdrawals.Request(session, request)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "with its own: %s is %s\n", x.Amount, x.State)
	return nil
}

// report stops everything in one call.
func (p *program) report(ctx, session context.Context, customer okpay.CustomerID) error {
	if _, err := p.ids.ReportUnauthorised(session, identity.ReportUnauthorised{Text: "That withdrawal was not me."}); err != nil {
		return err
	}
	_, err := p.wallet.Withdrawals.Request(session, okpay.RequestWithdrawal{Customer: customer, Amount: money.New(100, money.MustISO("CNY")), Destination: "any"})
	fmt.Fprintln(p.out, "reported; the session:", okpay.CodeOf(err))
	gate, err := p.wallet.Customers.Gate(ctx, customer)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.out, "the account is", gate.State, "for", gate.Reason)
	done, _, err := p.wallet.Audit(ctx, okpay.AuditPage{Customer: customer, Shown: true, Limit: 100})
	if err != nil {
		return err
	}
	fmt.Fprintln(p.out, "what the customer sees of it all, the newest first:")
	for _, e := range done {
		fmt.Fprintln(p.out, "  ", e.Action)
	}
	return nil
}
