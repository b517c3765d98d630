package care_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

// A customer contacts support, an agent takes the case and solves it. Errors are left out.
func ExampleCases_Open() {
	ctx := context.Background()
	l, _ := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: okpay.Chart()})
	defer l.Close(ctx)
	w, _ := okpay.New(l, okpay.Config{})
	c, _ := care.New(w, care.Config{})
	w.Customers.Create(ctx, okpay.CreateCustomer{ID: "payer"})
	c.Operators.Bootstrap(ctx, care.CreateOperator{ID: "root", Roles: []care.Role{care.Admin}, Why: "the first operator"})
	c.Operators.Create(ctx, care.CreateOperator{By: "root", Why: "was hired", ID: "agent", Roles: []care.Role{care.AgentL1}})

	asked, _ := c.Cases.Open(ctx, care.OpenCase{Customer: "payer", Category: care.GeneralQuestion, Text: "How long does a withdrawal take?"})
	again, _ := c.Cases.Open(ctx, care.OpenCase{Customer: "payer", Category: care.GeneralQuestion, Text: "Hello?"})
	fmt.Println("the same case:", asked.ID == again.ID)
	progress, _ := c.Cases.Get(ctx, "payer", asked.ID)
	fmt.Println("place in the queue:", progress.Queue.Place)

	took, _ := c.Cases.TakeNext(ctx, care.TakeNext{By: "agent", Why: "on duty"})
	solved, _ := c.Cases.Solve(ctx, care.SayCase{By: "agent", Why: "answered", Case: took.ID, Text: "One day of work."})
	fmt.Println("it is", solved.State)
	// Output:
	// the same case: true
	// place in the queue: 1
	// it is solved
}

// The operator of a wallet says which channels are official, and an app asks, offline.
func ExampleVerifyDirectory() {
	ctx := context.Background()
	l, _ := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: okpay.Chart()})
	defer l.Close(ctx)
	w, _ := okpay.New(l, okpay.Config{})
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	cfg := care.Config{}
	cfg.Issuer, cfg.DirectoryKey = "OKPay", care.DirectoryKey{ID: "2026", Private: private}
	c, _ := care.New(w, cfg)
	c.Operators.Bootstrap(ctx, care.CreateOperator{ID: "root", Roles: []care.Role{care.Admin}, Why: "the first operator"})
	c.Directories.Publish(ctx, care.PublishDirectory{By: "root", Why: "the hotline", Channels: []care.Channel{
		{Kind: care.ChannelPhone, Value: "+86 400 800 1234"}, {Kind: care.ChannelWeb, Value: "okpay.example"},
	}})
	_, signed, _ := c.Directories.Current(ctx)

	trusted := map[string]ed25519.PublicKey{"2026": private.Public().(ed25519.PublicKey)}
	d, err := care.VerifyDirectory(signed, time.Now(), trusted)
	fmt.Println(err, d.Channels[0].Open)
	fmt.Println(d.Official(care.ChannelWeb, "https://okpay.example/help"), d.Official(care.ChannelWeb, "https://0kpay.example"))
	// Output:
	// <nil> 24x7
	// official suspicious
}
