package okpay

import (
	"context"

	"github.com/okpay/okpay-go/ledger"
)

// ResolveTopUp is the input of TopUps.ResolveCredit and TopUps.ResolveReturn.
type ResolveTopUp struct {
	TopUp TopUpID
	By    string // the operator, at most 64 letters, digits, '_' and '-'
	Note  string // for other operators, at most 500 bytes; customers never see it
	Key   string // makes the call safe to repeat
}

// ResolveCredit gives a customer what came for a top-up that needs review, whatever the
// amount, less the fee. Errors: InvalidRequest, NotFound, InvalidState, AccountClosed, IdempotencyKeyReused.
func (s *TopUps) ResolveCredit(ctx context.Context, in ResolveTopUp) (TopUp, error) {
	return s.resolve(ctx, in, resolveCredit)
}

// ResolveReturn records that what came for a top-up that needs review goes back to where it
// came from; sending it is the operator's to do. Errors as for ResolveCredit, without
// AccountClosed.
func (s *TopUps) ResolveReturn(ctx context.Context, in ResolveTopUp) (TopUp, error) {
	return s.resolve(ctx, in, resolveReturn)
}

func (s *TopUps) resolve(ctx context.Context, in ResolveTopUp, on Action) (TopUp, error) {
	if err := CheckID("by", in.By); err != nil {
		return TopUp{}, err
	}
	if err := CheckText("note", in.Note, 500); err != nil {
		return TopUp{}, err
	}
	v := verb{"op/" + in.By, "topup." + string(on), in.Key, []ledger.Field{
		{Name: "topup", Value: string(in.TopUp)}, {Name: "note", Value: in.Note},
	}}
	out, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		t := &topUpDoc{}
		if err := draftGet(d, "topup", string(in.TopUp), t); err != nil {
			return err
		}
		m, err := t.move(on, Always)
		if err != nil {
			return err
		}
		got, err := t.Came.amount(s.w)
		if err != nil {
			return err
		}
		if on == resolveCredit {
			if err := s.w.arriving(d, t.Customer); err != nil {
				return err
			}
			s.credit(d, t, got, suspenseAccount(t.Source))
		} else {
			t.SentBack, t.Failure = true, refusedFor(AmountMismatch, d.Now())
			if t.Risk.Verdict == Review {
				t.Failure = refusedFor(RiskDeclined, d.Now())
			}
			s.post(d, t, "topup_returned", ledger.Posting{Debit: suspenseAccount(t.Source), Credit: clearingAccount(t.Source), Amount: got})
			if err := s.unuse(d, t); err != nil {
				return err
			}
		}
		t.Resolved = &resolution{By: in.By, Note: in.Note, At: d.Now()}
		if err := s.tell(d, t, m); err != nil {
			return err
		}
		if err := s.w.settled(d, string(t.ID)); err != nil {
			return err
		}
		d.Result = string(t.ID)
		return s.write(d, t)
	})
	if err != nil {
		return TopUp{}, translate(err)
	}
	t, err := s.Get(ctx, in.TopUp)
	t.Replayed = out.Replayed
	return t, err
}
