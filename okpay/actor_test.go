package okpay_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
)

// doorkeeper is an Authority with one session, and with proofs that are good once.
type doorkeeper struct{ session string }

func (k *doorkeeper) Admit(r okpay.Reader, a okpay.Actor) error {
	if a.Session != k.session {
		return okpay.NewError(okpay.SessionEnded, "")
	}
	return nil
}

func (k *doorkeeper) StepUp(d *okpay.Draft, of okpay.StepUp) error {
	used := struct{ Of string }{}
	err := d.Read("proof", of.Proof, &used)
	if err == nil || of.Proof != "good" || of.Operation != okpay.OnWithdrawal || of.Session != k.session {
		return okpay.NewError(okpay.AuthenticationFailed, "")
	}
	d.Put(ledger.Put{Type: "proof", ID: of.Proof, Chaining: ledger.Plain, Content: []byte(`{"Of":"x"}`)})
	return nil
}

func TestAnActorActsForOneCustomerWhileTheSessionLasts(t *testing.T) {
	f := start(t, okpay.Config{RequireActor: true})
	k := &doorkeeper{session: "s1"}
	f.Trust(k)
	_, err := f.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "other"})
	require.NoError(t, err)
	name := "Name"
	update := func(ctx context.Context, of okpay.CustomerID, key string) error {
		_, err := f.Customers.Update(ctx, okpay.UpdateCustomer{Customer: of, Name: &name, Key: key})
		return err
	}
	signedIn := okpay.WithActor(t.Context(), okpay.Actor{Customer: f.customer, Session: "s1"})
	require.NoError(t, update(signedIn, f.customer, "k"))
	require.ErrorIs(t, update(t.Context(), f.customer, ""), okpay.AuthenticationRequired, "nobody is signed in")
	require.ErrorIs(t, update(signedIn, "other", ""), okpay.NotFound, "another customer's")
	stranger := okpay.WithActor(t.Context(), okpay.Actor{Customer: f.customer, Session: "s2"})
	require.ErrorIs(t, update(stranger, f.customer, ""), okpay.SessionEnded)

	before := f.last()
	_, err = f.Customers.Lock(t.Context(), okpay.MoveGate{Customer: f.customer, By: "ops1", Reason: "risk"})
	require.NoError(t, err)
	require.ErrorIs(t, update(signedIn, f.customer, ""), okpay.SessionEnded, "a lock ends all sessions")
	require.ErrorIs(t, update(signedIn, f.customer, "k"), okpay.SessionEnded, "a repeat is not answered either")
	types, _ := f.since(before)
	assert.Equal(t, []string{"account.locked"}, types)

	entries, more, err := f.Audit(t.Context(), okpay.AuditPage{Customer: f.customer, Shown: true})
	require.NoError(t, err)
	assert.False(t, more)
	require.Len(t, entries, 1)
	assert.Equal(t, okpay.AuditEntry{
		ID: entries[0].ID, At: f.clock.Now(), Actor: "op/ops1", Action: "account.lock", Customer: f.customer, Shown: true,
	}, entries[0], "the reason is for operators")
	entries, _, err = f.Audit(t.Context(), okpay.AuditPage{Customer: f.customer, Limit: 1})
	require.NoError(t, err)
	assert.Equal(t, "risk", entries[0].Reason)
	f.verify()
}

// remark is an object of a package beside the wallet.
type remark struct {
	ID       string           `json:"id"`
	Of       okpay.CustomerID `json:"of"`
	Text     string           `json:"text"`
	Sequence int64            `json:"sequence"`
	Due      time.Time        `json:"due"`
}

func (r *remark) Put() ledger.Put { return ledger.Put{Type: "remark", ID: r.ID, Due: r.Due} }

func (r *remark) View() any                  { return map[string]any{"id": r.ID, "sequence": r.Sequence} }
func (r *remark) Customer() okpay.CustomerID { return r.Of }
func (r *remark) Counter() *int64            { return &r.Sequence }
func (r *remark) Facts(string) map[string]string {
	return map[string]string{"until": "2026-01-02T00:00:00Z"}
}

func TestAPackageBesideTheWalletWritesAsTheWalletDoes(t *testing.T) {
	f := start(t, okpay.Config{})
	done := 0
	f.Also(okpay.Task{Noun: "remark", Do: func(ctx context.Context, id string) error {
		_, err := f.Do(ctx, okpay.Act{Principal: "program", Operation: "remark.work"}, func(d *okpay.Draft) error {
			r := &remark{}
			if err := d.Read("remark", id, r); err != nil {
				return err
			}
			if d.Now().Before(r.Due) {
				return okpay.ErrNothingDue
			}
			r.Due = time.Time{}
			done++
			return d.Write(r)
		})
		return err
	}})
	act := okpay.Act{Principal: "op/ana", Operation: "remark.make", Key: "k"}
	make := func(d *okpay.Draft) error {
		g, err := d.Gate(f.customer)
		if err != nil {
			return err
		}
		g.Denied = []okpay.Capability{okpay.CanTransfer, okpay.CanManage}
		d.Audit(okpay.AuditEntry{Actor: "op/ana", Action: "remark.make", Customer: f.customer, Object: "rem_1", Reason: "in her own words"})
		d.Tell(okpay.Message{Template: "nobody is told"})
		return errors.Join(
			d.WriteGate(g),
			d.Write(&remark{ID: "rem_1", Of: f.customer, Text: "secret", Due: d.Now()}, okpay.Told{Emits: []string{"remark.made"}, Mails: []string{"remark_made"}}),
		)
	}
	out, err := f.Do(t.Context(), act, make)
	require.NoError(t, err)
	var got remark
	require.NoError(t, f.ReadAfter(t.Context(), out, "remark", "rem_1", &got))
	assert.Equal(t, remark{"rem_1", f.customer, "secret", 1, f.clock.Now()}, got)
	again, err := f.Do(t.Context(), act, make)
	require.NoError(t, err)
	assert.True(t, again.Replayed)

	messages, err := f.Customers.Messages(t.Context(), f.customer, "", 0)
	require.NoError(t, err)
	require.Len(t, messages, 1)
	assert.Equal(t, okpay.Message{
		ID: messages[0].ID, Customer: f.customer, Template: "remark_made", ObjectType: "remark", Object: "rem_1", CreatedAt: f.clock.Now(),
		Facts: map[string]string{"until": "2026-01-02T00:00:00Z"},
	}, messages[0])

	n, err := f.Work(t.Context())
	require.NoError(t, err)
	assert.Positive(t, n)
	assert.Equal(t, 1, done)

	f.topUp(cny(100))
	_, err = f.Transfers.Create(t.Context(), okpay.CreateTransfer{From: f.customer, To: "anybody", Amount: cny(1)})
	require.ErrorIs(t, err, okpay.AccountRestricted)
	_, err = f.Contacts.Add(t.Context(), okpay.AddContact{Customer: f.customer, Email: "a@example.com"})
	require.ErrorIs(t, err, okpay.AccountRestricted)
	f.paid(40) // what is not denied goes on
	f.verify()
}

func TestAGateAllowsWhatNothingDenies(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	later := at.Add(time.Hour)
	denies := func(g okpay.Gate) (denied []okpay.Capability) {
		for _, c := range okpay.Capabilities() {
			if !g.Allows(c, at) {
				denied = append(denied, c)
			}
		}
		return denied
	}
	money := []okpay.Capability{okpay.CanPay, okpay.CanTransfer, okpay.CanWithdraw, okpay.CanConvert}
	for name, c := range map[string]struct {
		gate okpay.Gate
		want []okpay.Capability
	}{
		"active":                       {okpay.Gate{State: okpay.GateActive}, nil},
		"locked":                       {okpay.Gate{State: okpay.GateLocked}, money},
		"proven, the password is next": {okpay.Gate{State: okpay.GateMustChange}, money},
		"closed":                       {okpay.Gate{State: okpay.GateClosed}, okpay.Capabilities()},
		"restricted":                   {okpay.Gate{State: okpay.GateActive, Denied: []okpay.Capability{okpay.CanTopUp}}, []okpay.Capability{okpay.CanTopUp}},
		"after a change of password":   {okpay.Gate{State: okpay.GateActive, WithdrawalsFrom: &later}, []okpay.Capability{okpay.CanWithdraw}},
		"from the very instant":        {okpay.Gate{State: okpay.GateActive, WithdrawalsFrom: &at}, nil},
	} {
		assert.Equal(t, c.want, denies(c.gate), name)
	}
}
