package notify

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// Activity is one thing that happened in an account: with its security, or with its money.
type Activity struct {
	ID string    `json:"id"` // of the entry of the audit, or of the object
	At time.Time `json:"at"`

	// Action, Device, Place and Address say what was done, such as session.begin, and from where.
	Action  string `json:"action,omitempty"`
	Device  string `json:"device,omitempty"`
	Place   string `json:"place,omitempty"`
	Address string `json:"address,omitempty"` // shortened
	Object  string `json:"object,omitempty"`
	Session string `json:"session,omitempty"`

	// Money is what happened with money; Action is empty then.
	Money *okpay.Activity `json:"money,omitempty"`

	// Entry is the whole entry of the audit. Only an auditor sees it.
	Entry *okpay.AuditEntry `json:"entry,omitempty"`
}

// ActivityPage asks for the newest activities, or for those older than Before, the ID of the last
// one seen.
type ActivityPage struct {
	Before string
	Limit  int // 1 to 100, 20 unless told
}

// Activity returns what happened in a customer's account as the customer sees it: sign-ins with
// device and place, changes, and money, the newest first, and whether there is more. Errors:
// InvalidRequest, AuthenticationRequired, NotFound, also for another's, SessionEnded.
func (n *Notify) Activity(ctx context.Context, customer okpay.CustomerID, page ActivityPage) (list []Activity, more bool, err error) {
	if _, err := n.reader(ctx, customer); err != nil {
		return nil, false, err
	}
	return n.activity(ctx, customer, page, true)
}

// AuditActivity is the input of Notify.AuditedActivity.
type AuditActivity struct {
	By       string // the operator, at most 64 letters, digits, '_' and '-'
	Reason   string // why, 1 to 500 bytes
	Customer okpay.CustomerID
	ActivityPage
}

// AuditedActivity returns what happened in a customer's account as an auditor sees it: every entry
// of the audit, also those that the customer does not see, with reasons. That somebody looked
// becomes an entry itself. Errors, the first that applies: InvalidRequest, PermissionDenied while a customer acts, without
// Config.MayAudit or by it, NotFound.
func (n *Notify) AuditedActivity(ctx context.Context, in AuditActivity) (list []Activity, more bool, err error) {
	if err := okpay.CheckID("by", in.By); err != nil {
		return nil, false, err
	}
	if err := okpay.CheckText("reason", in.Reason, 500); err != nil {
		return nil, false, err
	}
	if strings.TrimSpace(in.Reason) == "" {
		return nil, false, okpay.InvalidField("reason", "is missing")
	}
	if _, acts := okpay.ActorOf(ctx); acts || n.cfg.MayAudit == nil {
		return nil, false, okpay.NewError(okpay.PermissionDenied, "no operator may do this here")
	}
	if err := n.cfg.MayAudit(ctx, in.By); err != nil {
		return nil, false, err
	}
	if _, err := n.w.Customers.Get(ctx, in.Customer); err != nil {
		return nil, false, err
	}
	list, more, err = n.activity(ctx, in.Customer, in.ActivityPage, false)
	if err != nil {
		return nil, false, err
	}
	_, err = n.w.Do(ctx, okpay.Act{Principal: "op/" + in.By, Operation: "activity.read"}, func(d *okpay.Draft) error {
		d.Audit(okpay.AuditEntry{Actor: "op/" + in.By, Action: "activity.read", Customer: in.Customer, Reason: in.Reason})
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	return list, more, nil
}

// activity merges the audit and the money. What follows the prefix of an id sorts by time.
func (n *Notify) activity(ctx context.Context, customer okpay.CustomerID, page ActivityPage, shown bool) (list []Activity, more bool, err error) {
	if page.Limit < 1 || page.Limit > 100 {
		page.Limit = 20
	}
	before := ""
	if page.Before != "" {
		_, rest, ok := strings.Cut(page.Before, "_")
		if !ok || rest == "" || len(rest) > 64 {
			return nil, false, okpay.InvalidField("before", "is not the id of an activity")
		}
		before = rest
	}
	label := "c:" + string(customer)
	if shown {
		label += ":shown"
	}
	q := ledger.RecordQuery{Type: "audit", Label: label, Desc: true, Limit: page.Limit}
	mp := okpay.ActivityPage{Limit: page.Limit}
	if before != "" {
		q.After, mp.Before = "aud_"+before, "x_"+before
	}
	records, furtherAudit, err := n.w.Records(ctx, q)
	if err != nil {
		return nil, false, err
	}
	entries, err := decoded[okpay.AuditEntry](records, func(e *okpay.AuditEntry) okpay.AuditEntry { return *e })
	if err != nil {
		return nil, false, err
	}
	for i := range entries {
		e := &entries[i]
		a := Activity{
			ID: string(e.ID), At: e.At, Action: e.Action, Device: clean(e.Facts["device"]), Place: clean(e.Facts["place"]),
			Address: e.Facts["address"], Object: e.Object, Session: e.Session,
		}
		if !shown {
			a.Entry = e
		}
		list = append(list, a)
	}
	moves, err := n.w.Customers.Activity(ctx, customer, mp)
	if err != nil {
		return nil, false, err
	}
	for i := range moves {
		list = append(list, Activity{ID: moves[i].Object, At: moves[i].CreatedAt, Money: &moves[i]})
	}
	slices.SortStableFunc(list, func(a, b Activity) int {
		_, x, _ := strings.Cut(a.ID, "_")
		_, y, _ := strings.Cut(b.ID, "_")
		return cmp.Compare(y, x)
	})
	more = len(list) > page.Limit || furtherAudit || len(moves) == page.Limit
	return list[:min(page.Limit, len(list))], more, nil
}
