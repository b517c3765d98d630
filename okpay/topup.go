package okpay

import (
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/money"
)

// TopUpID names a top-up.
type TopUpID string

// TopUp is money that a customer brings into the wallet.
type TopUp struct {
	ID       TopUpID      `json:"id"`
	Customer CustomerID   `json:"customer"`
	Source   string       `json:"source"`
	State    TopUpState   `json:"state"`
	Amount   money.Amount `json:"amount"`            // that was asked for
	Received money.Amount `json:"received"`          // that came; it may differ, also in currency
	Fee      money.Amount `json:"fee"`               // of what came, taken when it was credited; kept when it is reversed
	Failure  *Refused     `json:"failure,omitempty"` // why nothing came
	// ProviderReference is what the source calls the money, once known: what a bank asks for.
	ProviderReference string `json:"provider_reference,omitempty"`

	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	ExpiresAt time.Time `json:"expires_at"` // when the source is asked for the last time whether the money has come
	Sequence  int64     `json:"sequence"`   // counts the top-up's events

	// Replayed is set on what a verb returns when its Key, or the id of the source's event, had
	// been used before: nothing was done this time.
	Replayed bool `json:"-"`
}

// topUpDoc is a top-up as its record keeps it.
type topUpDoc struct {
	TopUp
	Currency string      `json:"currency"`
	Minor    int64       `json:"minor"`
	Came     *came       `json:"came,omitempty"`
	FeeMinor int64       `json:"fee_minor,omitempty"`
	Parked   *came       `json:"parked,omitempty"`    // a reversal that was told before the money came
	SentBack bool        `json:"sent_back,omitempty"` // a person sent the money back
	Used     []usage     `json:"used,omitempty"`      // of limits
	Unused   bool        `json:"unused,omitempty"`    // what is in Used was given back
	Risk     Assessment  `json:"risk,omitzero"`
	Asks     int         `json:"asks,omitempty"` // how often the source was asked and did not know
	AskedAt  time.Time   `json:"asked_at"`       // when it was asked last
	Resolved *resolution `json:"resolved,omitempty"`
	Settled  movements   `json:"settled,omitzero"` // what statements have of it

	// The amounts of the embedded TopUp are kept in Minor, Came and FeeMinor.
	Amount   *struct{} `json:"amount,omitempty"`
	Received *struct{} `json:"received,omitempty"`
	Fee      *struct{} `json:"fee,omitempty"`

	mails []string // to be queued when it is written
}

// came is an amount that a source told of. Without a currency it told of none.
type came struct {
	Minor    int64  `json:"minor,omitempty"`
	Currency string `json:"currency,omitempty"`
}

// resolution is what a person decided on a top-up.
type resolution struct {
	By   string    `json:"by"`
	Note string    `json:"note,omitempty"`
	At   time.Time `json:"at"`
}

// topUp returns what the outside sees.
func (w *Wallet) topUp(d *topUpDoc) (TopUp, error) {
	amount, err := w.restore(d.Minor, d.Currency)
	if err != nil {
		return TopUp{}, err
	}
	t := d.TopUp
	t.Amount, t.Received = amount, money.Zero(amount.Currency())
	if d.Came != nil {
		t.Received, err = w.restore(d.Came.Minor, d.Came.Currency)
	}
	t.Fee = money.New(d.FeeMinor, t.Received.Currency())
	return t, err
}

func (t *topUpDoc) move(on Action, g Guard) (Told, error) {
	return topUpMachine().Move(&t.State, string(t.ID), on, g)
}

// write puts the top-up's next version into a Change, with what was told of it by tell.
func (s *TopUps) write(d *ledger.Draft, t *topUpDoc) error {
	return s.w.write(&d.Change, d.Now(), t, Told{Mails: t.mails})
}

// tell adds the top-up's own events of a move, with the top-up as it is now. Those of other
// objects, which the table lists at their place, are told by them.
func (s *TopUps) tell(d *ledger.Draft, t *topUpDoc, m Told) error {
	t.UpdatedAt = d.Now()
	t.mails = append(t.mails, m.Mails...)
	for _, eventType := range m.Emits {
		if !strings.HasPrefix(eventType, "topup.") {
			continue
		}
		if err := s.w.announce(&d.Change, d.Now(), t, eventType); err != nil {
			return err
		}
	}
	return nil
}

// How long a top-up waits before its source is asked again: twice as long each time.
const (
	queryAfter     = 30 * time.Second
	queryAfterMost = time.Hour
)

// askAt is when the source is asked next: also at the instant of expiry.
func (t *topUpDoc) askAt() time.Time {
	at := t.AskedAt.Add(min(queryAfter<<min(t.Asks, 10), queryAfterMost))
	if t.AskedAt.Before(t.ExpiresAt) && t.ExpiresAt.Before(at) {
		return t.ExpiresAt
	}
	return at
}

func (t *topUpDoc) record() ledger.Put {
	put := ledger.Put{
		Type: "topup", ID: string(t.ID),
		Labels: []string{"c:" + string(t.Customer), "c:" + string(t.Customer) + ":" + string(t.State), "state:" + string(t.State)},
	}
	_, moved := t.lastMoved()
	put.Labels = append(put.Labels, t.Settled.labels(t.Source, moved)...)
	if t.State == TopUpPending {
		put.Due = t.askAt()
	}
	return put
}

func (t *topUpDoc) view(w *Wallet) (any, error) { return w.topUp(t) }

func (t *topUpDoc) counter() *int64 { return &t.Sequence }

func (t *topUpDoc) parties() (MerchantID, CustomerID) { return "", t.Customer }
