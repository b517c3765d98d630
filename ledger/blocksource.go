package ledger

import (
	"context"
	"errors"
)

// BlockSource gives blocks with their bodies: an archive, a copy of the ledger, a Ledger.
type BlockSource interface {
	// Blocks returns blocks with Seq > after, ascending and without a gap between them, at
	// most limit; none when there is none. The first is the one that follows after, unless
	// the source begins later.
	Blocks(ctx context.Context, after int64, limit int) ([]Block, error)
}

// ErrArchived reports blocks whose bodies the store no longer has, where they are needed and
// neither the store nor a given archive has them.
var ErrArchived = errors.New("ledger: blocks were archived")
