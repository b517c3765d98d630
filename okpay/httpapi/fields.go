package httpapi

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
)

// fields takes typed values out of an object. The first mistake stays in err, and what is
// taken after it means nothing.
type fields struct {
	*object
	err error
}

// fieldsOf returns the fields of an object that may have no members but those named.
func fieldsOf(o *object, members ...string) *fields {
	return &fields{object: o, err: o.only(members...)}
}

func (f *fields) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// wrong notes a member of another type than wanted.
func (f *fields) wrong(field, want string, got any) {
	f.fail(invalid(field, "must be %s, and is %s", want, kindOf(got)))
}

// text returns a string; "" when it was not sent.
func (f *fields) text(name string) string {
	v, there := f.members[name]
	if !there {
		return ""
	}
	s, ok := v.(string)
	if !ok {
		f.wrong(f.field(name), "a string", v)
	}
	return s
}

// word is text for a member that may be left out but not empty.
func (f *fields) word(name string) string {
	s := f.text(name)
	if _, there := f.members[name]; there && s == "" {
		f.fail(invalid(f.field(name), "is empty; leave it out instead"))
	}
	return s
}

// flag returns a boolean; false when it was not sent.
func (f *fields) flag(name string) bool {
	v, there := f.members[name]
	if !there {
		return false
	}
	b, ok := v.(bool)
	if !ok {
		f.wrong(f.field(name), "true or false", v)
	}
	return b
}

// number returns a whole number within bounds; 0 when it was not sent.
func (f *fields) number(name string, least, most int) int {
	v, there := f.members[name]
	if !there {
		return 0
	}
	number, ok := v.(json.Number)
	if !ok {
		f.wrong(f.field(name), "a whole number", v)
		return 0
	}
	n, err := strconv.Atoi(number.String())
	if err != nil || n < least || n > most {
		f.fail(invalid(f.field(name), "must be a whole number from %d to %d", least, most))
		return 0
	}
	return n
}

// seconds returns a duration given in whole seconds within bounds; 0 when it was not sent.
func (f *fields) seconds(name string, least, most time.Duration) time.Duration {
	v, there := f.members[name]
	if !there {
		return 0
	}
	const want = "a whole number of seconds"
	number, ok := v.(json.Number)
	if !ok {
		f.wrong(f.field(name), want, v)
		return 0
	}
	n, err := strconv.ParseInt(number.String(), 10, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		f.fail(invalid(f.field(name), "must be %s, without point or exponent", want))
		return 0
	}
	lowest, highest := int64(least/time.Second), int64(most/time.Second)
	if err != nil || n < lowest || n > highest {
		f.fail(invalid(f.field(name), "must be %d to %d seconds", lowest, highest))
		return 0
	}
	return time.Duration(n) * time.Second
}

// texts returns an array of strings; nil when it was not sent.
func (f *fields) texts(name string) []string {
	v, there := f.members[name]
	if !there {
		return nil
	}
	items, ok := v.([]any)
	if !ok {
		f.wrong(f.field(name), "an array of strings", v)
		return nil
	}
	out := make([]string, len(items))
	for i, item := range items {
		if out[i], ok = item.(string); !ok {
			f.wrong(f.field(name)+"["+strconv.Itoa(i)+"]", "a string", item)
		}
	}
	return out
}

// metadata returns an object of strings; nil when it was not sent or is empty.
func (f *fields) metadata(name string) map[string]string {
	v, there := f.members[name]
	if !there {
		return nil
	}
	o, ok := v.(*object)
	if !ok {
		f.wrong(f.field(name), "an object of strings", v)
		return nil
	}
	var out map[string]string
	for _, key := range o.names {
		s, ok := o.members[key].(string)
		if !ok {
			f.wrong(o.field(key), "a string", o.members[key])
			return nil
		}
		if out == nil {
			out = make(map[string]string, len(o.names))
		}
		out[key] = s
	}
	return out
}

// amount returns an amount of a currency of the wallet; the zero Amount when it was not
// sent. That it is more than zero is for the wallet to say.
func (f *fields) amount(name string, w *okpay.Wallet) money.Amount {
	v, there := f.members[name]
	if !there || f.err != nil {
		return money.Amount{}
	}
	o, ok := v.(*object)
	if !ok {
		f.wrong(f.field(name), `an object such as {"amount":"19.95","currency":"CNY"}`, v)
		return money.Amount{}
	}
	a, err := parseAmount(o, w)
	f.fail(err)
	return a
}

func parseAmount(o *object, w *okpay.Wallet) (money.Amount, error) {
	if err := o.only("amount", "currency"); err != nil {
		return money.Amount{}, err
	}
	for _, name := range []string{"amount", "currency"} {
		v, there := o.members[name]
		if !there {
			return money.Amount{}, invalid(o.field(name), "is missing")
		}
		switch v.(type) {
		case string:
		case json.Number:
			return money.Amount{}, invalid(o.field(name), `must be a string such as "19.95", and is a number: a number may lose digits on its way`)
		default:
			return money.Amount{}, invalid(o.field(name), "must be a string, and is %s", kindOf(v))
		}
	}
	currency, err := w.Currency(o.members["currency"].(string))
	if err != nil {
		var refused *okpay.Error
		if errors.As(err, &refused) {
			refused.Field = o.field("currency")
		}
		return money.Amount{}, err
	}
	a, err := money.Parse(o.members["amount"].(string), currency)
	var wrong *money.ParseError
	switch {
	case errors.Is(err, money.ErrPrecision):
		return a, refuse(okpay.AmountPrecision, o.field("amount"), "%s has %d decimals", currency, currency.Scale())
	case errors.As(err, &wrong):
		return a, invalid(o.field("amount"), "%s", wrong.Reason)
	}
	return a, err
}

// required notes members that were not sent.
func (f *fields) required(names ...string) {
	for _, name := range names {
		if _, there := f.members[name]; !there {
			f.fail(invalid(f.field(name), "is missing"))
		}
	}
}
