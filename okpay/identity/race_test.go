package identity_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
)

// TestMoneyDoesNotMoveAfterItsSessionHasEnded lets a thousand transfers and the end of the session
// that orders them run against each other, in two processes. The order of the ledger's blocks
// decides: no transfer is after the end.
func TestMoneyDoesNotMoveAfterItsSessionHasEnded(t *testing.T) {
	ends := map[string]struct {
		event string
		do    func(w *world, p process, mine, second identity.Secret, id okpay.CustomerID) error
	}{
		"signed out": {"session.ended", func(w *world, p process, mine, _ identity.Secret, _ okpay.CustomerID) error {
			ctx, _, err := p.x.Authenticate(w.t.Context(), mine)
			return errors.Join(err, p.x.SignOut(ctx))
		}},
		"revoked from another session": {"session.ended", func(w *world, p process, mine, second identity.Secret, _ okpay.CustomerID) error {
			_, s, err := p.x.Authenticate(w.t.Context(), mine)
			ctx, _, err2 := p.x.Authenticate(w.t.Context(), second)
			return errors.Join(err, err2, p.x.EndSession(ctx, s.ID))
		}},
		"the password changed": {"password.changed", func(w *world, p process, _, second identity.Secret, _ okpay.CustomerID) error {
			ctx, _, err := p.x.Authenticate(w.t.Context(), second)
			return errors.Join(err, p.x.ChangePassword(ctx, identity.ChangePassword{Current: password.New(good), New: password.New(other)}))
		}},
		"locked": {"account.locked", func(w *world, p process, _, _ identity.Secret, id okpay.CustomerID) error {
			_, err := p.Customers.Lock(w.t.Context(), okpay.MoveGate{Customer: id, Reason: "risk"})
			return err
		}},
	}
	for name, c := range ends {
		for storeName, stores := range map[string]func(*testing.T) []ledger.Store{"memory": inMemory, "SQLite": onSQLite, "PostgreSQL": onPostgres} {
			t.Run(name+", "+storeName, func(t *testing.T) {
				t.Parallel()
				operations := testsize.Scaled(t, 1000)
				if storeName != "memory" {
					operations = testsize.Scaled(t, 200)
				}
				w := startAll(t, identity.Config{}, stores(t)...)
				id := w.registered(email)
				w.registered("ben@example.com")
				mine, err := w.try(email, good, identity.Client{})
				require.NoError(t, err)
				second, err := w.try(email, good, identity.Client{})
				require.NoError(t, err)
				_, err = w.TopUps.Create(w.as(mine.Token), okpay.CreateTopUp{Customer: id, Amount: yuan(1_000_000)})
				require.NoError(t, err)
				stale := []context.Context{w.as(mine.Token), nil}
				stale[1], _, err = w.all[1].x.Authenticate(t.Context(), mine.Token)
				require.NoError(t, err)
				var moved, refused atomic.Int64
				var all sync.WaitGroup
				half := make(chan struct{})
				work := make(chan int)
				for range 8 {
					all.Go(func() {
						for i := range work {
							p := w.all[i%2]
							ctx, err := stale[i%2], error(nil) // of a request that began before
							if i%4 < 2 {
								ctx, _, err = p.x.Authenticate(t.Context(), mine.Token)
							}
							if err == nil {
								_, err = p.Transfers.Create(ctx, okpay.CreateTransfer{From: id, Email: "ben@example.com", Amount: yuan(1), Key: fmt.Sprint("k", i)})
							}
							switch {
							case err == nil:
								moved.Add(1)
							case errors.Is(err, okpay.SessionEnded), errors.Is(err, okpay.AccountLocked):
								refused.Add(1)
							default:
								t.Errorf("transfer %d: %v", i, err)
							}
						}
					})
				}
				var ended sync.WaitGroup
				ended.Go(func() {
					<-half
					if err := c.do(w, w.all[1], mine.Token, second.Token, id); err != nil {
						t.Error(err)
					}
				})
				for i := range operations {
					if i == operations/4 {
						close(half)
					}
					if i == operations-10 {
						ended.Wait() // some are after it in any case
					}
					work <- i
				}
				close(work)
				all.Wait()
				order := w.types()
				at := slices.Index(order, c.event)
				require.Positive(t, at)
				assert.NotContains(t, order[at:], "transfer.created", "late commits")
				assert.EqualValues(t, operations, moved.Load()+refused.Load())
				assert.Positive(t, refused.Load())
				assert.Positive(t, moved.Load())
				w.verify()
			})
		}
	}
}

// types are the types of all events in the ledger's order.
func (w *world) types() (out []string) {
	for after := int64(0); ; {
		events, last, err := w.Events(w.t.Context(), after, 1000)
		require.NoError(w.t, err)
		for _, e := range events {
			out = append(out, e.Type)
		}
		if len(events) == 0 {
			return out
		}
		after = last
	}
}

// TestParallelSignInsStayInsideTheBudget floods two processes with sign-ins.
func TestParallelSignInsStayInsideTheBudget(t *testing.T) {
	const floods = 1000
	params := password.Params{Memory: 1024, Time: 1, Threads: 1}
	w := startAll(t, identity.Config{Hashing: password.Config{Params: params, MemoryBudget: 16 << 20, MaxWaiting: floods}}, inMemory(t)...)
	w.registered(email)
	var answered, busy atomic.Int64
	var all sync.WaitGroup
	for i := range floods {
		all.Go(func() {
			name := fmt.Sprintf("name%d@example.com", i%100)
			_, err := w.all[i%2].x.SignIn(t.Context(), identity.SignIn{Name: name, Password: password.New("guess")})
			switch {
			case errors.Is(err, okpay.AuthenticationFailed):
				answered.Add(1)
			case errors.Is(err, okpay.ServiceBusy):
				busy.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, floods, answered.Load()+busy.Load())
	assert.EqualValues(t, floods, answered.Load())
	for _, p := range w.all {
		m := p.x.Memory()
		assert.LessOrEqual(t, m.Limit, int64(16<<20))
		assert.LessOrEqual(t, m.Highest, m.Limit)
		assert.Positive(t, m.Highest)
		assert.Zero(t, m.InUse)
	}
}

// TestAFloodLocksNobodyOut has sign-ins refused for want of room: they count for nothing.
func TestAFloodLocksNobodyOut(t *testing.T) {
	params := password.Params{Memory: 1024, Time: 1, Threads: 1}
	w := start(t, identity.Config{Hashing: password.Config{Params: params, MemoryBudget: 3 << 20, MaxWaiting: -1}})
	w.registered(email)
	in := identity.SignIn{Name: email, Password: password.New(good)}
	stop := make(chan struct{})
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
					_, _ = w.x.SignIn(t.Context(), identity.SignIn{Name: fmt.Sprintf("%d-%d@example.com", i, n), Password: password.New("x")})
				}
			}
		})
	}
	refused := 0
	for tries := 0; refused < 20 && tries < 5000; tries++ {
		_, err := w.x.SignIn(t.Context(), in)
		if errors.Is(err, okpay.ServiceBusy) {
			refused++
			continue
		}
		require.NoError(t, err)
	}
	close(stop)
	all.Wait()
	require.Positive(t, refused)
	_, err := w.x.SignIn(t.Context(), in)
	require.NoError(t, err)
}

// TestWhoeverGoesAwayGetsNoGuessBack ends the context of each guess as soon as it is verified.
func TestWhoeverGoesAwayGetsNoGuessBack(t *testing.T) {
	w := start(t, identity.Config{})
	id := w.registered(email)
	verified := 0
	for range 50 {
		ctx, leave := context.WithCancel(t.Context())
		_ = w.x.Attempt(ctx, identity.Guess{Customer: id, Authenticator: "password"}, func(context.Context) (bool, error) {
			verified++
			leave()
			return false, nil
		})
		leave()
	}
	assert.Equal(t, 5, verified)
	assert.Contains(t, w.templates(id), "sign_in_locked", "and is told of")
}
