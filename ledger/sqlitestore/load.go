package sqlitestore

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/okpay/okpay-go/ledger"
)

// readLedger returns the head row, or ledger.ErrNotFound.
func readLedger(c *conn, no int64) (head ledger.Head, minReader, minWriter int, err error) {
	stmt, err := c.Prepare("SELECT " + headColumns + " FROM ledgers WHERE ledger = ?1")
	if err != nil {
		return head, 0, 0, err
	}
	bind(stmt, no)
	found := false
	err = each(stmt, func(r *row) error {
		head, minReader, minWriter = readHead(r)
		found = true
		return nil
	})
	if err == nil && !found {
		err = notFound("ledger")
	}
	return head, minReader, minWriter, err
}

// load reads what need names from the locked file.
func load(ctx context.Context, c *conn, no int64, need *ledger.Need) (*ledger.Found, error) {
	head, _, minWriter, err := readLedger(c, no)
	if err != nil {
		return nil, err
	}
	if minWriter > writerVersion {
		return nil, &NewerError{What: "writer", Need: minWriter, Have: writerVersion}
	}
	l := loader{ctx: ctx, c: c, no: no, found: &ledger.Found{Head: head}}
	for _, step := range []func(*ledger.Need) error{
		l.changes, l.accounts, l.accountNos, l.holds, l.due, l.records, l.unique, l.currencies, l.labeled, l.transactions, l.dated,
	} {
		if err := step(need); err != nil {
			return nil, err
		}
	}
	return l.found, nil
}

// loader fills in what is found, one kind after the other.
type loader struct {
	ctx   context.Context
	c     *conn
	no    int64
	found *ledger.Found
}

// lookMany is how many keys one lookup of lookAll names. A lookup of its own for each costs
// three times as much.
const lookMany = 64

// lookAll runs "query (?,?,…)" with ledger and keys for as many keys as there are. Places
// that are left over repeat the last key.
func lookAll[T any](l *loader, query string, keys []T, put func(*params, T), fn func(*row) error) error {
	return lookWithin(l, query, nil, keys, put, fn)
}

// lookWithin is lookAll for a query that has texts between the ledger and the keys.
func lookWithin[T any](l *loader, query string, within []string, keys []T, put func(*params, T), fn func(*row) error) error {
	for len(keys) > 0 {
		if err := l.ctx.Err(); err != nil {
			return err
		}
		places := lookMany
		if len(keys) <= 4 {
			places = len(keys)
		}
		stmt, err := l.c.lookup(query, 2+len(within), places)
		if err != nil {
			return err
		}
		p := bind(stmt, l.no)
		for _, text := range within {
			p.text(text)
		}
		n := min(places, len(keys))
		for _, key := range keys[:n] {
			put(p, key)
		}
		for range places - n {
			put(p, keys[n-1])
		}
		if err := each(stmt, fn); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

// lookup prepares query followed by a list of places from a parameter on.
func (c *conn) lookup(query string, first, places int) (*sqlite.Stmt, error) {
	key := bulkKey{query, places}
	if stmt := c.bulk[key]; stmt != nil {
		return stmt, nil
	}
	var b strings.Builder
	b.WriteString(query + " (?" + strconv.Itoa(first))
	for i := first + 1; i < first+places; i++ {
		b.WriteString(",?" + strconv.Itoa(i))
	}
	b.WriteByte(')')
	stmt, err := c.Prepare(b.String())
	if err != nil {
		return nil, err
	}
	c.bulk[key] = stmt
	return stmt, nil
}

func putText(p *params, s string) { p.text(s) }
func putInt(p *params, v int64)   { p.int(v) }

func (l *loader) changes(need *ledger.Need) error {
	return lookAll(l, "SELECT "+changeColumns+" FROM changes WHERE ledger = ?1 AND id IN", need.Changes, putText, func(r *row) error {
		l.found.Changes = append(l.found.Changes, readChange(r))
		return nil
	})
}

func (l *loader) takeAccount(r *row) error {
	l.found.Accounts = append(l.found.Accounts, readAccount(r))
	return nil
}

func (l *loader) accounts(need *ledger.Need) error {
	for i, key := range need.Accounts {
		if i%64 == 0 && l.ctx.Err() != nil {
			return l.ctx.Err()
		}
		if err := accountByKey(l.c, l.no, key, l.takeAccount); err != nil {
			return err
		}
	}
	return nil
}

func accountByKey(c *conn, no int64, key ledger.AccountKey, fn func(*row) error) error {
	stmt, err := c.Prepare("SELECT " + accountColumns + " FROM accounts WHERE ledger = ?1 AND name = ?2 AND currency = ?3")
	if err != nil {
		return err
	}
	bind(stmt, no).text(key.Name).text(key.Currency)
	return each(stmt, fn)
}

func (l *loader) accountNos(need *ledger.Need) error {
	return lookAll(l, accountsByNo, need.AccountNos, putInt, l.takeAccount)
}

const accountsByNo = "SELECT " + accountColumns + " FROM accounts WHERE ledger = ?1 AND no IN"

func (l *loader) holds(need *ledger.Need) error {
	return lookAll(l, "SELECT "+holdColumns+" FROM holds WHERE ledger = ?1 AND id IN", need.Holds, putText, func(r *row) error {
		h, err := readHold(r)
		l.found.Holds = append(l.found.Holds, h)
		return err
	})
}

// due loads due holds that are not loaded yet, and when the next one after them expires.
func (l *loader) due(need *ledger.Need) error {
	if len(need.DueOn) == 0 {
		return nil
	}
	have := make(map[string]bool)
	for i := range l.found.Holds {
		have[l.found.Holds[i].ID] = true
	}
	var more []string
	l.found.NextExpiry = make(map[int64]time.Time)
	for _, account := range need.DueOn {
		if err := l.ctx.Err(); err != nil {
			return err
		}
		due, err := dueHolds(l.c, l.no, account, need.DueAt)
		if err != nil {
			return err
		}
		for _, id := range due {
			if !have[id] {
				have[id] = true
				more = append(more, id)
			}
		}
		next, err := l.c.Prepare("SELECT expires FROM hold_due WHERE ledger = ?1 AND account = ?2 AND expires > ?3 ORDER BY expires LIMIT 1")
		if err != nil {
			return err
		}
		bind(next, l.no).int(account).int(need.DueAt.UnixMicro())
		err = each(next, func(r *row) error {
			l.found.NextExpiry[account] = r.time()
			return nil
		})
		if err != nil {
			return err
		}
	}
	return l.holds(&ledger.Need{Holds: more})
}

// dueHolds returns the ids of the open holds that touch the account and expire by at.
func dueHolds(c *conn, no, account int64, at time.Time) (ids []string, err error) {
	stmt, err := c.Prepare("SELECT hold FROM hold_due WHERE ledger = ?1 AND account = ?2 AND expires <= ?3")
	if err != nil {
		return nil, err
	}
	bind(stmt, no).int(account).int(at.UnixMicro())
	err = each(stmt, func(r *row) error {
		ids = append(ids, r.text())
		return nil
	})
	return ids, err
}

func (l *loader) records(need *ledger.Need) error {
	ids := make(map[string][]string) // by type, of which there are few
	for _, key := range need.Records {
		ids[key.Type] = append(ids[key.Type], key.ID)
	}
	for _, recordType := range slices.Sorted(maps.Keys(ids)) {
		err := lookWithin(l, "SELECT "+recordRowColumns+" FROM records WHERE ledger = ?1 AND type = ?2 AND id IN",
			[]string{recordType}, ids[recordType], putText, func(r *row) error {
				rec, err := readRecord(r, false)
				l.found.Records = append(l.found.Records, rec)
				return err
			})
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) unique(need *ledger.Need) error {
	if len(need.Unique) > 0 {
		l.found.Unique = make(map[string]ledger.RecordKey)
	}
	return lookAll(l, "SELECT key, type, id FROM record_keys WHERE ledger = ?1 AND key IN", need.Unique, putText, func(r *row) error {
		l.found.Unique[r.text()] = ledger.RecordKey{Type: r.text(), ID: r.text()}
		return nil
	})
}

func (l *loader) currencies(need *ledger.Need) error {
	if len(need.Currencies) > 0 {
		l.found.Currencies = make(map[string]int)
	}
	return lookAll(l, "SELECT code, scale FROM currencies WHERE ledger = ?1 AND code IN", need.Currencies, putText, func(r *row) error {
		l.found.Currencies[r.text()] = int(r.int())
		return nil
	})
}

func (l *loader) labeled(need *ledger.Need) error {
	for _, label := range need.Labeled {
		rows, err := labeled(l.ctx, l.c, l.no, label)
		if err != nil {
			return err
		}
		l.found.Labeled = append(l.found.Labeled, rows...)
	}
	return nil
}

func labeled(ctx context.Context, c *conn, no int64, label ledger.RecordLabel) (all []ledger.RecordRow, err error) {
	stmt, err := c.Prepare(`SELECT r.type, r.id, r.version, r.seq, r.chaining, r.erased, r.due, r.salt, r.keys, r.labels, r.content
		FROM record_labels l CROSS JOIN records r ON r.ledger = l.ledger AND r.type = l.type AND r.id = l.id
		WHERE l.ledger = ?1 AND l.type = ?2 AND l.label = ?3 ORDER BY l.id`)
	if err != nil {
		return nil, err
	}
	bind(stmt, no).text(label.Type).text(label.Label)
	err = collect(ctx, stmt, &all, readWholeRecord)
	return all, err
}

// transactions loads the postings of transactions, which follow their first one, and which
// of them were reversed.
func (l *loader) transactions(need *ledger.Need) error {
	if len(need.Transactions) == 0 {
		return nil
	}
	for _, first := range need.Transactions {
		// What follows a transaction's last posting is another's: no more are read than it has.
		stmt, err := l.c.Prepare("SELECT " + postingColumns + ` FROM postings
			WHERE ledger = ?1 AND no >= ?2 AND tx = ?2 AND no < ifnull((SELECT no FROM postings
				WHERE ledger = ?1 AND no > ?2 AND no <= ?3 AND tx <> ?2 ORDER BY no LIMIT 1), ?3) ORDER BY no`)
		if err != nil {
			return err
		}
		bind(stmt, l.no).int(first).int(first + ledger.MaxPostings)
		if err := collect(l.ctx, stmt, &l.found.Postings, sure(readPosting)); err != nil {
			return err
		}
	}
	var err error
	l.found.Reversals, err = reversed(l, need.Transactions)
	return err
}

func reversed(l *loader, transactions []int64) (map[int64]int64, error) {
	found := make(map[int64]int64)
	err := lookAll(l, "SELECT tx, reversal FROM reversals WHERE ledger = ?1 AND tx IN", transactions, putInt, func(r *row) error {
		tx, by := r.int(), r.int()
		found[tx] = by
		return nil
	})
	return found, err
}

func (l *loader) dated(need *ledger.Need) error {
	for _, key := range need.Dated {
		stmt, err := l.c.Prepare("SELECT " + datedColumns + ` FROM dated WHERE ledger = ?1 AND account =
			(SELECT no FROM accounts WHERE ledger = ?1 AND name = ?2 AND currency = ?3) ORDER BY nth DESC LIMIT 1`)
		if err != nil {
			return err
		}
		bind(stmt, l.no).text(key.Name).text(key.Currency)
		if err := collect(l.ctx, stmt, &l.found.Dated, sure(readDated)); err != nil {
			return err
		}
	}
	return nil
}
