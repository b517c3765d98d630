package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/webhook"
)

func stripeSignature(secret, timestamp, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "." + body))
	return hex.EncodeToString(mac.Sum(nil))
}

func TestStripeVerifier(t *testing.T) {
	const secret = "whsec_of_a_test"
	right := stripeSignature(secret, "1772366400", "body")
	tests := []struct {
		name, header string
		category     error
	}{
		{"OK", "t=1772366400,v1=" + right, nil},
		{"OK: the timestamp comes last", "v1=" + right + ",t=1772366400", nil},
		{"OK: the second signature is right", "t=1772366400,v1=00,v0=zz,v1=" + right, nil},
		{"OK: 32 signatures", "t=1772366400," + strings.Repeat("v0=x,", 31) + "v1=" + right, nil},
		{"33 signatures", "t=1772366400,v1=" + right + strings.Repeat(",v0=x", 32), webhook.ErrInvalidHeader},
		{"an empty header", "", webhook.ErrMissingHeader},
		{"no timestamp", "v1=" + right, webhook.ErrInvalidHeader},
		{"two timestamps", "t=1772366400,t=1772366400,v1=" + right, webhook.ErrInvalidHeader},
		{"an element without a value", "t=1772366400,v1", webhook.ErrInvalidHeader},
		{"an element with an empty value", "t=,v1=" + right, webhook.ErrInvalidHeader},
		{"a timestamp that is not canonical", "t=01772366400,v1=" + stripeSignature(secret, "01772366400", "body"), webhook.ErrTimestamp},
		{"too old", "t=1772366099,v1=" + stripeSignature(secret, "1772366099", "body"), webhook.ErrTimestamp},
		{"too new", "t=1772366701,v1=" + stripeSignature(secret, "1772366701", "body"), webhook.ErrTimestamp},
		{"no signature", "t=1772366400", webhook.ErrSignature},
		{"a signature of another version", "t=1772366400,v0=" + right, webhook.ErrSignature},
		{"a truncated signature", "t=1772366400,v1=" + right[:32], webhook.ErrSignature},
		{"a signature of another body", "t=1772366400,v1=" + stripeSignature(secret, "1772366400", "other"), webhook.ErrSignature},
		{"a signature with another secret", "t=1772366400,v1=" + stripeSignature("other", "1772366400", "body"), webhook.ErrSignature},
	}
	v, err := webhook.NewStripeVerifier(secret, webhook.StripeConfig{Now: at(noon)})
	require.NoError(t, err)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			signed, err := v.Verify(http.Header{"Stripe-Signature": {test.header}}, []byte("body"))
			if test.category == nil {
				require.NoError(t, err)
				assert.Equal(t, noon, signed)
				return
			}
			require.ErrorIs(t, err, test.category)
			assert.Zero(t, signed)
		})
	}
	_, err = v.Verify(http.Header{"Stripe-Signature": {tests[0].header, tests[0].header}}, []byte("body"))
	require.ErrorIs(t, err, webhook.ErrInvalidHeader)
}

func TestNewStripeVerifierRefusesSettings(t *testing.T) {
	_, err := webhook.NewStripeVerifier("", webhook.StripeConfig{})
	require.ErrorIs(t, err, webhook.ErrInvalidKey)
	_, err = webhook.NewStripeVerifier("secret", webhook.StripeConfig{Tolerance: -time.Second})
	require.ErrorIs(t, err, webhook.ErrInvalidConfig)
}

func FuzzStripeHeader(f *testing.F) {
	const secret = "whsec_of_a_test"
	v, err := webhook.NewStripeVerifier(secret, webhook.StripeConfig{Now: at(noon)})
	require.NoError(f, err)
	f.Add("t=1772366400,v1="+stripeSignature(secret, "1772366400", "body"), "body")
	f.Add("t=1,t=2,v1=,=,", "")
	f.Fuzz(func(t *testing.T, header, body string) {
		signed, err := v.Verify(http.Header{"Stripe-Signature": {header}}, []byte(body))
		if err != nil {
			if !errors.Is(err, webhook.ErrMissingHeader) && !errors.Is(err, webhook.ErrInvalidHeader) &&
				!errors.Is(err, webhook.ErrTimestamp) && !errors.Is(err, webhook.ErrSignature) {
				t.Fatalf("an error of no category: %v", err)
			}
			return
		}
		timestamp := strconv.FormatInt(signed.Unix(), 10)
		if !strings.Contains(strings.ToLower(header), stripeSignature(secret, timestamp, body)) {
			t.Fatalf("accepted %q", header)
		}
	})
}
