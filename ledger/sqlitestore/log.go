package sqlitestore

import (
	"os"
	"time"
)

// The write-ahead log is copied into the database by commits (Config.LogSize), and is
// written from its start again once everything was copied and nobody reads from it. Reads
// that overlap without end never leave such a moment, and the log would grow for as long as
// they do. So a writer that finds it too long makes the moment: it keeps writers out while
// the reads that go on end, each of them by itself. New reads are not held up, and do not need the
// log any more.
const (
	logFactor = 4                      // how many times Config.LogSize is too long
	logWait   = 100 * time.Millisecond // how long writers wait for reads to end
)

// logWatch knows how long the log may get.
type logWatch struct {
	path string        // of the log
	most int64         // bytes at which to do something about it
	wait time.Duration // how long writers wait for reads to end
}

// watch finds the log of the connection's file.
func (c *conn) watch(cfg Config) (logWatch, error) {
	w := logWatch{most: logFactor * cfg.LogSize, wait: logWait}
	stmt, err := c.Prepare("PRAGMA database_list")
	if err != nil {
		return w, err
	}
	err = each(stmt, func(r *row) error {
		if r.next = 1; r.text() == "main" {
			w.path = r.text() + "-wal" // with symbolic links resolved, as SQLite sees it
		}
		return nil
	})
	return w, err
}

// trim makes a log that is too long start anew. If reads do not let it, or if it fails, it
// tries again when the log is twice as long: it is housekeeping, and what is really wrong
// shows when the next block is written. No transaction is open.
func (w *logWatch) trim(c *conn, cfg Config) {
	size := w.size()
	if size <= w.most {
		return
	}
	c.SetBusyTimeout(w.wait)
	busy, err := c.queryInt("PRAGMA wal_checkpoint(TRUNCATE)")
	c.SetBusyTimeout(0)
	if err != nil || busy != 0 {
		w.most = 2 * size
	} else {
		w.most = logFactor * cfg.LogSize
	}
}

func (w *logWatch) size() int64 {
	info, err := os.Stat(w.path)
	if err != nil {
		return 0 // no log yet
	}
	return info.Size()
}
