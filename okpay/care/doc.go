// Package care is how an operator looks after customers: restrictions with their reasons,
// requirements and appeals, support cases with their queue and clocks, and the operators
// themselves, with roles, permissions and four-eyes rules in one place.
//
// [New] makes a [Care] over a wallet. What it does to a customer's account goes through the
// customer's gate, so a restriction and money that moves at the same time are decided one after
// the other.
package care
