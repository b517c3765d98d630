package ledger_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

// A ledger is copied to another store by an export and an import: the copy has the same
// blocks with the same hashes, and goes on where the original was.
func ExampleLedger_Export() {
	ctx := context.Background()
	l := openShop(ctx)
	defer l.Close(ctx)
	deposit(ctx, l, "customer:1", yuan("50.00"))

	// In real life the other end of the pipe is a PostgreSQL store.
	r, w := io.Pipe()
	go func() {
		_, err := l.Export(ctx, w, ledger.ExportConfig{})
		w.CloseWithError(err)
	}()
	store := memstore.New()
	imported, err := ledger.Import(ctx, store, r, ledger.ImportConfig{Name: l.Name()})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("blocks:", imported.Blocks)

	other, err := ledger.Open(ctx, store, ledger.Config{NotBefore: imported.Checkpoint})
	if err != nil {
		log.Fatal(err)
	}
	defer other.Close(ctx)
	report, err := other.Verify(ctx, imported.Checkpoint)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("discrepancies:", report.Err())
	show(ctx, other, "customer:1")
	// Output:
	// blocks: 1
	// discrepancies: <nil>
	// customer:1: 50.00 CNY, 50.00 CNY available
}

// A signed checkpoint is kept where a loss of the database does not reach. A store that was
// restored to an earlier moment is refused with it.
func ExampleSignedCheckpoint() {
	ctx := context.Background()
	l := openShop(ctx)
	defer l.Close(ctx)
	deposit(ctx, l, "customer:1", yuan("50.00"))
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		log.Fatal(err)
	}
	signed, err := l.SignedCheckpoint(ctx, private)
	if err != nil {
		log.Fatal(err)
	}
	text, err := signed.MarshalText()
	if err != nil {
		log.Fatal(err)
	}

	var kept ledger.SignedCheckpoint
	if err := kept.UnmarshalText(text); err != nil {
		log.Fatal(err)
	}
	known, err := kept.Prove(public, "main")
	if err != nil {
		log.Fatal(err)
	}
	lost := memstore.New() // as empty as a backup that was never made
	_, err = ledger.Open(ctx, lost, ledger.Config{NotBefore: known})
	fmt.Println(errors.Is(err, ledger.ErrHistoryRegressed))
	// Output:
	// true
}

// A follower gets every event once and in order, and then waits for those to come. Here it
// has enough after two.
func ExampleLedger_FollowEvents() {
	ctx := context.Background()
	l := openShop(ctx)
	defer l.Close(ctx)
	go func() {
		for _, id := range []string{"order-1", "order-2"} {
			_, err := l.Commit(ctx, ledger.Change{ID: id, Events: []ledger.Event{{Type: "order.placed", Subject: id}}})
			if err != nil {
				log.Fatal(err)
			}
		}
	}()

	cursor := int64(0) // in real life: kept together with what the events led to
	for event, err := range l.FollowEvents(ctx, cursor) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(event.No, event.Type, event.Subject)
		cursor = event.No
		if cursor == 2 {
			break
		}
	}
	// Output:
	// 1 order.placed order-1
	// 2 order.placed order-2
}

// Old blocks go to a file. The chain can be followed through it and on through what the
// store still has.
func ExampleLedger_Archive() {
	ctx := context.Background()
	l := openShop(ctx)
	defer l.Close(ctx)
	for i := range 4 {
		deposit(ctx, l, fmt.Sprintf("customer:%d", i), yuan("1.00"))
	}

	var file bytes.Buffer
	if _, err := l.Archive(ctx, &file, 3); err != nil {
		log.Fatal(err)
	}
	// Once the file is where it will stay, it is read back, and then the blocks are dropped.
	archive, err := ledger.OpenArchive(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		log.Fatal(err)
	}
	if err := l.Forget(ctx, archive.Receipt()); err != nil {
		log.Fatal(err)
	}

	last, err := ledger.VerifyChain(ctx, ledger.Archives{archive, l}, l.Name(), ledger.Checkpoint{})
	fmt.Println("verified to block", last.Seq, err)
	// Output:
	// verified to block 4 <nil>
}
