package identity

func factorTemplates() []Template {
	return []Template{
		{Name: "factor_enabled", When: "a second factor was turned on: all other sessions have ended", Facts: []string{"at", "codes_left"}},
		{
			Name: "factor_replaced", When: "another app took the place of the one before: all other sessions have ended, withdrawals wait",
			Facts: []string{"at", "codes_left", "withdrawals_from"},
		},
		{Name: "factor_removed", When: "the second factor was turned off by its owner: all other sessions have ended, withdrawals wait", Facts: []string{"at", "withdrawals_from"}},
		{Name: "factor_disabled", When: "too many codes of the app were wrong: it is off until another one is enrolled, with a recovery code or through support", Facts: clientFacts("at", "codes_left", "codes_low")},
		{
			Name: "recovery_code_used", When: "a recovery code was used: another app has to be enrolled, withdrawals wait; codes_low is set when few are left",
			Facts: clientFacts("at", "codes_left", "codes_low", "withdrawals_from"),
		},
		{Name: "recovery_codes_renewed", When: "new recovery codes took the place of all earlier ones", Facts: []string{"at", "codes_left"}},
		{
			Name: "factor_reset_requested", When: "support was asked to turn the second factor off; the link cancels that",
			Facts: []string{"at", "until"}, Secrets: []string{"token"},
		},
		{
			Name: "factor_reset_approved", When: "support will turn the second factor off at the time that until tells; the link cancels that",
			Facts: []string{"at", "until"}, Secrets: []string{"token"},
		},
		{Name: "factor_reset_canceled", When: "support will not turn the second factor off", Facts: []string{"at"}},
		{Name: "factor_reset_done", When: "support has turned the second factor off: all sessions have ended, withdrawals wait", Facts: []string{"at", "withdrawals_from"}},
		{Name: "step_up_failed", When: "somebody who is signed in could not prove who they are, five times, for what action and amount tell", Facts: []string{"action", "amount"}},
	}
}

func factorEvents() []EventType {
	return []EventType{
		{"factor.begun", "a customer began to enroll an authenticator app"},
		{"factor.abandoned", "an app that was begun came to nothing: wrong codes, time, or its owner ended it"},
		{"factor.enabled", "a customer's second factor is on"},
		{"factor.replaced", "another app took the place of the one before"},
		{"factor.disabled", "too many codes of an app were wrong"},
		{"factor.recovered", "a recovery code was used"},
		{"factor.codes_renewed", "a customer has new recovery codes"},
		{"factor.removed", "a customer turned the second factor off"},
		{"factor.reset", "support turned a customer's second factor off"},
		{"factor_reset.requested", "an operator asked for the reset of a second factor"},
		{"factor_reset.approved", "a second operator approved the reset: its owner has 24 hours to object"},
		{"factor_reset.canceled", "the reset was canceled by its owner or an operator, or there is nothing left to reset"},
		{"factor_reset.expired", "no second operator approved the reset in time"},
		{"factor_reset.done", "nobody objected, and the second factor is off"},
		{"step_up.proven", "a customer proved once more who they are, for one act"},
		{"step_up.used", "the proof allowed the act"},
		{"step_up.failed", "too many answers were wrong"},
	}
}
