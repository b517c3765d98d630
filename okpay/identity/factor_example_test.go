package identity_test

import (
	"context"
	"fmt"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
	"github.com/okpay/okpay-go/okpay/totp"
)

// A customer turns a second factor on, and proves with it that they mean a withdrawal.
func Example_secondFactor() {
	ctx, now := context.Background(), time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	l, _ := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: okpay.Chart(), Now: func() time.Time { return now }})
	defer l.Close(ctx)
	w, _ := okpay.New(l, okpay.Config{RequireActor: true})
	x, err := identity.New(w, identity.Config{Issuer: "Example"})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, _ := x.Register(ctx, identity.Register{
		Email: "sam@example.com", Password: password.New("correct 1 horse battery"), Consent: identity.Consent{Version: "v1"},
	})
	_ = x.ContactVerified(ctx, identity.ContactVerified{Customer: r.Customer, Contact: r.Contact})
	s, err := x.SignIn(ctx, identity.SignIn{Name: "sam@example.com", Password: password.New("correct 1 horse battery")})
	if err != nil {
		fmt.Println(err)
		return
	}
	request := func() context.Context { // each request begins so
		signedIn, _, _ := x.Authenticate(ctx, s.Token)
		return signedIn
	}

	// The secret is shown as a picture for the app's camera, once. The app's first code turns
	// the factor on.
	e, _ := x.BeginTOTP(request(), identity.BeginTOTP{})
	fmt.Println(e.Key.Issuer, e.Key.Account, e.Factor.State, e.Key.Secret)
	picture, _ := e.Key.PNG(0)
	fmt.Println(len(picture) > 0)
	app := func() identity.Secret { // shows codes
		code, _ := totp.Code(e.Key.Secret, totp.Params{}, now)
		return identity.NewSecret(code)
	}
	codes, err := x.ConfirmTOTP(request(), app())
	fmt.Println(len(codes), "recovery codes,", err)

	// A proof allows one withdrawal of that amount to that destination.
	up, _ := x.BeginStepUp(request(), identity.StepUpRequest{
		Action: identity.StepUpWithdrawal, Amount: money.New(1000, money.MustISO("CNY")), To: "dst_1",
	})
	fmt.Println(up.Methods, up.Amount)
	now = now.Add(30 * time.Second) // a code is good once, so the customer waits for the next
	proof, err := x.FinishStepUp(request(), identity.FinishStepUp{ID: up.ID, Method: identity.BySecondFactor, Answer: app()})
	fmt.Println(proof, err)

	// Output:
	// Example sam@example.com pending [secret]
	// true
	// 10 recovery codes, <nil>
	// [second_factor] 10.00 CNY
	// [redacted] <nil>
}
