package lockout_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/lockout"
)

func TestJSONThatNoStateWasWrittenTo(t *testing.T) {
	for name, text := range map[string]string{
		"no object":                     `[]`,
		"cut off":                       `{"failures":`,
		"failures below nothing":        `{"failures":-1,"version":1}`,
		"failures beyond the ceiling":   `{"failures":101,"version":101}`,
		"failures that overflow":        `{"failures":1e400}`,
		"more locks than failures":      `{"failures":1,"level":2,"locked_until":"2026-01-01T00:00:00Z"}`,
		"a lock without an end":         `{"failures":5,"level":1}`,
		"an end without a lock":         `{"failures":5,"locked_until":"2026-01-01T00:00:00Z"}`,
		"disabled after nothing":        `{"disabled":true}`,
		"a time that is none":           `{"failures":5,"level":1,"locked_until":"soon"}`,
		"a time before the calendar":    `{"version":2,"generation":1,"cleared_at":"0001-01-01T00:00:00+14:00"}`,
		"an end before the calendar":    `{"failures":5,"level":1,"locked_until":"0001-01-01T00:00:00+14:00"}`,
		"more clearings than changes":   `{"generation":1}`,
		"a reset of no generation":      `{"version":3,"generation":1,"reset":2}`,
		"a version that is not exact":   `{"version":9007199254740993}`,
		"a counter before the first":    `{"version":3,"before":{"failures":1}}`,
		"a damaged counter before":      `{"version":3,"generation":1,"before":{"failures":-1}}`,
		"a version below nothing":       `{"version":-1}`,
		"a number that is no whole one": `{"failures":1.5}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := lockout.State{Version: 7}
			err := json.Unmarshal([]byte(text), &s)
			require.Error(t, err)
			assert.Equal(t, lockout.State{Version: 7}, s, "nothing is read")
			var syntax *json.SyntaxError
			if !errors.As(err, &syntax) { // which json finds before it asks
				assert.ErrorIs(t, err, lockout.ErrState)
			}
		})
	}
}

func FuzzState(f *testing.F) {
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"failures":5,"level":1,"locked_until":"2026-01-01T01:00:00+01:00","version":5}`))
	f.Add([]byte(`{"version":9,"generation":2,"reset":1,"cleared_at":"9999-12-31T23:59:59Z","before":{"failures":50,"level":45,"locked_until":"2026-01-01T00:00:00Z","disabled":true}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s lockout.State
		if json.Unmarshal(data, &s) != nil {
			return
		}
		require.NoError(t, s.Check())
		written(t, s)
		now := at(1_800_000_000)
		next, ticket, d := lockout.Reserve(s, lockout.Policy{}, lockout.Arrive(s, now), now)
		if !d.Admitted() {
			require.Equal(t, s, next)
			return
		}
		written(t, next)
		require.Equal(t, s.Failures+1, next.Failures)
		right, _ := lockout.Succeed(next, ticket, now)
		if right.Version <= 1<<53 {
			written(t, right)
		}
	})
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{
		"", "unknown", "192.0.2.1", "192.0.2.1:443", "::ffff:192.0.2.1", "[2001:db8::1%eth0]:1", "fe80::1%x", "::", "0.0.0.0",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := lockout.ParseAddress(text)
		if err != nil {
			require.ErrorIs(t, err, lockout.ErrAddress)
			require.Equal(t, lockout.Address{}, a)
			return
		}
		require.True(t, a.Known())
		shown, _, _ := strings.Cut(a.String(), "/")
		again, err := lockout.ParseAddress(shown)
		require.NoError(t, err)
		require.Equal(t, a, again, "normalising twice changes nothing")
		require.NotContains(t, a.String(), "%")
		addr, err := netip.ParseAddr(shown)
		require.NoError(t, err)
		require.False(t, addr.Is4In6())
	})
}
