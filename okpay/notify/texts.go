package notify

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
)

//go:embed texts/en.json texts/zh-CN.json
var textFiles embed.FS

// Locales are the languages that there are texts in.
func Locales() []string { return []string{"en", "zh-CN"} }

// language is everything that is said in one language.
type language struct {
	Frame     map[string]string            `json:"frame"`     // what stands around the texts
	Parts     map[string][]string          `json:"parts"`     // lines that several texts share, as "@" and the name
	Words     map[string]map[string]string `json:"words"`     // of codes, by fact; "" is for any other
	Templates map[string]text              `json:"templates"` // by name
}

// text is what one template says. {name} stands for a fact, {brand} for Config.Brand; a
// subject has nothing but the brand.
type text struct {
	Subject string   `json:"subject"`
	Body    []string `json:"body"`
	Short   string   `json:"short,omitempty"` // of text messages and push; Subject unless there is one
}

// languages reads all texts, once.
var languages = sync.OnceValues(func() (map[string]*language, error) {
	out := map[string]*language{}
	for _, locale := range Locales() {
		b, err := textFiles.ReadFile("texts/" + locale + ".json")
		if err == nil {
			out[locale], err = parseLanguage(b)
		}
		if err != nil {
			return nil, fmt.Errorf("notify: texts in %s: %w", locale, err)
		}
	}
	return out, nil
})

// parseLanguage reads texts strictly: every template has one, each part and frame that is named is
// there and used, and a text speaks of what its template has and of nothing else.
func parseLanguage(b []byte) (*language, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	l := &language{}
	if err := d.Decode(l); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows")
	}
	return l, l.check()
}

// frames are what stands around texts, and what it may speak of.
func frames() map[string]string {
	return map[string]string{"phrase": "phrase", "hotline": "hotline", "business": "", "security": "brand", "hidden": "", "directory": ""}
}

func (l *language) check() error {
	var problems []error
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	for name, fact := range frames() {
		found, err := placeholders(l.Frame[name])
		if l.Frame[name] == "" || err != nil || fact != strings.Join(found, " ") {
			wrong("frame %s is missing or speaks of something else", name)
		}
	}
	if len(l.Frame) != len(frames()) {
		wrong("there are frames that nothing uses")
	}
	for fact, words := range l.Words {
		if words[""] == "" {
			wrong("words of %s have none for what is not known", fact)
		}
	}
	used := map[string]bool{}
	known := map[string]bool{}
	for _, t := range Templates() {
		known[t.Name] = true
		if _, ok := l.Templates[t.Name]; !ok {
			wrong("%s has no text", t.Name)
			continue
		}
		if err := l.checkText(t, used); err != nil {
			problems = append(problems, err)
		}
	}
	for name := range l.Templates {
		if !known[name] {
			wrong("%s is a text without template", name)
		}
	}
	for part := range l.Parts {
		if !used[part] {
			wrong("part %s is not used", part)
		}
	}
	return errors.Join(problems...)
}

func (l *language) checkText(t Template, usedParts map[string]bool) error {
	x := l.Templates[t.Name]
	if strings.TrimSpace(x.Subject) == "" || len(x.Body) == 0 {
		return fmt.Errorf("%s has no subject or no body", t.Name)
	}
	if found, err := placeholders(x.Subject); err != nil || len(found) > 1 || len(found) == 1 && found[0] != "brand" {
		return fmt.Errorf("%s has a fact in its subject", t.Name)
	}
	lines, err := l.lines(x.Body, usedParts)
	if err != nil {
		return fmt.Errorf("%s: %w", t.Name, err)
	}
	speaks := map[string]bool{}
	for _, line := range append(lines, x.Short) {
		found, err := placeholders(line)
		if err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
		for _, fact := range found {
			speaks[fact] = true
		}
	}
	delete(speaks, "brand")
	got := slices.Sorted(maps.Keys(speaks))
	want := slices.Sorted(slices.Values(slices.Concat(t.Facts, t.Secrets)))
	if !slices.Equal(got, want) {
		return fmt.Errorf("%s speaks of %q, its template has %q", t.Name, got, want)
	}
	return nil
}

// lines puts parts in their places.
func (l *language) lines(body []string, used map[string]bool) ([]string, error) {
	var out []string
	for _, line := range body {
		name, isPart := strings.CutPrefix(line, "@")
		if !isPart {
			out = append(out, line)
			continue
		}
		part, ok := l.Parts[name]
		if !ok {
			return nil, fmt.Errorf("part %q is missing", name)
		}
		if used != nil {
			used[name] = true
		}
		out = append(out, part...)
	}
	return out, nil
}

// placeholders returns the names in braces in a text, in order of appearance.
func placeholders(s string) (names []string, err error) {
	_, err = replaced(s, func(name string) string {
		names = append(names, name)
		return ""
	})
	return names, err
}

// replaced puts something in the place of each name in braces. What is put in is not looked at
// again. Errors: a brace without its other, a name that is none.
func replaced(s string, by func(name string) string) (string, error) {
	var b strings.Builder
	for {
		open := strings.IndexAny(s, "{}")
		if open < 0 {
			b.WriteString(s)
			return b.String(), nil
		}
		end := strings.IndexByte(s[open:], '}')
		if s[open] != '{' || end < 2 {
			return "", errors.New("a brace stands alone")
		}
		name := s[open+1 : open+end]
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" {
			return "", errors.New("a name in braces is none")
		}
		b.WriteString(s[:open])
		b.WriteString(by(name))
		s = s[open+end+1:]
	}
}
