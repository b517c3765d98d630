// Package frozen holds what docs/compatibility.md promises against files that never change.
//
// One history that uses every feature (history_test.go) is written by today's code in memory,
// to SQLite and to PostgreSQL, and must come out as the golden files of the newest version say, to
// the byte and to the row. The databases, the export, the archive and the checkpoint of every
// version there ever was are read by today's code, which must find in them what it found when
// they were made, verify them, answer for their ids, and go on from there.
//
// Golden files are text, so that a person can read what changed:
//
//	testdata/format1/blocks.txt     number, time and hashes of each block, and its body in hex
//	testdata/format1/export.hex     the file that Export wrote
//	testdata/format1/archive.hex    the file that Archive wrote, of the first blocks
//	testdata/format1/checkpoint.txt a signed checkpoint
//	testdata/format1/ledger.json    what the ledger says of itself: balances, statements, holds ...
//	testdata/format1/sqlite.sql     the SQLite database, which has forgotten the blocks of the archive
//	testdata/format1/postgres.sql   the PostgreSQL database, likewise
//
// What the bodies mean is written beside them in ledger/testdata/format1. "make goldens" writes
// files that are not there, and replaces none that is.
package frozen
