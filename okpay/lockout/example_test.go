package lockout_test

import (
	"fmt"
	"time"

	"github.com/okpay/okpay-go/okpay/lockout"
)

// A program keeps counters in a store that swaps only what has not changed. The attempt is
// stored before the secret is looked at.
func Example() {
	var stored lockout.State // of this account, password, untrusted devices
	swap := func(version uint64, next lockout.State) bool {
		if stored.Version != version {
			return false
		}
		stored = next
		return true
	}
	signIn := func(password string, now time.Time) lockout.Decision {
		seen := stored
		arrival := lockout.Arrive(seen, now) // before waiting for anything
		for {
			next, ticket, d := lockout.Reserve(seen, lockout.Policy{}, arrival, now)
			if !d.Admitted() {
				return d
			}
			if !swap(seen.Version, next) {
				seen = stored
				continue
			}
			if password != "correct horse" {
				_, d = lockout.Fail(stored, ticket)
				return d
			}
			for {
				seen = stored
				next, d = lockout.Succeed(seen, ticket, now)
				if next == seen || swap(seen.Version, next) {
					return d
				}
			}
		}
	}

	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	for range 5 {
		fmt.Println(signIn("guess", now))
	}
	fmt.Println(signIn("correct horse", now.Add(10*time.Second)))
	fmt.Println(signIn("correct horse", now.Add(30*time.Second)))
	// Output:
	// failed
	// failed
	// failed
	// failed
	// failed_now_locked_30s
	// refused_locked
	// success
}

// How long the locks are, and how long an attacker who never pauses takes to wear out an
// authenticator.
func ExamplePolicy_Wait() {
	var p lockout.Policy
	var total time.Duration
	for level := 1; level <= 45; level++ {
		if level <= 8 {
			fmt.Print(p.Wait(level), " ")
		}
		total += p.Wait(level)
	}
	fmt.Println("in all", total)
	// Output:
	// 30s 1m0s 2m0s 4m0s 8m0s 16m0s 32m0s 1h0m0s in all 39h3m30s
}

// An attempt that came in before a success has no part in it.
func ExampleReserve() {
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	var s lockout.State
	guess := lockout.Arrive(s, now) // with hundreds of others
	for range 4 {
		s, _, _ = lockout.Reserve(s, lockout.Policy{}, guess, now)
	}
	s, right, _ := lockout.Reserve(s, lockout.Policy{}, lockout.Arrive(s, now), now)
	s, d := lockout.Succeed(s, right, now)
	fmt.Println(d, s.Failures)

	_, _, d = lockout.Reserve(s, lockout.Policy{}, guess, now)
	fmt.Println("came before:", d)
	_, _, d = lockout.Reserve(s, lockout.Policy{}, lockout.Arrive(s, now), now)
	fmt.Println("comes after:", d)
	// Output:
	// success 0
	// came before: refused_locked
	// comes after: admitted
}

// A finished identity proof opens a lock; an authenticator that is disabled needs a reset.
func ExampleClear() {
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	var s lockout.State
	for s.Failures < 50 {
		s, _, _ = lockout.Reserve(s, lockout.Policy{}, lockout.Arrive(s, now), now)
		if s.Level > 0 {
			now = s.LockedUntil
		}
	}
	_, d := lockout.Clear(s, lockout.ByProof, now)
	fmt.Println(d)
	s, d = lockout.Clear(s, lockout.ByReset, now)
	fmt.Println(d, s.Status(lockout.Policy{}, now))
	// Output:
	// refused_disabled
	// unlocked_reset open
}

// A risk lock is lifted by two independent proofs, and then the password is changed.
func ExampleAccount_Apply() {
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	var a lockout.Account
	for _, e := range []lockout.Event{
		{Kind: lockout.EventUserReport},
		{Kind: lockout.EventProof, Proof: lockout.ProofEmail, Lock: 1},
		{Kind: lockout.EventProof, Proof: lockout.ProofEmail, Lock: 1},
		{Kind: lockout.EventProof, Proof: lockout.ProofTOTP, Lock: 1},
		{Kind: lockout.EventPasswordChanged},
	} {
		var answer lockout.Answer
		var effects []lockout.Effect
		a, answer, effects = a.Apply(e, now)
		fmt.Println(answer, effects)
	}
	// Output:
	// locked [end_sessions suspend_money_out tell_customer open_urgent_case]
	// counted []
	// refused_dependent []
	// must_change [allow_only_password_change tell_customer]
	// opened [raise_epoch resume_money_out hold_withdrawals_24h tell_customer offer_second_factor]
}

// One address that tries one password on many accounts is slowed down; none of the
// accounts is locked.
func ExampleThrottle() {
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	policy := lockout.ThrottlePolicy{Limit: 20, Window: 10 * time.Minute}
	var s lockout.Throttle // stored under keys.Address(address)
	for n := range 100 {
		next, _, d := s.Reserve(policy, now)
		if !d.Admitted() {
			fmt.Println("after", n, "accounts:", d, "for", d.Wait)
			break
		}
		s = next // swap it in, then ask the account's own counter
	}
	// Output:
	// after 20 accounts: refused_throttled for 10m30s
}

func ExampleParseAddress() {
	for _, text := range []string{"203.0.113.9:51000", "::ffff:203.0.113.9", "2001:db8:1:2:3::4", "nonsense"} {
		a, err := lockout.ParseAddress(text)
		fmt.Println(a, err)
	}
	// Output:
	// 203.0.113.9 <nil>
	// 203.0.113.9 <nil>
	// 2001:db8:1:2::/64 <nil>
	// unknown lockout: not a network address
}

// A name that no account has is counted like any other.
func ExampleKeys() {
	keys, err := lockout.NewKeys([]byte("32 random bytes, kept with others"))
	if err != nil {
		fmt.Println(err)
		return
	}
	known := keys.Counter("cus_1", lockout.Password, lockout.Untrusted)
	unknown := keys.Shadow("nobody@example.com", lockout.Password, lockout.Untrusted)
	fmt.Println(len(known), len(unknown), known == unknown)
	// Output:
	// 64 64 false
}

// The owner is told of a lock, with what to do, at most once a day.
func ExampleNoticeOf() {
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	var s lockout.State
	var d lockout.Decision
	for range 5 {
		var ticket lockout.Ticket
		s, ticket, _ = lockout.Reserve(s, lockout.Policy{}, lockout.Arrive(s, now), now)
		_, d = lockout.Fail(s, ticket)
	}
	var lastTold time.Time
	if n, ok := lockout.NoticeOf(d, lockout.Password, lockout.Untrusted, "Lisbon", now); ok && lockout.NotifyDue(lastTold, now) {
		fmt.Println(n.Reason, n.At.Format(time.TimeOnly), n.Until.Format(time.TimeOnly), n.Place)
		fmt.Println(n.Advice)
	}
	// Output:
	// too_many_failures 12:00:00 12:00:30 Lisbon
	// [wait verify_identity change_password enable_second_factor contact_support]
}

// What a customer is shown of an account is the worst of all that stands against it.
func ExampleWorst() {
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	var password, code lockout.State
	for range 5 {
		code, _, _ = lockout.Reserve(code, lockout.TOTP(), lockout.Arrive(code, now), now)
	}
	fmt.Println(lockout.Worst(
		password.Status(lockout.Policy{}, now), code.Status(lockout.TOTP(), now), lockout.StatusOpen,
	))
	// Output:
	// locked
}
