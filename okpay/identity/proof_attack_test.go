package identity_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
)

// wrongOnes are how many answers to an object were decided to be wrong.
func (w *world) wrongOnes(object string) (n int) {
	w.t.Helper()
	entries, more, err := w.Audit(w.t.Context(), okpay.AuditPage{Object: object, Limit: 100})
	require.NoError(w.t, err)
	require.False(w.t, more)
	for _, e := range entries {
		if e.Facts["outcome"] == "wrong" {
			n++
		}
	}
	return n
}

// storm makes calls in turn from each process, all at once.
func (w *world) storm(n int, call func(p process, i int) error) (succeeded int64) {
	w.t.Helper()
	var (
		all  sync.WaitGroup
		good atomic.Int64
		gate = make(chan struct{})
	)
	for i := range n {
		all.Go(func() {
			<-gate
			switch err := call(w.all[i%len(w.all)], i); okpay.CodeOf(err) {
			case "":
				good.Add(1)
			case okpay.AuthenticationFailed:
			default:
				w.t.Errorf("an answer that is no refusal: %v", err)
			}
		})
	}
	close(gate)
	all.Wait()
	return good.Load()
}

func wrongCodeOf(i int, right identity.Secret) identity.Secret {
	code := fmt.Sprintf("%08d", i*7919)
	if code == right.Reveal() {
		code = "99999999"
	}
	return identity.NewSecret(code)
}

func TestTwoHundredGuessesFromTwoProcessesAreFiveVerifications(t *testing.T) {
	const guesses = 200
	for name, stores := range map[string]func(*testing.T) []ledger.Store{"memory": inMemory, "SQLite": onSQLite} {
		t.Run(name, func(t *testing.T) {
			w := startAll(t, sending(identity.Config{SecondProof: []identity.Purpose{"two"}, Questions: true}), stores(t)...)
			o := w.resident()
			for range testsize.Scaled(t, 1) {
				o.signIn()
				w.clock.Advance(25 * time.Hour)
				v := o.start("one")
				code := o.sent(v.ID)
				n := w.storm(guesses, func(p process, i int) error {
					_, err := p.x.ProveCode(t.Context(), identity.ProveCode{ID: v.ID, Code: wrongCodeOf(i, code)})
					return err
				})
				assert.Zero(t, n)
				assert.Equal(t, 5, w.wrongOnes(string(v.ID)), "codes")

				v = o.prove("two")
				_, err := w.x.SendSecond(t.Context(), identity.SendSecond{ID: v.ID, Kind: okpay.ContactPhone})
				require.NoError(t, err)
				code = o.sent(v.ID)
				n = w.storm(guesses, func(p process, i int) error {
					_, err := p.x.ProveSecond(t.Context(), identity.ProveSecond{ID: v.ID, Kind: "phone", Code: wrongCodeOf(i, code)})
					return err
				})
				assert.Zero(t, n)
				assert.Equal(t, 5, w.wrongOnes(string(v.ID)), "second codes")

				r := o.askReset()
				n = w.storm(guesses, func(p process, i int) error {
					in := identity.OpenPasswordReset{ID: r.ID, Code: wrongCodeOf(i, identity.Secret{})}
					if i%4 < 2 {
						in = identity.OpenPasswordReset{Token: identity.NewSecret(fmt.Sprintf("%s.%043d", r.ID, 0))}
					}
					_, err := p.x.OpenPasswordReset(t.Context(), in)
					return err
				})
				assert.Zero(t, n)
				assert.Equal(t, 5, w.wrongOnes(string(r.ID)), "resets")

				o.signIn()
				c := o.beginChange(fmt.Sprintf("new%d@example.com", w.head()), "")
				ctx := o.ctx()
				n = w.storm(guesses, func(p process, i int) error {
					_, err := p.x.ConfirmContactChange(ctx, identity.ConfirmContactChange{ID: c.ID, Code: wrongCodeOf(i, identity.Secret{})})
					return err
				})
				assert.Zero(t, n)
				assert.Equal(t, 5, w.wrongOnes(string(c.Verification)), "new contacts")
			}
			w.verify()
		})
	}
}

func TestTwoHundredAnswersFromTwoProcessesAreThreeVerifications(t *testing.T) {
	w := startAll(t, sending(identity.Config{SecondProof: []identity.Purpose{"two"}, Questions: true}), inMemory(t)...)
	o := w.proprietor()
	require.NoError(t, w.x.SetQuestions(o.ctx(), identity.SetQuestions{Proof: o.stepUpFor(identity.ManageFactor), Answers: map[string]identity.Secret{
		"school": identity.NewSecret("a school"), "street": identity.NewSecret("a street"),
	}}))
	flows := []identity.Verification{o.prove("two"), o.prove("two")}
	n := w.storm(200, func(p process, i int) error {
		_, err := p.x.ProveSecond(t.Context(), identity.ProveSecond{ID: flows[i/2%2].ID, Kind: "questions", Answers: map[string]identity.Secret{
			"school": identity.NewSecret(fmt.Sprintf("school %d", i)), "street": identity.NewSecret("a street"),
		}})
		return err
	})
	assert.Zero(t, n)
	assert.Equal(t, 3, w.wrongOnes(string(flows[0].ID))+w.wrongOnes(string(flows[1].ID)), "whatever the number of flows")
}

func TestFiftyEqualOnesAtOnceSucceedOnce(t *testing.T) {
	for name, stores := range map[string]func(*testing.T) []ledger.Store{"memory": inMemory, "SQLite": onSQLite} {
		t.Run(name, func(t *testing.T) {
			w := startAll(t, sending(identity.Config{}), stores(t)...)
			o := w.resident()
			v := o.start("export")
			code := o.sent(v.ID)
			proofs := make(chan identity.Secret, 50)
			assert.EqualValues(t, 1, w.storm(50, func(p process, _ int) error {
				v, err := p.x.ProveCode(t.Context(), identity.ProveCode{ID: v.ID, Code: code})
				if err == nil {
					proofs <- v.Proof
				}
				return err
			}), "a code")
			proof := <-proofs
			assert.EqualValues(t, 1, w.storm(50, func(p process, _ int) error {
				_, err := p.use(t.Context(), proof, identity.ProofOf{Purpose: "export"})
				return err
			}), "a proof")
			r := o.askReset()
			link := o.linkOf(r.ID)
			grants := make(chan identity.Secret, 50)
			assert.EqualValues(t, 1, w.storm(50, func(p process, _ int) error {
				r, err := p.x.OpenPasswordReset(t.Context(), identity.OpenPasswordReset{Token: link})
				if err == nil {
					grants <- r.Grant
				}
				return err
			}), "a link")
			grant := <-grants
			var set atomic.Int64
			w.storm(20, func(p process, _ int) error {
				err := p.x.SetNewPassword(t.Context(), identity.SetNewPassword{Grant: grant, Password: password.New(other)})
				switch okpay.CodeOf(err) {
				case "":
					set.Add(1)
				case okpay.PasswordNotAllowed, okpay.InvalidState, okpay.ServiceBusy: // it is the current one by now
					return nil
				}
				return err
			})
			assert.EqualValues(t, 1, set.Load(), "a new password")
			w.verify()
		})
	}
}

func TestTenThousandReplaysComeToNothing(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	v := o.start("export")
	code := o.sent(v.ID)
	v, err := w.x.ProveCode(t.Context(), identity.ProveCode{ID: v.ID, Code: code})
	require.NoError(t, err)
	_, err = w.use(t.Context(), v.Proof, identity.ProofOf{Purpose: "export"})
	require.NoError(t, err)
	u := o.prove(identity.ForUnlock)
	_, err = w.x.Unlock(t.Context(), identity.Unlock{Proof: u.Proof})
	require.NoError(t, err)
	r := o.askReset()
	link := o.linkOf(r.ID)
	r, err = w.x.OpenPasswordReset(t.Context(), identity.OpenPasswordReset{Token: link})
	require.NoError(t, err)
	require.NoError(t, o.setNew(r.Grant, other))
	o.signIn()
	c, err := w.x.BeginContactChange(o.ctx(), identity.BeginContactChange{
		Email: "new@example.com", Replaces: o.mailID(), Proof: o.stepUpWith(other, "new@example.com"),
	})
	require.NoError(t, err)
	change := o.sent(c.Verification)
	c, err = w.x.ConfirmContactChange(o.ctx(), identity.ConfirmContactChange{ID: c.ID, Code: change})
	require.NoError(t, err)
	_, err = w.x.ConfirmContactChange(o.ctx(), identity.ConfirmContactChange{ID: c.ID, Code: change})
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	back := o.takeBack(c, mail)
	_, err = w.x.RevertContact(t.Context(), identity.RevertContact{Token: back})
	require.NoError(t, err)
	replays := []func() error{
		func() error {
			_, err := w.x.ProveCode(t.Context(), identity.ProveCode{ID: v.ID, Code: code})
			return err
		},
		func() error { _, err := w.use(t.Context(), v.Proof, identity.ProofOf{Purpose: "export"}); return err },
		func() error { _, err := w.x.Unlock(t.Context(), identity.Unlock{Proof: u.Proof}); return err },
		func() error {
			_, err := w.x.OpenPasswordReset(t.Context(), identity.OpenPasswordReset{Token: link})
			return err
		},
		func() error { return o.setNew(r.Grant, "whatever comes now, 7") },
		func() error {
			_, err := w.x.RevertContact(t.Context(), identity.RevertContact{Token: back})
			return err
		},
	}
	blocks := w.head()
	for i := range 10_000 {
		require.ErrorIs(t, replays[i%len(replays)](), okpay.AuthenticationFailed, i%len(replays))
	}
	assert.Equal(t, blocks, w.head(), "and nothing is written")
}

// stepUpWith is a proof for a change of contact that a password answers.
func (o *subject) stepUpWith(pw, to string) identity.Secret {
	o.t.Helper()
	s, err := o.w.x.BeginStepUp(o.ctx(), identity.StepUpRequest{Action: identity.ChangeContact, To: to})
	require.NoError(o.t, err)
	proof, err := o.w.x.FinishStepUp(o.ctx(), identity.FinishStepUp{ID: s.ID, Method: identity.ByPassword, Answer: identity.NewSecret(pw)})
	require.NoError(o.t, err)
	return proof
}

// cost is what a call costs: reads of the store and Changes.
type cost struct{ Reads, Blocks int64 }

func TestNamesThatNobodyHasCostAndAnswerAsOthersDo(t *testing.T) {
	store := &countingStore{Store: newMemory()}
	w := startAll(t, sending(identity.Config{}), store)
	o := w.resident()
	_ = o
	measure := func(call func(process)) (c cost, n int) {
		w.clock.Advance(time.Second)
		p := w.another(store) // which remembers nothing
		kept, blocks := w.kept(), w.head()
		reads := store.reads.Load()
		call(p)
		c = cost{Reads: store.reads.Load() - reads}
		c.Blocks = w.head() - blocks
		return c, w.kept() - kept
	}
	type answers struct {
		started identity.Verification
		reset   identity.PasswordReset
		texts   []string
		costs   []cost
		puts    []int
	}
	run := func(name string) (a answers) {
		var err error
		note := func(call func(process) error) {
			c, n := measure(func(p process) { err = call(p) })
			a.costs, a.puts = append(a.costs, c), append(a.puts, n)
			a.texts = append(a.texts, shows(err))
		}
		note(func(p process) error {
			a.started, err = p.x.StartVerification(t.Context(), identity.StartVerification{Purpose: identity.ForUnlock, Email: name, Client: home})
			return err
		})
		id := a.started.ID
		note(func(p process) error {
			_, err := p.x.ResendCode(t.Context(), identity.ResendCode{ID: id, Client: home})
			return err
		})
		for range 6 {
			note(func(p process) error {
				_, err := p.x.ProveCode(t.Context(), identity.ProveCode{ID: id, Code: identity.NewSecret("00000000")})
				return err
			})
		}
		for range 2 {
			note(func(p process) error {
				a.reset, err = p.x.RequestPasswordReset(t.Context(), identity.RequestPasswordReset{Email: name, Client: home})
				return err
			})
		}
		for range 6 {
			note(func(p process) error {
				_, err := p.x.OpenPasswordReset(t.Context(), identity.OpenPasswordReset{ID: a.reset.ID, Code: identity.NewSecret("00000000")})
				return err
			})
		}
		return a
	}
	run(mail)
	run("stranger@example.com") // so that all records of either are there
	known, unknown := run(mail), run("stranger@example.com")
	assert.Equal(t, known.texts, unknown.texts, "byte by byte")
	assert.Equal(t, known.costs, unknown.costs, "the same reads and Changes")
	assert.Equal(t, known.puts, unknown.puts, "the same number of records")
	later := unknown.started.ExpiresAt.Sub(known.started.ExpiresAt)
	known.started.ID, known.started.ExpiresAt = unknown.started.ID, known.started.ExpiresAt.Add(later)
	assert.Equal(t, known.started, unknown.started)
	assert.Equal(t, known.reset.State, unknown.reset.State)
	assert.Len(t, string(unknown.reset.ID), len(known.reset.ID))
	assert.Empty(t, w.mailsTo("stranger@example.com"))
	w.verify()
}

func TestANameThatNobodyHasIsToldSoWhereTheProgramWants(t *testing.T) {
	w := start(t, sending(identity.Config{TellNoAccount: true}))
	_, err := w.x.RequestPasswordReset(t.Context(), identity.RequestPasswordReset{Email: "Stranger@example.com", Client: home})
	require.NoError(t, err)
	list := w.mailsTo("stranger@example.com")
	require.Len(t, list, 1)
	assert.Equal(t, "no_account", list[0].Template)
	assert.Equal(t, map[string]string{"device": "Safari, iPhone", "place": "Shanghai, CN"}, list[0].Facts)
}

func TestWhatIsPoisonedChangesNothing(t *testing.T) {
	w := start(t, sending(identity.Config{}))
	o := w.resident()
	v := o.start("export")
	_ = o.ctx()
	blocks := w.head()
	for _, name := range []string{"a@example.com\r\nBcc: b@example.com", "a@example.com\x00", "\"><script>@example.com", "a@b", "{{.}}@example", string(make([]byte, 1<<20))} {
		_, err := w.x.StartVerification(t.Context(), identity.StartVerification{Purpose: "export", Email: name})
		require.ErrorIs(t, err, okpay.InvalidRequest)
		_, err = w.x.RequestPasswordReset(t.Context(), identity.RequestPasswordReset{Phone: name})
		require.ErrorIs(t, err, okpay.InvalidRequest)
		assert.NotContains(t, err.Error(), "Bcc")
	}
	_, err := w.x.StartVerification(t.Context(), identity.StartVerification{Purpose: "export", Email: mail, Client: identity.Client{Place: "x\r\nBcc: b"}})
	require.ErrorIs(t, err, okpay.InvalidRequest)
	_, err = w.x.StartVerification(t.Context(), identity.StartVerification{Purpose: "two words", Email: mail})
	require.ErrorIs(t, err, okpay.InvalidRequest)
	for _, code := range []string{"", "1234567", "123456789", "１２３４５６７８", "12345678\x00", "-1234567", string(make([]byte, 1<<20))} {
		_, err := w.x.ProveCode(t.Context(), identity.ProveCode{ID: v.ID, Code: identity.NewSecret(code)})
		require.ErrorIs(t, err, okpay.InvalidRequest, "%q", code)
	}
	for _, id := range []string{"", "x", "../..", "\x00", string(make([]byte, 1<<20)), "vfy_" + string(v.ID)} {
		_, err := w.x.ProveCode(t.Context(), identity.ProveCode{ID: identity.VerificationID(id), Code: identity.NewSecret("12345678")})
		require.ErrorIs(t, err, okpay.AuthenticationFailed)
		_, err = w.x.OpenPasswordReset(t.Context(), identity.OpenPasswordReset{ID: identity.PasswordResetID(id), Code: identity.NewSecret("12345678")})
		require.ErrorIs(t, err, okpay.AuthenticationFailed)
		for _, token := range []string{id, id + ".", id + ".AAAA", string(v.ID) + "." + id} {
			secret := identity.NewSecret("." + token)
			_, err = w.x.OpenPasswordReset(t.Context(), identity.OpenPasswordReset{Token: secret})
			require.ErrorIs(t, err, okpay.AuthenticationFailed)
			_, err = w.x.RevertContact(t.Context(), identity.RevertContact{Token: secret})
			require.ErrorIs(t, err, okpay.AuthenticationFailed)
			_, err = w.x.Unlock(t.Context(), identity.Unlock{Proof: secret})
			require.ErrorIs(t, err, okpay.AuthenticationFailed)
			require.ErrorIs(t, o.setNew(secret, other), okpay.AuthenticationFailed)
			_, err = w.x.FinishResetFactor(t.Context(), identity.FinishResetFactor{Grant: secret, Code: secret})
			require.ErrorIs(t, err, okpay.AuthenticationFailed)
			_, err = w.x.ReportUnauthorised(t.Context(), identity.ReportUnauthorised{Proof: secret})
			require.ErrorIs(t, err, okpay.AuthenticationFailed)
		}
	}
	_, err = w.x.ReportUnauthorised(o.ctx(), identity.ReportUnauthorised{Text: "\x1b[31m"})
	require.ErrorIs(t, err, okpay.InvalidRequest)
	assert.Equal(t, blocks, w.head())
}
