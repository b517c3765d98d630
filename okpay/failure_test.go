package okpay_test

import (
	"encoding/json"
	"os"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

func TestEveryFailureIsComplete(t *testing.T) {
	raw, err := os.ReadFile("failures.json")
	require.NoError(t, err)
	var rows []okpay.Failure
	require.NoError(t, json.Unmarshal(raw, &rows))
	seen := map[okpay.Code]bool{}
	faults := []okpay.Fault{okpay.FaultPayer, okpay.FaultMerchant, okpay.FaultCaller, okpay.FaultRisk, okpay.FaultNetwork, okpay.FaultProvider}
	for _, f := range rows {
		assert.False(t, seen[f.Code], "%s stands twice", f.Code)
		seen[f.Code] = true
		assert.Contains(t, faults, f.Fault, f.Code)
		assert.NotEmpty(t, f.Retry, f.Code)
		assert.NotEmpty(t, f.NextAction, f.Code)
		assert.NotEmpty(t, f.En, f.Code)
		assert.True(t, hasHan(f.Zh), "%s has no Chinese text", f.Code)
		got, ok := okpay.FailureOf(f.Code)
		assert.True(t, ok)
		assert.Equal(t, f, got)
		assert.Equal(t, f.Zh, f.Text("zh-CN"))
		assert.Equal(t, f.En, f.Text("en"))
		assert.Equal(t, f.En, f.Text(""))
	}
	for _, code := range []okpay.Code{
		okpay.InsufficientBalance, okpay.FundingSourceDeclined, okpay.AmountPrecision, okpay.AmountNotPositive,
		okpay.CurrencyNotSupported, okpay.IdempotencyKeyReused, okpay.PaymentExpired, okpay.ProviderUnavailable,
		okpay.ProviderOutcomeUnknown, okpay.AmountExceedsCapturable, okpay.AmountExceedsRefundable,
		okpay.MerchantFundsInsufficient, okpay.PaymentNotRefundable, okpay.InvalidState, okpay.InvalidRequest, okpay.NotFound,
		okpay.Unauthenticated, okpay.ServiceBusy, okpay.LimitExceededTransaction, okpay.InternalError,
	} {
		assert.True(t, seen[code], "%s is not in failures.json", code)
	}
}

func hasHan(s string) bool {
	for _, r := range s {
		if unicode.Is(unicode.Han, r) {
			return true
		}
	}
	return false
}

func TestARefusalCarriesAdviceInBothLanguages(t *testing.T) {
	f := start(t, okpay.Config{})
	_, err := f.confirm(f.create(cny(1), okpay.CaptureAutomatic).ID)
	var e *okpay.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, okpay.FaultPayer, e.Fault)
	assert.Equal(t, "after_action", e.Retry)
	assert.Equal(t, []string{"top_up", "switch_payment_method"}, e.NextAction)
	assert.Equal(t, "Your balance is not enough for this payment.", e.En)
	assert.Equal(t, "账户余额不足,请充值或更换支付方式。", e.Zh)
}
