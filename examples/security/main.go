// Command security follows a customer from the registration to a withdrawal with two factors, to
// the call that stops everything when something is not theirs, and to the two agents who open the
// account again for its owner:
//
//	go run ./examples/security
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/joined"
	"github.com/okpay/okpay-go/okpay/lockout"
	"github.com/okpay/okpay-go/okpay/notify"
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
	care   *care.Care
	mails  *notify.Simulated // the customer's mailbox
	phone  totp.Secret       // in the customer's authenticator app
}

const (
	mail   = "customer@example.com"
	secret = "purple ferry lantern mosaic"
	newer  = "copper tunnel willow planet"
	why    = "as the customer asked by telephone"
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
	// Identity, care and messages, joined. In Live mode identity wants Keys; in Test mode it makes one.
	// Instead of a mailbox that only remembers, a program has notify.NewSMTP.
	p.mails = &notify.Simulated{}
	links := map[string]string{}
	for _, template := range joined.Linked() {
		links[template] = "https://wallet.example/stop?token="
	}
	j, err := joined.New(p.wallet, joined.Config{Notify: notify.Config{Domain: "mail.wallet.example", Mailer: p.mails, Links: links}})
	if err != nil {
		return err
	}
	p.ids, p.care = j.Identity, j.Care
	if err := p.hire(ctx); err != nil {
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
	if err := p.release(ctx, customer); err != nil {
		return err
	}
	if err := p.activity(ctx, customer); err != nil {
		return err
	}
	problems, err := l.Verify(ctx)
	if err != nil {
		return err
	}
	return problems.Err()
}

// hire makes the operators: an agent, and a supervisor who approves what takes two.
func (p *program) hire(ctx context.Context) error {
	_, err := p.care.Operators.Bootstrap(ctx, care.CreateOperator{ID: "root", Roles: []care.Role{care.Admin}, Why: "the first one"})
	for id, role := range map[care.OperatorID]care.Role{"agent": care.AgentL2, "lead": care.Supervisor} {
		if err == nil {
			_, err = p.care.Operators.Create(ctx, care.CreateOperator{By: "root", ID: id, Roles: []care.Role{role}, Why: "was hired"})
		}
	}
	return err
}

// mailed sends what is to be sent, which Wallet.Run does in a program, and reads the newest code. No
// record has it: it is made when the message is sent.
func (p *program) mailed(ctx context.Context) (identity.Secret, error) {
	if _, err := p.wallet.Work(ctx); err != nil {
		return identity.Secret{}, err
	}
	code := ""
	for _, m := range p.mails.Mails() {
		if found := regexp.MustCompile(`(?m)^\D*\b(\d{8})\b`).FindStringSubmatch(m.Plain); found != nil {
			code = found[1]
		}
	}
	if code == "" {
		return identity.Secret{}, errors.New("no code was sent")
	}
	return identity.NewSecret(code), nil
}

// register makes a customer and proves that the e-mail address is theirs.
func (p *program) register(ctx context.Context) (okpay.CustomerID, error) {
	made, err := p.ids.Register(ctx, identity.Register{
		Name: "A customer", Email: mail, Password: password.New(secret), Consent: identity.Consent{Version: "2026-01"},
	})
	if err != nil {
		return "", err
	}
	code, err := p.mailed(ctx)
	if err != nil {
		return "", err
	}
	v, err := p.ids.ProveCode(ctx, identity.ProveCode{ID: made.Verification, Code: code})
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
	return p.signedIn(ctx)
}

func (p *program) signedIn(ctx context.Context) (context.Context, error) {
	p.now = p.now.Add(time.Minute) // a code is good once; this is the next one
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
	queue, _, err := p.care.Cases.Queue(ctx, care.ReadQueue{By: "agent", Tier: 1})
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "support has a case of priority %d: %s\n", queue[0].Priority, queue[0].Category)
	return nil
}

// release is the customer's call: they show who they are by a code to the mailbox and by their app,
// neither of which the agent sees, and two agents agree.
func (p *program) release(ctx context.Context, customer okpay.CustomerID) error {
	p.now = p.now.Add(time.Hour)
	queue, _, err := p.care.Cases.Queue(ctx, care.ReadQueue{By: "agent", Tier: 1})
	if err != nil {
		return err
	}
	of := queue[0].ID
	if _, err := p.care.Cases.Take(ctx, care.WorkCase{By: "agent", Why: why, Case: of}); err != nil {
		return err
	}
	asked, number, err := p.care.Callers.AskProof(ctx, care.AskCaller{By: "agent", Why: why, Case: of})
	if err != nil {
		return err
	}
	proof, err := p.proveInFull(ctx)
	if err != nil {
		return err
	}
	approved := care.ProveCaller{Customer: customer, Request: asked.ID, Number: number, Proof: proof.Reveal()}
	if _, err := p.care.Callers.Approve(ctx, approved); err != nil {
		return err
	}
	request, err := p.care.Callers.Request(ctx, care.RequestSupport{By: "agent", Why: why, Case: of, Act: care.UnlockRisk})
	if err != nil {
		return err
	}
	if _, err := p.care.Callers.ApproveRequest(ctx, care.DecideSupport{By: "lead", Why: why, Request: request.ID}); err != nil {
		return err
	}
	gate, err := p.wallet.Customers.Gate(ctx, customer)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.out, "two agents agreed; the account is", gate.State)
	// Whoever had the old password has nothing now: a reset, with both factors, sets another.
	p.now = p.now.Add(15 * time.Minute) // codes are sent so often and no oftener
	reset, err := p.ids.RequestPasswordReset(ctx, identity.RequestPasswordReset{Email: mail})
	if err != nil {
		return err
	}
	code, err := p.mailed(ctx)
	if err != nil {
		return err
	}
	if reset, err = p.ids.OpenPasswordReset(ctx, identity.OpenPasswordReset{ID: reset.ID, Code: code}); err != nil {
		return err
	}
	if _, err = p.ids.FinishResetFactor(ctx, identity.FinishResetFactor{Grant: reset.Grant, Code: p.code()}); err != nil {
		return err
	}
	if err := p.ids.SetNewPassword(ctx, identity.SetNewPassword{Grant: reset.Grant, Password: password.New(newer)}); err != nil {
		return err
	}
	if gate, err = p.wallet.Customers.Gate(ctx, customer); err != nil {
		return err
	}
	fmt.Fprintln(p.out, "with a new password it is", gate.State)
	return nil
}

// proveInFull proves two factors to identity, for support.
func (p *program) proveInFull(ctx context.Context) (identity.Secret, error) {
	v, err := p.ids.StartVerification(ctx, identity.StartVerification{Purpose: identity.ForSupportInFull, Email: mail})
	if err != nil {
		return identity.Secret{}, err
	}
	code, err := p.mailed(ctx)
	if err != nil {
		return identity.Secret{}, err
	}
	if v, err = p.ids.ProveCode(ctx, identity.ProveCode{ID: v.ID, Code: code}); err != nil {
		return identity.Secret{}, err
	}
	v, err = p.ids.ProveSecond(ctx, identity.ProveSecond{ID: v.ID, Kind: lockout.ProofTOTP, Code: p.code()})
	return v.Proof, err
}

// activity is what the customer sees of it all.
func (p *program) activity(ctx context.Context, customer okpay.CustomerID) error {
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
