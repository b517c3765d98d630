package ledger_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

// A large ledger is verified with little memory, and tells how far it is and each problem when it
// is found. Pause is where a long verification leaves room to others.
func ExampleLedger_VerifyWith() {
	ctx := context.Background()
	l := openShop(ctx)
	defer l.Close(ctx)
	for i := range 4 {
		deposit(ctx, l, fmt.Sprintf("customer:%d", i), yuan("50.00"))
	}
	report, err := l.VerifyWith(ctx, ledger.VerifyConfig{
		MaxMemory: 1000, // bytes; for show
		Pause:     func(ctx context.Context) error { return ctx.Err() },
		Progress: func(done, total int64) {
			if done == total {
				fmt.Println("folded", done, "of", total)
			}
		},
		Found: func(p ledger.Problem) { log.Println(p) },
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Accounts, "accounts in", report.Passes, "passes, problems:", report.Found)
	// Output:
	// folded 8 of 8
	// 5 accounts in 2 passes, problems: 0
}

// Logs, metrics and traces are switched on one by one. The ledger needs OpenTelemetry's API
// alone; SDK and exporter are the program's choice.
func ExampleConfig_observability() {
	ctx := context.Background()
	reader := metric.NewManualReader() // a program has an exporter here
	logs := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{
		Logger:        slog.New(logs),
		MeterProvider: metric.NewMeterProvider(metric.WithReader(reader)),
	})
	if err != nil {
		log.Fatal(err)
	}
	deposit(ctx, l, "customer:1", yuan("50.00"))

	var all metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &all); err != nil {
		log.Fatal(err)
	}
	for _, m := range all.ScopeMetrics[0].Metrics {
		if blocks, ok := m.Data.(metricdata.Histogram[int64]); ok && m.Name == "okpay.ledger.block.changes" {
			fmt.Println(m.Name, blocks.DataPoints[0].Count, "blocks,", blocks.DataPoints[0].Sum, "changes")
		}
	}
	if err := l.Close(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// level=INFO msg="ledger opened" ledger=main seq=0
	// okpay.ledger.block.changes 1 blocks, 1 changes
	// level=INFO msg="ledger closed" ledger=main seq=1
}
