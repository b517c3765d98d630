package identity_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

// walk is one random history: what happens next, and what has happened, to be told when an answer is
// not the model's.
type walk struct {
	t   *testing.T
	r   *rand.Rand
	log []string
}

// step is something that may happen next, the more often the more weight it has.
type step struct {
	name   string
	weight int
	do     func()
}

func newWalk(t *testing.T, seed uint64, n int) *walk {
	return &walk{t: t, r: rand.New(rand.NewPCG(seed, uint64(n)))}
}

// steps has 25 things happen, and ends the test when one of them went wrong.
func (w *walk) steps(seed uint64, n int, next func()) {
	w.t.Helper()
	for range 25 {
		next()
		if w.t.Failed() {
			w.t.Fatalf("history %d of seed %d:\n%s", n, seed, strings.Join(w.log, "\n"))
		}
	}
}

// choose has one of the steps happen.
func (w *walk) choose(now time.Time, steps []step) {
	total := 0
	for _, s := range steps {
		total += s.weight
	}
	n := w.r.IntN(total)
	for _, s := range steps {
		if n -= s.weight; n < 0 {
			w.log = append(w.log, fmt.Sprintf("%s at %s", s.name, now.Format(time.RFC3339Nano)))
			s.do()
			return
		}
	}
}

// expect holds an error to a code, "" for none.
func (w *walk) expect(err error, code okpay.Code) {
	w.t.Helper()
	w.log = append(w.log, fmt.Sprintf("  %v, want %q", err, code))
	if code == "" && err != nil || code != "" && !errors.Is(err, code) {
		w.t.Errorf("got %v, want %q", err, code)
	}
}
