package okpay

import (
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// RequestID names a request for money.
type RequestID string

// RequestState is where a request for money is in its life.
type RequestState string

const (
	// RequestOpen waits for the one who is asked: pay leads to paid or under_review, decline
	// to declined, cancel to canceled, time to expired.
	RequestOpen RequestState = "open"
	// RequestUnderReview was paid by a transfer that is under review: its approval leads to
	// paid, otherwise it is open again, or expired when its time is over by then.
	RequestUnderReview RequestState = "under_review"
	// RequestPaid was paid by a transfer. Final.
	RequestPaid RequestState = "paid"
	// RequestDeclined was declined by the one who was asked. Final.
	RequestDeclined RequestState = "declined"
	// RequestCanceled was called back by the one who asked. Final.
	RequestCanceled RequestState = "canceled"
	// RequestExpired was not paid in time. Final.
	RequestExpired RequestState = "expired"
)

const (
	payRequest     Action = "pay"
	declineRequest Action = "decline"
	assignRequest  Action = "assign"
	reviewPassed   Action = "transfer_completed"
	reviewEnded    Action = "transfer_ended"
)

const (
	inTime  Guard = "in time"
	tooLate Guard = "its time is over"
)

// requestMachine is the request's state machine. The money is the transfer's.
func requestMachine() Machine[RequestState] {
	paid := []string{"request_paid"}
	return Machine[RequestState]{Noun: "request", Rows: []Row[RequestState]{
		{To: RequestOpen, On: create, Guard: registered, Emits: []string{"request.created"}, Mails: []string{"request_received"}},
		{To: RequestOpen, On: create, Guard: unregistered, Emits: []string{"request.created"}},
		{From: RequestOpen, On: assignRequest, To: RequestOpen, Emits: []string{"request.assigned"}, Mails: []string{"request_received"}},
		{From: RequestOpen, On: payRequest, To: RequestPaid, Emits: []string{"request.paid"}, Mails: paid},
		{From: RequestOpen, On: payRequest, Guard: riskReviews, To: RequestUnderReview, Emits: []string{"request.under_review"}},
		{From: RequestOpen, On: declineRequest, To: RequestDeclined, Emits: []string{"request.declined"}, Mails: []string{"request_declined"}},
		{From: RequestOpen, On: cancel, To: RequestCanceled, Emits: []string{"request.canceled"}},
		{From: RequestOpen, On: expire, To: RequestExpired, Emits: []string{"request.expired"}},
		{From: RequestUnderReview, On: reviewPassed, To: RequestPaid, Emits: []string{"request.paid"}, Mails: paid},
		{From: RequestUnderReview, On: reviewEnded, Guard: inTime, To: RequestOpen, Emits: []string{"request.reopened"}},
		{From: RequestUnderReview, On: reviewEnded, Guard: tooLate, To: RequestExpired, Emits: []string{"request.expired"}},
	}}
}

// MoneyRequest is one customer asking another person for money. Its JSON is for the two of
// them; events show it without Contact and Note.
type MoneyRequest struct {
	ID        RequestID    `json:"id"`
	From      CustomerID   `json:"from"`              // who asks
	To        CustomerID   `json:"to,omitempty"`      // who is asked; empty until the contact is somebody's
	Contact   string       `json:"contact,omitempty"` // e-mail address or telephone number, if it was sent to one
	State     RequestState `json:"state"`
	Amount    money.Amount `json:"amount"`
	Note      string       `json:"note,omitempty"`
	Transfer  TransferID   `json:"transfer,omitempty"` // that pays it
	CreatedAt time.Time    `json:"created_at"`
	UpdatedAt time.Time    `json:"updated_at"`
	ExpiresAt time.Time    `json:"expires_at"` // the first instant at which it is expired
	Sequence  int64        `json:"sequence"`   // counts the request's events

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

// requestDoc is a request as its record keeps it.
type requestDoc struct {
	MoneyRequest
	Currency string    `json:"currency"`
	Minor    int64     `json:"minor"`
	Digest   string    `json:"digest,omitempty"` // of the contact
	Amount   *struct{} `json:"amount,omitempty"` // kept in Minor
}

func (w *Wallet) request(r *requestDoc) (MoneyRequest, error) {
	amount, err := w.restore(r.Minor, r.Currency)
	out := r.MoneyRequest
	out.Amount = amount
	return out, err
}

func (r *requestDoc) move(on Action, g Guard) (Told, error) {
	return requestMachine().Move(&r.State, string(r.ID), on, g)
}

// due reports whether the request's time is over and that changes its state.
func (r *requestDoc) due(now time.Time) bool {
	return r.State == RequestOpen && !now.Before(r.ExpiresAt)
}

// inTime keeps what is done in time from being committed too late.
func (r *requestDoc) inTime(d *ledger.Draft) { d.NotAfter = r.ExpiresAt.Add(-time.Microsecond) }

func (r *requestDoc) record() ledger.Put {
	put := ledger.Put{Type: "request", ID: string(r.ID), Labels: []string{"c:" + string(r.From)}}
	if r.To != "" {
		put.Labels = append(put.Labels, "c:"+string(r.To))
	}
	if r.State == RequestOpen {
		put.Due = r.ExpiresAt
		if r.To == "" {
			put.Labels = append(put.Labels, "to:"+r.Digest)
		}
	}
	return put
}

// view is for events: nothing that people wrote.
func (r *requestDoc) view(w *Wallet) (any, error) {
	v, err := w.request(r)
	v.Contact, v.Note = "", ""
	return v, err
}

func (r *requestDoc) counter() *int64 { return &r.Sequence }

func (r *requestDoc) parties() (MerchantID, CustomerID) { return "", r.From }

func (r *requestDoc) recipient(template string) CustomerID {
	if template == "request_received" {
		return r.To
	}
	return r.From
}

// blank removes what is personal of a customer: the note they wrote, the contact that was
// theirs or that they typed.
func (r *requestDoc) blank(id CustomerID) bool {
	had := r.Contact != "" || r.From == id && r.Note != ""
	r.Contact = ""
	if r.State != RequestOpen {
		r.Digest = ""
	}
	if r.From == id {
		r.Note = ""
	}
	return had
}
