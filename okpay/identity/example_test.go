package identity_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
)

// A customer registers, verifies a contact, signs in and changes the password.
func Example() {
	ctx := context.Background()
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: okpay.Chart()})
	if err != nil {
		panic(err)
	}
	defer l.Close(ctx)
	w, err := okpay.New(l, okpay.Config{RequireActor: true})
	if err != nil {
		panic(err)
	}
	x, err := identity.New(w, identity.Config{})
	if err != nil {
		panic(err)
	}

	r, err := x.Register(ctx, identity.Register{
		Name: "Ann", Email: "ann@example.com", Password: password.New("correct horse 7 battery"),
		Consent: identity.Consent{Version: "terms-2026"},
	})
	if err != nil {
		panic(err)
	}
	signIn := identity.SignIn{
		Name: "ann@example.com", Password: password.New("correct horse 7 battery"),
		Client: identity.Client{Address: "192.0.2.1:50000", Place: "Shanghai, CN", UserAgent: "Firefox on Linux"},
	}
	_, err = x.SignIn(ctx, signIn)
	fmt.Println("before the contact is verified:", errors.Is(err, okpay.AuthenticationFailed))
	if err := x.ContactVerified(ctx, identity.ContactVerified{Customer: r.Customer, Contact: r.Contact}); err != nil {
		panic(err)
	}

	s, err := x.SignIn(ctx, signIn)
	if err != nil {
		panic(err)
	}
	// The program hands s.Token.Reveal() to its client, and gets it with each request.
	request, session, err := x.Authenticate(ctx, s.Token)
	if err != nil {
		panic(err)
	}
	name := "Ann B."
	_, err = w.Customers.Update(request, okpay.UpdateCustomer{Customer: r.Customer, Name: &name})
	fmt.Println("signed in on", session.Device, "and renamed:", err == nil)

	err = x.ChangePassword(request, identity.ChangePassword{
		Current: password.New("correct horse 7 battery"), New: password.New("a better staple, 8 of them"),
	})
	fmt.Println("password changed:", err == nil)
	_, err = w.Customers.Update(request, okpay.UpdateCustomer{Customer: r.Customer, Name: &name})
	fmt.Println("what was authenticated before:", okpay.CodeOf(err))
	_, _, err = x.Authenticate(ctx, s.Token)
	fmt.Println("the session goes on:", err == nil)
	fmt.Println("tokens show nothing:", s.Token)

	// Output:
	// before the contact is verified: true
	// signed in on Firefox, Linux and renamed: true
	// password changed: true
	// what was authenticated before: session_ended
	// the session goes on: true
	// tokens show nothing: [redacted]
}
