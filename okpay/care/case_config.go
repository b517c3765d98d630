package care

import (
	"cmp"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

// CaseConfig is the part of Config that is about cases. The zero value works.
type CaseConfig struct {
	// Services say how soon cases of a priority are answered. Those that are missing are P1
	// within 15 minutes, P2 within an hour, at any hour; P3 within 4 and P4 within 8 hours of
	// the Calendar.
	Services map[Priority]Service

	// OnBreach hears of a target that has passed, once for each, in the Change that notes it: the
	// place to escalate. It may run more than once for one breach, of which one commits.
	OnBreach func(d *okpay.Draft, b Breach) error

	// Capacity is how many cases an agent can have open at a time. Defaults to 5.
	Capacity int

	// HandlingTime is how long a case is expected to take while none was solved. Defaults to 10
	// minutes.
	HandlingTime time.Duration

	// PendingLimit is how long a customer who was asked is waited for. Defaults to 14 days.
	PendingLimit time.Duration

	// ContactsPerHour and CasesPerDay bound what one customer writes. Default to 20 and 10.
	ContactsPerHour int
	CasesPerDay     int

	// Files keeps attachments. Defaults to records of the ledger, of at most 512 KiB each.
	Files Files
	// FileLimits bound attachments.
	FileLimits FileLimits
}

func (c *CaseConfig) setDefaults() error {
	all := services()
	for p, service := range c.Services {
		if _, ok := all[p]; !ok || service.First <= 0 || service.Next <= 0 || service.Resolution <= 0 {
			return okpay.InvalidField("services", "have a priority that is not known, or a target that is not positive")
		}
		all[p] = service
	}
	c.Services = all
	c.Capacity = cmp.Or(c.Capacity, 5)
	c.HandlingTime = cmp.Or(c.HandlingTime, 10*time.Minute)
	c.PendingLimit = cmp.Or(c.PendingLimit, 14*24*time.Hour)
	c.ContactsPerHour = cmp.Or(c.ContactsPerHour, 20)
	c.CasesPerDay = cmp.Or(c.CasesPerDay, 10)
	if c.Capacity < 0 || c.HandlingTime < 0 || c.PendingLimit < 0 || c.ContactsPerHour < 0 || c.CasesPerDay < 0 ||
		c.ContactsPerHour > 1000 || c.CasesPerDay > 1000 {
		return okpay.InvalidField("cases", "are bounded by something negative, or by more than 1,000 in an hour or a day")
	}
	return c.FileLimits.setDefaults(c.Files != nil)
}

// CallerConfig is the part of Config that is about callers. The zero value works.
type CallerConfig struct {
	// UseProof uses up a customer's proof of identity in the Change that relies on it, and returns
	// the kinds of what was proven, such as email, phone, totp or recovery_code. okpay/identity's
	// UseProof, for the purpose of support, is one. Without it every proof is refused. Errors:
	// AuthenticationFailed.
	UseProof func(d *okpay.Draft, proof string, customer okpay.CustomerID) (kinds []string, err error)

	// Accounts is what support can do to accounts. Defaults to nothing.
	Accounts Accounts
}
