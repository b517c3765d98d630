package okpay_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// bankCalls is what providers call an object, when they tell.
func bankCalls(id string) string { return "S-" + id }

// bankRow is a row of a statement about something of ours, as a bank writes it: mostly right.
type bankRow struct {
	ref      string
	amount   money.Amount
	out      bool
	returned bool
}

func (b bankRow) text(h *history, r *rand.Rand) string {
	if r.IntN(12) == 0 {
		b.amount = drawAmount(r, 500)
	}
	if r.IntN(25) == 0 {
		b.out = !b.out
	}
	other := fmt.Sprintf("B-%s-%t", b.ref, b.returned)
	switch n := r.IntN(8); {
	case n == 0:
		other = h.number("B-")
	case n == 1 && !b.returned:
		b.ref, other = "", bankCalls(b.ref) // the bank has dropped our reference
	case n == 2:
		other = ""
	}
	way := map[bool]string{true: "out", false: "in"}[b.out != b.returned]
	cost := money.New(r.Int64N(3), b.amount.Currency())
	return fmt.Sprintf("%s,%s,%s,%s,%s,%s,%t\n", way, b.amount.Text(), b.amount.Currency().Code(), b.ref, other, cost.Text(), b.returned)
}

// statement is what a provider's bank says of some of its objects, in any order.
func (h *history) statement(r *rand.Rand, provider string) string {
	text := "direction,amount,currency,reference,other,cost,returned\n"
	for range 1 + r.IntN(6) {
		row, ok := h.bankRow(r, provider)
		if !ok {
			continue
		}
		text += row.text(h, r)
		if r.IntN(12) == 0 {
			text += row.text(h, r)
		}
	}
	return text
}

func (h *history) bankRow(r *rand.Rand, provider string) (bankRow, bool) {
	if r.IntN(10) == 0 {
		return bankRow{ref: "order-" + strconv.Itoa(r.IntN(1000)), amount: drawAmount(r, 300), out: r.IntN(2) == 0}, true
	}
	returned := r.IntN(12) == 0
	switch provider {
	case "bankA":
		x := h.witness.pick(r, []string{"withdrawal", "payout"}[r.IntN(2)], "submitted", "paid", "unknown", "failed", "returned")
		truth, err := h.payouts.SimulatedPayouts.Query(context.Background(), x.id)
		if x.id == "" || err != nil {
			return bankRow{}, false
		}
		row := bankRow{ref: x.id, amount: x.shown.Amount, out: true}
		switch truth.Status {
		case rails.PayoutNotFound: // money of what was never ordered
			return row, r.IntN(4) == 0 && (x.state == "under_review" || x.state == "canceled" || x.state == "rejected")
		case rails.PayoutReturned:
			row.returned = r.IntN(2) == 0
		case rails.PayoutPaid:
		default:
			truth.Status, truth.Code = rails.PayoutPaid, ""
			h.payouts.Settle(x.id, truth, 0)
		}
		return row, true
	case "wire":
		x := h.witness.pick(r, "topup", "succeeded", "pending", "expired", "failed")
		return bankRow{ref: x.id, amount: x.shown.Amount, returned: returned}, x.id != "" && x.shown.Amount.IsPositive()
	}
	if r.IntN(3) == 0 {
		x := h.witness.pick(r, "refund", "pending_provider", "succeeded", "failed")
		return bankRow{ref: x.id, amount: x.shown.Amount, out: true, returned: returned}, x.id != ""
	}
	x := h.witness.pick(r, "payment", "processing", "captured", "canceled")
	return bankRow{ref: x.id + "-" + strconv.Itoa(1+r.IntN(2)), amount: x.shown.Amount, returned: returned}, x.id != ""
}

// another is a statement that was not there before, or one that was.
func (h *history) another(r *rand.Rand) (in okpay.ImportStatement, file string) {
	provider := []string{"bankA", "bankA", "wire", "psp", "card"}[r.IntN(5)]
	file = h.statement(r, provider)
	in = okpay.ImportStatement{Provider: provider, Format: rails.CSV}
	if r.IntN(3) == 0 {
		in.Through = h.clock.Now()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.files); n > 0 && h.r.IntN(6) == 0 {
		i := h.r.IntN(n)
		return h.statements[i], h.files[i]
	}
	if h.statements, h.files = append(h.statements, in), append(h.files, file); len(h.files) > 20 {
		h.statements, h.files = h.statements[1:], h.files[1:]
	}
	return in, file
}

func bankActs() []act {
	return []act{
		{"statement.import", 6, func(h *history, r *rand.Rand) doing {
			in, file := h.another(r)
			return func(ctx context.Context, w *okpay.Wallet) error {
				in := in
				in.File = strings.NewReader(file)
				rec, err := w.Reconciliation.Import(ctx, in)
				if err == nil && (rec.State != okpay.ReconciliationCompleted || rec.Rows != rec.Matched+rec.Duplicate+rec.Mismatch+rec.MissingHere) {
					err = fmt.Errorf("the report counts otherwise: %+v", rec)
				}
				return err
			}
		}},
		// What sources were given back is settled for psp and card, and what came for wire.
		{"reconciliation.settle", 3, func(h *history, r *rand.Rand) doing {
			provider := []string{"psp", "card", "wire"}[r.IntN(3)]
			in := okpay.Settle{Provider: provider, Refunds: provider != "wire", Amount: drawAmount(r, 300), Key: h.number("k")}
			if r.IntN(3) == 0 {
				in.Cost = money.New(1, in.Amount.Currency())
			}
			return func(ctx context.Context, w *okpay.Wallet) error {
				e, err := w.Reconciliation.Settle(ctx, in)
				return h.made(in.Key, string(e.ID), err)
			}
		}},
	}
}

func merchantActs() []act {
	return []act{
		{"merchant.create", 2, func(h *history, r *rand.Rand) doing {
			in := okpay.CreateMerchant{ID: okpay.MerchantID("m" + h.number("")), Name: "Shop", Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error {
				m, err := w.Merchants.Create(ctx, in)
				return h.made(in.Key, string(m.ID), err)
			}
		}},
		{"merchant.close", 3, func(h *history, r *rand.Rand) doing {
			in := okpay.CloseMerchant{Merchant: okpay.MerchantID(h.witness.pick(r, "merchant", "active").id), By: "ops1", Key: h.number("k")}
			if in.Merchant == "shop" || in.Merchant == "store" {
				return nil // these stay
			}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.Merchants.Close(ctx, in); return err }
		}},
		{"merchant.settle_debt", 2, func(h *history, r *rand.Rand) doing {
			in := okpay.SettleMerchantDebt{Merchant: someMerchant(r), Amount: drawAmount(r, 500), By: "ops1", Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error {
				_, err := w.Merchants.SettleDebt(ctx, in)
				return err
			}
		}},
	}
}
