package okpay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// get reads a record into doc.
func (w *Wallet) get(ctx context.Context, noun, id string, doc any) error {
	r, err := w.ledger.Record(ctx, noun, id)
	return decodeRecord(noun, id, r, err, doc)
}

// getAfter is get for a verb that has committed: what it has written need not be read again. A
// replay is answered with what is stored now.
func (w *Wallet) getAfter(ctx context.Context, out ledger.Outcome, noun, id string, doc any) error {
	if out.Replayed || out.Seq == 0 {
		return w.get(ctx, noun, id, doc)
	}
	r, err := w.ledger.RecordSince(ctx, noun, id, out.Seq)
	return decodeRecord(noun, id, r, err, doc)
}

// draftGet reads a record that the draft then relies on.
func draftGet(d *ledger.Draft, noun, id string, doc any) error {
	r, err := d.Get(noun, id)
	return decodeRecord(noun, id, r, err, doc)
}

func decodeRecord(noun, id string, r ledger.Record, err error, doc any) error {
	switch {
	case errors.Is(err, ledger.ErrNotFound), errors.Is(err, ledger.ErrErased):
		return notFound(strings.ReplaceAll(noun, "_", " "), id)
	case err != nil:
		return err
	}
	if err := json.Unmarshal(r.Content, doc); err != nil {
		return fmt.Errorf("okpay: record %s %s: %w", noun, id, err)
	}
	return nil
}

// encode writes a record's document.
func encode(doc any) []byte {
	b, err := json.Marshal(doc)
	if err != nil {
		panic(err) // documents are structs of texts, numbers and times
	}
	return b
}

// restore makes an amount of what a record keeps.
func (w *Wallet) restore(minor int64, code string) (money.Amount, error) {
	c, err := w.cfg.Currencies.Lookup(code)
	if err != nil {
		return money.Amount{}, fmt.Errorf("okpay: a record has currency %s, which Config.Currencies lacks: %w", code, err)
	}
	return money.New(minor, c), nil
}
