package identity

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/lockout"
)

// VerificationID names a verification.
type VerificationID string

// Purpose is what a proof of identity is for: it is good for nothing else. A program may have
// others, 1 to 64 letters, digits, '_' and '-'.
type Purpose string

// The purposes that this package knows.
const (
	ForUnlock  Purpose = "unlock"  // Identity.Unlock, Identity.LockReason
	ForReport  Purpose = "report"  // Identity.ReportUnauthorised
	ForContact Purpose = "contact" // a contact is its owner's; there is no proof afterwards
	ForStepUp  Purpose = "step_up" // one operation within a session
	ForSupport Purpose = "support" // a caller shows an agent who they are
	// ForSupportInFull is ForSupport with two independent proofs, always: what two agents do takes it.
	ForSupportInFull Purpose = "support_full"
)

// Verification is how somebody proves who they are: with a code that was sent to a contact and,
// where the purpose asks for it, with something independent of it.
type Verification struct {
	ID      VerificationID    `json:"id"`
	Purpose Purpose           `json:"purpose"`
	State   VerificationState `json:"state"`
	// Channel is what kind of contact the last code went to.
	Channel okpay.ContactKind `json:"channel"`
	// ExpiresAt is when the code, the second proof or the proof is worth nothing any more.
	ExpiresAt time.Time `json:"expires_at"`
	// Needs are the proofs of which one is due, in SecondDue. None means that only support can
	// help.
	Needs []lockout.Proof `json:"needs,omitempty"`
	// Questions are the ids of those to be answered, if Needs has questions.
	Questions []string `json:"questions,omitempty"`
	// Proof is the proof, in Verified: a secret that is shown once, good once, and soon over.
	Proof Secret `json:"proof,omitzero"`
}

// verificationDoc is a verification as its record keeps it. No code and no token stands here.
type verificationDoc struct {
	ID       VerificationID    `json:"id"`
	Purpose  Purpose           `json:"purpose"`
	State    VerificationState `json:"state"`
	Of       okpay.CustomerID  `json:"customer,omitempty"`
	Shadow   string            `json:"shadow,omitempty"` // digest of a name that nobody has, instead of Of
	Silent   bool              `json:"silent,omitempty"` // nothing is sent and no code is right
	Unsent   bool              `json:"unsent,omitempty"` // the last code was not sent: there were too many
	Session  string            `json:"session,omitempty"`
	Epoch    int64             `json:"epoch"` // the gate's
	Contact  okpay.ContactID   `json:"contact,omitempty"`
	Change   string            `json:"change,omitempty"` // id of the change of contact that it is part of
	Code     sentCode          `json:"code"`
	Proofs   []lockout.Proof   `json:"proofs,omitempty"`
	Second   lockout.Proof     `json:"second,omitempty"` // what kind the last code is, in SecondDue
	Tries    int               `json:"second_tries,omitempty"`
	Token    []byte            `json:"token,omitempty"` // SHA-256 of the proof's secret
	Until    time.Time         `json:"until"`
	Client   map[string]string `json:"client,omitempty"` // facts of who began it
	Sequence int64             `json:"sequence"`
}

const (
	// secondLasts is how long a second proof is waited for.
	secondLasts = 10 * time.Minute
	// secondTries is how many second proofs of one verification may be wrong.
	secondTries = 5
	// proofLasts is how long a proof is good.
	proofLasts = 15 * time.Minute
	// flowKept is how long what is over stays, for answers that come late.
	flowKept = 24 * time.Hour
)

func (f *verificationDoc) over() bool {
	return slices.Contains([]VerificationState{VerificationDone, VerificationFailed, VerificationExpired}, f.State)
}

func (f *verificationDoc) Put() ledger.Put {
	put := plain("verification", string(f.ID), f.Of)
	put.Due = f.Until
	if f.over() {
		put.Due = f.Until.Add(flowKept)
	}
	return put
}

// View tells nobody's contact.
func (f *verificationDoc) View() any {
	return map[string]any{"id": f.ID, "purpose": f.Purpose, "state": f.State, "customer": f.Of, "sequence": f.Sequence}
}

func (f *verificationDoc) Customer() okpay.CustomerID { return f.Of }

func (f *verificationDoc) Counter() *int64 { return &f.Sequence }

func (f *verificationDoc) view() Verification {
	return Verification{ID: f.ID, Purpose: f.Purpose, State: f.State, Channel: f.Code.To.Kind, ExpiresAt: f.Until}
}

// step is one move of a table.
type step struct {
	on    okpay.Action
	guard okpay.Guard
}

// advance takes a verification through moves and writes it, with the audit, the events and the
// messages of each.
func (x *Identity) advance(d *okpay.Draft, f *verificationDoc, client *Client, steps ...step) error {
	var moves []okpay.Told
	for _, s := range steps {
		told, err := VerificationMachine().Move(&f.State, string(f.ID), s.on, s.guard)
		if err != nil {
			return err
		}
		facts := map[string]string{"purpose": string(f.Purpose)}
		if client != nil {
			facts = with(client.facts(), "purpose", string(f.Purpose))
		}
		if s.guard != okpay.Always {
			facts["outcome"] = "wrong"
		}
		d.Audit(okpay.AuditEntry{
			Actor: f.actor(), Action: "verification." + string(s.on), Customer: f.Of, Object: string(f.ID),
			Session: f.Session, Facts: facts, Shown: f.Of != "",
		})
		for _, template := range told.Mails {
			x.tellOf(d, f, template)
		}
		moves = append(moves, okpay.Told{Emits: told.Emits})
	}
	return d.Write(f, moves...)
}

// actor is who takes its steps, for the audit.
func (f *verificationDoc) actor() string {
	if f.Session != "" {
		return "c/" + string(f.Of)
	}
	return "program"
}

// tellOf queues a message of a verification. One that goes to nobody leaves a record as well:
// names that nobody has cost the same.
func (x *Identity) tellOf(d *okpay.Draft, f *verificationDoc, template string) {
	m := okpay.Message{Customer: f.Of, Template: template, ObjectType: "verification", Object: string(f.ID)}
	m.Facts = with(map[string]string{}, "purpose", string(f.Purpose), "place", f.Client["place"], "device", f.Client["device"])
	if template == "verification_code" {
		m.Address = &f.Code.To
		m.Facts["until"], m.Facts["generation"] = f.Code.Until.UTC().Format(time.RFC3339), strconv.Itoa(f.Code.Generation)
	}
	x.tellUnless(d, m, f.Silent || f.Unsent, f.Of == "")
}

// tellUnless queues a message, unless it is to go to nobody. To a name that nobody has there may
// be a message which says so, see Config.TellNoAccount.
func (x *Identity) tellUnless(d *okpay.Draft, m okpay.Message, silent, nobody bool) {
	switch {
	case !silent:
		d.Tell(m)
	case nobody && x.cfg.TellNoAccount && m.Address != nil:
		d.Tell(okpay.Message{Template: "no_account", Address: m.Address, ObjectType: m.ObjectType, Object: m.Object, Facts: with(map[string]string{}, "place", m.Facts["place"], "device", m.Facts["device"])})
	default:
		put := plain("unsent", x.w.NewID("uns_"), "")
		put.Content, put.Due = encode(m.Facts), d.Now().Add(flowKept)
		d.Put(put)
	}
}

// verification reads one whose next step somebody wants to take. One that is not there, not in a
// state, over, or another session's is refused like a wrong answer.
func (x *Identity) verification(d *okpay.Draft, c caller, id VerificationID, in ...VerificationState) (*verificationDoc, error) {
	f := &verificationDoc{}
	err := readFlow(d, "verification", string(id), f)
	switch {
	case errors.Is(err, okpay.NotFound):
		return nil, wrong()
	case err != nil:
		return nil, err
	case !slices.Contains(in, f.State), !d.Now().Before(f.Until):
		return nil, wrong()
	}
	if f.Session != "" && (c.Session != f.Session || c.Customer != f.Of) {
		return nil, wrong()
	}
	return f, nil
}

// readFlow reads a record whose id somebody has typed. What can be no id is not found.
func readFlow(d *okpay.Draft, noun, id string, doc any) error {
	if okpay.CheckID("id", id) != nil {
		return okpay.NewError(okpay.NotFound, "there is no %s with this id", noun)
	}
	return d.Read(noun, id, doc)
}

// current reports whether what a verification was begun under is as it was: credentials, and the
// contact.
func (x *Identity) current(d *okpay.Draft, f *verificationDoc) (bool, error) {
	g, p, err := standing(d, f.Of)
	if err != nil {
		return false, err
	}
	if g == nil || f.Of == "" || g.State == okpay.GateClosed || g.Epoch != f.Epoch {
		return false, nil
	}
	if f.Change != "" {
		return true, nil // whose contact is nobody's yet
	}
	want := okpay.ContactVerified
	if f.Purpose == ForContact {
		want = okpay.ContactUnverified
	}
	return slices.ContainsFunc(p.Contacts, func(c okpay.Contact) bool {
		return c.ID == f.Contact && c.State == want && c.Value == f.Code.To.Value
	}), nil
}

// caller is who asks for a verb: somebody who is signed in, or anybody at all.
type caller struct{ okpay.Actor }

func callerOf(ctx context.Context) caller {
	a, _ := okpay.ActorOf(ctx)
	return caller{a}
}

func (c *caller) signedIn() bool { return c.Customer != "" }

// ask commits a Change that a caller asks for. One who is signed in may have a limited session:
// these verbs are for them as well. Errors: SessionEnded, those of fn, ServiceBusy.
func (x *Identity) ask(ctx context.Context, c caller, at, operation string, fn func(*okpay.Draft) error) error {
	act := okpay.Act{Principal: "program", Operation: operation}
	_, err := x.inTurn(okpay.WithoutActor(ctx), at, act, func(d *okpay.Draft) error {
		if c.signedIn() {
			if _, err := x.admitted(d, c.Actor); err != nil {
				return err
			}
		}
		return fn(d)
	})
	return err
}

// inTurn commits a Change. Goroutines of this process that want the same thing do so one after
// the other, and a store that lets others go first is asked again.
func (x *Identity) inTurn(ctx context.Context, at string, a okpay.Act, fn func(*okpay.Draft) error) (ledger.Outcome, error) {
	done, err := x.turns.take(ctx, at)
	if err != nil {
		return ledger.Outcome{}, err
	}
	defer done()
	var out ledger.Outcome
	for range busyTries {
		if out, err = x.w.Do(ctx, a, fn); !errors.Is(err, okpay.ServiceBusy) {
			break
		}
	}
	return out, err
}
