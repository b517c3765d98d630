package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
)

func TestWhatIsFarTooLongCostsNothing(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	for _, long := range []string{
		strings.Repeat("a", 1<<20), strings.Repeat(".", 1<<20) + "@" + strings.Repeat(".", 1<<20), "+" + strings.Repeat("1", 1<<20), strings.Repeat("(0)", 1<<19),
	} {
		quickest := time.Hour
		for range 5 { // of several, since others work on the machine as well
			at := time.Now()
			_, err := okpay.NormalizeEmail(long)
			require.ErrorIs(t, err, okpay.InvalidRequest)
			_, err = okpay.NormalizePhone(long)
			require.ErrorIs(t, err, okpay.InvalidRequest)
			quickest = min(quickest, time.Since(at))
		}
		assert.Less(t, quickest, time.Millisecond)
		_, err := w.try(long, "wrong", identity.Client{Address: long, UserAgent: long})
		require.ErrorIs(t, err, okpay.AuthenticationFailed)
	}
}
