package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
)

func TestRandomHistoriesEqualAModel(t *testing.T) {
	r := seeded(t)
	w := start(t, sending(identity.Config{SecondProof: []identity.Purpose{"two"}}))
	o := w.proprietor()
	steps := 0
	for history := range testsize.Scaled(t, 2000) {
		if history%20 == 19 {
			w.clock.Advance(25 * time.Hour) // what was sent is forgotten
		}
		purpose := []identity.Purpose{"one", "two"}[r.IntN(2)]
		v := o.start(purpose)
		m := verificationModel{state: "code_sent", until: w.clock.Now().Add(10 * time.Minute)}
		code, proof := o.w.x.CodeOf(t.Context(), v.ID), identity.Secret{}
		for range 3 + r.IntN(8) {
			steps++
			w.clock.Advance(time.Duration(1+r.IntN(150)) * time.Second)
			alive := w.clock.Now().Before(m.until)
			given, right := code, true
			if r.IntN(2) == 0 {
				given, right = wrongOf(code), false
			}
			var (
				err error
				got identity.Verification
				ok  bool
			)
			blocks := w.head()
			act := r.IntN(6)
			switch act {
			case 0:
				ok = m.state == "code_sent" && alive
				_, err = w.x.ResendCode(t.Context(), identity.ResendCode{ID: v.ID})
				if ok {
					m.until = w.clock.Now().Add(10 * time.Minute)
					code = w.x.CodeOf(t.Context(), v.ID)
				}
			case 1, 2:
				ok = m.state == "code_sent" && alive && right
				if m.state == "code_sent" && alive && !right {
					if m.tries++; m.tries == 5 {
						m.state = "failed"
					}
					blocks--
				}
				got, err = w.x.ProveCode(t.Context(), identity.ProveCode{ID: v.ID, Code: given})
				if ok && purpose == "one" {
					m.state, m.until, proof = "verified", w.clock.Now().Add(15*time.Minute), got.Proof
				} else if ok {
					m.state, m.until = "second_due", w.clock.Now().Add(10*time.Minute)
				}
			case 3:
				ok = m.state == "second_due" && alive
				_, err = w.x.SendSecond(t.Context(), identity.SendSecond{ID: v.ID, Kind: okpay.ContactPhone})
				if ok {
					m.sent, m.until = true, w.clock.Now().Add(10*time.Minute)
					code = w.x.CodeOf(t.Context(), v.ID)
				}
			case 4:
				ok = m.state == "second_due" && alive && m.sent && right
				if m.state == "second_due" && alive && m.sent && !right {
					if m.second++; m.second == 5 {
						m.state = "failed"
					}
					blocks--
				}
				got, err = w.x.ProveSecond(t.Context(), identity.ProveSecond{ID: v.ID, Kind: "phone", Code: given})
				if ok {
					m.state, m.until, proof = "verified", w.clock.Now().Add(15*time.Minute), got.Proof
				}
			case 5:
				ok = m.state == "verified" && alive && right
				use := proof
				if !right && !proof.IsZero() {
					use = identity.NewSecret(string(v.ID) + "." + strings.Repeat("A", 43))
				}
				_, err = w.use(t.Context(), use, identity.ProofOf{Purpose: purpose})
				if ok {
					m.state = "done"
				}
			}
			if ok {
				require.NoError(t, err, "history %d: %d in %s", history, act, m.state)
				blocks++
			} else {
				require.ErrorIs(t, err, okpay.AuthenticationFailed, "history %d: %d in %s", history, act, m.state)
				if w.head() == blocks+2 {
					blocks += 2 // a wrong answer that was counted
				}
			}
			require.Equal(t, blocks, w.head(), "history %d: %d in %s", history, act, m.state)
			require.Contains(t, w.record("verification", string(v.ID)), `"state":"`+m.state+`"`, "history %d", history)
		}
	}
	t.Logf("%d steps", steps)
	w.verify()
}

// verificationModel is what a verification is expected to be.
type verificationModel struct {
	state         string
	until         time.Time
	tries, second int
	sent          bool
}
