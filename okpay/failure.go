package okpay

import (
	_ "embed"
	"encoding/json"
	"sync"
)

// Code names a refusal. A Code is an error, so that errors.Is(err, okpay.InsufficientBalance) tells
// what an *Error is about.
type Code string

// Error returns the code.
func (c Code) Error() string { return string(c) }

// The codes of this package's errors; failures.json tells of each.
const (
	InsufficientBalance           Code = "insufficient_balance"
	FundingSourceDeclined         Code = "funding_source_declined"
	FundingSourceExpired          Code = "funding_source_expired"
	AuthenticationRequired        Code = "authentication_required"
	AuthenticationFailed          Code = "authentication_failed"
	LimitExceededTransaction      Code = "limit_exceeded_transaction"
	LimitExceededDaily            Code = "limit_exceeded_daily"
	LimitExceededMonthly          Code = "limit_exceeded_monthly"
	VelocityExceeded              Code = "velocity_exceeded"
	AmountTooSmall                Code = "amount_too_small"
	AmountPrecision               Code = "amount_precision"
	CurrencyNotSupported          Code = "currency_not_supported"
	AccountLocked                 Code = "account_locked"
	AccountRestricted             Code = "account_restricted"
	AccountClosed                 Code = "account_closed"
	RiskDeclined                  Code = "risk_declined"
	UnderReview                   Code = "under_review"
	NetworkError                  Code = "network_error"
	IdempotencyKeyReused          Code = "idempotency_key_reused"
	RequestInProgress             Code = "request_in_progress"
	MerchantUnavailable           Code = "merchant_unavailable"
	MerchantNotAllowed            Code = "merchant_not_allowed"
	MerchantRejected              Code = "merchant_rejected"
	OrderAlreadyPaid              Code = "order_already_paid"
	PaymentExpired                Code = "payment_expired"
	ProviderUnavailable           Code = "provider_unavailable"
	ProviderOutcomeUnknown        Code = "provider_outcome_unknown"
	ProviderRejected              Code = "provider_rejected"
	AmountMismatch                Code = "amount_mismatch"
	WithdrawalBelowMinimum        Code = "withdrawal_below_minimum"
	WithdrawalExceedsWithdrawable Code = "withdrawal_exceeds_withdrawable"
	DestinationInvalid            Code = "destination_invalid"
	DestinationClosed             Code = "destination_closed"
	DestinationBlocked            Code = "destination_blocked"
	DestinationNameMismatch       Code = "destination_name_mismatch"
	WithdrawalRejected            Code = "withdrawal_rejected"
	WithdrawalReturned            Code = "withdrawal_returned"
	AmountExceedsCapturable       Code = "amount_exceeds_capturable"
	AmountExceedsRefundable       Code = "amount_exceeds_refundable"
	MerchantFundsInsufficient     Code = "merchant_funds_insufficient"
	PaymentNotRefundable          Code = "payment_not_refundable"
	PaymentDisputed               Code = "payment_disputed"
	AlreadyDisputed               Code = "already_disputed"
	TransferExpired               Code = "transfer_expired"
	SameAccount                   Code = "same_account"
	PayeeUnavailable              Code = "payee_unavailable"
	ContactTaken                  Code = "contact_taken"
	QuoteExpired                  Code = "quote_expired"
	QuoteAlreadyUsed              Code = "quote_already_used"
	InvalidState                  Code = "invalid_state"
	SelfApprovalForbidden         Code = "self_approval_forbidden"
	DuplicateApprover             Code = "duplicate_approver"
	InternalError                 Code = "internal_error"
	AmountNotPositive             Code = "amount_not_positive"
	InvalidRequest                Code = "invalid_request"
	NotFound                      Code = "not_found"
	Unauthenticated               Code = "unauthenticated"
	ServiceBusy                   Code = "service_busy"
	SessionEnded                  Code = "session_ended"
	PasswordNotAllowed            Code = "password_not_allowed"
	PermissionDenied              Code = "permission_denied"
	TooManyTries                  Code = "too_many_tries"
)

// Fault says whose doing a refusal is.
type Fault string

// The faults.
const (
	FaultPayer    Fault = "payer"
	FaultMerchant Fault = "merchant"
	FaultCaller   Fault = "caller"
	FaultRisk     Fault = "risk"
	FaultNetwork  Fault = "network"
	FaultProvider Fault = "provider"
)

// Failure is what is known of a Code.
type Failure struct {
	Code  Code  `json:"code"`
	Fault Fault `json:"fault"`
	// Retry is the advice: never, same_key (repeat with the same key), after_action,
	// after_time, switch (use another method), lower_amount, raise_amount, new_attempt,
	// wait, review.
	Retry string `json:"retry"`
	// En and Zh are the texts for people, in English and Simplified Chinese.
	En string `json:"en"`
	Zh string `json:"zh"`
	// NextAction is what the person can do, best first.
	NextAction []string `json:"next_action"`
	// Guide is the chapter of the user guide that speaks of it, if any.
	Guide string `json:"guide,omitempty"`
	// Maps are the names of the same refusal elsewhere, such as stripe or iso20022.
	Maps map[string]string `json:"maps,omitempty"`
}

//go:embed failures.json
var failuresJSON []byte

// failures is read once from the embedded table, which a test holds to be well-formed.
var failures = sync.OnceValue(func() map[Code]Failure {
	var list []Failure
	if err := json.Unmarshal(failuresJSON, &list); err != nil {
		panic("okpay: failures.json: " + err.Error())
	}
	byCode := make(map[Code]Failure, len(list))
	for _, f := range list {
		byCode[f.Code] = f
	}
	return byCode
})

// FailureOf returns what is known of a code; ok is false for one that is not in the table.
func FailureOf(code Code) (f Failure, ok bool) {
	f, ok = failures()[code]
	return f, ok
}

// Text returns the text for people: Simplified Chinese for "zh" and its variants,
// otherwise English.
func (f Failure) Text(locale string) string {
	if len(locale) >= 2 && locale[:2] == "zh" {
		return f.Zh
	}
	return f.En
}
