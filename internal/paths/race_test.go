package paths

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

// spending are the events of money that leaves a customer; each stands where its Change does.
func spending() []string {
	return []string{"transfer.created", "transfer.completed", "payment.authorized", "payment.captured", "withdrawal.requested", "withdrawal.approved", "fx.converted"}
}

// ends are what ends a customer's money: a call, the event that it announces, and what is refused
// from there on.
func ends() map[string]struct {
	do    func(context.Context, *world, process) error
	event string
	codes []okpay.Code
} {
	type end = struct {
		do    func(context.Context, *world, process) error
		event string
		codes []okpay.Code
	}
	return map[string]end{
		"a restriction": {
			func(ctx context.Context, _ *world, p process) error {
				_, err := p.c.Restrictions.Impose(ctx, care.ImposeRestriction{By: "reviewer", Why: why, Customer: ann, Reason: "unusual_activity"})
				return err
			}, "restriction.imposed", []okpay.Code{okpay.AccountRestricted},
		},
		"the end of the session": {
			func(_ context.Context, w *world, p process) error { return p.x.SignOut(w.ann) },
			"session.ended",
			[]okpay.Code{okpay.SessionEnded},
		},
		"a lock for risk": {
			func(ctx context.Context, _ *world, p process) error { return p.x.RiskLock(ctx, riskLock()) },
			"account.locked",
			[]okpay.Code{okpay.SessionEnded},
		},
		"a change of the password": {
			func(_ context.Context, w *world, p process) error { return p.x.ChangePassword(w.ann, changing()) },
			"password.changed",
			[]okpay.Code{okpay.SessionEnded},
		},
	}
}

// What takes money's way out away comes before a movement of money or after it; in the journal
// none stands behind it, however many are under way in however many processes.
func TestNoMoneyMovesAfterWhatForbidsIt(t *testing.T) {
	for where, stores := range map[string]func(*testing.T) []ledger.Store{"in memory": inMemory, "on SQLite": onSQLite} {
		for what, end := range ends() {
			t.Run(where+", "+what, func(t *testing.T) {
				seed := rand.Uint64()
				t.Logf("seed %d", seed)
				rng := rand.New(rand.NewPCG(seed, 0))
				total := testsize.Scaled(t, 1000)
				w := start(t, stores(t)...)
				var proofs []string // a withdrawal takes one each
				for range total / 20 {
					proofs = append(proofs, w.proof(w.ann, w.withdraws(10)).Reveal())
				}
				var quotes []okpay.QuoteID // and a conversion one of these
				for range total / 3 {
					quotes = append(quotes, w.quote())
				}
				after := w.events()
				at := int64(total/10 + rng.IntN(total/2))
				var next, done, refused atomic.Int64
				var racing sync.WaitGroup
				for worker := range 8 {
					p := w.all[worker%2]
					racing.Go(func() {
						for n := next.Add(1); n <= int64(total); n = next.Add(1) {
							if n == at {
								assert.NoError(t, end.do(t.Context(), w, p))
								continue
							}
							err := w.spend(p, n, proofs, quotes)
							switch {
							case err == nil:
								done.Add(1)
							case assert.Contains(t, append(end.codes, okpay.ServiceBusy), okpay.CodeOf(err), "%v", err):
								refused.Add(1)
							}
						}
					})
				}
				racing.Wait()
				assert.Positive(t, done.Load(), "something came before it")
				assert.Positive(t, refused.Load(), "and something too late")

				ended, spent := int64(0), int64(0)
				var types []string
				for {
					events, err := w.Ledger().Events(t.Context(), after, 1000)
					require.NoError(t, err)
					for _, e := range events {
						after = e.No
						types = append(types, e.Type)
						switch {
						case e.Type == end.event:
							ended = e.Seq
						case slices.Contains(spending(), e.Type):
							spent++
							assert.Zero(t, ended, "event %d, %s, stands after %s", e.No, e.Type, end.event)
						}
					}
					if len(events) < 1000 {
						break
					}
				}
				require.Positive(t, ended, "%v", types)
				assert.GreaterOrEqual(t, spent, done.Load(), "what was done stands in the journal")
				for _, currency := range []string{"CNY", "USD"} {
					w.postedUntil(currency, ended)
				}
				w.verify()
			})
		}
	}
}

// spend moves money of ann's, some way or other.
func (w *world) spend(p process, n int64, proofs []string, quotes []okpay.QuoteID) error {
	var err error
	switch i := n / 20; {
	case n%20 == 0 && int(i) < len(proofs):
		_, err = p.Withdrawals.Request(w.ann, okpay.RequestWithdrawal{Customer: ann, Amount: cny(10), Destination: w.to, Proof: proofs[i]})
	case n%3 == 0:
		_, err = p.Transfers.Create(w.ann, okpay.CreateTransfer{From: ann, To: ben, Amount: cny(1)})
	case n%3 == 1:
		_, err = p.Payments.Create(w.ann, okpay.CreatePayment{Merchant: "shop", Customer: ann, Amount: cny(2), Confirm: true, Reference: fmt.Sprint(n)})
	default:
		_, err = p.Quotes.Convert(w.ann, okpay.Convert{Customer: ann, Quote: quotes[n/3], Amount: usd(10)})
	}
	return err
}

// postedUntil requires that no block after one has an entry of ann's.
func (w *world) postedUntil(currency string, seq int64) {
	w.t.Helper()
	for nth := int64(0); ; {
		page, err := w.Ledger().Statement(w.t.Context(), ledger.AccountKey{Name: "user:ann:available", Currency: currency}, ledger.Page{After: nth, Limit: 1000})
		require.NoError(w.t, err)
		for _, e := range page {
			nth = e.Nth
			assert.LessOrEqual(w.t, e.Seq, seq, "entry %d", e.Nth)
		}
		if len(page) < 1000 {
			return
		}
	}
}
