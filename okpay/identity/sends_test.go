package identity_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/identity"
)

func TestCodesAskedForByNameDoNotTellWhichNamesAreOneCustomers(t *testing.T) {
	w := start(t, identity.Config{})
	w.proprietor()
	ask := func(email, phone string) error {
		w.clock.Advance(61 * time.Second)
		_, err := w.x.RequestPasswordReset(t.Context(), identity.RequestPasswordReset{Email: email, Phone: phone})
		return err
	}
	for _, email := range []string{mail, "nobody@example.com"} {
		for range 3 {
			require.NoError(t, ask(email, ""))
		}
		number := phone
		if email != mail {
			number = "+8613900139000"
		}
		assert.NoError(t, ask("", number), "%s", email)
		assert.Empty(t, w.mailsTo(number), "no more is sent for the customer, either")
		w.clock.Advance(time.Hour)
	}
}
