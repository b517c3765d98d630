// Package bench measures transfers per second of the ledger over every store, each beside
// a baseline in the same run: what a program would do without the ledger, one database
// transaction per transfer.
//
// A transfer is one Change with one transaction of one posting, with all that the ledger
// does for it: its id kept for replays, balances and limits, history, the hash chain, the
// store's full durability. The baselines keep no ids, no balances after each entry and no chain.
//
//	B='go test ./internal/bench -run ^$ -timeout 2h -bench'
//
//	$B Posts     -benchtime 5s   1, 64 and 5,000 callers; uniform, one hot account, ids at random; x-baseline, x-uniform
//	$B Bulk      -benchtime 5s   CommitAll; allocations per transfer
//	$B Lone      -benchtime 5s   one caller beside BEGIN, INSERT, COMMIT; x-insert
//	$B Processes -benchtime 1x   1 and 4 processes on one ledger; x-one, slowest/fastest, gap-ms
//	$B Replays   -benchtime 5s   ids that are all there already; x-new
//	$B Growth    -benchtime 5s   callers, accounts, history; x-small
//
// Growth compares sizes when OKPAY_TEST_SIZE says how many times larger the larger ones are:
// 100 makes 1,000,000 accounts and 10,000,000 transfers, some minutes and gigabytes each. The
// same variable multiplies the history of Replays and the duration of Processes. A store is
// selected as in -bench 'Growth/sqlite'. A ratio is reported where what it refers to was
// measured in the same run, so select whole groups.
//
// Every ledger and database is new, and all accounts are open before the time is taken. Few
// transfers (a short -benchtime) say little about 5,000 callers, who make so many in one
// moment.
//
// # PostgreSQL's settings
//
// The server is a private one on the same machine, reached over a Unix socket, with the
// settings of internal/pgtest and, for these programs, shared_buffers=1GB and
// max_wal_size=4GB; all others are the defaults of its version. fsync, synchronous_commit and
// full_page_writes are on, for ledger and baselines alike, and a server that has one of them
// off is refused. With OKPAY_TEST_POSTGRES another server is measured, as it is.
//
// SQLite writes its log with synchronous=FULL, in ledger and baselines alike.
package bench
