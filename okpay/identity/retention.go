package identity

import "time"

// Retention says how long records of one kind are kept. Run (see okpay.Wallet.Run) takes away what is due, each
// record in a Change of its own, in any number of processes, by the wallet's clock.
type Retention struct {
	Records string
	From    string        // what the time runs from, "" for good
	Kept    time.Duration // 0 is at once
	Why     string
}

// Retentions are all of them. What stands for good is bounded by the number of customers, or is what somebody has to be able
// to prove later; customers' own goes with okpay.Customers.Erase, but for what proves.
func Retentions() []Retention {
	return []Retention{
		{"sessions", "their end", remembered, "the customer looks back at them; their activity stays"},
		{"sign-ins that wait for a second factor", "their beginning", pendingFor, "nothing can come of them afterwards"},
		{"step-ups", "the end of their time", flowKept, "a late answer is told what became of it"},
		{"verifications", "the end of their time", flowKept, "a late answer is told what became of it"},
		{"resets of passwords", "the end of their time", flowKept, "a late answer is told what became of it"},
		{"changes of contacts", "the end of the time to take them back", flowKept, "a late answer is told what became of it"},
		{"resets of second factors by support", "their end", resetKept, "support looks them up"},
		{"what was sent for a name, a contact or an address", "the last that was sent", 25 * time.Hour, "no limit looks further back than a day"},
		{"which message was not sent, and which reset is the newest", "being written", 2 * flowKept, "at most: the flows that they belong to are over before"},
		{"failures of network addresses", "twice the window of Config.Throttle after their beginning", 0, "from then on they have no effect, and until then they have"},
		{"from where a name that nobody has was guessed at", "the last guess", flowKept, "it costs what an entry of the audit costs, and is nobody's"},
		{"when a customer was last told of a lock", "the message", 24 * time.Hour, "another may be sent then"},
		{"counters of guesses, of customers and of names that nobody has", "", 0, "time clears no lock: only a success, a proof or a reset does, and a name that nobody has must look like one that somebody has. " +
			"There are ten for a customer, and ten for each of 65,536 digests of other names"},
		{"the audit, reports of customers, what was agreed to at registration", "", 0, "they prove what was done; the audit is chained"},
		{"passwords, factors, devices, questions, clients known again", "", 0, "one record for each customer, of bounded size"},
	}
}
