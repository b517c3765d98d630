package identity

import (
	"context"
	"slices"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// Unlock is the input of Identity.Unlock.
type Unlock struct {
	Proof  Secret // of a verification for ForUnlock
	Client Client
}

// Unlocked is what has become of an account.
type Unlocked struct {
	Customer okpay.CustomerID `json:"customer"`
	// Cleared says that a lock after too many failures was there and is gone.
	Cleared bool `json:"cleared"`
	// MustChangePassword says that the account was locked for reasons of security: the old password
	// is worth nothing any more, and no money leaves until a reset (RequestPasswordReset) has set
	// another one.
	MustChangePassword bool `json:"must_change_password"`
	// Debt says that the account was locked for reasons of security, and is locked for a debt alone now: the
	// password has to be set by a reset, and no money leaves until somebody settles the debt
	// (okpay.Customers.SettleDebt), or takes the lock back where nothing is owed any more.
	Debt bool `json:"debt,omitempty"`
	// ResetPassword says that too many wrong guesses in all have disabled the password: no proof
	// revives it, and a reset has to set another one.
	ResetPassword bool `json:"reset_password,omitempty"`
	// ChangePassword and EnableSecondFactor are advice.
	ChangePassword     bool `json:"change_password"`
	EnableSecondFactor bool `json:"enable_second_factor"`
}

// Unlock uses up the proof of a finished verification: locks after too many failures are gone,
// and an account that was locked for reasons of security, for which the verification has asked
// for two independent proofs, lets its owner set another password next, by a reset: the old one
// is worth nothing any more. An authenticator that is disabled stays so until it is reset, see
// Unlocked.ResetPassword; a debt and restrictions are not touched. The customer is told.
//
// Errors, the first that applies: InvalidRequest, AuthenticationFailed with one text whatever is
// wrong with the proof, ServiceBusy.
func (x *Identity) Unlock(ctx context.Context, in Unlock) (Unlocked, error) {
	if err := in.Client.check(); err != nil {
		return Unlocked{}, err
	}
	c := callerOf(ctx)
	id, _ := splitToken(in.Proof, "vfy_")
	var out Unlocked
	err := x.ask(ctx, c, id, "account.unlock", func(d *okpay.Draft) error {
		p, err := x.UseProof(d, in.Proof, ProofOf{Purpose: ForUnlock, Customer: c.Customer, Session: SessionID(c.Session)})
		if err != nil {
			return err
		}
		out, err = x.unlock(d, p.Customer, independent(p.Proofs), okpay.AuditEntry{
			Actor: "c/" + string(p.Customer), Action: "account.unlock", Customer: p.Customer, Object: string(p.Verification),
			Facts: in.Client.facts(), Shown: true,
		})
		return err
	})
	if err != nil {
		return Unlocked{}, err
	}
	return out, nil
}

// independent counts proofs of different factors.
func independent(proofs []lockout.Proof) int {
	seen := map[lockout.Proof]bool{}
	for _, p := range proofs {
		seen[factorOf(p)] = true
	}
	return len(seen)
}

// unlock drafts what proofs unlock: with two of them, also what is locked for reasons of
// security.
func (x *Identity) unlock(d *okpay.Draft, customer okpay.CustomerID, proofs int, entry okpay.AuditEntry) (Unlocked, error) {
	out := Unlocked{Customer: customer, ChangePassword: true}
	g, err := d.Gate(customer)
	if err != nil {
		return out, err
	}
	if riskLocked(g) && proofs < 2 {
		return out, wrong()
	}
	if out.Cleared, err = x.clearLocks(d, customer, lockout.ByProof); err != nil {
		return out, err
	}
	// What stays disabled is what the counters said before: a proof revives none of it.
	locks, err := x.locks(d, customer, d.Now())
	if err != nil {
		return out, err
	}
	out.ResetPassword = disabled(locks, lockout.Password)
	next := lockout.AdviceChangePassword
	if out.ResetPassword || riskLocked(g) {
		next = lockout.AdviceResetPassword
	}
	advice, err := x.advised(d, customer, next, lockout.AdviceSecondFactor)
	if err != nil {
		return out, err
	}
	out.EnableSecondFactor = slices.Contains(advice, lockout.AdviceSecondFactor)
	d.Audit(entry)
	template := "account_unlock_proven"
	if riskLocked(g) {
		template = "account_owner_proven"
		var told okpay.Told
		if out.MustChangePassword, told, err = x.ownerProven(d, g); err != nil {
			return out, err
		}
		if out.Debt = !out.MustChangePassword; out.Debt {
			owes, err := x.owes(d, customer)
			if err != nil {
				return out, err
			}
			template, advice[0] = "account_owner_proven_debt", lockout.AdviceResetPassword
			advice = debtAdvice(advice, owes)
		}
		if err := d.WriteGate(g, told); err != nil {
			return out, err
		}
	}
	d.Tell(okpay.Message{
		Customer: customer, Template: template, Facts: with(map[string]string{"at": stampOf(d.Now()), "advice": adviceText(advice...)},
			"place", entry.Facts["place"], "device", entry.Facts["device"]),
	})
	return out, nil
}

// ownerProven moves a gate that was locked for reasons of security on, unless a debt had locked it
// before: then it is the debt's again. The password is worth nothing from now on: a reset sets
// another.
func (x *Identity) ownerProven(d *okpay.Draft, g *okpay.Gate) (mustChange bool, told okpay.Told, err error) {
	memo, err := x.riskMemo(d, g.Customer)
	if err != nil {
		return false, told, err
	}
	owes, err := x.owes(d, g.Customer)
	if err != nil {
		return false, told, err
	}
	debt := memo.Debt
	switch {
	case owes: // one that came while the account was locked has left the lock's reason alone
		debt = okpay.ReasonDebt
	case memo.Owed: // it was paid meanwhile
		debt = ""
	}
	(&riskMemo{}).put(d, g.Customer)
	// Whoever knows the old password could otherwise sign in now and be the first to change it.
	if err := x.dropPassword(d, g.Customer); err != nil {
		return false, told, err
	}
	if debt != "" {
		g.Reason, g.By, g.ByProof = debt, "program", false
		return false, told, nil
	}
	g.ByProof = true // until the password is changed
	told, err = okpay.GateMachine().Move(&g.State, string(g.Customer), okpay.ProveOwner, okpay.Always)
	return true, told, err
}

// Agent is an operator of support who acts for a caller. Who may do so is care's to say; here
// stands what the caller has to have proven.
type Agent struct {
	ID     string // of the operator
	Level  int    // how far the caller is verified, from 0 to 3
	Case   string // id of the case, if there is one
	Reason string // in the operator's own words, 1 to 500 bytes of plain text
}

func (a *Agent) check() error {
	if err := okpay.CheckID("agent", a.ID); err != nil {
		return err
	}
	if a.Case != "" {
		if err := okpay.CheckID("case", a.Case); err != nil {
			return err
		}
	}
	if a.Reason == "" {
		return okpay.InvalidField("reason", "is missing")
	}
	return okpay.CheckText("reason", a.Reason, 500)
}

// ByAgent is the input of what operators of support do for a caller.
type ByAgent struct {
	Customer okpay.CustomerID
	Agent    Agent
	Key      string // makes the call safe to repeat
}

const (
	// levelPossession is the caller level V2: a code that was sent, typed by the customer.
	levelPossession = 2
	// levelFactor is the caller level V3: possession, and an independent factor.
	levelFactor = 3
)

// UnlockByAgent clears the locks after too many failures for a caller verified to level 2. It is the
// way of a program without okpay/care, whose Callers.Unlock asks who may.
//
// Errors, the first that applies: InvalidRequest, PermissionDenied below level 2 and while a customer acts,
// IdempotencyKeyReused, NotFound, AccountClosed, AccountLocked when the account is locked for
// reasons of security (see ReleaseLock).
func (x *Identity) UnlockByAgent(ctx context.Context, in ByAgent) (Unlocked, error) {
	var out Unlocked
	err := x.byAgent(ctx, in, "account.unlock", levelPossession, func(d *okpay.Draft, g *okpay.Gate, entry okpay.AuditEntry) error {
		if err := plainLock(g); err != nil {
			return err
		}
		var err error
		out, err = x.unlock(d, in.Customer, 1, entry)
		return err
	})
	return out, err
}

// ReleaseLock is the word of a first agent that the caller, verified to level 3, is the owner of
// an account that is locked for reasons of security. It takes effect with that of a second one. It is
// the way of a program without okpay/care, whose Callers.Request asks who may.
//
// Errors, the first that applies: InvalidRequest, PermissionDenied below level 3 and while a customer acts,
// IdempotencyKeyReused, NotFound, AccountClosed, InvalidState when it is not locked so.
func (x *Identity) ReleaseLock(ctx context.Context, in ByAgent) error {
	return x.byAgent(ctx, in, "account.release", levelFactor, func(d *okpay.Draft, g *okpay.Gate, entry okpay.AuditEntry) error {
		if !riskLocked(g) {
			return okpay.GateMachine().Refuse(g.State, string(in.Customer), "release")
		}
		d.Audit(entry)
		memo, err := x.riskMemo(d, in.Customer)
		if err != nil {
			return err
		}
		memo.Agent, memo.Epoch = in.Agent.ID, g.Epoch
		memo.put(d, in.Customer)
		return nil
	})
}

// ConfirmRelease is the word of a second agent: the owner has to change the password next. The
// customer is told.
//
// Errors, the first that applies: InvalidRequest, PermissionDenied while a customer acts,
// IdempotencyKeyReused, NotFound, AccountClosed, InvalidState when nobody has released the account since it was locked, DuplicateApprover when
// it was the same agent.
func (x *Identity) ConfirmRelease(ctx context.Context, in ByAgent) (Unlocked, error) {
	var out Unlocked
	err := x.byAgent(ctx, in, "account.confirm_release", 0, func(d *okpay.Draft, g *okpay.Gate, entry okpay.AuditEntry) error {
		first, err := x.riskMemo(d, in.Customer)
		if err != nil {
			return err
		}
		switch {
		case !riskLocked(g) || first.Agent == "" || first.Epoch != g.Epoch:
			return okpay.GateMachine().Refuse(g.State, string(in.Customer), "confirm_release")
		case first.Agent == in.Agent.ID:
			return okpay.NewError(okpay.DuplicateApprover, "")
		}
		out, err = x.unlock(d, in.Customer, 2, entry)
		return err
	})
	return out, err
}

func (x *Identity) byAgent(ctx context.Context, in ByAgent, operation string, level int, fn func(*okpay.Draft, *okpay.Gate, okpay.AuditEntry) error) error {
	if err := okpay.CheckID("customer", string(in.Customer)); err != nil {
		return err
	}
	if err := in.Agent.check(); err != nil {
		return err
	}
	if _, acts := okpay.ActorOf(ctx); acts {
		return okpay.NewError(okpay.PermissionDenied, "a customer is signed in here, and no operator")
	}
	if in.Agent.Level < level {
		return okpay.NewError(okpay.PermissionDenied, "the caller is not verified to level %d", level)
	}
	act := okpay.Act{Principal: "op/" + in.Agent.ID, Operation: operation, Key: in.Key, Request: []ledger.Field{
		{Name: "customer", Value: string(in.Customer)}, {Name: "case", Value: in.Agent.Case}, {Name: "reason", Value: in.Agent.Reason},
	}}
	_, err := x.inTurn(okpay.WithoutActor(ctx), "gate/"+string(in.Customer), act, func(d *okpay.Draft) error {
		g, err := d.Gate(in.Customer)
		switch {
		case err != nil:
			return err
		case g.State == okpay.GateClosed:
			return okpay.NewError(okpay.AccountClosed, "")
		}
		return fn(d, g, okpay.AuditEntry{
			Actor: act.Principal, Action: operation, Customer: in.Customer, Object: in.Agent.Case, Reason: in.Agent.Reason, Shown: true,
		})
	})
	return err
}
