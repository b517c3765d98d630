package lockout_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// play lets events happen one after another and returns the last answer. A proof or an
// agent's word is about the present lock unless it says otherwise.
func play(a lockout.Account, events ...lockout.Event) (lockout.Account, lockout.Answer, []lockout.Effect) {
	var answer lockout.Answer
	var effects []lockout.Effect
	for i, e := range events {
		if e.Lock == 0 {
			e.Lock = a.Lock
		}
		a, answer, effects = a.Apply(e, at(int64(100+i)))
	}
	return a, answer, effects
}

func proof(p lockout.Proof) lockout.Event {
	return lockout.Event{Kind: lockout.EventProof, Proof: p}
}

func release(agent string, level int) lockout.Event {
	return lockout.Event{Kind: lockout.EventRelease, Agent: agent, Level: level}
}

func confirm(agent string) lockout.Event {
	return lockout.Event{Kind: lockout.EventConfirm, Agent: agent}
}

func TestEveryEventInEveryStatusOfAnAccount(t *testing.T) {
	risk := lockout.Event{Kind: lockout.EventRisk}
	report := lockout.Event{Kind: lockout.EventUserReport}
	agentLock := lockout.Event{Kind: lockout.EventAgentLock}
	changed := lockout.Event{Kind: lockout.EventPasswordChanged}

	open := lockout.Account{}
	locked, _, _ := play(open, risk)
	proven, _, _ := play(locked, proof(lockout.ProofEmail))
	released, _, _ := play(locked, release("a1", 3))
	mustChange, _, _ := play(proven, proof(lockout.ProofTOTP))

	accounts := map[string]lockout.Account{
		"open": open, "locked": locked, "proven": proven, "released": released, "must change": mustChange,
	}
	const (
		L = lockout.AnswerLocked
		C = lockout.AnswerCounted
		M = lockout.AnswerMustChange
		O = lockout.AnswerOpened
		U = lockout.AnswerUnchanged
		S = lockout.RefusedStatus
		D = lockout.RefusedDependent
		V = lockout.RefusedCallerLevel
		A = lockout.RefusedSameAgent
		N = lockout.RefusedNoRelease
		E = lockout.RefusedEvent
	)
	for _, row := range []struct {
		name                                        string
		event                                       lockout.Event
		open, locked, proven, released, mustChanged lockout.Answer
	}{
		{"a risk event", risk, L, L, L, L, L},
		{"a user's report", report, L, L, L, L, L},
		{"an agent's lock", agentLock, L, L, L, L, L},
		{"a proof by e-mail", proof(lockout.ProofEmail), S, C, D, C, S},
		{"a proof by phone", proof(lockout.ProofPhone), S, C, M, C, S},
		{"answers to questions", proof(lockout.ProofQuestions), S, D, M, D, S},
		{"a proof nobody knows", proof("horoscope"), E, E, E, E, E},
		{"an agent at V3", release("a2", 3), S, C, C, C, S},
		{"an agent at V2", release("a2", 2), S, V, V, V, S},
		{"an agent at a level there is none of", release("a2", 4), S, V, V, V, S},
		{"an agent without a name", release("", 3), E, E, E, E, E},
		{"a second agent", confirm("a2"), S, N, N, M, S},
		{"the first agent again", confirm("a1"), S, N, N, A, S},
		{"a second agent without a name", confirm(""), E, E, E, E, E},
		{"a changed password", changed, U, S, S, S, O},
		{"an event nobody knows", lockout.Event{Kind: "eclipse"}, E, E, E, E, E},
	} {
		want := map[string]lockout.Answer{
			"open": row.open, "locked": row.locked, "proven": row.proven, "released": row.released, "must change": row.mustChanged,
		}
		for status, before := range accounts {
			t.Run(row.name+" while "+status, func(t *testing.T) {
				copied := clone(t, before)
				next, answer, effects := play(before, row.event)
				require.Equal(t, want[status], answer)
				require.Empty(t, cmp.Diff(copied, before), "what was handed in stays")
				switch answer {
				case L:
					assert.Equal(t, lockout.StatusRiskLocked, next.Status)
					assert.Equal(t, before.Lock+1, next.Lock)
					assert.Empty(t, next.Proofs)
					assert.Empty(t, next.Agent)
					assert.Contains(t, effects, lockout.EndSessions)
					assert.Contains(t, effects, lockout.SuspendMoneyOut)
					assert.Contains(t, effects, lockout.OpenUrgentCase)
					assert.Contains(t, effects, lockout.TellCustomer)
					assert.False(t, next.MaySignIn() || next.MayChangePassword() || next.MayAct())
				case C:
					assert.Equal(t, lockout.StatusRiskLocked, next.Status)
					assert.Empty(t, effects)
				case M:
					assert.Equal(t, lockout.StatusMustChange, next.Status)
					assert.True(t, next.MaySignIn() && next.MayChangePassword())
					assert.False(t, next.MayAct())
					assert.Contains(t, effects, lockout.AllowOnlyPassword)
				case O:
					assert.Equal(t, lockout.StatusOpen, next.Status)
					assert.Empty(t, next.Reason)
					assert.True(t, next.MayAct())
					assert.Contains(t, effects, lockout.RaiseEpoch)
					assert.Contains(t, effects, lockout.HoldWithdrawals24Hour)
					assert.Contains(t, effects, lockout.OfferSecondFactor)
				default:
					assert.Empty(t, cmp.Diff(before, next), "a refusal changes nothing")
					assert.Empty(t, effects)
				}
				clone(t, next)
			})
		}
	}
}

// clone sends an Account through JSON, as a store does.
func clone(t *testing.T, a lockout.Account) lockout.Account {
	t.Helper()
	data, err := json.Marshal(a)
	require.NoError(t, err)
	var read lockout.Account
	require.NoError(t, json.Unmarshal(data, &read))
	require.Empty(t, cmp.Diff(a, read))
	return read
}

func TestTheReasonOfARiskLockIsThatOfItsLastEvent(t *testing.T) {
	for kind, reason := range map[lockout.EventKind]lockout.Reason{
		lockout.EventRisk: lockout.ReasonRisk, lockout.EventUserReport: lockout.ReasonUserReport,
		lockout.EventAgentLock: lockout.ReasonAgent,
	} {
		a, _, _ := play(lockout.Account{}, lockout.Event{Kind: lockout.EventRisk}, lockout.Event{Kind: kind})
		assert.Equal(t, reason, a.Reason)
		assert.Equal(t, at(101), a.Since)
		n, ok := lockout.NoticeOfAccount(a)
		assert.True(t, ok)
		assert.Equal(t, reason, n.Reason)
		assert.Equal(t, a.Since, n.At)
	}
	_, ok := lockout.NoticeOfAccount(lockout.Account{})
	assert.False(t, ok)
}

func TestAProofOfBeforeAFurtherRiskLiftsNothing(t *testing.T) {
	risk := lockout.Event{Kind: lockout.EventRisk}
	a, _, _ := play(lockout.Account{}, risk, proof(lockout.ProofEmail), risk)
	late := proof(lockout.ProofPhone)
	late.Lock = 1
	next, answer, _ := a.Apply(late, at(200))
	assert.Equal(t, lockout.RefusedOtherLock, answer)
	assert.Equal(t, a, next)
	_, answer, _ = play(a, proof(lockout.ProofPhone))
	assert.Equal(t, lockout.AnswerCounted, answer, "the proof of before does not count any more")
}

func TestARecoveryCodeAndAOneTimeCodeAreOneFactor(t *testing.T) {
	a, _, _ := play(lockout.Account{}, lockout.Event{Kind: lockout.EventRisk}, proof(lockout.ProofTOTP))
	_, answer, _ := play(a, proof(lockout.ProofRecoveryCode))
	assert.Equal(t, lockout.RefusedDependent, answer)
}

func TestAnAccountThatCannotBeAllowsNothing(t *testing.T) {
	a := lockout.Account{Status: "frozen"}
	_, answer, _ := play(a, lockout.Event{Kind: lockout.EventRisk})
	assert.Equal(t, lockout.RefusedEvent, answer)
	assert.False(t, a.MaySignIn() || a.MayAct() || a.MayChangePassword())
}

// No random history leads from a risk lock to open but by two independent proofs or two
// agents, and then a changed password.
func TestRandomHistoriesOfAnAccount(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	kinds := []lockout.EventKind{
		lockout.EventRisk, lockout.EventUserReport, lockout.EventAgentLock, lockout.EventProof, lockout.EventProof,
		lockout.EventRelease, lockout.EventConfirm, lockout.EventPasswordChanged, lockout.EventPasswordChanged,
	}
	factors := []lockout.Proof{
		lockout.ProofEmail, lockout.ProofPhone, lockout.ProofTOTP, lockout.ProofRecoveryCode, lockout.ProofQuestions,
	}
	opened := 0
	for history := range testsize.Scaled(t, 10_000) {
		r := rand.New(rand.NewPCG(seed, uint64(history)))
		var a lockout.Account
		status := lockout.StatusOpen
		given, first := map[lockout.Proof]bool{}, ""
		for range 30 {
			e := lockout.Event{
				Kind: kinds[r.IntN(len(kinds))], Lock: a.Lock - uint64(r.IntN(8)/7), Proof: factors[r.IntN(len(factors))],
				Agent: string(rune('a' + r.IntN(2))), Level: 2 + r.IntN(2),
			}
			mine := e.Lock == a.Lock
			a, _, _ = a.Apply(e, at(0))
			switch e.Kind {
			case lockout.EventRisk, lockout.EventUserReport, lockout.EventAgentLock:
				status, given, first = lockout.StatusRiskLocked, map[lockout.Proof]bool{}, ""
			case lockout.EventPasswordChanged:
				if status == lockout.StatusMustChange {
					status = lockout.StatusOpen
					opened++
				}
			case lockout.EventProof:
				factor := e.Proof
				if factor == lockout.ProofRecoveryCode {
					factor = lockout.ProofTOTP
				}
				if status == lockout.StatusRiskLocked && mine && (factor != lockout.ProofQuestions || len(given) > 0) {
					if given[factor] = true; len(given) == 2 {
						status = lockout.StatusMustChange
					}
				}
			case lockout.EventRelease:
				if status == lockout.StatusRiskLocked && mine && e.Level == 3 {
					first = e.Agent
				}
			case lockout.EventConfirm:
				if status == lockout.StatusRiskLocked && mine && first != "" && first != e.Agent {
					status = lockout.StatusMustChange
				}
			}
			shown := a.Status
			if shown == "" {
				shown = lockout.StatusOpen
			}
			require.Equal(t, status, shown, "seed %d, history %d, after %+v", seed, history, e)
		}
	}
	require.NotZero(t, opened)
}

func TestTheWorstOfSeveral(t *testing.T) {
	order := []lockout.Status{
		lockout.StatusOpen, lockout.StatusLocked, lockout.StatusDisabled, lockout.StatusMustChange, lockout.StatusRiskLocked,
	}
	assert.Equal(t, lockout.StatusOpen, lockout.Worst())
	for i, better := range order {
		for _, worse := range order[i:] {
			assert.Equal(t, worse, lockout.Worst(better, worse))
			assert.Equal(t, worse, lockout.Worst(worse, better, lockout.StatusOpen))
		}
	}
	assert.Equal(t, lockout.StatusRiskLocked, lockout.Worst(lockout.StatusOpen, "unheard of"))
}
