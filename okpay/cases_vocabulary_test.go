package okpay_test

import (
	"maps"
	"slices"
	"strings"
)

// Cases come from several hands. What they call things is mapped here, and nowhere else, to the
// words that the runner knows; a word that stands in no table leaves its case out of scope.

// opWords are other words for operations, and the arguments that they imply.
var opWords = map[string]opWord{
	"clock.set": {"clock.advance", nil}, "clock.tick": {"clock.advance", nil}, "time.advance": {"clock.advance", nil},
	"clock.expire": {"clock.advance", nil}, "payment.expire": {"clock.advance", nil}, "transfer.expire": {"clock.advance", nil},
	"refund.timeout": {"clock.advance", nil}, "refund.expire": {"clock.advance", nil}, "quote.expire": {"clock.advance", nil},
	"worker.expire": {"clock.advance", nil}, "worker.tick": {"clock.advance", nil}, "worker.run": {"clock.advance", nil},
	"refund.process": {"clock.advance", nil}, "refund.retry": {"clock.advance", nil}, "worker.refunds": {"clock.advance", nil},
	"refund.merchant_credited": {"clock.advance", nil},

	"payment.authenticated":         {"payment.authenticate", implied{"passed": true}},
	"payment.authentication_failed": {"payment.authenticate", implied{"passed": false}},
	"payment.step_up":               {"payment.authenticate", nil},
	"payment.challenge":             {"payment.authenticate", nil},
	"payment.void":                  {"payment.cancel", nil},
	"payment.source":                {"payment.provider", nil},
	"payment.callback":              {"payment.provider", nil},
	"payment.webhook":               {"payment.provider", nil},
	"payment.answer":                {"payment.provider", nil},
	"source.provider":               {"payment.provider", nil},
	"source.callback":               {"payment.provider", nil},
	"payment.source_paid":           {"payment.provider", implied{"status": "succeeded"}},
	"payment.source_failed":         {"payment.provider", implied{"status": "failed"}},
	"payment.refund":                {"refund.create", nil},

	"refund.callback":           {"refund.provider", nil},
	"refund.webhook":            {"refund.provider", nil},
	"refund.provider_succeeded": {"refund.provider", implied{"status": "succeeded"}},
	"refund.provider_failed":    {"refund.provider", implied{"status": "failed"}},
	"refund.provider_reversed":  {"refund.provider", implied{"status": "reversed"}},

	"transfer.submit": {"transfer.create", nil}, "transfer.send": {"transfer.create", nil}, "transfer.accept": {"transfer.claim", nil},

	"money_request.create": {"request.create", nil}, "money_request.pay": {"request.pay", nil}, "request.accept": {"request.pay", nil},
	"money_request.decline": {"request.decline", nil}, "money_request.cancel": {"request.cancel", nil}, "request.reject": {"request.decline", nil},

	"topup.callback":           {"topup.provider", nil},
	"topup.webhook":            {"topup.provider", nil},
	"topup.succeeded":          {"topup.provider", implied{"status": "succeeded"}},
	"topup.provider_succeeded": {"topup.provider", implied{"status": "succeeded"}},
	"topup.provider_failed":    {"topup.provider", implied{"status": "failed"}},
	"topup.provider_reversed":  {"topup.provider", implied{"status": "reversed"}},
	"topup.reverse":            {"topup.provider", implied{"status": "reversed"}},
	"topup.chargeback":         {"topup.provider", implied{"status": "reversed"}},
	"topup.credit":             {"topup.resolve_credit", nil},
	"topup.return":             {"topup.resolve_return", nil},
	"topup.expire":             {"topup.query", nil},
	"worker.query_topup":       {"topup.query", nil},

	"withdrawal.create":            {"withdrawal.request", nil},
	"withdrawal.submit":            {"worker.submit", nil},
	"withdrawal.resubmit":          {"worker.resubmit", nil},
	"worker.retry":                 {"worker.resubmit", nil},
	"withdrawal.query":             {"worker.query", nil},
	"worker.poll":                  {"worker.query", nil},
	"worker.reconcile":             {"worker.query", nil},
	"withdrawal.callback":          {"withdrawal.provider", nil},
	"withdrawal.webhook":           {"withdrawal.provider", nil},
	"withdrawal.provider_paid":     {"withdrawal.provider", implied{"status": "paid"}},
	"withdrawal.provider_failed":   {"withdrawal.provider", implied{"status": "failed"}},
	"withdrawal.provider_returned": {"withdrawal.provider", implied{"status": "returned"}},
	"withdrawal.provider_accepted": {"withdrawal.provider", implied{"status": "accepted"}},
	"withdrawal.collect":           {"withdrawal.resolve_collect", nil},
	"withdrawal.write_off":         {"withdrawal.resolve_write_off", nil},
	"payment.resolve_credit":       {"payment.resolve", implied{"how": "credit"}},
	"payment.resolve_return":       {"payment.resolve", implied{"how": "return"}},
	"payout.create":                {"payout.request", nil},

	"dispute.create":           {"dispute.open", nil},
	"dispute.provisional":      {"dispute.provisional_credit", nil},
	"dispute.add_evidence":     {"dispute.evidence", nil},
	"dispute.evidence_add":     {"dispute.evidence", nil},
	"dispute.resolve_payer":    {"dispute.resolve", implied{"outcome": "payer_won"}},
	"dispute.resolve_merchant": {"dispute.resolve", implied{"outcome": "merchant_won"}},

	"quote.create": {"fx.quote", nil}, "fx.exchange": {"fx.convert", nil}, "quote.convert": {"fx.convert", nil},
	"withdrawal.limits": {"withdrawal.conditions", nil}, "withdrawal.check": {"withdrawal.conditions", nil}, "withdrawal.quote": {"withdrawal.conditions", nil},
	"customer.close": {"account.close", nil}, "user.close": {"account.close", nil}, "merchant.close": {"account.close", nil},
	"request.expire":     {"clock.advance", nil},
	"account.unrestrict": {"account.unlock", nil}, "customer.unrestrict": {"account.unlock", nil}, "user.unrestrict": {"account.unlock", nil},
	"recon.statement": {"recon.import", nil}, "reconciliation.import": {"recon.import", nil}, "statement.import": {"recon.import", nil},
	"customer.lock": {"account.lock", nil}, "customer.unlock": {"account.unlock", nil},
	"user.lock": {"account.lock", nil}, "user.unlock": {"account.unlock", nil},
	"recon.match": {"recon.settle", nil}, "reconciliation.settle": {"recon.settle", nil},
}

type (
	opWord struct {
		op      string
		implied implied
	}
	implied map[string]any
)

// argWords are other words for arguments, of every operation.
var argWords = map[string][]string{
	"from":       {"frm", "sender"},
	"ccy":        {"currency", "cur"},
	"amount":     {"amt", "amount_minor", "minor"},
	"key":        {"idempotency_key", "idem_key", "idem"},
	"user":       {"customer", "owner", "user_id", "claimant", "by_user"},
	"payee":      {"recipient"},
	"dest":       {"destination", "dest_id", "bank_account"},
	"dest_ok":    {"dest_verified", "destination_ok", "verified_dest"},
	"dest_error": {"dest_code", "dest_problem"},
	"event_id":   {"event", "eid", "callback_id", "provider_event_id"},
	"by":         {"reviewer", "approver", "operator", "actor"},
	"final":      {"is_final", "last"},
	"expires_in": {"expiry", "expires", "valid_for", "expires_in_s", "claim_within"},
	"source":     {"funding", "funding_source", "pay_with", "external"},
	"methods":    {"payment_methods", "method", "payment_method"},
	"reference":  {"order", "order_id", "order_ref", "merchant_order"},
	"capture":    {"capture_method", "capture_mode"},
	"risk":       {"risk_verdict", "verdict"},
	"unverified": {"not_verified"},
}

// expectWords are other words for what is expected.
var expectWords = map[string][]string{
	"code":        {"error", "error_code"},
	"mail":        {"mails", "emails", "email"},
	"next_action": {"next_actions"},
}

// forPeople are arguments and expectations that mean nothing.
var forPeople = []string{"comment", "why", "_comment", "explain"}

// inOurWords puts a call into the words of the runner.
func (c *opCall) inOurWords() {
	args := implied{}
	if w, ok := opWords[c.Op]; ok {
		c.Op = w.op
		maps.Copy(args, w.implied)
	}
	maps.Copy(args, renamed(c.Args, argWords))
	c.Args, c.Expect = args, renamed(c.Expect, expectWords)
}

func renamed(values map[string]any, words map[string][]string) map[string]any {
	out := map[string]any{}
	for name, v := range values {
		if slices.Contains(forPeople, name) {
			continue
		}
		for own, others := range words {
			if _, taken := values[own]; !taken && slices.Contains(others, name) {
				name = own
				break
			}
		}
		out[name] = v
	}
	return out
}

// inOurWords puts all calls of a case into the words of the runner.
func (c *walletCase) inOurWords() {
	for i := range c.Steps {
		c.Steps[i].inOurWords()
	}
	if c.Race == nil {
		return
	}
	for i := range c.Race.Ops {
		c.Race.Ops[i].inOurWords()
	}
	for i := range c.Race.Outcomes {
		for j, e := range c.Race.Outcomes[i].Expects {
			c.Race.Outcomes[i].Expects[j] = renamed(e, expectWords)
		}
	}
}

// settingWords are other words for settings.
var settingWords = map[string][]string{
	"max_attempts":     {"payment_max_attempts", "attempts_max", "attempts", "max_payment_attempts", "max_confirm_attempts"},
	"auto_approve_max": {"auto_approve", "withdrawal_auto_approve_max", "auto_approve_up_to"},
	"four_eyes":        {"four_eyes_above", "four_eyes_over", "four_eyes_threshold", "four_eyes_amount", "withdrawal_four_eyes", "two_approvers_above", "dual_approval_above"},
	"four_eyes_from":   {"four_eyes_min", "four_eyes_at", "two_approvers_from"},
	"return_fee":       {"return_fees", "returned_fee", "withdrawal_return_fee", "return_withdrawal_fee", "refund_withdrawal_fee"},
	"transfer_expiry":  {"transfer_expires_in", "claim_expires_in", "unclaimed_expires_in", "transfer_claim_ttl", "claim_ttl", "unclaimed_ttl", "claim_window"},
	"topup_expiry":     {"topup_expires_in", "topup_ttl"},
	"payment_expiry":   {"payment_expires_in", "payment_ttl", "expires_in"},
	"challenge_expiry": {"challenge_expires_in", "challenge_ttl", "step_up_ttl"},
	"dispute_window":   {"dispute_window_s"},
	"evidence_window":  {"evidence_due_in", "dispute_due_in", "evidence_ttl"},
	"refund_window":    {"refund_window_s"},
	"refund_to":        {"refund_target", "refunds_to"},
	"finality_window":  {"provider_finality_window", "finality_window_s"},
	"min_remaining":    {"withdrawal_min_remaining", "minimum_remaining", "reserve"},
	"rates":            {"fx", "fx_rates", "exchange_rates"},
	"merchant_fees":    {"fees_by_merchant", "fees_of_merchants"},
	"timezone":         {"zone", "tz", "time_zone"},
	"step_up_above":    {"stepup_above", "challenge_above", "step_up_over", "2fa_above", "step_up_threshold"},
	"review_above":     {"risk_review_above", "transfer_review_above", "risk_hold_above"},
	"block_above":      {"risk_block_above"},
}

func inWords(name string, words map[string][]string) string {
	name = strings.ToLower(name)
	for own, others := range words {
		if slices.Contains(others, name) {
			return own
		}
	}
	return name
}

// sourceSays and payoutSays are what funding sources and payout providers say in cases.
var (
	sourceSays = map[string]string{
		"succeeded": "succeeded", "success": "succeeded", "paid": "succeeded", "completed": "succeeded", "ok": "succeeded",
		"failed": "failed", "failure": "failed", "declined": "failed", "rejected": "failed", "error": "failed",
		"reversed": "reversed", "chargeback": "reversed", "charged_back": "reversed", "undone": "reversed",
		"unknown": "unknown", "pending": "unknown", "timeout": "unknown", "5xx": "unknown", "connection_lost": "unknown", "processing": "unknown",
		"not_paid": "not_paid", "unpaid": "not_paid", "not_found": "not_paid",
	}
	payoutSays = map[string]string{
		"accepted": "accepted", "submitted": "accepted", "pending": "accepted", "processing": "accepted", "ok": "accepted",
		"paid": "paid", "succeeded": "paid", "success": "paid", "completed": "paid", "settled": "paid",
		"failed": "failed", "rejected": "failed", "declined": "failed", "refused": "failed", "error": "failed",
		"returned": "returned", "bounced": "returned",
		"not_found": "not_found", "unknown_key": "not_found",
		"timeout": "unknown", "5xx": "unknown", "500": "unknown", "502": "unknown", "503": "unknown", "504": "unknown",
		"http_500": "unknown", "http_503": "unknown", "connection_lost": "unknown", "connection_reset": "unknown", "unknown": "unknown", "lost": "unknown",
	}
	verdictWords = map[string]string{
		"allow": "", "low": "", "none": "", "ok": "",
		"challenge": "challenge", "step_up": "challenge", "2fa": "challenge", "stepup": "challenge",
		"review": "review", "hold": "review", "medium": "review",
		"block": "block", "deny": "block", "blocked": "block", "decline": "block", "high": "block",
	}
)
