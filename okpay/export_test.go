package okpay

import (
	"context"
	"errors"
)

// CountEvery sets how many rows of a statement are worked on and counted together, so that few
// rows can be many batches.
func (s *Reconciliations) CountEvery(n int) { s.atOnce = n }

// ExpireDue does what time alone does, until nothing of it is due: no provider and no source is asked.
func (w *Wallet) ExpireDue(ctx context.Context) (done int, err error) {
	for {
		before := done
		for _, j := range w.jobs {
			switch j.noun {
			case "topup", "withdrawal", "payout", "destination":
				continue
			}
			n, failed := w.due(ctx, j.noun, 1, nil, j.do)
			done, err = done+n, errors.Join(err, failed)
		}
		if done == before || err != nil {
			return done, err
		}
	}
}

// MachineRow is one row of one of the wallet's state machines.
type MachineRow struct {
	Noun, From, To string
	Emits          []string
}

// MachineRows are the rows of every state machine.
func MachineRows() (rows []MachineRow) {
	for _, t := range machines() {
		for _, r := range t.Rows {
			rows = append(rows, MachineRow{t.Noun, r.From, r.To, r.Emits})
		}
	}
	return rows
}

// PayCredited pays refunds that wait for merchants who have been credited since.
func (w *Wallet) PayCredited(ctx context.Context) (int, error) { return w.Payments.payCredited(ctx) }

// AskTopUp asks the source of a top-up once more, as Run does when it is due.
func (w *Wallet) AskTopUp(ctx context.Context, id TopUpID) error { return w.TopUps.ask(ctx, id) }
