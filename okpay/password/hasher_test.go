package password_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/okpay/okpay-go/okpay/password"
)

func TestVerifyPublishedHashes(t *testing.T) {
	t.Parallel()
	h := newHasher(t, password.Config{})
	for _, v := range readVectors(t).Argon2id.Vectors {
		t.Run(v.PHC, func(t *testing.T) {
			t.Parallel()
			ok, needsRehash, err := h.Verify(t.Context(), v.PHC, password.New(v.Password))
			require.NoError(t, err)
			assert.True(t, ok)
			current := v.Memory == 19456 && v.Time == 2 && len(v.Salt) == 16
			assert.Equal(t, !current, needsRehash)

			for _, other := range []string{v.Password + "x", v.Password + " ", v.Password + "\x00", strings.ToUpper(v.Password) + "X"} {
				ok, needsRehash, err = h.Verify(t.Context(), v.PHC, password.New(other))
				require.NoError(t, err)
				assert.False(t, ok)
				assert.False(t, needsRehash)
			}
		})
	}
}

// A salt that is given makes a hash that is known.
func TestHashIsThePublishedOne(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t).Argon2id.Vectors {
		if len(v.Salt) != 16 {
			continue
		}
		h := newHasher(t, password.Config{
			Params: password.Params{Memory: v.Memory, Time: v.Time, Threads: v.Threads},
			Rand:   strings.NewReader(v.Salt),
		})
		hash, err := h.Hash(t.Context(), password.New(v.Password))
		require.NoError(t, err)
		assert.Equal(t, v.PHC, hash)
	}
}

func TestVerifyComparesTheWholePassword(t *testing.T) {
	t.Parallel()
	nfc, nfd := "Ünïcödé-päss9", "U\u0308ni\u0308co\u0308de\u0301-pa\u0308ss9"
	long := strings.Repeat("kT7#", 18)
	tests := []struct {
		name, set, typed string
		ok               bool
	}{
		{"the same", "purple ferry lantern", "purple ferry lantern", true},
		{"composed and decomposed characters are the same", nfc, nfd, true},
		{"and the other way round", nfd, nfc, true},
		{"spaces around are part of it", "  purple ferry lantern  ", "purple ferry lantern", false},
		{"the 73rd byte is compared", long + "a", long + "b", false},
		{"the 256th character is compared", strings.Repeat("a", 255) + "b", strings.Repeat("a", 256), false},
		{"full-width letters are letters of their own", "Ｐａｓｓｗｏｒｄ", "Password", false},
		{"case counts", "purple ferry lantern", "Purple ferry lantern", false},
		{"a NUL does not end it", "kT7#vq2!\x00mZ", "kT7#vq2!", false},
		{"a no-break space is none of the others", "purple\u00a0ferry", "purple ferry", false},
	}
	h := newHasher(t, password.Config{Params: cheap()})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			hash, err := h.Hash(t.Context(), password.New(test.set))
			require.NoError(t, err)
			ok, _, err := h.Verify(t.Context(), hash, password.New(test.typed))
			require.NoError(t, err)
			assert.Equal(t, test.ok, ok)
		})
	}
}

func TestHashesOfOnePasswordDiffer(t *testing.T) {
	t.Parallel()
	h := newHasher(t, password.Config{Params: cheap()})
	one, err := h.Hash(t.Context(), password.New("purple ferry lantern"))
	require.NoError(t, err)
	two, err := h.Hash(t.Context(), password.New("purple ferry lantern"))
	require.NoError(t, err)
	assert.NotEqual(t, one, two)
}

func TestHasherRefusesWhatIsNoPassword(t *testing.T) {
	t.Parallel()
	h := newHasher(t, password.Config{Params: cheap()})
	hash, err := h.Hash(t.Context(), password.New("purple ferry lantern"))
	require.NoError(t, err)
	hashed := 0
	h.Watch(func(password.Derivation) { hashed++ })

	tests := []struct {
		name, text string
		want       password.Code
	}{
		{"a byte too many", strings.Repeat("猫", 341) + "ab", password.TooLong},
		{"a mebibyte", strings.Repeat("A", 1<<20), password.TooLong},
		{"a mebibyte that is not UTF-8", strings.Repeat("\xff", 1<<20), password.TooLong},
		{"257 characters", strings.Repeat("A", 257), password.TooLong},
		{"257 characters in NFC", strings.Repeat("e\u0301", 257), password.TooLong},
		{"not UTF-8", "abc\xff\xfedefghijk", password.InvalidEncoding},
		{"half of a surrogate pair", "abcdefghij\xed\xa0\x80", password.InvalidEncoding},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			typed := password.New(test.text)
			_, err := h.Hash(t.Context(), typed)
			require.ErrorIs(t, err, test.want)
			ok, _, err := h.Verify(t.Context(), hash, typed)
			require.ErrorIs(t, err, test.want)
			assert.False(t, ok)
			// Whether the name is known and the hash is sound makes no difference.
			_, _, err = h.Verify(t.Context(), "nonsense", typed)
			require.ErrorIs(t, err, test.want)
			require.ErrorIs(t, h.VerifyUnknown(t.Context(), typed), test.want)
			assert.Zero(t, hashed)
			assert.Zero(t, h.Memory().InUse)
		})
	}

	// 256 characters that are 512 code points before they are composed.
	_, err = h.Hash(t.Context(), password.New(strings.Repeat("e\u0301", 256)))
	require.NoError(t, err)
}

// The time of a huge password does not depend on its size: it is looked at no further than
// its length, without so much as an allocation of its size.
func TestHugePasswordsCostNothing(t *testing.T) {
	h := newHasher(t, password.Config{})
	huge := password.New(strings.Repeat("e\u0301", 1<<19))
	small := password.New(strings.Repeat("a", 1025))
	cost := func(p password.Password) float64 {
		return testing.AllocsPerRun(10, func() {
			_ = h.VerifyUnknown(context.Background(), p)
			_, _ = password.Policy{}.Check(context.Background(), p, password.Context{})
		})
	}
	assert.Equal(t, cost(small), cost(huge))
	result := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			_ = h.VerifyUnknown(context.Background(), huge)
		}
	})
	assert.Less(t, result.AllocedBytesPerOp(), int64(1024))
	assert.Zero(t, h.Memory().Highest)
}

// Whoever measures a refusal must not learn whether there is an account, how old its hash
// is, or that the hash is broken: all of them cost the same work.
func TestRefusalsCostTheSame(t *testing.T) {
	t.Parallel()
	now := password.Params{Memory: 128, Time: 2, Threads: 1}
	cheaper := password.Params{Memory: 64, Time: 1, Threads: 1}
	dearer := password.Params{Memory: 256, Time: 3, Threads: 1}
	key := pepper(t, "k1")
	typed := password.New("purple ferry lantern")

	hash := func(config password.Config) string {
		hash, err := newHasher(t, config).Hash(t.Context(), password.New("another password"))
		require.NoError(t, err)
		return hash
	}
	hashes := map[string]string{
		"current":          hash(password.Config{Params: now, Peppers: []password.Pepper{key}}),
		"without pepper":   hash(password.Config{Params: now}),
		"cheaper":          hash(password.Config{Params: cheaper}),
		"fewer passes":     hash(password.Config{Params: password.Params{Memory: 128, Time: 1, Threads: 1}}),
		"dearer":           hash(password.Config{Params: dearer}),
		"empty":            "",
		"malformed":        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$",
		"too costly":       "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"unknown pepper":   hash(password.Config{Params: now, Peppers: []password.Pepper{pepper(t, "other")}}),
		"of a former kind": "$2a$04$abcdefghijklmnopqrstuv",
	}
	for _, former := range [][]password.Params{nil, {dearer, cheaper}} {
		h := newHasher(t, password.Config{Params: now, Former: former, Peppers: []password.Pepper{key}})
		var work int
		h.Watch(func(d password.Derivation) {
			work += int(d.Params.Memory * d.Params.Time)
			assert.GreaterOrEqual(t, h.Memory().InUse, int64(d.Params.Memory)*1024, "it has taken its room")
		})
		cost := func(verify func()) int {
			work = 0
			verify()
			return work
		}
		want := cost(func() { require.NoError(t, h.VerifyUnknown(t.Context(), typed)) })
		for name, hash := range hashes {
			got := cost(func() {
				ok, needsRehash, _ := h.Verify(t.Context(), hash, typed)
				assert.False(t, ok || needsRehash, name)
			})
			if name == "dearer" && former == nil {
				assert.Greater(t, got, want) // that is what Former is for
				continue
			}
			assert.InEpsilon(t, want, got, 0.01, name)
		}
	}
}

func TestNeedsRehash(t *testing.T) {
	t.Parallel()
	now := password.Params{Memory: 128, Time: 2, Threads: 1}
	old, current := pepper(t, "2025"), pepper(t, "2026")
	tests := []struct {
		name string
		made password.Config
		want bool
	}{
		{"the current costs and pepper", password.Config{Params: now, Peppers: []password.Pepper{current}}, false},
		{"less memory", password.Config{Params: password.Params{Memory: 64, Time: 2, Threads: 1}, Peppers: []password.Pepper{current}}, true},
		{"more memory", password.Config{Params: password.Params{Memory: 256, Time: 2, Threads: 1}, Peppers: []password.Pepper{current}}, true},
		{"fewer passes", password.Config{Params: password.Params{Memory: 128, Time: 1, Threads: 1}, Peppers: []password.Pepper{current}}, true},
		{"more lanes", password.Config{Params: password.Params{Memory: 128, Time: 2, Threads: 2}, Peppers: []password.Pepper{current}}, true},
		{"the old pepper", password.Config{Params: now, Peppers: []password.Pepper{old}}, true},
		{"no pepper", password.Config{Params: now}, true},
	}
	h := newHasher(t, password.Config{Params: now, Peppers: []password.Pepper{current, old}})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			hash, err := newHasher(t, test.made).Hash(t.Context(), password.New("purple ferry lantern"))
			require.NoError(t, err)
			needsRehash, err := h.NeedsRehash(hash)
			require.NoError(t, err)
			assert.Equal(t, test.want, needsRehash)

			ok, needsRehash, err := h.Verify(t.Context(), hash, password.New("purple ferry lantern"))
			require.NoError(t, err)
			assert.True(t, ok)
			assert.Equal(t, test.want, needsRehash)

			_, needsRehash, err = h.Verify(t.Context(), hash, password.New("purple ferry lanterns"))
			require.NoError(t, err)
			assert.False(t, needsRehash, "nothing can be made of a wrong password")
		})
	}
	_, err := h.NeedsRehash("nonsense")
	require.ErrorIs(t, err, password.ErrMalformedHash)
}

// oldHashes are those of a program that used bcrypt.
type oldHashes struct{ fail error }

func (oldHashes) Recognizes(hash string) bool { return strings.HasPrefix(hash, "$2a$") }

func (o oldHashes) Verify(_ context.Context, hash string, p password.Password) (bool, error) {
	if o.fail != nil {
		return true, o.fail
	}
	err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(p.Reveal()))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	return err == nil, err
}

func TestForeignHashesMoveOver(t *testing.T) {
	t.Parallel()
	// What is hashed is what was typed: the old program knew no NFC.
	typed := "U\u0308ber-secret 1"
	old, err := bcrypt.GenerateFromPassword([]byte(typed), bcrypt.MinCost)
	require.NoError(t, err)
	h := newHasher(t, password.Config{Params: cheap(), Foreign: []password.Foreign{oldHashes{}}})

	ok, needsRehash, err := h.Verify(t.Context(), string(old), password.New(typed))
	require.NoError(t, err)
	assert.True(t, ok && needsRehash)
	needsRehash, err = h.NeedsRehash(string(old))
	require.NoError(t, err)
	assert.True(t, needsRehash)

	ok, needsRehash, err = h.Verify(t.Context(), string(old), password.New("wrong"))
	require.NoError(t, err)
	assert.False(t, ok || needsRehash)
	assert.Equal(t, int64(64*1024), h.Memory().Highest, "an old hash takes its place in the queue")

	_, _, err = h.Verify(t.Context(), "$1$md5", password.New(typed))
	require.ErrorIs(t, err, password.ErrMalformedHash, "of no kind that is known")

	failing := newHasher(t, password.Config{Params: cheap(), Foreign: []password.Foreign{oldHashes{fail: assert.AnError}}})
	ok, needsRehash, err = failing.Verify(t.Context(), string(old), password.New(typed))
	require.ErrorIs(t, err, assert.AnError)
	assert.False(t, ok || needsRehash)
}

func TestHashNeedsRandomness(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]password.Config{
		"broken": {Params: cheap(), Rand: iotest.ErrReader(assert.AnError)},
		"short":  {Params: cheap(), Rand: strings.NewReader("0123456789abcde")},
	} {
		hash, err := newHasher(t, config).Hash(t.Context(), password.New("purple ferry lantern"))
		require.Error(t, err, name)
		assert.Empty(t, hash, name)
	}
}

func TestNewHasherRefuses(t *testing.T) {
	t.Parallel()
	key := pepper(t, "k")
	for name, config := range map[string]password.Config{
		"no pass":                     {Params: password.Params{Memory: 64, Threads: 1}},
		"no lane":                     {Params: password.Params{Memory: 64, Time: 1}},
		"too little memory":           {Params: password.Params{Memory: 15, Time: 1, Threads: 2}},
		"costs above the ceiling":     {Params: password.Params{Memory: 64, Time: 17, Threads: 1}},
		"former above the ceiling":    {Former: []password.Params{{Memory: 1 << 17, Time: 1, Threads: 1}}},
		"former costs that are none":  {Former: []password.Params{{Memory: 64}}},
		"a ceiling that is none":      {Ceiling: password.Params{Memory: 1 << 15}},
		"a ceiling above the budget":  {Ceiling: password.Params{Memory: 1 << 18, Time: 2, Threads: 1}},
		"a budget of less than three": {MemoryBudget: 3*19*1024*1024 - 1},
		"a negative budget":           {MemoryBudget: -1},
		"a pepper that is none":       {Peppers: []password.Pepper{{}}},
		"a pepper twice":              {Peppers: []password.Pepper{key, key}},
	} {
		_, err := password.NewHasher(config)
		require.ErrorIs(t, err, password.ErrInvalidConfig, name)
	}
}

func TestVerifyIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	h := newHasher(t, password.Config{Params: cheap(), Peppers: []password.Pepper{pepper(t, "k")}})
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			hash, err := h.Hash(t.Context(), password.New("purple ferry lantern"))
			assert.NoError(t, err)
			ok, needsRehash, err := h.Verify(t.Context(), hash, password.New("purple ferry lantern"))
			assert.NoError(t, err)
			assert.Empty(t, cmp.Diff([]bool{true, false}, []bool{ok, needsRehash}))
		})
	}
	group.Wait()
}
