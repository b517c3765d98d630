package totp_test

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/totp"
)

// What is read as a key is written as a URI that reads as the same key.
func FuzzParseURI(f *testing.F) {
	for _, seed := range []string{
		"otpauth://totp/OKPay:ana%40example.com?secret=" + exampleBase32 + "&issuer=OKPay&algorithm=SHA1&digits=6&period=30",
		"otpauth://totp/OKPay%3A%20ana?secret=" + exampleBase32,
		"otpauth://totp/ana?algorithm=sha512&digits=8&period=60&secret=" + exampleBase32,
		"otpauth://hotp/ana?secret=" + exampleBase32,
		"otpauth://totp/%E5%BC%A0?secret=" + exampleBase32 + "&issuer=a%3Ab",
		"otpauth://totp/%ff?secret=" + exampleBase32,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := totp.ParseURI(text)
		if err != nil {
			require.ErrorIs(t, err, totp.ErrInvalidURI)
			require.Equal(t, totp.Key{}, key)
			return
		}
		require.NoError(t, key.Params.Check())
		require.NotContains(t, key.Issuer+key.Account, ":")
		uri, err := key.URI()
		require.NoError(t, err)
		require.LessOrEqual(t, len(uri), totp.MaxURIBytes)
		again, err := totp.ParseURI(uri)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(key, again))
	})
}

func FuzzParseSecret(f *testing.F) {
	for _, seed := range []string{exampleBase32, strings.ToLower(exampleBase32), "GEZD-GNBV GY3T", strings.Repeat("A", 26) + "======", "é", "\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		secret, err := totp.ParseSecret(text)
		if err != nil {
			require.ErrorIs(t, err, totp.ErrInvalidSecret)
			return
		}
		require.GreaterOrEqual(t, len(secret.Bytes()), totp.MinSecretBytes)
		require.LessOrEqual(t, len(secret.Bytes()), totp.MaxSecretBytes)
		again, err := totp.ParseSecret(secret.Reveal())
		require.NoError(t, err)
		require.True(t, secret.Equal(again))
	})
}

// Whatever is typed has a result, and only six digits can have another than Malformed.
func FuzzVerify(f *testing.F) {
	for _, seed := range []string{"921300", "276857", "732303", "000000", "12345", "123 456", "１２３４５６", "+12345", "123456\n", ""} {
		f.Add(seed, int64(1_700_000_000), int64(56_666_566))
	}
	f.Add("755224", int64(0), int64(-1))
	f.Add("755224", int64(-1), int64(1<<62))
	digits := regexp.MustCompile(`^[0-9]{6}$`)
	secret := secretOf(f, exampleSecret)
	f.Fuzz(func(t *testing.T, code string, now, lastStep int64) {
		result, step, err := totp.Verify(secret, totp.Params{}, code, time.Unix(now, 0), lastStep)
		if err != nil {
			require.ErrorIs(t, err, totp.ErrInvalidTime)
			require.Empty(t, result)
			require.Equal(t, lastStep, step)
			return
		}
		require.Equal(t, digits.MatchString(code), result != totp.Malformed)
		if result != totp.OK {
			require.Equal(t, lastStep, step)
			return
		}
		require.Greater(t, step, lastStep)
		want, err := totp.HOTP(secret, totp.Params{}, uint64(step))
		require.NoError(t, err)
		require.Equal(t, want, code)
		require.InDelta(t, now/30, step, 1)
		result, _, err = totp.Verify(secret, totp.Params{}, code, time.Unix(now, 0), step)
		require.NoError(t, err)
		require.Equal(t, totp.Replayed, result)
	})
}

// No bytes but sealed ones open, and none of them make more of an error than there is.
func FuzzOpen(f *testing.F) {
	r := ring(f, "k1", "k1", "k2", "x1")
	var genuine [][]byte
	for _, primary := range []string{"k1", "k2", "x1"} {
		// Each of the fuzzer's processes must seal the same bytes.
		sealed, err := keyringOf(f, totp.KeyringConfig{
			Primary: primary, Rand: strings.NewReader("these are random bytes" + primary),
			Keys: []totp.SealingKey{sealingKey(f, "k1", "", '1'), sealingKey(f, "k2", "", '2'), sealingKey(f, "x1", totp.XChaCha20Poly1305, '1')},
		}).Seal(exampleRow, []byte(exampleSecret))
		require.NoError(f, err)
		genuine = append(genuine, sealed)
		f.Add(sealed)
		f.Add(sealed[:len(sealed)-1])
	}
	f.Add([]byte{})
	f.Add([]byte{1, 255})
	f.Add([]byte("\x01\x02k9"))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		before := bytes.Clone(sealed)
		plaintext, err := r.Open(exampleRow, sealed)
		assert.Equal(t, before, sealed, "what is opened is not changed")
		id, idErr := totp.SealedWith(sealed)
		_, needsErr := r.NeedsRewrap(sealed)
		if err == nil {
			require.Equal(t, exampleSecret, string(plaintext))
			require.True(t, bytes.Equal(sealed, genuine[0]) || bytes.Equal(sealed, genuine[1]) || bytes.Equal(sealed, genuine[2]))
			require.NoError(t, idErr)
			require.NoError(t, needsErr)
			return
		}
		require.Nil(t, plaintext)
		require.True(t, errors.Is(err, totp.ErrSealBroken) != errors.Is(err, totp.ErrUnknownKey), err)
		if errors.Is(err, totp.ErrUnknownKey) {
			require.NoError(t, idErr)
			require.NotContains(t, []string{"k1", "k2", "x1"}, id)
			require.ErrorIs(t, needsErr, totp.ErrUnknownKey)
		}
	})
}

// Whatever rows are, what was sealed for one does not open for another.
func FuzzRows(f *testing.F) {
	f.Add("acc_01", "cred_01", "acc_01|cred", "01")
	f.Add("a", "b|k1", "a|b", "k1")
	f.Add("a", "b", "a", "b")
	r := ring(f, "k1", "k1")
	f.Fuzz(func(t *testing.T, account, credential, otherAccount, otherCredential string) {
		row := totp.Row{Purpose: "p", Account: account, Credential: credential}
		other := totp.Row{Purpose: "p", Account: otherAccount, Credential: otherCredential}
		sealed, err := r.Seal(row, []byte("x"))
		if err != nil {
			require.ErrorIs(t, err, totp.ErrInvalidRow)
			return
		}
		_, err = r.Open(row, sealed)
		require.NoError(t, err)
		_, err = r.Open(other, sealed)
		require.Equal(t, row == other, err == nil)
	})
}

func FuzzParseRecoveryCode(f *testing.F) {
	for _, seed := range []string{"7K3M9Q-X2V8RT-0PZ4HW-1NBY5C", "7k3m9q x2v8rt opz4hw lnby5c", "７K3M9Q", "U", "", strings.Repeat("-", 200)} {
		f.Add(seed)
	}
	shape := regexp.MustCompile("^([0-9A-HJKMNP-TV-Z]{6}-){3}[0-9A-HJKMNP-TV-Z]{6}$")
	f.Fuzz(func(t *testing.T, typed string) {
		code, err := totp.ParseRecoveryCode(typed)
		if err != nil {
			require.ErrorIs(t, err, totp.ErrInvalidRecoveryCode)
			require.Empty(t, code.Reveal())
			return
		}
		require.Regexp(t, shape, code.Reveal())
		for _, way := range []string{code.Reveal(), strings.ToLower(code.Reveal()), strings.ReplaceAll(code.Reveal(), "-", "")} {
			again, err := totp.ParseRecoveryCode(way)
			require.NoError(t, err)
			require.True(t, code.Equal(again))
		}
	})
}
