package identity_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/lockout"
	"github.com/okpay/okpay-go/okpay/password"
)

// modelReset is what should become of one reset of a password.
type modelReset struct {
	id                identity.PasswordResetID
	code, link, grant identity.Secret
	state             string // sent, proven, may_set, done or dead
	until             time.Time
	epoch             int
	tries, factors    int // that were wrong, that were given
}

// resetWalker makes a random history of one customer's resets and holds each answer to a model.
type resetWalker struct {
	*subject
	*walk
	email    string
	factor   bool
	resets   []*modelReset
	password string // "" for one that is worth nothing
	gate     okpay.GateState
	epoch    int
	hold     *time.Time
	guesses  modelLock // at the password
	codes    modelLock // at the factor
}

// TestRandomHistoriesOfResetsEqualAModel runs 100 histories, 10,000 with OKPAY_TEST_SIZE=100.
func TestRandomHistoriesOfResetsEqualAModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := start(t, sending(identity.Config{}))
	factor := w.x.WithFactor("123456")
	for n := range testsize.Scaled(t, 100) {
		factor.Enrolled = false
		h := &resetWalker{
			walk: newWalk(t, seed, n), email: fmt.Sprintf("reset%d@example.com", n), password: good, gate: okpay.GateActive,
		}
		h.subject = &subject{holder: w.holder(w.registered(h.email))}
		factor.Enrolled = h.r.IntN(3) == 0
		h.factor = factor.Enrolled
		h.steps(seed, n, h.step)
	}
	w.verify()
}

func (h *resetWalker) step() {
	h.choose(h.w.clock.Now(), []step{
		{"ask", 5, h.ask},
		{"open", 8, h.open},
		{"guess", 1, h.guess},
		{"prove the factor", 6, h.prove},
		{"set", 6, h.set},
		{"sign in", 2, h.tryToSignIn},
		{"lock", 1, h.lock},
		{"release", 2, h.release},
		{"wait", 3, h.wait},
		{"work", 1, func() { _, err := h.w.Work(h.t.Context()); h.expect(err, "") }},
	})
	g := h.subject.gate()
	if g.State != h.gate || (g.WithdrawalsFrom == nil) != (h.hold == nil) || h.hold != nil && !h.hold.Equal(*g.WithdrawalsFrom) {
		h.t.Errorf("the gate is %s and withdrawals wait until %v, want %s and %v", g.State, g.WithdrawalsFrom, h.gate, h.hold)
	}
}

func (h *resetWalker) wait() {
	waits := []time.Duration{time.Second, time.Minute, 4 * time.Minute, 10*time.Minute - time.Millisecond, 10 * time.Minute, 2 * time.Hour, 25 * time.Hour}
	h.w.clock.Advance(waits[h.r.IntN(len(waits))])
}

// pick is a reset, mostly a late one.
func (h *resetWalker) pick() *modelReset {
	if len(h.resets) == 0 {
		return nil
	}
	if h.r.IntN(3) > 0 {
		return h.resets[len(h.resets)-1]
	}
	return pick(h.r, h.resets)
}

func (m *modelReset) open(state string, now time.Time) bool {
	return m.state == state && now.Before(m.until)
}

func (h *resetWalker) ask() {
	h.w.clock.Advance(time.Millisecond) // so that another may be sent
	r, err := h.w.x.RequestPasswordReset(h.t.Context(), identity.RequestPasswordReset{Email: h.email})
	h.expect(err, "")
	if err != nil {
		return
	}
	for _, o := range h.resets {
		if o.state != "done" {
			o.state = "dead"
		}
	}
	secrets := h.w.secrets(h.id, "password_reset_requested", string(r.ID))
	h.resets = append(h.resets, &modelReset{
		id: r.ID, code: identity.NewSecret(secrets["code"]), link: identity.NewSecret(secrets["token"]),
		state: "sent", until: h.w.clock.Now().Add(10 * time.Minute), epoch: h.epoch,
	})
}

func (h *resetWalker) open() {
	if m := h.pick(); m != nil {
		h.openWith(m, h.r.IntN(3) > 0)
	}
}

// guess goes on until there is nothing left to guess at, and is right then.
func (h *resetWalker) guess() {
	if m := h.pick(); m != nil {
		for i := range 6 {
			h.openWith(m, i == 5)
		}
	}
}

func (h *resetWalker) openWith(m *modelReset, right bool) {
	now := h.w.clock.Now()
	in := identity.OpenPasswordReset{ID: m.id, Code: m.code}
	switch byLink := h.r.IntN(2) == 0; {
	case byLink && right:
		in = identity.OpenPasswordReset{Token: m.link}
	case byLink:
		in = identity.OpenPasswordReset{Token: wrongLink(m.link)}
	case !right:
		in.Code = wrongOf(m.code)
	}
	out, err := h.w.x.OpenPasswordReset(h.t.Context(), in)
	if !m.open("sent", now) {
		h.expect(err, okpay.AuthenticationFailed)
		return
	}
	if !right || m.epoch != h.epoch {
		h.expect(err, okpay.AuthenticationFailed)
		if m.tries++; m.tries == 5 {
			m.state = "dead"
		}
		return
	}
	h.expect(err, "")
	require.Equal(h.t, h.factor, out.SecondFactor)
	m.state, m.grant, m.until = "may_set", out.Grant, now.Add(10*time.Minute)
	if h.factor {
		m.state = "proven"
	}
}

func (h *resetWalker) prove() {
	m, tries := h.pick(), 1
	if m == nil {
		return
	}
	if h.r.IntN(4) == 0 {
		tries = 6
	}
	for i := range tries {
		h.proveWith(m, i == 5 || tries == 1 && h.r.IntN(2) == 0)
	}
}

func (h *resetWalker) proveWith(m *modelReset, right bool) {
	now := h.w.clock.Now()
	code := "123456"
	if !right {
		code = "000000"
	}
	_, err := h.w.x.FinishResetFactor(h.t.Context(), identity.FinishResetFactor{Grant: m.grant, Code: identity.NewSecret(code)})
	if !m.open("proven", now) || m.epoch != h.epoch {
		h.expect(err, okpay.AuthenticationFailed)
		return
	}
	m.factors++
	if success, _ := h.codes.guess(right, now, 20); success {
		h.expect(err, "")
		m.state, m.until = "may_set", now.Add(10*time.Minute)
		return
	}
	h.expect(err, okpay.AuthenticationFailed)
	if m.factors == 5 {
		m.state = "dead"
	}
}

func (h *resetWalker) set() {
	m := h.pick()
	if m == nil {
		return
	}
	now, next := h.w.clock.Now(), fmt.Sprintf("a new password, %d of them", h.r.Uint32())
	allowed := h.r.IntN(4) > 0
	if !allowed {
		next = "short"
	}
	err := h.setNew(m.grant, next)
	switch {
	case !m.open("may_set", now):
		h.expect(err, okpay.AuthenticationFailed)
	case !allowed:
		h.expect(err, okpay.PasswordNotAllowed)
	case m.epoch != h.epoch:
		h.expect(err, okpay.AuthenticationFailed)
	default:
		h.expect(err, "")
		until := now.Add(24 * time.Hour)
		m.state, h.password, h.guesses, h.hold = "done", next, modelLock{}, &until
		h.epoch++
		if h.gate == okpay.GateMustChange {
			h.gate = okpay.GateActive
		}
	}
}

// tryToSignIn takes the password that counts, or one that does not.
func (h *resetWalker) tryToSignIn() {
	now, pw := h.w.clock.Now(), h.password
	right := pw != "" && h.r.IntN(4) > 0
	if !right {
		pw = good + "!" // was never one
	}
	_, err := h.w.x.SignIn(h.t.Context(), identity.SignIn{Name: h.email, Password: password.New(pw)})
	if success, _ := h.guesses.guess(right, now, 50); success {
		h.expect(err, "")
	} else {
		h.expect(err, okpay.AuthenticationFailed)
	}
}

func (h *resetWalker) lock() {
	h.expect(h.w.x.RiskLock(h.t.Context(), identity.RiskLock{Customer: h.id, Reason: lockout.ReasonRisk}), "")
	h.gate = okpay.GateLocked
	h.epoch++
}

// release is what two agents do: the password is worth nothing then, and locks after guesses are gone.
func (h *resetWalker) release() {
	in := identity.ByAgent{Customer: h.id, Agent: identity.Agent{ID: "one", Level: 3, Reason: "has shown a passport"}}
	err := h.w.x.ReleaseLock(h.t.Context(), in)
	if h.gate != okpay.GateLocked {
		h.expect(err, okpay.InvalidState)
		return
	}
	h.expect(err, "")
	in.Agent.ID = "two"
	_, err = h.w.x.ConfirmRelease(h.t.Context(), in)
	h.expect(err, "")
	h.gate, h.password = okpay.GateMustChange, ""
	for _, l := range []*modelLock{&h.guesses, &h.codes} {
		if l.failures < 20 {
			*l = modelLock{}
		}
	}
}

// wrongLink is a token of the same form that is not the one given.
func wrongLink(link identity.Secret) identity.Secret {
	b := []byte(link.Reveal())
	if at := len(b) - 5; b[at] == 'A' {
		b[at] = 'B'
	} else {
		b[at] = 'A'
	}
	return identity.NewSecret(string(b))
}
