package ledgertest

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

var (
	someOf      = regexp.MustCompile(`^([0-9]+) x ([A-Za-z_]+)$`)
	ofItem      = regexp.MustCompile(`^item ([0-9]+) ([A-Z_]+)$`)
	someOK      = regexp.MustCompile(`^ok\b`)
	transaction = regexp.MustCompile(`^new transaction (\S+)->(\S+) ([0-9.]+)(?: that names (\S+))?$`)
	notReversed = regexp.MustCompile(`^(\S+) (?:is )?still not reversed$`)
	balanceNow  = regexp.MustCompile(`^balance (-?[0-9.]+)$`)
	minorUnits  = regexp.MustCompile(`^\(?([0-9]+) minor units\)?$`)
	replayed    = regexp.MustCompile(`^(?:replayed|same (?:transaction|outcome|answer)(?: as (?:step )?(\S+))?)$`)
)

// result compares what a step answered with the words of a case.
func (c *serviceCase) result(r *caseRun, after int, raw json.RawMessage) {
	results := c.results[after]
	require.NotEmpty(r, results, "step %d was answered nothing", after)
	var list []string
	if json.Unmarshal(raw, &list) == nil {
		require.Len(r, results, len(list))
		for i, word := range list {
			c.word(r, results[i], word, after)
		}
		return
	}
	var text string
	require.NoError(r, json.Unmarshal(raw, &text), "a result is a text or a list of them")
	if item := ofItem.FindStringSubmatch(text); item != nil {
		n, err := strconv.Atoi(item[1])
		require.NoError(r, err)
		require.True(r, n >= 1 && n <= len(results), "item %d of %d", n, len(results))
		c.word(r, results[n-1], item[2], after)
		return
	}
	if parts := strings.Split(text, ", "); someOf.MatchString(parts[0]) {
		c.many(r, results, parts, after)
		return
	}
	if !someOK.MatchString(text) {
		c.word(r, results[len(results)-1], text, after)
		return
	}
	last := results[len(results)-1]
	assert.NoError(r, last.err, "after %d", after)
	for _, more := range strings.FieldsFunc(strings.TrimPrefix(text, "ok"), func(r rune) bool { return r == ',' || r == ';' }) {
		if more = strings.TrimSpace(more); more != "" && !c.sentence(r, last, more, after) {
			r.Logf("after %d: of %q this is not compared: %s", after, text, more)
		}
	}
}

// word compares one answer with "ok" or the name of an error.
func (c *serviceCase) word(r *caseRun, got answered, word string, after int) {
	switch {
	case word == "ok":
		assert.NoError(r, got.err, "after %d", after)
	case knownError(word):
		c.fails(r, got.err, word, after)
	default:
		require.Fail(r, "a result that is not understood", word)
	}
}

// many compares all answers of a step, in any order, with words such as "5 x ok".
func (c *serviceCase) many(r *caseRun, results []answered, parts []string, after int) {
	total := 0
	for _, part := range parts {
		words := someOf.FindStringSubmatch(part)
		require.NotNil(r, words, "a result that is not understood: %s", part)
		want, err := strconv.Atoi(words[1])
		require.NoError(r, err)
		require.True(r, words[2] == "ok" || knownError(words[2]), "no error of ours is called %s", words[2])
		got := 0
		for _, a := range results {
			if words[2] == "ok" && a.err == nil || words[2] != "ok" && failsAs(a.err, words[2]) {
				got++
			}
		}
		assert.Equal(r, want, got, "after %d, how many are %s", after, words[2])
		total += want
	}
	assert.Len(r, results, total, "after %d", after)
}

// sentence compares a part of what a case says of a success. It reports false for one that
// it does not know.
func (c *serviceCase) sentence(r *caseRun, got answered, text string, after int) bool {
	if m := transaction.FindStringSubmatch(text); m != nil {
		row := c.posted(r, got.out.First)
		b, err := r.ledger.Balance(r.ctx, row.key(m[1]))
		require.NoError(r, err, m[1])
		assert.Equal(r, []string{caseName(m[1]), caseName(m[2]), decimal.RequireFromString(m[3]).String()},
			[]string{row.debit.Name, row.credit.Name, decimal.New(row.amount, -int32(b.Posted.Currency().Scale())).String()}, "after %d", after)
		if m[4] != "" {
			assert.Equal(r, got.out.First, c.reversal(r, c.firsts[m[4]]), "after %d, what reverses %s", after, m[4])
		}
		return true
	}
	if m := notReversed.FindStringSubmatch(text); m != nil {
		assert.Zero(r, c.reversal(r, c.firsts[m[1]]), "after %d, what reverses %s", after, m[1])
		return true
	}
	if m := minorUnits.FindStringSubmatch(text); m != nil {
		assert.Equal(r, m[1], strconv.FormatInt(c.posted(r, got.out.First).amount, 10), "after %d, minor units", after)
		return true
	}
	if m := balanceNow.FindStringSubmatch(text); m != nil {
		row := c.posted(r, got.out.First)
		b, err := r.ledger.Balance(r.ctx, row.debit)
		require.NoError(r, err)
		assert.True(r, decimal.RequireFromString(m[1]).Equal(b.Posted.Decimal()), "after %d, balance of %s: want %s, got %s", after, row.debit, m[1], b.Posted)
		return true
	}
	if m := replayed.FindStringSubmatch(text); m != nil {
		assert.True(r, got.out.Replayed, "after %d, it is a replay", after)
		if m[1] != "" {
			first := c.firsts[m[1]]
			if n, err := strconv.Atoi(m[1]); err == nil && len(c.results[n]) > 0 {
				first = c.results[n][0].out.First
			}
			assert.Equal(r, first, got.out.First, "after %d, it is the transaction of %s", after, m[1])
		}
		return true
	}
	return false
}

// postedRow is the first posting of a transaction, with names.
type postedRow struct {
	debit, credit ledger.AccountKey
	amount        int64
}

func (p postedRow) key(account string) ledger.AccountKey {
	return ledger.AccountKey{Name: caseName(account), Currency: p.debit.Currency}
}

func (c *serviceCase) posted(r *caseRun, first int64) (out postedRow) {
	require.NotZero(r, first, "it posted a transaction")
	c.look(r, func(v ledger.View) error {
		rows, err := v.PostingsByNo(r.ctx, []int64{first})
		if err != nil {
			return err
		}
		accounts, err := v.AccountsByNo(r.ctx, []int64{rows[0].Debit, rows[0].Credit})
		for _, a := range accounts {
			if a.No == rows[0].Debit {
				out.debit = a.Key
			} else {
				out.credit = a.Key
			}
		}
		out.amount = rows[0].Amount
		return err
	})
	return out
}

// reversal is the transaction that reverses another one, 0 if none does.
func (c *serviceCase) reversal(r *caseRun, of int64) (by int64) {
	require.NotZero(r, of, "the case names a transaction that it posted")
	c.look(r, func(v ledger.View) error {
		found, err := v.Reversals(r.ctx, []int64{of})
		by = found[of]
		return err
	})
	return by
}

func (c *serviceCase) look(r *caseRun, fn func(ledger.View) error) {
	head, err := r.store.Open(r.ctx, r.ledger.Name(), ledger.Genesis{})
	require.NoError(r, err)
	require.NoError(r, r.store.Read(r.ctx, head.Ledger, fn))
}
