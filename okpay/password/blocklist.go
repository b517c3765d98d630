package password

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// Blocklist knows passwords that are too common to be allowed. Contains is called by many
// goroutines at once, with whole passwords and what remains of them without disguise
// (folded to lower case, full-width letters made narrow): it must look for the word as a
// whole, keep it to itself and not take long.
type Blocklist interface {
	Contains(word string) bool
}

// Words is a Blocklist in memory.
type Words map[string]struct{}

// NewWords makes a Blocklist of words in any case and width.
func NewWords(words ...string) Words {
	set := make(Words, len(words))
	for _, word := range words {
		if word = fold(word); word != "" {
			set[word] = struct{}{}
		}
	}
	return set
}

// Contains reports whether a word, in folded form, is one of the list.
func (w Words) Contains(word string) bool {
	_, found := w[word]
	return found
}

// ReadWords reads a list of one word a line, in any case and width; empty lines count for
// nothing. It returns the reader's error, or one that names the line which is not UTF-8 or
// has more than 1,024 bytes.
func ReadWords(r io.Reader) (Words, error) {
	set := Words{}
	lines := bufio.NewScanner(r)
	number := 0
	for lines.Scan() {
		number++
		line := lines.Text()
		if len(line) > MaxBytes {
			return nil, longLine(number)
		}
		if !utf8.ValidString(line) {
			return nil, fmt.Errorf("password: line %d of the blocklist is not UTF-8", number)
		}
		if word := fold(line); word != "" {
			set[word] = struct{}{}
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, longLine(number + 1)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("password: the blocklist can not be read: %w", err)
	}
	return set, nil
}

func longLine(number int) error {
	return fmt.Errorf("password: line %d of the blocklist has more than %d bytes", number, MaxBytes)
}

// AnyOf is a Blocklist that has the words of several.
type AnyOf []Blocklist

// Contains reports whether one of the lists has the word.
func (lists AnyOf) Contains(word string) bool {
	for _, list := range lists {
		if list.Contains(word) {
			return true
		}
	}
	return false
}

// common.txt has some 4,000 words. Most are the most frequent in Mark Burnett's ten million
// passwords of 2015, which he gave to the public domain, by the counts that zxcvbn (MIT)
// publishes; the rest are walks over keyboards, words of this field, and habits of Chinese
// users. What no check could ever meet is left out: a word of fewer than eight characters
// that does not end in a letter.
//
//go:embed common.txt
var commonText string

var commonWords = sync.OnceValue(func() Words { return NewWords(strings.Fields(commonText)...) })

// DefaultBlocklist returns the list that a Policy uses unless it has another: some 4,000 of
// the passwords that are guessed first. A larger list, or one of the users' own language,
// is better: join it with AnyOf.
func DefaultBlocklist() Blocklist { return AnyOf{commonWords()} }

// isCommon reports whether a folded password is in a blocklist, as it is or behind a thin
// disguise: letters replaced by what looks like them, and anything but letters at the end.
func isCommon(list Blocklist, folded string) bool {
	for _, word := range []string{folded, bare(folded), unleet(folded), unleet(bare(folded)), bare(unleet(folded))} {
		if word != "" && list.Contains(word) {
			return true
		}
	}
	return false
}
