package identity

import (
	"encoding/binary"
	"encoding/json"
	"strconv"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// What is guessed at here besides what package lockout names.
const (
	codeSent       lockout.Authenticator = "code"     // by e-mail or to a phone
	securityAnswer lockout.Authenticator = "question" // to a security question
)

// authenticators are all there are.
func authenticators() []lockout.Authenticator {
	return []lockout.Authenticator{lockout.Password, lockout.OneTimeCode, lockout.RecoveryCode, codeSent, securityAnswer}
}

// lockDoc counts the guesses at one authenticator of one customer, or of a name that nobody has,
// from trusted devices or from all others. Its id tells nothing of whose it is.
type lockDoc struct {
	lockout.State
	Key      string           `json:"-"`
	Customer okpay.CustomerID `json:"customer,omitempty"`

	Wrong   int64 `json:"wrong,omitempty"`   // guesses ever
	Refused int64 `json:"refused,omitempty"` // guesses ever that a lock has refused
	Locks   int64 `json:"locks,omitempty"`   // ever; a pending sign-in begun under fewer is dropped
}

// lockFields is lockDoc as it is written: State decodes itself, and embedded it would take all.
type lockFields struct {
	State    lockout.State    `json:"state"`
	Customer okpay.CustomerID `json:"customer,omitempty"`
	Wrong    int64            `json:"wrong,omitempty"`
	Refused  int64            `json:"refused,omitempty"`
	Locks    int64            `json:"locks,omitempty"`
}

// MarshalJSON writes the counter beside what belongs to it.
func (l *lockDoc) MarshalJSON() ([]byte, error) {
	return json.Marshal(lockFields{l.State, l.Customer, l.Wrong, l.Refused, l.Locks})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (l *lockDoc) UnmarshalJSON(b []byte) error {
	var f lockFields
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	l.State, l.Customer, l.Wrong, l.Refused, l.Locks = f.State, f.Customer, f.Wrong, f.Refused, f.Locks
	return nil
}

func (l *lockDoc) put() ledger.Put {
	put := plain("lock", l.Key, l.Customer)
	put.Content = encode(l)
	return put
}

// giveBack takes a guess out of the count that was not verified. Where other guesses were
// counted on top of one that began a lock it stays: only the guesser loses by that.
func (l *lockDoc) giveBack(t *try) {
	s := &l.State
	switch {
	case s.Version == t.ticket.Version && s.Generation == t.before.Generation:
		s.Counter, s.Before = t.before.Counter, t.before.Before
		s.Version++
	case s.Generation == t.ticket.Generation && s.Level == 0 && !s.Disabled && s.Failures > 0:
		s.Failures--
		s.Version++
	}
}

// throttleDoc counts the failures of one network address, which its id does not tell.
type throttleDoc struct {
	lockout.Throttle
	Key string `json:"-"`
}

// put is the record, which goes once it has no effect any more.
func (t *throttleDoc) put(p lockout.ThrottlePolicy) ledger.Put {
	put := plain("throttle", t.Key, "")
	put.Content, put.Due = encode(t), t.ForgottenAt(p)
	return put
}

// lockKey is the id of a lock.
func (x *Identity) lockKey(customer okpay.CustomerID, shadow string, a lockout.Authenticator, trusted bool) string {
	if customer == "" {
		return x.counters.Shadow(x.shadow(shadow), a, bucket(trusted))
	}
	return x.counters.Counter(string(customer), a, bucket(trusted))
}

// shadows is how many counters there are for names that nobody has: a stranger makes up as many
// names as they like, and each would have a record for good. Names that share one answer alike.
const shadows = 1 << 16

// shadow is which of them a name has.
func (x *Identity) shadow(name string) string {
	return strconv.Itoa(int(binary.BigEndian.Uint64(mac(x.stableKey("shadow_lock"), name)) % shadows))
}

func bucket(trusted bool) lockout.Bucket {
	if trusted {
		return lockout.Trusted
	}
	return lockout.Untrusted
}

func (x *Identity) newLock(t *try) *lockDoc { return &lockDoc{Key: t.key, Customer: t.customer} }

// policy is when guesses at an authenticator are refused.
func (x *Identity) policy(a lockout.Authenticator) lockout.Policy {
	if a == lockout.OneTimeCode || a == lockout.RecoveryCode {
		return x.cfg.CodeLockout
	}
	return x.cfg.Lockout
}

// clearLocks clears a customer's counters: after a proof of identity (lockout.ByProof) all, after
// a reset (lockout.ByReset) those of what was reset. Without authenticators it clears all. It
// reports whether one of them was locked and is open now: what is disabled stays so unless it was
// reset.
func (x *Identity) clearLocks(d *okpay.Draft, customer okpay.CustomerID, why lockout.Cause, which ...lockout.Authenticator) (cleared bool, err error) {
	if len(which) == 0 {
		which = authenticators()
	}
	for _, a := range which {
		for _, trusted := range []bool{false, true} {
			lock := &lockDoc{Key: x.lockKey(customer, "", a, trusted), Customer: customer}
			if err := optional(d.Read("lock", lock.Key, lock)); err != nil {
				return false, err
			}
			before, version := lock.Status(x.policy(a), d.Now()), lock.Version
			if lock.State, _ = lockout.Clear(lock.State, why, d.Now()); lock.Version != version {
				d.Put(lock.put())
			}
			cleared = cleared || before != lockout.StatusOpen && lock.Status(x.policy(a), d.Now()) == lockout.StatusOpen
		}
	}
	return cleared, nil
}

// LockedAuthenticator is one counter of a customer that is locked or disabled.
type LockedAuthenticator struct {
	Authenticator lockout.Authenticator `json:"authenticator"`
	Bucket        lockout.Bucket        `json:"bucket"`
	Status        lockout.Status        `json:"status"`
	Reason        lockout.Reason        `json:"reason"`
	Failures      int                   `json:"failures"`
	Until         time.Time             `json:"until,omitzero"` // zero if it does not end by itself
}

// locks are a customer's counters that refuse guesses at a time.
func (x *Identity) locks(r okpay.Reader, customer okpay.CustomerID, now time.Time) (out []LockedAuthenticator, err error) {
	for _, a := range authenticators() {
		for _, trusted := range []bool{false, true} {
			var lock lockDoc
			if err := optional(r.Read("lock", x.lockKey(customer, "", a, trusted), &lock)); err != nil {
				return nil, err
			}
			l := LockedAuthenticator{
				Authenticator: a, Bucket: bucket(trusted), Status: lock.Status(x.policy(a), now),
				Failures: lock.Failures, Reason: lockout.ReasonTooManyFailures, Until: lock.LockedUntil,
			}
			switch l.Status {
			case lockout.StatusOpen:
				continue
			case lockout.StatusDisabled:
				l.Reason, l.Until = lockout.ReasonHardCap, time.Time{}
			}
			out = append(out, l)
		}
	}
	return out, nil
}

// failure is what is written down of a guess that was wrong.
func (t *try) failure(outcome lockout.Outcome) okpay.AuditEntry {
	e := okpay.AuditEntry{Actor: "program", Action: t.action, Customer: t.customer, Shown: true}
	if e.Action == "" {
		e.Action = "guess.fail"
	}
	e.Facts = with(t.client.facts(), "authenticator", string(t.authenticator), "outcome", string(outcome))
	return e
}

// shadowed stands where the audit has an entry for a customer, so that a guess at a name that
// nobody has takes as long. The next one takes its place, or time does: it tells from where somebody
// guessed, and nobody reads it.
func (t *try) shadowed(now time.Time) ledger.Put {
	return ledger.Put{
		Type: "shadow", ID: t.key, Chaining: ledger.Plain, Content: encode(t.failure(lockout.Failed)),
		Labels: []string{"by:program", "s:" + t.key, "s:" + t.key + ":shown"}, Due: now.Add(flowKept),
	}
}

// toldDoc is when a customer was last told of a lock.
type toldDoc struct {
	LockedAt time.Time `json:"locked_at"`
}

// tellFailure writes down that a guess at a customer's secret was wrong, and tells the customer
// of a lock that it led to: at most once in 24 hours, except of what ends by no time.
func (x *Identity) tellFailure(d *okpay.Draft, t *try, decision lockout.Decision) error {
	entry := t.failure(decision.Outcome)
	d.Audit(entry)
	notice, locked := lockout.NoticeOf(decision, t.authenticator, bucket(t.trusted), t.client.Place, d.Now())
	if !locked {
		return nil
	}
	d.Audit(okpay.AuditEntry{
		Actor: "program", Action: "sign_in.locked", Customer: t.customer, Reason: string(notice.Reason), Facts: entry.Facts, Shown: true,
	})
	var err error
	if notice.Advice, err = x.advised(d, t.customer, notice.Advice...); err != nil {
		return err
	}
	m := okpay.Message{Customer: t.customer, Template: "sign_in_locked", Facts: lockFacts(notice, &t.client)}
	if decision.Outcome == lockout.FailedDisabled {
		m.Template = "sign_in_disabled"
		if t.failed == nil { // which tells in its own words
			d.Tell(m)
		}
		return nil
	}
	var told toldDoc
	if err := optional(d.Read("lock_told", string(t.customer), &told)); err != nil {
		return err
	}
	if !lockout.NotifyDue(told.LockedAt, d.Now()) {
		return nil
	}
	d.Tell(m)
	put := plain("lock_told", string(t.customer), t.customer)
	put.Content, put.Due = encode(toldDoc{d.Now()}), d.Now().Add(lockout.NoticeInterval)
	d.Put(put)
	return nil
}

// lockFacts are what a message about a lock speaks of.
func lockFacts(n lockout.Notice, c *Client) map[string]string {
	f := with(c.facts(), "reason", string(n.Reason), "authenticator", string(n.Authenticator),
		"at", n.At.Format(time.RFC3339), "advice", adviceText(n.Advice...))
	if !n.Until.IsZero() {
		f["until"] = n.Until.Format(time.RFC3339)
	}
	return f
}

// encode writes a record's content. What it is given can always be written.
func encode(doc any) []byte {
	b, err := json.Marshal(doc)
	if err != nil {
		panic("identity: " + err.Error())
	}
	return b
}
