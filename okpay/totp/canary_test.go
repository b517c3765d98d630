package totp_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/totp"
)

// holder stands for a caller's struct: fmt calls no methods on what its unexported fields hold.
type holder struct {
	Shown   any
	secret  totp.Secret
	pointer *totp.Secret
	key     totp.SealingKey
	ring    *totp.Keyring
	value   totp.Keyring
	code    totp.RecoveryCode
	codes   []totp.RecoveryCode
	pepper  totp.Pepper
	entry   totp.Key
	byName  map[string]totp.Secret
}

func TestNoSecretIsPrintedLoggedOrEncoded(t *testing.T) {
	const raw = "CANARY-secret-bytes!"
	const keyBytes = "CANARY-sealing-key-of-32-bytes!!"
	const pepperBytes = "CANARY-pepper-made-of-32-bytes!!"
	const codeText = "CANARY-CANARY-CANARY-CANARY"
	secret := secretOf(t, raw)
	key, err := totp.NewSealingKey("k1", "", []byte(keyBytes))
	require.NoError(t, err)
	xkey, err := totp.NewSealingKey("x1", totp.XChaCha20Poly1305, []byte(keyBytes))
	require.NoError(t, err)
	r := keyringOf(t, totp.KeyringConfig{Primary: "k1", Keys: []totp.SealingKey{key, xkey}})
	pepper, err := totp.NewPepper([]byte(pepperBytes))
	require.NoError(t, err)
	code := recoveryCode(t, codeText)
	entry := totp.Key{Issuer: "OKPay", Account: "ana", Secret: secret}

	values := map[string]any{
		"secret": secret, "pointer": &secret, "key": key, "keyring": r, "keyring value": *r, "pepper": pepper, "code": code, "entry": entry,
		"codes": []totp.RecoveryCode{code}, "map": map[string]any{"secret": secret},
		"config": totp.KeyringConfig{Primary: "k1", Keys: []totp.SealingKey{key, xkey}},
		"holder": holder{secret, secret, &secret, key, r, *r, code, []totp.RecoveryCode{code}, pepper, entry, map[string]totp.Secret{"a": secret}},
	}
	// Each secret in the forms in which it could come out: as text, as numbers and encoded.
	var forbidden []string
	for _, text := range []string{raw, keyBytes, pepperBytes, codeText, strings.ReplaceAll(codeText, "-", "")} {
		part := text[:6]
		decimal := strings.Trim(fmt.Sprint([]byte(part)), "[]")
		forbidden = append(forbidden, part, decimal, strings.ReplaceAll(decimal, " ", ", "), hex.EncodeToString([]byte(part)),
			strings.ToUpper(hex.EncodeToString([]byte(part))), base64.StdEncoding.EncodeToString([]byte(part)), "0x43, 0x41, 0x4e", "0x43 0x41")
	}
	forbidden = append(forbidden, secret.Reveal()[:8])
	check := func(how, shown string) {
		t.Helper()
		for _, f := range forbidden {
			assert.False(t, strings.Contains(shown, f), "%s shows %s", how, f)
		}
	}
	for name, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U", "%t", "%e"} {
			check(name+" "+verb, fmt.Sprintf(verb, value))
			check(name+" pointer "+verb, fmt.Sprintf(verb, &value))
			check(name+" error "+verb, fmt.Errorf("failed with "+verb, value).Error()) //nolint:err113 // what a caller does
		}
		check(name, fmt.Sprint(value))
		if text, err := json.Marshal(value); err == nil {
			check(name+" json", string(text))
		}
		if text, err := xml.Marshal(value); err == nil {
			check(name+" xml", string(text))
		}
		for _, handler := range []func(*bytes.Buffer) slog.Handler{
			func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var out bytes.Buffer
			slog.New(handler(&out)).Info("canary", "value", value, slog.Group("group", "value", value))
			check(name+" slog", out.String())
		}
	}
	for name, value := range map[string]any{"secret": secret, "key": key, "keyring": r, "pepper": pepper, "code": code} {
		assert.Equal(t, "[secret]", fmt.Sprint(value), name)
		text, err := json.Marshal(value)
		require.NoError(t, err)
		assert.Equal(t, `"[secret]"`, string(text), name)
		require.IsType(t, "", value.(fmt.Stringer).String())
		assert.Equal(t, "[secret]", value.(fmt.Stringer).String(), name)
	}
}

// A secret that was encoded by mistake is not read back as another one.
func TestThePlaceholderIsNotReadBack(t *testing.T) {
	secret := secretOf(t, exampleSecret)
	text, err := json.Marshal(map[string]totp.Secret{"Secret": secret})
	require.NoError(t, err)
	var back struct{ Secret totp.Secret }
	require.Error(t, json.Unmarshal(text, &back))
	_, err = totp.ParseSecret(secret.String())
	require.ErrorIs(t, err, totp.ErrInvalidSecret)
}

// What was typed, parsed or opened is in no error.
func TestErrorsRepeatNothing(t *testing.T) {
	const canary = "CANARYCANARY"
	var errs []error
	_, err := totp.NewSecret([]byte(canary))
	errs = append(errs, err)
	_, err = totp.ParseSecret(canary + "1")
	errs = append(errs, err)
	for _, uri := range []string{
		canary, "otpauth://totp/%zz?secret=" + canary, "otpauth://totp/a?secret=" + canary + "&issuer=%zz", "otpauth://hotp/a?secret=" + canary,
		"otpauth://totp/" + canary + ":a:b?secret=" + exampleBase32, "otpauth://totp/a?digits=" + canary + "&secret=" + exampleBase32,
		"otpauth://totp/a?algorithm=" + canary + "&secret=" + exampleBase32, "otpauth://totp/a?secret=" + canary + "1", "otpauth://" + canary + ":x/",
	} {
		_, err = totp.ParseURI(uri)
		errs = append(errs, err)
	}
	_, err = totp.ParseRecoveryCode(canary)
	errs = append(errs, err)
	_, err = totp.NewPepper([]byte(canary))
	errs = append(errs, err)
	_, err = totp.NewSealingKey("k1", "", []byte(canary))
	errs = append(errs, err)
	_, err = totp.NewSealingKey(canary+"|", "", []byte(canary))
	errs = append(errs, err)
	_, err = ring(t, "k1", "k1").Open(totp.Row{Purpose: "p", Account: canary + "|", Credential: "c"}, nil)
	errs = append(errs, err)
	_, err = ring(t, "k1", "k1").Open(exampleRow, []byte("\x01\x02k1"+strings.Repeat(canary, 4)))
	errs = append(errs, err)
	_, err = totp.Key{Account: canary + ":", Secret: secretOf(t, exampleSecret)}.URI()
	errs = append(errs, err)
	err = totp.Params{Algorithm: canary}.Check()
	errs = append(errs, err)
	for i, err := range errs {
		require.Error(t, err, i)
		assert.NotContains(t, err.Error(), "CANARY", i)
	}
}
