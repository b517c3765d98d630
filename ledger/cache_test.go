package ledger

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestACacheHoldsNoMoreThanItsBound(t *testing.T) {
	c := newCache(10)
	for block := range 50 {
		for i := range 7 {
			no := int64(block*5+i) + 1
			c.add(&Account{No: no, Key: AccountKey{fmt.Sprint("account-", no), "CNY"}}).Balance = int64(block)
		}
		c.trim()
		assert.LessOrEqual(t, len(c.all), 10)
		assert.Len(t, c.byName["CNY"], len(c.all))
		assert.Len(t, c.byNo, len(c.all))
	}
	a := c.accountNo(252)
	require.NotNil(t, a)
	assert.EqualValues(t, 49, a.Balance)
	assert.Same(t, a, c.account(a.Key))
	assert.Nil(t, c.accountNo(1))
	c.clear()
	assert.Nil(t, c.accountNo(252))
	assert.Empty(t, c.all)
}

func TestAnAccountThatWasNotUsedLatelyGoesFirst(t *testing.T) {
	c := newCache(2)
	for no := int64(1); no <= 2; no++ {
		c.add(&Account{No: no, Key: AccountKey{fmt.Sprint(no), "CNY"}})
	}
	c.account(AccountKey{"1", "CNY"})
	c.add(&Account{No: 3, Key: AccountKey{"3", "CNY"}})
	c.trim()
	assert.NotNil(t, c.accountNo(1))
	assert.Nil(t, c.accountNo(2))
	assert.NotNil(t, c.accountNo(3))
}
