package identity_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
)

// modelChange is what should become of one change of contacts.
type modelChange struct {
	id       identity.ContactChangeID
	code     identity.Secret
	old, new string // "" for none
	state    identity.ContactChangeState
	session  identity.Secret
	epoch    int
	until    time.Time
	tries    int
	links    []identity.Secret
}

// contactWalker makes a random history of one customer's contacts and holds each answer to a model.
type contactWalker struct {
	*subject
	*walk
	n        int // of the history
	made     int // addresses
	password string
	gate     okpay.GateState
	epoch    int
	hold     *time.Time
	verified []string
	changes  []*modelChange // all
	live     []*modelChange // that are not over, in the order in which they were begun
}

// TestRandomHistoriesOfContactChangesEqualAModel runs 60 histories, 10,000 with OKPAY_TEST_SIZE=170.
func TestRandomHistoriesOfContactChangesEqualAModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := startAll(t, sending(identity.Config{}), inMemory(t)...)
	for n := range testsize.Scaled(t, 60) {
		h := &contactWalker{walk: newWalk(t, seed, n), n: n, password: good, gate: okpay.GateActive}
		first, number := fmt.Sprintf("first%d@example.com", n), fmt.Sprintf("+86138%08d", n)
		h.subject = &subject{holder: w.holder(w.registered(first))}
		h.subject.contact(okpay.AddContact{Phone: number})
		h.verified = []string{first, number}
		h.steps(seed, n, h.step)
	}
	w.verify()
}

func (h *contactWalker) step() {
	h.choose(h.w.clock.Now(), []step{
		{"begin", 6, func() { h.begin(false) }},
		{"begin two at once", 1, func() { h.begin(true) }},
		{"confirm", 8, h.confirm},
		{"remove", 3, h.remove},
		{"revert", 4, h.revert},
		{"reset the password", 4, h.recover},
		{"sign in", 1, h.subject.signIn},
		{"wait", 3, h.wait},
		{"work", 1, func() { _, err := h.w.Work(h.t.Context()); h.expect(err, "") }},
	})
	h.forgetOver()
	g := h.subject.gate()
	if g.State != h.gate || (g.WithdrawalsFrom == nil) != (h.hold == nil) || h.hold != nil && !h.hold.Equal(*g.WithdrawalsFrom) {
		h.t.Errorf("the gate is %s and withdrawals wait until %v, want %s and %v", g.State, g.WithdrawalsFrom, h.gate, h.hold)
	}
	slices.Sort(h.verified)
	if got := h.subject.verified(); !slices.Equal(got, h.verified) {
		h.t.Errorf("verified are %v, want %v", got, h.verified)
	}
}

// forgetOver ends what time has ended.
func (h *contactWalker) forgetOver() {
	h.live = slices.DeleteFunc(h.live, func(c *modelChange) bool { return !h.w.clock.Now().Before(c.until) })
}

func (h *contactWalker) wait() {
	waits := []time.Duration{time.Second, 4 * time.Minute, 10 * time.Minute, 2 * time.Hour, 3 * 24 * time.Hour, 8 * 24 * time.Hour}
	h.w.clock.Advance(waits[h.r.IntN(len(waits))])
	h.forgetOver()
	if _, _, err := h.w.x.Authenticate(h.t.Context(), h.token); err != nil {
		h.signIn()
	}
}

// fresh signs in if the one there was has ended.
func (h *contactWalker) fresh() {
	if _, _, err := h.w.x.Authenticate(h.t.Context(), h.token); err != nil {
		h.subject.signIn()
	}
}

// contactOf is the id of a verified contact.
func (h *contactWalker) contactOf(value string) okpay.ContactID {
	c, err := h.w.Customers.Get(h.t.Context(), h.id)
	require.NoError(h.t, err)
	for _, k := range c.Contacts {
		if k.Value == value && k.State == okpay.ContactVerified {
			return k.ID
		}
	}
	h.t.Fatalf("%s is not there", value)
	return ""
}

// address is one that was never seen, or one that was there before and may be there still.
func (h *contactWalker) address() string {
	if h.r.IntN(3) == 0 {
		for _, c := range h.changes {
			if strings.Contains(c.old, "@") && h.r.IntN(2) == 0 {
				return c.old
			}
		}
	}
	h.made++
	return fmt.Sprintf("next%d-%d@example.com", h.n, h.made)
}

// begin begins a change, or two of them in parallel, of which one drops the other.
func (h *contactWalker) begin(twice bool) {
	h.fresh()
	if h.gate != okpay.GateActive {
		_, err := h.w.x.BeginContactChange(h.ctx(), identity.BeginContactChange{Email: h.address()})
		h.expect(err, okpay.AccountLocked)
		return
	}
	count := 1
	if twice {
		count = 2
	}
	begun, errs, ins := make([]*modelChange, count), make([]error, count), make([]identity.BeginContactChange, count)
	h.w.clock.Advance(time.Millisecond) // so that another code may be sent
	for i := range count {
		c := &modelChange{new: h.address(), session: h.token, epoch: h.epoch, state: identity.ChangePending}
		if i == 1 && c.new == begun[0].new {
			h.made++
			c.new = fmt.Sprintf("other%d-%d@example.com", h.n, h.made)
		}
		in := identity.BeginContactChange{Email: c.new, Proof: h.stepUpWith(h.password, c.new)}
		if h.r.IntN(3) > 0 {
			c.old = h.verified[h.r.IntN(len(h.verified))]
			in.Replaces = h.contactOf(c.old)
		}
		begun[i], ins[i] = c, in
	}
	var all sync.WaitGroup
	for i, c := range begun {
		all.Go(func() {
			p := h.w.all[i%2]
			ctx, _, err := p.x.Authenticate(h.t.Context(), h.token)
			if err != nil {
				errs[i] = err
				return
			}
			out, err := p.x.BeginContactChange(ctx, ins[i])
			c.id, c.until, errs[i] = out.ID, out.ExpiresAt, err
			if err == nil {
				c.code = p.x.CodeOf(h.t.Context(), out.Verification)
			}
		})
	}
	all.Wait()
	for i, c := range begun {
		if slices.Contains(h.verified, c.new) || len(h.verified) >= okpay.MaxContacts && c.old == "" {
			h.expect(errs[i], okpay.InvalidState)
			continue
		}
		h.expect(errs[i], "")
		if errs[i] != nil {
			continue
		}
		h.changes = append(h.changes, c)
		for _, o := range h.live {
			if o.state == identity.ChangePending {
				o.state = identity.ChangeDropped
			}
		}
		h.live = append(slices.DeleteFunc(h.live, func(o *modelChange) bool { return o.state == identity.ChangeDropped }), c)
	}
	if twice && errs[0] == nil && errs[1] == nil { // whichever came last counts
		if h.stateOf(begun[0]) == identity.ChangePending {
			begun[0].state, begun[1].state = identity.ChangePending, identity.ChangeDropped
			h.live[len(h.live)-1] = begun[0]
		}
		if h.stateOf(begun[0]) != begun[0].state || h.stateOf(begun[1]) != begun[1].state {
			h.t.Errorf("of two changes at once one is %s and one is %s", h.stateOf(begun[0]), h.stateOf(begun[1]))
		}
	}
}

func (h *contactWalker) stateOf(c *modelChange) identity.ContactChangeState {
	var doc identity.ContactChange
	require.NoError(h.t, h.w.Read(h.t.Context(), "contact_change", string(c.id), &doc))
	return doc.State
}

func (h *contactWalker) pick() *modelChange {
	if len(h.live) > 0 && h.r.IntN(4) > 0 {
		return h.live[len(h.live)-1]
	}
	return pick(h.r, h.changes)
}

func (h *contactWalker) confirm() {
	c, tries := h.pick(), 1
	if c == nil || c.code.IsZero() {
		return
	}
	h.fresh()
	if h.r.IntN(8) == 0 {
		tries = 6 // five that are wrong and one that would be right
	}
	for i := range tries {
		right := i == 5 || tries == 1 && h.r.IntN(4) > 0
		h.confirmWith(c, right)
	}
}

func (h *contactWalker) confirmWith(c *modelChange, right bool) {
	now, code := h.w.clock.Now(), c.code
	if !right {
		code = wrongOf(c.code)
	}
	_, err := h.w.x.ConfirmContactChange(h.ctx(), identity.ConfirmContactChange{ID: c.id, Code: code})
	switch {
	case h.gate != okpay.GateActive:
		h.expect(err, okpay.AccountLocked)
	case c.state != identity.ChangePending || !now.Before(c.until) || c.session != h.token || c.tries >= 5:
		h.expect(err, okpay.AuthenticationFailed)
	case !right || c.epoch != h.epoch:
		c.tries++
		h.expect(err, okpay.AuthenticationFailed)
	case c.old != "" && !slices.Contains(h.verified, c.old):
		h.expect(err, okpay.InvalidState)
	default:
		h.expect(err, "")
		if err != nil {
			return
		}
		h.done(c)
	}
}

// done is what every change that is made does.
func (h *contactWalker) done(c *modelChange) {
	now := h.w.clock.Now()
	hold := now.Add(24 * time.Hour)
	told := slices.Clone(h.verified)
	if c.old != "" {
		told = []string{c.old}
		h.verified = slices.DeleteFunc(h.verified, func(v string) bool { return v == c.old })
	}
	if c.new != "" {
		h.verified = append(h.verified, c.new)
	}
	c.state, c.until, h.hold = identity.ChangeMade, now.Add(7*24*time.Hour), &hold
	h.epoch++
	for _, to := range told {
		c.links = append(c.links, h.takeBack(identity.ContactChange{ID: c.id}, to))
	}
}

func (h *contactWalker) remove() {
	h.fresh()
	value := h.verified[h.r.IntN(len(h.verified))]
	in := identity.RemoveContact{Contact: h.contactOf(value)}
	if h.gate != okpay.GateActive {
		_, err := h.w.x.RemoveContact(h.ctx(), in)
		h.expect(err, okpay.AccountLocked)
		return
	}
	in.Proof = h.stepUpWith(h.password, string(in.Contact))
	out, err := h.w.x.RemoveContact(h.ctx(), in)
	if len(h.verified) == 1 {
		h.expect(err, okpay.InvalidState)
		return
	}
	h.expect(err, "")
	c := &modelChange{id: out.ID, old: value, session: h.token}
	h.changes, h.live = append(h.changes, c), append(h.live, c)
	h.done(c)
}

// revert takes back a change and all that came after it.
func (h *contactWalker) revert() {
	c := h.pick()
	if c == nil || len(c.links) == 0 {
		return
	}
	now := h.w.clock.Now()
	link := c.links[h.r.IntN(len(c.links))]
	wrong := h.r.IntN(5) == 0
	if wrong {
		link = wrongLink(link)
	}
	_, err := h.w.x.RevertContact(h.t.Context(), identity.RevertContact{Token: link})
	if wrong || c.state != identity.ChangeMade || !now.Before(c.until) {
		h.expect(err, okpay.AuthenticationFailed)
		return
	}
	h.expect(err, "")
	at := slices.Index(h.live, c)
	require.GreaterOrEqual(h.t, at, 0)
	for _, o := range slices.Backward(h.live[at:]) {
		if o.state == identity.ChangePending {
			o.state = identity.ChangeDropped
			continue
		}
		o.state = identity.ChangeReverted
		h.verified = slices.DeleteFunc(h.verified, func(v string) bool { return v == o.new })
		if o.old != "" {
			h.verified = append(h.verified, o.old)
		}
	}
	h.live = h.live[:at]
	hold := now.Add(24 * time.Hour)
	h.gate, h.hold, h.password = okpay.GateMustChange, &hold, ""
	h.epoch++
}

// recover sets a password by a contact that counts.
func (h *contactWalker) recover() {
	h.w.clock.Advance(time.Millisecond)
	in, to := identity.RequestPasswordReset{}, h.verified[h.r.IntN(len(h.verified))]
	if in.Email = to; !strings.Contains(to, "@") {
		in.Email, in.Phone = "", to
	}
	r, err := h.w.x.RequestPasswordReset(h.t.Context(), in)
	h.expect(err, "")
	r, err = h.w.x.OpenPasswordReset(h.t.Context(), identity.OpenPasswordReset{Token: h.linkOf(r.ID)})
	h.expect(err, "")
	h.password = fmt.Sprintf("a new password, %d of them", h.r.Uint32())
	h.expect(h.setNew(r.Grant, h.password), "")
	hold := h.w.clock.Now().Add(24 * time.Hour)
	h.gate, h.hold = okpay.GateActive, &hold
	h.epoch++
	h.fresh()
}
