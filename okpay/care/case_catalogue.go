package care

func caseEvents() []Announced {
	return []Announced{
		{"case.opened", "a case was opened"},
		{"case.contacted", "the customer said something, or something happened to the account"},
		{"case.reopened", "a case that was solved is open again"},
		{"case.prioritized", "a case became urgent"},
		{"case.taken", "an agent has the case"},
		{"case.released", "the case is back in the queue, at its place"},
		{"case.linked", "an object was added that the case is about"},
		{"case.noted", "there is a note for operators"},
		{"case.replied", "support told the customer something"},
		{"case.asked", "support asked the customer something and waits"},
		{"case.on_hold", "support waits for somebody else"},
		{"case.resumed", "the case is worked on again"},
		{"case.escalated", "the case waits for the second level"},
		{"case.sla_warned", "three quarters of a target are over"},
		{"case.sla_breached", "a target has passed; once for each run of a clock"},
		{"case.solved", "the case is solved, until it is reopened"},
		{"case.withdrawn", "the customer needs no help any more"},
		{"case.rated", "the customer said how good the help was"},
		{"case.closed", "the case can only be read"},
		{"caller_request.asked", "a customer was asked whether it is them who speak with support"},
		{"caller_request.approved", "they said so"},
		{"caller_request.declined", "it is somebody else"},
		{"caller_request.expired", "nobody answered"},
		{"support_request.requested", "an agent wants to do to an account what takes two"},
		{"support_request.approved", "a second agent agreed"},
		{"support_request.denied", "a second agent did not agree"},
		{"support_request.canceled", "the owner or an agent stopped it"},
		{"support_request.expired", "no second agent decided in time"},
		{"support_request.done", "it was done"},
		{"support_request.failed", "it could not be done any more when its time came"},
		{"directory.published", "another directory of official channels is in force"},
		{"phrase.set", "a customer set the phrase that messages carry"},
		{"phrase.removed", "a customer removed it"},
	}
}

func caseTemplates() []Template {
	of := []string{"case", "number", "category"}
	solved := append(append([]string{}, of...), "until")
	asked := []string{"case", "number", "until"}
	request := []string{"act", "case", "number", "state", "until"}
	return []Template{
		{Name: "case_opened", When: "a case was opened, by the customer, by an agent to whom somebody speaks in their name, or by what happened", Facts: of},
		{Name: "case_reply", When: "support told the customer something; it is not in the message", Facts: of},
		{Name: "case_question", When: "support waits for an answer; the question is not in the message", Facts: of},
		{Name: "case_solved", When: "a case was solved: with the transcript, the survey, and until when it can be reopened", Facts: solved},
		{Name: "caller_proof_asked", When: "somebody speaks with support in the customer's name and says it is them: approve or decline by until", Facts: asked},
		{Name: "caller_proof_declined", When: "the customer said that it was somebody else, or the number was another one", Facts: asked},
		{Name: "support_request_requested", When: "an agent wants to do act to the account: stop it if it is not wanted", Facts: request, Secret: []string{"token"}},
		{Name: "support_request_approved", When: "a second agent agreed, it is done at until: stop it if it is not wanted", Facts: request, Secret: []string{"token"}},
		{Name: "support_request_canceled", When: "it is not done: state says why", Facts: request},
		{Name: "support_request_done", When: "it was done", Facts: request},
		{Name: "phrase_changed", When: "the phrase that messages carry was set or removed"},
	}
}
