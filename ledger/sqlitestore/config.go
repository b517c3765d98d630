package sqlitestore

import (
	"fmt"
	"time"
)

// Config says how a Store works. The zero value is right for most programs.
type Config struct {
	// Synchronous is what an acknowledged commit survives. Defaults to Full.
	Synchronous Synchronous

	// BusyTimeout bounds how long a call waits for the file's locks when other callers or
	// other processes hold them. After it the call fails with ledger.ErrRetry. Defaults
	// to 10 s. It also ends with the call's context.
	BusyTimeout time.Duration

	// PoolSize is how many reads may run at a time; further ones wait. Each keeps a file
	// descriptor or three and up to 2 MiB of cached pages. Defaults to 4.
	PoolSize int

	// LogSize is how many bytes the write-ahead log may hold before a commit copies them
	// into the database. More is a little faster in bulk, and makes that commit slower and
	// the first open after a crash longer. Defaults to 16 MiB.
	LogSize int64

	// CacheSize bounds the pages that the writer keeps in memory, in bytes; the memory they
	// take is up to three times that. A block that changes more spills into the log
	// early, which is slower and nothing else. Defaults to 16 MiB.
	CacheSize int64
}

// Synchronous says when data is forced to disk. Whatever is chosen, the file stays
// consistent, and a crash of the process alone loses nothing.
type Synchronous uint8

const (
	// Full forces every commit to disk before it is acknowledged: it survives loss of
	// power.
	Full Synchronous = iota
	// Normal forces the log to disk only when it is copied into the database. Commits are
	// cheaper, and loss of power or a crash of the operating system takes back the last
	// ones although they were acknowledged. For data that can be made again.
	Normal
)

// String returns "full" or "normal".
func (s Synchronous) String() string {
	if s == Normal {
		return "normal"
	}
	return "full"
}

// withDefaults fills in what was left zero and refuses what makes no sense.
func (c Config) withDefaults() (Config, error) {
	if c.Synchronous > Normal {
		return c, fmt.Errorf("sqlitestore: unknown Config.Synchronous %d", c.Synchronous)
	}
	if c.BusyTimeout < 0 || c.PoolSize < 0 || c.LogSize < 0 || c.CacheSize < 0 {
		return c, fmt.Errorf("sqlitestore: a size or time in Config is negative")
	}
	if c.BusyTimeout == 0 {
		c.BusyTimeout = 10 * time.Second
	}
	if c.PoolSize == 0 {
		c.PoolSize = 4
	}
	if c.LogSize == 0 {
		c.LogSize = 16 << 20
	}
	if c.CacheSize == 0 {
		c.CacheSize = 16 << 20
	}
	return c, nil
}
