package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"time"
)

// Driven is a ledger without a goroutine: a test drives its committer step by step.
type Driven struct {
	*Ledger
	committer *committer
}

// OpenDriven opens a ledger to be driven by hand.
func OpenDriven(ctx context.Context, store Store, cfg Config) (*Driven, error) {
	l, c, err := open(ctx, store, cfg)
	return &Driven{l, c}, err
}

// Put puts a Change into the queue. What it returns tells the answer after a Step.
func (d *Driven) Put(change Change) (answered func() (Outcome, error), err error) {
	s := d.newSingle()
	if err := d.prepare(&s.preparer, &s.prepared, &change, false); err != nil {
		return nil, err
	}
	if _, err := d.queue.put(&s.request); err != nil {
		return nil, err
	}
	return func() (Outcome, error) {
		if !s.request.settled.Load() {
			return Outcome{}, ErrOutcomeUnknown
		}
		return s.answer[0].outcome, s.answer[0].err
	}, nil
}

// PutAll puts Changes into the queue as CommitAll does, chains uncut. What it returns tells
// the answers after Steps; ok is false as long as one is missing.
func (d *Driven) PutAll(changes []Change) (answered func() (answers []Answer, ok bool), err error) {
	answers := make([]Answer, len(changes))
	w := d.newWindow(nil, changes, answers, nil)
	w.call.open.Store(int64(len(w.requests)))
	if w.sent, err = d.queue.put(w.requests...); err != nil {
		return nil, err
	}
	return func() ([]Answer, bool) {
		for _, r := range w.requests {
			if !r.settled.Load() {
				return nil, false
			}
		}
		w.receive(context.Background())
		w.sent = 0 // the answers are there for good
		return answers, true
	}, nil
}

// Step writes one block of what waits, and reports whether anything waited.
func (d *Driven) Step(ctx context.Context) bool { return d.committer.step(ctx) }

// Cached lists the accounts whose balances the ledger remembers.
func (d *Driven) Cached() (keys []AccountKey) {
	for _, e := range d.committer.cache.all {
		if !d.committer.cache.doubtful(e) {
			keys = append(keys, e.Key)
		}
	}
	return keys
}

// DecideAhead makes blocks of so many Changes large enough to decide the next one while they
// are written.
func (d *Driven) DecideAhead(from int) { d.committer.aheadFrom = from }

// OneGoroutine makes the ledger decide ahead in the goroutine of Step.
func (d *Driven) OneGoroutine() { d.committer.oneGoroutine = true }

// SignText signs as checkpoints are signed.
var SignText = signText

// Repaired makes the checksums of a file right, as far as it consists of frames.
func Repaired(file []byte) []byte {
	const start = len(exportMagic) + 1
	for at := start; at+framePrefix+frameSuffix <= len(file); {
		end := at + framePrefix + int(binary.BigEndian.Uint32(file[at+1:]))
		if end+frameSuffix > len(file) || end < at {
			break
		}
		if frameKind(file[at]) == frameEnd && end-sha256.Size >= at+framePrefix {
			sum := sha256.Sum256(file[:at])
			copy(file[end-sha256.Size:end], sum[:])
		}
		binary.BigEndian.PutUint32(file[end:], crc32.Checksum(file[at:end], castagnoli()))
		at = end + frameSuffix
	}
	return file
}

// Forged is an export of one block with one Change of these effects, whose checksums and
// hashes are right.
func Forged(effects ...[]byte) []byte {
	body := appendUint(appendUint([]byte{FormatVersion}, 0), 1)
	body = appendText(body, "id")
	body = appendBytes(body, nil)
	body = appendBytes(body, appendOutcome(nil, &Outcome{Time: time.Unix(0, 0)}))
	return ForgedBody(appendBytes(body, bytes.Join(effects, nil)))
}

// ForgedBody is an export of one block with a body, whose checksums and hashes are right.
func ForgedBody(body []byte) []byte {
	h := fileHeader{name: "main", seq: 1}
	h.after.Hash = genesisHash(h.name, h.key)
	b := Block{Seq: 1, Time: time.Unix(0, 0).UTC(), Previous: h.after.Hash, Body: body}
	b.Hash = hashBlock(h.name, &b)
	var out bytes.Buffer
	w, err := newFrameWriter(&out, exportMagic)
	for _, f := range []piece{{frameHeader, h.append(nil)}, {frameBlock, appendBlock(nil, &b)}} {
		if err == nil {
			err = w.frame(f.kind, f.payload)
		}
	}
	if err == nil {
		end := fileEnd{last: Checkpoint{1, b.Hash}, blocks: 1}
		_, err = w.end(end.append(nil))
	}
	if err != nil {
		panic(err)
	}
	return out.Bytes()
}

// ForgedCurrency, ForgedAccount and ForgedTransaction are effects for Forged.
func ForgedCurrency(code string, scale int) []byte { return appendCurrency(nil, code, scale) }

func ForgedAccount(name, currency string) []byte {
	return appendOpen(nil, &Account{Key: AccountKey{name, currency}})
}

func ForgedTransaction(legs ...[3]int64) []byte {
	b := appendBytes(appendText(appendTime([]byte{byte(effectTransaction)}, time.Time{}), ""), nil)
	b = appendUint(b, uint64(len(legs)))
	for _, l := range legs {
		for _, n := range l {
			b = appendUint(b, uint64(n))
		}
	}
	return b
}

// BoundBlocks has no block have more bytes, or weigh more when it is decoded.
func (d *Driven) BoundBlocks(longest, heaviest int) {
	d.committer.longest, d.committer.heaviest = longest, heaviest
}

// Plans counts the blocks that were decided ahead, and those of them that were used as decided.
func (d *Driven) Plans() (made, used int) { return d.committer.plans.made, d.committer.plans.used }

// Planned reports whether a plan waits to be used.
func (d *Driven) Planned() bool { return d.committer.ahead.batch != nil }
