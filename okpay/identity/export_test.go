package identity

import (
	"context"
	"sync/atomic"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
	"github.com/okpay/okpay-go/okpay/password"
)

// Guess is a guess as tests make one.
type Guess struct {
	Customer      okpay.CustomerID
	Shadow        string
	Authenticator lockout.Authenticator
	Trusted       bool
	Client        Client
	Known         bool
	Dummy         func(context.Context) error
	Settle        func(d *okpay.Draft, failures int) error
}

// Attempt is attempt.
func (x *Identity) Attempt(ctx context.Context, g Guess, verify func(context.Context) (bool, error)) error {
	return x.attempt(ctx, guess{
		customer: g.Customer, shadow: g.Shadow, authenticator: g.Authenticator, trusted: g.Trusted,
		client: g.Client, known: g.Known, dummy: g.Dummy, settle: g.Settle,
	}, verify)
}

// NotVerified is notVerified.
func NotVerified(err error) error { return notVerified(err) }

// ClearLocks is clearLocks.
func (x *Identity) ClearLocks(d *okpay.Draft, c okpay.CustomerID, why lockout.Cause, which ...lockout.Authenticator) (bool, error) {
	return x.clearLocks(d, c, why, which...)
}

// Locks is locks.
func (x *Identity) Locks(r okpay.Reader, c okpay.CustomerID) ([]LockedAuthenticator, error) {
	return x.locks(r, c, x.w.Now())
}

// Counting has hashes counted.
func (x *Identity) Counting() *Hashes {
	h := &Hashes{hasher: x.hasher}
	x.hasher = h
	return h
}

// Hashes counts hashes of passwords.
type Hashes struct {
	hasher
	N       atomic.Int64 // all
	Checked atomic.Int64 // of passwords against a stored hash
}

func (h *Hashes) Hash(ctx context.Context, p password.Password) (string, error) {
	h.N.Add(1)
	return h.hasher.Hash(ctx, p)
}

func (h *Hashes) Verify(ctx context.Context, hash string, p password.Password) (bool, bool, error) {
	h.N.Add(1)
	h.Checked.Add(1)
	return h.hasher.Verify(ctx, hash, p)
}

func (h *Hashes) VerifyUnknown(ctx context.Context, p password.Password) error {
	h.N.Add(1)
	return h.hasher.VerifyUnknown(ctx, p)
}

// Memory is what hashing has.
func (x *Identity) Memory() password.Memory { return x.hasher.Memory() }

// FixedFactor is a second factor that everybody has, or nobody.
type FixedFactor struct {
	x        *Identity
	Enrolled bool
	Code     string
	Verified atomic.Int64
}

// WithFactor makes sign-in ask for a second factor with one code that is always right.
func (x *Identity) WithFactor(code string) *FixedFactor {
	f := &FixedFactor{x: x, Enrolled: true, Code: code}
	x.second = f
	return f
}

func (f *FixedFactor) enrolled(okpay.Reader, okpay.CustomerID) (bool, error) { return f.Enrolled, nil }

func (f *FixedFactor) verify(ctx context.Context, in factorGuess) error {
	g := guess{
		customer: in.customer, trusted: in.trusted, client: in.client, known: in.known,
		authenticator: lockout.OneTimeCode, settle: in.settle,
	}
	return f.x.attempt(ctx, g, func(context.Context) (bool, error) {
		f.Verified.Add(1)
		return in.code == f.Code, nil
	})
}

// Prepare judges a new password and returns what writes it down.
func (x *Identity) Prepare(ctx context.Context, id okpay.CustomerID, p password.Password) (set func(*okpay.Draft) error, err error) {
	n, err := x.preparePassword(ctx, id, p)
	return func(d *okpay.Draft) error {
		_, err := x.setPassword(d, id, n, change{entry: okpay.AuditEntry{Actor: "program", Action: "password.reset"}})
		return err
	}, err
}

// SplitToken is splitToken.
func SplitToken(text, prefix string) (id string, digest []byte) {
	return splitToken(NewSecret(text), prefix)
}

// NewToken is newToken.
func (x *Identity) NewToken(id string) (Secret, []byte, error) { return x.newToken(id) }

// ClientFacts is Client.facts.
func ClientFacts(c Client) map[string]string { return c.facts() }

// LockKey is the id of the lock of a name that nobody has.
func (x *Identity) LockKey(shadow string) string {
	return x.lockKey("", shadow, lockout.Password, false)
}
