package identity

func proofTemplates() []Template {
	return []Template{
		{
			Name: "verification_code", When: "a code is sent to prove an identity or a contact; to that contact alone",
			Facts: []string{"purpose", "until", "generation", "device", "place"}, Secrets: []string{"code"},
		},
		{
			Name: "verification_failed", When: "a verification ended because too many answers were wrong",
			Facts: []string{"purpose", "device", "place"},
		},
		{
			Name: "no_account", When: "somebody asked for a code or a reset by a contact that is nobody's, where Config.TellNoAccount; to that contact alone",
			Facts: []string{"device", "place"},
		},
		{
			Name: "contact_claimed", When: "somebody else tried to add a contact of this customer to their account; to that contact alone",
			Facts: []string{"kind", "at"},
		},
		{
			Name: "password_reset_requested", When: "somebody asked for a reset of the password; to the contact that was named alone",
			Facts: []string{"at", "until", "generation", "device", "place"}, Secrets: []string{"code", "token"},
		},
		{
			Name: "contact_change_notice", When: "a contact was changed; with a link to take it back, to each contact alone that had it, or to all others",
			Facts: []string{"kind", "at", "until", "notice", "device", "place"}, Secrets: []string{"token"},
		},
		{
			Name: "contact_changed", When: "a contact was added, replaced or removed: all other sessions have ended, withdrawals wait",
			Facts: []string{"kind", "at", "device", "place"},
		},
		{
			Name: "contact_reverted", When: "a change of contact was taken back: everybody is signed out, and the password has to be reset; also to the contact that is gone by it",
			Facts: []string{"kind", "at", "device", "place"},
		},
		{
			Name: "account_locked", When: "the account was locked for reasons of security",
			Facts: []string{"reason", "at", "advice"},
		},
		{
			Name: "account_unlock_proven", When: "the locks after too many failures are gone, because the owner has proven who they are",
			Facts: []string{"at", "advice", "device", "place"},
		},
		{
			Name: "account_owner_proven", When: "a lock for reasons of security is lifted: the password has to be changed next",
			Facts: []string{"at", "advice", "device", "place"},
		},
		{
			Name: "account_owner_proven_debt", When: "a lock for reasons of security is lifted, and no money leaves yet because a top-up was taken back",
			Facts: []string{"at", "advice", "device", "place"},
		},
		{
			Name: "report_received", When: "the customer reported what they have not done",
			Facts: []string{"at", "advice"},
		},
		{Name: "questions_set", When: "the security questions were set", Facts: clientFacts("at")},
		{Name: "questions_removed", When: "the security questions were taken away", Facts: clientFacts("at")},
	}
}

func proofEvents() []EventType {
	return []EventType{
		{"verification.started", "a code was sent to prove an identity or a contact"},
		{"verification.resent", "another code was sent, to the same or to a second contact"},
		{"verification.possession_proven", "the code was right"},
		{"verification.second_due", "a second proof is due"},
		{"verification.verified", "an identity is proven"},
		{"verification.consumed", "the proof was used"},
		{"verification.failed", "too many answers were wrong"},
		{"verification.expired", "a verification was not finished, or its proof not used, in time"},
		{"password_reset.requested", "somebody asked for a reset of a password"},
		{"password_reset.proven", "the code or link of a reset was right"},
		{"password_reset.done", "a password was reset"},
		{"password_reset.dead", "a reset came to nothing"},
		{"contact_change.begun", "a code was sent to a new contact"},
		{"contact_change.made", "a contact was added, replaced or removed"},
		{"contact_change.dropped", "a change of contact came to nothing"},
		{"contact_change.reverted", "a change of contact was taken back"},
		{"contact_change.final", "a change of contact can not be taken back any more"},
	}
}
