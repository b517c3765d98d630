package okpay

import (
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// RefundID names a refund.
type RefundID string

// RefundTo says where refunds go of payments that a funding source paid.
type RefundTo uint8

const (
	// RefundToWallet credits the customer's balance, at once.
	RefundToWallet RefundTo = iota
	// RefundToSource goes back to the funding source, if it is a rails.Refunder; when it can
	// not, the customer's balance is credited.
	RefundToSource
)

// refundPatience is how long a refund waits for the merchant's funds.
const refundPatience = 30 * 24 * time.Hour

// Refund is captured money given back to the customer. Its JSON is what merchants see.
type Refund struct {
	ID          RefundID     `json:"id"`
	Payment     PaymentID    `json:"payment"`
	Merchant    MerchantID   `json:"merchant"`
	Customer    CustomerID   `json:"customer"`
	State       RefundState  `json:"state"`
	Amount      money.Amount `json:"amount"`
	FeeReturned money.Amount `json:"fee_returned"` // of the amount, paid by the wallet from its fee
	Reason      string       `json:"reason,omitempty"`
	Failure     *Refused     `json:"failure,omitempty"` // why it failed, or waits for funds
	CreatedAt   time.Time    `json:"created_at"`
	Sequence    int64        `json:"sequence"`

	// CreditedToWallet says that the source could not give it back, and that the customer's
	// balance was credited instead.
	CreditedToWallet bool `json:"credited_to_wallet,omitempty"`
	// Source is the funding source that it goes to; empty means the customer's balance. Merchants
	// do not see how a customer has paid.
	Source string `json:"-"`

	// Replayed is set on what a verb returns when its Key had been used before: nothing was
	// done this time.
	Replayed bool `json:"-"`
}

// refundDoc is a refund as its record keeps it.
type refundDoc struct {
	Refund
	Currency string `json:"currency"`
	Minor    struct {
		Amount, FeeReturned int64
	} `json:"minor"`

	To         string       `json:"to,omitempty"`         // the funding source
	Collection string       `json:"collection,omitempty"` // that is given back
	Credited   bool         `json:"credited,omitempty"`   // to the wallet instead
	Payers     []MerchantID `json:"payers,omitempty"`     // of a payment that is divided: its parties
	LookAt     time.Time    `json:"look_at,omitzero"`     // when funds are looked for, or the source asked, again
	Assessed   Assessment   `json:"assessed,omitzero"`
	Used       []usage      `json:"used,omitempty"`    // of the merchant's limits
	Undone     bool         `json:"undone,omitempty"`  // the source undid it after it had succeeded
	MovedAt    time.Time    `json:"moved_at,omitzero"` // when it succeeded, or was undone
	Settled    movements    `json:"settled,omitzero"`  // what statements have of it

	Amount      *struct{} `json:"amount,omitempty"` // kept in Minor
	FeeReturned *struct{} `json:"fee_returned,omitempty"`
}

func (w *Wallet) refund(d *refundDoc) (Refund, error) {
	amount, err := w.restore(d.Minor.Amount, d.Currency)
	r := d.Refund
	r.Amount, r.FeeReturned = amount, money.New(d.Minor.FeeReturned, amount.Currency())
	r.Source, r.CreditedToWallet = d.To, d.Credited
	return r, err
}

func (r *refundDoc) move(on Action, g Guard) (Told, error) {
	return refundMachine().Move(&r.State, string(r.ID), on, g)
}

func (r *refundDoc) record() ledger.Put {
	put := ledger.Put{
		Type: "refund", ID: string(r.ID),
		Labels: []string{"p:" + string(r.Payment), "m:" + string(r.Merchant), "c:" + string(r.Customer)},
	}
	_, moved := r.lastMoved()
	put.Labels = append(put.Labels, r.Settled.labels(r.To, moved)...)
	if r.State == RefundPendingFunds || r.State == RefundPendingProvider { // it may still move money of both
		put.Labels = append(put.Labels, openLabel(partyMerchant(r.Merchant)), openLabel(partyCustomer(r.Customer)))
	}
	switch r.State {
	case RefundPendingFunds:
		for _, m := range r.payers() {
			put.Labels = append(put.Labels, waitingLabel(m, r.Currency))
		}
		put.Due = r.LookAt
		if end := r.CreatedAt.Add(refundPatience); end.Before(put.Due) {
			put.Due = end
		}
	case RefundPendingProvider:
		put.Due = r.LookAt
	}
	return put
}

// payers are whom the refund is taken from.
func (r *refundDoc) payers() []MerchantID {
	if len(r.Payers) == 0 {
		return []MerchantID{r.Merchant}
	}
	return r.Payers
}

// waitingLabel finds the refunds that wait for a merchant's funds in one currency.
func waitingLabel(merchant MerchantID, currency string) string {
	return "w:" + string(merchant) + ":" + currency
}

func (r *refundDoc) view(w *Wallet) (any, error) { return w.refund(r) }

func (r *refundDoc) counter() *int64 { return &r.Sequence }

func (r *refundDoc) parties() (MerchantID, CustomerID) { return r.Merchant, r.Customer }
