package ledgertest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/schedule"
)

// schedulePromises are about what a ledger does later.
var schedulePromises = []promise{
	{"A plan is carried out once when it is due, together with its record and event", testScheduleOnce},
	{"A plan that repeats is carried out at each of its times, those that were missed too", testScheduleRepeats},
	{"A run that is refused is recorded with its reason and announced, and has had its turn", testScheduleRefused},
	{"A run whose refusal was not recorded is found refused again", testScheduleRefusedAgain},
	{"Every operation that can be scheduled is carried out", testScheduleOps},
	{"A plan that was canceled happens no more", testScheduleCanceled},
	{"A plan is put once under its id", testSchedulePut},
	{"Plans are listed by state, label and due time", testScheduleList},
	{"The form of a plan is checked when it is put", testScheduleForm},
	{"A refused plan keeps no other from its turn", testScheduleOthers},
	{"Many schedulers carry out every run once", func(f *fixture) { testSharedSchedule(f, f.beside(f.store)) }},
}

func (f *fixture) scheduler() *schedule.Scheduler { return schedule.New(f.Ledger, schedule.Config{}) }

// planned puts a plan.
func (f *fixture) planned(p schedule.Plan) schedule.Scheduled {
	f.Helper()
	s, err := f.scheduler().Put(f.ctx, p)
	require.NoError(f, err, "Put of %q", p.ID)
	return s
}

// due carries out what is due and demands how many runs that are.
func (f *fixture) due(want int) {
	f.Helper()
	n, err := f.scheduler().Due(f.ctx)
	require.NoError(f, err)
	assert.Equal(f, want, n)
}

func (f *fixture) plan(id string) schedule.Scheduled {
	f.Helper()
	s, err := f.scheduler().Get(f.ctx, id)
	require.NoError(f, err)
	return s
}

func testScheduleOnce(f *fixture) {
	at := startTime.Add(time.Hour)
	put := f.planned(schedule.Plan{ID: "once", At: at, Ops: []ledger.Op{transfer("bank:1", "user:1", 7)}})
	assert.Equal(f, schedule.Pending, put.State)
	assert.Equal(f, at, put.Next)
	f.clock.set(at.Add(-time.Microsecond))
	f.nothingHappens(func() { f.due(0) })
	f.clock.set(at)
	f.reopen()
	f.due(1)
	f.due(0)
	f.stands("user:1", 7, 7)
	done := f.plan("once")
	assert.Equal(f, schedule.Done, done.State)
	assert.Zero(f, done.Next)
	assert.Equal(f, 1, done.Runs)
	assert.Equal(f, &schedule.Run{No: 1, Change: "schedule:once:1", Time: at}, done.Last)
	events, err := f.Events(f.ctx, 0, 0)
	require.NoError(f, err)
	require.Len(f, events, 1)
	assert.Equal(f, ledger.Event{Type: schedule.EventDone, Subject: "once", Payload: []byte(`{"schedule":"once","run":1,"change":"schedule:once:1"}`)}, events[0].Event)
	record, err := f.Record(f.ctx, schedule.Type, "once")
	require.NoError(f, err)
	assert.Equal(f, f.headSeq(), record.Seq)
	assert.Equal(f, record.Seq, events[0].Seq, "in one block")
	entries, err := f.Statement(f.ctx, cny("user:1"), ledger.Page{})
	require.NoError(f, err)
	assert.Equal(f, "schedule:once:1", entries[0].Change)
}

func testScheduleRepeats(f *fixture) {
	f.planned(schedule.Plan{ID: "every", At: startTime, Every: time.Hour, Times: 3, Ops: []ledger.Op{transfer("bank:1", "user:1", 1)}})
	f.planned(schedule.Plan{ID: "months", At: startTime, Months: 1, Ops: []ledger.Op{transfer("bank:1", "user:2", 1)}})
	f.due(2)
	f.due(0)
	f.clock.advance(90 * time.Minute)
	f.due(1)
	f.due(0)
	f.clock.set(startTime.AddDate(0, 3, 0))
	f.due(2)
	f.due(1)
	f.due(1)
	f.due(0)
	f.stands("user:1", 3, 3)
	f.stands("user:2", 4, 4)
	every, months := f.plan("every"), f.plan("months")
	assert.Equal(f, schedule.Done, every.State)
	assert.Equal(f, schedule.Pending, months.State)
	assert.Equal(f, startTime.AddDate(0, 4, 0), months.Next)
}

func testScheduleRefused(f *fixture) {
	f.fund("user:1", 10)
	f.planned(schedule.Plan{ID: "once", At: startTime, Ops: []ledger.Op{transfer("user:1", "free:1", 11)}})
	f.planned(schedule.Plan{ID: "every", At: startTime, Every: time.Hour, Times: 2, Ops: []ledger.Op{transfer("user:1", "free:2", 12)}})
	f.due(2)
	want := &ledger.Refusal{Reason: ledger.InsufficientFunds, Account: cny("user:1"), Short: 1}
	once, every := f.plan("once"), f.plan("every")
	assert.Equal(f, schedule.Refused, once.State)
	assert.Equal(f, want, once.Last.Refusal)
	assert.Equal(f, schedule.Pending, every.State)
	assert.EqualValues(f, 2, every.Last.Refusal.Short)
	events, err := f.Events(f.ctx, 0, 0)
	require.NoError(f, err)
	require.Len(f, events, 2)
	for _, e := range events {
		assert.Equal(f, schedule.EventRefused, e.Type)
		if e.Subject == "once" {
			assert.JSONEq(f, `{"schedule":"once","run":1,"change":"schedule:once:1","refusal":{"reason":"insufficient_funds","account":"user:1","currency":"CNY","short":1}}`, string(e.Payload))
		}
	}
	f.fund("user:1", 100)
	f.due(0)
	f.stands("user:1", 110, 110)
	f.clock.advance(time.Hour)
	f.due(1)
	every = f.plan("every")
	assert.Equal(f, schedule.Done, every.State)
	assert.Equal(f, []int{2, 1}, []int{every.Runs, every.Refused})
	assert.Nil(f, every.Last.Refusal)
	f.stands("user:1", 98, 98)
}

func testScheduleRefusedAgain(f *fixture) {
	// The process died between the refusal and its record: what it has left is the refusal.
	f.planned(schedule.Plan{ID: "once", At: startTime, Ops: []ledger.Op{transfer("user:1", "free:1", 11)}})
	record, err := f.Record(f.ctx, schedule.Type, "once")
	require.NoError(f, err)
	dying := changeOf(schedule.ChangeID("once", 1), transfer("user:1", "free:1", 11))
	dying.Request = []ledger.Field{{Name: "schedule", Value: "once"}, {Name: "run", Value: "1"}}
	dying.Expects = []ledger.Expect{{Type: schedule.Type, ID: "once", Version: record.Version}}
	f.refuses(dying, ledger.InsufficientFunds)
	f.fund("user:1", 100)
	f.due(1)
	once := f.plan("once")
	assert.Equal(f, schedule.Refused, once.State)
	assert.EqualValues(f, 11, once.Last.Refusal.Short, "as it was then")
	f.stands("user:1", 100, 100)

	// An id of the package's that the caller has used keeps the plan from its turn for ever.
	f.must(changeOf(schedule.ChangeID("taken", 1), transfer("bank:1", "user:2", 1)))
	f.planned(schedule.Plan{ID: "taken", At: startTime, Ops: []ledger.Op{transfer("bank:1", "user:2", 1)}})
	f.due(1)
	assert.EqualValues(f, "id_reused", f.plan("taken").Last.Refusal.Reason)
	f.stands("user:2", 1, 1)
}

func testScheduleOps(f *fixture) {
	f.fund("user:1", 100)
	f.do(reserve("captured", posting("user:1", "free:1", 10)), reserve("voided", posting("user:1", "free:1", 10)))
	out := f.do(transfer("user:1", "free:2", 5))
	metadata := map[string]string{"order": "7"}
	f.planned(schedule.Plan{ID: "ops", At: startTime, Ops: []ledger.Op{
		ledger.Require{Account: "user:1", Currency: currency("CNY"), AtLeast: ledger.Limit(75)},
		ledger.Transaction{Postings: []ledger.Posting{posting("user:1", "free:3", 3)}, Reference: "ref", Metadata: metadata, Effective: startTime.Add(-time.Hour)},
		until("placed", startTime.Add(time.Hour), posting("user:1", "free:4", 4)),
		ledger.Capture{Hold: "captured", Postings: []ledger.Posting{posting("user:1", "free:1", 6)}, Final: true},
		ledger.Void{Hold: "voided"},
		ledger.Reverse{Transaction: out.First},
		ledger.Limits{Account: "user:2", Currency: currency("CNY"), Max: ledger.Limit(9)},
		ledger.Freeze{Account: "user:3", Currency: currency("CNY"), Debits: true},
		ledger.Close{Account: "user:4", Currency: currency("CNY")},
		ledger.Transaction{Postings: []ledger.Posting{{Debit: "user:1", Credit: "free:5", Amount: yuan(1000), UpTo: ledger.UpToDebit}}},
	}})
	f.due(1)
	require.Equal(f, schedule.Done, f.plan("ops").State)
	f.stands("user:1", 4, 0)
	f.stands("free:5", 87, 87)
	f.holdIs("placed", ledger.HoldOpen, 4)
	f.holdIs("captured", ledger.HoldIsCaptured, 0)
	f.holdIs("voided", ledger.HoldIsVoided, 0)
	assert.EqualValues(f, 9, *f.balance("user:2").Max)
	assert.Equal(f, ledger.DebitsFrozen, f.balance("user:3").Flags)
	assert.Equal(f, ledger.Closed, f.balance("user:4").Flags)
	entries, err := f.Statement(f.ctx, cny("free:3"), ledger.Page{})
	require.NoError(f, err)
	assert.Equal(f, "ref", entries[0].Reference)
	assert.Equal(f, metadata, entries[0].Metadata)
	assert.Equal(f, startTime.Add(-time.Hour), entries[0].Effective)
	f.planned(schedule.Plan{ID: "reopen", At: startTime, Ops: []ledger.Op{ledger.Reopen{Account: "user:4", Currency: currency("CNY")}}})
	f.due(1)
	assert.Zero(f, f.balance("user:4").Flags)
}

func testScheduleCanceled(f *fixture) {
	s := f.scheduler()
	f.planned(schedule.Plan{ID: "every", At: startTime, Every: time.Hour, Ops: []ledger.Op{transfer("bank:1", "user:1", 1)}})
	f.due(1)
	for range 2 {
		canceled, err := s.Cancel(f.ctx, "every")
		require.NoError(f, err, "again, too")
		assert.Equal(f, schedule.Canceled, canceled.State)
		assert.Zero(f, canceled.Next)
		assert.Equal(f, 1, canceled.Runs)
	}
	f.clock.advance(10 * time.Hour)
	f.due(0)
	f.stands("user:1", 1, 1)
	_, err := s.Cancel(f.ctx, "unknown")
	require.ErrorIs(f, err, ledger.ErrNotFound)
	f.planned(schedule.Plan{ID: "once", At: startTime, Ops: []ledger.Op{transfer("bank:1", "user:1", 1)}})
	f.due(1)
	_, err = s.Cancel(f.ctx, "once")
	require.ErrorIs(f, err, schedule.ErrEnded)
	events, err := f.Events(f.ctx, 0, 0)
	require.NoError(f, err)
	var got []string
	for _, e := range events {
		got = append(got, e.Type+" "+e.Subject)
	}
	assert.Equal(f, []string{"schedule.done every", "schedule.canceled every", "schedule.done once"}, got)
}

func testSchedulePut(f *fixture) {
	s := f.scheduler()
	plan := schedule.Plan{ID: "once", At: startTime.Add(time.Hour + 7*time.Nanosecond), Labels: []string{"b", "a"}, Ops: []ledger.Op{transfer("bank:1", "user:1", 1)}}
	f.planned(plan)
	plan.Labels = []string{"a", "b"}
	again := f.planned(plan)
	assert.Equal(f, startTime.Add(time.Hour), again.At)
	other := plan
	other.At = startTime
	_, err := s.Put(f.ctx, other)
	require.ErrorIs(f, err, ledger.ErrIDReused)
	f.clock.advance(time.Hour)
	f.due(1)
	assert.Equal(f, schedule.Done, f.planned(plan).State, "and it is not done twice")

	// With a Change of the caller's, whole or not at all.
	verb := func(id string, ops ...ledger.Op) error {
		_, err := f.Do(f.ctx, id, nil, func(d *ledger.Draft) error {
			d.Ops = ops
			return s.Add(d, schedule.Plan{ID: "added", At: startTime, Ops: plan.Ops})
		})
		return err
	}
	f.refused(verb("refused", transfer("user:9", "free:1", 1)), ledger.InsufficientFunds)
	_, err = s.Get(f.ctx, "added")
	require.ErrorIs(f, err, ledger.ErrNotFound)
	require.NoError(f, verb("done"))
	require.ErrorIs(f, verb("twice"), schedule.ErrExists)
	f.due(1)
}

func testScheduleList(f *fixture) {
	for i := range 4 {
		f.planned(schedule.Plan{
			ID: fmt.Sprint("plan-", i), At: startTime.Add(time.Duration(10-i) * time.Minute),
			Labels: []string{fmt.Sprint("owner-", i%2)}, Ops: []ledger.Op{transfer("bank:1", "user:1", 1)},
		})
	}
	_, err := f.scheduler().Cancel(f.ctx, "plan-1")
	require.NoError(f, err)
	for _, row := range []struct {
		query schedule.Query
		want  string
	}{
		{schedule.Query{}, "plan-0 plan-1 plan-2 plan-3"},
		{schedule.Query{After: "plan-0", Limit: 2}, "plan-1 plan-2"},
		{schedule.Query{State: schedule.Pending}, "plan-0 plan-2 plan-3"},
		{schedule.Query{State: schedule.Canceled}, "plan-1"},
		{schedule.Query{Label: "owner-1"}, "plan-1 plan-3"},
		{schedule.Query{Label: "state:pending"}, ""},
		{schedule.Query{DueBy: startTime.Add(8 * time.Minute)}, "plan-3 plan-2"},
	} {
		got, err := f.scheduler().List(f.ctx, row.query)
		require.NoError(f, err)
		var ids []string
		for _, s := range got {
			ids = append(ids, s.ID)
		}
		assert.Equal(f, row.want, strings.Join(ids, " "), "%+v", row.query)
	}
	_, err = f.scheduler().List(f.ctx, schedule.Query{State: schedule.Done, DueBy: startTime})
	require.ErrorIs(f, err, ledger.ErrInvalid)
}

func testScheduleForm(f *fixture) {
	good := schedule.Plan{ID: "id", At: startTime, Ops: []ledger.Op{transfer("bank:1", "user:1", 1)}}
	for field, alter := range map[string]func(p *schedule.Plan){
		"id":                        func(p *schedule.Plan) { p.ID = strings.Repeat("x", schedule.MaxIDLen+1) },
		"at":                        func(p *schedule.Plan) { p.At = time.Time{} },
		"every":                     func(p *schedule.Plan) { p.Every = time.Millisecond },
		"months":                    func(p *schedule.Plan) { p.Every, p.Months = time.Hour, 1 },
		"times":                     func(p *schedule.Plan) { p.Times = 1 },
		"labels":                    func(p *schedule.Plan) { p.Labels = []string{"a", "a"} },
		"ops":                       func(p *schedule.Plan) { p.Ops = nil },
		"ops[0].postings":           func(p *schedule.Plan) { p.Ops = []ledger.Op{ledger.Transaction{}} },
		"ops[0].postings[0].credit": func(p *schedule.Plan) { p.Ops = []ledger.Op{transfer("bank:1", "bank:1", 1)} },
		"ops[0].kind":               func(p *schedule.Plan) { p.Ops = []ledger.Op{below("low", "user:1", 1)} },
		"ops[1].kind": func(p *schedule.Plan) {
			p.Every, p.Ops = time.Hour, append(p.Ops, reserve("h", posting("bank:1", "user:1", 1)))
		},
		"ops[0].metadata": func(p *schedule.Plan) {
			p.Ops = []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{posting("bank:1", "user:1", 1)}, Metadata: map[string]string{"a": "\xff"}}}
		},
		"ops[0].reference": func(p *schedule.Plan) {
			p.Ops = []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{posting("bank:1", "user:1", 1)}, Reference: "a\nb"}}
		},
		"ops[0].postings[0].amount": func(p *schedule.Plan) {
			p.Ops = []ledger.Op{ledger.Transaction{Postings: []ledger.Posting{{Debit: "bank:1", Credit: "user:1"}}}}
		},
	} {
		plan := good
		alter(&plan)
		f.nothingHappens(func() {
			_, err := f.scheduler().Put(f.ctx, plan)
			var wrong *ledger.InvalidError
			require.ErrorAs(f, err, &wrong, field)
			assert.Equal(f, field, wrong.Field)
		})
	}
}

func testScheduleOthers(f *fixture) {
	for i := range 5 {
		minor := int64(1)
		debit := "bank:1"
		if i%2 == 0 {
			debit = "user:poor"
		}
		f.planned(schedule.Plan{ID: fmt.Sprint(i), At: startTime, Ops: []ledger.Op{transfer(debit, "user:1", minor)}})
	}
	small := schedule.New(f.Ledger, schedule.Config{Batch: 2})
	total := 0
	for {
		n, err := small.Due(f.ctx)
		require.NoError(f, err)
		if n == 0 {
			break
		}
		assert.LessOrEqual(f, n, 2)
		total += n
	}
	assert.Equal(f, 5, total)
	f.stands("user:1", 2, 2)
}

func testSharedSchedule(a, b *fixture) {
	const plans, runs = 6, 5
	a.fund("user:1", 20)
	for i := range plans {
		a.planned(schedule.Plan{ID: fmt.Sprint(i), At: startTime, Every: time.Hour, Times: runs, Ops: []ledger.Op{transfer("user:1", numbered("user:2", i), 1)}})
	}
	a.clock.set(startTime.Add(24 * time.Hour))
	b.clock.set(startTime.Add(24 * time.Hour))
	counts := make([]int, 6)
	together(len(counts), func(i int) {
		f := a
		if i%2 == 1 {
			f = b
		}
		s := f.scheduler()
		for {
			n, err := s.Due(f.ctx)
			if !assert.NoError(f, err) {
				return
			}
			counts[i] += n
			left, err := s.List(f.ctx, schedule.Query{State: schedule.Pending, Limit: 1})
			if !assert.NoError(f, err) || len(left) == 0 {
				return
			}
		}
	})
	total := 0
	for _, n := range counts {
		total += n
	}
	assert.Equal(a, plans*runs, total)
	a.stands("user:1", 0, 0)
	done, refused := 0, 0
	for i := range plans {
		p := b.plan(fmt.Sprint(i))
		assert.Equal(b, runs, p.Runs)
		refused += p.Refused
		done += p.Runs - p.Refused
	}
	assert.Equal(b, []int{20, plans*runs - 20}, []int{done, refused})
	events, err := a.Events(a.ctx, 0, 0)
	require.NoError(a, err)
	seen := make(map[string]bool)
	for _, e := range events {
		var payload struct{ Change string }
		require.NoError(a, json.Unmarshal(e.Payload, &payload))
		assert.False(a, seen[payload.Change], "%s is announced once", payload.Change)
		seen[payload.Change] = true
	}
	assert.Len(a, seen, plans*runs)
}
