package care_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

// written is a customer about whom much was written.
func written(t *testing.T) (k *desk, r care.Restriction, a care.Appeal) {
	k = startDesk(t, care.Config{})
	r = k.impose("unusual_activity", func(in *care.ImposeRestriction) { in.Detail = "canary-detail" })
	require.NoError(t, k.submit(r.ID, "r1", "a"))
	require.NoError(t, k.answer(r.ID, "r2", "canary-answer"))
	a, err := k.Appeals.Submit(t.Context(), care.SubmitAppeal{
		Customer: k.customer, Restriction: r.ID, Situation: "canary-situation, and more", Request: "canary-request, and more", Evidence: paper("b"),
	})
	require.NoError(t, err)
	require.NoError(t, k.take("ann", a.ID))
	require.NoError(t, k.ask("ann", a.ID))
	_, err = k.Appeals.Answer(t.Context(), care.AnswerAppeal{Customer: k.customer, Appeal: a.ID, Text: "canary-text"})
	require.NoError(t, err)
	return k, r, a
}

func TestWhatIsHeldIsTheCustomersToKnow(t *testing.T) {
	k, r, a := written(t)
	held, err := k.Held(t.Context(), k.customer)
	require.NoError(t, err)
	require.Len(t, held.Restrictions, 1)
	assert.Equal(t, r.ID, held.Restrictions[0].ID)
	assert.Equal(t, paper("a"), held.Restrictions[0].Submitted[0].Documents)
	assert.Equal(t, "canary-answer", held.Restrictions[0].Submitted[1].Answer)
	require.Len(t, held.Appeals, 1)
	assert.Equal(t, a.ID, held.Appeals[0].ID)
	assert.Equal(t, "canary-request, and more", held.Appeals[0].Request)
	assert.Equal(t, paper("b"), held.Appeals[0].Evidence)
	assert.Equal(t, []care.InfoRound{{Question: "Whose card was it?", Answer: "canary-text"}}, held.Appeals[0].Rounds)
	assert.NotContains(t, inJSON(t, held), "canary-detail")

	exported, err := k.Export(t.Context(), care.ExportCustomer{By: "cleo", Why: "was asked for", Customer: k.customer})
	require.NoError(t, err)
	assert.Equal(t, held, exported)
	audit, _, err := k.Care.Audit(t.Context(), care.LookAt{By: "aud", Why: "the yearly look"}, okpay.AuditPage{Customer: k.customer, Limit: 100})
	require.NoError(t, err)
	assert.Equal(t, "data.export", audit[1].Action, "after the look itself")
	assert.Equal(t, "was asked for", audit[1].Reason)

	_, err = k.Export(t.Context(), care.ExportCustomer{By: "one", Why: "was asked for", Customer: k.customer})
	refused(t, err, okpay.PermissionDenied)
	_, err = k.Export(t.Context(), care.ExportCustomer{By: "cleo", Customer: k.customer})
	refused(t, err, okpay.InvalidRequest, "without a reason")
	_, err = k.Export(t.Context(), care.ExportCustomer{By: "cleo", Why: "was asked for", Customer: "nobody"})
	refused(t, err, okpay.NotFound)
	_, err = k.Held(okpay.WithActor(t.Context(), okpay.Actor{Customer: "other"}), k.customer)
	refused(t, err, okpay.NotFound)
	_, _, err = k.Care.Audit(t.Context(), care.LookAt{By: "ann", Why: "a look"}, okpay.AuditPage{})
	refused(t, err, okpay.PermissionDenied)
	k.verify()
}

func TestErasingLeavesWhatCanBeVerified(t *testing.T) {
	k, r, a := written(t)
	in := care.EraseCustomer{By: "cleo", Why: "was asked for", Customer: k.customer, Key: "k"}
	refused(t, k.Erase(t.Context(), in), okpay.InvalidState, "the account is open")
	_, err := k.Customers.Close(t.Context(), okpay.MoveGate{Customer: k.customer})
	require.NoError(t, err)
	_, err = k.Customers.Erase(t.Context(), okpay.EraseCustomer{Customer: k.customer})
	refused(t, err, okpay.InvalidState, "restrictions are erased first")
	in.By = "ann"
	refused(t, k.Erase(t.Context(), in), okpay.PermissionDenied)
	in.By = "cleo"
	told := len(k.mails())
	require.NoError(t, k.Erase(t.Context(), in))
	require.NoError(t, k.Erase(t.Context(), in), "a repeat")
	assert.Len(t, k.mails(), told, "nobody is told")
	assert.Empty(t, k.gate().Denied)
	for noun, id := range map[string]string{"restriction": string(r.ID), "appeal": string(a.ID)} {
		record, err := k.Ledger().Record(t.Context(), noun, id)
		require.NoError(t, err)
		assert.NotContains(t, string(record.Content), "canary", noun)
		assert.NotContains(t, string(record.Content), "sha256", noun)
		assert.NotContains(t, record.Labels, "c:"+string(k.customer))
		assert.Contains(t, k.actions(id), noun+".erase")
	}
	assert.Equal(t, care.RestrictionErased, k.state(r.ID))
	held, err := k.Held(t.Context(), k.customer)
	require.NoError(t, err)
	assert.Empty(t, held.Restrictions)
	assert.Empty(t, held.Appeals)
	_, err = k.Customers.Erase(t.Context(), okpay.EraseCustomer{Customer: k.customer})
	require.NoError(t, err)

	// Nothing begins anew.
	_, err = k.appeal(r.ID)
	refused(t, err, okpay.AccountClosed)
	refused(t, k.submit(r.ID, "r1", "c"), okpay.AccountClosed)
	refused(t, k.reply(a.ID), okpay.AccountClosed)
	refused(t, k.take("bob", a.ID), okpay.InvalidState)
	k.verify()
}

// What has to be kept for a court is kept, also when it has to be after the account was closed,
// and the customer is told nothing but what they would be told otherwise.
func TestALegalHoldKeepsWhatWouldBeErased(t *testing.T) {
	k, r, _ := written(t)
	_, err := k.Customers.Close(t.Context(), okpay.MoveGate{Customer: k.customer})
	require.NoError(t, err)
	hold := k.impose("legal_hold")
	refused(t, k.Erase(t.Context(), care.EraseCustomer{By: "cleo", Why: "was asked for", Customer: k.customer}), okpay.InvalidState)
	_, err = k.Customers.Erase(t.Context(), okpay.EraseCustomer{Customer: k.customer})
	e := refused(t, err, okpay.InvalidState)
	assert.Equal(t, "the account is restricted", e.Detail)
	record, err := k.Ledger().Record(t.Context(), "restriction", string(r.ID))
	require.NoError(t, err)
	assert.Contains(t, string(record.Content), "canary-answer")
	for _, by := range []care.OperatorID{"cleo", "carl"} {
		_, err = k.lift(by, hold.ID)
		require.NoError(t, err)
	}
	require.NoError(t, k.Erase(t.Context(), care.EraseCustomer{By: "cleo", Why: "was asked for", Customer: k.customer}))
	record, err = k.Ledger().Record(t.Context(), "restriction", string(r.ID))
	require.NoError(t, err)
	assert.NotContains(t, string(record.Content), "canary-answer")
	k.verify()
}
