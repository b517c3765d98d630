package okpay

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// missing raises an exception for each object of a statement's provider that should stand on
// a statement by now and does not. It asks about each once.
func (s *Reconciliations) missing(ctx context.Context, doc *reconciliationDoc) error {
	if doc.Through.IsZero() {
		return nil
	}
	before := doc.Through.Add(-s.w.cfg.SettlementGrace)
	for _, o := range outsiders {
		for after := ""; ; {
			records, err := s.w.ledger.Records(ctx, ledger.RecordQuery{
				Type: o.noun, Label: unsettled(doc.Provider), After: after, Limit: dueAtOnce,
			})
			if err != nil {
				return err
			}
			for _, r := range records {
				// A payment may wait for several collections.
				for more := true; more; {
					if more, err = s.missingOne(ctx, doc, o.noun, r.ID, before); err != nil {
						return err
					}
				}
				after = r.ID
			}
			if len(records) == 0 {
				break
			}
		}
	}
	return nil
}

// missingOne asks about one object, if it is time to, and reports whether there may be more
// of it.
func (s *Reconciliations) missingOne(ctx context.Context, doc *reconciliationDoc, noun, id string, before time.Time) (more bool, err error) {
	_, err = s.w.do(ctx, verb{principal: "program", operation: "reconciliation.missing"}, func(d *ledger.Draft) error {
		x, err := s.w.outside(d, noun, id, func(c *collection) bool {
			return c.Source == doc.Provider && c.Settled.open(c.there()) && c.Settled.Asked.IsZero() && c.PaidAt.Before(before)
		})
		if CodeOf(err) == NotFound {
			return ErrNothingDue
		} else if err != nil {
			return err
		}
		m := x.movements()
		at, moved := x.lastMoved()
		if !m.open(moved) || !m.Asked.IsZero() || !at.Before(before) {
			return ErrNothingDue
		}
		m.Asked = d.Now()
		amount, err := worthOf(s.w, x)
		if err != nil {
			return err
		}
		if err := s.w.raiseAs(&d.Change, d.Now(), &exceptionDoc{Exception: Exception{
			Kind: missingThere, Provider: doc.Provider, Object: id, Reconciliation: doc.ID,
			Detail: "no statement has what the wallet takes for settled by now",
		}}, amount); err != nil {
			return err
		}
		return s.w.write(&d.Change, d.Now(), x)
	})
	if errors.Is(err, ErrNothingDue) {
		return false, nil
	}
	return noun == "payment", err
}

// countMissing counts what missing has raised, also before a crash.
func (s *Reconciliations) countMissing(ctx context.Context, doc *reconciliationDoc) (n int, err error) {
	for after := ""; ; {
		records, err := s.w.ledger.Records(ctx, ledger.RecordQuery{
			Type: "exception", Label: foundBy(doc.ID, missingThere), After: after, Limit: dueAtOnce,
		})
		if err != nil || len(records) == 0 {
			return n, err
		}
		n += len(records)
		after = records[len(records)-1].ID
	}
}

// worthOf is the amount that has moved, as far as it is known.
func worthOf(w *Wallet, x outside) (money.Amount, error) {
	a, _, err := x.expects(w, false)
	return a, err
}
