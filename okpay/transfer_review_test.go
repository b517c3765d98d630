package okpay_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// risky is a Config.Risk that answers transfers by their amount.
func risky(_ context.Context, c okpay.RiskCheck) (okpay.Assessment, error) {
	if c.Operation != okpay.OnTransfer {
		return okpay.Assessment{}, nil
	}
	switch c.Amount.Minor() {
	case 1:
		return okpay.Assessment{Verdict: okpay.Block, Reason: "sanctions", Score: 99}, nil
	case 2:
		return okpay.Assessment{Verdict: okpay.Challenge, Reason: "new_device"}, nil
	case 3:
		return okpay.Assessment{}, errors.New("away")
	case 100:
		return okpay.Assessment{Verdict: okpay.Review, Reason: "unusual", Score: 7}, nil
	}
	return okpay.Assessment{}, nil
}

func TestATransferUnderReviewIsHeldUntilSomebodyElseDecides(t *testing.T) {
	f := people(t, okpay.Config{
		Fees: transferFee(0, 3, 0), Risk: risky, Limits: []okpay.Limit{{On: okpay.OnTransfer, Per: okpay.Daily, Max: 500}},
	}, 1000)
	held := func() int64 {
		b, err := f.Customers.Balances(t.Context(), "alice")
		require.NoError(t, err)
		return b[0].Held.Minor()
	}
	start := f.last()
	before := start
	tr := f.sent(okpay.CreateTransfer{To: "bob", Amount: cny(100)}, okpay.TransferUnderReview)
	types, before := f.since(before)
	assert.Equal(t, []string{"transfer.created", "transfer.under_review"}, types)
	assert.Equal(t, int64(103), held())
	f.has(1000, 0, 0, 0)
	review, err := f.Transfers.Review(t.Context(), tr.ID)
	require.NoError(t, err)
	assert.Equal(t, okpay.TransferReview{Assessment: okpay.Assessment{Verdict: okpay.Review, Reason: "unusual", Score: 7}}, review)
	for _, e := range f.eventsSince(start) {
		assert.NotContains(t, string(e.Data), "unusual")
	}
	_, err = f.Transfers.GetOwned(t.Context(), "bob", tr.ID)
	refusedWith(t, err, okpay.NotFound)
	page, _, err := f.Transfers.List(t.Context(), okpay.ListTransfers{State: okpay.TransferUnderReview})
	require.NoError(t, err)
	assert.Len(t, page, 1)

	decide := okpay.ReviewTransfer{Transfer: tr.ID, By: "alice"}
	_, err = f.Transfers.Approve(t.Context(), decide)
	refusedWith(t, err, okpay.SelfApprovalForbidden)
	decide.By = "bob"
	_, err = f.Transfers.Reject(t.Context(), decide)
	refusedWith(t, err, okpay.SelfApprovalForbidden)
	decide.By = "ops1"
	_, err = f.Customers.Lock(t.Context(), okpay.MoveGate{Customer: "alice"})
	require.NoError(t, err)
	_, err = f.Transfers.Approve(t.Context(), decide)
	refusedWith(t, err, okpay.AccountLocked)
	_, err = f.Customers.Unlock(t.Context(), okpay.MoveGate{Customer: "alice"})
	require.NoError(t, err)
	_, before = f.since(before)
	decide.Key = "k"
	for _, replayed := range []bool{false, true} {
		got, err := f.Transfers.Approve(t.Context(), decide)
		require.NoError(t, err)
		assert.Equal(t, okpay.TransferCompleted, got.State)
		assert.Equal(t, replayed, got.Replayed)
	}
	types, before = f.since(before)
	assert.Equal(t, []string{"transfer.completed"}, types)
	f.has(897, 100, 0, 3)

	rejected := f.sent(okpay.CreateTransfer{To: "bob", Amount: cny(100)}, okpay.TransferUnderReview)
	canceled := f.sent(okpay.CreateTransfer{Email: "new@example.com", Amount: cny(100)}, okpay.TransferUnderReview)
	parked := f.sent(okpay.CreateTransfer{Email: "new@example.com", Amount: cny(100)}, okpay.TransferUnderReview)
	_, before = f.since(before)
	got, err := f.Transfers.Reject(t.Context(), okpay.ReviewTransfer{Transfer: rejected.ID, By: "ops1", Reason: "suspicious"})
	require.NoError(t, err)
	assert.Equal(t, okpay.TransferFailed, got.State)
	assert.Equal(t, okpay.RiskDeclined, got.Failure.Code)
	review, err = f.Transfers.Review(t.Context(), rejected.ID)
	require.NoError(t, err)
	assert.Equal(t, "ops1", review.By)
	assert.Equal(t, "suspicious", review.Reason)
	_, err = f.Transfers.Cancel(t.Context(), okpay.CancelTransfer{Transfer: canceled.ID, Customer: "alice"})
	require.NoError(t, err)
	got, err = f.Transfers.Approve(t.Context(), okpay.ReviewTransfer{Transfer: parked.ID, By: "ops1"})
	require.NoError(t, err)
	assert.Equal(t, okpay.TransferPendingClaim, got.State)
	types, _ = f.since(before)
	assert.Equal(t, []string{"transfer.failed", "transfer.canceled", "transfer.pending_claim"}, types)
	assert.Zero(t, held())
	f.has(794, 100, 100, 6)
	assert.Equal(t, int64(200), f.posted("usage:c_alice:transfer:day-2026-01-01"), "what came to nothing is given back")
	f.verify()
}

func TestRiskBlocksChallengesAndIsWaitedFor(t *testing.T) {
	proofs := 0
	f := people(t, okpay.Config{
		Risk: risky,
		VerifyStepUp: func(_ context.Context, s okpay.StepUp) (bool, error) {
			proofs++
			assert.Equal(t, okpay.StepUp{Customer: "alice", Operation: okpay.OnTransfer, Amount: cny(2), To: "bob", Proof: s.Proof}, s)
			if s.Proof == "down" {
				return false, errors.New("away")
			}
			return s.Proof == "123456", nil
		},
	}, 1000)
	before := f.last()
	_, err := f.send(okpay.CreateTransfer{To: "bob", Amount: cny(1), Key: "k"})
	refusedWith(t, err, okpay.RiskDeclined)
	_, err = f.send(okpay.CreateTransfer{To: "bob", Amount: cny(1), Key: "k"})
	refusedWith(t, err, okpay.RiskDeclined)
	list, more, err := f.Screenings(t.Context(), okpay.ScreeningPage{Customer: "alice"})
	require.NoError(t, err)
	assert.False(t, more)
	require.Len(t, list, 1)
	assert.Equal(t, "sanctions", list[0].Assessment.Reason)
	assert.True(t, list[0].Refused)
	_, err = f.send(okpay.CreateTransfer{To: "bob", Amount: cny(3)})
	refusedWith(t, err, okpay.ServiceBusy)

	in := okpay.CreateTransfer{To: "bob", Amount: cny(2), Key: "c"}
	_, err = f.send(in)
	refusedWith(t, err, okpay.AuthenticationRequired)
	in.Proof = "000000"
	_, err = f.send(in)
	refusedWith(t, err, okpay.AuthenticationFailed)
	in.Proof = "down"
	_, err = f.send(in)
	refusedWith(t, err, okpay.ServiceBusy)
	types, _ := f.since(before)
	assert.Empty(t, types)
	in.Proof = "123456"
	tr, err := f.send(in)
	require.NoError(t, err)
	assert.Equal(t, okpay.TransferCompleted, tr.State)
	assert.Equal(t, 3, proofs)
	f.has(998, 2, 0, 0)
}

// Every pair of state and action is done or refused through the verbs; a refusal changes
// nothing.
func TestEveryActionOnATransferInEveryState(t *testing.T) {
	f := people(t, okpay.Config{Risk: risky, Fees: transferFee(0, 3, 0)}, 100000)
	made := map[okpay.TransferState]func() okpay.Transfer{
		okpay.TransferCompleted: func() okpay.Transfer {
			return f.sent(okpay.CreateTransfer{To: "bob", Amount: cny(50)}, okpay.TransferCompleted)
		},
		okpay.TransferPendingClaim: func() okpay.Transfer {
			tr := f.sent(okpay.CreateTransfer{Email: "bob@example.com", Amount: cny(100)}, okpay.TransferUnderReview)
			tr, err := f.Transfers.Approve(t.Context(), okpay.ReviewTransfer{Transfer: tr.ID, By: "ops1"})
			require.NoError(t, err)
			return tr
		},
		okpay.TransferUnderReview: func() okpay.Transfer {
			return f.sent(okpay.CreateTransfer{To: "bob", Amount: cny(100)}, okpay.TransferUnderReview)
		},
		okpay.TransferCanceled: func() okpay.Transfer {
			tr := f.sent(okpay.CreateTransfer{Email: "bob@example.com", Amount: cny(50)}, okpay.TransferPendingClaim)
			tr, err := f.Transfers.Cancel(t.Context(), okpay.CancelTransfer{Transfer: tr.ID, Customer: "alice"})
			require.NoError(t, err)
			return tr
		},
		okpay.TransferReturned: func() okpay.Transfer {
			tr := f.sent(okpay.CreateTransfer{Email: "bob@example.com", Amount: cny(50)}, okpay.TransferPendingClaim)
			f.clock.Advance(7 * 24 * time.Hour)
			f.work()
			return tr
		},
		okpay.TransferFailed: func() okpay.Transfer {
			tr := f.sent(okpay.CreateTransfer{To: "bob", Amount: cny(100)}, okpay.TransferUnderReview)
			tr, err := f.Transfers.Reject(t.Context(), okpay.ReviewTransfer{Transfer: tr.ID, By: "ops1"})
			require.NoError(t, err)
			return tr
		},
	}
	verbs := map[string]func(okpay.TransferID) (okpay.Transfer, error){
		"approve": func(id okpay.TransferID) (okpay.Transfer, error) {
			return f.Transfers.Approve(t.Context(), okpay.ReviewTransfer{Transfer: id, By: "ops1"})
		},
		"reject": func(id okpay.TransferID) (okpay.Transfer, error) {
			return f.Transfers.Reject(t.Context(), okpay.ReviewTransfer{Transfer: id, By: "ops1"})
		},
		"claim": func(id okpay.TransferID) (okpay.Transfer, error) {
			return f.Transfers.Claim(t.Context(), okpay.ClaimTransfer{Transfer: id, Customer: "bob"})
		},
		"cancel": func(id okpay.TransferID) (okpay.Transfer, error) {
			return f.Transfers.Cancel(t.Context(), okpay.CancelTransfer{Transfer: id, Customer: "alice"})
		},
		"expire": func(id okpay.TransferID) (okpay.Transfer, error) {
			f.work()
			return f.Transfers.Get(t.Context(), id)
		},
	}
	leads := map[okpay.TransferState]map[string]okpay.TransferState{
		okpay.TransferUnderReview:  {"approve": okpay.TransferCompleted, "reject": okpay.TransferFailed, "cancel": okpay.TransferCanceled},
		okpay.TransferPendingClaim: {"claim": okpay.TransferCompleted, "cancel": okpay.TransferCanceled},
	}
	code := map[okpay.TransferState]map[string]okpay.Code{
		okpay.TransferReturned:    {"claim": okpay.TransferExpired},
		okpay.TransferUnderReview: {"claim": okpay.NotFound},
		okpay.TransferFailed:      {"claim": okpay.NotFound}, // it was never bob's to see
	}
	for from, make := range made {
		for name, verb := range verbs {
			t.Run(string(from)+" "+name, func(t *testing.T) {
				tr := make()
				if name == "claim" && from != okpay.TransferUnderReview {
					// Bob has the contact for this one moment.
					id := f.verifies("bob", "bob@example.com")
					defer func() {
						require.NoError(t, f.Contacts.Remove(t.Context(), okpay.MoveContact{Customer: "bob", Contact: id}))
					}()
				}
				was, err := f.Ledger().Record(t.Context(), "transfer", string(tr.ID))
				require.NoError(t, err)
				before, had := f.last(), f.posted("user:alice:available")
				got, err := verb(tr.ID)
				if to := leads[from][name]; to != "" {
					require.NoError(t, err)
					assert.Equal(t, to, got.State)
					return
				}
				want := okpay.InvalidState
				if c := code[from][name]; c != "" {
					want = c
				}
				if name != "expire" {
					refusedWith(t, err, want)
				}
				now, err := f.Ledger().Record(t.Context(), "transfer", string(tr.ID))
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

func TestAShortfallIncludesTheFeeWhereverTheMoneyGoes(t *testing.T) {
	f := people(t, okpay.Config{Fees: transferFee(0, 3, 0), Risk: risky}, 50)
	for name, in := range map[string]okpay.CreateTransfer{
		"to a customer":     {To: "bob", Amount: cny(48)},
		"to a contact":      {Email: "x@example.com", Amount: cny(48)},
		"held for a review": {To: "bob", Amount: cny(100)},
	} {
		_, err := f.send(in)
		e := refusedWith(t, err, okpay.InsufficientBalance)
		assert.Equal(t, cny(in.Amount.Minor()+3-50), *e.Short, name)
	}
	f.has(50, 0, 0, 0)
	f.verify()
}

// The index of contacts is a plain record, which the journal does not prove. Whoever alters it
// moves no money to themselves.
func TestAnAlteredIndexOfContactsMovesNoMoney(t *testing.T) {
	f := people(t, okpay.Config{}, 50)
	f.verifies("bob", "bob@example.com")
	records, err := f.Ledger().Records(t.Context(), ledger.RecordQuery{Type: "contact", Limit: 10})
	require.NoError(t, err)
	require.Len(t, records, 1)
	_, err = f.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "thief"})
	require.NoError(t, err)
	_, err = f.Ledger().Commit(t.Context(), ledger.Change{Puts: []ledger.Put{
		{Type: "contact", ID: records[0].ID, Chaining: ledger.Plain, Content: []byte(`{"party":"c_thief"}`)},
	}})
	require.NoError(t, err)
	_, err = f.send(okpay.CreateTransfer{Email: "bob@example.com", Amount: cny(5)})
	require.Error(t, err)
	assert.Equal(t, okpay.InternalError, okpay.CodeOf(err))
	assert.NotContains(t, err.Error(), "example")
	f.has(50, 0, 0, 0)
}
