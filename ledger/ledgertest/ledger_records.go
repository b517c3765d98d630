package ledgertest

import (
	"bytes"
	"crypto/rand"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// recordPromises are about writing records.
var recordPromises = []promise{
	{"Every put is the next version, and an Expect demands one", testVersions},
	{"A content is kept byte for byte", testContent},
	{"A unique key is held by one record at a time", testUnique},
	{"A unique key moves from record to record within one Change, in the order of its puts", testUniqueOrder},
	{"A record is chained or plain from its first version on", testChaining},
	{"An erasure leaves a tombstone, which Verify accepts and whose version counts on", testErase},
	{"Erasing what is not there, or is erased, is ErrNotFound", testEraseNothing},
	{"One record may be put several times in one Change", testPutTwice},
	{"A record that was never put, or has a name that none can have, is not found", testRecordNotFound},
}

func (f *fixture) record(recordType, id string) ledger.Record {
	f.Helper()
	r, err := f.Record(f.ctx, recordType, id)
	require.NoError(f, err, "Record %s %s", recordType, id)
	return r
}

func testVersions(f *fixture) {
	expect := func(id string, version int64) []ledger.Expect {
		return []ledger.Expect{{Type: "t", ID: id, Version: version}}
	}
	put := func(text string) []ledger.Put { return []ledger.Put{{Type: "t", ID: "a", Content: []byte(text)}} }
	f.must(ledger.Change{Expects: expect("a", 0), Puts: put("one")})
	assert.Equal(f, ledger.Record{Type: "t", ID: "a", Version: 1, Seq: 1, Content: []byte("one")}, tidyRecord(f.record("t", "a")))
	f.must(ledger.Change{Expects: expect("a", 1), Puts: put("two")})
	f.must(ledger.Change{Puts: put("three")})
	assert.Equal(f, ledger.Record{Type: "t", ID: "a", Version: 3, Seq: 3, Content: []byte("three")}, tidyRecord(f.record("t", "a")))
	f.nothingHappens(func() {
		for _, e := range []ledger.Expect{
			{Type: "t", ID: "a", Version: 0},
			{Type: "t", ID: "a", Version: 2},
			{Type: "t", ID: "a", Version: 4},
			{Type: "t", ID: "A", Version: 3},
			{Type: "T", ID: "a", Version: 3},
			{Type: "t", ID: "missing", Version: 1},
		} {
			_, err := f.commit(ledger.Change{Expects: []ledger.Expect{{Type: "t", ID: "a", Version: 3}, e}, Puts: put("four")})
			require.ErrorIs(f, err, ledger.ErrConflict, "%v", e)
		}
	})
	// What is expected need not be put.
	f.must(ledger.Change{Expects: append(expect("a", 3), expect("missing", 0)...), Ops: []ledger.Op{transfer("bank:1", "user:1", 1)}})
}

// tidyRecord makes what a store may return in two ways one.
func tidyRecord(r ledger.Record) ledger.Record {
	if len(r.Unique) == 0 {
		r.Unique = nil
	}
	if len(r.Labels) == 0 {
		r.Labels = nil
	}
	if len(r.Content) == 0 {
		r.Content = nil
	}
	return r
}

func testContent(f *fixture) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	large := make([]byte, ledger.MaxContentLen)
	_, err := rand.Read(large)
	require.NoError(f, err)
	for name, content := range map[string][]byte{
		"empty": nil, "nul": {0}, "every byte": every, "large": large,
		"json": []byte(`{"b":1, "a":1.0,"a":2 }` + "\r\n"), "invalid UTF-8": {0xff, 0xfe, 0xc0}, "looks like hex": []byte(`\x00`),
	} {
		for _, chaining := range []ledger.Chaining{ledger.Chained, ledger.Plain} {
			id := numbered(name, int(chaining))
			f.must(ledger.Change{
				Puts:   []ledger.Put{{Type: "t", ID: id, Content: content, Chaining: chaining}},
				Events: []ledger.Event{{Type: "t", Subject: id, Payload: content}},
			})
			assert.True(f, bytes.Equal(content, f.record("t", id).Content), "content %s", id)
			assert.Equal(f, chaining, f.record("t", id).Chaining)
		}
	}
	events, err := f.Events(f.ctx, 0, 0)
	require.NoError(f, err)
	for _, e := range events {
		assert.True(f, bytes.Equal(f.record("t", e.Subject).Content, e.Payload), "payload %s", e.Subject)
	}
}

func testUnique(f *fixture) {
	put := func(id string, keys ...string) ledger.Change {
		return ledger.Change{Puts: []ledger.Put{{Type: "t", ID: id, Unique: keys}}}
	}
	holder := func(key string) string {
		f.Helper()
		r, err := f.RecordByKey(f.ctx, key)
		if err != nil {
			require.ErrorIs(f, err, ledger.ErrNotFound)
			return ""
		}
		return r.ID
	}
	taken := func(c ledger.Change, key string) {
		f.Helper()
		f.nothingHappens(func() {
			_, err := f.commit(c)
			var duplicate *ledger.DuplicateKeyError
			require.ErrorAs(f, err, &duplicate)
			require.ErrorIs(f, err, ledger.ErrDuplicateKey)
			assert.Equal(f, key, duplicate.Key)
		})
	}
	f.must(put("a", "one", "two"))
	assert.Equal(f, []string{"one", "two"}, f.record("t", "a").Unique)
	taken(put("b", "three", "two"), "two")
	other := put("a", "one")
	other.Puts[0].Type = "another type"
	taken(other, "one")
	assert.Empty(f, holder("three"), "a refused record holds nothing")
	f.must(put("a", "two", "four")) // its own key is not taken
	assert.Empty(f, holder("one"), "a key is free once a version is without it")
	assert.Equal(f, "a", holder("two"))
	f.must(put("b", "one"))
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "a", Erase: true}}})
	f.must(put("b", "two", "four"))
	assert.Equal(f, "b", holder("four"), "an erasure frees the keys")
	f.must(put("a", "one"))
	assert.Equal(f, "a", holder("one"))
	assert.Empty(f, holder("never"))
	assert.Empty(f, holder(""))
	f.must(put("case", "ONE", "one ", "é", "e\u0301"))
	assert.Equal(f, "a", holder("one"), "keys are compared byte by byte")
}

func testUniqueOrder(f *fixture) {
	put := func(id string, keys ...string) ledger.Put { return ledger.Put{Type: "t", ID: id, Unique: keys} }
	f.must(ledger.Change{Puts: []ledger.Put{put("a", "x"), put("b", "y")}})
	_, err := f.commit(ledger.Change{Puts: []ledger.Put{put("a", "y"), put("b", "x")}})
	require.ErrorIs(f, err, ledger.ErrDuplicateKey, "y is still b's when a takes it")
	f.must(ledger.Change{Puts: []ledger.Put{put("a"), put("b", "x"), put("a", "y")}})
	for key, id := range map[string]string{"x": "b", "y": "a"} {
		r, err := f.RecordByKey(f.ctx, key)
		require.NoError(f, err)
		assert.Equal(f, id, r.ID)
	}
	// A refused Change gives every key back.
	_, err = f.commit(ledger.Change{Puts: []ledger.Put{put("a"), put("c", "y"), put("d", "x")}})
	require.ErrorIs(f, err, ledger.ErrDuplicateKey)
	_, err = f.commit(ledger.Change{Puts: []ledger.Put{put("c", "y")}})
	require.ErrorIs(f, err, ledger.ErrDuplicateKey)
}

func testChaining(f *fixture) {
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "chained"}, {Type: "t", ID: "plain", Chaining: ledger.Plain}}})
	f.nothingHappens(func() {
		for _, p := range []ledger.Put{
			{Type: "t", ID: "chained", Chaining: ledger.Plain},
			{Type: "t", ID: "plain"},
			{Type: "t", ID: "plain", Erase: true},
		} {
			_, err := f.commit(ledger.Change{Puts: []ledger.Put{p}})
			var invalid *ledger.InvalidError
			require.ErrorAs(f, err, &invalid)
			assert.Equal(f, "puts.chaining", invalid.Field)
		}
	})
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "plain", Chaining: ledger.Plain, Content: []byte("secret")}}})
	blocks, err := f.Blocks(f.ctx, 0, 0)
	require.NoError(f, err)
	for _, b := range blocks {
		assert.NotContains(f, string(b.Body), "plain", "a plain record is not in the journal")
		assert.NotContains(f, string(b.Body), "secret")
	}
	assert.Contains(f, string(blocks[0].Body), "chained")
}

func testErase(f *fixture) {
	for _, chaining := range []ledger.Chaining{ledger.Chained, ledger.Plain} {
		f.Run(map[ledger.Chaining]string{ledger.Chained: "chained", ledger.Plain: "plain"}[chaining], func(t *testing.T) {
			g := f.another(t)
			put := ledger.Put{
				Type: "t", ID: "id", Content: []byte("a telephone number"), Unique: []string{"key"}, Labels: []string{"label"},
				Due: startTime, Chaining: chaining,
			}
			erase := ledger.Put{Type: "t", ID: "id", Erase: true, Chaining: chaining}
			g.must(ledger.Change{Puts: []ledger.Put{put}})
			g.must(ledger.Change{Puts: []ledger.Put{erase}})
			r, err := g.Record(g.ctx, "t", "id")
			require.ErrorIs(t, err, ledger.ErrErased)
			assert.Equal(t, ledger.Record{Type: "t", ID: "id", Version: 2, Seq: 2, Erased: true, Chaining: chaining}, tidyRecord(r))
			g.view(func(v ledger.View) {
				row, err := v.Record(g.ctx, ledger.RecordKey{Type: "t", ID: "id"})
				require.NoError(t, err)
				assert.Empty(t, row.Salt, "the salt goes with the content")
			})
			for _, query := range []ledger.RecordQuery{{Type: "t"}, {Type: "t", Label: "label"}, {Type: "t", DueBy: startTime}} {
				found, err := g.Records(g.ctx, query)
				require.NoError(t, err)
				assert.Empty(t, found, "a tombstone is not listed")
			}
			g.clean()
			g.must(ledger.Change{Expects: []ledger.Expect{{Type: "t", ID: "id", Version: 2}}, Puts: []ledger.Put{put}})
			assert.EqualValues(t, 3, g.record("t", "id").Version)
			assert.Equal(t, put.Content, g.record("t", "id").Content)
		})
	}
}

func testEraseNothing(f *fixture) {
	erase := ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "id", Erase: true}}}
	_, err := f.commit(erase)
	require.ErrorIs(f, err, ledger.ErrNotFound)
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "id"}}})
	f.must(erase)
	f.nothingHappens(func() {
		_, err = f.commit(erase)
		require.ErrorIs(f, err, ledger.ErrNotFound)
	})
}

func testPutTwice(f *fixture) {
	f.must(ledger.Change{Puts: []ledger.Put{
		{Type: "t", ID: "a", Content: []byte("1"), Unique: []string{"x"}},
		{Type: "t", ID: "a", Erase: true},
		{Type: "t", ID: "b", Unique: []string{"x"}},
		{Type: "t", ID: "a", Content: []byte("3"), Unique: []string{"y"}},
	}})
	r := f.record("t", "a")
	assert.EqualValues(f, 3, r.Version)
	assert.Equal(f, "3", string(r.Content))
	assert.False(f, r.Erased)
}

func testRecordNotFound(f *fixture) {
	long := string(bytes.Repeat([]byte("x"), ledger.MaxIDLen+1))
	for _, name := range [][2]string{{"t", "id"}, {"", "id"}, {"t", ""}, {"t", "a\x00b"}, {"t\xff", "id"}, {"t", long}, {long, "id"}} {
		_, err := f.Record(f.ctx, name[0], name[1])
		require.ErrorIs(f, err, ledger.ErrNotFound, "%q", name)
	}
	for _, key := range []string{"key", "", "a\x00b", "\xff", long} {
		_, err := f.RecordByKey(f.ctx, key)
		require.ErrorIs(f, err, ledger.ErrNotFound, "%q", key)
	}
}
