package okpay

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"io"
	"math/bits"
)

func (w *Wallet) newID(prefix string) string { return prefix + w.cfg.NewID() }

// timeOrderedID returns 48 bits of milliseconds and 80 random bits in Crockford's base 32. Of
// those made in one millisecond each is above the one before, by a random step, so that what
// one Change makes is listed in its order.
func (w *Wallet) timeOrderedID() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(w.Now().UnixMilli())<<16)
	if w.random(b[6:]) != nil {
		// An id without its random part would collide. This source never fails.
		_, _ = rand.Read(b[6:])
	}
	w.lastID.Lock()
	defer w.lastID.Unlock()
	if bytes.Compare(b[:6], w.lastID.at[:6]) <= 0 {
		step := uint64(binary.BigEndian.Uint32(b[12:])) + 1
		b = w.lastID.at
		lo, carry := bits.Add64(binary.BigEndian.Uint64(b[8:]), step, 0)
		binary.BigEndian.PutUint64(b[8:], lo)
		binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])+carry)
	}
	w.lastID.at = b
	return crockford(b)
}

func (w *Wallet) random(b []byte) error {
	w.randMu.Lock()
	defer w.randMu.Unlock()
	_, err := io.ReadFull(w.cfg.Rand, b)
	return err
}

// crockford writes 128 bits as 26 characters that sort like the number.
func crockford(b [16]byte) string {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	var out [26]byte
	for i := 25; i >= 0; i-- {
		out[i] = alphabet[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(out[:])
}

// CheckID bounds the ids that become parts of account names.
func CheckID(field, id string) error {
	if id == "" {
		return InvalidField(field, "is missing")
	}
	if len(id) > 64 {
		return InvalidField(field, "has %d characters, want 1 to 64", len(id))
	}
	for _, c := range []byte(id) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-') {
			return InvalidField(field, "has a character other than letters, digits, '_' and '-'")
		}
	}
	return nil
}
