-- Every table's primary key starts with the ledger, and every WHERE names it. There are no
-- foreign keys: the ledger checks before it writes, and on the large tables they would cost
-- a third of the throughput.
--
-- Times are NULL for none. Amounts are minor units. Ids sort by their bytes, whatever the
-- database's collation is. Documents are bytes: JSON is never parsed or reformatted here.

-- The head row of each ledger: its last block and its counters. Every block updates it, so
-- its pages keep room for the next version of the row.
CREATE TABLE ledgers (
  ledger       bigint      NOT NULL CHECK (ledger > 0),
  name         text        COLLATE "C" NOT NULL,
  key          bytea       NOT NULL CHECK (length(key) = 16),
  seq          bigint      NOT NULL DEFAULT 0 CHECK (seq >= 0),
  time         timestamptz,
  hash         bytea       NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(hash) = 32),
  accounts     bigint      NOT NULL DEFAULT 0 CHECK (accounts >= 0),
  postings     bigint      NOT NULL DEFAULT 0 CHECK (postings >= 0),
  transactions bigint      NOT NULL DEFAULT 0 CHECK (transactions >= 0),
  events       bigint      NOT NULL DEFAULT 0 CHECK (events >= 0),
  min_reader   integer     NOT NULL DEFAULT 1 CHECK (min_reader > 0), -- versions of this driver that
  min_writer   integer     NOT NULL DEFAULT 1 CHECK (min_writer > 0), -- may read and write the ledger
  assured      smallint    NOT NULL DEFAULT 0,                        -- moves when a commit has only to be durable
  PRIMARY KEY (ledger),
  UNIQUE (name)
) WITH (fillfactor = 20);

CREATE TABLE blocks (
  ledger   bigint      NOT NULL,
  seq      bigint      NOT NULL CHECK (seq > 0),
  time     timestamptz NOT NULL,
  previous bytea       NOT NULL CHECK (length(previous) = 32),
  hash     bytea       NOT NULL CHECK (length(hash) = 32),
  body     bytea,
  PRIMARY KEY (ledger, seq)
);

-- The body is NULL once the block was archived. Compressing bodies would cost more time than
-- writing them.
ALTER TABLE blocks ALTER body SET STORAGE EXTERNAL;

CREATE TABLE changes (
  ledger  bigint  NOT NULL,
  id      text    COLLATE "C" NOT NULL,
  seq     bigint  NOT NULL CHECK (seq > 0),
  place   integer NOT NULL CHECK (place >= 0),
  tags    bytea,
  outcome bytea,
  PRIMARY KEY (ledger, id)
);

-- tx is the number of the transaction's first posting. effective is NULL when it equals
-- time.
CREATE TABLE postings (
  ledger       bigint      NOT NULL,
  no           bigint      NOT NULL,
  seq          bigint      NOT NULL CHECK (seq > 0),
  tx           bigint      NOT NULL CHECK (tx > 0 AND tx <= no),
  time         timestamptz NOT NULL,
  effective    timestamptz,
  debit        bigint      NOT NULL CHECK (debit > 0),
  credit       bigint      NOT NULL CHECK (credit > 0 AND credit <> debit),
  amount       bigint      NOT NULL CHECK (amount >= 0),
  debit_after  bigint      NOT NULL,
  credit_after bigint      NOT NULL,
  debit_nth    bigint      NOT NULL CHECK (debit_nth > 0),
  credit_nth   bigint      NOT NULL CHECK (credit_nth > 0),
  debit_prev   bigint      NOT NULL CHECK (debit_prev >= 0 AND debit_prev < no),
  credit_prev  bigint      NOT NULL CHECK (credit_prev >= 0 AND credit_prev < no),
  change       text        COLLATE "C" NOT NULL,
  hold         text        COLLATE "C",
  reference    text        COLLATE "C",
  metadata     bytea,
  PRIMARY KEY (ledger, no)
);

-- The 128-bit total of debits is two words, each stored with its bits unchanged. Pages keep
-- room for the next version of their rows, so that an update touches no index.
CREATE TABLE accounts (
  ledger      bigint   NOT NULL,
  no          bigint   NOT NULL CHECK (no > 0),
  balance     bigint   NOT NULL,
  debits_hi   bigint   NOT NULL,
  debits_lo   bigint   NOT NULL,
  pending_out bigint   NOT NULL CHECK (pending_out >= 0),
  pending_in  bigint   NOT NULL CHECK (pending_in >= 0),
  entries     bigint   NOT NULL CHECK (entries >= 0),
  last        bigint   NOT NULL CHECK (last >= 0),
  normal      smallint NOT NULL CHECK (normal IN (0, 1)),
  flags       smallint NOT NULL CHECK (flags BETWEEN 0 AND 15),
  name        text     COLLATE "C" NOT NULL,
  currency    text     COLLATE "C" NOT NULL,
  min         bigint,
  max         bigint,
  next_expiry timestamptz,
  PRIMARY KEY (ledger, no),
  UNIQUE (ledger, name, currency),
  CHECK (min <= max)
) WITH (fillfactor = 50);

CREATE TABLE marks (
  ledger  bigint NOT NULL,
  account bigint NOT NULL CHECK (account > 0),
  nth     bigint NOT NULL CHECK (nth > 0),
  posting bigint NOT NULL CHECK (posting > 0),
  PRIMARY KEY (ledger, account, nth)
);

-- Transactions that were reversed, and by which.
CREATE TABLE reversals (
  ledger bigint NOT NULL,
  tx     bigint NOT NULL CHECK (tx > 0),
  reversal bigint NOT NULL CHECK (reversal > tx),
  PRIMARY KEY (ledger, tx)
);

-- By what transactions are found: a keyed hash of a reference or of an entry of metadata.
CREATE TABLE terms (
  ledger bigint NOT NULL,
  hash   bigint NOT NULL,
  tx     bigint NOT NULL CHECK (tx > 0),
  PRIMARY KEY (ledger, hash, tx)
);

-- Entries whose effective time is not the time of their recording.
CREATE TABLE dated (
  ledger    bigint      NOT NULL,
  account   bigint      NOT NULL CHECK (account > 0),
  nth       bigint      NOT NULL CHECK (nth > 0),
  entry     bigint      NOT NULL CHECK (entry >= nth),
  posting   bigint      NOT NULL CHECK (posting > 0),
  effective timestamptz NOT NULL,
  sum       bigint      NOT NULL,
  turnover  bigint      NOT NULL CHECK (turnover >= 0),
  PRIMARY KEY (ledger, account, nth)
);

CREATE INDEX dated_effective ON dated (ledger, account, effective, nth);

-- Totals of dated entries by effective time, in buckets of several widths.
CREATE TABLE dated_sums (
  ledger  bigint   NOT NULL,
  account bigint   NOT NULL CHECK (account > 0),
  level   smallint NOT NULL CHECK (level BETWEEN 0 AND 5),
  bucket  bigint   NOT NULL,
  total   bigint   NOT NULL,
  PRIMARY KEY (ledger, account, level, bucket)
) WITH (fillfactor = 80);

-- legs has one row of {debit, credit, amount, rest} for each posting.
CREATE TABLE holds (
  ledger    bigint   NOT NULL,
  id        text     COLLATE "C" NOT NULL,
  status    smallint NOT NULL CHECK (status BETWEEN 1 AND 4),
  seq       bigint   NOT NULL CHECK (seq > 0),
  expires   timestamptz,
  reference text     COLLATE "C",
  metadata  bytea,
  legs      bigint[] NOT NULL CHECK (coalesce(array_length(legs, 2), 4) = 4 AND 0 <= ALL (legs)),
  PRIMARY KEY (ledger, id)
) WITH (fillfactor = 80);

-- One row for each account that an open hold with an expiry touches.
CREATE TABLE hold_due (
  ledger  bigint      NOT NULL,
  account bigint      NOT NULL CHECK (account > 0),
  expires timestamptz NOT NULL,
  hold    text        COLLATE "C" NOT NULL,
  PRIMARY KEY (ledger, account, expires, hold)
);

-- keys and labels are NULL for none; record_keys and record_labels index them.
CREATE TABLE records (
  ledger   bigint   NOT NULL,
  type     text     COLLATE "C" NOT NULL,
  id       text     COLLATE "C" NOT NULL,
  version  bigint   NOT NULL CHECK (version > 0),
  seq      bigint   NOT NULL CHECK (seq > 0),
  chaining smallint NOT NULL CHECK (chaining IN (0, 1)),
  erased   boolean  NOT NULL,
  due      timestamptz,
  salt     bytea,
  keys     text[]   COLLATE "C",
  labels   text[]   COLLATE "C",
  content  bytea,
  PRIMARY KEY (ledger, type, id),
  CHECK (NOT erased OR due IS NULL AND keys IS NULL AND labels IS NULL
    AND coalesce(length(salt), 0) = 0 AND coalesce(length(content), 0) = 0)
) WITH (fillfactor = 80);

CREATE INDEX records_due ON records (ledger, type, due, id) WHERE due IS NOT NULL;

CREATE TABLE record_keys (
  ledger bigint NOT NULL,
  key    text   COLLATE "C" NOT NULL,
  type   text   COLLATE "C" NOT NULL,
  id     text   COLLATE "C" NOT NULL,
  PRIMARY KEY (ledger, key)
);

CREATE TABLE record_labels (
  ledger bigint NOT NULL,
  type   text   COLLATE "C" NOT NULL,
  label  text   COLLATE "C" NOT NULL,
  id     text   COLLATE "C" NOT NULL,
  PRIMARY KEY (ledger, type, label, id)
);

CREATE TABLE events (
  ledger  bigint      NOT NULL,
  no      bigint      NOT NULL CHECK (no > 0),
  seq     bigint      NOT NULL CHECK (seq > 0),
  time    timestamptz NOT NULL,
  type    text        COLLATE "C" NOT NULL,
  subject text        COLLATE "C" NOT NULL,
  payload bytea,
  salt    bytea,
  PRIMARY KEY (ledger, no)
);

CREATE TABLE currencies (
  ledger bigint  NOT NULL,
  code   text    COLLATE "C" NOT NULL,
  scale  integer NOT NULL CHECK (scale BETWEEN 0 AND 18),
  PRIMARY KEY (ledger, code)
);

-- For people and reports. The program does not read them.

CREATE VIEW account_balances AS
SELECT l.name AS ledger, a.no, a.name, a.currency,
  CASE a.normal WHEN 1 THEN 'debit' ELSE 'credit' END AS normal,
  CASE a.normal WHEN 1 THEN -a.balance::numeric ELSE a.balance END / power(10::numeric, c.scale) AS balance,
  a.pending_out / power(10::numeric, c.scale) AS pending_debits,
  a.pending_in / power(10::numeric, c.scale) AS pending_credits,
  (a.debits_hi * 18446744073709551616 + a.debits_lo
    + CASE WHEN a.debits_lo < 0 THEN 18446744073709551616 ELSE 0 END) / power(10::numeric, c.scale) AS debits,
  a.entries
FROM accounts a
JOIN ledgers l ON l.ledger = a.ledger
JOIN currencies c ON c.ledger = a.ledger AND c.code = a.currency;

CREATE VIEW posting_details AS
SELECT l.name AS ledger, p.no, p.seq, p.tx, p.time, coalesce(p.effective, p.time) AS effective,
  d.name AS debit, k.name AS credit, d.currency, p.amount / power(10::numeric, c.scale) AS amount,
  p.change, p.hold, p.reference, convert_from(p.metadata, 'UTF8') AS metadata
FROM postings p
JOIN ledgers l ON l.ledger = p.ledger
JOIN accounts d ON d.ledger = p.ledger AND d.no = p.debit
JOIN accounts k ON k.ledger = p.ledger AND k.no = p.credit
JOIN currencies c ON c.ledger = p.ledger AND c.code = d.currency;
