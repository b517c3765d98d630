package ledgertest

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// exportPromises are about files for other programs.
var exportPromises = []promise{
	{"An export has every entry of a statement once, in either order, whatever the page", testExportStatement},
	{"An export of transactions has every posting, as lines or as objects", testExportTransactions},
	{"A text that a spreadsheet would run is made harmless in CSV and left alone in JSON", testExportHarmless},
	{"An export ends where the account ended when it began, and tells what its writer says", testExportEnds},
	{"A bad question about an export is refused and writes nothing", testExportInvalid},
}

func testExportStatement(f *fixture) {
	const entries = ledger.MaxPage + 300
	var c ledger.Change
	for i := range entries {
		at := time.Time{}
		if i%5 == 0 {
			at = startTime.Add(-time.Duration(i) * time.Second)
		}
		if c.Ops = append(c.Ops, dated("bank:1", "user:1", int64(i), at)); len(c.Ops) == ledger.MaxParts || i == entries-1 {
			f.must(c)
			c = ledger.Change{}
			f.clock.advance(time.Second)
		}
	}
	var want [2][]ledger.Entry
	page, byTime := ledger.Page{}, ledger.EffectivePage{}
	for range 2 {
		got, err := f.Statement(f.ctx, cny("user:1"), page)
		require.NoError(f, err)
		want[0], page.After = append(want[0], got...), got[len(got)-1].Nth
		found, err := f.StatementByEffective(f.ctx, cny("user:1"), byTime)
		require.NoError(f, err)
		want[1], byTime.After = append(want[1], found.Entries...), found.Last
	}
	for order, want := range want {
		for _, limit := range []int{0, 1, ledger.MaxPage, ledger.MaxPage + 1, entries, entries + 1} {
			for _, desc := range []bool{false, true} {
				n := entries
				if limit > 0 {
					n = min(n, limit)
				}
				var w bytes.Buffer
				export := func(format ledger.Format) (int64, error) {
					w.Reset()
					if order == 0 {
						return f.ExportStatement(f.ctx, &w, format, cny("user:1"), ledger.Page{Desc: desc, Limit: limit})
					}
					return f.ExportStatementByEffective(f.ctx, &w, format, cny("user:1"), ledger.EffectivePage{Desc: desc, Limit: limit})
				}
				written, err := export(ledger.CSV)
				require.NoError(f, err)
				assert.EqualValues(f, n, written)
				require.Equal(f, n+1, bytes.Count(w.Bytes(), []byte("\r\n")), "lines end in CR LF")
				lines, err := csv.NewReader(&w).ReadAll()
				require.NoError(f, err)
				require.Len(f, lines, n+1)
				assert.Equal(f, "entry,posting,transaction,block,recorded,effective,amount,balance,currency,other,reference,hold,change,metadata", strings.Join(lines[0], ","))
				for i, line := range lines[1:] {
					e := want[i]
					if desc {
						e = want[entries-1-i]
					}
					require.Equal(f, []string{
						fmt.Sprint(e.Nth), fmt.Sprint(e.Posting), fmt.Sprint(e.Transaction), fmt.Sprint(e.Seq),
						e.Time.Format("2006-01-02T15:04:05.000000Z07:00"), e.Effective.Format("2006-01-02T15:04:05.000000Z07:00"),
						e.Amount.Text(), e.Balance.Text(), "CNY", "bank:1", "", "", e.Change, "",
					}, line)
				}
				written, err = export(ledger.JSONLines)
				require.NoError(f, err)
				assert.EqualValues(f, n, written)
				assert.Equal(f, n, bytes.Count(w.Bytes(), []byte("\n")))
			}
		}
	}
}

func testExportTransactions(f *fixture) {
	f.do(ledger.Transaction{Postings: []ledger.Posting{posting("bank:1", "user:1", 1250), posting("user:1", "free:fees", 50)}, Reference: `a,"b"`, Metadata: map[string]string{"<k>": "v\r\n"}})
	out := f.do(transfer("user:1", "user:2", 100))
	f.do(ledger.Reverse{Transaction: out.First})
	var lines, objects bytes.Buffer
	n, err := f.ExportTransactions(f.ctx, &lines, ledger.CSV, ledger.TransactionQuery{Account: "user:1"})
	require.NoError(f, err)
	assert.EqualValues(f, 4, n)
	read, err := csv.NewReader(bytes.NewReader(lines.Bytes())).ReadAll()
	require.NoError(f, err)
	assert.Equal(f, []string{"transaction", "posting", "block", "recorded", "effective", "debit", "credit", "amount", "currency", "reference", "hold", "change", "reversed_by", "metadata"}, read[0])
	at := "2026-03-01T12:00:00.123456Z"
	assert.Equal(f, []string{"1", "2", "1", at, at, "user:1", "free:fees", "0.50", "CNY", `a,"b"`, "", read[2][11], "", `{"\u003ck\u003e":"v\r\n"}`}, read[2])
	assert.Equal(f, []string{"3", "3", "2", at, at, "user:1", "user:2", "1.00", "CNY", "", "", read[3][11], "4", ""}, read[3])
	n, err = f.ExportTransactions(f.ctx, &objects, ledger.JSONLines, ledger.TransactionQuery{Reference: `a,"b"`})
	require.NoError(f, err)
	assert.EqualValues(f, 1, n)
	var got map[string]any
	require.NoError(f, json.Unmarshal(objects.Bytes(), &got))
	assert.Equal(f, map[string]any{
		"transaction": 1., "block": 1., "recorded": at, "effective": at, "change": got["change"], "reference": `a,"b"`,
		"metadata": map[string]any{"<k>": "v\r\n"}, "postings": []any{
			map[string]any{"debit": "bank:1", "credit": "user:1", "amount": "12.50", "currency": "CNY"},
			map[string]any{"debit": "user:1", "credit": "free:fees", "amount": "0.50", "currency": "CNY"},
		},
	}, got)
	for limit, want := range []int64{3, 1, 2, 3, 3} {
		for _, desc := range []bool{false, true} {
			n, err := f.ExportTransactions(f.ctx, &objects, ledger.JSONLines, ledger.TransactionQuery{Limit: limit, Desc: desc})
			require.NoError(f, err)
			assert.Equal(f, want, n)
		}
	}
}

func testExportHarmless(f *fixture) {
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "＝1": "'＝1", "order-1": "order-1", "'=1": "'=1", "1=1": "1=1", "": "",
	} {
		f.do(ledger.Transaction{Postings: []ledger.Posting{posting("bank:-1", "user:1", 1)}, Reference: text})
		_, entries, err := lastLines(f)
		require.NoError(f, err)
		assert.Equal(f, want, entries[10], "%q", text)
		assert.Equal(f, "bank:-1", entries[9])
		object, _, err := lastLines(f)
		require.NoError(f, err)
		assert.Equal(f, text, object.Reference)
	}
}

// lastLines exports the last entry of user:1 in both formats.
func lastLines(f *fixture) (object struct{ Reference string }, line []string, err error) {
	var w bytes.Buffer
	page := ledger.Page{Desc: true, Limit: 1}
	if _, err = f.ExportStatement(f.ctx, &w, ledger.CSV, cny("user:1"), page); err != nil {
		return object, nil, err
	}
	lines, err := csv.NewReader(&w).ReadAll()
	if err != nil {
		return object, nil, err
	}
	w.Reset()
	if _, err = f.ExportStatement(f.ctx, &w, ledger.JSONLines, cny("user:1"), page); err != nil {
		return object, nil, err
	}
	return object, lines[len(lines)-1], json.Unmarshal(w.Bytes(), &object)
}

// writerFunc is an io.Writer.
type writerFunc func([]byte) (int, error)

func (fn writerFunc) Write(b []byte) (int, error) { return fn(b) }

func testExportEnds(f *fixture) {
	const entries = ledger.MaxPage + 5
	for range 2 {
		var c ledger.Change
		for range (entries + 1) / 2 {
			c.Ops = append(c.Ops, dated("bank:1", "free:1", 1, startTime.Add(-time.Hour)))
		}
		f.must(c)
	}
	grow := writerFunc(func(b []byte) (int, error) {
		f.do(transfer("bank:1", "free:1", 1))
		f.do(dated("bank:1", "free:1", 1, startTime.Add(-2*time.Hour)))
		return len(b), nil
	})
	before := f.balance("free:1").Entries
	n, err := f.ExportStatement(f.ctx, grow, ledger.CSV, cny("free:1"), ledger.Page{})
	require.NoError(f, err)
	assert.Equal(f, before, n)
	before = f.balance("free:1").Entries
	n, err = f.ExportStatementByEffective(f.ctx, grow, ledger.CSV, cny("free:1"), ledger.EffectivePage{})
	require.NoError(f, err)
	assert.Equal(f, before, n)
	before = f.balance("free:1").Entries
	n, err = f.ExportTransactions(f.ctx, grow, ledger.CSV, ledger.TransactionQuery{Account: "free:1"})
	require.NoError(f, err)
	assert.Equal(f, before, n)

	full := errors.New("full")
	calls := 0
	_, err = f.ExportTransactions(f.ctx, writerFunc(func(b []byte) (int, error) {
		calls++
		return 0, full
	}), ledger.CSV, ledger.TransactionQuery{})
	require.ErrorIs(f, err, full)
	assert.Equal(f, 1, calls)
}

func testExportInvalid(f *fixture) {
	f.fund("user:1", 1)
	var w bytes.Buffer
	late := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		format  ledger.Format
		account string
		from    time.Time
		want    error
	}{
		{ledger.JSONLines + 1, "user:1", time.Time{}, ledger.ErrInvalid},
		{ledger.CSV, "user:9", time.Time{}, ledger.ErrNotFound},
		{ledger.CSV, "\x00", time.Time{}, ledger.ErrNotFound},
		{ledger.CSV, "user:1", late, ledger.ErrInvalid},
	} {
		_, err := f.ExportStatement(f.ctx, &w, c.format, cny(c.account), ledger.Page{From: c.from})
		require.ErrorIs(f, err, c.want)
		_, err = f.ExportStatementByEffective(f.ctx, &w, c.format, cny(c.account), ledger.EffectivePage{From: c.from})
		require.ErrorIs(f, err, c.want)
		if c.want == ledger.ErrInvalid {
			_, err = f.ExportTransactions(f.ctx, &w, c.format, ledger.TransactionQuery{From: c.from})
			require.ErrorIs(f, err, c.want)
		}
	}
	assert.Empty(f, w.Bytes())
	n, err := f.ExportTransactions(f.ctx, &w, ledger.CSV, ledger.TransactionQuery{Reference: "none"})
	require.NoError(f, err)
	assert.Zero(f, n)
	assert.True(f, strings.HasPrefix(w.String(), "transaction,posting,"), "the columns are named even so")
}
