package identity_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/okpay/okpay-go/internal/tables"
	"github.com/okpay/okpay-go/okpay/identity"
)

var update = flag.Bool("update", false, "write the generated parts of docs/ anew")

// TestDocsAreDrawnFromTheTables holds the tables of docs/security.md to the code; run it with -update
// after a change.
func TestDocsAreDrawnFromTheTables(t *testing.T) {
	tables.Document(t, "../../docs/security.md", drawn(), *update)
}

func drawn() string {
	var b strings.Builder
	b.WriteString("\n## State machines\n\nA pair of state and action that stands in no table is refused and changes nothing.\n")
	b.WriteString(tables.Drawn(identity.Machines()))
	b.WriteString("\n## Events\n\n| type | when |\n|---|---|\n")
	for _, e := range identity.Events() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", e.Type, e.When)
	}
	b.WriteString("\n## Messages\n\nFacts stand in the message; secret facts stand nowhere and are made when it is sent.\n\n| template | when | facts | secret facts |\n|---|---|---|---|\n")
	for _, m := range identity.Templates() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.When, strings.Join(m.Facts, ", "), strings.Join(m.Secrets, ", "))
	}
	b.WriteString("\n## How long records are kept\n\n`okpay.Wallet.Run` takes away what is due, by the wallet's clock. An erased record leaves a tombstone without contents.\n\n| records | from | kept | why |\n|---|---|---|---|\n")
	for _, r := range identity.Retentions() {
		kept := "for good"
		switch {
		case r.Kept%(24*time.Hour) == 0 && r.Kept > 0:
			kept = fmt.Sprintf("%d d", r.Kept/(24*time.Hour))
		case r.Kept > 0:
			kept = r.Kept.String()
		case r.From != "":
			kept = "not longer"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.Records, r.From, kept, r.Why)
	}
	return b.String()
}

// TestTheTablesNameWhatTheyTell holds the machines to the catalogues of events and messages.
func TestTheTablesNameWhatTheyTell(t *testing.T) {
	events, templates := map[string]bool{}, map[string]bool{}
	for _, e := range identity.Events() {
		assert.False(t, events[e.Type], "%s stands there twice", e.Type)
		assert.NotEmpty(t, e.When)
		events[e.Type] = true
	}
	for _, m := range identity.Templates() {
		assert.False(t, templates[m.Name], "%s stands there twice", m.Name)
		assert.NotEmpty(t, m.When)
		templates[m.Name] = true
	}
	for _, m := range identity.Machines() {
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
	tables.EveryPair(t, identity.Machines())
}
