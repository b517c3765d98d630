package okpay

import (
	"context"
	"strings"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// topUpRestriction is the reason of a gate that a reversal has locked, of a top-up or of money
// that had paid a payment.
const topUpRestriction = "topup_reversed"

// owed are the postings of money that a source took back from a customer. All of it is owed
// first, and paid from the balance as far as that goes: the kernel decides the split, over the
// balance as it is when this commits. The gate is the customer's; one that is closed has no balance.
func owed(g *Gate, clearing string, taken money.Amount) []ledger.Posting {
	debt := customerDebt(g.Customer)
	postings := []ledger.Posting{{Debit: debt, Credit: clearing, Amount: taken}}
	if g.State != GateClosed {
		postings = append(postings, ledger.Posting{Debit: customerAccount(g.Customer), Credit: debt, Amount: taken, UpTo: ledger.UpToDebit})
	}
	return postings
}

// restrict locks the gate of a customer from whom a source took money back. One that is locked
// keeps its reason.
func (w *Wallet) restrict(d *ledger.Draft, g *Gate) error {
	if g.State == GateClosed {
		return nil
	}
	if g.State == GateActive {
		g.By, g.Reason = "program", topUpRestriction
	}
	m, err := GateMachine().Move(&g.State, string(g.Customer), restrictAccount, Always)
	if err != nil {
		return err
	}
	g.UpdatedAt = d.Now()
	return w.write(&d.Change, d.Now(), g, m)
}

// Debts returns what a customer owes, one amount for each currency in which they owe
// something: what a funding source took back, of a top-up or of what had paid a payment, beyond
// what was there. Errors: NotFound.
func (s *Customers) Debts(ctx context.Context, id CustomerID) ([]money.Amount, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.w.debts(ctx, customerDebt(id))
}

// debts are what stands on an account of what somebody owes.
func (w *Wallet) debts(ctx context.Context, account string) (owed []money.Amount, err error) {
	balances, err := w.balances(ctx, account)
	if err != nil {
		return nil, translate(err)
	}
	for _, b := range balances {
		if b.Total.IsPositive() {
			owed = append(owed, b.Total)
		}
	}
	return owed, nil
}

// payDebt posts the payment of a debt out of a balance: no more than the amount, than is owed, and
// than is there.
func payDebt(d *ledger.Draft, of, balance, debt string, most money.Amount) {
	d.Post(ledger.Transaction{
		Reference: of, Metadata: kind("debt"),
		Postings: []ledger.Posting{{Debit: balance, Credit: debt, Amount: most, UpTo: ledger.UpToDebit | ledger.UpToCredit}},
	})
}

// debtPaid is how much a transaction of payDebt's has paid, possibly nothing.
func (w *Wallet) debtPaid(ctx context.Context, out ledger.Outcome, most money.Amount) (money.Amount, error) {
	t, err := w.ledger.FindTransaction(ctx, out.First)
	if err != nil {
		return money.Amount{}, translate(err)
	}
	for _, p := range t.Postings {
		if strings.HasPrefix(p.Credit, "receivable:") {
			return p.Amount, nil
		}
	}
	return money.Zero(most.Currency()), nil
}

// SettleDebt is the input of Customers.SettleDebt.
type SettleDebt struct {
	Customer CustomerID
	Amount   money.Amount // the most that is to be paid
	By       string       // the operator, at most 64 letters, digits, '_' and '-'
	Key      string       // makes the call safe to repeat
}

// SettleDebt pays a customer's debt out of their balance and returns how much was paid: no more
// than Amount, than is owed, and than is there; possibly nothing. It is an operator's act and
// does not unlock the account. Nothing pays a debt by itself: a later top-up is the customer's, as any
// other, until somebody who may says otherwise. Errors: InvalidRequest, AmountNotPositive, CurrencyNotSupported,
// NotFound, AccountClosed, IdempotencyKeyReused.
func (s *Customers) SettleDebt(ctx context.Context, in SettleDebt) (paid money.Amount, err error) {
	if err := CheckID("customer", string(in.Customer)); err != nil {
		return money.Amount{}, err
	}
	if err := CheckID("by", in.By); err != nil {
		return money.Amount{}, err
	}
	if err := s.w.amount("amount", in.Amount); err != nil {
		return money.Amount{}, err
	}
	v := verb{"op/" + in.By, "account.settle_debt", in.Key, []ledger.Field{
		{Name: "customer", Value: string(in.Customer)}, {Name: "amount", Value: in.Amount.String()},
	}}
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		g, err := s.w.gate(d, in.Customer)
		if err != nil {
			return err
		}
		if g.State == GateClosed {
			return accountClosed(in.Customer)
		}
		payDebt(d, string(in.Customer), customerAccount(in.Customer), customerDebt(in.Customer), in.Amount)
		return s.w.write(&d.Change, d.Now(), g, Told{Emits: []string{"account.debt_settled"}})
	})
	if err != nil {
		return money.Amount{}, translate(err)
	}
	return s.w.debtPaid(ctx, out, in.Amount)
}
