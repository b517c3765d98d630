package paths

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/lockout"
)

func riskLock() identity.RiskLock {
	return identity.RiskLock{Customer: ann, Reason: lockout.ReasonRisk, Detail: "a rule has found it"}
}

func agent(id string, level int) identity.ByAgent {
	return identity.ByAgent{Customer: ann, Agent: identity.Agent{ID: id, Level: level, Reason: why}}
}

// trusted are arguments of what the embedding program does, by the names of their fields.
func trusted(t *testing.T, w *world, s stage, name string, of okpay.CustomerID) (args []any) {
	t.Helper()
	fields := map[string]any{
		"Customer": of, "Merchant": okpay.MerchantID("shop"), "By": "ops", "Reason": "manual", "Every": "day", "Email": "x@example.com", "Contact": w.phone, "Amount": cny(100), "Destination": w.to,
		"Withdrawal": s.withdrawal, "Transfer": s.transfer, "Dispute": s.dispute, "Payment": s.disputed, "Name": "Name", "Base": "USD", "Quote": "CNY",
		"ID": "new", "Currency": "CNY", "Provider": "simulated", "URL": "https://example.com", "Currencies": []string{"CNY"},
		"Payout": okpay.PayoutID("pyo_none"), "TopUp": okpay.TopUpID("top_none"), "Refund": okpay.RefundID("ref_none"), "Exception": okpay.ExceptionID("exc_none"),
	}
	m := method(t, w.process, name).Type()
	for i := 1; i < m.NumIn(); i++ {
		in := m.In(i)
		v := reflect.New(in).Elem()
		switch {
		case in == reflect.TypeFor[okpay.MerchantID]():
			v.SetString("shop")
		case in == reflect.TypeFor[okpay.WithdrawalID]():
			v.SetString(string(s.withdrawal))
		case in.Kind() == reflect.String:
			v.SetString("none")
		case in == reflect.TypeFor[okpay.Registration]():
			v.Set(reflect.ValueOf(okpay.Registration{
				CreateCustomer: okpay.CreateCustomer{ID: "new"}, Contact: okpay.Address{Kind: okpay.ContactEmail, Value: "x@example.com"},
			}))
		case in == reflect.TypeFor[okpay.ResolveException]():
			v.Set(reflect.ValueOf(okpay.ResolveException{Exception: "exc_none", Disposition: okpay.CreditCustomer, Customer: of, Reason: "manual", By: "ops"}))
		case in == reflect.TypeFor[identity.ByAgent]():
			v.Set(reflect.ValueOf(agent("ops", 3)))
		case in.Kind() == reflect.Struct:
			for j := range v.NumField() {
				if f := v.Field(j); v.Type().Field(j).Name == "Name" && f.Type() == reflect.TypeFor[*string]() {
					name := "Name"
					f.Set(reflect.ValueOf(&name))
				}
				if value, ok := fields[v.Type().Field(j).Name]; ok && reflect.TypeOf(value).ConvertibleTo(v.Field(j).Type()) && reflect.TypeOf(value).Kind() == v.Field(j).Kind() {
					v.Field(j).Set(reflect.ValueOf(value).Convert(v.Field(j).Type()))
				}
			}
		case in.Kind() == reflect.Interface:
			return nil
		}
		args = append(args, v.Interface())
	}
	return args
}

// What is the embedding program's, an operator's or a merchant's does nothing while a customer acts,
// to that customer or another: a program that hands a request's context on to it has made a mistake.
func TestWhatIsNotACustomersDoesNothingInTheirSession(t *testing.T) {
	w := start(t)
	s := w.stage()
	rows := 0
	for _, p := range paths(t) {
		if !has(p.guards, "not with an actor") || has(p.guards, "of its drafts") {
			continue
		}
		rows++
		for _, of := range []okpay.CustomerID{ann, ben} {
			for _, ctx := range []context.Context{w.ann, w.ben} {
				args := trusted(t, w, s, p.name, of)
				head, worth := w.head(), w.worth(ann)
				_, err := call(t, w.process, p.name, append([]any{ctx}, args...)...)
				want := okpay.PermissionDenied
				if p.name == "okpay.Reconciliation.Import" {
					want = okpay.InvalidRequest // no file is handed in here; it looks at that first
				}
				assert.ErrorIs(t, err, want, p.name)
				assert.Equal(t, head, w.head(), "%s of %s: %v", p.name, of, err)
				assert.Equal(t, worth, w.worth(ann), p.name)
			}
		}
	}
	assert.Greater(t, rows, 45)
}

// The ones with which a customer could help themselves to more, with arguments that are good:
// without a session they succeed.
func TestNoOtherWayInHelpsACustomerOrAThief(t *testing.T) {
	tries := map[string]func(*world, stage, context.Context) error{
		"lock another's account": func(w *world, _ stage, ctx context.Context) error {
			_, err := w.Customers.Lock(ctx, okpay.MoveGate{Customer: ben})
			return err
		},
		"lock their own": func(w *world, _ stage, ctx context.Context) error {
			_, err := w.Customers.Lock(ctx, okpay.MoveGate{Customer: ann})
			return err
		},
		"close another's account": func(w *world, _ stage, ctx context.Context) error {
			_, err := w.Customers.Close(ctx, okpay.MoveGate{Customer: "poor"})
			return err
		},
		"approve their own withdrawal": func(w *world, s stage, ctx context.Context) error {
			_, err := w.Withdrawals.Approve(ctx, okpay.ReviewWithdrawal{Withdrawal: s.withdrawal, By: "ops"})
			return err
		},
		"decide their own dispute": func(w *world, s stage, ctx context.Context) error {
			_, err := w.Disputes.ResolveForPayer(ctx, okpay.DecideDispute{Dispute: s.dispute, By: "ops"})
			return err
		},
		"make an API key": func(w *world, _ stage, ctx context.Context) error {
			_, _, err := w.Keys.Create(ctx, "shop", "a key")
			return err
		},
		"create a payment as a merchant": func(w *world, _ stage, ctx context.Context) error {
			_, err := w.Payments.Create(ctx, okpay.CreatePayment{Merchant: "shop", Amount: cny(1)})
			return err
		},
		"refund as a merchant": func(w *world, s stage, ctx context.Context) error {
			_, err := w.Payments.Refund(ctx, okpay.CreateRefund{Merchant: "shop", Payment: s.paid, Amount: cny(1)})
			return err
		},
		"name a quote's rate for another": func(w *world, _ stage, ctx context.Context) error {
			_, err := w.Quotes.Create(ctx, okpay.CreateQuote{Base: "USD", Quote: "CNY", Rate: rate("9"), Mid: rate("9"), Customer: ben})
			return err
		},
	}
	for what, try := range tries {
		t.Run(what, func(t *testing.T) {
			w := start(t)
			s := w.stage()
			_, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "poor"})
			require.NoError(t, err)
			head := w.head()
			assert.Contains(t, []okpay.Code{okpay.PermissionDenied, okpay.NotFound}, okpay.CodeOf(try(w, s, w.ann)))
			assert.Equal(t, head, w.head())
			require.NoError(t, try(w, s, okpay.WithoutActor(w.ann)), "the program itself may")
		})
	}
}

// With a session alone contacts do not change by the wallet's own verbs, since they prove who somebody is.
func TestASessionAloneChangesNoContact(t *testing.T) {
	w := start(t)
	c, err := w.Contacts.Add(w.ann, okpay.AddContact{Customer: ann, Email: "thief@example.com"})
	require.NoError(t, err)
	for _, id := range []okpay.ContactID{c.ID, w.phone, w.mail} {
		in := okpay.MoveContact{Customer: ann, Contact: id}
		w.refused(w.ann, "okpay.Contacts.MarkVerified", []any{in}, okpay.AuthenticationRequired)
		w.refused(w.ann, "okpay.Contacts.Remove", []any{in}, okpay.AuthenticationRequired)
		w.refused(w.ben, "okpay.Contacts.MarkVerified", []any{in}, okpay.NotFound)
		w.refused(w.ben, "okpay.Contacts.Remove", []any{in}, okpay.NotFound)
		w.refused(t.Context(), "okpay.Contacts.MarkVerified", []any{in}, okpay.AuthenticationRequired)
		w.refused(t.Context(), "okpay.Contacts.Remove", []any{in}, okpay.AuthenticationRequired)
	}
	w.refused(w.ann, "okpay.Contacts.Add", []any{okpay.AddContact{Merchant: "shop", Email: "x@example.com"}}, okpay.PermissionDenied)
}

// After a lock for reasons of security a new session is a limited one: nothing of money or data
// goes by any entry, and the program's unlocking is not the customer's.
func TestALimitedSessionDoesNothing(t *testing.T) {
	w := start(t)
	s := w.stage()
	prepared := map[string][]any{}
	for name, args := range anns() {
		if strings.HasPrefix(name, "okpay.") {
			prepared[name] = args(w, s)
		}
	}
	require.NoError(t, w.x.RiskLock(t.Context(), riskLock()))
	limited := w.as(w.token(annMail))
	for name, args := range prepared {
		w.refused(limited, name, args, okpay.AccountLocked)
	}
	w.refused(limited, "okpay.Customers.Unlock", []any{okpay.MoveGate{Customer: ann}}, okpay.PermissionDenied)
	w.refused(limited, "care.Phrases.Set", anns()["care.Phrases.Set"](w, s), okpay.AccountLocked)
}
