//go:build !unix

package pgtest

import (
	"fmt"
	"testing"
)

// guard runs nothing here.
const guard = ""

// server does not exist here: the private server needs Unix sockets, a shell and
// signals. A server named by OKPAY_TEST_POSTGRES works everywhere.
type server struct {
	sort string
}

func start(string, []string) (*server, error) {
	return nil, fmt.Errorf("%w: a private server needs Unix", errNoPostgres)
}

func (*server) dsn() string { return "" }

func (*server) stop() error { return nil }

// Server does not exist here either.
type Server struct{}

// Start skips the test, or fails it when CI is "true".
func Start(t testing.TB, _ ...string) *Server {
	t.Helper()
	_, err := start("", nil)
	missing(t, inCI(), err)
	return nil
}

// DSN is never called.
func (*Server) DSN(testing.TB) string { return "" }

// Kill is never called.
func (*Server) Kill(testing.TB) {}

// Quit is never called.
func (*Server) Quit(testing.TB) {}
