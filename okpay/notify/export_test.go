package notify

// What the tests of this package look into.
var (
	Clean         = clean
	Shorten       = shorten
	ParseLanguage = parseLanguage
)

// Render makes a text of facts and secrets that no message has.
func (n *Notify) Render(locale, template string, facts, secrets map[string]string, phrase string) (Text, error) {
	return n.render(rendering{locale: locale, template: n.template(template), facts: facts, secrets: secrets, phrase: phrase})
}
