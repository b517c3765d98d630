package care

import (
	"cmp"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

// Config says how customers are looked after. The zero value works.
type Config struct {
	// Roles are further roles of operators, each with its permissions. The names are codes and
	// none of those that are always there; what is compliance's alone can not be given.
	Roles map[Role][]Permission

	// Reasons are further reasons for restrictions, with what customers are told.
	Reasons []Reason
	// Calendar says when people answer cases of less priority, and decide on what customers submit and on appeals, DecideWithin in
	// how many days of work they do: 3 unless told, at most 30.
	Calendar     Calendar
	DecideWithin int
	// PayoutAfter is when the balance of an account that was restricted for good can be taken
	// out. Defaults to 180 days; at most five years.
	PayoutAfter time.Duration
	// Complaints is where customers can complain outside when an appeal is denied: an address or
	// the name of a body, at most 300 characters.
	Complaints string

	CaseConfig
	CallerConfig
	DirectoryConfig
}

// Care is the service. It may be used from any number of goroutines.
type Care struct {
	w   *okpay.Wallet
	cfg Config

	// linkCase makes, or finds, the support case that an appeal belongs to.
	linkCase func(d *okpay.Draft, customer okpay.CustomerID, appeal AppealID) (string, error)

	Operators    *Operators
	Restrictions *Restrictions
	Appeals      *Appeals

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
	if err := cfg.setDecisions(); err != nil {
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
	c.Restrictions = &Restrictions{c}
	c.Appeals = &Appeals{c}
	c.Cases, c.Callers, c.Directories, c.Phrases = &Cases{c}, &Callers{c}, &Directories{c}, &Phrases{c}
	c.linkCase = c.Cases.openForAppeal
	w.Also(
		okpay.Task{Noun: "restriction", Do: c.Restrictions.settle},
		okpay.Task{Noun: "appeal", Do: c.Appeals.settle},
		okpay.Task{Noun: "case", Do: c.Cases.workDue},
		okpay.Task{Noun: "caller_request", Do: c.Callers.requestDue},
		forget[callerDoc](c, "caller"),
		forget[triesDoc](c, "caller_tries"),
		okpay.Task{Noun: "support_request", Do: c.Callers.supportDue},
	)
	return c, nil
}

// setDecisions checks what restrictions and appeals are decided by. Errors: InvalidRequest.
func (c *Config) setDecisions() (err error) {
	if err := c.setReasons(); err != nil {
		return err
	}
	if err := c.Calendar.check("calendar"); err != nil {
		return err
	}
	c.DecideWithin, c.PayoutAfter = cmp.Or(c.DecideWithin, 3), cmp.Or(c.PayoutAfter, 180*day)
	if c.DecideWithin < 1 || c.DecideWithin > 30 {
		return okpay.InvalidField("decide_within", "is %d, want 1 to 30 days", c.DecideWithin)
	}
	if c.PayoutAfter < 0 || c.PayoutAfter > 5*366*day {
		return okpay.InvalidField("payout_after", "is %v, want at most five years", c.PayoutAfter)
	}
	c.Complaints, err = prose{field: "complaints", most: maxComplaints}.check(c.Complaints)
	return err
}
