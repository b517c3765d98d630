package okpay

import (
	"context"
	"strings"

	"github.com/okpay/okpay-go/ledger"
)

// verb says what is asked for, by whom, so that it can be told from another request with
// the same key.
type verb struct {
	principal string // such as "m/mer_…"; keys of different principals never meet
	operation string // such as "payment.capture"
	key       string
	request   []ledger.Field
}

// maxKeyLen bounds idempotency keys, in bytes.
const maxKeyLen = 128

// customer is whose own verb it is, "" if it is no customer's.
func (v *verb) customer() CustomerID {
	id, own := strings.CutPrefix(v.principal, "c/")
	if !own {
		return ""
	}
	return CustomerID(id)
}

func (v *verb) id() string { return v.principal + "/" + v.operation + "/" + v.key }

// do runs a verb over the ledger. The error is the ledger's.
func (w *Wallet) do(ctx context.Context, v verb, fn func(*ledger.Draft) error) (ledger.Outcome, error) {
	return w.doFor(ctx, v.customer(), v, fn)
}

// doFor is do for a verb that is a customer's own, whatever its principal. One that is nobody's own
// is the embedding program's, an operator's or a merchant's: whoever is signed in has no part in it.
func (w *Wallet) doFor(ctx context.Context, of CustomerID, v verb, fn func(*ledger.Draft) error) (ledger.Outcome, error) {
	if _, acts := ActorOf(ctx); acts && of == "" {
		return ledger.Outcome{}, NewError(PermissionDenied, "a customer is signed in here, whose own this is not")
	}
	return w.doAs(ctx, of, v, fn)
}

// doAs runs a verb of whoever it is said to be.
func (w *Wallet) doAs(ctx context.Context, of CustomerID, v verb, fn func(*ledger.Draft) error) (ledger.Outcome, error) {
	// An id without '/' keeps one principal's keys apart from another's.
	for _, named := range [...]struct{ prefix, field string }{{"m/", "merchant"}, {"c/", "customer"}} {
		if id, ok := strings.CutPrefix(v.principal, named.prefix); ok {
			if err := CheckID(named.field, id); err != nil {
				return ledger.Outcome{}, err
			}
		}
	}
	if v.key == "" {
		v.key = w.cfg.NewID()
	}
	if err := CheckText("key", v.key, maxKeyLen); err != nil {
		return ledger.Outcome{}, err
	}
	if _, acts := ActorOf(ctx); acts || w.cfg.RequireActor {
		// A repeat is answered without running fn, so who asks is checked here as well.
		if err := w.admit(ctx, reading{ctx, w}, of); err != nil {
			return ledger.Outcome{}, err
		}
		fn = w.admitted(of, fn)
	}
	out, err := w.ledger.Do(ctx, v.id(), v.request, fn)
	if out.Seq > 0 && !out.Replayed {
		w.nudge()
	}
	return out, err
}

// fresh makes a Change rely on an id of our making being new, should Config.NewID ever
// repeat itself.
func fresh(d *ledger.Draft, noun, id string) {
	d.Expects = append(d.Expects, ledger.Expect{Type: noun, ID: id})
	d.Result = id
}
