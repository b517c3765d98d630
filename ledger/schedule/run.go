package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// Run carries out what falls due until the context ends, and then returns its error. Any
// number of processes may do so. It sleeps until the next plan is due, is woken by Put and by
// Wake, and looks for what others have put every Config.PollInterval. Errors go to
// Config.Logger and are tried again, plans that can not be read (ErrUnreadable) once a look; a
// ledger that was closed ends Run with ledger.ErrClosed.
func (s *Scheduler) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.wake:
		case <-timer.C:
		}
		now := s.ledger.Now()
		n, unread, err := s.step(ctx, now)
		pause := time.Duration(0) // what is due may be more than one step
		if n == 0 {
			var failed error
			pause, failed = s.pause(ctx, now)
			err = errors.Join(err, failed, unread.err())
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ledger.ErrClosed):
			return err
		case err != nil:
			s.cfg.Logger.ErrorContext(ctx, "schedule: background work", "error", err)
		}
		timer.Reset(pause)
	}
}

// Wake makes Run look at once.
func (s *Scheduler) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it will look already
	}
}

// pause is how long nothing is to be done, after all that was due at an instant had its turn.
// What is still due is somebody else's, or nobody can carry it out.
func (s *Scheduler) pause(ctx context.Context, after time.Time) (time.Duration, error) {
	next, err := s.ledger.Records(ctx, ledger.RecordQuery{Type: Type, DueBy: farAway(), DueAfter: after.Add(time.Microsecond), Limit: 1})
	if err != nil || len(next) == 0 {
		return s.cfg.PollInterval, err
	}
	return max(0, min(next[0].Due.Sub(s.ledger.Now()), s.cfg.PollInterval)), nil
}

// farAway is later than anything that can be due.
func farAway() time.Time { return time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC) }

// Due carries out one run of each plan that is due, at most Config.Batch, and returns how
// many were carried out or refused by this call: 0 when nothing is left to do. The runs are
// committed together, each as a Change of its own. A run that another process is carrying
// out at the same time is left to it. Errors of single plans are joined, and do not keep
// others from their turn; plans that can not be read (ErrUnreadable) are passed over.
func (s *Scheduler) Due(ctx context.Context) (n int, err error) {
	n, unread, err := s.step(ctx, s.ledger.Now())
	return n, errors.Join(err, unread.err())
}

// step is Due, and tells apart what could not be read.
func (s *Scheduler) step(ctx context.Context, now time.Time) (n int, unread asides, err error) {
	var plans []*due
	var changes []ledger.Change
	query := ledger.RecordQuery{Type: Type, DueBy: now}
	for {
		query.Limit = s.cfg.Batch - len(plans)
		records, err := s.ledger.Records(ctx, query)
		if err != nil {
			return 0, unread, err
		}
		for i := range records {
			d, change, err := plan(&records[i], now)
			if err != nil {
				unread.add(err)
				continue
			}
			plans, changes = append(plans, d), append(changes, change)
		}
		if len(records) < query.Limit || len(plans) == s.cfg.Batch {
			break
		}
		// Those that were set aside stay due: look beyond them.
		last := &records[len(records)-1]
		query.DueAfter, query.After = last.Due, last.ID
	}
	var errs []error
	for i, answer := range s.ledger.CommitAll(ctx, changes) {
		done, err := s.settle(ctx, plans[i], answer)
		if done {
			n++
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return n, unread, errors.Join(errs...)
}

// plan reads a record that is due, and returns the Change of its run.
func plan(r *ledger.Record, now time.Time) (*due, ledger.Change, error) {
	d := &due{version: r.Version, now: now}
	var err error
	if d.plan, err = decode(r); err != nil {
		return nil, ledger.Change{}, err
	}
	change, err := d.change()
	return d, change, err
}

// asides are the errors of what was set aside: the first few, since there may be very many.
type asides struct {
	first []error
	more  int
}

func (a *asides) add(err error) {
	if len(a.first) == 10 {
		a.more++
		return
	}
	a.first = append(a.first, err)
}

func (a *asides) err() error {
	all := slices.Clone(a.first)
	if a.more > 0 {
		all = append(all, fmt.Errorf("and %d more", a.more))
	}
	return errors.Join(all...)
}

// settle sees to what became of one run, and reports whether this call ended it.
func (s *Scheduler) settle(ctx context.Context, d *due, answer ledger.Answer) (bool, error) {
	var refusal *ledger.Refusal
	var refused *ledger.RefusedError
	switch err := answer.Err; {
	case err == nil:
		return !answer.Replayed, nil
	case errors.Is(err, ledger.ErrConflict):
		return false, nil // it was carried out, or canceled, since we looked
	case errors.As(err, &refused):
		refusal = &refused.Refusal
	case errors.Is(err, ledger.ErrIDReused):
		refusal = &ledger.Refusal{Reason: "id_reused"} // the caller has used an id of ours
	case errors.Is(err, ledger.ErrInvalid):
		refusal = &ledger.Refusal{Reason: "invalid"} // it was valid when it was put
	case errors.Is(err, ledger.ErrTooLarge):
		refusal = &ledger.Refusal{Reason: "too_large"}
	default:
		return false, err
	}
	// The Change that was refused has not moved the record, which another one does now: should
	// it be lost, the run is found refused again. Nobody can carry it out behind our back, as
	// its record's version is still to be moved.
	change, err := d.refusal(refusal)
	if err != nil {
		return false, err
	}
	out, err := s.ledger.Commit(ctx, change)
	if errors.Is(err, ledger.ErrConflict) {
		return false, nil
	}
	return err == nil && !out.Replayed, err
}

// due is a plan with a run to be carried out now.
type due struct {
	plan    Scheduled
	version int64
	now     time.Time
}

// run is the number of the run.
func (d *due) run() int { return d.plan.Runs + 1 }

// change is the run, if it is not refused.
func (d *due) change() (ledger.Change, error) {
	c, err := d.moved(nil, EventDone)
	c.ID, c.Ops = ChangeID(d.plan.ID, d.run()), d.plan.Ops
	return c, err
}

// refusal is what becomes of a run that was refused.
func (d *due) refusal(r *ledger.Refusal) (ledger.Change, error) {
	c, err := d.moved(r, EventRefused)
	c.ID = ChangeID(d.plan.ID, d.run()) + ":refused"
	return c, err
}

// moved is a Change that moves the record to what it is after the run.
func (d *due) moved(refusal *ledger.Refusal, kind string) (ledger.Change, error) {
	next, run := d.plan, d.run()
	next.Runs = run
	next.Last = &Run{No: run, Time: d.now, Refusal: refusal}
	if refusal != nil {
		next.Refused++
	}
	next.Next = d.plan.after(run, d.plan.Next)
	switch {
	case !next.Next.IsZero():
	case refusal != nil:
		next.State = Refused
	default:
		next.State = Done
	}
	put, err := next.put()
	if err != nil {
		return ledger.Change{}, err
	}
	return ledger.Change{
		// What a replay, by whomever, must agree in: the time, for one, does not.
		Request: []ledger.Field{{Name: "schedule", Value: d.plan.ID}, {Name: "run", Value: strconv.Itoa(run)}},
		Expects: []ledger.Expect{{Type: Type, ID: d.plan.ID, Version: d.version}},
		Puts:    []ledger.Put{put},
		Events: []ledger.Event{event(kind, announcement{
			Schedule: d.plan.ID, Run: run, Change: ChangeID(d.plan.ID, run), Refusal: encodeRefusal(refusal),
		})},
	}, nil
}
