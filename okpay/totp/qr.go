package totp

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
)

// The bounds of a picture's width and height in pixels. The smallest one has room for the
// longest URI that is made here, at one pixel a square.
const (
	MinPNGSize = 192
	MaxPNGSize = 2048
)

// defaultPNGSize gives a URI of usual length five pixels a square.
const defaultPNGSize = 256

// quiet is the white margin that a reader needs, in squares (ISO/IEC 18004).
const quiet = 4

// PNG draws the key's URI as a QR code for an app's camera: a black and white PNG, size
// pixels wide and high, with its white margin. A size of 0 means 256. The picture contains
// the secret as the URI does: send it with "Cache-Control: no-store" and keep it nowhere.
// Errors: [ErrInvalidSize] unless the size is 0 or MinPNGSize to MaxPNGSize, then those of
// [Key.URI].
func (k Key) PNG(size int) ([]byte, error) {
	if size == 0 {
		size = defaultPNGSize
	}
	if size < MinPNGSize || size > MaxPNGSize {
		return nil, fmt.Errorf("%w: %d pixels, want %d to %d", ErrInvalidSize, size, MinPNGSize, MaxPNGSize)
	}
	code, err := k.squares()
	if err != nil {
		return nil, err
	}
	picture := image.NewPaletted(image.Rect(0, 0, size, size), color.Palette{color.White, color.Black})
	// Each square gets a whole number of pixels, so that edges are sharp; what is left over
	// widens the margin.
	scale := size / (len(code) + 2*quiet)
	margin := (size - scale*len(code)) / 2
	for y := range scale * len(code) {
		for x := range scale * len(code) {
			if code[y/scale][x/scale] {
				picture.SetColorIndex(margin+x, margin+y, 1)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Terminal draws the same QR code as lines of text, two squares a character, for programs
// without a screen for pictures. White squares are drawn and black ones left out, which is
// right on a dark background. Errors: those of [Key.URI].
func (k Key) Terminal() (string, error) {
	code, err := k.squares()
	if err != nil {
		return "", err
	}
	white := func(x, y int) int {
		if x < 0 || y < 0 || x >= len(code) || y >= len(code) || !code[y][x] {
			return 1
		}
		return 0
	}
	var out strings.Builder
	for y := -quiet; y < len(code)+quiet; y += 2 {
		for x := -quiet; x < len(code)+quiet; x++ {
			out.WriteString([]string{" ", "▀", "▄", "█"}[white(x, y)+2*white(x, y+1)])
		}
		out.WriteByte('\n')
	}
	return out.String(), nil
}

// squares returns the rows of the QR code, true where it is black. Its correction is of
// level M, which survives a reflection on a screen.
func (k Key) squares() ([][]bool, error) {
	uri, err := k.URI()
	if err != nil {
		return nil, err
	}
	colors := barcode.ColorScheme{Model: color.GrayModel, Background: color.White, Foreground: color.Black}
	code, err := qr.EncodeWithColor(uri, qr.M, qr.Unicode, colors)
	if err != nil {
		// The library's error could one day repeat what it was given.
		return nil, fmt.Errorf("%w: the URI is too long for a QR code", ErrInvalidSize)
	}
	width := code.Bounds().Dx()
	rows := make([][]bool, width)
	for y := range rows {
		rows[y] = make([]bool, width)
		for x := range rows[y] {
			rows[y][x] = code.At(x, y) == color.Black
		}
	}
	return rows, nil
}
