package care_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

func directoryKey(id string, fill byte) care.DirectoryKey {
	return care.DirectoryKey{ID: id, Private: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{fill}, ed25519.SeedSize))}
}

func channels() []care.Channel {
	return []care.Channel{
		{Kind: care.ChannelWeb, Value: "Help.OKPay.example", Name: "Help"},
		{Kind: care.ChannelWeb, Value: "okpay.example"},
		{Kind: care.ChannelPhone, Value: "+86 400-800 1234", Name: "Hotline & <help>"},
		{Kind: care.ChannelEmail, Value: "Support@okpay.example"},
		{Kind: care.ChannelApp, Value: "example.okpay.wallet"},
		{Kind: care.ChannelSocial, Value: "social.example/@okpay"},
	}
}

func startDirectory(t *testing.T) *desk {
	t.Helper()
	cfg := care.Config{}
	cfg.Issuer, cfg.DirectoryKey = "OKPay", directoryKey("dir-1", 7)
	return startDesk(t, cfg)
}

func publish(k *desk) care.Directory {
	k.t.Helper()
	d, err := k.Directories.Publish(k.t.Context(), care.PublishDirectory{By: "boss", Why: "a new hotline", Channels: channels()})
	require.NoError(k.t, err)
	return d
}

func TestADirectoryIsVerifiedOffline(t *testing.T) {
	k := startDirectory(t)
	ctx := t.Context()
	_, _, err := k.Directories.Current(ctx)
	refused(t, err, okpay.NotFound)
	_, err = k.Directories.Publish(ctx, care.PublishDirectory{By: "one", Why: why, Channels: channels()})
	refused(t, err, okpay.PermissionDenied)
	d := publish(k)
	assert.Equal(t, int64(1), d.Version)
	assert.Equal(t, int64(2), publish(k).Version)
	d, signed, err := k.Directories.Current(ctx)
	require.NoError(t, err)
	assert.Equal(t, care.Channel{Kind: care.ChannelPhone, Name: "Hotline & <help>", Open: "24x7", Value: "+864008001234"}, d.Channels[2])

	key := directoryKey("dir-1", 7)
	trusted := map[string]ed25519.PublicKey{"dir-1": key.Private.Public().(ed25519.PublicKey)}
	now := k.clock.Now()
	got, err := care.VerifyDirectory(signed, now, trusted)
	require.NoError(t, err)
	assert.Equal(t, d, got)
	var spaced bytes.Buffer
	require.NoError(t, json.Indent(&spaced, signed, " ", "  "))
	_, err = care.VerifyDirectory(spaced.Bytes(), now, trusted)
	require.NoError(t, err, "spaces change nothing")

	edit := func(from, to string) []byte {
		require.Contains(t, string(signed), from)
		return []byte(strings.Replace(string(signed), from, to, 1))
	}
	other := directoryKey("dir-1", 8)
	for name, c := range map[string]struct {
		data []byte
		at   time.Time
		keys map[string]ed25519.PublicKey
		code okpay.Code
	}{
		"another number":              {edit("+864008001234", "+864008001235"), now, trusted, okpay.AuthenticationFailed},
		"another end":                 {edit(`"not_after":"2026`, `"not_after":"2036`), now, trusted, okpay.AuthenticationFailed},
		"another version":             {edit(`"version":2`, `"version":3`), now, trusted, okpay.AuthenticationFailed},
		"another key of the name":     {signed, now, map[string]ed25519.PublicKey{"dir-1": other.Private.Public().(ed25519.PublicKey)}, okpay.AuthenticationFailed},
		"a key that is not trusted":   {signed, now, map[string]ed25519.PublicKey{"dir-2": trusted["dir-1"]}, okpay.AuthenticationFailed},
		"a key that is none":          {signed, now, map[string]ed25519.PublicKey{"dir-1": {1}}, okpay.AuthenticationFailed},
		"too early":                   {signed, d.NotBefore.Add(-time.Second), trusted, okpay.AuthenticationFailed},
		"exactly at its end":          {signed, d.NotAfter, trusted, okpay.AuthenticationFailed},
		"a field that is not signed":  {edit(`{"directory"`, `{"note":"x","directory"`), now, trusted, okpay.InvalidRequest},
		"a field inside":              {edit(`"issuer"`, `"more":1,"issuer"`), now, trusted, okpay.InvalidRequest},
		"something behind it":         {append(bytes.Clone(signed), "{}"...), now, trusted, okpay.InvalidRequest},
		"no signature":                {edit(`"signature":"`, `"signature":"!`), now, trusted, okpay.InvalidRequest},
		"nothing":                     {nil, now, trusted, okpay.InvalidRequest},
		"too long":                    {bytes.Repeat([]byte(" "), 64<<10+1), now, trusted, okpay.InvalidRequest},
		"a second value of one field": {edit(`"version":2`, `"version":2,"issuer":"Evil"`), now, trusted, okpay.AuthenticationFailed},
	} {
		_, err := care.VerifyDirectory(c.data, c.at, c.keys)
		refused(t, err, c.code, name)
	}
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s", key, key, key, inJSON(t, key)), "7 7")
	k.verify()
}

func TestADirectoryHasATelephoneThatIsOpenDayAndNight(t *testing.T) {
	k := startDirectory(t)
	for name, list := range map[string][]care.Channel{
		"none":            {},
		"no telephone":    {{Kind: care.ChannelWeb, Value: "okpay.example"}},
		"no number":       {{Kind: care.ChannelPhone, Value: "400 800"}},
		"twice":           {{Kind: care.ChannelPhone, Value: "+8640080012"}, {Kind: care.ChannelPhone, Value: "+86 400 800 12"}},
		"no host":         {channels()[2], {Kind: care.ChannelWeb, Value: "okpay"}},
		"a link":          {channels()[2], {Kind: care.ChannelWeb, Value: "https://okpay.example"}},
		"another script":  {channels()[2], {Kind: care.ChannelWeb, Value: "okpаy.example"}},
		"no address":      {channels()[2], {Kind: care.ChannelEmail, Value: "okpay.example"}},
		"no kind":         {channels()[2], {Value: "x"}},
		"a hidden letter": {channels()[2], {Kind: care.ChannelApp, Value: "x\u200by"}},
		"a name in lines": {{Kind: care.ChannelPhone, Value: "+8640080012", Name: "a\nb"}},
		"too many":        make([]care.Channel, 101),
	} {
		_, err := k.Directories.Publish(t.Context(), care.PublishDirectory{By: "boss", Why: why, Channels: list})
		refused(t, err, okpay.InvalidRequest, name)
	}
	without := startDesk(t, care.Config{})
	_, err := without.Directories.Publish(t.Context(), care.PublishDirectory{By: "boss", Why: why, Channels: channels()})
	refused(t, err, okpay.InvalidState, "nothing signs")
	for name, cfg := range map[string]care.DirectoryConfig{
		"no issuer":   {DirectoryKey: directoryKey("a", 1)},
		"no key":      {Issuer: "OKPay", DirectoryKey: care.DirectoryKey{ID: "a"}},
		"no key's id": {Issuer: "OKPay", DirectoryKey: directoryKey("", 1)},
	} {
		_, err := care.New(k.Wallet, care.Config{DirectoryConfig: cfg})
		refused(t, err, okpay.InvalidRequest, name)
	}
}

func TestWhatIsOfficialIsSpelledPlainly(t *testing.T) {
	k := startDirectory(t)
	d := publish(k)
	for _, c := range []struct {
		kind  care.ChannelKind
		value string
		want  care.Verdict
	}{
		{care.ChannelPhone, "+864008001234", care.VerdictOfficial},
		{care.ChannelPhone, " 0086 400 800-1234 ", care.VerdictOfficial},
		{care.ChannelPhone, "+864008001235", care.VerdictUnknown},
		{care.ChannelPhone, "4008001234", care.VerdictUnknown},
		{care.ChannelPhone, "+８６4008001234", care.VerdictSuspicious},
		{care.ChannelPhone, "", care.VerdictUnknown},
		{care.ChannelEmail, "SUPPORT@okpay.example", care.VerdictOfficial},
		{care.ChannelEmail, "help@okpay.example", care.VerdictUnknown},
		{care.ChannelEmail, "support@okpay-help.example", care.VerdictSuspicious},
		{care.ChannelEmail, "support@0kpay.example", care.VerdictSuspicious},
		{care.ChannelEmail, "okpay.support@mail.example", care.VerdictSuspicious},
		{care.ChannelEmail, "support@okpay.example <evil@mail.example>", care.VerdictSuspicious},
		{care.ChannelEmail, "supp\u043ert@okpay.example", care.VerdictSuspicious},
		{care.ChannelEmail, "someone@mail.example", care.VerdictUnknown},
		{care.ChannelWeb, "okpay.example", care.VerdictOfficial},
		{care.ChannelWeb, "https://HELP.okpay.example/locked?x=1#y", care.VerdictOfficial},
		{care.ChannelWeb, "help.okpay.example/locked", care.VerdictOfficial},
		{care.ChannelWeb, "http://okpay.example", care.VerdictSuspicious},
		{care.ChannelWeb, "okpay.example.", care.VerdictSuspicious},
		{care.ChannelWeb, "https://okpay.example:8443/", care.VerdictSuspicious},
		{care.ChannelWeb, "https://okpay.example@evil.example/", care.VerdictSuspicious},
		{care.ChannelWeb, `https://evil.example\@okpay.example`, care.VerdictSuspicious},
		{care.ChannelWeb, "https://okpay.example.evil.example", care.VerdictSuspicious},
		{care.ChannelWeb, "https://okpay-example.com", care.VerdictSuspicious},
		{care.ChannelWeb, "okp\u0430y.example", care.VerdictSuspicious},     // Cyrillic а
		{care.ChannelWeb, "xn--okpy-63d.example", care.VerdictSuspicious},   // the same, as it is sent
		{care.ChannelWeb, "ｏｋｐａｙ.example", care.VerdictSuspicious},          // full width
		{care.ChannelWeb, "okpay\u3002example", care.VerdictSuspicious},     // another dot
		{care.ChannelWeb, "0kpay.example", care.VerdictSuspicious},          // a zero
		{care.ChannelWeb, "ok-pay.example", care.VerdictSuspicious},         // a hyphen
		{care.ChannelWeb, "secure-okpay-login.net", care.VerdictSuspicious}, // the name inside
		{care.ChannelWeb, "okpay%2eexample", care.VerdictSuspicious},
		{care.ChannelWeb, "javascript:alert(1)//okpay.example", care.VerdictSuspicious},
		{care.ChannelWeb, "other.okpay.example", care.VerdictUnknown},
		{care.ChannelWeb, "shop.example", care.VerdictUnknown},
		{care.ChannelApp, "example.okpay.wallet", care.VerdictOfficial},
		{care.ChannelApp, "example.okpay.wallet2", care.VerdictSuspicious},
		{care.ChannelSocial, "social.example/@okpay", care.VerdictOfficial},
		{care.ChannelSocial, "social.example/@0kpay_help", care.VerdictSuspicious},
		{care.ChannelSocial, "social.example/@somebody", care.VerdictUnknown},
		{"pigeon", "okpay.example", care.VerdictUnknown},
	} {
		assert.Equal(t, c.want, d.Official(c.kind, c.value), "%s %q", c.kind, c.value)
	}
}

func FuzzOfficial(f *testing.F) {
	d := care.Directory{Channels: []care.Channel{
		{Kind: care.ChannelWeb, Value: "okpay.example"}, {Kind: care.ChannelEmail, Value: "support@okpay.example"}, {Kind: care.ChannelPhone, Value: "+864008001234"},
	}}
	f.Add("https://okpay.example/x")
	f.Add("support@okpay.example")
	f.Add("+86 400 800 1234")
	f.Fuzz(func(t *testing.T, s string) {
		// What is official is there in plain letters.
		if d.Official(care.ChannelWeb, s) == care.VerdictOfficial {
			host := strings.ToLower(s)
			assert.True(t, strings.HasPrefix(strings.TrimPrefix(strings.TrimLeft(host, " \t\r\n"), "https://"), "okpay.example"), "%q", s)
		}
		if d.Official(care.ChannelEmail, s) == care.VerdictOfficial {
			assert.Equal(t, "support@okpay.example", strings.ToLower(strings.TrimSpace(s)))
		}
		d.Official(care.ChannelPhone, s)
		d.Official(care.ChannelSocial, s)
	})
}

func FuzzVerifyDirectory(f *testing.F) {
	f.Add([]byte(`{"directory":{"channels":[],"issuer":"x","key_id":"a","not_after":"2026-01-01T00:00:00Z","not_before":"2026-01-01T00:00:00Z","version":1},"signature":""}`))
	key := directoryKey("a", 1)
	keys := map[string]ed25519.PublicKey{"a": key.Private.Public().(ed25519.PublicKey)}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := care.VerifyDirectory(data, monday, keys)
		require.Error(t, err, "nobody has signed it")
	})
}

func TestTheCustomersPhraseIsInNothingButItsRecord(t *testing.T) {
	k := startCases(t, care.Config{})
	ctx := t.Context()
	set := func(text string) error {
		return k.Phrases.Set(ctx, care.SetPhrase{Customer: k.customer, Phrase: text})
	}
	phrase := func() string {
		p, err := k.Phrases.Phrase(ctx, k.customer)
		require.NoError(t, err)
		return p
	}
	assert.Empty(t, phrase())
	for _, text := range []string{"abc", strings.Repeat("x", 41), "line\nbreak", "turn\u202earound", "bad\xff\xfe", "tab\there", "   a   "} {
		err := set(text)
		refused(t, err, okpay.InvalidRequest, "%q", text)
		assert.NotContains(t, err.Error(), text)
	}
	before := k.lastEvent()
	require.NoError(t, set(" canary in a coal mine "))
	assert.Equal(t, "canary in a coal mine", phrase())
	require.NoError(t, set("我的防钓鱼短语"))
	require.NoError(t, set("canary number three"))
	types, _ := k.eventsSince(before)
	assert.Equal(t, []string{"phrase.set", "phrase.set", "phrase.set"}, types)
	assert.Equal(t, []string{"phrase_changed", "phrase_changed", "phrase_changed"}, k.mails())
	assert.Equal(t, 1, strings.Count(k.everything(), "canary"), "in its record, as it is now")
	entries, _, err := k.Wallet.Audit(ctx, okpay.AuditPage{Customer: k.customer, Shown: true})
	require.NoError(t, err)
	assert.Len(t, entries, 3)

	refused(t, k.Phrases.Set(k.signedIn(), care.SetPhrase{Customer: "other", Phrase: "mine now"}), okpay.NotFound)
	refused(t, k.Phrases.Set(ctx, care.SetPhrase{Customer: "nobody", Phrase: "mine now"}), okpay.NotFound)
	require.NoError(t, set(""))
	assert.Empty(t, phrase())
	_, err = k.Customers.Close(ctx, okpay.MoveGate{Customer: k.customer})
	require.NoError(t, err)
	refused(t, set("too late"), okpay.AccountClosed)
	k.verify()
}
