//go:build unix

package pgtest_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
)

// TestChild is the program that TestNothingIsLeft runs in another process.
func TestChild(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		return
	}
	dsn := pgtest.DSN(t)
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	os.Stdout.WriteString("directory " + config.Host + "\n")
	// Go on only when the parent says so: it may want to kill this process.
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
}

func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	proceed := func(c *child) {
		require.NoError(t, c.stdin.Close())
		assert.NoError(t, c.Wait(), "%s", &c.errors)
	}
	tests := []struct {
		name string
		kind string
		end  func(*child)
	}{
		{"after the tests of a package that uses Main", childWithMain, proceed},
		{"after the tests of a package without Main", childWithoutMain, proceed},
		{"after the test process was killed", childWithMain, func(c *child) {
			require.NoError(t, c.Process.Kill())
			assert.Error(t, c.Wait())
		}},
		{"after an interrupt from the terminal", childWithMain, func(c *child) {
			require.NoError(t, syscall.Kill(-c.Process.Pid, syscall.SIGINT))
			assert.Error(t, c.Wait())
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := startChild(t, test.kind)
			require.True(t, running(c.server))
			require.DirExists(t, c.directory)
			test.end(c)
			if c.ProcessState.Success() {
				assert.False(t, running(c.server), "the server outlived the tests")
				assert.NoDirExists(t, c.directory)
			}
			assert.Eventually(t, func() bool {
				_, err := os.Stat(c.directory)
				return !running(c.server) && errors.Is(err, os.ErrNotExist)
			}, 30*time.Second, 10*time.Millisecond)
		})
	}
}

// child is a process of this test binary with a private server of its own.
type child struct {
	*exec.Cmd
	stdin     io.Closer
	errors    bytes.Buffer // its standard error; to be read after Wait
	directory string       // of its server
	server    int          // process id of its server
}

// startChild starts a child and returns when its server runs.
func startChild(t *testing.T, kind string) *child {
	t.Helper()
	c := &child{Cmd: exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.count=1")}
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, pgtest.ServerVariable+"=") {
			c.Env = append(c.Env, entry)
		}
	}
	c.Env = append(c.Env, childVariable+"="+kind)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Stderr = &c.errors
	stdin, err := c.StdinPipe()
	require.NoError(t, err)
	c.stdin = stdin
	stdout, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())

	lines := bufio.NewScanner(stdout)
	for c.directory == "" && lines.Scan() {
		c.directory, _ = strings.CutPrefix(lines.Text(), "directory ")
	}
	if c.directory == "" {
		err := c.Wait()
		t.Fatalf("the child started no server: %v\n%s", err, &c.errors)
	}
	pidFile, err := os.ReadFile(filepath.Join(c.directory, "data", "postmaster.pid"))
	require.NoError(t, err)
	first, _, _ := strings.Cut(string(pidFile), "\n")
	c.server, err = strconv.Atoi(first)
	require.NoError(t, err)
	return c
}

// running reports whether a process exists.
func running(pid int) bool {
	return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
