package okpay

import (
	"strings"

	"github.com/okpay/okpay-go/ledger"
)

// Chart is the wallet's chart of accounts; open the ledger with it.
//
//	user:{customer}:available       owed to a customer      never below zero, holds counted
//	merchant:{merchant}:available   owed to a merchant      never below zero, holds counted
//	unclaimed:transfers             owed to who claims a transfer
//	reserve:disputes                taken from merchants while a dispute is open
//	suspense:{provider}             money whose owner is not known yet
//	fees:{kind}                     income: payment, transfer, topup, withdrawal, payout, fx_spread
//	fx:position                     what exchanges have left in each currency
//	clearing:{provider}             owed by a funding source, or owed to a payout provider
//	clearing:{source}:refunds       owed to a funding source for what it gives back
//	bank:{name}                     the operator's bank accounts
//	receivable:user:{customer}      owed by a customer
//	receivable:merchant:{merchant}  owed by a merchant
//	provisional:disputes            paid to customers before a dispute is decided
//	expense:{kind}                  cost: provider, loss
//	transit:{object}                zero again at the end of every transaction
//	usage:{party}:{operation}:{period}[:count], memo:usage   no money: what limits count
//
// Every account holds one currency each. "Held" is no account: it is the pending debits of
// an available account. The credit side is the normal one of what is owed to others and of
// income, the debit side that of what others owe and of cost.
func Chart() ledger.Chart {
	return ledger.Chart{
		{Name: "user:*:available", Min: ledger.Limit(0)},
		{Name: "merchant:*:available", Min: ledger.Limit(0)},
		{Name: "unclaimed:transfers", Min: ledger.Limit(0)},
		{Name: "reserve:disputes", Min: ledger.Limit(0)},
		{Name: "suspense:*"},
		{Name: "fees:*"},
		{Name: "fx:position"},
		{Name: "clearing:*", Normal: ledger.Debit},
		{Name: "clearing:*:refunds", Normal: ledger.Debit},
		{Name: "bank:*", Normal: ledger.Debit},
		{Name: "receivable:user:*", Normal: ledger.Debit, Min: ledger.Limit(0)},
		{Name: "receivable:merchant:*", Normal: ledger.Debit, Min: ledger.Limit(0)},
		{Name: "provisional:disputes", Normal: ledger.Debit, Min: ledger.Limit(0)},
		{Name: "expense:*", Normal: ledger.Debit},
		{Name: "transit:*", Normal: ledger.Debit},
		{Name: "usage:*:*:*", Min: ledger.Limit(0)},
		{Name: "usage:*:*:*:count", Min: ledger.Limit(0)},
		{Name: "memo:usage", Normal: ledger.Debit},
	}
}

// checkChart refuses a ledger that would open the wallet's accounts by other rules.
func checkChart(l *ledger.Ledger) error {
	if l == nil {
		return InvalidField("ledger", "is missing")
	}
	chart := l.Chart()
	for _, want := range Chart() {
		name := strings.ReplaceAll(want.Name, "*", "x")
		got, ok := chart.Rule(ledger.AccountKey{Name: name, Currency: "CNY"})
		same := got.Min == nil && want.Min == nil || got.Min != nil && want.Min != nil && *got.Min == *want.Min
		if !ok || !same || got.Normal != want.Normal || got.Max != nil {
			return InvalidField("ledger", "was not opened with okpay.Chart(): its rule for %s differs", want.Name)
		}
	}
	return nil
}

func customerAccount(id CustomerID) string { return "user:" + string(id) + ":available" }
func merchantAccount(id MerchantID) string { return "merchant:" + string(id) + ":available" }
func clearingAccount(source string) string { return "clearing:" + source }

func refundClearing(source string) string { return "clearing:" + source + ":refunds" }

func suspenseAccount(provider string) string { return "suspense:" + provider }

func customerDebt(id CustomerID) string { return "receivable:user:" + string(id) }
func merchantDebt(id MerchantID) string { return "receivable:merchant:" + string(id) }

// The accounts that there is one of in each currency.
const (
	feeAccount         = "fees:payment"
	transferFees       = "fees:transfer"
	topUpFees          = "fees:topup"
	withdrawalFees     = "fees:withdrawal"
	payoutFees         = "fees:payout"
	fxSpread           = "fees:fx_spread"
	fxPosition         = "fx:position"
	unclaimedTransfers = "unclaimed:transfers"
	disputeReserve     = "reserve:disputes"
	provisionalCredits = "provisional:disputes"
	providerCost       = "expense:provider"
	loss               = "expense:loss"
	nostro             = "bank:nostro"
)
