package identity

import (
	"context"
	"errors"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// proofTasks are what time alone does: ends what nobody finished, and forgets it.
func (x *Identity) proofTasks() []okpay.Task {
	return []okpay.Task{
		{Noun: "verification", Do: x.verificationDue},
		{Noun: "password_reset", Do: x.passwordResetDue},
		{Noun: "contact_change", Do: x.contactChangeDue},
		{Noun: "sends", Do: func(ctx context.Context, id string) error { return x.forget(ctx, "sends", id) }},
		{Noun: "unsent", Do: func(ctx context.Context, id string) error { return x.forget(ctx, "unsent", id) }},
		{Noun: "newest_reset", Do: func(ctx context.Context, id string) error { return x.forget(ctx, "newest_reset", id) }},
		{Noun: "shadow", Do: func(ctx context.Context, id string) error { return x.forget(ctx, "shadow", id) }},
		{Noun: "lock_told", Do: func(ctx context.Context, id string) error { return x.forget(ctx, "lock_told", id) }},
		{Noun: "throttle", Do: x.throttleDue},
	}
}

// throttleDue forgets an address whose failures have no effect any more, by the policy of today: one with
// longer windows than the record was written under waits on.
func (x *Identity) throttleDue(ctx context.Context, id string) error {
	return x.due(ctx, "throttle", id, func(d *okpay.Draft) error {
		t := throttleDoc{Key: id}
		if err := d.Read("throttle", id, &t); err != nil {
			return err
		}
		put := t.put(x.cfg.Throttle)
		if d.Now().Before(put.Due) {
			d.Put(put)
			return nil
		}
		d.Put(ledger.Put{Type: "throttle", ID: id, Chaining: ledger.Plain, Erase: true})
		return nil
	})
}

// verificationDue ends a verification whose time is over, and later forgets it.
func (x *Identity) verificationDue(ctx context.Context, id string) error {
	return x.due(ctx, "verification", id, func(d *okpay.Draft) error {
		f := &verificationDoc{}
		if err := d.Read("verification", id, f); err != nil {
			return err
		}
		switch {
		case d.Now().Before(f.Put().Due):
			return okpay.ErrNothingDue
		case f.over():
			d.Remove(f)
			return nil
		}
		return x.advance(d, f, nil, step{on: Expire})
	})
}

// forget removes a plain record whose time is over.
func (x *Identity) forget(ctx context.Context, noun, id string) error {
	return x.due(ctx, noun, id, func(d *okpay.Draft) error {
		r, err := d.Get(noun, id)
		switch {
		case errors.Is(err, ledger.ErrNotFound), errors.Is(err, ledger.ErrErased):
			return okpay.ErrNothingDue // another process was faster
		case err != nil:
			return err
		case r.Due.IsZero() || d.Now().Before(r.Due):
			return okpay.ErrNothingDue
		}
		d.Put(ledger.Put{Type: noun, ID: id, Chaining: ledger.Plain, Erase: true})
		return nil
	})
}

func (x *Identity) due(ctx context.Context, noun, id string, fn func(*okpay.Draft) error) error {
	return x.ask(ctx, caller{}, id, noun+".due", fn)
}
