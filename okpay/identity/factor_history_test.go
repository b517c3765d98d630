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
	"github.com/okpay/okpay-go/okpay/totp"
)

// modelFactor is what a factor should be, told in the fewest words.
type modelFactor struct {
	state    identity.FactorState
	app      totp.Secret     // whose codes count
	newApp   totp.Secret     // that waits for its first code
	last     int64           // step of app
	tries    int             // wrong codes of newApp
	until    time.Time       // when newApp is forgotten
	session  identity.Secret // in which it was begun
	broken   bool            // app is disabled
	codes    []string        // that are left
	used     []string        // recovery codes
	byCodes  modelCounter
	byRescue modelCounter
}

// modelCounter is a counter of wrong guesses: five, then locks of 30 s that double up to an hour.
type modelCounter struct {
	wrong int
	until time.Time
}

// guess reports whether a guess is looked at; right is what it would be.
func (c *modelCounter) guess(now time.Time, right bool) (accepted bool) {
	switch {
	case c.wrong >= 20, now.Before(c.until):
		return false
	case right:
		*c = modelCounter{}
		return true
	}
	if c.wrong++; c.wrong >= 5 {
		wait := time.Hour
		if n := c.wrong - 5; n < 7 {
			wait = min(wait, 30*time.Second<<n)
		}
		c.until = now.Add(wait)
	}
	return false
}

// judge is the rule of one use in sets: the code's steps from the fourth before now to the next.
func (m *modelFactor) judge(t *testing.T, secret totp.Secret, code string, last int64, now time.Time) (ok bool, step int64) {
	current := now.Unix() / 30
	first := int64(-1)
	for s := current - 4; s <= current+1; s++ {
		if codeOf(t, secret, time.Unix(s*30, 0)) != code {
			continue
		}
		if first < 0 {
			first = s
		}
		if s >= current-1 {
			ok, step = true, s
		}
	}
	return ok && first > last, step
}

func (m *modelFactor) on() bool { return len(m.app.Bytes()) > 0 }

// back is what was there before a new app was begun.
func (m *modelFactor) back() {
	switch m.state {
	case identity.FactorPending:
		m.state = identity.FactorOff
	case identity.FactorReplacing:
		m.state = identity.FactorActive
	case identity.FactorRebinding:
		m.state = identity.FactorRecovered
	}
	m.newApp = totp.Secret{}
}

func (m *modelFactor) verify(t *testing.T, code string, now time.Time) bool {
	right, step := false, int64(0)
	if m.on() && !m.broken {
		right, step = m.judge(t, m.app, code, m.last, now)
	}
	was := m.byCodes.wrong
	if m.byCodes.guess(now, right) {
		m.last = step
		return true
	}
	if m.byCodes.wrong == 20 && was == 19 && m.on() && !m.broken {
		m.broken = true
		switch m.state {
		case identity.FactorReplacing:
			m.back()
			m.state = identity.FactorDisabled
		case identity.FactorActive:
			m.state = identity.FactorDisabled
		}
	}
	return false
}

func (m *modelFactor) rescue(code string, now time.Time) bool {
	at := -1
	for i, c := range m.codes {
		if c == code && m.on() {
			at = i
		}
	}
	if !m.byRescue.guess(now, at >= 0) {
		return false
	}
	m.codes = append(m.codes[:at:at], m.codes[at+1:]...)
	m.used = append(m.used, code)
	switch m.state {
	case identity.FactorActive, identity.FactorDisabled:
		m.state = identity.FactorRecovered
	case identity.FactorReplacing:
		m.state = identity.FactorRebinding
	}
	return true
}

func TestRandomHistoriesOfFactorsEqualTheModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	var w *world
	histories := testsize.Scaled(t, 500)
	for i := range histories {
		if i%100 == 0 { // a new store, so that no list becomes long
			w = start(t, identity.Config{SessionIdle: 1000 * time.Hour, SessionLife: 1000 * time.Hour})
		}
		id := okpay.CustomerID(fmt.Sprintf("c%d", i))
		_, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{ID: id, Name: "Name"})
		require.NoError(t, err)
		h := w.holder(id)
		m := &modelFactor{state: identity.FactorOff}
		for step := range 25 {
			what := act(t, r, h, m)
			f := h.factor()
			require.Equal(t, m.state, f.State, "history %d, step %d, %s", i, step, what)
			require.Equal(t, len(m.codes), f.CodesLeft, "history %d, step %d, %s", i, step, what)
			require.Equal(t, len(m.newApp.Bytes()) > 0, f.ConfirmBy != nil, "history %d, step %d, %s", i, step, what)
		}
	}
	w.verify()
}

// act does one thing to both.
func act(t *testing.T, r *rand.Rand, h *holder, m *modelFactor) (what string) {
	t.Helper()
	now := h.w.clock.Now()
	if len(m.newApp.Bytes()) > 0 && !now.Before(m.until) {
		h.work()
		m.back()
		return "expire"
	}
	expect := func(ok bool, code okpay.Code, err error) {
		t.Helper()
		if ok {
			require.NoError(t, err, what)
		} else {
			require.ErrorIs(t, err, code, what)
		}
	}
	code := func(secret totp.Secret) string {
		if len(secret.Bytes()) == 0 {
			return "123456"
		}
		return codeOf(t, secret, now.Add(time.Duration(r.IntN(3)-1)*30*time.Second))
	}
	switch n := r.IntN(100); {
	case n < 14:
		what = "begin"
		h.signIn()
		e, err := h.p.x.BeginTOTP(h.ctx(), identity.BeginTOTP{})
		expect(m.state != identity.FactorDisabled, okpay.InvalidState, err)
		if err == nil {
			m.session = h.token
			m.newApp, m.tries, m.until = e.Key.Secret, 0, now.Add(10*time.Minute)
			m.state = map[identity.FactorState]identity.FactorState{
				identity.FactorOff: identity.FactorPending, identity.FactorActive: identity.FactorReplacing, identity.FactorRecovered: identity.FactorRebinding,
				identity.FactorPending: identity.FactorPending, identity.FactorReplacing: identity.FactorReplacing, identity.FactorRebinding: identity.FactorRebinding,
			}[m.state]
		}
	case n < 28:
		what = "confirm"
		given := code(m.newApp)
		if r.IntN(3) == 0 {
			given = "999"
		}
		if len(m.newApp.Bytes()) > 0 {
			h.token = m.session
		}
		codes, err := h.p.x.ConfirmTOTP(h.ctx(), identity.NewSecret(given))
		if len(m.newApp.Bytes()) == 0 {
			expect(false, okpay.InvalidState, err)
			break
		}
		ok, step := m.judge(t, m.newApp, given, totp.NoStep, now)
		expect(ok, okpay.AuthenticationFailed, err)
		if !ok {
			if m.tries++; m.tries == 5 {
				m.back()
			}
			break
		}
		*m = modelFactor{state: identity.FactorActive, app: m.newApp, last: step}
		for _, c := range codes {
			m.codes = append(m.codes, c.Reveal())
		}
	case n < 32:
		what = "cancel"
		expect(len(m.newApp.Bytes()) > 0, okpay.InvalidState, h.p.x.CancelTOTP(h.ctx()))
		m.back()
	case n < 50:
		what = "use"
		given := code(m.app)
		expect(m.verify(t, given, now), okpay.AuthenticationFailed, h.verify(given))
	case n < 66:
		what = "wrong codes"
		for range 1 + r.IntN(8) {
			expect(m.verify(t, "x", h.w.clock.Now()), okpay.AuthenticationFailed, h.verify("x"))
			if r.IntN(2) == 0 {
				h.w.clock.Advance(time.Hour)
				if len(m.newApp.Bytes()) > 0 {
					h.work()
					m.back()
				}
			}
		}
	case n < 74:
		what = "recover"
		given := "000000-000000-000000-000000"
		switch {
		case len(m.codes) > 0 && r.IntN(3) > 0:
			given = m.codes[r.IntN(len(m.codes))]
		case len(m.used) > 0:
			given = m.used[r.IntN(len(m.used))]
		}
		expect(m.rescue(given, now), okpay.AuthenticationFailed, h.verify(given))
	case n < 78:
		what = "renew"
		h.signIn()
		codes, err := h.p.x.RenewRecoveryCodes(h.ctx(), identity.Secret{})
		ok := m.on() && m.state != identity.FactorDisabled
		expect(ok, okpay.InvalidState, err)
		if ok {
			m.codes, m.used = nil, nil
			for _, c := range codes {
				m.codes = append(m.codes, c.Reveal())
			}
		}
	case n < 84:
		what = "remove"
		s, err := h.p.x.BeginStepUp(h.ctx(), identity.StepUpRequest{Action: identity.RemoveSecondFactor})
		expect(m.on(), okpay.InvalidState, err)
		if err != nil {
			break
		}
		given := code(m.app)
		proof, err := h.p.x.FinishStepUp(h.ctx(), identity.FinishStepUp{ID: s.ID, Method: identity.BySecondFactor, Answer: identity.NewSecret(given)})
		if !m.verify(t, given, now) {
			require.Contains(t, []okpay.Code{okpay.AuthenticationFailed, okpay.TooManyTries}, okpay.CodeOf(err))
			break
		}
		require.NoError(t, err)
		require.NoError(t, h.p.x.RemoveTOTP(h.ctx(), proof))
		*m = modelFactor{state: identity.FactorOff}
	default:
		what = "time"
		h.w.clock.Advance([]time.Duration{30 * time.Second, time.Minute, 5 * time.Minute, 20 * time.Minute, time.Hour}[r.IntN(5)])
	}
	return what
}
