package identity_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
)

const (
	mail  = "owner@example.com"
	phone = "+8613800138000"
)

// subject is a customer with a session and two verified contacts.
type subject struct {
	*holder
	mail, phone okpay.ContactID
}

func (w *world) proprietor() *subject {
	w.t.Helper()
	o := &subject{holder: w.holder(customer)}
	o.mail = o.contact(okpay.AddContact{Email: mail})
	o.phone = o.contact(okpay.AddContact{Phone: phone})
	return o
}

// contact adds a contact and has it verified.
func (o *subject) contact(in okpay.AddContact) okpay.ContactID {
	o.t.Helper()
	in.Customer = o.id
	c, err := o.w.Contacts.Add(o.ctx(), in)
	require.NoError(o.t, err)
	require.NoError(o.t, o.w.x.ContactVerified(o.t.Context(), identity.ContactVerified{Customer: o.id, Contact: c.ID}))
	return c.ID
}

// secrets are what the one message of a template that is still worth sending is sent with; of
// several the one about an object.
func (w *world) secrets(of okpay.CustomerID, template, object string) map[string]string {
	w.t.Helper()
	list, err := w.Customers.Messages(w.t.Context(), of, "", 100)
	require.NoError(w.t, err)
	for _, m := range list {
		if m.Template != template || object != "" && m.Object != object {
			continue
		}
		secrets, err := w.x.Secret(w.t.Context(), m)
		if errors.Is(err, okpay.NotFound) {
			continue
		}
		require.NoError(w.t, err)
		return secrets
	}
	w.t.Fatalf("there is no message %s", template)
	return nil
}

// sent is the code that was sent last, for a verification if several go on.
func (o *subject) sent(of ...identity.VerificationID) identity.Secret {
	o.t.Helper()
	object := ""
	if len(of) > 0 {
		object = string(of[0])
	}
	return identity.NewSecret(o.w.secrets(o.id, "verification_code", object)["code"])
}

// wrongOf is a code that is not the one given.
func wrongOf(code identity.Secret) identity.Secret {
	b := []byte(code.Reveal())
	b[0] = '0' + (b[0]-'0'+1)%10
	return identity.NewSecret(string(b))
}

func (o *subject) start(p identity.Purpose) identity.Verification {
	o.t.Helper()
	o.w.clock.Advance(time.Millisecond)
	v, err := o.w.x.StartVerification(o.t.Context(), identity.StartVerification{Purpose: p, Email: mail, Client: home})
	require.NoError(o.t, err)
	return v
}

// prove is a verification whose first code was right.
func (o *subject) prove(p identity.Purpose) identity.Verification {
	o.t.Helper()
	v := o.start(p)
	v, err := o.w.x.ProveCode(o.t.Context(), identity.ProveCode{ID: v.ID, Code: o.sent(v.ID), Client: home})
	require.NoError(o.t, err)
	return v
}

// proveTwice is a verification by e-mail and telephone.
func (o *subject) proveTwice(p identity.Purpose) identity.Verification {
	o.t.Helper()
	v := o.prove(p)
	require.Equal(o.t, identity.SecondDue, v.State)
	_, err := o.w.x.SendSecond(o.t.Context(), identity.SendSecond{ID: v.ID, Kind: okpay.ContactPhone})
	require.NoError(o.t, err)
	v, err = o.w.x.ProveSecond(o.t.Context(), identity.ProveSecond{ID: v.ID, Kind: "phone", Code: o.sent(v.ID)})
	require.NoError(o.t, err)
	require.Equal(o.t, identity.Verified, v.State)
	return v
}

// use uses a proof up in a Change of its own.
func (p process) use(ctx context.Context, proof identity.Secret, of identity.ProofOf) (identity.Proven, error) {
	var out identity.Proven
	_, err := p.Do(okpay.WithoutActor(ctx), okpay.Act{Principal: "program", Operation: "test.use"}, func(d *okpay.Draft) error {
		var err error
		out, err = p.x.UseProof(d, proof, of)
		return err
	})
	return out, err
}

// stepUpFor is a proof for an action that concerns nobody else.
func (o *subject) stepUpFor(action identity.StepUpAction) identity.Secret {
	return o.stepUp(identity.StepUpRequest{Action: action})
}

// stepUp is a proof for an action; a code to a contact answers, or the app if there is one.
func (o *subject) stepUp(in identity.StepUpRequest) identity.Secret {
	o.t.Helper()
	s, err := o.w.x.BeginStepUp(o.ctx(), in)
	require.NoError(o.t, err)
	answer := identity.FinishStepUp{ID: s.ID, Method: s.Methods[0]}
	switch s.Methods[0] {
	case identity.ByPassword:
		answer.Answer = identity.NewSecret(good)
	case identity.ByContact:
		v, err := o.w.x.StartVerification(o.ctx(), identity.StartVerification{Purpose: identity.ForStepUp})
		require.NoError(o.t, err)
		v, err = o.w.x.ProveCode(o.ctx(), identity.ProveCode{ID: v.ID, Code: o.sent(v.ID)})
		require.NoError(o.t, err)
		answer.Answer = v.Proof
	default:
		answer.Answer = identity.NewSecret(o.next())
	}
	proof, err := o.w.x.FinishStepUp(o.ctx(), answer)
	require.NoError(o.t, err)
	o.w.clock.Advance(time.Minute + time.Second) // so that another code may be sent
	return proof
}

// record is a record's content as a store keeps it.
func (w *world) record(noun, id string) string {
	w.t.Helper()
	r, err := w.Ledger().Record(w.t.Context(), noun, id)
	require.NoError(w.t, err)
	return string(r.Content)
}

// shows is all there is of an error.
func shows(err error) string {
	text, _ := json.Marshal(err)
	return fmt.Sprintf("%v|%+v|%#v|%s", err, err, err, text)
}

// sending is a configuration that lets as much be sent as tests like.
func sending(cfg identity.Config) identity.Config {
	many := identity.SendLimit{Gap: time.Nanosecond, Quarter: 1000, Day: 1000}
	cfg.Sends, cfg.SendsByAddress = many, many
	return cfg
}

// seeded is a source of chance that says how to repeat it.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func newMemory() ledger.Store { return memstore.New() }

// kept is how many records of proofs there are, versions not counted.
func (w *world) kept() (n int) {
	w.t.Helper()
	for _, list := range w.all[:1] {
		for _, noun := range []string{"verification", "password_reset", "newest_reset", "sends", "unsent", "message", "audit"} {
			for after, more := "", true; more; {
				var page []ledger.Record
				var err error
				page, more, err = list.Records(w.t.Context(), ledger.RecordQuery{Type: noun, After: after, Limit: 100})
				require.NoError(w.t, err)
				for _, r := range page {
					n++
					after = r.ID
				}
			}
		}
	}
	return n
}

// mailsTo are the messages that go to one address alone.
func (w *world) mailsTo(address string) (out []okpay.Message) {
	w.t.Helper()
	for after, more := "", true; more; {
		page, again, err := w.Records(w.t.Context(), ledger.RecordQuery{Type: "message", After: after, Limit: 100})
		require.NoError(w.t, err)
		more = again
		for _, r := range page {
			var m okpay.Message
			require.NoError(w.t, json.Unmarshal(r.Content, &m))
			if m.Address != nil && m.Address.Value == address {
				out = append(out, m)
			}
			after = r.ID
		}
	}
	return out
}

// another is one more process over a store.
func (w *world) another(store ledger.Store) process {
	w.t.Helper()
	l, err := ledger.Open(w.t.Context(), store, ledger.Config{Chart: okpay.Chart(), Now: w.clock.Now, MaxSkew: -1})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, l.Close(context.Background())) })
	p := process{}
	p.Wallet, err = okpay.New(l, okpay.Config{RequireActor: true})
	require.NoError(w.t, err)
	cfg := sending(identity.Config{Keys: []identity.Key{key}})
	cfg.Hashing.Params = cheap
	p.x, err = identity.New(p.Wallet, cfg)
	require.NoError(w.t, err)
	return p
}
