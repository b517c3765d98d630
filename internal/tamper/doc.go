// Package tamper changes one stored value after another behind the ledger's back, with SQL,
// and holds Verify to finding each.
package tamper
