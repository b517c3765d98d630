package okpay

import (
	"context"
	"slices"
)

// What is read while a customer acts is theirs. That their session goes on is asked when it is
// authenticated, for each request, and once more by what changes something: what ends a session
// has to stop what is done, and what was read a moment before was theirs all the same.

// showing refuses to show whoever acts what belongs to others. Where nobody acts, the embedding program
// knows who asks. Errors: NotFound for what is another's.
func showing(ctx context.Context, noun, id string, of ...CustomerID) error {
	a, acts := ActorOf(ctx)
	if !acts || slices.Contains(of, a.Customer) {
		return nil
	}
	return notFound(noun, id)
}

// showingCustomer is showing for what is read by its customer.
func showingCustomer(ctx context.Context, id CustomerID) error {
	return showing(ctx, "customer", string(id), id)
}

// showingList is showing for a list of one customer's, or of others' where of is "", which are for merchants and
// operators. Errors: NotFound, PermissionDenied for the latter.
func showingList(ctx context.Context, of CustomerID) error {
	if of == "" {
		return notWithActor(ctx)
	}
	return showingCustomer(ctx, of)
}

// notWithActor refuses whoever acts what operators and merchants read. Errors: PermissionDenied.
func notWithActor(ctx context.Context) error {
	if _, acts := ActorOf(ctx); acts {
		return NewError(PermissionDenied, "a customer is signed in here, whose own this is not")
	}
	return nil
}
