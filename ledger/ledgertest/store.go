// Package ledgertest holds the suites that every driver of a ledger has to pass.
package ledgertest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/okpay/okpay-go/ledger"
)

// TestStoreContract holds a driver to the contract of ledger.Store, with batches written by
// hand. Every case is named for a rule, and a failure says what the rule is and where the
// driver's answer differs.
//
// open returns a store that is empty, and ready for use by many goroutines; it is called
// several times, and the suite closes what it returns. To clean up, open may use t.Cleanup,
// which runs after that.
//
// Where the contract leaves a choice, the suite reads it like this:
//
//   - Empty and nil byte slices are one. So are slices without elements.
//   - Times come back in UTC. Unique keys and labels come back in the order in which they were
//     put.
//   - Found may have something twice that was asked for twice, and may leave out the salt of a
//     record together with its content.
//   - A Begin that waits when its context ends returns that context's error.
//   - Whatever Commit returns, the Tx has ended and the lock is free.
//   - A change's id or a unique key that is taken is refused by an error that blames the
//     batch, none of those that ask to try again, so that the ledger can find the Change.
//   - A commit does not wait for a Read that goes on.
//   - A store that is a ledger.Stager stages a batch at once while nobody else is at work.
func TestStoreContract(t *testing.T, open func(t *testing.T) ledger.Store) {
	for _, c := range storeCases {
		t.Run(c.rule, func(t *testing.T) {
			store := open(t)
			t.Cleanup(func() { assert.NoError(t, store.Close(), "Close returns nil") })
			c.test(t, store)
		})
	}
	// These have a ledger each in one store: what a driver has in memory or on disk for
	// one ledger must not leak into the next.
	store := open(t)
	t.Cleanup(func() { assert.NoError(t, store.Close(), "Close returns nil") })
	suites := [][]ledgerCase{writeCases, foundCases, rowCases, recordCases, viewCases, historyCases}
	if _, ok := store.(ledger.Stager); ok {
		suites = append(suites, stageCases)
	}
	for _, cases := range suites {
		for _, c := range cases {
			t.Run(c.rule, func(t *testing.T) {
				c.test(t, newScribe(t, store, fmt.Sprintf("ledger-%s", c.rule)))
			})
		}
	}
}

// storeCase is a rule about a whole store.
type storeCase struct {
	rule string
	test func(t *testing.T, store ledger.Store)
}

// ledgerCase is a rule about one ledger of a store.
type ledgerCase struct {
	rule string
	test func(t *testing.T, s *scribe)
}

// TestSharedStore holds two handles on one database to what makes several processes safe:
// they exclude each other and see each other's commits. openTwo returns two stores that were
// opened apart on the same empty database; the suite closes both.
func TestSharedStore(t *testing.T, openTwo func(t *testing.T) (a, b ledger.Store)) {
	for _, c := range sharedCases {
		t.Run(c.rule, func(t *testing.T) {
			a, b := openTwo(t)
			t.Cleanup(func() {
				assert.NoError(t, a.Close(), "Close returns nil")
				assert.NoError(t, b.Close(), "Close returns nil")
			})
			c.test(t, a, b)
		})
	}
}

// sharedCase is a rule about two handles on one database.
type sharedCase struct {
	rule string
	test func(t *testing.T, a, b ledger.Store)
}
