package okpay_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// doing is a call that means the same however often it is made.
type doing = func(context.Context, *okpay.Wallet) error

// act is one kind of operation. Its plan draws what exactly is to be done; nil is nothing.
type act struct {
	name   string
	weight int
	plan   func(h *history, r *rand.Rand) doing
}

// acts are all kinds of operations.
func acts() []act {
	var all []act
	for _, some := range [][]act{paymentActs(), refundActs(), disputeActs(), topUpActs(), transferActs(), withdrawalActs(), payoutActs(), accountActs(), bankActs(), merchantActs()} {
		all = append(all, some...)
	}
	return all
}

func draw(all []act, r *rand.Rand) act {
	sum := 0
	for _, a := range all {
		sum += a.weight
	}
	n := r.IntN(sum)
	for _, a := range all {
		if n -= a.weight; n < 0 {
			return a
		}
	}
	panic("not reached")
}

func historyCurrencies() []string { return []string{"CNY", "CNY", "JPY", "KWD", "CLF"} } // 2, 0, 3 and 4 decimals

func drawAmount(r *rand.Rand, most int64) money.Amount {
	codes := historyCurrencies()
	return money.New(1+r.Int64N(most), money.MustISO(codes[r.IntN(len(codes))]))
}

// part is some of an amount, or a little more than it.
func part(r *rand.Rand, a money.Amount) money.Amount {
	if !a.IsPositive() || r.IntN(3) == 0 {
		return a
	}
	return money.New(1+r.Int64N(a.Minor()+a.Minor()/20), a.Currency())
}

// somebody is one of the customers, seldom one who has left.
func (h *history) somebody(r *rand.Rand) okpay.CustomerID {
	if r.IntN(3) > 0 {
		return okpay.CustomerID("c" + strconv.Itoa(r.IntN(5)))
	}
	return okpay.CustomerID(h.witness.pick(r, "gate", "active", "locked").id)
}

func someMerchant(r *rand.Rand) okpay.MerchantID {
	return []okpay.MerchantID{"shop", "shop", "store"}[r.IntN(3)]
}

// seller is one of the merchants, sometimes one that comes and goes.
func (h *history) seller(r *rand.Rand) okpay.MerchantID {
	if r.IntN(8) > 0 {
		return someMerchant(r)
	}
	return okpay.MerchantID(h.witness.pick(r, "merchant", "active").id)
}

// made holds a call that makes something to making one thing, however often it is asked.
func (h *history) made(key, id string, err error) error {
	if id == "" {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if before, ok := h.ids[key]; ok && before != id {
		assert.Equal(h.t, before, id, "one key makes one thing")
	}
	h.ids[key] = id
	return err
}

func or[ID ~string](id, other ID) ID {
	if id == "" {
		return other
	}
	return id
}

// settle registers the first customers and merchants, and gives them something.
func (h *history) settle(p *process) {
	ctx := h.t.Context()
	for i := range 5 {
		id := okpay.CustomerID("c" + strconv.Itoa(i))
		_, err := p.Customers.Create(ctx, okpay.CreateCustomer{ID: id, Name: "Somebody"})
		require.NoError(h.t, err)
	}
	for _, id := range []okpay.MerchantID{"shop", "store"} {
		_, err := p.Merchants.Create(ctx, okpay.CreateMerchant{ID: id, Name: "Shop"})
		require.NoError(h.t, err)
	}
	_, err := p.Merchants.SetFees(ctx, okpay.SetFees{Merchant: "store", Fees: &okpay.Fees{Payment: okpay.Fee{BasisPoints: 9, Min: 7}}})
	require.NoError(h.t, err)
}

func paymentActs() []act {
	methods := func(r *rand.Rand) []okpay.PaymentMethod {
		return [][]okpay.PaymentMethod{
			nil, nil, nil,
			{okpay.FromSource("psp")},
			{okpay.FromSource("card"), okpay.FromSource("psp")},
			{{}, okpay.FromSource("psp")},
			{okpay.FromBalances("CNY", "JPY", "KWD", "CLF")},
			{okpay.FromSource("card"), {}},
		}[r.IntN(8)]
	}
	create := func(confirm bool) func(*history, *rand.Rand) doing {
		return func(h *history, r *rand.Rand) doing {
			key := h.number("k")
			in := okpay.CreatePayment{
				Merchant: h.seller(r), Amount: drawAmount(r, 1000), CaptureMethod: okpay.CaptureManual,
				ExpiresIn: time.Duration(1+r.IntN(2000)) * time.Minute, Metadata: map[string]string{"key": key}, Key: key,
			}
			if r.IntN(2) == 0 {
				in.CaptureMethod = okpay.CaptureAutomatic
			}
			if r.IntN(8) == 0 {
				in.Reference = "order-" + strconv.Itoa(r.IntN(50))
			}
			if confirm {
				in.Customer, in.Confirm, in.Methods = h.somebody(r), true, methods(r)
			}
			return func(ctx context.Context, w *okpay.Wallet) error {
				p, err := w.Payments.Create(ctx, in)
				return h.made(key, string(p.ID), err)
			}
		}
	}
	return []act{
		{"payment.create", 6, create(false)},
		{"payment.create, confirmed", 22, create(true)},
		{"payment.confirm", 10, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "payment", "created", "requires_confirmation")
			in := okpay.ConfirmPayment{
				Payment: okpay.PaymentID(x.id), Customer: or(okpay.CustomerID(x.shown.Customer), h.somebody(r)), Methods: methods(r), Key: h.number("k"),
			}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.Payments.Confirm(ctx, in); return err }
		}},
		{"payment.authenticate", 7, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "payment", "requires_action")
			in := okpay.AuthenticatePayment{
				Payment: okpay.PaymentID(x.id), Customer: or(okpay.CustomerID(x.shown.Customer), h.somebody(r)),
				Proof: []string{"right", "right", "wrong"}[r.IntN(3)], Key: h.number("k"),
			}
			return func(ctx context.Context, w *okpay.Wallet) error {
				_, err := w.Payments.Authenticate(ctx, in)
				return err
			}
		}},
		{"payment.capture", 14, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "payment", "authorized", "partially_captured")
			in := okpay.CapturePayment{
				Merchant: okpay.MerchantID(x.shown.Merchant), Payment: okpay.PaymentID(x.id), Amount: part(r, x.shown.Amount), Final: r.IntN(4) == 0, Key: h.number("k"),
			}
			if r.IntN(3) == 0 {
				in.Amount = money.Amount{}
			}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.Payments.Capture(ctx, in); return err }
		}},
		{"payment.cancel", 4, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "payment", "authorized", "partially_captured", "created", "processing")
			in := okpay.CancelPayment{Merchant: okpay.MerchantID(x.shown.Merchant), Payment: okpay.PaymentID(x.id), Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.Payments.Cancel(ctx, in); return err }
		}},
		{"payment.answer", 12, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "payment", "processing")
			collection := x.id + "-" + strconv.Itoa(1+r.IntN(2))
			in := okpay.PaymentAnswer{
				Payment: okpay.PaymentID(x.id), Collection: collection, Outcome: rails.Outcome(1 + r.IntN(4)/3),
				Event: collection + "." + strconv.Itoa(r.IntN(4)),
			}
			if in.Outcome == rails.Succeeded && r.IntN(3) == 0 {
				in.Amount = drawAmount(r, 500)
			}
			if in.Outcome == rails.Succeeded {
				in.Reference = bankCalls(collection)
			}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.Payments.Answer(ctx, in); return err }
		}},
		{"payment.answer_reversal", 8, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "payment", [][]string{{"captured", "processing"}, {"authorized", "partially_captured"}, {"canceled", "failed", "refunded"}}[r.IntN(3)]...)
			collection := x.id + "-" + strconv.Itoa(1+r.IntN(2))
			in := okpay.ReversalAnswer{Payment: okpay.PaymentID(x.id), Collection: collection, Event: collection + ".r" + strconv.Itoa(r.IntN(2))}
			if r.IntN(6) == 0 {
				in.Amount = drawAmount(r, 500)
			}
			return func(ctx context.Context, w *okpay.Wallet) error {
				_, err := w.Payments.AnswerReversal(ctx, in)
				return err
			}
		}},
		{"payment.resolve_mismatch", 7, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "payment", "processing")
			in := okpay.ResolveMismatch{Payment: okpay.PaymentID(x.id), Credit: r.IntN(2) == 0, By: "ops1", Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error {
				_, err := w.Payments.ResolveMismatch(ctx, in)
				return err
			}
		}},
	}
}

func refundActs() []act {
	return []act{
		{"refund.create", 12, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "payment", "captured", "partially_refunded")
			in := okpay.CreateRefund{Merchant: okpay.MerchantID(x.shown.Merchant), Payment: okpay.PaymentID(x.id), Amount: part(r, x.shown.Captured), Key: h.number("k")}
			if r.IntN(3) == 0 || !in.Amount.IsPositive() {
				in.Amount = money.Amount{}
			}
			return func(ctx context.Context, w *okpay.Wallet) error {
				got, err := w.Payments.Refund(ctx, in)
				return h.made(in.Key, string(got.ID), err)
			}
		}},
		{"refund.cancel", 6, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "refund", "pending_funds")
			in := okpay.CancelRefund{Merchant: okpay.MerchantID(x.shown.Merchant), Refund: okpay.RefundID(x.id), Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error {
				_, err := w.Payments.CancelRefund(ctx, in)
				return err
			}
		}},
		{"refund.answer", 8, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "refund", "pending_provider", "succeeded", "failed")
			in := okpay.RefundAnswer{
				Refund: okpay.RefundID(x.id), Event: x.id + "." + strconv.Itoa(r.IntN(5)),
				Outcome: []okpay.RefundOutcome{okpay.RefundArrived, okpay.RefundRejected, okpay.RefundUndone}[r.IntN(3)],
			}
			return func(ctx context.Context, w *okpay.Wallet) error {
				_, err := w.Payments.AnswerRefund(ctx, in)
				return err
			}
		}},
	}
}

func disputeActs() []act {
	decide := func(do func(*okpay.Wallet) func(context.Context, okpay.DecideDispute) (okpay.Dispute, error)) func(*history, *rand.Rand) doing {
		return func(h *history, r *rand.Rand) doing {
			in := okpay.DecideDispute{Dispute: okpay.DisputeID(h.witness.pick(r, "dispute", "under_review").id), By: "ops1", Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := do(w)(ctx, in); return err }
		}
	}
	type verb = func(context.Context, okpay.DecideDispute) (okpay.Dispute, error)
	return []act{
		{"dispute.open", 6, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "payment", "captured", "partially_refunded")
			kind := []okpay.DisputeKind{okpay.Unauthorized, okpay.Unauthorized, okpay.NotReceived}[r.IntN(3)]
			in := okpay.OpenDispute{Customer: okpay.CustomerID(x.shown.Customer), Payment: okpay.PaymentID(x.id), Kind: kind, Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error {
				y, err := w.Disputes.Open(ctx, in)
				return h.made(in.Key, string(y.ID), err)
			}
		}},
		{"dispute.provisional_credit", 4, decide(func(w *okpay.Wallet) verb { return w.Disputes.CreditProvisionally })},
		{"dispute.resolve_for_payer", 2, decide(func(w *okpay.Wallet) verb { return w.Disputes.ResolveForPayer })},
		{"dispute.resolve_for_merchant", 2, decide(func(w *okpay.Wallet) verb { return w.Disputes.ResolveForMerchant })},
		{"dispute.evidence", 2, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "dispute", "under_review")
			in := okpay.AddEvidence{Dispute: okpay.DisputeID(x.id), From: okpay.PartyPayer, Customer: okpay.CustomerID(x.shown.Customer), Document: "d1", Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error {
				_, err := w.Disputes.AddEvidence(ctx, in)
				return err
			}
		}},
		{"dispute.withdraw", 2, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "dispute", "under_review")
			in := okpay.WithdrawDispute{Dispute: okpay.DisputeID(x.id), Customer: okpay.CustomerID(x.shown.Customer), Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.Disputes.Withdraw(ctx, in); return err }
		}},
	}
}

func topUpActs() []act {
	resolve := func(credit bool) func(*history, *rand.Rand) doing {
		return func(h *history, r *rand.Rand) doing {
			in := okpay.ResolveTopUp{TopUp: okpay.TopUpID(h.witness.pick(r, "topup", "needs_review").id), By: "ops1", Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) (err error) {
				if credit {
					_, err = w.TopUps.ResolveCredit(ctx, in)
					return err
				}
				_, err = w.TopUps.ResolveReturn(ctx, in)
				return err
			}
		}
	}
	return []act{
		{"topup.create", 20, func(h *history, r *rand.Rand) doing {
			in := okpay.CreateTopUp{Customer: h.somebody(r), Amount: drawAmount(r, 5000), Source: "wire", Proof: []string{"right", "right", "wrong", ""}[r.IntN(4)], Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error {
				top, err := w.TopUps.Create(ctx, in)
				return h.made(in.Key, string(top.ID), err)
			}
		}},
		{"topup.source_says", 10, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "topup", "pending", "failed", "expired", "succeeded")
			if x.id == "" {
				return nil
			}
			in := okpay.SourceEvent{
				Source: "wire", EventID: x.id + "." + strconv.Itoa(r.IntN(6)), TopUp: okpay.TopUpID(x.id),
				Status: []rails.CollectionStatus{succeeded, succeeded, succeeded, failed, reversed}[r.IntN(5)],
			}
			if x.state == "succeeded" && r.IntN(3) > 0 {
				in.Status = succeeded // reversals lock customers out
			}
			if r.IntN(4) == 0 {
				in.Amount = drawAmount(r, 500)
			}
			in.Reference = bankCalls(x.id)
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.TopUps.SourceSays(ctx, in); return err }
		}},
		{"topup.resolve_credit", 3, resolve(true)},
		{"topup.resolve_return", 2, resolve(false)},
		{"quote.create", 6, func(h *history, r *rand.Rand) doing {
			codes := historyCurrencies()[1:]
			i := r.IntN(len(codes))
			in := okpay.CreateQuote{Base: codes[i], Quote: codes[(i+1+r.IntN(3))%4], TTL: time.Duration(1+r.IntN(200)) * time.Minute, Key: h.number("k")}
			if r.IntN(3) == 0 {
				in.Customer = h.somebody(r)
			}
			return func(ctx context.Context, w *okpay.Wallet) error {
				q, err := w.Quotes.Create(ctx, in)
				return h.made(in.Key, string(q.ID), err)
			}
		}},
		{"quote.convert", 8, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "quote", "open")
			if x.id == "" {
				return nil
			}
			in := okpay.Convert{
				Customer: or(okpay.CustomerID(x.shown.Customer), h.somebody(r)), Quote: okpay.QuoteID(x.id), Proof: "right",
				Amount: money.New(1+r.Int64N(300), money.MustISO(x.shown.Base)), Key: h.number("k"),
			}
			return func(ctx context.Context, w *okpay.Wallet) error {
				c, err := w.Quotes.Convert(ctx, in)
				return h.made(in.Key, string(c.ID), err)
			}
		}},
	}
}
