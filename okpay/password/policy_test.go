package password_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/password"
)

// known is a set of passwords from breaches that needs no network.
type known map[string]int

func (k known) Count(_ context.Context, p password.Password) (int, error) {
	return k[p.Reveal()], nil
}

// unavailable never answers.
type unavailable struct{}

func (unavailable) Count(context.Context, password.Password) (int, error) {
	return 0, fmt.Errorf("%w: no route", password.ErrBreachCheck)
}

// code is what a check came to: "ok" or a code.
func code(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return "ok"
	}
	var violation *password.Violation
	require.ErrorAs(t, err, &violation)
	return string(violation.Code)
}

func TestPolicyVectors(t *testing.T) {
	t.Parallel()
	v := readVectors(t).Policy
	h := newHasher(t, password.Config{Params: cheap()})
	profiles := map[string]struct {
		rules        password.Rules
		secondFactor bool
	}{
		"guide": {password.Guide, false}, "nist_single": {password.NIST, false}, "nist_mfa": {password.NIST, true},
	}
	blocklists := map[string]password.Blocklist{
		"sample": password.NewWords(v.Blocklist...), "default": nil,
	}
	for list, blocklist := range blocklists {
		for profile, p := range profiles {
			policy := password.Policy{Rules: p.rules, Blocklist: blocklist, Breaches: known(v.Breaches)}
			for _, c := range v.Cases {
				t.Run(fmt.Sprintf("%s/%s/%d %s", list, profile, c.ID, c.Name), func(t *testing.T) {
					t.Parallel()
					about := password.Context{
						Email: v.Context.Email, DisplayName: v.Context.DisplayName, Phone: v.Context.Phone,
						ProductWords: v.Context.ProductWords, SecondFactor: p.secondFactor,
					}
					if c.Current != nil {
						hash, err := h.Hash(t.Context(), password.New(*c.Current))
						require.NoError(t, err)
						about.IsCurrent = h.IsCurrent(hash)
					}
					_, err := policy.Check(t.Context(), password.New(c.text(t)), about)
					require.Contains(t, c.Expect, profile)
					assert.Equal(t, c.Expect[profile], code(t, err))
				})
			}
		}
	}
}

// Each password breaks the rule it is named for and some that are checked later.
func TestPolicyOrder(t *testing.T) {
	t.Parallel()
	h := newHasher(t, password.Config{Params: cheap()})
	current := func(text string) func(context.Context, password.Password) (bool, error) {
		hash, err := h.Hash(t.Context(), password.New(text))
		require.NoError(t, err)
		return h.IsCurrent(hash)
	}
	single, guide := password.NIST, password.Guide
	tests := []struct {
		name    string
		rules   password.Rules
		text    string
		current string
		want    password.Code
	}{
		{"too many bytes before the encoding", single, strings.Repeat("\xff", 1025), "", password.TooLong},
		{"the encoding before characters", single, "a\x00\xff", "", password.InvalidEncoding},
		{"too many characters before forbidden ones", single, strings.Repeat("\x00", 257), "", password.TooLong},
		{"forbidden characters before the length", single, "a\x00", "", password.ForbiddenCharacter},
		{"the length before the current one", single, "kT7#vq2!mZ", "kT7#vq2!mZ", password.TooShort},
		{"the current one before common ones", guide, "Password1!", "Password1!", password.Unchanged},
		{"common ones before repetition", guide, "1111111111", "", password.Common},
		{"common ones before runs", guide, "1234567890", "", password.Common},
		{"common ones before the context", guide, "okpay-listed", "", password.Common},
		{"common ones before composition", guide, "qwertyuiop", "", password.Common},
		{"repetition before the context", guide, "7777777777777777", "", password.TooRepetitive},
		{"repetition before composition", guide, "aabbaabbaabb", "", password.TooRepetitive},
		{"runs before the context", guide, "23456789012", "", password.Sequential},
		{"runs before composition", guide, "ponmlkjihgf", "", password.Sequential},
		{"the context before composition", guide, "okpayokpay", "", password.ContextWord},
		{"the context before breaches", guide, "okpay-2024-okpay", "", password.ContextWord},
		{"composition before breaches", guide, "hvqmwzrtlkdx", "", password.NeedsLetterDigitSymbol},
		{"breaches at last", guide, "kT7#vq2!mZ", "", password.Breached},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			policy := password.Policy{
				Rules:     test.rules,
				Blocklist: password.AnyOf{password.DefaultBlocklist(), password.NewWords("okpay-listed", "1111111111")},
				Breaches:  known{"okpay-2024-okpay": 1, "hvqmwzrtlkdx": 1, "kT7#vq2!mZ": 1},
			}
			about := password.Context{Phone: "7777777777777", ProductWords: []string{"OKPay", "23456789012"}}
			if test.current != "" {
				about.IsCurrent = current(test.current)
			}
			_, err := policy.Check(t.Context(), password.New(test.text), about)
			assert.Equal(t, string(test.want), code(t, err))
		})
	}
}

func TestPolicyRules(t *testing.T) {
	t.Parallel()
	about := password.Context{
		Email: "Grey.Heron77+OKPay@example.com", DisplayName: "Blue La-Rk Ñandú", Phone: "+86 138-0013-8000",
		ProductWords: []string{"OK Pay", "pay"},
	}
	const ok = "ok"
	tests := []struct {
		name  string
		rules password.Rules
		text  string
		want  string
	}{
		{"nine characters", password.Guide, "kT7#vq2!m", "too_short"},
		{"ten with all kinds", password.Guide, "kT7#vq2!mZ", ok},
		{"ten without a digit", password.Guide, "kTx#vqw!mZ", "needs_letter_digit_symbol"},
		{"ten without a symbol", password.Guide, "kT7xvq2ymZ", "needs_letter_digit_symbol"},
		{"ten without a letter", password.Guide, "4937#62!85", "needs_letter_digit_symbol"},
		{"a space is a symbol", password.Guide, "kT7 vq2 mZ", ok},
		{"letters and digits of other scripts", password.Guide, "密码猫起床٣吃饭早上!", ok},
		{"an emoji is a symbol", password.Guide, "kT7vq2mZxw🦊", ok},
		{"a mark is no symbol", password.Guide, "kT7vq2mZx\u0331w", "needs_letter_digit_symbol"},
		{"fourteen letters", password.Guide, "hvqmwzrtlkdxpe", "needs_letter_digit_symbol"},
		{"fifteen letters", password.Guide, "hvqmwzrtlkdxpej", ok},
		{"fifteen are counted in NFC", password.Guide, strings.Repeat("e\u0301", 4) + "vqmwzrtlkd", "needs_letter_digit_symbol"},
		{"fourteen letters by NIST", password.NIST, "hvqmwzrtlkdxpe", "too_short"},
		{"fifteen letters by NIST", password.NIST, "hvqmwzrtlkdxpej", ok},

		{"a tabulator", password.Guide, "purple\tferry lantern", "forbidden_character"},
		{"a C1 control", password.Guide, "purple\u0085ferry lantern", "forbidden_character"},
		{"a noncharacter of the BMP", password.Guide, "purple\ufdd0ferry lantern", "forbidden_character"},
		{"a noncharacter at the end of the BMP", password.Guide, "purple\uffffferry lantern", "forbidden_character"},
		{"the last of all code points", password.Guide, "purple\U0010ffffferry lantern", "forbidden_character"},
		{"a replacement character", password.Guide, "purple\ufffdferry lantern", ok},
		{"a joiner and a variation selector", password.Guide, "👩\u200d🚀🛰\ufe0fferry lantern", ok},
		{"a private character", password.Guide, "purple\ue000ferry lantern", ok},

		{"common with leet letters", password.Guide, "qw3rtyu10p", "common"},
		{"common with an end of digits and symbols", password.Guide, "Sunshine#2026", "common"},
		{"common with leet letters and an end", password.Guide, "5un$h1ne!2026", "common"},
		{"leet letters at the end", password.Guide, "iloveyou!!", "common"},
		{"common with something before it", password.Guide, "#1-password", ok},
		{"common inside of a phrase", password.Guide, "sunshine lantern", ok},
		{"full-width letters", password.Guide, "ｓｕｎｓｈｉｎｅ２０２６", "common"},

		{"one character", password.Guide, strings.Repeat("猫", 20), "too_repetitive"},
		{"two characters", password.Guide, strings.Repeat("ab", 10), "too_repetitive"},
		{"three characters", password.Guide, strings.Repeat("xy7", 6), "too_repetitive"},
		{"three characters in two cases", password.Guide, strings.Repeat("aAbBcC", 3), "too_repetitive"},
		{"four characters", password.Guide, strings.Repeat("kT7#", 4), ok},

		{"upwards", password.Guide, "bcdefghijklmnopq", "sequential"},
		{"downwards", password.Guide, "qponmlkjihgfedcb", "sequential"},
		{"in both cases", password.Guide, "AbCdEfGhIjKlMnOp", "sequential"},
		{"digits over nine", password.Guide, "6789012345678901", "sequential"},
		{"digits below zero", password.Guide, "3210987654321098", "sequential"},
		{"up and down", password.Guide, "abcdefghgfedcbab", ok},
		{"a run with something behind it", password.Guide, "abcdefghijklmno-", ok},
		{"a run without an end is long enough", password.NIST, "ghijklmnopqrstu", "sequential"},

		{"the product with other spelling", password.Guide, "OKPAY-ok-pay-26", "context_word"},
		{"the product with leet letters", password.Guide, "0kp4y-0kp4y-99", "context_word"},
		{"the product with five more characters", password.Guide, "okpay-lantx-1", ok},
		{"a word that is too short", password.Guide, "pay-pay-pay-99", ok},
		{"the local part as a whole", password.Guide, "grey-heron77-okpay-1", "context_word"},
		{"a piece of the local part", password.Guide, "heron77.1990", "context_word"},
		{"the domain is not looked at", password.Guide, "example.2026!", ok},
		{"a piece of the name", password.Guide, "ÑANDú--2026!", "context_word"},
		{"a piece of the name, decomposed", password.Guide, "n\u0303andu\u0301--2026!", "context_word"},
		{"the end of the phone number", password.Guide, "13800138000-abc", "context_word"},
		{"the phone number with its country", password.Guide, "+8613800138000", "context_word"},
		{"a piece of the phone number", password.Guide, "0013-8000-kTv!", ok},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := password.Policy{Rules: test.rules}.Check(t.Context(), password.New(test.text), about)
			assert.Equal(t, test.want, code(t, err))
		})
	}
}

func TestPolicyTellsTheLimit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		policy password.Policy
		about  password.Context
		text   string
		want   password.Violation
	}{
		{password.Policy{}, password.Context{}, "short", password.Violation{Code: password.TooShort, Limit: 10}},
		{password.Policy{}, password.Context{SecondFactor: true}, "short", password.Violation{Code: password.TooShort, Limit: 10}},
		{password.Policy{Rules: password.NIST}, password.Context{}, "short", password.Violation{Code: password.TooShort, Limit: 15}},
		{password.Policy{Rules: password.NIST}, password.Context{SecondFactor: true}, "short", password.Violation{Code: password.TooShort, Limit: 8}},
		{password.Policy{}, password.Context{}, strings.Repeat("x", 300), password.Violation{Code: password.TooLong, Limit: 256}},
		{password.Policy{}, password.Context{}, "hvqmwzrtlkdx", password.Violation{Code: password.NeedsLetterDigitSymbol, Limit: 15}},
	}
	for _, test := range tests {
		_, err := test.policy.Check(t.Context(), password.New(test.text), test.about)
		var got *password.Violation
		require.ErrorAs(t, err, &got)
		assert.Equal(t, test.want, *got)
	}
}

func TestPolicyAsksForBreaches(t *testing.T) {
	t.Parallel()
	const text = "purple ferry lantern"
	check := func(ctx context.Context, p password.Policy) (password.Report, error) {
		return p.Check(ctx, password.New(text), password.Context{})
	}

	report, err := check(t.Context(), password.Policy{})
	require.NoError(t, err)
	assert.Equal(t, password.Report{BreachCheck: password.BreachNotAsked}, report)

	report, err = check(t.Context(), password.Policy{Breaches: known{}})
	require.NoError(t, err)
	assert.Equal(t, password.Report{BreachCheck: password.BreachClear}, report)

	report, err = check(t.Context(), password.Policy{Breaches: known{text: 1}})
	require.ErrorIs(t, err, password.Breached)
	assert.Equal(t, password.BreachFound, report.BreachCheck)

	report, err = check(t.Context(), password.Policy{Breaches: unavailable{}})
	require.NoError(t, err, "open unless told otherwise")
	assert.Equal(t, password.BreachUnknown, report.BreachCheck)
	require.ErrorIs(t, report.Unavailable, password.ErrBreachCheck)

	report, err = check(t.Context(), password.Policy{Breaches: unavailable{}, RequireBreachCheck: true})
	require.ErrorIs(t, err, password.BreachCheckUnavailable)
	assert.Equal(t, password.BreachUnknown, report.BreachCheck)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = check(ended, password.Policy{Breaches: unavailable{}})
	require.ErrorIs(t, err, context.Canceled, "nobody waits for the answer")

	// What another rule refuses is not asked for.
	report, err = password.Policy{Breaches: unavailable{}}.Check(t.Context(), password.New("short"), password.Context{})
	require.ErrorIs(t, err, password.TooShort)
	assert.Equal(t, password.Report{}, report)
}

func TestPolicyAndTheCurrentPassword(t *testing.T) {
	t.Parallel()
	h := newHasher(t, password.Config{Params: cheap()})
	const text = "purple ferry lantern"
	hash, err := h.Hash(t.Context(), password.New(text))
	require.NoError(t, err)
	peppered, err := newHasher(t, password.Config{Params: cheap(), Peppers: []password.Pepper{pepper(t, "k")}}).
		Hash(t.Context(), password.New(text))
	require.NoError(t, err)

	check := func(ctx context.Context, text, hash string) error {
		_, err := password.Policy{}.Check(ctx, password.New(text), password.Context{IsCurrent: h.IsCurrent(hash)})
		return err
	}
	require.ErrorIs(t, check(t.Context(), text, hash), password.Unchanged)
	require.NoError(t, check(t.Context(), text+"!", hash))
	for name, broken := range map[string]string{
		"malformed": "nonsense", "without its pepper": peppered,
		"too costly": "$argon2id$v=19$m=4194304,t=2,p=1$" + someSalt + "$" + someTag,
	} {
		require.NoError(t, check(t.Context(), text, broken), "a hash that is %s must not keep its owner out", name)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, check(ended, text, hash), context.Canceled)
}

func TestSentences(t *testing.T) {
	t.Parallel()
	codes := password.Codes()
	assert.Len(t, codes, 12)
	seen := map[string]bool{}
	for _, code := range codes {
		v := &password.Violation{Code: code, Limit: 37}
		english, chinese := v.Text("en"), v.Text("zh-CN")
		assert.NotContains(t, english+chinese, "%", code)
		assert.False(t, strings.ContainsFunc(english, func(r rune) bool { return unicode.Is(unicode.Han, r) }), code)
		assert.True(t, strings.ContainsFunc(chinese, func(r rune) bool { return unicode.Is(unicode.Han, r) }), code)
		assert.False(t, seen[english] || seen[chinese], code)
		seen[english], seen[chinese] = true, true
		for _, locale := range []string{"zh", "ZH_cn", "zh-Hans"} {
			assert.Equal(t, chinese, v.Text(locale))
		}
		for _, locale := range []string{"", "fr", "zhx"} {
			assert.Equal(t, english, v.Text(locale))
		}
		require.ErrorIs(t, v, code)
		assert.Contains(t, v.Error(), string(code))
	}
	assert.NotErrorIs(t, &password.Violation{Code: password.TooShort}, password.TooLong)
	assert.Equal(t, "strange", (&password.Violation{Code: "strange"}).Text("en"))
}

func FuzzPolicy(f *testing.F) {
	for _, c := range readVectors(f).Policy.Cases {
		if text := c.text(f); len(text) < 2000 {
			f.Add(text, "alice.smith@example.com", "Alice Smith", "+8613800138000")
		}
	}
	f.Fuzz(func(t *testing.T, text, email, name, phone string) {
		about := password.Context{Email: email, DisplayName: name, Phone: phone, ProductWords: []string{"okpay", name}}
		for _, rules := range []password.Rules{password.Guide, password.NIST} {
			_, err := password.Policy{Rules: rules}.Check(t.Context(), password.New(text), about)
			got := code(t, err)
			_, again := password.Policy{Rules: rules}.Check(t.Context(), password.New(text), about)
			assert.Equal(t, got, code(t, again))
			if got == "ok" {
				assert.LessOrEqual(t, len(text), password.MaxBytes)
				assert.GreaterOrEqual(t, len([]rune(text)), 10)
			}
			// What NIST allows alone, it allows beside a second factor.
			if about.SecondFactor = true; rules == password.NIST && got == "ok" {
				_, err := password.Policy{Rules: rules}.Check(t.Context(), password.New(text), about)
				assert.NoError(t, err)
			}
			about.SecondFactor = false
		}
	})
}

func TestRulesThatAreNeitherJudgeNothing(t *testing.T) {
	t.Parallel()
	_, err := password.Policy{Rules: 7}.Check(t.Context(), password.New("a password that is long enough"), password.Context{})
	require.ErrorIs(t, err, password.ErrInvalidConfig, "and do not let it pass")
}
