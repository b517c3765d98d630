// Package webhook signs, verifies, receives and delivers webhooks by the
// Standard Webhooks specification, version 1.0.0
// (https://www.standardwebhooks.com). It knows bytes and headers and nothing
// of what the messages say; it needs the standard library only.
//
// A [Message] is an id, the time of the attempt and a body. The sender signs
// "id.timestamp.body" with one or more keys and sends the three headers
// [HeaderID], [HeaderTimestamp] and [HeaderSignature] with the body. There are
// three kinds of key, told apart by the prefix of their text form:
//
//   - a [Secret] (whsec_) is known to both sides, signs and verifies (HMAC-SHA256, "v1");
//   - a [PrivateKey] (whsk_) stays with the sender and signs (Ed25519, "v1a");
//   - a [PublicKey] (whpk_) is its other half and verifies.
//
// A [SigningKey] is either of the first two and a [VerifyKey] is a Secret or a
// PublicKey, so the compiler keeps a private key out of a verifier and a public
// key out of a signer, and no key is ever used with another kind's algorithm.
//
// # Receiving
//
// A [Verifier] holds the keys a receiver trusts and checks one request's
// headers and body. A [Handler] is the http.Handler around it: it bounds the
// body, verifies, drops repeats with the help of a [Seen] store, calls your
// function once for each message and answers so that a sender of this standard
// does the right thing next.
//
// # Sending
//
// A [Sender] makes one attempt to deliver one message and says in a [Result]
// what came of it. It refuses to talk to private addresses, since the URLs come
// from other people. A [Schedule] says when the next attempt is due. Where the
// attempts are remembered is the caller's affair.
//
// # Rotation
//
// To replace a key, the sender signs with the old and the new one for a while
// (the signature header is a list), or the receiver trusts both for a while. No
// message is lost either way.
//
// # Merchants who come from Stripe
//
// A [StripeVerifier] checks the older "t=…,v1=…" header, so that one program
// can receive from both senders during a migration. The package never sends it.
package webhook
