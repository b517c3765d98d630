-- Every table's primary key starts with the ledger, and every WHERE names it. Rows that
-- are narrow live in the key's own tree (WITHOUT ROWID); rows that carry documents do not,
-- since a tree whose inner pages hold documents grows deep.
--
-- Times are microseconds since 1970 in UTC, NULL for none. Amounts are minor units.
-- Documents are bytes: JSON is never parsed or reformatted here.

-- The head row of each ledger: its last block and its counters.
CREATE TABLE ledgers (
  ledger       INTEGER PRIMARY KEY CHECK (ledger > 0),
  name         TEXT    NOT NULL UNIQUE,
  key          BLOB    NOT NULL CHECK (length(key) = 16),
  seq          INTEGER NOT NULL CHECK (seq >= 0),
  time         INTEGER,
  hash         BLOB    NOT NULL CHECK (length(hash) = 32),
  accounts     INTEGER NOT NULL CHECK (accounts >= 0),
  postings     INTEGER NOT NULL CHECK (postings >= 0),
  transactions INTEGER NOT NULL CHECK (transactions >= 0),
  events       INTEGER NOT NULL CHECK (events >= 0),
  min_reader   INTEGER NOT NULL CHECK (min_reader > 0),  -- versions of this driver that
  min_writer   INTEGER NOT NULL CHECK (min_writer > 0),  -- may read and write the ledger
  assured      INTEGER NOT NULL DEFAULT 0                -- moves when a commit has only to be durable
) STRICT;

CREATE TABLE blocks (
  ledger   INTEGER NOT NULL,
  seq      INTEGER NOT NULL CHECK (seq > 0),
  time     INTEGER NOT NULL,
  previous BLOB    NOT NULL CHECK (length(previous) = 32),
  hash     BLOB    NOT NULL CHECK (length(hash) = 32),
  body     BLOB,
  PRIMARY KEY (ledger, seq)
) STRICT;

CREATE TABLE changes (
  ledger  INTEGER NOT NULL,
  id      TEXT    NOT NULL,
  seq     INTEGER NOT NULL CHECK (seq > 0),
  place   INTEGER NOT NULL CHECK (place >= 0),
  tags    BLOB,
  outcome BLOB,
  PRIMARY KEY (ledger, id)
) STRICT, WITHOUT ROWID;

-- effective is NULL when it equals time.
CREATE TABLE postings (
  ledger       INTEGER NOT NULL,
  no           INTEGER NOT NULL CHECK (no > 0),
  seq          INTEGER NOT NULL CHECK (seq > 0),
  tx           INTEGER NOT NULL CHECK (tx > 0),
  time         INTEGER NOT NULL,
  effective    INTEGER,
  change       TEXT    NOT NULL,
  hold         TEXT,
  reference    TEXT,
  metadata     BLOB,
  debit        INTEGER NOT NULL CHECK (debit > 0),
  credit       INTEGER NOT NULL CHECK (credit > 0 AND credit <> debit),
  amount       INTEGER NOT NULL CHECK (amount >= 0),
  debit_after  INTEGER NOT NULL,
  credit_after INTEGER NOT NULL,
  debit_nth    INTEGER NOT NULL CHECK (debit_nth > 0),
  credit_nth   INTEGER NOT NULL CHECK (credit_nth > 0),
  debit_prev   INTEGER NOT NULL CHECK (debit_prev >= 0 AND debit_prev < no),
  credit_prev  INTEGER NOT NULL CHECK (credit_prev >= 0 AND credit_prev < no),
  PRIMARY KEY (ledger, no)
) STRICT, WITHOUT ROWID;

-- The 128-bit total of debits is two words, each stored with its bits unchanged.
CREATE TABLE accounts (
  ledger      INTEGER NOT NULL,
  no          INTEGER NOT NULL CHECK (no > 0),
  name        TEXT    NOT NULL,
  currency    TEXT    NOT NULL,
  normal      INTEGER NOT NULL CHECK (normal IN (0, 1)),
  min         INTEGER,
  max         INTEGER,
  flags       INTEGER NOT NULL CHECK (flags BETWEEN 0 AND 15),
  balance     INTEGER NOT NULL,
  debits_hi   INTEGER NOT NULL,
  debits_lo   INTEGER NOT NULL,
  pending_out INTEGER NOT NULL CHECK (pending_out >= 0),
  pending_in  INTEGER NOT NULL CHECK (pending_in >= 0),
  entries     INTEGER NOT NULL CHECK (entries >= 0),
  last        INTEGER NOT NULL CHECK (last >= 0),
  next_expiry INTEGER,
  PRIMARY KEY (ledger, no),
  UNIQUE (ledger, name, currency),
  CHECK (min IS NULL OR max IS NULL OR min <= max)
) STRICT, WITHOUT ROWID;

CREATE TABLE marks (
  ledger  INTEGER NOT NULL,
  account INTEGER NOT NULL CHECK (account > 0),
  nth     INTEGER NOT NULL CHECK (nth > 0),
  posting INTEGER NOT NULL CHECK (posting > 0),
  PRIMARY KEY (ledger, account, nth)
) STRICT, WITHOUT ROWID;

-- Transactions that were reversed, and by which.
CREATE TABLE reversals (
  ledger INTEGER NOT NULL,
  tx     INTEGER NOT NULL CHECK (tx > 0),
  reversal INTEGER NOT NULL CHECK (reversal > tx),
  PRIMARY KEY (ledger, tx)
) STRICT, WITHOUT ROWID;

-- By what transactions are found: a keyed hash of a reference or of an entry of metadata.
CREATE TABLE terms (
  ledger INTEGER NOT NULL,
  hash   INTEGER NOT NULL,
  tx     INTEGER NOT NULL CHECK (tx > 0),
  PRIMARY KEY (ledger, hash, tx)
) STRICT, WITHOUT ROWID;

-- Entries whose effective time is not the time of their recording.
CREATE TABLE dated (
  ledger    INTEGER NOT NULL,
  account   INTEGER NOT NULL CHECK (account > 0),
  nth       INTEGER NOT NULL CHECK (nth > 0),
  entry     INTEGER NOT NULL CHECK (entry >= nth),
  posting   INTEGER NOT NULL CHECK (posting > 0),
  effective INTEGER NOT NULL,
  sum       INTEGER NOT NULL,
  turnover  INTEGER NOT NULL CHECK (turnover >= 0),
  PRIMARY KEY (ledger, account, nth)
) STRICT, WITHOUT ROWID;

CREATE INDEX dated_effective ON dated (ledger, account, effective, nth);

-- Totals of dated entries by effective time, in buckets of several widths.
CREATE TABLE dated_sums (
  ledger  INTEGER NOT NULL,
  account INTEGER NOT NULL CHECK (account > 0),
  level   INTEGER NOT NULL CHECK (level BETWEEN 0 AND 5),
  bucket  INTEGER NOT NULL,
  total   INTEGER NOT NULL,
  PRIMARY KEY (ledger, account, level, bucket)
) STRICT, WITHOUT ROWID;

-- legs is a JSON array of [debit, credit, amount, rest].
CREATE TABLE holds (
  ledger    INTEGER NOT NULL,
  id        TEXT    NOT NULL,
  status    INTEGER NOT NULL CHECK (status BETWEEN 1 AND 4),
  seq       INTEGER NOT NULL CHECK (seq > 0),
  expires   INTEGER,
  reference TEXT,
  metadata  BLOB,
  legs      BLOB    NOT NULL,
  PRIMARY KEY (ledger, id)
) STRICT, WITHOUT ROWID;

-- One row for each account that an open hold with an expiry touches.
CREATE TABLE hold_due (
  ledger  INTEGER NOT NULL,
  account INTEGER NOT NULL CHECK (account > 0),
  expires INTEGER NOT NULL,
  hold    TEXT    NOT NULL,
  PRIMARY KEY (ledger, account, expires, hold)
) STRICT, WITHOUT ROWID;

-- keys and labels are JSON arrays of text, NULL for none; record_keys and record_labels
-- index them.
CREATE TABLE records (
  ledger   INTEGER NOT NULL,
  type     TEXT    NOT NULL,
  id       TEXT    NOT NULL,
  version  INTEGER NOT NULL CHECK (version > 0),
  seq      INTEGER NOT NULL CHECK (seq > 0),
  chaining INTEGER NOT NULL CHECK (chaining IN (0, 1)),
  erased   INTEGER NOT NULL CHECK (erased IN (0, 1)),
  due      INTEGER,
  salt     BLOB,
  keys     BLOB,
  labels   BLOB,
  content  BLOB,
  PRIMARY KEY (ledger, type, id),
  CHECK (erased = 0 OR due IS NULL AND keys IS NULL AND labels IS NULL
    AND ifnull(length(salt), 0) = 0 AND ifnull(length(content), 0) = 0)
) STRICT;

CREATE INDEX records_due ON records (ledger, type, due, id) WHERE due IS NOT NULL;

CREATE TABLE record_keys (
  ledger INTEGER NOT NULL,
  key    TEXT    NOT NULL,
  type   TEXT    NOT NULL,
  id     TEXT    NOT NULL,
  PRIMARY KEY (ledger, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE record_labels (
  ledger INTEGER NOT NULL,
  type   TEXT    NOT NULL,
  label  TEXT    NOT NULL,
  id     TEXT    NOT NULL,
  PRIMARY KEY (ledger, type, label, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  ledger  INTEGER NOT NULL,
  no      INTEGER NOT NULL CHECK (no > 0),
  seq     INTEGER NOT NULL CHECK (seq > 0),
  time    INTEGER NOT NULL,
  type    TEXT    NOT NULL,
  subject TEXT    NOT NULL,
  payload BLOB,
  salt    BLOB,
  PRIMARY KEY (ledger, no)
) STRICT;

CREATE TABLE currencies (
  ledger INTEGER NOT NULL,
  code   TEXT    NOT NULL,
  scale  INTEGER NOT NULL CHECK (scale BETWEEN 0 AND 18),
  PRIMARY KEY (ledger, code)
) STRICT, WITHOUT ROWID;
