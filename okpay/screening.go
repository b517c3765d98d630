package okpay

import "context"

// screening asks Config.Risk, and has the proof that answers its challenge verified, each at
// most once for one call of a verb, however often a conflict makes the verb run again: a
// proof may be good for one time only.
type screening struct {
	*assessment
	verified bool
	err      error
}

func (w *Wallet) screening() *screening { return &screening{assessment: w.risk()} }

// screen returns the assessment, to be stored with what it allows. A challenge without the
// right proof is refused, and what is blocked or wants a review is the verb's to decide.
// Errors: AuthenticationRequired, AuthenticationFailed, ServiceBusy.
func (s *screening) screen(ctx context.Context, c RiskCheck, proof string) (Assessment, error) {
	a, err := s.ask(ctx, c)
	if err != nil || a.Verdict != Challenge {
		return a, err
	}
	if proof == "" {
		return a, newError(AuthenticationRequired, "a proof of who the customer is has to come along")
	}
	if !s.verified {
		s.verified = true
		s.err = s.verify(ctx, StepUp{Customer: c.Customer, Object: c.Object, Amount: c.Amount, To: c.To, Proof: proof})
	}
	return a, s.err
}

func (s *screening) verify(ctx context.Context, step StepUp) error {
	if s.w.cfg.VerifyStepUp == nil {
		return newError(AuthenticationFailed, "nothing verifies proofs here")
	}
	right, err := s.w.cfg.VerifyStepUp(ctx, step)
	switch {
	case err != nil:
		e := newError(ServiceBusy, "the proof could not be verified")
		e.Err = err
		return e
	case !right:
		return newError(AuthenticationFailed, "the proof is not right")
	}
	return nil
}
