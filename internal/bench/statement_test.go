package bench

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/rails"
)

// BenchmarkStatement imports a statement whose rows settle top-ups (known), and one whose rows
// name nothing that is here (unknown): the first reads an object, writes it, books the bank
// entry and announces it, the second raises an exception.
func BenchmarkStatement(b *testing.B) {
	for _, p := range places {
		for _, known := range []bool{true, false} {
			name := p.name + "/unknown"
			if known {
				name = p.name + "/known"
			}
			b.Run(name, func(b *testing.B) {
				_, w := withMoney(b, p)
				file := statementOf(b, w, known)
				b.ReportAllocs()
				b.ResetTimer()
				report, err := w.Reconciliation.Import(b.Context(), okpay.ImportStatement{
					Provider: "simulated", Format: rails.CSV, File: bytes.NewReader(file),
				})
				b.StopTimer()
				require.NoError(b, err)
				require.Equal(b, b.N, report.Rows)
				if known {
					require.Equal(b, b.N, report.Matched)
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}

// statementOf makes b.N rows, and what they are about.
func statementOf(b *testing.B, w *okpay.Wallet, known bool) []byte {
	b.Helper()
	references := make([]string, b.N)
	for i := range references {
		references[i] = "order-" + strconv.Itoa(i)
	}
	if known {
		var running sync.WaitGroup
		errs := make([]error, 64)
		for caller := range errs {
			running.Go(func() {
				for i := caller; i < b.N; i += len(errs) {
					top, err := w.TopUps.Create(context.Background(), okpay.CreateTopUp{Customer: payer(i), Amount: paymentAmount})
					if err != nil {
						errs[caller] = err
						return
					}
					references[i] = string(top.ID)
				}
			})
		}
		running.Wait()
		for _, err := range errs {
			require.NoError(b, err)
		}
	}
	var file bytes.Buffer
	file.WriteString("direction,amount,currency,reference,other,cost\n")
	for i, r := range references {
		fmt.Fprintf(&file, "in,10.00,CNY,%s,B-%d,0.01\n", r, i)
	}
	return file.Bytes()
}
