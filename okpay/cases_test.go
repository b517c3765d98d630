package okpay_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/ledger/money"
	"github.com/okpay/okpay-go/ledger/pgstore"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
)

var casesFile = flag.String("cases", "testdata/payment_cases.json", "the file of cases to run, an absolute path")

// caseFile is a file of acceptance cases for the wallet.
type caseFile struct {
	Version       int             `json:"version"`
	Conventions   json.RawMessage `json:"conventions"` // for people
	AmountParsing []parsingCase   `json:"amount_parsing"`
	Cases         []walletCase    `json:"cases"`
}

type parsingCase struct {
	Currency string `json:"ccy"`
	Text     string `json:"text"`
	Minor    *int64 `json:"minor"`
	Error    string `json:"error"`
}

type walletCase struct {
	ID      string    `json:"id"`
	Title   string    `json:"title"`
	TitleZh string    `json:"title_zh"`
	Guide   string    `json:"guide"`
	Tags    []string  `json:"tags"`
	Setup   caseSetup `json:"setup"`
	Steps   []opCall  `json:"steps"`
	Race    *caseRace `json:"race"`
	Final   *final    `json:"final"`
	Note    any       `json:"note"` // for people

	unread error // why the case is not known here

	foreign func(outOfScope) // see caseWorld
}

type caseSetup struct {
	Balances map[string]int64           `json:"balances"`
	Config   map[string]json.RawMessage `json:"config"`
	Now      *time.Time                 `json:"now"`

	// Who is there besides those that the case speaks of, who is not, and who is locked.
	Users        []string `json:"users"`
	Merchants    []string `json:"merchants"`
	Unregistered []string `json:"unregistered"`
	Locked       []string `json:"locked"`
}

// opCall is one call of a verb.
type opCall struct {
	Op     string         `json:"op"`
	At     *time.Time     `json:"at"`
	Args   map[string]any `json:"args"`
	Expect map[string]any `json:"expect"`
	Note   any            `json:"note"` // for people
}

// caseRace is calls made at the same time: one of the outcomes has to come of them, each of
// which is what one serial order makes.
type caseRace struct {
	Ops      []opCall `json:"ops"`
	Outcomes []struct {
		Order   []int            `json:"order"`
		Expects []map[string]any `json:"expects"` // in the order of Order
		Final   *final           `json:"final"`
	} `json:"outcomes"`
}

// calls are all that a case makes.
func (c *walletCase) calls() []opCall {
	calls := slices.Clone(c.Steps)
	if c.Race != nil {
		calls = append(calls, c.Race.Ops...)
	}
	return calls
}

// final is how things stand in the end.
type final struct {
	States           map[string]string `json:"states"`
	Balances         map[string]int64  `json:"balances"`
	ProviderCalls    *map[string]int   `json:"provider_calls"`
	ProviderDistinct *map[string]int   `json:"provider_distinct"`
}

// readCases reads a file. A case with a part that is not known comes back with the reason, and what
// stands beside the cases as unread, so that neither is passed over and both leave the others be.
func readCases(r io.Reader) (f *caseFile, unread []string, err error) {
	var parts map[string]json.RawMessage
	if err := json.NewDecoder(r).Decode(&parts); err != nil {
		return nil, nil, fmt.Errorf("cases: %w", err)
	}
	f = &caseFile{}
	var cases []json.RawMessage
	for name, raw := range parts {
		switch name {
		case "version":
			err = json.Unmarshal(raw, &f.Version)
		case "conventions", "note", "title", "description":
		case "amount_parsing":
			err = json.Unmarshal(raw, &f.AmountParsing)
		case "cases":
			err = json.Unmarshal(raw, &cases)
		default:
			unread = append(unread, name)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("cases: %s: %w", name, err)
		}
	}
	if f.Version != 1 {
		return nil, nil, fmt.Errorf("cases: version %d, want 1", f.Version)
	}
	for i, raw := range cases {
		c := walletCase{}
		if err := strictly(raw, &c); err != nil {
			c.unread = err
		} else {
			c.unread = c.check()
			c.inOurWords()
		}
		if c.ID == "" {
			c.ID = fmt.Sprintf("number %d", i+1)
		}
		f.Cases = append(f.Cases, c)
	}
	slices.Sort(unread)
	return f, unread, nil
}

// check refuses a case that does nothing, or that does not say what is to come of a race.
func (c *walletCase) check() error {
	if len(c.Steps) == 0 && c.Race == nil {
		return errors.New("it does nothing")
	}
	if c.Race == nil {
		return nil
	}
	for _, out := range c.Race.Outcomes {
		sorted := slices.Sorted(slices.Values(out.Order))
		for j, n := range sorted {
			if j != n || len(sorted) != len(c.Race.Ops) || len(out.Expects) != len(c.Race.Ops) {
				return errors.New("an outcome is not about each of the calls once")
			}
		}
	}
	if len(c.Race.Outcomes) == 0 {
		return errors.New("a race without outcomes")
	}
	return nil
}

// TestCases runs a file of cases, over every store. A case that asks for what the wallet
// does not have is skipped, with the reason.
func TestCases(t *testing.T) {
	runCases(t, *casesFile)
}

// TestOwnCases runs cases of our own: more operations, numbers and races, and the words that
// other people may have for them.
func TestOwnCases(t *testing.T) { runCases(t, "testdata/cases_more.json") }

func runCases(t *testing.T, name string) {
	file, err := os.Open(name)
	require.NoError(t, err)
	defer file.Close()
	cases, unread, err := readCases(file)
	require.NoError(t, err)
	for _, part := range unread {
		t.Run(part, func(t *testing.T) { t.Skipf("out of scope: nothing is known of %q beside the cases", part) })
	}

	t.Run("amounts", func(t *testing.T) {
		for _, c := range cases.AmountParsing {
			t.Run(c.Currency+" "+c.Text, func(t *testing.T) { parseAmount(t, c) })
		}
	})
	for name, open := range map[string]func(t *testing.T) ledger.Store{
		"memory": func(*testing.T) ledger.Store { return memstore.New() },
		"SQLite": func(t *testing.T) ledger.Store {
			store, err := sqlitestore.Open(t.Context(), t.TempDir()+"/cases.db", sqlitestore.Config{})
			require.NoError(t, err)
			return store
		},
		"PostgreSQL": func(t *testing.T) ledger.Store {
			dsn := pgtest.DSN(t)
			require.NoError(t, pgstore.Migrate(t.Context(), dsn, pgstore.Config{}))
			store, err := pgstore.Open(t.Context(), dsn, pgstore.Config{})
			require.NoError(t, err)
			return store
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := open(t)
			t.Cleanup(func() { assert.NoError(t, store.Close()) })
			for _, c := range cases.Cases {
				t.Run(c.ID, func(t *testing.T) {
					t.Logf("%s (%s)", c.Title, c.Guide)
					runCase(t, store, &c)
				})
			}
		})
	}
}

func parseAmount(t *testing.T, c parsingCase) {
	currency, err := money.ISO().Lookup(c.Currency)
	require.NoError(t, err)
	code := ""
	amount, err := money.Parse(c.Text, currency)
	switch {
	case errors.Is(err, money.ErrPrecision):
		code = "amount_precision"
	case err != nil:
		code = "invalid_request"
	case !amount.IsPositive():
		code = "amount_not_positive" // as every verb that takes an amount says
	}
	assert.Equal(t, c.Error, code)
	if c.Minor != nil {
		assert.Equal(t, *c.Minor, amount.Minor())
	}
}

// raceRuns is how often the calls of a race are made at the same time.
const raceRuns = 8

// runCase runs a case on a wallet of its own; one with a race once for each serial order, and
// several times at once.
func runCase(t *testing.T, store ledger.Store, c *walletCase) {
	if c.unread != nil {
		t.Skipf("out of scope: %v", c.unread)
	}
	if c.Race == nil {
		w := newCaseWorld(t, store, c)
		w.steps(c.Steps)
		w.final(c.Final)
		w.verify()
		return
	}
	skipped := false
	for i, out := range c.Race.Outcomes {
		t.Run(fmt.Sprintf("order %v", out.Order), func(t *testing.T) {
			defer func() { skipped = skipped || t.Skipped() }()
			w := newCaseWorld(t, store, c)
			w.steps(c.Steps)
			for j, n := range out.Order {
				call := c.Race.Ops[n]
				call.Expect = c.Race.Outcomes[i].Expects[j]
				w.step(call)
			}
			w.final(out.Final)
			w.final(c.Final)
			w.verify()
		})
	}
	if skipped {
		t.Skip("out of scope, see above")
	}
	t.Run("at once", func(t *testing.T) {
		for range raceRuns {
			w := newCaseWorld(t, store, c)
			w.steps(c.Steps)
			w.race(c.Race)
			w.final(c.Final)
			w.verify()
		}
	})
}

// race makes calls at the same time and looks for the outcome that came of them.
func (w *caseWorld) race(r *caseRace) {
	w.t.Helper()
	replies := make([]reply, len(r.Ops))
	w.events() // those before
	begin := make(chan struct{})
	var running sync.WaitGroup
	for i, call := range r.Ops {
		op, args := w.verbOf(call)
		w.prepare(call)
		running.Go(func() {
			<-begin
			if call.At != nil {
				w.clock.Set(*call.At)
			}
			replies[i] = op(w, args)
		})
	}
	close(begin)
	running.Wait()
	passed := w.passed()
	for i := range replies {
		replies[i].passed = passed[replies[i].object.id]
		// A verb of several commits, such as a submission, may be between two of them when
		// another one is answered.
		replies[i].later = w.stateOf(replies[i].object)
	}
	var misses []string
	for _, out := range r.Outcomes {
		miss := ""
		for j, n := range out.Order {
			if m := w.differs(r.Ops[n], out.Expects[j], &replies[n]); m != "" {
				miss += fmt.Sprintf("%s: %s\n", r.Ops[n].Op, m)
			}
		}
		if out.Final != nil {
			miss += w.finalDiffers(out.Final)
		}
		if miss == "" {
			return
		}
		misses = append(misses, fmt.Sprintf("order %v:\n%s", out.Order, miss))
	}
	assert.Fail(w.t, "what came of the race is none of the outcomes", "%s", misses)
}

func (w *caseWorld) steps(calls []opCall) {
	for _, call := range calls {
		w.step(call)
	}
}

// step makes one call and holds it to what is expected, events and messages among it.
func (w *caseWorld) step(call opCall) {
	w.t.Helper()
	if call.At != nil {
		w.clock.Set(*call.At)
	}
	op, args := w.verbOf(call)
	w.prepare(call)
	w.events() // those before
	w.messages()
	r := op(w, args)
	args.allUsed(call.Op)
	r.events, r.mails = w.events(), w.messages()
	if more := texts(call.Expect["events"]); len(more) > len(r.events) && slices.Equal(more[:len(r.events)], r.events) {
		// What the step leads to is done in the background of a wallet that runs.
		w.background()
		r.events, r.mails = append(r.events, w.events()...), append(r.mails, w.messages()...)
	}
	if miss := w.differs(call, call.Expect, &r); miss != "" {
		assert.Fail(w.t, "a step differs", "%s %v\n%s(error: %v)", call.Op, call.Args, miss, r.err)
	}
	w.balanced()
}

// final holds the end of a case to what is expected.
func (w *caseWorld) final(f *final) {
	w.t.Helper()
	if f == nil {
		return
	}
	if w.finalDiffers(f) == "" {
		return
	}
	w.background()
	if miss := w.finalDiffers(f); miss != "" {
		assert.Fail(w.t, "the end differs", "%s", miss)
	}
}

func (w *caseWorld) finalDiffers(f *final) (miss string) {
	for id, want := range f.States {
		if got := w.state(id); got != want {
			miss += fmt.Sprintf("%s is %q, want %q\n", id, got, want)
		}
	}
	if diff := cmp.Diff(nonzero(f.Balances), w.balances()); f.Balances != nil && diff != "" {
		miss += "balances (-want +got):\n" + diff
	}
	calls, distinct := w.providerCounts()
	if f.ProviderCalls != nil {
		if diff := cmp.Diff(*f.ProviderCalls, calls); diff != "" {
			miss += "provider calls (-want +got):\n" + diff
		}
	}
	if f.ProviderDistinct != nil {
		if diff := cmp.Diff(*f.ProviderDistinct, distinct); diff != "" {
			miss += "distinct keys at the provider (-want +got):\n" + diff
		}
	}
	return miss
}

func nonzero(balances map[string]int64) map[string]int64 {
	out := map[string]int64{}
	for account, minor := range balances {
		if minor != 0 {
			out[account] = minor
		}
	}
	return out
}
