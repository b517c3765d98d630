package password

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var (
	// ErrAnswerTooShort is returned for an answer with fewer than three letters and numbers.
	ErrAnswerTooShort = errors.New("password: the answer has fewer than three letters or numbers")

	// ErrInvalidQuestion is returned for the id of a question that is empty, has more than
	// 128 bytes, or is not UTF-8 without control characters.
	ErrInvalidQuestion = errors.New("password: the id of the question is invalid")
)

const (
	minAnswer   = 3
	maxQuestion = 128
)

// NormalizeAnswer returns the answer to a security question in the form that is hashed, in
// which it does not matter how it was written: NFKC, without case, without punctuation and
// symbols, with one space between words. Accents stay. Errors, the first that applies: a
// *Violation (TooLong for more than 1,024 bytes as typed or 256 code points in the end,
// InvalidEncoding), ErrAnswerTooShort.
func NormalizeAnswer(answer string) (string, error) {
	if len(answer) > MaxBytes {
		return "", &Violation{Code: TooLong, Limit: MaxCodePoints}
	}
	if !utf8.ValidString(answer) {
		return "", &Violation{Code: InvalidEncoding}
	}
	text := strings.Map(func(r rune) rune {
		if unicode.IsPunct(r) || unicode.IsSymbol(r) {
			return -1
		}
		return r
	}, fold(answer))
	text = norm.NFC.String(strings.Join(strings.Fields(text), " "))
	if utf8.RuneCountInString(text) > MaxCodePoints {
		return "", &Violation{Code: TooLong, Limit: MaxCodePoints}
	}
	told := 0
	for _, r := range text {
		if alphanumeric(r) {
			told++
		}
	}
	if told < minAnswer {
		return "", ErrAnswerTooShort
	}
	return text, nil
}

// HashAnswer returns the string to store for the answer to a security question. It belongs
// to the question: the same answer to another question does not verify against it. Its
// errors are ErrInvalidQuestion, those of NormalizeAnswer, and then those of Hash.
func (h *Hasher) HashAnswer(ctx context.Context, question string, answer Password) (string, error) {
	message, err := answerMessage(question, answer)
	if err != nil {
		return "", err
	}
	return h.hash(ctx, message)
}

// VerifyAnswer reports whether an answer to a question has a stored hash, and whether that
// hash should be replaced, as Verify does. Its errors are ErrInvalidQuestion, those of
// NormalizeAnswer, which a wrong answer can cause as well, and then those of Verify.
func (h *Hasher) VerifyAnswer(ctx context.Context, hash, question string, answer Password) (ok, needsRehash bool, err error) {
	message, err := answerMessage(question, answer)
	if err != nil {
		return false, false, err
	}
	return h.verify(ctx, hash, message)
}

// VerifyUnknownAnswer does what VerifyAnswer does with a wrong answer, for a person who does
// not exist or has no answer to the question. Its errors are those of VerifyAnswer that do
// not concern the stored hash.
func (h *Hasher) VerifyUnknownAnswer(ctx context.Context, question string, answer Password) error {
	_, _, err := h.VerifyAnswer(ctx, h.unknown, question, answer)
	return err
}

// answerMessage is what is hashed. The id of a question has no NUL and a Policy allows none
// in a password, so no two of them, and no password, give the same message.
func answerMessage(question string, answer Password) (string, error) {
	control := strings.ContainsFunc(question, unicode.IsControl)
	if question == "" || len(question) > maxQuestion || control || !utf8.ValidString(question) {
		return "", ErrInvalidQuestion
	}
	text, err := NormalizeAnswer(answer.Reveal())
	if err != nil {
		return "", err
	}
	return "answer\x00" + question + "\x00" + text, nil
}
