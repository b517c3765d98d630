package totp_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/totp"
)

var exampleRow = totp.Row{Purpose: totp.PurposeTOTP, Account: "acc_01", Credential: "cred_01"}

func sealingKey(t testing.TB, id string, c totp.Cipher, fill byte) totp.SealingKey {
	t.Helper()
	key, err := totp.NewSealingKey(id, c, bytes.Repeat([]byte{fill}, totp.SealingKeyBytes))
	require.NoError(t, err)
	return key
}

// ring has the keys k1, k2 and so on up to a number, of which one is the primary.
func ring(t testing.TB, primary string, ids ...string) *totp.Keyring {
	t.Helper()
	config := totp.KeyringConfig{Primary: primary}
	for _, id := range ids {
		c := totp.AES256GCM
		if strings.HasPrefix(id, "x") {
			c = totp.XChaCha20Poly1305
		}
		config.Keys = append(config.Keys, sealingKey(t, id, c, id[1]))
	}
	return keyringOf(t, config)
}

func TestSealedThingsOpenOnlyAsTheyWereSealed(t *testing.T) {
	for _, primary := range []string{"k1", "x1"} {
		r := ring(t, primary, "k1", "k2", "x1", "x2")
		sealed, err := r.Seal(exampleRow, []byte(exampleSecret))
		require.NoError(t, err)
		again, err := r.Seal(exampleRow, []byte(exampleSecret))
		require.NoError(t, err)
		assert.NotEqual(t, sealed, again, "each seal has its own nonce")

		changed := func(change func(*totp.Row)) totp.Row {
			row := exampleRow
			change(&row)
			return row
		}
		renamed := func(id string) []byte {
			out := bytes.Clone(sealed)
			copy(out[2:], id)
			return out
		}
		tests := []struct {
			name   string
			row    totp.Row
			sealed []byte
			err    error
		}{
			{"as it was sealed", exampleRow, sealed, nil},
			{"copied to another account", changed(func(r *totp.Row) { r.Account = "acc_02" }), sealed, totp.ErrSealBroken},
			{"copied to another credential", changed(func(r *totp.Row) { r.Credential = "cred_02" }), sealed, totp.ErrSealBroken},
			{"read for another purpose", changed(func(r *totp.Row) { r.Purpose = "okpay/answer/v1" }), sealed, totp.ErrSealBroken},
			{"account and credential exchanged", changed(func(r *totp.Row) { r.Account, r.Credential = r.Credential, r.Account }), sealed, totp.ErrSealBroken},
			{"the name of another key that is there", exampleRow, renamed(primary[:1] + "2"), totp.ErrSealBroken},
			{"the name of a key of the other cipher", exampleRow, renamed(map[string]string{"k1": "x1", "x1": "k1"}[primary]), totp.ErrSealBroken},
			{"the name of a key that is not there", exampleRow, renamed("k9"), totp.ErrUnknownKey},
			{"a name that is none", exampleRow, renamed("k|"), totp.ErrSealBroken},
			{"nothing", exampleRow, nil, totp.ErrSealBroken},
			{"the version alone", exampleRow, sealed[:1], totp.ErrSealBroken},
			{"no key", exampleRow, append([]byte{1, 0}, sealed[4:]...), totp.ErrSealBroken},
			{"another version", exampleRow, append([]byte{2}, sealed[1:]...), totp.ErrSealBroken},
			{"version zero", exampleRow, append([]byte{0}, sealed[1:]...), totp.ErrSealBroken},
			{"an id longer than all there is", exampleRow, append([]byte{1, 255}, sealed[2:]...), totp.ErrSealBroken},
			{"a byte more", exampleRow, append(bytes.Clone(sealed), 0), totp.ErrSealBroken},
			{"longer than anything sealed", exampleRow, append(bytes.Clone(sealed), make([]byte, totp.MaxSealedBytes)...), totp.ErrSealBroken},
			{"an account with a bar", changed(func(r *totp.Row) { r.Account = "acc_01|cred_01" }), sealed, totp.ErrInvalidRow},
		}
		for _, test := range tests {
			t.Run(primary+" "+test.name, func(t *testing.T) {
				plaintext, err := r.Open(test.row, test.sealed)
				require.ErrorIs(t, err, test.err)
				stored, moved, rewrapErr := r.Rewrap(test.row, test.sealed)
				require.ErrorIs(t, rewrapErr, test.err)
				assert.False(t, moved)
				if test.err == nil {
					assert.Equal(t, exampleSecret, string(plaintext))
					assert.Equal(t, sealed, stored)
					return
				}
				assert.Nil(t, plaintext)
				assert.Nil(t, stored)
				assert.Equal(t, test.err == totp.ErrUnknownKey, errors.Is(err, totp.ErrUnknownKey))
				assert.Equal(t, test.err == totp.ErrSealBroken, errors.Is(err, totp.ErrSealBroken))
			})
		}
		for length := range sealed {
			_, err := r.Open(exampleRow, sealed[:length])
			require.ErrorIs(t, err, totp.ErrSealBroken, "the first %d bytes", length)
		}
		for bit := range 8 * len(sealed) {
			flipped := bytes.Clone(sealed)
			flipped[bit/8] ^= 1 << (bit % 8)
			_, err := r.Open(exampleRow, flipped)
			require.Error(t, err, "bit %d", bit)
			if !errors.Is(err, totp.ErrUnknownKey) { // which it is if the bit was in the id
				require.ErrorIs(t, err, totp.ErrSealBroken, "bit %d", bit)
			}
		}
	}
}

func TestOtherBytesUnderTheSameIDDoNotOpen(t *testing.T) {
	sealed, err := ring(t, "k1", "k1").Seal(exampleRow, []byte(exampleSecret))
	require.NoError(t, err)
	other := keyringOf(t, totp.KeyringConfig{Primary: "k1", Keys: []totp.SealingKey{sealingKey(t, "k1", "", 'z')}})
	_, err = other.Open(exampleRow, sealed)
	require.ErrorIs(t, err, totp.ErrSealBroken)
}

func TestUnknownKeysAreNamed(t *testing.T) {
	sealed, err := ring(t, "k1", "k1").Seal(exampleRow, []byte(exampleSecret))
	require.NoError(t, err)
	for _, r := range []*totp.Keyring{ring(t, "k2", "k2"), {}} {
		_, err = r.Open(exampleRow, sealed)
		var unknown *totp.UnknownKeyError
		require.ErrorAs(t, err, &unknown)
		assert.Equal(t, "k1", unknown.KeyID)
		assert.EqualError(t, err, "totp: unknown sealing key k1")
		_, err = r.NeedsRewrap(sealed)
		require.ErrorIs(t, err, totp.ErrUnknownKey)
	}
	_, err = (&totp.Keyring{}).Seal(exampleRow, []byte("x"))
	require.ErrorIs(t, err, totp.ErrInvalidKey)
}

// Two processes change keys, one after the other, and at no time does either of them fail
// to read what is stored, whoever sealed it.
func TestReadsDuringARotationNeverFail(t *testing.T) {
	rings := []*totp.Keyring{ring(t, "k1", "k1"), ring(t, "k1", "k1", "k2"), ring(t, "k2", "k1", "k2"), ring(t, "k2", "k2")}
	// The stages that two processes may be in at once. What is stored when both have come to
	// the third stage is rewrapped before the fourth.
	stages := [][2]int{{0, 0}, {1, 0}, {1, 1}, {2, 1}, {2, 2}}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var stored [][]byte
	readAll := func(r *totp.Keyring) {
		for _, sealed := range stored {
			plaintext, err := r.Open(exampleRow, sealed)
			require.NoError(t, err)
			require.Equal(t, exampleSecret, string(plaintext))
		}
	}
	for _, stage := range stages {
		for range 10 {
			r := rings[stage[random.IntN(2)]]
			sealed, err := r.Seal(exampleRow, []byte(exampleSecret))
			require.NoError(t, err)
			stored = append(stored, sealed)
			// Some of them are rewrapped as they are used.
			i := random.IntN(len(stored))
			stored[i], _, err = r.Rewrap(exampleRow, stored[i])
			require.NoError(t, err)
			readAll(rings[stage[0]])
			readAll(rings[stage[1]])
		}
	}
	moved := 0
	for i, sealed := range stored {
		needs, err := rings[2].NeedsRewrap(sealed)
		require.NoError(t, err)
		again, changed, err := rings[2].Rewrap(exampleRow, sealed)
		require.NoError(t, err)
		assert.Equal(t, needs, changed)
		if changed {
			moved++
		}
		stored[i] = again
		id, err := totp.SealedWith(again)
		require.NoError(t, err)
		assert.Equal(t, "k2", id)
	}
	assert.NotZero(t, moved)
	readAll(rings[3])
}

func TestRewrapLeavesWhatItCannotSeal(t *testing.T) {
	sealed, err := ring(t, "k1", "k1").Seal(exampleRow, []byte(exampleSecret))
	require.NoError(t, err)
	r := keyringOf(t, totp.KeyringConfig{
		Primary: "k2", Keys: []totp.SealingKey{sealingKey(t, "k1", "", '1'), sealingKey(t, "k2", "", '2')},
		Rand: iotest.ErrReader(errors.New("no entropy")),
	})
	stored, changed, err := r.Rewrap(exampleRow, sealed)
	require.ErrorIs(t, err, totp.ErrRandomness)
	assert.False(t, changed)
	assert.Nil(t, stored)
	_, err = r.Open(exampleRow, sealed)
	require.NoError(t, err)
}

func TestRowsAreBoundedAndNeverReadAlike(t *testing.T) {
	long := strings.Repeat("x", totp.MaxRowPartBytes)
	tests := []struct {
		name string
		row  totp.Row
		ok   bool
	}{
		{"an ordinary row", exampleRow, true},
		{"the longest", totp.Row{Purpose: long[:totp.MaxPurposeBytes], Account: long, Credential: long}, true},
		{"another language", totp.Row{Purpose: "a", Account: "张", Credential: "c"}, true},
		{"the zero row", totp.Row{}, false},
		{"no purpose", totp.Row{Account: "a", Credential: "c"}, false},
		{"no account", totp.Row{Purpose: "p", Credential: "c"}, false},
		{"no credential", totp.Row{Purpose: "p", Account: "a"}, false},
		{"a long purpose", totp.Row{Purpose: long[:totp.MaxPurposeBytes+1], Account: "a", Credential: "c"}, false},
		{"a long account", totp.Row{Purpose: "p", Account: long + "x", Credential: "c"}, false},
		{"a long credential", totp.Row{Purpose: "p", Account: "a", Credential: long + "x"}, false},
		{"a bar in the purpose", totp.Row{Purpose: "p|a", Account: "a", Credential: "c"}, false},
		{"a bar in the credential", totp.Row{Purpose: "p", Account: "a", Credential: "c|k1"}, false},
		{"a zero byte", totp.Row{Purpose: "p", Account: "a\x00", Credential: "c"}, false},
		{"no UTF-8", totp.Row{Purpose: "p", Account: "a\xff", Credential: "c"}, false},
	}
	r := ring(t, "k1", "k1")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sealed, err := r.Seal(test.row, []byte("x"))
			if !test.ok {
				require.ErrorIs(t, err, totp.ErrInvalidRow)
				assert.Nil(t, sealed)
				return
			}
			require.NoError(t, err)
			plaintext, err := r.Open(test.row, sealed)
			require.NoError(t, err)
			assert.Equal(t, "x", string(plaintext))
		})
	}
}

func TestPlaintextsAreBounded(t *testing.T) {
	r := keyringOf(t, totp.KeyringConfig{Primary: strings.Repeat("k", 64), Keys: []totp.SealingKey{
		sealingKey(t, strings.Repeat("k", 64), totp.XChaCha20Poly1305, 1),
	}})
	for length, want := range map[int]error{0: totp.ErrInvalidPlaintext, 1: nil, 4096: nil, 4097: totp.ErrInvalidPlaintext} {
		sealed, err := r.Seal(exampleRow, make([]byte, length))
		require.ErrorIs(t, err, want)
		if want == nil {
			plaintext, err := r.Open(exampleRow, sealed)
			require.NoError(t, err)
			assert.Len(t, plaintext, length)
			assert.LessOrEqual(t, len(sealed), totp.MaxSealedBytes)
		}
	}
	_, err := r.SealSecret(exampleRow, totp.Secret{})
	require.ErrorIs(t, err, totp.ErrShortSecret)
	short, err := r.Seal(exampleRow, []byte("no secret"))
	require.NoError(t, err)
	_, err = r.OpenSecret(exampleRow, short)
	require.ErrorIs(t, err, totp.ErrShortSecret)
	_, err = r.OpenSecret(exampleRow, nil)
	require.ErrorIs(t, err, totp.ErrSealBroken)
	_, err = totp.SealedWith(nil)
	require.ErrorIs(t, err, totp.ErrSealBroken)
}

func TestKeysThatCannotBeUsedAreRefused(t *testing.T) {
	good := bytes.Repeat([]byte{1}, 32)
	tests := []struct {
		name, id string
		cipher   totp.Cipher
		key      []byte
		ok       bool
	}{
		{"a key", "k1", "", good, true},
		{"the longest id", strings.Repeat("k", 64), totp.AES256GCM, good, true},
		{"no id", "", "", good, false},
		{"a longer id", strings.Repeat("k", 65), "", good, false},
		{"an id with a bar", "k|1", "", good, false},
		{"an id with a space", "k 1", "", good, false},
		{"an id with a line end", "k\n", "", good, false},
		{"an id of another script", "密", "", good, false},
		{"a key of 16 bytes", "k1", "", good[:16], false},
		{"a key of 33 bytes", "k1", totp.XChaCha20Poly1305, append(good, 1), false},
		{"a key of zeros", "k1", "", make([]byte, 32), false},
		{"no key", "k1", "", nil, false},
		{"a cipher that is not known", "k1", "aes-128-cbc", good, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			key, err := totp.NewSealingKey(test.id, test.cipher, test.key)
			if !test.ok {
				require.ErrorIs(t, err, totp.ErrInvalidKey)
				assert.Equal(t, totp.SealingKey{}, key)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.id, key.ID())
		})
	}
	k1, k2 := sealingKey(t, "k1", "", 1), sealingKey(t, "k2", "", 1)
	for name, config := range map[string]totp.KeyringConfig{
		"nothing at all":           {},
		"a zero key":               {Primary: "k1", Keys: []totp.SealingKey{k1, {}}},
		"two keys with one id":     {Primary: "k1", Keys: []totp.SealingKey{k1, k2, k1}},
		"a primary not among them": {Primary: "k3", Keys: []totp.SealingKey{k1, k2}},
		"no primary":               {Keys: []totp.SealingKey{k1}},
	} {
		r, err := totp.NewKeyring(config)
		require.ErrorIs(t, err, totp.ErrInvalidKey, name)
		assert.Nil(t, r, name)
	}
}
