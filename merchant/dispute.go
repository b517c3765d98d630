package merchant

import (
	"context"
	"iter"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// DisputeID names a dispute.
type DisputeID string

// DisputeState is where a dispute is in its life. New states may come at any time.
type DisputeState string

const (
	// DisputeUnderReview takes evidence and waits for a decision; what the merchant has of the
	// money is reserved.
	DisputeUnderReview DisputeState = "under_review"
	// DisputeResolvedForPayer gave the money back to the customer. Final.
	DisputeResolvedForPayer DisputeState = "resolved_for_payer"
	// DisputeResolvedForMerchant left it with the merchant. Final.
	DisputeResolvedForMerchant DisputeState = "resolved_for_merchant"
	// DisputeWithdrawn was taken back by the customer. Final.
	DisputeWithdrawn DisputeState = "withdrawn"
)

// DisputeKind is what a customer reports. New kinds may come at any time.
type DisputeKind string

// The kinds.
const (
	DisputeUnauthorized   DisputeKind = "unauthorized" // the customer says that it was somebody else who paid
	DisputeNotReceived    DisputeKind = "not_received"
	DisputeNotAsDescribed DisputeKind = "not_as_described"
	DisputeDuplicate      DisputeKind = "duplicate"
	DisputeOther          DisputeKind = "other"
)

// Party is a side of a dispute.
type Party string

// The parties.
const (
	PartyPayer    Party = "payer"
	PartyMerchant Party = "merchant"
)

// Evidence is what a side of a dispute has to say.
type Evidence struct {
	From     Party     `json:"from"`
	Text     string    `json:"text"`
	Document string    `json:"document,omitempty"` // an opaque reference
	At       time.Time `json:"at"`
}

// Dispute is a customer's report that a payment was wrong. The payment cannot be refunded
// while it is under review.
type Dispute struct {
	ID          DisputeID    `json:"id"`
	Payment     PaymentID    `json:"payment"`
	Customer    CustomerID   `json:"customer"`
	Merchant    MerchantID   `json:"merchant"`
	Kind        DisputeKind  `json:"kind"`
	State       DisputeState `json:"state"`
	Amount      money.Amount `json:"amount"`             // what was captured and not refunded
	Provisional bool         `json:"provisional"`        // the customer was credited before the decision
	Evidence    []Evidence   `json:"evidence,omitempty"` // of both sides, in order
	EvidenceBy  time.Time    `json:"evidence_by"`        // the first instant at which no more is taken
	Reason      string       `json:"reason,omitempty"`   // of the decision, a code
	CreatedAt   time.Time    `json:"created_at"`
	UpdatedAt   time.Time    `json:"updated_at"`
	Sequence    int64        `json:"sequence"` // counts the dispute's events

	// Replayed is set on what a call returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

func decodeDispute(data []byte, currencies *money.Registry) (Dispute, error) {
	r := reader{currencies: currencies}
	var w struct {
		Dispute
		Amount *wireAmount `json:"amount"`
	}
	r.object(data, &w)
	y := w.Dispute
	r.need("id", string(y.ID), "payment", string(y.Payment), "state", string(y.State))
	y.Amount = r.amount("amount", w.Amount)
	r.needTime("evidence_by", y.EvidenceBy)
	r.needTime("created_at", y.CreatedAt)
	return result(&r, y)
}

// DisputeService answers customers who report payments.
type DisputeService struct{ client *Client }

// Get returns a dispute as it is now. Codes: CodeNotFound.
func (s *DisputeService) Get(ctx context.Context, id DisputeID) (Dispute, error) {
	const operation = "disputes.get"
	if err := checkID("dispute", string(id)); err != nil {
		return Dispute{}, refuse(operation, "", err)
	}
	return get(ctx, s.client, operation, place("disputes", string(id)), nil, decodeDispute)
}

// AddEvidence is the input of Disputes.AddEvidence.
type AddEvidence struct {
	Dispute  DisputeID
	Text     string // at most 2,000 bytes
	Document string // an opaque reference of the merchant's own, at most 128 bytes
	Key      string // makes the call safe to repeat; empty means a new one
}

type addEvidenceBody struct {
	Text     string `json:"text,omitempty"`
	Document string `json:"document,omitempty"`
}

// AddEvidence records what the merchant has to say: a text, the reference of a document, or
// both. Codes: CodeInvalidRequest when there is neither, CodeNotFound, CodeInvalidState once the
// dispute is decided, Dispute.EvidenceBy is over or there is too much already,
// CodeIdempotencyKeyReused.
func (s *DisputeService) AddEvidence(ctx context.Context, in AddEvidence) (Dispute, error) {
	const operation = "disputes.add_evidence"
	if err := checkID("dispute", string(in.Dispute)); err != nil {
		return Dispute{}, refuse(operation, in.Key, err)
	}
	if err := checkText("text", in.Text, "document", in.Document); err != nil {
		return Dispute{}, refuse(operation, in.Key, err)
	}
	y, replayed, err := post(ctx, s.client, operation, place("disputes", string(in.Dispute), "evidence"), in.Key,
		addEvidenceBody{Text: in.Text, Document: in.Document}, decodeDispute)
	y.Replayed = replayed
	return y, err
}

// ListDisputes is the input of Disputes.List and Disputes.All.
type ListDisputes struct {
	Cursor string // NextCursor of the page before; empty means from the beginning
	Limit  int    // 1 to 100 for one page; zero means 20, for All 100
}

// List returns a page of the disputes of the merchant's payments, the newest first. Codes:
// CodeInvalidRequest.
func (s *DisputeService) List(ctx context.Context, in ListDisputes) (Page[Dispute], error) {
	return get(ctx, s.client, "disputes.list", "/disputes", pageQuery(in.Cursor, in.Limit), pageOf(decodeDispute))
}

// All goes through the disputes, the newest first, page after page. An error comes once and
// ends it; so does the context.
func (s *DisputeService) All(ctx context.Context, in ListDisputes) iter.Seq2[Dispute, error] {
	if in.Limit == 0 {
		in.Limit = allLimit
	}
	return walk(ctx, "disputes.list", in.Cursor, func(cursor string) (Page[Dispute], error) {
		in.Cursor = cursor
		return s.List(ctx, in)
	})
}
