package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// site is the program's own endpoints. They take forms and answer JSON.
type site struct {
	wallet *okpay.Wallet
	log    *slog.Logger
}

func (s *site) register(mux *http.ServeMux) {
	mux.HandleFunc("POST /shops", s.open(s.newShop)) // a real program lets only its staff do this
	mux.HandleFunc("POST /signup", s.open(s.signUp))
	mux.HandleFunc("GET /wallet", s.signedIn(s.look))
	mux.HandleFunc("POST /topup", s.signedIn(s.topUp))
	mux.HandleFunc("GET /payments/{id}", s.signedIn(s.payment))
	mux.HandleFunc("POST /pay", s.signedIn(s.pay))
}

func (s *site) newShop(r *http.Request) (any, error) {
	id := r.FormValue("shop")
	m, err := s.wallet.Merchants.Create(r.Context(), okpay.CreateMerchant{
		ID: okpay.MerchantID(id), Name: r.FormValue("name"), Key: "shop-" + id,
	})
	if err != nil {
		return nil, err
	}
	_, secret, err := s.wallet.Keys.Create(r.Context(), m.ID, "server")
	return map[string]any{"merchant": m.ID, "api_key": secret.Reveal()}, err // shown this once: only its hash is kept
}

// signUp gives one of the program's users a wallet. The customer's id is the user's.
func (s *site) signUp(r *http.Request) (any, error) {
	id := r.FormValue("user")
	return s.wallet.Customers.Create(r.Context(), okpay.CreateCustomer{
		ID: okpay.CustomerID(id), Name: r.FormValue("name"), Locale: r.FormValue("locale"), Key: "signup-" + id,
	})
}

func (s *site) look(r *http.Request, customer okpay.Customer) (any, error) {
	balances, err := s.wallet.Customers.Balances(r.Context(), customer.ID)
	if err != nil {
		return nil, err
	}
	activity, err := s.wallet.Customers.Activity(r.Context(), customer.ID, okpay.ActivityPage{})
	return map[string]any{"balances": balances, "activity": activity}, err
}

func (s *site) topUp(r *http.Request, customer okpay.Customer) (any, error) {
	key, err := keyOf(r)
	if err != nil {
		return nil, err
	}
	currency, err := s.wallet.Currency(r.FormValue("currency"))
	if err != nil {
		return nil, err
	}
	amount, err := money.Parse(r.FormValue("amount"), currency)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBadRequest, err)
	}
	return s.wallet.TopUps.Create(r.Context(), okpay.CreateTopUp{Customer: customer.ID, Amount: amount, Key: key})
}

// payment is what a customer sees before saying yes.
func (s *site) payment(r *http.Request, customer okpay.Customer) (any, error) {
	p, err := s.wallet.Payments.Get(r.Context(), okpay.PaymentID(r.PathValue("id")))
	if err != nil {
		return nil, err
	}
	if p.Customer != "" && p.Customer != customer.ID {
		return nil, okpay.NotFound // somebody else's
	}
	shop, err := s.wallet.Merchants.Get(r.Context(), p.Merchant)
	return map[string]any{"shop": shop.Name, "payment": p}, err
}

// pay is the customer saying yes. Nothing under /v1/ does this: only this program knows that
// it is the customer who speaks.
func (s *site) pay(r *http.Request, customer okpay.Customer) (any, error) {
	key, err := keyOf(r)
	if err != nil {
		return nil, err
	}
	return s.wallet.Payments.Confirm(r.Context(), okpay.ConfirmPayment{
		Payment: okpay.PaymentID(r.FormValue("payment")), Customer: customer.ID, Key: key,
	})
}

var errBadRequest = errors.New("bad request")

// keyOf returns the key that the form with the button carries, so that a double click is one:
// the wallet takes a call without a key for a new one each time.
func keyOf(r *http.Request) (string, error) {
	key := r.FormValue("key")
	if key == "" {
		return "", fmt.Errorf("%w: the key is missing", errBadRequest)
	}
	return key, nil
}

// open makes a handler of a function for everybody.
func (s *site) open(fn func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		out, err := fn(r)
		s.answer(w, r, "en", out, err)
	}
}

// signedIn makes a handler of a function for customers.
//
// THIS IS A DEMONSTRATION: whoever names a user is believed to be that user. Put the sessions
// of your own program here; everything behind it relies on them.
func (s *site) signedIn(fn func(*http.Request, okpay.Customer) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		customer, err := s.wallet.Customers.Get(r.Context(), okpay.CustomerID(r.Header.Get("Demo-User")))
		if errors.Is(err, okpay.NotFound) {
			write(w, http.StatusUnauthorized, map[string]any{"message": "the header Demo-User names no user that has signed up"})
			return
		}
		var out any
		if err == nil {
			out, err = fn(r, customer)
		}
		s.answer(w, r, customer.Locale, out, err)
	}
}

// answer writes what came of a request: a refusal in the customer's language, with what to do
// about it.
func (s *site) answer(w http.ResponseWriter, r *http.Request, locale string, out any, err error) {
	var refused *okpay.Error
	switch {
	case err == nil:
		write(w, http.StatusOK, out)
	case errors.Is(err, errBadRequest):
		write(w, http.StatusBadRequest, map[string]any{"message": err.Error()})
	case errors.Is(err, okpay.NotFound):
		write(w, http.StatusNotFound, map[string]any{"code": okpay.NotFound, "message": "there is nothing here"})
	case errors.As(err, &refused):
		write(w, http.StatusUnprocessableEntity, map[string]any{
			"code": refused.Code, "message": refused.Text(locale), "next_action": refused.NextAction,
		})
	default: // the database is away, or what became of a commit is not known
		s.log.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "error", err)
		write(w, http.StatusServiceUnavailable, map[string]any{"message": "try again, with the same key"})
	}
}

func write(w http.ResponseWriter, status int, out any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out) // the caller may be gone
}
