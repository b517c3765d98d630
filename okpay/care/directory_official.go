package care

import (
	"net/url"
	"slices"
	"strings"

	"github.com/okpay/okpay-go/okpay"
)

// Verdict says what is known of a number, an address or a link that a customer asks about.
type Verdict string

const (
	// VerdictOfficial: it is in the directory, plainly spelled. Who calls or writes can still
	// pretend to be it: what is official is to call or to go there.
	VerdictOfficial Verdict = "official"
	// VerdictUnknown: it is not in the directory, so it is not official.
	VerdictUnknown Verdict = "unknown"
	// VerdictSuspicious: it is not in the directory, and looks as if it wanted to be taken for it.
	VerdictSuspicious Verdict = "suspicious"
)

// Official tells whether something is an official channel. It errs towards no: what is not
// spelled plainly, in ASCII and without detours, is not official, whatever it leads to.
func (d *Directory) Official(kind ChannelKind, value string) Verdict {
	value = strings.Trim(value, " \t\r\n")
	if value == "" || len(value) > 2048 {
		return VerdictUnknown
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r <= 0x20 && kind != ChannelPhone || r < 0x20 || r >= 0x7f }) {
		return VerdictSuspicious
	}
	switch kind {
	case ChannelPhone:
		n, err := okpay.NormalizePhone(value)
		return d.listed(kind, n, err == nil)
	case ChannelEmail:
		return d.email(value)
	case ChannelWeb:
		return d.web(value)
	case ChannelApp, ChannelSocial:
		if v := d.listed(kind, value, true); v == VerdictOfficial || !d.resembles(value) {
			return v
		}
		return VerdictSuspicious
	}
	return VerdictUnknown
}

func (d *Directory) listed(kind ChannelKind, value string, ok bool) Verdict {
	if ok && slices.ContainsFunc(d.Channels, func(c Channel) bool { return c.Kind == kind && c.Value == value }) {
		return VerdictOfficial
	}
	return VerdictUnknown
}

func (d *Directory) email(value string) Verdict {
	address, err := okpay.NormalizeEmail(value)
	if err != nil {
		if strings.ContainsAny(value, "<>") || d.resembles(value) {
			return VerdictSuspicious // a name beside an address is what is read first
		}
		return VerdictUnknown
	}
	if d.listed(ChannelEmail, address, true) == VerdictOfficial {
		return VerdictOfficial
	}
	local, host, _ := strings.Cut(address, "@")
	if d.resembles(local) || d.foreign(host) {
		return VerdictSuspicious
	}
	return VerdictUnknown
}

// web looks at a host name or a link.
func (d *Directory) web(value string) Verdict {
	host, plain := value, true
	if strings.ContainsAny(value, `/\:?#@%`) {
		if !strings.Contains(value, "://") {
			value = "https://" + value
		}
		u, err := url.Parse(value)
		if err != nil || strings.ContainsAny(value, `\`) {
			return VerdictSuspicious
		}
		host = u.Host
		plain = strings.EqualFold(u.Scheme, "https") && u.User == nil && !strings.ContainsAny(u.Host, ":%@")
	}
	host = strings.ToLower(host)
	official := d.listed(ChannelWeb, strings.TrimSuffix(host, "."), true) == VerdictOfficial
	switch {
	case official && plain && !strings.HasSuffix(host, "."):
		return VerdictOfficial
	case official, !plain, d.foreign(host):
		return VerdictSuspicious
	}
	return VerdictUnknown
}

// foreign reports whether a host wants to be taken for an official one: by its letters (a label
// in another script, xn--, can look like anything), or by a name inside of it. What is below an
// official host is the same owner's.
func (d *Directory) foreign(host string) bool {
	if strings.HasPrefix(host, "xn--") || strings.Contains(host, ".xn--") {
		return true
	}
	for _, c := range d.Channels {
		official := c.Value
		if c.Kind == ChannelEmail {
			_, official, _ = strings.Cut(c.Value, "@")
		} else if c.Kind != ChannelWeb {
			continue
		}
		if host == official || strings.HasSuffix(host, "."+official) {
			return false
		}
	}
	return d.resembles(host)
}

// resembles reports whether a text has the name of an official host inside of it, as the eye
// reads it.
func (d *Directory) resembles(text string) bool {
	looks := skeleton(text)
	for _, c := range d.Channels {
		host := c.Value
		if c.Kind == ChannelEmail {
			_, host, _ = strings.Cut(c.Value, "@")
		} else if c.Kind != ChannelWeb {
			continue
		}
		if name := skeleton(mainLabel(host)); len(name) >= 3 && strings.Contains(looks, name) {
			return true
		}
	}
	return false
}

// mainLabel is the label of a host that people know it by: the one before the ending.
func mainLabel(host string) string {
	labels := strings.Split(host, ".")
	at := max(0, len(labels)-2)
	// In example.com.cn the ending has two labels.
	if at > 0 && len(labels[at]) <= 3 && len(labels[len(labels)-1]) == 2 {
		at--
	}
	return labels[at]
}

// skeleton makes equal what the eye confuses.
func skeleton(s string) string {
	s = strings.NewReplacer(
		"0", "o", "1", "l", "i", "l", "|", "l", "!", "l", "5", "s", "$", "s", "3", "e", "4", "a", "@", "a", "-", "", "_", "", ".", "",
	).Replace(strings.ToLower(s))
	return strings.NewReplacer("rn", "m", "vv", "w", "cl", "d").Replace(s)
}

// isHostName reports whether a text is a host name of at least two labels, in lower case.
func isHostName(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' ||
			strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}

// isPlain reports whether a text is 1 to 200 printable characters of ASCII without spaces.
func isPlain(s string) bool {
	return s != "" && len(s) <= 200 && !strings.ContainsFunc(s, func(r rune) bool { return r <= 0x20 || r >= 0x7f })
}
