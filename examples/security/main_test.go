package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestACustomerIsAskedForTheRightThings(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	for _, want := range []string{
		"the address is done", "10 recovery codes to keep: [", "a wrong password: okpay: authentication_failed\n",
		"signed in; limited to changing the password: false", "without a proof: authentication_required",
		"with another amount: authentication_failed", "100.00 CNY is under_review", "the session: session_ended",
		"the account is locked for user_report", "account.risk_lock", "factor.enable",
		"a case of priority 1: unauthorized_transaction", "the account is must_change", "with a new password it is active", "account.release",
	} {
		assert.Contains(t, out.String(), want)
	}
	assert.NotContains(t, out.String(), secret)
	assert.NotContains(t, out.String(), newer)
}
