package totp_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/totp"
)

const examplePepper = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

func recoveryCode(t testing.TB, typed string) totp.RecoveryCode {
	t.Helper()
	code, err := totp.ParseRecoveryCode(typed)
	require.NoError(t, err)
	return code
}

func TestGenerateRecoveryCodes(t *testing.T) {
	codes, err := totp.GenerateRecoveryCodes(nil, totp.RecoveryCodes)
	require.NoError(t, err)
	require.Len(t, codes, 10)
	seen := map[string]bool{}
	for _, code := range codes {
		text := code.Reveal()
		assert.Regexp(t, "^([0-9A-HJKMNP-TV-Z]{6}-){3}[0-9A-HJKMNP-TV-Z]{6}$", text)
		assert.False(t, seen[text])
		seen[text] = true
		assert.True(t, code.Equal(recoveryCode(t, text)))
	}
	// All 120 bits of the source are in the code.
	codes, err = totp.GenerateRecoveryCodes(strings.NewReader(strings.Repeat("\x00", 15)+strings.Repeat("\xff", 15)+"123456789012345"), 3)
	require.NoError(t, err)
	assert.Equal(t, "000000-000000-000000-000000", codes[0].Reveal())
	assert.Equal(t, "ZZZZZZ-ZZZZZZ-ZZZZZZ-ZZZZZZ", codes[1].Reveal())

	for _, n := range []int{-1, 0, 101} {
		codes, err = totp.GenerateRecoveryCodes(nil, n)
		require.ErrorIs(t, err, totp.ErrInvalidSize)
		assert.Nil(t, codes)
	}
	codes, err = totp.GenerateRecoveryCodes(nil, totp.MaxRecoveryCodes)
	require.NoError(t, err)
	assert.Len(t, codes, 100)

	broken := errors.New("no entropy")
	_, err = totp.GenerateRecoveryCodes(iotest.ErrReader(broken), 1)
	require.ErrorIs(t, err, totp.ErrRandomness)
	require.ErrorIs(t, err, broken)
	_, err = totp.GenerateRecoveryCodes(bytes.NewReader(make([]byte, 30)), 2)
	require.ErrorIs(t, err, totp.ErrRandomness, "a source that repeats itself")
}

func TestParseRecoveryCode(t *testing.T) {
	const want = "7K3M9Q-X2V8RT-0PZ4HW-1NBY5C"
	tests := []struct {
		name, typed string
		ok          bool
	}{
		{"as it is shown", want, true},
		{"pasted with a line end", want + "\r\n", true},
		{"over four lines", strings.ReplaceAll(want, "-", "\n"), true},
		{"with tabs", strings.ReplaceAll(want, "-", "\t"), true},
		{"hyphens in other places", "7-K3M9QX2V8-RT0PZ4HW1NBY5-C-", true},
		{"letters for digits", "7k3m9q-x2v8rt-opz4hw-iNBY5C", true},
		{"23 characters", want[1:], false},
		{"25 characters", "0" + want, false},
		{"only hyphens", strings.Repeat("-", 24), false},
		{"U is no V", strings.Replace(want, "V", "U", 1), false},
		{"a lower-case u", strings.Replace(want, "V", "u", 1), false},
		{"a dash that is no hyphen", strings.Replace(want, "-", "–", 1), false},
		{"a full-width digit", strings.Replace(want, "7", "７", 1), false},
		{"a letter that only looks like one", strings.Replace(want, "K", "К", 1), false},
		{"a zero byte", want + "\x00", false},
		{"a vertical tab", want + "\v", false},
		{"an underscore", strings.ReplaceAll(want, "-", "_"), false},
		{"128 bytes", want + strings.Repeat(" ", 128-len(want)), true},
		{"129 bytes", want + strings.Repeat(" ", 129-len(want)), false},
		{"a megabyte", strings.Repeat("7", 1<<20), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, err := totp.ParseRecoveryCode(test.typed)
			if !test.ok {
				require.ErrorIs(t, err, totp.ErrInvalidRecoveryCode)
				assert.Equal(t, totp.RecoveryCode{}, code)
				assert.NotContains(t, err.Error(), "7")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, want, code.Reveal())
		})
	}
}

func TestMatchFindsWhichCodeItIs(t *testing.T) {
	pepper := pepperOf(t, examplePepper)
	codes, err := totp.GenerateRecoveryCodes(nil, 10)
	require.NoError(t, err)
	stored := make([]totp.RecoveryMAC, len(codes))
	for i, code := range codes {
		stored[i], err = pepper.MAC("acc_01", code)
		require.NoError(t, err)
	}
	for i, code := range codes {
		index, err := pepper.Match("acc_01", code, stored)
		require.NoError(t, err)
		assert.Equal(t, i, index)

		index, err = pepper.Match("acc_02", code, stored)
		require.NoError(t, err)
		assert.Equal(t, -1, index, "another account's code")

		index, err = pepperOf(t, strings.Repeat("aa", 32)).Match("acc_01", code, stored)
		require.NoError(t, err)
		assert.Equal(t, -1, index, "another pepper")
	}
	index, err := pepper.Match("acc_01", recoveryCode(t, strings.Repeat("0", 24)), stored)
	require.NoError(t, err)
	assert.Equal(t, -1, index)
	index, err = pepper.Match("acc_01", codes[0], nil)
	require.NoError(t, err)
	assert.Equal(t, -1, index)
	index, err = pepper.Match("acc_01", codes[3], []totp.RecoveryMAC{stored[0], stored[3], stored[3]})
	require.NoError(t, err)
	assert.Equal(t, 1, index, "the first of two")
}

func TestMACsAreMadeOfBoundedParts(t *testing.T) {
	pepper, code := pepperOf(t, examplePepper), recoveryCode(t, strings.Repeat("0", 24))
	tests := []struct {
		name    string
		pepper  totp.Pepper
		account string
		code    totp.RecoveryCode
		err     error
	}{
		{"no pepper wins", totp.Pepper{}, "", totp.RecoveryCode{}, totp.ErrInvalidKey},
		{"no account", pepper, "", totp.RecoveryCode{}, totp.ErrInvalidRow},
		{"an account with a zero byte", pepper, "acc\x0001", code, totp.ErrInvalidRow},
		{"an account of 256 bytes", pepper, strings.Repeat("a", 256), code, totp.ErrInvalidRow},
		{"no code", pepper, "acc_01", totp.RecoveryCode{}, totp.ErrInvalidRecoveryCode},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			mac, err := test.pepper.MAC(test.account, test.code)
			require.ErrorIs(t, err, test.err)
			assert.Equal(t, totp.RecoveryMAC{}, mac)
			index, err := test.pepper.Match(test.account, test.code, []totp.RecoveryMAC{{}})
			require.ErrorIs(t, err, test.err)
			assert.Equal(t, -1, index)
		})
	}
	for length, ok := range map[int]bool{0: false, 31: false, 32: true, 128: true, 129: false} {
		_, err := totp.NewPepper(bytes.Repeat([]byte{1}, length))
		if ok {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, totp.ErrInvalidKey)
	}
	_, err := totp.NewPepper(make([]byte, 32))
	require.ErrorIs(t, err, totp.ErrInvalidKey)
}

func TestRecoveryMACsAreStoredAsText(t *testing.T) {
	mac, err := pepperOf(t, examplePepper).MAC("acc_01", recoveryCode(t, strings.Repeat("0", 24)))
	require.NoError(t, err)
	text, err := json.Marshal(mac)
	require.NoError(t, err)
	var back totp.RecoveryMAC
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, mac, back)
	for _, wrong := range []string{`""`, `"00"`, `"` + strings.Repeat("g0", 32) + `"`, `"` + strings.Repeat("0", 65) + `"`} {
		require.Error(t, json.Unmarshal([]byte(wrong), &back))
		assert.Equal(t, mac, back, "what cannot be read changes nothing")
	}
}

func TestRecoveryCodesCompareByWhatTheyAre(t *testing.T) {
	one, same, other := recoveryCode(t, strings.Repeat("0", 24)), recoveryCode(t, strings.Repeat("o", 24)), recoveryCode(t, strings.Repeat("1", 24))
	assert.Empty(t, cmp.Diff(one, same))
	assert.False(t, one.Equal(other))
	assert.False(t, one.Equal(totp.RecoveryCode{}))
	assert.True(t, totp.RecoveryCode{}.Equal(totp.RecoveryCode{}))
}
