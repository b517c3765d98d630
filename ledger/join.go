package ledger

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// joinedKey is under what a context carries a Joined.
type joinedKey struct{}

// WithJoined returns a context that carries a transaction of the caller's, for
// CommitJoined. Other writes refuse it (ErrJoined): they would wait for the head that the
// transaction has locked.
func WithJoined(ctx context.Context, joined Joined) context.Context {
	return context.WithValue(ctx, joinedKey{}, joined)
}

func joinedIn(ctx context.Context) Joined {
	joined, _ := ctx.Value(joinedKey{}).(Joined)
	return joined
}

// CommitJoined writes one Change into the transaction that the context carries (see
// WithJoined and the driver's Join): it happens if and when the caller commits that
// transaction, together with all else that the transaction did. The Change is a block of
// its own. Several may be written in one transaction; each sees those before.
//
// From this call to the end of the transaction every other writer of the ledger waits: make
// it the last statement before COMMIT. It costs a round trip to lock and load and one to
// write, nothing is taken from the balances that the process remembers, and afterwards
// they are read again.
//
// An Outcome is final only once the caller's COMMIT has succeeded. When that is not known,
// ask again with the same id outside of the transaction.
//
// Errors are those of Commit. ErrInvalid if the context carries no transaction; ErrRetry
// when the head could not be locked in time.
func (l *Ledger) CommitJoined(ctx context.Context, change Change) (Outcome, error) {
	joined := joinedIn(ctx)
	if joined == nil {
		return Outcome{}, invalid("context", "carries no joined transaction")
	}
	c, request, err := l.alone(joined, change)
	if err != nil {
		return Outcome{}, err
	}
	c.observer = l.observer
	ctx, seen := l.observer.call(ctx, 1)
	request[0].seen = seen
	err = c.once(ctx, request)
	out := Outcome{}
	if err == nil {
		out, err = request[0].answers[0].outcome, request[0].answers[0].err
	}
	seen.answered(ctx, &out, err)
	seen.end(ctx, &out, err)
	return out, err
}

// alone returns a committer of its own, without memory, and one Change for it.
func (l *Ledger) alone(store beginner, change Change) (*committer, []*request, error) {
	var p prepared
	r := l.newPreparer()
	if err := l.prepare(&r, &p, &change, false); err != nil {
		return nil, nil, err
	}
	c := newCommitter(store, &l.cfg, nil, Head{Ledger: l.head.Ledger, Key: l.head.Key})
	return c, []*request{{members: []*prepared{&p}, answers: make([]answer, 1)}}, nil
}

// Preview is what a Change would do.
type Preview struct {
	Outcome
	Postings []Movement
}

// Movement is one posting with the balances after it, on the accounts' normal sides.
type Movement struct {
	Debit, Credit           AccountKey
	Amount                  money.Amount
	DebitAfter, CreditAfter money.Amount
	Effective               time.Time
}

// DryRun decides a Change as Commit would and writes nothing: not the Change, and not that
// its id was refused. It holds the head's lock while it decides. The Outcome's numbers are
// those that the next block would give.
//
// Errors are those of Commit.
func (l *Ledger) DryRun(ctx context.Context, change Change) (Preview, error) {
	if joinedIn(ctx) != nil {
		return Preview{}, ErrJoined
	}
	c, requests, err := l.alone(l.store, change)
	if err != nil {
		return Preview{}, err
	}
	tx, batch, err := c.decide(ctx, requests)
	if err != nil {
		return Preview{}, err
	}
	answer := requests[0].answers[0]
	out := Preview{Outcome: answer.outcome}
	if batch != nil {
		out.Postings, err = c.movements(batch)
	}
	if e := tx.Rollback(context.WithoutCancel(ctx)); err == nil {
		err = e
	}
	if err == nil {
		err = answer.err
	}
	return out, err
}

// movements tells the postings of a batch with the names of their accounts.
func (c *committer) movements(batch *Batch) ([]Movement, error) {
	var out []Movement
	for i := range batch.Postings {
		row := &batch.Postings[i]
		debit, credit := c.desk.work.number(row.Debit), c.desk.work.number(row.Credit)
		currency, err := money.NewCurrency(debit.Key.Currency, c.cache.currencies[debit.Key.Currency])
		if err != nil {
			return nil, err
		}
		after := func(a *workAccount, balance int64) money.Amount {
			if a.Normal == Debit {
				balance = -balance
			}
			return money.New(balance, currency)
		}
		out = append(out, Movement{
			Debit: debit.Key, Credit: credit.Key, Amount: money.New(row.Amount, currency),
			DebitAfter: after(debit, row.DebitAfter), CreditAfter: after(credit, row.CreditAfter),
			Effective: row.Effective,
		})
	}
	return out, nil
}
