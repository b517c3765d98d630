package identity

import (
	"context"
	"errors"
	"io"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/totp"
)

// setIssuer checks the name that apps show.
func (c *Config) setIssuer() error {
	if c.Issuer == "" {
		c.Issuer = "OKPay"
	}
	secret, err := totp.NewSecret(make([]byte, totp.MinSecretBytes))
	if err == nil {
		_, err = totp.Key{Issuer: c.Issuer, Account: "x", Secret: secret}.URI()
	}
	if err != nil {
		return okpay.InvalidField("issuer", "can not be shown by an app")
	}
	return nil
}

// setRing makes the keyring of all keys; the first seals.
func (x *Identity) setRing() error {
	cfg := totp.KeyringConfig{Primary: x.cfg.Keys[0].ID, Rand: x.random()}
	for _, k := range x.cfg.Keys {
		raw, _, _ := x.key(k.ID, "seal")
		sealing, err := totp.NewSealingKey(k.ID, totp.AES256GCM, raw)
		if err != nil {
			return err
		}
		cfg.Keys = append(cfg.Keys, sealing)
	}
	var err error
	x.ring, err = totp.NewKeyring(cfg)
	return err
}

// random is the wallet's source of randomness.
func (x *Identity) random() io.Reader { return randomness{x.w} }

type randomness struct{ w *okpay.Wallet }

func (r randomness) Read(b []byte) (int, error) {
	if err := r.w.Random(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// rewrap seals what a factor holds under the primary key, and reports whether anything was
// sealed under another one. Errors: those of totp.Keyring.Rewrap.
func (x *Identity) rewrap(f *factorDoc) (changed bool, err error) {
	seals := map[*[]byte]totp.Row{}
	if f.App != nil {
		seals[&f.App.Sealed] = f.App.row(f.Of.Customer)
	}
	if f.Pending != nil {
		seals[&f.Pending.Sealed] = f.Pending.row(f.Of.Customer)
	}
	if f.Recovery != nil {
		seals[&f.Recovery.Pepper] = f.Recovery.row(f.Of.Customer)
	}
	for sealed, row := range seals {
		stored, again, err := x.ring.Rewrap(row, *sealed)
		if err != nil {
			return false, err
		}
		*sealed, changed = stored, changed || again
	}
	return changed, nil
}

// Rewrapped is what Identity.RewrapAll has done.
type Rewrapped struct {
	Seen   int // customers
	Sealed int // of them anew
	Failed int // of them do not open; the error tells why
}

// RewrapAll seals what was sealed under another key than the first of Config.Keys under that
// one, for all customers, batch (1 to 100) of them read at a time. When a pass that began after
// every process had the new key first ends without error, the old keys can be dropped but for the
// last, see Config.Keys. What is used meanwhile goes on under either; a pass that was interrupted
// is begun again.
//
// Errors: InvalidRequest, those of the store, or at the end the totp.ErrUnknownKey and
// totp.ErrSealBroken of what does not open, joined.
func (x *Identity) RewrapAll(ctx context.Context, batch int) (done Rewrapped, err error) {
	if batch < 1 || batch > 100 {
		return done, okpay.InvalidField("batch", "is %d, want 1 to 100", batch)
	}
	var failures error
	for after, more := "", true; more; {
		var page []ledger.Record
		page, more, err = x.w.Records(ctx, ledger.RecordQuery{Type: "factor", Label: sealedLabel, After: after, Limit: batch})
		if err != nil {
			return done, err
		}
		for _, r := range page {
			after = r.ID
			done.Seen++
			err := x.rewrapOne(ctx, r.ID)
			switch {
			case err == nil:
				done.Sealed++
			case errors.Is(err, okpay.ErrNothingDue), errors.Is(err, okpay.NotFound):
			case errors.Is(err, totp.ErrUnknownKey), errors.Is(err, totp.ErrSealBroken):
				done.Failed++
				if done.Failed <= maxFailures {
					failures = errors.Join(failures, err)
				}
			default:
				return done, err
			}
		}
	}
	return done, failures
}

// maxFailures is how many of them RewrapAll tells.
const maxFailures = 10

func (x *Identity) rewrapOne(ctx context.Context, id string) error {
	_, err := x.w.Do(ctx, okpay.Act{Principal: "program", Operation: "factor.rewrap"}, func(d *okpay.Draft) error {
		f, err := factor(d, okpay.CustomerID(id))
		if err != nil {
			return err
		}
		changed, err := x.rewrap(f)
		if err == nil && !changed {
			err = okpay.ErrNothingDue
		}
		if err != nil {
			return err
		}
		return d.Write(f)
	})
	return err
}
