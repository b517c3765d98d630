package password

import (
	"fmt"
	"strings"
)

// Code names the rule that a password breaks. A Code is an error, so that
// errors.Is(err, password.TooShort) tells what a *Violation is about.
type Code string

// Error returns the code.
func (c Code) Error() string { return string(c) }

// The codes, in the order in which they are checked; the package comment has the whole
// order. A Hasher returns the first two alone.
const (
	TooLong                Code = "too_long"
	InvalidEncoding        Code = "invalid_encoding"
	ForbiddenCharacter     Code = "forbidden_character"
	TooShort               Code = "too_short"
	Unchanged              Code = "unchanged"
	Common                 Code = "common"
	TooRepetitive          Code = "too_repetitive"
	Sequential             Code = "sequential"
	ContextWord            Code = "context_word"
	NeedsLetterDigitSymbol Code = "needs_letter_digit_symbol"
	Breached               Code = "breached"
	BreachCheckUnavailable Code = "breach_check_unavailable"
)

// sentence is what a person is told, with the limit where a %d stands.
type sentence struct {
	code             Code
	english, chinese string
}

// sentences are in the order of the codes.
var sentences = []sentence{
	{
		TooLong,
		"The password is too long: use at most %d characters.",
		"密码过长:最多可使用 %d 个字符。",
	},
	{
		InvalidEncoding,
		"The password contains something that is not text. Please type it again.",
		"密码中含有无法识别的内容,请重新输入。",
	},
	{
		ForbiddenCharacter,
		"The password contains a character that can not be typed reliably. Please leave it out.",
		"密码中含有不可用的控制字符,请将其去掉。",
	},
	{
		TooShort,
		"The password is too short: use at least %d characters.",
		"密码过短:至少需要 %d 个字符。",
	},
	{
		Unchanged,
		"This is your current password. Please choose another one.",
		"新密码与当前密码相同,请另选一个。",
	},
	{
		Common,
		"This password is one of the first that attackers try. Please choose another one.",
		"该密码过于常见,极易被猜中,请另选一个。",
	},
	{
		TooRepetitive,
		"The password repeats the same few characters. Please choose another one.",
		"密码由少数几个字符重复组成,请另选一个。",
	},
	{
		Sequential,
		"The password is a simple run of letters or digits. Please choose another one.",
		"密码是连续的字母或数字,请另选一个。",
	},
	{
		ContextWord,
		"The password is mostly your name, your address or ours. Please choose another one.",
		"密码主要由您的姓名、邮箱、电话或本服务的名称组成,请另选一个。",
	},
	{
		NeedsLetterDigitSymbol,
		"Use letters, digits and symbols together, or at least %d characters of any kind.",
		"请同时使用字母、数字和特殊符号,或使用至少 %d 个任意字符。",
	},
	{
		Breached,
		"This password is known from a data breach. Please choose another one, and change it wherever you use it.",
		"该密码曾出现在数据泄露事件中,请另选一个;如在别处使用过,也请一并更改。",
	},
	{
		BreachCheckUnavailable,
		"The password can not be checked right now. Please try again in a few minutes.",
		"暂时无法检查该密码,请过几分钟再试。",
	},
}

// Codes returns all codes in the order in which they are checked.
func Codes() []Code {
	codes := make([]Code, len(sentences))
	for i, s := range sentences {
		codes[i] = s.code
	}
	return codes
}

// Violation says which rule a password breaks. It matches its Code with errors.Is. It
// holds nothing of the password, not even its length.
type Violation struct {
	Code Code

	// Limit is the number of characters in the rule: the most for TooLong, the least for
	// TooShort, and for NeedsLetterDigitSymbol the length from which anything will do. It
	// is 0 for the other codes.
	Limit int
}

// Error returns the code and the English sentence.
func (v *Violation) Error() string {
	return "password: " + string(v.Code) + ": " + v.Text("en")
}

// Is reports whether target is the violation's Code.
func (v *Violation) Is(target error) bool { return target == v.Code }

// Text returns a sentence for the person who chose the password: in Simplified Chinese for
// "zh" and every locale that begins with "zh-" or "zh_", in English for the others.
func (v *Violation) Text(locale string) string {
	language, _, _ := strings.Cut(strings.ReplaceAll(locale, "_", "-"), "-")
	for _, s := range sentences {
		if s.code != v.Code {
			continue
		}
		text := s.english
		if strings.EqualFold(language, "zh") {
			text = s.chinese
		}
		if strings.Contains(text, "%d") {
			text = fmt.Sprintf(text, v.Limit)
		}
		return text
	}
	return string(v.Code)
}
