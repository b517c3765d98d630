package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"golang.org/x/crypto/argon2"
)

// ErrInvalidConfig is returned by NewHasher, NewPepper, NewRangeClient and Policy.Check; the text
// says what is wrong.
var ErrInvalidConfig = errors.New("password: invalid configuration")

// What a Config with zeros uses.
const (
	DefaultMemoryBudget = 256 << 20 // bytes
	DefaultMaxWaiting   = 2048
)

// Config configures a Hasher. Its zero value works.
type Config struct {
	// Params are the costs of new hashes. Defaults to DefaultParams.
	Params Params

	// Former are the costs of older hashes that are still stored and were dearer than
	// Params, if there are any. Every verification then does as much work as the dearest,
	// so that the time it takes does not tell whose hash is old, or that there is none.
	Former []Params

	// Ceiling are the highest costs that a stored hash may have, each by itself. What is
	// above is refused with ErrTooCostly. Defaults to DefaultCeiling, its memory to no
	// more than the budget has room for.
	Ceiling Params

	// MemoryBudget is how many bytes hashing may take. A third of it is for hashes in
	// progress, and the rest for what finished ones leave behind until the garbage
	// collector comes: with its default setting (GOGC=100) the heap grows to twice what
	// the collector found in use, and it counts what is made while it looks as in use. So
	// there must be room for three times the memory of Params, and of Ceiling. Defaults to
	// DefaultMemoryBudget, which is for four hashes of the default costs at a time; more
	// than there are processors are of no use.
	MemoryBudget int64

	// MaxWaiting is how many callers may wait for memory; the next gets ErrBusy. Negative
	// means none. Defaults to DefaultMaxWaiting. How long each waits is for its context to
	// say.
	MaxWaiting int

	// Peppers are keys for the hashes. The first is used for new ones and the others
	// verify what they were used for. Defaults to none. To begin with peppers, or to
	// replace one, put the new one first: each hash follows when its owner signs in.
	Peppers []Pepper

	// Foreign verify hashes of other kinds; the first that recognizes a hash has it.
	Foreign []Foreign

	// Rand is where salts come from. Defaults to crypto/rand.Reader. It is not read by
	// two goroutines at once.
	Rand io.Reader
}

// Hasher hashes passwords and verifies them. It is safe for concurrent use. A program
// should have one, since its memory budget is its own.
type Hasher struct {
	params  Params
	ceiling Params
	work    uint64 // what every verification costs at least
	memory  *limit
	peppers []Pepper
	foreign []Foreign
	unknown string // a hash that no password has

	randMu sync.Mutex
	rand   io.Reader // under randMu

	// derive is argon2id; tests count the calls.
	derive func(password, salt []byte, params Params, tag int) []byte
}

// NewHasher makes a Hasher, or returns ErrInvalidConfig.
func NewHasher(config Config) (*Hasher, error) {
	h := &Hasher{
		params:  config.Params,
		ceiling: config.Ceiling,
		foreign: append([]Foreign(nil), config.Foreign...),
		rand:    config.Rand,
		derive:  deriveArgon2id,
	}
	if h.params == (Params{}) {
		h.params = DefaultParams()
	}
	if err := h.params.check(); err != nil {
		return nil, fmt.Errorf("%w: params: %w", ErrInvalidConfig, err)
	}
	if h.rand == nil {
		h.rand = rand.Reader
	}

	budget := config.MemoryBudget
	if budget == 0 {
		budget = DefaultMemoryBudget
	}
	if budget/3 < h.params.bytes() {
		return nil, fmt.Errorf("%w: a budget of %d bytes is less than three times the memory of one hash", ErrInvalidConfig, budget)
	}
	waiting := config.MaxWaiting
	if waiting == 0 {
		waiting = DefaultMaxWaiting
	}
	h.memory = newLimit(budget/3, waiting)

	if h.ceiling == (Params{}) {
		h.ceiling = DefaultCeiling()
		h.ceiling.Memory = uint32(min(int64(h.ceiling.Memory), budget/3/1024))
	}
	if err := h.ceiling.check(); err != nil {
		return nil, fmt.Errorf("%w: ceiling: %w", ErrInvalidConfig, err)
	}
	if h.ceiling.bytes() > budget/3 {
		return nil, fmt.Errorf("%w: the ceiling's memory is more than a third of the budget", ErrInvalidConfig)
	}
	for _, params := range append([]Params{h.params}, config.Former...) {
		if err := params.check(); err != nil {
			return nil, fmt.Errorf("%w: former: %w", ErrInvalidConfig, err)
		}
		if !params.within(h.ceiling) {
			return nil, fmt.Errorf("%w: params or former are above the ceiling", ErrInvalidConfig)
		}
		h.work = max(h.work, params.work())
	}

	for _, pepper := range config.Peppers {
		if pepper.key == nil {
			return nil, fmt.Errorf("%w: a pepper was not made by NewPepper", ErrInvalidConfig)
		}
		if _, known := h.pepper(pepper.id); known {
			return nil, fmt.Errorf("%w: two peppers have the id %s", ErrInvalidConfig, pepper.id)
		}
		h.peppers = append(h.peppers, pepper)
	}
	// Nothing has a tag of zeros but by a chance of 2^-256, and what comes of it is
	// thrown away.
	h.unknown = phc{h.params, h.current().id, make([]byte, saltBytes), make([]byte, tagBytes)}.String()
	return h, nil
}

// Hash returns the string to store for a password. It judges only what makes a password
// unfit for hashing: give a new one to a Policy first. Errors, the first that applies: a
// *Violation (TooLong, InvalidEncoding), that of Config.Rand, ErrBusy, that of the context
// if it ended before there was room.
func (h *Hasher) Hash(ctx context.Context, password Password) (string, error) {
	text, err := password.normalized()
	if err != nil {
		return "", err
	}
	return h.hash(ctx, text)
}

// Verify reports whether a password has a stored hash, and whether that hash should be
// replaced: after a sign-in with ok and needsRehash, store what Hash returns. It reports
// needsRehash with ok only, since the password is needed for it.
//
// An error comes with false. The first that applies: a *Violation (TooLong,
// InvalidEncoding), which the hash has no part in, so treat it as a wrong password;
// ErrBusy; that of the context if it ended before there was room; ErrMalformedHash,
// ErrTooCostly and ErrUnknownPepper, after as much work as for a hash of the current
// costs, so answer the caller as for a wrong password and tell an operator.
func (h *Hasher) Verify(ctx context.Context, hash string, password Password) (ok, needsRehash bool, err error) {
	text, err := password.normalized()
	if err != nil {
		return false, false, err
	}
	if f := h.foreigner(hash); f != nil {
		ok, err := h.verifyForeign(ctx, f, hash, password)
		return ok, ok, err
	}
	return h.verify(ctx, hash, text)
}

// VerifyUnknown does what Verify does with a wrong password, for a name that nobody has.
// Its errors are those of Verify that do not concern the stored hash; nil means that the
// sign-in fails.
func (h *Hasher) VerifyUnknown(ctx context.Context, password Password) error {
	_, _, err := h.Verify(ctx, h.unknown, password)
	return err
}

// NeedsRehash reports whether a stored hash differs from what Hash would make now: in its
// costs, its pepper, the sizes of salt and tag, or its kind. It returns ErrMalformedHash,
// ErrTooCostly or ErrUnknownPepper for a hash that Verify can not use.
func (h *Hasher) NeedsRehash(hash string) (bool, error) {
	if h.foreigner(hash) != nil {
		return true, nil
	}
	stored, _, err := h.read(hash)
	return err == nil && h.outdated(stored), err
}

// IsCurrent returns the function that a Context wants in order to refuse a password that
// is the current one. A stored hash that can not be used is nobody's current password, so
// that its owner can have a new one.
func (h *Hasher) IsCurrent(hash string) func(context.Context, Password) (bool, error) {
	return func(ctx context.Context, password Password) (bool, error) {
		ok, _, err := h.Verify(ctx, hash, password)
		if errors.Is(err, ErrMalformedHash) || errors.Is(err, ErrTooCostly) || errors.Is(err, ErrUnknownPepper) {
			return false, nil
		}
		return ok, err
	}
}

// Memory tells how much memory hashing has.
func (h *Hasher) Memory() Memory { return h.memory.state() }

// Format prints "[redacted]" whatever the verb: a Hasher holds keys.
func (h *Hasher) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// hash hashes a message that is in its final form.
func (h *Hasher) hash(ctx context.Context, message string) (string, error) {
	salt := make([]byte, saltBytes)
	if err := h.random(salt); err != nil {
		return "", fmt.Errorf("password: no salt: %w", err)
	}
	release, err := h.memory.acquire(ctx, h.params.bytes())
	if err != nil {
		return "", err
	}
	defer release()
	pepper := h.current()
	tag := h.derive(pepper.mix(message), salt, h.params, tagBytes)
	return phc{h.params, pepper.id, salt, tag}.String(), nil
}

// verify holds a message in its final form against a hash of our own kind.
func (h *Hasher) verify(ctx context.Context, hash string, message string) (ok, needsRehash bool, err error) {
	stored, pepper, unusable := h.read(hash)
	if unusable != nil {
		// The caller learns why, and whoever measures the time learns nothing.
		if stored, pepper, err = h.read(h.unknown); err != nil {
			return false, false, err
		}
	}

	rest, short := h.params.rest(stored.params.work(), h.work)
	release, err := h.memory.acquire(ctx, max(stored.params.bytes(), rest.bytes()))
	if err != nil {
		return false, false, err
	}
	defer release()
	mixed := pepper.mix(message)
	tag := h.derive(mixed, stored.salt, stored.params, len(stored.tag))
	if short {
		h.derive(mixed, stored.salt, rest, tagBytes)
	}
	same := subtle.ConstantTimeCompare(tag, stored.tag) == 1
	if unusable != nil {
		return false, false, unusable
	}
	return same, same && h.outdated(stored), nil
}

// verifyForeign takes room as for a hash of the current costs, so that old hashes are no
// way around the limit.
func (h *Hasher) verifyForeign(ctx context.Context, f Foreign, hash string, password Password) (bool, error) {
	release, err := h.memory.acquire(ctx, h.params.bytes())
	if err != nil {
		return false, err
	}
	defer release()
	ok, err := f.Verify(ctx, hash, password)
	return ok && err == nil, err
}

// read reads a stored hash of our own kind and finds its pepper.
func (h *Hasher) read(hash string) (phc, Pepper, error) {
	stored, err := parsePHC(hash, h.ceiling)
	if err != nil {
		return phc{}, Pepper{}, err
	}
	pepper, known := h.pepper(stored.pepper)
	if !known {
		return phc{}, Pepper{}, ErrUnknownPepper
	}
	return stored, pepper, nil
}

// outdated reports whether a hash differs from what would be made now.
func (h *Hasher) outdated(s phc) bool {
	return s.params != h.params || s.pepper != h.current().id || len(s.salt) != saltBytes || len(s.tag) != tagBytes
}

// pepper finds a pepper. A hash without one has the empty id.
func (h *Hasher) pepper(id string) (Pepper, bool) {
	if id == "" {
		return Pepper{}, true
	}
	for _, pepper := range h.peppers {
		if pepper.id == id {
			return pepper, true
		}
	}
	return Pepper{}, false
}

// current is the pepper of new hashes, which may be none.
func (h *Hasher) current() Pepper {
	if len(h.peppers) == 0 {
		return Pepper{}
	}
	return h.peppers[0]
}

// foreigner finds who verifies a hash of another kind.
func (h *Hasher) foreigner(hash string) Foreign {
	if strings.HasPrefix(hash, "$argon2id$") || len(hash) > maxEncoded {
		return nil
	}
	for _, f := range h.foreign {
		if f.Recognizes(hash) {
			return f
		}
	}
	return nil
}

func (h *Hasher) random(b []byte) error {
	h.randMu.Lock()
	defer h.randMu.Unlock()
	_, err := io.ReadFull(h.rand, b)
	return err
}

func deriveArgon2id(password, salt []byte, params Params, tag int) []byte {
	return argon2.IDKey(password, salt, params.Time, params.Memory, params.Threads, uint32(tag))
}
