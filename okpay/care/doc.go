// Package care is how an operator looks after customers: restrictions with their reasons,
// requirements and appeals, support cases with their queue and clocks, and the operators
// themselves, with roles, permissions and four-eyes rules in one place.
//
// [New] makes a [Care] over a wallet. What it does to a customer's account goes through the
// customer's gate, so a restriction and money that moves at the same time are decided one after
// the other.
//
// The embedding program signs operators in. [Operators.Bootstrap] makes the first of them; every
// verb of an operator's takes By, the operator, and Why, a reason in their own words of 3 to 500
// characters for the audit. Verbs with a Customer are the customer's own: with an [okpay.Actor] in
// the context they act for that customer alone.
//
// docs/care.md has the calls of each task in order, the catalogue of reasons ([Care.Reasons]), what
// each role may do ([Care.Roles]), and what agents may see and do for a caller ([CallerRows]).
package care
