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

func TestADoubtfulAccountIsNotThereUntilItIsReadAgain(t *testing.T) {
	c := newCache(10)
	key := AccountKey{"user", "CNY"}
	c.add(&Account{No: 7, Key: key, Balance: 1})
	require.NotNil(t, c.account(key))
	c.doubt()
	assert.Nil(t, c.account(key))
	assert.Nil(t, c.accountNo(7))
	c.asking++
	for _, first := range []bool{true, false} {
		no, doubtful, once := c.number(key)
		assert.EqualValues(t, 7, no)
		assert.True(t, doubtful)
		assert.Equal(t, first, once, "a list names it once")
	}
	assert.False(t, c.sure([]int64{7}))
	c.add(&Account{No: 7, Key: AccountKey{"another", "CNY"}})
	assert.Nil(t, c.account(key), "a number that is another's says nothing")
	c.add(&Account{No: 7, Key: key, Balance: 2})
	require.NotNil(t, c.account(key))
	assert.EqualValues(t, 2, c.account(key).Balance)
	assert.True(t, c.sure([]int64{7}))
}
