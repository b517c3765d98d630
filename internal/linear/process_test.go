package linear

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/pgstore"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
)

// The environment of a child: on which database it works, under which prefix of ids, how
// many calls each of its clients makes, and its seed.
const (
	dsnVariable    = "OKPAY_LINEAR_DSN"
	prefixVariable = "OKPAY_LINEAR_PREFIX"
	eachVariable   = "OKPAY_LINEAR_EACH"
	seedVariable   = "OKPAY_LINEAR_SEED"
)

func TestMain(m *testing.M) {
	if dsn := os.Getenv(dsnVariable); dsn != "" {
		if err := child(dsn); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(pgtest.Main(m, pgtest.Hasty()...)) // clients are killed, not the server
}

// openStore opens SQLite by "sqlite:" and a path, PostgreSQL by any other DSN.
func openStore(ctx context.Context, dsn string) (ledger.Store, error) {
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		return sqlitestore.Open(ctx, path, sqlitestore.Config{})
	}
	return pgstore.Open(ctx, dsn, pgstore.Config{})
}

// databases are the places that processes can share.
func databases(t *testing.T) map[string]func(t *testing.T) string {
	return map[string]func(t *testing.T) string{
		"SQLite": func(t *testing.T) string { return "sqlite:" + t.TempDir() + "/ledger.db" },
		"PostgreSQL": func(t *testing.T) string {
			dsn := pgtest.DSN(t)
			require.NoError(t, pgstore.Migrate(t.Context(), dsn, pgstore.Config{}))
			return dsn
		},
	}
}

const clients = 3

// child tells each call before it makes it, and again with the answer.
func child(dsn string) error {
	ctx := context.Background()
	each, err := strconv.Atoi(os.Getenv(eachVariable))
	if err != nil {
		return err
	}
	seed, err := strconv.ParseUint(os.Getenv(seedVariable), 10, 64)
	if err != nil {
		return err
	}
	store, err := openStore(ctx, dsn)
	if err != nil {
		return err
	}
	l, err := ledger.Open(ctx, store, ledger.Config{Chart: chart()})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	out := json.NewEncoder(os.Stdout)
	tell := func(e event) {
		mu.Lock()
		defer mu.Unlock()
		if err := out.Encode(e); err != nil {
			panic(err)
		}
	}
	tell(event{Client: -1}) // ready
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	var wait sync.WaitGroup
	failures := make(chan error, clients)
	for client := range clients {
		wait.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(client)))
			for n := range each {
				e := event{Client: client, Call: random(r, os.Getenv(prefixVariable)+strconv.Itoa(client), n)}
				e.Began = time.Now().UnixNano()
				tell(e)
				a, err := perform(ctx, l, e.Call)
				if err != nil {
					failures <- err
					return
				}
				e.Answer, e.Ended = a, time.Now().UnixNano()
				tell(e)
			}
		})
	}
	wait.Wait()
	close(failures)
	if err := <-failures; err != nil {
		return err
	}
	if err := l.Close(ctx); err != nil {
		return err
	}
	return store.Close()
}

// process is a running child.
type process struct {
	*exec.Cmd
	number int
	start  func()
	events chan event // closed when its output ends
	errs   strings.Builder
}

func startChild(t *testing.T, dsn string, number, each int, prefix string, seed uint64) *process {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	p := &process{Cmd: exec.Command(self), number: number, events: make(chan event, 10_000)}
	p.Env = append(os.Environ(), dsnVariable+"="+dsn, prefixVariable+"="+prefix,
		eachVariable+"="+strconv.Itoa(each), seedVariable+"="+strconv.FormatUint(seed, 10))
	p.Stderr = &p.errs
	in, err := p.StdinPipe()
	require.NoError(t, err)
	out, err := p.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.Start())
	t.Cleanup(func() { _ = p.Process.Kill() })
	p.start = func() { _, _ = fmt.Fprintln(in) }
	events := p.events // its own: who collects may put another in its place
	go func() {
		defer close(events)
		lines := json.NewDecoder(out)
		for {
			var e event
			if lines.Decode(&e) != nil { // also a line that was cut by the end of the process
				return
			}
			events <- e
		}
	}()
	return p
}

// collect takes what a child told, and says which of its calls had no answer.
func (h *history) collect(p *process) {
	open := make(map[int]event)
	for e := range p.events {
		e.Client += p.number * clients
		if e.Ended == 0 {
			open[e.Client] = e
			continue
		}
		delete(open, e.Client)
		h.add(e)
	}
	for _, e := range open {
		e.Answer.Unknown = true
		h.add(e)
	}
}

// The two processes read the clock of one machine, so their times can be compared.
func TestTwoProcessesAreLinearizable(t *testing.T) {
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			for range testsize.Scaled(t, 2) {
				twoProcesses(t, database(t), false)
			}
		})
	}
}

// What the killed process had asked may have happened, at any time, or not.
func TestAKilledProcessIsLinearizable(t *testing.T) {
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			for range testsize.Scaled(t, 4) {
				twoProcesses(t, database(t), true)
			}
		})
	}
}

func twoProcesses(t *testing.T, dsn string, kill bool) {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	first, err := openStore(t.Context(), dsn)
	require.NoError(t, err)
	l, err := ledger.Open(t.Context(), first, ledger.Config{Chart: chart()}) // it is there before they compete for it
	require.NoError(t, err)
	const each = 16
	processes := []*process{startChild(t, dsn, 0, each, "p", seed), startChild(t, dsn, 1, each, "q", seed+1)}
	for _, p := range processes {
		_, ok := <-p.events
		require.True(t, ok, "it did not start: %s", &p.errs)
	}
	var h history
	for _, p := range processes {
		p.start()
	}
	if kill {
		victim := processes[0]
		random := rand.New(rand.NewPCG(seed, 99))
		var seen []event
		for range 4 + random.IntN(50) {
			e, ok := <-victim.events
			if !ok {
				break
			}
			seen = append(seen, e)
		}
		require.NoError(t, victim.Process.Kill())
		rest := victim.events
		victim.events = make(chan event, 20_000)
		for _, e := range seen {
			victim.events <- e
		}
		for e := range rest {
			victim.events <- e
		}
		close(victim.events)
	}
	var wait sync.WaitGroup
	for _, p := range processes {
		wait.Go(func() { h.collect(p) })
	}
	wait.Wait()
	for i, p := range processes {
		if err := p.Wait(); !kill || i > 0 {
			require.NoError(t, err, "%s", &p.errs)
		}
	}
	// What is there in the end belongs to the history, and the same ids are asked once more.
	h.run(t.Context(), t, l, seed, clients, each, "p")
	h.run(t.Context(), t, l, seed+2, 1, 3, "after")
	h.check(t)
	report, err := l.Verify(t.Context())
	require.NoError(t, err)
	require.NoError(t, report.Err())
	require.NoError(t, l.Close(context.Background()))
	require.NoError(t, first.Close())
}
