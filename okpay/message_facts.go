package okpay

import (
	"slices"
	"time"
)

// informed is a document whose messages speak of facts. They are those of the moment in which
// the message was queued, whatever becomes of the object until somebody reads it.
type informed interface {
	facts(w *Wallet, template string) map[string]string
}

// factsOf leaves out what is empty.
func factsOf(pairs ...string) map[string]string {
	facts := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			facts[pairs[i]] = pairs[i+1]
		}
	}
	if len(facts) == 0 {
		return nil
	}
	return facts
}

// amountFact is an amount as messages keep it, such as "19.95 CNY".
func (w *Wallet) amountFact(minor int64, currency string) string {
	a, err := w.restore(minor, currency)
	if err != nil {
		return ""
	}
	return a.String()
}

func failureFact(r *Refused) string {
	if r == nil {
		return ""
	}
	return string(r.Code)
}

func timeFact(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func (g *Gate) facts(_ *Wallet, template string) map[string]string {
	if template != "account_locked" {
		return nil
	}
	return factsOf("reason", g.Reason, "at", timeFact(&g.UpdatedAt))
}

func (p *paymentDoc) facts(w *Wallet, template string) map[string]string {
	if template == "payment_reversed" {
		return factsOf("amount", p.takenFact(w), "payment", string(p.ID))
	}
	return factsOf("amount", w.amountFact(p.Minor.Amount, p.Currency), "payment", string(p.ID), "failure", failureFact(p.LastFailure))
}

// takenFact is what a funding source took back last.
func (p *paymentDoc) takenFact(w *Wallet) string {
	var last *collection
	for i := range p.Collections {
		if c := &p.Collections[i]; !c.TakenBackAt.IsZero() && (last == nil || c.TakenBackAt.After(last.TakenBackAt)) {
			last = c
		}
	}
	if last == nil || last.Came == nil {
		return w.amountFact(p.Minor.Amount, p.Currency)
	}
	return w.amountFact(last.Came.Minor, last.Came.Currency)
}

func (r *refundDoc) facts(w *Wallet, template string) map[string]string {
	failure := ""
	if template == "refund_failed" {
		failure = failureFact(r.Failure)
	}
	return factsOf("amount", w.amountFact(r.Minor.Amount, r.Currency), "refund", string(r.ID), "failure", failure)
}

func (t *topUpDoc) facts(w *Wallet, template string) map[string]string {
	minor, currency := t.Minor, t.Currency
	if template == "topup_succeeded" && t.Came != nil && t.Came.Currency != "" {
		minor, currency = t.Came.Minor, t.Came.Currency
	}
	failure := ""
	if template == "topup_failed" {
		failure = failureFact(t.Failure)
	}
	return factsOf("amount", w.amountFact(minor, currency), "topup", string(t.ID), "failure", failure)
}

func (t *transferDoc) facts(w *Wallet, template string) map[string]string {
	failure := ""
	if template == "transfer_failed" {
		failure = failureFact(t.Failure)
	}
	return factsOf("amount", w.amountFact(t.Minor.Amount, t.Currency), "transfer", string(t.ID), "failure", failure)
}

func (r *requestDoc) facts(w *Wallet, template string) map[string]string {
	until := ""
	if template == "request_received" {
		until = timeFact(&r.ExpiresAt)
	}
	return factsOf("amount", w.amountFact(r.Minor, r.Currency), "request", string(r.ID), "until", until)
}

func (o *outgoingDoc) facts(w *Wallet, template string) map[string]string {
	failure := ""
	switch template {
	case "withdrawal_rejected", "withdrawal_failed", "withdrawal_returned":
		failure = failureFact(o.Failure)
	}
	return factsOf("amount", w.amountFact(o.Minor.Amount, o.Currency), "withdrawal", o.ID, "failure", failure)
}

func (d *destinationDoc) facts(_ *Wallet, _ string) map[string]string {
	return factsOf("destination", d.Mask)
}

func (y *disputeDoc) facts(w *Wallet, _ string) map[string]string {
	return factsOf("amount", w.amountFact(y.Minor, y.Currency), "dispute", string(y.ID), "payment", string(y.Payment))
}

// MessageTemplates returns the templates of the messages that the wallet itself queues, in
// alphabetical order.
func MessageTemplates() []string {
	var out []string
	for _, m := range machines() {
		if m.Noun == "payout" { // a merchant hears by webhook
			continue
		}
		for _, r := range m.Rows {
			out = append(out, r.Mails...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
