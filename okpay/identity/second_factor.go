package identity

import (
	"errors"
	"maps"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/totp"
)

const (
	// enrollmentTakes is how long the code of a new app is waited for.
	enrollmentTakes = 10 * time.Minute
	// enrollmentTries is how many codes of a new app may be wrong: the last one ends it.
	enrollmentTries = 5
	// sealedLabel finds the factors that have sealed secrets.
	sealedLabel = "sealed"
	// recoveryLow is how few recovery codes are worth a warning.
	recoveryLow = 3
)

// Factor is a customer's second factor: an app that shows codes, and recovery codes for the
// day it is gone. There is one for each customer.
type Factor struct {
	Customer okpay.CustomerID `json:"customer"`
	State    FactorState      `json:"state"`
	// MustEnroll says that the customer got in with a recovery code and has not enrolled an
	// app since: the program asks for it at every sign-in.
	MustEnroll bool `json:"must_enroll,omitempty"`
	// CodesLeft is how many recovery codes were not used yet.
	CodesLeft int `json:"codes_left"`
	// ConfirmBy is when a new app that was not confirmed is forgotten.
	ConfirmBy *time.Time `json:"confirm_by,omitempty"`
	EnabledAt *time.Time `json:"enabled_at,omitempty"` // when the app was confirmed
	UsedAt    *time.Time `json:"used_at,omitempty"`    // when it, or a recovery code, was right last
	UpdatedAt time.Time  `json:"updated_at"`
	Sequence  int64      `json:"sequence"`
}

// factorDoc is a Factor as its record keeps it. It holds no secret that is not sealed.
type factorDoc struct {
	Of       Factor         `json:"factor"`
	App      *app           `json:"app,omitempty"`      // whose codes count
	Pending  *pendingApp    `json:"pending,omitempty"`  // whose first code is waited for
	Recovery *recoveryCodes `json:"recovery,omitempty"` // as they were when the app was confirmed, or renewed since
	Reset    string         `json:"reset,omitempty"`    // by support, that is open
	// Hold is until when withdrawals wait because of the move that is being told.
	Hold *time.Time `json:"-"`
	// client is where the guess came from that is being told.
	client map[string]string
}

// app is an authenticator app that shares a secret.
type app struct {
	Credential string `json:"credential"`
	Sealed     []byte `json:"sealed"`
	LastStep   int64  `json:"last_step"`          // the last step of which a code was accepted
	Disabled   bool   `json:"disabled,omitempty"` // too many codes were wrong
}

// pendingApp is an app that nobody has confirmed.
type pendingApp struct {
	app
	Session SessionID `json:"session"` // in which it was begun and has to be confirmed
	Tries   int       `json:"tries"`   // how many codes were given, each counted before it is looked at
	Until   time.Time `json:"until"`
}

func (f *factorDoc) Put() ledger.Put {
	put := plain("factor", string(f.Of.Customer), f.Of.Customer)
	if f.App != nil || f.Pending != nil {
		put.Labels = append(put.Labels, sealedLabel)
	}
	if f.Pending != nil {
		put.Due = f.Pending.Until
	}
	return put
}

// View shows no more than Factor does.
func (f *factorDoc) View() any { return f.view() }

func (f *factorDoc) Customer() okpay.CustomerID { return f.Of.Customer }

func (f *factorDoc) Counter() *int64 { return &f.Of.Sequence }

// Facts are what the messages tell.
func (f *factorDoc) Facts(string) map[string]string {
	facts := map[string]string{"at": stamp(f.Of.UpdatedAt)}
	maps.Copy(facts, f.client)
	if f.Recovery != nil {
		facts["codes_left"] = digits(f.Recovery.left())
		if f.Recovery.left() <= recoveryLow {
			facts["codes_low"] = "true"
		}
	}
	if f.Hold != nil {
		facts["withdrawals_from"] = stamp(*f.Hold)
	}
	return facts
}

func (f *factorDoc) view() Factor {
	v := f.Of
	v.MustEnroll = v.State == FactorRecovered || v.State == FactorRebinding
	if f.Recovery != nil {
		v.CodesLeft = f.Recovery.left()
	}
	if f.Pending != nil {
		v.ConfirmBy = &f.Pending.Until
	}
	return v
}

// on reports whether sign-in asks for the factor.
func (f *factorDoc) on() bool { return f.App != nil }

// move takes the factor through its table, and drops what the new state has no place for.
func (f *factorDoc) move(d *okpay.Draft, on okpay.Action, g okpay.Guard) (okpay.Told, error) {
	told, err := FactorMachine().Move(&f.Of.State, string(f.Of.Customer), on, g)
	if err != nil {
		return told, err
	}
	f.Of.UpdatedAt = d.Now()
	switch f.Of.State {
	case FactorOff:
		f.App, f.Pending, f.Recovery, f.Of.EnabledAt, f.Of.UsedAt = nil, nil, nil, nil, nil
	case FactorActive, FactorRecovered, FactorDisabled:
		f.Pending = nil
	}
	if on == DisableApp {
		f.App.Disabled = true
	}
	return told, nil
}

// factor reads a customer's second factor. One that never began is off.
func factor(r okpay.Reader, customer okpay.CustomerID) (*factorDoc, error) {
	f := &factorDoc{}
	err := r.Read("factor", string(customer), f)
	if errors.Is(err, okpay.NotFound) {
		return &factorDoc{Of: Factor{Customer: customer, State: FactorOff}}, nil
	}
	return f, err
}

// row is where the secret of an app belongs: copied to another customer or to another app,
// it does not open.
func (a *app) row(customer okpay.CustomerID) totp.Row {
	return totp.Row{Purpose: totp.PurposeTOTP, Account: string(customer), Credential: a.Credential}
}
