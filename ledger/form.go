package ledger

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

func checkRefusal(r *Refusal) error {
	if r == nil {
		return nil
	}
	return firstError(checkText("refusal.reason", string(r.Reason), 1, MaxTypeLen),
		checkText("refusal.account", r.Account.Name, 0, MaxAccountLen),
		checkText("refusal.currency", r.Account.Currency, 0, MaxTypeLen),
		checkText("refusal.hold", r.Hold, 0, MaxIDLen),
		checkLen("refusal.detail", len(r.Detail), MaxDetailLen),
		checkUTF8("refusal.detail", r.Detail))
}

func checkMetadata(m map[string]string) error {
	if len(m) > MaxMetadata {
		return invalid("metadata", "has %d entries, want at most %d", len(m), MaxMetadata)
	}
	for k, v := range m {
		if err := firstError(checkText("metadata", k, 1, MaxMetadataLen), checkLen("metadata", len(v), MaxMetadataLen), checkUTF8("metadata", v)); err != nil {
			return err
		}
	}
	return nil
}

func checkIndexed(field string, keys []string) error {
	if len(keys) > MaxIndexed {
		return invalid(field, "has %d items, want at most %d", len(keys), MaxIndexed)
	}
	for i, k := range keys {
		if err := checkText(field, k, 1, MaxIDLen); err != nil {
			return err
		}
		for _, other := range keys[:i] {
			if other == k {
				return invalid(field, "has an item twice")
			}
		}
	}
	return nil
}

// checkText bounds a text, and refuses what a store could not keep or a person could not
// see: invalid UTF-8 and control characters, NUL among them.
func checkText(field, s string, least, most int) error {
	if len(s) < least || len(s) > most {
		return invalid(field, "has %d bytes, want %d to %d", len(s), least, most)
	}
	if isPlain(s) {
		return nil
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return invalid(field, "has a control character")
		}
	}
	return checkUTF8(field, s)
}

// isPlain reports a text of nothing but printable ASCII, as most are.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

func checkUTF8(field, s string) error {
	if !utf8.ValidString(s) {
		return invalid(field, "is not valid UTF-8")
	}
	if strings.IndexByte(s, 0) >= 0 {
		return invalid(field, "has a NUL character")
	}
	return nil
}

// checkTime bounds a time to what every store can keep, UTC and cut to microseconds.
func checkTime(field string, t time.Time) error {
	if t.IsZero() {
		return nil
	}
	// One that is cut to the zero time would read as none.
	if kept := micro(t); kept.IsZero() || kept.Year() < 1 || kept.Year() > 9999 {
		return invalid(field, "is outside the years 1 to 9999")
	}
	return nil
}

func checkLen(field string, n, most int) error {
	if n > most {
		return invalid(field, "has %d bytes, want at most %d", n, most)
	}
	return nil
}

func invalid(field, format string, args ...any) error {
	return &InvalidError{Field: field, Reason: fmt.Sprintf(format, args...)}
}

// within puts the path of the enclosing part before an InvalidError's field.
func within(err error, path string) error {
	var e *InvalidError
	if errors.As(err, &e) {
		return &InvalidError{Field: path + e.Field, Reason: e.Reason}
	}
	return err
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
