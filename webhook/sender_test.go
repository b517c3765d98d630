package webhook_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/webhook"
)

// newSender returns a sender for loopback that closes itself.
func newSender(t *testing.T, config webhook.SenderConfig) *webhook.Sender {
	t.Helper()
	sender := webhook.NewSender(config)
	t.Cleanup(sender.Close)
	return sender
}

// receiver is a server on loopback; count says how many requests reached it.
func receiver(t *testing.T, handle http.HandlerFunc) (target string, count *atomic.Int64) {
	t.Helper()
	count = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		handle(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, count
}

func TestSendReachesAHandler(t *testing.T) {
	box := newInbox(t, webhook.HandlerConfig{}, nil)
	sender := newSender(t, webhook.SenderConfig{AllowPrivate: true, Now: at(noon)})
	to := webhook.Endpoint{URL: box.URL + "/hooks?for=tests", Keys: []webhook.SigningKey{secretOf(t, 9), box.secret}}
	message := webhook.Message{ID: "msg_1", Body: []byte(`{"n":1}`)}
	result := sender.Send(t.Context(), to, message)
	assert.Equal(t, webhook.Result{Outcome: webhook.OutcomeDelivered, Status: http.StatusNoContent, Response: []byte{}}, result)

	message.Timestamp = noon
	assert.Equal(t, []webhook.Message{message}, box.messages, "a message without a time is signed with the present")
}

func TestSendMakesOnePlainRequest(t *testing.T) {
	var got *http.Request
	var body []byte
	target, count := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	})
	sender := newSender(t, webhook.SenderConfig{AllowPrivate: true})
	for _, content := range []string{"", `{"a":"ü"}`, strings.Repeat("x", 1<<17)} {
		message := webhook.Message{ID: "msg_1", Timestamp: noon, Body: []byte(content)}
		count.Store(0)
		result := sender.Send(t.Context(), webhook.Endpoint{URL: target + "/a%2Fb?c=d#e", Keys: []webhook.SigningKey{secretOf(t, 1)}}, message)
		require.Equal(t, webhook.OutcomeDelivered, result.Outcome, result.Err)
		assert.EqualValues(t, 1, count.Load())
		assert.Equal(t, http.MethodPost, got.Method)
		assert.Equal(t, "/a%2Fb?c=d", got.RequestURI)
		assert.Equal(t, content, string(body))
		assert.EqualValues(t, len(content), got.ContentLength)
		assert.Equal(t, "application/json", got.Header.Get("Content-Type"))
		assert.Equal(t, webhook.DefaultUserAgent, got.Header.Get("User-Agent"))
		assert.Equal(t, "msg_1", got.Header.Get("webhook-id"))
		assert.Equal(t, "1772366400", got.Header.Get("webhook-timestamp"))
		want, err := webhook.Sign("msg_1", noon, []byte(content), secretOf(t, 1))
		require.NoError(t, err)
		assert.Equal(t, want, got.Header.Get("webhook-signature"))
	}
}

func TestSendClassifiesAnswers(t *testing.T) {
	var status int
	target, count := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(status)
		if status != http.StatusNoContent && status != http.StatusNotModified {
			_, _ = w.Write([]byte("said"))
		}
	})
	sender := newSender(t, webhook.SenderConfig{AllowPrivate: true})
	for outcome, statuses := range map[webhook.Outcome][]int{
		webhook.OutcomeDelivered: {200, 201, 202, 204, 299},
		webhook.OutcomeRetry:     {408, 409, 425, 429, 500, 501, 502, 503, 504, 599},
		webhook.OutcomeRejected:  {300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 413, 422, 451, 499},
		webhook.OutcomeGone:      {410},
	} {
		for _, status = range statuses {
			t.Run(fmt.Sprintf("%d is %s", status, outcome), func(t *testing.T) {
				count.Store(0)
				result := sender.Send(t.Context(), webhook.Endpoint{URL: target, Keys: []webhook.SigningKey{secretOf(t, 1)}},
					webhook.Message{ID: "msg_1", Body: []byte("body")})
				assert.Equal(t, outcome, result.Outcome)
				assert.Equal(t, status, result.Status)
				require.NoError(t, result.Err)
				assert.EqualValues(t, 1, count.Load(), "neither repeated nor redirected")
				if status != http.StatusNoContent && status != http.StatusNotModified {
					assert.Equal(t, "said", string(result.Response))
				}
				wait := time.Duration(0)
				if outcome.Again() {
					wait = time.Minute
				}
				assert.Equal(t, wait, result.RetryAfter)
			})
		}
	}
}

func TestSendTakesARedirectItCannotReadForARejection(t *testing.T) {
	target, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://[canary")
		w.WriteHeader(http.StatusFound)
	})
	sender := newSender(t, webhook.SenderConfig{AllowPrivate: true})
	result := sender.Send(t.Context(), webhook.Endpoint{URL: target, Keys: []webhook.SigningKey{secretOf(t, 1)}}, webhook.Message{ID: "msg_1"})
	assert.Equal(t, webhook.OutcomeRejected, result.Outcome)
	require.NoError(t, result.Err)
}

func TestSendHonorsRetryAfter(t *testing.T) {
	var value string
	target, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", value)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	sender := newSender(t, webhook.SenderConfig{AllowPrivate: true, Now: at(noon), MaxRetryAfter: 2 * time.Hour})
	for _, test := range []struct {
		value string
		want  time.Duration
	}{
		{"", 0},
		{"0", 0},
		{"120", 2 * time.Minute},
		{"007", 7 * time.Second},
		{"7200", 2 * time.Hour},
		{"7201", 2 * time.Hour},
		{"9223372036854775807", 2 * time.Hour},
		{"99999999999999999999999999", 2 * time.Hour},
		{"Sun, 01 Mar 2026 12:10:00 GMT", 10 * time.Minute},
		{"Sun, 01 Mar 2026 11:00:00 GMT", 0},
		{"Sun, 01 Mar 9999 11:00:00 GMT", 2 * time.Hour},
		{"-1", 0},
		{"+5", 0},
		{"1.5", 0},
		{"5 s", 0},
		{"soon", 0},
	} {
		t.Run(test.value, func(t *testing.T) {
			value = test.value
			result := sender.Send(t.Context(), webhook.Endpoint{URL: target, Keys: []webhook.SigningKey{secretOf(t, 1)}}, webhook.Message{ID: "msg_1"})
			assert.Equal(t, webhook.OutcomeRetry, result.Outcome)
			assert.Equal(t, test.want, result.RetryAfter)
		})
	}
}

func TestSendReadsTheBeginningOfTheAnswer(t *testing.T) {
	target, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		chunk := bytes.Repeat([]byte("x"), 1<<10)
		for range 1 << 10 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	sender := newSender(t, webhook.SenderConfig{AllowPrivate: true})
	result := sender.Send(t.Context(), webhook.Endpoint{URL: target, Keys: []webhook.SigningKey{secretOf(t, 1)}}, webhook.Message{ID: "msg_1"})
	assert.Equal(t, webhook.OutcomeDelivered, result.Outcome)
	assert.Len(t, result.Response, webhook.DefaultMaxResponse)
}

func TestSendKeepsTheStatusOfAnAnswerThatBreaksOff(t *testing.T) {
	target, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("half"))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	sender := newSender(t, webhook.SenderConfig{AllowPrivate: true})
	result := sender.Send(t.Context(), webhook.Endpoint{URL: target, Keys: []webhook.SigningKey{secretOf(t, 1)}}, webhook.Message{ID: "msg_1"})
	require.NoError(t, result.Err)
	assert.Equal(t, webhook.OutcomeDelivered, result.Outcome)
	assert.Equal(t, "half", string(result.Response))
}

func TestSendRefusesWhatCannotBeSent(t *testing.T) {
	key := []webhook.SigningKey{secretOf(t, 1)}
	const fine = "https://example.com/hook"
	tests := []struct {
		name     string
		to       webhook.Endpoint
		id       string
		category error
	}{
		{"an empty URL", webhook.Endpoint{Keys: key}, "msg_1", webhook.ErrInvalidEndpoint},
		{"a URL that does not parse", webhook.Endpoint{URL: "https://canary\x7f/", Keys: key}, "msg_1", webhook.ErrInvalidEndpoint},
		{"a path", webhook.Endpoint{URL: "/canary", Keys: key}, "msg_1", webhook.ErrInvalidEndpoint},
		{"no host", webhook.Endpoint{URL: "https:///canary", Keys: key}, "msg_1", webhook.ErrInvalidEndpoint},
		{"only a port", webhook.Endpoint{URL: "https://:443/canary", Keys: key}, "msg_1", webhook.ErrInvalidEndpoint},
		{"an opaque URL", webhook.Endpoint{URL: "https:canary", Keys: key}, "msg_1", webhook.ErrInvalidEndpoint},
		{"http", webhook.Endpoint{URL: "http://example.com/canary", Keys: key}, "msg_1", webhook.ErrInvalidEndpoint},
		{"another scheme", webhook.Endpoint{URL: "file:///canary", Keys: key}, "msg_1", webhook.ErrInvalidEndpoint},
		{"a user name", webhook.Endpoint{URL: "https://canary:canary@example.com/", Keys: key}, "msg_1", webhook.ErrInvalidEndpoint},
		{"a loopback address", webhook.Endpoint{URL: "https://127.0.0.1/", Keys: key}, "msg_1", webhook.ErrPrivateAddress},
		{"an IPv6 address of loopback", webhook.Endpoint{URL: "https://[::1]:8443/", Keys: key}, "msg_1", webhook.ErrPrivateAddress},
		{"a mapped address", webhook.Endpoint{URL: "https://[::ffff:10.0.0.1]/", Keys: key}, "msg_1", webhook.ErrPrivateAddress},
		{"an address with a zone", webhook.Endpoint{URL: "https://[fe80::1%25eth0]/", Keys: key}, "msg_1", webhook.ErrPrivateAddress},
		{"the metadata service", webhook.Endpoint{URL: "https://169.254.169.254/canary", Keys: key}, "msg_1", webhook.ErrPrivateAddress},
		{"this machine", webhook.Endpoint{URL: "https://LocalHost./", Keys: key}, "msg_1", webhook.ErrPrivateAddress},
		{"a name of this machine", webhook.Endpoint{URL: "https://a.localhost/", Keys: key}, "msg_1", webhook.ErrPrivateAddress},
		{"no key", webhook.Endpoint{URL: fine}, "msg_1", webhook.ErrInvalidKey},
		{"a zero key", webhook.Endpoint{URL: fine, Keys: []webhook.SigningKey{webhook.Secret{}}}, "msg_1", webhook.ErrInvalidKey},
		{"no id", webhook.Endpoint{URL: fine, Keys: key}, "", webhook.ErrInvalidMessage},
		{"the URL wins over the rest", webhook.Endpoint{}, "", webhook.ErrInvalidEndpoint},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sender := newSender(t, webhook.SenderConfig{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
				t.Error("a request was made")
				return nil, errors.New("no")
			})})
			result := sender.Send(t.Context(), test.to, webhook.Message{ID: test.id})
			assert.Equal(t, webhook.OutcomeInvalid, result.Outcome)
			require.ErrorIs(t, result.Err, test.category)
			assert.NotContains(t, result.Err.Error(), "canary")

			err := sender.CheckURL(test.to.URL)
			if test.to.URL == fine {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, test.category)
			}
		})
	}
}

func TestCheckURLInTheClear(t *testing.T) {
	const public, private = "http://example.com/", "http://10.0.0.1/"
	for _, test := range []struct {
		name                  string
		config                webhook.SenderConfig
		publicErr, privateErr error
	}{
		{"the zero value refuses both", webhook.SenderConfig{}, webhook.ErrInvalidEndpoint, webhook.ErrInvalidEndpoint},
		{"AllowInsecure does not allow private addresses", webhook.SenderConfig{AllowInsecure: true}, nil, webhook.ErrPrivateAddress},
		{"AllowPrivate allows both", webhook.SenderConfig{AllowPrivate: true}, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			sender := newSender(t, test.config)
			require.ErrorIs(t, sender.CheckURL(public), test.publicErr)
			require.ErrorIs(t, sender.CheckURL(private), test.privateErr)
		})
	}
}

func TestSendDoesNotDialAPrivateAddress(t *testing.T) {
	target, count := receiver(t, func(http.ResponseWriter, *http.Request) {})
	parsed, err := url.Parse(target)
	require.NoError(t, err)

	// Full-width digits are no address to whoever reads the URL; the transport
	// turns them into one when it dials. It stands for every name that turns out
	// to mean a private address.
	disguised := "http://１２７.０.０.１:" + parsed.Port()
	to := webhook.Endpoint{URL: disguised, Keys: []webhook.SigningKey{secretOf(t, 1)}}
	sender := newSender(t, webhook.SenderConfig{AllowInsecure: true})
	require.NoError(t, sender.CheckURL(disguised))
	result := sender.Send(t.Context(), to, webhook.Message{ID: "msg_1"})
	assert.Equal(t, webhook.OutcomeRejected, result.Outcome)
	require.ErrorIs(t, result.Err, webhook.ErrPrivateAddress)
	assert.Zero(t, count.Load())

	result = newSender(t, webhook.SenderConfig{AllowPrivate: true}).Send(t.Context(), to, webhook.Message{ID: "msg_1"})
	assert.Equal(t, webhook.OutcomeDelivered, result.Outcome, "the same URL works where private addresses are allowed: %v", result.Err)
	assert.EqualValues(t, 1, count.Load())
}

func TestSendOverTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // a failed handshake is meant
	server.StartTLS()
	defer server.Close()
	to := webhook.Endpoint{URL: server.URL, Keys: []webhook.SigningKey{secretOf(t, 1)}}

	result := newSender(t, webhook.SenderConfig{AllowPrivate: true}).Send(t.Context(), to, webhook.Message{ID: "msg_1"})
	assert.Equal(t, webhook.OutcomeRetry, result.Outcome, "a certificate may be renewed")
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, result.Err, &unknown)

	// A transport of one's own, with the guard it should have.
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	dialer := &net.Dialer{}
	transport := &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{RootCAs: roots}}
	sender := newSender(t, webhook.SenderConfig{AllowPrivate: true, Transport: transport})
	assert.Equal(t, http.StatusAccepted, sender.Send(t.Context(), to, webhook.Message{ID: "msg_1"}).Status)

	sender.Close() // or the connection that is open would be used without dialing
	dialer.Control = webhook.RefusePrivate
	result = sender.Send(t.Context(), to, webhook.Message{ID: "msg_1"})
	require.ErrorIs(t, result.Err, webhook.ErrPrivateAddress)
}

func TestSendReportsNetworkErrorsWithoutTheURL(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	target := server.URL
	server.Close() // nobody listens there any more
	result := newSender(t, webhook.SenderConfig{AllowPrivate: true}).Send(t.Context(),
		webhook.Endpoint{URL: target + "/canary?token=canary", Keys: []webhook.SigningKey{secretOf(t, 1)}}, webhook.Message{ID: "msg_1"})
	assert.Equal(t, webhook.OutcomeRetry, result.Outcome)
	require.Error(t, result.Err)
	assert.NotContains(t, result.Err.Error(), "canary")

	// A transport may be a client that wraps its errors.
	inner := errors.New("inner")
	result = newSender(t, webhook.SenderConfig{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("proxy: %w", &url.Error{Op: "Post", URL: r.URL.String(), Err: inner})
	})}).Send(t.Context(), webhook.Endpoint{URL: "https://example.com/canary", Keys: []webhook.SigningKey{secretOf(t, 1)}}, webhook.Message{ID: "msg_1"})
	require.ErrorIs(t, result.Err, inner)
	assert.NotContains(t, result.Err.Error(), "canary")
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestSendGivesUpInTime(t *testing.T) {
	to := webhook.Endpoint{URL: "https://example.com/", Keys: []webhook.SigningKey{secretOf(t, 1)}}
	silent := roundTripper(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	t.Run("after the timeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			result := webhook.NewSender(webhook.SenderConfig{Transport: silent}).Send(t.Context(), to, webhook.Message{ID: "msg_1"})
			assert.Equal(t, webhook.OutcomeRetry, result.Outcome)
			require.ErrorIs(t, result.Err, context.DeadlineExceeded)
			assert.Equal(t, 15*time.Second, result.Duration)
		})
	})
	t.Run("when the context ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			result := webhook.NewSender(webhook.SenderConfig{Transport: silent}).Send(ctx, to, webhook.Message{ID: "msg_1"})
			assert.Equal(t, webhook.OutcomeRetry, result.Outcome)
			require.ErrorIs(t, result.Err, context.Canceled)
			assert.Equal(t, time.Second, result.Duration)
		})
	})
	t.Run("while the answer trickles in", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			trickle := roundTripper(func(r *http.Request) (*http.Response, error) {
				body, pipe := io.Pipe()
				go func() {
					for {
						_, _ = pipe.Write([]byte("x"))
						select {
						case <-time.After(2 * time.Second):
						case <-r.Context().Done():
							_ = pipe.CloseWithError(r.Context().Err())
							return
						}
					}
				}()
				return &http.Response{StatusCode: http.StatusOK, Body: body}, nil
			})
			result := webhook.NewSender(webhook.SenderConfig{Transport: trickle}).Send(t.Context(), to, webhook.Message{ID: "msg_1"})
			assert.Equal(t, webhook.OutcomeDelivered, result.Outcome, "the status had come")
			assert.Len(t, result.Response, 8)
			assert.Equal(t, 15*time.Second, result.Duration)
		})
	})
}

func TestSendFollowsTheScheduleUntilAReceiverRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var ids, timestamps []string
		transport := roundTripper(func(r *http.Request) (*http.Response, error) {
			ids = append(ids, r.Header.Get("webhook-id"))
			timestamps = append(timestamps, r.Header.Get("webhook-timestamp"))
			status := http.StatusNoContent
			if time.Since(start) < 3*time.Hour {
				status = http.StatusBadGateway
			}
			return &http.Response{StatusCode: status, Body: http.NoBody}, nil
		})
		sender := webhook.NewSender(webhook.SenderConfig{Transport: transport})
		to := webhook.Endpoint{URL: "https://example.com/", Keys: []webhook.SigningKey{secretOf(t, 1)}}
		schedule := webhook.Schedule{Jitter: exact}
		for made := 1; ; made++ {
			result := sender.Send(t.Context(), to, webhook.Message{ID: "msg_1"})
			delay, again := schedule.After(made, result)
			if !again {
				assert.Equal(t, webhook.OutcomeDelivered, result.Outcome)
				break
			}
			time.Sleep(delay)
		}
		assert.Equal(t, 7*time.Hour+35*time.Minute+5*time.Second, time.Since(start))
		assert.Equal(t, []string{"msg_1", "msg_1", "msg_1", "msg_1", "msg_1", "msg_1"}, ids)
		distinct := map[string]bool{}
		for _, timestamp := range timestamps {
			distinct[timestamp] = true
		}
		assert.Len(t, distinct, len(timestamps), "every attempt has its own time")
	})
}

func TestOutcomesHaveWords(t *testing.T) {
	words := map[string]bool{}
	for outcome := webhook.OutcomeUnknown; outcome <= webhook.OutcomeInvalid; outcome++ {
		words[outcome.String()] = true
	}
	assert.Len(t, words, int(webhook.OutcomeInvalid)+1)
	assert.Equal(t, "unknown", webhook.Outcome(99).String())
	assert.False(t, webhook.Outcome(99).Again())
}

func FuzzCheckURL(f *testing.F) {
	for _, seed := range []string{"https://example.com/", "http://127.0.0.1", "https://[::1]:80/", "https://a@b/", "//x", "https://１０.0.0.1"} {
		f.Add(seed)
	}
	sender := webhook.NewSender(webhook.SenderConfig{})
	f.Fuzz(func(t *testing.T, raw string) {
		err := sender.CheckURL(raw)
		if err != nil {
			if !errors.Is(err, webhook.ErrInvalidEndpoint) && !errors.Is(err, webhook.ErrPrivateAddress) {
				t.Fatalf("an error of no category: %v", err)
			}
			return
		}
		parsed, err := url.Parse(raw)
		if err != nil || parsed.Scheme != "https" || parsed.Hostname() == "" || parsed.User != nil {
			t.Fatalf("accepted %q", raw)
		}
	})
}
