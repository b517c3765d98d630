package care

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// EntryKind says what an entry of a case's log is.
type EntryKind string

// The kinds.
const (
	EntryContact  EntryKind = "contact"  // the customer wrote or said it
	EntryReply    EntryKind = "reply"    // support answered
	EntryQuestion EntryKind = "question" // support asked the customer
	EntrySolution EntryKind = "solution" // support solved it
	EntrySystem   EntryKind = "system"   // what happened to the account
	EntryNote     EntryKind = "note"     // an agent's, which customers never see
)

// Entry is one entry of a case's log. What people wrote stands here and nowhere else, so that it
// can be erased while cases stay.
type Entry struct {
	Nth  int       `json:"nth"` // from 1
	At   time.Time `json:"at"`
	Kind EntryKind `json:"kind"`
	// By is who wrote it: "customer", an operator's id, or "program". Customers see "support" for
	// every operator.
	By      string          `json:"by"`
	Channel CaseChannel     `json:"channel,omitempty"`
	Subject string          `json:"subject,omitempty"`
	Text    string          `json:"text,omitempty"`
	Facts   map[Fact]string `json:"facts,omitempty"`
	Files   []File          `json:"files,omitempty"`
}

// shown is the entry as customers see it.
func (e Entry) shown() Entry {
	if e.By != "customer" {
		e.By = "support"
	}
	return e
}

// entryDoc is an entry as its record keeps it.
type entryDoc struct {
	Case CaseID           `json:"case"`
	Of   okpay.CustomerID `json:"of"`
	Entry
}

func entryID(id CaseID, nth int) string { return fmt.Sprintf("%s_%06d", id, nth) }

func entryLabel(id CaseID) string { return "k:" + string(id) }

func shownLabel(id CaseID) string { return "k:" + string(id) + ":shown" }

func (e *entryDoc) Put() ledger.Put {
	put := ledger.Put{Type: "case_entry", ID: entryID(e.Case, e.Nth), Labels: []string{entryLabel(e.Case), "c:" + string(e.Of)}}
	if e.Kind != EntryNote {
		put.Labels = append(put.Labels, shownLabel(e.Case))
	}
	return put
}

func (e *entryDoc) View() any                  { return nil } // it has no events of its own
func (e *entryDoc) Customer() okpay.CustomerID { return "" }
func (e *entryDoc) Counter() *int64            { return new(int64) }

// MaxEntries bounds what people write into a case. What happens to the account is added to a full
// one, too: it must not fail for that.
const MaxEntries = 1000

// said is what somebody writes into a case.
type said struct {
	kind    EntryKind
	by      string
	channel CaseChannel
	subject string
	text    string
	facts   map[Fact]string
	files   []upload
}

// log adds an entry to a case, whose next version the caller writes.
func (s *Cases) log(d *okpay.Draft, k *caseDoc, e said) error {
	if k.Entries >= MaxEntries && e.by != "program" && e.channel != BySystem {
		return okpay.NewError(okpay.InvalidState, "the case has %d entries", k.Entries)
	}
	k.Entries++
	doc := &entryDoc{Case: k.ID, Of: k.Case.Customer, Entry: Entry{
		Nth: k.Entries, At: d.Now(), Kind: e.kind, By: e.by, Channel: e.channel, Subject: e.subject, Text: e.text, Facts: e.facts,
	}}
	if err := s.attach(d, k, doc, e.files); err != nil {
		return err
	}
	return d.Write(doc)
}

// maxSaid is how much one entry says, in characters.
const maxSaid = 4000

// readable leaves out of a text what a case does not have in it.
func readable(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || hidden(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > most {
		s = string(r[:most])
	}
	return strings.TrimSpace(s)
}

// checkSaid bounds what is written.
func (s *Cases) checkSaid(e *said, required bool) (err error) {
	least := 0
	if required {
		least = 1
	}
	if e.text, err = (prose{field: "text", least: least, most: maxSaid, lines: true}).check(e.text); err != nil {
		return err
	}
	e.subject, err = prose{field: "subject", most: 200}.check(e.subject)
	return err
}
