package okpay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/okpay/okpay-go/ledger"
)

// The index of contacts says whose a verified contact is. It knows contacts by a keyed
// digest, so that no contact stands in ids, unique keys or labels. The key is drawn once for
// a wallet and kept in a plain record, outside of the journal.

// digester makes digests of contacts.
type digester struct{ key []byte }

// of is the digest of a contact. Customers and merchants have contacts of their own: one
// person may be both.
func (g digester) of(party string, a address) string {
	m := hmac.New(sha256.New, g.key)
	m.Write([]byte("okpay/contact/" + party[:2] + string(a.kind) + "/" + a.value))
	return hex.EncodeToString(m.Sum(nil)[:20])
}

const digestKeyLen = 32

// digests reads the key, or draws it with the first Change that needs it. Call it once for
// one draft.
func (w *Wallet) digests(d *ledger.Draft) (digester, error) {
	r, err := d.Get("secret", "contacts")
	if !errors.Is(err, ledger.ErrNotFound) {
		return digester{r.Content}, err
	}
	key := make([]byte, digestKeyLen)
	if err := w.random(key); err != nil {
		return digester{}, err
	}
	d.Put(ledger.Put{Type: "secret", ID: "contacts", Chaining: ledger.Plain, Content: key})
	return digester{key}, nil
}

// contactOwner is a row of the index. A contact that is nobody's has none, or an erased one.
type contactOwner struct {
	Party string `json:"party"`
}

// owner returns whose a verified contact is, "" when it is nobody's. The draft relies on it
// from now on: whoever verifies the contact at the same time comes before or after.
func (w *Wallet) owner(d *ledger.Draft, digest string) (party string, err error) {
	var o contactOwner
	err = draftGet(d, "contact", digest, &o)
	if errors.Is(err, NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	// The index is plain. Where money goes is decided by what the journal proves.
	p := &profile{}
	if err := draftGet(d, "profile", o.Party, p); err != nil && !errors.Is(err, NotFound) {
		return "", err
	}
	if p.verified(digest) {
		return o.Party, nil
	}
	seen := d.Expects[len(d.Expects)-2]
	r, err := w.ledger.Record(d.Context(), "contact", digest)
	if (err == nil || errors.Is(err, ledger.ErrErased)) && r.Version != seen.Version {
		return "", nil // it changed hands between the two reads: the draft will conflict
	}
	return "", errors.Join(err, errors.New("okpay: the index of contacts and the profile disagree"))
}

// own puts a contact into the index. What waits for its owner is done by adopt, once due.
func (w *Wallet) own(d *ledger.Draft, digest, party string) {
	d.Put(ledger.Put{
		Type: "contact", ID: digest, Chaining: ledger.Plain, Content: encode(contactOwner{party}), Due: d.Now(),
	})
}

// disown takes a verified contact out of the index. The draft relies on the profile, which
// changes whenever the index does.
func (w *Wallet) disown(d *ledger.Draft, digest string) {
	d.Put(ledger.Put{Type: "contact", ID: digest, Chaining: ledger.Plain, Erase: true})
}

// profile reads what is personal of a party. The draft relies on it.
func (w *Wallet) profile(d *ledger.Draft, party string) (*profile, error) {
	p := &profile{}
	err := draftGet(d, "profile", party, p)
	if errors.Is(err, NotFound) {
		// Merchants have none before their first contact.
		return &profile{Party: party}, nil
	}
	return p, err
}

// customerOf returns the customer of a party, "" if it is none.
func customerOf(party string) CustomerID {
	id, ok := strings.CutPrefix(party, "c_")
	if !ok {
		return ""
	}
	return CustomerID(id)
}
