package okpay_test

import (
	"context"
	"fmt"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

// verbs are what a case can do, under the cases' names.
var verbs = map[string]func(*caseWorld, *arguments) reply{
	"clock.advance": (*caseWorld).advance,

	"payment.create":       (*caseWorld).createPayment,
	"payment.confirm":      (*caseWorld).confirmPayment,
	"payment.authenticate": (*caseWorld).authenticatePayment,
	"payment.capture":      (*caseWorld).capturePayment,
	"payment.cancel":       (*caseWorld).cancelPayment,
	"payment.provider":     (*caseWorld).paymentAnswer,

	"refund.create":   (*caseWorld).createRefund,
	"refund.cancel":   (*caseWorld).cancelRefund,
	"refund.provider": (*caseWorld).refundAnswer,

	"transfer.create":  (*caseWorld).createTransfer,
	"transfer.claim":   (*caseWorld).claimTransfer,
	"transfer.cancel":  (*caseWorld).cancelTransfer,
	"transfer.approve": (*caseWorld).approveTransfer,
	"transfer.reject":  (*caseWorld).rejectTransfer,

	"request.create":  (*caseWorld).createRequest,
	"request.pay":     (*caseWorld).payRequest,
	"request.decline": (*caseWorld).declineRequest,
	"request.cancel":  (*caseWorld).cancelRequest,

	"topup.create":         (*caseWorld).createTopUp,
	"topup.provider":       (*caseWorld).topUpAnswer,
	"topup.resolve_credit": (*caseWorld).creditTopUp,
	"topup.resolve_return": (*caseWorld).returnTopUp,

	"withdrawal.request":           (*caseWorld).requestWithdrawal,
	"withdrawal.approve":           (*caseWorld).approveWithdrawal,
	"withdrawal.reject":            (*caseWorld).rejectWithdrawal,
	"withdrawal.cancel":            (*caseWorld).cancelWithdrawal,
	"withdrawal.provider":          (*caseWorld).withdrawalAnswer,
	"withdrawal.resolve_collect":   (*caseWorld).collectWithdrawal,
	"withdrawal.resolve_write_off": (*caseWorld).writeOffWithdrawal,
	"worker.submit":                (*caseWorld).submitWithdrawal,
	"worker.resubmit":              (*caseWorld).submitWithdrawal,
	"worker.query":                 (*caseWorld).queryWithdrawal,

	"dispute.open":               (*caseWorld).openDispute,
	"dispute.provisional_credit": (*caseWorld).creditDispute,
	"dispute.evidence":           (*caseWorld).addEvidence,
	"dispute.resolve":            (*caseWorld).resolveDispute,
	"dispute.withdraw":           (*caseWorld).withdrawDispute,

	"fx.quote":   (*caseWorld).makeQuote,
	"fx.convert": (*caseWorld).convert,

	"account.lock":   (*caseWorld).lock,
	"account.unlock": (*caseWorld).unlock,
	"account.close":  (*caseWorld).close,

	"recon.settle": (*caseWorld).settle,
	"recon.import": (*caseWorld).importStatement,

	"topup.query":        (*caseWorld).queryTopUp,
	"topup.resolve":      (*caseWorld).resolveEither,
	"withdrawal.resolve": (*caseWorld).resolveWithdrawal,
	"payment.resolve":    (*caseWorld).resolvePayment,

	"withdrawal.conditions": (*caseWorld).withdrawalConditions,
	"payout.conditions":     (*caseWorld).payoutConditions,

	"payout.request":  (*caseWorld).requestPayout,
	"payout.approve":  (*caseWorld).approvePayout,
	"payout.reject":   (*caseWorld).rejectPayout,
	"payout.cancel":   (*caseWorld).cancelPayout,
	"payout.provider": (*caseWorld).withdrawalAnswer,
}

func (w *caseWorld) verbOf(call opCall) (func(*caseWorld, *arguments) reply, *arguments) {
	verb, ok := verbs[call.Op]
	if !ok {
		w.inScope(outOfScope(fmt.Sprintf("there is no verb %q", call.Op)))
	}
	a := &arguments{w: w, values: call.Args}
	for _, name := range preparedArgs {
		a.get(name)
	}
	return verb, a
}

// state returns the state of an object, in the cases' words.
func (w *caseWorld) state(name string) string {
	n, _ := w.object(name)
	return inCaseWords(w.stateOf(n))
}

func (w *caseWorld) stateOf(n named) string {
	ctx := context.Background()
	switch n.noun {
	case "payment":
		p, _ := w.Payments.Get(ctx, okpay.PaymentID(n.id))
		return string(p.State)
	case "refund":
		for _, shop := range w.shops {
			if r, err := w.Payments.GetRefund(ctx, shop, okpay.RefundID(n.id)); err == nil {
				return string(r.State)
			}
		}
	case "transfer":
		x, _ := w.Transfers.Get(ctx, okpay.TransferID(n.id))
		return string(x.State)
	case "request":
		x, _ := w.MoneyRequests.Get(ctx, okpay.RequestID(n.id))
		return string(x.State)
	case "topup":
		x, _ := w.TopUps.Get(ctx, okpay.TopUpID(n.id))
		return string(x.State)
	case "withdrawal":
		x, _ := w.Withdrawals.Get(ctx, okpay.WithdrawalID(n.id))
		return string(x.State)
	case "payout":
		x, _ := w.Payouts.Get(ctx, okpay.PayoutID(n.id))
		return string(x.State)
	case "dispute":
		x, _ := w.Disputes.Get(ctx, okpay.DisputeID(n.id))
		return string(x.State)
	case "quote":
		x, _ := w.Quotes.Get(ctx, okpay.QuoteID(n.id))
		return string(x.State)
	case "conversion":
		x, _ := w.Quotes.GetConversion(ctx, okpay.ConversionID(n.id))
		return string(x.State)
	}
	return ""
}

// about is the reply of a call about an object that is there already.
func (w *caseWorld) about(n named, replayed bool, err error) reply {
	return reply{err: err, replayed: replayed, object: n, state: w.stateOf(n)}
}

// made is the reply of a call that makes an object. With a refusal that records nothing
// there is none.
func (w *caseWorld) made(name, noun, id string, replayed bool, err error) reply {
	if id != "" {
		w.remember(name, noun, id)
	}
	return w.about(named{noun, id}, replayed, err)
}

func (w *caseWorld) advance(a *arguments) reply {
	for _, name := range []string{"to", "now", "until"} {
		if v, ok := a.get(name); ok {
			at, ok := instant(v, w.clock.Now())
			if !ok {
				w.inScope(outOfScope(fmt.Sprintf("time until %v", v)))
			}
			w.clock.Set(at)
		}
	}
	for name, unit := range map[string]time.Duration{"minutes": time.Minute, "hours": time.Hour, "days": 24 * time.Hour} {
		if a.has(name) {
			w.clock.Set(w.clock.Now().Add(time.Duration(a.number(name)) * unit))
		}
	}
	for _, name := range []string{"seconds", "secs", "s", "by", "advance", "duration"} {
		if v, ok := a.get(name); ok {
			at, ok := instant(v, w.clock.Now())
			if !ok {
				w.inScope(outOfScope(fmt.Sprintf("time for %v", v)))
			}
			w.clock.Set(at)
		}
	}
	if name := a.text("id"); name != "" {
		n, _ := w.object(name)
		_, err := w.ExpireDue(context.Background())
		return w.about(n, false, err)
	}
	_, err := w.ExpireDue(context.Background())
	return reply{err: err}
}
