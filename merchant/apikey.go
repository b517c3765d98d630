package merchant

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// APIKey lets a merchant's program in. The zero value holds no key and is refused by [New].
//
// Printing, logging or encoding an APIKey shows "okpay_[redacted]"; only [APIKey.Reveal]
// gives the text.
type APIKey struct {
	// The text, behind a pointer because fmt calls no methods on what a caller's unexported
	// fields hold. It then prints the address of a pointer to a string.
	text *string
}

const (
	keyPrefix   = "okpay_"
	redactedKey = keyPrefix + "[redacted]"
	maxAPIKey   = 200 // bytes; far more than any key has
)

// NewAPIKey returns the key with this text, "okpay_test_…" or "okpay_live_…" as it was given
// out. What is wrong with it, if anything, is told by [New].
func NewAPIKey(text string) APIKey { return APIKey{&text} }

// Reveal returns the text of the key, or nothing for the zero value. It is the only way to get
// it out.
func (k APIKey) Reveal() string {
	if k.text == nil {
		return ""
	}
	return *k.text
}

// String returns "okpay_[redacted]".
func (k APIKey) String() string { return redactedKey }

// Format writes what String returns, whatever the verb.
func (k APIKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedKey) }

// MarshalText returns what String returns, so that JSON shows no key.
func (k APIKey) MarshalText() ([]byte, error) { return []byte(redactedKey), nil }

// LogValue gives slog what String returns.
func (k APIKey) LogValue() slog.Value { return slog.StringValue(redactedKey) }

// UnmarshalText takes the text as NewAPIKey does, so that a key can stand in a configuration
// file. It returns no error.
func (k *APIKey) UnmarshalText(text []byte) error {
	*k = NewAPIKey(string(text))
	return nil
}

// problem says in words what is wrong with a key, or nothing. It quotes nothing of it.
func (k APIKey) problem() string {
	text := k.Reveal()
	switch {
	case text == "":
		return "is empty"
	case text == redactedKey:
		return "is the placeholder of a key that was printed"
	case !strings.HasPrefix(text, keyPrefix):
		return "does not begin with " + keyPrefix
	case len(text) > maxAPIKey:
		return fmt.Sprintf("is longer than %d bytes", maxAPIKey)
	case strings.Contains(text, " ") || !printable(text):
		return "has a character that is not visible ASCII"
	}
	return ""
}
