package care

import (
	"time"

	"github.com/okpay/okpay-go/okpay"
)

// Category is what a case is about. An operator with skills is given cases of these categories.
type Category string

// The categories.
const (
	UnauthorizedTransaction Category = "unauthorized_transaction"
	RiskLock                Category = "risk_lock"
	AccountLocked           Category = "account_locked"
	AccountSecurity         Category = "account_security" // phishing, lost devices, lost second factors
	PaymentFailed           Category = "payment_failed"
	WithdrawalProblem       Category = "withdrawal"
	TopUpProblem            Category = "top_up"
	TransferProblem         Category = "transfer"
	RefundProblem           Category = "refund"
	RestrictionQuestion     Category = "restriction" // restrictions and appeals
	Complaint               Category = "complaint"
	GeneralQuestion         Category = "general"
)

// Priority orders the queue; 1 comes first.
type Priority int

// The priorities.
const (
	P1 Priority = 1 + iota // money is being lost
	P2                     // the customer can not use the account
	P3
	P4
)

// Fact is something that support has to know.
type Fact string

// The facts that forms ask for. RegisteredEmail and AccountBalance are what a caller is asked for
// to be identified (Callers.Identify); they are the account's own, and a case never keeps them.
const (
	RegisteredEmail Fact = "registered_email"
	AccountBalance  Fact = "account_balance"
	TransactionID   Fact = "transaction_id"
	OccurredAt      Fact = "occurred_at"
	AmountConcerned Fact = "amount"
	FailureCode     Fact = "failure_code"
	ObjectState     Fact = "object_state"
	DeviceUsed      Fact = "device"
	LockReason      Fact = "lock_reason"
	WantedOutcome   Fact = "wanted_outcome"
)

// kept reports whether a case keeps a fact.
func (f Fact) kept() bool { return f != RegisteredEmail && f != AccountBalance }

// CategoryRow is what is known of a category.
type CategoryRow struct {
	Category Category
	Priority Priority
	Facts    []Fact   // what its form asks for, in order
	Required []Fact   // of them, without which no case is opened by the customer
	Objects  []string // what it is usually about: types of records, such as payment
}

// Categories returns the table of categories.
func Categories() []CategoryRow {
	who := func(more ...Fact) []Fact { return append([]Fact{RegisteredEmail, AccountBalance}, more...) }
	return []CategoryRow{
		{UnauthorizedTransaction, P1, who(TransactionID, OccurredAt, AmountConcerned, DeviceUsed), nil, []string{"payment", "transfer", "withdrawal", "conversion"}},
		{RiskLock, P1, who(LockReason, DeviceUsed), nil, nil},
		{AccountLocked, P2, who(LockReason, OccurredAt), nil, nil},
		{AccountSecurity, P2, who(OccurredAt, DeviceUsed), nil, nil},
		{PaymentFailed, P3, who(TransactionID, FailureCode, AmountConcerned, OccurredAt), []Fact{TransactionID}, []string{"payment"}},
		{WithdrawalProblem, P2, who(TransactionID, ObjectState, FailureCode, AmountConcerned), []Fact{TransactionID}, []string{"withdrawal"}},
		{TopUpProblem, P3, who(TransactionID, ObjectState, FailureCode, AmountConcerned), nil, []string{"topup"}},
		{TransferProblem, P3, who(TransactionID, ObjectState, AmountConcerned), nil, []string{"transfer", "request"}},
		{RefundProblem, P3, who(TransactionID, ObjectState, AmountConcerned), nil, []string{"refund", "payment", "dispute"}},
		{RestrictionQuestion, P3, who(WantedOutcome), nil, nil},
		{Complaint, P3, who(WantedOutcome), nil, nil},
		{GeneralQuestion, P4, nil, nil, nil},
	}
}

// category returns what is known of a category. Errors: InvalidRequest.
func category(c Category) (CategoryRow, error) {
	for _, r := range Categories() {
		if r.Category == c {
			return r, nil
		}
	}
	return CategoryRow{}, okpay.InvalidField("category", "is not known")
}

// Service is how soon cases of a priority are answered.
type Service struct {
	First      time.Duration // until the first public answer
	Next       time.Duration // until the answer to what the customer writes later
	Resolution time.Duration // until it is solved, without the time in which others are waited for
	// Business measures them by the hours of Config.Calendar. Otherwise every hour counts.
	Business bool
}

// services are the defaults of Config.Services.
func services() map[Priority]Service {
	return map[Priority]Service{
		P1: {15 * time.Minute, 30 * time.Minute, 4 * time.Hour, false},
		P2: {time.Hour, 2 * time.Hour, 12 * time.Hour, false},
		P3: {4 * time.Hour, 8 * time.Hour, 24 * time.Hour, true},
		P4: {8 * time.Hour, 16 * time.Hour, 40 * time.Hour, true},
	}
}
