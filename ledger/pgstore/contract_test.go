package pgstore_test

import (
	"context"
	"flag"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/ledgertest"
	"github.com/okpay/okpay-go/ledger/pgstore"
)

// The contract is kept by a role that may do no more than Grants gives it.
func TestContract(t *testing.T) {
	ledgertest.TestStoreContract(t, func(t *testing.T) ledger.Store {
		dsn, role, _ := granted(t)
		return archived{openStore(t, as(t, dsn, role)), openStore(t, dsn)}
	})
}

// archived is a store of a role that may not archive, beside that of the owner, who may.
type archived struct {
	ledger.Store
	owner ledger.Store
}

func (s archived) Forget(ctx context.Context, id, through int64) error {
	return s.owner.Forget(ctx, id, through)
}

func (s archived) Stage(ctx context.Context, id int64, batch *ledger.Batch) (ledger.Staged, error) {
	return s.Store.(ledger.Stager).Stage(ctx, id, batch)
}

func TestForgetNeedsTheOwner(t *testing.T) {
	dsn, role, _ := granted(t)
	store, owner := openStore(t, as(t, dsn, role)), openStore(t, dsn)
	head := opened(t, store)
	write(t, store, head.Ledger, "first")
	write(t, store, head.Ledger, "second")
	bodies := func() (got []string) {
		require.NoError(t, store.Read(t.Context(), head.Ledger, func(v ledger.View) error {
			blocks, err := v.Blocks(t.Context(), 0, 10)
			for _, b := range blocks {
				got = append(got, string(b.Body))
			}
			return err
		}))
		return got
	}
	err := store.Forget(t.Context(), head.Ledger, 1)
	require.ErrorIs(t, err, pgstore.ErrPrivilege)
	require.NotErrorIs(t, err, ledger.ErrRetry)
	require.Equal(t, []string{"body", "body"}, bodies(), "nothing was dropped")
	for range 2 {
		require.NoError(t, owner.Forget(t.Context(), head.Ledger, 1))
		require.Equal(t, []string{"", "body"}, bodies())
	}
}

func TestSharedStore(t *testing.T) {
	ledgertest.TestSharedStore(t, func(t *testing.T) (a, b ledger.Store) {
		dsn := migrated(t)
		return openStore(t, dsn), openStore(t, dsn)
	})
}

func TestLedger(t *testing.T) {
	ledgertest.TestLedger(t, func(t *testing.T) ledger.Store { return openStore(t, migrated(t)) })
}

func TestSharedLedger(t *testing.T) {
	ledgertest.TestSharedLedger(t, func(t *testing.T) (a, b ledger.Store) {
		dsn := migrated(t)
		return openStore(t, dsn), openStore(t, dsn)
	})
}

// ledgertest.TestHistory looks the flag up.
var _ = flag.Uint64("seed", 0, "repeat the random history with this seed")

func TestHistory(t *testing.T) {
	ledgertest.TestHistory(t, func(t *testing.T) ledger.Store { return openStore(t, migrated(t)) })
}
