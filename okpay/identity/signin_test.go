package identity_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/password"
)

var home = identity.Client{Address: "192.0.2.10:443", Place: "Shanghai, CN", UserAgent: "Mozilla/5.0 (iPhone) Safari/605"}

func TestSomebodyRegistersVerifiesAContactAndSignsIn(t *testing.T) {
	w := start(t, identity.Config{})
	r := w.register(email)
	_, err := w.try(email, good, home)
	require.ErrorIs(t, err, okpay.AuthenticationFailed, "a contact counts once it is verified")
	assert.Equal(t, []string{"verification_code"}, w.templates(r.Customer))
	in := identity.ContactVerified{Customer: r.Customer, Contact: r.Contact, Key: "k"}
	require.NoError(t, w.x.ContactVerified(t.Context(), in))
	require.NoError(t, w.x.ContactVerified(t.Context(), in), "a repeat")
	assert.Equal(t, []string{"verification_code", "welcome"}, w.templates(r.Customer))

	consent, err := w.x.ConsentOf(t.Context(), r.Customer)
	require.NoError(t, err)
	assert.Equal(t, identity.Consent{Version: "terms-1", At: w.clock.Now()}, consent)

	before := w.last()
	ctx, s := w.signedIn(" Ann@Example.COM ", good, home)
	assert.Equal(t, []string{"session.begun"}, w.events(before))
	assert.Equal(t, []string{"new_sign_in", "verification_code", "welcome"}, w.templates(r.Customer))
	assert.Equal(t, []string{"contact.verify", "customer.register", "session.begin", "verification.start"}, w.actions(r.Customer))
	assert.Equal(t, identity.Session{
		ID: s.Session.ID, Customer: r.Customer, State: identity.SessionActive,
		BeganAt: w.clock.Now(), SeenAt: w.clock.Now(), ProvenAt: w.clock.Now(), EndsAt: w.clock.Now().Add(12 * time.Hour),
		Device: "Safari, iPhone", Place: "Shanghai, CN", Address: "192.0.2.0/24",
	}, *s.Session)
	name := "Ann B."
	_, err = w.Customers.Update(ctx, okpay.UpdateCustomer{Customer: r.Customer, Name: &name})
	require.NoError(t, err)

	w.signedIn(email, good, home)
	assert.Equal(t, []string{"new_sign_in", "verification_code", "welcome"}, w.templates(r.Customer), "the device and the place are known")
	elsewhere := home
	elsewhere.Place = "Lagos, NG"
	w.signedIn(email, good, elsewhere)
	assert.Equal(t, []string{"new_sign_in", "new_sign_in", "verification_code", "welcome"}, w.templates(r.Customer))
	w.verify()
}

func TestRegisteringWithSomebodyElsesContactLooksTheSame(t *testing.T) {
	w := start(t, identity.Config{})
	owner := w.registered(email)
	head := func() int64 {
		seq, _, _, err := w.Ledger().Head(t.Context())
		require.NoError(t, err)
		return seq
	}
	counts := w.x.Counting()
	register := func(email string) (identity.Registered, int64, int64) {
		blocks, hashes := head(), counts.N.Load()
		r := w.register(email)
		return r, head() - blocks, counts.N.Load() - hashes
	}
	taken, takenBlocks, takenHashes := register(email)
	free, freeBlocks, freeHashes := register("free@example.com")
	assert.Equal(t, freeBlocks, takenBlocks)
	assert.Equal(t, freeHashes, takenHashes)
	for _, r := range []identity.Registered{taken, free} {
		assert.Len(t, r.Customer, len(owner))
		assert.NotEmpty(t, r.Contact)
		c, err := w.Customers.Get(t.Context(), r.Customer)
		require.NoError(t, err)
		assert.Equal(t, okpay.ContactUnverified, c.Contacts[0].State)
	}
	assert.Empty(t, w.templates(taken.Customer))
	assert.Equal(t, []string{"verification_code"}, w.templates(free.Customer))
	assert.Equal(t, []string{"registration_attempt", "verification_code", "welcome"}, w.templates(owner))
	err := w.x.ContactVerified(t.Context(), identity.ContactVerified{Customer: taken.Customer, Contact: taken.Contact})
	require.ErrorIs(t, err, okpay.ContactTaken)
}

func TestRegistrationRefusals(t *testing.T) {
	w := start(t, identity.Config{})
	right := identity.Register{Name: "A", Email: "a@example.com", Password: password.New(good), Consent: identity.Consent{Version: "t1"}}
	for name, c := range map[string]struct {
		change func(*identity.Register)
		want   okpay.Code
	}{
		"no contact":               {func(r *identity.Register) { r.Email = "" }, okpay.InvalidRequest},
		"two contacts":             {func(r *identity.Register) { r.Phone = "+8613800138000" }, okpay.InvalidRequest},
		"no e-mail address":        {func(r *identity.Register) { r.Email = "a\r\nBcc: b@example.com" }, okpay.InvalidRequest},
		"control characters":       {func(r *identity.Register) { r.Name = "a\r\nBcc: b@example.com" }, okpay.InvalidRequest},
		"no consent":               {func(r *identity.Register) { r.Consent.Version = "" }, okpay.InvalidRequest},
		"consent in the future":    {func(r *identity.Register) { r.Consent.At = w.clock.Now().Add(time.Hour) }, okpay.InvalidRequest},
		"another locale":           {func(r *identity.Register) { r.Locale = "fr" }, okpay.InvalidRequest},
		"a place of control bytes": {func(r *identity.Register) { r.Client.Place = "x\n" }, okpay.InvalidRequest},
		"a common password":        {func(r *identity.Register) { r.Password = password.New("Password123!") }, okpay.PasswordNotAllowed},
		"a password of the address": {func(r *identity.Register) {
			r.Email = "margarethe@example.com"
			r.Password = password.New("margarethe1!")
		}, okpay.PasswordNotAllowed},
		"a password of the service":  {func(r *identity.Register) { r.Password = password.New("okpay-okpay1") }, okpay.PasswordNotAllowed},
		"a password of 1 MiB":        {func(r *identity.Register) { r.Password = password.New(strings.Repeat("a", 1<<20)) }, okpay.PasswordNotAllowed},
		"a password without symbols": {func(r *identity.Register) { r.Password = password.New("abcdefgh12") }, okpay.PasswordNotAllowed},
	} {
		in := right
		c.change(&in)
		_, err := w.x.Register(t.Context(), in)
		assert.ErrorIs(t, err, c.want, name)
		var v *password.Violation
		assert.Equal(t, c.want == okpay.PasswordNotAllowed, errorsAs(err, &v), name)
	}
	right.Key, right.Phone, right.Email = "k", "+86 138 0013 8000", ""
	one, err := w.x.Register(t.Context(), right)
	require.NoError(t, err)
	again, err := w.x.Register(t.Context(), right)
	require.NoError(t, err)
	assert.Equal(t, one, again)
	right.Phone = "+86 138 0013 8001"
	_, err = w.x.Register(t.Context(), right)
	require.ErrorIs(t, err, okpay.IdempotencyKeyReused)
}

// work is what a call has cost.
type work struct{ Hashes, Reads, Blocks int64 }

// TestEveryRefusalOfASignInIsTheSame holds the answers to be the same byte for byte, and the work
// behind them: whoever asks learns nothing of who is a customer, and nothing of an account.
func TestEveryRefusalOfASignInIsTheSame(t *testing.T) {
	store := &countingStore{Store: memstore.New()}
	w := startAll(t, identity.Config{}, store)
	w.registered(email) // with the first contact the index of contacts begins
	counts := w.x.Counting()
	setup := map[string]func(email string) (pw string, from identity.Client){
		"a name that nobody has": func(string) (string, identity.Client) { return good, home },
		"a wrong password": func(email string) (string, identity.Client) {
			w.registered(email)
			return "wrong", home
		},
		"a contact that is not verified": func(email string) (string, identity.Client) {
			w.register(email)
			return good, home
		},
		"locked, and the right password": func(email string) (string, identity.Client) {
			w.registered(email)
			w.fails(email, 5)
			return good, home
		},
		"a locked name that nobody has": func(email string) (string, identity.Client) {
			w.fails(email, 5)
			return good, home
		},
		"disabled, and the right password": func(email string) (string, identity.Client) {
			w.registered(email)
			for range 50 {
				w.fails(email, 1)
				w.clock.Advance(61 * time.Minute)
			}
			return good, home
		},
		"closed, and the right password": func(email string) (string, identity.Client) {
			_, err := w.Customers.Close(t.Context(), okpay.MoveGate{Customer: w.registered(email)})
			require.NoError(t, err)
			return good, home
		},
		"shut for risk, and a wrong password": func(email string) (string, identity.Client) {
			_, err := w.Customers.Lock(t.Context(), okpay.MoveGate{Customer: w.registered(email), Reason: "risk"})
			require.NoError(t, err)
			return "wrong", home
		},
		"a trusted device's token that is not theirs": func(email string) (string, identity.Client) {
			w.registered(email)
			w.registered("other-" + email)
			ctx, _ := w.signedIn("other-"+email, good, home)
			token, _, err := w.x.TrustDevice(ctx, home)
			require.NoError(t, err)
			from := home
			from.Device = token
			return "wrong", from
		},
		"a customer without a password": func(email string) (string, identity.Client) {
			c, err := w.Customers.Register(t.Context(), okpay.Registration{Contact: okpay.Address{Kind: okpay.ContactEmail, Value: email}})
			require.NoError(t, err)
			require.NoError(t, w.x.ContactVerified(t.Context(), identity.ContactVerified{Customer: c.ID, Contact: c.Contacts[0].ID}))
			return good, home
		},
	}
	refused := func(name string) bool { return strings.Contains(name, "locked") || strings.Contains(name, "disabled") }
	want := ""
	costs := map[string]work{}
	number := 0
	for name, prepare := range setup {
		number++
		email := fmt.Sprintf("somebody%d@example.com", number)
		pw, from := prepare(email)
		w.clock.Advance(time.Hour) // failures of the address are forgotten
		if refused(name) {
			w.fails(email, 1) // locked again
		}
		w.fails("other@example.com", 1) // so that all begin with the same in memory
		before := work{counts.N.Load(), store.reads.Load(), w.head()}
		_, err := w.try(email, pw, from)
		costs[name] = work{counts.N.Load() - before.Hashes, store.reads.Load() - before.Reads, w.head() - before.Blocks}
		require.ErrorIs(t, err, okpay.AuthenticationFailed, name)
		shown, jsonErr := json.Marshal(err)
		require.NoError(t, jsonErr)
		text := fmt.Sprintf("%v|%+v|%#v|%s", err, err, err, shown)
		if want == "" {
			want = text
		}
		assert.Equal(t, want, text, name)
	}
	for name, cost := range costs {
		like := "a name that nobody has"
		if refused(name) {
			like = "a locked name that nobody has"
		}
		assert.Equal(t, costs[like], cost, "%s is like %s", name, like)
		assert.EqualValues(t, 1, cost.Hashes)
		assert.EqualValues(t, 2, cost.Blocks)
	}
	for _, name := range []string{"", "@", "no name", "+", "a@b", strings.Repeat("x", 10_000)} {
		_, err := w.try(name, good, home)
		require.ErrorIs(t, err, okpay.AuthenticationFailed)
		assert.Equal(t, strings.Split(want, "|")[0], err.Error())
	}
}

func TestAPasswordOfAMebibyteIsNoWork(t *testing.T) {
	store := &countingStore{Store: memstore.New()}
	w := startAll(t, identity.Config{}, store)
	counts := w.x.Counting()
	w.registered(email)
	ctx, _ := w.signedIn(email, good, home)
	huge := strings.Repeat("a", 1<<20)
	blocks := w.head()
	before := work{counts.N.Load(), store.reads.Load(), blocks}
	_, err := w.try(email, huge, home)
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	assert.Equal(t, before, work{counts.N.Load(), store.reads.Load(), blocks}, "nothing is looked up, hashed or written")
	err = w.x.ChangePassword(ctx, identity.ChangePassword{Current: password.New(huge), New: password.New(other)})
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	err = w.x.ChangePassword(ctx, identity.ChangePassword{Current: password.New(good), New: password.New(huge)})
	require.ErrorIs(t, err, okpay.PasswordNotAllowed)
	assert.Equal(t, before.Hashes, counts.N.Load())
	assert.Equal(t, blocks, w.head())
}

func BenchmarkSignInWithAPasswordOfAMebibyte(b *testing.B) {
	x := bare(b)
	in := identity.SignIn{Name: email, Password: password.New(strings.Repeat("a", 1<<20))}
	for b.Loop() {
		_, _ = x.SignIn(b.Context(), in)
	}
}

func TestASignInAfterFailuresIsTold(t *testing.T) {
	w := start(t, identity.Config{})
	id := w.registered(email)
	w.signedIn(email, good, home)
	w.fails(email, 3)
	w.signedIn(email, good, home)
	assert.Equal(t, []string{"new_sign_in", "sign_in_after_failures", "verification_code", "welcome"}, w.templates(id))
	w.signedIn(email, good, home)
	assert.Len(t, w.templates(id), 4)
}

func TestAHashIsRenewedWhenItsOwnerSignsIn(t *testing.T) {
	store := memstore.New()
	w := startAll(t, identity.Config{}, store)
	id := w.registered(email)
	w2 := startAll2(t, w, identity.Config{Hashing: password.Config{Params: password.Params{Memory: 128, Time: 1, Threads: 1}, Former: []password.Params{cheap}}}, store)
	hash := func() string {
		var doc struct{ Hash string }
		require.NoError(t, w2.Read(t.Context(), "password", string(id), &doc))
		return doc.Hash
	}
	require.Contains(t, hash(), "m=64,")
	_, err := w2.try(email, "wrong", home)
	require.ErrorIs(t, err, okpay.AuthenticationFailed)
	require.Contains(t, hash(), "m=64,")
	w2.signedIn(email, good, home)
	assert.Contains(t, hash(), "m=128,")
	assert.Contains(t, w2.actions(id), "password.rehash")
	w2.signedIn(email, good, home)
}

func TestAStoredHashThatCanNotBeUsedIsAWrongPasswordAndWrittenDown(t *testing.T) {
	for reason, hash := range map[string]string{
		"malformed":      "$argon2id$v=19$m=-1",
		"too_costly":     "$argon2id$v=19$m=4194304,t=100,p=1$c2FsdHNhbHRzYWx0c2FsdA$dGFndGFndGFndGFndGFndGFndGFndGFndGFndGFndGE",
		"unknown_pepper": "$argon2id$v=19$m=64,t=1,p=1,keyid=Z29uZQ$c2FsdHNhbHRzYWx0c2FsdA$dGFndGFndGFndGFndGFndGFndGFndGFndGFndGFndGE",
	} {
		w := start(t, identity.Config{})
		id := w.registered(email)
		_, err := w.Do(t.Context(), okpay.Act{Principal: "op/x", Operation: "poison"}, func(d *okpay.Draft) error {
			content, err := json.Marshal(map[string]any{"of": id, "hash": hash})
			d.Put(ledger.Put{Type: "password", ID: string(id), Chaining: ledger.Plain, Content: content})
			return err
		})
		require.NoError(t, err)
		_, err = w.try(email, good, home)
		require.ErrorIs(t, err, okpay.AuthenticationFailed, reason)
		assert.NotContains(t, err.Error(), "argon2")
		entries, _, err := w.Audit(t.Context(), okpay.AuditPage{Customer: id})
		require.NoError(t, err)
		var reasons []string
		for _, e := range entries {
			if e.Action == "password.unusable" {
				reasons = append(reasons, e.Reason)
			}
		}
		assert.Equal(t, []string{reason}, reasons)
		assert.LessOrEqual(t, w.x.Memory().Highest, int64(64*1024), "nothing dearer was begun")
	}
}

func TestFailuresFromOneAddressAreSlowedDownWithoutLockingAccounts(t *testing.T) {
	w := start(t, identity.Config{})
	w.registered(email)
	from := func(address string) identity.Client { return identity.Client{Address: address} }
	spray := func(n int, address string) (last error) {
		for i := range n {
			_, last = w.try(fmt.Sprintf("name%d@example.com", i), "Winter2026!", from(address))
		}
		return last
	}
	require.ErrorIs(t, spray(50, "2001:db8::1"), okpay.AuthenticationFailed)
	_, err := w.try(email, good, from("[2001:db8::ffff:1]:99"))
	require.ErrorIs(t, err, okpay.TooManyTries, "another address of the same /64")
	var e *okpay.Error
	require.True(t, errorsAs(err, &e))
	require.NotNil(t, e.ResetsAt)
	assert.True(t, e.ResetsAt.After(w.clock.Now()))
	_, err = w.try(email, good, from("2001:db8:0:1::1"))
	require.NoError(t, err, "no account is locked, other addresses go on")
	_, err = w.try(email, good, identity.Client{})
	require.NoError(t, err)
	require.ErrorIs(t, spray(51, "not an address"), okpay.TooManyTries)
	w.clock.Advance(30 * time.Minute)
	_, err = w.try(email, good, from("2001:db8::1"))
	require.NoError(t, err)
	for range 200 { // successes cost nothing
		_, err = w.try(email, good, from("192.0.2.1"))
		require.NoError(t, err)
	}
}

func TestSomebodySignsInByPhone(t *testing.T) {
	w := start(t, identity.Config{})
	r, err := w.x.Register(t.Context(), identity.Register{
		Name: "B", Phone: "+86 138 0013 8000", Locale: "zh-CN", Password: password.New(good), Consent: identity.Consent{Version: "t1"},
	})
	require.NoError(t, err)
	require.NoError(t, w.x.ContactVerified(t.Context(), identity.ContactVerified{Customer: r.Customer, Contact: r.Contact}))
	s, err := w.try("0086-138-0013-8000", good, home)
	require.NoError(t, err)
	assert.Equal(t, r.Customer, s.Session.Customer)
	c, err := w.Customers.Get(t.Context(), r.Customer)
	require.NoError(t, err)
	assert.Equal(t, "zh-CN", c.Locale)
}
