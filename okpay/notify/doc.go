// Package notify tells customers what a wallet, okpay/identity and okpay/care have queued for
// them: a catalogue of texts in English and Simplified Chinese, a message center, and sending by
// e-mail, text message and push, out of the wallet's own records, with retries and bounces.
//
// A message is queued in the Change that it tells of ([okpay.Draft.Tell]) and names a template and
// facts; its text is made when it is shown or sent. [New] makes a [Notify] over a wallet, whose
// background work ([okpay.Wallet.Run]) sends from then on:
//
//   - a message is taken once, by the version of its record, and becomes one send for each channel
//     and recipient;
//   - before a provider is called the intent is committed, and each attempt of a send has the same
//     Message-ID. A process that dies between the call and its outcome makes the message go out
//     once more under that Message-ID: at least once, and a provider or mailbox that looks at the
//     Message-ID can tell;
//   - codes and links are asked for when a message is sent (Config.Secrets) and kept nowhere.
package notify
