// Package bench measures posts per second of the ledger over every store, beside a
// baseline of one database transaction per post, in the same run:
//
//	go test ./internal/bench -run '^$' -bench . -benchtime 2s
//
// A post is one Change with one transaction of one posting: with its id kept for replays,
// hash chain and all. The baseline is what a program does without the ledger: lock both
// balances, check, update them, insert an entry, commit; it keeps no ids and no chain. On
// memory the baseline is a ledger whose blocks hold one Change.
package bench
