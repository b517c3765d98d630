package password_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/password"
)

func TestNormalizeAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range readVectors(t).Answers.Cases {
		got, err := password.NormalizeAnswer(c.In)
		if c.Expect == nil {
			require.ErrorIs(t, err, password.ErrAnswerTooShort, c.In)
			continue
		}
		require.NoError(t, err, c.In)
		assert.Equal(t, *c.Expect, got)
	}

	tests := []struct {
		name, in, want string
		err            error
	}{
		{"symbols go as well", "AC/DC + €uro", "acdc uro", nil},
		{"all kinds of white space are one space", "a\u00a0b\u3000\t c", "a b c", nil},
		{"white space around a dropped sign is one", "rock - roll", "rock roll", nil},
		{"a decomposed character is the composed one", "E\u0301cole", "école", nil},
		{"accents stay", "école", "école", nil},
		{"a sign between a letter and its mark", "e-\u0301cole", "école", nil},
		{"a final sigma is a sigma", "ΟΔΟΣ", "οδοσ", nil},
		{"a capital with two accents", "\u03aa\u0301ota", "\u0390ota", nil},
		{"digits count", "123", "123", nil},
		{"two letters and a sign", "ab!", "", password.ErrAnswerTooShort},
		{"marks are no letters", "a\u0301\u0302\u0303b", "", password.ErrAnswerTooShort},
		{"emoji are symbols", "🦊🦊🦊", "", password.ErrAnswerTooShort},
		{"empty", "", "", password.ErrAnswerTooShort},
		{"not UTF-8", "abc\xff", "", password.InvalidEncoding},
		{"a byte too many", strings.Repeat("a", 1025), "", password.TooLong},
		{"257 characters", strings.Repeat("a", 257), "", password.TooLong},
		{"few characters that become many", strings.Repeat("\ufdfa", 15), "", password.TooLong},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := password.NormalizeAnswer(test.in)
			if test.err != nil {
				require.ErrorIs(t, err, test.err)
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, test.want, got)
		})
	}
}

func TestAnswersBelongToTheirQuestion(t *testing.T) {
	t.Parallel()
	h := newHasher(t, password.Config{Params: cheap(), Peppers: []password.Pepper{pepper(t, "k")}})
	hash, err := h.HashAnswer(t.Context(), "first_school", password.New("St. Mary’s  School"))
	require.NoError(t, err)

	verify := func(question, answer string) bool {
		ok, needsRehash, err := h.VerifyAnswer(t.Context(), hash, question, password.New(answer))
		require.NoError(t, err)
		assert.False(t, needsRehash)
		return ok
	}
	assert.True(t, verify("first_school", "ST MARY'S SCHOOL"))
	assert.False(t, verify("first_school", "St. Mark's School"))
	assert.False(t, verify("last_school", "St. Mary’s School"))

	// An answer is no password, whatever it is typed as.
	for _, text := range []string{"st marys school", "answer\x00first_school\x00st marys school"[7:]} {
		ok, _, err := h.Verify(t.Context(), hash, password.New(text))
		require.NoError(t, err)
		assert.False(t, ok)
	}

	_, _, err = h.VerifyAnswer(t.Context(), hash, "first_school", password.New("a"))
	require.ErrorIs(t, err, password.ErrAnswerTooShort)
	require.ErrorIs(t, h.VerifyUnknownAnswer(t.Context(), "first_school", password.New("a")), password.ErrAnswerTooShort)
	_, _, err = h.VerifyAnswer(t.Context(), "nonsense", "first_school", password.New("St. Mary's"))
	require.ErrorIs(t, err, password.ErrMalformedHash)
	require.NoError(t, h.VerifyUnknownAnswer(t.Context(), "first_school", password.New("St. Mary's")))

	for name, question := range map[string]string{
		"empty": "", "long": strings.Repeat("q", 129), "with a NUL": "a\x00b", "not UTF-8": "a\xff",
	} {
		_, err = h.HashAnswer(t.Context(), question, password.New("St. Mary's"))
		require.ErrorIs(t, err, password.ErrInvalidQuestion, name)
		_, _, err = h.VerifyAnswer(t.Context(), hash, question, password.New("St. Mary's"))
		require.ErrorIs(t, err, password.ErrInvalidQuestion, name)
	}
}

func FuzzNormalizeAnswer(f *testing.F) {
	for _, c := range readVectors(f).Answers.Cases {
		f.Add(c.In)
	}
	f.Add("\u03aa\u0301ota")
	f.Fuzz(func(t *testing.T, answer string) {
		got, err := password.NormalizeAnswer(answer)
		if err != nil {
			assert.Empty(t, got)
			return
		}
		again, err := password.NormalizeAnswer(got)
		require.NoError(t, err)
		assert.Equal(t, got, again, "%+q", answer)
		assert.Equal(t, strings.TrimSpace(got), got)
		assert.NotContains(t, got, "  ")
		for _, r := range got {
			assert.False(t, unicode.IsPunct(r) || unicode.IsSymbol(r), "%+q", got)
		}
	})
}
