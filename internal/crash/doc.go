// Package crash tests what no single process can: a wallet killed in the middle of its
// work, and several processes on one database. The test binary runs itself as the other
// processes.
package crash
