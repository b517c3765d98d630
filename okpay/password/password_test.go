package password_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/password"
)

// canary is a secret that must show nowhere.
const canary = "canary-Tw33t-secret"

// shows are the ways in which the canary would be recognized.
var shows = []string{canary, "Tw33t", fmt.Sprintf("%x", "Tw33t"), fmt.Sprintf("%X", "Tw33t"), fmt.Sprint([]byte("Tw33t"))[1:8]}

func assertHidden(t *testing.T, text string) {
	t.Helper()
	for _, shown := range shows {
		assert.NotContains(t, text, shown)
	}
}

func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	secret := password.New(canary)
	key, err := password.NewPepper("k", []byte(canary+canary))
	require.NoError(t, err)
	config := password.Config{Params: cheap(), Peppers: []password.Pepper{key}}
	h := newHasher(t, config)
	type hidden struct {
		secret password.Password
		key    password.Pepper
		hasher *password.Hasher
	}
	values := map[string]any{
		"a password":                  secret,
		"a pointer to a password":     &secret,
		"a pepper":                    key,
		"a config":                    config,
		"a hasher":                    h,
		"passwords":                   []password.Password{secret},
		"a map":                       map[string]password.Password{"p": secret},
		"a struct with fields":        struct{ P password.Password }{secret},
		"a struct with hidden fields": hidden{secret, key, h},
		"a context":                   password.Context{IsCurrent: h.IsCurrent("nonsense")},
	}
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "% x", "%T"} {
				assertHidden(t, fmt.Sprintf(verb, value))
			}
			assertHidden(t, fmt.Sprint(value))
			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Info("text", "value", value)
			slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "value", value)
			assertHidden(t, log.String())
			encoded, _ := json.Marshal(value)
			assertHidden(t, string(encoded))
			encoded, _ = xml.Marshal(value)
			assertHidden(t, string(encoded))
		})
	}
	assert.Equal(t, "[redacted]", fmt.Sprintf("%+v", secret))
	assert.Equal(t, "[redacted]", secret.String())
	assert.Equal(t, canary, secret.Reveal())
	assert.Empty(t, password.Password{}.Reveal())
}

func TestNoErrorTellsASecret(t *testing.T) {
	t.Parallel()
	h := newHasher(t, password.Config{Params: cheap()})
	hash, err := h.Hash(t.Context(), password.New(canary))
	require.NoError(t, err)
	var errs []error
	note := func(err error) {
		require.Error(t, err)
		errs = append(errs, err)
	}
	for _, text := range []string{canary + strings.Repeat("x", 1024), canary + "\xff", canary + "\x00", canary[:9] + "Tw33t"[:0]} {
		_, err := password.Policy{Rules: password.NIST}.Check(t.Context(), password.New(text), password.Context{})
		note(err)
	}
	for _, current := range []string{hash} {
		_, err := password.Policy{}.Check(t.Context(), password.New(canary), password.Context{IsCurrent: h.IsCurrent(current)})
		note(err)
	}
	_, err = password.Policy{}.Check(t.Context(), password.New(canary), password.Context{DisplayName: "canary " + canary, ProductWords: []string{canary}})
	note(err)
	for _, broken := range []string{canary, hash + "$" + canary, strings.Replace(hash, "m=64", "m=99999999", 1), strings.Replace(hash, "p=1", "p=1,keyid=azE", 1)} {
		_, _, err := h.Verify(t.Context(), broken, password.New(canary))
		note(err)
		assert.NotContains(t, err.Error(), hash[len(hash)-20:])
	}
	_, err = h.HashAnswer(t.Context(), "", password.New(canary))
	note(err)
	_, err = password.NewPepper(canary, nil)
	note(err)
	_, err = password.NewPepper("k", []byte(canary))
	note(err)
	_, err = password.ReadWords(strings.NewReader(canary + "\xff"))
	note(err)
	for _, err := range errs {
		assertHidden(t, fmt.Sprintf("%v %+v %#v", err, err, err))
		encoded, _ := json.Marshal(err)
		assertHidden(t, string(encoded))
		var violation *password.Violation
		if errors.As(err, &violation) {
			assertHidden(t, violation.Text("en")+violation.Text("zh-CN"))
		}
	}
}

func TestPasswordIsReadFromJSON(t *testing.T) {
	t.Parallel()
	var form struct {
		Password password.Password `json:"password"`
		Missing  password.Password `json:"missing"`
		Null     password.Password `json:"null"`
	}
	require.NoError(t, json.Unmarshal([]byte(`{"password": "  purple \u00fc ", "null": null}`), &form))
	assert.Equal(t, "  purple ü ", form.Password.Reveal())
	assert.Empty(t, form.Missing.Reveal())
	assert.Empty(t, form.Null.Reveal())
	require.Error(t, json.Unmarshal([]byte(`{"password": 12345678}`), &form))

	encoded, err := json.Marshal(form)
	require.NoError(t, err)
	assert.JSONEq(t, `{"password": "[redacted]", "missing": "[redacted]", "null": "[redacted]"}`, string(encoded))
}
