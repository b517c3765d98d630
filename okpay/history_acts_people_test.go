package okpay_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

func someEmail(r *rand.Rand) string { return string(rune('a'+r.IntN(6))) + "@example.com" }

func transferActs() []act {
	type verb = func(context.Context, okpay.ReviewTransfer) (okpay.Transfer, error)
	review := func(do func(*okpay.Wallet) verb) func(*history, *rand.Rand) doing {
		return func(h *history, r *rand.Rand) doing {
			in := okpay.ReviewTransfer{Transfer: okpay.TransferID(h.witness.pick(r, "transfer", "under_review").id), By: "ops1", Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := do(w)(ctx, in); return err }
		}
	}
	type move = func(context.Context, okpay.MoveMoneyRequest) (okpay.MoneyRequest, error)
	end := func(do func(*okpay.Wallet) move, who func(object) string) func(*history, *rand.Rand) doing {
		return func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "request", "open")
			in := okpay.MoveMoneyRequest{Request: okpay.RequestID(x.id), Customer: okpay.CustomerID(who(x)), Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := do(w)(ctx, in); return err }
		}
	}
	return []act{
		{"transfer.create", 12, func(h *history, r *rand.Rand) doing {
			in := okpay.CreateTransfer{From: h.somebody(r), Amount: drawAmount(r, 300), Proof: "right", Note: "thanks", Key: h.number("k")}
			if r.IntN(2) == 0 {
				in.Email = someEmail(r)
			} else {
				in.To = h.somebody(r)
			}
			return func(ctx context.Context, w *okpay.Wallet) error {
				tr, err := w.Transfers.Create(ctx, in)
				return h.made(in.Key, string(tr.ID), err)
			}
		}},
		{"transfer.claim", 6, func(h *history, r *rand.Rand) doing {
			// Whoever verifies the contact first asks for it, perhaps before Run claims it for them.
			x, id := h.witness.pick(r, "transfer", "pending_claim"), h.somebody(r)
			in := okpay.ClaimTransfer{Transfer: okpay.TransferID(x.id), Customer: id, Key: h.number("k")}
			key, verify := h.number("k"), h.number("k")
			return func(ctx context.Context, w *okpay.Wallet) error {
				tr, err := w.Transfers.Get(ctx, in.Transfer)
				if err != nil {
					return err
				}
				if tr.Contact != "" {
					c, err := w.Contacts.Add(ctx, okpay.AddContact{Customer: id, Email: tr.Contact, Key: key})
					if err == nil {
						_, err = w.Contacts.MarkVerified(ctx, okpay.MoveContact{Customer: id, Contact: c.ID, Key: verify})
					}
					if outage(err) {
						return err
					}
				}
				_, err = w.Transfers.Claim(ctx, in)
				return err
			}
		}},
		{"transfer.cancel", 3, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "transfer", "pending_claim", "under_review")
			in := okpay.CancelTransfer{Transfer: okpay.TransferID(x.id), Customer: okpay.CustomerID(x.shown.From), Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.Transfers.Cancel(ctx, in); return err }
		}},
		{"transfer.approve", 6, review(func(w *okpay.Wallet) verb { return w.Transfers.Approve })},
		{"transfer.reject", 4, review(func(w *okpay.Wallet) verb { return w.Transfers.Reject })},
		{"request.create", 5, func(h *history, r *rand.Rand) doing {
			in := okpay.CreateMoneyRequest{From: h.somebody(r), Amount: drawAmount(r, 200), ExpiresIn: time.Duration(1+r.IntN(600)) * time.Minute, Key: h.number("k")}
			if r.IntN(3) == 0 {
				in.Email = someEmail(r)
			} else {
				in.To = h.somebody(r)
			}
			return func(ctx context.Context, w *okpay.Wallet) error {
				q, err := w.MoneyRequests.Create(ctx, in)
				return h.made(in.Key, string(q.ID), err)
			}
		}},
		{"request.pay", 5, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "request", "open")
			in := okpay.PayMoneyRequest{Request: okpay.RequestID(x.id), Customer: or(okpay.CustomerID(x.shown.To), h.somebody(r)), Proof: "right", Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.MoneyRequests.Pay(ctx, in); return err }
		}},
		{"request.decline", 1, end(func(w *okpay.Wallet) move { return w.MoneyRequests.Decline }, func(x object) string { return x.shown.To })},
		{"request.cancel", 1, end(func(w *okpay.Wallet) move { return w.MoneyRequests.Cancel }, func(x object) string { return x.shown.From })},
	}
}

func accountActs() []act {
	gate := func(lock bool) func(*history, *rand.Rand) doing {
		return func(h *history, r *rand.Rand) doing {
			in := okpay.MoveGate{Customer: h.somebody(r), By: "ops1", Key: h.number("k")}
			if !lock {
				in.Customer = okpay.CustomerID(h.witness.pick(r, "gate", "locked").id)
			}
			return func(ctx context.Context, w *okpay.Wallet) (err error) {
				if lock {
					_, err = w.Customers.Lock(ctx, in)
					return err
				}
				_, err = w.Customers.Unlock(ctx, in)
				return err
			}
		}
	}
	return []act{
		{"account.create", 2, func(h *history, r *rand.Rand) doing {
			in := okpay.CreateCustomer{ID: okpay.CustomerID("n" + h.number("")), Name: "Somebody", Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error {
				c, err := w.Customers.Create(ctx, in)
				return h.made(in.Key, string(c.ID), err)
			}
		}},
		{"account.lock", 1, gate(true)},
		{"account.unlock", 8, gate(false)},
		{"account.close", 4, func(h *history, r *rand.Rand) doing {
			in := okpay.MoveGate{Customer: okpay.CustomerID(h.witness.pick(r, "gate", "active").id), By: "ops1", Key: h.number("k")}
			if len(in.Customer) == 2 {
				return nil // the first ones stay
			}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.Customers.Close(ctx, in); return err }
		}},
		{"account.erase", 2, func(h *history, r *rand.Rand) doing {
			in := okpay.EraseCustomer{Customer: okpay.CustomerID(h.witness.pick(r, "gate", "closed").id), Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.Customers.Erase(ctx, in); return err }
		}},
		{"account.settle_debt", 2, func(h *history, r *rand.Rand) doing {
			in := okpay.SettleDebt{Customer: h.somebody(r), Amount: drawAmount(r, 500), By: "ops1", Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error {
				_, err := w.Customers.SettleDebt(ctx, in)
				return err
			}
		}},
		{"contact.add and verify", 3, func(h *history, r *rand.Rand) doing {
			in, key := okpay.AddContact{Customer: h.somebody(r), Email: someEmail(r), Key: h.number("k")}, h.number("k")
			return func(ctx context.Context, w *okpay.Wallet) error {
				c, err := w.Contacts.Add(ctx, in)
				if err == nil {
					_, err = w.Contacts.MarkVerified(ctx, okpay.MoveContact{Customer: in.Customer, Contact: c.ID, Key: key})
				}
				return err
			}
		}},
		{"contact.remove", 3, func(h *history, r *rand.Rand) doing {
			id, key := h.somebody(r), h.number("k")
			return func(ctx context.Context, w *okpay.Wallet) error {
				c, err := w.Customers.Get(ctx, id)
				if err != nil || len(c.Contacts) == 0 {
					return err
				}
				err = w.Contacts.Remove(ctx, okpay.MoveContact{Customer: id, Contact: c.Contacts[0].ID, Key: key})
				if errors.Is(err, okpay.IdempotencyKeyReused) {
					return nil // the first one is another one by now
				}
				return err
			}
		}},
		{"exception.resolve", 7, func(h *history, r *rand.Rand) doing {
			x := h.witness.pick(r, "exception", "open")
			in := okpay.ResolveException{Exception: okpay.ExceptionID(x.id), Reason: "looked_at", By: "ops1", Key: h.number("k")}
			switch n := r.IntN(4); {
			case x.shown.Suspended == "":
			case n == 0 && x.shown.Suspended == "in":
				in.Disposition, in.Customer = okpay.CreditCustomer, h.somebody(r)
			case n == 1 && x.shown.Suspended == "in":
				in.Disposition, in.Merchant = okpay.CreditMerchant, someMerchant(r)
			case n < 2:
				in.Disposition = okpay.WriteOff
			default:
				in.Disposition = okpay.ReturnToProvider
			}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.Exceptions.Resolve(ctx, in); return err }
		}},
		{"clock and work", 14, func(h *history, r *rand.Rand) doing {
			by := time.Duration(r.IntN(1200)) * time.Second
			if r.IntN(60) == 0 {
				by = time.Duration(r.IntN(72)) * time.Hour
			}
			h.clock.Advance(by)
			return func(ctx context.Context, w *okpay.Wallet) error {
				_, err := w.Work(ctx)
				if err != nil && !outage(err) {
					err = fmt.Errorf("nothing that is due is refused: %s", err.Error())
				}
				return err
			}
		}},
		{"read", 4, func(h *history, r *rand.Rand) doing {
			id, payment, code := h.somebody(r), h.witness.pick(r, "payment").id, historyCurrencies()[r.IntN(5)]
			return func(ctx context.Context, w *okpay.Wallet) error {
				_, err := w.Customers.Balances(ctx, id)
				if err == nil {
					_, err = w.Withdrawals.Conditions(ctx, id, code)
				}
				if err == nil && payment != "" {
					_, err = w.Payments.Get(ctx, okpay.PaymentID(payment))
				}
				return err
			}
		}},
		{"merchant.set_fees", 1, func(h *history, r *rand.Rand) doing {
			in := okpay.SetFees{Merchant: "store", Fees: &okpay.Fees{Payment: okpay.Fee{BasisPoints: r.Int64N(300), Min: r.Int64N(9)}, Payout: okpay.Fee{Fixed: 1}}, Key: h.number("k")}
			return func(ctx context.Context, w *okpay.Wallet) error { _, err := w.Merchants.SetFees(ctx, in); return err }
		}},
	}
}
