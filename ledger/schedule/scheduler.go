package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// Types of the events that are announced.
const (
	EventDone     = "schedule.done"
	EventRefused  = "schedule.refused"
	EventCanceled = "schedule.canceled"
)

var (
	// ErrExists reports a plan whose id was used before.
	ErrExists = errors.New("schedule: plan exists")
	// ErrEnded reports a Cancel of a plan that has no run before it.
	ErrEnded = errors.New("schedule: plan has ended")
	// ErrUnreadable reports a record of a plan that this program can not read: of a later
	// version, or not written by this package. It is left as it is, and keeps no other plan
	// from its turn.
	ErrUnreadable = errors.New("schedule: a record is not that of a plan, or of a version that is not known")
)

// Scheduler keeps the plans of one ledger and carries them out. Its methods may be called
// from any number of goroutines, and any number of schedulers may work on one ledger.
type Scheduler struct {
	ledger *ledger.Ledger
	cfg    Config
	wake   chan struct{}
}

// Config says how a Scheduler works. The zero value works.
type Config struct {
	// PollInterval is how long Run sleeps at most before it looks for plans that another
	// process has put, and after an error. Defaults to a minute.
	PollInterval time.Duration

	// Batch is how many runs one step of Due carries out at most. Defaults to 100; at most
	// ledger.MaxPage.
	Batch int

	// Logger hears of errors in Run. Defaults to discarding.
	Logger *slog.Logger
}

// New returns a Scheduler of a ledger. The ledger stays the caller's to close, after Run has
// returned.
func New(l *ledger.Ledger, cfg Config) *Scheduler {
	if cfg.PollInterval <= 0 {
		cfg.PollInterval = time.Minute
	}
	if cfg.Batch <= 0 {
		cfg.Batch = 100
	}
	cfg.Batch = min(cfg.Batch, ledger.MaxPage)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Scheduler{ledger: l, cfg: cfg, wake: make(chan struct{}, 1)}
}

// Put schedules a plan. The same plan again is answered with what became of it meanwhile.
// Errors: ledger.ErrInvalid; ErrExists; ledger.ErrIDReused when another plan was put with the
// ID; those of Ledger.Do.
func (s *Scheduler) Put(ctx context.Context, plan Plan) (Scheduled, error) {
	put, err := s.prepare(&plan)
	if err != nil {
		return Scheduled{}, err
	}
	request := []ledger.Field{{Name: "plan", Value: string(put.Content)}}
	_, err = s.ledger.Do(ctx, prefix+plan.ID+":put", request, func(d *ledger.Draft) error { return s.add(d, put) })
	if err != nil {
		return Scheduled{}, err
	}
	s.Wake()
	return s.Get(ctx, plan.ID)
}

// Add schedules a plan with a Change of the caller's: both happen or neither. Call Wake after
// the commit, or Run will see the plan at its next look. Errors: ledger.ErrInvalid, ErrExists, those of
// Draft.Get.
func (s *Scheduler) Add(d *ledger.Draft, plan Plan) error {
	put, err := s.prepare(&plan)
	if err != nil {
		return err
	}
	return s.add(d, put)
}

func (s *Scheduler) add(d *ledger.Draft, put ledger.Put) error {
	switch _, err := d.Get(Type, put.ID); {
	case err == nil || errors.Is(err, ledger.ErrErased):
		return ErrExists
	case !errors.Is(err, ledger.ErrNotFound):
		return err
	}
	d.Put(put)
	return nil
}

// prepare checks a plan and returns its first record.
func (s *Scheduler) prepare(plan *Plan) (ledger.Put, error) {
	if err := plan.check(); err != nil {
		return ledger.Put{}, err
	}
	first := Scheduled{Plan: *plan, State: Pending, Next: micro(plan.At)}
	first.At = first.Next
	first.Labels = slices.Sorted(slices.Values(plan.Labels)) // their order means nothing
	put, err := first.put()
	if err != nil {
		return ledger.Put{}, err
	}
	if err := s.ledger.Check(ledger.Change{ID: ChangeID(plan.ID, 1), Ops: plan.Ops, Puts: []ledger.Put{put}}); err != nil {
		return ledger.Put{}, err
	}
	// Whatever Due could not read must not be put.
	_, err = decodeDocument(plan.ID, put.Content)
	return put, err
}

// Cancel ends a plan: no further run happens. A second Cancel is answered as the first.
// Errors: ledger.ErrNotFound, also for an id that no plan can have; ErrEnded; ErrUnreadable;
// those of Ledger.Do.
func (s *Scheduler) Cancel(ctx context.Context, id string) (Scheduled, error) {
	if s.ledger.Check(ledger.Change{ID: prefix + id + ":cancel"}) != nil {
		return Scheduled{}, ledger.ErrNotFound // no plan can have such an id
	}
	_, err := s.ledger.Do(ctx, prefix+id+":cancel", nil, func(d *ledger.Draft) error {
		r, err := d.Get(Type, id)
		if err != nil {
			return err
		}
		plan, err := decode(&r)
		if err != nil {
			return err
		}
		if plan.State != Pending {
			return ErrEnded
		}
		plan.State, plan.Next = Canceled, time.Time{}
		put, err := plan.put()
		if err != nil {
			return err
		}
		d.Put(put)
		d.Emit(event(EventCanceled, announcement{Schedule: id}))
		return nil
	})
	if err != nil {
		return Scheduled{}, err
	}
	return s.Get(ctx, id)
}

// Get returns a plan and what became of it. Errors: ledger.ErrNotFound, ledger.ErrErased,
// ErrUnreadable.
func (s *Scheduler) Get(ctx context.Context, id string) (Scheduled, error) {
	r, err := s.ledger.Record(ctx, Type, id)
	if err != nil {
		return Scheduled{}, err
	}
	return decode(&r)
}

// Query selects plans, by one of State, Label and DueBy at most.
type Query struct {
	State State
	Label string
	DueBy time.Time // pending plans due at this instant or before, the earliest first
	After string    // ids that follow this one; not with DueBy
	Limit int       // at most and by default ledger.MaxPage
}

// List returns the plans that a query selects, ordered by id. Errors: ledger.ErrInvalid for a
// query that combines what can not be combined; ErrUnreadable for plans that are left out
// because they can not be read, beside those that can.
func (s *Scheduler) List(ctx context.Context, q Query) ([]Scheduled, error) {
	query := ledger.RecordQuery{Type: Type, DueBy: q.DueBy, After: q.After, Limit: q.Limit}
	switch {
	case q.State != "" && q.Label != "", !q.DueBy.IsZero() && (q.State != "" || q.Label != "" || q.After != ""):
		return nil, invalid("query", "combines what can not be combined")
	case q.State != "":
		query.Label = stateLabel(q.State)
	case q.Label != "":
		query.Label = ownLabel(q.Label)
	}
	records, err := s.ledger.Records(ctx, query)
	if err != nil {
		return nil, err
	}
	out := make([]Scheduled, 0, len(records))
	var unread asides
	for i := range records {
		if plan, err := decode(&records[i]); err != nil {
			unread.add(err)
		} else {
			out = append(out, plan)
		}
	}
	return out, unread.err()
}

// announcement is the payload of the events.
type announcement struct {
	Schedule string           `json:"schedule"`
	Run      int              `json:"run,omitempty"`
	Change   string           `json:"change,omitempty"`
	Refusal  *refusalDocument `json:"refusal,omitempty"`
}

func event(kind string, a announcement) ledger.Event {
	payload, err := json.Marshal(a)
	if err != nil {
		panic("schedule: texts and numbers can be written down")
	}
	return ledger.Event{Type: kind, Subject: a.Schedule, Payload: payload}
}
