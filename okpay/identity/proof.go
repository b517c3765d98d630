package identity

import (
	"context"
	"errors"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// ProofOf is what a proof is used for.
type ProofOf struct {
	Purpose  Purpose
	Customer okpay.CustomerID // whose it has to be, "" for whomever it is of
	Session  SessionID        // in which it is used, "" for none
}

// Proven is what a proof has shown.
type Proven struct {
	Verification VerificationID
	Customer     okpay.CustomerID
	Proofs       []lockout.Proof // in the order in which they were given
}

// UseProof uses a proof up in the Change that it allows: it is good once, for 15 minutes, for its
// purpose and customer, within the session that it was made in if there was one, and not after
// a change of credentials or a lock. Errors: AuthenticationFailed with one text whatever is
// wrong, and then nothing is used up.
func (x *Identity) UseProof(d *okpay.Draft, proof Secret, of ProofOf) (Proven, error) {
	f, err := x.proof(d, proof, of)
	if err != nil {
		return Proven{}, err
	}
	if err := x.advance(d, f, nil, step{on: Consume}); err != nil {
		return Proven{}, err
	}
	return f.proven(), nil
}

func (f *verificationDoc) proven() Proven {
	return Proven{Verification: f.ID, Customer: f.Of, Proofs: f.Proofs}
}

// proof reads a proof that is good, and does not use it up.
func (x *Identity) proof(d *okpay.Draft, proof Secret, of ProofOf) (*verificationDoc, error) {
	id, digest := splitToken(proof, "vfy_")
	c := caller{okpay.Actor{Customer: of.Customer, Session: string(of.Session)}}
	f, err := x.verification(d, c, VerificationID(id), Verified)
	if err != nil {
		return nil, err
	}
	g, err := d.Gate(f.Of)
	switch {
	case errors.Is(err, okpay.NotFound):
		return nil, wrong()
	case err != nil:
		return nil, err
	case !equal(f.Token, digest), f.Purpose != of.Purpose, of.Customer != "" && f.Of != of.Customer,
		g.Epoch != f.Epoch, g.State == okpay.GateClosed:
		return nil, wrong()
	}
	return f, nil
}

// proofCustomer is whose a proof is or was, for the requests of verbs that can be repeated. It
// decides nothing. Errors: AuthenticationFailed.
func (x *Identity) proofCustomer(ctx context.Context, proof Secret) (okpay.CustomerID, error) {
	id, digest := splitToken(proof, "vfy_")
	var f verificationDoc
	if id == "" {
		return "", wrong()
	}
	err := x.w.Read(ctx, "verification", id, &f)
	switch {
	case errors.Is(err, okpay.NotFound), err == nil && !equal(f.Token, digest):
		return "", wrong()
	}
	return f.Of, err
}

// useVerification is UseProof for an operation within a session.
func (x *Identity) useVerification(d *okpay.Draft, a okpay.Actor, proof Secret) error {
	_, err := x.UseProof(d, proof, ProofOf{ForStepUp, a.Customer, SessionID(a.Session)})
	return err
}
