package webhook_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/okpay/okpay-go/webhook"
)

func exact(time.Duration) time.Duration { return 0 }

func TestScheduleFollowsTheStandard(t *testing.T) {
	// The right column of the table in the specification: time since the start.
	since := []string{
		"0s", "5s", "5m5s", "35m5s", "2h35m5s", "7h35m5s", "17h35m5s", "31h35m5s", "51h35m5s", "75h35m5s",
	}
	schedule := webhook.Schedule{Jitter: exact}
	var total time.Duration
	for made, want := range since {
		delay, ok := schedule.Next(made)
		assert.True(t, ok)
		total += delay
		expected, err := time.ParseDuration(want)
		assert.NoError(t, err)
		assert.Equal(t, expected, total, "attempt %d", made+1)
	}
	for _, made := range []int{len(since), len(since) + 1, 1 << 40} {
		_, ok := schedule.Next(made)
		assert.False(t, ok)
	}
	delay, ok := schedule.Next(-1)
	assert.True(t, ok)
	assert.Zero(t, delay)
	assert.Less(t, total, webhook.DefaultSeenTTL, "receivers remember for longer than senders try")
}

func TestScheduleJitter(t *testing.T) {
	var asked []time.Duration
	schedule := webhook.Schedule{
		Delays: []time.Duration{0, time.Second, time.Minute, -time.Second},
		Jitter: func(delay time.Duration) time.Duration {
			asked = append(asked, delay)
			return -2 * time.Second
		},
	}
	for made, want := range []time.Duration{0, 0, 58 * time.Second, 0} {
		delay, ok := schedule.Next(made)
		assert.True(t, ok)
		assert.Equal(t, want, delay)
	}
	assert.Equal(t, []time.Duration{time.Second, time.Minute}, asked)
	_, ok := webhook.Schedule{Delays: []time.Duration{}}.Next(0)
	assert.False(t, ok, "an empty schedule has no attempts")

	differing := map[time.Duration]bool{}
	for range 100 {
		delay, _ := webhook.Schedule{}.Next(9)
		assert.GreaterOrEqual(t, delay, 24*time.Hour)
		assert.LessOrEqual(t, delay, 24*time.Hour+24*time.Hour/10)
		differing[delay] = true
	}
	assert.Greater(t, len(differing), 1)
}

func TestScheduleAfterAResult(t *testing.T) {
	schedule := webhook.Schedule{Jitter: exact}
	tests := []struct {
		name   string
		made   int
		result webhook.Result
		delay  time.Duration
		again  bool
	}{
		{"delivered", 1, webhook.Result{Outcome: webhook.OutcomeDelivered}, 0, false},
		{"gone", 1, webhook.Result{Outcome: webhook.OutcomeGone}, 0, false},
		{"invalid", 1, webhook.Result{Outcome: webhook.OutcomeInvalid}, 0, false},
		{"the schedule's wait", 1, webhook.Result{Outcome: webhook.OutcomeRetry}, 5 * time.Second, true},
		{"a rejected message is tried again", 2, webhook.Result{Outcome: webhook.OutcomeRejected}, 5 * time.Minute, true},
		{"an attempt that was not made is made", 0, webhook.Result{}, 0, true},
		{"a longer wait that was asked for", 1, webhook.Result{Outcome: webhook.OutcomeRetry, RetryAfter: time.Hour}, time.Hour, true},
		{"a shorter wait that was asked for", 3, webhook.Result{Outcome: webhook.OutcomeRetry, RetryAfter: time.Second}, 30 * time.Minute, true},
		{"the end", 10, webhook.Result{Outcome: webhook.OutcomeRetry, RetryAfter: time.Hour}, 0, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			delay, again := schedule.After(test.made, test.result)
			assert.Equal(t, test.delay, delay)
			assert.Equal(t, test.again, again)
		})
	}
}

func TestStandardDelaysIsTheCallersToChange(t *testing.T) {
	webhook.StandardDelays()[1] = 0
	assert.Equal(t, 5*time.Second, webhook.StandardDelays()[1])
}
