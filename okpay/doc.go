// Package okpay is a wallet that lives inside a Go program.
//
// A [Wallet] stands on a [ledger.Ledger]. Its services speak of a few nouns: a [Customer]
// and a [Merchant] hold balances in any number of currencies; a [TopUp] brings money in
// from a funding source; a [Payment] is asked for by a merchant, confirmed by a customer,
// captured, canceled or expired, out of one balance, several, or a funding source ([PaymentMethod]);
// a [Refund] gives captured money back, a [Dispute] reports a payment. A [Transfer] is money
// between people, by id, e-mail address or telephone number; a [MoneyRequest] asks for one.
// Merchants sign in with an [APIKey] and hear of events at an [Endpoint].
//
// What is personal (names, a [Contact], notes) stands in contents of records alone, never in
// the journal, in events, labels, messages or errors, and [Customers.Erase] removes it.
//
// Every verb that moves money or makes an object of a customer's or merchant's takes an
// input struct whose Key (at most 128 bytes) makes it safe to repeat: the same Key with the same input is
// answered with the first outcome and nothing is done twice. The object that comes back is
// as it is now. Without a Key each call is a request of its own. Amounts are more than zero
// and at most what an int64 of minor units holds; a page is 20 items unless told, and more than 100 means 100.
//
// A refusal is an [Error]: a [Code] to compare with errors.Is, whose fault it is, whether
// to try again, what to do next, and text for people in English and Simplified Chinese.
// A refusal that has to be remembered (an attempt to pay with too little balance) is
// recorded in the same commit that decides it.
//
// Time passes in [Wallet.Run]: expiry of payments, return of unclaimed transfers, delivery of events, submission of withdrawals, top-ups, payments and
// refunds whose outcome is not known yet, refunds that wait for funds. Any number of processes may run it.
// The wallet's clock is the ledger's, ledger.Config.Now; a test that sets its own calls [Wallet.Work] in
// place of Run. docs/wallet.md says which verb is for which task, and what people have to do.
package okpay
