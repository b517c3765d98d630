package okpay_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

// asks has bob ask alice for money.
func (f *fixture) asks(minor int64) okpay.MoneyRequest {
	f.t.Helper()
	r, err := f.MoneyRequests.Create(f.t.Context(), okpay.CreateMoneyRequest{From: "bob", To: "alice", Amount: cny(minor), Note: "dinner"})
	require.NoError(f.t, err)
	require.Equal(f.t, okpay.RequestOpen, r.State)
	return r
}

func (f *fixture) pay(id okpay.RequestID) (okpay.MoneyRequest, error) {
	return f.MoneyRequests.Pay(f.t.Context(), okpay.PayMoneyRequest{Request: id, Customer: "alice"})
}

func TestARequestForMoneyIsPaidByATransferInTheSameCommit(t *testing.T) {
	f := people(t, okpay.Config{Fees: transferFee(0, 3, 0)}, 1000)
	before := f.last()
	r := f.asks(100)
	assert.Equal(t, []string{"request_received"}, f.messagesOf("alice"))
	in := okpay.PayMoneyRequest{Request: r.ID, Customer: "alice", Note: "thanks", Key: "k"}
	for _, replayed := range []bool{false, true} {
		var err error
		r, err = f.MoneyRequests.Pay(t.Context(), in)
		require.NoError(t, err)
		assert.Equal(t, okpay.RequestPaid, r.State)
		assert.Equal(t, replayed, r.Replayed)
	}
	types, _ := f.since(before)
	assert.Equal(t, []string{"request.created", "transfer.created", "transfer.completed", "request.paid"}, types)
	tr, err := f.Transfers.Get(t.Context(), r.Transfer)
	require.NoError(t, err)
	assert.Equal(t, r.ID, tr.Request)
	assert.Equal(t, "thanks", tr.Note)
	assert.Equal(t, []string{"transfer_received", "request_paid"}, f.messagesOf("bob"))
	f.has(897, 100, 0, 3)
	paid, err := f.Ledger().Record(t.Context(), "request", string(r.ID))
	require.NoError(t, err)
	sent, err := f.Ledger().Record(t.Context(), "transfer", string(tr.ID))
	require.NoError(t, err)
	assert.Equal(t, paid.Seq, sent.Seq)
	f.verify()
}

func TestARequestThatCanNotBePaidStaysOpen(t *testing.T) {
	f := people(t, okpay.Config{Fees: transferFee(0, 3, 0), Risk: risky}, 90)
	r := f.asks(90)
	in := okpay.PayMoneyRequest{Request: r.ID, Customer: "alice", Key: "k"}
	for range 2 {
		got, err := f.MoneyRequests.Pay(t.Context(), in)
		e := refusedWith(t, err, okpay.InsufficientBalance)
		assert.Equal(t, cny(3), *e.Short)
		assert.Equal(t, okpay.RequestOpen, got.State)
	}
	_, err := f.pay(f.asks(1).ID)
	refusedWith(t, err, okpay.RiskDeclined)
	_, err = f.pay(f.asks(2).ID)
	refusedWith(t, err, okpay.AuthenticationRequired)
	_, err = f.Customers.Lock(t.Context(), okpay.MoveGate{Customer: "alice"})
	require.NoError(t, err)
	_, err = f.pay(r.ID)
	refusedWith(t, err, okpay.AccountLocked)
	_, err = f.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: "alice"})
	require.NoError(t, err)
	f.fund("alice", 3)
	r, err = f.pay(r.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.RequestPaid, r.State)
	f.verify()
}

func TestARequestFollowsTheReviewOfItsTransfer(t *testing.T) {
	f := people(t, okpay.Config{Risk: risky}, 1000)
	before := f.last()
	r := f.asks(100)
	pay := func() okpay.TransferID {
		var err error
		r, err = f.pay(r.ID)
		require.NoError(t, err)
		require.Equal(t, okpay.RequestUnderReview, r.State)
		_, err = f.pay(r.ID)
		refusedWith(t, err, okpay.InvalidState)
		return r.Transfer
	}
	is := func(want okpay.RequestState) {
		var err error
		r, err = f.MoneyRequests.Get(t.Context(), r.ID)
		require.NoError(t, err)
		require.Equal(t, want, r.State)
	}
	_, err := f.Transfers.Reject(t.Context(), okpay.ReviewTransfer{Transfer: pay(), By: "ops1"})
	require.NoError(t, err)
	is(okpay.RequestOpen)
	_, err = f.Transfers.Cancel(t.Context(), okpay.CancelTransfer{Transfer: pay(), Customer: "alice"})
	require.NoError(t, err)
	is(okpay.RequestOpen)
	_, err = f.Transfers.Approve(t.Context(), okpay.ReviewTransfer{Transfer: pay(), By: "ops1"})
	require.NoError(t, err)
	is(okpay.RequestPaid)
	types, _ := f.since(before)
	assert.Equal(t, []string{
		"request.created",
		"transfer.created", "transfer.under_review", "request.under_review", "transfer.failed", "request.reopened",
		"transfer.created", "transfer.under_review", "request.under_review", "transfer.canceled", "request.reopened",
		"transfer.created", "transfer.under_review", "request.under_review", "transfer.completed", "request.paid",
	}, types)
	f.has(900, 100, 0, 0)

	r = f.asks(100)
	held := pay()
	f.clock.Advance(okpay.DefaultRequestExpiry)
	f.work()
	is(okpay.RequestUnderReview)
	_, err = f.Transfers.Reject(t.Context(), okpay.ReviewTransfer{Transfer: held, By: "ops1"})
	require.NoError(t, err)
	is(okpay.RequestExpired)
	f.verify()
}

func TestARequestToAContactIsShownToWhoVerifiesIt(t *testing.T) {
	f := people(t, okpay.Config{}, 1000)
	ask := func() okpay.RequestID {
		r, err := f.MoneyRequests.Create(t.Context(), okpay.CreateMoneyRequest{From: "bob", Email: "alice@example.com", Amount: cny(5)})
		require.NoError(t, err)
		return r.ID
	}
	a, b := ask(), ask()
	_, err := f.pay(a)
	refusedWith(t, err, okpay.NotFound)
	_, err = f.MoneyRequests.GetOwned(t.Context(), "alice", a)
	refusedWith(t, err, okpay.NotFound)
	f.verifies("alice", "alice@example.com")
	r, err := f.pay(a) // before Run has come by
	require.NoError(t, err)
	assert.Equal(t, okpay.RequestPaid, r.State)
	f.work()
	page, more, err := f.MoneyRequests.List(t.Context(), okpay.ListMoneyRequests{Customer: "alice"})
	require.NoError(t, err)
	assert.False(t, more)
	assert.Len(t, page, 2)
	assert.Equal(t, []string{"transfer_sent", "request_received"}, f.messagesOf("alice"))
	_, err = f.pay(b)
	require.NoError(t, err)
	_, err = f.pay(ask())
	require.NoError(t, err)
	f.has(985, 15, 0, 0)
	f.verify()
}

func TestEveryActionOnARequestInEveryState(t *testing.T) {
	f := people(t, okpay.Config{Risk: risky}, 100000)
	move := okpay.MoveMoneyRequest{}
	made := map[okpay.RequestState]func() okpay.RequestID{
		okpay.RequestOpen: func() okpay.RequestID { return f.asks(50).ID },
		okpay.RequestUnderReview: func() okpay.RequestID {
			r, err := f.pay(f.asks(100).ID)
			require.NoError(t, err)
			return r.ID
		},
		okpay.RequestPaid: func() okpay.RequestID {
			r, err := f.pay(f.asks(50).ID)
			require.NoError(t, err)
			return r.ID
		},
		okpay.RequestDeclined: func() okpay.RequestID {
			move.Request, move.Customer = f.asks(50).ID, "alice"
			r, err := f.MoneyRequests.Decline(t.Context(), move)
			require.NoError(t, err)
			return r.ID
		},
		okpay.RequestCanceled: func() okpay.RequestID {
			move.Request, move.Customer = f.asks(50).ID, "bob"
			r, err := f.MoneyRequests.Cancel(t.Context(), move)
			require.NoError(t, err)
			return r.ID
		},
		okpay.RequestExpired: func() okpay.RequestID {
			r := f.asks(50)
			f.clock.Advance(okpay.DefaultRequestExpiry)
			f.work()
			return r.ID
		},
	}
	verbs := map[string]func(okpay.RequestID) (okpay.MoneyRequest, error){
		"pay": f.pay,
		"decline": func(id okpay.RequestID) (okpay.MoneyRequest, error) {
			return f.MoneyRequests.Decline(t.Context(), okpay.MoveMoneyRequest{Request: id, Customer: "alice"})
		},
		"cancel": func(id okpay.RequestID) (okpay.MoneyRequest, error) {
			return f.MoneyRequests.Cancel(t.Context(), okpay.MoveMoneyRequest{Request: id, Customer: "bob"})
		},
	}
	others := map[string]okpay.CustomerID{"pay": "bob", "decline": "bob", "cancel": "alice"}
	leads := map[string]okpay.RequestState{"pay": okpay.RequestPaid, "decline": okpay.RequestDeclined, "cancel": okpay.RequestCanceled}
	for from, make := range made {
		for name, verb := range verbs {
			t.Run(string(from)+" "+name, func(t *testing.T) {
				id := make()
				was, err := f.Ledger().Record(t.Context(), "request", string(id))
				require.NoError(t, err)
				before, had := f.last(), f.posted("user:alice:available")
				in := okpay.MoveMoneyRequest{Request: id, Customer: others[name]}
				switch name {
				case "pay":
					_, err = f.MoneyRequests.Pay(t.Context(), okpay.PayMoneyRequest{Request: id, Customer: in.Customer})
				case "decline":
					_, err = f.MoneyRequests.Decline(t.Context(), in)
				default:
					_, err = f.MoneyRequests.Cancel(t.Context(), in)
				}
				refusedWith(t, err, okpay.NotFound)
				got, err := verb(id)
				if from == okpay.RequestOpen {
					require.NoError(t, err)
					assert.Equal(t, leads[name], got.State)
					return
				}
				refusedWith(t, err, okpay.InvalidState)
				now, err := f.Ledger().Record(t.Context(), "request", string(id))
				require.NoError(t, err)
				assert.Equal(t, was.Version, now.Version)
				types, _ := f.since(before)
				assert.Empty(t, types)
				assert.Equal(t, had, f.posted("user:alice:available"))
			})
		}
	}
	f.verify()
}

func TestARequestIsOverAtTheVeryInstantWhicheverVerbFindsItSo(t *testing.T) {
	f := people(t, okpay.Config{}, 1000)
	ids := []okpay.RequestID{f.asks(5).ID, f.asks(5).ID, f.asks(5).ID, f.asks(5).ID}
	f.clock.Advance(okpay.DefaultRequestExpiry - time.Microsecond)
	f.work()
	before := f.last()
	f.clock.Advance(time.Microsecond)
	r, err := f.pay(ids[0])
	refusedWith(t, err, okpay.InvalidState)
	assert.Equal(t, okpay.RequestExpired, r.State)
	_, err = f.MoneyRequests.Decline(t.Context(), okpay.MoveMoneyRequest{Request: ids[1], Customer: "alice"})
	refusedWith(t, err, okpay.InvalidState)
	_, err = f.MoneyRequests.Cancel(t.Context(), okpay.MoveMoneyRequest{Request: ids[2], Customer: "bob"})
	refusedWith(t, err, okpay.InvalidState)
	r, err = f.MoneyRequests.Get(t.Context(), ids[3])
	require.NoError(t, err)
	assert.Equal(t, okpay.RequestExpired, r.State)
	f.work()
	types, _ := f.since(before)
	assert.Equal(t, []string{"request.expired", "request.expired", "request.expired", "request.expired"}, types)
	f.has(1000, 0, 0, 0)
	f.verify()
}

func TestPayDeclineAndCancelAtOnceHaveOneWinner(t *testing.T) {
	f := people(t, okpay.Config{}, 1000)
	for range 8 {
		r := f.asks(5)
		before := f.last()
		had := f.posted("user:alice:available")
		var (
			racing sync.WaitGroup
			mu     sync.Mutex
			won    int
		)
		for i := range 64 {
			racing.Go(func() {
				var err error
				switch i % 3 {
				case 0:
					_, err = f.pay(r.ID)
				case 1:
					_, err = f.MoneyRequests.Decline(t.Context(), okpay.MoveMoneyRequest{Request: r.ID, Customer: "alice"})
				default:
					_, err = f.MoneyRequests.Cancel(t.Context(), okpay.MoveMoneyRequest{Request: r.ID, Customer: "bob"})
				}
				if err == nil {
					mu.Lock()
					defer mu.Unlock()
					won++
				}
			})
		}
		racing.Wait()
		assert.Equal(t, 1, won)
		r, err := f.MoneyRequests.Get(t.Context(), r.ID)
		require.NoError(t, err)
		types, _ := f.since(before)
		if r.State == okpay.RequestPaid {
			had -= 5
			assert.Equal(t, []string{"transfer.created", "transfer.completed", "request.paid"}, types)
		} else {
			assert.Len(t, types, 1)
		}
		assert.Equal(t, had, f.posted("user:alice:available"))
	}
	f.verify()
}

func TestWhatIsWrongWithARequestIsTold(t *testing.T) {
	f := people(t, okpay.Config{}, 0)
	f.verifies("bob", "bob@example.com")
	_, err := f.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "closed"})
	require.NoError(t, err)
	_, err = f.Customers.Close(t.Context(), okpay.MoveGate{Customer: "closed"})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		in   okpay.CreateMoneyRequest
		code okpay.Code
	}{
		"nobody is asked":    {okpay.CreateMoneyRequest{From: "bob", Amount: cny(5)}, okpay.InvalidRequest},
		"nothing is asked":   {okpay.CreateMoneyRequest{From: "bob", To: "alice", Amount: cny(0)}, okpay.AmountNotPositive},
		"for too long":       {okpay.CreateMoneyRequest{From: "bob", To: "alice", Amount: cny(5), ExpiresIn: 91 * 24 * time.Hour}, okpay.InvalidRequest},
		"oneself":            {okpay.CreateMoneyRequest{From: "bob", To: "bob", Amount: cny(5)}, okpay.SameAccount},
		"one's own contact":  {okpay.CreateMoneyRequest{From: "bob", Email: "BOB@example.com", Amount: cny(5)}, okpay.SameAccount},
		"by nobody":          {okpay.CreateMoneyRequest{From: "nobody", To: "bob", Amount: cny(5)}, okpay.NotFound},
		"of nobody":          {okpay.CreateMoneyRequest{From: "bob", To: "nobody", Amount: cny(5)}, okpay.NotFound},
		"of one who is gone": {okpay.CreateMoneyRequest{From: "bob", To: "closed", Amount: cny(5)}, okpay.AccountClosed},
		"by one who is gone": {okpay.CreateMoneyRequest{From: "closed", To: "bob", Amount: cny(5)}, okpay.AccountClosed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.MoneyRequests.Create(t.Context(), c.in)
			refusedWith(t, err, c.code)
		})
	}
}
