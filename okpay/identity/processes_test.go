package identity_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/handclock"
	"github.com/okpay/okpay-go/internal/pgtest"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/pgstore"
	"github.com/okpay/okpay-go/ledger/sqlitestore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/lockout"
	"github.com/okpay/okpay-go/okpay/password"
)

// guessIn is the environment variable that tells a process which the test has started what to guess at.
const guessIn = "OKPAY_TEST_GUESS_IN"

// guessed is what is guessed at, and where.
type guessed struct {
	SQLite   string           `json:"sqlite,omitempty"`   // a file
	Postgres string           `json:"postgres,omitempty"` // a DSN
	Now      time.Time        `json:"now"`
	At       string           `json:"at"` // password, totp, recovery, code or question
	Customer okpay.CustomerID `json:"customer"`
	Flow     string           `json:"flow,omitempty"` // the verification
	Wrong    string           `json:"wrong,omitempty"`
}

func (g *guessed) open(t *testing.T) ledger.Store {
	t.Helper()
	var (
		store ledger.Store
		err   error
	)
	if g.Postgres != "" {
		store, err = pgstore.Open(t.Context(), g.Postgres, pgstore.Config{})
	} else {
		store, err = sqlitestore.Open(t.Context(), g.SQLite, sqlitestore.Config{})
	}
	require.NoError(t, err)
	return store
}

func guessing() identity.Config {
	return sending(identity.Config{SecondProof: []identity.Purpose{"two"}, Questions: true})
}

// TestTwoProgramsGuess starts this test twice more for each authenticator and store, as two processes over
// one database that guess a hundred times each.
func TestTwoProgramsGuess(t *testing.T) {
	if text := os.Getenv(guessIn); text != "" {
		var g guessed
		require.NoError(t, json.Unmarshal([]byte(text), &g))
		g.aHundredTimes(t)
		return
	}
	stores := map[string]func(*testing.T) guessed{
		"SQLite": func(t *testing.T) guessed { return guessed{SQLite: filepath.Join(t.TempDir(), "wallet.db")} },
		"PostgreSQL": func(t *testing.T) guessed {
			dsn := pgtest.DSN(t)
			require.NoError(t, pgstore.Migrate(t.Context(), dsn, pgstore.Config{}))
			return guessed{Postgres: dsn}
		},
	}
	for storeName, store := range stores {
		for at, most := range map[string]int{"password": 5, "totp": 5, "recovery": 5, "code": 5, "question": 3} {
			t.Run(at+", "+storeName, func(t *testing.T) {
				g := store(t)
				g.At = at
				w := startAll(t, guessing(), g.open(t))
				check := g.prepare(w)
				text, err := json.Marshal(g)
				require.NoError(t, err)
				var (
					both     sync.WaitGroup
					verified atomic.Int64
				)
				for range 2 {
					both.Go(func() {
						guesser := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTwoProgramsGuess$", "-test.v")
						guesser.Env = append(os.Environ(), fmt.Sprintf("%s=%s", guessIn, text))
						out, err := guesser.CombinedOutput()
						assert.NoError(t, err, "%s", out)
						_, rest, found := strings.Cut(string(out), "verified=")
						n, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(rest+"\n", "\n", 2)[0]))
						assert.True(t, found && err == nil, "%s", out)
						verified.Add(int64(n))
					})
				}
				both.Wait()
				assert.EqualValues(t, most, verified.Load()+int64(check()), "verified")
				w.verify()
			})
		}
	}
}

// prepare makes what is guessed at, and returns what counts the guesses that were verified where the processes
// that guess can not count them.
func (g *guessed) prepare(w *world) (check func() int) {
	w.t.Helper()
	o := w.resident()
	o.signIn() // just now
	check = func() int { return 0 }
	switch g.At {
	case "totp":
		o.enroll()
		g.Wrong = o.wrongCode()
	case "recovery":
		o.enroll()
		g.Wrong = "000000-000000-000000-000000"
	case "code":
		g.Flow = string(o.start(identity.ForUnlock).ID)
		g.Wrong = wrongOf(o.sent(identity.VerificationID(g.Flow))).Reveal()
	case "question":
		require.NoError(w.t, w.x.SetQuestions(o.ctx(), identity.SetQuestions{
			Proof:   o.stepUpFor(identity.ManageFactor),
			Answers: map[string]identity.Secret{"school": identity.NewSecret("a school"), "street": identity.NewSecret("a street")},
		}))
		g.Flow = string(o.prove("two").ID)
	}
	if g.Flow != "" {
		check = func() int { return w.wrongOnes(g.Flow) }
	}
	g.Now, g.Customer = w.clock.Now(), o.id
	return check
}

// aHundredTimes is what a process that was started does.
func (g *guessed) aHundredTimes(t *testing.T) {
	w := &world{t: t, clock: handclock.At(g.Now)}
	p := w.join(guessing(), g.open(t))
	var (
		all      sync.WaitGroup
		verified atomic.Int64
	)
	hashes := p.x.Counting()
	p.x.OnVerify(func(lockout.Authenticator) { verified.Add(1) })
	for range 100 {
		all.Go(func() { assert.ErrorIs(t, g.guess(t, p), okpay.AuthenticationFailed) })
	}
	all.Wait()
	fmt.Printf("verified=%d\n", verified.Load()+hashes.Checked.Load())
}

func (g *guessed) guess(t *testing.T, p process) (err error) {
	id := identity.VerificationID(g.Flow)
	switch g.At {
	case "password":
		_, err = p.x.SignIn(t.Context(), identity.SignIn{Name: mail, Password: password.New("none of them is right")})
	case "code":
		_, err = p.x.ProveCode(t.Context(), identity.ProveCode{ID: id, Code: identity.NewSecret(g.Wrong)})
	case "question":
		_, err = p.x.ProveSecond(t.Context(), identity.ProveSecond{ID: id, Kind: "questions", Answers: map[string]identity.Secret{
			"school": identity.NewSecret("another school"), "street": identity.NewSecret("a street"),
		}})
	default:
		err = p.x.VerifyFactor(t.Context(), g.Customer, g.Wrong, false, nil)
	}
	return err
}
