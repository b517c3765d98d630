package okpay

import (
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// DisputeID names a dispute.
type DisputeID string

// DisputeState is where a dispute is in its life.
type DisputeState string

const (
	// DisputeUnderReview waits for evidence and for a person's decision.
	DisputeUnderReview DisputeState = "under_review"
	// DisputeResolvedForPayer gave the money back to the customer. Final.
	DisputeResolvedForPayer DisputeState = "resolved_for_payer"
	// DisputeResolvedForMerchant left it with the merchant. Final.
	DisputeResolvedForMerchant DisputeState = "resolved_for_merchant"
	// DisputeWithdrawn was taken back by the customer. Final.
	DisputeWithdrawn DisputeState = "withdrawn"
)

// DisputeKind is what a customer reports.
type DisputeKind string

// The kinds.
const (
	Unauthorized   DisputeKind = "unauthorized" // the customer did not pay: the only kind with a provisional credit
	NotReceived    DisputeKind = "not_received"
	NotAsDescribed DisputeKind = "not_as_described"
	Duplicate      DisputeKind = "duplicate"
	OtherDispute   DisputeKind = "other"
)

// Party is a side of a dispute.
type Party string

// The parties.
const (
	PartyPayer    Party = "payer"
	PartyMerchant Party = "merchant"
)

// Evidence is what a party has to say. The document itself is the embedding program's to
// keep.
type Evidence struct {
	From     Party     `json:"from"`
	Text     string    `json:"text"`
	Document string    `json:"document,omitempty"` // an opaque reference
	At       time.Time `json:"at"`
}

// Dispute is a customer's report that a payment was wrong. While it is open, what the
// merchant has of the money is reserved.
type Dispute struct {
	ID          DisputeID    `json:"id"`
	Payment     PaymentID    `json:"payment"`
	Customer    CustomerID   `json:"customer"`
	Merchant    MerchantID   `json:"merchant"`
	Kind        DisputeKind  `json:"kind"`
	State       DisputeState `json:"state"`
	Amount      money.Amount `json:"amount"`      // what was captured and not refunded
	Provisional bool         `json:"provisional"` // the customer was credited before the decision
	Evidence    []Evidence   `json:"evidence,omitempty"`
	EvidenceBy  time.Time    `json:"evidence_by"` // the first instant at which no more is taken
	Reason      string       `json:"reason,omitempty"`
	CreatedAt   time.Time    `json:"created_at"`
	UpdatedAt   time.Time    `json:"updated_at"`
	Sequence    int64        `json:"sequence"`

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

const (
	openDispute        Action = "open"
	creditProvisional  Action = "provisional_credit"
	addEvidence        Action = "evidence"
	resolveForPayer    Action = "resolve_for_payer"
	resolveForMerchant Action = "resolve_for_merchant"
	withdrawDispute    Action = "withdraw"
)

const (
	credited    Guard = "the customer was credited provisionally"
	notCredited Guard = "the customer was not credited"
)

func disputeMachine() Machine[DisputeState] {
	const (
		returned = "Dr reserve:disputes / Cr merchant:{party}:available"
		collect  = returned + "; Dr user:{customer}:available up to what is there, Dr receivable:user:{customer} the rest / Cr provisional:disputes"
	)
	forMerchant := []string{"dispute.resolved_for_merchant"}
	return Machine[DisputeState]{Noun: "dispute", Rows: []Row[DisputeState]{
		{
			On: openDispute, To: DisputeUnderReview, Emits: []string{"dispute.opened"}, Mails: []string{"dispute_received"},
			Posts: "Dr merchant:{party}:available up to what is there / Cr reserve:disputes",
		},
		{
			From: DisputeUnderReview, On: creditProvisional, Guard: notCredited, To: DisputeUnderReview, Emits: []string{"dispute.provisional_credit"},
			Posts: "Dr provisional:disputes / Cr user:{customer}:available",
		},
		{From: DisputeUnderReview, On: addEvidence, To: DisputeUnderReview, Emits: []string{"dispute.evidence_added"}},
		{
			From: DisputeUnderReview, On: resolveForPayer, Guard: credited, To: DisputeResolvedForPayer,
			Emits: []string{"dispute.resolved_for_payer"}, Mails: []string{"dispute_resolved_for_payer"},
			Posts: "Dr reserve:disputes, Dr receivable:merchant:{party} what was not reserved / Cr provisional:disputes",
		},
		{
			From: DisputeUnderReview, On: resolveForPayer, Guard: notCredited, To: DisputeResolvedForPayer,
			Emits: []string{"dispute.resolved_for_payer"}, Mails: []string{"dispute_resolved_for_payer"},
			Posts: "Dr reserve:disputes, Dr receivable:merchant:{party} what was not reserved / Cr user:{customer}:available",
		},
		{
			From: DisputeUnderReview, On: resolveForMerchant, Guard: credited, To: DisputeResolvedForMerchant,
			Emits: forMerchant, Mails: []string{"dispute_resolved_for_merchant"}, Posts: collect,
		},
		{
			From: DisputeUnderReview, On: resolveForMerchant, Guard: notCredited, To: DisputeResolvedForMerchant,
			Emits: forMerchant, Mails: []string{"dispute_resolved_for_merchant"}, Posts: returned,
		},
		{
			From: DisputeUnderReview, On: withdrawDispute, Guard: credited, To: DisputeWithdrawn,
			Emits: []string{"dispute.withdrawn"}, Posts: collect,
		},
		{
			From: DisputeUnderReview, On: withdrawDispute, Guard: notCredited, To: DisputeWithdrawn,
			Emits: []string{"dispute.withdrawn"}, Posts: returned,
		},
	}}
}

// disputeDoc is a dispute as its record keeps it.
type disputeDoc struct {
	Dispute
	Currency string    `json:"currency"`
	Minor    int64     `json:"minor"`
	Amount   *struct{} `json:"amount,omitempty"` // kept in Minor
	By       string    `json:"by,omitempty"`     // the operator who decided
}

func (y *disputeDoc) record() ledger.Put {
	put := ledger.Put{Type: "dispute", ID: string(y.ID), Labels: []string{
		"c:" + string(y.Customer), "m:" + string(y.Merchant), "s:" + string(y.State), "p:" + string(y.Payment),
	}}
	if y.State == DisputeUnderReview { // its decision moves money of both
		put.Labels = append(put.Labels, openLabel(partyMerchant(y.Merchant)), openLabel(partyCustomer(y.Customer)))
	}
	return put
}

func (y *disputeDoc) view(w *Wallet) (any, error) { return w.dispute(y) }

func (y *disputeDoc) counter() *int64 { return &y.Sequence }

func (y *disputeDoc) parties() (MerchantID, CustomerID) { return y.Merchant, y.Customer }

// credit is the guard that says whether the customer was credited already.
func (y *disputeDoc) credit() Guard {
	if y.Provisional {
		return credited
	}
	return notCredited
}

func (w *Wallet) dispute(d *disputeDoc) (Dispute, error) {
	amount, err := w.restore(d.Minor, d.Currency)
	y := d.Dispute
	y.Amount = amount
	return y, err
}
