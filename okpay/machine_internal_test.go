package okpay

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the generated parts of docs/ anew")

// machine returns the table again as a machine.
func (t Table) machine() Machine[string] { return Machine[string]{Noun: t.Noun, Rows: t.Rows} }

func TestEveryPairOfStateAndActionIsInTheTableOrRefused(t *testing.T) {
	var actions []Action
	guards := []Guard{Always}
	for _, m := range machines() {
		for _, r := range m.Rows {
			if !slices.Contains(actions, r.On) {
				actions = append(actions, r.On)
			}
			if !slices.Contains(guards, r.Guard) {
				guards = append(guards, r.Guard)
			}
		}
	}
	for _, m := range machines() {
		t.Run(m.Noun, func(t *testing.T) {
			rows := 0
			for _, from := range append([]string{""}, m.States...) {
				for _, on := range actions {
					allowed := false
					for _, g := range guards {
						state := from
						_, err := m.machine().Move(&state, "x", on, g)
						if err == nil {
							rows++
							allowed = true
							continue
						}
						require.ErrorIs(t, err, InvalidState)
						assert.Equal(t, from, state, "a refusal moves nothing")
						assert.Contains(t, err.Error(), "the "+m.Noun+" is "+from)
					}
					assert.Equal(t, allowed, m.machine().Allows(from, on))
				}
			}
			assert.Equal(t, len(m.Rows), rows, "every row is reached once: two rows with the same state, action and guard?")
		})
	}
}

func TestEveryStateCanBeReached(t *testing.T) {
	for _, m := range machines() {
		reached := map[string]bool{"": true}
		for range m.Rows {
			for _, r := range m.Rows {
				if reached[r.From] {
					reached[r.To] = true
				}
			}
		}
		for _, s := range m.States {
			assert.True(t, reached[s], "%s: %s", m.Noun, s)
		}
	}
}

func TestWhatMovesMoneyTellsSo(t *testing.T) {
	for _, m := range machines() {
		for _, r := range m.Rows {
			if r.Posts != "" {
				assert.NotEmpty(t, r.Emits, "%s: %s on %s posts without an event", m.Noun, r.From, r.On)
				assert.Contains(t, r.Posts, "Dr ", "%s: %s on %s", m.Noun, r.From, r.On)
				assert.Contains(t, r.Posts, "Cr ", "%s: %s on %s", m.Noun, r.From, r.On)
			}
		}
	}
}

func TestTheCatalogueHasEveryEventOnce(t *testing.T) {
	listed := map[string]bool{}
	for _, a := range catalogue() {
		assert.False(t, listed[a.eventType], "%s stands twice", a.eventType)
		listed[a.eventType] = true
		assert.NotEmpty(t, a.when, a.eventType)
	}
	for _, m := range machines() {
		for _, r := range m.Rows {
			for _, e := range r.Emits {
				assert.True(t, listed[e], "%s is announced and stands not in the catalogue", e)
			}
		}
	}
}

// TestDocsAreDrawnFromTheTables holds docs/states.md, docs/postings.md and docs/events.md to the code; run it
// with -update after a change.
func TestDocsAreDrawnFromTheTables(t *testing.T) {
	for path, text := range map[string]string{
		"../docs/states.md": statesDoc(), "../docs/postings.md": postingsDoc(), "../docs/events.md": eventsDoc(),
	} {
		if *update {
			require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		}
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, text, string(got), "run go test ./okpay -run Drawn -update")
	}
}

func title(noun string) string {
	return strings.ToUpper(noun[:1]) + strings.ReplaceAll(noun[1:], "_", " ")
}

func statesDoc() string {
	var b strings.Builder
	b.WriteString("# State machines\n\nDrawn from the tables in `okpay` by `go test ./okpay -run Drawn -update`. A pair of state and action that stands in no table is refused with `invalid_state` and changes nothing.\n")
	for _, m := range machines() {
		b.WriteString("\n## " + title(m.Noun) + "\n\n```mermaid\nstateDiagram-v2\n")
		for _, r := range m.Rows {
			from := r.From
			if from == "" {
				from = "[*]"
			}
			b.WriteString("    " + from + " --> " + r.To + ": " + string(r.On))
			if r.Guard != Always {
				b.WriteString(" [" + strings.NewReplacer(":", "", ";", ",").Replace(string(r.Guard)) + "]")
			}
			b.WriteString("\n")
		}
		b.WriteString("```\n\n| from | action | guard | to | announces | messages |\n|---|---|---|---|---|---|\n")
		for _, r := range m.Rows {
			cells := []string{r.From, string(r.On), string(r.Guard), r.To, strings.Join(r.Emits, ", "), strings.Join(r.Mails, ", ")}
			b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
		}
	}
	b.WriteString("\n`payment.hold_released` is announced only when something is released. A payment with automatic capture takes two rows in one commit: it is announced as authorized and as captured. One that was captured in part and is then canceled, or whose time is over, is captured with what it has, and says so with `payment.remainder_voided` or `payment.capture_window_closed`.\n")
	b.WriteString("\nWhat a funding source took back of a payment before it is told that it came waits, and happens in the commit in which it comes. What waits for a person because another amount came goes back by the row for mismatch_returned.\n")
	b.WriteString("\nA withdrawal or payout that needs no person takes the rows for request and approve in one commit. What is returned before it was told to be paid is announced as paid first. A provider's answer that differs from what is known, in any state, raises an exception, of which there is one for each object and kind at a time: " + exceptionRaised + " is announced only when it is raised.\n")
	return b.String()
}

func postingsDoc() string {
	var b strings.Builder
	b.WriteString("# Accounts and postings\n\nDrawn from the tables in `okpay` by `go test ./okpay -run Drawn -update`. Every posting debits one account and credits another with one amount in one currency, so whatever is posted balances.\n\n")
	b.WriteString("## Chart of accounts\n\n`*` stands for an id. Every account holds one currency.\n\n| account | normal side | never below |\n|---|---|---|\n")
	for _, r := range Chart() {
		least := ""
		if r.Min != nil {
			least = "0"
		}
		b.WriteString("| " + r.Name + " | " + r.Normal.String() + " | " + least + " |\n")
	}
	b.WriteString("\n## Postings\n\nDr is the account that is debited, Cr the one that is credited. A hold reserves the debit side.\n\n| object | from | action | guard | postings |\n|---|---|---|---|---|\n")
	for _, m := range machines() {
		for _, r := range m.Rows {
			if r.Posts != "" {
				b.WriteString("| " + strings.Join([]string{m.Noun, r.From, string(r.On), string(r.Guard), r.Posts}, " | ") + " |\n")
			}
		}
	}
	b.WriteString("\n{party} is the payment's merchant or, of a payment with splits, each of those whom it is divided among, with a posting for each: by largest remainder, ties to the earlier, of all that was captured, charged, refunded and returned so far, less what was posted already. With three parties or more one may have a unit less of a larger whole, and a party other than the payment's merchant bears what of the fee the merchant's share does not cover, which may change as more is captured. What a party then gives, up to what it has, goes from merchant:{party}:available through transit:{object} to another party or to fees:payment, and what it lacks is debited to receivable:merchant:{party}; a refund does not do that and waits instead. What a dispute is about is the last of what was captured.\n")
	b.WriteString("\nA debt moves no state when it is paid, by an operator's decision: Dr user:{customer}:available / Cr receivable:user:{customer}, or Dr merchant:{merchant}:available / Cr receivable:merchant:{merchant}, up to what is owed and what is there.\n")
	return b.String()
}

func eventsDoc() string {
	var b strings.Builder
	b.WriteString("# Events\n\nDrawn from the catalogue in `okpay` by `go test ./okpay -run Drawn -update`. An event is committed together with what it tells of. Its `data` is the object after the transition, `sequence` counts the object's events from 1, `schema` is the version of the form of `data`.\n\n| type | when | merchants hear of it |\n|---|---|---|\n")
	for _, a := range catalogue() {
		yes := ""
		if a.merchants {
			yes = "yes"
		}
		b.WriteString("| " + a.eventType + " | " + a.when + " | " + yes + " |\n")
	}
	return b.String()
}
