package care

import (
	"errors"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// quotaDoc is what a customer has written lately. Every contact writes it, so that the contacts
// of one customer are decided one after the other.
type quotaDoc struct {
	Of       okpay.CustomerID `json:"of"`
	Contacts []time.Time      `json:"contacts,omitempty"` // of the last hour
	Opened   []time.Time      `json:"opened,omitempty"`   // of the last day
	Count    int64            `json:"count"`
}

func (q *quotaDoc) Put() ledger.Put {
	return ledger.Put{Type: "case_quota", ID: string(q.Of), Chaining: ledger.Plain, Labels: []string{"c:" + string(q.Of)}}
}

func (q *quotaDoc) View() any                  { return nil }
func (q *quotaDoc) Customer() okpay.CustomerID { return "" }
func (q *quotaDoc) Counter() *int64            { return &q.Count }

// quota counts a contact. Errors: TooManyTries with ResetsAt, for one that counts.
func (s *Cases) quota(d *okpay.Draft, customer okpay.CustomerID, opens, counts bool) error {
	q := &quotaDoc{Of: customer}
	if err := d.Read("case_quota", string(customer), q); err != nil && !errors.Is(err, okpay.NotFound) {
		return err
	}
	q.Count++
	now := d.Now()
	if counts {
		if err := within(&q.Contacts, now, time.Hour, s.c.cfg.ContactsPerHour); err != nil {
			return err
		}
		if opens {
			if err := within(&q.Opened, now, 24*time.Hour, s.c.cfg.CasesPerDay); err != nil {
				return err
			}
		}
	}
	return d.Write(q)
}

// within counts what happens now among what happened in a period, of which at most so many are
// allowed. Errors: TooManyTries.
func within(seen *[]time.Time, now time.Time, period time.Duration, most int) error {
	*seen = slices.DeleteFunc(*seen, func(at time.Time) bool { return !now.Before(at.Add(period)) })
	if len(*seen) >= most {
		e := okpay.NewError(okpay.TooManyTries, "%d in %v are enough", most, period)
		resets := (*seen)[len(*seen)-most].Add(period)
		e.ResetsAt = &resets
		return e
	}
	*seen = append(*seen, now)
	return nil
}
