package merchant_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/merchant"
)

func TestARefusalCarriesWhatTheServiceSaid(t *testing.T) {
	t.Parallel()
	c := newService(t, reply{status: 422, body: problemJSON, header: map[string]string{
		"Content-Type": "application/problem+json", "Retry-After": "3", "Request-Id": "req_header",
	}}).client(t)
	_, err := c.Payments.Capture(t.Context(), merchant.CapturePayment{Payment: "pay_1", Amount: cny(t, "20"), Key: "key-1"})
	want := &merchant.Error{
		Operation: "payments.capture", Status: 422, Code: merchant.CodeAmountExceedsCapturable, Fault: merchant.FaultMerchant,
		Retry: merchant.RetryLowerAmount, NextAction: []string{"lower_amount"},
		Message: merchant.Message{En: "More than the authorized amount that is left.", Zh: "超出可请款金额。"},
		Detail:  "at most 19.95 CNY is possible", Field: "amount", Limit: cny(t, "19.95"), Object: "pay_1", RequestID: "req_1",
		RetryAfter: 3 * time.Second, Key: "key-1", Attempts: 1,
	}
	if diff := cmp.Diff(want, asError(t, err), sameAmount); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	assert.EqualError(t, err, "merchant: payments.capture: amount_exceeds_capturable (status 422): amount: at most 19.95 CNY is possible [req_1]")
	assert.ErrorIs(t, err, merchant.CodeAmountExceedsCapturable)
	assert.NotErrorIs(t, err, merchant.CodeNotFound)
	assert.NotErrorIs(t, err, merchant.Code(""))
	assert.Equal(t, merchant.CodeAmountExceedsCapturable, merchant.CodeOf(err))
	assert.Equal(t, merchant.CodeAmountExceedsCapturable, merchant.CodeOf(fmt.Errorf("order 7: %w", err)))
	assert.Equal(t, "key-1", merchant.KeyOf(fmt.Errorf("order 7: %w", err)))
}

func TestErrorsOfOthersHaveNoCodeAndNoKey(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, errors.New("something else")} {
		assert.Empty(t, merchant.CodeOf(err))
		assert.Empty(t, merchant.KeyOf(err))
	}
}

func TestMessageText(t *testing.T) {
	t.Parallel()
	m := merchant.Message{En: "Hello.", Zh: "你好。"}
	for locale, want := range map[string]string{
		"en": "Hello.", "": "Hello.", "fr": "Hello.", "zha": "Hello.", "zh": "你好。", "zh-CN": "你好。", "zh_CN": "你好。", "ZH-Hans": "你好。",
	} {
		assert.Equal(t, want, m.Text(locale), locale)
	}
	assert.Equal(t, "Hello.", merchant.Message{En: "Hello."}.Text("zh"))
	assert.Equal(t, "你好。", merchant.Message{Zh: "你好。"}.Text("en"))
}

func TestARefusalOfAnyFormIsAnError(t *testing.T) {
	t.Parallel()
	replace := func(member, value string) string {
		var out []string
		for part := range strings.SplitSeq(problemJSON, ",") {
			if strings.Contains(part, `"`+member+`":`) {
				part = part[:strings.Index(part, `"`+member+`":`)] + `"` + member + `":` + value
			}
			out = append(out, part)
		}
		return strings.Join(out, ",")
	}
	tests := []struct {
		name, body string
		code       merchant.Code
		detail     string
		check      func(*testing.T, *merchant.Error)
	}{
		{name: "nothing", body: "", detail: "0 bytes of text/plain"},
		{name: "a web page", body: "<html><h1>502 Bad Gateway</h1></html>", detail: "502 Bad Gateway"},
		{name: "JSON of somebody else", body: `{"error":{"code":"x"}}`, detail: "not an answer of the service"},
		{name: "null", body: `null`, detail: "not an answer"},
		{name: "a list", body: `["code"]`, detail: "not an answer"},
		{name: "a code that is a number", body: `{"code":7}`, detail: "not an answer"},
		{name: "a code and nothing else", body: `{"code":"not_found"}`, code: merchant.CodeNotFound},
		{name: "a cut problem", body: problemJSON[:200], detail: "not an answer"},
		{name: "actions of another form", body: replace("next_action", "7"), code: merchant.CodeAmountExceedsCapturable, detail: "at most", check: func(t *testing.T, e *merchant.Error) {
			assert.Empty(t, e.NextAction)
		}},
		{name: "a field of another form", body: replace("field", `[1]`), code: merchant.CodeAmountExceedsCapturable, detail: "at most", check: func(t *testing.T, e *merchant.Error) {
			assert.Empty(t, e.Field)
			assert.Equal(t, "pay_1", e.Object)
		}},
		{name: "a limit of a currency that is not known", body: strings.Replace(problemJSON, "CNY\"}", "GEMS\"}", 1), code: merchant.CodeAmountExceedsCapturable, detail: "at most", check: func(t *testing.T, e *merchant.Error) {
			assert.Equal(t, money.Amount{}, e.Limit)
		}},
		{name: "a detail with control characters", body: `{"code":"not_found","detail":"a\nb\u001b[31m\u202ec\u0000d"}`, code: merchant.CodeNotFound, detail: "a b [31m c d"},
		{name: "a detail without end", body: `{"code":"not_found","detail":"` + strings.Repeat("长", 5000) + `"}`, code: merchant.CodeNotFound, detail: strings.Repeat("长", 1000) + "…"},
		{name: "a thousand actions", body: `{"code":"not_found","next_action":[` + strings.Repeat(`"a",`, 999) + `"a"]}`, code: merchant.CodeNotFound, check: func(t *testing.T, e *merchant.Error) {
			assert.Len(t, e.NextAction, 20)
		}},
		{name: "only a title for people", body: `{"code":"not_found","title":"There is no such object."}`, code: merchant.CodeNotFound, check: func(t *testing.T, e *merchant.Error) {
			assert.Equal(t, "There is no such object.", e.Message.Text("zh"))
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newService(t, reply{status: 418, body: test.body, header: map[string]string{"Content-Type": "text/plain; charset=utf-8"}}).client(t)
			_, err := create(t.Context(), c, t)
			e := asError(t, err)
			assert.Equal(t, 418, e.Status)
			assert.Equal(t, test.code, e.Code)
			assert.NotErrorIs(t, err, merchant.Code(""))
			assert.Contains(t, e.Detail, test.detail)
			assert.NotContains(t, err.Error(), "\n")
			assert.NotContains(t, err.Error(), "\x1b")
			if test.check != nil {
				test.check(t, e)
			}
		})
	}
}

func TestAServiceThatEchoesTheKeyDoesNotBringItIntoErrors(t *testing.T) {
	t.Parallel()
	echo := `{"code":"invalid_request","title":"` + canary + `","detail":"you sent Bearer ` + canary + `","field":"` + canary + `","message":{"en":"` + canary + `"}}`
	for name, body := range map[string]string{"in a problem": echo, "in a page": "<pre>Authorization: Bearer " + canary + "</pre>"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := create(t.Context(), newService(t, reply{status: 400, body: body}).client(t), t)
			e := asError(t, err)
			requireNoCanary(t, err.Error())
			requireNoCanary(t, fmt.Sprintf("%+v %#v", e, e))
			require.Contains(t, e.Detail, "okpay_[redacted]")
		})
	}
}
