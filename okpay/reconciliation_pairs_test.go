package okpay_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// topUpIn makes a top-up in a state, by the verbs.
func (b *books) topUpIn(state okpay.TopUpState, minor int64) okpay.TopUpID {
	b.t.Helper()
	id := b.asked(minor)
	event := func() string { return fmt.Sprintf("%s-%s-%d", id, state, b.last()) }
	switch state {
	case okpay.TopUpSucceeded:
		b.told(id, event(), rails.CollectionSucceeded, money.Amount{})
	case okpay.TopUpFailed:
		b.told(id, event(), rails.CollectionFailed, money.Amount{})
	case okpay.TopUpNeedsReview:
		b.told(id, event(), rails.CollectionSucceeded, cny(minor-1))
	case okpay.TopUpReversed:
		b.told(id, event(), rails.CollectionSucceeded, money.Amount{})
		b.told(id, event(), rails.CollectionReversed, money.Amount{})
	case okpay.TopUpTimedOut:
		b.source.Settle(string(id), rails.NotPaid)
		b.clock.Advance(25 * time.Hour)
		_, err := b.Work(b.t.Context())
		require.NoError(b.t, err)
	}
	require.Equal(b.t, string(state), b.stateOf(string(id)))
	return id
}

// TestEveryStateWithEveryRow holds what is so whatever a row says of whatever object: the bank account has
// what the row says, what it says is settled or waits with an exception that tells of it, and
// a second import changes nothing.
func TestEveryStateWithEveryRow(t *testing.T) {
	makers := map[string]func(b *books) string{}
	for _, state := range []okpay.WithdrawalState{
		okpay.WithdrawalUnderReview, okpay.WithdrawalApproved, okpay.WithdrawalSubmitting, okpay.WithdrawalUnknown, okpay.WithdrawalSubmitted,
		okpay.WithdrawalPaid, okpay.WithdrawalSentBack, okpay.WithdrawalFailed, okpay.WithdrawalTurnedDown, okpay.WithdrawalCanceled,
		okpay.WithdrawalPaidAfterFailed,
	} {
		makers["withdrawal "+string(state)] = func(b *books) string { return string(b.reach(state, 1_000)) }
	}
	for _, state := range []okpay.TopUpState{
		okpay.TopUpPending, okpay.TopUpSucceeded, okpay.TopUpFailed, okpay.TopUpTimedOut, okpay.TopUpNeedsReview, okpay.TopUpReversed,
	} {
		makers["topup "+string(state)] = func(b *books) string { return string(b.topUpIn(state, 1_000)) }
	}
	makers["topup sent back"] = func(b *books) string {
		id := b.topUpIn(okpay.TopUpNeedsReview, 1_000)
		_, err := b.TopUps.ResolveReturn(b.t.Context(), okpay.ResolveTopUp{TopUp: id, By: "ops1"})
		require.NoError(b.t, err)
		return string(id)
	}
	for what, make := range makers {
		for _, way := range []string{"in", "out"} {
			for _, returned := range []bool{false, true} {
				for _, minor := range []int64{1_000, 999} {
					t.Run(fmt.Sprintf("%s/%s/returned=%t/%d", what, way, returned, minor), func(t *testing.T) {
						b := startBooks(t, okpay.Config{})
						id := make(b)
						before := b.balancesOf("CNY")
						known := b.kinds(id)
						text := statement(line(way, id, minor, 2, "B-1", returned))
						r, err := b.load(text)
						require.NoError(t, err)
						require.Equal(t, 1, r.Matched+r.Mismatch, "%+v", counts(r))

						after := b.balancesOf("CNY")
						bank := -minor
						if way == "out" {
							bank = minor
						}
						assert.Equal(t, bank+2, after["bank:nostro"]-before["bank:nostro"])
						entries, err := b.Reconciliation.BankEntries(t.Context(), id)
						require.NoError(t, err)
						if r.Matched == 1 {
							require.Len(t, entries, 1)
						} else {
							assert.NotEqual(t, known, b.kinds(id), "a person is told")
						}
						if len(entries) == 0 {
							page, _, err := b.Exceptions.List(t.Context(), okpay.ExceptionQuery{Object: id, Limit: 1})
							require.NoError(t, err)
							assert.Equal(t, way, page[0].Suspended)
							assert.Equal(t, cny(minor), page[0].Amount)
							assert.Equal(t, -bank, after["suspense:bankA"]-before["suspense:bankA"])
							assert.Equal(t, before["clearing:bankA"], after["clearing:bankA"])
						}
						b.verify()

						last := b.last()
						again, err := b.load(text)
						require.NoError(t, err)
						assert.True(t, again.Replayed)
						other, err := b.load(text + "\n") // another file with the same row
						require.NoError(t, err)
						assert.Equal(t, map[string]int{"duplicate": 1}, counts(other))
						types, _ := b.since(last)
						assert.Equal(t, []string{completed}, types)
						assert.Equal(t, after, b.balancesOf("CNY"))
					})
				}
			}
		}
	}
}
