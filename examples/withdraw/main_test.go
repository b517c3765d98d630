package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAWithdrawalIsResolvedByTheStatement(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	for _, want := range []string{
		"at least 10.00 CNY, now up to 998.00 CNY, fee 2.00 CNY", "under_review", "nobody answered: unknown",
		"1 row, 1 matched; the withdrawal is paid", "last: withdrawal_paid", "left: 498.00 CNY",
	} {
		assert.Contains(t, out.String(), want)
	}
}
