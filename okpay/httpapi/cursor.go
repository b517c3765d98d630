package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
)

// listing names a list with everything that decides what is in it: what it holds, whose
// it is, and the filters. A cursor works on the list it came from and on no other.
type listing []string

// cursorVersion is the first byte of every cursor. A form that reads differently gets
// another one, and old cursors are then refused instead of misread.
const cursorVersion = 1

// The lengths of a cursor's parts before it is written in base64url.
const (
	cursorSumLen = 8
	maxCursorLen = 1 + cursorSumLen + maxIDLen
)

// cursor makes the cursor of the page that follows a position: base64url without padding
// of the version, a checksum over version, list and position, and the position.
//
// The checksum is not a signature. Whoever forges one reaches another position in a list
// that is theirs anyway.
func (l listing) cursor(position string) string {
	raw := append([]byte{cursorVersion}, l.sum(position)...)
	return base64.RawURLEncoding.EncodeToString(append(raw, position...))
}

func (l listing) sum(position string) []byte {
	var b bytes.Buffer
	b.WriteString("okpay/cursor")
	b.WriteByte(cursorVersion)
	for _, part := range append(l[:len(l):len(l)], position) {
		b.WriteString(strconv.Itoa(len(part)))
		b.WriteByte(':')
		b.WriteString(part)
	}
	sum := sha256.Sum256(b.Bytes())
	return sum[:cursorSumLen]
}

// position reads a cursor of this list. Errors: InvalidRequest with the field cursor.
func (l listing) position(cursor string) (string, error) {
	bad := invalid("cursor", "this is not a cursor of this list; take it from next_cursor, with the same filters")
	// The decoder would skip line breaks, which makes two texts of one cursor.
	if len(cursor) > base64.RawURLEncoding.EncodedLen(maxCursorLen) || strings.ContainsAny(cursor, "\r\n") {
		return "", bad
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) <= 1+cursorSumLen || raw[0] != cursorVersion {
		return "", bad
	}
	sum, position := raw[1:1+cursorSumLen], string(raw[1+cursorSumLen:])
	if !bytes.Equal(sum, l.sum(position)) {
		return "", bad
	}
	return position, nil
}

// ordinal is position for a list that counts its items from 1.
func (l listing) ordinal(cursor string) (int64, error) {
	position, err := l.position(cursor)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(position, 10, 64)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != position {
		return 0, invalid("cursor", "this is not a cursor of this list")
	}
	return n, nil
}

// The bounds of a page.
const (
	defaultLimit = 20
	maxLimit     = 100
)

// limit returns how many items the caller wants on a page.
func (c *call) limit() (int, error) {
	if !c.query.Has("limit") {
		return defaultLimit, nil
	}
	text := c.query.Get("limit")
	n, err := strconv.Atoi(text)
	if err != nil || strconv.Itoa(n) != text || n < 1 || n > maxLimit {
		return 0, invalid("limit", "must be a whole number from 1 to %d", maxLimit)
	}
	return n, nil
}

// page returns how many items the caller wants, and the position that they follow: "" for
// the first page.
func (c *call) page(of listing) (limit int, after string, err error) {
	if limit, err = c.limit(); err != nil {
		return 0, "", err
	}
	if c.query.Has("cursor") {
		after, err = of.position(c.query.Get("cursor"))
	}
	return limit, after, err
}
