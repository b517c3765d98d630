package notify_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/notify"
)

// dsn is a notification as servers write them, with a body of fields and headers of the original.
func dsn(fields, original string) string {
	return strings.ReplaceAll(`From: MAILER-DAEMON@mx.example
To: bounces@okpay.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

I am sorry.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Thu, 1 Jan 2026 00:00:00 +0000

`+fields+`
--b1
Content-Type: text/rfc822-headers

`+original+`
--b1--
`, "\n", "\r\n")
}

const (
	failedFields = "Final-Recipient: rfc822; alice@example.com\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 alice unknown\n"
	original     = "From: a@okpay.example\nMessage-ID: <snd_1.tok@mail.okpay.example>\nSubject: x\n"
)

func TestDeliveryNotificationsAreRead(t *testing.T) {
	id := "<snd_1.tok@mail.okpay.example>"
	for name, c := range map[string]struct {
		mail string
		want notify.Report
	}{
		"it failed": {dsn(failedFields, original), notify.Report{MessageID: id, Medium: notify.ByEmail, Outcome: notify.Bounced, Reason: "status_5_1_1"}},
		"it waits": {
			dsn(strings.NewReplacer("failed", "delayed", "5.1.1", "4.4.1").Replace(failedFields), original),
			notify.Report{MessageID: id, Medium: notify.ByEmail, Outcome: notify.Delayed, Reason: "status_4_4_1"},
		},
		"it arrived": {
			dsn(strings.NewReplacer("failed", "Delivered", "5.1.1", "2.0.0").Replace(failedFields), original),
			notify.Report{MessageID: id, Medium: notify.ByEmail, Outcome: notify.Delivered, Reason: "status_2_0_0"},
		},
		"one of two failed": {
			dsn(strings.Replace(failedFields, "failed", "delivered", 1)+"\n"+failedFields, original),
			notify.Report{MessageID: id, Medium: notify.ByEmail, Outcome: notify.Bounced, Reason: "status_5_1_1"},
		},
		"a status of words": {
			dsn(strings.Replace(failedFields, "5.1.1", "alice@example.com is gone", 1), original),
			notify.Report{MessageID: id, Medium: notify.ByEmail, Outcome: notify.Bounced, Reason: "bounced"},
		},
		"the whole mail comes back": {
			strings.Replace(dsn(failedFields, original+"\nThe body.\n"), "text/rfc822-headers", "message/rfc822", 1),
			notify.Report{MessageID: id, Medium: notify.ByEmail, Outcome: notify.Bounced, Reason: "status_5_1_1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := notify.ParseDSN(strings.NewReader(c.mail))
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
	for name, text := range map[string]string{
		"nothing":            "",
		"another mail":       "From: a@b.c\r\nContent-Type: text/plain\r\n\r\nhello",
		"a vacation answer":  strings.Replace(dsn(failedFields, original), "delivery-status;", "disposition-notification;", 1),
		"no Message-ID":      dsn(failedFields, "Subject: x\n"),
		"a long Message-ID":  dsn(failedFields, "Message-ID: <"+strings.Repeat("x", 400)+">\n"),
		"no action":          dsn("Final-Recipient: rfc822; a@b.c\n", original),
		"an unknown action":  dsn(strings.Replace(failedFields, "failed", "lost", 1), original),
		"too much":           dsn(failedFields, original) + strings.Repeat("x", 1<<20),
		"too many parts":     strings.Replace(dsn(failedFields, original), "--b1\r\n", strings.Repeat("--b1\r\n\r\nx\r\n", 30), 1),
		"a part without end": "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := notify.ParseDSN(strings.NewReader(text))
			require.ErrorIs(t, err, notify.ErrNotDSN)
		})
	}
}

func TestANotificationOfDeliveryReachesTheSend(t *testing.T) {
	w := start(t)
	w.customer(alice, "en", mailbox)
	id := w.tell(okpay.Message{Customer: alice, Template: "topup_failed"})
	w.work()
	mail := dsn(failedFields, "Message-ID: <"+w.sim.Mails()[0].ID+">\n")
	require.NoError(t, w.TakeDSN(t.Context(), strings.NewReader(mail)))
	assert.Equal(t, notify.SendBounced, w.sends(id)[0].State)
	assert.Equal(t, "status_5_1_1", w.sends(id)[0].Reason)
	require.ErrorIs(t, w.TakeDSN(t.Context(), strings.NewReader(dsn(failedFields, original))), okpay.NotFound, "not ours")
	require.ErrorIs(t, w.TakeDSN(t.Context(), strings.NewReader("x")), notify.ErrNotDSN)
	assert.NotContains(t, everything(w), "alice unknown", "nothing is kept of what servers say in words")
}

func FuzzParseDSN(f *testing.F) {
	f.Add(dsn(failedFields, original))
	f.Add(strings.Replace(dsn(failedFields, original), "text/rfc822-headers", "message/rfc822", 1))
	f.Add("Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\nxx\r\n--b--")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := notify.ParseDSN(strings.NewReader(text))
		if err != nil {
			if !errors.Is(err, notify.ErrNotDSN) || r != (notify.Report{}) {
				t.Fatal("a mail that can not be read has one error, and says nothing", err)
			}
			return
		}
		if r.MessageID == "" || len(r.MessageID) > 300 || strings.Trim(r.Reason, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Fatalf("%+v", r)
		}
	})
}
