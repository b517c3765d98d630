package care

import (
	"slices"
	"time"

	"github.com/okpay/okpay-go/okpay"
)

// LiftRule says what ends a restriction.
type LiftRule string

const (
	// LiftAutomatic ends it in the moment in which the last requirement is satisfied.
	LiftAutomatic LiftRule = "automatic"
	// LiftReviewed has an operator decide once all requirements are satisfied.
	LiftReviewed LiftRule = "reviewed"
)

// Reason is why restrictions are imposed: a row of the catalogue. What customers are told is Public
// with its texts; the rest is internal.
type Reason struct {
	Code   string // the internal name
	Public string // the code that customers are told; reasons may share one
	En, Zh string // what it says, in English and Simplified Chinese; 1 to 300 characters

	Lift         LiftRule // LiftReviewed unless told
	Capabilities []okpay.Capability
	Requirements []Ask              // what customers have to do, unless told otherwise
	DueIn        time.Duration      // until when; 0 for no deadline
	PastDue      []okpay.Capability // what is taken away as well once that is missed
	Lasts        time.Duration      // when it ends by itself; 0 for never

	// quiet ones are imposed, and end, without a message, and compliance decides on them: an
	// ordinary account review and one that must not be known look alike in everything that
	// customers, and operators who are not compliance, can see.
	quiet bool
	// hold is a legal hold. It needs MayHold.
	hold bool
}

// reviewed is the one public reason of what is quiet.
const reviewed = "account_review"

// reasons is the catalogue that is always there.
func reasons() []Reason {
	out := []okpay.Capability{okpay.CanTransfer, okpay.CanWithdraw, okpay.CanConvert}
	all := append([]okpay.Capability{okpay.CanPay}, out...)
	month := 30 * 24 * time.Hour
	looking := "We are looking at your account. Some functions are not available meanwhile."
	lookingZh := "我们正在审核您的账户,部分功能暂时无法使用。"
	return []Reason{
		{
			Code: "identity_unverified", Public: "identity_unverified", Lift: LiftAutomatic,
			En: "Your identity has to be verified.", Zh: "您的身份信息需要验证。",
			Capabilities: []okpay.Capability{okpay.CanWithdraw, okpay.CanTransfer}, DueIn: month, PastDue: []okpay.Capability{okpay.CanPay, okpay.CanConvert, okpay.CanTopUp},
			Requirements: []Ask{{Kind: Document, Code: "identity_document"}, {Kind: Document, Code: "proof_of_address"}},
		},
		{
			Code: "unusual_activity", Public: "unusual_activity",
			En: "There was unusual activity on your account.", Zh: "您的账户出现异常活动。",
			Capabilities: all, DueIn: month, PastDue: []okpay.Capability{okpay.CanTopUp, okpay.CanReceive},
			Requirements: []Ask{{Kind: Document, Code: "identity_document"}, {Kind: Question, Code: "recent_activity"}},
		},
		{
			Code: "source_of_funds", Public: "source_of_funds",
			En: "We need to know where your money comes from.", Zh: "我们需要了解您的资金来源。",
			Capabilities: out, DueIn: month, PastDue: []okpay.Capability{okpay.CanPay, okpay.CanTopUp, okpay.CanReceive},
			Requirements: []Ask{{Kind: Document, Code: "proof_of_income"}, {Kind: Question, Code: "source_of_funds"}},
		},
		{
			Code: "terms_violation", Public: "terms_violation",
			En: "The account was used against the terms of service.", Zh: "账户的使用违反了服务条款。",
			Capabilities: []okpay.Capability{okpay.CanPay, okpay.CanTransfer, okpay.CanWithdraw, okpay.CanConvert, okpay.CanTopUp, okpay.CanReceive},
		},
		{
			Code: "payment_disputes", Public: "payment_disputes",
			En: "Several of your payments are disputed.", Zh: "您有多笔付款存在争议。",
			Capabilities: all,
		},
		{
			Code: "cooling_off", Public: "cooling_off",
			En: "Some functions are paused for a time.", Zh: "部分功能已暂停一段时间。",
			Capabilities: out, Lasts: 72 * time.Hour,
		},
		{Code: reviewed, Public: reviewed, En: looking, Zh: lookingZh, Capabilities: all, quiet: true},
		{Code: "sanctions_match", Public: reviewed, En: looking, Zh: lookingZh, Capabilities: all, quiet: true},
		{Code: "legal_hold", Public: reviewed, En: looking, Zh: lookingZh, Capabilities: all, quiet: true, hold: true},
	}
}

// PublicReason is what customers can be told of why something is restricted or refused.
type PublicReason struct {
	Code string `json:"code"`
	En   string `json:"en"`
	Zh   string `json:"zh"`
}

// Text returns the text for people: Simplified Chinese for "zh" and its variants, otherwise English.
func (r PublicReason) Text(locale string) string {
	if len(locale) >= 2 && locale[:2] == "zh" {
		return r.Zh
	}
	return r.En
}

// PublicReasons returns the public reasons of restrictions, each once.
func (c *Care) PublicReasons() (list []PublicReason) {
	for _, r := range append(reasons(), c.cfg.Reasons...) {
		p := PublicReason{r.Public, r.En, r.Zh}
		if !slices.ContainsFunc(list, func(q PublicReason) bool { return q.Code == p.Code }) {
			list = append(list, p)
		}
	}
	return list
}

// Quiet reports whether restrictions for this reason are imposed, and end, without a message, and
// are compliance's to decide on.
func (r Reason) Quiet() bool { return r.quiet }

// Reasons returns the whole catalogue, Config.Reasons last: what ImposeRestriction.Reason can be.
// It is for operators; what customers may know of it are PublicReasons.
func (c *Care) Reasons() []Reason {
	list := append(reasons(), c.cfg.Reasons...)
	for i := range list {
		r := &list[i]
		if r.Lift == "" {
			r.Lift = LiftReviewed
		}
		r.Capabilities, r.PastDue, r.Requirements = slices.Clone(r.Capabilities), slices.Clone(r.PastDue), slices.Clone(r.Requirements)
	}
	return list
}

// reason finds a row of the catalogue.
func (c *Care) reason(code string) (Reason, bool) {
	for _, r := range append(reasons(), c.cfg.Reasons...) {
		if r.Code == code {
			return r, true
		}
	}
	return Reason{}, false
}

// setReasons checks Config.Reasons. Errors: InvalidRequest.
func (c *Config) setReasons() error {
	c.Reasons = slices.Clone(c.Reasons)
	seen := map[string]bool{}
	texts := map[string]PublicReason{}
	for _, r := range reasons() {
		seen[r.Code], texts[r.Public] = true, PublicReason{r.Public, r.En, r.Zh}
	}
	for i := range c.Reasons {
		r := &c.Reasons[i]
		if r.Lift == "" {
			r.Lift = LiftReviewed
		}
		if !isCode(r.Code) || seen[r.Code] || !isCode(r.Public) || r.Public == reviewed {
			return okpay.InvalidField("reasons", "have a code that is taken or is none")
		}
		if was, ok := texts[r.Public]; ok && was != (PublicReason{r.Public, r.En, r.Zh}) {
			return okpay.InvalidField("reasons", "have two texts for one public code")
		}
		if r.Lift != LiftReviewed && (r.Lift != LiftAutomatic || len(r.Requirements) == 0) {
			return okpay.InvalidField("reasons", "have a rule to lift that is not known, or nothing that would lift one")
		}
		if r.DueIn < 0 || r.Lasts < 0 {
			return okpay.InvalidField("reasons", "have a time that is negative")
		}
		for _, text := range []string{r.En, r.Zh} {
			if _, err := (prose{field: "reasons", least: 1, most: 300}).check(text); err != nil {
				return err
			}
		}
		if _, err := capabilities("reasons", r.Capabilities, 1); err != nil {
			return err
		}
		if _, err := capabilities("reasons", r.PastDue, 0); err != nil {
			return err
		}
		if err := checkAsks(r.Requirements); err != nil {
			return err
		}
		seen[r.Code], texts[r.Public] = true, PublicReason{r.Public, r.En, r.Zh}
	}
	return nil
}

// capabilities checks a set, and returns it in the order of okpay.Capabilities.
func capabilities(field string, set []okpay.Capability, least int) ([]okpay.Capability, error) {
	var out []okpay.Capability
	for _, can := range okpay.Capabilities() {
		if slices.Contains(set, can) {
			out = append(out, can)
		}
	}
	for _, can := range set {
		if !slices.Contains(out, can) {
			return nil, okpay.InvalidField(field, "have a capability that is not known")
		}
	}
	if len(out) < least {
		return nil, okpay.InvalidField(field, "have no capability")
	}
	return out, nil
}
