package care

import (
	"errors"
	"slices"
	"strings"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

const maxLinks = 20

// linkTypes are what a case can be about, with the prefix of their ids. Their records carry
// the label "c:" with the id of each customer whose they are.
func linkTypes() map[string]string {
	return map[string]string{
		"payment": "pay_", "refund": "ref_", "topup": "top_", "transfer": "tr_", "request": "req_", "withdrawal": "wd_",
		"conversion": "fxc_", "dispute": "dsp_", "destination": "dst_",
	}
}

// linkOf returns what an id is of, by its prefix.
func linkOf(id string) (Link, bool) {
	for noun, prefix := range linkTypes() {
		if strings.HasPrefix(id, prefix) && okpay.CheckID("id", id) == nil {
			return Link{noun, id}, true
		}
	}
	return Link{}, false
}

// checkLinks bounds what a case is to be linked to. Errors: InvalidRequest.
func checkLinks(objects []Link) ([]Link, error) {
	if len(objects) > 10 {
		return nil, okpay.InvalidField("objects", "are more than 10")
	}
	for _, o := range objects {
		if _, ok := linkTypes()[o.Type]; !ok {
			return nil, okpay.InvalidField("objects", "have one of a type that is not known")
		}
		if err := okpay.CheckID("objects", o.ID); err != nil {
			return nil, err
		}
	}
	return slices.Clone(objects), nil
}

// own refuses an object that is not the customer's, as one that is not there. Errors: NotFound.
func (s *Cases) own(d *okpay.Draft, customer okpay.CustomerID, o Link) error {
	r, err := d.Get(o.Type, o.ID)
	if errors.Is(err, ledger.ErrNotFound) || errors.Is(err, ledger.ErrErased) || err == nil && !slices.Contains(r.Labels, "c:"+string(customer)) {
		return okpay.NewError(okpay.NotFound, "there is no %s with this id", o.Type)
	}
	return err
}
