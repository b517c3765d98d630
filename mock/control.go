package mock

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// control adds what stands for the customer and the passing of time, for programs that are
// not written in Go. All take and answer JSON:
//
//	POST /mock/customers  {"balances":["100.00 CNY"]}             -> {"customer":"cus_…"}
//	POST /mock/confirm    {"payment":"pay_…","customer":"cus_…"}  -> the payment
//	POST /mock/advance    {"seconds":3600}                        -> {"now":"…"}
//	GET  /mock/                                                   -> what there is, as text
func (s *Server) control(mux *http.ServeMux) {
	mux.HandleFunc("GET /mock/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		s.Describe(w)
	})
	mux.HandleFunc("POST /mock/customers", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Balances []string `json:"balances"`
		}
		if !read(w, r, &in) {
			return
		}
		id, err := s.NewCustomer(r.Context(), in.Balances...)
		answer(w, map[string]any{"customer": id}, err)
	})
	mux.HandleFunc("POST /mock/confirm", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Payment  okpay.PaymentID  `json:"payment"`
			Customer okpay.CustomerID `json:"customer"`
			Key      string           `json:"key"`
		}
		if !read(w, r, &in) {
			return
		}
		p, err := s.Wallet.Payments.Confirm(r.Context(), okpay.ConfirmPayment{Payment: in.Payment, Customer: in.Customer, Key: in.Key})
		answer(w, p, err)
	})
	mux.HandleFunc("POST /mock/advance", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Seconds int64 `json:"seconds"`
		}
		if !read(w, r, &in) {
			return
		}
		s.clock.Advance(time.Duration(in.Seconds) * time.Second)
		_, err := s.Wallet.Work(r.Context())
		answer(w, map[string]any{"now": s.Now()}, err)
	})
}

func read(w http.ResponseWriter, r *http.Request, in any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		write(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return false
	}
	return true
}

// answer writes what a call returned: 422 with the code and the advice for a refusal.
func answer(w http.ResponseWriter, out any, err error) {
	var refused *okpay.Error
	switch {
	case errors.As(err, &refused):
		write(w, http.StatusUnprocessableEntity, map[string]any{
			"error": refused.Error(), "code": refused.Code, "next_action": refused.NextAction, "en": refused.En, "zh": refused.Zh,
		})
	case errors.Is(err, money.ErrSyntax), errors.Is(err, money.ErrPrecision), errors.Is(err, money.ErrOverflow):
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
