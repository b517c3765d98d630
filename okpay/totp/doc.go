// Package totp has what a program needs for a second factor that an authenticator
// app shows: the codes, their verification, the picture that enrolls an app, secrets
// that can be stored, and recovery codes for the day the phone is gone. It remembers
// nothing and reads no clock: what must be kept is told by each function and kept by
// its caller. It needs no other package of this module.
//
// # Enrolling
//
// [GenerateSecret] makes a [Secret], the 160 random bits that the server and the app
// share. A [Key] is the secret with the names of the service and of the account and
// with [Params], whose zero value is what every app understands: SHA1, six digits,
// 30 seconds. [Key.PNG] draws it for the app's camera; [Key.URI] is the text in that
// picture and [Secret.Reveal] what a person types who cannot scan it. The factor
// counts once a first code has been verified, not before.
//
// # Signing in
//
// [Verify] judges a code. It looks at the current time step and at one on either side,
// since clocks differ and typing takes a while, and it accepts no step twice: it is
// given the last accepted step and returns the new one. Its caller stores that one with
// a compare-and-swap; of many calls with one code, the first to store wins:
//
//	result, step, err := totp.Verify(secret, params, code, now, account.LastStep)
//	if err == nil && result == totp.OK {
//		// UPDATE ... SET last_step = step WHERE id = ... AND last_step = account.LastStep
//		// No row: somebody else was faster. Read the account again, verify again.
//	}
//
// Six digits can be guessed. Whoever calls Verify counts every result but [OK] as a
// failed attempt, [Malformed] among them, and stops after a few (RFC 4226, section 7.3).
//
// # Storing
//
// A [Keyring] seals secrets with AES-256-GCM. What is sealed names its key and is bound
// to its [Row]: copied to another account, or read as something else than it was sealed
// as, it does not open. A keyring has several keys, of which the primary one seals; the
// others still open, so that keys can be replaced while everything runs
// ([Keyring.Rewrap]).
//
// # Recovering
//
// [GenerateRecoveryCodes] makes [RecoveryCode] values of 120 random bits to be shown
// once. What is stored of each is its [RecoveryMAC], which tells nothing without the
// [Pepper]. [ParseRecoveryCode] reads what a person types, and [Pepper.Match] finds which
// of the stored ones it is. Using one up is the caller's part.
//
// # Secrets do not print
//
// A Secret, a RecoveryCode, a Pepper, a [SealingKey] and a Keyring show a placeholder
// whatever they are printed, logged or encoded with, and no error repeats what was typed
// or opened. Only methods called Reveal, URI, PNG and Terminal, [Secret.Bytes] and
// [Keyring.Open] give it away.
//
// # Where the rules come from
//
// RFC 4226 (HOTP): the code, section 5.3; the length of secrets, section 4 (R6);
// throttling, section 7.3. RFC 6238 (TOTP): time steps, section 4; other hashes, section
// 1.2; one use of a code and the window, section 5.2. Key URI Format, the wiki page of
// Google Authenticator: otpauth URIs. RFC 4648, section 6: base32 of secrets; Crockford's
// base32: recovery codes. RFC 5116 and NIST SP 800-38D: AES-GCM, and how many random
// nonces a key is good for. NIST SP 800-63B, section 3.1.2: look-up secrets.
package totp
