package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// object is a JSON object as it was sent. Its values are string, json.Number, bool, nil,
// []any and *object.
//
// Reading into structs with encoding/json would let pass what a payment must not be made
// of: members given twice, names in another case, and text that is no Unicode and would be
// replaced silently.
type object struct {
	at      string   // where it stands in the body, "" for the body itself
	names   []string // in the order in which they were sent
	members map[string]any
}

// maxDepth bounds how deep a body is nested. What the API reads is two deep.
const maxDepth = 8

// parseObject reads a body. Errors: InvalidRequest, for a body that is not exactly one JSON
// object in UTF-8, is nested too deep, or has a member twice (named in Field).
func parseObject(data []byte) (*object, error) {
	if !utf8.Valid(data) {
		return nil, invalid("", "the body is not in UTF-8")
	}
	var whole json.RawMessage
	var syntax *json.SyntaxError
	switch err := json.Unmarshal(data, &whole); {
	case errors.As(err, &syntax):
		return nil, invalid("", "the body is not JSON: %v (byte %d)", syntax, syntax.Offset)
	case err != nil:
		return nil, invalid("", "the body is not JSON")
	}
	p := &parser{data: data, decoder: json.NewDecoder(bytes.NewReader(data))}
	p.decoder.UseNumber()
	v, err := p.value("", 0)
	if err != nil {
		return nil, err
	}
	o, ok := v.(*object)
	if !ok {
		return nil, invalid("", "the body must be a JSON object, and is %s", kindOf(v))
	}
	return o, nil
}

// parser walks through JSON that is known to be well-formed.
type parser struct {
	data    []byte
	decoder *json.Decoder
}

func (p *parser) value(at string, depth int) (any, error) {
	token, err := p.token(at)
	if err != nil {
		return nil, err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth == maxDepth {
		return nil, invalid(at, "the body is nested more than %d deep", maxDepth)
	}
	if delim == '[' {
		return p.array(at, depth+1)
	}
	return p.object(at, depth+1)
}

func (p *parser) array(at string, depth int) ([]any, error) {
	items := []any{}
	for p.decoder.More() {
		item, err := p.value(at+"["+strconv.Itoa(len(items))+"]", depth)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	_, err := p.token(at)
	return items, err
}

func (p *parser) object(at string, depth int) (*object, error) {
	o := &object{at: at, members: make(map[string]any)}
	for p.decoder.More() {
		token, err := p.token(at)
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		field := o.field(name)
		if _, there := o.members[name]; there {
			return nil, invalid(field, "the member is there twice")
		}
		value, err := p.value(field, depth)
		if err != nil {
			return nil, err
		}
		o.members[name] = value
		o.names = append(o.names, name)
	}
	_, err := p.token(at)
	return o, err
}

func (p *parser) token(at string) (json.Token, error) {
	start := p.decoder.InputOffset()
	token, err := p.decoder.Token()
	if err != nil {
		return nil, invalid(at, "the body is not JSON")
	}
	if _, ok := token.(string); ok && loneSurrogate(p.data[start:p.decoder.InputOffset()]) {
		return nil, invalid(at, "half of a surrogate pair is not a character")
	}
	return token, nil
}

// loneSurrogate reports whether the text of a JSON string has an escape such as \ud83d
// without its other half. Decoding would make U+FFFD of it.
func loneSurrogate(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		i++
		r := escaped(raw, i)
		if !utf16.IsSurrogate(r) {
			continue
		}
		if i+6 >= len(raw) || raw[i+5] != '\\' || utf16.DecodeRune(r, escaped(raw, i+6)) == utf8.RuneError {
			return true
		}
		i += 10
	}
	return false
}

// escaped returns the number in the escape uXXXX at i, or -1 if there is none.
func escaped(raw []byte, i int) rune {
	if i+5 > len(raw) || raw[i] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(raw[i+1:i+5]), 16, 32)
	if err != nil {
		return -1
	}
	return rune(n)
}

// field names a member for a problem.
func (o *object) field(name string) string {
	name = quotable(name)
	if o.at == "" {
		return name
	}
	return o.at + "." + name
}

// only refuses members that are not named, the first that was sent.
func (o *object) only(members ...string) error {
	for _, name := range o.names {
		if slices.Contains(members, name) {
			continue
		}
		for _, known := range members {
			if strings.EqualFold(known, name) {
				return invalid(o.field(name), "there is no such member here; %q is written in small letters", known)
			}
		}
		return invalid(o.field(name), "there is no such member here; there is %s", orNothing(members))
	}
	return nil
}

func orNothing(members []string) string {
	if len(members) == 0 {
		return "none"
	}
	return strings.Join(members, ", ")
}

// kindOf names a JSON value's type as people say it.
func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "a boolean"
	case []any:
		return "an array"
	case *object:
		return "an object"
	}
	return "null"
}
