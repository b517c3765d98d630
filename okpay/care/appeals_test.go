package care_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

const (
	situation = "My account is restricted since Monday."
	request   = "I have sent all that was asked for,\nand nothing is wrong."
)

func (k *desk) appeal(r care.RestrictionID) (care.Appeal, error) {
	return k.Appeals.Submit(k.t.Context(), care.SubmitAppeal{Customer: k.customer, Restriction: r, Situation: situation, Request: request})
}

func (k *desk) reviews(by care.OperatorID, a care.AppealID) care.ReviewAppeal {
	return care.ReviewAppeal{By: by, Why: "is my work", Appeal: a}
}

func (k *desk) take(by care.OperatorID, a care.AppealID) error {
	_, err := k.Appeals.Take(k.t.Context(), k.reviews(by, a))
	return err
}

func (k *desk) ask(by care.OperatorID, a care.AppealID) error {
	_, err := k.Appeals.Ask(k.t.Context(), care.AskAppeal{By: by, Why: "is not clear", Appeal: a, Question: "Whose card was it?"})
	return err
}

func (k *desk) reply(a care.AppealID) error {
	_, err := k.Appeals.Answer(k.t.Context(), care.AnswerAppeal{Customer: k.customer, Appeal: a, Text: "It was mine.", Evidence: paper("e")})
	return err
}

func (k *desk) deny(by care.OperatorID, a care.AppealID, reason string) (care.Appeal, error) {
	return k.Appeals.Deny(k.t.Context(), care.DenyAppeal{By: by, Why: "not convincing", Appeal: a, Reason: reason})
}

func (k *desk) approve(by care.OperatorID, a care.AppealID) error {
	_, err := k.Appeals.Approve(k.t.Context(), k.reviews(by, a))
	return err
}

func (k *desk) withdraw(a care.AppealID) error {
	_, err := k.Appeals.Withdraw(k.t.Context(), care.MoveAppeal{Customer: k.customer, Appeal: a})
	return err
}

func (k *desk) nudge(a care.AppealID) (care.Progress, error) {
	return k.Appeals.Nudge(k.t.Context(), care.MoveAppeal{Customer: k.customer, Appeal: a})
}

func (k *desk) progress(a care.AppealID) care.Progress {
	k.t.Helper()
	p, err := k.Appeals.Progress(k.t.Context(), k.customer, a)
	require.NoError(k.t, err)
	return p
}

func TestAnAppealIsDecidedByTwoAndLiftsItsRestrictionAlone(t *testing.T) {
	k := startDesk(t, care.Config{})
	r := k.impose("terms_violation")
	other := k.impose("payment_disputes")
	a, err := k.appeal(r.ID)
	require.NoError(t, err)
	_, err = k.appeal(r.ID)
	assert.Equal(t, string(a.ID), refused(t, err, okpay.InvalidState).Object, "one at a time")
	b, err := k.appeal(other.ID)
	require.NoError(t, err, "against another restriction")
	thursday := time.Date(2026, 3, 5, 17, 0, 0, 0, time.UTC)
	assert.Equal(t, care.Progress{State: "submitted", Stage: care.StageWithUs, Place: 1, Expected: &thursday}, k.progress(a.ID))
	assert.Equal(t, 2, k.progress(b.ID).Place)

	refused(t, k.take("rev", a.ID), okpay.SelfApprovalForbidden, "she imposed it")
	refused(t, k.take("one", a.ID), okpay.PermissionDenied)
	k.hire("rev2", care.Reviewer)
	require.NoError(t, k.take("rev2", a.ID))
	refused(t, k.take("ann", a.ID), okpay.InvalidState)
	refused(t, k.ask("ann", a.ID), okpay.PermissionDenied, "another has taken it")
	refused(t, k.approve("ann", a.ID), okpay.PermissionDenied, "nobody proposed it")
	require.NoError(t, k.approve("rev2", a.ID))
	refused(t, k.approve("rev2", a.ID), okpay.PermissionDenied, "she may propose and no more")
	refused(t, k.approve("rev", a.ID), okpay.SelfApprovalForbidden)
	assert.Equal(t, care.RestrictionActive, k.state(r.ID))
	before := k.lastEvent()
	require.NoError(t, k.approve("ann", a.ID))
	types, _ := k.eventsSince(before)
	assert.ElementsMatch(t, []string{"appeal.approved", "restriction.lifted"}, types)
	assert.Equal(t, care.RestrictionLifted, k.state(r.ID))
	assert.Equal(t, care.RestrictionActive, k.state(other.ID))
	assert.Equal(t, other.Capabilities, k.gate().Denied)
	assert.Equal(t, 1, k.progress(b.ID).Place)
	assert.Equal(t, care.Progress{State: "approved", Stage: care.StageOver}, k.progress(a.ID))
	mails := k.mails()
	assert.ElementsMatch(t, []string{"appeal_approved", "restriction_lifted"}, mails[len(mails)-2:])
	assert.Equal(t, []string{"appeal.submit", "appeal.take", "appeal.approve", "appeal.approve"}, k.actions(string(a.ID)))
	k.verify()
}

func TestWhatTheCustomerIsAskedStopsTheClock(t *testing.T) {
	k := startDesk(t, care.Config{})
	r := k.impose("terms_violation")
	a, err := k.appeal(r.ID) // Monday 9:00, due Thursday 17:00
	require.NoError(t, err)
	k.clock.Advance(24 * time.Hour) // Tuesday 9:00: three days of work are left, 24 hours
	require.NoError(t, k.take("ann", a.ID))
	require.NoError(t, k.approve("ann", a.ID))
	require.NoError(t, k.ask("ann", a.ID))
	_, err = k.nudge(a.ID)
	refused(t, err, okpay.InvalidState, "it is the customer's turn")
	until := k.clock.Now().Add(14 * day)
	assert.Equal(t, care.Progress{State: "need_info", Stage: care.StageYourTurn, Until: &until, Open: []string{"answer"}}, k.progress(a.ID))
	got, err := k.Appeals.Get(t.Context(), k.customer, a.ID)
	require.NoError(t, err)
	assert.Equal(t, "Whose card was it?", got.Question)
	k.clock.Advance(7 * day) // Tuesday 9:00
	k.work()
	require.NoError(t, k.reply(a.ID))
	p := k.progress(a.ID)
	assert.Equal(t, time.Date(2026, 3, 12, 17, 0, 0, 0, time.UTC), *p.Expected, "Thursday 17:00 again, a week later")
	refused(t, k.approve("bob", a.ID), okpay.PermissionDenied, "the proposal was before the answer")

	file, err := k.Appeals.File(t.Context(), care.LookAt{By: "bob", Why: "is the second"}, a.ID)
	require.NoError(t, err)
	assert.Equal(t, []care.InfoRound{{Question: "Whose card was it?", Answer: "It was mine.", Evidence: paper("e")}}, file.Rounds)
	assert.Equal(t, request, file.Request)

	require.NoError(t, k.ask("ann", a.ID))
	k.clock.Advance(14 * day)
	refused(t, k.reply(a.ID), okpay.InvalidState, "too late, which is recorded")
	assert.Equal(t, "expired", k.progress(a.ID).State)
	mails := k.mails()
	assert.Equal(t, "appeal_expired", mails[len(mails)-1])

	// Run records it otherwise.
	a, err = k.appeal(r.ID)
	require.NoError(t, err)
	require.NoError(t, k.take("bob", a.ID))
	require.NoError(t, k.ask("bob", a.ID))
	k.clock.Advance(14*day - 1)
	k.work()
	assert.Equal(t, "need_info", k.progress(a.ID).State)
	k.clock.Advance(1)
	k.work()
	assert.Equal(t, "expired", k.progress(a.ID).State)
	k.verify()
}

func TestADenialSaysWhyAndWhatIsPossibleNext(t *testing.T) {
	k := startDesk(t, care.Config{Complaints: "ombudsman.example"})
	r := k.impose("terms_violation")
	for i := range care.MaxAppeals {
		a, err := k.appeal(r.ID)
		require.NoError(t, err)
		require.NoError(t, k.take("ann", a.ID))
		_, err = k.deny("ann", a.ID, "whim")
		refused(t, err, okpay.InvalidRequest)
		_, err = k.deny("ann", a.ID, "evidence_insufficient")
		require.NoError(t, err)
		messages, err := k.Customers.Messages(t.Context(), k.customer, "", 1)
		require.NoError(t, err)
		assert.Equal(t, "appeal_denied", messages[0].Template)
		want := map[string]string{"restriction": string(r.ID), "denial": "evidence_insufficient", "complaints": "ombudsman.example"}
		if i < care.MaxAppeals-1 {
			want["next_from"] = k.clock.Now().Add(7 * day).Format(time.RFC3339)
		}
		of, err := k.Cases.Get(t.Context(), k.customer, care.CaseID(messages[0].Facts["case"]))
		require.NoError(t, err, "there is a case for it")
		assert.Equal(t, of.Number, messages[0].Facts["number"], "as it is said on the telephone")
		delete(messages[0].Facts, "case")
		delete(messages[0].Facts, "number")
		assert.Equal(t, want, messages[0].Facts)
		k.clock.Advance(7*day - 1)
		_, err = k.appeal(r.ID)
		e := refused(t, err, okpay.TooManyTries)
		assert.Equal(t, i < care.MaxAppeals-1, e.ResetsAt != nil)
		k.clock.Advance(1)
	}
	_, err := k.appeal(r.ID)
	assert.Nil(t, refused(t, err, okpay.TooManyTries).ResetsAt)
	k.verify()
}

func TestAnAppealIsAskedAfterOnceADayAndIsOverdueOnce(t *testing.T) {
	k := startDesk(t, care.Config{})
	r := k.impose("terms_violation")
	a, err := k.appeal(r.ID)
	require.NoError(t, err)
	p, err := k.nudge(a.ID)
	require.NoError(t, err)
	assert.Equal(t, 1, p.Place)
	_, err = k.nudge(a.ID)
	assert.Equal(t, monday.Add(day), *refused(t, err, okpay.TooManyTries).ResetsAt)
	k.clock.Advance(day)
	_, err = k.nudge(a.ID)
	require.NoError(t, err)
	k.clock.Advance(6 * day) // Monday 9:00
	k.work()
	k.work()
	p = k.progress(a.ID)
	assert.True(t, p.Late)
	assert.Equal(t, time.Date(2026, 3, 10, 17, 0, 0, 0, time.UTC), *p.Expected, "the end of the next day of work")
	types, _ := k.eventsSince(0)
	assert.Equal(t, 1, strings.Count(strings.Join(types, " "), "appeal.overdue"))
	list, more, err := k.Appeals.Waiting(t.Context(), "ann", false, "", 0)
	require.NoError(t, err)
	assert.False(t, more)
	assert.Len(t, list, 1)
	_, _, err = k.Appeals.Waiting(t.Context(), "ann", true, "", 0)
	refused(t, err, okpay.PermissionDenied)
	k.verify()
}

func TestAnAppealEndsWithItsRestriction(t *testing.T) {
	k := startDesk(t, care.Config{})
	r := k.impose("terms_violation")
	a, err := k.appeal(r.ID)
	require.NoError(t, err)
	_, err = k.lift("ann", r.ID)
	require.NoError(t, err)
	assert.Equal(t, "settled", k.progress(a.ID).State)
	_, err = k.appeal(r.ID)
	refused(t, err, okpay.InvalidState)
	r = k.impose("cooling_off")
	a, err = k.appeal(r.ID)
	require.NoError(t, err)
	require.NoError(t, k.take("ann", a.ID))
	require.NoError(t, k.approve("ann", a.ID))
	k.clock.Advance(3 * day)
	_, err = k.appeal(r.ID)
	refused(t, err, okpay.InvalidState)
	k.work()
	assert.Equal(t, "settled", k.progress(a.ID).State)
	refused(t, k.approve("bob", a.ID), okpay.InvalidState)
	mails := k.mails()
	assert.ElementsMatch(t, []string{"appeal_settled", "restriction_expired"}, mails[len(mails)-2:])
	k.verify()
}

func TestAppealsCannotBeAbused(t *testing.T) {
	k := startDesk(t, care.Config{})
	_, err := k.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "other"})
	require.NoError(t, err)
	r := k.impose("terms_violation")
	good := care.SubmitAppeal{Customer: k.customer, Restriction: r.ID, Situation: situation, Request: request}
	for name, c := range map[string]struct {
		change func(*care.SubmitAppeal)
		want   okpay.Code
	}{
		"another's restriction":         {func(in *care.SubmitAppeal) { in.Customer = "other" }, okpay.NotFound},
		"a restriction that is none":    {func(in *care.SubmitAppeal) { in.Restriction = "rst_x" }, okpay.NotFound},
		"nobody":                        {func(in *care.SubmitAppeal) { in.Customer = "nobody" }, okpay.NotFound},
		"nineteen characters":           {func(in *care.SubmitAppeal) { in.Situation = strings.Repeat("字", 19) }, okpay.InvalidRequest},
		"space is not text":             {func(in *care.SubmitAppeal) { in.Request = strings.Repeat(" ", 40) + "x" }, okpay.InvalidRequest},
		"4,001 characters":              {func(in *care.SubmitAppeal) { in.Request = strings.Repeat("字", 4001) }, okpay.InvalidRequest},
		"megabytes":                     {func(in *care.SubmitAppeal) { in.Request = strings.Repeat("x", 10<<20) }, okpay.InvalidRequest},
		"a zero byte":                   {func(in *care.SubmitAppeal) { in.Request += "\x00" }, okpay.InvalidRequest},
		"text turned round":             {func(in *care.SubmitAppeal) { in.Request += "\u202e" }, okpay.InvalidRequest},
		"what is not UTF-8":             {func(in *care.SubmitAppeal) { in.Request += "\xff" }, okpay.InvalidRequest},
		"a path that climbs as a paper": {func(in *care.SubmitAppeal) { in.Evidence = []care.Evidence{{Reference: "a/../../b"}} }, okpay.InvalidRequest},
	} {
		in := good
		c.change(&in)
		_, err := k.Appeals.Submit(t.Context(), in)
		refused(t, err, c.want, name)
	}
	// Exactly at the bounds it is taken, and what looks like a template or a header stays text.
	in := good
	in.Situation, in.Request = strings.Repeat("字", 20), strings.Repeat("字", 3900)+"{{.Secret}} ${x} <script>\nBcc: a@example.com"
	a, err := k.Appeals.Submit(t.Context(), in)
	require.NoError(t, err)
	file, err := k.Appeals.File(t.Context(), care.LookAt{By: "ann", Why: "is my work"}, a.ID)
	require.NoError(t, err)
	assert.Equal(t, in.Request, file.Request)
	messages, err := k.Customers.Messages(t.Context(), k.customer, "", 100)
	require.NoError(t, err)
	events, _, err := k.Events(t.Context(), 0, 1000)
	require.NoError(t, err)
	shown := inJSON(t, messages) + inJSON(t, a)
	for _, e := range events {
		shown += string(e.Data)
	}
	assert.NotContains(t, shown, "script")
	assert.NotContains(t, shown, "字")

	// Foreign hands.
	for _, customer := range []okpay.CustomerID{"other", "nobody"} {
		move := care.MoveAppeal{Customer: customer, Appeal: a.ID}
		_, err = k.Appeals.Withdraw(t.Context(), move)
		refused(t, err, okpay.NotFound)
		_, err = k.Appeals.Nudge(t.Context(), move)
		refused(t, err, okpay.NotFound)
		_, err = k.Appeals.Answer(t.Context(), care.AnswerAppeal{Customer: customer, Appeal: a.ID, Text: "x"})
		refused(t, err, okpay.NotFound)
		_, err = k.Appeals.Get(t.Context(), customer, a.ID)
		refused(t, err, okpay.NotFound)
		_, err = k.Appeals.Progress(t.Context(), customer, a.ID)
		refused(t, err, okpay.NotFound)
	}

	// A flood: of a hundred at once there is one, and three in all.
	require.NoError(t, k.withdraw(a.ID))
	for range 3 {
		var racing sync.WaitGroup
		for range 100 {
			racing.Go(func() { _, _ = k.appeal(r.ID) })
		}
		racing.Wait()
		list, _, err := k.Appeals.Mine(t.Context(), k.customer, "", 100)
		require.NoError(t, err)
		for _, a := range list {
			_ = k.withdraw(a.ID)
		}
	}
	list, more, err := k.Appeals.Mine(t.Context(), k.customer, "", 100)
	require.NoError(t, err)
	assert.False(t, more)
	assert.Len(t, list, care.MaxAppeals)
	k.verify()
}

// One person is one pair of eyes, whatever roles and operators they have.
func TestOnePersonIsOnePairOfEyes(t *testing.T) {
	k := startDesk(t, care.Config{})
	twin := func(id care.OperatorID, person string, roles ...care.Role) {
		_, err := k.Operators.Create(t.Context(), care.CreateOperator{By: "boss", Why: "was hired", ID: id, Roles: roles, Person: person})
		require.NoError(t, err)
	}
	twin("ann2", "ann", care.Supervisor, care.Reviewer)
	twin("rev2", "rev", care.Supervisor)
	r := k.impose("terms_violation")
	a, err := k.appeal(r.ID)
	require.NoError(t, err)
	refused(t, k.take("rev2", a.ID), okpay.SelfApprovalForbidden, "as another operator she imposed it")
	require.NoError(t, k.take("ann", a.ID))
	require.NoError(t, k.approve("ann", a.ID))
	refused(t, k.approve("ann", a.ID), okpay.DuplicateApprover)
	refused(t, k.approve("ann2", a.ID), okpay.DuplicateApprover)
	refused(t, k.approve("rev2", a.ID), okpay.SelfApprovalForbidden)
	_, err = k.permanent("ann", r.ID)
	require.NoError(t, err)
	_, err = k.permanent("ann2", r.ID)
	refused(t, err, okpay.DuplicateApprover)

	// Who has left has no say: the proposal is void, and another reviewer has to begin.
	_, err = k.Operators.Remove(t.Context(), care.MoveOperator{By: "boss", Why: "has left", Operator: "ann"})
	require.NoError(t, err)
	refused(t, k.approve("bob", a.ID), okpay.PermissionDenied)
	assert.Equal(t, care.RestrictionActive, k.state(r.ID))
	_, err = k.Appeals.Release(t.Context(), k.reviews("bob", a.ID))
	require.NoError(t, err)
	require.NoError(t, k.take("bob", a.ID))
	require.NoError(t, k.approve("bob", a.ID))
	require.NoError(t, k.approve("ann2", a.ID))

	// Nobody decides on their own account, as whoever they sign in.
	k.hireOn("own", k.customer, care.Supervisor, care.Compliance)
	r = k.impose("identity_unverified")
	_, err = k.lift("own", r.ID)
	refused(t, err, okpay.SelfApprovalForbidden)
	require.NoError(t, k.submit(r.ID, "r1", "a"))
	_, err = k.Restrictions.Accept(t.Context(), care.ReviewRequirement{By: "own", Why: "is fine", Restriction: r.ID, Requirement: "r1"})
	refused(t, err, okpay.SelfApprovalForbidden)
	a, err = k.appeal(r.ID)
	require.NoError(t, err)
	refused(t, k.take("own", a.ID), okpay.SelfApprovalForbidden)
	_, err = k.Export(t.Context(), care.ExportCustomer{By: "own", Why: "curious", Customer: k.customer})
	refused(t, err, okpay.SelfApprovalForbidden)
	ctx := okpay.WithActor(t.Context(), okpay.Actor{Customer: k.customer})
	_, err = k.Appeals.Take(ctx, k.reviews("ann2", a.ID))
	refused(t, err, okpay.PermissionDenied, "a customer is signed in")
	k.verify()
}

// A removal and a deed race: either the deed came first, or it did not happen.
func TestAnOperatorWhoIsRemovedDoesNothingAnyMore(t *testing.T) {
	k := startDesk(t, care.Config{})
	for i := range 20 {
		id := care.OperatorID("tmp" + string(rune('a'+i)))
		k.hire(id, care.Reviewer)
		var racing sync.WaitGroup
		racing.Go(func() {
			_, err := k.Operators.Remove(t.Context(), care.MoveOperator{By: "boss", Why: "has left", Operator: id})
			assert.NoError(t, err)
		})
		for range 5 {
			racing.Go(func() {
				_, _ = k.Restrictions.Impose(t.Context(), care.ImposeRestriction{By: id, Why: "a last deed", Customer: k.customer, Reason: "cooling_off", Lasts: time.Hour})
			})
		}
		racing.Wait()
		_, err := k.Restrictions.Impose(t.Context(), care.ImposeRestriction{By: id, Why: "a last deed", Customer: k.customer, Reason: "cooling_off"})
		refused(t, err, okpay.PermissionDenied)
		k.clock.Advance(2 * time.Hour)
		k.work()
	}
	events, _, err := k.Events(t.Context(), 0, 1000)
	require.NoError(t, err)
	removed := false
	for _, e := range events { // no deed between a removal and the next hire
		switch e.Type {
		case "operator.created":
			removed = false
		case "operator.removed":
			removed = true
		case "restriction.imposed":
			assert.False(t, removed)
		}
	}
	k.verify()
}
