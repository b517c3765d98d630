package merchant_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/merchant"
)

func TestAConfigurationThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	key := func(text string) func(*merchant.Config) {
		return func(c *merchant.Config) { c.APIKey = merchant.NewAPIKey(text) }
	}
	base := func(text string) func(*merchant.Config) {
		return func(c *merchant.Config) { c.BaseURL = text }
	}
	tests := []struct {
		name   string
		change func(*merchant.Config)
		field  string
	}{
		{"no address", base(""), "BaseURL"},
		{"an address without a scheme", base("pay.example.com"), "BaseURL"},
		{"an address of files", base("file:///etc"), "BaseURL"},
		{"an address without a host", base("https:///v1"), "BaseURL"},
		{"an address that does not parse", base("https://pay.example.com:port"), "BaseURL"},
		{"an address with a user", base("https://hunter2@pay.example.com"), "BaseURL"},
		{"an address with a query", base("https://pay.example.com?a=hunter2"), "BaseURL"},
		{"an address with an empty query", base("https://pay.example.com?"), "BaseURL"},
		{"an address with a fragment", base("https://pay.example.com#hunter2"), "BaseURL"},
		{"an address with the version", base("https://pay.example.com/v1/"), "BaseURL"},
		{"an address in the clear", base("http://pay.example.com"), "BaseURL"},
		{"an address in the clear that looks like this machine", base("http://localhost.example.com"), "BaseURL"},
		{"no key", func(c *merchant.Config) { c.APIKey = merchant.APIKey{} }, "APIKey"},
		{"an empty key", key(""), "APIKey"},
		{"another kind of secret", key("whsec_hunter2"), "APIKey"},
		{"a key that was printed", key(merchant.NewAPIKey(canary).String()), "APIKey"},
		{"a key with a line end", key("okpay_test_hunter2\n"), "APIKey"},
		{"a key with a space", key("okpay_test_ hunter2"), "APIKey"},
		{"a key in Chinese", key("okpay_test_钥匙"), "APIKey"},
		{"a key that is too long", key("okpay_test_" + strings.Repeat("k", 200)), "APIKey"},
		{"a negative timeout", func(c *merchant.Config) { c.Timeout = -1 }, "Timeout"},
		{"a negative wait", func(c *merchant.Config) { c.MinBackoff = -1 }, "MinBackoff"},
		{"a negative bound of the wait", func(c *merchant.Config) { c.MaxBackoff = -1 }, "MaxBackoff"},
		{"bounds in the wrong order", func(c *merchant.Config) { c.MinBackoff, c.MaxBackoff = 2, 1 }, "MaxBackoff"},
		{"a negative bound of Retry-After", func(c *merchant.Config) { c.MaxRetryAfter = -1 }, "MaxRetryAfter"},
		{"a user agent with a line end", func(c *merchant.Config) { c.UserAgent = "a\r\nX-Evil: 1" }, "UserAgent"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config := merchant.Config{BaseURL: "https://pay.example.com", APIKey: merchant.NewAPIKey(canary)}
			test.change(&config)
			c, err := merchant.New(config)
			assert.Nil(t, c)
			require.ErrorIs(t, err, merchant.ErrInvalidConfig)
			assert.ErrorContains(t, err, test.field)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestAddressesThatAreTaken(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"https://pay.example.com", "https://pay.example.com/", "https://pay.example.com:8443/okpay/", "http://localhost:8080",
		"http://127.0.0.1:8080", "http://[::1]:8080", "http://127.5.5.5",
	} {
		_, err := merchant.New(merchant.Config{BaseURL: text, APIKey: merchant.NewAPIKey(canary)})
		assert.NoError(t, err, text)
	}
	_, err := merchant.New(merchant.Config{BaseURL: "http://pay.internal", APIKey: merchant.NewAPIKey(canary), AllowInsecure: true})
	assert.NoError(t, err)
}

func TestTheKeyPrintsNowhere(t *testing.T) {
	t.Parallel()
	key := merchant.NewAPIKey(canary)
	config := merchant.Config{BaseURL: "https://pay.example.com", APIKey: key}
	client, err := merchant.New(config)
	require.NoError(t, err)
	type hidden struct {
		config merchant.Config
		key    merchant.APIKey
		client *merchant.Client
		copied any
	}
	values := map[string]any{
		"key": key, "pointer to key": &key, "config": config, "pointer to config": &config, "client": client, "service": client.Payments,
		"in unexported fields": hidden{config, key, client, *client.Payments}, "in a map": map[string]any{"a": key}, "in a list": []merchant.APIKey{key},
	}
	for name, v := range values {
		t.Run(name, func(t *testing.T) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p"} {
				text := fmt.Sprintf(verb, v)
				requireNoCanary(t, text)
				assert.NotContains(t, text, fmt.Sprintf("%x", canary[len("okpay_test_"):]), verb)
			}
			var logged bytes.Buffer
			slog.New(slog.NewTextHandler(&logged, nil)).Info("m", "v", v)
			slog.New(slog.NewJSONHandler(&logged, nil)).Info("m", "v", v)
			requireNoCanary(t, logged.String())
			encoded, _ := json.Marshal(v) // functions do not encode; what comes out is held to be clean
			requireNoCanary(t, string(encoded))
		})
	}
	// By reflection, through pointers and unexported fields, as a debugger or a test that
	// prints what differs would go.
	seen := texts(reflect.ValueOf(client), map[uintptr]bool{})
	assert.Contains(t, seen, "https://pay.example.com")
	requireNoCanary(t, strings.Join(seen, "\n"))
	assert.Equal(t, "okpay_[redacted]", key.String())
	assert.Equal(t, canary, key.Reveal())
	assert.Empty(t, merchant.APIKey{}.Reveal())
}

// texts collects every string that can be reached from a value.
func texts(v reflect.Value, seen map[uintptr]bool) (out []string) {
	switch v.Kind() {
	case reflect.String:
		return []string{v.String()}
	case reflect.Pointer:
		if v.IsNil() || seen[v.Pointer()] {
			return nil
		}
		seen[v.Pointer()] = true
		return texts(v.Elem(), seen)
	case reflect.Interface:
		return texts(v.Elem(), seen)
	case reflect.Struct:
		for i := range v.NumField() {
			out = append(out, texts(v.Field(i), seen)...)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			out = append(out, texts(v.Index(i), seen)...)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			out = append(append(out, texts(key, seen)...), texts(v.MapIndex(key), seen)...)
		}
	}
	return out
}

func TestAKeyCanStandInAConfigurationFile(t *testing.T) {
	t.Parallel()
	var file struct{ Key merchant.APIKey }
	require.NoError(t, json.Unmarshal([]byte(`{"Key":"`+canary+`"}`), &file))
	assert.Equal(t, canary, file.Key.Reveal())
}

func TestTheUserAgentCanBeSet(t *testing.T) {
	t.Parallel()
	s := newService(t, reply{status: 200, body: paymentJSON})
	_, err := s.client(t, func(c *merchant.Config) { c.UserAgent = "shop/1.2" }).Payments.Get(t.Context(), "pay_1")
	require.NoError(t, err)
	assert.Equal(t, "shop/1.2", s.seen()[0].header.Get("User-Agent"))
}

func TestLogsTellOfAttemptsAndNoSecrets(t *testing.T) {
	t.Parallel()
	const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	refusal := problem(503, merchant.CodeServiceBusy, merchant.RetrySameKey)
	s := newService(t, reply{drop: true}, refusal, reply{
		status: 201, header: map[string]string{"Request-Id": "req_good"},
		body: `{"id":"we_1","merchant":"m","url":"https://shop.example","events":[],"created_at":"2026-01-02T03:00:00Z","secret":"` + secret + `"}`,
	})
	var logged bytes.Buffer
	c := s.client(t, func(c *merchant.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	_, _, err := c.WebhookEndpoints.Create(t.Context(), merchant.CreateEndpoint{URL: "https://shop.example"})
	require.NoError(t, err)
	text := logged.String()
	assert.Equal(t, 3, strings.Count(text, "an attempt ended"))
	assert.Equal(t, 2, strings.Count(text, "repeating a call"))
	for _, want := range []string{"operation=webhook_endpoints.create", "error=EOF", "status=503", "code=service_busy", "request_id=req_9", "status=201", "request_id=req_good", "wait="} {
		assert.Contains(t, text, want)
	}
	requireNoCanary(t, text)
	assert.NotContains(t, text, secret)
	assert.NotContains(t, text, s.URL)
}

func TestWithoutALoggerNothingIsLogged(t *testing.T) { // not parallel: it replaces slog's default
	var logged bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	_, err := create(t.Context(), newService(t, reply{drop: true}).client(t), t)
	require.Error(t, err)
	assert.Empty(t, logged.String())
}

func TestCloseEndsTheClientsOwnConnectionsOnly(t *testing.T) {
	t.Parallel()
	transport := &closing{RoundTripper: http.DefaultTransport}
	s := newService(t, reply{status: 200, body: paymentJSON})
	c := s.client(t, func(c *merchant.Config) { c.Transport = transport })
	_, err := c.Payments.Get(t.Context(), "pay_1")
	require.NoError(t, err)
	c.Close()
	assert.Zero(t, transport.closed)

	var opened atomic.Int32
	own := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, paymentJSON)
	}))
	own.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	own.Start()
	t.Cleanup(own.Close)
	c = newClient(t, func(c *merchant.Config) { c.BaseURL = own.URL })
	get := func() {
		_, err := c.Payments.Get(t.Context(), "pay_1")
		require.NoError(t, err)
	}
	get()
	get()
	assert.Equal(t, int32(1), opened.Load(), "one connection serves several calls")
	c.Close()
	get()
	assert.Equal(t, int32(2), opened.Load(), "a closed client opens a connection again")
}

type closing struct {
	http.RoundTripper
	closed int
}

func (c *closing) CloseIdleConnections() { c.closed++ }
