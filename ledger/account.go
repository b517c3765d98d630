package ledger

import (
	"fmt"
	"time"
)

// AccountKey names an account: an account is the pair of a name and a currency.
type AccountKey struct {
	Name     string // parts of letters, digits, '_', '-' and '.', joined by ':'
	Currency string // a currency code
}

// String returns the name and the currency joined by a colon.
func (k AccountKey) String() string { return k.Name + ":" + k.Currency }

// Side is the side on which an account grows.
type Side uint8

const (
	// Credit is the normal side of what is owed to others and of income: balances of
	// customers and merchants, fees.
	Credit Side = iota
	// Debit is the normal side of assets and expenses: banks, clearing.
	Debit
)

// String returns "credit" or "debit".
func (s Side) String() string {
	if s == Debit {
		return "debit"
	}
	return "credit"
}

// AccountFlags say what an account refuses and whether it is watched.
type AccountFlags uint8

const (
	// DebitsFrozen accounts refuse postings and holds that debit them.
	DebitsFrozen AccountFlags = 1 << iota
	// CreditsFrozen accounts refuse postings and holds that credit them.
	CreditsFrozen
	// Closed accounts refuse everything but the void and the expiry of holds.
	Closed
	// Watched accounts have at least one balance monitor.
	Watched

	allAccountFlags = DebitsFrozen | CreditsFrozen | Closed | Watched
)

// Account is the state of one account as the store keeps it. Amounts are minor units of
// its currency.
type Account struct {
	No  int64 // compact key inside the store, from 1 in order of opening
	Key AccountKey

	Normal   Side
	Min, Max *int64 // limits of the balance on its normal side, nil for none
	Flags    AccountFlags

	Balance               int64 // posted credits less posted debits
	DebitsHi, DebitsLo    uint64
	PendingOut, PendingIn int64     // pending debits and pending credits, never negative
	Entries               int64     // postings that touched the account, counting each side
	Last                  int64     // number of the last of them, 0 for none
	NextExpiry            time.Time // no open hold on the account expires before; zero for none
}

// addTurnover adds a posted debit to the 128-bit total of debits.
func (a *Account) addTurnover(debit int64) {
	lo := a.DebitsLo + uint64(debit)
	if lo < a.DebitsLo {
		a.DebitsHi++
	}
	a.DebitsLo = lo
}

// normalBalance is the posted balance on the account's normal side. ok is false when it
// does not fit.
func (a *Account) normalBalance() (v int64, ok bool) {
	if a.Normal == Debit {
		return negate(a.Balance)
	}
	return a.Balance, true
}

// spendable is the balance on the normal side less what is pending away from it; highest is the balance
// together with what is pending towards it. ok is false when either does not fit into an int64.
func (a *Account) bounds() (spendable, highest int64, ok bool) {
	balance, ok := a.normalBalance()
	if !ok {
		return 0, 0, false
	}
	away, towards := a.PendingOut, a.PendingIn
	if a.Normal == Debit {
		away, towards = towards, away
	}
	spendable, ok1 := sub(balance, away)
	highest, ok2 := add(balance, towards)
	return spendable, highest, ok1 && ok2
}

// checkAccountName reports why name can not be an account's name.
func checkAccountName(name string) error {
	if name == "" || len(name) > MaxAccountLen {
		return fmt.Errorf("account name has %d bytes, want 1 to %d", len(name), MaxAccountLen)
	}
	partLen := 0
	for i := range len(name) {
		switch c := name[i]; {
		case c == ':' && partLen == 0:
			return fmt.Errorf("account name %q has an empty part", clip(name))
		case c == ':':
			partLen = 0
		case isNameByte(c):
			partLen++
		default:
			return fmt.Errorf("account name %q has a character other than letters, digits, '_', '-', '.' and ':'", clip(name))
		}
	}
	if partLen == 0 {
		return fmt.Errorf("account name %q has an empty part", clip(name))
	}
	return nil
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.'
}
