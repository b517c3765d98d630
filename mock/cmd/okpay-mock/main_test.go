package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/merchant"
	"github.com/okpay/okpay-go/webhook"
)

// program is a run of okpay-mock, with what it printed before it began to wait.
type program struct {
	printed string
	stop    context.CancelFunc
	ended   chan error
	log     *bytes.Buffer // to be read once it has ended
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	p := &program{stop: stop, ended: make(chan error, 1), log: &bytes.Buffer{}}
	reader, writer := io.Pipe()
	go func() {
		err := run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), writer, p.log)
		p.ended <- err
		_ = writer.Close() // which never fails
	}()
	t.Cleanup(stop)
	for lines := bufio.NewScanner(reader); lines.Scan(); {
		p.printed += lines.Text() + "\n"
		if strings.HasPrefix(lines.Text(), "Stop with") {
			return p
		}
	}
	require.NoError(t, <-p.ended)
	require.Fail(t, "it ended before it was ready", p.printed)
	return nil
}

// end interrupts the program.
func (p *program) end(t *testing.T) {
	t.Helper()
	p.stop()
	require.NoError(t, <-p.ended)
}

// value returns the word that follows a label.
func (p *program) value(t *testing.T, label string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + label + ` +(\S+)`).FindStringSubmatch(p.printed)
	require.NotNil(t, found, "%s in:\n%s", label, p.printed)
	return found[1]
}

func TestThePrintedKeyAndURLsWork(t *testing.T) {
	t.Parallel()
	p := start(t)
	base, ok := strings.CutSuffix(p.value(t, "API"), "/v1")
	require.True(t, ok)
	client, err := merchant.New(merchant.Config{BaseURL: base, APIKey: merchant.NewAPIKey(p.value(t, "API key")), MaxRetries: -1})
	require.NoError(t, err)
	defer client.Close()
	who, err := client.Merchant.Get(t.Context())
	require.NoError(t, err)
	assert.Equal(t, p.value(t, "Merchant"), string(who.ID))
	assert.WithinDuration(t, time.Now(), who.CreatedAt, time.Minute, "its clock runs from now")

	for label, want := range map[string]string{"Document": "openapi: 3.1", "Control": p.value(t, "API key")} {
		response, err := http.Get(p.value(t, label))
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusOK, response.StatusCode, label)
		assert.Contains(t, string(body), want, label)
	}

	p.end(t)
	_, err = client.Merchant.Get(t.Context())
	assert.ErrorIs(t, err, merchant.ErrNetwork, "it has ended with its context")
}

// The commands that are printed for people to copy are carried out as a shell with curl
// would.
func TestThePrintedCommandsMakeAPaymentAndConfirmIt(t *testing.T) {
	t.Parallel()
	p := start(t)
	defer p.end(t)
	commands := strings.Split(strings.ReplaceAll(p.printed, "\\\n", " "), "\n")
	var answers []map[string]any
	for _, line := range commands {
		if !strings.Contains(line, "curl") {
			continue
		}
		if len(answers) > 0 {
			line = strings.ReplaceAll(line, "pay_…", answers[0]["id"].(string))
		}
		answers = append(answers, curl(t, line))
	}
	require.Len(t, answers, 2)
	assert.Equal(t, "created", answers[0]["state"])
	assert.Equal(t, "captured", answers[1]["state"])
}

// curl posts as the command in a line does: -H sets a header, -d the body.
func curl(t *testing.T, line string) (answer map[string]any) {
	t.Helper()
	words := regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line, -1)
	var url, body string
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for i, word := range words {
		next := ""
		if i+1 < len(words) {
			next = strings.Trim(words[i+1], "'")
		}
		switch {
		case strings.HasPrefix(word, "http://"):
			url = word
		case word == "-H":
			name, value, _ := strings.Cut(next, ": ")
			header.Set(name, value)
		case word == "-d":
			body = next
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Less(t, response.StatusCode, 300, line)
	require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
	return answer
}

func TestEventsGoToTheWebhookSignedWithThePrintedSecret(t *testing.T) {
	t.Parallel()
	type delivery struct {
		header http.Header
		body   []byte
	}
	deliveries := make(chan delivery, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		deliveries <- delivery{r.Header.Clone(), body}
	}))
	t.Cleanup(receiver.Close)
	p := start(t, "-webhook", receiver.URL, "-log")
	assert.Equal(t, receiver.URL, p.value(t, "Webhook"))
	secret, err := webhook.ParseSecret(p.value(t, "Secret"))
	require.NoError(t, err)
	verifier, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: []webhook.VerifyKey{secret}})
	require.NoError(t, err)
	key := p.value(t, "API key")
	client, err := merchant.New(merchant.Config{BaseURL: strings.TrimSuffix(p.value(t, "API"), "/v1"), APIKey: merchant.NewAPIKey(key)})
	require.NoError(t, err)
	defer client.Close()
	payment, err := client.Payments.Create(t.Context(), merchant.CreatePayment{Amount: money.New(1, money.MustISO("CNY"))})
	require.NoError(t, err)

	got := <-deliveries
	message, err := verifier.Verify(got.header, got.body)
	require.NoError(t, err)
	event, err := merchant.ParseEvent(message.Body)
	require.NoError(t, err)
	announced, err := event.Payment()
	require.NoError(t, err)
	assert.Equal(t, payment.ID, announced.ID)

	p.end(t)
	assert.Contains(t, p.log.String(), "/v1/payments", "-log logs requests")
	assert.NotContains(t, p.log.String(), key)
	assert.NotContains(t, p.log.String(), secret.Reveal())
}

func TestWhatCannotBeStartedIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"a flag that is not known", []string{"-port", "1"}, "-port"},
		{"a flag without its value", []string{"-addr"}, "needs an argument"},
		{"words that are no flags", []string{"-addr", "127.0.0.1:0", "now"}, `"now"`},
		{"an address that is none", []string{"-addr", "nowhere:-1"}, "listen"},
		{"a webhook that is no URL", []string{"-addr", "127.0.0.1:0", "-webhook", "ftp://example.com"}, "url"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := run(t.Context(), test.args, io.Discard, io.Discard)
			require.Error(t, err)
			assert.Contains(t, err.Error(), test.want)
		})
	}
}

func TestHelpTellsTheFlags(t *testing.T) {
	t.Parallel()
	var out, log bytes.Buffer
	require.Error(t, run(t.Context(), []string{"-h"}, &out, &log))
	assert.Contains(t, log.String(), "-webhook")
	assert.Empty(t, out.String())
}
