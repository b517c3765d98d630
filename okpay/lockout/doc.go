// Package lockout limits guessing. It decides whether an attempt with a password or a code
// may be verified, and keeps count of those that were wrong, so that an attacker gains
// nothing from trying in parallel, from many processes, or from crashes.
//
// It is pure: values go in and come out, and the caller stores them and hands in the time.
// It uses the standard library only, and a program without a wallet can use it alone.
//
// # One counter
//
// A [State] counts for one account, one [Authenticator] and one [Bucket] (devices the owner
// trusts, and all others), so that a stranger's guesses do not lock out the owner's own
// device. Its zero value is a counter that was never used. A [Policy] says how many
// failures lock and for how long; its zero value is the usual one.
//
//   - [Arrive] notes what the counter was when the request came in.
//   - [Reserve] counts the attempt. The caller stores the next State by compare-and-swap of
//     State.Version, and only then verifies the secret. If the swap fails, it reads again
//     and calls Reserve again with the same Arrival.
//   - [Succeed] or [Fail] resolves the [Ticket]. Only Succeed changes the State.
//
// Reserving counts the attempt before it is checked: a crash between the two may cost the
// user one attempt, and must never give the attacker one back. A reserved attempt counts as
// failed until it has succeeded. A lock therefore begins when the attempt that leads to it
// is reserved, and while the one attempt that a lock's end lets through is being verified,
// the next level's lock already refuses all others. A verification that takes longer than
// that lock does not hold up the next attempt.
//
// A success clears the counter only for those that arrive after it. Attempts that had
// arrived before count against the counter as it was, so one right guess among two hundred
// in parallel does not admit more than the five that would have been admitted anyway.
//
// # Account, address, unknown names
//
// [Account] is the lock for reasons of security, which no attempt opens. [Throttle] slows
// down one network address ([Address]) whatever accounts it tries, and locks none. [Keys]
// derives the names under which counters are stored, so that neither names nor addresses
// stand in a store and an unknown name has a counter like any other.
package lockout
