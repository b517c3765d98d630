package okpay_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// books is a desk whose bankA is also a funding source, beside another one called psp.
type books struct {
	*desk
	source *rails.Simulated
}

func startBooks(t *testing.T, cfg okpay.Config) *books {
	t.Helper()
	source := &rails.Simulated{
		Answer:       func(rails.Collection) rails.Outcome { return rails.Unknown },
		AnswerRefund: func(rails.Refunding) rails.Outcome { return rails.Unknown },
	}
	cfg.Sources = map[string]rails.FundingSource{"bankA": source, "psp": source}
	return &books{desk: startDesk(t, cfg, 1_000_000, 1_000_000), source: source}
}

// asked is a top-up that waits for its money.
func (b *books) asked(minor int64) okpay.TopUpID {
	b.t.Helper()
	top, err := b.TopUps.Create(b.t.Context(), okpay.CreateTopUp{Customer: b.customer, Amount: cny(minor), Source: "bankA"})
	require.NoError(b.t, err)
	return top.ID
}

// told is a top-up of which the source has said something.
func (b *books) told(id okpay.TopUpID, event string, status rails.CollectionStatus, amount money.Amount) okpay.TopUp {
	b.t.Helper()
	top, err := b.TopUps.SourceSays(b.t.Context(), okpay.SourceEvent{Source: "bankA", EventID: event, TopUp: id, Status: status, Amount: amount})
	require.NoError(b.t, err)
	return top
}

// came is a top-up whose money is in the balance.
func (b *books) came(minor int64) okpay.TopUpID {
	b.t.Helper()
	id := b.asked(minor)
	b.told(id, "came-"+string(id), rails.CollectionSucceeded, money.Amount{})
	return id
}

const statementHead = "direction,amount,currency,reference,other,cost,returned\n"

// out, back, in and taken are rows: money that left, that came back, that came and that was
// taken back. Amounts are in minor units of CNY, other is what the bank calls it.
func out[ID ~string](ref ID, minor, cost int64, other string) string {
	return line("out", string(ref), minor, cost, other, false)
}

func back[ID ~string](ref ID, minor, cost int64, other string) string {
	return line("in", string(ref), minor, cost, other, true)
}

func in[ID ~string](ref ID, minor, cost int64, other string) string {
	return line("in", string(ref), minor, cost, other, false)
}

func taken[ID ~string](ref ID, minor, cost int64, other string) string {
	return line("out", string(ref), minor, cost, other, true)
}

func line(way, ref string, minor, cost int64, other string, returned bool) string {
	return fmt.Sprintf("%s,%d.%02d,CNY,%s,%s,%d.%02d,%t\n", way, minor/100, minor%100, ref, other, cost/100, cost%100, returned)
}

func statement(lines ...string) string { return statementHead + strings.Join(lines, "") }

func (b *books) load(text string) (okpay.Reconciliation, error) {
	return b.Reconciliation.Import(b.t.Context(), okpay.ImportStatement{
		Provider: "bankA", Name: "2026-01-01.csv", Format: rails.CSV, File: strings.NewReader(text),
	})
}

// counts are the numbers of a report.
func counts(r okpay.Reconciliation) map[string]int {
	out := map[string]int{}
	for name, n := range map[string]int{
		"matched": r.Matched, "duplicate": r.Duplicate, "mismatch": r.Mismatch, "missing here": r.MissingHere, "missing there": r.MissingThere,
	} {
		if n != 0 {
			out[name] = n
		}
	}
	return out
}

// moved is what has changed on accounts since a picture of all balances.
func (b *books) moved(before map[string]int64) map[string]int64 {
	b.t.Helper()
	out := map[string]int64{}
	for name, minor := range b.balancesOf("CNY") {
		if d := minor - before[name]; d != 0 {
			out[name] = d
		}
		delete(before, name)
	}
	for name, minor := range before {
		if minor != 0 {
			out[name] = -minor
		}
	}
	return out
}

// open are the open exceptions by kind.
func (b *books) open() map[string]okpay.Exception {
	b.t.Helper()
	page, _, err := b.Exceptions.List(b.t.Context(), okpay.ExceptionQuery{Limit: 100})
	require.NoError(b.t, err)
	out := map[string]okpay.Exception{}
	for _, e := range page {
		out[e.Kind] = e
	}
	return out
}

func (b *books) freeze(account string, frozen bool) {
	b.t.Helper()
	_, err := b.Ledger().Commit(context.Background(), ledger.Change{Ops: []ledger.Op{
		ledger.Freeze{Account: account, Currency: money.MustISO("CNY"), Debits: frozen, Credits: frozen},
	}})
	require.NoError(b.t, err)
}
