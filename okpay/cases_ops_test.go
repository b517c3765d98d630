package okpay_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
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

	"recon.settle": (*caseWorld).settle,

	"topup.query":        (*caseWorld).queryTopUp,
	"topup.resolve":      (*caseWorld).resolveEither,
	"withdrawal.resolve": (*caseWorld).resolveWithdrawal,
	"payment.resolve":    (*caseWorld).resolvePayment,

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
			w.clock.set(at)
		}
	}
	for _, name := range []string{"seconds", "secs", "s", "by", "advance", "duration"} {
		if v, ok := a.get(name); ok {
			at, ok := instant(v, w.clock.Now())
			if !ok {
				w.inScope(outOfScope(fmt.Sprintf("time for %v", v)))
			}
			w.clock.set(at)
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

func (w *caseWorld) createTransfer(a *arguments) reply {
	in := okpay.CreateTransfer{
		From: okpay.CustomerID(a.text("from")), Amount: a.amount("amount", ""), Note: a.text("note"), Key: a.text("key"),
	}
	for _, name := range notThere {
		a.get(name)
	}
	in.ExpiresIn = seconds(a.values["expires_in"])
	a.get("expires_in")
	if a.yes("authenticated") {
		in.Proof = rightProof
	}
	to := a.text("to", "payee", "to_contact", "contact")
	for _, kind := range []string{"email:", "phone:", "contact:"} {
		to = strings.TrimPrefix(to, kind)
	}
	switch {
	case to != "" && w.strangers[to] && !strings.ContainsAny(to, "@+"):
		in.Email = strings.NewReplacer(":", ".", "_", ".").Replace(to) + "@example.com"
	case strings.Contains(to, "@"):
		in.Email = to
	case strings.HasPrefix(to, "+"):
		in.Phone = to
	default:
		in.To = okpay.CustomerID(to)
	}
	if email := a.text("to_email", "email"); email != "" {
		in.Email = email
	}
	if phone := a.text("to_phone", "phone"); phone != "" {
		in.Phone = phone
	}
	x, err := w.Transfers.Create(context.Background(), in)
	return w.made(a.text("id"), "transfer", string(x.ID), x.Replayed, err)
}

// claimTransfer claims, once the claimant has verified the contact that was sent to (see
// prepare).
func (w *caseWorld) claimTransfer(a *arguments) reply {
	n := named{"transfer", a.id("id")}
	x, err := w.Transfers.Claim(context.Background(), okpay.ClaimTransfer{Transfer: okpay.TransferID(n.id), Customer: w.claimant(a), Key: a.text("key")})
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) cancelTransfer(a *arguments) reply {
	n := named{"transfer", a.id("id")}
	x, _ := w.Transfers.Get(context.Background(), okpay.TransferID(n.id))
	by := x.From
	if who := a.text("by", "user", "from"); who != "" {
		by = okpay.CustomerID(who)
	}
	x, err := w.Transfers.Cancel(context.Background(), okpay.CancelTransfer{Customer: by, Transfer: okpay.TransferID(n.id), Key: a.text("key")})
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) reviewTransfer(a *arguments) (okpay.ReviewTransfer, named) {
	n := named{"transfer", a.id("id")}
	return okpay.ReviewTransfer{Transfer: okpay.TransferID(n.id), By: a.text("by"), Reason: a.text("reason"), Key: a.text("key")}, n
}

func (w *caseWorld) approveTransfer(a *arguments) reply {
	in, n := w.reviewTransfer(a)
	x, err := w.Transfers.Approve(context.Background(), in)
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) rejectTransfer(a *arguments) reply {
	in, n := w.reviewTransfer(a)
	x, err := w.Transfers.Reject(context.Background(), in)
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) createTopUp(a *arguments) reply {
	a.get("expires_in") // see config
	source := a.text("provider", "source")
	if source == "" {
		source = "psp"
	}
	x, err := w.TopUps.Create(context.Background(), okpay.CreateTopUp{
		Customer: okpay.CustomerID(a.text("user")), Amount: a.amount("amount", ""), Source: source, Key: a.text("key"),
	})
	return w.made(a.text("id"), "topup", string(x.ID), x.Replayed, err)
}

func (w *caseWorld) topUpAnswer(a *arguments) reply {
	n := named{"topup", a.id("id")}
	x, _ := w.TopUps.Get(context.Background(), okpay.TopUpID(n.id))
	if given := a.text("provider", "source"); given != "" {
		x.Source = given
	}
	in := okpay.SourceEvent{Source: x.Source, EventID: a.text("event_id"), TopUp: okpay.TopUpID(n.id), Amount: a.amount("amount", x.Amount.Currency().Code())}
	switch status := a.text("status", "outcome", "result"); sourceSays[status] {
	case "succeeded":
		in.Status = rails.CollectionSucceeded
	case "failed":
		in.Status = rails.CollectionFailed
	case "reversed":
		in.Status = rails.CollectionReversed
	default:
		w.inScope(outOfScope("a funding source that says " + status))
	}
	x, err := w.TopUps.SourceSays(context.Background(), in)
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) resolveTopUp(a *arguments) (okpay.ResolveTopUp, named) {
	n := named{"topup", a.id("id")}
	in := okpay.ResolveTopUp{TopUp: okpay.TopUpID(n.id), By: a.text("by"), Key: a.text("key")}
	if in.By == "" {
		in.By = "ops1"
	}
	return in, n
}

func (w *caseWorld) creditTopUp(a *arguments) reply {
	in, n := w.resolveTopUp(a)
	x, err := w.TopUps.ResolveCredit(context.Background(), in)
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) returnTopUp(a *arguments) reply {
	in, n := w.resolveTopUp(a)
	x, err := w.TopUps.ResolveReturn(context.Background(), in)
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) requestWithdrawal(a *arguments) reply {
	user := a.text("user")
	a.get("dest_ok") // see saveDestination
	a.get("dest_error")
	a.get("provider")
	proof := ""
	if a.yes("authenticated") {
		proof = rightProof
	}
	x, err := w.Withdrawals.Request(context.Background(), okpay.RequestWithdrawal{
		Customer: okpay.CustomerID(user), Amount: a.amount("amount", ""),
		Destination: okpay.DestinationID(w.id(destinationName(user, a.text("dest")))), Proof: proof, Key: a.text("key"),
	})
	return w.made(a.text("id"), "withdrawal", string(x.ID), x.Replayed, err)
}

// saveDestination saves the destination of a request before the case begins, and verifies it
// unless the case says that it is not in order.
func (w *caseWorld) saveDestination(call opCall) {
	w.t.Helper()
	a := &arguments{w: w, values: call.Args}
	owner, name := a.text("user", "merchant"), a.text("dest")
	known := destinationName(owner, name)
	if _, ok := w.object(known); ok || name == "" {
		return
	}
	in := okpay.SaveDestination{
		Customer: okpay.CustomerID(a.text("user")), Merchant: okpay.MerchantID(a.text("merchant")),
		Type: "bank", Holder: owner, Details: "details of " + name, Provider: a.text("provider"),
	}
	if in.Provider == "" {
		in.Provider = "bankA"
	}
	d, err := w.Destinations.Save(w.t.Context(), in)
	require.NoError(w.t, err)
	problem := okpay.Code(a.text("dest_error"))
	if ok, given := a.get("dest_ok"); !given || ok == true {
		_, err = w.Destinations.Verify(w.t.Context(), okpay.VerifyDestination{Destination: d.ID, By: "ops0", Problem: problem})
		require.NoError(w.t, err)
	}
	w.remember(known, "destination", string(d.ID))
}

func destinationName(user, name string) string { return "destination " + name + " of " + user }

func (w *caseWorld) approveWithdrawal(a *arguments) reply {
	n := named{"withdrawal", a.id("id")}
	x, err := w.Withdrawals.Approve(context.Background(), okpay.ReviewWithdrawal{Withdrawal: okpay.WithdrawalID(n.id), By: a.text("by"), Key: a.text("key")})
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) rejectWithdrawal(a *arguments) reply {
	n := named{"withdrawal", a.id("id")}
	x, err := w.Withdrawals.Reject(context.Background(), okpay.RejectWithdrawal{
		Withdrawal: okpay.WithdrawalID(n.id), By: a.text("by"), Reason: a.text("reason"), Key: a.text("key"),
	})
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) cancelWithdrawal(a *arguments) reply {
	n := named{"withdrawal", a.id("id")}
	x, _ := w.Withdrawals.Get(context.Background(), okpay.WithdrawalID(n.id))
	by := x.Customer
	if who := a.text("by", "user"); who != "" {
		by = okpay.CustomerID(who)
	}
	x, err := w.Withdrawals.Cancel(context.Background(), okpay.CancelWithdrawal{Customer: by, Withdrawal: okpay.WithdrawalID(n.id), Key: a.text("key")})
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) withdrawalAnswer(a *arguments) reply {
	n := w.outgoing(a)
	x, _ := w.Withdrawals.Get(context.Background(), okpay.WithdrawalID(n.id))
	currency := x.Amount.Currency().Code()
	if n.noun == "payout" {
		x, _ := w.Payouts.Get(context.Background(), okpay.PayoutID(n.id))
		currency = x.Amount.Currency().Code()
	}
	in := okpay.ProviderEvent{
		Provider: a.text("provider"), EventID: a.text("event_id"), Key: n.id, Code: a.text("code", "reason"),
		Amount: a.amount("amount", currency), Reference: a.text("provider_ref", "ref"),
	}
	if in.Provider == "" {
		in.Provider = "bankA"
	}
	in.Status = w.payoutStatus(a.text("status", "outcome", "result"))
	if n.noun == "payout" {
		x, err := w.Payouts.ProviderSays(context.Background(), in)
		return w.about(n, x.Replayed, err)
	}
	x, err := w.Withdrawals.ProviderSays(context.Background(), in)
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) payoutStatus(status string) rails.PayoutStatus {
	switch payoutSays[status] {
	case "accepted":
		return rails.PayoutAccepted
	case "paid":
		return rails.PayoutPaid
	case "failed":
		return rails.PayoutFailed
	case "returned":
		return rails.PayoutReturned
	case "not_found":
		return rails.PayoutNotFound
	case "unknown":
		return rails.PayoutUnknown
	}
	w.inScope(outOfScope("a payout provider that says " + status))
	return rails.PayoutUnknown
}

func (w *caseWorld) review(a *arguments) (okpay.ReviewWithdrawal, named) {
	n := named{"withdrawal", a.id("id")}
	in := okpay.ReviewWithdrawal{Withdrawal: okpay.WithdrawalID(n.id), By: a.text("by"), Key: a.text("key")}
	if in.By == "" {
		in.By = "ops1"
	}
	return in, n
}

func (w *caseWorld) collectWithdrawal(a *arguments) reply {
	in, n := w.review(a)
	x, err := w.Withdrawals.Collect(context.Background(), in)
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) writeOffWithdrawal(a *arguments) reply {
	in, n := w.review(a)
	x, err := w.Withdrawals.WriteOff(context.Background(), in)
	return w.about(n, x.Replayed, err)
}

// providerWill tells the provider of a withdrawal or payout what to say.
func (w *caseWorld) providerWill(a *arguments, n named) {
	result := rails.PayoutResult{Status: w.payoutStatus(a.text("provider", "status", "result", "outcome", "response", "answer")), Code: a.text("code", "reason")}
	for _, p := range w.providers {
		p.will(n.id, result)
	}
}

// submitWithdrawal does what the worker does with one withdrawal or payout.
func (w *caseWorld) submitWithdrawal(a *arguments) reply {
	n := w.outgoing(a)
	w.providerWill(a, n)
	if n.noun == "payout" {
		x, err := w.Payouts.Submit(context.Background(), okpay.PayoutID(n.id))
		return w.about(n, x.Replayed, err)
	}
	x, err := w.Withdrawals.Submit(context.Background(), okpay.WithdrawalID(n.id))
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) queryWithdrawal(a *arguments) reply {
	n := w.outgoing(a)
	w.providerWill(a, n)
	if n.noun == "payout" {
		x, err := w.Payouts.Query(context.Background(), okpay.PayoutID(n.id))
		return w.about(n, x.Replayed, err)
	}
	x, err := w.Withdrawals.Query(context.Background(), okpay.WithdrawalID(n.id))
	return w.about(n, x.Replayed, err)
}

func (w *caseWorld) openDispute(a *arguments) reply {
	name, payment := a.text("id"), named{"payment", a.id("payment")}
	p, _ := w.Payments.Get(context.Background(), okpay.PaymentID(payment.id))
	a.get("due_in") // see config
	by := p.Customer
	if who := a.text("by", "user", "payer"); who != "" {
		by = okpay.CustomerID(who)
	}
	kind := a.text("kind", "reason")
	if kind == "unauthorised" {
		kind = string(okpay.Unauthorized)
	}
	y, err := w.Disputes.Open(context.Background(), okpay.OpenDispute{
		Customer: by, Payment: okpay.PaymentID(payment.id), Kind: okpay.DisputeKind(kind), Key: a.text("key"),
	})
	if y.ID == "" {
		return w.about(payment, false, err)
	}
	return w.made(name, "dispute", string(y.ID), y.Replayed, err)
}

func (w *caseWorld) decision(a *arguments) (okpay.DecideDispute, named) {
	n := named{"dispute", a.id("id")}
	in := okpay.DecideDispute{Dispute: okpay.DisputeID(n.id), By: a.text("by"), Reason: a.text("reason"), Key: a.text("key")}
	if in.By == "" {
		in.By = "ops1"
	}
	return in, n
}

func (w *caseWorld) creditDispute(a *arguments) reply {
	in, n := w.decision(a)
	y, err := w.Disputes.CreditProvisionally(context.Background(), in)
	return w.about(n, y.Replayed, err)
}

func (w *caseWorld) addEvidence(a *arguments) reply {
	n := named{"dispute", a.id("id")}
	y, _ := w.Disputes.Get(context.Background(), okpay.DisputeID(n.id))
	in := okpay.AddEvidence{Dispute: okpay.DisputeID(n.id), From: okpay.PartyMerchant, Customer: y.Customer, Merchant: y.Merchant, Text: "evidence", Key: a.text("key")}
	switch by := a.text("by", "from"); by {
	case "payer", "user", "customer", string(y.Customer):
		in.From = okpay.PartyPayer
	}
	if text := a.text("text"); text != "" {
		in.Text = text
	}
	y, err := w.Disputes.AddEvidence(context.Background(), in)
	return w.about(n, y.Replayed, err)
}

func (w *caseWorld) resolveDispute(a *arguments) reply {
	in, n := w.decision(a)
	resolve := w.Disputes.ResolveForPayer
	switch outcome := a.text("outcome"); outcome {
	case "payer_won", "payer", "won", "payer_wins", "for_payer":
	case "merchant_won", "merchant", "lost", "merchant_wins", "for_merchant":
		resolve = w.Disputes.ResolveForMerchant
	default:
		w.inScope(outOfScope("a dispute that ends with " + outcome))
	}
	y, err := resolve(context.Background(), in)
	return w.about(n, y.Replayed, err)
}

func (w *caseWorld) withdrawDispute(a *arguments) reply {
	n := named{"dispute", a.id("id")}
	y, _ := w.Disputes.Get(context.Background(), okpay.DisputeID(n.id))
	by := y.Customer
	if who := a.text("by", "user"); who != "" {
		by = okpay.CustomerID(who)
	}
	y, err := w.Disputes.Withdraw(context.Background(), okpay.WithdrawDispute{Customer: by, Dispute: okpay.DisputeID(n.id), Key: a.text("key")})
	return w.about(n, y.Replayed, err)
}

func (w *caseWorld) makeQuote(a *arguments) reply {
	in := okpay.CreateQuote{Base: a.text("base"), Quote: a.text("quote"), TTL: time.Duration(max(a.number("ttl"), a.number("expires_in"))) * time.Second, Key: a.text("key")}
	if exp, ok := a.get("exp"); ok { // the currencies' decimals, which must be ours
		for code, scale := range exp.(map[string]any) {
			if fmt.Sprint(w.currency(code).Scale()) != fmt.Sprint(scale) {
				w.inScope(outOfScope(fmt.Sprintf("%s with %v decimals", code, scale)))
			}
		}
	}
	var err error
	if in.Mid, err = decimal.NewFromString(a.text("mid")); err == nil {
		in.Rate, err = decimal.NewFromString(a.text("rate"))
	}
	if err != nil {
		w.inScope(outOfScope("a rate that is no number"))
	}
	q, err := w.Quotes.Create(context.Background(), in)
	return w.made(a.text("id"), "quote", string(q.ID), q.Replayed, err)
}

func (w *caseWorld) convert(a *arguments) reply {
	quote := okpay.QuoteID(a.id("quote"))
	q, _ := w.Quotes.Get(context.Background(), quote)
	c, err := w.Quotes.Convert(context.Background(), okpay.Convert{
		Customer: okpay.CustomerID(a.text("user")), Quote: quote, Amount: a.amount("amount", q.Base), Key: a.text("key"),
	})
	return w.made(a.text("id"), "conversion", string(c.ID), c.Replayed, err)
}

func (w *caseWorld) lock(a *arguments) reply {
	g, err := w.Customers.Lock(context.Background(), w.moveGate(a))
	return w.gateReply(a, g, err)
}

func (w *caseWorld) unlock(a *arguments) reply {
	g, err := w.Customers.Unlock(context.Background(), w.moveGate(a))
	return w.gateReply(a, g, err)
}

func (w *caseWorld) moveGate(a *arguments) okpay.MoveGate {
	return okpay.MoveGate{Customer: okpay.CustomerID(a.text("user")), By: a.text("by"), Reason: a.text("reason"), Key: a.text("key")}
}

func (w *caseWorld) gateReply(a *arguments, g okpay.Gate, err error) reply {
	r := reply{err: err, replayed: g.Replayed}
	is, _ := w.Customers.Gate(context.Background(), okpay.CustomerID(a.text("user")))
	r.state = string(is.State)
	return r
}

func (w *caseWorld) settle(a *arguments) reply {
	amount := a.amount("amount", "")
	in := okpay.Settle{Provider: a.text("provider"), Amount: amount, Cost: money.New(a.number("cost"), amount.Currency()), Key: a.text("key")}
	_, err := w.Reconciliation.Settle(context.Background(), in)
	return reply{err: err}
}
