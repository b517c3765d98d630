package identity

import (
	"slices"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

// Deed is what operators of support do to an account in a Change of somebody else's. Who may, and
// what the caller has to have proven, was asked there, such as in okpay/care: what takes a Deed
// asks nobody, and is refused only for what stands here. okpay/joined joins the two.
type Deed struct {
	Customer okpay.CustomerID
	By       string // the operator whose act it is, 1 to 64 letters, digits, '_' and '-'
	Second   string // the operator who approved it, another one; "" for UnlockFor
	Object   string // the request or the case, as By
	Reason   string // in the operator's own words, for the audit; at most 2,000 bytes, may be ""

	// Contact is what RemoveContactFor takes away.
	Contact okpay.ContactID
	// Epoch is the gate's when a release was asked for: a lock that came later is not meant.
	Epoch int64
	// AskedAt is when it was asked to turn a factor off, zero for now: an app that was enrolled
	// later is not meant.
	AskedAt time.Time
}

// check refuses what is no deed of one operator, or of two. Errors: PermissionDenied while a
// customer acts, InvalidRequest.
func (in *Deed) check(d *okpay.Draft, two bool) error {
	if _, ok := okpay.ActorOf(d.Context()); ok {
		return okpay.NewError(okpay.PermissionDenied, "a customer is signed in here, and no operator")
	}
	ids := [][2]string{{"customer", string(in.Customer)}, {"by", in.By}, {"object", in.Object}}
	if two {
		ids = append(ids, [2]string{"second", in.Second})
	}
	for _, id := range ids {
		if err := okpay.CheckID(id[0], id[1]); err != nil {
			return err
		}
	}
	if two && in.By == in.Second {
		return okpay.InvalidField("second", "is the same operator")
	}
	return okpay.CheckText("reason", in.Reason, 2000)
}

// entry is that of the operator whose act it is. The customer sees it, so it names nobody else: who
// approved has an entry of their own, which the customer does not see.
func (in *Deed) entry(d *okpay.Draft, action string) okpay.AuditEntry {
	if in.Second != "" {
		d.Audit(okpay.AuditEntry{Actor: "op/" + in.Second, Action: action + "_approved", Customer: in.Customer, Object: in.Object})
	}
	return okpay.AuditEntry{Actor: "op/" + in.By, Action: action, Customer: in.Customer, Object: in.Object, Reason: in.Reason, Shown: true}
}

// standing reads the gate of an account that is not closed. Errors: NotFound, AccountClosed.
func (in *Deed) standing(d *okpay.Draft) (*okpay.Gate, error) {
	g, err := d.Gate(in.Customer)
	if err == nil && g.State == okpay.GateClosed {
		e := okpay.NewError(okpay.AccountClosed, "the customer's account is closed")
		e.Object = string(in.Customer)
		return nil, e
	}
	return g, err
}

// UnlockFor clears the locks after too many failures, and no other, in a Change of somebody else's;
// UnlockByAgent is the same as a verb. The customer is told.
//
// Errors, the first that applies: PermissionDenied while a customer acts, InvalidRequest, NotFound,
// AccountClosed, AccountLocked when the account is locked for reasons of security, InvalidState when
// nothing is locked.
func (x *Identity) UnlockFor(d *okpay.Draft, in Deed) (Unlocked, error) {
	if err := in.check(d, false); err != nil {
		return Unlocked{}, err
	}
	in.Second = ""
	g, err := in.standing(d)
	if err != nil {
		return Unlocked{}, err
	}
	if err := plainLock(g); err != nil {
		return Unlocked{}, err
	}
	out, err := x.unlock(d, in.Customer, 1, in.entry(d, "account.unlock"))
	if err == nil && !out.Cleared {
		e := okpay.NewError(okpay.InvalidState, "nothing is locked after too many failures")
		e.Object = string(in.Customer)
		return Unlocked{}, e
	}
	return out, err
}

// plainLock refuses one operator what two release.
func plainLock(g *okpay.Gate) error {
	if riskLocked(g) {
		return okpay.NewError(okpay.AccountLocked, "two agents release what is locked for reasons of security")
	}
	return nil
}

// ReleaseFor releases an account that is locked for reasons of security in a Change of somebody
// else's, in which two operators agreed; ReleaseLock and ConfirmRelease are the same as verbs. The
// owner has to change the password next, and is told.
//
// Errors, the first that applies: PermissionDenied while a customer acts, InvalidRequest for one
// operator alone, NotFound, AccountClosed, InvalidState when it is not locked so, or was locked again
// since it was asked for.
func (x *Identity) ReleaseFor(d *okpay.Draft, in Deed) (Unlocked, error) {
	if err := in.check(d, true); err != nil {
		return Unlocked{}, err
	}
	g, err := in.standing(d)
	switch {
	case err != nil:
		return Unlocked{}, err
	case !riskLocked(g) || g.Epoch != in.Epoch:
		return Unlocked{}, okpay.GateMachine().Refuse(g.State, string(in.Customer), "release")
	}
	return x.unlock(d, in.Customer, 2, in.entry(d, "account.release"))
}

// RemoveContactFor takes a contact away that is lost, in a Change of somebody else's, in which two
// operators agreed. For a verified one all sessions end, withdrawals wait, the customer is told, and
// whoever had it gets a link by which it can be taken back for 7 days, as with RemoveContact.
//
// Errors, the first that applies: PermissionDenied while a customer acts, InvalidRequest for one
// operator alone, NotFound, AccountClosed, AccountRestricted, InvalidState for the last verified
// contact: nobody could be told then.
func (x *Identity) RemoveContactFor(d *okpay.Draft, in Deed) (ContactChange, error) {
	if err := in.check(d, true); err != nil {
		return ContactChange{}, err
	}
	if err := okpay.CheckID("contact", string(in.Contact)); err != nil {
		return ContactChange{}, err
	}
	r, err := x.removal(d, in.Customer, in.Contact)
	if err != nil {
		return ContactChange{}, err
	}
	r.change.ID = ContactChangeID(x.w.NewID("cch_"))
	return x.remove(d, r, removedBy{actor: "op/" + in.By, entry: func(action string) okpay.AuditEntry { return in.entry(d, action) }})
}

// TurnFactorOff turns a customer's second factor off at once, in a Change of somebody else's, in
// which two operators agreed and the owner had time to object. It is for a program with such a
// procedure: one that has okpay/care goes by its Callers.Request, which okpay/joined ends here, and
// no other; one without goes by RequestFactorReset. A reset by that way that is open is canceled. All
// sessions end, withdrawals wait, the owner is told.
//
// Errors, the first that applies: PermissionDenied while a customer acts, InvalidRequest for one
// operator alone, NotFound, AccountClosed, InvalidState when the factor is not on, or another app was
// enrolled since it was asked for.
func (x *Identity) TurnFactorOff(d *okpay.Draft, in Deed) error {
	if err := in.check(d, true); err != nil {
		return err
	}
	if _, err := in.standing(d); err != nil {
		return err
	}
	f, err := factor(d, in.Customer)
	if err != nil {
		return err
	}
	if at := f.Of.EnabledAt; at != nil && !in.AskedAt.IsZero() && at.After(in.AskedAt) {
		return FactorMachine().Refuse(f.Of.State, string(in.Customer), ResetFactor)
	}
	if err := x.cancelResets(d, f, "op/"+in.By); err != nil {
		return err
	}
	if err := x.turnOff(d, f, in.entry(d, "factor.reset")); err != nil {
		return err
	}
	d.Tell(okpay.Message{Customer: in.Customer, Template: "factor_reset_done", Facts: map[string]string{
		"at": stamp(d.Now()), "withdrawals_from": stamp(*f.Hold),
	}})
	return nil
}

// removal is the removal of a contact that is allowed.
type removal struct {
	change  *changeDoc
	book    *okpay.ContactBook
	contact okpay.Contact
}

// removal finds the contact. Errors: NotFound, AccountClosed, AccountRestricted, InvalidState for
// the last verified one.
func (x *Identity) removal(d *okpay.Draft, customer okpay.CustomerID, id okpay.ContactID) (*removal, error) {
	book, err := d.ContactBook(customer)
	if err != nil {
		return nil, err
	}
	all := book.Contacts()
	at := slices.IndexFunc(all, func(k okpay.Contact) bool { return k.ID == id })
	if at < 0 {
		return nil, okpay.NewError(okpay.NotFound, "there is no contact with this id")
	}
	verified := 0
	for _, o := range all {
		if o.State == okpay.ContactVerified {
			verified++
		}
	}
	if all[at].State == okpay.ContactVerified && verified == 1 {
		return nil, okpay.NewError(okpay.InvalidState, "it is the last verified contact")
	}
	c := &changeDoc{Of: customer, Old: &okpay.Address{Kind: all[at].Kind, Value: all[at].Value}}
	c.Removes = id
	return &removal{c, book, all[at]}, nil
}

// removedBy is who takes a contact away.
type removedBy struct {
	actor   string
	session *sessionDoc // in which it is done, nil for an operator
	client  *Client
	entry   func(action string) okpay.AuditEntry
}

// remove drafts the removal, with whatever follows for a contact that was verified.
func (x *Identity) remove(d *okpay.Draft, r *removal, by removedBy) (ContactChange, error) {
	c := r.change
	c.notify(x, r.book.Contacts(), d)
	if err := r.book.Remove(r.contact.ID); err != nil {
		return ContactChange{}, err
	}
	if err := r.book.Write(); err != nil {
		return ContactChange{}, err
	}
	if r.contact.State != okpay.ContactVerified { // a claim, which opened nothing
		e := by.entry("contact.remove")
		e.Customer, e.Object, e.Shown = c.Of, string(r.contact.ID), true
		d.Audit(e)
		return ContactChange{}, nil
	}
	changes, err := x.changes(d, c.Of)
	if err != nil {
		return ContactChange{}, err
	}
	changes.Live = append(changes.Live, c.ID)
	changes.put(d, c.Of)
	err = x.contactsChanged(d, c, by, removeContact)
	return c.ContactChange, err
}

// contactsChanged drafts what every change of verified contacts does to its customer.
func (x *Identity) contactsChanged(d *okpay.Draft, c *changeDoc, by removedBy, on okpay.Action) error {
	e := by.entry("contact.change")
	if by.session != nil {
		e.Object = string(c.ID)
	}
	if _, err := x.changed(d, c.Of, change{keep: by.session, hold: true, entry: e}); err != nil {
		return err
	}
	return x.advanceChange(d, c, by.actor, by.client, on)
}

// inSession is a removal, or another change of contacts, by its owner.
func inSession(s *sessionDoc, client *Client) removedBy {
	return removedBy{actor: "c/" + string(s.Session.Customer), session: s, client: client, entry: func(action string) okpay.AuditEntry {
		e := entryOf(s, action)
		e.Facts = client.facts()
		return e
	}}
}
