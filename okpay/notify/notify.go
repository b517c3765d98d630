package notify

import (
	"cmp"
	"context"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

// Config says how customers are told. The zero value keeps a message center and sends nothing.
type Config struct {
	// Brand is the wallet's name in texts, at most 40 characters. Defaults to "OKPay".
	Brand string
	// Domain stands in Message-IDs, such as mail.okpay.example. It is required with a Mailer.
	Domain string
	// Hotline is the telephone number that messages name; none unless told.
	Hotline string
	// Channels are the official ones, which the welcome message names.
	Channels []Channel
	// Directory returns them where they can change, such as those that okpay/care has published; it
	// is asked for each message that names them. Channels are named where it returns none.
	Directory func(ctx context.Context) ([]Channel, error)

	// Mailer sends e-mails, SMS text messages and Push notifications. What is nil is not used.
	Mailer Mailer
	SMS    Texter
	Push   Pusher

	// Secrets returns the codes and links of a message that is about to be sent: "code", "link",
	// or "token" for one that Links makes a link of. It is asked for each attempt, and only for
	// templates with Secrets. When what the message is about is over it returns okpay.NotFound or
	// okpay.InvalidState, and the message is not sent.
	Secrets func(ctx context.Context, m okpay.Message) (map[string]string, error)
	// Links are the beginnings of links by template, to which the escaped token is added, such as
	// "https://okpay.example/reset?token=".
	Links map[string]string
	// Phrase returns the customer's own anti-phishing phrase, "" for none.
	Phrase func(ctx context.Context, customer okpay.CustomerID) (string, error)
	// Words returns what a code is called in a language, such as a reason of a restriction; ""
	// leaves it to the catalogue.
	Words func(locale, fact, code string) string

	// GiveUp is how long a message is tried to be sent. Defaults to 24 hours.
	GiveUp time.Duration
	// Timeout is how long a call of a provider may take. Defaults to 30 s.
	Timeout time.Duration
	// PerHour is how many messages of one kind a customer is sent in an hour by each channel;
	// further ones wait. What is about security counts by template, the rest together.
	// Defaults to 20.
	PerHour int

	// MayAudit refuses an operator who may not read the audit, with PermissionDenied: AuditedActivity
	// asks it before it looks at anything. Without it nobody may.
	MayAudit func(ctx context.Context, by string) error

	// Digest says how often customers get a digest of their activity. Defaults to NoDigest.
	Digest Period
	// Export adds sections of other packages to Notify.Export.
	Export []Section
	// Withhold says which entries of the audit Notify.Export leaves out, because the law forbids to
	// tell of them. Defaults to none.
	Withhold func(okpay.AuditEntry) bool
}

// Channel is an official way to reach the wallet's operator.
type Channel struct {
	Kind  string // phone, email, web, app, social, chat or sms
	Value string // such as a number, an address, or a host without "https://"
}

// check refuses what could be read as anything else than a way to the operator. Errors:
// InvalidRequest.
func (ch *Channel) check() error {
	if err := okpay.CheckText("channels", ch.Value, 200); err != nil {
		return err
	}
	kinds := []string{"phone", "email", "web", "app", "social", "chat", "sms"}
	if ch.Value == "" || strings.Contains(ch.Value, "://") || !slices.Contains(kinds, ch.Kind) {
		return okpay.InvalidField("channels", "have a kind that is not known, no value, or a link")
	}
	return nil
}

// Notify is the service. It may be used from any number of goroutines.
type Notify struct {
	w         *okpay.Wallet
	cfg       Config
	templates map[string]Template
	languages map[string]*language
}

// New returns a Notify over a wallet. Call it once for each wallet, before the wallet is used: its
// background work becomes the wallet's (see okpay.Wallet.Also), and what it keeps takes part in
// Customers.Erase. Errors: InvalidRequest for a wrong Config.
func New(w *okpay.Wallet, cfg Config) (*Notify, error) {
	if w == nil {
		return nil, okpay.InvalidField("wallet", "is missing")
	}
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	l, err := languages()
	if err != nil {
		return nil, err
	}
	n := &Notify{w: w, cfg: cfg, languages: l, templates: map[string]Template{}}
	for _, t := range Templates() {
		n.templates[t.Name] = t
	}
	w.Also(
		okpay.Task{Noun: "message", Do: n.route},
		okpay.Task{Noun: "send", Do: n.send},
		okpay.Task{Noun: "digest", Do: n.digest},
	)
	w.Erases(okpay.Erasure{Noun: "send"}, okpay.Erasure{Noun: "reach"}, okpay.Erasure{Noun: "pace"}, okpay.Erasure{Noun: "digest"})
	return n, nil
}

func (c *Config) setDefaults() error {
	c.Brand = cmp.Or(c.Brand, "OKPay")
	c.GiveUp = cmp.Or(c.GiveUp, 24*time.Hour)
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	c.PerHour = cmp.Or(c.PerHour, 20)
	c.Digest = cmp.Or(c.Digest, NoDigest)
	for field, text := range map[string]string{"brand": c.Brand, "hotline": c.Hotline, "domain": c.Domain} {
		if err := okpay.CheckText(field, text, 120); err != nil {
			return err
		}
	}
	if c.Mailer != nil {
		a, err := mail.ParseAddress("x@" + c.Domain)
		if err != nil || a.Address != "x@"+c.Domain {
			return okpay.InvalidField("domain", "is missing or is no host")
		}
	}
	for _, ch := range c.Channels {
		if err := ch.check(); err != nil {
			return err
		}
	}
	for template, link := range c.Links {
		if !isLink(link) {
			return okpay.InvalidField("links", "have one for %s that does not begin as https does", template)
		}
	}
	if c.GiveUp < 0 || c.Timeout < 0 || c.PerHour < 0 {
		return okpay.InvalidField("give_up", "is negative, or another bound is")
	}
	return c.Digest.check()
}

// own is a verb of this package's work in the background.
func own(operation string) okpay.Act { return okpay.Act{Principal: "program", Operation: operation} }
