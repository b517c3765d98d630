package lockout_test

import (
	"encoding/json"
	"testing"

	"github.com/okpay/okpay-go/okpay/lockout"
)

func BenchmarkReserve(b *testing.B) {
	s, now := after(7)
	arrival := lockout.Arrive(s, now)
	b.ReportAllocs()
	for b.Loop() {
		lockout.Reserve(s, lockout.Policy{}, arrival, now)
	}
}

func BenchmarkStateJSON(b *testing.B) {
	s, now := after(7)
	s, _ = lockout.Clear(s, lockout.ByProof, now)
	b.ReportAllocs()
	for b.Loop() {
		data, _ := json.Marshal(s)
		var read lockout.State
		if json.Unmarshal(data, &read) != nil {
			b.Fatal("a State that cannot be read")
		}
	}
}

func BenchmarkThrottle(b *testing.B) {
	var s lockout.Throttle
	b.ReportAllocs()
	for b.Loop() {
		next, ticket, _ := s.Reserve(lockout.ThrottlePolicy{}, at(0))
		s = next.Return(lockout.ThrottlePolicy{}, ticket)
	}
}

func BenchmarkKeys(b *testing.B) {
	keys := newKeys(b, canary)
	b.ReportAllocs()
	for b.Loop() {
		keys.Counter("customer", lockout.Password, lockout.Untrusted)
	}
}

func BenchmarkParseAddress(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := lockout.ParseAddress("[2001:db8::1]:443"); err != nil {
			b.Fatal(err)
		}
	}
}
