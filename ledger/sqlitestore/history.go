package sqlitestore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/okpay/okpay-go/ledger"
)

// Account implements ledger.View.
func (v *view) Account(ctx context.Context, key ledger.AccountKey) (account ledger.Account, err error) {
	found := false
	err = v.with(ctx, func(c *conn) error {
		return accountByKey(c, v.no, key, func(r *row) error {
			account, found = readAccount(r), true
			return nil
		})
	})
	if err == nil && !found {
		err = notFound("account")
	}
	return account, err
}

// AccountsByNo implements ledger.View.
func (v *view) AccountsByNo(ctx context.Context, nos []int64) (all []ledger.Account, err error) {
	err = v.with(ctx, func(c *conn) error {
		l := loader{ctx: ctx, c: c, no: v.no, found: &ledger.Found{}}
		err := l.accountNos(&ledger.Need{AccountNos: nos})
		all = l.found.Accounts
		return err
	})
	return all, err
}

// fewNames is how many matching names are sorted by number rather than looked for by number.
const fewNames = 1000

// Accounts implements ledger.View. A prefix that few names have is found in the index of
// names; one that many have is soon met with among the numbers.
func (v *view) Accounts(ctx context.Context, prefix string, after int64, limit int) (all []ledger.Account, err error) {
	if prefix == "" {
		return list(ctx, v, "SELECT "+accountColumns+" FROM accounts WHERE ledger = ?1 AND no > ?2 ORDER BY no LIMIT ?3",
			func(p *params) { p.int(after).int(int64(limit)) }, sure(readAccount))
	}
	// Nothing sorts after the highest code point.
	last := prefix + "\U0010FFFF"
	nos, err := list(ctx, v, "SELECT no FROM accounts WHERE ledger = ?1 AND name >= ?2 AND name < ?3 LIMIT ?4",
		func(p *params) { p.text(prefix).text(last).int(fewNames + 1) }, sure((*row).int))
	if err != nil {
		return nil, err
	}
	if len(nos) > fewNames {
		return list(ctx, v, "SELECT "+accountColumns+` FROM accounts NOT INDEXED
			WHERE ledger = ?1 AND no > ?2 AND name >= ?3 AND name < ?4 ORDER BY no LIMIT ?5`,
			func(p *params) { p.int(after).text(prefix).text(last).int(int64(limit)) }, sure(readAccount))
	}
	slices.Sort(nos)
	first, _ := slices.BinarySearch(nos, after+1)
	nos = nos[first:]
	nos = nos[:min(limit, len(nos))]
	all, err = v.AccountsByNo(ctx, nos)
	slices.SortFunc(all, func(a, b ledger.Account) int { return cmp.Compare(a.No, b.No) })
	return all, err
}

// Postings implements ledger.View.
func (v *view) Postings(ctx context.Context, after int64, limit int) ([]ledger.PostingRow, error) {
	return list(ctx, v, "SELECT "+postingColumns+" FROM postings WHERE ledger = ?1 AND no > ?2 ORDER BY no LIMIT ?3",
		func(p *params) { p.int(after).int(int64(limit)) }, sure(readPosting))
}

// Entries implements ledger.View. It starts at the nearest mark at or above highest, or at
// the account's last entry, and follows the pointers back.
func (v *view) Entries(ctx context.Context, account, lowest, highest int64) (all []ledger.PostingRow, err error) {
	err = v.with(ctx, func(c *conn) error {
		nth, no, err := entryNear(c, v.no, account, highest)
		if err != nil {
			return err
		}
		for nth >= max(lowest, 1) {
			if nth%ledger.MarkEvery == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			p, err := posting(c, v.no, no)
			if err != nil {
				return err
			}
			if nth <= highest {
				all = append(all, p)
			}
			nth--
			if no = p.CreditPrev; p.Debit == account {
				no = p.DebitPrev
			}
		}
		return nil
	})
	slices.Reverse(all)
	return all, err
}

// entryNear returns an entry of the account at or above the ordinal and as near as is known,
// or its last one. Both are 0 for an account without entries.
func entryNear(c *conn, no, account, above int64) (nth, posting int64, err error) {
	for _, query := range []string{
		"SELECT nth, posting FROM marks WHERE ledger = ?1 AND account = ?2 AND nth >= ?3 ORDER BY nth LIMIT 1",
		"SELECT entries, last FROM accounts WHERE ledger = ?1 AND no = ?2",
	} {
		stmt, err := c.Prepare(query)
		if err != nil {
			return 0, 0, err
		}
		p := bind(stmt, no).int(account)
		if stmt.BindParamCount() > p.last {
			p.int(above)
		}
		err = each(stmt, func(r *row) error {
			nth, posting = r.int(), r.int()
			return nil
		})
		if err != nil || posting != 0 {
			return nth, posting, err
		}
	}
	return 0, 0, nil
}

// posting reads one that must be there.
func posting(c *conn, ledgerNo, no int64) (p ledger.PostingRow, err error) {
	stmt, err := c.Prepare("SELECT " + postingColumns + " FROM postings WHERE ledger = ?1 AND no = ?2")
	if err != nil {
		return p, err
	}
	bind(stmt, ledgerNo).int(no)
	err = each(stmt, func(r *row) error {
		p = readPosting(r)
		return nil
	})
	if err == nil && p.No == 0 {
		err = fmt.Errorf("sqlitestore: posting %d, which an account's history leads to, is missing", no)
	}
	return p, err
}
