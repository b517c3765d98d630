package rails

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/webhook"
)

func signed(t *testing.T) *Simulated {
	t.Helper()
	secret, err := webhook.NewSecret(nil)
	require.NoError(t, err)
	return &Simulated{Secret: secret, Now: func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }}
}

func TestACallbackIsReadAsItWasMade(t *testing.T) {
	s := signed(t)
	events := []CollectionEvent{
		{ID: "e1", Collection: "c1", Status: CollectionSucceeded, Amount: money.New(1, money.MustISO("JPY"))},
		{ID: "e2", Collection: "c2", Status: CollectionReversed},
	}
	body, header, err := s.Callback(events...)
	require.NoError(t, err)
	got, err := s.ParseCallback(body, header)
	require.NoError(t, err)
	assert.Equal(t, events, got)
}

func TestACallbackOfSomebodyElseIsNotAuthentic(t *testing.T) {
	s := signed(t)
	body, header, err := s.Callback(CollectionEvent{ID: "e1", Collection: "c1", Status: CollectionSucceeded})
	require.NoError(t, err)
	for name, parse := range map[string]func() error{
		"another key":     func() error { _, err := signed(t).ParseCallback(body, header); return err },
		"another body":    func() error { _, err := s.ParseCallback(append([]byte{' '}, body...), header); return err },
		"no header":       func() error { _, err := s.ParseCallback(body, http.Header{}); return err },
		"no key to check": func() error { _, err := (&Simulated{}).ParseCallback(body, header); return err },
	} {
		assert.ErrorIs(t, parse(), ErrNotAuthentic, name)
	}
	_, _, err = (&Simulated{}).Callback(CollectionEvent{ID: "e1"})
	require.Error(t, err, "no key to sign with")
	_, _, err = s.Callback()
	require.Error(t, err)
}

func TestAMalformedCallbackIsRefusedWhole(t *testing.T) {
	for name, body := range map[string]string{
		"no JSON":            `events`,
		"no events":          `{"events":[]}`,
		"another member":     `{"events":[{"id":"e","collection":"c","status":"failed","x":1}]}`,
		"an unknown status":  `{"events":[{"id":"e","collection":"c","status":"maybe"}]}`,
		"no id":              `{"events":[{"collection":"c","status":"failed"}]}`,
		"no collection":      `{"events":[{"id":"e","status":"failed"}]}`,
		"a bad amount":       `{"events":[{"id":"e","collection":"c","status":"failed","amount":{"amount":"1.001","currency":"CNY"}}]}`,
		"a number as amount": `{"events":[{"id":"e","collection":"c","status":"failed","amount":1}]}`,
		"something behind":   `{"events":[{"id":"e","collection":"c","status":"failed"}]}{}`,
	} {
		_, err := signed(t).parse([]byte(body))
		assert.ErrorIs(t, err, ErrMalformed, name)
	}
}

// FuzzParseCallback: a parser never panics, and what it reads it reads again after writing.
func FuzzParseCallback(f *testing.F) {
	f.Add([]byte(`{"events":[{"id":"e","collection":"c","status":"failed"}]}`))
	f.Add([]byte(`{"events":[{"id":"e","collection":"c","status":"succeeded","amount":{"amount":"1.00","currency":"CNY"}}]}`))
	f.Add([]byte(`{"events":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s := &Simulated{}
		events, err := s.parse(body)
		if err != nil {
			assert.ErrorIs(t, err, ErrMalformed)
			return
		}
		wire := wireCallback{}
		for _, e := range events {
			w := wireEvent{ID: e.ID, Collection: e.Collection, Status: e.Status}
			if (e.Amount != money.Amount{}) {
				w.Amount, err = json.Marshal(e.Amount)
				require.NoError(t, err)
			}
			wire.Events = append(wire.Events, w)
		}
		text, err := json.Marshal(wire)
		require.NoError(t, err)
		again, err := s.parse(text)
		require.NoError(t, err)
		assert.Equal(t, events, again)
	})
}
