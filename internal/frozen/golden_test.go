package frozen

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

// The golden files of a frozen format are never changed. The flags are for the next format,
// and for what precedes a freeze; "make goldens" gives them to all tests that write some.
var (
	writeGoldens  = flag.Bool("write-goldens", false, "write golden files that are not there")
	replaceFrozen = flag.Bool("replace-frozen", false, "with -write-goldens: replace those that are there")
)

// newest is the version that today's code writes. When a change of format adds another one,
// the files of this one stay, and so does what the tests ask of them.
const newest = "format1"

// versions are all that were ever promised to be read.
func versions(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("testdata/format*")
	require.NoError(t, err)
	require.Contains(t, found, filepath.Join("testdata", newest))
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	return found
}

// database is one that the history is written to, and restored in from a dump.
type database interface {
	golden() string     // the name of its file
	prepare(*testing.T) // makes the schema, or brings it up to date
	open(context.Context) (ledger.Store, error)
	dump(*testing.T) string
	restore(t *testing.T, dump string)
	exec(t *testing.T, sql string)
	later() []later
	newWriter() (sql string, want error)
}

func databases() map[string]func(*testing.T) database {
	return map[string]func(*testing.T) database{"SQLite": newSQLite, "PostgreSQL": newPostgres}
}

// opened opens a database's store until the test ends.
func opened(t *testing.T, db database) ledger.Store {
	t.Helper()
	store, err := db.open(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

// read reads a golden file.
func read(t *testing.T, version, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", version, file))
	require.NoError(t, err)
	return string(b)
}

// readHex reads a golden file that was written by hexLines.
func readHex(t *testing.T, version, file string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(read(t, version, file), "\n", ""))
	require.NoError(t, err)
	return b
}

func hexLines(b []byte) string {
	var s strings.Builder
	for i := 0; i < len(b); i += 32 {
		fmt.Fprintln(&s, hex.EncodeToString(b[i:min(i+32, len(b))]))
	}
	return s.String()
}

// same holds what today's code writes against the file of the newest version.
func same(t *testing.T, file, got string) {
	t.Helper()
	if *writeGoldens {
		mode := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
		if !*replaceFrozen {
			mode |= os.O_EXCL
		}
		require.NoError(t, os.MkdirAll(filepath.Join("testdata", newest), 0o700))
		f, err := os.OpenFile(filepath.Join("testdata", newest, file), mode, 0o600)
		if !errors.Is(err, os.ErrExist) {
			require.NoError(t, err)
			_, err = f.WriteString(got)
			require.NoError(t, errors.Join(err, f.Close()))
		}
	}
	equal(t, file, read(t, newest, file), got)
}

// equal names the first line that differs: whole files are too long to be printed.
func equal(t *testing.T, what, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	line := func(lines []string) string { return strings.Join(lines[min(i, len(lines)):min(i+1, len(lines))], "") }
	assert.Fail(t, "differs from the golden file", "%s line %d:\n%s\nwant\n%s", what, i+1, line(b), line(a))
}

// blocksText writes the chain in words.
func blocksText(t *testing.T, l *ledger.Ledger) string {
	t.Helper()
	blocks, err := l.Blocks(t.Context(), 0, ledger.MaxPage)
	require.NoError(t, err)
	var s strings.Builder
	for i := range blocks {
		b := &blocks[i]
		fmt.Fprintf(&s, "block %d\ntime %s\nprevious %x\nhash %x\n%s\n", b.Seq, stamp(b.Time), b.Previous, b.Hash, hexLines(b.Body))
	}
	return s.String()
}

// Whatever changes what is written, by accident or not, fails here. Where it is meant, it is a
// new format with files of its own, beside these.
func TestTodaysCodeWritesTheNewestVersionToTheByte(t *testing.T) {
	stores := databases()
	stores["memory"] = nil
	for name, start := range stores {
		t.Run(name, func(t *testing.T) {
			var db database
			var store ledger.Store = memstore.New()
			if start != nil {
				db = start(t)
				db.prepare(t)
				store = opened(t, db)
			}
			h := record(t, store)
			same(t, "blocks.txt", blocksText(t, h.l))
			same(t, "export.hex", hexLines(h.export.Bytes()))
			same(t, "archive.hex", hexLines(h.archive.Bytes()))
			text, err := h.checkpoint.MarshalText()
			require.NoError(t, err)
			same(t, "checkpoint.txt", string(text))
			h.forget()
			same(t, "ledger.json", ask(t, h.l, h.asked))
			h.close()
			if db != nil {
				same(t, db.golden(), db.dump(t))
			}
		})
	}
}

// What a person put into a record or an event stands in its table alone.
func TestBlocksHoldNoContent(t *testing.T) {
	for _, version := range versions(t) {
		archive, blocks := readHex(t, version, "archive.hex"), read(t, version, "blocks.txt")
		for _, secret := range []string{"Zhang San", "+86 10 1234", "token", `{"order": 1}`} {
			assert.NotContains(t, blocks, hex.EncodeToString([]byte(secret)), version)
			assert.False(t, bytes.Contains(archive, []byte(secret)), version)
		}
	}
}
