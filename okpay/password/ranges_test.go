package password_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/password"
)

// digitsOf returns the two parts of a password's SHA-1.
func digitsOf(text string) (prefix, suffix string) {
	sum := sha1.Sum([]byte(text))
	digits := strings.ToUpper(hex.EncodeToString(sum[:]))
	return digits[:5], digits[5:]
}

// rangeServer is a range service that has a few passwords.
func rangeServer(t testing.TB, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server
}

func newRangeClient(t testing.TB, config password.RangeConfig) *password.RangeClient {
	t.Helper()
	client, err := password.NewRangeClient(config)
	require.NoError(t, err)
	return client
}

func TestRangeClientSendsThePrefixAlone(t *testing.T) {
	t.Parallel()
	const text = "Ünïcödé-päss9"
	prefix, suffix := digitsOf(text)
	var requests []string
	server := rangeServer(t, func(w http.ResponseWriter, r *http.Request) {
		var dump strings.Builder
		_ = r.Write(&dump)
		requests = append(requests, dump.String())
		assert.Equal(t, "/range/"+prefix, r.URL.Path)
		assert.Equal(t, "true", r.Header.Get("Add-Padding"))
		_, _ = fmt.Fprintf(w, "%s:0\r\n%s:12\r\n%s:3", strings.Repeat("0", 35), suffix, strings.Repeat("F", 35))
	})
	for _, endpoint := range []string{server.URL + "/range/", server.URL + "/range"} {
		client := newRangeClient(t, password.RangeConfig{Endpoint: endpoint, Client: server.Client()})
		for _, typed := range []string{text, "U\u0308ni\u0308co\u0308de\u0301-pa\u0308ss9"} {
			count, err := client.Count(t.Context(), password.New(typed))
			require.NoError(t, err)
			assert.Equal(t, 12, count)
		}
	}
	require.Len(t, requests, 4)
	for _, request := range requests {
		assert.NotContains(t, request, suffix)
		assert.NotContains(t, strings.ToUpper(request), suffix[:6])
		assert.NotContains(t, request, "päss")
	}
}

func TestRangeClientReadsAnswers(t *testing.T) {
	t.Parallel()
	const text = "purple ferry lantern"
	prefix, suffix := digitsOf(text)
	zeros := strings.Repeat("0", 35)
	tests := []struct {
		name   string
		status int
		body   string
		count  int
		fails  bool
	}{
		{"met", 200, suffix + ":7", 7, false},
		{"met, in small letters", 200, strings.ToLower(suffix) + ":7\n", 7, false},
		{"not met", 200, zeros + ":7\r\n", 0, false},
		{"nothing at all", 200, "", 0, false},
		{"padding", 200, suffix + ":0", 0, false},
		{"padding before it", 200, suffix + ":0\n" + suffix + ":9", 9, false},
		{"padding behind it", 200, suffix + ":9\n" + suffix + ":0", 9, false},
		{"a page of a network that asks for a login", 200, "<html>Please sign in</html>", 0, true},
		{"a page behind a match", 200, suffix + ":7\n<html>", 0, true},
		{"no count", 200, suffix, 0, true},
		{"a count that is none", 200, suffix + ":many", 0, true},
		{"a negative count", 200, suffix + ":-1", 0, true},
		{"a count of more than 31 bits", 200, suffix + ":4294967296", 0, true},
		{"a digit too few", 200, suffix[1:] + ":1", 0, true},
		{"a digit that is none", 200, suffix[1:] + "G:1", 0, true},
		{"a line without end", 200, strings.Repeat("0", 1<<17), 0, true},
		{"too large", 200, strings.Repeat(zeros+":1\n", 1<<15), 0, true},
		{"an error", 500, suffix + ":7", 0, true},
		{"too many requests", 429, "", 0, true},
		{"not found", 404, "", 0, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := rangeServer(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			})
			client := newRangeClient(t, password.RangeConfig{Endpoint: server.URL, Client: server.Client()})
			count, err := client.Count(t.Context(), password.New(text))
			assert.Equal(t, test.count, count)
			if !test.fails {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, password.ErrBreachCheck)
			assert.NotContains(t, err.Error(), prefix)
			assert.NotContains(t, err.Error(), suffix)
		})
	}
}

// Where an answer is cut off it must not look complete.
func TestRangeClientBoundsTheAnswer(t *testing.T) {
	t.Parallel()
	_, suffix := digitsOf("purple ferry lantern")
	line := strings.Repeat("0", 35) + ":1\n"
	server := rangeServer(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(line + suffix + ":7\n"))
	})
	for most, fails := range map[int64]bool{int64(len(line)) - 1: true, int64(2*len(line)) - 1: true, int64(2 * len(line)): false} {
		client := newRangeClient(t, password.RangeConfig{Endpoint: server.URL, MaxBytes: most})
		count, err := client.Count(t.Context(), password.New("purple ferry lantern"))
		assert.Equal(t, fails, errors.Is(err, password.ErrBreachCheck), most)
		assert.Equal(t, !fails, count == 7, most)
	}
}

func TestRangeClientFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	elsewhere := rangeServer(t, func(http.ResponseWriter, *http.Request) { t.Error("was followed") })
	server := rangeServer(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusFound)
	})
	client := newRangeClient(t, password.RangeConfig{Endpoint: server.URL, Client: server.Client()})
	_, err := client.Count(t.Context(), password.New("purple ferry lantern"))
	require.ErrorIs(t, err, password.ErrBreachCheck)
}

func TestRangeClientSaysWhatHappenedWithoutThePrefix(t *testing.T) {
	t.Parallel()
	prefix, _ := digitsOf("purple ferry lantern")
	server := rangeServer(t, func(http.ResponseWriter, *http.Request) {})
	server.Close()
	client := newRangeClient(t, password.RangeConfig{Endpoint: server.URL})
	_, err := client.Count(t.Context(), password.New("purple ferry lantern"))
	require.ErrorIs(t, err, password.ErrBreachCheck)
	assert.ErrorContains(t, err, "refused")
	assert.NotContains(t, err.Error(), prefix)
}

// silent is a service that never answers.
type silent struct{ asked *int }

func (s silent) RoundTrip(r *http.Request) (*http.Response, error) {
	*s.asked++
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestRangeClientDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		client := newRangeClient(t, password.RangeConfig{Client: &http.Client{Transport: silent{&asked}}})
		start := time.Now()
		_, err := client.Count(t.Context(), password.New("purple ferry lantern"))
		require.ErrorIs(t, err, password.ErrBreachCheck)
		assert.Equal(t, 2*time.Second, time.Since(start))

		// The caller's own end is no failure of the service.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = client.Count(ctx, password.New("purple ferry lantern"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.False(t, errors.Is(err, password.ErrBreachCheck))
		assert.Equal(t, 2, asked)

		// What can be no password is not asked for.
		_, err = client.Count(t.Context(), password.New(strings.Repeat("a", 2000)))
		require.ErrorIs(t, err, password.TooLong)
		assert.Equal(t, 2, asked)
	})
}

func TestNewRangeClientRefuses(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]password.RangeConfig{
		"plain HTTP to another machine":  {Endpoint: "http://ranges.example/range/"},
		"an address that is no loopback": {Endpoint: "http://192.0.2.1/range/"},
		"another scheme":                 {Endpoint: "file:///range/"},
		"no host":                        {Endpoint: "https:///range/"},
		"a query":                        {Endpoint: "https://ranges.example/?prefix="},
		"what is no URL":                 {Endpoint: "https://[::1"},
		"a negative time":                {Timeout: -1},
		"a negative size":                {MaxBytes: -1},
	} {
		_, err := password.NewRangeClient(config)
		require.ErrorIs(t, err, password.ErrInvalidConfig, name)
	}
	for _, endpoint := range []string{"", "https://ranges.example/range", "http://127.0.0.1:1/", "http://[::1]:1", "http://localhost:1"} {
		_, err := password.NewRangeClient(password.RangeConfig{Endpoint: endpoint})
		require.NoError(t, err, endpoint)
	}
}

func FuzzCountIn(f *testing.F) {
	_, suffix := digitsOf("purple ferry lantern")
	f.Add([]byte(suffix + ":7\r\n" + strings.Repeat("0", 35) + ":0"))
	f.Add([]byte("<html>"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, body []byte) {
		count, err := password.CountIn(body, suffix)
		assert.GreaterOrEqual(t, count, 0)
		if err != nil {
			assert.Zero(t, count)
		}
		if count > 0 {
			assert.Contains(t, strings.ToUpper(string(body)), suffix)
		}
	})
}
