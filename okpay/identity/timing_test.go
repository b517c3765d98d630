package identity_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
)

// BenchmarkTimeTellsWhoIsACustomer measures a thousand sign-ins of customers with wrong passwords
// against a thousand of names that nobody has, in random order. auc is how often one drawn from
// the first took longer than one drawn from the second: 0.5 tells nothing. It wants a machine
// with nothing else to do. What is behind it, the work, is compared by
// TestEveryRefusalOfASignInIsTheSame.
func BenchmarkTimeTellsWhoIsACustomer(b *testing.B) {
	const samples = 1000
	w := start(b, identity.Config{Hashing: password.Config{Params: password.DefaultParams()}})
	for i := range samples {
		w.registered(fmt.Sprintf("customer%d@example.com", i))
	}
	for b.Loop() {
		took := make([][]time.Duration, 2)
		for _, i := range rand.Perm(2 * samples) {
			name := fmt.Sprintf("customer%d@example.com", i/2)
			if i%2 == 1 {
				name = fmt.Sprintf("nobody%d@example.com", i/2)
			}
			began := time.Now()
			_, err := w.try(name, "wrong", identity.Client{})
			took[i%2] = append(took[i%2], time.Since(began))
			require.ErrorIs(b, err, okpay.AuthenticationFailed)
		}
		b.ReportMetric(area(took[0], took[1]), "auc")
		w.clock.Advance(2 * time.Hour) // no lock lasts longer
	}
}

// area is the probability that one of a is more than one of b.
func area(a, b []time.Duration) float64 {
	slices.Sort(b)
	more := 0.0
	for _, v := range a {
		below, _ := slices.BinarySearch(b, v)
		above, _ := slices.BinarySearch(b, v+1)
		more += float64(below) + float64(above-below)/2
	}
	return more / float64(len(a)*len(b))
}
