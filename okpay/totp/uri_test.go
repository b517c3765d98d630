package totp_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/totp"
)

const exampleBase32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

func TestURIs(t *testing.T) {
	secret := secretOf(t, exampleSecret)
	full := totp.Params{Algorithm: totp.SHA256, Digits: 8, Period: time.Minute}
	tests := []struct {
		name string
		key  totp.Key
		uri  string
	}{
		{
			"the defaults are said",
			totp.Key{Issuer: "OKPay", Account: "ana@example.com", Secret: secret},
			"otpauth://totp/OKPay:ana%40example.com?secret=" + exampleBase32 + "&issuer=OKPay&algorithm=SHA1&digits=6&period=30",
		},
		{
			"other parameters",
			totp.Key{Issuer: "OKPay", Account: "ana", Secret: secret, Params: full},
			"otpauth://totp/OKPay:ana?secret=" + exampleBase32 + "&issuer=OKPay&algorithm=SHA256&digits=8&period=60",
		},
		{
			"spaces are %20 in both places",
			totp.Key{Issuer: "OK Pay", Account: "ana b", Secret: secret},
			"otpauth://totp/OK%20Pay:ana%20b?secret=" + exampleBase32 + "&issuer=OK%20Pay&algorithm=SHA1&digits=6&period=30",
		},
		{
			"a plus sign stays one",
			totp.Key{Issuer: "A+B", Account: "ana+b@example.com", Secret: secret},
			"otpauth://totp/A%2BB:ana%2Bb%40example.com?secret=" + exampleBase32 + "&issuer=A%2BB&algorithm=SHA1&digits=6&period=30",
		},
		{
			"nothing leaves its place",
			totp.Key{Issuer: "a&secret=b", Account: "/?#%41&digits=8", Secret: secret},
			"otpauth://totp/a%26secret%3Db:%2F%3F%23%2541%26digits%3D8?secret=" + exampleBase32 + "&issuer=a%26secret%3Db&algorithm=SHA1&digits=6&period=30",
		},
		{
			"Chinese names",
			totp.Key{Issuer: "好付", Account: "张", Secret: secret},
			"otpauth://totp/%E5%A5%BD%E4%BB%98:%E5%BC%A0?secret=" + exampleBase32 + "&issuer=%E5%A5%BD%E4%BB%98&algorithm=SHA1&digits=6&period=30",
		},
		{
			"no issuer",
			totp.Key{Account: "ana", Secret: secret},
			"otpauth://totp/ana?secret=" + exampleBase32 + "&algorithm=SHA1&digits=6&period=30",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			uri, err := test.key.URI()
			require.NoError(t, err)
			assert.Equal(t, test.uri, uri)
			back, err := totp.ParseURI(uri)
			require.NoError(t, err)
			want := test.key
			want.Params = want.Params.Defaulted()
			assert.Empty(t, cmp.Diff(want, back))
		})
	}
}

func TestLabelsAreBounded(t *testing.T) {
	tests := []struct {
		name, issuer, account string
		ok                    bool
	}{
		{"the longest", strings.Repeat("i", 64), strings.Repeat("a", 254), true},
		{"no account", "OKPay", "", false},
		{"an issuer of 65 bytes", strings.Repeat("i", 65), "ana", false},
		{"an account of 255 bytes", "OKPay", strings.Repeat("a", 255), false},
		{"a colon in the issuer", "OKPay:Bank", "ana", false},
		{"another issuer in the account", "", "Bank:ana", false},
		{"a space before the account", "OKPay", " ana", false},
		{"a space after the issuer", "OKPay ", "ana", false},
		{"a line end", "OKPay", "ana\nb", false},
		{"a zero byte", "OK\x00Pay", "ana", false},
		{"the mark that turns the writing", "OKPay", "ana\u202eb", false},
		{"an unbreakable space", "OK\u00a0Pay", "ana", false},
		{"bytes that are not UTF-8", "OKPay", "ana\xff", false},
		{"an emoji", "OKPay", "ana 🙂", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			key := totp.Key{Issuer: test.issuer, Account: test.account, Secret: secretOf(t, exampleSecret)}
			uri, err := key.URI()
			_, pngErr := key.PNG(0)
			_, textErr := key.Terminal()
			_, parseErr := totp.ParseURI("otpauth://totp/" + url.PathEscape(test.account) +
				"?secret=" + exampleBase32 + "&issuer=" + url.QueryEscape(test.issuer))
			if test.ok {
				require.NoError(t, err)
				require.NoError(t, pngErr)
				require.NoError(t, textErr)
				require.NoError(t, parseErr)
				return
			}
			require.ErrorIs(t, err, totp.ErrInvalidLabel)
			assert.Empty(t, uri)
			require.ErrorIs(t, pngErr, totp.ErrInvalidLabel)
			require.ErrorIs(t, textErr, totp.ErrInvalidLabel)
			if test.name != "another issuer in the account" && test.name != "a space before the account" {
				require.ErrorIs(t, parseErr, totp.ErrInvalidURI)
				require.ErrorIs(t, parseErr, totp.ErrInvalidLabel)
			}
		})
	}
	_, err := totp.Key{Params: totp.Params{Digits: 9}}.URI()
	require.ErrorIs(t, err, totp.ErrInvalidParams)
	_, err = totp.Key{}.URI()
	require.ErrorIs(t, err, totp.ErrShortSecret)
}

func TestParseURI(t *testing.T) {
	const secret = "secret=" + exampleBase32
	plain := totp.Key{Account: "ana", Secret: secretOf(t, exampleSecret), Params: totp.Params{}.Defaulted()}
	with := func(change func(*totp.Key)) *totp.Key {
		k := plain
		change(&k)
		return &k
	}
	issued := with(func(k *totp.Key) { k.Issuer = "OKPay" })
	tests := []struct {
		name, uri string
		want      *totp.Key
		also      error // besides ErrInvalidURI
	}{
		{"the least", "otpauth://totp/ana?" + secret, &plain, nil},
		{"the issuer before the account alone", "otpauth://totp/OKPay:ana?" + secret, issued, nil},
		{"the issuer as a parameter alone", "otpauth://totp/ana?issuer=OKPay&" + secret, issued, nil},
		{"an escaped colon and spaces behind it", "otpauth://totp/OKPay%3A%20%20ana?" + secret, issued, nil},
		{"scheme and type in capitals", "OTPAUTH://TOTP/ana?" + secret, &plain, nil},
		{"the secret in lower case", "otpauth://totp/ana?secret=" + strings.ToLower(exampleBase32), &plain, nil},
		{
			"the algorithm in lower case", "otpauth://totp/ana?algorithm=sha512&" + secret,
			with(func(k *totp.Key) { k.Params.Algorithm = totp.SHA512 }), nil,
		},
		{
			"digits and period", "otpauth://totp/ana?digits=7&period=300&" + secret,
			with(func(k *totp.Key) { k.Params.Digits, k.Params.Period = 7, 300*time.Second }), nil,
		},
		{"a parameter of some app's own", "otpauth://totp/ana?image=https%3A%2F%2Fexample.com%2Fi.png&" + secret, &plain, nil},
		{
			"an account that is an address", "otpauth://totp/OKPay:ana@example.com?" + secret,
			with(func(k *totp.Key) { k.Issuer, k.Account = "OKPay", "ana@example.com" }), nil,
		},

		{"nothing", "", nil, nil},
		{"another scheme", "https://totp/ana?" + secret, nil, nil},
		{"a counter-based key", "otpauth://hotp/ana?counter=0&" + secret, nil, nil},
		{"no type", "otpauth:///ana?" + secret, nil, nil},
		{"no slashes", "otpauth:totp/ana?" + secret, nil, nil},
		{"a port", "otpauth://totp:80/ana?" + secret, nil, nil},
		{"a user", "otpauth://user@totp/ana?" + secret, nil, nil},
		{"a fragment", "otpauth://totp/ana?" + secret + "#x", nil, nil},
		{"an empty fragment", "otpauth://totp/ana?" + secret + "#", nil, nil},
		{"a broken escape in the label", "otpauth://totp/%zz?" + secret, nil, nil},
		{"a broken escape in a parameter", "otpauth://totp/ana?issuer=%zz&" + secret, nil, nil},
		{"a semicolon between parameters", "otpauth://totp/ana?issuer=a;" + secret, nil, nil},
		{"a line end", "otpauth://totp/ana\n?" + secret, nil, nil},
		{"two secrets", "otpauth://totp/ana?" + secret + "&" + secret, nil, nil},
		{"two issuers as parameters", "otpauth://totp/ana?issuer=a&issuer=a&" + secret, nil, nil},
		{"two numbers of digits", "otpauth://totp/ana?digits=6&digits=6&" + secret, nil, nil},
		{"two issuers that differ", "otpauth://totp/Bank:ana?issuer=OKPay&" + secret, nil, nil},
		{"an empty issuer beside one", "otpauth://totp/Bank:ana?issuer=&" + secret, nil, nil},
		{"no secret", "otpauth://totp/ana?issuer=OKPay", nil, totp.ErrShortSecret},
		{"no parameters", "otpauth://totp/ana", nil, totp.ErrShortSecret},
		{"a short secret", "otpauth://totp/ana?secret=JBSWY3DPEHPK3PXP", nil, totp.ErrShortSecret},
		{"a secret that is not base32", "otpauth://totp/ana?secret=" + exampleBase32[:31] + "1", nil, totp.ErrInvalidSecret},
		{"no account", "otpauth://totp/?" + secret, nil, totp.ErrInvalidLabel},
		{"no account behind an issuer", "otpauth://totp/OKPay:?" + secret, nil, totp.ErrInvalidLabel},
		{"two colons", "otpauth://totp/OKPay:Bank:ana?" + secret, nil, totp.ErrInvalidLabel},
		{"an algorithm that is not known", "otpauth://totp/ana?algorithm=MD5&" + secret, nil, totp.ErrInvalidParams},
		{"an empty algorithm", "otpauth://totp/ana?algorithm=&" + secret, nil, totp.ErrInvalidParams},
		{"no digits", "otpauth://totp/ana?digits=0&" + secret, nil, totp.ErrInvalidParams},
		{"five digits", "otpauth://totp/ana?digits=5&" + secret, nil, totp.ErrInvalidParams},
		{"digits with a sign", "otpauth://totp/ana?digits=%2B6&" + secret, nil, totp.ErrInvalidParams},
		{"digits with a zero before", "otpauth://totp/ana?digits=06&" + secret, nil, totp.ErrInvalidParams},
		{"digits that are empty", "otpauth://totp/ana?digits=&" + secret, nil, totp.ErrInvalidParams},
		{"no period", "otpauth://totp/ana?period=0&" + secret, nil, totp.ErrInvalidParams},
		{"a period that overflows", "otpauth://totp/ana?period=99999999999999999999&" + secret, nil, totp.ErrInvalidParams},
		{"an hour", "otpauth://totp/ana?period=3600&" + secret, nil, totp.ErrInvalidParams},
		{"too long", "otpauth://totp/ana?" + secret + "&x=" + strings.Repeat("x", totp.MaxURIBytes), nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			key, err := totp.ParseURI(test.uri)
			if test.want != nil {
				require.NoError(t, err)
				assert.Empty(t, cmp.Diff(*test.want, key))
				return
			}
			require.ErrorIs(t, err, totp.ErrInvalidURI)
			if test.also != nil {
				require.ErrorIs(t, err, test.also)
			}
			assert.Equal(t, totp.Key{}, key)
			assert.NotContains(t, err.Error(), exampleBase32, "an error repeats no secret")
		})
	}
}
