package paths

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

// owns are the rows of what customers do themselves: those that are theirs, and the payment that a
// merchant makes with the customer's yes.
func owns(t *testing.T) (rows []path) {
	for _, p := range paths(t) {
		if p.who == "customer" || strings.HasPrefix(p.guards, "actor with Confirm") {
			rows = append(rows, p)
		}
	}
	return rows
}

func TestEachPathOfACustomerIsTried(t *testing.T) {
	tried := []string{}
	for name := range anns() {
		tried = append(tried, name)
	}
	slices.Sort(tried)
	assert.Equal(t, names(owns(t)), tried)
}

// refused calls a path, which is refused with a code, and nothing is there that was not before.
func (w *world) refused(ctx context.Context, name string, args []any, codes ...okpay.Code) {
	w.t.Helper()
	head, events := w.head(), w.events()
	_, err := call(w.t, w.process, name, append([]any{ctx}, args...)...)
	assert.Contains(w.t, codes, okpay.CodeOf(err), "%s: %v", name, err)
	if strings.HasPrefix(name, "care.Callers.") && w.head() == head+1 {
		// That an agent has asked for what they may not stands in the audit.
		last, _, err := w.Audit(w.t.Context(), okpay.AuditPage{Limit: 1})
		require.NoError(w.t, err)
		assert.Equal(w.t, "caller.refused", last[0].Action, name)
		head++
	}
	assert.Equal(w.t, head, w.head(), "%s: a refusal has changed something", name)
	assert.Equal(w.t, events, w.events(), name)
}

// named reports whether a row's arguments say whose it is: those of identity are its session's.
func named(p path) bool { return !strings.HasPrefix(p.name, "identity.") }

func TestNobodyDoesWhatIsACustomersWithoutTheirSession(t *testing.T) {
	w := start(t)
	s := w.stage()
	prepared := map[string][]any{}
	for name, args := range anns() {
		if !strings.Contains(name, "TOTP") && !strings.Contains(name, "Recovery") && !strings.Contains(name, "ConfirmContact") {
			prepared[name] = args(w, s)
		} else { // those would change the credentials; who acts is checked before the argument
			prepared[name] = bogus(t, w.process, name)
		}
	}
	for _, p := range owns(t) {
		w.refused(t.Context(), p.name, prepared[p.name], okpay.AuthenticationRequired)
		if named(p) {
			w.refused(w.ben, p.name, prepared[p.name], okpay.NotFound)
		}
	}
	for how, end := range map[string]func(w *world){
		"signed out": func(w *world) { require.NoError(t, w.x.SignOut(w.ann)) },
		"ended by a lock": func(w *world) {
			_, err := w.Customers.Lock(t.Context(), okpay.MoveGate{Customer: ann, Reason: "risk"})
			require.NoError(t, err)
		},
		"ended by a new password": func(w *world) { w.reset(ann, annMail, "a better staple, 8 of them") },
		"too old":                 func(w *world) { w.clock.Advance(13 * time.Hour) },
		"of a closed account":     func(w *world) { w.gate(ann, func(g *okpay.Gate) { g.State = okpay.GateClosed }) },
	} {
		t.Run(how, func(t *testing.T) {
			w := start(t)
			s := w.stage()
			for name, args := range anns() {
				if !strings.Contains(name, "TOTP") && !strings.Contains(name, "Recovery") && !strings.Contains(name, "ConfirmContact") {
					prepared[name] = args(w, s)
				}
			}
			end(w)
			worth := w.worth(ann)
			for _, p := range owns(t) {
				w.refused(w.ann, p.name, prepared[p.name], okpay.SessionEnded)
			}
			assert.Equal(t, worth, w.worth(ann))
			w.verify()
		})
	}
}

func TestACapabilityThatIsDeniedIsRefusedAndNoOtherMatters(t *testing.T) {
	for _, p := range owns(t) {
		if p.capability == "" {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			w := start(t)
			args := w.mayDo(t, p, anns()[p.name])
			worth := w.worth(ann)
			w.gate(ann, func(g *okpay.Gate) { g.Denied = []okpay.Capability{p.capability} })
			w.denied(p, args, okpay.AccountRestricted)
			assert.Equal(t, worth, w.worth(ann))

			// All others taken away, it is done.
			w = start(t)
			args = w.mayDo(t, p, anns()[p.name])
			w.gate(ann, func(g *okpay.Gate) {
				g.Denied = slices.DeleteFunc(okpay.Capabilities(), func(c okpay.Capability) bool { return c == p.capability })
			})
			_, err := call(t, w.process, p.name, append([]any{w.ann}, args...)...)
			assert.NoError(t, err)
			w.verify()
		})
	}
}

// mayDo makes the stage and the arguments of a row, so that the call would succeed: a payment to be
// authenticated is one that was challenged.
func (w *world) mayDo(t *testing.T, p path, args func(*world, stage) []any) []any {
	t.Helper()
	s := w.stage()
	if p.name != "okpay.Payments.Authenticate" {
		return args(w, s)
	}
	return []any{w.challenged(s)}
}

// denied is refused, or for a payment, of which the refusal is recorded, without any money moving.
func (w *world) denied(p path, args []any, codes ...okpay.Code) {
	w.t.Helper()
	if !strings.HasPrefix(p.name, "okpay.Payments.") {
		w.refused(w.ann, p.name, args, codes...)
		return
	}
	worth := w.worth(ann)
	_, err := call(w.t, w.process, p.name, append([]any{w.ann}, args...)...)
	assert.Contains(w.t, codes, okpay.CodeOf(err), "%s: %v", p.name, err)
	assert.Equal(w.t, worth, w.worth(ann))
}

func TestNoMoneyLeavesAnAccountThatIsLocked(t *testing.T) {
	tried := 0
	for _, p := range owns(t) {
		if p.moves != "money out" {
			continue
		}
		tried++
		for state, code := range map[okpay.GateState]okpay.Code{
			okpay.GateLocked: okpay.AccountLocked, okpay.GateMustChange: okpay.AccountLocked,
		} {
			t.Run(p.name+" "+string(state), func(t *testing.T) {
				w := start(t)
				args := w.mayDo(t, p, anns()[p.name])
				w.gate(ann, func(g *okpay.Gate) { g.State, g.Reason = state, "risk" })
				w.denied(p, args, code)
				w.verify()
			})
		}
	}
	assert.Equal(t, 7, tried)
}
