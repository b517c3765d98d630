package memstore_test

import (
	"context"
	"fmt"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

// A ledger in memory needs nothing but New. Two ledger.Ledger values over one Store, of the
// same name, are to each other what two processes on one database are.
func ExampleNew() {
	ctx := context.Background()
	store := memstore.New()
	defer store.Close()

	writer, err := ledger.Open(ctx, store, ledger.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer writer.Close(ctx)
	reader, err := ledger.Open(ctx, store, ledger.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer reader.Close(ctx)

	_, err = writer.Commit(ctx, ledger.Change{
		ID:     "order-1:placed",
		Puts:   []ledger.Put{{Type: "order", ID: "1", Content: []byte(`{"total":"19.95"}`)}},
		Events: []ledger.Event{{Type: "order.placed", Subject: "1"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	events, err := reader.Events(ctx, 0, 10)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range events {
		fmt.Println(e.Type, e.Subject)
	}
	// Output: order.placed 1
}
