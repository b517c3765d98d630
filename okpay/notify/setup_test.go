package notify_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/notify"
)

// world is a wallet whose customers are told by a provider that only remembers.
type world struct {
	*okpay.Wallet
	t     *testing.T
	store ledger.Store
	clock *handclock.Clock
	sim   *notify.Simulated
	*notify.Notify
}

const (
	alice   = okpay.CustomerID("alice")
	mailbox = "alice@example.com"
	mobile  = "+8613800000000"
)

func start(t *testing.T, change ...func(*notify.Config)) *world {
	return startIn(t, okpay.Config{}, change...)
}

func startIn(t *testing.T, wallet okpay.Config, change ...func(*notify.Config)) *world {
	t.Helper()
	w := &world{t: t, clock: handclock.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), sim: &notify.Simulated{}}
	w.store = memstore.New()
	w.Wallet, w.Notify = w.open(w.store, wallet, change...)
	return w
}

func (w *world) open(store ledger.Store, wallet okpay.Config, change ...func(*notify.Config)) (*okpay.Wallet, *notify.Notify) {
	w.t.Helper()
	l, err := ledger.Open(w.t.Context(), store, ledger.Config{Chart: okpay.Chart(), Now: w.clock.Now, MaxSkew: -1})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, l.Close(context.Background())) })
	wa, err := okpay.New(l, wallet)
	require.NoError(w.t, err)
	cfg := notify.Config{Domain: "mail.okpay.example", Mailer: w.sim, SMS: w.sim, Hotline: "+86 400 000 0000"}
	for _, c := range change {
		c(&cfg)
	}
	n, err := notify.New(wa, cfg)
	require.NoError(w.t, err)
	return wa, n
}

// customer registers somebody with verified contacts.
func (w *world) customer(id okpay.CustomerID, locale string, contacts ...string) []okpay.Contact {
	w.t.Helper()
	_, err := w.Customers.Create(w.t.Context(), okpay.CreateCustomer{ID: id, Name: "Somebody", Locale: locale})
	require.NoError(w.t, err)
	var out []okpay.Contact
	for _, c := range contacts {
		out = append(out, w.verified(id, c))
	}
	return out
}

func (w *world) verified(id okpay.CustomerID, contact string) okpay.Contact {
	w.t.Helper()
	add := okpay.AddContact{Customer: id, Email: contact}
	if contact[0] == '+' {
		add.Email, add.Phone = "", contact
	}
	c, err := w.Contacts.Add(w.t.Context(), add)
	require.NoError(w.t, err)
	c, err = w.Contacts.MarkVerified(w.t.Context(), okpay.MoveContact{Customer: id, Contact: c.ID})
	require.NoError(w.t, err)
	return c
}

// tell queues a message, and returns its id.
func (w *world) tell(m okpay.Message) okpay.MessageID {
	w.t.Helper()
	w.clock.Advance(time.Millisecond) // ids sort by it
	_, err := w.Do(w.t.Context(), okpay.Act{Principal: "program", Operation: "test.tell"}, func(d *okpay.Draft) error {
		d.Tell(m)
		return nil
	})
	require.NoError(w.t, err)
	if m.Customer == "" {
		return ""
	}
	list, err := w.Customers.Messages(w.t.Context(), m.Customer, "", 1)
	require.NoError(w.t, err)
	return list[0].ID
}

// work does what is due.
func (w *world) work() {
	w.t.Helper()
	_, err := w.Work(w.t.Context())
	require.NoError(w.t, err)
}

func (w *world) sends(id okpay.MessageID) []notify.Send {
	w.t.Helper()
	list, err := w.Sends(w.t.Context(), alice, id)
	require.NoError(w.t, err)
	return list
}

func (w *world) verify() {
	w.t.Helper()
	report, err := w.Ledger().Verify(w.t.Context())
	require.NoError(w.t, err)
	require.NoError(w.t, report.Err())
}

func cny(minor int64) money.Amount { return money.New(minor, money.MustISO("CNY")) }
