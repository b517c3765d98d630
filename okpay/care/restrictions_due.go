package care

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

// missed reports whether the deadline is over with something left for the customer to do.
func (r *restrictionDoc) missed(now time.Time) bool {
	return r.State == RestrictionActive && r.Deadline != nil && !now.Before(*r.Deadline) && r.customersTurn()
}

// settle does what time does to a restriction: its end, a deadline that was missed, the opening
// of the way out for a balance.
func (s *Restrictions) settle(ctx context.Context, id string) error {
	_, err := s.c.w.Do(ctx, okpay.Act{Principal: "program", Operation: "restriction.due"}, func(d *okpay.Draft) error {
		r := &restrictionDoc{}
		if err := d.Read("restriction", id, r); err != nil {
			return err
		}
		on := okpay.Action("")
		switch now := d.Now(); {
		case r.due().IsZero() || now.Before(r.due()):
			return okpay.ErrNothingDue
		case r.State == RestrictionPermanent:
			on, r.PayoutOpen = openPayout, true
		case r.ended(now):
			on = expire
		default:
			on = missDeadline
		}
		told, err := r.move(d, on, okpay.Always)
		if err != nil {
			return err
		}
		d.Audit(okpay.AuditEntry{
			Actor: "program", Action: "restriction." + string(on), Customer: r.Customer(), Object: id, Shown: !r.Quiet,
			Facts: map[string]string{"reason": r.Reason, "state": string(r.State)},
		})
		return s.c.enforce(d, r, told)
	})
	return err
}
