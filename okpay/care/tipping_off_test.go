package care_test

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

var pointers = regexp.MustCompile("0x[0-9a-f]+")

// seen is everything that a customer, or an operator who is not compliance, is shown by a wallet
// in which an account is looked at for a reason, up to the end of it.
type seen struct {
	t     *testing.T
	lines []string
}

func (s *seen) add(what string, v any, err error) {
	s.t.Helper()
	if v == nil || reflect.ValueOf(v).IsZero() {
		v = "nothing"
	}
	line := what + ": " + inJSON(s.t, v)
	if err != nil {
		line += fmt.Sprintf(" %v %+v %s", err, err, inJSON(s.t, okpay.CodeOf(err)))
	}
	// Where a document is in memory is not shown to anybody.
	s.lines = append(s.lines, pointers.ReplaceAllString(line, "0x"))
}

// look tries everything.
func (s *seen) look(k *desk, r care.RestrictionID) {
	s.t.Helper()
	ctx := s.t.Context()
	_, err := k.Transfers.Create(ctx, okpay.CreateTransfer{From: k.customer, To: "other", Amount: yuan(1)})
	s.add("transfer", nil, err)
	_, err = k.Transfers.Create(ctx, okpay.CreateTransfer{From: "other", To: k.customer, Amount: yuan(1)})
	s.add("transfer to", nil, err)
	_, err = k.Withdrawals.Request(ctx, okpay.RequestWithdrawal{Customer: k.customer, Amount: yuan(1), Destination: "dst_x"})
	s.add("withdrawal", nil, err)
	conditions, err := k.Withdrawals.Conditions(ctx, k.customer, "CNY")
	s.add("conditions", conditions, err)
	gate, err := k.Customers.Gate(ctx, k.customer)
	s.add("gate", gate, err)
	list, more, err := k.Restrictions.Mine(ctx, k.customer, "", 0)
	s.add(fmt.Sprint("restrictions ", more), list, err)
	mine, err := k.Restrictions.Get(ctx, k.customer, r)
	s.add("restriction", mine, err)
	progress, err := k.Restrictions.Progress(ctx, k.customer, r)
	s.add("progress", progress, err)
	_, err = k.Restrictions.Submit(ctx, care.SubmitRequirement{Customer: k.customer, Restriction: r, Requirement: "r1", Documents: paper("a")})
	s.add("submit", nil, err)
	appeals, more, err := k.Appeals.Mine(ctx, k.customer, "", 0)
	s.add(fmt.Sprint("appeals ", more), appeals, err)
	for _, a := range appeals {
		progress, err := k.Appeals.Progress(ctx, k.customer, a.ID)
		s.add("progress of appeal", progress, err)
		progress, err = k.Appeals.Nudge(ctx, care.MoveAppeal{Customer: k.customer, Appeal: a.ID})
		s.add("nudge", progress, err)
	}
	held, err := k.Held(ctx, k.customer)
	s.add("held", held, err)
	messages, err := k.Customers.Messages(ctx, k.customer, "", 100)
	s.add("messages", messages, err)
	shown, _, err := k.Wallet.Audit(ctx, okpay.AuditPage{Customer: k.customer, Shown: true, Limit: 100})
	s.add("activity", shown, err)
	activity, err := k.Customers.Activity(ctx, k.customer, okpay.ActivityPage{})
	s.add("money", activity, err)
	events, _, err := k.Events(ctx, 0, 1000)
	for _, e := range events {
		s.add("event "+string(e.Data), e.Type, err)
	}

	// Operators who are not compliance.
	for _, by := range []care.OperatorID{"ann", "rev", "aud", "one"} {
		file, err := k.Restrictions.File(ctx, care.LookAt{By: by, Why: "a look"}, r)
		s.add("file for "+string(by), file, err)
		waiting, _, err := k.Restrictions.Waiting(ctx, by, false, "", 0)
		s.add("waiting", waiting, err)
		_, _, err = k.Restrictions.Waiting(ctx, by, true, "", 0)
		s.add("waiting for compliance", nil, err)
		_, err = k.lift(by, r)
		s.add("lift", nil, err)
		_, err = k.permanent(by, r)
		s.add("permanent", nil, err)
		_, err = k.Restrictions.Require(ctx, care.MoreRequirements{By: by, Why: "for more", Restriction: r, Requirements: []care.Ask{{Kind: care.Document, Code: "x"}}})
		s.add("require", nil, err)
		for _, a := range appeals {
			s.add("take", nil, k.take(by, a.ID))
			s.add("approve", nil, k.approve(by, a.ID))
			_, err = k.deny(by, a.ID, "review_complete")
			s.add("deny", nil, err)
			appeal, err := k.Appeals.File(ctx, care.LookAt{By: by, Why: "a look"}, a.ID)
			s.add("file of appeal", appeal, err)
		}
		data, err := k.Export(ctx, care.ExportCustomer{By: by, Why: "was asked for", Customer: k.customer})
		s.add("export", data, err)
		audit, _, err := k.Care.Audit(ctx, care.LookAt{By: by, Why: "a look"}, okpay.AuditPage{Customer: k.customer, Limit: 100})
		s.add("audit", audit, err)
	}
}

// life is all that can happen to an account that is looked at without a word, seen from outside.
func life(t *testing.T, reason string) []string {
	k := startDesk(t, care.Config{Complaints: "ombudsman.example"})
	_, err := k.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "other"})
	require.NoError(t, err)
	k.topUp(1000)
	s := &seen{t: t}
	detail := "canary: court order 77"
	r := k.impose(reason, func(in *care.ImposeRestriction) { in.Detail, in.Why = detail, "canary: police asked" })
	s.add("returned", r, nil)
	s.look(k, r.ID)
	for _, end := range []func(care.AppealID){
		func(a care.AppealID) {
			require.NoError(t, k.take("carl", a))
			require.NoError(t, k.ask("carl", a))
			s.look(k, r.ID)
			require.NoError(t, k.reply(a))
			_, err := k.deny("carl", a, "rules_apply")
			refused(t, err, okpay.InvalidRequest, "there is one answer only")
			_, err = k.deny("carl", a, "review_complete")
			require.NoError(t, err)
		},
		func(a care.AppealID) { require.NoError(t, k.withdraw(a)) },
		func(a care.AppealID) {
			require.NoError(t, k.take("carl", a))
			require.NoError(t, k.approve("carl", a))
			s.look(k, r.ID)
			k.hire("cora", care.Compliance)
			require.NoError(t, k.approve("cora", a))
		},
	} {
		a, err := k.appeal(r.ID)
		s.add("appeal", a, err)
		_, err = k.appeal(r.ID)
		s.add("one more", nil, err)
		k.clock.Advance(6 * day) // late
		k.work()
		s.look(k, r.ID)
		end(a.ID)
		s.look(k, r.ID)
		k.clock.Advance(8 * day)
	}
	assert.Empty(t, k.gate().Denied)

	// A second one ends by itself, a third one by hand: two of compliance's.
	k.impose(reason, func(in *care.ImposeRestriction) { in.Lasts = time.Hour })
	k.clock.Advance(time.Hour)
	k.work()
	third := k.impose(reason)
	_, err = k.lift("cleo", third.ID)
	require.NoError(t, err)
	_, err = k.lift("cleo", third.ID)
	refused(t, err, okpay.DuplicateApprover)
	s.look(k, third.ID)
	_, err = k.lift("carl", third.ID)
	require.NoError(t, err)
	s.look(k, third.ID)

	// Compliance knows.
	file, err := k.Restrictions.File(t.Context(), care.LookAt{By: "cleo", Why: "a look"}, r.ID)
	require.NoError(t, err)
	assert.Equal(t, reason, file.Code)
	assert.Equal(t, detail, file.Detail)
	assert.Equal(t, "canary: police asked", file.Notes[0].Text)
	k.verify()
	return s.lines
}

// TestALegalHoldLooksLikeAnOrdinaryReview compares, byte by byte, what is shown while an account
// is under a legal hold with what is shown while it is reviewed for no particular reason.
func TestALegalHoldLooksLikeAnOrdinaryReview(t *testing.T) {
	ordinary := life(t, "account_review")
	for _, reason := range []string{"legal_hold", "sanctions_match"} {
		hidden := life(t, reason)
		require.Len(t, hidden, len(ordinary))
		for i := range ordinary {
			require.Equal(t, ordinary[i], hidden[i], reason)
		}
	}
	all := strings.Join(ordinary, "\n")
	for _, canary := range []string{"canary", "legal", "sanction", "police"} {
		assert.NotContains(t, all, canary)
	}
	assert.Contains(t, all, "account_review")
	assert.False(t, slices.ContainsFunc(ordinary, func(line string) bool {
		return strings.HasPrefix(line, "messages") && (strings.Contains(line, "account_restricted") || strings.Contains(line, "restriction_"))
	}), "nobody is told that it began or ended")
	assert.Greater(t, len(ordinary), 500)
}

// What is internal of any restriction is nowhere where customers look.
func TestInternalReasonsAreNotShown(t *testing.T) {
	k := startDesk(t, care.Config{Reasons: []care.Reason{{
		Code: "canary_code", Public: "under_inquiry", En: "We have questions.", Zh: "我们有一些问题。", Capabilities: []okpay.Capability{okpay.CanPay},
		Requirements: []care.Ask{{Kind: care.Document, Code: "identity_document"}},
	}}})
	_, err := k.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "other"})
	require.NoError(t, err)
	s := &seen{t: t}
	canary := func(in *care.ImposeRestriction) { in.Detail, in.Why = "canary-detail", "canary-why" }
	r := k.impose("canary_code", canary)
	s.add("returned", r, nil)
	look := func() {
		ctx := t.Context()
		list, _, err := k.Restrictions.Mine(ctx, k.customer, "", 0)
		s.add("mine", list, err)
		progress, err := k.Restrictions.Progress(ctx, k.customer, r.ID)
		s.add("progress", progress, err)
		held, err := k.Held(ctx, k.customer)
		s.add("held", held, err)
		appeals, _, err := k.Appeals.Mine(ctx, k.customer, "", 0)
		s.add("appeals", appeals, err)
		messages, err := k.Customers.Messages(ctx, k.customer, "", 100)
		s.add("messages", messages, err)
		events, _, err := k.Events(ctx, 0, 1000)
		for _, e := range events {
			s.add("event "+string(e.Data), e.Type, err)
		}
		shown, _, err := k.Wallet.Audit(ctx, okpay.AuditPage{Customer: k.customer, Shown: true, Limit: 100})
		for _, e := range shown {
			e.Reason = "" // is not shown, see AuditEntry
			s.add("activity", e, err)
		}
		s.add("service", fmt.Sprintf("%+v %v", k.Restrictions, k.Appeals), nil)
	}
	require.NoError(t, k.submit(r.ID, "r1", "a"))
	_, err = k.Restrictions.Reject(t.Context(), care.ReviewRequirement{By: "rev", Why: "canary-why", Restriction: r.ID, Requirement: "r1", Problem: "unreadable"})
	require.NoError(t, err)
	a, err := k.appeal(r.ID)
	require.NoError(t, err)
	_, err = k.Appeals.Take(t.Context(), care.ReviewAppeal{By: "ann", Why: "canary-why", Appeal: a.ID})
	require.NoError(t, err)
	look()
	_, err = k.Appeals.Deny(t.Context(), care.DenyAppeal{By: "ann", Why: "canary-why", Appeal: a.ID, Reason: "rules_apply"})
	require.NoError(t, err)
	for _, by := range []care.OperatorID{"ann", "bob"} {
		_, err = k.Restrictions.MakePermanent(t.Context(), care.MoveRestriction{By: by, Why: "canary-why", Restriction: r.ID})
		require.NoError(t, err)
	}
	look()
	assert.NotContains(t, strings.Join(s.lines, "\n"), "canary")
	assert.Equal(t, care.PublicReason{Code: "under_inquiry", En: "We have questions.", Zh: "我们有一些问题。"}, k.PublicReasons()[len(k.PublicReasons())-1])
	k.verify()
}
