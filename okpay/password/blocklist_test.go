package password_test

import (
	"errors"
	"sort"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/password"
)

func TestReadWords(t *testing.T) {
	t.Parallel()
	words, err := password.ReadWords(strings.NewReader("Sesame\r\n\nｏｐｅｎ\nStraße\nlast"))
	require.NoError(t, err)
	assert.Len(t, words, 4)
	for _, word := range []string{"sesame", "open", "strasse", "last"} {
		assert.True(t, words.Contains(word), word)
	}
	assert.False(t, words.Contains("Sesame"), "what is asked for is folded already")
	assert.False(t, words.Contains(""))

	_, err = password.ReadWords(strings.NewReader(strings.Repeat("x", 1024) + "\nok"))
	require.NoError(t, err)
	_, err = password.ReadWords(strings.NewReader("ok\n" + strings.Repeat("x", 1025)))
	require.ErrorContains(t, err, "line 2")
	_, err = password.ReadWords(strings.NewReader("ok\n" + strings.Repeat("x", 1<<20)))
	require.ErrorContains(t, err, "line 2")
	_, err = password.ReadWords(strings.NewReader("ok\nok\nsecret\xff"))
	require.ErrorContains(t, err, "line 3")
	assert.NotContains(t, err.Error(), "secret")
	_, err = password.ReadWords(iotest.ErrReader(assert.AnError))
	require.ErrorIs(t, err, assert.AnError)
}

func TestDefaultBlocklist(t *testing.T) {
	t.Parallel()
	list := password.DefaultBlocklist()
	for _, word := range readVectors(t).Policy.Blocklist {
		assert.True(t, list.Contains(word), word)
	}
	for _, word := range []string{"", "purple ferry lantern mosaic", "kt7#vq2!mz", "Password"} {
		assert.False(t, list.Contains(word), word)
	}
	assert.True(t, password.AnyOf{password.NewWords("ours"), list}.Contains("ours"))
	assert.True(t, password.AnyOf{password.NewWords("ours"), list}.Contains("password"))
	assert.False(t, password.AnyOf{}.Contains("password"))
}

// Every disguise that is seen through is the only one that finds some word.
func TestDisguises(t *testing.T) {
	t.Parallel()
	policy := password.Policy{Blocklist: password.NewWords("kestrel", "1k3strel", "heron22", "kestrel-heron-22")}
	tests := []struct {
		name, text string
		common     bool
	}{
		{"as it is", "Kestrel-Heron-22", true},
		{"with an end", "1k3strel#2026", true},
		{"with other signs, where the word ends in digits", "k3strel-her0n-22", true},
		{"with other signs and an end", "k3strel#2026", true},
		{"with other signs up to the end", "kestr3l#2026", true},
		{"a one is an i and no l", "ke5tre1##99", false},
		{"with a word before it", "my-kestrel-2026", false},
		{"with an end of letters", "kestrel-2026-x", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Check(t.Context(), password.New(test.text), password.Context{})
			assert.Equal(t, test.common, errors.Is(err, password.Common), err)
		})
	}

	other := password.Policy{Blocklist: password.NewWords("sunshine")}
	_, err := other.Check(t.Context(), password.New("sunsh1n3##99"), password.Context{})
	require.ErrorIs(t, err, password.Common, "the last letter is a digit and more stands behind it")
}

func TestFold(t *testing.T) {
	t.Parallel()
	assert.Equal(t, password.Fold("\u0390"), password.Fold("\u03aa\u0301"), "a capital with its accents apart")
	assert.Equal(t, "strasse", password.Fold("STRAẞE"))
	assert.Equal(t, "password1!", password.Fold("Ｐａｓｓｗｏｒｄ１！"))
	assert.Equal(t, "ffi", password.Fold("ﬃ"))
}

// The file is kept as it is compared, and sorted, so that a change of it is easy to read.
func TestCommonWordsAreInTheirForm(t *testing.T) {
	t.Parallel()
	words := strings.Split(strings.TrimSuffix(password.CommonText(), "\n"), "\n")
	assert.Greater(t, len(words), 4000)
	assert.True(t, sort.StringsAreSorted(words))
	for i, word := range words {
		assert.Equal(t, password.Fold(word), word)
		assert.NotEmpty(t, word)
		assert.False(t, i > 0 && words[i-1] == word, word)
	}
}
