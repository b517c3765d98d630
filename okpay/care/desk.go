package care

import (
	"errors"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// deskDoc is where an agent works: which cases they have open. Whoever gives an agent a case
// writes it, so that no two processes give more than the agent can take.
type deskDoc struct {
	Agent OperatorID `json:"agent"`
	Open  []CaseID   `json:"open,omitempty"`
	Here  bool       `json:"here,omitempty"` // takes cases at present
	Since time.Time  `json:"since"`
	Count int64      `json:"count,omitempty"`
}

func (k *deskDoc) Put() ledger.Put {
	put := ledger.Put{Type: "desk", ID: string(k.Agent), Chaining: ledger.Plain}
	if k.Here {
		put.Labels = []string{"here"}
	}
	return put
}

func (k *deskDoc) View() any                  { return nil }
func (k *deskDoc) Customer() okpay.CustomerID { return "" }
func (k *deskDoc) Counter() *int64            { return &k.Count }

// desk reads an agent's desk. The draft relies on it.
func (s *Cases) desk(d *okpay.Draft, agent OperatorID) (*deskDoc, error) {
	k := &deskDoc{}
	err := d.Read("desk", string(agent), k)
	if errors.Is(err, okpay.NotFound) {
		return &deskDoc{Agent: agent, Since: d.Now()}, nil
	}
	return k, err
}

// seat moves a case between desks as its agent and state have changed since it was read.
func (s *Cases) seat(d *okpay.Draft, k *caseDoc) error {
	at := func(agent OperatorID, state CaseState) OperatorID {
		if state != CaseOpen {
			return ""
		}
		return agent
	}
	was, is := at(k.read.agent, k.read.state), at(k.Agent, k.State)
	if was == is {
		return nil
	}
	if k.WorkedSince != nil {
		k.Handled += d.Now().Sub(*k.WorkedSince)
		k.WorkedSince = nil
	}
	if was != "" {
		desk, err := s.desk(d, was)
		if err != nil {
			return err
		}
		desk.Open = slices.DeleteFunc(desk.Open, func(id CaseID) bool { return id == k.ID })
		if err := d.Write(desk); err != nil {
			return err
		}
	}
	if is != "" {
		now := d.Now()
		k.WorkedSince = &now
		desk, err := s.desk(d, is)
		if err != nil {
			return err
		}
		desk.Open = append(desk.Open, k.ID)
		return d.Write(desk)
	}
	return nil
}

// works returns an operator who can work on cases, nil for one who can not. It is asked also while
// a customer is signed in, who gives the operator nothing to do by it.
func (c *Care) works(r okpay.Reader, id OperatorID) (*Operator, error) {
	o := &operatorDoc{}
	err := r.Read("operator", string(id), o)
	if errors.Is(err, okpay.NotFound) || err == nil && (o.State != OperatorActive || !c.has(&o.Operator, MayWorkCases)) {
		return nil, nil
	}
	return &o.Operator, err
}

// fits reports whether an agent may be given a case: by skill and level.
func (c *Care) fits(o *Operator, k *caseDoc) bool {
	return (len(o.Skills) == 0 || slices.Contains(o.Skills, string(k.Category))) &&
		c.has(o, MayWorkCases) && (k.Tier == 1 || c.has(o, MayWorkEscalated)) &&
		(o.Account == "" || o.Account != k.Case.Customer)
}

// room refuses an agent who has as many cases open as they can. Errors: InvalidState.
func (s *Cases) room(d *okpay.Draft, agent OperatorID) error {
	desk, err := s.desk(d, agent)
	if err == nil && len(desk.Open) >= s.c.cfg.Capacity {
		err = okpay.NewError(okpay.InvalidState, "the agent has %d cases open", len(desk.Open))
	}
	return err
}
