package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/notify"
)

// audit adds an entry, a minute after whatever came before.
func (w *world) audit(e okpay.AuditEntry) {
	w.t.Helper()
	w.clock.Advance(time.Minute)
	_, err := w.Do(w.t.Context(), okpay.Act{Principal: "program", Operation: "test.audit"}, func(d *okpay.Draft) error {
		d.Audit(e)
		return nil
	})
	require.NoError(w.t, err)
}

func (w *world) topUp(minor int64) {
	w.t.Helper()
	w.clock.Advance(time.Minute)
	_, err := w.TopUps.Create(w.t.Context(), okpay.CreateTopUp{Customer: alice, Amount: cny(minor)})
	require.NoError(w.t, err)
}

// lived is an account in which something has happened.
func lived(t *testing.T, change ...func(*notify.Config)) *world {
	w := start(t, change...)
	w.customer(alice, "en", mailbox)
	signIn := okpay.AuditEntry{
		Actor: "c/alice", Action: "session.begin", Customer: alice, Session: "ses_1", Shown: true,
		Facts: map[string]string{"device": "Firefox on Linux", "place": "Berlin, DE", "address": "203.0.113.0/24"},
	}
	w.audit(signIn)
	w.topUp(10000)
	w.audit(okpay.AuditEntry{Actor: "op/ana", Action: "case.read", Customer: alice, Reason: "internal words"})
	w.topUp(5000)
	w.audit(okpay.AuditEntry{Actor: "c/alice", Action: "password.change", Customer: alice, Shown: true})
	w.audit(signIn)
	return w
}

func TestActivityIsSecurityAndMoneyInTheirOrder(t *testing.T) {
	w := lived(t, func(c *notify.Config) {
		c.MayAudit = func(_ context.Context, by string) error {
			if by != "eve" {
				return okpay.NewError(okpay.PermissionDenied, "")
			}
			return nil
		}
	})
	what := func(list []notify.Activity) (out []string) {
		for _, a := range list {
			if a.Money != nil {
				out = append(out, a.Money.Kind+" "+a.Money.Amount.String())
			} else {
				out = append(out, a.Action)
			}
		}
		return out
	}
	all, more, err := w.Activity(t.Context(), alice, notify.ActivityPage{})
	require.NoError(t, err)
	assert.False(t, more)
	want := []string{"session.begin", "password.change", "topup 50.00 CNY", "topup 100.00 CNY", "session.begin"}
	assert.Equal(t, want, what(all))
	assert.Equal(t, "Firefox on Linux", all[0].Device)
	assert.Equal(t, "Berlin, DE", all[0].Place)
	assert.Equal(t, "203.0.113.0/24", all[0].Address)
	assert.Nil(t, all[0].Entry, "the entry itself is an auditor's")

	for _, limit := range []int{1, 2, 3, 4} {
		var got []string
		for page := (notify.ActivityPage{Limit: limit}); ; {
			list, more, err := w.Activity(t.Context(), alice, page)
			require.NoError(t, err)
			require.LessOrEqual(t, len(list), limit)
			got = append(got, what(list)...)
			if len(list) > 0 {
				page.Before = list[len(list)-1].ID
			}
			if !more {
				break
			}
		}
		assert.Equal(t, want, got, "in pages of %d", limit)
	}
	_, _, err = w.Activity(t.Context(), "nobody", notify.ActivityPage{})
	require.ErrorIs(t, err, okpay.NotFound)
	_, _, err = w.Activity(okpay.WithActor(t.Context(), okpay.Actor{Customer: "bob"}), alice, notify.ActivityPage{})
	require.ErrorIs(t, err, okpay.NotFound)
	_, _, err = w.Activity(t.Context(), alice, notify.ActivityPage{Before: "nothing"})
	require.ErrorIs(t, err, okpay.InvalidRequest)

	_, _, err = w.AuditedActivity(t.Context(), notify.AuditActivity{By: "eve", Customer: alice})
	require.ErrorIs(t, err, okpay.InvalidRequest, "an auditor says why")
	audit := notify.AuditActivity{By: "mallory", Reason: "yearly audit", Customer: alice}
	_, _, err = w.AuditedActivity(t.Context(), audit)
	require.ErrorIs(t, err, okpay.PermissionDenied)
	audit.Customer = "nobody"
	_, _, err = w.AuditedActivity(t.Context(), audit)
	require.ErrorIs(t, err, okpay.PermissionDenied, "and learns of nobody")
	audit.By, audit.Customer = "eve", alice
	_, _, err = w.AuditedActivity(okpay.WithActor(t.Context(), okpay.Actor{Customer: alice}), audit)
	require.ErrorIs(t, err, okpay.PermissionDenied, "a customer acts")
	_, _, err = lived(t).AuditedActivity(t.Context(), audit)
	require.ErrorIs(t, err, okpay.PermissionDenied, "nobody says who may")
	seen, _, err := w.AuditedActivity(t.Context(), notify.AuditActivity{By: "eve", Reason: "yearly audit", Customer: alice})
	require.NoError(t, err)
	assert.Equal(t, []string{"session.begin", "password.change", "topup 50.00 CNY", "case.read", "topup 100.00 CNY", "session.begin"}, what(seen))
	assert.Equal(t, "internal words", seen[3].Entry.Reason)
	entries, _, err := w.Audit(t.Context(), okpay.AuditPage{Actor: "op/eve"})
	require.NoError(t, err)
	require.Len(t, entries, 1)
	assert.Equal(t, "activity.read", entries[0].Action, "that somebody looked is an entry itself")
}

func TestADigestComesOncePerPeriodWithItsTotals(t *testing.T) {
	w := lived(t, func(c *notify.Config) { c.Digest = notify.Monthly })
	_, err := w.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "bob"})
	require.NoError(t, err)
	w.work() // the messages of the top-ups enroll the customer
	w.clock.Advance(time.Minute)
	_, err = w.Transfers.Create(t.Context(), okpay.CreateTransfer{From: alice, To: "bob", Amount: cny(250)})
	require.NoError(t, err)
	w.topUp(1)
	digests := func() (out []notify.Mail) {
		for _, m := range w.sim.Mails() {
			if m.Subject == "Your activity" && m.To == mailbox {
				out = append(out, m)
			}
		}
		return out
	}
	w.work()
	require.Empty(t, digests())
	w.clock.Advance(31 * 24 * time.Hour)
	w.work()
	w.work()
	require.Len(t, digests(), 1)
	for _, want := range []string{
		"from 1 January 2026, 00:00 (UTC) to 1 February 2026, 00:00 (UTC):", "Sign-ins: 2", "Other security events: 1",
		"Payments, transfers and the rest: 4", "Came in: 150.01 CNY", "Went out: 2.50 CNY",
	} {
		assert.Contains(t, digests()[0].Plain, want)
	}
	w.audit(okpay.AuditEntry{Actor: "c/alice", Action: "session.begin", Customer: alice, Shown: true})
	w.clock.Advance(28 * 24 * time.Hour)
	w.work()
	require.Len(t, digests(), 2)
	assert.Contains(t, digests()[1].Plain, "Your activity from 1 February 2026, 00:00 (UTC) to 1 March 2026, 00:00 (UTC):")
	assert.Contains(t, digests()[1].Plain, "Sign-ins: 1")
	assert.NotContains(t, digests()[1].Plain, "Came in", "nothing did")

	w.clock.Advance(100 * 24 * time.Hour) // nothing ran for months
	w.work()
	require.Len(t, digests(), 3, "one for the period that was running, none for those in which nothing did")

	require.NoError(t, w.SetDigest(t.Context(), notify.ChooseDigest{Customer: alice, Period: notify.Weekly}))
	w.clock.Advance(7 * 24 * time.Hour)
	w.work()
	require.Len(t, digests(), 4)
	require.NoError(t, w.SetDigest(t.Context(), notify.ChooseDigest{Customer: alice, Period: notify.NoDigest}))
	w.clock.Advance(60 * 24 * time.Hour)
	w.work()
	require.Len(t, digests(), 4)
	require.ErrorIs(t, w.SetDigest(t.Context(), notify.ChooseDigest{Customer: alice, Period: "daily"}), okpay.InvalidRequest)
	require.ErrorIs(t, w.SetDigest(t.Context(), notify.ChooseDigest{Customer: "nobody", Period: notify.Weekly}), okpay.NotFound)
	w.verify()
}

func TestPeriodsOfDigestsFollowTheCalendarAndTheZone(t *testing.T) {
	zone := time.FixedZone("CST", 8*3600)
	w := startIn(t, okpay.Config{Zone: zone}, func(c *notify.Config) { c.Digest = notify.Weekly })
	w.customer(alice, "en", mailbox)
	w.tell(okpay.Message{Customer: alice, Template: "transfer_sent"})
	w.work()

	monday := time.Date(2026, 1, 5, 0, 0, 0, 0, zone)
	w.clock.Advance(monday.Sub(w.clock.Now()) - time.Second)
	w.work()
	require.Len(t, w.sim.Mails(), 1)
	w.clock.Advance(time.Second)
	w.work()
	require.Len(t, w.sim.Mails(), 2)
	assert.Contains(t, w.sim.Mails()[1].Plain, "to 5 January 2026, 00:00 (UTC+08:00):")
}

func TestAnExportHasWhatIsHeldAndNoInternalReasons(t *testing.T) {
	w := lived(t, func(c *notify.Config) {
		c.Withhold = func(e okpay.AuditEntry) bool { return e.Action == "secret.hold" }
		c.Export = []notify.Section{{Name: "cases", Each: func(_ context.Context, of okpay.CustomerID, give func(any) error) error {
			return errors.Join(give(map[string]string{"case": "cas_1", "of": string(of)}), give(map[string]string{"case": "cas_2"}))
		}}}
	})
	for range 120 {
		w.tell(okpay.Message{Customer: alice, Template: "transfer_sent"})
	}
	w.audit(okpay.AuditEntry{Actor: "op/ana", Action: "secret.hold", Customer: alice})
	w.work()
	var b strings.Builder
	require.NoError(t, w.Export(t.Context(), &b, alice))
	var doc map[string]any
	require.NoError(t, json.Unmarshal([]byte(b.String()), &doc))
	size := map[string]int{}
	for name, v := range doc {
		if list, ok := v.([]any); ok {
			size[name] = len(list)
		}
	}
	assert.Equal(t, map[string]int{
		"messages": 122, "sends": 122, "unreachable": 0, "audit": 4, "activity": 2, "balances": 1, "statement_CNY": 2, "cases": 2,
	}, size)
	assert.Equal(t, mailbox, doc["customer"].(map[string]any)["contacts"].([]any)[0].(map[string]any)["value"])
	assert.NotContains(t, b.String(), "internal words")
	assert.NotContains(t, b.String(), "secret.hold", "what is withheld")
	assert.NotContains(t, b.String(), "op/ana")
	assert.NotContains(t, b.String(), `"token"`)
	require.ErrorIs(t, w.Export(t.Context(), &b, "nobody"), okpay.NotFound)
	broken := errors.New("the disk is full")
	require.ErrorIs(t, w.Export(t.Context(), failing{broken}, alice), broken)
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestErasureTakesWhatIsPersonalAndTheJournalStaysVerifiable(t *testing.T) {
	w := start(t, func(c *notify.Config) { c.Digest = notify.Monthly })
	contacts := w.customer(alice, "en", mailbox)
	w.customer("bob", "en", "bob@example.com")
	w.audit(okpay.AuditEntry{
		Actor: "op/ana", Action: "session.begin", Customer: alice, Shown: true, Reason: "canary words",
		Facts: map[string]string{"device": "canary device", "place": "canary place"},
	})
	w.audit(okpay.AuditEntry{Actor: "op/ana", Action: "account.check", Customer: alice, Reason: "risk"})
	for range 130 {
		w.tell(okpay.Message{Customer: alice, Template: "new_sign_in", Facts: map[string]string{"place": "canary place"}, Address: &okpay.Address{Kind: okpay.ContactEmail, Value: mailbox}})
	}
	kept := w.tell(okpay.Message{Customer: "bob", Template: "transfer_sent"})
	w.work()
	require.NoError(t, w.Take(t.Context(), notify.Report{MessageID: w.sim.Mails()[0].ID, Outcome: notify.Bounced}))
	_ = contacts
	require.Contains(t, everything(w), "canary")
	_, err := w.Customers.Close(t.Context(), okpay.MoveGate{Customer: alice})
	require.NoError(t, err)
	w.work()
	waiting := w.tell(okpay.Message{Customer: alice, Template: "new_sign_in", Facts: map[string]string{"place": "canary place"}})
	_, err = w.Customers.Erase(t.Context(), okpay.EraseCustomer{Customer: alice})
	require.NoError(t, err)
	mails := len(w.sim.Mails())
	w.work()
	w.clock.Advance(48 * time.Hour)
	w.work()
	assert.Len(t, w.sim.Mails(), mails, "what waited is not sent")
	held := everything(w)
	assert.NotContains(t, held, "canary")
	assert.NotContains(t, held, mailbox)
	assert.NotContains(t, held, waiting[4:], "no message is left, and no send")
	_, err = w.Notice(t.Context(), "bob", kept)
	require.NoError(t, err, "another's stay")
	entries, _, err := w.Audit(t.Context(), okpay.AuditPage{Actor: "op/ana"})
	require.NoError(t, err)
	require.Len(t, entries, 2, "what was done, when and by whom stays")
	assert.Equal(t, "account.check", entries[0].Action)
	assert.Equal(t, "risk", entries[0].Reason, "a code names nobody")
	assert.Equal(t, okpay.AuditEntry{ID: entries[1].ID, At: entries[1].At, Actor: "op/ana", Action: "session.begin", Customer: alice, Shown: true}, entries[1])
	w.verify()
}
