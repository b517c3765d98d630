package okpay

import (
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// ContactID names one contact of a customer or merchant.
type ContactID string

// ContactKind says what a contact is.
type ContactKind string

// The kinds.
const (
	ContactEmail ContactKind = "email"
	ContactPhone ContactKind = "phone"
)

// ContactState is where a contact is in its life.
type ContactState string

const (
	// ContactUnverified is a claim: anybody may add any contact, and it opens nothing.
	ContactUnverified ContactState = "unverified"
	// ContactVerified is its owner's: nobody else has it verified at the same time, money
	// sent to it is theirs.
	ContactVerified ContactState = "verified"
	// ContactRemoved is gone. Final.
	ContactRemoved ContactState = "removed"
)

const (
	addContact    Action = "add"
	verifyContact Action = "verify"
	removeContact Action = "remove"
)

func contactMachine() Machine[ContactState] {
	return Machine[ContactState]{Noun: "contact", Rows: []Row[ContactState]{
		{To: ContactUnverified, On: addContact, Emits: []string{"contact.added"}},
		{From: ContactUnverified, On: verifyContact, To: ContactVerified, Emits: []string{"contact.verified"}},
		{From: ContactUnverified, On: removeContact, To: ContactRemoved, Emits: []string{"contact.removed"}},
		{From: ContactVerified, On: removeContact, To: ContactRemoved, Emits: []string{"contact.removed"}},
	}}
}

// Contact is an e-mail address or a telephone number. Value is personal: it stands in the
// profile's record alone, and never in blocks, events, messages, labels, logs or errors.
type Contact struct {
	ID         ContactID    `json:"id"`
	Kind       ContactKind  `json:"kind"`
	Value      string       `json:"value"` // in its normal form, see NormalizeEmail and NormalizePhone
	State      ContactState `json:"state"`
	CreatedAt  time.Time    `json:"created_at"`
	VerifiedAt *time.Time   `json:"verified_at,omitempty"`
}

// maxTyped is how much may be typed for a contact, with all that its normal form leaves out.
const maxTyped = 512

// NormalizeEmail returns the form in which two spellings of one address are the same: lower
// case, no spaces around. Only ASCII addresses without quotes are taken, with a domain of at
// least two labels (one in another script as xn--…). Errors: InvalidRequest, which does not
// repeat the address.
func NormalizeEmail(s string) (string, error) {
	if len(s) > maxTyped {
		return "", InvalidField("email", "is not an e-mail address") // before any work
	}
	s = strings.ToLower(strings.Trim(s, " \t"))
	local, domain, ok := cutLast(s, '@')
	labels := strings.Split(domain, ".")
	good := ok && len(s) <= 254 && local != "" && len(local) <= 64 && len(labels) >= 2 &&
		!strings.HasPrefix(local, ".") && !strings.HasSuffix(local, ".") && !strings.Contains(local, "..") &&
		only(local, isAtom)
	for _, l := range labels {
		good = good && l != "" && len(l) <= 63 && l[0] != '-' && l[len(l)-1] != '-' && only(l, isHost)
	}
	if !good {
		return "", InvalidField("email", "is not an e-mail address")
	}
	return s, nil
}

// NormalizePhone returns a number in the form of E.164: '+', the country code and the rest,
// 7 to 15 digits in all. Spaces, hyphens, dots, brackets and a bracketed trunk zero "(0)"
// are left out, 00 at the beginning is '+'. A number without country code is refused: whose
// it is depends on where it is read. Errors: InvalidRequest, which does not repeat the
// number.
func NormalizePhone(s string) (string, error) {
	if len(s) > maxTyped {
		return "", InvalidField("phone", "is not a telephone number with country code")
	}
	s = strings.ReplaceAll(s, "(0)", "")
	s = strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "").Replace(s)
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + rest
	}
	digits, ok := strings.CutPrefix(s, "+")
	if !ok || len(digits) < 7 || len(digits) > 15 || digits[0] == '0' || !only(digits, isDigit) {
		return "", InvalidField("phone", "is not a telephone number with country code")
	}
	return s, nil
}

// address is an e-mail address or a telephone number in its normal form.
type address struct {
	kind  ContactKind
	value string
}

// parseAddress reads one of the two. The zero address is none.
func parseAddress(email, phone string) (a address, err error) {
	switch {
	case email != "" && phone != "":
		return a, InvalidField("email", "stands beside a telephone number, want one of the two")
	case email != "":
		a.kind = ContactEmail
		a.value, err = NormalizeEmail(email)
	case phone != "":
		a.kind = ContactPhone
		a.value, err = NormalizePhone(phone)
	}
	return a, err
}

func cutLast(s string, sep byte) (before, after string, ok bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// only reports whether all bytes of a text are of a class.
func only(s string, class func(byte) bool) bool {
	for i := range len(s) {
		if !class(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isHost(c byte) bool  { return 'a' <= c && c <= 'z' || isDigit(c) || c == '-' }

// isAtom is what RFC 5322 allows in an address without quotes.
func isAtom(c byte) bool { return isHost(c) || strings.IndexByte("!#$%&'*+/=?^_`{|}~.", c) >= 0 }

// MaxContacts is how many contacts a customer or merchant may have.
const MaxContacts = 10

// profile is what is personal of a customer or merchant: all of it in one record, so that
// it can be erased while accounts and objects stay.
type profile struct {
	Party    string          `json:"party"` // "c_…" or "m_…" with the id
	Name     string          `json:"name,omitempty"`
	Contacts []contactRecord `json:"contacts,omitempty"`
	Closed   bool            `json:"closed,omitempty"` // the contacts are free for others
}

// contactRecord is a contact with the keyed digest that stands for it elsewhere.
type contactRecord struct {
	Contact
	Digest string `json:"digest"`
}

func (p *profile) record() ledger.Put {
	put := ledger.Put{Type: "profile", ID: p.Party, Content: encode(p)}
	for i := range p.Contacts {
		if p.Contacts[i].State == ContactVerified && !p.Closed {
			put.Unique = append(put.Unique, "contact:"+p.Contacts[i].Digest)
		}
	}
	return put
}

// find returns the place of a contact, -1 if it is not there.
func (p *profile) find(id ContactID) int {
	return slices.IndexFunc(p.Contacts, func(c contactRecord) bool { return c.ID == id })
}

// verified reports whether a contact with this digest is the profile's own.
func (p *profile) verified(digest string) bool {
	return !p.Closed && slices.ContainsFunc(p.Contacts, func(c contactRecord) bool {
		return c.Digest == digest && c.State == ContactVerified
	})
}

// contacts are the profile's as its owner sees them.
func (p *profile) contacts() []Contact {
	out := make([]Contact, 0, len(p.Contacts))
	for i := range p.Contacts {
		out = append(out, p.Contacts[i].Contact)
	}
	return out
}

// known are contacts without what is personal, for events.
func known(contacts []Contact) []map[string]any {
	out := make([]map[string]any, 0, len(contacts))
	for i := range contacts {
		c := &contacts[i]
		out = append(out, map[string]any{"id": c.ID, "kind": c.Kind, "state": c.State})
	}
	return out
}
