package okpay

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/okpay/okpay-go/ledger"
)

// KeyID names an API key.
type KeyID string

// APIKey lets a merchant's programs in. Its secret is not kept: only its hash is.
type APIKey struct {
	ID        KeyID      `json:"id"`
	Merchant  MerchantID `json:"merchant"`
	Mode      Mode       `json:"mode"`
	Name      string     `json:"name"`
	Hint      string     `json:"hint"` // last four characters of the secret
	CreatedAt time.Time  `json:"created_at"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
}

// Secret is a text that must not be shown by accident: printing, logging and JSON give a
// placeholder, Reveal gives the text.
type Secret struct {
	// A pointer, because fmt shows a text in another struct's unexported field as it is.
	text *string
}

// Reveal returns the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String returns a placeholder.
func (s Secret) String() string { return "[secret]" }

// GoString returns a placeholder.
func (s Secret) GoString() string { return "[secret]" }

// MarshalText returns a placeholder.
func (s Secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// LogValue returns a placeholder.
func (s Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// Keys is the service for API keys.
type Keys struct{ w *Wallet }

// Create makes an API key for a merchant. The secret is returned once: "okpay_test_" or
// "okpay_live_" and 43 characters with 256 random bits. Errors: NotFound for the merchant, InvalidRequest.
func (s *Keys) Create(ctx context.Context, merchant MerchantID, name string) (APIKey, Secret, error) {
	if err := CheckText("name", name, 200); err != nil {
		return APIKey{}, Secret{}, err
	}
	var b [32]byte
	if err := s.w.random(b[:]); err != nil {
		return APIKey{}, Secret{}, err
	}
	secret := keyPrefix(s.w.cfg.Mode) + base64.RawURLEncoding.EncodeToString(b[:])
	key := APIKey{
		ID: KeyID(s.w.newID("key_")), Merchant: merchant, Mode: s.w.cfg.Mode, Name: name, Hint: secret[len(secret)-4:],
	}
	v := verb{principal: "program", operation: "key.create"}
	_, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		if err := draftGet(d, "merchant", string(merchant), &Merchant{}); err != nil {
			return err
		}
		key.CreatedAt = d.Now()
		fresh(d, "api_key", string(key.ID))
		d.Put(s.record(key, keyHash(secret)))
		return nil
	})
	if err != nil {
		return APIKey{}, Secret{}, translate(err)
	}
	return key, Secret{&secret}, nil
}

func (s *Keys) record(key APIKey, hash string) ledger.Put {
	return ledger.Put{
		Type: "api_key", ID: string(key.ID), Chaining: ledger.Plain, Content: encode(key),
		Unique: []string{hash}, Labels: []string{"m:" + string(key.Merchant)},
	}
}

func keyPrefix(mode Mode) string { return "okpay_" + string(mode) + "_" }

// keyHash is what is kept of a secret. It has 256 random bits, so that a plain hash is as
// hard to reverse as a slow one.
func keyHash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return "api_key/" + hex.EncodeToString(sum[:])
}

// ModeOfKey tells from a secret's prefix which mode it is for; ok is false if it is no
// API key.
func ModeOfKey(secret string) (mode Mode, ok bool) {
	for _, mode := range []Mode{Test, Live} {
		if strings.HasPrefix(secret, keyPrefix(mode)) {
			return mode, true
		}
	}
	return "", false
}

// Authenticate returns the key with this secret. Errors: Unauthenticated, for one that is
// not known, revoked, or of the other mode alike.
func (s *Keys) Authenticate(ctx context.Context, secret string) (APIKey, error) {
	if mode, ok := ModeOfKey(secret); !ok || mode != s.w.cfg.Mode {
		return APIKey{}, NewError(Unauthenticated, "this is not a %s key", s.w.cfg.Mode)
	}
	r, err := s.w.ledger.RecordByKey(ctx, keyHash(secret))
	if errors.Is(err, ledger.ErrNotFound) {
		return APIKey{}, NewError(Unauthenticated, "the key is not known")
	}
	if err != nil {
		return APIKey{}, err
	}
	var key APIKey
	if err := json.Unmarshal(r.Content, &key); err != nil {
		return APIKey{}, err
	}
	if key.RevokedAt != nil {
		return APIKey{}, NewError(Unauthenticated, "the key is not known")
	}
	return key, nil
}

// Revoke ends a key at once. Revoking twice changes nothing. Errors: NotFound, also for
// another merchant's key.
func (s *Keys) Revoke(ctx context.Context, merchant MerchantID, id KeyID) error {
	v := verb{principal: "program", operation: "key.revoke"}
	_, err := s.w.do(ctx, v, func(d *ledger.Draft) error {
		r, err := d.Get("api_key", string(id))
		var key APIKey
		if err := decodeRecord("api_key", string(id), r, err, &key); err != nil {
			return err
		}
		if key.Merchant != merchant {
			return notFound("api key", string(id))
		}
		if key.RevokedAt == nil {
			now := d.Now()
			key.RevokedAt = &now
			d.Put(s.record(key, r.Unique[0]))
		}
		return nil
	})
	return translate(err)
}

// List returns a merchant's keys, the newest first, at most 100.
func (s *Keys) List(ctx context.Context, merchant MerchantID) ([]APIKey, error) {
	records, err := s.w.ledger.Records(ctx, ledger.RecordQuery{Type: "api_key", Label: "m:" + string(merchant), Desc: true, Limit: 100})
	if err != nil {
		return nil, translate(err)
	}
	keys := make([]APIKey, len(records))
	for i, r := range records {
		if err := json.Unmarshal(r.Content, &keys[i]); err != nil {
			return nil, err
		}
	}
	return keys, nil
}
