package identity

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
	"github.com/okpay/okpay-go/okpay/password"
	"github.com/okpay/okpay-go/okpay/totp"
)

// Config says how customers prove who they are. The zero value works in Test mode.
type Config struct {
	// Keys protect what identity stores: the first is used for what is new, the others still
	// open what was made under them. The last one also names the counters of guesses, and is kept
	// when others are dropped: without it all locks, and what the hard cap has disabled, begin anew.
	// Each process of a wallet has the same. In Test mode defaults to one drawn at New, which is
	// gone with the process, and with it what was sealed in a store that stays; in Live mode at
	// least one is required.
	Keys []Key

	// WithdrawalHold is how long withdrawals wait after a reset or a change of factors.
	// Defaults to 24 hours.
	WithdrawalHold time.Duration

	// Issuer is the service's name in authenticator apps, at most totp.MaxIssuerBytes of
	// printable text without a colon. Defaults to "OKPay".
	Issuer string

	// Lockout says when guesses at passwords, sent codes and answers are refused, CodeLockout
	// when those at one-time and recovery codes are (defaults to lockout.TOTP()), and Throttle
	// how many failures one network address may make.
	Lockout     lockout.Policy
	CodeLockout lockout.Policy
	Throttle    lockout.ThrottlePolicy

	// Sends bounds how often codes and links are sent for one customer or name, and to one
	// contact: 60 s from one to the next, 3 in 15 minutes and 10 in a day unless told. SendsByAddress
	// does for one network address, which many may share: 30 in 15 minutes and 300 in a day unless
	// told (its Gap is not used).
	Sends          SendLimit
	SendsByAddress SendLimit
	// TellNoAccount sends a message to a contact that is nobody's when somebody asks for a code
	// or a reset by it. Defaults to sending nothing.
	TellNoAccount bool
	// SecondProof are the purposes that ask for a second, independent proof. The lock of an
	// account for reasons of security asks for one always.
	SecondProof []Purpose
	// Questions lets customers answer security questions as a second proof. They prove little,
	// so it is off unless set.
	Questions bool
	// OnRiskLock is called inside each Change that locks an account for reasons of security: the
	// place to open a case of the highest priority. It may be called more than once for one
	// Change that has to be tried again, and for a repeat of which nothing comes; what it drafts
	// counts. Its error undoes the lock.
	OnRiskLock func(*okpay.Draft, RiskEvent) error

	// Hashing says how passwords are hashed and how much memory that may take; its Peppers are
	// keys that are kept apart from the store. Policy says which passwords are allowed; its zero
	// value is the guide's. ProductWords are names of the service, of which no password may be
	// made; defaults to "okpay".
	Hashing      password.Config
	Policy       password.Policy
	ProductWords []string

	// SessionIdle is how long a session lasts without use, at least 2 minutes, and SessionLife how
	// long it lasts at all. Default to 30 minutes and 12 hours.
	SessionIdle time.Duration
	SessionLife time.Duration

	// MaxSessions is how many sessions of one customer go on at once, at most 100: one more ends the
	// one that was not used for longest, which the customer sees in their activity. Defaults to 20.
	MaxSessions int

	// DeviceTrust is how long a device is trusted, and MaxDevices how many devices of one
	// customer are, at most 20: one more takes the place of the one trusted longest, which the
	// customer sees in their activity. Default to 90 days and 10.
	DeviceTrust time.Duration
	MaxDevices  int

	// Recent is how long ago somebody may have proven who they are for what asks for it: to
	// trust a device, to change factors. Defaults to 5 minutes.
	Recent time.Duration
}

// Key is 32 random bytes and the name under which what they protect remembers them. It is
// never printed.
type Key struct {
	ID     string // 1 to 16 letters, digits, '_' and '-'
	Secret [32]byte
}

// String names the key without its secret.
func (k Key) String() string { return "Key(" + k.ID + ")" }

// GoString is String.
func (k Key) GoString() string { return k.String() }

// Format prints the name, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(k.String())) }

// MarshalText is the name.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// LogValue is the name.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// Identity is the service. It may be used from any number of goroutines.
type Identity struct {
	w   *okpay.Wallet
	cfg Config

	counters lockout.Keys // names of counters
	turns    turns        // of goroutines at counters
	second   secondFactor // nil while there is none
	hasher   hasher

	contactChecks contactChecks // nil while nothing verifies contacts here
	ring          *totp.Keyring
	support       SupportCheck // nil while nobody checks what operators do

	// verifying is told of each guess that is verified; tests count them.
	verifying func(lockout.Authenticator)
}

// Format prints what it is, whatever the verb: an Identity holds keys.
func (x *Identity) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("identity.Identity")) }

// New returns an Identity over a wallet, which trusts it from now on (see okpay.Wallet.Trust).
// Call it once for each wallet, before the wallet is used. Errors: InvalidRequest for a wrong
// Config.
func New(w *okpay.Wallet, cfg Config) (*Identity, error) {
	if w == nil {
		return nil, okpay.InvalidField("wallet", "is missing")
	}
	if cfg.WithdrawalHold == 0 {
		cfg.WithdrawalHold = 24 * time.Hour
	}
	if cfg.WithdrawalHold < 0 {
		return nil, okpay.InvalidField("withdrawal_hold", "is negative")
	}
	if err := cfg.setKeys(w.Mode()); err != nil {
		return nil, err
	}
	if err := cfg.setLockouts(); err != nil {
		return nil, err
	}
	if err := first(cfg.Sends.complete("sends", sendsTo()), cfg.SendsByAddress.complete("sends_by_address", sendsByAddress())); err != nil {
		return nil, err
	}
	if err := cfg.setSessions(); err != nil {
		return nil, err
	}
	if err := cfg.setIssuer(); err != nil {
		return nil, err
	}
	if cfg.ProductWords == nil {
		cfg.ProductWords = []string{"okpay"}
	}
	if r := cfg.Policy.Rules; r != password.Guide && r != password.NIST {
		return nil, okpay.InvalidField("policy", "has rules that are not there")
	}
	passwords, err := password.NewHasher(cfg.Hashing)
	if err != nil {
		return nil, okpay.InvalidField("hashing", "%s", err)
	}
	x := &Identity{w: w, cfg: cfg, hasher: passwords}
	x.contactChecks = x
	if x.counters, err = lockout.NewKeys(x.stableKey("lockout")); err != nil {
		return nil, err
	}
	if err := x.setRing(); err != nil {
		return nil, err
	}
	x.second, x.verifying = factors{x}, func(lockout.Authenticator) {}
	w.Trust(x)
	w.Also(okpay.Task{Noun: "factor", Do: x.expireApp}, okpay.Task{Noun: "factor_reset", Do: x.resetDue}, okpay.Task{Noun: "step_up", Do: x.stepUpDue})
	w.Also(okpay.Task{Noun: "session", Do: x.sessionDue}, okpay.Task{Noun: "devices", Do: x.devicesDue}, okpay.Task{Noun: "pending", Do: x.pendingDue})
	w.Also(x.proofTasks()...)
	w.Erases(erasures()...)
	return x, nil
}

func (c *Config) setSessions() error {
	for _, d := range []struct {
		field string
		value *time.Duration
		least time.Duration
		usual time.Duration
	}{
		{"session_idle", &c.SessionIdle, 2 * touchEvery, 30 * time.Minute},
		{"session_life", &c.SessionLife, 2 * touchEvery, 12 * time.Hour},
		{"device_trust", &c.DeviceTrust, time.Minute, 90 * 24 * time.Hour},
		{"recent", &c.Recent, time.Second, 5 * time.Minute},
	} {
		if *d.value == 0 {
			*d.value = d.usual
		}
		if *d.value < d.least {
			return okpay.InvalidField(d.field, "is %v, want at least %v", *d.value, d.least)
		}
	}
	for _, n := range []struct {
		field       string
		value       *int
		usual, most int
	}{
		{"max_sessions", &c.MaxSessions, 20, maxSessions},
		{"max_devices", &c.MaxDevices, 10, maxDevices},
	} {
		if *n.value == 0 {
			*n.value = n.usual
		}
		if *n.value < 1 || *n.value > n.most {
			return okpay.InvalidField(n.field, "is %d, want 1 to %d", *n.value, n.most)
		}
	}
	return nil
}

func (c *Config) setLockouts() error {
	if c.CodeLockout == (lockout.Policy{}) {
		c.CodeLockout = lockout.TOTP()
	}
	for field, err := range map[string]error{
		"lockout": c.Lockout.Check(), "code_lockout": c.CodeLockout.Check(), "throttle": c.Throttle.Check(),
	} {
		if err != nil {
			return okpay.InvalidField(field, "%s", err)
		}
	}
	return nil
}

func (c *Config) setKeys(mode okpay.Mode) error {
	if len(c.Keys) == 0 {
		if mode == okpay.Live {
			return okpay.InvalidField("keys", "are missing")
		}
		k := Key{ID: "test"}
		_, _ = rand.Read(k.Secret[:])
		c.Keys = []Key{k}
	}
	seen := map[string]bool{}
	for _, k := range c.Keys {
		if err := okpay.CheckID("keys", k.ID); err != nil {
			return err
		}
		if len(k.ID) > 16 || seen[k.ID] || k.Secret == [32]byte{} {
			return okpay.InvalidField("keys", "have an id that is too long or there twice, or a secret of zeros")
		}
		seen[k.ID] = true
	}
	return nil
}

// key derives a key for one purpose from the one with an id, or from the primary for "". ok is
// false if there is none. (RFC 5869, with the purpose as info.)
func (x *Identity) key(id, purpose string) (derived []byte, of string, ok bool) {
	for _, k := range x.cfg.Keys {
		if id == "" || k.ID == id {
			b, err := hkdf.Key(sha256.New, k.Secret[:], nil, "okpay/identity/v1/"+purpose, 32)
			return b, k.ID, err == nil
		}
	}
	return nil, "", false
}

// stableKey derives a key that stays the same when keys rotate, from the last of Keys: what is
// looked up by its digest (names, addresses) has one digest only.
func (x *Identity) stableKey(purpose string) []byte {
	b, _, _ := x.key(x.cfg.Keys[len(x.cfg.Keys)-1].ID, purpose)
	return b
}

// mac is a keyed digest of parts, none of which can be read as part of another.
func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return h.Sum(nil)
}

// equal compares secrets in constant time.
func equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// changed is what every change of credentials does to a customer: all sessions end but keep,
// if it is given, withdrawals wait, the audit has it, the customer is told by template with the
// facts. It returns the gate, written already.
func (x *Identity) changed(d *okpay.Draft, customer okpay.CustomerID, c change) (*okpay.Gate, error) {
	g, err := d.Gate(customer)
	if err != nil {
		return nil, err
	}
	g.Epoch++
	if c.keep != nil {
		c.keep.Epoch = g.Epoch
		if err := d.Write(c.keep); err != nil {
			return nil, err
		}
	}
	if m := okpay.GateMachine(); c.password && m.Allows(g.State, okpay.ChangePassword) {
		told, err := m.Move(&g.State, string(customer), okpay.ChangePassword, okpay.Always)
		if err != nil {
			return nil, err
		}
		g.ByProof = false
		c.told.Emits, c.told.Mails = append(told.Emits, c.told.Emits...), append(told.Mails, c.told.Mails...)
	}
	if c.hold {
		from := d.Now().Add(x.cfg.WithdrawalHold)
		g.WithdrawalsFrom = &from
	}
	if c.move != nil {
		if err := c.move(g); err != nil {
			return nil, err
		}
	}
	c.entry.Customer, c.entry.Shown = customer, true
	d.Audit(c.entry)
	if c.template != "" {
		d.Tell(okpay.Message{Customer: customer, Template: c.template, Facts: c.facts})
	}
	return g, d.WriteGate(g, c.told)
}

// change is what changed is told.
type change struct {
	keep     *sessionDoc // goes on, as it is now; the Change writes it
	password bool        // it is the change of password that a proof has asked for
	hold     bool        // withdrawals wait
	move     func(*okpay.Gate) error
	told     okpay.Told
	entry    okpay.AuditEntry
	template string
	facts    map[string]string
}

// plain is a record that no block has, found by its customer.
func plain(noun, id string, customer okpay.CustomerID) ledger.Put {
	put := ledger.Put{Type: noun, ID: id, Chaining: ledger.Plain}
	if customer != "" {
		put.Labels = []string{"c:" + string(customer)}
	}
	return put
}
