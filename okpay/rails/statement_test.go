package rails_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

func rows(t *testing.T, read rails.Statement, text string) ([]rails.Row, error) {
	t.Helper()
	var out []rails.Row
	for row, err := range read(iotest.OneByteReader(strings.NewReader(text)), money.ISO()) {
		if err != nil {
			return out, err
		}
		out = append(out, row)
	}
	return out, nil
}

func amount(t *testing.T, minor int64, code string) money.Amount {
	t.Helper()
	c, err := money.ISO().Lookup(code)
	require.NoError(t, err)
	return money.New(minor, c)
}

var sameAmounts = cmp.Comparer(func(a, b money.Amount) bool { return a == b })

func TestCSVStatements(t *testing.T) {
	got, err := rows(t, rails.CSV, "\ufeffBooked_At,reference,Amount,currency,direction,cost,other,returned\r\n"+
		"2026-01-02,wd_1,500.00,CNY,out,1.50,B-1,\r\n"+
		"2026-01-02T03:04:05+08:00,\"top,1\",7,JPY,in,,,true\r\n")
	require.NoError(t, err)
	want := []rails.Row{
		{
			No: 1, Direction: rails.Out, Amount: amount(t, 50_000, "CNY"), Reference: "wd_1", Other: "B-1", Cost: amount(t, 150, "CNY"),
			BookedAt: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
		},
		{
			No: 2, Direction: rails.In, Amount: amount(t, 7, "JPY"), Reference: "top,1", Cost: amount(t, 0, "JPY"), Returned: true,
			BookedAt: time.Date(2026, 1, 1, 19, 4, 5, 0, time.UTC),
		},
	}
	assert.Empty(t, cmp.Diff(want, got, sameAmounts))
}

func TestCSVStatementsThatAreWrong(t *testing.T) {
	const head = "direction,amount,currency\n"
	for name, c := range map[string]struct {
		text string
		row  int
	}{
		"nothing at all":              {"", 0},
		"a column that is missing":    {"direction,amount\n", 0},
		"a column that is not known":  {"direction,amount,currency,colour\n", 0},
		"a column twice":              {"direction,amount,currency,Amount\n", 0},
		"a line with fewer fields":    {head + "in,1.00,CNY\nin,1\n", 2},
		"no direction":                {head + "sideways,1.00,CNY\n", 1},
		"a currency that is unknown":  {head + "in,1.00,ZZZ\n", 1},
		"too many decimals":           {head + "in,1.005,CNY\n", 1},
		"an exponent":                 {head + "in,1e3,CNY\n", 1},
		"nothing moved":               {head + "in,0.00,CNY\n", 1},
		"a negative amount":           {head + "in,-1.00,CNY\n", 1},
		"a quote that is not closed":  {head + "in,\"1.00,CNY\n", 1},
		"a line without end":          {head + "in,1.00," + strings.Repeat("x", 2<<20), 1},
		"a reference that is too big": {"reference," + head + strings.Repeat("x", 257) + ",in,1.00,CNY\n", 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rows(t, rails.CSV, c.text)
			require.ErrorIs(t, err, rails.ErrStatement)
			var e *rails.StatementError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, c.row, e.Row)
			assert.NotContains(t, err.Error(), "xxxx", "a statement is not repeated")
		})
	}
}

const camtHead = `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>1</MsgId></GrpHdr><Stmt>
<Bal><Amt Ccy="CNY">999.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>`

const camtTail = `</Stmt></BkToCstmrStmt></Document>`

func TestCamt053Statements(t *testing.T) {
	got, err := rows(t, rails.Camt053, camtHead+`
<Ntry><Amt Ccy="CNY">500.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-01-02</Dt></BookgDt>
 <AcctSvcrRef>E-1</AcctSvcrRef>
 <NtryDtls><TxDtls><Refs><EndToEndId>wd_1</EndToEndId></Refs>
  <Chrgs><Rcrd><Amt Ccy="CNY">1.50</Amt></Rcrd><Rcrd><Amt Ccy="CNY">9.00</Amt><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="CNY">30.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><DtTm>2026-01-03T10:00:00Z</DtTm></BookgDt>
 <NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>
  <TxDtls><Refs><EndToEndId>top_1</EndToEndId><AcctSvcrRef>T-1</AcctSvcrRef></Refs><Amt Ccy="CNY">10.00</Amt></TxDtls>
  <TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy="CNY">20.00</Amt></TxAmt></AmtDtls>
   <RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="CNY">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts></Ntry>
<Ntry><Amt Ccy="JPY">7</Amt><CdtDbtInd>CRDT</CdtDbtInd><RvslInd>true</RvslInd><Sts><Cd>BOOK</Cd></Sts><AcctSvcrRef>R-1</AcctSvcrRef></Ntry>`+camtTail)
	require.NoError(t, err)
	want := []rails.Row{
		{
			No: 1, Direction: rails.Out, Amount: amount(t, 50_000, "CNY"), Reference: "wd_1", Other: "E-1", Cost: amount(t, 150, "CNY"),
			BookedAt: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
		},
		{
			No: 2, Direction: rails.In, Amount: amount(t, 1_000, "CNY"), Reference: "top_1", Other: "T-1", Cost: amount(t, 0, "CNY"),
			BookedAt: time.Date(2026, 1, 3, 10, 0, 0, 0, time.UTC),
		},
		{
			No: 3, Direction: rails.In, Amount: amount(t, 2_000, "CNY"), Cost: amount(t, 0, "CNY"), Returned: true,
			BookedAt: time.Date(2026, 1, 3, 10, 0, 0, 0, time.UTC),
		},
		{No: 4, Direction: rails.In, Amount: amount(t, 7, "JPY"), Other: "R-1", Cost: amount(t, 0, "JPY"), Returned: true},
	}
	assert.Empty(t, cmp.Diff(want, got, sameAmounts))
}

func TestCamt053StatementsThatAreWrong(t *testing.T) {
	entry := func(inner string) string {
		return camtHead + `<Ntry><Amt Ccy="CNY">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>` + inner + `</Ntry>` + camtTail
	}
	for name, text := range map[string]string{
		"nothing at all":                       "",
		"another document":                     `<Document><Ntry><Amt Ccy="CNY">1</Amt></Ntry></Document>`,
		"no document of this kind":             `<html></html>`,
		"cut off":                              camtHead + `<Ntry><Amt Ccy="CNY">1.00</Amt>`,
		"an entry in an entry":                 entry(`<NtryDtls><Ntry></Ntry></NtryDtls>`),
		"several transactions without amounts": entry(`<NtryDtls><TxDtls></TxDtls><TxDtls></TxDtls></NtryDtls>`),
		"only the second without an amount":    entry(`<NtryDtls><TxDtls><Amt Ccy="CNY">1.00</Amt></TxDtls><TxDtls></TxDtls></NtryDtls>`),
		"only the first without an amount":     entry(`<NtryDtls><TxDtls></TxDtls><TxDtls><Amt Ccy="CNY">1.00</Amt></TxDtls></NtryDtls>`),
		"a charge in another currency":         entry(`<Chrgs><Rcrd><Amt Ccy="USD">1.00</Amt></Rcrd></Chrgs>`),
		"a date that is none":                  entry(`<BookgDt><Dt>tomorrow</Dt></BookgDt>`),
		"an entity":                            `<!DOCTYPE x [<!ENTITY a "b">]>` + entry(`<AcctSvcrRef>&a;</AcctSvcrRef>`),
		"more text than a row may have":        entry(`<AddtlNtryInf>` + strings.Repeat("x", 2<<20) + `</AddtlNtryInf>`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rows(t, rails.Camt053, text)
			require.ErrorIs(t, err, rails.ErrStatement)
		})
	}
}

func TestAReaderThatFailsIsNoMalformedStatement(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, read := range []rails.Statement{rails.CSV, rails.Camt053} {
		for _, err := range read(iotest.ErrReader(broken), money.ISO()) {
			require.ErrorIs(t, err, broken)
			require.NotErrorIs(t, err, rails.ErrStatement)
		}
	}
}

// many is a statement of n rows that is made while it is read.
func many(n int, head, row, tail string) io.Reader {
	r, w := io.Pipe()
	go func() {
		_, err := io.WriteString(w, head)
		for i := 0; i < n && err == nil; i++ {
			_, err = fmt.Fprintf(w, row, i)
		}
		if err == nil {
			_, err = io.WriteString(w, tail)
		}
		_ = w.CloseWithError(err)
	}()
	return r
}

func TestManyRowsTakeNoMoreMemoryThanFew(t *testing.T) {
	const n = 50_000
	for name, c := range map[string]struct {
		read            rails.Statement
		head, row, tail string
	}{
		"CSV": {rails.CSV, "direction,amount,currency,reference\n", "in,1.00,CNY,top_%d\n", ""},
		"camt.053, entries": {
			rails.Camt053, camtHead, `<Ntry><Amt Ccy="CNY">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><AcctSvcrRef>%d</AcctSvcrRef></Ntry>`, camtTail,
		},
		"camt.053, one entry": {
			rails.Camt053, camtHead + `<Ntry><Amt Ccy="CNY">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><NtryDtls>`,
			`<TxDtls><Refs><EndToEndId>top_%d</EndToEndId></Refs><Amt Ccy="CNY">1.00</Amt></TxDtls>`, `</NtryDtls></Ntry>` + camtTail,
		},
	} {
		t.Run(name, func(t *testing.T) {
			count, most := 0, uint64(0)
			var before, now runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			for row, err := range c.read(many(n, c.head, c.row, c.tail), money.ISO()) {
				require.NoError(t, err)
				count++
				require.Equal(t, count, row.No)
				if count%10_000 == 0 {
					runtime.GC()
					runtime.ReadMemStats(&now)
					most = max(most, now.HeapAlloc)
				}
			}
			assert.Equal(t, n, count)
			assert.Less(t, most, before.HeapAlloc+4<<20)
		})
	}
}

func FuzzCSV(f *testing.F) {
	f.Add("direction,amount,currency,reference,other,cost,returned,booked_at\nin,1.00,CNY,a,b,0.10,true,2026-01-02\n")
	f.Fuzz(func(t *testing.T, text string) { fuzz(t, rails.CSV, text) })
}

func FuzzCamt053(f *testing.F) {
	f.Add(camtHead + `<Ntry><Amt Ccy="CNY">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><NtryDtls><TxDtls><Refs><EndToEndId>a</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>` + camtTail)
	f.Fuzz(func(t *testing.T, text string) { fuzz(t, rails.Camt053, text) })
}

// fuzz holds that whatever is read, rows keep their promises and an error is the last thing.
func fuzz(t *testing.T, read rails.Statement, text string) {
	n, ended := 0, false
	for row, err := range read(strings.NewReader(text), money.ISO()) {
		require.False(t, ended)
		if err != nil {
			require.ErrorIs(t, err, rails.ErrStatement)
			ended = true
			continue
		}
		n++
		require.Equal(t, n, row.No)
		require.True(t, row.Amount.IsPositive())
		require.False(t, row.Cost.IsNegative())
		require.Contains(t, []rails.Direction{rails.In, rails.Out}, row.Direction)
	}
}

// Whoever made the file reads what to change in it.
func TestAStatementErrorSaysWhatIsWrong(t *testing.T) {
	for file, reason := range map[string]string{
		"direction;amount;currency\n":                           "the first line names a column that is not known, or one twice; commas stand between them",
		"amount,currency\n":                                     "the column direction is missing",
		"direction,amount,currency\nCRDT,1.00,CNY\n":            "the direction is neither in nor out",
		"direction,amount,currency\nin,\"1,00\",CNY\n":          "the amount is no decimal number with a point, or has more decimals than its currency",
		"direction,amount,currency\nin,1.000,JPY\nin,1.5,JPY\n": "the amount is no decimal number with a point, or has more decimals than its currency",
		"direction,amount,currency\nin,-1.00,CNY\n":             "the amount is not more than zero",
		"direction,amount,currency\nin,1.00,CNX\n":              "the currency is not known",
	} {
		t.Run(file, func(t *testing.T) {
			var failed *rails.StatementError
			for _, err := range rails.CSV(strings.NewReader(file), money.ISO()) {
				if err != nil {
					require.ErrorAs(t, err, &failed)
				}
			}
			require.NotNil(t, failed)
			assert.Equal(t, reason, failed.Reason)
		})
	}
}
