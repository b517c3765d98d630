package sqlitestore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
)

// A ledger in a file is there again when the program comes back.
func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "sqlitestore")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "wallet.db")

	for range 2 {
		store, err := sqlitestore.Open(ctx, path, sqlitestore.Config{})
		if err != nil {
			log.Fatal(err)
		}
		books, err := ledger.Open(ctx, store, ledger.Config{})
		if err != nil {
			log.Fatal(err)
		}
		_, err = books.Commit(ctx, ledger.Change{Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{
			{Debit: "bank", Credit: "customer:1", Amount: money.New(1995, money.MustISO("CNY"))},
		}}}})
		if err != nil {
			log.Fatal(err)
		}
		balance, err := books.Balance(ctx, ledger.AccountKey{Name: "customer:1", Currency: "CNY"})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(balance.Posted)
		if err := errors.Join(books.Close(ctx), store.Close()); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// 19.95 CNY
	// 39.90 CNY
}

// Another program's database is left as it is.
func ExampleOpen_foreign() {
	file, err := os.CreateTemp("", "notes-*.txt")
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(file.Name())
	fmt.Fprintln(file, "Milk, bread, butter.")
	file.Close()

	_, err = sqlitestore.Open(context.Background(), file.Name(), sqlitestore.Config{})
	fmt.Println(errors.Is(err, sqlitestore.ErrForeign))
	// Output: true
}

// The caller's own row and the money it stands for are committed together, or not at all.
func ExampleStore_BeginTx() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "sqlitestore")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := sqlitestore.Open(ctx, filepath.Join(dir, "shop.db"), sqlitestore.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	books, err := ledger.Open(ctx, store, ledger.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer books.Close(ctx)

	sell := func(order string) error {
		tx, err := store.BeginTx(ctx)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := tx.Exec(ctx, "CREATE TABLE IF NOT EXISTS app_orders (id TEXT PRIMARY KEY)"); err != nil {
			return err
		}
		if err := tx.Exec(ctx, "INSERT INTO app_orders VALUES (?1)", order); err != nil {
			return err
		}
		// The ledger comes last: from here on every other writer waits for this COMMIT.
		_, err = books.CommitJoined(ledger.WithJoined(ctx, store.Join(tx)), ledger.Change{ID: "order:" + order, Ops: []ledger.Op{
			ledger.Transaction{Postings: []ledger.Posting{
				{Debit: "customer:1", Credit: "shop", Amount: money.New(1995, money.MustISO("CNY"))},
			}},
		}})
		if err != nil {
			return err
		}
		return tx.Commit(ctx)
	}
	fmt.Println(sell("4711"))
	fmt.Println(sell("4711") != nil) // the order is there already

	balance, err := books.Balance(ctx, ledger.AccountKey{Name: "shop", Currency: "CNY"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(balance.Posted)
	// Output:
	// <nil>
	// true
	// 19.95 CNY
}
