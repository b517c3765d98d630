package care_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

// quick are services that are easy to count with.
func quick() care.Config {
	cfg := care.Config{}
	all := care.Service{First: time.Hour, Next: 2 * time.Hour, Resolution: 10 * time.Hour}
	cfg.Services = map[care.Priority]care.Service{1: all, 2: all, 3: all, 4: all}
	return cfg
}

// breaches are the clocks that passed, as the audit has them.
func (k *desk) breaches(id care.CaseID) []string {
	k.t.Helper()
	out := []string{}
	for _, e := range slices.Backward(k.audit(string(id))) {
		if e.Action == "case.sla_breached" {
			out = append(out, e.Facts["clock"])
		}
	}
	return out
}

func TestATargetThatPassesIsNotedOnceAndWarnedOfBefore(t *testing.T) {
	cfg := quick()
	var heard []care.Breach
	cfg.OnBreach = func(_ *okpay.Draft, b care.Breach) error {
		heard = append(heard, b)
		return nil
	}
	k := startCases(t, cfg)
	id := k.open(care.GeneralQuestion).ID
	before := k.lastEvent()
	step := func(by time.Duration, want ...string) {
		t.Helper()
		k.clock.Advance(by)
		k.work()
		k.work()
		var types []string
		types, before = k.eventsSince(before)
		assert.Equal(t, want, append([]string(nil), types...))
	}
	step(45*time.Minute - time.Microsecond)
	step(time.Microsecond, "case.sla_warned")
	step(15*time.Minute - time.Microsecond)
	step(time.Microsecond, "case.sla_breached")
	step(time.Hour)
	require.Len(t, heard, 1)
	assert.Equal(t, "first_response", heard[0].Clock)
	assert.Equal(t, monday.Add(time.Hour), heard[0].At)
	assert.Equal(t, id, heard[0].Case.ID)
	step(8*time.Hour, "case.sla_breached") // there is nothing left to warn of
	assert.Equal(t, []string{"first_response", "resolution"}, k.breaches(id))
	assert.Equal(t, 2, k.seen(id).Breaches)
	k.verify()
}

func TestAVerbThatComesTooLateNotesThatTheTargetHasPassed(t *testing.T) {
	k := startCases(t, quick())
	id := k.open(care.GeneralQuestion).ID
	k.takes("one", id)
	k.clock.Advance(time.Hour)
	before := k.lastEvent()
	_, err := k.Cases.Answer(t.Context(), say("one", id, "sorry, late"))
	require.NoError(t, err)
	types, _ := k.eventsSince(before)
	assert.Equal(t, []string{"case.sla_breached", "case.replied"}, types)
	k.work()
	assert.Equal(t, []string{"first_response"}, k.breaches(id), "once")
}

func TestTheResolutionWaitsWhileOthersAreWaitedFor(t *testing.T) {
	k := startCases(t, quick())
	ctx := t.Context()
	id := k.open(care.GeneralQuestion).ID
	k.takes("one", id)
	k.clock.Advance(30 * time.Minute)
	do := func(_ care.Case, err error) {
		t.Helper()
		require.NoError(t, err)
	}
	do(k.Cases.Ask(ctx, say("one", id, "which?")))
	first := k.seen(id).First
	assert.True(t, first.Done)
	assert.Equal(t, 30*time.Minute, first.Used)
	k.clock.Advance(72 * time.Hour) // for the customer
	k.work()
	do(k.Cases.Reply(ctx, care.ReplyCase{Customer: k.customer, Case: id, Text: "this"}))
	w := k.seen(id)
	assert.Equal(t, 30*time.Minute, w.Resolution.Used)
	assert.Equal(t, k.clock.Now().Add(2*time.Hour), *w.Next.DueAt)
	k.clock.Advance(time.Hour)
	do(k.Cases.Answer(ctx, say("one", id, "aha")))
	do(k.Cases.Wait(ctx, say("one", id, "the bank")))
	k.clock.Advance(72 * time.Hour) // for the bank
	k.work()
	do(k.Cases.Resume(ctx, work("one", id)))
	do(k.Cases.Solve(ctx, say("one", id, "done")))
	k.clock.Advance(72 * time.Hour) // solved
	k.work()
	do(k.Cases.Reply(ctx, care.ReplyCase{Customer: k.customer, Case: id, Text: "not so"}))
	w = k.seen(id)
	assert.Equal(t, 90*time.Minute, w.Resolution.Used)
	assert.Equal(t, k.clock.Now().Add(10*time.Hour-90*time.Minute), *w.Resolution.DueAt)
	assert.Equal(t, care.OperatorID("one"), w.Agent, "it is back with who had it")
	assert.Equal(t, 1, w.Reopened)
	assert.Empty(t, k.breaches(id))
	k.clock.Advance(2 * time.Hour)
	k.work()
	assert.Equal(t, []string{"next_response"}, k.breaches(id))
	k.verify()
}

func TestBusinessHoursAreTheCalendars(t *testing.T) {
	cfg := care.Config{}
	cfg.Services = map[care.Priority]care.Service{care.P4: {First: 10 * time.Hour, Next: time.Hour, Resolution: 100 * time.Hour, Business: true}}
	cfg.Calendar = care.Calendar{Holidays: []care.Date{{Year: 2026, Month: time.March, Day: 3}}}
	k := startCases(t, cfg)
	id := k.open(care.GeneralQuestion).ID // Monday at nine
	want := time.Date(2026, 3, 4, 11, 0, 0, 0, time.UTC)
	assert.Equal(t, want, *k.seen(id).First.DueAt, "eight hours today, a holiday, two hours on Wednesday")
	k.clock.Advance(want.Sub(monday) - time.Microsecond)
	k.work()
	assert.Empty(t, k.breaches(id))
	k.clock.Advance(time.Microsecond)
	k.work()
	assert.Equal(t, []string{"first_response"}, k.breaches(id))
}

func TestAnUrgentCaseRunsAtAnotherPaceAndKeepsWhatWasUsed(t *testing.T) {
	k := startCases(t, care.Config{})
	id := k.open(care.AccountLocked).ID
	k.clock.Advance(10 * time.Minute)
	_, err := k.Do(t.Context(), okpay.Act{Principal: "program", Operation: "test"}, func(d *okpay.Draft) error {
		got, err := k.Cases.OpenUrgent(d, care.Urgent{Customer: k.customer, Category: care.AccountLocked, Reason: "risk"})
		assert.Equal(t, id, got)
		return err
	})
	require.NoError(t, err)
	w := k.seen(id)
	assert.Equal(t, care.P1, w.Priority)
	assert.Equal(t, k.clock.Now().Add(5*time.Minute), *w.First.DueAt)
	assert.Equal(t, map[care.Fact]string{care.LockReason: "risk"}, w.Log[1].Facts)
	assert.Equal(t, []string{"case_opened"}, k.mails())
}

func TestWhoIsNotAnsweredIsNotWaitedForForever(t *testing.T) {
	k := startCases(t, care.Config{})
	ctx := t.Context()
	id, _ := k.inState("pending")
	k.clock.Advance(14*24*time.Hour - time.Microsecond)
	k.work()
	assert.Equal(t, care.CasePending, k.follow(id).State)
	k.clock.Advance(time.Microsecond)
	_, err := k.Cases.Answer(ctx, say("one", id, "hello?"))
	refused(t, err, okpay.InvalidState, "exactly at its end it is solved, whether that is noted or not")
	k.work()
	assert.Equal(t, care.CaseSolved, k.follow(id).State)
	assert.Contains(t, k.mails(), "case_solved")
	assert.Contains(t, k.actions(string(id)), "case.give_up")
	k.clock.Advance(14 * 24 * time.Hour)
	assert.Equal(t, care.CaseClosed, k.follow(id).State, "before anybody has noted it")
	_, err = k.Cases.Reply(ctx, care.ReplyCase{Customer: k.customer, Case: id, Text: "late"})
	refused(t, err, okpay.InvalidState)
	k.verify()
}
