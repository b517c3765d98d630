// Package sqlitestore keeps ledgers in one SQLite file.
//
// It is written in Go all the way down (no C compiler is needed) and carries its own
// SQLite. [Open] creates the file and brings its schema up to date:
//
//	store, err := sqlitestore.Open(ctx, "/var/lib/shop/wallet.db", sqlitestore.Config{})
//
// Several processes on one machine may open the same file; a [Store] of theirs waits its
// turn, and none starves. The file must not lie on a network file system, and no other
// SQLite library may write to it from within the same process: file locks belong to a
// process, so two libraries would not see each other's.
//
// One file has one writer at a time. Ledgers that share a file share that turn, so a
// caller that holds a ledger's Tx must not begin one of another ledger of the same file.
//
// A program may keep its own tables in the file and write them in one transaction with the
// ledger: [Store.BeginTx] hands out the writer, [Store.Join] lets the ledger in.
//
// What is written stands in the file's write-ahead log (the file's name with "-wal") until
// it is copied over. Both belong together: copy a database with SQLite's own backup, or
// after Close.
package sqlitestore
