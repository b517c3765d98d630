package notify_test

import (
	"context"
	"fmt"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/notify"
)

// A wallet tells its customers by e-mail and in the message center, each in their language.
func Example() {
	ctx := context.Background()
	now := func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: okpay.Chart(), Now: now, MaxSkew: -1})
	if err != nil {
		panic(err)
	}
	defer func() { _ = l.Close(ctx) }()
	wallet, err := okpay.New(l, okpay.Config{})
	if err != nil {
		panic(err)
	}
	// In a program this is notify.NewSMTP.
	mailer := &notify.Simulated{}
	n, err := notify.New(wallet, notify.Config{Domain: "mail.okpay.example", Mailer: mailer, Hotline: "+86 400 000 0000"})
	if err != nil {
		panic(err)
	}

	_, _ = wallet.Customers.Create(ctx, okpay.CreateCustomer{ID: "ann", Name: "Ann", Locale: "zh-CN"})
	c, _ := wallet.Contacts.Add(ctx, okpay.AddContact{Customer: "ann", Email: "ann@example.com"})
	_, _ = wallet.Contacts.MarkVerified(ctx, okpay.MoveContact{Customer: "ann", Contact: c.ID})
	_, _ = wallet.TopUps.Create(ctx, okpay.CreateTopUp{Customer: "ann", Amount: money.New(123450, money.MustISO("CNY"))})
	_, _ = wallet.Work(ctx) // Run does this in a program

	mail := mailer.Mails()[0]
	fmt.Println(mail.To, mail.Subject)
	notices, _, _ := n.Notices(ctx, "ann", notify.NoticePage{})
	fmt.Println(notices[0].Lines[0])
	unread, _ := n.Unread(ctx, "ann")
	fmt.Println(unread)
	// Output:
	// ann@example.com 充值已到账
	// 1,234.50 CNY 已存入您的钱包。
	// 1
}
