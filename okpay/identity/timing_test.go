package identity_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
)

// TestTimeDoesNotTellWhoIsACustomer measures a thousand sign-ins of customers with wrong passwords
// against a thousand of names that nobody has, in random order. The area under the curve is how
// often one drawn from the first took longer than one drawn from the second. It wants a machine
// with nothing else to do, so it runs only when heavy tests are made larger; what is behind it,
// the work, is compared by TestEveryRefusalOfASignInIsTheSame.
func TestTimeDoesNotTellWhoIsACustomer(t *testing.T) {
	if testsize.Scaled(t, 1) == 1 {
		t.Skip("a measurement: set " + testsize.Variable)
	}
	const samples = 1000
	w := start(t, identity.Config{Hashing: password.Config{Params: password.DefaultParams()}})
	head := cheapRegistered(w, samples)
	order := rand.Perm(2 * samples)
	took := make([][]time.Duration, 2)
	for _, i := range order {
		name := fmt.Sprintf("customer%d@example.com", i/2)
		if i%2 == 1 {
			name = fmt.Sprintf("nobody%d@example.com", i/2)
		}
		began := time.Now()
		_, err := w.try(name, "wrong", identity.Client{})
		took[i%2] = append(took[i%2], time.Since(began))
		require.ErrorIs(t, err, okpay.AuthenticationFailed)
	}
	auc := area(took[0], took[1])
	t.Logf("%d and %d sign-ins, AUC %.3f, after %d blocks", len(took[0]), len(took[1]), auc, head)
	assert.InDelta(t, 0.5, auc, 0.05)
}

// cheapRegistered registers customers.
func cheapRegistered(w *world, n int) int64 {
	for i := range n {
		w.registered(fmt.Sprintf("customer%d@example.com", i))
	}
	return w.head()
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
