package identity_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
)

// shown is whatever fmt, slog and encoding/json make of a value.
func shown(t *testing.T, values ...any) string {
	t.Helper()
	var b bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&b, nil))
	text := slog.New(slog.NewTextHandler(&b, nil))
	for _, v := range values {
		fmt.Fprintf(&b, "%v %+v %#v %s %q %x %d\n", v, v, v, v, v, v, v)
		log.Info("value", "v", v)
		text.Info("value", "v", v)
		if encoded, err := json.Marshal(v); err == nil {
			b.Write(encoded)
		}
	}
	return b.String()
}

func TestNoSecretIsInAnyRecordMessageEventErrorOrLog(t *testing.T) {
	const (
		firstPassword  = "canary-password-1!"
		secondPassword = "canary-password-2!"
		wrongPassword  = "canary-password-3!"
		code           = "canarycode"
		address        = "198.51.100.77"
		mail           = "canary.mail@example.com"
	)
	w := start(t, identity.Config{})
	w.x.WithFactor(code)
	var said []any
	note := func(v ...any) { said = append(said, v...) }
	in := identity.Register{
		Name: "Canary Name", Email: mail, Password: password.New(firstPassword),
		Consent: identity.Consent{Version: "t1"}, Client: identity.Client{Address: address},
	}
	r, err := w.x.Register(t.Context(), in)
	require.NoError(t, err)
	require.NoError(t, w.x.ContactVerified(t.Context(), identity.ContactVerified{Customer: r.Customer, Contact: r.Contact}))
	from := identity.Client{Address: address, UserAgent: "canary-agent Firefox"}
	signIn := func(pw string) identity.SignedIn {
		in := identity.SignIn{Name: mail, Password: password.New(pw), Client: from}
		s, err := w.x.SignIn(t.Context(), in)
		note(in.Password, s, err)
		return s
	}
	signIn(wrongPassword)
	pending := signIn(firstPassword)
	_, err = w.x.FinishSignIn(t.Context(), pending.Pending, identity.NewSecret("canarywrong"))
	note(err)
	s, err := w.x.FinishSignIn(t.Context(), pending.Pending, identity.NewSecret(code))
	require.NoError(t, err)
	note(s, err)
	ctx := w.as(s.Token)
	device, d, err := w.x.TrustDevice(ctx, from)
	require.NoError(t, err)
	from.Device = device
	note(device, d, from, identity.SignIn{Client: from})
	err = w.x.ChangePassword(ctx, identity.ChangePassword{Current: password.New(wrongPassword), New: password.New(secondPassword)})
	note(err)
	change := identity.ChangePassword{Current: password.New(firstPassword), New: password.New(secondPassword)}
	require.NoError(t, w.x.ChangePassword(ctx, change))
	note(change)
	for range 6 {
		signIn(wrongPassword)
	}
	_, _, err = w.x.Authenticate(t.Context(), identity.NewSecret(s.Token.Reveal()+"x"))
	note(err)
	sessions, _, err := w.x.Sessions(w.as(s.Token), "", 0)
	require.NoError(t, err)
	note(sessions, w.x, struct{ X *identity.Identity }{w.x})

	secrets := map[string]string{
		"the first password": firstPassword, "the second": secondPassword, "a wrong one": wrongPassword, "a code": code, "a wrong code": "canarywrong",
	}
	for name, token := range map[string]identity.Secret{"the session's token": s.Token, "the pending one": pending.Pending, "the device's": device} {
		_, secrets[name], _ = strings.Cut(token.Reveal(), ".")
		require.NotEmpty(t, secrets[name])
	}
	personal := map[string]string{"the address": address, "the e-mail address": mail, "the name": "Canary Name", "the agent": "canary-agent"}

	outside := shown(t, said...)
	for name, secret := range secrets {
		assert.NotContains(t, outside, secret, "%s is shown", name)
	}
	var records, events, ids strings.Builder
	for _, noun := range []string{"session", "password", "devices", "pending", "lock", "lock_told", "throttle", "familiar", "registration", "audit", "message", "gate", "customer", "contact"} {
		for after := ""; ; {
			page, more, err := w.Records(t.Context(), ledger.RecordQuery{Type: noun, After: after, Limit: 100})
			require.NoError(t, err)
			for _, r := range page {
				after = r.ID
				var m okpay.Message
				switch {
				case noun == "pending": // which has the address for as long as it is pending
				case noun == "message" && json.Unmarshal(r.Content, &m) == nil && m.Address != nil:
					m.Address = nil // to which it is sent, before the contact is anybody's
					fmt.Fprintf(&records, "%+v", m)
				default:
					records.Write(r.Content)
				}
				fmt.Fprintln(&ids, r.ID, r.Labels, r.Unique)
			}
			if !more {
				break
			}
		}
	}
	all, _, err := w.Events(t.Context(), 0, 1000)
	require.NoError(t, err)
	for _, e := range all {
		encoded, err := json.Marshal(e)
		require.NoError(t, err)
		fmt.Fprintf(&events, "%+v %s\n", e, encoded)
	}
	for name, secret := range secrets {
		assert.NotContains(t, records.String(), secret, "%s is in a record", name)
		assert.NotContains(t, events.String(), secret, "%s is in an event", name)
		assert.NotContains(t, ids.String(), secret, "%s is in an id", name)
	}
	for name, text := range personal {
		assert.NotContains(t, events.String(), text, "%s is in an event", name)
		assert.NotContains(t, ids.String(), text, "%s is in an id or a label", name)
		assert.NotContains(t, records.String(), text, "%s is in a record", name)
	}
	assert.Contains(t, records.String(), "$argon2id$", "the records were looked at")
	assert.NotContains(t, records.String()+events.String(), "http", "no message has a link")
}

func TestASecretShowsNothing(t *testing.T) {
	s := identity.NewSecret("canary")
	in := struct {
		A identity.Secret
		B *identity.Secret
		c identity.Secret
		D map[string]identity.Secret
		E error
	}{s, &s, s, map[string]identity.Secret{"x": s}, errors.New("e")}
	assert.NotContains(t, shown(t, s, &s, in, &in, []identity.Secret{s}), "canary")
	assert.Equal(t, "canary", s.Reveal())
	var read struct{ Code identity.Secret }
	require.NoError(t, json.Unmarshal([]byte(`{"Code":"canary"}`), &read))
	assert.Equal(t, "canary", read.Code.Reveal())
	assert.True(t, identity.NewSecret("").IsZero())
}

// TestEverySecurityTransitionIsWrittenDownAndTold holds each verb to one commit that has its audit
// entry and, where the tables say so, its message: they stand in the same block as the record.
func TestEverySecurityTransitionIsWrittenDownAndTold(t *testing.T) {
	w := start(t, identity.Config{})
	id := w.registered(email)
	known := map[string]bool{}
	for _, tpl := range identity.Templates() {
		assert.False(t, known[tpl.Name], "%s stands there twice", tpl.Name)
		known[tpl.Name] = true
	}
	var token identity.Secret
	ctx := t.Context()
	steps := []struct {
		name   string
		do     func() error
		audit  []string
		mails  []string
		events []string
	}{
		{"sign in", func() error {
			s, err := w.try(email, good, home)
			token = s.Token
			return err
		}, []string{"session.begin"}, []string{"new_sign_in"}, []string{"session.begun"}},
		{"trust a device", func() error {
			_, _, err := w.x.TrustDevice(w.as(token), home)
			return err
		}, []string{"device.trust"}, []string{"device_trusted"}, []string{"device.trusted"}},
		{"change the password", func() error {
			return w.x.ChangePassword(w.as(token), identity.ChangePassword{Current: password.New(good), New: password.New(other)})
		}, []string{"password.change"}, []string{"password_changed"}, []string{"password.changed"}},
		{"fail", func() error {
			_, err := w.try(email, "wrong", home)
			return ignored(err, okpay.AuthenticationFailed)
		}, []string{"session.fail"}, nil, []string{}},
		{"fail four times more", func() error {
			for range 4 {
				_, err := w.try(email, "wrong", home)
				ctx = t.Context()
				if err := ignored(err, okpay.AuthenticationFailed); err != nil {
					return err
				}
			}
			return nil
		}, []string{"session.fail", "session.fail", "session.fail", "session.fail", "sign_in.locked"}, []string{"sign_in_locked"}, []string{}},
		{"end all other sessions", func() error { return w.x.EndOtherSessions(w.as(token)) }, []string{"session.end_others"}, nil, []string{}},
		{"sign out", func() error { return w.x.SignOut(w.as(token)) }, []string{"session.end"}, nil, []string{"session.ended"}},
	}
	for _, s := range steps {
		w.clock.Advance(time.Second)
		audit, mails, last := w.actions(id), w.templates(id), w.last()
		require.NoError(t, s.do(), s.name)
		assert.ElementsMatch(t, append(audit, s.audit...), w.actions(id), s.name)
		assert.ElementsMatch(t, append(mails, s.mails...), w.templates(id), s.name)
		assert.Equal(t, s.events, w.events(last), s.name)
		for _, m := range s.mails {
			assert.True(t, known[m], "%s stands in no table", m)
		}
	}
	messages, err := w.Customers.Messages(ctx, id, "", 100)
	require.NoError(t, err)
	for _, m := range messages {
		for _, tpl := range identity.Templates() {
			if tpl.Name == m.Template {
				for fact := range m.Facts {
					assert.Contains(t, tpl.Facts, fact, "%s speaks of it", m.Template)
				}
			}
		}
	}
}

func ignored(err error, code okpay.Code) error {
	if errors.Is(err, code) {
		return nil
	}
	return err
}
