package okpay

import (
	"context"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// PaymentShare is a payment as a merchant sees it among whom it is divided, and whose own it is not: their
// own share, and nothing of the payer's or of the others'. Its JSON is what they see.
type PaymentShare struct {
	Payment   PaymentID    `json:"payment"`
	Merchant  MerchantID   `json:"merchant"` // whose payment it is
	State     PaymentState `json:"state"`
	Share     Share        `json:"share"`
	CreatedAt time.Time    `json:"created_at"`
	UpdatedAt time.Time    `json:"updated_at"`
}

// shareIndex says what the records are by which a payment's parties find it. A record has room for
// fewer labels than a payment may have parties, so each of them has a record.
type shareIndex string

const (
	sharesOpen shareIndex = "open" // they keep their merchants from leaving
	sharesOver shareIndex = "over"
)

// paymentShareDoc is the record of one party.
type paymentShareDoc struct {
	Payment  PaymentID  `json:"payment"`
	Merchant MerchantID `json:"merchant"`
}

// index puts the records of the parties other than the payment's own merchant, when the payment is
// made and once nothing more will be captured: who is to be paid yet stays.
func (p *paymentDoc) index(c *ledger.Change) {
	want := sharesOver
	if paymentMachine().Allows(p.State, expire) {
		want = sharesOpen
	}
	if len(p.Parties) == 0 || p.Indexed == want {
		return
	}
	p.Indexed = want
	for _, s := range p.Parties {
		if s.Merchant == p.Merchant {
			continue
		}
		put := ledger.Put{
			Type: "payment_share", ID: string(p.ID) + ":" + string(s.Merchant), Labels: []string{"m:" + string(s.Merchant)},
			Content: encode(paymentShareDoc{p.ID, s.Merchant}),
		}
		if want == sharesOpen {
			put.Labels = append(put.Labels, openLabel(partyMerchant(s.Merchant)))
		}
		c.Puts = append(c.Puts, put)
	}
}

// GetShare returns a payment of another merchant's that a merchant is a party of, as Get does. Errors:
// NotFound, also for a payment that they are no party of, or that is their own.
func (s *Payments) GetShare(ctx context.Context, party MerchantID, id PaymentID) (PaymentShare, error) {
	p, err := s.Get(ctx, id)
	if err != nil {
		return PaymentShare{}, err
	}
	i := slices.IndexFunc(p.Splits, func(s Share) bool { return s.Merchant == party })
	if i < 0 || p.Merchant == party {
		return PaymentShare{}, notFound("payment", string(id))
	}
	return PaymentShare{
		Payment: p.ID, Merchant: p.Merchant, State: p.State, Share: p.Splits[i], CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	}, nil
}

// ListShares is the input of Payments.Shares.
type ListShares struct {
	Merchant MerchantID // the party
	After    PaymentID  // continue after this payment
	Limit    int        // 1 to 100, 20 unless told
}

// Shares returns the payments of others that a merchant is a party of, the newest first, and
// whether there are more. Errors: InvalidRequest.
func (s *Payments) Shares(ctx context.Context, in ListShares) (page []PaymentShare, more bool, err error) {
	if err := CheckID("merchant", string(in.Merchant)); err != nil {
		return nil, false, err
	}
	after := ""
	if in.After != "" {
		after = string(in.After) + ":" + string(in.Merchant)
	}
	records, more, err := s.w.page(ctx, "payment_share", "m:"+string(in.Merchant), after, true, in.Limit)
	if err != nil {
		return nil, false, err
	}
	for _, r := range records {
		var doc paymentShareDoc
		if err := decodeRecord(r.Type, r.ID, r, nil, &doc); err != nil {
			return nil, false, err
		}
		share, err := s.GetShare(ctx, in.Merchant, doc.Payment)
		if err != nil {
			return nil, false, err
		}
		page = append(page, share)
	}
	return page, more, nil
}
