package ledger_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/okpay/okpay-go/ledger"
	"github.com/okpay/okpay-go/ledger/memstore"
)

// Keys, messages and signatures of RFC 8032, section 7.1.
func TestSignaturesAreThoseOfRFC8032(t *testing.T) {
	for _, v := range []struct{ name, secret, public, message, signature string }{
		{
			"TEST 1, of no byte",
			"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
			"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
			"",
			"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
		},
		{
			"TEST 2, of one byte",
			"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
			"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
			"72",
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
		},
		{
			"TEST 3, of two bytes",
			"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
			"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
			"af82",
			"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
		},
	} {
		t.Run(v.name, func(t *testing.T) {
			key := ed25519.NewKeyFromSeed(unhex(t, v.secret))
			assert.Equal(t, unhex(t, v.public), []byte(key.Public().(ed25519.PublicKey)))
			signature, err := ledger.SignText(nil, key, unhex(t, v.message))
			require.NoError(t, err)
			assert.Equal(t, v.signature, hex.EncodeToString(signature[:]))
		})
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// signedLedger is a ledger of one block, and its checkpoint.
func signedLedger(t *testing.T) (*ledger.Ledger, ed25519.PrivateKey, ledger.SignedCheckpoint) {
	t.Helper()
	ctx := t.Context()
	now := time.Date(2026, time.March, 1, 12, 0, 0, 120_000_000, time.UTC)
	l, err := ledger.Open(ctx, memstore.New(), ledger.Config{
		Name: "books", Now: func() time.Time { return now }, Rand: bytes.NewReader(bytes.Repeat([]byte{7}, 100)),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	_, err = l.SignedCheckpoint(ctx, key)
	require.ErrorIs(t, err, ledger.ErrNotFound, "there is no block yet")
	_, err = l.Commit(ctx, ledger.Change{ID: "first"})
	require.NoError(t, err)
	signed, err := l.SignedCheckpoint(ctx, key)
	require.NoError(t, err)
	return l, key, signed
}

func TestSignedCheckpoint(t *testing.T) {
	l, key, signed := signedLedger(t)
	text, err := signed.MarshalText()
	require.NoError(t, err)
	lines := strings.Split(string(text), "\n")
	assert.Equal(t, []string{"okpay checkpoint 1", "ledger books", "block 1"}, lines[:3])
	assert.Equal(t, "time 2026-03-01T12:00:00.120000Z", lines[4])

	var read ledger.SignedCheckpoint
	require.NoError(t, read.UnmarshalText(text))
	assert.Equal(t, signed, read)
	proved, err := read.Prove(key.Public().(ed25519.PublicKey), "books")
	require.NoError(t, err)
	last, err := l.Checkpoint(t.Context())
	require.NoError(t, err)
	assert.Equal(t, last, proved)
	report, err := l.Verify(t.Context(), proved)
	require.NoError(t, err)
	require.NoError(t, report.Err())
}

func TestSignedCheckpointIsProvedByItsKeyAndNameAlone(t *testing.T) {
	_, key, signed := signedLedger(t)
	public := key.Public().(ed25519.PublicKey)
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, ed25519.SeedSize)).Public().(ed25519.PublicKey)
	for name, prove := range map[string]func() (ledger.Checkpoint, error){
		"another key":  func() (ledger.Checkpoint, error) { return signed.Prove(other, "books") },
		"no key":       func() (ledger.Checkpoint, error) { return signed.Prove(nil, "books") },
		"another name": func() (ledger.Checkpoint, error) { return signed.Prove(public, "main") },
		"another block": func() (ledger.Checkpoint, error) {
			c := signed
			c.Seq++
			return c.Prove(public, "books")
		},
		"another hash": func() (ledger.Checkpoint, error) {
			c := signed
			c.Hash[31] ^= 1
			return c.Prove(public, "books")
		},
		"another time": func() (ledger.Checkpoint, error) {
			c := signed
			c.Time = c.Time.Add(time.Microsecond)
			return c.Prove(public, "books")
		},
		"another signature": func() (ledger.Checkpoint, error) {
			c := signed
			c.Signature[0] ^= 1
			return c.Prove(public, "books")
		},
		"a name signed for another": func() (ledger.Checkpoint, error) {
			c := signed
			c.Ledger = "main"
			return c.Prove(public, "main")
		},
	} {
		got, err := prove()
		require.ErrorIs(t, err, ledger.ErrSignature, name)
		assert.Zero(t, got, name)
	}
}

// badSigner signs with a key that is not its own.
type badSigner struct {
	ed25519.PrivateKey
	public crypto.PublicKey
	err    error
}

func (s badSigner) Public() crypto.PublicKey { return s.public }

func (s badSigner) Sign(r io.Reader, text []byte, opts crypto.SignerOpts) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	return s.PrivateKey.Sign(r, text, opts)
}

func TestSignersThatCanNotSign(t *testing.T) {
	l, key, _ := signedLedger(t)
	wrong, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	_, err = l.SignedCheckpoint(t.Context(), wrong)
	require.ErrorIs(t, err, ledger.ErrInvalid)
	public := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public()
	_, err = l.SignedCheckpoint(t.Context(), badSigner{PrivateKey: key, public: public})
	require.ErrorIs(t, err, ledger.ErrInvalid)
	locked := errors.New("the machine is locked")
	_, err = l.SignedCheckpoint(t.Context(), badSigner{PrivateKey: key, public: key.Public(), err: locked})
	require.ErrorIs(t, err, locked)
}

func TestCheckpointTextHasOneSpelling(t *testing.T) {
	_, _, signed := signedLedger(t)
	text, err := signed.MarshalText()
	require.NoError(t, err)
	for i := range len(text) {
		for _, b := range []byte{text[i] ^ 1, text[i] ^ 0x20} {
			spelled := bytes.Clone(text)
			spelled[i] = b
			var read ledger.SignedCheckpoint
			if read.UnmarshalText(spelled) == nil {
				again, err := read.MarshalText()
				require.NoError(t, err)
				require.Equal(t, string(spelled), string(again))
			}
		}
	}
	replace := func(old, new string) string { return strings.Replace(string(text), old, new, 1) }
	for name, spelled := range map[string]string{
		"nothing":             "",
		"a line more":         string(text) + "\n",
		"a line less":         replace("block 1\n", ""),
		"no newline":          strings.TrimSuffix(string(text), "\n"),
		"another line ending": replace("block 1\n", "block 1\r\n"),
		"a sign":              replace("block 1", "block +1"),
		"a zero before":       replace("block 1", "block 01"),
		"no block":            replace("block 1", "block 0"),
		"a negative block":    replace("block 1", "block -1"),
		"capitals":            replace("hash ", "hash A"),
		"no version":          replace("checkpoint 1", "checkpoint"),
		"a version spelled":   replace("checkpoint 1", "checkpoint 01"),
		"no name":             replace("ledger books", "ledger "),
		"two names":           replace("ledger books", "ledger books more"),
		"a shorter time":      replace(".120000Z", ".12Z"),
		"another zone":        replace("120000Z", "120000+00:00"),
		"a day that is none":  replace("03-01", "02-30"),
		"too long":            string(text) + strings.Repeat("x", 2000),
	} {
		read := signed
		require.ErrorIs(t, read.UnmarshalText([]byte(spelled)), ledger.ErrInvalid, name)
		assert.Equal(t, signed, read, "%s changes nothing", name)
	}
	read := signed
	assert.Equal(t, &ledger.FormatError{What: "checkpoint", Have: 2, Want: 1}, read.UnmarshalText([]byte(replace("checkpoint 1", "checkpoint 2"))))
	assert.Equal(t, signed, read, "another version changes nothing")
	for name, bad := range map[string]ledger.SignedCheckpoint{
		"name":  {Ledger: "a b", Checkpoint: signed.Checkpoint, Time: signed.Time},
		"block": {Ledger: "a", Time: signed.Time},
		"time":  {Ledger: "a", Checkpoint: signed.Checkpoint, Time: signed.Time.Add(1)},
		"zone":  {Ledger: "a", Checkpoint: signed.Checkpoint, Time: signed.Time.In(time.FixedZone("", 60))},
	} {
		_, err := bad.MarshalText()
		require.ErrorIs(t, err, ledger.ErrInvalid, name)
	}
}

func FuzzCheckpointText(f *testing.F) {
	f.Add([]byte("okpay checkpoint 1\nledger main\nblock 1\nhash " + strings.Repeat("0a", 32) +
		"\ntime 2026-03-01T12:00:00.120000Z\ned25519 " + strings.Repeat("A", 86) + "==\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var c ledger.SignedCheckpoint
		if c.UnmarshalText(text) != nil {
			return
		}
		again, err := c.MarshalText()
		require.NoError(t, err)
		require.Equal(t, string(text), string(again))
	})
}
