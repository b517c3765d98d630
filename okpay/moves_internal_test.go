package okpay

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/rails"
)

var update = flag.Bool("update", false, "write the generated parts of docs/ anew")

func paymentStates() []PaymentState {
	return []PaymentState{
		PaymentCreated, PaymentRequiresConfirmation, PaymentAuthorized, PaymentPartiallyCaptured, PaymentCaptured,
		PaymentPartiallyRefunded, PaymentRefunded, PaymentCanceled, PaymentTimedOut, PaymentFailed,
	}
}

func TestEveryPairOfStateAndEventIsInTheTableOrRefused(t *testing.T) {
	events := []paymentEvent{confirm, capture, cancel, expire, refund}
	guards := []guard{always, funded, short, shortForLast, part, whole}
	rows := 0
	for _, from := range paymentStates() {
		for _, on := range events {
			allowed := false
			for _, g := range guards {
				p := paymentDoc{Payment: Payment{State: from}}
				m, err := p.move(on, g)
				if err == nil {
					rows++
					allowed = true
					assert.Equal(t, m.to, p.State)
					assert.NotEmpty(t, m.emits)
					continue
				}
				assert.ErrorIs(t, err, InvalidState)
				assert.Equal(t, from, p.State, "a refusal moves nothing")
			}
			assert.Equal(t, allowed, paymentAllows(from, on))
		}
	}
	assert.Equal(t, len(paymentMoves()), rows, "every row is reached once")
}

func TestWhatEndsAPaymentIsFinal(t *testing.T) {
	for _, final := range []PaymentState{PaymentRefunded, PaymentCanceled, PaymentTimedOut, PaymentFailed} {
		for _, m := range paymentMoves() {
			assert.NotEqual(t, final, m.from)
		}
	}
}

func TestEveryPaymentStateCanBeReached(t *testing.T) {
	reached := map[PaymentState]bool{PaymentCreated: true}
	for range paymentStates() {
		for _, m := range paymentMoves() {
			if reached[m.from] {
				reached[m.to] = true
			}
		}
	}
	for _, s := range paymentStates() {
		assert.True(t, reached[s], s)
	}
}

func TestATopUpMovesOnceWhateverTheSourceSaysLater(t *testing.T) {
	next := func(from TopUpState, on rails.Outcome) TopUpState {
		for _, m := range topUpMoves() {
			if m.from == from && m.on == on {
				return m.to
			}
		}
		return from
	}
	for _, c := range []struct {
		from TopUpState
		on   rails.Outcome
		to   TopUpState
	}{
		{TopUpPending, rails.Unknown, TopUpPending},
		{TopUpPending, rails.Succeeded, TopUpSucceeded},
		{TopUpPending, rails.Failed, TopUpFailed},
		{TopUpSucceeded, rails.Succeeded, TopUpSucceeded},
		{TopUpSucceeded, rails.Failed, TopUpSucceeded},
		{TopUpFailed, rails.Succeeded, TopUpFailed},
		{TopUpFailed, rails.Failed, TopUpFailed},
	} {
		assert.Equal(t, c.to, next(c.from, c.on), "%s on %s", c.from, c.on)
	}
}

// TestTheDiagramInDocsIsTheTable draws the tables into docs/states.md; run it with -update
// after a change.
func TestTheDiagramInDocsIsTheTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("# State machines\n\nDrawn from the tables in `okpay` by `go test ./okpay -run Diagram -update`.\n\n## Payment\n\n```mermaid\nstateDiagram-v2\n    [*] --> created\n")
	for _, m := range paymentMoves() {
		b.WriteString("    " + string(m.from) + " --> " + string(m.to) + ": " + string(m.on))
		if m.guard != always {
			b.WriteString(" [" + string(m.guard) + "]")
		}
		b.WriteString("\n")
	}
	b.WriteString("```\n\n| from | event | guard | to | announces |\n|---|---|---|---|---|\n| | create | | created | payment.created |\n")
	for _, m := range paymentMoves() {
		b.WriteString("| " + strings.Join([]string{string(m.from), string(m.on), string(m.guard), string(m.to), strings.Join(m.emits, ", ")}, " | ") + " |\n")
	}
	b.WriteString("\n`payment.hold_released` is announced only when something is released. A pair that is not in the table is refused with `invalid_state`.\n\nA payment with automatic capture takes two rows in one commit: it is announced as authorized and as captured. One that was captured in part and is then canceled, or whose time is over, is captured with what it has, and says so with `payment.remainder_voided` or `payment.capture_window_closed`.\n\n")
	b.WriteString("## Top-up\n\n| from | the source says | to | announces |\n|---|---|---|---|\n| | (asked) | pending | topup.created |\n")
	for _, m := range topUpMoves() {
		b.WriteString("| " + strings.Join([]string{string(m.from), m.on.String(), string(m.to), m.emits}, " | ") + " |\n")
	}
	b.WriteString("\nA pair that is not in the table changes nothing: an unknown outcome is asked for again, a second outcome is not acted on.\n")
	const path = "../docs/states.md"
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, b.String(), string(got), "run go test ./okpay -run Diagram -update")
}
