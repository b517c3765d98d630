package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// A block's body is what was decided: a version byte, the holds found expired with what
// each released, then for each Change its id, the tags of its request, its outcome and its
// effects.
//
// Accounts stand in effects by their number. Numbers of accounts, postings and events are
// not written: each is the one after the last. An effect that takes from a hold says from
// which legs, so that what becomes of an account follows from the effects that name it.

type effectKind byte

const (
	effectCurrency    effectKind = 1 + iota // a currency is used for the first time
	effectOpen                              // an account is opened
	effectTransaction                       // postings are made
	effectHold                              // a hold is placed
	effectCapture                           // postings are made from a hold
	effectVoid                              // a hold is voided
	effectRecord                            // a chained record has a new version
	effectErase                             // a chained record became a tombstone
	effectEvent                             // an event is announced
	effectReverse                           // postings are made that mirror a transaction
	effectAlter                             // an account's limits and flags are set
)

// effect is one decoded effect. Which fields are used depends on the kind.
type effect struct {
	kind effectKind

	text  string // currency code, account name, hold id, type of record or event
	other string // account currency, record id, event subject, reference

	scale    int
	normal   Side
	min, max *int64

	postings  []legEffect
	at        time.Time // effective, or expiry
	reference string
	metadata  []byte
	final     bool
	released  []legEffect // what is not reserved any more
	version   int64       // of a record, or the transaction that is reversed, or the account that is altered
	flags     AccountFlags
	digest    []byte
}

type legEffect struct{ debit, credit, amount int64 }

// changeEffect is one decoded Change of a block.
type changeEffect struct {
	id      string
	tags    []byte
	outcome []byte
	effects []effect
}

// decodedBody is a decoded body.
type decodedBody struct {
	expired []effect // of kind effectVoid
	changes []changeEffect
}

func appendOpen(b []byte, a *Account) []byte {
	b = append(b, byte(effectOpen))
	b = appendText(b, a.Key.Name)
	b = appendText(b, a.Key.Currency)
	b = append(b, byte(a.Normal))
	b = appendLimit(b, a.Min)
	return appendLimit(b, a.Max)
}

func appendAlter(b []byte, a *Account) []byte {
	b = appendUint(append(b, byte(effectAlter)), uint64(a.No))
	b = append(b, byte(a.Flags))
	b = appendLimit(b, a.Min)
	return appendLimit(b, a.Max)
}

func appendLegs(b []byte, legs []legEffect) []byte {
	b = appendUint(b, uint64(len(legs)))
	for _, l := range legs {
		b = appendUint(b, uint64(l.debit))
		b = appendUint(b, uint64(l.credit))
		b = appendUint(b, uint64(l.amount))
	}
	return b
}

func appendCurrency(b []byte, code string, scale int) []byte {
	b = appendText(append(b, byte(effectCurrency)), code)
	return append(b, byte(scale))
}

func appendRecord(b []byte, key RecordKey, version int64, digest []byte) []byte {
	b = append(b, byte(effectRecord))
	b = appendText(b, key.Type)
	b = appendText(b, key.ID)
	b = appendUint(b, uint64(version))
	return append(b, digest...)
}

func appendErase(b []byte, key RecordKey, version int64) []byte {
	b = append(b, byte(effectErase))
	b = appendText(b, key.Type)
	b = appendText(b, key.ID)
	return appendUint(b, uint64(version))
}

func appendEvent(b []byte, e *Event, digest []byte) []byte {
	b = append(b, byte(effectEvent))
	b = appendText(b, e.Type)
	b = appendText(b, e.Subject)
	return append(b, digest...)
}

func (d *decoder) legs() []legEffect {
	n := d.count()
	if d.skip {
		for i := 0; i < n && d.err == nil; i++ {
			d.number()
			d.number()
			d.number()
		}
		d.seen.legs += n
		return nil
	}
	legs := make([]legEffect, 0, n)
	for range n {
		legs = append(legs, legEffect{debit: d.number(), credit: d.number(), amount: d.number()})
	}
	return legs
}

// effect reads an effect into e, of which only what its kind uses is set.
func (d *decoder) effect(e *effect) {
	switch e.kind = effectKind(d.byte()); e.kind {
	case effectCurrency:
		e.text, e.scale = d.text(), int(d.byte())
	case effectOpen:
		e.text, e.other = d.text(), d.text()
		if d.flag() {
			e.normal = Debit
		}
		e.min, e.max = d.limit(), d.limit()
	case effectTransaction:
		e.at, e.reference, e.metadata, e.postings = d.time(), d.text(), d.bytes(), d.legs()
	case effectHold:
		e.text, e.at, e.reference, e.metadata, e.postings = d.text(), d.time(), d.text(), d.bytes(), d.legs()
	case effectCapture:
		e.text, e.final, e.reference, e.metadata, e.postings = d.text(), d.flag(), d.text(), d.bytes(), d.legs()
		e.released = d.legs()
	case effectVoid:
		e.text, e.released = d.text(), d.legs()
	case effectReverse:
		e.version, e.at, e.reference, e.metadata, e.postings = d.number(), d.time(), d.text(), d.bytes(), d.legs()
	case effectAlter:
		e.version, e.flags = d.number(), AccountFlags(d.byte())
		if e.flags&^allAccountFlags != 0 {
			d.fail("account flags")
		}
		e.min, e.max = d.limit(), d.limit()
	case effectRecord:
		e.text, e.other, e.version, e.digest = d.text(), d.text(), d.number(), d.fixed(sha256.Size)
	case effectErase:
		e.text, e.other, e.version = d.text(), d.text(), d.number()
	case effectEvent:
		e.text, e.other, e.digest = d.text(), d.text(), d.fixed(sha256.Size)
	default:
		d.fail("unknown effect")
	}
}

// hashBlock computes a block's hash. The name binds the block to its ledger.
func hashBlock(name string, b *Block) [32]byte {
	h := sha256.New()
	head := make([]byte, 0, 128+len(name))
	head = append(head, "okpay/block"...)
	head = append(head, chainVersion)
	head = appendText(head, name)
	head = binary.BigEndian.AppendUint64(head, uint64(b.Seq))
	head = binary.BigEndian.AppendUint64(head, uint64(b.Time.UnixMicro()))
	head = append(head, b.Previous[:]...)
	head = binary.BigEndian.AppendUint64(head, uint64(len(b.Body)))
	h.Write(head)
	h.Write(b.Body)
	return [32]byte(h.Sum(nil))
}

// genesisHash is what the first block follows: it binds the ledger's key, which no block
// holds, to the chain.
func genesisHash(name string, key [16]byte) [32]byte {
	b := append([]byte("okpay/genesis"), chainVersion)
	b = appendText(b, name)
	return sha256.Sum256(append(b, key[:]...))
}

// saltLen is how many random bytes keep a digest from being guessed.
const saltLen = 16

// recordDigest is what a chained record puts into the journal. Whoever has neither salt
// nor content learns nothing from it.
func recordDigest(salt []byte, p *Put) []byte {
	h := sha256.New() // which takes the content from where it is
	b := make([]byte, 0, 256)
	b = append(b, "okpay/record"...)
	b = append(b, salt...)
	b = appendText(b, p.Type)
	b = appendText(b, p.ID)
	b = appendUint(b, uint64(len(p.Content)))
	h.Write(b)
	h.Write(p.Content)
	b = appendUint(b[:0], uint64(len(p.Unique)))
	for _, k := range p.Unique {
		b = appendText(b, k)
	}
	b = appendUint(b, uint64(len(p.Labels)))
	for _, k := range p.Labels {
		b = appendText(b, k)
	}
	h.Write(appendTime(b, p.Due))
	return h.Sum(nil)
}

// eventDigest is what an event puts into the journal.
func eventDigest(salt []byte, e *Event) []byte {
	h := sha256.New()
	b := make([]byte, 0, 256)
	b = append(b, "okpay/event"...)
	b = append(b, salt...)
	b = appendText(b, e.Type)
	b = appendText(b, e.Subject)
	h.Write(appendUint(b, uint64(len(e.Payload))))
	h.Write(e.Payload)
	return h.Sum(nil)
}
