package crash

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// stepper is a caller of a ledger that takes steps 1, 2, 3 and so on, each once the one
// before is acknowledged. What step n is follows from the caller and n alone, so a process
// that comes after one that was killed asks again for the step that was under way.
type stepper struct {
	process string
	number  int
}

func (c stepper) String() string  { return c.process + "c" + strconv.Itoa(c.number) }
func (c stepper) account() string { return "user:" + c.String() }

// chained callers commit three linked Changes in a step, by CommitAll; the others one, of
// everything that a Change can carry, by Commit.
func (c stepper) chained() bool { return c.number%4 == 3 }

const chain = 3

func (c stepper) id(n int64) string { return c.String() + "-" + strconv.FormatInt(n, 10) }

// hold is the hold that an odd step n places and step n+1 captures.
func (c stepper) hold(n int64) string { return "hold-" + c.id(n) }

// step returns step n: it pays 1 into the caller's account; if it is no chain, also counts
// in a record, announces itself, and reserves 1 or captures what was reserved.
func (c stepper) step(n int64) []ledger.Change {
	receive := ledger.Transaction{Postings: []ledger.Posting{{Debit: "bank", Credit: c.account(), Amount: cny(1)}}}
	if c.chained() {
		changes := make([]ledger.Change, chain)
		for i := range changes {
			changes[i] = ledger.Change{ID: c.id(n) + "." + strconv.Itoa(i), Ops: []ledger.Op{receive}, Linked: i < chain-1}
		}
		return changes
	}
	var second ledger.Op = ledger.Capture{Hold: c.hold(n - 1)}
	if n%2 == 1 {
		second = ledger.Hold{ID: c.hold(n), Postings: []ledger.Posting{{Debit: c.account(), Credit: "shop", Amount: cny(1)}}}
	}
	return []ledger.Change{{
		ID:      c.id(n),
		Ops:     []ledger.Op{receive, second},
		Expects: []ledger.Expect{{Type: "count", ID: c.String(), Version: n - 1}},
		Puts:    []ledger.Put{{Type: "count", ID: c.String(), Content: strconv.AppendInt(nil, n, 10)}},
		Events:  []ledger.Event{{Type: "stepped", Subject: c.id(n)}},
	}}
}

// entries returns the ids of the Changes whose entries step n leaves on the caller's
// account, in order.
func (c stepper) entries(n int64) []string {
	switch {
	case c.chained():
		ids := make([]string, chain)
		for i := range ids {
			ids[i] = c.id(n) + "." + strconv.Itoa(i)
		}
		return ids
	case n%2 == 1:
		return []string{c.id(n)} // what is held is no entry
	}
	return []string{c.id(n), c.id(n)}
}

// take takes step n.
func (c stepper) take(ctx context.Context, l *ledger.Ledger, n int64) (replayed bool, err error) {
	changes := c.step(n)
	if !c.chained() {
		out, err := l.Commit(ctx, changes[0])
		return out.Replayed, err
	}
	answers := l.CommitAll(ctx, changes)
	for i := range answers {
		if answers[i].Err != nil && !errors.Is(answers[i].Err, ledger.ErrLinked) {
			return false, answers[i].Err
		}
	}
	for i := range answers {
		if answers[i].Err != nil || answers[i].Replayed != answers[0].Replayed {
			return false, fmt.Errorf("chain %s happened in part: %+v", c.id(n), answers)
		}
	}
	return answers[0].Replayed, nil
}

var stepChart = ledger.Chart{{Name: "user:*", Min: ledger.Limit(0)}, {Name: "**"}}

// steps lets callers take steps until the process is killed, and says each that was
// acknowledged: the caller, the step, and whether it was there already. A database that is
// away for a while is waited for: only what the ledger says may happen then is tried again.
func steps(ctx context.Context, say func(string) error) error {
	var l *ledger.Ledger
	err := patiently(func() error {
		store, err := openStore(ctx, os.Getenv(dsnVariable))
		if err != nil {
			return err
		}
		if l, err = ledger.Open(ctx, store, ledger.Config{Chart: stepChart}); err != nil {
			return errors.Join(err, store.Close())
		}
		return nil
	})
	if err != nil {
		return err
	}
	failures := make(chan error)
	var running sync.WaitGroup
	for i, text := range strings.Split(os.Getenv(doneVariable), ",") {
		done, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return err
		}
		running.Go(func() {
			c := stepper{os.Getenv(nameVariable), i}
			for n := done + 1; ; n++ {
				var replayed bool
				err := patiently(func() (err error) {
					replayed, err = c.take(ctx, l, n)
					return err
				})
				if err == nil {
					err = say(fmt.Sprintf("%d %d %t", i, n, replayed))
				}
				if err != nil {
					failures <- fmt.Errorf("%s: %w", c.id(n), err)
					return
				}
			}
		})
	}
	return <-failures // the process ends, whatever the others do
}

// patiently repeats what fails because the database is away or its answer was lost.
func patiently(try func() error) error {
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for start := time.Now(); ; <-poll.C {
		err := try()
		again := errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, ledger.ErrOutcomeUnknown) || errors.Is(err, ledger.ErrRetry)
		if err == nil || !again || time.Since(start) > time.Minute {
			return err
		}
	}
}
