package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

func TestCheckLooksAtTheFormAlone(t *testing.T) {
	l, err := ledger.Open(t.Context(), memstore.New(), ledger.Config{Chart: ledger.Chart{{Name: "bank"}}})
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close(t.Context())) }()
	move := func(debit, credit string) ledger.Change {
		return ledger.Change{Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{{Debit: debit, Credit: credit, Amount: yuan("1.00")}}}}}
	}
	require.NoError(t, l.Check(move("bank", "nobody")), "the chart is asked by Commit")
	var wrong *ledger.InvalidError
	require.ErrorAs(t, l.Check(move("bank", "bank")), &wrong)
	assert.Equal(t, "ops[0].postings[0].credit", wrong.Field)
	seq, _, _, err := l.Head(t.Context())
	require.NoError(t, err)
	assert.Zero(t, seq)
}
