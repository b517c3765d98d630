package password

// What the tests of package password_test see besides.
var (
	ParsePHC = func(encoded string, ceiling Params) (string, error) {
		s, err := parsePHC(encoded, ceiling)
		if err != nil {
			return "", err
		}
		return s.String(), nil
	}
	CountIn = countIn
	Fold    = fold
)

// Derivation is one call of argon2id.
type Derivation struct {
	Params  Params
	Message string
}

// Watch has a function called before each derivation.
func (h *Hasher) Watch(called func(Derivation)) {
	derive := h.derive
	h.derive = func(message, salt []byte, params Params, tag int) []byte {
		called(Derivation{params, string(message)})
		return derive(message, salt, params, tag)
	}
}

// Pretend replaces argon2id by something that takes no time.
func (h *Hasher) Pretend(derive func()) {
	h.derive = func(_, _ []byte, _ Params, tag int) []byte {
		derive()
		return make([]byte, tag)
	}
}

// CommonText returns the file of common passwords.
func CommonText() string { return commonText }

// Count has a function called before each derivation, and what it returns afterwards.
func (h *Hasher) Count(begin func(Params) (end func())) {
	derive := h.derive
	h.derive = func(message, salt []byte, params Params, tag int) []byte {
		end := begin(params)
		defer end()
		return derive(message, salt, params, tag)
	}
}
