package care_test

import (
	"context"
	"fmt"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

// A reviewer restricts an account until its owner has proven who they are; the owner does, and the
// restriction is over.
func ExampleRestrictions() {
	ctx := context.Background()
	now := func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }
	l, _ := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: okpay.Chart(), Now: now})
	defer l.Close(ctx)
	w, _ := okpay.New(l, okpay.Config{})
	c, _ := care.New(w, care.Config{})
	_, _ = w.Customers.Create(ctx, okpay.CreateCustomer{ID: "lin"})
	_, _ = c.Operators.Bootstrap(ctx, care.CreateOperator{ID: "root", Roles: []care.Role{care.Admin}, Why: "the first one"})
	_, _ = c.Operators.Create(ctx, care.CreateOperator{By: "root", Why: "was hired", ID: "eva", Roles: []care.Role{care.Reviewer}})

	r, _ := c.Restrictions.Impose(ctx, care.ImposeRestriction{
		By: "eva", Why: "the name differs from the bank's", Customer: "lin", Reason: "identity_unverified",
		Requirements: []care.Ask{{Kind: care.Document, Code: "identity_document"}},
	})
	fmt.Println(r.State, r.Reason, r.Capabilities, "until", r.Deadline.Format(time.DateOnly))
	_, err := w.Transfers.Create(ctx, okpay.CreateTransfer{From: "lin", To: "bo", Amount: yuan(1)})
	fmt.Println(err)

	_, _ = c.Restrictions.Submit(ctx, care.SubmitRequirement{Customer: "lin", Restriction: r.ID, Requirement: "r1", Documents: []care.Evidence{{
		Reference: "uploads/passport", SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Size: 48_123, MediaType: "image/jpeg",
	}}})
	p, _ := c.Restrictions.Progress(ctx, "lin", r.ID)
	fmt.Println(p.Stage, "place", p.Place, "expected by", p.Expected.Format(time.DateTime))

	r, _ = c.Restrictions.Accept(ctx, care.ReviewRequirement{By: "eva", Why: "it is the same person", Restriction: r.ID, Requirement: "r1"})
	g, _ := w.Customers.Gate(ctx, "lin")
	fmt.Println(r.State, len(g.Denied))
	// Output:
	// active identity_unverified [transfer withdraw] until 2026-04-01
	// okpay: account_restricted: the customer may not transfer at present
	// with_us place 1 expected by 2026-03-05 17:00:00
	// lifted 0
}
