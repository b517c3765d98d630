package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// The encoding is canonical: fields in a fixed order, unsigned numbers as the shortest
// varint (as in encoding/binary), signed numbers zig-zag first, texts and bytes with their
// length before them. The decoder refuses anything that the encoder would have written
// otherwise.

func appendUint(b []byte, v uint64) []byte { return binary.AppendUvarint(b, v) }
func appendInt(b []byte, v int64) []byte   { return binary.AppendVarint(b, v) }

func appendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func appendBytes(b, s []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// appendTime writes microseconds since 1970; the zero time is written as absent.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, 0)
	}
	return binary.AppendVarint(append(b, 1), t.UnixMicro())
}

func appendLimit(b []byte, v *int64) []byte {
	if v == nil {
		return append(b, 0)
	}
	return binary.AppendVarint(append(b, 1), *v)
}

// errEncoding reports bytes that the encoder did not write.
var errEncoding = errors.New("ledger: malformed encoding")

// decoder reads what the append functions wrote. After the first error every read returns
// zero and err keeps it.
type decoder struct {
	rest []byte
	err  error

	skip bool // only looks: keeps nothing, and counts what it would have made
	seen decodedSize
}

func (d *decoder) fail(what string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", errEncoding, what)
	}
	d.rest = nil
}

func (d *decoder) byte() byte {
	if len(d.rest) == 0 {
		d.fail("truncated")
		return 0
	}
	c := d.rest[0]
	d.rest = d.rest[1:]
	return c
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 || n > 1 && d.rest[n-1] == 0 {
		d.fail("number")
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) int() int64 {
	u := d.uint()
	v := int64(u >> 1)
	if u&1 != 0 {
		v = ^v
	}
	return v
}

// number reads an unsigned number that must fit into an int64.
func (d *decoder) number() int64 {
	u := d.uint()
	if u > 1<<63-1 {
		d.fail("number too large")
		return 0
	}
	return int64(u)
}

// count reads how many items follow, each of at least one byte.
func (d *decoder) count() int {
	u := d.uint()
	if u > uint64(len(d.rest)) {
		d.fail("count")
		return 0
	}
	return int(u)
}

func (d *decoder) bytes() []byte {
	n := d.count()
	s := d.rest[:n:n]
	d.rest = d.rest[n:]
	if n == 0 {
		return nil
	}
	return s
}

func (d *decoder) text() string {
	b := d.bytes()
	if d.skip {
		return ""
	}
	return string(b)
}

func (d *decoder) fixed(n int) []byte {
	if len(d.rest) < n {
		d.fail("truncated")
		return make([]byte, n)
	}
	s := d.rest[:n:n]
	d.rest = d.rest[n:]
	return s
}

// flag reads a byte that is 0 or 1.
func (d *decoder) flag() bool {
	switch d.byte() {
	case 0:
	case 1:
		return true
	default:
		d.fail("flag")
	}
	return false
}

func (d *decoder) time() time.Time {
	if !d.flag() {
		return time.Time{}
	}
	t := time.UnixMicro(d.int()).UTC()
	if t.IsZero() {
		d.fail("time")
	}
	return t
}

func (d *decoder) limit() *int64 {
	if !d.flag() {
		return nil
	}
	v := d.int()
	if d.skip {
		d.seen.limits++
		return nil
	}
	return &v
}

// end reports the first error, or that bytes are left over.
func (d *decoder) end() error {
	if d.err == nil && len(d.rest) > 0 {
		d.fail("bytes left over")
	}
	return d.err
}
