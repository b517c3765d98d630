package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
)

// BenchmarkProcesses is one and four processes on one ledger, which share the callers
// evenly, for OKPAY_TEST_SIZE times four seconds in which all of them work. x-one is what they
// make together over what one does; slowest/fastest compares the posts of the processes;
// gap-ms is the longest time for which any of them saw no commit of its own, first and last
// moments included. It runs once whatever b.N says: use -benchtime 1x.
func BenchmarkProcesses(b *testing.B) {
	duration := time.Duration(testsize.Scaled(b, 4)) * time.Second
	for _, p := range []struct {
		name string
		dsn  func(b *testing.B) string
	}{
		{"sqlite", func(b *testing.B) string { return "sqlite:" + b.TempDir() + "/bench.db" }},
		{"postgres", postgresDSN},
	} {
		for _, callers := range []int{256, 5000} {
			one := 0.0
			for _, processes := range []int{1, 4} {
				b.Run(fmt.Sprintf("%s/callers=%d/processes=%d", p.name, callers, processes), func(b *testing.B) {
					dsn := p.dsn(b)
					l, closeAll := opened(b, opener(dsn), ledger.Config{})
					newWriter(uniform, accounts).fill(b, l, accounts/2)
					closeAll()
					b.ResetTimer()
					r := together(b, dsn, processes, callers/processes, duration)
					b.ReportMetric(0, "ns/op") // hides it: it says nothing
					b.ReportMetric(r.rate, "transfers/s")
					b.ReportMetric(r.least/r.most, "slowest/fastest")
					b.ReportMetric(milliseconds(r.gap), "gap-ms")
					if processes == 1 {
						one = r.rate
					} else {
						reportTimes(b, r.rate, one, "x-one")
					}
				})
			}
		}
	}
}

// result is what processes made together.
type result struct {
	rate        float64 // transfers/s of all
	least, most float64 // posts of one
	gap         time.Duration
}

// together runs processes on one database.
func together(b *testing.B, dsn string, processes, callers int, duration time.Duration) (r result) {
	self, err := os.Executable()
	require.NoError(b, err)
	type running struct {
		*exec.Cmd
		in   io.WriteCloser
		out  *bufio.Reader
		errs strings.Builder
	}
	children := make([]*running, processes)
	for i := range children {
		c := &running{Cmd: exec.Command(self)}
		job, err := json.Marshal(job{DSN: dsn, Process: i, Callers: callers, Duration: duration})
		require.NoError(b, err)
		c.Env = append(os.Environ(), roleVariable+"="+string(job))
		c.Stderr = &c.errs
		c.in, err = c.StdinPipe()
		require.NoError(b, err)
		out, err := c.StdoutPipe()
		require.NoError(b, err)
		c.out = bufio.NewReader(out)
		require.NoError(b, c.Start())
		b.Cleanup(func() { _ = c.Process.Kill() })
		children[i] = c
	}
	for _, c := range children { // all begin when all are ready
		_, err := c.out.ReadString('\n')
		require.NoError(b, err, "%s", &c.errs)
	}
	for _, c := range children {
		require.NoError(b, c.in.Close())
	}
	for _, c := range children {
		var one report
		err := json.NewDecoder(c.out).Decode(&one)
		require.NoError(b, errors.Join(err, c.Wait()), "%s", &c.errs)
		posts := float64(one.Posts)
		r.rate += posts / duration.Seconds()
		if r.most == 0 {
			r.least = posts
		}
		r.least, r.most, r.gap = min(r.least, posts), max(r.most, posts), max(r.gap, one.Gap)
	}
	return r
}

// roleVariable tells the test binary to do a job as one of several processes.
const roleVariable = "OKPAY_BENCH_JOB"

// job is what one process does.
type job struct {
	DSN      string
	Process  int
	Callers  int
	Duration time.Duration
}

// report is what became of it.
type report struct {
	Posts int64
	Gap   time.Duration
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// child does a job: it says when it is ready, waits until its input ends, works, and reports.
func child() error {
	ctx := context.Background()
	var j job
	if err := json.Unmarshal([]byte(os.Getenv(roleVariable)), &j); err != nil {
		return err
	}
	store, err := opener(j.DSN)(ctx)
	if err != nil {
		return err
	}
	l, err := ledger.Open(ctx, store, ledger.Config{})
	if err != nil {
		return err
	}
	post := newWriter(uniform, accounts).poster(l, (j.Process+1)*1_000_000_000)
	if err := post(ctx, 0); err != nil { // connects, and learns how things stand
		return err
	}
	fmt.Println("ready")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	r, err := work(ctx, post, j)
	if err != nil {
		return err
	}
	if err := errors.Join(l.Close(ctx), store.Close()); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// work posts for a while and counts what was acknowledged within it.
func work(ctx context.Context, post poster, j job) (report, error) {
	var (
		next, posts, last, gap atomic.Int64
		running                sync.WaitGroup
		failures               = make(chan error, j.Callers)
		start                  = time.Now()
	)
	// seen notes a commit; the instant is that since the start.
	seen := func(at time.Duration) {
		waited := int64(at) - last.Swap(int64(at))
		for most := gap.Load(); waited > most && !gap.CompareAndSwap(most, waited); {
			most = gap.Load()
		}
	}
	for range j.Callers {
		running.Go(func() {
			for {
				err := post(ctx, int(next.Add(1)))
				at := time.Since(start)
				if at > j.Duration {
					return
				}
				if err != nil {
					failures <- err
					return
				}
				posts.Add(1)
				seen(at)
			}
		})
	}
	running.Wait()
	seen(max(j.Duration, time.Duration(last.Load())))
	close(failures)
	return report{posts.Load(), time.Duration(gap.Load())}, <-failures
}
