//go:build unix

package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// supervisor is a guard that starts the server again whenever it has ended, as a
// machine's init does, until the pipe closes. A server that was killed leaves
// processes and shared memory behind for a moment, and one that starts in that moment
// gives up; the next one finds them gone.
//
// The loop over kill ends with the directory, because a server may have been started in
// the moment in which the pipe closed.
const supervisor = `
dir=$1
shift
exec 3<&0 </dev/null
{
	read -r line <&3
	: >"$dir/end"
	while [ -d "$dir" ]; do
		kill -QUIT "$(cat "$dir/server")"
		sleep 0.05
	done
} 2>/dev/null &
while [ ! -e "$dir/end" ]; do
	"$@" 3<&- &
	echo "$!" >"$dir/server"
	wait "$!"
	rm -f "$dir/server"
	sleep 0.05
done
rm -rf "$dir"
`

// Server is a private server of one test, which that test may kill. It comes back by
// itself, on the same files.
type Server struct{ server *server }

// Start starts a private server, also where OKPAY_TEST_POSTGRES names another one, since
// nobody may kill that. It ends with the test. Settings are as for [Main].
//
// Without PostgreSQL's programs the test is skipped, or fails when CI is "true".
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	srv, err := start(supervisor, settings)
	if errors.Is(err, errNoPostgres) {
		missing(t, inCI(), err)
	}
	if err != nil {
		t.Fatalf("pgtest: cannot start PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		if err := srv.stop(); err != nil {
			t.Errorf("pgtest: cannot stop PostgreSQL: %v", err)
		}
	})
	return &Server{srv}
}

// DSN creates an empty database, as the function of that name does. It ends with the
// server.
func (s *Server) DSN(t testing.TB) string {
	t.Helper()
	dsn, _ := create(t, s.server.dsn(), s.server.sort)
	return dsn
}

// Kill kills the server's first process (SIGKILL) and returns when it is gone. The others
// of its processes end when they notice.
func (s *Server) Kill(t testing.TB) { t.Helper(); s.end(t, syscall.SIGKILL) }

// Quit shuts the server down at once (SIGQUIT, which PostgreSQL calls an immediate
// shutdown), without a checkpoint, and returns when its first process is gone.
func (s *Server) Quit(t testing.TB) { t.Helper(); s.end(t, syscall.SIGQUIT) }

func (s *Server) end(t testing.TB, signal syscall.Signal) {
	t.Helper()
	pid, err := s.pid()
	if err == nil {
		err = syscall.Kill(pid, signal)
	}
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for since := time.Now(); err == nil; <-poll.C {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return
		}
		if time.Since(since) > patience {
			err = fmt.Errorf("it was still there after %v", patience)
		}
	}
	t.Fatalf("pgtest: cannot end the server: %v", err)
}

// pid is the server's first process, once there is one.
func (s *Server) pid() (int, error) {
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for since := time.Now(); ; <-poll.C {
		text, err := os.ReadFile(filepath.Join(s.server.dir, "server"))
		if err == nil {
			// It may be there without its content for a moment.
			if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
				return pid, nil
			}
		}
		if time.Since(since) > patience {
			return 0, errors.Join(errors.New("it does not come back"), err)
		}
	}
}
