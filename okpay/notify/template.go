package notify

import (
	"slices"
	"strings"
)

// Template is what is known of the messages with one name, besides their texts.
type Template struct {
	Name string
	// Facts are what its texts speak of, in alphabetical order. A message may lack some: a line
	// of the text that needs one that is missing is left out.
	Facts []string
	// Secrets are facts that no record has; they are asked for when a message is sent, and
	// never shown in the message center.
	Secrets []string
	// Security says that it is about the account's safety: it goes to every verified contact,
	// also to those where messages bounced. Others go to one.
	Security bool
	// Directory says that it names the official channels.
	Directory bool
	// Business says that it is about money and tells what to have at hand for the hotline.
	Business bool
}

// Fallback is the template whose text stands for messages of templates that are not known here.
const Fallback = "other"

// Digest is the template of a customer's periodic digest.
const Digest = "account_digest"

// Bouncing is the template of a message that says that messages come back.
const Bouncing = "contact_bounced"

// secretFacts are the facts that can be secret.
const (
	secretCode = "code"
	secretLink = "link"
)

type row struct {
	names, facts string
	kind         kind
}

type kind string

const (
	security kind = "security"
	business kind = "business"
	service  kind = "service"
)

// rows are all templates; those with the same facts share a row.
func rows() []row {
	const (
		who   = "address at device place"
		where = "at device place"
		limit = "capabilities deadline reason requirements until"
	)
	return []row{
		{"welcome other", "", service},
		{"registration_attempt", who + " contact", security},
		{"new_sign_in sign_in_after_failures device_trusted questions_set questions_removed", who, security},
		{"factor_disabled", who + " codes_left codes_low", security},
		{"sign_in_locked", who + " advice authenticator reason until", security},
		{"sign_in_disabled", who + " advice authenticator reason", security},
		{"password_changed", who + " until", security},
		{"factor_enabled recovery_codes_renewed", "at codes_left", security},
		{"factor_replaced", "at codes_left withdrawals_from", security},
		{"factor_removed", "at withdrawals_from", security},
		{"recovery_code_used", who + " codes_left codes_low withdrawals_from", security},
		{"factor_reset_requested factor_reset_approved", "at link until", security},
		{"factor_reset_canceled", "at", security},
		{"factor_reset_done", "at withdrawals_from", security},
		{"step_up_failed", "action amount", security},
		{"verification_code", "code device place purpose until", security},
		{"verification_failed", "device place purpose", security},
		{"no_account", "device place", security},
		{"contact_claimed " + Bouncing, "at kind", security},
		{"password_reset_requested", where + " code link until", security},
		{"contact_changed contact_reverted", where + " kind", security},
		{"contact_change_notice", where + " kind link until", security},
		{"account_unlock_proven account_owner_proven account_owner_proven_debt", where + " advice", security},
		{"report_received", "advice at", security},
		{"account_locked", "advice at reason", security},
		{"account_unlocked account_closed phrase_changed", "", security},
		{"account_restricted restriction_past_due restriction_lifted restriction_expired", limit, security},
		{"requirement_received", limit + " requirement", service},
		{"requirement_rejected", limit + " requirement problem", service},
		{"restriction_permanent restriction_payout_open", limit + " payout_from", security},
		{"appeal_received", "expected number", service},
		{"appeal_need_info", "number until", service},
		{"appeal_expired appeal_withdrawn appeal_approved appeal_settled", "number", service},
		{"appeal_denied", "complaints denial next_from number", service},
		{"case_opened case_question case_reply", "category number", service},
		{"case_solved", "category number until", service},
		{"caller_proof_asked", "number until", security},
		{"caller_proof_declined", "number", security},
		{"support_request_requested support_request_approved", "act link number until", security},
		{"support_request_canceled support_request_done", "act number", security},
		{"payment_failed", "amount failure payment", business},
		{"payment_reversed", "amount payment", business},
		{"payment_blocked", "amount failure payment", security},
		{"refund_succeeded", "amount refund", business},
		{"refund_failed", "amount failure refund", business},
		{"topup_succeeded topup_reversed", "amount topup", business},
		{"topup_failed", "amount failure topup", business},
		{"dispute_received dispute_resolved_for_payer dispute_resolved_for_merchant", "amount dispute payment", business},
		{"withdrawal_received withdrawal_approved withdrawal_canceled withdrawal_paid", "amount withdrawal", business},
		{"withdrawal_rejected withdrawal_failed withdrawal_returned", "amount failure withdrawal", business},
		{"destination_saved destination_removed", "destination", security},
		{"transfer_sent transfer_received transfer_claimed transfer_returned", "amount transfer", business},
		{"transfer_failed", "amount failure transfer", business},
		{"request_received", "amount request until", business},
		{"request_paid request_declined", "amount request", business},
		{Digest, "changes count from money_in money_out sign_ins until", service},
	}
}

// Templates returns every template that has texts here, in alphabetical order: those of okpay,
// okpay/identity and okpay/care, the digest and the fallback.
func Templates() []Template {
	var out []Template
	for _, r := range rows() {
		for name := range strings.FieldsSeq(r.names) {
			t := Template{Name: name, Security: r.kind == security, Business: r.kind == business, Directory: name == "welcome"}
			for fact := range strings.FieldsSeq(r.facts) {
				if fact == secretCode || fact == secretLink {
					t.Secrets = append(t.Secrets, fact)
				} else {
					t.Facts = append(t.Facts, fact)
				}
			}
			slices.Sort(t.Facts)
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b Template) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// template finds one; the fallback stands for what is not known.
func (n *Notify) template(name string) Template {
	if t, ok := n.templates[name]; ok {
		return t
	}
	return n.templates[Fallback]
}
