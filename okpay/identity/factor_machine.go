package identity

import "github.com/okpay/okpay-go/okpay"

// FactorState is where a second factor is in its life.
type FactorState string

const (
	// FactorOff: sign-in asks for nothing but the password.
	FactorOff FactorState = "off"
	// FactorPending: an app was begun; nothing asks for it until its first code is confirmed.
	FactorPending FactorState = "pending"
	// FactorActive: sign-in asks for a code.
	FactorActive FactorState = "active"
	// FactorReplacing is active, and another app was begun: the old one counts until the new
	// one is confirmed.
	FactorReplacing FactorState = "replacing"
	// FactorDisabled: too many codes were wrong. Only a recovery code or support help.
	FactorDisabled FactorState = "disabled"
	// FactorRecovered: a recovery code was used. It is active, and a new app has to be
	// enrolled: if codes of the old one were disabled, they stay so.
	FactorRecovered FactorState = "recovered"
	// FactorRebinding is recovered, and the new app was begun.
	FactorRebinding FactorState = "rebinding"
)

// What happens to a second factor.
const (
	BeginApp      okpay.Action = "begin"       // a new secret is shown
	ConfirmApp    okpay.Action = "confirm"     // its first code
	CancelApp     okpay.Action = "cancel"      // the owner gives it up
	ExpireApp     okpay.Action = "expire"      // nobody confirmed it in time
	UseApp        okpay.Action = "use"         // a right code of the app
	UseRecovery   okpay.Action = "recover"     // a right recovery code
	DisableApp    okpay.Action = "disable"     // too many wrong codes
	RenewRecovery okpay.Action = "renew_codes" // new recovery codes
	RemoveFactor  okpay.Action = "remove"      // by its owner
	ResetFactor   okpay.Action = "reset"       // by support, see ResetMachine
)

const (
	wrongCode okpay.Guard = "the code is wrong"
	lastTry   okpay.Guard = "the last code is wrong"
)

// FactorMachine is the table of second factors.
func FactorMachine() okpay.Machine[FactorState] {
	var (
		begun     = []string{"factor.begun"}
		abandoned = []string{"factor.abandoned"}
		enabled   = []string{"factor.enabled"}
		replaced  = []string{"factor.replaced"}
		disabled  = []string{"factor.disabled"}
		recovered = []string{"factor.recovered"}
		renewed   = []string{"factor.codes_renewed"}
		removed   = []string{"factor.removed"}
		reset     = []string{"factor.reset"}
	)
	rows := []okpay.Row[FactorState]{
		{From: FactorOff, On: BeginApp, To: FactorPending, Emits: begun},
		{From: FactorPending, On: BeginApp, To: FactorPending, Emits: begun},
		{From: FactorActive, On: BeginApp, To: FactorReplacing, Emits: begun},
		{From: FactorReplacing, On: BeginApp, To: FactorReplacing, Emits: begun},
		{From: FactorRecovered, On: BeginApp, To: FactorRebinding, Emits: begun},
		{From: FactorRebinding, On: BeginApp, To: FactorRebinding, Emits: begun},
	}
	// What becomes of an app that was begun, and of what was there before it.
	for _, r := range []struct {
		from, back FactorState
		emits      []string
		mail       string
	}{
		{FactorPending, FactorOff, enabled, "factor_enabled"},
		{FactorReplacing, FactorActive, replaced, "factor_replaced"},
		{FactorRebinding, FactorRecovered, replaced, "factor_replaced"},
	} {
		rows = append(
			rows,
			okpay.Row[FactorState]{From: r.from, On: ConfirmApp, To: FactorActive, Emits: r.emits, Mails: []string{r.mail}},
			okpay.Row[FactorState]{From: r.from, On: ConfirmApp, Guard: wrongCode, To: r.from},
			okpay.Row[FactorState]{From: r.from, On: ConfirmApp, Guard: lastTry, To: r.back, Emits: abandoned},
			okpay.Row[FactorState]{From: r.from, On: CancelApp, To: r.back, Emits: abandoned},
			okpay.Row[FactorState]{From: r.from, On: ExpireApp, To: r.back, Emits: abandoned},
		)
	}
	// What can happen to a factor that is on. A new app that was begun meanwhile stays,
	// unless the old one is disabled: who begins it had to prove the old one.
	for _, r := range []struct{ from, recovered, disabled FactorState }{
		{FactorActive, FactorRecovered, FactorDisabled},
		{FactorReplacing, FactorRebinding, FactorDisabled},
		{FactorRecovered, FactorRecovered, FactorRecovered},
		{FactorRebinding, FactorRebinding, FactorRebinding},
	} {
		rows = append(
			rows,
			okpay.Row[FactorState]{From: r.from, On: UseApp, To: r.from},
			okpay.Row[FactorState]{From: r.from, On: UseRecovery, To: r.recovered, Emits: recovered, Mails: []string{"recovery_code_used"}},
			okpay.Row[FactorState]{From: r.from, On: DisableApp, To: r.disabled, Emits: disabled, Mails: []string{"factor_disabled"}},
			okpay.Row[FactorState]{From: r.from, On: RenewRecovery, To: r.from, Emits: renewed, Mails: []string{"recovery_codes_renewed"}},
			okpay.Row[FactorState]{From: r.from, On: RemoveFactor, To: FactorOff, Emits: removed, Mails: []string{"factor_removed"}},
			okpay.Row[FactorState]{From: r.from, On: ResetFactor, To: FactorOff, Emits: reset},
		)
	}
	rows = append(
		rows,
		okpay.Row[FactorState]{From: FactorDisabled, On: UseRecovery, To: FactorRecovered, Emits: recovered, Mails: []string{"recovery_code_used"}},
		okpay.Row[FactorState]{From: FactorDisabled, On: ResetFactor, To: FactorOff, Emits: reset},
	)
	return okpay.Machine[FactorState]{Noun: "factor", Rows: rows}
}
