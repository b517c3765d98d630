package okpay_test

import (
	"math/big"
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// account is an account, or a group of them, in one currency.
type account struct{ name, currency string }

// sums are amounts in minor units by account.
type sums map[account]int64

func (s sums) add(name string, a money.Amount, sign int64) {
	if !a.IsZero() {
		s[account{name, a.Currency().Code()}] += sign * a.Minor()
	}
}

// held is what is under way on an account.
func (s sums) same(h *history, what string, want sums) {
	h.t.Helper()
	for k, minor := range want {
		assert.Equal(h.t, minor, s[k], "%s: %v", what, k)
	}
	for k, minor := range s {
		if _, ok := want[k]; !ok {
			assert.Zero(h.t, minor, "%s: %v, which no object accounts for", what, k)
		}
	}
}

// ledgerBooks are the balances as they stand, and what they should be by the objects alone.
type ledgerBooks struct {
	has, held sums // as they stand; what is money of others is positive on the credit side
	says      sums // by the objects
	holds     sums
}

// check holds balances, objects, events, limits and providers to each other. Nobody writes
// meanwhile. over says that nothing is under way any more whose time can be over.
func (h *history) check(p *process, over bool) {
	t := h.t
	t.Helper()
	b := &ledgerBooks{sums{}, sums{}, sums{}, sums{}}
	b.read(h, p)
	b.payments(h, p)
	b.refunds(h, p)
	b.disputes(h, p)
	b.topUps(h, p)
	b.transfers(h, p)
	b.conversions(h, p)
	b.outgoing(h, p)
	b.banks(h)
	b.held.same(h, "holds are what is authorized, under review or on its way out", b.holds)
	b.compare(h)
	h.events(p)
	if over {
		for _, kind := range []string{"payment", "transfer", "request", "quote", "gate", "contact"} {
			due, err := p.Ledger().Records(t.Context(), ledger.RecordQuery{Type: kind, DueBy: h.clock.Now(), Limit: 10})
			require.NoError(t, err)
			assert.Empty(t, due, "nothing of kind %s is due", kind)
		}
	}
	h.limits.check(h, p.Ledger())
}

// read takes the balances down, and what holds for every one of them.
func (b *ledgerBooks) read(h *history, p *process) {
	balance := map[string]int64{}
	for after := int64(0); ; {
		page, more, err := p.Ledger().Balances(h.t.Context(), "", after, 1000)
		require.NoError(h.t, err)
		for _, a := range page {
			minor := a.Posted.Minor()
			if a.Normal == ledger.Debit {
				minor = -minor
			}
			balance[a.Account.Currency] += minor
			name, part, _ := strings.Cut(a.Account.Name, ":")
			switch name {
			case "user", "merchant":
				assert.False(h.t, a.Posted.IsNegative() || a.Available.IsNegative(), "%s is below zero", a.Account)
				b.has.add(name, a.Posted, 1)
				b.held.add(a.Account.Name, a.PendingOut, 1)
			case "receivable":
				part, _, _ = strings.Cut(part, ":")
				b.has.add("receivable:"+part, a.Posted, 1)
			case "usage", "memo":
			case "transit":
				assert.True(h.t, a.Posted.IsZero(), a.Account)
			default:
				b.has[account{a.Account.Name, a.Account.Currency}] += minor
			}
		}
		if after = more; more == 0 {
			break
		}
	}
	for currency, minor := range balance {
		assert.Zero(h.t, minor, "all accounts in %s sum to zero", currency)
	}
}

func (b *ledgerBooks) payments(h *history, p *process) {
	keys := map[string]okpay.PaymentID{}
	for _, x := range h.witness.all("payment") {
		got, err := p.Payments.Get(h.t.Context(), okpay.PaymentID(x.id))
		require.NoError(h.t, err)
		key := got.Metadata["key"]
		assert.Empty(h.t, keys[key], "one key made two payments: %s", x.id)
		keys[key] = got.ID
		assert.True(h.t, got.Captured.Minor() <= got.Amount.Minor() && got.Refunded.Minor()+got.RefundPending.Minor() <= got.Captured.Minor(), "%s", x.id)
		assert.Equal(h.t, got.State == okpay.PaymentRefunded, got.Captured.IsPositive() && got.Captured == got.Refunded, "%s", x.id)
		b.says.add("fees:payment", got.Fee, 1)
		b.says.add("fees:payment", got.FeeReturned, -1)
		b.says.add("merchant", got.Captured, 1)
		b.says.add("merchant", got.Fee, -1)
		b.says.add("merchant", got.FeeReturned, 1)
		b.says.add("user", got.Captured, -1)
		if got.State == okpay.PaymentAuthorized || got.State == okpay.PaymentPartiallyCaptured {
			b.holds.add("user:"+string(got.Customer)+":available", money.New(got.Amount.Minor()-got.Captured.Minor(), got.Amount.Currency()), 1)
		}
	}
}

func (b *ledgerBooks) refunds(h *history, p *process) {
	refunded, pending, taken := map[okpay.PaymentID]int64{}, map[okpay.PaymentID]int64{}, map[okpay.PaymentID]int64{}
	for _, x := range h.witness.all("refund") {
		got, err := p.Payments.GetRefund(h.t.Context(), okpay.MerchantID(x.shown.Merchant), okpay.RefundID(x.id))
		require.NoError(h.t, err)
		switch {
		case got.State == okpay.RefundPendingFunds:
			pending[got.Payment] += got.Amount.Minor()
		case got.State == okpay.RefundPendingProvider:
			pending[got.Payment] += got.Amount.Minor()
			taken[got.Payment] += got.Amount.Minor()
			b.says.add("merchant", got.Amount, -1)
			b.says.add("clearing:"+got.Source+":refunds", got.Amount, 1)
		case got.State == okpay.RefundSucceeded || got.CreditedToWallet:
			refunded[got.Payment] += got.Amount.Minor()
			taken[got.Payment] += got.Amount.Minor()
			b.says.add("merchant", got.Amount, -1)
			if got.Source == "" || got.CreditedToWallet {
				b.says.add("user", got.Amount, 1)
			} else {
				b.says.add("clearing:"+got.Source+":refunds", got.Amount, 1)
			}
		}
	}
	for _, x := range h.witness.all("payment") {
		got, err := p.Payments.Get(h.t.Context(), okpay.PaymentID(x.id))
		require.NoError(h.t, err)
		assert.Equal(h.t, refunded[got.ID], got.Refunded.Minor(), "%s: refunded", x.id)
		assert.Equal(h.t, pending[got.ID], got.RefundPending.Minor(), "%s: refunds under way", x.id)
		if got.Captured.IsPositive() {
			share := new(big.Int).Mul(big.NewInt(got.Fee.Minor()), big.NewInt(taken[got.ID]))
			assert.Equal(h.t, share.Quo(share, big.NewInt(got.Captured.Minor())).Int64(), got.FeeReturned.Minor(), "%s: the fee that went back", x.id)
		}
	}
}

func (b *ledgerBooks) disputes(h *history, p *process) {
	reserved := sums{}
	for _, x := range h.witness.all("dispute") {
		got, err := p.Disputes.Get(h.t.Context(), okpay.DisputeID(x.id))
		require.NoError(h.t, err)
		switch got.State {
		case okpay.DisputeUnderReview:
			reserved.add("reserve:disputes", got.Amount, 1)
			if got.Provisional {
				b.says.add("provisional:disputes", got.Amount, -1)
				b.says.add("user", got.Amount, 1)
			}
		case okpay.DisputeResolvedForPayer:
			b.says.add("user", got.Amount, 1)
			b.says.add("merchant", got.Amount, -1)
		}
	}
	for _, code := range historyCurrencies() {
		at := account{"reserve:disputes", code}
		assert.LessOrEqual(h.t, b.has[at], reserved[at], "no more is reserved than is disputed")
		b.says[at] = b.has[at] // as much as there was
	}
}

func (b *ledgerBooks) topUps(h *history, p *process) {
	for _, x := range h.witness.all("topup") {
		got, err := p.TopUps.Get(h.t.Context(), okpay.TopUpID(x.id))
		require.NoError(h.t, err)
		switch got.State {
		case okpay.TopUpSucceeded:
			b.says.add("clearing:wire", got.Received, -1)
			b.says.add("user", got.Received, 1)
		case okpay.TopUpNeedsReview:
			b.says.add("clearing:wire", got.Received, -1)
			b.says.add("suspense:wire", got.Received, 1)
		}
		if got.State == okpay.TopUpSucceeded {
			assert.Equal(h.t, exactFee(h.config().Fees.TopUp, got.Received.Minor()), got.Fee.Minor(), "%s: the fee", x.id)
		}
		b.says.add("fees:topup", got.Fee, 1)
		b.says.add("user", got.Fee, -1)
	}
}

func (b *ledgerBooks) transfers(h *history, p *process) {
	for _, x := range h.witness.all("transfer") {
		got, err := p.Transfers.Get(h.t.Context(), okpay.TransferID(x.id))
		require.NoError(h.t, err)
		assert.Equal(h.t, exactAdditional(h.config().Fees.Transfer, got.Amount.Minor()), got.Fee.Minor(), "%s: the fee", x.id)
		if got.State == okpay.TransferReturned && x.state == "pending_claim" {
			got.State = okpay.TransferPendingClaim // over, and not recorded yet
		}
		switch got.State {
		case okpay.TransferUnderReview:
			b.holds.add("user:"+string(got.From)+":available", got.Amount, 1)
			b.holds.add("user:"+string(got.From)+":available", got.Fee, 1)
		case okpay.TransferPendingClaim:
			b.says.add("unclaimed:transfers", got.Amount, 1)
			b.says.add("user", got.Amount, -1)
			fallthrough
		case okpay.TransferCompleted:
			b.says.add("fees:transfer", got.Fee, 1)
			b.says.add("user", got.Fee, -1)
		}
	}
}

func (b *ledgerBooks) conversions(h *history, p *process) {
	spread := sums{}
	for _, x := range h.witness.all("conversion") {
		got, err := p.Quotes.GetConversion(h.t.Context(), okpay.ConversionID(x.id))
		require.NoError(h.t, err)
		if got.State != okpay.ConversionCompleted {
			continue
		}
		q, err := p.Quotes.Get(h.t.Context(), got.Quote)
		require.NoError(h.t, err)
		assert.Equal(h.t, got.ID, q.Conversion, "a quote is used once")
		spread.add("fees:fx_spread", got.Spread, 1)
		exact := new(big.Rat).Mul(got.Given.Decimal().Rat(), q.Rate.Rat())
		unit := big.NewRat(1, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(got.Got.Currency().Scale())), nil).Int64())
		least := got.Got.Decimal().Rat()
		assert.True(h.t, exact.Cmp(least) >= 0 && exact.Cmp(new(big.Rat).Add(least, unit)) < 0, "%s is %s of %s at %s", x.id, got.Got, got.Given, q.Rate)
	}
	for _, code := range historyCurrencies() { // payments out of other balances are exchanges too
		at := account{"fees:fx_spread", code}
		assert.GreaterOrEqual(h.t, b.has[at], spread[at], "what was earned by exchanges")
		b.says[at], b.says[account{"fx:position", code}] = b.has[at], b.has[account{"fx:position", code}]
	}
}

// outgoing are withdrawals and payouts, and what their provider knows of them.
func (b *ledgerBooks) outgoing(h *history, p *process) {
	calls, ordered := h.payouts.Calls(), h.payouts.Ordered()
	submitted := map[string]bool{}
	one := func(x *object, owner, fees string, feeBack bool, got okpay.Outgoing) {
		where := owner + ":" + x.shown.Customer + x.shown.Merchant + ":available"
		var steps []okpay.WithdrawalState
		for _, s := range got.History {
			steps = append(steps, s.State)
		}
		assert.Equal(h.t, got.State, steps[len(steps)-1], "%s: the history ends in its state", x.id)
		if slices.Contains(steps, okpay.WithdrawalSubmitting) {
			submitted[x.id] = true
		}
		if order, ok := ordered[x.id]; ok {
			assert.Equal(h.t, got.Amount, order, "%s: it was ordered as it is", x.id)
		}
		late := slices.Contains(steps, okpay.WithdrawalPaidAfterFailed)
		charged := slices.Contains(steps, okpay.WithdrawalPaid) && !late
		switch got.State {
		case okpay.WithdrawalUnderReview, okpay.WithdrawalApproved, okpay.WithdrawalSubmitting, okpay.WithdrawalUnknown, okpay.WithdrawalSubmitted:
			b.holds.add(where, got.Amount, 1)
			b.holds.add(where, got.Fee, 1)
		case okpay.WithdrawalPaid:
			assert.Contains(h.t, ordered, x.id, "what is paid was ordered")
			b.says.add("clearing:bankA", got.Amount, 1)
			if x.kept.WrittenOff {
				b.says.add("expense:loss", got.Amount, -1)
			} else {
				b.says.add(owner, got.Amount, -1)
			}
		case okpay.WithdrawalPaidAfterFailed:
			b.says.add("clearing:bankA", got.Amount, 1)
			b.says.add("suspense:bankA", got.Amount, -1)
		case okpay.WithdrawalSentBack:
			charged = charged && !feeBack
		}
		if charged {
			b.says.add(fees, got.Fee, 1)
			b.says.add(owner, got.Fee, -1)
		}
	}
	for _, x := range h.witness.all("withdrawal") {
		got, err := p.Withdrawals.Get(h.t.Context(), okpay.WithdrawalID(x.id))
		require.NoError(h.t, err)
		assert.Equal(h.t, exactAdditional(h.config().Fees.Withdrawal, got.Amount.Minor()), got.Fee.Minor(), "%s: the fee", x.id)
		one(x, "user", "fees:withdrawal", false, got.Outgoing)
	}
	for _, x := range h.witness.all("payout") {
		got, err := p.Payouts.Get(h.t.Context(), okpay.PayoutID(x.id))
		require.NoError(h.t, err)
		one(x, "merchant", "fees:payout", true, got.Outgoing)
	}
	for key := range calls {
		assert.True(h.t, submitted[key], "%s was given to the provider, and its intent is not there", key)
	}
}

// banks are what statements and settlements moved through the operator's bank account: bank entries
// settle what stands on clearing accounts, and what exceptions suspend waits, until a person gives
// it to somebody.
func (b *ledgerBooks) banks(h *history) {
	sign := func(way string) int64 { return map[string]int64{"in": 1, "out": -1}[way] }
	for _, x := range h.witness.all("bank_entry") {
		s := x.shown
		clearing := "clearing:" + s.Provider
		if strings.HasPrefix(s.Object, "ref_") || s.Object == "" && s.Provider != "wire" { // see the settle act
			clearing += ":refunds"
		}
		b.says.add(clearing, s.Amount, sign(s.Direction))
		b.says.add("bank:nostro", s.Amount, -sign(s.Direction))
	}
	for _, x := range h.witness.all("exception") {
		s := x.shown
		if s.Suspended == "" {
			continue
		}
		way, byRow := sign(s.Suspended), s.Reconciliation != ""
		if byRow {
			b.says.add("bank:nostro", s.Amount, -way)
			b.says.add("suspense:"+s.Provider, s.Amount, way)
		}
		if x.state != "resolved" {
			continue
		}
		to := map[okpay.Disposition]string{
			okpay.CreditCustomer: "user", okpay.CreditMerchant: "merchant", okpay.ReturnToProvider: "clearing:" + s.Provider, okpay.WriteOff: "expense:loss",
		}[s.Resolution.Disposition]
		assert.NotEmpty(h.t, to, "%s: money that waits is not forgotten", x.id)
		switch {
		case byRow:
			b.says.add("suspense:"+s.Provider, s.Amount, -way)
			b.says.add(to, s.Amount, way)
		case s.Provider != "bankA": // what sources sent is counted as a whole, wherever it is
			if to == "merchant" {
				b.says.add("user", s.Amount, -1)
				b.says.add(to, s.Amount, 1)
			}
		default: // it came back for an owner who is gone
			b.says.add("user", s.Amount, -1)
			b.says.add(to, s.Amount, 1)
		}
	}
	for _, code := range historyCurrencies()[1:] { // what it cost
		cost := account{"expense:provider", code}
		b.says[cost] = b.has[cost]
		b.says[account{"bank:nostro", code}] -= b.has[cost]
	}
}

// compare holds what accounts have to what the objects say, where both are known.
func (b *ledgerBooks) compare(h *history) {
	for _, code := range historyCurrencies()[1:] {
		at := func(name string) account { return account{name, code} }
		// What funding sources sent for payments, whatever became of it, is the payer's.
		for _, source := range []string{"psp", "card"} {
			clearing, suspense := at("clearing:"+source), at("suspense:"+source)
			sent := b.says[clearing] + b.says[suspense] - b.has[clearing] - b.has[suspense]
			b.says[at("user")] += sent
			b.says[clearing], b.says[suspense] = b.has[clearing], b.has[suspense]
		}
		// What was given for exchanges and what was got.
		b.says[at("user")] -= b.has[at("fx:position")] + b.has[at("fees:fx_spread")]
		// What came back for an owner who is gone.
		gone := b.has[at("suspense:bankA")] - b.says[at("suspense:bankA")]
		assert.GreaterOrEqual(h.t, gone, int64(0))
		b.says[at("user")] -= gone
		b.says[at("suspense:bankA")] += gone
		b.says[at("merchant")] -= b.has[at("reserve:disputes")]
		for _, owner := range []string{"user", "merchant"} {
			b.has[at(owner)] -= b.has[at("receivable:"+owner)]
			delete(b.has, at("receivable:"+owner))
		}
	}
	b.has.same(h, "what stands is what the objects say", b.says)
}

// events reads all that was announced once more: for each object without a gap from 1, the
// last one with the object as it is.
func (h *history) events(p *process) {
	count, last := 0, map[objectKey]int64{}
	for after := int64(0); ; {
		page, next, err := p.Events(h.t.Context(), after, 1000)
		require.NoError(h.t, err)
		if len(page) == 0 {
			break
		}
		announced, err := p.Ledger().Events(h.t.Context(), after, 1000)
		require.NoError(h.t, err)
		for i, e := range page {
			key := objectKey{kindOf(e.Type), announced[i].Subject}
			last[key]++
			assert.Equal(h.t, last[key], e.Sequence, "%v: %s", key, e.Type)
		}
		count, after = count+len(page), next
	}
	h.witness.mu.Lock()
	defer h.witness.mu.Unlock()
	assert.Equal(h.t, h.witness.events, count, "what was committed is what is read")
	for key, x := range h.witness.objects {
		assert.Equal(h.t, last[key], x.sequence, "%v", key)
		if x.sequence > 0 && key.kind != "customer" && key.kind != "merchant" && key.kind != "quote" && key.kind != "exception" {
			assert.Equal(h.t, x.state, x.shown.State, "%v: the last event shows it as it is", key)
		}
	}
}
