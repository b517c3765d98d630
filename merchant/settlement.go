package merchant

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// Settlement is what one day did to the merchant's balance in one currency: Opening and the
// sums of all kinds make Closing. The single lines are those of the statement between From and
// Until.
type Settlement struct {
	Merchant MerchantID       `json:"merchant"`
	Currency string           `json:"currency"`
	Date     string           `json:"date"`  // as 2006-01-02, by the service's calendar
	From     time.Time        `json:"from"`  // when the day begins
	Until    time.Time        `json:"until"` // when the next one does
	Final    bool             `json:"final"` // the day is over, so the report will not change
	Opening  money.Amount     `json:"opening"`
	Closing  money.Amount     `json:"closing"`
	Kinds    []SettlementLine `json:"kinds"` // in alphabetical order
}

// SettlementLine is the sum over the lines of one kind.
type SettlementLine struct {
	Kind   string       `json:"kind"` // as in StatementLine
	Count  int64        `json:"count"`
	Amount money.Amount `json:"amount"` // negative when it left the account
}

func decodeSettlementLine(data []byte, currencies *money.Registry) (SettlementLine, error) {
	r := reader{currencies: currencies}
	var w struct {
		SettlementLine
		Amount *wireAmount `json:"amount"`
	}
	r.object(data, &w)
	l := w.SettlementLine
	l.Amount = r.amount("amount", w.Amount)
	return result(&r, l)
}

func decodeSettlement(data []byte, currencies *money.Registry) (Settlement, error) {
	r := reader{currencies: currencies}
	var w struct {
		Settlement
		Opening *wireAmount       `json:"opening"`
		Closing *wireAmount       `json:"closing"`
		Kinds   []json.RawMessage `json:"kinds"`
	}
	r.object(data, &w)
	s := w.Settlement
	r.need("currency", s.Currency, "date", s.Date)
	s.Opening, s.Closing = r.amount("opening", w.Opening), r.amount("closing", w.Closing)
	s.Kinds = each(&r, w.Kinds, decodeSettlementLine)
	r.needTime("from", s.From)
	r.needTime("until", s.Until)
	return result(&r, s)
}

// SettlementService reports single days.
type SettlementService struct{ client *Client }

// GetSettlement is the input of Settlement.Get and Settlement.CSV.
type GetSettlement struct {
	Currency string // code, such as "CNY"
	Date     string // as 2006-01-02, by the service's calendar
}

func (in *GetSettlement) query() url.Values {
	return url.Values{"currency": {in.Currency}, "date": {in.Date}}
}

// Get returns the report of a day. Codes: CodeInvalidRequest, CodeCurrencyNotSupported.
func (s *SettlementService) Get(ctx context.Context, in GetSettlement) (Settlement, error) {
	return get(ctx, s.client, "settlement.get", "/settlement", in.query(), decodeSettlement)
}

// CSV returns the report of a day in the form of RFC 4180 with the columns date, kind, count,
// amount and currency: a line "opening", one for each kind, and a line "closing". Codes: as Get.
func (s *SettlementService) CSV(ctx context.Context, in GetSettlement) ([]byte, error) {
	return getCSV(ctx, s.client, "settlement.csv", "/settlement.csv", in.query())
}
