package ledger

import (
	"context"
	"slices"
	"sync"
	"time"
)

// recall is what a process remembers of the records that it read and wrote last, so that a
// verb need not ask the store for what this process has just written. What is remembered may
// be behind the store; a verb's Change expects the version that it was decided on, so the
// kernel finds out.
//
// Two generations, each of at most half the bytes: when the young one is full or old, the
// other one is forgotten and it takes its place.
type recall struct {
	mu         sync.Mutex
	young, old map[RecordKey]Record
	bytes      int       // of young
	since      time.Time // when young began
	most       int       // bytes of both; 0 remembers nothing
	epoch      int       // counts how often all was forgotten
}

// recallLasts bounds the age of what is remembered: content that was erased elsewhere does
// not stay for long.
const recallLasts = time.Minute

// get returns a remembered record. Its content and lists are the caller's own.
func (c *recall) get(key RecordKey, now time.Time) (Record, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn(now)
	r, ok := c.young[key]
	if !ok {
		if r, ok = c.old[key]; !ok {
			return Record{}, false
		}
		delete(c.old, key)
		c.keep(key, r)
	}
	r.Content, r.Unique, r.Labels = slices.Clone(r.Content), slices.Clone(r.Unique), slices.Clone(r.Labels)
	return r, true
}

// put remembers a record that was read or written in an epoch, unless that is over or a later
// version is remembered.
func (c *recall) put(r Record, now time.Time, epoch int) {
	key := RecordKey{r.Type, r.ID}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn(now)
	if epoch != c.epoch {
		return
	}
	for _, known := range [...]map[RecordKey]Record{c.young, c.old} {
		if k, ok := known[key]; ok && k.Version > r.Version {
			return
		}
	}
	delete(c.old, key)
	if before, ok := c.young[key]; ok {
		c.bytes -= recordBytes(&before)
		delete(c.young, key)
	}
	r.Content, r.Unique, r.Labels = slices.Clone(r.Content), slices.Clone(r.Unique), slices.Clone(r.Labels)
	c.keep(key, r)
}

func (c *recall) keep(key RecordKey, r Record) {
	size := recordBytes(&r)
	if size > c.most/8 { // so that a few large ones do not drive out everything
		return
	}
	if c.young == nil {
		c.young = make(map[RecordKey]Record)
	}
	c.young[key] = r
	c.bytes += size
}

func (c *recall) forget(keys ...RecordKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range keys {
		if r, ok := c.young[key]; ok {
			c.bytes -= recordBytes(&r)
			delete(c.young, key)
		}
		delete(c.old, key)
	}
}

// clear begins a new epoch: another history is accepted, in which a version that was seen may
// have other content.
func (c *recall) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.young, c.old, c.bytes = nil, nil, 0
	c.epoch++
}

func (c *recall) now() (epoch int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.epoch
}

// turn makes the young generation the old one when it is full or old.
func (c *recall) turn(now time.Time) {
	switch age := now.Sub(c.since); {
	case age < 0 || age >= 2*recallLasts:
		c.young, c.old = nil, nil
	case c.bytes > c.most/2 || age >= recallLasts:
		c.young, c.old = nil, c.young
	default:
		return
	}
	c.bytes, c.since = 0, now
}

func recordBytes(r *Record) int {
	const fixed = 300 // the struct, the key and their place in a map
	n := fixed + 2*(len(r.Type)+len(r.ID)) + len(r.Content)
	for _, list := range [...][]string{r.Unique, r.Labels} {
		for _, s := range list {
			n += 16 + len(s)
		}
	}
	return n
}

// RecordSince returns a record as it was at the block numbered seq or later: what a caller
// who was told Outcome.Seq sees at least. It may come from this process's memory, and then later
// versions written by others are not seen; Record always asks the store. Errors: those of
// Record.
func (l *Ledger) RecordSince(ctx context.Context, recordType, id string, seq int64) (Record, error) {
	if r, ok := l.recall.get(RecordKey{recordType, id}, l.Now()); ok && r.Seq >= seq {
		return r, nil
	}
	return l.Record(ctx, recordType, id)
}

// learn remembers what a Draft's Change has put.
func (l *Ledger) learn(d *Draft, out *Outcome) {
	if out.Seq == 0 || out.Replayed {
		return
	}
	puts := d.Puts
	switch {
	case out.Alternative:
		puts = d.Else.Change.Puts
	case out.Refusal != nil && d.Refusal == nil:
		return // nothing was put
	}
	now := l.Now()
	for i := range puts {
		p := &puts[i]
		version, known := d.expected(p.Type, p.ID)
		if !known || p.Erase {
			l.recall.forget(RecordKey{p.Type, p.ID})
			continue
		}
		l.recall.put(Record{
			Type: p.Type, ID: p.ID, Version: version + 1, Seq: out.Seq, Chaining: p.Chaining,
			Content: p.Content, Unique: p.Unique, Labels: p.Labels, Due: micro(p.Due),
		}, now, d.epoch)
	}
}

// expected returns the version that the Change relies on.
func (d *Draft) expected(recordType, id string) (version int64, known bool) {
	for i := range d.Expects {
		if e := &d.Expects[i]; e.Type == recordType && e.ID == id {
			return e.Version, true
		}
	}
	return 0, false
}
