package httpapi

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

// statementOf reads what the two forms of a statement are asked with, and names the list that
// it selects.
func statementOf(c *call) (currency string, ask okpay.StatementPage, of listing, err error) {
	if currency, err = c.currency(); err != nil {
		return "", ask, nil, err
	}
	order := "desc"
	if c.query.Has("order") {
		order = c.query.Get("order")
	}
	if order != "desc" && order != "asc" {
		return "", ask, nil, invalid("order", "is neither desc nor asc")
	}
	ask.Desc = order == "desc"
	if ask.From, ask.Until, err = c.span(); err != nil {
		return "", ask, nil, err
	}
	if ask.Kinds, err = c.kinds(nil); err != nil {
		return "", ask, nil, err
	}
	of = listing{
		"statement", string(c.merchant), currency, order,
		c.query.Get("from"), c.query.Get("until"), strings.Join(ask.Kinds, ","),
	}
	return currency, ask, of, nil
}

func getStatement(ctx context.Context, c *call) (reply, error) {
	currency, ask, of, err := statementOf(c)
	if err != nil {
		return reply{}, err
	}
	if ask.Limit, err = c.limit(); err != nil {
		return reply{}, err
	}
	from := &ask.After
	if ask.Desc {
		from = &ask.Before
	}
	if c.query.Has("cursor") {
		if *from, err = of.ordinal(c.query.Get("cursor")); err != nil {
			return reply{}, err
		}
	}
	lines, err := c.wallet.Merchants.Statement(ctx, c.merchant, currency, ask)
	if err != nil || len(lines) < ask.Limit {
		return paged(of, lines, ""), err
	}
	last := lines[len(lines)-1].Nth
	ask.Limit, *from = 1, last
	if ask.Desc && last == 1 { // 0 would begin anew
		return paged(of, lines, ""), nil
	}
	rest, err := c.wallet.Merchants.Statement(ctx, c.merchant, currency, ask)
	if err != nil || len(rest) == 0 {
		return paged(of, lines, ""), err
	}
	return paged(of, lines, strconv.FormatInt(last, 10)), nil
}

func getStatementCSV(_ context.Context, c *call) (reply, error) {
	currency, ask, _, err := statementOf(c)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: stream{contentType: csvType, write: func(ctx context.Context, out io.Writer) error {
		_, err := c.wallet.Merchants.StatementCSV(ctx, out, c.merchant, currency, ask)
		return err
	}}}, nil
}

// settlementOf reports the day that is asked for.
func settlementOf(ctx context.Context, c *call) (okpay.Settlement, error) {
	currency, err := c.currency()
	if err != nil {
		return okpay.Settlement{}, err
	}
	day, err := time.Parse(time.DateOnly, c.query.Get("date"))
	switch {
	case !c.query.Has("date"):
		return okpay.Settlement{}, invalid("date", "is missing")
	case err != nil:
		return okpay.Settlement{}, invalid("date", "must be a day such as 2025-12-01")
	}
	// Noon is on every day; midnight may be left out where clocks are set.
	y, m, d := day.Date()
	s, err := c.wallet.Merchants.Settlement(ctx, c.merchant, currency, time.Date(y, m, d, 12, 0, 0, 0, c.wallet.Zone()))
	s.From, s.Until = s.From.UTC(), s.Until.UTC()
	s.Kinds = append([]okpay.SettlementLine{}, s.Kinds...)
	return s, err
}

func getSettlement(ctx context.Context, c *call) (reply, error) {
	s, err := settlementOf(ctx, c)
	return reply{status: http.StatusOK, body: s}, err
}

func getSettlementCSV(ctx context.Context, c *call) (reply, error) {
	s, err := settlementOf(ctx, c)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: stream{contentType: csvType, write: func(_ context.Context, out io.Writer) error {
		return s.CSV(out)
	}}}, nil
}
