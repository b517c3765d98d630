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
	topUpAsked     action = "create"
	topUpSucceeded action = "provider_succeeded"
	topUpFailed    action = "provider_failed"
	topUpReversed  action = "provider_reversed"
	resolveCredit  action = "resolve_credit"
	resolveReturn  action = "resolve_return"
)

const (
	asOrdered    guard = "the amount is as it was asked for"
	otherAmount  guard = "another amount or currency"
	heldBack     guard = "the account is closed, or risk wants a person to look first"
	wasSentBack  guard = "a person had sent the money back"
	toldBefore   guard = "it is known already"
	overdue      guard = "the source, asked once more, says that nothing came"
	riskForbids  guard = "risk blocks it"
	whatCame     guard = "the amount is what came"
	notWhatCame  guard = "another amount or currency than came"
	afterTheFact guard = "nothing came yet: parked until it does"
	notAsParked  guard = "another amount or currency is parked"
)

// The postings of top-ups, in the words of docs/postings.md.
const (
	postsCredit   = "Dr clearing:{source} a / Cr user:{customer}:available a-f, Cr fees:topup f"
	postsSuspense = "Dr clearing:{source} got / Cr suspense:{source} got"
)

// topUpMachine is the top-up's state machine: what the funding source says in each state, and what people
// decide. Money that came is never refused: it is the customer's, or waits in suspense for a
// person. An exception is raised wherever two answers of the source cannot both be true.
func topUpMachine() machine[TopUpState] {
	const exception = "reconciliation.exception"
	m := machine[TopUpState]{noun: "topup", rows: []row[TopUpState]{
		{to: TopUpPending, on: topUpAsked, emits: []string{"topup.created"}},
		{to: TopUpFailed, on: topUpAsked, guard: riskForbids, emits: []string{"topup.blocked"}},

		{
			from: TopUpPending, on: topUpSucceeded, guard: asOrdered, to: TopUpSucceeded,
			emits: []string{"topup.succeeded"}, mails: []string{"topup_succeeded"}, posts: postsCredit,
		},
		{from: TopUpPending, on: topUpFailed, to: TopUpFailed, emits: []string{"topup.failed"}, mails: []string{"topup_failed"}},
		{from: TopUpPending, on: expire, guard: overdue, to: TopUpTimedOut, emits: []string{"topup.expired"}},

		{
			from: TopUpNeedsReview, on: resolveCredit, to: TopUpSucceeded, emits: []string{"topup.succeeded"},
			posts: "Dr suspense:{source} got / Cr user:{customer}:available got-f, Cr fees:topup f",
		},
		{
			from: TopUpNeedsReview, on: resolveReturn, to: TopUpFailed, emits: []string{"topup.failed"},
			posts: "Dr suspense:{source} got / Cr clearing:{source} got",
		},
		{
			from: TopUpNeedsReview, on: topUpReversed, guard: whatCame, to: TopUpReversed, emits: []string{"topup.reversed"},
			posts: "Dr suspense:{source} got / Cr clearing:{source} got",
		},
		{
			from: TopUpSucceeded, on: topUpReversed, guard: whatCame, to: TopUpReversed,
			emits: []string{"topup.reversed", "account.restricted"}, mails: []string{"topup_reversed"},
			posts: "Dr receivable:user:{customer} a / Cr clearing:{source} a; Dr user:{customer}:available / Cr receivable:user:{customer} up to a, as far as the balance goes",
		},
		{from: TopUpFailed, on: topUpSucceeded, guard: wasSentBack, to: TopUpFailed, emits: []string{exception}},
	}}
	for _, from := range []TopUpState{TopUpPending, TopUpFailed, TopUpTimedOut} {
		if from != TopUpPending {
			m.rows = append(m.rows, row[TopUpState]{
				from: from, on: topUpSucceeded, guard: asOrdered, to: TopUpSucceeded, emits: []string{"topup.succeeded_late"}, posts: postsCredit,
			}, row[TopUpState]{from: from, on: topUpFailed, to: from})
		}
		m.rows = append(m.rows, row[TopUpState]{
			from: from, on: topUpSucceeded, guard: otherAmount, to: TopUpNeedsReview,
			emits: []string{"topup.amount_mismatch", exception}, posts: postsSuspense,
		}, row[TopUpState]{
			from: from, on: topUpSucceeded, guard: heldBack, to: TopUpNeedsReview,
			emits: []string{"topup.needs_review", exception}, posts: postsSuspense,
		},
			row[TopUpState]{from: from, on: topUpReversed, guard: afterTheFact, to: from},
			row[TopUpState]{from: from, on: topUpReversed, guard: notAsParked, to: from, emits: []string{exception}},
		)
	}
	for _, from := range []TopUpState{TopUpSucceeded, TopUpNeedsReview, TopUpReversed} {
		m.rows = append(m.rows,
			row[TopUpState]{from: from, on: topUpSucceeded, guard: toldBefore, to: from},
			row[TopUpState]{from: from, on: topUpSucceeded, guard: otherAmount, to: from, emits: []string{exception}},
			row[TopUpState]{from: from, on: topUpFailed, to: from},
			row[TopUpState]{from: from, on: topUpReversed, guard: notWhatCame, to: from, emits: []string{exception}},
		)
	}
	m.rows = append(m.rows, row[TopUpState]{from: TopUpReversed, on: topUpReversed, guard: toldBefore, to: TopUpReversed})
	return m
}
