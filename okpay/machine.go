package okpay

import "slices"

// Action is what happens to an object: a verb of a person's, an answer from outside, or time.
type Action string

// Guard is the fact that decides between several rows for one action in one state.
type Guard string

// Always is the guard of a row that needs none.
const Always Guard = ""

// Row is one row of a state machine. A Row without From makes the object.
type Row[S ~string] struct {
	From  S
	On    Action
	Guard Guard
	To    S
	Posts string   // what money moves, in the words of docs/postings.md; empty for none
	Emits []string // types of events, in order
	Mails []string // templates of messages to the customer, in order
}

// Machine is the state machine of one kind of object, as a table. What stands in no row is
// refused with InvalidState and changes nothing.
type Machine[S ~string] struct {
	Noun string // as in the record's type
	Rows []Row[S]
}

// Next finds the row for an action in a state.
func (m Machine[S]) Next(from S, on Action, g Guard) (Row[S], bool) {
	for i := range m.Rows { // rows are large, and this is asked at every step
		if r := &m.Rows[i]; r.From == from && r.On == on && r.Guard == g {
			return *r, true
		}
	}
	return Row[S]{}, false
}

// Allows reports whether there is any row for an action in a state.
func (m Machine[S]) Allows(from S, on Action) bool {
	for i := range m.Rows {
		if r := &m.Rows[i]; r.From == from && r.On == on {
			return true
		}
	}
	return false
}

// Move takes an object through the table. id is for the refusal.
func (m Machine[S]) Move(state *S, id string, on Action, g Guard) (Told, error) {
	r, ok := m.Next(*state, on, g)
	if !ok {
		return Told{}, m.Refuse(*state, id, on)
	}
	*state = r.To
	return Told{Emits: r.Emits, Mails: r.Mails}, nil
}

// Refuse is the refusal of what stands in no row.
func (m Machine[S]) Refuse(state S, id string, on Action) error {
	e := NewError(InvalidState, "%s is not possible: the %s is %s", on, m.Noun, state)
	e.Object = id
	return e
}

// asked refuses a state that no object is ever in: a list of nothing would look like one where nothing
// waits. "" is no state.
func (m Machine[S]) asked(state S) error {
	if state == "" {
		return nil
	}
	for _, r := range m.Rows {
		if r.From == state || r.To == state {
			return nil
		}
	}
	return InvalidField("state", "is not a state of a %s", m.Noun)
}

// Told is what a move tells: events and messages, each in order.
type Told struct {
	Emits []string
	Mails []string
}

// Without leaves out an event that somebody else announces.
func (m Told) Without(eventType string) Told {
	m.Emits = slices.DeleteFunc(slices.Clone(m.Emits), func(t string) bool { return t == eventType })
	return m
}

// Table is a machine as documents and tests see it.
type Table struct {
	Noun   string
	States []string // in order of appearance
	Rows   []Row[string]
}

// Drawn forgets the type of a machine's states.
func (m Machine[S]) Drawn() Table {
	t := Table{Noun: m.Noun}
	seen := map[S]bool{"": true}
	see := func(s S) {
		if !seen[s] {
			seen[s] = true
			t.States = append(t.States, string(s))
		}
	}
	for _, r := range m.Rows {
		see(r.From)
		see(r.To)
		t.Rows = append(t.Rows, Row[string]{string(r.From), r.On, r.Guard, string(r.To), r.Posts, r.Emits, r.Mails})
	}
	return t
}

// machines are all of the wallet's, in the order of docs/states.md.
func machines() []Table {
	return []Table{
		paymentMachine().Drawn(),
		refundMachine().Drawn(),
		topUpMachine().Drawn(),
		disputeMachine().Drawn(),
		GateMachine().Drawn(),
		withdrawalMachine().Drawn(),
		payoutMachine().Drawn(),
		payoutScheduleMachine().Drawn(),
		destinationMachine().Drawn(),
		quoteMachine().Drawn(),
		conversionMachine().Drawn(),
		reconciliationMachine().Drawn(),
		exceptionMachine().Drawn(),
		merchantMachine().Drawn(),
		contactMachine().Drawn(),
		transferMachine().Drawn(),
		requestMachine().Drawn(),
	}
}
