package okpay_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
)

// Claim, cancel and expiry of one transfer at once, 64 of them: one wins, whichever it is.
func TestClaimCancelAndExpiryAtOnceHaveOneWinner(t *testing.T) {
	for round := range 8 {
		t.Run(strconv.Itoa(round), func(t *testing.T) {
			f := people(t, okpay.Config{Fees: transferFee(0, 3, 0), TransferExpiry: time.Hour}, 1000)
			f.verifies("bob", "other@example.com")
			tr := f.sent(okpay.CreateTransfer{Email: "bob@example.com", Amount: cny(100)}, okpay.TransferPendingClaim)
			f.verifies("bob", "bob@example.com")
			f.clock.Advance(time.Hour - 1*time.Microsecond)
			before := f.last()
			var (
				racing sync.WaitGroup
				gate   = make(chan struct{})
				mu     sync.Mutex
				won    int
			)
			for i := range 64 {
				racing.Go(func() {
					<-gate
					var err error
					switch i % 4 {
					case 0:
						_, err = f.Transfers.Claim(t.Context(), okpay.ClaimTransfer{Transfer: tr.ID, Customer: "bob"})
					case 1:
						_, err = f.Transfers.Cancel(t.Context(), okpay.CancelTransfer{Transfer: tr.ID, Customer: "alice"})
					case 2:
						if i == 62 && round%2 == 0 {
							f.clock.Advance(time.Microsecond)
						}
						return
					default:
						_, err = f.Work(t.Context())
						assert.NoError(t, err)
						return
					}
					if err == nil {
						mu.Lock()
						won++
						mu.Unlock()
					}
				})
			}
			close(gate)
			racing.Wait()
			f.clock.Advance(time.Microsecond)
			f.work()
			types, _ := f.since(before)
			require.Len(t, types, 1)
			tr, err := f.Transfers.Get(t.Context(), tr.ID)
			require.NoError(t, err)
			switch tr.State {
			case okpay.TransferCompleted:
				f.has(897, 100, 0, 3)
			default:
				f.has(1000, 0, 0, 0)
			}
			assert.LessOrEqual(t, won, 1)
			f.verify()
		})
	}
}

// Whoever sends money to a contact while it is being verified reaches its owner, now or soon.
func TestNothingIsLeftBehindWhenAContactIsVerifiedMeanwhile(t *testing.T) {
	f := people(t, okpay.Config{}, 1000)
	c, err := f.Contacts.Add(t.Context(), okpay.AddContact{Customer: "bob", Email: "bob@example.com"})
	require.NoError(t, err)
	var racing sync.WaitGroup
	for i := range 32 {
		racing.Go(func() {
			if i == 16 {
				_, err := f.Contacts.MarkVerified(t.Context(), okpay.MoveContact{Customer: "bob", Contact: c.ID})
				assert.NoError(t, err)
				return
			}
			_, err := f.send(okpay.CreateTransfer{Email: "bob@example.com", Amount: cny(1)})
			assert.NoError(t, err)
		})
	}
	racing.Wait()
	f.work()
	f.has(969, 31, 0, 0)
	f.verify()
}

// late is a source of ids that sort in the order in which they are made. When it is armed it
// does something in between: what happens between a verb's decision and its commit.
type late struct {
	mu    sync.Mutex
	n     int
	armed func() (done bool)
}

func (l *late) id() string {
	l.mu.Lock()
	armed := l.armed
	l.armed = nil
	l.n++
	id := strconv.Itoa(1e9 + l.n)
	l.mu.Unlock()
	if armed != nil && !armed() {
		l.arm(armed)
	}
	return id
}

func (l *late) arm(f func() bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.armed = f
}

// nth does something at the nth id from now.
func (l *late) nth(n int, f func()) {
	l.arm(func() bool {
		if n--; n > 0 {
			return false
		}
		f()
		return true
	})
}

func TestAClaimDecidedInTimeAndCommittedTooLateIsTooLate(t *testing.T) {
	ids := &late{}
	f := people(t, okpay.Config{TransferExpiry: time.Hour, NewID: ids.id}, 1000)
	tr := f.sent(okpay.CreateTransfer{Email: "bob@example.com", Amount: cny(100)}, okpay.TransferPendingClaim)
	f.verifies("bob", "bob@example.com")
	f.clock.Advance(time.Hour - time.Microsecond)
	// The first id is the call's key, the second one is made by the verb.
	ids.nth(2, func() { f.clock.Advance(time.Microsecond) })
	got, err := f.Transfers.Claim(t.Context(), okpay.ClaimTransfer{Transfer: tr.ID, Customer: "bob"})
	refusedWith(t, err, okpay.TransferExpired)
	assert.Equal(t, okpay.TransferReturned, got.State)
	f.has(1000, 0, 0, 0)

	// The same for a request for money.
	r, err := f.MoneyRequests.Create(t.Context(), okpay.CreateMoneyRequest{From: "bob", To: "alice", Amount: cny(5), ExpiresIn: time.Hour})
	require.NoError(t, err)
	f.clock.Advance(time.Hour - time.Microsecond)
	ids.nth(2, func() { f.clock.Advance(time.Microsecond) })
	r, err = f.MoneyRequests.Pay(t.Context(), okpay.PayMoneyRequest{Request: r.ID, Customer: "alice"})
	refusedWith(t, err, okpay.InvalidState)
	assert.Equal(t, okpay.RequestExpired, r.State)
	f.has(1000, 0, 0, 0)
	f.verify()
}
