package ledger

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func cursorLedgers() (l, other *Ledger) {
	return &Ledger{head: Head{Key: [16]byte{1}}}, &Ledger{head: Head{Key: [16]byte{2}}}
}

func TestACursorIsReadBackByItsLedgerAndAccountAlone(t *testing.T) {
	l, other := cursorLedgers()
	for _, p := range []place{
		{at: 0, nth: 1},
		{at: 63_900_000_000_000_000, nth: 7, dated: true, before: -5, through: 12},
		{at: endOfTime, nth: math.MaxInt64, dated: true, before: math.MinInt64, through: math.MaxInt64},
	} {
		text := l.cursor(3, p)
		assert.LessOrEqual(t, len(text), maxCursor)
		got, err := l.parseCursor(text, 3)
		require.NoError(t, err)
		assert.Equal(t, p, got)
		_, err = l.parseCursor(text, 4)
		require.Error(t, err, "another account's")
		_, err = other.parseCursor(text, 3)
		require.Error(t, err, "another ledger's")
		for i := range text {
			altered := []byte(text)
			if altered[i]++; altered[i] == 'Z'+1 || altered[i] == 'z'+1 || altered[i] == '9'+1 {
				altered[i] = 'A'
			}
			_, err := l.parseCursor(string(altered), 3)
			require.Error(t, err, "altered at %d", i)
		}
		_, err = l.parseCursor(text+"\n", 3)
		require.Error(t, err, "one cursor has one text")
	}
}

// What is read as a cursor is exactly what would be written for the place.
func FuzzCursor(f *testing.F) {
	l, _ := cursorLedgers()
	f.Add(l.cursor(1, place{at: 1, nth: 1}))
	f.Add(l.cursor(1, place{at: endOfTime, nth: 9, dated: true, before: -1, through: 1}))
	f.Add("")
	f.Add("AQ==\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := l.parseCursor(text, 1)
		if err != nil {
			require.ErrorIs(t, err, errCursor)
			return
		}
		require.Equal(t, text, l.cursor(1, p))
	})
}
