package okpay

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// StatementLine is one entry of a statement.
type StatementLine struct {
	Nth     int64        `json:"nth"` // ordinal in the account, from 1
	Time    time.Time    `json:"time"`
	Kind    string       `json:"kind"`   // such as payment, fee, refund, topup
	Object  string       `json:"object"` // id of the payment, refund or top-up
	Amount  money.Amount `json:"amount"` // negative when it leaves the account
	Balance money.Amount `json:"balance"`
}

// StatementPage asks for a part of a statement: lines with After < Nth < Before, the newest
// first if Desc is set. Zero bounds are open. Limit is 20 unless told, at most 100.
type StatementPage struct {
	After, Before int64
	Desc          bool
	Limit         int
}

// kindKey is the metadata that tells what an entry is.
const kindKey = "kind"

func kind(name string) map[string]string { return map[string]string{kindKey: name} }

func (w *Wallet) statement(ctx context.Context, account, currency string, page StatementPage) ([]StatementLine, error) {
	if _, err := w.Currency(currency); err != nil {
		return nil, err
	}
	entries, err := w.ledger.Statement(ctx, ledger.AccountKey{Name: account, Currency: currency}, ledger.Page{
		After: page.After, Before: page.Before, Desc: page.Desc, Limit: pageSize(page.Limit),
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return nil, nil // an account that was never used has no lines
	}
	if err != nil {
		return nil, err
	}
	lines := make([]StatementLine, 0, len(entries))
	for _, e := range entries {
		line := StatementLine{Nth: e.Nth, Time: e.Time, Kind: e.Metadata[kindKey], Object: e.Reference, Amount: e.Amount, Balance: e.Balance}
		if strings.HasPrefix(e.Other.Name, "fees:") {
			line.Kind = "fee"
		}
		lines = append(lines, line)
	}
	return lines, nil
}
