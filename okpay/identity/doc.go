// Package identity is who a customer is: passwords, sign-in and lockout, sessions and trusted
// devices, second factors, proofs of identity, resets and changes of contacts, and the step-up
// that money asks for. It joins okpay/password, okpay/totp and okpay/lockout, which are pure, to
// a wallet.
//
// [New] makes an [Identity] over a wallet and has the wallet trust it: from then on sessions
// decide who may act, and a session that has ended moves no money.
package identity
