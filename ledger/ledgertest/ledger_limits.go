package ledgertest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/okpay/okpay-go/ledger"
)

// limitPromises are about minimum and maximum.
var limitPromises = []promise{
	{"Limits bind to the unit, in every direction, holds counted", testLimits},
	{"An account beyond a limit may move back towards it, never further away", testBeyondLimit},
	{"Of several accounts beyond a limit the first that the operation touches is named", testFirstLimit},
}

func testLimits(f *fixture) {
	hold := func(id, debit, credit string, minor int64) ledger.Hold {
		return ledger.Hold{ID: id, Postings: []ledger.Posting{posting(debit, credit, minor)}}
	}
	some := func(ops ...ledger.Op) []ledger.Op { return ops }
	rows := []struct {
		name   string
		before []ledger.Op
		op     func(minor int64) ledger.Op
		most   int64 // what still goes through; one more is refused
		reason ledger.Reason
		at     string
	}{
		{
			"a debit down to the minimum", some(transfer("bank:1", "user:1", 70)),
			func(n int64) ledger.Op { return transfer("user:1", "free:1", n) },
			70, ledger.InsufficientFunds, "user:1",
		},
		{
			"a debit down to a minimum below zero", some(transfer("bank:1", "overdraft:1", 70)),
			func(n int64) ledger.Op { return transfer("overdraft:1", "free:1", n) },
			570, ledger.InsufficientFunds, "overdraft:1",
		},
		{
			"a hold down to the minimum", some(transfer("bank:1", "user:1", 70)),
			func(n int64) ledger.Op { return hold("h", "user:1", "free:1", n) },
			70, ledger.InsufficientFunds, "user:1",
		},
		{
			"a debit of what a hold leaves", some(transfer("bank:1", "user:1", 70), hold("h", "user:1", "free:1", 20)),
			func(n int64) ledger.Op { return transfer("user:1", "free:1", n) },
			50, ledger.InsufficientFunds, "user:1",
		},
		{
			"a second hold of what the first leaves", some(transfer("bank:1", "user:1", 70), hold("h", "user:1", "free:1", 20)),
			func(n int64) ledger.Op { return hold("i", "user:1", "free:1", n) },
			50, ledger.InsufficientFunds, "user:1",
		},
		{
			"pending credits are never spendable", some(transfer("bank:1", "user:1", 70), hold("h", "free:1", "user:1", 1000)),
			func(n int64) ledger.Op { return transfer("user:1", "free:1", n) },
			70, ledger.InsufficientFunds, "user:1",
		},
		{
			"a credit up to the maximum", some(transfer("bank:1", "user:1:capped", 900)),
			func(n int64) ledger.Op { return transfer("bank:1", "user:1:capped", n) },
			100, ledger.LimitExceeded, "user:1:capped",
		},
		{
			"a credit up to what pending credits leave below the maximum",
			some(transfer("bank:1", "user:1:capped", 900), hold("h", "free:1", "user:1:capped", 60)),
			func(n int64) ledger.Op { return transfer("bank:1", "user:1:capped", n) },
			40, ledger.LimitExceeded, "user:1:capped",
		},
		{
			"a hold towards the maximum", some(transfer("bank:1", "user:1:capped", 900)),
			func(n int64) ledger.Op { return hold("h", "free:1", "user:1:capped", n) },
			100, ledger.LimitExceeded, "user:1:capped",
		},
		{
			"pending debits make no room below the maximum",
			some(transfer("bank:1", "user:1:capped", 900), hold("h", "user:1:capped", "free:1", 500)),
			func(n int64) ledger.Op { return transfer("bank:1", "user:1:capped", n) },
			100, ledger.LimitExceeded, "user:1:capped",
		},
		{
			"a capture to an account that the hold did not name",
			some(transfer("bank:1", "user:1:capped", 900), hold("h", "free:2", "free:1", 5000)),
			func(n int64) ledger.Op {
				return ledger.Capture{Hold: "h", Postings: []ledger.Posting{posting("free:2", "user:1:capped", n)}}
			},
			100, ledger.LimitExceeded, "user:1:capped",
		},
		{
			"a credit of a debit-normal account down to its minimum", some(transfer("vault:1", "free:1", 70)),
			func(n int64) ledger.Op { return transfer("free:1", "vault:1", n) },
			70, ledger.InsufficientFunds, "vault:1",
		},
		{
			"a hold that credits a debit-normal account", some(transfer("vault:1", "free:1", 70), hold("h", "free:1", "vault:1", 20)),
			func(n int64) ledger.Op { return hold("i", "free:1", "vault:1", n) },
			50, ledger.InsufficientFunds, "vault:1",
		},
		{
			"a debit of a debit-normal account up to its maximum", some(hold("h", "vault:1", "free:1", 60)),
			func(n int64) ledger.Op { return transfer("vault:1", "free:1", n) },
			940, ledger.LimitExceeded, "vault:1",
		},
		{
			"several postings of one transaction count together", some(transfer("bank:1", "user:1", 70)),
			func(n int64) ledger.Op {
				return ledger.Transaction{Postings: []ledger.Posting{posting("user:1", "free:1", 40), posting("user:1", "free:2", n)}}
			},
			30, ledger.InsufficientFunds, "user:1",
		},
	}
	for _, row := range rows {
		f.Run(row.name, func(t *testing.T) {
			g := f.another(t)
			g.do(row.before...)
			refusal := g.refuses(changeOf("one too many", row.op(row.most+1)), row.reason)
			assert.Equal(t, ledger.Refusal{Reason: row.reason, Account: cny(row.at), Short: 1}, refusal)
			refusal = g.refuses(changeOf("by far too many", row.op(row.most+1000)), row.reason)
			assert.EqualValues(t, 1000, refusal.Short, "the refusal tells by how much")
			g.do(row.op(row.most))
		})
	}
}

func testBeyondLimit(f *fixture) {
	// A deposit account has a minimum of 100 and a debt account a maximum of -100, so a new one
	// is beyond its limit.
	f.do(transfer("free:1", "deposit:1", 50))
	f.stands("deposit:1", 50, 50)
	f.do(transfer("deposit:1", "free:1", 0))
	refusal := f.refuses(changeOf("away", transfer("deposit:1", "free:1", 1)), ledger.InsufficientFunds)
	assert.EqualValues(f, 51, refusal.Short)
	f.refuses(changeOf("reserved", ledger.Hold{ID: "h", Postings: []ledger.Posting{posting("deposit:1", "free:1", 1)}}), ledger.InsufficientFunds)
	f.do(ledger.Transaction{Postings: []ledger.Posting{posting("deposit:1", "free:1", 10), posting("free:2", "deposit:1", 10)}})
	f.do(transfer("free:1", "deposit:1", 51))
	f.do(transfer("deposit:1", "free:1", 1))
	f.refuses(changeOf("away again", transfer("deposit:1", "free:1", 1)), ledger.InsufficientFunds)

	f.do(transfer("debt:1", "free:1", 99))
	refusal = f.refuses(changeOf("up", transfer("free:1", "debt:1", 1)), ledger.LimitExceeded)
	assert.EqualValues(f, 2, refusal.Short)
	f.do(transfer("debt:1", "free:1", 1))
	refusal = f.refuses(changeOf("very far up", transfer("free:1", "debt:1", math.MaxInt64)), ledger.LimitExceeded)
	assert.EqualValues(f, math.MaxInt64, refusal.Short)
}

func testFirstLimit(f *fixture) {
	f.do(transfer("bank:1", "user:1:capped", 1000))
	refusal := f.refuses(changeOf("debit first", transfer("user:2", "user:1:capped", 1)), ledger.InsufficientFunds)
	assert.Equal(f, cny("user:2"), refusal.Account)
	refusal = f.refuses(changeOf("posting first", ledger.Transaction{Postings: []ledger.Posting{
		posting("free:1", "user:1:capped", 1), posting("user:2", "free:1", 1),
	}}), ledger.LimitExceeded)
	assert.Equal(f, cny("user:1:capped"), refusal.Account)
}
