package totp_test

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"strings"
	"time"

	"github.com/okpay/okpay-go/okpay/totp"
)

// Enrolling: make a secret, show it as a picture and as text, and count the factor only
// once the app has shown a right code. Examples use fixed bytes so that they can be
// repeated; real programs give a nil source.
func Example_enroll() {
	secret, err := totp.GenerateSecret(strings.NewReader("12345678901234567890"))
	if err != nil {
		fmt.Println(err)
		return
	}
	key := totp.Key{Issuer: "OKPay", Account: "ana@example.com", Secret: secret}
	file, err := key.PNG(0)
	if err != nil {
		fmt.Println(err)
		return
	}
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("scan the picture of", picture.Bounds().Dx(), "pixels, or type", secret.Reveal())
	uri, _ := key.URI()
	fmt.Println(uri)

	now := time.Unix(1_700_000_000, 0)
	typed := "921300" // what the app shows
	result, lastStep, err := totp.Verify(secret, key.Params, typed, now, totp.NoStep)
	fmt.Println(result, lastStep, err)
	fmt.Println(secret) // a secret does not print
	// Output:
	// scan the picture of 256 pixels, or type GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
	// otpauth://totp/OKPay:ana%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=OKPay&algorithm=SHA1&digits=6&period=30
	// ok 56666666 <nil>
	// [secret]
}

// Signing in: the last accepted step is read, and stored only if it is still the same. Here
// a field stands for the row of a database.
func ExampleVerify() {
	secret, _ := totp.NewSecret([]byte("12345678901234567890"))
	account := struct{ LastStep int64 }{totp.NoStep}
	compareAndSwap := func(old, new int64) bool {
		if account.LastStep != old {
			return false
		}
		account.LastStep = new
		return true
	}
	signIn := func(typed string, now time.Time) string {
		for {
			lastStep := account.LastStep
			result, step, err := totp.Verify(secret, totp.Params{}, typed, now, lastStep)
			switch {
			case err != nil:
				return "not judged: " + err.Error() // no failed attempt
			case result != totp.OK:
				return "not accepted (" + string(result) + ")" // one failed attempt
			case compareAndSwap(lastStep, step):
				return "accepted"
			} // somebody was faster: judge again
		}
	}
	now := time.Unix(1_700_000_000, 0)
	fmt.Println(signIn("921300", now))
	fmt.Println(signIn("921300", now.Add(5*time.Second)))  // the same code again
	fmt.Println(signIn("276857", now.Add(6*time.Second)))  // that of the step before
	fmt.Println(signIn("732303", now.Add(20*time.Second))) // the next one
	fmt.Println(signIn("123 456", now))
	fmt.Println(signIn("921300", time.Unix(-1, 0)))
	// Output:
	// accepted
	// not accepted (replayed)
	// not accepted (replayed)
	// accepted
	// not accepted (malformed)
	// not judged: totp: time out of range
}

// A form may clean what was typed before it is verified; apps show "921 300".
func ExampleVerify_typed() {
	secret, _ := totp.NewSecret([]byte("12345678901234567890"))
	typed := " 921 300 "
	code := strings.ReplaceAll(typed, " ", "")
	result, _, err := totp.Verify(secret, totp.Params{}, code, time.Unix(1_700_000_000, 0), totp.NoStep)
	fmt.Println(result, err)
	// Output:
	// ok <nil>
}

// Storing: a secret is sealed for the row it stands in and opens nowhere else.
func ExampleKeyring() {
	key, err := totp.NewSealingKey("2026-01", totp.AES256GCM, bytes.Repeat([]byte{7}, totp.SealingKeyBytes))
	if err != nil {
		fmt.Println(err)
		return
	}
	keyring, err := totp.NewKeyring(totp.KeyringConfig{Keys: []totp.SealingKey{key}, Primary: "2026-01"})
	if err != nil {
		fmt.Println(err)
		return
	}
	row := totp.Row{Purpose: totp.PurposeTOTP, Account: "acc_01", Credential: "cred_01"}
	secret, _ := totp.GenerateSecret(nil)
	sealed, err := keyring.SealSecret(row, secret)
	fmt.Println(len(sealed), "bytes to store", err)

	opened, err := keyring.OpenSecret(row, sealed)
	fmt.Println(opened.Equal(secret), err)

	row.Account = "acc_02"
	_, err = keyring.OpenSecret(row, sealed)
	fmt.Println(errors.Is(err, totp.ErrSealBroken))
	// Output:
	// 57 bytes to store <nil>
	// true <nil>
	// true
}

// Any other small secret can be sealed under a purpose of its own.
func ExampleKeyring_Seal() {
	key, _ := totp.NewSealingKey("k1", "", bytes.Repeat([]byte{7}, totp.SealingKeyBytes))
	keyring, _ := totp.NewKeyring(totp.KeyringConfig{Keys: []totp.SealingKey{key}, Primary: "k1"})
	row := totp.Row{Purpose: "example/phrase/v1", Account: "acc_01", Credential: "phrase"}
	sealed, _ := keyring.Seal(row, []byte("seven green apples"))
	phrase, err := keyring.Open(row, sealed)
	fmt.Println(string(phrase), err)

	row.Purpose = totp.PurposeTOTP
	_, err = keyring.Open(row, sealed)
	fmt.Println(errors.Is(err, totp.ErrSealBroken))
	// Output:
	// seven green apples <nil>
	// true
}

// Replacing a key: the new one seals, the old one still opens, and once everything is
// sealed with the new one the old one can go.
func ExampleKeyring_Rewrap() {
	old, _ := totp.NewSealingKey("k1", "", bytes.Repeat([]byte{1}, totp.SealingKeyBytes))
	current, _ := totp.NewSealingKey("k2", "", bytes.Repeat([]byte{2}, totp.SealingKeyBytes))
	before, _ := totp.NewKeyring(totp.KeyringConfig{Keys: []totp.SealingKey{old}, Primary: "k1"})
	during, _ := totp.NewKeyring(totp.KeyringConfig{Keys: []totp.SealingKey{old, current}, Primary: "k2"})
	after, _ := totp.NewKeyring(totp.KeyringConfig{Keys: []totp.SealingKey{current}, Primary: "k2"})

	row := totp.Row{Purpose: totp.PurposeTOTP, Account: "acc_01", Credential: "cred_01"}
	stored, _ := before.Seal(row, []byte("12345678901234567890"))

	_, err := after.Open(row, stored)
	fmt.Println("too early:", err)
	needs, _ := during.NeedsRewrap(stored)
	fmt.Println("needs rewrap:", needs)
	stored, changed, err := during.Rewrap(row, stored) // store it by compare-and-swap
	fmt.Println("rewrapped:", changed, err)
	id, _ := totp.SealedWith(stored)
	fmt.Println("sealed with", id)
	_, err = after.Open(row, stored)
	fmt.Println("then:", err)
	// Output:
	// too early: totp: unknown sealing key k1
	// needs rewrap: true
	// rewrapped: true <nil>
	// sealed with k2
	// then: <nil>
}

// Recovering: ten codes are shown once and only their MACs are stored.
func ExampleGenerateRecoveryCodes() {
	pepper, err := totp.NewPepper(bytes.Repeat([]byte{9}, totp.MinPepperBytes))
	if err != nil {
		fmt.Println(err)
		return
	}
	codes, err := totp.GenerateRecoveryCodes(nil, totp.RecoveryCodes)
	if err != nil {
		fmt.Println(err)
		return
	}
	var stored []totp.RecoveryMAC
	for _, code := range codes {
		mac, err := pepper.MAC("acc_01", code)
		if err != nil {
			fmt.Println(err)
			return
		}
		stored = append(stored, mac)
	}
	shown := codes[6].Reveal() // like 7K3M9Q-X2V8RT-0PZ4HW-1NBY5C

	typed := strings.ToLower(strings.ReplaceAll(shown, "-", " "))
	code, err := totp.ParseRecoveryCode(typed)
	if err != nil {
		fmt.Println("not accepted") // one failed attempt
		return
	}
	index, err := pepper.Match("acc_01", code, stored)
	fmt.Println("number", index, err) // mark it as used, by compare-and-swap
	fmt.Println(code)                 // a recovery code does not print
	// Output:
	// number 6 <nil>
	// [secret]
}

// Another program's key, as its picture or its export says it.
func ExampleParseURI() {
	key, err := totp.ParseURI("otpauth://totp/Example:ana@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example&digits=8")
	fmt.Println(key.Issuer, key.Account, key.Params.Digits, key.Params.Period, err)
	code, err := totp.Code(key.Secret, key.Params, time.Unix(59, 0))
	fmt.Println(code, err)
	// Output:
	// Example ana@example.com 8 30s <nil>
	// 94287082 <nil>
}
