package ledger

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/dchest/siphash"
)

// Tags stand for a request: a keyed digest of all of it and a short keyed digest of each of
// its fields, so that a replay can be told from another request, the first field that
// differs can be named, and nothing of the request can be read back. SipHash is made for
// this: a keyed function for short inputs (Aumasson and Bernstein, 2012).

const (
	tagsLen  = 16 // of the digest of everything
	fieldLen = 2  // of each field's
)

// tagger digests the fields of one request, or names them, in the same walk.
type tagger struct {
	k0, k1 uint64
	short  []byte // of the fields so far
	long   []byte // what the digest of everything is of

	naming bool
	names  []string
	buf    []byte

	// Digests of what most requests have, 0 for not yet known.
	small    [16]uint64 // of numbers
	empty    uint64     // of what is left out
	never    uint64     // of no time
	currency string     // the last one met
	ofIt     uint64
}

func newTagger(key [16]byte) (t tagger) {
	t.start(key)
	return t
}

// start begins a request.
func (t *tagger) start(key [16]byte) {
	t.k0, t.k1 = binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:])
	t.short, t.long = t.short[:0], t.long[:0]
}

// path is where in a request a field stands, written out only when it is named.
type path struct {
	prefix string
	part   string // "ops", "puts", "events" or "" at the top
	index  int
}

func (p path) name(field string) string {
	if p.part == "" {
		return p.prefix + field
	}
	return p.prefix + p.part + "[" + strconv.Itoa(p.index) + "]." + field
}

func (t *tagger) text(p path, field, value string) {
	if t.naming {
		t.names = append(t.names, p.name(field))
		return
	}
	if value == "" {
		t.known(&t.empty, nil)
		return
	}
	t.buf = append(t.buf[:0], value...)
	t.add(siphash.Hash(t.k0, t.k1, t.buf))
}

func (t *tagger) number(p path, field string, value int64) {
	if t.naming {
		t.names = append(t.names, p.name(field))
		return
	}
	t.buf = binary.BigEndian.AppendUint64(t.buf[:0], uint64(value))
	if uint64(value) < uint64(len(t.small)) {
		t.known(&t.small[value], t.buf)
		return
	}
	t.add(siphash.Hash(t.k0, t.k1, t.buf))
}

func (t *tagger) bytes(p path, field string, value []byte) {
	if t.naming {
		t.names = append(t.names, p.name(field))
		return
	}
	if len(value) == 0 {
		t.known(&t.empty, nil)
		return
	}
	t.add(siphash.Hash(t.k0, t.k1, value))
}

func (t *tagger) flag(p path, field string, value bool) {
	n := int64(0)
	if value {
		n = 1
	}
	t.number(p, field, n)
}

func (t *tagger) limit(p path, field string, value *int64) {
	t.buf = appendLimit(t.buf[:0], value)
	t.bytes(p, field, t.buf)
}

// known adds the digest of a value that comes often, which is computed once.
func (t *tagger) known(sum *uint64, value []byte) {
	if *sum == 0 {
		*sum = siphash.Hash(t.k0, t.k1, value)
	}
	t.add(*sum)
}

// add adds the digest of one field.
func (t *tagger) add(sum uint64) {
	t.short = binary.BigEndian.AppendUint16(t.short, uint16(sum))
	t.long = binary.BigEndian.AppendUint64(t.long, sum)
}

// len is how many bytes the tags have.
func (t *tagger) len() int { return tagsLen + len(t.short) }

// tags appends the tags of what was walked.
func (t *tagger) tags(b []byte) []byte {
	hi, lo := siphash.Hash128(t.k0, t.k1, t.long)
	b = binary.BigEndian.AppendUint64(b, hi)
	b = binary.BigEndian.AppendUint64(b, lo)
	return append(b, t.short...)
}

// request walks what a prepared Change asks for: the fields that its caller gave, or else
// its contents in a fixed order. The numbers of parts are among them, so that the same
// sequence of values is the same request; they come last, so that they are named only where
// nothing else differs.
func (t *tagger) request(p *prepared) {
	if p.fields != nil {
		for i := range p.fields {
			f := &p.fields[i]
			if t.naming {
				t.names = append(t.names, f.Name)
				continue
			}
			t.buf = append(appendText(t.buf[:0], f.Name), f.Value...)
			t.add(siphash.Hash(t.k0, t.k1, t.buf))
		}
		return
	}
	t.part("", &p.main)
	if p.refusal != nil {
		t.text(path{}, "refusal", string(p.refusal.Reason))
	}
	if p.alternative != nil {
		on := make([]string, len(p.elseOn))
		for i, r := range p.elseOn {
			on[i] = string(r)
		}
		t.text(path{}, "else.on", strings.Join(on, " "))
		t.part("else.", p.alternative)
	}
}

func (t *tagger) part(prefix string, p *part) {
	for i := range p.ops {
		t.op(path{prefix, "ops", i}, &p.ops[i])
	}
	for i := range p.puts {
		put, at := &p.puts[i], path{prefix, "puts", i}
		t.text(at, "type", put.Type)
		t.text(at, "id", put.ID)
		t.bytes(at, "content", put.Content)
		t.texts(at, "unique", put.Unique)
		t.texts(at, "labels", put.Labels)
		t.bytes(at, "due", appendTime(nil, put.Due))
		t.number(at, "chaining", int64(put.Chaining))
		t.flag(at, "erase", put.Erase)
	}
	for i := range p.events {
		e, at := &p.events[i], path{prefix, "events", i}
		t.text(at, "type", e.Type)
		t.text(at, "subject", e.Subject)
		t.bytes(at, "payload", e.Payload)
	}
	t.number(path{prefix: prefix}, "parts", int64(len(p.ops))<<40|int64(len(p.puts))<<20|int64(len(p.events)))
}

func (t *tagger) texts(p path, field string, values []string) {
	var b []byte
	for _, v := range values {
		b = appendText(b, v)
	}
	t.bytes(p, field, b)
}

func (t *tagger) op(at path, p *preparedOp) {
	t.number(at, "kind", int64(p.kind))
	switch p.kind {
	case opHold:
		t.text(at, "id", p.hold)
		t.time(at, "expires", p)
	case opCapture, opVoid:
		t.text(at, "hold", p.hold)
		t.flag(at, "final", p.final)
	case opTransaction, opReverse:
		t.time(at, "effective", p)
		t.number(at, "transaction", p.transaction)
		t.flag(at, "force", p.force)
	default:
		t.text(at, "account", p.account.Name)
		t.text(at, "currency", p.account.Currency)
		if p.monitor != nil {
			t.text(at, "id", p.monitor.ID)
			t.bytes(at, "monitor", p.monitor.put.Content)
			return
		}
		t.limit(at, "min", p.low)
		t.limit(at, "max", p.high)
		t.number(at, "freeze", int64(p.flags))
		return
	}
	t.number(at, "postings", int64(len(p.postings)))
	for i := range p.postings {
		t.posting(at, i, &p.postings[i])
	}
	t.text(at, "reference", p.reference)
	t.bytes(at, "metadata", p.metadata)
}

func (t *tagger) time(at path, field string, p *preparedOp) {
	t.buf = appendTime(t.buf[:0], p.at)
	if p.at.IsZero() && !t.naming {
		t.known(&t.never, t.buf)
		return
	}
	t.bytes(at, field, t.buf)
}

func (t *tagger) posting(at path, i int, p *Posting) {
	if t.naming {
		prefix := at.name("postings[" + strconv.Itoa(i) + "].")
		t.names = append(t.names, prefix+"debit", prefix+"credit", prefix+"amount", prefix+"currency", prefix+"up_to")
		return
	}
	t.text(at, "", p.Debit)
	t.text(at, "", p.Credit)
	t.number(at, "", p.Amount.Minor())
	t.code(p.Amount.Currency().Code())
	t.number(at, "", int64(p.UpTo))
}

// code adds the digest of a currency's code, which is the same for most postings.
func (t *tagger) code(code string) {
	if t.currency != code {
		t.buf = append(t.buf[:0], code...)
		t.currency, t.ofIt = code, siphash.Hash(t.k0, t.k1, t.buf)
	}
	t.add(t.ofIt)
}

// differ names the first field in which a request is not the one whose tags are kept, or
// "" when none differs.
func (p *prepared) differ(was []byte) string {
	if bytes.Equal(was, p.tags) {
		return ""
	}
	names := tagger{naming: true}
	names.request(p)
	for i, name := range names.names {
		at := tagsLen + i*fieldLen
		if at+fieldLen > len(was) || !bytes.Equal(was[at:at+fieldLen], p.tags[at:at+fieldLen]) {
			return name
		}
	}
	return "number of fields"
}

// termHash is by which transactions with a reference, or a metadata entry, are found.
func termHash(key [16]byte, kind byte, name, value string) int64 {
	t := newTagger(key)
	b := append(make([]byte, 0, 128), kind)
	b = appendText(b, name)
	b = append(b, value...)
	return int64(siphash.Hash(t.k0, t.k1, b))
}

const (
	termReference = 'r'
	termMetadata  = 'm'
)
