package identity_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
)

// guessIn names the database in which a process that the test has started guesses.
const guessIn = "OKPAY_TEST_GUESS_IN"

// TestTwoProgramsGuessAtOnePassword starts this test twice more, as two processes over one file
// that guess a hundred times each.
func TestTwoProgramsGuessAtOnePassword(t *testing.T) {
	file := os.Getenv(guessIn)
	child := file != ""
	if !child {
		file = filepath.Join(t.TempDir(), "wallet.db")
	}
	store, err := sqlitestore.Open(t.Context(), file, sqlitestore.Config{})
	require.NoError(t, err)
	l, err := ledger.Open(t.Context(), store, ledger.Config{Chart: okpay.Chart()})
	require.NoError(t, err)
	defer func() { assert.NoError(t, l.Close(t.Context())) }()
	w, err := okpay.New(l, okpay.Config{})
	require.NoError(t, err)
	x, err := identity.New(w, identity.Config{Keys: []identity.Key{{ID: "k", Secret: [32]byte{1}}}})
	require.NoError(t, err)
	if child {
		guessAHundredTimes(t, x)
		return
	}
	r, err := x.Register(t.Context(), identity.Register{Name: "A", Email: mail, Password: password.New(good), Consent: identity.Consent{Version: "1"}})
	require.NoError(t, err)
	require.NoError(t, x.ContactVerified(t.Context(), identity.ContactVerified{Customer: r.Customer, Contact: r.Contact}))
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			guesser := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTwoProgramsGuessAtOnePassword$")
			guesser.Env = append(os.Environ(), fmt.Sprintf("%s=%s", guessIn, file))
			out, err := guesser.CombinedOutput()
			assert.NoError(t, err, "%s", out)
		})
	}
	both.Wait()
	entries, _, err := w.Audit(t.Context(), okpay.AuditPage{Customer: r.Customer, Limit: 100})
	require.NoError(t, err)
	done := map[string]int{}
	for _, e := range entries {
		done[e.Action]++
	}
	assert.Equal(t, 5, done["session.fail"], "verified")
	assert.Equal(t, 1, done["sign_in.locked"])
	_, err = x.SignIn(t.Context(), identity.SignIn{Name: mail, Password: password.New(good)})
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "it is locked")
}

func guessAHundredTimes(t *testing.T, x *identity.Identity) {
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			_, err := x.SignIn(t.Context(), identity.SignIn{Name: mail, Password: password.New("none of them is right")})
			assert.ErrorIs(t, err, okpay.AuthenticationFailed)
		})
	}
	all.Wait()
}
