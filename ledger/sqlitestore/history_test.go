package sqlitestore

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

func TestEntriesReadNoMoreThanFromTheNearestMark(t *testing.T) {
	ctx := context.Background()
	s := openTemp(t, Config{})
	w := newWriter(t, s, "books", 2) // so every posting is an entry of both
	head, err := w.write(ctx, ledger.Head{}, 500)
	require.NoError(t, err)
	entries := func(lowest, highest int64) (all []ledger.PostingRow, err error) {
		err = s.Read(ctx, w.ledger, func(v ledger.View) (err error) {
			all, err = v.Entries(ctx, 1, lowest, highest)
			return err
		})
		return all, err
	}
	before, err := entries(100, 110)
	require.NoError(t, err)
	require.Len(t, before, 11)
	last, err := entries(495, 9999)
	require.NoError(t, err)
	require.Len(t, last, 6)

	// The nearest mark is at entry 128, and behind entry 448 there is none.
	onWriter(t, s, "DELETE FROM postings WHERE no < 100 OR no > 128 AND no < 495")
	after, err := entries(100, 110)
	require.NoError(t, err)
	assert.Equal(t, before, after)
	after, err = entries(495, 9999)
	require.NoError(t, err)
	assert.Equal(t, last, after)

	_, err = entries(99, 110)
	assert.ErrorContains(t, err, "posting 99", "a history that is torn is no short history")
	assert.NotErrorIs(t, err, ledger.ErrNotFound)
	assert.EqualValues(t, 500, head.Postings)
}

func TestAccountsByPrefixPageByNumber(t *testing.T) {
	ctx := context.Background()
	s := openTemp(t, Config{})
	w := newWriter(t, s, "books", 3*fewNames)
	for i := range w.accounts {
		w.accounts[i].Key.Name = fmt.Sprintf("many:%d", i)
		if i%300 == 0 {
			w.accounts[i].Key.Name = fmt.Sprintf("few:%d", len(w.accounts)-i) // not in the order of the numbers
		}
	}
	_, err := w.write(ctx, ledger.Head{}, 1)
	require.NoError(t, err)
	for _, c := range []struct {
		prefix string
		want   int
	}{
		{"", len(w.accounts)},
		{"many:", len(w.accounts) - 10},
		{"few:", 10},
		{"few:3", 2},
		{"fe", 10},
		{"none", 0},
		{"many;", 0},
	} {
		t.Run("prefix "+c.prefix, func(t *testing.T) {
			var got []ledger.Account
			require.NoError(t, s.Read(ctx, w.ledger, func(v ledger.View) error {
				for after := int64(0); ; {
					page, err := v.Accounts(ctx, c.prefix, after, 700)
					if err != nil || len(page) == 0 {
						return err
					}
					got = append(got, page...)
					after = page[len(page)-1].No
				}
			}))
			var want []ledger.Account
			for _, a := range w.accounts {
				if strings.HasPrefix(a.Key.Name, c.prefix) {
					want = append(want, a)
				}
			}
			require.Len(t, want, c.want)
			assert.Equal(t, want, got)
		})
	}
}

// TestStatementsUseTheirIndexes asks SQLite how it runs every statement that a store has
// prepared by the time everything was called.
func TestStatementsUseTheirIndexes(t *testing.T) {
	ctx := context.Background()
	s := openTemp(t, Config{PoolSize: 1})
	w := newWriter(t, s, "books", 2)
	head, err := w.write(ctx, ledger.Head{}, 100)
	require.NoError(t, err)

	tx, _, err := s.Begin(ctx, w.ledger, ledger.Need{
		Changes: []string{"a", "b", "c", "d", "e"}, Accounts: []ledger.AccountKey{{Name: "a"}}, AccountNos: []int64{1}, Holds: []string{"h"},
		Records: []ledger.RecordKey{{Type: "t", ID: "1"}}, Unique: []string{"k"}, Currencies: []string{"CNY"}, DueOn: []int64{1}, DueAt: epoch,
	})
	require.NoError(t, err)
	key := ledger.RecordKey{Type: "t", ID: "1"}
	batch := w.block(head, 1)
	batch.Holds = []ledger.HoldState{{
		ID: "h", Status: ledger.HoldOpen, Seq: 2, Expires: epoch, Legs: []ledger.HoldLeg{{Debit: 1, Credit: 2, Amount: 3, Rest: 3}},
	}}
	batch.Records = []ledger.RecordRow{{RecordKey: key, Version: 1, Seq: 2, Unique: []string{"k"}, Labels: []string{"l"}, Due: epoch}}
	batch.Currencies = map[string]int{"CNY": 2}
	batch.Events = []ledger.EventRow{{No: 1, Seq: 2, Time: epoch, Type: "t", Subject: "s"}}
	require.NoError(t, tx.Commit(ctx, batch))
	batch = w.block(batch.Head, 1)
	batch.Holds = []ledger.HoldState{{ID: "h", Status: ledger.HoldIsVoided, Seq: 2}}
	batch.Records = []ledger.RecordRow{{RecordKey: key, Version: 2, Seq: 3}}
	tx, _, err = s.Begin(ctx, w.ledger, ledger.Need{})
	require.NoError(t, err)
	require.NoError(t, tx.Commit(ctx, batch))

	require.NoError(t, s.Read(ctx, w.ledger, func(v ledger.View) error {
		value := reflect.ValueOf(v)
		for i := range value.NumMethod() {
			method := value.Method(i)
			args := []reflect.Value{reflect.ValueOf(ctx)}
			for j := 1; j < method.Type().NumIn(); j++ {
				args = append(args, reflect.Zero(method.Type().In(j)))
			}
			method.Call(args)
		}
		for _, q := range []ledger.RecordQuery{
			{Type: "t", Label: "l"},
			{Type: "t", Label: "l", After: "1"},
			{Type: "t", Label: "l", After: "1", Desc: true},
			{Type: "t", Desc: true},
			{Type: "t", After: "1"},
			{Type: "t", After: "1", Desc: true},
			{Type: "t", DueBy: time.Now()},
		} {
			if _, err := v.Records(ctx, q); err != nil {
				return err
			}
		}
		_, err := v.Accounts(ctx, "a", 0, 1)
		return err
	}))

	seen := 0
	for _, pool := range []chan *conn{s.writer, s.readers} {
		c := <-pool
		// The library keeps what it prepared by text.
		for _, query := range reflect.ValueOf(c.Conn).Elem().FieldByName("stmts").MapKeys() {
			text := query.String()
			if strings.HasPrefix(text, "PRAGMA") || text == "SELECT count(*) FROM sqlite_schema" || text == "SELECT ledger FROM ledgers LIMIT 1" {
				continue
			}
			seen++
			stmt, err := c.Prepare("EXPLAIN QUERY PLAN " + text)
			require.NoError(t, err)
			require.NoError(t, each(stmt, func(r *row) error {
				r.next = 3
				plan := r.text()
				assert.NotContains(t, plan, "TEMP B-TREE", text)
				if strings.HasPrefix(plan, "SCAN") {
					assert.Contains(t, plan, "VALUES CLAUSE", text)
				}
				if !strings.HasPrefix(text, "SELECT code, scale FROM currencies") {
					assert.NotContains(t, plan, "(ledger=?)", "a whole ledger is read: %s", text)
				}
				return nil
			}))
		}
		pool <- c
	}
	assert.Greater(t, seen, 40)
}
