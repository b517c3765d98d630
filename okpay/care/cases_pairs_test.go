package care_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
)

// inState makes a case in a state, and returns who has it.
func (k *desk) inState(state string) (care.CaseID, care.OperatorID) {
	k.t.Helper()
	ctx := k.t.Context()
	id := k.open(care.GeneralQuestion).ID
	do := func(_ care.Case, err error) {
		k.t.Helper()
		require.NoError(k.t, err)
	}
	if state == "new" {
		return id, ""
	}
	k.takes("one", id)
	switch state {
	case "open":
		return id, "one"
	case "open, in the queue":
		do(k.Cases.Release(ctx, work("one", id)))
		return id, ""
	case "open, at the second level":
		do(k.Cases.Escalate(ctx, say("one", id, "too hard")))
		k.takes("top", id)
		return id, "top"
	case "pending":
		do(k.Cases.Ask(ctx, say("one", id, "which?")))
	case "on_hold":
		do(k.Cases.Wait(ctx, say("one", id, "the bank")))
	case "solved":
		do(k.Cases.Solve(ctx, say("one", id, "there")))
	case "solved, and rated":
		do(k.Cases.Solve(ctx, say("one", id, "there")))
		do(k.Cases.Rate(ctx, care.RateCase{Customer: k.customer, Case: id, Rating: 4}))
	case "closed":
		do(k.Cases.Solve(ctx, say("one", id, "there")))
		k.clock.Advance(14 * 24 * time.Hour)
		k.work()
	}
	return id, "one"
}

// caseVerbs are the verbs by their action in the table. by is who has the case, or an agent.
func (k *desk) caseVerbs() map[okpay.Action]func(by care.OperatorID, id care.CaseID) error {
	ctx := k.t.Context()
	of := func(_ care.Case, err error) error { return err }
	return map[okpay.Action]func(by care.OperatorID, id care.CaseID) error{
		"contact": func(_ care.OperatorID, id care.CaseID) error {
			return of(k.Cases.Reply(ctx, care.ReplyCase{Customer: k.customer, Case: id, Text: "more"}))
		},
		"take": func(by care.OperatorID, id care.CaseID) error { return of(k.Cases.Take(ctx, work(by, id))) },
		"assign": func(_ care.OperatorID, id care.CaseID) error {
			return of(k.Cases.Assign(ctx, care.AssignCase{By: "ann", Why: why, Case: id, To: "bob"}))
		},
		"release":  func(by care.OperatorID, id care.CaseID) error { return of(k.Cases.Release(ctx, work(by, id))) },
		"reply":    func(by care.OperatorID, id care.CaseID) error { return of(k.Cases.Answer(ctx, say(by, id, "so"))) },
		"note":     func(by care.OperatorID, id care.CaseID) error { return of(k.Cases.Note(ctx, say(by, id, "hm"))) },
		"ask":      func(by care.OperatorID, id care.CaseID) error { return of(k.Cases.Ask(ctx, say(by, id, "what?"))) },
		"wait":     func(by care.OperatorID, id care.CaseID) error { return of(k.Cases.Wait(ctx, say(by, id, "bank"))) },
		"resume":   func(by care.OperatorID, id care.CaseID) error { return of(k.Cases.Resume(ctx, work(by, id))) },
		"escalate": func(by care.OperatorID, id care.CaseID) error { return of(k.Cases.Escalate(ctx, say(by, id, "up"))) },
		"solve":    func(by care.OperatorID, id care.CaseID) error { return of(k.Cases.Solve(ctx, say(by, id, "done"))) },
		"link": func(by care.OperatorID, id care.CaseID) error {
			return of(k.Cases.Link(ctx, care.LinkCase{By: by, Why: why, Case: id, Objects: []care.Link{{Type: "topup", ID: k.theTopUp()}}}))
		},
		"withdraw": func(_ care.OperatorID, id care.CaseID) error {
			return of(k.Cases.Withdraw(ctx, care.MoveCase{Customer: k.customer, Case: id}))
		},
		"rate": func(_ care.OperatorID, id care.CaseID) error {
			return of(k.Cases.Rate(ctx, care.RateCase{Customer: k.customer, Case: id, Rating: 5}))
		},
	}
}

func TestEveryCaseInEveryStateDoesWhatTheTableSaysOrNothing(t *testing.T) {
	guards := map[okpay.Action]func(state string) okpay.Guard{
		"take":     func(s string) okpay.Guard { return when(s == "open, in the queue", "nobody has it") },
		"escalate": func(s string) okpay.Guard { return when(s != "open, at the second level", "it is at the first level") },
		"rate":     func(s string) okpay.Guard { return when(s != "solved, and rated", "it was not rated") },
	}
	states := map[string]care.CaseState{
		"new": "new", "open": "open", "open, in the queue": "open", "open, at the second level": "open", "pending": "pending",
		"on_hold": "on_hold", "solved": "solved", "solved, and rated": "solved", "closed": "closed",
	}
	tried := map[okpay.Action]bool{"prioritize": true, "give_up": true, "close": true, "erase": true, "warn": true, "breach": true} // elsewhere
	for name, state := range states {
		k := startCases(t, care.Config{})
		k.topUp(100)
		for on := range k.caseVerbs() {
			tried[on] = true
			k := startCases(t, care.Config{})
			k.topUp(100)
			id, by := k.inState(name)
			if by == "" {
				by = "two"
			}
			g := okpay.Always
			if guard, ok := guards[on]; ok {
				g = guard(name)
			}
			row, allowed := care.CaseMachine().Next(state, on, g)
			before, was := k.lastEvent(), k.seen(id)
			entries := len(k.audit(string(id)))
			mails := len(k.mails())
			err := k.caseVerbs()[on](by, id)
			types, _ := k.eventsSince(before)
			now := k.seen(id)
			if allowed && name == "open, in the queue" && errors.Is(err, okpay.PermissionDenied) {
				assert.Contains(t, []okpay.Action{"release", "reply", "ask", "wait", "escalate", "solve", "link"}, on, "who has not got it")
				allowed = false
			} else if allowed && name == "new" && on == "link" {
				refused(t, err, okpay.PermissionDenied)
				allowed = false
			} else if !allowed {
				refused(t, err, okpay.InvalidState, "%s when %s", on, name)
			}
			if !allowed {
				assert.Empty(t, types, "%s when %s", on, name)
				assert.Equal(t, was, now, "%s when %s", on, name)
				assert.Len(t, k.audit(string(id)), entries+1, "only that it was looked at once more")
				continue
			}
			require.NoError(t, err, "%s when %s", on, name)
			assert.Equal(t, row.To, now.State, "%s when %s", on, name)
			assert.Equal(t, row.Emits, types, "%s when %s", on, name)
			assert.Len(t, k.audit(string(id)), entries+2, "%s when %s: in the audit", on, name)
			assert.Len(t, k.mails(), mails+len(row.Mails), "%s when %s: told", on, name)
			k.verify()
		}
	}
	for _, r := range care.CaseMachine().Rows {
		assert.True(t, tried[r.On], "%s was not tried", r.On)
	}
}

func when(is bool, g okpay.Guard) okpay.Guard {
	if is {
		return g
	}
	return okpay.Always
}
