package ledger

import "context"

// BlockSource gives blocks of the journal, ascending: those with Seq > after, at most limit.
// *Ledger is one, and so is an archive.
type BlockSource interface {
	Blocks(ctx context.Context, after int64, limit int) ([]Block, error)
}
