package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/httpapi"
)

// A program mounts the API beside its own pages.
func ExampleNew() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: okpay.Chart()})
	if err != nil {
		log.Fatal(err)
	}
	defer books.Close(ctx)
	wallet, err := okpay.New(books, okpay.Config{})
	if err != nil {
		log.Fatal(err)
	}
	api, err := httpapi.New(httpapi.Config{Test: wallet})
	if err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.Handle("/v1/", api)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "the program's own pages") })
	server := httptest.NewServer(mux)
	defer server.Close()

	shop, err := wallet.Merchants.Create(ctx, okpay.CreateMerchant{Name: "The Teapot Shop"})
	if err != nil {
		log.Fatal(err)
	}
	_, key, err := wallet.Keys.Create(ctx, shop.ID, "web shop")
	if err != nil {
		log.Fatal(err)
	}

	// What a merchant's program does; package merchant does it for Go.
	req, err := http.NewRequest(http.MethodPost, server.URL+"/v1/payments",
		strings.NewReader(`{"amount":{"amount":"19.95","currency":"CNY"},"reference":"order-1001"}`))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key.Reveal())
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", "order-1001")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	var payment okpay.Payment
	if err := json.NewDecoder(res.Body).Decode(&payment); err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Status)
	fmt.Println(payment.State, payment.Amount, payment.Reference)
	// Output:
	// 201 Created
	// created 19.95 CNY order-1001
}

// A refusal is a problem document: what is wrong, whose fault it is and what to do.
func ExampleNew_refusal() {
	ctx := context.Background()
	books, err := ledger.Open(ctx, memstore.New(), ledger.Config{Chart: okpay.Chart()})
	if err != nil {
		log.Fatal(err)
	}
	defer books.Close(ctx)
	wallet, err := okpay.New(books, okpay.Config{})
	if err != nil {
		log.Fatal(err)
	}
	api, err := httpapi.New(httpapi.Config{Test: wallet})
	if err != nil {
		log.Fatal(err)
	}

	answer := httptest.NewRecorder()
	api.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/v1/payments", nil))
	var problem struct {
		Status      int
		Code, Retry string
		Message     map[string]string
		NextAction  []string `json:"next_action"`
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &problem); err != nil {
		log.Fatal(err)
	}
	fmt.Println(problem.Status, problem.Code)
	fmt.Println(problem.Message["en"])
	fmt.Println(problem.Message["zh-CN"])
	fmt.Println("retry:", problem.Retry, "next:", problem.NextAction)
	// Output:
	// 401 unauthenticated
	// The API key is missing or not valid.
	// API 密钥缺失或无效。
	// retry: never next: [check_key]
}

// The document describes every operation, for tools that make clients and pages of it.
func ExampleOpenAPI() {
	first, _, _ := strings.Cut(string(httpapi.OpenAPI()), "\n")
	fmt.Println(first)
	// Output: openapi: 3.1.0
}
