package identity_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
)

// desk is support whose operators agent1, agent2 and agent3 may do what they verified a caller for.
func desk(w *world) *[]identity.SupportDeed {
	var (
		mu    sync.Mutex // several are asked about at once in the background
		deeds []identity.SupportDeed
	)
	for _, p := range w.all {
		p.x.CheckSupport(func(d *okpay.Draft, of identity.SupportDeed) error {
			if of.By != "agent1" && of.By != "agent2" && of.By != "agent3" {
				return okpay.NewError(okpay.PermissionDenied, "")
			}
			mu.Lock()
			defer mu.Unlock()
			deeds = append(deeds, of)
			return nil
		})
	}
	return &deeds
}

func (h *holder) request() identity.Reset {
	h.t.Helper()
	r, err := h.p.x.RequestFactorReset(h.t.Context(), identity.RequestFactorReset{Customer: h.id, By: "agent1", Case: "cas_1", Reason: "lost the phone"})
	require.NoError(h.t, err)
	return r
}

func (h *holder) approve(id, by string) (identity.Reset, error) {
	return h.p.x.ApproveFactorReset(h.t.Context(), identity.MoveFactorReset{ID: id, By: by, Reason: "verified"})
}

// link is the token in the newest message of a template, "" when there is none any more.
func (h *holder) link(template string) string {
	h.t.Helper()
	facts, err := h.p.x.Secret(h.t.Context(), h.message(template))
	if err != nil {
		require.ErrorIs(h.t, err, okpay.NotFound)
	}
	return facts["token"]
}

func (h *holder) work() {
	h.t.Helper()
	_, err := h.w.Work(h.t.Context())
	require.NoError(h.t, err)
}

func TestTwoOperatorsAndADayTurnALostFactorOff(t *testing.T) {
	w := start(t, identity.Config{})
	deeds := desk(w)
	h := w.holder(customer)
	_, err := h.p.x.RequestFactorReset(t.Context(), identity.RequestFactorReset{Customer: customer, By: "agent1", Reason: "x"})
	require.ErrorIs(t, err, okpay.InvalidState, "there is none")
	h.enroll()
	r := h.request()
	assert.Equal(t, identity.ResetRequested, r.State)
	assert.Equal(t, w.clock.Now().Add(24*time.Hour), r.Until)
	assert.Contains(t, h.told(), "factor_reset_requested")
	_, err = h.p.x.RequestFactorReset(t.Context(), identity.RequestFactorReset{Customer: customer, By: "agent2", Reason: "x"})
	require.ErrorIs(t, err, okpay.InvalidState, "one at a time")
	_, err = h.approve(r.ID, "agent1")
	require.ErrorIs(t, err, okpay.SelfApprovalForbidden)
	_, err = h.approve(r.ID, "stranger")
	require.ErrorIs(t, err, okpay.PermissionDenied)
	w.clock.Advance(23 * time.Hour)
	r, err = h.approve(r.ID, "agent2")
	require.NoError(t, err)
	assert.Equal(t, identity.ResetWaiting, r.State)
	assert.Equal(t, w.clock.Now().Add(24*time.Hour), r.Until, "a whole day from the second yes")
	assert.Equal(t, r.Until.Format(time.RFC3339), h.message("factor_reset_approved").Facts["until"])
	assert.Equal(t, "agent1", (*deeds)[len(*deeds)-1].First, "so that it can be told whether they are one person")
	_, err = h.approve(r.ID, "agent3")
	require.ErrorIs(t, err, okpay.InvalidState)

	w.clock.Advance(24*time.Hour - time.Second)
	h.work()
	assert.Equal(t, identity.FactorActive, h.factor().State)
	h.signIn()
	ctx := h.ctx()
	w.clock.Advance(time.Second)
	h.work()
	assert.Equal(t, identity.FactorOff, h.factor().State)
	require.ErrorIs(t, h.p.x.CancelTOTP(ctx), okpay.SessionEnded, "all sessions have ended")
	require.NotNil(t, h.gate().WithdrawalsFrom)
	assert.Equal(t, h.gate().WithdrawalsFrom.Format(time.RFC3339), h.message("factor_reset_done").Facts["withdrawals_from"])
	require.ErrorIs(t, h.verify(h.codes[0].Reveal()), okpay.AuthenticationFailed)
	on, err := h.p.x.Enrolled(t.Context(), customer)
	require.NoError(t, err)
	assert.False(t, on)
	assert.Subset(t, h.audited(), []string{"factor_reset.request", "factor_reset.approve", "factor_reset.finish", "factor.reset"})
	h.work()
	h.signIn()
	h.enroll() // and so it begins anew
}

func TestTheOwnerObjectsToAReset(t *testing.T) {
	for name, object := range map[string]func(*holder, identity.Reset) error{
		"from a session": func(h *holder, r identity.Reset) error {
			open, err := h.p.x.OpenFactorReset(h.ctx())
			require.NoError(h.t, err)
			assert.Equal(h.t, r.ID, open.ID)
			assert.Empty(h.t, open.RequestedBy, "operators are not named")
			return h.p.x.ObjectToFactorReset(h.ctx(), r.ID)
		},
		"by the link": func(h *holder, r identity.Reset) error {
			return h.p.x.ObjectToFactorResetByLink(h.t.Context(), identity.NewSecret(h.link("factor_reset_requested")))
		},
		"by an operator": func(h *holder, r identity.Reset) error {
			_, err := h.p.x.CancelFactorReset(h.t.Context(), identity.MoveFactorReset{ID: r.ID, By: "agent3", Reason: "was not them"})
			return err
		},
	} {
		for _, approved := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				w := start(t, identity.Config{})
				desk(w)
				h := w.holder(customer)
				h.enroll()
				r := h.request()
				if approved {
					_, err := h.approve(r.ID, "agent2")
					require.NoError(t, err)
				}
				if approved {
					assert.Equal(t, h.link("factor_reset_requested"), h.link("factor_reset_approved"))
				}
				require.NoError(t, object(h, r))
				assert.Empty(t, h.link("factor_reset_requested"), "a link that does nothing is not sent")
				assert.Contains(t, h.told(), "factor_reset_canceled")
				w.clock.Advance(49 * time.Hour)
				h.work()
				assert.Equal(t, identity.FactorActive, h.factor().State)
				_, err := h.approve(r.ID, "agent2")
				require.ErrorIs(t, err, okpay.InvalidState)
				h.signIn()
				_, err = h.p.x.OpenFactorReset(h.ctx())
				require.ErrorIs(t, err, okpay.NotFound)
				require.ErrorIs(t, h.p.x.ObjectToFactorReset(h.ctx(), r.ID), okpay.InvalidState)
				h.request() // another one can be asked for
			})
		}
	}
}

func TestNobodyElseObjectsToAReset(t *testing.T) {
	w := start(t, identity.Config{})
	desk(w)
	h, other := w.holder(customer), w.bob().holder("bob")
	h.enroll()
	other.enroll()
	r, theirs := h.request(), other.request()
	require.ErrorIs(t, other.p.x.ObjectToFactorReset(other.ctx(), r.ID), okpay.NotFound)
	require.ErrorIs(t, w.x.ObjectToFactorReset(t.Context(), r.ID), okpay.AuthenticationRequired)
	token := other.link("factor_reset_requested")
	for _, forged := range []string{"", ".", r.ID, r.ID + ".", r.ID + ".k1.", r.ID + token[len(theirs.ID):], "frs_x" + token[len(theirs.ID):], token + "A", token[:len(token)-1]} {
		require.ErrorIs(t, w.x.ObjectToFactorResetByLink(t.Context(), identity.NewSecret(forged)), okpay.AuthenticationFailed, forged)
	}
	require.NoError(t, w.x.SetKeys(keyOf("k2", 2), key))
	require.NoError(t, w.x.ObjectToFactorResetByLink(t.Context(), identity.NewSecret(token)), "links outlive a rotation of keys")
}

func TestAResetThatNobodyApprovesExpires(t *testing.T) {
	w := start(t, identity.Config{})
	desk(w)
	h := w.holder(customer)
	h.enroll()
	r := h.request()
	w.clock.Advance(24 * time.Hour)
	_, err := h.approve(r.ID, "agent2")
	require.ErrorIs(t, err, okpay.InvalidState, "its time is over")
	h.work()
	assert.Contains(t, h.audited(), "factor_reset.expire")
	assert.Equal(t, identity.FactorActive, h.factor().State)
	h.request()
}

func TestAResetIsOfOneAppAlone(t *testing.T) {
	for name, change := range map[string]func(*holder){
		"replaced": func(h *holder) { h.enroll() },
		"removed": func(h *holder) {
			require.NoError(h.t, h.p.x.RemoveTOTP(h.ctx(), h.proof(identity.StepUpRequest{Action: identity.RemoveSecondFactor})))
			h.enroll()
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, identity.Config{})
			desk(w)
			h := w.holder(customer)
			h.enroll()
			r := h.request()
			_, err := h.approve(r.ID, "agent2")
			require.NoError(t, err)
			h.next()
			h.signIn()
			change(h)
			assert.Contains(t, h.told(), "factor_reset_canceled")
			w.clock.Advance(25 * time.Hour)
			h.work()
			assert.Equal(t, identity.FactorActive, h.factor().State, "the app that is there was not lost")
		})
	}
}

func TestNobodyResetsWithoutSupport(t *testing.T) {
	w := start(t, identity.Config{})
	h := w.holder(customer)
	h.enroll()
	in := identity.RequestFactorReset{Customer: customer, By: "agent1", Reason: "x"}
	_, err := w.x.RequestFactorReset(t.Context(), in)
	require.ErrorIs(t, err, okpay.PermissionDenied)
	desk(w)
	_, err = w.x.RequestFactorReset(h.ctx(), in)
	require.ErrorIs(t, err, okpay.PermissionDenied, "a customer is signed in, and no operator")
	for _, bad := range []identity.RequestFactorReset{
		{By: "agent1", Reason: "x"},
		{Customer: customer, Reason: "x"},
		{Customer: customer, By: "agent1"},
		{Customer: customer, By: "agent1", Reason: " "},
		{Customer: customer, By: "a b", Reason: "x"},
		{Customer: customer, By: "agent1", Case: "/", Reason: "x"},
	} {
		_, err = w.x.RequestFactorReset(t.Context(), bad)
		require.ErrorIs(t, err, okpay.InvalidRequest)
	}
	in.Customer = "nobody"
	_, err = w.x.RequestFactorReset(t.Context(), in)
	require.ErrorIs(t, err, okpay.NotFound)
	in.Customer, in.Key = customer, "key"
	r, err := w.x.RequestFactorReset(t.Context(), in)
	require.NoError(t, err)
	again, err := w.x.RequestFactorReset(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	assert.Equal(t, r.ID, again.ID)
	in.Reason = "y"
	_, err = w.x.RequestFactorReset(t.Context(), in)
	require.ErrorIs(t, err, okpay.IdempotencyKeyReused)
	_, err = h.approve("frs_unknown", "agent2")
	require.ErrorIs(t, err, okpay.NotFound)
}

func TestAPackageWithAProcedureOfItsOwnTurnsAFactorOff(t *testing.T) {
	w := start(t, identity.Config{})
	desk(w)
	h := w.holder(customer)
	off := func(in identity.Deed) error {
		_, err := w.Do(t.Context(), okpay.Act{Principal: "op/agent1", Operation: "test"}, func(d *okpay.Draft) error { return w.x.TurnFactorOff(d, in) })
		return err
	}
	in := identity.Deed{Customer: customer, By: "agent1", Second: "agent2", Object: "sup_1"}
	require.ErrorIs(t, off(in), okpay.InvalidState, "there is none")
	h.enroll()
	r := h.request()
	alone := in
	alone.Second = "agent1"
	require.ErrorIs(t, off(alone), okpay.InvalidRequest)
	alone.Second = ""
	require.ErrorIs(t, off(alone), okpay.InvalidRequest)
	ctx := h.ctx()
	_, err := w.Do(ctx, okpay.Act{Principal: "program", Operation: "test"}, func(d *okpay.Draft) error { return w.x.TurnFactorOff(d, in) })
	require.ErrorIs(t, err, okpay.PermissionDenied)
	require.NoError(t, off(in))
	assert.Equal(t, identity.FactorOff, h.factor().State)
	require.ErrorIs(t, h.p.x.CancelTOTP(ctx), okpay.SessionEnded)
	require.NotNil(t, h.gate().WithdrawalsFrom)
	assert.NotEmpty(t, h.message("factor_reset_done").Facts["withdrawals_from"])
	assert.Contains(t, h.told(), "factor_reset_canceled", "one that was open is no more")
	_, err = h.approve(r.ID, "agent2")
	require.ErrorIs(t, err, okpay.InvalidState)
	assert.Contains(t, h.audited(), "factor.reset")
}

// TestAResetWhoseOperatorsMayNotAnyMoreIsCanceled takes the permission away while the owner may object.
func TestAResetWhoseOperatorsMayNotAnyMoreIsCanceled(t *testing.T) {
	w := start(t, identity.Config{})
	dismissed := ""
	w.x.CheckSupport(func(_ *okpay.Draft, of identity.SupportDeed) error {
		if dismissed != "" && (of.By == dismissed || of.First == dismissed) {
			return okpay.NewError(okpay.PermissionDenied, "")
		}
		return nil
	})
	h := w.holder(customer)
	h.enroll()
	for _, dismissed = range []string{"agent1", "agent2", ""} {
		who := dismissed
		dismissed = ""
		r := h.request()
		_, err := h.approve(r.ID, "agent2")
		require.NoError(t, err)
		dismissed = who
		w.clock.Advance(24 * time.Hour)
		h.work()
		want, factor := identity.ResetCanceled, identity.FactorActive
		if who == "" {
			want, factor = identity.ResetDone, identity.FactorOff
		}
		var now identity.Reset
		require.NoError(t, w.Read(t.Context(), "factor_reset", r.ID, &now))
		assert.Equal(t, want, now.State, who)
		assert.Equal(t, factor, h.factor().State)
	}
	w.verify()
}
