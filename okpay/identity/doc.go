// Package identity is who a customer is: passwords, sign-in and lockout, sessions and trusted
// devices, second factors, proofs of identity, resets and changes of contacts, and the step-up
// that money asks for. It joins okpay/password, okpay/totp and okpay/lockout, which are pure, to
// a wallet.
//
// [New] makes an [Identity] over a wallet and has the wallet trust it: from then on sessions
// decide who may act, and a session that has ended moves no money. okpay/joined makes it together
// with what sends its codes (okpay/notify) and with support (okpay/care).
//
// # To begin with
//
// Set [okpay.Config.RequireActor], or what a customer does needs no session wherever the program
// passes none. Set [Config.Keys] wherever the store outlives the process, in Test mode too: what
// was sealed under keys that are gone does not open. docs/security.md has the calls of each task
// in order, what takes a proof, all times, and what to answer.
//
// # Signing in
//
// [Identity.Register] and [Identity.ProveCode] make a customer with a verified contact.
// [Identity.SignIn] begins a session, or returns SignedIn.Pending, which [Identity.FinishSignIn]
// takes together with a code. [Identity.Authenticate] turns the session's token into a context for
// one request, in which the customer acts; the program's own acts, and operators', need a context
// without one.
//
// # Proving who one is, again
//
// For one act within a session: [Identity.BeginStepUp] and [Identity.FinishStepUp] return a proof
// for this act, amount and payee. Without a session, or for a lock, a report or support:
// [Identity.StartVerification], [Identity.ProveCode] and, where [Verification].Needs says so,
// [Identity.ProveSecond] return one for a [Purpose]. Whoever has forgotten the password goes by
// [Identity.RequestPasswordReset].
//
// # Answers
//
// Errors are *[okpay.Error]; what a stranger could learn something from is answered with
// [okpay.AuthenticationFailed] and one text, after the same work, whatever is wrong. Why an account
// is locked is told in a message, and by [Identity.LockReason] to its owner.
package identity
