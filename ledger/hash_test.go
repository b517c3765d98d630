package ledger

import (
	"bytes"
	"encoding/hex"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The vectors of this file were computed by another program in another language, from the
// description of the hashes in docs/design.md and beside the functions.

func vector(h string) (v [32]byte) {
	b, err := hex.DecodeString(h)
	if err != nil || len(b) != len(v) {
		panic("bad vector " + h)
	}
	return [32]byte(b)
}

func upTo(n int, from byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = from + byte(i)
	}
	return b
}

func TestBlocksHashAsDescribed(t *testing.T) {
	for _, v := range []struct {
		ledger string
		block  Block
		want   string
	}{
		{
			"main",
			Block{Seq: 1, Time: time.Date(2026, time.March, 1, 12, 0, 0, 123_456_000, time.UTC)},
			"90ad7357538d03047001c30883d7c84863e41d508930a6ca06fac9b9a8c44b91",
		},
		{
			"main",
			Block{Seq: math.MaxInt64, Time: time.UnixMicro(-1), Previous: [32]byte(upTo(32, 0)), Body: []byte{0, 0, 0}},
			"aaa40ea1939f337868f077c1ef9aff513d19ca0a1d1059081078deb181669ccd",
		},
		{
			"a:b.c-d_e",
			Block{
				Seq: 300, Time: time.UnixMicro(0), Previous: [32]byte(bytes.Repeat([]byte{0xff}, 32)), Body: bytes.Repeat([]byte("x"), 300),
			},
			"920c418691d0ff9cba8b8be24098a36a23fdf05e1f1ec02176299dc552c8ad4b",
		},
	} {
		assert.Equal(t, vector(v.want), hashBlock(v.ledger, &v.block), "%s %d", v.ledger, v.block.Seq)
	}
}

func TestAHashBindsEveryPartOfABlock(t *testing.T) {
	base := Block{Seq: 5, Time: time.UnixMicro(7), Previous: [32]byte{1}, Body: []byte("body")}
	hashes := [][32]byte{hashBlock("main", &base), hashBlock("mainb", &base)}
	for _, change := range []func(*Block){
		func(b *Block) { b.Seq++ },
		func(b *Block) { b.Time = b.Time.Add(time.Microsecond) },
		func(b *Block) { b.Previous[31] = 1 },
		func(b *Block) { b.Body = []byte("bodY") },
		func(b *Block) { b.Body = []byte("body\x00") },
		func(b *Block) { b.Body = nil },
	} {
		b := base
		change(&b)
		hashes = append(hashes, hashBlock("main", &b))
	}
	slices.SortFunc(hashes, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	assert.Len(t, slices.Compact(hashes), 8, "all differ")
}

func TestTheFirstBlockFollowsNameAndKey(t *testing.T) {
	assert.Equal(t, vector("7d754258bf2dd27cc0ae6ff618e8e5bff0a67f94e815555b96c4f9e1dd6f9d8d"), genesisHash("main", [16]byte(upTo(16, 0))))
}

func TestDigestsAreAsDescribed(t *testing.T) {
	salt := upTo(saltLen, 0)
	for want, p := range map[string]Put{
		"ddebdb63b8883d4e596c2cb7ac1315e68ae84fcf9eb85d9850cd62574089e6d0": {Type: "t", ID: "id"},
		"ed05442d255f2da98d4405b3852148f294f31ad7f79491cecb616a78d05fa42e": {
			Type: "payment", ID: "p-1", Content: bytes.Repeat([]byte{0, 0xff}, 100), Unique: []string{"u1", "u2"}, Labels: []string{"é"},
			Due: time.Date(2026, time.March, 1, 12, 0, 0, 123_456_000, time.UTC),
		},
		"bad4e347cadcfb2e60ab514a5f600c5cfb998721f36df7e764841e6556d31413": {
			Type: "payment", ID: "p-1", Content: []byte("c"), Due: time.UnixMicro(-1),
		},
	} {
		assert.Equal(t, want, hex.EncodeToString(recordDigest(salt, &p)))
		p.Chaining = Plain // is not part of it
		assert.Equal(t, want, hex.EncodeToString(recordDigest(salt, &p)))
	}
	for want, e := range map[string]Event{
		"89c76344cd2a7736860620b981ecebdddb90ba4e1b653ea49ef5cbab629df9ee": {Type: "t"},
		"3fef3de2f3db7ea5dab87ba5c7ff29f24175f777f600c16f91006cc578dd8411": {Type: "payment.captured", Subject: "p-1", Payload: []byte(`{"a":1}`)},
	} {
		assert.Equal(t, want, hex.EncodeToString(eventDigest(salt, &e)))
	}
}

// The vector comes from another implementation of SipHash-2-4, which agrees with the one of
// the function's paper.
func TestTagsAreAsDescribed(t *testing.T) {
	tags := func(key [16]byte, fields ...Field) string {
		tagger := newTagger(key)
		tagger.request(&prepared{fields: fields})
		return hex.EncodeToString(tagger.tags(nil))
	}
	key := [16]byte(upTo(16, 1))
	got := tags(key, Field{"amount", "19.95"}, Field{"customer", ""})
	assert.Equal(t, "0a8fcb2030d2ba5884763ba88d600052155079be", got)
	assert.NotEqual(t, got, tags([16]byte{}, Field{"amount", "19.95"}, Field{"customer", ""}), "another ledger's tags tell nothing")
	// What belongs to the name can not be moved to the value.
	assert.NotEqual(t, tags(key, Field{"ab", "c"}), tags(key, Field{"a", "bc"}))
}
