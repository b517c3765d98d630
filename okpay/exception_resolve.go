package okpay

import (
	"context"

	"github.com/okpay/okpay-go/ledger"
)

// ResolveException is the input of Wallet.ResolveException.
type ResolveException struct {
	Exception ExceptionID
	By        string // the operator, 1 to 64 letters, digits, '_' and '-'
	Key       string // makes the call safe to repeat
}

// ResolveException takes an exception off the list of what people have to look at. It moves no money: the verb
// that does belongs to what the exception is about. Errors: InvalidRequest, NotFound,
// InvalidState when it was resolved already, IdempotencyKeyReused.
func (w *Wallet) ResolveException(ctx context.Context, in ResolveException) (Exception, error) {
	if err := checkID("by", in.By); err != nil {
		return Exception{}, err
	}
	v := verb{"op/" + in.By, "exception.resolve", in.Key, []ledger.Field{{Name: "exception", Value: string(in.Exception)}}}
	if _, err := w.do(ctx, v, func(d *ledger.Draft) error {
		x := &exceptionDoc{}
		if err := draftGet(d, "exception", string(in.Exception), x); err != nil {
			return err
		}
		if x.State != ExceptionOpen {
			return withObject(newError(InvalidState, "the exception is %s", x.State), string(x.ID))
		}
		x.State = ExceptionResolved
		return w.write(&d.Change, d.Now(), x)
	}); err != nil {
		return Exception{}, translate(err)
	}
	var x exceptionDoc
	if err := w.get(ctx, "exception", string(in.Exception), &x); err != nil {
		return Exception{}, translate(err)
	}
	return w.exception(&x)
}
