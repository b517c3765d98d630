BEGIN;
CREATE SCHEMA IF NOT EXISTS "okpay";
SET LOCAL search_path TO "okpay";
CREATE TABLE IF NOT EXISTS schema_migrations (
  number     integer     PRIMARY KEY CHECK (number > 0),
  applied_at timestamptz NOT NULL DEFAULT now()
);

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

INSERT INTO schema_migrations (number) VALUES (1);
COMMIT;

SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET bytea_output = 'hex'; SET standard_conforming_strings = on;
SET search_path = okpay;
-- migrations applied: 1
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '1', '-570000', '0', '570000', '0', '0', '2', '2', '1', '0', 'bank:1', 'CNY', '0', '10000000', NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '2', '126351', '0', '375649', '3220', '0', '15', '43', '0', '8', 'user:1:available', 'CNY', '-100', '1000000', '2028-11-25 12:25:00.123456+00');
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '3', '66999', '0', '3001', '0', '0', '6', '30', '0', '8', 'user:2', 'CNY', '0', NULL, NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '4', '26', '0', '60', '0', '30', '4', '34', '0', '0', 'shop:fees', 'CNY', NULL, NULL, NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '5', '71000', '0', '0', '0', '0', '1', '4', '0', '0', 'fx:1', 'CNY', NULL, NULL, NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '6', '-10000', '0', '10000', '0', '0', '1', '5', '0', '0', 'fx:1', 'USD', NULL, NULL, NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '7', '10000', '0', '0', '0', '0', '1', '5', '0', '0', 'user:1:available', 'USD', '0', NULL, NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '8', '306982', '0', '2143', '0', '2690', '93', '114', '0', '0', 'shop:1', 'CNY', NULL, NULL, '2028-11-25 12:25:00.123456+00');
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '9', '1000', '0', '0', '0', '0', '1', '9', '0', '0', 'capped:1', 'CNY', '0', '1000', NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '10', '0', '0', '0', '0', '0', '1', '10', '0', '4', 'shop:empty', 'CNY', NULL, NULL, NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '11', '0', '1', '9223372036854775805', '0', '0', '6', '16', '0', '0', 'shop:whale', 'WEI', NULL, NULL, NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '12', '0', '1', '9223372036854775805', '0', '0', '6', '16', '0', '0', 'shop:pond', 'WEI', NULL, NULL, NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '13', '-301', '0', '601', '0', '0', '4', '25', '0', '2', 'shop:gifts', 'CNY', NULL, NULL, NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '14', '110', '0', '550', '40', '0', '5', '33', '0', '0', 'user:3', 'CNY', '0', NULL, '2026-03-31 13:36:00.123456+00');
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '15', '1', '0', '0', '0', '0', '1', '25', '0', '1', 'user:4', 'CNY', '0', NULL, NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '16', '0', '0', '0', '0', '0', '0', '0', '0', '0', 'user:never-used', 'CNY', NULL, NULL, NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '17', '0', '0', '0', '0', '500', '0', '0', '1', '0', 'out:1', 'CNY', NULL, NULL, '2028-11-25 12:28:00.123456+00');
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '18', '10', '0', '0', '0', '0', '1', '28', '0', '0', 'shop:tips', 'CNY', NULL, NULL, NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '19', '0', '0', '0', '0', '40', '0', '0', '0', '0', 'shop:due', 'CNY', NULL, NULL, '2026-03-31 13:36:00.123456+00');
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '20', '0', '0', '10', '0', '0', '2', '36', '0', '0', 'user:5', 'CNY', '0', NULL, NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '21', '20', '0', '10', '0', '0', '4', '39', '0', '0', 'user:6', 'CNY', '0', NULL, NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '22', '2', '0', '0', '0', '0', '1', '41', '0', '8', 'shop:watched', 'CNY', NULL, NULL, NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '23', '220', '0', '0', '0', '0', '2', '43', '0', '0', 'shop:rent', 'CNY', NULL, NULL, NULL);
INSERT INTO accounts (ledger, no, balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, normal, flags, name, currency, min, max, next_expiry) VALUES ('1', '24', '-2420', '0', '2420', '0', '0', '71', '114', '0', '0', 'shop:many', 'CNY', NULL, NULL, NULL);
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '1', '2026-03-01 12:01:00.123456+00', E'\\x0947a1f847d1b772fdbac77f2480a540f01127d1d933186deba8b6a7905168fb', E'\\x50e6639d3973e302320cf577a3b1d159a6203ee194d9679326eeaa756e306de7', NULL);
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '2', '2026-03-01 12:02:00.123456+00', E'\\x50e6639d3973e302320cf577a3b1d159a6203ee194d9679326eeaa756e306de7', E'\\xd6df64343ee581ed45ad347154ea732c6ed87b4bce270c2fbd1301432f655b93', NULL);
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '3', '2026-03-01 12:03:00.123456+00', E'\\xd6df64343ee581ed45ad347154ea732c6ed87b4bce270c2fbd1301432f655b93', E'\\x6798d460b6e106ce16da49da32f8d4f4dd4a844400b559712e07b9fb9fd7caf2', NULL);
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '4', '2026-03-01 12:04:00.123456+00', E'\\x6798d460b6e106ce16da49da32f8d4f4dd4a844400b559712e07b9fb9fd7caf2', E'\\x70214bef61267ff094f81d65b11b89fc439f445dc2b74ffbaa0a2131d1f0b032', NULL);
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '5', '2026-03-01 12:05:00.123456+00', E'\\x70214bef61267ff094f81d65b11b89fc439f445dc2b74ffbaa0a2131d1f0b032', E'\\xa1ff7afd6b8dcef6d94b9691b6d3172e93c5c125ad4b8ef5dd464a84671e6102', NULL);
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '6', '2026-03-01 12:06:00.123456+00', E'\\xa1ff7afd6b8dcef6d94b9691b6d3172e93c5c125ad4b8ef5dd464a84671e6102', E'\\xc54b12cb98d933493d2ec614215eda93c36dba2016a7c783cb17dc4563996051', E'\\x0100010573776565703409030fdcbc868d5c2bb5d7245b11d0496b14266bd228d2286d265c4bd413b96ff1185c344633eaebf913f1186b143a8e3a8e36570c0080f1b0b2a9fda5060901003302086361707065643a3103434e5900010001d00f020a73686f703a656d70747903434e5900000003000000020309e8070a0800');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '7', '2026-03-01 12:07:00.123456+00', E'\\xc54b12cb98d933493d2ec614215eda93c36dba2016a7c783cb17dc4563996051', E'\\xd52662b0dda646766b5c8a42bd7407804eb599b68cef04e770d650909b123fd0', E'\\x01000104746f3a302a7aa53fb344e0802c5a72731190eae9f36b14266bd228d2286b14d8d614cfce99fdfdd2283a8e3a8e36570c00808dcdeba9fda5060b01003b010357454912020a73686f703a7768616c6503574549000000020973686f703a706f6e640357454900000003000000010b0cffffffffffffffff7f');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '8', '2026-03-01 12:08:00.123456+00', E'\\xd52662b0dda646766b5c8a42bd7407804eb599b68cef04e770d650909b123fd0', E'\\xda8afa7c237e81ba8ee8058a809607415199fdf539f970a551a044357fd813b2', E'\\x0100010566726f3a302ad054aad12d8b702858a6eb92ca938db66b14266bd228d2286b1414cfd8d6ce99fdfdd2283a8e3a8e36570c0080a9e9a4aafda5060c01001003000000010c0bffffffffffffffff7f');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '9', '2026-03-01 12:09:00.123456+00', E'\\xda8afa7c237e81ba8ee8058a809607415199fdf539f970a551a044357fd813b2', E'\\xc755669b1cab059db40abd35e1c0b95aaae57ba095b85fcd61194e9a2920e2ba', E'\\x01000104746f3a312a7aa53fb344e0802c5a72731190eae9f36b14266bd228d2286b14d8d614cfce99fdfdd2283a8e3a8e36570c0080c585deaafda5060d01001003000000010b0cffffffffffffffff7f');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '10', '2026-03-01 12:10:00.123456+00', E'\\xc755669b1cab059db40abd35e1c0b95aaae57ba095b85fcd61194e9a2920e2ba', E'\\x5a0b09396f1201b1777714f8d709460d50d516091a461061370f07988a5d2f20', E'\\x0100010566726f3a312ad054aad12d8b702858a6eb92ca938db66b14266bd228d2286b1414cfd8d6ce99fdfdd2283a8e3a8e36570c0080e1a197abfda5060e01001003000000010c0bffffffffffffffff7f');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '11', '2026-03-01 12:11:00.123456+00', E'\\x5a0b09396f1201b1777714f8d709460d50d516091a461061370f07988a5d2f20', E'\\x0a050c4c2a38096afb59eb5532e12787ea529bc22988952da381a66247edbaf8', E'\\x01000104746f3a322a7aa53fb344e0802c5a72731190eae9f36b14266bd228d2286b14d8d614cfce99fdfdd2283a8e3a8e36570c0080fdbdd0abfda5060f01001003000000010b0cffffffffffffffff7f');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '12', '2026-03-01 12:12:00.123456+00', E'\\x0a050c4c2a38096afb59eb5532e12787ea529bc22988952da381a66247edbaf8', E'\\x366a67efcd9922ff6b856596ee3a5e90828bc582dce0551d0709e388b80471c7', E'\\x0100010566726f3a322ad054aad12d8b702858a6eb92ca938db66b14266bd228d2286b1414cfd8d6ce99fdfdd2283a8e3a8e36570c008099da89acfda5061001001003000000010c0bffffffffffffffff7f');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '13', '2026-03-01 12:13:00.123456+00', E'\\x366a67efcd9922ff6b856596ee3a5e90828bc582dce0551d0709e388b80471c7', E'\\x4a68a26e9343dc226dcb3f500d2da431c5b6c1e89a43de2c903b6ea16553bb69', E'\\x0100010473616c6534b6c779badd87f65b5a36e5fea52e35c76b14266bd228d2286d26da6deaebaf17f118d228eaebc9b68645f118d2280d3d3a8e36570c0080b5f6c2acfda506110100130300076f72646572203100020208d00f08043c');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '14', '2026-03-01 12:14:00.123456+00', E'\\x4a68a26e9343dc226dcb3f500d2da431c5b6c1e89a43de2c903b6ea16553bb69', E'\\x1157ec8885f6ff3cb9bed007ad7b099129b7d15501ec49ffab6c100ec21dc3b6', E'\\x01000104756e646f207db0d4af6c756fba85c1e32ea9144435e5db266b5ae1d228d2280d3d3a8e36570c0080d192fcacfda506130100140a1100076f726465722031000204083c0802d00f');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '15', '2026-03-01 12:15:00.123456+00', E'\\x1157ec8885f6ff3cb9bed007ad7b099129b7d15501ec49ffab6c100ec21dc3b6', E'\\xf963b560b15e2e755605a6749d98247c4eb390d93d9bc21ad56f04ea3640332f', E'\\x01000104676966742ad3502ab8e7466429385413e09e0afac46b14266bd228d2286b1498c9d619729bf118d2283a8e3a8e36570c0080edaeb5adfda5061501002c020a73686f703a676966747303434e590000000206757365723a3303434e590001000003000000010d0eac02');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '16', '2026-03-01 12:16:00.123456+00', E'\\xf963b560b15e2e755605a6749d98247c4eb390d93d9bc21ad56f04ea3640332f', E'\\x4c74fc1fc459d97a9b58e4e6a2adab58921697ca9d2f8ac3e5d1bd32b1e44a3f', E'\\x010001057370656e742afc8fe9d83b31662270963038d0d21a266b14266bd228d2286b14d619eaeb7831f118d2283a8e3a8e36570c008089cbeeadfda5061601000903000000010e08fa01');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '17', '2026-03-01 12:17:00.123456+00', E'\\x4c74fc1fc459d97a9b58e4e6a2adab58921697ca9d2f8ac3e5d1bd32b1e44a3f', E'\\x5c1c7386c6a868fc18602fa10c3d62f47bae62e7bf7ac5dcf14dace75969a258', E'\\x0100010a74616b656e206261636b205deab2a4ffa382ed47b51c602ede948ae5db8cc1677c6b14d2283a8ee8e936570c0080a5e7a7aefda506170100210a150180c9d6c29beea506000f7b22776879223a226672617564227d010e0dac02');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '18', '2026-03-01 12:18:00.123456+00', E'\\x5c1c7386c6a868fc18602fa10c3d62f47bae62e7bf7ac5dcf14dace75969a258', E'\\x82aa0539886b1d4571c0f52f3ba66d0deab72fa94b09a39d7105a1106cd6358a', E'\\x0100010b676976656e20616761696e20134ac8df4b3f54a8c1545ab3a03d285ce5db266bc7a56b14d2283a8e3a8e36570c0080c183e1aefda5061801000a0a17000000010d0eac02');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '19', '2026-03-01 12:19:00.123456+00', E'\\x82aa0539886b1d4571c0f52f3ba66d0deab72fa94b09a39d7105a1106cd6358a', E'\\xc90108dc8bdf49c8d6b6dcb64eddba9e84e63d18a7aa8886a1828c556fff9cfa', E'\\x010001066d6164653a312a4f64bd08923e1e431dde58c5c0d888d86b14266bd228d2286b1498c93cdd6b14f118d2283a8e3a8e36570c0080dd9f9aaffda506190100180206757365723a3403434e590001000003000000010d0f01');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '20', '2026-03-01 12:20:00.123456+00', E'\\xc90108dc8bdf49c8d6b6dcb64eddba9e84e63d18a7aa8886a1828c556fff9cfa', E'\\x5f2ee61e8b05cf60a7ec35d96a68909f4461b5b1d7ac849ab0243481c6db55be', E'\\x010001066c696d6974732aa365731b089dacd13d2075d36f9ebc3df913da6df11887c68616d228f9136b4ff118266b266bd228b4230c0080f9bbd3affda506000000280b020001c7010180897a020f757365723a6e657665722d7573656403434e59000100000b10000000');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '21', '2026-03-01 12:21:00.123456+00', E'\\x5f2ee61e8b05cf60a7ec35d96a68909f4461b5b1d7ac849ab0243481c6db55be', E'\\xca87e6d4025d7210b3d4fe9dfbbd2b14893ac361c2675aeba3125cc710e329f9', E'\\x01000106667265657a65363f6e88f51f878b3a4ee2fb78e9440f790f20d619f118266b266b5c340f203cddf118266b266b6b140f2098c9f118266b266b6d26fb220c008095d88cb0fda506000000110b0e030100000b0f010100000b0d020000');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '22', '2026-03-01 12:22:00.123456+00', E'\\xca87e6d4025d7210b3d4fe9dfbbd2b14893ac361c2675aeba3125cc710e329f9', E'\\xe21c093f0a5e0e96d7c62a5048b5f40234c0aee32eef2c259d1392fa11cd2895', E'\\x01000104746861771e6d20c6db65b1f823b0abf436c749a28d0f20d619f118266b266bd22836570c0080b1f4c5b0fda506000000060b0e00010000');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '23', '2026-03-01 12:23:00.123456+00', E'\\xe21c093f0a5e0e96d7c62a5048b5f40234c0aee32eef2c259d1392fa11cd2895', E'\\x61d70e8d05f9547085218cb77ccaef21897b1524c6cba6a87749e7c0aae6d205', E'\\x01000105636c6f73652a2b4aac990615c1e62dc3dacd17d7bee630014633f118266b266bd2283001d413f118266b266bd228b4230c0080cd90ffb0fda5060000000d0b0a0400000b0904010001d00f');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '24', '2026-03-01 12:24:00.123456+00', E'\\x61d70e8d05f9547085218cb77ccaef21897b1524c6cba6a87749e7c0aae6d205', E'\\xc36030f5d644d81d996c5be198ac1ea7ea5ce0771dc573cb82cfefc463458c59', E'\\x0100010672656f70656e2ab895d0dfcb0e897edbe48b46f7c09827f052d413f118266b266bd2285fc9da6df118bbe28616d228b4230c0080e9acb8b1fda506000000080b0900010001d00f');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '25', '2026-03-01 12:25:00.123456+00', E'\\xc36030f5d644d81d996c5be198ac1ea7ea5ce0771dc573cb82cfefc463458c59', E'\\xe9748329457bcd9cacdf8317cda4c44215c0e4f554bca3725b9aafc7933f71b1', E'\\x01000109686f6c643a6f70656e32185d3e346b0ba7ba1f17e23248efef0c6d260a1f266b6d26da6deaeb7870f118d228da6dc9b63b13f118d2286095b1aa36570c008085c9f1b1fda5060000002804046f70656e0008726566206f70656e0f7b22686f6c64223a226f70656e227d020208e80702041e');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '26', '2026-03-01 12:26:00.123456+00', E'\\xe9748329457bcd9cacdf8317cda4c44215c0e4f554bca3725b9aafc7933f71b1', E'\\xee1dec4afe6e4544a1eba590a77a096f82fac488f7cdeedb47914df0d96fe3ee', E'\\x0100010a686f6c643a646174656428e07e6092dd3b8220cb3c7ba96ffd5e746d26826f8a196b14da6deaeb7870f118d2284f7df45336570c0080a1e5aab2fda5060000003004056461746564018085c186c4a2cd0609726566206461746564107b22686f6c64223a226461746564227d010208e807');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '27', '2026-03-01 12:27:00.123456+00', E'\\xee1dec4afe6e4544a1eba590a77a096f82fac488f7cdeedb47914df0d96fe3ee', E'\\x931e0cc2cefc031ee716591c4d28d32bc9b1f7724c051651424ba74df8eb7f34', E'\\x0100010a686f6c643a77686f6c65289565d534a8e78c5a160468d62249b65a6d26ed9221576b14da6deaeb7870f118d2283592841136570c0080bd81e4b2fda50600000030040577686f6c650180b18294cdfda506097265662077686f6c65107b22686f6c64223a2277686f6c65227d010208e807');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '28', '2026-03-01 12:28:00.123456+00', E'\\x931e0cc2cefc031ee716591c4d28d32bc9b1f7724c051651424ba74df8eb7f34', E'\\x8328a68c0b79bee360791b39f87a11beb5a7d285c0263c939494851680e1dc48', E'\\x0100010d636170747572653a77686f6c651e0b7e902ab7d51b490c8613345934c2155c34ed92d228d2283a8e3a8e36570c0080d99d9db3fda5061a010014050577686f6c65010000010208e807010208e807');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '29', '2026-03-01 12:29:00.123456+00', E'\\x8328a68c0b79bee360791b39f87a11beb5a7d285c0263c939494851680e1dc48', E'\\x50639514cc7ff1744ea432b71a510f165543b158c7cde192592ed05bed4fd481', E'\\x0100010a686f6c643a70617274733267d2762a0ad29c8e31294d97ba54c1546d26d31e752a6d26da6deaeb7870f118d228da6d523a16d9f118d2282da2e47f36570c0080f5b9d6b3fda5060000004202056f75743a3103434e59010000040570617274730180d995b2c5a2cd0609726566207061727473107b22686f6c64223a227061727473227d020208e8070211f403');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '30', '2026-03-01 12:30:00.123456+00', E'\\x50639514cc7ff1744ea432b71a510f165543b158c7cde192592ed05bed4fd481', E'\\x3698c09c6cfb9c101995eeb9a2fcf5e560fcaaa75f6658dc02833e8086fc4451', E'\\x0100010c636170747572653a7061727432d336b66429c5f7e125b71d799c65d8df5c34d31ed2286d26da6deaeb729bf118d228da6da4c1f052f118d2289190874c36570c008091d68fb4fda5061b01003e020973686f703a7469707303434e590000000505706172747300067061727420310c7b2270617274223a2231227d020208ac0202120a020208ac0202080a');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '31', '2026-03-01 12:31:00.123456+00', E'\\x3698c09c6cfb9c101995eeb9a2fcf5e560fcaaa75f6658dc02833e8086fc4451', E'\\xd6eb88a50efc37b438fcfd0ebc1b1f269fa8ded587deeed2dcf3f29a59c671f5', E'\\x0100010a686f6c643a66696e616c28861ef05fe892564245a9dfbba50272536d26458d266b6b14da6deaeb7870f118d228af7dad8336570c0080adf2c8b4fda50600000028040566696e616c00097265662066696e616c107b22686f6c64223a2266696e616c227d010208e807');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '32', '2026-03-01 12:32:00.123456+00', E'\\xd6eb88a50efc37b438fcfd0ebc1b1f269fa8ded587deeed2dcf3f29a59c671f5', E'\\xd3a806a9911ca8452ed4c83135780b159cc945435a2a894099c1f9f85847b630', E'\\x0100010d636170747572653a66696e616c2889a605d52d81611998ee289e7a3593af5c34458d6b146b14da6deaeb52c8f118d2283a8e3a8e36570c0080c98e82b5fda5061d010017050566696e616c010000010208e707020208e707020801');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '33', '2026-03-01 12:33:00.123456+00', E'\\xd3a806a9911ca8452ed4c83135780b159cc945435a2a894099c1f9f85847b630', E'\\x5a7f83fc51a702a3b5b0cbe919f620da6da24d73abdd81efa5b761cd008b6db3', E'\\x01000109686f6c643a766f69642868171290938041743ebaf5da0811367d6d26f2d23f7f6b14da6deaeb7870f118d228a2ebfc3a36570c0080e5aabbb5fda5060000002d0404766f69640180d9abebcffda5060872656620766f69640f7b22686f6c64223a22766f6964227d010208e807');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '34', '2026-03-01 12:34:00.123456+00', E'\\x5a7f83fc51a702a3b5b0cbe919f620da6da24d73abdd81efa5b761cd008b6db3', E'\\x3c834cc79fc07a5fb0e270e4707b86f9f5191aef485c899300cac781786380a1', E'\\x01000104766f69641ea68fbeb6a8d204fba65d532c00c6714c1465f2d2d228d2283a8e3a8e36570c008081c7f4b5fda5060000000b0604766f6964010208e807');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '35', '2026-03-01 12:35:00.123456+00', E'\\x3c834cc79fc07a5fb0e270e4707b86f9f5191aef485c899300cac781786380a1', E'\\x9f57c1bc3f66ae12a910437fdb6480f254a9c90a5e9764d4e6f3c46634ae7da2', E'\\x0100010c686f6c643a65787069726564288d01d3d370949d8205c860ebac48d6156d26a74ccf496b145c4beaeb7786f118d228431e5cc236570c00809de3adb6fda506000000350407657870697265640180b9ffe6b6fda5060b7265662065787069726564127b22686f6c64223a2265787069726564227d0103084d');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '36', '2026-03-01 13:36:00.123456+00', E'\\x9f57c1bc3f66ae12a910437fdb6480f254a9c90a5e9764d4e6f3c46634ae7da2', E'\\x390d2165499287ce874161ee8b9ac3a067df17929382874ae3125915889d8a3d', E'\\x010107657870697265640103084d0110616674657220746865206578706972792a12115f6f7629e2e048086a8443f4533f6b14266bd228d2286b145c4beaeb6b14f118d2283a8e3a8e36570c0080c99cd0d1fda5061e0100080300000001030801');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '37', '2026-03-01 13:37:00.123456+00', E'\\x390d2165499287ce874161ee8b9ac3a067df17929382874ae3125915889d8a3d', E'\\x285f1dedc528849d15f6bd61b7f59af8df4d0b108c4a75c9d8f916f00a8c4021', E'\\x01000108686f6c643a64756528cb90f54e3e065d1eff0b09abba88205e6d2621e40ecd6b14d619b2a60107f118d228138c241536570c0080e5b889d2fda5060000003a020873686f703a64756503434e5900000004036475650180c986c4c194a70607726566206475650e7b22686f6c64223a22647565227d010e1328');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '38', '2026-03-01 13:38:00.123456+00', E'\\x285f1dedc528849d15f6bd61b7f59af8df4d0b108c4a75c9d8f916f00a8c4021', E'\\xddd2dc617ad0a99197c58c18763b96d4d4a8410ea9f28dd5f5d5c10571bf978a', E'\\x010001076f726465723a318e01452c136c318cec0324f6bd97fd8602b20429ada67b1465f6f05aa925d228d228042989be20513a8e3a8e266bd228d228042948d63a8e3a8e3a8e266bd228d228f9ddada6b20015ae3575266bd228d228899f137cf1df9e9c1713a9256b14d228899fb4cbf1df6562e512a9256b14d228899f5082f1df3a8e1713266b6b14d2283fe1ada6465048d63a8e3a8edbe10c008081d5c2d2fda506000000850207056f7264657201310174969b657621fee7d9fd3b5180e581216c787dc4359e8b3b05d1a158083bfdba07056f72646572013201415b565f522d83858b579a35b901f224e2ceca743dd1d9b439129208f182452307056f7264657205656d707479015a1728f6cef9c0c272671343d06cad5809938add3e72e08c7ab39a5a8a77c7300706706572736f6e013101aa6b2d526e579d1bbbe295b6b24e174ff17868dc1c58851a57ab90de60ac0cc0090c6f726465722e6f70656e65640131768cb87ebd166119b03043a5dd85f22ff7355e78f11b777be7dfdeea5b4998f60905656d70747900fffbda3512c9b6dae4f0775cc336873cd904a168b6c1e46625ada598513e0df8');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '39', '2026-03-01 13:39:00.123456+00', E'\\xddd2dc617ad0a99197c58c18763b96d4d4a8410ea9f28dd5f5d5c10571bf978a', E'\\x85e50c707efacebd3cba124094a9e85bbea0f5eaffe754e0c6e7a5ac6c49381a', E'\\x010001076f726465723a3240d746e7050344ac05ad4f4cd325bf14b76b14266bd228d2286b14da6deaeb318ef118d2283a8e3a8e0429ada6262f0de8b820cf9fd228d2289605ada6465099280c00809df1fbd2fda5061f010060030000000102082a07056f72646572013102f74da7b85935d1c04567752fa521111556d6a1cd9ca45322d8243488883ec76f090a6f726465722e7061696401314ef2361d5082187336cb6761dc3ef0eb5e244b82acdda54c6df61ab3a4117e28');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '40', '2026-03-01 13:40:00.123456+00', E'\\x85e50c707efacebd3cba124094a9e85bbea0f5eaffe754e0c6e7a5ac6c49381a', E'\\xfae75cbb75bedb53aa5b8bcbd9d416e2ed4835cb8f29fcc3bf49b1c37f35c332', E'\\x01000109666f72676574206d65429680fb576f48c6b21f1fa3c97bfd74aef9ddada63a8e3a8e3a8e266bd2286b14899f50823a8e3a8e3a8e266b6b146b14899f137ca25f3a8e3a8e266b6b14d22814850c0080b98db5d3fda5060000000b0806706572736f6e013102');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '41', '2026-03-01 13:41:00.123456+00', E'\\xfae75cbb75bedb53aa5b8bcbd9d416e2ed4835cb8f29fcc3bf49b1c37f35c332', E'\\x4460cfdc119351bd3e7bca631280487f474dacbf262d46342ae130ec0ee21121', E'\\x01000102646f1256bb2ea4ace7eae1602a990452f34a11854e0d0080d5a9eed3fda5062001013132030000000102082b07056f72646572013202e136ff5ae9a96d324a2ab724774a6183ff3c5d002a4d438532a0e1ba681bcd3d');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '42', '2026-03-01 13:42:00.123456+00', E'\\x4460cfdc119351bd3e7bca631280487f474dacbf262d46342ae130ec0ee21121', E'\\xbf919b5566339971269d98b64ab2f0614dd2539072fa3d019832d4bfc6a65570', E'\\x01000108746f6f206d7563682aaf043c3d80ffabd8e7f0f1d2eefa327f6b14266bd228d2286b14d71eeaebf913f118d2283a8e3a8e3657340280f1c5a7d4fda50600000012696e73756666696369656e745f66756e64730c757365723a343a6f7468657203434e590e00000000');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '43', '2026-03-01 13:43:00.123456+00', E'\\xbf919b5566339971269d98b64ab2f0614dd2539072fa3d019832d4bfc6a65570', E'\\xa6a4a215801dd904952b6c10517721af67da6ffab6686de4c7810a9057386c9a', E'\\x01000108746f6f2066756c6c2aa816af545104d9e664ab68680542c1b36b14266bd228d2286b14eaebd413b96ff118d2283a8e3a8e36572d02808de2e0d4fda5060000000e6c696d69745f6578636565646564086361707065643a3103434e59904e00000000');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '44', '2026-03-01 13:44:00.123456+00', E'\\xa6a4a215801dd904952b6c10517721af67da6ffab6686de4c7810a9057386c9a', E'\\x49c53cbdc6c7b8460ce66f610989647109da5e5b9476fefd2ee158feb1caf478', E'\\x01000109746f6f206c61726765426d90e965763a16eaf141a49187eae10b6b14266bd228d2286b14d8d614cfce99fdfdd2283a8e3a8e6b14266bd228d2286b14d8d614cfce99fdfdd2283a8e3a8eb423300280a9fe99d5fda5060000001062616c616e63655f6f766572666c6f770a73686f703a7768616c65035745490000000000');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '45', '2026-03-01 13:45:00.123456+00', E'\\x49c53cbdc6c7b8460ce66f610989647109da5e5b9476fefd2ee158feb1caf478', E'\\xb420c9b433ea586e97937e8267136c9e90bc3501e3e321ef02ab2b71d6a3f686', E'\\x0100010666726f7a656e2a53a17fb603bd932d2db98816eac14f886b14266bd228d2286b143cddeaeb6b14f118d2283a8e3a8e36572a0280c59ad3d5fda5060000000e6163636f756e745f66726f7a656e06757365723a3403434e590000000000');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '46', '2026-03-01 13:46:00.123456+00', E'\\xb420c9b433ea586e97937e8267136c9e90bc3501e3e321ef02ab2b71d6a3f686', E'\\x946f2c6833dd02402966133a918b3e51732d53e8eb57fedb630e7664eda0537c', E'\\x01000106636c6f7365642afb44e4bea7a24a6fd3df8e570cef5b0d6b14266bd228d2286b14eaeb46336b14f118d2283a8e3a8e36572e0280e1b68cd6fda5060000000e6163636f756e745f636c6f7365640a73686f703a656d70747903434e590000000000');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '47', '2026-03-01 13:47:00.123456+00', E'\\x946f2c6833dd02402966133a918b3e51732d53e8eb57fedb630e7664eda0537c', E'\\xf59a615b6e547e0c5eb8977347bee6eb9987f11fcf1959e86e06b888d043d69f', E'\\x0100010a6e6f7420636c6f7365641eb554f8bd12426ff9b178e41f98f49f76f052eaebf118266b266bd2283657280280fdd2c5d6fda5060000000c6163636f756e745f6f70656e0673686f703a3103434e590000000000');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '48', '2026-03-01 13:48:00.123456+00', E'\\xf59a615b6e547e0c5eb8977347bee6eb9987f11fcf1959e86e06b888d043d69f', E'\\x232a049bded4b59e673745ff69771a82b43c0b9d199ba1c245edc8b9d3fad67d', E'\\x0100010872657175697265641e7fa1a71fd90bdbf3380881a855c1f4415fc9a71cf118bbe2266bd22836572c028099effed6fda50600000010636f6e646974696f6e5f6661696c656406757365723a3903434e590200000000');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '49', '2026-03-01 13:49:00.123456+00', E'\\x232a049bded4b59e673745ff69771a82b43c0b9d199ba1c245edc8b9d3fad67d', E'\\x02653cef3ae92618cb181f7d582cec30489c29fbb2005a3c8403511a57dab3ef', E'\\x010001076e6f20686f6c641e862e16cdaf7b0d82e9e44b9afa0a5e7a14653ef0d228d2283a8e3a8e3657230280b58bb8d7fda5060000000c686f6c645f756e6b6e6f776e000000046e6f6e65000000');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '50', '2026-03-01 13:50:00.123456+00', E'\\x02653cef3ae92618cb181f7d582cec30489c29fbb2005a3c8403511a57dab3ef', E'\\xe3b1a7b336f470d254a24d7167114eaa22e6d0f1de7485a381c32294875b9308', E'\\x0100010e6e6f207472616e73616374696f6e20cb117f5456a139b2e540a7e818304f71e5db266b3657d228d2283a8e3a8e36572b0280d1a7f1d7fda506000000137472616e73616374696f6e5f756e6b6e6f776e000000008080808080200000');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '51', '2026-03-01 13:51:00.123456+00', E'\\xe3b1a7b336f470d254a24d7167114eaa22e6d0f1de7485a381c32294875b9308', E'\\x4cdcc8fc0f48346ac8e0e53bef1c6cccc0f6fe6f99667749d11bd67fbc7f69f1', E'\\x0100010a6e6f206d6f6e69746f721c5cdd8e17b9148fddd7df08c2ab36a4e1029fda6df1183ef03a8e3657350280edc3aad8fda5060000000f6d6f6e69746f725f756e6b6e6f776e10757365723a313a617661696c61626c6503434e590000000000');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '52', '2026-03-01 13:53:00.123456+00', E'\\x4cdcc8fc0f48346ac8e0e53bef1c6cccc0f6fe6f99667749d11bd67fbc7f69f1', E'\\xbbc9b77a63ed8317f83363020d6741b6b4b25fa38bf224eced3f66854fc66a17', E'\\x01000104667265652a6a23e00069d05e30a130aeaf62a6cef16b14266bd228d2286b14eaebd6198645f118d2283a8e3a8e36570c0080a5fc9cd9fda506210100080300000001080e3c');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '53', '2026-03-01 13:54:00.123456+00', E'\\xbbc9b77a63ed8317f83363020d6741b6b4b25fa38bf224eced3f66854fc66a17', E'\\x6f0e0bcb54b5ad0dab5cc64751e014f3fdf8d8c4499bf6086f5a2eb72de18e66', E'\\x01000104746f6c645c765016d69d577ef917cdf7e310413b216b14266bd228d2286b14d71eeaebf913f118d2283a8e3a8e365782806b14266bd228d2286b14eaebc9b66b14f118d2283a8e3a8e04296e7155ee3a8e3a8e266bd228d228e6a86e713a8e99283d0380c198d6d9fda5062201097061796d656e742d3212696e73756666696369656e745f66756e64730c757365723a343a6f7468657203434e590e0000006c030000000108040107056f72646572066661696c6564010428dd4f6fdd6c0058ead114221886d908e1041c13e69b55ce32ea6ef85092c2090c6f726465722e6661696c6564066661696c6564a8db9add677b3ad59b752ecec73568a039c5e3e5db111bf1691ec7901b68d2da');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '54', '2026-03-01 13:55:00.123456+00', E'\\x6f0e0bcb54b5ad0dab5cc64751e014f3fdf8d8c4499bf6086f5a2eb72de18e66', E'\\x27b4b8a9d84653539d93104317107860d2f26294fc3dcb47f1ac65dc8c3357a7', E'\\x010001036f776e1a7583c2457ea513229c931537d21591bb5d593a8e3a8e6b145d59290280ddb48fdafda506000000066c6f636b656406757365723a3103434e5905046f70656e01037b0a7d2909066c6f636b6564008eda3ed6d593de64be5115bffaa33779685be5f8b1da73be9786d60a792a7069');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '55', '2026-03-01 13:56:00.123456+00', E'\\x27b4b8a9d84653539d93104317107860d2f26294fc3dcb47f1ac65dc8c3357a7', E'\\x00289c72387b9accd7cd4b255b530812aae39c092e5c1d89d8d491f20cb099bc', E'\\x010001076e6f7468696e6712c15916390126e8597a97462758783039d2280c0080f9d0c8dafda50600000000');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '56', '2026-03-01 13:57:00.123456+00', E'\\x00289c72387b9accd7cd4b255b530812aae39c092e5c1d89d8d491f20cb099bc', E'\\xfbc205b0f40f8f8a9c629058acce6b585b3103e5c553ef7ccc47b3cee2ef6fbf', E'\\x01000407636861696e3a312a92764a11320540e07d1fceb08584ea816b14266bd228d2286b14da6d9750f052f118d2283a8e3a8e36570c008095ed81dbfda506230100180206757365723a3503434e5900010000030000000102140a07636861696e3a322a9b97245f18759d5d510135a6211109d46b14266bd228d2286b149750fc36f052f118d2283a8e3a8e36570c008095ed81dbfda506240100180206757365723a3603434e5900010000030000000114150a07636861696e3a332a5e3e8e3eddba2f849fbb3305184b36aa6b14266bd228d2286b14fc36eaebf052f118d2283a8e3a8e36570c008095ed81dbfda50625010008030000000115080a066265736964652a0f6037418ee82cea5fc74c04acc6bc3b6b14266bd228d2286b14eaebfc36f052f118d2283a8e3a8e36570c008095ed81dbfda50626010008030000000108150a');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '57', '2026-03-01 13:58:00.123456+00', E'\\xfbc205b0f40f8f8a9c629058acce6b585b3103e5c553ef7ccc47b3cee2ef6fbf', E'\\xea43e361b93c50f479cf02b67857c2021cd45cf2ceeec906a2c45095f73afdcc', E'\\x0100020862726f6b656e3a332a0cc6bfc41f9f934339c969b57e1d1d086b14266bd228d2286b1473efeaebf052f118d2283a8e3a8e3657310280b189bbdbfda50600000012696e73756666696369656e745f66756e647309757365723a706f6f7203434e5914000000000a62657369646520746f6f2a0f6037418ee82cea5fc74c04acc6bc3b6b14266bd228d2286b14eaebfc36f052f118d2283a8e3a8e36570c0080b189bbdbfda50627010008030000000108150a');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '58', '2026-03-01 13:59:00.123456+00', E'\\xea43e361b93c50f479cf02b67857c2021cd45cf2ceeec906a2c45095f73afdcc', E'\\x44e8b1dc9465fe70dd2978eab36d090bc6e9d4bb51c52c33baaa2f3a06eab1fe', E'\\x0100010577617463684ec5076a7177e264ad757adf8433e19568bc12da6df11858b6e5febc12da6df1189ff83fa8bc12da6df1183744056bbc12b62af118184ea292bc125c4bf11844e76527bc12b62af1182e8ea714d5320c0080cda5f4dbfda506000000e3030b020801c7010180897a070e6c65646765722e6d6f6e69746f72036c6f7701da28610f492134d7d859e37afb2d1466a7605311482649da12e651ac3318b32f070e6c65646765722e6d6f6e69746f72046d7563680161ac847134b663e13249f116adf16e9d814729b746be2594aa3f14a9b971ab3b070e6c65646765722e6d6f6e69746f720468656c6401ff8961108b9435fddfb80292fb75d7f7f752b80a1b496b6a49c8972d4b0035d6020c73686f703a7761746368656403434e590000000b16080000070e6c65646765722e6d6f6e69746f7206636f6d696e67018ec4f2be05dc3d3e89df5bb6c1885154fb32ef95e247a7d673b3657c77fffd970b0308010000070e6c65646765722e6d6f6e69746f720872656c6561736564015bd75b94350149e0458c552fae9b2b05c9cc91bbe05250e3eccc4e32de328a27070e6c65646765722e6d6f6e69746f7204676f6e6501ec0e093fcc88ff69732cfbd7a827722f10fad28db0b9bc7570f6d779a0ff1c65090f62616c616e63652e63726f737365640468656c649a472b5a64fd8419a7a4fc62571ad5284a187a8a7784fa6957bd2535d20d8b18090f62616c616e63652e63726f737365640872656c6561736564c00e86e0f4978a44b2510fb72aaf09aa364e8aec420548ef6e29d64a05534b3a');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '59', '2026-03-01 14:00:00.123456+00', E'\\x44e8b1dc9465fe70dd2978eab36d090bc6e9d4bb51c52c33baaa2f3a06eab1fe', E'\\xaf39b3da21465ca97fb16a5d9c3bf9121887445f87442a0f932da2a726cfe77c', E'\\x01000109656c736577686572651c520312f93dc6287979622043fc422560bc125c4bf11858b6db7e36572a0280e9c1addcfda5060000000e6d6f6e69746f725f65786973747306757365723a3203434e590000000000');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '60', '2026-03-01 14:01:00.123456+00', E'\\xaf39b3da21465ca97fb16a5d9c3bf9121887445f87442a0f932da2a726cfe77c', E'\\x00f8903d6d17373337de6847e14f139546122b897af64d08e1bcf8112d392c29', E'\\x010001077265776174636826f71ea43388f6c08690bf9f3a7c1a9b0fbc12da6df11858b6ff4d029fb62af1182e8e3a8eb4230c008085dee6dcfda5060000004b070e6c65646765722e6d6f6e69746f72036c6f770203d3a04c87858cfbb2d1edbf35ee0e239588891935ff6bc47792695b694df7f7080e6c65646765722e6d6f6e69746f7204676f6e6502');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '61', '2026-03-01 14:02:00.123456+00', E'\\x00f8903d6d17373337de6847e14f139546122b897af64d08e1bcf8112d392c29', E'\\x313695a959adb0f972fd5d61fe79c9c0c56d0dd831c883e4c83f6b165776beb7', E'\\x0100010763726f737365642ad02890dc7386b86d326e403711b30a1a6b14266bd228d2286b14da6deaebe762f118d2283a8e3a8e36570c0080a1fa9fddfda5062801003f03000000010208e0a712090f62616c616e63652e63726f73736564036c6f77d3bc264b4fc2f835685bb7ebc182988cbc3a70f45144fca054911469b7d05fba');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '62', '2026-03-01 14:03:00.123456+00', E'\\x313695a959adb0f972fd5d61fe79c9c0c56d0dd831c883e4c83f6b165776beb7', E'\\xa37ab621e1023ed7194dcd50c779156b3b8757a170e9092ba11e423e38c729bf', E'\\x0100010c686f6c643a776174636865642831c7989babce0e9b99a0f8ff5e0639cf6d26e438f47b6b145c4bb62a5c34f118d2283a8e3a8e36570c0080bd96d9ddfda506000000500407776174636865640180b994dce1fda506000001031603090f62616c616e63652e63726f7373656406636f6d696e67ca6ee950d07b2f9cc801936722bbb7a58edc560bf7ae45e27fe4e231aa603f84');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '63', '2026-03-01 15:04:00.123456+00', E'\\xa37ab621e1023ed7194dcd50c779156b3b8757a170e9092ba11e423e38c729bf', E'\\xa56cce9ab65c3e44bf347a2cefb3e1c88f12cd489f6fc39d3ec1e33fab152cf7', E'\\x01010777617463686564010316030111657870697265642c20616e6420746f6c642aa65565a1e82543a210672f04911f5cb46b14266bd228d2286b14eaebb62a6d26f118d2283a8e3a8e36570c0080e9cffbf8fda50629010042090f62616c616e63652e63726f737365640872656c656173656444cc713861f1acc6f7c9c99824cea472c80dcf5d2790d6980dd4c35f07b06d840300000001081602');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '64', '2026-03-01 15:05:00.123456+00', E'\\xa56cce9ab65c3e44bf347a2cefb3e1c88f12cd489f6fc39d3ec1e33fab152cf7', E'\\x348dd92c6f3993fe5100a80aa59769e28b436b4ff4f41f0864780e66e896ac92', E'\\x010001117363686564756c653a6f6e63653a70757412a89ba6575513c6ea8dcafb5571a740a663a60c008085ecb4f9fda5060000003007087363686564756c65046f6e6365015959f9b1e19a51adbaf899c8328d1381ba92ac60567b136be92b133414863e4f');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '65', '2026-03-01 15:06:00.123456+00', E'\\x348dd92c6f3993fe5100a80aa59769e28b436b4ff4f41f0864780e66e896ac92', E'\\xac401391b492cb561aa045595b76bad189020a541e6407b8c09ae5c1305eea1a', E'\\x010001117363686564756c653a72656e743a70757412eb004f3778217531ea81c6cf0957e0b83b4a0c0080a188eef9fda5060000003007087363686564756c650472656e74011fa8b498136c9cdb734cba92f68dc8c569ddd2f36bdae2277003b6d2b1c166ae');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '66', '2026-03-01 15:07:00.123456+00', E'\\xac401391b492cb561aa045595b76bad189020a541e6407b8c09ae5c1305eea1a', E'\\x4887fee10321ecae8f453c8b022a4be3455349094cfa977adaa8ad6c04266052', E'\\x010001117363686564756c653a706f6f723a70757412594f313b9d164a130faef80096dd17d37fa60c0080bda4a7fafda5060000003007087363686564756c6504706f6f72019fe119ae6385023a600fee8ad76931130193851138fd2f9f7970f20ac03d5ed7');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '67', '2026-03-01 15:08:00.123456+00', E'\\x4887fee10321ecae8f453c8b022a4be3455349094cfa977adaa8ad6c04266052', E'\\xf1ea7e5897f032ef0f78cc9e624756dbd27cae695f19d4a6d5c31f7888804aca', E'\\x010001127363686564756c653a6461696c793a707574129bfcd6388652fd289a1dde6f16ccb633ed130c0080d9c0e0fafda5060000003107087363686564756c65056461696c79016bbb89f14334d247559e9a3dc3a5b752d4232ccda3cd1b7daefd396761ff30bc');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '68', '2026-03-01 15:09:00.123456+00', E'\\xf1ea7e5897f032ef0f78cc9e624756dbd27cae695f19d4a6d5c31f7888804aca', E'\\x9e16355f6a912b3aa470dbcde621608871062e4909d3f5fe0d95c3bd5b114252', E'\\x010001127363686564756c653a6c617465723a7075741249e606694deac8bf01a3c04c784acad4643f0c0080f5dc99fbfda5060000003107087363686564756c65056c61746572011277ce9ae9d17e898d7e992cc5963ebe0b4892dbda7bef4e2fe43b2b91d535f3');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '69', '2026-03-01 17:09:00.123456+00', E'\\x9e16355f6a912b3aa470dbcde621608871062e4909d3f5fe0d95c3bd5b114252', E'\\xca748172761469277323fc4805d98576d347de5d31b693f00557fea1ec0ce9b2', E'\\x0100030f7363686564756c653a6f6e63653a3114111b307745e5607bdddfebc77e8fa21d38ea2f240c00809597ecb0fea5062a01007e020973686f703a72656e7403434e59000000030000000102176407087363686564756c65046f6e636502b1a8307f82a1659dbd19ea84e573a5aeb84ef368d33d8f162a079982055f7380090d7363686564756c652e646f6e65046f6e636508353be3803f93c641096adf5cfb824a6b9b022b18cf4d1685809df86de3a9e10f7363686564756c653a72656e743a311488b0292a10c266230b1fc2962f2c7f4150212f240c00809597ecb0fea5062b01007c03000472656e740c7b22666c6174223a2237227d0102177807087363686564756c650472656e7402f07e20ba9ae4199a15c319d44e3f40953f1cd02f0b9605f118c1877df86ed408090d7363686564756c652e646f6e650472656e74d32656e5a09cae9adc45aff948dd8ce1244b5453856d40c348e2cf989e73cce30f7363686564756c653a706f6f723a3114895c2b0a9415d2853bdad708882f2533d5862f243102809597ecb0fea50600000012696e73756666696369656e745f66756e647309757365723a706f6f7203434e591200000000');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '70', '2026-03-01 17:09:00.123456+00', E'\\xca748172761469277323fc4805d98576d347de5d31b693f00557fea1ec0ce9b2', E'\\xea3c49a49e7e69137c197d73bb3d8d44e29eefe932d5b8798d6a5185c2f48dd6', E'\\x010001177363686564756c653a706f6f723a313a7265667573656414895c2b0a9415d2853bdad708882f2533d5862f240c00809597ecb0fea5060000006707087363686564756c6504706f6f7202650989071138828a09b77fefe5aabe6f566432019f49f1cc01074fe63865523909107363686564756c652e7265667573656404706f6f72790658bce3e782b704a5fee8cdf75a0182814b14a20ca13fefcaf79a36077317');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '71', '2026-03-01 17:10:00.123456+00', E'\\xea3c49a49e7e69137c197d73bb3d8d44e29eefe932d5b8798d6a5185c2f48dd6', E'\\xad46279ff2da9844b1b60651e73db1d9ae9cdadccd6677c39f8b19359efa8dbe', E'\\x010001157363686564756c653a6c617465723a63616e63656c10f353fd86b8d96dd17cac4b77b2f986780c0080b1b3a5b1fea5060000006a07087363686564756c65056c6174657202d81929f8fd94d268df2e348ff54d8ea7a2067eb65cdb114a783adb11c6a0002309117363686564756c652e63616e63656c6564056c6174657243c6bc6a81b1aaec3e57b850ebc28d031534ea33cd49a7a35466d54583cd4e33');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '72', '2026-03-01 17:11:00.123456+00', E'\\xad46279ff2da9844b1b60651e73db1d9ae9cdadccd6677c39f8b19359efa8dbe', E'\\x82bb553d8e8e14a2c5fc49f4bfb55b2fa1b3cf8ca03c80743bdf5f72019d6796', E'\\x010001046d616e79dc055200d5119f1eec595063fe8f949c037c6b14266bd228d22878bd94faeaebd228f118d22894faeaeb6b14f118d22894faeaeb6d26f118d22894faeaeb5c34f118d22894faeaeb1465f118d22894faeaebe5dbf118d22894faeaeb5fc9f118d22894faeaebf913f118d22894faeaeb0f20f118d22894faeaeb3001f118d22894faeaebf052f118d22894faeaebbc12f118d22894faeaeb029ff118d22894faeaebe758f118d22894faeaebef4ff118d22894faeaebc1f4f118d22894faeaeb3f84f118d22894faeaeb5ae1f118d22894faeaebeec0f118d22894faeaebf8aff118d22894faeaeb14f2f118d22894faeaeb677cf118d22894faeaeb8d9af118d22894faeaebc7a5f118d22894faeaeb0d40f118d22894faeaeb6404f118d22894faeaeb99def118d22894faeaeb0154f118d22894faeaeb62bef118d22894faeaebae55f118d22894faeaeb3b13f118d22894faeaebb46ff118d22894faeaeb8b95f118d22894faeaeb3baef118d22894faeaebf146f118d22894faeaeb8bc2f118d22894faeaeb4588f118d22894faeaebd9eff118d22894faeaeb884ff118d22894faeaebc5baf118d22894faeaeb0107f118d22894faeaeb209df118d22894faeaeb318ef118d22894faeaebb661f118d22894faeaeb75d8f118d22894faeaeba8b9f118d22894faeaeb9118f118d22894faeaeb458df118d22894faeaebdb5df118d22894faeaebc88af118d22894faeaeb3998f118d22894faeaeb654ff118d22894faeaeb721bf118d22894faeaebfcb8f118d22894faeaeb15f9f118d22894faeaeb6c7ef118d22894faeaebbd8ff118d22894faeaeb8467f118d22894faeaeb26f4f118d22894faeaeb66dff118d22894faeaeb8645f118d22894faeaeb96fcf118d22894faeaeb5f48f118d22894faeaeb11f7f118d22894faeaebbe6cf118d22894faeaeb2718f118d22894faeaeb1b4af118d22894faeaeb9ae5f118d22894faeaebf421f118d22894faeaeb768bf118d2283a8e3a8e36570c0080cdcfdeb1fea5062c0100e901020973686f703a6d616e7903434e59000000030000004618080018080118080218080318080418080518080618080718080818080918080a18080b18080c18080d18080e18080f18081018081118081218081318081418081518081618081718081818081918081a18081b18081c18081d18081e18081f18082018082118082218082318082418082518082618082718082818082918082a18082b18082c18082d18082e18082f18083018083118083218083318083418083518083618083718083818083918083a18083b18083c18083d18083e18083f180840180841180842180843180844180845');
INSERT INTO blocks (ledger, seq, time, previous, hash, body) VALUES ('1', '73', '2026-03-01 17:12:00.123456+00', E'\\x82bb553d8e8e14a2c5fc49f4bfb55b2fa1b3cf8ca03c80743bdf5f72019d6796', E'\\xeabee65c836a154347a786a7022c706c3fce9191b2a5d3076e48f18c2c178672', E'\\x01000110646174656420616d6f6e67206d616e792a1d74df35ed2625ef22296f8dfc83d9cb6b144a88d228d2286b1494faeaebe5dbf118d2283a8e3a8e36570c0080e9eb97b2fea50672010010030180c9c2b8aa82a606000001180805');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'after the expiry', '36', '0', E'\\x12115f6f7629e2e048086a8443f4533f6b14266bd228d2286b145c4beaeb6b14f118d2283a8e3a8e3657', E'\\x0080c99cd0d1fda5061e0100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'ahead', '3', '0', E'\\x34756e9aba004cf977a36e53c6b0b8316b142b35d228d2286b145c4beaeb7f76f118d2283a8e3a8e3657', E'\\x00809ddc86a8fda506060100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'back', '4', '0', E'\\xf97eb2deda438c29ace5c188870baf0b6b1444b1d228d2286b145c4beaebe5dbf118d2283a8e3a8e3657', E'\\x0080b9f8bfa8fda506070100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'beside', '56', '3', E'\\x0f6037418ee82cea5fc74c04acc6bc3b6b14266bd228d2286b14eaebfc36f052f118d2283a8e3a8e3657', E'\\x008095ed81dbfda506260100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'beside too', '57', '1', E'\\x0f6037418ee82cea5fc74c04acc6bc3b6b14266bd228d2286b14eaebfc36f052f118d2283a8e3a8e3657', E'\\x0080b189bbdbfda506270100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'broken:3', '57', '0', E'\\x0cc6bfc41f9f934339c969b57e1d1d086b14266bd228d2286b1473efeaebf052f118d2283a8e3a8e3657', E'\\x0280b189bbdbfda50600000012696e73756666696369656e745f66756e647309757365723a706f6f7203434e5914000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'capture:final', '32', '0', E'\\x89a605d52d81611998ee289e7a3593af5c34458d6b146b14da6deaeb52c8f118d2283a8e3a8e3657', E'\\x0080c98e82b5fda5061d0100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'capture:part', '30', '0', E'\\xd336b66429c5f7e125b71d799c65d8df5c34d31ed2286d26da6deaeb729bf118d228da6da4c1f052f118d2289190874c3657', E'\\x008091d68fb4fda5061b0100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'capture:whole', '28', '0', E'\\x0b7e902ab7d51b490c8613345934c2155c34ed92d228d2283a8e3a8e3657', E'\\x0080d99d9db3fda5061a0100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'chain:1', '56', '0', E'\\x92764a11320540e07d1fceb08584ea816b14266bd228d2286b14da6d9750f052f118d2283a8e3a8e3657', E'\\x008095ed81dbfda506230100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'chain:2', '56', '1', E'\\x9b97245f18759d5d510135a6211109d46b14266bd228d2286b149750fc36f052f118d2283a8e3a8e3657', E'\\x008095ed81dbfda506240100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'chain:3', '56', '2', E'\\x5e3e8e3eddba2f849fbb3305184b36aa6b14266bd228d2286b14fc36eaebf052f118d2283a8e3a8e3657', E'\\x008095ed81dbfda506250100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'close', '23', '0', E'\\x2b4aac990615c1e62dc3dacd17d7bee630014633f118266b266bd2283001d413f118266b266bd228b423', E'\\x0080cd90ffb0fda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'closed', '46', '0', E'\\xfb44e4bea7a24a6fd3df8e570cef5b0d6b14266bd228d2286b14eaeb46336b14f118d2283a8e3a8e3657', E'\\x0280e1b68cd6fda5060000000e6163636f756e745f636c6f7365640a73686f703a656d70747903434e5900000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'crossed', '61', '0', E'\\xd02890dc7386b86d326e403711b30a1a6b14266bd228d2286b14da6deaebe762f118d2283a8e3a8e3657', E'\\x0080a1fa9fddfda506280100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'dated among many', '73', '0', E'\\x1d74df35ed2625ef22296f8dfc83d9cb6b144a88d228d2286b1494faeaebe5dbf118d2283a8e3a8e3657', E'\\x0080e9eb97b2fea506720100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'do', '41', '0', E'\\x56bb2ea4ace7eae1602a990452f34a11854e', E'\\x0080d5a9eed3fda50620010131');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'elsewhere', '59', '0', E'\\x520312f93dc6287979622043fc422560bc125c4bf11858b6db7e3657', E'\\x0280e9c1addcfda5060000000e6d6f6e69746f725f65786973747306757365723a3203434e5900000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'expired, and told', '63', '0', E'\\xa65565a1e82543a210672f04911f5cb46b14266bd228d2286b14eaebb62a6d26f118d2283a8e3a8e3657', E'\\x0080e9cffbf8fda506290100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'forget me', '40', '0', E'\\x9680fb576f48c6b21f1fa3c97bfd74aef9ddada63a8e3a8e3a8e266bd2286b14899f50823a8e3a8e3a8e266b6b146b14899f137ca25f3a8e3a8e266b6b14d2281485', E'\\x0080b98db5d3fda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'free', '52', '0', E'\\x6a23e00069d05e30a130aeaf62a6cef16b14266bd228d2286b14eaebd6198645f118d2283a8e3a8e3657', E'\\x0080a5fc9cd9fda506210100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'freeze', '21', '0', E'\\x3f6e88f51f878b3a4ee2fb78e9440f790f20d619f118266b266b5c340f203cddf118266b266b6b140f2098c9f118266b266b6d26fb22', E'\\x008095d88cb0fda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'fro:0', '8', '0', E'\\xd054aad12d8b702858a6eb92ca938db66b14266bd228d2286b1414cfd8d6ce99fdfdd2283a8e3a8e3657', E'\\x0080a9e9a4aafda5060c0100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'fro:1', '10', '0', E'\\xd054aad12d8b702858a6eb92ca938db66b14266bd228d2286b1414cfd8d6ce99fdfdd2283a8e3a8e3657', E'\\x0080e1a197abfda5060e0100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'fro:2', '12', '0', E'\\xd054aad12d8b702858a6eb92ca938db66b14266bd228d2286b1414cfd8d6ce99fdfdd2283a8e3a8e3657', E'\\x008099da89acfda506100100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'frozen', '45', '0', E'\\x53a17fb603bd932d2db98816eac14f886b14266bd228d2286b143cddeaeb6b14f118d2283a8e3a8e3657', E'\\x0280c59ad3d5fda5060000000e6163636f756e745f66726f7a656e06757365723a3403434e5900000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'fx', '2', '0', E'\\x2a17955f76bd862f5736c916081bb76a6b14266bd228d2286d26da6d4903c643f118d2284903da6d18df1114d22882f9b3333657', E'\\x008081c0cda7fda506040100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'gift', '15', '0', E'\\xd3502ab8e7466429385413e09e0afac46b14266bd228d2286b1498c9d619729bf118d2283a8e3a8e3657', E'\\x0080edaeb5adfda506150100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'given again', '18', '0', E'\\x134ac8df4b3f54a8c1545ab3a03d285ce5db266bc7a56b14d2283a8e3a8e3657', E'\\x0080c183e1aefda506180100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'hold:dated', '26', '0', E'\\xe07e6092dd3b8220cb3c7ba96ffd5e746d26826f8a196b14da6deaeb7870f118d2284f7df4533657', E'\\x0080a1e5aab2fda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'hold:due', '37', '0', E'\\xcb90f54e3e065d1eff0b09abba88205e6d2621e40ecd6b14d619b2a60107f118d228138c24153657', E'\\x0080e5b889d2fda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'hold:expired', '35', '0', E'\\x8d01d3d370949d8205c860ebac48d6156d26a74ccf496b145c4beaeb7786f118d228431e5cc23657', E'\\x00809de3adb6fda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'hold:final', '31', '0', E'\\x861ef05fe892564245a9dfbba50272536d26458d266b6b14da6deaeb7870f118d228af7dad833657', E'\\x0080adf2c8b4fda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'hold:open', '25', '0', E'\\x185d3e346b0ba7ba1f17e23248efef0c6d260a1f266b6d26da6deaeb7870f118d228da6dc9b63b13f118d2286095b1aa3657', E'\\x008085c9f1b1fda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'hold:parts', '29', '0', E'\\x67d2762a0ad29c8e31294d97ba54c1546d26d31e752a6d26da6deaeb7870f118d228da6d523a16d9f118d2282da2e47f3657', E'\\x0080f5b9d6b3fda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'hold:void', '33', '0', E'\\x68171290938041743ebaf5da0811367d6d26f2d23f7f6b14da6deaeb7870f118d228a2ebfc3a3657', E'\\x0080e5aabbb5fda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'hold:watched', '62', '0', E'\\x31c7989babce0e9b99a0f8ff5e0639cf6d26e438f47b6b145c4bb62a5c34f118d2283a8e3a8e3657', E'\\x0080bd96d9ddfda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'hold:whole', '27', '0', E'\\x9565d534a8e78c5a160468d62249b65a6d26ed9221576b14da6deaeb7870f118d228359284113657', E'\\x0080bd81e4b2fda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'limits', '20', '0', E'\\xa365731b089dacd13d2075d36f9ebc3df913da6df11887c68616d228f9136b4ff118266b266bd228b423', E'\\x0080f9bbd3affda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'm:shop:top-up:1', '1', '0', E'\\xd4e94b60e09d077d457fdc9781d1ef9af11c7214', E'\\x0080e5a394a7fda506010108746f702d75702d31');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'made:1', '19', '0', E'\\x4f64bd08923e1e431dde58c5c0d888d86b14266bd228d2286b1498c93cdd6b14f118d2283a8e3a8e3657', E'\\x0080dd9f9aaffda506190100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'many', '72', '0', E'\\x5200d5119f1eec595063fe8f949c037c6b14266bd228d22878bd94faeaebd228f118d22894faeaeb6b14f118d22894faeaeb6d26f118d22894faeaeb5c34f118d22894faeaeb1465f118d22894faeaebe5dbf118d22894faeaeb5fc9f118d22894faeaebf913f118d22894faeaeb0f20f118d22894faeaeb3001f118d22894faeaebf052f118d22894faeaebbc12f118d22894faeaeb029ff118d22894faeaebe758f118d22894faeaebef4ff118d22894faeaebc1f4f118d22894faeaeb3f84f118d22894faeaeb5ae1f118d22894faeaebeec0f118d22894faeaebf8aff118d22894faeaeb14f2f118d22894faeaeb677cf118d22894faeaeb8d9af118d22894faeaebc7a5f118d22894faeaeb0d40f118d22894faeaeb6404f118d22894faeaeb99def118d22894faeaeb0154f118d22894faeaeb62bef118d22894faeaebae55f118d22894faeaeb3b13f118d22894faeaebb46ff118d22894faeaeb8b95f118d22894faeaeb3baef118d22894faeaebf146f118d22894faeaeb8bc2f118d22894faeaeb4588f118d22894faeaebd9eff118d22894faeaeb884ff118d22894faeaebc5baf118d22894faeaeb0107f118d22894faeaeb209df118d22894faeaeb318ef118d22894faeaebb661f118d22894faeaeb75d8f118d22894faeaeba8b9f118d22894faeaeb9118f118d22894faeaeb458df118d22894faeaebdb5df118d22894faeaebc88af118d22894faeaeb3998f118d22894faeaeb654ff118d22894faeaeb721bf118d22894faeaebfcb8f118d22894faeaeb15f9f118d22894faeaeb6c7ef118d22894faeaebbd8ff118d22894faeaeb8467f118d22894faeaeb26f4f118d22894faeaeb66dff118d22894faeaeb8645f118d22894faeaeb96fcf118d22894faeaeb5f48f118d22894faeaeb11f7f118d22894faeaebbe6cf118d22894faeaeb2718f118d22894faeaeb1b4af118d22894faeaeb9ae5f118d22894faeaebf421f118d22894faeaeb768bf118d2283a8e3a8e3657', E'\\x0080cdcfdeb1fea5062c0100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'no hold', '49', '0', E'\\x862e16cdaf7b0d82e9e44b9afa0a5e7a14653ef0d228d2283a8e3a8e3657', E'\\x0280b58bb8d7fda5060000000c686f6c645f756e6b6e6f776e000000046e6f6e650000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'no monitor', '51', '0', E'\\x5cdd8e17b9148fddd7df08c2ab36a4e1029fda6df1183ef03a8e3657', E'\\x0280edc3aad8fda5060000000f6d6f6e69746f725f756e6b6e6f776e10757365723a313a617661696c61626c6503434e5900000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'no transaction', '50', '0', E'\\xcb117f5456a139b2e540a7e818304f71e5db266b3657d228d2283a8e3a8e3657', E'\\x0280d1a7f1d7fda506000000137472616e73616374696f6e5f756e6b6e6f776e0000000080808080802000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'not closed', '47', '0', E'\\xb554f8bd12426ff9b178e41f98f49f76f052eaebf118266b266bd2283657', E'\\x0280fdd2c5d6fda5060000000c6163636f756e745f6f70656e0673686f703a3103434e5900000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'nothing', '55', '0', E'\\xc15916390126e8597a97462758783039d228', E'\\x0080f9d0c8dafda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'now', '5', '0', E'\\xc3d06f1789cdec08e47b6eea2e374fef6b1408f8d228d2286b145c4beaebd228f118d2283a8e3a8e3657', E'\\x0080d594f9a8fda506080100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'order:1', '38', '0', E'\\x452c136c318cec0324f6bd97fd8602b20429ada67b1465f6f05aa925d228d228042989be20513a8e3a8e266bd228d228042948d63a8e3a8e3a8e266bd228d228f9ddada6b20015ae3575266bd228d228899f137cf1df9e9c1713a9256b14d228899fb4cbf1df6562e512a9256b14d228899f5082f1df3a8e1713266b6b14d2283fe1ada6465048d63a8e3a8edbe1', E'\\x008081d5c2d2fda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'order:2', '39', '0', E'\\xd746e7050344ac05ad4f4cd325bf14b76b14266bd228d2286b14da6deaeb318ef118d2283a8e3a8e0429ada6262f0de8b820cf9fd228d2289605ada646509928', E'\\x00809df1fbd2fda5061f0100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'own', '54', '0', E'\\x7583c2457ea513229c931537d21591bb5d593a8e3a8e6b145d59', E'\\x0280ddb48fdafda506000000066c6f636b656406757365723a3103434e5905046f70656e01037b0a7d');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'reopen', '24', '0', E'\\xb895d0dfcb0e897edbe48b46f7c09827f052d413f118266b266bd2285fc9da6df118bbe28616d228b423', E'\\x0080e9acb8b1fda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'required', '48', '0', E'\\x7fa1a71fd90bdbf3380881a855c1f4415fc9a71cf118bbe2266bd2283657', E'\\x028099effed6fda50600000010636f6e646974696f6e5f6661696c656406757365723a3903434e5902000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'rewatch', '60', '0', E'\\xf71ea43388f6c08690bf9f3a7c1a9b0fbc12da6df11858b6ff4d029fb62af1182e8e3a8eb423', E'\\x008085dee6dcfda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'sale', '13', '0', E'\\xb6c779badd87f65b5a36e5fea52e35c76b14266bd228d2286d26da6deaebaf17f118d228eaebc9b68645f118d2280d3d3a8e3657', E'\\x0080b5f6c2acfda506110100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'schedule:daily:put', '67', '0', E'\\x9bfcd6388652fd289a1dde6f16ccb633ed13', E'\\x0080d9c0e0fafda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'schedule:later:cancel', '71', '0', E'\\xf353fd86b8d96dd17cac4b77b2f98678', E'\\x0080b1b3a5b1fea506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'schedule:later:put', '68', '0', E'\\x49e606694deac8bf01a3c04c784acad4643f', E'\\x0080f5dc99fbfda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'schedule:once:1', '69', '0', E'\\x111b307745e5607bdddfebc77e8fa21d38ea2f24', E'\\x00809597ecb0fea5062a0100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'schedule:once:put', '64', '0', E'\\xa89ba6575513c6ea8dcafb5571a740a663a6', E'\\x008085ecb4f9fda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'schedule:poor:1', '69', '2', E'\\x895c2b0a9415d2853bdad708882f2533d5862f24', E'\\x02809597ecb0fea50600000012696e73756666696369656e745f66756e647309757365723a706f6f7203434e5912000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'schedule:poor:1:refused', '70', '0', E'\\x895c2b0a9415d2853bdad708882f2533d5862f24', E'\\x00809597ecb0fea506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'schedule:poor:put', '66', '0', E'\\x594f313b9d164a130faef80096dd17d37fa6', E'\\x0080bda4a7fafda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'schedule:rent:1', '69', '1', E'\\x88b0292a10c266230b1fc2962f2c7f4150212f24', E'\\x00809597ecb0fea5062b0100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'schedule:rent:put', '65', '0', E'\\xeb004f3778217531ea81c6cf0957e0b83b4a', E'\\x0080a188eef9fda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'spent', '16', '0', E'\\xfc8fe9d83b31662270963038d0d21a266b14266bd228d2286b14d619eaeb7831f118d2283a8e3a8e3657', E'\\x008089cbeeadfda506160100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'sweep', '6', '0', E'\\x09030fdcbc868d5c2bb5d7245b11d0496b14266bd228d2286d265c4bd413b96ff1185c344633eaebf913f1186b143a8e3a8e3657', E'\\x0080f1b0b2a9fda506090100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'taken back', '17', '0', E'\\x5deab2a4ffa382ed47b51c602ede948ae5db8cc1677c6b14d2283a8ee8e93657', E'\\x0080a5e7a7aefda506170100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'thaw', '22', '0', E'\\x6d20c6db65b1f823b0abf436c749a28d0f20d619f118266b266bd2283657', E'\\x0080b1f4c5b0fda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'to:0', '7', '0', E'\\x7aa53fb344e0802c5a72731190eae9f36b14266bd228d2286b14d8d614cfce99fdfdd2283a8e3a8e3657', E'\\x00808dcdeba9fda5060b0100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'to:1', '9', '0', E'\\x7aa53fb344e0802c5a72731190eae9f36b14266bd228d2286b14d8d614cfce99fdfdd2283a8e3a8e3657', E'\\x0080c585deaafda5060d0100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'to:2', '11', '0', E'\\x7aa53fb344e0802c5a72731190eae9f36b14266bd228d2286b14d8d614cfce99fdfdd2283a8e3a8e3657', E'\\x0080fdbdd0abfda5060f0100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'told', '53', '0', E'\\x765016d69d577ef917cdf7e310413b216b14266bd228d2286b14d71eeaebf913f118d2283a8e3a8e365782806b14266bd228d2286b14eaebc9b66b14f118d2283a8e3a8e04296e7155ee3a8e3a8e266bd228d228e6a86e713a8e9928', E'\\x0380c198d6d9fda5062201097061796d656e742d3212696e73756666696369656e745f66756e64730c757365723a343a6f7468657203434e590e000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'too full', '43', '0', E'\\xa816af545104d9e664ab68680542c1b36b14266bd228d2286b14eaebd413b96ff118d2283a8e3a8e3657', E'\\x02808de2e0d4fda5060000000e6c696d69745f6578636565646564086361707065643a3103434e59904e000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'too large', '44', '0', E'\\x6d90e965763a16eaf141a49187eae10b6b14266bd228d2286b14d8d614cfce99fdfdd2283a8e3a8e6b14266bd228d2286b14d8d614cfce99fdfdd2283a8e3a8eb423', E'\\x0280a9fe99d5fda5060000001062616c616e63655f6f766572666c6f770a73686f703a7768616c650357454900000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'too much', '42', '0', E'\\xaf043c3d80ffabd8e7f0f1d2eefa327f6b14266bd228d2286b14d71eeaebf913f118d2283a8e3a8e3657', E'\\x0280f1c5a7d4fda50600000012696e73756666696369656e745f66756e64730c757365723a343a6f7468657203434e590e000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'undo', '14', '0', E'\\x7db0d4af6c756fba85c1e32ea9144435e5db266b5ae1d228d2280d3d3a8e3657', E'\\x0080d192fcacfda506130100');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'void', '34', '0', E'\\xa68fbeb6a8d204fba65d532c00c6714c1465f2d2d228d2283a8e3a8e3657', E'\\x008081c7f4b5fda506000000');
INSERT INTO changes (ledger, id, seq, place, tags, outcome) VALUES ('1', 'watch', '58', '0', E'\\xc5076a7177e264ad757adf8433e19568bc12da6df11858b6e5febc12da6df1189ff83fa8bc12da6df1183744056bbc12b62af118184ea292bc125c4bf11844e76527bc12b62af1182e8ea714d532', E'\\x0080cda5f4dbfda506000000');
INSERT INTO currencies (ledger, code, scale) VALUES ('1', 'CNY', '2');
INSERT INTO currencies (ledger, code, scale) VALUES ('1', 'USD', '2');
INSERT INTO currencies (ledger, code, scale) VALUES ('1', 'WEI', '18');
INSERT INTO dated (ledger, account, nth, entry, posting, effective, sum, turnover) VALUES ('1', '1', '1', '1', '1', '2026-02-01 12:00:00.123456+00', '-500000', '500000');
INSERT INTO dated (ledger, account, nth, entry, posting, effective, sum, turnover) VALUES ('1', '1', '2', '2', '2', '2026-02-01 12:00:00.123456+00', '-570000', '570000');
INSERT INTO dated (ledger, account, nth, entry, posting, effective, sum, turnover) VALUES ('1', '2', '1', '1', '1', '2026-02-01 12:00:00.123456+00', '500000', '500000');
INSERT INTO dated (ledger, account, nth, entry, posting, effective, sum, turnover) VALUES ('1', '2', '2', '2', '3', '2026-02-01 12:00:00.123456+00', '499975', '500025');
INSERT INTO dated (ledger, account, nth, entry, posting, effective, sum, turnover) VALUES ('1', '3', '1', '1', '2', '2026-02-01 12:00:00.123456+00', '70000', '70000');
INSERT INTO dated (ledger, account, nth, entry, posting, effective, sum, turnover) VALUES ('1', '3', '2', '2', '6', '2026-04-01 12:00:00.123456+00', '68005', '71995');
INSERT INTO dated (ledger, account, nth, entry, posting, effective, sum, turnover) VALUES ('1', '3', '3', '3', '7', '1996-03-01 12:00:00.123456+00', '68000', '72000');
INSERT INTO dated (ledger, account, nth, entry, posting, effective, sum, turnover) VALUES ('1', '4', '1', '1', '3', '2026-02-01 12:00:00.123456+00', '25', '25');
INSERT INTO dated (ledger, account, nth, entry, posting, effective, sum, turnover) VALUES ('1', '8', '1', '1', '6', '2026-04-01 12:00:00.123456+00', '1995', '1995');
INSERT INTO dated (ledger, account, nth, entry, posting, effective, sum, turnover) VALUES ('1', '8', '2', '2', '7', '1996-03-01 12:00:00.123456+00', '2000', '2000');
INSERT INTO dated (ledger, account, nth, entry, posting, effective, sum, turnover) VALUES ('1', '8', '3', '93', '114', '2026-03-02 12:00:00.123456+00', '2005', '2005');
INSERT INTO dated (ledger, account, nth, entry, posting, effective, sum, turnover) VALUES ('1', '13', '1', '2', '23', '2026-02-26 12:00:00.123456+00', '300', '300');
INSERT INTO dated (ledger, account, nth, entry, posting, effective, sum, turnover) VALUES ('1', '14', '1', '3', '23', '2026-02-26 12:00:00.123456+00', '-300', '300');
INSERT INTO dated (ledger, account, nth, entry, posting, effective, sum, turnover) VALUES ('1', '24', '1', '71', '114', '2026-03-02 12:00:00.123456+00', '-5', '5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '1', '0', '63905544000123456', '-570000');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '1', '1', '62407757812620', '-570000');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '1', '2', '60945075988', '-570000');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '1', '3', '59516675', '-570000');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '1', '4', '58121', '-570000');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '1', '5', '56', '-570000');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '2', '0', '63905544000123456', '499975');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '2', '1', '62407757812620', '499975');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '2', '2', '60945075988', '499975');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '2', '3', '59516675', '499975');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '2', '4', '58121', '499975');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '2', '5', '56', '499975');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '3', '0', '62961278400123456', '-5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '3', '0', '63905544000123456', '70000');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '3', '0', '63910641600123456', '-1995');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '3', '1', '61485623437620', '-5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '3', '1', '62407757812620', '70000');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '3', '1', '62412735937620', '-1995');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '3', '2', '60044554138', '-5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '3', '2', '60945075988', '70000');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '3', '2', '60949937439', '-1995');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '3', '3', '58637259', '-5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '3', '3', '59516675', '70000');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '3', '3', '59521423', '-1995');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '3', '4', '57262', '-5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '3', '4', '58121', '70000');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '3', '4', '58126', '-1995');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '3', '5', '55', '-5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '3', '5', '56', '68005');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '4', '0', '63905544000123456', '25');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '4', '1', '62407757812620', '25');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '4', '2', '60945075988', '25');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '4', '3', '59516675', '25');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '4', '4', '58121', '25');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '4', '5', '56', '25');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '8', '0', '62961278400123456', '5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '8', '0', '63908049600123456', '5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '8', '0', '63910641600123456', '1995');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '8', '1', '61485623437620', '5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '8', '1', '62410204687620', '5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '8', '1', '62412735937620', '1995');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '8', '2', '60044554138', '5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '8', '2', '60947465515', '5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '8', '2', '60949937439', '1995');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '8', '3', '58637259', '5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '8', '3', '59519009', '5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '8', '3', '59521423', '1995');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '8', '4', '57262', '5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '8', '4', '58124', '5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '8', '4', '58126', '1995');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '8', '5', '55', '5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '8', '5', '56', '2000');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '13', '0', '63907704000123456', '300');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '13', '1', '62409867187620', '300');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '13', '2', '60947135925', '300');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '13', '3', '59518687', '300');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '13', '4', '58123', '300');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '13', '5', '56', '300');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '14', '0', '63907704000123456', '-300');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '14', '1', '62409867187620', '-300');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '14', '2', '60947135925', '-300');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '14', '3', '59518687', '-300');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '14', '4', '58123', '-300');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '14', '5', '56', '-300');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '24', '0', '63908049600123456', '-5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '24', '1', '62410204687620', '-5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '24', '2', '60947465515', '-5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '24', '3', '59519009', '-5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '24', '4', '58124', '-5');
INSERT INTO dated_sums (ledger, account, level, bucket, total) VALUES ('1', '24', '5', '56', '-5');
INSERT INTO events (ledger, no, seq, time, type, subject, payload, salt) VALUES ('1', '1', '38', '2026-03-01 13:38:00.123456+00', 'order.opened', '1', E'\\x7b226f72646572223a20317d', E'\\xa23146dbc7c34364d9ad2f10efda1a0e');
INSERT INTO events (ledger, no, seq, time, type, subject, payload, salt) VALUES ('1', '2', '38', '2026-03-01 13:38:00.123456+00', 'empty', '', NULL, E'\\x4922e08c88d825d634d9fa7309bfde27');
INSERT INTO events (ledger, no, seq, time, type, subject, payload, salt) VALUES ('1', '3', '39', '2026-03-01 13:39:00.123456+00', 'order.paid', '1', E'\\x7b226f72646572223a20317d', E'\\x632386aeb63c4de3f16b3152004dba9a');
INSERT INTO events (ledger, no, seq, time, type, subject, payload, salt) VALUES ('1', '4', '53', '2026-03-01 13:54:00.123456+00', 'order.failed', 'failed', NULL, E'\\xac24402c5c9d0eed726513eb759da490');
INSERT INTO events (ledger, no, seq, time, type, subject, payload, salt) VALUES ('1', '5', '54', '2026-03-01 13:55:00.123456+00', 'locked', '', NULL, E'\\x57bce84d53276a011c1c5faed6993321');
INSERT INTO events (ledger, no, seq, time, type, subject, payload, salt) VALUES ('1', '6', '58', '2026-03-01 13:59:00.123456+00', 'balance.crossed', 'held', E'\\x7b226d6f6e69746f72223a2268656c64222c226163636f756e74223a22757365723a313a617661696c61626c65222c226f6e223a2270656e64696e675f6f7574222c2261745f6c65617374223a7b22616d6f756e74223a22302e3031222c2263757272656e6379223a22434e59227d2c2276616c7565223a7b22616d6f756e74223a2233322e3230222c2263757272656e6379223a22434e59227d7d', E'\\xdea51f8664104ba6ee8e6f04b43f3f58');
INSERT INTO events (ledger, no, seq, time, type, subject, payload, salt) VALUES ('1', '7', '58', '2026-03-01 13:59:00.123456+00', 'balance.crossed', 'released', E'\\x7b226d6f6e69746f72223a2272656c6561736564222c226163636f756e74223a22757365723a32222c226f6e223a2270656e64696e675f6f7574222c2262656c6f77223a7b22616d6f756e74223a22302e3031222c2263757272656e6379223a22434e59227d2c2276616c7565223a7b22616d6f756e74223a22302e3030222c2263757272656e6379223a22434e59227d7d', E'\\x6f2496dfb29c474807c2037465e56cd1');
INSERT INTO events (ledger, no, seq, time, type, subject, payload, salt) VALUES ('1', '8', '61', '2026-03-01 14:02:00.123456+00', 'balance.crossed', 'low', E'\\x7b226d6f6e69746f72223a226c6f77222c226163636f756e74223a22757365723a313a617661696c61626c65222c226f6e223a22617661696c61626c65222c2262656c6f77223a7b22616d6f756e74223a22323030302e3030222c2263757272656e6379223a22434e59227d2c2276616c7565223a7b22616d6f756e74223a22313233332e3531222c2263757272656e6379223a22434e59227d7d', E'\\x02419486723d2f9f0388593e10f1eb60');
INSERT INTO events (ledger, no, seq, time, type, subject, payload, salt) VALUES ('1', '9', '62', '2026-03-01 14:03:00.123456+00', 'balance.crossed', 'coming', E'\\x7b226d6f6e69746f72223a22636f6d696e67222c226163636f756e74223a2273686f703a77617463686564222c226f6e223a2270656e64696e675f696e222c2261745f6c65617374223a7b22616d6f756e74223a22302e3031222c2263757272656e6379223a22434e59227d2c2276616c7565223a7b22616d6f756e74223a22302e3033222c2263757272656e6379223a22434e59227d7d', E'\\xc689d7374c165ba09b23ef08f0ad2dca');
INSERT INTO events (ledger, no, seq, time, type, subject, payload, salt) VALUES ('1', '10', '63', '2026-03-01 15:04:00.123456+00', 'balance.crossed', 'released', E'\\x7b226d6f6e69746f72223a2272656c6561736564222c226163636f756e74223a22757365723a32222c226f6e223a2270656e64696e675f6f7574222c2262656c6f77223a7b22616d6f756e74223a22302e3031222c2263757272656e6379223a22434e59227d2c2276616c7565223a7b22616d6f756e74223a22302e3030222c2263757272656e6379223a22434e59227d7d', E'\\xc0a1697f8330b62285c8febda8ead83a');
INSERT INTO events (ledger, no, seq, time, type, subject, payload, salt) VALUES ('1', '11', '69', '2026-03-01 17:09:00.123456+00', 'schedule.done', 'once', E'\\x7b227363686564756c65223a226f6e6365222c2272756e223a312c226368616e6765223a227363686564756c653a6f6e63653a31227d', E'\\x0eb039ebd7371d9720990d87a5c8e885');
INSERT INTO events (ledger, no, seq, time, type, subject, payload, salt) VALUES ('1', '12', '69', '2026-03-01 17:09:00.123456+00', 'schedule.done', 'rent', E'\\x7b227363686564756c65223a2272656e74222c2272756e223a312c226368616e6765223a227363686564756c653a72656e743a31227d', E'\\x1c006527d9b560c27229804ebbe3b615');
INSERT INTO events (ledger, no, seq, time, type, subject, payload, salt) VALUES ('1', '13', '70', '2026-03-01 17:09:00.123456+00', 'schedule.refused', 'poor', E'\\x7b227363686564756c65223a22706f6f72222c2272756e223a312c226368616e6765223a227363686564756c653a706f6f723a31222c227265667573616c223a7b22726561736f6e223a22696e73756666696369656e745f66756e6473222c226163636f756e74223a22757365723a706f6f72222c2263757272656e6379223a22434e59222c2273686f7274223a397d7d', E'\\x5fb0f566b7f871a677b31aa8c1378ddb');
INSERT INTO events (ledger, no, seq, time, type, subject, payload, salt) VALUES ('1', '14', '71', '2026-03-01 17:10:00.123456+00', 'schedule.canceled', 'later', E'\\x7b227363686564756c65223a226c61746572227d', E'\\x1ac9702011f3952bf8c210cbab2c36b7');
INSERT INTO hold_due (ledger, account, expires, hold) VALUES ('1', '2', '2028-11-25 12:25:00.123456+00', 'dated');
INSERT INTO hold_due (ledger, account, expires, hold) VALUES ('1', '2', '2028-11-25 12:28:00.123456+00', 'parts');
INSERT INTO hold_due (ledger, account, expires, hold) VALUES ('1', '8', '2028-11-25 12:25:00.123456+00', 'dated');
INSERT INTO hold_due (ledger, account, expires, hold) VALUES ('1', '8', '2028-11-25 12:28:00.123456+00', 'parts');
INSERT INTO hold_due (ledger, account, expires, hold) VALUES ('1', '14', '2026-03-31 13:36:00.123456+00', 'due');
INSERT INTO hold_due (ledger, account, expires, hold) VALUES ('1', '17', '2028-11-25 12:28:00.123456+00', 'parts');
INSERT INTO hold_due (ledger, account, expires, hold) VALUES ('1', '19', '2026-03-31 13:36:00.123456+00', 'due');
INSERT INTO holds (ledger, id, status, seq, expires, reference, metadata, legs) VALUES ('1', 'dated', '1', '26', '2028-11-25 12:25:00.123456+00', 'ref dated', E'\\x7b22686f6c64223a226461746564227d', '{{2,8,1000,1000}}');
INSERT INTO holds (ledger, id, status, seq, expires, reference, metadata, legs) VALUES ('1', 'due', '1', '37', '2026-03-31 13:36:00.123456+00', 'ref due', E'\\x7b22686f6c64223a22647565227d', '{{14,19,40,40}}');
INSERT INTO holds (ledger, id, status, seq, expires, reference, metadata, legs) VALUES ('1', 'expired', '4', '35', '2026-03-01 12:36:00.123456+00', 'ref expired', E'\\x7b22686f6c64223a2265787069726564227d', '{{3,8,77,0}}');
INSERT INTO holds (ledger, id, status, seq, expires, reference, metadata, legs) VALUES ('1', 'final', '2', '31', NULL, 'ref final', E'\\x7b22686f6c64223a2266696e616c227d', '{{2,8,1000,0}}');
INSERT INTO holds (ledger, id, status, seq, expires, reference, metadata, legs) VALUES ('1', 'open', '1', '25', NULL, 'ref open', E'\\x7b22686f6c64223a226f70656e227d', '{{2,8,1000,1000},{2,4,30,30}}');
INSERT INTO holds (ledger, id, status, seq, expires, reference, metadata, legs) VALUES ('1', 'parts', '1', '29', '2028-11-25 12:28:00.123456+00', 'ref parts', E'\\x7b22686f6c64223a227061727473227d', '{{2,8,1000,690},{2,17,500,500}}');
INSERT INTO holds (ledger, id, status, seq, expires, reference, metadata, legs) VALUES ('1', 'void', '3', '33', '2026-03-01 13:32:00.123456+00', 'ref void', E'\\x7b22686f6c64223a22766f6964227d', '{{2,8,1000,0}}');
INSERT INTO holds (ledger, id, status, seq, expires, reference, metadata, legs) VALUES ('1', 'watched', '4', '62', '2026-03-01 14:12:00.123456+00', NULL, NULL, '{{3,22,3,0}}');
INSERT INTO holds (ledger, id, status, seq, expires, reference, metadata, legs) VALUES ('1', 'whole', '2', '27', '2026-03-01 13:26:00.123456+00', 'ref whole', E'\\x7b22686f6c64223a2277686f6c65227d', '{{2,8,1000,0}}');
INSERT INTO ledgers (ledger, name, key, seq, time, hash, accounts, postings, transactions, events, min_reader, min_writer, assured) VALUES ('1', 'frozen:ledger', E'\\x793f2cdc3798b6425828c46f0de48162', '73', '2026-03-01 17:12:00.123456+00', E'\\xeabee65c836a154347a786a7022c706c3fce9191b2a5d3076e48f18c2c178672', '24', '114', '38', '14', '1', '1', '1');
INSERT INTO marks (ledger, account, nth, posting) VALUES ('1', '8', '64', '85');
INSERT INTO marks (ledger, account, nth, posting) VALUES ('1', '24', '64', '107');
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '1', '1', '1', '2026-03-01 12:01:00.123456+00', '2026-02-01 12:00:00.123456+00', '1', '2', '500000', '-500000', '500000', '1', '1', '0', '0', 'm:shop:top-up:1', NULL, 'statement 4711', E'\\x7b2262616e6b223a225c75303033635c75303032365c7530303365222c22e6b187e78e87223a22372e31227d');
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '2', '1', '1', '2026-03-01 12:01:00.123456+00', '2026-02-01 12:00:00.123456+00', '1', '3', '70000', '-570000', '70000', '2', '1', '1', '0', 'm:shop:top-up:1', NULL, 'statement 4711', E'\\x7b2262616e6b223a225c75303033635c75303032365c7530303365222c22e6b187e78e87223a22372e31227d');
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '3', '1', '1', '2026-03-01 12:01:00.123456+00', '2026-02-01 12:00:00.123456+00', '2', '4', '25', '499975', '25', '2', '1', '1', '0', 'm:shop:top-up:1', NULL, 'statement 4711', E'\\x7b2262616e6b223a225c75303033635c75303032365c7530303365222c22e6b187e78e87223a22372e31227d');
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '4', '2', '4', '2026-03-01 12:02:00.123456+00', NULL, '2', '5', '71000', '428975', '71000', '3', '1', '3', '0', 'fx', NULL, 'quote 1', E'\\x7b2272617465223a22372e31227d');
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '5', '2', '4', '2026-03-01 12:02:00.123456+00', NULL, '6', '7', '10000', '-10000', '10000', '1', '1', '0', '0', 'fx', NULL, 'quote 1', E'\\x7b2272617465223a22372e31227d');
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '6', '3', '6', '2026-03-01 12:03:00.123456+00', '2026-04-01 12:00:00.123456+00', '3', '8', '1995', '68005', '1995', '2', '1', '2', '0', 'ahead', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '7', '4', '7', '2026-03-01 12:04:00.123456+00', '1996-03-01 12:00:00.123456+00', '3', '8', '5', '68000', '2000', '3', '2', '6', '6', 'back', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '8', '5', '8', '2026-03-01 12:05:00.123456+00', NULL, '3', '8', '0', '68000', '2000', '4', '3', '7', '7', 'now', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '9', '6', '9', '2026-03-01 12:06:00.123456+00', NULL, '3', '9', '1000', '67000', '1000', '5', '1', '8', '0', 'sweep', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '10', '6', '9', '2026-03-01 12:06:00.123456+00', NULL, '10', '8', '0', '0', '2000', '1', '4', '0', '8', 'sweep', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '11', '7', '11', '2026-03-01 12:07:00.123456+00', NULL, '11', '12', '9223372036854775807', '-9223372036854775807', '9223372036854775807', '1', '1', '0', '0', 'to:0', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '12', '8', '12', '2026-03-01 12:08:00.123456+00', NULL, '12', '11', '9223372036854775807', '0', '0', '2', '2', '11', '11', 'fro:0', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '13', '9', '13', '2026-03-01 12:09:00.123456+00', NULL, '11', '12', '9223372036854775807', '-9223372036854775807', '9223372036854775807', '3', '3', '12', '12', 'to:1', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '14', '10', '14', '2026-03-01 12:10:00.123456+00', NULL, '12', '11', '9223372036854775807', '0', '0', '4', '4', '13', '13', 'fro:1', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '15', '11', '15', '2026-03-01 12:11:00.123456+00', NULL, '11', '12', '9223372036854775807', '-9223372036854775807', '9223372036854775807', '5', '5', '14', '14', 'to:2', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '16', '12', '16', '2026-03-01 12:12:00.123456+00', NULL, '12', '11', '9223372036854775807', '0', '0', '6', '6', '15', '15', 'fro:2', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '17', '13', '17', '2026-03-01 12:13:00.123456+00', NULL, '2', '8', '2000', '426975', '4000', '4', '5', '4', '10', 'sale', NULL, 'order 1', NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '18', '13', '17', '2026-03-01 12:13:00.123456+00', NULL, '8', '4', '60', '3940', '85', '6', '2', '17', '3', 'sale', NULL, 'order 1', NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '19', '14', '19', '2026-03-01 12:14:00.123456+00', NULL, '4', '8', '60', '25', '4000', '3', '7', '18', '18', 'undo', NULL, 'order 1', NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '20', '14', '19', '2026-03-01 12:14:00.123456+00', NULL, '8', '2', '2000', '2000', '428975', '8', '5', '19', '17', 'undo', NULL, 'order 1', NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '21', '15', '21', '2026-03-01 12:15:00.123456+00', NULL, '13', '14', '300', '-300', '300', '1', '1', '0', '0', 'gift', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '22', '16', '22', '2026-03-01 12:16:00.123456+00', NULL, '14', '8', '250', '50', '2250', '2', '9', '21', '20', 'spent', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '23', '17', '23', '2026-03-01 12:17:00.123456+00', '2026-02-26 12:00:00.123456+00', '14', '13', '300', '-250', '0', '3', '2', '22', '21', 'taken back', NULL, NULL, E'\\x7b22776879223a226672617564227d');
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '24', '18', '24', '2026-03-01 12:18:00.123456+00', NULL, '13', '14', '300', '-300', '50', '3', '4', '23', '23', 'given again', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '25', '19', '25', '2026-03-01 12:19:00.123456+00', NULL, '13', '15', '1', '-301', '1', '4', '1', '24', '0', 'made:1', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '26', '28', '26', '2026-03-01 12:28:00.123456+00', NULL, '2', '8', '1000', '427975', '3250', '6', '10', '20', '22', 'capture:whole', 'whole', NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '27', '30', '27', '2026-03-01 12:30:00.123456+00', NULL, '2', '8', '300', '427675', '3550', '7', '11', '26', '26', 'capture:part', 'parts', 'part 1', E'\\x7b2270617274223a2231227d');
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '28', '30', '27', '2026-03-01 12:30:00.123456+00', NULL, '2', '18', '10', '427665', '10', '8', '1', '27', '0', 'capture:part', 'parts', 'part 1', E'\\x7b2270617274223a2231227d');
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '29', '32', '29', '2026-03-01 12:32:00.123456+00', NULL, '2', '8', '999', '426666', '4549', '9', '12', '28', '27', 'capture:final', 'final', NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '30', '36', '30', '2026-03-01 13:36:00.123456+00', NULL, '3', '8', '1', '66999', '4550', '6', '13', '9', '29', 'after the expiry', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '31', '39', '31', '2026-03-01 13:39:00.123456+00', NULL, '2', '8', '42', '426624', '4592', '10', '14', '29', '30', 'order:2', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '32', '41', '32', '2026-03-01 13:41:00.123456+00', NULL, '2', '8', '43', '426581', '4635', '11', '15', '31', '31', 'do', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '33', '52', '33', '2026-03-01 13:53:00.123456+00', NULL, '8', '14', '60', '4575', '110', '16', '5', '32', '24', 'free', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '34', '53', '34', '2026-03-01 13:54:00.123456+00', NULL, '8', '4', '1', '4574', '26', '17', '4', '33', '19', 'told', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '35', '56', '35', '2026-03-01 13:57:00.123456+00', NULL, '2', '20', '10', '426571', '10', '12', '1', '32', '0', 'chain:1', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '36', '56', '36', '2026-03-01 13:57:00.123456+00', NULL, '20', '21', '10', '0', '10', '2', '1', '35', '0', 'chain:2', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '37', '56', '37', '2026-03-01 13:57:00.123456+00', NULL, '21', '8', '10', '0', '4584', '2', '18', '36', '34', 'chain:3', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '38', '56', '38', '2026-03-01 13:57:00.123456+00', NULL, '8', '21', '10', '4574', '10', '19', '3', '37', '37', 'beside', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '39', '57', '39', '2026-03-01 13:58:00.123456+00', NULL, '8', '21', '10', '4564', '20', '20', '4', '38', '38', 'beside too', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '40', '61', '40', '2026-03-01 14:02:00.123456+00', NULL, '2', '8', '300000', '126571', '304564', '13', '21', '35', '39', 'crossed', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '41', '63', '41', '2026-03-01 15:04:00.123456+00', NULL, '8', '22', '2', '304562', '2', '22', '1', '40', '0', 'expired, and told', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '42', '69', '42', '2026-03-01 17:09:00.123456+00', NULL, '2', '23', '100', '126471', '100', '14', '1', '40', '0', 'schedule:once:1', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '43', '69', '43', '2026-03-01 17:09:00.123456+00', NULL, '2', '23', '120', '126351', '220', '15', '2', '42', '42', 'schedule:rent:1', NULL, 'rent', E'\\x7b22666c6174223a2237227d');
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '44', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '0', '0', '304562', '1', '23', '0', '41', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '45', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '1', '-1', '304563', '2', '24', '44', '44', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '46', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '2', '-3', '304565', '3', '25', '45', '45', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '47', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '3', '-6', '304568', '4', '26', '46', '46', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '48', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '4', '-10', '304572', '5', '27', '47', '47', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '49', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '5', '-15', '304577', '6', '28', '48', '48', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '50', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '6', '-21', '304583', '7', '29', '49', '49', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '51', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '7', '-28', '304590', '8', '30', '50', '50', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '52', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '8', '-36', '304598', '9', '31', '51', '51', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '53', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '9', '-45', '304607', '10', '32', '52', '52', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '54', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '10', '-55', '304617', '11', '33', '53', '53', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '55', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '11', '-66', '304628', '12', '34', '54', '54', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '56', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '12', '-78', '304640', '13', '35', '55', '55', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '57', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '13', '-91', '304653', '14', '36', '56', '56', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '58', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '14', '-105', '304667', '15', '37', '57', '57', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '59', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '15', '-120', '304682', '16', '38', '58', '58', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '60', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '16', '-136', '304698', '17', '39', '59', '59', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '61', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '17', '-153', '304715', '18', '40', '60', '60', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '62', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '18', '-171', '304733', '19', '41', '61', '61', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '63', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '19', '-190', '304752', '20', '42', '62', '62', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '64', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '20', '-210', '304772', '21', '43', '63', '63', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '65', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '21', '-231', '304793', '22', '44', '64', '64', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '66', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '22', '-253', '304815', '23', '45', '65', '65', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '67', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '23', '-276', '304838', '24', '46', '66', '66', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '68', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '24', '-300', '304862', '25', '47', '67', '67', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '69', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '25', '-325', '304887', '26', '48', '68', '68', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '70', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '26', '-351', '304913', '27', '49', '69', '69', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '71', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '27', '-378', '304940', '28', '50', '70', '70', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '72', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '28', '-406', '304968', '29', '51', '71', '71', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '73', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '29', '-435', '304997', '30', '52', '72', '72', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '74', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '30', '-465', '305027', '31', '53', '73', '73', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '75', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '31', '-496', '305058', '32', '54', '74', '74', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '76', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '32', '-528', '305090', '33', '55', '75', '75', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '77', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '33', '-561', '305123', '34', '56', '76', '76', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '78', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '34', '-595', '305157', '35', '57', '77', '77', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '79', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '35', '-630', '305192', '36', '58', '78', '78', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '80', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '36', '-666', '305228', '37', '59', '79', '79', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '81', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '37', '-703', '305265', '38', '60', '80', '80', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '82', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '38', '-741', '305303', '39', '61', '81', '81', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '83', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '39', '-780', '305342', '40', '62', '82', '82', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '84', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '40', '-820', '305382', '41', '63', '83', '83', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '85', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '41', '-861', '305423', '42', '64', '84', '84', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '86', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '42', '-903', '305465', '43', '65', '85', '85', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '87', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '43', '-946', '305508', '44', '66', '86', '86', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '88', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '44', '-990', '305552', '45', '67', '87', '87', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '89', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '45', '-1035', '305597', '46', '68', '88', '88', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '90', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '46', '-1081', '305643', '47', '69', '89', '89', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '91', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '47', '-1128', '305690', '48', '70', '90', '90', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '92', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '48', '-1176', '305738', '49', '71', '91', '91', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '93', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '49', '-1225', '305787', '50', '72', '92', '92', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '94', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '50', '-1275', '305837', '51', '73', '93', '93', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '95', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '51', '-1326', '305888', '52', '74', '94', '94', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '96', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '52', '-1378', '305940', '53', '75', '95', '95', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '97', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '53', '-1431', '305993', '54', '76', '96', '96', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '98', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '54', '-1485', '306047', '55', '77', '97', '97', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '99', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '55', '-1540', '306102', '56', '78', '98', '98', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '100', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '56', '-1596', '306158', '57', '79', '99', '99', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '101', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '57', '-1653', '306215', '58', '80', '100', '100', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '102', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '58', '-1711', '306273', '59', '81', '101', '101', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '103', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '59', '-1770', '306332', '60', '82', '102', '102', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '104', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '60', '-1830', '306392', '61', '83', '103', '103', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '105', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '61', '-1891', '306453', '62', '84', '104', '104', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '106', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '62', '-1953', '306515', '63', '85', '105', '105', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '107', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '63', '-2016', '306578', '64', '86', '106', '106', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '108', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '64', '-2080', '306642', '65', '87', '107', '107', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '109', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '65', '-2145', '306707', '66', '88', '108', '108', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '110', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '66', '-2211', '306773', '67', '89', '109', '109', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '111', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '67', '-2278', '306840', '68', '90', '110', '110', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '112', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '68', '-2346', '306908', '69', '91', '111', '111', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '113', '72', '44', '2026-03-01 17:11:00.123456+00', NULL, '24', '8', '69', '-2415', '306977', '70', '92', '112', '112', 'many', NULL, NULL, NULL);
INSERT INTO postings (ledger, no, seq, tx, time, effective, debit, credit, amount, debit_after, credit_after, debit_nth, credit_nth, debit_prev, credit_prev, change, hold, reference, metadata) VALUES ('1', '114', '73', '114', '2026-03-01 17:12:00.123456+00', '2026-03-02 12:00:00.123456+00', '24', '8', '5', '-2420', '306982', '71', '93', '113', '113', 'dated among many', NULL, NULL, NULL);
INSERT INTO record_keys (ledger, key, type, id) VALUES ('1', 'order:a', 'order', '1');
INSERT INTO record_keys (ledger, key, type, id) VALUES ('1', 'token:3', 'session', 's-3');
INSERT INTO record_labels (ledger, type, label, id) VALUES ('1', 'ledger.monitor', 'shop:watched:CNY', 'coming');
INSERT INTO record_labels (ledger, type, label, id) VALUES ('1', 'ledger.monitor', 'user:1:available:CNY', 'held');
INSERT INTO record_labels (ledger, type, label, id) VALUES ('1', 'ledger.monitor', 'user:1:available:CNY', 'low');
INSERT INTO record_labels (ledger, type, label, id) VALUES ('1', 'ledger.monitor', 'user:1:available:CNY', 'much');
INSERT INTO record_labels (ledger, type, label, id) VALUES ('1', 'ledger.monitor', 'user:2:CNY', 'released');
INSERT INTO record_labels (ledger, type, label, id) VALUES ('1', 'order', 'customer:1', '1');
INSERT INTO record_labels (ledger, type, label, id) VALUES ('1', 'schedule', 'label:user:1', 'rent');
INSERT INTO record_labels (ledger, type, label, id) VALUES ('1', 'schedule', 'state:canceled', 'later');
INSERT INTO record_labels (ledger, type, label, id) VALUES ('1', 'schedule', 'state:done', 'once');
INSERT INTO record_labels (ledger, type, label, id) VALUES ('1', 'schedule', 'state:pending', 'daily');
INSERT INTO record_labels (ledger, type, label, id) VALUES ('1', 'schedule', 'state:pending', 'rent');
INSERT INTO record_labels (ledger, type, label, id) VALUES ('1', 'schedule', 'state:refused', 'poor');
INSERT INTO record_labels (ledger, type, label, id) VALUES ('1', 'session', 'user:2', 's-3');
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'ledger.monitor', 'coming', '1', '58', '0', 'false', NULL, E'\\x20d908a1b9efea3d7c286652b5bb046f', NULL, '{shop:watched:CNY}', E'\\x7b226163636f756e74223a2273686f703a77617463686564222c2263757272656e6379223a22434e59222c226f6e223a2270656e64696e675f696e222c2261745f6c65617374223a312c226576656e74223a2262616c616e63652e63726f73736564227d');
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'ledger.monitor', 'gone', '2', '60', '0', 'true', NULL, NULL, NULL, NULL, NULL);
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'ledger.monitor', 'held', '1', '58', '0', 'false', NULL, E'\\x0c61e45a686aef86cab00c23454ca13e', NULL, '{user:1:available:CNY}', E'\\x7b226163636f756e74223a22757365723a313a617661696c61626c65222c2263757272656e6379223a22434e59222c226f6e223a2270656e64696e675f6f7574222c2261745f6c65617374223a312c226576656e74223a2262616c616e63652e63726f73736564227d');
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'ledger.monitor', 'low', '2', '60', '0', 'false', NULL, E'\\x08ad6463725319f3a62ddddb14ea982d', NULL, '{user:1:available:CNY}', E'\\x7b226163636f756e74223a22757365723a313a617661696c61626c65222c2263757272656e6379223a22434e59222c226f6e223a22617661696c61626c65222c2262656c6f77223a3230303030302c226576656e74223a2262616c616e63652e63726f73736564227d');
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'ledger.monitor', 'much', '1', '58', '0', 'false', NULL, E'\\xf8702f6e1d994733bf091671403666f1', NULL, '{user:1:available:CNY}', E'\\x7b226163636f756e74223a22757365723a313a617661696c61626c65222c2263757272656e6379223a22434e59222c226f6e223a22706f73746564222c2261745f6c65617374223a3930303030302c226576656e74223a2262616c616e63652e68696768227d');
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'ledger.monitor', 'released', '1', '58', '0', 'false', NULL, E'\\xb7cb28746f23c364773fa5a5ff1b8ffe', NULL, '{user:2:CNY}', E'\\x7b226163636f756e74223a22757365723a32222c2263757272656e6379223a22434e59222c226f6e223a2270656e64696e675f6f7574222c2262656c6f77223a312c226576656e74223a2262616c616e63652e63726f73736564227d');
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'order', '1', '2', '39', '0', 'false', '2026-03-12 13:37:00.123456+00', E'\\x08a6a8382e715cdb3f80f52cd7a84dfc', '{order:a}', '{customer:1}', E'\\x7b227374617465223a202270616964227d');
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'order', '2', '2', '41', '0', 'false', NULL, E'\\xfcc9af195c961893b7d9e950413a6405', NULL, NULL, E'\\x627920612076657262');
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'order', 'empty', '1', '38', '0', 'false', NULL, E'\\x7e03f4e9e1b70e9ccefc4435a58aa9e4', NULL, NULL, NULL);
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'order', 'failed', '1', '53', '0', 'false', NULL, E'\\x56ae6c174e6218d6acea7931f9b70506', NULL, NULL, E'\\x78');
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'person', '1', '2', '40', '0', 'true', NULL, NULL, NULL, NULL, NULL);
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'schedule', 'daily', '1', '67', '0', 'false', '2027-03-01 15:07:00.123456+00', E'\\x2c0cf2d800b429a33c0fa2bbbc6f2eea', NULL, '{state:pending}', E'\\x7b2276223a312c226174223a22323032372d30332d30315431353a30373a30302e3132333435365a222c2265766572795f7573223a38363430303030303030302c226f7073223a5b7b226f70223a22667265657a65222c226163636f756e74223a22757365723a34222c2263757272656e6379223a22434e59222c227363616c65223a322c22646562697473223a747275657d5d2c227374617465223a2270656e64696e67227d');
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'schedule', 'later', '2', '71', '0', 'false', NULL, E'\\x7bf1c6d90e5ff54c6d0eb511cd249690', NULL, '{state:canceled}', E'\\x7b2276223a312c226174223a22323032372d30332d30315431353a30383a30302e3132333435365a222c226f7073223a5b7b226f70223a22766f6964222c22686f6c64223a226f70656e227d5d2c227374617465223a2263616e63656c6564227d');
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'schedule', 'once', '2', '69', '0', 'false', NULL, E'\\x610d6cbe3d528913757086e1bdf529de', NULL, '{state:done}', E'\\x7b2276223a312c226174223a22323032362d30332d30315431363a30343a30302e3132333435365a222c226f7073223a5b7b226f70223a227472616e73616374696f6e222c22706f7374696e6773223a5b7b226465626974223a22757365723a313a617661696c61626c65222c22637265646974223a2273686f703a72656e74222c226d696e6f72223a3130302c2263757272656e6379223a22434e59222c227363616c65223a327d5d7d5d2c227374617465223a22646f6e65222c2272756e73223a312c226c617374223a7b2272756e223a312c2274696d65223a22323032362d30332d30315431373a30393a30302e3132333435365a227d7d');
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'schedule', 'poor', '2', '70', '0', 'false', NULL, E'\\x382694e143cf6e1e8438acdba9b66405', NULL, '{state:refused}', E'\\x7b2276223a312c226174223a22323032362d30332d30315431363a30363a30302e3132333435365a222c226f7073223a5b7b226f70223a227472616e73616374696f6e222c22706f7374696e6773223a5b7b226465626974223a22757365723a706f6f72222c22637265646974223a2273686f703a72656e74222c226d696e6f72223a392c2263757272656e6379223a22434e59222c227363616c65223a327d5d7d5d2c227374617465223a2272656675736564222c2272756e73223a312c2272656675736564223a312c226c617374223a7b2272756e223a312c2274696d65223a22323032362d30332d30315431373a30393a30302e3132333435365a222c227265667573616c223a7b22726561736f6e223a22696e73756666696369656e745f66756e6473222c226163636f756e74223a22757365723a706f6f72222c2263757272656e6379223a22434e59222c2273686f7274223a397d7d7d');
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'schedule', 'rent', '2', '69', '0', 'false', '2026-04-01 16:05:00.123456+00', E'\\x1446268eccfbcc382c0ac225687d5555', NULL, '{state:pending,label:user:1}', E'\\x7b2276223a312c226174223a22323032362d30332d30315431363a30353a30302e3132333435365a222c226d6f6e746873223a312c2274696d6573223a362c226c6162656c73223a5b22757365723a31225d2c226f7073223a5b7b226f70223a227472616e73616374696f6e222c22706f7374696e6773223a5b7b226465626974223a22757365723a313a617661696c61626c65222c22637265646974223a2273686f703a72656e74222c226d696e6f72223a3132302c2263757272656e6379223a22434e59222c227363616c65223a322c2275705f746f5f6465626974223a747275657d5d2c227265666572656e6365223a2272656e74222c226d65746164617461223a7b22666c6174223a2237227d7d2c7b226f70223a2272657175697265222c226163636f756e74223a22757365723a313a617661696c61626c65222c2263757272656e6379223a22434e59222c227363616c65223a322c226d696e223a307d5d2c227374617465223a2270656e64696e67222c2272756e73223a312c226c617374223a7b2272756e223a312c2274696d65223a22323032362d30332d30315431373a30393a30302e3132333435365a227d7d');
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'session', 's-1', '2', '40', '1', 'false', NULL, NULL, NULL, NULL, E'\\x746f6b656e2032');
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'session', 's-2', '2', '40', '1', 'true', NULL, NULL, NULL, NULL, NULL);
INSERT INTO records (ledger, type, id, version, seq, chaining, erased, due, salt, keys, labels, content) VALUES ('1', 'session', 's-3', '1', '38', '1', 'false', '2026-03-11 13:37:00.123456+00', NULL, '{token:3}', '{user:2}', E'\\x746f6b656e');
INSERT INTO reversals (ledger, tx, reversal) VALUES ('1', '17', '19');
INSERT INTO reversals (ledger, tx, reversal) VALUES ('1', '21', '23');
INSERT INTO reversals (ledger, tx, reversal) VALUES ('1', '23', '24');
INSERT INTO terms (ledger, hash, tx) VALUES ('1', '-8838083617286023359', '4');
INSERT INTO terms (ledger, hash, tx) VALUES ('1', '-8084139967292310347', '23');
INSERT INTO terms (ledger, hash, tx) VALUES ('1', '-4848821240536334997', '1');
INSERT INTO terms (ledger, hash, tx) VALUES ('1', '-4792481750534486474', '27');
INSERT INTO terms (ledger, hash, tx) VALUES ('1', '-3934787592782543827', '43');
INSERT INTO terms (ledger, hash, tx) VALUES ('1', '-3708249085863758941', '1');
INSERT INTO terms (ledger, hash, tx) VALUES ('1', '-3098000068879120486', '4');
INSERT INTO terms (ledger, hash, tx) VALUES ('1', '-3090651055787246828', '43');
INSERT INTO terms (ledger, hash, tx) VALUES ('1', '761543463053397178', '1');
INSERT INTO terms (ledger, hash, tx) VALUES ('1', '8123035165103952853', '27');
INSERT INTO terms (ledger, hash, tx) VALUES ('1', '8594664886903685331', '17');
INSERT INTO terms (ledger, hash, tx) VALUES ('1', '8594664886903685331', '19');
