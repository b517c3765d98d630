package totp_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/totp"
)

// vectors are expected values that an independent implementation computed.
type vectors struct {
	HOTP struct {
		Secret string `json:"secret_ascii"`
		Base32 string `json:"secret_base32"`
		Digits int
		Rows   []struct {
			Counter uint64
			Decimal uint64 `json:"truncated_dec"`
			Code    string `json:"hotp6"`
		}
	} `json:"rfc4226_appendix_d"`
	TOTP struct {
		Secrets map[totp.Algorithm]string `json:"secrets_ascii"`
		Rows    []struct {
			Algorithm totp.Algorithm
			Unix      int64
			Step      string `json:"step_hex"`
			Eight     string `json:"totp8"`
			Six       string `json:"totp6"`
		}
	} `json:"rfc6238_appendix_b"`
	Verify struct {
		Secret    string `json:"secret_ascii"`
		Algorithm totp.Algorithm
		Digits    int
		Period    int
		Cases     []struct {
			Name   string
			Now    int64
			Code   string
			Before int64 `json:"last_step_before"`
			Expect totp.Result
			After  int64 `json:"last_step_after"`
		}
	} `json:"totp_verify"`
	Recovery struct {
		Pepper    string `json:"pepper_hex"`
		Account   string `json:"account_id"`
		Canonical string
		MAC       string `json:"mac_hex"`
		Inputs    []struct {
			In     string
			Expect *string `json:"expect_canonical"`
		}
	} `json:"recovery_code"`
	Sealed struct {
		AES     sealedVector `json:"aes256gcm"`
		XChaCha sealedVector `json:"xchacha20poly1305"`
	} `json:"sealed_totp_secret"`
}

type sealedVector struct {
	KeyID      string `json:"kid"`
	Key        string `json:"key_hex"`
	Nonce      string `json:"nonce_hex"`
	Plaintext  string `json:"plaintext_ascii"`
	Ciphertext string `json:"ciphertext_tag_hex"`
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	require.NoError(t, err)
	var v vectors
	require.NoError(t, json.Unmarshal(text, &v))
	v.Sealed.XChaCha.Plaintext = v.Sealed.AES.Plaintext
	return v
}

func TestVectorsOfRFC4226AppendixD(t *testing.T) {
	v := readVectors(t).HOTP
	secret := secretOf(t, v.Secret)
	assert.Equal(t, v.Base32, secret.Reveal())
	parsed, err := totp.ParseSecret(v.Base32)
	require.NoError(t, err)
	assert.True(t, secret.Equal(parsed))
	require.Len(t, v.Rows, 10)
	for _, row := range v.Rows {
		code, err := totp.HOTP(secret, totp.Params{Digits: v.Digits}, row.Counter)
		require.NoError(t, err)
		assert.Equal(t, row.Code, code, "counter %d", row.Counter)
		for digits, modulus := totp.MinDigits, uint64(1_000_000); digits <= totp.MaxDigits; digits, modulus = digits+1, modulus*10 {
			code, err := totp.HOTP(secret, totp.Params{Digits: digits}, row.Counter)
			require.NoError(t, err)
			assert.Equal(t, fmt.Sprintf("%0*d", digits, row.Decimal%modulus), code)
		}
	}
}

func TestVectorsOfRFC6238AppendixB(t *testing.T) {
	v := readVectors(t).TOTP
	require.Len(t, v.Rows, 18)
	for _, row := range v.Rows {
		secret, at := secretOf(t, v.Secrets[row.Algorithm]), time.Unix(row.Unix, 0)
		params := totp.Params{Algorithm: row.Algorithm}
		step, err := params.Step(at)
		require.NoError(t, err)
		assert.Equal(t, row.Step, fmt.Sprintf("%016X", step))
		for digits, want := range map[int]string{6: row.Six, 8: row.Eight} {
			params.Digits = digits
			code, err := totp.Code(secret, params, at)
			require.NoError(t, err)
			assert.Equal(t, want, code, "%s at %d", row.Algorithm, row.Unix)
			result, last, err := totp.Verify(secret, params, code, at, totp.NoStep)
			require.NoError(t, err)
			assert.Equal(t, totp.OK, result)
			assert.Equal(t, step, last)
		}
	}
}

func TestVectorsOfVerify(t *testing.T) {
	v := readVectors(t).Verify
	secret := secretOf(t, v.Secret)
	params := totp.Params{Algorithm: v.Algorithm, Digits: v.Digits, Period: time.Duration(v.Period) * time.Second}
	require.Len(t, v.Cases, 30)
	for _, test := range v.Cases {
		t.Run(test.Name, func(t *testing.T) {
			result, last, err := totp.Verify(secret, params, test.Code, time.Unix(test.Now, 0), test.Before)
			require.NoError(t, err)
			assert.Equal(t, test.Expect, result)
			assert.Equal(t, test.After, last)
		})
	}
}

func TestVectorsOfRecoveryCodes(t *testing.T) {
	v := readVectors(t).Recovery
	require.Len(t, v.Inputs, 11)
	for _, test := range v.Inputs {
		t.Run(test.In, func(t *testing.T) {
			code, err := totp.ParseRecoveryCode(test.In)
			if test.Expect == nil {
				require.ErrorIs(t, err, totp.ErrInvalidRecoveryCode)
				assert.Empty(t, code.Reveal())
				return
			}
			require.NoError(t, err)
			assert.Equal(t, *test.Expect, strings.ReplaceAll(code.Reveal(), "-", ""))
			mac, err := pepperOf(t, v.Pepper).MAC(v.Account, code)
			require.NoError(t, err)
			assert.Equal(t, v.MAC, mac.String())
		})
	}
	code, err := totp.ParseRecoveryCode(v.Canonical)
	require.NoError(t, err)
	assert.Equal(t, "7K3M9Q-X2V8RT-0PZ4HW-1NBY5C", code.Reveal())
}

func TestVectorsOfSealedSecrets(t *testing.T) {
	row := totp.Row{Purpose: totp.PurposeTOTP, Account: "acc_01", Credential: "cred_01"}
	v := readVectors(t).Sealed
	for cipher, v := range map[totp.Cipher]sealedVector{"": v.AES, totp.AES256GCM: v.AES, totp.XChaCha20Poly1305: v.XChaCha} {
		nonce := unhex(t, v.Nonce)
		key, err := totp.NewSealingKey(v.KeyID, cipher, unhex(t, v.Key))
		require.NoError(t, err)
		ring := keyringOf(t, totp.KeyringConfig{Primary: v.KeyID, Keys: []totp.SealingKey{key}, Rand: strings.NewReader(string(nonce))})

		want := append([]byte{0x01, byte(len(v.KeyID))}, v.KeyID...)
		want = append(append(want, nonce...), unhex(t, v.Ciphertext)...)
		sealed, err := ring.SealSecret(row, secretOf(t, v.Plaintext))
		require.NoError(t, err)
		assert.Equal(t, hex.EncodeToString(want), hex.EncodeToString(sealed))

		secret, err := ring.OpenSecret(row, want)
		require.NoError(t, err)
		assert.True(t, secretOf(t, v.Plaintext).Equal(secret))
	}
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(text)
	require.NoError(t, err)
	return raw
}

func secretOf(t testing.TB, raw string) totp.Secret {
	t.Helper()
	secret, err := totp.NewSecret([]byte(raw))
	require.NoError(t, err)
	return secret
}

func pepperOf(t testing.TB, digits string) totp.Pepper {
	t.Helper()
	pepper, err := totp.NewPepper(unhex(t, digits))
	require.NoError(t, err)
	return pepper
}

func keyringOf(t testing.TB, config totp.KeyringConfig) *totp.Keyring {
	t.Helper()
	ring, err := totp.NewKeyring(config)
	require.NoError(t, err)
	return ring
}
