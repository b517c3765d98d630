package okpay

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// StatementLine is one entry of a statement. Kind is payment, refund, topup, topup_reversal,
// transfer, transfer_returned, withdrawal, payout, conversion, dispute, debt or exception after
// what moved the money, and fee for every fee, also one that came back.
type StatementLine struct {
	Nth     int64        `json:"nth"` // ordinal in the account, from 1
	Time    time.Time    `json:"time"`
	Kind    string       `json:"kind"`   // see below
	Object  string       `json:"object"` // id of the payment, refund, top-up or whatever else moved the money
	Amount  money.Amount `json:"amount"` // negative when it leaves the account
	Balance money.Amount `json:"balance"`
}

// StatementPage asks for a part of a statement: lines with After < Nth < Before, the newest
// first if Desc is set, that are recorded at or after From and before Until. Zero bounds are open. A page is
// continued with the Nth of its last line, as After or, descending, as Before. Limit is 20
// unless told, at most 100.
type StatementPage struct {
	After, Before int64
	From, Until   time.Time
	Kinds         []string // only lines of these kinds; none means all. Lines of others are read and left out.
	Desc          bool
	Limit         int
}

// kindKey is the metadata that tells what an entry is.
const kindKey = "kind"

func kind(name string) map[string]string { return map[string]string{kindKey: name} }

func (w *Wallet) statement(ctx context.Context, account, currency string, page StatementPage) ([]StatementLine, error) {
	lines := []StatementLine{}
	err := w.eachLine(ctx, account, currency, page, pageSize(page.Limit), func(line StatementLine) error {
		lines = append(lines, line)
		return nil
	})
	return lines, err
}

// eachLine calls fn with the lines of a statement, at most limit if that is not 0.
func (w *Wallet) eachLine(ctx context.Context, account, currency string, page StatementPage, limit int, fn func(StatementLine) error) error {
	if _, err := w.Currency(currency); err != nil {
		return err
	}
	ask := ledger.Page{After: page.After, Before: page.Before, From: page.From, Until: page.Until, Desc: page.Desc}
	if limit > 0 && len(page.Kinds) == 0 {
		ask.Limit = limit
	}
	for given := 0; ; {
		entries, err := w.ledger.Statement(ctx, ledger.AccountKey{Name: account, Currency: currency}, ask)
		if errors.Is(err, ledger.ErrNotFound) {
			return nil // an account that was never used has no lines
		}
		if err != nil {
			return translate(err)
		}
		for _, e := range entries {
			line := lineOf(&e)
			if len(page.Kinds) > 0 && !slices.Contains(page.Kinds, line.Kind) {
				continue
			}
			if err := fn(line); err != nil {
				return err
			}
			if given++; given == limit {
				return nil
			}
		}
		switch {
		case len(entries) == 0:
			return nil
		case page.Desc:
			ask.Before = entries[len(entries)-1].Nth
			if ask.Before == 1 {
				return nil // 0 would begin anew
			}
		default:
			ask.After = entries[len(entries)-1].Nth
		}
	}
}

func lineOf(e *ledger.Entry) StatementLine {
	line := StatementLine{Nth: e.Nth, Time: e.Time, Kind: e.Metadata[kindKey], Object: e.Reference, Amount: e.Amount, Balance: e.Balance}
	if strings.HasPrefix(e.Other.Name, "fees:") {
		line.Kind = "fee"
	}
	return line
}

// StatementCSV writes the lines of a customer's statement that page selects, all of them if
// Limit is 0, and returns how many it wrote. The form is RFC 4180 with the columns nth, time,
// kind, object, amount, balance and currency; amounts are decimals, times RFC 3339 in UTC.
// Errors: NotFound, CurrencyNotSupported, those of out.
func (s *Customers) StatementCSV(ctx context.Context, out io.Writer, id CustomerID, currency string, page StatementPage) (int, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return 0, err
	}
	return s.w.statementCSV(ctx, out, customerAccount(id), currency, page)
}

// StatementCSV is Customers.StatementCSV for a merchant.
func (s *Merchants) StatementCSV(ctx context.Context, out io.Writer, id MerchantID, currency string, page StatementPage) (int, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return 0, err
	}
	return s.w.statementCSV(ctx, out, merchantAccount(id), currency, page)
}

func (w *Wallet) statementCSV(ctx context.Context, out io.Writer, account, currency string, page StatementPage) (n int, err error) {
	if _, err := w.Currency(currency); err != nil {
		return 0, err
	}
	c := csv.NewWriter(out)
	c.UseCRLF = true
	if err := c.Write([]string{"nth", "time", "kind", "object", "amount", "balance", "currency"}); err != nil {
		return 0, err
	}
	err = w.eachLine(ctx, account, currency, page, max(page.Limit, 0), func(l StatementLine) error {
		n++
		return c.Write([]string{
			strconv.FormatInt(l.Nth, 10), l.Time.UTC().Format(time.RFC3339Nano), l.Kind, l.Object,
			l.Amount.Decimal().StringFixed(int32(l.Amount.Currency().Scale())),
			l.Balance.Decimal().StringFixed(int32(l.Balance.Currency().Scale())), currency,
		})
	})
	c.Flush()
	return n, errors.Join(err, c.Error())
}
