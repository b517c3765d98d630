// Package pgtest gives a test an empty database on a real PostgreSQL server.
//
// A test asks for a database with [DSN] and connects to it as it likes; the
// database is dropped when the test ends. The server behind it is either the
// one that the environment variable OKPAY_TEST_POSTGRES names, or a private
// one that this package starts from the PostgreSQL programs on this machine:
// in a temporary directory, reached over a Unix socket in that directory only,
// with fsync on, because durability is what many tests are about (but see [Hasty]). The tests of
// one process share one private server. Let [Main] hold it:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
// A test that kills its server takes one of its own with [Start].
//
// The package is for tests only. It reads these environment variables, which
// library code may not:
//
//   - OKPAY_TEST_POSTGRES: the DSN (URL or keyword form) of a server to use
//     instead of a private one. Its role needs the right to create databases.
//   - CI: when it is "true", a missing PostgreSQL fails the test. Otherwise the
//     test is skipped with a message that says what to install.
//   - PATH: one of the places where the PostgreSQL programs are looked for.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// ServerVariable is the environment variable that names a server to use in
// place of a private one.
const ServerVariable = "OKPAY_TEST_POSTGRES"

// patience bounds each step that waits for PostgreSQL: to make a cluster, to
// accept connections, to create or drop a database, to stop. A loaded machine
// takes a second or two for the slowest of them.
const patience = time.Minute

// errNoPostgres reports that this machine has no PostgreSQL server programs.
// DSN answers it with a skip, or in CI with a failure.
var errNoPostgres = errors.New("no PostgreSQL server programs found")

// shared is the private server of this process. It is the one mutable variable
// of the package: testing offers no other place that outlives a test.
var shared holder

// DSN creates an empty database and returns its DSN in URL form, which pgx and
// database/sql drivers accept. The database has a name of its own, so tests may
// run in parallel. It is dropped, with any connection still open to it, when
// the test and its subtests have ended.
//
// The database is encoded in UTF-8. On a private server it sorts text as a
// person would (en-US) where the server can, because that is what production
// databases do, and a query that needs the order of bytes must say so itself.
//
// Without a PostgreSQL server the test is skipped, or fails when CI is "true".
func DSN(t testing.TB) string {
	t.Helper()
	admin, sort := os.Getenv(ServerVariable), ""
	if admin == "" {
		srv, err := shared.acquire()
		if errors.Is(err, errNoPostgres) {
			missing(t, inCI(), err)
		}
		if err != nil {
			t.Fatalf("pgtest: cannot start PostgreSQL: %v", err)
		}
		t.Cleanup(func() {
			if err := shared.release(); err != nil {
				t.Errorf("pgtest: cannot stop PostgreSQL: %v", err)
			}
		})
		admin, sort = srv.dsn(), srv.sort
	}
	dsn, drop := create(t, admin, sort)
	t.Cleanup(func() {
		if err := drop(); err != nil {
			t.Errorf("pgtest: cannot drop the database: %v", err)
		}
	})
	return dsn
}

// Main runs the tests of a package and holds its private server, if a test
// starts one, until all have ended. It returns the exit code. Without Main
// everything works as well, but the server stops whenever no test is using it
// and is started again for the next.
//
// The server gets the settings, such as "shared_buffers=1GB", besides those that
// every private server has; the last of a name holds.
func Main(m *testing.M, settings ...string) int {
	shared.hold(settings)
	code := m.Run()
	if err := shared.release(); err != nil {
		fmt.Fprintf(os.Stderr, "pgtest: cannot stop PostgreSQL: %v\n", err)
		code = max(code, 1)
	}
	return code
}

// Hasty are settings for [Main] of a package whose subject is not durability: the server does not
// wait for its disk. What it writes survives the end of its processes all the same, but not that
// of the machine.
func Hasty() []string { return []string{"fsync=off", "full_page_writes=off"} }

// inCI reports whether a missing server is a failure.
func inCI() bool { return os.Getenv("CI") == "true" }

// missing ends a test for which there is no server.
func missing(t testing.TB, ci bool, err error) {
	t.Helper()
	text := fmt.Sprintf("pgtest: %v: install PostgreSQL 15 or later (on Debian: apt-get install postgresql), "+
		"or name a running server in %s", err, ServerVariable)
	if ci {
		t.Fatal(text)
	} else {
		t.Skip(text)
	}
}

// create makes a database on the server that admin names and returns how to drop
// it. The clause sort may say how it sorts text.
func create(t testing.TB, admin, sort string) (dsn string, drop func() error) {
	t.Helper()
	// Processes that share a server must not collide, so the name is random.
	name := "okpay_test_" + strings.ToLower(rand.Text())
	dsn, err := withDatabase(admin, name)
	if err != nil {
		t.Fatalf("pgtest: %s: %v", ServerVariable, err)
	}
	if err := execute(admin, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8'"+sort); err != nil {
		t.Fatalf("pgtest: cannot create a database: %v", err)
	}
	// FORCE ends connections that a test, or a process it killed, left open.
	return dsn, func() error { return execute(admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") }
}

// execute runs one statement on a connection of its own.
func execute(dsn, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

// withDatabase returns the DSN of another database on the same server. The
// name must need no quoting.
func withDatabase(dsn, name string) (string, error) {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		// In keyword form the last of several values holds.
		return strings.TrimSpace(dsn + " dbname=" + name), nil
	}
	u, err := url.Parse(dsn)
	if err != nil {
		// The parser's own error repeats the DSN and with it the password.
		return "", errors.New("not a valid URL")
	}
	// A parameter would win over the path.
	query := u.Query()
	query.Del("dbname")
	query.Del("database")
	u.Path, u.RawPath, u.RawQuery = "/"+name, "", query.Encode()
	return u.String(), nil
}

// holder owns the private server of a process: it starts with the first user
// and stops with the last, so nobody has to remember to end it.
type holder struct {
	mu       sync.Mutex
	users    int
	settings []string
	srv      *server
	err      error // of the first start; a second attempt would end the same way
}

// hold counts a user that may never need the server, so it starts nothing.
func (h *holder) hold(settings []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.users++
	h.settings = settings
}

// acquire counts a user and starts the server if it is not running.
func (h *holder) acquire() (*server, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.srv == nil && h.err == nil {
		h.srv, h.err = start(guard, h.settings)
	}
	if h.err != nil {
		return nil, h.err
	}
	h.users++
	return h.srv, nil
}

// release counts a user out and stops the server after the last.
func (h *holder) release() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.users--
	if h.users > 0 || h.srv == nil {
		return nil
	}
	srv := h.srv
	h.srv = nil
	return srv.stop()
}
