package ledger

import "context"

// single is a call of Commit with all that it needs; used again once it was answered.
type single struct {
	call     call
	request  request
	preparer preparer
	prepared prepared
	member   [1]*prepared
	answer   [1]answer
}

func (l *Ledger) newSingle() *single {
	s, ok := l.calls.Get().(*single)
	if !ok {
		s = &single{call: call{done: make(chan struct{}, 1)}, preparer: l.newPreparer()}
	}
	s.member[0] = &s.prepared
	s.request.members, s.request.answers, s.request.call = s.member[:], s.answer[:], &s.call
	s.call.open.Store(1)
	return s
}

// recycle puts back a call that the committer is done with.
func (l *Ledger) recycle(s *single) {
	s.prepared, s.answer[0] = prepared{}, answer{}
	if s.preparer.slabs.large() {
		s.preparer = l.newPreparer()
	}
	s.preparer.slabs.reset()
	s.request.taken, s.request.removed, s.request.seen = false, false, nil
	s.request.settled.Store(false)
	l.calls.Put(s)
}

// Commit commits one Change and waits for it. The errors, and which one is returned when
// several apply, stand at ErrInvalid and after. A RefusedError comes with an Outcome when
// the refusal was recorded.
//
// When the context ends before a block has taken the Change, nothing happened and the
// context's error is returned. After that the error also matches ErrOutcomeUnknown, and
// the commit goes on; ask again with the same id. Once Commit has returned, what the Change
// points to may be altered; the ledger has its own copy.
func (l *Ledger) Commit(ctx context.Context, change Change) (Outcome, error) {
	if joinedIn(ctx) != nil {
		return Outcome{}, ErrJoined
	}
	if l.observer == nil {
		return l.commit(ctx, change, nil)
	}
	ctx, seen := l.observer.call(ctx, 1)
	out, err := l.commit(ctx, change, seen)
	seen.answered(ctx, &out, err)
	seen.end(ctx, &out, err)
	return out, err
}

func (l *Ledger) commit(ctx context.Context, change Change, seen *observed) (Outcome, error) {
	s := l.newSingle()
	s.request.seen = seen
	if err := l.prepare(&s.preparer, &s.prepared, &change, false); err != nil {
		l.recycle(s)
		return Outcome{}, err
	}
	err := ctx.Err()
	if err == nil {
		_, err = l.queue.put(&s.request)
	}
	if err != nil {
		l.recycle(s)
		return Outcome{}, err
	}
	if !s.call.wait(ctx) {
		if err := l.queue.giveUp(ctx, &s.request); err != nil {
			return Outcome{}, err // the committer may still write to s
		}
		<-s.call.done
	}
	a := s.answer[0]
	l.recycle(s)
	return a.outcome, a.err
}

// Check reports what Commit would refuse for its form (ErrInvalid), without asking the
// store: for a Change that is to be committed later.
func (l *Ledger) Check(change Change) error {
	var p prepared
	r := l.newPreparer()
	return l.prepare(&r, &p, &change, false)
}

func (l *Ledger) newPreparer() preparer { return preparer{key: l.head.Key, rand: l.cfg.Rand} }

func (l *Ledger) prepare(r *preparer, p *prepared, c *Change, chained bool) error {
	if c.ID == "" {
		c.ID = l.cfg.NewID()
	}
	if c.Linked && !chained {
		return invalid("linked", "there is no next Change")
	}
	return r.prepare(p, c)
}

// Answer is what CommitAll says of one Change: what Commit would have returned.
type Answer struct {
	Outcome
	Err error
}

// CommitAll commits many Changes, each on its own unless it is linked to the next one, in
// their order, and waits for all. The answers are in the order of the Changes. It costs far
// less than as many calls of Commit.
//
// A chain is a run of Changes with Linked set and the one that follows them; at most
// MaxChain. It happens whole or not at all: the first member that fails gives the chain's
// reason and keeps it as its own answer, pinned if Commit would have pinned it; the others
// answer ErrLinked and their ids stay free. A member whose id was used before fails a chain
// that has members that are new, before any of those is looked at. The last Change of all can not be linked (ErrInvalid).
//
// When the context ends, Changes that no block has taken yet answer with its error, and
// those that a block has taken with ErrOutcomeUnknown besides.
//
// Changes are decided in their order, with one exception. When the connection is lost at a
// commit, its block is decided again. If it was not written, all of it is decided anew in order.
// If it was written after all, what it recorded is found by its ids and answers as it was
// decided, as the first and not as a replay; what left no trace in it (a refusal that does not
// pin its id, ErrConflict, ErrDuplicateKey, ErrDeadline, a chain that failed for such a reason) is
// decided anew, now behind those that followed it, and may succeed there. A Change that must not
// happen after another one is linked to it, or expects what the other one changes. If the store
// can not be reached again, all of the block answer with ErrOutcomeUnknown and may have
// happened whole or not at all; later Changes of the call are decided all the same. Ask again with
// the same ids.
func (l *Ledger) CommitAll(ctx context.Context, changes []Change) []Answer {
	answers := make([]Answer, len(changes))
	if joinedIn(ctx) != nil {
		for i := range answers {
			answers[i].Err = ErrJoined
		}
		return answers
	}
	ctx, seen := l.observer.call(ctx, len(changes))
	// Two windows are under way at a time: while one is committed, the next is prepared.
	var before, idle *window
	for at := 0; at < len(changes); {
		w := l.newWindow(idle, changes[at:], answers[at:], seen)
		at += len(w.answers)
		w.send(ctx)
		idle = nil
		if before != nil && before.receive(ctx) {
			idle = before
		}
		before = w
	}
	if before != nil {
		before.receive(ctx)
	}
	if seen != nil {
		for i := range answers {
			seen.answered(ctx, &answers[i].Outcome, answers[i].Err)
		}
		seen.end(ctx, nil, nil)
	}
	return answers
}

// window is a part of the Changes of a CommitAll.
type window struct {
	ledger   *Ledger
	call     call
	answers  []Answer
	requests []*request
	starts   []int // of each request's members in answers
	sent     int

	// What the requests consist of.
	preparer preparer
	prepared []prepared
	members  []*prepared
	room     []answer
	all      []request
}

// windowOps is how many operations make a window large enough, whatever a block may hold: the
// next one is prepared while it is committed.
const windowOps = 10_000

// newWindow prepares the first of the changes, up to a block of them, chains uncut. It uses
// the room of an idle window if there is one.
func (l *Ledger) newWindow(idle *window, changes []Change, answers []Answer, seen *observed) *window {
	size, ops := 0, 0
	for size < len(changes) && (size < l.cfg.MaxBlockChanges && ops < windowOps || changes[size-1].Linked) {
		ops += len(changes[size].Ops)
		size++
	}
	w := idle
	if w == nil || cap(w.prepared) < size {
		w = &window{
			ledger: l, call: call{done: make(chan struct{}, 1)}, preparer: l.newPreparer(),
			prepared: make([]prepared, size), members: make([]*prepared, size), room: make([]answer, size), all: make([]request, size),
			requests: make([]*request, 0, size), starts: make([]int, 0, size),
		}
		for i := range w.prepared {
			w.members[i] = &w.prepared[i]
		}
	}
	w.preparer.slabs.reset()
	clear(w.prepared[:size])
	clear(w.room[:size])
	w.answers, w.requests, w.starts, w.sent = answers[:size], w.requests[:0], w.starts[:0], 0
	for at := 0; at < size; {
		end := at + 1
		for end < size && changes[end-1].Linked {
			end++
		}
		if l.prepareChain(&w.preparer, w.members[at:end], changes[at:end], answers[at:end]) {
			r := &w.all[len(w.requests)]
			*r = request{members: w.members[at:end], answers: w.room[at:end], call: &w.call, seen: seen}
			w.requests, w.starts = append(w.requests, r), append(w.starts, at)
		}
		at = end
	}
	return w
}

// prepareChain prepares the members of a chain, or one Change. If one has a wrong form, all
// are answered and it reports false.
func (l *Ledger) prepareChain(r *preparer, members []*prepared, changes []Change, answers []Answer) bool {
	failed, err := -1, error(nil)
	var ids map[string]bool
	if len(changes) > 1 {
		ids = make(map[string]bool)
	}
	for i := range changes {
		c := changes[i] // an id is added to the copy
		err = l.prepare(r, members[i], &c, true)
		switch {
		case err != nil:
		case len(changes) > MaxChain:
			err = invalid("linked", "a chain has %d Changes, want at most %d", len(changes), MaxChain)
		case c.Linked && i == len(changes)-1:
			err = invalid("linked", "there is no next Change")
		case len(changes) > 1 && ids[c.ID]:
			err = invalid("id", "is used twice in a chain")
		case len(changes) > 1 && (c.Else != nil || c.Refusal != nil):
			err = invalid("else", "a Change of a chain has neither Refusal nor Else")
		}
		if err != nil {
			failed = i
			break
		}
		if len(changes) > 1 {
			ids[c.ID] = true
		}
	}
	if failed < 0 {
		return true
	}
	for i := range answers {
		answers[i].Err = ErrLinked
	}
	answers[failed].Err = err
	return false
}

// send puts the window's requests into the queue.
func (w *window) send(ctx context.Context) {
	w.call.open.Store(int64(len(w.requests)))
	err := ctx.Err()
	if err == nil {
		w.sent, err = w.ledger.queue.put(w.requests...)
	}
	if unsent := w.requests[w.sent:]; len(unsent) > 0 {
		for i, r := range unsent {
			w.answer(w.sent+i, func(int) Answer { return Answer{Err: err} }, r)
		}
		if w.call.open.Add(-int64(len(unsent))) == 0 && w.sent > 0 {
			w.call.done <- struct{}{}
		}
	}
}

// answer gives the answers to one request's Changes.
func (w *window) answer(n int, of func(member int) Answer, r *request) {
	for i := range r.members {
		w.answers[w.starts[n]+i] = of(i)
	}
}

// receive waits for the answers to what was sent, and reports whether nothing of the window
// is in use any more.
func (w *window) receive(ctx context.Context) (idle bool) {
	if w.sent == 0 {
		return true
	}
	all := w.call.wait(ctx)
	for n, r := range w.requests[:w.sent] {
		if !all {
			if err := w.ledger.queue.giveUp(ctx, r); err != nil {
				w.answer(n, func(int) Answer { return Answer{Err: err} }, r)
				continue
			}
		}
		w.answer(n, func(i int) Answer { return Answer{r.answers[i].outcome, r.answers[i].err} }, r)
	}
	return all
}
