package okpay_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// newCaseIDs makes ids that sort in the order in which they were made, also while the clock
// stands still.
func newCaseIDs() func() string {
	var made atomic.Int64
	return func() string { return fmt.Sprintf("%026d", made.Add(1)) }
}

// rightProof answers a challenge.
const rightProof = "right"

func verifyInCase(_ context.Context, of okpay.StepUp) (bool, error) {
	return of.Proof == rightProof, nil
}

// threshold is above which amount, of any currency, Config.Risk says what.
type threshold struct {
	verdict okpay.Verdict
	above   int64
}

// assess is Config.Risk: what the call says, or else what the case's settings say.
func (w *caseWorld) assess(_ context.Context, of okpay.RiskCheck) (okpay.Assessment, error) {
	if v := w.verdict.Load(); v != nil {
		return okpay.Assessment{Verdict: *v, Reason: "case"}, nil
	}
	for _, t := range w.thresholds {
		if !of.Amount.Currency().IsZero() && of.Amount.Minor() > t.above {
			return okpay.Assessment{Verdict: t.verdict, Reason: "case"}, nil
		}
	}
	return okpay.Assessment{}, nil
}

// prepare does what a call takes for granted: what others will say, and whose contact is
// verified.
func (w *caseWorld) prepare(call opCall) {
	w.t.Helper()
	w.verdict.Store(nil)
	for name, verdict := range map[string]okpay.Verdict{"step_up": okpay.Challenge, "risk_hold": okpay.Review, "risk_block": okpay.Block} {
		if call.Args[name] == true {
			w.verdict.Store(&verdict)
		}
	}
	if word, given := call.Args["risk"].(string); given {
		v, known := verdictWords[word]
		if !known {
			w.inScope(outOfScope("a risk check that says " + word))
		}
		verdict := okpay.Verdict(v)
		w.verdict.Store(&verdict)
	}
	if word, given := call.Args["source_says"].(string); given {
		w.source.willAlways(w.outcomeOf(word))
	}
	if call.Op == "transfer.claim" && call.Args["unverified"] != true && call.Args["verified"] != false {
		w.verifyContact(call)
	}
}

// preparedArgs are arguments that prepare has read.
var preparedArgs = []string{"step_up", "risk_hold", "risk_block", "risk", "source_says", "unverified", "verified"}

// verifyContact makes the contact that a transfer was sent to the claimant's.
func (w *caseWorld) verifyContact(call opCall) {
	a := &arguments{w: w, values: call.Args}
	x, err := w.Transfers.Get(w.t.Context(), okpay.TransferID(a.id("id")))
	if err != nil || x.Contact == "" {
		return
	}
	add := okpay.AddContact{Customer: w.claimant(a)}
	if strings.Contains(x.Contact, "@") {
		add.Email = x.Contact
	} else {
		add.Phone = x.Contact
	}
	if c, err := w.Contacts.Add(w.t.Context(), add); err == nil {
		_, _ = w.Contacts.MarkVerified(w.t.Context(), okpay.MoveContact{Customer: add.Customer, Contact: c.ID})
	}
}

func (w *caseWorld) claimant(a *arguments) okpay.CustomerID {
	return okpay.CustomerID(a.text("by", "user", "to"))
}

// background does what Run would do by now, without asking anybody outside.
func (w *caseWorld) background() {
	w.t.Helper()
	for again := true; again; {
		n, err := w.PayCredited(w.t.Context())
		require.NoError(w.t, err)
		m, err := w.ExpireDue(w.t.Context())
		require.NoError(w.t, err)
		again = n+m > 0
	}
}

// facts are what is known of the object of a reply: what is in its JSON, amounts in minor
// units, and what cases call by another name.
func (w *caseWorld) facts(r *reply) map[string]any {
	facts := map[string]any{}
	see := func(object any) {
		raw, err := json.Marshal(object)
		require.NoError(w.t, err)
		d := json.NewDecoder(strings.NewReader(string(raw)))
		d.UseNumber()
		var fields map[string]any
		require.NoError(w.t, d.Decode(&fields))
		for name, v := range fields {
			if amount, ok := v.(map[string]any); ok && amount["currency"] != nil && amount["amount"] != nil {
				raw, _ := json.Marshal(amount)
				if a, err := money.ISO().ParseJSON(raw); err == nil {
					v = json.Number(fmt.Sprint(a.Minor()))
				}
			}
			if of, ok := v.(map[string]any); ok && of["code"] != nil {
				facts["failure_code"] = of["code"]
			}
			facts[name] = v
		}
	}
	number := func(name string, minor int64) { facts[name] = json.Number(fmt.Sprint(minor)) }
	ctx := context.Background()
	switch r.object.noun {
	case "payment":
		if p, err := w.Payments.Get(ctx, okpay.PaymentID(r.object.id)); err == nil {
			see(p)
			held := int64(0)
			if p.State == okpay.PaymentAuthorized || p.State == okpay.PaymentPartiallyCaptured {
				held = p.Amount.Minor() - p.Captured.Minor()
			}
			number("capturable", held)
			number("held", held)
			number("refundable", p.Captured.Minor()-p.Refunded.Minor()-p.RefundPending.Minor())
		}
	case "refund":
		for _, shop := range w.shops {
			if x, err := w.Payments.GetRefund(ctx, shop, okpay.RefundID(r.object.id)); err == nil {
				see(x)
				p, _ := w.Payments.Get(ctx, x.Payment)
				facts["payment_state"] = string(p.State)
				number("refundable", p.Captured.Minor()-p.Refunded.Minor()-p.RefundPending.Minor())
			}
		}
	case "transfer":
		if x, err := w.Transfers.Get(ctx, okpay.TransferID(r.object.id)); err == nil {
			see(x)
		}
	case "request":
		if x, err := w.MoneyRequests.Get(ctx, okpay.RequestID(r.object.id)); err == nil {
			see(x)
		}
	case "topup":
		if x, err := w.TopUps.Get(ctx, okpay.TopUpID(r.object.id)); err == nil {
			see(x)
			number("debt", 0)
			debts, _ := w.Customers.Debts(ctx, x.Customer)
			for _, owed := range debts {
				if owed.Currency() == x.Amount.Currency() {
					number("debt", owed.Minor())
				}
			}
		}
	case "withdrawal":
		if x, err := w.Withdrawals.Get(ctx, okpay.WithdrawalID(r.object.id)); err == nil {
			see(x)
		}
		if of, err := w.Withdrawals.Review(ctx, okpay.WithdrawalID(r.object.id)); err == nil {
			number("approvals", int64(len(of.Approvals)))
			number("needed", int64(of.Needed))
		}
	case "payout":
		if x, err := w.Payouts.Get(ctx, okpay.PayoutID(r.object.id)); err == nil {
			see(x)
		}
	case "dispute":
		if x, err := w.Disputes.Get(ctx, okpay.DisputeID(r.object.id)); err == nil {
			see(x)
		}
	case "quote":
		if x, err := w.Quotes.Get(ctx, okpay.QuoteID(r.object.id)); err == nil {
			see(x)
		}
	case "conversion":
		if x, err := w.Quotes.GetConversion(ctx, okpay.ConversionID(r.object.id)); err == nil {
			see(x)
			for _, name := range []string{"target", "to_amount", "received", "target_amount", "credited"} {
				facts[name] = facts["got"]
			}
		}
	}
	for name, v := range r.facts {
		facts[name] = v
	}
	return facts
}

// caseSource is a funding source of whom nothing is known until a case says so.
type caseSource struct {
	mu     sync.Mutex
	always rails.Outcome
	says   map[string]rails.Outcome
}

func newCaseSource() *caseSource { return &caseSource{says: map[string]rails.Outcome{}} }

func (s *caseSource) will(id string, outcome rails.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.says[id] = outcome
}

func (s *caseSource) willAlways(outcome rails.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always = outcome
}

func (s *caseSource) Collect(_ context.Context, c rails.Collection) (rails.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if outcome, told := s.says[c.ID]; told {
		return outcome, nil
	}
	return s.always, nil
}

// Refund says nothing until a case says it in a callback.
func (s *caseSource) Refund(context.Context, rails.Refunding) (rails.Outcome, error) {
	return rails.Unknown, nil
}

// outcomeOf is what a funding source says in a case.
func (w *caseWorld) outcomeOf(word string) rails.Outcome {
	switch sourceSays[word] {
	case "succeeded":
		return rails.Succeeded
	case "failed":
		return rails.Failed
	case "unknown":
		return rails.Unknown
	case "not_paid":
		return rails.NotPaid
	}
	w.inScope(outOfScope("a funding source that says " + word))
	return rails.Unknown
}

// caseProvider is a payout provider that says what a case tells it to, and counts.
type caseProvider struct {
	mu    sync.Mutex
	says  map[string]rails.PayoutResult
	calls map[string]int // submissions by key
}

// providerOf is the payout provider with a name.
func (w *caseWorld) providerOf(name string) *caseProvider {
	if w.providers[name] == nil {
		w.providers[name] = &caseProvider{says: map[string]rails.PayoutResult{}, calls: map[string]int{}}
	}
	return w.providers[name]
}

func (p *caseProvider) will(key string, result rails.PayoutResult) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.says[key] = result
}

// providerCounts are submissions and distinct keys by provider, as the cases count them.
func (w *caseWorld) providerCounts() (calls, distinct map[string]int) {
	calls, distinct = map[string]int{}, map[string]int{}
	for name, p := range w.providers {
		p.mu.Lock()
		for _, n := range p.calls {
			calls[name] += n
			distinct[name]++
		}
		p.mu.Unlock()
	}
	return calls, distinct
}

var errProviderSilent = errors.New("the provider does not answer")

func (p *caseProvider) Submit(_ context.Context, order rails.Payout) (rails.PayoutResult, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[order.Key]++
	return p.answer(order.Key)
}

func (p *caseProvider) Query(_ context.Context, key string) (rails.PayoutResult, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.answer(key)
}

func (p *caseProvider) answer(key string) (rails.PayoutResult, error) {
	result := p.says[key]
	if result.Status == rails.PayoutUnknown {
		return rails.PayoutResult{}, errProviderSilent
	}
	return result, nil
}

// instant reads a time, or a number of seconds after another one.
func instant(v any, after time.Time) (time.Time, bool) {
	if at, ok := asTime(v); ok {
		return at, true
	}
	if n, ok := v.(json.Number); ok {
		if _, err := n.Int64(); err == nil {
			return after.Add(seconds(n)), true
		}
	}
	return after, false
}
