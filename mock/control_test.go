package mock_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/merchant"
	"github.com/okpay/okpay-go/mock"
)

// control asks for something under /mock/, as a program in another language would.
func control(t *testing.T, pay *mock.Server, method, path, body string) (status int, answer map[string]any, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, pay.URL+"/mock/"+path, strings.NewReader(body))
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/") {
		require.NoError(t, json.Unmarshal(raw, &answer))
	}
	return response.StatusCode, answer, string(raw)
}

func TestAProgramInAnyLanguageCanPlayTheCustomerAndTheClock(t *testing.T) {
	t.Parallel()
	pay := mock.New(t)
	status, out, _ := control(t, pay, http.MethodPost, "customers", `{"balances":["10.00 CNY"]}`)
	require.Equal(t, http.StatusOK, status)
	customer, _ := out["customer"].(string)
	require.NotEmpty(t, customer)

	p := ask(t, pay, merchant.CreatePayment{Amount: cny(1_500), ExpiresIn: time.Hour})
	confirm := `{"payment":"` + string(p.ID) + `","customer":"` + customer + `"}`
	status, out, _ = control(t, pay, http.MethodPost, "confirm", confirm)
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Equal(t, "insufficient_balance", out["code"])
	assert.Equal(t, []any{"top_up", "switch_payment_method"}, out["next_action"])
	assert.Equal(t, "账户余额不足,请充值或更换支付方式。", out["zh"])

	status, out, _ = control(t, pay, http.MethodPost, "topup", `{"customer":"`+customer+`","amount":"5.00 CNY"}`)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, customer, out["customer"])
	status, out, _ = control(t, pay, http.MethodPost, "confirm", confirm)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "captured", out["state"])

	late := ask(t, pay, merchant.CreatePayment{Amount: cny(1), ExpiresIn: time.Hour})
	before := pay.Now()
	status, out, _ = control(t, pay, http.MethodPost, "advance", `{"seconds":3600}`)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, before.Add(time.Hour).Format(time.RFC3339), out["now"])
	assert.Equal(t, merchant.PaymentExpired, look(t, pay, late.ID).State)

	status, _, text := control(t, pay, http.MethodGet, "", "")
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, text, pay.APIKey.Reveal())
	assert.Contains(t, text, pay.URL+"/v1")
}

func TestAConfirmationWithAKeyIsOneHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	pay := mock.New(t)
	customer := string(pay.Customer("10.00 CNY"))
	p := ask(t, pay, merchant.CreatePayment{Amount: cny(100)})
	for range 2 {
		status, out, _ := control(t, pay, http.MethodPost, "confirm",
			`{"payment":"`+string(p.ID)+`","customer":"`+customer+`","key":"click-1"}`)
		assert.Equal(t, http.StatusOK, status)
		assert.EqualValues(t, 1, out["attempts"])
	}
}

func TestTheControlSaysWhatIsWrongAndDoesNothing(t *testing.T) {
	t.Parallel()
	const bad, refused = http.StatusBadRequest, http.StatusUnprocessableEntity
	tests := []struct {
		name, path, body string
		status           int
		want             string
	}{
		{"nothing at all", "customers", ``, bad, "EOF"},
		{"not JSON", "customers", `balances`, bad, "not the JSON"},
		{"a misspelled name", "customers", `{"balance":["1.00 CNY"]}`, bad, "balance"},
		{"another type", "customers", `{"balances":"1.00 CNY"}`, bad, "not the JSON"},
		{"something after the object", "customers", `{} {}`, bad, "follows"},
		{"a body that is too long", "customers", `{"balances":["` + strings.Repeat("1", 70<<10) + `"]}`, bad, "too large"},
		{"no amount", "customers", `{"balances":["much CNY"]}`, bad, "not an amount"},
		{"too many decimals", "customers", `{"balances":["1.001 CNY"]}`, bad, "decimals"},
		{"more than fits", "customers", `{"balances":["99999999999999999999 CNY"]}`, bad, "out of range"},
		{"a debt", "customers", `{"balances":["-1.00 CNY"]}`, bad, "more than zero"},
		{"one balance of two is wrong", "customers", `{"balances":["1.00 CNY","0.00 CNY"]}`, bad, "more than zero"},
		{"a currency that is not known", "customers", `{"balances":["1.00 XXQ"]}`, refused, "currency_not_supported"},
		{"no currency", "customers", `{"balances":["1.00"]}`, refused, "currency_not_supported"},
		{"a top-up for nobody", "topup", `{"customer":"cus_nobody","amount":"1.00 CNY"}`, refused, "not_found"},
		{"a top-up without an amount", "topup", `{"customer":"cus_nobody"}`, refused, "currency_not_supported"},
		{"a payment that is not known", "confirm", `{"payment":"pay_none","customer":"cus_nobody"}`, refused, "not_found"},
		{"a payment without a customer", "confirm", `{"payment":"pay_none"}`, refused, "invalid_request"},
		{"a clock that goes back", "advance", `{"seconds":-1}`, bad, "does not go back"},
		{"a clock that goes back very far", "advance", `{"seconds":-9223372036854775808}`, bad, "does not go back"},
		{"a clock that goes too far", "advance", `{"seconds":9223372036854775807}`, bad, "year 9000"},
		{"a part of a second", "advance", `{"seconds":0.5}`, bad, "not the JSON"},
	}
	pay := mock.New(t)
	pay.Settle() // so that the background has nothing left to write
	before, err := pay.Wallet.Ledger().Verify(t.Context())
	require.NoError(t, err)
	now := pay.Now()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, out, text := control(t, pay, http.MethodPost, test.path, test.body)
			assert.Equal(t, test.status, status)
			assert.NotEmpty(t, out["error"])
			assert.Contains(t, text, test.want)
		})
	}
	after, err := pay.Wallet.Ledger().Verify(t.Context())
	require.NoError(t, err)
	assert.Equal(t, before.Seq, after.Seq)
	assert.Equal(t, now, pay.Now())
}

func TestWhatTheControlDoesNotKnowIsNotThere(t *testing.T) {
	t.Parallel()
	pay := mock.New(t)
	for _, ask := range []struct{ method, path string }{
		{http.MethodGet, "confirm"}, {http.MethodPost, "nothing"}, {http.MethodPost, ""},
	} {
		status, _, _ := control(t, pay, ask.method, ask.path, "{}")
		assert.Equal(t, http.StatusNotFound, status, "%s /mock/%s", ask.method, ask.path)
	}
}
