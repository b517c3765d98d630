package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestQuickstartEndsWellAndTellsWhatItDid(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	for _, want := range []string{
		"refused and recorded: insufficient_balance", "账户余额不足", "top_up",
		"webhook verified: payment.captured", "0 problems", "the same as before", "Everything is as it should be.",
	} {
		assert.Contains(t, out.String(), want)
	}
}
