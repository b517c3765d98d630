package ledger

import (
	"context"
	"errors"
	"fmt"
)

// FormatVersion is the version of the encoding of a block's body, its first byte. Format 1 is
// frozen: docs/compatibility.md says what that promises. Format 0 was that of the time before
// and is read by nobody.
const FormatVersion = 1

// chainVersion is the version of the rules by which blocks are hashed and the first one is
// tied to its ledger. It is apart from FormatVersion, so that the chain of a ledger can be
// followed across a change of what stands in the bodies.
const chainVersion = 1

// ErrFormat reports a block, file or checkpoint of a format that this program does not read;
// see FormatError.
var ErrFormat = errors.New("ledger: unknown format")

// FormatError says which format was met. It matches ErrFormat. Nothing was changed.
type FormatError struct {
	What string // "block", "file" or "checkpoint"
	Have int    // the version that was met
	Want int    // the newest version that this program reads
}

// Error names both versions and says what to do.
func (e *FormatError) Error() string {
	advice := "a newer version of the program is needed"
	if e.Have < e.Want {
		advice = "it was never promised to be read"
	}
	return fmt.Sprintf("%v: the %s has version %d, this program reads %d: %s", ErrFormat, e.What, e.Have, e.Want, advice)
}

// Is matches ErrFormat.
func (e *FormatError) Is(target error) bool { return target == ErrFormat }

// checkFormat returns a FormatError for a ledger whose last block has another format. Versions
// only rise, so the last block tells of the newest that was written. Where its body was archived,
// the versions that the store keeps of its readers and writers have to do.
func (l *Ledger) checkFormat(ctx context.Context, head *Head) error {
	if head.Seq == 0 {
		return nil
	}
	return l.read(ctx, func(v View) error {
		blocks, err := v.Blocks(ctx, head.Seq-1, 1)
		if err != nil || len(blocks) == 0 || len(blocks[0].Body) == 0 {
			return err
		}
		return checkVersion("block", blocks[0].Body[0], FormatVersion)
	})
}

// checkVersion returns a FormatError for any version but the one that is read.
func checkVersion(what string, have, want byte) error {
	if have == want {
		return nil
	}
	return &FormatError{What: what, Have: int(have), Want: int(want)}
}
