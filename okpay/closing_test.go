package okpay_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

func TestAnAccountIsClosedOnlyWhenNothingIsInTheWay(t *testing.T) {
	f := people(t, okpay.Config{Risk: risky}, 100)
	closing := okpay.MoveGate{Customer: "alice", By: "ops1", Key: "k"}
	refused := func(way string) {
		t.Helper()
		before := f.last()
		_, err := f.Customers.Close(t.Context(), closing)
		e := refusedWith(t, err, okpay.InvalidState)
		assert.Contains(t, e.Detail, way)
		types, _ := f.since(before)
		assert.Empty(t, types)
		g, err := f.Customers.Gate(t.Context(), "alice")
		require.NoError(t, err)
		assert.Equal(t, okpay.GateActive, g.State)
		assert.Nil(t, g.ClosingAt)
	}
	refused("there is a balance of ")
	held := f.sent(okpay.CreateTransfer{To: "bob", Amount: cny(100)}, okpay.TransferUnderReview)
	refused("is held")
	_, err := f.Transfers.Cancel(t.Context(), okpay.CancelTransfer{Transfer: held.ID, Customer: "alice"})
	require.NoError(t, err)
	f.sent(okpay.CreateTransfer{To: "bob", Amount: cny(40)}, okpay.TransferCompleted)
	parked := f.sent(okpay.CreateTransfer{Email: "x@example.com", Amount: cny(60)}, okpay.TransferPendingClaim)
	refused("the transfer " + string(parked.ID) + " is not finished")
	_, err = f.Transfers.Cancel(t.Context(), okpay.CancelTransfer{Transfer: parked.ID, Customer: "alice"})
	require.NoError(t, err)
	f.sent(okpay.CreateTransfer{To: "bob", Amount: cny(60)}, okpay.TransferCompleted)
	_, err = f.Ledger().Commit(t.Context(), ledger.Change{Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{
		{Debit: "receivable:user:alice", Credit: "suspense:psp", Amount: money.New(7, money.MustISO("USD"))},
	}}}})
	require.NoError(t, err)
	refused("a debt of ")
	_, err = f.Ledger().Commit(t.Context(), ledger.Change{Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{
		{Debit: "suspense:psp", Credit: "receivable:user:alice", Amount: money.New(7, money.MustISO("USD"))},
	}}}})
	require.NoError(t, err)
	_, err = f.Customers.Lock(t.Context(), okpay.MoveGate{Customer: "alice"})
	require.NoError(t, err)
	_, err = f.Customers.Close(t.Context(), closing)
	refusedWith(t, err, okpay.InvalidState)
	_, err = f.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: "alice"})
	require.NoError(t, err)

	f.verifies("alice", "alice@example.com")
	before := f.last()
	for _, replayed := range []bool{false, true} {
		g, err := f.Customers.Close(t.Context(), closing)
		require.NoError(t, err)
		assert.Equal(t, okpay.GateClosed, g.State)
		assert.Equal(t, replayed, g.Replayed)
	}
	types, _ := f.since(before)
	assert.Equal(t, []string{"account.closed"}, types)
	all := f.messagesOf("alice")
	assert.Equal(t, "account_closed", all[len(all)-1])
	f.verifies("bob", "alice@example.com")
	closing.Key = ""
	_, err = f.Customers.Close(t.Context(), closing)
	refusedWith(t, err, okpay.InvalidState)
	_, err = f.Customers.Update(t.Context(), okpay.UpdateCustomer{Customer: "alice", Name: text("x")})
	refusedWith(t, err, okpay.AccountClosed)
	_, err = f.Contacts.Add(t.Context(), okpay.AddContact{Customer: "alice", Email: "new@example.com"})
	refusedWith(t, err, okpay.AccountClosed)
	_, err = f.send(okpay.CreateTransfer{From: "bob", To: "alice", Amount: cny(1)})
	refusedWith(t, err, okpay.PayeeUnavailable)
	_, err = f.Customers.Close(t.Context(), okpay.MoveGate{Customer: "nobody"})
	refusedWith(t, err, okpay.NotFound)
	f.verify()
}

// Whatever happens while an account is being closed, a closed account has nothing.
func TestNothingSlipsIntoAnAccountThatIsBeingClosed(t *testing.T) {
	closed := 0
	for range 20 {
		f := people(t, okpay.Config{}, 10)
		f.fund("bob", 10)
		var racing sync.WaitGroup
		for i := range 24 {
			racing.Go(func() {
				var err error
				switch i % 4 {
				case 0:
					_, err = f.send(okpay.CreateTransfer{From: "bob", To: "alice", Amount: cny(1)})
				case 1:
					_, err = f.send(okpay.CreateTransfer{Email: "x@example.com", Amount: cny(10)})
				case 2:
					_, err = f.send(okpay.CreateTransfer{To: "bob", Amount: cny(10)})
				default:
					_, err = f.Customers.Close(t.Context(), okpay.MoveGate{Customer: "alice"})
				}
				if err != nil {
					assert.Contains(t, []okpay.Code{
						okpay.InsufficientBalance, okpay.InvalidState, okpay.ServiceBusy, okpay.AccountClosed, okpay.PayeeUnavailable,
					}, okpay.CodeOf(err), "%v", err)
				}
			})
		}
		racing.Wait()
		g, err := f.Customers.Gate(t.Context(), "alice")
		require.NoError(t, err)
		assert.Nil(t, g.ClosingAt)
		if g.State == okpay.GateClosed {
			closed++
			f.has(0, 20, 0, 0)
		}
		f.verify()
	}
	t.Logf("closed %d times of 20", closed)
}

// Between looking for what is in the way and the commit, money comes and goes on at once, so
// that no balance tells of it.
func TestNothingBeginsBetweenTheTwoCommitsOfAClose(t *testing.T) {
	ids := &late{}
	f := people(t, okpay.Config{NewID: ids.id}, 0)
	f.fund("bob", 10)
	tried := false
	ids.arm(func() bool {
		g, err := f.Customers.Gate(t.Context(), "alice")
		if err != nil || g.ClosingAt == nil {
			return false
		}
		tried = true
		_, err = f.send(okpay.CreateTransfer{From: "bob", To: "alice", Amount: cny(10)})
		refusedWith(t, err, okpay.ServiceBusy)
		_, err = f.send(okpay.CreateTransfer{Email: "x@example.com", Amount: cny(10)})
		refusedWith(t, err, okpay.ServiceBusy)
		return true
	})
	g, err := f.Customers.Close(t.Context(), okpay.MoveGate{Customer: "alice"})
	require.NoError(t, err)
	assert.True(t, tried)
	assert.Equal(t, okpay.GateClosed, g.State)
	f.has(0, 10, 0, 0)
}

// Money that asks no gate is caught by the ledger, and the account stays open.
func TestMoneyThatComesBetweenTheTwoCommitsOfACloseKeepsTheAccountOpen(t *testing.T) {
	ids := &late{}
	f := people(t, okpay.Config{NewID: ids.id}, 10)
	f.sent(okpay.CreateTransfer{To: "bob", Amount: cny(10)}, okpay.TransferCompleted)
	ids.arm(func() bool {
		g, err := f.Customers.Gate(t.Context(), "alice")
		if err != nil || g.ClosingAt == nil {
			return false
		}
		_, err = f.Ledger().Commit(t.Context(), ledger.Change{Ops: []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{
			{Debit: "suspense:psp", Credit: "user:alice:available", Amount: cny(3)},
		}}}})
		require.NoError(t, err)
		return true
	})
	in := okpay.MoveGate{Customer: "alice", Key: "k"}
	before := f.last()
	for range 2 {
		_, err := f.Customers.Close(t.Context(), in)
		refusedWith(t, err, okpay.InvalidState)
	}
	types, _ := f.since(before)
	assert.Empty(t, types)
	f.sent(okpay.CreateTransfer{To: "bob", Amount: cny(3)}, okpay.TransferCompleted)
	_, err := f.Customers.Close(t.Context(), in)
	refusedWith(t, err, okpay.InvalidState)
	in.Key = "another"
	_, err = f.Customers.Close(t.Context(), in)
	require.NoError(t, err)
	f.verify()
}

func TestACloseThatWasCutOffLeavesTheAccountOpen(t *testing.T) {
	f := people(t, okpay.Config{}, 0)
	r, err := f.Ledger().Record(t.Context(), "gate", "alice")
	require.NoError(t, err)
	at := f.clock.Now()
	marked := bytes.Replace(r.Content, []byte(`"sequence"`), []byte(`"closing_at":"`+at.Format(time.RFC3339Nano)+`","sequence"`), 1)
	_, err = f.Ledger().Commit(t.Context(), ledger.Change{Puts: []ledger.Put{
		{Type: "gate", ID: "alice", Content: marked, Due: at.Add(time.Minute)},
	}})
	require.NoError(t, err)
	f.fund("bob", 5)
	_, err = f.send(okpay.CreateTransfer{From: "bob", To: "alice", Amount: cny(1)})
	refusedWith(t, err, okpay.ServiceBusy)
	_, err = f.send(okpay.CreateTransfer{To: "bob", Amount: cny(1)})
	refusedWith(t, err, okpay.ServiceBusy)
	f.clock.Advance(time.Minute)
	f.work()
	f.sent(okpay.CreateTransfer{From: "bob", To: "alice", Amount: cny(1)}, okpay.TransferCompleted)
	f.verify()
}

func TestAMerchantIsClosedOnlyWhenNothingIsInTheWay(t *testing.T) {
	f := start(t, okpay.Config{})
	f.topUp(cny(1000))
	closing := okpay.CloseMerchant{Merchant: f.merchant, Key: "k"}
	refused := func(way string) {
		t.Helper()
		_, err := f.Merchants.Close(t.Context(), closing)
		assert.Contains(t, refusedWith(t, err, okpay.InvalidState).Detail, way)
	}
	p := f.create(cny(5), okpay.CaptureManual)
	refused("the payment " + string(p.ID) + " is not finished")
	_, err := f.confirm(p.ID)
	require.NoError(t, err)
	refused("is held for the account")
	_, err = f.capture(p.ID, 5, true)
	require.NoError(t, err)
	refused("there is a balance of ")
	_, err = f.refund(p.ID, cny(5))
	require.NoError(t, err)
	before := f.last()
	for _, replayed := range []bool{false, true} {
		m, err := f.Merchants.Close(t.Context(), closing)
		require.NoError(t, err)
		assert.Equal(t, okpay.MerchantClosed, m.State)
		assert.Equal(t, replayed, m.Replayed)
	}
	types, _ := f.since(before)
	assert.Equal(t, []string{"merchant.closed"}, types)
	closing.Key = ""
	_, err = f.Merchants.Close(t.Context(), closing)
	refusedWith(t, err, okpay.InvalidState)
	_, err = f.Payments.Create(t.Context(), okpay.CreatePayment{Merchant: f.merchant, Amount: cny(5)})
	refusedWith(t, err, okpay.MerchantNotAllowed)
	_, err = f.Contacts.Add(t.Context(), okpay.AddContact{Merchant: f.merchant, Email: "new@example.com"})
	refusedWith(t, err, okpay.AccountClosed)
	_, err = f.Merchants.Close(t.Context(), okpay.CloseMerchant{Merchant: "nobody"})
	refusedWith(t, err, okpay.NotFound)
	f.verify()
}

// What is personal stands in contents of records alone, and is gone everywhere once erased.
func TestErasingRemovesWhatIsPersonalAndLeavesTheMoneyVerifiable(t *testing.T) {
	f := people(t, okpay.Config{}, 100)
	f.verifies("alice", "alice@example.com")
	f.verifies("bob", "bob@example.com")
	secrets := []string{"alice@example.com", "Name of alice", "for the flat", "13900139000", "dinner"}
	toContact := f.sent(okpay.CreateTransfer{Phone: "+8613900139000", Amount: cny(10), Note: "for the flat"}, okpay.TransferPendingClaim)
	f.fund("bob", 50)
	fromBob := f.sent(okpay.CreateTransfer{From: "bob", Email: "alice@example.com", Amount: cny(10), Note: "bob's own words"}, okpay.TransferCompleted)
	_, err := f.MoneyRequests.Create(t.Context(), okpay.CreateMoneyRequest{From: "alice", Email: "bob@example.com", Amount: cny(5), Note: "dinner"})
	require.NoError(t, err)

	everything := func() string {
		var all bytes.Buffer
		_, err := f.Ledger().Export(t.Context(), &all, ledger.ExportConfig{})
		require.NoError(t, err)
		return all.String()
	}
	for _, s := range secrets {
		assert.Contains(t, everything(), s)
	}
	blocks, err := f.Ledger().Blocks(t.Context(), 0, 1000)
	require.NoError(t, err)
	events, _, err := f.Events(t.Context(), 0, 1000)
	require.NoError(t, err)
	for _, s := range secrets {
		for _, b := range blocks {
			assert.NotContains(t, string(b.Body), s)
		}
		for _, e := range events {
			assert.NotContains(t, string(e.Data), s)
		}
		for _, noun := range []string{"customer", "profile", "contact", "transfer", "request", "message", "gate", "secret"} {
			records, err := f.Ledger().Records(t.Context(), ledger.RecordQuery{Type: noun, Limit: 1000})
			require.NoError(t, err)
			for _, r := range records {
				assert.NotContains(t, strings.Join(append(append(r.Labels, r.Unique...), r.ID), " "), s)
			}
		}
	}

	in := okpay.EraseCustomer{Customer: "alice", Key: "k"}
	_, err = f.Customers.Erase(t.Context(), in)
	refusedWith(t, err, okpay.InvalidState)
	_, err = f.Transfers.Cancel(t.Context(), okpay.CancelTransfer{Transfer: toContact.ID, Customer: "alice"})
	require.NoError(t, err)
	f.sent(okpay.CreateTransfer{To: "bob", Amount: cny(110), Note: "for the flat"}, okpay.TransferCompleted)
	_, err = f.Customers.Close(t.Context(), okpay.MoveGate{Customer: "alice"})
	require.NoError(t, err)
	before := f.last()
	for _, replayed := range []bool{false, true} {
		c, err := f.Customers.Erase(t.Context(), in)
		require.NoError(t, err)
		assert.Empty(t, c.Name)
		assert.Empty(t, c.Contacts)
		assert.NotNil(t, c.ErasedAt)
		assert.Equal(t, replayed, c.Replayed)
	}
	types, _ := f.since(before)
	assert.Equal(t, []string{"customer.erased"}, types)
	_, err = f.Customers.Erase(t.Context(), okpay.EraseCustomer{Customer: "alice"})
	refusedWith(t, err, okpay.InvalidState)
	for _, s := range secrets {
		assert.NotContains(t, everything(), s)
	}
	_, err = f.Ledger().Record(t.Context(), "profile", "c_alice")
	require.ErrorIs(t, err, ledger.ErrErased)
	kept, err := f.Transfers.Get(t.Context(), fromBob.ID)
	require.NoError(t, err)
	assert.Equal(t, "bob's own words", kept.Note)
	assert.Empty(t, kept.Contact)
	assert.Equal(t, cny(10), kept.Amount)
	lines, err := f.Customers.Statement(t.Context(), "alice", "CNY", okpay.StatementPage{})
	require.NoError(t, err)
	assert.NotEmpty(t, lines)
	_, err = f.Customers.Erase(t.Context(), okpay.EraseCustomer{Customer: "nobody"})
	refusedWith(t, err, okpay.NotFound)
	f.verify()
}

func TestErasingReachesEveryPage(t *testing.T) {
	f := people(t, okpay.Config{}, 130)
	for range 130 {
		f.sent(okpay.CreateTransfer{To: "bob", Amount: cny(1), Note: "my note"}, okpay.TransferCompleted)
	}
	_, err := f.Customers.Close(t.Context(), okpay.MoveGate{Customer: "alice"})
	require.NoError(t, err)
	_, err = f.Customers.Erase(t.Context(), okpay.EraseCustomer{Customer: "alice"})
	require.NoError(t, err)
	var all bytes.Buffer
	_, err = f.Ledger().Export(t.Context(), &all, ledger.ExportConfig{})
	require.NoError(t, err)
	assert.NotContains(t, all.String(), "my note")
	f.verify()
}

func TestAClosedAccountStaysClosed(t *testing.T) {
	f := people(t, okpay.Config{}, 0)
	_, err := f.Customers.Close(t.Context(), okpay.MoveGate{Customer: "alice"})
	require.NoError(t, err)
	before := f.last()
	for name, move := range map[string]func(context.Context, okpay.MoveGate) (okpay.Gate, error){
		"lock": f.Customers.Lock, "unlock": f.Customers.Unlock, "close": f.Customers.Close,
	} {
		_, err := move(t.Context(), okpay.MoveGate{Customer: "alice"})
		e := refusedWith(t, err, okpay.InvalidState)
		assert.Equal(t, "alice", e.Object, name)
	}
	_, err = f.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "alice"})
	refusedWith(t, err, okpay.InvalidState)
	_, err = f.Customers.Close(t.Context(), okpay.MoveGate{Customer: "bob", Reason: "two words"})
	refusedWith(t, err, okpay.InvalidRequest)
	_, err = f.Merchants.Close(t.Context(), okpay.CloseMerchant{Merchant: f.merchant, By: "two words"})
	refusedWith(t, err, okpay.InvalidRequest)
	types, _ := f.since(before)
	assert.Empty(t, types)
}

func TestACloseOfAMerchantThatWasCutOffLeavesItOpen(t *testing.T) {
	f := start(t, okpay.Config{})
	r, err := f.Ledger().Record(t.Context(), "merchant", "shop")
	require.NoError(t, err)
	at := f.clock.Now()
	marked := bytes.Replace(r.Content, []byte(`"sequence"`), []byte(`"closing_at":"`+at.Format(time.RFC3339Nano)+`","sequence"`), 1)
	_, err = f.Ledger().Commit(t.Context(), ledger.Change{Puts: []ledger.Put{
		{Type: "merchant", ID: "shop", Content: marked, Due: at.Add(time.Minute)},
	}})
	require.NoError(t, err)
	_, err = f.Payments.Create(t.Context(), okpay.CreatePayment{Merchant: f.merchant, Amount: cny(5)})
	refusedWith(t, err, okpay.ServiceBusy)
	f.clock.Advance(time.Minute)
	f.work()
	f.create(cny(5), okpay.CaptureAutomatic)
}
