package password_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/password"
)

func TestPeppers(t *testing.T) {
	t.Parallel()
	old, current := pepper(t, "2025"), pepper(t, "2026")
	typed := password.New("Ünïcödé-päss9")
	hash, err := newHasher(t, password.Config{Params: cheap(), Peppers: []password.Pepper{old}}).Hash(t.Context(), typed)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1,keyid=MjAyNQ$"), hash)

	t.Run("several can be used at a time", func(t *testing.T) {
		h := newHasher(t, password.Config{Params: cheap(), Peppers: []password.Pepper{current, old}})
		var messages []string
		h.Watch(func(d password.Derivation) { messages = append(messages, d.Message) })
		ok, needsRehash, err := h.Verify(t.Context(), hash, password.New("U\u0308ni\u0308co\u0308de\u0301-pa\u0308ss9"))
		require.NoError(t, err)
		assert.True(t, ok && needsRehash)
		rehashed, err := h.Hash(t.Context(), typed)
		require.NoError(t, err)
		assert.Contains(t, rehashed, ",keyid=MjAyNg$")
		require.Len(t, messages, 2)
		assert.Len(t, messages[0], 32, "a MAC, not the password")
		assert.NotEqual(t, messages[0], messages[1])
	})
	t.Run("a missing one is no wrong password", func(t *testing.T) {
		for _, peppers := range [][]password.Pepper{nil, {current}} {
			h := newHasher(t, password.Config{Params: cheap(), Peppers: peppers})
			ok, _, err := h.Verify(t.Context(), hash, typed)
			require.ErrorIs(t, err, password.ErrUnknownPepper)
			assert.False(t, ok)
			_, err = h.NeedsRehash(hash)
			require.ErrorIs(t, err, password.ErrUnknownPepper)
		}
	})
	t.Run("another key of the same id is a wrong password", func(t *testing.T) {
		other, err := password.NewPepper("2025", []byte(strings.Repeat("x", 32)))
		require.NoError(t, err)
		h := newHasher(t, password.Config{Params: cheap(), Peppers: []password.Pepper{other}})
		ok, _, err := h.Verify(t.Context(), hash, typed)
		require.NoError(t, err)
		assert.False(t, ok)
	})
	t.Run("taking the id off a hash does not take the key off", func(t *testing.T) {
		h := newHasher(t, password.Config{Params: cheap(), Peppers: []password.Pepper{old}})
		ok, _, err := h.Verify(t.Context(), strings.Replace(hash, ",keyid=MjAyNQ", "", 1), typed)
		require.NoError(t, err)
		assert.False(t, ok)
	})
	t.Run("the caller's key can change", func(t *testing.T) {
		key := []byte(strings.Repeat("k", 32))
		p, err := password.NewPepper("k", key)
		require.NoError(t, err)
		h := newHasher(t, password.Config{Params: cheap(), Peppers: []password.Pepper{p}})
		hash, err := h.Hash(t.Context(), typed)
		require.NoError(t, err)
		clear(key)
		ok, _, err := h.Verify(t.Context(), hash, typed)
		require.NoError(t, err)
		assert.True(t, ok)
	})
}

func TestNewPepper(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte{7}, 32)
	for name, id := range map[string]string{
		"empty": "", "nine characters": "123456789", "a comma": "a,b", "a dollar": "a$b", "not ASCII": "é",
	} {
		_, err := password.NewPepper(id, key)
		require.ErrorIs(t, err, password.ErrInvalidConfig, name)
	}
	_, err := password.NewPepper("k", key[:31])
	require.ErrorIs(t, err, password.ErrInvalidConfig)
	_, err = password.NewPepper("k", make([]byte, 32))
	require.ErrorIs(t, err, password.ErrInvalidConfig, "a key that was never read")
	p, err := password.NewPepper("Az09-_", key)
	require.NoError(t, err)
	assert.Equal(t, "Az09-_", p.ID())
}

func pepper(t testing.TB, id string) password.Pepper {
	t.Helper()
	p, err := password.NewPepper(id, []byte(strings.Repeat(id+"#", 32)))
	require.NoError(t, err)
	return p
}
