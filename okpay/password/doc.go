// Package password hashes passwords, judges new ones and keeps the answers to security
// questions. It knows no user, no store and no clock, so a program that has no wallet can
// use it alone.
//
// A [Password] is what a person typed. It prints as "[redacted]" wherever it goes, and
// [Password.Reveal] is the one way to its text. A [Hasher] turns it into a string to store
// and checks it against such a string; a [Policy] says whether it may become somebody's
// new password, and refuses with a [Violation].
//
// # Hashing
//
// Hashes are argon2id (RFC 9106) with 19 MiB of memory, two passes and one lane unless
// [Config] says otherwise, which is the first of the choices in OWASP's Password Storage
// Cheat Sheet. They are PHC strings:
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt>$<tag>
//	$argon2id$v=19$m=19456,t=2,p=1,keyid=<id of the pepper>$<salt>$<tag>
//
// A stored string is not trusted. It is read strictly, its parameters are held against
// [Config.Ceiling] before any memory is taken, and what is wrong with it is an error that
// is told apart from a wrong password.
//
// Hashing is what a flood of sign-ins can exhaust, so a Hasher bounds the memory of all
// the hashes that it computes at once ([Config.MemoryBudget]), each counted with its own
// size. Who finds no room waits as long as its context lasts, in order of arrival; a
// bounded number may wait, and the rest get [ErrBusy] at once.
//
// # What is hashed
//
// A password has at most 1,024 bytes, which is checked before anything else is done with
// it, must be UTF-8, and has at most 256 code points. It is brought to Unicode's form NFC
// and not changed otherwise: not trimmed, not folded, not cut. That is how RFC 8265
// (OpaqueString) prepares passwords, less its table of characters, which refuses emoji
// that have a variation selector, and less its mapping of other spaces to U+0020. With a
// pepper, argon2id is given HMAC-SHA256(pepper, NFC), so a stolen database is of no use
// without the key (NIST SP 800-63B-4, section 3.1.1.2, calls for a keyed step). NIST would
// have NFKC; NFC loses no distinction that the person made, and both make a keyboard that
// composes its characters equal to one that does not.
//
// # Time
//
// An answer must not tell whether an account exists by how long it took. For a name that
// nobody has, call [Hasher.VerifyUnknown], which does the same work as a password that is
// wrong. A stored hash that can not be used costs that work too, and a hash whose costs are
// below today's is topped up to them. Hashes that are dearer than today's need
// [Config.Former], so that everything costs as much as the dearest. Work is counted in
// memory filled, to which time is nearly proportional: with other costs than today's it is
// close, not equal, so statistics over many attempts may tell a hash that is old, until
// its owner signs in and it is replaced. A hash of another kind ([Foreign]) takes the time
// that its kind takes.
//
// # The order of a policy's checks
//
// A password often breaks several rules; the first of these is told:
//
//  1. [TooLong]: more than 1,024 bytes
//  2. [InvalidEncoding]: not UTF-8
//  3. [TooLong]: more than 256 code points in NFC
//  4. [ForbiddenCharacter]: a control character (Cc), a surrogate (Cs, which UTF-8 can not
//     carry, so it shows as InvalidEncoding) or a noncharacter
//  5. [TooShort]: fewer code points in NFC than the rules ask for
//  6. [Unchanged]: the current password again
//  7. [Common]: in the blocklist, as it is or in a thin disguise
//  8. [TooRepetitive]: made of at most three different characters
//  9. [Sequential]: a run such as abcdefgh or 4321098
//  10. [ContextWord]: little else than a name, an address or a product
//  11. [NeedsLetterDigitSymbol]: under [Guide], shorter than 15 and without one of the three
//  12. [Breached]: known from a breach; or [BreachCheckUnavailable] where the check is
//     required and got no answer
//
// What costs nothing and says that the input is no password at all comes first, then what
// the person can not see from the rules (a word that everybody uses must not be dressed
// up with a digit on our advice), then composition, and last what asks another service.
//
// Sources: NIST SP 800-63B-4 section 3.1.1.2 for the lengths of [NIST] (15, or 8 beside a
// second factor), at least 64 characters accepted, every code point counted as one, no
// composition rules, the blocklist with context words and the whole password compared;
// the OWASP Authentication Cheat Sheet for the check against breaches. [Guide] is the rule
// that OKPay tells its users: letters, digits and symbols.
//
// # Security answers
//
// Answers to questions are guessed far more easily than passwords (NIST SP 800-63B-4 does
// not accept them as an authenticator), so use them beside another proof only.
// [Hasher.HashAnswer] treats them as passwords all the same, and binds each to its question.
package password
