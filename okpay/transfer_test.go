package okpay_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// people is a fixture with alice, who has money, and bob.
func people(t *testing.T, cfg okpay.Config, minor int64) *fixture {
	t.Helper()
	if cfg.NewID == nil {
		cfg.NewID = (&late{}).id // ids of one millisecond sort by chance
	}
	f := start(t, cfg)
	for _, id := range []okpay.CustomerID{"alice", "bob"} {
		_, err := f.Customers.Create(t.Context(), okpay.CreateCustomer{ID: id, Name: "Name of " + string(id)})
		require.NoError(t, err)
	}
	f.fund("alice", minor)
	return f
}

func (f *fixture) fund(id okpay.CustomerID, minor int64) {
	f.t.Helper()
	if minor == 0 {
		return
	}
	_, err := f.TopUps.Create(f.t.Context(), okpay.CreateTopUp{Customer: id, Amount: cny(minor)})
	require.NoError(f.t, err)
}

// posted is the balance of an account in CNY.
func (f *fixture) posted(account string) int64 {
	f.t.Helper()
	b, err := f.Ledger().Balance(f.t.Context(), ledger.AccountKey{Name: account, Currency: "CNY"})
	require.NoError(f.t, err)
	return b.Posted.Minor()
}

// has holds the balances of alice, bob, what is unclaimed and the fees to what they should be.
func (f *fixture) has(alice, bob, unclaimed, fees int64) {
	f.t.Helper()
	assert.Equal(f.t, []int64{alice, bob, unclaimed, fees}, []int64{
		f.posted("user:alice:available"), f.posted("user:bob:available"), f.posted("unclaimed:transfers"), f.posted("fees:transfer"),
	}, "alice, bob, unclaimed, fees")
}

// messagesOf are the templates of the messages that a customer has, the oldest first.
func (f *fixture) messagesOf(id okpay.CustomerID) []string {
	f.t.Helper()
	messages, err := f.Customers.Messages(f.t.Context(), id, "", 100)
	require.NoError(f.t, err)
	var out []string
	for i := range messages {
		if m := messages[len(messages)-1-i]; m.ObjectType != "topup" { // of the money to begin with
			out = append(out, m.Template)
		}
	}
	return out
}

// verifies gives a customer a verified contact.
func (f *fixture) verifies(id okpay.CustomerID, email string) okpay.ContactID {
	f.t.Helper()
	c, err := f.Contacts.Add(f.t.Context(), okpay.AddContact{Customer: id, Email: email})
	require.NoError(f.t, err)
	_, err = f.Contacts.MarkVerified(f.t.Context(), okpay.MoveContact{Customer: id, Contact: c.ID})
	require.NoError(f.t, err)
	return c.ID
}

func (f *fixture) send(in okpay.CreateTransfer) (okpay.Transfer, error) {
	if in.From == "" {
		in.From = "alice"
	}
	return f.Transfers.Create(f.t.Context(), in)
}

func (f *fixture) sent(in okpay.CreateTransfer, want okpay.TransferState) okpay.Transfer {
	f.t.Helper()
	tr, err := f.send(in)
	require.NoError(f.t, err)
	require.Equal(f.t, want, tr.State)
	return tr
}

func (f *fixture) eventsSince(no int64) []okpay.Event {
	f.t.Helper()
	events, _, err := f.Events(f.t.Context(), no, 1000)
	require.NoError(f.t, err)
	return events
}

func transferFee(bps, least, most int64) okpay.Fees {
	return okpay.Fees{Transfer: okpay.Fee{BasisPoints: bps, Min: least, Max: most}}
}

func TestATransferTakesTheFeeOnTopAndAShortfallIncludesIt(t *testing.T) {
	f := people(t, okpay.Config{Fees: transferFee(10, 100, 2500)}, 100000)
	before := f.last()
	x1 := f.sent(okpay.CreateTransfer{To: "bob", Amount: cny(50000), Note: "rent"}, okpay.TransferCompleted)
	assert.Equal(t, cny(100), x1.Fee)
	types, before := f.since(before)
	assert.Equal(t, []string{"transfer.created", "transfer.completed"}, types)
	assert.Equal(t, []string{"transfer_sent"}, f.messagesOf("alice"))
	assert.Equal(t, []string{"transfer_received"}, f.messagesOf("bob"))

	_, err := f.send(okpay.CreateTransfer{To: "alice", Amount: cny(10)})
	refusedWith(t, err, okpay.SameAccount)
	in := okpay.CreateTransfer{To: "bob", Amount: cny(49900), Key: "x3"}
	for range 2 { // and again at the replay
		_, err = f.send(in)
		e := refusedWith(t, err, okpay.InsufficientBalance)
		assert.Equal(t, cny(100), *e.Short)
	}
	types, _ = f.since(before)
	assert.Empty(t, types, "what is refused announces nothing")

	f.sent(okpay.CreateTransfer{To: "bob", Amount: cny(49800)}, okpay.TransferCompleted)
	f.has(0, 99800, 0, 200)
	f.fund("alice", 100000)
	_, err = f.send(in)
	refusedWith(t, err, okpay.InsufficientBalance)
	f.has(100000, 99800, 0, 200)

	page, more, err := f.Transfers.List(t.Context(), okpay.ListTransfers{Customer: "bob", Limit: 1})
	require.NoError(t, err)
	assert.True(t, more)
	page, more, err = f.Transfers.List(t.Context(), okpay.ListTransfers{Customer: "bob", Limit: 1, After: page[0].ID})
	require.NoError(t, err)
	assert.False(t, more)
	assert.Equal(t, "rent", page[0].Note)
	lines, err := f.Customers.Statement(t.Context(), "alice", "CNY", okpay.StatementPage{})
	require.NoError(t, err)
	assert.Equal(t, []string{"topup", "transfer", "fee"}, []string{lines[0].Kind, lines[1].Kind, lines[2].Kind})
	activity, err := f.Customers.Activity(t.Context(), "bob", okpay.ActivityPage{})
	require.NoError(t, err)
	require.Len(t, activity, 2)
	assert.Equal(t, "alice", activity[0].Other)
	f.verify()
}

func TestALockedSenderSendsNothingAndCanStillReceive(t *testing.T) {
	f := people(t, okpay.Config{}, 100)
	f.fund("bob", 10)
	_, err := f.Customers.Lock(t.Context(), okpay.MoveGate{Customer: "alice"})
	require.NoError(t, err)
	before := f.last()
	_, err = f.send(okpay.CreateTransfer{To: "bob", Amount: cny(1)})
	e := refusedWith(t, err, okpay.AccountLocked)
	assert.Equal(t, []string{"unlock_account", "contact_support"}, e.NextAction)
	types, _ := f.since(before)
	assert.Empty(t, types)
	f.sent(okpay.CreateTransfer{From: "bob", To: "alice", Amount: cny(10)}, okpay.TransferCompleted)
	f.has(110, 0, 0, 0)
}

func TestWhatIsWrongWithATransferIsToldInOrder(t *testing.T) {
	f := people(t, okpay.Config{
		Fees: transferFee(0, 1, 0), Limits: []okpay.Limit{
			{On: okpay.OnTransfer, Per: okpay.Each, Min: 2, Max: 500}, {On: okpay.OnTransfer, Per: okpay.Daily, Max: 600},
		},
	}, 100)
	for _, id := range []okpay.CustomerID{"locked", "closed"} {
		_, err := f.Customers.Create(t.Context(), okpay.CreateCustomer{ID: id})
		require.NoError(t, err)
	}
	_, err := f.Customers.Lock(t.Context(), okpay.MoveGate{Customer: "locked"})
	require.NoError(t, err)
	_, err = f.Customers.Close(t.Context(), okpay.MoveGate{Customer: "closed"})
	require.NoError(t, err)
	f.verifies("alice", "alice@example.com")
	before := f.last()
	for _, c := range []struct {
		name string
		in   okpay.CreateTransfer
		code okpay.Code
	}{
		{"an amount of zero", okpay.CreateTransfer{To: "bob", Amount: cny(0)}, okpay.AmountNotPositive},
		{"no payee", okpay.CreateTransfer{Amount: cny(5)}, okpay.InvalidRequest},
		{"two payees", okpay.CreateTransfer{To: "bob", Email: "b@example.com", Amount: cny(5)}, okpay.InvalidRequest},
		{"no e-mail address", okpay.CreateTransfer{Email: "example.com", Amount: cny(5)}, okpay.InvalidRequest},
		{"a number without country code", okpay.CreateTransfer{Phone: "13800138000", Amount: cny(5)}, okpay.InvalidRequest},
		{"a long note", okpay.CreateTransfer{To: "bob", Note: string(bytes.Repeat([]byte("n"), 501)), Amount: cny(5)}, okpay.InvalidRequest},
		{"oneself, even when locked", okpay.CreateTransfer{From: "locked", To: "locked", Amount: cny(5)}, okpay.SameAccount},
		{"a sender who is not there", okpay.CreateTransfer{From: "nobody", To: "bob", Amount: cny(5)}, okpay.NotFound},
		{"a locked sender to nobody", okpay.CreateTransfer{From: "locked", To: "nobody", Amount: cny(5)}, okpay.AccountLocked},
		{"a closed sender", okpay.CreateTransfer{From: "closed", To: "bob", Amount: cny(5)}, okpay.AccountClosed},
		{"nobody, and too little", okpay.CreateTransfer{To: "nobody", Amount: cny(1)}, okpay.PayeeUnavailable},
		{"a closed payee", okpay.CreateTransfer{To: "closed", Amount: cny(5)}, okpay.PayeeUnavailable},
		{"one's own contact", okpay.CreateTransfer{Email: " Alice@Example.com", Amount: cny(5)}, okpay.SameAccount},
		{"too little", okpay.CreateTransfer{To: "bob", Amount: cny(1)}, okpay.AmountTooSmall},
		{"too much at once", okpay.CreateTransfer{To: "bob", Amount: cny(501)}, okpay.LimitExceededTransaction},
		{"too little balance", okpay.CreateTransfer{To: "bob", Amount: cny(100)}, okpay.InsufficientBalance},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := f.send(c.in)
			e := refusedWith(t, err, c.code)
			assert.NotContains(t, err.Error(), "example.com")
			assert.NotContains(t, e.Object, "example.com")
		})
	}
	types, _ := f.since(before)
	assert.Empty(t, types)
	f.has(100, 0, 0, 0)
	f.fund("alice", 1000)
	f.sent(okpay.CreateTransfer{To: "bob", Amount: cny(500)}, okpay.TransferCompleted)
	_, err = f.send(okpay.CreateTransfer{To: "bob", Amount: cny(101)})
	e := refusedWith(t, err, okpay.LimitExceededDaily)
	assert.Equal(t, cny(100), *e.Limit)
	assert.Equal(t, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), *e.ResetsAt)
	f.verify()
}

func TestATransferToAContactIsTheOwnersAtOnce(t *testing.T) {
	f := people(t, okpay.Config{}, 100)
	f.verifies("bob", "Bob@Example.COM")
	tr := f.sent(okpay.CreateTransfer{Email: "bob@example.com", Amount: cny(5)}, okpay.TransferCompleted)
	assert.Equal(t, okpay.CustomerID("bob"), tr.To)
	phone, err := f.Contacts.Add(t.Context(), okpay.AddContact{Customer: "bob", Phone: "+86 138-0013-8000"})
	require.NoError(t, err)
	waiting := f.sent(okpay.CreateTransfer{Phone: "0086 13800138000", Amount: cny(5)}, okpay.TransferPendingClaim)
	assert.Equal(t, "+8613800138000", waiting.Contact)
	_, err = f.Contacts.MarkVerified(t.Context(), okpay.MoveContact{Customer: "bob", Contact: phone.ID})
	require.NoError(t, err)
	f.sent(okpay.CreateTransfer{Phone: "+86 138 0013 8000", Amount: cny(5)}, okpay.TransferCompleted)
	f.has(85, 10, 5, 0)
	f.work()
	f.has(85, 15, 0, 0)
	f.verify()
}

func TestWhatWaitsForAContactIsClaimedOnceItIsVerified(t *testing.T) {
	f := people(t, okpay.Config{Fees: transferFee(0, 3, 0)}, 1000)
	before := f.last()
	a := f.sent(okpay.CreateTransfer{Email: "bob@example.com", Amount: cny(100)}, okpay.TransferPendingClaim)
	types, before := f.since(before)
	assert.Equal(t, []string{"transfer.created", "transfer.pending_claim"}, types)
	assert.Empty(t, f.messagesOf("alice"))
	f.sent(okpay.CreateTransfer{Email: "bob@example.com", Amount: cny(50)}, okpay.TransferPendingClaim)
	f.has(844, 0, 150, 6)

	claim := okpay.ClaimTransfer{Transfer: a.ID, Customer: "bob", Key: "k"}
	_, err := f.Transfers.Claim(t.Context(), claim)
	refusedWith(t, err, okpay.NotFound)
	added, err := f.Contacts.Add(t.Context(), okpay.AddContact{Customer: "bob", Email: "bob@example.com"})
	require.NoError(t, err)
	_, err = f.Transfers.Claim(t.Context(), claim)
	refusedWith(t, err, okpay.NotFound)
	_, err = f.Transfers.GetOwned(t.Context(), "bob", a.ID)
	refusedWith(t, err, okpay.NotFound)
	_, err = f.Contacts.MarkVerified(t.Context(), okpay.MoveContact{Customer: "bob", Contact: added.ID})
	require.NoError(t, err)

	_, before = f.since(before)
	got, err := f.Transfers.Claim(t.Context(), claim)
	require.NoError(t, err)
	assert.Equal(t, okpay.TransferCompleted, got.State)
	assert.Equal(t, okpay.CustomerID("bob"), got.To)
	got, err = f.Transfers.Claim(t.Context(), claim)
	require.NoError(t, err)
	assert.True(t, got.Replayed)
	types, _ = f.since(before)
	assert.Equal(t, []string{"transfer.completed"}, types)
	f.has(844, 100, 50, 6)
	_, err = f.Transfers.GetOwned(t.Context(), "bob", a.ID)
	require.NoError(t, err)

	f.work()
	f.has(844, 150, 0, 6)
	assert.Equal(t, []string{"transfer_received", "transfer_received"}, f.messagesOf("bob"))
	assert.Equal(t, []string{"transfer_claimed", "transfer_claimed"}, f.messagesOf("alice"))
	f.verify()
}

func TestAnUnclaimedTransferReturnsAtTheVeryInstantFeeIncluded(t *testing.T) {
	f := people(t, okpay.Config{Fees: transferFee(0, 3, 0), TransferExpiry: time.Hour}, 1000)
	lazily := f.sent(okpay.CreateTransfer{Email: "bob@example.com", Amount: cny(100)}, okpay.TransferPendingClaim)
	canceled := f.sent(okpay.CreateTransfer{Email: "bob@example.com", Amount: cny(100)}, okpay.TransferPendingClaim)
	f.sent(okpay.CreateTransfer{Email: "bob@example.com", Amount: cny(100)}, okpay.TransferPendingClaim)
	f.clock.Advance(time.Hour - time.Microsecond)
	f.work()
	f.has(691, 0, 300, 9)
	f.clock.Advance(time.Microsecond)
	before := f.last()
	f.verifies("bob", "bob@example.com")
	_, before = f.since(before)

	shown, err := f.Transfers.Get(t.Context(), lazily.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.TransferReturned, shown.State)
	got, err := f.Transfers.Claim(t.Context(), okpay.ClaimTransfer{Transfer: lazily.ID, Customer: "bob", Key: "late"})
	refusedWith(t, err, okpay.TransferExpired)
	assert.Equal(t, okpay.TransferReturned, got.State)
	types, before := f.since(before)
	assert.Equal(t, []string{"transfer.returned"}, types)
	got, err = f.Transfers.Cancel(t.Context(), okpay.CancelTransfer{Transfer: canceled.ID, Customer: "alice"})
	refusedWith(t, err, okpay.InvalidState)
	assert.Equal(t, okpay.TransferReturned, got.State)
	f.has(897, 0, 100, 3)
	f.work()
	f.has(1000, 0, 0, 0)
	types, before = f.since(before)
	assert.Equal(t, []string{"transfer.returned", "transfer.returned"}, types)
	assert.Equal(t, []string{"transfer_returned", "transfer_returned", "transfer_returned"}, f.messagesOf("alice"))

	_, err = f.Transfers.Claim(t.Context(), okpay.ClaimTransfer{Transfer: lazily.ID, Customer: "bob"})
	refusedWith(t, err, okpay.TransferExpired)
	_, err = f.Transfers.Claim(t.Context(), okpay.ClaimTransfer{Transfer: lazily.ID, Customer: "bob", Key: "late"})
	refusedWith(t, err, okpay.TransferExpired)
	f.clock.Advance(time.Hour)
	f.work()
	types, _ = f.since(before)
	assert.Empty(t, types)
	f.verify()
}

func TestTheSenderCallsAnUnclaimedTransferBack(t *testing.T) {
	f := people(t, okpay.Config{
		Fees: transferFee(0, 3, 0), Limits: []okpay.Limit{{On: okpay.OnTransfer, Per: okpay.Daily, Max: 100, Count: 1}},
	}, 1000)
	tr := f.sent(okpay.CreateTransfer{Phone: "+8613800138000", Amount: cny(100)}, okpay.TransferPendingClaim)
	_, err := f.send(okpay.CreateTransfer{To: "bob", Amount: cny(100)})
	refusedWith(t, err, okpay.LimitExceededDaily)
	in := okpay.CancelTransfer{Transfer: tr.ID, Customer: "bob", Key: "k"}
	_, err = f.Transfers.Cancel(t.Context(), in)
	refusedWith(t, err, okpay.NotFound)
	before := f.last()
	in.Customer = "alice"
	for _, replayed := range []bool{false, true} {
		got, err := f.Transfers.Cancel(t.Context(), in)
		require.NoError(t, err)
		assert.Equal(t, okpay.TransferCanceled, got.State)
		assert.Equal(t, replayed, got.Replayed)
	}
	types, _ := f.since(before)
	assert.Equal(t, []string{"transfer.canceled"}, types)
	f.has(1000, 0, 0, 0)
	f.sent(okpay.CreateTransfer{To: "bob", Amount: cny(100)}, okpay.TransferCompleted)
	_, err = f.Transfers.Cancel(t.Context(), okpay.CancelTransfer{Transfer: tr.ID, Customer: "alice"})
	refusedWith(t, err, okpay.InvalidState)
	f.verify()
}

func TestANegativeOrHugeFeeNeverBreaksASum(t *testing.T) {
	f := people(t, okpay.Config{Fees: okpay.Fees{Transfer: okpay.Fee{Fixed: 1 << 62}}}, 1000)
	_, err := f.send(okpay.CreateTransfer{To: "bob", Amount: money.New(1<<62, money.MustISO("CNY"))})
	refusedWith(t, err, okpay.InsufficientBalance)
	f.has(1000, 0, 0, 0)
}
