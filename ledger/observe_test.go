package ledger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

// watched is a ledger of which everything is observed.
type watched struct {
	*testing.T
	*ledger.Ledger
	logs   *bytes.Buffer
	reader *metric.ManualReader
	spans  *tracetest.SpanRecorder
}

func (w *watched) Name() string { return w.T.Name() }

func watch(t *testing.T, store ledger.Store) *watched {
	w := &watched{T: t, logs: &bytes.Buffer{}, reader: metric.NewManualReader(), spans: tracetest.NewSpanRecorder()}
	var err error
	w.Ledger, err = ledger.Open(t.Context(), store, ledger.Config{
		Chart:          ledger.Chart{{Name: "canary:poor", Min: ledger.Limit(0)}, {Name: "**"}},
		Logger:         slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		MeterProvider:  metric.NewMeterProvider(metric.WithReader(w.reader)),
		TracerProvider: trace.NewTracerProvider(trace.WithSpanProcessor(w.spans)),
	})
	require.NoError(t, err)
	return w
}

// measured returns every metric by its name.
func (w *watched) measured() map[string]metricdata.Metrics {
	w.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(w, w.reader.Collect(w.Context(), &all))
	out := make(map[string]metricdata.Metrics)
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			out[m.Name] = m
		}
	}
	return out
}

// sums returns a counter by the values of its attributes other than the ledger's name.
func sums(t *testing.T, m metricdata.Metrics) map[string]int64 {
	t.Helper()
	data, ok := m.Data.(metricdata.Sum[int64])
	require.True(t, ok, "%s is a counter", m.Name)
	out := make(map[string]int64)
	for _, p := range data.DataPoints {
		var values []string
		for _, kv := range p.Attributes.ToSlice() {
			if kv.Key != "okpay.ledger.name" {
				values = append(values, kv.Value.AsString())
			}
		}
		out[strings.Join(values, " ")] = p.Value
	}
	return out
}

func spanAttribute(s trace.ReadOnlySpan, key attribute.Key) attribute.Value {
	for _, kv := range s.Attributes() {
		if kv.Key == key {
			return kv.Value
		}
	}
	return attribute.Value{}
}

// everything commits, replays, is refused and fails, with a canary in whatever a caller names.
func (w *watched) everything() {
	w.Helper()
	ctx := w.Context()
	commit := func(c ledger.Change) error {
		_, err := w.Commit(ctx, c)
		return err
	}
	full := ledger.Change{
		ID: "canary-id", Result: "canary-result", Request: []ledger.Field{{Name: "canary-field", Value: "canary-value"}},
		Ops: []ledger.Op{
			ledger.Transaction{
				Postings:  pay("x", "canary:bank", "canary:user", 10).Ops[0].(ledger.Transaction).Postings,
				Reference: "canary-reference", Metadata: map[string]string{"canary-key": "canary-value"},
			},
			ledger.Hold{ID: "canary-hold", Postings: pay("x", "canary:user", "canary:other", 3).Ops[0].(ledger.Transaction).Postings},
		},
		Puts:   []ledger.Put{{Type: "canary-type", ID: "canary-record", Content: []byte("canary-content"), Unique: []string{"canary-unique"}}},
		Events: []ledger.Event{{Type: "canary-event", Subject: "canary-subject", Payload: []byte("canary-payload")}},
	}
	require.NoError(w, commit(full))
	require.NoError(w, commit(full), "a replay")
	full.Request = []ledger.Field{{Name: "canary-field", Value: "canary-other"}}
	require.ErrorIs(w, commit(full), ledger.ErrIDReused)
	require.ErrorIs(w, commit(pay("canary-refused", "canary:poor", "canary:user", 5)), ledger.ErrInsufficientFunds)
	require.ErrorIs(w, commit(pay("canary-refused", "canary:poor", "canary:user", 5)), ledger.ErrInsufficientFunds)
	require.ErrorIs(w, commit(ledger.Change{ID: "canary-own", Refusal: &ledger.Refusal{Reason: "canary_reason", Detail: "canary-detail"}}), ledger.ErrRefused)
	require.ErrorIs(w, commit(ledger.Change{ID: "canary\n"}), ledger.ErrInvalid)
	require.ErrorIs(w, commit(ledger.Change{ID: "canary-key", Puts: []ledger.Put{{Type: "canary-type", ID: "canary-2", Unique: []string{"canary-unique"}}}}), ledger.ErrDuplicateKey)
	for _, a := range w.CommitAll(ctx, []ledger.Change{pay("canary-a", "canary:bank", "canary:user", 1), pay("canary-b", "canary:bank", "canary:user", 1)}) {
		require.NoError(w, a.Err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err := w.Commit(gone, pay("canary-gone", "canary:bank", "canary:user", 1))
	require.ErrorIs(w, err, context.Canceled)
	report, err := w.Verify(ctx)
	require.NoError(w, errors.Join(err, report.Err()))
}

func TestMetricsTellWhatALedgerDoes(t *testing.T) {
	w := watch(t, memstore.New())
	w.everything()
	seq, _, _, err := w.Head(t.Context())
	require.NoError(t, err)
	got := w.measured()
	assert.Equal(t, map[string]int64{
		"committed": 3, "replayed": 2, "id_reused": 1, "refused": 2, "invalid": 1, "duplicate_key": 1, "canceled": 1,
	}, sums(t, got["okpay.ledger.changes"]))
	assert.Equal(t, map[string]int64{"insufficient_funds": 1, "other": 1}, sums(t, got["okpay.ledger.refusals"]))
	assert.Equal(t, map[string]int64{"": 0}, sums(t, got["okpay.ledger.verify.problems"]))
	lookups := sums(t, got["okpay.ledger.cache.lookups"])
	assert.Positive(t, lookups["hit"])
	assert.Positive(t, lookups["miss"])
	for name, want := range map[string]int64{"okpay.ledger.head.seq": seq, "okpay.ledger.queue.depth": 0, "okpay.ledger.cache.size": 3} {
		data := got[name].Data.(metricdata.Gauge[int64])
		require.Len(t, data.DataPoints, 1, name)
		assert.Equal(t, want, data.DataPoints[0].Value, name)
	}
	for name, unit := range map[string]string{"okpay.ledger.block.changes": "{change}", "okpay.ledger.block.size": "By"} {
		data := got[name].Data.(metricdata.Histogram[int64])
		assert.Equal(t, unit, got[name].Unit)
		require.Len(t, data.DataPoints, 1, name)
		assert.EqualValues(t, seq, data.DataPoints[0].Count, name)
	}
	for name, points := range map[string]int{"okpay.ledger.queue.wait": 1, "okpay.ledger.commit.duration": 1, "okpay.ledger.block.duration": 3} {
		data := got[name].Data.(metricdata.Histogram[float64])
		assert.Equal(t, "s", got[name].Unit)
		require.Len(t, data.DataPoints, points, name)
		for _, p := range data.DataPoints {
			assert.GreaterOrEqual(t, p.Sum, 0.0, name)
		}
	}
	require.NoError(t, w.Close(t.Context()))
	assert.NotContains(t, w.measured(), "okpay.ledger.head.seq", "a ledger that was closed is not asked any more")
}

func TestASpanOfACallAndThatOfItsBlockAreLinked(t *testing.T) {
	w := watch(t, memstore.New())
	w.everything()
	require.NoError(t, w.Close(t.Context()))
	blocks := make(map[string]trace.ReadOnlySpan)
	for _, s := range w.spans.Ended() {
		if s.Name() == "okpay.ledger.block" {
			assert.False(t, s.Parent().IsValid(), "a block belongs to no one caller")
			blocks[s.SpanContext().SpanID().String()] = s
		}
	}
	calls := 0
	for _, s := range w.spans.Ended() {
		if s.Name() != "okpay.ledger.commit" {
			continue
		}
		calls++
		outcome := spanAttribute(s, "okpay.ledger.outcome").AsString()
		switch outcome {
		case "invalid", "canceled":
			assert.Empty(t, s.Links(), "no block has seen it")
			continue
		}
		require.Len(t, s.Links(), 1, outcome)
		block := blocks[s.Links()[0].SpanContext.SpanID().String()]
		require.NotNil(t, block)
		var linked bool
		for _, l := range block.Links() {
			linked = linked || l.SpanContext.Equal(s.SpanContext())
		}
		assert.True(t, linked, "the block's span is linked to the call's")
		assert.Equal(t, codes.Unset, s.Status().Code, "%s is an answer", outcome)
		if outcome == "committed" {
			assert.Equal(t, spanAttribute(block, "okpay.ledger.seq"), spanAttribute(s, "okpay.ledger.seq"))
		}
	}
	assert.Equal(t, 10, calls)
}

func TestNothingThatACallerNamesIsObserved(t *testing.T) {
	store := memstore.New()
	w := watch(t, store)
	w.everything()
	failing := watch(t, &refusing{Store: store, err: fmt.Errorf("%w: canary-text", ledger.ErrUnavailable)})
	_, err := failing.Commit(t.Context(), pay("canary-fails", "canary:bank", "canary:user", 1))
	require.ErrorIs(t, err, ledger.ErrUnavailable)
	for _, one := range []*watched{w, failing} {
		require.NoError(t, one.Close(t.Context()))
		var spans strings.Builder
		for _, s := range one.spans.Ended() {
			fmt.Fprintln(&spans, s.Name(), s.Attributes(), s.Events(), s.Status(), s.Links())
		}
		metrics, err := json.Marshal(one.measured())
		require.NoError(t, err)
		for _, text := range []string{one.logs.String(), spans.String(), string(metrics)} {
			require.NotEmpty(t, text)
			assert.NotContains(t, strings.ToLower(text), "canary")
		}
	}
	assert.Contains(t, failing.logs.String(), `"msg":"block failed"`)
	assert.Contains(t, failing.logs.String(), `"error":"unavailable"`)
	assert.Equal(t, map[string]int64{"unavailable": 1}, sums(t, failing.measured()["okpay.ledger.block.failures"]))
	last := failing.spans.Ended()
	for _, s := range last {
		assert.Equal(t, codes.Error, s.Status().Code, s.Name())
		assert.Equal(t, "unavailable", s.Status().Description, s.Name())
	}
	assert.Len(t, last, 2)
	for _, line := range []string{"ledger opened", "block written", "verification found nothing", "ledger closed"} {
		assert.Contains(t, w.logs.String(), `"msg":"`+line+`"`)
	}
}

// refusing is a store in which no block begins.
type refusing struct {
	ledger.Store
	err error
}

func (r *refusing) Begin(context.Context, int64, ledger.Need) (ledger.Tx, *ledger.Found, error) {
	return nil, nil, r.err
}

func TestARetryIsObserved(t *testing.T) {
	w := watch(t, &once{Store: memstore.New()})
	_, err := w.Commit(t.Context(), pay("a", "bank", "user", 1))
	require.NoError(t, err)
	assert.Equal(t, map[string]int64{"retry": 1}, sums(t, w.measured()["okpay.ledger.block.retries"]))
	require.NoError(t, w.Close(t.Context()))
	assert.Contains(t, w.logs.String(), `"msg":"block is decided again"`)
}

// once is a store that asks once to be tried again.
type once struct {
	ledger.Store
	asked bool
}

func (o *once) Begin(ctx context.Context, id int64, need ledger.Need) (ledger.Tx, *ledger.Found, error) {
	if !o.asked {
		o.asked = true
		return nil, nil, ledger.ErrRetry
	}
	return o.Store.Begin(ctx, id, need)
}

// Each of the three may be had without the others.
func TestObservationIsChosenOneByOne(t *testing.T) {
	for name, cfg := range map[string]ledger.Config{
		"nothing": {},
		"logs":    {Logger: slog.New(slog.DiscardHandler)},
		"metrics": {MeterProvider: metric.NewMeterProvider()},
		"traces":  {TracerProvider: trace.NewTracerProvider()},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := ledger.Open(t.Context(), memstore.New(), cfg)
			require.NoError(t, err)
			_, err = l.Commit(t.Context(), pay("a", "bank", "user", 1))
			require.NoError(t, err)
			for _, a := range l.CommitAll(t.Context(), []ledger.Change{pay("b", "bank", "user", 1)}) {
				require.NoError(t, a.Err)
			}
			_, err = l.DryRun(t.Context(), pay("c", "bank", "user", 1))
			require.NoError(t, err)
			require.NoError(t, l.Close(t.Context()))
		})
	}
}
