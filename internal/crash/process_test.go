package crash

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/pgstore"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
)

// The environment of a child: what it does, on which database, under which name, and how
// far each of its callers has come.
const (
	roleVariable = "OKPAY_CRASH_ROLE"
	dsnVariable  = "OKPAY_CRASH_DSN"
	nameVariable = "OKPAY_CRASH_NAME"
	doneVariable = "OKPAY_CRASH_DONE"
)

// roles are what a child can do. It prints a line for all that was acknowledged, at once.
var roles = map[string]func(ctx context.Context, say func(line string) error) error{
	"pay":   func(ctx context.Context, say func(string) error) error { return payments(ctx, say, false) },
	"spend": func(ctx context.Context, say func(string) error) error { return payments(ctx, say, true) },
	"step":  steps,
}

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := child(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(pgtest.Main(m))
}

func child(role string) error {
	out := bufio.NewWriter(os.Stdout)
	var mu sync.Mutex
	return roles[role](context.Background(), func(line string) error {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(out, line)
		return out.Flush()
	})
}

// openStore opens SQLite by "sqlite:" and a path, PostgreSQL by any other DSN.
func openStore(ctx context.Context, dsn string) (ledger.Store, error) {
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		return sqlitestore.Open(ctx, path, sqlitestore.Config{})
	}
	return pgstore.Open(ctx, dsn, pgstore.Config{})
}

// databases are the places that survive a process.
var databases = []struct {
	name string
	open func(t *testing.T) (dsn string)
}{
	{"SQLite", sqliteFile},
	{"PostgreSQL", func(t *testing.T) string { return migrated(t, pgtest.DSN(t)) }},
}

func sqliteFile(t *testing.T) string { return "sqlite:" + t.TempDir() + "/ledger.db" }

func migrated(t *testing.T, dsn string) string {
	t.Helper()
	require.NoError(t, pgstore.Migrate(t.Context(), dsn, pgstore.Config{}))
	return dsn
}

// process is a running child.
type process struct {
	*exec.Cmd
	lines chan string // what it said; closed when its output ends
	errs  strings.Builder
}

func startChild(t *testing.T, role, dsn, name string, environment ...string) *process {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	p := &process{Cmd: exec.Command(self), lines: make(chan string, 1<<20)}
	p.Env = append(os.Environ(), roleVariable+"="+role, dsnVariable+"="+dsn, nameVariable+"="+name)
	p.Env = append(p.Env, environment...)
	p.Stderr = &p.errs
	out, err := p.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.Start())
	t.Cleanup(func() { _ = p.Process.Kill() })
	go func() { // ends with the child
		defer close(p.lines)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			p.lines <- lines.Text()
		}
	}()
	return p
}

// kill kills the child and returns the rest of what it said.
func (p *process) kill(t *testing.T) (rest []string) {
	t.Helper()
	require.NoError(t, p.Process.Kill())
	for line := range p.lines {
		rest = append(rest, line)
	}
	_ = p.Wait() // it was killed
	require.Empty(t, p.errs.String(), "the child had ended by itself")
	return rest
}

// next returns the next line that the child says.
func (p *process) next(t *testing.T) string {
	t.Helper()
	line, ok := <-p.lines
	if !ok {
		_ = p.Wait() // what it says stands in errs
		require.Fail(t, "the child ended by itself", "%s", &p.errs)
	}
	return line
}
