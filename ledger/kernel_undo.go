package ledger

type savedAccount struct {
	account *workAccount
	was     workAccount
}

// save keeps an account as it is for undo, once for each part.
func (k *kernel) save(a *workAccount) {
	if a.decision != k.work.cache.decision {
		k.saved = append(k.saved, savedAccount{a, *a})
		a.decision = k.work.cache.decision
	}
}

// position is how far the block had grown, for a refused Change to go back to.
type position struct {
	head                               Head
	postings, marks, events, reversals int
	terms, effects, changes, outcomes  int
	count, used, saved, undo           int
	prefaced                           bool
}

func (k *kernel) mark() position {
	return position{
		head: k.head, postings: len(k.batch.Postings), marks: len(k.batch.Marks), events: len(k.batch.Events),
		reversals: len(k.batch.Reversals), terms: len(k.terms), effects: len(k.effects), changes: len(k.changes),
		outcomes: len(k.outcomes), count: k.count, used: k.used, saved: len(k.saved), undo: len(k.undo), prefaced: k.prefaced,
	}
}

func (k *kernel) rewind(to position) {
	for i := len(k.undo) - 1; i >= to.undo; i-- {
		k.undo[i]()
	}
	for i := len(k.saved) - 1; i >= to.saved; i-- {
		*k.saved[i].account = k.saved[i].was
	}
	k.saved, k.undo = k.saved[:to.saved], k.undo[:to.undo]
	k.head, k.count, k.used, k.prefaced = to.head, to.count, to.used, to.prefaced
	k.batch.Changes = k.batch.Changes[:to.count]
	k.batch.Postings = k.batch.Postings[:to.postings]
	k.batch.Marks = k.batch.Marks[:to.marks]
	k.batch.Events = k.batch.Events[:to.events]
	k.batch.Reversals = k.batch.Reversals[:to.reversals]
	k.terms, k.effects = k.terms[:to.terms], k.effects[:to.effects]
	k.changes, k.outcomes = k.changes[:to.changes], k.outcomes[:to.outcomes]
}
