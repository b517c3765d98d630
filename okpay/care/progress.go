package care

import (
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// Stage says whose turn it is.
type Stage string

// The stages.
const (
	StageYourTurn Stage = "your_turn" // the customer's
	StageWithUs   Stage = "with_us"   // ours
	StageOver     Stage = "over"
)

// Progress is how far a restriction or an appeal is.
type Progress struct {
	State string `json:"state"`
	Stage Stage  `json:"stage"`
	// Place is how many wait in the queue up to this one, itself among them; 0 when it is in
	// none.
	Place int `json:"place,omitempty"`
	// Expected is when it will have been decided; Late says that it should have been by now.
	Expected *time.Time `json:"expected,omitempty"`
	Late     bool       `json:"late,omitempty"`
	// Open is what the customer has to give, and Until until when.
	Open  []string   `json:"open,omitempty"`
	Until *time.Time `json:"until,omitempty"`
}

// expect says when something is expected that should be decided by due. What is late is expected
// by the end of the next day of work.
func (p *Progress) expect(now, due time.Time, calendar Calendar) {
	if !now.Before(due) {
		p.Late, due = true, calendar.AddDays(now, 1)
	}
	p.Expected = &due
}

// decideBy is until when something is to be decided that waits for an operator since a time.
func (c *Care) decideBy(since time.Time) time.Time {
	return c.cfg.Calendar.AddDays(since, c.cfg.DecideWithin)
}

// maxPlace is how far a queue is looked through.
const maxPlace = 2000

// waitsSince is when an operator's turn began.
func (r *restrictionDoc) waitsSince() time.Time {
	since := r.ReviewFrom
	for _, q := range r.Requirements {
		if q.State == RequirementSubmitted && (since.IsZero() || q.At.Before(since)) {
			since = q.At
		}
	}
	return since
}

// waiting is a document that waits in a queue.
type waiting interface{ waitsSince() time.Time }

// comesBefore reports whether a record of a queue waits before something that waits since a time.
func comesBefore(rec ledger.Record, doc waiting, since time.Time, id string) (bool, error) {
	if rec.ID == id {
		return false, nil
	}
	if err := decodeDoc(rec, doc); err != nil {
		return false, err
	}
	at := doc.waitsSince()
	return at.Before(since) || at.Equal(since) && rec.ID < id, nil
}
