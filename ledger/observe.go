package ledger

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// observer tells logs, metrics and traces what a ledger does: numbers, times and classes of
// errors, never the name of an account, an id, a reference or the text of an error, which may have
// any of them. A nil observer does nothing, which is what a ledger without any of the three has.
type observer struct {
	now    func() time.Time
	logger *slog.Logger
	tracer trace.Tracer
	meters meters

	name  attribute.KeyValue
	attrs metric.MeasurementOption // the name alone

	registration  metric.Registration // of the callbacks; nil without metrics
	head, cached  atomic.Int64
	refusals      map[Reason]metric.MeasurementOption
	outcomes      map[string]metric.MeasurementOption
	begin, decide metric.MeasurementOption // phases of a block
	commit        metric.MeasurementOption
	hit, miss     metric.MeasurementOption
}

// scope names the library in traces and metrics.
const scope = "github.com/okpay/okpay-go/ledger"

func newObserver(cfg *Config, queue *queue, head *Head) (*observer, error) {
	if cfg.Logger == nil && cfg.TracerProvider == nil && cfg.MeterProvider == nil {
		return nil, nil
	}
	o := &observer{now: cfg.Now, logger: cfg.Logger, name: attribute.String("okpay.ledger.name", cfg.Name)}
	if o.logger == nil {
		o.logger = slog.New(slog.DiscardHandler)
	}
	o.logger = o.logger.With("ledger", cfg.Name)
	o.head.Store(head.Seq)
	if cfg.TracerProvider != nil {
		o.tracer = cfg.TracerProvider.Tracer(scope)
	}
	if cfg.MeterProvider != nil {
		if err := o.measure(cfg.MeterProvider.Meter(scope), queue); err != nil {
			return nil, err
		}
	}
	o.logger.Info("ledger opened", "seq", head.Seq)
	return o, nil
}

// close ends what reads the ledger from outside.
func (o *observer) close() {
	if o == nil {
		return
	}
	if o.registration != nil {
		// Its one error is that of a provider that has ended before.
		_ = o.registration.Unregister()
	}
	o.logger.Info("ledger closed", "seq", o.head.Load())
}

// observed is one call that waits for its Changes.
type observed struct {
	*observer
	since time.Time
	span  trace.Span
	block atomic.Pointer[trace.SpanContext] // that answered it
}

// call begins a call of so many Changes.
func (o *observer) call(ctx context.Context, changes int) (context.Context, *observed) {
	if o == nil {
		return ctx, nil
	}
	c := &observed{observer: o, since: o.now()}
	if o.tracer != nil {
		ctx, c.span = o.tracer.Start(ctx, "okpay.ledger.commit",
			trace.WithAttributes(o.name, attribute.Int("okpay.ledger.changes", changes)))
	}
	return ctx, c
}

// answered tells what became of one Change of a call.
func (c *observed) answered(ctx context.Context, out *Outcome, err error) {
	if c == nil {
		return
	}
	outcome := outcomeOf(out, err)
	if c.meters.changes != nil {
		c.meters.changes.Add(ctx, 1, c.outcomes[outcome])
		if refused := (*RefusedError)(nil); errors.As(err, &refused) && !out.Replayed {
			c.meters.refusals.Add(ctx, 1, c.refusal(refused.Reason))
		}
	}
	if c.span != nil && err != nil {
		c.span.AddEvent("okpay.ledger.not_committed", trace.WithAttributes(attribute.String("okpay.ledger.outcome", outcome)))
	}
}

// end ends a call. The outcome is that of its Change, "" for a call of several.
func (c *observed) end(ctx context.Context, out *Outcome, err error) {
	if c == nil {
		return
	}
	if c.meters.duration != nil {
		c.meters.duration.Record(ctx, c.now().Sub(c.since).Seconds(), c.attrs)
	}
	if c.span == nil {
		return
	}
	if block := c.block.Load(); block != nil {
		c.span.AddLink(trace.Link{SpanContext: *block})
	}
	if out != nil {
		outcome := outcomeOf(out, err)
		c.span.SetAttributes(attribute.String("okpay.ledger.outcome", outcome), attribute.Int64("okpay.ledger.seq", out.Seq))
		if broke(outcome) {
			c.span.SetStatus(codes.Error, outcome)
		}
	}
	c.span.End()
}

// blockView is what is observed of one block.
type blockView struct {
	*observer
	ctx                       context.Context
	span                      trace.Span
	started, begun, decidedAt time.Time
	misses                    int // accounts that were not remembered
}

// block begins a block.
func (o *observer) block(ctx context.Context, requests []*request) (context.Context, *blockView) {
	if o == nil {
		return ctx, nil
	}
	b := &blockView{observer: o, started: o.now()}
	if o.tracer != nil {
		ctx, b.span = o.tracer.Start(ctx, "okpay.ledger.block", trace.WithNewRoot(), trace.WithAttributes(o.name), trace.WithLinks(links(requests)...))
	}
	b.ctx = ctx
	return ctx, b
}

// maxLinks bounds how many callers a block's span tells; each caller's tells its block.
const maxLinks = 32

func links(requests []*request) (links []trace.Link) {
	for _, r := range requests {
		if len(links) == maxLinks {
			break
		}
		if r.seen != nil && r.seen.span != nil && r.seen.span.SpanContext().IsSampled() {
			links = append(links, trace.Link{SpanContext: r.seen.span.SpanContext()})
		}
	}
	return links
}

// locked notes that the head's lock was had.
func (b *blockView) locked() {
	if b != nil {
		b.begun = b.now()
	}
}

// decided notes that the block is ready to be written, and for how many accounts the store
// was asked.
func (b *blockView) decided(misses int) {
	if b != nil {
		b.decidedAt, b.misses = b.now(), misses
	}
}

// end ends a block, written or not. Of a batch without a block nothing is measured.
func (b *blockView) end(c *committer, requests []*request, batch *Batch, err error) {
	if b == nil {
		return
	}
	written := err == nil && batch != nil && batch.Block != nil
	if written {
		b.written(c, batch)
	}
	if b.span == nil {
		return
	}
	if err != nil {
		b.span.SetStatus(codes.Error, classOf(err))
	} else {
		span := b.span.SpanContext()
		for _, r := range requests {
			if r.seen != nil {
				r.seen.block.Store(&span)
			}
		}
	}
	if written {
		b.span.SetAttributes(attribute.Int64("okpay.ledger.seq", batch.Block.Seq),
			attribute.Int("okpay.ledger.changes", len(batch.Changes)), attribute.Int("okpay.ledger.postings", len(batch.Postings)))
	}
	b.span.End()
}

func (b *blockView) written(c *committer, batch *Batch) {
	done := b.now()
	b.head.Store(batch.Block.Seq)
	b.cached.Store(int64(len(c.cache.byNo)))
	if m := &b.meters; m.changes != nil {
		m.blockChanges.Record(b.ctx, int64(len(batch.Changes)), b.attrs)
		m.blockSize.Record(b.ctx, int64(len(batch.Block.Body)), b.attrs)
		m.phases.Record(b.ctx, b.begun.Sub(b.started).Seconds(), b.begin)
		m.phases.Record(b.ctx, b.decidedAt.Sub(b.begun).Seconds(), b.decide)
		m.phases.Record(b.ctx, done.Sub(b.decidedAt).Seconds(), b.commit)
		m.lookups.Add(b.ctx, int64(b.misses), b.miss)
		m.lookups.Add(b.ctx, int64(max(0, len(batch.Accounts)+len(batch.Opened)-b.misses)), b.hit)
	}
	if b.logger.Enabled(b.ctx, slog.LevelDebug) {
		b.logger.DebugContext(b.ctx, "block written", "seq", batch.Block.Seq, "changes", len(batch.Changes),
			"bytes", len(batch.Block.Body), "begin", b.begun.Sub(b.started), "decide", b.decidedAt.Sub(b.begun), "commit", done.Sub(b.decidedAt))
	}
}

// taken tells how long the requests of a block have waited.
func (o *observer) taken(ctx context.Context, requests []*request) {
	if o == nil || o.meters.wait == nil {
		return
	}
	now := o.now()
	for _, r := range requests {
		if r.seen != nil {
			o.meters.wait.Record(ctx, now.Sub(r.seen.since).Seconds(), o.attrs)
		}
	}
}

// again tells that a block is decided once more, and why.
func (o *observer) again(ctx context.Context, try int, err error) {
	if o == nil {
		return
	}
	class := classOf(err)
	if o.meters.retries != nil {
		o.meters.retries.Add(ctx, 1, metric.WithAttributeSet(attribute.NewSet(o.name, attribute.String("error.type", class))))
	}
	o.logger.WarnContext(ctx, "block is decided again", "try", try, "error", class)
}

// failed tells that a block was given up, and why.
func (o *observer) failed(ctx context.Context, requests []*request, err error) {
	if o == nil {
		return
	}
	class := classOf(err)
	if o.meters.failures != nil {
		o.meters.failures.Add(ctx, 1, metric.WithAttributeSet(attribute.NewSet(o.name, attribute.String("error.type", class))))
	}
	o.logger.ErrorContext(ctx, "block failed", "requests", len(requests), "error", class)
}

// verified tells what a verification has found.
func (o *observer) verified(ctx context.Context, r *Report, err error) {
	switch {
	case o == nil:
	case err != nil:
		o.logger.WarnContext(ctx, "verification ended early", "seq", r.Seq, "problems", r.Found, "error", classOf(err))
	case r.Found > 0:
		o.logger.ErrorContext(ctx, "verification found problems", "seq", r.Seq, "problems", r.Found)
	default:
		o.logger.InfoContext(ctx, "verification found nothing", "seq", r.Seq, "passes", r.Passes)
	}
	if o != nil && o.meters.problems != nil {
		o.meters.problems.Add(ctx, r.Found, o.attrs)
	}
}
