package care_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

// modelClock measures by adding up the time in which it ran.
type modelClock struct {
	running, done bool
	used, target  time.Duration
	breached      bool
}

func (m *modelClock) run(target time.Duration) {
	if m.running {
		return
	}
	if m.done {
		*m = modelClock{}
	}
	m.running, m.target = true, target
}

func (m *modelClock) stop() { m.running, m.done = false, true }

// modelCase is a case as a person would keep it on paper.
type modelCase struct {
	id                      care.CaseID
	category                care.Category
	state                   care.CaseState
	agent                   care.OperatorID
	priority                care.Priority
	tier, entries, reopened int
	rating, breaches        int
	first, next, resolution modelClock
	givesUp, closes         time.Time
}

func (m *modelCase) live() bool { return m.state != care.CaseSolved && m.state != care.CaseClosed }

func (m *modelCase) solve(now time.Time) {
	m.state, m.closes, m.givesUp = care.CaseSolved, now.Add(14*24*time.Hour), time.Time{}
	m.first.stop()
	m.next.stop()
	m.resolution.running = false
}

// caseBook is the cases of one customer, and who works on them.
type caseBook struct {
	now   time.Time
	cases []*modelCase
}

func target(p care.Priority) (first, next, resolution time.Duration) {
	u := time.Duration(p) * time.Hour
	return u, 2 * u, 10 * u
}

func (m *caseBook) pass(d time.Duration) {
	m.now = m.now.Add(d)
	for _, c := range m.cases {
		for _, k := range []*modelClock{&c.first, &c.next, &c.resolution} {
			if !k.running {
				continue
			}
			k.used += d
			if k.used >= k.target && !k.breached {
				k.breached = true
				c.breaches++
			}
		}
		switch {
		case c.state == care.CasePending && !m.now.Before(c.givesUp):
			c.solve(m.now)
			c.entries++
		case c.state == care.CaseSolved && !m.now.Before(c.closes):
			c.state = care.CaseClosed
		}
	}
}

func (m *caseBook) current(category care.Category) *modelCase {
	for _, c := range m.cases {
		if c.category == category && c.live() {
			return c
		}
	}
	return nil
}

func (m *caseBook) busy(agent care.OperatorID) (n int) {
	for _, c := range m.cases {
		if c.state == care.CaseOpen && c.agent == agent {
			n++
		}
	}
	return n
}

// said is what a contact does.
func (m *caseBook) said(c *modelCase) {
	_, next, resolution := target(c.priority)
	switch c.state {
	case care.CasePending:
		c.state, c.givesUp = care.CaseOpen, time.Time{}
		c.resolution.run(resolution)
	case care.CaseSolved:
		c.state, c.closes = care.CaseOpen, time.Time{}
		c.reopened++
		c.resolution.run(resolution)
	}
	c.entries++
	if c.first.done {
		c.next.run(next)
	}
}

func (m *caseBook) open(category care.Category) *modelCase {
	if c := m.current(category); c != nil {
		m.said(c)
		return c
	}
	c := &modelCase{category: category, state: care.CaseNew, tier: 1, entries: 1, priority: care.P4}
	if category == care.AccountLocked {
		c.priority = care.P2
	}
	first, _, resolution := target(c.priority)
	c.first.run(first)
	c.resolution.run(resolution)
	m.cases = append(m.cases, c)
	return c
}

// do is what an action should do to a case: the code of its refusal, or "".
func (m *caseBook) do(on string, c *modelCase, by care.OperatorID) okpay.Code {
	level2 := by == "top" || by == "ann"
	mine := func() okpay.Code {
		if c.agent != by {
			return okpay.PermissionDenied
		}
		return ""
	}
	in := func(states ...care.CaseState) bool {
		for _, s := range states {
			if c.state == s {
				return true
			}
		}
		return false
	}
	_, _, resolution := target(c.priority)
	switch on {
	case "reply":
		if c.state == care.CaseClosed {
			return okpay.InvalidState
		}
		if c.state == care.CaseSolved {
			if other := m.current(c.category); other != nil {
				c = other
			}
		}
		m.said(c)
	case "withdraw":
		if !c.live() {
			return okpay.InvalidState
		}
		c.solve(m.now)
	case "rate":
		if c.state != care.CaseSolved || c.rating != 0 {
			return okpay.InvalidState
		}
		c.rating = 3
	case "take":
		switch {
		case c.state != care.CaseNew && (c.state != care.CaseOpen || c.agent != ""):
			return okpay.InvalidState
		case c.tier == 2 && !level2:
			return okpay.PermissionDenied
		case m.busy(by) >= 2:
			return okpay.InvalidState
		}
		c.state, c.agent = care.CaseOpen, by
	case "assign": // ann gives it to by
		switch {
		case !c.live():
			return okpay.InvalidState
		case c.tier == 2 && !level2:
			return okpay.PermissionDenied
		case c.agent == by:
			return ""
		case in(care.CaseNew, care.CaseOpen) && m.busy(by) >= 2:
			return okpay.InvalidState
		}
		if c.agent = by; c.state == care.CaseNew {
			c.state = care.CaseOpen
		}
	case "release":
		if c.state != care.CaseOpen {
			return okpay.InvalidState
		}
		if code := mine(); code != "" {
			return code
		}
		c.agent = ""
	case "answer", "ask", "wait", "solve":
		from := map[string][]care.CaseState{
			"answer": {care.CaseOpen, care.CasePending, care.CaseOnHold}, "ask": {care.CaseOpen, care.CaseOnHold},
			"wait": {care.CaseOpen, care.CasePending}, "solve": {care.CaseOpen, care.CasePending, care.CaseOnHold},
		}[on]
		if !in(from...) {
			return okpay.InvalidState
		}
		if code := mine(); code != "" {
			return code
		}
		c.entries++
		if on != "wait" {
			c.first.stop()
			c.next.stop()
		}
		switch on {
		case "ask":
			c.state, c.givesUp, c.resolution.running = care.CasePending, m.now.Add(14*24*time.Hour), false
		case "wait":
			c.state, c.givesUp, c.resolution.running = care.CaseOnHold, time.Time{}, false
		case "solve":
			c.solve(m.now)
		}
	case "resume":
		if !in(care.CasePending, care.CaseOnHold) {
			return okpay.InvalidState
		}
		if code := mine(); code != "" {
			return code
		}
		c.state, c.givesUp = care.CaseOpen, time.Time{}
		c.resolution.run(resolution)
	case "note":
		if c.state == care.CaseClosed {
			return okpay.InvalidState
		}
		c.entries++
	case "escalate":
		if c.state != care.CaseOpen || c.tier == 2 {
			return okpay.InvalidState
		}
		if code := mine(); code != "" {
			return code
		}
		c.tier, c.agent = 2, ""
		c.entries++
		c.priority = max(care.P1, c.priority-1)
		first, next, resolution := target(c.priority)
		for k, target := range map[*modelClock]time.Duration{&c.first: first, &c.next: next, &c.resolution: resolution} {
			k.target = target
			// Another target that has passed is noted when time goes on.
		}
	}
	return ""
}

// historyActions are those of caseBook.do, through the verbs.
func historyActions() []string {
	return []string{
		"reply", "withdraw", "rate", "take", "take", "assign", "release", "answer", "answer", "ask", "ask", "wait", "solve", "resume", "note", "escalate",
	}
}

func (k *desk) doAction(on string, of okpay.CustomerID, id care.CaseID, by care.OperatorID) error {
	ctx := k.t.Context()
	var err error
	switch on {
	case "reply":
		_, err = k.Cases.Reply(ctx, care.ReplyCase{Customer: of, Case: id, Text: "more"})
	case "withdraw":
		_, err = k.Cases.Withdraw(ctx, care.MoveCase{Customer: of, Case: id})
	case "rate":
		_, err = k.Cases.Rate(ctx, care.RateCase{Customer: of, Case: id, Rating: 3})
	case "take":
		_, err = k.Cases.Take(ctx, work(by, id))
	case "assign":
		_, err = k.Cases.Assign(ctx, care.AssignCase{By: "bob", Why: why, Case: id, To: by})
	case "release":
		_, err = k.Cases.Release(ctx, work(by, id))
	case "answer":
		_, err = k.Cases.Answer(ctx, say(by, id, "so"))
	case "ask":
		_, err = k.Cases.Ask(ctx, say(by, id, "which?"))
	case "wait":
		_, err = k.Cases.Wait(ctx, say(by, id, "bank"))
	case "solve":
		_, err = k.Cases.Solve(ctx, say(by, id, "done"))
	case "resume":
		_, err = k.Cases.Resume(ctx, work(by, id))
	case "note":
		_, err = k.Cases.Note(ctx, say(by, id, "hm"))
	case "escalate":
		_, err = k.Cases.Escalate(ctx, say(by, id, "up"))
	}
	return err
}

func TestRandomHistoriesOfCasesAgreeWithAModel(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	cfg := care.Config{}
	cfg.Services = map[care.Priority]care.Service{}
	for p := care.P1; p <= care.P4; p++ {
		first, next, resolution := target(p)
		cfg.Services[p] = care.Service{First: first, Next: next, Resolution: resolution}
	}
	cfg.Capacity, cfg.ContactsPerHour, cfg.CasesPerDay = 2, 1000, 1000
	agents := []care.OperatorID{"one", "two", "top"}
	done := map[string]int{}
	for left := testsize.Scaled(t, 10000); left > 0; {
		k := startCases(t, cfg)
		for range min(left, 500) {
			left--
			who := okpay.CustomerID(fmt.Sprint("customer", left))
			k.newCustomer(who)
			m := &caseBook{now: k.clock.Now()}
			story := []string{}
			for range 3 + r.IntN(7) {
				switch n := r.IntN(10); {
				case n == 0 || len(m.cases) == 0:
					category := []care.Category{care.GeneralQuestion, care.AccountLocked}[r.IntN(2)]
					story = append(story, "open "+string(category))
					got := k.openFor(who, category)
					c := m.open(category)
					if c.id == "" {
						c.id = got.ID
					}
					require.Equal(t, c.id, got.ID, "%v", story)
				case n <= 2:
					d := []time.Duration{time.Minute, time.Hour, 3 * time.Hour, 24 * time.Hour, 14 * 24 * time.Hour}[r.IntN(5)]
					story = append(story, d.String())
					k.clock.Advance(d)
					m.pass(d)
					k.work()
				default:
					c := m.cases[r.IntN(len(m.cases))]
					on := historyActions()[r.IntN(len(historyActions()))]
					by := agents[r.IntN(len(agents))]
					if c.agent != "" && r.IntN(3) > 0 {
						by = c.agent
					}
					story = append(story, fmt.Sprint(on, " ", c.id, " by ", by))
					want := m.do(on, c, by)
					got := okpay.CodeOf(k.doAction(on, who, c.id, by))
					require.Equal(t, want, got, "%v", story)
					if want == "" {
						done[on]++
					}
					if want == "" && on == "escalate" { // another target may have passed
						k.work()
						m.pass(0)
					}
				}
				k.agree(m, story)
			}
			for _, c := range m.cases {
				if c.live() { // so that nobody has it open any more
					require.NoError(t, k.doAction("withdraw", who, c.id, ""))
				}
			}
		}
		k.verify()
	}
	for _, on := range historyActions() {
		require.Positive(t, done[on], "%s never worked", on)
	}
}

// agree compares all cases with the model.
func (k *desk) agree(m *caseBook, story []string) {
	k.t.Helper()
	for _, c := range m.cases {
		var got struct {
			care.Case
			care.CaseWork
		}
		require.NoError(k.t, k.Wallet.Read(k.t.Context(), "case", string(c.id), &got))
		type facts struct {
			State                                   care.CaseState
			Agent                                   care.OperatorID
			Priority                                care.Priority
			Tier, Entries, Reopened, Rating, Breach int
			First, Next, Resolution                 string
		}
		clock := func(done, running bool, used time.Duration) string { return fmt.Sprint(done, running, used) }
		real := func(c care.Clock) string {
			used := c.Used
			if c.Since != nil {
				used += m.now.Sub(*c.Since)
			}
			return clock(c.Done, c.Since != nil, used)
		}
		modeled := func(c modelClock) string { return clock(c.done, c.running, c.used) }
		require.Equal(k.t,
			facts{c.state, c.agent, c.priority, c.tier, c.entries, c.reopened, c.rating, c.breaches, modeled(c.first), modeled(c.next), modeled(c.resolution)},
			facts{got.State, got.Agent, got.Priority, got.Tier, got.Entries, got.Reopened, got.Rating, got.Breaches, real(got.First), real(got.Next), real(got.Resolution)},
			"%v", story)
	}
}
