package identity

import (
	"context"
	"errors"
	"time"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// guess is one try at a secret of somebody's.
type guess struct {
	customer okpay.CustomerID
	shadow   string // a normalised name that no customer has, instead of customer

	authenticator lockout.Authenticator
	trusted       bool // by a device that the customer trusts
	client        Client

	// known says that whoever tries is signed in, so that a lock may be told as one.
	known bool
	// dummy is the work of verify for nothing: what is refused must not be quicker.
	dummy func(context.Context) error
	// settle is drafted into the Change that resolves a try that was right, and may make it
	// wrong with AuthenticationFailed. failures is how many were wrong before it.
	settle func(d *okpay.Draft, failures int) error
	// failed is drafted into the Change that resolves a try that was wrong.
	failed func(d *okpay.Draft, decision lockout.Decision) error
	// action is the name in the audit of a try that was wrong. Defaults to "guess.fail".
	action string
}

// try is a guess that is counted.
type try struct {
	guess
	key      string // of the lock
	address  string // of the throttle, "" for none
	arrival  lockout.Arrival
	before   lockout.State // what the reservation was made on
	ticket   lockout.Ticket
	returns  lockout.ThrottleTicket
	decision lockout.Decision
}

// attempt is the one way to verify a guess. It counts the guess in a Change, then has it
// verified, and then resolves it in a second Change, so that parallel guesses, in however many
// processes, gain nothing over ones made one after the other, and a crash never gives one back.
//
// verify reports whether the guess is right. Its error ends the attempt without an answer and
// leaves the guess counted, unless it is of notVerified.
//
// Errors: AuthenticationFailed for every guess that is wrong or refused, always with the same
// text; TooManyTries for too many from one address, or, with guess.known, instead of a refusal
// by a lock; those of verify and settle; ServiceBusy; the context's.
func (x *Identity) attempt(ctx context.Context, g guess, verify func(context.Context) (bool, error)) error {
	ctx = okpay.WithoutActor(ctx)
	t, err := x.reserve(ctx, g)
	if err != nil {
		return err
	}
	if !t.decision.Admitted() {
		if g.dummy != nil {
			if err := g.dummy(ctx); err != nil {
				return err
			}
		}
		if err := x.noteRefused(ctx, t); err != nil {
			return err
		}
		return t.refusal()
	}
	right, err := verify(ctx)
	var none *unverified
	switch {
	case errors.As(err, &none):
		return first(x.giveBack(ctx, t), none.err)
	case err != nil:
		return err
	case right:
		if err = x.succeed(ctx, t); !errors.Is(err, okpay.AuthenticationFailed) {
			return err
		}
	}
	if err := x.fail(ctx, t); err != nil {
		return err
	}
	return wrong()
}

// wrong is the answer to every guess that is not right, whatever was wrong with it.
func wrong() error { return okpay.NewError(okpay.AuthenticationFailed, "") }

// unverified is the error of a verification that came to no answer at all.
type unverified struct{ err error }

func (u *unverified) Error() string { return u.err.Error() }
func (u *unverified) Unwrap() error { return u.err }

// notVerified marks an error of a verification that has not looked at the guess: it is not
// counted, since a service that is busy must not lock its customers out.
func notVerified(err error) error { return &unverified{err} }

// refusal is the answer to a guess that was not verified.
func (t *try) refusal() error {
	if !t.known {
		return wrong()
	}
	return tooMany(t.decision.Until)
}

func tooMany(until time.Time) error {
	e := okpay.NewError(okpay.TooManyTries, "")
	if !until.IsZero() {
		e.ResetsAt = &until
	}
	return e
}

// reserve counts a guess before it is verified. The address is asked first: what it refuses
// does not count against an account. A device that the customer trusts can guess at its own
// customer alone, so its address is not counted.
func (x *Identity) reserve(ctx context.Context, g guess) (*try, error) {
	t := &try{guess: g, key: x.lockKey(g.customer, g.shadow, g.authenticator, g.trusted)}
	if a, ok := g.client.throttled(); ok && !g.trusted {
		t.address = x.counters.Address(a)
	}
	at := x.w.Now()
	var seen lockDoc
	if err := x.w.Read(ctx, "lock", t.key, &seen); err != nil && !errors.Is(err, okpay.NotFound) {
		return nil, err
	}
	t.arrival = lockout.Arrive(seen.State, at)
	return t, x.counting(ctx, t, "attempt.reserve", func(d *okpay.Draft) error {
		throttle, lock := throttleDoc{Key: t.address}, x.newLock(t)
		if t.address != "" {
			if err := optional(d.Read("throttle", t.address, &throttle)); err != nil {
				return err
			}
			var decision lockout.Decision
			throttle.Throttle, t.returns, decision = throttle.Reserve(x.cfg.Throttle, d.Now())
			if !decision.Admitted() {
				return tooMany(decision.Until)
			}
			d.Put(throttle.put(x.cfg.Throttle))
		}
		if err := optional(d.Read("lock", t.key, lock)); err != nil {
			return err
		}
		t.before = lock.State
		lock.State, t.ticket, t.decision = lockout.Reserve(lock.State, x.policy(g.authenticator), t.arrival, d.Now())
		d.Put(lock.put())
		return nil
	})
}

// succeed resolves a guess that was right.
func (x *Identity) succeed(ctx context.Context, t *try) error {
	return x.counting(ctx, t, "attempt.succeed", func(d *okpay.Draft) error {
		lock := x.newLock(t)
		if err := d.Read("lock", t.key, lock); err != nil {
			return err
		}
		var decision lockout.Decision
		lock.State, decision = lockout.Succeed(lock.State, t.ticket, d.Now())
		if decision.Outcome != lockout.Success {
			return wrong()
		}
		d.Put(lock.put())
		if err := x.returnAddress(d, t); err != nil || t.settle == nil {
			return err
		}
		return t.settle(d, decision.Failures)
	})
}

// fail resolves a guess that was wrong. Whoever guesses can not keep the customer from being
// told by going away.
func (x *Identity) fail(ctx context.Context, t *try) error {
	ctx, stop := staying(ctx)
	defer stop()
	return x.counting(ctx, t, "attempt.fail", func(d *okpay.Draft) error {
		lock := x.newLock(t)
		if err := d.Read("lock", t.key, lock); err != nil {
			return err
		}
		var decision lockout.Decision
		lock.State, decision = lockout.Fail(lock.State, t.ticket)
		lock.Wrong++
		if decision.Outcome == lockout.FailedLocked || decision.Outcome == lockout.FailedDisabled {
			lock.Locks++
		}
		d.Put(lock.put())
		if t.customer == "" {
			d.Put(t.shadowed(d.Now()))
			return nil // nobody to tell
		}
		if err := x.tellFailure(d, t, decision); err != nil || t.failed == nil {
			return err
		}
		return t.failed(d, decision)
	})
}

// noteRefused is the second Change of a guess that was refused: all guesses cost the same.
func (x *Identity) noteRefused(ctx context.Context, t *try) error {
	ctx, stop := staying(ctx)
	defer stop()
	return x.counting(ctx, t, "attempt.refuse", func(d *okpay.Draft) error {
		lock := x.newLock(t)
		if err := d.Read("lock", t.key, lock); err != nil {
			return err
		}
		lock.Refused++
		d.Put(lock.put())
		return nil
	})
}

// giveBack uncounts a guess that nobody has looked at.
func (x *Identity) giveBack(ctx context.Context, t *try) error {
	ctx, stop := staying(ctx)
	defer stop()
	return x.counting(ctx, t, "attempt.give_back", func(d *okpay.Draft) error {
		lock := x.newLock(t)
		if err := d.Read("lock", t.key, lock); err != nil {
			return err
		}
		lock.giveBack(t)
		d.Put(lock.put())
		return x.returnAddress(d, t)
	})
}

// returnAddress takes a guess out of what its address is counted for.
func (x *Identity) returnAddress(d *okpay.Draft, t *try) error {
	if t.address == "" {
		return nil
	}
	throttle := throttleDoc{Key: t.address}
	if err := optional(d.Read("throttle", t.address, &throttle)); err != nil {
		return err
	}
	throttle.Throttle = throttle.Return(x.cfg.Throttle, t.returns)
	d.Put(throttle.put(x.cfg.Throttle))
	return nil
}

// counting commits a Change of a guess's counters. A store that lets others go first is asked
// again: who guesses gets an answer, and the same one whoever the guess is about.
func (x *Identity) counting(ctx context.Context, t *try, operation string, fn func(*okpay.Draft) error) error {
	for _, key := range []string{t.address, t.key} { // always in this order
		if key == "" {
			continue
		}
		done, err := x.turns.take(ctx, key)
		if err != nil {
			return err
		}
		defer done()
	}
	var err error
	for range busyTries {
		_, err = x.w.Do(ctx, okpay.Act{Principal: "program", Operation: operation}, fn)
		if !errors.Is(err, okpay.ServiceBusy) {
			break
		}
	}
	return err
}

const (
	busyTries  = 5
	stayingFor = 30 * time.Second
)

// staying is a context for what is finished although the caller has gone.
func staying(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), stayingFor)
}

// optional makes nothing of a record that is not there.
func optional(err error) error {
	if errors.Is(err, okpay.NotFound) {
		return nil
	}
	return err
}
