package totp_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/totp"
)

func TestSecretsAreBounded(t *testing.T) {
	for length, want := range map[int]error{
		0: totp.ErrShortSecret, 15: totp.ErrShortSecret, 16: nil, 20: nil, 128: nil, 129: totp.ErrInvalidSecret,
	} {
		raw := bytes.Repeat([]byte{0xa5}, length)
		secret, err := totp.NewSecret(raw)
		require.ErrorIs(t, err, want, "%d bytes", length)
		if want != nil {
			require.ErrorIs(t, err, totp.ErrInvalidSecret)
			assert.Nil(t, secret.Bytes())
			assert.Empty(t, secret.Reveal())
			continue
		}
		assert.Equal(t, raw, secret.Bytes())
		parsed, err := totp.ParseSecret(secret.Reveal())
		require.NoError(t, err)
		assert.True(t, secret.Equal(parsed))
	}
}

func TestParseSecret(t *testing.T) {
	const want = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // the 20 bytes of RFC 4226
	const want16 = "AAAAAAAAAAAAAAAAAAAAAAAAAA"     // 16 bytes of zeros
	tests := []struct {
		name, text, reveals string
		err                 error
	}{
		{"as it is shown", want, want, nil},
		{"lower case", strings.ToLower(want), want, nil},
		{"groups of four with spaces", "gezd gnbv gy3t qojq gezd gnbv gy3t qojq", want, nil},
		{"groups with hyphens", "GEZDGNBV-GY3TQOJQ-GEZDGNBV-GY3TQOJQ", want, nil},
		{"without padding", want16, want16, nil},
		{"with padding", want16 + "======", want16, nil},
		{"with too little padding", want16 + "=====", "", totp.ErrInvalidSecret},
		{"padding that is not due", want + "=", "", totp.ErrInvalidSecret},
		{"padding in the middle", "GEZDGNB=VGY3TQOJQGEZDGNBVGY3TQOJQ", "", totp.ErrInvalidSecret},
		{"bits after the last byte", want16[:25] + "B", "", totp.ErrInvalidSecret},
		{"a length that no bytes have", want + "A", "", totp.ErrInvalidSecret},
		{"a line end", want + "\n", "", totp.ErrInvalidSecret},
		{"a digit that base32 lacks", want[:31] + "1", "", totp.ErrInvalidSecret},
		{"a letter of another script", want[:31] + "Ａ", "", totp.ErrInvalidSecret},
		{"80 bits, as some services have", "JBSWY3DPEHPK3PXP", "", totp.ErrShortSecret},
		{"nothing", "", "", totp.ErrShortSecret},
		{"more than any secret has", strings.Repeat("A", 261), "", totp.ErrInvalidSecret},
		{"129 bytes", strings.Repeat("A", 207), "", totp.ErrInvalidSecret},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			secret, err := totp.ParseSecret(test.text)
			require.ErrorIs(t, err, test.err)
			assert.Equal(t, test.reveals, secret.Reveal())
			if err != nil && test.text != "" {
				assert.NotContains(t, err.Error(), test.text)
			}
		})
	}
}

func TestGenerateSecret(t *testing.T) {
	secret, err := totp.GenerateSecret(strings.NewReader(exampleSecret + "rest"))
	require.NoError(t, err)
	assert.Equal(t, exampleSecret, string(secret.Bytes()))

	first, err := totp.GenerateSecret(nil)
	require.NoError(t, err)
	second, err := totp.GenerateSecret(nil)
	require.NoError(t, err)
	assert.False(t, first.Equal(second))
	assert.Len(t, first.Bytes(), 20)

	broken := errors.New("no entropy")
	_, err = totp.GenerateSecret(iotest.ErrReader(broken))
	require.ErrorIs(t, err, totp.ErrRandomness)
	require.ErrorIs(t, err, broken)
	_, err = totp.GenerateSecret(strings.NewReader("too little"))
	require.ErrorIs(t, err, totp.ErrRandomness)
}

func TestSecretsCompareByWhatTheyHold(t *testing.T) {
	one, same, other := secretOf(t, exampleSecret), secretOf(t, exampleSecret), secretOf(t, exampleSecret+"0")
	assert.True(t, one.Equal(same))
	assert.False(t, one.Equal(other))
	assert.False(t, one.Equal(totp.Secret{}))
	assert.True(t, totp.Secret{}.Equal(totp.Secret{}))
	assert.Empty(t, cmp.Diff(one, same))
	raw := one.Bytes()
	raw[0] = 'x'
	assert.Equal(t, exampleSecret, string(one.Bytes()), "Bytes returns a copy")
}
