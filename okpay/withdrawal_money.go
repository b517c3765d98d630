package okpay

import (
	"context"
	"errors"
	"slices"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// moveMoney does what a move that a provider's answer made means for the money. The document
// is in its new state already.
func (e outgoings) moveMoney(d *ledger.Draft, doc *outgoingDoc, from WithdrawalState, g Guard) error {
	amount, err := e.w.restore(doc.Minor.Amount, doc.Currency)
	if err != nil {
		return err
	}
	held := slices.Contains(inFlight(), from)
	clearing, suspense := clearingAccount(doc.Provider), suspenseAccount(doc.Provider)
	switch {
	case doc.State == WithdrawalFailed:
		d.Void(doc.ID)
		e.w.giveBack(&d.Change, doc.Used, amount.Currency())
		doc.Used = nil
	case doc.State == WithdrawalPaidAfterFailed:
		e.post(d, doc, ledger.Posting{Debit: suspense, Credit: clearing, Amount: amount})
	case doc.State == WithdrawalPaid && held:
		e.capture(d, doc)
	case doc.State == WithdrawalSentBack && from == WithdrawalFailed:
		// It was with its owner all the time, and left clearing as it had come.
	case doc.State == WithdrawalSentBack && from == WithdrawalPaidAfterFailed:
		e.post(d, doc, ledger.Posting{Debit: clearing, Credit: suspense, Amount: amount})
		return e.w.settled(d, doc.ID)
	case doc.State == WithdrawalSentBack:
		if held {
			e.capture(d, doc)
		}
		e.giveBackReturned(d, doc, amount, g)
	}
	return nil
}

// capture takes amount and fee.
func (e outgoings) capture(d *ledger.Draft, doc *outgoingDoc) {
	d.Capture(ledger.Capture{Hold: doc.ID, Final: true, Reference: doc.ID, Metadata: kind(e.noun)})
	doc.Minor.Charged = doc.Minor.Fee
}

// giveBackReturned posts what the bank sent back to whoever had paid it.
func (e outgoings) giveBackReturned(d *ledger.Draft, doc *outgoingDoc, amount money.Amount, g Guard) {
	to := doc.owner().account()
	switch g {
	case writtenOff:
		to = loss
	case ownerGone:
		to = suspenseAccount(doc.Provider)
	}
	postings := []ledger.Posting{{Debit: clearingAccount(doc.Provider), Credit: to, Amount: amount}}
	if e.config().ReturnFee && doc.Minor.Charged > 0 {
		postings = append(postings, ledger.Posting{Debit: e.feeAccount(), Credit: to, Amount: money.New(doc.Minor.Charged, amount.Currency())})
		doc.Minor.Charged = 0
	}
	e.post(d, doc, postings...)
}

func (e outgoings) post(d *ledger.Draft, doc *outgoingDoc, postings ...ledger.Posting) {
	d.Post(ledger.Transaction{Reference: doc.ID, Metadata: kind(e.noun), Postings: postings})
}

// Collect takes the amount of a withdrawal that was paid after it had failed from the customer's balance, who has it
// twice. It resolves the exception. Errors: InvalidRequest, NotFound, InvalidState,
// InsufficientBalance with Short, IdempotencyKeyReused.
func (s *Withdrawals) Collect(ctx context.Context, in ReviewWithdrawal) (Withdrawal, error) {
	return s.withdrawal(s.resolve(ctx, string(in.Withdrawal), in.By, in.Key, resolveCollect))
}

// WriteOff books the amount of a withdrawal that was paid after it had failed as a loss. It resolves the exception. Errors:
// InvalidRequest, NotFound, InvalidState, IdempotencyKeyReused.
func (s *Withdrawals) WriteOff(ctx context.Context, in ReviewWithdrawal) (Withdrawal, error) {
	return s.withdrawal(s.resolve(ctx, string(in.Withdrawal), in.By, in.Key, resolveWriteOff))
}

func (e outgoings) resolve(ctx context.Context, id, by, key string, on Action) (*outgoingDoc, bool, error) {
	if err := CheckID("by", by); err != nil {
		return nil, false, err
	}
	var currency money.Currency
	v := verb{"op/" + by, e.noun + "." + string(on), key, []ledger.Field{{Name: e.noun, Value: id}}}
	doc, replayed, err := e.run(ctx, v, id, func(d *ledger.Draft) error {
		doc, err := e.load(d, id)
		if err != nil {
			return err
		}
		m, err := e.move(doc, d.Now(), on, Always)
		if err != nil {
			return err
		}
		amount, err := e.w.restore(doc.Minor.Amount, doc.Currency)
		if err != nil {
			return err
		}
		currency = amount.Currency()
		from := doc.owner().account()
		if on == resolveWriteOff {
			from, doc.WrittenOff = loss, true
		}
		e.post(d, doc, ledger.Posting{Debit: from, Credit: suspenseAccount(doc.Provider), Amount: amount})
		doc.Failure = nil
		d.Result = id
		if err := e.write(&d.Change, doc, d.Now(), m); err != nil {
			return err
		}
		return e.w.settled(d, id)
	})
	var refused *ledger.RefusedError
	if errors.As(err, &refused) && refused.Reason == ledger.InsufficientFunds && !currency.IsZero() {
		short := money.New(refused.Short, currency)
		failure := NewError(InsufficientBalance, "%s is missing", short)
		failure.Object, failure.Short, failure.Err = id, &short, err
		return nil, false, failure
	}
	return doc, replayed, err
}
