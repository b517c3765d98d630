package identity

import (
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

const (
	// resetWaits is how long the owner has to object to a reset of their second factor.
	resetWaits = 24 * time.Hour
	// resetOpen is how long a second operator is waited for.
	resetOpen = 24 * time.Hour
	// resetKept is how long a reset that is over stays, for support to look up.
	resetKept = 90 * 24 * time.Hour
)

// ResetState is where a reset of a second factor by support is in its life.
type ResetState string

// The states. Done, canceled and expired are final.
const (
	ResetRequested ResetState = "requested" // by one operator; a second one has to approve
	ResetWaiting   ResetState = "waiting"   // for the owner to object
	ResetDone      ResetState = "done"
	ResetCanceled  ResetState = "canceled"
	ResetExpired   ResetState = "expired" // nobody approved
)

// What happens to a reset.
const (
	RequestReset okpay.Action = "request"
	ApproveReset okpay.Action = "approve"
	CancelReset  okpay.Action = "cancel"
	FinishReset  okpay.Action = "finish" // the time to object is over
	ExpireReset  okpay.Action = "expire"
)

// ResetMachine is the table of resets by support.
func ResetMachine() okpay.Machine[ResetState] {
	ended := []string{"factor_reset_canceled"}
	return okpay.Machine[ResetState]{Noun: "factor_reset", Rows: []okpay.Row[ResetState]{
		{To: ResetRequested, On: RequestReset, Emits: []string{"factor_reset.requested"}, Mails: []string{"factor_reset_requested"}},
		{From: ResetRequested, On: ApproveReset, To: ResetWaiting, Emits: []string{"factor_reset.approved"}, Mails: []string{"factor_reset_approved"}},
		{From: ResetRequested, On: CancelReset, To: ResetCanceled, Emits: []string{"factor_reset.canceled"}, Mails: ended},
		{From: ResetRequested, On: ExpireReset, To: ResetExpired, Emits: []string{"factor_reset.expired"}, Mails: ended},
		{From: ResetWaiting, On: CancelReset, To: ResetCanceled, Emits: []string{"factor_reset.canceled"}, Mails: ended},
		{From: ResetWaiting, On: FinishReset, To: ResetDone, Emits: []string{"factor_reset.done"}, Mails: []string{"factor_reset_done"}},
	}}
}

// Reset is one reset of a second factor by support: for a customer who has lost the app and
// the recovery codes, and has proven who they are in other ways.
type Reset struct {
	ID          string           `json:"id"`
	Customer    okpay.CustomerID `json:"customer"`
	State       ResetState       `json:"state"`
	Case        string           `json:"case,omitempty"` // of support
	RequestedBy string           `json:"requested_by"`   // operators
	ApprovedBy  string           `json:"approved_by,omitempty"`
	CanceledBy  string           `json:"canceled_by,omitempty"` // "c/" or "op/" with an id, "link" from a message, or "program"
	Until       time.Time        `json:"until"`                 // while it is requested: to be approved; while it waits: when it is done
	CreatedAt   time.Time        `json:"created_at"`
	UpdatedAt   time.Time        `json:"updated_at"`
	Sequence    int64            `json:"sequence"`

	// Replayed is set on what a verb returns when its Key had been used before.
	Replayed bool `json:"-"`
}

// resetDoc is a Reset as its record keeps it.
type resetDoc struct {
	Reset
	Credential string     `json:"credential"` // of the app that is lost: another one is not touched
	Hold       *time.Time `json:"-"`
}

func (r *resetDoc) Put() ledger.Put {
	put := plain("factor_reset", r.ID, r.Reset.Customer)
	put.Due = r.Until
	if !r.open() {
		put.Due = r.UpdatedAt.Add(resetKept)
	}
	return put
}

func (r *resetDoc) open() bool { return r.State == ResetRequested || r.State == ResetWaiting }

// View names nobody of support.
func (r *resetDoc) View() any {
	v := r.Reset
	v.RequestedBy, v.ApprovedBy, v.CanceledBy, v.Case = "", "", "", ""
	return v
}

func (r *resetDoc) Customer() okpay.CustomerID { return r.Reset.Customer }

func (r *resetDoc) Counter() *int64 { return &r.Sequence }

// Facts are what the messages tell. The link to cancel is added when they are sent, see Secret.
func (r *resetDoc) Facts(string) map[string]string {
	facts := map[string]string{"at": stamp(r.UpdatedAt)}
	if r.open() {
		facts["until"] = stamp(r.Until)
	}
	if r.Hold != nil {
		facts["withdrawals_from"] = stamp(*r.Hold)
	}
	return facts
}
