package pgstore_test

import (
	"context"
	"fmt"
	"log"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/okpay/okpay-go/ledger/pgstore"
)

// On deployment the owner of the database migrates it; the program then opens it.
func ExampleOpen() {
	ctx := context.Background()
	if err := pgstore.Migrate(ctx, "postgres://owner@db.example/shop", pgstore.Config{}); err != nil {
		log.Fatal(err)
	}
	store, err := pgstore.Open(ctx, "postgres://shop@db.example/shop", pgstore.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
}

// A program that has a pool of its own shares it with the store.
func ExampleFromPool() {
	ctx := context.Background()
	cfg, err := pgxpool.ParseConfig("postgres://shop@db.example/shop")
	if err != nil {
		log.Fatal(err)
	}
	pgstore.Configure(cfg) // before the pool is made
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	store, err := pgstore.FromPool(ctx, pool, pgstore.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
}

func ExampleGrants() {
	sql, err := pgstore.Grants("shop", pgstore.Config{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(sql)
	// Output:
	// GRANT USAGE ON SCHEMA "okpay" TO "shop";
	// GRANT SELECT ON "okpay".schema_migrations TO "shop";
	// GRANT SELECT, INSERT ON "okpay".ledgers, "okpay".blocks, "okpay".changes, "okpay".postings, "okpay".accounts, "okpay".marks, "okpay".holds, "okpay".records, "okpay".events, "okpay".currencies, "okpay".reversals, "okpay".terms, "okpay".dated, "okpay".dated_sums TO "shop";
	// GRANT SELECT, INSERT, DELETE ON "okpay".hold_due, "okpay".record_keys, "okpay".record_labels TO "shop";
	// GRANT UPDATE (seq, time, hash, accounts, postings, transactions, events, assured) ON "okpay".ledgers TO "shop";
	// GRANT UPDATE (balance, debits_hi, debits_lo, pending_out, pending_in, entries, last, next_expiry, min, max, flags) ON "okpay".accounts TO "shop";
	// GRANT UPDATE (total) ON "okpay".dated_sums TO "shop";
	// GRANT UPDATE (status, seq, expires, reference, metadata, legs) ON "okpay".holds TO "shop";
	// GRANT UPDATE (version, seq, chaining, erased, due, salt, keys, labels, content) ON "okpay".records TO "shop";
}
