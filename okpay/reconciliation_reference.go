package okpay

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/okpay/okpay-go/ledger"
)

// providerReference is the record that finds an object by what a provider calls it, for rows of
// statements that have nothing else.
type providerReference struct {
	Object string `json:"object"` // what the provider got as our reference: of a payment, the collection's id

	// Several says that the provider has told the same of another object too, so that nobody
	// can say which of them is meant.
	Several bool `json:"several,omitempty"`
}

// referenceID names the record. A reference may be as long as a record's id, and may tell of
// people.
func referenceID(provider, reference string) string {
	sum := sha256.Sum256(encode([]string{provider, reference}))
	return hex.EncodeToString(sum[:])
}

// learn keeps what a provider calls an object, and reports whether that is news.
func (w *Wallet) learn(d *ledger.Draft, provider, reference, object string) (news bool, err error) {
	known, err := w.learned(d, provider, reference)
	switch {
	case err != nil:
		return false, err
	case known.Object == object || known.Several:
		return false, nil
	case known.Object != "":
		known.Several = true
	default:
		known = providerReference{Object: object}
	}
	d.Put(ledger.Put{Type: "provider_reference", ID: referenceID(provider, reference), Chaining: ledger.Plain, Content: encode(known)})
	return true, nil
}

// learned finds what a provider calls so. It is empty where nothing is known; the draft relies on
// that.
func (w *Wallet) learned(d *ledger.Draft, provider, reference string) (known providerReference, err error) {
	err = draftGet(d, "provider_reference", referenceID(provider, reference), &known)
	if CodeOf(err) == NotFound {
		return providerReference{}, nil
	}
	return known, err
}

// ours reports whether a reference has the form of those that providers get from the wallet.
func ours(reference string) bool {
	for _, o := range outsiders {
		if strings.HasPrefix(reference, o.prefix) {
			return true
		}
	}
	return false
}
