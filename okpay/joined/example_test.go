package joined_test

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/joined"
	"github.com/okpay/okpay-go/okpay/notify"
	"github.com/okpay/okpay-go/okpay/password"
)

// A customer registers by e-mail, reports what they have not done, and support has the case at
// once: one commit locks the account, ends all sessions and opens it.
func Example() {
	ctx := context.Background()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: okpay.Chart(), Now: func() time.Time { return now }, MaxSkew: -1})
	if err != nil {
		panic(err)
	}
	defer func() { _ = l.Close(ctx) }()
	wallet, err := okpay.New(l, okpay.Config{RequireActor: true})
	if err != nil {
		panic(err)
	}
	mailer := &notify.Simulated{} // in a program this is notify.NewSMTP
	links := map[string]string{}
	for _, template := range joined.Linked() {
		links[template] = "https://wallet.example/stop?token="
	}
	j, err := joined.New(wallet, joined.Config{
		Identity: identity.Config{Hashing: password.Config{Params: password.Params{Memory: 64, Time: 1, Threads: 1}}}, // far too little for a program
		Notify:   notify.Config{Domain: "mail.wallet.example", Mailer: mailer, Links: links},
	})
	if err != nil {
		panic(err)
	}
	_, _ = j.Care.Operators.Bootstrap(ctx, care.CreateOperator{ID: "root", Roles: []care.Role{care.Admin}, Why: "the first one"})
	_, _ = j.Care.Operators.Create(ctx, care.CreateOperator{By: "root", ID: "agent", Roles: []care.Role{care.AgentL2}, Why: "was hired"})

	made, _ := j.Identity.Register(ctx, identity.Register{
		Name: "Sam", Email: "sam@example.com", Password: password.New("purple ferry lantern"), Consent: identity.Consent{Version: "2026-01"},
	})
	_, _ = wallet.Work(ctx) // Run does this in a program
	code := regexp.MustCompile(`\b\d{8}\b`).FindString(mailer.Mails()[0].Plain)
	v, err := j.Identity.ProveCode(ctx, identity.ProveCode{ID: made.Verification, Code: identity.NewSecret(code)})
	fmt.Println(v.State, err)
	in, _ := j.Identity.SignIn(ctx, identity.SignIn{Name: "sam@example.com", Password: password.New("purple ferry lantern")})
	signedIn, _, _ := j.Identity.Authenticate(ctx, in.Token)

	_, err = j.Identity.ReportUnauthorised(signedIn, identity.ReportUnauthorised{Text: "Somebody has my telephone."})
	gate, _ := wallet.Customers.Gate(ctx, made.Customer)
	fmt.Println(gate.State, gate.Reason, err)
	queue, _, _ := j.Care.Cases.Queue(ctx, care.ReadQueue{By: "agent", Tier: 1})
	fmt.Println(len(queue), queue[0].Category, queue[0].Priority)
	// Output:
	// done <nil>
	// locked user_report <nil>
	// 1 unauthorized_transaction 1
}
