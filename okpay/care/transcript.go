package care

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// Transcript is a case with all that was said, as its customer sees it.
type Transcript struct {
	Case Case    `json:"case"`
	Log  []Entry `json:"log"`
}

// Transcript returns a customer's case with all that was said in it: no notes, and no names of
// operators. Errors: NotFound.
func (s *Cases) Transcript(ctx context.Context, customer okpay.CustomerID, id CaseID) (Transcript, error) {
	k, err := s.readOwn(ctx, customer, id)
	if err != nil {
		return Transcript{}, err
	}
	return s.transcript(ctx, k)
}

func (s *Cases) transcript(ctx context.Context, k *caseDoc) (Transcript, error) {
	t := Transcript{Case: k.Case, Log: []Entry{}}
	for after, more := 0, true; more; {
		var (
			log []Entry
			err error
		)
		if log, more, err = s.entries(ctx, k.ID, shownLabel(k.ID), after, 100); err != nil {
			return Transcript{}, err
		}
		for _, e := range log {
			t.Log, after = append(t.Log, e), e.Nth
		}
		more = more && len(log) > 0
	}
	return t, nil
}

// WriteText writes a transcript for people to read. What somebody wrote is indented, each line of
// it, so that nothing in it can pass for another entry.
func (t *Transcript) WriteText(w io.Writer) error {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "Case %s (%s)\nOpened %s, %s\n", t.Case.Number, t.Case.Category, stamp(t.Case.CreatedAt), t.Case.State)
	for _, o := range t.Case.Objects {
		_, _ = fmt.Fprintf(&b, "About %s %s\n", o.Type, o.ID)
	}
	for _, e := range t.Log {
		_, _ = fmt.Fprintf(&b, "\n%s %s %s\n", stamp(e.At), e.By, e.Kind)
		if e.Subject != "" {
			_, _ = fmt.Fprintf(&b, "    Subject: %s\n", e.Subject)
		}
		var facts []string
		for f, text := range e.Facts {
			facts = append(facts, string(f)+": "+text)
		}
		slices.Sort(facts)
		for _, f := range facts {
			_, _ = fmt.Fprintf(&b, "    %s\n", f)
		}
		if e.Text != "" {
			for line := range strings.SplitSeq(e.Text, "\n") {
				_, _ = fmt.Fprintf(&b, "    %s\n", line)
			}
		}
		for _, f := range e.Files {
			_, _ = fmt.Fprintf(&b, "    [%s, %d bytes, SHA-256 %s]\n", f.Name, f.Size, f.SHA256)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// ExportedCase is what is held about a customer in one case: what they see, and agents' notes
// without the names of those who wrote them.
type ExportedCase struct {
	Transcript
	Notes []Entry `json:"notes,omitempty"`
}

// Export writes all cases of a customer as JSON, one in a line, the oldest first, for whoever has
// a right to what is held about them; notes are left out unless told. Contents of attachments
// are not in it, see File. Errors: NotFound for who is signed in as another customer.
func (s *Cases) Export(ctx context.Context, customer okpay.CustomerID, notes bool, w io.Writer) error {
	if err := s.c.own(ctx, customer); err != nil {
		return err
	}
	out := json.NewEncoder(w)
	for after, more := "", true; more; {
		var (
			docs []*caseDoc
			err  error
		)
		if docs, more, err = page[caseDoc](ctx, s.c, ledger.RecordQuery{Type: "case", Label: "c:" + string(customer), After: after, Limit: 100}); err != nil {
			return err
		}
		for _, k := range docs {
			after = string(k.ID)
			e := ExportedCase{}
			if e.Transcript, err = s.transcript(ctx, k); err != nil {
				return err
			}
			if notes {
				if e.Notes, err = s.notes(ctx, k.ID); err != nil {
					return err
				}
			}
			if err := out.Encode(e); err != nil {
				return err
			}
		}
		more = more && len(docs) > 0
	}
	return nil
}

func (s *Cases) notes(ctx context.Context, id CaseID) (notes []Entry, err error) {
	for after, more := 0, true; more; {
		var log []Entry
		if log, more, err = s.entries(ctx, id, entryLabel(id), after, 100); err != nil {
			return nil, err
		}
		for _, e := range log {
			if after = e.Nth; e.Kind == EntryNote {
				notes = append(notes, e.shown())
			}
		}
		more = more && len(log) > 0
	}
	return notes, nil
}
