package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/webhook"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(moment time.Time) func() time.Time { return func() time.Time { return moment } }

func verifierOf(t testing.TB, keys ...webhook.VerifyKey) *webhook.Verifier {
	t.Helper()
	v, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: keys, Now: at(noon)})
	require.NoError(t, err)
	return v
}

// signedHeader signs anything, also what Sign would refuse.
func signedHeader(secret webhook.Secret, id, timestamp, body string) http.Header {
	raw, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret.Reveal(), "whsec_"))
	mac := hmac.New(sha256.New, raw)
	mac.Write([]byte(id + "." + timestamp + "." + body))
	return http.Header{
		"Webhook-Id":        {id},
		"Webhook-Timestamp": {timestamp},
		"Webhook-Signature": {"v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))},
	}
}

func TestVerifyAcceptsWhatSignMade(t *testing.T) {
	old, recent, private := secretOf(t, 1), secretOf(t, 2), privateKeyOf(t, 3)
	message := webhook.Message{ID: "msg_1", Timestamp: noon, Body: []byte(`{"type":"example"}`)}
	header := http.Header{"Webhook-Id": {"another"}, "Webhook-Signature": {"a", "b"}}
	require.NoError(t, webhook.SetHeaders(header, message, old, private, recent))
	assert.Len(t, strings.Split(header.Get(webhook.HeaderSignature), " "), 3)

	for name, keys := range map[string][]webhook.VerifyKey{
		"the old secret":                   {old},
		"the new secret":                   {recent},
		"the public key":                   {private.Public()},
		"an unrelated key and the old one": {secretOf(t, 9), privateKeyOf(t, 9).Public(), old},
	} {
		t.Run("a receiver that trusts "+name, func(t *testing.T) {
			got, err := verifierOf(t, keys...).Verify(header, message.Body)
			require.NoError(t, err)
			assert.Equal(t, message, got)
		})
	}
	_, err := verifierOf(t, secretOf(t, 9), privateKeyOf(t, 9).Public()).Verify(header, message.Body)
	require.ErrorIs(t, err, webhook.ErrSignature)
}

func TestVerifyReadsHeadersInAnySpelling(t *testing.T) {
	secret := secretOf(t, 1)
	header := http.Header{}
	for name, values := range signedHeader(secret, "msg_1", "1772366400", "body") {
		header[strings.ToLower(name)] = values // as some gateways build the map
	}
	_, err := verifierOf(t, secret).Verify(header, []byte("body"))
	require.NoError(t, err)

	header["Webhook-Id"] = []string{"msg_2"}
	_, err = verifierOf(t, secret).Verify(header, []byte("body"))
	require.ErrorIs(t, err, webhook.ErrInvalidHeader, "two spellings of one header are two values")
}

func TestVerifyRefusesHeaders(t *testing.T) {
	secret := secretOf(t, 1)
	now := strconv.FormatInt(noon.Unix(), 10)
	long := strings.Repeat("x", webhook.MaxIDLength)
	tests := []struct {
		name     string
		id       string
		change   func(http.Header)
		category error
		header   string
	}{
		{"OK", "msg_1", nil, nil, ""},
		{"OK: the longest id", long, nil, nil, ""},
		{"OK: punctuation in the id", `!"#$%&'()*+,-/:;<=>?@[\]^_{|}~`, nil, nil, ""},
		{"no id", "msg_1", func(h http.Header) { h.Del(webhook.HeaderID) }, webhook.ErrMissingHeader, webhook.HeaderID},
		{"no timestamp", "msg_1", func(h http.Header) { h.Del(webhook.HeaderTimestamp) }, webhook.ErrMissingHeader, webhook.HeaderTimestamp},
		{"no signature", "msg_1", func(h http.Header) { h.Del(webhook.HeaderSignature) }, webhook.ErrMissingHeader, webhook.HeaderSignature},
		{"an empty signature", "msg_1", func(h http.Header) { h.Set(webhook.HeaderSignature, "") }, webhook.ErrMissingHeader, webhook.HeaderSignature},
		{"a header without values", "msg_1", func(h http.Header) { h["Webhook-Id"] = []string{} }, webhook.ErrMissingHeader, webhook.HeaderID},
		{"an empty id", "", nil, webhook.ErrMissingHeader, webhook.HeaderID},
		{"two ids", "msg_1", func(h http.Header) { h.Add(webhook.HeaderID, "msg_1") }, webhook.ErrInvalidHeader, webhook.HeaderID},
		{"two timestamps", "msg_1", func(h http.Header) { h.Add(webhook.HeaderTimestamp, "") }, webhook.ErrInvalidHeader, webhook.HeaderTimestamp},
		{"two signatures", "msg_1", func(h http.Header) { h.Add(webhook.HeaderSignature, "v1,x") }, webhook.ErrInvalidHeader, webhook.HeaderSignature},
		{"a full stop in the id", "msg.1", nil, webhook.ErrInvalidHeader, webhook.HeaderID},
		{"a space in the id", "msg 1", nil, webhook.ErrInvalidHeader, webhook.HeaderID},
		{"a line end in the id", "msg\n1", nil, webhook.ErrInvalidHeader, webhook.HeaderID},
		{"DEL in the id", "msg\x7f", nil, webhook.ErrInvalidHeader, webhook.HeaderID},
		{"NUL in the id", "msg\x00", nil, webhook.ErrInvalidHeader, webhook.HeaderID},
		{"an id that is not ASCII", "msg_é", nil, webhook.ErrInvalidHeader, webhook.HeaderID},
		{"an id one byte too long", long + "x", nil, webhook.ErrInvalidHeader, webhook.HeaderID},
		{"a missing header wins over an invalid one", "msg.1", func(h http.Header) { h.Del(webhook.HeaderSignature) }, webhook.ErrMissingHeader, webhook.HeaderSignature},
		{"an invalid header wins over the timestamp", "msg.1", func(h http.Header) { h.Set(webhook.HeaderTimestamp, "1") }, webhook.ErrInvalidHeader, webhook.HeaderID},
		{"the timestamp wins over the signature", "msg_1", func(h http.Header) {
			h.Set(webhook.HeaderTimestamp, "1")
			h.Set(webhook.HeaderSignature, "v1,x")
		}, webhook.ErrTimestamp, ""},
		{"a signature with nothing in it", "msg_1", func(h http.Header) { h.Set(webhook.HeaderSignature, "v1,") }, webhook.ErrSignature, ""},
		{"a signature without its scheme", "msg_1", func(h http.Header) {
			h.Set(webhook.HeaderSignature, strings.TrimPrefix(h.Get(webhook.HeaderSignature), "v1,"))
		}, webhook.ErrSignature, ""},
		{"a signature under another scheme's name", "msg_1", func(h http.Header) {
			h.Set(webhook.HeaderSignature, "v1a,"+strings.TrimPrefix(h.Get(webhook.HeaderSignature), "v1,"))
		}, webhook.ErrSignature, ""},
		{"a signature with a scheme in upper case", "msg_1", func(h http.Header) {
			h.Set(webhook.HeaderSignature, "V1,"+strings.TrimPrefix(h.Get(webhook.HeaderSignature), "v1,"))
		}, webhook.ErrSignature, ""},
		{"OK: spaces around the signature", "msg_1", func(h http.Header) {
			h.Set(webhook.HeaderSignature, "  "+h.Get(webhook.HeaderSignature)+"  ")
		}, nil, ""},
		{"OK: the last of 32 signatures", "msg_1", func(h http.Header) {
			h.Set(webhook.HeaderSignature, strings.Repeat("v9,x ", 31)+h.Get(webhook.HeaderSignature))
		}, nil, ""},
		{"33 signatures, the first of them right", "msg_1", func(h http.Header) {
			h.Set(webhook.HeaderSignature, h.Get(webhook.HeaderSignature)+strings.Repeat(" v9,x", 32))
		}, webhook.ErrInvalidHeader, webhook.HeaderSignature},
		{"33 pieces without a scheme", "msg_1", func(h http.Header) {
			h.Set(webhook.HeaderSignature, h.Get(webhook.HeaderSignature)+strings.Repeat(" x", 32))
		}, webhook.ErrInvalidHeader, webhook.HeaderSignature},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			header := signedHeader(secret, test.id, now, "body")
			if test.change != nil {
				test.change(header)
			}
			message, err := verifierOf(t, secret).Verify(header, []byte("body"))
			if test.category == nil {
				require.NoError(t, err)
				assert.Equal(t, webhook.Message{ID: test.id, Timestamp: noon, Body: []byte("body")}, message)
				return
			}
			require.ErrorIs(t, err, test.category)
			assert.Zero(t, message)
			var headerErr *webhook.HeaderError
			if test.header != "" {
				require.ErrorAs(t, err, &headerErr)
				assert.Equal(t, test.header, headerErr.Header)
				assert.Contains(t, err.Error(), test.header)
			} else {
				assert.False(t, errors.As(err, &headerErr))
			}
		})
	}
}

func TestVerifyRefusesTimestamps(t *testing.T) {
	secret := secretOf(t, 1)
	now := noon.Unix()
	tests := []struct {
		name, timestamp string
		problem         webhook.TimestampProblem
	}{
		{"OK: the present", strconv.FormatInt(now, 10), ""},
		{"OK: as old as allowed", strconv.FormatInt(now-300, 10), ""},
		{"OK: as new as allowed", strconv.FormatInt(now+300, 10), ""},
		{"a second too old", strconv.FormatInt(now-301, 10), webhook.TimestampTooOld},
		{"a second too new", strconv.FormatInt(now+301, 10), webhook.TimestampTooNew},
		{"1970", "0", webhook.TimestampTooOld},
		{"the largest number", strconv.FormatInt(math.MaxInt64, 10), webhook.TimestampTooNew},
		{"one more than the largest number", "9223372036854775808", webhook.TimestampMalformed},
		{"a leading zero", "0" + strconv.FormatInt(now, 10), webhook.TimestampMalformed},
		{"two zeros", "00", webhook.TimestampMalformed},
		{"a plus sign", "+" + strconv.FormatInt(now, 10), webhook.TimestampMalformed},
		{"a minus sign", "-1", webhook.TimestampMalformed},
		{"minus zero", "-0", webhook.TimestampMalformed},
		{"a space", strconv.FormatInt(now, 10) + " ", webhook.TimestampMalformed},
		{"an underscore", "1_772366400", webhook.TimestampMalformed},
		{"a fraction", strconv.FormatInt(now, 10) + ".5", webhook.TimestampMalformed},
		{"an exponent", "1e9", webhook.TimestampMalformed},
		{"hexadecimal", "0x10", webhook.TimestampMalformed},
		{"digits of another script", "١٧٧", webhook.TimestampMalformed},
		{"a date", "2026-03-01T12:00:00Z", webhook.TimestampMalformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			header := signedHeader(secret, "msg_1", test.timestamp, "body")
			_, err := verifierOf(t, secret).Verify(header, []byte("body"))
			if test.problem == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, webhook.ErrTimestamp)
			var timestampErr *webhook.TimestampError
			require.ErrorAs(t, err, &timestampErr)
			assert.Equal(t, test.problem, timestampErr.Problem)
			assert.Contains(t, err.Error(), string(test.problem))
		})
	}
}

func TestVerifyComparesTimesOfAnyDistance(t *testing.T) {
	secret := secretOf(t, 1)
	verify := func(now time.Time, tolerance time.Duration, timestamp int64) error {
		v, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: []webhook.VerifyKey{secret}, Now: at(now), Tolerance: tolerance})
		require.NoError(t, err)
		_, err = v.Verify(signedHeader(secret, "msg_1", strconv.FormatInt(timestamp, 10), ""), nil)
		return err
	}
	require.ErrorIs(t, verify(time.Unix(math.MinInt64, 0), 0, math.MaxInt64), webhook.ErrTimestamp)
	require.ErrorIs(t, verify(time.Unix(math.MaxInt64, 0), math.MaxInt64, 0), webhook.ErrTimestamp)
	require.NoError(t, verify(time.Unix(math.MaxInt64, 0), 0, math.MaxInt64))
	require.NoError(t, verify(time.Unix(-5, 0), 0, 0))

	// Less than a second means the same second, whatever the fraction of it.
	require.NoError(t, verify(noon.Add(999*time.Millisecond), 1, noon.Unix()))
	require.ErrorIs(t, verify(noon.Add(time.Second), 1, noon.Unix()), webhook.ErrTimestamp)
}

func TestSignRefusesWhatNobodyCouldVerify(t *testing.T) {
	secret := secretOf(t, 1)
	many := make([]webhook.SigningKey, webhook.DefaultMaxSignatures+1)
	for i := range many {
		many[i] = secret
	}
	tests := []struct {
		name     string
		id       string
		at       time.Time
		keys     []webhook.SigningKey
		category error
	}{
		{"OK", "msg_1", noon, many[:1], nil},
		{"OK: as many keys as can be", "msg_1", noon, many[1:], nil},
		{"no id", "", noon, many[:1], webhook.ErrInvalidMessage},
		{"a full stop in the id", "a.b", noon, many[:1], webhook.ErrInvalidMessage},
		{"a header smuggled in the id", "a\r\nx: y", noon, many[:1], webhook.ErrInvalidMessage},
		{"the zero time", "msg_1", time.Time{}, many[:1], webhook.ErrInvalidMessage},
		{"a time before 1970", "msg_1", time.Unix(-1, 0), many[:1], webhook.ErrInvalidMessage},
		{"no key", "msg_1", noon, nil, webhook.ErrInvalidKey},
		{"a nil key", "msg_1", noon, []webhook.SigningKey{secret, nil}, webhook.ErrInvalidKey},
		{"a zero secret", "msg_1", noon, []webhook.SigningKey{webhook.Secret{}}, webhook.ErrInvalidKey},
		{"a zero private key", "msg_1", noon, []webhook.SigningKey{webhook.PrivateKey{}}, webhook.ErrInvalidKey},
		{"too many keys", "msg_1", noon, many, webhook.ErrInvalidKey},
		{"the message wins over the keys", "", noon, nil, webhook.ErrInvalidMessage},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			signature, err := webhook.Sign(test.id, test.at, nil, test.keys...)
			header := http.Header{}
			setErr := webhook.SetHeaders(header, webhook.Message{ID: test.id, Timestamp: test.at}, test.keys...)
			if test.category == nil {
				require.NoError(t, err)
				require.NoError(t, setErr)
				assert.Equal(t, signature, header.Get(webhook.HeaderSignature))
				return
			}
			require.ErrorIs(t, err, test.category)
			require.ErrorIs(t, setErr, test.category)
			assert.Empty(t, signature)
			assert.Empty(t, header)
		})
	}
}

func TestNewVerifierRefusesSettings(t *testing.T) {
	secret := secretOf(t, 1)
	for name, test := range map[string]struct {
		config   webhook.VerifierConfig
		category error
	}{
		"no key":                 {webhook.VerifierConfig{}, webhook.ErrInvalidKey},
		"a nil key":              {webhook.VerifierConfig{Keys: []webhook.VerifyKey{nil}}, webhook.ErrInvalidKey},
		"a zero secret":          {webhook.VerifierConfig{Keys: []webhook.VerifyKey{secret, webhook.Secret{}}}, webhook.ErrInvalidKey},
		"a zero public key":      {webhook.VerifierConfig{Keys: []webhook.VerifyKey{webhook.PublicKey{}}}, webhook.ErrInvalidKey},
		"a negative tolerance":   {webhook.VerifierConfig{Keys: []webhook.VerifyKey{secret}, Tolerance: -1}, webhook.ErrInvalidConfig},
		"a negative limit":       {webhook.VerifierConfig{Keys: []webhook.VerifyKey{secret}, MaxSignatures: -1}, webhook.ErrInvalidConfig},
		"the key wins over both": {webhook.VerifierConfig{Tolerance: -1, MaxSignatures: -1}, webhook.ErrInvalidKey},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := webhook.NewVerifier(test.config)
			require.ErrorIs(t, err, test.category)
			assert.Nil(t, v)
		})
	}
}

func TestVerifierKeepsItsOwnListOfKeys(t *testing.T) {
	keys := []webhook.VerifyKey{secretOf(t, 1)}
	v := verifierOf(t, keys...)
	keys[0] = secretOf(t, 2)
	_, err := v.Verify(signedHeader(secretOf(t, 1), "msg_1", strconv.FormatInt(noon.Unix(), 10), ""), nil)
	require.NoError(t, err)
}

func TestErrorsOfVerifyDoNotQuoteTheHeaders(t *testing.T) {
	secret := secretOf(t, 1)
	for _, id := range []string{"canary.", "canary\n"} {
		_, err := verifierOf(t, secret).Verify(signedHeader(secret, id, "1", ""), nil)
		assert.NotContains(t, err.Error(), "canary")
	}
	_, err := verifierOf(t, secret).Verify(signedHeader(secret, "id", "canary", ""), nil)
	assert.NotContains(t, err.Error(), "canary")
}

func FuzzVerify(f *testing.F) {
	secret, private := secretOf(f, 1), privateKeyOf(f, 2)
	v := verifierOf(f, secret, private.Public())
	good, err := webhook.Sign("msg_1", noon, []byte("body"), secret, private)
	require.NoError(f, err)
	now := strconv.FormatInt(noon.Unix(), 10)
	f.Add("msg_1", now, good, []byte("body"))
	f.Add("msg_1", now, " "+good+" v2,x", []byte("body"))
	f.Add("msg_1", "0"+now, good, []byte("body"))
	f.Add("msg_1", now, strings.ReplaceAll(good, "v1,", "v1a,"), []byte("body"))
	f.Add("", "", "", []byte(nil))
	f.Add("a.b", "-1", ", , v1, v1a,=", []byte{0})
	f.Fuzz(func(t *testing.T, id, timestamp, signature string, body []byte) {
		header := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {timestamp}, "Webhook-Signature": {signature}}
		message, err := v.Verify(header, body)
		if err != nil {
			if !errors.Is(err, webhook.ErrMissingHeader) && !errors.Is(err, webhook.ErrInvalidHeader) &&
				!errors.Is(err, webhook.ErrTimestamp) && !errors.Is(err, webhook.ErrSignature) {
				t.Fatalf("an error of no category: %v", err)
			}
			return
		}
		// Whatever is accepted must hold a signature that we make ourselves.
		want, err := webhook.Sign(message.ID, message.Timestamp, message.Body, secret, private)
		if err != nil {
			t.Fatalf("accepted what cannot be signed: %v", err)
		}
		for part := range strings.SplitSeq(want, " ") {
			if strings.Contains(signature, part) && message.ID == id && fmt.Sprint(message.Timestamp.Unix()) == timestamp {
				return
			}
		}
		t.Fatalf("accepted %q at %q with %q", id, timestamp, signature)
	})
}
