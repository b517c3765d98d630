package password_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/password"
)

func BenchmarkHash(b *testing.B) {
	h := newHasher(b, password.Config{})
	for b.Loop() {
		_, err := h.Hash(b.Context(), password.New("purple ferry lantern"))
		require.NoError(b, err)
	}
}

func BenchmarkVerify(b *testing.B) {
	h := newHasher(b, password.Config{})
	hash, err := h.Hash(b.Context(), password.New("purple ferry lantern"))
	require.NoError(b, err)
	for name, verify := range map[string]func() error{
		"right": func() error {
			_, _, err := h.Verify(b.Context(), hash, password.New("purple ferry lantern"))
			return err
		},
		"wrong": func() error {
			_, _, err := h.Verify(b.Context(), hash, password.New("wrong"))
			return err
		},
		"unknown": func() error { return h.VerifyUnknown(b.Context(), password.New("wrong")) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, verify())
			}
		})
	}
}

// Parallel sign-ins, with the most memory that they held together.
func BenchmarkVerifyParallel(b *testing.B) {
	h := newHasher(b, password.Config{})
	b.SetParallelism(100)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := h.VerifyUnknown(b.Context(), password.New("wrong")); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(h.Memory().Highest>>20), "MiB-in-use")
}

// A password of 1 MiB, which costs well under a millisecond wherever it goes.
func BenchmarkMebibyte(b *testing.B) {
	h := newHasher(b, password.Config{})
	huge := password.New(strings.Repeat("A", 1<<20))
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			require.Error(b, h.VerifyUnknown(b.Context(), huge))
		}
	})
	b.Run("policy", func(b *testing.B) {
		for b.Loop() {
			_, err := password.Policy{}.Check(b.Context(), huge, password.Context{})
			require.Error(b, err)
		}
	})
}

func BenchmarkPolicy(b *testing.B) {
	about := password.Context{
		Email: "grey.heron@example.com", DisplayName: "Grey Heron", Phone: "+15550100100", ProductWords: []string{"okpay"},
	}
	for b.Loop() {
		_, err := password.Policy{}.Check(b.Context(), password.New("purple ferry lantern"), about)
		require.NoError(b, err)
	}
}
