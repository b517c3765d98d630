package lockout

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// ErrKey is returned by [NewKeys] for a secret that is too short, or zeros.
var ErrKey = errors.New("lockout: the secret for names of counters is shorter than 32 bytes, or zeros")

// version begins every text of which a key is made, so that the same secret used for
// something else gives nothing that could be taken for a key.
const version = "okpay/lockout/v1"

// Authenticator is what is guessed at. Each has its own counter.
type Authenticator string

// Authenticators. A program may have others.
const (
	Password     Authenticator = "password"
	OneTimeCode  Authenticator = "totp"
	RecoveryCode Authenticator = "recovery_code"
)

// Bucket tells the devices that the owner of the account trusts from all others.
type Bucket string

// Buckets.
const (
	Untrusted Bucket = "untrusted"
	Trusted   Bucket = "trusted"
)

// Keys derives the names under which counters are stored. A name is made with HMAC-SHA256
// and a secret, so whoever reads the store learns no name and no address from it, not even
// by trying all there are. The secret never changes: with another one all counters begin
// anew. Keys come from [NewKeys]; the zero value has no secret and protects nothing.
//
// An unknown name needs a counter too, a shadow, or the answers would tell which names
// exist. Handle both alike: look the name up, take the id of the account, or the normalised
// name if there is none, and from there on do the same: derive the key, [Arrive],
// [Reserve], verify (against a dummy hash if there is no account), [Fail], and answer with
// the same words after the same work. Only the message about a lock is left out for a
// shadow, because there is nobody to tell. A key does not show which kind it is of.
type Keys struct {
	secret string
}

// NewKeys takes a secret of at least 32 random bytes; zeros stem from one that was never read. The
// error is [ErrKey].
func NewKeys(secret []byte) (Keys, error) {
	if len(secret) < sha256.Size || !slices.ContainsFunc(secret, func(b byte) bool { return b != 0 }) {
		return Keys{}, ErrKey
	}
	return Keys{string(secret)}, nil
}

// Counter is the key of the [State] of an account that exists.
func (k Keys) Counter(account string, a Authenticator, b Bucket) string {
	return k.derive("account", string(a), string(b), account)
}

// Shadow is the key of the [State] of a name that no account has. Normalise the name first,
// or each way of writing it has a counter of its own.
func (k Keys) Shadow(name string, a Authenticator, b Bucket) string {
	return k.derive("shadow", string(a), string(b), name)
}

// Address is the key of the [Throttle] of an address.
func (k Keys) Address(a Address) string { return k.Key("address", a.String()) }

// Key is HMAC-SHA256(secret, "okpay/lockout/v1" 00 kind 00 value) in 64 hexadecimal
// digits, for a program's own kinds. A kind contains no byte 00; one that does is cut there,
// so that no value can be moved into a kind.
func (k Keys) Key(kind, value string) string {
	kind, _, _ = strings.Cut(kind, "\x00")
	mac := hmac.New(sha256.New, []byte(k.secret))
	io.WriteString(mac, version+"\x00"+kind+"\x00"+value)
	return hex.EncodeToString(mac.Sum(nil))
}

// derive makes one value of several parts, each with its length before it, so that no two
// lists of parts give the same value.
func (k Keys) derive(kind string, parts ...string) string {
	var value strings.Builder
	for _, part := range parts {
		fmt.Fprintf(&value, "%d:%s", len(part), part)
	}
	return k.Key(kind, value.String())
}

// redacted is how Keys show themselves anywhere.
const redacted = "lockout.Keys(secret)"

// Format keeps the secret out of everything that fmt prints.
func (Keys) Format(s fmt.State, _ rune) { io.WriteString(s, redacted) }

// MarshalText keeps the secret out of JSON and other encodings.
func (Keys) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue keeps the secret out of logs.
func (Keys) LogValue() slog.Value { return slog.StringValue(redacted) }
