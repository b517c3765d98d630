package identity_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
)

// model is what should become of one customer: counters, sessions and devices in a few lines.
type model struct {
	password string
	epoch    int
	gate     okpay.GateState
	locks    [2]modelLock // of strangers, of trusted devices
	sessions []*modelSession
	devices  []*modelDevice
	pending  []*modelPending
	factors  [2]modelLock
	drops    [2]int // locks ever, by bucket
}

type modelLock struct {
	failures, level int
	until           time.Time
}

type modelSession struct {
	token         identity.Secret
	id            identity.SessionID
	began, seen   time.Time
	proven        time.Time
	epoch         int
	limited, over bool
	device        *modelDevice
}

type modelDevice struct {
	token   identity.Secret
	id      identity.DeviceID
	trusted time.Time
	epoch   int
	revoked bool
}

type modelPending struct {
	token  identity.Secret
	began  time.Time
	epoch  int
	drops  int
	bucket int
	device *modelDevice
	over   bool
}

// guess is one try: whether it is admitted, and what comes of it. lockedNow says that it led to a
// lock.
func (l *modelLock) guess(right bool, now time.Time, hardCap int) (success, lockedNow bool) {
	if l.failures >= hardCap || now.Before(l.until) {
		return false, false
	}
	if right {
		*l = modelLock{}
		return true, false
	}
	l.failures++
	if l.failures >= 5 {
		wait := 30 * time.Second << l.level
		l.level++
		l.until = now.Add(min(wait, time.Hour))
		return false, true
	}
	return false, false
}

func (m *model) live(s *modelSession, now time.Time) bool {
	return !s.over && s.epoch == m.epoch && now.Before(s.seen.Add(30*time.Minute)) && now.Before(s.began.Add(12*time.Hour)) && m.gate != okpay.GateClosed
}

func (m *model) trusts(d *modelDevice, now time.Time) bool {
	return d != nil && !d.revoked && d.epoch == m.epoch && now.Before(d.trusted.Add(90*24*time.Hour))
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// modelSessions is how many sessions go on at once here.
const modelSessions = 3

// walker makes a random history of one customer and holds each answer to the model.
type walker struct {
	*world
	*walk
	t      *testing.T // of both
	m      *model
	factor *identity.FixedFactor
	id     okpay.CustomerID
	email  string
}

func TestRandomHistoriesAreWhatASimpleModelSays(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	histories := testsize.Scaled(t, 1000)
	w := start(t, identity.Config{MaxDevices: 2, MaxSessions: modelSessions})
	factor := w.x.WithFactor("123456")
	factor.Enrolled = false
	for n := range histories {
		h := &walker{world: w, t: t, walk: newWalk(t, seed, n), m: &model{password: good, gate: okpay.GateActive}, factor: factor}
		h.email = fmt.Sprintf("somebody%d@example.com", n)
		h.id = w.registered(h.email)
		factor.Enrolled = h.r.IntN(3) == 0
		h.steps(seed, n, h.step)
	}
	w.verify()
}

func (h *walker) step() {
	h.choose(h.clock.Now(), []step{
		{"sign in", 8, h.signIn},
		{"guess wrong", 6, h.guessWrong},
		{"finish", 5, h.finish},
		{"use", 6, h.use},
		{"sign out", 1, h.signOut},
		{"end another", 1, h.endAnother},
		{"end others", 1, h.endOthers},
		{"change password", 2, h.changePassword},
		{"trust a device", 2, h.trust},
		{"revoke a device", 1, h.revoke},
		{"lock", 1, func() { h.moveGate(okpay.GateActive, okpay.GateLocked) }},
		{"unlock", 2, func() { h.moveGate(okpay.GateLocked, okpay.GateActive) }},
		{"wait", 6, h.wait},
	})
}

func (h *walker) wait() {
	waits := []time.Duration{time.Second, 20 * time.Second, time.Minute, 6 * time.Minute, 12 * time.Minute, 31 * time.Minute, 13 * time.Hour}
	h.clock.Advance(waits[h.r.IntN(len(waits))])
}

func pick[T any](r *rand.Rand, list []*T) *T {
	if len(list) == 0 {
		return nil
	}
	return list[r.IntN(len(list))]
}

func (h *walker) from(device *modelDevice) identity.Client {
	if device == nil {
		return identity.Client{}
	}
	return identity.Client{Device: device.token}
}

func (h *walker) signIn()     { h.tryPassword(true) }
func (h *walker) guessWrong() { h.tryPassword(false) }

func (h *walker) tryPassword(right bool) {
	now, device := h.clock.Now(), pick(h.r, h.m.devices)
	if h.r.IntN(2) == 0 {
		device = nil
	}
	pw := h.m.password
	if !right {
		pw = "wrong"
	}
	s, err := h.try(h.email, pw, h.from(device))
	if !h.m.trusts(device, now) {
		device = nil
	}
	bucket := one(device != nil)
	success, locked := h.m.locks[bucket].guess(right && h.m.gate != okpay.GateClosed, now, 50)
	h.m.drops[bucket] += one(locked)
	if !success {
		h.expect(err, okpay.AuthenticationFailed)
		return
	}
	h.expect(err, "")
	if err != nil {
		return
	}
	if h.factor.Enrolled {
		h.m.pending = append(h.m.pending, &modelPending{
			token: s.Pending, began: now, epoch: h.m.epoch, drops: h.m.drops[bucket], bucket: bucket, device: device,
		})
		return
	}
	h.begun(s, device)
}

func (h *walker) begun(s identity.SignedIn, device *modelDevice) {
	now := h.clock.Now()
	require.NotNil(h.t, s.Session)
	require.Equal(h.t, h.m.gate == okpay.GateLocked, s.Session.Limited)
	require.Equal(h.t, device != nil, s.Session.Trusted != "")
	h.madeRoom(s)
	h.m.sessions = append(h.m.sessions, &modelSession{
		token: s.Token, id: s.Session.ID, began: now, seen: now, proven: now, epoch: h.m.epoch,
		limited: h.m.gate == okpay.GateLocked, device: device,
	})
}

// madeRoom finds the session that a new one has ended, one of those not used for longest.
func (h *walker) madeRoom(s identity.SignedIn) {
	now, live := h.clock.Now(), []*modelSession{}
	for _, o := range h.m.sessions {
		if h.m.live(o, now) {
			live = append(live, o)
		}
	}
	if len(live) < modelSessions {
		return
	}
	oldest := slices.MinFunc(live, func(a, b *modelSession) int { return a.seen.Compare(b.seen) })
	list, _, err := h.x.Sessions(h.as(s.Token), "", 100)
	h.expect(err, "")
	require.Len(h.t, list, modelSessions)
	for _, o := range live {
		if !slices.ContainsFunc(list, func(l identity.Session) bool { return l.ID == o.id }) {
			require.Equal(h.t, oldest.seen, o.seen)
			o.over = true
		}
	}
}

func (h *walker) finish() {
	p := pick(h.r, h.m.pending)
	if p == nil {
		return
	}
	now, right := h.clock.Now(), h.r.IntN(2) == 0
	code := "123456"
	if !right {
		code = "0"
	}
	s, err := h.x.FinishSignIn(h.t.Context(), p.token, identity.NewSecret(code))
	if p.over || p.epoch != h.m.epoch || p.drops != h.m.drops[p.bucket] || !now.Before(p.began.Add(10*time.Minute)) {
		p.over = true
		h.expect(err, okpay.AuthenticationFailed)
		return
	}
	success, locked := h.m.factors[p.bucket].guess(right, now, 20)
	h.m.drops[p.bucket] += one(locked)
	if !success {
		h.expect(err, okpay.AuthenticationFailed)
		return
	}
	h.expect(err, "")
	p.over = true
	if err == nil {
		require.True(h.t, s.Session.SecondFactor)
		device := p.device
		h.begun(s, device)
	}
}

// authenticated is a context of a session, nil if there is none that is live.
func (h *walker) authenticated(s *modelSession) context.Context {
	if s == nil {
		return nil
	}
	now := h.clock.Now()
	ctx, got, err := h.x.Authenticate(h.t.Context(), s.token)
	if !h.m.live(s, now) {
		h.expect(err, okpay.SessionEnded)
		return nil
	}
	h.expect(err, "")
	if err != nil {
		return nil
	}
	if now.Sub(s.seen) >= time.Minute {
		s.seen = now
	}
	require.Equal(h.t, s.seen, got.SeenAt)
	return ctx
}

func (h *walker) use() {
	s := pick(h.r, h.m.sessions)
	ctx := h.authenticated(s)
	if ctx == nil {
		return
	}
	want := okpay.Code("")
	if s.limited {
		want = okpay.AccountLocked
	}
	h.expect(h.update(ctx, h.id), want)
	list, _, err := h.x.Sessions(ctx, "", 100)
	h.expect(err, "")
	live := 0
	for _, s := range h.m.sessions {
		live += one(h.m.live(s, h.clock.Now()))
	}
	require.Len(h.t, list, live)
	devices, err := h.x.Devices(ctx)
	h.expect(err, "")
	trusted := 0
	for _, d := range h.m.devices {
		trusted += one(h.m.trusts(d, h.clock.Now()))
	}
	require.Len(h.t, devices, trusted)
}

func (h *walker) signOut() {
	if s := pick(h.r, h.m.sessions); s != nil {
		if ctx := h.authenticated(s); ctx != nil {
			h.expect(h.x.SignOut(ctx), "")
			s.over = true
		}
	}
}

func (h *walker) endAnother() {
	s, other := pick(h.r, h.m.sessions), pick(h.r, h.m.sessions)
	ctx := h.authenticated(s)
	if ctx == nil {
		return
	}
	want := okpay.Code("")
	switch {
	case s.limited:
		want = okpay.AccountLocked
	case !h.m.live(other, h.clock.Now()):
		want = okpay.NotFound
	default:
		other.over = true
	}
	h.expect(h.x.EndSession(ctx, other.id), want)
}

func (h *walker) endOthers() {
	s := pick(h.r, h.m.sessions)
	ctx := h.authenticated(s)
	if ctx == nil {
		return
	}
	if s.limited {
		h.expect(h.x.EndOtherSessions(ctx), okpay.AccountLocked)
		return
	}
	h.expect(h.x.EndOtherSessions(ctx), "")
	h.m.epoch++
	s.epoch = h.m.epoch
}

func (h *walker) changePassword() {
	s := pick(h.r, h.m.sessions)
	ctx := h.authenticated(s)
	if ctx == nil {
		return
	}
	now, right := h.clock.Now(), h.r.IntN(3) > 0
	in := identity.ChangePassword{Current: password.New(h.m.password), New: password.New(fmt.Sprintf("next one, %d times", h.r.IntN(1_000_000_000)))}
	if !right {
		in.Current = password.New("wrong")
	}
	err := h.x.ChangePassword(ctx, in)
	bucket := one(h.m.trusts(s.device, now))
	refused := now.Before(h.m.locks[bucket].until) || h.m.locks[bucket].failures >= 50
	success, locked := h.m.locks[bucket].guess(right, now, 50)
	h.m.drops[bucket] += one(locked)
	switch {
	case refused:
		h.expect(err, okpay.TooManyTries)
	case !success:
		h.expect(err, okpay.AuthenticationFailed)
	default:
		h.expect(err, "")
		h.m.password, h.m.locks = in.New.Reveal(), [2]modelLock{}
		h.m.epoch++
		s.epoch, s.proven = h.m.epoch, now
	}
}

func (h *walker) trust() {
	s := pick(h.r, h.m.sessions)
	ctx := h.authenticated(s)
	if ctx == nil {
		return
	}
	now := h.clock.Now()
	token, device, err := h.x.TrustDevice(ctx, identity.Client{})
	switch {
	case s.limited:
		h.expect(err, okpay.AccountLocked)
		return
	case now.Sub(s.proven) > 5*time.Minute:
		h.expect(err, okpay.AuthenticationRequired)
		return
	}
	h.expect(err, "")
	var trusted []*modelDevice
	for _, d := range h.m.devices {
		if h.m.trusts(d, now) {
			trusted = append(trusted, d)
		}
	}
	if len(trusted) == 2 {
		trusted[0].revoked = true
	}
	h.m.devices = append(h.m.devices, &modelDevice{token: token, id: device.ID, trusted: now, epoch: h.m.epoch})
}

func (h *walker) revoke() {
	s, d := pick(h.r, h.m.sessions), pick(h.r, h.m.devices)
	ctx := h.authenticated(s)
	if ctx == nil || d == nil {
		return
	}
	err := h.x.RevokeDevice(ctx, d.id)
	switch {
	case s.limited:
		h.expect(err, okpay.AccountLocked)
	case !h.m.trusts(d, h.clock.Now()):
		h.expect(err, okpay.NotFound)
	default:
		h.expect(err, "")
		d.revoked = true
	}
}

func (h *walker) moveGate(from, to okpay.GateState) {
	in := okpay.MoveGate{Customer: h.id, Reason: "risk"}
	move := h.Customers.Unlock
	if to == okpay.GateLocked {
		move = h.Customers.Lock
	}
	_, err := move(h.t.Context(), in)
	if h.m.gate != from {
		h.expect(err, okpay.InvalidState)
		return
	}
	h.expect(err, "")
	h.m.gate = to
	if to == okpay.GateLocked {
		h.m.epoch++
	}
}
