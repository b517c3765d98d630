package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
)

// Tags stand for a request: eight bytes for each of its fields, keyed, so that a replay
// can be told from another request, the first field that differs can be named, and nothing
// of the request can be read back.

const (
	tagLen       = 8
	tagDigestLen = 16
)

// fields returns the request that a Change stands for, for the ledger to keep.
func (c *Change) fields() []Field {
	if c.Request != nil {
		return slices.Clone(c.Request)
	}
	return appendChangeFields(nil, "", c)
}

func appendChangeFields(f []Field, prefix string, c *Change) []Field {
	for i, op := range c.Ops {
		at := prefix + "ops[" + strconv.Itoa(i) + "]."
		switch op := op.(type) {
		case Transaction:
			f = append(f, Field{at + "kind", "transaction"})
			f = appendPostingFields(f, at, op.Postings)
			f = append(f, Field{at + "effective", formatTime(op.Effective)},
				Field{at + "reference", op.Reference}, Field{at + "metadata", string(encodeMetadata(op.Metadata))})
		case Hold:
			f = append(f, Field{at + "kind", "hold"}, Field{at + "id", op.ID})
			f = appendPostingFields(f, at, op.Postings)
			f = append(f, Field{at + "expires", formatTime(op.Expires)},
				Field{at + "reference", op.Reference}, Field{at + "metadata", string(encodeMetadata(op.Metadata))})
		case Capture:
			f = append(f, Field{at + "kind", "capture"}, Field{at + "hold", op.Hold})
			f = appendPostingFields(f, at, op.Postings)
			f = append(f, Field{at + "final", strconv.FormatBool(op.Final)},
				Field{at + "reference", op.Reference}, Field{at + "metadata", string(encodeMetadata(op.Metadata))})
		case Void:
			f = append(f, Field{at + "kind", "void"}, Field{at + "hold", op.Hold})
		}
	}
	for i := range c.Puts {
		p := &c.Puts[i]
		at := prefix + "puts[" + strconv.Itoa(i) + "]."
		f = append(f, Field{at + "type", p.Type}, Field{at + "id", p.ID}, Field{at + "content", hashText(p.Content)},
			Field{at + "unique", joinTexts(p.Unique)}, Field{at + "labels", joinTexts(p.Labels)},
			Field{at + "due", formatTime(p.Due)}, Field{at + "chaining", strconv.Itoa(int(p.Chaining))},
			Field{at + "erase", strconv.FormatBool(p.Erase)})
	}
	for i := range c.Events {
		e := &c.Events[i]
		at := prefix + "events[" + strconv.Itoa(i) + "]."
		f = append(f, Field{at + "type", e.Type}, Field{at + "subject", e.Subject}, Field{at + "payload", hashText(e.Payload)})
	}
	if c.Refusal != nil {
		f = append(f, Field{prefix + "refusal", string(c.Refusal.Reason)})
	}
	if c.Else != nil {
		on := make([]string, len(c.Else.On))
		for i, r := range c.Else.On {
			on[i] = string(r)
		}
		f = append(f, Field{prefix + "else.on", joinTexts(on)})
		f = appendChangeFields(f, prefix+"else.", &c.Else.Change)
	}
	return f
}

func appendPostingFields(f []Field, at string, postings []Posting) []Field {
	f = append(f, Field{at + "postings", strconv.Itoa(len(postings))})
	for i, p := range postings {
		at := at + "postings[" + strconv.Itoa(i) + "]."
		f = append(f, Field{at + "debit", p.Debit}, Field{at + "credit", p.Credit},
			Field{at + "amount", strconv.FormatInt(p.Amount.Minor(), 10)},
			Field{at + "currency", p.Amount.Currency().Code()})
	}
	return f
}

func hashText(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func joinTexts(texts []string) string {
	var b []byte
	for _, t := range texts {
		b = appendText(b, t)
	}
	return string(b)
}

// tagger makes tags under a ledger's key.
type tagger struct {
	key [16]byte
	buf []byte
}

func (t *tagger) tags(fields []Field) []byte {
	tags := make([]byte, 0, tagLen*len(fields))
	for i := range fields {
		t.buf = append(t.buf[:0], t.key[:]...)
		t.buf = appendText(t.buf, fields[i].Name)
		t.buf = append(t.buf, fields[i].Value...)
		sum := sha256.Sum256(t.buf)
		tags = append(tags, sum[:tagLen]...)
	}
	return tags
}

// tagDigest is what the journal keeps of the tags.
func tagDigest(tags []byte) []byte {
	sum := sha256.Sum256(tags)
	return sum[:tagDigestLen]
}

// differ names the first field of the request that is not as it was, or "" if none differs.
func differ(was, is []byte, fields []Field) string {
	if bytes.Equal(was, is) {
		return ""
	}
	for i := range fields {
		at := i * tagLen
		if at+tagLen > len(was) || !bytes.Equal(was[at:at+tagLen], is[at:at+tagLen]) {
			return fields[i].Name
		}
	}
	return "number of fields"
}
