package sqlitestore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"

	"github.com/okpay/okpay-go/ledger"
)

// errEnded reports use of a Tx or View that has ended. Nothing happened.
var errEnded = errors.New("sqlitestore: the transaction has ended")

// errNoRow reports a batch that changes what is not there.
var errNoRow = errors.New("sqlitestore: the row to change is not there")

// tx is the file's write transaction. It holds the store's writer until it ends.
type tx struct {
	store  *Store
	c      *conn // nil once ended
	ledger int64
	had    map[ledger.RecordKey]recordIndex // of the records that were loaded since the lock was had
}

// Load implements ledger.Tx.
func (t *tx) Load(ctx context.Context, need ledger.Need) (*ledger.Found, error) {
	if t.c == nil {
		return nil, errEnded
	}
	found, err := t.load(ctx, &need)
	return found, translate(ctx, "load", err)
}

func (t *tx) load(ctx context.Context, need *ledger.Need) (*ledger.Found, error) {
	found, err := load(ctx, t.c, t.ledger, need)
	if err != nil {
		return nil, err
	}
	if t.had == nil && len(need.Records) > 0 {
		t.had = make(map[ledger.RecordKey]recordIndex, len(need.Records))
	}
	for _, key := range need.Records {
		t.had[key] = recordIndex{}
	}
	for i := range found.Records {
		t.had[found.Records[i].RecordKey] = recordIndex{found.Records[i].Unique, found.Records[i].Labels}
	}
	return found, nil
}

// Rollback implements ledger.Tx. It does its work whether or not ctx is done.
func (t *tx) Rollback(context.Context) error {
	if t.c == nil {
		return errEnded
	}
	t.end()
	return nil
}

// Commit implements ledger.Tx. Once SQLite has been told to commit, ctx is not looked at
// any more.
func (t *tx) Commit(ctx context.Context, batch *ledger.Batch) error {
	if t.c == nil {
		return errEnded
	}
	defer t.end()
	if err := t.write(ctx, batch); err != nil {
		return translate(ctx, "write", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := t.c.exec("COMMIT"); err != nil {
		return translateCommit(ctx, err)
	}
	t.store.turn.keep(t.c, t.store.endTurn)
	return nil
}

// end rolls back what was not committed and lets go of the writer.
func (t *tx) end() {
	t.store.release(t.c)
	t.c = nil
}

// write writes the rows of the batch.
func (t *tx) write(ctx context.Context, batch *ledger.Batch) error {
	c, no := t.c, t.ledger
	if batch.Block == nil {
		if err := t.assure(); err != nil {
			return err
		}
		return t.writeRecords(ctx, batch.Records)
	}
	if err := writeHead(c, no, batch); err != nil {
		return err
	}
	writes := []func() error{
		func() error { return insertAll(ctx, c, no, intoBlocks, []ledger.Block{*batch.Block}, putBlock) },
		func() error { return insertAll(ctx, c, no, intoChanges, batch.Changes, putChange) },
		func() error { return insertAll(ctx, c, no, intoPostings, batch.Postings, putPosting) },
		func() error { return insertAll(ctx, c, no, intoAccounts, batch.Opened, putAccount) },
		func() error { return updateAccounts(ctx, c, no, batch.Accounts) },
		func() error { return alterAccounts(ctx, c, no, batch.Altered) },
		func() error { return insertAll(ctx, c, no, intoReversals, batch.Reversals, putReversal) },
		func() error { return insertAll(ctx, c, no, intoTerms, batch.Terms, putTerm) },
		func() error { return insertAll(ctx, c, no, intoDated, batch.Dated, putDated) },
		func() error { return addDatedSums(ctx, c, no, batch.DatedSums) },
		func() error { return insertAll(ctx, c, no, intoMarks, batch.Marks, putMark) },
		func() error { return writeHolds(ctx, c, no, batch.Holds) },
		func() error { return t.writeRecords(ctx, batch.Records) },
		func() error { return insertAll(ctx, c, no, intoEvents, batch.Events, putEvent) },
		func() error { return insertAll(ctx, c, no, intoCurrencies, currencies(batch.Currencies), putCurrency) },
	}
	for _, write := range writes {
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}

// assure gives the commit something to write, so that the log is forced to disk up to here:
// a process that died between writing and forcing may have left a block that is read by all
// and safe from nothing. SQLite writes no page whose bytes stay the same.
func (t *tx) assure() error {
	stmt, err := t.c.Prepare("UPDATE ledgers SET assured = assured + 1 WHERE ledger = ?")
	if err != nil {
		return err
	}
	bind(stmt, t.ledger)
	return change(t.c, stmt)
}

// writeHead moves the head from the block before. That it moves by one is the last guard
// against a block decided over another head.
func writeHead(c *conn, no int64, batch *ledger.Batch) error {
	stmt, err := c.Prepare(`UPDATE ledgers SET seq = ?2, time = ?3, hash = ?4,
		accounts = ?5, postings = ?6, transactions = ?7, events = ?8
		WHERE ledger = ?1 AND seq = ?2 - 1`)
	if err != nil {
		return err
	}
	block, head := batch.Block, &batch.Head
	bind(stmt, no).int(block.Seq).time(block.Time).bytes(block.Hash[:]).
		int(head.Accounts).int(head.Postings).int(head.Transactions).int(head.Events)
	return change(c, stmt)
}

// updateAccounts writes what may differ, in the order of the key: neighbors share pages.
func updateAccounts(ctx context.Context, c *conn, no int64, accounts []ledger.Account) error {
	if len(accounts) == 0 {
		return nil
	}
	stmt, err := c.Prepare(`UPDATE OR ROLLBACK accounts SET balance = ?3, debits_hi = ?4, debits_lo = ?5,
		pending_out = ?6, pending_in = ?7, entries = ?8, last = ?9, next_expiry = ?10
		WHERE ledger = ?1 AND no = ?2`)
	if err != nil {
		return err
	}
	order := make([]*ledger.Account, len(accounts))
	for i := range accounts {
		order[i] = &accounts[i]
	}
	slices.SortFunc(order, func(a, b *ledger.Account) int { return cmp.Compare(a.No, b.No) })
	for i, a := range order {
		if i%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		bind(stmt, no).int(a.No).int(a.Balance).int(int64(a.DebitsHi)).int(int64(a.DebitsLo)).
			int(a.PendingOut).int(a.PendingIn).int(a.Entries).int(a.Last).time(a.NextExpiry)
		if err := change(c, stmt); err != nil {
			return err
		}
	}
	return nil
}

// alterAccounts writes what updateAccounts does not.
func alterAccounts(ctx context.Context, c *conn, no int64, accounts []ledger.Account) error {
	return forAll(ctx, c, no, `UPDATE OR ROLLBACK accounts SET min = ?3, max = ?4, flags = ?5 WHERE ledger = ?1 AND no = ?2`,
		accounts, func(p *params, a *ledger.Account) { p.int(a.No).intOrNil(a.Min).intOrNil(a.Max).int(int64(a.Flags)) })
}

// addDatedSums moves the totals of buckets.
func addDatedSums(ctx context.Context, c *conn, no int64, sums []ledger.DatedSum) error {
	return forAll(ctx, c, no, `INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (ledger, account, level, bucket) DO UPDATE SET total = total + excluded.total`,
		sums, func(p *params, s *ledger.DatedSum) { p.int(s.Account).int(int64(s.Level)).int(s.Bucket).int(s.Delta) })
}

// forAll runs a statement that must change exactly one row for each item.
func forAll[T any](ctx context.Context, c *conn, no int64, query string, items []T, put func(*params, *T)) error {
	if len(items) == 0 {
		return nil
	}
	stmt, err := c.Prepare(query)
	if err != nil {
		return err
	}
	for i := range items {
		if i%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		put(bind(stmt, no), &items[i])
		if err := change(c, stmt); err != nil {
			return err
		}
	}
	return nil
}

// change runs a bound statement that must change exactly one row.
func change(c *conn, stmt *sqlite.Stmt) error {
	if err := run(stmt); err != nil {
		return err
	}
	if n := c.Changes(); n != 1 {
		return fmt.Errorf("%w (%d rows)", errNoRow, n)
	}
	return nil
}
