package merchant

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/ledger/money"
)

// Merchant is the shop or business that the API key belongs to.
type Merchant struct {
	ID        MerchantID `json:"id"`
	Name      string     `json:"name"`
	CreatedAt time.Time  `json:"created_at"`
}

func decodeMerchant(data []byte, _ *money.Registry) (Merchant, error) {
	var r reader
	var m Merchant
	r.object(data, &m)
	r.need("id", string(m.ID))
	r.needTime("created_at", m.CreatedAt)
	return result(&r, m)
}

// MerchantService tells whose key it is.
type MerchantService struct{ client *Client }

// Get returns the merchant. Calling it when a program starts shows that address and key are
// right. Codes: CodeUnauthenticated, as every call.
func (s *MerchantService) Get(ctx context.Context) (Merchant, error) {
	return get(ctx, s.client, "merchant.get", "/merchant", nil, decodeMerchant)
}
