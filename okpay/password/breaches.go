package password

import (
	"context"
	"errors"
)

// ErrBreachCheck is what the errors of a RangeClient match: whether the password is known
// from a breach was not answered.
var ErrBreachCheck = errors.New("password: breaches could not be asked")

// Breaches knows passwords from breaches.
type Breaches interface {
	// Count returns how often a password was met in breaches, 0 for never. It must neither
	// send nor log the password or its whole hash, and its error must not tell of them. An
	// error means that the question was not answered. The text is in NFC.
	Count(ctx context.Context, password Password) (int, error)
}
