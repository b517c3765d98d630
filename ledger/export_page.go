package ledger

import (
	"context"
	"errors"
	"fmt"
)

// exportPage reads what belongs to the blocks of one page. Records are asked for many at once, also
// those of blocks that follow: a block by itself often has one or two.
type exportPage struct {
	*exporter
	view   View
	blocks []Block
	bodies []*decodedBody // nil where it was not decoded yet, or has gone

	// rows are the records that were asked for last, nil for one that is not there.
	rows map[RecordKey]*RecordRow
}

// block reads what belongs to a block.
func (p *exportPage) block(ctx context.Context, at int) ([]piece, error) {
	b := &p.blocks[at]
	if err := p.fill(ctx, at); err != nil {
		return nil, err
	}
	if err := p.chain.follow(b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDiscrepancy, err)
	}
	err := p.decode(at)
	if errors.Is(err, ErrFormat) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: block %d: %w", ErrDiscrepancy, b.Seq, err)
	}
	body := p.bodies[at]
	pieces := []piece{{frameBlock, appendBlock(nil, b)}}
	announced := body.announced()
	if len(announced) > 0 {
		rows, err := p.view.Events(ctx, p.events, len(announced))
		if err != nil {
			return nil, err
		}
		for i, effect := range announced {
			if i >= len(rows) || rows[i].No != p.events+1 || !effect.digests(&rows[i]) {
				return nil, fmt.Errorf("%w: event %d is missing or differs from the journal", ErrDiscrepancy, p.events+1)
			}
			p.events++
			p.out.Events++
			pieces = append(pieces, piece{frameEvent, appendBytes(appendBytes(nil, rows[i].Salt), rows[i].Payload)})
		}
	}
	kept := body.kept()
	for i, effect := range kept {
		more, err := p.content(ctx, at, kept[i:], effect)
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, more)
	}
	p.bodies[at] = nil
	p.out.Blocks++
	return pieces, nil
}

// fill takes the body of a block that was archived from the archive.
func (p *exportPage) fill(ctx context.Context, at int) error {
	if b := &p.blocks[at]; b.Body == nil {
		return fromArchive(ctx, p.cfg.Archive, b)
	}
	return nil
}

// decode decodes a block's body if it was not.
func (p *exportPage) decode(at int) error {
	if p.bodies[at] != nil {
		return nil
	}
	body, err := decodeBody(p.blocks[at].Body)
	if err == nil {
		p.bodies[at] = &body
	}
	return err
}

// content is the content of a record as a block wrote it, if it is still there. Rest are the
// effects of the block that keep a record, from this one on.
func (p *exportPage) content(ctx context.Context, at int, rest []*effect, effect *effect) (piece, error) {
	superseded := piece{frameRecord, []byte{0}}
	key := RecordKey{effect.text, effect.other}
	if p.ahead[key] > effect.version {
		return superseded, nil
	}
	row, asked := p.rows[key]
	if !asked {
		if err := p.ask(ctx, at, rest); err != nil {
			return piece{}, err
		}
		row = p.rows[key]
	}
	switch {
	case row != nil && row.Version > effect.version:
		if len(p.ahead) >= 10_000 {
			clear(p.ahead)
		}
		p.ahead[key] = row.Version
		return superseded, nil
	case row == nil || row.Version < effect.version || row.Erased || !effect.holds(row):
		return piece{}, fmt.Errorf("%w: record %s %s is missing or differs from the journal", ErrDiscrepancy, clip(key.Type), clip(key.ID))
	}
	p.out.Records++
	return piece{frameRecord, appendContent(appendBytes([]byte{1}, row.Salt), row)}, nil
}

// aheadBytes bounds the bodies that are decoded before their turn.
const aheadBytes = 1 << 20

// ask reads the records that rest kept, and those that the blocks after it did, as many as are
// read together. What is wrong with a block that follows is said when its turn comes.
func (p *exportPage) ask(ctx context.Context, at int, rest []*effect) error {
	asked := make(map[RecordKey]*RecordRow)
	var keys []RecordKey
	for size := 0; ; {
		for _, effect := range rest {
			key := RecordKey{effect.text, effect.other}
			if _, there := asked[key]; there || p.ahead[key] > effect.version {
				continue
			}
			if len(keys) == p.atOnce {
				break
			}
			asked[key] = nil
			keys = append(keys, key)
		}
		at++
		if len(keys) == p.atOnce || at == len(p.blocks) {
			break
		}
		if p.fill(ctx, at) != nil {
			break
		}
		if size += len(p.blocks[at].Body); size > aheadBytes || p.decode(at) != nil {
			break
		}
		rest = p.bodies[at].kept()
	}
	rows, err := p.view.RecordsByKey(ctx, keys)
	if err != nil {
		return err
	}
	size := 0
	for i := range rows {
		asked[rows[i].RecordKey] = &rows[i]
		size += len(rows[i].Content)
	}
	switch {
	case size > 4<<20:
		p.atOnce = max(1, p.atOnce/2)
	case size < 1<<20:
		p.atOnce = min(contentAtOnce, p.atOnce*2)
	}
	p.rows = asked
	return nil
}
