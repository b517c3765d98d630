package ledgertest

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
)

// TestLongHistory is TestHistory without concurrency, twice as long: 4,000 Changes,
// committed in calls of up to 2,000 on some 200 accounts. They are spread over ledgers of at most
// 500,000, since neither the model nor a store in memory forgets.
//
// The environment variable OKPAY_TEST_SIZE multiplies the 4,000: 2,500 of them are ten million.
func TestLongHistory(t *testing.T, open func(t *testing.T) ledger.Store) {
	const most = 500_000
	seed := historySeed(t)
	t.Logf("repeat with -seed=%d", seed)
	for made, size := 0, testsize.Scaled(t, 4_000); made < size; made += most {
		t.Run(fmt.Sprintf("from %d", made), func(t *testing.T) {
			store := open(t)
			t.Cleanup(func() { assert.NoError(t, store.Close(), "Close returns nil") })
			random := rand.New(rand.NewPCG(seed, uint64(2+made)))
			suite := &ledgerSuite{store: store, patience: time.Hour}
			f := suite.fixture(t, func(c *ledger.Config) {
				c.MaxCached = 10 + random.IntN(300)
				c.MaxBlockChanges = 1 + random.IntN(3000)
			})
			h := &history{fixture: f, model: newModel(), random: random, faulty: NewFaulty(store), users: 200}
			for h.made < min(most, size-made) && !t.Failed() {
				h.pass()
				h.inOrder(1 + random.IntN(2000))
				if random.IntN(10) == 0 {
					h.snapshot()
				}
			}
			if !t.Failed() {
				h.compare()
			}
		})
		if t.Failed() {
			return
		}
	}
}

// inOrder commits Changes in one call, some of them as chains. The model decides them one
// after the other.
func (h *history) inOrder(n int) {
	h.Helper()
	changes := make([]ledger.Change, n)
	for i := range changes {
		changes[i] = h.change()
	}
	for i := 0; i+1 < n; i++ {
		if h.random.IntN(12) > 0 {
			continue
		}
		end := min(n, i+2+h.random.IntN(4))
		h.link(changes[i:end])
		i = end - 1
	}
	h.made += n
	// No commit is lost here: what left no trace in one that was is decided again, behind the
	// Changes that followed it.
	h.faulty.forgive()
	h.misbehave()
	at := h.clock.Now()
	answers := h.CommitAll(h.ctx, changes)
	require.Len(h, answers, n)
	for i := 0; i < n; {
		end := i + 1
		for changes[end-1].Linked {
			end++
		}
		members, heard := make([]*ledger.Change, end-i), make([]answerOf, end-i)
		for j := range members {
			g := told{change: changes[i+j], out: answers[i+j].Outcome, err: answers[i+j].Err}
			members[j], heard[j] = &changes[i+j], g.answer()
		}
		var want []answerOf
		if len(members) == 1 {
			want = []answerOf{h.model.decide(members[0], at, heard[0], true)}
		} else {
			want = h.model.chain(members, at, heard)
		}
		for j := range members {
			g := told{out: answers[i+j].Outcome, err: answers[i+j].Err}
			if !g.heard(want[j]) {
				assert.Equal(h, want[j], heard[j], "change %d of %d: %+v", i+j, n, *members[j])
				return
			}
		}
		i = end
	}
}

// link ties Changes to a chain, as far as their form allows it.
func (h *history) link(changes []ledger.Change) {
	ids := make(map[string]bool)
	for i := range changes {
		if c := &changes[i]; ids[c.ID] || c.Else != nil || c.Refusal != nil {
			return
		}
		ids[changes[i].ID] = true
	}
	for i := range changes[:len(changes)-1] {
		changes[i].Linked = true
	}
}

// snapshot reads all accounts at one moment, in which every currency sums to zero.
func (h *history) snapshot() {
	sums := make(map[string]*big.Int)
	err := h.store.Read(h.ctx, h.head, func(v ledger.View) error {
		for after := int64(0); ; {
			page, err := v.Accounts(h.ctx, "", after, ledger.MaxPage)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, a := range page {
				if sums[a.Key.Currency] == nil {
					sums[a.Key.Currency] = new(big.Int)
				}
				sums[a.Key.Currency].Add(sums[a.Key.Currency], big.NewInt(a.Balance))
				after = a.No
			}
		}
	})
	assert.NoError(h, err)
	for code, sum := range sums {
		assert.Zero(h, sum.Sign(), "the sum of %s in a snapshot is %s", code, sum)
	}
}

// compareFold adds up all postings of the journal and compares the totals of each account.
func (h *history) compareFold(t *testing.T) {
	type total struct{ balance, debits *big.Int }
	totals := make(map[int64]total)
	of := func(no int64) total {
		if _, ok := totals[no]; !ok {
			totals[no] = total{new(big.Int), new(big.Int)}
		}
		return totals[no]
	}
	var after int64
	h.view(func(v ledger.View) {
		for {
			page, err := v.Postings(h.ctx, after, ledger.MaxPage)
			require.NoError(t, err)
			if len(page) == 0 {
				break
			}
			for _, p := range page {
				require.Equal(t, after+1, p.No, "postings are numbered without a gap")
				after = p.No
				amount := big.NewInt(p.Amount)
				debit, credit := of(p.Debit), of(p.Credit)
				debit.balance.Sub(debit.balance, amount)
				debit.debits.Add(debit.debits, amount)
				credit.balance.Add(credit.balance, amount)
				require.Equal(t, []string{debit.balance.String(), credit.balance.String()},
					[]string{fmt.Sprint(p.DebitAfter), fmt.Sprint(p.CreditAfter)}, "balances after posting %d", p.No)
			}
		}
		for no := int64(0); ; {
			page, err := v.Accounts(h.ctx, "", no, ledger.MaxPage)
			require.NoError(t, err)
			if len(page) == 0 {
				break
			}
			for _, a := range page {
				no = a.No
				sum := of(no)
				debits := new(big.Int).Lsh(new(big.Int).SetUint64(a.DebitsHi), 64)
				debits.Add(debits, new(big.Int).SetUint64(a.DebitsLo))
				assert.Equal(t, sum.balance.String(), fmt.Sprint(a.Balance), "%s is the fold of its postings", a.Key)
				assert.Equal(t, sum.debits.String(), debits.String(), "debits of %s are the fold of its postings", a.Key)
			}
		}
	})
	assert.Equal(t, h.model.postings, after)
}

// comparePast asks for balances at random moments on both axes of time, and which
// transactions were reversed.
func (h *history) comparePast(t *testing.T) {
	m := h.model
	if len(m.posted) == 0 {
		return
	}
	numbers := make([]int64, 0, len(m.posted))
	for no := range m.posted {
		numbers = append(numbers, no)
	}
	slices.Sort(numbers)
	pick := func() modelPosting { return m.posted[numbers[h.random.IntN(len(numbers))]][0] }
	for range 40 {
		a, at := pick().credit, ledger.At{Effective: pick().effective}
		if h.random.IntN(2) == 0 {
			at.Recorded = pick().recorded
		}
		if h.random.IntN(4) == 0 {
			at = ledger.At{Recorded: pick().recorded}
		}
		want := new(big.Int)
		for _, rows := range m.posted {
			for _, p := range rows {
				if !at.Effective.IsZero() && p.effective.After(at.Effective) || !at.Recorded.IsZero() && p.recorded.After(at.Recorded) {
					continue
				}
				if p.debit == a {
					want.Sub(want, p.amount)
				}
				if p.credit == a {
					want.Add(want, p.amount)
				}
			}
		}
		if a.rule.debit {
			want.Neg(want)
		}
		got, err := h.BalanceAt(h.ctx, a.key, at)
		if errors.Is(err, ledger.ErrBalanceOverflow) {
			continue // a sum on the way did not fit
		}
		require.NoError(t, err)
		assert.Equal(t, want.String(), fmt.Sprint(got.Minor()), "%s at %+v", a.key, at)
	}
	h.view(func(v ledger.View) {
		for page := range slices.Chunk(numbers, 500) {
			got, err := v.Reversals(h.ctx, page)
			require.NoError(t, err)
			for _, no := range page {
				if assert.Equal(t, m.reversed[no], got[no] != 0, "transaction %d is reversed", no); got[no] != 0 {
					assert.Len(t, m.posted[got[no]], len(m.posted[no]), "the reversal of %d", no)
				}
			}
		}
	})
}
