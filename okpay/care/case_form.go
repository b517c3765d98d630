package care

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// AskForm asks for the form with which a customer contacts support.
type AskForm struct {
	Customer okpay.CustomerID
	Category Category
	Object   Link // what it is about, such as a payment that failed; may be empty
}

// Form is what support has to know, filled in as far as it is known.
type Form struct {
	Category Category    `json:"category"`
	Priority Priority    `json:"priority"`
	Fields   []FormField `json:"fields"` // in order
	Objects  []Link      `json:"objects,omitempty"`
	// Open is the customer's open case of the category: what they send is added to it.
	Open CaseID `json:"open,omitempty"`
}

// FormField is one fact of a form. Those that are the account's own are for the customer to have at
// hand, should somebody ask; a case does not keep them.
type FormField struct {
	Fact     Fact   `json:"fact"`
	Value    string `json:"value,omitempty"`
	Required bool   `json:"required,omitempty"`
	Kept     bool   `json:"kept,omitempty"`
}

// Form returns a category's form for a customer, filled in. Errors, the first that applies:
// InvalidRequest, NotFound for the customer, or an object that is not theirs.
func (s *Cases) Form(ctx context.Context, in AskForm) (Form, error) {
	row, err := category(in.Category)
	if err != nil {
		return Form{}, err
	}
	if err := s.c.own(ctx, in.Customer); err != nil {
		return Form{}, err
	}
	out := Form{Category: row.Category, Priority: row.Priority}
	known := map[Fact]string{}
	if in.Object != (Link{}) {
		if out.Objects, err = checkLinks([]Link{in.Object}); err != nil {
			return Form{}, err
		}
		if err := s.factsOf(ctx, in.Customer, in.Object, known); err != nil {
			return Form{}, err
		}
	}
	if err := s.factsAbout(ctx, in.Customer, known); err != nil {
		return Form{}, err
	}
	for _, f := range row.Facts {
		out.Fields = append(out.Fields, FormField{f, known[f], slices.Contains(row.Required, f), f.kept()})
	}
	r, err := s.c.w.Ledger().RecordByKey(ctx, openKey(in.Customer, in.Category))
	if err == nil {
		out.Open = CaseID(r.ID)
	} else if !errors.Is(err, ledger.ErrNotFound) {
		return Form{}, err
	}
	return out, nil
}

// factsAbout fills in what is the account's own.
func (s *Cases) factsAbout(ctx context.Context, customer okpay.CustomerID, known map[Fact]string) error {
	c, err := s.c.w.Customers.Get(ctx, customer)
	if err != nil {
		return err
	}
	for _, contact := range c.Contacts {
		if contact.Kind == okpay.ContactEmail && contact.State == okpay.ContactVerified && known[RegisteredEmail] == "" {
			known[RegisteredEmail] = masked(contact)
		}
	}
	balances, err := s.c.w.Customers.Balances(ctx, customer)
	if err != nil {
		return err
	}
	var have []string
	for _, b := range balances {
		have = append(have, b.Available.String())
	}
	known[AccountBalance] = strings.Join(have, ", ")
	g, err := s.c.w.Customers.Gate(ctx, customer)
	if g.State != okpay.GateActive {
		known[LockReason] = g.Reason
	}
	return err
}

// factsOf fills in what is known of an object. Errors: NotFound unless it is the customer's.
func (s *Cases) factsOf(ctx context.Context, customer okpay.CustomerID, o Link, known map[Fact]string) error {
	r, err := s.c.w.Ledger().Record(ctx, o.Type, o.ID)
	if errors.Is(err, ledger.ErrNotFound) || errors.Is(err, ledger.ErrErased) || err == nil && !slices.Contains(r.Labels, "c:"+string(customer)) {
		return okpay.NewError(okpay.NotFound, "there is no %s with this id", o.Type)
	}
	if err != nil {
		return err
	}
	known[TransactionID] = o.ID
	// '~' sorts after all that an id can go on with, so the page begins with the object.
	list, err := s.c.w.Customers.Activity(ctx, customer, okpay.ActivityPage{Before: o.ID + "~", Kinds: []string{o.Type}, Limit: 1})
	if err != nil || len(list) == 0 || list[0].Object != o.ID {
		return err
	}
	a := list[0]
	known[ObjectState], known[AmountConcerned], known[OccurredAt] = a.State, a.Amount.String(), stamp(a.CreatedAt)
	if a.Failure != nil {
		known[FailureCode], known[OccurredAt] = string(a.Failure.Code), stamp(a.Failure.At)
	}
	return nil
}
