package merchant

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// wireAmount is an amount before its currency was looked up. Amounts read themselves from JSON
// with the currencies of ISO 4217 only, and a client may know others.
type wireAmount struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

func (w *wireAmount) resolve(currencies *money.Registry) (money.Amount, error) {
	c, err := currencies.Lookup(w.Currency)
	if err != nil {
		return money.Amount{}, err
	}
	return money.Parse(w.Amount, c)
}

// reader reads one object of an answer and keeps the first thing that is wrong with it. What
// is missing is wrong: an object made of zero values would look like a fact.
type reader struct {
	currencies *money.Registry
	err        error
}

// object decodes data. Members that are not known are left out.
func (r *reader) object(data []byte, into any) {
	if err := json.Unmarshal(data, into); err != nil {
		r.fail(fmt.Errorf("not the JSON that was expected: %w", err))
	}
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// need reports members that are missing or empty. It takes names and values in turn.
func (r *reader) need(pairs ...string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			r.fail(fmt.Errorf("it has no %s", pairs[i]))
		}
	}
}

func (r *reader) needTime(name string, t time.Time) {
	if t.IsZero() {
		r.fail(fmt.Errorf("it has no %s", name))
	}
}

func (r *reader) amount(name string, w *wireAmount) money.Amount {
	if w == nil {
		r.fail(fmt.Errorf("it has no %s", name))
		return money.Amount{}
	}
	a, err := w.resolve(r.currencies)
	if err != nil {
		r.fail(fmt.Errorf("%s: %w", name, err))
	}
	return a
}

// result returns the object if nothing is wrong with it.
func result[T any](r *reader, object T) (T, error) {
	if r.err != nil {
		return *new(T), r.err
	}
	return object, nil
}

var errNoData = errors.New("it has no data")
