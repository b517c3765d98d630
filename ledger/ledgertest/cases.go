package ledgertest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// Case is one acceptance case: what is done to a ledger, and what has to come of it. Two
// styles of steps are known: transfers in batches ("transfer style"), and single verbs
// ("service style").
type Case struct {
	Name   string            `json:"name"`
	Source string            `json:"source"`
	Steps  []json.RawMessage `json:"steps"`
	Expect []json.RawMessage `json:"expect"`
}

// ReadCases reads a file of cases: a JSON array. Its error names the case and the step that
// are malformed: a name and steps have to be there, and steps are numbered upwards. What a step asks for is looked at when the case is run.
func ReadCases(r io.Reader) ([]Case, error) {
	var cases []Case
	d := json.NewDecoder(r)
	if err := d.Decode(&cases); err != nil {
		return nil, fmt.Errorf("ledgertest: cases: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("ledgertest: cases: there is more after the array")
	}
	for i := range cases {
		if err := cases[i].check(); err != nil {
			return nil, fmt.Errorf("ledgertest: case %d (%.60q): %w", i+1, cases[i].Name, err)
		}
	}
	return cases, nil
}

func (c *Case) check() error {
	if c.Name == "" || len(c.Steps) == 0 {
		return errors.New("has no name or no steps")
	}
	last := 0
	for i, raw := range c.Steps {
		var s step
		if err := json.Unmarshal(raw, &s); err != nil {
			return fmt.Errorf("step %d is no object: %w", i+1, err)
		}
		if s.N <= last || s.Op == "" {
			return fmt.Errorf("step %d has no op, or a number that does not follow %d", i+1, last)
		}
		last = s.N
	}
	for i, raw := range c.Expect {
		var e expectation
		if err := json.Unmarshal(raw, &e); err != nil {
			return fmt.Errorf("expectation %d is no object: %w", i+1, err)
		}
		if e.Batch < 0 || e.After < 0 || max(e.Batch, e.After) > last {
			return fmt.Errorf("expectation %d is of a step that is not there", i+1)
		}
	}
	return nil
}

// TestCases runs every case on a ledger of its own over a store, and ends each with Verify.
// A case that asks for what is out of scope is skipped with the reason.
func TestCases(t *testing.T, cases []Case, open func(t *testing.T) ledger.Store) {
	store := open(t)
	t.Cleanup(func() { assert.NoError(t, store.Close(), "Close returns nil") })
	for i, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			run, err := newCaseRun(&c)
			if err != nil {
				t.Skipf("out of scope: %v", err)
			}
			run.T = t
			run.open(store, fmt.Sprintf("case:%d", i+1))
			run.all()
		})
	}
}

// step is one step of a case: its number, its verb, and all of it.
type step struct {
	N   int    `json:"n"`
	Op  string `json:"op"`
	raw json.RawMessage
}

// expectation is what has to be so after a step.
type expectation struct {
	Batch int `json:"batch"`
	After int `json:"after"`
	raw   json.RawMessage
}

// runner is what one style of cases brings.
type runner interface {
	// chart is the chart of the case's ledger.
	chart() ledger.Chart
	// begin prepares the case's ledger.
	begin(r *caseRun)
	// do does a step.
	do(r *caseRun, s *step)
	// holds looks whether an expectation holds.
	holds(r *caseRun, e *expectation)
}

// caseRun is one case being run.
type caseRun struct {
	*testing.T
	ledger *ledger.Ledger
	store  ledger.Store
	clock  *clock
	ctx    context.Context
	style  runner
	steps  []step
	expect []expectation
}

// strict decodes a JSON document of which every field is known.
func strict(raw json.RawMessage, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// OutOfScope says why a case can not be run: an operation, a flag or an expectation that the
// runner does not know, or an amount that does not fit. It is nil for one that can.
func OutOfScope(c *Case) error {
	_, err := newCaseRun(c)
	return err
}

func newCaseRun(c *Case) (*caseRun, error) {
	r := &caseRun{clock: &clock{now: startTime}}
	for _, raw := range c.Steps {
		s := step{raw: raw}
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, fmt.Errorf("a step is no object: %w", err)
		}
		r.steps = append(r.steps, s)
	}
	for _, raw := range c.Expect {
		e := expectation{raw: raw}
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, fmt.Errorf("an expectation is no object: %w", err)
		}
		r.expect = append(r.expect, e)
	}
	transfers := slices.ContainsFunc(r.steps, func(s step) bool { return s.Op == "batch" })
	style := newServiceCase
	if transfers {
		style = newTransferCase
	}
	var err error
	r.style, err = style(r)
	return r, err
}

// open opens the case's ledger. It is verified and closed when the case ends.
func (r *caseRun) open(store ledger.Store, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	r.Cleanup(cancel)
	l, err := ledger.Open(ctx, store, ledger.Config{Name: name, Chart: r.style.chart(), Now: r.clock.Now, MaxSkew: -1})
	require.NoError(r, err)
	r.store, r.ctx, r.ledger = store, ctx, l
	r.style.begin(r)
	r.Cleanup(func() {
		report, err := l.Verify(ctx)
		if assert.NoError(r, err) {
			assert.NoError(r, report.Err())
		}
		assert.NoError(r, l.Close(ctx))
	})
}

func (r *caseRun) all() {
	looked := 0
	for i := range r.steps {
		r.style.do(r, &r.steps[i])
		for j := range r.expect {
			if e := &r.expect[j]; max(e.Batch, e.After) == r.steps[i].N {
				r.style.holds(r, e)
				looked++
			}
		}
	}
	for j := range r.expect {
		if e := &r.expect[j]; e.Batch == 0 && e.After == 0 {
			r.style.holds(r, e) // at the end
			looked++
		}
	}
	require.Equal(r, len(r.expect), looked, "every expectation belongs to a step")
}
