package okpay

// TopUpState is where a top-up is in its life.
type TopUpState string

const (
	// TopUpPending waits for the funding source: leads to succeeded, needs_review, failed or
	// expired.
	TopUpPending TopUpState = "pending"
	// TopUpSucceeded put the money into the customer's balance: leads to reversed.
	TopUpSucceeded TopUpState = "succeeded"
	// TopUpFailed moved nothing. Money that comes nevertheless leads to succeeded or
	// needs_review.
	TopUpFailed TopUpState = "failed"
	// TopUpTimedOut is a top-up whose source said, after its time was over, that nothing had
	// come. Money that comes nevertheless leads on as from failed.
	TopUpTimedOut TopUpState = "expired"
	// TopUpNeedsReview has the money in suspense until a person decides: leads to succeeded or
	// failed; to reversed when the source takes it back.
	TopUpNeedsReview TopUpState = "needs_review"
	// TopUpReversed is a top-up whose money the source took back. Final.
	TopUpReversed TopUpState = "reversed"
)

const (
	topUpAsked     Action = "create"
	topUpSucceeded Action = "provider_succeeded"
	topUpFailed    Action = "provider_failed"
	topUpReversed  Action = "provider_reversed"
	resolveCredit  Action = "resolve_credit"
	resolveReturn  Action = "resolve_return"
)

const (
	asOrdered    Guard = "the amount is as it was asked for"
	otherAmount  Guard = "another amount or currency"
	heldBack     Guard = "the account is closed, or risk wants a person to look first"
	wasSentBack  Guard = "a person had sent the money back"
	toldBefore   Guard = "it is known already"
	overdue      Guard = "the source, asked once more, says that nothing came"
	riskForbids  Guard = "risk blocks it"
	whatCame     Guard = "the amount is what came"
	notWhatCame  Guard = "another amount or currency than came"
	afterTheFact Guard = "nothing came yet: parked until it does"
	notAsParked  Guard = "another amount or currency is parked"
)

// The postings of top-ups, in the words of docs/postings.md.
const (
	postsCredit   = "Dr clearing:{source} a / Cr user:{customer}:available a-f, Cr fees:topup f"
	postsSuspense = "Dr clearing:{source} got / Cr suspense:{source} got"
)

// topUpMachine is the top-up's state machine: what the funding source says in each state, and what people
// decide. Money that came is never refused: it is the customer's, or waits in suspense for a
// person. An exception is raised wherever two answers of the source cannot both be true.
func topUpMachine() Machine[TopUpState] {
	const exception = "reconciliation.exception"
	m := Machine[TopUpState]{Noun: "topup", Rows: []Row[TopUpState]{
		{To: TopUpPending, On: topUpAsked, Emits: []string{"topup.created"}},
		{To: TopUpFailed, On: topUpAsked, Guard: riskForbids, Emits: []string{"topup.blocked"}},

		{
			From: TopUpPending, On: topUpSucceeded, Guard: asOrdered, To: TopUpSucceeded,
			Emits: []string{"topup.succeeded"}, Mails: []string{"topup_succeeded"}, Posts: postsCredit,
		},
		{From: TopUpPending, On: topUpFailed, To: TopUpFailed, Emits: []string{"topup.failed"}, Mails: []string{"topup_failed"}},
		{From: TopUpPending, On: expire, Guard: overdue, To: TopUpTimedOut, Emits: []string{"topup.expired"}},

		{
			From: TopUpNeedsReview, On: resolveCredit, To: TopUpSucceeded, Emits: []string{"topup.succeeded"},
			Posts: "Dr suspense:{source} got / Cr user:{customer}:available got-f, Cr fees:topup f",
		},
		{
			From: TopUpNeedsReview, On: resolveReturn, To: TopUpFailed, Emits: []string{"topup.failed"},
			Posts: "Dr suspense:{source} got / Cr clearing:{source} got",
		},
		{
			From: TopUpNeedsReview, On: topUpReversed, Guard: whatCame, To: TopUpReversed, Emits: []string{"topup.reversed"},
			Posts: "Dr suspense:{source} got / Cr clearing:{source} got",
		},
		{
			From: TopUpSucceeded, On: topUpReversed, Guard: whatCame, To: TopUpReversed,
			Emits: []string{"topup.reversed", "account.restricted"}, Mails: []string{"topup_reversed"},
			Posts: "Dr receivable:user:{customer} a / Cr clearing:{source} a; Dr user:{customer}:available / Cr receivable:user:{customer} up to a, as far as the balance goes",
		},
		{From: TopUpFailed, On: topUpSucceeded, Guard: wasSentBack, To: TopUpFailed, Emits: []string{exception}},
	}}
	for _, from := range []TopUpState{TopUpPending, TopUpFailed, TopUpTimedOut} {
		if from != TopUpPending {
			m.Rows = append(m.Rows, Row[TopUpState]{
				From: from, On: topUpSucceeded, Guard: asOrdered, To: TopUpSucceeded, Emits: []string{"topup.succeeded_late"}, Posts: postsCredit,
			}, Row[TopUpState]{From: from, On: topUpFailed, To: from})
		}
		m.Rows = append(m.Rows, Row[TopUpState]{
			From: from, On: topUpSucceeded, Guard: otherAmount, To: TopUpNeedsReview,
			Emits: []string{"topup.amount_mismatch", exception}, Posts: postsSuspense,
		}, Row[TopUpState]{
			From: from, On: topUpSucceeded, Guard: heldBack, To: TopUpNeedsReview,
			Emits: []string{"topup.needs_review", exception}, Posts: postsSuspense,
		},
			Row[TopUpState]{From: from, On: topUpReversed, Guard: afterTheFact, To: from},
			Row[TopUpState]{From: from, On: topUpReversed, Guard: notAsParked, To: from, Emits: []string{exception}},
		)
	}
	for _, from := range []TopUpState{TopUpSucceeded, TopUpNeedsReview, TopUpReversed} {
		m.Rows = append(m.Rows,
			Row[TopUpState]{From: from, On: topUpSucceeded, Guard: toldBefore, To: from},
			Row[TopUpState]{From: from, On: topUpSucceeded, Guard: otherAmount, To: from, Emits: []string{exception}},
			Row[TopUpState]{From: from, On: topUpFailed, To: from},
			Row[TopUpState]{From: from, On: topUpReversed, Guard: notWhatCame, To: from, Emits: []string{exception}},
		)
	}
	m.Rows = append(m.Rows, Row[TopUpState]{From: TopUpReversed, On: topUpReversed, Guard: toldBefore, To: TopUpReversed})
	return m
}
