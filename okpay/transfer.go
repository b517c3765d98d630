package okpay

import (
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// TransferID names a transfer.
type TransferID string

// TransferState is where a transfer is in its life.
type TransferState string

const (
	// TransferCompleted is the payee's money. Final.
	TransferCompleted TransferState = "completed"
	// TransferPendingClaim waits for somebody to verify the contact that it was sent to:
	// claim leads to completed, cancel to canceled, time to returned.
	TransferPendingClaim TransferState = "pending_claim"
	// TransferUnderReview holds the sender's money until a person has looked at it: approve
	// leads to completed or pending_claim, reject to failed, cancel to canceled.
	TransferUnderReview TransferState = "under_review"
	// TransferCanceled gave amount and fee back. Final.
	TransferCanceled TransferState = "canceled"
	// TransferReturned was not claimed in time and gave amount and fee back. Final.
	TransferReturned TransferState = "returned"
	// TransferFailed was rejected in a review and moved nothing. Final.
	TransferFailed TransferState = "failed"
)

const (
	submitTransfer  Action = "submit"
	approveTransfer Action = "approve"
	rejectTransfer  Action = "reject"
	claimTransfer   Action = "claim"
)

const (
	registered   Guard = "the payee is registered"
	unregistered Guard = "the payee is not registered"
	riskReviews  Guard = "risk asks for a review"
)

// transferMachine is the transfer's state machine. What is refused when it is submitted makes
// no transfer.
func transferMachine() Machine[TransferState] {
	const (
		sent      = "Dr user:{from}:available / Cr user:{to}:available amount, Cr fees:transfer fee"
		parked    = "Dr user:{from}:available / Cr unclaimed:transfers amount, Cr fees:transfer fee"
		mirrored  = "Dr unclaimed:transfers amount, Dr fees:transfer fee / Cr user:{from}:available"
		holds     = "hold Dr user:{from}:available / Cr user:{to}:available (or unclaimed:transfers) amount, Cr fees:transfer fee"
		fromHeld  = "capture Dr user:{from}:available / Cr user:{to}:available amount, Cr fees:transfer fee"
		heldParks = "capture Dr user:{from}:available / Cr unclaimed:transfers amount, Cr fees:transfer fee"
		claimed   = "Dr unclaimed:transfers / Cr user:{to}:available amount"
	)
	both := []string{"transfer_sent", "transfer_received"}
	return Machine[TransferState]{Noun: "transfer", Rows: []Row[TransferState]{
		{
			To: TransferCompleted, On: submitTransfer, Guard: registered, Posts: sent,
			Emits: []string{"transfer.created", "transfer.completed"}, Mails: both,
		},
		{
			To: TransferPendingClaim, On: submitTransfer, Guard: unregistered, Posts: parked,
			Emits: []string{"transfer.created", "transfer.pending_claim"},
		},
		{
			To: TransferUnderReview, On: submitTransfer, Guard: riskReviews, Posts: holds,
			Emits: []string{"transfer.created", "transfer.under_review"},
		},
		{From: TransferUnderReview, On: approveTransfer, Guard: registered, To: TransferCompleted, Posts: fromHeld, Emits: []string{"transfer.completed"}, Mails: both},
		{From: TransferUnderReview, On: approveTransfer, Guard: unregistered, To: TransferPendingClaim, Posts: heldParks, Emits: []string{"transfer.pending_claim"}},
		{From: TransferUnderReview, On: rejectTransfer, To: TransferFailed, Emits: []string{"transfer.failed"}, Mails: []string{"transfer_failed"}},
		{From: TransferUnderReview, On: cancel, To: TransferCanceled, Emits: []string{"transfer.canceled"}},
		{From: TransferPendingClaim, On: claimTransfer, To: TransferCompleted, Posts: claimed, Emits: []string{"transfer.completed"}, Mails: []string{"transfer_claimed", "transfer_received"}},
		{From: TransferPendingClaim, On: cancel, To: TransferCanceled, Posts: mirrored, Emits: []string{"transfer.canceled"}},
		{From: TransferPendingClaim, On: expire, To: TransferReturned, Posts: mirrored, Emits: []string{"transfer.returned"}, Mails: []string{"transfer_returned"}},
	}}
}

// Transfer is money that one customer sends to another person. Its JSON is for the two of
// them; events show it without Contact and Note.
type Transfer struct {
	ID        TransferID    `json:"id"`
	From      CustomerID    `json:"from"`
	To        CustomerID    `json:"to,omitempty"`      // empty until somebody claims it
	Contact   string        `json:"contact,omitempty"` // e-mail address or telephone number, if it was sent to one
	State     TransferState `json:"state"`
	Amount    money.Amount  `json:"amount"`
	Fee       money.Amount  `json:"fee"` // paid by the sender on top
	Note      string        `json:"note,omitempty"`
	Request   RequestID     `json:"request,omitempty"` // the request for money that it pays
	Failure   *Refused      `json:"failure,omitempty"` // why it failed
	CreatedAt time.Time     `json:"created_at"`
	UpdatedAt time.Time     `json:"updated_at"`
	ExpiresAt *time.Time    `json:"expires_at,omitempty"` // while it waits to be claimed: the first instant at which it is returned
	Sequence  int64         `json:"sequence"`             // counts the transfer's events

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

// TransferReview is what operators know of a transfer, and nobody else.
type TransferReview struct {
	Assessment Assessment `json:"assessment,omitzero"` // the verdict of Config.Risk
	By         string     `json:"by,omitempty"`        // who approved or rejected it
	Reason     string     `json:"reason,omitempty"`    // code given when it was rejected
}

// transferDoc is a transfer as its record keeps it: amounts in minor units of one currency.
type transferDoc struct {
	Transfer
	Currency string `json:"currency"`
	Minor    struct {
		Amount, Fee int64
	} `json:"minor"`
	Digest   string         `json:"digest,omitempty"`    // of the contact
	ClaimFor time.Duration  `json:"claim_for,omitempty"` // how long it can be claimed
	Used     []usage        `json:"used,omitempty"`      // of the sender's limits
	Review   TransferReview `json:"review,omitzero"`

	// The amounts of the embedded Transfer are kept in Minor.
	Amount *struct{} `json:"amount,omitempty"`
	Fee    *struct{} `json:"fee,omitempty"`
}

// transfer returns what the two parties see.
func (w *Wallet) transfer(d *transferDoc) (Transfer, error) {
	amount, err := w.restore(d.Minor.Amount, d.Currency)
	t := d.Transfer
	t.Amount, t.Fee = amount, money.New(d.Minor.Fee, amount.Currency())
	return t, err
}

// move takes a transfer through its table.
func (t *transferDoc) move(on Action, g Guard) (Told, error) {
	return transferMachine().Move(&t.State, string(t.ID), on, g)
}

// due reports whether the time to claim the transfer is over.
func (t *transferDoc) due(now time.Time) bool {
	return t.State == TransferPendingClaim && !now.Before(*t.ExpiresAt)
}

// waits begins the time in which the transfer can be claimed.
func (t *transferDoc) waits(now time.Time) {
	at := now.Add(t.ClaimFor)
	t.ExpiresAt = &at
}

// postings of the amount to an account, and of the fee.
func (t *transferDoc) postings(w *Wallet, payee string) ([]ledger.Posting, error) {
	amount, err := w.restore(t.Minor.Amount, t.Currency)
	if err != nil {
		return nil, err
	}
	p := []ledger.Posting{{Debit: customerAccount(t.From), Credit: payee, Amount: amount}}
	if t.Minor.Fee > 0 {
		p = append(p, ledger.Posting{Debit: customerAccount(t.From), Credit: transferFees, Amount: money.New(t.Minor.Fee, amount.Currency())})
	}
	return p, nil
}

// payee is the account that the amount goes to.
func (t *transferDoc) payee() string {
	if t.To == "" {
		return unclaimedTransfers
	}
	return customerAccount(t.To)
}

// parties of messages are told apart by recipient; merchants hear nothing of transfers.
func (t *transferDoc) parties() (MerchantID, CustomerID) { return "", t.From }

func (t *transferDoc) recipient(template string) CustomerID {
	if template == "transfer_received" {
		return t.To
	}
	return t.From
}

func (t *transferDoc) record() ledger.Put {
	put := ledger.Put{Type: "transfer", ID: string(t.ID), Labels: []string{"c:" + string(t.From), "s:" + string(t.State)}}
	switch t.State {
	case TransferCompleted:
		put.Labels = append(put.Labels, "c:"+string(t.To))
	case TransferPendingClaim:
		put.Labels = append(put.Labels, "to:"+t.Digest, openLabel(partyCustomer(t.From)))
		put.Due = *t.ExpiresAt
	case TransferUnderReview:
		put.Labels = append(put.Labels, openLabel(partyCustomer(t.From)))
	}
	return put
}

// view is for events: nothing that people wrote.
func (t *transferDoc) view(w *Wallet) (any, error) {
	v, err := w.transfer(t)
	v.Contact, v.Note = "", ""
	return v, err
}

func (t *transferDoc) counter() *int64 { return &t.Sequence }

// blank removes what is personal of a customer: the note they wrote, the contact that was
// theirs or that they typed.
func (t *transferDoc) blank(id CustomerID) bool {
	had := t.Contact != "" || t.From == id && t.Note != ""
	t.Contact = ""
	if t.State != TransferPendingClaim {
		t.Digest = ""
	}
	if t.From == id {
		t.Note = ""
	}
	return had
}

// back are the postings that give amount and fee of an unclaimed transfer back.
func (t *transferDoc) back(w *Wallet) ([]ledger.Posting, error) {
	p, err := t.postings(w, unclaimedTransfers)
	for i := range p {
		p[i].Debit, p[i].Credit = p[i].Credit, p[i].Debit
	}
	return p, err
}
