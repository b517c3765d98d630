package care

import (
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// SupportRequestState is where a request of support's is in its life.
type SupportRequestState string

const (
	// SupportRequested waits for a second agent.
	SupportRequested SupportRequestState = "requested"
	// SupportWaiting waits for the owner to object.
	SupportWaiting SupportRequestState = "waiting"
	// SupportDone is done. Final.
	SupportDone SupportRequestState = "done"
	// SupportCanceled was stopped by the owner or by support. Final.
	SupportCanceled SupportRequestState = "canceled"
	// SupportDenied was refused by the second agent. Final.
	SupportDenied SupportRequestState = "denied"
	// SupportExpired was approved by nobody. Final.
	SupportExpired SupportRequestState = "expired"
	// SupportFailed could not be done any more when its time came. Final.
	SupportFailed SupportRequestState = "failed"
)

const (
	requestSupport okpay.Action = "request"
	approveSupport okpay.Action = "approve"
	denySupport    okpay.Action = "deny"
	cancelSupport  okpay.Action = "cancel"
	expireSupport  okpay.Action = "expire"
	finishSupport  okpay.Action = "finish"
	failSupport    okpay.Action = "fail"

	nothingToWaitFor okpay.Guard = "there is nothing to wait for"
)

// SupportMachine is the table of what two agents do to an account together.
func SupportMachine() okpay.Machine[SupportRequestState] {
	ended := []string{"support_request_canceled"}
	return okpay.Machine[SupportRequestState]{Noun: "support_request", Rows: []okpay.Row[SupportRequestState]{
		{On: requestSupport, To: SupportRequested, Emits: []string{"support_request.requested"}, Mails: []string{"support_request_requested"}},
		{
			From: SupportRequested, On: approveSupport, Guard: nothingToWaitFor, To: SupportDone,
			Emits: []string{"support_request.approved", "support_request.done"}, Mails: []string{"support_request_done"},
		},
		{
			From: SupportRequested, On: approveSupport, To: SupportWaiting,
			Emits: []string{"support_request.approved"}, Mails: []string{"support_request_approved"},
		},
		{From: SupportRequested, On: denySupport, To: SupportDenied, Emits: []string{"support_request.denied"}, Mails: ended},
		{From: SupportRequested, On: cancelSupport, To: SupportCanceled, Emits: []string{"support_request.canceled"}, Mails: ended},
		{From: SupportRequested, On: expireSupport, To: SupportExpired, Emits: []string{"support_request.expired"}, Mails: ended},
		{From: SupportWaiting, On: cancelSupport, To: SupportCanceled, Emits: []string{"support_request.canceled"}, Mails: ended},
		{From: SupportWaiting, On: finishSupport, To: SupportDone, Emits: []string{"support_request.done"}, Mails: []string{"support_request_done"}},
		{From: SupportWaiting, On: failSupport, To: SupportFailed, Emits: []string{"support_request.failed"}, Mails: ended},
	}}
}

// approvalLasts is how long a second agent is waited for.
const approvalLasts = 24 * time.Hour

// SupportRequest is something that two agents do to an account together.
type SupportRequest struct {
	ID        string              `json:"id"`
	Case      CaseID              `json:"case"`
	Customer  okpay.CustomerID    `json:"customer"`
	Act       CallerAct           `json:"act"`
	Contact   okpay.ContactID     `json:"contact,omitempty"`
	State     SupportRequestState `json:"state"`
	CreatedAt time.Time           `json:"created_at"`
	UpdatedAt time.Time           `json:"updated_at"`
	// Until is when it expires, while it is requested, and when it is done, while it waits.
	Until    time.Time `json:"until"`
	Sequence int64     `json:"sequence"`

	// Replayed is set on what a verb returns when its Key had been used before.
	Replayed bool `json:"-"`
}

type supportRequestDoc struct {
	SupportRequest
	RequestedBy OperatorID `json:"requested_by"`
	ApprovedBy  OperatorID `json:"approved_by,omitempty"`
	Epoch       int64      `json:"epoch"` // the gate's when it was requested
}

func (r *supportRequestDoc) open() bool {
	return r.State == SupportRequested || r.State == SupportWaiting
}

func (r *supportRequestDoc) Put() ledger.Put {
	put := ledger.Put{Type: "support_request", ID: r.ID, Labels: []string{"c:" + string(r.SupportRequest.Customer)}}
	if r.open() {
		put.Due = r.Until
		put.Labels = append(put.Labels, "open")
		put.Unique = []string{"support_request:" + string(r.SupportRequest.Customer)}
	}
	return put
}

func (r *supportRequestDoc) View() any                  { return r.SupportRequest }
func (r *supportRequestDoc) Customer() okpay.CustomerID { return r.SupportRequest.Customer }
func (r *supportRequestDoc) Counter() *int64            { return &r.Sequence }
func (r *supportRequestDoc) Facts(string) map[string]string {
	f := map[string]string{"act": string(r.Act), "case": string(r.Case), "number": numberOf(string(r.Case)), "state": string(r.State)}
	if r.open() {
		f["until"] = r.Until.UTC().Format(time.RFC3339)
	}
	return f
}

func (r *supportRequestDoc) move(on okpay.Action, g okpay.Guard) (okpay.Told, error) {
	return SupportMachine().Move(&r.State, r.ID, on, g)
}
