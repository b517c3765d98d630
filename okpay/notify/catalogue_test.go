package notify_test

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/tables"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/lockout"
	"github.com/okpay/okpay-go/okpay/notify"
)

var update = flag.Bool("update", false, "write docs/notifications.md anew")

// sample is a value for each fact.
func sample(fact string) string {
	switch fact {
	case "at", "until", "withdrawals_from", "deadline", "payout_from", "expected", "next_from", "from":
		return "2026-01-02T03:04:00Z"
	case "amount", "money_in", "money_out":
		return "1234567.50 CNY"
	case "reason":
		return "too_many_failures"
	case "failure":
		return "insufficient_balance"
	case "device":
		return "Chrome 120.0 on Windows"
	case "place":
		return "Shanghai, CN"
	case "address":
		return "203.0.113.0/24"
	case "advice":
		return "wait,verify_identity,contact_support"
	case "capabilities":
		return "withdraw transfer"
	case "requirements":
		return "identity_document proof_of_address"
	}
	return "x" + fact
}

func samples(t notify.Template) (facts, secrets map[string]string) {
	facts, secrets = map[string]string{}, map[string]string{}
	for _, f := range t.Facts {
		facts[f] = sample(f)
	}
	for _, f := range t.Secrets {
		secrets[f] = map[string]string{"code": "12345678", "link": "https://okpay.example/x?token=abc"}[f]
	}
	return facts, secrets
}

func full(c *notify.Config) {
	c.Channels = []notify.Channel{{Kind: "phone", Value: "+86 400 000 0000"}, {Kind: "web", Value: "okpay.example"}}
}

func TestEveryTextRendersInBothLanguagesWithAllItsFacts(t *testing.T) {
	w := start(t, full)
	for _, tpl := range notify.Templates() {
		for _, locale := range notify.Locales() {
			facts, secrets := samples(tpl)
			text, err := w.Render(locale, tpl.Name, facts, secrets, "green tea")
			require.NoError(t, err)
			name := tpl.Name + " in " + locale
			for _, s := range []string{text.Subject, text.Plain, text.HTML, text.Short} {
				assert.NotEmpty(t, s, name)
				assert.NotContains(t, s, "{", name)
				assert.NotContains(t, s, "}", name)
			}
			assert.NotContains(t, text.Plain, "…", "%s: something is missing", name)
			assert.NotContains(t, text.Subject+text.Short, "\n", name)
			assert.Contains(t, text.Plain, "green tea", "%s: the customer's phrase", name)
			assert.Contains(t, text.Plain, "+86 400 000 0000", "%s: the hotline", name)
			assert.LessOrEqual(t, notify.Segments(text.Short), 2, "%s: short as a text message", name)
			for secret, value := range secrets {
				assert.Contains(t, text.Plain, value, "%s: %s", name, secret)
			}
			if tpl.Directory {
				assert.Contains(t, text.Plain, "okpay.example", name)
			}
			// Each fact makes a difference, and a text without it is still one.
			for fact := range facts {
				less := maps.Clone(facts)
				delete(less, fact)
				without, err := w.Render(locale, tpl.Name, less, secrets, "green tea")
				require.NoError(t, err)
				assert.NotEqual(t, text.Plain, without.Plain, "%s says nothing of %s", name, fact)
			}
			if locale == "en" {
				assert.Empty(t, regexp.MustCompile(`\p{Han}`).FindString(text.Plain), name)
			} else {
				assert.NotEmpty(t, regexp.MustCompile(`\p{Han}`).FindString(text.Subject), name)
			}
		}
	}
}

// links are what mail programs make links of.
var links = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://|\bwww\.|\bmailto:`)

func TestNoTextHasALinkButThoseThatMay(t *testing.T) {
	w := start(t, full)
	may := map[string]bool{
		"password_reset_requested": true, "contact_change_notice": true, "factor_reset_requested": true, "factor_reset_approved": true,
		"support_request_requested": true, "support_request_approved": true,
	}
	for _, tpl := range notify.Templates() {
		facts, secrets := samples(tpl)
		if may[tpl.Name] {
			assert.Contains(t, tpl.Secrets, "link", tpl.Name)
			delete(secrets, "link")
		} else {
			assert.NotContains(t, tpl.Secrets, "link", tpl.Name)
		}
		for fact := range facts {
			hostile := maps.Clone(facts)
			hostile[fact] = "https://evil.example/sign-in www.evil.example mailto:a@evil.example HTTPS：／／evil.example"
			for _, locale := range notify.Locales() {
				text, err := w.Render(locale, tpl.Name, hostile, secrets, "http://evil.example")
				require.NoError(t, err)
				assert.Empty(t, links.FindString(text.Plain), "%s with a hostile %s: %s", tpl.Name, fact, text.Plain)
				assert.NotContains(t, text.HTML, "href", tpl.Name)
				assert.NotContains(t, text.Plain, "evil.example", tpl.Name)
			}
		}
	}
}

func TestTheLockMessageTellsReasonTimePlaceAndWhatToDo(t *testing.T) {
	w := startIn(t, okpay.Config{Zone: shanghai(t)}, full)
	text, err := w.Render("en", "sign_in_locked", map[string]string{
		"reason": "too_many_failures", "authenticator": "password", "at": "2026-01-02T03:04:05Z", "until": "2026-01-02T04:04:05Z",
		"device": "Firefox on Linux", "place": "Berlin, DE", "address": "203.0.113.0/24", "advice": "wait,verify_identity,reset_password,contact_support",
	}, nil, "")
	require.NoError(t, err)
	for _, want := range []string{
		"Reason: too many wrong entries", "Time: 2 January 2026, 11:04 (UTC+08:00)", "Locked until: 2 January 2026, 12:05", "Place: Berlin, DE",
		"Device: Firefox on Linux", "What you can do now: wait until the time above, prove in the app that the account is yours, reset your password in the app, call our hotline.",
	} {
		assert.Contains(t, text.Plain, want)
	}
	assert.NotContains(t, text.HTML, "href")
	text, err = w.Render("zh-CN", "account_locked", map[string]string{"reason": "risk", "at": "2026-01-02T03:04:05Z"}, nil, "")
	require.NoError(t, err)
	assert.Contains(t, text.Plain, "原因:发现安全风险")
	assert.Contains(t, text.Plain, "2026年1月2日 11:04(UTC+08:00)")
}

func TestWhatIsPossibleAgainIsNotSaidToBeSoTooEarly(t *testing.T) {
	w := start(t)
	facts := map[string]string{
		"until": "2026-01-02T03:04:30Z", "withdrawals_from": "2026-01-02T03:04:30Z", "payout_from": "2026-01-02T03:04:30Z",
		"next_from": "2026-01-02T03:04:30Z", "deadline": "2026-01-02T03:04:30Z", "at": "2026-01-02T02:00:00Z", "kind": "email", "purpose": "unlock",
	}
	for template, want := range map[string]string{
		"sign_in_locked":        "Locked until: 2 January 2026, 03:05",
		"password_changed":      "withdrawals are possible again from 2 January 2026, 03:05",
		"factor_removed":        "from 2 January 2026, 03:05",
		"restriction_permanent": "2 January 2026, 03:05",
		"appeal_denied":         "again from 2 January 2026, 03:05",
		// Until when something is possible is not said to be later than it is.
		"verification_code":  "good until 2 January 2026, 03:04",
		"account_restricted": "send it by 2 January 2026, 03:04",
	} {
		text, err := w.Render("en", template, facts, map[string]string{"code": "12345678"}, "")
		require.NoError(t, err)
		assert.Contains(t, text.Plain, want, template)
	}
	facts["until"] = "2026-01-02T03:04:00Z"
	text, err := w.Render("en", "sign_in_locked", facts, nil, "")
	require.NoError(t, err)
	assert.Contains(t, text.Plain, "Locked until: 2 January 2026, 03:04", "a whole minute is that minute")
}

func TestEveryAuthenticatorThatLocksHasAName(t *testing.T) {
	w := start(t)
	for _, locale := range notify.Locales() {
		said := map[string]string{}
		for _, a := range []lockout.Authenticator{lockout.Password, lockout.OneTimeCode, lockout.RecoveryCode, "code", "question", "another"} {
			text, err := w.Render(locale, "sign_in_locked", map[string]string{"authenticator": string(a)}, nil, "")
			require.NoError(t, err)
			assert.Empty(t, said[text.Plain], "%s reads like %s", a, said[text.Plain])
			said[text.Plain] = string(a)
		}
	}
}

func TestAnUnknownDeviceIsUnknownInEachLanguage(t *testing.T) {
	w := start(t)
	for locale, want := range map[string]string{"en": "Device: unknown", "zh-CN": "设备:未知"} {
		text, err := w.Render(locale, "new_sign_in", map[string]string{"device": "unknown"}, nil, "")
		require.NoError(t, err)
		assert.Contains(t, text.Plain, want)
	}
}

func TestAmountsHaveTheirCurrencysDecimals(t *testing.T) {
	w := start(t)
	for value, want := range map[string]string{
		"1234567.50 CNY": "1,234,567.50 CNY", "1000 JPY": "1,000 JPY", "0.005 KWD": "0.005 KWD", "-12.00 USD": "-12.00 USD",
		"999.99 USD": "999.99 USD", "1.00 CNY; 2 JPY": "1.00 CNY; 2 JPY", "12.00 <b>": "12.00 <b>", "x": "x",
	} {
		text, err := w.Render("en", "transfer_sent", map[string]string{"amount": value}, nil, "")
		require.NoError(t, err)
		assert.Contains(t, text.Plain, "You sent "+want+".", value)
	}
}

// TestEveryTemplateHasATextAndEveryTextATemplate holds the texts to the tables of the packages
// that queue messages.
func TestEveryTemplateHasATextAndEveryTextATemplate(t *testing.T) {
	texts := map[string]notify.Template{}
	for _, tpl := range notify.Templates() {
		assert.NotContains(t, texts, tpl.Name, "it stands twice")
		texts[tpl.Name] = tpl
	}
	used := map[string]bool{notify.Fallback: true, notify.Digest: true, notify.Bouncing: true}
	for _, name := range okpay.MessageTemplates() {
		assert.Contains(t, texts, name, "it has no text")
		used[name] = true
	}
	// What texts do not speak of: ids, and what only tells one message from another.
	silent := []string{"generation", "notice", "restriction", "state"}
	held := func(name string, facts, secrets []string) {
		used[name] = true
		tpl, ok := texts[name]
		if !assert.True(t, ok, "%s has no text", name) {
			return
		}
		for _, fact := range tpl.Facts {
			assert.Contains(t, facts, fact, "%s speaks of what its messages lack", name)
		}
		for _, fact := range facts {
			if fact == "case" || fact == "until" && strings.Contains("support_request_canceled support_request_done caller_proof_declined", name) {
				continue // it has a number, or is over
			}
			assert.True(t, slices.Contains(tpl.Facts, fact) || slices.Contains(silent, fact), "%s says nothing of %s", name, fact)
		}
		want := slices.Clone(secrets)
		for i, s := range want {
			if s == "token" { // which becomes a link
				want[i] = "link"
			}
		}
		assert.ElementsMatch(t, want, tpl.Secrets, name)
	}
	for _, x := range identity.Templates() {
		held(x.Name, x.Facts, x.Secrets)
	}
	for _, x := range care.Templates() {
		held(x.Name, x.Facts, x.Secret)
	}
	for name := range texts {
		assert.True(t, used[name], "%s is the text of nothing", name)
	}
}

func TestTextsAreReadStrictly(t *testing.T) {
	good, err := os.ReadFile("texts/en.json")
	require.NoError(t, err)
	_, err = notify.ParseLanguage(good)
	require.NoError(t, err)
	text := func(body ...string) map[string]any { return map[string]any{"subject": "s", "body": body} }
	set := func(group, name string, value any) func(map[string]any) {
		return func(m map[string]any) { m[group].(map[string]any)[name] = value }
	}
	for name, c := range map[string]struct {
		change func(map[string]any)
		want   string
	}{
		"a text without template":      {set("templates", "nobody", text("x")), "nobody is a text without template"},
		"a template without text":      {func(m map[string]any) { delete(m["templates"].(map[string]any), "transfer_sent") }, "transfer_sent has no text"},
		"a fact that is missing":       {set("templates", "transfer_sent", text("{amount}")), "transfer_sent speaks of"},
		"a fact that no message has":   {set("templates", "transfer_sent", text("{amount} {transfer} {note}")), "transfer_sent speaks of"},
		"a brace alone":                {set("templates", "transfer_sent", text("{amount} {transfer} }")), "a brace stands alone"},
		"a name that is none":          {set("templates", "transfer_sent", text("{amount} {transfer} {.X}")), "a name in braces is none"},
		"a part that is missing":       {set("templates", "transfer_sent", text("{amount} {transfer}", "@nothing")), `part "nothing" is missing`},
		"a part that nothing uses":     {set("parts", "idle", []string{"x"}), "part idle is not used"},
		"a fact in a subject":          {set("templates", "transfer_sent", map[string]any{"subject": "{amount}", "body": []string{"{amount} {transfer}"}}), "a fact in its subject"},
		"no subject":                   {set("templates", "transfer_sent", map[string]any{"subject": " ", "body": []string{"{amount} {transfer}"}}), "no subject or no body"},
		"a frame that is missing":      {func(m map[string]any) { delete(m["frame"].(map[string]any), "phrase") }, "frame phrase is missing"},
		"a frame that nothing uses":    {set("frame", "idle", "x"), "frames that nothing uses"},
		"words without one for others": {set("words", "reason", map[string]string{"risk": "x"}), "words of reason"},
		"a field that is not known":    {func(m map[string]any) { m["more"] = 1 }, "unknown field"},
	} {
		t.Run(name, func(t *testing.T) {
			var m map[string]any
			require.NoError(t, json.Unmarshal(good, &m))
			c.change(m)
			b, err := json.Marshal(m)
			require.NoError(t, err)
			_, err = notify.ParseLanguage(b)
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err = notify.ParseLanguage(append(slices.Clone(good), "{}"...))
	require.ErrorContains(t, err, "something follows")
}

func TestConfigIsChecked(t *testing.T) {
	w := start(t)
	for name, c := range map[string]notify.Config{
		"no domain":         {Mailer: w.sim},
		"no host":           {Mailer: w.sim, Domain: "a b"},
		"headers in brand":  {Brand: "x\r\nBcc: a@b.c"},
		"a digest":          {Digest: "daily"},
		"a link":            {Links: map[string]string{"welcome": "http://x"}},
		"a channel":         {Channels: []notify.Channel{{Kind: "fax", Value: "1"}}},
		"a channel's link":  {Channels: []notify.Channel{{Kind: "web", Value: "https://x"}}},
		"a time that is no": {GiveUp: -1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := notify.New(w.Wallet, c)
			require.ErrorIs(t, err, okpay.InvalidRequest)
		})
	}
	_, err := notify.New(nil, notify.Config{})
	require.ErrorIs(t, err, okpay.InvalidRequest)
}

// TestDocsAreDrawnFromTheTables holds the tables of docs/notifications.md to the code; run it with
// -update after a change.
func TestDocsAreDrawnFromTheTables(t *testing.T) {
	tables.Document(t, "../../docs/notifications.md", doc(t), *update)
}

func doc(t *testing.T) string {
	var b strings.Builder
	b.WriteString("\n## States of a send\n\n")
	b.WriteString("```mermaid\nstateDiagram-v2\n")
	m := notify.SendMachine().Drawn()
	for _, r := range m.Rows {
		from := r.From
		if from == "" {
			from = "[*]"
		}
		b.WriteString("    " + from + " --> " + r.To + ": " + string(r.On))
		if r.Guard != okpay.Always {
			b.WriteString(" [" + string(r.Guard) + "]")
		}
		b.WriteString("\n")
	}
	b.WriteString("```\n\n## Events\n\n| type | when |\n|---|---|\n")
	for _, e := range notify.Events() {
		b.WriteString("| " + e.Type + " | " + e.When + " |\n")
	}
	b.WriteString("\n## Templates\n\n| template | facts | asked for when sent | security | subject |\n|---|---|---|---|---|\n")
	w := start(t)
	for _, tpl := range notify.Templates() {
		yes := ""
		if tpl.Security {
			yes = "yes"
		}
		en, err := w.Render("en", tpl.Name, nil, nil, "")
		require.NoError(t, err)
		zh, err := w.Render("zh-CN", tpl.Name, nil, nil, "")
		require.NoError(t, err)
		b.WriteString("| " + strings.Join([]string{tpl.Name, strings.Join(tpl.Facts, ", "), strings.Join(tpl.Secrets, ", "), yes, en.Subject + " / " + zh.Subject}, " | ") + " |\n")
	}
	return b.String()
}
