package care

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// QueuePlace is where a case stands that waits for an agent.
type QueuePlace struct {
	Place int `json:"place"` // from 1
	// Wait is how long it is likely to wait; nil when no agent is there who could take it.
	Wait *time.Duration `json:"wait,omitempty"`
}

// before orders the queue: by priority, then by the time of the first contact.
func before(a, b *caseDoc) int {
	return cmp.Or(cmp.Compare(a.Priority, b.Priority), a.QueuedAt.Compare(b.QueuedAt), cmp.Compare(a.ID, b.ID))
}

// queue returns the cases of a level that wait, the first first.
func (s *Cases) queue(ctx context.Context, tier int) ([]*caseDoc, error) {
	var queue []*caseDoc
	for after, more := "", true; more; {
		var (
			docs []*caseDoc
			err  error
		)
		if docs, more, err = page[caseDoc](ctx, s.c, ledger.RecordQuery{Type: "case", Label: queueLabel(tier), After: after, Limit: 100}); err != nil {
			return nil, err
		}
		for _, k := range docs {
			after = string(k.ID)
			queue = append(queue, k)
		}
		more = more && len(docs) > 0
	}
	slices.SortFunc(queue, before)
	return queue, nil
}

func merged(a, b []*caseDoc) []*caseDoc {
	all := append(slices.Clone(a), b...)
	slices.SortFunc(all, before)
	return all
}

// place finds a case in the queue, and what is known of how long it takes.
func (s *Cases) place(ctx context.Context, k *caseDoc) (*QueuePlace, error) {
	queue, err := s.queue(ctx, k.Tier)
	if err != nil {
		return nil, err
	}
	p := &QueuePlace{Place: 1}
	for _, other := range queue {
		if other.ID != k.ID && before(other, k) < 0 {
			p.Place++
		}
	}
	free, slots, err := s.hands(ctx, k)
	if err != nil {
		return nil, err
	}
	each, err := s.handling(ctx, k.Tier)
	if err != nil {
		return nil, err
	}
	if wait, ok := expectedWait(p.Place, free, slots, each); ok {
		p.Wait = &wait
	}
	return p, nil
}

// expectedWait is how long the case at a place, counted from 1, is likely to wait when free cases
// can be taken at once, slots at a time are worked on, and each takes so long. ok is false when
// nobody is there to take it. Cases before it that need other skills are counted as if they
// did not, so it errs towards longer.
func expectedWait(place, free, slots int, each time.Duration) (wait time.Duration, ok bool) {
	switch {
	case slots <= 0:
		return 0, false
	case place <= free:
		return 0, true
	}
	free = max(free, 0)
	rounds := (place - free + slots - 1) / slots
	return time.Duration(rounds) * each, true
}

// hands counts the cases that agents who are there can take of the kind of one: at once, and in all.
func (s *Cases) hands(ctx context.Context, k *caseDoc) (free, slots int, err error) {
	for after, more := "", true; more; {
		var desks []*deskDoc
		if desks, more, err = page[deskDoc](ctx, s.c, ledger.RecordQuery{Type: "desk", Label: "here", After: after, Limit: 100}); err != nil {
			return 0, 0, err
		}
		for _, desk := range desks {
			after = string(desk.Agent)
			o, err := s.c.works(outside{ctx, s.c.w}, desk.Agent)
			if err != nil {
				return 0, 0, err
			}
			if o != nil && s.c.fits(o, k) {
				slots += s.c.cfg.Capacity
				free += max(0, s.c.cfg.Capacity-len(desk.Open))
			}
		}
		more = more && len(desks) > 0
	}
	return free, slots, nil
}

// handling is how long the latest cases of a level were worked on, on average; Config.HandlingTime
// while there are none.
func (s *Cases) handling(ctx context.Context, tier int) (time.Duration, error) {
	docs, _, err := page[caseDoc](ctx, s.c, ledger.RecordQuery{Type: "case", Label: handledLabel(tier), Desc: true, Limit: 20})
	if err != nil || len(docs) == 0 {
		return s.c.cfg.HandlingTime, err
	}
	sum := time.Duration(0)
	for _, k := range docs {
		sum += k.Handled
	}
	return sum / time.Duration(len(docs)), nil
}

// full reports whether an agent has as many cases open as they can.
func (s *Cases) full(ctx context.Context, agent OperatorID) (bool, error) {
	desk := &deskDoc{}
	err := s.c.w.Read(ctx, "desk", string(agent), desk)
	if errors.Is(err, okpay.NotFound) {
		return false, nil
	}
	return len(desk.Open) >= s.c.cfg.Capacity, err
}

// SetPresence is the input of Cases.SetPresence.
type SetPresence struct {
	By   OperatorID
	Why  string // 3 to 500 characters; for the audit
	Here bool
}

// SetPresence says whether an agent takes cases at present: what customers are told of how long
// they wait counts on it. Errors: InvalidRequest, PermissionDenied.
func (s *Cases) SetPresence(ctx context.Context, in SetPresence) error {
	here := "away"
	if in.Here {
		here = "here"
	}
	a := deed{by: in.By, why: in.Why, may: MayWorkCases, action: "case.presence", request: []ledger.Field{{Name: "here", Value: here}}}
	_, err := s.c.acts(ctx, a, func(d *okpay.Draft, by *Operator, entry *okpay.AuditEntry) error {
		desk, err := s.desk(d, by.ID)
		if err != nil {
			return err
		}
		entry.Facts = map[string]string{"presence": here}
		desk.Here, desk.Since = in.Here, d.Now()
		return d.Write(desk)
	})
	return err
}

// ReadQueue asks for the queue of one level.
type ReadQueue struct {
	By    OperatorID
	Tier  int // 1 or 2
	From  int // leave out so many
	Limit int // 1 to 100, 20 unless told
}

// Queue returns the cases that wait, the first first, and whether there are more. Errors: InvalidRequest,
// PermissionDenied.
func (s *Cases) Queue(ctx context.Context, in ReadQueue) (list []Case, more bool, err error) {
	if in.Tier != 1 && in.Tier != 2 || in.From < 0 {
		return nil, false, okpay.InvalidField("tier", "is neither 1 nor 2, or from is negative")
	}
	if _, err := s.c.Operators.May(ctx, in.By, MaySeeCases); err != nil {
		return nil, false, err
	}
	queue, err := s.queue(ctx, in.Tier)
	if err != nil {
		return nil, false, err
	}
	if in.Limit <= 0 {
		in.Limit = 20
	}
	end := min(in.From+min(in.Limit, 100), len(queue))
	for _, k := range queue[min(in.From, len(queue)):end] {
		list = append(list, k.Case)
	}
	return list, end < len(queue), nil
}
