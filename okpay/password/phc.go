package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The sizes of salts and tags, in bytes. What is made has the first two. RFC 9106,
// section 3.1, allows a salt of 8 bytes and a tag of 4; a tag of so few bytes could be met
// by chance, so half of our own is the least that is accepted.
const (
	saltBytes = 16
	tagBytes  = 32

	minSaltBytes = 8
	maxSaltBytes = 64
	minTagBytes  = 16
	maxTagBytes  = 64

	maxPepperID = 8   // the PHC string format's bound for a keyid
	maxEncoded  = 512 // of a whole string; the longest that is valid has fewer
)

var (
	// ErrMalformedHash is returned for a stored hash that is no argon2id PHC string of
	// version 0x13 within the bounds of RFC 9106, or not exactly as this package writes
	// one: fields in order and none besides, numbers without sign or leading zero, base64
	// without padding.
	ErrMalformedHash = errors.New("password: stored hash is malformed")

	// ErrTooCostly is returned for a stored hash whose parameters are above
	// Config.Ceiling. No memory was taken for it.
	ErrTooCostly = errors.New("password: stored hash costs more than is allowed")
)

// phc is a hash with what it takes to compute it again.
type phc struct {
	params Params
	pepper string // the id of the pepper, or empty
	salt   []byte
	tag    []byte
}

// String returns the PHC string.
func (s phc) String() string {
	keyid := ""
	if s.pepper != "" {
		keyid = ",keyid=" + b64([]byte(s.pepper))
	}
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d%s$%s$%s",
		s.params.Memory, s.params.Time, s.params.Threads, keyid, b64(s.salt), b64(s.tag))
}

// parsePHC reads a PHC string. The errors are ErrMalformedHash, which wins, and
// ErrTooCostly; neither repeats anything of the string.
func parsePHC(encoded string, ceiling Params) (phc, error) {
	if len(encoded) > maxEncoded {
		return phc{}, malformed("too long")
	}
	fields := strings.Split(encoded, "$")
	if len(fields) != 6 || fields[0] != "" {
		return phc{}, malformed("not five fields")
	}
	if fields[1] != "argon2id" {
		return phc{}, malformed("not argon2id")
	}
	if fields[2] != "v=19" {
		return phc{}, malformed("not version 19")
	}
	var s phc
	dear, err := s.parseParams(fields[3], ceiling)
	if err != nil {
		return phc{}, err
	}
	if s.salt, err = unb64(fields[4], minSaltBytes, maxSaltBytes); err != nil {
		return phc{}, malformed("salt " + err.Error())
	}
	if s.tag, err = unb64(fields[5], minTagBytes, maxTagBytes); err != nil {
		return phc{}, malformed("tag " + err.Error())
	}
	if dear {
		return phc{}, ErrTooCostly
	}
	return s, nil
}

// parseParams reads "m=…,t=…,p=…" and perhaps a keyid, and says whether the costs are
// above the ceiling.
func (s *phc) parseParams(field string, ceiling Params) (dear bool, err error) {
	parts := strings.Split(field, ",")
	if len(parts) != 3 && len(parts) != 4 {
		return false, malformed("not three or four parameters")
	}
	var costs [3]uint64
	for i, name := range []string{"m=", "t=", "p="} {
		text, ok := strings.CutPrefix(parts[i], name)
		if !ok {
			return false, malformed("parameters other than m, t and p in this order")
		}
		if costs[i], ok = number(text); !ok {
			return false, malformed(name + " is no number")
		}
	}
	m, t, p := costs[0], costs[1], costs[2]
	if t < 1 || p < 1 || m < 8*p {
		return false, malformed("parameters below those of argon2")
	}
	if p > 1<<24-1 {
		return false, malformed("parameters above those of argon2")
	}
	if len(parts) == 4 {
		text, ok := strings.CutPrefix(parts[3], "keyid=")
		if !ok {
			return false, malformed("a fourth parameter other than keyid")
		}
		id, err := unb64(text, 1, maxPepperID)
		if err != nil || !validPepperID(string(id)) {
			return false, malformed("keyid is none")
		}
		s.pepper = string(id)
	}
	if m > uint64(ceiling.Memory) || t > uint64(ceiling.Time) || p > uint64(ceiling.Threads) {
		return true, nil
	}
	s.params = Params{Memory: uint32(m), Time: uint32(t), Threads: uint8(p)}
	return false, nil
}

// number reads a decimal of 32 bits in its only form.
func number(text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, 32)
	return n, err == nil && strconv.FormatUint(n, 10) == text
}

func b64(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

// unb64 decodes base64 in its only form: the decoder of the standard library skips line
// breaks and may forgive stray bits at the end, so the way back must lead to the same text.
func unb64(text string, least, most int) ([]byte, error) {
	b, err := base64.RawStdEncoding.DecodeString(text)
	switch {
	case err != nil || b64(b) != text:
		return nil, errors.New("is no base64 without padding")
	case len(b) < least || len(b) > most:
		return nil, fmt.Errorf("has not %d to %d bytes", least, most)
	}
	return b, nil
}

func malformed(why string) error { return fmt.Errorf("%w: %s", ErrMalformedHash, why) }
