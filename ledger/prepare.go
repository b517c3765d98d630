package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// prepared is a Change whose form was checked, with what can be computed before the
// queue, in the caller's goroutine: tags, salts and digests.
type prepared struct {
	id          string
	fields      []Field
	tags        []byte
	main        part
	elseOn      []Reason
	alternative *part // the Else, nil without one
	after       time.Time
	refusal     *Refusal
	result      string
	size        int // bytes that the block will hold, roughly
}

// part is what commits together: the Change itself, or its Else.
type part struct {
	ops     []preparedOp
	expects []Expect
	puts    []preparedPut
	events  []preparedEvent
}

type preparedOp struct {
	op       Op
	postings []Posting
	at       time.Time // effective or expiry, cut to microseconds
	metadata []byte
}

type preparedPut struct {
	Put
	salt, digest []byte // nil for plain records and tombstones
}

type preparedEvent struct {
	Event
	salt, digest []byte
}

// prepare checks a Change's form and computes what does not need the ledger's state.
func prepare(c *Change, key [16]byte, rand io.Reader) (*prepared, error) {
	p := &prepared{id: c.ID, after: c.NotAfter, result: c.Result}
	if c.Refusal != nil {
		own := *c.Refusal
		p.refusal = &own
	}
	if err := checkText("id", c.ID, 1, MaxIDLen); err != nil {
		return nil, err
	}
	if err := checkText("result", c.Result, 0, MaxIDLen); err != nil {
		return nil, err
	}
	if err := checkRefusal(c.Refusal); err != nil {
		return nil, err
	}
	if len(c.Request) > MaxRequest {
		return nil, invalid("request", "has %d fields, want at most %d", len(c.Request), MaxRequest)
	}
	if err := preparePart(&p.main, "", c, rand); err != nil {
		return nil, err
	}
	if c.Else != nil {
		if c.Else.Change.Else != nil {
			return nil, invalid("else.else", "an Else has no Else of its own")
		}
		if len(c.Else.On) == 0 {
			return nil, invalid("else.on", "names no reason")
		}
		p.elseOn, p.alternative = slices.Clone(c.Else.On), &part{}
		if err := preparePart(p.alternative, "else.", &c.Else.Change, rand); err != nil {
			return nil, err
		}
	}
	p.fields = c.fields()
	t := tagger{key: key}
	p.tags = t.tags(p.fields)
	p.size = p.measure()
	return p, nil
}

func (p *prepared) measure() int {
	size := 2*len(p.id) + len(p.tags) + 64 + p.main.measure()
	if p.alternative != nil {
		size += p.alternative.measure()
	}
	return size
}

func (p *part) measure() int {
	size := 0
	for i := range p.ops {
		size += 64 + 48*len(p.ops[i].postings) + len(p.ops[i].metadata)
	}
	for i := range p.puts {
		size += 128 + len(p.puts[i].Content)
	}
	for i := range p.events {
		size += 128 + len(p.events[i].Payload)
	}
	return size
}

func preparePart(p *part, prefix string, c *Change, rand io.Reader) error {
	for _, n := range []struct {
		name  string
		count int
	}{{"ops", len(c.Ops)}, {"expects", len(c.Expects)}, {"puts", len(c.Puts)}, {"events", len(c.Events)}} {
		if n.count > MaxParts {
			return invalid(prefix+n.name, "has %d items, want at most %d", n.count, MaxParts)
		}
	}
	if len(c.Ops) > 0 {
		p.ops = make([]preparedOp, len(c.Ops))
	}
	for i, op := range c.Ops {
		if err := prepareOp(&p.ops[i], op); err != nil {
			return within(err, fmt.Sprintf("%sops[%d].", prefix, i))
		}
	}
	// What the caller may alter once Commit has returned is copied: after a cancellation the
	// commit goes on without it.
	p.expects = slices.Clone(c.Expects)
	for i, e := range c.Expects {
		if err := errors.Join(checkText("type", e.Type, 1, MaxTypeLen), checkText("id", e.ID, 1, MaxIDLen)); err != nil {
			return within(err, fmt.Sprintf("%sexpects[%d].", prefix, i))
		}
	}
	for i := range c.Puts {
		put, err := preparePut(&c.Puts[i], rand)
		if err != nil {
			return within(err, fmt.Sprintf("%sputs[%d].", prefix, i))
		}
		p.puts = append(p.puts, put)
	}
	for i := range c.Events {
		e := &c.Events[i]
		if err := firstError(checkText("type", e.Type, 1, MaxTypeLen), checkText("subject", e.Subject, 0, MaxIDLen),
			checkLen("payload", len(e.Payload), MaxContentLen)); err != nil {
			return within(err, fmt.Sprintf("%sevents[%d].", prefix, i))
		}
		salt, err := newSalt(rand)
		if err != nil {
			return err
		}
		own := Event{Type: e.Type, Subject: e.Subject, Payload: bytes.Clone(e.Payload)}
		p.events = append(p.events, preparedEvent{Event: own, salt: salt, digest: eventDigest(salt, &own)})
	}
	return nil
}

func prepareOp(p *preparedOp, op Op) error {
	p.op = op
	var (
		at        time.Time
		reference string
		metadata  map[string]string
	)
	switch op := op.(type) {
	case Transaction:
		at, reference, metadata, p.postings = op.Effective, op.Reference, op.Metadata, op.Postings
		if len(op.Postings) == 0 {
			return invalid("postings", "is empty")
		}
	case Hold:
		at, reference, metadata, p.postings = op.Expires, op.Reference, op.Metadata, op.Postings
		if len(op.Postings) == 0 {
			return invalid("postings", "is empty")
		}
		if err := checkText("id", op.ID, 1, MaxIDLen); err != nil {
			return err
		}
	case Capture:
		reference, metadata, p.postings = op.Reference, op.Metadata, op.Postings
		if err := checkText("hold", op.Hold, 1, MaxIDLen); err != nil {
			return err
		}
	case Void:
		return checkText("hold", op.Hold, 1, MaxIDLen)
	default:
		return invalid("kind", "is not a Transaction, Hold, Capture or Void value")
	}
	p.at = micro(at)
	if err := checkTime("time", at); err != nil {
		return err
	}
	if err := checkText("reference", reference, 0, MaxReferenceLen); err != nil {
		return err
	}
	if err := checkMetadata(metadata); err != nil {
		return err
	}
	p.metadata = encodeMetadata(metadata)
	p.postings = slices.Clone(p.postings)
	return checkPostings(p.postings)
}

func checkPostings(postings []Posting) error {
	if len(postings) > MaxPostings {
		return invalid("postings", "has %d items, want at most %d", len(postings), MaxPostings)
	}
	for i := range postings {
		p := &postings[i]
		var err error
		switch {
		case p.Amount.Currency().IsZero():
			err = invalid("amount", "has no currency")
		case p.Amount.Minor() < 0:
			err = invalid("amount", "is negative")
		case p.Debit == p.Credit:
			err = invalid("credit", "is the account that is debited")
		default:
			if e := checkAccountName(p.Debit); e != nil {
				err = &InvalidError{Field: "debit", Reason: e.Error()}
			} else if e := checkAccountName(p.Credit); e != nil {
				err = &InvalidError{Field: "credit", Reason: e.Error()}
			}
		}
		if err != nil {
			return within(err, fmt.Sprintf("postings[%d].", i))
		}
	}
	return nil
}

func preparePut(p *Put, rand io.Reader) (preparedPut, error) {
	out := preparedPut{Put: *p}
	out.Content, out.Unique, out.Labels = bytes.Clone(p.Content), slices.Clone(p.Unique), slices.Clone(p.Labels)
	err := firstError(checkText("type", p.Type, 1, MaxTypeLen), checkText("id", p.ID, 1, MaxIDLen),
		checkLen("content", len(p.Content), MaxContentLen), checkIndexed("unique", p.Unique), checkIndexed("labels", p.Labels),
		checkTime("due", p.Due))
	switch {
	case err != nil:
		return out, err
	case p.Chaining > Plain:
		return out, invalid("chaining", "is neither Chained nor Plain")
	case p.Erase && (len(p.Content) > 0 || len(p.Unique) > 0 || len(p.Labels) > 0 || !p.Due.IsZero()):
		return out, invalid("erase", "comes with content, unique keys, labels or a due time")
	}
	out.Due = micro(p.Due)
	if p.Chaining == Plain || p.Erase {
		return out, nil
	}
	if out.salt, err = newSalt(rand); err != nil {
		return out, err
	}
	out.digest = recordDigest(out.salt, &out.Put)
	return out, nil
}

func newSalt(rand io.Reader) ([]byte, error) {
	salt := make([]byte, saltLen)
	if _, err := io.ReadFull(rand, salt); err != nil {
		return nil, fmt.Errorf("ledger: reading randomness: %w", err)
	}
	return salt, nil
}

func checkRefusal(r *Refusal) error {
	if r == nil {
		return nil
	}
	return firstError(checkText("refusal.reason", string(r.Reason), 1, MaxTypeLen),
		checkText("refusal.account", r.Account.Name, 0, MaxAccountLen),
		checkText("refusal.currency", r.Account.Currency, 0, MaxTypeLen),
		checkText("refusal.hold", r.Hold, 0, MaxIDLen),
		checkLen("refusal.detail", len(r.Detail), MaxDetailLen),
		checkUTF8("refusal.detail", r.Detail))
}

func checkMetadata(m map[string]string) error {
	if len(m) > MaxMetadata {
		return invalid("metadata", "has %d entries, want at most %d", len(m), MaxMetadata)
	}
	for k, v := range m {
		if err := firstError(checkText("metadata", k, 1, MaxMetadataLen), checkLen("metadata", len(v), MaxMetadataLen), checkUTF8("metadata", v)); err != nil {
			return err
		}
	}
	return nil
}

func checkIndexed(field string, keys []string) error {
	if len(keys) > MaxIndexed {
		return invalid(field, "has %d items, want at most %d", len(keys), MaxIndexed)
	}
	for i, k := range keys {
		if err := checkText(field, k, 1, MaxIDLen); err != nil {
			return err
		}
		for _, other := range keys[:i] {
			if other == k {
				return invalid(field, "has an item twice")
			}
		}
	}
	return nil
}

// checkText bounds a text, and refuses what a store could not keep or a person could not
// see: invalid UTF-8 and control characters, NUL among them.
func checkText(field, s string, least, most int) error {
	if len(s) < least || len(s) > most {
		return invalid(field, "has %d bytes, want %d to %d", len(s), least, most)
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return invalid(field, "has a control character")
		}
	}
	return checkUTF8(field, s)
}

func checkUTF8(field, s string) error {
	if !utf8.ValidString(s) {
		return invalid(field, "is not valid UTF-8")
	}
	if strings.IndexByte(s, 0) >= 0 {
		return invalid(field, "has a NUL character")
	}
	return nil
}

// checkTime bounds a time to what every store can keep, UTC and cut to microseconds.
func checkTime(field string, t time.Time) error {
	if t.IsZero() {
		return nil
	}
	// One that is cut to the zero time would read as none.
	if kept := micro(t); kept.IsZero() || kept.Year() < 1 || kept.Year() > 9999 {
		return invalid(field, "is outside the years 1 to 9999")
	}
	return nil
}

func checkLen(field string, n, most int) error {
	if n > most {
		return invalid(field, "has %d bytes, want at most %d", n, most)
	}
	return nil
}

func invalid(field, format string, args ...any) error {
	return &InvalidError{Field: field, Reason: fmt.Sprintf(format, args...)}
}

// within puts the path of the enclosing part before an InvalidError's field.
func within(err error, path string) error {
	var e *InvalidError
	if errors.As(err, &e) {
		return &InvalidError{Field: path + e.Field, Reason: e.Reason}
	}
	return err
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
