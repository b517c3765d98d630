package okpay_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

var historySeed = flag.Uint64("history.seed", 0, "seed of TestHistory; 0 draws one")

// How much TestHistory does: OKPAY_TEST_SIZE=250 makes a million operations of it. A history
// longer than a world is several, each with a store of its own, so that memory stays bounded;
// a short one goes on until everything was done at least once.
const (
	historySteps = 4_000
	worldSteps   = 25_000
)

// Random operations of every kind, on a store that fails, by processes that end in the middle
// of what they do, with providers that are late, wrong, twice or never: each currency sums to
// zero, nobody is below zero, no limit is ever exceeded, what holds and fees say is what
// objects say, and an event is there exactly when its state was committed.
//
// The seed draws the operations, and when stores and processes fail. Where several goroutines
// are at work, which of them is first is not drawn.
func TestHistory(t *testing.T) {
	seed := *historySeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("to repeat: -history.seed=%d", seed)
	total := newTally()
	for rest := testsize.Scaled(t, historySteps); rest > 0 && !t.Failed(); rest -= worldSteps {
		h := newHistory(t, seed)
		h.run(min(rest, worldSteps))
		total.add(h.tally)
		seed++
	}
	t.Log("\n" + total.String())
	if !t.Failed() {
		assert.Empty(t, total.missing(), "all of it happened")
	}
}

// missing is what was not done so far, which limits were not met, and what did not go wrong.
func (y *tally) missing() (names []string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, a := range acts() {
		if y.counts[a.name]["ok"] == 0 {
			names = append(names, a.name)
		}
	}
	for _, name := range []string{
		"payment.create, confirmed", "refund.create", "topup.create", "transfer.create", "withdrawal.request", "payout.request", "quote.convert",
	} {
		met := y.counts[name]
		if met[string(okpay.LimitExceededDaily)]+met[string(okpay.LimitExceededMonthly)]+met[string(okpay.VelocityExceeded)] == 0 {
			names = append(names, name+" above a limit")
		}
	}
	for _, fault := range []string{
		"process ended", "killed after a commit", "store away", "commit did not come", "unknown and committed", "unknown and not committed",
		"funding source away", "payout provider away", "payout order unanswered, late, wrong or lost",
	} {
		if y.counts["fault"][fault] == 0 {
			names = append(names, fault)
		}
	}
	return names
}

// history is a wallet's world: its store, which outlives the processes, and everybody outside.
type history struct {
	t       *testing.T
	seed    uint64
	clock   *handclock.Clock
	store   *memstore.Store
	commits sync.Mutex
	witness *witness
	limits  *limitsModel
	tally   *tally
	sources map[string]*source
	payouts *bank

	mu   sync.Mutex
	r    *rand.Rand
	now  *process
	last int64             // number of the last key or id
	lost []func(*process)  // calls whose outcome is not known yet
	ids  map[string]string // what a call made, by its key

	statements []okpay.ImportStatement // some that were imported, without their files
	files      []string
}

// process is a program that runs a wallet over the store.
type process struct {
	*okpay.Wallet
	store *unsteady
}

func newHistory(t *testing.T, seed uint64) *history {
	zone := time.FixedZone("Shanghai", 8*3600)
	h := &history{
		t: t, seed: seed, clock: handclock.At(time.Date(2026, 1, 28, 0, 0, 0, 0, time.UTC)), store: memstore.New(),
		limits: newLimitsModel(historyLimits(), zone), tally: newTally(),
		r: rand.New(rand.NewPCG(seed, 0)), ids: map[string]string{},
	}
	h.witness = newWitness(h.limits)
	yes, no, unknown, notYet := rails.Succeeded, rails.Failed, rails.Unknown, rails.NotPaid
	h.sources = map[string]*source{
		"psp":  h.source("psp", yes, yes, yes, no, unknown, unknown),
		"card": h.source("card", yes, yes, no, no, unknown),
		"wire": h.source("wire", yes, yes, yes, yes, yes, no, unknown, notYet),
	}
	h.payouts = h.bank()
	return h
}

// historyLimits are tight enough to be met.
func historyLimits() []okpay.Limit {
	return []okpay.Limit{
		{On: okpay.OnPayment, Per: okpay.Each, Min: 2, Max: 990},
		{On: okpay.OnPayment, Per: okpay.Daily, Max: 2_500, Count: 9},
		{On: okpay.OnPayment, Per: okpay.Monthly, Max: 12_000, Count: 60},
		{On: okpay.OnTransfer, Per: okpay.Daily, Max: 500, Count: 4},
		{On: okpay.OnTopUp, Per: okpay.Daily, Max: 15_000, Count: 5},
		{On: okpay.OnWithdrawal, Per: okpay.Each, Min: 5},
		{On: okpay.OnWithdrawal, Per: okpay.Daily, Max: 1_500},
		{On: okpay.OnWithdrawal, Per: okpay.Monthly, Max: 9_000},
		{On: okpay.OnWithdrawal, Per: okpay.Hourly, Count: 2},
		{On: okpay.OnPayout, Per: okpay.Daily, Max: 9_000, Count: 9},
		{On: okpay.OnConversion, Per: okpay.Daily, Max: 300},
		{On: okpay.OnRefund, Per: okpay.Daily, Max: 1_200, Count: 6},
	}
}

func (h *history) config() okpay.Config {
	worth := map[string]string{"CNY": "1", "JPY": "0.0487", "KWD": "23.51", "CLF": "281.3"}
	sources := map[string]rails.FundingSource{}
	for name, s := range h.sources {
		sources[name] = s
	}
	out := okpay.OutgoingConfig{
		MinRemaining: okpay.Amounts{"CNY": 7}, AutoApproveMax: okpay.Amounts{"CNY": 400, "JPY": 500, "KWD": 300, "CLF": 300},
		FourEyesAbove: okpay.Amounts{"CNY": 600, "JPY": 600}, SubmitDelay: time.Minute,
	}
	outBack := out
	outBack.ReturnFee = true
	return okpay.Config{
		Fees: okpay.Fees{
			Payment: okpay.Fee{BasisPoints: 137, Fixed: 3, Max: 500}, TopUp: okpay.Fee{BasisPoints: 50, Fixed: 1},
			Transfer: okpay.Fee{BasisPoints: 90, Min: 1, Max: 20}, Withdrawal: okpay.Fee{BasisPoints: 33, Fixed: 2}, Payout: okpay.Fee{BasisPoints: 25},
		},
		RefundFees: okpay.ReturnFeeProportionally, RefundTo: okpay.RefundToSource, MaxAttempts: 4,
		Limits: historyLimits(), Zone: h.limits.zone, TransferExpiry: 2 * time.Hour, TopUpExpiry: 2 * time.Hour,
		Sources: sources, PayoutProviders: map[string]rails.PayoutProvider{"bankA": h.payouts}, PayoutTimeout: 5 * time.Millisecond,
		FinalityWindows: map[string]time.Duration{"bankA": 6 * time.Hour}, Withdrawals: out, Payouts: outBack,
		Rates: func(_ context.Context, from, to money.Currency) (okpay.Rate, error) {
			mid := decimal.RequireFromString(worth[from.Code()]).DivRound(decimal.RequireFromString(worth[to.Code()]), 9)
			return okpay.Rate{Mid: mid, Rate: mid.Mul(decimal.RequireFromString("0.995"))}, nil
		},
		Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
			if c.Operation == okpay.OnRegister {
				return okpay.Assessment{}, nil
			}
			switch n := h.random(40); {
			case n == 0:
				return okpay.Assessment{Verdict: okpay.Block}, nil
			case n < 3:
				return okpay.Assessment{Verdict: okpay.Challenge}, nil
			case n < 6:
				return okpay.Assessment{Verdict: okpay.Review}, nil
			case n == 6 && h.random(5) == 0 && !h.process().calm():
				return okpay.Assessment{}, errors.New("no answer")
			}
			return okpay.Assessment{}, nil
		},
		VerifyStepUp: func(_ context.Context, s okpay.StepUp) (bool, error) { return s.Proof == "right", nil },
		Order:        func(context.Context, okpay.OrderCheck) (bool, error) { return h.random(60) > 0, nil },
		NewID:        func() string { return h.number("") },
	}
}

// number is a new number with 26 digits.
func (h *history) number(prefix string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	return fmt.Sprintf("%s%026d", prefix, h.last)
}

func (h *history) random(n int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.r.IntN(n)
}

func (h *history) process() *process {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// begin starts a process that ends at one of its next statements; 0 is never.
func (h *history) begin(endsWithin int) *process {
	s := &unsteady{Store: h.store, h: h, r: rand.New(rand.NewPCG(h.seed, uint64(h.random(1<<30)))), left: -1, calm: true}
	l, err := ledger.Open(h.t.Context(), steady{s}, ledger.Config{Chart: okpay.Chart(), Now: h.clock.Now, MaxSkew: -1})
	require.NoError(h.t, err)
	w, err := okpay.New(l, h.config())
	require.NoError(h.t, err)
	p := &process{w, s}
	h.mu.Lock()
	h.now = p
	lost := h.lost
	h.lost = nil
	h.mu.Unlock()
	s.mu.Lock()
	s.calm = endsWithin == 0
	if endsWithin > 0 {
		s.left, s.only = 1+h.random(endsWithin), h.random(2) == 0
		if s.only {
			s.left = 1 + s.left/5
		}
	}
	s.mu.Unlock()
	for _, again := range lost {
		again(p) // whoever got no answer asks again, with the same key
	}
	return p
}

// end drops a process, whatever it was doing.
func (h *history) end(p *process) {
	err := p.Ledger().Close(context.Background())
	if !p.store.isDead() {
		require.NoError(h.t, err)
	}
	h.witness.mu.Lock()
	defer h.witness.mu.Unlock()
	require.Empty(h.t, h.witness.wrong)
}

// call asks a wallet for something, again where no answer came; at the next process, if this
// one has ended.
func (h *history) call(p *process, name string, do func(context.Context, *okpay.Wallet) error) {
	var err error
	for range 4 {
		if err = do(context.Background(), p.Wallet); !outage(err) || p.store.isDead() {
			break
		}
	}
	var refused *okpay.Error
	switch {
	case err == nil:
		h.tally.did(name, "ok")
	case outage(err):
		h.tally.did(name, "no answer")
		h.mu.Lock()
		h.lost = append(h.lost, func(p *process) { h.call(p, name, do) })
		h.mu.Unlock()
	case errors.As(err, &refused):
		h.tally.did(name, string(refused.Code))
		known, ok := okpay.FailureOf(refused.Code)
		if !ok || refused.Code == okpay.InternalError || refused.En != known.En || refused.Zh == "" || refused.Retry == "" || refused.Fault == "" || len(refused.NextAction) == 0 {
			assert.Fail(h.t, "a refusal is whole", "%s: %v: %+v", name, err, refused)
		}
	default:
		assert.NoError(h.t, err, name)
	}
}

// run makes a history of so many operations.
func (h *history) run(steps int) {
	p := h.begin(0)
	h.settle(p)
	h.end(p)
	checked := 200
	for done := 0; (done < steps || len(h.tally.missing()) > 0 && done < 5*historySteps) && !h.t.Failed(); {
		workers, lives := 1, 0
		if h.random(2) == 0 {
			workers = 4
		}
		if h.random(4) > 0 {
			lives = 3_000
		}
		p := h.begin(lives)
		done += h.live(p, 50+h.random(500), workers)
		h.end(p)
		p = h.begin(0)
		if done > checked+checked/2 { // all of it, each time that there is half as much more
			checked = done
			h.check(p, false)
		} else {
			(&ledgerBooks{sums{}, sums{}, sums{}, sums{}}).read(h, p)
		}
		h.end(p)
	}
	if h.t.Failed() {
		return
	}
	p = h.begin(0)
	h.check(p, false)
	h.clock.Advance(365 * 24 * time.Hour)
	h.work(p)
	h.check(p, true)
	report, err := p.Ledger().Verify(h.t.Context())
	require.NoError(h.t, err)
	require.NoError(h.t, report.Err())
	h.end(p)
}

// work does all that is due.
func (h *history) work(p *process) {
	h.t.Helper()
	_, err := p.Work(h.t.Context())
	require.NoError(h.t, err)
}

// live has workers do so many things, or fewer if the process ends. It returns how many.
func (h *history) live(p *process, steps, workers int) (done int) {
	var (
		running sync.WaitGroup
		mu      sync.Mutex
		all     = acts()
	)
	for worker := range workers {
		r := rand.New(rand.NewPCG(h.seed, uint64(h.random(1<<30))))
		running.Go(func() {
			for i := worker; i < steps && !p.store.isDead() && !h.t.Failed(); i += workers {
				a := draw(all, r)
				if do := a.plan(h, r); do != nil {
					h.call(p, a.name, do)
					if r.IntN(25) == 0 {
						h.call(p, "(asked twice)", do)
					}
				}
				mu.Lock()
				done++
				mu.Unlock()
			}
		})
	}
	running.Wait()
	return done
}

// steady hides what the store below offers beyond ledger.Store.
type steady struct{ ledger.Store }

// tally counts operations and what came of them.
type tally struct {
	mu     sync.Mutex
	counts map[string]map[string]int
}

func newTally() *tally { return &tally{counts: map[string]map[string]int{}} }

func (y *tally) did(name, outcome string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.counts[name] = merge(y.counts[name], outcome, 1)
}

func merge(counts map[string]int, what string, n int) map[string]int {
	if counts == nil {
		counts = map[string]int{}
	}
	counts[what] += n
	return counts
}

func (y *tally) add(other *tally) {
	for name, outcomes := range other.counts {
		for outcome, n := range outcomes {
			y.counts[name] = merge(y.counts[name], outcome, n)
		}
	}
}

func (y *tally) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(y.counts)) {
		sum := 0
		var outcomes []string
		for _, outcome := range slices.Sorted(maps.Keys(y.counts[name])) {
			sum += y.counts[name][outcome]
			outcomes = append(outcomes, fmt.Sprintf("%s %d", outcome, y.counts[name][outcome]))
		}
		fmt.Fprintf(&b, "%-28s %7d: %s\n", name, sum, strings.Join(outcomes, ", "))
	}
	return b.String()
}
