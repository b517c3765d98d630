package joined

import (
	"context"
	"errors"
	"strings"

	"github.com/okpay/okpay-go/okpay"
	"github.com/okpay/okpay-go/okpay/care"
	"github.com/okpay/okpay-go/okpay/identity"
	"github.com/okpay/okpay-go/okpay/notify"
)

// secrets asks the package that a message is from for its code or link, and the program for others.
func (j *Joined) secrets(also func(context.Context, okpay.Message) (map[string]string, error)) func(context.Context, okpay.Message) (map[string]string, error) {
	from := map[string]func(context.Context, okpay.Message) (map[string]string, error){}
	for _, t := range identity.Templates() {
		if len(t.Secrets) > 0 {
			from[t.Name] = func(ctx context.Context, m okpay.Message) (map[string]string, error) {
				return j.Identity.Secret(ctx, m)
			}
		}
	}
	for _, t := range care.Templates() {
		if len(t.Secret) > 0 {
			from[t.Name] = func(ctx context.Context, m okpay.Message) (map[string]string, error) { return j.Care.Secret(ctx, m) }
		}
	}
	return func(ctx context.Context, m okpay.Message) (map[string]string, error) {
		switch ask := from[m.Template]; {
		case ask != nil:
			return ask(ctx, m)
		case also != nil:
			return also(ctx, m)
		}
		return nil, nil
	}
}

// phrase is the customer's own.
func (j *Joined) phrase(ctx context.Context, customer okpay.CustomerID) (string, error) {
	return j.Care.Phrases.Phrase(ctx, customer)
}

// words are those of the program, then those of the reasons for restrictions that it has added; the
// others are known to notify.
func (j *Joined) words(also func(locale, fact, code string) string, added []care.Reason) func(locale, fact, code string) string {
	of := map[string]bool{}
	for i := range added {
		of[added[i].Public] = true
	}
	return func(locale, fact, code string) string {
		if also != nil {
			if word := also(locale, fact, code); word != "" {
				return word
			}
		}
		if fact != "reason" || !of[code] {
			return ""
		}
		for _, r := range j.Care.PublicReasons() {
			if r.Code == code {
				return strings.TrimRight(r.Text(locale), ".。") // a part of a sentence
			}
		}
		return ""
	}
}

// directory is what care has published, while it is valid.
func (j *Joined) directory(ctx context.Context) ([]notify.Channel, error) {
	d, _, err := j.Care.Directories.Current(ctx)
	if errors.Is(err, okpay.NotFound) || err == nil && !j.now().Before(d.NotAfter) {
		return nil, nil
	}
	var out []notify.Channel
	for _, c := range d.Channels {
		out = append(out, notify.Channel{Kind: string(c.Kind), Value: c.Value})
	}
	return out, err
}

// withhold keeps from customers what care does, and what the program says.
func (j *Joined) withhold(also func(okpay.AuditEntry) bool) func(okpay.AuditEntry) bool {
	return func(e okpay.AuditEntry) bool { return j.Care.Withholds(e) || also != nil && also(e) }
}

// sections are what identity and care hold about a customer.
func (j *Joined) sections() []notify.Section {
	held := func(items func(identity.Held) []any) func(context.Context, okpay.CustomerID, func(any) error) error {
		return func(ctx context.Context, customer okpay.CustomerID, give func(any) error) error {
			h, err := j.Identity.Held(ctx, customer)
			return giveAll(items(h), err, give)
		}
	}
	kept := func(items func(care.Held) []any) func(context.Context, okpay.CustomerID, func(any) error) error {
		return func(ctx context.Context, customer okpay.CustomerID, give func(any) error) error {
			h, err := j.Care.Gather(ctx, customer)
			return giveAll(items(h), err, give)
		}
	}
	return []notify.Section{
		{Name: "consent", Each: held(func(h identity.Held) []any {
			if h.Consent == nil {
				return nil
			}
			return []any{*h.Consent}
		})},
		{Name: "sessions", Each: held(func(h identity.Held) []any { return anys(h.Sessions) })},
		{Name: "devices", Each: held(func(h identity.Held) []any { return anys(h.Devices) })},
		{Name: "second_factor", Each: held(func(h identity.Held) []any { return []any{h.Factor} })},
		{Name: "reports", Each: held(func(h identity.Held) []any { return anys(h.Reports) })},
		{Name: "restrictions", Each: kept(func(h care.Held) []any { return anys(h.Restrictions) })},
		{Name: "appeals", Each: kept(func(h care.Held) []any { return anys(h.Appeals) })},
		{Name: "cases", Each: kept(func(h care.Held) []any { return anys(h.Cases) })},
		{Name: "phrase", Each: func(ctx context.Context, customer okpay.CustomerID, give func(any) error) error {
			phrase, err := j.phrase(ctx, customer)
			if err != nil || phrase == "" {
				return err
			}
			return give(phrase)
		}},
	}
}

func giveAll(items []any, err error, give func(any) error) error {
	for _, item := range items {
		if err == nil {
			err = give(item)
		}
	}
	return err
}

func anys[T any](items []T) (out []any) {
	for i := range items {
		out = append(out, items[i])
	}
	return out
}
