package okpay_test

import (
	"context"

	"github.com/okpay/okpay-go/okpay"
)

// outgoing is the withdrawal or payout that a call is about.
func (w *caseWorld) outgoing(a *arguments) named {
	name := a.text("id", "withdrawal", "payout")
	if n, ok := w.object(name); ok {
		return n
	}
	return named{"withdrawal", name}
}

func (w *caseWorld) requestPayout(a *arguments) reply {
	shop := a.text("merchant")
	a.get("dest_ok") // see saveDestination
	a.get("dest_error")
	a.get("provider")
	x, err := w.Payouts.Request(context.Background(), okpay.RequestPayout{
		Merchant: okpay.MerchantID(shop), Amount: a.amount("amount", ""),
		Destination: okpay.DestinationID(w.id(destinationName(shop, a.text("dest")))), Key: a.text("key"),
	})
	return w.made(a.text("id"), "payout", string(x.ID), x.Replayed, err)
}

func (w *caseWorld) approvePayout(a *arguments) reply {
	n := w.outgoing(a)
	x, err := w.Payouts.Approve(context.Background(), okpay.ReviewPayout{Payout: okpay.PayoutID(n.id), By: a.text("by"), Key: a.text("key")})
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) rejectPayout(a *arguments) reply {
	n := w.outgoing(a)
	x, err := w.Payouts.Reject(context.Background(), okpay.RejectPayout{
		Payout: okpay.PayoutID(n.id), By: a.text("by"), Reason: a.text("reason"), Key: a.text("key"),
	})
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) cancelPayout(a *arguments) reply {
	n := w.outgoing(a)
	x, _ := w.Payouts.Get(context.Background(), okpay.PayoutID(n.id))
	by := x.Merchant
	if who := a.text("by", "merchant"); who != "" {
		by = okpay.MerchantID(who)
	}
	x, err := w.Payouts.Cancel(context.Background(), okpay.CancelPayout{Merchant: by, Payout: okpay.PayoutID(n.id), Key: a.text("key")})
	return w.about(n, x.Replayed, err)
}

// resolveWithdrawal is one of the two ways out of having been paid after it had failed.
func (w *caseWorld) resolveWithdrawal(a *arguments) reply {
	switch how := a.text("resolution", "action", "how", "outcome"); how {
	case "collect":
		return w.collectWithdrawal(a)
	case "write_off", "loss":
		return w.writeOffWithdrawal(a)
	default:
		w.inScope(outOfScope("a withdrawal that is resolved by " + how))
		return reply{}
	}
}

// resolveEither is one of the two ways out of a top-up's review.
func (w *caseWorld) resolveEither(a *arguments) reply {
	switch how := a.text("resolution", "action", "how", "outcome"); how {
	case "credit", "resolve_credit":
		return w.creditTopUp(a)
	case "return", "resolve_return":
		return w.returnTopUp(a)
	default:
		w.inScope(outOfScope("a top-up that is resolved by " + how))
		return reply{}
	}
}

// queryTopUp asks a top-up's source, which says what the case says; nothing has come, if it
// does not.
func (w *caseWorld) queryTopUp(a *arguments) reply {
	n := named{"topup", a.id("id")}
	word := a.text("status", "result", "query", "provider", "answer")
	if word == "" {
		word = "not_paid"
	}
	w.source.will(n.id, w.outcomeOf(word))
	return w.about(n, false, w.AskTopUp(context.Background(), okpay.TopUpID(n.id)))
}

// resolvePayment is an operator's decision about money of another amount than was asked for.
func (w *caseWorld) resolvePayment(a *arguments) reply {
	n := named{"payment", a.id("id")}
	in := okpay.ResolveMismatch{Payment: okpay.PaymentID(n.id), By: a.text("by"), Key: a.text("key")}
	if in.By == "" {
		in.By = "ops1"
	}
	switch how := a.text("resolution", "action", "how", "outcome"); how {
	case "credit":
		in.Credit = true
	case "return":
	default:
		w.inScope(outOfScope("a mismatch that is resolved by " + how))
	}
	p, err := w.Payments.ResolveMismatch(context.Background(), in)
	return w.about(n, p.Replayed, err)
}
