package care_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/tables"
	"github.com/okpay/okpay-go/okpay/care"
)

var update = flag.Bool("update", false, "write the generated parts of docs/ anew")

// TestDocsAreDrawnFromTheTables holds the tables of docs/care.md to the code; run it with -update
// after a change.
func TestDocsAreDrawnFromTheTables(t *testing.T) {
	tables.Document(t, "../../docs/care.md", drawn(t), *update)
}

func drawn(t *testing.T) string {
	var b strings.Builder
	b.WriteString("\n## State machines\n\nA pair of state and action that stands in no table is refused and changes nothing.\n")
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
	drawReasons(t, &b)
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

// drawReasons draws what a care without a configuration of its own has: why operators restrict, and
// what each role may do.
func drawReasons(t *testing.T, b *strings.Builder) {
	k := startDesk(t, care.Config{}).Care
	b.WriteString("\n## Reasons of restrictions\n\n`ImposeRestriction.Reason` is one of these codes, or of `Config.Reasons`. Customers are told the public one. What is kept quiet is told by no message and is compliance's to decide; a legal hold is compliance's to impose, too.\n\n| reason | customers are told | takes away | asks for | due in | takes away when that is missed | ends |\n|---|---|---|---|---|---|---|\n")
	for _, r := range k.Reasons() {
		var asks []string
		for _, a := range r.Requirements {
			asks = append(asks, a.Code)
		}
		ends := map[bool]string{true: "when all was found good", false: "when an operator lifts it"}[r.Lift == care.LiftAutomatic]
		if r.Lasts > 0 {
			ends += ", or after " + days(r.Lasts)
		}
		public := "`" + r.Public + "`"
		if r.Quiet() {
			public += ", quietly"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", r.Code, public, joined(r.Capabilities), strings.Join(asks, ", "), days(r.DueIn), joined(r.PastDue), ends)
	}
	roles := []care.Role{care.AgentL1, care.AgentL2, care.Reviewer, care.Supervisor, care.Auditor, care.Compliance, care.Admin}
	b.WriteString("\n## Roles\n\n`Config.Roles` adds others. What an operator may do is the union of their roles.\n\n| permission | " + strings.ReplaceAll(joined(roles), ",", " |") + " |\n|---|" + strings.Repeat("---|", len(roles)) + "\n")
	all := k.Roles()
	require.Len(t, all, len(roles))
	for _, p := range care.Permissions() {
		fmt.Fprintf(b, "| `%s` |", p)
		for _, r := range roles {
			fmt.Fprintf(b, " %s |", map[bool]string{true: "yes"}[slices.Contains(all[r], p)])
		}
		b.WriteString("\n")
	}
}

// days is a time as people say it, "" for none.
func days(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
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
