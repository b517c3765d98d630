package okpay_test

import (
	"context"
	"strings"
	"time"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

func (w *caseWorld) createPayment(a *arguments) reply {
	in := okpay.CreatePayment{
		Merchant: okpay.MerchantID(a.text("merchant")), Customer: okpay.CustomerID(a.text("payer")),
		Amount: a.amount("amount", ""), CaptureMethod: okpay.CaptureMethod(a.text("capture")),
		Reference: a.text("reference"), Description: a.text("description", "descriptor"), ExpiresIn: time.Duration(a.number("expires_in")) * time.Second, Key: a.text("key"),
	}
	if in.CaptureMethod == "auto" || in.CaptureMethod == "immediate" {
		in.CaptureMethod = okpay.CaptureAutomatic
	}
	if payer := a.text("user"); payer != "" {
		in.Customer = okpay.CustomerID(payer)
	}
	in.Confirm = in.Customer != ""
	if v, ok := a.get("confirm"); ok {
		in.Confirm = v == true
	}
	in.Methods = w.methods(a)
	in.Metadata = a.texts("metadata")
	in.Splits = a.splits(in.Merchant, in.Amount.Minor())
	if in.Merchant == "" && len(in.Splits) > 0 {
		in.Merchant = in.Splits[0].Merchant
	}
	p, err := w.Payments.Create(context.Background(), in)
	return w.made(a.text("id"), "payment", string(p.ID), p.Replayed, err)
}

// methods reads how to pay: a source, or a list of sources and balances.
func (w *caseWorld) methods(a *arguments) (methods []okpay.PaymentMethod) {
	names := []string{}
	if source := a.text("source", "provider"); source != "" {
		names = append(names, source)
	}
	if v, ok := a.get("methods"); ok {
		names = append(names, texts(v)...)
	}
	if v, ok := a.get("balances"); ok {
		methods = append(methods, okpay.FromBalances(texts(v)...))
	}
	for _, name := range names {
		kind, of, _ := strings.Cut(name, ":")
		switch {
		case kind != "balance" && kind != "wallet":
			methods = append(methods, okpay.FromSource(name))
		case of == "":
			methods = append(methods, okpay.PaymentMethod{})
		default:
			methods = append(methods, okpay.FromBalances(of))
		}
	}
	return methods
}

// merchant is who a call says to be, or else whose the payment is.
func (a *arguments) merchant(p okpay.Payment) okpay.MerchantID {
	if id := a.text("merchant"); id != "" {
		return okpay.MerchantID(id)
	}
	return p.Merchant
}

func (w *caseWorld) payment(a *arguments) (okpay.Payment, named) {
	name := a.text("id", "payment")
	n := named{"payment", w.id(name)}
	p, _ := w.Payments.Get(context.Background(), okpay.PaymentID(n.id))
	return p, n
}

func (w *caseWorld) confirmPayment(a *arguments) reply {
	p, n := w.payment(a)
	in := okpay.ConfirmPayment{Payment: okpay.PaymentID(n.id), Customer: p.Customer, Key: a.text("key")}
	if payer := a.text("payer", "user"); payer != "" {
		in.Customer = okpay.CustomerID(payer)
	}
	in.Methods = w.methods(a)
	p, err := w.Payments.Confirm(context.Background(), in)
	return w.about(n, p.Replayed, err)
}

func (w *caseWorld) authenticatePayment(a *arguments) reply {
	p, n := w.payment(a)
	proof := rightProof
	for _, name := range []string{"passed", "ok", "success", "result", "outcome"} {
		if v, ok := a.get(name); ok && v != true && v != "passed" && v != "succeeded" && v != "ok" && v != "success" {
			proof = "wrong"
		}
	}
	p, err := w.Payments.Authenticate(context.Background(), okpay.AuthenticatePayment{
		Payment: okpay.PaymentID(n.id), Customer: p.Customer, Proof: proof, Key: a.text("key"),
	})
	return w.about(n, p.Replayed, err)
}

func (w *caseWorld) capturePayment(a *arguments) reply {
	p, n := w.payment(a)
	p, err := w.Payments.Capture(context.Background(), okpay.CapturePayment{
		Merchant: a.merchant(p), Payment: okpay.PaymentID(n.id), Amount: a.amount("amount", p.Amount.Currency().Code()),
		Final: a.yes("final"), Key: a.text("key"),
	})
	return w.about(n, p.Replayed, err)
}

func (w *caseWorld) cancelPayment(a *arguments) reply {
	p, n := w.payment(a)
	a.text("by", "reason") // it is always the merchant's
	p, err := w.Payments.Cancel(context.Background(), okpay.CancelPayment{
		Merchant: a.merchant(p), Payment: okpay.PaymentID(n.id), Key: a.text("key"),
	})
	return w.about(n, p.Replayed, err)
}

func (w *caseWorld) paymentAnswer(a *arguments) reply {
	p, n := w.payment(a)
	in := okpay.PaymentAnswer{
		Payment: okpay.PaymentID(n.id), Event: a.text("event_id"), Outcome: w.outcome(a), Amount: a.amount("amount", p.Amount.Currency().Code()),
	}
	p, err := w.Payments.Answer(context.Background(), in)
	return w.about(n, p.Replayed, err)
}

// outcome is what a funding source says in a case.
func (w *caseWorld) outcome(a *arguments) rails.Outcome {
	return w.outcomeOf(a.text("status", "outcome", "result"))
}

func (w *caseWorld) createRefund(a *arguments) reply {
	name, payment := a.text("id"), named{"payment", a.id("payment")}
	p, _ := w.Payments.Get(context.Background(), okpay.PaymentID(payment.id))
	r, err := w.Payments.Refund(context.Background(), okpay.CreateRefund{
		Merchant: a.merchant(p), Payment: okpay.PaymentID(payment.id), Amount: a.amount("amount", p.Amount.Currency().Code()),
		Reason: a.text("reason"), Key: a.text("key"),
	})
	if r.ID == "" {
		return w.about(payment, false, err) // what is refused is about the payment
	}
	return w.made(name, "refund", string(r.ID), r.Replayed, err)
}

func (w *caseWorld) cancelRefund(a *arguments) reply {
	n := named{"refund", a.id("id")}
	var r okpay.Refund
	err := error(okpay.NotFound)
	for _, shop := range w.shops {
		if _, gone := w.Payments.GetRefund(context.Background(), shop, okpay.RefundID(n.id)); gone == nil {
			r, err = w.Payments.CancelRefund(context.Background(), okpay.CancelRefund{Merchant: shop, Refund: okpay.RefundID(n.id), Key: a.text("key")})
		}
	}
	return w.about(n, r.Replayed, err)
}

func (w *caseWorld) refundAnswer(a *arguments) reply {
	n := named{"refund", a.id("id")}
	in := okpay.RefundAnswer{Refund: okpay.RefundID(n.id), Event: a.text("event_id")}
	switch status := okpay.RefundOutcome(sourceSays[a.text("status", "outcome", "result")]); status {
	case okpay.RefundArrived, okpay.RefundRejected, okpay.RefundUndone:
		in.Outcome = status
	default:
		w.inScope(outOfScope("a refund of which the provider says " + string(status)))
	}
	r, err := w.Payments.AnswerRefund(context.Background(), in)
	return w.about(n, r.Replayed, err)
}
