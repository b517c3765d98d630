package paths

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/httpapi"
)

// A merchant with a key has no word in what is a customer's: not by a field that the wallet's own
// verb has, not by a path that is not the API's, not for another merchant's objects.
func TestAMerchantsKeyMovesNoCustomersMoney(t *testing.T) {
	w := start(t)
	s := w.stage()
	_, key, err := w.Keys.Create(t.Context(), "shop", "a key")
	require.NoError(t, err)
	api, err := httpapi.New(httpapi.Config{Test: w.Wallet})
	require.NoError(t, err)
	head, worth := w.head(), w.worth(ann)
	ask := func(method, path, body string) int {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+key.Reveal())
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", method+path)
		out := httptest.NewRecorder()
		api.ServeHTTP(out, r)
		return out.Code
	}
	require.Equal(t, http.StatusOK, ask("GET", "/v1/payments", ""), "the key is good")
	for _, confirm := range []string{`,"confirm":true`, `,"confirm":true,"methods":[{"balances":["CNY"]}]`} {
		assert.Equal(t, http.StatusBadRequest, ask("POST", "/v1/payments", `{"amount":"7.00","currency":"CNY","customer":"ann"`+confirm+`}`))
	}
	for _, path := range []string{
		"/v1/payments/" + string(s.payment) + "/confirm", "/v1/payments/" + string(s.payment) + "/authenticate",
		"/v1/customers/ann/contacts", "/v1/customers/ann", "/v1/customers/ann/unlock", "/v1/transfers", "/v1/withdrawals",
		"/v1/withdrawals/" + string(s.withdrawal) + "/approve", "/v1/restrictions", "/v1/cases", "/v1/sessions", "/v1/quotes",
	} {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			assert.Contains(t, []int{http.StatusNotFound, http.StatusMethodNotAllowed}, ask(method, path, `{"customer":"ann"}`), "%s %s", method, path)
		}
	}
	// A customer's destination is no merchant's.
	assert.Equal(t, http.StatusNotFound, ask("GET", "/v1/destinations/"+string(w.to), ""))
	assert.Equal(t, http.StatusNotFound, ask("POST", "/v1/destinations/"+string(w.to)+"/remove", ""))
	assert.Equal(t, head, w.head())
	assert.Equal(t, worth, w.worth(ann))
}
