// Package restore does what docs/restore.md says, on real databases: backups that are put
// back behind a program that runs, and ledgers that move from one database to another.
package restore
