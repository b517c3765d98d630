package okpay

import "github.com/okpay/okpay-go/ledger"

// screening asks Config.Risk, and has the proof that answers its challenge verified.
type screening struct {
	*assessment
	proof *proving
}

func (w *Wallet) screening() *screening { return &screening{w.risk(), &proving{w: w}} }

// screen returns the assessment, to be stored with what it allows. A challenge without the
// right proof is refused, as is what needs one always, and what is blocked or wants a review is
// the verb's to decide. Errors: AuthenticationRequired, AuthenticationFailed, ServiceBusy.
func (s *screening) screen(d *ledger.Draft, c RiskCheck, proof string, always bool) (Assessment, error) {
	a, err := s.ask(d.Context(), c)
	if err != nil || a.Verdict != Challenge && (!always || a.Verdict == Block) {
		return a, err
	}
	if proof == "" {
		return a, NewError(AuthenticationRequired, "a proof of who the customer is has to come along")
	}
	return a, s.proof.check(d, StepUp{Customer: c.Customer, Operation: c.Operation, Object: c.Object, Amount: c.Amount, To: c.To, Contact: c.Contact, Proof: proof})
}
