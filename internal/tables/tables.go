// Package tables draws the state machines of packages beside the wallet, and holds them to what
// a table promises. It is for tests.
package tables

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

// marker ends what is written by hand in a document of docs/; the rest is drawn.
const marker = "<!-- What follows is drawn from the tables: change the code, and draw it anew. -->\n"

// Document holds the drawn part of a document to what it should be, or writes it anew. What stands
// before the marker is written by hand and stays.
func Document(t *testing.T, path, drawn string, update bool) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	head, _, marked := strings.Cut(string(got), marker)
	require.True(t, marked, "%s has no line %s", path, marker)
	want := head + marker + drawn
	if update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
		return
	}
	assert.Equal(t, want, string(got), "%s is not as drawn: run the test with -update", path)
}

// Drawn is a section for each machine: a diagram and the table.
func Drawn(machines []okpay.Table) string {
	var b strings.Builder
	for _, m := range machines {
		fmt.Fprintf(&b, "\n### %s\n\n```mermaid\nstateDiagram-v2\n", strings.ReplaceAll(strings.ToUpper(m.Noun[:1])+m.Noun[1:], "_", " "))
		for _, r := range m.Rows {
			from := r.From
			if from == "" {
				from = "[*]"
			}
			fmt.Fprintf(&b, "    %s --> %s: %s", from, r.To, r.On)
			if r.Guard != okpay.Always {
				fmt.Fprintf(&b, " [%s]", strings.NewReplacer(":", "", ";", ",").Replace(string(r.Guard)))
			}
			b.WriteString("\n")
		}
		b.WriteString("```\n\n| from | action | guard | to | announces | messages |\n|---|---|---|---|---|---|\n")
		for _, r := range m.Rows {
			cells := []string{r.From, string(r.On), string(r.Guard), r.To, strings.Join(r.Emits, ", "), strings.Join(r.Mails, ", ")}
			b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
		}
	}
	return b.String()
}

// EveryPair tries every action of all machines in every state of each, with every guard: what is
// in no row is refused with InvalidState and changes nothing, and each row is reached once.
func EveryPair(t *testing.T, machines []okpay.Table) {
	t.Helper()
	var actions []okpay.Action
	guards := []okpay.Guard{okpay.Always}
	for _, m := range machines {
		for _, r := range m.Rows {
			if !slices.Contains(actions, r.On) {
				actions = append(actions, r.On)
			}
			if !slices.Contains(guards, r.Guard) {
				guards = append(guards, r.Guard)
			}
		}
	}
	for _, table := range machines {
		m := okpay.Machine[string]{Noun: table.Noun, Rows: table.Rows}
		rows := 0
		for _, from := range append([]string{""}, table.States...) {
			for _, on := range actions {
				for _, g := range guards {
					state := from
					_, err := m.Move(&state, "x", on, g)
					if row, ok := m.Next(from, on, g); ok {
						rows++
						require.NoError(t, err)
						assert.Equal(t, row.To, state)
						continue
					}
					require.ErrorIs(t, err, okpay.InvalidState, "%s: %s in %q", m.Noun, on, from)
					assert.Equal(t, from, state, "a refusal changes nothing")
				}
			}
		}
		assert.Equal(t, len(table.Rows), rows, "%s: no row is unreachable or there twice", m.Noun)
	}
}
