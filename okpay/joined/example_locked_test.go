package joined_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/joined"
	"github.com/okpay/okpay-go/okpay/notify"
	"github.com/okpay/okpay-go/okpay/password"
)

// Five wrong guesses lock a password. A message tells its owner why; the sign-in never does. A code
// to the mailbox proves who the owner is and opens the lock, and the password is changed.
func Example_locked() {
	ctx := context.Background()
	now := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: okpay.Chart(), Now: func() time.Time { return now }, MaxSkew: -1})
	if err != nil {
		panic(err)
	}
	defer func() { _ = l.Close(ctx) }()
	wallet, err := okpay.New(l, okpay.Config{RequireActor: true})
	if err != nil {
		panic(err)
	}
	mailer, links := &notify.Simulated{}, map[string]string{}
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
	// code is the one in the newest message.
	code := func() identity.Secret {
		_, _ = wallet.Work(ctx) // Run does this in a program
		all := mailer.Mails()
		return identity.NewSecret(regexp.MustCompile(`\b\d{8}\b`).FindString(all[len(all)-1].Plain))
	}
	const mail, good = "sam@example.com", "purple ferry lantern"
	made, _ := j.Identity.Register(ctx, identity.Register{
		Name: "Sam", Email: mail, Password: password.New(good), Consent: identity.Consent{Version: "2026-01"},
	})
	_, _ = j.Identity.ProveCode(ctx, identity.ProveCode{ID: made.Verification, Code: code()})

	now = now.Add(time.Minute) // codes are sent so often and no oftener
	for range 5 {
		_, _ = j.Identity.SignIn(ctx, identity.SignIn{Name: mail, Password: password.New("a guess")})
	}
	_, err = j.Identity.SignIn(ctx, identity.SignIn{Name: mail, Password: password.New(good)})
	fmt.Println("the right password:", okpay.CodeOf(err))
	_, _ = wallet.Work(ctx)
	for _, m := range mailer.Mails() {
		if strings.Contains(m.Subject, "locked") {
			fmt.Println("by mail:", regexp.MustCompile(`Reason: .*`).FindString(m.Plain))
		}
	}

	v, _ := j.Identity.StartVerification(ctx, identity.StartVerification{Purpose: identity.ForUnlock, Email: mail})
	v, _ = j.Identity.ProveCode(ctx, identity.ProveCode{ID: v.ID, Code: code()})
	why, _ := j.Identity.LockReason(ctx, identity.LockReasonOf{Proof: v.Proof})
	fmt.Println("in the app:", why.Locks[0].Reason, why.Locks[0].Failures)
	unlocked, err := j.Identity.Unlock(ctx, identity.Unlock{Proof: v.Proof})
	fmt.Println("unlocked:", unlocked.Cleared, "change the password:", unlocked.ChangePassword, "two-factor:", unlocked.EnableSecondFactor, err)

	in, _ := j.Identity.SignIn(ctx, identity.SignIn{Name: mail, Password: password.New(good)})
	signedIn, _, _ := j.Identity.Authenticate(ctx, in.Token)
	err = j.Identity.ChangePassword(signedIn, identity.ChangePassword{Current: password.New(good), New: password.New("copper tunnel willow")})
	fmt.Println("changed:", err == nil)
	// Output:
	// the right password: authentication_failed
	// by mail: Reason: too many wrong entries
	// in the app: too_many_failures 5
	// unlocked: true change the password: true two-factor: true <nil>
	// changed: true
}
