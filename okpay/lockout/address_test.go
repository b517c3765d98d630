package lockout_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/lockout"
)

func TestAddressesThatAreOneClient(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"IPv4", "192.0.2.1", "192.0.2.1"},
		{"IPv4 with a port", "192.0.2.1:5060", "192.0.2.1"},
		{"IPv4 written as IPv6", "::ffff:192.0.2.1", "192.0.2.1"},
		{"IPv4 written as IPv6 in hexadecimal", "::ffff:c000:201", "192.0.2.1"},
		{"IPv4 written as IPv6, with a zone and a port", "[::ffff:192.0.2.1%eth0]:80", "192.0.2.1"},
		{"IPv6", "2001:db8::1", "2001:db8::/64"},
		{"IPv6 in the same subnet", "2001:DB8:0:0:ffff:ffff:ffff:ffff", "2001:db8::/64"},
		{"IPv6 in the subnet beside it", "2001:db8:0:1::1", "2001:db8:0:1::/64"},
		{"IPv6 with a port", "[2001:db8::1]:443", "2001:db8::/64"},
		{"IPv6 with a zone", "fe80::1%eth0", "fe80::/64"},
		{"the host itself", "::1", "::/64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := lockout.ParseAddress(c.text)
			require.NoError(t, err)
			assert.Equal(t, c.want, a.String())
			assert.True(t, a.Known())
		})
	}
	for name, text := range map[string]string{
		"nothing": "", "a name": "example.com", "a name and a port": "localhost:80", "too large": "192.0.2.256",
		"leading zeros": "192.0.2.010", "a port alone": ":443", "several": "192.0.2.1, 192.0.2.2", "a subnet": "192.0.2.0/24",
		"a line break": "192.0.2.1\r\n", "brackets without a port": "[::1]", "a socket's path": "@",
	} {
		t.Run("no address: "+name, func(t *testing.T) {
			a, err := lockout.ParseAddress(text)
			require.ErrorIs(t, err, lockout.ErrAddress)
			assert.Equal(t, lockout.Address{}, a)
			assert.Equal(t, "unknown", a.String())
			assert.False(t, a.Known())
		})
	}
	assert.Equal(t, lockout.Address{}, lockout.AddressFrom(netip.Addr{}))
}

// attempts lets an address try so often at one time, and counts what was admitted.
func attempts(t *testing.T, s *lockout.Throttle, p lockout.ThrottlePolicy, n int, now time.Time) (admitted int) {
	t.Helper()
	for range n {
		next, _, d := s.Reserve(p, now)
		if d.Admitted() {
			admitted++
		} else {
			require.Equal(t, *s, next)
			require.Equal(t, lockout.RefusedThrottled, d.Outcome)
			require.Equal(t, d.Wait, d.Until.Sub(now))
		}
		*s = next
	}
	return admitted
}

func TestAnAddressThatFailsTooOftenIsSlowedDown(t *testing.T) {
	p := lockout.ThrottlePolicy{Limit: 10, Window: 100 * time.Second}
	var s lockout.Throttle
	assert.Equal(t, 10, attempts(t, &s, p, 30, at(1000)), "whatever accounts they are for")
	assert.Zero(t, attempts(t, &s, p, 30, at(1099)))
	_, _, d := s.Reserve(p, at(1000))
	assert.Equal(t, 110*time.Second, d.Wait, "a tenth of the failures has left the window then")
	assert.Zero(t, attempts(t, &s, p, 5, at(1109)))
	assert.Equal(t, 1, attempts(t, &s, p, 5, at(1110)))
	assert.Equal(t, 4, attempts(t, &s, p, 9, at(1150)))
	assert.Equal(t, 10, attempts(t, &s, p, 30, at(2000)), "after two windows without any it is as new")
}

func TestASuccessCostsNothingAndForgivesNoOther(t *testing.T) {
	p := lockout.ThrottlePolicy{Limit: 3, Window: 100 * time.Second}
	var s lockout.Throttle
	for range 50 {
		next, ticket, d := s.Reserve(p, at(1000))
		require.True(t, d.Admitted())
		s = next.Return(p, ticket)
	}
	assert.Zero(t, s.Count)

	assert.Equal(t, 2, attempts(t, &s, p, 2, at(1000)))
	mine, ticket, d := s.Reserve(p, at(1001))
	require.True(t, d.Admitted())
	late := mine
	assert.Zero(t, attempts(t, &late, p, 3, at(1001)), "what is being verified counts")

	returned := mine.Return(p, ticket)
	assert.Equal(t, 2, returned.Count, "the failures before it stay")
	assert.Equal(t, returned, returned.Return(p, lockout.ThrottleTicket{}), "no ticket, nothing back")

	// In the next window it is taken from where it was counted.
	assert.Equal(t, 1, attempts(t, &mine, p, 1, at(1190)))
	assert.Equal(t, 3, mine.Before)
	returned = mine.Return(p, ticket)
	assert.Equal(t, 2, returned.Before)
	assert.Equal(t, 1, returned.Count)

	// A Throttle that was lost and begun anew has nothing to give back.
	anew, _, _ := lockout.Throttle{}.Reserve(p, at(1000))
	assert.Equal(t, anew, anew.Return(p, ticket))

	// And two windows later it is forgotten.
	assert.Equal(t, 1, attempts(t, &mine, p, 1, at(5000)))
	assert.Equal(t, mine, mine.Return(p, ticket))
}

func TestWhenAThrottledAddressMayTryAgain(t *testing.T) {
	for limit := 1; limit <= 7; limit++ {
		for beforehand := range 3 {
			p := lockout.ThrottlePolicy{Limit: limit, Window: 97 * time.Second}
			var s lockout.Throttle
			now := at(1000)
			for range beforehand {
				attempts(t, &s, p, limit/2+1, now)
				now = now.Add(83 * time.Second)
			}
			attempts(t, &s, p, 20, now)
			_, _, d := s.Reserve(p, now)
			require.Equal(t, lockout.RefusedThrottled, d.Outcome)
			_, _, early := s.Reserve(p, d.Until.Add(-1))
			require.False(t, early.Admitted(), "limit %d: a moment before", limit)
			_, _, then := s.Reserve(p, d.Until)
			require.True(t, then.Admitted(), "limit %d: at that time", limit)
		}
	}
}

func TestAThrottleWithAClockThatGoesBackAndDamage(t *testing.T) {
	p := lockout.ThrottlePolicy{Limit: 2, Window: time.Minute}
	var s lockout.Throttle
	attempts(t, &s, p, 2, at(1000))
	_, _, d := s.Reserve(p, at(400))
	assert.Equal(t, lockout.RefusedThrottled, d.Outcome)
	assert.Equal(t, at(1090), d.Until)
	assert.Equal(t, 690*time.Second, d.Wait)

	for name, broken := range map[string]lockout.Throttle{
		"less than nothing": {Version: 1, Count: -5}, "less than nothing before": {Version: 1, Before: -5},
		"beyond every limit": {Version: 1, Count: 1 << 40}, "the last version": {Version: 1 << 53},
	} {
		next, _, d := broken.Reserve(p, at(0))
		assert.Equal(t, lockout.RefusedInvalid, d.Outcome, name)
		assert.Equal(t, broken, next)
		assert.Equal(t, broken, broken.Return(p, lockout.ThrottleTicket{Version: 1}))
	}
	for name, policy := range map[string]lockout.ThrottlePolicy{
		"no limit": {Limit: -1}, "a limit beyond bounds": {Limit: 100_001},
		"no window": {Window: -1}, "a short window": {Window: 1}, "a long window": {Window: 25 * time.Hour},
	} {
		assert.ErrorIs(t, policy.Check(), lockout.ErrPolicy, name)
		_, _, d := lockout.Throttle{}.Reserve(policy, at(0))
		assert.Equal(t, lockout.RefusedInvalid, d.Outcome, name)
	}
	assert.NoError(t, lockout.ThrottlePolicy{}.Check())
	largest := lockout.ThrottlePolicy{Limit: 100_000, Window: 24 * time.Hour}
	require.NoError(t, largest.Check())
	full := lockout.Throttle{Version: 1, Start: at(0), Count: 100_000, Before: 100_000}
	_, _, d = full.Reserve(largest, at(0))
	assert.Equal(t, at(0).Add(24*time.Hour+864*time.Millisecond), d.Until)
}
