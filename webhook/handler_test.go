package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/webhook"
)

// inbox is a handler on loopback that remembers what its function was given
// and which errors it reported.
type inbox struct {
	*httptest.Server
	secret webhook.Secret

	mu       sync.Mutex
	messages []webhook.Message
	errs     []error
}

func newInbox(t *testing.T, config webhook.HandlerConfig, receive func(context.Context, webhook.Message) error) *inbox {
	t.Helper()
	box := &inbox{secret: secretOf(t, 1)}
	config.OnError = func(_ *http.Request, err error) {
		box.mu.Lock()
		defer box.mu.Unlock()
		box.errs = append(box.errs, err)
	}
	handler := webhook.NewHandler(verifierOf(t, box.secret), func(ctx context.Context, m webhook.Message) error {
		box.mu.Lock()
		box.messages = append(box.messages, m)
		box.mu.Unlock()
		if receive == nil {
			return nil
		}
		return receive(ctx, m)
	}, config)
	box.Server = httptest.NewUnstartedServer(handler)
	box.Config.ErrorLog = log.New(io.Discard, "", 0) // a panic is meant
	box.Start()
	t.Cleanup(box.Close)
	return box
}

func (b *inbox) calls() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.messages)
}

// lastError returns the error reported last, or nil.
func (b *inbox) lastError() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.errs) == 0 {
		return nil
	}
	return b.errs[len(b.errs)-1]
}

// answer is what a client sees.
type answer struct {
	status int
	header http.Header
	body   string
}

// deliver sends a message signed with the inbox's secret.
func (b *inbox) deliver(t *testing.T, id, body string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.URL, strings.NewReader(body))
	require.NoError(t, err)
	message := webhook.Message{ID: id, Timestamp: noon, Body: []byte(body)}
	require.NoError(t, webhook.SetHeaders(request.Header, message, b.secret))
	return b.do(t, request)
}

func (b *inbox) do(t *testing.T, request *http.Request) answer {
	t.Helper()
	response, err := b.Client().Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, string(body)}
}

// requireProblem checks that the answer is a problem document and no more.
func requireProblem(t *testing.T, got answer, status int) {
	t.Helper()
	require.Equal(t, status, got.status)
	assert.Equal(t, "application/problem+json", got.header.Get("Content-Type"))
	var document map[string]any
	require.NoError(t, json.Unmarshal([]byte(got.body), &document))
	assert.EqualValues(t, status, document["status"])
	assert.Equal(t, http.StatusText(status), document["title"])
	assert.Less(t, len(got.body), 256)
}

func TestHandlerHandlesAMessageOnce(t *testing.T) {
	box := newInbox(t, webhook.HandlerConfig{}, nil)
	for range 3 {
		got := box.deliver(t, "msg_1", `{"n":1}`)
		assert.Equal(t, http.StatusNoContent, got.status)
		assert.Empty(t, got.body)
	}
	assert.Equal(t, http.StatusNoContent, box.deliver(t, "msg_2", "").status)
	want := []webhook.Message{
		{ID: "msg_1", Timestamp: noon, Body: []byte(`{"n":1}`)},
		{ID: "msg_2", Timestamp: noon, Body: []byte{}},
	}
	assert.Equal(t, want, box.messages)
	assert.NoError(t, box.lastError())
}

func TestHandlerRefusesRequests(t *testing.T) {
	const limit = 64
	tests := []struct {
		name     string
		change   func(*http.Request)
		status   int
		category error
	}{
		{"GET", func(r *http.Request) { r.Method = http.MethodGet }, http.StatusMethodNotAllowed, webhook.ErrMethod},
		{"PUT", func(r *http.Request) { r.Method = http.MethodPut }, http.StatusMethodNotAllowed, webhook.ErrMethod},
		{"a body that says it is too long", func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(strings.Repeat("x", limit+1))), limit+1
		}, http.StatusRequestEntityTooLarge, webhook.ErrBodyTooLarge},
		{"a body that turns out too long", func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(strings.Repeat("x", limit+1))), -1
		}, http.StatusRequestEntityTooLarge, webhook.ErrBodyTooLarge},
		{"no id", func(r *http.Request) { r.Header.Del(webhook.HeaderID) }, http.StatusBadRequest, webhook.ErrMissingHeader},
		{"two ids", func(r *http.Request) { r.Header.Add(webhook.HeaderID, "b") }, http.StatusBadRequest, webhook.ErrInvalidHeader},
		{"an old timestamp", func(r *http.Request) { r.Header.Set(webhook.HeaderTimestamp, "1") }, http.StatusBadRequest, webhook.ErrTimestamp},
		{"a wrong signature", func(r *http.Request) { r.Header.Set(webhook.HeaderSignature, "v1,x") }, http.StatusBadRequest, webhook.ErrSignature},
		{"another body", func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader("other")), 5
		}, http.StatusBadRequest, webhook.ErrSignature},
	}
	details := map[string]bool{}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			box := newInbox(t, webhook.HandlerConfig{MaxBody: limit}, nil)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, box.URL, strings.NewReader("body"))
			require.NoError(t, err)
			message := webhook.Message{ID: "msg_1", Timestamp: noon, Body: []byte("body")}
			require.NoError(t, webhook.SetHeaders(request.Header, message, box.secret))
			test.change(request)

			got := box.do(t, request)
			requireProblem(t, got, test.status)
			require.ErrorIs(t, box.lastError(), test.category)
			assert.Zero(t, box.calls())
			if test.status == http.StatusBadRequest {
				details[got.body] = true
			}
			allow := ""
			if test.status == http.StatusMethodNotAllowed {
				allow = http.MethodPost
			}
			assert.Equal(t, allow, got.header.Get("Allow"))

			assert.Equal(t, http.StatusNoContent, box.deliver(t, "msg_1", "body").status, "a refused request claims nothing")
		})
	}
	assert.Len(t, details, 1, "the answer does not tell why verification failed")
}

func TestHandlerTakesABodyOfTheGreatestLength(t *testing.T) {
	box := newInbox(t, webhook.HandlerConfig{}, nil)
	assert.Equal(t, http.StatusNoContent, box.deliver(t, "msg_1", strings.Repeat("x", webhook.DefaultMaxBody)).status)
	requireProblem(t, box.deliver(t, "msg_2", strings.Repeat("x", webhook.DefaultMaxBody+1)), http.StatusRequestEntityTooLarge)
}

func TestHandlerDoesNotReadABodyThatSaysItIsTooLong(t *testing.T) {
	handler := webhook.NewHandler(verifierOf(t, secretOf(t, 1)), func(context.Context, webhook.Message) error { return nil }, webhook.HandlerConfig{})
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", iotest.ErrReader(errors.New("was read")))
	request.ContentLength = webhook.DefaultMaxBody + 1
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	assert.Equal(t, http.StatusRequestEntityTooLarge, recorder.Code)
}

func TestHandlerRefusesABodyThatBreaksOff(t *testing.T) {
	var reported error
	handler := webhook.NewHandler(verifierOf(t, secretOf(t, 1)), func(context.Context, webhook.Message) error { return nil },
		webhook.HandlerConfig{OnError: func(_ *http.Request, err error) { reported = err }})
	recorder := httptest.NewRecorder()
	broken := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(io.ErrUnexpectedEOF))
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", broken))
	requireProblem(t, answer{recorder.Code, recorder.Header(), recorder.Body.String()}, http.StatusBadRequest)
	require.ErrorIs(t, reported, webhook.ErrBodyUnreadable)
	require.ErrorIs(t, reported, io.ErrUnexpectedEOF)
}

func TestHandlerAsksAgainForWhatFailed(t *testing.T) {
	broken := errors.New("canary: the database at 10.1.2.3 is down")
	fail := true
	box := newInbox(t, webhook.HandlerConfig{}, func(context.Context, webhook.Message) error {
		if fail {
			return broken
		}
		return nil
	})
	got := box.deliver(t, "msg_1", "body")
	requireProblem(t, got, http.StatusInternalServerError)
	assert.NotContains(t, got.body, "canary")
	require.ErrorIs(t, box.lastError(), broken)

	fail = false
	assert.Equal(t, http.StatusNoContent, box.deliver(t, "msg_1", "body").status)
	assert.Equal(t, http.StatusNoContent, box.deliver(t, "msg_1", "body").status)
	assert.Equal(t, 2, box.calls())
}

func TestHandlerRunsConcurrentDeliveriesOnce(t *testing.T) {
	started, finish := make(chan struct{}), make(chan struct{})
	box := newInbox(t, webhook.HandlerConfig{}, func(context.Context, webhook.Message) error {
		close(started)
		<-finish
		return nil
	})
	first := make(chan answer, 1)
	go func() { first <- box.deliver(t, "msg_1", "body") }()
	<-started
	for range 3 {
		got := box.deliver(t, "msg_1", "body")
		requireProblem(t, got, http.StatusConflict)
		assert.NotEmpty(t, got.header.Get("Retry-After"))
		require.ErrorIs(t, box.lastError(), webhook.ErrInProgress)
	}
	close(finish)
	assert.Equal(t, http.StatusNoContent, (<-first).status)
	assert.Equal(t, http.StatusNoContent, box.deliver(t, "msg_1", "body").status)
	assert.Equal(t, 1, box.calls())
}

func TestHandlerPassesAPanicOnAndForgetsTheMessage(t *testing.T) {
	panics := true
	receive := func(context.Context, webhook.Message) error {
		if panics {
			panic("canary")
		}
		return nil
	}
	box := newInbox(t, webhook.HandlerConfig{}, receive)
	got := box.deliver(t, "msg_1", "body")
	requireProblem(t, got, http.StatusInternalServerError)
	assert.NotContains(t, got.body, "canary")
	panics = false
	assert.Equal(t, http.StatusNoContent, box.deliver(t, "msg_1", "body").status)
	assert.Equal(t, 2, box.calls())

	panics = true
	secret := secretOf(t, 1)
	handler := webhook.NewHandler(verifierOf(t, secret), receive, webhook.HandlerConfig{})
	recorder := httptest.NewRecorder()
	assert.PanicsWithValue(t, "canary", func() { handler.ServeHTTP(recorder, signedRequest(t, secret)) })
	assert.Equal(t, http.StatusInternalServerError, recorder.Code)
	assert.True(t, recorder.Flushed, "the server drops what is not flushed")
	assert.Equal(t, "close", recorder.Header().Get("Connection"), "the server closes the connection")

	// A store that fails too is reported.
	broken := errors.New("the store is down")
	var reported error
	handler = webhook.NewHandler(verifierOf(t, secret), receive, webhook.HandlerConfig{
		Seen: &brokenSeen{
			Seen:   webhook.NewMemorySeen(webhook.MemorySeenConfig{}),
			forget: func(context.Context) error { return broken },
		},
		OnError: func(_ *http.Request, err error) { reported = err },
	})
	assert.Panics(t, func() { handler.ServeHTTP(httptest.NewRecorder(), signedRequest(t, secret)) })
	require.ErrorIs(t, reported, broken)
}

func signedRequest(t *testing.T, secret webhook.Secret) *http.Request {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("body"))
	require.NoError(t, webhook.SetHeaders(request.Header, webhook.Message{ID: "msg_1", Timestamp: noon, Body: []byte("body")}, secret))
	return request
}

// brokenSeen is a store of which some methods fail.
type brokenSeen struct {
	webhook.Seen
	claim               webhook.Claim
	begin, done, forget func(context.Context) error
}

func (s *brokenSeen) Begin(ctx context.Context, id string) (webhook.Claim, error) {
	if s.begin != nil {
		return s.claim, s.begin(ctx)
	}
	return s.Seen.Begin(ctx, id)
}

func (s *brokenSeen) Done(ctx context.Context, id string) error {
	if s.done != nil {
		return s.done(ctx)
	}
	return s.Seen.Done(ctx, id)
}

func (s *brokenSeen) Forget(ctx context.Context, id string) error {
	if s.forget != nil {
		return s.forget(ctx)
	}
	return s.Seen.Forget(ctx, id)
}

func TestHandlerWithABrokenStore(t *testing.T) {
	broken := errors.New("the store is down")
	fails := func(context.Context) error { return broken }
	failed := errors.New("the function failed")
	tests := []struct {
		name    string
		seen    brokenSeen
		receive error
		status  int
		errs    []error
		calls   int
	}{
		{"Begin fails: nothing is called", brokenSeen{begin: fails}, nil, http.StatusInternalServerError, []error{webhook.ErrSeen, broken}, 0},
		{
			"Begin grants and fails: nothing is called",
			brokenSeen{claim: webhook.ClaimGranted, begin: fails},
			nil, http.StatusInternalServerError,
			[]error{webhook.ErrSeen, broken},
			0,
		},
		{
			"Begin answers nothing: nothing is called",
			brokenSeen{begin: func(context.Context) error { return nil }},
			nil, http.StatusInternalServerError,
			[]error{webhook.ErrSeen},
			0,
		},
		{"Done fails: the message was handled all the same", brokenSeen{done: fails}, nil, http.StatusNoContent, []error{webhook.ErrSeen, broken}, 1},
		{
			"Forget fails: both errors are reported",
			brokenSeen{forget: fails},
			failed, http.StatusInternalServerError,
			[]error{webhook.ErrSeen, broken, failed},
			1,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.seen.Seen = webhook.NewMemorySeen(webhook.MemorySeenConfig{})
			box := newInbox(t, webhook.HandlerConfig{Seen: &test.seen}, func(context.Context, webhook.Message) error { return test.receive })
			assert.Equal(t, test.status, box.deliver(t, "msg_1", "body").status)
			for _, err := range test.errs {
				require.ErrorIs(t, box.lastError(), err)
			}
			assert.Equal(t, test.calls, box.calls())
		})
	}
}

func TestHandlerSettlesAfterTheSenderHungUpButNotForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secret := secretOf(t, 1)
		ctx, hangUp := context.WithCancel(t.Context())
		var waited time.Duration
		seen := &brokenSeen{
			Seen: webhook.NewMemorySeen(webhook.MemorySeenConfig{}),
			done: func(ctx context.Context) error {
				require.NoError(t, ctx.Err(), "the sender's absence does not stop the store")
				start := time.Now()
				<-ctx.Done()
				waited = time.Since(start)
				return ctx.Err()
			},
		}
		var reported error
		handler := webhook.NewHandler(verifierOf(t, secret), func(context.Context, webhook.Message) error {
			hangUp()
			return nil
		}, webhook.HandlerConfig{Seen: seen, OnError: func(_ *http.Request, err error) { reported = err }})
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, signedRequest(t, secret).WithContext(ctx))
		assert.Equal(t, http.StatusNoContent, recorder.Code)
		assert.Equal(t, 5*time.Second, waited)
		require.ErrorIs(t, reported, context.DeadlineExceeded)
	})
}

func TestNewHandlerPanicsOnAMistakeInTheProgram(t *testing.T) {
	receive := func(context.Context, webhook.Message) error { return nil }
	assert.Panics(t, func() { webhook.NewHandler(nil, receive, webhook.HandlerConfig{}) })
	assert.Panics(t, func() { webhook.NewHandler(verifierOf(t, secretOf(t, 1)), nil, webhook.HandlerConfig{}) })
}

func FuzzHandler(f *testing.F) {
	secret := secretOf(f, 1)
	var calls int
	handler := webhook.NewHandler(verifierOf(f, secret), func(context.Context, webhook.Message) error {
		calls++
		return nil
	}, webhook.HandlerConfig{MaxBody: 32})
	f.Add("POST", "msg_1", "1772366400", "v1,x", []byte("body"))
	f.Add("GET", "", "", "", bytes.Repeat([]byte("x"), 40))
	f.Fuzz(func(t *testing.T, method, id, timestamp, signature string, body []byte) {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
		request.Method = method
		request.Header = http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {timestamp}, "Webhook-Signature": {signature}}
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		want := http.StatusBadRequest
		switch {
		case method != http.MethodPost:
			want = http.StatusMethodNotAllowed
		case len(body) > 32:
			want = http.StatusRequestEntityTooLarge
		}
		if recorder.Code != want || calls != 0 {
			t.Fatalf("answered %d after %d calls, want %d", recorder.Code, calls, want)
		}
	})
}
