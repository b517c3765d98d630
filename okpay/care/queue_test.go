package care_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

func (k *desk) openFor(of okpay.CustomerID, c care.Category) care.Case {
	k.t.Helper()
	out, err := k.Cases.Open(k.t.Context(), care.OpenCase{Customer: of, Category: c, Text: "please help", Facts: k.facts(c)})
	require.NoError(k.t, err)
	return out
}

func (k *desk) place(of okpay.CustomerID, id care.CaseID) care.QueuePlace {
	k.t.Helper()
	p, err := k.Cases.Get(k.t.Context(), of, id)
	require.NoError(k.t, err)
	require.NotNil(k.t, p.Queue)
	return *p.Queue
}

func TestTheQueueIsByPriorityAndThenByTime(t *testing.T) {
	k := startCases(t, care.Config{})
	k.newCustomer("second")
	k.newCustomer("third")
	low := k.openFor(k.customer, care.GeneralQuestion)
	k.clock.Advance(time.Minute)
	later := k.openFor("second", care.GeneralQuestion)
	k.clock.Advance(time.Minute)
	urgent := k.openFor("third", care.UnauthorizedTransaction)
	assert.Equal(t, care.P1, urgent.Priority)
	assert.Equal(t, 1, k.place("third", urgent.ID).Place)
	assert.Equal(t, 2, k.place(k.customer, low.ID).Place)
	assert.Equal(t, 3, k.place("second", later.ID).Place)
	assert.Nil(t, k.place("second", later.ID).Wait, "nobody is there")

	k.clock.Advance(time.Minute)
	k.openFor(k.customer, care.GeneralQuestion)
	assert.Equal(t, 2, k.place(k.customer, low.ID).Place, "who contacts support again keeps the place")

	queue, more, err := k.Cases.Queue(t.Context(), care.ReadQueue{By: "one", Tier: 1, Limit: 2})
	require.NoError(t, err)
	assert.True(t, more)
	assert.Equal(t, []care.CaseID{urgent.ID, low.ID}, []care.CaseID{queue[0].ID, queue[1].ID})
	_, _, err = k.Cases.Queue(t.Context(), care.ReadQueue{By: "boss", Tier: 1})
	refused(t, err, okpay.PermissionDenied)

	got, err := k.Cases.TakeNext(t.Context(), care.TakeNext{By: "one", Why: why})
	require.NoError(t, err)
	assert.Equal(t, urgent.ID, got.ID)
	_, err = k.Cases.Release(t.Context(), work("one", urgent.ID))
	require.NoError(t, err)
	assert.Equal(t, 1, k.place("third", urgent.ID).Place, "given back, it keeps the place")
}

func TestTheExpectedWaitFollowsFromWhoIsThereAndHowLongCasesTook(t *testing.T) {
	cfg := care.Config{}
	cfg.Capacity = 1
	k := startCases(t, cfg)
	var cases []care.Case
	var people []okpay.CustomerID
	for i := range 5 {
		id := okpay.CustomerID("c" + string(rune('a'+i)))
		k.newCustomer(id)
		people = append(people, id)
		cases = append(cases, k.openFor(id, care.GeneralQuestion))
		k.clock.Advance(time.Second)
	}
	for _, by := range []care.OperatorID{"one", "two"} {
		require.NoError(t, k.Cases.SetPresence(t.Context(), care.SetPresence{By: by, Why: why, Here: true}))
	}
	wait := func(i int) time.Duration {
		w := k.place(people[i], cases[i].ID).Wait
		require.NotNil(t, w)
		return *w
	}
	assert.Equal(t, []time.Duration{0, 0, 10 * time.Minute, 10 * time.Minute, 20 * time.Minute},
		[]time.Duration{wait(0), wait(1), wait(2), wait(3), wait(4)})

	k.takes("one", cases[0].ID)
	k.clock.Advance(4 * time.Minute)
	_, err := k.Cases.Solve(t.Context(), say("one", cases[0].ID, "done"))
	require.NoError(t, err)
	k.takes("one", cases[1].ID)
	k.takes("two", cases[2].ID)
	assert.Equal(t, 4*time.Minute, wait(3), "as long as the last one took")
	_, err = k.Cases.Take(t.Context(), work("two", cases[3].ID))
	refused(t, err, okpay.InvalidState, "an agent has room for one")
	_, err = k.Cases.TakeNext(t.Context(), care.TakeNext{By: "two", Why: why})
	refused(t, err, okpay.InvalidState)
	require.NoError(t, k.Cases.SetPresence(t.Context(), care.SetPresence{By: "one", Why: why}))
	require.NoError(t, k.Cases.SetPresence(t.Context(), care.SetPresence{By: "two", Why: why}))
	assert.Nil(t, k.place(people[3], cases[3].ID).Wait)
	refused(t, k.Cases.SetPresence(t.Context(), care.SetPresence{By: "boss", Why: why, Here: true}), okpay.PermissionDenied)
}

func TestACaseIsGivenBySkillAndLevel(t *testing.T) {
	k := startCases(t, care.Config{})
	_, err := k.Operators.Create(t.Context(), care.CreateOperator{
		By: "boss", Why: "was hired", ID: "payments", Roles: []care.Role{care.AgentL1}, Skills: []string{"payment_failed"},
	})
	require.NoError(t, err)
	general, payment := k.open(care.GeneralQuestion), k.open(care.PaymentFailed)
	_, err = k.Cases.Take(t.Context(), work("payments", general.ID))
	refused(t, err, okpay.PermissionDenied)
	got, err := k.Cases.TakeNext(t.Context(), care.TakeNext{By: "payments", Why: why})
	require.NoError(t, err)
	assert.Equal(t, payment.ID, got.ID)
	_, err = k.Cases.TakeNext(t.Context(), care.TakeNext{By: "payments", Why: why})
	refused(t, err, okpay.NotFound)

	escalated, err := k.Cases.Escalate(t.Context(), say("payments", payment.ID, "too hard"))
	require.NoError(t, err)
	assert.Equal(t, 2, escalated.Tier)
	assert.Equal(t, care.P2, escalated.Priority)
	_, err = k.Cases.Take(t.Context(), work("one", payment.ID))
	refused(t, err, okpay.PermissionDenied, "the second level is another one")
	got, err = k.Cases.TakeNext(t.Context(), care.TakeNext{By: "top", Why: why})
	require.NoError(t, err)
	assert.Equal(t, payment.ID, got.ID)
	_, err = k.Cases.Escalate(t.Context(), say("top", payment.ID, "higher"))
	refused(t, err, okpay.InvalidState)
	_, err = k.Cases.Assign(t.Context(), care.AssignCase{By: "ann", Why: why, Case: general.ID, To: "payments"})
	refused(t, err, okpay.PermissionDenied)
	_, err = k.Cases.Assign(t.Context(), care.AssignCase{By: "one", Why: why, Case: general.ID, To: "one"})
	refused(t, err, okpay.PermissionDenied, "an agent moves no cases")
	k.verify()
}

func TestACaseOfAnAgentWhoLeftGoesToTheQueue(t *testing.T) {
	k := startCases(t, care.Config{})
	id, _ := k.inState("pending")
	_, err := k.Operators.Remove(t.Context(), care.MoveOperator{By: "boss", Why: "left today", Operator: "one"})
	require.NoError(t, err)
	k.clock.Advance(time.Hour)
	_, err = k.Cases.Reply(t.Context(), care.ReplyCase{Customer: k.customer, Case: id, Text: "that one"})
	require.NoError(t, err)
	assert.Equal(t, 1, k.place(k.customer, id).Place)
	k.takes("two", id)
}
