package notify_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/notify"
	"github.com/okpay/okpay-go/okpay/password"
)

// TestACustomerRegistersAndResetsThePasswordByMail goes the way that customers go, with identity
// and a mailbox.
func TestACustomerRegistersAndResetsThePasswordByMail(t *testing.T) {
	var x *identity.Identity
	w := start(t, full, func(c *notify.Config) {
		c.Links = map[string]string{"password_reset_requested": "https://okpay.example/reset#"}
		c.Secrets = func(ctx context.Context, m okpay.Message) (map[string]string, error) { return x.Secret(ctx, m) }
	})
	x, err := identity.New(w.Wallet, identity.Config{Hashing: password.Config{Params: password.Params{Memory: 64, Time: 1, Threads: 1}}})
	require.NoError(t, err)
	r, err := x.Register(t.Context(), identity.Register{
		Name: "Ann", Email: mailbox, Password: password.New("correct horse 7 battery"), Consent: identity.Consent{Version: "v1"},
		Client: identity.Client{UserAgent: "https://evil.example/ <b>", Place: "Shanghai, CN"},
	})
	require.NoError(t, err)
	w.work()
	require.Len(t, w.sim.Mails(), 1)
	code := regexp.MustCompile(`\b\d{8}\b`).FindString(w.sim.Mails()[0].Plain)
	require.NotEmpty(t, code)
	assert.Contains(t, w.sim.Mails()[0].Plain, "It is for confirming this address")
	assert.Empty(t, links.FindString(w.sim.Mails()[0].Plain))
	_, err = x.ProveCode(t.Context(), identity.ProveCode{ID: r.Verification, Code: identity.NewSecret(code)})
	require.NoError(t, err)
	w.work()
	require.Len(t, w.sim.Mails(), 2)
	assert.Equal(t, "Welcome to OKPay", w.sim.Mails()[1].Subject)
	assert.Contains(t, w.sim.Mails()[1].Plain, "Website: okpay.example")

	w.clock.Advance(time.Hour)
	_, err = x.RequestPasswordReset(t.Context(), identity.RequestPasswordReset{Email: mailbox})
	require.NoError(t, err)
	w.work()
	require.Len(t, w.sim.Mails(), 3)
	_, rest, ok := strings.Cut(w.sim.Mails()[2].Plain, "https://okpay.example/reset#")
	require.True(t, ok)
	token, _, _ := strings.Cut(rest, "\n")
	opened, err := x.OpenPasswordReset(t.Context(), identity.OpenPasswordReset{Token: identity.NewSecret(token)})
	require.NoError(t, err)
	require.NoError(t, x.SetNewPassword(t.Context(), identity.SetNewPassword{Grant: opened.Grant, Password: password.New("another horse 8 battery")}))
	w.work()
	assert.NotContains(t, everything(w), token[strings.IndexByte(token, '.')+1:], "no record has the token")
	assert.NotContains(t, everything(w), code)

	// A code that is over before it could be sent is not sent.
	w.clock.Advance(time.Hour)
	mails := len(w.sim.Mails())
	w.sim.Answer = func(notify.Medium, string, string) error { return &notify.Failure{Reason: "smtp_451"} }
	_, err = x.RequestPasswordReset(t.Context(), identity.RequestPasswordReset{Email: mailbox})
	require.NoError(t, err)
	w.work()
	w.sim.Answer = nil
	w.clock.Advance(time.Hour)
	w.work()
	for _, m := range w.sim.Mails()[mails:] {
		assert.NotEqual(t, "Reset your password", m.Subject)
	}
	w.verify()

	// Once the account is closed, what identity keeps of the person goes as well.
	_, err = x.SignIn(t.Context(), identity.SignIn{
		Name: mailbox, Password: password.New("another horse 8 battery"), Client: identity.Client{UserAgent: "Canary Phone", Place: "Canary Bay"},
	})
	require.NoError(t, err)
	held := func() (n int) {
		for _, noun := range []string{"session", "password", "password_reset", "verification", "familiar"} {
			records, _, err := w.Records(t.Context(), ledger.RecordQuery{Type: noun, Label: "c:" + string(r.Customer), Limit: 100})
			require.NoError(t, err)
			n += len(records)
		}
		return n
	}
	require.GreaterOrEqual(t, held(), 3)
	_, err = w.Customers.Close(t.Context(), okpay.MoveGate{Customer: r.Customer})
	require.NoError(t, err)
	_, err = w.Customers.Erase(t.Context(), okpay.EraseCustomer{Customer: r.Customer})
	require.NoError(t, err)
	assert.Zero(t, held())
	assert.NotContains(t, everything(w), "Canary")
	w.clock.Advance(48 * time.Hour)
	w.work()
	w.verify()
}

func TestTwoProcessesOverOneDatabaseSendEachMessageOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wallet.db")
	open := func() ledger.Store {
		s, err := sqlitestore.Open(t.Context(), path, sqlitestore.Config{})
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	w := &world{t: t, clock: handclock.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), sim: &notify.Simulated{}}
	w.Wallet, w.Notify = w.open(open(), okpay.Config{})
	other, _ := w.open(open(), okpay.Config{})
	w.customer(alice, "en", mailbox, mobile)
	for i := range 40 {
		w.tell(okpay.Message{Customer: alice, Template: []string{"topup_failed", "new_sign_in"}[i%2]})
	}
	done := make(chan error, 2)
	for _, p := range []*okpay.Wallet{w.Wallet, other} {
		go func() {
			for range 5 {
				if _, err := p.Work(t.Context()); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	require.NoError(t, <-done)
	require.NoError(t, <-done)
	w.work()
	ids := map[string]int{}
	for _, m := range w.sim.Mails() {
		ids[m.ID]++
	}
	for _, m := range w.sim.Texts() {
		ids[m.ID]++
	}
	assert.Len(t, ids, 60, "20 to one mailbox, 20 to a mailbox and a telephone")
	for id, n := range ids {
		assert.Equal(t, 1, n, id)
	}
	b, err := json.Marshal(w.sends(w.tell(okpay.Message{Customer: alice, Template: "topup_failed"})))
	require.NoError(t, err)
	assert.NotContains(t, string(b), mailbox)
}
