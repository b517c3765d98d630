package password

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// fold brings text to the form in which words are compared: without differences of case,
// width and other compatibility. NFC at the end puts together again what folding took
// apart, such as the accents of a Greek iota.
func fold(text string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFKC.String(text)))
}

// unleet puts letters in the place of the digits and symbols that stand for them.
func unleet(text string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '@', '4':
			return 'a'
		case '3':
			return 'e'
		case '1', '!':
			return 'i'
		case '0':
			return 'o'
		case '$', '5':
			return 's'
		case '7':
			return 't'
		}
		return r
	}, text)
}

// bare drops what follows the last letter.
func bare(text string) string {
	return strings.TrimRightFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })
}

// flat keeps letters and numbers alone.
func flat(text string) string {
	return strings.Map(func(r rune) rune {
		if !alphanumeric(r) {
			return -1
		}
		return r
	}, text)
}

// pieces cuts text at everything that is no letter and no number.
func pieces(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !alphanumeric(r) })
}

// alphanumeric reports whether a character is of Unicode's categories L or N.
func alphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }
