package notify

// What the tests of this package look into.
var (
	Clean         = clean
	Shorten       = shorten
	ParseLanguage = parseLanguage
)

// Render makes a text of facts and secrets that no message has.
func (n *Notify) Render(locale, template string, facts, secrets map[string]string, phrase string) (Text, error) {
	r := rendering{locale: locale, template: n.template(template), facts: facts, secrets: secrets, phrase: phrase}
	if r.template.Directory {
		r.channels = n.cfg.Channels
	}
	return n.render(r)
}
