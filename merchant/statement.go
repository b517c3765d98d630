package merchant

import (
	"context"
	"iter"
	"net/url"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// Order says which end of a list comes first.
type Order string

// The orders.
const (
	NewestFirst Order = "desc"
	OldestFirst Order = "asc"
)

// StatementLine is one entry of the merchant's account in one currency.
type StatementLine struct {
	Nth     int64        `json:"nth"` // ordinal in the account, from 1, without gaps
	Time    time.Time    `json:"time"`
	Kind    string       `json:"kind"`    // such as payment, fee, refund, dispute, payout
	Object  string       `json:"object"`  // id of what it is about
	Amount  money.Amount `json:"amount"`  // negative when it leaves the account
	Balance money.Amount `json:"balance"` // after it
}

func decodeStatementLine(data []byte, currencies *money.Registry) (StatementLine, error) {
	r := reader{currencies: currencies}
	var w struct {
		StatementLine
		Amount  *wireAmount `json:"amount"`
		Balance *wireAmount `json:"balance"`
	}
	r.object(data, &w)
	l := w.StatementLine
	l.Amount, l.Balance = r.amount("amount", w.Amount), r.amount("balance", w.Balance)
	r.needTime("time", l.Time)
	return result(&r, l)
}

// StatementService tells how the merchant's balance came about.
type StatementService struct{ client *Client }

// ListStatement is the input of Statement.List, Statement.All and Statement.CSV.
type ListStatement struct {
	Currency string    // code, such as "CNY"
	Order    Order     // empty means NewestFirst
	From     time.Time // only what was recorded then or later; zero means from the beginning
	Until    time.Time // only what was recorded before; zero means without end
	Kinds    []string  // only lines of these kinds, at most 20; none means all
	Cursor   string    // NextCursor of the page before; empty means from the beginning
	Limit    int       // 1 to 100 for one page; zero means 20, for All 100
}

// query writes all but the page.
func (in *ListStatement) query(q url.Values) url.Values {
	q.Set("currency", in.Currency)
	if in.Order != "" {
		q.Set("order", string(in.Order))
	}
	setTime(q, "from", in.From)
	setTime(q, "until", in.Until)
	setKinds(q, in.Kinds)
	return q
}

func setTime(q url.Values, name string, at time.Time) {
	if !at.IsZero() {
		q.Set(name, at.UTC().Format(time.RFC3339Nano))
	}
}

func setKinds[K ~string](q url.Values, kinds []K) {
	texts := make([]string, len(kinds))
	for i, kind := range kinds {
		texts[i] = string(kind)
	}
	if len(texts) > 0 {
		q.Set("kinds", strings.Join(texts, ","))
	}
}

// List returns a page of the statement. Codes: CodeInvalidRequest, CodeCurrencyNotSupported.
func (s *StatementService) List(ctx context.Context, in ListStatement) (Page[StatementLine], error) {
	return get(ctx, s.client, "statement.list", "/statement", in.query(pageQuery(in.Cursor, in.Limit)), pageOf(decodeStatementLine))
}

// CSV returns everything that the input selects, without pages: Cursor and Limit are of no
// account. The form is RFC 4180 with the columns nth, time, kind, object, amount, balance and
// currency; amounts are decimals, times RFC 3339 in UTC. An answer of more than 16 MiB is a
// [*ResponseError]: ask for less at once with From and Until. Codes: as List.
func (s *StatementService) CSV(ctx context.Context, in ListStatement) ([]byte, error) {
	return getCSV(ctx, s.client, "statement.csv", "/statement.csv", in.query(url.Values{}))
}

// All goes through the statement page after page. An error comes once and ends it; so does
// the context.
func (s *StatementService) All(ctx context.Context, in ListStatement) iter.Seq2[StatementLine, error] {
	if in.Limit == 0 {
		in.Limit = allLimit
	}
	return walk(ctx, "statement.list", in.Cursor, func(cursor string) (Page[StatementLine], error) {
		in.Cursor = cursor
		return s.List(ctx, in)
	})
}
