package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/okpay/okpay-go/ledger"
)

// TestLedger holds a ledger over a store to what package ledger and docs/design.md promise,
// through the public API alone. Every case is named for a promise, has a ledger of its own in one
// store, and ends with Verify and with the sum of every currency being zero.
//
// open returns a store that is ready for use by many goroutines; it is called once, and the
// suite closes what it returns. To clean up, open may use t.Cleanup, which runs after that.
func TestLedger(t *testing.T, open func(t *testing.T) ledger.Store) {
	store := open(t)
	t.Cleanup(func() { assert.NoError(t, store.Close(), "Close returns nil") })
	s := &ledgerSuite{store: store}
	for _, promises := range [][]promise{
		postingPromises, limitPromises, holdPromises, capturePromises, expiryPromises,
		idPromises, pinPromises, elsePromises,
		recordPromises, recordQueryPromises, eventPromises, doPromises,
		precedencePromises, formPromises,
		queuePromises, faultPromises, clockPromises,
		rulePromises, upToPromises, reversalPromises, chainPromises, timePromises, monitorPromises, schedulePromises,
		readPromises, statementPromises, effectivePromises, findPromises, totalPromises, exportPromises,
		contentionPromises, verifyPromises,
		journalPromises, restorePromises, archivePromises, followPromises,
	} {
		for _, p := range promises {
			t.Run(p.says, func(t *testing.T) { p.test(s.fixture(t)) })
		}
	}
}

// TestSharedLedger holds two ledger.Ledger values, each over a handle of its own on the same
// database, to what makes several processes safe: they agree on every balance, id and record,
// and neither overdraws what the other has spent. openTwo returns two stores that were opened
// apart on the same empty database; the suite closes both.
func TestSharedLedger(t *testing.T, openTwo func(t *testing.T) (a, b ledger.Store)) {
	a, b := openTwo(t)
	t.Cleanup(func() {
		assert.NoError(t, a.Close(), "Close returns nil")
		assert.NoError(t, b.Close(), "Close returns nil")
	})
	s := &ledgerSuite{store: a}
	for _, p := range sharedPromises {
		t.Run(p.says, func(t *testing.T) {
			f := s.fixture(t)
			other := f.beside(b)
			p.test(f, other)
		})
	}
}

// ledgerSuite makes the ledgers of one run over one store.
type ledgerSuite struct {
	store    ledger.Store
	made     int
	patience time.Duration // how long a case may take, two minutes if it is less
}

// name returns a name for a ledger that this run has not used.
func (s *ledgerSuite) name() string {
	s.made++
	return fmt.Sprintf("suite:%d", s.made)
}

// promise is a sentence about a ledger and the case that proves it.
type promise struct {
	says string
	test func(f *fixture)
}

// sharedPromise is a sentence about two ledgers on one database and the case that proves it.
type sharedPromise struct {
	says string
	test func(a, b *fixture)
}
