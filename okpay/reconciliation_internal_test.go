package okpay

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheDocsTellOfEveryKindOfException(t *testing.T) {
	text, err := os.ReadFile("../docs/reconciliation.md")
	require.NoError(t, err)
	for _, kind := range []string{
		missingHere, missingThere, troubleTakenBack, exceptionRefundTwice, troubleCurrency, troubleDirection, troubleTwice, troubleNotAllowed,
		troubleAmount, troubleNotSubmitted, troubleFailedPaid, troubleReturnFailed, troublePaidFailed, troubleNotFound,
		troubleProvider, troubleUnknownObject, troubleEventID, troubleOwnerGone,
		exceptionAmount, exceptionHeldBack, exceptionAfterReturn, exceptionReversal, exceptionContradicted, exceptionUnknown,
	} {
		assert.Contains(t, string(text), kind)
	}
	for _, d := range []Disposition{CreditCustomer, CreditMerchant, ReturnToProvider, WriteOff} {
		assert.Contains(t, string(text), string(d))
	}
}
