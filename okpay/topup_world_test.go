package okpay_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// isRefusal asserts that an error is a whole refusal: the code with fault, advice, next
// action and both texts.
func isRefusal(t *testing.T, err error, code okpay.Code) *okpay.Error {
	t.Helper()
	require.ErrorIs(t, err, code)
	var e *okpay.Error
	require.ErrorAs(t, err, &e)
	known, ok := okpay.FailureOf(code)
	require.True(t, ok, "%s is not in the table of failures", code)
	assert.Equal(t, known, e.Failure)
	assert.NotEmpty(t, e.Fault)
	assert.NotEmpty(t, e.Retry)
	assert.NotEmpty(t, e.NextAction)
	assert.NotEmpty(t, e.En)
	assert.NotEmpty(t, e.Zh)
	assert.True(t, strings.ContainsFunc(e.Zh, func(r rune) bool { return r > 0x2e80 }), "the Chinese text is Chinese")
	return e
}

// psp is a wallet with one funding source named psp that does not know outcomes until it is
// told to.
type psp struct {
	*fixture
	source *rails.Simulated
	events int
}

func startPSP(t *testing.T, cfg okpay.Config) *psp {
	t.Helper()
	p := &psp{source: &rails.Simulated{Answer: func(rails.Collection) rails.Outcome { return rails.Unknown }}}
	cfg.Sources = map[string]rails.FundingSource{"psp": p.source}
	p.fixture = start(t, cfg)
	return p
}

func (p *psp) ask(minor int64) okpay.TopUp {
	p.t.Helper()
	top, err := p.TopUps.Create(p.t.Context(), okpay.CreateTopUp{Customer: p.customer, Amount: cny(minor), Source: "psp"})
	require.NoError(p.t, err)
	require.Equal(p.t, okpay.TopUpPending, top.State)
	return top
}

// says delivers an event; without an id it is a new one, without an amount it names none.
func (p *psp) says(id okpay.TopUpID, eventID string, status rails.CollectionStatus, amount ...money.Amount) (okpay.TopUp, error) {
	in := okpay.SourceEvent{Source: "psp", EventID: eventID, TopUp: id, Status: status}
	if eventID == "" {
		p.events++
		in.EventID = "new-" + string(rune('a'+p.events))
	}
	if len(amount) > 0 {
		in.Amount = amount[0]
	}
	return p.TopUps.SourceSays(p.t.Context(), in)
}

// account returns what stands on an account in a currency, positive on its normal side.
func (f *fixture) account(name, currency string) int64 {
	f.t.Helper()
	b, err := f.Ledger().Balance(f.t.Context(), ledger.AccountKey{Name: name, Currency: currency})
	if errors.Is(err, ledger.ErrNotFound) {
		return 0 // never used
	}
	require.NoError(f.t, err)
	return b.Posted.Minor()
}

// mails returns the templates of the customer's messages, the newest last.
func (f *fixture) mails() []string {
	f.t.Helper()
	messages, err := f.Customers.Messages(f.t.Context(), f.customer, "", 100)
	require.NoError(f.t, err)
	out := []string{}
	for i := range messages {
		out = append(out, messages[len(messages)-1-i].Template)
	}
	return out
}

func (f *fixture) exceptions() []string {
	f.t.Helper()
	open, _, err := f.Exceptions.List(f.t.Context(), okpay.ExceptionQuery{Limit: 100})
	require.NoError(f.t, err)
	out := []string{}
	for i := range open {
		out = append(out, open[len(open)-1-i].Kind)
	}
	return out
}

// picture is everything that a refusal must leave alone.
func (f *fixture) picture() map[string]any {
	f.t.Helper()
	totals, err := f.Ledger().Totals(f.t.Context(), "")
	require.NoError(f.t, err)
	balances, _, err := f.Ledger().Balances(f.t.Context(), "", 0, 0)
	require.NoError(f.t, err)
	text, err := json.Marshal(balances)
	require.NoError(f.t, err)
	return map[string]any{"last": f.last(), "totals": totals, "balances": string(text), "mails": f.mails(), "exceptions": f.exceptions()}
}
