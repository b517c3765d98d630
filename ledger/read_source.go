package ledger

import "slices"

// source gives numbers of transactions from an index, in the order of the query. Seek returns
// the first that is not before at in that order, 0 if there is none. What is asked for never
// goes back.
type source interface {
	seek(at int64) (int64, error)
}

// ahead are numbers that a source has read and not given yet, in the order of the query.
type ahead []int64

// first drops what comes before at.
func (a *ahead) first(at int64, desc bool) (int64, bool) {
	n := 0
	for n < len(*a) && ((*a)[n] < at) != desc && (*a)[n] != at {
		n++
	}
	if *a = (*a)[n:]; len(*a) == 0 {
		return 0, false
	}
	return (*a)[0], true
}

// Sources read more at a time the longer they are read from.
const (
	readFirst = MarkEvery
	readMost  = 8 * MarkEvery
)

// termSource gives the transactions with a hash.
type termSource struct {
	r     *transactionReader
	hash  int64
	ahead ahead
	size  int
	ended bool
}

func (s *termSource) seek(at int64) (int64, error) {
	desc := s.r.query.Desc
	if no, ok := s.ahead.first(at, desc); ok || s.ended {
		return no, nil
	}
	after := at - 1
	if desc {
		after = at + 1
	}
	s.size = min(max(2*s.size, readFirst), readMost)
	nos, err := s.r.view.ByTerm(s.r.ctx, s.hash, after, desc, s.size)
	if err != nil {
		return 0, err
	}
	s.ahead, s.ended = nos, len(nos) < s.size
	no, _ := s.ahead.first(at, desc)
	return no, nil
}

// journalSource gives all transactions.
type journalSource struct {
	r     *transactionReader
	ahead ahead
}

func (s *journalSource) seek(at int64) (int64, error) {
	desc := s.r.query.Desc
	for {
		if no, ok := s.ahead.first(at, desc); ok || at < 1 {
			return no, nil
		}
		after := at - 1
		if desc {
			after = max(at-readMost, 0)
		}
		limit := readMost
		if desc {
			limit = int(at - after)
		}
		rows, err := s.r.view.Postings(s.r.ctx, after, limit)
		if err != nil {
			return 0, err
		}
		s.ahead = s.ahead[:0]
		for i := range rows {
			if rows[i].No == rows[i].Transaction {
				s.ahead = append(s.ahead, rows[i].No)
			}
		}
		switch {
		case desc:
			slices.Reverse(s.ahead)
			if len(s.ahead) == 0 {
				at = after
			}
		case len(s.ahead) == 0 && len(rows) < limit:
			return 0, nil
		case len(s.ahead) == 0:
			at = rows[len(rows)-1].No + 1
		}
	}
}

// accountSource gives the transactions that touch an account.
type accountSource struct {
	r       *transactionReader
	account *Account
	ahead   ahead
	next    int64 // ordinal of the entry to read next, 0 before the first time
	size    int64
}

func (s *accountSource) seek(at int64) (int64, error) {
	desc := s.r.query.Desc
	if no, ok := s.ahead.first(at, desc); ok {
		return no, nil
	}
	// What is asked for stands, as a rule, in what follows; if not, it is searched for once.
	for reads := 0; ; reads++ {
		if s.next == 0 || reads == 1 {
			next, err := s.find(at)
			if err != nil {
				return 0, err
			}
			if s.next == 0 || (next > s.next) != desc && next != s.next {
				s.next = next
			}
		}
		if s.next < 1 || s.next > s.account.Entries {
			return 0, nil
		}
		if err := s.read(); err != nil {
			return 0, err
		}
		if no, ok := s.ahead.first(at, desc); ok {
			return no, nil
		}
	}
}

// read reads entries from the next on, and leaves -1 for the one before the first.
func (s *accountSource) read() error {
	desc := s.r.query.Desc
	s.size = min(max(2*s.size, readFirst), readMost)
	lowest, highest := s.next, min(s.next+s.size-1, s.account.Entries)
	if desc {
		lowest, highest = max(s.next-s.size+1, 1), s.next
	}
	rows, err := s.r.view.Entries(s.r.ctx, s.account.No, lowest, highest)
	if err != nil {
		return err
	}
	s.ahead = s.ahead[:0]
	for i := range rows {
		s.ahead = append(s.ahead, rows[i].Transaction)
	}
	s.next = highest + 1
	if desc {
		slices.Reverse(s.ahead)
		if s.next = lowest - 1; s.next == 0 {
			s.next = -1
		}
	}
	s.ahead = slices.Compact(s.ahead)
	return nil
}

// find returns an ordinal from which to read so as to meet the first transaction that is not
// before at.
func (s *accountSource) find(at int64) (int64, error) {
	desc := s.r.query.Desc
	switch {
	case desc && at >= s.account.Last:
		return s.account.Entries, nil
	case !desc && at <= 1:
		return 1, nil
	case !desc && at > s.account.Last:
		return s.account.Entries + 1, nil
	}
	mark, err := lastIn(0, s.account.Entries/MarkEvery, func(nths []int64) (map[int64]bool, error) {
		for i := range nths {
			nths[i] *= MarkEvery
		}
		marks, err := s.r.view.MarksAt(s.r.ctx, s.account.No, nths)
		before := make(map[int64]bool, len(marks))
		for _, m := range marks {
			before[m.Nth/MarkEvery] = m.Posting < at || desc && m.Posting == at
		}
		return before, err
	})
	if err != nil || !desc {
		return mark*MarkEvery + 1, err
	}
	// The last entry that is not after at; a transaction's later postings have higher
	// numbers than the transaction itself.
	last := mark * MarkEvery
	for last < s.account.Entries {
		rows, err := s.r.view.Entries(s.r.ctx, s.account.No, last+1, min(last+MarkEvery, s.account.Entries))
		if err != nil {
			return 0, err
		}
		for i := range rows {
			if rows[i].Transaction > at {
				return last, nil
			}
			last, _, _ = sideOf(&rows[i], s.account.No)
		}
	}
	return last, nil
}

// eitherSource gives what one of several accounts has.
type eitherSource struct {
	sources []*accountSource
	desc    bool
}

func (s *eitherSource) seek(at int64) (best int64, err error) {
	for _, one := range s.sources {
		// An account that was touched last before what was found has nothing nearer.
		if last := one.account.Last; s.desc && last < best || !s.desc && last < at {
			continue
		}
		no, err := one.seek(at)
		if err != nil {
			return 0, err
		}
		if no != 0 && (best == 0 || (no < best) != s.desc) {
			best = no
		}
	}
	return best, nil
}
