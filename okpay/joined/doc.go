// Package joined puts okpay/identity, okpay/care and okpay/notify together over one wallet: what
// each of them asks of the others is answered here, in the Change that it belongs to.
//
// [New] makes all three, so that
//
//   - a lock for reasons of security, and a report of something unauthorised, open a case of the
//     highest priority in the same commit;
//   - a caller proves who they are to identity, and the agent sees the level alone;
//   - what one agent, or two, decide in care is done to the account by identity: a lock is undone, a
//     contact that is lost is removed, a second factor that is lost is turned off. A lost second
//     factor is reset by care's Callers.Request, and in no other way;
//   - messages of all three are sent by notify, each with the code or link that the package it is
//     from tells for it, with the customer's phrase and the official channels;
//   - an export has what all three hold, and okpay.Customers.Erase erases it, unless something has to
//     be kept.
//
// A program that wants one of them otherwise joins them by hand: everything here goes through what
// they export.
package joined
