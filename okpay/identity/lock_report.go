package identity

import (
	"context"
	"errors"
	"slices"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// LockReasonOf is the input of Identity.LockReason: a proof for ForUnlock, or a session in the
// context.
type LockReasonOf struct{ Proof Secret }

// LockReport is what a customer who has proven who they are is told of locks: codes and times.
type LockReport struct {
	Status lockout.Status `json:"status"` // the worst of all
	// Account is why the account is locked for reasons of security, "" if it is not.
	Account lockout.Reason `json:"account,omitempty"`
	// Locks are the counters that refuse guesses.
	Locks []LockedAuthenticator `json:"locks,omitempty"`
	// Debt says that no money leaves because a top-up was taken back, whatever else is locked.
	Debt bool `json:"debt,omitempty"`
	// Advice is what to do, in order.
	Advice []lockout.Advice `json:"advice,omitempty"`
}

// AdvicePayDebt is to bring in what is owed after a top-up was taken back; support takes it from there.
const AdvicePayDebt lockout.Advice = "pay_debt"

// LockReason tells why an account is locked, to whom it belongs alone. A proof is not used up by
// it. Errors, the first that applies: AuthenticationRequired without proof and session,
// SessionEnded, AuthenticationFailed for the proof.
func (x *Identity) LockReason(ctx context.Context, in LockReasonOf) (LockReport, error) {
	var report LockReport
	c := callerOf(ctx)
	if in.Proof.IsZero() && !c.signedIn() {
		return report, okpay.NewError(okpay.AuthenticationRequired, "nobody is signed in")
	}
	id, _ := splitToken(in.Proof, "vfy_")
	err := x.ask(ctx, c, "reason/"+string(c.Customer)+id, "account.lock_reason", func(d *okpay.Draft) error {
		customer := c.Customer
		if !in.Proof.IsZero() {
			f, err := x.proof(d, in.Proof, ProofOf{Purpose: ForUnlock, Customer: c.Customer, Session: SessionID(c.Session)})
			if err != nil {
				return err
			}
			customer = f.Of
		}
		g, err := d.Gate(customer)
		if err != nil {
			return err
		}
		report, err = x.lockReport(d, g)
		return first(err, okpay.ErrNothingDue) // nothing is written
	})
	if errors.Is(err, okpay.ErrNothingDue) {
		err = nil
	}
	return report, err
}

// lockReport puts together what a gate and the counters refuse. A reason that is not one of
// security's public codes is told as a risk: what operators think stays theirs.
func (x *Identity) lockReport(r *okpay.Draft, g *okpay.Gate) (LockReport, error) {
	locks, err := x.locks(r, g.Customer, r.Now())
	if err != nil {
		return LockReport{}, err
	}
	out := LockReport{Status: lockout.StatusOpen, Locks: locks}
	for _, l := range locks {
		out.Status = lockout.Worst(out.Status, l.Status)
	}
	if g.Guarded() {
		out.Account = publicReason(g.Reason)
		status := lockout.StatusRiskLocked
		if g.State == okpay.GateMustChange {
			status = lockout.StatusMustChange
		}
		out.Status = lockout.Worst(out.Status, status)
	}
	owes, err := x.owes(r, g.Customer)
	if err != nil {
		return LockReport{}, err
	}
	advice := out.advice()
	if out.Debt = owes || g.State == okpay.GateLocked && !g.Guarded(); out.Debt {
		advice = debtAdvice(advice, owes)
	}
	out.Advice, err = x.advised(r, g.Customer, advice...)
	return out, err
}

// advice is what to do, in order.
func (l *LockReport) advice() []lockout.Advice {
	switch l.Status {
	case lockout.StatusRiskLocked:
		return []lockout.Advice{lockout.AdviceVerifyIdentity, lockout.AdviceContactSupport, lockout.AdviceChangePassword, lockout.AdviceSecondFactor}
	case lockout.StatusMustChange:
		return []lockout.Advice{lockout.AdviceResetPassword, lockout.AdviceSecondFactor} // there is no password to change
	case lockout.StatusLocked:
		return []lockout.Advice{lockout.AdviceWait, lockout.AdviceVerifyIdentity, lockout.AdviceChangePassword, lockout.AdviceSecondFactor, lockout.AdviceContactSupport}
	case lockout.StatusDisabled:
		var out []lockout.Advice
		if disabled(l.Locks, lockout.Password) {
			out = append(out, lockout.AdviceResetPassword)
		}
		if disabled(l.Locks, lockout.OneTimeCode) {
			out = append(out, lockout.AdviceUseRecoveryCode)
		}
		return append(out, lockout.AdviceContactSupport)
	}
	return nil // nothing is locked
}

// disabled reports whether an authenticator is off until it is reset, on trusted devices or others.
func disabled(locks []LockedAuthenticator, a lockout.Authenticator) bool {
	return slices.ContainsFunc(locks, func(l LockedAuthenticator) bool {
		return l.Authenticator == a && l.Status == lockout.StatusDisabled
	})
}

// advised is advice without what its reader has done already: to turn on a second factor that is on.
func (x *Identity) advised(r okpay.Reader, customer okpay.CustomerID, advice ...lockout.Advice) ([]lockout.Advice, error) {
	if x.second == nil {
		return advice, nil
	}
	enrolled, err := x.second.enrolled(r, customer)
	if !enrolled || err != nil {
		return advice, err
	}
	return slices.DeleteFunc(slices.Clone(advice), func(a lockout.Advice) bool { return a == lockout.AdviceSecondFactor }), nil
}

// debtAdvice is what to do about the lock of a debt, besides what is to be done before.
func debtAdvice(before []lockout.Advice, owes bool) []lockout.Advice {
	out := slices.DeleteFunc(slices.Clone(before), func(a lockout.Advice) bool { return a == lockout.AdviceContactSupport })
	if owes {
		out = append(out, AdvicePayDebt)
	}
	return append(out, lockout.AdviceContactSupport)
}

// ReasonContactReverted: somebody took a change of contact back, see RevertContact.
const ReasonContactReverted lockout.Reason = "contact_reverted"

func publicReason(code string) lockout.Reason {
	known := []lockout.Reason{lockout.ReasonRisk, lockout.ReasonUserReport, lockout.ReasonAgent, ReasonContactReverted}
	if r := lockout.Reason(code); slices.Contains(known, r) {
		return r
	}
	return lockout.ReasonRisk
}
