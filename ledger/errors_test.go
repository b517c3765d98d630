package ledger

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestErrorsTellWhatTheyAreAbout(t *testing.T) {
	long := strings.Repeat("x", 500)
	for _, row := range []struct {
		err  error
		text string
		is   error
	}{
		{&RefusedError{Refusal{Reason: InsufficientFunds, Account: AccountKey{"user:1", "CNY"}, Short: 7}}, "ledger: refused: insufficient_funds user:1:CNY short by 7", ErrInsufficientFunds},
		{&RefusedError{Refusal{Reason: HoldExpired, Hold: "h"}}, "ledger: refused: hold_expired hold h", ErrHoldExpired},
		{&RefusedError{Refusal{Reason: "own", Detail: "not told"}}, "ledger: refused: own", ErrRefused},
		{&RefusedError{Refusal{Reason: HoldUnknown, Hold: long}}, "ledger: refused: hold_unknown hold " + long[:64] + "…", ErrHoldUnknown},
		{&InvalidError{"ops[0]", "is bad"}, "ledger: invalid ops[0]: is bad", ErrInvalid},
		{&IDReusedError{"id", "amount"}, `ledger: id "id" was used for another request: amount differs`, ErrIDReused},
		{&DuplicateKeyError{"key"}, "ledger: unique key is taken", ErrDuplicateKey},
	} {
		assert.EqualError(t, row.err, row.text)
		assert.ErrorIs(t, fmt.Errorf("wrapped: %w", row.err), row.is)
		assert.NotErrorIs(t, row.err, ErrConflict)
	}
	assert.NotErrorIs(t, &RefusedError{Refusal{Reason: "own"}}, ErrInsufficientFunds)
	assert.False(t, errors.Is(&RefusedError{Refusal{Reason: "own"}}, nil))
}

func TestEveryReasonHasASentinelOfItsOwn(t *testing.T) {
	seen := make(map[error]Reason)
	for _, r := range []Reason{
		InsufficientFunds, LimitExceeded, BalanceOverflow, AccountNotAllowed, ScaleChanged,
		HoldExists, HoldUnknown, HoldCaptured, HoldVoided, HoldExpired, HoldExceeded,
		MonitorUnknown, MonitorExists, TooManyMonitors,
	} {
		sentinel := r.sentinel()
		assert.Error(t, sentinel, r)
		assert.Empty(t, seen[sentinel], r)
		seen[sentinel] = r
	}
	assert.NoError(t, Reason("own").sentinel())
}

func TestReportTellsTheFirstProblems(t *testing.T) {
	var r Report
	assert.NoError(t, r.Err())
	for i := range 7 {
		r.Problems = append(r.Problems, Problem{fmt.Sprint("place ", i), "is wrong"})
	}
	assert.ErrorIs(t, r.Err(), ErrDiscrepancy)
	assert.EqualError(t, r.Err(), "ledger: discrepancy; place 0: is wrong; place 1: is wrong; place 2: is wrong; place 3: is wrong; place 4: is wrong; and 2 more")
}
