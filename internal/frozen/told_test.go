package frozen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/schedule"
)

// told is what a ledger says of itself, in words that depend on nothing but its API: what an
// upgrade must not change.
type told struct {
	Head         string              `json:"head"`
	Balances     []string            `json:"balances"`
	Totals       []string            `json:"totals"`
	Statements   map[string][]string `json:"statements"` // of each account, in the order of recording
	Effective    map[string][]string `json:"effective"`  // in the order of effective time
	Past         map[string][]string `json:"past"`       // balances at moments on both axes
	Transactions []string            `json:"transactions"`
	Found        map[string][]string `json:"found"` // transactions by reference, metadata, prefix
	Holds        []string            `json:"holds"`
	Records      []string            `json:"records"`
	Keys         map[string]string   `json:"keys"`
	Events       []string            `json:"events"`
	Monitors     map[string][]string `json:"monitors"`
	Plans        []string            `json:"plans"`
	Answers      map[string]string   `json:"answers"` // to ids
}

// ask asks a ledger for everything, at the end of the history. The answers are those that were
// given first.
func ask(t *testing.T, l *ledger.Ledger, answers []asked) string {
	t.Helper()
	ctx := t.Context()
	seq, at, hash, err := l.Head(ctx)
	require.NoError(t, err)
	s := told{
		Head:       fmt.Sprintf("block %d at %s hash %x", seq, stamp(at), hash),
		Statements: map[string][]string{}, Effective: map[string][]string{}, Past: map[string][]string{}, Found: map[string][]string{},
		Keys: map[string]string{}, Monitors: map[string][]string{}, Answers: map[string]string{},
	}
	balances, more, err := l.Balances(ctx, "", 0, ledger.MaxPage)
	require.NoError(t, err)
	require.Zero(t, more)
	for i := range balances {
		b := &balances[i]
		name := b.Account.String()
		s.Balances = append(s.Balances, fmt.Sprintf("%s normal %s posted %s available %s in %s out %s debits %s credits %s min %s max %s flags %d entries %d",
			name, b.Normal, b.Posted, b.Available, b.PendingIn, b.PendingOut, b.Debits, b.Credits, limit(b.Min), limit(b.Max), b.Flags, b.Entries))
		lines := func(export func(*bytes.Buffer) (int64, error)) []string {
			var out bytes.Buffer
			_, err := export(&out)
			require.NoError(t, err)
			return split(&out)
		}
		s.Statements[name] = lines(func(w *bytes.Buffer) (int64, error) {
			return l.ExportStatement(ctx, w, ledger.JSONLines, b.Account, ledger.Page{})
		})
		s.Effective[name] = lines(func(w *bytes.Buffer) (int64, error) {
			return l.ExportStatementByEffective(ctx, w, ledger.JSONLines, b.Account, ledger.EffectivePage{})
		})
		for _, at := range []ledger.At{
			{Effective: beginning()},
			{Recorded: beginning().Add(10 * time.Minute)},
			{Effective: beginning().AddDate(0, 0, 2), Recorded: at},
			{Effective: beginning().AddDate(-1, 0, 0)},
			{Effective: end()},
		} {
			past, err := l.BalanceAt(ctx, b.Account, at)
			require.NoError(t, err)
			s.Past[name] = append(s.Past[name], past.String())
		}
		monitors, err := l.Monitors(ctx, b.Account)
		require.NoError(t, err)
		for _, m := range monitors {
			s.Monitors[name] = append(s.Monitors[name], fmt.Sprintf("%s on %s below %s at least %s event %q", m.ID, m.On, limit(m.Below), limit(m.AtLeast), m.Event))
		}
	}
	totals, err := l.Totals(ctx, "")
	require.NoError(t, err)
	for _, total := range totals {
		s.Totals = append(s.Totals, fmt.Sprintf("%s %s accounts %d posted %s available %s in %s out %s debits %s credits %s", total.Currency.Code(), total.Normal,
			total.Accounts, total.Posted, total.Available, total.PendingIn, total.PendingOut, total.Debits, total.Credits))
	}
	transactions := func(q ledger.TransactionQuery) []string {
		var out bytes.Buffer
		_, err := l.ExportTransactions(ctx, &out, ledger.JSONLines, q)
		require.NoError(t, err)
		return split(&out)
	}
	s.Transactions = transactions(ledger.TransactionQuery{})
	for name, q := range map[string]ledger.TransactionQuery{
		"reference order 1":  {Reference: "order 1"},
		"metadata 汇率 7.1":    {MetadataKey: "汇率", MetadataValue: "7.1"},
		"accounts of fx":     {Prefix: "fx:"},
		"metadata why fraud": {MetadataKey: "why", MetadataValue: "fraud", Desc: true},
	} {
		s.Found[name] = transactions(q)
		require.NotEmpty(t, s.Found[name], name)
	}
	for _, id := range []string{"open", "dated", "whole", "parts", "final", "void", "expired", "due", "watched"} {
		h, err := l.FindHold(ctx, id)
		require.NoError(t, err)
		s.Holds = append(s.Holds, fmt.Sprintf("%s status %d expires %s reference %q rest %v", h.ID, h.Status, stamp(h.Expires), h.Reference, h.Rest))
	}
	for _, kind := range []string{"order", "person", "session", schedule.Type, ledger.MonitorType} {
		for after := ""; ; {
			page, err := l.Records(ctx, ledger.RecordQuery{Type: kind, After: after, Limit: 2})
			require.NoError(t, err)
			if len(page) == 0 {
				break
			}
			for i := range page {
				s.Records = append(s.Records, recordText(&page[i]))
				after = page[i].ID
			}
		}
	}
	r, err := l.Record(ctx, "person", "1")
	require.ErrorIs(t, err, ledger.ErrErased)
	s.Records = append(s.Records, recordText(&r))
	for _, key := range []string{"order:a", "token:1", "token:3", "order:b", "phone:+86 10 1234"} {
		r, err := l.RecordByKey(ctx, key)
		if s.Keys[key] = r.Type + " " + r.ID; errors.Is(err, ledger.ErrNotFound) {
			s.Keys[key] = "not found"
		} else {
			require.NoError(t, err)
		}
	}
	events, err := l.Events(ctx, 0, ledger.MaxPage)
	require.NoError(t, err)
	for _, e := range events {
		s.Events = append(s.Events, fmt.Sprintf("%d block %d at %s %s %q %s", e.No, e.Seq, stamp(e.Time), e.Type, e.Subject, e.Payload))
	}
	plans, err := schedule.New(l, schedule.Config{}).List(ctx, schedule.Query{})
	require.NoError(t, err)
	for i := range plans {
		p := &plans[i]
		s.Plans = append(s.Plans, fmt.Sprintf("%s %s runs %d refused %d next %s labels %v ops %d", p.ID, p.State, p.Runs, p.Refused, stamp(p.Next), p.Labels, len(p.Ops)))
	}
	for _, a := range answers {
		for i := range a.changes {
			s.Answers[a.changes[i].ID] = answerText(a.answers[i])
		}
	}
	out, err := json.MarshalIndent(s, "", " ")
	require.NoError(t, err)
	return string(out) + "\n"
}

func split(b *bytes.Buffer) []string {
	if b.Len() == 0 {
		return []string{}
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func limit(v *int64) string {
	if v == nil {
		return "none"
	}
	return fmt.Sprint(*v)
}

func recordText(r *ledger.Record) string {
	return fmt.Sprintf("%s %s version %d block %d chaining %d erased %v content %q keys %q labels %q due %s",
		r.Type, r.ID, r.Version, r.Seq, r.Chaining, r.Erased, r.Content, r.Unique, r.Labels, stamp(r.Due))
}

// answerText tells an answer without whether it was a replay, and without the text of its error.
func answerText(a ledger.Answer) string {
	refusal := "none"
	if a.Refusal != nil {
		refusal = fmt.Sprintf("%+v", *a.Refusal)
	}
	return fmt.Sprintf("block %d at %s first %d transactions %d result %q alternative %v refusal %s",
		a.Seq, stamp(a.Time), a.First, a.Transactions, a.Result, a.Alternative, refusal)
}
