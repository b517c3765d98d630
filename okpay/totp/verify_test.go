package totp_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/internal/testsize"
	"github.com/okpay/okpay-go/okpay/totp"
)

const exampleSecret = "12345678901234567890"

func codeAt(t testing.TB, secret totp.Secret, params totp.Params, unix int64) string {
	t.Helper()
	code, err := totp.Code(secret, params, time.Unix(unix, 0))
	require.NoError(t, err)
	return code
}

// Each of 10,000 secrets has a history of right and wrong codes under a clock that mostly
// goes forward. A model keeps, apart from what Verify returns, which codes were accepted,
// and when. By chance a code comes back once in a million steps; from five steps later on
// it is that of a new step, and may be accepted as such.
func TestNoCodeIsAcceptedTwice(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	source := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(seed >> 24), byte(seed >> 32)})
	random := rand.New(source)
	algorithms := []totp.Algorithm{"", totp.SHA1, totp.SHA256, totp.SHA512}
	counts := map[totp.Result]int{}
	for range testsize.Scaled(t, 10_000) {
		secret, err := totp.GenerateSecret(source)
		require.NoError(t, err)
		params := totp.Params{
			Algorithm: algorithms[random.IntN(len(algorithms))],
			Digits:    []int{0, 6, 7, 8}[random.IntN(4)],
			Period:    time.Duration([]int{0, 10, 30, 60, 300}[random.IntN(5)]) * time.Second,
		}
		period := int64(params.Defaulted().Period / time.Second)
		now := random.Int64N(40_000_000_000)
		lastStep := totp.NoStep
		accepted := map[string]int64{} // the steps used, by code
		for range 12 {
			now = max(now+random.Int64N(3*period)-period/2, 0)
			step := now / period
			offset := random.Int64N(7) - 4
			code := codeAt(t, secret, params, max(step+offset, 0)*period)
			result, next, err := totp.Verify(secret, params, code, time.Unix(now, 0), lastStep)
			require.NoError(t, err)
			counts[result]++
			message := fmt.Sprintf("seed %d: %s at %d, last step %d, offset %d", seed, code, now, lastStep, offset)
			if result != totp.OK {
				require.Equal(t, lastStep, next, message)
				if -1 <= offset && offset <= 1 && step+offset > lastStep && step+offset >= 0 {
					// Only a code that stands for an older step too may be refused here.
					require.Equal(t, totp.Replayed, result, message)
					old := max(step-4, 0)
					for old <= lastStep && codeAt(t, secret, params, old*period) != code {
						old++
					}
					require.LessOrEqual(t, old, lastStep, message)
				}
				continue
			}
			if before, ok := accepted[code]; ok {
				require.Greater(t, step, before+4, message)
			}
			require.Greater(t, next, lastStep, message)
			accepted[code], lastStep = next, next
			for _, later := range []int64{0, 1, period / 2, period, 2 * period, 3 * period} {
				result, next, err := totp.Verify(secret, params, code, time.Unix(now+later, 0), lastStep)
				require.NoError(t, err)
				require.NotEqual(t, totp.OK, result, "%s, and %d seconds later", message, later)
				require.Equal(t, lastStep, next)
			}
		}
	}
	t.Log(counts)
	for _, result := range []totp.Result{totp.OK, totp.Wrong, totp.Replayed} {
		assert.NotZero(t, counts[result], result)
	}
}

// Fifty callers hold one code and one stored step. Only who stores first has succeeded, and
// nobody who reads again gets in.
func TestOneCodeAtOnceSucceedsOnce(t *testing.T) {
	secret := secretOf(t, exampleSecret)
	now := time.Unix(1_700_000_000, 0)
	code := codeAt(t, secret, totp.Params{}, now.Unix())
	var stored, successes, replays atomic.Int64
	stored.Store(totp.NoStep)
	var callers sync.WaitGroup
	for range 50 {
		callers.Go(func() {
			for {
				last := stored.Load()
				result, next, err := totp.Verify(secret, totp.Params{}, code, now, last)
				if err != nil || result != totp.OK {
					replays.Add(1)
					return
				}
				if stored.CompareAndSwap(last, next) {
					successes.Add(1)
					return
				}
			}
		})
	}
	callers.Wait()
	assert.EqualValues(t, 1, successes.Load())
	assert.EqualValues(t, 49, replays.Load())
}

func TestVerifyAtTheEdgesOfTime(t *testing.T) {
	secret := secretOf(t, exampleSecret)
	const end = 253402300799 // the last second of the year 9999
	tests := []struct {
		name   string
		now    int64
		code   string
		last   int64
		result totp.Result
		after  int64
	}{
		{"the first second has the code of step 0", 0, "755224", totp.NoStep, totp.OK, 0},
		{"step 0 is used if the last step is 0", 0, "755224", 0, totp.Replayed, 0},
		{"the first second has a next step", 0, "287082", totp.NoStep, totp.OK, 1},
		{"a last step far below zero is none", 0, "755224", math.MinInt64, totp.OK, 0},
		{"the last second is judged", end, codeAt(t, secret, totp.Params{}, end), totp.NoStep, totp.OK, end / 30},
		{"the step after the last second is judged", end, hotp(t, secret, end/30+1), totp.NoStep, totp.OK, end/30 + 1},
		{"a last step in the future refuses a right code", 1_700_000_000, "921300", 60_000_000, totp.Replayed, 60_000_000},
		{"a last step in the future leaves a wrong code wrong", 1_700_000_000, "000000", 60_000_000, totp.Wrong, 60_000_000},
		{"the greatest last step refuses a right code", 1_700_000_000, "921300", math.MaxInt64, totp.Replayed, math.MaxInt64},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			result, after, err := totp.Verify(secret, totp.Params{}, test.code, time.Unix(test.now, 0), test.last)
			require.NoError(t, err)
			assert.Equal(t, test.result, result)
			assert.Equal(t, test.after, after)
		})
	}
}

func TestOnlyTheAgreedNumberOfASCIIDigitsIsACode(t *testing.T) {
	secret, now := secretOf(t, exampleSecret), time.Unix(1_700_000_000, 0)
	for digits := totp.MinDigits; digits <= totp.MaxDigits; digits++ {
		for _, code := range []string{
			"", "1", strings.Repeat("1", digits-1), strings.Repeat("1", digits+1), strings.Repeat("1", 1<<20),
			strings.Repeat("1", digits-1) + ":", strings.Repeat("1", digits-1) + "/", strings.Repeat("1", digits-1) + "\n",
			"-" + strings.Repeat("1", digits-1), " " + strings.Repeat("1", digits-1), "0x" + strings.Repeat("1", digits-2),
			"٣" + strings.Repeat("1", digits-2), // as many bytes as digits
			strings.Repeat("\xff", digits), strings.Repeat("1", digits-1) + "e",
		} {
			result, last, err := totp.Verify(secret, totp.Params{Digits: digits}, code, now, 7)
			require.NoError(t, err)
			assert.Equal(t, totp.Malformed, result, "%.20q of %d digits", code, digits)
			assert.EqualValues(t, 7, last)
		}
	}
}

func hotp(t testing.TB, secret totp.Secret, counter uint64) string {
	t.Helper()
	code, err := totp.HOTP(secret, totp.Params{}, counter)
	require.NoError(t, err)
	return code
}

func TestErrorsComeWithoutAResultAndTheFirstWins(t *testing.T) {
	secret := secretOf(t, exampleSecret)
	tests := []struct {
		name   string
		secret totp.Secret
		params totp.Params
		now    time.Time
		err    error
	}{
		{"parameters win over time and secret", totp.Secret{}, totp.Params{Digits: 5}, time.Unix(-1, 0), totp.ErrInvalidParams},
		{"time wins over the secret", totp.Secret{}, totp.Params{}, time.Unix(-1, 0), totp.ErrInvalidTime},
		{"a second before 1970", secret, totp.Params{}, time.Unix(-1, 0), totp.ErrInvalidTime},
		{"part of a second before 1970", secret, totp.Params{}, time.Unix(0, -1), totp.ErrInvalidTime},
		{"the zero time", secret, totp.Params{}, time.Time{}, totp.ErrInvalidTime},
		{"the year 10000", secret, totp.Params{}, time.Unix(253402300800, 0), totp.ErrInvalidTime},
		{"the greatest time", secret, totp.Params{}, time.Unix(math.MaxInt64, 0), totp.ErrInvalidTime},
		{"the least time", secret, totp.Params{}, time.Unix(math.MinInt64, 0), totp.ErrInvalidTime},
		{"no secret", totp.Secret{}, totp.Params{}, time.Unix(0, 0), totp.ErrShortSecret},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			result, last, err := totp.Verify(test.secret, test.params, "malformed", test.now, 7)
			require.ErrorIs(t, err, test.err)
			assert.Empty(t, result)
			assert.EqualValues(t, 7, last)
			_, err = totp.Code(test.secret, test.params, test.now)
			require.ErrorIs(t, err, test.err)
		})
	}
	_, err := totp.HOTP(totp.Secret{}, totp.Params{Digits: 9}, 0)
	require.ErrorIs(t, err, totp.ErrInvalidParams)
	_, err = totp.HOTP(totp.Secret{}, totp.Params{}, 0)
	require.ErrorIs(t, err, totp.ErrInvalidSecret)
}

func TestParamsAreBounded(t *testing.T) {
	tests := []struct {
		name   string
		params totp.Params
		ok     bool
	}{
		{"the zero value", totp.Params{}, true},
		{"everything at its least", totp.Params{Algorithm: totp.SHA256, Digits: 6, Period: 10 * time.Second}, true},
		{"everything at its most", totp.Params{Algorithm: totp.SHA512, Digits: 8, Period: 300 * time.Second}, true},
		{"an algorithm that is not known", totp.Params{Algorithm: "MD5"}, false},
		{"an algorithm in lower case", totp.Params{Algorithm: "sha1"}, false},
		{"five digits", totp.Params{Digits: 5}, false},
		{"nine digits", totp.Params{Digits: 9}, false},
		{"digits below zero", totp.Params{Digits: -6}, false},
		{"nine seconds", totp.Params{Period: 9 * time.Second}, false},
		{"a period below zero", totp.Params{Period: -30 * time.Second}, false},
		{"301 seconds", totp.Params{Period: 301 * time.Second}, false},
		{"half a second too much", totp.Params{Period: 30500 * time.Millisecond}, false},
		{"30 nanoseconds, meant as seconds", totp.Params{Period: 30}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.params.Check()
			_, stepErr := test.params.Step(time.Unix(59, 0))
			if test.ok {
				require.NoError(t, err)
				require.NoError(t, stepErr)
				return
			}
			require.ErrorIs(t, err, totp.ErrInvalidParams)
			require.ErrorIs(t, stepErr, totp.ErrInvalidParams)
		})
	}
	assert.Equal(t, totp.Params{Algorithm: totp.SHA1, Digits: 6, Period: 30 * time.Second}, totp.Params{}.Defaulted())
	full := totp.Params{Algorithm: totp.SHA512, Digits: 7, Period: time.Minute}
	assert.Equal(t, full, full.Defaulted())
}

// The period decides which step a time is in, and the hash which code the step has.
func TestAgreeingOnOtherParametersMatters(t *testing.T) {
	secret, now := secretOf(t, strings.Repeat("k", 64)), time.Unix(1_700_000_000, 0)
	base := totp.Params{Algorithm: totp.SHA256, Digits: 8, Period: time.Minute}
	code := codeAt(t, secret, base, now.Unix())
	for _, other := range []totp.Params{
		{Algorithm: totp.SHA512, Digits: 8, Period: time.Minute},
		{Algorithm: totp.SHA256, Digits: 8},
	} {
		result, _, err := totp.Verify(secret, other, code, now, totp.NoStep)
		require.NoError(t, err)
		assert.Equal(t, totp.Wrong, result)
	}
	result, step, err := totp.Verify(secret, base, code, now, totp.NoStep)
	require.NoError(t, err)
	assert.Equal(t, totp.OK, result)
	assert.EqualValues(t, 1_700_000_000/60, step)
}
