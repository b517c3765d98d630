package ledger

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// prepared is a Change whose form was checked, with what can be computed before the
// queue, in the caller's goroutine: tags, salts and digests.
type prepared struct {
	id          string
	fields      []Field // the caller's Request, nil without one
	tags        []byte
	main        part
	elseOn      []Reason
	alternative *part // the Else, nil without one and for one that is to be written
	after       time.Time
	refusal     *Refusal
	result      string
	linked      bool
	size        int // bytes that the block will hold, roughly

	was *idSlot // what is known under the id, shared by the Changes of a block that have the same
}

// part is what commits together: the Change itself, or its Else.
type part struct {
	ops     []preparedOp
	expects []Expect
	puts    []preparedPut
	events  []preparedEvent
}

type opKind uint8

const (
	opTransaction opKind = iota + 1
	opHold
	opCapture
	opVoid
	opReverse
	opRequire
	opLimits
	opFreeze
	opClose
	opReopen
	opMonitor
	opUnmonitor
)

// preparedOp is an Op of any kind. Which fields are used depends on the kind.
type preparedOp struct {
	kind      opKind
	final     bool         // of a Capture
	force     bool         // of a Reverse
	flags     AccountFlags // of a Freeze
	scale     int8         // of the currency of account
	postings  []Posting
	legs      []leg     // accounts of postings, as far as they were known before the block
	at        time.Time // effective or expiry, cut to microseconds
	hold      string
	reference string
	metadata  []byte
	terms     []int64 // what the transaction is found by

	transaction int64 // to reverse
	account     AccountKey
	low, high   *int64 // of Require and Limits
	monitor     *preparedMonitor
}

type preparedPut struct {
	Put
	salt, digest []byte // nil for plain records and tombstones
}

type preparedEvent struct {
	Event
	salt, digest []byte
}

// preparer checks Changes and computes what does not need the ledger's state. It is used
// by one goroutine at a time.
type preparer struct {
	key    [16]byte
	rand   io.Reader
	slabs  slabs
	tagger tagger
}

// prepare fills p, which is zero, from a Change.
func (r *preparer) prepare(p *prepared, c *Change) error {
	p.id, p.after, p.result, p.linked = c.ID, c.NotAfter, c.Result, c.Linked
	if c.Refusal != nil {
		own := *c.Refusal
		p.refusal = &own
	}
	if err := checkText("id", c.ID, 1, MaxIDLen); err != nil {
		return err
	}
	if err := checkText("result", c.Result, 0, MaxIDLen); err != nil {
		return err
	}
	if err := checkRefusal(c.Refusal); err != nil {
		return err
	}
	if len(c.Request) > MaxRequest {
		return invalid("request", "has %d fields, want at most %d", len(c.Request), MaxRequest)
	}
	if err := r.part(&p.main, "", c); err != nil {
		return err
	}
	if c.Linked && c.Refusal != nil {
		return invalid("refusal", "a linked Change has none")
	}
	if c.Else != nil {
		if c.Linked {
			return invalid("else", "a linked Change has none")
		}
		if c.Else.Change.Else != nil {
			return invalid("else.else", "an Else has no Else of its own")
		}
		if len(c.Else.On) == 0 {
			return invalid("else.on", "names no reason")
		}
		p.elseOn = slices.Clone(c.Else.On)
		if !c.Else.later {
			p.alternative = &part{}
			if err := r.part(p.alternative, "else.", &c.Else.Change); err != nil {
				return err
			}
		}
	}
	if c.Request != nil {
		p.fields = slices.Clone(c.Request)
	}
	r.tagger.start(r.key)
	r.tagger.request(p)
	p.tags = r.tagger.tags(take(&r.slabs.tags, r.tagger.len())[:0])
	p.size = p.measure()
	return nil
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

func (r *preparer) part(p *part, prefix string, c *Change) error {
	if max(len(c.Ops), len(c.Expects), len(c.Puts), len(c.Events)) > MaxParts {
		return tooMany(prefix, c)
	}
	p.ops = take(&r.slabs.ops, len(c.Ops))
	for i, op := range c.Ops {
		if err := r.op(&p.ops[i], op); err != nil {
			return within(err, fmt.Sprintf("%sops[%d].", prefix, i))
		}
	}
	// What the caller may alter once Commit has returned is copied: after a cancellation the
	// commit goes on without it.
	p.expects = slices.Clone(c.Expects)
	for i, e := range c.Expects {
		if err := firstError(checkText("type", e.Type, 1, MaxTypeLen), checkText("id", e.ID, 1, MaxIDLen)); err != nil {
			return within(err, fmt.Sprintf("%sexpects[%d].", prefix, i))
		}
	}
	for i := range c.Puts {
		put, err := r.put(&c.Puts[i])
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
		salt, err := newSalt(r.rand)
		if err != nil {
			return err
		}
		own := Event{Type: e.Type, Subject: e.Subject, Payload: bytes.Clone(e.Payload)}
		p.events = append(p.events, preparedEvent{Event: own, salt: salt, digest: eventDigest(salt, &own)})
	}
	return nil
}

func tooMany(prefix string, c *Change) error {
	for _, n := range []struct {
		name  string
		count int
	}{{"ops", len(c.Ops)}, {"expects", len(c.Expects)}, {"puts", len(c.Puts)}, {"events", len(c.Events)}} {
		if n.count > MaxParts {
			return invalid(prefix+n.name, "has %d items, want at most %d", n.count, MaxParts)
		}
	}
	return nil
}

// moves are what Transaction, Hold, Capture and Reverse have in common.
type moves struct {
	at        time.Time
	postings  []Posting
	reference string
	metadata  map[string]string
}

func (r *preparer) op(p *preparedOp, op Op) error {
	var m moves
	switch op := op.(type) {
	case Transaction:
		p.kind, m = opTransaction, moves{op.Effective, op.Postings, op.Reference, op.Metadata}
	case Hold:
		p.kind, p.hold, m = opHold, op.ID, moves{op.Expires, op.Postings, op.Reference, op.Metadata}
		if err := checkText("id", op.ID, 1, MaxIDLen); err != nil {
			return err
		}
	case Capture:
		p.kind, p.hold, p.final, m = opCapture, op.Hold, op.Final, moves{time.Time{}, op.Postings, op.Reference, op.Metadata}
	case Void:
		p.kind, p.hold = opVoid, op.Hold
		return checkText("hold", op.Hold, 1, MaxIDLen)
	case Reverse:
		p.kind, p.transaction, p.force, m = opReverse, op.Transaction, op.Force, moves{op.Effective, nil, op.Reference, op.Metadata}
		if op.Transaction < 1 {
			return invalid("transaction", "is not the number of one")
		}
	default:
		return r.accountOp(p, op)
	}
	switch {
	case p.kind == opCapture:
		if err := checkText("hold", p.hold, 1, MaxIDLen); err != nil {
			return err
		}
	case p.kind != opReverse && len(m.postings) == 0:
		return invalid("postings", "is empty")
	}
	p.at = micro(m.at)
	if err := checkTime("time", m.at); err != nil {
		return err
	}
	if err := checkText("reference", m.reference, 0, MaxReferenceLen); err != nil {
		return err
	}
	if err := checkMetadata(m.metadata); err != nil {
		return err
	}
	p.reference, p.metadata = m.reference, encodeMetadata(m.metadata)
	if p.kind != opHold {
		p.terms = r.terms(m.reference, m.metadata)
	}
	p.postings, p.legs = take(&r.slabs.postings, len(m.postings)), take(&r.slabs.legs, len(m.postings))
	copy(p.postings, m.postings)
	return checkPostings(p.kind, p.postings)
}

func (r *preparer) accountOp(p *preparedOp, op Op) error {
	var currency interface {
		Code() string
		Scale() int
		IsZero() bool
	}
	var monitor *Monitor
	switch op := op.(type) {
	case Require:
		p.kind, p.account.Name, currency = opRequire, op.Account, op.Currency
		p.low, p.high = cloned(op.AtLeast), cloned(op.AtMost)
		if p.low == nil && p.high == nil {
			return invalid("at_least", "neither at least nor at most is set")
		}
	case Limits:
		p.kind, p.account.Name, currency = opLimits, op.Account, op.Currency
		p.low, p.high = cloned(op.Min), cloned(op.Max)
	case Freeze:
		p.kind, p.account.Name, currency = opFreeze, op.Account, op.Currency
		if op.Debits {
			p.flags |= DebitsFrozen
		}
		if op.Credits {
			p.flags |= CreditsFrozen
		}
	case Close:
		p.kind, p.account.Name, currency = opClose, op.Account, op.Currency
	case Reopen:
		p.kind, p.account.Name, currency = opReopen, op.Account, op.Currency
	case Monitor:
		p.kind, p.account.Name, currency, monitor = opMonitor, op.Account, op.Currency, &op
	case Unmonitor:
		p.kind, p.account.Name, currency, monitor = opUnmonitor, op.Account, op.Currency, &Monitor{ID: op.ID}
	default:
		return invalid("kind", "is none of the kinds that Op lists, or a pointer to one")
	}
	if err := checkAccountName(p.account.Name); err != nil {
		return &InvalidError{Field: "account", Reason: err.Error()}
	}
	if currency.IsZero() {
		return invalid("currency", "is not set")
	}
	if p.low != nil && p.high != nil && *p.low > *p.high {
		return invalid("max", "is below the minimum")
	}
	p.account.Currency, p.scale = currency.Code(), int8(currency.Scale())
	if monitor != nil {
		return r.monitor(p, *monitor)
	}
	return nil
}

func cloned(v *int64) *int64 {
	if v == nil {
		return nil
	}
	own := *v
	return &own
}

// terms returns by what a transaction is found.
func (r *preparer) terms(reference string, metadata map[string]string) []int64 {
	if reference == "" && len(metadata) == 0 {
		return nil
	}
	terms := make([]int64, 0, 1+len(metadata))
	if reference != "" {
		terms = append(terms, termHash(r.key, termReference, "", reference))
	}
	for k, v := range metadata {
		terms = append(terms, termHash(r.key, termMetadata, k, v))
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

func checkPostings(kind opKind, postings []Posting) error {
	if len(postings) > MaxPostings {
		return invalid("postings", "has %d items, want at most %d", len(postings), MaxPostings)
	}
	for i := range postings {
		if err := checkPosting(kind, &postings[i]); err != nil {
			return within(err, fmt.Sprintf("postings[%d].", i))
		}
	}
	return nil
}

func checkPosting(kind opKind, p *Posting) error {
	switch {
	case p.Amount.Currency().IsZero():
		return invalid("amount", "has no currency")
	case p.Amount.Minor() < 0:
		return invalid("amount", "is negative")
	case p.Debit == p.Credit:
		return invalid("credit", "is the account that is debited")
	case p.UpTo > UpToDebit|UpToCredit:
		return invalid("up_to", "is none of its values")
	case p.UpTo != 0 && kind == opCapture:
		return invalid("up_to", "is not for captures")
	}
	if err := checkAccountName(p.Debit); err != nil {
		return &InvalidError{Field: "debit", Reason: err.Error()}
	}
	if err := checkAccountName(p.Credit); err != nil {
		return &InvalidError{Field: "credit", Reason: err.Error()}
	}
	return nil
}

func (r *preparer) put(p *Put) (preparedPut, error) {
	if strings.HasPrefix(p.Type, ReservedTypes) {
		return preparedPut{}, invalid("type", "begins with %s, which the ledger keeps for itself", ReservedTypes)
	}
	return r.seal(p)
}

// seal checks a Put of any type, and draws its salt.
func (r *preparer) seal(p *Put) (preparedPut, error) {
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
	if out.salt, err = newSalt(r.rand); err != nil {
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
