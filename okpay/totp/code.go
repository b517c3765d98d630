package totp

import (
	"crypto/hmac"
	"encoding/binary"
	"hash"
	"time"
)

// Code returns the code of a time, as an app shows it (RFC 6238, section 4.2): as many
// ASCII digits as the parameters say, with leading zeros. It is for tests and for programs
// that play the app; a server needs [Verify]. Errors: [ErrInvalidParams], [ErrInvalidTime],
// [ErrShortSecret] for the zero Secret; the first of them wins.
func Code(secret Secret, params Params, at time.Time) (string, error) {
	step, err := params.Step(at)
	if err != nil {
		return "", err
	}
	return HOTP(secret, params, uint64(step))
}

// HOTP returns the code of a counter (RFC 4226, section 5.3). The period plays no part in
// it. Errors: [ErrInvalidParams], then [ErrShortSecret] for the zero Secret.
func HOTP(secret Secret, params Params, counter uint64) (string, error) {
	if err := params.Check(); err != nil {
		return "", err
	}
	if err := secret.check(); err != nil {
		return "", err
	}
	g := newGenerator(secret, params)
	return string(g.code(counter)), nil
}

// generator computes the codes of one secret, whose parameters were checked.
type generator struct {
	mac    hash.Hash
	digits int
	sum    []byte // what mac.Sum appends to, so that it allocates once
	text   [MaxDigits]byte
}

func newGenerator(secret Secret, params Params) *generator {
	return &generator{mac: hmac.New(params.hash(), secret.Bytes()), digits: params.Defaulted().Digits}
}

// code returns the code of a counter; it is good until the next call.
func (g *generator) code(counter uint64) []byte {
	var message [8]byte
	binary.BigEndian.PutUint64(message[:], counter)
	g.mac.Reset()
	g.mac.Write(message[:])
	g.sum = g.mac.Sum(g.sum[:0])
	// Dynamic truncation: the last four bits say where the 31 bits are taken from.
	offset := g.sum[len(g.sum)-1] & 0x0f
	number := binary.BigEndian.Uint32(g.sum[offset:]) & 0x7fffffff
	text := g.text[:g.digits]
	for i := len(text) - 1; i >= 0; i-- {
		text[i] = '0' + byte(number%10)
		number /= 10
	}
	return text
}
