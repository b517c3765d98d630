package httpapi

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/okpay/okpay-go/okpay"
)

// paymentStates are what payments can be filtered by.
func paymentStates() []okpay.PaymentState {
	return []okpay.PaymentState{
		okpay.PaymentCreated, okpay.PaymentRequiresConfirmation, okpay.PaymentRequiresAction, okpay.PaymentProcessing,
		okpay.PaymentAuthorized, okpay.PaymentPartiallyCaptured, okpay.PaymentCaptured, okpay.PaymentPartiallyRefunded, okpay.PaymentRefunded, okpay.PaymentCanceled,
		okpay.PaymentTimedOut, okpay.PaymentFailed,
	}
}

func createPayment(ctx context.Context, c *call) (reply, error) {
	o, err := c.object()
	if err != nil {
		return reply{}, err
	}
	in, err := paymentOf(c, o)
	if err != nil {
		return reply{}, err
	}
	p, err := c.wallet.Payments.Create(ctx, in)
	return reply{status: http.StatusCreated, body: p, location: "/v1/payments/" + string(p.ID), replayed: p.Replayed}, err
}

// paymentOf reads the input of Payments.Create.
func paymentOf(c *call, o *object) (okpay.CreatePayment, error) {
	f := fieldsOf(o, "amount", "customer", "capture_method", "expires_in", "reference", "description", "metadata")
	f.required("amount")
	in := okpay.CreatePayment{
		Merchant:      c.merchant,
		Amount:        f.amount("amount", c.wallet),
		Customer:      okpay.CustomerID(f.word("customer")),
		CaptureMethod: okpay.CaptureMethod(f.word("capture_method")),
		ExpiresIn:     f.seconds("expires_in", okpay.MinPaymentExpiry, okpay.MaxPaymentExpiry),
		Reference:     f.text("reference"),
		Description:   f.text("description"),
		Metadata:      f.metadata("metadata"),
		Key:           c.key,
	}
	return in, f.err
}

func listPayments(ctx context.Context, c *call) (reply, error) {
	var state okpay.PaymentState
	if c.query.Has("state") {
		state = okpay.PaymentState(c.query.Get("state"))
		if !slices.Contains(paymentStates(), state) {
			return reply{}, invalid("state", "there is no such state")
		}
	}
	of := listing{"payments", string(c.merchant), string(state)}
	limit, after, err := c.page(of)
	if err != nil {
		return reply{}, err
	}
	payments, more, err := c.wallet.Payments.List(ctx, okpay.ListPayments{
		Merchant: c.merchant, State: state, After: okpay.PaymentID(after), Limit: limit,
	})
	next := ""
	if more {
		next = string(payments[len(payments)-1].ID)
	}
	return paged(of, payments, next), err
}

func getPayment(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("payment")
	if err != nil {
		return reply{}, err
	}
	p, err := c.wallet.Payments.GetOwned(ctx, c.merchant, okpay.PaymentID(id))
	return reply{status: http.StatusOK, body: p}, err
}

func capturePayment(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("payment")
	if err != nil {
		return reply{}, err
	}
	o, err := c.optionalObject()
	if err != nil {
		return reply{}, err
	}
	f := fieldsOf(o, "amount", "final")
	in := okpay.CapturePayment{
		Merchant: c.merchant, Payment: okpay.PaymentID(id), Key: c.key,
		Amount: f.amount("amount", c.wallet),
		Final:  f.flag("final"),
	}
	if f.err != nil {
		return reply{}, f.err
	}
	p, err := c.wallet.Payments.Capture(ctx, in)
	return reply{status: http.StatusOK, body: p, replayed: p.Replayed}, err
}

func cancelPayment(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("payment")
	if err != nil {
		return reply{}, err
	}
	if err := c.nothing(); err != nil {
		return reply{}, err
	}
	p, err := c.wallet.Payments.Cancel(ctx, okpay.CancelPayment{Merchant: c.merchant, Payment: okpay.PaymentID(id), Key: c.key})
	return reply{status: http.StatusOK, body: p, replayed: p.Replayed}, err
}

func createRefund(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("payment")
	if err != nil {
		return reply{}, err
	}
	// An empty body is refused here: a client that loses its body would refund everything.
	o, err := c.object()
	if err != nil {
		return reply{}, err
	}
	f := fieldsOf(o, "amount", "reason")
	in := okpay.CreateRefund{
		Merchant: c.merchant, Payment: okpay.PaymentID(id), Key: c.key,
		Amount: f.amount("amount", c.wallet),
		Reason: f.text("reason"),
	}
	if f.err != nil {
		return reply{}, f.err
	}
	r, err := c.wallet.Payments.Refund(ctx, in)
	var refused *okpay.Error
	if errors.As(err, &refused) && refused.Object == "" {
		refused.Object = string(r.ID) // the refund that was recorded as failed
	}
	return reply{status: http.StatusCreated, body: r, location: "/v1/refunds/" + string(r.ID), replayed: r.Replayed}, err
}

func listPaymentRefunds(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("payment")
	if err != nil {
		return reply{}, err
	}
	return refunds(ctx, c, okpay.PaymentID(id))
}

func listRefunds(ctx context.Context, c *call) (reply, error) { return refunds(ctx, c, "") }

// refunds answers a list of refunds: of one payment, or of all.
func refunds(ctx context.Context, c *call, payment okpay.PaymentID) (reply, error) {
	of := listing{"refunds", string(c.merchant), string(payment)}
	limit, after, err := c.page(of)
	if err != nil {
		return reply{}, err
	}
	items, more, err := c.wallet.Payments.Refunds(ctx, okpay.ListRefunds{
		Merchant: c.merchant, Payment: payment, After: okpay.RefundID(after), Limit: limit,
	})
	next := ""
	if more {
		next = string(items[len(items)-1].ID)
	}
	return paged(of, items, next), err
}

func getRefund(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("refund")
	if err != nil {
		return reply{}, err
	}
	r, err := c.wallet.Payments.GetRefund(ctx, c.merchant, okpay.RefundID(id))
	return reply{status: http.StatusOK, body: r}, err
}

func cancelRefund(ctx context.Context, c *call) (reply, error) {
	id, err := c.id("refund")
	if err != nil {
		return reply{}, err
	}
	if err := c.nothing(); err != nil {
		return reply{}, err
	}
	r, err := c.wallet.Payments.CancelRefund(ctx, okpay.CancelRefund{Merchant: c.merchant, Refund: okpay.RefundID(id), Key: c.key})
	return reply{status: http.StatusOK, body: r, replayed: r.Replayed}, err
}
