package ledger

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/dchest/siphash"
)

// A cursor carries sums that are trusted when it comes back, so it is signed with the
// ledger's key: one that was altered, or is another account's, is refused.

const (
	cursorVersion = 1
	cursorTagLen  = 8
	maxCursor     = 128
)

var errCursor = errors.New("is not a cursor of this account")

// cursor writes a place of an account.
func (l *Ledger) cursor(account int64, p place) string {
	b := []byte{cursorVersion}
	b = appendInt(b, p.at)
	b = appendInt(b, p.nth)
	if p.dated {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	b = appendInt(b, p.before)
	b = appendInt(b, p.through)
	b = binary.BigEndian.AppendUint64(b, l.cursorTag(account, b))
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor reads a place of an account.
func (l *Ledger) parseCursor(text string, account int64) (place, error) {
	if len(text) > maxCursor {
		return place{}, errCursor
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	// The decoder passes over line ends; one place has one text.
	if err != nil || len(b) <= cursorTagLen || strings.ContainsAny(text, "\r\n") {
		return place{}, errCursor
	}
	body, tag := b[:len(b)-cursorTagLen], binary.BigEndian.Uint64(b[len(b)-cursorTagLen:])
	if tag != l.cursorTag(account, body) {
		return place{}, errCursor
	}
	d := decoder{rest: body}
	version := d.byte()
	p := place{at: d.int(), nth: d.int(), dated: d.flag(), before: d.int(), through: d.int()}
	if d.end() != nil || version != cursorVersion || p.nth < 1 {
		return place{}, errCursor
	}
	return p, nil
}

// termCursor keeps tags of cursors apart from the other hashes of the key.
const termCursor = 'c'

func (l *Ledger) cursorTag(account int64, body []byte) uint64 {
	t := newTagger(l.head.Key)
	b := append(make([]byte, 0, 128), termCursor)
	b = appendInt(b, account)
	return siphash.Hash(t.k0, t.k1, append(b, body...))
}
