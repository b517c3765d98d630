package ledger

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The golden files of a frozen format are never changed. The flags are for the next format,
// and for what precedes a freeze; "make goldens" gives them to all tests that write some.
var (
	writeGoldens  = flag.Bool("write-goldens", false, "write golden files that are not there")
	replaceFrozen = flag.Bool("replace-frozen", false, "with -write-goldens: replace those that are there")
)

// golden holds a text against its file.
func golden(t *testing.T, file, got string) (want string) {
	t.Helper()
	if *writeGoldens {
		mode := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
		if !*replaceFrozen {
			mode |= os.O_EXCL
		}
		f, err := os.OpenFile(file, mode, 0o600)
		if !errors.Is(err, os.ErrExist) {
			require.NoError(t, err)
			_, err = f.WriteString(got)
			require.NoError(t, errors.Join(err, f.Close()))
		}
	}
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	if want = string(b); want != got {
		a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
		i := 0
		for i < len(a) && i < len(b) && a[i] == b[i] {
			i++
		}
		assert.Fail(t, "today's code writes something else", "%s line %d:\n%s\ninstead of\n%s",
			file, i+1, strings.Join(b[min(i, len(b)):min(i+1, len(b))], ""), strings.Join(a[min(i, len(a)):min(i+1, len(a))], ""))
	}
	return want
}

// hexLines writes bytes as lines of 32.
func hexLines(b []byte) string {
	var s strings.Builder
	for i := 0; i < len(b); i += 32 {
		fmt.Fprintln(&s, hex.EncodeToString(b[i:min(i+32, len(b))]))
	}
	return s.String()
}

// effectKinds tells which kinds of effects bodies have.
func effectKinds(bodies ...decodedBody) map[effectKind]bool {
	kinds := make(map[effectKind]bool)
	for i := range bodies {
		for _, c := range bodies[i].changes {
			for _, e := range c.effects {
				kinds[e.kind] = true
			}
		}
	}
	return kinds
}

// The golden file of a format stays what it is for as long as blocks of that format exist.
func TestFormat1BlockStaysWhatItIs(t *testing.T) {
	batch := goldenBlock(t)
	body, err := decodeBody(batch.Block.Body)
	require.NoError(t, err)
	want := golden(t, "testdata/format1/block.golden",
		"A block of format 1, written by the kernel for the ledger golden:ledger.\n\n"+
			hexLines(batch.Block.Body)+"\n"+describe(batch.Block, &body))

	// The block in the file is decoded on its own, so that a later kernel still reads it.
	_, text, _ := strings.Cut(want, "\n\n")
	dumped, text, _ := strings.Cut(text, "\n\n")
	old, err := hex.DecodeString(strings.ReplaceAll(dumped, "\n", ""))
	require.NoError(t, err)
	block := *batch.Block
	block.Body = old
	block.Hash = hashBlock("golden:ledger", &block)
	body, err = decodeBody(old)
	require.NoError(t, err)
	assert.Equal(t, text, describe(&block, &body))
	assert.Equal(t, old, encode(&body), "the encoding is canonical")

	kinds := effectKinds(body)
	for kind := effectCurrency; kind <= effectAlter; kind++ {
		assert.True(t, kinds[kind], "effect %d is in the golden block", kind)
	}
	assert.NotContains(t, string(old), "secret")
}

// The blocks of the history that all golden databases hold, out of its golden export: what
// each byte of them means is written beside them, and stays.
func TestFormat1HistoryMeansWhatItMeant(t *testing.T) {
	dumped, err := os.ReadFile("../internal/frozen/testdata/format1/export.hex")
	require.NoError(t, err)
	file, err := hex.DecodeString(strings.ReplaceAll(string(dumped), "\n", ""))
	require.NoError(t, err)
	f, err := newFrameReader(bytes.NewReader(file), exportMagic)
	require.NoError(t, err)
	h, err := f.header()
	require.NoError(t, err)
	var s strings.Builder
	fmt.Fprintf(&s, "The blocks of ledger %s, whose key is %x.\n", h.name, h.key)
	chain := chainLink{name: h.name, last: Checkpoint{Hash: genesisHash(h.name, h.key)}}
	var bodies []decodedBody
	for {
		kind, payload, err := f.next()
		if kind == frameEnd {
			break
		}
		require.NotErrorIs(t, err, io.EOF)
		require.NoError(t, err)
		if kind != frameBlock {
			continue
		}
		b, err := decodeBlock(payload)
		require.NoError(t, err)
		require.NoError(t, chain.follow(&b))
		body, err := decodeBody(b.Body)
		require.NoError(t, err)
		assert.Equal(t, b.Body, encode(&body), "the encoding of block %d is canonical", b.Seq)
		bodies = append(bodies, body)
		s.WriteString("\n" + hexLines(b.Body) + describe(&b, &body))
	}
	golden(t, "testdata/format1/history.golden", s.String())

	kinds, expired := effectKinds(bodies...), 0
	for kind := effectCurrency; kind <= effectAlter; kind++ {
		assert.True(t, kinds[kind], "effect %d is in the history", kind)
	}
	for i := range bodies {
		expired += len(bodies[i].expired)
	}
	assert.NotZero(t, expired, "holds that expire are in the history")
}

func TestFormatsOfOtherVersionsAreRefused(t *testing.T) {
	newer, older := &FormatError{What: "block", Have: 2, Want: 1}, &FormatError{What: "block", Have: 0, Want: 1}
	for _, err := range []error{newer, older} {
		require.ErrorIs(t, err, ErrFormat)
		require.NotErrorIs(t, err, ErrDamaged)
	}
	assert.EqualError(t, newer, "ledger: unknown format: the block has version 2, this program reads 1: a newer version of the program is needed")
	assert.EqualError(t, older, "ledger: unknown format: the block has version 0, this program reads 1: it was never promised to be read")
}
