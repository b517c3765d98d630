package identity

import (
	"context"
	"time"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/totp"
)

// purposePepper is what the peppers of recovery codes are sealed as.
const purposePepper = "okpay/recovery-pepper/v1"

const pepperBytes = 32

// recoveryCodes are what is kept of a customer's recovery codes. Each set has a pepper of its
// own, which is sealed as secrets are: it can be sealed anew when keys rotate, which what was
// made with it could not.
type recoveryCodes struct {
	Credential string             `json:"credential"`
	Pepper     []byte             `json:"pepper"`
	MACs       []totp.RecoveryMAC `json:"macs"`
	UsedAt     []time.Time        `json:"used_at"` // of each, zero while it is not used
}

func (r *recoveryCodes) left() int {
	n := 0
	for _, at := range r.UsedAt {
		if at.IsZero() {
			n++
		}
	}
	return n
}

func (r *recoveryCodes) row(customer okpay.CustomerID) totp.Row {
	return totp.Row{Purpose: purposePepper, Account: string(customer), Credential: r.Credential}
}

// pepper opens a set's pepper. Errors: those of totp.Keyring.Open.
func (x *Identity) pepper(customer okpay.CustomerID, r *recoveryCodes) (totp.Pepper, error) {
	raw, err := x.ring.Open(r.row(customer), r.Pepper)
	if err != nil {
		return totp.Pepper{}, err
	}
	return totp.NewPepper(raw)
}

// newRecoveryCodes makes a set, and what is to be kept of it.
func (x *Identity) newRecoveryCodes(customer okpay.CustomerID) ([]totp.RecoveryCode, *recoveryCodes, error) {
	codes, err := totp.GenerateRecoveryCodes(x.random(), totp.RecoveryCodes)
	if err != nil {
		return nil, nil, err
	}
	raw := make([]byte, pepperBytes)
	if err := x.w.Random(raw); err != nil {
		return nil, nil, err
	}
	pepper, err := totp.NewPepper(raw)
	if err != nil {
		return nil, nil, err
	}
	kept := &recoveryCodes{Credential: x.w.NewID("rec_"), UsedAt: make([]time.Time, len(codes))}
	if kept.Pepper, err = x.ring.Seal(kept.row(customer), raw); err != nil {
		return nil, nil, err
	}
	for _, c := range codes {
		m, err := pepper.MAC(string(customer), c)
		if err != nil {
			return nil, nil, err
		}
		kept.MACs = append(kept.MACs, m)
	}
	return codes, kept, nil
}

// RenewRecoveryCodes makes new recovery codes for the customer who is signed in, to be shown
// once, in the place of all earlier ones. proof is of a StepUp for ManageFactor, or none when the
// customer signed in with the factor within Config.Recent.
//
// Errors, the first that applies: AuthenticationRequired without a session or a fresh sign-in
// or proof, SessionEnded, AccountRestricted and AccountLocked, InvalidState unless the factor
// is on, AuthenticationFailed for a wrong proof.
func (x *Identity) RenewRecoveryCodes(ctx context.Context, proof Secret) ([]totp.RecoveryCode, error) {
	a, _, err := x.actorOf(ctx)
	if err != nil {
		return nil, err
	}
	codes, kept, err := x.newRecoveryCodes(a.Customer)
	if err != nil {
		return nil, err
	}
	err = x.manage(ctx, "factor.renew_codes", func(d *okpay.Draft, s *sessionDoc) error {
		f, err := factor(d, s.Session.Customer)
		if err != nil {
			return err
		}
		told, err := f.move(d, RenewRecovery, okpay.Always)
		if err != nil {
			return err
		}
		if err := x.reauthenticated(d, s, f, proof); err != nil {
			return err
		}
		f.Recovery = kept
		return x.writeFactor(d, f, told, entryOf(s, "factor.renew_codes"))
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}
