package care

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

// reopenFor is how long a case that was solved can be reopened.
const reopenFor = 14 * 24 * time.Hour

// Breach is a clock of a case whose target has passed.
type Breach struct {
	Case  Case
	Agent OperatorID // "" when nobody has it
	Clock string     // first_response, next_response or resolution
	At    time.Time
}

// workDue does what time does to a case.
func (s *Cases) workDue(ctx context.Context, id string) error {
	_, err := s.c.w.Do(ctx, okpay.Act{Principal: "program", Operation: "case.due"}, func(d *okpay.Draft) error {
		k, told, err := s.load(d, CaseID(id))
		switch {
		case err != nil:
			return err
		case len(told) == 0:
			return okpay.ErrNothingDue
		}
		return s.write(d, k, told...)
	})
	return err
}

// settle does to a case what time has done since: targets that passed, customers who did not
// answer, the end of the time to reopen it. Whoever reads it next does it, so that nobody finds
// a clock that passed and was not noted.
func (s *Cases) settle(d *okpay.Draft, k *caseDoc) (told []okpay.Told, err error) {
	now := d.Now()
	move := func(on okpay.Action) {
		m, failed := k.move(on, okpay.Always)
		if failed != nil {
			err = failed
			return
		}
		told = append(told, m)
	}
	for _, clock := range k.clocks() {
		warned, breached := clock.pass(now)
		if warned {
			move(warnCase)
		}
		if breached {
			move(breachCase)
			k.Breaches++
			d.Audit(okpay.AuditEntry{
				Actor: "program", Action: "case.sla_breached", Customer: k.Case.Customer, Object: string(k.ID),
				Facts: map[string]string{"clock": clock.name},
			})
			if hook := s.c.cfg.OnBreach; hook != nil {
				if err := hook(d, Breach{k.Case, k.Agent, clock.name, *clock.BreachedAt}); err != nil {
					return nil, err
				}
			}
		}
	}
	if k.State == CasePending && k.GivesUpAt != nil && !now.Before(*k.GivesUpAt) {
		move(giveUpCase)
		s.done(k, now)
		if err := s.log(d, k, said{kind: EntrySystem, by: "program", facts: map[Fact]string{ObjectState: "not_answered"}}); err != nil {
			return nil, err
		}
		d.Audit(okpay.AuditEntry{Actor: "program", Action: "case.give_up", Customer: k.Case.Customer, Object: string(k.ID)})
	}
	if k.State == CaseSolved && !now.Before(*k.ClosesAt) {
		move(closeCase)
		d.Audit(okpay.AuditEntry{Actor: "program", Action: "case.close", Customer: k.Case.Customer, Object: string(k.ID)})
	}
	return told, err
}

// done is what being solved does to a case: its clocks stop, and the time to reopen it begins.
func (s *Cases) done(k *caseDoc, now time.Time) {
	closes := now.Add(reopenFor)
	k.SolvedAt, k.ClosesAt, k.GivesUpAt = &now, &closes, nil
	k.First.stop(s.c.pace(k, "first_response"), now)
	k.Next.stop(s.c.pace(k, "next_response"), now)
	k.Resolution.pause(s.c.pace(k, "resolution"), now)
}
