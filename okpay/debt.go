package okpay

import (
	"context"
	"errors"
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
	return owing(balances), nil
}

// owing are the amounts above nothing.
func owing(balances []Balance) (owed []money.Amount) {
	for _, b := range balances {
		if b.Total.IsPositive() {
			owed = append(owed, b.Total)
		}
	}
	return owed
}

// ReasonDebtPaid is the Reason of a gate that SettleDebt has unlocked.
const ReasonDebtPaid = "debt_paid"

// asFarAsItGoes pays no more of a debt than is owed, and than is there.
const asFarAsItGoes = ledger.UpToDebit | ledger.UpToCredit

// debtPayment is the payment of a debt out of a balance.
func debtPayment(of, balance, debt string, amount money.Amount, upTo ledger.UpTo) ledger.Transaction {
	return ledger.Transaction{
		Reference: of, Metadata: kind("debt"),
		Postings: []ledger.Posting{{Debit: balance, Credit: debt, Amount: amount, UpTo: upTo}},
	}
}

// debtPaid is how much a debtPayment has paid, possibly nothing.
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
// than Amount, than is owed, and than is there; possibly nothing. It is an operator's act. An account that the
// debt alone has locked is unlocked by paying the last of it, and the customer is told; one that is locked
// for another reason stays so. Nothing pays a debt by itself: a later top-up is the customer's, as any
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
		settled := Told{Emits: []string{"account.debt_settled"}}
		last, err := s.last(d.Context(), g, in.Amount)
		if err != nil {
			return err
		}
		if last.IsZero() {
			d.Post(in.payment(in.Amount, asFarAsItGoes))
			return s.w.write(&d.Change, d.Now(), g, settled)
		}
		// Whether as much is there the kernel alone knows. If it is not, the account stays locked.
		part, still := d.Otherwise(ledger.InsufficientFunds), *g
		part.Ops = append(part.Ops, in.payment(in.Amount, asFarAsItGoes))
		if err := s.w.write(part, d.Now(), &still, settled); err != nil {
			return err
		}
		unlocked, err := GateMachine().Move(&g.State, string(g.Customer), unlockAccount, Always)
		if err != nil {
			return err
		}
		g.By, g.Reason, g.UpdatedAt = in.By, ReasonDebtPaid, d.Now()
		s.w.audit(&d.Change, d.Now(), AuditEntry{
			Actor: operatorOr(in.By), Action: "account.unlock", Customer: g.Customer, Reason: ReasonDebtPaid, Shown: true,
		})
		d.Post(in.payment(last, 0))
		return s.w.write(&d.Change, d.Now(), g, settled, unlocked)
	})
	var short *ledger.RefusedError
	if errors.As(err, &short) && short.Reason == ledger.InsufficientFunds && out.Seq > 0 {
		err = nil // as much as there was has been paid
	}
	if err != nil {
		return money.Amount{}, translate(err)
	}
	return s.w.debtPaid(ctx, out, in.Amount)
}

func (in *SettleDebt) payment(amount money.Amount, upTo ledger.UpTo) ledger.Transaction {
	return debtPayment(string(in.Customer), customerAccount(in.Customer), customerDebt(in.Customer), amount, upTo)
}

// last is all that a customer owes, if their account is locked for that alone and the amount would
// pay it; zero if not. What takes a top-up back, and what pays, write the gate that the Change relies on,
// so it is so when this commits. A dispute that is lost meanwhile may make a debt, which locks nothing.
func (s *Customers) last(ctx context.Context, g *Gate, most money.Amount) (owed money.Amount, err error) {
	if g.State != GateLocked || g.Reason != ReasonDebt {
		return owed, nil
	}
	balances, err := s.w.balances(ctx, customerDebt(g.Customer))
	if err != nil {
		return owed, err
	}
	all := owing(balances)
	if len(all) != 1 || all[0].Currency() != most.Currency() || all[0].Minor() > most.Minor() {
		return owed, nil
	}
	return all[0], nil
}
