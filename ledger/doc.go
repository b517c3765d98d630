// Package ledger is a double-entry ledger that lives inside a Go program.
//
// A [Ledger] is one journal over a [Store]: memory, an SQLite file, PostgreSQL. It is
// written in one way only. A [Change] carries whatever belongs together: a [Transaction]
// of postings ([Posting]) that move amounts between accounts; a [Hold] that reserves money, and the
// [Capture] or [Void] that ends it; records, the application's own versioned documents
// ([Put]), and the versions it was decided on ([Expect]); events ([Event]) to announce. It happens
// whole or not at all, and [Ledger.Commit] returns its [Outcome]. [Ledger.Do] runs a verb that
// reads first, through a [Draft], and runs it again if what it read has changed.
//
// An account is a name and a currency ([AccountKey]). The [Chart] says which may exist, on
// which side they grow and within which limits; an account opens on first use and keeps the
// rules it was opened with. Inside the store a balance is credits less debits; a [Balance]
// shows it on the account's normal side.
//
// A [Monitor] on an account announces an event, in the same commit, whenever what stands on
// the account crosses a threshold.
//
// Every Change has an id. The same id with the same request is answered with the first
// outcome, marked as replayed; with another request it is refused. A refusal by a limit is
// an outcome too ([RefusedError]): it keeps its id, and an [Else] may record what has to be
// remembered of it.
//
// All Changes that wait while one is being written make up the next [Block]. Blocks are
// chained by their hashes, and [Ledger.Verify] derives every balance, hold, record and event
// from them again and names what disagrees.
//
// What is to happen later is kept by package schedule. A Change may also be part of a
// database transaction of the caller's ([Ledger.CommitJoined]).
//
// History is read on two axes of time, when something was recorded and from when on it
// counts: [Ledger.BalanceAt], [Ledger.Statement], [Ledger.StatementByEffective].
// [Ledger.Transactions] finds transactions by account, prefix, reference, metadata and time,
// [Ledger.Totals] adds up accounts, and the exports write CSV and JSON lines.
//
// The journal is also a stream. [Ledger.Export] and [Import] copy a ledger to any other store,
// with the same hashes; [Ledger.FollowEvents] and [Ledger.FollowBlocks] tell of what is
// committed as it comes; [Ledger.Archive] and [Ledger.Forget] move old blocks out of the store.
// A [SignedCheckpoint] kept elsewhere proves that history did not go backwards; a ledger that
// meets one that did stops ([HistoryError]) until [Ledger.AcceptHistory].
//
// Reads see what is committed, and go on after Close as long as the store is open.
//
// Most programs never touch what a [Store] is told and tells: [Batch], [Need], [Found], [View],
// [Head] and the types that end in Row. They are for who writes a driver.
package ledger
