package okpay

import "slices"

// action is what happens to an object: a verb of a person's, an answer from outside, or time.
type action string

// guard is the fact that decides between several rows for one action in one state.
type guard string

// always is the guard of a row that needs none.
const always guard = ""

// row is one row of a state machine. A row without from makes the object.
type row[S ~string] struct {
	from  S
	on    action
	guard guard
	to    S
	posts string   // what money moves, in the words of docs/postings.md; empty for none
	emits []string // types of events, in order
	mails []string // templates of messages to the customer, in order
}

// machine is the state machine of one kind of object, as a table. What stands in no row is
// refused with InvalidState and changes nothing.
type machine[S ~string] struct {
	noun string // as in the record's type
	rows []row[S]
}

// next finds the row for an action in a state.
func (m machine[S]) next(from S, on action, g guard) (row[S], bool) {
	for _, r := range m.rows {
		if r.from == from && r.on == on && r.guard == g {
			return r, true
		}
	}
	return row[S]{}, false
}

// allows reports whether there is any row for an action in a state.
func (m machine[S]) allows(from S, on action) bool {
	for _, r := range m.rows {
		if r.from == from && r.on == on {
			return true
		}
	}
	return false
}

// move takes an object through the table. id is for the refusal.
func (m machine[S]) move(state *S, id string, on action, g guard) (told, error) {
	r, ok := m.next(*state, on, g)
	if !ok {
		return told{}, m.refuse(*state, id, on)
	}
	*state = r.to
	return told{emits: r.emits, mails: r.mails}, nil
}

// refuse is the refusal of what stands in no row.
func (m machine[S]) refuse(state S, id string, on action) error {
	e := newError(InvalidState, "%s is not possible: the %s is %s", on, m.noun, state)
	e.Object = id
	return e
}

// told is what a move tells: events and messages, each in order.
type told struct {
	emits []string
	mails []string
}

// without leaves out an event that somebody else announces.
func (m told) without(eventType string) told {
	m.emits = slices.DeleteFunc(slices.Clone(m.emits), func(t string) bool { return t == eventType })
	return m
}

// table is a machine as documents and tests see it.
type table struct {
	noun   string
	states []string // in order of appearance
	rows   []row[string]
}

// drawn forgets the type of a machine's states.
func (m machine[S]) drawn() table {
	t := table{noun: m.noun}
	seen := map[S]bool{"": true}
	see := func(s S) {
		if !seen[s] {
			seen[s] = true
			t.states = append(t.states, string(s))
		}
	}
	for _, r := range m.rows {
		see(r.from)
		see(r.to)
		t.rows = append(t.rows, row[string]{string(r.from), r.on, r.guard, string(r.to), r.posts, r.emits, r.mails})
	}
	return t
}

// machines are all of the wallet's, in the order of docs/states.md.
func machines() []table {
	return []table{
		paymentMachine().drawn(),
		refundMachine().drawn(),
		topUpMachine().drawn(),
		disputeMachine().drawn(),
		gateMachine().drawn(),
		withdrawalMachine().drawn(),
		payoutMachine().drawn(),
		payoutScheduleMachine().drawn(),
		destinationMachine().drawn(),
		quoteMachine().drawn(),
		conversionMachine().drawn(),
		reconciliationMachine().drawn(),
		exceptionMachine().drawn(),
		merchantMachine().drawn(),
		contactMachine().drawn(),
		transferMachine().drawn(),
		requestMachine().drawn(),
	}
}
