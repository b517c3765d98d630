package notify

import (
	"strings"
	"unicode/utf16"
)

// gsmAlphabet is GSM 03.38: what takes seven bits on the air, and what takes fourteen.
const (
	gsmAlphabet = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// maxSegments bounds how many short messages a text may take.
const maxSegments = 3

// Segments returns how many short messages a text takes on the air: 160 characters of the GSM
// alphabet, or 153 in each of several; 70 units of UTF-16, or 67, when any character is not in it.
func Segments(text string) int {
	units, gsm := 0, true
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmAlphabet, r):
			units++
		case strings.ContainsRune(gsmExtended, r):
			units += 2
		default:
			gsm = false
		}
	}
	one, each := 160, 153
	if !gsm {
		one, each, units = 70, 67, len(utf16.Encode([]rune(text)))
	}
	if units <= one {
		return 1
	}
	return (units + each - 1) / each
}

// shorten cuts a text to what may be sent.
func shorten(text string) string {
	r := []rune(text)
	for Segments(string(r)) > maxSegments {
		r = append(r[:len(r)-max(1, len(r)/20)-1:len(r)-max(1, len(r)/20)-1], '.')
	}
	return string(r)
}
