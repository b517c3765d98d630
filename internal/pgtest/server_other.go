//go:build !unix

package pgtest

import "fmt"

// server does not exist here: the private server needs Unix sockets, a shell and
// signals. A server named by OKPAY_TEST_POSTGRES works everywhere.
type server struct {
	sort string
}

func start() (*server, error) {
	return nil, fmt.Errorf("%w: a private server needs Unix", errNoPostgres)
}

func (*server) dsn() string { return "" }

func (*server) stop() error { return nil }
