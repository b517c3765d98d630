package merchant

import (
	"context"
	"iter"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// PaymentShare is a payment of another merchant's that is divided among several, with the share of
// the merchant who asks.
type PaymentShare struct {
	Payment   PaymentID    `json:"payment"`
	Merchant  MerchantID   `json:"merchant"` // whose payment it is
	State     PaymentState `json:"state"`
	Share     Share        `json:"share"`
	CreatedAt time.Time    `json:"created_at"`
	UpdatedAt time.Time    `json:"updated_at"`
}

func decodePaymentShare(data []byte, currencies *money.Registry) (PaymentShare, error) {
	r := reader{currencies: currencies}
	var w struct {
		PaymentShare
		Share wireShare `json:"share"`
	}
	r.object(data, &w)
	s := w.PaymentShare
	r.need("payment", string(s.Payment), "state", string(s.State))
	s.Share = w.Share.share(&r)
	r.needTime("created_at", s.CreatedAt)
	return result(&r, s)
}

// PaymentShareService tells of the payments of other merchants that the merchant is a party of.
type PaymentShareService struct{ client *Client }

// Get returns the merchant's share of a payment of another merchant's as it is now. Codes:
// CodeNotFound, also for the merchant's own payments.
func (s *PaymentShareService) Get(ctx context.Context, id PaymentID) (PaymentShare, error) {
	const operation = "payment_shares.get"
	if err := checkID("payment", string(id)); err != nil {
		return PaymentShare{}, refuse(operation, "", err)
	}
	return get(ctx, s.client, operation, place("payment_shares", string(id)), nil, decodePaymentShare)
}

// ListPaymentShares is the input of PaymentShares.List and PaymentShares.All.
type ListPaymentShares struct {
	Cursor string // NextCursor of the page before; empty means from the beginning
	Limit  int    // 1 to 100 for one page; zero means 20, for All 100
}

// List returns a page of the shares, those of the newest payments first. Codes: CodeInvalidRequest.
func (s *PaymentShareService) List(ctx context.Context, in ListPaymentShares) (Page[PaymentShare], error) {
	return get(ctx, s.client, "payment_shares.list", "/payment_shares", pageQuery(in.Cursor, in.Limit), pageOf(decodePaymentShare))
}

// All goes through the shares, those of the newest payments first, page after page. An error
// comes once and ends it; so does the context.
func (s *PaymentShareService) All(ctx context.Context, in ListPaymentShares) iter.Seq2[PaymentShare, error] {
	if in.Limit == 0 {
		in.Limit = allLimit
	}
	return walk(ctx, "payment_shares.list", in.Cursor, func(cursor string) (Page[PaymentShare], error) {
		in.Cursor = cursor
		return s.List(ctx, in)
	})
}
