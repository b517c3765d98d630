package ledger

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// meters are the instruments, all nil or none. docs/observability.md lists them.
type meters struct {
	changes, refusals, retries, failures, lookups, problems metric.Int64Counter
	blockChanges, blockSize                                 metric.Int64Histogram
	wait, duration, phases                                  metric.Float64Histogram
}

// measure makes the instruments.
func (o *observer) measure(m metric.Meter, queue *queue) error {
	var errs []error
	// From a commit in memory to a store that hangs.
	seconds := metric.WithExplicitBucketBoundaries(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
	counter := func(name, unit, says string) metric.Int64Counter {
		c, err := m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(says))
		errs = append(errs, err)
		return c
	}
	duration := func(name, says string) metric.Float64Histogram {
		h, err := m.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(says), seconds)
		errs = append(errs, err)
		return h
	}
	size := func(name, unit, says string, bounds ...float64) metric.Int64Histogram {
		h, err := m.Int64Histogram(name, metric.WithUnit(unit), metric.WithDescription(says), metric.WithExplicitBucketBoundaries(bounds...))
		errs = append(errs, err)
		return h
	}
	gauge := func(name, unit, says string) metric.Int64ObservableGauge {
		g, err := m.Int64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(says))
		errs = append(errs, err)
		return g
	}
	o.meters = meters{
		changes:  counter("okpay.ledger.changes", "{change}", "Changes answered, by outcome."),
		refusals: counter("okpay.ledger.refusals", "{change}", "Changes refused for the first time, by reason."),
		retries:  counter("okpay.ledger.block.retries", "{retry}", "Blocks decided again because the store asked for it or its outcome was unknown."),
		failures: counter("okpay.ledger.block.failures", "{block}", "Blocks given up."),
		lookups:  counter("okpay.ledger.cache.lookups", "{account}", "Accounts that blocks needed, by whether their balances were remembered."),
		problems: counter("okpay.ledger.verify.problems", "{problem}", "Problems that verifications found."),
		blockChanges: size("okpay.ledger.block.changes", "{change}", "Changes recorded in one block.",
			1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000),
		blockSize: size("okpay.ledger.block.size", "By", "Size of a block's body.",
			256, 1<<10, 4<<10, 16<<10, 64<<10, 256<<10, 1<<20, 4<<20, 16<<20),
		wait:     duration("okpay.ledger.queue.wait", "Time from a call until a block takes its Changes."),
		duration: duration("okpay.ledger.commit.duration", "Time that a call waits for its answers."),
		phases:   duration("okpay.ledger.block.duration", "Time that a block took, by phase: begin waits for the head's lock and loads, decide decides and loads more, commit writes."),
	}
	depth := gauge("okpay.ledger.queue.depth", "{change}", "Changes that wait for a block.")
	cached := gauge("okpay.ledger.cache.size", "{account}", "Accounts whose balances are remembered.")
	head := gauge("okpay.ledger.head.seq", "{block}", "Number of the last block that this process wrote, or found when it opened the ledger.")

	with := func(key, value string) metric.MeasurementOption {
		return metric.WithAttributeSet(attribute.NewSet(o.name, attribute.String(key, value)))
	}
	o.attrs = metric.WithAttributeSet(attribute.NewSet(o.name))
	o.begin, o.decide, o.commit = with(phaseKey, "begin"), with(phaseKey, "decide"), with(phaseKey, "commit")
	o.hit, o.miss = with(resultKey, "hit"), with(resultKey, "miss")
	o.refusals = make(map[Reason]metric.MeasurementOption)
	for _, r := range kernelReasons() {
		o.refusals[r] = with(reasonKey, string(r))
	}
	o.refusals[otherReason] = with(reasonKey, string(otherReason))
	o.outcomes = make(map[string]metric.MeasurementOption)
	for _, c := range append(classes(), class{outcomeCommitted, nil}, class{outcomeReplayed, nil}, class{outcomeOther, nil}) {
		o.outcomes[c.name] = with(outcomeKey, c.name)
	}
	var err error
	o.registration, err = m.RegisterCallback(func(_ context.Context, obs metric.Observer) error {
		obs.ObserveInt64(depth, int64(queue.depth()), o.attrs)
		obs.ObserveInt64(cached, o.cached.Load(), o.attrs)
		obs.ObserveInt64(head, o.head.Load(), o.attrs)
		return nil
	}, depth, cached, head)
	return errors.Join(append(errs, err)...)
}

// Keys of attributes.
const (
	phaseKey   = "okpay.ledger.phase"
	resultKey  = "okpay.ledger.cache.result"
	reasonKey  = "okpay.ledger.reason"
	outcomeKey = "okpay.ledger.outcome"
)

// otherReason stands for the reasons that verbs make up, which may be any text.
const otherReason Reason = "other"

func kernelReasons() []Reason {
	return []Reason{
		InsufficientFunds, LimitExceeded, BalanceOverflow, AccountNotAllowed, ScaleChanged, AccountFrozen, AccountClosed,
		AccountOpen, ConditionFailed, HoldExists, HoldUnknown, HoldCaptured, HoldVoided, HoldExpired, HoldExceeded,
		TransactionUnknown, AlreadyReversed,
	}
}

func (o *observer) refusal(r Reason) metric.MeasurementOption {
	if attrs := o.refusals[r]; attrs != nil {
		return attrs
	}
	return o.refusals[otherReason]
}

// class is an error in one word, since its text may say what nobody else is to know.
type class struct {
	name string
	err  error
}

// classes lists what an error is told as, the first that it matches.
func classes() []class {
	return []class{
		{"refused", ErrRefused},
		{"invalid", ErrInvalid},
		{"outcome_unknown", ErrOutcomeUnknown},
		{"commit_unknown", ErrCommitUnknown},
		{"busy", ErrBusy},
		{"closed", ErrClosed},
		{"id_reused", ErrIDReused},
		{"deadline", ErrDeadline},
		{"conflict", ErrConflict},
		{"duplicate_key", ErrDuplicateKey},
		{"linked", ErrLinked},
		{"joined", ErrJoined},
		{"retry", ErrRetry},
		{"unavailable", ErrUnavailable},
		{"clock_skew", ErrClockSkew},
		{"history_regressed", ErrHistoryRegressed},
		{"archived", ErrArchived},
		{"format", ErrFormat},
		{"timeout", context.DeadlineExceeded},
		{"canceled", context.Canceled},
	}
}

// Outcomes that are no error, and the one of errors that have no class.
const (
	outcomeCommitted = "committed"
	outcomeReplayed  = "replayed"
	outcomeOther     = "other"
)

func classOf(err error) string {
	for _, c := range classes() {
		if errors.Is(err, c.err) {
			return c.name
		}
	}
	return outcomeOther
}

func outcomeOf(out *Outcome, err error) string {
	switch {
	case out.Replayed:
		return outcomeReplayed
	case err == nil:
		return outcomeCommitted
	}
	return classOf(err)
}

// broke reports an outcome that is somebody's trouble and no answer to the caller's
// question.
func broke(outcome string) bool {
	switch outcome {
	case "outcome_unknown", "commit_unknown", "busy", "closed", "retry", "unavailable", "clock_skew", "history_regressed", outcomeOther:
		return true
	}
	return false
}
