// Package merchant is the client of OKPay for merchants: it asks customers for money, takes it,
// gives it back, and tells for certain what came of it.
//
// # Asking for money
//
// A [Client] is made once, of the service's address and an API key, and shared:
//
//	client, err := merchant.New(merchant.Config{
//		BaseURL: "https://pay.example.com",
//		APIKey:  merchant.NewAPIKey(key),
//	})
//
// A [Payment] is money that a customer is asked for. client.Payments.Create makes one; the
// customer confirms it in the wallet; then it is captured, which means paid, at once or, with
// CaptureManual, when the merchant calls Capture. Cancel ends one that is not paid, and Refund
// gives captured money back. Amounts are money.Amount: whole minor units of a currency,
// never floating point.
//
// # Knowing that it came
//
// The service announces everything that happens to a payment as an [Event] and delivers it to
// the merchant's endpoints, signed. client.WebhookEndpoints.Create registers one and returns
// the secret; [EventHandler] is the http.Handler that verifies, drops repeats and calls
// your function. [Event.Payment] is the payment as it was right after the event. Who would rather
// ask calls client.Payments.Get; nothing else is proof of payment, least of all what a
// customer's browser says.
//
// # When it is refused
//
// A refusal is an [*Error]. It carries a [Code] for the program (errors.Is(err,
// merchant.CodeInvalidState)), the [Retry] advice, what can be done next, a [Message] for
// people in English and Chinese, and the request id for whoever is asked for help.
//
// # When the network fails
//
// Every call that changes something carries an idempotency key: the Key of its input, or a
// new one. The client repeats a call by itself, with the same key and the same bytes, when
// the connection fails, the service is busy or does not know the outcome (429, 502, 503 and
// 504; 500 and 409 where the service says that repeating helps), waiting longer each time and
// as long as Retry-After asks. It never repeats any other refusal.
//
// When that does not help, the error matches [ErrOutcomeUnknown] if the thing may have been
// done. It is then always safe to make the call again with the same Key, at any later time:
// it is done once and no more. Choose Keys that you will still know then, such as the order
// number; [KeyOf] returns the one of a call that came without.
//
// Errors are, in the order in which they are looked for: an [*Error] with Status 0 for
// input that cannot be sent; a [*NetworkError] when no answer came, which also matches the
// context's error if that ended the call; an [*Error] for a refusal; a [*ResponseError] for an
// answer that cannot be read.
//
// # Reading on
//
// Lists come in pages (List) or as iterators that turn the pages (All):
//
//	for payment, err := range client.Payments.All(ctx, merchant.ListPayments{}) {
//
// client.Balances tells what the merchant has and owes, client.Statement how it came about, entry by
// entry, and client.Activity what happened, refused attempts among it.
//
// The service may add members, states, codes and types of events at any time; they are taken
// as they come. The API key is held in types that do not print, and stands in no error and no log.
package merchant
