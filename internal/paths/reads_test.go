package paths

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

// annsReads are arguments of what is read of ann's, in her session or by the program.
func annsReads(w *world, s stage, topUp okpay.TopUpID, done okpay.ConversionID) map[string][]any {
	page := okpay.StatementPage{}
	return map[string][]any{
		"okpay.Contacts.Customer":      {okpay.FindContact{Email: annMail}},
		"okpay.Contacts.Owner":         {okpay.FindContact{Email: annMail}},
		"okpay.Customers.Activity":     {ann, okpay.ActivityPage{}},
		"okpay.Customers.Balances":     {ann},
		"okpay.Customers.Debts":        {ann},
		"okpay.Customers.Gate":         {ann},
		"okpay.Customers.Get":          {ann},
		"okpay.Customers.Messages":     {ann, okpay.MessageID(""), 10},
		"okpay.Customers.Statement":    {ann, "CNY", page},
		"okpay.Customers.StatementCSV": {io.Discard, ann, "CNY", page},
		"okpay.Destinations.Get":       {w.to},
		"okpay.Destinations.List":      {okpay.ListDestinations{Customer: ann}},
		"okpay.Disputes.Get":           {s.dispute},
		"okpay.Disputes.List":          {okpay.ListDisputes{Customer: ann}},
		"okpay.MoneyRequests.Get":      {s.asked},
		"okpay.MoneyRequests.GetOwned": {ann, s.asked},
		"okpay.MoneyRequests.List":     {okpay.ListMoneyRequests{Customer: ann}},
		"okpay.Payments.Get":           {s.paid},
		"okpay.Payments.List":          {okpay.ListPayments{Customer: ann}},
		"okpay.Quotes.Get":             {s.quote},
		"okpay.Quotes.GetConversion":   {done},
		"okpay.TopUps.Get":             {topUp},
		"okpay.TopUps.List":            {okpay.TopUpQuery{Customer: ann}},
		"okpay.Transfers.Get":          {s.transfer},
		"okpay.Transfers.GetOwned":     {ann, s.transfer},
		"okpay.Transfers.List":         {okpay.ListTransfers{Customer: ann}},
		"okpay.Wallet.Audit":           {okpay.AuditPage{Customer: ann, Shown: true}},
		"okpay.Withdrawals.Conditions": {ann, "CNY"},
		"okpay.Withdrawals.Get":        {s.withdrawal},
		"okpay.Withdrawals.GetOwned":   {ann, s.withdrawal},
		"okpay.Withdrawals.List":       {okpay.ListWithdrawals{Customer: ann}},
	}
}

// TestWhatIsReadInASessionIsItsCustomers reads what is ann's in her session, in another's, and as the program.
func TestWhatIsReadInASessionIsItsCustomers(t *testing.T) {
	w := start(t)
	s := w.stage()
	q, err := w.Quotes.Create(t.Context(), okpay.CreateQuote{Base: "USD", Quote: "CNY", Rate: rate("7.1"), Mid: rate("7.1"), Customer: ann})
	require.NoError(t, err)
	s.quote = q.ID
	done, err := w.Quotes.Convert(w.ann, okpay.Convert{Customer: ann, Quote: q.ID, Amount: usd(100)})
	require.NoError(t, err)
	up, err := w.TopUps.Create(w.ann, okpay.CreateTopUp{Customer: ann, Amount: cny(500)})
	require.NoError(t, err)
	another := okpay.WithActor(t.Context(), okpay.Actor{Customer: "cat"})
	reads := annsReads(w, s, up.ID, done.ID)
	listed := 0
	for _, p := range paths(t) {
		if !has(p.guards, "an actor's own") {
			continue
		}
		listed++
		args, ok := reads[p.name]
		require.True(t, ok, "%s is not tried", p.name)
		for who, ctx := range map[string]context.Context{"ann": w.ann, "the program": t.Context()} {
			_, err := call(t, w.process, p.name, append([]any{ctx}, args...)...)
			assert.NoError(t, err, "%s by %s", p.name, who)
		}
		_, err := call(t, w.process, p.name, append([]any{another}, args...)...)
		assert.ErrorIs(t, err, okpay.NotFound, p.name)
	}
	assert.Len(t, reads, listed)

	// Of a payment that is nobody's yet whoever has the link is shown what they are to pay.
	open, err := w.Payments.Create(t.Context(), okpay.CreatePayment{Merchant: "shop", Amount: cny(700)})
	require.NoError(t, err)
	_, err = w.Payments.Get(another, open.ID)
	require.NoError(t, err)

	// What others read is no customer's, and a contact of somebody else's answers as one that nobody has.
	for name, args := range map[string][]any{
		"okpay.Payments.List":     {okpay.ListPayments{Merchant: "shop"}},
		"okpay.Destinations.List": {okpay.ListDestinations{Merchant: "shop"}},
		"okpay.Disputes.List":     {okpay.ListDisputes{Merchant: "shop"}},
		"okpay.TopUps.List":       {okpay.TopUpQuery{State: okpay.TopUpSucceeded}},
		"okpay.Transfers.List":    {okpay.ListTransfers{State: okpay.TransferUnderReview}},
		"okpay.Withdrawals.List":  {okpay.ListWithdrawals{State: okpay.WithdrawalUnderReview}},
		"okpay.Wallet.Audit":      {okpay.AuditPage{Customer: ann}},
	} {
		_, err := call(t, w.process, name, append([]any{w.ann}, args...)...)
		assert.ErrorIs(t, err, okpay.PermissionDenied, name)
		_, err = call(t, w.process, name, append([]any{t.Context()}, args...)...)
		assert.NoError(t, err, name)
	}
	_, theirs := w.Contacts.Owner(another, okpay.FindContact{Email: annMail})
	_, nobodys := w.Contacts.Owner(another, okpay.FindContact{Email: "nobody@example.com"})
	assert.Equal(t, nobodys.Error(), theirs.Error())
}
