package ledger

import "fmt"

// A body is read twice: first with a look that keeps nothing, which finds what is malformed
// and how much room the rest takes, then for good, into room of just that size. So bytes that
// somebody else made up cost little before they are refused, and what is not refused costs no
// more than any block may.

// decodedSize counts what a decoded body consists of.
type decodedSize struct{ expiries, changes, effects, legs, limits int }

// What one of each takes in memory, at least as many bytes as it really is.
const (
	effectWeight = 256
	changeWeight = 96
	legWeight    = 24
	limitWeight  = 8
)

// maxDecoded bounds what a body takes in memory when it is decoded, the texts, which are as
// long as they are in the body, aside.
const maxDecoded = 4 * MaxBlockLen

func (s *decodedSize) weight() int {
	return effectWeight*(s.expiries+s.effects) + changeWeight*s.changes + legWeight*s.legs + limitWeight*s.limits
}

// checkBlockLen refuses a block that nobody could read again.
func checkBlockLen(body []byte, longest, heaviest int) error {
	if len(body) > longest {
		return fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrTooLarge, len(body), longest)
	}
	if len(body) <= heaviest/effectWeight {
		return nil // no effect is shorter than two bytes, nor any other thing as dear
	}
	size, err := lookAtBody(body)
	if err == nil && size.weight() > heaviest {
		err = fmt.Errorf("%w: %d effects of %d Changes", ErrTooLarge, size.expiries+size.effects, size.changes)
	}
	return err
}

// decodeBody decodes a block's body. It returns a FormatError for one of another format.
func decodeBody(body []byte) (decodedBody, error) {
	if len(body) > 0 {
		if err := checkVersion("block", body[0], FormatVersion); err != nil {
			return decodedBody{}, err
		}
	}
	if len(body) > MaxBlockLen {
		return decodedBody{}, fmt.Errorf("%w: a body of %d bytes, at most %d are allowed", errEncoding, len(body), MaxBlockLen)
	}
	size, err := lookAtBody(body)
	if err != nil {
		return decodedBody{}, err
	}
	if size.weight() > maxDecoded {
		return decodedBody{}, fmt.Errorf("%w: more effects than a block can have", errEncoding)
	}
	out := decodedBody{expired: make([]effect, size.expiries), changes: make([]changeEffect, 0, size.changes)}
	effects := make([]effect, size.effects) // of all changes
	d := &decoder{rest: body}
	expired, made := 0, 0
	d.body(
		func() *effect { expired++; return &out.expired[expired-1] },
		func() *effect { made++; return &effects[made-1] },
		func(c changeEffect) {
			c.effects = effects[:made:made]
			effects, made = effects[made:], 0
			out.changes = append(out.changes, c)
		},
	)
	return out, d.end()
}

// lookAtBody checks that a body is well-formed, and counts what it consists of.
func lookAtBody(body []byte) (decodedSize, error) {
	d := &decoder{rest: body, skip: true}
	var scratch effect
	d.body(
		func() *effect { d.seen.expiries++; return &scratch },
		func() *effect { d.seen.effects++; return &scratch },
		func(changeEffect) { d.seen.changes++ },
	)
	return d.seen, d.end()
}

// body reads a block's body into what expired and effect return: expiries, then changes, each
// after its effects.
func (d *decoder) body(expired, effect func() *effect, change func(changeEffect)) {
	if v := d.byte(); d.err == nil && v != FormatVersion {
		d.fail("unknown format version")
	}
	for n := d.count(); n > 0 && d.err == nil; n-- {
		e := expired()
		e.kind, e.text, e.released = effectVoid, d.text(), d.legs()
	}
	for n := d.count(); n > 0 && d.err == nil; n-- {
		c := changeEffect{id: d.text(), tags: d.bytes(), outcome: d.bytes()}
		encoded := d.bytes()
		after := d.rest
		for d.rest = encoded; len(d.rest) > 0; {
			d.effect(effect())
		}
		if d.err == nil {
			d.rest = after
			change(c)
		}
	}
}
