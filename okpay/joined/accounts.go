package joined

import (
	"cmp"
	"context"
	"errors"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
	"github.com/okpay/okpay-go/okpay/identity"
)

// accounts is what support does to accounts, as identity does it.
type accounts struct{ j *Joined }

// Unlock undoes a lock after too many failures.
func (a accounts) Unlock(d *okpay.Draft, of care.AccountDeed) error {
	_, err := a.j.Identity.UnlockFor(d, deed(of))
	return err
}

// UnlockRisk undoes a lock for risk.
func (a accounts) UnlockRisk(d *okpay.Draft, of care.AccountDeed) error {
	_, err := a.j.Identity.ReleaseFor(d, deed(of))
	return err
}

// ResetContact takes away a contact.
func (a accounts) ResetContact(d *okpay.Draft, of care.AccountDeed) error {
	_, err := a.j.Identity.RemoveContactFor(d, deed(of))
	return err
}

// ResetFactor turns off the second factor.
func (a accounts) ResetFactor(d *okpay.Draft, of care.AccountDeed) error {
	return a.j.Identity.TurnFactorOff(d, deed(of))
}

// deed is what care has decided as identity takes it.
func deed(of care.AccountDeed) identity.Deed {
	return identity.Deed{
		Customer: of.Customer, By: string(of.By), Second: string(of.Second), Object: cmp.Or(of.Request, string(of.Case)), Reason: of.Why,
		Contact: of.Contact, Epoch: of.Epoch, AskedAt: of.RequestedAt,
	}
}

// useProof uses up a proof for support, of one factor or of two, made in the session that is there if
// there is one.
func (j *Joined) useProof(d *okpay.Draft, proof string, customer okpay.CustomerID) (kinds []string, err error) {
	a, _ := okpay.ActorOf(d.Context())
	var proven identity.Proven
	for _, purpose := range []identity.Purpose{identity.ForSupport, identity.ForSupportInFull} {
		of := identity.ProofOf{Purpose: purpose, Customer: customer, Session: identity.SessionID(a.Session)}
		if proven, err = j.Identity.UseProof(d, identity.NewSecret(proof), of); !errors.Is(err, okpay.AuthenticationFailed) {
			break
		}
	}
	for _, p := range proven.Proofs {
		kinds = append(kinds, string(p))
	}
	return kinds, err
}

// mayAudit has care decide who reads the audit, as it does for its own.
func (j *Joined) mayAudit(ctx context.Context, by string) error {
	_, err := j.Care.Operators.May(ctx, care.OperatorID(by), care.MaySeeAudit)
	return err
}

// onRiskLock opens a case for an account that is locked for reasons of security, and lets the program
// hear of it, too.
func (j *Joined) onRiskLock(also func(*okpay.Draft, identity.RiskEvent) error) func(*okpay.Draft, identity.RiskEvent) error {
	return func(d *okpay.Draft, e identity.RiskEvent) error {
		in := care.Urgent{Customer: e.Customer, Category: care.RiskLock, Reason: string(e.Reason), Text: e.Text}
		if e.Report != "" {
			in.Category = care.UnauthorizedTransaction
		}
		for _, o := range e.Objects {
			in.Objects = append(in.Objects, care.Link{Type: o.Type, ID: o.ID})
		}
		if _, err := j.Care.Cases.OpenUrgent(d, in); err != nil || also == nil {
			return err
		}
		return also(d, e)
	}
}
