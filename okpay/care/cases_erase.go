package care

import (
	"context"
	"errors"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// EraseCases is the input of Cases.Erase.
type EraseCases struct {
	By       OperatorID
	Why      string // 3 to 500 characters; for the audit
	Customer okpay.CustomerID
	Key      string // makes the call safe to repeat
}

// Erase removes what anybody wrote in the cases of a customer whose account is closed, with all
// attachments, and the customer's phrase. Cases stay, with their states and times, and the
// journal stays verifiable. Cases that are not closed are closed. It works in several commits;
// one that was interrupted goes on when it is called again. Care.Erase does this, too.
//
// Errors, the first that applies: InvalidRequest, PermissionDenied, NotFound, InvalidState when
// the account is not closed or something has to be kept, IdempotencyKeyReused, ServiceBusy when Config.Files did not delete.
func (s *Cases) Erase(ctx context.Context, in EraseCases) error {
	a := deed{by: in.By, why: in.Why, may: MayErase, action: "case.erase", customer: in.Customer, key: in.Key}
	if err := okpay.CheckID("customer", string(in.Customer)); err != nil {
		return err
	}
	// The deed is in the audit before anything is gone.
	_, err := s.c.acts(ctx, a, func(d *okpay.Draft, by *Operator, _ *okpay.AuditEntry) error {
		if err := s.c.notOwn(d, by, in.Customer); err != nil {
			return err
		}
		_, err := s.c.erasable(d, in.Customer)
		return err
	})
	if err != nil {
		return err
	}
	return s.eraseAll(ctx, in.Customer)
}

// eraseAll erases what Erase does, record by record, as long as it may be erased.
func (s *Cases) eraseAll(ctx context.Context, customer okpay.CustomerID) error {
	closed := func(d *okpay.Draft) error {
		_, err := s.c.erasable(d, customer)
		return err
	}
	for _, noun := range []string{"case_entry", "case_file", "caller", "caller_request", "case_quota", "phrase"} {
		if err := s.c.each(ctx, noun, customer, func(r ledger.Record) error { return s.forget(ctx, r, closed) }); err != nil {
			return err
		}
	}
	return s.c.each(ctx, "case", customer, func(r ledger.Record) error { return s.shut(ctx, CaseID(r.ID)) })
}

// forget erases a record. Contents of attachments that are kept elsewhere go first: their names
// are only known from here.
func (s *Cases) forget(ctx context.Context, r ledger.Record, closed func(*okpay.Draft) error) error {
	if r.Type == "case_entry" && s.c.cfg.Files != nil {
		e := &entryDoc{}
		if err := s.c.w.Read(ctx, r.Type, r.ID, e); err != nil && !errors.Is(err, okpay.NotFound) {
			return err
		}
		for _, f := range e.Files {
			if err := s.c.cfg.Files.Delete(ctx, f.ID); err != nil {
				busy := okpay.NewError(okpay.ServiceBusy, "a file could not be deleted")
				busy.Err = err
				return busy
			}
		}
	}
	_, err := s.c.w.Do(ctx, okpay.Act{Principal: "program", Operation: "case.forget"}, func(d *okpay.Draft) error {
		if err := closed(d); err != nil {
			return err
		}
		_, err := d.Get(r.Type, r.ID)
		if errors.Is(err, ledger.ErrErased) || errors.Is(err, ledger.ErrNotFound) {
			return okpay.ErrNothingDue
		}
		d.Put(ledger.Put{Type: r.Type, ID: r.ID, Chaining: r.Chaining, Erase: true})
		return err
	})
	if errors.Is(err, okpay.ErrNothingDue) {
		return nil
	}
	return err
}

// shut ends a case whose contents were erased.
func (s *Cases) shut(ctx context.Context, id CaseID) error {
	_, err := s.c.w.Do(ctx, okpay.Act{Principal: "program", Operation: "case.shut"}, func(d *okpay.Draft) error {
		k, told, err := s.load(d, id)
		if err != nil {
			return err
		}
		if k.State == CaseClosed && len(told) == 0 {
			return okpay.ErrNothingDue
		}
		m, err := k.move(shutCase, okpay.Always)
		if k.State == CaseClosed && err != nil {
			m, err = okpay.Told{}, nil
		}
		if err != nil {
			return err
		}
		if k.SolvedAt == nil {
			s.done(k, d.Now())
		}
		d.Audit(okpay.AuditEntry{Actor: "program", Action: "case.close", Customer: k.Case.Customer, Object: string(k.ID), Reason: "erased"})
		return s.write(d, k, append(told, m)...)
	})
	if errors.Is(err, okpay.ErrNothingDue) {
		return nil
	}
	return err
}
