package lockout_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/lockout"
)

func newKeys(t testing.TB, secret string) lockout.Keys {
	t.Helper()
	keys, err := lockout.NewKeys([]byte(secret))
	require.NoError(t, err)
	return keys
}

const canary = "canary-canary-canary-canary-0123"

func TestAKeyIsTheDocumentedMAC(t *testing.T) {
	mac := hmac.New(sha256.New, []byte(canary))
	mac.Write([]byte("okpay/lockout/v1\x00address\x002001:db8::/64"))
	a, err := lockout.ParseAddress("2001:db8::7")
	require.NoError(t, err)
	assert.Equal(t, hex.EncodeToString(mac.Sum(nil)), newKeys(t, canary).Address(a))
}

func TestKeysOfDifferentThingsDiffer(t *testing.T) {
	keys := newKeys(t, canary)
	seen := map[string]string{}
	add := func(name, key string) {
		assert.Empty(t, seen[key], name)
		assert.Regexp(t, "^[0-9a-f]{64}$", key, name)
		seen[key] = name
	}
	for _, name := range []string{"", "a", "a\x00b", "b", "1:a"} {
		for _, authenticator := range []lockout.Authenticator{lockout.Password, lockout.OneTimeCode, "", "a", "1:a"} {
			for _, bucket := range []lockout.Bucket{lockout.Trusted, lockout.Untrusted} {
				add(fmt.Sprintf("account %q %q %q", name, authenticator, bucket), keys.Counter(name, authenticator, bucket))
				add(fmt.Sprintf("shadow %q %q %q", name, authenticator, bucket), keys.Shadow(name, authenticator, bucket))
			}
		}
		add(fmt.Sprintf("own %q", name), keys.Key("own", name))
	}
	add("parts that end earlier", keys.Counter("x", "ab", "c"))
	add("parts that end later", keys.Counter("x", "a", "bc"))
	add("the unknown address", keys.Address(lockout.Address{}))
	add("another secret", newKeys(t, canary+"4").Counter("a", "a", lockout.Trusted))
	assert.Equal(t, keys.Key("kind", "b"), keys.Key("kind\x00a", "b"), "no value moves into a kind")
	assert.Equal(t, keys.Counter("a", "a", "a"), newKeys(t, canary).Counter("a", "a", "a"))
}

func TestTheSecretOfKeysShowsNowhere(t *testing.T) {
	_, err := lockout.NewKeys(make([]byte, 32))
	require.ErrorIs(t, err, lockout.ErrKey, "a secret that was never read")
	_, err = lockout.NewKeys([]byte(canary[:31]))
	require.ErrorIs(t, err, lockout.ErrKey)
	assert.NotContains(t, err.Error(), "canary")

	secret := []byte(canary)
	keys, err := lockout.NewKeys(secret)
	require.NoError(t, err)
	before := keys.Key("a", "b")
	clear(secret)
	assert.Equal(t, before, keys.Key("a", "b"), "the caller's bytes are the caller's")

	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb, keys)
		fmt.Fprintf(&out, verb, &keys)
		fmt.Fprintf(&out, verb, struct{ K lockout.Keys }{keys})
		fmt.Fprintf(&out, verb, map[string]lockout.Keys{"k": keys})
	}
	require.NoError(t, json.NewEncoder(&out).Encode(map[string]any{"keys": keys}))
	slog.New(slog.NewTextHandler(&out, nil)).Info("", "keys", keys)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("", "keys", &keys)
	assert.NotContains(t, out.String(), "canary")
	assert.NotContains(t, out.String(), hex.EncodeToString([]byte("canary")))
	assert.NotContains(t, out.String(), "99 97 110 97")
}

func TestOneMessageAboutALockInADay(t *testing.T) {
	told := at(1_000_000)
	for _, c := range []struct {
		name      string
		last, now time.Time
		want      bool
	}{
		{"never told", time.Time{}, told, true},
		{"told now", told, told, false},
		{"told a moment less than a day ago", told, told.Add(24*time.Hour - 1), false},
		{"told a day ago", told, told.Add(24 * time.Hour), true},
		{"a clock that went back", told, told.Add(-48 * time.Hour), false},
		{"another time zone", told.In(time.FixedZone("", 14*3600)), told.Add(time.Hour), false},
	} {
		assert.Equal(t, c.want, lockout.NotifyDue(c.last, c.now), c.name)
	}
}

func TestOnlyALockIsTold(t *testing.T) {
	var s lockout.State
	now := at(1000)
	var told []lockout.Notice
	for range 60 {
		var d lockout.Decision
		if s, d = try(s, lockout.TOTP(), false, now); true {
			if n, ok := lockout.NoticeOf(d, lockout.OneTimeCode, lockout.Untrusted, "Lisbon", now); ok {
				told = append(told, n)
			}
		}
		if s.Level > 0 {
			now = s.LockedUntil
		}
	}
	require.Len(t, told, 16, "fifteen locks and the end")
	first, last := told[0], told[15]
	assert.Equal(t, lockout.ReasonTooManyFailures, first.Reason)
	assert.Equal(t, at(1030), first.Until)
	assert.Equal(t, 5, first.Failures)
	assert.Equal(t, "Lisbon", first.Place)
	assert.Contains(t, first.Advice, lockout.AdviceVerifyIdentity)
	assert.Equal(t, lockout.ReasonHardCap, last.Reason)
	assert.Zero(t, last.Until)
	assert.Equal(t, lockout.AdviceUseRecoveryCode, last.Advice[0])

	n, ok := lockout.NoticeOf(lockout.Decision{Outcome: lockout.FailedDisabled}, lockout.Password, lockout.Trusted, "", now)
	assert.True(t, ok)
	assert.Equal(t, lockout.AdviceResetPassword, n.Advice[0])
}
