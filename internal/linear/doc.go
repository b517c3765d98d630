// Package linear tests that a ledger is linearizable: whatever concurrent callers are told,
// in one process, in two on one database, and when one of them is killed, could have been
// told one after the other.
package linear
