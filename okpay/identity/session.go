package identity

import (
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// SessionID names a session. It is no secret.
type SessionID string

// SessionState is where a session is in its life.
type SessionState string

const (
	// SessionActive lets its holder act, unless it is older than the customer's last change of
	// credentials, or its time is over.
	SessionActive SessionState = "active"
	// SessionEnded was signed out, by its holder or from another session. Final.
	SessionEnded SessionState = "ended"
	// SessionExpired was not used for too long, was too old, or older than a change of
	// credentials. Final.
	SessionExpired SessionState = "expired"
)

const (
	begin  okpay.Action = "begin"
	touch  okpay.Action = "touch"
	end    okpay.Action = "end"
	expire okpay.Action = "expire"

	unknownClient okpay.Guard = "from a device or place that is new"
)

// SessionMachine is the table of sessions.
func SessionMachine() okpay.Machine[SessionState] {
	return okpay.Machine[SessionState]{Noun: "session", Rows: []okpay.Row[SessionState]{
		{To: SessionActive, On: begin, Emits: []string{"session.begun"}},
		{To: SessionActive, On: begin, Guard: unknownClient, Emits: []string{"session.begun"}, Mails: []string{"new_sign_in"}},
		{From: SessionActive, On: touch, To: SessionActive},
		{From: SessionActive, On: end, To: SessionEnded, Emits: []string{"session.ended"}},
		{From: SessionActive, On: expire, To: SessionExpired, Emits: []string{"session.expired"}},
	}}
}

// Session is the time from a sign-in to its end.
type Session struct {
	ID       SessionID        `json:"id"`
	Customer okpay.CustomerID `json:"customer"`
	State    SessionState     `json:"state"`
	BeganAt  time.Time        `json:"began_at"`
	SeenAt   time.Time        `json:"seen_at"` // to the minute
	EndsAt   time.Time        `json:"ends_at"` // at the latest
	// ProvenAt is when its holder last proved who they are.
	ProvenAt time.Time `json:"proven_at"`
	// SecondFactor says that a second factor was asked for when it began.
	SecondFactor bool `json:"second_factor,omitempty"`
	// Limited sessions may look, change the password and prove who their holder is, and nothing
	// else: the account was locked for reasons of security when they began.
	Limited bool `json:"limited,omitempty"`

	Device  string   `json:"device,omitempty"`  // in a few words, such as "Firefox, Windows"
	Place   string   `json:"place,omitempty"`   // as the program told
	Address string   `json:"address,omitempty"` // without its end
	Trusted DeviceID `json:"trusted,omitempty"` // the trusted device that it began on, if it did

	// Current marks the session that asks, in a list.
	Current bool `json:"current,omitempty"`
}

// sessionDoc is a session as its record keeps it.
type sessionDoc struct {
	Session
	Secret   []byte    `json:"secret,omitempty"` // SHA-256 of what the token has; none when it is over
	Epoch    int64     `json:"epoch"`
	IdleAt   time.Time `json:"idle_at"` // when it is over unless it is used
	OverAt   time.Time `json:"over_at,omitzero"`
	Sequence int64     `json:"sequence"`
}

// remembered is how long the record of a session that is over is kept.
const remembered = 30 * 24 * time.Hour

// Put is the record. Only a session that is not over is found in a list.
func (s *sessionDoc) Put() ledger.Put {
	put := plain("session", string(s.ID), s.Session.Customer)
	if s.State != SessionActive {
		put.Due = s.OverAt.Add(remembered)
		return put
	}
	put.Labels = append(put.Labels, sessionsOf(s.Session.Customer))
	put.Due = earlier(s.IdleAt, s.EndsAt)
	return put
}

// View has nothing secret or personal.
func (s *sessionDoc) View() any {
	return map[string]any{
		"id": s.ID, "customer": s.Session.Customer, "state": s.State, "limited": s.Limited,
		"second_factor": s.SecondFactor, "sequence": s.Sequence,
	}
}

// Customer is whose it is.
func (s *sessionDoc) Customer() okpay.CustomerID { return s.Session.Customer }

// Counter counts its events.
func (s *sessionDoc) Counter() *int64 { return &s.Sequence }

// Facts are what the message about a new one tells.
func (s *sessionDoc) Facts(string) map[string]string {
	return with(map[string]string{"at": s.BeganAt.Format(time.RFC3339), "device": s.Device}, "place", s.Place, "address", s.Address)
}

// over reports whether a session's time is over, or it was begun before the present epoch.
func (s *sessionDoc) over(epoch int64, now time.Time) bool {
	return s.State != SessionActive || s.Epoch != epoch || !now.Before(s.IdleAt) || !now.Before(s.EndsAt)
}

func (s *sessionDoc) finish(on okpay.Action, now time.Time) (okpay.Told, error) {
	m, err := SessionMachine().Move(&s.State, string(s.ID), on, okpay.Always)
	s.OverAt, s.Secret = now, nil
	return m, err
}

func sessionsOf(id okpay.CustomerID) string { return "c:" + string(id) + ":live" }

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
