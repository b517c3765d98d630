package webhook_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/webhook"
)

// Keys of the tests. They protect nothing: the first is in the vectors, the
// others are made from fixed bytes.
const secretText = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func secretOf(t testing.TB, fill byte) webhook.Secret {
	t.Helper()
	secret, err := webhook.NewSecret(bytes.NewReader(bytes.Repeat([]byte{fill}, 32)))
	require.NoError(t, err)
	return secret
}

func privateKeyOf(t testing.TB, fill byte) webhook.PrivateKey {
	t.Helper()
	key, err := webhook.NewPrivateKey(bytes.NewReader(bytes.Repeat([]byte{fill}, 32)))
	require.NoError(t, err)
	return key
}

func encode(prefix string, raw []byte) string {
	return prefix + base64.StdEncoding.EncodeToString(raw)
}

func TestParseRefusesKeysThatCannotBeUsed(t *testing.T) {
	private := privateKeyOf(t, 1)
	mixed := append([]byte{}, bytes.Repeat([]byte{1}, 32)...)
	mixed = append(mixed, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))[32:]...)
	long := bytes.Repeat([]byte("A"), 25)

	tests := []struct {
		name, text      string
		signs, verifies bool
	}{
		{"a secret signs and verifies", secretText, true, true},
		{"a private key signs only", private.Reveal(), true, false},
		{"a public key verifies only", private.Public().Reveal(), false, true},
		{"an empty text is no key", "", false, false},
		{"bare base64 is no key, as its kind is not known", strings.TrimPrefix(secretText, "whsec_"), false, false},
		{"a prefix in upper case is no prefix", "WHSEC_" + strings.TrimPrefix(secretText, "whsec_"), false, false},
		{"a space before the key", " " + secretText, false, false},
		{"a line end after the key", secretText + "\n", false, false},
		{"a line end inside the base64", "whsec_MfKQ9r8GKYqrTwjU\nPD8ILPZIo2LaLaSw", false, false},
		{"base64 without its padding", strings.TrimRight(encode("whsec_", long), "="), false, false},
		{"base64 with bits left over", "whsec_" + strings.Repeat("A", 33) + "B==", false, false},
		{"base64 for URLs", strings.ReplaceAll(encode("whsec_", bytes.Repeat([]byte{0xff}, 24)), "/", "_"), false, false},
		{"a secret of 23 bytes", encode("whsec_", long[:23]), false, false},
		{"a secret of 24 bytes", encode("whsec_", long[:24]), true, true},
		{"a secret of 75 bytes", encode("whsec_", bytes.Repeat(long, 3)), true, true},
		{"a secret of 76 bytes", encode("whsec_", append(bytes.Repeat(long, 3), 0)), false, false},
		{"a private key whose halves are of two pairs", encode("whsk_", mixed), false, false},
		{"a private key that is only the seed", encode("whsk_", mixed[:32]), false, false},
		{"a public key of 31 bytes", encode("whpk_", mixed[:31]), false, false},
		{"a public key of zeros", encode("whpk_", make([]byte, 32)), false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			signing, err := webhook.ParseSigningKey(test.text)
			if test.signs {
				require.NoError(t, err)
				assert.Equal(t, test.text, signing.Reveal())
			} else {
				require.ErrorIs(t, err, webhook.ErrInvalidKey)
				assert.Nil(t, signing)
			}
			verify, err := webhook.ParseVerifyKey(test.text)
			if test.verifies {
				require.NoError(t, err)
				assert.Equal(t, test.text, verify.Reveal())
			} else {
				require.ErrorIs(t, err, webhook.ErrInvalidKey)
				assert.Nil(t, verify)
			}
		})
	}
}

func TestNewKeysComeFromTheGivenRandomness(t *testing.T) {
	secret := secretOf(t, 7)
	assert.Equal(t, encode("whsec_", bytes.Repeat([]byte{7}, 32)), secret.Reveal())
	private := privateKeyOf(t, 7)
	assert.Equal(t, encode("whsk_", ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))), private.Reveal())

	first, err := webhook.NewSecret(nil)
	require.NoError(t, err)
	second, err := webhook.NewSecret(nil)
	require.NoError(t, err)
	assert.False(t, first.Equal(second))

	_, err = webhook.NewSecret(strings.NewReader("too little"))
	require.Error(t, err)
	_, err = webhook.NewPrivateKey(strings.NewReader("too little"))
	require.Error(t, err)
}

func TestEqualComparesKeysNotPointers(t *testing.T) {
	assert.True(t, secretOf(t, 1).Equal(secretOf(t, 1)))
	assert.False(t, secretOf(t, 1).Equal(secretOf(t, 2)))
	assert.False(t, secretOf(t, 1).Equal(webhook.Secret{}))
	assert.True(t, webhook.Secret{}.Equal(webhook.Secret{}))
	assert.True(t, privateKeyOf(t, 1).Equal(privateKeyOf(t, 1)))
	assert.False(t, privateKeyOf(t, 1).Equal(privateKeyOf(t, 2)))
	assert.False(t, webhook.PrivateKey{}.Equal(privateKeyOf(t, 2)))
	assert.True(t, webhook.PrivateKey{}.Equal(webhook.PrivateKey{}))
	one, same := privateKeyOf(t, 1).Public(), privateKeyOf(t, 1).Public()
	assert.True(t, one == same, "public keys compare with ==")
	assert.Empty(t, cmp.Diff(secretOf(t, 1), secretOf(t, 1)))
}

func TestZeroKeysAreEmptyAndHarmless(t *testing.T) {
	assert.Empty(t, webhook.Secret{}.Reveal())
	assert.Empty(t, webhook.PrivateKey{}.Reveal())
	assert.Empty(t, webhook.PublicKey{}.Reveal())
	assert.Equal(t, webhook.PublicKey{}, webhook.PrivateKey{}.Public())
}

// keyring stands for a caller's struct, with keys in fields that fmt may and may
// not call methods on.
type keyring struct {
	Secret  webhook.Secret
	Private *webhook.PrivateKey
	Any     webhook.SigningKey
	List    []webhook.VerifyKey
	hidden  webhook.Secret
	private webhook.PrivateKey
	within  webhook.Endpoint
}

func TestSecretsAreNotPrintedLoggedOrEncoded(t *testing.T) {
	const canary = "canary-canary-canary-canary-cana" // 32 bytes
	secret, err := webhook.NewSecret(strings.NewReader(canary))
	require.NoError(t, err)
	private, err := webhook.NewPrivateKey(strings.NewReader(canary))
	require.NoError(t, err)
	stripe, err := webhook.NewStripeVerifier(canary, webhook.StripeConfig{})
	require.NoError(t, err)
	verifier, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: []webhook.VerifyKey{secret}})
	require.NoError(t, err)
	ring := keyring{
		secret, &private, private,
		[]webhook.VerifyKey{secret},
		secret, private,
		webhook.Endpoint{Keys: []webhook.SigningKey{secret, private}},
	}

	decimal := strings.Trim(fmt.Sprint([]byte(canary)[:6]), "[]")
	leaks := []string{
		canary[:6],
		fmt.Sprintf("%x", canary[:6]), fmt.Sprintf("%X", canary[:6]),
		decimal, strings.ReplaceAll(decimal, " ", ", "), strings.ReplaceAll(decimal, " ", ","),
		"0x63, 0x61", "0x63 0x61", "0x6361",
		strings.TrimPrefix(secret.Reveal(), "whsec_")[:8],
		strings.TrimPrefix(private.Reveal(), "whsk_")[:8],
	}
	check := func(how, text string) {
		t.Helper()
		for _, leak := range leaks {
			assert.NotContains(t, text, leak, how)
		}
	}

	things := map[string]any{
		"secret": secret, "pointer to secret": &secret, "private": private, "pointer to private": &private,
		"ring": ring, "pointer to ring": &ring, "slice": []any{secret, private},
		"map": map[string]any{"secret": secret}, "stripe verifier": stripe, "verifier": verifier,
		"verifier by value": *verifier,
	}
	for name, thing := range things {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%c", "%b", "%o", "%U", "%t", "%p", "%T"} {
			check(name+" "+verb, fmt.Sprintf(verb, thing))
		}
		check(name+" in an error", fmt.Errorf("wrapped: %v", thing).Error())
		if encoded, err := json.Marshal(thing); err == nil {
			check(name+" JSON", string(encoded))
		}
		if encoded, err := xml.Marshal(thing); err == nil {
			check(name+" XML", string(encoded))
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("key", "key", thing)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("key", "key", thing)
		check(name+" slog", log.String())
	}

	for _, verb := range []string{"%v", "%+v", "%#v", "%d", "%x"} {
		assert.Equal(t, "whsec_[redacted] whsk_[redacted]", fmt.Sprintf(verb+" "+verb, secret, private))
	}
	encoded, err := json.Marshal(map[string]any{"a": secret, "b": private})
	require.NoError(t, err)
	assert.JSONEq(t, `{"a":"whsec_[redacted]","b":"whsk_[redacted]"}`, string(encoded))
}

func TestErrorsAboutKeysDoNotQuoteThem(t *testing.T) {
	const canary = "canarycanarycanary"
	for _, text := range []string{
		canary, "whsec_" + canary, "whsk_" + canary, "whpk_" + canary, "whsec_" + canary + "%", "sk_" + canary,
		encode("whsec_", []byte("canary")), encode("whsk_", bytes.Repeat([]byte("canary"), 11)[:64]),
	} {
		for _, parse := range []func(string) error{
			func(s string) error { _, err := webhook.ParseSigningKey(s); return err },
			func(s string) error { _, err := webhook.ParseVerifyKey(s); return err },
			func(s string) error { _, err := webhook.ParseSecret(s); return err },
			func(s string) error { _, err := webhook.ParsePrivateKey(s); return err },
			func(s string) error { _, err := webhook.ParsePublicKey(s); return err },
			func(s string) error { var k webhook.Secret; return k.UnmarshalText([]byte(s)) },
			func(s string) error { var k webhook.PrivateKey; return k.UnmarshalText([]byte(s)) },
		} {
			err := parse(text)
			require.ErrorIs(t, err, webhook.ErrInvalidKey)
			assert.NotContains(t, fmt.Sprintf("%+v", err), "canary")
			assert.NotContains(t, err.Error(), base64.StdEncoding.EncodeToString([]byte("canary")))
		}
	}
}

func TestKeysAreReadFromConfigurationFiles(t *testing.T) {
	private := privateKeyOf(t, 3)
	var file struct {
		Secret  webhook.Secret
		Private webhook.PrivateKey
		Public  webhook.PublicKey
	}
	text := fmt.Sprintf(`{"Secret":%q,"Private":%q,"Public":%q}`, secretText, private.Reveal(), private.Public())
	require.NoError(t, json.Unmarshal([]byte(text), &file))
	assert.Equal(t, secretText, file.Secret.Reveal())
	assert.True(t, private.Equal(file.Private))
	assert.Equal(t, private.Public(), file.Public)

	// Written back, secrets are redacted; reading that must fail and not give a key.
	written, err := json.Marshal(file)
	require.NoError(t, err)
	require.ErrorIs(t, json.Unmarshal(written, &file), webhook.ErrInvalidKey)
	assert.Contains(t, string(written), private.Public().Reveal())
	assert.Equal(t, secretText, file.Secret.Reveal(), "a failed read changes nothing")
}

func FuzzParseKey(f *testing.F) {
	private := privateKeyOf(f, 1)
	for _, seed := range []string{
		secretText, private.Reveal(), private.Public().Reveal(), "", "whsec_", "whsk_", "whpk_", "whsec_%",
		"whsec_" + strings.Repeat("A", 100), secretText + "\n", secretText + "=",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		signing, err := webhook.ParseSigningKey(text)
		if (err == nil) != (signing != nil) || err != nil && !errors.Is(err, webhook.ErrInvalidKey) {
			t.Fatalf("key %v with error %v", signing, err)
		}
		verify, err := webhook.ParseVerifyKey(text)
		if (err == nil) != (verify != nil) || err != nil && !errors.Is(err, webhook.ErrInvalidKey) {
			t.Fatalf("key %v with error %v", verify, err)
		}
		if signing != nil && signing.Reveal() != text || verify != nil && verify.Reveal() != text {
			t.Fatal("a key was read from a text that is not its own")
		}
		if strings.HasPrefix(text, "whsk_") && verify != nil || strings.HasPrefix(text, "whpk_") && signing != nil {
			t.Fatal("a key was taken for the wrong purpose")
		}
	})
}
