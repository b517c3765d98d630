package care_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

// desk is a wallet with a customer, and operators who look after them: boss (admin), ann and
// bob (supervisors), rev (reviewer), cleo and carl (compliance), one (first level), aud (auditor).
type desk struct {
	*okpay.Wallet
	*care.Care
	t        *testing.T
	clock    *handclock.Clock
	customer okpay.CustomerID
}

// monday is a Monday, at nine in the morning.
var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func startDesk(t *testing.T, cfg care.Config) *desk {
	t.Helper()
	clock := handclock.At(monday)
	return openDesk(t, memstore.New(), clock, okpay.Config{}, cfg, true)
}

// openDesk opens a wallet over a store: the second one over the same store makes nothing.
func openDesk(t *testing.T, s ledger.Store, clock *handclock.Clock, wallet okpay.Config, cfg care.Config, first bool) *desk {
	t.Helper()
	k := &desk{t: t, clock: clock, customer: "payer"}
	l, err := ledger.Open(t.Context(), s, ledger.Config{Chart: okpay.Chart(), Now: clock.Now, MaxSkew: -1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
	if wallet.NewID == nil {
		ids := new(atomic.Int64) // in order, also of what happens at one moment
		wallet.NewID = func() string { return fmt.Sprintf("%08d", ids.Add(1)) }
		if !first {
			wallet.NewID = func() string { return fmt.Sprintf("%08db", ids.Add(1)) }
		}
	}
	k.Wallet, err = okpay.New(l, wallet)
	require.NoError(t, err)
	k.Care, err = care.New(k.Wallet, cfg)
	require.NoError(t, err)
	if !first {
		return k
	}
	_, err = k.Customers.Create(t.Context(), okpay.CreateCustomer{ID: k.customer, Name: "Payer"})
	require.NoError(t, err)
	_, err = k.Operators.Bootstrap(t.Context(), care.CreateOperator{ID: "boss", Roles: []care.Role{care.Admin}, Why: "the first one"})
	require.NoError(t, err)
	for _, o := range []struct {
		id   care.OperatorID
		role care.Role
	}{
		{"ann", care.Supervisor},
		{"bob", care.Supervisor},
		{"rev", care.Reviewer},
		{"cleo", care.Compliance},
		{"carl", care.Compliance},
		{"one", care.AgentL1},
		{"aud", care.Auditor},
	} {
		k.hire(o.id, o.role)
	}
	return k
}

func (k *desk) hire(id care.OperatorID, roles ...care.Role) {
	k.t.Helper()
	k.hireBy("boss", id, roles...)
}

func (k *desk) hireBy(by, id care.OperatorID, roles ...care.Role) {
	k.t.Helper()
	_, err := k.Operators.Create(k.t.Context(), care.CreateOperator{By: by, Why: "was hired", ID: id, Roles: roles})
	require.NoError(k.t, err)
}

// hireOn hires somebody with an account of their own.
func (k *desk) hireOn(id care.OperatorID, account okpay.CustomerID, roles ...care.Role) {
	k.t.Helper()
	_, err := k.Operators.Create(k.t.Context(), care.CreateOperator{By: "boss", Why: "was hired", ID: id, Roles: roles, Account: account})
	require.NoError(k.t, err)
}

// refused requires an error with a code.
func refused(t *testing.T, err error, code okpay.Code, about ...any) *okpay.Error {
	t.Helper()
	require.ErrorIs(t, err, code, about...)
	var e *okpay.Error
	require.ErrorAs(t, err, &e)
	return e
}

// eventsSince returns the types of the events after a number, and the number of the last one.
func (k *desk) eventsSince(no int64) ([]string, int64) {
	k.t.Helper()
	types := []string{}
	for {
		events, last, err := k.Wallet.Events(k.t.Context(), no, 1000)
		require.NoError(k.t, err)
		for _, e := range events {
			types = append(types, e.Type)
		}
		if len(events) < 1000 {
			return types, max(last, no)
		}
		no = last
	}
}

func (k *desk) lastEvent() int64 {
	_, last := k.eventsSince(0)
	return last
}

// mails are the templates of the customer's messages, the oldest first.
func (k *desk) mails() []string {
	k.t.Helper()
	templates := []string{}
	for after := okpay.MessageID(""); ; {
		page, err := k.Customers.Messages(k.t.Context(), k.customer, after, 100)
		require.NoError(k.t, err)
		for _, m := range page {
			templates, after = append(templates, m.Template), m.ID
		}
		if len(page) < 100 {
			slices.Reverse(templates)
			return templates
		}
	}
}

// actions are the audit's actions on an object, the oldest first.
func (k *desk) actions(object string) []string {
	k.t.Helper()
	list, _, err := k.Wallet.Audit(k.t.Context(), okpay.AuditPage{Object: object, Limit: 100})
	require.NoError(k.t, err)
	out := []string{}
	for _, e := range slices.Backward(list) {
		out = append(out, e.Action)
		assert.NotEmpty(k.t, e.Actor)
	}
	return out
}

func (k *desk) gate() okpay.Gate {
	k.t.Helper()
	g, err := k.Customers.Gate(k.t.Context(), k.customer)
	require.NoError(k.t, err)
	return g
}

func (k *desk) work() {
	k.t.Helper()
	_, err := k.Work(k.t.Context())
	require.NoError(k.t, err)
}

func (k *desk) verify() {
	k.t.Helper()
	report, err := k.Ledger().Verify(k.t.Context())
	require.NoError(k.t, err)
	require.NoError(k.t, report.Err())
	k.checkFacts()
}

// checkFacts holds messages to the table of templates.
func (k *desk) checkFacts() {
	k.t.Helper()
	facts := map[string][]string{}
	for _, m := range care.Templates() {
		facts[m.Name] = append([]string{}, m.Facts...)
	}
	for after := ""; ; {
		records, err := k.Ledger().Records(k.t.Context(), ledger.RecordQuery{Type: "message", After: after, Limit: 100})
		require.NoError(k.t, err)
		for _, r := range records {
			after = r.ID
			var m okpay.Message
			require.NoError(k.t, json.Unmarshal(r.Content, &m))
			if known := facts[m.Template]; known != nil {
				for fact := range m.Facts {
					assert.Contains(k.t, known, fact, m.Template)
				}
			}
		}
		if len(records) < 100 {
			return
		}
	}
}

func (k *desk) topUp(minor int64) {
	k.t.Helper()
	_, err := k.TopUps.Create(k.t.Context(), okpay.CreateTopUp{Customer: k.customer, Amount: yuan(minor)})
	require.NoError(k.t, err)
}

func yuan(minor int64) money.Amount { return money.New(minor, money.MustISO("CNY")) }

func inJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b) + fmt.Sprintf("%+v", v)
}
