package password_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/okpay/password"
)

// vectors are expected values that another implementation computed.
type vectors struct {
	Argon2id struct {
		Vectors []struct {
			Password string `json:"password_utf8"`
			Salt     string `json:"salt_ascii"`
			Time     uint32 `json:"t"`
			Memory   uint32 `json:"m_kib"`
			Threads  uint8  `json:"p"`
			Tag      string `json:"tag_hex"`
			PHC      string `json:"phc"`
		} `json:"vectors"`
		MustReject []struct {
			PHC string `json:"phc"`
			Why string `json:"why"`
		} `json:"phc_must_reject"`
	} `json:"argon2id_public"`

	Policy struct {
		Blocklist []string `json:"sample_blocklist"`
		Context   struct {
			Email        string   `json:"email"`
			DisplayName  string   `json:"display_name"`
			Phone        string   `json:"phone"`
			ProductWords []string `json:"product_words"`
		} `json:"context"`
		Breaches map[string]int `json:"sample_breach_counts"`
		Cases    []policyCase   `json:"cases"`
	} `json:"password_policy"`

	Answers struct {
		Cases []struct {
			In     string  `json:"in"`
			Expect *string `json:"expect"`
		} `json:"cases"`
	} `json:"security_answer_normalise"`
}

type policyCase struct {
	ID       int               `json:"id"`
	Name     string            `json:"name"`
	Expect   map[string]string `json:"expect"`
	Password string            `json:"password"`
	Hex      string            `json:"password_hex"`
	Generate struct {
		Repeat string `json:"repeat"`
		Times  int    `json:"times"`
		Suffix string `json:"suffix"`
	} `json:"generate"`
	Current *string `json:"current_password"`
}

// text is the password of a case.
func (c policyCase) text(t testing.TB) string {
	t.Helper()
	raw, err := hex.DecodeString(c.Hex)
	require.NoError(t, err)
	return c.Password + string(raw) + strings.Repeat(c.Generate.Repeat, c.Generate.Times) + c.Generate.Suffix
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	require.NoError(t, err)
	var v vectors
	require.NoError(t, json.Unmarshal(text, &v))
	require.Len(t, v.Argon2id.Vectors, 6)
	require.Len(t, v.Argon2id.MustReject, 9)
	require.Len(t, v.Policy.Cases, 28)
	require.Len(t, v.Answers.Cases, 10)
	return v
}

// cheap are costs with which a test can hash often.
func cheap() password.Params { return password.Params{Memory: 64, Time: 1, Threads: 1} }

func newHasher(t testing.TB, config password.Config) *password.Hasher {
	t.Helper()
	h, err := password.NewHasher(config)
	require.NoError(t, err)
	return h
}
