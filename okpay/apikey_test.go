package okpay_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

func TestAnAPIKeyLetsItsMerchantInUntilItIsRevoked(t *testing.T) {
	f := start(t, okpay.Config{})
	key, secret, err := f.Keys.Create(t.Context(), f.merchant, "server")
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(secret.Reveal(), "okpay_test_"))
	assert.Len(t, secret.Reveal(), len("okpay_test_")+43)
	got, err := f.Keys.Authenticate(t.Context(), secret.Reveal())
	require.NoError(t, err)
	assert.Equal(t, key, got)

	_, err = f.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: "other", Name: "Other"})
	require.NoError(t, err)
	require.ErrorIs(t, f.Keys.Revoke(t.Context(), "other", key.ID), okpay.NotFound)
	require.NoError(t, f.Keys.Revoke(t.Context(), f.merchant, key.ID))
	require.NoError(t, f.Keys.Revoke(t.Context(), f.merchant, key.ID), "revoking twice changes nothing")
	_, err = f.Keys.Authenticate(t.Context(), secret.Reveal())
	require.ErrorIs(t, err, okpay.Unauthenticated)
	keys, err := f.Keys.List(t.Context(), f.merchant)
	require.NoError(t, err)
	require.Len(t, keys, 1)
	assert.NotNil(t, keys[0].RevokedAt)
	f.verify()
}

func TestKeysOfTheOtherModeAndUnknownKeysAreRefused(t *testing.T) {
	test, live := start(t, okpay.Config{}), start(t, okpay.Config{Mode: okpay.Live})
	_, secret, err := live.Keys.Create(t.Context(), live.merchant, "")
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(secret.Reveal(), "okpay_live_"))
	for _, text := range []string{secret.Reveal(), "", "okpay_test_", "okpay_test_x", "Bearer x", secret.Reveal() + "\x00", strings.Repeat("x", 100_000)} {
		_, err := test.Keys.Authenticate(t.Context(), text)
		require.ErrorIs(t, err, okpay.Unauthenticated)
		if text != "" {
			assert.NotContains(t, err.Error(), text)
		}
	}
}

func TestTheSecretOfAKeyIsKeptNowhereAndShownNowhere(t *testing.T) {
	var log bytes.Buffer
	f := start(t, okpay.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	key, secret, err := f.Keys.Create(t.Context(), f.merchant, "server")
	require.NoError(t, err)
	canary := secret.Reveal()[len("okpay_test_"):]
	slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "secret", secret, "key", key)
	asJSON, err := json.Marshal(struct{ S okpay.Secret }{secret})
	require.NoError(t, err)
	shown := log.String() + string(asJSON) + fmt.Sprintf("%v %+v %#v %s %q %x", secret, secret, secret, secret, secret, secret) +
		fmt.Sprintf("%+v", struct{ hidden okpay.Secret }{secret})
	assert.NotContains(t, shown, canary)

	record, err := f.Ledger().Record(t.Context(), "api_key", string(key.ID))
	require.NoError(t, err)
	kept := string(record.Content) + strings.Join(record.Unique, " ") + strings.Join(record.Labels, " ")
	blocks, err := f.Ledger().Blocks(t.Context(), 0, 0)
	require.NoError(t, err)
	for _, b := range blocks {
		kept += string(b.Body)
	}
	events, err := f.Ledger().Events(t.Context(), 0, 0)
	require.NoError(t, err)
	for _, e := range events {
		kept += string(e.Payload)
	}
	assert.NotContains(t, kept, canary)
	assert.Equal(t, ledger.Plain, record.Chaining)
}
