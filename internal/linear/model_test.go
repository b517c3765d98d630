package linear

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"
)

const accounts = 3

// call is what a client asks.
type call struct {
	Kind     string // "fund", "move", "hold", "capture", "void", "read", "chain"
	ID       string // of the Change
	From, To int    // accounts
	Minor    int64
	Hold     string
	Members  []call // of a chain, whose own ID is empty
}

// answer is what it is told. Unknown is what a killed client heard.
type answer struct {
	Unknown  bool
	Refused  string   // reason, empty if the Change happened
	Members  []string // of a chain: the same for each, or linked
	Balances [accounts]balance
}

// linked is what members of a chain are told that did not happen because of another one.
const linked = "linked"

type balance struct{ Posted, Available int64 }

// state is what the model knows. It is compared by ==, so holds and ids are in arrays of a
// fixed size.
type state struct {
	posted  [accounts]int64
	holds   [holds]hold
	decided [changes]string // by number of the Change: the first answer, "-" for one that happened
}

const (
	holds   = 24
	changes = 160
)

type hold struct {
	from  int
	minor int64
	ended string // reason that a later capture is told; "" for one that is open or not there
	there bool
}

func (s *state) available(account int) int64 {
	left := s.posted[account]
	for _, h := range s.holds {
		if h.there && h.ended == "" && h.from == account {
			left -= h.minor
		}
	}
	return left
}

// operation is a call whose Change has a number.
type operation struct {
	call
	number int // of the Change id among those of the history
	hold   int // of the hold id

	members []operation // of a chain
}

// decide does a call and returns what its caller is told.
func (s *state) decide(op operation) string {
	switch op.Kind {
	case "fund":
		s.posted[op.To] += op.Minor
	case "move":
		if s.available(op.From) < op.Minor {
			return "insufficient_funds"
		}
		s.posted[op.From] -= op.Minor
		s.posted[op.To] += op.Minor
	case "hold":
		if s.available(op.From) < op.Minor {
			return "insufficient_funds"
		}
		s.holds[op.hold] = hold{from: op.From, minor: op.Minor, there: true}
	case "capture", "void":
		h := &s.holds[op.hold]
		switch {
		case !h.there:
			return "hold_unknown"
		case h.ended != "":
			return h.ended
		}
		if h.ended = "hold_voided"; op.Kind == "capture" {
			h.ended = "hold_captured"
			s.posted[h.from] -= h.minor
		}
	}
	return "-"
}

// once does a call, or tells again what was told before.
func (s *state) once(op operation) string {
	if was := s.decided[op.number]; was != "" {
		return was
	}
	got := s.decide(op)
	if got == "-" || pinned[got] {
		s.decided[op.number] = got
	}
	return got
}

// chain does all members of a chain or none. One that was decided before fails those that are
// new, and so does the first that is refused now; that one keeps its id if its refusal is pinned.
func (s *state) chain(members []operation) []string {
	told := make([]string, len(members))
	known, first := 0, 0
	for i, op := range members {
		told[i] = linked
		if s.decided[op.number] == "" {
			continue
		}
		if known++; known == 1 {
			first = i
		}
	}
	if known > 0 && known < len(members) {
		told[first] = s.decided[members[first].number]
		return told
	}
	before := *s
	got := make([]string, len(members))
	for i, op := range members {
		if got[i] = s.once(op); got[i] == "-" || known > 0 {
			continue
		}
		*s = before
		if told[i] = got[i]; pinned[got[i]] {
			s.decided[op.number] = got[i]
		}
		return told
	}
	return got
}

// pinned are the refusals that keep their id.
var pinned = map[string]bool{"insufficient_funds": true, "hold_unknown": true}

var model = porcupine.Model{
	Init: func() any { return state{} },
	Step: func(was, input, output any) (bool, any) {
		s, op, told := was.(state), input.(operation), output.(answer)
		if op.Kind == "read" {
			for i, b := range told.Balances {
				if !told.Unknown && (b.Posted != s.posted[i] || b.Available != s.available(i)) {
					return false, s
				}
			}
			return true, s
		}
		got, heard := []string(nil), told.Members
		if op.Kind == "chain" {
			got = s.chain(op.members)
		} else {
			got, heard = []string{s.once(op)}, []string{told.Refused}
		}
		same := slices.EqualFunc(got, heard, func(got, heard string) bool { return got == cmp.Or(heard, "-") })
		return told.Unknown || same, s
	},
	DescribeOperation: func(input, output any) string {
		op, told := input.(operation), output.(answer)
		return fmt.Sprintf("%+v: %+v", op.call, told)
	},
}
