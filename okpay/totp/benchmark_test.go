package totp_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/totp"
)

func BenchmarkVerify(b *testing.B) {
	secret, now := secretOf(b, exampleSecret), time.Unix(1_700_000_000, 0)
	for _, algorithm := range []totp.Algorithm{totp.SHA1, totp.SHA256, totp.SHA512} {
		params := totp.Params{Algorithm: algorithm}
		for name, code := range map[string]string{
			"right": codeAt(b, secret, params, now.Unix()), "wrong": "000000", "malformed": "00000 ",
		} {
			b.Run(string(algorithm)+"/"+name, func(b *testing.B) {
				for b.Loop() {
					if _, _, err := totp.Verify(secret, params, code, now, totp.NoStep); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkSealAndOpen(b *testing.B) {
	secret := secretOf(b, exampleSecret)
	for _, primary := range []string{"k1", "x1"} {
		r := ring(b, primary, "k1", "x1")
		sealed, err := r.SealSecret(exampleRow, secret)
		require.NoError(b, err)
		name := map[string]totp.Cipher{"k1": totp.AES256GCM, "x1": totp.XChaCha20Poly1305}[primary]
		b.Run("seal/"+string(name), func(b *testing.B) {
			for b.Loop() {
				if _, err := r.SealSecret(exampleRow, secret); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("open/"+string(name), func(b *testing.B) {
			for b.Loop() {
				if _, err := r.OpenSecret(exampleRow, sealed); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMatchRecoveryCode(b *testing.B) {
	pepper := pepperOf(b, examplePepper)
	codes, err := totp.GenerateRecoveryCodes(nil, totp.RecoveryCodes)
	require.NoError(b, err)
	stored := make([]totp.RecoveryMAC, len(codes))
	for i, code := range codes {
		stored[i], err = pepper.MAC("acc_01", code)
		require.NoError(b, err)
	}
	for b.Loop() {
		if index, err := pepper.Match("acc_01", codes[9], stored); err != nil || index != 9 {
			b.Fatal(index, err)
		}
	}
}

func BenchmarkPNG(b *testing.B) {
	key := totp.Key{Issuer: "OKPay", Account: "ana@example.com", Secret: secretOf(b, exampleSecret)}
	for b.Loop() {
		if _, err := key.PNG(0); err != nil {
			b.Fatal(err)
		}
	}
}
