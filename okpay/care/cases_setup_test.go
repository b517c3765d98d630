package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

const why = "as the customer asked"

// open opens a case of a category.
func (k *desk) open(c care.Category) care.Case {
	k.t.Helper()
	out, err := k.Cases.Open(k.t.Context(), care.OpenCase{
		Customer: k.customer, Category: c, Subject: "Help", Text: "please help", Facts: k.facts(c),
	})
	require.NoError(k.t, err)
	return out
}

// facts are what a form requires.
func (k *desk) facts(c care.Category) map[care.Fact]string {
	for _, r := range care.Categories() {
		if r.Category == c && len(r.Required) > 0 {
			return map[care.Fact]string{care.TransactionID: "unknown"}
		}
	}
	return nil
}

func (k *desk) takes(by care.OperatorID, id care.CaseID) {
	k.t.Helper()
	_, err := k.Cases.Take(k.t.Context(), care.WorkCase{By: by, Why: why, Case: id})
	require.NoError(k.t, err)
}

func say(by care.OperatorID, id care.CaseID, text string) care.SayCase {
	return care.SayCase{By: by, Why: why, Case: id, Text: text}
}

func work(by care.OperatorID, id care.CaseID) care.WorkCase {
	return care.WorkCase{By: by, Why: why, Case: id}
}

// follow is a case as its customer sees it.
func (k *desk) follow(id care.CaseID) care.CaseProgress {
	k.t.Helper()
	p, err := k.Cases.Get(k.t.Context(), k.customer, id)
	require.NoError(k.t, err)
	return p
}

// seen is a case as an operator sees it.
func (k *desk) seen(id care.CaseID) care.SeenCase {
	k.t.Helper()
	out, err := k.Cases.See(k.t.Context(), care.SeeCase{By: "ann", Why: why, Case: id, Limit: 100})
	require.NoError(k.t, err)
	return out
}

// texts are the entries' texts of a case as its customer sees them.
func (k *desk) texts(id care.CaseID) []string {
	k.t.Helper()
	log, _, err := k.Cases.Log(k.t.Context(), care.ReadLog{Customer: k.customer, Case: id, Limit: 100})
	require.NoError(k.t, err)
	out := []string{}
	for _, e := range log {
		out = append(out, e.Text)
	}
	return out
}

func (k *desk) newCustomer(id okpay.CustomerID) {
	k.t.Helper()
	_, err := k.Customers.Create(k.t.Context(), okpay.CreateCustomer{ID: id, Name: "Another"})
	require.NoError(k.t, err)
}

func startCases(t *testing.T, cfg care.Config) *desk {
	t.Helper()
	k := startDesk(t, cfg)
	k.hire("two", care.AgentL1)
	k.hire("top", care.AgentL2)
	return k
}
