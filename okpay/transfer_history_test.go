package okpay_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// Random transfers and requests between people who verify and lose contacts, get locked and
// leave, from several goroutines: no unit is out of place, nobody sends more a day than the
// limit, and what each transfer says is what moved.
func TestRandomTransfers(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	const each, daily = 1_000_000, 3_000
	f := start(t, okpay.Config{
		Fees:           transferFee(90, 1, 20),
		TransferExpiry: 2 * time.Hour,
		Limits:         []okpay.Limit{{On: okpay.OnTransfer, Per: okpay.Daily, Max: daily}},
		Risk: func(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
			switch {
			case c.Operation != okpay.OnTransfer:
			case c.Amount.Minor()%7 == 0:
				return okpay.Assessment{Verdict: okpay.Review}, nil
			case c.Amount.Minor()%11 == 0:
				return okpay.Assessment{Verdict: okpay.Block}, nil
			}
			return okpay.Assessment{}, nil
		},
	})
	c := &crowd{fixture: f, emails: []string{"a@example.com", "b@example.com", "c@example.com"}}
	for i := range 6 {
		id := okpay.CustomerID("c" + strconv.Itoa(i))
		_, err := f.Customers.Create(t.Context(), okpay.CreateCustomer{ID: id})
		require.NoError(t, err)
		f.fund(id, each)
		c.people = append(c.people, id)
	}
	var running sync.WaitGroup
	for worker := range 4 {
		r := rand.New(rand.NewPCG(seed, uint64(worker)))
		running.Go(func() {
			for range testsize.Scaled(t, 300) {
				if err := c.step(r); err != nil && okpay.CodeOf(err) == okpay.InternalError {
					assert.NoError(t, err)
					return
				}
			}
		})
	}
	running.Wait()
	f.work()

	var unclaimed, fees, total int64
	states := map[okpay.TransferState]int{}
	balance := map[okpay.CustomerID]int64{}
	for _, id := range c.transfers {
		tr, err := f.Transfers.Get(t.Context(), id)
		require.NoError(t, err)
		states[tr.State]++
		switch tr.State {
		case okpay.TransferCompleted:
			balance[tr.From] -= tr.Amount.Minor() + tr.Fee.Minor()
			balance[tr.To] += tr.Amount.Minor()
			fees += tr.Fee.Minor()
		case okpay.TransferPendingClaim:
			balance[tr.From] -= tr.Amount.Minor() + tr.Fee.Minor()
			unclaimed += tr.Amount.Minor()
			fees += tr.Fee.Minor()
		}
	}
	assert.Equal(t, unclaimed, f.posted("unclaimed:transfers"))
	assert.Equal(t, fees, f.posted("fees:transfer"))
	for _, id := range c.people {
		has := f.posted("user:" + string(id) + ":available")
		assert.Equal(t, each+balance[id], has, id)
		total += has
	}
	assert.Equal(t, int64(6*each), total+unclaimed+fees)
	page, _, err := f.Ledger().Balances(t.Context(), "usage:", 0, 1000)
	require.NoError(t, err)
	for _, b := range page {
		assert.LessOrEqual(t, b.Posted.Minor(), int64(daily), b.Account.Name)
		assert.GreaterOrEqual(t, b.Posted.Minor(), int64(0), b.Account.Name)
	}
	t.Logf("%d transfers: %v, %d days of limits", len(c.transfers), states, len(page))

	// Once everything is over nothing is left under way.
	for _, id := range c.transfers {
		if tr, _ := f.Transfers.Get(t.Context(), id); tr.State == okpay.TransferUnderReview {
			_, err := f.Transfers.Reject(t.Context(), okpay.ReviewTransfer{Transfer: id, By: "ops"})
			require.NoError(t, err)
		}
	}
	f.clock.Advance(365 * 24 * time.Hour)
	f.work()
	assert.Zero(t, f.posted("unclaimed:transfers"))
	for _, noun := range []string{"transfer", "request", "contact", "gate"} {
		due, err := f.Ledger().Records(t.Context(), ledger.RecordQuery{Type: noun, DueBy: f.clock.Now().Add(1000 * time.Hour), Limit: 10})
		require.NoError(t, err)
		assert.Empty(t, due, noun)
	}
	f.verify()
}

// crowd is people who send each other money.
type crowd struct {
	*fixture
	emails []string
	people []okpay.CustomerID

	mu        sync.Mutex
	transfers []okpay.TransferID
	requests  []okpay.RequestID
}

// made remembers what a step made.
func (c *crowd) made(tr okpay.TransferID, r okpay.RequestID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if tr != "" {
		c.transfers = append(c.transfers, tr)
	}
	if r != "" {
		c.requests = append(c.requests, r)
	}
}

// step does one random thing.
func (c *crowd) step(r *rand.Rand) error {
	ctx := c.t.Context()
	one, other := c.people[r.IntN(len(c.people))], c.people[r.IntN(len(c.people))]
	email := c.emails[r.IntN(len(c.emails))]
	amount := cny(1 + r.Int64N(400))
	var (
		transfer okpay.TransferID
		request  okpay.RequestID
	)
	c.mu.Lock()
	if n := len(c.transfers); n > 0 {
		transfer = c.transfers[r.IntN(n)]
	}
	if n := len(c.requests); n > 0 {
		request = c.requests[r.IntN(n)]
	}
	c.mu.Unlock()
	tr, _ := c.Transfers.Get(ctx, transfer)
	asked, _ := c.MoneyRequests.Get(ctx, request)
	var err error
	switch r.IntN(14) {
	case 0, 1:
		tr, err = c.Transfers.Create(ctx, okpay.CreateTransfer{From: one, To: other, Amount: amount})
		c.made(tr.ID, "")
	case 2, 3:
		tr, err = c.Transfers.Create(ctx, okpay.CreateTransfer{From: one, Email: email, Amount: amount})
		c.made(tr.ID, "")
	case 4:
		_, err = c.Transfers.Cancel(ctx, okpay.CancelTransfer{Customer: tr.From, Transfer: transfer})
	case 5:
		_, err = c.Transfers.Claim(ctx, okpay.ClaimTransfer{Customer: one, Transfer: transfer})
	case 6:
		_, err = c.Transfers.Approve(ctx, okpay.ReviewTransfer{Transfer: transfer, By: "ops"})
	case 7:
		_, err = c.Transfers.Reject(ctx, okpay.ReviewTransfer{Transfer: transfer, By: "ops"})
	case 8:
		in := okpay.CreateMoneyRequest{From: one, Email: email, Amount: amount, ExpiresIn: time.Hour}
		if r.IntN(2) == 0 {
			in.Email, in.To = "", other
		}
		asked, err = c.MoneyRequests.Create(ctx, in)
		c.made("", asked.ID)
	case 9, 10:
		asked, err = c.MoneyRequests.Pay(ctx, okpay.PayMoneyRequest{Request: request, Customer: asked.To})
		if err == nil {
			c.made(asked.Transfer, "")
		}
	case 11:
		var contact okpay.Contact
		if contact, err = c.Contacts.Add(ctx, okpay.AddContact{Customer: one, Email: email}); err == nil {
			_, err = c.Contacts.MarkVerified(ctx, okpay.MoveContact{Customer: one, Contact: contact.ID})
		}
		if err != nil { // it is somebody's: until now
			for _, id := range c.people {
				if owner, _ := c.Customers.Get(ctx, id); len(owner.Contacts) > 0 {
					err = c.Contacts.Remove(ctx, okpay.MoveContact{Customer: id, Contact: owner.Contacts[0].ID})
				}
			}
		}
	case 12:
		move := c.Customers.Lock
		if r.IntN(2) == 0 {
			move = c.Customers.Unlock
		}
		if _, err = move(ctx, okpay.MoveGate{Customer: one}); r.IntN(3) > 0 {
			_, _ = c.Customers.Unlock(ctx, okpay.MoveGate{Customer: one})
		}
	default:
		c.clock.Advance(time.Duration(r.IntN(1200)) * time.Second)
		_, err = c.Work(ctx)
	}
	return err
}
