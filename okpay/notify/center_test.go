package notify_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/notify"
)

func TestTheMessageCenterSpeaksTheCustomersLanguageOfNow(t *testing.T) {
	w := start(t)
	w.customer(alice, "en", mailbox)
	id := w.tell(okpay.Message{Customer: alice, Template: "transfer_sent", ObjectType: "transfer", Object: "tr_1", Facts: map[string]string{"amount": "1234.50 CNY", "transfer": "tr_1"}})
	got, err := w.Notice(t.Context(), alice, id)
	require.NoError(t, err)
	assert.Equal(t, notify.Notice{
		ID: id, Template: "transfer_sent", Title: "You sent money",
		Lines:      []string{"You sent 1,234.50 CNY.", "Transfer: tr_1", "If it was not you, report it in the app or call our hotline at once."},
		ObjectType: "transfer", Object: "tr_1", CreatedAt: w.clock.Now(),
	}, got)
	zh := "zh-CN"
	_, err = w.Customers.Update(t.Context(), okpay.UpdateCustomer{Customer: alice, Locale: &zh})
	require.NoError(t, err)
	got, err = w.Notice(t.Context(), alice, id)
	require.NoError(t, err)
	assert.Equal(t, "您已转账", got.Title)
	assert.Equal(t, "您已转出 1,234.50 CNY。", got.Lines[0])
}

func TestNoticesArePagedAndMarked(t *testing.T) {
	w := start(t)
	w.customer(alice, "en", mailbox)
	w.customer("bob", "en")
	var all []okpay.MessageID
	for range 45 {
		all = append(all, w.tell(okpay.Message{Customer: alice, Template: "transfer_sent"}))
	}
	slices.Reverse(all)
	foreign := w.tell(okpay.Message{Customer: "bob", Template: "transfer_sent"})
	read := func(page notify.NoticePage) (ids []okpay.MessageID, pages int) {
		for more := true; more; pages++ {
			list, further, err := w.Notices(t.Context(), alice, page)
			require.NoError(t, err)
			for _, n := range list {
				ids = append(ids, n.ID)
				page.Before = n.ID
			}
			more = further
		}
		return ids, pages
	}
	ids, pages := read(notify.NoticePage{})
	assert.Equal(t, all, ids)
	assert.Equal(t, 3, pages, "20 unless told")
	unread := func() int {
		n, err := w.Unread(t.Context(), alice)
		require.NoError(t, err)
		return n
	}
	assert.Equal(t, 45, unread())
	yes, no := true, false
	mark := func(in notify.MarkNotices) error {
		in.Customer = alice
		return w.Mark(t.Context(), in)
	}
	require.NoError(t, mark(notify.MarkNotices{Messages: all[:5], Read: &yes}))
	require.NoError(t, mark(notify.MarkNotices{Messages: all[3:8], Archived: &yes}))
	assert.Equal(t, 37, unread(), "what is archived counts as read")
	w.work()
	assert.Equal(t, 37, unread(), "sending changes no marks")
	ids, _ = read(notify.NoticePage{Archived: true})
	assert.Equal(t, all[3:8], ids)
	ids, _ = read(notify.NoticePage{})
	assert.Equal(t, append(slices.Clone(all[:3]), all[8:]...), ids)
	ids, _ = read(notify.NoticePage{Unread: true, Limit: 100})
	assert.Equal(t, all[8:], ids)
	require.NoError(t, mark(notify.MarkNotices{Messages: all[:5], Read: &no, Archived: &no}))
	assert.Equal(t, 42, unread())
	at := w.clock.Now()
	w.clock.Advance(time.Hour)
	require.NoError(t, mark(notify.MarkNotices{Messages: all[5:6], Read: &yes, Archived: &yes}))
	got, err := w.Notice(t.Context(), alice, all[5])
	require.NoError(t, err)
	assert.Equal(t, at, *got.ArchivedAt, "the first time stays")

	require.ErrorIs(t, mark(notify.MarkNotices{Messages: []okpay.MessageID{all[0], foreign}, Read: &yes}), okpay.NotFound)
	assert.Equal(t, 42, unread(), "nothing is marked then")
	require.ErrorIs(t, mark(notify.MarkNotices{Messages: all[:1]}), okpay.InvalidRequest)
	require.ErrorIs(t, mark(notify.MarkNotices{Read: &yes}), okpay.InvalidRequest)
	_, err = w.Notice(t.Context(), alice, foreign)
	require.ErrorIs(t, err, okpay.NotFound, "another's")
	_, err = w.Sends(t.Context(), alice, foreign)
	require.ErrorIs(t, err, okpay.NotFound)
	_, _, err = w.Notices(okpay.WithActor(t.Context(), okpay.Actor{Customer: "bob"}), alice, notify.NoticePage{})
	require.ErrorIs(t, err, okpay.NotFound)
	_, _, err = w.Notices(t.Context(), "nobody", notify.NoticePage{})
	require.ErrorIs(t, err, okpay.NotFound)
	_, _, err = w.Notices(t.Context(), alice, notify.NoticePage{Unread: true, Archived: true})
	require.ErrorIs(t, err, okpay.InvalidRequest)
}

func TestTheWalletsOwnMessagesSayWhatTheyAreAbout(t *testing.T) {
	w := start(t)
	w.customer(alice, "en", mailbox)
	w.customer("bob", "en")
	_, err := w.TopUps.Create(t.Context(), okpay.CreateTopUp{Customer: alice, Amount: cny(123450)})
	require.NoError(t, err)
	w.clock.Advance(time.Millisecond)
	_, err = w.Transfers.Create(t.Context(), okpay.CreateTransfer{From: alice, To: "bob", Amount: cny(100)})
	require.NoError(t, err)
	w.clock.Advance(time.Millisecond)
	_, err = w.Customers.Lock(t.Context(), okpay.MoveGate{Customer: alice, By: "ana", Reason: "risk"})
	require.NoError(t, err)
	w.work()
	var texts []string
	for _, m := range w.sim.Mails() {
		texts = append(texts, m.Plain)
	}
	all := ""
	for _, text := range texts {
		all += text
	}
	assert.Contains(t, all, "1,234.50 CNY has come into your wallet.")
	assert.Contains(t, all, "You sent 1.00 CNY.")
	assert.Contains(t, all, "Reason: a security risk was noticed")
	assert.NotContains(t, all, "…")
	list, _, err := w.Notices(t.Context(), "bob", notify.NoticePage{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, "You received 1.00 CNY.", list[0].Lines[0])
}
