package okpay_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

func TestASettlementIsOneDayInTheWalletsZone(t *testing.T) {
	shanghai := time.FixedZone("Asia/Shanghai", 8*3600)
	f := start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{BasisPoints: 100}}, Zone: shanghai})
	f.topUp(cny(100_000))
	f.clock.Advance(15*time.Hour + 59*time.Minute) // one minute before midnight there
	f.paid(1_000)
	f.clock.Advance(time.Minute)
	f.paid(2_000)
	p := f.paid(3_000)
	_, err := f.refund(p.ID, cny(500))
	require.NoError(t, err)
	second := f.clock.Now()

	first, err := f.Merchants.Settlement(t.Context(), f.merchant, "CNY", second.Add(-time.Second))
	require.NoError(t, err)
	assert.Equal(t, "2026-01-01", first.Date)
	assert.True(t, first.Final)
	assert.Equal(t, cny(0), first.Opening)
	assert.Equal(t, cny(990), first.Closing)
	assert.Equal(t, []okpay.SettlementLine{{"fee", 1, cny(-10)}, {"payment", 1, cny(1_000)}}, first.Kinds)

	day, err := f.Merchants.Settlement(t.Context(), f.merchant, "CNY", second)
	require.NoError(t, err)
	assert.Equal(t, "2026-01-02", day.Date)
	assert.False(t, day.Final)
	assert.Equal(t, first.Closing, day.Opening)
	assert.Equal(t, []okpay.SettlementLine{{"fee", 2, cny(-50)}, {"payment", 2, cny(5_000)}, {"refund", 1, cny(-500)}}, day.Kinds)
	assert.Equal(t, cny(990-50+5_000-500), day.Closing)

	later, err := f.Merchants.Settlement(t.Context(), f.merchant, "CNY", second.Add(72*time.Hour))
	require.NoError(t, err)
	assert.Equal(t, day.Closing, later.Opening, "a day without entries keeps the balance")
	assert.Equal(t, day.Closing, later.Closing)
	assert.Empty(t, later.Kinds)

	_, err = f.Merchants.Settlement(t.Context(), "nobody", "CNY", second)
	require.ErrorIs(t, err, okpay.NotFound)
	_, err = f.Merchants.Settlement(t.Context(), f.merchant, "XYZ", second)
	require.ErrorIs(t, err, okpay.CurrencyNotSupported)
}

func TestAStatementIsFilteredAndWrittenAsCSV(t *testing.T) {
	f := start(t, okpay.Config{Fees: okpay.Fees{Payment: okpay.Fee{Fixed: 1}}})
	f.topUp(cny(100_000))
	for range 300 { // more than one page of the ledger's
		f.paid(10)
	}
	noon := f.clock.Now().Add(time.Hour)
	f.clock.Advance(time.Hour)
	f.paid(70)

	lines, err := f.Merchants.Statement(t.Context(), f.merchant, "CNY", okpay.StatementPage{Kinds: []string{"fee"}, Desc: true, Limit: 3})
	require.NoError(t, err)
	require.Len(t, lines, 3)
	for _, l := range lines {
		assert.Equal(t, "fee", l.Kind)
		assert.Equal(t, cny(-1), l.Amount)
	}
	next, err := f.Merchants.Statement(t.Context(), f.merchant, "CNY", okpay.StatementPage{Kinds: []string{"fee"}, Desc: true, Limit: 3, Before: lines[2].Nth})
	require.NoError(t, err)
	assert.Less(t, next[0].Nth, lines[2].Nth)
	since, err := f.Merchants.Statement(t.Context(), f.merchant, "CNY", okpay.StatementPage{From: noon})
	require.NoError(t, err)
	require.Len(t, since, 2)
	assert.Equal(t, cny(70), since[0].Amount)

	var b strings.Builder
	n, err := f.Merchants.StatementCSV(t.Context(), &b, f.merchant, "CNY", okpay.StatementPage{})
	require.NoError(t, err)
	assert.Equal(t, 602, n)
	rows := strings.Split(b.String(), "\r\n")
	require.Len(t, rows, 604)
	assert.Equal(t, "nth,time,kind,object,amount,balance,currency", rows[0])
	assert.Equal(t, "1,2026-01-01T00:00:00Z,payment,"+string(mustObject(t, rows[1]))+",0.10,0.10,CNY", rows[1])
	assert.True(t, strings.HasPrefix(rows[602], "602,2026-01-01T01:00:00Z,fee,pay_"))
	assert.True(t, strings.HasSuffix(rows[602], ",-0.01,27.69,CNY"), rows[602])
	b.Reset()
	n, err = f.Customers.StatementCSV(t.Context(), &b, f.customer, "CNY", okpay.StatementPage{Desc: true, Limit: 1})
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	assert.Contains(t, b.String(), ",-0.70,")
	_, err = f.Customers.StatementCSV(t.Context(), &b, "nobody", "CNY", okpay.StatementPage{})
	require.ErrorIs(t, err, okpay.NotFound)
}

// mustObject is the object in a row of a statement.
func mustObject(t *testing.T, row string) string {
	t.Helper()
	fields := strings.Split(row, ",")
	require.Len(t, fields, 7)
	return fields[3]
}
