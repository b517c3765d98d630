package okpay

import (
	"context"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// Debts returns what a merchant owes, one amount for each currency in which they owe something:
// what a dispute gave back to a customer beyond what could be reserved, or what a division of a
// payment took from them beyond what they had. Errors: NotFound.
func (s *Merchants) Debts(ctx context.Context, id MerchantID) ([]money.Amount, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return s.w.debts(ctx, merchantDebt(id))
}

// SettleMerchantDebt is the input of Merchants.SettleDebt.
type SettleMerchantDebt struct {
	Merchant MerchantID
	Amount   money.Amount // the most that is to be paid
	By       string       // the operator, at most 64 letters, digits, '_' and '-'
	Key      string       // makes the call safe to repeat
}

// SettleDebt nets a merchant's debt against their balance and returns how much was paid: no more than Amount,
// than is owed, and than is available; possibly nothing. What is held for a payout stays held. It
// is an operator's act, as for a customer (Customers.SettleDebt): nothing nets a debt by itself, what comes
// in later is the merchant's until somebody who may says otherwise. The merchant sees it in
// the statement as an entry of the kind debt. Errors, the first that applies: InvalidRequest, AmountNotPositive,
// CurrencyNotSupported, IdempotencyKeyReused, NotFound, AccountClosed, ServiceBusy in the moment of
// closing.
func (s *Merchants) SettleDebt(ctx context.Context, in SettleMerchantDebt) (paid money.Amount, err error) {
	if err := CheckID("merchant", string(in.Merchant)); err != nil {
		return money.Amount{}, err
	}
	if err := CheckID("by", in.By); err != nil {
		return money.Amount{}, err
	}
	if err := s.w.amount("amount", in.Amount); err != nil {
		return money.Amount{}, err
	}
	v := verb{"op/" + in.By, "merchant.settle_debt", in.Key, []ledger.Field{
		{Name: "merchant", Value: string(in.Merchant)}, {Name: "amount", Value: in.Amount.String()},
	}}
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		m, err := s.w.openMerchant(d, in.Merchant)
		if err != nil {
			return err
		}
		d.Post(debtPayment(string(in.Merchant), merchantAccount(in.Merchant), merchantDebt(in.Merchant), in.Amount, asFarAsItGoes))
		return s.w.write(&d.Change, d.Now(), m, Told{Emits: []string{"merchant.debt_settled"}})
	})
	if err != nil {
		return money.Amount{}, translate(err)
	}
	return s.w.debtPaid(ctx, out, in.Amount)
}
