package ledger

import "context"

// BlockSource gives blocks with their bodies: an archive, a copy of the ledger, a Ledger.
type BlockSource interface {
	// Blocks returns blocks with Seq > after, ascending and without a gap between them, at
	// most limit; none when there is none. The first is the one that follows after, unless
	// the source begins later.
	Blocks(ctx context.Context, after int64, limit int) ([]Block, error)
}
