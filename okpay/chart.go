package okpay

import (
	"strings"

	"github.com/okpay/okpay-go/ledger"
)

// Chart is the wallet's chart of accounts; open the ledger with it.
//
//	user:{customer}:available      owed to a customer      never below zero, holds counted
//	merchant:{merchant}:available  owed to a merchant      never below zero
//	fees:{kind}                    income
//	clearing:{source}              owed by a funding source
//	suspense:{source}              money whose owner is not known yet
//	bank:{name}                    the operator's bank accounts
//
// Every account holds one currency each. "Held" is no account: it is the pending debits of
// user:{customer}:available.
func Chart() ledger.Chart {
	return ledger.Chart{
		{Name: "user:*:available", Min: ledger.Limit(0)},
		{Name: "merchant:*:available", Min: ledger.Limit(0)},
		{Name: "fees:*"},
		{Name: "clearing:*", Normal: ledger.Debit},
		{Name: "suspense:*"},
		{Name: "bank:*", Normal: ledger.Debit},
	}
}

// checkChart refuses a ledger that would open the wallet's accounts by other rules.
func checkChart(l *ledger.Ledger) error {
	if l == nil {
		return invalidField("ledger", "is missing")
	}
	chart := l.Chart()
	for _, want := range Chart() {
		name := strings.ReplaceAll(want.Name, "*", "x")
		got, ok := chart.Rule(ledger.AccountKey{Name: name, Currency: "CNY"})
		same := got.Min == nil && want.Min == nil || got.Min != nil && want.Min != nil && *got.Min == *want.Min
		if !ok || !same || got.Normal != want.Normal || got.Max != nil {
			return invalidField("ledger", "was not opened with okpay.Chart(): its rule for %s differs", want.Name)
		}
	}
	return nil
}

func customerAccount(id CustomerID) string { return "user:" + string(id) + ":available" }
func merchantAccount(id MerchantID) string { return "merchant:" + string(id) + ":available" }
func clearingAccount(source string) string { return "clearing:" + source }

// feeAccount is where fees of payments go.
const feeAccount = "fees:payment"
