package pgstore

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Config sets up a Store. The zero value works.
type Config struct {
	// Schema is the PostgreSQL schema that holds the tables: 1 to 63 bytes, not starting
	// with "pg_". It need not be in any search_path. Defaults to "okpay".
	Schema string

	// MaxConns is the most connections that Open's pool makes. A block takes one while it
	// is written or waits for another process, a Read takes one while it runs. Defaults to
	// the DSN's pool_max_conns, or else to the greater of 4 and the number of CPUs. Unused
	// by FromPool.
	MaxConns int32

	// LockTimeout bounds how long a block waits for other processes before Begin returns
	// ledger.ErrRetry. It is cut to milliseconds. Defaults to 5 seconds; negative means no
	// bound.
	LockTimeout time.Duration

	// IdleTimeout bounds how long this process may hold a ledger's lock without talking to
	// the server, as when it is stopped or its machine has vanished; the server then ends
	// the transaction so that other processes can go on. It is cut to milliseconds.
	// Defaults to 10 seconds; negative means no bound.
	IdleTimeout time.Duration
}

// defaults returns the config with its defaults filled in, or what is wrong with it.
func (c Config) defaults() (Config, error) {
	if c.Schema == "" {
		c.Schema = "okpay"
	}
	if err := checkIdentifier(c.Schema); err != nil {
		return c, fmt.Errorf("%w: schema: %w", ErrConfig, err)
	}
	if strings.HasPrefix(c.Schema, "pg_") {
		return c, fmt.Errorf("%w: schema: names starting with pg_ belong to PostgreSQL", ErrConfig)
	}
	if c.MaxConns < 0 {
		return c, fmt.Errorf("%w: MaxConns is %d", ErrConfig, c.MaxConns)
	}
	if c.LockTimeout == 0 {
		c.LockTimeout = 5 * time.Second
	}
	if c.IdleTimeout == 0 {
		c.IdleTimeout = 10 * time.Second
	}
	return c, nil
}

// milliseconds is a timeout as PostgreSQL's settings have it: 0 means none.
func milliseconds(d time.Duration) string {
	if d < 0 {
		return "0"
	}
	return strconv.FormatInt(max(d.Milliseconds(), 1), 10)
}

// maxIdentifier is how many bytes of a name PostgreSQL keeps; it cuts off the rest without
// a word.
const maxIdentifier = 63

// checkIdentifier says why a name can not be a quoted identifier.
func checkIdentifier(name string) error {
	switch {
	case name == "" || len(name) > maxIdentifier:
		return fmt.Errorf("a name of %d bytes, want 1 to %d", len(name), maxIdentifier)
	case !utf8.ValidString(name) || strings.IndexByte(name, 0) >= 0:
		return fmt.Errorf("the name is not valid UTF-8")
	}
	return nil
}
