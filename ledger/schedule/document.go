package schedule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// Type is the type of the records that plans are kept in.
const Type = "schedule"

// State is how far a plan has come.
type State string

const (
	// Pending plans have a run before them. They may become any other.
	Pending State = "pending"
	// Done plans have ended with a run that was carried out.
	Done State = "done"
	// Refused plans have ended with a run that the ledger refused.
	Refused State = "refused"
	// Canceled plans were canceled.
	Canceled State = "canceled"
)

// Scheduled is a plan and what became of it.
type Scheduled struct {
	Plan
	State   State
	Next    time.Time // when the next run is due, zero when there is none
	Runs    int       // how many there were, those that were refused included
	Refused int       // how many of them were refused
	Last    *Run      // nil before the first
}

// Run is one run of a plan.
type Run struct {
	No      int    // from 1
	Change  string // id of its Change, which tells what it posted
	Time    time.Time
	Refusal *ledger.Refusal // nil when it was carried out
}

// documentVersion is the version of the documents that this package writes, and the only one
// that it reads.
const documentVersion = 1

type document struct {
	Version int          `json:"v"`
	At      time.Time    `json:"at"`
	Every   int64        `json:"every_us,omitempty"` // microseconds
	Months  int          `json:"months,omitempty"`
	Times   int          `json:"times,omitempty"`
	Labels  []string     `json:"labels,omitempty"`
	Ops     []opDocument `json:"ops"`
	State   State        `json:"state"`
	Runs    int          `json:"runs,omitempty"`
	Refused int          `json:"refused,omitempty"`
	Last    *runDocument `json:"last,omitempty"`
}

type runDocument struct {
	Run     int              `json:"run"`
	Time    time.Time        `json:"time"`
	Refusal *refusalDocument `json:"refusal,omitempty"`
}

type refusalDocument struct {
	Reason      ledger.Reason `json:"reason"`
	Account     string        `json:"account,omitempty"`
	Currency    string        `json:"currency,omitempty"`
	Short       int64         `json:"short,omitempty"`
	Hold        string        `json:"hold,omitempty"`
	Transaction int64         `json:"transaction,omitempty"`
	Detail      string        `json:"detail,omitempty"`
}

func encodeRefusal(r *ledger.Refusal) *refusalDocument {
	if r == nil {
		return nil
	}
	return &refusalDocument{r.Reason, r.Account.Name, r.Account.Currency, r.Short, r.Hold, r.Transaction, r.Detail}
}

func (d *refusalDocument) refusal() *ledger.Refusal {
	if d == nil {
		return nil
	}
	return &ledger.Refusal{
		Reason: d.Reason, Account: ledger.AccountKey{Name: d.Account, Currency: d.Currency},
		Short: d.Short, Hold: d.Hold, Transaction: d.Transaction, Detail: d.Detail,
	}
}

// put returns the record of a plan as it is now.
func (s *Scheduled) put() (ledger.Put, error) {
	ops, err := encodeOps(s.Ops)
	if err != nil {
		return ledger.Put{}, err
	}
	d := document{
		Version: documentVersion, At: s.At, Every: s.Every.Microseconds(), Months: s.Months, Times: s.Times,
		Labels: s.Labels, Ops: ops, State: s.State, Runs: s.Runs, Refused: s.Refused,
	}
	if s.Last != nil {
		d.Last = &runDocument{s.Last.No, s.Last.Time, encodeRefusal(s.Last.Refusal)}
	}
	content, err := json.Marshal(d)
	if err != nil {
		return ledger.Put{}, invalid("at", "is outside the years 1 to 9999")
	}
	labels := []string{stateLabel(s.State)}
	for _, label := range s.Labels {
		labels = append(labels, ownLabel(label))
	}
	return ledger.Put{Type: Type, ID: s.ID, Content: content, Labels: labels, Due: s.Next}, nil
}

func stateLabel(s State) string    { return "state:" + string(s) }
func ownLabel(label string) string { return "label:" + label }

// decode reads the record of a plan.
func decode(r *ledger.Record) (Scheduled, error) {
	s, err := decodeDocument(r.ID, r.Content)
	if err != nil {
		if !errors.Is(err, ErrUnreadable) {
			err = fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		return Scheduled{}, fmt.Errorf("%w: %q version %d", err, r.ID, r.Version)
	}
	s.Next = r.Due
	return s, nil
}

func decodeDocument(id string, content []byte) (Scheduled, error) {
	var d document
	read := json.NewDecoder(bytes.NewReader(content))
	read.DisallowUnknownFields()
	if read.Decode(&d) != nil || read.More() || d.Version != documentVersion {
		return Scheduled{}, ErrUnreadable
	}
	ops, err := decodeOps(d.Ops)
	if err != nil {
		return Scheduled{}, err
	}
	const most = int64(1<<63-1) / int64(time.Microsecond)
	if d.Every < 0 || d.Every > most {
		return Scheduled{}, ErrUnreadable
	}
	s := Scheduled{
		Plan: Plan{
			ID: id, At: d.At, Every: time.Duration(d.Every) * time.Microsecond, Months: d.Months, Times: d.Times,
			Labels: d.Labels, Ops: ops,
		},
		State: d.State, Runs: d.Runs, Refused: d.Refused,
	}
	if d.Last != nil {
		s.Last = &Run{No: d.Last.Run, Change: ChangeID(id, d.Last.Run), Time: d.Last.Time, Refusal: d.Last.Refusal.refusal()}
	}
	switch s.State {
	case Pending, Done, Refused, Canceled:
	default:
		return Scheduled{}, ErrUnreadable
	}
	if s.check() != nil || s.Runs < 0 || s.Refused < 0 || s.Refused > s.Runs {
		return Scheduled{}, ErrUnreadable
	}
	return s, nil
}
