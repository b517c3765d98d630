package care_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

func TestAWrongConfigIsRefused(t *testing.T) {
	l, err := ledger.Open(t.Context(), memstore.New(), ledger.Config{Chart: okpay.Chart()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close(t.Context()) })
	w, err := okpay.New(l, okpay.Config{})
	require.NoError(t, err)
	reason := func(change func(*care.Reason)) care.Config {
		r := care.Reason{Code: "own", Public: "own_public", En: "We ask.", Zh: "请说明。", Capabilities: []okpay.Capability{okpay.CanPay}}
		change(&r)
		return care.Config{Reasons: []care.Reason{r}}
	}
	for name, cfg := range map[string]care.Config{
		"a reason's code that is taken":          reason(func(r *care.Reason) { r.Code = "legal_hold" }),
		"a reason that looks like a review":      reason(func(r *care.Reason) { r.Public = "account_review" }),
		"a reason of no form":                    reason(func(r *care.Reason) { r.Code = "A B" }),
		"a reason without a text":                reason(func(r *care.Reason) { r.Zh = "" }),
		"a text with lines":                      reason(func(r *care.Reason) { r.En = "a\nb" }),
		"a reason that takes nothing":            reason(func(r *care.Reason) { r.Capabilities = nil }),
		"a reason that takes what is none":       reason(func(r *care.Reason) { r.PastDue = []okpay.Capability{"fly"} }),
		"a reason that lifts itself for nothing": reason(func(r *care.Reason) { r.Lift = care.LiftAutomatic }),
		"a rule that is none":                    reason(func(r *care.Reason) { r.Lift = "never" }),
		"a negative time":                        reason(func(r *care.Reason) { r.Lasts = -1 }),
		"a requirement that is none":             reason(func(r *care.Reason) { r.Requirements = []care.Ask{{Kind: "song", Code: "x"}} }),
		"two texts for one public code":          reason(func(r *care.Reason) { r.Public = "cooling_off" }),
		"a decision in no time":                  {DecideWithin: -1},
		"a decision in a year":                   {DecideWithin: 365},
		"a payout before the beginning":          {PayoutAfter: -time.Hour},
		"a payout never":                         {PayoutAfter: 3000 * day},
		"a long way to complain":                 {Complaints: strings.Repeat("x", 301)},
		"a role that lifts legal holds":          {Roles: map[care.Role][]care.Permission{"x": {care.MayHandleCompliance}}},
		"a role with a permission that is none":  {Roles: map[care.Role][]care.Permission{"x": {"fly"}}},
	} {
		_, err := care.New(w, cfg)
		refused(t, err, okpay.InvalidRequest, name)
	}
	_, err = care.New(w, reason(func(*care.Reason) {}))
	require.NoError(t, err)
}

func TestEveryPublicReasonHasItsTextsOnce(t *testing.T) {
	k := startDesk(t, care.Config{})
	seen := map[string]bool{}
	for _, r := range append(k.PublicReasons(), care.DenialReasons()...) {
		assert.False(t, seen[r.Code], r.Code)
		seen[r.Code] = true
		assert.Equal(t, r.Zh, r.Text("zh-CN"))
		assert.Equal(t, r.En, r.Text("en"))
		assert.NotEmpty(t, r.Zh)
		assert.NotEmpty(t, r.En)
	}
	for _, internal := range []string{"legal_hold", "sanctions_match"} {
		assert.False(t, seen[internal])
	}
}

func TestReasonsAndRolesAreWhatCanBeImposedAndGiven(t *testing.T) {
	own := care.Reason{
		Code: "chargebacks", Public: "payment_disputes", En: "Several of your payments are disputed.", Zh: "您有多笔付款存在争议。",
		Capabilities: []okpay.Capability{okpay.CanPay},
	}
	k := startDesk(t, care.Config{
		Reasons: []care.Reason{own}, Roles: map[care.Role][]care.Permission{"night": {care.MayWorkCases, care.MaySeeCases, care.MayWorkCases}},
	})
	reasons := k.Reasons()
	assert.Equal(t, "chargebacks", reasons[len(reasons)-1].Code, "those of the program come last")
	for _, r := range reasons {
		by := care.OperatorID("rev")
		if r.Code == "legal_hold" {
			by = "cleo"
		}
		got, err := k.Restrictions.Impose(t.Context(), care.ImposeRestriction{By: by, Why: "to see", Customer: k.customer, Reason: r.Code})
		require.NoError(t, err, r.Code)
		assert.Equal(t, r.Public, got.Reason, "what the customer is told")
		assert.Equal(t, r.Quiet(), r.Public == "account_review", r.Code)
		assert.NotEmpty(t, r.Lift, r.Code)
	}
	reasons[0].Capabilities[0] = "x"
	assert.NotEqual(t, okpay.Capability("x"), k.Reasons()[0].Capabilities[0], "a copy")

	roles := k.Roles()
	assert.Equal(t, []care.Permission{care.MaySeeCases, care.MayWorkCases}, roles["night"])
	for id, role := range map[care.OperatorID]care.Role{"one": care.AgentL1, "rev": care.Reviewer, "aud": care.Auditor} {
		for _, p := range care.Permissions() {
			_, err := k.Operators.May(t.Context(), id, p)
			assert.Equal(t, slices.Contains(roles[role], p), err == nil, "%s %s", role, p)
		}
	}
}
