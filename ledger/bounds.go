package ledger

// Bounds of what a Change may hold. Lengths are in bytes.
const (
	MaxIDLen        = 256     // ids of changes, holds and records, unique keys, labels
	MaxTypeLen      = 64      // types of records and events
	MaxAccountLen   = 128     // account names
	MaxReferenceLen = 256     // references
	MaxMetadata     = 32      // metadata entries
	MaxMetadataLen  = 512     // one metadata key or value
	MaxDetailLen    = 4096    // Refusal.Detail
	MaxContentLen   = 1 << 20 // content of one record, payload of one event
	MaxPostings     = 1000    // postings of one operation
	MaxParts        = 1000    // operations, expects, puts, events, each, of one Change
	MaxChain        = 1000    // Changes that are linked to each other
	MaxIndexed      = 32      // unique keys or labels, each, of one record
	MaxRequest      = 256     // fields of a Request
	MaxMonitors     = 100     // monitors of one account
)

// MaxBlockLen bounds a block's body, in bytes, whatever Config.MaxBlockBytes says. A block may
// also not take more than four times as much memory when it is decoded, which only very many
// very small effects do. A ledger cuts what waits into blocks that keep both, and refuses a
// Change, or a chain, that alone would not (ErrTooLarge). So whoever reads a file of another's
// knows what a block of it can cost at most.
const MaxBlockLen = 64 << 20
