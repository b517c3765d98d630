package identity

import (
	"slices"
	"strconv"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// PasswordResetID names a reset of a password.
type PasswordResetID string

// PasswordResetState is where a reset is in its life.
type PasswordResetState string

const (
	// PasswordResetSent: a code and, by e-mail, a link are under way.
	PasswordResetSent PasswordResetState = "sent"
	// PasswordResetProven: one of them was right; the second factor is due if there is one.
	PasswordResetProven PasswordResetState = "proven"
	// PasswordResetMaySet: the password can be set.
	PasswordResetMaySet PasswordResetState = "may_set"
	// PasswordResetDone: it was. Final.
	PasswordResetDone PasswordResetState = "done"
	// PasswordResetDead: too many tries were wrong, its time is over, or another was asked for. Final.
	PasswordResetDead PasswordResetState = "dead"
)

// What happens to a reset.
const (
	askReset    okpay.Action = "request"
	openReset   okpay.Action = "open"      // with the code or the token of the link
	proveFactor okpay.Action = "factor"    // the second factor
	noFactor    okpay.Action = "no_factor" // there is none
	setNew      okpay.Action = "set"
	supersede   okpay.Action = "supersede" // another reset was asked for
	expireReset okpay.Action = "expire"
)

// PasswordResetMachine is the table of resets.
func PasswordResetMachine() okpay.Machine[PasswordResetState] {
	dead := []string{"password_reset.dead"}
	rows := []okpay.Row[PasswordResetState]{
		{On: askReset, To: PasswordResetSent, Emits: []string{"password_reset.requested"}, Mails: []string{"password_reset_requested"}},
		{From: PasswordResetSent, On: openReset, To: PasswordResetProven, Emits: []string{"password_reset.proven"}},
		{From: PasswordResetSent, On: openReset, Guard: answerWrong, To: PasswordResetSent},
		{From: PasswordResetSent, On: openReset, Guard: answerLast, To: PasswordResetDead, Emits: dead},
		{From: PasswordResetProven, On: proveFactor, To: PasswordResetMaySet},
		{From: PasswordResetProven, On: proveFactor, Guard: answerWrong, To: PasswordResetProven},
		{From: PasswordResetProven, On: proveFactor, Guard: answerLast, To: PasswordResetDead, Emits: dead},
		{From: PasswordResetProven, On: noFactor, To: PasswordResetMaySet},
		{From: PasswordResetMaySet, On: setNew, To: PasswordResetDone, Emits: []string{"password_reset.done"}},
	}
	for _, from := range []PasswordResetState{PasswordResetSent, PasswordResetProven, PasswordResetMaySet} {
		rows = append(
			rows,
			okpay.Row[PasswordResetState]{From: from, On: supersede, To: PasswordResetDead, Emits: dead},
			okpay.Row[PasswordResetState]{From: from, On: expireReset, To: PasswordResetDead, Emits: dead},
		)
	}
	return okpay.Machine[PasswordResetState]{Noun: "password_reset", Rows: rows}
}

const (
	// resetLasts is how long a code and a link are good.
	resetLasts = 10 * time.Minute
	// resetTries is how many codes, tokens and second factors of one reset may be wrong.
	resetTries = 5
)

// PasswordReset is a way back in for who has forgotten the password.
type PasswordReset struct {
	ID        PasswordResetID    `json:"id"`
	State     PasswordResetState `json:"state"`
	ExpiresAt time.Time          `json:"expires_at"`
	// Grant is what the next steps ask for, once the code or link was right: a secret that is
	// shown once.
	Grant Secret `json:"grant,omitzero"`
	// SecondFactor says that a code of the app, or a recovery code, is due.
	SecondFactor bool `json:"second_factor,omitempty"`
}

// passwordReset is a reset as its record keeps it.
type passwordReset struct {
	ID       PasswordResetID    `json:"id"`
	State    PasswordResetState `json:"state"`
	Of       okpay.CustomerID   `json:"customer,omitempty"`
	Shadow   string             `json:"shadow,omitempty"`
	Epoch    int64              `json:"epoch"`
	Contact  okpay.ContactID    `json:"contact,omitempty"`
	Code     sentCode           `json:"code"`
	Unsent   bool               `json:"unsent,omitempty"` // nothing was sent: there were too many
	Tries    int                `json:"factor_tries,omitempty"`
	Grant    []byte             `json:"grant,omitempty"` // SHA-256 of the grant's secret
	Until    time.Time          `json:"until"`
	Client   map[string]string  `json:"client,omitempty"`
	Sequence int64              `json:"sequence"`
}

func (r *passwordReset) over() bool {
	return r.State == PasswordResetDone || r.State == PasswordResetDead
}

func (r *passwordReset) Put() ledger.Put {
	put := plain("password_reset", string(r.ID), r.Of)
	put.Due = r.Until
	if r.over() {
		put.Due = r.Until.Add(flowKept)
	}
	return put
}

// View tells nobody's contact.
func (r *passwordReset) View() any {
	return map[string]any{"id": r.ID, "state": r.State, "customer": r.Of, "sequence": r.Sequence}
}

func (r *passwordReset) Customer() okpay.CustomerID { return r.Of }

func (r *passwordReset) Counter() *int64 { return &r.Sequence }

func (r *passwordReset) view() PasswordReset {
	return PasswordReset{ID: r.ID, State: r.State, ExpiresAt: r.Until}
}

// newestReset is which reset of a customer, or of a name that nobody has, can be used.
type newestReset struct {
	ID PasswordResetID `json:"id"`
}

// advanceReset takes a reset through moves and writes it, with the audit, the events and the
// messages of each.
func (x *Identity) advanceReset(d *okpay.Draft, r *passwordReset, client *Client, steps ...step) error {
	var moves []okpay.Told
	for _, s := range steps {
		told, err := PasswordResetMachine().Move(&r.State, string(r.ID), s.on, s.guard)
		if err != nil {
			return err
		}
		facts := map[string]string{}
		if client != nil {
			facts = client.facts()
		}
		if s.guard != okpay.Always {
			facts["outcome"] = "wrong"
		}
		d.Audit(okpay.AuditEntry{
			Actor: "program", Action: "password_reset." + string(s.on), Customer: r.Of, Object: string(r.ID), Facts: facts, Shown: r.Of != "",
		})
		for _, template := range told.Mails {
			x.tellReset(d, r, template, client)
		}
		moves = append(moves, okpay.Told{Emits: told.Emits})
	}
	if r.over() {
		r.Grant = nil
	}
	return d.Write(r, moves...)
}

func (x *Identity) tellReset(d *okpay.Draft, r *passwordReset, template string, client *Client) {
	m := okpay.Message{Customer: r.Of, Template: template, ObjectType: "password_reset", Object: string(r.ID)}
	m.Facts = with(map[string]string{}, "place", r.Client["place"], "device", r.Client["device"], "at", stampOf(d.Now()))
	m.Address = &r.Code.To
	m.Facts["until"], m.Facts["generation"] = stampOf(r.Code.Until), strconv.Itoa(r.Code.Generation)
	x.tellUnless(d, m, r.Of == "" || r.Unsent, r.Of == "")
}

// sameContact reports whether what a reset was sent to is still the customer's.
func (r *passwordReset) sameContact(p okpay.Customer) bool {
	return slices.ContainsFunc(p.Contacts, func(c okpay.Contact) bool {
		return c.ID == r.Contact && c.State == okpay.ContactVerified && c.Value == r.Code.To.Value
	})
}
