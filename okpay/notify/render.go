package notify

import (
	"fmt"
	"html/template"
	"maps"
	"strings"
	"sync"
)

// Text is a message as one recipient reads it.
type Text struct {
	Subject string // one line
	Plain   string // lines end with "\n"
	HTML    string
	Short   string // one line, for text messages and push
}

// rendering is what a text is made of.
type rendering struct {
	locale   string
	template Template
	facts    map[string]string // as the message has them
	secrets  map[string]string // asked for just now; nil where they are not shown
	phrase   string            // the customer's own, "" for none
	channels []Channel         // the official ones, where the template names them
}

// body writes a template's lines. A line that needs a fact that is missing is left out; of the
// first one, which says what happened, only the fact is.
func (n *Notify) body(r rendering) []string {
	l := n.languages[r.locale]
	lines, _ := l.lines(l.Templates[r.template.Name].Body, nil) // checked when they were read
	var out []string
	for i, line := range lines {
		if text, whole := n.fill(r, line); whole || i == 0 {
			out = append(out, text)
		}
	}
	return out
}

// fill puts facts in their places, and reports whether all were there.
func (n *Notify) fill(r rendering, line string) (text string, whole bool) {
	whole = true
	text, _ = replaced(line, func(name string) string {
		value := ""
		switch name {
		case "brand":
			value = n.cfg.Brand
		case secretCode, secretLink:
			value = r.secrets[name]
		default:
			value = n.shown(r.locale, r.template.Name, name, r.facts[name])
		}
		if value == "" {
			whole = false
			return "…"
		}
		return value
	})
	return text, whole
}

// render makes the whole text that is sent: the customer's phrase first, so that nobody has to
// read far to miss it, then what happened, then where help is.
func (n *Notify) render(r rendering) (Text, error) {
	l := n.languages[r.locale]
	x := l.Templates[r.template.Name]
	frame := func(name string, pairs ...string) string {
		s, _ := replaced(l.Frame[name], func(name string) string {
			return map[string]string{pairs[0]: pairs[1]}[name]
		})
		return s
	}
	var lines []string
	if r.phrase != "" {
		lines = append(lines, frame("phrase", "phrase", clean(r.phrase)))
	}
	lines = append(lines, n.body(r)...)
	if len(r.channels) > 0 {
		lines = append(lines, l.Frame["directory"])
		for _, c := range r.channels {
			lines = append(lines, n.words(r.locale, "channel", c.Kind)+": "+c.Value)
		}
	}
	if n.cfg.Hotline != "" {
		if r.template.Business {
			lines = append(lines, l.Frame["business"])
		}
		lines = append(lines, frame("hotline", "hotline", n.cfg.Hotline))
	}
	lines = append(lines, frame("security", "brand", n.cfg.Brand))
	subject, _ := n.fill(r, x.Subject)
	t := Text{Subject: subject, Plain: strings.Join(lines, "\n\n") + "\n", Short: n.short(r, x, subject)}
	html, err := page(r.locale, subject, lines, r.secrets[secretLink])
	t.HTML = html
	return t, err
}

// short is what fits into a text message.
func (n *Notify) short(r rendering, x text, subject string) string {
	if x.Short != "" {
		if s, whole := n.fill(r, x.Short); whole {
			return s
		}
	}
	if r.locale == "zh-CN" {
		return "【" + n.cfg.Brand + "】" + subject
	}
	return n.cfg.Brand + ": " + subject
}

var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="{{.Locale}}">
<head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body>
{{range .Lines}}<p>{{.Before}}{{if .Link}}<a href="{{.Link}}">{{.Link}}</a>{{.After}}{{end}}</p>
{{end}}</body>
</html>
`))
})

// htmlLine is a line with at most one link in it.
type htmlLine struct{ Before, Link, After string }

func page(locale, subject string, lines []string, link string) (string, error) {
	data := struct {
		Locale, Subject string
		Lines           []htmlLine
	}{Locale: locale, Subject: subject}
	for _, line := range lines {
		h := htmlLine{Before: line}
		if link != "" {
			if before, after, ok := strings.Cut(line, link); ok {
				h = htmlLine{before, link, after}
			}
		}
		data.Lines = append(data.Lines, h)
	}
	var b strings.Builder
	if err := pageTemplate().Execute(&b, data); err != nil {
		return "", fmt.Errorf("notify: page: %w", err)
	}
	return b.String(), nil
}

// secretsOf checks what Config.Secrets has answered: a code is letters and digits, a link an
// address that begins as https does. ok is false when nothing of what the template needs is there.
func (n *Notify) secretsOf(t Template, answered map[string]string) (secrets map[string]string, ok bool) {
	secrets = map[string]string{}
	for _, fact := range t.Secrets {
		value := answered[fact]
		if token := answered["token"]; fact == secretLink && value == "" && token != "" && n.cfg.Links[t.Name] != "" {
			value = n.cfg.Links[t.Name] + template.URLQueryEscaper(token)
		}
		if fact == secretCode && isCode(value) || fact == secretLink && isLink(value) {
			secrets[fact] = value
		}
	}
	return maps.Clone(secrets), len(secrets) > 0 || len(t.Secrets) == 0
}

func isCode(s string) bool {
	return len(s) >= 4 && len(s) <= 64 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func isLink(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	return ok && len(s) <= 2048 && strings.IndexFunc(rest, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("<>\"'`\\{}|^@", r)
	}) < 0 && rest != "" && rest[0] != '/'
}
