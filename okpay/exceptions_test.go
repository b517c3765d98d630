package okpay_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// suspended are exceptions with money that came and money that left, and one without.
func suspended(b *books) map[string]okpay.Exception {
	b.t.Helper()
	id := b.reach(okpay.WithdrawalPaid, 700)
	_, err := b.says(id, "no", rails.PayoutFailed) // contradicts what is known
	require.NoError(b.t, err)
	_, err = b.load(statement(in("a", 500, 0, ""), out("b", 300, 0, "")))
	require.NoError(b.t, err)
	page, _, err := b.Exceptions.List(b.t.Context(), okpay.ExceptionQuery{})
	require.NoError(b.t, err)
	out := map[string]okpay.Exception{}
	for _, e := range page {
		out[e.Suspended] = e
	}
	require.Len(b.t, out, 3)
	return out
}

func TestAPersonDecidesWhatBecomesOfMoneyThatWaits(t *testing.T) {
	for name, c := range map[string]struct {
		of    string // "in", "out" or "" for no money
		do    okpay.ResolveException
		code  okpay.Code
		field string
		moved map[string]int64
	}{
		"money that came is a customer's": {
			of: "in", do: okpay.ResolveException{Disposition: okpay.CreditCustomer, Customer: "payer"},
			moved: map[string]int64{"suspense:bankA": -500, "user:payer:available": 500},
		},
		"money that came is a merchant's": {
			of: "in", do: okpay.ResolveException{Disposition: okpay.CreditMerchant, Merchant: "shop"},
			moved: map[string]int64{"suspense:bankA": -500, "merchant:shop:available": 500},
		},
		"money that came is owed to the provider": {
			of: "in", do: okpay.ResolveException{Disposition: okpay.ReturnToProvider},
			moved: map[string]int64{"suspense:bankA": -500, "clearing:bankA": 500},
		},
		"money that left is owed by the provider": {
			of: "out", do: okpay.ResolveException{Disposition: okpay.ReturnToProvider},
			moved: map[string]int64{"suspense:bankA": 300, "clearing:bankA": -300},
		},
		"money that left is lost": {
			of: "out", do: okpay.ResolveException{Disposition: okpay.WriteOff},
			moved: map[string]int64{"suspense:bankA": 300, "expense:loss": -300},
		},
		"no money waits": {do: okpay.ResolveException{}, moved: map[string]int64{}},

		"money that came can not be a loss":            {of: "in", do: okpay.ResolveException{Disposition: okpay.WriteOff}, code: okpay.InvalidRequest, field: "disposition"},
		"money that left can not be a customer's":      {of: "out", do: okpay.ResolveException{Disposition: okpay.CreditCustomer, Customer: "payer"}, code: okpay.InvalidRequest, field: "disposition"},
		"money that left can not be a merchant's":      {of: "out", do: okpay.ResolveException{Disposition: okpay.CreditMerchant, Merchant: "shop"}, code: okpay.InvalidRequest, field: "disposition"},
		"money that came is not forgotten":             {of: "in", do: okpay.ResolveException{}, code: okpay.InvalidRequest, field: "disposition"},
		"money that left is not forgotten":             {of: "out", do: okpay.ResolveException{}, code: okpay.InvalidRequest, field: "disposition"},
		"no money can not be returned":                 {do: okpay.ResolveException{Disposition: okpay.ReturnToProvider}, code: okpay.InvalidRequest, field: "disposition"},
		"no money can not be lost":                     {do: okpay.ResolveException{Disposition: okpay.WriteOff}, code: okpay.InvalidRequest, field: "disposition"},
		"no money can not be a customer's":             {do: okpay.ResolveException{Disposition: okpay.CreditCustomer, Customer: "payer"}, code: okpay.InvalidRequest, field: "disposition"},
		"a customer who is not there":                  {of: "in", do: okpay.ResolveException{Disposition: okpay.CreditCustomer, Customer: "nobody"}, code: okpay.NotFound},
		"a merchant who is not there":                  {of: "in", do: okpay.ResolveException{Disposition: okpay.CreditMerchant, Merchant: "nobody"}, code: okpay.NotFound},
		"a merchant who is closed":                     {of: "in", do: okpay.ResolveException{Disposition: okpay.CreditMerchant, Merchant: "gone"}, code: okpay.AccountClosed},
		"a customer without being credited":            {of: "in", do: okpay.ResolveException{Disposition: okpay.ReturnToProvider, Customer: "payer"}, code: okpay.InvalidRequest, field: "customer"},
		"no customer":                                  {of: "in", do: okpay.ResolveException{Disposition: okpay.CreditCustomer}, code: okpay.InvalidRequest, field: "customer"},
		"no merchant":                                  {of: "in", do: okpay.ResolveException{Disposition: okpay.CreditMerchant}, code: okpay.InvalidRequest, field: "merchant"},
		"a disposition that there is not":              {of: "in", do: okpay.ResolveException{Disposition: "keep"}, code: okpay.InvalidRequest, field: "disposition"},
		"nobody decides":                               {of: "in", do: okpay.ResolveException{Disposition: okpay.ReturnToProvider, By: "-none-"}, code: okpay.InvalidRequest, field: "by"},
		"no reason":                                    {of: "in", do: okpay.ResolveException{Disposition: okpay.ReturnToProvider, Reason: "-none-"}, code: okpay.InvalidRequest, field: "reason"},
		"an exception that is not there":               {of: "in", do: okpay.ResolveException{Exception: "exc_nowhere", Disposition: okpay.ReturnToProvider}, code: okpay.NotFound},
		"the reason is a sentence and not a code":      {of: "in", do: okpay.ResolveException{Disposition: okpay.ReturnToProvider, Reason: "I think so"}, code: okpay.InvalidRequest, field: "reason"},
		"the customer of a locked account is credited": {of: "in", do: okpay.ResolveException{Disposition: okpay.CreditCustomer, Customer: "locked"}, moved: map[string]int64{"suspense:bankA": -500, "user:locked:available": 500}},
	} {
		t.Run(name, func(t *testing.T) {
			b := startBooks(t, okpay.Config{})
			_, err := b.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "locked"})
			require.NoError(t, err)
			_, err = b.Merchants.Create(t.Context(), okpay.CreateMerchant{ID: "gone", Name: "Gone"})
			require.NoError(t, err)
			_, err = b.Merchants.Close(t.Context(), okpay.CloseMerchant{Merchant: "gone", By: "ops1"})
			require.NoError(t, err)
			_, err = b.Customers.Lock(t.Context(), okpay.MoveGate{Customer: "locked", By: "ops1", Reason: "risk"})
			require.NoError(t, err)
			e := suspended(b)[c.of]
			in := c.do
			if in.Exception == "" {
				in.Exception = e.ID
			}
			in.By, in.Reason = given(in.By, "ops1"), given(in.Reason, "agreed")
			in.Key = "k"
			before, last := b.balancesOf("CNY"), b.last()

			got, err := b.Exceptions.Resolve(t.Context(), in)
			types, _ := b.since(last)
			if c.code != "" {
				failure := refusedAs(t, err, c.code)
				assert.Equal(t, c.field, failure.Field)
				assert.Empty(t, types)
				assert.Equal(t, before, b.balancesOf("CNY"))
				now, err := b.Exceptions.Get(t.Context(), e.ID)
				require.NoError(t, err)
				assert.Equal(t, e, now)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, []string{"reconciliation.resolved"}, types)
			assert.Equal(t, c.moved, b.moved(b.copyOf(before)))
			assert.Equal(t, okpay.ExceptionResolved, got.State)
			assert.Equal(t, &okpay.Resolution{
				Disposition: in.Disposition, To: string(in.Customer) + string(in.Merchant), Reason: "agreed", By: "ops1", At: b.clock.Now(),
			}, got.Resolution)

			again, err := b.Exceptions.Resolve(t.Context(), in)
			require.NoError(t, err)
			assert.True(t, again.Replayed)
			again.Replayed = false
			assert.Equal(t, got, again)
			other := in
			other.Reason = "another"
			_, err = b.Exceptions.Resolve(t.Context(), other)
			refusedAs(t, err, okpay.IdempotencyKeyReused)
			in.Key = ""
			_, err = b.Exceptions.Resolve(t.Context(), in)
			refusedAs(t, err, okpay.InvalidState)
			assert.Equal(t, c.moved, b.moved(b.copyOf(before)), "once")
			b.verify()
		})
	}
}

// given is a value, or the one that is given for none; "-none-" is really none.
func given(value, otherwise string) string {
	switch value {
	case "":
		return otherwise
	case "-none-":
		return ""
	}
	return value
}

func (b *books) copyOf(m map[string]int64) map[string]int64 { return merged(m, nil) }

func TestMoneyThatWaitsIsNotForgottenWhenItsObjectIsDecided(t *testing.T) {
	b := startBooks(t, okpay.Config{})
	id := b.reach(okpay.WithdrawalPaidAfterFailed, 1_000)
	_, err := b.load(statement(out(id, 999, 0, "")))
	require.NoError(t, err)
	assert.Equal(t, map[string]int{"amount_mismatch": 1, "paid_after_failed": 1}, b.kinds(string(id)))
	_, err = b.Withdrawals.Collect(t.Context(), okpay.ReviewWithdrawal{Withdrawal: id, By: "ops1"})
	require.NoError(t, err)
	assert.Equal(t, map[string]int{"amount_mismatch": 1}, b.kinds(string(id)))
}

func TestExceptionsAreListed(t *testing.T) {
	b := startBooks(t, okpay.Config{})
	_, err := b.load(statement(in("a", 1, 0, ""), in("b", 2, 0, ""), in("c", 3, 0, "")))
	require.NoError(t, err)
	page, more, err := b.Exceptions.List(t.Context(), okpay.ExceptionQuery{Limit: 2})
	require.NoError(t, err)
	assert.True(t, more)
	require.Len(t, page, 2)
	rest, more, err := b.Exceptions.List(t.Context(), okpay.ExceptionQuery{After: page[1].ID, Limit: 2})
	require.NoError(t, err)
	assert.False(t, more)
	require.Len(t, rest, 1)
	_, err = b.Exceptions.Resolve(t.Context(), okpay.ResolveException{Exception: rest[0].ID, Disposition: okpay.ReturnToProvider, By: "ops1", Reason: "x"})
	require.NoError(t, err)
	page, _, err = b.Exceptions.List(t.Context(), okpay.ExceptionQuery{})
	require.NoError(t, err)
	assert.Len(t, page, 2)
	page, _, err = b.Exceptions.List(t.Context(), okpay.ExceptionQuery{State: okpay.ExceptionResolved})
	require.NoError(t, err)
	assert.Len(t, page, 1)
	page, _, err = b.Exceptions.List(t.Context(), okpay.ExceptionQuery{Object: "b"})
	require.NoError(t, err)
	assert.Len(t, page, 1)
	_, _, err = b.Exceptions.List(t.Context(), okpay.ExceptionQuery{Object: "b", State: okpay.ExceptionOpen})
	refusedAs(t, err, okpay.InvalidRequest)
	_, err = b.Exceptions.Get(t.Context(), "exc_nowhere")
	refusedAs(t, err, okpay.NotFound)
}

func TestMoneyThatCameBackToNobodyIsGivenToSomebodyByAPerson(t *testing.T) {
	for _, returnFee := range []bool{false, true} {
		b := startBooks(t, okpay.Config{
			Fees: okpay.Fees{Withdrawal: okpay.Fee{Fixed: 100}}, Withdrawals: okpay.OutgoingConfig{ReturnFee: returnFee},
		})
		_, err := b.Customers.Create(t.Context(), okpay.CreateCustomer{ID: "heir"})
		require.NoError(t, err)
		id := b.reach(okpay.WithdrawalPaid, 1_000_000-100)
		_, err = b.Customers.Close(t.Context(), okpay.MoveGate{Customer: b.customer, By: "ops1", Reason: "asked"})
		require.NoError(t, err)
		want := int64(1_000_000 - 100)
		if returnFee {
			want += 100
		}
		r, err := b.load(statement(back(id, 1_000_000-100, 0, "")))
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"matched": 1}, counts(r))
		e := b.open()["returned_to_closed_account"]
		assert.Equal(t, cny(want), e.Amount)
		assert.Equal(t, "in", e.Suspended)
		assert.Equal(t, want, b.balancesOf("CNY")["suspense:bankA"])

		resolve := okpay.ResolveException{Exception: e.ID, Disposition: okpay.CreditCustomer, Customer: b.customer, By: "ops1", Reason: "x"}
		_, err = b.Exceptions.Resolve(t.Context(), resolve)
		refusedAs(t, err, okpay.AccountClosed)
		resolve.Customer = "heir"
		_, err = b.Exceptions.Resolve(t.Context(), resolve)
		require.NoError(t, err)
		assert.Zero(t, b.balancesOf("CNY")["suspense:bankA"])
		assert.Equal(t, want, b.balancesOf("CNY")["user:heir:available"])
		b.verify()
	}
}
