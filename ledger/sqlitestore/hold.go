package sqlitestore

import (
	"cmp"
	"context"
	"slices"

	"github.com/okpay/okpay-go/ledger"
)

// writeHolds puts the holds as they are now and keeps hold_due in step.
func writeHolds(ctx context.Context, c *conn, no int64, holds []ledger.HoldState) error {
	if len(holds) == 0 {
		return nil
	}
	put, err := c.Prepare("INSERT OR REPLACE INTO holds (ledger, " + holdColumns + ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8)")
	if err != nil {
		return err
	}
	before, err := c.Prepare("SELECT " + holdColumns + " FROM holds WHERE ledger = ?1 AND id = ?2")
	if err != nil {
		return err
	}
	undue, err := c.Prepare("DELETE FROM hold_due WHERE ledger = ?1 AND account = ?2 AND expires = ?3 AND hold = ?4")
	if err != nil {
		return err
	}
	var due []dueRow
	for i := range holds {
		if err := ctx.Err(); err != nil {
			return err
		}
		hold := &holds[i]
		var old ledger.HoldState
		bind(before, no).text(hold.ID)
		err := each(before, func(r *row) (err error) {
			old, err = readHold(r)
			return err
		})
		if err != nil {
			return err
		}
		was, is := dueRows(&old), dueRows(hold)
		if !slices.Equal(was, is) {
			for _, d := range was {
				bind(undue, no).int(d.account).int(d.expires).text(d.hold)
				if err := run(undue); err != nil {
					return err
				}
			}
			due = append(due, is...)
		}
		putHold(bind(put, no), hold)
		if err := run(put); err != nil {
			return err
		}
	}
	return insertAll(ctx, c, no, intoHoldDue, due, func(p *params, d *dueRow) {
		p.int(d.account).int(d.expires).text(d.hold)
	})
}

// dueRow is one row of hold_due.
type dueRow struct {
	account int64
	expires int64
	hold    string
}

// dueRows returns the rows of hold_due that the hold has, by account.
func dueRows(h *ledger.HoldState) []dueRow {
	if h.Status != ledger.HoldOpen || h.Expires.IsZero() {
		return nil
	}
	rows := make([]dueRow, 0, 2*len(h.Legs))
	for _, leg := range h.Legs {
		for _, account := range [...]int64{leg.Debit, leg.Credit} {
			rows = append(rows, dueRow{account, h.Expires.UnixMicro(), h.ID})
		}
	}
	slices.SortFunc(rows, func(a, b dueRow) int { return cmp.Compare(a.account, b.account) })
	return slices.Compact(rows)
}
