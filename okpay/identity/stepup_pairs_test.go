package identity_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
)

// try is one step-up on its way, for factor.manage.
type try struct {
	h     *holder
	id    string
	proof identity.Secret
}

func (s *try) begin() error {
	up, err := s.h.p.x.BeginStepUp(s.h.ctx(), identity.StepUpRequest{Action: identity.ManageFactor})
	s.id = up.ID
	return err
}

func (s *try) answer(code string) error {
	proof, err := s.h.p.x.FinishStepUp(s.h.ctx(), identity.FinishStepUp{ID: s.id, Method: identity.BySecondFactor, Answer: identity.NewSecret(code)})
	if err == nil {
		s.proof = proof
	}
	return err
}

func (s *try) use() error {
	a, _ := okpay.ActorOf(s.h.ctx())
	_, err := s.h.w.Do(s.h.t.Context(), okpay.Act{Principal: "program", Operation: "test"}, func(d *okpay.Draft) error {
		return s.h.p.x.UseStepUp(d, a, identity.ManageFactor, "", s.proof)
	})
	return err
}

func (s *try) state() identity.StepUpState {
	var up identity.StepUp
	require.NoError(s.h.t, s.h.w.Read(s.h.t.Context(), "step_up", s.id, &up))
	return up.State
}

// wrongAnswer is one that leaves the factor's counter as it was for the next.
func (s *try) wrongAnswer() error {
	err := s.answer("x")
	s.h.w.clock.Advance(31 * time.Second)
	return err
}

func TestEveryPairOfStateAndEventOfAStepUp(t *testing.T) {
	m := identity.StepUpMachine()
	come := map[identity.StepUpState]func(*try){
		identity.StepUpBegun:  func(*try) {},
		identity.StepUpProven: func(s *try) { require.NoError(s.h.t, s.answer(s.h.next())) },
		identity.StepUpUsed: func(s *try) {
			require.NoError(s.h.t, s.answer(s.h.next()))
			require.NoError(s.h.t, s.use())
		},
		identity.StepUpFailed: func(s *try) {
			for range 5 {
				require.ErrorIs(s.h.t, s.answer("x"), okpay.AuthenticationFailed)
			}
			s.h.w.clock.Advance(31 * time.Second)
		},
		identity.StepUpExpired: func(s *try) {
			s.h.w.clock.Advance(5 * time.Minute)
			s.h.work()
		},
	}
	events := []struct {
		on     okpay.Action
		guard  okpay.Guard
		act    func(*try) error
		action string
	}{
		{identity.AnswerStepUp, okpay.Always, func(s *try) error { return s.answer(s.h.next()) }, "step_up.answer"},
		{identity.AnswerStepUp, "the answer is wrong", func(s *try) error { return s.answer("x") }, "step_up.answer"},
		{identity.AnswerStepUp, "the last answer is wrong", func(s *try) error {
			for range 4 {
				if err := s.wrongAnswer(); okpay.CodeOf(err) == okpay.InvalidState {
					return err
				}
			}
			return s.answer("x")
		}, "step_up.answer"},
		{identity.UseStepUp, okpay.Always, func(s *try) error { return s.use() }, "step_up.use"},
		{identity.ExpireStepUp, okpay.Always, func(s *try) error {
			s.h.w.clock.Advance(5 * time.Minute)
			_, err := s.h.w.Work(s.h.t.Context())
			return err
		}, "step_up.expire"},
	}
	for state, come := range come {
		for _, e := range events {
			t.Run(fmt.Sprintf("%s/%s %s", state, e.on, e.guard), func(t *testing.T) {
				w := start(t, identity.Config{})
				h := w.holder(customer)
				h.enroll()
				s := &try{h: h}
				require.NoError(t, s.begin())
				come(s)
				require.Equal(t, state, s.state())
				told, audited, last := h.told(), h.audited(), w.last()
				err := e.act(s)
				row, allowed := m.Next(state, e.on, e.guard)
				if !allowed {
					switch e.on {
					case identity.ExpireStepUp:
						require.NoError(t, err)
					case identity.UseStepUp:
						require.ErrorIs(t, err, okpay.AuthenticationFailed)
					default:
						require.ErrorIs(t, err, okpay.InvalidState)
					}
					assert.Equal(t, state, s.state())
					assert.Equal(t, tally(audited, e.action), tally(h.audited(), e.action))
					return
				}
				if e.guard != okpay.Always {
					require.ErrorIs(t, err, okpay.AuthenticationFailed)
				} else {
					require.NoError(t, err)
				}
				assert.Equal(t, row.To, s.state())
				assert.Subset(t, w.events(last), row.Emits)
				for _, mail := range row.Mails {
					assert.Equal(t, tally(told, mail)+1, tally(h.told(), mail))
				}
				assert.Greater(t, tally(h.audited(), e.action), tally(audited, e.action))
				w.verify()
			})
		}
	}
}

func TestRandomHistoriesOfStepUpsEqualTheModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	var w *world
	for i := range testsize.Scaled(t, 1000) {
		if i%100 == 0 {
			w = start(t, identity.Config{SessionIdle: 1000 * time.Hour, SessionLife: 1000 * time.Hour})
		}
		id := okpay.CustomerID(fmt.Sprintf("c%d", i))
		_, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{ID: id, Name: "Name"})
		require.NoError(t, err)
		h := w.holder(id)
		h.enroll()
		s := &try{h: h}
		require.NoError(t, s.begin())
		state, left, until, credentials := identity.StepUpBegun, 5, w.clock.Now().Add(5*time.Minute), true
		answerable := func() bool { return state == identity.StepUpBegun && w.clock.Now().Before(until) && credentials }
		for step := range 8 {
			what := r.IntN(6)
			switch what {
			case 0:
				code := h.next()
				err, can := s.answer(code), answerable()
				if can {
					require.NoError(t, err, "history %d, step %d", i, step)
					state, until = identity.StepUpProven, w.clock.Now().Add(5*time.Minute)
				} else {
					require.ErrorIs(t, err, okpay.InvalidState, "history %d, step %d", i, step)
				}
			case 1, 2:
				can := answerable()
				if err := s.wrongAnswer(); !can {
					require.ErrorIs(t, err, okpay.InvalidState, "history %d, step %d", i, step)
					break
				}
				if left--; left == 0 {
					state = identity.StepUpFailed
				}
			case 3:
				good := state == identity.StepUpProven && w.clock.Now().Before(until) && credentials
				if err := s.use(); good {
					require.NoError(t, err, "history %d, step %d", i, step)
					state = identity.StepUpUsed
				} else {
					require.ErrorIs(t, err, okpay.AuthenticationFailed, "history %d, step %d", i, step)
				}
			case 4:
				w.clock.Advance([]time.Duration{time.Second, time.Minute, 3 * time.Minute}[r.IntN(3)])
				h.work()
				if (state == identity.StepUpBegun || state == identity.StepUpProven) && !w.clock.Now().Before(until) {
					state = identity.StepUpExpired
				}
			case 5:
				if r.IntN(4) == 0 {
					require.NoError(t, h.p.x.EndOtherSessions(h.ctx()))
					credentials = false
				}
			}
			require.Equal(t, state, s.state(), "history %d, step %d, %d", i, step, what)
		}
	}
}

func TestEveryPairOfStateAndEventOfAReset(t *testing.T) {
	m := identity.ResetMachine()
	type at struct {
		h  *holder
		id string
	}
	approve := func(s *at) error { _, err := s.h.approve(s.id, "agent2"); return err }
	cancel := func(s *at) error { return s.h.p.x.ObjectToFactorReset(s.h.ctx(), s.id) }
	day := func(s *at) error {
		s.h.w.clock.Advance(24 * time.Hour)
		s.h.work()
		return nil
	}
	states := map[identity.ResetState][]func(*at) error{
		identity.ResetRequested: nil,
		identity.ResetWaiting:   {approve},
		identity.ResetDone:      {approve, day},
		identity.ResetCanceled:  {cancel},
		identity.ResetExpired:   {day},
	}
	for state, come := range states {
		for on, act := range map[okpay.Action]func(*at) error{
			identity.ApproveReset: approve, identity.CancelReset: cancel, identity.FinishReset: day, identity.ExpireReset: day,
		} {
			t.Run(fmt.Sprintf("%s/%s", state, on), func(t *testing.T) {
				w := start(t, identity.Config{SessionIdle: 1000 * time.Hour, SessionLife: 1000 * time.Hour})
				desk(w)
				h := w.holder(customer)
				h.enroll()
				s := &at{h, h.request().ID}
				for _, c := range come {
					require.NoError(t, c(s))
				}
				now := func() identity.ResetState {
					var r identity.Reset
					require.NoError(t, w.Read(t.Context(), "factor_reset", s.id, &r))
					return r.State
				}
				require.Equal(t, state, now())
				h.signIn()
				told, audited, last := h.told(), h.audited(), w.last()
				err := act(s)
				row, allowed := m.Next(state, on, okpay.Always)
				switch {
				case allowed:
					require.NoError(t, err)
					assert.Equal(t, row.To, now())
					assert.Subset(t, w.events(last), row.Emits)
					for _, mail := range row.Mails {
						assert.Equal(t, tally(told, mail)+1, tally(h.told(), mail))
					}
					assert.Greater(t, tally(h.audited(), "factor_reset."+string(on)), tally(audited, "factor_reset."+string(on)))
				case on == identity.FinishReset || on == identity.ExpireReset:
					// Time does what the state's own row says, or nothing.
					_, finishes := m.Next(state, identity.FinishReset, okpay.Always)
					_, expires := m.Next(state, identity.ExpireReset, okpay.Always)
					if !finishes && !expires {
						assert.Equal(t, state, now())
					}
				default:
					require.ErrorIs(t, err, okpay.InvalidState)
					assert.Equal(t, state, now())
					assert.Equal(t, tally(audited, "factor_reset."+string(on)), tally(h.audited(), "factor_reset."+string(on)))
				}
			})
		}
	}
}

func TestRandomHistoriesOfResetsEqualTheModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 3))
	var w *world
	for i := range testsize.Scaled(t, 500) {
		if i%100 == 0 {
			w = start(t, identity.Config{SessionIdle: 10_000 * time.Hour, SessionLife: 10_000 * time.Hour})
			desk(w)
		}
		id := okpay.CustomerID(fmt.Sprintf("c%d", i))
		_, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{ID: id, Name: "Name"})
		require.NoError(t, err)
		h := w.holder(id)
		h.enroll()
		reset := h.request()
		state, until, on := identity.ResetRequested, reset.Until, true
		open := func() bool { return (state == identity.ResetRequested || state == identity.ResetWaiting) }
		for step := range 6 {
			inTime := w.clock.Now().Before(until)
			var err error
			allowed := true
			switch r.IntN(5) {
			case 0:
				by := []string{"agent1", "agent2"}[r.IntN(2)]
				_, err = h.approve(reset.ID, by)
				if by == "agent1" {
					require.ErrorIs(t, err, okpay.SelfApprovalForbidden)
					continue
				}
				if allowed = state == identity.ResetRequested && inTime; allowed {
					state, until = identity.ResetWaiting, w.clock.Now().Add(24*time.Hour)
				}
			case 1:
				if r.IntN(3) > 0 {
					continue
				}
				_, err = w.x.CancelFactorReset(t.Context(), identity.MoveFactorReset{ID: reset.ID, By: "agent3", Reason: "x"})
				if allowed = open() && inTime; allowed {
					state = identity.ResetCanceled
				}
			case 2:
				if r.IntN(3) > 0 {
					continue
				}
				h.signIn()
				// The owner may object until the moment it is done.
				err = w.x.ObjectToFactorReset(h.ctx(), reset.ID)
				if allowed = open(); allowed {
					state = identity.ResetCanceled
				}
			case 3:
				w.clock.Advance([]time.Duration{time.Hour, 12 * time.Hour, 24 * time.Hour}[r.IntN(3)])
				continue
			case 4:
				h.work()
				switch {
				case w.clock.Now().Before(until):
				case state == identity.ResetRequested:
					state = identity.ResetExpired
				case state == identity.ResetWaiting:
					state, on = identity.ResetDone, false
				}
			}
			if allowed {
				require.NoError(t, err, "history %d, step %d", i, step)
			} else {
				require.ErrorIs(t, err, okpay.InvalidState, "history %d, step %d", i, step)
			}
			var now identity.Reset
			require.NoError(t, w.Read(t.Context(), "factor_reset", reset.ID, &now))
			require.Equal(t, state, now.State, "history %d, step %d", i, step)
			require.Equal(t, on, h.factor().State == identity.FactorActive)
		}
	}
}
