package care

import (
	"github.com/okpay/okpay-go/okpay"
)

// Config says how customers are looked after. The zero value works.
type Config struct{}

// Care is the service. It may be used from any number of goroutines.
type Care struct {
	w   *okpay.Wallet
	cfg Config
}

// New returns a Care over a wallet. Call it once for each wallet, before the wallet is used: its
// background work (deadlines, clocks) becomes the wallet's (see okpay.Wallet.Also). Errors:
// InvalidRequest for a wrong Config.
func New(w *okpay.Wallet, cfg Config) (*Care, error) {
	if w == nil {
		return nil, okpay.InvalidField("wallet", "is missing")
	}
	return &Care{w: w, cfg: cfg}, nil
}
