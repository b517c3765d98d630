package ledger

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestACacheHoldsNoMoreThanItsBound(t *testing.T) {
	c := newCache(10)
	for block := range 50 {
		w := newWorkset()
		for i := range 7 {
			no := int64(block*5+i) + 1
			w.addAccount(Account{No: no, Key: AccountKey{fmt.Sprint("account-", no), "CNY"}, Balance: int64(block)})
		}
		c.keep(w)
		assert.LessOrEqual(t, c.order.Len(), 10)
		assert.Len(t, c.byKey, c.order.Len())
		assert.Len(t, c.byNo, c.order.Len())
	}
	a, ok := c.accountNo(252)
	assert.True(t, ok)
	assert.EqualValues(t, 49, a.Balance)
	same, ok := c.account(a.Key)
	assert.True(t, ok)
	assert.Equal(t, a, same)
	_, ok = c.accountNo(1)
	assert.False(t, ok)
	c.clear()
	_, ok = c.accountNo(252)
	assert.False(t, ok)
}
