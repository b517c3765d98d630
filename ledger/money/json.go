package money

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// maxJSONLen bounds the JSON of an amount, in bytes. It leaves room for
// indentation and escapes, and none for a flood.
const maxJSONLen = 1024

// MarshalJSON returns {"amount":"19.95","currency":"CNY"}. An amount of no
// currency is ErrInvalidCurrency.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a.currency.IsZero() {
		return nil, ErrInvalidCurrency
	}
	// Neither digits nor codes hold anything to escape.
	b := append(make([]byte, 0, 64), `{"amount":"`...)
	b = append(a.appendText(b), `","currency":"`...)
	b = append(b, a.currency.code...)
	return append(b, `"}`...), nil
}

// UnmarshalJSON reads what MarshalJSON writes, for currencies of ISO 4217, with
// the rules and errors of Registry.ParseJSON. On an error, a stays as it was.
func (a *Amount) UnmarshalJSON(data []byte) error {
	parsed, err := ISO().ParseJSON(data)
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

// ParseJSON reads an amount of a currency of r from an object with exactly the
// members "amount" and "currency", once each and in any order, both strings.
// null, numbers, other members (names are case-sensitive), anything behind the
// object, and more than 1,024 bytes are refused.
//
// An object of another form is a *ParseError that matches ErrSyntax; then a code
// that r does not hold is an *UnknownCurrencyError; then the text has the errors
// of Parse.
func (r *Registry) ParseJSON(data []byte) (Amount, error) {
	text, code, reason := readMembers(data)
	if reason != "" {
		return Amount{}, parseError(ErrSyntax, string(data[:min(len(data), maxJSONLen)]), reason)
	}
	c, err := r.Lookup(code)
	if err != nil {
		return Amount{}, err
	}
	return Parse(text, c)
}

// readMembers returns both members of the object, or the reason why it has a
// wrong form.
func readMembers(data []byte) (amount, currency, reason string) {
	if len(data) > maxJSONLen {
		return "", "", "longer than 1024 bytes"
	}
	// Reading token by token sees what decoding into a struct would let pass:
	// duplicate members, and names in another case.
	decoder := json.NewDecoder(bytes.NewReader(data))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return "", "", "must be a JSON object"
	}
	members := make(map[string]string, 2)
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return "", "", "malformed JSON"
		}
		member, _ := name.(string)
		if member != "amount" && member != "currency" {
			return "", "", "must have no members but amount and currency"
		}
		if _, ok := members[member]; ok {
			return "", "", "has the member " + member + " twice"
		}
		token, err := decoder.Token()
		if err != nil {
			return "", "", "malformed JSON"
		}
		value, ok := token.(string)
		if !ok {
			return "", "", "the member " + member + " must be a string"
		}
		members[member] = value
	}
	if _, err := decoder.Token(); err != nil { // the closing brace
		return "", "", "malformed JSON"
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return "", "", "has something behind the object"
	}
	for _, member := range []string{"amount", "currency"} {
		if _, ok := members[member]; !ok {
			return "", "", "lacks the member " + member
		}
	}
	return members["amount"], members["currency"], ""
}
