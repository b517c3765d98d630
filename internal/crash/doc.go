// Package crash tests what no single process can: a ledger and a wallet killed (SIGKILL)
// in the middle of their work, the PostgreSQL server killed under them, and several processes
// on one database. The test binary runs itself as the other processes.
//
// OKPAY_TEST_SIZE multiplies the kills; 50 makes a thousand on each database:
//
//	OKPAY_TEST_SIZE=50 go test ./internal/crash -run 'TestKilled$' -v -timeout 1h
//
// A test prints its seed, which decides who is killed after how much work; the instant
// within that work is the operating system's.
//
// What a killed process wrote stays in the operating system's memory, so these tests say
// nothing about a loss of power: against that stand fsync, which is on in all of them, and
// the databases' own tests.
package crash
