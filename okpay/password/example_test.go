package password_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"github.com/okpay/okpay-go/okpay/password"
)

// A person registers and signs in.
func Example() {
	ctx := context.Background()
	hasher, err := password.NewHasher(password.Config{})
	if err != nil {
		log.Fatal(err)
	}

	typed := password.New("purple ferry lantern mosaic")
	if _, err := (password.Policy{}).Check(ctx, typed, password.Context{Email: "grey.heron@example.com"}); err != nil {
		log.Fatal(err)
	}
	stored, err := hasher.Hash(ctx, typed)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(stored[:len("$argon2id$v=19$m=19456,t=2,p=1$")])

	for _, text := range []string{"purple ferry lantern mosaic", "purple ferry lantern"} {
		ok, _, err := hasher.Verify(ctx, stored, password.New(text))
		fmt.Println(ok, err)
	}
	// Output:
	// $argon2id$v=19$m=19456,t=2,p=1$
	// true <nil>
	// false <nil>
}

// A sign-in that gives nothing away: a name that nobody has and a hash that can not be used
// take as long as a wrong password, and are answered alike.
func ExampleHasher_VerifyUnknown() {
	ctx := context.Background()
	hasher, _ := password.NewHasher(password.Config{})
	stored, _ := hasher.Hash(ctx, password.New("purple ferry lantern mosaic"))
	hashes := map[string]string{"heron": stored, "broken": "$argon2id$v=19$m=4194304,t=2,p=1$"}

	signIn := func(name string, typed password.Password) string {
		hash, known := hashes[name]
		if !known {
			if err := hasher.VerifyUnknown(ctx, typed); errors.Is(err, password.ErrBusy) {
				return "try again later"
			}
			return "name or password is wrong"
		}
		ok, needsRehash, err := hasher.Verify(ctx, hash, typed)
		switch {
		case errors.Is(err, password.ErrBusy):
			return "try again later"
		case err != nil:
			fmt.Println("operator:", err)
			return "name or password is wrong"
		case !ok:
			return "name or password is wrong"
		}
		if needsRehash {
			if hash, err := hasher.Hash(ctx, typed); err == nil {
				hashes[name] = hash
			}
		}
		return "welcome"
	}
	fmt.Println(signIn("heron", password.New("purple ferry lantern mosaic")))
	fmt.Println(signIn("heron", password.New("purple")))
	fmt.Println(signIn("nobody", password.New("purple")))
	fmt.Println(signIn("broken", password.New("purple")))
	// Output:
	// welcome
	// name or password is wrong
	// name or password is wrong
	// operator: password: stored hash is malformed: not five fields
	// name or password is wrong
}

// A person is told why a password is refused.
func ExamplePolicy_Check() {
	policy := password.Policy{Rules: password.Guide}
	about := password.Context{
		Email:        "grey.heron@example.com",
		DisplayName:  "Grey Heron",
		ProductWords: []string{"okpay"},
	}
	for _, text := range []string{"Ab1!", "P@ssw0rd2024!", "okpay-2024-okpay", "hvqmwzrtlkdx", "kT7#vq2!mZ"} {
		_, err := policy.Check(context.Background(), password.New(text), about)
		var violation *password.Violation
		if errors.As(err, &violation) {
			fmt.Println(violation.Code, violation.Text("zh-CN"))
			continue
		}
		fmt.Println("ok", err)
	}
	// Output:
	// too_short 密码过短:至少需要 10 个字符。
	// common 该密码过于常见,极易被猜中,请另选一个。
	// context_word 密码主要由您的姓名、邮箱、电话或本服务的名称组成,请另选一个。
	// needs_letter_digit_symbol 请同时使用字母、数字和特殊符号,或使用至少 15 个任意字符。
	// ok <nil>
}

// A new password must not be the current one.
func ExampleHasher_IsCurrent() {
	ctx := context.Background()
	hasher, _ := password.NewHasher(password.Config{})
	stored, _ := hasher.Hash(ctx, password.New("purple ferry lantern mosaic"))

	_, err := password.Policy{}.Check(ctx, password.New("purple ferry lantern mosaic"),
		password.Context{IsCurrent: hasher.IsCurrent(stored)})
	fmt.Println(err)
	// Output:
	// password: unchanged: This is your current password. Please choose another one.
}

// A pepper is replaced: hashes follow as their owners sign in.
func ExampleNewPepper() {
	ctx := context.Background()
	old, _ := password.NewPepper("2025", []byte("a key of 32 bytes from the vault"))
	current, _ := password.NewPepper("2026", []byte("another 32 bytes, from the vault"))
	typed := password.New("purple ferry lantern mosaic")

	before, _ := password.NewHasher(password.Config{Peppers: []password.Pepper{old}})
	stored, _ := before.Hash(ctx, typed)

	during, _ := password.NewHasher(password.Config{Peppers: []password.Pepper{current, old}})
	ok, needsRehash, err := during.Verify(ctx, stored, typed)
	fmt.Println(ok, needsRehash, err)
	rehashed, _ := during.Hash(ctx, typed)

	after, _ := password.NewHasher(password.Config{Peppers: []password.Pepper{current}})
	fmt.Println(after.Verify(ctx, rehashed, typed))
	fmt.Println(after.Verify(ctx, stored, typed))
	// Output:
	// true true <nil>
	// true false <nil>
	// false false password: stored hash needs a pepper that is not configured
}

// bcryptHashes verifies what an older program stored.
type bcryptHashes struct{}

func (bcryptHashes) Recognizes(hash string) bool {
	return strings.HasPrefix(hash, "$2a$") || strings.HasPrefix(hash, "$2b$")
}

func (bcryptHashes) Verify(_ context.Context, hash string, typed password.Password) (bool, error) {
	if cost, err := bcrypt.Cost([]byte(hash)); err != nil || cost > 12 {
		return false, errors.New("bcrypt hash is malformed or too costly")
	}
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(typed.Reveal())) == nil, nil
}

// Users of an older program come along with their hashes.
func ExampleForeign() {
	ctx := context.Background()
	old, _ := bcrypt.GenerateFromPassword([]byte("purple ferry lantern"), bcrypt.MinCost)
	hasher, _ := password.NewHasher(password.Config{Foreign: []password.Foreign{bcryptHashes{}}})

	ok, needsRehash, err := hasher.Verify(ctx, string(old), password.New("purple ferry lantern"))
	fmt.Println(ok, needsRehash, err)
	// Output: true true <nil>
}

// Passwords from breaches are refused. A service that does not answer keeps nobody from
// changing a password, and the report tells.
func ExampleRangeClient() {
	ctx := context.Background()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("asked for", r.URL.Path)
		fmt.Fprint(w, "7A9E00B1C2D3E4F5061728394A5B6C7D8E9:0\r\n") // padding
	}))
	breaches, err := password.NewRangeClient(password.RangeConfig{Endpoint: service.URL + "/range/"})
	if err != nil {
		log.Fatal(err)
	}
	policy := password.Policy{Breaches: breaches}

	report, err := policy.Check(ctx, password.New("purple ferry lantern"), password.Context{})
	fmt.Println(report.BreachCheck, err)

	service.Close()
	report, err = policy.Check(ctx, password.New("purple ferry lantern"), password.Context{})
	fmt.Println(report.BreachCheck, err)
	// Output:
	// asked for /range/CAD4E
	// clear <nil>
	// unknown <nil>
}

// A list of a program's own is joined to the default one.
func ExampleReadWords() {
	words, err := password.ReadWords(strings.NewReader("Kingfisher\nMallard\n"))
	if err != nil {
		log.Fatal(err)
	}
	policy := password.Policy{Blocklist: password.AnyOf{password.DefaultBlocklist(), words}}
	for _, text := range []string{"K1ngf1sher#2026", "Sunsh1ne#2026"} {
		_, err = policy.Check(context.Background(), password.New(text), password.Context{})
		fmt.Println(errors.Is(err, password.Common))
	}
	// Output:
	// true
	// true
}

// The answer to a security question is compared however it is written, and for its own
// question only.
func ExampleHasher_HashAnswer() {
	ctx := context.Background()
	hasher, _ := password.NewHasher(password.Config{})
	stored, err := hasher.HashAnswer(ctx, "first_school", password.New("St. Mary’s  School"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(hasher.VerifyAnswer(ctx, stored, "first_school", password.New("st marys school")))
	fmt.Println(hasher.VerifyAnswer(ctx, stored, "last_school", password.New("st marys school")))
	// Output:
	// true false <nil>
	// false false <nil>
}

// A password shows nowhere.
func ExamplePassword() {
	form := struct {
		Name     string
		Password password.Password
	}{"heron", password.New("purple ferry lantern")}
	fmt.Printf("%+v\n", form)
	// Output: {Name:heron Password:[redacted]}
}
