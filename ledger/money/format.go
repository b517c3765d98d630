package money

import (
	"slices"
	"strconv"
	"strings"
)

// yuanZH is what Format writes behind amounts of CNY in Chinese, where its name,
// 人民币, is not a word to count with.
const yuanZH = "元"

// Text returns the digits of a with exactly as many decimals as its currency has:
// "19.95", "-0.05", or "10" of JPY. Parse reads it back.
func (a Amount) Text() string {
	// The longest has a sign, 19 digits, a point and a zero for each of 18 decimals.
	return string(a.appendText(make([]byte, 0, 40)))
}

func (a Amount) appendText(b []byte) []byte {
	if a.minor < 0 {
		b = append(b, '-')
	}
	first, scale := len(b), int(a.currency.scale)
	b = strconv.AppendUint(b, magnitude(a.minor), 10)
	if scale == 0 {
		return b
	}
	for len(b)-first <= scale {
		b = slices.Insert(b, first, '0')
	}
	return slices.Insert(b, len(b)-scale, '.')
}

// String returns Text and the code: "19.95 CNY". It is for logs and errors, and
// the same in every language.
func (a Amount) String() string {
	if a.currency.IsZero() {
		return a.Text() + " (no currency)"
	}
	return a.Text() + " " + a.currency.code
}

// Format writes a for people as Registry.Format does, with what ISO knows. For
// assets of your own, which ISO does not know, it writes their code; use the
// Format of your registry.
func (a Amount) Format(lang string) string { return ISO().Format(a, lang) }

// Format writes a for people, in the language of a tag such as "en" or "zh-CN":
// Simplified Chinese for "zh" and every tag that begins with it, English for all
// others. All decimals are written, with a point, and commas between thousands.
// What it writes names the currency without doubt, since no two currencies of a
// registry share a symbol or a name; but it is not meant to be read back.
//
//   - English has the symbol before the number: "CN¥1,234.50", "US$1,234.50",
//     "€1,234.50", "-JP¥500". Without a symbol it has the code and a space:
//     "KWD 1.234".
//   - Chinese has the name behind the number: "1,234.50 元" for CNY,
//     "1,234.50 美元", "-500 日元", "1.234 科威特第纳尔". Without a name it
//     has the code there.
//
// A currency that r does not hold, or holds with another scale, is written with
// its code.
func (r *Registry) Format(a Amount, lang string) string {
	info, ok := r.Info(a.currency.code)
	if !ok || info.Currency != a.currency {
		info = Info{Currency: a.currency}
	}
	number, negative := strings.CutPrefix(a.Text(), "-")
	number = group(number)
	sign := ""
	if negative {
		sign = "-"
	}
	if chinese(lang) {
		name := info.NameZH
		switch {
		case name == "":
			name = a.currency.code
		case a.currency.code == "CNY":
			name = yuanZH
		}
		return strings.TrimRight(sign+number+" "+name, " ")
	}
	if info.Symbol != "" {
		return sign + info.Symbol + number
	}
	if a.currency.IsZero() {
		return sign + number
	}
	return sign + a.currency.code + " " + number
}

// chinese reports whether a language tag (BCP 47) is one of Chinese.
func chinese(lang string) bool {
	primary, _, _ := strings.Cut(strings.ReplaceAll(lang, "_", "-"), "-")
	return strings.EqualFold(primary, "zh")
}

// group puts commas between the thousands of a number without a sign.
func group(number string) string {
	whole, decimals, point := strings.Cut(number, ".")
	var grouped strings.Builder
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			grouped.WriteByte(',')
		}
		grouped.WriteByte(whole[i])
	}
	if point {
		grouped.WriteString("." + decimals)
	}
	return grouped.String()
}
