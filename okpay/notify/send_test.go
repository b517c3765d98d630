package notify_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/notify"
)

func TestWhoIsToldAndHow(t *testing.T) {
	const second, third = "second@example.com", "third@example.com"
	for name, c := range map[string]struct {
		contacts []string
		message  okpay.Message
		mails    []string
		texts    []string
	}{
		"business goes to one mailbox":                    {[]string{mobile, mailbox, second}, okpay.Message{Template: "topup_succeeded"}, []string{mailbox}, nil},
		"and by text message where there is no mailbox":   {[]string{mobile}, okpay.Message{Template: "topup_succeeded"}, nil, []string{mobile}},
		"security goes to every verified contact":         {[]string{mailbox, mobile, second}, okpay.Message{Template: "new_sign_in"}, []string{mailbox, second}, []string{mobile}},
		"an address of its own is the only one":           {[]string{mailbox, mobile}, okpay.Message{Template: "new_sign_in", Address: &okpay.Address{Kind: okpay.ContactEmail, Value: third}}, []string{third}, nil},
		"a telephone number of its own as well":           {[]string{mailbox}, okpay.Message{Template: "new_sign_in", Address: &okpay.Address{Kind: okpay.ContactPhone, Value: mobile}}, nil, []string{mobile}},
		"without a verified contact nothing is sent":      {nil, okpay.Message{Template: "new_sign_in"}, nil, nil},
		"what is not known is told in general words":      {[]string{mailbox}, okpay.Message{Template: "nobody_knows"}, []string{mailbox}, nil},
		"a closed account has its last message delivered": {[]string{mailbox}, okpay.Message{Template: "account_closed"}, []string{mailbox}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.customer(alice, "en", c.contacts...)
			_, err := w.Contacts.Add(t.Context(), okpay.AddContact{Customer: alice, Email: "unverified@example.com"})
			require.NoError(t, err)
			if c.message.Template == "account_closed" {
				_, err := w.Customers.Close(t.Context(), okpay.MoveGate{Customer: alice})
				require.NoError(t, err)
			} else {
				c.message.Customer = alice
				w.tell(c.message)
			}
			w.work()
			var mails, texts []string
			for _, m := range w.sim.Mails() {
				mails = append(mails, m.To)
			}
			for _, m := range w.sim.Texts() {
				texts = append(texts, m.To)
			}
			slices.Sort(mails)
			slices.Sort(c.mails)
			assert.Equal(t, c.mails, mails)
			assert.Equal(t, c.texts, texts)
			w.clock.Advance(48 * time.Hour)
			w.work()
			assert.Len(t, w.sim.Mails(), len(mails), "each once")
			w.verify()
		})
	}
}

func TestAMessageToNobodysAddressIsSentAndForgotten(t *testing.T) {
	w := start(t)
	w.tell(okpay.Message{Template: "no_account", Address: &okpay.Address{Kind: okpay.ContactEmail, Value: mailbox}})
	messages := func() int {
		records, _, err := w.Records(t.Context(), recordsOf("message"))
		require.NoError(t, err)
		kept := 0
		for _, r := range records {
			if !r.Erased {
				kept++
			}
		}
		return kept
	}
	require.Equal(t, 1, messages())
	w.work()
	require.Len(t, w.sim.Mails(), 1)
	assert.Zero(t, messages(), "an address is kept no longer than it is needed")
}

func TestWhatAProviderAnswers(t *testing.T) {
	temporary := &notify.Failure{Reason: "smtp_451"}
	gone := &notify.Failure{Reason: "smtp_550", Permanent: true, Recipient: true}
	for name, c := range map[string]struct {
		answers  []error // of the attempts, in order; the last one again and again
		state    notify.SendState
		attempts int
		reason   string
	}{
		"it is taken at once":                    {[]error{nil}, notify.SendSent, 1, ""},
		"later is soon enough":                   {[]error{temporary, temporary, nil}, notify.SendSent, 3, ""},
		"an error without a name may pass":       {[]error{errors.New("no route to alice@example.com"), nil}, notify.SendSent, 2, ""},
		"a refusal for good is not asked again":  {[]error{gone}, notify.SendFailed, 1, "smtp_550"},
		"a day is long enough":                   {[]error{temporary}, notify.SendFailed, 0, "smtp_451"},
		"words of a provider's are kept by code": {[]error{&notify.Failure{Reason: "User alice@example.com unknown", Permanent: true}}, notify.SendFailed, 1, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.customer(alice, "en", mailbox)
			asked, ids := 0, map[string]bool{}
			w.sim.Answer = func(_ notify.Medium, id, _ string) error {
				ids[id] = true
				asked++
				return c.answers[min(asked, len(c.answers))-1]
			}
			id := w.tell(okpay.Message{Customer: alice, Template: "topup_failed"})
			for range 200 {
				w.work()
				w.clock.Advance(10 * time.Minute)
			}
			list := w.sends(id)
			require.Len(t, list, 1)
			assert.Equal(t, c.state, list[0].State)
			assert.Equal(t, c.reason, list[0].Reason)
			assert.Len(t, ids, 1, "one Message-ID for all attempts")
			if c.attempts > 0 {
				assert.Equal(t, c.attempts, asked)
			} else {
				assert.Greater(t, asked, 20, "it was tried for a day")
				assert.Less(t, asked, 40, "and not without end")
			}
		})
	}
}

func TestAnAttemptThatNobodyFinishedIsMadeAgainUnderTheSameID(t *testing.T) {
	w := start(t)
	w.customer(alice, "en", mailbox)
	id := w.tell(okpay.Message{Customer: alice, Template: "topup_failed"})
	ctx, die := context.WithCancel(t.Context())
	var ids []string
	w.sim.Answer = func(_ notify.Medium, id, _ string) error {
		ids = append(ids, id)
		die() // the process ends before it can write down that the mail was taken
		return nil
	}
	_, _ = w.Work(ctx)
	require.Len(t, w.sim.Mails(), 1)
	assert.Equal(t, notify.SendSending, w.sends(id)[0].State)
	w.work()
	assert.Len(t, w.sim.Mails(), 1, "somebody may still be at it")
	w.clock.Advance(5 * time.Minute)
	w.work()
	assert.Len(t, w.sim.Mails(), 2, "at least once")
	assert.Equal(t, ids[0], ids[1])
	assert.Equal(t, notify.SendSent, w.sends(id)[0].State)
}

func TestTwoProcessesSendEachMessageOnce(t *testing.T) {
	w := start(t)
	w.customer(alice, "en", mailbox)
	for range 15 {
		w.tell(okpay.Message{Customer: alice, Template: "topup_failed"})
	}
	other, _ := w.open(w.store, okpay.Config{})
	done := make(chan error, 2)
	for _, p := range []*okpay.Wallet{w.Wallet, other} {
		go func() {
			_, err := p.Work(t.Context())
			done <- err
		}()
	}
	require.NoError(t, errors.Join(<-done, <-done))
	ids := map[string]int{}
	for _, m := range w.sim.Mails() {
		ids[m.ID]++
	}
	assert.Len(t, ids, 15)
	assert.Len(t, w.sim.Mails(), 15, "each once")
}

func TestSecretsAreAskedForWhenAMessageIsSentAndKeptNowhere(t *testing.T) {
	const code, token = "47110815", "canarytoken"
	var answer error
	asked := 0
	w := start(t, func(c *notify.Config) {
		c.Links = map[string]string{"password_reset_requested": "https://okpay.example/reset?token="}
		c.Secrets = func(_ context.Context, m okpay.Message) (map[string]string, error) {
			asked++
			return map[string]string{"code": code, "token": token + "&x"}, answer
		}
	})
	w.customer(alice, "en", mailbox)
	reset := okpay.Message{Customer: alice, Template: "password_reset_requested", Address: &okpay.Address{Kind: okpay.ContactEmail, Value: mailbox}}
	id := w.tell(reset)
	w.work()
	require.Len(t, w.sim.Mails(), 1)
	m := w.sim.Mails()[0]
	for _, text := range []string{m.Plain, m.HTML} {
		assert.Contains(t, text, code)
		assert.Contains(t, text, "https://okpay.example/reset?token=canarytoken%26x")
	}
	assert.NotContains(t, m.Subject, code)
	notice, err := w.Notice(t.Context(), alice, id)
	require.NoError(t, err)
	assert.NotContains(t, strings.Join(notice.Lines, "\n"), code)
	assert.Contains(t, strings.Join(notice.Lines, "\n"), "not shown here")
	assert.NotContains(t, strings.Join(notice.Lines, "\n"), "…", "a line for a code says nothing without it")
	var b strings.Builder
	require.NoError(t, w.Export(t.Context(), &b, alice))
	held := b.String() + everything(w)
	for _, canary := range []string{code, token} {
		assert.NotContains(t, held, canary)
	}

	answer = okpay.NewError(okpay.NotFound, "")
	id = w.tell(reset)
	w.work()
	assert.Len(t, w.sim.Mails(), 1, "the flow is over")
	assert.Equal(t, notify.SendDropped, w.sends(id)[0].State)
	assert.Equal(t, "flow_over", w.sends(id)[0].Reason)

	answer = okpay.NewError(okpay.ServiceBusy, "")
	id = w.tell(reset)
	w.work()
	assert.Equal(t, notify.SendQueued, w.sends(id)[0].State)
	answer = nil
	w.clock.Advance(time.Minute)
	w.work()
	assert.Equal(t, notify.SendSent, w.sends(id)[0].State)
	before := asked
	w.tell(okpay.Message{Customer: alice, Template: "topup_failed"})
	w.work()
	assert.Equal(t, before, asked, "nobody is asked for secrets that a text has not")
}

func TestACodeThatNobodyKnowsIsNotSent(t *testing.T) {
	for name, secrets := range map[string]func(context.Context, okpay.Message) (map[string]string, error){
		"nobody is asked": nil,
		"nothing comes":   func(context.Context, okpay.Message) (map[string]string, error) { return nil, nil },
		"no code": func(context.Context, okpay.Message) (map[string]string, error) {
			return map[string]string{"code": "1\r\n2345"}, nil
		},
		"no link": func(context.Context, okpay.Message) (map[string]string, error) {
			return map[string]string{"link": "javascript:alert(1)"}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, func(c *notify.Config) { c.Secrets = secrets })
			w.customer(alice, "en", mailbox)
			id := w.tell(okpay.Message{Customer: alice, Template: "password_reset_requested"})
			w.work()
			assert.Empty(t, w.sim.Mails())
			assert.Equal(t, "no_secret", w.sends(id)[0].Reason)
		})
	}
}

func TestABounceMarksTheContactAndTheMessageGoesToAnother(t *testing.T) {
	w := start(t)
	contacts := w.customer(alice, "en", mailbox, mobile)
	id := w.tell(okpay.Message{Customer: alice, Template: "withdrawal_paid", Facts: map[string]string{"amount": "1.00 CNY"}})
	w.work()
	require.Len(t, w.sim.Mails(), 1)
	require.Empty(t, w.sim.Texts())
	messageID := w.sim.Mails()[0].ID

	forged := messageID[:strings.IndexByte(messageID, '.')] + ".aaaaaaaaaaaaaaaa@mail.okpay.example"
	for _, r := range []notify.Report{
		{MessageID: forged, Outcome: notify.Bounced},
		{MessageID: "<x@elsewhere>", Outcome: notify.Bounced},
		{Medium: notify.ByEmail, Provider: "unknown", Outcome: notify.Bounced},
		{Medium: notify.BySMS, Provider: "sim1", Outcome: notify.Bounced},
	} {
		require.ErrorIs(t, w.Take(t.Context(), r), okpay.NotFound, "who does not know the whole Message-ID reports nothing")
	}
	require.ErrorIs(t, w.Take(t.Context(), notify.Report{Outcome: notify.Bounced}), okpay.InvalidRequest)
	require.ErrorIs(t, w.Take(t.Context(), notify.Report{MessageID: messageID, Outcome: "?"}), okpay.InvalidRequest)
	require.NoError(t, w.Take(t.Context(), notify.Report{MessageID: messageID, Outcome: notify.Delayed}))
	require.Equal(t, notify.SendSent, w.sends(id)[0].State)

	w.clock.Advance(time.Second)
	for range 2 { // said twice, it counts once
		require.NoError(t, w.Take(t.Context(), notify.Report{MessageID: "<" + messageID + ">", Outcome: notify.Bounced, Reason: "status_5_1_1"}))
	}
	w.work()
	states := map[notify.Medium]notify.SendState{}
	for _, s := range w.sends(id) {
		states[s.Medium] = s.State
	}
	assert.Equal(t, map[notify.Medium]notify.SendState{notify.ByEmail: notify.SendBounced, notify.BySMS: notify.SendSent}, states)
	away, err := w.Unreachable(t.Context(), alice)
	require.NoError(t, err)
	assert.Equal(t, []notify.Reach{{Contact: contacts[0].ID, Since: w.clock.Now(), Bounces: 1, Reason: "status_5_1_1"}}, away)
	page, _, err := w.Notices(t.Context(), alice, notify.NoticePage{})
	require.NoError(t, err)
	assert.Equal(t, notify.Bouncing, page[0].Template, "the customer reads of it in the message center")

	mails := len(w.sim.Mails())
	w.tell(okpay.Message{Customer: alice, Template: "withdrawal_paid"})
	w.work()
	assert.Len(t, w.sim.Mails(), mails, "the next one goes by telephone at once")
	w.tell(okpay.Message{Customer: alice, Template: "new_sign_in"})
	w.work()
	assert.Len(t, w.sim.Mails(), mails+1, "what is about security is tried everywhere")

	require.NoError(t, w.Contacts.Remove(t.Context(), okpay.MoveContact{Customer: alice, Contact: contacts[0].ID}))
	w.clock.Advance(time.Minute)
	w.verified(alice, mailbox)
	away, err = w.Unreachable(t.Context(), alice)
	require.NoError(t, err)
	assert.Empty(t, away, "a contact that is verified anew counts anew")
}

func TestAProvidersIDFindsWhatItTook(t *testing.T) {
	w := start(t)
	w.customer(alice, "en", mailbox)
	id := w.tell(okpay.Message{Customer: alice, Template: "topup_failed"})
	w.work()
	require.NoError(t, w.Take(t.Context(), notify.Report{Medium: notify.ByEmail, Provider: "sim1", Outcome: notify.Delivered}))
	assert.Equal(t, notify.SendDelivered, w.sends(id)[0].State)
	require.NoError(t, w.Take(t.Context(), notify.Report{Medium: notify.ByEmail, Provider: "sim1", Outcome: notify.Bounced, Reason: "Alice left"}))
	assert.Equal(t, notify.SendBounced, w.sends(id)[0].State)
	assert.Equal(t, "refused", w.sends(id)[0].Reason)
}

func TestARefusedRecipientIsABounce(t *testing.T) {
	w := start(t)
	w.customer(alice, "en", mailbox, "second@example.com")
	w.sim.Answer = func(_ notify.Medium, _, to string) error {
		if to == mailbox {
			return &notify.Failure{Reason: "smtp_550", Permanent: true, Recipient: true}
		}
		return nil
	}
	w.tell(okpay.Message{Customer: alice, Template: "topup_failed"})
	w.work()
	require.Len(t, w.sim.Mails(), 2, "the message, and that messages come back")
	for _, m := range w.sim.Mails() {
		assert.Equal(t, "second@example.com", m.To)
	}
}

func TestCrowdsOfOneKindDoNotHoldUpAnother(t *testing.T) {
	w := start(t, func(c *notify.Config) { c.PerHour = 3 })
	w.customer(alice, "en", mailbox)
	for range 9 {
		w.tell(okpay.Message{Customer: alice, Template: "new_sign_in"})
	}
	w.tell(okpay.Message{Customer: alice, Template: "sign_in_locked"})
	w.work()
	subjects := map[string]int{}
	count := func() map[string]int {
		clear(subjects)
		for _, m := range w.sim.Mails() {
			subjects[m.Subject]++
		}
		return subjects
	}
	assert.Equal(t, map[string]int{"New sign-in to your account": 3, "Sign-in to your account is locked": 1}, count())
	w.clock.Advance(time.Hour)
	w.work()
	assert.Equal(t, 6, count()["New sign-in to your account"])
	w.clock.Advance(time.Hour)
	w.work()
	assert.Equal(t, 9, count()["New sign-in to your account"], "none is lost")
}

func TestPushOpensTheMessageCenterAndCarriesNoSecret(t *testing.T) {
	push := &notify.Simulated{}
	w := start(t, func(c *notify.Config) { c.Push = push })
	w.customer(alice, "zh-CN")
	id := w.tell(okpay.Message{Customer: alice, Template: "topup_failed"})
	w.tell(okpay.Message{Customer: alice, Template: "verification_code"})
	w.work()
	require.Len(t, push.Pushes(), 1)
	got := push.Pushes()[0]
	assert.Equal(t, notify.Push{ID: got.ID, Customer: alice, Message: id, Title: "充值失败", Locale: "zh-CN"}, got)
}

func TestALateAnswerToAnAttemptThatWasLostDecidesNothing(t *testing.T) {
	w := start(t)
	w.customer(alice, "en", mailbox)
	other, _ := w.open(w.store, okpay.Config{})
	attempts := 0
	w.sim.Answer = func(notify.Medium, string, string) error {
		switch attempts++; attempts {
		case 1: // it takes so long that another process begins anew meanwhile
			w.clock.Advance(5 * time.Minute)
			_, err := other.Work(t.Context())
			assert.Error(t, err)
			return &notify.Failure{Reason: "smtp_550", Permanent: true, Recipient: true}
		case 2:
			panic("the other process ends here")
		}
		return nil
	}
	id := w.tell(okpay.Message{Customer: alice, Template: "topup_failed"})
	w.work()
	got := w.sends(id)
	require.Len(t, got, 1)
	assert.Equal(t, notify.SendSending, got[0].State, "the second attempt has no outcome yet")
	assert.Equal(t, 2, got[0].Attempts)
	away, err := w.Unreachable(t.Context(), alice)
	require.NoError(t, err)
	assert.Empty(t, away)
	w.clock.Advance(5 * time.Minute)
	w.work()
	assert.Equal(t, notify.SendSent, w.sends(id)[0].State)
	assert.Equal(t, 3, attempts)
}

func TestABounceThatComesBeforeTheAnswerIsKept(t *testing.T) {
	w := start(t)
	w.customer(alice, "en", mailbox)
	w.sim.Answer = func(_ notify.Medium, id, _ string) error {
		return w.Take(t.Context(), notify.Report{MessageID: id, Outcome: notify.Bounced, Reason: "status_5_1_1"})
	}
	id := w.tell(okpay.Message{Customer: alice, Template: "topup_failed"})
	w.work()
	assert.Equal(t, notify.SendBounced, w.sends(id)[0].State)
}

func TestASendThatIsOverIsForgottenAfterNinetyDays(t *testing.T) {
	w := start(t)
	w.customer(alice, "en", mailbox)
	id := w.tell(okpay.Message{Customer: alice, Template: "account_closed"})
	w.work()
	require.Equal(t, notify.SendSent, w.sends(id)[0].State)
	w.clock.Advance(90*24*time.Hour - time.Second)
	w.work()
	require.Len(t, w.sends(id), 1)
	require.NoError(t, w.Take(t.Context(), notify.Report{Medium: notify.ByEmail, Provider: "sim1", Outcome: notify.Bounced}), "a bounce that came late")
	w.clock.Advance(time.Hour)
	w.work()
	require.Len(t, w.sends(id), 1, "counts from then on")
	mails := len(w.sim.Mails())
	w.clock.Advance(90 * 24 * time.Hour)
	w.work()
	assert.Empty(t, w.sends(id))
	assert.Len(t, w.sim.Mails(), mails, "and nothing is sent again")
	require.ErrorIs(t, w.Take(t.Context(), notify.Report{Medium: notify.ByEmail, Provider: "sim1", Outcome: notify.Bounced}), okpay.NotFound)
	w.verify()
}
