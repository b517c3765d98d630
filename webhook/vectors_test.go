package webhook

import (
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var vectorsFile = flag.String("vectors", "testdata/webhook_vectors.json", "file of signature vectors to run")

// vectorFile is the form of a file of vectors.
type vectorFile struct {
	Upstream []struct {
		Name      string
		Scheme    string
		Secret    string
		PublicKey string `json:"public_key"`
		ID        string
		Timestamp int64
		Payload   *string
		Signature string
	}
	Derived []struct {
		Name      string
		Secrets   []string
		Headers   map[string]headerValues
		Payload   string
		Now       int64
		Tolerance int64 `json:"tolerance_s"`
		Valid     bool
	}
	Secrets struct {
		Valid []struct {
			Secret string
			Bytes  int
		}
		Invalid []struct{ Secret, Why string }
	}
	Stripe []struct {
		Name      string
		Secret    string
		Timestamp int64
		Payload   string
		Header    string
	} `json:"stripe_scheme"`
}

// headerValues is a header that occurs once (a string) or more often (an array).
type headerValues []string

func (v *headerValues) UnmarshalJSON(data []byte) error {
	if data[0] != '"' {
		return json.Unmarshal(data, (*[]string)(v))
	}
	var one string
	err := json.Unmarshal(data, &one)
	*v = headerValues{one}
	return err
}

// TestVectors runs a file of vectors: the project's own, or another one of the
// same form (go test . -run Vectors -args -vectors=/path/of/file.json).
func TestVectors(t *testing.T) {
	data, err := os.ReadFile(*vectorsFile)
	require.NoError(t, err)
	var file vectorFile
	require.NoError(t, json.Unmarshal(data, &file))
	require.NotZero(t, len(file.Upstream)+len(file.Derived)+len(file.Secrets.Valid)+len(file.Secrets.Invalid)+len(file.Stripe),
		"the file holds no vectors")

	var sections map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(data, &sections))
	for name := range sections {
		switch name {
		case "about", "signed_content", "upstream", "derived", "secrets", "stripe_scheme":
		default:
			t.Run("section/"+name, func(t *testing.T) { t.Skip("nothing here knows how to run it") })
		}
	}

	for _, vector := range file.Upstream {
		t.Run("upstream/"+vector.Name, func(t *testing.T) {
			if vector.Secret == "" {
				// An illustration of the header alone.
				count := 0
				signatures, ok := parseSignatures(vector.Signature, DefaultMaxSignatures)
				require.True(t, ok)
				for scheme, values := range signatures {
					assert.Contains(t, []string{schemeHMAC, schemeEd25519}, scheme)
					count += len(values)
				}
				assert.Equal(t, len(strings.Fields(vector.Signature)), count)
				assert.Empty(t, idProblem(vector.ID))
				return
			}
			var body []byte
			if vector.Payload != nil {
				body = []byte(*vector.Payload)
			}
			key, err := ParseSigningKey(vector.Secret)
			require.NoError(t, err)
			assert.Equal(t, vector.Scheme, key.scheme())
			at := time.Unix(vector.Timestamp, 0)
			signature, err := Sign(vector.ID, at, body, key)
			require.NoError(t, err)
			assert.Equal(t, vector.Signature, signature)

			trusted := vector.Secret
			if vector.PublicKey != "" {
				trusted = vector.PublicKey
				assert.Equal(t, vector.PublicKey, key.(PrivateKey).Public().Reveal())
			}
			verifyKey, err := ParseVerifyKey(trusted)
			require.NoError(t, err)
			v, err := NewVerifier(VerifierConfig{Keys: []VerifyKey{verifyKey}, Now: func() time.Time { return at }})
			require.NoError(t, err)
			header := http.Header{}
			header.Set(HeaderID, vector.ID)
			header.Set(HeaderTimestamp, strconv.FormatInt(vector.Timestamp, 10))
			header.Set(HeaderSignature, vector.Signature)
			message, err := v.Verify(header, body)
			require.NoError(t, err)
			assert.Equal(t, Message{vector.ID, at.UTC(), body}, message)
		})
	}

	for _, vector := range file.Derived {
		t.Run("derived/"+vector.Name, func(t *testing.T) {
			config := VerifierConfig{
				Now:       func() time.Time { return time.Unix(vector.Now, 0) },
				Tolerance: time.Duration(vector.Tolerance) * time.Second,
			}
			if config.Tolerance == 0 {
				config.Tolerance = 1 // the same second; zero would mean the default
			}
			for _, text := range vector.Secrets {
				key, err := ParseVerifyKey(text)
				if err != nil {
					require.False(t, vector.Valid, "a key of a valid message was refused: %v", err)
					return
				}
				config.Keys = append(config.Keys, key)
			}
			v, err := NewVerifier(config)
			require.NoError(t, err)
			header := http.Header{}
			for name, values := range vector.Headers {
				for _, value := range values {
					header.Add(name, value)
				}
			}
			_, err = v.Verify(header, []byte(vector.Payload))
			if vector.Valid {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			assert.True(t, errors.Is(err, ErrMissingHeader) || errors.Is(err, ErrInvalidHeader) ||
				errors.Is(err, ErrTimestamp) || errors.Is(err, ErrSignature), "an error of no category: %v", err)
		})
	}

	for _, vector := range file.Secrets.Valid {
		t.Run("secrets/valid/"+strconv.Itoa(vector.Bytes)+" bytes", func(t *testing.T) {
			key, err := ParseVerifyKey(vector.Secret)
			require.NoError(t, err)
			assert.Equal(t, vector.Secret, key.Reveal())
			if secret, ok := key.(Secret); ok {
				assert.Len(t, *secret.key, vector.Bytes)
			}
		})
	}
	for _, vector := range file.Secrets.Invalid {
		t.Run("secrets/invalid/"+vector.Why, func(t *testing.T) {
			_, err := ParseVerifyKey(vector.Secret)
			require.ErrorIs(t, err, ErrInvalidKey)
			_, err = ParseSecret(vector.Secret)
			require.ErrorIs(t, err, ErrInvalidKey)
		})
	}

	for _, vector := range file.Stripe {
		t.Run("stripe/"+vector.Name, func(t *testing.T) {
			at := time.Unix(vector.Timestamp, 0)
			v, err := NewStripeVerifier(vector.Secret, StripeConfig{Now: func() time.Time { return at }})
			require.NoError(t, err)
			header := http.Header{}
			header.Set(StripeHeader, vector.Header)
			signed, err := v.Verify(header, []byte(vector.Payload))
			require.NoError(t, err)
			assert.Equal(t, at.UTC(), signed)
			_, err = v.Verify(header, []byte(vector.Payload+" "))
			require.ErrorIs(t, err, ErrSignature)
		})
	}
}
