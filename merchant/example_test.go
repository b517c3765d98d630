package merchant_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/merchant"
	"github.com/okpay/okpay-go/webhook"
)

// The examples speak to a service that gives prepared answers. Package mock has a real one for
// the tests of merchants' programs.

// A merchant asks for money. The order number is the key: however often this runs, there is
// one payment.
func ExamplePaymentService_Create() {
	address, stop := prepared(201, examplePayment("pay_1", "created"))
	defer stop()
	client, err := merchant.New(merchant.Config{BaseURL: address, APIKey: merchant.NewAPIKey("okpay_test_example")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	payment, err := client.Payments.Create(context.Background(), merchant.CreatePayment{
		Amount:      money.New(1995, money.MustISO("CNY")),
		Reference:   "order-1001",
		Description: "Two teapots",
		Key:         "order-1001",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(payment.ID, payment.State, payment.Amount)
	// Output:
	// pay_1 created 19.95 CNY
}

// A refusal says whose fault it is, what to do next, and what to tell people.
func ExampleError() {
	address, stop := prepared(422, `{"code":"amount_exceeds_capturable","fault":"merchant","retry":"lower_amount",
		"next_action":["lower_amount"],"detail":"at most 19.95 CNY is possible","field":"amount",
		"message":{"en":"More than the authorized amount that is left.","zh-CN":"超出可请款金额。"},
		"limit":{"amount":"19.95","currency":"CNY"},"object":"pay_1","request_id":"req_1"}`)
	defer stop()
	client, err := merchant.New(merchant.Config{BaseURL: address, APIKey: merchant.NewAPIKey("okpay_test_example")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	_, err = client.Payments.Capture(context.Background(), merchant.CapturePayment{
		Payment: "pay_1", Amount: money.New(2500, money.MustISO("CNY")), Key: "order-1001-capture",
	})
	var refusal *merchant.Error
	switch {
	case errors.Is(err, merchant.ErrOutcomeUnknown):
		fmt.Println("try later with the key", merchant.KeyOf(err))
	case errors.Is(err, merchant.CodeAmountExceedsCapturable) && errors.As(err, &refusal):
		fmt.Println("at most", refusal.Limit)
		fmt.Println(refusal.Message.Text("zh-CN"))
		fmt.Println(refusal.Retry, refusal.NextAction, refusal.RequestID)
	}
	// Output:
	// at most 19.95 CNY
	// 超出可请款金额。
	// lower_amount [lower_amount] req_1
}

// All turns the pages of a list while it is ranged over.
func ExamplePaymentService_All() {
	address, stop := prepared(200, `{"data":[`+examplePayment("pay_2", "captured")+`,`+examplePayment("pay_1", "refunded")+`],"next_cursor":null}`)
	defer stop()
	client, err := merchant.New(merchant.Config{BaseURL: address, APIKey: merchant.NewAPIKey("okpay_test_example")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	for payment, err := range client.Payments.All(context.Background(), merchant.ListPayments{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(payment.ID, payment.State)
	}
	// Output:
	// pay_2 captured
	// pay_1 refunded
}

// A shop ships when it hears that a payment was captured. The secret comes from
// WebhookEndpoints.Create.
func ExampleEventHandler() {
	secret, err := webhook.ParseSecret("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: []webhook.VerifyKey{secret}})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := merchant.EventHandler(verifier, func(_ context.Context, event merchant.Event) error {
		if event.Type != merchant.EventPaymentCaptured {
			return nil // not of interest
		}
		payment, err := event.Payment()
		if err != nil {
			return err // it will be delivered again
		}
		fmt.Println("ship", payment.Reference, "paid with", payment.Captured)
		return nil
	}, merchant.EventHandlerConfig{})

	// What the service sends; twice, as may happen.
	body := `{"id":"evt_1","type":"payment.captured","created_at":"2026-01-02T03:05:00Z","mode":"test","schema":1,"sequence":3,
		"merchant":"shop-1","data":` + examplePayment("pay_1", "captured") + `}`
	for range 2 {
		request := httptest.NewRequest(http.MethodPost, "/hooks/okpay", strings.NewReader(body))
		message := webhook.Message{ID: "evt_1", Timestamp: time.Now(), Body: []byte(body)}
		if err := webhook.SetHeaders(request.Header, message, secret); err != nil {
			fmt.Println(err)
			return
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		fmt.Println(answer.Code)
	}
	// Output:
	// ship order-1001 paid with 19.95 CNY
	// 204
	// 204
}

// prepared serves one answer to everything.
func prepared(status int, body string) (address string, stop func()) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	return s.URL, s.Close
}

func examplePayment(id, state string) string {
	return `{"id":"` + id + `","merchant":"shop-1","state":"` + state + `","capture_method":"automatic",
		"amount":{"amount":"19.95","currency":"CNY"},"captured":{"amount":"19.95","currency":"CNY"},
		"refunded":{"amount":"0.00","currency":"CNY"},"fee":{"amount":"0.20","currency":"CNY"},
		"fee_returned":{"amount":"0.00","currency":"CNY"},"reference":"order-1001","attempts":0,
		"created_at":"2026-01-02T03:00:00Z","updated_at":"2026-01-02T03:00:00Z","expires_at":"2026-01-09T03:00:00Z","sequence":1}`
}
