package httpapi

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

func TestACursorIsReadBackByItsList(t *testing.T) {
	l := listing{"payments", "shop-1", ""}
	for _, position := range []string{"1", "pay_01jd3k2m4n5p6q7r8s9t0v1w2x", strings.Repeat("x", maxIDLen)} {
		cursor := l.cursor(position)
		got, err := l.position(cursor)
		require.NoError(t, err)
		assert.Equal(t, position, got)
		assert.Regexp(t, `^[A-Za-z0-9_-]+$`, cursor)
		assert.LessOrEqual(t, len(cursor), 183, "the document's bound")
	}
}

func TestACursorThatIsNotOfThisListIsRefused(t *testing.T) {
	l := listing{"payments", "shop-1", "captured"}
	cursor := l.cursor("pay_1")
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	require.NoError(t, err)
	encode := base64.RawURLEncoding.EncodeToString
	changed := func(i int) string {
		b := append([]byte{}, raw...)
		b[i] ^= 1
		return encode(b)
	}
	for _, tt := range []struct{ name, cursor string }{
		{"nothing", ""},
		{"another version", changed(0)},
		{"another checksum", changed(1)},
		{"another position", changed(len(raw) - 1)},
		{"cut off", cursor[:len(cursor)-2]},
		{"without position", encode(raw[:1+cursorSumLen])},
		{"with padding", cursor + "=="},
		{"with a line break", cursor[:4] + "\n" + cursor[4:]},
		{"with bits that say nothing", withLastBitSet(cursor)},
		{"in another alphabet", strings.Repeat("+/", 12)},
		{"too long", l.cursor(strings.Repeat("x", maxIDLen+1))},
		{"of another kind", listing{"refunds", "shop-1", "captured"}.cursor("pay_1")},
		{"of another merchant", listing{"payments", "shop-2", "captured"}.cursor("pay_1")},
		{"of another filter", listing{"payments", "shop-1", ""}.cursor("pay_1")},
		{"of parts that run together", listing{"payments", "shop-1captured", ""}.cursor("pay_1")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := l.position(tt.cursor)
			var e *okpay.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, okpay.InvalidRequest, e.Code)
			assert.Equal(t, "cursor", e.Field)
		})
	}
}

// withLastBitSet sets a bit of the last character that stands for no byte.
func withLastBitSet(cursor string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(cursor) - 1
	return cursor[:last] + string(alphabet[strings.IndexByte(alphabet, cursor[last])|1])
}

func TestAnOrdinalIsANumberFromOneWrittenInOneWay(t *testing.T) {
	l := listing{"statement", "shop-1", "CNY", "desc"}
	n, err := l.ordinal(l.cursor("42"))
	require.NoError(t, err)
	assert.EqualValues(t, 42, n)
	for _, position := range []string{"0", "-1", "+1", "01", "x", "9223372036854775808"} {
		_, err := l.ordinal(l.cursor(position))
		assert.ErrorIs(t, err, okpay.InvalidRequest, position)
	}
}

func FuzzCursor(f *testing.F) {
	l, other := listing{"payments", "shop-1", ""}, listing{"refunds", "shop-1", ""}
	for _, seed := range []string{"", "abc", l.cursor("pay_1"), other.cursor("ref_1"), l.cursor("42"), strings.Repeat("A", 500)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if position, err := l.position(text); err == nil {
			// There is one way to write a cursor, and one list that takes it.
			if l.cursor(position) != text {
				t.Fatalf("%q and %q are one cursor", text, l.cursor(position))
			}
			if _, err := other.position(text); err == nil {
				t.Fatalf("%q is a cursor of two lists", text)
			}
		}
		if text != "" && len(text) <= maxIDLen {
			if position, err := l.position(l.cursor(text)); err != nil || position != text {
				t.Fatalf("%q came back as %q, %v", text, position, err)
			}
		}
	})
}
