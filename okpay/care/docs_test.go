package care_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/tables"
	"github.com/okpay/okpay-go/okpay/care"
)

var update = flag.Bool("update", false, "write the generated parts of docs/ anew")

const careDoc = "../../docs/care.md"

// TestDocsAreDrawnFromTheTables holds docs/care.md to the code; run it with -update after a
// change.
func TestDocsAreDrawnFromTheTables(t *testing.T) {
	text := drawn()
	if *update {
		require.NoError(t, os.WriteFile(careDoc, []byte(text), 0o644))
	}
	got, err := os.ReadFile(careDoc)
	require.NoError(t, err)
	assert.Equal(t, text, string(got), "run go test ./okpay/care -run Drawn -update")
}

func drawn() string {
	var b strings.Builder
	b.WriteString("# Care\n\nDrawn from the tables in `okpay/care` by `go test ./okpay/care -run Drawn -update`. A pair of state and action that stands in no table is refused and changes nothing.\n\n## State machines\n")
	b.WriteString(tables.Drawn(care.Machines()))
	b.WriteString("\n## Categories of cases\n\n| category | priority | facts that its form asks for | required |\n|---|---|---|---|\n")
	for _, c := range care.Categories() {
		fmt.Fprintf(&b, "| `%s` | P%d | %s | %s |\n", c.Category, c.Priority, joined(c.Facts), joined(c.Required))
	}
	b.WriteString("\n## What agents may see and do for a caller\n\nA level is one agent's, about one case, for 15 minutes. Waiting begins when the second agent has approved.\n\n| act | level | permission | second agent's permission | the owner can object for |\n|---|---|---|---|---|\n")
	for _, r := range care.CallerRows() {
		wait := ""
		if r.Wait > 0 {
			wait = r.Wait.String()
		}
		fmt.Fprintf(&b, "| `%s` | V%d | %s | %s | %s |\n", r.Act, r.Level, r.May, r.Second, wait)
	}
	b.WriteString("\nWhat an agent knew of a caller, what was asked and how often is forgotten a day after it is over (`okpay.Wallet.Run` does it); the audit, cases, requests of support's, restrictions and appeals stay.\n")
	b.WriteString("\n## Events\n\n| type | when |\n|---|---|\n")
	for _, e := range care.Events() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", e.Type, e.When)
	}
	b.WriteString("\n## Messages\n\nFacts stand in the message; secret facts stand nowhere and are made when it is sent.\n\n| template | when | facts | secret facts |\n|---|---|---|---|\n")
	for _, m := range care.Templates() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.When, strings.Join(m.Facts, ", "), strings.Join(m.Secret, ", "))
	}
	return b.String()
}

func joined[S ~string](list []S) string {
	var out []string
	for _, s := range list {
		out = append(out, string(s))
	}
	return strings.Join(out, ", ")
}

// TestTheTablesNameWhatTheyTell holds the machines to the catalogues of events and messages.
func TestTheTablesNameWhatTheyTell(t *testing.T) {
	events, templates := map[string]bool{}, map[string]bool{}
	for _, e := range care.Events() {
		assert.False(t, events[e.Type], "%s stands there twice", e.Type)
		assert.NotEmpty(t, e.When)
		events[e.Type] = true
	}
	for _, m := range care.Templates() {
		assert.False(t, templates[m.Name], "%s stands there twice", m.Name)
		assert.NotEmpty(t, m.When)
		templates[m.Name] = true
	}
	for _, m := range care.Machines() {
		for _, r := range m.Rows {
			for _, e := range r.Emits {
				assert.True(t, events[e], "%s announces %s", m.Noun, e)
			}
			for _, name := range r.Mails {
				assert.True(t, templates[name], "%s tells %s", m.Noun, name)
			}
		}
	}
}

func TestEveryPairOfStateAndActionIsInTheTableOrRefused(t *testing.T) {
	tables.EveryPair(t, care.Machines())
}
