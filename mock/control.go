package mock

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/merchant"
	"github.com/okpay/okpay-go/okpay"
)

// control adds what stands for the customer and the passing of time, for programs that are
// not written in Go. All take and answer JSON:
//
//	POST /mock/customers  {"balances":["100.00 CNY"]}                 -> {"customer":"cus_…"}
//	POST /mock/topup      {"customer":"cus_…","amount":"5.00 CNY"}    -> {"customer":"cus_…"}
//	POST /mock/confirm    {"payment":"pay_…","customer":"cus_…"}      -> the payment
//	POST /mock/advance    {"seconds":3600}                            -> {"now":"…"}
//	GET  /mock/                                                       -> what there is, as text
//
// What cannot be read is answered with 400, a refusal by the wallet with 422, its code and
// its advice.
func (s *Server) control(mux *http.ServeMux) {
	mux.HandleFunc("GET /mock/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		s.Describe(w)
	})
	mux.HandleFunc("POST /mock/customers", act(func(ctx context.Context, in struct {
		Balances []string `json:"balances"`
	},
	) (any, error) {
		id, err := s.NewCustomer(ctx, in.Balances...)
		return map[string]any{"customer": id}, err
	}))
	mux.HandleFunc("POST /mock/topup", act(func(ctx context.Context, in struct {
		Customer merchant.CustomerID `json:"customer"`
		Amount   string              `json:"amount"`
	},
	) (any, error) {
		return map[string]any{"customer": in.Customer}, s.topUp(ctx, in.Customer, in.Amount)
	}))
	mux.HandleFunc("POST /mock/confirm", act(func(ctx context.Context, in struct {
		Payment  okpay.PaymentID  `json:"payment"`
		Customer okpay.CustomerID `json:"customer"`
		Key      string           `json:"key"` // may be left out: then each call is a new attempt
	},
	) (any, error) {
		return s.Wallet.Payments.Confirm(ctx, okpay.ConfirmPayment{Payment: in.Payment, Customer: in.Customer, Key: in.Key})
	}))
	mux.HandleFunc("POST /mock/advance", act(func(ctx context.Context, in struct {
		Seconds int64 `json:"seconds"`
	},
	) (any, error) {
		if in.Seconds > int64(math.MaxInt64/time.Second) {
			return nil, errTooFar
		}
		// A negative number that is too great would turn positive.
		err := s.advance(ctx, time.Duration(max(in.Seconds, -1))*time.Second)
		return map[string]any{"now": s.Now()}, err
	}))
}

// act makes a handler of a function from what is asked to what is answered.
func act[In any](fn func(context.Context, In) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		if err := decode(http.MaxBytesReader(w, r.Body, 64<<10), &in); err != nil {
			write(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		out, err := fn(r.Context(), in)
		answer(w, out, err)
	}
}

// decode reads one JSON object and nothing after it. A misspelled name is a mistake.
func decode(body io.Reader, in any) error {
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		return fmt.Errorf("the body is not the JSON that was expected: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object")
	}
	return nil
}

// answer writes what a call returned: 422 with the code and the advice for a refusal.
func answer(w http.ResponseWriter, out any, err error) {
	var refused *okpay.Error
	switch {
	case errors.As(err, &refused):
		write(w, http.StatusUnprocessableEntity, map[string]any{
			"error": refused.Error(), "code": refused.Code, "next_action": refused.NextAction, "en": refused.En, "zh": refused.Zh,
		})
	case errors.Is(err, money.ErrSyntax), errors.Is(err, money.ErrPrecision), errors.Is(err, money.ErrOverflow),
		errors.Is(err, errNotPositive), errors.Is(err, errBackwards), errors.Is(err, errTooFar):
		write(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
	case err != nil:
		write(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
	default:
		write(w, http.StatusOK, out)
	}
}

func write(w http.ResponseWriter, status int, out any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out) // the caller may be gone
}
