package ledgertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
)

// doPromises are about Do.
var doPromises = []promise{
	{"What a verb reads it relies on, so 64 callers counting up one record lose no step", testDoCounts},
	{"A verb that found nothing relies on nothing being there", testDoAbsence},
	{"A verb that runs again starts with an empty Draft", testDoAgain},
	{"A panic in a verb reaches its caller, commits nothing, and the others go on", testDoPanic},
	{"A verb's error is returned as it is, and nothing is committed", testDoError},
	{"A used id is answered with its first outcome, whatever the verb says now", testDoReplay},
	{"A verb that can never win is told of the conflict", testDoNeverWins},
	{"A verb reads what is erased as erased, and relies on it", testDoErased},
}

func testDoCounts(f *fixture) {
	const callers = 64
	errs := make([]error, callers)
	together(callers, func(i int) {
		_, errs[i] = f.Do(f.ctx, numbered("count", i), nil, func(d *ledger.Draft) error {
			r, err := d.Get("counter", "c")
			if err != nil && !errors.Is(err, ledger.ErrNotFound) {
				return err
			}
			d.Put(ledger.Put{Type: "counter", ID: "c", Content: append(r.Content, byte(i))})
			d.Post(transfer("bank:1", "user:1", 1))
			return nil
		})
	})
	require.NoError(f, errors.Join(errs...))
	r := f.record("counter", "c")
	assert.EqualValues(f, callers, r.Version)
	seen := make(map[byte]bool)
	for _, c := range r.Content {
		seen[c] = true
	}
	assert.Len(f, seen, callers, "every caller's step is there once")
	assert.Len(f, r.Content, callers)
	f.stands("user:1", callers, callers)
}

func testDoAbsence(f *fixture) {
	runs := 0
	_, err := f.Do(f.ctx, "verb", nil, func(d *ledger.Draft) error {
		runs++
		_, err := d.Get("t", "id")
		if runs == 1 {
			require.ErrorIs(f, err, ledger.ErrNotFound)
			f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "id"}}}) // behind the verb's back
			d.Put(ledger.Put{Type: "t", ID: "id", Content: []byte("first run")})
			return nil
		}
		require.NoError(f, err)
		d.Put(ledger.Put{Type: "t", ID: "id", Content: []byte("second run")})
		return nil
	})
	require.NoError(f, err)
	assert.Equal(f, 2, runs)
	assert.Equal(f, "second run", string(f.record("t", "id").Content))
	assert.EqualValues(f, 2, f.record("t", "id").Version)
}

func testDoAgain(f *fixture) {
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "id"}}})
	runs := 0
	out, err := f.Do(f.ctx, "verb", []ledger.Field{{Name: "a", Value: "b"}}, func(d *ledger.Draft) error {
		runs++
		assert.Equal(f, "verb", d.ID)
		assert.Empty(f, d.Expects)
		assert.Empty(f, d.Events)
		assert.Nil(f, d.Else)
		assert.Equal(f, f.clock.Now(), d.Now())
		assert.Equal(f, f.ctx, d.Context())
		_, err := d.Get("t", "id")
		require.NoError(f, err)
		d.Emit(ledger.Event{Type: "t", Subject: numbered("run", runs)})
		d.Hold(reserve("h", posting("bank:1", "user:1", 5)))
		d.Capture(capture("h", posting("bank:1", "user:1", 4)))
		d.Void("h")
		d.Otherwise(ledger.InsufficientFunds)
		if runs < 3 {
			f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "id"}}})
			f.clock.advance(time.Second)
		}
		return nil
	})
	require.NoError(f, err)
	assert.Equal(f, 3, runs)
	events, err := f.Events(f.ctx, 0, 0)
	require.NoError(f, err)
	require.Len(f, events, 1)
	assert.Equal(f, "run-3", events[0].Subject)
	assert.Equal(f, out.Seq, events[0].Seq)
	f.stands("user:1", 4, 4)
}

func testDoPanic(f *fixture) {
	const callers = 20
	recovered, errs := make([]any, callers), make([]error, callers)
	together(callers, func(i int) {
		defer func() { recovered[i] = recover() }()
		_, errs[i] = f.Do(f.ctx, numbered("verb", i), nil, func(d *ledger.Draft) error {
			d.Post(transfer("bank:1", "user:1", 1))
			if i%2 == 0 {
				panic(i)
			}
			return nil
		})
	})
	require.NoError(f, errors.Join(errs...))
	for i, r := range recovered {
		if i%2 == 0 {
			assert.Equal(f, i, r, "the panic reaches its caller")
		} else {
			assert.Nil(f, r)
		}
	}
	f.stands("user:1", callers/2, callers/2)
	f.must(ledger.Change{ID: "verb-0"}) // the id was not used
}

func testDoError(f *fixture) {
	own := errors.New("not today")
	f.nothingHappens(func() {
		out, err := f.Do(f.ctx, "verb", nil, func(d *ledger.Draft) error {
			d.Post(transfer("bank:1", "user:1", 1))
			return own
		})
		assert.Equal(f, own, err)
		assert.Zero(f, out)
	})
	ended, cancel := context.WithCancel(f.ctx)
	cancel()
	f.nothingHappens(func() {
		_, err := f.Do(ended, "verb", nil, func(d *ledger.Draft) error {
			_, err := d.Get("t", "id")
			return err
		})
		require.ErrorIs(f, err, context.Canceled)
	})
}

func testDoReplay(f *fixture) {
	request := []ledger.Field{{Name: "amount", Value: "1"}}
	first, err := f.Do(f.ctx, "verb", request, func(d *ledger.Draft) error {
		d.Result = "made"
		return nil
	})
	require.NoError(f, err)
	refused, err := f.Do(f.ctx, "refused", request, func(d *ledger.Draft) error {
		d.Refuse(ledger.Refusal{Reason: "closed"})
		return nil
	})
	f.refused(err, "closed")
	f.nothingHappens(func() {
		for name, verb := range map[string]func(*ledger.Draft) error{
			"that fails now":     func(*ledger.Draft) error { return errors.New("no longer") },
			"that refuses now":   func(d *ledger.Draft) error { d.Refuse(ledger.Refusal{Reason: "late"}); return nil },
			"that does more now": func(d *ledger.Draft) error { d.Post(transfer("bank:1", "user:1", 1)); return nil },
			"that is invalid now": func(d *ledger.Draft) error {
				d.Expects = []ledger.Expect{{Type: "t", ID: "id", Version: 9}}
				return nil
			},
		} {
			f.Run(name, func(t *testing.T) {
				again, err := f.Do(f.ctx, "verb", request, verb)
				require.NoError(t, err)
				want := first
				want.Replayed = true
				assert.Equal(t, want, again)

				again, err = f.Do(f.ctx, "refused", request, verb)
				require.ErrorIs(t, err, ledger.ErrRefused)
				want = refused
				want.Replayed = true
				assert.Equal(t, want, again)

				_, err = f.Do(f.ctx, "verb", []ledger.Field{{Name: "amount", Value: "2"}}, verb)
				require.ErrorIs(t, err, ledger.ErrIDReused)
			})
		}
	})
}

func testDoNeverWins(f *fixture) {
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "id"}}})
	runs := 0
	_, err := f.Do(f.ctx, "verb", nil, func(d *ledger.Draft) error {
		runs++
		d.Expects = append(d.Expects, ledger.Expect{Type: "t", ID: "id", Version: 7})
		return nil
	})
	require.ErrorIs(f, err, ledger.ErrConflict)
	assert.Greater(f, runs, 1)
	f.must(ledger.Change{ID: "verb"})
}

func testDoErased(f *fixture) {
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "id", Content: []byte("text")}}})
	f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "id", Erase: true}}})
	runs := 0
	_, err := f.Do(f.ctx, "verb", nil, func(d *ledger.Draft) error {
		runs++
		r, err := d.Get("t", "id")
		if runs == 1 {
			require.ErrorIs(f, err, ledger.ErrErased)
			assert.EqualValues(f, 2, r.Version)
			f.must(ledger.Change{Puts: []ledger.Put{{Type: "t", ID: "id"}}})
			return nil
		}
		require.NoError(f, err)
		b, err := d.Balance(cny("bank:1"))
		require.ErrorIs(f, err, ledger.ErrNotFound, "no currency was ever used")
		assert.Zero(f, b)
		return nil
	})
	require.NoError(f, err)
	assert.Equal(f, 2, runs)
}
