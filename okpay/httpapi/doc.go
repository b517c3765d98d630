// Package httpapi serves the merchants' API of a wallet over HTTP, under /v1.
//
// [New] makes an [http.Handler] of one wallet or two: the mode in the caller's API key
// chooses between Config.Test and Config.Live. The handler keeps no state of its own, so
// that any number of processes may serve one ledger. [OpenAPI] returns the document that
// describes the API; the handler serves the same bytes at /v1/openapi.yaml. Timeouts, TLS
// and the number of connections are the http.Server's affair.
//
// # What wins
//
// When several things are wrong with a request, the first of this list is answered: the
// path (404), the method (405), the API key (401), the Idempotency-Key (400), the query
// (400), the size of the body (413), its type (415), its JSON and its fields (400), then
// what the wallet says: a key that was used before comes before every check that reads
// state.
//
// # Refusals
//
// Every answer of 400 and above is a problem document (RFC 9457) with a code, whose fault
// it is, whether to try again, what to do next, and a text for people in English and in
// Simplified Chinese. "title" and "detail" are always English: the language of the people
// concerned is not that of the program that calls, so both texts are sent and
// Accept-Language changes nothing.
//
// # What is logged
//
// One line for each request: method, route (the pattern, not the path), status, duration,
// request id, merchant and the id of the API key. No header, query or body is
// logged, and texts in the form of an API key or a webhook secret are blotted out of errors.
package httpapi
