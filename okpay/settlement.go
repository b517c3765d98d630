package okpay

import (
	"context"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// Settlement is what one day did to a merchant's balance in one currency: Opening and the sums
// of all kinds make Closing. The single lines are those of StatementCSV between From and
// Until.
type Settlement struct {
	Merchant MerchantID       `json:"merchant"`
	Currency string           `json:"currency"`
	Date     string           `json:"date"`  // as 2006-01-02, in Config.Zone
	From     time.Time        `json:"from"`  // where the day begins
	Until    time.Time        `json:"until"` // where the next one does
	Final    bool             `json:"final"` // the day is over, so the report will not change
	Opening  money.Amount     `json:"opening"`
	Closing  money.Amount     `json:"closing"`
	Kinds    []SettlementLine `json:"kinds"` // in alphabetical order
}

// SettlementLine is the sum over the entries of one kind.
type SettlementLine struct {
	Kind   string       `json:"kind"` // as in StatementLine
	Count  int64        `json:"count"`
	Amount money.Amount `json:"amount"` // negative when it left the account
}

// Settlement reports the day, in Config.Zone, that an instant lies in. Balances are posted
// ones: what is held is still in them. Errors: NotFound, CurrencyNotSupported.
func (s *Merchants) Settlement(ctx context.Context, id MerchantID, currency string, day time.Time) (Settlement, error) {
	if _, err := s.Get(ctx, id); err != nil {
		return Settlement{}, err
	}
	c, err := s.w.Currency(currency)
	if err != nil {
		return Settlement{}, err
	}
	y, m, d := day.In(s.w.cfg.Zone).Date()
	out := Settlement{
		Merchant: id, Currency: currency, Opening: money.Zero(c), Closing: money.Zero(c),
		From: time.Date(y, m, d, 0, 0, 0, 0, s.w.cfg.Zone), Until: time.Date(y, m, d+1, 0, 0, 0, 0, s.w.cfg.Zone),
	}
	out.Date, out.Final = out.From.Format(time.DateOnly), !s.w.Now().Before(out.Until)

	account := merchantAccount(id)
	first := true
	sums := map[string]SettlementLine{}
	err = s.w.eachLine(ctx, account, currency, StatementPage{From: out.From, Until: out.Until}, 0, func(l StatementLine) (err error) {
		if first {
			first = false
			if out.Opening, err = l.Balance.Sub(l.Amount); err != nil {
				return err
			}
		}
		out.Closing = l.Balance
		sum, there := sums[l.Kind]
		if !there {
			sum = SettlementLine{Kind: l.Kind, Amount: money.Zero(c)}
		}
		sum.Count++
		sum.Amount, err = sum.Amount.Add(l.Amount)
		sums[l.Kind] = sum
		return err
	})
	if err != nil {
		return Settlement{}, err
	}
	for _, sum := range sums {
		out.Kinds = append(out.Kinds, sum)
	}
	slices.SortFunc(out.Kinds, func(a, b SettlementLine) int { return strings.Compare(a.Kind, b.Kind) })
	if first { // a day without entries
		before, err := s.w.ledger.Statement(ctx, ledger.AccountKey{Name: account, Currency: currency},
			ledger.Page{Until: out.From, Desc: true, Limit: 1})
		if err == nil && len(before) > 0 {
			out.Opening, out.Closing = before[0].Balance, before[0].Balance
		}
	}
	return out, nil
}

// CSV writes a settlement in the form of RFC 4180 with the columns date, kind, count, amount
// and currency: a line "opening", one for each kind, and a line "closing". The lines between the
// two add up to their difference; amounts are decimals. Errors are those of out.
func (s *Settlement) CSV(out io.Writer) error {
	c := csv.NewWriter(out)
	c.UseCRLF = true
	line := func(kind, count string, a money.Amount) []string {
		return []string{s.Date, kind, count, a.Decimal().StringFixed(int32(a.Currency().Scale())), s.Currency}
	}
	lines := [][]string{{"date", "kind", "count", "amount", "currency"}, line("opening", "", s.Opening)}
	for _, k := range s.Kinds {
		lines = append(lines, line(k.Kind, strconv.FormatInt(k.Count, 10), k.Amount))
	}
	return c.WriteAll(append(lines, line("closing", "", s.Closing))) // which flushes
}
