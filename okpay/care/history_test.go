package care_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

// model is what a restriction and the appeals against it should be: a few variables and rules,
// written down without the tables.
type model struct {
	now          time.Time
	state        string
	automatic    bool
	base, more   []okpay.Capability
	needs        []need
	deadline     time.Time
	expires      time.Time
	payoutFrom   time.Time
	payoutOpen   bool
	wantsForGood voice

	appeals   int
	nextFrom  time.Time
	appeal    string // state of the last one
	reviewer  string
	wantsLift voice
	answerBy  time.Time
	nudged    time.Time
	rounds    int
}

type need struct {
	state string
	tries int
}

// voice is what a first operator has said, and when.
type voice struct {
	by string
	at time.Time
}

func (v voice) counts(now time.Time) bool { return v.by != "" && now.Before(v.at.Add(7*day)) }

func (m *model) inForce() bool {
	return m.state == "active" || m.state == "past_due" || m.state == "review" || m.state == "permanent"
}

func (m *model) turn() bool {
	return slices.ContainsFunc(m.needs, func(n need) bool { return n.state == "due" || n.state == "rejected" })
}

func (m *model) denied() (out []okpay.Capability) {
	if !m.inForce() {
		return nil
	}
	for _, can := range okpay.Capabilities() {
		gone := slices.Contains(m.base, can)
		if m.state == "past_due" || m.state == "permanent" {
			gone = gone || slices.Contains(m.more, can)
		}
		if m.state == "permanent" {
			gone = gone || can != okpay.CanManage
			gone = gone && (can != okpay.CanWithdraw || !m.payoutOpen)
		}
		if gone {
			out = append(out, can)
		}
	}
	return out
}

func (m *model) open() bool {
	return m.appeal == "submitted" || m.appeal == "under_review" || m.appeal == "need_info"
}

func (m *model) end(state string) {
	m.state = state
	if m.open() {
		m.appeal = "settled"
	}
}

func (m *model) pass(d time.Duration) {
	m.now = m.now.Add(d)
	over := func(at time.Time) bool { return !at.IsZero() && !m.now.Before(at) }
	switch {
	case m.state == "permanent":
		m.payoutOpen = m.payoutOpen || over(m.payoutFrom)
	case m.inForce() && over(m.expires):
		m.end("expired")
	case m.state == "active" && over(m.deadline) && m.turn():
		m.state = "past_due"
	}
	if m.appeal == "need_info" && over(m.answerBy) {
		m.appeal = "expired"
	}
}

// step is what is done, by whom and to which requirement.
type step struct {
	do   string
	by   string
	i    int
	wait time.Duration
}

const ok = okpay.Code("")

// takes applies a step and returns the code of the refusal, if it is refused.
func (m *model) takes(s step) okpay.Code {
	supervisor := s.by == "ann" || s.by == "bob"
	submitting := m.state == "active" || m.state == "past_due"
	before := submitting || m.state == "review"
	switch s.do {
	case "pass":
		m.pass(s.wait)
	case "submit":
		switch {
		case s.i >= len(m.needs):
			return okpay.NotFound
		case !submitting, m.needs[s.i].state == "submitted", m.needs[s.i].state == "satisfied":
			return okpay.InvalidState
		case m.needs[s.i].tries >= 10:
			return okpay.TooManyTries
		}
		m.needs[s.i].state = "submitted"
		m.needs[s.i].tries++
	case "accept", "reject":
		switch {
		case s.i >= len(m.needs):
			return okpay.NotFound
		case !submitting || m.needs[s.i].state != "submitted":
			return okpay.InvalidState
		}
		if s.do == "reject" {
			m.needs[s.i].state = "rejected"
			if !m.deadline.IsZero() && m.deadline.Before(m.now.Add(7*day)) {
				m.deadline = m.now.Add(7 * day)
			}
			break
		}
		m.needs[s.i].state = "satisfied"
		if slices.ContainsFunc(m.needs, func(n need) bool { return n.state != "satisfied" }) {
			break
		}
		if m.automatic {
			m.end("lifted")
		} else {
			m.state = "review"
		}
	case "require":
		switch {
		case len(m.needs) >= 10:
			return okpay.InvalidRequest
		case !before:
			return okpay.InvalidState
		}
		m.needs = append(m.needs, need{state: "due"})
		m.state, m.deadline = "active", m.now.Add(5*day)
	case "lift":
		switch {
		case !supervisor:
			return okpay.PermissionDenied
		case !before:
			return okpay.InvalidState
		}
		m.end("lifted")
	case "permanent":
		switch {
		case !supervisor:
			return okpay.PermissionDenied
		case !before:
			return okpay.InvalidState
		case !m.wantsForGood.counts(m.now):
			m.wantsForGood = voice{s.by, m.now}
		case m.wantsForGood.by == s.by:
			return okpay.DuplicateApprover
		default:
			m.state, m.payoutFrom = "permanent", m.now.Add(180*day)
			m.expires, m.deadline = time.Time{}, time.Time{}
		}
	default:
		return m.takesAppeal(s, supervisor)
	}
	return ok
}

func (m *model) takesAppeal(s step, supervisor bool) okpay.Code {
	byOperator := s.do == "take" || s.do == "release" || s.do == "ask" || s.do == "deny" || s.do == "approve"
	switch {
	case s.do == "appeal":
		switch {
		case !m.inForce() || m.open():
			return okpay.InvalidState
		case m.appeals >= 3 || m.now.Before(m.nextFrom):
			return okpay.TooManyTries
		}
		m.appeals++
		m.appeal, m.reviewer, m.wantsLift, m.nudged, m.rounds = "submitted", "", voice{}, time.Time{}, 0
		return ok
	case byOperator && s.by == "rev":
		return okpay.SelfApprovalForbidden // who imposed it
	case s.do == "take":
		if m.appeal != "submitted" {
			return okpay.InvalidState
		}
		m.appeal, m.reviewer = "under_review", s.by
		return ok
	case byOperator && m.appeal != "under_review":
		return okpay.InvalidState
	case s.do == "answer":
		if m.appeal != "need_info" {
			return okpay.InvalidState
		}
		m.appeal = "under_review"
		return ok
	case s.do == "withdraw":
		if !m.open() {
			return okpay.InvalidState
		}
		m.appeal = "withdrawn"
		return ok
	case s.do == "nudge":
		switch {
		case m.appeal != "submitted" && m.appeal != "under_review":
			return okpay.InvalidState
		case !m.nudged.IsZero() && m.now.Before(m.nudged.Add(day)):
			return okpay.TooManyTries
		}
		m.nudged = m.now
		return ok
	}
	mine := m.reviewer == s.by
	switch s.do {
	case "release":
		if !mine && !supervisor {
			return okpay.PermissionDenied
		}
		m.appeal, m.reviewer, m.wantsLift = "submitted", "", voice{}
	case "ask":
		if !mine {
			return okpay.PermissionDenied
		}
		if m.rounds >= 10 {
			return okpay.TooManyTries
		}
		m.appeal, m.answerBy, m.wantsLift = "need_info", m.now.Add(14*day), voice{}
		m.rounds++
	case "deny":
		if !mine && !supervisor {
			return okpay.PermissionDenied
		}
		m.appeal, m.nextFrom = "denied", m.now.Add(7*day)
	case "approve":
		switch {
		case m.wantsLift.counts(m.now) && !supervisor:
			return okpay.PermissionDenied
		case m.wantsLift.counts(m.now) && m.wantsLift.by == s.by:
			return okpay.DuplicateApprover
		case m.wantsLift.counts(m.now):
			m.appeal, m.state = "approved", "lifted"
		case !mine:
			return okpay.PermissionDenied
		default:
			m.wantsLift = voice{s.by, m.now}
		}
	}
	return ok
}

// history is one restriction of a wallet, and what was done to it.
type history struct {
	*desk
	r      care.RestrictionID
	a      care.AppealID
	papers int
}

// takes does a step with the verbs.
func (h *history) takes(s step) error {
	ctx, by := h.t.Context(), care.OperatorID(s.by)
	requirement := fmt.Sprintf("r%d", s.i+1)
	var err error
	switch s.do {
	case "pass":
		h.clock.Advance(s.wait)
		_, err = h.Work(ctx)
	case "submit":
		h.papers++
		documents := []care.Evidence{{Reference: "x", SHA256: fmt.Sprintf("%064x", h.papers), Size: 1, MediaType: "image/png"}}
		_, err = h.Restrictions.Submit(ctx, care.SubmitRequirement{Customer: h.customer, Restriction: h.r, Requirement: requirement, Documents: documents})
	case "accept":
		_, err = h.accept(h.r, requirement)
	case "reject":
		_, err = h.Restrictions.Reject(ctx, care.ReviewRequirement{By: "rev", Why: "is blurred", Restriction: h.r, Requirement: requirement, Problem: "unreadable"})
	case "require":
		_, err = h.Restrictions.Require(ctx, care.MoreRequirements{
			By: "rev", Why: "for more", Restriction: h.r, Requirements: []care.Ask{{Kind: care.Document, Code: "more"}}, DueIn: 5 * day,
		})
	case "lift":
		_, err = h.lift(by, h.r)
	case "permanent":
		_, err = h.permanent(by, h.r)
	case "appeal":
		var a care.Appeal
		if a, err = h.appeal(h.r); err == nil {
			h.a = a.ID
		}
	case "take":
		err = h.take(by, h.a)
	case "release":
		_, err = h.Appeals.Release(ctx, h.reviews(by, h.a))
	case "ask":
		err = h.ask(by, h.a)
	case "answer":
		err = h.reply(h.a)
	case "withdraw":
		err = h.withdraw(h.a)
	case "approve":
		err = h.approve(by, h.a)
	case "deny":
		_, err = h.deny(by, h.a, "rules_apply")
	case "nudge":
		_, err = h.nudge(h.a)
	}
	return err
}

// TestHistoriesEqualAModel does at random what can be done to a restriction, and compares each
// answer and each state with a model. A failure prints the history and the seed.
func TestHistoriesEqualAModel(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	reached := map[string]int{}
	var k *desk
	for n := range testsize.Scaled(t, histories) {
		if n%50 == 0 {
			k = startDesk(t, care.Config{})
			k.hire("rev2", care.Reviewer)
		}
		rng := rand.New(rand.NewPCG(seed, uint64(n)))
		k.customer = okpay.CustomerID(fmt.Sprintf("c%d", n))
		_, err := k.Customers.Create(t.Context(), okpay.CreateCustomer{ID: k.customer})
		require.NoError(t, err)
		in := care.ImposeRestriction{
			By: "rev", Why: "at random", Customer: k.customer, Reason: []string{"identity_unverified", "unusual_activity"}[rng.IntN(2)],
			Capabilities: someCapabilities(rng), PastDue: someCapabilities(rng), DueIn: time.Duration(1+rng.IntN(20)) * day,
			Requirements: []care.Ask{{Kind: care.Document, Code: "a"}, {Kind: care.Document, Code: "b"}}[:1+rng.IntN(2)],
		}
		if rng.IntN(3) == 0 {
			in.Lasts = time.Duration(1+rng.IntN(60)) * day
		}
		r, err := k.Restrictions.Impose(t.Context(), in)
		require.NoError(t, err)
		h := &history{desk: k, r: r.ID}
		m := &model{
			now: k.clock.Now(), state: "active", automatic: in.Reason == "identity_unverified", base: in.Capabilities, more: in.PastDue,
			needs: make([]need, len(in.Requirements)), deadline: k.clock.Now().Add(in.DueIn),
		}
		for i := range m.needs {
			m.needs[i].state = "due"
		}
		if in.Lasts > 0 {
			m.expires = k.clock.Now().Add(in.Lasts)
		}
		var done []string
		for range 4 + rng.IntN(12) {
			s := randomStep(rng, h.a != "", len(m.needs))
			done = append(done, fmt.Sprintf("%+v", s))
			about := fmt.Sprintf("seed %d, history %d:\n%s", seed, n, strings.Join(done, "\n"))
			require.Equal(t, m.takes(s), okpay.CodeOf(h.takes(s)), about)
			h.equals(m, about)
			reached[m.state]++
			reached["appeal "+m.appeal]++
		}
	}
	k.verify()
	for _, state := range []string{"active", "past_due", "review", "permanent", "lifted", "expired"} {
		require.Positive(t, reached[state], state)
	}
	for _, state := range []string{"submitted", "under_review", "need_info", "approved", "denied", "withdrawn", "settled"} {
		require.Positive(t, reached["appeal "+state], state)
	}
	if testsize.Scaled(t, histories) >= 10_000 { // one in a thousand histories lets an appeal expire
		require.Positive(t, reached["appeal expired"])
	}
}

func randomStep(rng *rand.Rand, appealed bool, needs int) step {
	does := []string{"pass", "submit", "submit", "submit", "accept", "accept", "accept", "reject", "require", "permanent", "permanent", "appeal", "appeal"}
	if rng.IntN(4) == 0 {
		does = append(does, "lift")
	}
	if appealed {
		does = append(does, "take", "take", "take", "approve", "approve", "approve", "approve", "deny", "ask", "ask", "answer", "answer", "nudge", "withdraw", "release")
	}
	return step{
		do: does[rng.IntN(len(does))], by: []string{"ann", "bob", "rev2", "rev"}[rng.IntN(4)], i: rng.IntN(needs + 1),
		wait: []time.Duration{time.Hour, day, 3 * day, 7 * day, 14 * day, 180 * day}[rng.IntN(6)],
	}
}

func (h *history) equals(m *model, about string) {
	h.t.Helper()
	r, err := h.Restrictions.Get(h.t.Context(), h.customer, h.r)
	require.NoError(h.t, err)
	require.Equal(h.t, m.state, string(r.State), about)
	require.Equal(h.t, m.denied(), h.gate().Denied, about)
	require.Len(h.t, r.Requirements, len(m.needs), about)
	for i, q := range r.Requirements {
		require.Equal(h.t, m.needs[i].state, string(q.State), about)
	}
	if h.a != "" {
		a, err := h.Appeals.Get(h.t.Context(), h.customer, h.a)
		require.NoError(h.t, err)
		require.Equal(h.t, m.appeal, string(a.State), about)
	}
}
