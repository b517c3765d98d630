//go:build unix

package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// guard runs the server and outlives the test process by a moment. Its standard
// input is a pipe whose other end only the test process holds: when that
// closes, on purpose or because the process was killed, the guard stops the
// server and removes its directory. So neither is ever left behind, even by a
// test run that was interrupted, timed out or crashed.
//
// SIGQUIT ends a PostgreSQL server at once, without a last checkpoint; nobody
// will read these files again. The loop holds the pipe in a shell of its own
// because the first has to notice a server that ends by itself.
const guard = `
dir=$1
shift
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
{ read -r line <&3; kill -QUIT "$server"; } 2>/dev/null &
watch=$!
wait "$server"
status=$?
kill "$watch" 2>/dev/null
rm -rf "$dir"
exit "$status"
`

// settings are what tests need: real durability, room for many connections, and
// no way in but the socket.
var settings = []string{
	"fsync=on",
	"synchronous_commit=on",
	"full_page_writes=on",
	"max_connections=100",
	"shared_buffers=128MB",
	"listen_addresses=",
	"unix_socket_permissions=0700",
	"timezone=UTC",
	"log_timezone=UTC",
	"logging_collector=off",
}

// server is a private PostgreSQL server.
type server struct {
	dir   string         // everything of it: data, socket, log
	sort  string         // clause of CREATE DATABASE that chooses how text sorts
	pipe  io.WriteCloser // closing it stops the server
	guard *exec.Cmd
	ended chan struct{} // closed when the guard has ended
}

// start makes a cluster and runs a server on it under a guard, until stop is called
// or this process ends.
func start(guard string, more []string) (*server, error) {
	programs, err := findPrograms(places, os.Getenv("PATH"))
	if err != nil {
		return nil, err
	}
	who, err := unprivileged()
	if err != nil {
		return nil, err
	}
	// Not os.TempDir: a socket's path may have about 100 bytes, and when the
	// tests run as root the server's user must be able to get there.
	dir, err := os.MkdirTemp("/tmp", "okpay-pgtest-")
	if err != nil {
		return nil, err
	}
	if who != nil {
		err = os.Chown(dir, int(who.Uid), int(who.Gid))
	}
	if err == nil {
		err = initialize(programs, dir, who)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return run(guard, programs, dir, who, slices.Concat(settings, more))
}

// unprivileged returns the user to run as: nil for this process's own, or, since
// PostgreSQL refuses to run as root, an ordinary one in root's place.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody")
}

// initialize makes the cluster's files.
func initialize(programs, dir string, who *syscall.Credential) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	// The files of a new cluster need not survive a power failure: only what
	// the tests write must, and the server sees to that.
	cmd := exec.CommandContext(ctx, filepath.Join(programs, "initdb"),
		"--pgdata="+filepath.Join(dir, "data"), "--username=okpay", "--auth=trust",
		"--encoding=UTF8", "--locale=C", "--no-sync")
	prepare(cmd, dir, who)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// run starts the server under its guard and waits until it answers.
func run(guard, programs, dir string, who *syscall.Credential, settings []string) (*server, error) {
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	defer log.Close()
	args := []string{
		"-c", guard, "pgtest-guard", dir,
		filepath.Join(programs, "postgres"), "-D", filepath.Join(dir, "data"), "-k", dir,
	}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	cmd := exec.Command("/bin/sh", args...)
	prepare(cmd, dir, who)
	// In a session of its own the guard outlives a signal to the tests' whole
	// process group, such as an interrupt from the terminal.
	cmd.SysProcAttr.Setsid = true
	cmd.Stdout, cmd.Stderr = log, log
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, pipe.Close(), os.RemoveAll(dir))
	}
	s := &server{dir: dir, pipe: pipe, guard: cmd, ended: make(chan struct{})}
	go func() { // ends with the guard, which ends with the pipe
		defer close(s.ended)
		_ = cmd.Wait() // the log has the reason
	}()
	if err := s.ready(); err != nil {
		err = errors.Join(err, s.stop())
		// The guard has removed the log, but what is open can still be read.
		text, _ := io.ReadAll(io.NewSectionReader(log, 0, 1<<20))
		return nil, fmt.Errorf("%w\n%s", err, bytes.TrimSpace(text))
	}
	return s, nil
}

// prepare gives a program of the server its user, a directory that this user can
// enter, and an environment in which no setting of the caller's takes part.
func prepare(cmd *exec.Cmd, dir string, who *syscall.Credential) {
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
}

// sortQuery chooses the sort order of new databases: en-US where the server was
// built with ICU and is new enough (15) to use it for a whole database, else the
// order of bytes, which initdb was told to use.
const sortQuery = `
SELECT CASE
	WHEN current_setting('server_version_num')::int >= 150000
		AND EXISTS (SELECT FROM pg_collation WHERE collname = 'en-US-x-icu')
	THEN ' LOCALE_PROVIDER icu ICU_LOCALE ''en-US'''
	ELSE ''
END`

// ready waits until the server accepts a connection and asks it how its new
// databases can sort.
func (s *server) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.dsn())
		if err == nil {
			err = conn.QueryRow(ctx, sortQuery).Scan(&s.sort)
			return errors.Join(err, conn.Close(ctx))
		}
		select {
		case <-poll.C:
		case <-s.ended:
			return errors.New("the server ended while starting")
		case <-ctx.Done():
			return fmt.Errorf("the server did not answer within %v: %w", patience, err)
		}
	}
}

// dsn names the server's own database, from which others are created.
func (s *server) dsn() string {
	query := url.Values{"host": {s.dir}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.User("okpay"), Path: "/postgres", RawQuery: query.Encode()}
	return u.String()
}

// stop ends the server and returns when its processes and files are gone.
func (s *server) stop() error {
	err := s.pipe.Close()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case <-s.ended:
		return err
	case <-timeout.C:
		// The guard leads its process group; the server's other processes end
		// when they see that the first is gone.
		kill := syscall.Kill(-s.guard.Process.Pid, syscall.SIGKILL)
		<-s.ended
		return errors.Join(err, kill, os.RemoveAll(s.dir),
			fmt.Errorf("the server did not stop within %v and was killed", patience))
	}
}
