package care

import (
	"github.com/okpay/okpay-go/okpay"
)

// Config says how customers are looked after. The zero value works.
type Config struct {
	// Roles are further roles of operators, each with its permissions. The names are codes and
	// none of those that are always there; what is compliance's alone can not be given.
	Roles map[Role][]Permission

	// Calendar says when people work. Defaults to Mondays to Fridays from 9:00 to 17:00 in UTC.
	Calendar Calendar

	CaseConfig
	CallerConfig
	DirectoryConfig
}

// Care is the service. It may be used from any number of goroutines.
type Care struct {
	w   *okpay.Wallet
	cfg Config

	Operators *Operators

	Cases       *Cases
	Callers     *Callers
	Directories *Directories
	Phrases     *Phrases
}

// New returns a Care over a wallet. Call it once for each wallet, before the wallet is used: its
// background work (deadlines, clocks) becomes the wallet's (see okpay.Wallet.Also). Errors:
// InvalidRequest for a wrong Config.
func New(w *okpay.Wallet, cfg Config) (*Care, error) {
	if w == nil {
		return nil, okpay.InvalidField("wallet", "is missing")
	}
	if err := cfg.setRoles(); err != nil {
		return nil, err
	}
	if err := cfg.Calendar.check("calendar"); err != nil {
		return nil, err
	}
	if err := cfg.CaseConfig.setDefaults(); err != nil {
		return nil, err
	}
	if err := cfg.DirectoryConfig.check(); err != nil {
		return nil, err
	}
	c := &Care{w: w, cfg: cfg}
	c.Operators = &Operators{c}
	c.Cases = &Cases{c}
	c.Callers, c.Directories, c.Phrases = &Callers{c}, &Directories{c}, &Phrases{c}
	w.Also(
		okpay.Task{Noun: "case", Do: c.Cases.workDue},
		okpay.Task{Noun: "caller_request", Do: c.Callers.requestDue},
		okpay.Task{Noun: "support_request", Do: c.Callers.supportDue},
	)
	return c, nil
}
