package okpay_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

// refusedWith holds an error to a code with all that goes with it.
func refusedWith(t *testing.T, err error, code okpay.Code) *okpay.Error {
	t.Helper()
	var e *okpay.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, "%v", err)
	want, ok := okpay.FailureOf(code)
	require.True(t, ok)
	assert.Equal(t, want, e.Failure)
	assert.NotEmpty(t, e.Fault)
	assert.NotEmpty(t, e.Retry)
	assert.NotEmpty(t, e.NextAction)
	assert.NotEmpty(t, e.Text("en"))
	assert.True(t, hasHan(e.Text("zh-CN")))
	return e
}
