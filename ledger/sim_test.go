package ledger_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

var simSeed = flag.Uint64("seed", 0, "repeat the simulation with this seed")

// TestSimulation runs several processes over one store that fails in every way it may, all of
// it under one seed: no goroutine, no clock and no randomness of its own. OKPAY_TEST_SIZE
// multiplies the number of seeds.
func TestSimulation(t *testing.T) {
	if *simSeed != 0 {
		require.NoError(t, simulate(*simSeed).err)
		return
	}
	first := rand.Uint64N(1 << 62)
	seeds := uint64(testsize.Scaled(t, 2500))
	t.Logf("seeds %d to %d", first, first+seeds-1)
	var wait sync.WaitGroup
	var mu sync.Mutex
	var total simCounts
	workers := uint64(runtime.GOMAXPROCS(0))
	for w := range workers {
		wait.Go(func() {
			for seed := first + w; seed < first+seeds && !t.Failed(); seed += workers {
				s := simulate(seed)
				mu.Lock()
				total.add(&s.counts)
				mu.Unlock()
				if s.err != nil {
					t.Errorf("repeat with -run 'TestSimulation$' -seed=%d: %v", seed, s.err)
				}
			}
		})
	}
	wait.Wait()
	t.Logf("%+v", total)
	if !t.Failed() {
		for name, n := range total.all() {
			require.NotZero(t, *n, "%s never happened in a simulation", name)
		}
	}
}

func TestASimulationRepeatsToTheByte(t *testing.T) {
	for seed := range uint64(20) {
		one, two := simulate(seed+1), simulate(seed+1)
		require.NoError(t, one.err)
		require.Equal(t, one.counts, two.counts)
		require.Equal(t, one.hash, two.hash, "the chain of seed %d", seed+1)
	}
}

// simCounts says what happened in simulations.
type simCounts struct {
	Changes, Recorded, Refused, Blocks, Crashes, Restarts, Unknown, Lost, Retries, Unavailable, Poisoned,
	Skewed, Backwards, Interleaved, Abandoned, Replays, Chains, Planned, PlansUsed, PlansDropped, Staged, Unstaged int
}

func (c *simCounts) all() map[string]*int {
	return map[string]*int{
		"a change": &c.Changes, "a recorded change": &c.Recorded, "a refusal": &c.Refused, "a block": &c.Blocks,
		"a crash": &c.Crashes, "a restart": &c.Restarts, "an unknown outcome": &c.Unknown, "a lost commit": &c.Lost,
		"a conflict": &c.Retries, "an unavailable store": &c.Unavailable, "a poisonous change": &c.Poisoned,
		"a clock too far off": &c.Skewed, "a clock that went back": &c.Backwards, "a block of another process in between": &c.Interleaved,
		"a caller that gave up": &c.Abandoned, "a replay": &c.Replays, "a chain": &c.Chains,
		"a plan made ahead": &c.Planned, "a plan used": &c.PlansUsed, "a plan dropped": &c.PlansDropped,
		"a staged block": &c.Staged, "a stage that came to nothing": &c.Unstaged,
	}
}

func (c *simCounts) add(d *simCounts) {
	from := d.all()
	for name, n := range c.all() {
		*n += *from[name]
	}
}

// sim is one simulation.
type sim struct {
	random *rand.Rand
	store  *memstore.Store
	now    time.Time // the true time, which the store's server shows
	faults faultRates
	procs  []*proc
	asks   []*ask
	counts simCounts
	poison map[string]bool // ids of Changes that the store can not take
	depth  int             // of steps within steps
	hash   [32]byte
	err    error
}

// proc is a process. It ends by a crash and starts anew.
type proc struct {
	sim     *sim
	driven  *ledger.Driven // nil while it is down
	offset  time.Duration  // of its clock
	stepped bool           // it is in a step
	staged  *simStaged     // that was neither begun nor dropped
}

// ask is a Change, or a chain of them, that a caller wants to see done.
type ask struct {
	changes []ledger.Change
	at      *proc
	poll    func() ([]ledger.Answer, bool) // of the attempt under way
	loose   bool                           // an attempt that its caller left may still go on, or its process crashed
	final   []ledger.Answer                // the first answers that are definite, by member
	told    []bool                         // whether a member was told that it was the first
	unsure  bool                           // of some attempt nobody knows what it did
}

// faultRates are chances in a thousand.
type faultRates struct{ begin, commit, crash, interleave int }

var errDisk = errors.New("the disk says no")

func simulate(seed uint64) *sim {
	s := &sim{
		random: rand.New(rand.NewPCG(seed, 7)), store: memstore.New(), now: noon, poison: make(map[string]bool),
	}
	defer s.store.Close()
	for range 1 + s.random.IntN(3) {
		p := &proc{sim: s}
		s.procs = append(s.procs, p)
		s.start(p)
	}
	for range 20 + s.random.IntN(60) {
		s.act()
	}
	s.settle()
	s.check()
	if s.err != nil {
		return s
	}
	_, _, s.hash, s.err = s.procs[0].driven.Head(context.Background())
	return s
}

// fail keeps the first thing that was wrong.
func (s *sim) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

func (s *sim) chance(perMille int) bool { return s.random.IntN(1000) < perMille }

// start starts a process.
func (s *sim) start(p *proc) {
	var key [32]byte
	for i := range key {
		key[i] = byte(s.random.Uint32())
	}
	d, err := ledger.OpenDriven(context.Background(), &simStore{Store: s.store, proc: p}, ledger.Config{
		Chart: ledger.Chart{{Name: "bank", Normal: ledger.Debit}, {Name: "user:*", Min: ledger.Limit(0)}, {Name: "shop"}},
		Now:   func() time.Time { return s.now.Add(p.offset) }, Rand: rand.NewChaCha8(key),
		MaxBlockChanges: 1 + s.random.IntN(8), MaxCached: []int{1, 2, 4, 100, 100}[s.random.IntN(5)], // plans need what they touch to be remembered
	})
	if err != nil {
		s.fail("open: %w", err)
	}
	d.DecideAhead(1 + s.random.IntN(4))
	d.OneGoroutine()
	p.driven = d
}

// act does one thing that may happen.
func (s *sim) act() {
	p := s.procs[s.random.IntN(len(s.procs))]
	switch n := s.random.IntN(100); {
	case n < 45:
		for range 1 + s.random.IntN(6) {
			s.submit(p, s.newAsk())
		}
	case n < 75:
		s.step(p)
	case n < 80:
		s.now = s.now.Add(time.Duration(s.random.IntN(4000)) * time.Millisecond)
	case n < 86:
		s.jump(p)
	case n < 90:
		s.faults = faultRates{s.random.IntN(400), s.random.IntN(600), s.random.IntN(60), s.random.IntN(300)}
	case n < 92:
		s.faults = faultRates{begin: 900, commit: 900} // a storm
	case n < 94:
		s.faults = faultRates{}
	case n < 96:
		s.crash(p)
	case n < 98:
		s.abandon()
	default:
		s.again(p)
	}
	if p.driven == nil && s.chance(300) {
		s.counts.Restarts++
		s.start(p)
	}
	s.hear()
}

// jump moves a process's clock: within what is allowed, beyond it, and back.
func (s *sim) jump(p *proc) {
	before := p.offset
	switch s.random.IntN(4) {
	case 0:
		p.offset = 0
	case 1:
		p.offset = time.Duration(s.random.IntN(9_000)-4_500) * time.Millisecond
	case 2:
		p.offset = time.Duration(s.random.IntN(7200)-3600) * time.Second
	default:
		p.offset -= time.Duration(s.random.IntN(5_000)) * time.Millisecond
	}
	if p.offset < before {
		s.counts.Backwards++
	}
}

// crash ends a process in the middle of whatever it does.
func (s *sim) crash(p *proc) {
	if p.driven == nil {
		return
	}
	s.counts.Crashes++
	p.driven, p.staged = nil, nil
	for _, a := range s.asks {
		if a.at == p && a.poll != nil {
			a.poll, a.at, a.unsure = nil, nil, true // nobody will ever answer
		}
	}
}

// abandon lets a caller stop waiting: its Change may be committed all the same, also later.
func (s *sim) abandon() {
	for _, a := range s.asks {
		if a.poll != nil && s.chance(200) {
			s.counts.Abandoned++
			a.poll, a.loose, a.unsure = nil, true, true
		}
	}
}

// again lets callers ask who do not know what became of their Change, and some who do.
func (s *sim) again(p *proc) {
	for _, a := range s.asks {
		if a.poll == nil && (a.final == nil || s.chance(100)) {
			s.submit(p, a)
		}
	}
}

func (s *sim) submit(p *proc, a *ask) {
	if p.driven == nil {
		return
	}
	poll, err := p.driven.PutAll(slices.Clone(a.changes))
	if err != nil {
		s.fail("put: %w", err)
		return
	}
	a.poll, a.at = poll, p
}

// crashed is what a step panics with when its process ends in it.
type crashed struct{ proc *proc }

// step lets a process write one block.
func (s *sim) step(p *proc) {
	if p.driven == nil || p.stepped {
		return
	}
	p.stepped = true
	d := p.driven
	made, used, waits := s.plans(d)
	defer func() {
		made2, used2, waits2 := s.plans(d)
		s.counts.Planned += made2 - made
		s.counts.PlansUsed += used2 - used
		s.counts.PlansDropped += made2 - made - (used2 - used) + waits - waits2
		p.stepped = false
		if r := recover(); r != nil {
			if c, ok := r.(crashed); !ok || c.proc != p {
				panic(r)
			}
			s.crash(p)
		}
	}()
	p.driven.Step(context.Background())
}

// plans says how many plans a committer has made and used, and how many wait.
func (s *sim) plans(d *ledger.Driven) (made, used, waits int) {
	made, used = d.Plans()
	if d.Planned() {
		waits = 1
	}
	return made, used, waits
}

// hear takes the answers that have come.
func (s *sim) hear() {
	for _, a := range s.asks {
		if a.poll == nil {
			continue
		}
		answers, ok := a.poll()
		if !ok {
			continue
		}
		a.poll, a.at = nil, nil
		s.judge(a, answers)
	}
}

// settle ends all trouble and lets every caller ask until the answer is definite.
func (s *sim) settle() {
	s.faults = faultRates{}
	s.now = s.now.Add(time.Minute)
	for _, p := range s.procs {
		if p.offset = 0; p.driven == nil {
			s.start(p)
		}
		s.drain(p)
	}
	s.hear()
	for _, a := range s.asks {
		a.loose = false // whatever went on has ended
		if a.final == nil {
			s.submit(s.procs[0], a)
		}
	}
	s.drain(s.procs[0])
	s.hear()
	// Everything once more, elsewhere: replays equal the first answers.
	last := s.procs[len(s.procs)-1]
	for _, a := range s.asks {
		if a.final == nil {
			s.fail("%s has no definite answer at the end", a.changes[0].ID)
		}
		if recorded(a.final) {
			s.counts.Replays++
			s.submit(last, a)
		}
	}
	s.drain(last)
	s.hear()
}

func (s *sim) drain(p *proc) {
	for p.driven.Step(context.Background()) {
	}
	if p.staged != nil {
		s.fail("block %d is staged and nobody will end it", p.staged.batch.Block.Seq)
	}
}

// recorded reports whether every member stands in the journal.
func recorded(answers []ledger.Answer) bool {
	return !slices.ContainsFunc(answers, func(a ledger.Answer) bool { return a.Seq == 0 })
}

// judge holds what a caller is told against what callers of the same ids were told before.
func (s *sim) judge(a *ask, answers []ledger.Answer) {
	definite := true
	for _, answer := range answers {
		switch err := answer.Err; {
		case err == nil, errors.Is(err, ledger.ErrRefused), errors.Is(err, ledger.ErrLinked), errors.Is(err, ledger.ErrConflict),
			errors.Is(err, ledger.ErrDeadline), errors.Is(err, ledger.ErrDuplicateKey):
		case errors.Is(err, ledger.ErrOutcomeUnknown):
			s.counts.Unknown++
			definite, a.unsure = false, true
		case errors.Is(err, ledger.ErrRetry), errors.Is(err, ledger.ErrUnavailable), errors.Is(err, ledger.ErrClockSkew):
			definite = false // of this attempt it is known that it wrote nothing, not of others
		case errors.Is(err, errDisk):
			definite = a.final == nil && s.poison[a.changes[0].ID]
		default:
			s.fail("%s is answered %w", a.changes[0].ID, err)
		}
	}
	if !definite {
		return
	}
	for i, answer := range answers {
		if answer.Seq > 0 && !answer.Replayed {
			if a.told == nil {
				a.told = make([]bool, len(a.changes))
			}
			if a.told[i] {
				s.fail("%s was committed twice", a.changes[i].ID)
			}
			a.told[i] = true
		}
	}
	switch {
	case a.final == nil && (recorded(answers) || !a.loose):
		a.final = answers
	case a.final == nil:
	case recorded(a.final):
		for i := range answers {
			was, is := a.final[i], answers[i]
			was.Replayed, is.Replayed = false, false
			if diff := cmp.Diff(was, is, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
				s.fail("%s was answered %+v and then %+v", a.changes[i].ID, was, is)
			}
		}
	case recorded(answers):
		a.final = answers // it left no trace the first time
	}
}
