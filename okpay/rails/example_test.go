package rails_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay/rails"
)

// transferBank is a payout provider over the HTTP API of a bank.
type transferBank struct {
	url    string
	client *http.Client
}

// Submit hands the key on: it is what makes the bank see one order however often it is sent. Whatever is no
// clear answer is an error, which means that nobody knows.
func (b *transferBank) Submit(ctx context.Context, p rails.Payout) (rails.PayoutResult, error) {
	body, err := json.Marshal(map[string]string{
		"end_to_end_id": p.Key, "amount": p.Amount.Text(), "currency": p.Amount.Currency().Code(),
		"name": p.To.Holder, "account": p.To.Details,
	})
	if err != nil {
		return rails.PayoutResult{}, err
	}
	return b.ask(ctx, http.MethodPost, b.url+"/transfers", string(body))
}

// Query asks what has become of an order. That the bank does not know it is an answer.
func (b *transferBank) Query(ctx context.Context, key string) (rails.PayoutResult, error) {
	return b.ask(ctx, http.MethodGet, b.url+"/transfers/"+key, "")
}

func (b *transferBank) ask(ctx context.Context, method, url, body string) (rails.PayoutResult, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return rails.PayoutResult{}, err
	}
	response, err := b.client.Do(request)
	if err != nil {
		return rails.PayoutResult{}, err // lost on the way there, or back
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotFound && method == http.MethodGet {
		return rails.PayoutResult{Status: rails.PayoutNotFound}, nil
	}
	if response.StatusCode != http.StatusOK {
		return rails.PayoutResult{}, fmt.Errorf("the bank answers %d", response.StatusCode)
	}
	var answer struct{ ID, Status, Reason string }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return rails.PayoutResult{}, err
	}
	status, ok := map[string]rails.PayoutStatus{
		"pending": rails.PayoutAccepted, "settled": rails.PayoutPaid, "rejected": rails.PayoutFailed, "returned": rails.PayoutReturned,
	}[answer.Status]
	if !ok {
		return rails.PayoutResult{}, errors.New("the bank has a status that is not known")
	}
	return rails.PayoutResult{Status: status, Code: answer.Reason, Reference: answer.ID}, nil
}

// A provider of one's own translates: the key goes along with every order, a clear answer becomes a status,
// and everything else an error.
func ExamplePayoutProvider() {
	bank := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusBadGateway) // and nobody knows whether it has the order
		case strings.HasSuffix(r.URL.Path, "/wd_1"):
			fmt.Fprint(w, `{"id": "T-77", "status": "rejected", "reason": "AC04"}`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer bank.Close()

	var provider rails.PayoutProvider = &transferBank{url: bank.URL, client: bank.Client()}
	_, err := provider.Submit(context.Background(), rails.Payout{
		Key: "wd_1", Amount: money.New(5_000, money.MustISO("CNY")), To: rails.Payee{Type: "bank", Holder: "A customer", Details: "6222"},
	})
	fmt.Println(err)
	for _, key := range []string{"wd_1", "wd_2"} {
		result, err := provider.Query(context.Background(), key)
		fmt.Println(result.Status, result.Code, result.Reference, err)
	}
	// Output:
	// the bank answers 502
	// failed AC04 T-77 <nil>
	// not_found   <nil>
}
