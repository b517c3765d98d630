package totp

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The bounds of a label in bytes of UTF-8. An account may be any e-mail address.
const (
	MaxIssuerBytes  = 64
	MaxAccountBytes = 254
)

// MaxURIBytes is the longest otpauth URI that is read. Those made here are shorter.
const MaxURIBytes = 2048

// Key is what an authenticator app keeps of one account.
//
// Issuer and Account are what the app shows: printable characters, without a colon, which
// separates the two in the URI, and without spaces at the ends. An app tells keys apart by
// them, so another issuer's name must not fit into an account.
type Key struct {
	Issuer  string // The name of the service, up to MaxIssuerBytes. It may be empty, but apps then do not say whose code it is.
	Account string // What the person knows their account by, 1 to MaxAccountBytes.
	Secret  Secret
	Params  Params
}

// URI returns the key in the Key URI Format, as authenticator apps read it. It contains
// the secret: show it to the owner, once, and keep it nowhere. Errors, of which the first
// wins: [ErrInvalidParams], [ErrShortSecret] for the zero Secret, [ErrInvalidLabel].
func (k Key) URI() (string, error) {
	if err := k.Params.Check(); err != nil {
		return "", err
	}
	if err := k.Secret.check(); err != nil {
		return "", err
	}
	if err := k.checkLabel(); err != nil {
		return "", err
	}
	p := k.Params.Defaulted()
	label, issuer := escape(k.Account), ""
	if k.Issuer != "" {
		label, issuer = escape(k.Issuer)+":"+label, "&issuer="+escape(k.Issuer)
	}
	return fmt.Sprintf("otpauth://totp/%s?secret=%s%s&algorithm=%s&digits=%d&period=%d",
		label, k.Secret.Reveal(), issuer, p.Algorithm, p.Digits, p.Period/time.Second), nil
}

// ParseURI reads an otpauth URI for time-based codes, made by this or by another program.
// What is absent takes its default; parameters that the format does not know are ignored,
// for apps have their own. Refused are: a longer text than MaxURIBytes, keys for
// counter-based codes, a parameter given twice, an issuer that is not the one before the
// account, and all that [Key.URI] refuses. The error matches [ErrInvalidURI], and also
// [ErrShortSecret], [ErrInvalidSecret], [ErrInvalidParams] or [ErrInvalidLabel] where that
// is what is wrong.
func ParseURI(text string) (Key, error) {
	if len(text) > MaxURIBytes {
		return Key{}, fmt.Errorf("%w: more than %d bytes", ErrInvalidURI, MaxURIBytes)
	}
	// The errors of net/url repeat the text, and with it the secret, so they end here.
	u, err := url.Parse(text)
	if err != nil {
		return Key{}, fmt.Errorf("%w: not a URI", ErrInvalidURI)
	}
	if u.Scheme != "otpauth" || !strings.EqualFold(u.Host, "totp") || u.User != nil || strings.Contains(text, "#") {
		return Key{}, fmt.Errorf("%w: want otpauth://totp/ and no user, port or fragment", ErrInvalidURI)
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Key{}, fmt.Errorf("%w: its parameters cannot be read", ErrInvalidURI)
	}
	for _, name := range []string{"secret", "issuer", "algorithm", "digits", "period"} {
		if len(query[name]) > 1 {
			return Key{}, fmt.Errorf("%w: %s is given twice", ErrInvalidURI, name)
		}
	}
	k := Key{}
	if k.Params, err = paramsOf(query); err == nil {
		k.Secret, err = ParseSecret(query.Get("secret"))
	}
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrInvalidURI, err)
	}
	k.Issuer, k.Account = splitLabel(strings.TrimPrefix(u.Path, "/"))
	if query.Has("issuer") {
		if k.Issuer != "" && k.Issuer != query.Get("issuer") {
			return Key{}, fmt.Errorf("%w: it names two issuers", ErrInvalidURI)
		}
		k.Issuer = query.Get("issuer")
	}
	if err := k.checkLabel(); err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrInvalidURI, err)
	}
	return k, nil
}

// splitLabel takes a decoded label apart: an issuer and a colon may stand before the
// account, and spaces between the two.
func splitLabel(label string) (issuer, account string) {
	before, after, found := strings.Cut(label, ":")
	if !found {
		return "", label
	}
	return before, strings.TrimLeft(after, " ")
}

func paramsOf(query url.Values) (Params, error) {
	var p Params
	if query.Has("algorithm") {
		// An empty one must not pass as the default.
		if p.Algorithm = Algorithm(strings.ToUpper(query.Get("algorithm"))); p.Algorithm == "" {
			return Params{}, fmt.Errorf("%w: the algorithm is empty", ErrInvalidParams)
		}
	}
	digits, err := numberOf(query, "digits")
	if err != nil {
		return Params{}, err
	}
	period, err := numberOf(query, "period")
	if err != nil {
		return Params{}, err
	}
	p.Digits, p.Period = digits, time.Duration(period)*time.Second
	return p.Defaulted(), p.Check()
}

// numberOf reads a number from 1 to 9999 without leading zeros, or 0 if the parameter is absent.
func numberOf(query url.Values, name string) (int, error) {
	if !query.Has(name) {
		return 0, nil
	}
	text := query.Get(name)
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 9999 || strconv.Itoa(n) != text {
		return 0, fmt.Errorf("%w: %s is not a number from 1 to 9999", ErrInvalidParams, name)
	}
	return n, nil
}

func (k Key) checkLabel() error {
	if k.Account == "" {
		return fmt.Errorf("%w: there is no account", ErrInvalidLabel)
	}
	if err := checkShown("issuer", k.Issuer, MaxIssuerBytes); err != nil {
		return err
	}
	return checkShown("account", k.Account, MaxAccountBytes)
}

// checkShown refuses what an app would not show as it is. Printable excludes line ends and
// the marks that turn the direction of writing, by which one name can look like another.
func checkShown(name, text string, most int) error {
	switch {
	case len(text) > most:
		return fmt.Errorf("%w: the %s has more than %d bytes", ErrInvalidLabel, name, most)
	case !utf8.ValidString(text):
		return fmt.Errorf("%w: the %s is not UTF-8", ErrInvalidLabel, name)
	case strings.ContainsRune(text, ':'):
		return fmt.Errorf("%w: the %s contains a colon", ErrInvalidLabel, name)
	case strings.TrimSpace(text) != text:
		return fmt.Errorf("%w: the %s begins or ends with a space", ErrInvalidLabel, name)
	case strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("%w: the %s has characters that do not print", ErrInvalidLabel, name)
	}
	return nil
}

// escape encodes all but letters, digits and "-_.~". A space becomes "%20": apps show the
// plus sign, which forms use for it, as it is.
func escape(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}
