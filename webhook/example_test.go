package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/okpay/okpay-go/webhook"
)

// Examples use fixed keys, times and ids so that they can be repeated. Real
// programs read keys from their configuration and leave Now alone.
const exampleSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

var exampleTime = time.Unix(1772366400, 0).UTC()

func exampleNow() time.Time { return exampleTime }

// A sender signs a message with its key and sends the headers with the body.
func ExampleSign() {
	secret, err := webhook.ParseSecret(exampleSecret)
	if err != nil {
		fmt.Println(err)
		return
	}
	signature, err := webhook.Sign("msg_1", exampleTime, []byte(`{"type":"example"}`), secret)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(signature)
	fmt.Println(secret) // a key does not print
	// Output:
	// v1,lOZ34iox8dgiFVT5WSgv5Lvv9zDx/C8Q7XlgYS3VSUs=
	// whsec_[redacted]
}

// While a key is being replaced, messages are signed with both, and receivers
// that know either of them are content.
func ExampleSign_rotation() {
	old, _ := webhook.NewSecret(strings.NewReader(strings.Repeat("1", 32)))
	current, _ := webhook.NewSecret(strings.NewReader(strings.Repeat("2", 32)))
	header := http.Header{}
	message := webhook.Message{ID: "msg_1", Timestamp: exampleTime, Body: []byte("{}")}
	if err := webhook.SetHeaders(header, message, old, current); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(strings.Fields(header.Get(webhook.HeaderSignature))), "signatures")
	for _, key := range []webhook.VerifyKey{old, current} {
		verifier, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: []webhook.VerifyKey{key}, Now: exampleNow})
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = verifier.Verify(header, message.Body)
		fmt.Println(err)
	}
	// Output:
	// 2 signatures
	// <nil>
	// <nil>
}

// A receiver that was given a public key can verify, but nobody can sign with
// what it has.
func ExampleVerifier_Verify() {
	private, _ := webhook.NewPrivateKey(strings.NewReader(strings.Repeat("1", 32))) // the sender's
	public := private.Public().Reveal()                                             // what the receiver is given

	key, err := webhook.ParseVerifyKey(public)
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: []webhook.VerifyKey{key}, Now: exampleNow})
	if err != nil {
		fmt.Println(err)
		return
	}

	header, body := http.Header{}, []byte(`{"type":"example"}`)
	_ = webhook.SetHeaders(header, webhook.Message{ID: "msg_1", Timestamp: exampleTime, Body: body}, private)

	message, err := verifier.Verify(header, body)
	fmt.Println(message.ID, string(message.Body), err)

	_, err = verifier.Verify(header, []byte(`{"type":"forged"}`))
	fmt.Println(errors.Is(err, webhook.ErrSignature))
	// Output:
	// msg_1 {"type":"example"} <nil>
	// true
}

// A receiver mounts a Handler; a sender delivers to it. The message arrives
// twice and is handled once.
func ExampleNewHandler() {
	key, err := webhook.ParseVerifyKey(exampleSecret)
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: []webhook.VerifyKey{key}})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/webhooks", webhook.NewHandler(verifier, func(_ context.Context, m webhook.Message) error {
		fmt.Printf("received %s: %s\n", m.ID, m.Body)
		return nil
	}, webhook.HandlerConfig{}))
	server := httptest.NewServer(mux)
	defer server.Close()

	signingKey, _ := webhook.ParseSigningKey(exampleSecret)
	sender := webhook.NewSender(webhook.SenderConfig{AllowPrivate: true}) // loopback, so for tests only
	defer sender.Close()
	endpoint := webhook.Endpoint{URL: server.URL + "/webhooks", Keys: []webhook.SigningKey{signingKey}}
	for range 2 {
		result := sender.Send(context.Background(), endpoint, webhook.Message{ID: "msg_1", Body: []byte(`{"n":1}`)})
		fmt.Println(result.Outcome, result.Status)
	}
	// Output:
	// received msg_1: {"n":1}
	// delivered 204
	// delivered 204
}

// Without AllowPrivate a sender does not talk to the inside of its own network.
func ExampleSender_CheckURL() {
	sender := webhook.NewSender(webhook.SenderConfig{})
	defer sender.Close()
	fmt.Println(sender.CheckURL("https://shop.example/webhooks"))
	fmt.Println(sender.CheckURL("http://shop.example/webhooks"))
	fmt.Println(sender.CheckURL("https://169.254.169.254/latest/meta-data"))
	// Output:
	// <nil>
	// webhook: invalid endpoint: the URL must be https
	// webhook: address is not public: 169.254.169.254
}

// The schedule of the standard, without its jitter.
func ExampleSchedule_Next() {
	schedule := webhook.Schedule{Jitter: func(time.Duration) time.Duration { return 0 }}
	for made := 0; ; made++ {
		delay, ok := schedule.Next(made)
		if !ok {
			fmt.Println("give up after", made)
			return
		}
		fmt.Print(delay, " ")
	}
	// Output:
	// 0s 5s 5m0s 30m0s 2h0m0s 5h0m0s 10h0m0s 14h0m0s 20h0m0s 24h0m0s give up after 10
}
