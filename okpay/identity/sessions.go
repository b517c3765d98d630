package identity

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// touchEvery is how often the use of a session is written down at most.
const touchEvery = time.Minute

// beginning is what a session begins with.
type beginning struct {
	customer okpay.CustomerID
	gate     *okpay.Gate // as the Change relies on it
	client   Client
	device   DeviceID // trusted, "" for none
	second   bool     // a second factor was asked for
	failures int      // wrong guesses before
}

// beginSession drafts a session and what is told of it, and returns its token.
func (x *Identity) beginSession(d *okpay.Draft, b beginning) (token Secret, s Session, err error) {
	id := SessionID(x.w.NewID("ses_"))
	token, secret, err := x.newToken(string(id))
	if err != nil {
		return Secret{}, Session{}, err
	}
	now := d.Now()
	doc := &sessionDoc{
		Session: Session{
			ID: id, Customer: b.customer, BeganAt: now, SeenAt: now, ProvenAt: now, EndsAt: now.Add(x.cfg.SessionLife),
			SecondFactor: b.second, Limited: b.gate.Guarded(),
			Device: deviceName(b.client.UserAgent), Place: b.client.Place, Address: shortened(b.client.Address), Trusted: b.device,
		},
		Secret: secret, Epoch: b.gate.Epoch, IdleAt: now.Add(x.cfg.SessionIdle),
	}
	familiar, err := x.recognize(d, b)
	if err != nil {
		return Secret{}, Session{}, err
	}
	// After recognize: its record is written by every sign-in of the customer, so of two at the same time
	// one sees the session of the other.
	if err := x.makeRoomFor(d, b); err != nil {
		return Secret{}, Session{}, err
	}
	guard := okpay.Always
	if !familiar {
		guard = unknownClient
	}
	m, err := SessionMachine().Move(&doc.State, string(id), begin, guard)
	if err != nil {
		return Secret{}, Session{}, err
	}
	if b.failures > 0 {
		d.Tell(okpay.Message{Customer: b.customer, Template: "sign_in_after_failures", Facts: doc.Facts("")})
	}
	d.Audit(okpay.AuditEntry{
		Actor: "c/" + string(b.customer), Action: "session.begin", Customer: b.customer, Object: string(id), Session: string(id),
		Facts: b.client.facts(), Shown: true,
	})
	return token, doc.Session, d.Write(doc, m)
}

// Authenticate says who holds a token, and returns a context in which they act: hand it to the
// verbs of the wallet. Call it for each request; what a context is about ends with a change of
// credentials, even the holder's own. The use is written down at most once a minute.
// Errors: SessionEnded, whatever is wrong with the token; ServiceBusy.
func (x *Identity) Authenticate(ctx context.Context, token Secret) (context.Context, Session, error) {
	s, err := x.holder(ctx, token)
	if err != nil {
		return nil, Session{}, err
	}
	if now := x.w.Now(); now.Sub(s.SeenAt) >= touchEvery {
		if s, err = x.touch(ctx, s); err != nil {
			return nil, Session{}, err
		}
	}
	s.Current = true
	a := okpay.Actor{Customer: s.Session.Customer, Session: string(s.ID), Epoch: s.Epoch}
	return okpay.WithActor(ctx, a), s.Session, nil
}

// holder finds the session of a token. Errors: SessionEnded.
func (x *Identity) holder(ctx context.Context, token Secret) (*sessionDoc, error) {
	id, digest := splitToken(token, "ses_")
	s, r := &sessionDoc{}, reading{ctx, x.w}
	if err := r.Read("session", id, s); err != nil && !errors.Is(err, okpay.NotFound) && id != "" {
		return nil, err
	}
	if subtle.ConstantTimeCompare(s.Secret, digest) != 1 || id == "" {
		return nil, ended()
	}
	return x.admitted(r, okpay.Actor{Customer: s.Session.Customer, Session: id, Epoch: s.Epoch})
}

func (x *Identity) touch(ctx context.Context, s *sessionDoc) (*sessionDoc, error) {
	a := okpay.Actor{Customer: s.Session.Customer, Session: string(s.ID), Epoch: s.Epoch}
	act := okpay.Act{Principal: "program", Operation: "session.touch"}
	_, err := x.w.Do(okpay.WithoutActor(ctx), act, func(d *okpay.Draft) error {
		now, err := x.admitted(d, a)
		if err != nil {
			return err
		}
		s = now
		if d.Now().Sub(s.SeenAt) < touchEvery {
			return okpay.ErrNothingDue // another request was faster
		}
		m, err := SessionMachine().Move(&s.State, string(s.ID), touch, okpay.Always)
		if err != nil {
			return err
		}
		s.SeenAt, s.IdleAt = d.Now(), d.Now().Add(x.cfg.SessionIdle)
		return d.Write(s, m)
	})
	if errors.Is(err, okpay.ErrNothingDue) {
		err = nil
	}
	return s, err
}

// SignOut ends the session of whoever is signed in. Errors: AuthenticationRequired, SessionEnded.
func (x *Identity) SignOut(ctx context.Context) error {
	_, err := x.doOwn(ctx, own{operation: "session.end", limited: true}, func(d *okpay.Draft, s *sessionDoc) error {
		return endSession(d, s, s.ID)
	})
	return err
}

// EndSession ends another session of whoever is signed in, or their own. Errors:
// AuthenticationRequired, SessionEnded, AccountLocked for a limited session, NotFound for one
// that is not theirs or over.
func (x *Identity) EndSession(ctx context.Context, id SessionID) error {
	if err := okpay.CheckID("session", string(id)); err != nil {
		return err
	}
	_, err := x.doOwn(ctx, own{operation: "session.end"}, func(d *okpay.Draft, mine *sessionDoc) error {
		if id == mine.ID {
			return endSession(d, mine, mine.ID)
		}
		s := &sessionDoc{}
		err := d.Read("session", string(id), s)
		if err == nil && (s.Session.Customer != mine.Session.Customer || s.over(mine.Epoch, d.Now())) {
			err = okpay.NewError(okpay.NotFound, "there is no session with this id")
		}
		if err != nil {
			return err
		}
		return endSession(d, s, mine.ID)
	})
	return err
}

func endSession(d *okpay.Draft, s *sessionDoc, by SessionID) error {
	m, err := s.finish(end, d.Now())
	if err != nil {
		return err
	}
	id := s.Session.Customer
	d.Audit(okpay.AuditEntry{
		Actor: "c/" + string(id), Action: "session.end", Customer: id, Object: string(s.ID), Session: string(by), Shown: true,
	})
	return d.Write(s, m)
}

// EndOtherSessions ends all sessions of whoever is signed in but their own, and with them the
// trust in all devices. Errors: AuthenticationRequired, SessionEnded, AccountLocked for a
// limited session.
func (x *Identity) EndOtherSessions(ctx context.Context) error {
	_, err := x.doOwn(ctx, own{operation: "session.end_others"}, func(d *okpay.Draft, s *sessionDoc) error {
		_, err := x.changed(d, s.Session.Customer, change{
			keep:  s,
			entry: okpay.AuditEntry{Actor: "c/" + string(s.Session.Customer), Action: "session.end_others", Session: string(s.ID)},
		})
		return err
	})
	return err
}

// Sessions returns a page of the sessions that whoever is signed in has, the newest first, and
// whether there are more: after is the last that was seen. limit is 1 to 100, 20 unless told.
// Those that are over but were not used since may be missing from a page. Errors:
// AuthenticationRequired, SessionEnded.
func (x *Identity) Sessions(ctx context.Context, after SessionID, limit int) (page []Session, more bool, err error) {
	a, mine, err := x.actorOf(ctx)
	if err != nil {
		return nil, false, err
	}
	records, more, err := x.w.Records(ctx, ledger.RecordQuery{
		Type: "session", Label: sessionsOf(a.Customer), After: string(after), Desc: true, Limit: limit,
	})
	if err != nil {
		return nil, false, err
	}
	for _, r := range records {
		var s sessionDoc
		if err := json.Unmarshal(r.Content, &s); err != nil {
			return nil, false, err
		}
		if s.over(a.Epoch, x.w.Now()) {
			continue
		}
		s.Current = s.ID == mine.ID
		page = append(page, s.Session)
	}
	return page, more, nil
}

// maxSessions bounds Config.MaxSessions.
const maxSessions = 100

// makeRoomFor ends the sessions of a customer that were not used for longest, until one more may begin.
func (x *Identity) makeRoomFor(d *okpay.Draft, b beginning) error {
	var live []Session
	for after, more := "", true; more; {
		var (
			records []ledger.Record
			err     error
		)
		records, more, err = x.w.Records(d.Context(), ledger.RecordQuery{
			Type: "session", Label: sessionsOf(b.customer), After: after, Limit: maxSessions,
		})
		if err != nil {
			return err
		}
		for _, r := range records {
			after = r.ID
			var s sessionDoc
			if err := json.Unmarshal(r.Content, &s); err != nil {
				return err
			}
			if !s.over(b.gate.Epoch, d.Now()) {
				live = append(live, s.Session)
			}
		}
	}
	slices.SortStableFunc(live, func(a, b Session) int { return a.SeenAt.Compare(b.SeenAt) })
	for i := range max(0, len(live)+1-x.cfg.MaxSessions) {
		s := &sessionDoc{}
		if err := d.Read("session", string(live[i].ID), s); err != nil {
			return err
		}
		if s.State != SessionActive {
			continue // it has ended since
		}
		m, err := s.finish(end, d.Now())
		if err != nil {
			return err
		}
		d.Audit(okpay.AuditEntry{
			Actor: "program", Action: "session.end_oldest", Customer: b.customer, Object: string(s.ID), Session: string(s.ID),
			Facts: with(map[string]string{"device": s.Device}, "place", s.Place), Shown: true,
		})
		if err := d.Write(s, m); err != nil {
			return err
		}
	}
	return nil
}

// sessionDue ends a session whose time is over, and forgets it when it has been over for long.
func (x *Identity) sessionDue(ctx context.Context, id string) error {
	_, err := x.w.Do(ctx, okpay.Act{Principal: "program", Operation: "session.expire"}, func(d *okpay.Draft) error {
		s := &sessionDoc{}
		err := d.Read("session", id, s)
		switch {
		case errors.Is(err, okpay.NotFound):
			return okpay.ErrNothingDue
		case err != nil:
			return err
		case s.Put().Due.After(d.Now()):
			return okpay.ErrNothingDue
		case s.State != SessionActive:
			d.Remove(s)
			return nil
		}
		m, err := s.finish(expire, d.Now())
		if err != nil {
			return err
		}
		customer := s.Session.Customer
		d.Audit(okpay.AuditEntry{Actor: "program", Action: "session.expire", Customer: customer, Object: id, Session: id})
		return d.Write(s, m)
	})
	return err
}
