package crash

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
)

// Whatever was acknowledged before a process or the PostgreSQL server was killed is there,
// once; what was under way is there once or not at all, and asking again completes it.
func TestKilled(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { newKiller(t, sqliteFile(t), nil).run(testsize.Scaled(t, 20)) })
	t.Run("PostgreSQL", func(t *testing.T) {
		server := pgtest.Start(t)
		newKiller(t, migrated(t, server.DSN(t)), server).run(testsize.Scaled(t, 20))
	})
}

const (
	processes   = 3 // on one ledger at a time, at most
	serverEvery = 8 // rounds from one end of the server to the next
	verifies    = 4 // of the whole ledger, spread over the run
)

// killer starts processes on one ledger, kills them, and holds the ledger to what they
// said.
type killer struct {
	t      *testing.T
	dsn    string
	server *pgtest.Server // nil for SQLite
	random *rand.Rand
	slots  [processes]slot
	events int64 // the last one that was looked at

	kills, loaded, servers, steps, completed, lost, doubled int
}

// slot is a process that is started again and again.
type slot struct {
	name    string
	process *process // nil while there is none
	loaded  bool     // the process has acknowledged something
	callers [callers]progress
}

// progress is how far a caller has come.
type progress struct {
	acknowledged int64 // the last step that was acknowledged
	found        int64 // the last step that was found in the ledger after a kill
	entries      int64 // entries that the steps found have left
	announced    int64 // the last step whose event was seen
}

func newKiller(t *testing.T, dsn string, server *pgtest.Server) *killer {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	k := &killer{t: t, dsn: dsn, server: server, random: rand.New(rand.NewPCG(seed, 0))}
	for i := range k.slots {
		k.slots[i].name = "p" + strconv.Itoa(i)
	}
	return k
}

func (k *killer) run(kills int) {
	verified := 0
	for round := 0; k.kills < kills; round++ {
		k.round(k.server != nil && round%serverEvery == 1)
		if k.kills*verifies/kills > verified {
			verified = k.kills * verifies / kills
			for i := range k.slots {
				k.kill(&k.slots[i])
			}
			k.check(true)
			k.t.Log(k)
		}
	}
}

func (k *killer) String() string {
	return fmt.Sprintf("%d processes killed (%d of them under load), servers killed %d times, %d steps acknowledged, "+
		"%d lost, %d doubled; %d steps were committed and not acknowledged when their process was killed",
		k.kills, k.loaded, k.servers, k.steps, k.lost, k.doubled, k.completed)
}

// round starts processes besides those that live, lets one of them work for a moment, kills
// it, and in half of the rounds all others at the same time.
func (k *killer) round(endServer bool) {
	order := k.random.Perm(processes)
	for _, i := range order[:1+k.random.IntN(processes)] {
		k.start(&k.slots[i])
	}
	victim := &k.slots[order[0]]
	k.hear(victim, 1+k.random.IntN(200))
	if endServer {
		k.endServer()
	}
	k.kill(victim)
	if k.random.IntN(2) == 0 {
		for i := range k.slots {
			k.kill(&k.slots[i])
		}
	}
	if k.random.IntN(4) == 0 {
		// Nobody has looked at the database since, so this one is killed while it recovers.
		k.start(victim)
		<-time.After(time.Duration(k.random.Int64N(int64(40 * time.Millisecond))))
		k.kill(victim)
	}
	k.check(false)
}

// start starts the slot's process, unless it lives.
func (k *killer) start(s *slot) {
	if s.process != nil {
		return
	}
	var done []string
	for i := range s.callers {
		done = append(done, strconv.FormatInt(s.callers[i].acknowledged, 10))
	}
	s.process, s.loaded = startChild(k.t, "step", k.dsn, s.name, doneVariable+"="+strings.Join(done, ",")), false
}

// kill kills the slot's process, if it lives.
func (k *killer) kill(s *slot) {
	if s.process == nil {
		return
	}
	for _, line := range s.process.kill(k.t) {
		k.heard(s, line)
	}
	k.kills++
	if s.loaded {
		k.loaded++
	}
	s.process = nil
}

// hear waits for so many acknowledgements of a living process.
func (k *killer) hear(s *slot, n int) {
	for range n {
		k.heard(s, s.process.next(k.t))
	}
}

func (k *killer) heard(s *slot, line string) {
	var number int
	var n int64
	var replayed bool
	_, err := fmt.Sscanf(line, "%d %d %t", &number, &n, &replayed)
	require.NoError(k.t, err)
	p := &s.callers[number]
	require.Equal(k.t, p.acknowledged+1, n, "steps are acknowledged in order")
	if n <= p.found {
		k.completed++
		if !assert.True(k.t, replayed, "%s was there and happened again", stepper{s.name, number}.id(n)) {
			k.doubled++
		}
	}
	p.acknowledged = n
	s.loaded = true
	k.steps++
}

// endServer ends the server, and waits until every living process works again.
func (k *killer) endServer() {
	end := k.server.Kill
	if k.random.IntN(2) == 0 {
		end = k.server.Quit
	}
	end(k.t)
	k.servers++
	require.Eventually(k.t, func() bool {
		conn, err := pgx.Connect(k.t.Context(), k.dsn)
		return err == nil && conn.Close(k.t.Context()) == nil
	}, time.Minute, 5*time.Millisecond)
	for i := range k.slots {
		if s := &k.slots[i]; s.process != nil {
			// What it said before the end is still to be heard.
			k.hear(s, len(s.process.lines)+100)
		}
	}
}

// check holds the ledger to what was acknowledged by the processes that are dead, and to
// what it was found to have before.
func (k *killer) check(verify bool) {
	t := k.t
	t.Helper()
	store, err := openStore(t.Context(), k.dsn)
	require.NoError(t, err)
	l, err := ledger.Open(t.Context(), store, ledger.Config{Chart: stepChart})
	require.NoError(t, err)
	// A server may still be at the last commit of a client that is dead. It is done when
	// somebody else gets a turn.
	_, err = l.Commit(t.Context(), ledger.Change{Puts: []ledger.Put{{Type: "check", ID: "last"}}})
	require.NoError(t, err)
	k.checkEvents(l)
	for i := range k.slots {
		s := &k.slots[i]
		if s.process != nil {
			continue
		}
		for number := range s.callers {
			k.checkCaller(l, stepper{s.name, number}, &s.callers[number])
		}
	}
	if verify {
		report, err := l.Verify(t.Context())
		require.NoError(t, err)
		require.NoError(t, report.Err())
		assert.Equal(t, k.events, report.Events)
	}
	require.NoError(t, l.Close(t.Context()))
	require.NoError(t, store.Close())
	require.False(t, t.Failed(), "%s", k)
}

// checkEvents finds each caller's events in order, once.
func (k *killer) checkEvents(l *ledger.Ledger) {
	for {
		events, err := l.Events(k.t.Context(), k.events, 0)
		require.NoError(k.t, err)
		for _, e := range events {
			var process, number int
			var n int64
			_, err := fmt.Sscanf(e.Subject, "p%dc%d-%d", &process, &number, &n)
			require.NoError(k.t, err)
			p := &k.slots[process].callers[number]
			assert.Equal(k.t, p.announced+1, n, "event %d is about %s", e.No, e.Subject)
			if n <= p.announced {
				k.doubled++
			}
			p.announced = n
			k.events = e.No
		}
		if len(events) < ledger.MaxPage {
			return
		}
	}
}

// checkCaller finds on the account of a caller whose process is dead the entries of all
// steps that were acknowledged, and of the one after it or not, in order, once; and its
// record, events and holds in agreement with them.
func (k *killer) checkCaller(l *ledger.Ledger, c stepper, p *progress) {
	t, key := k.t, ledger.AccountKey{Name: c.account(), Currency: "CNY"}
	var want []string // what is missing of the step that is being found
	for {
		page, err := l.Statement(t.Context(), key, ledger.Page{After: p.entries})
		if !errors.Is(err, ledger.ErrNotFound) {
			require.NoError(t, err)
		}
		for _, e := range page {
			if len(want) == 0 {
				p.found++
				want = c.entries(p.found)
			}
			if !assert.Equal(t, want[0], e.Change, "entry %d of %s", e.Nth, c) {
				k.doubled++
				return
			}
			want = want[1:]
			p.entries = e.Nth
		}
		if len(page) < ledger.MaxPage {
			break
		}
	}
	assert.Empty(t, want, "%s is there in part", c.id(p.found))
	if p.found < p.acknowledged {
		k.lost += int(p.acknowledged - p.found)
		assert.Fail(t, "an acknowledged step is lost", "%s took %d steps, %d are there", c, p.acknowledged, p.found)
	}
	assert.LessOrEqual(t, p.found, p.acknowledged+1, "%s was never asked for more", c)
	if c.chained() || p.found == 0 {
		return
	}
	count, err := l.Record(t.Context(), "count", c.String())
	require.NoError(t, err)
	assert.Equal(t, p.found, count.Version, "record of %s", c)
	assert.Equal(t, strconv.FormatInt(p.found, 10), string(count.Content), "record of %s", c)
	hold, status := c.hold(p.found), ledger.HoldOpen
	if p.found%2 == 0 {
		hold, status = c.hold(p.found-1), ledger.HoldIsCaptured
	}
	reserved, err := l.FindHold(t.Context(), hold)
	require.NoError(t, err)
	assert.Equal(t, status, reserved.Status, hold)
}
