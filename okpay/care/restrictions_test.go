package care_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

const day = 24 * time.Hour

// digit makes a document whose digest is one digit, 64 times.
func paper(digit string) []care.Evidence {
	return []care.Evidence{{Reference: "up/" + digit, SHA256: strings.Repeat(digit, 64), Size: 1000, MediaType: "image/png"}}
}

func (k *desk) impose(reason string, change ...func(*care.ImposeRestriction)) care.Restriction {
	k.t.Helper()
	in := care.ImposeRestriction{By: "rev", Why: "was flagged", Customer: k.customer, Reason: reason}
	if reason == "legal_hold" || reason == "account_review" || reason == "sanctions_match" {
		in.By = "cleo"
	}
	for _, fn := range change {
		fn(&in)
	}
	r, err := k.Restrictions.Impose(k.t.Context(), in)
	require.NoError(k.t, err)
	return r
}

func (k *desk) submit(r care.RestrictionID, requirement, digit string) error {
	_, err := k.Restrictions.Submit(k.t.Context(), care.SubmitRequirement{Customer: k.customer, Restriction: r, Requirement: requirement, Documents: paper(digit)})
	return err
}

func (k *desk) answer(r care.RestrictionID, requirement, text string) error {
	_, err := k.Restrictions.Submit(k.t.Context(), care.SubmitRequirement{Customer: k.customer, Restriction: r, Requirement: requirement, Answer: text})
	return err
}

func (k *desk) accept(r care.RestrictionID, requirement string) (care.Restriction, error) {
	return k.Restrictions.Accept(k.t.Context(), care.ReviewRequirement{By: "rev", Why: "looks good", Restriction: r, Requirement: requirement})
}

func (k *desk) lift(by care.OperatorID, r care.RestrictionID) (care.Restriction, error) {
	return k.Restrictions.Lift(k.t.Context(), care.MoveRestriction{By: by, Why: "nothing was found", Restriction: r})
}

func (k *desk) permanent(by care.OperatorID, r care.RestrictionID) (care.Restriction, error) {
	return k.Restrictions.MakePermanent(k.t.Context(), care.MoveRestriction{By: by, Why: "it was fraud", Restriction: r})
}

func (k *desk) state(id care.RestrictionID) care.RestrictionState {
	k.t.Helper()
	r, err := k.Restrictions.Get(k.t.Context(), k.customer, id)
	require.NoError(k.t, err)
	return r.State
}

func TestARestrictionIsExplainedSatisfiedAndLiftedByItself(t *testing.T) {
	k := startDesk(t, care.Config{})
	k.topUp(100)
	r := k.impose("identity_unverified", func(in *care.ImposeRestriction) { in.Key, in.Detail = "k", "an internal remark\nof two lines" })
	assert.Equal(t, []okpay.Capability{okpay.CanTransfer, okpay.CanWithdraw}, r.Capabilities)
	assert.Equal(t, r.Capabilities, k.gate().Denied)
	assert.Equal(t, monday.Add(30*day), *r.Deadline)
	again := k.impose("identity_unverified", func(in *care.ImposeRestriction) { in.Key, in.Detail = "k", "an internal remark\nof two lines" })
	assert.True(t, again.Replayed)
	assert.Equal(t, r.ID, again.ID)

	messages, err := k.Customers.Messages(t.Context(), k.customer, "", 1)
	require.NoError(t, err)
	assert.Equal(t, "account_restricted", messages[0].Template)
	assert.Equal(t, map[string]string{
		"reason": "identity_unverified", "capabilities": "transfer withdraw", "requirements": "identity_document proof_of_address",
		"deadline": "2026-04-01T09:00:00Z",
	}, messages[0].Facts)
	_, err = k.Transfers.Create(t.Context(), okpay.CreateTransfer{From: k.customer, To: "x", Amount: yuan(1)})
	refused(t, err, okpay.AccountRestricted)

	p, err := k.Restrictions.Progress(t.Context(), k.customer, r.ID)
	require.NoError(t, err)
	assert.Equal(t, care.Progress{State: "active", Stage: care.StageYourTurn, Until: r.Deadline, Open: []string{"identity_document", "proof_of_address"}}, p)

	require.NoError(t, k.submit(r.ID, "r1", "a"))
	refused(t, k.submit(r.ID, "r1", "b"), okpay.InvalidState, "it is looked at")
	refused(t, k.submit(r.ID, "r3", "b"), okpay.NotFound)
	refused(t, k.answer(r.ID, "r2", "a text"), okpay.InvalidRequest, "a document is asked for")
	require.NoError(t, k.submit(r.ID, "r2", "b"))
	p, err = k.Restrictions.Progress(t.Context(), k.customer, r.ID)
	require.NoError(t, err)
	thursday := time.Date(2026, 3, 5, 17, 0, 0, 0, time.UTC)
	assert.Equal(t, care.Progress{State: "active", Stage: care.StageWithUs, Place: 1, Expected: &thursday}, p)

	in := care.ReviewRequirement{By: "rev", Why: "can not be read", Restriction: r.ID, Requirement: "r1", Problem: "unreadable"}
	got, err := k.Restrictions.Reject(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, care.Requirement{ID: "r1", Kind: care.Document, Code: "identity_document", State: care.RequirementRejected, Problem: "unreadable"}, got.Requirements[0])
	refused(t, k.submit(r.ID, "r1", "a"), okpay.InvalidRequest, "it was rejected")
	require.NoError(t, k.submit(r.ID, "r1", "c"))
	_, err = k.accept(r.ID, "r1")
	require.NoError(t, err)
	_, err = k.accept(r.ID, "r1")
	refused(t, err, okpay.InvalidState)
	got, err = k.accept(r.ID, "r2")
	require.NoError(t, err)
	assert.Equal(t, care.RestrictionLifted, got.State)
	assert.Empty(t, k.gate().Denied)
	assert.Equal(t, []string{
		"topup_succeeded", "account_restricted", "requirement_received", "requirement_received", "requirement_rejected", "requirement_received", "restriction_lifted",
	}, k.mails())
	assert.Equal(t, []string{
		"restriction.impose", "restriction.submit", "restriction.submit", "restriction.reject", "restriction.submit", "restriction.accept", "restriction.accept",
	}, k.actions(string(r.ID)))
	p, err = k.Restrictions.Progress(t.Context(), k.customer, r.ID)
	require.NoError(t, err)
	assert.Equal(t, care.Progress{State: "lifted", Stage: care.StageOver}, p)
	k.verify()
}

func TestADeadlineThatIsMissedTakesMoreAway(t *testing.T) {
	k := startDesk(t, care.Config{})
	r := k.impose("source_of_funds", func(in *care.ImposeRestriction) { in.DueIn = 10 * day })
	require.NoError(t, k.submit(r.ID, "r1", "a"))
	k.clock.Advance(10*day - time.Second)
	k.work()
	assert.Equal(t, care.RestrictionActive, k.state(r.ID))
	k.clock.Advance(time.Second)
	k.work()
	k.work()
	assert.Equal(t, care.RestrictionPastDue, k.state(r.ID))
	assert.Equal(t, []okpay.Capability{okpay.CanPay, okpay.CanTransfer, okpay.CanWithdraw, okpay.CanConvert, okpay.CanTopUp, okpay.CanReceive}, k.gate().Denied)
	require.NoError(t, k.answer(r.ID, "r2", "My salary,\nof many years."))
	_, err := k.accept(r.ID, "r1")
	require.NoError(t, err)
	got, err := k.accept(r.ID, "r2")
	require.NoError(t, err)
	assert.Equal(t, care.RestrictionInReview, got.State)
	assert.Equal(t, []okpay.Capability{okpay.CanTransfer, okpay.CanWithdraw, okpay.CanConvert}, k.gate().Denied)
	p, err := k.Restrictions.Progress(t.Context(), k.customer, r.ID)
	require.NoError(t, err)
	assert.Equal(t, 1, p.Place)
	_, err = k.lift("rev", r.ID)
	refused(t, err, okpay.PermissionDenied)
	_, err = k.lift("ann", r.ID)
	require.NoError(t, err)
	assert.Empty(t, k.gate().Denied)
	assert.Equal(t, []string{"account_restricted", "requirement_received", "restriction_past_due", "requirement_received", "restriction_lifted"}, k.mails())

	// What was submitted in time is not late while it waits for us, and a rejection leaves a week.
	r = k.impose("identity_unverified", func(in *care.ImposeRestriction) { in.DueIn = day })
	require.NoError(t, k.submit(r.ID, "r1", "b"))
	require.NoError(t, k.submit(r.ID, "r2", "c"))
	k.clock.Advance(3 * day)
	k.work()
	assert.Equal(t, care.RestrictionActive, k.state(r.ID))
	got, err = k.Restrictions.Reject(t.Context(), care.ReviewRequirement{By: "rev", Why: "is too old", Restriction: r.ID, Requirement: "r1", Problem: "expired"})
	require.NoError(t, err)
	assert.Equal(t, k.clock.Now().Add(7*day), *got.Deadline)

	// Who submits in the moment in which the deadline passes is late, with everything that follows.
	k.clock.Advance(7 * day)
	require.NoError(t, k.submit(r.ID, "r1", "d"))
	assert.Equal(t, care.RestrictionPastDue, k.state(r.ID))
	assert.Contains(t, k.gate().Denied, okpay.CanTopUp)
	k.verify()
}

func TestSeveralRestrictionsAddUpAndEndOneByOne(t *testing.T) {
	k := startDesk(t, care.Config{})
	only := func(lasts time.Duration, cans ...okpay.Capability) func(*care.ImposeRestriction) {
		return func(in *care.ImposeRestriction) { in.Capabilities, in.Lasts = cans, lasts }
	}
	a := k.impose("payment_disputes", only(0, okpay.CanPay, okpay.CanWithdraw))
	b := k.impose("cooling_off", only(day, okpay.CanWithdraw, okpay.CanManage))
	c := k.impose("cooling_off", only(2*day, okpay.CanReceive, okpay.CanWithdraw))
	assert.Equal(t, []okpay.Capability{okpay.CanPay, okpay.CanWithdraw, okpay.CanReceive, okpay.CanManage}, k.gate().Denied)
	k.clock.Advance(day)
	k.work()
	assert.Equal(t, care.RestrictionExpired, k.state(b.ID))
	assert.Equal(t, []okpay.Capability{okpay.CanPay, okpay.CanWithdraw, okpay.CanReceive}, k.gate().Denied)
	_, err := k.lift("bob", a.ID)
	require.NoError(t, err)
	assert.Equal(t, []okpay.Capability{okpay.CanWithdraw, okpay.CanReceive}, k.gate().Denied)
	k.clock.Advance(day)
	_, err = k.lift("bob", c.ID)
	refused(t, err, okpay.InvalidState, "its time is over, recorded or not")
	k.work()
	assert.Empty(t, k.gate().Denied)
	assert.Equal(t, care.RestrictionExpired, k.state(c.ID))
	list, more, err := k.Restrictions.Mine(t.Context(), k.customer, "", 2)
	require.NoError(t, err)
	assert.True(t, more)
	require.Len(t, list, 2)
	assert.Equal(t, []okpay.Capability{okpay.CanWithdraw, okpay.CanReceive}, list[0].Capabilities, "what it took away")
	list, more, err = k.Restrictions.Mine(t.Context(), k.customer, list[1].ID, 2)
	require.NoError(t, err)
	assert.False(t, more)
	require.Len(t, list, 1)

	for range 20 {
		k.impose("cooling_off")
	}
	_, err = k.Restrictions.Impose(t.Context(), care.ImposeRestriction{By: "rev", Why: "one more", Customer: k.customer, Reason: "cooling_off"})
	refused(t, err, okpay.InvalidState)
	k.verify()
}

func TestPermanentTakesTwoAndLetsTheBalanceOutLater(t *testing.T) {
	k := startDesk(t, care.Config{PayoutAfter: 100 * day})
	r := k.impose("terms_violation", func(in *care.ImposeRestriction) { in.Lasts = day })
	_, err := k.permanent("rev", r.ID)
	refused(t, err, okpay.PermissionDenied)
	got, err := k.permanent("ann", r.ID)
	require.NoError(t, err)
	assert.Equal(t, care.RestrictionActive, got.State, "the first of two")
	_, err = k.permanent("ann", r.ID)
	refused(t, err, okpay.DuplicateApprover)
	got, err = k.permanent("bob", r.ID)
	require.NoError(t, err)
	assert.Equal(t, care.RestrictionPermanent, got.State)
	assert.Equal(t, monday.Add(100*day), *got.PayoutFrom)
	all := []okpay.Capability{okpay.CanPay, okpay.CanTransfer, okpay.CanWithdraw, okpay.CanConvert, okpay.CanTopUp, okpay.CanReceive}
	assert.Equal(t, all, k.gate().Denied)
	_, err = k.lift("ann", r.ID)
	refused(t, err, okpay.InvalidState)
	k.clock.Advance(100*day - 1)
	k.work()
	assert.Equal(t, all, k.gate().Denied, "it does not expire")
	k.clock.Advance(1)
	k.work()
	k.work()
	assert.NotContains(t, k.gate().Denied, okpay.CanWithdraw)
	assert.Len(t, k.gate().Denied, 5)
	assert.Equal(t, []string{"account_restricted", "restriction_permanent", "restriction_payout_open"}, k.mails())

	// Another restriction keeps the balance in all the same.
	k.impose("payment_disputes")
	assert.Contains(t, k.gate().Denied, okpay.CanWithdraw)
	k.verify()
}

func TestWhatCanNotBeImposed(t *testing.T) {
	k := startDesk(t, care.Config{})
	before := k.lastEvent()
	good := care.ImposeRestriction{By: "rev", Why: "was flagged", Customer: k.customer, Reason: "identity_unverified"}
	for name, c := range map[string]struct {
		change func(*care.ImposeRestriction)
		want   okpay.Code
	}{
		"no reason of the catalogue":   {func(in *care.ImposeRestriction) { in.Reason = "whim" }, okpay.InvalidRequest},
		"no reason of the operator's":  {func(in *care.ImposeRestriction) { in.Why = "" }, okpay.InvalidRequest},
		"no capability":                {func(in *care.ImposeRestriction) { in.Capabilities = []okpay.Capability{} }, okpay.InvalidRequest},
		"an unknown capability":        {func(in *care.ImposeRestriction) { in.Capabilities = []okpay.Capability{"fly"} }, okpay.InvalidRequest},
		"an unknown capability, later": {func(in *care.ImposeRestriction) { in.PastDue = []okpay.Capability{"fly"} }, okpay.InvalidRequest},
		"a requirement of no kind":     {func(in *care.ImposeRestriction) { in.Requirements = []care.Ask{{Kind: "song", Code: "x"}} }, okpay.InvalidRequest},
		"a requirement without a code": {func(in *care.ImposeRestriction) { in.Requirements = []care.Ask{{Kind: care.Document}} }, okpay.InvalidRequest},
		"eleven requirements":          {func(in *care.ImposeRestriction) { in.Requirements = make([]care.Ask, 11) }, okpay.InvalidRequest},
		"nothing that would lift it":   {func(in *care.ImposeRestriction) { in.Requirements = []care.Ask{} }, okpay.InvalidRequest},
		"a deadline in the past":       {func(in *care.ImposeRestriction) { in.DueIn = -1 }, okpay.InvalidRequest},
		"a deadline beyond a year":     {func(in *care.ImposeRestriction) { in.DueIn = 400 * day }, okpay.InvalidRequest},
		"an end in the past":           {func(in *care.ImposeRestriction) { in.Lasts = -1 }, okpay.InvalidRequest},
		"a detail turned round":        {func(in *care.ImposeRestriction) { in.Detail = "a\u202eb" }, okpay.InvalidRequest},
		"a quiet one with requirements": {func(in *care.ImposeRestriction) {
			in.Reason, in.Requirements = "account_review", []care.Ask{{Kind: care.Document, Code: "x"}}
		}, okpay.InvalidRequest},
		"nobody":                    {func(in *care.ImposeRestriction) { in.Customer = "nobody" }, okpay.NotFound},
		"no customer":               {func(in *care.ImposeRestriction) { in.Customer = "" }, okpay.InvalidRequest},
		"an agent":                  {func(in *care.ImposeRestriction) { in.By = "one" }, okpay.PermissionDenied},
		"an admin":                  {func(in *care.ImposeRestriction) { in.By = "boss" }, okpay.PermissionDenied},
		"a supervisor's legal hold": {func(in *care.ImposeRestriction) { in.By, in.Reason = "ann", "legal_hold" }, okpay.PermissionDenied},
	} {
		in := good
		c.change(&in)
		_, err := k.Restrictions.Impose(t.Context(), in)
		refused(t, err, c.want, name)
	}
	assert.Equal(t, before, k.lastEvent())
	assert.Empty(t, k.gate().Denied)

	k.hireOn("own", k.customer, care.Reviewer)
	good.By = "own"
	_, err := k.Restrictions.Impose(t.Context(), good)
	refused(t, err, okpay.SelfApprovalForbidden)
	_, err = k.Customers.Close(t.Context(), okpay.MoveGate{Customer: k.customer})
	require.NoError(t, err)
	good.By = "rev"
	_, err = k.Restrictions.Impose(t.Context(), good)
	refused(t, err, okpay.AccountClosed)
}

func TestWhatCanNotBeSubmitted(t *testing.T) {
	k := startDesk(t, care.Config{})
	_, err := k.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "other"})
	require.NoError(t, err)
	r := k.impose("unusual_activity")
	good := care.SubmitRequirement{Customer: k.customer, Restriction: r.ID, Requirement: "r1", Documents: paper("a")}
	for name, c := range map[string]struct {
		change func(*care.SubmitRequirement)
		want   okpay.Code
	}{
		"another customer's":         {func(in *care.SubmitRequirement) { in.Customer = "other" }, okpay.NotFound},
		"one that is not there":      {func(in *care.SubmitRequirement) { in.Restriction = "rst_x" }, okpay.NotFound},
		"nothing":                    {func(in *care.SubmitRequirement) { in.Documents = nil }, okpay.InvalidRequest},
		"both":                       {func(in *care.SubmitRequirement) { in.Answer = "text" }, okpay.InvalidRequest},
		"a climbing reference":       {func(in *care.SubmitRequirement) { in.Documents[0].Reference = "../etc/passwd" }, okpay.InvalidRequest},
		"an absolute reference":      {func(in *care.SubmitRequirement) { in.Documents[0].Reference = "/etc/passwd" }, okpay.InvalidRequest},
		"a reference with a newline": {func(in *care.SubmitRequirement) { in.Documents[0].Reference = "a\nb" }, okpay.InvalidRequest},
		"a digest in capitals":       {func(in *care.SubmitRequirement) { in.Documents[0].SHA256 = strings.Repeat("A", 64) }, okpay.InvalidRequest},
		"a short digest":             {func(in *care.SubmitRequirement) { in.Documents[0].SHA256 = "ab" }, okpay.InvalidRequest},
		"nothing in it":              {func(in *care.SubmitRequirement) { in.Documents[0].Size = 0 }, okpay.InvalidRequest},
		"too much in it":             {func(in *care.SubmitRequirement) { in.Documents[0].Size = care.MaxEvidenceBytes + 1 }, okpay.InvalidRequest},
		"a program":                  {func(in *care.SubmitRequirement) { in.Documents[0].MediaType = "text/html" }, okpay.InvalidRequest},
		"one twice":                  {func(in *care.SubmitRequirement) { in.Documents = append(in.Documents, in.Documents[0]) }, okpay.InvalidRequest},
		"too many":                   {func(in *care.SubmitRequirement) { in.Documents = make([]care.Evidence, 11) }, okpay.InvalidRequest},
		"a long answer": {func(in *care.SubmitRequirement) {
			in.Documents, in.Answer = nil, strings.Repeat("x", care.MaxAnswer+1)
		}, okpay.InvalidRequest},
	} {
		in := good
		in.Documents = paper("a")
		c.change(&in)
		_, err := k.Restrictions.Submit(t.Context(), in)
		refused(t, err, c.want, name)
	}
	for i := range care.MaxSubmissions {
		require.NoError(t, k.answer(r.ID, "r2", "I do not know."), i)
		_, err = k.Restrictions.Reject(t.Context(), care.ReviewRequirement{By: "rev", Why: "says nothing", Restriction: r.ID, Requirement: "r2", Problem: "answer_insufficient"})
		require.NoError(t, err)
	}
	refused(t, k.answer(r.ID, "r2", "I do not know."), okpay.TooManyTries)
	ctx := okpay.WithActor(t.Context(), okpay.Actor{Customer: "other"})
	_, err = k.Restrictions.Submit(ctx, good)
	refused(t, err, okpay.NotFound)
	_, _, err = k.Restrictions.Mine(ctx, k.customer, "", 0)
	refused(t, err, okpay.NotFound)
	_, err = k.Restrictions.Get(ctx, k.customer, r.ID)
	refused(t, err, okpay.NotFound)
	_, err = k.Restrictions.Get(t.Context(), "other", r.ID)
	refused(t, err, okpay.NotFound)
	ended := okpay.WithActor(t.Context(), okpay.Actor{Customer: k.customer, Epoch: 7})
	_, err = k.Restrictions.Progress(ended, k.customer, r.ID)
	refused(t, err, okpay.SessionEnded)
	k.verify()
}
