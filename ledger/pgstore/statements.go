package pgstore

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/jackc/pgx/v5"
)

// stmt is one of the statements that a connection keeps prepared.
type stmt int

const (
	// Transactions.
	beginWrite stmt = iota
	beginRead
	commit
	rollback
	configureWrite
	configureRead
	customPlans

	// Inside a transaction of the caller's.
	savepoint
	lookAround
	configureJoined
	restoreJoined
	rollbackTo
	release

	// The head row.
	selectLedger
	insertLedger
	lockHead
	lockFreeHead
	selectHead
	updateHead
	assure

	// What a block needs.
	findChanges
	findAccounts
	findAccountNos
	findHolds
	findDue
	findNextExpiry
	findRecords
	findUnique
	findCurrencies
	findLabeled
	findTransactions
	findReversals
	findDated

	// What a View reads.
	listBlocks
	listChanges
	listEvents
	listPostings
	listEntries
	getPostings
	getMarks
	listByTerm
	listByTermDesc
	getDated
	listDated
	listDatedDesc
	lastDated
	sumDated
	listAccounts
	listAccountsByPrefix
	listCurrencies
	listHolds
	listRecords
	getRecord
	getRecords
	recordsByID
	recordsByIDDesc
	recordsByLabel
	recordsByLabelDesc
	recordsByDue
	recordsByDueAfter

	// What a block writes.
	insertBlock
	insertChanges
	insertPostings
	insertAccounts
	updateAccounts
	alterAccounts
	insertReversals
	insertTerms
	insertDated
	addDatedSums
	forgetBodies
	insertMarks
	putHolds
	deleteDue
	insertDue
	deleteKeys
	insertKeys
	deleteLabels
	insertLabels
	putRecords
	insertEvents
	insertCurrencies

	statementCount
)

// statementTexts has the text of every statement. "@" stands for the schema and a dot.
//
// An array of rows is taken apart by unnest in the select list, all of them in step: that
// is one pass, where unnest in FROM would store every column aside first.
var statementTexts = [statementCount]string{
	beginWrite: `BEGIN ISOLATION LEVEL READ COMMITTED`,
	beginRead:  `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`,
	commit:     `COMMIT`,
	rollback:   `ROLLBACK`,

	// Every statement of ours finds its rows by a key. The planner does not always know:
	// the statistics of a table that grows fast describe the small one it was, and a plan
	// that scans it is kept. Generic plans save planning with arrays of thousands.
	configureWrite: `SELECT set_config('lock_timeout', $1::text, true),
		set_config('idle_in_transaction_session_timeout', $2::text, true),
		set_config('plan_cache_mode', 'force_generic_plan', true), ` + byKey,
	configureRead: `SELECT ` + byKey,
	customPlans:   `SELECT set_config('plan_cache_mode', 'force_custom_plan', true)`,

	savepoint: `SAVEPOINT okpay_joined`,
	lookAround: `SELECT current_setting('transaction_isolation'), (SELECT coalesce(max(number), 0) FROM @schema_migrations),
		current_setting('lock_timeout'), current_setting('enable_seqscan'), current_setting('enable_hashjoin'),
		current_setting('enable_mergejoin'), current_setting('jit')`,
	configureJoined: `SELECT set_config('lock_timeout', $1::text, true), ` + byKey,
	// What was set after a savepoint outlives its release.
	restoreJoined: `SELECT set_config('lock_timeout', $1::text, true), set_config('enable_seqscan', $2::text, true),
		set_config('enable_hashjoin', $3::text, true), set_config('enable_mergejoin', $4::text, true),
		set_config('jit', $5::text, true)`,
	rollbackTo: `ROLLBACK TO SAVEPOINT okpay_joined`,
	release:    `RELEASE SAVEPOINT okpay_joined`,

	selectLedger: `SELECT ` + headColumns + ` FROM @ledgers WHERE name = $1::text`,
	insertLedger: `INSERT INTO @ledgers (ledger, name, key)
		SELECT coalesce(max(ledger), 0) + 1, $1::text, $2::bytea FROM @ledgers
		ON CONFLICT DO NOTHING`,

	// The clock is read outside of what takes the lock, so after it was had.
	lockHead: `WITH head AS MATERIALIZED (SELECT ` + headColumns + ` FROM @ledgers WHERE ledger = $1::bigint FOR UPDATE)
		SELECT ` + headColumns + `, clock_timestamp() FROM head`,
	// A lock that is not free is an error at once.
	lockFreeHead: `WITH head AS MATERIALIZED (SELECT ` + headColumns + ` FROM @ledgers WHERE ledger = $1::bigint FOR UPDATE NOWAIT)
		SELECT ` + headColumns + `, clock_timestamp() FROM head`,
	selectHead: `SELECT ` + headColumns + ` FROM @ledgers WHERE ledger = $1::bigint`,
	assure:     `UPDATE @ledgers SET assured = 1 - assured WHERE ledger = $1::bigint`,

	findChanges: `SELECT ` + changeColumns + ` FROM ` + eachText + ` CROSS JOIN LATERAL
		(SELECT * FROM @changes c WHERE c.ledger = $1::bigint AND c.id = k.one LIMIT 1) c`,
	findAccounts: `SELECT ` + accountColumns + ` FROM ` + eachKey + ` CROSS JOIN LATERAL
		(SELECT * FROM @accounts a WHERE a.ledger = $1::bigint AND a.name = k.one AND a.currency = k.two LIMIT 1) a`,
	findAccountNos: `SELECT ` + accountColumns + ` FROM (SELECT unnest($2::bigint[]) AS one) k CROSS JOIN LATERAL
		(SELECT * FROM @accounts a WHERE a.ledger = $1::bigint AND a.no = k.one LIMIT 1) a`,
	findHolds: `SELECT ` + holdColumns + ` FROM ` + eachText + ` CROSS JOIN LATERAL
		(SELECT * FROM @holds h WHERE h.ledger = $1::bigint AND h.id = k.one LIMIT 1) h`,
	findDue: `SELECT ` + holdColumns + ` FROM (SELECT DISTINCT hold FROM @hold_due
			WHERE ledger = $1::bigint AND account = ANY($2::bigint[]) AND expires <= $3::timestamptz) k
		CROSS JOIN LATERAL (SELECT * FROM @holds h WHERE h.ledger = $1::bigint AND h.id = k.hold LIMIT 1) h`,
	findNextExpiry: `SELECT a.account, (SELECT d.expires FROM @hold_due d
			WHERE d.ledger = $1::bigint AND d.account = a.account AND d.expires > $3::timestamptz
			ORDER BY d.expires LIMIT 1)
		FROM (SELECT unnest($2::bigint[]) AS account) a`,
	findRecords: `SELECT type, id, version, seq, chaining, erased, due, salt, keys, labels, NULL::bytea
		FROM ` + eachKey + ` CROSS JOIN LATERAL
		(SELECT * FROM @records r WHERE r.ledger = $1::bigint AND r.type = k.one AND r.id = k.two LIMIT 1) r`,
	findUnique: `SELECT key, type, id FROM ` + eachText + ` CROSS JOIN LATERAL
		(SELECT * FROM @record_keys i WHERE i.ledger = $1::bigint AND i.key = k.one LIMIT 1) i`,
	findCurrencies: `SELECT code, scale FROM @currencies WHERE ledger = $1::bigint AND code = ANY($2::text[])`,

	// A record with several of the labels is found once.
	findLabeled: `SELECT ` + recordColumns + ` FROM (SELECT DISTINCT l.type, l.id FROM ` + eachKey + ` CROSS JOIN LATERAL
			(SELECT * FROM @record_labels l WHERE l.ledger = $1::bigint AND l.type = k.one AND l.label = k.two OFFSET 0) l) k (one, two)
		CROSS JOIN LATERAL
		(SELECT * FROM @records r WHERE r.ledger = $1::bigint AND r.type = k.one AND r.id = k.two LIMIT 1) r`,
	// The postings of a transaction follow its first one, whose number is the transaction's, up
	// to the first that is another's: no more are read than it has.
	findTransactions: `SELECT ` + postingColumns + ` FROM unnest($2::bigint[]) t (first) CROSS JOIN LATERAL
		(SELECT * FROM @postings WHERE ledger = $1::bigint AND tx = t.first AND no >= t.first
			AND no < coalesce((SELECT n.no FROM @postings n WHERE n.ledger = $1::bigint AND n.no > t.first
				AND n.no <= t.first + $3::bigint AND n.tx <> t.first ORDER BY n.no LIMIT 1), t.first + $3::bigint)) p
		ORDER BY no`,
	findReversals: `SELECT tx, reversal FROM @reversals WHERE ledger = $1::bigint AND tx = ANY($2::bigint[])`,
	findDated: `SELECT ` + datedColumns + ` FROM ` + eachKey + ` CROSS JOIN LATERAL
		(SELECT no FROM @accounts a WHERE a.ledger = $1::bigint AND a.name = k.one AND a.currency = k.two LIMIT 1) a
		CROSS JOIN LATERAL (SELECT * FROM @dated WHERE ledger = $1::bigint AND account = a.no ORDER BY nth DESC LIMIT 1) d`,

	listBlocks: `SELECT ` + blockColumns + ` FROM @blocks
		WHERE ledger = $1::bigint AND seq > $2::bigint ORDER BY seq LIMIT $3::bigint`,
	listChanges: `SELECT ` + changeColumns + ` FROM @changes
		WHERE ledger = $1::bigint AND id > $2::text ORDER BY id LIMIT $3::bigint`,
	listEvents: `SELECT ` + eventColumns + ` FROM @events
		WHERE ledger = $1::bigint AND no > $2::bigint ORDER BY no LIMIT $3::bigint`,
	listPostings: `SELECT ` + postingColumns + ` FROM @postings
		WHERE ledger = $1::bigint AND no > $2::bigint ORDER BY no LIMIT $3::bigint`,

	// From the first mark at or above the highest, or the account's last posting, back along
	// the pointers.
	listEntries: `WITH RECURSIVE walk AS (
			SELECT p.*, CASE WHEN p.debit = $2::bigint THEN p.debit_nth ELSE p.credit_nth END AS nth
			FROM @postings p
			WHERE p.ledger = $1::bigint AND p.no = coalesce(
				(SELECT m.posting FROM @marks m WHERE m.ledger = $1::bigint AND m.account = $2::bigint AND m.nth >= $4::bigint
					ORDER BY m.nth LIMIT 1),
				(SELECT a.last FROM @accounts a WHERE a.ledger = $1::bigint AND a.no = $2::bigint))
		UNION ALL
			SELECT p.*, CASE WHEN p.debit = $2::bigint THEN p.debit_nth ELSE p.credit_nth END
			FROM walk w JOIN @postings p ON p.ledger = $1::bigint
				AND p.no = CASE WHEN w.debit = $2::bigint THEN w.debit_prev ELSE w.credit_prev END
			WHERE w.nth > $3::bigint
		)
		SELECT ` + postingColumns + ` FROM walk WHERE nth BETWEEN $3::bigint AND $4::bigint ORDER BY no`,

	getPostings: `SELECT ` + postingColumns + ` FROM @postings WHERE ledger = $1::bigint AND no = ANY($2::bigint[])`,
	getMarks: `SELECT ` + markColumns + ` FROM @marks
		WHERE ledger = $1::bigint AND account = $2::bigint AND nth = ANY($3::bigint[])`,
	listByTerm: `SELECT tx FROM @terms
		WHERE ledger = $1::bigint AND hash = $2::bigint AND tx > $3::bigint ORDER BY tx LIMIT $4::bigint`,
	listByTermDesc: `SELECT tx FROM @terms
		WHERE ledger = $1::bigint AND hash = $2::bigint AND tx < $3::bigint ORDER BY tx DESC LIMIT $4::bigint`,
	getDated: `SELECT ` + datedColumns + ` FROM @dated
		WHERE ledger = $1::bigint AND account = $2::bigint AND nth = ANY($3::bigint[])`,
	listDated: `SELECT ` + datedColumns + ` FROM @dated
		WHERE ledger = $1::bigint AND account = $2::bigint AND (effective, nth) > ($3::timestamptz, $4::bigint)
		ORDER BY effective, nth LIMIT $5::bigint`,
	listDatedDesc: `SELECT ` + datedColumns + ` FROM @dated
		WHERE ledger = $1::bigint AND account = $2::bigint AND (effective, nth) < ($3::timestamptz, $4::bigint)
		ORDER BY effective DESC, nth DESC LIMIT $5::bigint`,
	lastDated: `SELECT ` + datedColumns + ` FROM @dated
		WHERE ledger = $1::bigint AND account = $2::bigint ORDER BY nth DESC LIMIT 1`,
	// In halves, whose sums fit: what is added up may leave 64 bits on the way.
	sumDated: `SELECT coalesce(sum(total >> 32), 0)::bigint, coalesce(sum(total & 4294967295), 0)::bigint
		FROM unnest($3::bigint[], $4::bigint[], $5::bigint[]) r (level, start, until) CROSS JOIN LATERAL
		(SELECT total FROM @dated_sums s WHERE s.ledger = $1::bigint AND s.account = $2::bigint
			AND s.level = r.level::smallint AND s.bucket >= r.start AND s.bucket < r.until) t`,

	listAccounts: `SELECT ` + accountColumns + ` FROM @accounts
		WHERE ledger = $1::bigint AND no > $2::bigint ORDER BY no LIMIT $3::bigint`,
	listAccountsByPrefix: `SELECT ` + accountColumns + ` FROM @accounts
		WHERE ledger = $1::bigint AND no > $2::bigint AND name >= $4::text AND name < $5::text ORDER BY no LIMIT $3::bigint`,
	listCurrencies: `SELECT code, scale FROM @currencies WHERE ledger = $1::bigint`,
	listHolds: `SELECT ` + holdColumns + ` FROM @holds
		WHERE ledger = $1::bigint AND id > $2::text ORDER BY id LIMIT $3::bigint`,
	listRecords: `SELECT ` + recordColumns + ` FROM @records
		WHERE ledger = $1::bigint AND (type, id) > ($2::text, $3::text) ORDER BY type, id LIMIT $4::bigint`,
	getRecord: `SELECT ` + recordColumns + ` FROM @records WHERE ledger = $1::bigint AND type = $2::text AND id = $3::text`,
	getRecords: `SELECT ` + recordColumns + ` FROM ` + eachKey + ` CROSS JOIN LATERAL
		(SELECT * FROM @records r WHERE r.ledger = $1::bigint AND r.type = k.one AND r.id = k.two LIMIT 1) r`,

	recordsByID: `SELECT ` + recordColumns + ` FROM @records
		WHERE ledger = $1::bigint AND type = $2::text AND id > $3::text AND NOT erased ORDER BY id LIMIT $4::bigint`,
	recordsByIDDesc: `SELECT ` + recordColumns + ` FROM @records
		WHERE ledger = $1::bigint AND type = $2::text AND id < $3::text AND NOT erased ORDER BY id DESC LIMIT $4::bigint`,
	recordsByLabel: `SELECT ` + recordColumns + ` FROM @record_labels JOIN @records USING (ledger, type, id)
		WHERE ledger = $1::bigint AND type = $2::text AND label = $5::text AND id > $3::text ORDER BY id LIMIT $4::bigint`,
	recordsByLabelDesc: `SELECT ` + recordColumns + ` FROM @record_labels JOIN @records USING (ledger, type, id)
		WHERE ledger = $1::bigint AND type = $2::text AND label = $5::text AND id < $3::text ORDER BY id DESC LIMIT $4::bigint`,
	recordsByDue: `SELECT ` + recordColumns + ` FROM @records
		WHERE ledger = $1::bigint AND type = $2::text AND due <= $3::timestamptz ORDER BY due, id LIMIT $4::bigint`,
	recordsByDueAfter: `SELECT ` + recordColumns + ` FROM @records
		WHERE ledger = $1::bigint AND type = $2::text AND due <= $3::timestamptz AND (due, id) > ($5::timestamptz, $6::text)
		ORDER BY due, id LIMIT $4::bigint`,

	updateHead: `UPDATE @ledgers SET seq = $2::bigint, time = $3::timestamptz, hash = $4::bytea,
		accounts = $5::bigint, postings = $6::bigint, transactions = $7::bigint, events = $8::bigint
		WHERE ledger = $1::bigint`,
	insertBlock: `INSERT INTO @blocks (ledger, ` + blockColumns + `)
		VALUES ($1::bigint, $2::bigint, $3::timestamptz, $4::bytea, $5::bytea, $6::bytea)`,
	insertChanges: `INSERT INTO @changes (ledger, ` + changeColumns + `)
		SELECT $1::bigint, unnest($2::text[]), unnest($3::bigint[]), unnest($4::integer[]), unnest($5::bytea[]), unnest($6::bytea[])`,
	insertPostings: `INSERT INTO @postings (ledger, ` + postingColumns + `)
		SELECT $1::bigint, unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::bigint[]),
			unnest($5::timestamptz[]), unnest($6::timestamptz[]),
			unnest($7::bigint[]), unnest($8::bigint[]), unnest($9::bigint[]), unnest($10::bigint[]), unnest($11::bigint[]),
			unnest($12::bigint[]), unnest($13::bigint[]), unnest($14::bigint[]), unnest($15::bigint[]),
			unnest($16::text[]), unnest($17::text[]), unnest($18::text[]), unnest($19::bytea[])`,
	insertAccounts: `INSERT INTO @accounts (ledger, ` + accountColumns + `)
		SELECT $1::bigint, unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::bigint[]), unnest($5::bigint[]),
			unnest($6::bigint[]), unnest($7::bigint[]), unnest($8::bigint[]), unnest($9::bigint[]),
			unnest($10::integer[]), unnest($11::integer[]), unnest($12::text[]), unnest($13::text[]),
			unnest($14::bigint[]), unnest($15::bigint[]), unnest($16::timestamptz[])`,
	updateAccounts: `UPDATE @accounts a SET balance = u.balance, debits_hi = u.debits_hi, debits_lo = u.debits_lo,
			pending_out = u.pending_out, pending_in = u.pending_in, entries = u.entries, last = u.last,
			next_expiry = u.next_expiry
		FROM (SELECT $1::bigint AS ledger, unnest($2::bigint[]) AS no, unnest($3::bigint[]) AS balance,
			unnest($4::bigint[]) AS debits_hi, unnest($5::bigint[]) AS debits_lo,
			unnest($6::bigint[]) AS pending_out, unnest($7::bigint[]) AS pending_in,
			unnest($8::bigint[]) AS entries, unnest($9::bigint[]) AS last,
			unnest($10::timestamptz[]) AS next_expiry) u ` + eachAccount,
	alterAccounts: `UPDATE @accounts a SET min = u.min, max = u.max, flags = u.flags
		FROM (SELECT $1::bigint AS ledger, unnest($2::bigint[]) AS no, unnest($3::bigint[]) AS min, unnest($4::bigint[]) AS max,
			unnest($5::integer[]) AS flags) u ` + eachAccount,
	insertReversals: `INSERT INTO @reversals (ledger, tx, reversal)
		SELECT $1::bigint, unnest($2::bigint[]), unnest($3::bigint[])`,
	// Two texts of one transaction may have the same hash.
	insertTerms: `INSERT INTO @terms (ledger, hash, tx)
		SELECT $1::bigint, unnest($2::bigint[]), unnest($3::bigint[]) ON CONFLICT DO NOTHING`,
	insertDated: `INSERT INTO @dated (ledger, ` + datedColumns + `)
		SELECT $1::bigint, unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::bigint[]), unnest($5::bigint[]),
			unnest($6::timestamptz[]), unnest($7::bigint[]), unnest($8::bigint[])`,
	addDatedSums: `INSERT INTO @dated_sums AS s (ledger, account, level, bucket, total)
		SELECT $1::bigint, unnest($2::bigint[]), unnest($3::integer[]), unnest($4::bigint[]), unnest($5::bigint[])
		ON CONFLICT (ledger, account, level, bucket) DO UPDATE SET total = s.total + excluded.total`,
	forgetBodies: `UPDATE @blocks SET body = NULL
		WHERE ledger = $1::bigint AND seq <= $2::bigint AND body IS NOT NULL`,
	insertMarks: `INSERT INTO @marks (ledger, account, nth, posting)
		SELECT $1::bigint, unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::bigint[])`,

	putHolds: `INSERT INTO @holds (ledger, ` + holdColumns + `)
		SELECT $1::bigint, unnest($2::text[]), unnest($3::integer[]), unnest($4::bigint[]), unnest($5::timestamptz[]),
			unnest($6::text[]), unnest($7::bytea[]), unnest($8::text[])::bigint[]
		ON CONFLICT (ledger, id) DO UPDATE SET status = excluded.status, seq = excluded.seq, expires = excluded.expires,
			reference = excluded.reference, metadata = excluded.metadata, legs = excluded.legs`,
	// Rows to delete are found one by one, see eachKey; nobody else writes the ledger's meanwhile.
	// Where a hold waits for its expiry follows from the hold itself, before it is
	// overwritten.
	deleteDue: `DELETE FROM @hold_due WHERE ctid = ANY(ARRAY(SELECT f.ctid FROM (
			SELECT unnest(legs[:][1:2]), expires, id FROM ` + eachText + ` CROSS JOIN LATERAL
				(SELECT * FROM @holds h WHERE h.ledger = $1::bigint AND h.id = k.one LIMIT 1) h
				WHERE status = 1 AND expires IS NOT NULL) o (account, expires, hold)
		CROSS JOIN LATERAL (SELECT i.ctid FROM @hold_due i
			WHERE i.ledger = $1::bigint AND i.account = o.account AND i.expires = o.expires AND i.hold = o.hold LIMIT 1) f))`,
	insertDue: `INSERT INTO @hold_due (ledger, account, expires, hold)
		SELECT $1::bigint, unnest($2::bigint[]), unnest($3::timestamptz[]), unnest($4::text[])
		ON CONFLICT DO NOTHING`,

	// $2, $3 and $4 are types, ids and what the records are found by.
	deleteKeys: `DELETE FROM @record_keys WHERE ctid = ANY(ARRAY(SELECT f.ctid FROM ` + eachIndexed + ` CROSS JOIN LATERAL
		(SELECT i.ctid FROM @record_keys i
			WHERE i.ledger = $1::bigint AND i.key = o.name AND i.type = o.type AND i.id = o.id LIMIT 1) f))`,
	insertKeys: `INSERT INTO @record_keys (ledger, type, id, key)
		SELECT $1::bigint, unnest($2::text[]), unnest($3::text[]), unnest($4::text[])`,
	deleteLabels: `DELETE FROM @record_labels WHERE ctid = ANY(ARRAY(SELECT f.ctid FROM ` + eachIndexed + ` CROSS JOIN LATERAL
		(SELECT i.ctid FROM @record_labels i
			WHERE i.ledger = $1::bigint AND i.type = o.type AND i.label = o.name AND i.id = o.id LIMIT 1) f))`,
	insertLabels: `INSERT INTO @record_labels (ledger, type, id, label)
		SELECT $1::bigint, unnest($2::text[]), unnest($3::text[]), unnest($4::text[])`,
	putRecords: `INSERT INTO @records (ledger, ` + recordColumns + `)
		SELECT $1::bigint, unnest($2::text[]), unnest($3::text[]), unnest($4::bigint[]), unnest($5::bigint[]),
			unnest($6::integer[]), unnest($7::boolean[]), unnest($8::timestamptz[]), unnest($9::bytea[]),
			unnest($10::text[])::text[], unnest($11::text[])::text[], unnest($12::bytea[])
		ON CONFLICT (ledger, type, id) DO UPDATE SET version = excluded.version, seq = excluded.seq,
			chaining = excluded.chaining, erased = excluded.erased, due = excluded.due, salt = excluded.salt,
			keys = excluded.keys, labels = excluded.labels, content = excluded.content`,

	insertEvents: `INSERT INTO @events (ledger, ` + eventColumns + `)
		SELECT $1::bigint, unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::timestamptz[]),
			unnest($5::text[]), unnest($6::text[]), unnest($7::bytea[]), unnest($8::bytea[])`,
	insertCurrencies: `INSERT INTO @currencies (ledger, code, scale)
		SELECT $1::bigint, unnest($2::text[]), unnest($3::integer[])`,
}

// eachKey is a table k of the pairs in $2 and $3. What is joined to it laterally, one row for
// each, is looked up by its key whatever the planner believes: as a semi-join it was seen to
// compare every pair with every row.
const eachKey = `(SELECT unnest($2::text[]) AS one, unnest($3::text[]) AS two) k`

// eachText is eachKey for keys of one text.
const eachText = `(SELECT unnest($2::text[]) AS one) k`

// eachIndexed is what records are found by, row by row; see eachKey.
const eachIndexed = `(SELECT unnest($2::text[]) AS type, unnest($3::text[]) AS id, unnest($4::text[]) AS name) o`

// eachAccount finds the account a of each u, whose ledger stands in u: were it compared with $1, a planner
// without statistics, as in a young ledger, would read all accounts of the ledger for each one to update.
const eachAccount = `WHERE a.ledger = u.ledger AND a.no = u.no`

// byKey keeps the planner to the indexes.
const byKey = `set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
		set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)`

// statement is a statement for one schema.
type statement struct {
	name string // under which connections keep it prepared
	sql  string
}

// statements returns all statements for a schema. Their names follow from their texts, so
// that stores of different schemas can share a pool.
func statements(schema string) *[statementCount]statement {
	var all [statementCount]statement
	prefix := pgx.Identifier{schema}.Sanitize() + "."
	for i, text := range statementTexts {
		sql := strings.ReplaceAll(text, "@", prefix)
		sum := sha256.Sum256([]byte(sql))
		all[i] = statement{name: "okpay_" + hex.EncodeToString(sum[:12]), sql: sql}
	}
	return &all
}
