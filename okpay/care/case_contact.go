package care

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// approach is a contact that was checked.
type approach struct {
	customer okpay.CustomerID
	row      CategoryRow
	channel  CaseChannel
	objects  []Link
	said     said
	follows  CaseID
	made     []Link // objects of the same Change, which are not read
	urgent   bool
	counts   bool // towards the customer's limits
}

func (s *Cases) approach(customer okpay.CustomerID, c Category, channel CaseChannel, objects []Link, e said, files []Upload) (a approach, err error) {
	if err := okpay.CheckID("customer", string(customer)); err != nil {
		return a, err
	}
	a = approach{customer: customer, channel: channel, said: e}
	a.said.channel = channel
	if a.row, err = category(c); err != nil {
		return a, err
	}
	if err := s.checkSaid(&a.said, channel != BySystem); err != nil {
		return a, err
	}
	if a.said.facts, err = a.row.check(e.facts); err != nil {
		return a, err
	}
	if a.objects, err = checkLinks(objects); err != nil {
		return a, err
	}
	a.said.files, err = s.c.checkFiles(files)
	return a, err
}

// check keeps the facts that a case keeps. Errors: InvalidRequest.
func (r CategoryRow) check(facts map[Fact]string) (map[Fact]string, error) {
	var kept map[Fact]string
	for f, text := range facts {
		if !slices.Contains(r.Facts, f) {
			return nil, okpay.InvalidField("facts", "have one that the form does not ask for")
		}
		text, err := prose{field: "facts", most: 200}.check(text)
		if err != nil {
			return nil, err
		}
		if text != "" && f.kept() {
			if kept == nil {
				kept = map[Fact]string{}
			}
			kept[f] = text
		}
	}
	return kept, nil
}

// complete refuses a contact without what the form requires. A link says which transaction it is.
func (a *approach) complete() error {
	for _, f := range a.row.Required {
		if a.said.facts[f] == "" && (f != TransactionID || len(a.objects) == 0) {
			return okpay.InvalidField("facts", "lack %s", f)
		}
	}
	return nil
}

func (a *approach) request() []ledger.Field {
	return append(a.said.request(),
		ledger.Field{Name: "category", Value: string(a.row.Category)}, ledger.Field{Name: "channel", Value: string(a.channel)},
		ledger.Field{Name: "objects", Value: fmt.Sprint(a.objects)}, ledger.Field{Name: "follows", Value: string(a.follows)},
	)
}

func (e *said) request() []ledger.Field {
	var files []string
	for i := range e.files {
		files = append(files, e.files[i].Name+" "+e.files[i].SHA256)
	}
	return []ledger.Field{
		{Name: "subject", Value: e.subject},
		{Name: "text", Value: e.text},
		{Name: "facts", Value: fmt.Sprint(e.facts)},
		{Name: "files", Value: strings.Join(files, "\n")},
	}
}

// contact adds what a customer says to the open case of the category, or opens one.
func (s *Cases) contact(d *okpay.Draft, a approach) (*caseDoc, error) {
	if err := s.known(d, a.customer); err != nil {
		return nil, err
	}
	k, told, err := s.current(d, a.customer, a.row.Category)
	if err != nil {
		return nil, err
	}
	if err := s.quota(d, a.customer, k == nil, a.counts); err != nil {
		return nil, err
	}
	if k == nil {
		if k, err = s.fresh(d, a); err != nil {
			return nil, err
		}
	}
	for _, o := range a.objects {
		if err := s.own(d, a.customer, o); err != nil {
			return nil, err
		}
	}
	objects := a.objects
	if o, ok := linkOf(a.said.facts[TransactionID]); ok && s.own(d, a.customer, o) == nil {
		objects = append(slices.Clone(objects), o)
	}
	k.link(append(objects, a.made...))
	if len(k.Objects) > maxLinks && a.channel != BySystem {
		return nil, okpay.NewError(okpay.InvalidState, "the case has %d objects", maxLinks)
	}
	m, err := s.said(d, k, a.said)
	if err != nil {
		return nil, err
	}
	told = append(told, m)
	if a.urgent && k.Priority != P1 {
		m, err := k.move(urgentCase, okpay.Always)
		if err != nil {
			return nil, err
		}
		s.prioritize(k, P1, d.Now())
		told = append(told, m)
	}
	return k, s.write(d, k, told...)
}

// known refuses a customer who is not there, or was erased.
func (s *Cases) known(d *okpay.Draft, id okpay.CustomerID) error {
	of := struct {
		ErasedAt *time.Time `json:"erased_at"`
	}{}
	err := d.Read("customer", string(id), &of)
	if err == nil && of.ErasedAt != nil || errors.Is(err, okpay.NotFound) {
		err = okpay.NewError(okpay.NotFound, "there is no customer with this id")
	}
	return err
}

// current reads the customer's open case of a category, nil if there is none. Two Changes that
// both find none write the customer's limits, so the second is decided again; and the key of the
// record lets only one be.
func (s *Cases) current(d *okpay.Draft, customer okpay.CustomerID, c Category) (*caseDoc, []okpay.Told, error) {
	r, err := s.c.w.Ledger().RecordByKey(d.Context(), openKey(customer, c))
	if errors.Is(err, ledger.ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	k, told, err := s.load(d, CaseID(r.ID))
	if err == nil && !k.live() { // since this moment
		if err := s.write(d, k, told...); err != nil {
			return nil, nil, err
		}
		return nil, nil, nil
	}
	return k, told, err
}

// fresh is a case that is not written yet.
func (s *Cases) fresh(d *okpay.Draft, a approach) (*caseDoc, error) {
	if a.follows != "" {
		of := &caseDoc{}
		err := d.Read("case", string(a.follows), of)
		if errors.Is(err, okpay.NotFound) || err == nil && of.Case.Customer != a.customer {
			return nil, noCase(a.follows)
		}
		if err != nil {
			return nil, err
		}
		closed := of.State == CaseClosed || of.State == CaseSolved && !d.Now().Before(*of.ClosesAt)
		if !closed || of.Category != a.row.Category {
			return nil, okpay.NewError(okpay.InvalidState, "the case is %s, and about %s", of.State, of.Category)
		}
	}
	id := s.c.w.NewID("cas_")
	now := d.Now()
	k := &caseDoc{Case: Case{
		ID: CaseID(id), Number: numberOf(id), Customer: a.customer, Category: a.row.Category,
		Priority: a.row.Priority, Tier: 1, Channel: a.channel, Follows: a.follows, QueuedAt: now, CreatedAt: now,
	}}
	if a.urgent {
		k.Priority = P1
	}
	k.First.run(s.c.pace(k, "first_response"), now)
	k.Resolution.run(s.c.pace(k, "resolution"), now)
	return k, nil
}

// said adds what the customer says, and what that does to the case.
func (s *Cases) said(d *okpay.Draft, k *caseDoc, e said) (okpay.Told, error) {
	was, now := k.State, d.Now()
	m, err := k.move(contactCase, okpay.Always)
	if err != nil {
		return m, err
	}
	if err := s.log(d, k, e); err != nil {
		return m, err
	}
	if was == CasePending || was == CaseSolved {
		k.GivesUpAt = nil
		if err := s.back(d, k); err != nil {
			return m, err
		}
	}
	if was == CaseSolved {
		k.SolvedAt, k.ClosesAt = nil, nil
		k.Reopened++
	}
	if k.First.Done {
		k.Next.run(s.c.pace(k, "next_response"), now)
	}
	return m, nil
}

// back gives a case that is worked on again to the agent who had it, or to the queue if they are
// not there any more.
func (s *Cases) back(d *okpay.Draft, k *caseDoc) error {
	k.Resolution.run(s.c.pace(k, "resolution"), d.Now())
	if k.Agent != "" {
		if o, err := s.c.works(d, k.Agent); o != nil || err != nil {
			return err
		}
	}
	k.Agent, k.QueuedAt = "", d.Now()
	return nil
}
