package password_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/password"
)

const (
	someSalt = "c29tZXNhbHQ"
	someTag  = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	sound    = "$argon2id$v=19$m=64,t=1,p=1$" + someSalt + "$" + someTag
)

func TestStoredHashesThatMustBeRejected(t *testing.T) {
	t.Parallel()
	h := newHasher(t, password.Config{Params: cheap()})
	for _, v := range readVectors(t).Argon2id.MustReject {
		t.Run(v.Why, func(t *testing.T) {
			want := password.ErrMalformedHash
			if strings.Contains(v.Why, "ceiling") {
				want = password.ErrTooCostly
			}
			ok, needsRehash, err := h.Verify(t.Context(), v.PHC, password.New("password"))
			require.ErrorIs(t, err, want)
			assert.False(t, ok || needsRehash)
			_, err = h.NeedsRehash(v.PHC)
			require.ErrorIs(t, err, want)
		})
	}
	assert.Equal(t, int64(64*1024), h.Memory().Highest, "nothing was taken but for the dummy")
}

func TestParsePHC(t *testing.T) {
	t.Parallel()
	with := func(params string) string {
		return "$argon2id$v=19$" + params + "$" + someSalt + "$" + someTag
	}
	b64 := func(n int) string { // of n zero bytes
		return strings.Repeat("A", (n*8+5)/6)
	}
	tests := []struct {
		name, encoded string
		want          error
	}{
		{"sound", sound, nil},
		{"with a pepper", with("m=64,t=1,p=1,keyid=azE"), nil},
		{"at the ceiling", with("m=65536,t=16,p=16"), nil},
		{"the shortest salt and tag", "$argon2id$v=19$m=64,t=1,p=1$" + b64(8) + "$" + b64(16), nil},
		{"the longest salt and tag", "$argon2id$v=19$m=64,t=1,p=1$" + b64(64) + "$" + b64(64), nil},

		{"memory above the ceiling", with("m=65537,t=1,p=1"), password.ErrTooCostly},
		{"time above the ceiling", with("m=64,t=17,p=1"), password.ErrTooCostly},
		{"lanes above the ceiling", with("m=65536,t=1,p=17"), password.ErrTooCostly},
		{"lanes that do not fit into a byte", with("m=65536,t=1,p=256"), password.ErrTooCostly},
		{"lanes whose byte would be 1", with("m=65536,t=1,p=257"), password.ErrTooCostly},
		{"all of the memory that argon2 knows", with("m=4294967295,t=4294967295,p=1"), password.ErrTooCostly},
		{"too costly and malformed", with("m=65537,t=1,p=1") + "$", password.ErrMalformedHash},
		{"too costly with a salt that is none", "$argon2id$v=19$m=65537,t=1,p=1$*$" + someTag, password.ErrMalformedHash},

		{"empty", "", password.ErrMalformedHash},
		{"dollars alone", "$$$$$", password.ErrMalformedHash},
		{"text before it", "x" + sound, password.ErrMalformedHash},
		{"a line break behind it", sound + "\n", password.ErrMalformedHash},
		{"a line break inside the salt", strings.Replace(sound, someSalt, "c29t\nZXNhbHQ", 1), password.ErrMalformedHash},
		{"a field more", sound + "$AAAA", password.ErrMalformedHash},
		{"no version", "$argon2id$m=64,t=1,p=1$" + someSalt + "$" + someTag, password.ErrMalformedHash},
		{"argon2d", strings.Replace(sound, "argon2id", "argon2d", 1), password.ErrMalformedHash},
		{"capitals", strings.Replace(sound, "argon2id", "Argon2id", 1), password.ErrMalformedHash},
		{"a leading zero", with("m=064,t=1,p=1"), password.ErrMalformedHash},
		{"a plus", with("m=+64,t=1,p=1"), password.ErrMalformedHash},
		{"a minus", with("m=64,t=-1,p=1"), password.ErrMalformedHash},
		{"minus zero", with("m=64,t=-0,p=1"), password.ErrMalformedHash},
		{"a space", with("m=64, t=1,p=1"), password.ErrMalformedHash},
		{"hexadecimal", with("m=0x40,t=1,p=1"), password.ErrMalformedHash},
		{"an underscore", with("m=6_4,t=1,p=1"), password.ErrMalformedHash},
		{"other digits", with("m=６４,t=1,p=1"), password.ErrMalformedHash},
		{"no number", with("m=,t=1,p=1"), password.ErrMalformedHash},
		{"more than 32 bits", with("m=4294967296,t=1,p=1"), password.ErrMalformedHash},
		{"more than 64 bits", with("m=18446744073709551680,t=1,p=1"), password.ErrMalformedHash},
		{"less than 8 KiB a lane", with("m=7,t=1,p=1"), password.ErrMalformedHash},
		{"no pass", with("m=64,t=0,p=1"), password.ErrMalformedHash},
		{"no lane", with("m=64,t=1,p=0"), password.ErrMalformedHash},
		{"a parameter missing", with("m=64,t=1"), password.ErrMalformedHash},
		{"a parameter twice", with("m=64,t=1,t=1,p=1"), password.ErrMalformedHash},
		{"a parameter that is unknown", with("m=64,t=1,p=1,x=1"), password.ErrMalformedHash},
		{"associated data", with("m=64,t=1,p=1,data=AAAA"), password.ErrMalformedHash},
		{"a parameter behind the pepper", with("m=64,t=1,p=1,keyid=azE,x=1"), password.ErrMalformedHash},
		{"an empty pepper", with("m=64,t=1,p=1,keyid="), password.ErrMalformedHash},
		{"a pepper of nine bytes", with("m=64,t=1,p=1,keyid=MTIzNDU2Nzg5"), password.ErrMalformedHash},
		{"a pepper that no Pepper has", with("m=64,t=1,p=1,keyid=AAAA"), password.ErrMalformedHash},
		{"a comma at the end", with("m=64,t=1,p=1,"), password.ErrMalformedHash},
		{"a salt of seven bytes", strings.Replace(sound, someSalt, b64(7), 1), password.ErrMalformedHash},
		{"a salt of 65 bytes", strings.Replace(sound, someSalt, b64(65), 1), password.ErrMalformedHash},
		{"a tag of 15 bytes", strings.Replace(sound, someTag, b64(15), 1), password.ErrMalformedHash},
		{"a tag of 65 bytes", strings.Replace(sound, someTag, b64(65), 1), password.ErrMalformedHash},
		{"base64 for URLs", strings.Replace(sound, someSalt, "__9tZXNhbHQ", 1), password.ErrMalformedHash},
		{"stray bits", strings.Replace(sound, someSalt, "c29tZXNhbHR", 1), password.ErrMalformedHash},
		{"a length that base64 does not have", strings.Replace(sound, someSalt, "c29tZXNhbHQaa", 1), password.ErrMalformedHash},
		{"padding", strings.Replace(sound, someTag, someTag+"=", 1), password.ErrMalformedHash},
		{"a mebibyte", sound + strings.Repeat("A", 1<<20), password.ErrMalformedHash},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			again, err := password.ParsePHC(test.encoded, password.DefaultCeiling())
			if test.want != nil {
				require.ErrorIs(t, err, test.want)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.encoded, again)
		})
	}
}

// A text of any length is looked at no further than its length.
func TestParsePHCBoundsTheText(t *testing.T) {
	t.Parallel()
	_, err := password.ParsePHC(strings.Repeat("$", 1<<20), password.DefaultCeiling())
	require.ErrorIs(t, err, password.ErrMalformedHash)
	assert.ErrorContains(t, err, "too long")
}

func FuzzParsePHC(f *testing.F) {
	f.Add(sound)
	f.Add("$argon2id$v=19$m=64,t=1,p=1,keyid=azE$" + someSalt + "$" + someTag)
	v := readVectors(f)
	for _, c := range v.Argon2id.Vectors {
		f.Add(c.PHC)
	}
	for _, c := range v.Argon2id.MustReject {
		f.Add(c.PHC)
	}
	ceiling := password.Params{Memory: 256, Time: 2, Threads: 2}
	h, err := password.NewHasher(password.Config{Params: cheap(), Ceiling: ceiling})
	require.NoError(f, err)
	h.Watch(func(d password.Derivation) {
		if d.Params.Memory > 256 || d.Params.Time > 2 || d.Params.Threads > 2 {
			panic("above the ceiling")
		}
	})
	f.Fuzz(func(t *testing.T, encoded string) {
		// What is accepted has one form only.
		again, err := password.ParsePHC(encoded, ceiling)
		if err == nil {
			assert.Equal(t, encoded, again)
		}
		ok, needsRehash, err := h.Verify(t.Context(), encoded, password.New("a wrong password"))
		assert.False(t, ok || needsRehash)
		if err != nil && encoded != "" && len(encoded) > 8 {
			assert.NotContains(t, err.Error(), encoded)
		}
	})
}
