package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/merchant"
	"github.com/okpay/okpay-go/webhook"
)

// webhookPath is where OKPay tells of payments.
const webhookPath = "/webhooks/okpay"

// config is what a shop needs.
type config struct {
	Client   *merchant.Client
	Secret   webhook.VerifyKey // what OKPay signs webhooks with
	Password string            // the shopkeeper's
	Ship     func(context.Context, order) error
	Log      *slog.Logger
}

// shop is the shop's handlers.
type shop struct {
	config
	orders *book
}

// newShop returns the shop. Its pages are safe from forms on other people's sites.
func newShop(cfg config) (http.Handler, error) {
	return openShop(cfg, newBook())
}

func openShop(cfg config, orders *book) (http.Handler, error) {
	verifier, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: []webhook.VerifyKey{cfg.Secret}})
	if err != nil {
		return nil, err
	}
	s := &shop{config: cfg, orders: orders}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.shelf)
	mux.HandleFunc("POST /checkout", s.checkout)
	mux.HandleFunc("GET /orders/{id}", s.order)
	mux.HandleFunc("GET /shopkeeper", s.shopkeeper(s.overview))
	mux.HandleFunc("POST /shopkeeper/refunds", s.shopkeeper(s.refund))
	events := webhook.HandlerConfig{OnError: func(r *http.Request, err error) {
		s.Log.WarnContext(r.Context(), "webhook not taken", "error", err)
	}}
	mux.Handle(webhookPath, merchant.EventHandler(verifier, s.event, merchant.EventHandlerConfig{HandlerConfig: events}))
	return http.NewCrossOriginProtection().Handler(mux), nil
}

// shelf shows the products. Each button carries the id of the order that it would make, so
// that pressing it twice is one order and one payment.
func (s *shop) shelf(w http.ResponseWriter, r *http.Request) {
	type offer struct {
		Product product
		Order   string
	}
	var offers []offer
	for _, p := range products() {
		offers = append(offers, offer{p, rand.Text()})
	}
	s.show(w, r, http.StatusOK, "shelf", offers)
}

// orderID is the form of rand.Text.
var orderID = regexp.MustCompile(`^[A-Z2-7]{26}$`)

// checkout places the order and asks OKPay for its price. The order's id is the idempotency
// key: whatever happens on the way, asking again is safe.
func (s *shop) checkout(w http.ResponseWriter, r *http.Request) {
	id := r.PostFormValue("order")
	at := slices.IndexFunc(products(), func(p product) bool { return p.ID == r.PostFormValue("product") })
	if at < 0 || !orderID.MatchString(id) {
		s.trouble(w, r, http.StatusBadRequest, "This form is not ours.", "这不是本店的表单。")
		return
	}
	p := products()[at]
	if err := s.orders.place(id, p, time.Now()); err != nil {
		s.trouble(w, r, http.StatusConflict, "This order is for another product.", "该订单属于另一件商品。")
		return
	}
	payment, err := s.Client.Payments.Create(r.Context(), merchant.CreatePayment{
		Amount: p.Price, Reference: id, Description: p.En, Key: id,
	})
	if err != nil {
		s.Log.ErrorContext(r.Context(), "no payment", "order", id, "error", err)
		s.show(w, r, http.StatusBadGateway, "again", order{ID: id, Product: p})
		return
	}
	s.orders.asked(id, payment.ID)
	http.Redirect(w, r, "/orders/"+id, http.StatusSeeOther)
}

// order shows an order with its payment as OKPay knows it now. What the page shows ships
// nothing: the webhook does.
func (s *shop) order(w http.ResponseWriter, r *http.Request) {
	o, ok := s.orders.get(r.PathValue("id"))
	if !ok {
		s.trouble(w, r, http.StatusNotFound, "There is no such order.", "没有这个订单。")
		return
	}
	if o.Payment == "" {
		s.show(w, r, http.StatusOK, "again", o)
		return
	}
	p, err := s.Client.Payments.Get(r.Context(), o.Payment)
	if err != nil {
		s.Log.ErrorContext(r.Context(), "payment not known", "order", o.ID, "error", err)
		s.trouble(w, r, http.StatusBadGateway, "We cannot ask the wallet now. Please look again in a moment.", "暂时无法查询钱包,请稍后再看。")
		return
	}
	s.show(w, r, http.StatusOK, "order", struct {
		Order   order
		Payment merchant.Payment
	}{o, p})
}

// event is called once for each event whose signature is right. An error means that OKPay
// shall send it again.
func (s *shop) event(ctx context.Context, e merchant.Event) error {
	if !strings.HasPrefix(string(e.Type), "payment.") {
		return nil
	}
	p, err := e.Payment()
	if err != nil {
		return err
	}
	return s.orders.told(ctx, p, s.Ship)
}

// shopkeeper lets the shopkeeper in.
func (s *shop) shopkeeper(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		if subtle.ConstantTimeCompare([]byte(password), []byte(s.Password)) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="shopkeeper", charset="UTF-8"`)
			s.trouble(w, r, http.StatusUnauthorized, "This page is for the shopkeeper.", "此页面仅供店主使用。")
			return
		}
		next(w, r)
	}
}

// overview shows the orders. Each form carries the key of the refund that it would make.
func (s *shop) overview(w http.ResponseWriter, r *http.Request) {
	type row struct {
		Order order
		Key   string
	}
	var rows []row
	for _, o := range s.orders.all() {
		rows = append(rows, row{o, "refund-" + rand.Text()})
	}
	s.show(w, r, http.StatusOK, "overview", rows)
}

// refund gives the whole price back. The order is marked when the webhook tells of it.
func (s *shop) refund(w http.ResponseWriter, r *http.Request) {
	o, ok := s.orders.get(r.PostFormValue("order"))
	if !ok || o.Payment == "" {
		s.trouble(w, r, http.StatusNotFound, "There is no such payment.", "没有这笔付款。")
		return
	}
	_, err := s.Client.Payments.Refund(r.Context(), merchant.CreateRefund{Payment: o.Payment, Key: r.PostFormValue("key")})
	var refused *merchant.Error
	switch {
	case errors.As(err, &refused) && !refused.OutcomeUnknown && refused.Message.En != "":
		s.trouble(w, r, http.StatusConflict, refused.Message.En, refused.Message.Zh)
	case err != nil:
		s.Log.ErrorContext(r.Context(), "refund not known", "order", o.ID, "error", err)
		s.trouble(w, r, http.StatusBadGateway, "It is not known whether the money was given back. Send the form again: it is given back once.",
			"尚不知是否已退款。请重新提交表单:只会退款一次。")
	default:
		http.Redirect(w, r, "/shopkeeper", http.StatusSeeOther)
	}
}
