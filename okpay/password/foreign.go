package password

import "context"

// Foreign verifies hashes of another kind, so that a program can bring its users' old
// hashes along. Give each kind to Config.Foreign; Verify then reports such a hash as one to
// be replaced, and the next sign-in with the right password can store ours.
//
// Its methods are called by many goroutines at once.
type Foreign interface {
	// Recognizes reports whether a stored hash is of this kind. It sees hashes that do not
	// begin with "$argon2id$", and must not do any costly work.
	Recognizes(hash string) bool

	// Verify reports whether the password has this hash. The text is as it was typed, not
	// in NFC, because that is what the old program hashed; it is UTF-8 of at most 1,024
	// bytes. The hash is not to be trusted: bound its costs. An error is returned as it is,
	// so it must not tell anything of the text or the hash.
	Verify(ctx context.Context, hash string, password Password) (bool, error)
}
