package okpay_test

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

func reviewer(r *rand.Rand) string { return []string{"ops1", "ops2", "ops3"}[r.IntN(3)] }

// open are the states of withdrawals and payouts in which something is to come.
func open() []string { return []string{"submitted", "unknown", "submitting", "failed", "paid"} }

// tells is what a bank says of an order, true or not, late, twice or for the first time.
func tells(kind string) func(*history, *rand.Rand) doing {
	return func(h *history, r *rand.Rand) doing {
		x := h.witness.pick(r, kind, open()...)
		truth, err := h.payouts.SimulatedPayouts.Query(context.Background(), x.id)
		if err != nil || truth.Status == rails.PayoutNotFound {
			return nil
		}
		next := truth
		switch n := r.IntN(12); {
		case truth.Status == rails.PayoutAccepted && n < 8:
			next.Status = rails.PayoutPaid
		case truth.Status == rails.PayoutAccepted && n < 11, truth.Status == rails.PayoutPaid && n == 0:
			next.Status, next.Code = rails.PayoutFailed, string(okpay.DestinationClosed)
		case truth.Status == rails.PayoutPaid && n < 3:
			next.Status, next.Code = rails.PayoutReturned, string(okpay.DestinationInvalid)
		case truth.Status == rails.PayoutFailed && n < 8:
			next.Status, next.Code = rails.PayoutPaid, ""
		}
		h.payouts.Settle(x.id, next, 0)
		if r.IntN(3) == 0 {
			return nil // and tells nobody: whoever wants to know asks
		}
		told := h.said(x.id, next)
		if r.IntN(12) == 0 { // wrong
			told.Amount = drawAmount(r, 500)
			told.EventID += "-wrong"
		}
		return func(ctx context.Context, w *okpay.Wallet) error { return w.PayoutProviderSays(ctx, told) }
	}
}

// destination saves a destination and has an operator look at it.
func destination(h *history, r *rand.Rand, in okpay.SaveDestination) doing {
	in.Type, in.Details, in.Key = "bank", "6222020200112233", h.number("k")
	verify := okpay.VerifyDestination{By: "ops1", Key: h.number("k")}
	if r.IntN(6) == 0 {
		verify.Problem = okpay.DestinationClosed
	}
	return func(ctx context.Context, w *okpay.Wallet) error {
		d, err := w.Destinations.Save(ctx, in)
		if err == nil {
			verify := verify
			verify.Destination = d.ID
			_, err = w.Destinations.Verify(ctx, verify)
		}
		return h.made(in.Key, string(d.ID), err)
	}
}

// place is one of an owner's destinations.
func (h *history) place(r *rand.Rand, customers bool) object {
	for range 20 {
		if x := h.witness.pick(r, "destination", "verified"); (x.shown.Customer != "") == customers {
			return x
		}
	}
	return object{}
}

func withdrawalActs() []act {
	type verb = func(context.Context, okpay.ReviewWithdrawal) (okpay.Withdrawal, error)
	review := func(do func(*okpay.Wallet) verb, states ...string) func(*history, *rand.Rand) doing {
		return func(h *history, r *rand.Rand) doing {
			in := okpay.ReviewWithdrawal{Withdrawal: okpay.WithdrawalID(h.witness.pick(r, "withdrawal", states...).id), By: reviewer(r), Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := do(w)(ctx, in); return err }
		}
	}
	type ask = func(context.Context, okpay.WithdrawalID) (okpay.Withdrawal, error)
	asks := func(do func(*okpay.Wallet) ask, states ...string) func(*history, *rand.Rand) doing {
		return func(h *history, r *rand.Rand) doing {
			id := okpay.WithdrawalID(h.witness.pick(r, "withdrawal", states...).id)
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := do(w)(ctx, id); return err }
		}
	}
	return []act{
		{"destination.save and verify", 5, func(h *history, r *rand.Rand) doing {
			if r.IntN(3) == 0 {
				return destination(h, r, okpay.SaveDestination{Merchant: someMerchant(r)})
			}
			return destination(h, r, okpay.SaveDestination{Customer: h.somebody(r)})
		}},
		{"destination.remove", 1, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "destination", "verified", "refused")
			in := okpay.RemoveDestination{
				Customer: okpay.CustomerID(x.shown.Customer), Merchant: okpay.MerchantID(x.shown.Merchant), Destination: okpay.DestinationID(x.id), Key: h.number("k"),
			}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.Destinations.Remove(ctx, in); return err }
		}},
		{"withdrawal.request", 14, func(h *history, r *rand.Rand) doing {
			x := h.place(r, true)
			in := okpay.RequestWithdrawal{
				Customer: okpay.CustomerID(x.shown.Customer), Destination: okpay.DestinationID(x.id), Amount: drawAmount(r, 900), Proof: "right", Key: h.number("k"),
			}
			return func(ctx context.Context, w *okpay.Wallet) error {
				wd, err := w.Withdrawals.Request(ctx, in)
				return h.made(in.Key, string(wd.ID), err)
			}
		}},
		{"withdrawal.cancel", 2, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "withdrawal", "under_review", "approved")
			in := okpay.CancelWithdrawal{Customer: okpay.CustomerID(x.shown.Customer), Withdrawal: okpay.WithdrawalID(x.id), Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.Withdrawals.Cancel(ctx, in); return err }
		}},
		{"withdrawal.approve", 7, review(func(w *okpay.Wallet) verb { return w.Withdrawals.Approve }, "under_review")},
		{"withdrawal.reject", 1, func(h *history, r *rand.Rand) doing {
			in := okpay.RejectWithdrawal{Withdrawal: okpay.WithdrawalID(h.witness.pick(r, "withdrawal", "under_review").id), By: reviewer(r), Reason: "kyc_required", Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.Withdrawals.Reject(ctx, in); return err }
		}},
		{"withdrawal.submit", 4, asks(func(w *okpay.Wallet) ask { return w.Withdrawals.Submit }, "approved", "submitting", "unknown")},
		{"withdrawal.query", 3, asks(func(w *okpay.Wallet) ask { return w.Withdrawals.Query }, "submitting", "unknown", "submitted")},
		{"withdrawal.provider_says", 12, tells("withdrawal")},
		{"withdrawal.collect", 3, review(func(w *okpay.Wallet) verb { return w.Withdrawals.Collect }, "paid_after_failed")},
		{"withdrawal.write_off", 5, review(func(w *okpay.Wallet) verb { return w.Withdrawals.WriteOff }, "paid_after_failed")},
	}
}

func payoutActs() []act {
	type verb = func(context.Context, okpay.ReviewPayout) (okpay.Payout, error)
	review := func(do func(*okpay.Wallet) verb, states ...string) func(*history, *rand.Rand) doing {
		return func(h *history, r *rand.Rand) doing {
			in := okpay.ReviewPayout{Payout: okpay.PayoutID(h.witness.pick(r, "payout", states...).id), By: reviewer(r), Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := do(w)(ctx, in); return err }
		}
	}
	type ask = func(context.Context, okpay.PayoutID) (okpay.Payout, error)
	asks := func(do func(*okpay.Wallet) ask, states ...string) func(*history, *rand.Rand) doing {
		return func(h *history, r *rand.Rand) doing {
			id := okpay.PayoutID(h.witness.pick(r, "payout", states...).id)
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := do(w)(ctx, id); return err }
		}
	}
	return []act{
		{"payout.request", 10, func(h *history, r *rand.Rand) doing {
			x := h.place(r, false)
			in := okpay.RequestPayout{Merchant: okpay.MerchantID(x.shown.Merchant), Destination: okpay.DestinationID(x.id), Amount: drawAmount(r, 700), Key: h.number("k")}
			if r.IntN(2) == 0 { // all there is, so that refunds have to wait
				if c, err := h.process().Payouts.Conditions(context.Background(), in.Merchant, in.Amount.Currency().Code()); err == nil && c.Most.IsPositive() {
					in.Amount = c.Most
				}
			}
			return func(ctx context.Context, w *okpay.Wallet) error {
				po, err := w.Payouts.Request(ctx, in)
				return h.made(in.Key, string(po.ID), err)
			}
		}},
		{"payout.cancel", 1, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "payout", "under_review", "approved")
			in := okpay.CancelPayout{Merchant: okpay.MerchantID(x.shown.Merchant), Payout: okpay.PayoutID(x.id), Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.Payouts.Cancel(ctx, in); return err }
		}},
		{"payout.approve", 4, review(func(w *okpay.Wallet) verb { return w.Payouts.Approve }, "under_review")},
		{"payout.reject", 1, func(h *history, r *rand.Rand) doing {
			in := okpay.RejectPayout{Payout: okpay.PayoutID(h.witness.pick(r, "payout", "under_review").id), By: reviewer(r), Reason: "kyc_required", Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.Payouts.Reject(ctx, in); return err }
		}},
		{"payout.submit", 3, asks(func(w *okpay.Wallet) ask { return w.Payouts.Submit }, "approved", "submitting", "unknown")},
		{"payout.query", 2, asks(func(w *okpay.Wallet) ask { return w.Payouts.Query }, "submitting", "unknown", "submitted")},
		{"payout.provider_says", 12, tells("payout")},
		{"payout.collect", 3, review(func(w *okpay.Wallet) verb { return w.Payouts.Collect }, "paid_after_failed")},
		{"payout.write_off", 5, review(func(w *okpay.Wallet) verb { return w.Payouts.WriteOff }, "paid_after_failed")},
		{"payout_schedule.set", 2, func(h *history, r *rand.Rand) doing {
			x, code := h.place(r, false), historyCurrencies()[r.IntN(5)]
			in := okpay.SetPayoutSchedule{
				Merchant: okpay.MerchantID(x.shown.Merchant), Currency: code, Every: okpay.Daily, Hour: r.IntN(24),
				Reserve: money.New(r.Int64N(500), money.MustISO(code)), Destination: okpay.DestinationID(x.id), Key: h.number("k"),
			}
			if r.IntN(3) == 0 {
				in.Every, in.Weekday = okpay.Weekly, time.Weekday(r.IntN(7))
			}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.Payouts.SetSchedule(ctx, in); return err }
		}},
		{"payout_schedule.remove", 1, func(h *history, r *rand.Rand) doing {
			in := okpay.RemovePayoutSchedule{Merchant: someMerchant(r), Currency: historyCurrencies()[r.IntN(5)], Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error {
				_, err := w.Payouts.RemoveSchedule(ctx, in)
				return err
			}
		}},
	}
}
