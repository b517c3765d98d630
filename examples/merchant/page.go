package main

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"strings"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/merchant"
)

//go:embed pages.html
var pagesHTML string

var pages = template.Must(template.New("").Parse(pagesHTML))

// page is what a template is given: the data, and the reader's language.
type page struct {
	Lang string // "zh-CN" or "en"
	Data any
}

// Say returns what is for the reader's language.
func (p page) Say(en, zh string) string {
	return merchant.Message{En: en, Zh: zh}.Text(p.Lang)
}

// Price writes an amount as people do.
func (p page) Price(a money.Amount) string { return a.Format(p.Lang) }

// Advice is why a payment was refused and what to do, in the reader's language.
func (p page) Advice(refused *merchant.Refused) []string {
	advice := []string{p.Say(refused.MessageEn, refused.MessageZh)}
	for _, action := range refused.NextAction {
		switch action {
		case "top_up":
			advice = append(advice, p.Say("Top up your wallet, then confirm again.", "请先为钱包充值,然后再次确认。"))
		case "switch_payment_method":
			advice = append(advice, p.Say("Or choose another way to pay.", "或更换其他支付方式。"))
		}
	}
	return advice
}

// show writes a page.
func (s *shop) show(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, page{language(r), data}); err != nil {
		s.Log.ErrorContext(r.Context(), "page", "name", name, "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Language")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the reader may be gone
}

// trouble writes a page that says what is wrong.
func (s *shop) trouble(w http.ResponseWriter, r *http.Request, status int, en, zh string) {
	s.show(w, r, status, "trouble", merchant.Message{En: en, Zh: zh})
}

// language is the one that the reader's browser names first.
func language(r *http.Request) string {
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "zh") {
		return "zh-CN"
	}
	return "en"
}
