package merchant

// Code names a refusal. A Code is an error, so that errors.Is(err, merchant.CodeNotFound)
// tells what an [*Error] is about. New codes may come at any time: treat one that is not
// known by its [Fault] and [Retry].
type Code string

// Error returns the code.
func (c Code) Error() string { return string(c) }

// The codes that this client's calls and the objects they return may carry.
const (
	// Refused because of the request.

	CodeInvalidRequest       Code = "invalid_request"        // Error.Field names the mistake
	CodeAmountPrecision      Code = "amount_precision"       // more decimals than the currency has
	CodeAmountNotPositive    Code = "amount_not_positive"    // zero or less
	CodeCurrencyNotSupported Code = "currency_not_supported" // not here
	CodeUnauthenticated      Code = "unauthenticated"        // the API key is missing, unknown or revoked
	CodeNotFound             Code = "not_found"              // unknown, or another merchant's
	CodeIdempotencyKeyReused Code = "idempotency_key_reused" // the Key was used with other data

	// Refused because of how things stand.

	CodeInsufficientBalance       Code = "insufficient_balance"        // the payer has too little
	CodeMerchantFundsInsufficient Code = "merchant_funds_insufficient" // the merchant has too little to refund
	CodeInvalidState              Code = "invalid_state"               // not possible now
	CodePaymentExpired            Code = "payment_expired"             // its time is over
	CodePaymentNotRefundable      Code = "payment_not_refundable"      // for good
	CodeAmountExceedsCapturable   Code = "amount_exceeds_capturable"   // Error.Limit is what is left
	CodeAmountExceedsRefundable   Code = "amount_exceeds_refundable"   // Error.Limit is what is left
	CodePaymentDisputed           Code = "payment_disputed"            // the customer has reported the payment
	CodeOrderAlreadyPaid          Code = "order_already_paid"          // another payment with the reference is paid
	CodeMerchantNotAllowed        Code = "merchant_not_allowed"        // the merchant does not take this currency
	CodeMerchantRejected          Code = "merchant_rejected"           // the merchant's side did not take the order
	CodeMerchantUnavailable       Code = "merchant_unavailable"        // the merchant's side did not answer
	CodeAmountTooSmall            Code = "amount_too_small"            // below a minimum; Error.Limit is it
	CodeLimitExceededTransaction  Code = "limit_exceeded_transaction"  // above the limit for one transaction
	CodeLimitExceededDaily        Code = "limit_exceeded_daily"        // Error.Limit is what is left until Error.ResetsAt
	CodeLimitExceededMonthly      Code = "limit_exceeded_monthly"      // Error.Limit is what is left until Error.ResetsAt
	CodeVelocityExceeded          Code = "velocity_exceeded"           // too often; see Error.ResetsAt
	CodeRiskDeclined              Code = "risk_declined"               // for good
	CodeAuthenticationRequired    Code = "authentication_required"     // somebody has to prove who they are
	CodeAuthenticationFailed      Code = "authentication_failed"       // the payer did not
	CodeAccountLocked             Code = "account_locked"              // the payer's
	CodeAccountRestricted         Code = "account_restricted"          // the payer's, or the merchant's
	CodeAccountClosed             Code = "account_closed"              // the payer's, or the merchant's
	CodeFundingSourceExpired      Code = "funding_source_expired"      // the payer's card
	CodeFundingSourceDeclined     Code = "funding_source_declined"     // the payer's bank said no
	CodeProviderUnavailable       Code = "provider_unavailable"        // the payer's channel is down
	CodeProviderRejected          Code = "provider_rejected"           // a bank or channel said no
	CodeAmountMismatch            Code = "amount_mismatch"             // another amount than was asked for came in
	CodeProviderOutcomeUnknown    Code = "provider_outcome_unknown"    // the payer's channel is being asked

	// About payouts and where they go.

	CodeWithdrawalBelowMinimum        Code = "withdrawal_below_minimum"        // Error.Limit is the minimum
	CodeWithdrawalExceedsWithdrawable Code = "withdrawal_exceeds_withdrawable" // Error.Limit is what is possible
	CodeWithdrawalRejected            Code = "withdrawal_rejected"             // it did not pass review
	CodeWithdrawalReturned            Code = "withdrawal_returned"             // the bank sent it back
	CodeDestinationInvalid            Code = "destination_invalid"             // not there, not verified, or not in order
	CodeDestinationClosed             Code = "destination_closed"
	CodeDestinationBlocked            Code = "destination_blocked"
	CodeDestinationNameMismatch       Code = "destination_name_mismatch" // the account is somebody else's

	// Not decided. The client repeats these by itself, with the same Key, before it
	// returns them.

	CodeServiceBusy       Code = "service_busy"        // nothing was done
	CodeRequestInProgress Code = "request_in_progress" // the outcome is not known yet
	CodeInternalError     Code = "internal_error"      // the outcome is not known
)

// Fault says whose doing a refusal is. New ones may come at any time.
type Fault string

// The faults.
const (
	FaultPayer    Fault = "payer"
	FaultMerchant Fault = "merchant"
	FaultCaller   Fault = "caller" // the program that calls
	FaultRisk     Fault = "risk"
	FaultNetwork  Fault = "network"
	FaultProvider Fault = "provider" // the service, or a bank or channel behind it
)

// Retry is the advice whether and how to try again. New ones may come at any time: treat one
// that is not known as RetryNever.
type Retry string

// The advice.
const (
	RetryNever       Retry = "never"
	RetrySameKey     Retry = "same_key"     // repeat the call with the same Key
	RetryAfterAction Retry = "after_action" // once somebody did one of NextAction
	RetryAfterTime   Retry = "after_time"   // later
	RetrySwitch      Retry = "switch"       // with another currency or way to pay
	RetryLowerAmount Retry = "lower_amount" // with less
	RetryRaiseAmount Retry = "raise_amount" // with more
	RetryNewAttempt  Retry = "new_attempt"  // from the beginning, with a new Key
	RetryWait        Retry = "wait"         // it is being decided; do nothing
	RetryReview      Retry = "review"       // people are looking at it
)
