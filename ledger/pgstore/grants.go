package pgstore

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// privileges are what a program has to be allowed to do. What is written once is never
// updated, and hardly anything is deleted; where a row is updated, what identifies it is
// not.
var privileges = [...]struct{ what, tables string }{
	{"SELECT", "schema_migrations"},
	{"SELECT, INSERT", "ledgers, blocks, changes, postings, accounts, marks, holds, records, events, currencies, reversals, terms, dated, dated_sums"},
	{"SELECT, INSERT, DELETE", "hold_due, record_keys, record_labels"},
	{"UPDATE (seq, time, hash, accounts, postings, transactions, events, assured)", "ledgers"},
	{"UPDATE (balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, next_expiry, min, max, flags)", "accounts"},
	{"UPDATE (total)", "dated_sums"},
	{"UPDATE (status, seq, expires, reference, metadata, legs)", "holds"},
	{"UPDATE (version, seq, chaining, erased, due, salt, keys, labels, content)", "records"},
}

// Grants returns the SQL that lets a role run a Store and nothing more: it can not change or
// delete blocks, postings or the outcomes of changes, and can not change the schema. So it
// can not Forget the bodies of blocks either: that is for the owner. Apply it as the owner of the schema, after each Migrate. The role must exist, must not own the tables, and must
// not be "public".
func Grants(role string, cfg Config) (string, error) {
	cfg, err := cfg.defaults()
	if err != nil {
		return "", err
	}
	if err := checkIdentifier(role); err != nil {
		return "", fmt.Errorf("%w: role: %w", ErrConfig, err)
	}
	if role == "public" || role == "none" { // they keep their meaning in quotes
		return "", fmt.Errorf("%w: role: %q is not a role", ErrConfig, role)
	}
	schema, to := pgx.Identifier{cfg.Schema}.Sanitize(), " TO "+pgx.Identifier{role}.Sanitize()+";\n"
	var b strings.Builder
	b.WriteString("GRANT USAGE ON SCHEMA " + schema + to)
	for _, p := range privileges {
		tables := strings.Split(p.tables, ", ")
		for i := range tables {
			tables[i] = schema + "." + tables[i]
		}
		b.WriteString("GRANT " + p.what + " ON " + strings.Join(tables, ", ") + to)
	}
	return b.String(), nil
}
