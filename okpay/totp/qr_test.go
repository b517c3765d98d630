package totp_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
	"time"

	go_qr "github.com/piglig/go-qr"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/totp"
)

// keysOfAllLengths are keys whose URIs have from the shortest to the longest text.
func keysOfAllLengths(t *testing.T) []totp.Key {
	t.Helper()
	longest := totp.Key{
		Issuer: strings.Repeat("好", 21), Account: strings.Repeat("好", 84) + "é", Secret: secretOf(t, strings.Repeat("\xff", 128)),
		Params: totp.Params{Algorithm: totp.SHA512, Digits: 8, Period: 5 * time.Minute},
	}
	keys := []totp.Key{longest, {Account: "a", Secret: secretOf(t, strings.Repeat("\x00", 16))}}
	for length := 1; length <= totp.MaxAccountBytes; length += 23 {
		keys = append(keys, totp.Key{Issuer: "OKPay", Account: strings.Repeat("a", length), Secret: secretOf(t, exampleSecret)})
	}
	return keys
}

// Another library reads the pictures.
func TestPicturesReadAsTheURI(t *testing.T) {
	for _, key := range keysOfAllLengths(t) {
		uri, err := key.URI()
		require.NoError(t, err)
		assert.LessOrEqual(t, len(uri), totp.MaxURIBytes)
		for _, size := range []int{0, totp.MinPNGSize, 400} {
			file, err := key.PNG(size)
			require.NoError(t, err)
			picture, err := png.Decode(bytes.NewReader(file))
			require.NoError(t, err)
			if size == 0 {
				size = 256
			}
			require.Equal(t, image.Rect(0, 0, size, size), picture.Bounds())
			read, err := go_qr.Decode(picture)
			require.NoError(t, err, "%d bytes at %d pixels", len(uri), size)
			assert.Equal(t, uri, read)
		}
	}
}

func TestTheTerminalShowsTheSameCode(t *testing.T) {
	for _, key := range keysOfAllLengths(t) {
		uri, err := key.URI()
		require.NoError(t, err)
		text, err := key.Terminal()
		require.NoError(t, err)
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		width := len([]rune(lines[0]))
		picture := image.NewGray(image.Rect(0, 0, width, 2*len(lines)))
		for row, line := range lines {
			require.Len(t, []rune(line), width)
			for x, r := range []rune(line) {
				white := map[rune][2]uint8{' ': {0, 0}, '▀': {255, 0}, '▄': {0, 255}, '█': {255, 255}}[r]
				picture.SetGray(x, 2*row, color.Gray{Y: white[0]})
				picture.SetGray(x, 2*row+1, color.Gray{Y: white[1]})
			}
		}
		read, err := go_qr.Decode(picture)
		require.NoError(t, err)
		assert.Equal(t, uri, read)
	}
}

func TestPicturesAreBounded(t *testing.T) {
	key := totp.Key{Account: "ana", Secret: secretOf(t, exampleSecret)}
	for _, size := range []int{-1, 1, totp.MinPNGSize - 1, totp.MaxPNGSize + 1, 1 << 40} {
		file, err := key.PNG(size)
		require.ErrorIs(t, err, totp.ErrInvalidSize)
		assert.Nil(t, file)
	}
	file, err := key.PNG(totp.MaxPNGSize)
	require.NoError(t, err)
	assert.Less(t, len(file), 64<<10)
}
