package joined

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/notify"
)

// Config is that of all three. The zero value works in Test mode.
//
// What joins them is set here. Some of it may be set by the caller as well: Identity.OnRiskLock is
// called after the case was opened; Notify.Secrets is asked for templates that are neither
// identity's nor care's; Notify.Words goes before the words of care's reasons; Notify.Withhold
// withholds further entries, Notify.Export adds further sections, and Notify.Channels are named while
// care has published no directory. Care.UseProof, Care.Accounts, Notify.Phrase, Notify.Directory
// and Notify.MayAudit have to be nil.
//
// With a Notify.Mailer or Notify.SMS, Notify.Links needs one for each message that owners can stop
// something with (see Linked): without a link it would not be sent.
type Config struct {
	Identity identity.Config
	Care     care.Config
	Notify   notify.Config
}

// Joined is the three of them. It may be used from any number of goroutines.
type Joined struct {
	Identity *identity.Identity
	Care     *care.Care
	Notify   *notify.Notify

	now func() time.Time
}

// New makes all three over a wallet, which trusts the identity from now on. Call it once for each
// wallet, before the wallet is used, and use no wallet for which it has failed. Errors:
// InvalidRequest for a wrong Config, or one that sets what is set here.
func New(w *okpay.Wallet, cfg Config) (*Joined, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if w == nil {
		return nil, okpay.InvalidField("wallet", "is missing")
	}
	j := &Joined{now: w.Now}
	c, x, n := cfg.Care, cfg.Identity, cfg.Notify
	c.UseProof, c.Accounts = j.useProof, accounts{j}
	x.OnRiskLock = j.onRiskLock(x.OnRiskLock)
	n.Secrets, n.Phrase, n.Words = j.secrets(n.Secrets), j.phrase, j.words(n.Words, c.Reasons)
	n.MayAudit = j.mayAudit
	n.Directory, n.Withhold, n.Export = j.directory, j.withhold(n.Withhold), append(j.sections(), n.Export...)
	var err error
	if j.Care, err = care.New(w, c); err != nil {
		return nil, err
	}
	if j.Identity, err = identity.New(w, x); err != nil {
		return nil, err
	}
	// Nobody is asked by identity's own CheckSupport, so its verbs for a lost factor are refused: there is one
	// procedure here, care's, with one request open for a customer and one set of guards.
	if j.Notify, err = notify.New(w, n); err != nil {
		return nil, err
	}
	w.ErasesFirst(func(ctx context.Context, of okpay.CustomerID) error { return j.Care.Forget(ctx, of) })
	return j, nil
}

// Linked are the templates whose messages have a link by which an owner stops something, or takes it
// back, and nothing else that could stand for it.
func Linked() []string {
	var out []string
	for _, t := range notify.Templates() {
		if len(t.Secrets) == 1 && t.Secrets[0] == "link" {
			out = append(out, t.Name)
		}
	}
	return out
}

// check refuses what is set here. Errors: InvalidRequest.
func (c *Config) check() error {
	for _, hook := range []struct {
		field string
		set   bool
	}{
		{"care.use_proof", c.Care.UseProof != nil},
		{"care.accounts", c.Care.Accounts != nil},
		{"notify.phrase", c.Notify.Phrase != nil},
		{"notify.directory", c.Notify.Directory != nil},
		{"notify.may_audit", c.Notify.MayAudit != nil},
	} {
		if hook.set {
			return okpay.InvalidField(hook.field, "is set, and what joins them sets it")
		}
	}
	for _, mine := range (&Joined{}).sections() {
		for _, s := range c.Notify.Export {
			if s.Name == mine.Name {
				return okpay.InvalidField("notify.export", "has a section %s, which is there already", s.Name)
			}
		}
	}
	if c.Notify.Mailer == nil && c.Notify.SMS == nil {
		return nil
	}
	for _, template := range Linked() {
		if c.Notify.Links[template] == "" {
			return okpay.InvalidField("notify.links", "have none for %s, whose messages could not be sent", template)
		}
	}
	return nil
}
