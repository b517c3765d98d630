package okpay

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// AuditID names an entry of the audit.
type AuditID string

// AuditEntry is one thing that somebody did, written in the Change that did it. Its record is
// chained: the journal's hash covers it, so Verify finds an entry that was changed, and a
// checkpoint kept outside one that was cut off. Erasing a customer takes facts and words out of
// entries in a commit of its own, which the chain accounts for.
type AuditEntry struct {
	ID       AuditID    `json:"id"`
	At       time.Time  `json:"at"`
	Actor    string     `json:"actor"`  // "c/" or "op/" with an id, or "program"
	Action   string     `json:"action"` // such as "session.begin"
	Customer CustomerID `json:"customer,omitempty"`
	Object   string     `json:"object,omitempty"`
	Session  string     `json:"session,omitempty"`
	Reason   string     `json:"reason,omitempty"` // why, as a code or in an operator's own words
	// Facts are what else is known, such as device and place. Nothing secret.
	Facts map[string]string `json:"facts,omitempty"`
	// Shown says that the customer sees the entry in their own activity, without Reason.
	Shown bool `json:"shown,omitempty"`
}

// audit adds an entry to a Change.
func (w *Wallet) audit(c *ledger.Change, now time.Time, e AuditEntry) {
	e.ID, e.At = AuditID(w.newID("aud_")), now
	put := ledger.Put{Type: "audit", ID: string(e.ID), Content: encode(e), Labels: []string{"by:" + e.Actor}}
	if e.Customer != "" {
		put.Labels = append(put.Labels, "c:"+string(e.Customer))
		if e.Shown {
			put.Labels = append(put.Labels, "c:"+string(e.Customer)+":shown")
		}
	}
	if e.Object != "" {
		put.Labels = append(put.Labels, "o:"+e.Object)
	}
	c.Puts = append(c.Puts, put)
}

// AuditPage asks for the newest entries, or for those older than Before. At most one of
// Customer, Actor and Object is set; none means all.
type AuditPage struct {
	Customer CustomerID
	Shown    bool // only what the customer sees, without reasons; with Customer
	Actor    string
	Object   string
	Before   AuditID
	Limit    int // 1 to 100, 20 unless told
}

// Audit returns entries of the audit, the newest first, and whether there are more. Erased ones
// are left out. While a customer acts they see their own, Shown. Errors: InvalidRequest, and then NotFound for another
// customer's and PermissionDenied for what is not Shown while a customer acts.
func (w *Wallet) Audit(ctx context.Context, page AuditPage) (list []AuditEntry, more bool, err error) {
	label, set := "", 0
	for prefix, value := range map[string]string{"c:": string(page.Customer), "by:": page.Actor, "o:": page.Object} {
		if value != "" {
			label, set = prefix+value, set+1
		}
	}
	switch {
	case set > 1:
		return nil, false, InvalidField("customer", "at most one of customer, actor and object is set")
	case page.Shown && page.Customer == "":
		return nil, false, InvalidField("customer", "is missing")
	case page.Shown:
		label += ":shown"
		err = showingCustomer(ctx, page.Customer)
	default:
		err = notWithActor(ctx)
	}
	if err != nil {
		return nil, false, err
	}
	return listed(ctx, w, ledger.RecordQuery{Type: "audit", Label: label, After: string(page.Before), Limit: page.Limit},
		func(e *AuditEntry) (AuditEntry, error) {
			if page.Shown {
				e.Reason = "" // an operator's own words, or a rule's
			}
			return *e, nil
		})
}
