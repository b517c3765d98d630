package care_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

func TestACaseFromContactToTheEnd(t *testing.T) {
	k := startCases(t, care.Config{})
	before := k.lastEvent()
	c := k.open(care.GeneralQuestion)
	assert.Equal(t, care.CaseNew, c.State)
	assert.Equal(t, care.P4, c.Priority)
	assert.Len(t, c.Number, 9)

	again := k.open(care.GeneralQuestion)
	assert.Equal(t, c.ID, again.ID, "a second contact is added")
	assert.Equal(t, c.QueuedAt, again.QueuedAt)
	other := k.open(care.Complaint)
	assert.NotEqual(t, c.ID, other.ID)

	k.takes("one", c.ID)
	ctx := t.Context()
	_, err := k.Cases.Note(ctx, say("one", c.ID, "sounds honest"))
	require.NoError(t, err)
	_, err = k.Cases.Ask(ctx, say("one", c.ID, "which one?"))
	require.NoError(t, err)
	assert.Equal(t, care.CasePending, k.follow(c.ID).State)
	_, err = k.Cases.Reply(ctx, care.ReplyCase{Customer: k.customer, Case: c.ID, Text: "that one"})
	require.NoError(t, err)
	_, err = k.Cases.Wait(ctx, say("one", c.ID, "the bank is asked"))
	require.NoError(t, err)
	_, err = k.Cases.Resume(ctx, work("one", c.ID))
	require.NoError(t, err)
	_, err = k.Cases.Answer(ctx, say("one", c.ID, "nearly there"))
	require.NoError(t, err)
	solved, err := k.Cases.Solve(ctx, say("one", c.ID, "there you are"))
	require.NoError(t, err)
	assert.Equal(t, care.CaseSolved, solved.State)
	_, err = k.Cases.Rate(ctx, care.RateCase{Customer: k.customer, Case: c.ID, Rating: 5})
	require.NoError(t, err)
	_, err = k.Cases.Rate(ctx, care.RateCase{Customer: k.customer, Case: c.ID, Rating: 1})
	refused(t, err, okpay.InvalidState)

	assert.Equal(t, []string{"please help", "please help", "which one?", "that one", "nearly there", "there you are"}, k.texts(c.ID))
	seen := k.seen(c.ID)
	assert.Len(t, seen.Log, 8)
	assert.Equal(t, care.OperatorID("one"), seen.Agent)

	k.clock.Advance(14*24*time.Hour - time.Second)
	k.work()
	assert.Equal(t, care.CaseSolved, k.follow(c.ID).State)
	k.clock.Advance(time.Second)
	k.work()
	assert.Equal(t, care.CaseClosed, k.follow(c.ID).State)
	_, err = k.Cases.Reply(ctx, care.ReplyCase{Customer: k.customer, Case: c.ID, Text: "once more"})
	refused(t, err, okpay.InvalidState)
	next, err := k.Cases.Open(ctx, care.OpenCase{Customer: k.customer, Category: care.GeneralQuestion, Text: "once more", Follows: c.ID})
	require.NoError(t, err)
	assert.Equal(t, c.ID, next.Follows)

	types, _ := k.eventsSince(before)
	assert.Equal(t, []string{
		"case.opened", "case.contacted", "case.opened", "case.taken", "case.noted", "case.asked", "case.contacted", "case.resumed",
		"case.on_hold", "case.resumed", "case.replied", "case.solved", "case.rated",
	}, types[:13])
	assert.ElementsMatch(t, []string{"case_opened", "case_opened", "case_question", "case_reply", "case_solved", "case_opened"}, k.mails())
	assert.ElementsMatch(t, []string{
		"case.contact", "case.contact", "case.take", "case.note", "case.ask", "case.reply", "case.wait", "case.resume",
		"case.reply", "case.solve", "case.rate", "case.see", "case.close",
	}, k.actions(string(c.ID)))
	k.verify()
}
