package notify_test

import (
	"context"
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/notify"
)

// tags are the only ones that a page has.
var tags = regexp.MustCompile(`<[^>]*>`)

func knownTag(tag string) bool {
	switch tag {
	case "<!DOCTYPE html>", `<html lang="en">`, `<html lang="zh-CN">`, "</html>", "<head>", "</head>", `<meta charset="utf-8">`,
		"<title>", "</title>", "<body>", "</body>", "<p>", "</p>":
		return true
	}
	return false
}

func harmless(t testing.TB, text notify.Text) {
	for _, tag := range tags.FindAllString(text.HTML, -1) {
		assert.True(t, knownTag(tag), "a tag that no page has: %q", tag)
	}
	assert.Empty(t, links.FindString(text.Plain), "a link: %q", text.Plain)
	assert.Empty(t, links.FindString(html.UnescapeString(tags.ReplaceAllString(text.HTML, ""))), text.HTML)
	for _, line := range []string{text.Subject, text.Short} {
		assert.False(t, strings.ContainsFunc(line, unicode.IsControl), "%q", line)
	}
	for _, s := range []string{text.Subject, text.Plain, text.HTML, text.Short} {
		assert.True(t, utf8.ValidString(s))
		assert.False(t, strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf) }), "%q", s)
	}
}

func hostile() []string {
	return []string{
		"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "{{.Secret}} {code} {brand} {{html}}", "x\r\nBcc: evil@example.com\r\n\r\nbody",
		"x\n.\nRCPT TO:<evil@example.com>", "\u202ehttps://evil.example\u202c", "https://evil.example", "evil.example/sign-in", "javascript:alert(1)",
		"\x00\x1b[2J", "=?utf-8?B?ZXZpbA==?=", "%0d%0aBcc: a@b.c", "\u2028line", "http:\\\\evil.example", "a\u200b.example", strings.Repeat("长", 5000),
		"www。evil。example", "\xff\xfe", "&lt;script&gt;", "</p></body>",
	}
}

func TestHostileFactsAreHarmless(t *testing.T) {
	w := start(t, full)
	for _, tpl := range notify.Templates() {
		for _, value := range hostile() {
			for _, locale := range notify.Locales() {
				facts := map[string]string{}
				for _, f := range tpl.Facts {
					facts[f] = value
				}
				text, err := w.Render(locale, tpl.Name, facts, nil, value)
				require.NoError(t, err)
				harmless(t, text)
				assert.LessOrEqual(t, notify.Segments(notify.Shorten(text.Short)), 3)
			}
		}
	}
}

func FuzzHostileFactsAreHarmless(f *testing.F) {
	for _, value := range hostile() {
		f.Add(value, value)
	}
	l, err := ledger.Open(context.Background(), memstore.New(), ledger.Config{Chart: okpay.Chart()})
	require.NoError(f, err)
	f.Cleanup(func() { _ = l.Close(context.Background()) })
	w, err := okpay.New(l, okpay.Config{})
	require.NoError(f, err)
	n, err := notify.New(w, notify.Config{})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, value, phrase string) {
		for _, name := range []string{"new_sign_in", "payment_failed", "account_restricted", "verification_code", "case_opened"} {
			facts := map[string]string{}
			for _, fact := range []string{"device", "place", "address", "at", "amount", "failure", "payment", "reason", "capabilities", "until", "purpose", "number", "category"} {
				facts[fact] = value
			}
			text, err := n.Render("en", name, facts, nil, phrase)
			require.NoError(t, err)
			harmless(t, text)
		}
	})
}

func TestSegmentsOfTextMessages(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"nothing is one":               {"", 1},
		"160 of the GSM alphabet":      {strings.Repeat("a", 160), 1},
		"one more makes two":           {strings.Repeat("a", 161), 2},
		"306 are two":                  {strings.Repeat("a", 306), 2},
		"307 are three":                {strings.Repeat("a", 307), 3},
		"the euro counts twice":        {strings.Repeat("€", 80), 1},
		"so 81 are two":                {strings.Repeat("€", 81), 2},
		"70 Chinese characters":        {strings.Repeat("中", 70), 1},
		"71 are two":                   {strings.Repeat("中", 71), 2},
		"134 are two":                  {strings.Repeat("中", 134), 2},
		"135 are three":                {strings.Repeat("中", 135), 3},
		"one of them changes them all": {strings.Repeat("a", 70) + "中", 2},
		"an emoji is two units":        {strings.Repeat("😀", 35), 1},
		"36 of them are two":           {strings.Repeat("😀", 36), 2},
	} {
		assert.Equal(t, c.want, notify.Segments(c.text), name)
	}
	for _, s := range []string{strings.Repeat("a", 5000), strings.Repeat("中", 5000)} {
		assert.LessOrEqual(t, notify.Segments(notify.Shorten(s)), 3)
	}
	assert.Equal(t, "short", notify.Shorten("short"))
}
