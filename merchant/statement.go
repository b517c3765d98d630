package merchant

import (
	"context"
	"iter"
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
	Kind    string       `json:"kind"`    // such as payment, fee, refund
	Object  string       `json:"object"`  // id of the payment or refund
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

// ListStatement is the input of Statement.List and Statement.All.
type ListStatement struct {
	Currency string // code, such as "CNY"
	Order    Order  // empty means NewestFirst
	Cursor   string // NextCursor of the page before; empty means from the beginning
	Limit    int    // 1 to 100 for one page; zero means 20, for All 100
}

// List returns a page of the statement. Codes: CodeInvalidRequest, CodeCurrencyNotSupported.
func (s *StatementService) List(ctx context.Context, in ListStatement) (Page[StatementLine], error) {
	q := pageQuery(in.Cursor, in.Limit)
	q.Set("currency", in.Currency)
	if in.Order != "" {
		q.Set("order", string(in.Order))
	}
	return get(ctx, s.client, "statement.list", "/statement", q, pageOf(decodeStatementLine))
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
