package ledger_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/ledgertest"
	"github.com/okpay/okpay-go/ledger/memstore"
)

func TestWhileTheHeadIsOursCachedAccountsAreNotLoaded(t *testing.T) {
	store := memstore.New()
	d, other := drive(t, store, ledger.Config{}), drive(t, store, ledger.Config{})
	loads := func() (begun, loaded int) {
		asked := func(n *ledger.Need) int { return len(n.Accounts) + len(n.AccountNos) + len(n.Currencies) }
		begun = asked(&d.asked.begun[len(d.asked.begun)-1])
		for i := range d.asked.loaded {
			loaded += asked(&d.asked.loaded[i])
		}
		d.asked.loaded = nil
		return begun, loaded
	}
	_, err := d.commit(pay("1", "bank", "user", 10))
	require.NoError(t, err)
	begun, loaded := loads()
	assert.Equal(t, 3, begun, "two accounts and a currency")
	assert.Zero(t, loaded)

	_, err = d.commit(pay("2", "bank", "user", 10))
	require.NoError(t, err)
	begun, loaded = loads()
	assert.Zero(t, begun)
	assert.Zero(t, loaded)

	_, err = other.commit(pay("3", "user", "bank", 15))
	require.NoError(t, err)
	_, err = d.commit(pay("4", "bank", "user", 1))
	require.NoError(t, err)
	begun, loaded = loads()
	assert.Zero(t, begun)
	assert.Equal(t, 2, loaded, "somebody else wrote, so the balances that were cached are read again")
	d.stands("user", 6)

	_, err = other.commit(pay("5", "user", "bank", 6))
	require.NoError(t, err)
	_, err = d.commit(pay("6", "bank", "user", 2))
	require.NoError(t, err)
	begun, loaded = loads()
	assert.Equal(t, 2, begun, "others are at work, so all balances are asked for at once")
	last := d.asked.begun[len(d.asked.begun)-1]
	assert.Equal(t, []int64{1, 2}, last.AccountNos, "by the numbers that they are known to have")
	assert.Empty(t, last.Accounts)
	assert.Zero(t, loaded)
	d.stands("user", 2)

	_, err = d.commit(pay("7", "bank", "user", 1))
	require.NoError(t, err)
	_, err = d.commit(pay("8", "bank", "user", 1))
	require.NoError(t, err)
	begun, loaded = loads()
	assert.Zero(t, begun, "nobody else wrote, so what was read is remembered again")
	assert.Zero(t, loaded)
	report, err := d.Verify(t.Context())
	require.NoError(t, err)
	require.NoError(t, report.Err())
}

func TestAStepAfterARetryReadsEverythingAgain(t *testing.T) {
	faulty := ledgertest.NewFaulty(memstore.New())
	d := drive(t, faulty, ledger.Config{})
	_, err := d.commit(pay("1", "bank", "user", 10))
	require.NoError(t, err)
	assert.Len(t, d.Cached(), 2)
	faulty.FailCommits(1, ledger.ErrRetry)
	_, err = d.commit(pay("2", "bank", "user", 10))
	require.NoError(t, err)
	last := d.asked.begun[len(d.asked.begun)-1]
	assert.Len(t, last.Accounts, 2)
	d.stands("user", 20)
}

func TestATinyCacheForgetsAndIsRight(t *testing.T) {
	chart := ledger.Chart{{Name: "user:*", Min: ledger.Limit(0)}, {Name: "bank"}}
	d := drive(t, memstore.New(), ledger.Config{MaxCached: 2, Chart: chart})
	user := func(i int) string { return fmt.Sprint("user:", i%5) }
	for i := range 5 {
		_, err := d.commit(pay("", "bank", user(i), 100))
		require.NoError(t, err)
	}
	balances := map[string]int64{}
	for i := range 5 {
		balances[user(i)] = 100
	}
	for i := range 60 {
		from, to := user(i*3), user(i*3+1+i%4)
		amount := int64(i * 7 % 90)
		_, err := d.commit(pay("", from, to, amount))
		if amount > balances[from] {
			require.ErrorIs(t, err, ledger.ErrInsufficientFunds)
			continue
		}
		require.NoError(t, err)
		balances[from] -= amount
		balances[to] += amount
		assert.LessOrEqual(t, len(d.Cached()), 2)
	}
	for account, minor := range balances {
		d.stands(account, minor)
	}
	report, err := d.Verify(t.Context())
	require.NoError(t, err)
	require.NoError(t, report.Err())
}

func TestTheCacheKeepsWhatWasUsedLast(t *testing.T) {
	d := drive(t, memstore.New(), ledger.Config{MaxCached: 3})
	for _, p := range [][2]string{{"a", "b"}, {"c", "a"}, {"d", "a"}} {
		_, err := d.commit(pay("", p[0], p[1], 1))
		require.NoError(t, err)
	}
	var names []string
	for _, k := range d.Cached() {
		names = append(names, k.Name)
	}
	assert.ElementsMatch(t, []string{"a", "c", "d"}, names)
}

func TestAHoldsAccountsAreFoundWhetherCachedOrNot(t *testing.T) {
	hold := func(id string, expires time.Time) ledger.Change {
		return ledger.Change{Ops: []ledger.Op{ledger.Hold{ID: id, Postings: post("user", "shop", 10).Postings, Expires: expires}}}
	}
	for _, cached := range []int{1, 100} {
		now := noon
		store := memstore.New()
		cfg := ledger.Config{MaxCached: cached, Now: func() time.Time { return now }}
		d, other := drive(t, store, cfg), drive(t, store, cfg)
		for _, c := range []ledger.Change{
			pay("", "bank", "user", 100), hold("captured", time.Time{}), hold("voided", time.Time{}), hold("expired", noon.Add(time.Hour)),
		} {
			_, err := d.commit(c)
			require.NoError(t, err)
		}
		d.stands("user", 70)
		_, err := d.commit(ledger.Change{Ops: []ledger.Op{ledger.Capture{Hold: "captured"}}})
		require.NoError(t, err)
		_, err = other.commit(ledger.Change{Ops: []ledger.Op{ledger.Void{Hold: "voided"}}})
		require.NoError(t, err)
		now = now.Add(time.Hour)
		_, err = d.commit(pay("", "bank", "shop", 1)) // expires what is due on the shop, and so on the user
		require.NoError(t, err)
		_, err = d.commit(pay("", "user", "shop", 90))
		require.NoError(t, err)
		d.stands("user", 0)
		report, err := other.Verify(t.Context())
		require.NoError(t, err)
		require.NoError(t, report.Err())
	}
}

func TestAHoldThatHasEndedIsNotLookedForWhenItWouldExpire(t *testing.T) {
	now := noon
	d := drive(t, memstore.New(), ledger.Config{Now: func() time.Time { return now }})
	hold := func(id string) ledger.Op {
		return ledger.Hold{ID: id, Postings: post("user", "shop", 10).Postings, Expires: noon.Add(time.Hour)}
	}
	for _, ops := range [][]ledger.Op{
		{hold("captured"), hold("voided")}, {ledger.Capture{Hold: "captured"}}, {ledger.Void{Hold: "voided"}},
	} {
		_, err := d.commit(ledger.Change{Ops: ops})
		require.NoError(t, err)
	}
	now = noon.Add(time.Hour)
	_, err := d.commit(pay("", "user", "shop", 1))
	require.NoError(t, err)
	assert.Empty(t, d.asked.loaded, "nothing is pending, so nothing can be due")

	// A hold that never expires stays when another one does.
	_, err = d.commit(ledger.Change{Ops: []ledger.Op{
		ledger.Hold{ID: "stays", Postings: post("user", "shop", 10).Postings},
		ledger.Hold{ID: "expires", Postings: post("user", "shop", 10).Postings, Expires: now.Add(time.Hour)},
	}})
	require.NoError(t, err)
	now = now.Add(time.Hour)
	for range 2 {
		_, err = d.commit(pay("", "user", "shop", 1))
		require.NoError(t, err)
	}
	assert.Len(t, d.asked.loaded, 1, "what has expired is looked for once")
	d.stands("user", -10-13)
}

// nameless finds no account by its number, as a store would that was replaced by an older copy
// in which the numbers were given otherwise.
type nameless struct{ ledger.Store }

func (s nameless) Begin(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	need.AccountNos = nil
	tx, found, err := s.Store.Begin(ctx, id, need)
	return namelessTx{tx}, found, err
}

type namelessTx struct{ ledger.Tx }

func (t namelessTx) Load(ctx context.Context, need ledger.Need) (*ledger.Found, error) {
	need.AccountNos = nil
	return t.Tx.Load(ctx, need)
}

func TestAccountsThatAreNotFoundByTheirNumbersAreAskedForByName(t *testing.T) {
	store := memstore.New()
	d, other := drive(t, nameless{store}, ledger.Config{}), drive(t, store, ledger.Config{})
	_, err := d.commit(pay("1", "bank", "user", 10))
	require.NoError(t, err)
	for n := range 3 { // at first it is not known that others write
		_, err = other.commit(pay(fmt.Sprint("other ", n), "user", "bank", 2))
		require.NoError(t, err)
		_, err = d.commit(pay(fmt.Sprint("own ", n), "bank", "user", 1))
		require.NoError(t, err)
	}
	d.stands("user", 7)
	report, err := d.Verify(t.Context())
	require.NoError(t, err)
	require.NoError(t, report.Err())
}
