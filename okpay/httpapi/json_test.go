package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

func TestParseObject(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		field      string
		detail     string // a part of it; "" means that the body is read
	}{
		{"an empty object", `{}`, "", ""},
		{"white space around it", "\t\r\n {} \n", "", ""},
		{"every type of value", `{"a":"x","b":-1.5e3,"c":true,"d":null,"e":[1,["x"],{}],"f":{"g":{}}}`, "", ""},
		{"escapes", `{"a\u0062":"\u4e2d\ud83d\ude00\n\\ud83d"}`, "", ""},
		{"the replacement character as it is", `{"a":"` + "\ufffd" + `\ufffd"}`, "", ""},
		{"as deep as it goes", `{"a":` + nest(maxDepth-1) + `}`, "", ""},

		{"nothing", ``, "", "not JSON"},
		{"a byte order mark", "\ufeff{}", "", "not JSON"},
		{"two objects", `{}{}`, "", "after top-level value (byte 3)"},
		{"a comment", `{/* */}`, "", "not JSON"},
		{"single quotes", `{'a':1}`, "", "not JSON"},
		{"a line break in a string", "{\"a\":\"\n\"}", "", "not JSON"},
		{"NaN", `{"a":NaN}`, "", "not JSON"},
		{"a leading zero", `{"a":01}`, "", "not JSON"},
		{"a byte that is no text", "{\"a\":\"\xc3\"}", "", "not in UTF-8"},
		{"a level too deep", `{"a":` + nest(maxDepth) + `}`, "a" + strings.Repeat("[0]", maxDepth-1), "nested more than 8 deep"},
		{"twice at the top", `{"a":1,"b":2,"a":1}`, "a", "twice"},
		{"twice in an array", `{"a":[{},{"b":1,"b":1}]}`, "a[1].b", "twice"},
		{"twice, once with an escape", `{"a":1,"\u0061":1}`, "a", "twice"},
		{"the first half of a pair", `{"a":"\ud83d"}`, "a", "surrogate"},
		{"the second half of a pair", `{"a":"\ude00"}`, "a", "surrogate"},
		{"the halves in the wrong order", `{"a":"\ude00\ud83d"}`, "a", "surrogate"},
		{"a half and a letter", `{"a":"\ud83dxxxxxx"}`, "a", "surrogate"},
		{"a half and another escape", `{"a":"\ud83d\u0041"}`, "a", "surrogate"},
		{"half of a pair in a name", `{"\ud83d":1}`, "", "surrogate"},
		{"a name that is long and odd", `{"中\u0000` + strings.Repeat("x", 100) + `":1,"中\u0000` + strings.Repeat("x", 100) + `":1}`, `\u4e2d\x00` + strings.Repeat("x", 60) + "...", "twice"},
		{"a name that is a secret", `{"whsec_abc":1,"whsec_abc":1}`, "whsec_[secret]", "twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, err := parseObject([]byte(tt.body))
			if tt.detail == "" {
				require.NoError(t, err)
				assert.Empty(t, cmp.Diff(reference(t, tt.body), plain(o)))
				return
			}
			var e *okpay.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, okpay.InvalidRequest, e.Code)
			assert.Equal(t, tt.field, e.Field)
			assert.Contains(t, e.Detail, tt.detail)
		})
	}
}

// reference reads JSON with the standard library.
func reference(t testing.TB, body string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	return v
}

// plain makes of what parseObject returns what the standard library would.
func plain(v any) any {
	switch v := v.(type) {
	case *object:
		m := make(map[string]any)
		for name, value := range v.members {
			m[name] = plain(value)
		}
		return m
	case []any:
		items := make([]any, len(v))
		for i := range v {
			items[i] = plain(v[i])
		}
		return items
	}
	return v
}

func FuzzParseObject(f *testing.F) {
	for _, seed := range []string{
		good, `{}`, `[]`, `{"a":{"b":[1,2,{"c":null}]}}`, `{"a":1,"a":2}`, `{"a":"\ud83d\ude00"}`, `{"a":"\ud83d"}`, `{"a":"\\\ud83d"}`,
		`{"amount":{"amount":1e999,"currency":"CNY"}}`, nest(20), "{\"\xff\":1}", `{"a":1}{"b":2}`, `{"` + strings.Repeat("x", 100) + `":1}`,
		`{"okpay_test_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := parseObject(data)
		if err == nil {
			// What is read is what the standard library reads.
			if want, got := reference(t, string(data)), plain(o); !reflect.DeepEqual(want, got) {
				t.Fatalf("read %v, want %v", got, want)
			}
			if len(o.names) != len(o.members) {
				t.Fatalf("%d names of %d members", len(o.names), len(o.members))
			}
			err = o.only("amount", "currency")
		}
		if err == nil {
			return
		}
		var e *okpay.Error
		if !errors.As(err, &e) || e.Code != okpay.InvalidRequest || e.Detail == "" {
			t.Fatalf("%#v", err)
		}
		for _, text := range []string{e.Field, e.Detail} {
			if len(text) > 1000 || secrets().MatchString(text) || bytes.ContainsFunc([]byte(text), func(r rune) bool { return r < ' ' }) {
				t.Fatalf("a problem would say %q", text)
			}
		}
	})
}

// FuzzCreatePayment holds what the fields accept against the document: whatever it forbids
// must be refused.
func FuzzCreatePayment(f *testing.F) {
	wallet, _ := newWallet(f, okpay.Test, newClock().Now, okpay.Config{})
	c := loadContract(f)
	for _, seed := range []string{
		good, `{"amount":{"amount":"300","currency":"JPY"},"customer":"customer-1","capture_method":"manual","expires_in":3600,"reference":"r","description":"d","metadata":{"k":"v"}}`,
		`{"amount":{"amount":"1","currency":"CNY"},"expires_in":1e3}`, `{"amount":{"amount":"1.10","currency":"KWD"},"metadata":{}}`,
		`{"amount":null}`, `{"amount":{"amount":"0","currency":"CNY"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := parseObject(data)
		if err != nil {
			return
		}
		in, err := paymentOf(&call{wallet: wallet, merchant: "shop-1", key: "k"}, o)
		if err != nil {
			return
		}
		if _, err := wallet.Payments.Create(t.Context(), in); okpay.CodeOf(err) == okpay.InvalidRequest || okpay.CodeOf(err) == okpay.AmountNotPositive {
			return
		}
		if err := c.schema("PaymentCreate", data); err != nil {
			t.Fatalf("%s\nis accepted though %v", data, err)
		}
	})
}
